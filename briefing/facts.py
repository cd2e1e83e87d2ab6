"""What a sentence states that can be looked up: numbers, quotations, names, and the stems of its other words.

Pure. `ground` decides with these whether an article holds what a key point says; nothing here compares anything.
A number's key is its value and its unit (``2300000 $``), so that "$2.3 million", "$2.3m" and "2,300,000 dollars" are
one; a name's key is its folded form without possessive or full stops (``us`` for "U.S.'s").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from briefing.lexicon import BASE_OF
from briefing.text import RUN, fold

__all__ = [
    "Name",
    "Number",
    "Quotation",
    "names",
    "numbers",
    "occurrences",
    "quotations",
    "stem",
    "stem_of",
    "stems",
    "tokens",
]


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit: ``%``, a currency sign, or nothing. Two are equal wherever they stand."""

    value: Decimal
    unit: str
    surface: str
    """As it is written, quotation marks and hyphens straight."""
    start: int = field(default=0, compare=False)
    """Where `surface` begins in the text; it is as long there."""

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.start + len(self.surface)


@dataclass(frozen=True, slots=True)
class Name:
    """A capitalised word, or one with digits in it ("R21", "COVID-19")."""

    key: str
    surface: str
    opens: bool
    """Whether it opens the sentence, where any word is capitalised."""


@dataclass(frozen=True, slots=True)
class Quotation:
    """Words between quotation marks, folded, without punctuation."""

    key: str
    surface: str


# --- numbers -------------------------------------------------------------------------------------------------

_UNITS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "zero": 0,
    "first": 1, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12, "once": 1, "twice": 2, "double": 2, "doubled": 2, "triple": 3, "tripled": 3,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_DOZEN = 12
_SCALES = {
    "hundred": 100, "hundreds": 100, "thousand": 10**3, "thousands": 10**3, "million": 10**6, "millions": 10**6,
    "billion": 10**9, "billions": 10**9, "trillion": 10**12, "trillions": 10**12,
}  # fmt: skip
_SUFFIXES = {"k": 10**3, "m": 10**6, "mn": 10**6, "bn": 10**9, "b": 10**9, "tn": 10**12, **_SCALES}
_CURRENCY_WORDS = {
    "dollar": "$", "dollars": "$", "usd": "$", "pound": "£", "pounds": "£", "gbp": "£", "sterling": "£",
    "euro": "€", "euros": "€", "eur": "€", "yen": "¥", "rupees": "₹", "rs": "₹", "inr": "₹", "yuan": "元",
}  # fmt: skip
_PERCENT = {"%", "percent", "per cent", "percentage"}

_DIGITS = re.compile(
    r"(?<![\w.,])(?<![A-Za-z]-)(?P<currency>(?:US|A|C|NZ|HK)?[$£€¥₹]\s?|(?:Rs\.?|USD|EUR|GBP|INR)\s)?"
    r"(?P<digits>\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:[.,]\d+)*)"
    r"(?P<ordinal>st|nd|rd|th|s)?"
    r"(?:\s?-?(?P<suffix>(?:k|m|mn|bn|b|tn)(?![a-z])|(?:hundred|thousand|million|billion|trillion)s?\b))?"
    r"(?P<after>\s?%|[ -]per\s?cent\b|[ -]percentage\b)?"
    r"(?:\s(?P<word>dollars?|pounds?|euros?|yen|rupees|yuan|sterling)\b)?",
    re.IGNORECASE,
)
_RANGE = re.compile(r"\s?(?:to|and|or|-)\s?$")


def numbers(text: str) -> Iterator[Number]:
    """Yield every number of `text` in the order of its place, in digits or English words; a lone "one" is no number."""
    yield from sorted(_numbers(_straight(text)), key=lambda number: number.start)


def _numbers(plain: str) -> Iterator[Number]:
    for match in _SHARE.finditer(plain):
        yield from _share(match)
    plain = _SHARE.sub(lambda match: "_" * len(match[0]), plain)
    previous: tuple[int, Decimal, str, int] | None = None
    for match in _DIGITS.finditer(plain):
        scale = _SUFFIXES.get((match["suffix"] or "").casefold(), 1)
        unit = _unit(match["currency"], match["after"], match["word"])
        values = [value * scale for value in _values(match["digits"])]
        for value in values:
            yield Number(value.normalize(), unit, match[0].strip(), match.start())
        if previous and _RANGE.fullmatch(plain[previous[0] : match.start()]) and (scale > 1 or unit):
            # "1.5 to 2 million", "10-12%": the first of a range shares the scale and the unit of the second.
            yield Number((previous[1] * scale).normalize(), unit, previous[2], previous[3])
        previous = (match.end(), values[0] / scale, match[0].strip(), match.start()) if values else None
    yield from _in_words(plain)


_PARTS = {
    "half": 2,
    "third": 3,
    "quarter": 4,
    "fifth": 5,
    "sixth": 6,
    "seventh": 7,
    "eighth": 8,
    "ninth": 9,
    "tenth": 10,
}
_COUNTS = {"a": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
           "ten": 10}  # fmt: skip
_COUNT = rf"(?:{'|'.join(_COUNTS)}|\d{{1,2}})"
_SHARE = re.compile(
    rf"\b(?P<some>{_COUNT})\s(?:in|out of)\s(?:every\s)?(?P<all>{_COUNT}|20|50|100)\b(?!\s?(?:%|per))|"
    r"\b(?P<many>a|one|two|three|four|five|six|seven)[\s-](?P<part>third|quarter|fifth|sixth|seventh|eighth|tenth)s?"
    r"(?=\s(?:of|as|more|less|fewer)\b)|"
    r"\bhalf(?=\s(?:of|the|its|his|her|their|all)\b)|\bhalf a (?P<large>dozen|million|billion|trillion)\b",
    re.IGNORECASE,
)


def _share(match: re.Match[str]) -> Iterator[Number]:
    """ "One in five", "three quarters of", "half the" as per cent, in whole ones."""
    if match["large"]:
        whole = (_SCALES | {"dozen": _DOZEN})[match["large"].casefold()]
        yield Number((Decimal(whole) / 2).normalize(), "", match[0], match.start())
        return
    if match["some"]:
        some, every = (_COUNTS.get(word.casefold()) or int(word) for word in (match["some"], match["all"]))
    elif match["part"]:
        some, every = _COUNTS[match["many"].casefold()], _PARTS[match["part"].casefold()]
    else:
        some, every = 1, 2
    if 0 < some < every:
        yield Number((Decimal(100) * some / every).quantize(Decimal(1)).normalize(), "%", match[0], match.start())


def _unit(currency: str | None, after: str | None, word: str | None) -> str:
    if after:
        return "%"
    if word:
        return _CURRENCY_WORDS[word.casefold()]
    if currency:
        mark = currency.strip().rstrip(".").casefold()
        return _CURRENCY_WORDS.get(mark) or mark[-1]
    return ""


def _values(digits: str) -> list[Decimal]:
    """The readings of a run of digits: "1,234" is a thousand and more; "1.234" may be either, by country."""
    readings = []
    if re.fullmatch(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?", digits):
        readings.append(digits.replace(",", ""))
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?", digits):
        readings.append(digits.replace(".", "").replace(",", "."))
    elif re.fullmatch(r"\d{1,3}\.\d{3}", digits):
        readings += [digits, digits.replace(".", "")]
    elif re.fullmatch(r"\d+[.,]\d+", digits):
        readings.append(digits.replace(",", "."))
    elif re.fullmatch(r"\d+", digits):
        readings.append(digits)
    else:  # a version, a date such as 24.12.2021, an address: its parts
        readings += re.findall(r"\d+", digits)
    values = []
    for reading in readings:
        try:
            values.append(Decimal(reading[:30]))
        except InvalidOperation:  # digits of another script that Decimal does not take
            continue
    return values


_NUMBER_WORD = re.compile(
    r"\b(?:" + "|".join(sorted([*_UNITS, *_TENS, *_SCALES], key=len, reverse=True)) + r"|dozen|and|a)\b", re.IGNORECASE
)


def _in_words(plain: str) -> Iterator[Number]:
    run: list[re.Match[str]] = []
    for match in _NUMBER_WORD.finditer(plain):
        if run and not re.fullmatch(r"[\s-]+", plain[run[-1].end() : match.start()]):
            yield from _run(run, plain)
            run = []
        run.append(match)
    yield from _run(run, plain)


def _run(run: list[re.Match[str]], plain: str) -> Iterator[Number]:
    opening = None
    while run and run[0][0].casefold() in {"and", "a"}:
        opening, run = run[0], run[1:]
    while run and run[-1][0].casefold() in {"and", "a"}:
        run = run[:-1]
    said = [match[0].casefold() for match in run]
    if not said or said == ["one"] or all(word in _SCALES for word in said):
        # "hundreds of thousands" and a bare "million" behind digits name no value.
        return
    behind = plain[run[-1].end() : run[-1].end() + 12]
    after = re.match(r"\s?(%|per\s?cent|percentage)|\s(dollars?|pounds?|euros?|yen|rupees|yuan)\b", behind)
    unit = "" if not after else "%" if after[1] else _CURRENCY_WORDS[after[2]]
    # "a dozen", "a hundred and five": before anything else "a" and "and" are no part of a number.
    article = opening if opening and opening[0] in "aA" and said[0] in {"dozen", *_SCALES} else None
    for value, first, last in _values_of_words(said):
        start = article.start() if article and not first else run[first].start()
        yield Number(Decimal(value), unit, plain[start : run[last].end()], start)


def _values_of_words(run: list[str]) -> list[tuple[int, int, int]]:
    """Values of number words, each with the places of its first and last word: "two hundred and five" is one value,
    "two and three" are two.
    """
    found: list[tuple[int, int, int]] = []
    total = current = first = end = 0
    last = ""
    for place, word in enumerate(run):
        if word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                current = max(current, 1) * 100
            else:
                total += max(current, 1) * scale
                current = 0
        elif word == "dozen" and last in _UNITS:
            current *= _DOZEN
        elif word not in {"and", "a"}:
            value = _UNITS.get(word) or _TENS.get(word) or (_DOZEN if word == "dozen" else 0)
            joins = (last in _TENS and value < 10) or last in _SCALES or (last == "and" and (total or current >= 100))
            if place and not joins:
                found.append((total + current, first, end))
                total = current = 0
                first = place
            current += value
        if word not in {"and", "a"}:
            end = place
        last = word
    found.append((total + current, first, end))
    return found


# --- quotations ----------------------------------------------------------------------------------------------

_QUOTED = re.compile(r'"([^"]{2,})"|(?<![\w"])\'([^\']{2,}(?:\'\w[^\']*)*)\'(?!\w)')


def quotations(text: str) -> Iterator[Quotation]:
    """Yield what stands between quotation marks in `text`; apostrophes inside words are none."""
    plain = _straight(text)
    for match in _QUOTED.finditer(plain):
        surface = match[1] or match[2] or ""
        if key := " ".join(tokens(surface)):
            yield Quotation(key, surface)


# --- words ---------------------------------------------------------------------------------------------------

_TOKEN = re.compile(rf"(?:[^\W\d_]\.){{2,}}|{RUN}(?:['.]{RUN})*")
_SENTENCE_END = re.compile(r"[.!?:;\"'(\[]\s*$")


def tokens(text: str) -> list[str]:
    """Folded words of `text`: no case, accents, possessives, or full stops in abbreviations; hyphens part them."""
    return [_key(match[0]) for match in _TOKEN.finditer(_straight(text))]


def occurrences(text: str) -> Iterator[tuple[int, str, str]]:
    """Yield every word of `text`: its offset, as written (quotation marks straight), and folded as by `tokens`."""
    for match in _TOKEN.finditer(_straight(text)):
        yield match.start(), match[0], _key(match[0])


@lru_cache(maxsize=65536)
def _key(word: str) -> str:
    return _folded(word).removesuffix("'s").replace(".", "").strip("'").replace("'", "")


@lru_cache(maxsize=65536)
def _folded(word: str) -> str:
    return fold(word)


def _straight(text: str) -> str:
    return text.translate(_QUOTES)


_QUOTES = str.maketrans(
    dict.fromkeys("‘’‚‛ʼ`´", "'") | dict.fromkeys("“”„‟«»", '"') | dict.fromkeys("‐‑‒–—−", "-") | {"\u00a0": " "}
)


def names(text: str) -> Iterator[Name]:
    """Yield every capitalised word of `text`, and every word of letters and digits together ("R21", "iPhone")."""
    plain = _straight(text)
    for match in _TOKEN.finditer(plain):
        word = match[0]
        has_digit = any(c.isdigit() for c in word)
        if has_digit and not any(c.isalpha() for c in word):
            continue
        if has_digit and re.fullmatch(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th|s|k|m|mn|bn|b|tn)", word, re.IGNORECASE):
            continue  # `numbers` has it
        if not (has_digit or any(c.isupper() for c in word)):
            continue
        before = plain[: match.start()]
        opens = not before.strip(" -\"'([") or bool(_SENTENCE_END.search(before))
        if word in {"I", "A"} or (key := _key(word)) == "":
            continue
        yield Name(key, word, opens)


_ENDINGS = ("ations", "ation", "ments", "ment", "ingly", "edly", "ings", "ing", "ies", "ied", "ers", "ors", "est",
            "ed", "er", "or", "ly", "es", "s", "e", "y")  # fmt: skip


@lru_cache(maxsize=65536)
def stem(token: str) -> str:
    """The beginning that a word's forms share, roughly: "voted" and "voting" give one, so do "rose" and "rise"."""
    token = BASE_OF.get(token, token)
    for ending in _ENDINGS:
        if token.endswith(ending) and len(token) - len(ending) >= 3:
            token = token[: -len(ending)]
            break
    if len(token) > 4 and token[-1] == token[-2]:
        token = token[:-1]  # "stopped" -> "stop"
    return token.removesuffix("e") if len(token) > 4 else token


def stems(text: str) -> list[str]:
    """Stems of the words of `text` that carry content, numbers apart; in unspaced scripts, pairs of characters."""
    found: list[str] = []
    for token in tokens(text):
        if len(token) > 3 and not token[0].isascii() and not _spaced(token[0]):
            found += [token[i : i + 2] for i in range(len(token) - 1)]
        elif root := stem_of(token):
            found.append(root)
    return found


def stem_of(token: str) -> str:
    """The stem of a word that carries content; empty for function words, single letters and numbers."""
    return stem(token) if len(token) > 1 and token not in _FUNCTION_WORDS and not token[0].isdigit() else ""


def _spaced(character: str) -> bool:
    return not (
        "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or "\u0e00" <= character <= "\u0e7f"
    )


_FUNCTION_WORDS = frozenset(
    """
    a about above according after again against ago all also although am amid among an and another any are around as
    at away back be because been before being below between both but by came can cannot come could despite did do
    does doing done down during each either else even ever every few for from further get gets getting go goes going
    got had has have having he her here hers him himself his how however i if in including instead into is it its
    itself just last let like made make makes making many may me might more most much must my neither new next no
    nor not now of off on once one only onto or other others our out over own per rather said same say says she
    should since so some still such than that the their them themselves then there these they this those though
    through to too toward towards under until up upon us very via was we were what when where whether which while
    who whom whose why will with within without would yet you your
    """.split()  # noqa: SIM905 - a list of 200 literals reads worse
)
