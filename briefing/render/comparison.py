"""The page of `briefing compare`: each article with its summaries by several models. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from briefing.nlp.text import sentences
from briefing.render.filters import tidy
from briefing.types import Article, Failure, Summary

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_comparison"]


def render_comparison(
    rows: Sequence[tuple[Article, Sequence[Summary | Failure]]], models: Sequence[str], templates: Environment
) -> str:
    """A page with each article and its summaries by `models`, in their order, side by side."""
    columns = [_row(article, results) for article, results in rows]
    return tidy(templates.get_template("compare.html.j2").render(models=list(models), rows=columns))


def _row(article: Article, results: Sequence[Summary | Failure]) -> dict[str, object]:
    """An article in paragraphs of numbered sentences, each sentence marked with the points that cite it."""
    spans = sentences(article.text)
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
