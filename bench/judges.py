"""Scorers that `bench/faithfulness.py` compares: parts of `briefing.ground`, the whole of it, simple baselines."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from briefing.ground import Evidence, check, probability
from briefing.ground.align import choose, closeness
from briefing.ground.analysis import AnalysedSentence
from briefing.ground.combination import WITHOUT_MODEL, features
from briefing.ground.exact import match_facts
from briefing.ground.negation import missing_negation
from briefing.nlp.facts import tokens
from briefing.nlp.sentences import sentences
from briefing.types import Verdict

__all__ = ["JUDGES", "Judge"]

Judge = Callable[[str, Evidence], float]
"""Score of a sentence's support; only the order of scores matters."""


def words_in_article(sentence: str, evidence: Evidence) -> float:
    words = set(tokens(sentence))
    known = {word.key for analysed in evidence.analysed for word in analysed.words}
    return len(words & known) / max(1, len(words))


@cache
def _vectors(document: str) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectoriser = TfidfVectorizer(token_pattern=r"(?u)\b\w+\b")
    return vectoriser, vectoriser.fit_transform([s.text for s in sentences(document, "en")])


def tfidf_cosine(sentence: str, evidence: Evidence) -> float:
    try:
        vectoriser, matrix = _vectors(evidence.text)
    except ValueError:  # a document without words
        return 0.0
    return float((matrix @ vectoriser.transform([sentence]).T).max())


def _lacking(kinds: Iterable[str]) -> Judge:
    wanted = set(kinds)

    def judge(sentence: str, evidence: Evidence) -> float:
        missing, _ = match_facts(AnalysedSentence(sentence), evidence)
        return -float(sum(part.kind in wanted for part in missing))

    return judge


def alignment(sentence: str, evidence: Evidence) -> float:
    """Share of words and facts in the cited sentences."""
    analysed = AnalysedSentence(sentence)
    _, wanted = match_facts(analysed, evidence)
    return choose(wanted, analysed.stems, evidence)[1]


def denial(sentence: str, evidence: Evidence) -> float:
    analysed = AnalysedSentence(sentence)
    _, wanted = match_facts(analysed, evidence)
    chosen, _ = choose(wanted, analysed.stems, evidence)
    return -float(len(missing_negation(sentence, chosen, evidence)))


def closest(sentence: str, evidence: Evidence) -> float:
    return closeness(AnalysedSentence(sentence), evidence)


def _weighed(known: Iterable[str]) -> Judge:
    """The product's score with only some of its features."""
    names = set(known)

    def judge(sentence: str, evidence: Evidence) -> float:
        found = check(sentence, evidence).features or features([], 1.0, 1.0)
        return probability({name: value if name in names else 0.0 for name, value in found.items()})

    return judge


def verdict(sentence: str, evidence: Evidence) -> float:
    """1 for what a reader is shown: everything that is not refused."""
    return float(check(sentence, evidence).verdict is not Verdict.UNSUPPORTED)


EXACT = ("number", "name")
JUDGES: dict[str, Judge] = {
    "baseline: words in article": words_in_article,
    "baseline: TF-IDF cosine": tfidf_cosine,
    "numbers": _lacking({"number"}),
    "names": _lacking({"name"}),
    "quotations": _lacking({"quotation"}),
    "alignment": alignment,
    "denials": denial,
    "closeness": closest,
    "exact facts": _weighed(EXACT),
    "+ denials": _weighed((*EXACT, "negation")),
    "+ closeness = score": _weighed(WITHOUT_MODEL),
    "verdict shown": verdict,
}
