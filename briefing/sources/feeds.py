"""Parsing of feeds to `FeedItem` values: RSS 0.9x, 1.0, 2.0 and Atom (by feedparser), JSON Feed. No network.

The only disk access is the check that a page which a feed file links to lies in the feed's own folder.
"""

from __future__ import annotations

import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from html import escape
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from briefing.address import LONGEST_ADDRESS, shown, web_address
from briefing.bounded_io import TooLargeError
from briefing.dates import exact_time, in_utc, is_plausible, iso_time, utc_or_none
from briefing.errors import SourceError
from briefing.sanitise import shown_name, shown_title
from briefing.sources.decoding import (
    MOST_TAGS,
    decoded,
    gunzipped,
    item_starts,
    limit_nesting,
    strip_tags,
    without_doctype,
)
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
    text = decoded(content, content_type).strip()
    if not text:
        raise SourceError(name, "it is empty", "Check whether it still exists")
    origin = _Origin(url=url, folder=folder)
    if text[0] in "{[":
        feed = _read_json(text, name, origin, most_items)
    else:
        feed = _read_xml(text, name, origin, most_items, most_tags)
    newest = _newest(_without_implausible_dates(_without_repeats(feed), now), limit, most_items)
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
            BytesIO(_REFERENCE.sub(_valid_reference, document).encode()),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:  # of a parser, over hostile bytes: fails this feed, not the run
        cause = f"it cannot be read ({type(error).__name__})"
        raise SourceError(name, cause, "Tell its publisher, or remove it") from error
    damaged, version = bool(parsed.bozo), _text(parsed, "version")
    if not parsed.entries and (damaged or not version):
        raise _no_feed(text, name, version=version)
    origin = replace(origin, home=web_address(_text(parsed.feed, "link"), origin.url) or "")
    warnings = _long_link_warning(map(_xml_link, parsed.entries))
    if left_out:
        warnings.append(f"the feed is damaged: {left_out}")
    if had_entities:
        warnings.append("the feed declares entities of its own, which were ignored")
    if damaged:
        warnings.append("the feed is not well-formed; what could be read was")
    return Feed(
        title=shown_name(strip_tags(_text(parsed.feed, "title"))),
        items=tuple(_xml_item(entry, origin) for entry in parsed.entries),
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


_REFERENCE = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+))")


def _valid_reference(reference: re.Match[str]) -> str:
    """A character reference; of a surrogate or beyond Unicode, one to U+FFFD."""
    digits = (reference[1] or reference[2]).lstrip("0")[:9] or "0"
    code = int(digits, 16 if reference[1] else 10)
    return "&#xFFFD" if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF else reference[0]


def _xml_item(entry: dict[str, Any], origin: _Origin) -> FeedItem:
    url, path = origin.resolve(_xml_link(entry))
    html = [_as_html(each) for each in [*(dict.get(entry, "content") or ()), dict.get(entry, "summary_detail") or {}]]
    return FeedItem(
        url=url,
        path=path,
        **_titles(_text(entry, "title")),
        published=_published(entry),
        html=max(html, key=len),
        guid=_text(entry, "id"),
        author=shown_name(strip_tags(_text(entry, "author"))),
    )


def _xml_link(entry: dict[str, Any]) -> str:
    # FeedBurner's redirects may outlive their service less well than their targets.
    return _text(entry, "feedburner_origlink") or _text(entry, "link")


def _titles(html: str) -> dict[str, Any]:
    """The sanitised title, and the raw one where different, as arguments of `FeedItem`."""
    raw = strip_tags(html)
    title = shown_title(raw)
    return {"title": title, "raw_title": "" if raw == title else raw}


def _text(values: dict[str, Any], key: str) -> str:
    # dict.get: feedparser's own warns of deprecated keys.
    value = dict.get(values, key)
    return value if isinstance(value, str) else ""


def _as_html(detail: dict[str, Any]) -> str:
    value = _text(detail, "value")
    return escape(value, quote=False) if _text(detail, "type") == "text/plain" else value


def _published(entry: dict[str, Any]) -> datetime | None:
    for key in ("published_parsed", "updated_parsed", "created_parsed"):
        if parsed := dict.get(entry, key):
            try:
                year, month, day, hour, minute, second = parsed[:6]
                moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
                return _as_written(_text(entry, key.removesuffix("_parsed")), moment)
            except (ValueError, TypeError, OverflowError):
                continue
    return None


_TIME = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?", re.ASCII)


def _as_written(text: str, moment: datetime) -> datetime:
    """`moment`, or a date-only value where `text` is midnight in its own zone (`dates`).

    Zones that only feedparser parses may turn a time into midnight in UTC, which the time in `text` shows.
    """
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        with suppress(ValueError, TypeError, OverflowError, IndexError):
            written = parse(text.strip()[:100])
            if written.tzinfo and written == moment:
                return in_utc(written)
            break
    time = _TIME.search(text)
    return exact_time(moment) if time and any(int(part or 0) for part in time.groups()) else moment


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
    items = tuple(_json_item(item, origin) for item in looked_at if isinstance(item, dict))
    warnings = _long_link_warning(_json_link(item) for item in looked_at if isinstance(item, dict))
    if skipped := len(looked_at) - len(items):
        warnings.append(f"{skipped} of its items are not objects and were skipped")
    title = shown_name(strip_tags(_text(document, "title")))
    return Feed(title=title, items=items, count=len(listed), warnings=tuple(warnings))


def _json_item(item: dict[str, Any], origin: _Origin) -> FeedItem:
    url, path = origin.resolve(_json_link(item))
    text = _text(item, "content_text") or _text(item, "summary")
    authors = item.get("authors")
    author = authors[0] if isinstance(authors, list) and authors else item.get("author")
    identity = item.get("id")
    return FeedItem(
        url=url,
        path=path,
        **_titles(_text(item, "title")),
        published=utc_or_none(iso_time(_text(item, "date_published") or _text(item, "date_modified"))),
        html=_text(item, "content_html") or escape(text, quote=False),
        guid=str(identity) if isinstance(identity, str | int) else "",
        author=shown_name(strip_tags(_text(author, "name"))) if isinstance(author, dict) else "",
    )


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
    items = tuple(
        replace(item, published=None) if item.published and not is_plausible(item.published, now) else item
        for item in feed.items
    )
    changed = sum(old.published is not new.published for old, new in zip(feed.items, items, strict=True))
    if not changed:
        return feed
    return replace(feed, items=items, warnings=(*feed.warnings, f"{changed} of its items have an impossible date"))


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
