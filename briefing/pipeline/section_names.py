"""Sections that the configuration names and nothing is in: a slip of the pen changes the order of no edition."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from briefing.config import Config
from briefing.types import Notice, Source


def unknown_sections(config: Config, known: Collection[str], *, complete: bool) -> Iterator[Notice]:
    """A notice for each section named in `sections` or for a recipient that neither a source nor a topic has.

    `known`: the sections of the sources, beyond those in the configuration. `complete`: whether these are all; else
    only a name is told that is nearly a known one.
    """
    of_sources = (name for source in config.sources for name in (source.section or source.name,) if name)
    topics = [*config.topics, config.other] if config.topics else []
    there = dict.fromkeys([*of_sources, *topics, *known])
    folded = {name.casefold(): name for name in there}
    named = [*config.sections, *(name for recipient in config.mail.recipients for name in recipient.sections)]
    for name in dict.fromkeys(named):
        if name in there:
            continue
        near = difflib.get_close_matches(name.casefold(), list(folded), n=1)
        if near or complete:
            meant = f": did you mean '{folded[near[0]]}'?" if near else ""
            yield Notice("sections", f"The section '{name}' is in no source{meant}")


def has_one_section(source: Source) -> bool:
    """Whether the configuration alone says which section the articles of a source are in."""
    return bool(source.section or source.name)
