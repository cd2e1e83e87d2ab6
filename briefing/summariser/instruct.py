"""The strategy that lets a model read the whole article: chunk -> prompt -> parse -> ground -> repair or drop.

A conversation (see `scheduler`) for one article, in at most seven rounds:

1. the article, or each of its parts where it is over the model's window, becomes a headline and points;
2. the parts' points that the article supports are condensed to one set, again in parts where there are many;
3. a point that the checks leave open is put to the model itself, with the sentences behind it: yes or no;
   one that is not supported, too long or copied is written anew from the sentence behind it, once, or dropped;
4. where none tells of the article's beginning, its first sentence becomes one;
5. where fewer than three are left, more are written from telling sentences that nothing cites yet;
6. where a paragraph is wanted, it is written from the points that were kept, and loses what is not supported.

An answer that was cut for want of room is asked for once more with twice the room, where the window has that and too
little of it is whole; what is cut even so is dropped. Nothing that was dropped is forgotten: it stands in the summary's
warnings.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from briefing.engines.base import Engine, Prompt
from briefing.ground import Check, settle
from briefing.nlp.chunk import chunks
from briefing.nlp.facts import stems
from briefing.nlp.salience import ranked
from briefing.nlp.text import sentences, word_count
from briefing.summariser.answer_length import answer_tokens, point_tokens, text_budget
from briefing.summariser.draft import Draft, most_telling, rejection_reason
from briefing.summariser.mmr import LEAD, leads
from briefing.summariser.options import SummaryOptions
from briefing.summariser.parsing import clean, form_problem, is_copied, points_schema, read_points, with_full_stop
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import KeyPoint, Verdict

__all__ = ["PROMPTS", "tell", "tell_as_prose", "tell_sentence"]

PROMPTS = ("points", "merge", "rewrite", "paragraph", "judge")
"""Every prompt this strategy uses."""

_CHOICES = ("yes", "no")
_CHOICE_TOKENS = 8
"""Of such an answer, for engines that write it out: "**Answer:** yes"."""


def tell(draft: Draft, engine: Engine, prompts: PromptBook) -> Conversation[None]:
    """Fill the draft with points. Raises `EngineError` where the model does not answer."""
    asker = _Asker.of(draft, engine, prompts)
    candidates = yield from _read(draft, asker)
    yield from _ground(draft, asker, candidates)
    if not any(map(leads, draft.points)):
        yield from _lead(draft, engine, prompts)
    if len(draft.points) < draft.options.fewest:
        yield from _fill(draft, asker)


def tell_sentence(draft: Draft, sentence: int, engine: Engine, prompts: PromptBook) -> Conversation[KeyPoint | None]:
    """One sentence of the article as a point that needs no other; None where none held."""
    asker = _Asker.of(draft, engine, prompts)
    (answer,) = yield from draft.ask([asker.rewrite([draft.evidence.sentences[sentence].text])], engine.context)
    point = answer.prose
    (found,) = yield from _checked(draft, asker, [point])
    if not point or form_problem(point) or _kept_to(found, sentence):
        return None
    return KeyPoint(text=with_full_stop(point), citations=found.citations, verdict=found.verdict)


def tell_as_prose(draft: Draft, engine: Engine, prompts: PromptBook) -> Conversation[None]:
    """Round 6: a paragraph from the points; a sentence that is not supported is left out."""
    notes = [point.text for point in draft.points]
    asker = _Asker.of(draft, engine, prompts)
    (answer,) = yield from draft.ask([asker.paragraph(notes)], engine.context)
    written = sentences(clean(answer.text))
    kept = [
        sentence.text
        for sentence in (written[:-1] if answer.cut else written)
        if sentence.text[-1:] in '.!?…"”'
        and not rejection_reason(draft.check(sentence.text))
        and not draft.in_articles_language(sentence.text)
    ]
    if not kept:
        draft.warnings.append("No paragraph held against the article.")
    draft.paragraph = " ".join(kept) or None


# --- asking --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Asker:
    """Makes prompts for one article."""

    engine: Engine
    prompts: PromptBook
    options: SummaryOptions
    language: str
    title: str
    point_tokens: int
    """Tokens that a point may have, in the language of the summary."""

    @classmethod
    def of(cls, draft: Draft, engine: Engine, prompts: PromptBook) -> _Asker:
        room = point_tokens(draft.examples, engine.count_tokens)
        return cls(engine, prompts, draft.options, draft.language, draft.article.title, room)

    def points(self, text: str) -> Prompt:
        return self._prompt("points", text, {"article": text, **self._counts()})

    def merge(self, notes: Sequence[str]) -> Prompt:
        return self._prompt("merge", "\n".join(notes), {"notes": list(notes), **self._counts()}, grammar="points")

    def rewrite(self, behind: Sequence[str], failed: Sequence[str] = ()) -> Prompt:
        variables = {"sentences": list(behind), "failed": list(failed), **_words(self.options.point_words)}
        return self._prompt("rewrite", " ".join(behind), variables, answers=1)

    def judge(self, found: Check, point: str) -> Prompt:
        behind = [citation.text for citation in found.citations]
        variables: dict[str, object] = {"sentences": behind, "point": point}
        return replace(
            self._prompt("judge", " ".join([*behind, point]), variables, answers=1, grammar=""),
            choices=_CHOICES, max_tokens=_CHOICE_TOKENS,
        )  # fmt: skip

    def paragraph(self, notes: Sequence[str]) -> Prompt:
        words = self.options.paragraph_words
        variables = {"notes": list(notes), **_words(words)}
        return self._prompt("paragraph", " ".join(notes), variables, answers=-(-words[1] // 20), grammar="")

    def tells_enough(self, answer: str) -> bool:
        """Whether an answer that was cut has as many whole points as are shown."""
        return len(read_points(answer, cut=True)[1]) >= self.options.points

    def room(self) -> int:
        """Tokens an article may have in one prompt."""
        return text_budget(self.points(""), self.engine)

    def _counts(self) -> dict[str, object]:
        options = self.options
        return {"points": options.candidates, "fewest": options.fewest, **_words(options.point_words)}

    def _prompt(
        self, name: str, document: str, variables: dict[str, object], *, answers: int = 0, grammar: str | None = None
    ) -> Prompt:
        """`answers`: how many sentences are expected; 0 means a headline and the points. `grammar`: "" for none."""
        variables = {**variables, "title": self.title, "language": self.prompts.language(self.language)}
        return Prompt(
            id="",
            messages=self.prompts.messages(name, **variables),
            document=document,
            points=answers or self.options.candidates,
            max_tokens=answer_tokens(answers or self.options.candidates + 1, self.point_tokens, self.engine.context),
            stop=("\n\n",),
            schema=None if answers else points_schema(self.options.fewest, self.options.candidates),
            grammar=None if grammar == "" else self.prompts.grammar(grammar or name, **variables),
        )


def _words(low_high: tuple[int, int]) -> dict[str, object]:
    return {"words_low": low_high[0], "words_high": low_high[1]}


# --- the rounds ----------------------------------------------------------------------------------------------


def _read(draft: Draft, asker: _Asker) -> Conversation[list[str]]:
    """Rounds 1 and 2: candidate points, in the order of their weight."""
    pieces = chunks(draft.article.text, asker.room(), asker.engine.count_tokens)
    asked = [asker.points(piece.text) for piece in pieces]
    answers = yield from draft.ask(asked, asker.engine.context, asker.tells_enough)
    read = [read_points(answer.text, cut=answer.cut) for answer in answers]
    if len(pieces) == 1:
        draft.headline = read[0][0]
        return list(read[0][1])
    draft.warnings.append(f"The article is long; it was read in {len(pieces)} parts.")
    notes: list[str] = []
    for piece, (_, points) in zip(pieces, read, strict=True):
        held = [with_full_stop(point) for point in points if draft.check(point).verdict is not Verdict.UNSUPPORTED]
        # A part about which nothing held still has its say, in its own most telling sentence.
        notes += held or most_telling(piece.text, 1)
    return (yield from _merge(draft, asker, notes))


def _merge(draft: Draft, asker: _Asker, notes: list[str]) -> Conversation[list[str]]:
    """Condense notes until they fit into one prompt, then to the final points."""
    while len(groups := _grouped(notes, asker.room(), asker.engine.count_tokens)) > 1:
        asked = [asker.merge(group) for group in groups]
        answers = yield from draft.ask(asked, asker.engine.context, asker.tells_enough)
        shorter = [point for answer in answers for point in read_points(answer.text, cut=answer.cut)[1]]
        if not shorter or len(shorter) >= len(notes):
            shorter = notes[:: -(-len(notes) // max(1, len(notes) // 2))]
        notes = shorter
    (answer,) = yield from draft.ask([asker.merge(notes)], asker.engine.context, asker.tells_enough)
    draft.headline, points = read_points(answer.text, cut=answer.cut)
    return [*points, *notes[:1]] if len(points) < asker.options.fewest else list(points)


def _grouped(notes: list[str], room: int, count: Callable[[str], int]) -> list[list[str]]:
    groups: list[list[str]] = [[]]
    used = 0
    for note in notes:
        cost = count(note) + 2
        if groups[-1] and used + cost > room:
            groups.append([])
            used = 0
        groups[-1].append(note)
        used += cost
    return groups


def _checked(draft: Draft, asker: _Asker, points: Sequence[str]) -> Conversation[list[Check]]:
    """Every point looked up in the article; where that leaves one open, the model says whether its sentences say it."""
    checks = [draft.check(point) for point in points]
    open_ = [place for place, found in enumerate(checks) if draft.open(found)]
    if open_:
        odds = draft.weigh((yield [asker.judge(checks[place], points[place]) for place in open_]))
        for place, likely in zip(open_, odds, strict=True):
            checks[place] = settle(checks[place], points[place], likely)
    return checks


def _ground(draft: Draft, asker: _Asker, candidates: list[str]) -> Conversation[None]:
    """Round 3: keep what holds, in order; give every other point one chance to be put right."""
    slots: list[tuple[str, Check] | None] = []
    second: list[tuple[int, str, Check]] = []
    reasons: list[str] = []
    behind: list[int] = []
    checks = yield from _checked(draft, asker, candidates)
    for point, found in zip(candidates, checks, strict=True):
        reason = form_problem(point) or rejection_reason(found) or (is_copied(point, draft.evidence) and "is_copied")
        if not reason:
            slots.append((point, found))
            continue
        if (index := _behind(point, found)) is None:  # there is nothing to write it anew from
            draft.warnings.append(f"Left out ({reason}): {point}")
            continue
        behind.append(index)
        second.append((len(slots), point, found))
        reasons.append(reason)
        slots.append(None)
    if second:
        whole = draft.evidence.sentences
        asked = [
            asker.rewrite([whole[index].text], [m.surface for m in found.missing if m.surface != point])
            for index, (_, point, found) in zip(behind, second, strict=True)
        ]
        answers = yield from draft.ask(asked, asker.engine.context)
        rewrites = [answer.prose for answer in answers]
        checks = yield from _checked(draft, asker, rewrites)
        told = zip(behind, second, reasons, rewrites, checks, strict=True)
        for index, (place, point, found), reason, rewritten, again in told:
            if rewritten and not form_problem(rewritten) and not _kept_to(again, index):
                slots[place] = (rewritten, again)
            elif reason == "is_copied" and not rejection_reason(found):
                slots[place] = (point, found)
            else:
                draft.warnings.append(f"Left out ({reason}): {point}")
    for slot in slots:
        if slot and not draft.told_already(slot[0]):
            draft.keep(*slot)


def _behind(point: str, found: Check) -> int | None:
    """The sentence a point was most likely made of; None where none has anything of it."""
    said = set(stems(point))
    best = max(found.citations, key=lambda citation: len(said & set(stems(citation.text))), default=None)
    return best.sentence if best else None


def _kept_to(found: Check, sentence: int) -> str:
    """Why a point written from one sentence may not be shown: it must need no other. Empty when it may."""
    return rejection_reason(found) or (
        "" if [c.sentence for c in found.citations] == [sentence] else "drawn from elsewhere"
    )


def _lead(draft: Draft, engine: Engine, prompts: PromptBook) -> Conversation[None]:
    """Round 4, where no point tells of the beginning: its first telling sentence becomes the first point."""
    opening = draft.evidence.sentences[:LEAD]
    for index, sentence in enumerate(opening):
        if word_count(sentence.text) >= 8 and index not in draft.evidence.injections:
            point = yield from tell_sentence(draft, index, engine, prompts)
            if point and not draft.told_already(point.text):
                draft.points.insert(0, point)
            return


def _fill(draft: Draft, asker: _Asker) -> Conversation[None]:
    """Round 5: points from telling sentences that nothing cites yet."""
    cited = {citation.sentence for point in draft.points for citation in point.citations}
    whole = draft.evidence.sentences
    cited |= draft.evidence.injections
    free = [i for i in ranked(whole) if i not in cited and word_count(whole[i].text) >= 8]
    chosen = free[: 2 * (asker.options.fewest - len(draft.points)) + 1]
    if not chosen:
        return
    asked = [asker.rewrite([whole[index].text]) for index in chosen]
    points = [answer.prose for answer in (yield from draft.ask(asked, asker.engine.context))]
    checks = yield from _checked(draft, asker, points)
    for index, point, found in zip(chosen, points, checks, strict=True):
        usable = point and not form_problem(point) and not _kept_to(found, index) and not draft.told_already(point)
        if usable and len(draft.points) < asker.options.fewest:
            draft.keep(point, found)
