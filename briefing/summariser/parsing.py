"""Parses answers to headlines and points, and normalises, checks and compares these. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from briefing.canonical import host_of
from briefing.engines.output import strip_reasoning
from briefing.ground import Evidence
from briefing.nlp.facts import stems, tokens
from briefing.nlp.sentences import sentences
from briefing.nlp.text import ENDS, beginning, normalise, word_count

FULL_STOPS = ".。।۔"
"""Stripped from the end of headlines."""
LONGEST_POINT = 30
"""Words."""
LONGEST_HEADLINE = 16
"""Words."""

_GRAMMAR_LIMIT = 225
"""Characters from which on a point may have been truncated by its grammar (prompts/points.gbnf.j2: 231)."""

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*#+\s*|^\s*\**(?:headline|title|überschrift|titre|título|titolo)\**\s*:\s*", re.IGNORECASE)
# Phrases of chat models around an answer.
_PREAMBLE = re.compile(
    r"^(?:sure|certainly|of course|here (?:is|are)|key points?|notes?|summary)\b.*:?$", re.IGNORECASE
)


class Answer(NamedTuple):
    """The text of a completion."""

    text: str
    cut: bool = False
    """Whether it was truncated by its limit of tokens."""

    @property
    def lines(self) -> list[str]:
        """Its lines, without a truncated last one."""
        lines = self.text.splitlines()
        return lines[:-1] if self.cut and self.rest else lines

    @property
    def rest(self) -> str:
        """The truncated last line, else empty."""
        return self.text.rpartition("\n")[2] if self.cut else ""

    @property
    def line(self) -> str:
        """Its first line as prose; empty where that is truncated."""
        return clean(self.lines[0]) if self.lines else ""

    @property
    def prose(self) -> str:
        """All of it as one line; empty where it is truncated."""
        return "" if self.cut else clean(self.text)


def broken_off(answer: Answer, language: str) -> str:
    """The truncated point or sentence at the end of an answer in `language`; empty without one."""
    text = strip_reasoning(answer.text)
    rest = Answer(text, answer.cut).rest
    if text.lstrip("` \njson").startswith("{"):
        rest = rest.rpartition('"')[2].strip(" ,]}")
    parts = sentences(clean(_BULLET.sub("", rest)), language)
    return parts[-1].text if parts else ""


def parse_yes_no(answer: str) -> bool | None:
    """Yes or no by an answer's first word, after reasoning and markup ("**Yes**", "Answer: no"); None for neither."""
    word = _YES_OR_NO.match(strip_reasoning(answer))
    return None if word is None else word[1].casefold() == "yes"


_YES_OR_NO = re.compile(
    r"[\W_]*(?:(?:my |the )?(?:final )?answer\b(?: is\b)?[\W_]*)?(yes|no)(?![^\W_])(?!\s*(?:/|or\b))", re.IGNORECASE
)


def read_points(answer: str, *, cut: bool = False) -> tuple[str, tuple[str, ...]]:
    """Headline (perhaps empty) and points of an answer: JSON (`points_schema`), or one line each.

    Of one that was `cut`, the complete ones.
    """
    headline = ""
    points: list[str] = []
    answer = strip_reasoning(answer)
    if (parsed := _from_json(answer)) is not None:
        return parsed
    for line in Answer(answer, cut).lines:
        text = clean(_HEADING.sub("", _BULLET.sub("", line)))
        if not text:
            continue
        if _BULLET.match(line):
            points.append(text)
        elif not headline and not points and not _PREAMBLE.match(text):
            headline = text.rstrip(FULL_STOPS)
    return headline, tuple(points)


def points_schema(fewest: int, most: int) -> dict[str, Any]:
    """JSON Schema of a headline and points."""
    points = {"type": "array", "items": {"type": "string"}, "minItems": fewest, "maxItems": most}
    return {
        "type": "object",
        "properties": {"headline": {"type": "string"}, "points": points},
        "required": ["headline", "points"],
        "additionalProperties": False,
    }


def _from_json(answer: str) -> tuple[str, tuple[str, ...]] | None:
    """Headline and points of an answer in JSON, perhaps truncated; None for anything else."""
    bare = re.sub(r"\A```\w*|```\Z", "", answer.strip()).strip()
    if not bare.startswith("{"):
        return None
    try:
        data = json.loads(bare)
    except (ValueError, RecursionError):
        if not re.match(r'\{\s*(?:"|\Z)', bare):
            return None
        data = {"headline": "", "points": [], **_beginning(bare)}
    try:
        headline, points = data["headline"], data["points"]
    except KeyError:
        return None
    if not isinstance(headline, str) or not isinstance(points, list):
        return None
    cleaned = (clean(_BULLET.sub("", point)) for point in points if isinstance(point, str))
    return clean(headline).rstrip(FULL_STOPS), tuple(point for point in cleaned if point)


_STRING = r'"(?:[^"\\]|\\.)*+"'
_FIELD = re.compile(
    rf"\s{{0,300}}+,?\s{{0,300}}+({_STRING})\s*+:\s*+(?:({_STRING})|\[((?:\s*+{_STRING}\s*+,?)*+)\s*+(\])?)", re.DOTALL
)


def _beginning(text: str) -> dict[str, Any]:
    """The complete strings and lists of strings at the beginning of a truncated JSON object."""
    fields: dict[str, Any] = {}
    offset = 1
    try:
        while field := _FIELD.match(text, offset):
            offset = field.end()
            items = [json.loads(item, strict=False) for item in re.findall(_STRING, field[3] or "", re.DOTALL)]
            fields[json.loads(field[1])] = items if field[2] is None else json.loads(field[2], strict=False)
            if field[2] is None and not field[4]:
                break
    except ValueError:  # an invalid escape in a string
        pass
    return fields


def clean(text: str) -> str:
    """One line of prose: without markup and tokeniser artefacts, capitalised."""
    text = normalise(strip_reasoning(text)).replace("\n", " ")
    text = re.sub(r"\*\*|__|`|<n>|</?s>|<\|[^|>]*\|>", " ", text)
    text = re.sub(r"\b([A-Z])\. (?=[A-Z]\.)", r"\1.", text)  # "U. S."
    text = re.sub(r"(?<!\s)\s+([.,;:!?%])", r"\1", re.sub(r"\s{2,}", " ", text)).strip()
    text = _closed_quotations(text)
    if len(text) > 1 and text[0] == text[-1] == '"' and text.count('"') == 2:
        text = text[1:-1].strip()
    # "iPhone sales" keeps its small letter.
    return text[:1].upper() + text[1:] if text[1:2].islower() or text[1:2].isspace() else text


def _closed_quotations(text: str) -> str:
    """`text` without the blank that small models put before a closing quotation mark: ``arrest, " then``."""
    opening = True
    parts: list[str] = []
    for part in re.split(r'(\s?"\s?)', text):
        if '"' not in part:
            parts.append(part)
            continue
        parts.append(part if opening or part[0] == '"' else part[1:])
        opening = not opening
    return "".join(parts)


def form_problem(point: str, language: str) -> str:
    """Why a text in `language` is no key point in form; empty when it may be one."""
    if len(sentences(point, language)) > 1:
        return "more than one sentence"
    if word_count(point) > LONGEST_POINT:
        return "too long"
    if word_count(point) < 3:
        return "too short"
    if point.count('"') % 2 or point.count("“") != point.count("”"):
        return "half a quotation"
    if _DANGLING.match(point):
        return "begins with a pronoun"
    if point[-1:] in {",", ":", ";", "-", "–"} or re.search(r"\b(?:and|or|the|of|to|a|an|in|for|with|by)$", point):
        return "broken off"
    if len(point) >= _GRAMMAR_LIMIT and point[-1:] not in f"{_CLOSED})":
        return "broken off"
    return ""


# A pronoun without antecedent; expletive "It is expected that" and "this week" are none.
_DANGLING = re.compile(
    r"(?:it(?!\s+(?:is|was|will be|remains)\s+\w+\s+(?:that|whether|how|what|to)\b)|he|she|they|its|his|her|their|"
    r"th(?:is|at|ese|ose)(?!\s+(?:week|month|year|morning|spring|summer|autumn|winter|time)\b)|"
    r"the (?:first|second|third|former|latter|others?|rest)"
    r"(?=\s+(?:is|are|was|were|has|have|had|requires?|allows?|says?|will|would)\b))\b",
    re.IGNORECASE,
)


def title_without_site(title: str, source: str, url: str | None = None) -> str:
    """An article's title without a suffix of the site: "... | Marlow Post", "... - Post" of the source "Post"."""
    text = " ".join(title.split())
    host = re.sub(r"\W", "", host_of(url or ""))
    known = {*tokens(source), "the", "news", "com", "online"}
    while parts := _SITE.match(text):
        tail = tokens(parts["tail"])
        is_site = bool(tail) and (set(tail) <= known or "".join(tail).removeprefix("the") in host)
        if not is_site or word_count(parts["head"]) < 2:
            break
        text = parts["head"].rstrip()
    return text


_SITE = re.compile(r"(?P<head>.*\S)\s+[|·»–—-]\s+(?P<tail>[^|·»–—]+)$")


def truncate_words(text: str, most: int) -> str:
    """`text`, truncated to `most` words (`beginning`) with an ellipsis."""
    kept = beginning(text, most)
    return text if kept == " ".join(text.split()) else kept.rstrip(",;:–—-，、；：") + "…"


def with_full_stop(point: str) -> str:
    """`point` with its script's full stop where it has none at its end (Thai and Lao have no full stop)."""
    if point[-1:] in _CLOSED:
        return point
    return point + next((stop for stop, script in _STOPS.items() if script.match(point[-1:])), ".")


_CLOSED = f"{ENDS}\"”’'»」』"
_STOPS = {
    "。": re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    "।": re.compile(r"[\u0900-\u09ff]"),
    "": re.compile(r"[\u0e00-\u0eff]"),
}


def says_the_same(first: str, second: str) -> bool:
    """Whether two points share two thirds of the stems of the shorter one."""
    a, b = set(stems(first)), set(stems(second))
    smaller = min(len(a), len(b))
    return smaller > 0 and len(a & b) / smaller >= 2 / 3


def is_copied(point: str, evidence: Evidence) -> bool:
    """Whether 15 consecutive words of `point`, or all but two of them, are in the article."""
    words = tokens(point)
    run = min(15, max(8, len(words) - 2))
    return any(evidence.contains(words[i : i + run]) for i in range(len(words) - run + 1))
