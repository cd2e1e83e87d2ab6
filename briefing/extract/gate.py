"""What is no article, and why: binary files, empty ones, walls of every kind, navigation pages. Pure."""

from __future__ import annotations

import re

from briefing.errors import ExtractError
from briefing.text import word_count

__all__ = ["FEWEST_WORDS", "LONGEST", "check_article", "check_bytes", "check_page"]

LONGEST = 10_000_000
"""Bytes of a file, characters of a text."""
FEWEST_WORDS = 12
"""Below this there is nothing to condense: a title, a caption, a label."""
WALL_WORDS = 150
"""A text longer than this is an article even if it speaks of cookies or subscriptions."""
SHORT_WALL = 50
"""Words."""
_WALL_TALK = re.compile(
    r"\b(?:cookies?|consent\w*|partners|preferences|subscri\w+|sign (?:in|up)|log ?in|password|account|javascript|404|"
    r"abon\w+|suscri\w+|abbonat\w+|zustimm\w+|akzeptier\w+|einwillig\w+|accept(?:er|eren)|acept\w+|accett\w+)\b",
    re.IGNORECASE,
)

# As regular expressions, because an article may begin with the word "GGUF" or "ID3".
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

_WALLS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile("|".join(patterns), re.IGNORECASE))
    for reason, patterns in (
        (
            "it is a cookie wall",
            (
                r"\bcookies?\b.{0,300}\b(?:consent|accept|agree|preferences|privacy policy|partners)\b",
                r"\b(?:consent|accept|agree to)\b.{0,120}\bcookies?\b",
                r"before you continue to",
                r"\bcookies?\b.{0,300}\b(?:akzeptieren|zustimmen|einwilligung|accepter|consentement|aceptar|acepto|consentimiento|"
                r"accetta\w*|consenso|accepteren|toestemming|aceitar)\b",
            ),
        ),
        (
            "it is a paywall",
            (
                r"\b(?:subscribe|subscription|subscribers?)\b.{0,200}\b(?:continue reading|unlimited|full access)\b",
                r"\b(?:subscribe|subscription|subscribers?)\b.{0,200}\b(?:to read|read the (?:full|rest)|premium)\b",
                r"\balready a (?:subscriber|member)\b",
                r"\b(?:bereits abonnent|réservée? aux abonnés|déjà abonné|solo para (?:suscriptores|abonados))\b",
                r"\b(?:riservato agli abbonati|al abonnee)\b",
                r"\b(?:continue reading|to read (?:this|the full))\b.{0,160}\b(?:subscri\w+|(?:log|sign) ?in)\b",
            ),
        ),
        (
            "it asks for a login",
            (r"\b(?:log|sign) ?in\b.{0,120}\b(?:password|account|to (?:continue|view|access|your))\b",),
        ),
        (
            "it needs JavaScript",
            (
                r"\b(?:enable|turn on|activate|requires?|without)\b.{0,40}\bjavascript\b",
                r"javascript is (?:disabled|required|not enabled)",
            ),
        ),
        (
            "it is a check for robots",
            (
                r"\bverify (?:that )?you are (?:a )?human\b",
                r"\b(?:are you a robot|checking your browser|captcha|unusual traffic|access denied|ddos protection)\b",
            ),
        ),
        (
            "it is an error page",
            (
                r"\b(?:page|article|content|file)\b.{0,40}\b(?:not (?:be )?found|no longer (?:exists?|available))\b",
                r"\b(?:page|article|content|file)\b.{0,40}\b(?:doesn['’]t exist|does not exist|removed|moved)\b",
                r"\b(?:error )?404\b|\b(?:500 )?internal server error\b|\b403 forbidden\b|service unavailable",
            ),
        ),
    )
)


def check_bytes(body: bytes, media_type: str, name: str) -> None:
    """Refuse what is empty, too large or binary. Raises `ExtractError`."""
    if not body.strip(b"\xef\xbb\xbf \t\r\n\x00"):
        raise ExtractError(name, "it is empty", "Check whether it is the right file or address")
    if len(body) > LONGEST:
        raise ExtractError(
            name, f"it is too large: {len(body) / 1e6:.0f} MB, the limit is {LONGEST / 1e6:.0f} MB",
            "Split it into articles",
        )  # fmt: skip
    if body.startswith(b"%PDF-"):
        return
    for magic, what in _MAGIC:
        if magic.match(body):
            raise ExtractError(name, f"it is {what}, not text", "Give it as text, HTML, Markdown, mail or PDF")
    head = body[:8192]
    wide = body[:2] in {b"\xff\xfe", b"\xfe\xff"}  # UTF-16 with its mark is full of zero bytes
    if not wide and (b"\0" in head or sum(byte < 9 or 13 < byte < 27 for byte in head) > len(head) * 0.02):
        raise ExtractError(name, "it is a binary file, not text", "Give it as text, HTML, Markdown, mail or PDF")
    if media_type.startswith(("image/", "audio/", "video/", "font/")):
        raise ExtractError(name, f"it is {media_type}, not text", "Name the page that it belongs to")


def check_page(text: str, everything: str, links: int, name: str) -> None:
    """Refuse a page whose article, as far as one was found, is a wall or a list of links.

    `text` is what was found, `everything` all visible text of the page, `links` the words of it that are links. Raises
    `ExtractError`.
    """
    words = word_count(text)
    visible = word_count(everything[:200_000])
    longest = max((word_count(line) for line in text.split("\n")), default=0)
    if visible >= 40 and links > 0.6 * visible and longest < 25:
        raise ExtractError(name, "it is a page of links, not an article", "Name one of the articles, or the feed")
    if words > WALL_WORDS:
        return
    looked_at = " ".join((text if words >= FEWEST_WORDS else everything[:3000]).split())
    # A short wall says so once; in a longer text one mention is no wall, but an article about one.
    if word_count(looked_at) > SHORT_WALL and len(_WALL_TALK.findall(looked_at)) < 4:
        return
    for reason, pattern in _WALLS:
        if pattern.search(looked_at):
            raise ExtractError(name, reason, "Open it in a browser; its feed may hold the text")


def check_article(text: str, title: str, name: str) -> None:
    """Refuse an article without a body. Raises `ExtractError`."""
    words = word_count(text)
    if words == 0:
        raise ExtractError(name, "there is only a title" if title else "there is no article in it",
                           "Open it to see what it is")  # fmt: skip
    if words < FEWEST_WORDS:
        cause = f"there are only {words} words in it" + (" beside the title" if title else "")
        raise ExtractError(name, cause, "Open it to see what it is")
    if len(text) > LONGEST:
        raise ExtractError(name, f"its text is over {LONGEST / 1e6:.0f} million characters", "Split it into articles")
