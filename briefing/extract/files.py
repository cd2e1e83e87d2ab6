"""Formats other than pages and mail: text in any encoding, Markdown, PDF."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime
from html import escape

from briefing.encodings import MARKS, text_in
from briefing.errors import ExtractError
from briefing.extract import Found, plain_text
from briefing.text import normalise

__all__ = ["decoded", "read_markdown", "read_pdf", "unwrapped"]

MOST_PAGES = 500
"""Of a PDF."""
_LONGEST_MARKDOWN = 200_000
"""Characters; a long book chapter has half of it."""


def decoded(body: bytes, charset: str | None, name: str) -> str:
    """The text in `body`: by its byte-order mark, else as `encodings` finds it; `charset` comes before the page.

    Raises `ExtractError` where no encoding makes text of it.
    """
    for mark, codec in MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    text = text_in(body, [name for name in (charset, _declared(body)) if name])
    if text is None:
        raise ExtractError(name, "its encoding cannot be told", "Save it as UTF-8")
    return text


def _declared(body: bytes) -> str | None:
    """What a page says of its own encoding in its first bytes."""
    found = re.search(
        rb"<(?:meta|\?xml)[^>]+?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", body[:4096], re.IGNORECASE
    )
    return found[1].decode("ascii", "ignore") if found else None


def read_markdown(text: str) -> Found:
    """Markdown with or without front matter: its title is the front matter's or the first heading."""
    front: dict[str, str] = {}
    if match := re.match(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*\n", text, re.DOTALL):
        for line in match[1].splitlines():
            key, colon, value = line.partition(":")
            if colon and re.fullmatch(r"\w+", key.strip()):
                front[key.strip().lower()] = value.strip().strip("\"'")
        text = text[match.end() :]
    from briefing.extract.html import text_of

    title = front.get("title", "")
    if heading := re.match(r"\A\s*#\s+(.+?)\s*#*\s*\n", text):
        title = title or text_of(_html(heading[1]))
        text = text[heading.end() :]
    text = re.sub(r"!\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)", "", text)
    body = text_of(_html(text))
    # A paragraph's lines are joined: in Markdown a line end means nothing.
    body = "\n\n".join(" ".join(part.split()) for part in body.split("\n\n"))
    found = Found(text=body, title=title, author=front.get("author", ""), published=_day(front.get("date", "")))
    return found if title else plain_text(body)


def _html(text: str) -> str:
    """Markdown as HTML; a text too long or too twisted for the parser, as one paragraph for each of its own."""
    import markdown

    # No text by people has twenty brackets in a row; the parser's time grows with their square.
    text = re.sub(r"([\[\]()*_`~!<>#])\1{20,}", "", text)
    if len(text) <= _LONGEST_MARKDOWN:
        with suppress(Exception):  # deep lists and quotations exhaust the stack
            return markdown.markdown(text, extensions=["extra"])
    plain = re.sub(r"^[ \t]*(?:#{1,6}|[>*+-]|\d+[.)])[ \t]+", "", text, flags=re.MULTILINE)
    plain = re.sub(r"\[([^\[\]\n]{1,500})\]\([^()\n]{0,2000}\)", r"\1", plain)
    return "".join(f"<p>{escape(part)}</p>" for part in re.split(r"\n\s*\n", plain))


def _day(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def unwrapped(text: str) -> str:
    """Plain text with hard line ends: a paragraph's lines are joined where they are about as long as one another."""
    paragraphs = []
    for paragraph in normalise(text).split("\n\n"):
        lines = paragraph.split("\n")
        full = len(lines) > 1 and all(40 <= len(line) <= 100 for line in lines[:-1])
        listed = any(re.match(r"\s*(?:[-*•]|\d+[.)])\s", line) for line in lines)
        paragraphs.append(" ".join(lines) if full and not listed else paragraph)
    return "\n\n".join(paragraphs)


def read_pdf(body: bytes, name: str) -> Found:
    """The text of a PDF of at most 500 pages. Needs the extra ``pdf``."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError as error:
        raise ExtractError(
            name, "PDF needs an extra package", 'Install it with: pip install "briefing[pdf]"'
        ) from error
    import io
    import logging

    logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)
    try:
        reader = PdfReader(io.BytesIO(body))
        if reader.is_encrypted and not reader.decrypt(""):
            raise ExtractError(name, "the PDF is encrypted", "Save it without a password")
        pages = [page.extract_text() for page in reader.pages[:MOST_PAGES]]
        data = reader.metadata
    except PyPdfError as error:
        raise ExtractError(name, f"the PDF is damaged ({error})", "Open it to see what it is") from error
    text = re.sub(r"(\w)-\n(\w)", r"\1\2", "\n\n".join(pages))
    if not text.strip():
        raise ExtractError(name, "the PDF holds pictures of pages, no text", "Run it through text recognition first")
    title = str(data.title or "") if data else ""
    if re.search(r"\.\w{2,4}$|^untitled|^microsoft word", title, re.IGNORECASE):
        title = ""  # the name of a file, which printing programs put there
    first, _, rest = normalise(text).partition("\n")
    if rest and 2 <= len(first.split()) <= 20 and first[-1] not in ".:;," and (not title or first == title):
        title, text = first, rest
    text = re.sub(r"(?<![.!?:”\"])\n(?=[a-z(])", " ", normalise(text))
    created = data.creation_date if data else None
    published = created if created is None or created.tzinfo else created.replace(tzinfo=UTC)
    return Found(text=unwrapped(text), title=title, published=published)
