"""Past editions in the store: listed, read, removed, written as a static site. Not here: their text (`render`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.config import parse_duration
from briefing.errors import OutputError, UsageError
from briefing.pipeline.context import RunContext
from briefing.pipeline.pictures import with_picture_data
from briefing.render.archive import ArchivePage, archive_files, page_name
from briefing.render.edition import EDITION_FORMATS
from briefing.render.history import EditionListing
from briefing.serialization import edition_from_json
from briefing.store import DeliveryState
from briefing.types import Edition, stem_of

if TYPE_CHECKING:
    from briefing.deliver import AtomicWrites

_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""Errors of JSON that is no edition."""
_SAYING_MOST: tuple[DeliveryState, ...] = ("sent", "sending", "refused", "deferred", "pending")


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What the removal of an edition takes away and leaves."""

    date: date
    title: str
    name: str = ""
    """Which of the day's editions."""
    stories: int
    files: tuple[Path, ...]
    """Its files in the configuration's folder, in any format."""
    deliveries: tuple[tuple[str, DeliveryState], ...]
    """Recipients with the state of their letters, where it is not the same of all that which says most."""


def known_edition(
    context: RunContext,
    day: date | None,
    text: str | None = None,
    *,
    title: str | None = None,
    name: str | None = None,
    pictures: bool = True,
) -> Edition:
    """The edition of `day` (None: the latest up to today) from the store, or the one in `text`, JSON.

    `title` None: the configuration's. `name` None: of several of a day the one without a name, else the last.
    `pictures`: whether with their bytes. Raises `UsageError` where there is none, or where it cannot be read.
    """
    title = context.config.title if title is None else title
    if text is None:
        text = context.store.get_edition(day, title, today=context.today(), name=name)
    if text is None:
        which = f"of {stem_of(day, name or '')}" if day else f"named {name!r}" if name else "yet"
        remedy = "`briefing history` lists those there are" if context.store.editions() else "Run `briefing run`"
        raise UsageError("edition", f"there is no edition {which} called {title!r}", remedy)
    try:
        edition = edition_from_json(json.loads(text), context.store.get_article)
    except _UNREADABLE as error:
        cause = f"this is no edition as `--format json` writes it ({type(error).__name__})"
        raise UsageError("edition", cause) from error
    return with_picture_data(edition, context.pictures.data) if pictures else edition


def shown_edition(context: RunContext, day: date | None, title: str | None = None, name: str | None = None) -> Edition:
    """The edition to show: with `title`, else with the configuration's, else any of `day`. Raises `UsageError`."""
    today = context.today()
    if title is None and context.store.get_edition(day, context.config.title, today=today, name=name) is None:
        title = next(
            (
                own
                for date_, own, named in context.store.editions()
                if (date_ <= today if day is None else date_ == day) and name in {None, named}
            ),
            None,
        )
    return known_edition(context, day, title=title, name=name)


def history(context: RunContext, *, since: date | None = None, title: str | None = None) -> Iterator[EditionListing]:
    """Editions `since` a day and with a `title`, the newest first; an unreadable one has no stories."""
    for day, own, name in context.store.editions(since=since, title=title):
        stories, headline = _gist(context.store.get_edition(day, own, name=name))
        yield EditionListing(date=day, title=own, edition=name, stories=stories, headline=headline)


def removal(context: RunContext, day: date, title: str | None = None, name: str = "") -> Removal:
    """What there is of the edition of `day` with `title`, else with the configuration's, else of the day's only one.

    `name`: which of that day's editions. An unreadable one has no stories, as in `history`. Raises `UsageError` where
    there is none, or several.
    """
    titles = [own for date_, own, named in context.store.editions() if (date_, named) == (day, name)]
    own = context.config.title
    wanted = title if title is not None else own if own in titles or len(titles) != 1 else titles[0]
    if title is None and own not in titles and len(titles) > 1:
        names = ", ".join(map(repr, titles))
        raise UsageError("edition", f"there are several of {day.isoformat()}: {names}", "Name one with --title")
    if wanted not in titles:
        known_edition(context, day, title=wanted, name=name)  # raises the error
    stories, _ = _gist(context.store.get_edition(day, wanted, name=name))
    stem = stem_of(day, name)
    paths = [context.config.out / f"{stem}.{extension}" for extension in EDITION_FORMATS.values()]
    return Removal(
        date=day,
        title=wanted,
        name=name,
        stories=stories,
        # File names hold no title: for another title than the configuration's they may be another briefing's.
        files=tuple(path for path in paths if wanted == own and path.is_file()),
        deliveries=_of_each(context.store.deliveries(f"{stem} {wanted}")),
    )


def _of_each(deliveries: Iterable[tuple[str, DeliveryState]]) -> tuple[tuple[str, DeliveryState], ...]:
    """The state of each recipient: whoever got one letter of a day that grew has got the edition."""
    known: dict[str, DeliveryState] = {}
    for recipient, state in deliveries:
        known[recipient] = min(state, known.get(recipient, state), key=_SAYING_MOST.index)
    return tuple(known.items())


def remove_edition(context: RunContext, edition: Removal) -> None:
    """Delete an edition's files, then its record in the store; deliveries stay on record.

    Its stories count as new again. Raises `OutputError` or `StoreError`.
    """
    for path in edition.files:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(str(path), f"it cannot be deleted: {error.strerror}", "Check its permissions") from error
    context.store.remove_edition(edition.date, edition.title, edition.name)
    context.pictures.remove(f"{stem_of(edition.date, edition.name)} {edition.title}")


def day_since(text: str, context: RunContext) -> date | None:
    """A date, or the day a time span (``30d``) before today; None for the empty text.

    Raises `UsageError`.
    """
    today = context.today()
    try:
        return date.fromisoformat(text)
    except ValueError:
        pass
    try:
        span = parse_duration(text)
        return today - span if span else None
    except (ValueError, OverflowError):
        cause = f"{text!r} is neither a date such as 2026-05-17 nor a time span such as 30d"
        raise UsageError("since", cause) from None


def write_archive(folder: Path, context: RunContext) -> tuple[int, int]:
    """Write all editions into `folder` as a static site; numbers of editions and of files that changed.

    Changed files are replaced together at the end; the others keep their modification time, so that a copying program
    (rsync, a static host) moves only what is new. Raises `StoreError`, `UsageError` for an edition that cannot be read,
    `AssetError` or `OutputError`.
    """
    from briefing.deliver import AtomicWrites

    usual = context.config.title
    earliest_first = [*reversed(context.store.editions())]
    pages = [
        ArchivePage(
            known_edition(context, day, title=title, name=name, pictures=False), page_name(day, title, usual, name)
        )
        for day, title, name in sorted(earliest_first, key=itemgetter(0, 1))
    ]
    site = archive_files(
        pages, title=usual, today=context.today(), templates=context.templates, evidence=context.config.evidence,
        complete=lambda edition: with_picture_data(edition, context.pictures.data),
    )  # fmt: skip
    with AtomicWrites() as files:
        return len(pages), sum(_write_if_changed(files, folder / name, text) for name, text in site)


def _write_if_changed(files: AtomicWrites, path: Path, content: str) -> bool:
    """Add `content` to `files` unless `path` already holds it; whether it was added."""
    try:
        if path.read_bytes() == content.encode("utf-8", "replace"):
            return False
    except OSError:
        pass
    files.add(path, content)
    return True


def _gist(text: str | None) -> tuple[int, str]:
    """Number of stories and headline of a stored edition; none for an unreadable one."""
    try:
        edition = edition_from_json(json.loads(text or ""), lambda _: None)
    except _UNREADABLE:
        return 0, ""
    first = edition.stories[0].summary.headline if edition.stories else ""
    return len(edition.stories), edition.headline or first
