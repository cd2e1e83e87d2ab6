"""The sample keeps its promises: five formats, real clutter, dated facts, no article copied from another."""

from __future__ import annotations

import email
import email.policy
import json
import re
import tomllib
from collections import Counter
from datetime import UTC, date, datetime
from email.message import EmailMessage, MIMEPart
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from lxml import html

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "sample"
EXPECTED = tomllib.loads((SAMPLE / "expected.toml").read_text(encoding="utf-8"))
ARTICLES: list[dict[str, Any]] = EXPECTED["articles"]
ALL = ARTICLES + EXPECTED["extra"]
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"

each_article = pytest.mark.parametrize("article", ALL, ids=lambda article: article["id"])


def message(path: Path) -> EmailMessage:
    parsed = email.message_from_bytes(path.read_bytes(), policy=email.policy.default.clone(raise_on_defect=True))
    assert isinstance(parsed, EmailMessage)
    return parsed


def content(part: MIMEPart | None) -> str:
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def decoded(article: dict[str, Any]) -> str:
    """All that the file says to a reader of its bytes, transfer encodings undone."""
    path: Path = SAMPLE / article["file"]
    if article["format"] == "mail":
        return "\n".join(content(part) for part in message(path).walk() if not part.is_multipart())
    return path.read_text(encoding="utf-8")


def paragraphs(article: dict[str, Any]) -> list[str]:
    """The article's own paragraphs, found the way its author knows they lie and no program can."""
    text, kind = decoded(article), article["format"]
    if kind in ("html", "feed"):
        found = html.fromstring(text).xpath(article["body"])
        blocks = [str(part) if isinstance(part, str) else part.text_content() for part in found]
    elif kind == "mail":
        text = re.split(r"\n-- ?\n", content(message(SAMPLE / article["file"]).get_body(("plain",))))[0]
        blocks = text.partition(article["title"])[2].split("\n\n") if article["title"] in text else text.split("\n\n")
    elif kind == "markdown":
        text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
        text = re.sub(r"\[([^]]+)\]\([^)]+\)", r"\1", text).replace("*", "")
        blocks = [block for block in text.split("\n\n") if not block.startswith("#")]
    else:
        blocks = [line for line in text.splitlines()[1:] if not any(words in line for words in article["clutter"])]
    return [joined for block in blocks if (joined := " ".join(block.split()))]


def words(article: dict[str, Any]) -> list[str]:
    return re.findall(r"\w+", " ".join(paragraphs(article)).lower())


def feed_items() -> list[ElementTree.Element]:
    return ElementTree.parse(SAMPLE / "feed" / "feed.xml").findall("channel/item")


def test_the_sample_has_every_format_and_the_two_long_articles() -> None:
    formats = Counter(article["format"] for article in ARTICLES)
    assert formats == {"text": 3, "markdown": 3, "html": 4, "mail": 2, "feed": 5}
    assert sum(len(" ".join(paragraphs(article)).split()) >= 900 for article in ARTICLES) == 2


def test_every_file_of_the_sample_is_listed_and_every_listed_file_is_read() -> None:
    lying = {str(path.relative_to(SAMPLE)) for path in SAMPLE.glob("*/**/*") if path.is_file()}
    assert {article["file"] for article in ALL} | {"feed/feed.xml"} == lying
    config = tomllib.loads((SAMPLE / "briefing.toml").read_text(encoding="utf-8"))
    reached = {f"feed/{item.findtext('link')}" for item in feed_items()} | {s["path"] for s in config["sources"]}
    assert {article["file"] for article in ARTICLES} | {"feed/feed.xml"} == reached
    assert {source["section"] for source in config["sources"]} == set(config["sections"])
    assert "out" not in config
    readme = (SAMPLE / "README.md").read_text(encoding="utf-8")
    assert [article["file"] for article in ALL if f"`{article['file']}`" not in readme] == []


@each_article
def test_an_article_is_as_long_as_a_news_article_and_starts_with_its_dateline(article: dict[str, Any]) -> None:
    own = paragraphs(article)
    assert 250 <= len(" ".join(own).split()) <= 1200
    opening = " ".join(own[:2])
    day: date = article["published"]
    months = {"de": {4: "April"}}.get(article.get("language", ""), {day.month: f"{day:%B}"})
    assert re.search(rf"\b{day.day}\.? {months[day.month]} {day.year}\b", opening)


@each_article
def test_the_expected_facts_are_in_the_article(article: dict[str, Any]) -> None:
    text = " ".join(paragraphs(article))
    assert 3 <= len(article["facts"]) <= 6
    assert [word for fact in article["facts"] for word in fact["words"] if word not in text] == []


@each_article
def test_the_clutter_is_in_the_file_and_not_in_the_article(article: dict[str, Any]) -> None:
    text, raw = " ".join(paragraphs(article)), decoded(article)
    if article["id"] in {item_page(item).stem for item in feed_items() if item.find(CONTENT) is not None}:
        raw += (SAMPLE / "feed" / "feed.xml").read_text(encoding="utf-8")
    assert [part for part in article["clutter"] if part not in raw] == []
    assert [part for part in article["clutter"] if part in text] == []


@each_article
def test_the_title_and_the_day_are_in_the_files_own_metadata(article: dict[str, Any]) -> None:
    text, title, kind = decoded(article), article["title"], article["format"]
    if kind in ("html", "feed"):
        tree = html.fromstring(text)
        assert "".join(tree.xpath("//h1[1]//text()")) == title
        data = [json.loads(script) for script in tree.xpath("//script[@type='application/ld+json']/text()")]
        found = [node for node in flat(data) if "headline" in node]
        assert [node["headline"] for node in found] == [title]
        assert datetime.fromisoformat(found[0]["datePublished"]).astimezone(UTC).date() == article["published"]
        assert "desk" in json.dumps(found[0]["author"])
    elif kind == "mail":
        mail = message(SAMPLE / article["file"])
        assert parsedate_to_datetime(mail["Date"]).astimezone(UTC).date() == article["published"]
        assert title in (mail["Subject"], *text.splitlines())
    elif text.startswith("---\n"):
        front = text.split("---\n")[1]
        assert title in front
        assert f"date: {article['published']}" in front
    else:
        assert text.splitlines()[0].removeprefix("# ") == title


def test_the_newsletter_is_quoted_printable_in_two_alternatives_and_the_other_message_plain() -> None:
    newsletter = message(SAMPLE / "mail" / "fusion-ignition.eml")
    assert newsletter.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in newsletter.iter_parts()] == ["text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in newsletter.iter_parts()} == {"quoted-printable"}
    assert not newsletter["Subject"].isascii()
    assert message(SAMPLE / "mail" / "hottest-year.eml").get_content_type() == "text/plain"
    for path in (SAMPLE / "mail").glob("*.eml"):
        lines = path.read_bytes().split(b"\n")
        assert all(line.endswith(b"\r") for line in lines[:-1]), "RFC 5322, section 2.1: lines end with CRLF"
        assert max(map(len, lines)) <= 998, "RFC 5322, section 2.1.1"


def test_both_alternatives_of_the_newsletter_say_the_same() -> None:
    article = next(article for article in ARTICLES if article["id"] == "fusion-ignition")
    rich = content(message(SAMPLE / article["file"]).get_body(("html",)))
    text = " ".join(html.fromstring(rich).text_content().split())
    assert [paragraph for paragraph in paragraphs(article) if paragraph not in text] == []


def item_page(item: ElementTree.Element) -> Path:
    return SAMPLE / "feed" / (item.findtext("link") or "")


def test_the_feed_agrees_with_its_pages_and_holds_one_in_full() -> None:
    by_file = {SAMPLE / article["file"]: article for article in ARTICLES}
    full = []
    for item in feed_items():
        article = by_file[item_page(item)]
        assert item.findtext("title") == article["title"]
        when = parsedate_to_datetime(item.findtext("pubDate") or "")
        assert when.astimezone(UTC).date() == article["published"]
        assert 10 <= len((item.findtext("description") or "").split()) <= 40
        if encoded := item.findtext(CONTENT):
            full.append(article["id"])
            assert [p.text_content() for p in html.fromstring(f"<div>{encoded}</div>")][:-1] == paragraphs(article)
    assert full == ["croatia-euro"]
    guids = [item.findtext("guid") for item in feed_items()]
    assert len(set(guids)) == len(guids)


def test_no_two_articles_share_a_long_run_of_words() -> None:
    run, seen, shared = 12, dict[tuple[str, ...], str](), set[str]()
    for article in ALL:
        own = words(article)
        for start in range(len(own) - run + 1):
            part = tuple(own[start : start + run])
            if seen.setdefault(part, article["id"]) != article["id"]:
                shared.add(f"{seen[part]} and {article['id']}: {' '.join(part)}")
    assert shared == set()


def test_the_articles_of_one_story_come_from_different_files_and_share_their_names() -> None:
    by_id = {article["id"]: article for article in ARTICLES}
    for first, second in EXPECTED["same_story"]:
        assert first != second
        names = [set(re.findall(r"\b[A-Z][a-z]+[A-Z]\w+\b", " ".join(paragraphs(by_id[i])))) for i in (first, second)]
        assert names[0] & names[1]


def flat(data: object) -> list[dict[str, Any]]:
    """Every object of JSON-LD, however deep its list or graph."""
    if isinstance(data, list):
        return [node for part in data for node in flat(part)]
    if isinstance(data, dict):
        return [data, *flat(data.get("@graph", []))]
    return []
