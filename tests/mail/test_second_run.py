"""A second run on the same day: no story is lost or repeated, by mail or on the page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from briefing import pipeline
from briefing.errors import ExitCode
from briefing.store import Store

from ..conftest import Cli
from .conftest import Opener, PostOffice, mail_table, told
from .test_fortnight import SETTINGS, STORIES, at

ANN, BEN = "ann@example.org", "ben@example.org"
Runs = Callable[..., list[str]]


@pytest.fixture
def runs(post_office: Opener, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[PostOffice, Runs]:
    """A mail server, and what a run at a time tells of feeds in files: ``run(at(20, "06:30"), {"a": ["tram"]})``."""
    office = post_office()
    monkeypatch.chdir(tmp_path)

    def run(
        now: object, feeds: dict[str, list[str] | None], *options: str, most: int = 0, mail: str = "", more: str = ""
    ) -> list[str]:
        for name, places in feeds.items():
            file = tmp_path / f"{name}.xml"
            if places is None:
                file.write_text("this is no feed")
                continue
            items = "".join(
                f"<item><title>{place}</title><link>https://example.org/{place}</link>"
                f"<description>{STORIES[place]}</description>"
                f"<pubDate>Fri, 20 Mar 2026 0{5 - n}:00:00 +0000</pubDate></item>"
                for n, place in enumerate(places)
            )
            file.write_text(f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>')
        sources = "".join(f'\n[[sources]]\npath = "{name}.xml"\nkind = "feed"\n' for name in feeds)
        (tmp_path / "briefing.toml").write_text(
            f"{SETTINGS}max_articles = {most}\n{mail_table(office.port, ANN, BEN)}{mail}\n{sources}{more}"
        )
        monkeypatch.setattr(pipeline, "utc_now", lambda: now)
        done = cli("run", *options)
        run.said, run.code = done.stderr, done.returncode  # type: ignore[attr-defined]
        file = tmp_path / "briefings" / f"{now.astimezone(at(20, '06:30').tzinfo):%Y-%m-%d}.json"  # type: ignore[attr-defined]
        return told(file.read_text("utf-8")) if file.exists() else []

    return office, run


def mailed(office: PostOffice, address: str) -> list[str]:
    """The places in the stories of the letters to `address`, in order, once for each letter."""
    letters = [data.decode() for to, data in office.got if to == address]
    return [place for letter in letters for place in STORIES if f"https://example.org/{place}" in letter]


@pytest.mark.slow
def test_articles_that_arrive_after_sending_are_in_the_next_edition(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    office.refuse[BEN] = ["451 4.7.1 greylisted"]
    assert run(at(20, "06:30"), {"a": ["harbour"]}, "--send") == ["harbour"]
    # What systemd does after exit code 5.
    assert run(at(20, "06:45"), {"a": ["tram", "harbour"]}, "--send") == ["harbour"]
    assert run.code == 0  # type: ignore[attr-defined]
    assert run(at(21, "06:30"), {"a": ["tram", "harbour"]}, "--send") == ["tram"]
    assert mailed(office, ANN) == mailed(office, BEN) == ["harbour", "tram"]


@pytest.mark.slow
def test_a_story_limit_removes_no_sent_story_from_the_stored_edition(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    run(at(20, "06:30"), {"a": ["harbour", "tram"]}, "--send", most=2)
    # A page may be made anew with what is new ...
    assert run(at(20, "09:00"), {"a": ["museum", "harbour", "tram"]}, most=2) == ["harbour", "museum"]
    assert "It stays the one on record" in run.said  # type: ignore[attr-defined]
    with Store(Path("state.db")) as store:
        assert told(store.get_edition(date(2026, 3, 20), "Morning")) == ["harbour", "tram"]
    # ... and its readers by mail have each story once.
    assert run(at(21, "06:30"), {"a": ["museum", "harbour", "tram"]}, "--send", most=2) == ["museum"]
    assert sorted(mailed(office, ANN)) == ["harbour", "museum", "tram"]


def test_a_source_that_fails_in_a_second_run_keeps_its_stories(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    assert run(at(20, "06:30"), {"a": ["harbour"], "b": ["tram"]}) == ["harbour", "tram"]
    assert run(at(20, "06:50"), {"a": None, "b": ["tram"]}) == ["harbour", "tram"]
    assert run(at(21, "06:30"), {"a": ["harbour"], "b": ["tram"]}) == []


def test_a_removed_source_does_not_keep_its_stories(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    assert run(at(20, "06:30"), {"a": ["harbour"], "b": ["tram"]}) == ["harbour", "tram"]
    assert run(at(20, "06:50"), {"b": ["tram"]}) == ["tram"]


def test_an_offline_run_sends_no_empty_letter(runs: tuple[PostOffice, Runs], closed_port: int) -> None:
    office, run = runs
    away = f'[[sources]]\nurl = "http://127.0.0.1:{closed_port}/feed.xml"\nallow_local = true'
    run(at(20, "06:30"), {}, "--send", mail="send_empty = true", more=away)
    assert run.code == ExitCode.OFFLINE  # type: ignore[attr-defined]
    assert office.got == []
