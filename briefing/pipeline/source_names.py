"""Names of the sources that have none in the configuration: the feed's title, else the host.

A title is text from outside: it is put on one line, without control characters, and cut to the length of a name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from briefing.address import shown_in
from briefing.canonical import host_of
from briefing.config.locations import is_url
from briefing.pipeline.candidates import Candidate, Item, SourceContents
from briefing.sanitise import LONGEST_NAME, clipped, label
from briefing.types import Failure, Notice, Source, Story


def name_for(source: Source, *titles: str) -> str:
    """The configured name, else the first of `titles` that is not empty; without secrets in addresses."""
    return shown_in(source.name) or next((name for title in titles if (name := _name(title))), "")


def site_of(url: str) -> str:
    """The host of an address, for a name; the address without secrets where it has none."""
    return (host_of(url) or shown_in(url)).removeprefix("www.")


def tell_apart(contents: Sequence[SourceContents], last_titles: Mapping[str, str]) -> list[SourceContents]:
    """The contents with different names for unnamed feeds whose titles are the same as another source's.

    The host is put behind the title, else the address, else a number. A feed that has nothing new counts by its title
    too, and one that is down by its last, so that the names of the others do not change from day to day.

    `last_titles`: of feeds when they were last read, by their locations.
    """
    indices: defaultdict[str, list[int]] = defaultdict(list)
    """Of the sources, by each name that they have."""
    sources = {index: content.source for index, content in enumerate(contents) if content.source}
    for index, source in sources.items():
        # The messages of a mailbox are named after their senders, and pages after their site, which several may share.
        names = [candidate.name for candidate in contents[index].candidates if isinstance(candidate, Item)]
        names = names or [contents[index].title or name_for(source, last_titles.get(source.location, ""))]
        for name in dict.fromkeys(filter(None, names)):
            indices[name].append(index)
    renamed = list(contents)
    for name, same in indices.items():
        if len({sources[index].location for index in same}) > 1:
            unnamed = [index for index in same if not sources[index].name]
            suffixes = _differences([sources[index] for index in unnamed])
            for index, suffix in zip(unnamed, suffixes, strict=True):
                new = f"{clipped(name, LONGEST_NAME - len(suffix) - 3)} ({suffix})"
                candidates = [_renamed(candidate, name, new) for candidate in renamed[index].candidates]
                renamed[index] = replace(renamed[index], candidates=candidates)
    return renamed


def stories_of_others(
    stories: Iterable[Story], sources: Sequence[Source], names: Iterable[str], title: str
) -> Iterator[Notice]:
    """A notice where `stories`, which the edition `title` has on record, are of none of the configured `sources`.

    `names`: that articles of the sources have, or the titles of their feeds. Nothing is said where sources are lists,
    mailboxes or files, whose articles have names of their own.
    """
    if not all(is_url(source.location) for source in sources):
        return
    known = {*names, *(source.name for source in sources), *(site_of(source.location) for source in sources)} - {""}
    others: dict[str, None] = {}
    for story in stories:
        of_story = [article.source for article in (*story.articles, *story.copies)]
        # A title that several feeds have is followed by what tells them apart.
        if not any(name in known or name.rpartition(" (")[0] in known for name in of_story):
            others.update(dict.fromkeys(of_story))
    if others:
        shown = ", ".join(list(others)[:_NAMED]) + (" and others" if len(others) > _NAMED else "")
        cause = f"it has stories of {shown}, which this configuration does not name"
        yield Notice(title, cause, "Another one with its own edition needs a title or a state file of its own")


_NAMED = 3
"""Sources named of those that are another configuration's."""


def _differences(sources: list[Source]) -> list[str]:
    """What distinguishes sources, in few words; the same for those at the same address."""
    count = len({source.location for source in sources})
    labels: tuple[Callable[[Source], str], ...] = (
        lambda source: site_of(source.location) if "://" in source.location else Path(source.location).name,
        lambda source: str(source.address).partition("://")[2] or source.location,
    )
    for label_of in labels:
        suffixes = [_name(label_of(source), LONGEST_NAME // 2) for source in sources]
        if len(set(suffixes)) == count:
            return suffixes
    locations = dict.fromkeys(source.location for source in sources)
    numbers = {location: str(number) for number, location in enumerate(locations, 1)}
    return [numbers[source.location] for source in sources]


def _renamed(candidate: Candidate, old: str, new: str) -> Candidate:
    if isinstance(candidate, Item):
        return replace(candidate, name=new)
    if isinstance(candidate, Failure) and candidate.subject == old:
        return replace(candidate, subject=new)
    return candidate


def _name(title: str, most: int = LONGEST_NAME) -> str:
    return clipped(shown_in(label(title[: 20 * most])), most)
