"""`briefing models` looks where a run looks."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from typer.testing import CliRunner

from briefing.cli import app
from briefing.models import Machine, Speed

from ..conftest import Cli

GGUF = b"GGUF" + struct.pack("<IQQ", 3, 0, 0)


@pytest.mark.slow
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
    assert "own\t" in cli("models", "list").stdout
    assert "own\t" not in cli("models", "list", "--config", "other.toml").stdout
    assert cli("models", "remove", "own", "-c", "other.toml").returncode == 3
    removed = cli("models", "remove", "own")
    assert (removed.returncode, removed.stdout) == (0, "own\n")
    broken = cli("models", "list", "--config", "nothing.toml")
    assert (broken.returncode, "nothing.toml" in broken.stderr) == (2, True)


@pytest.mark.slow
def test_what_a_file_says_of_itself_is_listed_as_it_is(cli: Cli, tmp_path: Path) -> None:
    name, value = b"general.name", b"Small [/one] :smile:"
    pair = struct.pack("<Q", len(name)) + name + struct.pack("<IQ", 8, len(value)) + value
    (tmp_path / "own.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + pair)
    assert cli("models", "add", "own.gguf", BRIEFING_MODELS="mine").returncode == 0
    assert "Small [/one] :smile:" in cli("models", "list", BRIEFING_MODELS="mine").stdout


@pytest.mark.slow
def test_the_list_says_what_fits_and_measures_the_machine_once(cli: Cli) -> None:
    first = cli("models", "list", BRIEFING_MODELS="mine")
    assert (first.returncode, "Measuring the speed" in first.stderr) == (0, True)
    (machine,) = [line for line in first.stderr.splitlines() if line.startswith("This machine: ")]
    assert ", speed measured without a model, so roughly, " in machine
    again = cli("models", "list", "--json", BRIEFING_MODELS="mine")
    assert "Measuring" not in again.stderr
    listed = {one["name"]: one for one in json.loads(again.stdout)}
    default, larger = listed["qwen2.5-coder-1.5b"], listed["qwen3-4b"]
    assert (default["default"], default["measured"], default["exact"], default["here"]) == (True, True, True, False)
    assert (larger["measured"], larger["exact"], larger["licence"]) == (False, False, "Apache-2.0")
    assert larger["needs"] > larger["size"] > default["size"]
    assert larger["fits"] in {"gpu", "memory", "nowhere"}
    rows = {line.split("\t")[0]: line.split("\t") for line in first.stdout.splitlines()}
    assert len(rows) > 8
    assert "Apache-2.0" in rows["qwen3-4b"]


def test_a_pull_offline_says_what_to_do(cli: Cli) -> None:
    done = cli("models", "pull", "Foo/Bar", "--offline", BRIEFING_MODELS="mine")
    assert done.returncode == 3
    assert "Run `briefing models pull Foo/Bar` with a network" in done.stderr


@pytest.mark.slow
def test_the_list_counts_the_window_and_the_slots_of_the_configuration(cli: Cli, tmp_path: Path) -> None:
    def needs() -> int:
        (one,) = [one for one in json.loads(cli("models", "list", "--json").stdout) if one["name"] == "qwen3-4b"]
        return int(one["needs"])

    (tmp_path / "briefing.toml").write_text('models = "mine"\nparallel = 1\n')
    narrow = needs()
    (tmp_path / "briefing.toml").write_text('models = "mine"\nparallel = 2\ncontext = 65536\n')
    assert needs() - narrow == (2 * 65_536 - 4096) * 147_456


@pytest.mark.slow
def test_a_model_is_recommended_with_the_command_to_get_it(cli: Cli) -> None:
    done = cli("models", "recommend", "--seconds", "1", BRIEFING_MODELS="mine")
    assert done.returncode == 0, done.stderr
    name, why, *rest = done.stdout.splitlines()
    assert (name, "measured" in why) == ("qwen2.5-coder-1.5b", True)
    assert rest[-1] == f"Get it: briefing models pull {name}"
    as_data = json.loads(cli("models", "recommend", "--seconds", "1", "--json", BRIEFING_MODELS="mine").stdout)
    assert (as_data["name"], as_data["why"], as_data["here"]) == (name, why, False)
    assert cli("models", "recommend", "--seconds", "0", BRIEFING_MODELS="mine").returncode == 2


def test_a_larger_model_is_recommended_with_the_option_that_uses_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    speed = Speed(reading=1e15, writing=1e14, by="", day="2024-05-17")
    fast = Machine(processor="P", cores=64, memory=10**12, speed=speed)
    monkeypatch.setattr("briefing.pipeline.machine.this_machine", lambda *_, **__: fast)
    monkeypatch.setenv("BRIEFING_MODELS", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    name, *_, get, use = CliRunner().invoke(app, ["models", "recommend"], catch_exceptions=False).stdout.splitlines()
    assert name != "qwen2.5-coder-1.5b"
    assert get == f"Get it: briefing models pull {name}"
    assert use == f'Use it: briefing run --model {name} (or model = "{name}" in the configuration)'
