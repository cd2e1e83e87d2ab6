"""Delivery of editions by e-mail, at most once for each recipient, with retries over several runs.

An edition grows during its day: a recipient's first letter tells what it has by then, a further one the stories that no
earlier letter told them, headed by the time since when they are new (`rest`). Of one edition one letter is open at a
time.

The store's ledger decides. A letter is recorded as owed before the first try; a sent one is never sent again; one that
was deferred or never tried is retried, in this run after growing pauses and by the runs of the next three days; a
refused one is reported and left. A run that dies after the server may have accepted a letter leaves it ``sending``:
its outcome is unknown, so it is reported and sent again only with `resend`.

Of two processes that send at once, one claims a letter and the other records nothing about it. The caller holds the
run's lock (`store.lock.run_lock`), so that no other process sends: else ``sending`` may be a delivery in progress.

Replies about the session, and not about a letter, are not recorded: they say nothing of its recipient.
"""

from __future__ import annotations

import json
import logging
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
from briefing.pipeline.mailing import check_addresses, edition_for, letter_to, mail_server, readers
from briefing.pipeline.rest import MAIL, Rest
from briefing.render.email import edition_key, told_in
from briefing.serialization import edition_to_json
from briefing.store import edition_and_number
from briefing.types import Edition

if TYPE_CHECKING:
    from briefing.deliver import Mailer, SendOutcome
    from briefing.store import DeliveryKey, DeliveryState, PendingDelivery
    from briefing.store.lock import RunLock

_log = logging.getLogger(__name__)

_RETRY_DAYS = 3
"""Days after the one since which a letter is owed."""
State = Literal["sent", "before", "deferred", "refused", "unable", "given up", "missed", "unknown", "nothing", "taken"]
RESULT_STATES: dict[DeliveryState, State] = {
    "pending": "deferred",
    "deferred": "deferred",
    "sending": "unknown",
    "sent": "before",
    "refused": "refused",
}
"""By a letter's state in the ledger, the result of a run that does not send it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryResult:
    """The result of one recipient's letter."""

    recipient: str
    state: State
    """``before``: sent in an earlier run; ``nothing``: no story for this recipient; ``unable``: the mail server cannot
    accept it as it is set up; ``given up``: deferred for too many days; ``missed``: a push of a day that is over;
    ``taken``: another process is sending it."""
    detail: str = ""
    shortened: int = 0
    """Stories that the letter does not show in full."""
    earlier: date | None = None
    """Date of an earlier edition whose letter was still owed; None for the edition that was to be sent."""
    again: bool = True
    """Whether a later run retries a ``deferred`` letter by itself."""
    only_today: bool = False
    """Whether only a run of the same day does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _QueuedLetter:
    """A letter to be sent. It is composed just before that: letters may be large and recipients many."""

    reader: Recipient
    key: DeliveryKey
    edition: Edition
    """What it tells: the part that is for the recipient, without what other letters told them."""
    whole: Edition
    """What it is a part of."""
    since: datetime | None = None
    """When the letter before it was sent, UTC; None for the first."""
    earlier: date | None = None
    again: bool = False

    @property
    def recipient(self) -> str:
        return address_of(self.reader.address).addr_spec

    def result(self, outcome: SendOutcome, shortened: int) -> DeliveryResult:
        return DeliveryResult(
            recipient=self.recipient, state=outcome.state, detail=outcome.detail, shortened=shortened,
            earlier=self.earlier, again=self.again,
        )  # fmt: skip


def owe_letters(edition: Edition, context: RunContext, only: Sequence[str] = ()) -> None:
    """Record the recipients of the edition in the ledger, so that a run that dies before it sends loses none.

    To be called before the edition is remembered; one without stories, which nobody else keeps, is kept here. `only` as
    in `send_editions`, addresses that hold one. Raises `StoreError`.
    """
    mail, store, now = context.config.mail, context.store, context.clock()
    owed = []
    for address, reader in readers(mail, only).items():
        part = edition_for(reader, edition, mail)
        if part is not None and (due := Rest(address, part, edition, context).due):
            owed.append(due)
            store.owe_delivery(due, now)
    if owed and not edition.stories and store.get_edition(edition.date, edition.title, name=edition.name) is None:
        text = json.dumps(edition_to_json(edition), ensure_ascii=False)
        store.put_edition(edition.date, edition.title, text, now, name=edition.name)


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
    """Send `edition` to every recipient who has not got it; yield the result of each letter.

    With `waiting` first the owed letters of earlier editions, the oldest first, to recipients whom the configuration
    still has. With `resend` also letters that were refused or whose outcome is unknown; those that were sent only for
    the addresses in `only`. A deferred letter is retried after each of the configuration's ``mail.retries``, but not
    after `until` (aware). `lock` is the caller's; others may hold it during a pause, and where it cannot be had again
    after one, no letter is retried.

    Raises `ConfigError`, `UsageError`, and `DeliveryError` where the server itself cannot be used, once for all
    letters; what was sent until then, and what is owed, is in the ledger.
    """
    mail = context.config.mail
    if edition is not None:
        check_addresses(mail, only)
        owe_letters(edition, context, only)
    owed, expired = _owed_letters(context)
    earlier = _queue_earlier(edition, context, owed, expired) if waiting else ()
    queue: list[_QueuedLetter] = []
    for entry in chain(earlier, _queue_edition(edition, context, only, resend, {letter.key for letter in expired})):
        if isinstance(entry, DeliveryResult):
            yield entry
        else:
            queue.append(entry)
    if not queue:
        return
    retried = {letter.key for letter in _owed_letters(context)[0]}  # anew: with `resend` there are more by now
    queue = [replace(letter, again=letter.key in retried) for letter in queue]
    check_addresses(mail, only)
    _log.info("Letters to send: %d", len(queue))
    yield from _send_with_retries(queue, context, until, partial(lock.release_for, sleep=sleep) if lock else sleep)


def _owed_letters(context: RunContext) -> tuple[list[PendingDelivery], list[PendingDelivery]]:
    """Letters owed to recipients of the configuration: those that a run retries, and those that expired."""
    zone = ZoneInfo(context.timezone)
    oldest = context.clock().astimezone(zone).date() - timedelta(days=_RETRY_DAYS)
    known = readers(context.config.mail)
    owed: list[PendingDelivery] = []
    expired: list[PendingDelivery] = []
    for pending in context.store.waiting_deliveries(context.config.title, MAIL):
        if pending.key[1] in known:
            (expired if pending.owed.astimezone(zone).date() < oldest else owed).append(pending)
    return owed, expired


def _queue_edition(
    edition: Edition | None, context: RunContext, only: Sequence[str], resend: bool, expired: Set[DeliveryKey]
) -> Iterator[DeliveryResult | _QueuedLetter]:
    """The letters of `edition`, or why one is not sent; expired ones are owed anew."""
    if edition is None:
        return
    mail = context.config.mail
    for address, reader in readers(mail, only).items():
        recipient = address_of(reader.address).addr_spec
        part = edition_for(reader, edition, mail)
        if part is None:
            yield DeliveryResult(recipient=recipient, state="nothing")
            continue
        rest = Rest(address, part, edition, context)
        due, lost = rest.due, rest.lost()
        again = lost[-1:] if resend and not due else []  # which has what the others of them had
        if resend and only and not again and not (due and rest.letters):
            again = rest.letters[:1]  # the whole edition once more
        letters = [(rest.key(letter.number), letter.delivery) for letter in again]
        if due and not letters:
            letters = [(due, context.store.delivery(due))]
        reported = rest.reported(letters, resend=resend)
        for key, known in letters:
            whole = known.state == "sent"
            shown, since = (not whole and rest.content(key, resend=resend)) or (part, None)
            letter = _QueuedLetter(reader=reader, key=key, edition=shown, whole=edition, since=since)
            reopened = known.state not in {"pending", "deferred"} or key in expired
            if reopened and not context.store.reopen_delivery(key, known, context.clock()):
                yield _result_elsewhere(letter, context)
            else:
                yield letter
        said = [(RESULT_STATES[one.delivery.state], one.delivery.detail) for one in reported]
        for state, detail in dict.fromkeys(said):  # several letters of a day that grew: once where it is the same
            yield DeliveryResult(recipient=recipient, state=state, detail=detail)


def _queue_earlier(
    edition: Edition | None, context: RunContext, owed: Sequence[PendingDelivery], expired: Sequence[PendingDelivery]
) -> Iterator[DeliveryResult | _QueuedLetter]:
    """The owed letters of other editions than `edition`, and the results of those that will not be sent any more."""
    mail, store = context.config.mail, context.store
    chosen = edition_key(edition) if edition else None
    owed, expired = (
        [letter for letter in letters if edition_and_number(letter.key[0])[0] != chosen] for letters in (owed, expired)
    )
    known = readers(mail)

    def close(key: DeliveryKey, detail: str) -> bool:
        """Whether the letter is closed by this process."""
        return store.put_delivery(key, "refused", detail, context.clock())

    for letter in expired:
        if close(letter.key, letter.detail):
            yield DeliveryResult(recipient=letter.key[1], state="given up", detail=letter.detail, earlier=letter.date)
    for day, name in dict.fromkeys((letter.date, letter.name) for letter in owed):
        keys = {letter.key[1]: letter.key for letter in owed if (letter.date, letter.name) == (day, name)}
        try:
            earlier = known_edition(context, day, name=name)
        except UsageError as error:  # the stored edition cannot be read; those of other days can
            for recipient, key in keys.items():
                if close(key, error.cause):
                    yield DeliveryResult(recipient=recipient, state="refused", detail=error.cause, earlier=day)
            continue
        for address, key in keys.items():
            reader = known[address]
            part = edition_for(reader, earlier, mail)
            if part and (told := Rest(address, part, earlier, context).content(key)):
                yield _QueuedLetter(reader=reader, key=key, edition=told[0], whole=earlier, since=told[1], earlier=day)
            elif close(key, "") and not part:  # the recipient's sections have changed; else it has all of it
                yield DeliveryResult(recipient=address_of(reader.address).addr_spec, state="nothing", earlier=day)


def _result_elsewhere(letter: _QueuedLetter, context: RunContext) -> DeliveryResult:
    """The result of a letter that another process claimed, and may have sent by now."""
    known = context.store.delivery(letter.key)
    state = "taken" if known.state == "sending" else RESULT_STATES[known.state]
    return DeliveryResult(recipient=letter.recipient, state=state, detail=known.detail, earlier=letter.earlier)


def _send_with_retries(
    queue: Sequence[_QueuedLetter], context: RunContext, until: datetime | None, sleep: Callable[[float], object]
) -> Iterator[DeliveryResult]:
    """Send all letters, and the deferred ones again after each pause, unless `sleep` returns False.

    Offline, they stay owed, and nothing is asked of a server that is not this machine.
    """
    from briefing.deliver import Mailer, SendOutcome

    mail = context.config.mail
    if not context.config.may_reach(mail.host):
        offline = SendOutcome(state="deferred", detail="the run is offline")
        yield from (letter.result(offline, 0) for letter in queue)
        return
    deferred: list[tuple[_QueuedLetter, DeliveryResult]] = []
    with Mailer(mail_server(mail, context.commands)) as mailer:
        try:
            for pause in (*mail.retries, None):
                deferred = []
                for letter, outcome, shortened in _send_all(mailer, queue, context):
                    result = letter.result(outcome, shortened)
                    if outcome.state == "deferred":
                        deferred.append((letter, result))
                    else:
                        yield _result_elsewhere(letter, context) if outcome.state == "taken" else result
                queue = [letter for letter, _ in deferred]
                if not queue or pause is None or (until is not None and context.clock() + pause >= until):
                    break
                _log.debug("Retrying %d letters in %.0f s", len(deferred), pause.total_seconds())
                mailer.close()  # no server keeps a connection open for that long
                context.progress.say(_retry_notice(len(deferred), deferred[-1][1].detail, pause))
                if sleep(pause.total_seconds()) is False:
                    break
        except DeliveryError:  # reported by the caller, after the letters that were tried before it
            yield from (result for _, result in deferred)
            raise
    yield from (result for _, result in deferred)


def _send_all(
    mailer: Mailer, queue: Sequence[_QueuedLetter], context: RunContext
) -> Iterator[tuple[_QueuedLetter, SendOutcome, int]]:
    """Try every letter once: its outcome, and how many stories are shortened in it. Raises `DeliveryError`.

    Once the server is found to accept none, the rest is deferred untried. One broken connection may be the letter's
    fault, a second in a row is the server's; so is a missing reply to the end of a message, whose outcome is unknown.
    """
    server_away: SendOutcome | None = None
    broken = 0
    for letter in queue:
        if server_away is not None:
            yield letter, server_away, 0
            continue
        outcome, shortened = _send_one(mailer, letter, context)
        _log.debug("Letter %s, server %s", outcome.state, outcome.server)
        broken = broken + 1 if outcome.server == "broke" or outcome.state == "unknown" else 0
        if outcome.server == "away" or broken > 1:
            server_away = replace(outcome, state="deferred", server="away")
        yield letter, outcome, shortened


def _send_one(mailer: Mailer, letter: _QueuedLetter, context: RunContext) -> tuple[SendOutcome, int]:
    """Send a letter and record its outcome in the ledger; also how many stories are shortened in it.

    Raises `DeliveryError`.
    """
    claim: int | None = None
    store, told = context.store, told_in(letter.edition, letter.whole)

    def take_claim() -> bool:
        nonlocal claim
        claim = store.claim_delivery(letter.key, context.clock(), told)
        return claim is not None

    sender = address_of(context.config.mail.sender).addr_spec
    composed = letter_to(letter.reader, letter.edition, context, letter.key[0], letter.since, context.clock())
    try:
        outcome = mailer.send(composed.message, sender, letter.recipient, take_claim)
    except DeliveryError:
        if claim is not None:  # the server did not accept it, and not because of its recipient
            store.put_delivery(letter.key, "deferred", "", context.clock(), claim)
        raise
    # A claimed letter is ``unknown`` already; without a claim, what is wrong with the server is not recorded.
    if outcome.state in {"sent", "deferred", "refused"} and (claim is not None or outcome.server == "up"):
        stories = None if claim else told
        written = store.put_delivery(letter.key, outcome.state, outcome.detail, context.clock(), claim, stories)
        if claim is None and not written:
            outcome = replace(outcome, state="taken", detail="")
    return outcome, composed.shortened


def _retry_notice(count: int, detail: str, pause: timedelta) -> str:
    letters = "1 letter was" if count == 1 else f"{count} letters were"
    return f"{letters} put off ({detail}). Trying again in {pause.total_seconds() / 60:.0f} min."
