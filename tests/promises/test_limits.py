"""Limits of a run: time until it is written, tokens, a server's patience; and what an engine is told of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from briefing.testing.chat import CHAT, ChatServer, Request
from briefing.testing.engine import FakeEngine
from briefing.testing.server import ReceivedRequest, Server

from ..conftest import Cli
from .news import TOWNS, asked_of, chat_answer, edition, number_in, prompt_answer, stories, text, town_in, towns
from .parts import Clock, Configure, Install

SEVEN = datetime(2024, 5, 17, 7, 0, tzinfo=UTC)


def on(server: ChatServer) -> tuple[str, ...]:
    """The settings of a run that asks this server one thing at a time."""
    return f'base_url = "{server.base_url}"', 'model = "m-1"', "parallel = 1"


def summaries(folder: Path) -> dict[str, Any]:
    """Headline and points of each story of the edition, by town."""
    keys = ("headline", "key_points", "language")
    return {
        town: {key: one["summary"][key] for key in keys}
        for town, one in zip(towns(folder), stories(folder), strict=True)
    }


# --- time ----------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(server: ChatServer, clock: Clock) -> ChatServer:
    """The server, where each answer takes 40 seconds."""

    def answered(request: Request) -> str:
        clock.passes(40)
        return chat_answer(request)

    server.says(answered)
    return server


@pytest.mark.parametrize(
    ("setting", "option"),
    [
        ('deadline = "09:00"', ("--deadline", "07:00")),
        ('budget = "9h"', ("--budget", "2m")),
        ('deadline = "07:00"', ()),
        ('budget = "2m"', ()),
    ],
    ids=["--deadline", "--budget", "deadline", "budget"],
)
def test_an_edition_is_written_in_time_and_the_next_run_completes_it(
    cli: Cli,
    slow: ChatServer,
    clock: Clock,
    configure: Configure,
    tmp_path: Path,
    setting: str,
    option: tuple[str, ...],
) -> None:
    configure(*on(slow), setting)
    done = cli("run", *option)
    assert done.returncode == 0, done.stderr
    assert clock() <= SEVEN
    told = {town_in(asked_of(request)) for request in slow.asked}
    assert len(told) == len(slow.asked) == 2  # the third answer would have come at 07:00
    assert sorted(towns(tmp_path)) == sorted(TOWNS[:4])
    assert [one["brief"] for one in stories(tmp_path)] == [False, False, True, True]
    for town, one in zip(towns(tmp_path), stories(tmp_path), strict=True):
        verdicts = [point["verdict"] for point in one["summary"]["key_points"]]
        assert verdicts == (["supported"] * 3 if town in told else ["quoted"])
    assert "Time was up: 2 told in one quoted sentence. Run again to complete the edition." in done.stderr

    configure(*on(slow))
    again = cli("run")
    assert "2 summarised, 2 from an earlier run" in again.stderr
    assert len(slow.asked) == 4
    completed = summaries(tmp_path)
    fresh = cli("run", "--state", "other.db")
    assert "4 summarised, 0 from an earlier run" in fresh.stderr
    assert summaries(tmp_path) == completed


def test_a_time_of_day_that_has_passed_is_tomorrows(
    cli: Cli, slow: ChatServer, clock: Clock, configure: Configure
) -> None:
    clock.now = SEVEN
    configure(*on(slow))
    done = cli("run", "--deadline", "07:00")
    assert "4 summarised" in done.stderr
    assert "Time was up" not in done.stderr


@pytest.mark.parametrize("option", [("--deadline", "07:00"), ("--budget", "2m")], ids=["--deadline", "--budget"])
def test_half_of_the_time_is_for_reading_and_the_next_run_reads_the_rest(
    cli: Cli, clock: Clock, configure: Configure, tmp_path: Path, option: tuple[str, ...]
) -> None:
    with Server() as web:
        items = "".join(
            f"<item><title>{town} plans it</title><link>{web.url('/' + town)}</link>"
            f"<description>{said}</description></item>"
            for town, said in (("Farley", text("Farley")), ("Grimsdale", "Read more on our page."))
        )

        def late(request: ReceivedRequest) -> tuple[int, str, bytes]:
            clock.passes(61)
            feed = f'<rss version="2.0"><channel><title>Feed</title>{items}</channel></rss>'
            return 200, "application/rss+xml", feed.encode()

        web.replies("/feed", late)
        for town in ("Farley", "Grimsdale"):
            web.serves(f"/{town}", f"<html><body><article><p>{text(town)}</p></article></body></html>")
        sources = f'[[sources]]\nurl = "{web.url("/feed")}"\nallow_local = true\n'
        configure('engine = "extractive"', sources=sources, towns=())
        hurried = cli("run", *option)
        assert hurried.returncode == 1, hurried.stderr
        assert towns(tmp_path) == ["Farley"]  # from the feed's own text
        assert re.search(r"Grimsdale plans it: .*: the time for reading was up\. The next run", hurried.stderr)
        assert [seen.path for seen in web.requests] == ["/feed"]
        clock.passes(600)
        done = cli("run")
        assert done.returncode == 0, done.stderr
        assert set(towns(tmp_path)) == {"Farley", "Grimsdale"}


# --- tokens --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_server_is_asked_no_more_once_the_budget_of_tokens_is_used_up(
    cli: Cli, server: ChatServer, configure: Configure, tmp_path: Path
) -> None:
    configure(*on(server))
    whole = cli("run", "--state", "other.db")
    assert len(server.asked) == 4
    each = number_in(r"Tokens: (\d+) read", whole.stderr) // 4  # 100 for every prompt: see `events`
    configure(*on(server), f"token_budget = {each + 1}")
    done = cli("run")
    assert len(server.asked) == 4 + 1
    assert done.returncode == 1
    assert towns(tmp_path) == [town_in(asked_of(server.asked[-1]))]
    assert f"the budget of {each + 1} tokens is used up. Raise token_budget, or set it to 0" in done.stderr
    assert len([one for one in edition(tmp_path)["failures"] if "is used up" in one["cause"]]) == 3
    configure(*on(server), "token_budget = 0")
    completed = cli("run")
    assert "3 summarised, 1 from an earlier run" in completed.stderr
    assert len(server.asked) == 4 + 1 + 3


# --- a server's time -----------------------------------------------------------------------------------------


def test_a_server_that_wants_to_be_left_alone_for_longer_than_patience_is_given_up(
    cli: Cli, server: ChatServer, configure: Configure
) -> None:
    server.fails(CHAT, 429, times=1, retry_after="2")
    server.says(chat_answer)
    configure(*on(server), "patience = 1", towns=TOWNS[:1])
    done = cli("run")
    assert done.returncode == 3
    assert "wants to be left alone for 2 seconds" in done.stderr
    assert len(server.asked) == 1


# --- what an engine is told ----------------------------------------------------------------------------------

TOLD = [
    ("threads = 3", (), "threads", 3),
    ("threads = 3", ("--threads", "5"), "threads", 5),
    ("", ("--threads", "5"), "threads", 5),
    ("parallel = 3", ("--parallel", "6"), "slots", 6),
    ("parallel = 3", (), "slots", 3),
    ('gpu_layers = "auto"', ("--gpu-layers", "7"), "gpu_layers", 7),
    ("gpu_layers = 4", (), "gpu_layers", 4),
    ("context = 2048", (), "context", 2048),
    ("patience = 7", (), "patience", 7.0),
    ("token_budget = 5000", (), "token_budget", 5000),
    ("thinking_tokens = 900", (), "thinking_tokens", 900),
    ("trust_pickles = true", (), "trust_pickles", True),
    ("", (), "trust_pickles", False),
]


@pytest.mark.parametrize(("setting", "option", "field", "value"), TOLD, ids=lambda value: str(value) or "-")
def test_an_engine_is_told_what_is_configured(
    cli: Cli, install: Install, configure: Configure, setting: str, option: tuple[str, ...], field: str, value: object
) -> None:
    opened = install(FakeEngine().says(prompt_answer))
    configure('engine = "scripted"', setting, towns=TOWNS[:1])
    done = cli("run", *option)
    assert done.returncode == 0, done.stderr
    assert [getattr(options, field) for options in opened] == [value]
    if option:  # an article on its own is condensed with the same
        summarised = cli("summarise", "in/Aldbury.txt", "--engine", "scripted", "--state", "other.db", *option)
        assert summarised.returncode == 0, summarised.stderr
        assert getattr(opened[-1], field) == value
