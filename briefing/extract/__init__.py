"""Content extraction: the bytes of a page or file to an `Article` without boilerplate, or an `ExtractError`.

`html` extracts from pages, `fallback` from pages too large for a parser, `mail` from newsletters, `files` from PDF and
Markdown. `boilerplate` removes furniture of any format, `quality` is the gate, `front_pages` detects home pages,
`walls` detects paywalls, consent walls and the like (`wall_phrases`, `wall_concepts`). `json_ld` reads structured data,
`language` identifies the language, `length` truncates. Broken and hostile input raises `ExtractError` only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from briefing.dates import utc_or_none
from briefing.encodings import Decoded, ascii_start, html_label, media_type_of
from briefing.errors import BriefingError, ExtractError, WallError
from briefing.extract.boilerplate import without_boilerplate
from briefing.extract.language import language_of
from briefing.extract.length import DOCUMENT_CUT, LONGEST_READ, NOT_WORDS, TEXT_CUT, truncated, words_only
from briefing.extract.quality import LONGEST, check_article, check_bytes, check_size
from briefing.nlp.facts import stems
from briefing.nlp.text import article_id, beginning, normalise, word_count
from briefing.picture_links import merged_links
from briefing.sanitise import clipped, shown_name, shown_title
from briefing.types import Article, FeedItem, PictureLink

__all__ = [
    "article_from_feed_item",
    "article_from_text",
    "extract_article",
    "extract_file",
    "teaser_of",
    "with_fuller_text",
]

ENOUGH_FOR_A_FEED = 25
"""Words of a feed's own text from which it replaces an article whose page could not be used."""
_FULLER = 1.2
"""Times the words of the page from which the feed's own text is taken instead."""
_LONGEST_TEASER = 60
"""Words."""
_TEASER_CHARACTERS = 1000
"""The same for scripts without blanks."""
_BEGINNING = 100
"""Words below which a feed's text that breaks off is only the beginning of a walled article."""
_ANNOUNCED = 4
"""Stems of a headline from which its article has at least one of them: all of 302 real articles with their titles, and
97 % of feed texts without."""
_SHARED = 0.3
"""Share of a teaser's stems from which a page is about the same, with any title."""
_LOOKED_AT = 20_000
"""Characters of a page's text that are searched for them."""
_END = 100
"""Characters at the end of a text that are matched: the regular expression is quadratic in rows of dots."""
_BREAKS_OFF = re.compile(
    r"(?:…|\.\.\.|\[(?:…|\.\.\.)\])\W*(?:(?:read more|continue reading|weiterlesen|lire la suite|leer más)\W*)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """The result of a format's reader, before boilerplate is removed."""

    text: str
    title: str = ""
    author: str = ""
    published: datetime | None = None
    """Without a zone: UTC."""
    language: str = ""
    """As the document declares it, or empty."""
    canonical: str = ""
    """The page's ``rel=canonical``, unresolved."""
    warnings: tuple[str, ...] = ()
    """About what was not read."""
    pictures: tuple[PictureLink, ...] = ()
    """Those that the document names for itself, best first."""


def extract_article(
    body: bytes,
    *,
    content_type: str = "",
    charset: str | None = None,
    name: str,
    url: str | None,
    source: str,
    section: str = "",
    hint: FeedItem | None = None,
) -> Article:
    """The article in `body`.

    Args:
        body: a page, plain text, Markdown, mail or PDF.
        content_type: the declared media type; sniffed where empty.
        charset: the declared encoding.
        name: what an error calls it.
        url: None for a file.
        source, section: of the article.
        hint: the feed's item that led here; its title and date override the page's.

    Raises:
        ExtractError: there is no article in it.
    """
    media_type = media_type_of(content_type)
    check_bytes(body, media_type, name)
    try:
        extraction = _read(body, media_type, charset, name, url)
    except BriefingError:
        raise
    except Exception as error:  # of a parser, over hostile bytes: fails this page, not the run
        raise ExtractError(name, f"it cannot be read ({type(error).__name__})", "Open it to see what it is") from error
    if hint is not None:
        _check_related(hint, extraction, name)
        extraction = replace(
            extraction,
            title=hint.title or extraction.title,
            published=hint.published or extraction.published,
            author=extraction.author or hint.author,
            pictures=merged_links(hint.pictures, extraction.pictures),
        )
    return _article(extraction, name=name, url=url, source=source, section=section)


def extract_file(path: Path, *, source: str, section: str = "", hint: FeedItem | None = None) -> Article:
    """The article in a file of a known format. Raises `ExtractError`, or OSError where it cannot be read."""
    check_size(path.stat().st_size, str(path))
    media_type = _MEDIA_TYPES.get(path.suffix.lower(), "")
    url = hint.url if hint is not None else None
    return extract_article(
        path.read_bytes(), content_type=media_type, name=str(path), url=url, source=source, section=section, hint=hint
    )


def article_from_text(text: str | bytes, *, title: str = "", source: str, section: str = "", name: str = "") -> Article:
    """Plain text, or bytes of any known format. Without a `title`, a first line that looks like one is taken.

    Raises `ExtractError`.
    """
    called = name or title or source
    if isinstance(text, bytes):
        return extract_article(text, name=called, url=None, source=source, section=section)
    if not text.strip():
        raise ExtractError(called, "it is empty", "Give it a text")
    if len(text) > LONGEST:
        raise ExtractError(called, f"it is too large: over {LONGEST / 1e6:.0f} MB", "Split it into articles")
    extraction = Extraction(text=text, title=title) if title else plain_text(text)
    return _article(extraction, name=called, url=None, source=source, section=section)


def article_from_feed_item(
    item: FeedItem, *, source: str, section: str = "", error: BriefingError | None = None
) -> Article:
    """The article from the feed's own text, with a warning where its page failed with `error`.

    Raises `ExtractError` where that text is too short.
    """
    name = item.title or item.url or source
    text = _own_text(item)
    ends = text[-_END:], _feed_text(item)[-_END:]  # "Continue reading…" is no news, but shows that there is more
    beginning = isinstance(error, WallError) and any(map(_BREAKS_OFF.search, ends))
    if word_count(text) < (_BEGINNING if beginning else ENOUGH_FOR_A_FEED):
        raise ExtractError(name, "the feed gives only a teaser", "")
    # For readers of the edition: a wall by its name, the network's troubles in no more words than these.
    why = re.sub(r"^it ", "the page ", error.cause) if isinstance(error, WallError) else "the page could not be read"
    warnings = (f"From the feed's text: {why}.",) if error is not None else ()
    extraction = Extraction(
        text=text, title=item.title, author=item.author, published=item.published, warnings=warnings,
        pictures=item.pictures,
    )  # fmt: skip
    return _article(extraction, name=name, url=item.url, source=source, section=section)


def with_fuller_text(article: Article, item: FeedItem) -> Article:
    """`article` of the page behind `item`, with the feed's own text where that is clearly longer."""
    text = _own_text(item)
    if word_count(text) <= max(ENOUGH_FOR_A_FEED, _FULLER * word_count(article.text)):
        return article
    text, warnings = _read_part(text)
    return replace(article, text=text, language=language_of(text, article.language), warnings=warnings)


def teaser_of(item: FeedItem) -> str:
    """The feed's own text of an article on one line: at most 60 words and 1,000 characters."""
    text = " ".join(_own_text(item).split())
    kept = beginning(text, _LONGEST_TEASER)
    if kept != text:
        return clipped(kept.rstrip(".,;:。，、；："), _TEASER_CHARACTERS - 2) + " …"
    return clipped(text, _TEASER_CHARACTERS)


def _own_text(item: FeedItem) -> str:
    """The feed's own text without boilerplate."""
    return without_boilerplate(_feed_text(item), item.title)


def _feed_text(item: FeedItem) -> str:
    from briefing.extract.html import text_of

    return normalise(truncated(text_of(item.html), 2 * LONGEST_READ))


def _check_related(item: FeedItem, extraction: Extraction, name: str) -> None:
    """Refuse a page without a word of the item's headline: a wall in any language, a home page in place of an old
    article. Raises `WallError`.
    """
    headline = set(stems(item.title))
    # Nearly always the page's own title matches, and the text need not be stemmed.
    if len(headline) < _ANNOUNCED or headline.intersection(stems(extraction.title)):
        return
    page = set(stems(f"{extraction.title}\n{extraction.text[:_LOOKED_AT]}"))
    if headline & page:
        return
    teaser = set(stems(teaser_of(item)))
    if not teaser or len(teaser & page) < _SHARED * len(teaser):
        raise WallError(name, "it is about something else than its feed says", "Open it in a browser", wall="unrelated")


_MEDIA_TYPES = {
    ".txt": "text/plain", ".md": "text/markdown", ".markdown": "text/markdown", ".html": "text/html",
    ".htm": "text/html", ".xhtml": "text/html", ".eml": "message/rfc822", ".pdf": "application/pdf",
}  # fmt: skip


def _read(body: bytes, media_type: str, charset: str | None, name: str, url: str | None) -> Extraction:
    from briefing.extract import files

    kind = _kind(body, media_type)
    if kind == "pdf":
        return files.read_pdf(body, name)
    if kind == "mail":
        from briefing.extract.mail import read_mail

        return read_mail(body, name)
    found = files.decoded(body, [charset, html_label(body) if kind == "html" else ""], name)
    if kind == "html":
        from briefing.extract.html import read_page

        extraction = read_page(found.text, name, url)
    else:
        extraction = files.read_markdown(found.text) if kind == "markdown" else plain_text(found.text)
    return with_lost(extraction, found)


def with_lost(extraction: Extraction, found: Decoded) -> Extraction:
    """`extraction` with a warning of the characters that could not be decoded."""
    warnings = (*extraction.warnings, f"{found.warning}.") if found.warning else extraction.warnings
    return replace(extraction, warnings=warnings)


def _kind(body: bytes, media_type: str) -> str:
    if body.startswith(b"%PDF-") or media_type == "application/pdf":
        return "pdf"
    if media_type == "message/rfc822":
        return "mail"
    start = ascii_start(body, 2000).lstrip(b" \t\r\n").lower()
    if media_type == "text/markdown":
        return "markdown"
    if media_type in {"text/html", "application/xhtml+xml"} or start.startswith(
        (b"<!doctype html", b"<html", b"<?xml")
    ):
        return "html"
    if not media_type and re.search(rb"^(from|subject|date|mime-version|message-id|received): .", start, re.MULTILINE):
        headers = re.findall(rb"^(from|subject|date|to|mime-version|message-id|received):", start, re.MULTILINE)
        return "mail" if len(set(headers)) >= 3 else "text"
    if not media_type and re.search(rb"<(?:body|article|div|p)\b[^>]*>", start):
        return "html"
    return "text"


def plain_text(text: str) -> Extraction:
    """Plain text; a short first line without a full stop before a blank line is its title."""
    whole = normalise(text)
    first, gap, rest = whole.partition("\n\n")
    titled = gap and rest.strip() and "\n" not in first and word_count(first) <= 25 and not re.search(r"[.;:,]$", first)
    return Extraction(text=rest, title=first) if titled else Extraction(text=whole)


def _article(extraction: Extraction, *, name: str, url: str | None, source: str, section: str) -> Article:
    title = shown_title(extraction.title)
    text, warnings = _read_part(extraction.text, title)
    check_article(text, title, name)
    stated = [warning for warning in extraction.warnings if warning != DOCUMENT_CUT or TEXT_CUT not in warnings]
    return Article(
        id=article_id(url, text),
        title=title,
        text=text,
        source=source,
        url=url,
        section=section,
        published=utc_or_none(extraction.published),
        language=language_of(text, extraction.language),
        canonical=_own_address(extraction.canonical, url),
        author=shown_name(extraction.author),
        warnings=(*stated, *warnings),
        pictures=extraction.pictures,
    )


def _read_part(text: str, title: str = "") -> tuple[str, tuple[str, ...]]:
    """An article's text, normalised, without boilerplate and truncated, and warnings about the rest."""
    whole = words_only(text)
    looked_at = truncated(whole, 2 * LONGEST_READ)  # shrinks further below
    free = without_boilerplate(normalise(looked_at), title)
    kept = truncated(free)
    cut = len(kept) < len(free) or len(looked_at) < len(whole)
    return kept, ((TEXT_CUT,) if cut else ()) + ((NOT_WORDS,) if len(whole) < len(text) else ())


def _own_address(canonical: str, url: str | None) -> str:
    """A page's ``rel=canonical``, absolute; empty for another site's, a home page or an invalid one."""
    try:
        address = urljoin(url or "", canonical) if url and canonical else ""
        parts, here = urlsplit(address), urlsplit(url or "")
    except ValueError:
        return ""
    home = parts.path.strip("/") == "" and not parts.query
    return address if address and not home and parts.hostname == here.hostname else ""
