"""What tests of promises share: sources on disk with a configuration, a scripted model, a clock that answers move."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from briefing.engines import Engine, EngineOptions, ModelSpec
from briefing.testing.chat import ChatServer

from .news import TOWNS, article, chat_answer
from .parts import Clock, Configure, Install


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The program's only clock, replaced."""
    standing = Clock()
    monkeypatch.setattr("briefing.pipeline.utc_now", standing)
    return standing


@pytest.fixture
def server() -> Iterator[ChatServer]:
    """A chat server with the model ``m-1``, which summarises `article`s."""
    with ChatServer("m-1", context=8192) as running:
        running.says(chat_answer)
        yield running


@pytest.fixture
def configure(tmp_path: Path) -> Configure:
    """Writes ``briefing.toml``: ``configure("points = 3", towns=TOWNS[:2])``, with an article of each town in ``in``.

    Every article is told on its own, as JSON.
    """

    def write(*settings: str, towns: tuple[str, ...] = TOWNS[:4], sources: str = '[[sources]]\npath = "in"\n') -> None:
        (tmp_path / "in").mkdir(exist_ok=True)
        for town in towns:
            (tmp_path / "in" / f"{town}.txt").write_text(article(town), "utf-8")
        usual = ('timezone = "UTC"', "group = false", 'formats = ["json"]')
        (tmp_path / "briefing.toml").write_text("\n".join([*usual, *settings, sources]), "utf-8")

    return write


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Installs an engine under the name ``scripted``, as a package would; returns the options it is opened with."""

    def installed(engine: Engine) -> list[EngineOptions]:
        opened: list[EngineOptions] = []

        def make(model: ModelSpec | None, options: EngineOptions) -> Engine:
            opened.append(options)
            return engine

        module = ModuleType("briefing_scripted")
        module.make = make  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "briefing_scripted", module)
        about = tmp_path / "site" / "briefing_scripted-1.dist-info"
        about.mkdir(parents=True, exist_ok=True)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: briefing-scripted\nVersion: 1\n", "utf-8")
        (about / "entry_points.txt").write_text("[briefing.engines]\nscripted = briefing_scripted:make\n", "utf-8")
        monkeypatch.syspath_prepend(str(tmp_path / "site"))
        return opened

    yield installed
    importlib.invalidate_caches()
