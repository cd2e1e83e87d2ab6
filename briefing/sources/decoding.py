"""Decoding of feeds and OPML lists: gunzip, charset, safe XML, titles. Pure.

The document type declaration is removed before any parser sees it, from text rather than bytes so that no encoding
hides it: without declared entities, neither billion laughs nor external entities (XXE) can be expanded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from html.entities import html5

from briefing.bounded_io import CutOffError, inflated
from briefing.encodings import charset_of, decode, xml_label

_DECLARATION = re.compile(r"<\?xml\b.*?\?>\s*", re.DOTALL)
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SKIPPED = re.compile(r"[\s\ufeff]+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z/!?][^>]*>")
_SPACES = re.compile(r"\s+")
LONGEST_NAME = 2000


def gunzipped(body: bytes, limit: int) -> bytes:
    """The body, decompressed if gzipped, of a damaged file as far as possible. Raises `TooLargeError` over `limit`."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return inflated([body], limit)
    except CutOffError as cut_off:
        return body if cut_off.content is None else cut_off.content


def decoded(body: bytes, content_type: str = "") -> str:
    """The text of an XML or JSON document, without byte-order mark and characters that XML forbids."""
    return decoded_and_warning(body, content_type)[0]


def decoded_and_warning(body: bytes, content_type: str = "") -> tuple[str, str]:
    """The same, and what could not be read of it, a sentence without a full stop; empty where all was."""
    found = decode(body, [charset_of(content_type), xml_label(body)])
    return _ILLEGAL.sub("", found.text), found.warning


def without_doctype(text: str) -> tuple[str, bool]:
    """The document without XML and document type declarations, and whether the latter declared entities."""
    kept: list[str] = []
    entities = False
    position = 0
    while position < len(text):
        if match := _DOCTYPE.match(text, position):
            entities = entities or "<!ENTITY" in match[0].upper()
        elif match := _SKIPPED.match(text, position):
            if not _DECLARATION.match(match[0]):
                kept.append(match[0])
        else:
            break
        position = match.end()
    # The rest before the root element is not XML; a lenient parser must find no entity there either.
    root = re.compile(r"<\w").search(text, position)
    start = root.start() if root else len(text)
    head = text[position:start]
    if "<!" in head:
        entities = entities or "<!ENTITY" in head.upper()
        head = ""
    return "".join(kept) + head + text[start:], entities


_DEEPEST = 200
"""Nested elements. The deepest feed of those that were looked at has under 40."""
MOST_TAGS = 500_000
"""Of a document: feedparser takes 18 microseconds for each, and up to 700 bytes while it is open."""
_NOT_MARKUP = r"<!--|<!\[CDATA\["
_TAG_OR_SECTION = re.compile(rf"{_NOT_MARKUP}|</?+(?:[^\W\d]|:)[^\s/<>]*+[^<>]*+>")
_ITEM_OR_SECTION = re.compile(rf"<(?:[A-Za-z][\w.-]{{0,20}}:)?(?:item|entry)[\s/>]|{_NOT_MARKUP}")
_TAG_NAME = re.compile(r"[^\s/<>]+")


def _matches(pattern: re.Pattern[str], document: str) -> Iterator[re.Match[str]]:
    """Matches of `pattern`, one with `_NOT_MARKUP` among its alternatives, outside comments and CDATA sections.

    A comment or section without an end hides nothing. Linear.
    """
    position = 0
    unended: set[str] = set()
    while match := pattern.search(document, position):
        position = match.end()
        end = {"<!--": "-->", "<![CDATA[": "]]>"}.get(match[0])
        if end is None:
            yield match
        elif end not in unended:  # searched once: else each beginning costs the whole rest
            found = document.find(end, position)
            position = max(position, found + len(end) if found >= 0 else 0)
            unended.update({end} if found < 0 else ())


def limit_nesting(text: str, most_tags: int = MOST_TAGS) -> tuple[str, str]:
    """The XML document without tags nested deeper than `_DEEPEST` and without what follows `most_tags`.

    Also what was left out, as a sentence without a full stop, or empty. The text in removed elements stays. An end tag
    closes all open elements within its own, as in lenient parsers.
    """
    kept: list[str] = []
    opened: list[str] = []
    too_deep: Counter[str] = Counter()
    copied = 0
    for count, tag in enumerate(_matches(_TAG_OR_SECTION, text), start=1):
        if count > most_tags:
            kept.append(text[copied : tag.start()])
            return "".join(kept), f"it has more than {most_tags:,} tags, and what follows was not read"
        if not _is_kept(tag[0], opened, too_deep):
            kept.append(text[copied : tag.start()])
            copied = tag.end()
    if not copied:
        return text, ""
    return "".join(kept) + text[copied:], f"it has elements more than {_DEEPEST} deep, which were read as text"


def _is_kept(tag: str, opened: list[str], too_deep: Counter[str]) -> bool:
    """Whether a tag is not too deep. Updates the stack of `opened` elements and the count of removed ones."""
    match = _TAG_NAME.match(tag, 2 if tag[1] == "/" else 1)
    name = match[0] if match else ""
    if tag[1] != "/":
        kept = len(opened) < _DEEPEST
        if not tag.endswith("/>"):
            if kept:
                opened.append(name)
            else:
                too_deep[name] += 1
        return kept
    if too_deep[name]:
        too_deep[name] -= 1
        return False
    if name in opened:
        while opened.pop() != name:
            pass
        too_deep.clear()
    return True


def item_starts(document: str) -> list[int]:
    """Offsets of the items of a feed, without those in CDATA sections and comments."""
    return [match.start() for match in _matches(_ITEM_OR_SECTION, document)]


_AMPERSAND_OR_SECTION = re.compile(
    rf"{_NOT_MARKUP}|&(?:#(?:[xX]([0-9a-fA-F]+)|([0-9]+))(;?)|([A-Za-z][A-Za-z0-9]{{1,31}};)?)"
)
_XML_ENTITIES = frozenset(f"{name};" for name in ("amp", "lt", "gt", "quot", "apos"))


def with_escaped_ampersands(document: str) -> str:
    """The XML document with references that XML knows only; comments and CDATA sections stay.

    Lenient parsers take an ampersand that nobody escaped for the beginning of a reference, and lose it or what follows.
    Of HTML's named entities, with their semicolon, remain the characters. Of references to no character remains U+FFFD.
    """
    kept: list[str] = []
    copied = 0
    for found in _matches(_AMPERSAND_OR_SECTION, document):
        hexadecimal, decimal, semicolon, name = found.groups()
        if hexadecimal or decimal:
            digits = (hexadecimal or decimal).lstrip("0")[:9] or "0"
            code = int(digits, 16 if hexadecimal else 10)
            valid = not (0xD800 <= code <= 0xDFFF or code > 0x10FFFF)
            if valid and semicolon:
                continue
            written = f"{found[0]};" if valid else "&#xFFFD;"
        elif name in _XML_ENTITIES:
            continue
        elif name in html5:
            written = "".join(f"&#{ord(character)};" for character in html5[name])
        else:
            written = f"&amp;{found[0][1:]}"
        kept += document[copied : found.start()], written
        copied = found.end()
    return "".join(kept) + document[copied:]


def root_name(document: str) -> str:
    """The name of an XML document's root element, in lower case and without its prefix, or empty."""
    tag = next(_matches(_TAG_OR_SECTION, document), None)
    name = _TAG_NAME.match(tag[0], 1) if tag else None
    return name[0].rpartition(":")[2].lower() if name else ""


def strip_tags(html: str) -> str:
    """A title or name as plain text: no tags, entities decoded, white space collapsed."""
    return collapse_spaces(unescape(_TAG.sub("", html[:LONGEST_NAME])))


def collapse_spaces(text: str) -> str:
    """The text on one line, white space collapsed, without characters that XML forbids.

    Keys of stored items are made of it, so it is not `sanitise.one_line`.
    """
    return _SPACES.sub(" ", _ILLEGAL.sub("", text)).strip()
