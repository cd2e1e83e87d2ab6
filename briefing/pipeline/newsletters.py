"""Newsletters: the messages of mailboxes, on a disk or on a mail server, as articles.

Heads first: what is too old or over a limit is never opened. On a server, a message that became an article before is
taken from the store; it is marked as known only after its article was stored (`pipeline.read`), so that a run that dies
in between loses none.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
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

__all__ = ["MOST_MESSAGES", "Newsletters", "is_imap", "password_for"]

MOST_MESSAGES = 2000
"""Of one mailbox, the newest; as of a folder."""


def is_imap(location: str) -> bool:
    """Whether a source is a mailbox on a mail server."""
    return location.lower().startswith(("imap://", "imaps://"))


class Newsletters:
    """Reads mailboxes for one run; connections stay open until it is closed, because bodies are fetched last."""

    def __init__(self, *, window: Window, store: Store | None, commands: Commands | None = None) -> None:
        self.window = window
        """Of the try that is under way."""
        self._store = store
        self._commands = commands or Commands()
        self._open = ExitStack()
        self.marks: list[MailMark] = []
        """What the store is to remember of mail servers once it has the articles."""
        self.keys: dict[str, list[str]] = {}
        """Of articles that the store knew, by id: the keys of their messages, the latest last."""
        self.passing: set[str] = set()
        """Keys of messages that could not be fetched and may be another time."""

    def close(self) -> None:
        """Leave every mail server."""
        self._open.close()

    def local(self, path: Path, source: Source) -> list[Candidate]:
        """The letters of an mbox file or a Maildir, newest first. Raises `SourceError` or OSError."""
        from briefing.sources import list_maildir, list_mbox

        name = source.name or shown_name(path.stem or str(path))
        messages = (list_maildir if source.kind is SourceKind.MAILDIR else list_mbox)(path, now=self.window.now)
        letters = (_letter(message.head, message.read, source, name, message.size) for message in messages)
        return self._kept(letters, name)

    def on_server(self, source: Source, within: float = math.inf) -> list[Candidate]:
        """The letters of a mailbox on a mail server, newest first, as articles where the store knows them.

        All that is asked of the server, now and later, has to be there `within` so many seconds.
        Raises `FetchError` or `SourceError`.
        """
        from briefing.fetch.imap import ImapMailbox, parse_address

        address = parse_address(source.location)
        box = self._open.enter_context(
            ImapMailbox(address, password_for(source, address, self._commands), within=within)
        )
        return self._kept(self._fetched(box, source), source.name or address.shown)

    def article(self, letter: MailItem) -> Article | Failure:
        """What a letter says."""
        from briefing.extract import extract_article

        try:
            article = extract_article(
                letter.read(),
                content_type="message/rfc822",
                name=letter.subject,
                url=None,
                source=letter.name,
                section=letter.section,
            )
        except (BriefingError, OSError) as error:
            if isinstance(error, FetchError) and not error.lasting:
                self.passing.add(letter.key)
            return failure_of(error, letter.subject, "fetch" if isinstance(error, FetchError) else "extract")
        if letter.mailbox:
            mark = MailMark(mailbox=letter.mailbox, uid=letter.uid, article=article.id, sender=letter.sender)
            self.marks.append(mark)
        return replace(article, published=letter.published)

    def _fetched(self, box: ImapMailbox, source: Source) -> Iterator[Article | MailItem]:
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
        for one in box.heads(unknown):
            head = read_head(one.head, delivered=one.delivered, now=self.window.now)
            shown = source.name or box.address.shown
            letter = _letter(head, partial(box.message, one.uid, one.size), source, shown, one.size)
            key = _uid_key(box.identity, one.uid) if box.identity else letter.key
            yield replace(letter, mailbox=box.identity, uid=one.uid, sender=head.sender, key=key)

    def _kept(self, letters: Iterator[Article | MailItem] | Iterator[MailItem], name: str) -> list[Candidate]:
        def key(one: Article | MailItem) -> str:
            return self.keys[one.id][-1] if isinstance(one, Article) else one.key

        def when(one: Article | MailItem) -> datetime | None:
            return one.published

        kept, left_out = self.window.taken(letters, key, when, name)
        ordered = sorted(kept, key=lambda one: one[2], reverse=True)
        if len(ordered) > MOST_MESSAGES:
            left_out.append(skipped(name, f"{len(ordered) - MOST_MESSAGES} articles are over the limit for a mailbox"))
        if not kept and not left_out:
            left_out.append(skipped(name, "there is no article in the mailbox"))
        return [*(one for one, _, _ in ordered[:MOST_MESSAGES]), *left_out]


def _uid_key(mailbox: str, uid: int) -> str:
    return fingerprint("mail", mailbox, str(uid))[:32]


def _letter(head: MailHead, read: Callable[[], bytes], source: Source, name: str, size: int) -> MailItem:
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
    """What the source's command prints, else BRIEFING_IMAP_PASSWORD, else the keyring's for ``user@host``.

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
