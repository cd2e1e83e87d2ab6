"""Which sentences of a story the tuned model is shown: a prompt costs the same whatever the story's length. Pure.

The first sentences of each article, then the most telling of all (`salience`) as long as there is room, in the order
of the text; what is no sentence of the report is left out: captions, bylines, adverts, "read more", a quiz's questions,
orders to a model. A long text is cut into sections first, and each is a prompt of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from briefing.ground import Evidence
from briefing.ground.evidence import sentence_key
from briefing.nlp.facts import stems
from briefing.nlp.salience import ranked
from briefing.nlp.text import Sentence, word_count
from briefing.summariser.ladder import unquoted
from briefing.summariser.parsing import says_the_same

__all__ = [
    "LONG",
    "TOKEN_BUDGET",
    "NumberedSentence",
    "estimate_tokens",
    "is_aside",
    "most_telling",
    "sections",
    "select_sentences",
]

TOKEN_BUDGET = 340
"""Tokens of the sentences of one prompt: what the tuned model was trained on."""
OPENING, OPENING_OF_EACH = 6, 3
"""Sentences at the beginning that are always shown: of one article, and of each of several."""
LONG = 1500
"""Words from which on a text is cut into sections."""
_SECTION = 1000
"""Words of a section, about."""
_LEAST = 6
"""Sentences of a section at least."""
_SHORTEST = 4
"""Words of a sentence that can be behind a point."""

_ASIDE = re.compile(
    r"^\W*(?:read (?:more|also|next|the full)|also read|see (?:also|more|the full)|related(?: \w+)?(?::|$)|"
    r"watch(?: (?:now|more|live|the video))?:|"
    r"click (?:here|on)|sign up|subscribe|advert(?:isement)?\b|sponsored|scroll down|story continues|share this|"
    r"[^.!?]{0,60}: see the (?:full|list)|follow us|listen to|more (?:on|from) (?:this|the)|download the|"
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
"""Of a post that is embedded in the report."""
_CAPTION = re.compile(
    r"\b(?:pictured|seen here|(?:is|are) seen|poses?|looks? on|celebrates? (?:after|with|his|her|their)|"
    r"stands? (?:near|next to|in front of|beside|by)|walks? (?:past|along|through)|smiles? (?:as|during|while))\b"
)
_BY = re.compile(r"(?:[A-Z][\w.'’-]*,?|and|for|in|of|at|\d.*)")
_LOOKED_AT = 160
"""Characters at the beginning and the end by which a sentence shows what it is; a byline has no more."""


@dataclass(frozen=True, slots=True)
class NumberedSentence:
    """A sentence that is shown; its number is its place in the list, from 1."""

    article: int
    """Place of its article among the story's, from 0."""
    sentence: int
    """Index among that article's sentences."""
    text: str
    """On one line, without the news agency's mark at its beginning."""


def is_aside(sentence: str) -> bool:
    """Whether a sentence is beside the report: a dateline, caption, byline, advert, pointer elsewhere, questions to the
    reader, or too short to say anything.
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
    """The sentences that are shown of a story's articles, together about `TOKEN_BUDGET` tokens at most.

    `parts`: a range of sentences for each article, where not all of them are to be had. `opening`: whether the first
    ones are taken whatever they say; so it is but for sections behind the first.
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
    opening_of: list[tuple[int, int]] = []
    for place, one in enumerate(usable):
        seen[one.article] += 1
        if seen[one.article] <= first:
            opening_of.append((seen[one.article], place))
    opens = [place for _, place in sorted(opening_of)]  # the articles by turns, so that each has its say
    order = most_telling([one.text for one in usable])
    shown: list[int] = []
    left = TOKEN_BUDGET
    for place in dict.fromkeys([*opens, *order]):
        cost = estimate_tokens(usable[place].text) + 5  # "[12] " and the line's end
        if cost <= left and not any(_repeats(usable[place], usable[other]) for other in shown):
            shown.append(place)
            left -= cost
    if not shown and usable:  # one sentence without an end
        short = usable[order[0]].text[: 3 * TOKEN_BUDGET]
        return [NumberedSentence(usable[order[0]].article, usable[order[0]].sentence, short)]
    return [usable[place] for place in sorted(shown)]


def most_telling(texts: Sequence[str]) -> list[int]:
    """Places of `texts`, sentences in their order, the most telling first (`salience`)."""
    return ranked([Sentence(0, len(text), text) for text in texts])


def estimate_tokens(text: str) -> int:
    """Tokens of `text`, about: counted by no model, so that none is loaded where every answer is in the store.

    Of English news the default model makes a token of 4.5 bytes on average, of Russian and Chinese of 5.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def _repeats(one: NumberedSentence, other: NumberedSentence) -> bool:
    """Whether a reader would be told twice; an article's own sentences may be alike, but not the same."""
    return one.text == other.text if one.article == other.article else says_the_same(one.text, other.text)


def sections(evidence: Evidence, points: int) -> list[range]:
    """The sentences of one article as stretches that each become a prompt; one stretch, unless the article is long or
    more points are asked for than one prompt gives. Borders lie at headings, else where the topic shifts most.
    """
    whole = evidence.sentences
    count = word_count(evidence.text)
    wanted = max(-(-count // _SECTION) if count > LONG else 1, -(-points // 5))
    wanted = min(wanted, max(1, len(whole) // _LEAST))
    if wanted == 1:
        return [range(len(whole))]
    bags = [frozenset(stems(one.text)) for one in whole]
    borders = [0]
    for cut in range(1, wanted):
        middle = cut * len(whole) // wanted
        reach = max(1, len(whole) // wanted // 2)
        near = [
            place for place in range(middle - reach, middle + reach + 1) if borders[-1] + 2 < place < len(whole) - 2
        ]
        if near:
            borders.append(min(near, key=lambda place: (not _heading(whole[place].text), _tied(bags, place))))
    return [range(start, end) for start, end in zip(borders, [*borders[1:], len(whole)], strict=True)]


def _heading(text: str) -> bool:
    return word_count(text) <= 10 and text[-1:].isalnum() and text[:1].isupper()


def _tied(bags: Sequence[frozenset[str]], place: int, width: int = 5) -> float:
    """How much the sentences around a border share: TextTiling's gap score (Hearst, Computational Linguistics 23, 1997)
    over stems.
    """
    before = frozenset().union(*bags[max(0, place - width) : place])
    after = frozenset().union(*bags[place : place + width])
    return len(before & after) / max(1, min(len(before), len(after)))
