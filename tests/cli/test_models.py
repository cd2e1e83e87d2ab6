"""`briefing models` looks where a run looks."""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Callable
from pathlib import Path

GGUF = b"GGUF" + struct.pack("<IQQ", 3, 0, 0)
Cli = Callable[..., "subprocess.CompletedProcess[str]"]


def test_models_are_where_the_configuration_says(cli: Cli, tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "elsewhere")
    (tmp_path / "briefing.toml").write_text('models = "mine"\noffline = true\n')
    (tmp_path / "other.toml").write_text('models = "theirs"\n')
    (tmp_path / "own.gguf").write_bytes(GGUF)
    assert cli("models", "add", "own.gguf", BRIEFING_MODELS=elsewhere).returncode == 0
    assert (tmp_path / "mine" / ".state" / "added.json").is_file()
    assert not Path(elsewhere).exists()
    assert cli("models", "path", "own").stdout == f"{tmp_path / 'own.gguf'}\n"
    assert cli("models", "pull", "own", "--offline").stdout == f"{tmp_path / 'own.gguf'}\n"
    assert "own " in cli("models", "list").stdout
    assert "own " not in cli("models", "list", "--config", "other.toml").stdout
    assert cli("models", "remove", "own", "-c", "other.toml").returncode == 3
    assert cli("models", "remove", "own").returncode == 0
    broken = cli("models", "list", "--config", "nothing.toml")
    assert (broken.returncode, "nothing.toml" in broken.stderr) == (2, True)


def test_what_a_file_says_of_itself_is_listed_as_it_is(cli: Cli, tmp_path: Path) -> None:
    name, value = b"general.name", b"Small [/one] :smile:"
    pair = struct.pack("<Q", len(name)) + name + struct.pack("<IQ", 8, len(value)) + value
    (tmp_path / "own.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair)
    assert cli("models", "add", "own.gguf", BRIEFING_MODELS="mine").returncode == 0
    assert "Small [/one] :smile:" in cli("models", "list", BRIEFING_MODELS="mine").stdout
