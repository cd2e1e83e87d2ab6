"""The sources that a configuration names, with local lists of sources (OPML, addresses) replaced by what they list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from briefing.address import is_web
from briefing.errors import BriefingError
from briefing.pipeline.candidates import failure_of
from briefing.pipeline.newsletters import is_imap
from briefing.types import Failure, Source, SourceKind

__all__ = ["listed"]


def listed(sources: Iterable[Source], *, allow_local: bool) -> Iterator[Source | Failure]:
    """Every source of its own kind, in order; a failure stands where a list cannot be read.

    `allow_local`: every one of them may be at a private address.
    """
    from briefing.sources import classify_path, read_subscriptions

    for named in sources:
        # Settled here: what a page leads to later was not named by the reader.
        source = replace(named, allow_local=named.allow_local or allow_local)
        if source.location == "-" or is_web(source.location) or is_imap(source.location):
            yield source
            continue
        path = Path(source.location).expanduser()
        try:
            kind = classify_path(path) if source.kind is SourceKind.AUTO else source.kind
            if kind is not SourceKind.OPML:
                yield replace(source, kind=kind)
                continue
            found = read_subscriptions(path.read_bytes(), subject=str(path))
        except (BriefingError, OSError) as error:
            yield failure_of(error, source.name or str(path), "read")
            continue
        for one in found:
            local = one.allow_local or allow_local
            yield replace(one, section=one.section or source.section, weight=source.weight, allow_local=local)
