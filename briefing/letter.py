"""The edition as an e-mail message. Pure: the time, the addresses and the templates are arguments.

A text part first, then HTML with its styles inlined; nothing is fetched from anywhere. Gmail cuts off a letter whose
HTML passes about 102 KB once encoded, so it stays under `LARGEST_HTML`: of a larger edition the last stories become one
line each, and the whole page is attached.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from briefing.compose import FEWEST_SENTENCES, minutes_saved
from briefing.dates import shown
from briefing.headers import address_of, ascii_uri, letter_policy
from briefing.render import prepared, render, tidy, unlinked
from briefing.text import fingerprint
from briefing.types import Edition, Section, Story

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "LARGEST_HTML",
    "Envelope",
    "Letter",
    "dated_key",
    "edition_key",
    "encoded_size",
    "file_name",
    "for_sections",
    "write_letter",
]

LARGEST_HTML = 90_000
"""Bytes of the HTML part as it is sent, quoted-printable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What stands around the edition."""

    sender: str
    """``Name <address>`` or an address."""
    recipient: str
    reply_to: str = ""
    list_id: str = ""
    """Empty means: made of the sender's domain."""
    unsubscribe: str = ""
    """``https://…`` or ``mailto:…``; empty means: no such header."""
    one_click: bool = False
    """Whether `unsubscribe` takes a POST (RFC 8058)."""
    evidence: bool = True
    """Whether the sentences behind each point are shown."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message that is ready to be sent."""

    message: EmailMessage
    shortened: int
    """Stories that are one line in it, or only in the attachment."""


def edition_key(edition: Edition) -> str:
    """Names an edition: two of one day and title are one, so that none is delivered twice."""
    return dated_key(edition.date, edition.title)


def dated_key(day: date, title: str) -> str:
    """The `edition_key` of an edition that is not at hand, or cannot be read."""
    return f"{day.isoformat()} {title}"


def file_name(edition: Edition, recipient: str) -> str:
    """Of a letter on disk: the date and whatever of the address a file's name may hold."""
    address = re.sub(r"[^\w.@+-]", "_", address_of(recipient).addr_spec)
    return f"{edition.date.isoformat()}-{address}.eml"


def for_sections(edition: Edition, names: Sequence[str]) -> Edition:
    """The edition with these sections only; with all of them where none is named."""
    if not names:
        return edition
    kept = replace(
        edition,
        sections=tuple(section for section in edition.sections if section.name in names),
        stubs=tuple(stub for stub in edition.stubs if stub.section in names),
    )
    there = {article.id for story in kept.stories for article in story.articles}
    overview = tuple(point for point in edition.overview if there.intersection(c.article for c in point.citations))
    # What the day is about may be in a section that is left out, and so may the stories of two or three sentences.
    return replace(kept, headline="", overview=overview if len(overview) >= FEWEST_SENTENCES else ())


def write_letter(edition: Edition, envelope: Envelope, environment: Environment, now: datetime) -> Letter:
    """The message to one recipient. The same edition, envelope and time give the same bytes.

    Raises `AssetError` for a broken template.
    """
    sender, recipient = address_of(envelope.sender), address_of(envelope.recipient)
    answers_to = address_of(envelope.reply_to or envelope.sender)
    message = EmailMessage(policy=letter_policy(sender, recipient, answers_to))
    words = prepared(environment).get_template("words.j2").module
    top = edition.headline or (edition.stories[0].summary.headline if edition.stories else "")
    subject = str(words.subject(edition.title, len(edition.stories), top))  # type: ignore[attr-defined]
    message["Subject"] = _one_line(subject)
    message["From"], message["To"] = sender, recipient
    if envelope.reply_to:
        message["Reply-To"] = answers_to
    message["Date"] = now.astimezone(ZoneInfo(edition.timezone))
    letter_id = fingerprint(edition_key(edition), recipient.addr_spec.lower(), sender.addr_spec.lower())[:32]
    message["Message-ID"] = f"<{letter_id}@{sender.domain}>"
    message["List-ID"] = f"<{envelope.list_id or f'briefing.{sender.domain}'}>"
    if envelope.unsubscribe:
        message["List-Unsubscribe"] = f"<{ascii_uri(envelope.unsubscribe)}>"
        if envelope.one_click and envelope.unsubscribe.startswith("https://"):
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message["Auto-Submitted"] = "auto-generated"

    message.set_content(_text(edition, envelope, environment))
    html, shortened = _fitting(edition, envelope, environment)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    if shortened:
        page = render(edition, "html", environment).encode()
        message.add_attachment(page, "text", "html", filename=f"{edition.date.isoformat()}.html")
    for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
        part.set_boundary(f"{letter_id}-{number}")  # else it is drawn anew for each time it is written
    return Letter(message, shortened)


def _text(edition: Edition, envelope: Envelope, environment: Environment) -> str:
    template = prepared(environment).get_template("email.txt.j2")
    zone = ZoneInfo(edition.timezone)
    return tidy(
        template.render(
            edition=edition,
            sections=edition.sections,
            minutes_saved=minutes_saved,
            sources=_sources(edition),
            local=lambda time: shown(time, zone),
            unsubscribe=envelope.unsubscribe,
        )
    )


def _fitting(edition: Edition, envelope: Envelope, environment: Environment) -> tuple[str, int]:
    """The HTML with as many stories as fit, and how many are not told in full."""
    count = len(edition.stories)

    def page(told: int, listed: int) -> str:
        return _html(edition, envelope, environment, told, listed)

    def fits(told: int, listed: int) -> bool:
        return encoded_size(page(told, listed)) <= LARGEST_HTML

    if fits(count, count):
        return page(count, count), 0
    told = _largest(count - 1, lambda number: fits(number, count))
    if told or fits(0, count):
        return page(told, count), count - told
    return page(0, _largest(count, lambda number: fits(0, number))), count


def _largest(high: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `high` that `fits`, which holds for every smaller one; 0 where none does."""
    low = 0
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def encoded_size(html: str) -> int:
    """Bytes of `html` as a quoted-printable part with its few headers."""
    part = EmailMessage(policy=SMTP)
    part.set_content(html, subtype="html", cte="quoted-printable")
    return len(part.as_bytes())


def _html(edition: Edition, envelope: Envelope, environment: Environment, told: int, listed: int) -> str:
    """The letter with the first `told` stories in full, and those up to `listed` in one line each."""
    import css_inline

    template = prepared(environment).get_template("email.html.j2")
    zone = ZoneInfo(edition.timezone)
    stories = edition.stories
    page = template.render(
        edition=edition,
        told=_first(edition.sections, told),
        listed=[story.summary for story in stories[told:listed]] if told < len(stories) else [],
        unlisted=len(stories) - max(told, listed),
        minutes_saved=minutes_saved,
        sources=_sources(edition),
        local=lambda time: shown(time, zone),
        preheader=" · ".join(story.summary.headline for story in stories[1:4] if story.summary.headline),
        evidence=envelope.evidence,
        unsubscribe=envelope.unsubscribe,
    )
    # No stylesheet is fetched: there is none, and the inliner is told so.
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, minify_css=True)
    return tidy(unlinked(inliner.inline(page)))


def _first(sections: Sequence[Section], count: int) -> list[Section]:
    """The sections with the first `count` stories, without those that then are empty."""
    found = []
    for section in sections:
        kept: tuple[Story, ...] = section.stories[:count]
        count -= len(kept)
        if kept:
            found.append(replace(section, stories=kept))
    return found


def _sources(edition: Edition) -> int:
    return len({article.source for story in edition.stories for article in story.articles})


def _one_line(text: str) -> str:
    """Fit for a header: one line without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
