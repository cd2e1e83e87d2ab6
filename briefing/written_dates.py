"""Dates as feeds, pages and mails write them: to a moment, a day, or a reason why not. Pure, but for time zone data.

What is written decides, and nothing is made up: a time whose zone nobody knows is no time in UTC but only its day
(RFC 5322, 4.3, says as much of unknown names: they tell nothing), and a date whose day and month cannot be told apart
is none. feedparser's own readings are not used: it takes every zone that it does not know for UTC and what is left of a
date for midnight, and does not say so. The names of months in other languages are dateparser's; it is given single
words and never the whole date, since it would complete that with today's and with the machine's time zone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from briefing.dates import exact_time, utc_or_none

_LONGEST = 100
"""Characters of a date that are looked at."""
_MOST_WORDS = 60
"""Words that one reader looks up: a language has 12 months and 7 days in two forms each. One takes 20 ms at most."""


class Doubt(StrEnum):
    """What of a written date is not known."""

    DATE = "date"
    """All of it."""
    ORDER = "order"
    """Which number is the day and which the month; there is no date."""
    TIME = "time"
    """The time or its zone: only the day is known."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a written date says."""

    written: datetime | None = None
    """With a zone, UTC where none is named; of a mere day midnight without a zone."""
    doubt: Doubt | None = None
    """None also where nothing is written."""

    @property
    def published(self) -> datetime | None:
        """UTC, with date-only values (`dates`); None where there is no date."""
        return utc_or_none(self.written)


def mail_date(text: str) -> datetime | None:
    """The date in a mail's header (RFC 5322) as an exact time in UTC, its zone where it names none; None for no date.

    Date-only where the time is not known. Months are English: other names would be looked up anew for each mail.
    """
    written = DateReader(only_english=True).read(text).written
    if written is None or written.tzinfo is None:
        return utc_or_none(written)
    try:
        return exact_time(written)
    except OverflowError:
        return None


class DateReader:
    """Reads the dates of one feed or page."""

    def __init__(
        self, language: str = "", host: str = "", *, samples: Iterable[str] = (), only_english: bool = False
    ) -> None:
        """
        Args:
            language: as declared, such as ``en-US``; empty or wrong where it is not known.
            host: of the feed or page; its top level domain is taken for a country.
            samples: dates of the same writer, which may show the order of day and month.
            only_english: whether months have their English names, or numbers, and no others are looked up.
        """
        tags = re.split(r"[-_]", language.strip().lower()[:_LONGEST])
        self._language = _LANGUAGES.get(tags[0], tags[0])
        domain = host.rpartition(".")[2].lower()
        region = next((tag for tag in tags[1:] if len(tag) == 2), "")
        self._country = region or _COUNTRIES.get(domain, domain if len(domain) == 2 else "")
        self._zones = _ZONES | next((zones for who, zones in _ZONES_OF if not who.isdisjoint(self._tags())), {})
        self._months: dict[str, int | None] = {}
        self._most_words = 0 if only_english else _MOST_WORDS
        self._month_first = _shown_order(samples)
        if self._month_first is None:
            self._month_first = self._usual_order()

    def _tags(self) -> set[str]:
        return {self._language, f".{self._country}"}

    def _usual_order(self) -> bool | None:
        """Whether the month comes first in ``03/04/2026``; None where it may be either."""
        if self._country in _MONTH_FIRST:
            return True
        if self._language.isalpha() and len(self._language) in {2, 3} and self._language not in _EITHER_ORDER:
            return False
        return False if self._country in _DAY_FIRST else None

    def read(self, text: str) -> Reading:
        """The date in `text`, of which the first 100 characters count."""
        plain = _plain(text)
        if not plain:
            return Reading()
        if (moment := _iso(plain) or _seconds(plain)) is not None:
            return Reading(moment)
        if compact := _COMPACT.fullmatch(plain):
            *numbers, rest = compact.groups()
            plain = "{}-{}-{} {}:{}:{}{}".format(*(number or "00" for number in numbers), rest or "")
        whole = plain
        clock = _Clock.found(plain)
        zone: tzinfo | None = None
        known = True
        if clock:
            zone, known, after = self._zone(clock.after)
            plain = f"{clock.before} {after}"
        day, plain = self._day(plain)
        if isinstance(day, Doubt):
            return Reading(None, day)
        if clock is None and (dotted := _DOTTED.search(plain)):
            clock = _Clock.of(*dotted.groups(), before=plain[: dotted.start()], after=plain[dotted.end() :])
            zone, known, _ = self._zone(clock.after)
        if clock is None:
            return Reading(datetime.combine(day, time()))
        if clock.time is None or not known:  # midnight is the day in any zone (`dates`)
            return Reading(datetime.combine(day, time()), None if clock.time == timedelta() else Doubt.TIME)
        if zone is None and (last := _LAST_NAME.search(whole)):
            zone, known, _ = self._zone(last[1])
            if zone is None and not known and not self._may_be_part_of_a_day(last[1]):
                return Reading(datetime.combine(day, time()), Doubt.TIME)
        if zone is None:
            zone = self._own_zone(text) or UTC
        try:
            written = datetime.combine(day, time(), zone) + clock.time
        except OverflowError:
            return Reading(None, Doubt.DATE)
        # The end of a day is a time, unlike its beginning.
        return Reading(written + datetime.resolution if clock.time == _DAY else written)

    def _may_be_part_of_a_day(self, word: str) -> bool:
        return word in {"AM", "PM", "AD", "CE"} or word[:3].lower() in _WEEKDAYS or self._month(word) is not None

    # --- time zones ---

    def _zone(self, after: str) -> tuple[tzinfo | None, bool, str]:
        """The zone that follows a time, whether what is written there is known, and the text without it."""
        after = _NOISE.sub("", after)
        if place := _PLACE.match(after):
            with suppress(ZoneInfoNotFoundError, ValueError, OSError):
                return ZoneInfo(place[1]), True, after[place.end() :]
        if offset := _OFFSET.match(after):
            sign, hours, minutes = offset[1] or offset[2], int(offset[3]), int(offset[4] or 0)
            known = hours <= _FURTHEST and minutes < 60
            ahead = timedelta(hours=hours, minutes=minutes)
            zone = timezone(-ahead if sign == "-" else ahead) if known else None
            return zone, known, _without_words(after[offset.end() :])
        name = _NAME.match(after)
        if name and (found := self._zones.get(name[1].upper())) is not None:
            named = ZoneInfo(found) if isinstance(found, str) else timezone(timedelta(minutes=found))
            return named, True, after[name.end() :]
        # Behind the date, or before its year, nothing but a zone follows a time.
        year, words = _YEAR.search(after), _YEAR.sub(" ", after, count=1)
        if any(character.isdigit() for character in words):
            return None, True, after
        return None, not any(character.isalnum() for character in words), year[0] if year else ""

    def _own_zone(self, text: str) -> tzinfo | None:
        """The zone of a language that is spoken in one, where the date is written in it."""
        language = "ko" if re.search("[\uac00-\ud7a3]", text) else self._language
        hours = _SPOKEN_IN_ONE_ZONE.get(language)
        return timezone(timedelta(hours=hours)) if hours and re.search("[\u4e00-\u9fff\uac00-\ud7a3]", text) else None

    # --- days ---

    def _day(self, text: str) -> tuple[date | Doubt, str]:
        """The day in `text`, and the text without it."""
        if found := _EAST_ASIAN.search(text):
            era, of_era, year, month, day = found.groups()
            numbers = (_year(year or of_era, era), int(month), int(day))
        elif found := _YEAR_FIRST.search(text):
            first, _, second, third = found.groups()
            numbers = (int(first), int(second), int(third))
            if numbers[1] > 12 >= numbers[2]:
                numbers = (numbers[0], numbers[2], numbers[1])
        elif found := _YEAR_LAST.search(text):
            ordered = self._ordered(found[1], found[3], found[4], found[2])
            if ordered is None:
                return Doubt.ORDER, ""
            numbers = ordered
        else:
            return self._day_with_words(text)
        try:
            return date(*numbers), f"{text[: found.start()]} {text[found.end() :]}"
        except ValueError:
            return self._day_with_words(text)

    def _ordered(self, first: str, second: str, third: str, sign: str) -> tuple[int, int, int] | None:
        """Year, month and day of three numbers, the last of which may be the year; None where that is not known."""
        one, two = int(first), int(second)
        if len(third) == 2 and (one > 31 or self._language in _YEAR_IS_FIRST):
            return _year(first), two, int(third)
        if len(third) == 2 and sign == "-" and int(third) <= 31:
            return None  # day or year first
        year = _year(third)
        if two > 12:
            return year, one, two
        if one > 12 or sign == "." or one == two:
            return year, two, one
        if self._month_first is None:
            return None
        return (year, one, two) if self._month_first else (year, two, one)

    def _day_with_words(self, text: str) -> tuple[date | Doubt, str]:
        """The day in a text with the name of a month, and the text without what may be part of it."""
        text, dotted = _month_named(text), _DOTTED.search(text)
        rest = dotted[0] if dotted else ""
        tokens = _TOKENS.findall(text.replace(rest, " ", 1) if rest else text)
        numbers = [index for index, token in enumerate(tokens) if token.isdigit()]
        if len(numbers) != 2:
            return Doubt.DATE, ""
        year = max(numbers, key=lambda index: (len(tokens[index]), index))
        (day,) = set(numbers) - {year}
        if len(tokens[day]) > 2 or len(tokens[year]) not in {2, 4}:
            return Doubt.DATE, ""
        month = self._month_of(tokens, day)
        try:
            read = date(_year(tokens[year], language=self._language), month or 0, int(tokens[day]))
        except ValueError:
            return Doubt.DATE, ""
        return read, f"{rest} {text.partition(rest)[2]}" if rest else ""

    def _month_of(self, tokens: list[str], day: int) -> int | None:
        """The month that the words name: behind the day, else right before it, since days of the week may have the
        names of months (``mar`` in Spanish).
        """
        words = [index for index, token in enumerate(tokens) if not token.isdigit()]
        order = [*(index for index in words if index > day), *(index for index in reversed(words) if index < day)]
        return next((month for index in order if (month := self._month(tokens[index]))), None)

    def _month(self, word: str) -> int | None:
        """The month of this name, in English or the reader's language, else where all languages agree on it."""
        word = word.strip(".'’").lower()
        english = _MONTHS.get(word[:3])
        if english and (_MONTH_NAMES[english - 1].startswith(word) or word == "sept"):
            return english
        if word in _NO_MONTHS or not 1 < len(word) <= 20:
            return None
        if word not in self._months:
            self._months[word] = self._looked_up(word) if len(self._months) < self._most_words else None
        return self._months[word]

    def _looked_up(self, word: str) -> int | None:
        if self._language and self._language != "en" and (month := _month_in(self._language, word)):
            return month
        letters = unicodedata.name(word[0], "").partition(" ")[0]
        months = {
            _month_in(other, word) for other, used in _LETTERS.items() if used == letters and other != self._language
        }
        months.discard(None)
        return months.pop() if len(months) == 1 else None


def _month_in(language: str, word: str) -> int | None:
    import dateparser  # 0.1 s

    settings = {
        "PARSERS": ["absolute-time"],
        "STRICT_PARSING": True,
        "REQUIRE_PARTS": ["day", "month", "year"],
        "DATE_ORDER": "DMY",
        "PREFER_LOCALE_DATE_ORDER": False,
        "RELATIVE_BASE": datetime(2000, 1, 1),  # else it asks the clock, and the machine for its zone
        "TIMEZONE": "UTC",
        "RETURN_AS_TIMEZONE_AWARE": False,
    }
    try:
        found = dateparser.parse(f"1 {word} 2000", languages=[language], settings=settings)
    except Exception:  # of a parser over untrusted text, or a language that it does not know
        return None
    return found.month if found and (found.day, found.year) == (1, 2000) else None


@dataclass(frozen=True, slots=True)
class _Clock:
    """A time of day in a text."""

    time: timedelta | None
    """Since midnight, 24 hours for the end of the day; None where there is no such time."""
    before: str
    after: str

    @classmethod
    def found(cls, text: str) -> _Clock | None:
        """The first time in `text`, but for those with points, which look like days."""
        for pattern in _CLOCKS:
            if match := pattern.search(text):
                return cls.of(*match.groups(), before=text[: match.start()], after=text[match.end() :])
        return None

    @classmethod
    def of(cls, hour: str, minute: str | None, second: str | None, *, before: str, after: str) -> _Clock:
        half = _HALF_BEFORE.search(before) or _HALF_AFTER.match(after)
        hours, minutes, seconds = int(hour), int(minute or 0), min(int(second or 0), 59)
        wrong = hours > 24 or minutes > 59 or int(second or 0) > 60 or (hours == 24 and bool(minutes or seconds))
        if half:
            before, after = (before[: half.start()], after) if half.string is before else (before, after[half.end() :])
            forenoon = half[1].lower().startswith(_FORENOON)
            wrong = wrong or (hours > 12 and forenoon)
            if hours <= 12:
                hours = hours % 12 + (0 if forenoon else 12)
        return cls(None if wrong else timedelta(hours=hours, minutes=minutes, seconds=seconds), before, after)


def _plain(text: str) -> str:
    """`text` with ASCII digits, hyphens and single blanks, without invisible marks."""
    usual = text.strip()[:_LONGEST]
    if not usual.isascii():
        signs = (
            str(unicodedata.decimal(sign)) if sign.isdecimal() else "" if unicodedata.category(sign) == "Cf" else sign
            for sign in unicodedata.normalize("NFKC", usual)[:_LONGEST]
        )
        usual = "".join(signs).translate(_HYPHENS)
    return _YEAR_AT_CLOCK.sub(" ", _BLANKS_AT_COLON.sub(":", " ".join(usual.split())))


def _iso(plain: str) -> datetime | None:
    if not _ISO.match(plain):  # Python takes any sign for the T, also that of an offset
        return None
    try:
        written = datetime.fromisoformat(plain)
    except ValueError:
        return None
    return written if written.tzinfo or len(plain) <= len("2026-05-17") else written.replace(tzinfo=UTC)


def _seconds(plain: str) -> datetime | None:
    """Seconds or milliseconds since 1970."""
    if not _SINCE_1970.fullmatch(plain):
        return None
    return datetime.fromtimestamp(int(plain[:-3] if len(plain) > 10 else plain), UTC)


def _year(written: str, era: str | None = None, *, language: str = "") -> int:
    if written == "元":
        written = "1"
    if era:
        return _ERAS[era] + int(written)
    if len(written) == 2:
        return int(written) + (1900 if int(written) >= 70 else 2000)
    return int(written) - (543 if language == "th" and int(written) > 2400 else 0)


def _shown_order(samples: Iterable[str]) -> bool | None:
    """Whether the month comes first in all those of `samples` that show it; None where none does or they differ."""
    shown = set()
    for sample in samples:
        if (found := _YEAR_LAST.search(sample[:_LONGEST])) and found[2] != ".":
            first, second = int(found[1]), int(found[3])
            if (first > 12) != (second > 12):
                shown.add(second > 12)
    return shown.pop() if len(shown) == 1 else None


def _month_named(text: str) -> str:
    """`text` with the English name of a month that it has as a number (``24 11月 2026``, ``24 tháng 11 2026``)."""

    def named(found: re.Match[str]) -> str:
        month = int(found[1] or found[2] or 0) if found[1] or found[2] else _CHINESE_NUMERALS.index(found[3]) + 1
        return f" {_MONTH_NAMES[month - 1]} " if 1 <= month <= 12 else " "

    return _NUMBERED_MONTH.sub(named, text)


def _without_words(text: str) -> str:
    """What follows an offset: a second name of the zone, and the year at most."""
    text = _COMMENT.sub(" ", text)
    year = _YEAR.search(text)
    return text if any(character.isdigit() for character in _YEAR.sub("", text, count=1)) else year[0] if year else ""


_DAY = timedelta(days=1)
_FURTHEST = 14
"""Hours of a time zone before UTC."""
_MONTH_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTHS = {name[:3]: number for number, name in enumerate(_MONTH_NAMES, 1)}
_CHINESE_NUMERALS = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_WEEKDAYS = frozenset({"mon", "tue", "wed", "thu", "fri", "sat", "sun"})
_LAST_NAME = re.compile(r"\d[\s,]+\(?([A-Z]{2,5})\)?\Z")
"""What may be a zone that stands behind the day ("12:00 27 Nov 2026 EST")."""
_NO_MONTHS = frozenset("st nd rd th of the at on de del la le el um am den der gmt utc t z".split())  # noqa: SIM905
_ERAS = {"令和": 2018, "平成": 1988}
_FORENOON = ("a", "上午", "午前", "早上", "凌晨", "오전", "ص", "\u03c0")
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"))

_ISO = re.compile(r"(?:\d{4}-\d\d-\d\d|\d{8}|\d{4}-?W\d\d-?\d)(?:[Tt ]|\Z)")
_SINCE_1970 = re.compile(r"[1-9]\d{8,9}(?:\d{3})?")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)[T ]?(\d\d)(\d\d)(\d\d)?(\D.{0,40})?")
_BLANKS_AT_COLON = re.compile(r" ?: ?")
_YEAR_AT_CLOCK = re.compile(r"(?<=\d{4}):(?=\d\d:\d\d)")
"""As web servers write in their logs."""
_CLOCKS = (
    re.compile(r"(?<![\d:+-])(\d\d?):(\d\d?)(?::(\d\d?)(?:[.,]\d{1,12})?)?(?![\d:])"),
    re.compile(r"(?<!\d)(\d\d?) ?[時时点點시](?: ?(\d\d?) ?[分분](?: ?(\d\d?) ?[秒초])?)?"),
    re.compile(r"(?<!\d)(\d\d?) ?[hH] ?(\d\d)(?: ?m(?:in)? ?(\d\d)s?)?(?!\d)"),
    re.compile(r"(?<![\d.])(\d\d?)()()(?= ?(?:[ap]\.? ?m|h|uhr|uur)\b)", re.IGNORECASE),
)
"""Hour, minute, second."""
_DOTTED = re.compile(r"(?<![\d.])(\d\d?)\.(\d\d)(?:\.(\d\d))?(?![\d.])")
_HALF_BEFORE = re.compile(r"(上午|下午|午前|午後|早上|凌晨|晚上|오전|오후)\s?$")
_HALF_AFTER = re.compile(r" ?(a\.? ?m|p\.? ?m|ص|م|\u03c0\.?\u03bc|\u03bc\.?\u03bc)(?!\w)\.?", re.IGNORECASE)
_NOISE = re.compile(
    r"\A {0,3}(?:uhr|uur|hrs?|hours?|horas?|heures?|ore|hs|hod|h|ч|час[а-я]{0,2}|год|น|o'clock)(?!\w)\.?", re.IGNORECASE
)
_PLACE = re.compile(r"[ ,(\[]{0,3}([A-Za-z]{2,12}(?:/[A-Za-z_+-]{1,30}\d{0,2}){1,2})")
_OFFSET = re.compile(
    r"[ ,(\[]{0,3}(?:(?:UTC|GMT|UT) ?([+-]) ?|(?:[A-Za-z]{1,5}[ (]{0,2}(?=[+-]\d))?([+-])(?: (?=\d{4}\b))?)"
    r"(\d\d?)(?::?(\d\d))?(?::?\d\d)?(?![\d:])",
    re.IGNORECASE,
)
_NAME = re.compile(r"[ ,(\[]{0,3}([A-Za-z]{1,5})(?![A-Za-z])")
_COMMENT = re.compile(r"\A ?[+-]\d\d:?\d\d(?!\d)|\([^()]*\)?")
"""Behind an offset: the same once more, and what stands in parentheses."""
_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_EAST_ASIAN = re.compile(
    r"(?:(令和|平成) ?(\d\d?|元)|(?<!\d)(\d{4}|\d\d)) ?[年년] ?(\d\d?) ?[月월] ?(\d\d?) ?[日号號일]"
)
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})([-/.]) ?(\d\d?)\2 ?(\d\d?)(?!\d)")
_YEAR_LAST = re.compile(r"(?<![\d/.-])(\d\d?)([-/.]) ?(\d\d?)\2 ?(\d{4}|\d\d)(?!\d)")
_NUMBERED_MONTH = re.compile(
    r"(?<!\d)(\d\d?) ?[月월]|(?:tháng|thg\.?) ?(\d\d?)(?!\d)|(十[一二]?|[一二三四五六七八九])月", re.IGNORECASE
)
_TOKENS = re.compile(r"\d+|[^\W\d_](?:[^\s\d,;:/()\[\]|_-]{0,30}[^\s\d.,;:/()\[\]|_-])?")

_MONTH_FIRST = frozenset({"us", "ph"})
_EITHER_ORDER = frozenset({"en", "fil", "tl", "und", "mul", "zxx"})
"""Languages of countries with either order, and codes for no language."""
_DAY_FIRST = frozenset(
    """
    uk gb ie au nz in za ng ke sg my hk mt pk bd lk zw tt jm de at ch fr be nl lu it es pt br mx ar cl pe ve uy gr
    pl cz sk hu ro bg hr si rs ru ua by tr il se no dk fi is ee lv lt id th vn
    """.split()  # noqa: SIM905
)
"""Countries by top level domain, but for those where both orders are in use, such as Canada."""
_COUNTRIES = {"gov": "us", "mil": "us"}
_YEAR_IS_FIRST = frozenset({"ja", "zh", "ko", "hu"})
_SPOKEN_IN_ONE_ZONE = {"ja": 9, "ko": 9, "zh": 8}
_LANGUAGES = {
    "iw": "he", "no": "nb", "in": "id", "jp": "ja", "cz": "cs", "gr": "el", "dk": "da", "kr": "ko", "ua": "uk",
    "cn": "zh",
}  # fmt: skip
"""Wrong or outdated codes."""
_LETTERS = {
    **dict.fromkeys("en de fr es it pt nl pl tr cs sk sv da nb fi hu ro hr id vi ca".split(), "LATIN"),  # noqa: SIM905
    **dict.fromkeys(("ru", "uk", "bg", "sr"), "CYRILLIC"),
    **dict.fromkeys(("ar", "fa", "ur"), "ARABIC"),
    "el": "GREEK", "he": "HEBREW", "hi": "DEVANAGARI", "bn": "BENGALI", "th": "THAI", "ja": "CJK", "zh": "CJK",
    "ko": "HANGUL",
}  # fmt: skip
"""By language the first word in the names of its letters: of those in a word's letters all are asked where the
feed's own language does not have it.
"""


def _hours(table: str) -> dict[str, int | str]:
    cells = table.split()
    return {name: round(float(hours) * 60) for name, hours in zip(cells[::2], cells[1::2], strict=True)}


_ZONES = _hours(
    """
    Z 0 UT 0 UTC 0 GMT 0 WET 0 WEST 1 WESZ 1 BST 1 CET 1 MET 1 MEZ 1 HNEC 1 CEST 2 MEST 2 MESZ 2 HAEC 2 EET 2 OEZ 2
    EEST 3 OESZ 3 MSK 3 MSD 4 TRT 3 FET 3 SAMT 4 YEKT 5 OMST 6 NOVT 7 KRAT 7 IRKT 8 YAKT 9 VLAT 10 MAGT 11 PETT 12
    WAT 1 CAT 2 SAST 2 EAT 3 MUT 4 IDT 3 GST 4 AZT 4 GET 4 IRST 3.5 IRDT 4.5 AFT 4.5 PKT 5 UZT 5 TMT 5 TJT 5 IST 5.5
    NPT 5.75 BTT 6 ALMT 6 KGT 6 MMT 6.5 ICT 7 WIB 7 WITA 8 WIT 9 HKT 8 SGT 8 MYT 8 PHT 8 PHST 8 ULAT 8 AWST 8 JST 9
    KST 9 ACST 9.5 ACDT 10.5 AEST 10 AEDT 11 CHST 10 LHST 10.5 NZST 12 NZDT 13 FJT 12 CHAST 12.75 CHADT 13.75
    NST -3.5 NDT -2.5 AST -4 ADT -3 EST -5 EDT -4 CST -6 CDT -5 MST -7 MDT -6 PST -8 PDT -7 AKST -9 AKDT -8 HST -10
    HDT -9 SST -11 HNE -5 HAE -4 BRT -3 BRST -2 ART -3 UYT -3 GFT -3 CLT -4 CLST -3 BOT -4 VET -4 AMT -4 PYT -4
    CEDT 2 PYST -3 COT -5 PET -5 ECT -5 AZOT -1 AZOST 0 CVT -1
    """
) | {"ET": "America/New_York", "CT": "America/Chicago", "MT": "America/Denver", "PT": "America/Los_Angeles"}
_ZONES_OF = (
    ({"he", ".il"}, _hours("IST 2")),
    ({"ga", ".ie"}, _hours("IST 1")),
    ({"zh", ".cn", ".tw", ".hk", ".mo"}, _hours("CST 8")),
    ({"bn", ".bd"}, _hours("BST 6")),
    ({"ar", ".sa", ".iq", ".kw", ".qa"}, _hours("AST 3")),
    ({"hy", ".am"}, _hours("AMT 4")),
    ({"ms", ".my"}, _hours("MST 8")),
    ({"fil", "tl", ".ph"}, _hours("PST 8")),
    ({".cu"}, _hours("CST -5 CDT -4")),
    ({".au"}, _hours("EST 10 EDT 11 CST 9.5 CDT 10.5 WST 8")),
)
"""Names that mean another zone to writers of a language or in a country."""
