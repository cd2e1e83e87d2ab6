"""Plain text in any encoding, Markdown, PDF."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import Any

from briefing.encodings import Decoded, decode
from briefing.errors import ExtractError
from briefing.extract import Extraction, fallback, plain_text
from briefing.extract.length import DOCUMENT_CUT, LONGEST_READ, truncated
from briefing.extras import install_hint
from briefing.nlp.lines import unwrapped
from briefing.nlp.text import normalise, word_count
from briefing.written_dates import DateReader

MOST_PAGES = 500
"""Of a PDF."""
_LONGEST_MARKDOWN = 2 * LONGEST_READ
"""Characters."""
_UNREADABLE = 0.2
"""Share of undecodable characters."""
_LONGEST_PIECE = 5_000
"""Characters of Markdown that are parsed at once: the parser is quadratic."""


def decoded(body: bytes, labels: Iterable[str | None], name: str) -> Decoded:
    """The text in `body`, by `encodings.decode`. Raises `ExtractError` where no encoding fits."""
    found = decode(body, labels)
    if found.doubtful and (not found.declared or found.lost > _UNREADABLE * len(found.text)):
        raise ExtractError(name, "its encoding cannot be told", "Save it as UTF-8")
    return found


def read_markdown(text: str) -> Extraction:
    """Markdown; its title is that of the front matter or the first heading."""
    front: dict[str, str] = {}
    if match := re.match(r"\A---\s*\n(.*?)\n(?:---|\.\.\.)\s*\n", text, re.DOTALL):
        for line in match[1].splitlines():
            key, colon, value = line.partition(":")
            if colon and re.fullmatch(r"\w+", key.strip()):
                front[key.strip().lower()] = value.strip().strip("\"'")
        text = text[match.end() :]
    from briefing.extract.html import text_of

    whole = re.sub(r"^([ \t]{40})[ \t]+", r"\1", text, flags=re.MULTILINE)
    text = truncated(whole, _LONGEST_MARKDOWN)
    warnings = (DOCUMENT_CUT,) if len(text) < len(whole) else ()
    title = front.get("title", "")
    if heading := re.match(r"\A\s*#\s+(.+?)\s*#*\s*\n", text):
        title = title or text_of(_html(heading[1]))
        text = text[heading.end() :]
    text = re.sub(r"!\[[^\]\n]{0,500}\]\([^)\n]{0,2000}\)", "", text)
    body = text_of(_html(text))
    # A paragraph's lines are joined: in Markdown a line end means nothing.
    body = "\n\n".join(" ".join(part.split()) for part in body.split("\n\n"))
    published = DateReader(front.get("lang", "")).read(front.get("date", "")).written
    found = Extraction(text=body, title=title, author=front.get("author", ""), published=published)
    return replace(found if title else plain_text(body), warnings=warnings)


def _html(text: str) -> str:
    """Markdown as HTML, a long text piece by piece."""
    import markdown

    # No text by people has twenty brackets in a row.
    text = re.sub(r"([\[\]()*_`~!<>#])\1{20,}", "", text)
    # The parser would search to the end of the text for that of an unclosed tag or comment.
    text = re.sub(r"<(?=[!?]|[^<>]*+(?:<|\Z))", "< ", fallback.slimmed(text))
    if len(text) > _LONGEST_PIECE:  # link definitions may be in another piece
        text = _REFERENCE.sub(r"\1", _DEFINITION.sub("", text))
    parser = markdown.Markdown(extensions=_EXTENSIONS)
    return "\n".join(_piece_html(piece, parser) for piece in _pieces(text))


def _piece_html(piece: str, parser: Any) -> str:
    """A piece as HTML; where it is too long or too nested for the parser, its paragraphs only."""
    if len(piece) <= _LONGEST_PIECE and piece.count("[") <= _MOST_BRACKETS:
        with suppress(Exception):  # deep lists and quotations exhaust the stack
            return str(parser.reset().convert(piece))
    plain = re.sub(r"^[ \t]*(?:#{1,6}|[>*+-]|\d+[.)])[ \t]+", "", piece, flags=re.MULTILINE)
    plain = re.sub(r"\[([^\[\]\n]{1,500})\]\([^()\n]{0,2000}\)", r"\1", plain)
    return "".join(f"<p>{escape(part)}</p>" for part in re.split(r"\n\s*\n", plain))


def _pieces(text: str) -> Iterator[str]:
    """`text` cut at blank lines, not within fenced code, into pieces of about `_LONGEST_PIECE`."""
    piece: list[str] = []
    length, fenced = 0, False
    for block in re.split(r"\n(?:[ \t]*\n)+", text):
        if piece and length + len(block) > (2 if fenced else 1) * _LONGEST_PIECE:
            yield "\n\n".join(piece)
            piece, length, fenced = [], 0, False
        piece.append(block)
        length += len(block) + 2
        fenced ^= len(_FENCE.findall(block)) % 2 == 1
    yield "\n\n".join(piece)


_EXTENSIONS = ("attr_list", "def_list", "fenced_code", "footnotes", "md_in_html", "tables")
"""Without those of "extra": abbreviations take minutes for a page of definitions."""
_MOST_BRACKETS = 300
_DEFINITION = re.compile(r"^ {0,3}(?:\*\[[^\]\n]*\]:|\[(?!\^)[^\]\n]*\]:[ \t]*\S).*$", re.MULTILINE)
_REFERENCE = re.compile(r"\[([^\[\]\n]{1,500})\] ?\[[^\[\]\n]{0,100}\]")
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)


def read_pdf(body: bytes, name: str) -> Extraction:
    """The text of a PDF of at most 500 pages. Needs the extra ``pdf``."""
    try:
        from pypdf import PdfReader
        from pypdf.errors import PyPdfError
    except ImportError as error:
        raise ExtractError(name, "PDF needs a package that is not installed", install_hint("pdf")) from error
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
    if rest and 2 <= word_count(first) <= 20 and first[-1] not in ".:;," and (not title or first == title):
        title, text = first, rest
    text = re.sub(r"(?<![.!?:”\"])\n(?=[a-z(])", " ", normalise(text))
    return Extraction(text=unwrapped(text), title=title, published=data.creation_date if data else None)
