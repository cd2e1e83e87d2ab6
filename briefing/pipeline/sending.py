"""An edition to its readers, each once.

The ledger in the store decides: what was sent is never sent again; what may go better later is tried again, now and at
the next run; what was refused is reported and left. A run that dies after the server may have taken a letter leaves it
``sending``: nobody knows, so it is reported and not sent again unless somebody says so (`resend`).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from briefing.config import Mail, is_loopback
from briefing.errors import ConfigError
from briefing.letter import Envelope, Letter, address_of, edition_key, for_sections, write_letter
from briefing.patience import pause
from briefing.pipeline.secrets import from_command, from_environment, from_keyring
from briefing.pipeline.workshop import Workshop
from briefing.types import Edition

if TYPE_CHECKING:
    from briefing.deliver import Mailer, MailServer, Outcome

__all__ = ["Posted", "check_mail", "check_settings", "letters", "mail_server", "send_edition"]

CHANNEL = "mail"
_ATTEMPTS = 3
_FIRST_PAUSE = 1.0
"""Seconds."""
_PORTS = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of one recipient's letter."""

    recipient: str
    state: Literal["sent", "before", "deferred", "refused", "unknown", "nothing"]
    """``before``: it was sent in an earlier run; ``nothing``: there is no story for them."""
    detail: str = ""
    shortened: int = 0
    """Stories that are not told in full in it."""


def letters(edition: Edition, workshop: Workshop, only: Sequence[str] = ()) -> Iterator[tuple[str, Letter | None]]:
    """Each recipient's address with their letter, or None where there is nothing for them.

    `only`: addresses to write to instead of all; those that the configuration does not know get every section.
    Raises `ConfigError` where there is no sender or recipient.
    """
    mail = workshop.config.mail
    _check_addresses(mail, only)
    known = {address_of(one.address).addr_spec.lower(): one for one in mail.recipients}
    wanted = [(text, known.get(address_of(text).addr_spec.lower())) for text in only] or [
        (one.address, one) for one in mail.recipients
    ]
    for text, one in {address_of(text).addr_spec.lower(): (text, one) for text, one in wanted}.values():
        theirs = for_sections(edition, one.sections if one else ())
        if not theirs.stories and not mail.send_empty:
            yield text, None
            continue
        envelope = Envelope(
            sender=mail.sender,
            recipient=one.address if one else text,
            reply_to=mail.reply_to,
            list_id=mail.list_id,
            unsubscribe=mail.unsubscribe,
            one_click=mail.one_click,
            evidence=mail.evidence,
        )
        yield text, write_letter(theirs, envelope, workshop.templates, edition.created)


def check_settings(mail: Mail) -> None:
    """Raise `ConfigError` where something is missing that sending will need."""
    _check_addresses(mail, ())
    mail_server(mail)


def _check_addresses(mail: Mail, only: Sequence[str]) -> None:
    if not mail.sender:
        raise ConfigError("mail.sender", "it is not set", "Set it in [mail]")
    if not mail.recipients and not only:
        raise ConfigError("mail.recipients", "there are none", "Add a [[mail.recipients]] table, or name one with --to")


def mail_server(mail: Mail) -> MailServer:
    """The server with its password. Raises `ConfigError`."""
    from briefing.deliver import MailServer

    if not mail.host:
        raise ConfigError("mail.host", "it is not set", "Set it in [mail]")
    if mail.security == "none" and not is_loopback(mail.host):
        cause = f"{mail.host} is not this machine, so what is sent must be encrypted"
        raise ConfigError("mail.security", cause, "Set it to 'tls' or 'starttls'")
    password = token = ""
    if mail.token_command:
        token = from_command(mail.token_command, "mail.token_command")
    elif mail.user:
        password = from_environment("BRIEFING_SMTP_PASSWORD") or (
            from_command(mail.password_command, "mail.password_command")
            if mail.password_command
            else from_keyring(f"{mail.user}@{mail.host}")
        )
        if not password:
            remedy = "Set BRIEFING_SMTP_PASSWORD or `password_command`, or put it into the keyring"
            raise ConfigError("mail.user", f"there is no password for {mail.user} at {mail.host}", remedy)
    return MailServer(
        host=mail.host, port=mail.port or _PORTS[mail.security], security=mail.security, user=mail.user,
        password=password, token=token,
    )  # fmt: skip


def check_mail(workshop: Workshop) -> str:
    """Log in to the mail server and say which; nothing is sent. Raises `ConfigError` or `DeliveryError`."""
    from briefing.deliver import Mailer

    server = mail_server(workshop.config.mail)
    with Mailer(server) as mailer:
        mailer.check()
    return str(server)


def send_edition(
    edition: Edition,
    workshop: Workshop,
    *,
    only: Sequence[str] = (),
    resend: bool = False,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Posted]:
    """Send `edition` to every recipient who has not got it; yield what became of each.

    With `resend` also to those of whom nobody knows and those who were refused; to those who have it only where `only`
    names them. Raises `ConfigError`, and `DeliveryError`
    where the server itself cannot be used; what was sent until then is in the ledger.
    """
    from briefing.deliver import Mailer

    server = mail_server(workshop.config.mail)
    with Mailer(server) as mailer:
        for text, letter in letters(edition, workshop, only):
            recipient = address_of(text).addr_spec
            key = (edition_key(edition), recipient.lower(), CHANNEL)
            known = workshop.store.delivery(key)
            if letter is None:
                yield Posted(recipient, "nothing")
                continue
            again = resend and (known.state != "sent" or bool(only))
            if not again and known.state not in {"pending", "deferred"}:
                state: Literal["before", "unknown", "refused"] = (
                    "before" if known.state == "sent" else "unknown" if known.state == "sending" else "refused"
                )
                yield Posted(recipient, state, known.detail)
                continue
            if again:
                workshop.store.put_delivery(key, "pending", "", workshop.clock())
            outcome = _tried(mailer, letter, recipient, key, workshop, sleep)
            if outcome.state != "unknown":  # that is what ``sending`` says already
                workshop.store.put_delivery(key, outcome.state, outcome.detail, workshop.clock())
            yield Posted(recipient, outcome.state, outcome.detail, letter.shortened)


def _tried(
    mailer: Mailer, letter: Letter, recipient: str, key: tuple[str, str, str], workshop: Workshop,
    sleep: Callable[[float], None],
) -> Outcome:  # fmt: skip
    """The outcome, after retries where they may help."""
    sender = address_of(workshop.config.mail.sender).addr_spec

    def claim() -> bool:
        return workshop.store.claim_delivery(key, workshop.clock())

    for attempt in range(_ATTEMPTS):
        outcome = mailer.send(letter.message, sender, recipient, claim)
        if outcome.state != "deferred" or attempt + 1 == _ATTEMPTS:
            break
        workshop.store.put_delivery(key, "deferred", outcome.detail, workshop.clock())
        sleep(pause(attempt, _FIRST_PAUSE, random.random()))  # noqa: S311 - spreads load
    return outcome
