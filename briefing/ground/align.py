"""Aligns a point with the sentences of its article: citations and similarity. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from briefing.ground.analysis import AnalysedSentence
from briefing.ground.evidence import Evidence
from briefing.ground.exact import Fact

MOST_CITATIONS = 2
"""Of 66 points that the default model wrote about the sample's seventeen articles, four needed three sentences; a
careful reading found three of these wrong: their facts belonged to different things."""


def choose(wanted: frozenset[Fact], stems: frozenset[str], evidence: Evidence) -> tuple[list[int], float]:
    """Indices of the sentences to cite, in order, and the share of facts and stems that they hold.

    A greedy set cover in which a fact counts as three stems.
    """
    if not evidence.sentences:
        return [], 0.0
    facts, rest = set(wanted), set(stems)
    chosen: list[int] = []
    for _ in range(MOST_CITATIONS):
        gains = [
            (3 * sum(not fact.isdisjoint(keys) for fact in facts) + len(rest & sentence.stems), -index)
            for index, (keys, sentence) in enumerate(zip(evidence.sentence_keys, evidence.analysed, strict=True))
        ]
        gain, negative_index = max(gains)
        if gain <= 0:
            break
        best = -negative_index
        held = {fact for fact in facts if fact & evidence.sentence_keys[best]}
        # One more word of five is not worth another sentence to read; a missing fact is.
        if chosen and not held and gain < max(2, 0.2 * len(stems)):
            break
        chosen.append(best)
        facts -= held
        rest -= evidence.analysed[best].stems
        if not facts and len(rest) <= 0.2 * len(stems):
            break
    covered = frozenset().union(*(evidence.analysed[i].stems for i in chosen), evidence.analysed_title.stems)
    found = len(stems & covered) + len(wanted) - len(facts)
    share = found / (len(stems) + len(wanted)) if stems or wanted else 1.0
    return sorted(chosen), share


def in_order(point: AnalysedSentence, evidence: Evidence) -> float:
    """The largest share of a point's words that one sentence has in the same order; 1 for a point without words.

    By the longest common subsequence with the three sentences that share most words. A small model errs where it writes
    in other words or another order: of 178 lines of the tuned model, read by people, this alone separated true from
    false with an area under the ROC curve of 80.
    """
    words = [word.key for word in point.words]
    if not words:
        return 1.0
    unique = set(words)
    sentences = [[word.key for word in sentence.words] for sentence in evidence.analysed]
    nearest = sorted(sentences, key=lambda sentence: -len(unique.intersection(sentence)))[:3]
    return max((_longest_common_subsequence(words, sentence) for sentence in nearest), default=0) / len(words)


def _longest_common_subsequence(left: Sequence[str], right: Sequence[str]) -> int:
    best = [0] * (len(right) + 1)
    for word in left:
        diagonal = 0
        for column, candidate in enumerate(right, 1):
            above = best[column]
            best[column] = diagonal + 1 if word == candidate else max(above, best[column - 1])
            diagonal = above
    return best[-1]


def closeness(point: AnalysedSentence, evidence: Evidence) -> float:
    """The largest share of a point's stems in one sentence together with the title; 1 for a point without stems.

    The share in all cited sentences together, and that of new words, improved nothing beside it.
    """
    if not point.stems:
        return 1.0
    title = evidence.analysed_title.stems
    most = max((len(point.stems & (sentence.stems | title)) for sentence in evidence.analysed), default=0)
    return most / len(point.stems)
