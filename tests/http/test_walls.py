"""Runs over items behind walls, with a real server."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from pathlib import Path

import pytest

from briefing.cli.messages import ProgressDisplay
from briefing.cli.report import exit_code, run_code, tell_run
from briefing.config import Config
from briefing.errors import ExitCode
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, Report, RunContext, make_edition, summarise_sources, write_edition
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Edition, FailureKind, Source

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
WALLS = Path(__file__).resolve().parents[1] / "data" / "walls"
CONSENT = (WALLS / "wall-01-consent-en.html").read_text("utf-8")
PAYWALL = (WALLS / "wall-11-paywall-en.html").read_text("utf-8")
TEASER = "The new sea wall will cost at least £41m, say papers."
WHOLE = " ".join(
    f"In the year {year} the harbour wall at Port Elswick sank by {year - 1990} centimetres, said the engineer."
    for year in range(1991, 2011)
)


def page(title: str, text: str) -> str:
    return f"<html><head><title>T</title></head><body><article><h1>{title}</h1><p>{text}</p></article></body></html>"


PAGE = page("Wall", WHOLE)


def feed(*items: tuple[str, str, str]) -> str:
    """RSS of items: title, link, text in `content:encoded`."""
    listed = "".join(
        f"<item><title>{title}</title><link>{link}</link><content:encoded>{escape(text)}</content:encoded>"
        "<pubDate>Thu, 16 May 2024 20:00:00 GMT</pubDate></item>"
        for title, link, text in items
    )
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>Chronicle</title>{listed}</channel></rss>"
    )


@pytest.fixture
def server(server: Server) -> Server:
    server.serves("/consent", CONSENT, type="text/html")
    server.serves("/paywall", PAYWALL, type="text/html")
    server.serves("/page", PAGE, type="text/html")
    return server


def answer(prompt: object) -> str:
    return f"# News\n- {prompt.document.split('. ')[0]}."  # type: ignore[attr-defined]


def context(server: Server, folder: Path, days: int = 0) -> RunContext:
    config = Config(
        sources=(Source(location=server.url("/feed"), allow_local=True),), state=folder / "state.db",
        out=folder / "out", timezone="UTC", group=False, formats=("md", "json"),
    )  # fmt: skip
    quick = partial(Fetcher, read_timeout=1, total_timeout=1.5, retries=1, backoff=0.01, gap=0.0)
    now = NOW + timedelta(days=days)
    return RunContext(config, clock=lambda: now, progress=NoProgress(), engine=FakeEngine().says(answer), fetcher=quick)


def run(server: Server, folder: Path, days: int = 0) -> tuple[Edition, Report, tuple[Path, ...]]:
    with context(server, folder, days) as open_:
        edition, report = make_edition(open_)
        return edition, report, () if edition.empty else write_edition(edition, open_)


def test_the_feeds_text_replaces_a_consent_wall(server: Server, tmp_path: Path) -> None:
    server.serves("/feed", feed(("Wall", server.url("/consent"), WHOLE)), type="application/rss+xml")
    edition, _, _ = run(server, tmp_path)
    (article,) = edition.stories[0].articles
    assert article.text == WHOLE
    assert "asks for consent" in article.warnings[0]
    assert edition.stubs == ()


def test_a_longer_feed_text_replaces_the_pages(server: Server, tmp_path: Path) -> None:
    server.serves("/feed", feed(("Wall", server.url("/page"), f"{WHOLE} {WHOLE}")), type="application/rss+xml")
    edition, _, _ = run(server, tmp_path)
    (article,) = edition.stories[0].articles
    assert article.text == f"{WHOLE} {WHOLE}"
    assert article.warnings == ()


def test_an_article_behind_a_wall_keeps_its_headline_and_teaser_and_gives_no_points(
    server: Server, tmp_path: Path
) -> None:
    items = [("Costs rise", server.url("/paywall"), TEASER), ("Ferry stops", server.url("/consent"), ""),
             ("Wall", server.url("/page"), "")]  # fmt: skip
    server.serves("/feed", feed(*items), type="application/rss+xml")
    edition, report, (markdown, data) = run(server, tmp_path)
    with redirect_stderr(io.StringIO()) as printed:
        tell_run(ProgressDisplay(), edition, report)
    assert "In short  2, with their headlines only" in printed.getvalue()
    assert [(one.title, one.teaser, one.source, one.wall) for one in edition.stubs] == [
        ("Costs rise", TEASER, "Chronicle", "paywall"),
        ("Ferry stops", "", "Chronicle", "consent"),
    ]
    assert [story.articles[0].title for story in edition.stories] == ["Wall"]
    assert all(failure.kind is FailureKind.SKIPPED for failure in edition.failures)
    text = markdown.read_text("utf-8")
    assert f"[Costs rise]({server.url('/paywall')}) {TEASER} (Chronicle, behind a paywall)" in text
    assert f"[Ferry stops]({server.url('/consent')}) (Chronicle)" in text
    assert "Not in this edition" not in text
    assert [one["title"] for one in json.loads(data.read_text("utf-8"))["stubs"]] == ["Costs rise", "Ferry stops"]


@pytest.mark.slow
def test_a_headline_is_told_once_and_again_only_in_the_edition_of_its_own_day(server: Server, tmp_path: Path) -> None:
    items = [("Costs rise", server.url("/paywall"), TEASER), ("Wall", server.url("/page"), "")]
    server.serves("/feed", feed(*items), type="application/rss+xml")
    told = [[one.title for one in run(server, tmp_path, days)[0].stubs] for days in (0, 0, 1)]
    assert told == [["Costs rise"], ["Costs rise"], []]


@pytest.mark.slow
def test_a_source_that_fails_when_the_edition_is_made_again_keeps_its_headlines(server: Server, tmp_path: Path) -> None:
    items = [("Costs rise", server.url("/paywall"), TEASER), ("Wall", server.url("/page"), "")]
    server.serves("/feed", feed(*items), type="application/rss+xml")
    run(server, tmp_path)
    server.serves("/feed", "", status=404)
    edition, _, _ = run(server, tmp_path)
    assert [story.articles[0].title for story in edition.stories] == ["Wall"]
    assert [one.title for one in edition.stubs] == ["Costs rise"]


def test_headlines_alone_are_an_edition_and_are_told_once(server: Server, tmp_path: Path) -> None:
    first = ("Costs rise", server.url("/paywall"), TEASER)
    server.serves("/feed", feed(first), type="application/rss+xml")
    edition, _, written = run(server, tmp_path)
    assert [one.title for one in edition.stubs] == ["Costs rise"]
    assert "Costs rise" in written[0].read_text("utf-8")
    server.serves("/feed", feed(first, ("Wall", server.url("/page"), "")), type="application/rss+xml")
    edition, _, written = run(server, tmp_path, days=1)
    assert edition.stubs == ()
    assert len(written) == 2


def test_an_item_without_a_title_behind_a_wall_is_a_failure(server: Server, tmp_path: Path) -> None:
    server.serves("/feed", feed(("", server.url("/paywall"), "")), type="application/rss+xml")
    edition, _, _ = run(server, tmp_path)
    assert edition.stubs == ()
    (failure,) = edition.failures
    assert failure.kind is FailureKind.FAILED
    assert "behind a paywall" in failure.cause


def test_summaries_of_a_feed_name_what_is_behind_a_wall(server: Server, tmp_path: Path) -> None:
    items = [("Costs rise", server.url("/paywall"), TEASER), ("Wall", server.url("/page"), "")]
    server.serves("/feed", feed(*items), type="application/rss+xml")
    with context(server, tmp_path) as open_:
        summaries, failures = summarise_sources(open_)
    assert [summary.title for summary in summaries] == ["Wall"]
    (failure,) = failures
    assert failure.stub is not None
    assert "behind a paywall" in failure.cause


@pytest.mark.parametrize(
    ("status", "wall"), [(401, "refused"), (403, "refused"), (429, "refused"), (451, "refused"), (500, "unread"),
                         (503, "unread"), (404, None), (410, None)]
)  # fmt: skip
def test_an_article_whose_page_is_refused_is_a_headline_and_no_failure(
    server: Server, tmp_path: Path, status: int, wall: str | None
) -> None:
    server.serves("/kept", "no", status=status)
    server.serves("/feed", feed(("Costs rise", server.url("/kept"), TEASER), ("Wall", server.url("/page"), "")),
                  type="application/rss+xml")  # fmt: skip
    edition, report, _ = run(server, tmp_path)
    assert [(one.title, one.url, one.wall) for one in edition.stubs] == (
        [("Costs rise", server.url("/kept"), wall)] if wall else []
    )
    (failure,) = edition.failures
    assert failure.kind is (FailureKind.SKIPPED if wall else FailureKind.FAILED)
    assert exit_code(True, report.failures) == (ExitCode.WELL if wall else ExitCode.PARTLY)


def test_an_article_whose_page_has_no_text_is_a_headline(server: Server, tmp_path: Path) -> None:
    server.serves("/empty", "<html><body><p>Menu</p></body></html>")
    items = [("Costs rise", server.url("/empty"), TEASER), ("Wall", server.url("/page"), "")]
    server.serves("/feed", feed(*items), type="application/rss+xml")
    edition, _, _ = run(server, tmp_path)
    assert [(one.title, one.wall) for one in edition.stubs] == [("Costs rise", "unread")]


def test_a_headline_whose_page_may_come_back_is_told_once_and_its_story_later(server: Server, tmp_path: Path) -> None:
    old, new = ("Wall", server.url("/page"), ""), ("Wall two", server.url("/page2"), "")
    server.serves("/feed", feed(("Costs rise", server.url("/kept"), TEASER), old), type="application/rss+xml")
    server.serves("/page2", page("Wall two", WHOLE.replace("harbour", "northern")))
    server.serves("/kept", "no", status=503)
    assert [one.title for one in run(server, tmp_path)[0].stubs] == ["Costs rise"]
    server.serves("/feed", feed(("Costs rise", server.url("/kept"), TEASER), new), type="application/rss+xml")
    assert run(server, tmp_path, days=1)[0].stubs == ()
    server.serves("/kept", page("Costs rise", WHOLE.replace("engineer", "mayor")))
    edition, _, _ = run(server, tmp_path, days=2)
    assert "Costs rise" in [story.articles[0].title for story in edition.stories]


FERRY = (
    "The ferry to the island of Norra sails again from Monday, said the master of the port, after eleven weeks in a "
    "yard. Its engine was taken apart for eleven weeks, and a new pump of 2 million crowns was put into it. Islanders "
    "had to take a small boat for all that time, which carried neither cars nor cattle."
)


@pytest.mark.parametrize("path", ["/kept", "/paywall"])
def test_a_headline_under_a_new_date_is_not_told_again(server: Server, tmp_path: Path, path: str) -> None:
    server.serves("/kept", "no", status=503)
    server.serves("/page2", page("Ferry sails", FERRY))
    entry = ("Costs rise", server.url(path), TEASER)
    server.serves("/feed", feed(entry, ("Wall", server.url("/page"), "")), type="application/rss+xml")
    assert [one.title for one in run(server, tmp_path)[0].stubs] == ["Costs rise"]
    later = feed(entry, ("Ferry sails", server.url("/page2"), "")).replace("16 May 2024", "17 May 2024")
    server.serves("/feed", later, type="application/rss+xml")
    edition, _, _ = run(server, tmp_path, days=1)
    assert (len(edition.stories), edition.stubs) == (1, ())


@pytest.mark.parametrize(("status", "code"), [(503, ExitCode.WELL), (404, ExitCode.NOTHING)])
def test_a_run_without_a_story_has_failed_where_it_has_no_headline_either(
    server: Server, tmp_path: Path, status: int, code: ExitCode
) -> None:
    server.serves("/kept", "no", status=status)
    server.serves("/feed", feed(("Costs rise", server.url("/kept"), TEASER)), type="application/rss+xml")
    edition, report, written = run(server, tmp_path)
    with redirect_stderr(io.StringIO()) as printed:
        tell_run(ProgressDisplay(), edition, report)
    assert run_code(bool(written), report.failures) is code
    assert edition.empty is (code is ExitCode.NOTHING)
    assert ("HTTP 503" in printed.getvalue(), "skipped" in printed.getvalue()) == (False, edition.empty)


def test_a_headline_is_in_the_section_of_its_topic(server: Server, tmp_path: Path) -> None:
    items = [("Sea wall costs rise", server.url("/paywall"), TEASER), ("Wall", server.url("/page"), "")]
    server.serves("/feed", feed(*items), type="application/rss+xml")
    with context(server, tmp_path) as open_:
        open_.config = replace(open_.config, topics={"Coast": ("sea wall",)}, other="Rest")
        edition, _ = make_edition(open_)
    assert [one.section for one in edition.stubs] == ["Coast"]
