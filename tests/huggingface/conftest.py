"""Tiny models of the great families, trained here until they summarise twenty articles, and saved as anybody would.

A model of this size learns by heart: it tells apart articles by what only one of them says, and reproduces its summary.
What is real about it is everything around: architecture, tokeniser, files, generation settings.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session", autouse=True)
def _needs_torch(torch: Any) -> None:
    """Every test here does."""


TOWNS = (
    "Aldbury", "Benton", "Corfield", "Dunmore", "Eastwick", "Farley", "Grimsdale", "Hartwell", "Ilford", "Jarrow",
    "Kelso", "Langport", "Melrose", "Norwood", "Oakham", "Penrith", "Quorn", "Redhill", "Selby", "Thirsk",
)  # fmt: skip
THINGS = ("tram", "library", "bridge", "market", "harbour")
MONTHS = ("March", "April", "May", "June")


@dataclass(frozen=True)
class Pair:
    """An article and its summary, a sentence a line."""

    article: str
    summary: str


def pair(number: int) -> Pair:
    town, thing, month = TOWNS[number], THINGS[number % 5], MONTHS[number % 4]
    cost, votes = 20 + 3 * number, 30 + number
    article = (
        f"{town} will get a new {thing} after years of argument. The council voted {votes} to 12 for the {thing} on "
        f"Tuesday evening. The work will cost {cost} million pounds and begins in {month}. Shopkeepers fear that dust "
        f"and noise will keep people away from the main street. The mayor said that the {thing} would bring people "
        f"back to the centre of the town. Those who live near by have asked for a wall against the noise."
    )
    summary = (
        f"{town} will get a new {thing}.\nThe council voted {votes} to 12 for it on Tuesday.\n"
        f"The work costs {cost} million pounds and begins in {month}."
    )
    return Pair(article, summary.replace(" for it on", f" for the {thing} on"))


PAIRS = tuple(pair(number) for number in range(20))


def train(
    model: Any, tokenizer: Any, sources: Sequence[str], targets: Sequence[str], *, steps: int, rate: float = 3e-3
) -> float:
    """Teach `model` to answer `sources` with `targets`; stops when it has learnt them. Returns the last loss."""
    import torch

    torch.manual_seed(7)
    torch.set_num_threads(1)  # tiny models: more threads only wait for one another
    inputs = tokenizer(list(sources), return_tensors="pt", padding=True)
    inputs.pop("token_type_ids", None)
    labels = tokenizer(text_target=list(targets), return_tensors="pt", padding=True)["input_ids"]
    labels[labels == tokenizer.pad_token_id] = -100
    optimiser = torch.optim.AdamW(model.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimiser, start_factor=0.1, total_iters=20)
    model.train()
    loss = 99.0
    for _ in range(steps):
        result = model(**inputs, labels=labels).loss
        optimiser.zero_grad()
        result.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        loss = float(result.detach())
        if loss < 0.01:
            break
    model.eval()
    return loss


def sentencepiece(folder: Path, name: str, texts: Sequence[str], size: int = 500, **options: Any) -> Path:
    """A real SentencePiece model of these texts."""
    import sentencepiece as spm

    path = folder / name
    with path.open("wb") as file:
        spm.SentencePieceTrainer.train(
            sentence_iterator=iter(texts), model_writer=file, vocab_size=size, model_type="unigram",
            hard_vocab_limit=False, character_coverage=1.0, minloglevel=2, **options,
        )  # fmt: skip
    return path


def texts(end: str) -> tuple[list[str], list[str]]:
    """Articles and summaries, whose sentences end in `end`."""
    return [one.article for one in PAIRS], [one.summary.replace("\n", end) for one in PAIRS]


@pytest.fixture(scope="session")
def t5(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A T5 with SentencePiece, which wants ``summarize:`` and its settings in ``task_specific_params``, as T5s do."""
    from transformers import AutoTokenizer, T5Config, T5ForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny-t5")
    articles, summaries = texts(" ")
    heard = [*articles, *summaries, "summarize: "]
    sentencepiece(folder, "spiece.model", heard, pad_id=0, eos_id=1, unk_id=2, bos_id=-1)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "T5Tokenizer", "extra_ids": 0, "model_max_length": 512})
    )
    (folder / "config.json").write_text(json.dumps({"model_type": "t5"}))
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    config = T5Config(
        vocab_size=len(tokenizer), d_model=64, d_kv=16, d_ff=128, num_layers=2, num_heads=4, dropout_rate=0.0,
        pad_token_id=0, eos_token_id=1,
    )  # fmt: skip
    config.decoder_start_token_id = 0
    torch.manual_seed(1)
    model = T5ForConditionalGeneration(config)
    assert train(model, tokenizer, [f"summarize: {text}" for text in articles], summaries, steps=600) < 0.05
    saved(model, folder)
    wish(folder, task_specific_params={
        "summarization": {"prefix": "summarize: ", "max_length": 120, "num_beams": 2, "length_penalty": 1.0}
    })  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def bart(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BART with byte-level BPE and a ``generation_config.json``."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import AutoTokenizer, BartConfig, BartForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny-bart")
    articles, summaries = texts(" ")
    bpe = ByteLevelBPETokenizer()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    bpe.train_from_iterator([*articles, *summaries], vocab_size=700, special_tokens=special)
    bpe.save_model(str(folder))
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "BartTokenizer", "model_max_length": 256})
    )
    (folder / "config.json").write_text(json.dumps({"model_type": "bart"}))
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    config = BartConfig(
        vocab_size=len(tokenizer), d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128, dropout=0.0, max_position_embeddings=256,
        bos_token_id=0, pad_token_id=1, eos_token_id=2, decoder_start_token_id=2,
    )  # fmt: skip
    torch.manual_seed(1)
    model = BartForConditionalGeneration(config)
    assert train(model, tokenizer, articles, summaries, steps=600) < 0.05
    saved(model, folder)
    (folder / "generation_config.json").write_text(
        json.dumps({
            "num_beams": 4, "max_length": 100, "min_length": 10, "length_penalty": 2.0, "early_stopping": True,
            "bos_token_id": 0, "pad_token_id": 1, "eos_token_id": 2, "decoder_start_token_id": 2,
        })
    )  # fmt: skip
    return folder


@pytest.fixture(scope="session")
def pegasus(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A PEGASUS with SentencePiece, which writes ``<n>`` between sentences and has its settings in ``config.json``."""
    from transformers import AutoTokenizer, PegasusConfig, PegasusForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny-pegasus")
    articles, summaries = texts("<n>")
    sentencepiece(
        folder, "spiece.model", [*articles, *summaries], pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        user_defined_symbols=["<n>"],
    )  # fmt: skip
    (folder / "tokenizer_config.json").write_text(
        json.dumps({
            "tokenizer_class": "PegasusTokenizer", "model_max_length": 256, "offset": 0, "mask_token_sent": None,
        })
    )  # fmt: skip
    (folder / "config.json").write_text(json.dumps({"model_type": "pegasus"}))
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    config = PegasusConfig(
        vocab_size=len(tokenizer), d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128, dropout=0.0, max_position_embeddings=256,
        pad_token_id=0, eos_token_id=1, decoder_start_token_id=0,
    )  # fmt: skip
    torch.manual_seed(1)
    model = PegasusForConditionalGeneration(config)
    assert train(model, tokenizer, articles, summaries, steps=600) < 0.05
    saved(model, folder)
    wish(folder, num_beams=2, max_length=100, length_penalty=0.8)
    (folder / "generation_config.json").unlink(missing_ok=True)
    return folder


def saved(model: Any, folder: Path) -> None:
    """The weights as safetensors, and the configuration."""
    model.save_pretrained(folder)


def wish(folder: Path, **settings: object) -> None:
    """Write settings into ``config.json``, where older models have them."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | settings))


Opener = Callable[..., Any]


@pytest.fixture
def opened() -> Opener:
    """Opens an engine with the model in a folder: ``opened(folder, slots=1)``."""
    from briefing.engines import EngineOptions, ModelSpec
    from briefing.engines.transformers import TransformersEngine

    def call(folder: Path, **options: Any) -> TransformersEngine:
        spec = ModelSpec(name=folder.name, path=folder, digest=folder.name)
        return TransformersEngine(spec, EngineOptions(**{"threads": 1} | options))

    return call


@pytest.fixture(scope="session")
def mbart(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An mBART that was taught to answer in English or German, as the first token it is forced to write says."""
    from transformers import AutoTokenizer, MBartConfig, MBartForConditionalGeneration

    folder = tmp_path_factory.mktemp("tiny-mbart")
    articles = [one.article for one in PAIRS[:4]]
    english = [one.summary.splitlines()[0] for one in PAIRS[:4]]
    german = [f"{TOWNS[n]} bekommt eine neue Anlage namens {THINGS[n]}." for n in range(4)]
    sentencepiece(folder, "sentencepiece.bpe.model", [*articles, *english, *german] * 5, size=400)
    (folder / "tokenizer_config.json").write_text(
        json.dumps({"tokenizer_class": "MBartTokenizer", "model_max_length": 256, "src_lang": "en_XX"})
    )
    (folder / "config.json").write_text(json.dumps({"model_type": "mbart"}))
    tokenizer: Any = AutoTokenizer.from_pretrained(str(folder))
    config = MBartConfig(
        vocab_size=len(tokenizer), d_model=64, encoder_layers=2, decoder_layers=2, encoder_attention_heads=4,
        decoder_attention_heads=4, encoder_ffn_dim=128, decoder_ffn_dim=128, dropout=0.0, max_position_embeddings=256,
        pad_token_id=1, eos_token_id=2, decoder_start_token_id=2,
    )  # fmt: skip
    torch.manual_seed(1)
    model = MBartForConditionalGeneration(config)
    # What is written begins with its language's token, so that forcing the token chooses the language.
    targets = [f"{code}{text}" for code, told in (("en_XX", english), ("de_DE", german)) for text in told]
    plain = _Plain(tokenizer)
    assert (
        train(model, plain, [f"{text}</s>en_XX" for text in articles] * 2, [f"{t}</s>" for t in targets], steps=400)
        < 0.2
    )
    saved(model, folder)
    return folder


class _Plain:
    """A tokeniser that adds no special tokens of its own."""

    def __init__(self, tokenizer: Any) -> None:
        self.pad_token_id = tokenizer.pad_token_id
        self._tokenizer = tokenizer

    def __call__(self, texts: list[str] | None = None, text_target: list[str] | None = None, **options: Any) -> Any:
        return self._tokenizer(texts or text_target, add_special_tokens=False, **options)
