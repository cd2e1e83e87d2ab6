"""Parsing of feeds to `FeedItem` values: RSS 0.9x, 1.0, 2.0 and Atom (by feedparser), JSON Feed. No network.

The only disk access is the check that a page which a feed file links to lies in the feed's own folder.
"""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.sax import saxutils

from briefing.address import LONGEST_ADDRESS, shown, web_address
from briefing.bounded_io import TooLargeError
from briefing.dates import is_plausible
from briefing.encodings import media_type_of
from briefing.errors import SourceError
from briefing.sanitise import shown_name, shown_title
from briefing.sources.decoding import (
    MOST_TAGS,
    decoded_and_warning,
    gunzipped,
    item_starts,
    limit_nesting,
    root_name,
    strip_tags,
    with_escaped_ampersands,
    without_doctype,
)
from briefing.sources.item_dates import impossible, item_dates
from briefing.sources.item_pictures import json_pictures, with_captions, without_repeated_pictures, xml_pictures
from briefing.sources.text_constructs import UNDECLARED, body_html, plain_html, title_text
from briefing.types import FeedItem

_log = logging.getLogger(__name__)

MOST_BYTES = 10_000_000
"""Of a feed, decompressed: ten thousand items. They take 2 s to parse; as much senseless markup takes 40 s."""
MOST_ITEMS = 10_000
"""Parsed, half of them from either end, since the newest are at one of the two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """A parsed feed."""

    title: str
    """Plain text, `sanitise.shown_name`; may be empty."""
    items: tuple[FeedItem, ...]
    """In the feed's own order."""
    count: int = 0
    """Items in it, parsed or not."""
    warnings: tuple[str, ...] = ()
    """About how it was read, each a sentence without a full stop."""


def read_feed(
    body: bytes,
    *,
    url: str = "",
    content_type: str = "",
    folder: Path | None = None,
    limit: int = 500,
    now: datetime | None = None,
    subject: str = "",
    most_items: int = MOST_ITEMS,
    most_tags: int = MOST_TAGS,
) -> Feed:
    """Parse a feed, a damaged one as far as possible.

    Args:
        body: gzipped or not.
        url: base of relative links.
        content_type: the ``Content-Type`` header with its parameters.
        folder: of a feed file, the folder in which it may link to pages.
        limit: number of items, the newest.
        now: UTC; implausible dates are dropped (`dates.is_plausible`).
        subject: what an error calls the feed; its URL where empty.
        most_items: number that is parsed, half of them from either end.
        most_tags: of an XML document; what follows is not read.

    Raises:
        SourceError: it is no feed, or no item can be parsed.
    """
    name = subject or url or "the feed"
    try:
        content = gunzipped(body, MOST_BYTES)
        if len(content) > MOST_BYTES:
            raise TooLargeError
    except TooLargeError as error:
        raise SourceError(name, f"it is too large for a feed: more than {MOST_BYTES // 1_000_000} MB") from error
    if content.startswith(b"%PDF-"):
        raise SourceError(name, "it is a PDF file, not a feed", "Give it as a file")
    text, unread = decoded_and_warning(content, content_type)
    text = text.strip()
    if not text:
        raise SourceError(name, "it is empty", "Check whether it still exists")
    origin = _Origin(url=url, folder=folder)
    if text[0] in "{[":
        feed = _read_json(text, name, origin, most_items)
    else:
        feed = _read_xml(text, name, origin, most_items, most_tags)
    if unread:
        feed = replace(feed, warnings=(*feed.warnings, unread))
    feed = _without_implausible_dates(_without_repeats(feed), now)
    newest = _newest(replace(feed, items=without_repeated_pictures(feed.items)), limit, most_items)
    _log.debug("%s: %d of %d items", shown(name), len(newest.items), feed.count)
    return newest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """Bases of an item's relative link."""

    url: str
    folder: Path | None
    home: str = ""
    """The site's address in the feed."""

    def resolve(self, link: str) -> tuple[str | None, str]:
        """The web address of a link, and the path of the file in the feed's folder that it names."""
        try:
            parts = urlsplit(link.strip())
        except ValueError:
            return None, ""
        relative = not parts.scheme and not parts.netloc and parts.path
        if relative and self.folder is not None and (path := _inside(self.folder, unquote(parts.path))):
            return None, path
        return (web_address(link, self.url or self.home) if link.strip() else None), ""


def _inside(folder: Path, relative: str) -> str:
    """The path of the file, where it exists and lies in the folder after resolving symbolic links, else empty."""
    try:
        root = folder.resolve(strict=True)
        file = (root / relative).resolve(strict=True)
        return str(file) if file.is_relative_to(root) and file.is_file() else ""
    except (OSError, ValueError, RuntimeError):  # no such file, NUL in the name, symlink loop
        return ""


# XML


def _read_xml(text: str, name: str, origin: _Origin, most_items: int, most_tags: int) -> Feed:
    import feedparser

    document, had_entities = without_doctype(text)
    document, count = _without_middle(document, most_items)
    document, left_out = limit_nesting(document, most_tags)
    # A stream: feedparser reads bytes that are the name of a file from disk.
    try:
        parsed = feedparser.parse(
            BytesIO(with_captions(with_escaped_ampersands(document)).encode()),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # of a parser, over hostile bytes: fails this feed, not the run
        cause = f"it cannot be read ({type(error).__name__})"
        raise SourceError(name, cause, "Tell its publisher, or remove it") from error
    damaged, version = bool(parsed.bozo), _text(parsed, "version")
    if damaged:
        for values in (parsed.feed, *parsed.entries):
            _decode_addresses(values)
    if not parsed.entries and (damaged or not version):
        raise _no_feed(text, name, version=version)
    origin = replace(origin, home=web_address(_text(parsed.feed, "link"), origin.url) or "")
    warnings = _long_link_warning(map(_xml_link, parsed.entries))
    _mend_links(parsed.entries, document)
    written = [_xml_dates(entry) for entry in parsed.entries]
    dates, doubts = item_dates(written, _text(parsed.feed, "language"), origin.home or origin.url)
    warnings += doubts
    if left_out:
        warnings.append(f"the feed is damaged: {left_out}")
    if had_entities:
        warnings.append("the feed declares entities of its own, which were ignored")
    if damaged:
        warnings.append("the feed is not well-formed; what could be read was")
    # By its root as well: feedparser takes RSS 1.0 that names Atom's namespace first for Atom.
    declares = version.startswith("atom") and root_name(document) == "feed"
    return Feed(
        title=shown_name(_title(parsed.feed, declares=declares)),
        items=tuple(
            _xml_item(entry, origin, moment, declares=declares)
            for entry, moment in zip(parsed.entries, dates, strict=True)
        ),
        count=count,
        warnings=tuple(warnings),
    )


def _without_middle(document: str, most: int) -> tuple[str, int]:
    """The document without its middle items where it has over `most`, and the number of items."""
    starts = item_starts(document)
    half = most // 2
    if len(starts) <= most:
        return document, len(starts)
    return document[: starts[half]] + document[starts[-half] :], len(starts)


def _long_link_warning(links: Iterable[str]) -> list[str]:
    count = sum(len(link) > LONGEST_ADDRESS for link in links)
    over = f"{count} of its items have a link of more than {LONGEST_ADDRESS:,} characters, which was ignored"
    return [over] if count else []


def _xml_item(entry: dict[str, Any], origin: _Origin, published: datetime | None, *, declares: bool) -> FeedItem:
    link = _xml_link(entry)
    url, path = origin.resolve(link)
    texts = [*(dict.get(entry, "content") or ()), dict.get(entry, "summary_detail") or {}]
    html = [body_html(_text(each, "value"), _type(each, declares=declares)) for each in texts]
    return FeedItem(
        url=url,
        path=path,
        **_titles(_title(entry, declares=declares)),
        published=published,
        html=max(html, key=len),
        guid=_text(entry, "id"),
        author=shown_name(strip_tags(_text(entry, "author"))),
        enclosed=bool(link) and any(_text(each, "href") == link for each in _links(entry, "enclosure")),
        pictures=xml_pictures(entry, html, url or origin.home or origin.url),
    )


def _decode_addresses(values: dict[str, Any]) -> None:
    """Of a damaged feed: there feedparser leaves the references in the text of elements other than titles and texts."""
    for key in ("link", "id", "feedburner_origlink"):
        if "&" in (value := _text(values, key)):
            values[key] = saxutils.unescape(value)


def _title(values: dict[str, Any], *, declares: bool) -> str:
    value, detail = _text(values, "title"), dict.get(values, "title_detail") or {}
    # The title of an author within an item replaces the item's detail, but not its title.
    return title_text(value, _type(detail, declares=declares and value == _text(detail, "value")))


def _type(detail: dict[str, Any], *, declares: bool) -> str:
    """The media type that the format declares of a text; of RSS feedparser's is a guess, and so none."""
    return media_type_of(_text(detail, "type")) if declares else UNDECLARED


def _mend_links(entries: Iterable[dict[str, Any]], document: str) -> None:
    """Replace links to nowhere (``<link/>``, ``about:blank``) by the guid where that is a permalink (RSS 2.0)."""
    wrong = [entry for entry in entries if "link" in entry and _leads_nowhere(_text(entry, "link"))]
    if not wrong:
        return
    others = frozenset(_NO_PERMALINK.findall(document))
    for entry in wrong:
        guid = _text(entry, "id")
        dict.__setitem__(entry, "link", guid if web_address(guid) and guid not in others else "")


def _leads_nowhere(link: str) -> bool:
    try:
        return not link.strip() or (bool(urlsplit(link.strip()).scheme) and web_address(link) is None)
    except ValueError:
        return True


_NO_PERMALINK = re.compile(
    r"<guid\s[^<>]*?ispermalink\s*+=\s*+(?:[\"']\s*+)?false[^<>]*>\s*+(?:<!\[CDATA\[\s*+)?([^<\s\]]+)",
    re.IGNORECASE,
)


def _xml_link(entry: dict[str, Any]) -> str:
    # FeedBurner's redirects may outlive their service less well than their targets.
    link = _text(entry, "feedburner_origlink") or _text(entry, "link")
    if link == _text(entry, "id") and not any(_text(each, "href") for each in _links(entry, "alternate")):
        # feedparser takes a guid for the link where there is none: only an address is one ("4711" is not).
        return web_address(link) or ""
    return link


def _links(entry: dict[str, Any], rel: str) -> list[dict[str, Any]]:
    return [each for each in dict.get(entry, "links") or () if _text(each, "rel") == rel]


def _titles(raw: str) -> dict[str, Any]:
    """The sanitised title, and the raw one where different, as arguments of `FeedItem`."""
    title = shown_title(raw)
    return {"title": title, "raw_title": "" if raw == title else raw}


def _text(values: dict[str, Any], key: str) -> str:
    # dict.get: feedparser's own warns of deprecated keys.
    value = dict.get(values, key)
    return value if isinstance(value, str) else ""


def _xml_dates(entry: dict[str, Any]) -> list[str]:
    # Without parts of seconds, as feedparser reads them: items are remembered by their dates (`store.seen_items`).
    return [_FRACTION.sub("", _text(entry, key)[:200]) for key in ("published", "updated", "created")]


_FRACTION = re.compile(r"(?<=:\d\d:\d\d)[.,]\d+")


def _no_feed(text: str, name: str, *, version: str) -> SourceError:
    start = text[:2000].lower()
    if version:
        return SourceError(name, "the feed is damaged and no item could be read", "Tell its publisher, or remove it")
    if "<opml" in start:
        return SourceError(name, "it is an OPML list, not a feed", "Give it as a list of sources")
    if any(mark in start for mark in ("<html", "<head", "<body", "<!doctype html")):
        return SourceError(name, "it is a web page, not a feed", "Give the address of its feed")
    return SourceError(name, "it is neither RSS, Atom nor JSON Feed", "Check the address in a browser")


# JSON Feed (https://www.jsonfeed.org/version/1.1/)


def _read_json(text: str, name: str, origin: _Origin, most_items: int) -> Feed:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(name, "it begins like JSON but cannot be read as such", "Tell its publisher") from error
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise SourceError(name, "it is JSON, but no JSON Feed: it has no list of items", "Check the address")
    origin = replace(origin, home=web_address(_text(document, "home_page_url"), origin.url) or "")
    listed, half = document["items"], most_items // 2
    looked_at = listed if len(listed) <= most_items else listed[:half] + listed[-half:]
    objects = [item for item in looked_at if isinstance(item, dict)]
    address = origin.home or origin.url
    dates, doubts = item_dates([_json_dates(item) for item in objects], _text(document, "language"), address)
    items = tuple(_json_item(item, origin, moment) for item, moment in zip(objects, dates, strict=True))
    warnings = [*_long_link_warning(map(_json_link, objects)), *doubts]
    if skipped := len(looked_at) - len(items):
        warnings.append(f"{skipped} of its items are not objects and were skipped")
    title = shown_name(title_text(_text(document, "title")))
    return Feed(title=title, items=items, count=len(listed), warnings=tuple(warnings))


def _json_item(item: dict[str, Any], origin: _Origin, published: datetime | None) -> FeedItem:
    link = _json_link(item)
    url, path = origin.resolve(link)
    authors = item.get("authors")
    author = authors[0] if isinstance(authors, list) and authors else item.get("author")
    identity, attachments = item.get("id"), item.get("attachments")
    attachments = attachments if isinstance(attachments, list) else []
    return FeedItem(
        url=url,
        path=path,
        **_titles(title_text(_text(item, "title"))),
        published=published,
        html=_json_html(item),
        guid=str(identity) if isinstance(identity, str | int) else "",
        author=shown_name(strip_tags(_text(author, "name"))) if isinstance(author, dict) else "",
        enclosed=bool(link) and any(_text(each, "url") == link for each in attachments if isinstance(each, dict)),
        pictures=json_pictures(item, url or origin.home or origin.url),
    )


def _json_html(item: dict[str, Any]) -> str:
    """Its text as HTML: what is declared as such, else what is declared plain text, else the summary, by its looks."""
    if html := _text(item, "content_html"):
        return body_html(html)
    return plain_html(_text(item, "content_text")) or body_html(_text(item, "summary"))


def _json_dates(item: dict[str, Any]) -> list[str]:
    values = [item.get(key) for key in ("date_published", "date_modified")]
    # Against the standard some write seconds since 1970, of any size and with fractions.
    return [
        f"{value:.0f}" if isinstance(value, float) else str(value)
        for value in values
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    ]


def _json_link(item: dict[str, Any]) -> str:
    return _text(item, "url") or _text(item, "external_url")


# All formats


def _without_repeats(feed: Feed) -> Feed:
    """Without items with link and title of an earlier one, unless guid and text differ.

    An equal link alone may be two stories; so may an equal title, in a live blog.
    """
    seen: defaultdict[tuple[str | None, str, str], list[FeedItem]] = defaultdict(list)
    items = []
    for item in feed.items:
        alike = seen[item.url, item.path, item.raw_title or item.title or item.html]
        if not (item.url or item.path) or not any(_repeats(item, earlier) for earlier in alike[-_MOST_ALIKE:]):
            items.append(item)
        alike.append(item)
    return replace(feed, items=tuple(items))


_MOST_ALIKE = 50
"""Items with equal link and title that another one is compared with."""


def _repeats(item: FeedItem, earlier: FeedItem) -> bool:
    return not (item.guid and earlier.guid and item.guid != earlier.guid and item.html != earlier.html)


def _without_implausible_dates(feed: Feed, now: datetime | None) -> Feed:
    """`feed` without dates that cannot be; what is dated far ahead stands last, for only its date puts it first."""
    items: list[FeedItem] = []
    ahead: list[FeedItem] = []
    changed: list[datetime | None] = []
    for item in feed.items:
        if item.published and not is_plausible(item.published, now):
            changed.append(item.published)
            (ahead if now and item.published > now else items).append(replace(item, published=None))
        else:
            items.append(item)
    return replace(feed, items=(*items, *ahead), warnings=(*feed.warnings, *impossible(changed)))


def _newest(feed: Feed, limit: int, most_items: int) -> Feed:
    if not feed.items:
        return replace(feed, warnings=(*feed.warnings, "the feed has no items"))
    half = most_items // 2
    newest = sorted(range(len(feed.items)), key=_age_order(feed.items))[:limit]
    if feed.count > most_items:
        looked_at = f"the first and the last {half}"
        warning = f"the feed has {feed.count} items, of which only {looked_at} were looked at"
        if len(feed.items) > limit:
            warning = f"the feed has {feed.count} items; of {looked_at}, the newest {limit} were taken"
    elif len(feed.items) > limit:
        warning = f"the feed has {len(feed.items)} items, of which the newest {limit} were taken"
    else:
        return feed
    return replace(feed, items=tuple(feed.items[i] for i in sorted(newest)), warnings=(*feed.warnings, warning))


def _age_order(items: Iterable[FeedItem]) -> Callable[[int], tuple[float, int]]:
    """Sort key, newest first; an undated item is as old as the one before it, as most feeds are sorted so."""
    moments: list[float] = []
    last = float("inf")
    for item in items:
        last = item.published.timestamp() if item.published else last
        moments.append(last)
    return lambda index: (-moments[index], index)
