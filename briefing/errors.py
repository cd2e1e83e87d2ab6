"""Every error this package raises on purpose. Bugs are not wrapped: they escape as what they are.

::

    BriefingError                      exit code 3
    ├── UsageError                     exit code 2   the command line or an argument
    ├── ConfigError                    exit code 2   the configuration file
    ├── AssetError                     exit code 2   a prompt or template that is missing or broken
    ├── SourceError                    exit code 3   a feed, OPML file or folder that cannot be read
    ├── FetchError                     exit code 3   a page or feed that cannot be fetched
    │   ├── BlockedAddressError                      ... because its address is private
    │   ├── UnreachableError                         ... because no server could be spoken to
    │   ├── UntrustedError                           ... because nobody vouches for who the server is
    │   └── OutOfTimeError                           ... because the time for it was up
    ├── ExtractError                   exit code 3   a page or file without an article in it
    │   ├── FrontPageError                           ... because it leads to articles and is none
    │   └── WallError                                ... because a wall stands before it
    ├── ModelError                     exit code 3   a model file that cannot be had, verified or loaded
    ├── EngineError                    exit code 3   an engine that failed while it ran
    │   └── NoAnswerError                            ... because one prompt has no answer; others may have
    ├── StoreError                     exit code 3   the state file
    │   └── DamageError                              ... because what is in it is damaged
    ├── OutputError                    exit code 3   a file or folder that cannot be written
    ├── DeliveryError                  exit code 4   a mail server that cannot be used
    ├── ScheduleError                  exit code 3   the system's scheduler: systemd, cron, launchd
    └── StoppedError                   exit code 130 Ctrl-C

Each says what it is about (`subject`), what happened (`cause`) and what helps (`remedy`), without the secrets of
addresses; `str()` joins the three in one line. In a run over many items they become `Failure` values
(`BriefingError.as_failure`). `ExitCode` lists what a command can end with.
"""

from __future__ import annotations

from enum import IntEnum

from briefing.address import shown_in
from briefing.types import Failure, FailureKind

__all__ = [
    "AssetError",
    "BlockedAddressError",
    "BriefingError",
    "ConfigError",
    "DamageError",
    "DeliveryError",
    "EngineError",
    "ExitCode",
    "ExtractError",
    "FetchError",
    "FrontPageError",
    "ModelError",
    "NoAnswerError",
    "OutOfTimeError",
    "OutputError",
    "ScheduleError",
    "SourceError",
    "StoppedError",
    "StoreError",
    "UnreachableError",
    "UntrustedError",
    "UsageError",
    "WallError",
]


class ExitCode(IntEnum):
    """What the end of a command says to whoever started it, such as a timer. For people: the table in docs/daily.md."""

    WELL = 0
    """Also a run that read everything and found nothing new."""
    PARTLY = 1
    """There is a result, but something could not be used."""
    WRONG_USE = 2
    """The command line or the configuration."""
    NOTHING = 3
    """There is no result."""
    MAIL = 4
    """The edition is there, but not with every reader, and no later run changes that: somebody has to look."""
    LETTERS_WAIT = 5
    """The edition is there; letters were put off, and the next run sends them."""
    OFFLINE = 75
    """There is no result because no source of the web could be reached (``EX_TEMPFAIL`` of sysexits.h: try later)."""
    STOPPED = 130
    """Ctrl-C."""


class BriefingError(Exception):
    """Something a person can understand and mend."""

    exit_code: int = ExitCode.NOTHING

    def __init__(self, subject: str, cause: str, remedy: str = "") -> None:
        # Here and not where each is raised: a foreign exception's words may hold an address as well as ours.
        self.subject = shown_in(subject)
        self.cause = shown_in(cause).rstrip(".")
        self.remedy = shown_in(remedy).rstrip(".")
        super().__init__(self.subject, self.cause, self.remedy)

    def __str__(self) -> str:
        parts = (part if part.endswith("?") else f"{part}." for part in (self.cause, self.remedy) if part)
        return f"{self.subject}: {' '.join(parts)}"

    def as_failure(self, stage: str, *, kind: FailureKind = FailureKind.FAILED) -> Failure:
        """The same as a value, for a run over many items."""
        return Failure(subject=self.subject, stage=stage, cause=self.cause, remedy=self.remedy, kind=kind)


class UsageError(BriefingError):
    """The command line, or an argument of the Python API."""

    exit_code = ExitCode.WRONG_USE


class ConfigError(BriefingError):
    """The configuration file; the subject names the file and the key."""

    exit_code = ExitCode.WRONG_USE


class AssetError(BriefingError):
    """A prompt or template that is missing, or that Jinja2 cannot render."""

    exit_code = ExitCode.WRONG_USE


class SourceError(BriefingError):
    """A feed, OPML file, folder or standard input that cannot be read."""


class FetchError(BriefingError):
    """A page or feed that could not be fetched, after every retry."""

    lasting = False
    """Whether there is no use in trying again another day: it is gone, forbidden or too large."""
    asked = True
    """Whether a server was asked now, or at least tried; if not, the error says nothing of the network."""


class BlockedAddressError(FetchError):
    """The address is private, loopback, link-local or otherwise not on the public internet."""

    lasting = True


class UnreachableError(FetchError):
    """No server could be spoken to: its name is unknown, no connection or no secure one was made.

    One of them may be the server's fault; where all are, the network is missing.
    """


class UntrustedError(FetchError):
    """The server's certificate is expired, another host's, or nobody's whom this machine trusts.

    It was spoken to, so the network is there; it is not asked again in the same run.
    """


class OutOfTimeError(FetchError):
    """It was not read, or not to its end, before the time that there was for reading was up."""

    asked = False

    def __init__(self, subject: str) -> None:
        super().__init__(subject, "the time for reading was up", "The next run reads it")


class ExtractError(BriefingError):
    """There is no article in it: a cookie wall, a paywall stub, a navigation page, an empty or binary file."""


class FrontPageError(ExtractError):
    """It leads to articles and is none: a home page, a page of links."""


class WallError(ExtractError):
    """The page does not give its article to whoever asks: to those who pay, agree, log in or are elsewhere."""

    def __init__(self, subject: str, cause: str, remedy: str = "", *, wall: str) -> None:
        super().__init__(subject, cause, remedy)
        self.wall = wall
        """``paywall``, ``consent``, ``login``, ``region``, ``robots``, ``javascript`` or ``unrelated``."""


class ModelError(BriefingError):
    """A model file that cannot be found, downloaded, verified or loaded."""


class EngineError(BriefingError):
    """The engine failed while it ran."""


class NoAnswerError(EngineError):
    """It gave no answer about one article; it may well answer about the next."""


class StoreError(BriefingError):
    """The state file cannot be opened, read or written."""


class DamageError(StoreError):
    """The state file is there, and what is in it is damaged: ``briefing doctor --repair`` helps."""


class OutputError(BriefingError):
    """A file or folder that cannot be written: no permission, no space."""


class DeliveryError(BriefingError):
    """A mail server that cannot be reached, trusted or logged in to."""

    exit_code = ExitCode.MAIL


class ScheduleError(BriefingError):
    """The system's scheduler (systemd, cron, launchd) is missing, refuses, or is in somebody else's hands."""


class StoppedError(BriefingError):
    """The person at the keyboard wants no more."""

    exit_code = ExitCode.STOPPED
