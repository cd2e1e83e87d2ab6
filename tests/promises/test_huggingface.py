"""A model of Hugging Face's, from a folder: pickles are read where that is set, threads are as many as set, and no
server is asked for anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ..conftest import Cli
from .news import TOWNS, article, stories
from .parts import Configure

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds


@pytest.fixture(scope="module")
def pickled(torch: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A summariser of a few neurons that has learnt nothing, with its weights in a pickle."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BartConfig, BartForConditionalGeneration, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("untaught")
    words = sorted({word for town in TOWNS for word in re.findall(r"\w+|[^\w\s]+", article(town))})
    special = ["<pad>", "<s>", "</s>", "<unk>"]
    vocabulary = {word: number for number, word in enumerate([*special, *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    fast: Any = PreTrainedTokenizerFast  # it has no types
    fast(
        tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>",
        model_max_length=256,
    ).save_pretrained(folder)  # fmt: skip
    config = BartConfig(
        vocab_size=len(vocabulary), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, max_position_embeddings=256,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=2, forced_eos_token_id=2,
    )  # fmt: skip
    torch.manual_seed(1)
    model = BartForConditionalGeneration(config)
    config.architectures = ["BartForConditionalGeneration"]
    config.save_pretrained(folder)
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    return folder


@pytest.fixture
def _threads(torch: Any) -> Iterator[None]:
    """Puts back how many threads PyTorch works with."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.slow
@pytest.mark.usefixtures("_threads")
def test_pickles_are_read_where_that_is_set_and_no_server_is_asked(
    cli: Cli, configure: Configure, pickled: Path, reached: list[str], tmp_path: Path
) -> None:
    usual = (f"model = '{pickled}'", "threads = 1")
    configure(*usual, towns=TOWNS[:1])
    refused = cli("run")
    assert refused.returncode == 3
    assert "trust_pickles = true" in refused.stderr
    configure(*usual, "trust_pickles = true", towns=TOWNS[:1])
    done = cli("run")
    assert done.returncode == 0, done.stderr
    (story,) = stories(tmp_path)
    assert story["summary"]["engine"] == "transformers"
    assert reached == []


@pytest.mark.usefixtures("_threads")
@pytest.mark.parametrize(("option", "threads"), [((), 1), (("--threads", "2"), 2)])
def test_a_model_works_with_as_many_threads_as_set(
    cli: Cli, configure: Configure, torch: Any, pickled: Path, option: tuple[str, ...], threads: int
) -> None:
    torch.set_num_threads(3)
    configure(f"model = '{pickled}'", "threads = 1", "trust_pickles = true", towns=TOWNS[:1])
    done = cli("run", *option)
    assert done.returncode == 0, done.stderr
    assert torch.get_num_threads() == threads
