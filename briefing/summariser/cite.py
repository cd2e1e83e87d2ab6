"""The strategy for the tuned model: choose, cite, write, check, in one context of a story.

A conversation (see `scheduler`) in at most four rounds, whatever the story's length:

1. sentences are chosen and numbered (`selection`); one prompt a section asks for key points, one more than are shown,
   each behind the numbers of its sentences (Slobodkin et al., "Attribute First, then Generate", ACL 2024);
2. every line that is new, stands alone and has its numbers, names, dates and quotations in these sentences is put to
   the same model: do the sentences support it? One request a line, which shares the prompt's prefix cache;
3. where fewer hold than a summary needs, or none tells of the beginning, the sentences of failed lines are tried again
   (`ladder`): with the sentence before, where a pronoun was unresolved, else shortened by deletion; then checked;
4. missing points are quoted.

Rejected lines stand in the summary's warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from briefing.engines.base import Engine, Prompt, is_tuned
from briefing.nlp.facts import stems
from briefing.nlp.text import word_count
from briefing.summariser.context import (
    DANGLING,
    Context,
    Line,
    apply_model_verdict,
    contexts,
    covers_opening,
    deletion_prompt,
    fact_fault,
    form_fault,
    has_unknown_subject,
    line_check_prompt,
    lines_prompt,
    read_line,
)
from briefing.summariser.draft import Draft
from briefing.summariser.ladder import has_dangling_reference, is_deletion_of, is_shortenable, stands_alone
from briefing.summariser.mmr import LEAD, choose_indices
from briefing.summariser.options import SummaryOptions
from briefing.summariser.parsing import clean, says_the_same, with_full_stop
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.summariser.selection import LONG, salience_order
from briefing.types import Article, Citation, KeyPoint, Rung, Verdict

PROMPTS = ("cite", "check")
"""Every prompt this strategy uses."""
LANGUAGES = frozenset({"en", "de", "es", "fr", "pt", "ru"})
"""ISO 639-1 codes of the languages in which it was measured to read better than the prompt over the whole article: of
57 points in other languages than English none was false, of 59 by that prompt 14, and 14 were in English
(docs/trust.md).
"""
_SHORT = 14
"""Words of a point that needs no shorter form."""
_LONGEST_QUOTE = 40
"""Words of a sentence that is quoted, unless there are only longer ones."""


def suits(article: Article, options: SummaryOptions, engine: Engine) -> bool:
    """Whether this strategy is for this engine and this article."""
    language = options.language or article.language
    covered = language in LANGUAGES or language == "und"
    return is_tuned(engine) and covered and not options.translates(article.language)


def write_points(drafts: Sequence[Draft], prompts: PromptBook) -> Conversation[None]:
    """Fill the first draft with points about all these articles. Raises `EngineError` where the model does not answer.

    Articles in another language than the first are left out.
    """
    drafts = _of_one_language(drafts)
    rounds = _Rounds(drafts, list(contexts(drafts)), prompts)
    yield from rounds.write()
    yield from rounds.repair()
    rounds.quote()
    rounds.finish()


def shorten_point(drafts: Sequence[Draft], point: KeyPoint, prompts: PromptBook) -> Conversation[KeyPoint]:
    """A short form of a point of the story, checked like any other; the point itself where it is short or none held."""
    if word_count(point.text) <= _SHORT and point.verdict is not Verdict.QUOTED:
        return point
    drafts = _of_one_language(drafts)
    ids = ["", *(draft.article.id for draft in drafts[1:])]
    cited = {
        (ids.index(citation.article), citation.sentence) for citation in point.citations if citation.article in ids
    }
    roots = set(stems(point.text))
    for context in contexts(drafts):
        numbers = [n for n in range(1, len(context.numbered) + 1) if context.position(n) in cited]
        if not numbers:
            continue
        best = tuple(sorted(numbers, key=lambda n: -len(roots & context.analysed[n - 1].stems))[:3])
        (answer,) = drafts[0].take((yield [lines_prompt(prompts, context, 1, "short", False, best)]))
        line = Line(context, best, answer.line)
        line.reason = form_fault(line) or fact_fault(line)
        if line.undecided and word_count(line.text) < word_count(point.text):
            (likely,) = drafts[0].yes_probabilities((yield [line_check_prompt(prompts, line)]))
            apply_model_verdict(line, likely)
            if line.holds:
                return _point(line, drafts)
        return point
    return point


def _of_one_language(drafts: Sequence[Draft]) -> list[Draft]:
    return [draft for draft in drafts if draft.language == drafts[0].language]


# --- the rounds ----------------------------------------------------------------------------------------------


class _Rounds:
    """The rounds of one story, with their lines and quotations so far."""

    def __init__(self, drafts: Sequence[Draft], contexts: Sequence[Context], prompts: PromptBook) -> None:
        self.drafts = drafts
        self.draft = drafts[0]
        self.contexts = contexts
        self.prompts = prompts
        self.options = self.draft.options
        self.lines: list[Line] = []
        self.quoted: list[tuple[Context, int]] = []

    def write(self) -> Conversation[None]:
        """Rounds 1 and 2."""
        share = self.options.candidates
        if len(self.contexts) > 1:
            share = max(2, -(-self.options.candidates // len(self.contexts)) + 1)
        if len(self.contexts) > 1 and word_count(self.draft.article.text) > LONG:
            self.draft.warnings.append(f"The article is long; it was read in {len(self.contexts)} parts.")
        untitled = not self.draft.article.title
        asked = [
            lines_prompt(self.prompts, context, share, self.options.length, untitled and context.opens)
            for context in self.contexts
        ]
        written: list[Line] = []
        for context, answer in zip(self.contexts, self.draft.take((yield asked)), strict=True):
            for line in answer.lines:
                if line.startswith("# ") and not self.draft.headline:
                    self.draft.headline = clean(line[2:]).rstrip(".")
                elif parsed := read_line(context, line):
                    written.append(parsed)
            if parsed := read_line(context, answer.rest):
                parsed.reason = "broken off"
                written.append(parsed)
        yield from self._check(written)
        if self.draft.headline and not (yield from self._is_headline()):
            self.draft.headline = ""

    def _is_headline(self) -> Conversation[bool]:
        """Whether the written headline is supported by the sentences that the first lines cite."""
        first = [line for line in self.lines if line.context.opens]
        if not first:
            return False
        cites = tuple(dict.fromkeys(number for line in first for number in line.cites))[:3]
        line = Line(first[0].context, cites, self.draft.headline)
        line.reason = fact_fault(line)
        if line.undecided:
            (likely,) = self.draft.yes_probabilities((yield [line_check_prompt(self.prompts, line)]))
            apply_model_verdict(line, likely)
        return line.holds

    def _chosen(self, lines: Sequence[Line], most: int) -> list[int]:
        """Indices of `most` of `lines` by MMR, one that leads among them."""
        shown = [sentence for context in self.contexts for sentence in context.numbered]
        indices = {(sentence.article, sentence.sentence): index for index, sentence in enumerate(shown)}
        cited = [frozenset(indices[line.context.position(number)] for number in line.cites) for line in lines]
        ranking = salience_order([sentence.text for sentence in shown])
        leading = [index for index, line in enumerate(lines) if covers_opening(line)]
        return choose_indices([line.text for line in lines], cited, leading, most, ranking)

    def _check(self, lines: list[Line]) -> Conversation[None]:
        """Have the model check every line without a fault; reject supported lines that repeat an earlier one."""
        for line in lines:
            line.reason = line.reason or form_fault(line) or fact_fault(line)
        fit = [line for line in lines if not line.reason]
        chosen = self._chosen(fit, 2 * self.options.points)
        for index, line in enumerate(fit):
            if index not in chosen:
                line.reason = "others tell more"
        if undecided := [line for line in fit if line.undecided]:
            answers = yield [line_check_prompt(self.prompts, line) for line in undecided]
            for line, likely in zip(undecided, self.draft.yes_probabilities(answers), strict=True):
                apply_model_verdict(line, likely)
        for line in lines:
            if line.holds and any(says_the_same(line.text, other.text) for other in self.lines if other.holds):
                line.reason = "said already"
            self.lines.append(line)

    def repair(self) -> Conversation[None]:
        """Round 3."""
        needed = max(0, self.options.fewest - len(self.held()))
        if not any(covers_opening(line) for line in self.held()):
            needed = max(1, needed)
        if not needed:
            return
        asked: list[Prompt] = []
        tried: list[tuple[Context, tuple[int, ...], Rung]] = []
        for context, cites, dangling in self._failed():
            if len(tried) > needed:
                break
            if dangling and (before := context.before(cites[0])):
                both = (cites[0], before)
                asked.append(lines_prompt(self.prompts, context, 1, self.options.length, False, both))
                tried.append((context, both, "written"))
            elif is_shortenable(context.texts[cites[0] - 1], context.language):
                asked.append(deletion_prompt(self.prompts, context, cites[0], self.options.length))
                tried.append((context, cites[:1], "shortened"))
            elif context.language != "en":
                asked.append(lines_prompt(self.prompts, context, 1, "short", False, cites[:1]))
                tried.append((context, cites[:1], "written"))
        if not asked:
            return
        repaired = []
        for (context, cites, rung), answer in zip(tried, self.draft.take((yield asked)), strict=True):
            text = answer.line
            line = Line(context, cites, text, rung)
            if rung == "shortened" and not is_deletion_of(text, context.texts[cites[0] - 1]):
                line.reason = "not the sentence's own words"
            repaired.append(line)
        yield from self._check(repaired)

    def _failed(self) -> Iterator[tuple[Context, tuple[int, ...], bool]]:
        """Sentences to try again, each once: a leading one where no line leads, those of failed lines, then salient
        uncited ones; and whether the line failed for a dangling reference.
        """
        used = {line.position for line in self.held()}
        if self.contexts and not any(covers_opening(line) for line in self.held()):
            opening = self.contexts[0]
            for number, text in enumerate(opening.texts[:LEAD], 1):
                if opening.position(number) not in used and stands_alone(text, opening.names, opening.language):
                    used.add(opening.position(number))
                    yield opening, (number,), False
                    break
        for line in self.lines:
            if line.position not in used:
                used.add(line.position)
                yield line.context, line.cites, line.reason == DANGLING
        for context, number in self._by_salience():
            text = context.texts[number - 1]
            if context.position(number) not in used and not has_dangling_reference(
                text, context.names, context.language
            ):
                used.add(context.position(number))
                yield context, (number,), False

    def _by_salience(self) -> Iterator[tuple[Context, int]]:
        """Every numbered sentence, most salient first, the contexts by turns."""
        orders = [salience_order(context.texts) for context in self.contexts]
        for turn in range(max(map(len, orders), default=0)):
            for context, order in zip(self.contexts, orders, strict=True):
                if turn < len(order):
                    yield context, order[turn] + 1

    def quote(self) -> None:
        """Round 4: whole sentences, those of failed lines first, until there are enough points."""
        held = self.held()
        tried = [(context, cites[0]) for context, cites, _ in self._failed()]
        short = [(c, n) for c, n in tried if word_count(c.texts[n - 1]) <= _LONGEST_QUOTE]
        for pool in (short, tried):
            for context, number in pool:
                if len(held) + len(self.quoted) >= self.options.fewest:
                    return
                text = context.texts[number - 1]
                texts = [line.text for line in held] + [c.texts[n - 1] for c, n in self.quoted]
                alone = stands_alone(text, context.names, context.language)
                if not alone or self._has_unknown_subject(Line(context, (number,), text), texts):
                    continue
                if not any(says_the_same(text, other) for other in texts):
                    self.quoted.append((context, number))

    def held(self) -> list[Line]:
        """Supported lines without an unknown subject, in the order of their sentences."""
        kept: list[Line] = []
        for line in sorted((line for line in self.lines if line.holds), key=lambda line: line.position):
            if not self._has_unknown_subject(line, [earlier.text for earlier in kept]):
                kept.append(line)
        return kept

    def _has_unknown_subject(self, line: Line, texts: Sequence[str]) -> bool:
        return has_unknown_subject(line, [self.draft.article.title, self.draft.headline, *texts])

    def finish(self) -> None:
        """Write points, in the order of their sentences, and warnings to the draft."""
        held = self.held()
        shown = [held[index] for index in self._chosen(held, max(1, self.options.points - len(self.quoted)))]
        points = [(line.position, _point(line, self.drafts)) for line in shown]
        points += [(context.position(number), self._quotation(context, number)) for context, number in self.quoted]
        self.draft.points = [point for _, point in sorted(points, key=lambda pair: pair[0])]
        for line in self.lines:
            if reason := line.reason or ("its subject is told nowhere" if line not in held else ""):
                self.draft.warnings.append(f"Left out ({reason}): {line.text}")

    def _quotation(self, context: Context, number: int) -> KeyPoint:
        citation = _citation(self.drafts, *context.position(number))
        return KeyPoint(text=context.texts[number - 1], citations=(citation,), verdict=Verdict.QUOTED, rung="quoted")


def _point(line: Line, drafts: Sequence[Draft]) -> KeyPoint:
    cited = sorted({line.context.position(number) for number in line.cites})
    return KeyPoint(
        text=with_full_stop(line.text),
        citations=tuple(_citation(drafts, *position) for position in cited),
        verdict=Verdict.QUOTED if line.rung == "quoted" else Verdict.SUPPORTED,
        rung=line.rung,
    )


def _citation(drafts: Sequence[Draft], article: int, sentence: int) -> Citation:
    draft = drafts[article]
    citation = draft.evidence.cite(sentence)
    return replace(citation, article=draft.article.id) if article else citation
