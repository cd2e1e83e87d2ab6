"""Adds and removes ``[[sources]]`` tables in the configuration's text; every other character stays.

A table is appended at the end. It is removed with the comment right above its header and the commented-out keys of a
source right below its last one; other comments, commented-out settings among them, stay. Blank lines after it go where
there are some before it as well.

tomlkit reads and writes one table at a time: of a whole file it joins ``[[sources]]`` tables that have others between
them (0.15.2). Both edits parse the result and compare its meaning with the old one's, but for the sources in question.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import fields, replace
from pathlib import Path

from briefing.address import bare_address, shown, shown_in, web_address, without_feed_scheme
from briefing.config.file import parse_config, parse_toml
from briefing.config.locations import source_key
from briefing.config.settings import SourceTable
from briefing.config.validators import nearest
from briefing.errors import ConfigError
from briefing.types import Source, SourceKind

_HEADER = re.compile(r"^[ \t]*\[", re.MULTILINE)
_COMMENTED_OUT = re.compile(r"\s*#[#\s]*(?:\[+[^\[\]]+\]|(?P<key>[\w\"'.-]+)\s*=)")


def add_sources(text: str, sources: Iterable[Source], path: Path) -> str:
    """The configuration `text` of the file at `path` with a ``[[sources]]`` table appended for each of `sources`.

    Raises `ConfigError` where `text` is invalid, lists its sources in another form, or cannot be extended, and
    `UsageError` for an address of a kind that is not read.
    """
    before = parse_config(text, path)
    if "sources" in parse_toml(_pieces(text)[0], path):
        raise ConfigError(
            str(path), "lists its sources in one value", "Write them as [[sources]] tables, or add it by hand"
        )
    newline = "\r\n" if "\r\n" in text else "\n"
    edited, added = text, tuple(sources)
    for source in added:
        if edited.removeprefix("\ufeff"):
            edited += newline if edited.endswith("\n") else newline * 2
        edited += _table_text(source).replace("\n", newline)
    after, count = parse_config(edited, path), len(before.sources)
    if replace(after, sources=after.sources[:count]) != before or len(after.sources) != count + len(added):
        raise ConfigError(str(path), "could not be extended without touching the rest", "Add the source by hand")
    try:
        edited.encode()
    except UnicodeEncodeError as error:  # the name of a file that is no Unicode text
        place = shown_in(error.object[: error.start].rpartition("\n")[2])[-20:]
        raise ConfigError(
            str(path), f"cannot hold a character that follows {place!r}", "Rename what is named"
        ) from error
    return edited


def remove_source(text: str, name_or_location: str, path: Path) -> str:
    """The configuration `text` of the file at `path` without the source of this address, path or name.

    Raises `ConfigError` where there is none, a name is ambiguous, or the sources are in another form.
    """
    before = parse_config(text, path)
    tables = parse_toml(text, path).get("sources", [])
    locations = [
        {source.location, table.get("path"), table.get("url")}
        for source, table in zip(before.sources, tables, strict=True)
    ]
    typed = {name_or_location, web_address(name_or_location) or without_feed_scheme(name_or_location)}
    if bare := web_address(bare_address(name_or_location)):
        typed |= {bare, bare.replace("https:", "http:", 1)}
    located = [index for index, location in enumerate(locations) if typed & location]
    if not located:  # an address as `sources list` shows it
        located = [i for i, source in enumerate(before.sources) if {str(source.address), source.address.public} & typed]
        if len({before.sources[i].location for i in located}) > 1:
            cause = f"has {len(located)} sources shown as {name_or_location!r}, with different secrets"
            raise ConfigError(str(path), cause, "Give the name or the whole address")
    named = [i for i, table in enumerate(tables) if name_or_location == table.get("name")]
    if not located and not named:
        known = [shown(table[key]) for table in tables for key in ("name", "url", "path", "imap") if key in table]
        asked = shown(name_or_location)
        near = nearest(asked, known)
        raise ConfigError(
            str(path), f"has no source {asked!r}{near}", "" if near else "`briefing sources list` shows all of them"
        )
    if not located and len(named) > 1:
        raise ConfigError(str(path), f"has {len(named)} sources named {name_or_location!r}", "Give the address or path")
    removed = located or named
    pieces = _with_own_tables(_pieces(text), path)
    numbers = [number for number, piece in enumerate(pieces) if number and "sources" in parse_toml(piece, path)]
    if len(numbers) == len(tables):
        for index in reversed(removed):
            _cut(pieces, numbers[index], path)
    edited = "".join(pieces)
    kept = tuple(source for index, source in enumerate(before.sources) if index not in removed)
    if parse_config(edited, path) != replace(before, sources=kept):
        raise ConfigError(str(path), "could not be edited without touching the rest", "Remove the source by hand")
    return edited


def _table_text(source: Source) -> str:
    import tomlkit

    table = tomlkit.table()
    table.add(source_key(source.location), web_address(source.location) or without_feed_scheme(source.location))
    optional = {"password_command": source.password_command, "name": source.name, "section": source.section}
    for key, value in optional.items():
        if value:
            table.add(key, list(value) if isinstance(value, tuple) else value)
    if source.kind is not SourceKind.AUTO:
        table.add("kind", source.kind.value)
    if source.weight != 1:
        table.add("weight", source.weight)
    if source.allow_local:
        table.add("allow_local", True)
    if source.full_text is not None:
        table.add("full_text", source.full_text)
    own = {"max_articles": source.max_articles, "points": source.points, "language": source.language}
    for key, wish in (own | {"mute": list(source.mute)}).items():
        if wish:
            table.add(key, wish)
    tables = tomlkit.aot()
    tables.append(table)
    return tomlkit.dumps({"sources": tables})


def _pieces(text: str) -> list[str]:
    """`text` split before the header of every table; the first piece, which may be empty, is what precedes them.

    What precedes a header is valid TOML; where it is not, the line is part of a multi-line string or list.
    """
    import tomllib

    mark, text = text[: text.startswith("\ufeff")], text.removeprefix("\ufeff")
    starts = [0]
    for match in _HEADER.finditer(text):
        try:
            tomllib.loads(text[starts[-1] : match.start()])
        except tomllib.TOMLDecodeError:
            continue
        starts.append(match.start())
    first, *others = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return [mark + first, *others]


def _with_own_tables(pieces: list[str], path: Path) -> list[str]:
    """`pieces` with each ``[sources.headers]`` table behind the source that it belongs to, as one piece."""
    joined = pieces[:1]
    for piece in pieces[1:]:
        if isinstance(parse_toml(piece, path).get("sources"), dict) and len(joined) > 1:
            joined[-1] += piece
        else:
            joined.append(piece)
    return joined


def _cut(pieces: list[str], number: int, path: Path) -> None:
    """Remove the piece of this number, which is a source's table, with the comments that belong to it."""
    before, last = pieces[number - 1], number == len(pieces) - 1
    above, below = _tail(before, path), _tail(pieces.pop(number), path)
    kept = len(above)
    while kept and above[kept - 1].strip() and not _COMMENTED_OUT.match(above[kept - 1]):
        kept -= 1
    before = before.removesuffix("".join(above[kept:]))
    own = {setting.name for setting in fields(SourceTable)}
    while below and (setting := _COMMENTED_OUT.match(below[0])) and setting["key"] in own:
        del below[0]
    gap = not before.strip("\ufeff") or not _lines(before)[-1].strip()
    if gap and below:
        while below and not below[0].strip():
            del below[0]
    elif gap and last and kept:  # the blank line that came with it
        before = before.removesuffix(above[kept - 1])
    pieces[number - 1] = before + "".join(below)


def _tail(piece: str, path: Path) -> list[str]:
    """The lines of comments and blanks at the end of `piece`. Raises `ConfigError`."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError
    from tomlkit.items import AoT, Comment, Table, Whitespace

    try:
        body = tomlkit.parse(piece.removeprefix("\ufeff")).body
    except TOMLKitError as error:
        raise ConfigError(str(path), f"could not be taken to pieces ({error})", "Edit it by hand") from error
    while body and isinstance(inner := body[-1][1], Table | AoT):
        body = (inner.body[-1] if isinstance(inner, AoT) else inner).value.body
    found = ""
    for _, item in reversed(body):
        if not isinstance(item, Comment | Whitespace):
            break
        found = item.as_string() + found
    if not piece.endswith(found):
        raise ConfigError(str(path), "could not be taken to pieces", "Edit it by hand")
    return _lines(found)


def _lines(text: str) -> list[str]:
    """Lines with their ends, by TOML's definition; `str.splitlines` splits at more characters."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)
