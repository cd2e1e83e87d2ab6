"""Push of an edition's front page: once to each address of ``[notify]``, in the ledger of deliveries (`delivery`).

What comes into the edition later in the day is a push of its own.

The ledger's recipient is the service with a digest of the address, which holds a token. A push is about today: one that
did not go out is tried again in this run and by the runs of the same day; the next run of a later day says once that it
is not made up for.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from briefing.config import Config
from briefing.errors import ConfigError, UsageError
from briefing.pipeline.context import RunContext
from briefing.pipeline.delivery import RESULT_STATES, DeliveryResult, State
from briefing.pipeline.history import known_edition
from briefing.pipeline.rest import Rest
from briefing.pipeline.secrets import Commands, secret_value
from briefing.render.email import edition_key, told_in
from briefing.render.push import write_push
from briefing.store import edition_and_number
from briefing.types import Edition, SecretValue

if TYPE_CHECKING:
    from briefing.store import DeliveryKey
    from briefing.store.lock import RunLock

CHANNEL = "push"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """An address with its name in messages and in the ledger."""

    url: str
    name: str
    recipient: str
    setting: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Push:
    """One to be sent."""

    target: _Target
    key: DeliveryKey
    told: frozenset[str]
    """What it tells (`render.email.told_in`)."""
    title: str
    text: str
    again: bool
    """Whether a later run makes up for it where it is put off."""

    def result(self, state: State, detail: str) -> DeliveryResult:
        """What came of it."""
        return DeliveryResult(
            recipient=self.target.name, state=state, detail=detail, again=self.again, only_today=self.again
        )


def mails(config: Config) -> bool:
    """Whether an edition that is sent is mailed: unless only ``[notify]`` says where it goes."""
    mail = config.mail
    return bool(mail.host or mail.sender or mail.recipients) or not config.notify.urls


def send_pushes(
    edition: Edition | None,
    context: RunContext,
    *,
    resend: bool = False,
    until: datetime | None = None,
    sleep: Callable[[float], object] = time.sleep,
    lock: RunLock | None = None,
) -> Iterator[DeliveryResult]:
    """Push `edition` (None: that of today, if there is one) to every address that has not got it; yield each result.

    First what was put off on an earlier day, and is not made up for. With `resend` also where it was refused or nobody
    knows; else that is reported on every run, beside what is new. Pauses between tries are those of ``mail.retries``,
    none after `until`. One address that cannot be used costs the others nothing. Raises `StoreError` or `AssetError`.
    """
    if not context.config.notify.urls:
        return
    edition = edition or _edition_of_today(context)
    targets = list(_targets(context.config, context.commands))
    yield from _missed([one for one in targets if isinstance(one, _Target)], edition, context)
    if edition is None or not edition.stories:
        return
    queue: list[_Push] = []
    for target in targets:
        for entry in [target] if isinstance(target, DeliveryResult) else _due(target, edition, context, resend=resend):
            if isinstance(entry, DeliveryResult):
                yield entry
            else:
                context.store.owe_delivery(entry.key, context.clock())
                queue.append(entry)
    deferred: list[tuple[_Push, DeliveryResult]] = []
    for pause in (*context.config.mail.retries, None):
        deferred = []
        for due in queue:
            result = _push(due, context)
            if result.state == "deferred":
                deferred.append((due, result))
            else:
                yield result
        queue = [due for due, _ in deferred]
        over = pause is None or (until is not None and context.clock() + pause >= until)
        if not deferred or over or context.config.offline:
            break
        assert pause is not None
        context.progress.say(f"Push: {len(deferred)} put off. Trying again in {pause.total_seconds() / 60:.0f} min.")
        if (lock.release_for(pause.total_seconds(), sleep=sleep) if lock else sleep(pause.total_seconds())) is False:
            break
    yield from (result for _, result in deferred)


def check_notify(context: RunContext) -> Iterator[str | ConfigError]:
    """The services that would be pushed to, each by its name or with why it cannot be used; nothing is sent."""
    from briefing.deliver.push import check_push

    for index, entry in enumerate(context.config.notify.urls, 1):
        try:
            target = _target(entry, index, context.commands)
            check_push(target.url, target.setting)
        except ConfigError as error:
            yield error
        else:
            yield target.name


def push_text(edition: Edition, context: RunContext) -> str:
    """What would be pushed: title and text."""
    return "\n".join(write_push(edition, context.templates, context.config.notify.link)) + "\n"


def shown_recipient(recipient: str, context: RunContext) -> str:
    """A recipient of the ledger by its name in messages; commands that print addresses are not run for it."""
    if "@" in recipient:  # of mail
        return recipient
    for index, entry in enumerate(context.config.notify.urls, 1):
        with suppress(ConfigError):
            if not entry.command and (target := _target(entry, index, context.commands)).recipient == recipient:
                return target.name
    return f"{recipient.rpartition(':')[0]} (push)"


def _edition_of_today(context: RunContext) -> Edition | None:
    try:
        return known_edition(context, context.today())
    except UsageError:
        return None


def _targets(config: Config, commands: Commands) -> Iterator[_Target | DeliveryResult]:
    for index, entry in enumerate(config.notify.urls, 1):
        try:
            yield _target(entry, index, commands)
        except ConfigError as error:
            yield DeliveryResult(recipient=error.subject, state="unable", detail=error.cause)


def _target(entry: SecretValue, index: int, commands: Commands) -> _Target:
    """Raises `ConfigError` where its variable is not set or its command fails."""
    from briefing.deliver.push import recipient_of, service_of

    setting = f"notify.urls[{index}]"
    url = secret_value(entry, setting, commands)
    if "://" not in url:
        raise ConfigError(setting, "what it gives is no address such as ntfy://topic", "docs/notify.md has examples")
    return _Target(url=url, name=f"{service_of(url)} ({setting})", recipient=recipient_of(url), setting=setting)


def _missed(targets: Sequence[_Target], edition: Edition | None, context: RunContext) -> Iterator[DeliveryResult]:
    """Close what is still open of earlier days' editions, and yield what is lost with it."""
    names = {target.recipient: target.name for target in targets}
    chosen = edition_key(edition) if edition else None
    for pending in context.store.waiting_deliveries(context.config.title, CHANNEL):
        recipient = pending.key[1]
        if recipient not in names or pending.date >= context.today() or edition_and_number(pending.key[0])[0] == chosen:
            continue
        try:
            earlier = known_edition(context, pending.date, name=pending.name, pictures=False)
            lost = bool(earlier.stories and Rest(recipient, earlier, earlier, context, CHANNEL).content(pending.key))
        except UsageError:  # it cannot be read any more
            lost = True
        if context.store.put_delivery(pending.key, "refused", pending.detail, context.clock()) and lost:
            yield DeliveryResult(
                recipient=names[recipient], state="missed", detail=pending.detail, earlier=pending.date
            )


def _due(target: _Target, edition: Edition, context: RunContext, *, resend: bool) -> Iterator[_Push | DeliveryResult]:
    """What is to be pushed to an address: the edition, or what has come into it since the last push; else why not."""
    rest = Rest(target.recipient, edition, edition, context, CHANNEL)
    key, lost = rest.due, rest.lost()
    if resend and lost and not key:  # the last one has what the others of them had
        again = rest.key(lost[-1].number)
        key = again if context.store.reopen_delivery(again, lost[-1].delivery, context.clock()) else None
    content = key and rest.content(key, resend=resend)
    for known in rest.reported(content, resend=resend)[-1:]:
        state = RESULT_STATES[known.delivery.state]
        yield DeliveryResult(recipient=target.name, state=state, detail=known.delivery.detail)
    if key and content:
        part, since = content
        title, text = write_push(part, context.templates, context.config.notify.link, since)
        again_today = edition.date >= context.today()
        yield _Push(target=target, key=key, told=told_in(part), title=title, text=text, again=again_today)


def _push(due: _Push, context: RunContext) -> DeliveryResult:
    """One try, with its outcome in the ledger."""
    from briefing.deliver.push import host_of, push

    store, target, claim = context.store, due.target, None

    def take_claim() -> bool:
        nonlocal claim
        claim = store.claim_delivery(due.key, context.clock(), due.told)
        return claim is not None

    if not context.config.may_reach(host_of(target.url)):
        return due.result("deferred", "the run is offline")
    try:
        outcome = push(target.url, due.title, due.text, take_claim, target.setting)
    except ConfigError as error:
        return due.result("unable", f"{error.cause}. {error.remedy}")
    if claim is not None and outcome.state in {"sent", "deferred", "refused"}:
        store.put_delivery(due.key, outcome.state, outcome.detail, context.clock(), claim)
    return due.result(outcome.state, outcome.detail)
