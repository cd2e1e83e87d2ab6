"""A model by its name on the Hugging Face Hub; the Hub is a server on loopback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from briefing.testing.server import Server

from ..conftest import Cli
from .conftest import PAIRS

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds

COMMIT = "a" * 40


@pytest.fixture
def hub(server: Server) -> Server:
    return server


def publish(hub: Server, name: str, folder: Path, *others: str) -> None:
    """Put the model in `folder` on the hub, with other files that no summary needs."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    files |= dict.fromkeys(others, b"x" * 50)
    siblings = [{"rfilename": file, "size": len(data)} for file, data in files.items()]
    card = json.dumps({"id": name, "modelId": name, "sha": COMMIT, "siblings": siblings, "private": False})
    for path in (
        f"/api/models/{name}",
        f"/api/models/{name}?blobs=true",
        f"/api/models/{name}?blobs=True",
        f"/api/models/{name}/revision/main",
    ):
        hub.serves(path, card, type="application/json")
    tree = [{"type": "file", "path": file, "size": len(data), "oid": "0" * 40} for file, data in files.items()]
    path = f"/api/models/{name}/tree/{COMMIT}?recursive=true&expand=false"
    hub.serves(path, json.dumps(tree), type="application/json")
    for number, (file, data) in enumerate(files.items()):
        headers = {"X-Repo-Commit": COMMIT, "ETag": f'"{number:040x}"'}
        hub.serves(f"/{name}/resolve/{COMMIT}/{file}", data, type="application/octet-stream", headers=headers)


def test_a_model_of_the_hub_is_pulled_once_and_used(hub: Server, bart: Path, process: Cli, tmp_path: Path) -> None:
    publish(hub, "acme/tiny-bart", bart, "pytorch_model.bin", "onnx/model.onnx", "README.md")
    (tmp_path / "story.txt").write_text(PAIRS[2].article)
    settings = {"HF_ENDPOINT": hub.origin, "BRIEFING_MODELS": str(tmp_path / "models"), "HF_TOKEN": ""}
    done = process("summarise", "story.txt", "--model", "acme/tiny-bart", "-f", "json", **settings)
    assert done.returncode == 0, done.stderr
    assert "The model acme/tiny-bart (" in done.stderr
    summary = json.loads(done.stdout)
    assert [point["text"] for point in summary["key_points"]] == PAIRS[2].summary.splitlines()
    assert (summary["engine"], summary["model"]) == ("transformers", "acme/tiny-bart")
    asked = [seen.path for seen in hub.requests]
    assert any(path.endswith("model.safetensors") for path in asked)
    assert not any(path.endswith((".bin", ".onnx", "README.md")) for path in asked)
    hub.close()
    (tmp_path / "story.txt").write_text(PAIRS[4].article)
    again = process("summarise", "story.txt", "--model", "acme/tiny-bart", "-f", "json", "--offline", **settings)
    assert json.loads(again.stdout)["headline"].startswith(PAIRS[4].summary[:10])
    assert "acme/tiny-bart" in process("models", "list", **settings).stdout
    assert process("models", "remove", "acme/tiny-bart", **settings).returncode == 0
    assert "acme/tiny-bart" not in process("models", "list", **settings).stdout


def test_a_model_the_hub_does_not_have_or_give_is_said_so(hub: Server, process: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(PAIRS[2].article)
    settings = {"HF_ENDPOINT": hub.origin, "BRIEFING_MODELS": str(tmp_path / "models"), "HF_TOKEN": ""}
    gated = {"X-Error-Code": "GatedRepo"}
    missing = {"X-Error-Code": "RepoNotFound"}
    for name, headers, status, said in (
        ("acme/none", missing, 404, "has no such model"),
        ("acme/gated", gated, 403, "only to those who ask"),
        ("acme/empty", {}, 200, "no weights"),
        ("acme/broken", {}, 500, "could not be had"),
    ):
        card = json.dumps({"id": name, "siblings": []})
        for path in ("?blobs=true", "?blobs=True"):  # as a newer and an older huggingface_hub ask
            hub.serves(f"/api/models/{name}{path}", card, status=status, type="application/json", headers=headers)
        done = process("summarise", "story.txt", "--model", name, **settings)
        assert done.returncode == 3
        assert said in done.stderr, name
        assert len(done.stderr.splitlines()) == 1
    offline = process("summarise", "story.txt", "--model", "acme/none", "--offline", **settings)
    assert "not on this machine" in offline.stderr


def test_a_hub_that_is_not_there_is_said_so(closed_port: int, process: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(PAIRS[0].article, "utf-8")
    settings = {"HF_ENDPOINT": f"http://127.0.0.1:{closed_port}", "BRIEFING_MODELS": str(tmp_path / "models")}
    done = process("summarise", "story.txt", "--model", "acme/tiny-bart", **settings)
    assert done.returncode == 3
    assert "it could not be had from the Hugging Face Hub (" in done.stderr
    assert "Check the network" in done.stderr
