"""One flag chooses the engine: a server, a model of Hugging Face's, a third party's package."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from briefing.extras import install_command
from briefing.testing.chat import CHAT, MODELS, ChatServer

from ..conftest import Cli
from ..factories import STORY

POINTS = (
    "The council approved a tram line to the hospital by 31 votes to 14.",
    "Construction is to start in March and cost 212 million pounds.",
    "Shopkeepers on Bridge Street fear losing customers during the works.",
)
ANSWER = "# Council approves tram line\n" + "\n".join(f"- {point}" for point in POINTS)
KEY = "sk-very-secret-4711"


@pytest.fixture
def server(chat_server: ChatServer) -> ChatServer:
    chat_server.says(ANSWER)
    return chat_server


def points(summary: dict[str, Any]) -> list[str]:
    return [point["text"] for point in summary["key_points"]]


@pytest.mark.parametrize(
    "how", [("--model", "openai:m-1"), ("--model", "m-1"), ("--engine", "openai", "--model", "m-1")]
)
def test_a_server_summarises(cli: Cli, server: ChatServer, story_file: Path, how: tuple[str, ...]) -> None:
    done = cli("summarise", story_file, "-f", "json", "--base-url", server.base_url, *how)
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["engine"], summary["model"]) == ("openai", "m-1")
    assert points(summary)[0] == POINTS[0]
    assert re.search(r"Tokens: \d+ read, \d+ written\.", done.stderr)
    asked = len(server.asked)
    again = cli("summarise", story_file, "-f", "json", "--base-url", server.base_url, *how)
    assert json.loads(again.stdout)["cached"]
    assert len(server.asked) == asked


def test_models_are_compared_on_one_page_with_the_sentences_behind_their_points(
    cli: Cli, server: ChatServer, story_file: Path, tmp_path: Path
) -> None:
    done = cli("compare", story_file, "-m", "openai:m-1", "-m", "m-1", "-m", "m-2", "--base-url", server.base_url)
    assert (done.returncode, done.stdout) == (1, "compare.html\n"), done.stderr
    page = (tmp_path / "compare.html").read_text("utf-8")
    assert page.count(POINTS[0]) == 2
    assert re.search(r"The council voted 31 to 14 .*\[A1\].*\[B1\]", page)
    assert "has no such model" in page  # in the column of the third
    alone = cli("compare", story_file, "-m", "openai:m-1")
    assert (alone.returncode, "nothing to compare" in alone.stderr) == (2, True)


def test_answers_in_json_are_read_as_well(cli: Cli, server: ChatServer, story_file: Path) -> None:
    server.says(json.dumps({"headline": "Council approves tram line", "points": POINTS}))
    done = cli("summarise", story_file, "-f", "json", "--base-url", server.base_url, "--model", "m-1")
    assert points(json.loads(done.stdout)) == list(POINTS)


def test_what_it_costs_is_said_where_prices_are_known(
    cli: Cli, server: ChatServer, story_file: Path, tmp_path: Path
) -> None:
    (tmp_path / "briefing.toml").write_text(
        f'base_url = "{server.base_url}"\nmodel = "m-1"\nprices = [1000, 0]\n[[sources]]\npath = "story.txt"\n'
    )
    done = cli("run", "-f", "json")
    assert done.returncode == 0, done.stderr
    read = int(re.search(r"Tokens: ([\d,]+) read", done.stderr)[1].replace(",", ""))  # type: ignore[index]
    assert f"cost: {read / 1000:.4f}" in done.stderr


def test_the_key_is_used_and_never_shown(cli: Cli, server: ChatServer, story_file: Path, tmp_path: Path) -> None:
    call = ("summarise", story_file, "-f", "json", "--base-url", server.base_url, "--model", "m-1", "--state", "s.db")
    done = cli("--verbose", *call, BRIEFING_API_KEY=KEY)
    assert server.seen(CHAT)[0].headers["authorization"] == f"Bearer {KEY}"
    server.serves(CHAT, json.dumps({"error": {"message": f"quota of {KEY} is used up"}}), status=400)
    (tmp_path / "story.txt").write_text(STORY.replace("tram", "ferry"))
    refused = cli("--verbose", *call, BRIEFING_API_KEY=KEY)
    assert "used up" in refused.stderr
    for said in (done.stdout, done.stderr, refused.stdout, refused.stderr):
        assert KEY not in said
    assert KEY.encode() not in (tmp_path / "s.db").read_bytes()


def test_openais_own_key_goes_to_openai_alone(cli: Cli, server: ChatServer, story_file: Path) -> None:
    cli("summarise", story_file, "--base-url", server.base_url, "--model", "m-1", OPENAI_API_KEY=KEY)
    assert "authorization" not in server.seen(CHAT)[0].headers


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "openai:m-1"), "--base-url"),
        (("--engine", "openai", "--base-url", "http://127.0.0.1:1/v1"), "--model"),
        (("--model", "m", "--base-url", "nonsense"), "address of a server"),
        (("--model", "m", "--base-url", "http://me:secret@example.org/v1"), "BRIEFING_API_KEY"),
        (("--model", "m", "--base-url", "https://example.org/v1", "--offline"), "offline"),
        (("--engine", "nonsense"), "Installed: extractive, llama, openai, transformers"),
    ],
)
def test_settings_that_make_no_sense_are_named(
    cli: Cli, story_file: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = cli("summarise", story_file, *arguments)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_server_that_fails_halfway_loses_no_finished_summary(cli: Cli, tmp_path: Path) -> None:
    rows = [{"id": str(n), "text": STORY.replace("31 to 14", f"{31 + n} to 14")} for n in range(6)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ("summarise", "--batch", "in.jsonl", "--model", "openai:m-1", "--parallel", "1", "--state", "s.db")
    with ChatServer("m-1") as first:
        port = first.port
        first.says(ANSWER, times=3)
        first.fails(CHAT, 401)
        broken = cli(*arguments, "--base-url", first.base_url)
        answered = [seen.body for seen in first.seen(CHAT)][:3]
    assert broken.returncode in {1, 3}
    told = [json.loads(line) for line in broken.stdout.splitlines()]
    assert [entry["id"] for entry in told] == [row["id"] for row in rows]
    assert any("error" in entry for entry in told)
    with ChatServer("m-1", port=port) as second:
        second.says(lambda request: ANSWER)
        whole = cli(*arguments, "--base-url", second.base_url)
        asked = [seen.body for seen in second.seen(CHAT)]
    assert whole.returncode == 0, whole.stderr
    assert not any("error" in json.loads(line) for line in whole.stdout.splitlines())
    assert len(answered) == 3
    assert not set(answered) & set(asked)


@pytest.mark.slow
@pytest.mark.parametrize("context", ["0", "4096"])
def test_a_server_that_cannot_be_asked_is_said_once_and_what_is_stored_is_told(
    cli: Cli, server: ChatServer, tmp_path: Path, context: str
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "briefing.toml").write_text(
        f'base_url = "{server.base_url}"\nmodel = "m-1"\ncontext = {context}\ngroup = false\n[[sources]]\npath = "in"\n'
    )
    for number, town in enumerate(("Aldbury", "Benton", "Corfield", "Dunmore")):
        text = STORY.replace("tram", f"{town} tram").replace("212", str(300 + 17 * number))
        (tmp_path / "in" / f"{town}.txt").write_text(text)
        if not number:
            assert cli("run", "-f", "json", "--state", "s.db").returncode == 0
    server.fails(MODELS, 401)
    before = len(server.seen(MODELS))
    call = ("run", "-f", "json")
    for more, code in ((("--state", "s.db"), 1), (("--state", "empty.db"), 3)):
        done = cli(*call, *more)
        assert done.returncode == code, done.stderr
        said = [line for line in done.stderr.splitlines() if line.startswith("Failed")]
        assert len(said) == 1
        assert re.search(r" \(and [23] more\): http://.*: the server refuses the key \(HTTP 401\)\. Set ", said[0])
    assert len(server.seen(MODELS)) == before + 2
    every = cli("--verbose", *call, "--state", "empty.db").stderr
    assert all(f"{town} tram" in every for town in ("Aldbury", "Benton", "Corfield", "Dunmore"))


def test_a_budget_that_is_used_up_is_said_once_with_what_helps(cli: Cli, server: ChatServer, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "briefing.toml").write_text(
        f'base_url = "{server.base_url}"\nmodel = "m-1"\ntoken_budget = 1\nparallel = 1\n'
        'group = false\n[[sources]]\npath = "in"\n'
    )
    for number in range(4):
        (tmp_path / "in" / f"{number}.txt").write_text(STORY.replace("212", str(300 + 17 * number)))
    done = cli("run", "-f", "json")
    assert done.stderr.count("budget of 1 tokens is used up. Raise token_budget") == 1, done.stderr


@pytest.mark.slow
def test_without_pytorch_a_model_that_needs_it_says_how_to_get_it(tmp_path: Path, story_file: Path) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "bart", "is_encoder_decoder": true}')
    (model / "model.safetensors").write_bytes(b"")
    (model / "tokenizer.json").write_text("{}")
    code = "import sys; sys.modules['torch'] = None; from briefing.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "summarise", story_file, "--model", str(model)],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 3
    assert f"Install it: {install_command('torch')}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.slow
def test_a_wrong_address_of_the_hub_is_no_traceback(process: Cli, tmp_path: Path, story_file: Path) -> None:
    pytest.importorskip("transformers")
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text('{"model_type": "bart", "is_encoder_decoder": true}')
    (model / "model.safetensors").write_bytes(b"")
    (model / "tokenizer.json").write_text("{}")
    done = process("summarise", story_file, "--model", model, HF_ENDPOINT="http://[::1")
    assert done.returncode == 3
    assert "Check the variables that begin with HF_" in done.stderr
    assert len(done.stderr.splitlines()) == 1


THIRD_PARTY = '''
from briefing.engines import Completion

class ShoutingEngine:
    """Answers with the document's first sentence, as a package of a third party might."""
    name, instructable, verbatim, context = "shouting", False, False, 10_000

    def __init__(self, model, options):
        self.model = model.name if model else "first-sentence"
        self.digest = f"shouting {self.model}"

    def count_tokens(self, text):
        return len(text.split())

    def complete(self, prompts):
        for prompt in prompts:
            text = next(line for line in prompt.document.splitlines() if line.endswith("."))
            yield Completion(id=prompt.id, text=text, prompt_tokens=0, completion_tokens=0, finish="stop")

    def close(self):
        pass
'''


@pytest.mark.slow
def test_a_package_of_a_third_party_adds_an_engine(tmp_path: Path, story_file: Path) -> None:
    """Built and installed as any package, into a folder of its own."""
    source, place = tmp_path / "source", tmp_path / "place"
    source.mkdir()
    (source / "briefing_shouting.py").write_text(THIRD_PARTY)
    (source / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "briefing-shouting"\nversion = "1"\n'
        '[project.entry-points."briefing.engines"]\nshouting = "briefing_shouting:ShoutingEngine"\n'
        '[tool.hatch.build.targets.wheel]\nonly-include = ["briefing_shouting.py"]\n'
    )
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(place), str(source)]
    subprocess.run(pip, check=True, capture_output=True)
    done = subprocess.run(
        [sys.executable, "-m", "briefing", "summarise", story_file, "--engine", "shouting", "-f", "json"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(place)}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["engine"], summary["model"]) == ("shouting", "")
    assert points(summary)[0].startswith("The council voted 31 to 14")
