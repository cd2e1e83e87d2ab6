"""`briefing models`: pulled from a hub on loopback and verified, added, listed, removed; nothing half-written stays."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from briefing.testing.server import Server

from ..conftest import Cli

GGUF = b"GGUF" + struct.pack("<IQQ", 3, 0, 0)
DATA = GGUF + random.Random(4).randbytes(400_000)
PLACE = "Owner/Repo-GGUF:tiny.gguf"
URL = "/Owner/Repo-GGUF/resolve/main/tiny.gguf"
LARGER = "qwen3-4b"
"""A model of the catalogue of which the hub says what it must be."""
LARGER_URL = "/unsloth/Qwen3-4B-Instruct-2507-GGUF/resolve/main/Qwen3-4B-Instruct-2507-Q4_K_M.gguf"
LARGEST_SECONDS = "100000"


@dataclass(frozen=True)
class Hub:
    """Serves files as the Hugging Face Hub does: a HEAD states size and digest, a GET gives the bytes."""

    server: Server

    def states(self, url: str = URL, data: bytes = DATA) -> None:
        linked = {"X-Linked-Etag": f'"{hashlib.sha256(data).hexdigest()}"', "X-Linked-Size": str(len(data))}
        self.server.serves(url, b"", headers=linked, times=1)

    def gives(self, url: str = URL, data: bytes = DATA, *, start: int = 0) -> None:
        """The bytes from `start` on, to a request for them."""
        ranged = {"Content-Range": f"bytes {start}-{len(data) - 1}/{len(data)}"} if start else {}
        self.server.serves(url, data[start:], status=206 if start else 200, headers=ranged)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The only place that models come from: no wheel is looked for, no token is sent."""
    with Server() as server:
        for name, value in (
            ("HF_ENDPOINT", server.origin),
            ("PIP_NO_INDEX", "1"),
            ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1"),
        ):
            monkeypatch.setenv(name, value)
        yield Hub(server)


@pytest.fixture
def models(cli: Cli, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command of `briefing models` on a folder of its own: ``models("pull", "tiny")``."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return cli("models", *arguments, BRIEFING_MODELS=str(tmp_path / "models"))

    return call


Models = Callable[..., "subprocess.CompletedProcess[str]"]


def files(folder: Path) -> list[str]:
    """What lies in the folder of models but for locks and records."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".lock", ".json"})
    return sorted(str(path.relative_to(folder)) for path in paths)


def listed(models: Models) -> dict[str, dict[str, Any]]:
    """The models of ``list --json`` by name."""
    done = models("list", "--json")
    assert done.returncode == 0, done.stderr
    return {one["name"]: one for one in json.loads(done.stdout)}


@pytest.mark.slow
def test_a_model_of_the_hub_is_added_listed_and_removed(models: Models, hub: Hub, tmp_path: Path) -> None:
    hub.states()
    hub.gives()
    added = models("add", PLACE)
    assert (added.returncode, added.stdout) == (0, "tiny\n"), added.stderr
    path = tmp_path / "models" / "tiny.gguf"
    assert path.read_bytes() == DATA
    assert models("path", "tiny").stdout == f"{path}\n"
    one = listed(models)["tiny"]
    assert (one["here"], one["size"], one["exact"], one["default"], one["measured"]) == (
        True,
        len(DATA),
        True,
        False,
        False,
    )
    assert "tiny\t" in models("list").stdout
    asked = len(hub.server.requests)
    assert models("pull", "tiny").stdout == f"{path}\n"  # here already
    assert len(hub.server.requests) == asked
    removed = models("remove", "tiny")
    assert (removed.returncode, removed.stdout) == (0, "tiny\n")
    assert files(tmp_path / "models") == []
    assert "tiny" not in listed(models)
    assert models("remove", "tiny").returncode == 3


def test_a_model_may_be_given_another_name(models: Models, hub: Hub, tmp_path: Path) -> None:
    hub.states()
    hub.gives()
    assert models("add", PLACE, "--name", "mine").stdout == "mine\n"
    assert files(tmp_path / "models") == ["mine.gguf"]


def test_a_pull_goes_on_where_it_was_interrupted(models: Models, hub: Hub, tmp_path: Path) -> None:
    hub.states()
    hub.server.cuts(URL, DATA, after=100_000, times=1)
    hub.server.fails(URL, 404, times=1)
    failed = models("add", PLACE)
    assert failed.returncode == 3
    assert "no such file" in failed.stderr
    assert models("path", "tiny").returncode == 3
    assert not (tmp_path / "models" / "tiny.gguf").exists()
    hub.gives(start=100_000)
    assert models("pull", "tiny").returncode == 0
    assert (tmp_path / "models" / "tiny.gguf").read_bytes() == DATA
    ranges = [request.headers.get("range") for request in hub.server.seen(URL)]
    assert ranges == [None, None, "bytes=100000-", "bytes=100000-"]
    assert files(tmp_path / "models") == ["tiny.gguf"]


@pytest.mark.slow
def test_other_bytes_than_were_stated_get_no_name_and_are_not_kept(models: Models, hub: Hub, tmp_path: Path) -> None:
    hub.states()
    hub.gives(data=DATA[:-1] + b"!")
    done = models("add", PLACE)
    assert (done.returncode, done.stdout) == (3, "")
    assert "SHA-256" in done.stderr
    assert files(tmp_path / "models") == []
    assert models("path", "tiny").returncode == 3
    assert not listed(models)["tiny"]["here"]


@pytest.mark.slow
def test_a_larger_model_of_the_catalogue_is_what_the_hub_states(models: Models, hub: Hub, tmp_path: Path) -> None:
    hub.states(LARGER_URL)
    hub.gives(LARGER_URL, DATA[:-1] + b"!")
    refused = models("pull", LARGER).stderr
    assert "licence Apache-2.0; not measured here, verified by the Hub's own digest." in refused
    assert "SHA-256" in refused
    assert files(tmp_path / "models") == []
    hub.states(LARGER_URL)
    hub.gives(LARGER_URL)
    done = models("pull", LARGER)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path / 'models' / 'Qwen3-4B-Instruct-2507-Q4_K_M.gguf'}\n"
    one = listed(models)[LARGER]
    assert (one["here"], one["size"], one["exact"]) == (True, len(DATA), True)


def test_a_file_that_was_altered_on_disk_is_not_here_and_is_pulled_again(
    models: Models, hub: Hub, tmp_path: Path
) -> None:
    hub.states()
    hub.gives()
    assert models("add", PLACE).returncode == 0
    path = tmp_path / "models" / "tiny.gguf"
    path.write_bytes(DATA[:-1] + b"!")
    assert models("path", "tiny").returncode == 3
    assert models("pull", "tiny").returncode == 0
    assert path.read_bytes() == DATA


@pytest.mark.slow
def test_a_file_of_ones_own_stays_where_it_is(models: Models, tmp_path: Path) -> None:
    own = tmp_path / "own.gguf"
    own.write_bytes(GGUF)
    assert models("add", "own.gguf").stdout == "own\n"
    assert models("path", "own").stdout == f"{own}\n"
    assert files(tmp_path / "models") == []
    assert listed(models)["own"]["here"]
    assert models("remove", "own").stdout == "own\n"
    assert own.read_bytes() == GGUF
    assert "own" not in listed(models)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "gone.gguf"), "it is neither a file on this machine nor the address of one"),
        (("add", "story.txt"), "story.txt"),
        (("add", PLACE), "it states no SHA-256"),
        (("add", "Owner/Repo-GGUF:gone.gguf"), "no such file"),
        (("pull", "qwen3-4"), f"Did you mean {LARGER}?"),
        (("path", LARGER), f"Pull it with `briefing models pull {LARGER}`"),
        (("path", "nonsense"), "`briefing models list` shows all of them"),
        (("remove", LARGER), "its file is not here"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_one_line_and_leaves_nothing(
    models: Models, hub: Hub, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    (tmp_path / "story.txt").write_text("No model.")
    hub.server.serves(URL, DATA)
    done = models(*arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert files(tmp_path / "models") == []


@pytest.mark.parametrize(("command", "name"), [("pull", LARGER), ("pull", "Owner/Repo"), ("add", PLACE)])
def test_offline_asks_no_hub(models: Models, hub: Hub, command: str, name: str) -> None:
    done = models(command, name, "--offline")
    assert (done.returncode, done.stdout) == (3, "")
    assert hub.server.connections == 0


@pytest.mark.slow
def test_the_table_and_json_say_the_same_of_every_model(models: Models) -> None:
    table = models("list").stdout
    as_data = listed(models)
    assert {"qwen2.5-coder-1.5b", LARGER} <= set(as_data)
    for name, one in as_data.items():
        (row,) = [line.split("\t") for line in table.splitlines() if line.startswith(f"{name}\t")]
        assert row[1] == ("yes" if one["here"] else "no")
        assert one["licence"] in " ".join(row)
        assert {
            "name", "description", "engine", "licence", "size", "exact", "here", "default", "measured", "needs", "fits",
            "seconds_a_story",
        } == set(one)  # fmt: skip
    assert [name for name, one in as_data.items() if one["default"]] == ["qwen2.5-coder-1.5b"]


@pytest.mark.slow
def test_the_speed_is_kept_until_it_is_to_be_measured_again(models: Models, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("list", "recommend"):
        models(command)
        assert "Measuring" not in models(command).stderr
        assert "Measuring the speed of this machine" in models(command, "--measure").stderr


@pytest.mark.slow
def test_recommended_is_the_largest_that_is_quick_enough_else_the_default(
    models: Models, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.pipeline.machine.free_memory", lambda: 32_000_000_000)
    quick, slow = (
        json.loads(models("recommend", "--json", "--seconds", limit).stdout) for limit in ("1", LARGEST_SECONDS)
    )
    assert (quick["name"], quick["default"]) == ("qwen2.5-coder-1.5b", True)
    free = [one for one in listed(models).values() if one["licence"] in {"Apache-2.0", "MIT"}]
    assert slow["name"] == max(free, key=lambda one: one["size"])["name"]
    assert slow["why"]
    text = models("recommend", "--seconds", LARGEST_SECONDS).stdout
    assert text.startswith(f"{slow['name']}\n{slow['why']}\n")
    assert f"Get it: briefing models pull {slow['name']}\n" in text
    assert f"Use it: briefing run --model {slow['name']} " in text
