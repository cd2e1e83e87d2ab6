"""Recipients, their letters, and the mail server with its password. Not here: sending and its results (`delivery`)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from briefing.address import dated_link
from briefing.config import Mail, Recipient, is_loopback
from briefing.errors import ConfigError, UsageError
from briefing.mail_headers import address_of
from briefing.pipeline.context import RunContext
from briefing.pipeline.pictures import with_pictures_for_mail
from briefing.pipeline.secrets import Commands, from_environment, from_keyring
from briefing.render.email import Envelope, Letter, for_sections, write_letter
from briefing.types import Edition

if TYPE_CHECKING:
    from briefing.deliver import MailServer

_log = logging.getLogger(__name__)

_PORTS = {"tls": 465, "starttls": 587, "none": 25}


def readers(mail: Mail, only: Sequence[str] = ()) -> dict[str, Recipient]:
    """Recipients by their address in lower case; `only` as in `letters`, addresses that hold one."""
    known = {_key(reader.address): reader for reader in mail.recipients}
    return {_key(text): known.get(_key(text)) or Recipient(address=text) for text in only} or known


def edition_for(reader: Recipient, edition: Edition, mail: Mail) -> Edition | None:
    """The part of the edition in the recipient's sections; None for one without stories, unless `send_empty`."""
    part = for_sections(edition, reader.sections)
    return part if part.stories or mail.send_empty else None


def letters(edition: Edition, context: RunContext, only: Sequence[str] = ()) -> Iterator[tuple[str, Letter | None]]:
    """Each recipient's address and letter; None where there is no story for them.

    `only`: addresses to write to instead of all; one that the configuration does not have gets every section.
    Raises `ConfigError` where there is no sender or recipient, `UsageError` where one of `only` holds no address.
    """
    mail = context.config.mail
    check_addresses(mail, only)
    for reader in readers(mail, only).values():
        part = edition_for(reader, edition, mail)
        yield reader.address, None if part is None else letter_to(reader, part, context)


def letter_to(
    reader: Recipient,
    part: Edition,
    context: RunContext,
    key: str = "",
    since: datetime | None = None,
    now: datetime | None = None,
) -> Letter:
    """The letter with a recipient's part of an edition (`edition_for`), dated `now`; None: when that was made.

    `key` and `since`: as for `write_letter`.
    """
    mail = context.config.mail
    envelope = Envelope(
        sender=mail.sender,
        recipient=reader.address,
        reply_to=mail.reply_to,
        list_id=mail.list_id,
        unsubscribe=mail.unsubscribe,
        one_click=mail.one_click,
        evidence=mail.evidence,
        pictures=mail.pictures,
        link=dated_link(mail.link, part.stem),
    )
    if mail.pictures:
        part = with_pictures_for_mail(part)
    letter = write_letter(part, envelope, context.templates, now or part.created, key=key, since=since)
    _log.debug("Letter: stories: %d, shortened: %d", len(part.stories), letter.shortened)
    return letter


def check_settings(mail: Mail, commands: Commands) -> None:
    """Raise `ConfigError` for a setting that is missing for sending; `commands`: those of the run."""
    check_addresses(mail, ())
    mail_server(mail, commands)


def check_addresses(mail: Mail, only: Sequence[str]) -> None:
    """Raise `ConfigError` without a sender or a recipient, `UsageError` where one of `only` is no address."""
    for text in only:
        try:
            address_of(text)
        except ValueError:
            remedy = "Give one such as ann@example.org"
            raise UsageError(f"--to {text}", "it holds no e-mail address", remedy) from None
    if not mail.sender:
        raise ConfigError("mail.sender", "it is not set", "Set it in [mail]")
    if not mail.recipients and not only:
        raise ConfigError("mail.recipients", "there are none", "Add a [[mail.recipients]] table, or name one with --to")


def mail_server(mail: Mail, commands: Commands) -> MailServer:
    """The server with its password. Raises `ConfigError`."""
    from briefing.deliver import MailServer

    if not mail.host:
        raise ConfigError("mail.host", "it is not set", "Set it in [mail]")
    if mail.security == "none" and not is_loopback(mail.host):
        cause = f"{mail.host} is not this machine, so what is sent must be encrypted"
        raise ConfigError("mail.security", cause, "Set it to 'tls' or 'starttls'")
    password = token = ""
    if mail.token_command:
        token = commands.first_line(mail.token_command, "mail.token_command")
    elif mail.user:
        password = from_environment("BRIEFING_SMTP_PASSWORD") or (
            commands.first_line(mail.password_command, "mail.password_command")
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


def check_mail(context: RunContext) -> str:
    """Log in to the mail server, sending nothing; its host and port.

    Raises `ConfigError`, `DeliveryError`, and `UsageError` where the configuration leaves the network alone.
    """
    from briefing.deliver import Mailer

    host = context.config.mail.host
    if not context.config.may_reach(host):
        raise UsageError(f"mail server {host}", "the run is offline", "Take `offline` out of the configuration")
    server = mail_server(context.config.mail, context.commands)
    with Mailer(server) as mailer:
        mailer.check()
    return str(server)


def _key(text: str) -> str:
    return address_of(text).addr_spec.lower()
