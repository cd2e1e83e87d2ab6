"""Fixtures that every test may use."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from briefing.assets import environment
from briefing.summariser import PromptBook

REPOSITORY = Path(__file__).resolve().parents[1]

Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Names a case with long bytes by its argument: every worker must collect the same names; gzip tells the time."""
    return argname if isinstance(val, bytes) and len(val) > 40 else None


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing a test does reads or writes the developer's own configuration, state or models."""
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
def cli(tmp_path: Path) -> Cli:
    """Runs the real command line in a process and folder of its own: ``cli("run", "--help")``."""

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
