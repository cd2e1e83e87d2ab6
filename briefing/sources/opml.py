"""OPML and plain lists of addresses to `Source` values, and back. Pure.

Any outline with a web address counts, as many lists lack title, body or the right root element. Extensions of other
readers (commands to run, filters) are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from briefing.address import bare_address, shown, shown_in, web_address
from briefing.bounded_io import TooLargeError
from briefing.errors import SourceError
from briefing.sanitise import clipped, one_line, shown_name
from briefing.sources.decoding import decoded, gunzipped, with_escaped_ampersands, without_doctype
from briefing.types import Notice, Source, SourceKind

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

MOST_BYTES = 20_000_000
_LONGEST_SHOWN = 80
"""Characters of an address in a message."""
_LONGEST_KIND = 30
_SNIFFED = 16_384
_DEEPEST = 5
"""Nested folders that count."""
_KINDS_BY_URL = {
    "link": SourceKind.PAGE, "include": SourceKind.AUTO, "rss": SourceKind.FEED, "atom": SourceKind.FEED
}  # fmt: skip
"""By the type of an outline that has its address under `url`; an included list is reported by the run that reads it."""
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_TIMES_ESCAPED = 2
"""That names are unescaped, after the XML."""
_BETWEEN = " / "
"""Separator of nested folder names in a section."""


def read_subscriptions(
    body: bytes, *, subject: str = "the list", skipped: Callable[[Notice], object] | None = None
) -> tuple[Source, ...]:
    """The sources of an OPML file or of a plain list with an address per line. Raises `SourceError`.

    `skipped` is called with each entry that is no source, and why. Without it, a text of which a line holds no address
    is no list, but something else to be read.
    """
    if is_url_list(body) or (skipped is not None and _is_text(body)):
        return read_url_list(body, subject=subject, skipped=skipped or _ignored)
    return read_opml(body, subject=subject, skipped=skipped or _ignored)


def _ignored(_: Notice) -> None:
    """What becomes of entries that nobody asks for."""


def _is_text(body: bytes) -> bool:
    """Whether it is anything but XML, JSON, compressed or empty."""
    start = decoded(body[:_SNIFFED]).lstrip()
    return bool(start) and not start.startswith(("<", "{", "[")) and not body.startswith(b"\x1f\x8b")


def read_opml(
    body: bytes, *, subject: str = "the list", skipped: Callable[[Notice], object] = _ignored
) -> tuple[Source, ...]:
    """The sources of an OPML file, each address once, in order, nested outlines as sections; none `allow_local`.

    `skipped` is called with each entry that is no source, or repeats one, and why.

    Raises `SourceError` where it is not XML, or no outline has a web address.
    """
    try:
        text = decoded(gunzipped(body, MOST_BYTES)).strip()
        if len(text) > MOST_BYTES:
            raise TooLargeError
    except TooLargeError as error:
        raise SourceError(subject, f"it is too large for a list: more than {MOST_BYTES // 1_000_000} MB") from error
    if not text:
        raise SourceError(subject, "it is empty")
    if not text.startswith("<"):
        what = "JSON" if text[0] in "{[" else "not XML"
        raise SourceError(subject, f"it is {what}, not an OPML list", "Export it as OPML from your reader")
    root = _root(with_escaped_ampersands(without_doctype(text)[0]), subject)
    found: dict[str, Source] = {}
    unusable = False
    for source, is_entry, values in _entries(root):
        if source is None:
            unusable |= is_entry
            if any(map(str.strip, values.values())):
                skipped(_why_not(values))
        elif found.setdefault(source.location, source) is not source:
            skipped(Notice(source.name or _short(source.location), "its address is in the list already"))
    if not found:
        why = "none of its entries has a web address" if unusable else "it lists no sources"
        raise SourceError(subject, why, "Export it again as OPML from your reader")
    return tuple(found.values())


def _entries(root: Any) -> Iterator[tuple[Source | None, bool, dict[str, str]]]:
    """The outlines that are sources or hold no others: source, whether it is meant as one, attributes."""
    # A stack, because a hostile file nests deeper than Python recurses.
    stack: list[tuple[Any, tuple[str, ...]]] = [(root, ())]
    while stack:
        element, sections = stack.pop()
        if _local_name(element) == "outline":
            values = {_bare(name).lower(): value for name, value in element.attrib.items()}
            source, is_entry = _source(values, sections)
            if source or not any(_local_name(child) == "outline" for child in element):
                yield source, is_entry, values
            elif name := _name(values):  # a folder, whatever type its exporter gave it
                sections = (*sections, name)[:_DEEPEST]
        stack.extend((child, sections) for child in reversed(element))


def _root(text: str, subject: str) -> Any:
    from lxml import etree

    # Lenient: missing end tags are common in lists written by hand. Stops at a depth of 256.
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        root = None
    if root is None:
        raise SourceError(subject, "it is not XML that could be read", "Export it again as OPML from your reader")
    return root


def _local_name(element: Any) -> str:
    return _bare(element.tag).lower() if isinstance(element.tag, str) else ""


def _bare(name: str) -> str:
    return name.rpartition("}")[2]


def _source(values: dict[str, str], sections: tuple[str, ...]) -> tuple[Source | None, bool]:
    """The source of an outline, if it has a web address; and whether it is an entry, not a folder."""
    type_ = values.get("type", "").strip().lower()
    location, kind = values.get("xmlurl", "").strip(), SourceKind.FEED
    if not location and type_ in _KINDS_BY_URL:
        location, kind = values.get("url", "").strip(), _KINDS_BY_URL[type_]
    if not location:
        return None, type_ in _KINDS_BY_URL
    address = web_address(bare_address(location) or location)
    if address is None:
        return None, True
    categories = values.get("category", "") or values.get("categories", "")
    if not sections and (category := _unescaped(categories).partition(",")[0].strip().strip("/")):
        sections = tuple(category.split("/"))
    name = _name(values)
    name = "" if name in {shown_name(address), shown_name(shown(address))} else name  # from `write_opml`
    section = shown_name(_BETWEEN.join(name for name in map(shown_name, sections) if name))
    return Source(location=address, name=name, section=section, kind=kind), True


def _why_not(values: dict[str, str]) -> Notice:
    """The reason why an outline without others in it is no source."""
    feed, link, type_ = (values.get(key, "").strip() for key in ("xmlurl", "url", "type"))
    kind = one_line(type_)[:_LONGEST_KIND]
    if feed or (link and type_.lower() in _KINDS_BY_URL):
        cause = "its address is not one of the web that can be read"
    elif link:
        cause = (
            f"entries of the type \u2018{kind}\u2019 are not read" if kind else "it does not say what its address is"
        )
    elif values.get("htmlurl", "").strip():
        cause = "it has the address of a page, but of no feed"
    elif type_:
        cause = "it has no address"
    else:
        cause = "it is an empty folder, or has no address"
    return Notice(_name(values) or _short(feed or link) or "an entry", cause)


def _short(location: str) -> str:
    return clipped(one_line(shown(location)), _LONGEST_SHOWN)


def _name(values: dict[str, str]) -> str:
    """Of an outline: `text`, which OPML requires, else `title`."""
    return next((name for key in ("text", "title") if (name := shown_name(_unescaped(values.get(key, ""))))), "")


def _unescaped(text: str) -> str:
    """A name without character references: exporters escape names that a feed had escaped already."""
    for _ in range(_TIMES_ESCAPED):
        text = _REFERENCE.sub(lambda reference: unescape(reference[0]), text)
    return text


def _escaped(text: str) -> str:
    """What `_unescaped` makes `text` of, where this holds a character reference itself."""
    return _REFERENCE.sub(lambda reference: "&" + _TIMES_ESCAPED * "amp;" + reference[0][1:], text)


def is_url_list(body: bytes) -> bool:
    """Whether all lines are web addresses, comments (``#``) or blank, with at least one address.

    Before other text in its line, an address has a scheme: "Example.org closes today" is prose.
    """
    lines = _lines(body)
    return bool(lines) and all(_address(line, alone=True) for _, line in lines)


def read_url_list(
    body: bytes, *, subject: str = "the list", skipped: Callable[[Notice], object] = _ignored
) -> tuple[Source, ...]:
    """The sources of a list with an address per line; ``#`` lines and text behind a blank are comments.

    A host without a scheme (``bbc.co.uk``) is one of the web. `skipped` is called with each line that holds no
    address, or one that an earlier line has. Raises `SourceError` where no line has a web address.
    """
    found: dict[str, int] = {}
    for number, line in _lines(body):
        address = _address(line)
        first = found.setdefault(address, number) if address else number
        if address is None:
            cause = "it does not begin with an address of the web"
            skipped(Notice(f"line {number} ({_short(line[: 10 * _LONGEST_SHOWN])})", cause))
        elif first != number:
            skipped(Notice(f"line {number} ({_short(address)})", f"its address is in line {first} already"))
    if not found:
        raise SourceError(subject, "no line of it holds a web address", "Write one on each line, or export OPML")
    return tuple(Source(location=address) for address in found)


def _address(line: str, *, alone: bool = False) -> str | None:
    """The address that a line begins with; `alone`: without a scheme only where nothing but a comment follows."""
    first, *rest = line.split(maxsplit=1)
    bare = "" if alone and rest and not rest[0].startswith("#") else bare_address(first)
    return web_address(bare or first)


def _lines(body: bytes) -> list[tuple[int, str]]:
    """The lines with their numbers, without comments and blank ones."""
    lines = (line.strip() for line in decoded(body[:MOST_BYTES]).splitlines())
    return [(number, line) for number, line in enumerate(lines, 1) if line and not line.startswith("#")]


def write_opml(sources: Iterable[Source], title: str, *, secrets: bool = False) -> bytes:
    """An OPML 2.0 document (UTF-8) of the sources with a web address, sections as outlines in order of occurrence.

    Without `secrets`, addresses lack userinfo and secret parameters.
    """
    document = ElementTree.Element("opml", version="2.0")
    head = ElementTree.SubElement(document, "head")
    ElementTree.SubElement(head, "title").text = one_line(title)
    body = ElementTree.SubElement(document, "body")
    folders: dict[str, Element] = {"": body}
    for source in sources:
        address = web_address(source.location if secrets else source.address.public)
        if address is None:
            continue
        section = _escaped(one_line(source.section))
        if section not in folders:
            folders[section] = ElementTree.SubElement(body, "outline", text=section, title=section)
        name = _escaped(shown_in(one_line(source.name)))
        values = {"text": name or shown(address), **({"title": name} if name else {})}
        if source.kind is SourceKind.PAGE:
            values |= {"type": "link", "url": address}
        else:
            values |= {"type": "rss", "xmlUrl": address}
        ElementTree.SubElement(folders[section], "outline", values)
    ElementTree.indent(document)
    written: bytes = ElementTree.tostring(document, encoding="utf-8", xml_declaration=True)
    return written + b"\n"
