"""What a model writes where it is asked yes or no is read as a word; only what it weighs makes a point supported."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

import pytest

from briefing.assets import environment
from briefing.engines import Completion, Prompt
from briefing.nlp.text import article_id
from briefing.summariser import PromptBook, SummaryOptions, summarise_all
from briefing.testing.engine import FakeEngine
from briefing.types import Article, Summary, Verdict

BOOK = PromptBook(environment("prompts"))
TEXT = """Marlow City Council voted 31 to 14 on Tuesday evening to build a 9-kilometre tram line between the central
station and the university hospital, ending a dispute that had divided the chamber for two years.

Construction is due to start in March and to cost £212m, of which the government has promised £140m. The rest will come
from a parking levy that employers with more than 50 spaces must pay from next year.

Shopkeepers on Bridge Street fear that the works, which are expected to last three years, will drive customers away."""
OPEN = "Employers with big car parks will finance the remainder through a levy."
"""Nothing in it fails, and no sentence has half of its words."""


class Weighing(FakeEngine):
    """Says how likely "yes" was, whatever it writes."""

    def __init__(self, likely: float, *, tuned: bool = False) -> None:
        super().__init__(tuned=tuned)
        self.likely = likely

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        for one in super().complete(prompts):
            yield replace(one, odds=(self.likely, 1 - self.likely))


def verdict(engine: FakeEngine, said: str) -> Verdict | None:
    """Of the point that is open, where the engine says `said` of it; None where it is not shown."""
    engine.says("moo", to="<text>").says(f"# Tram\n- {OPEN}", to="<article>").says(said, to="Statement:")
    article = Article(id=article_id(None, TEXT), title="Tram", text=TEXT, source="Post", language="en")
    ((_, summary),) = summarise_all([article], engine, BOOK, SummaryOptions())
    assert isinstance(summary, Summary)
    assert any(prompt.choices for prompt in engine.asked)
    return next((point.verdict for point in summary.key_points if point.text == OPEN), None)


@pytest.mark.parametrize(
    "said",
    ["yes", "**Yes**", "Yes.", "<think>no?</think>yes", "The sentences say so", "<think>", "<think>no", ""],
)
def test_point_stays_uncertain_without_odds(said: str) -> None:
    assert verdict(FakeEngine(), said) is Verdict.UNCERTAIN


@pytest.mark.parametrize("said", ["no", "**No**", "No.", "Answer: no", "<think>yes?</think>no", "No, they do not."])
def test_written_no_rejects_the_point(said: str) -> None:
    assert verdict(FakeEngine(), said) is None


@pytest.mark.parametrize(
    ("likely", "said", "expected"),
    [
        (0.9, "yes", Verdict.SUPPORTED),
        (0.1, "no", None),
        (0.9, " Yes", Verdict.SUPPORTED),
        (0.6, "no", Verdict.SUPPORTED),  # "Yes" and "yes" together are likelier than "no" alone
        (0.9, " ", Verdict.SUPPORTED),  # a token of its own for the blank before the word
        (0.9, "**Yes**", Verdict.SUPPORTED),
        # The odds are those of a token that was not said.
        (0.1, "The", Verdict.UNCERTAIN),
        (0.1, "<think>", Verdict.UNCERTAIN),
        (0.1, "**", Verdict.UNCERTAIN),
        (0.1, "Answer: yes", Verdict.UNCERTAIN),
        (0.9, "Answer: no", None),
    ],
)
def test_odds_apply_only_where_the_answer_begins_with_a_choice(
    likely: float, said: str, expected: Verdict | None
) -> None:
    assert verdict(Weighing(likely), said) is expected


@pytest.mark.parametrize(("said", "reason"), [("no", "not what its sentences say"), ("The", "did not say whether")])
def test_of_the_tuned_model_a_line_that_is_not_weighed_as_yes_is_left_out(said: str, reason: str) -> None:
    engine = FakeEngine(tuned=True).says("moo").says(f"[3] {OPEN}", to="Write 4").says(said, to=" |")
    article = Article(id=article_id(None, TEXT), title="Tram", text=TEXT, source="Post", language="en")
    ((_, summary),) = summarise_all([article], engine, BOOK, SummaryOptions())
    assert isinstance(summary, Summary)
    assert OPEN not in [point.text for point in summary.key_points]
    assert any(reason in warning and OPEN in warning for warning in summary.warnings)
