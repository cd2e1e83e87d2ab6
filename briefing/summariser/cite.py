"""The strategy for the tuned model: choose, cite, write, check, in one context of a story.

A conversation (see `scheduler`) in at most four rounds, whatever the story's length:

1. sentences are chosen and numbered (`selection`); one prompt a section asks for key points, one more than are shown,
   each behind the numbers of its sentences (Slobodkin et al., "Attribute First, then Generate", ACL 2024);
2. every line that says something new, stands alone and has its numbers, names, dates and quotations in these sentences
   is put to the same model: do the sentences hold it? One request a line, which shares the prompt's cache;
3. where fewer hold than a summary needs, or none tells of the beginning, the sentences of those that failed come once
   more (`ladder`): with the sentence before, where it was not said who "he" is, else shortened by leaving words out;
   what comes of it is checked likewise;
4. what is still missing is quoted.

What was left out stands in the summary's warnings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from briefing.engines.base import Engine, Prompt, is_tuned
from briefing.nlp.facts import stems
from briefing.nlp.text import word_count
from briefing.summariser.context import (
    LEANS,
    Context,
    Line,
    apply_model_verdict,
    contexts,
    deletion_prompt,
    fact_fault,
    form_fault,
    has_unknown_subject,
    leads,
    line_check_prompt,
    lines_prompt,
    read_line,
)
from briefing.summariser.draft import Draft
from briefing.summariser.ladder import has_dangling_reference, is_deletion_of, is_shortenable, stands_alone
from briefing.summariser.mmr import LEAD, choose
from briefing.summariser.parsing import clean, says_the_same, with_full_stop
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.summariser.selection import LONG, most_telling
from briefing.types import Citation, KeyPoint, Rung, Verdict

__all__ = ["PROMPTS", "suits", "tell", "tell_in_short"]

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
"""Words of a sentence that is quoted, while there are shorter ones."""


def suits(draft: Draft, engine: Engine) -> bool:
    """Whether this strategy is for this engine and this article."""
    return is_tuned(engine) and not draft.translated and draft.language in LANGUAGES


def tell(drafts: Sequence[Draft], prompts: PromptBook) -> Conversation[None]:
    """Fill the first draft with points about all these articles. Raises `EngineError` where the model does not answer.

    Articles in another language than the first are left out.
    """
    told = _of_one_language(drafts)
    telling = _Telling(told, list(contexts(told)), prompts)
    yield from telling.write()
    yield from telling.mend()
    telling.quote()
    telling.finish()


def tell_in_short(drafts: Sequence[Draft], point: KeyPoint, prompts: PromptBook) -> Conversation[KeyPoint]:
    """A point of the story in few words, checked against the story's sentences like any other; itself, where it is
    short or none held.
    """
    told = _of_one_language(drafts)
    ids = ["", *(draft.article.id for draft in told[1:])]
    cited = {(ids.index(one.article), one.sentence) for one in point.citations if one.article in ids}
    said = set(stems(point.text))
    for context in contexts(told):
        numbers = tuple(n for n in range(1, len(context.numbered) + 1) if context.place(n) in cited)
        numbers = tuple(sorted(numbers, key=lambda n: -len(said & context.readings[n - 1].stems))[:3])
        if not numbers or (word_count(point.text) <= _SHORT and point.verdict is not Verdict.QUOTED):
            continue
        (answer,) = told[0].take((yield [lines_prompt(prompts, context, 1, "short", False, numbers)]))
        line = Line(context, numbers, answer.line)
        line.reason = form_fault(line) or fact_fault(line)
        if line.unread and word_count(line.text) < word_count(point.text):
            (likely,) = told[0].weigh((yield [line_check_prompt(prompts, line)]))
            apply_model_verdict(line, likely)
            if line.holds:
                return _point(line, told)
        return point
    return point


def _of_one_language(drafts: Sequence[Draft]) -> list[Draft]:
    return [draft for draft in drafts if draft.language == drafts[0].language]


# --- the rounds ----------------------------------------------------------------------------------------------


class _Telling:
    """The rounds of one story, and what they have found so far."""

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
            lines_prompt(self.prompts, one, share, self.options.length, untitled and one.opens) for one in self.contexts
        ]
        written: list[Line] = []
        for context, answer in zip(self.contexts, self.draft.take((yield asked)), strict=True):
            for line in answer.lines:
                if line.startswith("# ") and not self.draft.headline:
                    self.draft.headline = clean(line[2:]).rstrip(".")
                elif found := read_line(context, line):
                    written.append(found)
            if found := read_line(context, answer.rest):
                found.reason = "broken off"
                written.append(found)
        yield from self._check(written)
        if self.draft.headline and not (yield from self._is_headline()):
            self.draft.headline = ""

    def _is_headline(self) -> Conversation[bool]:
        """Whether the headline that was written holds, by the sentences behind the first lines."""
        first = [line for line in self.lines if line.context.opens]
        if not first:
            return False
        cites = tuple(dict.fromkeys(number for line in first for number in line.cites))[:3]
        line = Line(first[0].context, cites, self.draft.headline)
        line.reason = fact_fault(line)
        if line.unread:
            (likely,) = self.draft.weigh((yield [line_check_prompt(self.prompts, line)]))
            apply_model_verdict(line, likely)
        return line.holds

    def _chosen(self, lines: Sequence[Line], most: int) -> list[int]:
        """Places of `most` of `lines`, for coverage, one that leads among them."""
        everything = [one for context in self.contexts for one in context.numbered]
        index = {(one.article, one.sentence): place for place, one in enumerate(everything)}
        behind = [frozenset(index[line.context.place(number)] for number in line.cites) for line in lines]
        ranking = most_telling([one.text for one in everything])
        leading = [place for place, line in enumerate(lines) if leads(line)]
        return choose([line.text for line in lines], behind, leading, most, ranking)

    def _check(self, lines: list[Line]) -> Conversation[None]:
        """Ask the model of every line against which nothing else speaks; of those that hold, none says what one before
        it says.
        """
        for line in lines:
            line.reason = line.reason or form_fault(line) or fact_fault(line)
        fit = [line for line in lines if not line.reason]
        most = 2 * self.options.points
        asked = {id(fit[place]) for place in self._chosen(fit, most)}
        for line in fit:
            if id(line) not in asked:
                line.reason = "others tell more"
        if unread := [line for line in fit if line.unread]:
            told = yield [line_check_prompt(self.prompts, line) for line in unread]
            for line, likely in zip(unread, self.draft.weigh(told), strict=True):
                apply_model_verdict(line, likely)
        for line in lines:
            if line.holds and any(says_the_same(line.text, other.text) for other in self.lines if other.holds):
                line.reason = "said already"
            self.lines.append(line)

    def mend(self) -> Conversation[None]:
        """Round 3."""
        needed = max(0, self.options.fewest - len(self.held()))
        if not any(leads(line) for line in self.held()):
            needed = max(1, needed)
        if not needed:
            return
        asked: list[Prompt] = []
        tried: list[tuple[Context, tuple[int, ...], Rung]] = []
        for context, cites, leaning in self._failed():
            if len(tried) > needed:
                break
            if leaning and (before := context.before(cites[0])):
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
        mended = []
        for (context, cites, rung), answer in zip(tried, self.draft.take((yield asked)), strict=True):
            text = answer.line
            line = Line(context, cites, text, rung)
            if rung == "shortened" and not is_deletion_of(text, context.texts[cites[0] - 1]):
                line.reason = "not the sentence's own words"
            mended.append(line)
        yield from self._check(mended)

    def _failed(self) -> Iterator[tuple[Context, tuple[int, ...], bool]]:
        """The sentences to try again, each once: a leading one where none leads, those of lines that failed, telling
        ones that no line tells of; and whether what failed was that it leaned on the sentence before.
        """
        used = {line.place for line in self.held()}
        if self.contexts and not any(leads(line) for line in self.held()):
            opening = self.contexts[0]
            for number, text in enumerate(opening.texts[:LEAD], 1):
                if opening.place(number) not in used and stands_alone(text, opening.names, opening.language):
                    used.add(opening.place(number))
                    yield opening, (number,), False
                    break
        for line in self.lines:
            if line.place not in used:
                used.add(line.place)
                yield line.context, line.cites, line.reason == LEANS
        for context, number in self._telling():
            text = context.texts[number - 1]
            if context.place(number) not in used and not has_dangling_reference(text, context.names, context.language):
                used.add(context.place(number))
                yield context, (number,), False

    def _telling(self) -> Iterator[tuple[Context, int]]:
        """Every sentence that is shown, most telling first, the contexts by turns."""
        orders = [most_telling(context.texts) for context in self.contexts]
        for turn in range(max(map(len, orders), default=0)):
            for context, order in zip(self.contexts, orders, strict=True):
                if turn < len(order):
                    yield context, order[turn] + 1

    def quote(self) -> None:
        """Round 4: whole sentences, that of a line which failed before others, until there are enough points."""
        held = self.held()
        tried = [(context, cites[0]) for context, cites, _ in self._failed()]
        short = [one for one in tried if word_count(one[0].texts[one[1] - 1]) <= _LONGEST_QUOTE]
        for pool in (short, tried):
            for context, number in pool:
                if len(held) + len(self.quoted) >= self.options.fewest:
                    return
                text = context.texts[number - 1]
                told = [line.text for line in held] + [c.texts[n - 1] for c, n in self.quoted]
                known = stands_alone(text, context.names, context.language) and not self._unexplained(
                    Line(context, (number,), text), told
                )
                if known and not any(says_the_same(text, other) for other in told):
                    self.quoted.append((context, number))

    def held(self) -> list[Line]:
        """The lines that hold and whose subject a reader can know, in the order of their sentences."""
        kept: list[Line] = []
        for line in sorted((line for line in self.lines if line.holds), key=lambda line: line.place):
            if not self._unexplained(line, [one.text for one in kept]):
                kept.append(line)
        return kept

    def _unexplained(self, line: Line, told: Sequence[str]) -> bool:
        return has_unknown_subject(line, [self.draft.article.title, self.draft.headline, *told])

    def finish(self) -> None:
        """Points and warnings into the draft, in the order of the sentences behind them."""
        held = self.held()
        shown = [held[place] for place in self._chosen(held, max(1, self.options.points - len(self.quoted)))]
        points = [(line.place, _point(line, self.drafts)) for line in shown]
        points += [(context.place(number), self._quotation(context, number)) for context, number in self.quoted]
        self.draft.points = [point for _, point in sorted(points, key=lambda one: one[0])]
        for line in self.lines:
            if reason := line.reason or ("its subject is told nowhere" if line not in held else ""):
                self.draft.warnings.append(f"Left out ({reason}): {line.text}")

    def _quotation(self, context: Context, number: int) -> KeyPoint:
        citation = _citation(self.drafts, *context.place(number))
        return KeyPoint(text=context.texts[number - 1], citations=(citation,), verdict=Verdict.QUOTED, rung="quoted")


def _point(line: Line, drafts: Sequence[Draft]) -> KeyPoint:
    cited = sorted({line.context.place(number) for number in line.cites})
    return KeyPoint(
        text=with_full_stop(line.text),
        citations=tuple(_citation(drafts, *place) for place in cited),
        verdict=Verdict.QUOTED if line.rung == "quoted" else Verdict.SUPPORTED,
        rung=line.rung,
    )


def _citation(drafts: Sequence[Draft], article: int, sentence: int) -> Citation:
    draft = drafts[article]
    citation = draft.evidence.cite(sentence)
    return replace(citation, article=draft.article.id) if article else citation
