"""Lists that commands print: a table with a header on a terminal, lines with tabs in a file or pipe."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.cli.console import wrapped

from ..conftest import Cli

CONFIGURATION = """engine = "extractive"
[[sources]]
url = "https://example.org/a/rather/long/address/of/a/feed/of/all/news.xml"
name = "The [bold]Post[/bold] [/]"
section = "World"
[[sources]]
path = "story.txt"
"""


def unstyled(text: str) -> str:
    return re.sub(r"\x1b\[[\d;]*m", "", text)


@pytest.mark.posix
def test_sources_are_a_table_with_a_header_on_a_terminal(terminal: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text(CONFIGURATION)
    header, first, second = unstyled(terminal("sources", "list", width=120)).splitlines()
    column = header.index("section")
    assert header.startswith("name  ")
    assert (first.index("World"), second[column:].split()[0]) == (column, "-")
    assert first.startswith("The [bold]Post[/bold] [/]  ")  # no markup
    assert first.index("https://") == header.index("address or path")


@pytest.mark.posix
def test_cells_are_wrapped_where_the_terminal_is_narrow(terminal: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text(CONFIGURATION)
    shown = unstyled(terminal("sources", "list", width=50)).splitlines()
    assert max(map(len, shown)) <= 50
    address = shown[0].index("address")
    first = "".join(line[address:].strip() for line in shown[1 : next(i for i, x in enumerate(shown) if x[0] == "-")])
    assert first == "https://example.org/a/rather/long/address/of/a/feed/of/all/news.xml"


@pytest.mark.posix
def test_editions_are_a_table_on_a_terminal(cli: Cli, terminal: Callable[..., str], story_file: Path) -> None:
    config = story_file.with_name("briefing.toml")
    config.write_text(f'engine = "extractive"\nrepeat = true\n[[sources]]\npath = "{story_file.name}"\n', "utf-8")
    for day in ("2024-05-16", "2024-05-17"):
        assert cli("run", "-f", "md", "--date", day, "--state", "state.db").returncode == 0
    header, first, *_ = unstyled(terminal("history", "--state", "state.db")).splitlines()
    assert header.split("  ")[0] == "date"
    assert first[header.index("what") :] == "Council approves tram line"
    assert first.index("1", 10) == header.index("stories") + len("stories") - 1  # numbers end flush


def test_lines_of_wide_characters_fit_and_a_word_is_broken_only_where_asked() -> None:
    assert wrapped("日本語の記事", 5) == ["日本", "語の", "記事"]
    assert wrapped("a loooooong word", 5, fold=False) == ["a", "loooooong", "word"]
    assert wrapped("a loooooong word", 5) == ["a", "loooo", "oong", "word"]
    assert wrapped("", 5) == [""]
