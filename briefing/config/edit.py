"""The two edits that the command line makes to the file's text; every other character stays as the reader wrote it.

Both check their own work: what the edited text means is what the old one meant, but for the sources in question.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from briefing.config.file import parse_config, parse_toml, source_headers
from briefing.config.settings import is_url, nearest
from briefing.errors import ConfigError
from briefing.types import Source, SourceKind

__all__ = ["add_sources", "remove_source"]


def add_sources(text: str, sources: Iterable[Source], path: Path) -> str:
    """The configuration `text` of the file at `path`, with a ``[[sources]]`` table at its end for each of `sources`.

    A location that is no address of the web or of a mailbox is written as a path, as it is. Raises `ConfigError` where
    `text` is not valid already, or lists its sources in another way than as ``[[sources]]`` tables.
    """
    before = parse_config(text, path)
    if "sources" in parse_toml(text, path) and not source_headers(text):
        raise ConfigError(
            str(path), "lists its sources in one value", "Write them as [[sources]] tables, or add it by hand"
        )
    newline = "\r\n" if "\r\n" in text else "\n"
    edited, added = text, tuple(sources)
    for source in added:
        start = edited.rstrip()
        edited = (start + newline * 2 if start else "") + _table_text(source).replace("\n", newline)
    after, count = parse_config(edited, path), len(before.sources)
    if replace(after, sources=after.sources[:count]) != before or len(after.sources) != count + len(added):
        raise ConfigError(str(path), "could not be extended without touching the rest", "Add the source by hand")
    return edited


def remove_source(text: str, name_or_location: str, path: Path) -> str:
    """The configuration `text` of the file at `path` without the source that has this address, path or name.

    The comment lines right above its table go with it. Raises `ConfigError` where there is no such source, where a name
    stands for several, or where the sources are not ``[[sources]]`` tables.
    """
    before = parse_config(text, path)
    tables = parse_toml(text, path).get("sources", [])
    places = [(source.location, table.get("path")) for source, table in zip(before.sources, tables, strict=True)]
    located = [i for i, place in enumerate(places) if name_or_location in place]
    named = [i for i, table in enumerate(tables) if name_or_location == table.get("name")]
    if not located and not named:
        known = [table[key] for table in tables for key in ("name", "url", "path", "imap") if key in table]
        raise ConfigError(str(path), f"has no source {name_or_location!r}" + nearest(name_or_location, known))
    if not located and len(named) > 1:
        raise ConfigError(str(path), f"has {len(named)} sources named {name_or_location!r}", "Give the address or path")
    doomed = located or named
    lines, headers = text.splitlines(keepends=True), source_headers(text)
    if len(headers) == len(tables):
        ends = [*headers[1:], len(lines)]
        for start, stop in [_table_span(lines, headers[index], ends[index]) for index in reversed(doomed)]:
            del lines[start:stop]
    edited = "".join(lines)
    kept = tuple(source for index, source in enumerate(before.sources) if index not in doomed)
    if parse_config(edited, path) != replace(before, sources=kept):
        raise ConfigError(str(path), "could not be edited without touching the rest", "Remove the source by hand")
    return edited


def _table_text(source: Source) -> str:
    # JSON's escapes are TOML's, but that TOML wants DEL escaped too.
    def quoted(value: str | tuple[str, ...]) -> str:
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    mailbox = source.location.lower().startswith(("imap://", "imaps://"))
    place = "url" if is_url(source.location) else "imap" if mailbox else "path"
    lines = ["[[sources]]", f"{place} = {quoted(source.location)}"]
    wishes = {"password_command": source.password_command, "name": source.name, "section": source.section}
    lines += [f"{key} = {quoted(value)}" for key, value in wishes.items() if value]
    if source.kind is not SourceKind.AUTO:
        lines.append(f"kind = {quoted(source.kind)}")
    if source.weight != 1:
        lines.append(f"weight = {source.weight}")
    if source.allow_local:
        lines.append("allow_local = true")
    return "\n".join(lines) + "\n"


def _table_span(lines: Sequence[str], header: int, end: int) -> tuple[int, int]:
    """First line, and the one past the last, of the table whose header is at `header`, where the next one is at `end`.

    Comments belong to what they touch: those right above the header and right below the last key are the table's.
    """

    def is_comment(index: int) -> bool:
        return lines[index].lstrip().startswith("#")

    start = header
    while start > 0 and is_comment(start - 1):
        start -= 1
    stop = max(index for index in range(header, end) if lines[index].strip() and not is_comment(index)) + 1
    touching = stop
    while touching < end and is_comment(touching):
        touching += 1
    if touching == end < len(lines):  # they touch the next table as well: its own
        touching = stop
    stop = touching
    while stop < end and not lines[stop].strip():
        stop += 1
    return start, stop
