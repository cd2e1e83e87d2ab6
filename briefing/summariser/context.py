"""Sentences that the tuned model is shown together, the lines it writes about them, and what is asked of it.

`Context` is one prompt's sentences; `Line` a line that may become a point. What is asked in which order, and what comes
of it, is the business of `cite`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from briefing.engines.base import Prompt
from briefing.ground import Check, Evidence, check, weigh
from briefing.ground.analysis import AnalysedSentence
from briefing.ground.evidence import sentence_key
from briefing.ground.exact import match_facts, possessives
from briefing.nlp.facts import stems
from briefing.summariser.answer_length import LINE_TOKENS, line_tokens
from briefing.summariser.draft import Draft, rejection_reason
from briefing.summariser.ladder import deletion_grammar, has_dangling_reference, opens_as_fragment, stands_alone
from briefing.summariser.mmr import LEAD
from briefing.summariser.parsing import clean, form_problem, with_full_stop
from briefing.summariser.prompts import PromptBook
from briefing.summariser.selection import NumberedSentence, sections, select_sentences
from briefing.types import Rung, Verdict

__all__ = [
    "LEANS",
    "Context",
    "Line",
    "apply_model_verdict",
    "check_prompt",
    "contexts",
    "deletion_prompt",
    "fact_fault",
    "form_fault",
    "has_unknown_subject",
    "leads",
    "line_check_prompt",
    "lines_prompt",
    "log_odds",
    "read_line",
]  # fmt: skip

LEANS = "a pronoun without its noun"

_MOST_LINES = 6
"""That are asked for at once: more than the model was trained on repeat one another."""
_MOST_CITED = 3
_CHOICES = (" yes", " no")
"""With the blank that the model was trained on."""
_SURE = 1e-6
"""What a probability of 0 or 1 is taken for."""
_LINE = re.compile(r"^\[(\d{1,3}(?:,\d{1,3}){0,2})\] (.+)$")
_CLOSED = re.compile(r"[.!?…][\"”’'»“)]?$")


@dataclass(frozen=True)
class Context:
    """Sentences that are shown together, and what is in them."""

    numbered: tuple[NumberedSentence, ...]
    evidence: Evidence
    """These sentences alone, each a paragraph."""
    readings: tuple[AnalysedSentence, ...]
    opens: bool
    """Whether it holds the beginning."""
    names: frozenset[str]
    """Keys of what is capitalised within a sentence."""
    keys: tuple[frozenset[str], ...]
    """Of each sentence, what a number, a name or a date may be found by."""

    @cached_property
    def texts(self) -> list[str]:
        """The sentences, in the order of their numbers."""
        return [one.text for one in self.numbered]

    @property
    def language(self) -> str:
        """ISO 639-1 code of the language that the sentences are in, and the lines."""
        return self.evidence.language

    def place(self, number: int) -> tuple[int, int]:
        """Where the sentence of that number stands: which article of the story, and which of its sentences, from 0."""
        one = self.numbered[number - 1]
        return one.article, one.sentence

    def before(self, number: int) -> int:
        """The number of the sentence before, where that is shown as well; else 0."""
        article, sentence = self.place(number)
        return number - 1 if number > 1 and self.place(number - 1) == (article, sentence - 1) else 0


def contexts(drafts: Sequence[Draft]) -> Iterator[Context]:
    """One of the whole story; of a long article, one for each of its sections."""
    evidences = [draft.evidence for draft in drafts]
    stretches = sections(evidences[0], drafts[0].options.points) if len(drafts) == 1 else [None]
    for place, stretch in enumerate(stretches):
        parts = [stretch] if stretch is not None else None
        numbered = select_sentences(evidences, parts, opening=not place)
        if numbered:
            text = "\n\n".join(one.text for one in numbered)
            titles = " / ".join(evidence.title for evidence in evidences)
            readings = tuple(AnalysedSentence(one.text) for one in numbered)
            yield Context(
                tuple(numbered),
                Evidence(text, titles, evidences[0].language, evidences[0].published),
                readings,
                opens=not place,
                names=frozenset(name.key for reading in readings for name in reading.names if not name.opens),
                keys=tuple(evidences[one.article].sentence_keys[one.sentence] for one in numbered),
            )


@dataclass(slots=True)
class Line:
    """A line that may become a point."""

    context: Context
    cites: tuple[int, ...]
    """Numbers, from 1, of the sentences behind it; the first is the main one."""
    text: str
    rung: Rung = "written"
    reason: str = ""
    """Why it may not be shown; empty while nothing speaks against it."""
    found: Check | None = None
    """What looking it up in these sentences came to, and then what the model read; None: not looked up."""

    @property
    def holds(self) -> bool:
        """Whether it was checked and nothing speaks against it."""
        return not self.reason and self.found is not None and self.found.verdict is Verdict.SUPPORTED

    @property
    def unread(self) -> bool:
        """Whether the model has yet to say: nothing speaks against it, and it is no sentence of the article."""
        return not self.reason and self.found is not None and self.rung != "quoted"

    @property
    def place(self) -> tuple[int, int]:
        """Where its main sentence stands."""
        return self.context.place(self.cites[0])


# --- asking --------------------------------------------------------------------------------------------------


def lines_prompt(
    prompts: PromptBook, context: Context, points: int, length: str, headline: bool, cites: tuple[int, ...] = ()
) -> Prompt:
    """For `points` lines; behind `cites`, where these are given, and then for one line without its numbers."""
    points = min(points, len(context.numbered), _MOST_LINES)
    grammar = prompts.grammar(
        "cite", sentences=len(context.numbered), points=points, headline=headline, opened=bool(cites)
    )
    return _prompt(
        prompts, context, {"points": points, "length": length, "headline": headline}, cites, points=points,
        max_tokens=line_tokens(context.texts, context.language) * (points + headline), grammar=grammar,
    )  # fmt: skip


def deletion_prompt(prompts: PromptBook, context: Context, number: int, length: str) -> Prompt:
    """For the sentence of that number with words left out."""
    return _prompt(
        prompts, context, {"points": 1, "length": length, "headline": False}, (number,),
        points=1, max_tokens=3 * LINE_TOKENS, grammar=deletion_grammar(context.texts[number - 1]),
    )  # fmt: skip


def _prompt(
    prompts: PromptBook,
    context: Context,
    variables: dict[str, object],
    cites: tuple[int, ...],
    *,
    points: int,
    max_tokens: int,
    grammar: str,
) -> Prompt:
    language = "" if context.language == "en" else prompts.language(context.language)
    return Prompt(
        id="",
        messages=prompts.messages("cite", sentences=context.texts, cites=list(cites), language=language, **variables),
        document="\n".join(context.texts),
        points=points,
        max_tokens=max_tokens,
        tuned=True,
        grammar=grammar,
    )


def line_check_prompt(prompts: PromptBook, line: Line) -> Prompt:
    """Whether the sentences hold the line."""
    return check_prompt(prompts, line.context.texts, line.cites, with_full_stop(line.text))


def check_prompt(prompts: PromptBook, sentences: Sequence[str], cites: Sequence[int], statement: str) -> Prompt:
    """Whether numbered sentences, those of `cites` before all, hold a statement: the tuned model's other task."""
    return Prompt(
        id="",
        messages=prompts.messages("check", sentences=list(sentences), cites=list(cites), statement=statement),
        document="\n".join(sentences),
        max_tokens=1,
        tuned=True,
        choices=_CHOICES,
    )


def log_odds(likely: float) -> float:
    """Of a probability; finite also for 0 and 1."""
    kept = min(1 - _SURE, max(_SURE, likely))
    return math.log(kept / (1 - kept))


def apply_model_verdict(line: Line, likely: float | None) -> None:
    """Decide about a line that was open, by the probability of "yes"; where there is none, it is not shown."""
    assert line.found is not None
    if likely is None:
        line.reason = "the model did not say whether its sentences say it"
        return
    line.found = weigh(line.found, line.text, log_odds(likely))
    line.reason = "" if line.holds else "not what its sentences say"


# --- reading -------------------------------------------------------------------------------------------------


def read_line(context: Context, answer: str) -> Line | None:
    """A line of an answer; None for what is none, or names sentences that there are not."""
    found = _LINE.match(answer.strip())
    if not found:
        return None
    cites = tuple(dict.fromkeys(int(number) for number in found[1].split(",")))
    if not all(1 <= number <= len(context.numbered) for number in cites):
        return None
    return Line(context, cites, clean(found[2]))


def form_fault(line: Line) -> str:
    """Why a line is no point, whatever its sentences say; empty where it may be one."""
    if not _CLOSED.search(line.text):
        return "broken off"
    if line.text.rstrip("\"”’')").endswith("?"):
        return "a question"
    if opens_as_fragment(line.text, line.context.language):
        return "no sentence of its own"
    if found := form_problem(line.text):
        return LEANS if found == "begins with a pronoun" else found
    return LEANS if has_dangling_reference(line.text, line.context.names, line.context.language) else ""


def fact_fault(line: Line) -> str:
    """What of a line's numbers, names, dates, quotations and denials no sentence that is shown has; empty for nothing.

    Settles the line's citations as well: one that adds nothing is dropped, and a sentence that alone has one of these
    facts joins them, while there is room. A line that is a sentence of the article becomes its quotation.
    """
    line.found = check(line.text, line.context.evidence)
    if found := rejection_reason(line.found):
        return found
    if same := [n for n, text in enumerate(line.context.texts, 1) if sentence_key(text) == sentence_key(line.text)]:
        line.cites, line.rung = (same[0],), "quoted"
        return "" if stands_alone(line.text, line.context.names, line.context.language) else LEANS
    if not_theirs := next(possessives(line.text, line.context.evidence), None):
        return f"{not_theirs.kind} not as in the article: {not_theirs.surface}"
    reading = AnalysedSentence(line.text)
    _, wanted = match_facts(reading, line.context.evidence)
    keys = line.context.keys
    title = line.context.evidence.analysed_title.keys
    cites = _needed(line, reading)
    for fact in sorted(wanted, key=sorted):
        if fact & title or any(fact & keys[number - 1] for number in cites):
            continue
        having = [number for number in range(1, len(keys) + 1) if fact & keys[number - 1]]
        if not having:
            continue
        if len(cites) == _MOST_CITED:
            return "its facts stand too far apart"
        cites.append(min(having, key=lambda number: abs(number - line.cites[0])))
    line.cites = tuple(cites)
    return ""


def _needed(line: Line, reading: AnalysedSentence) -> list[int]:
    """The line's citations, the closest one first, without those that add nothing of it to the others.

    A sentence that alone has more of the line than all that are cited takes their place: the model miscounted.
    """
    shared = [read.stems & reading.stems for read in line.context.readings]
    closest = max(range(1, len(shared) + 1), key=lambda number: len(shared[number - 1]))
    cited = frozenset().union(*(shared[number - 1] for number in line.cites))
    cites = line.cites if len(shared[closest - 1]) <= len(cited) else (closest, *line.cites)
    there = {number: shared[number - 1] for number in cites}
    kept: list[int] = []
    for number in sorted(cites, key=lambda number: (-len(there[number]), cites.index(number)))[:_MOST_CITED]:
        if not kept or there[number] - frozenset().union(*(there[other] for other in kept)):
            kept.append(number)
    return kept


def leads(line: Line) -> bool:
    """Whether a line tells of the beginning: the sentence it shares most words with is one of the first three shown."""
    if not line.context.opens:
        return False
    said = set(stems(line.text))
    best = max(line.cites, key=lambda number: len(said & line.context.readings[number - 1].stems))
    return best <= LEAD


_SUBJECT = re.compile(
    r"^[\"“]?(?i:the|all the|both|most of the|some of the|one of the|none of the)\s+(?:[a-z-]+\s+)??[a-z]{3,}\b"
    r"(?!\s+(?:of|at|in|from|on|near|behind|for|between|that|who|which)\b)"
)


_SPEAKER = re.compile(
    r",[\"”’']?\s+the\s+(?:[a-z-]+\s+)??[a-z]{3,}\s+(?=(?:also\s+)?(?:said|says|added|told|explained|wrote|noted)\b)"
)


def has_unknown_subject(line: Line, told: Sequence[str]) -> bool:
    """Whether a line opens with "the gun" of nobody, or ends with "the official said": its sentence takes up what one
    before it has told, and neither the line nor what a reader is `told` (the title, the points before it) does.

    By surface: a noun behind "the", written small and not told more of ("the bridge at ..."), that an earlier sentence
    of the article has.
    """
    return any(
        _taken_up(line, found, told) for found in (_SUBJECT.match(line.text), _SPEAKER.search(line.text)) if found
    )


def _taken_up(line: Line, found: re.Match[str], told: Sequence[str]) -> bool:
    article, sentence = line.place
    nouns = set(stems(found[0].partition("the ")[2] or found[0].partition(" ")[2]))
    known = set(stems(" ".join([*told, line.text[: found.start()], line.text[found.end() :]])))
    before = [
        {word.stem for word in reading.words if word.stem and word.surface.islower()}
        for one, reading in zip(line.context.numbered, line.context.readings, strict=True)
        if one.article == article and one.sentence < sentence
    ]
    return any(noun in there for noun in nouns for there in before) and not nouns & known
