"""Handlers for the package's loggers: standard error (progress, and more with ``-v``) and a file (``--log-file``).

Only the logger ``briefing`` gets handlers, only while a command runs; libraries' loggers and the root stay as they are.
"""

from __future__ import annotations

import logging
import platform
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from briefing._version import __version__
from briefing.address import shown_in
from briefing.cli.console import message
from briefing.errors import UsageError
from briefing.sanitise import clean

_log = logging.getLogger(__name__)
_LEVELS = (logging.WARNING, logging.INFO, logging.DEBUG)
"""Of standard error, by how often ``-v`` is given."""
PROGRESS = "briefing.cli.stages"
"""Logger of a run's stages and stories, whose lines are shown without ``-v`` as well."""


@contextmanager
def logging_to(verbosity: int, file: Path | None, *, quiet: bool = False) -> Iterator[Logs]:
    """Send log records to standard error, and from DEBUG on to `file`, while the block runs: `Logs.show`, `write_to`.

    Raises `UsageError` where `file` cannot be written.
    """
    logs = Logs()
    try:
        logs.show(verbosity, quiet=quiet)
        if file is not None:
            logs.write_to(file)
        yield logs
    finally:
        logs.close()


class Logs:
    """The handlers of the package's logger."""

    def __init__(self) -> None:
        self.verbosity = 0
        self._logger = logging.getLogger("briefing")
        self._level_before = self._logger.level
        self._stderr = _StderrHandler()
        self._handlers: list[logging.Handler] = [self._stderr]
        self._logger.addHandler(self._stderr)

    def show(self, verbosity: int, *, quiet: bool = False) -> None:
        """Show on standard error: 0 warnings and, unless `quiet`, a run's progress; 1 INFO; 2 or more DEBUG."""
        self.verbosity = verbosity
        self._stderr.least = _LEVELS[min(verbosity, 2)]
        self._stderr.progress = bool(verbosity) or not quiet
        self._stderr.setLevel(min(self._stderr.least, logging.INFO))
        self._choose_level()
        _begin(self._stderr)

    def write_to(self, file: Path) -> None:
        """Add every detail to `file` as well. Raises `UsageError` where it cannot be written."""
        handler = _file_handler(file.expanduser())
        self._handlers.append(handler)
        self._logger.addHandler(handler)
        self._choose_level()
        _begin(handler)

    def close(self) -> None:
        """Take the handlers away."""
        for handler in self._handlers:
            self._logger.removeHandler(handler)
            with suppress(OSError):  # what could not be written was said when it was logged
                handler.close()
        self._logger.setLevel(self._level_before)

    def _choose_level(self) -> None:
        self._logger.setLevel(min(handler.level for handler in self._handlers))


def _begin(handler: logging.Handler) -> None:
    """Log what runs here to `handler` alone."""
    about = (__version__, platform.python_version(), sys.platform)
    record = _log.makeRecord(_log.name, logging.DEBUG, __file__, 0, "briefing %s, Python %s, %s", about, None)
    if handler.level <= record.levelno:
        handler.handle(record)


def log_printed(text: str, error: BaseException | None = None, *, level: int = logging.ERROR) -> None:
    """Log what is printed anyway to the file only, with the traceback of `error`.

    Without handlers nothing is logged: Python's last resort would print it once more.
    """
    if logging.getLogger("briefing").handlers:
        _log.log(level, "%s", text, exc_info=error, extra={"printed": True})


class _Formatter(logging.Formatter):
    """Times in UTC; no control characters, no secrets of addresses; lines after the first (tracebacks) are indented."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def format(self, record: logging.LogRecord) -> str:
        """The record as text without secrets (`shown_in`)."""
        return shown_in("\n  ".join(clean(super().format(record)).splitlines()))


class _StderrHandler(logging.Handler):
    """Prints records through `console.message`, above progress bars."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.least = logging.WARNING
        """Level that is shown of all but progress."""
        self.progress = True
        """Whether `PROGRESS` is shown."""
        self.setFormatter(_Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record."""
        wanted = record.levelno >= self.least or (self.progress and record.name == PROGRESS)
        if wanted and not hasattr(record, "printed"):
            message(self.format(record))


class _FileHandler(logging.FileHandler):
    """Appends to a file; the first write that fails is said once and is the last."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record and flush."""
        if self.level <= logging.CRITICAL:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base class names it so
        """Say why nothing more is logged."""
        self.setLevel(logging.CRITICAL + 1)
        message(f"{self.baseFilename}: the log ends here: {sys.exception()}")


def _file_handler(path: Path) -> logging.Handler:
    """Appends to `path`, which only its owner may read. Raises `UsageError`."""
    from briefing.private_files import make_private, private_file

    try:
        private_file(path)
        make_private(path)
        handler = _FileHandler(path, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise UsageError(f"--log-file {path}", f"cannot be written: {error.strerror}", "Name another file") from error
    handler.setLevel(logging.DEBUG)
    handler.setFormatter(_Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    return handler
