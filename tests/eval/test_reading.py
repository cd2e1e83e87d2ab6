"""The benchmark of the shipped check: sentences shown to the model, and resuming an interrupted run."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from faithfulness import Claim
from reading import TOKENS, answers, collect, judged, log_odds, sample, shown

from briefing.assets import environment
from briefing.engines import Completion, Prompt
from briefing.ground import Evidence
from briefing.summariser import PromptBook

pytestmark = pytest.mark.eval

FILLER = " ".join(f"The council of district {n} met on an ordinary morning and talked at length." for n in range(60))
EVIDENCE = Evidence(f"Marta Quill leads the club. She will leave in June. {FILLER} Tickets cost £40.")


def claim(name: str, source: str = "one", label: int = 1) -> Claim:
    return Claim(name, source, label, False, "document", ["Quill will leave in June."], EVIDENCE)


class Weighing:
    """An engine that answers with the same odds and remembers its prompts."""

    def __init__(self, *odds: float) -> None:
        self.odds = odds
        self.asked: list[Prompt] = []

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        for prompt in prompts:
            self.asked.append(prompt)
            yield Completion(
                id=prompt.id, text=" yes", prompt_tokens=1, completion_tokens=1, finish="stop", odds=self.odds
            )


def test_the_sentences_shown_are_few_and_in_order_and_the_cited_ones_are_the_best() -> None:
    texts, cites = shown("Quill will leave the club in June.", EVIDENCE)
    assert sum(len(text) for text in texts) / 4.3 <= TOKENS
    assert [texts[n - 1] for n in cites] == ["Marta Quill leads the club.", "She will leave in June."]
    assert [EVIDENCE.text.index(text) for text in texts] == sorted(EVIDENCE.text.index(text) for text in texts)


def test_the_tuned_model_is_asked_in_the_words_it_was_trained_on() -> None:
    engine = Weighing(0.75, 0.25)
    found = log_odds(engine, PromptBook(environment("prompts")), ["First.", "Second."], [1, 2], "A point.")  # type: ignore[arg-type]
    assert found == pytest.approx(math.log(3))
    (prompt,) = engine.asked
    assert (prompt.tuned, prompt.choices, prompt.max_tokens) == (True, (" yes", " no"), 1)
    assert (prompt.messages[-1].role, prompt.messages[-1].content) == ("assistant", "[1,2] A point. |")


def test_an_engine_without_logprobs_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no odds"):
        log_odds(Weighing(), PromptBook(environment("prompts")), ["First."], [1], "A point.")  # type: ignore[arg-type]


def test_a_sample_is_balanced_between_labels() -> None:
    data = [claim(f"{n}", "one" if n % 2 else "two", int(n > 3)) for n in range(20)]
    chosen = sample(data, 4)
    assert [claim.source for claim in chosen] == ["one", "two"] * 4
    assert sorted(claim.label for claim in chosen) == [0] * 4 + [1] * 4
    assert chosen == sample(data[::-1], 4)


def test_answers_are_kept_and_not_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "answers.jsonl"
    out.write_text(
        json.dumps({"id": "a", "by": "x", "log_odds": [2.0], "seconds": 1.0}) + '\n{"id": "b", "log_', "utf-8"
    )
    assert set(answers(out)) == {"a"}
    monkeypatch.setattr("metering.model_spec", lambda name: type("Spec", (), {"adapter": None, "digest": "x"})())
    rows = list(collect([claim("a"), claim("c")], out, "bare"))
    assert [row["log_odds"] for row in rows] == [[2.0], None]
    assert set(answers(out)) == {"a", "c"}


def test_a_claim_is_shown_if_its_log_odds_are_high() -> None:
    assert judged(claim("a"), [4.0])[0]
    assert not judged(claim("a"), [-4.0])[0]
    assert judged(claim("a"), [4.0])[1] > judged(claim("a"), [0.0])[1]
    assert judged(claim("a"), None)[0]
