"""Parses the numbers of a text with their units: digits of any script, English words, fractions. Pure.

Numbers are compared by value and unit, so that "$2.3 million", "$2.3m" and "2,300,000 dollars" are equal.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

from briefing.nlp.text import CASED, straight


@dataclass(frozen=True, slots=True)
class Number:
    """A number with its unit; equality ignores its position."""

    value: Decimal
    unit: str
    """``%``, a currency sign, or empty."""
    surface: str
    """As written, with straight quotation marks and hyphens."""
    start: int = field(default=0, compare=False)
    """Character offset of `surface` in the text, where it has the same length."""

    @property
    def end(self) -> int:
        """Character offset of its end in the text."""
        return self.start + len(self.surface)

    @property
    def key(self) -> str:
        """Its key for look-ups: value and unit."""
        return f"{self.value} {self.unit}".rstrip()


def is_rounding_of(shown: Decimal, exact: Decimal, rounding: str = ROUND_HALF_EVEN) -> bool:
    """Whether `shown` is `exact` rounded to the digits of `shown`, two at least: 7.7 for 7.68, 48 for 48.4."""
    digits = len(shown.normalize().as_tuple().digits)
    return digits >= 2 and Context(prec=digits, rounding=rounding).create_decimal(exact) == shown


_CARDINALS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "zero": 0,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9, "tenth": 10,
    "eleventh": 11, "twelfth": 12,
}  # fmt: skip
_MULTIPLES = {"once": 1, "twice": 2, "double": 2, "doubled": 2, "triple": 3, "tripled": 3}
_UNITS = {**_CARDINALS, **_ORDINALS, **_MULTIPLES}
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
    "元": "元", "美元": "$", "欧元": "€", "英镑": "£", "日元": "¥", "円": "¥", "ドル": "$", "ユーロ": "€",
    "ポンド": "£", "달러": "$", "유로": "€",
}  # fmt: skip

_BEGINS = rf"(?<!{CASED})(?<![\d_.,])(?<![A-Za-z]-)"
_MONEY = (
    r"(?:\s(?P<word>dollars?|pounds?|euros?|yen|rupees|yuan|sterling)\b|"
    r"\s?(?P<sign>[美欧日]?元|英镑|円|ドル|ユーロ|ポンド|달러|유로))?"
)
_MONEY_BEHIND = re.compile(_MONEY)
_DIGITS = re.compile(
    rf"{_BEGINS}(?P<currency>(?:US|A|C|NZ|HK)?[$£€¥₹]\s?|(?:Rs\.?|USD|EUR|GBP|INR)\s)?"
    r"(?P<digits>\d{1,3}(?:,\d{2,3})+(?:\.\d+)?|\d+(?:[.,]\d+)*)"
    r"(?P<ordinal>st|nd|rd|th|s)?"
    r"(?:\s?-?(?P<suffix>(?:k|m|mn|bn|b|tn)(?![a-z])|(?:hundred|thousand|million|billion|trillion)s?\b))?"
    rf"(?P<after>\s?[%％]|[ -]per\s?cent\b|[ -]percentage\b)?{_MONEY}",
    re.IGNORECASE,
)
_LONGEST_RUN = 60
"""Characters of digits, points and commas parsed as one number, date or version; of a longer run, such as a table
without spaces, each part is a number."""
_PART = re.compile(r"(?<!\d)\d{1,30}(?!\d)")
_RANGE = re.compile(r"\s?(?:to|and|or|-)\s?$")


def numbers(text: str) -> Iterator[Number]:
    """Yield every number of `text`, in digits or English words, by offset; a lone "one" is no number."""
    yield from sorted(_unsorted_numbers(straight(text)), key=lambda number: number.start)


def _unsorted_numbers(plain: str) -> Iterator[Number]:
    for match in _FRACTION.finditer(plain):
        yield from _fraction(match)
    plain = _FRACTION.sub(lambda match: "_" * len(match[0]), plain)
    if not plain.isascii():
        rest, taken = [], 0
        for start, end, value in myriad_numbers(plain):
            money = _MONEY_BEHIND.match(plain, end)
            unit = _unit(None, None, (money["word"] or money["sign"]) if money else None)
            yield Number(value.normalize(), unit, plain[start:end], start)
            rest += [plain[taken:start], "_" * (end - start)]
            taken = end
        plain = "".join([*rest, plain[taken:]])
    previous: tuple[int, Decimal, str, int] | None = None
    for match in _DIGITS.finditer(plain):
        if len(match["digits"]) > _LONGEST_RUN:
            yield from _parts_of_run(match)
            previous = None
            continue
        surface = match[0].strip()
        scale = _SUFFIXES.get((match["suffix"] or "").casefold(), 1)
        unit = _unit(match["currency"], match["after"], match["word"] or match["sign"])
        values = [value * scale for value in _values(match["digits"])]
        for value in values:
            yield Number(value.normalize(), unit, surface, match.start())
        if previous and _RANGE.fullmatch(plain[previous[0] : match.start()]) and (scale > 1 or unit):
            # "1.5 to 2 million", "10-12%": the first of a range shares the scale and the unit of the second.
            yield Number((previous[1] * scale).normalize(), unit, previous[2], previous[3])
        previous = (match.end(), values[0] / scale, surface, match.start()) if values else None
    yield from _numbers_in_words(plain)


def _parts_of_run(match: re.Match[str]) -> Iterator[Number]:
    """The parts of a run of digits that is too long for one number, each at its own offset."""
    for part in _PART.finditer(match["digits"]):
        for value in _values(part[0]):
            yield Number(value.normalize(), "", part[0], match.start("digits") + part.start())


_DENOMINATORS = {**_ORDINALS, "quarter": 4}
_COUNTS = {"a": 1} | {word: value for word, value in _CARDINALS.items() if 1 <= value <= 10}
_COUNT = rf"(?:{'|'.join(_COUNTS)}|\d{{1,2}})"
_FRACTION = re.compile(
    rf"\b(?P<some>{_COUNT})\s(?:in|out of)\s(?:every\s)?(?P<all>{_COUNT}|20|50|100)\b(?!\s?(?:%|per))|"
    r"\b(?P<many>a|one|two|three|four|five|six|seven)[\s-](?P<part>third|quarter|fifth|sixth|seventh|eighth|tenth)s?"
    r"(?=\s(?:of|as|more|less|fewer)\b)|"
    r"\bhalf(?=\s(?:of|the|its|his|her|their|all)\b)|\bhalf a (?P<large>dozen|million|billion|trillion)\b",
    re.IGNORECASE,
)


def _fraction(match: re.Match[str]) -> Iterator[Number]:
    """ "One in five", "three quarters of", "half the" as whole per cent; "half a million" as a number."""
    if match["large"]:
        whole = (_SCALES | {"dozen": _DOZEN})[match["large"].casefold()]
        yield Number((Decimal(whole) / 2).normalize(), "", match[0], match.start())
        return
    if match["some"]:
        some, every = (_COUNTS.get(word.casefold()) or int(word) for word in (match["some"], match["all"]))
    elif match["part"]:
        some, every = _COUNTS[match["many"].casefold()], _DENOMINATORS[match["part"].casefold()]
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
    """Possible values of a run of digits: "1,234" has a thousands separator; "1.234" may, by locale."""
    readings = []
    if digits.isdecimal():
        readings.append(digits)
    elif re.fullmatch(r"\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d+)?", digits):
        readings.append(digits.replace(",", ""))
    elif re.fullmatch(r"\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?", digits):
        readings.append(digits.replace(".", "").replace(",", "."))
    elif re.fullmatch(r"\d{1,3}\.\d{3}", digits):
        readings += [digits, digits.replace(".", "")]
    elif re.fullmatch(r"\d+[.,]\d+", digits):
        readings.append(digits.replace(",", "."))
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


def _numbers_in_words(plain: str) -> Iterator[Number]:
    run: list[re.Match[str]] = []
    for match in _NUMBER_WORD.finditer(plain):
        if run and not re.fullmatch(r"[\s-]+", plain[run[-1].end() : match.start()]):
            yield from _numbers_of_run(run, plain)
            run = []
        run.append(match)
    yield from _numbers_of_run(run, plain)


def _numbers_of_run(run: list[re.Match[str]], plain: str) -> Iterator[Number]:
    """Numbers of adjacent number words."""
    words = [match[0].casefold() for match in run]
    counted = [index for index, word in enumerate(words) if word not in {"and", "a"}]
    first, last = (counted[0], counted[-1] + 1) if counted else (0, 0)
    before = run[first - 1] if first else None
    run, words = run[first:last], words[first:last]
    if not words or words == ["one"] or all(word in _SCALES for word in words):
        # "hundreds of thousands" and a bare "million" behind digits name no value.
        return
    behind = plain[run[-1].end() : run[-1].end() + 12]
    after = re.match(r"\s?(%|per\s?cent|percentage)|\s(dollars?|pounds?|euros?|yen|rupees|yuan)\b", behind)
    unit = "" if not after else "%" if after[1] else _CURRENCY_WORDS[after[2]]
    # "a dozen", "a hundred and five": before anything else "a" and "and" are no part of a number.
    article = before if before and before[0] in "aA" and words[0] in {"dozen", *_SCALES} else None
    for value, first, last in _values_of_words(words):
        start = article.start() if article and not first else run[first].start()
        yield Number(Decimal(value), unit, plain[start : run[last].end()], start)


def _values_of_words(run: list[str]) -> list[tuple[int, int, int]]:
    """Values of number words, each with the indices of its first and last word: "two hundred and five" is one value,
    "two and three" are two.
    """
    found: list[tuple[int, int, int]] = []
    total = current = first = end = 0
    last = ""
    for index, word in enumerate(run):
        if word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                if current >= 100:  # "hundred hundred" is no number, and would be one without an end
                    found.append((total + current, first, end))
                    total = current = 0
                    first = index
                current = max(current, 1) * 100
            else:
                total += max(current, 1) * scale
                current = 0
        elif word == "dozen" and last in _UNITS:
            current *= _DOZEN
        elif word not in {"and", "a"}:
            value = _UNITS.get(word) or _TENS.get(word) or (_DOZEN if word == "dozen" else 0)
            joins = (last in _TENS and value < 10) or last in _SCALES or (last == "and" and (total or current >= 100))
            if index and not joins:
                found.append((total + current, first, end))
                total = current = 0
                first = index
            current += value
        if word not in {"and", "a"}:
            end = index
        last = word
    found.append((total + current, first, end))
    return found


# --- Chinese, Japanese and Korean: digits before magnitudes; "3.5万" is 35,000, "1億2000万" is 120 million ---

_MAGNITUDES = {
    **dict.fromkeys("百백", 10**2), **dict.fromkeys("千천", 10**3), **dict.fromkeys("万萬만", 10**4),
    **dict.fromkeys("亿億억", 10**8), **dict.fromkeys("兆조", 10**12),
}  # fmt: skip
# Not before units: kilometre, kilogram, kilowatt and megawatt begin with the magnitudes 千 and 兆 (千米, 千克, 兆瓦).
_MYRIAD = r"(\d+(?:,\d{3})*(?:\.\d+)?)\s?([百千백천]?[万萬만]?[万萬亿億兆만억조]|[千천])(?![米克瓦赫卡字帕焦])"
_MYRIAD_PART = re.compile(_MYRIAD)
_MYRIADS = re.compile(rf"(?<![\d_.,])(?<!제)(?:{_MYRIAD}\s?)*{_MYRIAD}(?:\d{{1,4}}(?![\d.,]))?")


def myriad_numbers(text: str) -> Iterator[tuple[int, int, Decimal]]:
    """Yield start, end and value of every number with an East Asian magnitude; parts of falling magnitude are one."""
    for whole in _MYRIADS.finditer(text):
        start = end = whole.start()
        total, last = Decimal(0), 0
        for part in _MYRIAD_PART.finditer(text, whole.start(), whole.end()):
            scale = math.prod(_MAGNITUDES[sign] for sign in part[2])
            if last and scale >= last:  # "1万 2万" are two
                yield start, end, total
                start, total = part.start(), Decimal(0)
            total += Decimal(part[1].replace(",", "")[:30]) * scale
            end, last = part.end(), scale
        rest = text[end : whole.end()]
        if rest.isdigit():
            total, end = total + int(rest), whole.end()
        yield start, end, total
