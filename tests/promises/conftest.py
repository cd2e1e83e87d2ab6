"""What tests of promises share: sources on disk with a configuration, a scripted model, a clock that answers move, a
fortnight of small editions."""

from __future__ import annotations

import errno
import importlib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from briefing.engines import Engine, EngineOptions, ModelSpec
from briefing.testing.chat import ChatServer

from ..conftest import Cli
from .news import TOWNS, article, chat_answer
from .parts import Clock, Configure, Install

STORIES = {
    "2024-04-30": ("Ferry to Holm stops", "The ferry to Holm will not sail until Friday, the harbour master said."),
    "2024-05-16": ("Bell raised from wreck", "Divers raised the bell of a steamer that sank off Port Lorne in 1907."),
    "2024-05-17": ("Council approves tram", "The council voted 31 to 14 on Tuesday for a tram line to the hospital."),
}
"""Headline and text of the one story of each day."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The program's only clock, replaced."""
    standing = Clock()
    monkeypatch.setattr("briefing.pipeline.utc_now", standing)
    return standing


@pytest.fixture
def server(chat_server: ChatServer) -> ChatServer:
    """`chat_server`, which summarises `article`s."""
    chat_server.says(chat_answer)
    return chat_server


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


@pytest.fixture
def reached(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the program tries to reach: hosts that it looks up or connects to, and packages that it has pip download.

    Only connections to loopback addresses are made.
    """
    found: list[str] = []
    connect, look_up, run = socket.socket.connect, socket.getaddrinfo, subprocess.Popen.__init__

    def note(host: object) -> None:
        found.append(host.decode() if isinstance(host, bytes) else str(host))

    def connected(self: socket.socket, address: Any) -> None:
        note(address[0])
        if address[0] not in {"127.0.0.1", "::1"}:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        connect(self, address)

    def connected_ex(self: socket.socket, address: Any) -> int:
        note(address[0])
        return errno.ENETUNREACH

    def sent(self: socket.socket, data: bytes, *rest: Any) -> int:
        note(rest[-1][0])
        return len(data)

    def looked_up(host: Any, *rest: Any, **options: Any) -> Any:
        if host in {"127.0.0.1", "::1", "localhost", b"127.0.0.1"}:
            return look_up(host, *rest, **options)
        note(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def refused(host: Any, *rest: Any) -> Any:
        note(host)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    def started(self: Any, command: Any, *rest: Any, **options: Any) -> None:
        if "pip" in command:
            note(f"pip {command[-1]}")
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        run(self, command, *rest, **options)

    monkeypatch.setattr(socket.socket, "connect", connected)
    monkeypatch.setattr(socket.socket, "connect_ex", connected_ex)
    monkeypatch.setattr(socket.socket, "sendto", sent)
    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    for name in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr"):
        monkeypatch.setattr(socket, name, refused)
    monkeypatch.setattr(subprocess.Popen, "__init__", started)
    return found


@pytest.fixture
def make_day(cli: Cli, tmp_path: Path) -> Callable[..., None]:
    """Makes the edition of a day: ``make_day("2024-05-17", title="Evening")``."""

    def make(day: str, *, headline: str = "", text: str = "", title: str = "Morning") -> None:
        known = STORIES.get(day, ("", ""))
        (tmp_path / "story.txt").write_text(f"{headline or known[0]}\n\n{text or known[1]}\n", "utf-8")
        path = tmp_path / f"{title}.toml"
        path.write_text(
            f'title = "{title}"\ntimezone = "UTC"\nengine = "extractive"\nformats = ["json"]\nout = "{title}"\n'
            '[[sources]]\npath = "story.txt"\nname = "The Post"\nsection = "News"\n',
            "utf-8",
        )
        done = cli("run", path, "--date", day)
        assert done.returncode == 0, done.stderr

    return make


@pytest.fixture
def three_days(make_day: Callable[..., None]) -> None:
    """An edition of each of `STORIES`."""
    for day in STORIES:
        make_day(day)
