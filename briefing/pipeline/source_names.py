"""What the edition calls the sources that the reader gave no name: after their feeds, else after their hosts.

A title is text from outside: it comes here on one line, without control characters, and no longer than a name is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from briefing.address import shown_in
from briefing.canonical import host_of
from briefing.pipeline.candidates import Candidate, Item
from briefing.sanitise import LONGEST_NAME, clipped, label
from briefing.types import Failure, Source

__all__ = ["name_for", "site_of", "tell_apart"]


def name_for(source: Source, *titles: str) -> str:
    """The name that the reader gave, else the first of `titles` that says anything; no secret in an address of it."""
    return shown_in(source.name) or next((name for title in titles if (name := _name(title))), "")


def site_of(url: str) -> str:
    """The host that an address names, for a name; the address as it may be shown where it names none."""
    return (host_of(url) or shown_in(url)).removeprefix("www.")


def tell_apart(
    places: list[list[Candidate]], sources: Mapping[int, Source], titles: Mapping[int, str], last: Mapping[str, str]
) -> None:
    """Give feeds without a name of the reader's different ones where their titles are the same as another source's.

    The host is put behind the title, else the address, else a number. A feed that has nothing new counts by its title
    too, and one that is down by its last, so that the names of the others do not change from day to day.

    `sources`, and what the feeds among them are called today (`titles`): by their places in `places`. `last`: what
    feeds were called when they were last read, by their locations.
    """
    called: defaultdict[str, list[int]] = defaultdict(list)
    for place in sources:
        # The letters of a mailbox are named after their senders, and pages after their site, which several may share.
        names = [one.name for one in places[place] if isinstance(one, Item)]
        if not names:
            source = sources[place]
            names = [titles.get(place, "") or name_for(source, last.get(source.location, ""))]
        for name in dict.fromkeys(filter(None, names)):
            called[name].append(place)
    for name, at in called.items():
        if len({sources[place].location for place in at}) > 1:
            unnamed = [place for place in at if not sources[place].name]
            for place, more in zip(unnamed, _differences([sources[place] for place in unnamed]), strict=True):
                new = f"{clipped(name, LONGEST_NAME - len(more) - 3)} ({more})"
                places[place] = [_renamed(one, name, new) for one in places[place]]


def _differences(sources: list[Source]) -> Iterable[str]:
    """What tells sources apart, in few words; the same for those at the same address."""
    count = len({source.location for source in sources})
    ways: tuple[Callable[[Source], str], ...] = (
        lambda source: site_of(source.location) if "://" in source.location else Path(source.location).name,
        lambda source: str(source.address).partition("://")[2] or source.location,
    )
    for way in ways:
        found = [_name(way(source), LONGEST_NAME // 2) for source in sources]
        if len(set(found)) == count:
            return found
    numbers = {location: str(n) for n, location in enumerate(dict.fromkeys(one.location for one in sources), 1)}
    return [numbers[source.location] for source in sources]


def _renamed(one: Candidate, old: str, new: str) -> Candidate:
    if isinstance(one, Item):
        return replace(one, name=new)
    return replace(one, subject=new) if isinstance(one, Failure) and one.subject == old else one


def _name(title: str, most: int = LONGEST_NAME) -> str:
    return clipped(shown_in(label(title[: 20 * most])), most)
