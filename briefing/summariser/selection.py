"""Selects the sentences of a story for the tuned model's prompt, within a budget of tokens. Pure.

The first sentences of each article, then the most salient of all, in the order of the text; without captions, bylines,
adverts, "read more", quiz questions and orders to a model. A long text is split into sections, one prompt each.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from briefing.ground import Evidence
from briefing.ground.evidence import sentence_key
from briefing.nlp.facts import stems
from briefing.nlp.salience import ranked
from briefing.nlp.text import Sentence, word_count
from briefing.summariser.ladder import unquoted
from briefing.summariser.parsing import says_the_same

TOKEN_BUDGET = 340
"""Tokens of the sentences of one prompt, as in training."""
OPENING, OPENING_OF_EACH = 6, 3
"""First sentences that are always selected: of a single article, and of each of several."""
LONG = 1500
"""Words from which on a text is split into sections."""
_SECTION = 1000
"""Words of a section, about."""
_LEAST = 6
"""Minimum of sentences in a section."""
_SHORTEST = 4
"""Words of a sentence that can be cited."""

_ASIDE = re.compile(
    r"^\W*(?:read (?:more|also|next|the full)|also read|see (?:also|more|the full)|related(?: \w+)?(?::|$)|"
    r"watch(?: (?:now|more|live|the video))?:|"
    r"click (?:here|on)|sign up|subscribe|advert(?:isement)?\b|sponsored|scroll down|story continues|share this|"
    r"[^.!?]{0,60}: see (?:the (?:full|list)|all)\b|follow us|listen to|more (?:on|from) (?:this|the)|download the|"
    r"get the (?:app|latest)|join our|"
    r"(?:image|media|photo|picture|video|file)\s?(?:caption|copyright|credit|source|photo)?\s?[:/]|"
    r"image (?:caption|copyright|source)|"
    r"pictured\s?(?::|\(|above|below|left|right|here|together)|(?:photo|picture)(?:graph)?s? (?:by|courtesy)|"
    r"(?:last )?(?:updated|published|posted)(?: on| at)?[: ]+(?:\w+ ){0,3}\d+|"
    r"copyright|all rights reserved|©|quiz\b|question \d|"
    r"what did you think|do you (?:have|think|know)|have you (?:been|seen|got)|let us know|tell us)\b",
    re.IGNORECASE,
)
_ENDING = re.compile(
    r"(?:getty images|shutterstock|/(?:ap|afp|reuters|epa)|"
    r"\((?:(?:photo|image|picture)\W[^()]*|(?:ap|afp|reuters|pti|ians)(?: photo)?)\))\W{0,3}$",
    re.IGNORECASE,
)
_AGENCY = re.compile(r"^\([A-Z][\w.&'’-]{0,20}(?: [A-Z][\w.&'’-]{0,20}){0,3}\) ?[-–—]{0,2} ?(?=[A-Z\"“‘])")
_POST = re.compile(r"(?<!\w)@\w{3}|\bpic\.twitter\.com|\bt\.co/")
"""An embedded post."""
_CAPTION = re.compile(
    r"\b(?:pictured|seen here|(?:is|are) seen|poses?|looks? on|celebrates? (?:after|with|his|her|their)|"
    r"stands? (?:near|next to|in front of|beside|by)|walks? (?:past|along|through)|smiles? (?:as|during|while))\b"
)
_BY = re.compile(r"(?:[A-Z][\w.'’-]*,?|and|for|in|of|at|\d.*)")
_LOOKED_AT = 160
"""Characters at the beginning and the end that are matched; the longest byline."""


@dataclass(frozen=True, slots=True)
class NumberedSentence:
    """A selected sentence; its number is its position in the list, from 1."""

    article: int
    """Index of its article in the story."""
    sentence: int
    """Index in its article."""
    text: str
    """On one line, without the news agency's mark at its beginning."""


def is_aside(sentence: str) -> bool:
    """Whether a sentence is no part of the report: dateline, caption, byline, advert, link, question to the reader, or
    too short.
    """
    text = " ".join(sentence.split())
    return (
        word_count(text) < _SHORTEST
        or bool(_ASIDE.search(text[:_LOOKED_AT]))
        or bool(_ENDING.search(text[-_LOOKED_AT:]))
        or text.endswith(("—", "–"))
        or _byline(text)
        or bool(_CAPTION.search(text[:_LOOKED_AT]))
        or bool(_POST.search(text))
        or unquoted(text).rstrip().endswith("?")
    )


def _byline(text: str) -> bool:
    words = text.split() if len(text) <= _LOOKED_AT else []
    return len(words) > 1 and words[0] == "By" and all(_BY.fullmatch(word) for word in words[1:])


def select_sentences(
    evidences: Sequence[Evidence], parts: Sequence[range] | None = None, opening: bool = True
) -> list[NumberedSentence]:
    """Sentences of a story's articles of about `TOKEN_BUDGET` tokens at most.

    `parts`: a range of sentences for each article; None for all. `opening`: whether the first sentences are always
    selected, as in the first section.
    """
    usable = []
    for article, evidence in enumerate(evidences):
        title = sentence_key(evidence.title)
        for index in parts[article] if parts else range(len(evidence.sentences)):
            text = evidence.sentences[index].text
            if index not in evidence.injections and not is_aside(text) and sentence_key(text) != title:
                usable.append(NumberedSentence(article, index, _AGENCY.sub("", " ".join(text.split()))))
    first = (OPENING if len(evidences) == 1 else OPENING_OF_EACH) if opening else 1
    seen: Counter[int] = Counter()
    openings: list[tuple[int, int]] = []
    for index, sentence in enumerate(usable):
        seen[sentence.article] += 1
        if seen[sentence.article] <= first:
            openings.append((seen[sentence.article], index))
    opens = [index for _, index in sorted(openings)]  # the articles by turns
    order = salience_order([sentence.text for sentence in usable])
    selected: list[int] = []
    left = TOKEN_BUDGET
    for index in dict.fromkeys([*opens, *order]):
        cost = estimate_tokens(usable[index].text) + 5  # "[12] " and the line's end
        if cost <= left and not any(_repeats(usable[index], usable[earlier]) for earlier in selected):
            selected.append(index)
            left -= cost
    if not selected and usable:  # a single endless sentence
        longest = usable[order[0]]
        return [replace(longest, text=longest.text[: 3 * TOKEN_BUDGET])]
    return [usable[index] for index in sorted(selected)]


def salience_order(texts: Sequence[str]) -> list[int]:
    """Indices of `texts`, sentences in their order, most salient first."""
    return ranked([Sentence(0, len(text), text) for text in texts])


def estimate_tokens(text: str) -> int:
    """Estimated tokens of `text`, without a model, which need not be loaded where every answer is stored.

    The default model's tokens have 4.5 bytes on average in English news, 5 in Russian and Chinese.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def _repeats(a: NumberedSentence, b: NumberedSentence) -> bool:
    """Whether two sentences are duplicates: equal in one article, near duplicates in two."""
    return a.text == b.text if a.article == b.article else says_the_same(a.text, b.text)


def sections(evidence: Evidence, points: int) -> list[range]:
    """The sentences of one article in sections, one prompt each: several where the article is long, or where one prompt
    does not give enough points. Borders are at headings, else at the largest shift of topic.
    """
    whole = evidence.sentences
    count = word_count(evidence.text)
    wanted = max(-(-count // _SECTION) if count > LONG else 1, -(-points // 5))
    wanted = min(wanted, max(1, len(whole) // _LEAST))
    if wanted == 1:
        return [range(len(whole))]
    bags = [frozenset(stems(sentence.text)) for sentence in whole]
    borders = [0]
    for cut in range(1, wanted):
        middle = cut * len(whole) // wanted
        reach = max(1, len(whole) // wanted // 2)
        near = range(max(middle - reach, borders[-1] + 3), min(middle + reach + 1, len(whole) - 2))
        if near:
            borders.append(min(near, key=lambda index: (not _is_heading(whole[index].text), _gap_score(bags, index))))
    return [range(start, end) for start, end in zip(borders, [*borders[1:], len(whole)], strict=True)]


def _is_heading(text: str) -> bool:
    return word_count(text) <= 10 and text[-1:].isalnum() and text[:1].isupper()


def _gap_score(bags: Sequence[frozenset[str]], border: int, width: int = 5) -> float:
    """Overlap of stems around a border: TextTiling's gap score (Hearst, Computational Linguistics 23, 1997)."""
    before = frozenset().union(*bags[max(0, border - width) : border])
    after = frozenset().union(*bags[border : border + width])
    return len(before & after) / max(1, min(len(before), len(after)))
