"""Whether an article says what a key point says, and where.

Pure. `Evidence` is an article prepared once; `check` looks one point up in it:

1. **exact facts** (`facts`): every number with its unit, every quotation and every name must stand in the article, in
   whatever form ("$2.3 million" is "2.3m dollars", "UN" is "United Nations", "Iraqi" is "Iraq");
2. **citations**: the fewest sentences, two at most, that hold these facts and most of the point's other words;
3. **pairs**: a number must count the same thing: in one cited sentence it stands with a word that stands beside it in
   the point ("28 African countries" and "four dollars" make no "four African countries");
4. **support**: six in ten of the point's content words must stand in the sentences cited, and a point that denies
   something needs a sentence that does. A point stitched from facts that no two sentences hold together fails.

What a model would be needed for (paraphrase, who did what to whom) is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from briefing.facts import Name, names, numbers, quotations, stem, stems, tokens
from briefing.lexicon import ALIAS_OF, DEMONYM_ENDINGS, MONTHS, OPENERS
from briefing.text import Sentence, sentences, words
from briefing.types import Citation, Verdict

__all__ = ["Check", "Evidence", "Missing", "check", "quote"]

SUPPORT = 0.6
"""Least share of a point's content words and facts in its cited sentences."""
MOST_CITATIONS = 2
"""Of 66 points that the default model wrote about the sample's seventeen articles, four needed three sentences; a
careful reading found three of these wrong: their facts belonged to different things."""

Fact = frozenset[str]
"""The keys under any of which an article may hold one number or name of a point."""


@dataclass(frozen=True, slots=True)
class Missing:
    """A part of a point that the article does not hold."""

    kind: str
    """``number``, ``name``, ``quotation``, ``pair``, ``negation``, ``support`` or ``scattered``."""
    surface: str
    """The part as the point has it; the whole point for ``support`` and ``scattered``."""


@dataclass(frozen=True, slots=True)
class Check:
    """What looking a point up came to."""

    verdict: Verdict
    score: float
    """Share of the point's content words and facts that stand in the cited sentences, 0 to 1."""
    citations: tuple[Citation, ...]
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class Evidence:
    """An article's text, prepared for looking points up in it. Facts that only the title holds count as well."""

    text: str
    title: str = ""
    language: str = "en"

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """The text's sentences; a citation's index counts these."""
        return sentences(self.text)

    def holds(self, words: Sequence[str]) -> bool:
        """Whether these folded words (`facts.tokens`) stand in the text in a row."""
        return f" {' '.join(words)} " in self._folded

    @cached_property
    def orders(self) -> frozenset[int]:
        """Indices of sentences that give a model orders. They are evidence of nothing: a model that obeyed would find
        its words in them."""
        return frozenset(i for i, sentence in enumerate(self.sentences) if _ORDER.search(sentence.text))

    @cached_property
    def _keys(self) -> tuple[frozenset[str], ...]:
        return tuple(frozenset() if i in self.orders else _keys(s.text) for i, s in enumerate(self.sentences))

    @cached_property
    def _stems(self) -> tuple[frozenset[str], ...]:
        return tuple(
            frozenset() if i in self.orders else frozenset(stems(s.text)) for i, s in enumerate(self.sentences)
        )

    @cached_property
    def _everything(self) -> frozenset[str]:
        return frozenset().union(*self._keys, _keys(self.title))

    @cached_property
    def _all_stems(self) -> frozenset[str]:
        return frozenset().union(*self._stems, stems(self.title))

    @cached_property
    def _folded(self) -> str:
        return f" {' '.join(tokens(self.text))} | {' '.join(tokens(self.title))} "

    @cached_property
    def _acronyms(self) -> frozenset[str]:
        """Initials of every run of capitalised words: "World Health Organization" gives WHO."""
        return frozenset(_initials(self.text)) | frozenset(_initials(self.title))


_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b.{0,40}\b(?:instructions?|prompts?|rules|guidelines|directions)\b|"
    r"\byou are (?:now|no longer)\b|\b(?:system|developer) (?:prompt|message|instructions?)\b|"
    r"\b(?:as an|you are an?) (?:ai|assistant|language model|chatbot)\b|"
    r"^\W*(?:please )?(?:print|output|respond|reply|answer|say|write|repeat)\b.{0,20}"
    r"\b(?:only|exactly|with|the words?)\b",
    re.IGNORECASE,
)


def check(point: str, evidence: Evidence, *, translated: bool = False) -> Check:
    """Look `point` up in `evidence`.

    `translated`: the point is in another language than the article; then only numbers, acronyms and names with digits
    can be compared, and a point that passes is ``uncertain``. Milliseconds for an article of a thousand words.
    """
    missing, wanted = _facts(point, evidence, translated=translated)
    content = frozenset(stems(point))
    chosen, score = _choose(wanted, content, evidence)
    if not missing:
        held = frozenset().union(*(evidence._keys[i] for i in chosen), _keys(evidence.title))
        if any(not fact & held for fact in wanted):
            missing.append(Missing("scattered", point))
        elif not translated and (astray := _unpaired(point, chosen, evidence)):
            missing.append(Missing("pair", astray))
        elif not translated and score < SUPPORT:
            missing.append(Missing("support", point))
        elif not translated and _denies(point) and not any(_denies(evidence.sentences[i].text) for i in chosen):
            missing.append(Missing("negation", point))
    verdict = Verdict.UNSUPPORTED if missing else Verdict.UNCERTAIN if translated else Verdict.SUPPORTED
    return Check(verdict, score, tuple(_citation(evidence, i) for i in chosen), tuple(missing))


def quote(evidence: Evidence, sentence: int) -> Citation:
    """The citation that a sentence shown as a quotation has: itself."""
    return _citation(evidence, sentence)


def _citation(evidence: Evidence, index: int) -> Citation:
    found = evidence.sentences[index]
    return Citation(sentence=index, start=found.start, end=found.end, text=found.text)


def _facts(point: str, evidence: Evidence, *, translated: bool) -> tuple[list[Missing], frozenset[Fact]]:
    """What the article lacks, and what of the point has to be found in its sentences."""
    missing: list[Missing] = []
    wanted: set[Fact] = set()
    for number in numbers(point):
        key = f"{number.value} {number.unit}".rstrip()
        if key in evidence._everything:
            wanted.add(frozenset({key}))
        else:
            missing.append(Missing("number", number.surface))
    for quotation in () if translated else quotations(point):
        if not evidence.holds(quotation.key.split()):
            missing.append(Missing("quotation", quotation.surface))
    expanded = _expansions(point, evidence)
    for name in names(point):
        if translated and not (name.surface.isupper() and len(name.key) > 1) and name.key.isalpha():
            continue  # names have other forms in other languages, and German writes every noun like one
        forms = _forms(name.key) & evidence._everything
        if forms:
            wanted.add(forms)
        elif name.key in expanded or name.key.upper() in evidence._acronyms:
            continue
        elif not _may_open(name, evidence):
            missing.append(Missing("name", name.surface))
    return missing, frozenset(wanted)


def _unpaired(point: str, chosen: list[int], evidence: Evidence) -> str:
    """The first count in `point` that stands with none of its neighbours in any cited sentence; "" where all do."""
    for number in numbers(point):
        if number.unit:
            continue  # money and shares say themselves what they are
        before, _, after = point.partition(number.surface)
        neighbours = frozenset(stems(before)[-2:] + stems(after)[:2])
        key = f"{number.value} {number.unit}".rstrip()
        places = [evidence._stems[i] for i in chosen if key in evidence._keys[i]]
        if key in _keys(evidence.title):
            places.append(frozenset(stems(evidence.title)))
        if neighbours and places and not any(neighbours & place for place in places):
            return number.surface
    return ""


def _keys(text: str) -> frozenset[str]:
    """Everything in `text` that a number or a name of a point may be found by."""
    found = set(tokens(text))
    found.update(initials.casefold() for initials in _initials(text))
    for number in numbers(text):
        found.add(f"{number.value} {number.unit}".rstrip())
        if number.unit != "%":
            # A point may leave a currency away, but not add or change one; a share is never a count.
            found.add(f"{number.value}")
    for year, month, _ in re.findall(r"\b(\d{4})-(\d\d)-(\d\d)\b", text):
        if year and 1 <= int(month) <= 12:
            found.add(MONTHS[int(month) - 1])
    return frozenset(found)


def _choose(wanted: frozenset[Fact], content: frozenset[str], evidence: Evidence) -> tuple[list[int], float]:
    """The sentences to cite, in order, and the share of all that they hold: a greedy cover, facts first."""
    if not evidence.sentences:
        return [], 0.0
    facts, rest = set(wanted), set(content)
    chosen: list[int] = []
    for _ in range(MOST_CITATIONS):
        gains = [
            (3 * sum(bool(fact & keys) for fact in facts) + len(rest & roots), -index)
            for index, (keys, roots) in enumerate(zip(evidence._keys, evidence._stems, strict=True))
        ]
        gain, negative = max(gains)
        # One more word of five is worth no further sentence to read; a missing fact is.
        keys, roots = evidence._keys[-negative], evidence._stems[-negative]
        held = {fact for fact in facts if fact & keys}
        if chosen and not held and gain < max(2, 0.2 * len(content)):
            break
        chosen.append(-negative)
        facts -= held
        rest -= roots
        if not facts and len(rest) <= 0.2 * len(content):
            break
    there = frozenset().union(*(evidence._stems[i] for i in chosen), stems(evidence.title))
    found = len(content & there) + len(wanted) - len(facts)
    score = found / (len(content) + len(wanted)) if content or wanted else 1.0
    return sorted(chosen), score


# --- names in their forms --------------------------------------------------------------------------------------


def _forms(key: str) -> frozenset[str]:
    """Forms under which an article may have a name: itself, its demonym or country, plural or singular."""
    found = {key, *ALIAS_OF.get(key, ())}
    if len(key) >= 4:
        found |= {key + ending for ending in DEMONYM_ENDINGS}
        # "Angolan" -> "Angola": "n" falls; "Canadian" -> "Canada": "ian" makes way for "a".
        for ending in DEMONYM_ENDINGS:
            if key.endswith(ending) and len(key) - len(ending) >= 4:
                base = key[: -len(ending)]
                found |= {base, base + "a", base + "y"}
    return frozenset(found)


def _initials(text: str) -> Iterable[str]:
    run: list[str] = []
    for word in [*words(text), ""]:
        if word[:1].isupper():
            run.append(word[0])
        elif word in {"of", "the", "and", "for", "on", "in", "to"} and run:
            continue
        else:
            for start in range(len(run)):
                for end in range(start + 2, min(len(run), start + 6) + 1):
                    yield "".join(run[start:end])
            run = []


def _expansions(point: str, evidence: Evidence) -> frozenset[str]:
    """Words of the point's capitalised runs whose initials the article has as an acronym: "United Nations" for UN."""
    found: set[str] = set()
    for match in re.finditer(r"[A-Z]\w+(?:\s+(?:(?:of|the|and|for)\s+)*[A-Z]\w+)+", point):
        run = [word for word in match[0].split() if word[0].isupper()]
        for start in range(len(run)):
            for end in range(start + 2, len(run) + 1):
                acronym = "".join(word[0] for word in run[start:end]).casefold()
                if re.search(rf"\b{acronym.upper()}\b", evidence.text.replace(".", "")):
                    found |= {key for word in run[start:end] for key in tokens(word)}
    return frozenset(found)


def _may_open(name: Name, evidence: Evidence) -> bool:
    """Whether a word that opens a sentence need not be a name: a common one, or a form of a word the article has."""
    if not name.opens:
        return False
    return (
        name.key in OPENERS
        or bool(set(stems(name.surface)) <= evidence._all_stems)
        or stem(name.key) in (evidence._all_stems)
    )


_DENIAL = re.compile(
    r"\b(?:not|no|never|nor|none|neither|without|cannot|\w+n['’]t|den(?:y|ies|ied|ying)|refus\w+|reject\w*|"
    r"fail(?:s|ed|ing)?|lack\w*|un(?:able|likely|clear|harmed|aware)|rul(?:es|ed) out|stop\w*|halt\w*|nobody|nothing|"
    r"ohne|nicht|kein\w*|pas|jamais|nunca|non)\b",
    re.IGNORECASE,
)


def _denies(text: str) -> bool:
    return bool(_DENIAL.search(text))
