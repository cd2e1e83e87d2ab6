"""Detection of home and section pages."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from briefing.errors import ExtractError, FrontPageError
from briefing.extract import extract_article
from briefing.types import Article

TEASERS = {
    "Council approves the tram line to the hospital": "The council of Porthaven voted on Tuesday evening to build the "
    "tram line to the hospital, ending a dispute of two years with the shops.",
    "Ferry fares rise by four per cent in April": "Passengers on the ferries across the bay will pay more from April, "
    "the company said, because fuel and wages have become dearer.",
    "Museum opens its new wing on the river": "The museum's new wing shows boats and nets that fishermen gave over a "
    "hundred years, and it is open every day but Monday.",
    "School roofs are to be repaired this summer": "Four schools get new roofs in the summer holidays, after rain came "
    "into their classrooms in January and February of this year.",
    "Library buys the house next door": "The library has bought the house next door, where it wants to show its old "
    "maps and read to children on Saturdays.",
}
ARTICLE = " ".join(TEASERS.values())
LAYOUTS = {
    "headings": "<article><h2><a href='/{place}'>{title}</a></h2><p>{text}</p></article>",
    "cards": "<a href='/{place}'><h3>{title}</h3><p>{text}</p></a>",
    "boxes": "<div class='box'><div class='title'><a href='https://www.post.example/{place}'>{title}</a></div>"
    "<div>{text}</div></div>",
    "posts": "<article><header><h2><a href='/2026/{place}'>{title}</a></h2>"
    "<div>Posted on <a href='/2026/'>1 March</a></div></header>"
    "<p>{text} {text} … <a href='/2026/{place}'>Continue reading {title}</a></p></article>",
    "one beginning": "<h2><a href='/{place}'>{title}</a></h2><p>The council of Porthaven, which met on Tuesday "
    "evening in the hall, has to say on this: {text}</p>",
    "continued": "<h2><a href='{place}'>{title}</a></h2><p>{text}</p><p><a href='{place}'>Read more of it here</a></p>",
}
OPEN = {
    "whole": ("<html lang=en><head><title>The Post</title></head><body>", "</body></html>"),
    "no end of the head": ("<html lang=en><head><title>The Post</title><body>", "</body></html>"),
    "no body": ("<html lang=en><head><title>The Post</title>", "</html>"),
    "nothing but content": ("<title>The Post</title>", ""),
}


def extracted(page: str, url: str = "https://post.example/news") -> Article:
    return extract_article(f"<!doctype html>{page}".encode(), content_type="text/html", name="it", url=url, source="P")


def teasers(layout: str, most: int = 5) -> str:
    shown = list(TEASERS.items())[:most]
    return "".join(layout.format(place=f"s{n}", title=title, text=text) for n, (title, text) in enumerate(shown))


@pytest.mark.parametrize("frame", OPEN.values(), ids=OPEN.keys())
@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS.keys())
def test_a_page_of_teasers_is_no_article(layout: str, frame: tuple[str, str]) -> None:
    begin, end = frame
    with pytest.raises(ExtractError, match="home page"):
        extracted(f"{begin}<h1>The Post</h1><main>{teasers(layout)}</main>{end}")


@pytest.mark.parametrize("frame", OPEN.values(), ids=OPEN.keys())
def test_a_page_of_links_with_omitted_end_tags_is_no_article(frame: tuple[str, str]) -> None:
    begin, end = frame
    links = "".join(f"<li><a href='/{n}'>Story number {n} of the day in Porthaven</a></li>" for n in range(40))
    with pytest.raises(ExtractError, match="page of links"):
        extracted(f"{begin}<ul>{links}</ul>{end}")


def test_a_site_root_of_headlines_and_a_short_text_is_no_article() -> None:
    links = "".join(f"<li><a href='/{n}'>Story number {n} of the day in Porthaven</a></li>" for n in range(12))
    about = f"<p>{ARTICLE[:200]}, says the newspaper of the town of Porthaven of itself since it was founded.</p>"
    with pytest.raises(ExtractError, match="home page"):
        extracted(f"<main><ul>{links}</ul></main>{about}", url="https://post.example/")


@pytest.mark.parametrize("frame", OPEN.values(), ids=OPEN.keys())
def test_an_article_with_omitted_end_tags_among_teasers_is_an_article(frame: tuple[str, str]) -> None:
    begin, end = frame
    body = "".join(f"<p>{text}</p>" for text in TEASERS.values())
    around = f"<aside>{teasers(LAYOUTS['headings'])}</aside>"
    article = extracted(f"{begin}<article><h1>Five things that happened</h1>{body}</article>{around}{end}")
    assert list(TEASERS.values())[4] in article.text


def post(number: int, title: str, sentences: int = 12) -> str:
    text = " ".join(
        f"On day {day} of the works at {title.lower()} number {number} the mayor of Porthaven counted {day + 30} boats "
        f"and told the committee for {title.lower()} that {day * number + 7} of them had come from abroad."
        for day in range(sentences)
    )
    return f"<article><h2><a href='/{number}'>{title}</a></h2><p>{text}</p></article>"


def test_a_blog_of_whole_posts_is_no_article() -> None:
    posts = "".join(post(number, title) for number, title in enumerate(list(TEASERS)[:3]))
    with pytest.raises(FrontPageError, match="home page"):
        extracted(f"<html><head><title>Blog</title></head><body><h1>Blog</h1>{posts}</body></html>")


def test_an_article_above_linked_posts_is_an_article() -> None:
    posts = "".join(post(number, title, sentences=3) for number, title in enumerate(list(TEASERS)[:4], 1))
    own = post(0, "Bridge is closed for repairs").replace("href='/0'", "href='/news'")
    article = extracted(
        f"<html><head><title>Bridge is closed for repairs</title></head><body>{own}{posts}</body></html>"
    )
    assert "bridge is closed" in article.text


def test_a_home_page_without_extracted_text_is_reported_as_a_home_page() -> None:
    cards = "".join(
        f"<div><h2><a href='/{n}'>{title}</a></h2><p>{text}</p></div>"
        for n, (title, text) in enumerate(TEASERS.items())
    )
    for page in (cards, teasers(LAYOUTS["headings"])):
        with pytest.raises(FrontPageError, match="home page"):
            extracted(f"<title>Front</title>{page}")


def test_an_article_with_headings_linked_to_other_sites_or_itself_is_an_article() -> None:
    for place in ("https://books.example/{place}", "#{place}", "/news#{place}"):
        layout = LAYOUTS["headings"].replace("/{place}", place)
        assert "Four schools" in extracted(f"<body><h1>What we read</h1>{teasers(layout)}</body>").text


def test_a_page_that_declares_itself_an_article_is_an_article() -> None:
    head = "<head><meta property='og:type' content='article'><title>A day in town</title></head>"
    assert "Four schools" in extracted(f"{head}<body><h1>A day in town</h1>{teasers(LAYOUTS['headings'])}</body>").text


def test_a_home_page_with_json_ld_of_linked_articles_is_no_article() -> None:
    data = '<script type="application/ld+json">[{"@type": "NewsArticle", "headline": "Ferry fares rise"}]</script>'
    head = f"<head><meta property='og:type' content='website'><title>The Post</title>{data}</head>"
    with pytest.raises(ExtractError, match="home page"):
        extracted(f"{head}<body><h1>The Post</h1>{teasers(LAYOUTS['headings'])}</body>")


def test_text_behind_an_unclosed_named_anchor_is_no_link() -> None:
    body = "".join(f"<p>{text[:90]}.</p>" for text in TEASERS.values())
    assert "Four schools" in extracted(f"<body><a name='top'><h1>News</h1>{body}</body>").text


@pytest.mark.slow
def test_no_real_article_is_a_home_page(shared_data: Path) -> None:
    folder = shared_data / "html"
    gold = json.loads(gzip.decompress((folder / "gold.json.gz").read_bytes()))
    refused = []
    for name in sorted(gold)[::8]:
        page = gzip.decompress((folder / f"{name}.gz").read_bytes())
        found = re.search(rb"(?:og:url|rel=.canonical.)[^>]*(https?://[^\"'>\s]+)", page)
        url = found[1].decode("utf-8", "replace") if found else "https://paper.example/a/story"
        try:
            extract_article(page, content_type="text/html", name=name, url=url, source="P")
        except ExtractError as error:
            refused.append((name, error.cause))
    assert refused == []
