"""The edition as an e-mail message. Pure: the time, the addresses and the templates are arguments.

A text part first, then HTML with its styles inlined; nothing is fetched from anywhere. Gmail cuts off a letter whose
HTML passes about 102 KB once encoded, so a letter stays under `LARGEST_LETTER` as a whole, whatever its edition holds:
the stories that matter least become one line each, or a number; the one that the subject names is always told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from email.message import EmailMessage
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from briefing.dates import in_zone
from briefing.mail_headers import address_of, ascii_uri, letter_policy
from briefing.nlp.text import fingerprint
from briefing.render.abridge import LIMITS, abridged, of_stories, ranked
from briefing.render.compose import FEWEST_SENTENCES, minutes_saved
from briefing.render.filters import tidy, unlinked
from briefing.sanitise import clipped, one_line
from briefing.types import Edition, Story

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = [
    "LARGEST_LETTER",
    "LONGEST_SUBJECT",
    "Envelope",
    "Letter",
    "dated_key",
    "edition_key",
    "file_name",
    "for_sections",
    "write_letter",
]

LARGEST_LETTER = 98_000
"""Bytes of headers and both parts as they are sent; what servers put before them still leaves it under 100,000."""
LONGEST_SUBJECT = 150
"""Characters."""
_MOST_STORIES = 300
"""That are told or named: for more there is no room, a line of each takes 300 bytes, and nothing is rendered to see."""
_LISTS = (30, 10, 3, 0)
"""Entries of each list that is no stories, from the most that are shown."""


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
    """Stories that are one line in it, or only counted."""


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
    """The message to one recipient, of at most `LARGEST_LETTER`.

    The same edition, envelope and time give the same bytes. Raises `AssetError` for a broken template.
    """
    order, minutes = ranked(edition), _minutes_saved()
    longest = max(map(len, (edition.stubs, edition.developing, edition.failures)))
    lists = [most for most in _LISTS if most == _LISTS[0] or most < longest]
    for limits, most in product(LIMITS, lists):
        writer = _Writer(
            whole=edition, edition=abridged(edition, limits, most), order=order, minutes=minutes, envelope=envelope,
            environment=environment, now=now,
        )  # fmt: skip
        # Lists may take up half of a letter; without one, there is nothing else to make room.
        found = _filled(writer.size, len(order), LARGEST_LETTER // 2 if min(most, longest) else LARGEST_LETTER)
        if found is not None:
            break
    told, named = found or (min(len(order), 1),) * 2  # where nothing helps, it is a user's template that is so large
    return Letter(writer.message(told, named), len(order) - told)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Writes a letter with some of an edition's stories: the first `told` in full, those up to `named` in a line."""

    whole: Edition
    edition: Edition
    """The same, abridged."""
    order: Sequence[int]
    """The places of the stories, of what matters most first."""
    minutes: Callable[[Sequence[Story]], int]
    """`compose.minutes_saved`."""
    envelope: Envelope
    environment: Environment
    now: datetime

    def size(self, told: int, named: int) -> int:
        """Bytes of the letter; of one that is too large, as many as show that."""
        variables = self._variables(told, named)
        html = _html(self.edition, self.envelope, self.environment, variables)
        if len(html) > LARGEST_LETTER:  # encoding only adds to it, and takes its time
            return len(html)
        text = _text(self.edition, self.envelope, self.environment, variables)
        length = len(html) + len(text)
        return length if length > LARGEST_LETTER else len(self._message(text, html).as_bytes())

    def message(self, told: int, named: int) -> EmailMessage:
        """The letter."""
        variables = self._variables(told, named)
        text = _text(self.edition, self.envelope, self.environment, variables)
        return self._message(text, _html(self.edition, self.envelope, self.environment, variables))

    def _variables(self, told: int, named: int) -> dict[str, object]:
        stories = self.edition.stories
        return {
            "told": of_stories(self.edition, self.order[:told]),
            "listed": [stories[place].summary for place in sorted(self.order[told:named])],
            "unlisted": len(stories) - named,
            "more_stubs": len(self.whole.stubs) - len(self.edition.stubs),
            "minutes_saved": self.minutes,
        }

    def _message(self, text: str, html: str) -> EmailMessage:
        edition, envelope = self.edition, self.envelope
        sender, recipient = address_of(envelope.sender), address_of(envelope.recipient)
        answers_to = address_of(envelope.reply_to or envelope.sender)
        message = EmailMessage(policy=letter_policy(sender, recipient, answers_to))
        words = self.environment.get_template("words.j2").module
        top = edition.headline or (edition.stories[0].summary.headline if edition.stories else "")
        subject = str(words.subject(edition.title, len(edition.stories), top))  # type: ignore[attr-defined]
        message["Subject"] = clipped(one_line(subject), LONGEST_SUBJECT)
        message["From"], message["To"] = sender, recipient
        if envelope.reply_to:
            message["Reply-To"] = answers_to
        message["Date"] = self.now.astimezone(ZoneInfo(edition.timezone))
        letter_id = fingerprint(edition_key(self.whole), recipient.addr_spec.lower(), sender.addr_spec.lower())[:32]
        message["Message-ID"] = f"<{letter_id}@{sender.domain}>"
        message["List-ID"] = f"<{envelope.list_id or f'briefing.{sender.domain}'}>"
        if envelope.unsubscribe:
            message["List-Unsubscribe"] = f"<{ascii_uri(envelope.unsubscribe)}>"
            if envelope.one_click and envelope.unsubscribe.startswith("https://"):
                message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Auto-Submitted"] = "auto-generated"

        message.set_content(text)
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
            part.set_boundary(f"{letter_id}-{number}")  # else it is drawn anew for each time it is written
        return message


def _minutes_saved() -> Callable[[Sequence[Story]], int]:
    """`compose.minutes_saved` that counts once: an edition is written several times until it fits."""
    known: dict[tuple[str, ...], int] = {}

    def minutes(stories: Sequence[Story]) -> int:
        key = tuple(story.summary.id for story in stories)
        if key not in known:
            known[key] = minutes_saved(stories)
        return known[key]

    return minutes


def _filled(size: Callable[[int, int], int], count: int, room_for_first: int) -> tuple[int, int] | None:
    """How many stories are told, and how many told or named, so that the letter is filled; all where they fit.

    `size`: bytes of a letter with so many. None where the first story alone, with all that is no story, needs more than
    `room_for_first`.
    """
    least = min(count, 1)
    if count <= _MOST_STORIES and size(count, count) <= LARGEST_LETTER:
        return count, count
    smallest = size(least, least)
    if smallest > room_for_first:
        return None
    for_lines = smallest + (LARGEST_LETTER - smallest) * 2 // 5  # so that stories are told, and not only named
    named = _largest(least, min(count, _MOST_STORIES), lambda number: size(least, number) <= for_lines)
    return _largest(least, named, lambda number: size(number, named) <= LARGEST_LETTER), named


def _largest(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `high` that `fits`, which holds for every smaller one; `low` where no other does."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low


def _text(edition: Edition, envelope: Envelope, environment: Environment, variables: Mapping[str, object]) -> str:
    template = environment.get_template("email.txt.j2")
    zone = ZoneInfo(edition.timezone)
    return tidy(
        template.render(
            edition=edition,
            sections=variables["told"],
            sources=_sources(edition),
            local=lambda time: in_zone(time, zone),
            unsubscribe=envelope.unsubscribe,
            **variables,
        )
    )


def _html(edition: Edition, envelope: Envelope, environment: Environment, variables: Mapping[str, object]) -> str:
    import css_inline

    template = environment.get_template("email.html.j2")
    zone = ZoneInfo(edition.timezone)
    page = template.render(
        edition=edition,
        sources=_sources(edition),
        local=lambda time: in_zone(time, zone),
        preheader=" · ".join(story.summary.headline for story in edition.stories[1:4] if story.summary.headline),
        evidence=envelope.evidence,
        unsubscribe=envelope.unsubscribe,
        **variables,
    )
    # No stylesheet is fetched: there is none, and the inliner is told so.
    inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, minify_css=True)
    return tidy(unlinked(inliner.inline(page)))


def _sources(edition: Edition) -> int:
    return len({article.source for story in edition.stories for article in story.articles})
