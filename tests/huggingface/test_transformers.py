"""The engine `transformers` with real models of the great families, trained for the purpose (see conftest)."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from briefing.engines import Message, Prompt
from briefing.errors import ModelError

from .conftest import PAIRS, Opener
from .reading import all_read, overheard

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds

FAMILIES = ("t5", "bart", "pegasus")


@pytest.fixture(params=FAMILIES)
def folder(request: pytest.FixtureRequest) -> Path:
    """The folder of each family's model in turn."""
    found: Path = request.getfixturevalue(request.param)
    return found


def asked(number: int, **fields: Any) -> Prompt:
    return Prompt(id=str(number), messages=(), document=PAIRS[number].article, max_tokens=120, **fields)


def answers(engine: Any, prompts: list[Prompt]) -> list[str]:
    """In the order of the prompts."""
    found = {completion.id: completion for completion in engine.complete(prompts)}
    assert [one.error for one in found.values() if one.error] == []
    return [found[prompt.id].text for prompt in prompts]


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("<n>", ". ").replace("..", ".").split(". ")]


def test_a_model_gives_the_summaries_it_was_taught(folder: Path, opened: Opener) -> None:
    engine = opened(folder)
    assert not engine.instructable
    told = answers(engine, [asked(number) for number in range(20)])
    for pair, answer in zip(PAIRS, told, strict=True):
        assert answer.replace("<n>", " ").split() == pair.summary.split()


def test_a_batch_of_mixed_lengths_equals_one_by_one(
    folder: Path, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly so in 32 bits; in 16, what a batch adds up in another order may tip a tie."""
    monkeypatch.setattr("briefing.engines.transformers.loading.native_bf16", lambda torch: False)
    documents = [PAIRS[n].article[: None if n % 2 else 150 + 20 * n] for n in range(9)]
    prompts = [Prompt(id=str(n), messages=(), document=text, max_tokens=120) for n, text in enumerate(documents)]
    assert answers(opened(folder, slots=8), prompts) == answers(opened(folder, slots=1), prompts)


def test_beams_change_how_and_not_what_is_decoded(bart: Path, tmp_path: Path, opened: Opener) -> None:
    greedy = Path(shutil.copytree(bart, tmp_path / "greedy"))
    wishes = json.loads((greedy / "generation_config.json").read_text()) | {"num_beams": 1, "early_stopping": False}
    (greedy / "generation_config.json").write_text(json.dumps(wishes))
    prompts = [asked(number) for number in range(4)]
    told = answers(opened(greedy), prompts)
    assert told == answers(opened(bart), prompts)
    assert told[0].split() == PAIRS[0].summary.split()


def test_beams_are_searched_where_the_settings_want_them(bart: Path, tmp_path: Path, opened: Opener) -> None:
    """Beams alone weigh an answer by its length; this weight has the shortest one win."""
    told = {}
    for beams in (1, 4):
        folder = Path(shutil.copytree(bart, tmp_path / str(beams)))
        wishes = json.loads((folder / "generation_config.json").read_text("utf-8"))
        wishes |= {"num_beams": beams, "length_penalty": -20.0, "early_stopping": False, "min_length": 4}
        (folder / "generation_config.json").write_text(json.dumps(wishes), "utf-8")
        (told[beams],) = answers(opened(folder), [asked(0)])
    assert told[1].split() == PAIRS[0].summary.split()
    assert len(told[4].split()) < len(told[1].split())


def test_the_prefix_and_settings_of_the_model_are_used(t5: Path, tmp_path: Path, opened: Opener) -> None:
    changed = Path(shutil.copytree(t5, tmp_path / "changed"))
    config = json.loads((changed / "config.json").read_text())
    config["task_specific_params"]["summarization"] |= {"max_length": 6, "num_beams": 1}
    (changed / "config.json").write_text(json.dumps(config))
    (completion,) = opened(changed).complete([asked(0)])
    assert completion.completion_tokens <= 6
    assert completion.finish == "length"
    assert opened(t5).context < 512 - opened(t5).count_tokens("summarize: ")


def test_an_answer_that_its_settings_ended_was_cut(bart: Path, tmp_path: Path, opened: Opener) -> None:
    hasty = Path(shutil.copytree(bart, tmp_path / "hasty"))
    wishes = json.loads((hasty / "generation_config.json").read_text())
    wishes |= {"forced_eos_token_id": 2, "max_length": 8, "min_length": 0}
    (hasty / "generation_config.json").write_text(json.dumps(wishes))
    (cut,) = opened(hasty).complete([asked(0)])
    assert cut.finish == "length"
    (hasty / "generation_config.json").write_text(json.dumps(wishes | {"max_length": 100}))
    (whole,) = opened(hasty).complete([asked(0)])
    assert whole.finish == "stop"
    assert whole.text.startswith(cut.text[:5])


@pytest.mark.parametrize("name", FAMILIES)
def test_the_command_line_summarises_with_it(
    name: str, cli: Callable[..., Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    folder = request.getfixturevalue(name)
    (tmp_path / "story.txt").write_text(PAIRS[3].article)
    done = cli("summarise", "story.txt", "--model", str(folder), "--format", "json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert [point["text"] for point in summary["key_points"]] == PAIRS[3].summary.splitlines()
    assert all(point["verdict"] == "supported" and point["citations"] for point in summary["key_points"])
    assert (summary["engine"], summary["model"]) == ("transformers", folder.name)
    again = cli("summarise", "story.txt", "--model", str(folder), "--format", "json")
    assert json.loads(again.stdout)["cached"]


def test_a_long_document_is_read_in_windows_and_the_reader_is_told(
    bart: Path, cli: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "long.txt").write_text("\n\n".join(PAIRS[number].article for number in (0, 5, 9, 14)))
    done = cli("summarise", "long.txt", "--model", str(bart), "--format", "json", "--points", "10")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    told = " ".join(point["text"] for point in summary["key_points"])
    assert any("it was read in" in warning for warning in summary["warnings"])
    # Which ones is chance: it has learnt articles one by one. That each is read: the last test of this module.
    assert any(town in told for town in ("Aldbury", "Farley", "Jarrow", "Oakham"))


def test_many_articles_are_told_in_one_run_whatever_their_order(
    t5: Path, cli: Callable[..., Any], tmp_path: Path
) -> None:
    rows = [{"id": str(number), "text": PAIRS[number].article} for number in (7, 2, 11, 2)]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = cli("summarise", "--batch", "in.jsonl", "--model", str(t5))
    assert done.returncode == 0, done.stderr
    out = [json.loads(line) for line in done.stdout.splitlines()]
    assert [entry["id"] for entry in out] == ["7", "2", "11", "2"]
    for entry in out:
        assert [p["text"] for p in entry["key_points"]] == PAIRS[int(entry["id"])].summary.splitlines()


# --- models that cannot be used ---------------------------------------------------------------------------------


def broken(folder: Path, tmp_path: Path, *, remove: str = "", config: dict[str, Any] | None = None) -> Path:
    copy = Path(shutil.copytree(folder, tmp_path / "broken"))
    for path in copy.glob(remove) if remove else ():
        path.unlink()
    if config is not None:
        known = json.loads((copy / "config.json").read_text())
        (copy / "config.json").write_text(json.dumps({k: v for k, v in (known | config).items() if v is not None}))
    return copy


def refusal(folder: Path, opened: Opener, **options: Any) -> ModelError:
    with pytest.raises(ModelError) as caught:
        list(opened(folder, **options).complete([asked(0)]))
    assert "\n" not in str(caught.value)
    assert caught.value.remedy
    return caught.value


def test_a_model_without_its_tokeniser_is_refused(t5: Path, tmp_path: Path, opened: Opener) -> None:
    copy = broken(t5, tmp_path, remove="*spiece*")
    assert "tokeniser's files are missing" in refusal(copy, opened).cause


def test_a_model_of_an_unknown_kind_is_refused(bart: Path, tmp_path: Path, opened: Opener) -> None:
    copy = broken(bart, tmp_path, config={"model_type": "hyperbart"})
    assert "does not know its architecture" in refusal(copy, opened).cause


def test_a_model_that_cannot_write_is_refused(bart: Path, tmp_path: Path, opened: Opener) -> None:
    copy = broken(bart, tmp_path, config={"model_type": "vit", "is_encoder_decoder": False})
    assert "it is no model that writes text" in refusal(copy, opened).cause


def test_a_models_own_code_is_never_run(bart: Path, tmp_path: Path, opened: Opener) -> None:
    trap = tmp_path / "ran"
    copy = broken(bart, tmp_path, config={
        "model_type": "mine", "auto_map": {"AutoConfig": "own.Config", "AutoModelForSeq2SeqLM": "own.Model"},
    })  # fmt: skip
    (copy / "own.py").write_text(f"open({str(trap)!r}, 'w')\n")
    assert "code of its own" in refusal(copy, opened).cause
    assert not trap.exists()


def test_pickles_are_refused_unless_the_user_says_so(bart: Path, tmp_path: Path, opened: Opener) -> None:
    import torch
    from transformers import BartForConditionalGeneration

    copy = Path(shutil.copytree(bart, tmp_path / "pickled"))
    model = BartForConditionalGeneration.from_pretrained(str(bart))
    torch.save(model.state_dict(), copy / "pytorch_model.bin")
    (copy / "model.safetensors").unlink()
    assert "pickle" in refusal(copy, opened).cause
    assert answers(opened(copy, trust_pickles=True), [asked(0)])[0].split() == PAIRS[0].summary.split()


def test_weights_that_were_cut_off_are_refused(bart: Path, tmp_path: Path, opened: Opener) -> None:
    copy = broken(bart, tmp_path)
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    assert "cannot load it" in refusal(copy, opened).cause


def test_a_model_that_does_not_fit_is_refused_before_it_is_read(bart: Path, tmp_path: Path, opened: Opener) -> None:
    copy = broken(bart, tmp_path)
    os.truncate(copy / "model.safetensors", 1 << 42)  # without a byte on the disk
    found = refusal(copy, opened)
    assert "GB of memory" in found.cause
    assert "smaller model" in found.remedy


@pytest.mark.parametrize(("remove", "cause"), [("config.json", "no config.json"), ("*.safetensors", "no weights")])
def test_a_folder_without_a_model_is_named(
    bart: Path, tmp_path: Path, cli: Callable[..., Any], remove: str, cause: str
) -> None:
    copy = broken(bart, tmp_path, remove=remove)
    (tmp_path / "story.txt").write_text(PAIRS[0].article)
    done = cli("summarise", "story.txt", "--model", str(copy))
    assert done.returncode == 3
    assert cause in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_document_over_the_window_is_an_error_of_its_own(bart: Path, opened: Opener) -> None:
    long = Prompt(id="long", messages=(), document=PAIRS[0].article * 5, max_tokens=120)
    found = {completion.id: completion for completion in opened(bart).complete([long, asked(1)])}
    assert "over the" in found["long"].error
    assert found["1"].text.split() == PAIRS[1].summary.split()


def test_a_chat_is_no_question_for_a_model_without_a_template(tmp_path: Path, opened: Opener, bart: Path) -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    copy = broken(bart, tmp_path, remove="*.safetensors")
    config = GPT2Config(vocab_size=800, n_positions=256, n_embd=32, n_layer=1, n_head=2)
    GPT2LMHeadModel(config).save_pretrained(copy)
    engine = opened(copy)
    assert engine.instructable
    chat = Prompt(id="1", messages=(Message("user", "Hello"),), document="", max_tokens=5)
    with pytest.raises(ModelError, match="no chat template"):
        list(engine.complete([chat]))


# --- models of many languages, of long windows, chat models -----------------------------------------------------


def test_a_model_of_many_languages_writes_the_one_that_is_wished_for(mbart: Path, opened: Opener) -> None:
    engine = opened(mbart)
    english, german = (asked(n, language="en", answer_language=wish) for n, wish in ((1, ""), (1, "de")))
    told = answers(engine, [english, Prompt(id="de", messages=(), document=german.document, max_tokens=40,
                                            language="en", answer_language="de")])  # fmt: skip
    assert told[0] == PAIRS[1].summary.splitlines()[0]
    assert told[1].startswith("Benton bekommt")


def test_a_long_window_is_used_whole(tmp_path: Path, bart: Path, opened: Opener) -> None:
    from transformers import LEDConfig, LEDForConditionalGeneration

    folder = broken(bart, tmp_path, remove="*o*n*g.json")  # settings, not the vocabulary
    config = LEDConfig(
        vocab_size=700, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32, max_encoder_position_embeddings=4096,
        max_decoder_position_embeddings=64, attention_window=[64], pad_token_id=1, bos_token_id=0, eos_token_id=2,
    )  # fmt: skip
    config.decoder_start_token_id = 2
    LEDForConditionalGeneration(config).save_pretrained(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "BartTokenizer"}))
    engine = opened(folder)
    assert engine.context > 4000
    text = " ".join(pair.article for pair in PAIRS)
    assert 1000 < engine.count_tokens(text) < engine.context
    (completion,) = engine.complete([Prompt(id="1", messages=(), document=text, max_tokens=8)])
    assert completion.error == ""
    assert completion.prompt_tokens > 1000


@pytest.mark.parametrize("name", ["t5", "bart", "pegasus", "mbart"])
def test_every_family_reads_an_article_over_its_window_to_the_end(
    name: str, opened: Opener, request: pytest.FixtureRequest
) -> None:
    text = "\n\n".join(PAIRS[number].article for number in range(10))
    engine = opened(request.getfixturevalue(name))
    assert engine.count_tokens(text) > engine.context
    assert all_read(overheard(engine, text), text)
