"""What `summarise` shows on a terminal."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.assets import environment
from briefing.errors import AssetError
from briefing.render.terminal import StyledLine, terminal_lines

from ..conftest import Cli
from ..factories import STORY

HOSTILE = STORY.replace("Council approves", "[bold]Council[/bold] \x1b[2J approves [/]", 1)
PLAIN = ("--engine", "extractive", "--state", "state.db")


@pytest.mark.posix
@pytest.mark.parametrize(("width", "widest"), [(60, 60), (160, 100)])
def test_a_summary_is_as_wide_as_the_terminal_up_to_100_columns(
    terminal: Callable[..., str], tmp_path: Path, width: int, widest: int
) -> None:
    (tmp_path / "story.txt").write_text(HOSTILE)
    shown = terminal("--quiet", "summarise", "story.txt", *PLAIN, width=width, NO_COLOR="")
    lines = shown.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "").splitlines()
    assert shown.startswith("\x1b[1m[bold]Council[/bold] [2J approves [/] tram line\x1b[0m\n")
    assert widest - 20 < max(map(len, lines)) <= widest
    (first, second) = next((a, b) for a, b in itertools.pairwise(lines) if a.startswith("  - "))
    assert second.startswith(("    ", "  - ")), first


@pytest.mark.posix
def test_quotations_on_a_terminal_nest_and_are_labelled_once(terminal: Callable[..., str], tmp_path: Path) -> None:
    said = '"The line will open in May," the mayor of Bergholm said on Tuesday of the tram to the hospital.'
    (tmp_path / "story.txt").write_text(f"Trams\n\n{said} The council voted 31 to 14 for it after a long dispute.")
    shown = terminal("--quiet", "summarise", "story.txt", *PLAIN, width=100)
    assert "““" not in shown
    assert "‘The line will open in May,’" in shown
    assert shown.count("uoted from the article") == 1


def test_a_pipe_gets_plain_text(cli: Cli, story_file: Path) -> None:
    assert "\x1b" not in cli("summarise", story_file, *PLAIN).stdout


def test_a_template_of_ones_own_whose_lines_say_no_style_is_an_error(tmp_path: Path) -> None:
    name = "summary.terminal.j2"
    (tmp_path / name).write_text("bold|0|2|A | title\n\nTitle")
    with pytest.raises(AssetError, match=r"STYLE\|FIRST\|REST\|TEXT"):
        terminal_lines([], environment("templates", [tmp_path]))
    (tmp_path / name).write_text("bold|0|2|A | title\n\nplain|1|2|end")
    assert terminal_lines([], environment("templates", [tmp_path])) == [
        StyledLine("bold", 0, 2, "A | title"), StyledLine(), StyledLine("plain", 1, 2, "end"),
    ]  # fmt: skip
