"""Stories are chosen after ranking: what all sources list is ranked before a page is fetched, and the best are read."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape
from pathlib import Path
from typing import Any

import pytest

from briefing.assets import environment
from briefing.config import Config
from briefing.config.settings import Interests
from briefing.extract.html import text_of
from briefing.pipeline import NoProgress, Report, RunContext, make_edition, write_edition
from briefing.render.edition import render_explanation
from briefing.sources.feeds import read_feed
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Edition, FeedItem, Source

from ..conftest import Cli

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
SYLLABLES = (
    "ba",
    "dor",
    "fel",
    "gim",
    "hun",
    "jas",
    "kel",
    "lom",
    "mir",
    "nov",
    "pal",
    "rus",
    "sil",
    "tor",
    "vek",
    "zam",
)


def words(seed: str, count: int) -> list[str]:
    """Words that no other seed has: stories about nothing in common."""
    chosen = random.Random(seed)
    return ["".join(chosen.choices(SYLLABLES, k=4)) for _ in range(count)]


def title(event: str) -> str:
    return " ".join(words(event, 6)).capitalize()


def text(event: str, outlet: str = "") -> str:
    """What is told of an event: of every outlet the same words in other sentences."""
    told = words(event, 40)
    order = random.Random(event + outlet)
    sentences = [" ".join(order.sample(told, 14)).capitalize() + "." for _ in range(4)]
    return " ".join(sentences)


def item(link: str, event: str, hours: float, outlet: str, teaser: int) -> str:
    published = format_datetime(NOW - timedelta(hours=hours))
    beginning = " ".join(text(event, outlet).split()[:teaser])
    return (
        f"<item><title>{title(event)}</title><link>{link}</link><pubDate>{published}</pubDate>"
        f"<description>{beginning}</description></item>"
    )


def feed(name: str, items: Sequence[str]) -> str:
    return f"<rss version='2.0'><channel><title>{name}</title>{''.join(items)}</channel></rss>"


def page(event: str, outlet: str = "") -> str:
    paragraphs = "".join(f"<p>{one}.</p>" for one in text(event, outlet).rstrip(".").split(". "))
    return f"<html><body><article><h1>{title(event)}</h1>{paragraphs}</article></body></html>"


def answer(prompt: Any) -> str:
    return "# News\n" + "\n".join(f"- {line.rstrip('.')}." for line in prompt.document.split(". ")[:3])


def made(
    server: Server,
    feeds: Sequence[str],
    folder: Path,
    now: datetime = NOW,
    *,
    written: bool = False,
    engine: FakeEngine | None = None,
    **settings: Any,
) -> tuple[Edition, Report]:
    sources = settings.pop("sources", None) or tuple(
        Source(location=server.url(path), allow_local=True) for path in feeds
    )
    config = Config(
        sources=sources,
        state=folder / "state.db",
        out=folder / "out",
        timezone="UTC",
        since=settings.pop("since", None),
        **settings,
    )
    engine = engine or FakeEngine(at_once=4).says(answer)
    with RunContext(config, clock=lambda: now, progress=NoProgress(), engine=engine) as context:
        edition, report = make_edition(context)
        if written:
            write_edition(edition, context)
        return edition, report


def outlets(edition: Edition) -> Counter[str]:
    return Counter(article.source for story in edition.stories for article in story.articles)


def titles(edition: Edition) -> set[str]:
    return {article.title for story in edition.stories for article in story.articles}


def serve(
    server: Server, name: str, events: dict[str, float], *, without: Sequence[str] = (), teaser: int = 14
) -> None:
    """A feed of that name with an item for each event, so many hours old, and the items' pages.

    `without`: events whose page is gone; `teaser`: words that the feed has of each.
    """
    items = []
    for event, hours in events.items():
        path = f"/{name}/{event}"
        items.append(item(server.url(path), event, hours, name, teaser))
        if event in without:
            server.fails(path, 404)
        else:
            server.serves(path, page(event, name), type="text/html")
    server.serves(f"/{name}", feed(name, items), type="application/rss+xml")


@pytest.mark.parametrize("reachable", [True, False], ids=["pages", "no pages"])
def test_an_outlet_that_publishes_much_leaves_room_for_all_others(
    server: Server, tmp_path: Path, reachable: bool
) -> None:
    names = [f"outlet{number}" for number in range(8)]
    for name in names:
        fast = name == names[0]
        events = {f"{name}-{n}": 0.1 * n if fast else 5 + 0.1 * n for n in range(60 if fast else 30)}
        serve(server, name, events, teaser=14 if reachable else 60)
    edition, report = made(server, [f"/{name}" for name in names], tmp_path, max_stories=30, full_text=reachable)
    assert len(edition.stories) == 30
    told = outlets(edition)
    assert set(told) == set(names)
    assert told[names[0]] <= 8
    assert edition.left_out == 60 + 7 * 30 - 30
    assert sum(one.items for one in report.left_out) == edition.left_out
    fetched = {seen.path for seen in server.requests if seen.path.count("/") == 2}
    assert len(fetched) == (30 if reachable else 0)


def test_what_many_report_comes_before_what_is_newest(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {"quake": 20, **{f"a{n}": 0.1 * n for n in range(9)}})
    for name in ("beta", "gamma", "delta"):
        serve(server, name, {"quake": 20})
    feeds = ["/alpha", "/beta", "/gamma", "/delta"]
    edition, report = made(server, feeds, tmp_path, max_stories=3)
    assert title("quake") in titles(edition)
    assert len(edition.stories) == 3
    assert outlets(edition) == {"alpha": 3, "beta": 1, "gamma": 1, "delta": 1}
    assert [one.reason for one in report.left_out] == ["limit"] * 7


def test_a_story_of_interest_is_read_though_newer_ones_are_there(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {"tram": 23, **{f"a{n}": 0.1 * n for n in range(9)}})
    word = title("tram").split()[0]
    edition, _ = made(server, ["/alpha"], tmp_path, max_stories=2, interests=Interests(words=(word,), boost=2.0))
    assert title("tram") in titles(edition)


def test_the_next_story_moves_up_for_one_that_cannot_be_read(server: Server, tmp_path: Path) -> None:
    events = {f"a{n}": 0.1 * n for n in range(9)}
    serve(server, "alpha", events, without=("a0", "a2"))
    edition, _ = made(server, ["/alpha"], tmp_path, max_stories=4)
    assert titles(edition) == {title(event) for event in ("a1", "a3", "a4", "a5")}
    assert edition.left_out == 3


def test_a_section_that_is_full_leaves_its_places_to_others(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 0.1 * n for n in range(20)})
    serve(server, "beta", {f"b{n}": 9 + n for n in range(9)})
    edition, _ = made(server, ["/alpha", "/beta"], tmp_path, max_stories=8, max_per_section=4)
    assert outlets(edition) == {"alpha": 4, "beta": 4}
    fetched = {seen.path for seen in server.requests if seen.path.count("/") == 2}
    assert len(fetched) == 8


def test_a_second_run_leaves_the_order_and_knows_places_in_the_feed(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 5 for n in range(9)})
    serve(server, "beta", {f"b{n}": 5 for n in range(9)})
    runs = [made(server, ["/alpha", "/beta"], tmp_path, written=True, max_stories=6) for _ in range(2)]
    first, second = (edition.ranking for edition, _ in runs)
    assert second == first
    told = runs[1][1].ranked
    places = [next(reason.detail for reason in story.reasons if reason.name == "place") for story in told]
    assert sorted(places) == ["1", "1", "2", "2", "3", "3"]
    later, report = made(server, ["/alpha", "/beta"], tmp_path, NOW + timedelta(days=1), max_stories=20)
    assert title("a3") in titles(later)
    (story,) = [story for story in report.ranked if story.bundle.articles[0].title == title("a3")]
    place = next(reason.detail for reason in story.reasons if reason.name == "place")
    assert place == "4"  # what was left out does not move to the top of its feed


def test_a_later_run_without_news_asks_the_model_nothing(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 12 - n for n in range(10)})  # ever older news stands higher in the feed
    first = FakeEngine(tuned=True).says("moo")
    edition, _ = made(server, ["/alpha"], tmp_path, written=True, engine=first, max_stories=10)
    later = FakeEngine(tuned=True).says("moo")
    again, report = made(server, ["/alpha"], tmp_path, NOW + timedelta(hours=9), engine=later, max_stories=10)
    by_rank = [story.bundle.articles[0].id for story in report.ranked]
    assert {*by_rank[:6]} != {*edition.ranking[:6]}  # as it would be now
    assert (again.ranking, again.overview) == (edition.ranking, edition.overview)
    assert first.asked
    assert not later.asked


def test_an_outlet_has_its_share_also_of_what_two_tell(server: Server, tmp_path: Path) -> None:
    shared = {f"s{n}": 1 + 0.1 * n for n in range(12)}
    for name in ("fast", "slow"):
        serve(server, name, shared)
    for number in range(4):
        serve(server, f"other{number}", {f"o{number}-{n}": 9 for n in range(3)})
    feeds = ["/fast", "/slow", *(f"/other{number}" for number in range(4))]
    edition, _ = made(server, feeds, tmp_path, max_stories=9)
    told = outlets(edition)
    assert (told["fast"], told["slow"]) == (6, 6)
    assert sum(told.values()) - 12 == 3


def test_pages_that_cannot_be_read_for_now_leave_no_gap_in_the_edition(server: Server, tmp_path: Path) -> None:
    events = {f"a{n}": 0.1 * n for n in range(30)}
    serve(server, "alpha", events)
    for number in range(8):  # each on its own is tried
        server.fails(f"/alpha/a{number}", 403)
    edition, report = made(server, ["/alpha"], tmp_path, max_stories=6)
    assert len(edition.stories) == 6
    assert {one.reason for one in report.left_out} == {"limit"}


def test_a_second_run_lists_what_the_first_left_out(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 0.1 * n for n in range(6)})
    (first, by_the_first), (second, report) = (
        made(server, ["/alpha"], tmp_path, written=True, max_stories=2) for _ in range(2)
    )
    assert first.left_out == second.left_out == 4
    assert report.left_out == by_the_first.left_out
    assert [(one.title, one.reason) for one in report.left_out] == [(title(f"a{n}"), "limit") for n in range(2, 6)]
    explained = render_explanation(report.ranked, second, environment("templates", ()), report.left_out)
    listed = explained.partition("Left out:")[2].split("\n")[1:-1]
    assert all(re.fullmatch(r" {5}\d\.\d\d  alpha: .+ \(the edition is full\)", line) for line in listed)
    assert explained.startswith("  1  ")  # in one column with the others


def test_articles_over_a_sources_own_limit_wait_for_the_next_day(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 0.1 * n for n in range(6)})
    source = Source(location=server.url("/alpha"), allow_local=True, max_articles=2)
    for _ in range(2):
        edition, report = made(server, [], tmp_path, written=True, sources=(source,))
        assert {one.reason for one in report.left_out} == {"source"}
        assert (len(edition.stories), edition.left_out, len(report.left_out)) == (2, 4, 4)


def test_a_report_that_joins_a_story_and_cannot_be_condensed_is_told_by_the_next_run(
    server: Server, tmp_path: Path
) -> None:
    serve(server, "alpha", {"quake": 5})
    serve(server, "beta", {"quake": 4})
    made(server, ["/alpha"], tmp_path, written=True, since="last")
    broken = FakeEngine().fails("no memory")
    edition, _ = made(
        server, ["/alpha", "/beta"], tmp_path, NOW + timedelta(hours=1), written=True, since="last", engine=broken
    )
    assert outlets(edition) == {"alpha": 1}
    edition, _ = made(server, ["/alpha", "/beta"], tmp_path, NOW + timedelta(hours=2), written=True, since="last")
    assert outlets(edition) == {"alpha": 1, "beta": 1}
    assert len(edition.stories) == 1


def test_pages_are_read_side_by_side_also_where_one_story_is_missing(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 0.1 * n for n in range(30)}, without=[f"a{n}" for n in range(4, 23)])
    began = len(server.requests)
    edition, _ = made(server, ["/alpha"], tmp_path, max_stories=5)
    assert len(edition.stories) == 5
    tried = [seen.path for seen in server.requests[began:] if seen.path.count("/") == 2]
    assert len(tried) == 25  # five, then four at a time; one by one they would be 24


def test_a_source_has_no_more_articles_than_its_limit(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 0.1 * n for n in range(9)})
    edition, report = made(server, ["/alpha"], tmp_path, max_stories=4, max_per_source=2)
    assert len(edition.stories) == 2
    assert {one.reason for one in report.left_out} == {"source"}
    assert edition.left_out == 7


def test_without_a_limit_everything_is_told(server: Server, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": 0.1 * n for n in range(9)})
    edition, report = made(server, ["/alpha"], tmp_path, max_stories=0)
    assert (len(edition.stories), edition.left_out, report.left_out) == (9, 0, ())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--templates", "nofolder"), "nofolder: there is no such folder"),
        (("--prompts", "nofolder"), "nofolder: there is no such folder"),
        (("--model", "qwen2.5-codr-1.5b"), "no model has that name. Did you mean qwen2.5-coder-1.5b?"),
        (("--model", "nowhere.gguf"), "nowhere.gguf: there is no such file"),
    ],
)
def test_what_is_named_and_is_not_there_is_found_before_anything_is_read(
    server: Server, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    serve(server, "alpha", {"a": 1})
    Path("briefing.toml").write_text(f'allow_local = true\n[[sources]]\nurl = "{server.url("/alpha")}"\n', "utf-8")
    done = cli("run", *options)
    assert done.returncode in {2, 3}
    assert said in done.stderr
    assert server.requests == []


def test_an_edition_that_two_configurations_share_is_named(
    server: Server, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("alpha", "beta"):
        serve(server, name, {f"{name}{n}": n for n in range(2)})
        Path(f"{name}.toml").write_text(
            f'since = ""\nallow_local = true\nengine = "extractive"\n[[sources]]\nurl = "{server.url(f"/{name}")}"\n'
        )
    first, again = (cli("run", "alpha.toml", "--state", "s.db") for _ in range(2))
    other = cli("run", "beta.toml", "--state", "s.db")
    assert [one.stderr.count("this configuration does not name") for one in (first, again, other)] == [0, 0, 1]
    assert "Warning: Morning briefing: it has stories of " in other.stderr


@pytest.mark.parametrize("option", ["--max-stories", "--max-articles"])
def test_what_is_left_out_is_counted_and_explained(
    server: Server, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.chdir(tmp_path)
    serve(server, "alpha", {f"a{n}": n for n in range(9)})
    Path("briefing.toml").write_text(
        f'since = ""\nallow_local = true\nengine = "extractive"\n[[sources]]\nurl = "{server.url("/alpha")}"\n', "utf-8"
    )
    formats = [part for name in ("md", "html", "text") for part in ("--format", name)]
    common = (option, "4", "--state", "state.db", *formats)

    def feet(pattern: str) -> set[str]:
        pages = (" ".join(file.read_text("utf-8").replace("`", "").split()) for file in Path("briefings").glob(pattern))
        return {page.partition(" left out: see ")[2].partition(" --explain")[0] for page in pages}

    done = cli("run", *common)
    assert done.returncode == 0, done.stderr
    assert "5 more items: see `briefing run --state state.db --max-stories 4 --explain`" in done.stderr
    assert feet("*") == {"briefing run"}
    done = cli("run", *common, "--explain")
    explained = done.stderr.partition("Left out:")[2]
    assert sum("(the edition is full)" in line for line in explained.splitlines()) == 5
    assert "5 more items\n" in explained  # and no hint to do what has been done
    assert cli("run", *common, "--edition", "evening").returncode == 0
    assert feet("*evening*") == {"briefing run --edition evening"}


@pytest.mark.parametrize("look", ["summarise /alpha/quake", "run --since 9999d --source /alpha"])
def test_a_look_at_an_article_leaves_the_edition_that_has_it_as_it_is(
    server: Server, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, look: str
) -> None:
    monkeypatch.chdir(tmp_path)
    serve(server, "alpha", {"quake": 1})
    Path("briefing.toml").write_text(
        'since = ""\nallow_local = true\nengine = "extractive"\nstate = "state.db"\nformats = ["md"]\n'
        f'[[sources]]\nurl = "{server.url("/alpha")}"\nname = "Coast News"\nsection = "World"\n',
        "utf-8",
    )
    assert cli("run").returncode == 0
    before = [cli("show", "--format", name).stdout for name in ("md", "json")]
    assert '"source": "Coast News"' in before[1]
    done = cli(*(server.url(word) if word.startswith("/") else word for word in look.split()))
    assert done.returncode == 0, done.stderr
    assert [cli("show", "--format", name).stdout for name in ("md", "json")] == before


def test_the_old_name_of_the_setting_still_counts(server: Server, cli: Cli, tmp_path: Path) -> None:
    serve(server, "alpha", {f"a{n}": n for n in range(3)})
    file = tmp_path / "briefing.toml"
    file.write_text(
        'since = ""\nallow_local = true\nengine = "extractive"\nmax_articles = 1\n'
        f'[[sources]]\nurl = "{server.url("/alpha")}"\n',
        "utf-8",
    )
    done = cli("run", str(file), "--state", str(tmp_path / "state.db"), "--out", str(tmp_path / "out"))
    assert "2 more items" in done.stderr


NAMES = "abscbnnews aljazeeraenglish bbc cnn dailymail fox gmanews latimes nationalgeographic nytimes nzherald rnz smh"
FIFTEEN = [f"/{name}" for name in f"{NAMES} straittimes stuff".split()]


@pytest.mark.slow
@pytest.mark.parametrize("reachable", [True, False], ids=["pages", "no pages"])
def test_fifteen_real_outlets_all_have_their_best_stories_in_the_edition(
    server: Server, tmp_path: Path, shared_data: Path, reachable: bool
) -> None:
    """Every outlet with a story among the thirty highest-ranked is there, if need be with its headline."""
    for path in FIFTEEN:
        listed = real_feed(shared_data, path, NOW)
        server.serves(path, of_its_own(server, path, listed, reachable), type="application/rss+xml")
    edition, report = made(server, FIFTEEN, tmp_path, written=True, max_stories=30, pictures="none")
    again, _ = made(server, FIFTEEN, tmp_path, NOW + timedelta(hours=3), max_stories=30, pictures="none")
    assert again.ranking == edition.ranking  # nothing is new, so nothing moves
    shown = {*outlets(edition), *(stub.source for stub in edition.stubs)}
    over = [(one.source, one.score) for one in report.left_out if one.score is not None]
    ranks = sorted((*(one.score for one in report.ranked), *(score for _, score in over)), reverse=True)
    thirtieth = ranks[max(0, 29 - len(edition.stubs))]  # headlines were ranked, too
    assert not [source for source, score in over if source not in shown and score > thirtieth]
    assert len(shown) >= 10
    assert edition.left_out == sum(one.items for one in report.left_out) > 200
    if reachable:
        assert len(edition.stories) == 30


@pytest.mark.slow
def test_the_event_of_a_real_day_is_one_story_and_leads(server: Server, tmp_path: Path, shared_data: Path) -> None:
    """Also once the eight articles that are read of it are compared, of which most others are not there."""
    now = datetime(2021, 10, 17, 13, 30, tzinfo=UTC)
    for path in FIFTEEN:
        listed = real_feed(shared_data, path, now)
        server.serves(path, of_its_own(server, path, listed, True), type="application/rss+xml")
    edition, report = made(server, FIFTEEN, tmp_path, now, since="last", max_stories=30, pictures="none")
    first = report.ranked[0].bundle
    assert len({article.source for article in first.articles}) == 3
    assert sum("Amess" in article.title for article in first.articles) >= 7
    assert not [story for story in report.ranked[1:] if "Amess" in story.bundle.articles[0].title]
    assert len(edition.stories) == 30


def real_feed(shared_data: Path, path: str, now: datetime) -> Sequence[FeedItem]:
    file = shared_data / "feeds" / "real" / f"gesab001__{path[1:]}.xml"
    return read_feed(file.read_bytes(), now=now, subject=path).items


def of_its_own(server: Server, path: str, items: Sequence[FeedItem], reachable: bool) -> str:
    """A feed with the titles, dates and teasers of `items` that leads to pages of the server."""
    entries = []
    for number, entry in enumerate(items):
        title, teaser, page_path = escape(entry.title), text_of(entry.html), f"{path}/{number}"
        more = f"The matter of {title} goes on, said those who know of it in {path[1:]} on day {number}. "
        body = f"<html><body><article><h1>{title}</h1><p>{escape(teaser)}</p><p>{more * 4}</p></article></body></html>"
        if reachable:
            server.serves(page_path, body, type="text/html")
        else:
            server.fails(page_path, 403)
        date = format_datetime(entry.published) if entry.published else ""
        entries.append(
            f"<item><title>{title}</title><link>{server.url(page_path)}</link><pubDate>{date}</pubDate>"
            f"<description>{escape(teaser)}</description></item>"
        )
    return feed(path[1:], entries)
