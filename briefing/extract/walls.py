"""Pages that stand before an article instead of it: consent, paywalls, logins, checks, errors, parked domains. Pure.

Told by what share of a page's text speaks to whoever asks for it, whatever its length: a wall of 200 words is one, and
an article of 60 about cookies is none, because it speaks of others, in the third person or in quotation marks. What
the page says of itself counts as well: its title, its buttons and fields, and whether it is free (schema.org).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from briefing.errors import ExtractError, WallError
from briefing.extract.json_ld import json_ld_objects, types_of
from briefing.extract.wall_concepts import PLEA, asks_to_pay, kind_of, told_share
from briefing.extract.wall_phrases import ERROR_TITLE, LIKELY, OFFER, REPORTED, SURE, TALK
from briefing.nlp.text import word_count

__all__ = ["Page", "check_wall"]

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
"""Behind these there is nothing to read."""
_SAME_AS = {"adblock": "consent"}
"""What `WallError.wall` calls a kind: to allow adverts is a consent as well."""
_SHARES = {
    "consent": 0.25, "paywall": 0.05, "region": 0.2, "login": 0.3, "robots": 0.25, "error": 0.25, "parked": 0.25,
    "javascript": 0.3,
}  # fmt: skip
"""Of the words, how many are in sentences that such a page says. A notice that asks to pay also has to end the text."""
_CONSENT_TALK = 0.5
"""Of the words of a consent page, how many are in sentences that speak of cookies, data, partners."""
_NOTICE = 0.35
"""Of the words from the first sentence that a paywall says to the end, how many are in such sentences."""
_SHARE_AT_SIGN = 0.6
"""By this the share is multiplied where the page's build says the same: a button, a field, its title, its data."""
_TOLD = 0.3
"""Of the words of an article, how many are in sentences that tell of what happened or was said; before it, none are."""
_MOST = 12_000
"""Characters that are looked at."""
_MARKUP = 500_000
"""Characters of markup in which buttons and fields are looked for."""
_LONGEST = 600
"""Characters of one sentence."""
_LABEL_WORDS = 3
"""A line of no more says nothing of its own."""
_MOST_SELECTORS = 20
"""Selectors of parts that are paid for; each is a walk through the page."""
_PAID_WORDS = 40
"""Words in the part that a page marks as paid for, from which that part is there."""
_FREE_WORDS = 120
"""Words that a paper gives away of an article which it says is not free; a whole one is longer."""
_BESIDE = 0.3
"""Of the words of a text and of a notice beside it, how many are the notice's, which may be the page's own."""
_LONGEST_NOTICE = 200
"""Words of a notice that asks to pay; beside a text for which it would have to be longer, none is looked for."""
_FEWEST = 12
"""Words of a text below which all that the page shows is looked at instead."""
_AROUND = 4
"""Lines around a sure one that belong to the same notice."""

_QUOTED = re.compile(r"“[^”]{8,400}”|«[^»]{8,400}»|„[^“”]{8,400}[“”]|\"[^\"]{8,400}\"")
_SENTENCE_END = re.compile(r"(?<=[.!?…:])\s+")
_YES_OR_NO = (
    r"\b(?:accept(?:er)?|agree|consent|reject|refuser|akzeptieren|zustimmen|ablehnen|aceptar|rechazar|accetta|rifiuta|"
    r"aceito|aceitar|recusar|akkoord|weigeren|zgadzam|akceptuj\w*|godkänn|avvisa|принять|отклонить)\b"
)
# In two steps, each of which passes a character once: a page may be of nothing but beginnings of buttons.
_CHOICE = re.compile(
    rf"<(?:button|a|input)\b(?:[^<>]{{0,400}}{_YES_OR_NO}|[^<>]{{0,400}}+>[^<>]{{0,40}}{_YES_OR_NO})", re.IGNORECASE
)
_PASSWORD = re.compile(r"<input\b[^<>]*\btype\s*=\s*[\"']?password", re.IGNORECASE)
_END = 100
"""Characters of a text that are looked at for how it ends: a row of dots is looked back over from each of them."""
_CUT_OFF = re.compile(r"(?:…|\.\.\.|\[…\])\W*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What is known of a page before it is taken for an article."""

    text: str
    """What was found of an article, or taken for one."""
    visible: str = ""
    """All that the page shows."""
    html: str = ""
    title: str = ""
    heading: str = ""
    data: Sequence[str] = ()
    """Its blocks of JSON-LD."""


def check_wall(page: Page, name: str) -> None:
    """Refuse a page that stands before an article or instead of one.

    Raises `WallError` where there may be an article behind it, else `ExtractError`.
    """
    kind = wall_of(page)
    if kind in _WITHOUT_ARTICLE:
        raise ExtractError(name, _CAUSES[kind], "Open it in a browser; its feed may hold the text")
    if kind:
        raise WallError(name, _CAUSES[kind], "Open it in a browser; its feed may hold the text",
                        wall=_SAME_AS.get(kind, kind))  # fmt: skip


def wall_of(page: Page) -> str:
    """What kind of wall it is, of those in `_CAUSES`; empty: none."""
    looked_at = page.text if word_count(page.text) >= _FEWEST else page.visible
    units = _units(looked_at)
    total = max(1, sum(words for _, words in units))
    shares = {kind: said / total for kind in SURE if (said := _said(kind, units))}
    if "consent" in shares and not _speaks_of_consent(units):
        del shares["consent"]
    if "paywall" in shares and not _ends_asking(units):
        del shares["paywall"]
    titled = any(ERROR_TITLE.fullmatch(part) for part in _titles(page))
    tells = told_share(units) >= _TOLD
    if titled and not tells and ("error" in shares or _said("error", _units(page.visible))):
        return "error"
    signs = {"consent": bool(shares.get("consent")) and bool(_CHOICE.search(page.html[:_MARKUP])),
             "login": bool(shares.get("login")) and bool(_PASSWORD.search(page.html[:_MARKUP]))}  # fmt: skip
    found = [
        (share / _SHARES[kind], kind)
        for kind, share in shares.items()
        if share >= _SHARES[kind] * (_SHARE_AT_SIGN if signs.get(kind) else 1) and (kind == "paywall" or not tells)
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
    """Sentences and lines with the words of each, without what stands in quotation marks; labels weigh nothing."""
    found = []
    for line in text[:_MOST].split("\n"):
        for part in _SENTENCE_END.split(line):
            words = word_count(part)
            unit = _QUOTED.sub(" ", part[:_LONGEST].replace("’", "'"))
            if words:
                found.append((unit, words))
    return [(unit, words if words > _LABEL_WORDS or _is_said(unit) else 0) for unit, words in found]


def _is_said(unit: str) -> bool:
    return any(pattern.search(unit) for pattern in (*SURE.values(), *LIKELY.values()))


def _said(kind: str, units: Sequence[tuple[str, int]]) -> int:
    """Words of the sentences that such a page says; what is only likely counts up to twice as much as what is sure."""
    said = [_is_sure(kind, unit) for unit, _ in units]
    sure = sum(words for (_, words), surely in zip(units, said, strict=True) if surely)
    if not sure:
        return 0
    likely = sum(
        words for (unit, words), surely in zip(units, said, strict=True) if not surely and LIKELY[kind].search(unit)
    )
    return sure + min(likely, 2 * sure)


def _is_sure(kind: str, unit: str) -> bool:
    said = SURE[kind].search(unit) or (kind == "paywall" and all(part.search(unit) for part in OFFER))
    # Consent pages speak of "our visitors" and of what "people can" do themselves.
    reported = kind != "consent" and REPORTED.search(unit)
    return bool(said) and not reported and not (kind == "paywall" and PLEA.search(unit))


def _speaks_of_consent(units: Sequence[tuple[str, int]]) -> bool:
    about = sum(words for unit, words in units if SURE["consent"].search(unit) or TALK.search(unit))
    return about >= _CONSENT_TALK * sum(words for _, words in units)


def _ends_asking(units: Sequence[tuple[str, int]]) -> bool:
    """Whether what follows the first sentence of a paywall is for the most part its notice, and not more article."""
    first = next((place for place, (unit, _) in enumerate(units) if _is_sure("paywall", unit)), len(units))
    behind = [
        (words, _is_sure("paywall", unit) or bool(LIKELY["paywall"].search(unit)))
        for unit, words in units[first:]
        if words
    ]
    asks = sum(words for words, said in behind if said)
    return asks >= _NOTICE * sum(words for words, _ in behind) and any(said for _, said in behind[-2:])


def _asks_for_money(page: Page, total: int) -> bool:
    """Whether a notice beside the text, which was not taken for a part of it, asks to pay for the rest."""
    if _BESIDE * (total + _LONGEST_NOTICE) > _LONGEST_NOTICE:
        return False
    units = _units(page.visible)
    sure = [place for place, (unit, _) in enumerate(units) if _is_sure("paywall", unit)]
    near = {other for place in sure for other in range(place - _AROUND, place + _AROUND + 1)}
    said = sum(
        words
        for place, (unit, words) in enumerate(units)
        if place in near and (_is_sure("paywall", unit) or LIKELY["paywall"].search(unit))
    )
    return said >= _BESIDE * (total + said) and said > 0


# --- what a page says of its price ---------------------------------------------------------------------------------


def _is_not_free(page: Page, words: int, asks: float) -> bool:
    """Whether the page says that its article is not free, and only the free part is there."""
    paid, selectors, whole = _priced(page.data)
    if not paid:
        return False
    there = _words_within(page.html, selectors)
    if there is not None:
        return there < _PAID_WORDS
    if whole:
        return words < 0.5 * whole
    return (
        words < _FREE_WORDS or asks >= _SHARES["paywall"] * _SHARE_AT_SIGN or bool(_CUT_OFF.search(page.text[-_END:]))
    )


def _priced(data: Sequence[str]) -> tuple[bool, list[str], int]:
    """Whether an article or a part of one is not free, the selectors of such parts, the words of the whole or 0.

    https://developers.google.com/search/docs/appearance/structured-data/paywalled-content
    """
    paid, selectors, whole = False, list[str](), 0
    for thing in json_ld_objects(data, ("mainEntity", "hasPart")):
        # "False" and "https://schema.org/False" are written too
        free = str(thing.get("isAccessibleForFree", "")).lower()
        if free.endswith("false") and "WebSite" not in types_of(thing):
            paid = True
            selector = thing.get("cssSelector")
            selectors += [str(each) for each in (selector if isinstance(selector, list) else [selector]) if each]
        count = thing.get("wordCount")
        if str(count).isdecimal():
            whole = max(whole, int(str(count)[:7]))
    return paid, list(dict.fromkeys(selectors))[:_MOST_SELECTORS], whole


def _words_within(html: str, selectors: Sequence[str]) -> int | None:
    """Words in the elements that simple selectors (``.class``, ``#id``) name; None where there are no such elements."""
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
