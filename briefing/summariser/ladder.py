"""What may stand for a point that did not hold, and when a line stands alone. Pure.

In doubt, quote: below a point in the model's words stands the cited sentence shortened by leaving words out, and below
that the sentence whole, as a quotation. Leaving out is held to by a grammar: a sentence's own words in their order, of
which only those may go that cannot turn its meaning: no denial, possibility, allegation, number, name, nor who said it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from briefing.nlp.facts import names, numbers, occurrences, stems
from briefing.nlp.lexicon import FIRST_PERSONS, LEANING, TIMES
from briefing.nlp.text import ENDS, word_count

__all__ = [
    "deletion_grammar",
    "has_dangling_reference",
    "is_deletion_of",
    "is_shortenable",
    "opens_as_fragment",
    "stands_alone",
    "unquoted",
]

_LONGEST = 45
"""Words of a sentence that is shortened; a longer one's grammar and its meaning have too many branches."""
_SHORTEST = 9
"""Words of a sentence that can lose some."""

# Words that change what the others mean, by their beginnings: denials, possibilities, allegations, plans, degrees.
_HELD = re.compile(
    r"(?:not|no|never|none|nobody|nothing|neither|nor|without|cannot|\w+n['’]t|hardly|barely|unless|if|"
    r"may|might|could|would|should|can|must|will|shall|ought|"
    r"alleg\w*|accus\w*|fear\w*|understood|so-called|appear\w*|seem\w*|estimat\w*|order\w*|rarely|seldom|scarcely|"
    r"once|twice|first|last|only|ever|every|all|both|each|any|many|much|nor|but|"
    r"suspect\w*|claim\w*|reported\w*|apparent\w*|supposed\w*|purported\w*|believ\w*|likely|unlikely|"
    r"possibl\w*|probabl\w*|perhaps|maybe|potential\w*|expect\w*|plan\w*|propos\w*|attempt\w*|tri(?:ed|es)|try\w*|"
    r"threat\w*|consider\w*|hop(?:e|es|ed|ing)|intend\w*|almost|nearly|only|about|around|least|most|more|less|fewer|"
    r"than|up|over|under|former\w*|ex|acting|some|few|half|several|den(?:y|ies|ied)|reject\w*|refus\w*|fail\w*|"
    r"said|says?|told|tells?|according|to|by|warn\w*|argu\w*|insist\w*|announc\w*|add(?:ed|s)|state[ds]|"
    r"after|before|until|since|because|against|for)",
    re.IGNORECASE,
)
_SPEECH = re.compile(
    r"said|says?|told|tells?|according|warn\w*|argu\w*|insist\w*|announc\w*|adds|added|states?|stated|claim\w*|"
    r"believ\w*|estimat\w*|report\w*|den(?:y|ies|ied)|admit\w*|confirm\w*|wrote|writes|tweeted",
    re.IGNORECASE,
)
_WORD = re.compile(r"\S+")


def is_shortenable(sentence: str, language: str = "en") -> bool:
    """Whether leaving words out is to be tried: not of a short or a very long sentence, a question, one that quotes (of
    which half might be left) or one in which everything must stay; nor in a language of which is not known what must.
    """
    tokens = _WORD.findall(sentence)
    return (
        language == "en"
        and word_count(sentence) >= _SHORTEST
        and len(tokens) <= _LONGEST
        and not sentence.rstrip().endswith("?")
        and not re.search(r"[\"“”‘«»|\[\]\x00]|(?<!\w)'", sentence)
        and ")?" in deletion_grammar(sentence)
    )


def deletion_grammar(sentence: str) -> str:
    """GBNF grammar of what `sentence` can become by leaving out adverbs and whole stretches between commas, dashes and
    brackets in which nothing must stay: inside it, a phrase or clause before its subject, or a relative clause at its
    end; so that what is left is still a sentence.
    """
    words = _WORD.findall(sentence.rstrip(" .!?…"))
    held = _held(sentence, words)
    stretches: list[list[int]] = [[]]
    for place, word in enumerate(words):
        if stretches[-1] and (word[0] in "(–—-" or words[place - 1][-1] in ",;:)–—"):
            stretches.append([])
        stretches[-1].append(place)
    parts: list[str] = []
    goes_before = False
    for number, stretch in enumerate(stretches):
        goes = _may_go(words, held, stretches, number) and not goes_before
        # The comma before a stretch that may go goes with it, and so does the one behind.
        coming = number + 1 < len(stretches) and _may_go(words, held, stretches, number + 1) and not goes
        literals = [] if not (goes and parts) else [f'"{_mark(words[stretch[0] - 1])}"']
        for place in stretch:
            word = words[place].removesuffix(_mark(words[place]) if coming and place == stretch[-1] else "")
            adverb = _ADVERB.fullmatch(word) and not held[place] and not goes
            literals.append(f'(" {_escaped(word)}")?' if adverb else f'" {_escaped(word)}"')
        whole = " ".join(one for one in literals if one != '""')
        parts.append(f"({whole})?" if goes else whole)
        goes_before = goes
    return "root ::= " + " ".join(parts) + ' "."'


def _may_go(words: Sequence[str], held: Sequence[bool], stretches: Sequence[Sequence[int]], number: int) -> bool:
    stretch = stretches[number]
    if any(held[place] for place in stretch):
        return False
    text = " ".join(words[place] for place in stretch)
    if number == len(stretches) - 1:
        return number > 0 and bool(_RELATIVE.match(text))
    return number > 0 or bool(_CLAUSE.match(text) or _PHRASE.match(text))


def _mark(word: str) -> str:
    return word[-1] if word[-1:] in ",;:" and len(word) > 1 else ""


def _held(sentence: str, words: Sequence[str]) -> list[bool]:
    """Of each word, whether it may not go: denials, possibilities, allegations, numbers, names, who said it."""
    named = {name.key for name in names(sentence) if not name.opens}
    counted = {word for number in numbers(sentence) for word in number.surface.casefold().split()}
    bare = [word.strip(",;:()–—-'’‘…") for word in words]
    speaks = {place for place, word in enumerate(bare) if _SPEECH.fullmatch(word)}
    return [
        any(c.isdigit() for c in word)
        or word.casefold() in counted
        or bool(_HELD.fullmatch(word))
        or not speaks.isdisjoint({place, place + 1, place + 2})
        or any(c.isupper() for c in word[1:])
        or (word[:1].isupper() and (place > 0 or any(name.key in named for name in names(word))))
        for place, word in enumerate(bare)
    ]


_RELATIVE = re.compile(r"[(–—-]*\s*(?:which|who|whose|where|while|including|[a-z]{2,}ing)\b")
_ADVERB = re.compile(r"(?:[a-z]{2,}ly|also|just|very|now|still|then|even|so|quite|rather)")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


_PERSON = re.compile(r"\b(?:he|she|him|his|hers?|himself|herself)\b", re.IGNORECASE)
_OTHERS = re.compile(r"\b(?:it|its|they|them|their|theirs|itself|themselves)\b", re.IGNORECASE)
_EXPLETIVE = re.compile(
    r"\bit\b(?=\s+(?:is|was|will be|would be|remains|has been|became|seems|appears|takes?|took)\b"
    r".*\b(?:that|whether|how|to)\b)",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(r"\b(?:I|I['’](?:m|ve|d|ll)|[Mm]y|me|[Ww]e|[Ww]e['’](?:re|ve|d|ll)|[Oo]urs?|us|mine)\b")
_QUOTED = re.compile(r"[\"“„«»][^\"“”„«»]*[\"”“»«]?")
_WHO = re.compile(
    r"(?:man|men|woman|women|boys?|girls?|mother|father|sons?|daughters?|wife|husband|brothers?|sisters?|baby|child|couple|"
    r"victims?|president|chief|head|mayor|king|queen|prince|princess|coach|captain|star|champion|pope|judge|guard|nurse|"
    r"student|patient|suspect|pensioner|teenager|minister|owner|driver|player|teacher|officer|lawyer|leader|manager|writer|"
    r"singer|actor|doctor|director|author|senator|governor|founder|keeper|striker|defender|winner|rider|runner|farmer|"
    r"spokes(?:man|woman|person)|police(?:man|woman)|gun(?:man|men)|chair(?:man|woman)|business(?:man|woman)|"
    r"[a-z]{3,}(?:ist|ian|eer))",
    re.IGNORECASE,
)
"""Words for one person. Not every word in -er is one: "However, he ...", "Later she ..."."""
_CUT_SHORT = re.compile(r"\b(?:Lt|Dr|Mr|Mrs|Ms|St|Sgt|Col|Gen|Rep|Sen|Gov|Capt|Cmdr|Prof|Insp|Det|No|vs|Rev|Hon)\.$")
"""Where a sentence was cut at an abbreviation."""
_CONJUNCTION = re.compile(
    r"^(?:and|but|so|or|yet|nor|however|instead|then|also|meanwhile|therefore|thus)\b[, ]", re.IGNORECASE
)
_SUBJECTLESS = re.compile(
    r"^(?:\w+(?:ed|ing|wn)\s+(?:to|by|in|at|for|from|with|on|as|of)\b(?![^,]*,\s+(?:the|a|an|\w+ed|[A-Z])\b)|"
    r"(?:another|both|such|here|others?|either|neither|due to|set to|which|who|where|whose)\b)",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r"^(?:after|when|while|as|before|although|though|despite|because|since|if)\b", re.IGNORECASE)
_PHRASE = re.compile(
    r"^\s*(?:in|with|on|at|for|from|during|under|over|by|of|to|according to|last|earlier|later|however|never|instead|"
    r"also|meanwhile|then|here|there|once|now|still|yet|nor|and|but|so|that|this|next|both|such)\b",
    re.IGNORECASE,
)
_DAYS = frozenset(
    """monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
    september october november december""".split()  # noqa: SIM905
)
_POINTING = re.compile(
    r"^(?:th(?:is|at|ese|ose)(?!\s+(?:week|month|year|morning|spring|summer|autumn|winter|time)\b)|"
    r"there (?:he|she|it|they)|the (?:former|latter|others?|rest|pair|duo|two|first|second|third)\b"
    r"(?=\s+(?:is|are|was|were|has|have|had|will|would|also)\b))",
    re.IGNORECASE,
)


def unquoted(text: str) -> str:
    """`text` without what stands between double quotation marks."""
    return _QUOTED.sub(" ", text)


def has_dangling_reference(line: str, named: Container[str] = (), language: str = "en") -> bool:
    """Whether a line needs one before it to be understood: a pronoun comes without its noun, somebody speaks as "I", or
    all of it is somebody's words.

    By surface: "he" wants a name or a person before it in the line, "it" and "they" any noun; a line that opens with a
    subordinate clause may name them afterwards. `named`: keys of the names in the article, for what opens the line.
    In another language than English only the opening word and the first person tell.
    """
    plain = unquoted(line)
    if not stems(plain):
        return True
    if language != "en":
        return _leans_elsewhere(line, plain, language)
    if _FIRST_PERSON.search(plain) or _POINTING.match(line.lstrip("\"“'‘ ")):
        return True
    after = bool(_CLAUSE.match(plain))
    if found := _PERSON.search(plain):
        before = plain[: found.start()]
        clause = before.rpartition(",")[2] if _PHRASE.match(before) and "," in before else before
        known = not _PHRASE.match(clause) and (_has_name(clause, named) or _has_person(clause))
        if not known and not (after and (_has_name(before, named) or _has_name(plain[found.end() :], named))):
            return True
    if (found := _OTHERS.search(plain)) and not _EXPLETIVE.match(plain, found.start()):
        before = plain[: found.start()]
        if not stems(before) and not (after and stems(plain[found.end() :])):
            return True
    return False


def _leans_elsewhere(line: str, plain: str, language: str) -> bool:
    words = [surface.casefold() for _, surface, _ in occurrences(line)][:2]
    takes_up = words[0] in LEANING.get(language, ()) and words[-1] not in TIMES.get(language, ())
    spoken = FIRST_PERSONS.get(language, frozenset())
    return takes_up or any(surface.casefold() in spoken for _, surface, _ in occurrences(plain))


def opens_as_fragment(line: str, language: str = "en") -> bool:
    """Whether a line has no subject of its own or goes on from another: "Expected to cost ...", "But employers ...".

    Known of English only.
    """
    return language == "en" and bool(_CONJUNCTION.match(line) or _SUBJECTLESS.match(line))


def _has_name(text: str, named: Container[str]) -> bool:
    """Whether `text` has a name in it that can be somebody's; a capital at its beginning counts where the article has
    that name elsewhere.
    """
    return any((not name.opens or name.key in named) and name.key not in _DAYS for name in names(text))


def _has_person(text: str) -> bool:
    return any(
        _WHO.fullmatch(word) for word in _WORD.findall(text.replace("'s", " ").replace("’s", " ")) if len(word) < 30
    )


def stands_alone(sentence: str, named: Container[str] = (), language: str = "en") -> bool:
    """Whether a sentence of an article can be quoted without the one before it; `named` as for that function."""
    said = unquoted(sentence)
    return (
        word_count(said) > 1  # else it is somebody's words, and nobody is told whose
        and sentence.count('"') % 2 == 0
        and sentence.count("“") == sentence.count("”")
        and not has_dangling_reference(sentence, named, language)
        and not opens_as_fragment(sentence, language)
        and not said.rstrip().endswith("?")
        and sentence[-1:] in f"{ENDS}”\"'’»“」』".replace("…", "")
        and not _CUT_SHORT.search(sentence)
    )


def is_deletion_of(line: str, sentence: str) -> bool:
    """Whether `line` is `sentence` with words left out: its words, in its order."""
    rest = iter(_bare(sentence))
    return all(word in rest for word in _bare(line))


def _bare(text: str) -> Sequence[str]:
    return [word.strip(".,;:!?…").casefold() for word in _WORD.findall(text)]
