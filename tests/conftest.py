"""Fixtures that every test may use."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import itertools
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import pytest
import trustme
from hypothesis import settings

from briefing.assets import environment
from briefing.errors import ModelError
from briefing.fetch import Fetcher
from briefing.models import ModelFile, ModelFolder
from briefing.summariser import PromptBook
from briefing.testing.chat import ChatServer
from briefing.testing.imap_server import ImapServer
from briefing.testing.server import Server

from .factories import STORY

REPOSITORY = Path(__file__).resolve().parents[1]

settings.register_profile("ci", max_examples=150, deadline=None, derandomize=True)
settings.register_profile("few", max_examples=20, deadline=None)
settings.load_profile("few")  # `--hypothesis-profile ci` for more

Cli = Callable[..., "subprocess.CompletedProcess[str]"]
MakeFetcher = Callable[..., Fetcher]

MODELS = Path(os.environ.get("BRIEFING_MODELS") or ModelFolder().folder)
"""The model folder of the person or machine that runs the tests; asked before a test's own home takes over."""
_NO_NETWORK = re.compile(r"no connection to|does not answer|broke off|could not reach every index|OFFLINE is set")


def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two cores: a third of the time of tests is spent waiting for processes and servers."""
    return max(1, 3 * (os.cpu_count() or 1) // 2)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a case with long bytes by its argument: gzip's bytes have a time, and all workers must agree on names."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


_VARIABLES_THAT_CHANGE_RESULTS = re.compile(
    r"(?:BRIEFING|XDG|LC|HF|HUGGINGFACE|TRANSFORMERS)_|(?:FORCE_COLOR|NO_COLOR|COLUMNS|LINES|TERM|LANG|LANGUAGE|TZ|EDITOR|VISUAL)$"
    r"|(?:HTTPS?|ALL|NO|FTP)_PROXY$|SSL_CERT_|OPENAI_|NETRC$|PYTHONUTF8$|PYTHONIOENCODING$",
    re.IGNORECASE,
)
"""Variables of a developer's environment that would change what a test sees."""
for _name in ("GITHUB_ACTIONS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
    os.environ.pop(_name, None)  # typer looks when it is imported, so `briefing.cli` may not be imported before
_homes = itertools.count()


_MODEL_SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives a test that runs a model more time than the others; skips on Windows what POSIX alone has."""
    for item in items:
        if os.name == "nt" and item.get_closest_marker("posix"):
            item.add_marker(pytest.mark.skip(reason="files, signals and processes of POSIX"))
        if item.get_closest_marker("model") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(_MODEL_SECONDS))


_LOOPBACK = re.compile(r"127\.|::1$|::ffff:127\.|localhost\.?$|0\.0\.0\.0$|::$|$")
_RESERVED = re.compile(r"(?:^|\.)(?:example|invalid|test|localhost|example\.(?:com|net|org))\.?$")
"""Names that belong to nobody (RFC 2606): they are not looked up."""


def _is_number(host: str) -> bool:
    """Whether it is an address in some spelling, which nobody is asked about."""
    with contextlib.suppress(OSError, ValueError):
        return ":" in host or bool(socket.inet_aton(host))
    return False


class Guard:
    """Refuses connections that leave this machine and remembers them, since the product may survive a refusal."""

    def __init__(self) -> None:
        self.shut = False
        self.refused: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.shut or event not in {"socket.connect", "socket.sendto", "socket.getaddrinfo"}:
            return
        if event == "socket.getaddrinfo":
            host = arguments[0]
        else:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else ""  # a path: a socket of this machine
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else str(host or "")
        if _LOOPBACK.match(name) or (event == "socket.getaddrinfo" and _is_number(name)):
            return
        if not _RESERVED.search(name):
            self.refused.append(f"{event}: {name}")
        raise socket.gaierror(socket.EAI_NONAME, f"{name}: tests stay on this machine")


guard = Guard()


@pytest.fixture(autouse=True)
def _offline(request: pytest.FixtureRequest) -> Iterator[None]:
    """No test but those that pull a model leaves this machine; one that tries fails, whatever the product made of it.

    It sees this process alone.
    """
    guard.shut = not request.node.get_closest_marker("model")
    yield
    guard.shut = False
    refused, guard.refused = guard.refused, []
    assert not refused, f"the test tried to leave this machine: {refused}"


@pytest.fixture(autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test neither touches the configuration, state and models of the person who runs it nor depends on the shell."""
    for name in filter(_VARIABLES_THAT_CHANGE_RESULTS.match, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANG", "C.UTF-8")
    # `mktemp` looks through all that there are for the next number.
    home = tmp_path_factory.getbasetemp() / f"home-{next(_homes)}"
    home.mkdir()
    for name in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / name.lower()))
    monkeypatch.setenv("BRIEFING_STATE", str(home / "state.db"))
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("APPDATA", "LOCAL_APPDATA"):  # platformdirs asks Windows itself unless its own variables say where
        for variable in (f"WIN_PD_OVERRIDE_{name}", name.replace("_", "")):
            monkeypatch.setenv(variable, str(home / name.lower()))


_SYNTAX = (
    "block_start_string", "block_end_string", "variable_start_string", "variable_end_string", "comment_start_string",
    "comment_end_string", "line_statement_prefix", "line_comment_prefix", "trim_blocks", "lstrip_blocks",
    "newline_sequence", "keep_trailing_newline", "is_async",
)  # fmt: skip
_compiled: dict[tuple[Any, ...], Any] = {}
_compile = jinja2.Environment.compile


@pytest.fixture
def _templates_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command compiles each template it renders, half a second in all: once is enough for commands in one process.

    Of the environment the code depends on what is in the key. Its class and functions stand there by their names, since
    every environment of the product has a class and functions of its own.
    """

    def compiled(environment: jinja2.Environment, *given: Any, **options: Any) -> Any:
        kind, escaping = type(environment), environment.autoescape
        key = (
            (kind.__module__, kind.__qualname__),
            escaping if isinstance(escaping, bool) else (escaping.__module__, escaping.__qualname__),
            *(getattr(environment, name) for name in _SYNTAX),
            *(frozenset(functions) for functions in (environment.extensions, environment.filters, environment.tests)),
            environment.undefined,
            environment.optimized,
            *given,
            *options.items(),
        )
        if key not in _compiled:
            _compiled[key] = _compile(environment, *given, **options)
        return _compiled[key]

    monkeypatch.setattr(jinja2.Environment, "compile", compiled)


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
def ci_script() -> Callable[[str], ModuleType]:
    """A script of `.ci` as a module: ``ci_script("check_release")``."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, REPOSITORY / ".ci" / f"{name}.py")
        assert spec
        assert spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load


@pytest.fixture(scope="session")
def must_fit() -> Callable[..., None]:
    """``must_fit("edition", document)``: by our JSON Schema, and no field beyond it; the released ones allow more.

    With ``folder``, by the schemas there, as a user's validator reads them.
    """
    from jsonschema import Draft202012Validator
    from referencing import Registry, Resource

    def closed(schema: Any) -> Any:
        if isinstance(schema, list):
            return [closed(one) for one in schema]
        if not isinstance(schema, dict):
            return schema
        inner = {key: closed(value) for key, value in schema.items()}
        return {**inner, "additionalProperties": False} if isinstance(schema.get("properties"), dict) else inner

    def check(name: str, document: Any, folder: Path | None = None) -> None:
        schemas = {
            path.stem: json.loads(path.read_text("utf-8"))
            for path in (folder or REPOSITORY / "briefing" / "schema").glob("*.json")
        }
        schemas = schemas if folder else closed(schemas)
        registry: Registry[object] = Registry().with_resources(
            (schema["$id"], Resource.from_contents(schema)) for schema in schemas.values()
        )
        Draft202012Validator(schemas[name], registry=registry).validate(document)

    return check


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


@pytest.fixture(scope="session")
def torch() -> Any:
    """PyTorch, imported by the first test that runs: a collection has no use for it."""
    return pytest.importorskip("torch", reason="PyTorch is not installed (pip install -e '.[torch]')")


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


# --- servers on loopback, and who fetches from them ---------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Server]:
    """A web server, as yet without a page."""
    with Server() as running:
        yield running


@pytest.fixture
def chat_server() -> Iterator[ChatServer]:
    """A server of OpenAI's API with the model ``m-1``, which has yet to be told what it says."""
    with ChatServer("m-1", context=8192) as running:
        yield running


@pytest.fixture
def closed_port() -> int:
    """A port of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture
def imap_server() -> Iterator[ImapServer]:
    """A mailbox, as yet without a message."""
    with ImapServer({}) as running:
        yield running


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """An authority for the certificates of servers on loopback; with `trusted`, the system's."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `authority` the one that this system trusts."""
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))


class Waits(list[float]):
    """Seconds that fetchers slept: their clock is advanced instead."""

    def sleep(self, seconds: float) -> None:
        self.append(seconds)

    def clock(self) -> float:
        return time.monotonic() + sum(self)


@pytest.fixture
def waits() -> Waits:
    """What the fetchers of `make` waited."""
    return Waits()


@pytest.fixture
def make(waits: Waits) -> Iterator[MakeFetcher]:
    """Opens fetchers that do not wait, and whose clock goes on as if they did: ``make(cache, retries=0)``."""
    made: list[Fetcher] = []

    def fetcher(cache: Path | None = None, **options: object) -> Fetcher:
        settings: dict[str, object] = {"gap": 0.0, "proxies": {}, "sleep": waits.sleep, "clock": waits.clock, **options}
        made.append(Fetcher(cache, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield fetcher
    for each in made:
        each.close()


@pytest.fixture
def story_file(tmp_path: Path) -> Path:
    """A text file with `STORY`, in the folder in which `cli` runs."""
    path = tmp_path / "story.txt"
    path.write_text(STORY, "utf-8")
    return path


# --- the command line ---------------------------------------------------------------------------------------------


@pytest.fixture
def cli(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _templates_are_compiled_once: None) -> Cli:
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
            from briefing.cli import main

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
        # PYTHONWARNINGS: CI's jobs in which warnings of others are not fatal (.github/workflows/ci.yml).
        strict = () if os.environ.get("PYTHONWARNINGS") else ("-W", "error")
        done = subprocess.run(
            [sys.executable, *strict, "-m", "briefing", *map(str, arguments)],
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


@pytest.fixture
def terminal(tmp_path: Path) -> Callable[..., str]:
    """What the command line shows on a terminal of ``width`` columns, both streams, in a process of its own; POSIX.

    Without colour, unless ``NO_COLOR`` is given as empty.
    """

    def call(*arguments: str | Path, width: int = 80, **variables: str) -> str:
        import pty

        ours, theirs = pty.openpty()
        named = {"TERM": "xterm", "NO_COLOR": "1", "COLUMNS": str(width), **variables}
        shown = b""
        with subprocess.Popen(
            [sys.executable, "-m", "briefing", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            cwd=tmp_path,
            env={**os.environ, **named},
        ):
            os.close(theirs)
            with contextlib.suppress(OSError):  # how Linux tells that the other side was closed
                while some := os.read(ours, 4096):
                    shown += some
        os.close(ours)
        return shown.decode("utf-8").replace("\r\n", "\n")

    return call
