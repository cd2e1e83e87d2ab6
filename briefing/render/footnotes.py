"""Footnotes of a Markdown file: the sentences behind its points, numbered as the points are written. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from briefing.types import Article, Citation, KeyPoint, Summary


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences of one article, one after the other."""

    texts: tuple[str, ...]
    source: str
    url: str | None
    language: str


@dataclass(frozen=True, slots=True)
class Footnotes:
    """The footnotes of one file. A template takes a mark for each point, and lists them all at the end."""

    _notes: list[tuple[Sentences, ...]] = field(default_factory=list)

    def mark(self, point: KeyPoint, summary: Summary, articles: Sequence[Article]) -> str:
        """The mark of a new footnote with the sentences behind `point`; empty where there are none.

        `articles`: those of the story, to which the citations belong; the summary's own where there are none.
        """
        known = {article.id: article for article in articles}

        def origin(citation: Citation) -> str:
            return citation.article if citation.article in known else summary.id

        note = []
        for place, citations in groupby(point.citations, origin):
            article = known.get(place)
            source, url, language = (
                (article.source, article.url, article.language)
                if article
                else (summary.source, summary.url, summary.article_language)
            )
            note.append(Sentences(tuple(citation.text for citation in citations), source, url, language))
        if not note:
            return ""
        self._notes.append(tuple(note))
        return f"[^{len(self._notes)}]"

    def __iter__(self) -> Iterator[tuple[str, tuple[Sentences, ...]]]:
        """Each mark with its sentences, in order."""
        for number, note in enumerate(self._notes, 1):
            yield f"[^{number}]", note
