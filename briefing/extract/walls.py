"""Wall detection: paywalls, consent and login pages, captchas, error pages, parked domains. Pure.

By the share of a page's words in sentences that address the visitor, of any length: a wall of 200 words is one, and an
article of 60 words about cookies is none, because it is in the third person or in quotation marks. The page's title,
buttons, form fields and schema.org price (``isAccessibleForFree``) count as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from briefing.errors import ExtractError, WallError
from briefing.extract.json_ld import json_ld_objects, types_of
from briefing.extract.wall_concepts import PLEA, asks_to_pay, kind_of, narrative_share
from briefing.extract.wall_phrases import ERROR_TITLE, LIKELY, OFFER, REPORTED, SURE, TALK
from briefing.nlp.text import word_count

_CAUSES = {
    "consent": "it is a cookie wall: it asks for consent",
    "paywall": "it is behind a paywall",
    "region": "it is not available in this region",
    "login": "it asks for a login",
    "robots": "it is a check for robots",
    "javascript": "it needs JavaScript",
    "error": "it is an error page",
    "maintenance": "its site is down for maintenance",
    "adblock": "it asks to switch off an ad blocker",
    "parked": "its domain is for sale",
}
_WITHOUT_ARTICLE = frozenset({"error", "maintenance", "parked"})
"""No article is behind these."""
_SAME_AS = {"adblock": "consent"}
"""Kinds that share their name in `WallError.wall`."""
_SHARES = {
    "consent": 0.25, "paywall": 0.05, "region": 0.2, "login": 0.3, "robots": 0.25, "error": 0.25, "parked": 0.25,
    "javascript": 0.3,
}  # fmt: skip
"""Least share of words in phrases of the kind. A paywall notice also has to end the text."""
_CONSENT_TALK = 0.5
"""Least share of words in sentences about cookies, data, partners, of a consent page."""
_NOTICE = 0.35
"""Least share of words in paywall phrases, from the first one to the end."""
_SHARE_AT_SIGN = 0.6
"""Factor on the least share where the markup agrees: a button, a field, JSON-LD."""
_NARRATIVE_SHARE = 0.3
"""Share of words in narrative sentences (`is_narrative`) from which it is an article."""
_MOST = 12_000
"""Characters of text that are read."""
_MARKUP = 500_000
"""Characters of markup that are searched for buttons and fields."""
_LONGEST = 600
"""Characters of one sentence."""
_LABEL_WORDS = 3
"""A line of no more words has no weight."""
_MOST_SELECTORS = 20
"""CSS selectors of paid parts; each is a walk through the tree."""
_PAID_WORDS = 40
"""Words from which the part that a page marks as paid is there."""
_FREE_WORDS = 120
"""Words of a free preview of an article that is not free; a whole one is longer."""
_BESIDE = 0.3
"""Least share of the words of a notice beside the text, of both together."""
_LONGEST_NOTICE = 200
"""Words of a paywall notice; none is searched beside a text for which it would have to be longer."""
_FEWEST = 12
"""Words of the text below which all visible text is read instead."""
_AROUND = 4
"""Lines around a sure phrase that belong to the same notice."""

_PHRASES = (*SURE.values(), *LIKELY.values())
_QUOTED = re.compile(r"“[^”]{8,400}”|«[^»]{8,400}»|„[^“”]{8,400}[“”]|\"[^\"]{8,400}\"")
_SENTENCE_END = re.compile(r"(?<=[.!?…:])\s+")
_YES_OR_NO = (
    r"\b(?:accept(?:er)?|agree|consent|reject|refuser|akzeptieren|zustimmen|ablehnen|aceptar|rechazar|accetta|rifiuta|"
    r"aceito|aceitar|recusar|akkoord|weigeren|zgadzam|akceptuj\w*|godkänn|avvisa|принять|отклонить)\b"
)
# Linear also for a page of nothing but beginnings of buttons.
_CHOICE = re.compile(
    rf"<(?:button|a|input)\b(?:[^<>]{{0,400}}{_YES_OR_NO}|[^<>]{{0,400}}+>[^<>]{{0,40}}{_YES_OR_NO})", re.IGNORECASE
)
_PASSWORD = re.compile(r"<input\b[^<>]*\btype\s*=\s*[\"']?password", re.IGNORECASE)
_END = 100
"""Characters at the end of a text that are matched: the regular expression is quadratic in rows of dots."""
_CUT_OFF = re.compile(r"(?:…|\.\.\.|\[…\])\W*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Text and markup of a page for the checks."""

    text: str
    """As extracted."""
    visible: str = ""
    """All visible text."""
    html: str = ""
    title: str = ""
    heading: str = ""
    data: Sequence[str] = ()
    """Blocks of JSON-LD."""


def check_wall(page: Page, name: str) -> None:
    """Refuse a wall. Raises `WallError` where an article may be behind it, else `ExtractError`."""
    kind = wall_of(page)
    if kind in _WITHOUT_ARTICLE:
        raise ExtractError(name, _CAUSES[kind], "Open it in a browser; its feed may hold the text")
    if kind:
        raise WallError(name, _CAUSES[kind], "Open it in a browser; its feed may hold the text",
                        wall=_SAME_AS.get(kind, kind))  # fmt: skip


def wall_of(page: Page) -> str:
    """The kind of wall, a key of `_CAUSES`; empty: none."""
    looked_at = page.text if word_count(page.text) >= _FEWEST else page.visible
    units = _units(looked_at)
    total = max(1, sum(words for _, words in units))
    shares = {kind: phrases / total for kind in SURE if (phrases := _phrase_words(kind, units))}
    if "consent" in shares and not _speaks_of_consent(units):
        del shares["consent"]
    if "paywall" in shares and not _ends_asking(units):
        del shares["paywall"]
    titled = any(ERROR_TITLE.fullmatch(part) for part in _titles(page))
    narrative = narrative_share(units) >= _NARRATIVE_SHARE
    if titled and not narrative and ("error" in shares or _phrase_words("error", _units(page.visible))):
        return "error"
    signs = {"consent": bool(shares.get("consent")) and bool(_CHOICE.search(page.html[:_MARKUP])),
             "login": bool(shares.get("login")) and bool(_PASSWORD.search(page.html[:_MARKUP]))}  # fmt: skip
    found = [
        (share / _SHARES[kind], kind)
        for kind, share in shares.items()
        if share >= _SHARES[kind] * (_SHARE_AT_SIGN if signs.get(kind) else 1) and (kind == "paywall" or not narrative)
    ]
    if found:
        return max(found)[1]
    if kind := kind_of(units, page.heading or page.title):
        return kind
    if asks_to_pay(units) or _asks_for_money(page, total) or _is_not_free(page, total, shares.get("paywall", 0.0)):
        return "paywall"
    return ""


def _titles(page: Page) -> Iterator[str]:
    for title in (page.title, page.heading):
        for part in re.split(r"(?<!\s)\s+[|–—·•»:-]\s+", " ".join(title.split())):
            yield part.strip(" .!?").replace("’", "'")


def _units(text: str) -> list[tuple[str, int]]:
    """Sentences and lines without quotations, and the number of their words, 0 for labels."""
    found = []
    for part in (part for line in text[:_MOST].split("\n") for part in _SENTENCE_END.split(line)):
        if words := word_count(part):
            unit = _QUOTED.sub(" ", part[:_LONGEST].replace("’", "'"))
            counts = words > _LABEL_WORDS or any(phrase.search(unit) for phrase in _PHRASES)
            found.append((unit, words if counts else 0))
    return found


def _phrase_words(kind: str, units: Sequence[tuple[str, int]]) -> int:
    """Words in sentences of the kind; likely ones count up to twice as much as sure ones."""
    sure = likely = 0
    for unit, words in units:
        if _is_sure(kind, unit):
            sure += words
        elif LIKELY[kind].search(unit):
            likely += words
    return sure + min(likely, 2 * sure)


def _is_sure(kind: str, unit: str) -> bool:
    sure = SURE[kind].search(unit) or (kind == "paywall" and all(part.search(unit) for part in OFFER))
    # Consent pages themselves say "our visitors" and "people can".
    reported = kind != "consent" and REPORTED.search(unit)
    return bool(sure) and not reported and not (kind == "paywall" and PLEA.search(unit))


def _speaks_of_consent(units: Sequence[tuple[str, int]]) -> bool:
    about = sum(words for unit, words in units if SURE["consent"].search(unit) or TALK.search(unit))
    return about >= _CONSENT_TALK * sum(words for _, words in units)


def _ends_asking(units: Sequence[tuple[str, int]]) -> bool:
    """Whether mostly the paywall's notice follows its first sentence, rather than more article."""
    first = next((index for index, (unit, _) in enumerate(units) if _is_sure("paywall", unit)), len(units))
    behind = [
        (words, _is_sure("paywall", unit) or bool(LIKELY["paywall"].search(unit)))
        for unit, words in units[first:]
        if words
    ]
    notice = sum(words for words, asks in behind if asks)
    return notice >= _NOTICE * sum(words for words, _ in behind) and any(asks for _, asks in behind[-2:])


def _asks_for_money(page: Page, total: int) -> bool:
    """Whether a notice outside the extracted text asks to pay for the rest."""
    if _BESIDE * (total + _LONGEST_NOTICE) > _LONGEST_NOTICE:
        return False
    units = _units(page.visible)
    sure = {index for index, (unit, _) in enumerate(units) if _is_sure("paywall", unit)}
    near = {neighbour for index in sure for neighbour in range(index - _AROUND, index + _AROUND + 1)}
    notice = sum(
        words
        for index, (unit, words) in enumerate(units)
        if index in near and (index in sure or LIKELY["paywall"].search(unit))
    )
    return notice >= _BESIDE * (total + notice) and notice > 0


def _is_not_free(page: Page, words: int, asks: float) -> bool:
    """Whether the page declares its article not free, and only a preview is there."""
    paid, selectors, whole = _priced(page.data)
    if not paid:
        return False
    paid_words = _words_within(page.html, selectors)
    if paid_words is not None:
        return paid_words < _PAID_WORDS
    if whole:
        return words < 0.5 * whole
    return (
        words < _FREE_WORDS or asks >= _SHARES["paywall"] * _SHARE_AT_SIGN or bool(_CUT_OFF.search(page.text[-_END:]))
    )


def _priced(data: Sequence[str]) -> tuple[bool, list[str], int]:
    """Whether an article or a part is not free, the CSS selectors of such parts, the word count of the whole or 0.

    https://developers.google.com/search/docs/appearance/structured-data/paywalled-content
    """
    paid, selectors, whole = False, list[str](), 0
    for thing in json_ld_objects(data, ("mainEntity", "hasPart")):
        # "False" and "https://schema.org/False" occur too
        free = str(thing.get("isAccessibleForFree", "")).lower()
        if free.endswith("false") and "WebSite" not in types_of(thing):
            paid = True
            selector = thing.get("cssSelector")
            selectors += [str(item) for item in (selector if isinstance(selector, list) else [selector]) if item]
        count = thing.get("wordCount")
        if str(count).isdecimal():
            whole = max(whole, int(str(count)[:7]))
    return paid, list(dict.fromkeys(selectors))[:_MOST_SELECTORS], whole


def _words_within(html: str, selectors: Sequence[str]) -> int | None:
    """Words in the elements of simple CSS selectors (``.class``, ``#id``); None where there are none."""
    from lxml.etree import LxmlError
    from lxml.html import fromstring

    names = [re.fullmatch(r"\s*(?:\w*)([.#])([\w-]+)\s*", selector) for selector in selectors]
    wanted = [(match[1], match[2]) for match in names if match]
    if not wanted:
        return None
    words: int | None = None
    with suppress(LxmlError, ValueError, RecursionError, TypeError, AssertionError):
        tree = fromstring(html.encode("utf-8", "replace"))
        for kind, value in wanted:
            test = "@id = $value" if kind == "#" else "contains(concat(' ', normalize-space(@class), ' '), $value)"
            for element in tree.xpath(f"//*[{test}]", value=value if kind == "#" else f" {value} "):
                words = (words or 0) + word_count(" ".join(element.itertext()))
    return words
