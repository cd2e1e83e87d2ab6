"""Fallbacks for a rejected point, and whether a line stands alone. Pure.

In doubt, quote: the fallback of a written point is its cited sentence shortened by deletion, then the whole sentence.
A grammar constrains deletion to words that cannot change the meaning: no negation, modality, allegation, number, name
or speaker.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence

from briefing.nlp.facts import names, occurrences, stems
from briefing.nlp.lexicon import DAYS_AND_MONTHS, FIRST_PERSONS, LEANING, TIMES
from briefing.nlp.numerals import numbers
from briefing.nlp.text import ENDS, word_count

_LONGEST = 45
"""Words of a sentence that is shortened; the grammar of a longer one has too many branches."""
_SHORTEST = 9
"""Words of a sentence that is shortened."""

# Words that change the meaning of others: negation, modality, allegation, plans, degrees.
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
    """Whether deletion is to be tried: in English, for a sentence of suitable length that is no question, has no
    quotation (half of which might remain) and something to delete.
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
    """GBNF grammar of `sentence` with optional adverbs and optional stretches between commas, dashes and brackets: a
    parenthesis, a phrase or clause before the subject, or a relative clause at the end.
    """
    words = _WORD.findall(sentence.rstrip(" .!?…"))
    held = _held(sentence, words)
    stretches: list[list[int]] = [[]]
    for index, word in enumerate(words):
        if stretches[-1] and (word[0] in "(–—-" or words[index - 1][-1] in ",;:)–—"):
            stretches.append([])
        stretches[-1].append(index)
    parts: list[str] = []
    previous_optional = False
    for number, stretch in enumerate(stretches):
        optional = _is_optional(words, held, stretches, number) and not previous_optional
        # The commas before and after an optional stretch are deleted with it.
        next_optional = (
            number + 1 < len(stretches) and _is_optional(words, held, stretches, number + 1) and not optional
        )
        literals = [f'"{_mark(words[stretch[0] - 1])}"'] if optional and parts else []
        for index in stretch:
            word = words[index].removesuffix(_mark(words[index]) if next_optional and index == stretch[-1] else "")
            adverb = _ADVERB.fullmatch(word) and not held[index] and not optional
            literals.append(f'(" {_escaped(word)}")?' if adverb else f'" {_escaped(word)}"')
        whole = " ".join(literal for literal in literals if literal != '""')
        parts.append(f"({whole})?" if optional else whole)
        previous_optional = optional
    return "root ::= " + " ".join(parts) + ' "."'


def _is_optional(words: Sequence[str], held: Sequence[bool], stretches: Sequence[Sequence[int]], number: int) -> bool:
    stretch = stretches[number]
    if any(held[index] for index in stretch):
        return False
    text = " ".join(words[index] for index in stretch)
    if number == len(stretches) - 1:
        return number > 0 and bool(_RELATIVE.match(text))
    return number > 0 or bool(_CLAUSE.match(text) or _PHRASE.match(text))


def _mark(word: str) -> str:
    return word[-1] if word[-1:] in ",;:" and len(word) > 1 else ""


def _held(sentence: str, words: Sequence[str]) -> list[bool]:
    """For each word, whether it must stay: negation, modality, allegation, numbers, names, speakers."""
    named = {name.key for name in names(sentence) if not name.opens}
    counted = {word for number in numbers(sentence) for word in number.surface.casefold().split()}
    bare = [word.strip(",;:()–—-'’‘…") for word in words]
    speech = {index for index, word in enumerate(bare) if _SPEECH.fullmatch(word)}
    return [
        any(c.isdigit() for c in word)
        or word.casefold() in counted
        or bool(_HELD.fullmatch(word))
        or not speech.isdisjoint({index, index + 1, index + 2})
        or any(c.isupper() for c in word[1:])
        or (word[:1].isupper() and (index > 0 or any(name.key in named for name in names(word))))
        for index, word in enumerate(bare)
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
"""Nouns for a person. Not every word in -er is one: "However, he ...", "Later she ..."."""
_CUT_SHORT = re.compile(r"\b(?:Lt|Dr|Mr|Mrs|Ms|St|Sgt|Col|Gen|Rep|Sen|Gov|Capt|Cmdr|Prof|Insp|Det|No|vs|Rev|Hon)\.$")
"""A sentence wrongly split at an abbreviation."""
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
_POINTING = re.compile(
    r"^(?:th(?:is|at|ese|ose)(?!\s+(?:week|month|year|morning|spring|summer|autumn|winter|time)\b)|"
    r"there (?:he|she|it|they)|the (?:former|latter|others?|rest|pair|duo|two|first|second|third)\b"
    r"(?=\s+(?:is|are|was|were|has|have|had|will|would|also)\b))",
    re.IGNORECASE,
)

_POINTING_BACK = re.compile(
    r"\b(?:(?:than|in|at|of|from|by|with|under|below|above|where|when|if|on|for|to|after|since|during|into|over)\s+that|"
    r"this|these|those)\s+((?:number|figure|amount|sum|total|share|average|period|level|rate|limit|age|date|stage|process|"
    r"ruling|decision|move|plan|proposal|change|measure|case|claim|charge|deal|offer|role|post|job|project|programme|scheme|"
    r"area|region|place|site|country|nation|group|company|firm|team|party|event|incident|attack|accident|law|rule|person|"
    r"man|woman|issue|problem|system|method|result|finding|view|way|money|work|document|letter|report|vessel|ship)s?|"
    r"men|women|people|children|countries|companies|parties|processes)\b"
    r"(?!\s+(?:who|that|which|of|in|from|with|on|at|to|where|whose|[a-z]+(?:ing|ed))\b)",
    re.IGNORECASE,
)
"""A demonstrative and its noun inside a line: "countries where that number is below two"."""


def unquoted(text: str) -> str:
    """`text` without its quotations."""
    return _QUOTED.sub(" ", text)


def has_dangling_reference(line: str, named: Container[str] = (), language: str = "en") -> bool:
    """Whether a line has a pronoun without antecedent, speaks in the first person, or is a quotation only.

    By surface: "he" needs a name or a person before it in the line, "it" and "they" any noun, "that number" the same
    noun; a line that opens with a subordinate clause may name them afterwards. `named`: keys of the names in the
    article, for a name that opens the line. In other languages than English only the opening word and the first person
    count.
    """
    plain = unquoted(line)
    if not stems(plain):
        return True
    if language != "en":
        return _dangles_in(language, line, plain)
    if _FIRST_PERSON.search(plain) or _POINTING.match(line.lstrip("\"“'‘ ")):
        return True
    cataphoric = bool(_CLAUSE.match(plain))
    if pronoun := _PERSON.search(plain):
        before = plain[: pronoun.start()]
        clause = before.rpartition(",")[2] if _PHRASE.match(before) and "," in before else before
        known = not _PHRASE.match(clause) and (_has_name(clause, named) or _has_person(clause))
        named_elsewhere = _has_name(before, named) or _has_name(plain[pronoun.end() :], named)
        if not known and not (cataphoric and named_elsewhere):
            return True
    if (pronoun := _OTHERS.search(plain)) and not _EXPLETIVE.match(plain, pronoun.start()):
        before = plain[: pronoun.start()]
        if not stems(before) and not (cataphoric and stems(plain[pronoun.end() :])):
            return True
    back = _POINTING_BACK.search(plain)
    return back is not None and not set(stems(back[1])) & set(stems(plain[: back.start()]))


def _dangles_in(language: str, line: str, plain: str) -> bool:
    words = [surface.casefold() for _, surface, _ in occurrences(line)][:2]
    pronoun = words[0] in LEANING.get(language, ()) and words[-1] not in TIMES.get(language, ())
    first_person = FIRST_PERSONS.get(language, frozenset())
    return pronoun or any(surface.casefold() in first_person for _, surface, _ in occurrences(plain))


def opens_as_fragment(line: str, language: str = "en") -> bool:
    """Whether an English line has no subject or continues another: "Expected to cost ...", "But employers ..."."""
    return language == "en" and bool(_CONJUNCTION.match(line) or _SUBJECTLESS.match(line))


def _has_name(text: str, named: Container[str]) -> bool:
    """Whether `text` has a name that is no day or month; at its beginning, one that the article has elsewhere."""
    return any((not name.opens or name.key in named) and name.key not in DAYS_AND_MONTHS for name in names(text))


def _has_person(text: str) -> bool:
    return any(
        _WHO.fullmatch(word) for word in _WORD.findall(text.replace("'s", " ").replace("’s", " ")) if len(word) < 30
    )


def stands_alone(sentence: str, named: Container[str] = (), language: str = "en") -> bool:
    """Whether a sentence of an article can be quoted alone; `named` as for `has_dangling_reference`."""
    plain = unquoted(sentence)
    return (
        word_count(plain) > 1  # else it is a quotation without a speaker
        and sentence.count('"') % 2 == 0
        and sentence.count("“") == sentence.count("”")
        and not has_dangling_reference(sentence, named, language)
        and not opens_as_fragment(sentence, language)
        and not plain.rstrip().endswith("?")
        and sentence[-1:] in f"{ENDS}”\"'’»“」』".replace("…", "")
        and not _CUT_SHORT.search(sentence)
    )


def is_deletion_of(line: str, sentence: str) -> bool:
    """Whether the words of `line` are a subsequence of those of `sentence`."""
    words = iter(_bare(sentence))
    return all(word in words for word in _bare(line))


def _bare(text: str) -> Sequence[str]:
    return [word.strip(".,;:!?…").casefold() for word in _WORD.findall(text)]
