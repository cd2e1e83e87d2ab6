"""The tuned model's prompts, and the lines of its answers with their checks; `cite` decides their order.

`Context` is one prompt's numbered sentences; `Line` a line that may become a point.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
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

DANGLING = "a pronoun without its noun"

_MOST_LINES = 6
"""Lines of one answer: beyond what the model was trained on they repeat one another."""
_MOST_CITED = 3
_CHOICES = (" yes", " no")
"""With the blank that the model was trained on."""
_EPSILON = 1e-6
"""Bound on probabilities, so that log-odds are finite."""
_LINE = re.compile(r"^\[(\d{1,3}(?:,\d{1,3}){0,2})\] (.+)$")
_CLOSED = re.compile(r"[.!?…][\"”’'»“)]?$")


@dataclass(frozen=True)
class Context:
    """The numbered sentences of one prompt, analysed."""

    numbered: tuple[NumberedSentence, ...]
    evidence: Evidence
    """These sentences alone, each a paragraph."""
    analysed: tuple[AnalysedSentence, ...]
    opens: bool
    """Whether it has the article's beginning."""
    names: frozenset[str]
    """Keys of names within a sentence, not at its beginning."""
    keys: tuple[frozenset[str], ...]
    """Of each sentence, the keys of its numbers, names and dates."""

    @cached_property
    def texts(self) -> list[str]:
        """The sentences, in the order of their numbers."""
        return [sentence.text for sentence in self.numbered]

    @property
    def language(self) -> str:
        """ISO 639-1 code of the sentences' and the lines' language."""
        return self.evidence.language

    def position(self, number: int) -> tuple[int, int]:
        """Article of the story and sentence of the article, from 0, of the sentence of that number."""
        sentence = self.numbered[number - 1]
        return sentence.article, sentence.sentence

    def before(self, number: int) -> int:
        """The number of the sentence before, where the context has it; else 0."""
        article, sentence = self.position(number)
        return number - 1 if number > 1 and self.position(number - 1) == (article, sentence - 1) else 0


def contexts(drafts: Sequence[Draft]) -> Iterator[Context]:
    """One for the whole story; for a single long article, one for each section."""
    evidences = [draft.evidence for draft in drafts]
    stretches = sections(evidences[0], drafts[0].options.points) if len(drafts) == 1 else [None]
    for index, stretch in enumerate(stretches):
        parts = [stretch] if stretch is not None else None
        numbered = select_sentences(evidences, parts, opening=not index)
        if numbered:
            text = "\n\n".join(sentence.text for sentence in numbered)
            titles = " / ".join(evidence.title for evidence in evidences)
            analysed = tuple(AnalysedSentence(sentence.text) for sentence in numbered)
            yield Context(
                tuple(numbered),
                Evidence(text, titles, evidences[0].language, evidences[0].published),
                analysed,
                opens=not index,
                names=frozenset(name.key for reading in analysed for name in reading.names if not name.opens),
                keys=tuple(evidences[sentence.article].sentence_keys[sentence.sentence] for sentence in numbered),
            )


@dataclass(slots=True)
class Line:
    """A line that may become a point."""

    context: Context
    cites: tuple[int, ...]
    """Numbers, from 1, of its sentences; the first is the main one."""
    text: str
    rung: Rung = "written"
    reason: str = ""
    """Why it may not be shown; empty while it has no fault."""
    check: Check | None = None
    """Against the context's sentences, then updated by the model's verdict; None before."""

    @property
    def holds(self) -> bool:
        """Whether it was checked and is supported."""
        return not self.reason and self.check is not None and self.check.verdict is Verdict.SUPPORTED

    @property
    def undecided(self) -> bool:
        """Whether the model has to check it: it has no fault and is no sentence of the article."""
        return not self.reason and self.check is not None and self.rung != "quoted"

    @property
    def position(self) -> tuple[int, int]:
        """`Context.position` of its main sentence."""
        return self.context.position(self.cites[0])


# --- asking --------------------------------------------------------------------------------------------------


def lines_prompt(
    prompts: PromptBook, context: Context, points: int, length: str, headline: bool, cites: tuple[int, ...] = ()
) -> Prompt:
    """Asks for `points` lines; with `cites`, for one line after these numbers."""
    points = min(points, len(context.numbered), _MOST_LINES)
    wanted: dict[str, object] = {"points": points, "headline": headline}
    language = "" if context.language == "en" else prompts.language(context.language)
    return Prompt(
        id="",
        messages=prompts.messages(
            "cite", sentences=context.texts, cites=list(cites), language=language, length=length, **wanted
        ),
        document="\n".join(context.texts),
        points=points,
        max_tokens=line_tokens(context.texts, context.language) * (points + headline),
        tuned=True,
        grammar=prompts.grammar("cite", sentences=len(context.numbered), opened=bool(cites), **wanted),
    )


def deletion_prompt(prompts: PromptBook, context: Context, number: int, length: str) -> Prompt:
    """Asks for the sentence of that number, shortened by deletion."""
    asked = lines_prompt(prompts, context, 1, length, False, (number,))
    return replace(asked, max_tokens=3 * LINE_TOKENS, grammar=deletion_grammar(context.texts[number - 1]))


def line_check_prompt(prompts: PromptBook, line: Line) -> Prompt:
    """`check_prompt` of a line."""
    return check_prompt(prompts, line.context.texts, line.cites, with_full_stop(line.text))


def check_prompt(prompts: PromptBook, sentences: Sequence[str], cites: Sequence[int], statement: str) -> Prompt:
    """Whether numbered sentences, mainly those of `cites`, support a statement: the tuned model's other task."""
    return Prompt(
        id="",
        messages=prompts.messages("check", sentences=list(sentences), cites=list(cites), statement=statement),
        document="\n".join(sentences),
        max_tokens=1,
        tuned=True,
        choices=_CHOICES,
    )


def log_odds(likely: float) -> float:
    """Log-odds of a probability; finite also for 0 and 1."""
    bounded = min(1 - _EPSILON, max(_EPSILON, likely))
    return math.log(bounded / (1 - bounded))


def apply_model_verdict(line: Line, likely: float | None) -> None:
    """Settle an undecided line by the probability of "yes"; without one it is not shown."""
    assert line.check is not None
    if likely is None:
        line.reason = "the model did not say whether its sentences say it"
        return
    line.check = weigh(line.check, line.text, log_odds(likely))
    line.reason = "" if line.holds else "not what its sentences say"


# --- reading -------------------------------------------------------------------------------------------------


def read_line(context: Context, answer: str) -> Line | None:
    """A line of an answer; None where it has another form, or unknown numbers."""
    parts = _LINE.match(answer.strip())
    if not parts:
        return None
    cites = tuple(dict.fromkeys(int(number) for number in parts[1].split(",")))
    if not all(1 <= number <= len(context.numbered) for number in cites):
        return None
    return Line(context, cites, clean(parts[2]))


def form_fault(line: Line) -> str:
    """Why a line is no point in form; empty where it may be one."""
    if not _CLOSED.search(line.text):
        return "broken off"
    if line.text.rstrip("\"”’')").endswith("?"):
        return "a question"
    if opens_as_fragment(line.text, line.context.language):
        return "no sentence of its own"
    if problem := form_problem(line.text, line.context.language):
        return DANGLING if problem == "begins with a pronoun" else problem
    return DANGLING if has_dangling_reference(line.text, line.context.names, line.context.language) else ""


def fact_fault(line: Line) -> str:
    """A number, name, date, quotation or negation of a line that no numbered sentence has; empty without one.

    Also sets the line's check and citations: redundant ones are dropped, and the only sentence with one of these facts
    is added, three at most. A line that is a sentence of the article becomes its quotation.
    """
    line.check = check(line.text, line.context.evidence)
    if reason := rejection_reason(line.check):
        return reason
    if same := [n for n, text in enumerate(line.context.texts, 1) if sentence_key(text) == sentence_key(line.text)]:
        line.cites, line.rung = (same[0],), "quoted"
        return "" if stands_alone(line.text, line.context.names, line.context.language) else DANGLING
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
    """The line's citations, the closest first, without redundant ones.

    A sentence that alone shares more stems with the line than all cited ones together takes their place: the model
    miscounted.
    """
    shared = [sentence.stems & reading.stems for sentence in line.context.analysed]
    closest = max(range(1, len(shared) + 1), key=lambda number: len(shared[number - 1]))
    cited = frozenset().union(*(shared[number - 1] for number in line.cites))
    cites = line.cites if len(shared[closest - 1]) <= len(cited) else (closest, *line.cites)
    kept: list[int] = []
    for number in sorted(cites, key=lambda number: (-len(shared[number - 1]), cites.index(number)))[:_MOST_CITED]:
        if not kept or shared[number - 1] - frozenset().union(*(shared[other - 1] for other in kept)):
            kept.append(number)
    return kept


def covers_opening(line: Line) -> bool:
    """Whether the cited sentence that shares most stems with a line is one of the first three of the article."""
    if not line.context.opens:
        return False
    roots = set(stems(line.text))
    best = max(line.cites, key=lambda number: len(roots & line.context.analysed[number - 1].stems))
    return best <= LEAD


_SUBJECT = re.compile(
    r"^[\"“]?(?i:the|all the|both|most of the|some of the|one of the|none of the)\s+(?:[a-z-]+\s+)??[a-z]{3,}\b"
    r"(?!\s+(?:of|at|in|from|on|near|behind|for|between|that|who|which)\b)"
)


_SPEAKER = re.compile(
    r",[\"”’']?\s+the\s+(?:[a-z-]+\s+)??[a-z]{3,}\s+(?=(?:also\s+)?(?:said|says|added|told|explained|wrote|noted)\b)"
)


def has_unknown_subject(line: Line, read: Sequence[str]) -> bool:
    """Whether a line opens with "the gun" or ends with "the official said", whose antecedent is in an earlier sentence
    of the article but neither in the line nor in the texts `read` before it (title, earlier points).

    By surface: a lower-case noun after "the", not specified further ("the bridge at ...").
    """
    mentions = (_SUBJECT.match(line.text), _SPEAKER.search(line.text))
    return any(_is_anaphoric(line, mention, read) for mention in mentions if mention)


def _is_anaphoric(line: Line, mention: re.Match[str], read: Sequence[str]) -> bool:
    article, sentence = line.position
    nouns = set(stems(mention[0].partition("the ")[2] or mention[0].partition(" ")[2]))
    known = set(stems(" ".join([*read, line.text[: mention.start()], line.text[mention.end() :]])))
    earlier = {
        word.stem
        for numbered, reading in zip(line.context.numbered, line.context.analysed, strict=True)
        if numbered.article == article and numbered.sentence < sentence
        for word in reading.words
        if word.stem and word.surface.islower()
    }
    return bool(nouns & earlier) and not nouns & known
