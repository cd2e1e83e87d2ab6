"""Bytes to text and text to safe XML: what feeds and OPML lists have in common. Pure.

The document type declaration is cut out before any parser sees it, in text rather than bytes so that no encoding hides
it. Without declared entities there is nothing to expand: neither billion laughs nor files of this machine.
"""

from __future__ import annotations

import re
from collections import Counter
from html import unescape
from urllib.parse import quote, urljoin

from briefing.address import web_parts
from briefing.bounded_io import CutOffError, inflated
from briefing.encodings import charset_of, decode_text, split_mark
from briefing.sanitise import clean

__all__ = [
    "LONGEST_ADDRESS",
    "decoded",
    "item_starts",
    "plain",
    "shallow",
    "tidy",
    "unzipped",
    "web_address",
    "without_doctype",
]

_WITHOUT_BOM = ((b"<\0", "utf-16-le"), (b"\0<", "utf-16-be"))
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}?encoding\s*=\s*[\"']\s*([A-Za-z0-9_.:-]+)")
_DECLARATION = re.compile(r"<\?xml\b.*?\?>\s*", re.DOTALL)
_ILLEGAL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_SKIPPED = re.compile(r"[\s\ufeff]+|<\?.*?\?>|<!--.*?-->", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[A-Za-z/!?][^>]*>")
_SPACES = re.compile(r"\s+")
_LONGEST_NAME = 2000
LONGEST_ADDRESS = 4000
"""Characters of a web address; browsers and servers take 2,000 to 8,000. A longer one would be carried everywhere."""
_MARK = re.compile(
    r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufdd0-\ufdef\U000e0000-\U000e007f]"
)
"""What no reader sees in an address, or sees wrongly."""


def unzipped(body: bytes, limit: int) -> bytes:
    """The body, decompressed where it is a gzip file. Raises `TooLargeError`; a damaged file gives what can be had."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        return inflated([body], limit)
    except CutOffError as cut_off:
        return body if cut_off.content is None else cut_off.content


def decoded(body: bytes, content_type: str = "") -> str:
    """The text of an XML or JSON document, without byte order mark and characters that no XML may hold.

    Servers and declarations are wrong often enough that they come after what the bytes themselves show: valid UTF-8
    beyond ASCII is UTF-8. Bytes that fit no encoding become U+FFFD.
    """
    return _ILLEGAL.sub("", _decoded(body, content_type))


def _decoded(body: bytes, content_type: str) -> str:
    codec, unmarked = split_mark(body)
    codec = codec or next((codec for start, codec in _WITHOUT_BOM if body.startswith(start)), "utf-8")
    if codec != "utf-8":
        return unmarked.decode(codec, "replace")
    declared = _DECLARED.search(unmarked[:1000])
    text = decode_text(unmarked, [charset_of(content_type) or "", declared[1].decode() if declared else ""])
    return unmarked.decode("cp1252", "replace") if text is None else text


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
    # What is left before the root element is not XML; a lenient parser must find no entity there either.
    root = re.compile(r"<\w").search(text, position)
    start = root.start() if root else len(text)
    head = text[position:start]
    if "<!" in head:
        entities = entities or "<!ENTITY" in head.upper()
        head = ""
    return "".join(kept) + head + text[start:], entities


_DEEPEST = 200
"""Elements inside one another. The deepest feed of the wild that was looked at has under 40."""
_MOST_TAGS = 500_000
"""Of a document: feedparser takes 18 microseconds for each, whatever it is, and up to 700 bytes while it is open."""
_MARKUP = re.compile(r"<(?:!--|!\[CDATA\[|/?+(?:[^\W\d]|:)[^\s/<>]*+[^<>]*+>)")


def shallow(text: str) -> tuple[str, str]:
    """The XML document without tags that lie deeper than `_DEEPEST` and without what follows `_MOST_TAGS`.

    Also what was left out, as a sentence without a full stop; empty where nothing was. Text in the tags that are left
    out stays, and what follows them is as deep as it was. An end tag ends all that was not ended in its element, as
    lenient parsers have it. Linear.
    """
    kept: list[str] = []
    opened: list[str] = []
    too_deep: Counter[str] = Counter()
    position = copied = tags = 0
    deepest = False
    unended: set[str] = set()
    while tag := _MARKUP.search(text, position):
        position = tag.end()
        if end := {"<!--": "-->", "<![CDATA[": "]]>"}.get(tag[0], ""):
            found = -1 if end in unended else text.find(end, position)
            if found < 0:
                unended.add(end)  # looked for once: else each beginning costs the whole rest
            position = max(position, found + len(end) if found >= 0 else 0)
            continue
        tags += 1
        if tags > _MOST_TAGS:
            kept.append(text[copied : tag.start()])
            return "".join(kept), f"it has more than {_MOST_TAGS:,} tags, and what follows was not read"
        if _is_kept(tag[0], opened, too_deep):
            continue
        kept.append(text[copied : tag.start()])
        copied, deepest = position, True
    if not deepest:
        return text, ""
    return "".join(kept) + text[copied:], f"it has elements more than {_DEEPEST} deep, which were read as text"


def _is_kept(tag: str, opened: list[str], too_deep: Counter[str]) -> bool:
    """Whether a tag is not too deep; keeps count of the elements that are `opened`, and of those that are left out."""
    name = _NAME_OF_A_TAG.match(tag, 2 if tag[1] == "/" else 1)
    named = name[0] if name else ""
    if tag[1] != "/":
        if len(opened) < _DEEPEST:
            if not tag.endswith("/>"):
                opened.append(named)
            return True
        if not tag.endswith("/>"):
            too_deep[named] += 1
        return False
    if too_deep[named]:
        too_deep[named] -= 1
        return False
    if named in opened:
        while opened.pop() != named:
            pass
        too_deep.clear()
    return True


_NAME_OF_A_TAG = re.compile(r"[^\s/<>]+")


def plain(html: str) -> str:
    """A title or name as plain text: no tags, entities decoded, runs of white space as one blank."""
    return tidy(unescape(_TAG.sub("", html[:_LONGEST_NAME])))


def tidy(text: str) -> str:
    """The text on one line: nothing that XML cannot hold, runs of white space as one blank."""
    return _SPACES.sub(" ", _ILLEGAL.sub("", text)).strip()


def web_address(link: str, base: str = "") -> str | None:
    """The link as an absolute http(s) address, resolved against `base`, or None where it is none.

    Marks that would steer a terminal or turn text around are percent-encoded, as a browser does; in a host's name they
    make it none. One of over `LONGEST_ADDRESS` characters is none either.
    """
    if len(link) > LONGEST_ADDRESS:
        return None
    try:
        address = urljoin(base, _ILLEGAL.sub("", "".join(link.split())))
    except ValueError:
        return None
    parts = web_parts(address)
    if parts is None or clean(parts.netloc) != parts.netloc or len(address) > LONGEST_ADDRESS:
        return None
    return address if address.isascii() and "\x7f" not in address else _MARK.sub(lambda mark: quote(mark[0]), address)


_ITEM = re.compile(r"<(?:[A-Za-z][\w.-]{0,20}:)?(?:item|entry)[\s/>]|<!\[CDATA\[|<!--")
_CLOSED_BY = {"<![CDATA[": "]]>", "<!--": "-->"}


def item_starts(document: str) -> list[int]:
    """Where the items of a feed begin; what looks like one in a marked section or a comment is text."""
    starts, place = [], 0
    endless: set[str] = set()  # so that each is looked for once only
    while found := _ITEM.search(document, place):
        place, end = found.end(), _CLOSED_BY.get(found[0])
        if end is None:
            starts.append(found.start())
        elif end not in endless:
            behind = document.find(end, place)
            place = max(place, behind)
            endless.update({end} if behind < 0 else ())
    return starts
