"""Which test reaches which line, for `bench/mutants.py`: in every process with this folder in its ``PYTHONPATH``.

Python imports a module of this name when it starts, so processes that a test starts are seen as well: they take the
test's name from ``PYTEST_CURRENT_TEST``. In pytest's own process this is also the plugin (``-p sitecustomize``) that
says which test runs, how long it took and whether it passed. Each line is written when it is first reached, so that a
process which is killed has told what it did.

Not `coverage`: its contexts end with the process, and a killed process leaves no data.
PYTEST_DONT_REWRITE: pytest would warn that it comes too late to rewrite this module.
"""

from __future__ import annotations

import inspect
import os
import sys
import threading
import time
from types import CodeType, FrameType
from typing import Any, Protocol

FOLDER = os.environ.get("MUTANTS_REACH", "")
"""Where the records are written, a file a process: ``T<tab>test``, ``L<tab>line<tab>file``, ``R<tab>...``."""
ROOTS = tuple(filter(None, os.environ.get("MUTANTS_ROOTS", "").split(os.pathsep)))
"""Folders whose code counts."""


class Report(Protocol):
    """What pytest reports after a test's setup, call and teardown."""

    nodeid: str
    outcome: str
    duration: float


class _Ours(dict[str, bool]):
    """Whether the code of a file counts; looked up at every call of any function."""

    def __init__(self, roots: tuple[str, ...]) -> None:
        self._roots = roots

    def __missing__(self, file: str) -> bool:
        self[file] = file.startswith(self._roots)
        return self[file]


class Recorder:
    """Writes the lines of functions that are reached, once a test."""

    def __init__(self, folder: str, roots: tuple[str, ...]) -> None:
        path = os.path.join(folder, f"{os.getpid()}-{time.time_ns()}")  # noqa: PTH118 - no pathlib in every process
        self._out = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._ours = _Ours(roots)
        self._left: dict[CodeType, set[int]] = {}

    def write(self, *fields: object) -> None:
        """Write one record."""
        os.write(self._out, ("\t".join(map(str, fields)) + "\n").encode())

    def test(self, name: str) -> None:
        """Say which test the lines from now on belong to; nothing: none."""
        self._left.clear()
        self.write("T", name)

    def call(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Trace a call: lines of functions beneath the roots that this test has not reached yet."""
        code = frame.f_code
        if not self._ours[code.co_filename]:
            return None
        if not code.co_flags & inspect.CO_OPTIMIZED:
            return None  # bodies of modules and classes run once in a process, for whichever test came first
        if code not in self._left:
            self._left[code] = {line for _, _, line in code.co_lines() if line is not None}
        return self.line if self._left[code] else None

    def line(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Trace a line."""
        left = self._left.get(frame.f_code)
        if event == "line" and left and frame.f_lineno in left:
            left.discard(frame.f_lineno)
            self.write("L", frame.f_lineno, frame.f_code.co_filename)
        return self.line


def pytest_runtest_logstart(nodeid: str) -> None:
    """A test begins."""
    if recorder:
        recorder.test(nodeid)


def pytest_runtest_logreport(report: Report) -> None:
    """A test was set up, called or torn down."""
    if recorder:
        recorder.write("R", report.duration, report.outcome, report.nodeid)


def pytest_runtest_logfinish() -> None:
    """A test has ended."""
    if recorder:
        recorder.test("")


recorder = Recorder(FOLDER, ROOTS) if FOLDER and ROOTS else None
if recorder:
    recorder.test(os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0])
    threading.settrace(recorder.call)
    sys.settrace(recorder.call)
