"""Kills a command at its n-th write: found by counting, not by sleeping.

::

    with Killed(tmp_path) as killed:
        once = killed.whole("run", "--engine", "extractive")
        for n in range(1, len(once.writes) + 1):
            killed.at(n, "run", "--engine", "extractive")

Run as a program it is the nursery: it imports the command line once and then forks a child for every command that it is
told on standard input, which is much quicker than to start one. The child counts what changes something outside of it,
*before* it is done: files opened for writing, flushed to the disk, renamed, removed and made, what SQLite commits, and
what is said to a mail server. The nursery itself never runs a command.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Ended", "Killed"]

_CHANGES = frozenset({"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"})
_WRITES = re.compile(r"\s*(?:INSERT|UPDATE|DELETE|REPLACE|CREATE|DROP|ALTER|COMMIT|END|VACUUM)\b", re.IGNORECASE)
_ENDS = re.compile(r"\s*(?:COMMIT|END)\b", re.IGNORECASE)
_MODE = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    """Its exit code; negative: the signal that killed it."""
    writes: list[str]
    """What it wrote, in order; of a killed one up to what it did not come to do."""
    out: str
    err: str


class Killed:
    """The nursery, working in `folder`. A context manager."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._nursery = subprocess.Popen(
            [sys.executable, __file__], cwd=folder, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._nursery.stdin
        assert self._nursery.stdout
        self._told, self._said = self._nursery.stdin, self._nursery.stdout

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._told.close()
        self._nursery.wait(10)
        self._said.close()

    def whole(self, *arguments: str) -> Ended:
        """The command, to its end."""
        return self._run(0, arguments)

    def at(self, write: int, *arguments: str) -> Ended:
        """The command, killed just before that write (from 1)."""
        return self._run(write, arguments)

    def _run(self, write: int, arguments: tuple[str, ...]) -> Ended:
        self._told.write(json.dumps([write, arguments]) + "\n")
        self._told.flush()
        answer = json.loads(self._said.readline())
        return Ended(**answer)


# --- the nursery ------------------------------------------------------------------------------------------------


def _watch(fatal: int, log: int) -> Callable[[], None]:
    """Count every write of this process into the file `log` and die at the `fatal`-th; 0: never. Gives what ends it."""
    count, over = 0, False

    def end() -> None:
        nonlocal over
        over = True

    def note(what: str) -> None:
        nonlocal count
        if over:
            return
        count += 1
        if count == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        os.write(log, what.replace("\n", " ")[:200].encode("utf-8", "replace") + b"\n")

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _CHANGES and not (event == "os.mkdir" and Path(arguments[0]).is_dir()):
            note(f"{event} {arguments[0]}")
        elif event == "open":
            path, mode, flags = arguments
            writes = flags & _MODE if mode is None else re.search("[wax+]", mode)
            if writes and not str(path).startswith("/dev/"):
                note(f"open {path}")

    real_sync = os.fsync

    def sync(descriptor: int) -> None:
        note("fsync")
        real_sync(descriptor)

    # On the wire, only the full stop that hands a letter over and the answer to it are moments of their own.
    send, receive = socket.socket.sendall, socket.socket.recv_into
    handed_over: list[socket.socket] = []

    def sending(self: socket.socket, data: bytes, *flags: int) -> None:
        if data == b".\r\n":
            note("full stop")
            handed_over.append(self)
        send(self, data, *flags)

    def receiving(self: socket.socket, *arguments: Any) -> int:
        if self in handed_over:
            note("answer to the full stop")
            handed_over.remove(self)
        return receive(self, *arguments)

    real_connect = sqlite3.connect

    def connect(*arguments: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = real_connect(*arguments, **options)

        def stated(said: str) -> None:
            # Within a transaction nothing has happened before its end.
            if _WRITES.match(said) and (_ENDS.match(said) or not connection.in_transaction):
                note(f"sqlite {said}")

        connection.set_trace_callback(stated)
        return connection

    sqlite3.connect = connect  # type: ignore[assignment]
    os.fsync = sync  # type: ignore[assignment]
    socket.socket.sendall = sending  # type: ignore[method-assign, assignment]
    socket.socket.recv_into = receiving  # type: ignore[method-assign, assignment]
    sys.addaudithook(hook)
    return end


def _child(fatal: int, arguments: list[str], out: Path) -> None:
    """In the fork: be the command. Never returns."""
    from briefing.cli import main

    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(out / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    log = os.open(out / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    sys.argv = ["briefing", *arguments]
    code, end = 70, _watch(fatal, log)
    try:
        main()
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(bool(ended.code))
    finally:
        end()
        sys.stdout.flush()
        sys.stderr.flush()
        (out / "modules").write_text("\n".join(sys.modules))
        os._exit(code)


def _warm() -> None:
    """Import and load before the first fork what every command would after it."""
    import jinja2

    import briefing.cli  # noqa: F401
    from briefing import pipeline
    from briefing.assets import environment
    from briefing.config import Config

    text = "The council voted 31 to 14 on Tuesday for a tram line.\n\nIt is to cost 212 million pounds, they said."
    pipeline.summarise(text, config=Config(state=Path(":memory:")), engine="extractive")
    real, known = jinja2.Environment.compile, {}

    def compiled(self: Any, source: Any, name: Any = None, filename: Any = None, *rest: Any, **options: Any) -> Any:
        key = (source, name, filename) if isinstance(source, str) else None
        if key is None or key not in known:
            known[key] = real(self, source, name, filename, *rest, **options)
        return known[key]

    jinja2.Environment.compile = compiled  # type: ignore[method-assign]
    templates = environment("templates")
    for name in templates.list_templates():
        if name.endswith(".j2"):
            templates.get_template(name)


def _nursery() -> None:
    import tempfile

    _warm()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        for line in sys.stdin:
            fatal, arguments = json.loads(line)
            child = os.fork()
            if not child:
                _child(fatal, arguments, out)
            _, status = os.waitpid(child, 0)
            texts = {name: (out / name).read_text("utf-8", "replace") for name in ("log", "out", "err")}
            code = os.waitstatus_to_exitcode(status)
            answer = {"code": code, "writes": texts["log"].splitlines(), "out": texts["out"], "err": texts["err"]}
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
            if not fatal:  # the next child need not import them again
                for name in (out / "modules").read_text().split():
                    try:
                        importlib.import_module(name)
                    except ImportError:
                        continue


if __name__ == "__main__":
    _nursery()
