"""What reading the sources uses: limits, window, time, network and mailboxes of one run."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from briefing.address import Secrets
from briefing.errors import FetchError, OutOfTimeError
from briefing.pipeline.candidates import origin_of
from briefing.pipeline.deadline import ReadDeadline
from briefing.pipeline.limits import Limits
from briefing.pipeline.newsletters import Newsletters
from briefing.pipeline.progress import ProgressListener
from briefing.pipeline.secrets import Commands, sent_headers
from briefing.pipeline.window import Window
from briefing.types import Source

if TYPE_CHECKING:
    from briefing.fetch import Fetched, Fetcher, Request
    from briefing.store import Store

_log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class ReadSession:
    """Shared by `discovery`, which reads sources, and `gather`, which makes articles of what they list."""

    limits: Limits
    window: Window
    """Of the current attempt: replaced where the network was waited for."""
    open_fetcher: Callable[[], Fetcher]
    """Called only if something has to be fetched."""
    progress: ProgressListener
    time: ReadDeadline = field(default_factory=ReadDeadline)
    """What is not read by then is a failure, and left to the next run."""
    store: Store | None = None
    """Asked for what earlier runs read from mail servers, and for the feeds' last titles; never written to."""
    articles: bool = False
    """Whether addresses of unknown kind are asked for a page first."""
    was_feed: Callable[[str], bool] = lambda location: False
    """Whether an earlier run read a feed at the address of a source."""
    commands: Commands = field(default_factory=Commands)
    """Those that give passwords."""
    secrets: Secrets = field(default_factory=Secrets)
    """In the addresses of all sources; removed from articles and failures."""
    wishes: dict[str, Source] = field(default_factory=dict)
    """Sources with options of their own, by the name that their articles have; filled when they are named."""
    newsletters: Newsletters = field(init=False)

    def __post_init__(self) -> None:
        self.newsletters = Newsletters(window=self.window, store=self.store, commands=self.commands)

    def sent_with(self, source: Source, url: str) -> tuple[tuple[str, str], ...]:
        """The headers of `source` for a request to `url`: none where that is another origin than the source's own.

        Raises `ConfigError`, as `sent_headers`.
        """
        if not (source.headers or source.cookies) or origin_of(url) != origin_of(source.location):
            return ()
        headers, secrets = sent_headers(source, self.commands)
        self.secrets.hold(secrets)
        return headers

    def fetch(self, requests: Iterable[Request]) -> Iterator[tuple[Request, Fetched | FetchError]]:
        """The answers, in any order; errors where the run is offline or the time for reading is up."""
        from briefing.fetch import shown

        wanted = list(requests)
        if not wanted:
            return
        _log.debug("%s requests", len(wanted))
        if self.limits.offline:
            for request in wanted:
                yield request, FetchError(shown(request.url), "the run is offline", "Leave --offline away")
        elif self.time.up:
            for request in wanted:
                yield request, OutOfTimeError(shown(request.url))
        else:
            yield from self.open_fetcher().fetch_many(wanted, within=self.time.left)
