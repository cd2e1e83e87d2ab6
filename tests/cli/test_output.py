"""What is printed into a file or a pipe is UTF-8, whatever the system would choose."""

from __future__ import annotations

import contextlib
import json
import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ..conftest import Cli

OTHER = {"PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0", "LC_ALL": "C.UTF-8"}
NAME = "Zażółć → 日本"
STORY = f"""{NAME} approves tram line

The council voted 31 to 14 on Tuesday for a tram line to the hospital “{NAME}”, ending a dispute of two years.

Construction is due to start in March and to cost 212 million pounds, of which the government has promised 140 million.

Shopkeepers on Bridge Street fear that the works, which are expected to last three years, will drive customers away."""


@pytest.fixture
def briefing(process: Cli, tmp_path: Path) -> Callable[..., str]:
    """Runs a command that has to go well in a system of another encoding; what it printed."""
    (tmp_path / "story.txt").write_text(STORY, "utf-8")
    (tmp_path / "briefing.toml").write_text(
        f"title = {json.dumps(NAME, ensure_ascii=False)}\nengine = 'extractive'\n[[sources]]\npath = 'story.txt'\n"
        f"name = '{NAME}'\n[[sources]]\nurl = 'https://127.0.0.1:9/feed'\nname = 'web {NAME}'\n",
        "utf-8",
    )

    def call(*arguments: str) -> str:
        done = process(*arguments, **OTHER)  # the fixture reads it as UTF-8, or fails
        assert done.returncode in (0, 1), done.stderr
        assert "\r" not in done.stdout
        return done.stdout

    return call


@pytest.mark.slow
def test_every_command_prints_utf8(briefing: Callable[..., str], tmp_path: Path) -> None:
    assert NAME in briefing("sources", "list")
    assert NAME in briefing("sources", "export")
    assert f"ok\t{NAME}" in briefing("sources", "check", "--offline")
    assert NAME in briefing("run", "--offline", "--dry-run")
    assert "briefings" in briefing("run", "--offline", "--out", str(tmp_path / NAME / "briefings"))
    assert NAME in briefing("history")
    assert NAME in briefing("search", "tram")
    for format_ in ("text", "json", "atom"):
        assert NAME in briefing("show", "-f", format_)
    for format_ in ("md", "html"):
        assert NAME in briefing("summarise", "story.txt", "-f", format_, "--engine", "extractive")
    assert NAME in briefing("archive", "--out", NAME)
    assert NAME in briefing("templates", "eject", NAME)
    (tmp_path / f"{NAME}.gguf").write_bytes(b"GGUF\x03\0\0\0" + bytes(16))
    assert briefing("models", "add", f"{NAME}.gguf", "--name", "mine") == "mine\n"
    assert NAME in briefing("models", "path", "mine")
    assert NAME in briefing("models", "list")


def test_an_exported_list_is_read_by_any_reader(briefing: Callable[..., str]) -> None:
    from xml.etree import ElementTree

    document = ElementTree.fromstring(briefing("sources", "export").encode())
    assert [one.get("title") for one in document.iter("outline")] == [f"web {NAME}"]


@pytest.mark.posix
def test_a_file_name_that_is_no_text_ends_no_command(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path / "mine") + b"\xff"
    command = [os.fsencode(sys.executable), b"-m", b"briefing", b"templates", b"eject", place]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONUTF8": "0"}, check=True)
    assert b"mine?/edition.md.j2\n" in done.stdout
    assert done.stderr == b""


@pytest.mark.slow
@pytest.mark.posix
def test_lines_are_wrapped_to_the_terminal_and_no_word_is_broken(cli: Cli, tmp_path: Path) -> None:
    import pty

    word = f"https://models.example/{'longname' * 5}"
    name, value = b"general.name", f"Small one from {word}".encode()
    pair = struct.pack("<Q", len(name)) + name + struct.pack("<IQ", 8, len(value)) + value
    (tmp_path / "own.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair)
    assert cli("models", "add", "own.gguf", BRIEFING_MODELS="mine").returncode == 0
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "briefing", "models", "list"]
    environment = {**os.environ, "BRIEFING_MODELS": "mine", "COLUMNS": "60"}
    printed = b""
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, cwd=tmp_path, env=environment):
        os.close(theirs)
        with contextlib.suppress(OSError):  # how Linux tells that the other side was closed
            while some := os.read(ours, 4096):
                printed += some
    os.close(ours)
    lines = printed.decode().splitlines()
    assert any(line.strip("\x1b[0m2 ").rstrip(";") == word for line in lines)
    assert lines[0].startswith("This machine: ")
    assert max(map(len, lines[: lines.index("")])) <= 60 < len(word) + 5
