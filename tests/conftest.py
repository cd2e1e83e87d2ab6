"""Fixtures that every test may use."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.assets import environment
from briefing.cli import main
from briefing.errors import ModelError
from briefing.models import ModelFile, ModelFolder
from briefing.summariser import PromptBook

REPOSITORY = Path(__file__).resolve().parents[1]

Cli = Callable[..., "subprocess.CompletedProcess[str]"]

MODELS = Path(os.environ.get("BRIEFING_MODELS") or ModelFolder().folder)
"""The model folder of the person or machine that runs the tests; asked before a test's own home takes over."""
_NO_NETWORK = re.compile(r"no connection to|does not answer|broke off|could not reach every index|OFFLINE is set")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a case with long bytes by its argument: every worker must collect the same names; gzip tells the time."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


_OUR_OWN = re.compile(
    r"(?:BRIEFING|XDG|LC|HF|HUGGINGFACE|TRANSFORMERS)_|(?:FORCE_COLOR|NO_COLOR|COLUMNS|LINES|TERM|LANG|LANGUAGE|TZ|EDITOR|VISUAL)$"
    r"|(?:HTTPS?|ALL|NO|FTP)_PROXY$|SSL_CERT_|OPENAI_|NETRC$|PYTHONUTF8$|PYTHONIOENCODING$",
    re.IGNORECASE,
)
"""Variables of a developer's environment that would change what a test sees."""
_KEPT = {"XDG_CACHE_HOME", "BRIEFING_RANGE_TESTS"}


@pytest.fixture(autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test neither touches the configuration, state and models of the person who runs it nor depends on the shell."""
    for name in [name for name in os.environ if _OUR_OWN.match(name) and name not in _KEPT]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "C.UTF-8")
    home = tmp_path_factory.mktemp("home")
    for name in ("CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("BRIEFING_STATE", str(home / "state.db"))
    monkeypatch.setenv("HOME", str(home))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real articles, feeds and pages; it lies beside a developer's checkout and CI's, nowhere else."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the developers' shared data is not on this machine")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The sample that the README's first command reads."""
    return REPOSITORY / "tests" / "data" / "sample"


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def pulled() -> Callable[..., ModelFile]:
    """Pulls a model of the catalogue, kept between runs: ``pulled("smollm2-135m")``.

    Skips where no place can be reached. A place that answers with an error or with other bytes fails the test.
    """

    def call(name: str, folder: Path = MODELS) -> ModelFile:
        models = ModelFolder(folder)
        try:
            models.pull(name)
        except ModelError as error:
            _, *reasons = error.cause.split("; ")
            if not reasons or not all(map(_NO_NETWORK.search, reasons)):
                raise
            pytest.skip(f"the model cannot be had without a network: {error}")
        return models.resolve(name)

    return call


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Makes a folder on a disk of its own of so many kB, to be filled; skips where that is not allowed."""
    made: list[Path] = []

    def disk(kilobytes: int) -> Path:
        folder = tmp_path / f"disk{len(made)}"
        folder.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        if sys.platform != "linux" or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may make a small disk to fill")
        made.append(folder)
        return folder

    yield disk
    for folder in made:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def book() -> PromptBook:
    """The shipped prompts."""
    return PromptBook(environment("prompts"))


@pytest.fixture
def now() -> datetime:
    """A fixed present."""
    return datetime(2024, 5, 17, 6, 30, tzinfo=UTC)


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs the command line in this process, in a folder of its own: ``cli("run", "--help")``.

    Standard streams are pipes as far as the program can tell. What a process has of its own (signals, exit, closed
    streams, imports, the hash seed) needs `process`.
    """

    def call(*arguments: str | Path, stdin: str | bytes = "", **variables: str) -> subprocess.CompletedProcess[str]:
        given = stdin.encode() if isinstance(stdin, str) else stdin
        output, messages = io.BytesIO(), io.BytesIO()
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            for name, value in variables.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["briefing", *map(str, arguments)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8"))
            patch.setattr(sys, "stdout", io.TextIOWrapper(output, "utf-8", newline=""))
            patch.setattr(sys, "stderr", io.TextIOWrapper(messages, "utf-8", "backslashreplace", newline=""))
            with pytest.raises(SystemExit) as end:
                main()
            sys.stdout.flush()
            sys.stderr.flush()
            printed, said = (stream.getvalue().decode("utf-8") for stream in (output, messages))
        code = end.value.code or 0
        return subprocess.CompletedProcess(
            ["briefing", *map(str, arguments)], code if isinstance(code, int) else 1, printed, said
        )

    return call


@pytest.fixture
def process(tmp_path: Path) -> Cli:
    """Runs the command line in a process of its own, otherwise as `cli` does."""

    def call(*arguments: str | Path, stdin: str | bytes = "", **variables: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "briefing", *map(str, arguments)],
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            cwd=tmp_path,
            env={**os.environ, **variables},
            timeout=900,
            check=False,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode("utf-8"), done.stderr.decode("utf-8")
        )

    return call
