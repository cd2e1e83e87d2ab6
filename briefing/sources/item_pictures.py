"""The pictures that a feed names for an item: by Media RSS, an enclosure, JSON Feed's ``image``, an ``<img>``. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from briefing.encodings import media_type_of
from briefing.markup import TagParser
from briefing.picture_links import LONGEST_ALT, best_first, picture_link, pixels
from briefing.types import FeedItem, PictureLink

_LISTED = 30
"""Entries of an item that are looked at: sizes of one picture, mostly."""
_TINY = 60
"""Pixels of width or height, as stated, of what is no picture of an article: a tracker, a button, a face."""
_LOOKED_AT = 20_000
"""Characters of an item's text in which a picture is looked for."""
_IMG = re.compile(r"<img\b[^<>]{1,3000}>", re.IGNORECASE)
_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|avif|gif)(?:$|[?#])", re.IGNORECASE)


def xml_pictures(entry: dict[str, Any], texts: Sequence[str], base: str) -> tuple[PictureLink, ...]:
    """Of an entry by feedparser and the HTML of its texts; `base`: of relative addresses."""
    alt = _description(entry)
    links: list[PictureLink | None] = []
    for media in _dicts(entry, "media_content"):
        kind, medium = media_type_of(_string(media.get("type"))), _string(media.get("medium"))
        named = _PICTURE_NAME.search(_string(media.get("url"))[-300:])
        if kind.startswith("image/") or (not kind and (medium == "image" or (not medium and named))):
            links.append(picture_link(media.get("url"), base, alt, media.get("width")))
    links += [picture_link(each.get("url"), base, alt, each.get("width")) for each in _dicts(entry, "media_thumbnail")]
    for each in _dicts(entry, "links"):
        if each.get("rel") == "enclosure" and media_type_of(_string(each.get("type"))).startswith("image/"):
            links.append(picture_link(each.get("href"), base, alt))
    return best_first([*links, *_first_inline(texts, base)])


def json_pictures(item: dict[str, Any], base: str) -> tuple[PictureLink, ...]:
    """Of an item of JSON Feed 1.1."""
    links = [picture_link(item.get(key), base) for key in ("image", "banner_image")]
    for each in _dicts(item, "attachments"):
        if media_type_of(_string(each.get("mime_type"))).startswith("image/"):
            links.append(picture_link(each.get("url"), base))
    return best_first([*links, *_first_inline([_string(item.get("content_html"))], base)])


def without_repeated_pictures(items: Sequence[FeedItem]) -> tuple[FeedItem, ...]:
    """The items without pictures that several of them name: a logo, or what stands for a missing picture."""
    times = Counter(url for item in items for url in {link.url for link in item.pictures})
    if not any(count > 1 for count in times.values()):
        return tuple(items)
    return tuple(
        replace(item, pictures=tuple(link for link in item.pictures if times[link.url] == 1)) for item in items
    )


def with_captions(document: str) -> str:
    """The feed with each short ``media:description`` a second time, as ``media:caption``.

    feedparser mixes the first up with the item's own texts, in ways that depend on their order; of the second, which it
    does not know, it has the text.
    """
    return _DESCRIPTION.sub(r"\g<0><media:caption>\1</media:caption>", document)


_DESCRIPTION = re.compile(
    r"<media:description(?:\s[^<>]{0,200})?>([^<>]{1,1000}|<!\[CDATA\[[^<>\]]{1,1000}\]\]>)</media:description>"
)


def _description(entry: dict[str, Any]) -> str:
    """``media:description`` of an entry of a feed `with_captions`."""
    text = _string(dict.get(entry, "media_caption")).strip()
    if not _dicts(entry, "media_content"):
        return ""
    return text if len(text) <= LONGEST_ALT and "<" not in text else ""


def _first_inline(texts: Iterable[str], base: str) -> Iterator[PictureLink]:
    """The first ``<img>`` of the texts that is not tiny by its own word."""
    for text in texts:
        for tag in islice(_IMG.finditer(text[:_LOOKED_AT]), 5):
            found = _Image()
            found.read(tag[0])
            values = found.values
            sizes = [pixels(values.get(side)) for side in ("width", "height")]
            if any(size is not None and size < _TINY for size in sizes):
                continue
            if link := picture_link(values.get("src"), base, values.get("alt"), sizes[0] or 0):
                yield link
                return


class _Image(TagParser):
    """The attributes of one tag."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.values = {name: value or "" for name, value in reversed(attrs)}


def _dicts(values: dict[str, Any], key: str) -> list[dict[str, Any]]:
    listed = dict.get(values, key)
    return [each for each in listed[:_LISTED] if isinstance(each, dict)] if isinstance(listed, list) else []


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""
