"""A static site of all editions: an index by date, a page for each, a search that needs no server, a feed.

The pages work from a disk as from a web server. A file that already says what it should is left alone, so that a
copying program (rsync, a static host) moves only what is new.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from briefing.nlp.search_terms import FOLDING, search_words
from briefing.nlp.text import fingerprint, fold
from briefing.pipeline.context import RunContext
from briefing.pipeline.history import known_edition
from briefing.render.edition import PageLinks, render
from briefing.render.filters import anchor, tidy
from briefing.sanitise import clean_data
from briefing.types import Edition

if TYPE_CHECKING:
    from briefing.deliver import AtomicWrites

__all__ = ["write_archive"]


@dataclass(frozen=True, slots=True)
class _Page:
    edition: Edition
    name: str
    """Of its file."""


def write_archive(folder: Path, context: RunContext) -> tuple[int, int]:
    """Write the site into `folder`; the number of editions in it, and of files that were written anew.

    All files that are new take their places together at the end. Raises `StoreError`, `UsageError` for an edition that
    cannot be read, `AssetError` or `OutputError`.
    """
    from briefing.deliver import AtomicWrites

    pages = list(_pages(context))
    with AtomicWrites() as files:
        return len(pages), sum(_put(files, folder / name, text) for name, text in _site(pages, context))


def _site(pages: Sequence[_Page], context: RunContext) -> Iterator[tuple[str, str]]:
    """Name and text of every file; `pages` the earliest first."""
    for place, page in enumerate(pages):
        around = PageLinks(
            index="index.html",
            previous=pages[place - 1].name if place else "",
            next=pages[place + 1].name if place + 1 < len(pages) else "",
        )
        yield page.name, render(page.edition, "html", context.templates, around)
    newest = pages[::-1]
    templates = context.templates
    months = [
        (month, list(found)) for month, found in groupby(newest, key=lambda page: page.edition.date.replace(day=1))
    ]
    index = templates.get_template("archive.html.j2")
    yield "index.html", tidy(index.render(months=months, title=context.config.title))
    yield "search.js", templates.get_template("archive.js").render(stories=_index(newest), folding=_script(FOLDING))
    today = context.today()
    latest = next((page.edition for page in newest if page.edition.date <= today), None)
    if latest:
        yield "atom.xml", render(latest, "atom", context.templates)


def _pages(context: RunContext) -> Iterator[_Page]:
    for day, title in sorted(context.store.editions()):
        yield _Page(known_edition(context, day, title=title), _name(day, title, context.config.title))


def _name(day: date, title: str, usual: str) -> str:
    """Of an edition's page: its date, and its title where that is not the usual one."""
    if title == usual:
        return f"{day.isoformat()}.html"
    plain = re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:40]
    return f"{day.isoformat()}-{plain or 'edition'}-{fingerprint(title)[:6]}.html"


def _index(pages: Sequence[_Page]) -> str:
    """What the search looks through, as `_script`: folded words, and what is shown."""
    rows: list[dict[str, Any]] = []
    for page in pages:
        for section in page.edition.sections:
            for story in section.stories:
                summary = story.summary
                sources = dict.fromkeys(article.source for article in (*story.articles, *story.copies))
                headline = summary.headline or summary.title
                said = " ".join([headline, *(point.text for point in summary.key_points), *sources, section.name])
                rows.append(
                    {
                        "page": page.name,
                        "anchor": anchor("a", summary.id),
                        "day": page.edition.date.isoformat(),
                        "headline": headline,
                        "words": " ".join(search_words(said)),
                    }
                )
    return _script(clean_data(rows))


def _script(value: object) -> str:
    """`value` as JSON that may stand in a script: no "</script>", no line ends that JavaScript once did not take."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")


def _put(files: AtomicWrites, path: Path, content: str) -> bool:
    """Write `content` where it is not there yet; whether it is to be written."""
    try:
        if path.read_bytes() == content.encode("utf-8", "replace"):
            return False
    except OSError:
        pass
    files.add(path, content)
    return True
