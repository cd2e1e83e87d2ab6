"""Where the sentences of a paragraph end, by its language. Pure.

Candidates come from a library and from what it leaves out: stops of scripts without blanks, stops behind which a
quotation closes, "etc." The libraries are `nupunkt` for English (Punkt: Kiss and Strunk, "Unsupervised Multilingual
Sentence Boundary Detection", 2006) and `sentencex`, rules for about 300 languages, for all others. Rules about what
stands before and behind a candidate then take back the ends inside a sentence. Where both readings are possible the
longer one is taken: half a sentence cannot be quoted.

Not here: paragraphs, datelines, sentences without an end (`sentences`); tables of words (`abbreviations`),
Thai and Lao (`clause_borders`).
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from briefing.nlp.abbreviations import EITHER, INSIDE, LAST, LETTER_NAMES, OPENERS, ORDINALS, SHORT_VERBS
from briefing.nlp.clause_borders import ends_at_blanks

_CLOSING = "\"'”’»«“‘›‹」』）)］]〉》】"
"""What may stand between a stop and the end of its sentence; some open quotations in other languages."""
_CLOSING_ONLY = _CLOSING.replace("“", "").replace("«", "")
_ATTACHED = "。！？｡।॥؟۔։።፧។៕။།"
"""Stops behind which no blank is needed."""
_OWN_STOPS = re.compile(
    rf"(?:[{_ATTACHED}][!?]*|(?<=[\u3040-\u30ff\u3400-\u9fff])(?:[!?！？]{{2,}}|!|[.．?](?=[\s」』”])))+(?:[{re.escape(_CLOSING_ONLY)}]|[“«](?=\s|$))*"
)
_CLOSED_STOPS = re.compile(r"[.!?…][\"'”’»“‘]+(?=\s+\S)|[.!?…](?= [»›](?:\s|$))|[.!?…](?=\s[»«„“”‘›‹]\w)")
_WITH_BLANK = re.compile(r" [»›](?=\s|$)")
_GREEK_QUESTION = re.compile(r";(?=\s+\S)")
_LAST_WORD = re.compile(r"[.](?=\s)")

_WORD_BEFORE = re.compile(r"(?:^|[\s(\[{„“”\"«»‚‘'’/–—-])(?P<word>[^\s(\[{„“”\"«»‚‘'/–—]{1,24})\.$")
_WORD_BEHIND = re.compile(r"[\s\"'„“”«»‚‘’‹›(\[{¿¡–—-]{0,5}(?P<word>[^\W\d_][\w’'-]*)?")
_NEXT = re.compile(r"[\s\"'„“”«»‚‘’‹›(\[{¿¡–—-]{0,5}(?P<one>\S)(?P<two>\S?)")
_ORDINAL = re.compile(r"(?:\d{1,3}|[IVXLC]{1,7})(?:[.–-]{1,2}\d{1,3})?")
_PARTS = re.compile(r"(?:[^\W\d_]{1,3}\.-?)+[^\W\d_]{1,4}")
_INDIC = re.compile(r"[\u0900-\u0dff]")
_GERSHAYIM = re.compile(r"(?<=[\u05d0-\u05ea])\"(?=[\u05d0-\u05ea])")
_CASED_WITHOUT_CAPITALS = re.compile(r"[\u10d0-\u10ff]")
"""Georgian letters, which Unicode calls lower case: sentences begin with them."""
_BEFORE_CONTRACTION = re.compile(r"[.!?](?=\s{1,5}['’‘][stnk]\s{1,5}[A-Z])")
_CONTRACTED = re.compile(r"\s{1,5}['’‘][stnk](?=\s)", re.IGNORECASE)
"""A Dutch "'s" or "'t", behind which a sentence has its capital."""
_KANA = re.compile(
    r"[、，]|(?:と|って|という|など|の|は|が|を|に|で|も|か|や|だ|へ|から|まで|より|さえ|しか)"
    r"(?<!とこ)(?!ころ|ても|はいえ|かし|っと|ちろん|じめ|つて)"
)
_SAID_BEHIND = re.compile(
    r"(?:说|表示|称|道|问|喊|指出|强调|补充|解释|回答|感叹|說|稱|問|喊|強調|補充|解釋|"
    r"कहा|पूछा|बोले|बोला|बोली|बताया|کہا|پوچھا|بتایا|말했다|외쳤다|물었다|밝혔다)$"
)
"""How "..., the mayor said" ends in Chinese, Hindi, Urdu and Korean; it stands behind the stop of what was said."""
_SAID_BEFORE = re.compile(r"\s?(?:قال|سأل|أضاف|صرخ|صاح|أوضح|تساءل|하고|라고|이라고|라며|이라며|면서)")
_CLAUSE = re.compile(r"[^。！？，：；.!?।۔،؟:;,]{1,60}")

_ENCLOSED = 160
"""Characters of a quotation or of a bracket that is kept whole, in scripts whose quotation marks have two forms."""
_PAIRS = dict(zip("「『《〈（(“«【", "」』》〉）)”»】", strict=True))
_WINDOW = 40
"""Characters that are looked at on either side of a candidate."""


def sentence_ends(text: str, language: str) -> list[int]:
    """Offsets behind the sentences of `text`, a paragraph or a stretch of one; its last end is left out.

    `language`: ISO 639-1 code; empty or ``und`` where it is unknown: the script then decides, and what is an
    abbreviation or an ordinal in any language is one.
    """
    language = _known(text, language)
    if language in _AT_BLANKS:
        return [*ends_at_blanks(text)]
    text = _GERSHAYIM.sub("״", text)  # of Hebrew acronyms, which would pair up as quotation marks
    enclosed = _enclosed(text)

    def checked(candidates: Iterable[int]) -> list[int]:
        found = {_behind_stop(text, end) for end in candidates}
        return [end for end in sorted(found) if 0 < end < len(text) and not _goes_on(text, end, language, enclosed)]

    ends = checked([*_by_library(text, language), *_left_out(text, language)])
    if language != "en" and any(end - start > _LONG for start, end in pairwise([0, *ends, len(text)])):
        # sentencex keeps quotations whole, even one of a whole paragraph.
        within = checked(_by_library(text.translate(_NO_QUOTES), language))
        long = [(start, end) for start, end in pairwise([0, *ends, len(text)]) if end - start > _LONG]
        ends = sorted({*ends, *(one for one in within if _is_between(one, long))})
    return ends


def _is_between(offset: int, stretches: Sequence[tuple[int, int]]) -> bool:
    """Whether one of the stretches, which are in order, has the offset inside."""
    at = bisect_right(stretches, (offset, 0)) - 1
    return at >= 0 and stretches[at][0] < offset < stretches[at][1]


_LONG = 300
"""Characters of a sentence from which on the sentences of its quotation are told apart, as they are in English."""
_NO_QUOTES = str.maketrans(dict.fromkeys('"“”„«»‹›', " "))


def is_abbreviated(text: str, end: int, language: str) -> bool:
    """Whether a full stop that ends there belongs to an abbreviation before a name ("Mrs.Smith"), whatever follows."""
    before = _word_before(text, end)
    return before in (INSIDE.get(language, _NONE) if language not in _UNKNOWN else _EVERY_INSIDE)


_AT_BLANKS = frozenset({"th", "lo"})
_SAME_RULES = {"nb": "no", "nn": "no"}
_UNKNOWN = frozenset({"", "und", "mul", "zxx", "mis"})
_SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff]"), "zh": re.compile(r"[\u3400-\u9fff]"), "ko": re.compile(r"[\uac00-\ud7a3]"),
    "th": re.compile(r"[\u0e01-\u0e5b]"), "hi": re.compile(r"[\u0900-\u097f]"), "ar": re.compile(r"[\u0600-\u06ff]"),
    "ru": re.compile(r"[\u0400-\u04ff]"), "el": re.compile(r"[\u0370-\u03ff]"),
}  # fmt: skip
"""A language of each script, whose rules do for the others; Japanese first, for Chinese has no kana."""


def _known(text: str, language: str) -> str:
    """`language` without its region; for an unknown one that of the script of most letters, empty for Latin."""
    language = re.split("[-_]", language.strip().lower(), maxsplit=1)[0]
    language = _SAME_RULES.get(language, language)
    if language not in _UNKNOWN:
        return language
    beginning = text[:1000]
    letters = sum(map(str.isalpha, beginning))
    return next((code for code, script in _SCRIPTS.items() if len(script.findall(beginning)) > letters / 4), "")


def _by_library(text: str, language: str) -> Iterator[int]:
    if language == "en":
        import nupunkt  # 0.1 s

        for _, end in nupunkt.sent_spans(text):
            yield end
    else:
        import sentencex

        for found in sentencex.get_sentence_boundaries(language or "en", text):
            yield found["end_index"]


def _behind_stop(text: str, end: int) -> int:
    """`end` before the blanks there; before a quotation mark that opens the next sentence, behind one that closes its
    own."""
    start = end
    while end and text[end - 1].isspace():
        end -= 1
    if end == start and end > 2 and end < len(text) and text[end - 1] in '”"' and text[end - 2].isspace():
        return _behind_stop(text, end - 1)  # Swedish and Finnish: ”Hej.” has one mark for both
    if _WITH_BLANK.match(text, end):  # French
        return end + 2
    return end


# --- candidates --------------------------------------------------------------------------------------------------


def _left_out(text: str, language: str) -> Iterator[int]:
    """Ends that the libraries do not see."""
    for found in _OWN_STOPS.finditer(text):
        yield found.end()
    if language != "en":
        for found in _CLOSED_STOPS.finditer(text):
            yield _behind_stop(text, found.end())
    last = LAST.get(language, _NONE) if language else _EVERY_LAST
    either = EITHER.get(language, _NONE)
    if last:
        for found in _LAST_WORD.finditer(text):
            before = _word_before(text, found.end())
            if before in last or before in either or _joined_parts(text, found.end()) in last:
                yield found.end()
    if language == "nl":
        for found in _BEFORE_CONTRACTION.finditer(text):
            yield found.end()
    if language == "el":
        for found in _GREEK_QUESTION.finditer(text):
            yield found.end()


def _is_part_of_initials(text: str, end: int) -> bool:
    """Whether an Urdu stop stands between the letters of an acronym."""
    behind, before = text[end : end + 7], text[max(0, end - 14) : end]
    if behind[:1].strip() and (re.match(r"[^\W\d_]{1,4}۔", behind) or re.search(r"۔[^\W\d_]{1,4}۔$", before)):
        return True
    return bool(_URDU_INITIALS.search(before) or (_URDU_INITIAL.search(before) and _URDU_INITIAL_NEXT.match(behind)))


_URDU_LETTER = "(?:اے|بی|سی|ڈی|ای|ایف|جی|ایچ|آئی|جے|کے|ایل|ایم|این|او|پی|آر|ایس|ٹی|یو|وی)"
"""Names of Latin letters."""
_URDU_INITIAL = re.compile(rf"(?<!\w){_URDU_LETTER}۔$")
_URDU_INITIALS = re.compile(rf"(?<!\w){_URDU_LETTER}۔\s?{_URDU_LETTER}۔$")
_URDU_INITIAL_NEXT = re.compile(rf"\s?{_URDU_LETTER}۔")


@dataclass(frozen=True, slots=True)
class _Enclosed:
    """Quotations and brackets of at most `_ENCLOSED` characters."""

    opening: dict[int, int]
    """Where one opens, by where it closes."""
    inside: bytearray
    """Of each offset, whether a sentence that ended there would end inside of one."""


def _enclosed(text: str) -> _Enclosed:
    opened: list[int] = []
    opening: dict[int, int] = {}
    inside = bytearray(len(text) + 1)
    for at, mark in enumerate(text):
        if mark in _PAIRS:
            if _OPENS.match(text, at + 1):  # else it closes, as in German and Urdu
                opened.append(at)
        elif mark in _CLOSED:
            while opened and at - opened[-1] > _ENCLOSED:
                opened.pop()
            if opened and _PAIRS[text[opened[-1]]] == mark:
                start = opening[at] = opened.pop()
                inside[start + 1 : at + 1] = b"\1" * (at - start)
    return _Enclosed(opening, inside)


_CLOSED = frozenset(_PAIRS.values())
_OPENS = re.compile(r"[\w“‘「『《（(「—…¡¿]")


# --- what is no end ----------------------------------------------------------------------------------------------


def _goes_on(text: str, end: int, language: str, enclosed: _Enclosed) -> bool:
    """Whether the sentence goes on behind a candidate."""
    stop = end
    while stop and text[stop - 1] in _CLOSING_OR_BLANK:
        stop -= 1
    closed = stop < end
    mark = text[stop - 1 : stop]
    if text[end] in "!?！？":
        return True
    first = stop - 1
    while first > 0 and text[first] in "!?！？" and text[first - 1] in "!?！？":
        first -= 1
    if _OWN_STOPS.match(text, first):
        if mark == "۔" and _is_part_of_initials(text, end):
            return True
        return bool(enclosed.inside[end]) or (closed and _is_told(text, stop, end, language, enclosed))
    if not text[end].isspace():
        return True  # "J.-P.", "www.example.org", "“Ja.”라고"
    contracted = _CONTRACTED.match(text, end)
    following = _NEXT.match(text, contracted.end() if contracted else end)
    if following is None:
        return False
    lower = following["one"].islower() and not _CASED_WITHOUT_CAPITALS.match(following["one"])
    if lower and not following["two"].isupper():  # but "iPhone"
        return True
    if closed:
        return _is_told(text, stop, end, language, enclosed)
    return mark == "." and _is_within_words(text, end, language)


def _is_told(text: str, stop: int, end: int, language: str, enclosed: _Enclosed) -> bool:
    """Whether a quotation that opens its sentence has its speaker behind it, or a bracket is inside its sentence."""
    if language == "ja" and _KANA.match(text, end):
        return True
    opening = next((enclosed.opening[at] for at in range(stop, end) if at in enclosed.opening), None)
    if opening is None:
        # The marks of Urdu, and straight ones, open as they close.
        found = [text.rfind(mark, max(0, stop - _ENCLOSED), stop) for mark in '"”']
        opening = max(found)
        if opening < 0:
            return False
    if text[opening] in "(（":
        return opening > 0 and not _ends(text, opening)
    if opening and not _ends(text, opening):
        return False
    clause = _CLAUSE.match(text, end)
    return bool(_SAID_BEFORE.match(text, end) or (clause and _SAID_BEHIND.search(clause[0].rstrip())))


def _ends(text: str, at: int) -> bool:
    """Whether what is before an offset ends a sentence."""
    before = text[max(0, at - 4) : at].rstrip().rstrip(_CLOSING)
    return not before or before[-1] in f"{_ATTACHED}.!?…\n"


def _is_within_words(text: str, end: int, language: str) -> bool:
    """Whether the full stop before `end` belongs to an abbreviation, an initial or an ordinal."""
    before = _word_before(text, end)
    if not before or before[-1] in ".…":
        return False
    opener = _WORD_BEHIND.match(text, end)
    behind = opener["word"].casefold() if opener and opener["word"] else ""
    opens = behind in OPENERS.get(language, _NONE) if language else behind in _EVERY_OPENER
    if before in INSIDE.get(language, _NONE) or (not language and before in _EVERY_INSIDE):
        return True
    if language == "en":
        return False  # Punkt's own abbreviations and initials are better than these rules
    if _INDIC.match(before):
        return "।" in text or before in LETTER_NAMES or _is_one_letter(before)
    if language == "ko" and before.isdecimal():
        return True  # "2027. 1. 1.": Korean sentences end in a syllable
    if before.isascii() and _ORDINAL.fullmatch(before.upper()):
        return _is_ordinal(text, end, before, language) and not opens
    parts = _joined_parts(text, end)
    if before in LAST.get(language, _NONE) or parts in LAST.get(language, _NONE):
        return False
    if (len(before) == 1 and before.isalpha()) or before in _TWO_LETTERS:
        return not opens
    if before in EITHER.get(language, _NONE) or (not language and before in _EVERY_EITHER):
        return not opens
    return bool(_PARTS.fullmatch(before)) and not opens


def _is_one_letter(word: str) -> bool:
    """Whether a word of an Indic script is one letter without the signs behind it; short verbs are none of these."""
    return word not in SHORT_VERBS and sum(unicodedata.category(letter)[0] != "M" for letter in word) == 1


def _is_ordinal(text: str, end: int, before: str, language: str) -> bool:
    """Whether digits, or the number of a monarch, with a full stop are an ordinal, a date, or the number of a list."""
    if not before[0].isdigit() and len(before) == 1 and before not in "ivx":
        return True  # an initial
    if before[0].isdigit() and end - len(before) - 1 == 0:
        return True
    return not language or language in ORDINALS


def _word_before(text: str, end: int) -> str:
    """The word with a full stop that ends there, case-folded, without that stop; empty where there is none."""
    start = max(0, end - _WINDOW)
    found = _WORD_BEFORE.search(text[start:end])
    return found["word"].casefold() if found else ""


def _joined_parts(text: str, end: int) -> str:
    """An abbreviation of single letters with blanks between them ("т. д.", "s. r. o."), joined as `LAST` has it."""
    found = _SPACED.search(text[max(0, end - 12) : end])
    return found[0].replace(" ", "").rstrip(".").casefold() if found else ""


_TWO_LETTERS = frozenset({"ch", "chr", "ph", "th", "kh", "zh", "sh", "dž", "lj", "nj", "cs", "gy", "sz", "zs", "ij"})
"""Initials of more than one letter, in any language."""
_SPACED = re.compile(r"(?<!\w)(?:[^\W\d_]\. ?){2,4}$")
_CLOSING_OR_BLANK = frozenset(_CLOSING + " \u00a0\u202f")
_NONE: frozenset[str] = frozenset()
_ORDINARY = frozenset("art max on sen am is sing col fig st no min man val alt ten me or and so".split())  # noqa: SIM905
"""Abbreviations of one language that are words of another."""
_EVERY_INSIDE = frozenset().union(*INSIDE.values()) - _ORDINARY
_EVERY_EITHER = frozenset().union(*EITHER.values()) | _ORDINARY
_EVERY_LAST = frozenset().union(*LAST.values()) - frozenset(["a", "f", "i", "pr", "vs"])
_EVERY_OPENER = frozenset().union(*OPENERS.values())
