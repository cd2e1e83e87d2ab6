"""Which sentences stand behind a point, and how closely. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from briefing.ground.analysis import AnalysedSentence
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Fact

__all__ = ["MOST_CITATIONS", "choose", "closeness", "in_order"]

MOST_CITATIONS = 2
"""Of 66 points that the default model wrote about the sample's seventeen articles, four needed three sentences; a
careful reading found three of these wrong: their facts belonged to different things."""


def choose(wanted: frozenset[Fact], content: frozenset[str], evidence: Evidence) -> tuple[list[int], float]:
    """The sentences to cite, in order, and the share of all that they hold: a greedy cover, facts first."""
    if not evidence.sentences:
        return [], 0.0
    facts, rest = set(wanted), set(content)
    chosen: list[int] = []
    for _ in range(MOST_CITATIONS):
        gains = [
            (3 * sum(not fact.isdisjoint(keys) for fact in facts) + len(rest & reading.stems), -index)
            for index, (keys, reading) in enumerate(zip(evidence.sentence_keys, evidence.analysed, strict=True))
        ]
        gain, negative = max(gains)
        if gain <= 0:
            break
        # One more word of five is worth no further sentence to read; a missing fact is.
        keys, roots = evidence.sentence_keys[-negative], evidence.analysed[-negative].stems
        held = {fact for fact in facts if fact & keys}
        if chosen and not held and gain < max(2, 0.2 * len(content)):
            break
        chosen.append(-negative)
        facts -= held
        rest -= roots
        if not facts and len(rest) <= 0.2 * len(content):
            break
    there = frozenset().union(*(evidence.analysed[i].stems for i in chosen), evidence.analysed_title.stems)
    found = len(content & there) + len(wanted) - len(facts)
    score = found / (len(content) + len(wanted)) if content or wanted else 1.0
    return sorted(chosen), score


def in_order(point: AnalysedSentence, evidence: Evidence) -> float:
    """The largest share of a point's words that one sentence has in the point's order; 1 for one without words.

    The longest common subsequence, with the three sentences that share most words. What a small model writes in other
    words, or in another order, is what it gets wrong: of 178 lines of the tuned model's own, read by people, this alone
    told the false from the true with an area under the ROC curve of 80.
    """
    words = [word.key for word in point.words]
    if not words:
        return 1.0
    said = set(words)
    keys = [[word.key for word in reading.words] for reading in evidence.analysed]
    near = sorted(keys, key=lambda there: -len(said.intersection(there)))[:3]
    return max((_common(words, there) for there in near), default=0) / len(words)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence."""
    best = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for place, there in enumerate(other, 1):
            above = best[place]
            best[place] = before + 1 if word == there else max(above, best[place - 1])
            before = above
    return best[-1]


def closeness(point: AnalysedSentence, evidence: Evidence) -> float:
    """The largest share of a point's stems that stand in one sentence, the title's among them; 1 for one without any.

    Beside it, the share in all cited sentences together, the words that are new and their order earned nothing more.
    """
    if not point.stems:
        return 1.0
    title = evidence.analysed_title.stems
    most = max((len(point.stems & (reading.stems | title)) for reading in evidence.analysed), default=0)
    return most / len(point.stems)
