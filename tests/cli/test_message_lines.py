"""Messages on a terminal are broken between words, and commands in them stay whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.cli.console import broken

LONG = "Failed (fetch): news.example: the server answered HTTP 404 Not Found. Check the address"


def test_lines_are_broken_between_words_and_the_next_ones_are_indented() -> None:
    lines = broken(LONG, 40).split("\n")
    assert max(map(len, lines)) <= 40
    assert " ".join(line.strip() for line in lines) == LONG
    assert [line[:2].isspace() for line in lines] == [False, True, True]
    assert broken(LONG, len(LONG)) == LONG
    assert broken("Sources   3 of 4 read", 80) == "Sources   3 of 4 read"


def test_an_address_and_a_command_stay_whole() -> None:
    address, command = f"https://news.example/{'a' * 60}", "`briefing run -c 'my folder/news.toml' --explain`,"
    lines = broken(f"Left out  3 more: see {command} or {address} for it", 30).split("\n")
    assert [line for line in lines if command in line and address not in line]
    assert [line for line in lines if address in line and "for it" not in line]


@pytest.mark.parametrize("text", ["", " ", "中文" * 30, "` `" * 50, "a` b " * 40, "\n"])
def test_odd_texts_lose_no_word(text: str) -> None:
    assert broken(text, 20).split() == text.split()


@pytest.mark.posix
def test_failures_on_a_terminal_are_not_cut_inside_words(terminal: Callable[..., str], tmp_path: Path) -> None:
    name = "there are five words here.txt"
    (tmp_path / name).write_text("")
    shown = terminal("run", "--source", name, "--source", f"gone {name}", "--engine", "extractive", width=50)
    lines = [line for line in shown.replace("\r", "").split("\n") if line.startswith(("Failed", "  "))]
    assert max(map(len, lines)) <= 50
    assert "Failed (read): gone there are five words here.txt:\n" in shown.replace("\r", "")


@pytest.mark.posix
def test_what_the_doctor_finds_is_not_cut_inside_words(terminal: Callable[..., str], tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text('engine = "extractive"\n[[sources]]\npath = "in"\n')
    (tmp_path / "in").mkdir()
    first, *lines = terminal("doctor", width=60).splitlines()
    assert first.startswith("briefing ")
    assert {line[:8].strip() for line in lines} == {"ok", ""}
    assert all(len(line) <= 60 for line in lines if len(line.split()) > 1)
