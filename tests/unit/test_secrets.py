"""Commands that print passwords: how they are split, and that each runs once."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from briefing.errors import ConfigError
from briefing.pipeline.secrets import Commands, split_command


@pytest.mark.parametrize(
    ("command", "windows", "words"),
    [
        ("pass show mail", False, ("pass", "show", "mail")),
        ("pass show 'my mail'", False, ("pass", "show", "my mail")),
        ("pass show mail", True, ("pass", "show", "mail")),
        (r"C:\Tools\pass.exe show mail\work", True, (r"C:\Tools\pass.exe", "show", r"mail\work")),
        (r'"C:\Program Files\pass.exe" --in="my box" ""', True, (r"C:\Program Files\pass.exe", "--in=my box", "")),
        ("pass show ann's", True, ("pass", "show", "ann's")),
    ],
)
def test_a_command_is_split_as_its_system_does(command: str, windows: bool, words: tuple[str, ...]) -> None:
    assert split_command(command, windows=windows) == words


@pytest.mark.parametrize("windows", [True, False])
def test_an_unbalanced_quotation_mark_raises(windows: bool) -> None:
    with pytest.raises(ValueError, match="quotation"):
        split_command('pass "show', windows=windows)


@pytest.mark.parametrize("code", [0, 1])
def test_a_command_runs_once_also_where_it_fails(tmp_path: Path, code: int) -> None:
    count = tmp_path / "count"
    program = f"import sys; open({str(count)!r}, 'a').write('x'); print('secret'); sys.exit({code})"
    commands, command = Commands(), (sys.executable, "-c", program)
    for setting in ("mail.password_command", "password_command of alice@mail.example"):
        if code:
            with pytest.raises(ConfigError, match=f"{setting}: the command ended with status 1"):
                commands.first_line(command, setting)
        else:
            assert commands.first_line(command, setting) == "secret"
    assert count.read_text() == "x"


def test_output_that_is_not_utf_8_keeps_its_bytes() -> None:
    program = "import sys; sys.stdout.buffer.write(bytes([112, 228, 10]))"
    line = Commands().first_line((sys.executable, "-c", program), "password_command")
    assert line.encode("utf-8", "surrogateescape") == b"p\xe4"


@pytest.mark.parametrize("program", ["no-such-program-anywhere", "/no/such/folder/program"])
def test_a_missing_program_is_named_without_its_arguments(program: str) -> None:
    with pytest.raises(ConfigError, match=program) as caught:
        Commands().first_line((program, "hush"), "mail.password_command")
    assert "hush" not in str(caught.value)
