"""Sections that the configuration names and nothing is in: a slip of the pen changes the order of no edition."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from briefing.address import is_web
from briefing.config import Config
from briefing.types import Notice, Source, SourceKind


@dataclass(frozen=True, slots=True)
class UnknownSection:
    """A section that is named and that nothing is in."""

    name: str
    nearest: str
    """The section that was probably meant, or empty."""
    recipient: str = ""
    """Address of the recipient who is to get it; empty: it stands in ``sections``."""

    @property
    def notice(self) -> Notice:
        """What the reader should know of it."""
        meant = f": did you mean '{self.nearest}'?" if self.nearest else ""
        return Notice("sections", f"The section '{self.name}' is in no source{meant}")


def unknown_sections(
    config: Config, known: Collection[str] = (), *, complete: bool = False
) -> Iterator[UnknownSection]:
    """Each section named in `sections` or for a recipient that neither a source nor a topic has.

    `known`: the sections of the sources, beyond those in the configuration. `complete`: whether these are all; where
    the configuration does not tell, either, only a name is unknown that is nearly a known one.
    """
    configured, all_of_them = sections_of(config)
    there = {*configured, *known}
    folded = {name.casefold(): name for name in sorted(there)}
    named = [(name, "") for name in config.sections]
    named += [(name, reader.address) for reader in config.mail.recipients for name in reader.sections]
    for name, recipient in dict.fromkeys(named):
        if name in there:
            continue
        near = difflib.get_close_matches(name.casefold(), list(folded), n=1)
        if near or complete or all_of_them:
            yield UnknownSection(name, folded[near[0]] if near else "", recipient)


def sections_of(config: Config) -> tuple[frozenset[str], bool]:
    """The sections that an edition may have, and whether these are all: lists and feeds may bring their own."""
    lists = any(map(_may_have_its_own, config.sources))
    named = {source.section for source in config.sources if source.section}
    if config.topics:  # for all articles without a section
        return frozenset(named | set(config.topics) | {config.other}), not lists
    names = {source.name for source in config.sources if not source.section and source.name}
    return frozenset(named | names), not lists and all(map(has_one_section, config.sources))


def _may_have_its_own(source: Source) -> bool:
    """Whether it may be a list whose entries have sections, or, listed in a text, names of their own."""
    if is_web(source.location):
        return False
    location = source.location.lower()
    return source.kind is SourceKind.OPML or location.endswith(
        (".opml", ".xml") if source.section else (".opml", ".xml", ".txt")
    )


def has_one_section(source: Source) -> bool:
    """Whether the configuration alone says which section the articles of a source are in."""
    return bool(source.section or source.name)
