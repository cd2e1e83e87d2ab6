"""Expected errors. Bugs are not wrapped.

::

    BriefingError                      exit code 3
    ├── UsageError                     exit code 2   the command line or an argument
    ├── ConfigError                    exit code 2   the configuration file
    ├── AssetError                     exit code 2   a prompt or template that is missing or broken
    ├── SourceError                    exit code 3   a feed, OPML file or folder that cannot be read
    ├── FetchError                     exit code 3   a page or feed that cannot be fetched
    │   ├── BlockedAddressError                      ... because its address is private
    │   ├── UnreachableError                         ... because no server could be reached
    │   ├── UntrustedError                           ... because its certificate is not trusted
    │   └── OutOfTimeError                           ... because the deadline passed
    ├── ExtractError                   exit code 3   a page or file without an article in it
    │   ├── FrontPageError                           ... because it is a home page
    │   └── WallError                                ... because it is behind a wall
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

import re
from enum import IntEnum

from briefing.address import shown_in
from briefing.types import Failure, FailureKind


class ExitCode(IntEnum):
    """Exit codes of commands, documented in docs/daily.md."""

    WELL = 0
    """Also where there is nothing new."""
    PARTLY = 1
    """A result, but some items could not be used."""
    WRONG_USE = 2
    """The command line or the configuration."""
    NOTHING = 3
    """No result."""
    MAIL = 4
    """The edition is written, but not delivered to everyone, and a later run will not change that."""
    LETTERS_WAIT = 5
    """The edition is written; some letters are deferred to the next run."""
    OFFLINE = 75
    """No result, because no web source could be reached (``EX_TEMPFAIL`` of sysexits.h: try later)."""
    STOPPED = 130
    """Ctrl-C."""


class BriefingError(Exception):
    """An expected error with subject, cause and remedy."""

    exit_code: int = ExitCode.NOTHING

    def __init__(self, subject: str, cause: str, remedy: str = "") -> None:
        # Here, because foreign exceptions may hold addresses too.
        self.subject = shown_in(subject)
        self.cause = shown_in(cause).rstrip(".")
        self.remedy = shown_in(remedy).rstrip(".")
        super().__init__(self.subject, self.cause, self.remedy)

    def __str__(self) -> str:
        parts = (part if part.endswith("?") else f"{part}." for part in (self.cause, self.remedy) if part)
        return f"{self.subject}: {' '.join(parts)}"

    def as_failure(self, stage: str, *, kind: FailureKind = FailureKind.FAILED) -> Failure:
        """As a value, for a run over many items."""
        return Failure(subject=self.subject, stage=stage, cause=self.cause, remedy=self.remedy, kind=kind)


def reason_of(error: BaseException) -> str:
    """What an exception of the system's network says, in plain words: no numbers, no terms of the resolver's."""
    if type(error).__name__ == "gaierror":
        return "no such host"
    text = re.sub(r"^\[Errno -?\d{1,6}\] ", "", str(error)).rstrip(".")
    if any(words in text for words in _RESOLVER):
        return "no such host"
    return text or type(error).__name__


_RESOLVER = ("Name or service not known", "nodename nor servname", "No address associated", "getaddrinfo failed",
             "Name does not resolve", "Temporary failure in name resolution")  # fmt: skip
"""What resolvers say of a name they do not know."""


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
    """Whether it is permanent: gone, forbidden or too large."""
    asked = True
    """Whether a request was attempted; if not, the error says nothing about the network."""
    status = 0
    """Of the server's answer (HTTP), where that was the reason."""


class BlockedAddressError(FetchError):
    """The address is private, loopback, link-local or otherwise not on the public internet."""

    lasting = True


class UnreachableError(FetchError):
    """No connection, no TLS, or an unknown name; where all servers are, the network is down."""


class UntrustedError(FetchError):
    """The server's certificate is expired, another host's, or from an untrusted issuer. Not retried in the run.

    No `UnreachableError`: the server was spoken to, so the network is there.
    """


class OutOfTimeError(FetchError):
    """The deadline for reading passed."""

    asked = False

    def __init__(self, subject: str) -> None:
        super().__init__(subject, "the time for reading was up", "The next run reads it")


class ExtractError(BriefingError):
    """There is no article: a navigation page, an empty or binary file."""


class FrontPageError(ExtractError):
    """A home page or a page of links."""


class WallError(ExtractError):
    """The page gives its article only after payment, consent or login, or elsewhere."""

    def __init__(self, subject: str, cause: str, remedy: str = "", *, wall: str) -> None:
        super().__init__(subject, cause, remedy)
        self.wall = wall
        """``paywall``, ``consent``, ``login``, ``region``, ``robots``, ``javascript`` or ``unrelated``."""


class ModelError(BriefingError):
    """A model file that cannot be found, downloaded, verified or loaded."""


class EngineError(BriefingError):
    """The engine failed while it ran."""


class NoAnswerError(EngineError):
    """No answer for one prompt; the next may have one."""


class StoreError(BriefingError):
    """The state file cannot be opened, read or written."""


class DamageError(StoreError):
    """The state file is damaged: ``briefing doctor --repair`` helps."""


class OutputError(BriefingError):
    """A file or folder that cannot be written: no permission, no space."""


class DeliveryError(BriefingError):
    """A mail server that cannot be reached, trusted or logged in to."""

    exit_code = ExitCode.MAIL


class ScheduleError(BriefingError):
    """The system's scheduler (systemd, cron, launchd) is missing, refuses, or is managed by others."""


class StoppedError(BriefingError):
    """Interrupted by the user (SIGINT)."""

    exit_code = ExitCode.STOPPED
