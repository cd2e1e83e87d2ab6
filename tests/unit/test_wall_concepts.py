"""Walls by concepts in ten languages, and articles about the same."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest

from briefing.errors import ExtractError
from briefing.extract import extract_article
from briefing.extract.json_ld import json_ld_objects
from briefing.types import Article

TEXTS = tomllib.loads((Path(__file__).resolve().parents[1] / "data" / "wall_texts.toml").read_text("utf-8"))["text"]
WALLS = [text for text in TEXTS if "cause" in text]
ARTICLES = [text for text in TEXTS if "cause" not in text]


def called(text: dict[str, str]) -> str:
    return f"{text['language']} {text['title']}"


def extracted(text: dict[str, str], *, head: str = "") -> Article:
    body = "".join(f"<p>{line}</p>" for line in text["text"].split("\n"))
    html = (
        f'<!doctype html><html lang="{text["language"]}"><head><title>{text["title"]}</title>{head}</head><body><main>'
        f"<h1>{text['title']}</h1>{body}</main></body></html>"
    )
    return extract_article(html.encode(), content_type="text/html", name="it", url=None, source="Post")


@pytest.mark.parametrize("text", WALLS, ids=called)
def test_walls_are_detected_by_concepts(text: dict[str, str]) -> None:
    with pytest.raises(ExtractError) as caught:
        extracted(text)
    assert caught.value.cause == text["cause"]


@pytest.mark.parametrize("text", ARTICLES, ids=called)
def test_articles_about_the_concepts_of_walls_are_articles(text: dict[str, str]) -> None:
    first = " ".join(text["text"].split()[:6])
    assert first in " ".join(extracted(text).text.split())


def test_narrative_text_with_wall_concepts_is_an_article() -> None:
    """Each sentence that asks is kept; a day and a speaker around it make it a report."""
    text = {
        "language": "en",
        "title": "Paper closes its doors to blockers",
        "text": "Please disable your ad blocker on this site, the Courier told its readers on Monday. Advertising pays "
        "for our reporters, its editor said. He announced that those who pay two pounds a month need not do so.",
    }
    assert extracted(text).text


# --- what a page says of itself ---


@pytest.mark.parametrize("kind", ["WebSite", ["WebSite"], ["Thing", "WebSite"]])
def test_is_accessible_for_free_of_a_website_is_ignored(kind: object) -> None:
    data = json.dumps({"@type": kind, "isAccessibleForFree": False})
    head = f'<script type="application/ld+json">{data}</script>'
    assert extracted(next(text for text in ARTICLES if text["title"] == "Fire destroys barn"), head=head).text


def test_json_ld_in_lists_graphs_and_fields_is_found_and_broken_blocks_are_skipped() -> None:
    blocks = ['{"@graph": [{"a": 1}, {"hasPart": {"a": 2}}]}', "{", '[{"a": 3}]']
    assert [thing["a"] for thing in json_ld_objects(blocks, ["hasPart"]) if "a" in thing] == [1, 2, 3]
    assert [thing["a"] for thing in json_ld_objects(blocks, []) if "a" in thing] == [1, 3]
