"""A run's stages: what is left of them, and the lines and bars that tell of it."""

from __future__ import annotations

import io
import logging
from contextlib import redirect_stderr

import pytest

from briefing.cli.logs import logging_to
from briefing.cli.messages import ProgressDisplay
from briefing.cli.stages import Stage, in_words


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_time_left_is_as_expected_until_a_story_is_done_and_then_as_measured() -> None:
    stage = Stage("summarise", 4, 100.0, seconds=10.0)
    assert (stage.left(100.0), stage.left(115.0)) == (40.0, 25.0)
    stage.begin("a", 100.0)
    assert stage.step("a", 1, 120.0) == 20.0
    assert (stage.left(120.0), stage.left(125.0), stage.left(500.0)) == (60.0, 55.0, 0.0)
    assert Stage("summarise", 4, 100.0).left(100.0) is None


def test_lengths_of_time_are_told_roughly() -> None:
    told = [in_words(seconds) for seconds in (0.2, 1, 6.2, 44, 100, 180, 5399, 7200, 8000)]
    seconds, minutes = ["1 second", "1 second", "6 seconds", "40 seconds"], ["2 minutes", "3 minutes"]
    assert told == [*seconds, *minutes, "1 h 30 min", "2 hours", "2 h 10 min"]


def test_without_a_terminal_each_story_is_a_line_with_its_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    with logging_to(0, None), ProgressDisplay(clock=clock) as display:
        display.stage("read", 2)
        display.step("BBC")
        display.expect(known=5, seconds=60.0)
        display.stage("summarise", 3)
        display.begin("BBC: Ever \x1b[2JGiven [b]refloated[/b]")
        clock.now += 6
        display.step("BBC: Ever \x1b[2JGiven [b]refloated[/b]")
        display.step("Post: Trams\nSent to nobody")
        display.stage("summarise", 1)  # another takes the place of one that has nothing new
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.splitlines() == [
        "Reading sources: 2",
        "Summarising: 3 stories, about 3 minutes, 5 from an earlier run",
        "1/3 BBC: Ever [2JGiven [b]refloated[/b], 6 s",
        "2/3 Post: Trams Sent to nobody",
        "Summarising: 1 more story, about 60 seconds",
    ]


def test_quiet_runs_have_no_progress_and_verbose_ones_have(capsys: pytest.CaptureFixture[str]) -> None:
    for verbosity, quiet, expected in (
        (0, True, ""),
        (1, True, "Reading sources: 2\n"),
        (0, False, "Reading sources: 2\n"),
    ):
        with logging_to(verbosity, None, quiet=quiet), ProgressDisplay(quiet=quiet) as display:
            display.stage("read", 2)
        assert capsys.readouterr().err == expected


def test_a_single_item_is_no_line_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(0, None), ProgressDisplay() as display:
        display.stage("summarise", 1)
        display.step("BBC: Ever Given refloated")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("term", ["dumb", "unknown", ""])
@pytest.mark.posix
def test_a_terminal_that_cannot_move_its_lines_shows_those_of_a_file(
    monkeypatch: pytest.MonkeyPatch, term: str
) -> None:
    monkeypatch.setenv("TERM", term)
    with redirect_stderr(Terminal()) as terminal, logging_to(0, None), ProgressDisplay() as display:
        display.stage("summarise", 2)
        display.step("BBC: Ever Given refloated")
        display.say("A note.")
    assert terminal.getvalue() == "Summarising: 2 stories\n1/2 BBC: Ever Given refloated\nA note.\n"


@pytest.mark.parametrize(("total", "amount"), [(31, "0/31"), (1, "")])
def test_a_terminal_shows_the_story_in_hand_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, total: int, amount: str
) -> None:
    for name, value in (("TERM", "xterm"), ("NO_COLOR", "1"), ("COLUMNS", "80")):
        monkeypatch.setenv(name, value)
    with redirect_stderr(Terminal()) as terminal, logging_to(0, None), ProgressDisplay(clock=Clock()) as display:
        display.expect(known=0, seconds=40.0)
        display.stage("summarise", total)
        display.begin("BBC: Ever Given [b]refloated[/b]")
        display.say("A note.")
    shown = terminal.getvalue()
    bar = next(line for line in reversed(shown.splitlines()) if "Summarising" in line)
    assert amount in bar
    assert f"about {'21 minutes' if total == 31 else '40 seconds'} left" in bar
    assert "  BBC: Ever Given [b]refloated[/b]" in shown
    assert "1/31" not in shown


def test_a_log_file_has_the_lines_of_a_run_on_a_terminal_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("log") / "run.log"
    monkeypatch.setenv("TERM", "xterm")
    with redirect_stderr(Terminal()) as terminal, logging_to(0, path), ProgressDisplay() as display:
        display.stage("read", 2)
    assert "INFO briefing.cli.stages: Reading sources: 2" in path.read_text("utf-8")
    assert "Reading sources: 2" not in terminal.getvalue()
    assert logging.getLogger("briefing").handlers == []
