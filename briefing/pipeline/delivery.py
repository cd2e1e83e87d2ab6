"""Editions to their readers, each once, today or on one of the next days.

The ledger in the store decides. A letter is written down there as owed before anything can go wrong; what was sent is
never sent again; what was put off, or never came to be tried, is tried again, in this run after growing pauses and by
the runs of the next three days; what was refused is reported and left. A run that dies after the server may have taken
a letter leaves it ``sending``: nobody knows, so it is reported and not sent again unless somebody says so (`resend`).

Of two processes that send at once, one has the claim to a letter and the other writes nothing about it. That nobody
sends who is not seen here is for the caller to see to (`lock.run_lock`): else ``sending`` may be another's, at work.

What a server says of the session, and not of a letter, is not written down: its readers have nothing to do with it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from briefing.config import Recipient
from briefing.errors import DeliveryError, UsageError
from briefing.mail_headers import address_of
from briefing.pipeline.context import RunContext
from briefing.pipeline.history import known_edition
from briefing.pipeline.mailing import check_addresses, letter_to, mail_server, readers, sorted_out
from briefing.render.email import edition_key
from briefing.serialization import edition_to_json
from briefing.types import Edition

if TYPE_CHECKING:
    from briefing.deliver import Mailer, SendOutcome
    from briefing.store import DeliveryKey, DeliveryState, PendingDelivery
    from briefing.store.lock import RunLock

__all__ = ["DeliveryResult", "owe_letters", "send_editions"]

CHANNEL = "mail"
_DAYS = 3
"""For how many days after the one since which a letter is owed it is tried again."""
_State = Literal["sent", "before", "deferred", "refused", "unable", "given up", "unknown", "nothing", "taken"]
_STANDS: dict[DeliveryState, _State] = {
    "pending": "deferred",
    "deferred": "deferred",
    "sending": "unknown",
    "sent": "before",
    "refused": "refused",
}
"""What a state of the ledger says of a letter that is not sent here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """What became of one recipient's letter."""

    recipient: str
    state: _State
    """``before``: it was sent in an earlier run; ``nothing``: there is no story for them; ``unable``: this mail server
    cannot take it as it is set up; ``given up``: it was put off for too many days; ``taken``: another process is
    sending it."""
    detail: str = ""
    shortened: int = 0
    """Stories that are not told in full in it."""
    earlier: date | None = None
    """Date of its edition, where that is not the one that was to be sent but one whose letters were waiting."""
    again: bool = True
    """Where it is ``deferred``: whether a later run tries again by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owed:
    """A letter that is to be sent; it is written when its turn comes, since one may be large and readers many."""

    reader: Recipient
    key: DeliveryKey
    edition: Edition
    """The part that is for the reader."""
    earlier: date | None
    again: bool

    @property
    def recipient(self) -> str:
        return address_of(self.reader.address).addr_spec

    def posted(self, outcome: SendOutcome, shortened: int) -> DeliveryResult:
        return DeliveryResult(
            recipient=self.recipient, state=outcome.state, detail=outcome.detail, shortened=shortened,
            earlier=self.earlier, again=self.again,
        )  # fmt: skip


def owe_letters(edition: Edition, context: RunContext, only: Sequence[str] = ()) -> None:
    """Write into the ledger who is to get the edition, so that a run that dies before it sends it forgets nobody.

    To be called before the edition is remembered; one without stories, which nobody else keeps, is kept here. `only` as
    in `send_editions`, addresses that hold one. Raises `StoreError`.
    """
    mail, store, now = context.config.mail, context.store, context.clock()
    owed = [key for key, one in readers(mail, only).items() if sorted_out(edition, one, mail) is not None]
    for address in owed:
        store.owe_delivery((edition_key(edition), address, CHANNEL), now)
    if owed and not edition.stories and store.get_edition(edition.date, edition.title) is None:
        text = json.dumps(edition_to_json(edition), ensure_ascii=False)
        store.put_edition(edition.date, edition.title, text, now)


def send_editions(
    edition: Edition | None,
    context: RunContext,
    *,
    only: Sequence[str] = (),
    resend: bool = False,
    waiting: bool = False,
    until: datetime | None = None,
    sleep: Callable[[float], object] = time.sleep,
    lock: RunLock | None = None,
) -> Iterator[DeliveryResult]:
    """Send `edition` to every recipient who has not got it; yield what became of each letter.

    With `waiting` first the letters of earlier editions that were put off, the oldest first; their readers are those
    whom the configuration still knows. With `resend` also to those of whom nobody knows and those who were refused; to
    those who have it only where `only` names them. A letter that is put off is tried again after each of the
    configuration's ``mail.retries``, but not after `until` (aware). `lock` is the caller's, so that nobody else sends
    meanwhile; others may have it during a pause, and where it is not to be had again after one, no letter is tried.

    Raises `ConfigError`, `UsageError`, and `DeliveryError` where the server itself cannot be used, once for all
    letters; what was sent until then, and what is owed, is in the ledger.
    """
    mail = context.config.mail
    queue: list[_Owed] = []
    if edition is not None:
        check_addresses(mail, only)
        owe_letters(edition, context, only)
    owed = _waiting(context)
    before = _of_earlier(edition, context, *owed) if waiting else ()
    late = {one.key for one in owed[1]}
    for settled in chain(before, _of(edition, context, only, resend, late)):
        if isinstance(settled, DeliveryResult):
            yield settled
        else:
            queue.append(settled)
    if not queue:
        return
    later = {one.key for one in _waiting(context)[0]}  # anew: with `resend` there are more by now
    queue = [replace(one, again=one.key in later) for one in queue]
    check_addresses(mail, only)
    rest = partial(lock.release_for, sleep=sleep) if lock else sleep
    yield from _in_rounds(queue, context, until, rest)


def _in_rounds(
    queue: Sequence[_Owed], context: RunContext, until: datetime | None, rest: Callable[[float], object]
) -> Iterator[DeliveryResult]:
    """Try all letters, then those that were put off, after each of the pauses; no more where `rest` says False."""
    from briefing.deliver import Mailer

    mail = context.config.mail
    put_off: list[tuple[_Owed, SendOutcome, int]] = []
    with Mailer(mail_server(mail, context.commands)) as mailer:
        try:
            for pause in (*mail.retries, None):
                put_off = []
                for one, outcome, shortened in _round(mailer, queue, context):
                    if outcome.state == "deferred":
                        put_off.append((one, outcome, shortened))
                    elif outcome.state == "taken":
                        yield _taken(one.recipient, one.key, context, one.earlier)
                    else:
                        yield one.posted(outcome, shortened)
                queue = [one for one, _, _ in put_off]
                if not queue or pause is None or (until is not None and context.clock() + pause >= until):
                    break
                mailer.close()  # no server keeps one open for that long
                context.progress.say(_patience(len(put_off), put_off[-1][1], pause))
                if rest(pause.total_seconds()) is False:
                    break
        except DeliveryError:  # said by whoever called; but these were tried before it
            yield from (one.posted(outcome, shortened) for one, outcome, shortened in put_off)
            raise
    yield from (one.posted(outcome, shortened) for one, outcome, shortened in put_off)


def _round(mailer: Mailer, queue: Sequence[_Owed], context: RunContext) -> Iterator[tuple[_Owed, SendOutcome, int]]:
    """Try every letter once, but for those after the server was found to take none: what became of each.

    A connection that breaks may be one letter's fault, a second one in a row is the server's; so is one that says
    nothing at the end of a letter, of which nobody then knows whether it arrived. Raises `DeliveryError`.
    """
    missing: SendOutcome | None = None
    broken = 0
    for one in queue:
        outcome, shortened = _handed_in(mailer, one, context, missing)
        broken = broken + 1 if outcome.server == "broke" or outcome.state == "unknown" else 0
        if outcome.server == "away" or broken > 1:
            missing = replace(outcome, state="deferred", server="away")
        yield one, outcome, shortened


def _of(
    edition: Edition | None,
    context: RunContext,
    only: Sequence[str],
    resend: bool,
    late: Set[DeliveryKey],
) -> Iterator[DeliveryResult | _Owed]:
    """The letters of the edition that was asked for; those that are too `late` are owed anew."""
    if edition is None:
        return
    mail = context.config.mail
    for address, reader in readers(mail, only).items():
        recipient = address_of(reader.address).addr_spec
        key = (edition_key(edition), address, CHANNEL)
        known = context.store.delivery(key)
        theirs = sorted_out(edition, reader, mail)
        if theirs is None:
            yield DeliveryResult(recipient=recipient, state="nothing")
            continue
        again = resend and (known.state != "sent" or bool(only))
        if not again and known.state not in {"pending", "deferred"}:
            yield DeliveryResult(recipient=recipient, state=_STANDS[known.state], detail=known.detail)
            continue
        if (again or key in late) and not context.store.reopen_delivery(key, known, context.clock()):
            yield _taken(recipient, key, context)
            continue
        yield _Owed(reader=reader, key=key, edition=theirs, earlier=None, again=False)


def _taken(recipient: str, key: DeliveryKey, context: RunContext, earlier: date | None = None) -> DeliveryResult:
    """What became of a letter that another process took: it may be done with it by now."""
    known = context.store.delivery(key)
    state = "taken" if known.state == "sending" else _STANDS[known.state]
    return DeliveryResult(recipient=recipient, state=state, detail=known.detail, earlier=earlier)


def _of_earlier(
    chosen: Edition | None, context: RunContext, waiting: Sequence[PendingDelivery], late: Sequence[PendingDelivery]
) -> Iterator[DeliveryResult | _Owed]:
    """The letters of other editions that are still to be sent, and those that will not be sent any more."""
    store, mail = context.store, context.config.mail
    waiting, late = ([one for one in each if not _is_of(one, chosen)] for each in (waiting, late))
    known = readers(mail)
    for one in late:
        if store.put_delivery(one.key, "refused", one.detail, context.clock()):
            yield DeliveryResult(recipient=one.key[1], state="given up", detail=one.detail, earlier=one.date)
    for day in dict.fromkeys(one.date for one in waiting):
        keys = {one.key[1]: one.key for one in waiting if one.date == day}
        try:
            edition = known_edition(context, day)
        except UsageError as error:  # what is stored of it cannot be read; the other days' can
            for recipient, key in keys.items():
                if store.put_delivery(key, "refused", error.cause, context.clock()):
                    yield DeliveryResult(recipient=recipient, state="refused", detail=error.cause, earlier=day)
            continue
        for address, key in keys.items():
            theirs = sorted_out(edition, known[address], mail)
            if theirs is None:  # their sections are others by now
                if store.put_delivery(key, "refused", "", context.clock()):
                    yield DeliveryResult(
                        recipient=address_of(known[address].address).addr_spec, state="nothing", earlier=day
                    )
            else:
                yield _Owed(reader=known[address], key=key, edition=theirs, earlier=day, again=True)


def _waiting(context: RunContext) -> tuple[list[PendingDelivery], list[PendingDelivery]]:
    """What is still owed to readers of the configuration: what a run takes up, and what has waited for too long."""
    zone = ZoneInfo(context.timezone)
    oldest = context.clock().astimezone(zone).date() - timedelta(days=_DAYS)
    known = readers(context.config.mail)
    rows = context.store.waiting_deliveries(context.config.title, CHANNEL)
    owed = [one for one in rows if one.key[1] in known]
    waiting: list[PendingDelivery] = []
    late: list[PendingDelivery] = []
    for one in owed:
        (late if one.owed.astimezone(zone).date() < oldest else waiting).append(one)
    return waiting, late


def _is_of(one: PendingDelivery, edition: Edition | None) -> bool:
    return edition is not None and one.key[0] == edition_key(edition)


def _handed_in(mailer: Mailer, one: _Owed, context: RunContext, missing: SendOutcome | None) -> tuple[SendOutcome, int]:
    """What became of a letter, written into the ledger, and how many stories are shortened in it.

    `missing`: there is no server, as was just found out, so that none is written. Raises `DeliveryError`.
    """
    claim: int | None = None
    store = context.store

    def take() -> bool:
        nonlocal claim
        claim = store.claim_delivery(one.key, context.clock())
        return claim is not None

    if missing is not None:
        return missing, 0
    sender = address_of(context.config.mail.sender).addr_spec
    letter = letter_to(one.reader, one.edition, context)
    try:
        outcome = mailer.send(letter.message, sender, one.recipient, take)
    except DeliveryError:
        if claim is not None:  # the server did not take it, and not because of its reader
            store.put_delivery(one.key, "deferred", "", context.clock(), claim)
        raise
    # ``unknown`` is what a claimed one is without a word; of the server without a claim nothing is to be written.
    if outcome.state in {"sent", "deferred", "refused"} and (claim is not None or outcome.server == "up"):
        written = store.put_delivery(one.key, outcome.state, outcome.detail, context.clock(), claim)
        if claim is None and not written:
            outcome = replace(outcome, state="taken", detail="")
    return outcome, letter.shortened


def _patience(count: int, outcome: SendOutcome, pause: timedelta) -> str:
    letters = "1 letter was" if count == 1 else f"{count} letters were"
    return f"{letters} put off ({outcome.detail}). Trying again in {pause.total_seconds() / 60:.0f} min."
