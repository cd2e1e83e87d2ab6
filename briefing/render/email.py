"""The edition as an e-mail message. Pure: the time, the addresses and the templates are arguments.

Multipart/alternative: text, then HTML with inlined styles and no remote resources, and with its pictures where they are
asked for. Gmail clips a message whose HTML
exceeds about 102 KB once encoded, so a letter stays under `LARGEST_LETTER` as a whole for any edition: the least
important stories become one line each, or a count; the one in the subject is always shown in full.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email.message import EmailMessage
from itertools import product
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from briefing.mail_headers import address_of, ascii_uri, letter_policy
from briefing.nlp.text import fingerprint, version_key
from briefing.render.abridge import LIMITS, abridged, sections_with
from briefing.render.compose import FEWEST_SENTENCES, minutes_saved
from briefing.render.filters import edition_variables, tidy, unlinked
from briefing.render.front_page import by_importance, front_of, front_stories, shown_sections
from briefing.sanitise import clipped, one_line
from briefing.stories.novelty import untold
from briefing.types import Article, Edition, Mention, Picture, Story, Stub

if TYPE_CHECKING:
    from jinja2 import Environment

LARGEST_LETTER = 98_000
"""Bytes of headers and both parts as sent; with the headers that servers add it is still under 100,000."""
LONGEST_SUBJECT = 150
"""Characters."""
_SHORTEST_TOP = 20
"""Characters of a headline in a subject; where a title leaves less, the subject is cut at its end."""
_MOST_STORIES = 300
"""Stories shown or listed: a line takes 300 bytes, so that more do not fit and need not be rendered."""
_AROUND_A_PICTURE = 1500
"""Bytes of its headers and its tag, at most."""
_LISTS = (30, 10, 3, 0)
"""Entries of each list besides the stories (stubs, developing, failures), tried from the most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """Addresses and options of a letter."""

    sender: str
    """``Name <address>`` or an address."""
    recipient: str
    reply_to: str = ""
    list_id: str = ""
    """Empty: derived from the sender's domain."""
    unsubscribe: str = ""
    """``https://…`` or ``mailto:…``; empty: no such header."""
    one_click: bool = False
    """Whether `unsubscribe` accepts a POST (RFC 8058)."""
    evidence: bool = False
    """Whether the cited sentences are shown with each point."""
    pictures: bool = False
    """Whether the stories' pictures are parts of the letter, as far as its text leaves room."""
    link: str = ""
    """Web address of the whole edition; empty: there is none."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message ready to be sent."""

    message: EmailMessage
    shortened: int
    """Stories that are one line in it, or only counted."""


def edition_key(edition: Edition) -> str:
    """Identifier of an edition in the delivery ledger: its day, with its name where it has one, and title."""
    return f"{edition.stem} {edition.title}"


def file_name(edition: Edition, recipient: str) -> str:
    """File name of a letter: the date and the address, other characters replaced by underscores."""
    address = re.sub(r"[^\w.@+-]", "_", address_of(recipient).addr_spec)
    return f"{edition.stem}-{address}.eml"


def for_sections(edition: Edition, names: Sequence[str]) -> Edition:
    """The edition with the named sections only; all of them where none is named."""
    if not names:
        return edition
    kept = replace(
        edition,
        sections=tuple(section for section in edition.sections if section.name in names),
        stubs=tuple(stub for stub in edition.stubs if stub.section in names),
    )
    articles = {article.id for story in kept.stories for article in story.articles}
    overview = tuple(point for point in edition.overview if articles.intersection(c.article for c in point.citations))
    ranking = tuple(kept.stories[index].summary.id for index in by_importance(kept)) if edition.ranking else ()
    # The headline's story may be in a section that is left out, and so may those of the overview's sentences.
    return replace(
        kept,
        headline="",
        overview=overview if len(overview) >= FEWEST_SENTENCES else (),
        front=front_of(ranking),
        ranking=ranking,
    )


def only_new(
    edition: Edition, told: Collection[str] | None, texts: Callable[[], Mapping[str, Article]] = dict
) -> Edition:
    """What the edition has for a reader who was `told` these (`told_in`; None: all), and nothing beside it.

    Stories (`stories.novelty.untold`, also for `texts`), headlines ("In short") and mentions.
    """
    known: dict[str, list[str]] = {}
    for key in told or ():
        known.setdefault(key.partition("@")[0], []).append(key)
    day = edition.date
    sections = [
        replace(section, stories=tuple(filter(None, (untold(story, known, day, texts) for story in section.stories))))
        for section in (() if told is None else edition.sections)
    ]
    return replace(
        edition,
        sections=tuple(section for section in sections if section.stories),
        stubs=tuple(line for line in edition.stubs if told is not None and _line_key(line) not in told),
        developing=tuple(line for line in edition.developing if told is not None and _line_key(line) not in told),
        headline="", overview=(), failures=(), notes=(), front=(),
    )  # fmt: skip


def told_in(edition: Edition, whole: Edition | None = None) -> frozenset[str]:
    """What a letter with this edition tells: versions (`version_key`) of its stories' articles, keys of its lines.

    And, marked as such, which articles of the `whole` edition it does not tell (`passed_over`).
    """
    versions = (version_key(article.id, article.text) for article in _articles(edition))
    passed = (f"-{article}" for article in articles_of(whole) - articles_of(edition)) if whole else ()
    return frozenset([*versions, *map(_line_key, edition.stubs), *map(_line_key, edition.developing), *passed])


def passed_over(told: Collection[str]) -> frozenset[str]:
    """The ids of articles that an edition had and a letter (`told_in`) did not tell, as of another section."""
    return frozenset(key[1:] for key in told if key.startswith("-"))


def articles_of(edition: Edition) -> frozenset[str]:
    """The ids of the articles of its stories."""
    return frozenset(article.id for article in _articles(edition))


def articles_in(told: Collection[str]) -> frozenset[str]:
    """The same of what a letter told (`told_in`), among keys of lines."""
    return frozenset(key.partition("@")[0] for key in told)


def _articles(edition: Edition) -> Iterator[Article]:
    return (article for story in edition.stories for article in (*story.articles, *story.copies))


def _line_key(line: Stub | Mention) -> str:
    title = line.title if isinstance(line, Stub) else line.headline
    return fingerprint("line", line.url or f"{line.source}\n{title}")[:32]


def write_letter(
    edition: Edition,
    envelope: Envelope,
    templates: Environment,
    now: datetime,
    *,
    key: str = "",
    since: datetime | None = None,
) -> Letter:
    """The message to one recipient, of at most `LARGEST_LETTER`.

    `key`: what identifies the letter to this recipient, empty for the edition's own. `since`: when the recipient's last
    letter about the edition was sent, UTC, where this one has the stories that came after it.
    The same edition, envelope and time give the same bytes. Raises `AssetError` for a broken template.
    """
    order, minutes = by_importance(edition), _cached_minutes_saved()
    longest = max(map(len, (edition.stubs, edition.developing, edition.failures)))
    list_lengths = [length for length in _LISTS if length == _LISTS[0] or length < longest]
    for limits, list_length in product(LIMITS, list_lengths):
        writer = _Writer(
            whole=edition, edition=abridged(edition, limits, list_length), order=order, minutes=minutes,
            envelope=envelope, templates=templates, now=now, key=key or edition_key(edition), since=since,
        )  # fmt: skip
        # Lists may take up to half of a letter; without one, there is nothing left to shorten.
        room = LARGEST_LETTER // 2 if min(list_length, longest) else LARGEST_LETTER
        fitting = _fit_stories(writer.size, len(order), room)
        if fitting is not None:
            break
    shown, listed = fitting or (min(len(order), 1),) * 2  # else a user's template alone is too large
    message = writer.message(shown, listed)
    if envelope.pictures and (pictures := writer.pictures(shown, LARGEST_LETTER - len(message.as_bytes()))):
        illustrated = writer.message(shown, listed, pictures)
        message = illustrated if len(illustrated.as_bytes()) <= LARGEST_LETTER else message
    return Letter(message, len(order) - shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Writer:
    """Composes a letter with a part of the stories: the first `shown` in full, those up to `listed` as one line."""

    whole: Edition
    edition: Edition
    """The same, abridged."""
    order: Sequence[int]
    """Indices of the stories, the most important first."""
    minutes: Callable[[Sequence[Story]], int]
    """`compose.minutes_saved`."""
    envelope: Envelope
    templates: Environment
    now: datetime
    key: str
    since: datetime | None

    def size(self, shown: int, listed: int) -> int:
        """Bytes of the letter; for one that is too large, any number above `LARGEST_LETTER`."""
        variables = self._variables(shown, listed)
        html = self._html(variables)
        if len(html) > LARGEST_LETTER:  # encoding only adds to it, and takes its time
            return len(html)
        text = self._text(variables)
        length = len(html) + len(text)
        return length if length > LARGEST_LETTER else len(self._message(text, html).as_bytes())

    def message(self, shown: int, listed: int, pictures: Mapping[str, Picture] | None = None) -> EmailMessage:
        """The letter, with these `pictures` by their digests."""
        pictures = pictures or {}
        variables = {**self._variables(shown, listed), "pictures": {digest: _content_id(digest) for digest in pictures}}
        return self._message(self._text(variables), self._html(variables), pictures)

    def pictures(self, shown: int, room: int) -> dict[str, Picture]:
        """The pictures, by their digests, for which there are `room` bytes; of the most important stories first."""
        chosen: dict[str, Picture] = {}
        for story in (self.edition.stories[index] for index in self.order[:shown]):
            picture = story.picture
            if picture and picture.data and picture.digest not in chosen:
                # In base64 and lines; its headers; the tag, in which a character may take twelve.
                takes = len(picture.data) * 7 // 5 + _AROUND_A_PICTURE + 12 * len(picture.alt)
                if takes <= room:
                    chosen[picture.digest] = picture
                    room -= takes
        return chosen

    def _variables(self, shown: int, listed: int) -> dict[str, object]:
        stories = self.edition.stories
        kept = sections_with(self.edition, self.order[:shown])
        # Links within a letter lead nowhere in many mail programs: what is at the top is not named again.
        sections = [
            replace(section, above=())
            for section in shown_sections(self.edition, kept)
            if section.here or section.stubs
        ]
        told = {story.summary.id for section in kept for story in section.stories}
        return {
            **edition_variables(self.edition, evidence=self.envelope.evidence),
            "pictures": {},
            "front": [story for story in front_stories(self.edition) if story.summary.id in told],
            "sections": sections,
            "told": sections,
            "listed": [stories[index].summary for index in sorted(self.order[shown:listed])],
            "unlisted": len(stories) - listed,
            "more_stubs": len(self.whole.stubs) - sum(len(section.stubs) for section in sections),
            "minutes_saved": self.minutes,
            "since": self.since and self.since.astimezone(ZoneInfo(self.edition.timezone)),
            "unsubscribe": self.envelope.unsubscribe,
            "link": self.envelope.link,
        }

    def _text(self, variables: dict[str, object]) -> str:
        return tidy(self.templates.get_template("email.txt.j2").render(**variables))

    def _html(self, variables: dict[str, object]) -> str:
        import css_inline

        stories = self.edition.stories
        after_the_first = (stories[index].summary.headline for index in self.order[1:4])
        page = self.templates.get_template("email.html.j2").render(
            preheader=" · ".join(filter(None, after_the_first)), **variables
        )
        # There is no stylesheet to fetch, and the inliner must not try.
        inliner = css_inline.CSSInliner(load_remote_stylesheets=False, keep_style_tags=False, minify_css=True)
        return tidy(unlinked(inliner.inline(page)))

    def _message(self, text: str, html: str, pictures: Mapping[str, Picture] | None = None) -> EmailMessage:
        edition, envelope = self.edition, self.envelope
        sender, recipient = address_of(envelope.sender), address_of(envelope.recipient)
        reply_to = address_of(envelope.reply_to or envelope.sender)
        message = EmailMessage(policy=letter_policy(sender, recipient, reply_to))
        top = edition.headline or (edition.stories[self.order[0]].summary.headline if self.order else "")
        message["Subject"] = self._subject(top)
        message["From"], message["To"] = sender, recipient
        if envelope.reply_to:
            message["Reply-To"] = reply_to
        message["Date"] = self.now.astimezone(ZoneInfo(edition.timezone))
        letter_id = fingerprint(self.key, recipient.addr_spec.lower(), sender.addr_spec.lower())[:32]
        message["Message-ID"] = f"<{letter_id}@{sender.domain}>"
        message["List-ID"] = f"<{envelope.list_id or f'briefing.{sender.domain}'}>"
        if envelope.unsubscribe:
            message["List-Unsubscribe"] = f"<{ascii_uri(envelope.unsubscribe)}>"
            if envelope.one_click and envelope.unsubscribe.startswith("https://"):
                message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message["Auto-Submitted"] = "auto-generated"

        message.set_content(text)
        message.add_alternative(html, subtype="html", cte="quoted-printable")
        for digest, picture in (pictures or {}).items():
            *_, page = message.iter_parts()
            assert isinstance(page, EmailMessage)
            page.add_related(picture.data, "image", "jpeg", cid=f"<{_content_id(digest)}>", disposition="inline")
        for number, part in enumerate(part for part in message.walk() if part.is_multipart()):
            part.set_boundary(f"{letter_id}-{number}")  # else a random one for each time it is written
        return message

    def _subject(self, top: str) -> str:
        """The subject with the headline `top`, of which as many words stay as there is room for."""
        words: Any = self.templates.get_template("words.j2").module
        title = str(words.dated_title(self.edition.title, self.edition.date))
        if self.edition.name:
            title = str(words.named_title(title, self.edition.name))
        if self.since:
            since = self.since.astimezone(ZoneInfo(self.edition.timezone))
            title = str(words.title_since(title, since, self.edition.date))
        count = len(self.edition.stories)
        subject = one_line(str(words.subject(title, count, top)))
        room = len(top) - (len(subject) - LONGEST_SUBJECT)
        if len(top) > room >= _SHORTEST_TOP:
            subject = one_line(str(words.subject(title, count, clipped(one_line(top), room))))
        return clipped(subject, LONGEST_SUBJECT)


def _content_id(digest: str) -> str:
    """Of a picture's part (RFC 2392)."""
    return f"{digest[:32]}@briefing"


def _cached_minutes_saved() -> Callable[[Sequence[Story]], int]:
    """`compose.minutes_saved`, cached: a letter is rendered several times until it fits."""
    cache: dict[tuple[str, ...], int] = {}

    def minutes(stories: Sequence[Story]) -> int:
        key = tuple(story.summary.id for story in stories)
        if key not in cache:
            cache[key] = minutes_saved(stories)
        return cache[key]

    return minutes


def _fit_stories(size: Callable[[int, int], int], count: int, room_for_first: int) -> tuple[int, int] | None:
    """How many stories are shown in full, and how many shown or listed, to fill the letter; all where they fit.

    `size`: bytes of a letter with so many. None where the first story alone, with everything besides the stories, needs
    more than `room_for_first`.
    """
    least = min(count, 1)
    if count <= _MOST_STORIES and size(count, count) <= LARGEST_LETTER:
        return count, count
    smallest = size(least, least)
    if smallest > room_for_first:
        return None
    for_lines = smallest + (LARGEST_LETTER - smallest) * 2 // 5  # the rest is for stories in full
    listed = _bisect(least, min(count, _MOST_STORIES), lambda number: size(least, number) <= for_lines)
    return _bisect(least, listed, lambda number: size(number, listed) <= LARGEST_LETTER), listed


def _bisect(low: int, high: int, fits: Callable[[int], bool]) -> int:
    """The largest number up to `high` for which the monotone `fits` holds; `low` where it holds for none above it."""
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(middle) else (low, middle - 1)
    return low
