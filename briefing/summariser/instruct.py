"""The strategy for chat models that read the whole article: chunk -> prompt -> parse -> ground -> repair or drop.

A conversation (see `scheduler`) for one article, in at most seven rounds:

1. the article, or each of its parts where it is over the model's window, becomes a headline and points;
2. the parts' points that the article supports are merged into one set, again in parts where there are many;
3. a point that the checks leave open is put to the model, with its cited sentences: yes or no; one that is unsupported,
   too long or copied is rewritten once from its sentence, or dropped;
4. where none tells of the article's beginning, its first sentence becomes one;
5. where fewer than three are left, more are written from salient uncited sentences;
6. where a paragraph is wanted, it is written from the points, and loses sentences that are unsupported.

A truncated answer is asked for once more with twice the tokens, where the window has them and too little of it is
whole; what is truncated even so is dropped. Dropped points stand in the summary's warnings.
"""

from __future__ import annotations

from collections.abc import Sequence

from briefing.engines.base import Engine
from briefing.ground import Check, settle
from briefing.nlp.chunk import chunks
from briefing.nlp.facts import stems
from briefing.nlp.sentences import sentences
from briefing.nlp.text import word_count
from briefing.summariser.answer_length import text_budget
from briefing.summariser.chat_prompts import ChatPrompts, grouped
from briefing.summariser.draft import Draft, rejection_reason, salient_sentences
from briefing.summariser.mmr import LEAD, covers_opening
from briefing.summariser.parsing import clean, form_problem, is_copied, read_points, with_full_stop
from briefing.summariser.prompts import PromptBook
from briefing.summariser.scheduler import Conversation
from briefing.types import KeyPoint, Verdict

PROMPTS = ("points", "merge", "rewrite", "paragraph", "judge")
"""Every prompt this strategy uses."""
_SHORTEST = 8
"""Words of a sentence that may become a point of its own."""


def write_points(draft: Draft, engine: Engine, book: PromptBook) -> Conversation[None]:
    """Fill the draft with points. Raises `EngineError` where the model does not answer."""
    prompts = ChatPrompts.of(draft, engine, book)
    candidates = yield from _read(draft, prompts)
    yield from _ground(draft, prompts, candidates)
    if not any(map(covers_opening, draft.points)):
        yield from _lead(draft, prompts)
    if len(draft.points) < draft.options.fewest:
        yield from _fill(draft, prompts)


def point_from_sentence(draft: Draft, sentence: int, engine: Engine, book: PromptBook) -> Conversation[KeyPoint | None]:
    """One sentence of the article as a point that needs no other; None where none held."""
    return (yield from _from_sentence(draft, sentence, ChatPrompts.of(draft, engine, book)))


def write_paragraph(draft: Draft, engine: Engine, book: PromptBook) -> Conversation[None]:
    """Round 6: a paragraph from the points, without unsupported sentences."""
    notes = [point.text for point in draft.points]
    prompts = ChatPrompts.of(draft, engine, book)
    (answer,) = yield from prompts.ask([prompts.paragraph(notes)])
    written = sentences(clean(answer.text), draft.answer_language)
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


# --- the rounds ----------------------------------------------------------------------------------------------


def _read(draft: Draft, prompts: ChatPrompts) -> Conversation[list[str]]:
    """Rounds 1 and 2: candidate points, in the order of their weight."""
    budget = text_budget(prompts.points(""), prompts.engine)
    pieces = chunks(draft.article.text, budget, prompts.engine.count_tokens, draft.article.language)
    answers = yield from prompts.ask([prompts.points(piece.text) for piece in pieces], prompts.enough_points)
    read = [read_points(answer.text, cut=answer.cut) for answer in answers]
    if len(pieces) == 1:
        draft.headline = read[0][0]
        return list(read[0][1])
    draft.warnings.append(f"The article is long; it was read in {len(pieces)} parts.")
    notes: list[str] = []
    for piece, (_, points) in zip(pieces, read, strict=True):
        held = [with_full_stop(point) for point in points if draft.check(point).verdict is not Verdict.UNSUPPORTED]
        # A part of which no point held is represented by its most salient sentence.
        notes += held or salient_sentences(piece.text, 1, draft.article.language)
    return (yield from _merge(draft, prompts, notes))


def _merge(draft: Draft, prompts: ChatPrompts, notes: list[str]) -> Conversation[list[str]]:
    """Merge notes until they fit into one prompt, then to the final points."""
    budget, count = text_budget(prompts.points(""), prompts.engine), prompts.engine.count_tokens
    while len(groups := grouped(notes, [count(note) + 2 for note in notes], budget)) > 1:
        answers = yield from prompts.ask([prompts.merge(group) for group in groups], prompts.enough_points)
        shorter = [point for answer in answers for point in read_points(answer.text, cut=answer.cut)[1]]
        if not shorter or len(shorter) >= len(notes):
            shorter = notes[:: -(-len(notes) // max(1, len(notes) // 2))]
        notes = shorter
    (answer,) = yield from prompts.ask([prompts.merge(notes)], prompts.enough_points)
    draft.headline, points = read_points(answer.text, cut=answer.cut)
    return [*points, *notes[:1]] if len(points) < draft.options.fewest else list(points)


def _checked(draft: Draft, prompts: ChatPrompts, points: Sequence[str]) -> Conversation[list[Check]]:
    """The check of every point; the model settles those that are left open."""
    checks = [draft.check(point) for point in points]
    undecided = [index for index, check in enumerate(checks) if draft.open(check)]
    if undecided:
        answers = yield [prompts.judge(checks[index], points[index]) for index in undecided]
        for index, likely in zip(undecided, draft.yes_probabilities(answers), strict=True):
            checks[index] = settle(checks[index], points[index], likely)
    return checks


def _ground(draft: Draft, prompts: ChatPrompts, candidates: list[str]) -> Conversation[None]:
    """Round 3: keep what holds, in order; rewrite every other point once."""
    slots: list[tuple[str, Check] | None] = []
    retried: list[tuple[int, str, Check, str, int]] = []
    checks = yield from _checked(draft, prompts, candidates)
    for point, check in zip(candidates, checks, strict=True):
        reason = (
            form_problem(point, draft.answer_language)
            or rejection_reason(check)
            or ("copied" if is_copied(point, draft.evidence) else "")
        )
        if not reason:
            slots.append((point, check))
        elif (sentence := _main_sentence(point, check)) is None:
            draft.warnings.append(f"Left out ({reason}): {point}")
        else:
            retried.append((len(slots), point, check, reason, sentence))
            slots.append(None)
    if retried:
        asked = [
            prompts.rewrite([sentence], [part.surface for part in check.missing if part.surface != point])
            for _, point, check, _, sentence in retried
        ]
        rewrites = [answer.prose for answer in (yield from prompts.ask(asked))]
        rechecks = yield from _checked(draft, prompts, rewrites)
        for retry, rewritten, recheck in zip(retried, rewrites, rechecks, strict=True):
            index, point, check, reason, sentence = retry
            if (
                rewritten
                and not form_problem(rewritten, draft.answer_language)
                and not _rejection_from(recheck, sentence)
            ):
                slots[index] = (rewritten, recheck)
            elif reason == "copied" and not rejection_reason(check):
                slots[index] = (point, check)
            else:
                draft.warnings.append(f"Left out ({reason}): {point}")
    draft.keep_new(slots)


def _main_sentence(point: str, check: Check) -> int | None:
    """The cited sentence that shares most stems with a point; None without citations."""
    roots = set(stems(point))
    best = max(check.citations, key=lambda citation: len(roots & set(stems(citation.text))), default=None)
    return best.sentence if best else None


def _rejection_from(check: Check, sentence: int) -> str:
    """`rejection_reason` for a point written from one sentence, which must need no other."""
    alone = [citation.sentence for citation in check.citations] == [sentence]
    return rejection_reason(check) or ("" if alone else "drawn from elsewhere")


def _from_sentence(draft: Draft, sentence: int, prompts: ChatPrompts) -> Conversation[KeyPoint | None]:
    (answer,) = yield from prompts.ask([prompts.rewrite([sentence])])
    point = answer.prose
    (check,) = yield from _checked(draft, prompts, [point])
    if not point or form_problem(point, draft.answer_language) or _rejection_from(check, sentence):
        return None
    return KeyPoint(text=with_full_stop(point), citations=check.citations, verdict=check.verdict)


def _lead(draft: Draft, prompts: ChatPrompts) -> Conversation[None]:
    """Round 4, where no point tells of the beginning: its first full sentence becomes the first point."""
    for index, sentence in enumerate(draft.evidence.sentences[:LEAD]):
        if word_count(sentence.text) >= _SHORTEST and index not in draft.evidence.injections:
            point = yield from _from_sentence(draft, index, prompts)
            if point and not draft.told_already(point.text):
                draft.points.insert(0, point)
            return


def _fill(draft: Draft, prompts: ChatPrompts) -> Conversation[None]:
    """Round 5: points from salient sentences that nothing cites yet."""
    chosen = draft.uncited(_SHORTEST)[: 2 * (draft.options.fewest - len(draft.points)) + 1]
    if not chosen:
        return
    points = [answer.prose for answer in (yield from prompts.ask([prompts.rewrite([index]) for index in chosen]))]
    checks = yield from _checked(draft, prompts, points)
    for index, point, check in zip(chosen, points, checks, strict=True):
        usable = point and not form_problem(point, draft.answer_language) and not _rejection_from(check, index)
        if usable and not draft.told_already(point) and len(draft.points) < draft.options.fewest:
            draft.keep(point, check)
