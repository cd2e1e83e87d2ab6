"""The embedder, with the small generative model in place of an embedding model."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.config import Config
from briefing.engines import ModelSpec
from briefing.engines.embedding import Embedder
from briefing.errors import EngineError, ModelError
from briefing.models import ModelFile
from briefing.pipeline import NoProgress, RunContext, utc_now
from briefing.pipeline.model_resolution import embedding_model
from briefing.stories import group
from briefing.types import Article

WORDS = ["red", "blue", "green", "black", "white", "brown", "pink", "grey", "gold", "lilac"]


@pytest.fixture(scope="module")
def spec(pulled: Callable[..., ModelFile]) -> ModelSpec:
    file = pulled("smollm2-135m")
    return ModelSpec(name=file.name, path=file.path, digest=file.sha256, context=64)


def likeness(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.model
def test_texts_become_vectors_of_length_one_in_their_order(spec: ModelSpec, capfd: pytest.CaptureFixture[str]) -> None:
    embedder = Embedder(spec, threads=1)
    texts = ["A tram line for Marlow.", "", "Ein Satz mit Umlauten: Düngemittel.", "A tram line for Marlow!"]
    found = embedder.embed(texts)
    assert [round(likeness(vector, vector), 6) for vector in found] == [1.0] * 4
    assert likeness(found[0], found[3]) > likeness(found[0], found[2])
    assert embedder.embed(list(reversed(texts))) == list(reversed(found))
    embedder.close()
    assert capfd.readouterr() == ("", "")


@pytest.mark.model
def test_a_text_is_cut_to_what_the_model_takes_and_no_batch_is_too_large(spec: ModelSpec) -> None:
    embedder = Embedder(spec, threads=1)
    long = "The council voted for the tram line. " * 200
    cut, longer, *rest = embedder.embed([long, long + "Rain fell.", *(f"Text {number}." for number in range(40))])
    assert likeness(cut, longer) == pytest.approx(1.0, abs=1e-3)
    assert len(rest) == 40
    embedder.close()


@pytest.mark.model
def test_a_closed_embedder_says_so(spec: ModelSpec) -> None:
    embedder = Embedder(spec, threads=1)
    embedder.close()
    embedder.close()
    with pytest.raises(EngineError, match="closed"):
        embedder.embed(["x"])


def test_a_file_that_is_no_model_is_named_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "broken.gguf"
    path.write_bytes(b"GGUF" + bytes(100))
    embedder = Embedder(ModelSpec(name="broken", path=path, digest=""))
    with pytest.raises(ModelError, match=r"broken\.gguf.*") as caught:
        embedder.embed(["x"])
    assert "embeddings" in caught.value.remedy


def test_a_model_that_is_not_there_is_named_before_anything_is_read(tmp_path: Path) -> None:
    config = Config(embeddings=str(tmp_path / "none.gguf"), models=tmp_path, state=tmp_path / "s.db")
    with (
        RunContext(config, clock=utc_now, progress=NoProgress()) as run_context,
        pytest.raises(ModelError, match="no such file"),
    ):
        _ = run_context.compare


def test_the_setting_names_a_file(tmp_path: Path) -> None:
    path = tmp_path / "own.gguf"
    path.write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    assert embedding_model(Config(embeddings=str(path), models=tmp_path / "models"), NoProgress()).path == path


@pytest.mark.model
def test_the_setting_compares_articles_with_the_model(spec: ModelSpec, tmp_path: Path) -> None:
    articles = [
        Article(id=f"{number}", title=f"Report {number}", text=f"Number {number} is {word}. " * 5, source=f"P {number}")
        for number, word in enumerate(WORDS)
    ]
    config = Config(embeddings=str(spec.path), models=tmp_path, state=tmp_path / "s.db", threads=1)
    with RunContext(config, clock=utc_now, progress=NoProgress()) as run_context:
        compared = run_context.compare(articles)
        assert compared.embeddings.shape == (10, 576)
        cosines = (compared.embeddings @ compared.embeddings.T).tolist()
        assert [row[at] for at, row in enumerate(cosines)] == pytest.approx([1.0] * 10, abs=1e-5)
        bundles = group(articles, compare=run_context.compare)
        assert sorted(one.id for found in bundles for one in found.articles) == sorted(one.id for one in articles)
    with RunContext(Config(state=tmp_path / "s.db"), clock=utc_now, progress=NoProgress()) as run_context:
        assert run_context.compare(articles).embeddings is None
