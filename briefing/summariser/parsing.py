"""From what a model wrote to a headline and clean sentences, and from many sentences to different ones. Pure."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from briefing.canonical import host_of
from briefing.engines.output import strip_reasoning
from briefing.ground import Evidence
from briefing.nlp.facts import stems, tokens
from briefing.nlp.text import ENDS, normalise, sentences, word_count

__all__ = [
    "FULL_STOPS",
    "LONGEST_HEADLINE",
    "LONGEST_POINT",
    "Answer",
    "broken_off",
    "clean",
    "form_problem",
    "is_copied",
    "parse_yes_no",
    "points_schema",
    "read_points",
    "says_the_same",
    "title_without_site",
    "truncate_words",
    "with_full_stop",
]

FULL_STOPS = ".。।۔"
"""Which a headline does not have at its end."""
LONGEST_POINT = 30
"""Words."""
LONGEST_HEADLINE = 16
"""Words."""

_ROOM = 225
"""Characters from which on a point may have been ended by its grammar (prompts/points.gbnf.j2: 231), not its model."""

_BULLET = re.compile(r"^\s*(?:[-*•–]|\d{1,2}[.)])\s+")
_HEADING = re.compile(r"^\s*#+\s*|^\s*\**(?:headline|title|überschrift|titre|título|titolo)\**\s*:\s*", re.IGNORECASE)
# What a chat model says around its answer, not in it.
_PREAMBLE = re.compile(
    r"^(?:sure|certainly|of course|here (?:is|are)|key points?|notes?|summary)\b.*:?$", re.IGNORECASE
)


class Answer(NamedTuple):
    """What a model wrote."""

    text: str
    cut: bool = False
    """Whether it ended because there was no room for more, not because the model had said all."""

    @property
    def lines(self) -> list[str]:
        """Its lines, without the one in which it was cut."""
        found = self.text.splitlines()
        return found[:-1] if self.cut and self.rest else found

    @property
    def rest(self) -> str:
        """The line in which it was cut; empty where it was not, or at a line's end."""
        return self.text.rpartition("\n")[2] if self.cut else ""

    @property
    def line(self) -> str:
        """Its first line as prose; empty where that was cut."""
        return clean(self.lines[0]) if self.lines else ""

    @property
    def prose(self) -> str:
        """All of it as one line; empty where it was cut."""
        return "" if self.cut else clean(self.text)


def broken_off(answer: Answer) -> str:
    """The point or sentence in which an answer was cut; empty where there is none."""
    said = strip_reasoning(answer.text)
    rest = Answer(said, answer.cut).rest
    if said.lstrip("` \njson").startswith("{"):
        rest = rest.rpartition('"')[2].strip(" ,]}")
    found = sentences(clean(_BULLET.sub("", rest)))
    return found[-1].text if found else ""


def parse_yes_no(answer: str) -> bool | None:
    """Whether an answer to a question is yes or no, by its first word, whatever thoughts and markup stand around it
    ("**Yes**", "Answer: no"); None where it is neither.
    """
    found = _YES_OR_NO.match(strip_reasoning(answer))
    return None if found is None else found[1].casefold() == "yes"


_YES_OR_NO = re.compile(
    r"[\W_]*(?:(?:my |the )?(?:final )?answer\b(?: is\b)?[\W_]*)?(yes|no)(?![^\W_])(?!\s*(?:/|or\b))", re.IGNORECASE
)


def read_points(answer: str, *, cut: bool = False) -> tuple[str, tuple[str, ...]]:
    """The headline, if there is one, and the points of an answer: JSON (`points_schema`), or one line each.

    Of one that was `cut`, those that are whole.
    """
    headline = ""
    points: list[str] = []
    answer = strip_reasoning(answer)
    if (found := _from_json(answer)) is not None:
        return found
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
    """JSON Schema of a headline and points, for servers that hold answers to one."""
    points = {"type": "array", "items": {"type": "string"}, "minItems": fewest, "maxItems": most}
    return {
        "type": "object",
        "properties": {"headline": {"type": "string"}, "points": points},
        "required": ["headline", "points"],
        "additionalProperties": False,
    }


def _from_json(answer: str) -> tuple[str, tuple[str, ...]] | None:
    """What an answer in JSON says, also one that was cut; None where it is none, or not of that shape."""
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
_FIELD = re.compile(rf"\s*+,?\s*+({_STRING})\s*+:\s*+(?:({_STRING})|\[((?:\s*+{_STRING}\s*+,?)*+)\s*+(\])?)", re.DOTALL)


def _beginning(text: str) -> dict[str, Any]:
    """The fields at the beginning of a JSON object that was cut: strings and lists of strings, those that are whole."""
    found: dict[str, Any] = {}
    at = 1
    try:
        while field := _FIELD.match(text, at):
            at = field.end()
            items = [json.loads(one, strict=False) for one in re.findall(_STRING, field[3] or "", re.DOTALL)]
            found[json.loads(field[1])] = items if field[2] is None else json.loads(field[2], strict=False)
            if field[2] is None and not field[4]:
                break
    except ValueError:  # a string with an escape that there is not
        pass
    return found


def clean(text: str) -> str:
    """One line of prose: no markup, no tokeniser's artefacts, a capital first."""
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
    found: list[str] = []
    for part in re.split(r'(\s?"\s?)', text):
        if '"' not in part:
            found.append(part)
            continue
        found.append(part if opening or part[0] == '"' else part[1:])
        opening = not opening
    return "".join(found)


def form_problem(point: str) -> str:
    """Why this is no key point, whatever the article says; empty when it may be one."""
    if len(sentences(point)) > 1:
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
    if len(point) >= _ROOM and point[-1:] not in f"{_CLOSED})":
        return "broken off"
    return ""


# A point stands alone: nothing before it says who "it" is. "It is expected that" and "this week" refer to nothing.
_DANGLING = re.compile(
    r"(?:it(?!\s+(?:is|was|will be|remains)\s+\w+\s+(?:that|whether|how|what|to)\b)|he|she|they|its|his|her|their|"
    r"th(?:is|at|ese|ose)(?!\s+(?:week|month|year|morning|spring|summer|autumn|winter|time)\b)|"
    r"the (?:first|second|third|former|latter|others?|rest)"
    r"(?=\s+(?:is|are|was|were|has|have|had|requires?|allows?|says?|will|would)\b))\b",
    re.IGNORECASE,
)


def title_without_site(title: str, source: str, url: str | None = None) -> str:
    """An article's title without the site's name behind it: "... | Marlow Post", "... - Post" of the source "Post"."""
    text = " ".join(title.split())
    host = re.sub(r"\W", "", host_of(url or ""))
    known = {*tokens(source), "the", "news", "com", "online"}
    while parted := _SITE.match(text):
        tail = tokens(parted["tail"])
        theirs = bool(tail) and (set(tail) <= known or "".join(tail).removeprefix("the") in host)
        if not theirs or word_count(parted["head"]) < 2:
            break
        text = parted["head"].rstrip()
    return text


_SITE = re.compile(r"(?P<head>.*\S)\s+[|·»–—-]\s+(?P<tail>[^|·»–—]+)$")


def truncate_words(text: str, most: int) -> str:
    """`text`, cut behind `most` words with an ellipsis."""
    cut = text.split()
    return text if len(cut) <= most else " ".join(cut[:most]).rstrip(",;:–—-") + "…"


def with_full_stop(point: str) -> str:
    """`point` with a full stop where it ends without one: that of its script, of which Thai and Lao have none."""
    if point[-1:] in _CLOSED:
        return point
    return point + next((stop for stop, script in _STOPS.items() if script.match(point[-1:])), ".")


_CLOSED = f"{ENDS}\"”’'»」』"
_STOPS = {
    "。": re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    "।": re.compile(r"[\u0900-\u09ff]"),
    "": re.compile(r"[\u0e00-\u0eff]"),
}


def says_the_same(one: str, other: str) -> bool:
    """Whether two points share so much that a reader would feel told twice: two thirds of the shorter one's words."""
    a, b = set(stems(one)), set(stems(other))
    smaller = min(len(a), len(b))
    return smaller > 0 and len(a & b) / smaller >= 2 / 3


def is_copied(point: str, evidence: Evidence) -> bool:
    """Whether `point` is a sentence of the article, or nearly: fifteen of its words in a row, or all but two."""
    mine = tokens(point)
    run = min(15, max(8, len(mine) - 2))
    return any(evidence.contains(mine[i : i + run]) for i in range(len(mine) - run + 1))
