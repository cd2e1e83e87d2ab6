"""What stands where in an edition: the front stories at its top, the others in their sections, headlines at their ends.

Pure. A story is told in full once: at the top where it is one of the first of the day, else in its section, which then
only names it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from briefing.types import Edition, Section, Story, Stub

FEWEST_STORIES = 5
"""Below this an edition is its own overview and has no front page."""
_FEWEST_FRONT, _MOST_FRONT = 3, 5
_SHARE = 3
"""Of so many stories one is a front story, within these bounds: on a short page most would be at the top."""
MOST_HEADLINES = 10
"""Shown of the articles of a section of which there is only the headline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSection:
    """A section as a page shows it."""

    name: str
    stories: tuple[Story, ...]
    """All of them."""
    above: tuple[Story, ...]
    """Those told at the top, which are only named here."""
    here: tuple[Story, ...]
    """Those told here."""
    stubs: tuple[Stub, ...]
    """Headlines shown at its end, at most `MOST_HEADLINES`."""
    more_stubs: int
    """Headlines over that limit."""


def front_of(ranking: Sequence[str]) -> tuple[str, ...]:
    """The first of `ranking`, the ids of an edition's stories from the best: three to five, or none in a short one."""
    if len(ranking) < FEWEST_STORIES:
        return ()
    return tuple(ranking[: min(_MOST_FRONT, max(_FEWEST_FRONT, len(ranking) // _SHARE))])


def front_stories(edition: Edition) -> tuple[Story, ...]:
    """The stories told at the top, best first; none for an edition of before there was a front page."""
    by_id = {story.summary.id: story for story in edition.stories}
    return tuple(by_id[name] for name in dict.fromkeys(edition.front) if name in by_id)


def by_importance(edition: Edition) -> list[int]:
    """Indices into `Edition.stories`, the most important first.

    Editions of before they kept their ranking: the headline's story, those of the overview, the first of each section,
    the second of each, and so on.
    """
    stories = edition.stories
    if edition.ranking:
        places = {name: place for place, name in enumerate(edition.ranking)}
        return sorted(range(len(stories)), key=lambda index: places.get(stories[index].summary.id, len(places)))
    heads = [story.summary.headline for story in stories]
    first = heads.index(edition.headline) if edition.headline in heads and edition.headline else 0
    indices = {article.id: index for index, story in enumerate(stories) for article in story.articles}
    brief = [indices[c.article] for point in edition.overview for c in point.citations if c.article in indices]
    depths = [depth for section in edition.sections for depth in range(len(section.stories))]
    by_depth = sorted(range(len(stories)), key=depths.__getitem__)
    return list(dict.fromkeys([first, *brief, *by_depth])) if stories else []


def shown_sections(edition: Edition, told: Sequence[Section] | None = None) -> list[ShownSection]:
    """The sections in their order, those that have only headlines among them; none that is empty.

    `told`: the sections with the stories that are shown at all, where not every one is.
    """
    front = set(edition.front)
    stories = {section.name: section.stories for section in (edition.sections if told is None else told)}
    stubs: defaultdict[str, list[Stub]] = defaultdict(list)
    for stub in edition.stubs:
        stubs[stub.section].append(stub)
    names = dict.fromkeys([*(section.name for section in edition.sections), *stubs])
    return [
        ShownSection(
            name=name,
            stories=stories.get(name, ()),
            above=tuple(story for story in stories.get(name, ()) if story.summary.id in front),
            here=tuple(story for story in stories.get(name, ()) if story.summary.id not in front),
            stubs=tuple(stubs[name][:MOST_HEADLINES]),
            more_stubs=max(0, len(stubs[name]) - MOST_HEADLINES),
        )
        for name in names
        if stories.get(name) or stubs[name]
    ]
