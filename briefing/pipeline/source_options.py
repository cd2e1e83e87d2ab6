"""A source's own options: what of it is left out, and how many articles are taken of it, before any page is fetched."""

from __future__ import annotations

from dataclasses import replace

from briefing.pipeline.candidates import Candidate, SourceContents, item_text, skipped
from briefing.pipeline.window import Window
from briefing.stories.ranking import LeftOut, found_in_lead
from briefing.types import Article, Failure, Source


def narrowed(contents: SourceContents, window: Window) -> list[Candidate]:
    """The candidates of a source without those that it mutes, and of the rest the newest, as many as it allows.

    Failures stay, and say what was left out. What an item's page holds is not known yet: `planning` mutes again.
    """
    source = contents.source
    if source is None or not (source.mute or source.max_articles):
        return contents.candidates
    kept: list[Candidate] = []
    for candidate in contents.candidates:
        if not isinstance(candidate, Failure) and (
            word := next(iter(found_in_lead(source.mute, candidate.title, item_text(candidate))), "")
        ):
            kept.append(skipped(candidate.title or source.shown, f"it is muted ({word})"))
        else:
            kept.append(candidate)
    readable = [index for index, candidate in enumerate(kept) if not isinstance(candidate, Failure)]
    if not source.max_articles or len(readable) <= source.max_articles:
        return kept
    dates = []
    for index in readable:
        candidate = kept[index]
        assert not isinstance(candidate, Failure)
        dates.append((candidate.id if isinstance(candidate, Article) else candidate.key, candidate.published))
    age = dict(zip(readable, window.moments(dates), strict=True))
    over = set(sorted(readable, key=lambda index: age[index], reverse=True)[source.max_articles :])
    for index in sorted(over):
        candidate = kept[index]
        assert not isinstance(candidate, Failure)
        contents.over.add(candidate.id if isinstance(candidate, Article) else candidate.key)
        contents.left_out.append(LeftOut(candidate.title, contents.title or source.shown, None, "source", 1))
    note = skipped(
        contents.title or source.shown, f"{len(over)} articles are over the limit for this source", counted=True
    )
    return [*(candidate for index, candidate in enumerate(kept) if index not in over), note]


def listed_by(source: Source, listed: Source) -> Source:
    """A source that the list (OPML, addresses) `source` names, with the list's own options."""
    return replace(
        listed,
        section=listed.section or source.section,
        weight=source.weight,
        max_articles=source.max_articles,
        full_text=source.full_text,
        points=source.points,
        language=source.language,
        mute=source.mute,
    )
