"""What a source's own table says holds for its articles, and for no other source's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from briefing.config import load_config
from briefing.errors import ConfigError
from briefing.fetch import Fetcher
from briefing.pipeline import NoProgress, RunContext, make_edition, read
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server
from briefing.types import Edition

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
WORDS = ("harbour", "tram", "museum", "river", "school", "bridge", "forest", "castle")
Opened = Callable[..., RunContext]


def story(number: int) -> str:
    word = WORDS[number]
    return (
        f"The {word} of Town{number} opened on Tuesday after works that took {number + 2} years, the mayor said. "
        f"About {number + 100} people came to see the {word}, and many of them stayed until the evening. "
        f"The works on the {word} were paid for by a levy that the council of Town{number} had voted for in March. "
        f"Visitors can walk through the {word} every day but Monday, and children pay nothing until August."
    )


def rss(server: Server, title: str, numbers: range) -> str:
    one = (
        "<item><title>The {0} opens</title><link>{1}</link><description>{2}</description><pubDate>{3}</pubDate></item>"
    )
    items = "".join(
        one.format(WORDS[n], server.url(f"/{n}"), story(n), f"Fri, 17 May 2024 0{n % 4 + 1}:00:00 GMT") for n in numbers
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{items}</channel></rss>"


@pytest.fixture
def server(server: Server) -> Server:
    for number, word in enumerate(WORDS):
        said = f"<h1>The {word} opens</h1><p>{story(number)}</p><p>Only the page of {word} says this, at its end.</p>"
        server.serves(f"/{number}", f"<html><body><article>{said}</article></body></html>", type="text/html")
    server.serves("/first", rss(server, "First", range(4)), type="application/rss+xml")
    server.serves("/second", rss(server, "Second", range(4, 8)), type="application/rss+xml")
    return server


@pytest.fixture
def opened(server: Server, tmp_path: Path) -> Opened:
    """The context of a run over both feeds, the first with `options` in its table."""

    def call(options: str, engine: FakeEngine | None = None) -> RunContext:
        path = tmp_path / "briefing.toml"
        table = '[[sources]]\nurl = "{}"\nallow_local = true\n'
        path.write_text(table.format(server.url("/first")) + f"{options}\n" + table.format(server.url("/second")))
        config = replace(load_config(path), state=tmp_path / "state.db", since=None, timezone="UTC", group=False)
        quick = partial(Fetcher, connect_timeout=2, read_timeout=1, total_timeout=1.5, retries=0, gap=0.0, per_host=16)
        return RunContext(
            config, clock=lambda: NOW, progress=NoProgress(), engine=engine or FakeEngine(), fetcher=quick
        )

    return call


def titles(edition: Edition, source: str) -> set[str]:
    stories = [story for section in edition.sections for story in section.stories]
    return {story.articles[0].title for story in stories if story.articles[0].source == source}


def test_of_a_source_as_many_articles_are_taken_as_it_says(opened: Opened, server: Server) -> None:
    with opened("max_articles = 2") as context:
        reading = read(context)
    by_source = [(article.source, article.title) for article in reading.articles]
    # The newest two, in the order of the feed.
    assert by_source[:2] == [("First", "The museum opens"), ("First", "The river opens")]
    assert [source for source, _ in by_source[2:]] == ["Second"] * 4
    assert "2 articles are over the limit for this source" in [failure.cause for failure in reading.failures]
    assert not {"/0", "/1"} & {seen.path for seen in server.requests}


@pytest.mark.parametrize("value", ["true", "false"])
def test_a_source_says_whether_its_pages_are_fetched(opened: Opened, server: Server, value: str) -> None:
    with opened(f"full_text = {value}") as context:
        context.config = replace(context.config, full_text=value == "false")
        reading = read(context)
    with_page = {article.source for article in reading.articles if "Only the page" in article.text}
    assert with_page == ({"First"} if value == "true" else {"Second"})
    assert len(reading.articles) == 8


def test_a_source_says_how_many_points_its_articles_have(opened: Opened) -> None:
    with opened("points = 1") as context:
        edition, _ = make_edition(context)
    counts: dict[str, set[int]] = {}
    for section in edition.sections:
        for told in section.stories:
            counts.setdefault(told.articles[0].source, set()).add(len(told.summary.key_points))
    assert counts["First"] == {1}
    assert min(counts["Second"]) > 1


def test_a_source_says_in_which_language_its_articles_are_told(opened: Opened) -> None:
    engine = FakeEngine()
    with opened('language = "de"', engine) as context:
        make_edition(context)
    german = {word for prompt in engine.asked for word in WORDS if "German" in str(prompt) and word in str(prompt)}
    assert german == set(WORDS[:4])


@pytest.mark.parametrize("full_text", [True, False])
def test_what_a_source_mutes_is_left_out_of_it_alone(opened: Opened, server: Server, full_text: bool) -> None:
    with opened('mute = ["Tram", "opened on Tuesday after works that took 4 years"]\nmax_articles = 2') as context:
        context.config = replace(context.config, full_text=full_text)
        edition, _ = make_edition(context)
    # What is muted takes none of the places of the source.
    assert titles(edition, "First") == {"The river opens", "The harbour opens"}
    assert len(titles(edition, "Second")) == 4
    assert not {"/1", "/2"} & {seen.path for seen in server.requests}


def test_what_only_the_page_says_is_muted_too(opened: Opened, server: Server) -> None:
    bare = rss(server, "First", range(4)).replace(story(0), "A teaser.")
    server.serves("/first", bare, type="application/rss+xml")
    with opened('mute = ["the harbour of Town0"]') as context:
        server.serves("/first", bare, type="application/rss+xml")
        edition, _ = make_edition(context)
    assert "The harbour opens" not in titles(edition, "First")


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("max_articles = -1", "expected a whole number from 0"),
        ('full_text = "no"', "expected true or false"),
        ("points = 0", "expected a whole number from 1 to 10"),
        ('language = "german"', "two letters"),
        ('mute = "tram"', "expected a list of words"),
    ],
)
def test_a_wrong_option_of_a_source_is_named_with_its_line(opened: Opened, option: str, said: str) -> None:
    with pytest.raises(ConfigError) as error:
        opened(option)
    assert "line 4, sources[1]." in str(error.value)
    assert said in str(error.value)


def test_the_sources_of_a_list_have_its_options(opened: Opened, server: Server, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(f"{server.url('/first')}\n{server.url('/second')}\n")
    options = 'max_articles = 1\nfull_text = false\nmute = ["river"]\n'
    (tmp_path / "other.toml").write_text(f'[[sources]]\npath = "list.txt"\nallow_local = true\n{options}')
    with opened("") as context:
        sources = load_config(tmp_path / "other.toml").sources
        context.config = replace(context.config, sources=sources, allow_local=True)
        reading = read(context)
    assert [article.title for article in reading.articles] == ["The museum opens", "The castle opens"]
    assert {seen.path for seen in server.requests} == {"/first", "/second"}
