"""A static site of all editions: an index by date, a page for each, a client-side search, a feed. Pure.

The pages work from ``file:`` as from a web server.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from briefing.nlp.search_terms import FOLDING, search_words
from briefing.nlp.text import fingerprint, fold
from briefing.render.edition import PageLinks, render
from briefing.render.filters import anchor, tidy
from briefing.sanitise import clean_data
from briefing.types import Edition, EvidenceStyle, stem_of

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """An edition and the name of its file."""

    edition: Edition
    name: str


def archive_files(
    pages: Sequence[ArchivePage],
    *,
    title: str,
    today: date,
    templates: Environment,
    evidence: EvidenceStyle = "footnotes",
    complete: Callable[[Edition], Edition] = lambda edition: edition,
) -> Iterator[tuple[str, str]]:
    """Name and text of every file of the site.

    `pages`: the earliest first; `title`: the site's; the feed is of the latest edition up to `today`; `complete` gives
    an edition its pictures, which together take much memory.
    """
    for index, page in enumerate(pages):
        links = PageLinks(
            index="index.html",
            previous=pages[index - 1].name if index else "",
            next=pages[index + 1].name if index + 1 < len(pages) else "",
        )
        yield page.name, render(complete(page.edition), "html", templates, links, evidence=evidence)
    newest = pages[::-1]
    months = [
        (month, list(of_month))
        for month, of_month in groupby(newest, key=lambda page: page.edition.date.replace(day=1))
    ]
    yield "index.html", tidy(templates.get_template("archive.html.j2").render(months=months, title=title))
    script = templates.get_template("archive.js")
    yield "search.js", script.render(stories=_search_index(newest), folding=_script_json(FOLDING))
    latest = next((page.edition for page in newest if page.edition.date <= today), None)
    if latest:
        yield "atom.xml", render(latest, "atom", templates, evidence=evidence)


def page_name(day: date, title: str, usual_title: str, name: str = "") -> str:
    """File name of an edition's page: its date and name, and its title where that is not the usual one."""
    stem = stem_of(day, name)
    if title == usual_title:
        return f"{stem}.html"
    slug = re.sub(r"[^a-z0-9]+", "-", fold(title)).strip("-")[:40]
    return f"{stem}-{slug or 'edition'}-{fingerprint(title)[:6]}.html"


def _search_index(pages: Sequence[ArchivePage]) -> str:
    """`_script_json` of every story: its folded words, and what the search shows of it."""
    rows: list[dict[str, Any]] = []
    for page in pages:
        for section in page.edition.sections:
            for story in section.stories:
                summary = story.summary
                sources = dict.fromkeys(article.source for article in (*story.articles, *story.copies))
                headline = summary.headline or summary.title
                text = " ".join([headline, *(point.text for point in summary.key_points), *sources, section.name])
                rows.append(
                    {
                        "page": page.name,
                        "anchor": anchor("a", summary.id),
                        "day": page.edition.date.isoformat(),
                        "headline": headline,
                        "words": " ".join(search_words(text)),
                    }
                )
    return _script_json(clean_data(rows))


def _script_json(value: object) -> str:
    """JSON for a script element: no ``</script>``, no U+2028 and U+2029, which JavaScript took for line ends."""
    return json.dumps(value, ensure_ascii=True, separators=(",", ":")).replace("<", "\\u003c")
