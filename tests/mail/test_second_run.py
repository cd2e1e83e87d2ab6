"""A second run on the same day: no story is lost or repeated, by mail or on the page."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from briefing import pipeline
from briefing.errors import ExitCode
from briefing.store import Store, letter_key

from ..conftest import Cli
from .conftest import Opener, PostOffice, mail_table, told
from .test_fortnight import SETTINGS, STORIES, at

ANN, BEN = "ann@example.org", "ben@example.org"
HEADLINE = "Bakers strike"
"""Of an item without a text."""
Runs = Callable[..., list[str]]


@pytest.fixture
def runs(post_office: Opener, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[PostOffice, Runs]:
    """A mail server, and what a run at a time tells of feeds in files: ``run(at(20, "06:30"), {"a": ["tram"]})``."""
    office = post_office()
    monkeypatch.chdir(tmp_path)

    def run(
        now: object,
        feeds: dict[str, list[str] | None],
        *options: str,
        most: int = 0,
        mail: str = "",
        more: str = "",
        top: str = "",
    ) -> list[str]:
        for name, places in feeds.items():
            file = tmp_path / f"{name}.xml"
            if places is None:
                file.write_text("this is no feed")
                continue
            items = "".join(
                f"<item><title>{place}</title><link>https://example.org/{place}</link>"
                f"<description>{STORIES.get(place, '')}</description>"
                f"<pubDate>Fri, 20 Mar 2026 0{5 - n}:00:00 +0000</pubDate></item>"
                for n, place in enumerate(places)
            )
            file.write_text(f'<rss version="2.0"><channel><title>{name}</title>{items}</channel></rss>')
        sources = "".join(f'\n[[sources]]\npath = "{name}.xml"\nkind = "feed"\n' for name in feeds)
        (tmp_path / "briefing.toml").write_text(
            f"{SETTINGS}max_articles = {most}\n{top}\n{mail_table(office.port, ANN, BEN)}{mail}\n{sources}{more}"
        )
        monkeypatch.setattr(pipeline, "utc_now", lambda: now)
        done = cli("run", *options)
        run.said, run.code, run.cli = done.stderr, done.returncode, cli  # type: ignore[attr-defined]
        file = tmp_path / "briefings" / f"{now.astimezone(at(20, '06:30').tzinfo):%Y-%m-%d}.json"  # type: ignore[attr-defined]
        return told(file.read_text("utf-8")) if file.exists() else []

    return office, run


def mailed(office: PostOffice, address: str) -> list[str]:
    """The places in the stories of the letters to `address`, in order, once for each letter."""
    letters = [data.decode() for to, data in office.got if to == address]
    return [place for letter in letters for place in STORIES if f"https://example.org/{place}" in letter]


def letters_to(office: PostOffice, address: str) -> list[EmailMessage]:
    """The letters to `address`, in order."""
    return [message_from_bytes(data, policy=SMTP) for to, data in office.got if to == address]


def test_a_second_run_adds_stories_and_mails_only_these(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    assert run(at(20, "06:30"), {"a": ["harbour"]}, "--send") == ["harbour"]
    # Its feed has dropped the first story by now.
    assert run(at(20, "12:00"), {"a": ["tram"]}, "--send") == ["harbour", "tram"]
    assert run(at(20, "12:30"), {"a": ["tram"]}, "--send") == ["harbour", "tram"]
    assert "has it already" in run.said  # type: ignore[attr-defined]
    assert run(at(20, "18:00"), {"a": ["museum"]}, "--send") == ["harbour", "museum", "tram"]
    assert run(at(21, "06:30"), {"a": ["harbour", "tram", "museum"]}, "--send") == []
    for reader in (ANN, BEN):
        assert mailed(office, reader) == ["harbour", "tram", "museum"]
        first, second, third = letters_to(office, reader)
        assert first["Subject"] == "Morning, 20 Mar: harbour (1 story)"
        assert second["Subject"] == "Morning, 20 Mar, new since 06:30: tram (1 story)"
        assert "New since 12:00" in third.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        assert "New since 12:00" in third.get_body(("html",)).get_content()  # type: ignore[union-attr]
    assert len({letter["Message-ID"] for letter in letters_to(office, ANN)}) == 3
    with Store(Path("state.db")) as store:
        assert store.editions() == [(date(2026, 3, 20), "Morning", "")]
        assert told(store.get_edition(date(2026, 3, 20), "Morning")) == ["harbour", "museum", "tram"]
        assert [hit.date for hit in store.search("harbour")] == [date(2026, 3, 20)]


@pytest.mark.slow
def test_who_has_no_letter_yet_gets_one_with_everything(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    office.refuse[BEN] = ["451 4.7.1 greylisted"]
    assert run(at(20, "06:30"), {"a": ["harbour"]}, "--send") == ["harbour"]
    # What systemd does after exit code 5.
    assert run(at(20, "06:45"), {"a": ["tram", "harbour"]}, "--send") == ["harbour", "tram"]
    assert run.code == 0  # type: ignore[attr-defined]
    assert run(at(21, "06:30"), {"a": ["tram", "harbour"]}, "--send") == []
    assert mailed(office, ANN) == mailed(office, BEN) == ["harbour", "tram"]
    assert (len(letters_to(office, ANN)), len(letters_to(office, BEN))) == (2, 1)


@pytest.mark.slow
def test_a_further_letter_that_waits_is_sent_the_next_day(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    run(at(20, "06:30"), {"a": ["harbour"]}, "--send")
    office.refuse[BEN] = ["451 4.7.1 greylisted"]
    run(at(20, "12:00"), {"a": ["tram"]}, "--send")
    assert run.code == ExitCode.LETTERS_WAIT  # type: ignore[attr-defined]
    run(at(21, "06:30"), {"a": ["museum"]}, "--send")
    assert "2026-03-20: Sent to ben@example.org" in run.said  # type: ignore[attr-defined]
    assert mailed(office, ANN) == mailed(office, BEN) == ["harbour", "tram", "museum"]
    assert len(letters_to(office, BEN)) == 3


@pytest.mark.slow
def test_sections_of_a_reader_hold_for_further_letters(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    only_a = '\n[[mail.recipients]]\naddress = "cid@example.org"\nsections = ["a"]\n'
    mail = mail_table(office.port).replace("recipients = []\n", "") + only_a

    def again(now: datetime, feeds: dict[str, list[str] | None]) -> None:
        run(now, feeds)  # writes the configuration
        text = Path("briefing.toml").read_text("utf-8")
        Path("briefing.toml").write_text(text.replace(mail_table(office.port, ANN, BEN), mail))

    again(at(20, "06:30"), {"a": ["harbour"], "b": ["tram"]})
    run.cli("send")  # type: ignore[attr-defined]
    again(at(20, "12:00"), {"a": ["harbour"], "b": ["museum"]})
    run.cli("send")  # type: ignore[attr-defined]
    assert mailed(office, "cid@example.org") == ["harbour"]
    again(at(20, "18:00"), {"a": ["river"], "b": ["museum"]})
    run.cli("send")  # type: ignore[attr-defined]
    assert mailed(office, "cid@example.org") == ["harbour", "river"]


@pytest.mark.slow
def test_resend_to_one_reader_has_the_whole_edition_again(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    run(at(20, "06:30"), {"a": ["harbour"]}, "--send")
    run(at(20, "12:00"), {"a": ["tram"]}, "--send")
    run.cli("send", "--resend", "--to", ANN)  # type: ignore[attr-defined]
    assert mailed(office, ANN) == ["harbour", "tram", "harbour", "tram"]
    run(at(20, "18:00"), {"a": ["museum"]}, "--send")
    assert mailed(office, ANN)[4:] == ["museum"]
    assert mailed(office, BEN) == ["harbour", "tram", "museum"]


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["before", "after"])
def test_a_lost_state_file_has_nobody_told_twice(runs: tuple[PostOffice, Runs], lost: str) -> None:
    office, run = runs
    run(at(20, "06:30"), {"a": ["harbour"]}, "--send")
    if lost == "after":
        run(at(20, "12:00"), {"a": ["tram", "harbour"]}, "--send")
    for file in Path().glob("state.db*"):
        if not file.name.endswith(".ledger"):
            file.unlink()
    run(at(20, "18:00"), {"a": ["tram", "harbour"]}, "--send")
    assert mailed(office, ANN) == mailed(office, BEN) == ["harbour", "tram"]


@pytest.mark.slow
def test_a_full_edition_takes_new_stories_and_not_what_it_left_out(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    assert run(at(20, "06:30"), {"a": ["harbour", "tram", "river"]}, "--send", most=2) == ["harbour", "tram"]
    assert run(at(20, "07:00"), {"a": ["harbour", "tram", "river"]}, "--send", most=2) == ["harbour", "tram"]
    feeds: dict[str, list[str] | None] = {"a": ["harbour", "tram", "river", "museum"]}
    assert run(at(20, "09:00"), feeds, "--send", most=2) == ["harbour", "museum", "tram"]
    assert run(at(20, "09:30"), feeds, "--send", most=4) == ["harbour", "museum", "river", "tram"]
    assert run(at(21, "06:30"), feeds, "--send", most=2) == []
    assert mailed(office, ANN) == ["harbour", "tram", "museum", "river"]  # and the last with other limits


@pytest.mark.parametrize("since", ["last", ""])
def test_a_raised_limit_fills_the_edition_up_to_it(runs: tuple[PostOffice, Runs], since: str) -> None:
    _, run = runs
    top = f"since = {since!r}"
    morning = ["harbour", "tram", "river", "school", "bridge"]
    assert run(at(20, "06:30"), {"a": morning}, most=2, top=top) == ["harbour", "tram"]
    assert run(at(20, "07:00"), {"a": morning}, most=3, top=top) == ["harbour", "river", "tram"]
    assert run(at(20, "07:30"), {"a": morning}, most=1, top=top) == ["harbour", "river", "tram"]
    # What has come since joins, and what was left out gets no place for it.
    noon: dict[str, list[str] | None] = {"a": morning, "b": ["museum", "theatre"]}
    assert run(at(20, "12:00"), noon, most=4, top=top) == ["harbour", "museum", "river", "theatre", "tram"]
    assert run(at(20, "13:00"), noon, most=6, top=top) == ["harbour", "museum", "river", "school", "theatre", "tram"]


def test_news_joins_before_what_ranks_higher_and_was_left_out(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    feeds = {"a": ["harbour", "tram", "river", "school"], "b": ["forest", "castle", "market", "library"]}
    morning = run(at(20, "06:30"), feeds, most=2)
    told = run(at(20, "12:00"), {**feeds, "a": [*feeds["a"], "museum"]}, most=5)
    assert {*morning, "museum"} < {*told}
    assert (len(morning), len(told)) == (2, 5)


@pytest.mark.parametrize("limit", ["max_per_section", "max_per_source"])
def test_a_raised_limit_for_a_part_counts_what_it_has(runs: tuple[PostOffice, Runs], limit: str) -> None:
    _, run = runs
    feeds = {"a": ["harbour", "tram", "river", "school", "bridge"], "b": ["forest", "castle", "market"]}

    def told_with(time: str, most: int) -> list[str]:
        return run(at(20, time), feeds, top=f"{limit} = {most}")

    assert told_with("06:30", 1) == ["forest", "harbour"]
    assert told_with("07:00", 2) == ["castle", "forest", "harbour", "tram"]


@pytest.mark.slow
def test_what_a_limit_left_out_in_the_morning_is_told_the_next_day(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    feeds: dict[str, list[str] | None] = {"a": ["harbour", "tram", "river"]}
    assert run(at(20, "06:30"), feeds, most=2) == ["harbour", "tram"]
    assert run(at(20, "12:00"), feeds, most=2) == ["harbour", "tram"]
    assert run(at(21, "06:30"), feeds, most=2) == ["river"]


def test_a_source_that_fails_in_a_second_run_keeps_its_stories(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    assert run(at(20, "06:30"), {"a": ["harbour"], "b": ["tram"]}) == ["harbour", "tram"]
    assert run(at(20, "06:50"), {"a": None, "b": ["tram"]}) == ["harbour", "tram"]
    assert run(at(21, "06:30"), {"a": ["harbour"], "b": ["tram"]}) == []


def test_the_report_counts_as_unused_only_what_it_has_not_told(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    assert run(at(20, "06:30"), {"a": ["harbour", "tram"]}) == ["harbour", "tram"]
    run(at(21, "06:30"), {"a": ["harbour", "tram"]})
    assert "0 found, 2 seen by earlier editions" in run.said  # type: ignore[attr-defined]
    assert "Not used" not in run.said  # type: ignore[attr-defined]


def test_what_is_muted_since_leaves_the_edition(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    assert run(at(20, "06:30"), {"a": ["harbour"], "b": ["tram"]}) == ["harbour", "tram"]
    assert run(at(20, "06:50"), {"b": ["tram"]}) == ["harbour", "tram"]  # what was told stays, its source goes
    assert run(at(20, "06:55"), {"b": ["tram"]}, more='[mute]\nwords = ["harbour"]') == ["tram"]


def test_what_was_muted_returns_with_the_mute_and_is_mailed_once(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    feeds: dict[str, list[str] | None] = {"a": ["harbour"], "b": ["tram"], "c": [HEADLINE]}
    assert run(at(20, "06:30"), feeds, "--send") == ["harbour", "tram"]
    mute = '[mute]\nwords = ["harbour"]\nsources = ["c"]'
    for minute in (50, 55):
        assert run(at(20, f"06:{minute}"), feeds, "--send", more=mute) == ["tram"]
        assert "Muted     1 story of this edition\n" in run.said  # type: ignore[attr-defined]
    with Store(Path("state.db")) as store:
        assert store.search("harbour") == []
    assert run(at(20, "09:00"), {**feeds, "d": ["museum"]}, "--send") == ["harbour", "museum", "tram"]
    assert "Muted" not in run.said  # type: ignore[attr-defined]
    assert json.loads(Path("briefings/2026-03-20.json").read_text("utf-8"))["stubs"][0]["title"] == HEADLINE
    assert mailed(office, ANN) == mailed(office, BEN) == ["harbour", "tram", "museum"]
    with Store(Path("state.db")) as store:
        assert [hit.date for hit in store.search("harbour")] == [date(2026, 3, 20)]
    assert run(at(21, "06:30"), {**feeds, "d": ["museum"]}, "--send") == []


def test_an_edition_that_was_muted_whole_is_as_it_was_once_that_is_taken_back(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    feeds: dict[str, list[str] | None] = {"a": ["harbour"], "b": ["tram"]}
    assert run(at(20, "06:30"), feeds) == ["harbour", "tram"]
    for minute in (50, 55):
        assert run(at(20, f"06:{minute}"), feeds, more='[mute]\nsources = ["a", "b"]') == []
        assert "Muted     2 stories of this edition\n" in run.said  # type: ignore[attr-defined]
    assert run(at(20, "07:00"), feeds) == ["harbour", "tram"]
    assert "0 summarised, 2 from an earlier run" in run.said  # type: ignore[attr-defined]


def test_an_edition_of_which_all_is_muted_since_has_no_story(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    formats = ("-f", "html", "-f", "json", "-f", "md", "-f", "atom", "-f", "epub", "-f", "text")
    headline = {"b": ["tram"], "c": [HEADLINE]}
    assert run(at(20, "06:30"), {"a": ["harbour"], **headline}, *formats) == ["harbour", "tram"]
    assert HEADLINE in Path("briefings/2026-03-20.html").read_text("utf-8")
    mute = '[mute]\nwords = ["harbour"]\nsources = ["b", "c"]'
    assert run(at(20, "06:50"), {"a": ["harbour"], **headline}, *formats, "--send", more=mute) == []
    assert run.code == 0  # type: ignore[attr-defined]
    assert "written without a story" in run.said  # type: ignore[attr-defined]
    page = Path("briefings/2026-03-20.html").read_text("utf-8")
    assert not any(word in page for word in ("Dockers", "Councillors", HEADLINE))
    with Store(Path("state.db")) as store:
        assert told(store.get_edition(date(2026, 3, 20), "Morning")) == []
        assert store.search("harbour") == []
    assert run(at(20, "09:00"), {"d": ["museum"]}, *formats, more=mute) == ["museum"]
    assert office.got == []


def test_a_letter_of_what_has_left_the_edition_is_not_sent(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    run(at(20, "06:30"), {"a": ["harbour"]}, "--send")
    office.refuse[BEN] = ["451 4.7.1 greylisted"]
    run(at(20, "12:00"), {"a": ["tram"]}, "--send")
    run(at(20, "12:30"), {"a": ["tram"]}, "--send", more='\n[mute]\nwords = ["tram", "trams"]\n')
    assert len(letters_to(office, BEN)) == 1


def test_a_letter_owed_for_what_was_never_remembered_is_closed_in_silence(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    run(at(20, "06:30"), {"a": ["harbour"]}, "--send")
    with Store(Path("state.db")) as store:  # as a run leaves it that dies behind its files
        store.owe_delivery((letter_key("2026-03-20 Morning", 2), ANN, "mail"), at(20, "12:00"))
    run(at(21, "06:30"), {"a": ["tram"]}, "--send")
    assert "2026-03-20" not in run.said  # type: ignore[attr-defined]
    assert mailed(office, ANN) == ["harbour", "tram"]


def test_an_offline_run_sends_no_empty_letter(runs: tuple[PostOffice, Runs], closed_port: int) -> None:
    office, run = runs
    away = f'[[sources]]\nurl = "http://127.0.0.1:{closed_port}/feed.xml"\nallow_local = true'
    run(at(20, "06:30"), {}, "--send", mail="send_empty = true", more=away)
    assert run.code == ExitCode.OFFLINE  # type: ignore[attr-defined]
    assert office.got == []


def test_editions_of_one_day_are_told_and_mailed_each_by_itself(runs: tuple[PostOffice, Runs]) -> None:
    office, run = runs
    run(at(20, "06:30"), {"a": ["harbour"]}, "--send", "--edition", "morning")
    run(at(20, "18:00"), {"a": ["harbour", "tram"]}, "--send", "--edition", "Evening")
    run(at(20, "18:30"), {"a": ["harbour", "tram"]}, "--send", "--edition", "morning")  # takes nothing of the evening's
    files = {file.name: told(file.read_text("utf-8")) for file in Path("briefings").iterdir()}
    assert files == {"2026-03-20-morning.json": ["harbour"], "2026-03-20-evening.json": ["tram"]}
    assert mailed(office, ANN) == mailed(office, BEN) == ["harbour", "tram"]
    assert letters_to(office, ANN)[1]["Subject"] == "Morning, 20 Mar, evening: tram (1 story)"
    assert len({letter["Message-ID"] for letter in letters_to(office, ANN)}) == 2
    cli = run.cli  # type: ignore[attr-defined]
    listed = [line.split("\t")[0] for line in cli("history").stdout.splitlines()]
    assert sorted(listed) == ["2026-03-20-evening", "2026-03-20-morning"]
    assert "20 March 2026 · evening" in cli("show", "2026-03-20", "--edition", "evening").stdout
    assert '"edition": "morning"' in cli("search", "harbour", "--format", "json").stdout
    cli("archive")
    assert {page.name for page in Path("archive").glob("2026*")} == {
        "2026-03-20-evening.html",
        "2026-03-20-morning.html",
    }
    assert "history remove" not in cli("history", "remove", "2026-03-20", "--edition", "evening", "--yes").stderr
    assert not Path("briefings/2026-03-20-evening.json").exists()
    run(at(21, "06:30"), {"a": ["harbour", "tram"]})
    assert told(Path("briefings/2026-03-21.json").read_text("utf-8")) == ["tram"]  # it counts as untold, the other not


def test_editions_that_take_turns_do_not_grow_without_news(runs: tuple[PostOffice, Runs]) -> None:
    _, run = runs
    feeds = {"a": ["harbour", "tram", "river", "school"], "b": ["forest", "castle", "market", "library"]}
    files = [Path("briefings/2026-03-20.json"), Path("briefings/2026-03-20-evening.json")]
    run(at(20, "06:30"), feeds, most=2)
    run(at(20, "18:00"), feeds, "--edition", "evening", most=2)
    both = [told(file.read_text("utf-8")) for file in files]
    assert [len(set(places)) for places in both] == [2, 2]
    assert set(both[0]).isdisjoint(both[1])  # the evening's has the best of what the other left out
    for minute in range(3):
        run(at(20, f"18:1{minute}"), feeds, most=2)
        run(at(20, f"18:2{minute}"), feeds, "--edition", "evening", most=2)
        assert [told(file.read_text("utf-8")) for file in files] == both
    assert len(run(at(20, "18:40"), feeds, most=3)) == 3  # another limit fills it up, and no more
    assert len(told(files[1].read_text("utf-8"))) == 2


@pytest.mark.parametrize("name", ["", "a b", "-", "../x", "x" * 41, "ad-hoc", "a--b"])
def test_a_name_that_no_file_should_have_is_refused(runs: tuple[PostOffice, Runs], name: str) -> None:
    _, run = runs
    run(at(20, "06:30"), {"a": ["harbour"]}, "--edition", name)
    assert run.code == ExitCode.WRONG_USE  # type: ignore[attr-defined]
    assert not Path("briefings").exists()
