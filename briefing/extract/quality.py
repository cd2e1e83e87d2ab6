"""Quality gate: refuses binary, empty and data files, pages of links, texts without a body. Pure."""

from __future__ import annotations

import json
import re

from briefing.encodings import is_wide
from briefing.errors import ExtractError, FrontPageError
from briefing.nlp.text import word_count

LONGEST = 10_000_000
"""Bytes of a file, characters of a text."""
FEWEST_WORDS = 12
"""Fewer are a title, a caption, a label."""

_NO_PROSE = re.compile(
    r"^(?:application|text)/(?:[\w.+-]*\+)?(?:json|css|(?:x-)?(?:java|ecma)script|typescript|wasm|csv|calendar|vcard|zip|gzip|"
    r"x-sh|x-python|x-tar|sql|manifest|jsonl|x-ndjson)\b"
)
"""Media types of data, styles and programs."""

# Regular expressions, because an article may begin with the word "GGUF" or "ID3".
_MAGIC: tuple[tuple[re.Pattern[bytes], str], ...] = tuple(
    (re.compile(pattern, re.DOTALL), what)
    for pattern, what in (
        (rb"PK[\x03\x05][\x04\x06]", "a ZIP archive or an office document"),
        (rb"\x89PNG|\xff\xd8\xff|GIF8[79]a|RIFF.{4}WEBP", "a picture"),
        (rb"RIFF.{4}(?:WAVE|AVI )|ID3[\x00-\x08]|OggS\x00|.{4}ftyp|\x1aE\xdf\xa3", "sound or film"),
        (rb"\x1f\x8b|BZh\d1AY|\xfd7zXZ|7z\xbc\xaf|Rar!\x1a", "an archive"),
        (rb"\x7fELF|MZ\x90", "a program"),
        (rb"SQLite format 3\x00", "a database"),
        (rb"GGUF[\x00-\x1f]", "a model file"),
        (rb"\xd0\xcf\x11\xe0|\{\\rtf1", "an office document"),
        (rb"%!PS", "a PostScript file"),
    )
)


def check_size(size: int, name: str) -> None:
    """Refuse more than `LONGEST` bytes. Raises `ExtractError`."""
    if size > LONGEST:
        cause = f"it is too large: {size / 1e6:.0f} MB, the limit is {LONGEST / 1e6:.0f} MB"
        raise ExtractError(name, cause, "Split it into articles")


def check_bytes(body: bytes, media_type: str, name: str) -> None:
    """Refuse empty, too large and binary content. Raises `ExtractError`."""
    if not body.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise ExtractError(name, "it is empty", "Check whether it is the right file or address")
    check_size(len(body), name)
    if body.startswith(b"%PDF-"):
        return
    for magic, what in _MAGIC:
        if magic.match(body):
            raise ExtractError(name, f"it is {what}, not text", "Give it as text, HTML, Markdown, mail or PDF")
    head = body[:8192]
    if not is_wide(body) and sum(byte < 9 or 13 < byte < 27 for byte in head) > len(head) * 0.02:
        raise ExtractError(name, "it is a binary file, not text", "Give it as text, HTML, Markdown, mail or PDF")
    if media_type.startswith(("image/", "audio/", "video/", "font/")) or _NO_PROSE.search(media_type):
        raise ExtractError(name, f"it is {media_type}, not text", "Name the page that it belongs to")
    if not media_type.startswith("text/html") and _is_json(body):
        raise ExtractError(name, "it is JSON, not text", "Name the page that it belongs to")


def _is_json(body: bytes) -> bool:
    """Whether it is JSON, regardless of its media type; not a text in brackets."""
    if not re.match(rb"[\xef\xbb\xbf\s]*[{\[]\s*[\"\[{\]}\d]", body):
        return False
    try:
        return isinstance(json.loads(body), dict | list)
    except (ValueError, RecursionError):
        return False


def check_page(text: str, everything: str, links: int, name: str) -> None:
    """Refuse a page whose `text` is a list of links. Raises `FrontPageError`.

    `everything` is all visible text of the page, `links` the number of its words in links.
    """
    visible = word_count(everything[:200_000])
    longest = max((word_count(line) for line in text.split("\n")), default=0)
    if visible >= 40 and links > 0.6 * visible and longest < 25:
        raise FrontPageError(name, "it is a page of links, not an article", "Name one of the articles, or the feed")


def check_article(text: str, title: str, name: str) -> None:
    """Refuse an article without a body. Raises `ExtractError`."""
    words = word_count(text)
    if words == 0:
        raise ExtractError(name, "there is only a title" if title else "there is no article in it",
                           "Open it to see what it is")  # fmt: skip
    if words < FEWEST_WORDS:
        cause = f"there {'is only 1 word' if words == 1 else f'are only {words} words'} in it" + (
            " beside the title" if title else ""
        )
        raise ExtractError(name, cause, "Open it to see what it is")
    if len(text) > LONGEST:
        raise ExtractError(name, f"its text is over {LONGEST / 1e6:.0f} million characters", "Split it into articles")
