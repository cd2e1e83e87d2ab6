"""Backoff while the machine is offline: a timer that makes up for a missed run fires before the network is there."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from briefing.canonical import host_of
from briefing.errors import BlockedAddressError, FetchError, UnreachableError, UntrustedError
from briefing.pipeline.progress import ProgressListener
from briefing.retry import backoff_delay

if TYPE_CHECKING:
    from briefing.fetch import Fetched

_log = logging.getLogger(__name__)

_FIRST_PAUSE = 5.0
"""Seconds."""
_LONGEST_PAUSE = 120.0
"""Seconds: a run goes on soon after the network is there."""
_NO_JITTER = 0.5
"""Jitter would spread many clients; this is one machine."""


def longest_wait(wait: timedelta | None, now: datetime, deadline: datetime | None) -> float:
    """Seconds that a run may wait: `wait` (None: 0), at most half of the time until `deadline`."""
    longest = wait.total_seconds() if wait else 0.0
    if deadline is not None:
        longest = min(longest, (deadline - now).total_seconds() / 2)
    return max(longest, 0.0)


class NetworkReach:
    """Whether any server could be reached in one attempt at all sources."""

    def __init__(self) -> None:
        self.reached = False
        self.cause = ""
        """Why the first server could not."""
        self._untrusted: set[str] = set()

    def note(self, answer: Fetched | FetchError) -> None:
        """Count the answer; one from the cache or for a forbidden address says nothing of the network.

        An untrusted certificate is one server's problem; those of several servers mean a captive portal.
        """
        if isinstance(answer, UnreachableError):
            self.cause = self.cause or answer.cause
        elif isinstance(answer, UntrustedError):
            self._untrusted.add(host_of(answer.subject))
            self.cause = self.cause or answer.cause
        elif isinstance(answer, FetchError):
            self.reached |= answer.asked and not isinstance(answer, BlockedAddressError)
        else:
            self.reached |= answer.asked

    @property
    def offline(self) -> bool:
        """Whether a server could not be reached and none could."""
        return bool(self.cause) and not self.reached and len(self._untrusted) != 1


class NetworkWait:
    """Exponential backoff between attempts that reached no server, `longest` seconds in all.

    The time spent waiting counts, not the clock: a machine that is suspended meanwhile waits for the rest when it
    wakes.
    """

    def __init__(self, longest: float, *, sleep: Callable[[float], object], progress: ProgressListener) -> None:
        self._left = longest
        self._sleep = sleep
        self._progress = progress
        self._tries = 0

    def again(self, cause: str) -> bool:
        """Say `cause`, wait and return True; False without waiting where no time is left."""
        if self._left <= 0:
            return False
        seconds = min(backoff_delay(self._tries, _FIRST_PAUSE, _NO_JITTER), _LONGEST_PAUSE, self._left)
        self._progress.say(
            f"No source of the web can be reached ({cause}). Trying again in {seconds:.0f} seconds; "
            f"{_span(self._left)} of waiting left."
        )
        _log.info("Offline, attempt %s: waiting %.0f s", self._tries + 1, seconds)
        self._sleep(seconds)
        self._left -= seconds
        self._tries += 1
        return True


def _span(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
