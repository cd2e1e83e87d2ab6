"""What is shown on a terminal: nothing of it is an order, whoever said it."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest

from briefing.cli.messages import ProgressDisplay, tell_error
from briefing.cli.report import tell_failures
from briefing.types import Failure

HOSTILE = "[red]loud[/red] \\[b]x[/b] :smile: [link=https://evil.example]here[/link] \x1b[2J\x9b2J\u202e\x07"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """The terminal is wide and without colours."""
    for name, value in (("TERM", "xterm"), ("NO_COLOR", "1"), ("COLUMNS", "300")):
        monkeypatch.setenv(name, value)


def check(shown: str) -> None:
    assert "\x1b[2J" not in shown
    assert not set("\x9b\u202e\x07") & set(shown)
    assert "\x1b]8" not in shown  # how a terminal is told of a link


def test_control_characters_are_cleaned_beside_and_above_progress_bars() -> None:
    with redirect_stderr(Terminal()) as terminal, ProgressDisplay(verbose=True) as screen:
        screen.stage("fetch", 2)
        for say in (screen.say, screen.complain, screen.detail):
            say(f"Failed: {HOSTILE}\nSent to nobody.")
        screen.step(HOSTILE)
    shown = terminal.getvalue()
    check(shown)
    assert shown.count("Failed: [red]loud[/red] \\[b]x[/b] :smile: [link=https://evil.example]here[/link] [2J2J") == 3
    assert "\nSent to nobody" not in shown  # what is quoted makes no line of ours
    assert "[red]loud[/red] \\[b]x[/b]" in shown.rpartition("Fetching")[2]


def test_an_error_is_one_line_without_control_characters() -> None:
    with redirect_stderr(Terminal()) as terminal:
        tell_error(f"{HOSTILE}\rSent to nobody")
    check(terminal.getvalue().replace("\x1b[1m", "").replace("\x1b[0m", ""))
    assert terminal.getvalue().count("\n") == 1
    assert "\r" not in terminal.getvalue()


def test_failures_of_one_reason_are_named_up_to_three_and_counted() -> None:
    teasers = [Failure(subject=f"t{number}", stage="extract", cause="only a teaser") for number in range(10_000)]
    other = Failure(subject="gone", stage="fetch", cause="HTTP 404")
    with redirect_stderr(Terminal()) as terminal:
        tell_failures(ProgressDisplay(), [*teasers[:5_000], other, *teasers[5_000:]], produced=True)
    assert terminal.getvalue().splitlines() == [
        "Failed (extract): t0: only a teaser.",
        "Failed (extract): t1: only a teaser.",
        "Failed (extract): t2 (and 9997 more): only a teaser.",
        "Failed (fetch): gone: HTTP 404.",
    ]


def test_pages_of_one_host_that_failed_are_one_line() -> None:
    gone = [
        Failure(subject=f"Post: T{n}", stage="fetch", cause="HTTP 404", remedy="Check", url=f"https://example.org/{n}")
        for n in range(4)
    ]
    other = Failure(subject="Wire: U", stage="fetch", cause="HTTP 404", url="https://example.com/u")
    with redirect_stderr(Terminal()) as terminal:
        tell_failures(ProgressDisplay(), [*gone[:2], other, *gone[2:]], produced=True)
    assert terminal.getvalue().splitlines() == [
        "Failed (fetch): example.org: HTTP 404 (4 articles). Check.",
        "Failed (fetch): Wire: U: HTTP 404.",
    ]
