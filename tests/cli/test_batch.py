"""`briefing summarise --batch`: JSON Lines in, JSON Lines out, whatever stands in them."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Cli
from ..factories import STORY

PLAIN = ("--engine", "extractive")

OTHER = STORY.replace("council", "parliament").replace("tram", "ferry").replace("31 to 14", "77 to 12")


def output(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.split("\n")[:-1]]


def points(entry: dict[str, Any]) -> str:
    return " ".join(point["text"] for point in entry["key_points"])


def test_a_batch_keeps_its_order_and_a_bad_line_its_place(cli: Cli, tmp_path: Path) -> None:
    lines = [
        {"id": 7, "text": STORY},
        {"id": "b"},
        "no json",
        {"id": "d", "title": "Given", "text": STORY},
        {"id": "e", "text": " "},
        {"text": STORY},
        ["a", "list"],
        {"id": ["odd"], "text": STORY},
        {"id": "i", "title": 5, "text": STORY},
        {"id": "j", "text": 5},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines) + "\n\n")
    done = cli("summarise", "--batch", "in.jsonl", *PLAIN)
    assert done.returncode == 1
    out = output(done)
    assert [entry["id"] for entry in out] == ["7", "b", "line 3", "d", "e", "6", "line 7", "line 8", "i", "j"]
    assert [entry["id"] for entry in out if "error" not in entry] == ["7", "d", "6"]
    assert [entry["error"]["cause"].partition(" (")[0] for entry in out if "error" in entry] == [
        'it has no "text"', "it is no JSON", "it is empty", "it is no object", 'its "id" is no text or number',
        'its "title" is no text', 'it has no "text"',
    ]  # fmt: skip
    assert out[3]["title"] == "Given"
    assert done.stderr.count("Failed (") == 7
    assert "Traceback" not in done.stderr


def test_duplicate_texts_and_ids_each_get_an_answer(cli: Cli, tmp_path: Path) -> None:
    lines = [("x", STORY), ("x", OTHER), ("y", STORY), ("z", OTHER)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps({"id": i, "text": t}) + "\n" for i, t in lines))
    first, second = (output(cli("summarise", "--batch", "in.jsonl", *PLAIN)) for _ in range(2))
    for out in (first, second):
        assert [entry["id"] for entry in out] == ["x", "x", "y", "z"]
        assert ["ferry" in points(entry) for entry in out] == [False, True, False, True]
    assert all(entry["cached"] for entry in second)


@pytest.mark.parametrize(
    "line",
    [
        b'{"id": "a", "text": "caf\xe9"}',
        b'{"id": ' + b"1" * 5000 + b', "text": "x"}',
        b"[" * 100_000,
        b'{"id": "a", "text": "\\u0000"}',
        b'{"id": "a", "text": NaN}',
    ],
    ids=["latin-1", "number of 5,000 digits", "deep", "nul", "nan"],
)
def test_a_hostile_line_does_not_affect_others(cli: Cli, line: bytes) -> None:
    done = cli(
        "summarise", "--batch", "-", *PLAIN, stdin=line + b"\r\n" + json.dumps({"id": 2, "text": STORY}).encode()
    )
    assert done.returncode == 1, done.stderr
    bad, good = output(done)
    assert bad["error"]["cause"]
    assert good["id"] == "2"
    assert "Traceback" not in done.stderr
    assert "mistake in briefing" not in done.stderr


def test_only_a_line_feed_ends_a_line(cli: Cli) -> None:
    texts = [STORY.replace("\n\n", end) for end in ("\u2028", "\u0085", "\u2029")]
    lines = "\ufeff" + "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in texts)
    done = cli("summarise", "--batch", "-", *PLAIN, stdin=lines)
    assert done.returncode == 0, done.stderr
    assert [entry["id"] for entry in output(done)] == ["1", "2", "3"]


def test_lone_surrogates_in_a_batch_are_dropped(cli: Cli) -> None:
    lines = json.dumps({"id": "\ud800", "title": "\udfff", "text": STORY + " \ud83d"})
    done = cli("summarise", "--batch", "-", *PLAIN, stdin=lines)
    assert done.returncode == 0, done.stderr
    (summary,) = output(done)
    assert (summary["id"], summary["title"]) == ("", "")
    assert points(summary).endswith("customers away.")


@pytest.mark.parametrize("lines", ["", "\n \n"])
def test_an_empty_batch_is_said_to_be_empty(cli: Cli, lines: str) -> None:
    done = cli("summarise", "--batch", "-", *PLAIN, stdin=lines)
    assert done.returncode == 3
    assert done.stdout == ""
    assert "no article" in done.stderr


@pytest.mark.parametrize("inputs", [["missing.jsonl"], ["."], ["a.jsonl", "b.jsonl"]])
def test_a_batch_that_cannot_be_read_is_wrong_use(cli: Cli, inputs: list[str]) -> None:
    done = cli("summarise", "--batch", *inputs, *PLAIN)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
