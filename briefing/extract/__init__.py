"""Bytes of a page or file to an `Article` freed from the page around it, or an `ExtractError` that says why not.

`html` finds the article in a page, `front_pages` tells one from a home page, `mail` finds it in a letter, `files` reads
PDF and Markdown, `boilerplate` takes away what stands around an article in any format, `quality` refuses what is no
article, `walls` the pages that stand before one (`wall_phrases` and `wall_concepts` say how they speak), `json_ld`
reads what a page says of itself, `language` tells the language, `length` says how much is read. No article, however
broken or hostile, raises anything but `ExtractError`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from briefing.dates import in_utc
from briefing.encodings import media_type_of
from briefing.errors import BriefingError, ExtractError, WallError
from briefing.extract.boilerplate import without_clutter
from briefing.extract.language import language_of
from briefing.extract.length import DOCUMENT_CUT, LONGEST_READ, NOT_WORDS, TEXT_CUT, begun, words_only
from briefing.extract.quality import LONGEST, check_article, check_bytes
from briefing.nlp.facts import stems
from briefing.nlp.text import article_id, normalise, word_count
from briefing.sanitise import clipped, shown_name, shown_title
from briefing.types import Article, FeedItem

__all__ = [
    "article_from_feed_item",
    "article_from_text",
    "extract_article",
    "extract_file",
    "teaser_of",
    "with_fuller_text",
]

ENOUGH_FOR_A_FEED = 25
"""Words a feed's own text must have to stand for the article whose page could not be used."""
_FULLER = 1.2
"""How many times the page's words a feed's own text must have to win; where both are about the same, the page does."""
_LONGEST_TEASER = 60
"""Words."""
_TEASER_CHARACTERS = 1000
"""Where words are long, or nothing parts them."""
_BEGINNING = 100
"""Words below which a feed's text that breaks off is only the beginning of an article that its page keeps back."""
_ANNOUNCED = 4
"""Stems of a headline from which an article has at least one of them. Of 302 real articles, each with its title, all
have, of texts in feeds without their titles 97 in 100."""
_SHARED = 0.3
"""Share of a teaser's stems from which a page is about the same, whatever its title."""
_LOOKED_AT = 20_000
"""Characters of a page's text in which they are looked for."""
_END = 100
"""Characters of a text that are looked at for how it ends: a row of dots is looked back over from each of them."""
_BREAKS_OFF = re.compile(
    r"(?:…|\.\.\.|\[(?:…|\.\.\.)\])\W*(?:(?:read more|continue reading|weiterlesen|lire la suite|leer más)\W*)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What a format's reader found, before clutter is taken away."""

    text: str
    title: str = ""
    author: str = ""
    published: datetime | None = None
    language: str = ""
    """What the document says of itself, or empty."""
    canonical: str = ""
    """The address that the page gives as its own, as it stands there."""
    warnings: tuple[str, ...] = ()
    """What was not read."""


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
        body: at most a few megabytes; a page, plain text, Markdown, mail or PDF.
        content_type: the media type that came with it, if any; what it looks like decides where there is none.
        charset: the encoding that came with it, if any.
        name: what an error calls it.
        url: where it was found, None for a file.
        source, section: of the article.
        hint: the feed's item that led here; its title and date count before the page's.

    Raises:
        ExtractError: there is no article in it; the cause says what it is instead.
    """
    media_type = media_type_of(content_type)
    check_bytes(body, media_type, name)
    try:
        found = _read(body, media_type, charset, name, url)
    except BriefingError:
        raise
    except Exception as error:  # whatever a parser makes of hostile bytes is this page's failure, not the run's
        raise ExtractError(name, f"it cannot be read ({type(error).__name__})", "Open it to see what it is") from error
    if hint is not None:
        _check_speaks_of(hint, found, name)
        found = replace(
            found,
            title=hint.title or found.title,
            published=hint.published or found.published,
            author=found.author or hint.author,
        )
    return _article(found, name=name, url=url, source=source, section=section)


def extract_file(path: Path, *, source: str, section: str = "", hint: FeedItem | None = None) -> tuple[Article, ...]:
    """The articles in a file of one of the known formats. Raises `ExtractError`, or OSError where it cannot be read."""
    if path.stat().st_size > LONGEST:
        raise ExtractError(
            str(path), f"it is too large: {path.stat().st_size / 1e6:.0f} MB, the limit is {LONGEST / 1e6:.0f} MB",
            "Split it into articles",
        )  # fmt: skip
    media_type = _MEDIA_TYPES.get(path.suffix.lower(), "")
    url = hint.url if hint is not None else None
    article = extract_article(
        path.read_bytes(), content_type=media_type, name=str(path), url=url, source=source, section=section, hint=hint
    )
    return (article,)


def article_from_text(text: str | bytes, *, title: str = "", source: str, section: str = "", name: str = "") -> Article:
    """Plain text, as it is piped or given by a program; bytes may also be any of the known formats.

    Without a `title`, a first line that looks like one is taken. Raises `ExtractError`.
    """
    called = name or title or source
    if isinstance(text, bytes):
        return extract_article(text, name=called, url=None, source=source, section=section)
    if not text.strip():
        raise ExtractError(called, "it is empty", "Give it a text")
    if len(text) > LONGEST:
        raise ExtractError(called, f"it is too large: over {LONGEST / 1e6:.0f} MB", "Split it into articles")
    found = Extraction(text=text, title=title) if title else plain_text(text)
    return _article(found, name=called, url=None, source=source, section=section)


def article_from_feed_item(
    item: FeedItem, *, source: str, section: str = "", error: BriefingError | None = None
) -> Article:
    """The article as far as the feed itself tells it; a warning says so, and why, where its page was to be used.

    Raises `ExtractError` where the feed tells too little.
    """
    name = item.title or item.url or source
    text = _own_text(item)
    beginning = isinstance(error, WallError) and _BREAKS_OFF.search(text[-_END:])
    if word_count(text) < (_BEGINNING if beginning else ENOUGH_FOR_A_FEED):
        raise ExtractError(name, "the feed gives only a teaser", "")
    warnings = (f"Only the feed's own text was at hand: {error.cause}.",) if error is not None else ()
    found = Extraction(text=text, title=item.title, author=item.author, published=item.published, warnings=warnings)
    return _article(found, name=name, url=item.url, source=source, section=section)


def with_fuller_text(article: Article, item: FeedItem) -> Article:
    """`article`, of the page behind `item`, or the same in the feed's own words where these are clearly more."""
    text = _own_text(item)
    if word_count(text) <= max(ENOUGH_FOR_A_FEED, _FULLER * word_count(article.text)):
        return article
    text, warnings = _read_part(text)
    return replace(article, text=text, language=language_of(text, article.language), warnings=warnings)


def teaser_of(item: FeedItem) -> str:
    """What a feed says of an article, in plain text on one line: at most 60 words and 1,000 characters."""
    said = _own_text(item).split()
    if len(said) > _LONGEST_TEASER:
        return clipped(" ".join(said[:_LONGEST_TEASER]).rstrip(".,;:"), _TEASER_CHARACTERS - 2) + " …"
    return clipped(" ".join(said), _TEASER_CHARACTERS)


def _own_text(item: FeedItem) -> str:
    """The text that the feed itself gives, free of clutter."""
    from briefing.extract.html import text_of

    return without_clutter(normalise(begun(text_of(item.html), 2 * LONGEST_READ)), item.title)


def _check_speaks_of(item: FeedItem, found: Extraction, name: str) -> None:
    """Refuse a page that has not a word of the headline that led to it: a wall in whatever language or wording, a home
    page in the place of an old article. Raises `WallError`.
    """
    announced = set(stems(item.title))
    # Nearly always the page's own title tells, and the text need not be taken apart.
    if len(announced) < _ANNOUNCED or announced.intersection(stems(found.title)):
        return
    said = set(stems(f"{found.title}\n{found.text[:_LOOKED_AT]}"))
    if announced & said:
        return
    teaser = set(stems(teaser_of(item)))
    if not teaser or len(teaser & said) < _SHARED * len(teaser):
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
    text = files.decoded(body, charset, name)
    if kind == "html":
        from briefing.extract.html import read_page

        return read_page(text, name, url)
    if kind == "markdown":
        return files.read_markdown(text)
    return plain_text(text)


def _kind(body: bytes, media_type: str) -> str:
    if body.startswith(b"%PDF-") or media_type == "application/pdf":
        return "pdf"
    if media_type == "message/rfc822":
        return "mail"
    start = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
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
    """A text whose first line may be its title: short, without a full stop, with a blank line behind it."""
    whole = normalise(text)
    first, gap, rest = whole.partition("\n\n")
    looks = gap and rest.strip() and "\n" not in first and word_count(first) <= 25 and not re.search(r"[.;:,]$", first)
    return Extraction(text=rest, title=first) if looks else Extraction(text=whole)


def _article(found: Extraction, *, name: str, url: str | None, source: str, section: str) -> Article:
    title = shown_title(found.title)
    text, warnings = _read_part(found.text, title)
    check_article(text, title, name)
    return Article(
        id=article_id(url, text),
        title=title,
        text=text,
        source=source,
        url=url,
        section=section,
        published=_utc(found.published),
        language=language_of(text, found.language),
        canonical=_own_address(found.canonical, url),
        author=shown_name(found.author),
        warnings=(*(said for said in found.warnings if said != DOCUMENT_CUT or TEXT_CUT not in warnings), *warnings),
    )


def _read_part(text: str, title: str = "") -> tuple[str, tuple[str, ...]]:
    """What is read of an article's text, normalised and without clutter, and what is said of the rest."""
    whole = words_only(text)
    looked_at = begun(whole, 2 * LONGEST_READ)  # blanks and clutter go
    free = without_clutter(normalise(looked_at), title)
    kept = begun(free)
    cut = len(kept) < len(free) or len(looked_at) < len(whole)
    return kept, ((TEXT_CUT,) if cut else ()) + ((NOT_WORDS,) if len(whole) < len(text) else ())


def _own_address(canonical: str, url: str | None) -> str:
    """Where a page says that it belongs, absolute; empty where that is another site's, its home page or no address."""
    try:
        address = urljoin(url or "", canonical) if url and canonical else ""
        parts, here = urlsplit(address), urlsplit(url or "")
    except ValueError:
        return ""
    home = parts.path.strip("/") == "" and not parts.query
    return address if address and not home and parts.hostname == here.hostname else ""


def _utc(time: datetime | None) -> datetime | None:
    """As `dates` has it, in UTC; one that UTC's calendar cannot hold is none."""
    try:
        return time and in_utc(time)
    except (OverflowError, ValueError):
        return None
