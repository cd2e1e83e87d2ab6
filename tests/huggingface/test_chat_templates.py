"""The engine `transformers` with chat models of the families people bring, and with those that think (see chats)."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from briefing.engines import Completion, Message, Prompt
from briefing.engines.transformers import loading
from briefing.engines.transformers.decoding import Decoder
from briefing.errors import ModelError

from .chats import CHATML, OPENED, SWITCH, built, taught, tokeniser
from .conftest import PAIRS, Opener
from .reading import all_read, overheard

pytestmark = pytest.mark.slow  # importing PyTorch takes seconds

FAMILIES = ("qwen3", "llama", "gemma3_text", "gemma3", "mistral3")
WINDOW = 2048


@pytest.fixture(scope="session")
def chats(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return {family: built(family, tmp_path_factory.mktemp(family), WINDOW) for family in FAMILIES}


@pytest.fixture(autouse=True)
def in_32_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 16, what a batch adds up in another order may tip a tie."""
    monkeypatch.setattr(loading, "native_bf16", lambda torch: False)


def ask(text: str, **fields: Any) -> Prompt:
    given: dict[str, Any] = {"id": text[:40], "document": "", "max_tokens": 12}
    return Prompt(messages=(Message("user", text),), **given | fields)


def told(completions: Iterable[Completion]) -> dict[str, Completion]:
    return {completion.id: completion for completion in completions}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_chat_model_reads_as_far_as_its_configuration_says(
    family: str, chats: dict[str, Path], opened: Opener
) -> None:
    engine = opened(chats[family], context=1_000_000)
    # Gemma's files do not say; what the library takes it for then is 128 Ki tokens.
    assert engine.context == (131_072 if family == "gemma3" else WINDOW)
    assert opened(chats[family]).context == (4096 if family == "gemma3" else WINDOW)
    text = " ".join(pair.article for pair in PAIRS[:12])
    assert 600 < engine.count_tokens(text) < WINDOW
    (completion,) = engine.complete([ask(text)])
    assert (completion.error, completion.completion_tokens > 0) == ("", True)
    assert completion.prompt_tokens > engine.count_tokens(text)  # nothing was cut off


@pytest.mark.parametrize("family", ["qwen3", "mistral3"])
def test_an_article_over_the_window_is_read_to_the_end(family: str, chats: dict[str, Path], opened: Opener) -> None:
    text = "\n\n".join(pair.article for pair in PAIRS)
    engine = opened(chats[family], context=1500)
    assert engine.count_tokens(text) > engine.context
    assert all_read(overheard(engine, text), text)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_batch_of_chats_equals_one_by_one(family: str, chats: dict[str, Path], opened: Opener) -> None:
    prompts = [ask(PAIRS[n].article[: 40 + 45 * n]) for n in range(6)]
    prompts = [Prompt(id=str(n), messages=p.messages, document="", max_tokens=12) for n, p in enumerate(prompts)]
    together, apart = (told(opened(chats[family], slots=slots).complete(prompts)) for slots in (6, 1))
    assert {one.error for one in together.values()} == {""}
    assert {key: one.text for key, one in together.items()} == {key: one.text for key, one in apart.items()}


def test_a_run_that_is_broken_off_leaves_the_engine_fit_for_the_next(chats: dict[str, Path], opened: Opener) -> None:
    engine = opened(chats["qwen3"], slots=1)
    pulled: list[int] = []

    def coming() -> Iterator[Prompt]:
        for number in range(100):
            pulled.append(number)
            yield ask(f"Question {number}")

    running = engine.complete(coming())
    next(running)
    running.close()
    assert len(pulled) < 10
    (completion,) = engine.complete([ask("Another")])
    assert completion.error == ""


def test_a_template_that_refuses_every_form_is_named(chats: dict[str, Path], tmp_path: Path, opened: Opener) -> None:
    copy = Path(shutil.copytree(chats["llama"], tmp_path / "refuses"))
    (copy / "chat_template.jinja").write_text("{{ raise_exception('Roles must alternate') }}")
    with pytest.raises(ModelError, match=r"refuses the prompt \(Roles must alternate"):
        list(opened(copy).complete([ask("Hello")]))


@pytest.mark.parametrize(
    "template",
    [
        CHATML.replace(
            "<|im_start|>{{ message",
            "{%- if message.role == 'system' %}{{ raise_exception('no') }}{% endif %}<|im_start|>{{ message",
        ),
        CHATML.replace("{{ message.content }}", "{%- for part in message.content %}{{ part.text }}{% endfor %}"),
    ],
)
def test_a_template_gets_the_turns_in_the_form_it_wants(
    template: str, chats: dict[str, Path], tmp_path: Path, opened: Opener
) -> None:
    copy = Path(shutil.copytree(chats["llama"], tmp_path / "wants"))
    (copy / "chat_template.jinja").write_text(template)
    messages = (Message("system", "Be brief."), Message("user", PAIRS[0].article))
    (completion,) = opened(copy).complete([Prompt(id="1", messages=messages, document="", max_tokens=3)])
    assert completion.error == ""
    assert completion.prompt_tokens > opened(copy).count_tokens(PAIRS[0].article)


def test_the_template_of_a_model_that_sees_may_lie_in_a_file_of_its_own(
    chats: dict[str, Path], tmp_path: Path, opened: Opener
) -> None:
    copy = Path(shutil.copytree(chats["mistral3"], tmp_path / "apart"))
    (copy / "chat_template.jinja").unlink()
    (copy / "chat_template.json").write_text(json.dumps({"chat_template": CHATML}))
    (completion,) = opened(copy).complete([ask("Hello")])
    assert completion.error == ""


# --- models that think ------------------------------------------------------------------------------------------

ASKED = "<|im_start|>user\nWhat is new?<|im_end|>\n<|im_start|>assistant\n"
THOUGHT = "Hm, hm.\n\nThe town gets a bridge.\n\nSo it is."
ANSWER = "A bridge will be built."
THINKS = f"<think>\n{THOUGHT}\n</think>\n\n{ANSWER}\n\nMore of the same."


@pytest.fixture(scope="session")
def thinker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that thinks, unless its template's switch has shut the thought before it began."""
    lessons = [(ASKED, THINKS), (f"{ASKED}<think>\n\n</think>\n\n", "A bridge, at once.\n\nMore of the same.")]
    return taught(tmp_path_factory.mktemp("thinker"), lessons, SWITCH)


def with_template(thinker: Path, tmp_path: Path, template: str, **config: int) -> Path:
    copy = Path(shutil.copytree(thinker, tmp_path / "copy"))
    (copy / "chat_template.jinja").write_text(template)
    known = json.loads((copy / "config.json").read_text("utf-8"))
    (copy / "config.json").write_text(json.dumps(known | config))
    return copy


def test_thinking_is_switched_off_where_the_template_can(thinker: Path, opened: Opener) -> None:
    (completion,) = opened(thinker).complete([ask("What is new?", stop=("\n\n",), max_tokens=60)])
    assert completion.text == "A bridge, at once."
    assert completion.finish == "stop"
    assert completion.completion_tokens < 20


def test_choices_are_answered_with_their_odds(thinker: Path, tmp_path: Path, opened: Opener) -> None:
    choices = ("B", "A")
    (completion,) = opened(thinker).complete([ask("What is new?", choices=choices, max_tokens=1)])
    assert completion.odds == pytest.approx((0.0, 1.0), abs=0.05)
    # Of one that thinks first nothing is known.
    engine = opened(with_template(thinker, tmp_path, OPENED))
    (completion,) = engine.complete([ask("What is new?", choices=choices, max_tokens=12)])
    assert (completion.odds, completion.text.strip()) == ((), ANSWER)


def test_a_list_has_blank_lines_and_markup_stands_before_a_word(tmp_path: Path, opened: Opener) -> None:
    listed = "# A bridge\n\n- The town gets one."
    lessons = [(ASKED, listed), (ASKED.replace("What is new", "Is it"), "**Yes**")]
    engine = opened(taught(tmp_path, lessons, CHATML))
    (completion,) = engine.complete([ask("What is new?", stop=("\n\n",), schema={"type": "object"}, max_tokens=60)])
    assert (completion.text, completion.finish) == (listed, "stop")
    (completion,) = engine.complete([ask("Is it?", choices=("yes", "no"), max_tokens=8)])
    assert (completion.text, completion.odds) == ("**Yes**", pytest.approx((1.0, 0.0), abs=0.05))


def test_an_answer_behind_a_thought_has_as_many_tokens_as_any(thinker: Path, tmp_path: Path, opened: Opener) -> None:
    engine = opened(with_template(thinker, tmp_path, CHATML))
    (completion,) = engine.complete([ask("What is new?", max_tokens=6)])
    assert completion.finish == "length"
    assert ANSWER.startswith(completion.text.strip())
    assert 1 <= engine.count_tokens(completion.text.strip()) <= 6


@pytest.mark.parametrize("template", [CHATML, OPENED])
@pytest.mark.parametrize("most", [200, 12])
def test_reasoning_ignores_stop_sequences_and_limit(
    template: str, most: int, thinker: Path, tmp_path: Path, opened: Opener
) -> None:
    engine = opened(with_template(thinker, tmp_path, template))
    (completion,) = engine.complete([ask("What is new?", stop=("\n\n",), max_tokens=most)])
    assert completion.text.strip() == ANSWER
    assert completion.finish == "stop"


@pytest.mark.parametrize("template", [CHATML, OPENED])
def test_a_thought_that_comes_to_no_answer_is_an_error(
    template: str, thinker: Path, tmp_path: Path, opened: Opener
) -> None:
    copy = with_template(thinker, tmp_path, template, max_position_embeddings=48)
    engine = opened(copy)
    (completion,) = engine.complete([ask("What is new?", max_tokens=6)])
    assert completion.finish == "error"
    assert completion.text == ""
    assert "no answer in" in completion.error


@pytest.fixture(scope="session")
def ponderer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that thinks at a short question and at a long one, answers a third at once, and a fourth at length."""
    said = {"What is new?": THINKS, LONG: THINKS, "Is it?": "Yes.", "Where?": f"{' '.join(THOUGHT.split())} {ANSWER}"}
    lessons = [(ASKED.replace("What is new?", question), answer) for question, answer in said.items()]
    return taught(tmp_path_factory.mktemp("ponderer"), lessons, CHATML)


LONG = f"Is there something new of {'the town and ' * 12}the bridge?"


def test_reasoning_budget_follows_the_prompts_length(ponderer: Path, tmp_path: Path, opened: Opener) -> None:
    prompts = [ask(question, stop=("\n\n",), max_tokens=12) for question in (LONG, "What is new?")]
    (long,) = opened(ponderer).complete(prompts[:1])
    narrow = with_template(ponderer, tmp_path, CHATML, max_position_embeddings=long.prompt_tokens + 16)
    engine = opened(narrow)
    for _ in range(2):  # it is found to think, then known to
        found = told(engine.complete(prompts))
        assert found[LONG[:40]].finish == "error"
        assert found["What is new?"].text.strip() == ANSWER


def test_an_answer_that_was_cut_says_nothing_of_those_beside_it(ponderer: Path, opened: Opener) -> None:
    prompts = [ask(question, stop=("\n\n",), max_tokens=9) for question in ("Is it?", "Where?")]
    together, apart = (told(opened(ponderer, slots=slots).complete(prompts)) for slots in (2, 1))
    assert {key: one.finish for key, one in together.items()} == {"Is it?": "stop", "Where?": "length"}
    assert {key: (one.text, one.finish) for key, one in apart.items()} == {
        key: (one.text, one.finish) for key, one in together.items()
    }


def test_an_answer_goes_on_from_what_the_prompt_has_begun(thinker: Path, opened: Opener, tmp_path: Path) -> None:
    engine = opened(with_template(thinker, tmp_path, CHATML))
    begun = f"<think>\n{THOUGHT}\n</think>\n\nA bridge"
    messages = (Message("user", "What is new?"), Message("assistant", begun))
    prompt = Prompt(id="1", messages=messages, document="", max_tokens=40, stop=("\n\n",))
    (completion,) = engine.complete([prompt])
    assert completion.text == ANSWER.removeprefix("A bridge")


@pytest.mark.parametrize(
    ("special", "said"),
    [
        (("[THINK]", "[/THINK]"), "[THINK]Hm.\n\nHm.[/THINK]Yes."),
        (
            ("<|channel|>", "<|message|>", "<|start|>", "<|end|>"),
            "<|channel|>analysis<|message|>Hm.\n\nHm.<|end|><|start|>assistant<|channel|>final<|message|>Yes.",
        ),
        ((), "<think>Hm.\n\nHm.</think>Yes."),
    ],
)
def test_marks_of_thoughts_are_read_though_they_are_special_tokens(
    special: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    from briefing.engines.output import cut_at_stop

    tokenizer = tokeniser(tmp_path, special=special)
    text = Decoder(tokenizer).text([*tokenizer(said)["input_ids"], tokenizer.eos_token_id])
    assert cut_at_stop(text, ("\n\n",)) == ("Yes.", False)
