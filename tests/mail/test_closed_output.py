"""Delivery with closed or full standard output and error: recorded, and sent once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.errors import ExitCode

from ..factories import STORY
from .conftest import Opener

Shell = Callable[..., int]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """The exit code of a command with a shell's redirections."""

    def call(redirections: str, *arguments: str) -> int:
        return subprocess.run(
            ["bash", "-c", f'"$@" {redirections}; exit ${{PIPESTATUS[0]}}', "bash", sys.executable, "-m", "briefing",
             *arguments],
            cwd=tmp_path, env=os.environ, timeout=100, check=False, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ).returncode  # fmt: skip

    return call


@pytest.mark.slow
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(
    ("redirections", "code"),
    [
        (">/dev/full", ExitCode.PARTLY),
        (">&-", ExitCode.PARTLY),
        ("| true", ExitCode.WELL),
        ("2>/dev/full", ExitCode.WELL),
        ("2>&-", ExitCode.WELL),
        (">/dev/full 2>/dev/full", ExitCode.PARTLY),
    ],
)
def test_each_recipient_gets_the_letter_once_whether_or_not_output_is_readable(
    redirections: str, code: ExitCode, post_office: Opener, shell: Shell, tmp_path: Path
) -> None:
    office = post_office()
    (tmp_path / "story.txt").write_text(STORY, "utf-8")
    readers = "".join(f"[[mail.recipients]]\naddress = '{name}@example.org'\n" for name in ("ann", "bob"))
    (tmp_path / "briefing.toml").write_text(
        f"engine = 'extractive'\nformats = ['md']\n[mail]\nhost = 'localhost'\nport = {office.port}\n"
        f"security = 'none'\nsender = 'd@example.org'\n{readers}[[sources]]\npath = 'story.txt'\n",
        "utf-8",
    )
    assert shell(redirections, "run", "--send") == code
    assert office.letters == {"ann@example.org": 1, "bob@example.org": 1}
    assert shell("", "send") == ExitCode.WELL
    assert office.letters.total() == 2
