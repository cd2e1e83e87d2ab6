"""What of an edition's part for a recipient none of the letters, or pushes, to them has told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, partial
from typing import TYPE_CHECKING

from briefing.pipeline.context import RunContext
from briefing.render.email import articles_in, articles_of, edition_key, only_new, passed_over
from briefing.store import edition_and_number, letter_key
from briefing.types import Edition

if TYPE_CHECKING:
    from briefing.store import DeliveryKey, StoredLetter

MAIL = "mail"
"""The channel of letters in the ledger."""


class Rest:
    """A recipient's letters, or pushes (`channel`), about an edition, and what of their `part` none of them told.

    Told is what a letter had that was sent or may have arrived. A later one has what a refused one had, too.
    """

    def __init__(self, address: str, part: Edition, edition: Edition, context: RunContext, channel: str = MAIL) -> None:
        self._address, self._part, self._edition, self._channel = address, part, edition_key(edition), channel
        self.letters = context.store.letters(self._edition, address, channel)
        versions = partial(context.store.told_versions, edition.date, edition.title, name=edition.name)
        self._texts = cache(versions)

    def key(self, number: int) -> DeliveryKey:
        """Of the recipient's letter of that number."""
        return (letter_key(self._edition, number), self._address, self._channel)

    @property
    def closed(self) -> list[StoredLetter]:
        """The letters that are not open, those that were sent behind the others."""
        return sorted((one for one in self.letters if not one.open), key=lambda one: one.delivery.state == "sent")

    @property
    def due(self) -> DeliveryKey | None:
        """The letter to be sent, the open one, else a new one; None where all was told, or tried and refused."""
        still_open = next((letter.number for letter in self.letters if letter.open), None)
        key = self.key(still_open or (self.letters[-1].number + 1 if self.letters else 1))
        return key if self._beyond(self.closed) else None

    def content(self, key: DeliveryKey, *, resend: bool = False) -> tuple[Edition, datetime | None] | None:
        """What the letter of that key tells: the part without what the letters before and after it told.

        Also when the last one before all of that was sent; None for the first, and where the edition had some of it
        before, as in a section that the reader did not have. None where the others have told every
        story: a reader gets no letter for a headline or a mention. Without others, the part is told as it is.
        `resend`: with what may have arrived.
        """
        number = edition_and_number(key[0])[1]
        told = [letter for letter in self._told(resend=resend) if letter.number != number]
        rest = self._beyond(told)
        if rest is None:
            return None
        lost = [one.number for one in self.letters if not one.open and one not in told and _shares(one, rest, told)]
        first = min([number, *lost])
        known = frozenset().union(*(letter.stories or () for letter in told))
        if not (passed_over(known) - articles_in(known)).isdisjoint(articles_of(rest)):
            return rest, None
        return rest, max((letter.changed for letter in told if letter.number < first), default=None)

    def lost(self) -> list[StoredLetter]:
        """The letters that were refused, or of which nobody knows, with something that no other told."""
        found = []
        for letter in self.letters:
            if letter.delivery.state in {"refused", "sending"}:
                told = [one for one in self._told(resend=False) if one != letter]
                rest = self._beyond(told)
                if rest and _shares(letter, rest, told):
                    found.append(letter)
        return found

    def reported(self, sent: object, *, resend: bool) -> list[StoredLetter]:
        """The letters to be reported: the lost ones, without those whose stories one that is `sent` now has.

        Where there is none and nothing is sent: the last one.
        """
        if not sent:
            return self.lost() or self.closed[-1:]
        return [] if resend else [letter for letter in self.lost() if letter.delivery.state == "sending"]

    def _told(self, *, resend: bool) -> list[StoredLetter]:
        states = {"sent"} if resend else {"sent", "sending"}
        return [letter for letter in self.letters if letter.delivery.state in states]

    def _beyond(self, letters: Sequence[StoredLetter]) -> Edition | None:
        """The part without what these letters told; None where they told every story."""
        if not letters:
            return self._part
        known = [letter.stories for letter in letters]
        told = None if None in known else frozenset().union(*(stories for stories in known if stories is not None))
        rest = only_new(self._part, told, self._texts)
        return rest if rest.stories else None


def _shares(letter: StoredLetter, part: Edition, told: Iterable[StoredLetter]) -> bool:
    """Whether the letter had something of this part's stories that the `told` ones had not; or the part has none."""
    if not part.stories or letter.stories is None:
        return True
    alone = letter.stories.difference(*(one.stories or () for one in told))
    return not articles_in(alone).isdisjoint(articles_of(part))
