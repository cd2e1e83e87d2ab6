"""Detection of source kinds by path and by content (sniffing), and of the feeds of a page (autodiscovery)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import urlsplit

from briefing.address import web_address
from briefing.encodings import media_type_of, page_text
from briefing.errors import SourceError
from briefing.markup import TagParser
from briefing.sources.decoding import decoded
from briefing.sources.mailbox import is_maildir, is_mbox
from briefing.sources.opml import is_url_list
from briefing.types import SourceKind

ARTICLE_SUFFIXES = frozenset({".txt", ".md", ".markdown", ".html", ".htm", ".xhtml", ".eml", ".pdf"})
_FEED_SUFFIXES = frozenset({".xml", ".rss", ".atom", ".rdf", ".json"})
_KINDS_OF_FILE = (
    "Known are .txt, .md, .html, .eml and .pdf articles, .xml, .rss, .atom and .json feeds, .mbox mailboxes "
    "and .opml lists"
)
_SNIFFED = 16_384
_SEARCHED = 2_000_000
"""Bytes of a page in which its feeds are looked for."""
_BEFORE_ROOT = re.compile(r"[\s\ufeff]+|<\?.*?(?:\?>|$)|<!--.*?(?:-->|$)|<![^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][\w.:-]*)")
_JSON_FEED = re.compile(rb"jsonfeed\.org\\?/version")
_WRAPPED_ATOM = re.compile(r"<feed\b[^<>]*http://www\.w3\.org/2005/Atom")  # some publishers wrap a feed in a page
_FEED_NAME = re.compile(r"(?:\.(?:rss|atom)|/(?:feeds?|rss2?|atom|index)\.xml|/feed(?:\.json|/)?)$", re.IGNORECASE)
_FEED_FILE = re.compile(r"\.(?:xml|rdf|rss|atom)$", re.IGNORECASE)
_COMMENTS = re.compile(r"comment|coment|komment|reacties|kommentar|отзыв|评论|コメント", re.IGNORECASE)
"""In the address or the title of a feed of comments, which WordPress names beside the site's own."""
_FEED_ROOTS = frozenset({"rss", "feed", "rdf", "channel"})
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
_LINKED_TYPES = _FEED_TYPES | {"application/json", "application/xml", "text/xml"}


def classify_content(body: bytes, content_type: str = "") -> SourceKind:
    """FEED, OPML (also a plain list of addresses), PAGE, or FILE; the media type counts last."""
    text = decoded(body[:_SNIFFED], content_type).lstrip()
    media_type = media_type_of(content_type)
    if text.startswith("{"):
        feed = media_type == "application/feed+json" or bool(
            _JSON_FEED.search(body) or _JSON_FEED.search(text.encode())
        )
        return SourceKind.FEED if feed else SourceKind.FILE
    position = 0
    while match := _BEFORE_ROOT.match(text, position):
        position = match.end()
    if root := _ROOT.match(text, position):
        name = root[1].rpartition(":")[2].lower()
        if name in _FEED_ROOTS:
            return SourceKind.FEED
        if name == "opml":
            return SourceKind.OPML
        feed = media_type in _FEED_TYPES or bool(_WRAPPED_ATOM.search(text))
        return SourceKind.FEED if feed else SourceKind.PAGE
    if media_type in ("text/html", "application/xhtml+xml"):
        return SourceKind.PAGE
    # A feed may be gzipped, or begin with rubbish that a lenient parser skips.
    if media_type in _FEED_TYPES or body.startswith(b"\x1f\x8b"):
        return SourceKind.FEED
    return SourceKind.OPML if is_url_list(body) else SourceKind.FILE


def classify_path(path: Path) -> SourceKind:
    """FOLDER, FILE, FEED, OPML (also a text file of addresses), MBOX (by content, under any name) or MAILDIR.

    Raises `SourceError` where it does not exist, cannot be read, or is of no known kind.
    """
    subject = str(path)
    try:
        if path.is_dir():
            if is_maildir(path):
                return SourceKind.MAILDIR
            exported = path.suffix.lower() == ".mbox" and (path / "mbox").is_file()
            return SourceKind.MBOX if exported else SourceKind.FOLDER
        if not path.exists():
            raise SourceError(
                subject, "there is no such file or folder", "Check the path; an address begins with https://"
            )
        if not path.is_file():
            raise SourceError(subject, "it is neither a file nor a folder", "Check the path")
        suffix = path.suffix.lower()
        if suffix == ".opml":
            return SourceKind.OPML
        if suffix in _FEED_SUFFIXES:
            found = classify_content(_start(path))
            return found if found is SourceKind.OPML else SourceKind.FEED
        if suffix == ".txt":
            found = classify_content(_start(path), "text/plain")
            return SourceKind.OPML if found is SourceKind.OPML else SourceKind.FILE
        if suffix == ".mbox" or (suffix not in ARTICLE_SUFFIXES and is_mbox(_start(path))):
            return SourceKind.MBOX
    except OSError as error:
        raise SourceError(subject, f"it cannot be read ({error.strerror or error})", "Check its permissions") from error
    if suffix in ARTICLE_SUFFIXES:
        return SourceKind.FILE
    raise SourceError(subject, f"files of the kind {suffix or 'without an ending'} are not known", _KINDS_OF_FILE)


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_SNIFFED)


def list_folder(path: Path, *, limit: int = 2000) -> tuple[Path, ...]:
    """The articles in a folder, recursively, sorted by path, without hidden files; symlinks are not followed.

    Raises `SourceError` where it is no folder, cannot be read, or holds more than `limit` articles.
    """
    found: list[Path] = []

    def fail(error: OSError) -> None:
        if error.filename is not None and Path(error.filename) == path:
            cause = f"the folder cannot be read ({error.strerror})"
            raise SourceError(str(path), cause, "Check the path and its permissions") from error

    try:
        path.lstat()
    except OSError as error:
        fail(error)
    except ValueError as error:  # NUL or a surrogate
        cause = "no folder can have this name"
        raise SourceError(str(path), cause, "Check the path") from error
    for folder, names, files in os.walk(path, onerror=fail, followlinks=False):
        names[:] = sorted(name for name in names if not name.startswith("."))
        for name in files:
            file = Path(folder, name)
            if not name.startswith(".") and file.suffix.lower() in ARTICLE_SUFFIXES and file.is_file():
                found.append(file)
        if len(found) > limit:
            cause = f"the folder holds more than {limit} articles"
            raise SourceError(str(path), cause, "Name a folder with fewer, such as one of those in it")
    return tuple(sorted(found))


def find_feeds(html: bytes, url: str, charset: str | None = None, *, linked: bool = True) -> list[str]:
    """The addresses of a page's feeds, each once, in order: ``<link rel=alternate>``, else with `linked`, links on its
    own site that are named like a feed.

    `charset`: the one that HTTP names.
    """
    parser = _feed_links(html, url, charset)
    return list(dict.fromkeys(parser.found or (parser.linked if linked else ())))


def is_named_like_comments(url: str, title: str = "") -> bool:
    """Whether the path of a feed or its `title` says that it is one of comments."""
    return bool(_COMMENTS.search(f"{urlsplit(url).path} {title[:300]}"))


def find_own_feeds(html: bytes, url: str, charset: str | None = None) -> list[str]:
    """The same of those in ``<link rel=alternate>``, without feeds of comments."""
    parser = _feed_links(html, url, charset)
    return list(dict.fromkeys(feed for feed in parser.found if feed not in parser.comments))


def _feed_links(html: bytes, url: str, charset: str | None) -> _FeedLinks:
    parser = _FeedLinks(url)
    parser.read(page_text(html[:_SEARCHED], charset).text)
    return parser


def is_named_like_feed(url: str) -> bool:
    """Whether an address ends like that of a feed (``/feed.xml``, ``.rss``, ``/feed/``): no article is there."""
    try:
        path = urlsplit(url).path
    except ValueError:
        return False
    return bool(_FEED_NAME.search(path) or _FEED_FILE.search(path))


class _FeedLinks(TagParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.base = url
        self.found: list[str] = []
        self.linked: list[str] = []
        self.comments: set[str] = set()
        """Those of `found` that are feeds of comments."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in reversed(attrs)}
        if tag == "base" and (base := web_address(values.get("href", ""), self.base)):
            self.base = base
        if tag == "a" and (target := web_address(values.get("href", ""), self.base)):
            page, feed = urlsplit(self.base), urlsplit(target)
            if feed.hostname == page.hostname and _FEED_NAME.search(feed.path):
                self.linked.append(target)
        if tag != "link" or "alternate" not in values.get("rel", "").lower().split() or not values.get("href"):
            return
        media_type = media_type_of(values.get("type", ""))
        # WordPress links its REST API as a JSON alternate of every page.
        rest_api = media_type == "application/json" and "/wp-json/" in values["href"]
        if media_type in _LINKED_TYPES and not rest_api and (address := web_address(values["href"], self.base)):
            self.found.append(address)
            if is_named_like_comments(address, values.get("title", "")):
                self.comments.add(address)
