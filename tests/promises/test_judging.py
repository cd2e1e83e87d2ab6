"""Points that the checks leave open: the model is asked, and its answer decides what reaches the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from briefing.engines import Prompt
from briefing.testing.chat import ChatServer, Request
from briefing.testing.engine import FakeEngine

from ..conftest import Cli
from .news import HELD, MARLOW, OPEN, asked_of, edition, points_of
from .parts import Configure, Install


@pytest.fixture
def page(cli: Cli, server: ChatServer, configure: Configure, tmp_path: Path) -> Any:
    """The edition's JSON and page where the model says this of the open point."""

    def call(says: str, **odds: float) -> tuple[dict[str, str], str]:
        def answer(request: Request) -> str:
            if "Statement:" in asked_of(request):
                return says
            if "<text>" in asked_of(request):
                return "moo"  # and so nothing in the place of a point that is left out
            return "# Tram\n" + "\n".join(f"- {point}" for point in (*HELD, OPEN))

        server.says(answer, odds=odds)
        configure(f'base_url = "{server.base_url}"', 'model = "m-1"', towns=())
        (tmp_path / "in" / "tram.txt").write_text(MARLOW, "utf-8")
        done = cli("--verbose", "run", "-f", "json", "-f", "html")
        assert done.returncode == 0, done.stderr
        judged = [request for request in server.asked if "Statement:" in asked_of(request)]
        assert [asked_of(request).rpartition("Statement: ")[2] for request in judged] == [OPEN]
        assert "parking levy that employers" in asked_of(judged[0])  # the sentence it is drawn from
        (html,) = (tmp_path / "briefings").glob("*.html")
        (story,) = edition(tmp_path)["sections"][0]["stories"]
        verdicts = {point["text"]: point["verdict"] for point in story["summary"]["key_points"]}
        assert [verdicts.pop(point) for point in HELD] == ["supported"] * 3
        assert (OPEN in html.read_text("utf-8")) is bool(verdicts)
        return verdicts, done.stderr

    return call


@pytest.mark.parametrize(("says", "yes"), [("yes", 0.9), ("yes", 0.6), ("no", 0.6)])
def test_a_point_that_the_model_finds_likely_is_shown_as_supported(page: Any, says: str, yes: float) -> None:
    assert page(says, yes=yes, no=1 - yes)[0] == {OPEN: "supported"}


@pytest.mark.parametrize(("says", "yes"), [("no", 0.1), ("no", 0.4), ("yes", 0.4)])
def test_a_point_that_the_model_finds_unlikely_is_left_out_and_said_so(page: Any, says: str, yes: float) -> None:
    verdicts, report = page(says, yes=yes, no=1 - yes)
    assert verdicts == {}
    assert f": {OPEN}" in next(line for line in report.splitlines() if "Left out" in line)


def test_without_log_probabilities_a_written_yes_leaves_a_point_uncertain(page: Any) -> None:
    assert page("yes")[0] == {OPEN: "uncertain"}


def test_without_log_probabilities_a_written_no_leaves_a_point_out(page: Any) -> None:
    verdicts, report = page("no")
    assert verdicts == {}
    assert OPEN in report


# --- the tuned model -----------------------------------------------------------------------------------------

LINES = {1: HELD[0], 2: HELD[1], 4: HELD[2]}


@pytest.mark.parametrize(("says", "shown"), [("yes", True), ("no", False)])
def test_a_line_of_the_tuned_model_is_shown_where_it_says_yes(
    cli: Cli, install: Install, configure: Configure, tmp_path: Path, says: str, shown: bool
) -> None:
    """`FakeEngine` gives the answer all of the probability."""
    written = "\n".join(f"[{number}] {point}" for number, point in (*LINES.items(), (3, OPEN)))

    def verdict(prompt: Prompt) -> str:
        return says if OPEN in prompt.messages[-1].content else "yes"

    engine = FakeEngine(tuned=True).says("moo").says(written, to="key points.").says(verdict, to=" |")
    install(engine)
    configure('engine = "scripted"', towns=())
    (tmp_path / "in" / "tram.txt").write_text(MARLOW, "utf-8")
    done = cli("--verbose", "run", "-f", "json", "-f", "html")
    assert done.returncode == 0, done.stderr
    (story,) = edition(tmp_path)["sections"][0]["stories"]
    (html,) = (tmp_path / "briefings").glob("*.html")
    assert (OPEN in points_of(story["summary"])) is shown
    assert (OPEN in html.read_text("utf-8")) is shown
    assert (f"Left out (not what its sentences say): {OPEN}" in done.stderr) is not shown
