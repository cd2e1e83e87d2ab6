"""The HTTP cache: migration, kills, files of other programs."""

from __future__ import annotations

import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from briefing.fetch import Fetcher, Request
from briefing.fetch.cache import Suspensions, open_cache
from briefing.testing.server import Server

SECRET = b"hunter2-4711"


class Killed(BaseException):
    """Not an `Exception`, so no handler catches it."""


@contextmanager
def killed_after(statements: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Kill the process after so many statements; the open transaction is rolled back."""
    left = statements
    connect = sqlite3.connect

    class Dying(sqlite3.Connection):
        def execute(self, *arguments: Any) -> sqlite3.Cursor:
            nonlocal left
            left -= threading.current_thread() is threading.main_thread()  # hishel asks something in another one
            if left < 0:
                raise Killed
            return super().execute(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", lambda *some, **named: connect(*some, factory=Dying, **named))
        yield


def old_cache(path: Path) -> None:
    """One of version 1 with an answer that repeats a secret of its address."""
    with Server() as server, Fetcher(path, proxies={}) as fetcher:
        server.serves("/feed", SECRET * 10_000, etag='"1"')
        fetcher.fetch(Request(server.url("/feed"), allow_local=True))
    Suspensions(path).keep("example.org", 1e10)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("PRAGMA user_version = 1")
    assert SECRET in b"".join(part.read_bytes() for part in path.parent.glob(f"{path.name}*"))


def close(path: Path) -> bool:
    """Whether a cache can be had at `path`; it is opened and closed."""
    storage = open_cache(path)
    if storage is not None:
        storage.close()
    return storage is not None


def test_a_kill_during_a_cache_migration_leaves_a_usable_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old_cache(tmp_path / "old")
    for statements in range(50):
        path = tmp_path / f"{statements}.db"
        shutil.copy(tmp_path / "old", path)
        with killed_after(statements, monkeypatch):
            try:
                close(path)
            except Killed:
                died = True
            else:
                died = False
        assert close(path)
        assert SECRET not in b"".join(part.read_bytes() for part in tmp_path.glob(f"{statements}.db*"))
        assert Suspensions(path).known(0.0) == {"example.org": 1e10}
        if not died:
            break
    assert statements > 6


@pytest.mark.parametrize("gone", [("entries",), ("entries", "streams"), ("entries", "streams", "pauses")])
def test_a_cache_with_missing_tables_is_used(tmp_path: Path, gone: tuple[str, ...]) -> None:
    path = tmp_path / "http.db"
    old_cache(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        for name in gone:
            file.execute(f"DROP TABLE {name}")
    assert close(path)


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "http.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as file:
        file.execute("CREATE TABLE letters (text)")
        file.execute("CREATE TABLE streams (text)")
    before = path.read_bytes()
    assert not close(path)
    assert path.read_bytes() == before
