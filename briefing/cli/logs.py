"""Handlers for the package's loggers: standard error (``-v``) and a file (``--log-file``).

Only the logger ``briefing`` gets handlers, only while a command runs; libraries' loggers and the root stay as they are.
Without either option nothing is set up, and Python's last resort prints warnings as they are.
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


@contextmanager
def logging_to(verbosity: int, file: Path | None) -> Iterator[None]:
    """Send log records to standard error, and from DEBUG on to `file`, while the block runs.

    `verbosity` 0 means warnings, 1 INFO, 2 or more DEBUG. Raises `UsageError` where `file` cannot be written.
    """
    if not verbosity and file is None:
        yield
        return
    handlers: list[logging.Handler] = [_StderrHandler(_LEVELS[min(verbosity, 2)])]
    if file is not None:
        handlers.append(_file_handler(file))
    logger = logging.getLogger("briefing")
    level = logger.level
    logger.setLevel(min(handler.level for handler in handlers))
    for handler in handlers:
        logger.addHandler(handler)
    _log.debug("briefing %s, Python %s, %s", __version__, platform.python_version(), sys.platform)
    try:
        yield
    finally:
        for handler in handlers:
            logger.removeHandler(handler)
            with suppress(OSError):  # what could not be written was said when it was logged
                handler.close()
        logger.setLevel(level)


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

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.setFormatter(_Formatter())

    def emit(self, record: logging.LogRecord) -> None:
        """Print the record."""
        if not hasattr(record, "printed"):
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
