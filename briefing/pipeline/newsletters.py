"""Newsletters: messages of mailboxes, on disk or on a mail server, as articles.

Headers come first: messages that are too old or over a limit are never opened. Messages on a server that became
articles before come from the store; they are marked as known after their article is stored (`pipeline.read`), so that a
killed run loses none.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.errors import BriefingError, FetchError, SourceError
from briefing.nlp.text import fingerprint
from briefing.pipeline.candidates import Candidate, MailItem, MailMark, failure_of, skipped
from briefing.pipeline.secrets import Commands, from_environment, from_keyring
from briefing.sanitise import shown_name
from briefing.types import Article, Failure, Source, SourceKind

if TYPE_CHECKING:
    from briefing.fetch.imap import ImapAddress, ImapMailbox
    from briefing.pipeline.window import Window
    from briefing.sources import MailHead
    from briefing.store import Store

_log = logging.getLogger(__name__)

MOST_MESSAGES = 2000
"""Of one mailbox, the newest; as many as files of a folder."""


def is_imap(location: str) -> bool:
    """Whether a source is a mailbox on a mail server."""
    return location.lower().startswith(("imap://", "imaps://"))


class Newsletters:
    """Reads mailboxes for one run. Connections stay open until `close`, because bodies are fetched last."""

    def __init__(self, *, window: Window, store: Store | None, commands: Commands | None = None) -> None:
        self.window = window
        """Of the current attempt."""
        self._store = store
        self._commands = commands or Commands()
        self._open = ExitStack()
        self.marks: list[MailMark] = []
        """To be stored after the articles."""
        self.keys: dict[str, list[str]] = {}
        """Id of an article from the store to the keys of its messages, the latest last."""
        self.transient: set[str] = set()
        """Keys of messages that could not be fetched for a transient reason."""

    def close(self) -> None:
        """Log out of every mail server."""
        self._open.close()

    def local(self, path: Path, source: Source) -> list[Candidate]:
        """The mails of an mbox file or a Maildir, newest first. Raises `SourceError` or OSError."""
        from briefing.sources import list_maildir, list_mbox

        name = source.name or shown_name(path.stem or str(path))
        messages = (list_maildir if source.kind is SourceKind.MAILDIR else list_mbox)(path, now=self.window.now)
        mails = (_mail_item(message.head, message.read, source, name, message.size) for message in messages)
        return self._selected(mails, name)

    def on_server(self, source: Source, within: float = math.inf) -> list[Candidate]:
        """The mails of a mailbox on a mail server, newest first, as articles where the store has them.

        `within`: seconds for all requests to the server, now and later. Raises `FetchError` or `SourceError`.
        """
        from briefing.fetch.imap import ImapMailbox, parse_address

        address = parse_address(source.location)
        box = self._open.enter_context(
            ImapMailbox(address, password_for(source, address, self._commands), within=within)
        )
        return self._selected(self._listed(box, source), source.name or address.shown)

    def article(self, mail: MailItem) -> Article | Failure:
        """The article in a mail."""
        from briefing.extract import extract_article

        try:
            article = extract_article(
                mail.read(),
                content_type="message/rfc822",
                name=mail.subject,
                url=None,
                source=mail.name,
                section=mail.section,
            )
        except (BriefingError, OSError) as error:
            if isinstance(error, FetchError) and not error.lasting:
                self.transient.add(mail.key)
            return failure_of(error, mail.subject, "fetch" if isinstance(error, FetchError) else "extract")
        if mail.mailbox:
            self.marks.append(MailMark(mailbox=mail.mailbox, uid=mail.uid, article=article.id, sender=mail.sender))
        return replace(article, published=mail.published)

    def _listed(self, box: ImapMailbox, source: Source) -> Iterator[Article | MailItem]:
        from briefing.sources import read_head

        known = self._store.known_mails(box.identity) if self._store else {}
        unknown = []
        for uid in box.search(self.window.reach)[-MOST_MESSAGES:]:
            article_id, sender = known.get(uid, ("", ""))
            article = self._store.get_article(article_id) if self._store and article_id else None
            if article is None:
                unknown.append(uid)
            else:
                name = source.name or shown_name(sender) or box.address.shown
                self.keys.setdefault(article.id, []).append(_uid_key(box.identity, uid))
                yield replace(article, source=name, section=source.section)
        _log.debug("%s: %d mails to fetch", box.address.shown, len(unknown))
        for remote in box.heads(unknown):
            head = read_head(remote.head, delivered=remote.delivered, now=self.window.now)
            name = source.name or box.address.shown
            mail = _mail_item(head, partial(box.message, remote.uid, remote.size), source, name, remote.size)
            key = _uid_key(box.identity, remote.uid) if box.identity else mail.key
            yield replace(mail, mailbox=box.identity, uid=remote.uid, sender=head.sender, key=key)

    def _selected(self, mails: Iterator[Article | MailItem] | Iterator[MailItem], name: str) -> list[Candidate]:
        def key(mail: Article | MailItem) -> str:
            return self.keys[mail.id][-1] if isinstance(mail, Article) else mail.key

        kept, left_out = self.window.taken(mails, key, attrgetter("published"), name)
        ordered = sorted(kept, key=itemgetter(2), reverse=True)
        if len(ordered) > MOST_MESSAGES:
            left_out.append(skipped(name, f"{len(ordered) - MOST_MESSAGES} articles are over the limit for a mailbox"))
        if not kept and not left_out:
            left_out.append(skipped(name, "there is no article in the mailbox"))
        return [*(mail for mail, _, _ in ordered[:MOST_MESSAGES]), *left_out]


def _uid_key(mailbox: str, uid: int) -> str:
    return fingerprint("mail", mailbox, str(uid))[:32]


def _mail_item(head: MailHead, read: Callable[[], bytes], source: Source, name: str, size: int) -> MailItem:
    sent = head.sent.isoformat() if head.sent else ""
    return MailItem(
        key=fingerprint("mail", *head.raw, sent, str(size))[:32],
        title=head.title,
        published=head.sent,
        name=source.name or head.sender or name,
        section=source.section,
        subject=f"{name}: {head.title or 'a mail without a subject'}",
        read=read,
    )


def password_for(source: Source, address: ImapAddress, commands: Commands | None = None) -> str:
    """The output of the source's command, else BRIEFING_IMAP_PASSWORD, else the keyring's for ``user@host``.

    Raises `ConfigError` where the command fails and `SourceError` where there is none; neither holds a password.
    """
    user = f"{address.user}@{address.host}"
    if source.password_command:
        return (commands or Commands()).first_line(source.password_command, f"password_command of {address.shown}")
    if password := from_environment("BRIEFING_IMAP_PASSWORD") or from_keyring(user):
        return password
    remedy = (
        f"Name a password_command, set BRIEFING_IMAP_PASSWORD, or put it into the keyring: keyring set briefing {user}"
    )
    raise SourceError(address.shown, "its password is not known", remedy)
