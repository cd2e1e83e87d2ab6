"""Editions and summaries in every format: Markdown, HTML, plain text, JSON, Atom, EPUB; the page of a comparison. Pure:
the templates are an argument.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from briefing.errors import UsageError
from briefing.nlp.sentences import sentences
from briefing.render.epub import render_epub
from briefing.render.filters import edition_variables, tidy, xml_safe
from briefing.render.footnotes import Footnotes
from briefing.render.front_page import front_stories, shown_sections
from briefing.sanitise import one_line
from briefing.serialization import edition_to_json, json_text, summary_document
from briefing.types import Article, Edition, EvidenceStyle, Failure, Story, Summary

if TYPE_CHECKING:
    from jinja2 import Environment

    from briefing.stories.ranking import Ranked

FORMATS: dict[str, str] = {"md": "md", "html": "html", "text": "txt", "json": "json"}
"""Formats of summaries and of editions, and their file name extensions."""
EDITION_FORMATS: dict[str, str] = {**FORMATS, "atom": "atom", "epub": "epub"}
"""Formats of editions, and their file name extensions."""


@dataclass(frozen=True, slots=True)
class PageLinks:
    """File names that an edition's page in an archive links to; empty for no link."""

    index: str
    previous: str = ""
    next: str = ""


def render_edition(
    edition: Edition, format_name: str, templates: Environment, *, evidence: EvidenceStyle = "footnotes"
) -> str | bytes:
    """The edition in any of `EDITION_FORMATS`; bytes for EPUB. Raises as `render` does."""
    if format_name == "epub":
        return render_epub(edition, templates, evidence=evidence != "none")
    return render(edition, format_name, templates, evidence=evidence)


def render(
    edition: Edition,
    format_name: str,
    templates: Environment,
    links: PageLinks | None = None,
    *,
    evidence: EvidenceStyle = "footnotes",
) -> str:
    """The edition in any format but EPUB. The same edition gives the same text.

    `links`: for HTML, the other pages of an archive. Raises `UsageError` for an unknown format, `AssetError` for a
    broken template.
    """
    variables = edition_variables(edition, evidence=evidence != "none")
    if format_name == "atom":
        return xml_safe(templates.get_template("edition.atom.j2").render(**variables))
    extension = _extension(format_name)
    if format_name == "json":
        return json_text(edition_to_json(edition))
    template = templates.get_template(f"edition.{extension}.j2")
    footnotes = _footnotes(format_name, evidence)
    sections, stories = _slugs(edition, templates)
    return tidy(template.render(**variables, slugs=sections, story_slugs=stories, around=links, footnotes=footnotes))


def render_summary(
    summaries: Sequence[Summary],
    format_name: str,
    templates: Environment,
    *,
    evidence: EvidenceStyle = "footnotes",
) -> str:
    """One or several summaries; JSON gives an object for one, a list for several. Times are in UTC."""
    extension = _extension(format_name)
    if format_name == "json":
        data = [summary_document(summary) for summary in summaries]
        return json_text(data[0] if len(data) == 1 else data)
    template = templates.get_template(f"summary.{extension}.j2")
    return tidy(
        template.render(
            summaries=summaries,
            local=lambda time: time,
            zone="UTC",
            evidence=evidence != "none",
            footnotes=_footnotes(format_name, evidence),
        )
    )


def _footnotes(format_name: str, evidence: EvidenceStyle) -> Footnotes | None:
    """What a template puts the sentences into; None where they stand below their point, or nowhere."""
    return Footnotes() if format_name == "md" and evidence == "footnotes" else None


def render_explanation(ranked: Sequence[Ranked], edition: Edition, templates: Environment) -> str:
    """The score of each story with its parts, and the origin of its points, for `run --explain`."""
    by_article = {article.id: story.summary for story in edition.stories for article in story.articles}
    summaries = [
        next((by_article[article.id] for article in entry.bundle.articles if article.id in by_article), None)
        for entry in ranked
    ]
    return tidy(templates.get_template("explain.txt.j2").render(ranked=ranked, summaries=summaries))


def render_comparison(
    rows: Sequence[tuple[Article, Sequence[Summary | Failure]]], models: Sequence[str], templates: Environment
) -> str:
    """A page with each article and its summaries by `models`, in their order, side by side."""
    shown = [_comparison_row(article, results) for article, results in rows]
    return tidy(templates.get_template("compare.html.j2").render(models=list(models), rows=shown))


def _comparison_row(article: Article, results: Sequence[Summary | Failure]) -> dict[str, object]:
    """An article in paragraphs of numbered sentences, each sentence marked with the points that cite it."""
    spans = sentences(article.text, article.language)
    paragraphs: list[list[tuple[int, str]]] = []
    for index, sentence in enumerate(spans):
        if not index or "\n\n" in article.text[spans[index - 1].end : sentence.start]:
            paragraphs.append([])
        paragraphs[-1].append((index, sentence.text))
    marks: list[list[str]] = [[] for _ in spans]
    lettered = list(zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ", results, strict=False))
    for letter, result in lettered:
        for number, point in enumerate(result.key_points if isinstance(result, Summary) else (), 1):
            for index in dict.fromkeys(citation.sentence for citation in point.citations):
                marks[index].append(f"{letter}{number}")
    return {"article": article, "paragraphs": paragraphs, "marks": marks, "summaries": lettered}


def _extension(format_name: str) -> str:
    if format_name not in FORMATS:
        raise UsageError(f"format {format_name!r}", "there is no such format", f"Choose one of {', '.join(FORMATS)}")
    return FORMATS[format_name]


def _slugs(edition: Edition, templates: Environment) -> tuple[list[str], dict[str, str]]:
    """Fragment identifiers of the headings of sections and of stories (by the summary's id) in rendered Markdown.

    As GitHub and most others make them: lower case; letters, marks, digits, hyphens and underscores; blanks as hyphens;
    a repeated heading gets a number. Empty for a heading without letters.
    """
    seen: dict[str, int] = {}
    words = templates.get_template("words.j2").module
    untitled: str = words.untitled  # type: ignore[attr-defined]

    def slug(heading: str) -> str:
        kept = [c for c in one_line(heading).lower() if c in "- " or unicodedata.category(c)[0] in "LM"
                or unicodedata.category(c) in {"Nd", "Pc"}]  # fmt: skip
        base = "".join(kept).replace(" ", "-")
        seen[base] = seen.get(base, -1) + 1
        return f"{base}-{seen[base]}" if base and seen[base] else base

    def tell(stories: Sequence[Story]) -> None:
        of_stories.update((story.summary.id, slug(story.summary.headline or untitled)) for story in stories)

    of_stories: dict[str, str] = {}
    of_sections: list[str] = []
    slug(edition.title)
    if front := front_stories(edition):
        slug(str(words.front))  # type: ignore[attr-defined]
        tell(front)
    for section in shown_sections(edition):
        of_sections.append(slug(section.name))
        tell(section.here)
    return of_sections, of_stories
