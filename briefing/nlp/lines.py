"""Line ends of plain text: hard-wrapped paragraphs, list lines, format=flowed (RFC 3676). Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from briefing.nlp.text import ENDS, UNSPACED, normalise

LISTED = re.compile(r"(?:[-*•‣–—+·]|\(?\d{1,3}[.)]|#{1,6})\s|\d{1,2}:\d\d\b")
"""Beginning of a line of a list: a mark, a number, a time."""
_NARROWEST, _WIDEST = 40, 100
"""Columns of the longest line of hard-wrapped text."""
_SHORT = 30
"""Characters of a line that is not wrapped."""
_FORCED = 0.8
"""Share of the longest line from which a line with the next word behind it would have been too long."""
_WITHOUT_BLANKS = re.compile(rf"[{UNSPACED}\u3000-\u303f\uff01-\uff60]")
"""Letters and punctuation that no blank separates."""


def unwrapped(text: str) -> str:
    """Plain text, normalised, with the lines of hard-wrapped paragraphs joined.

    A line is joined with the next one where that one's first word had no place on it, by the longest line of the
    paragraph. Lines of a list, headings and short lines stay lines; lines of Chinese or Japanese are joined without a
    blank.
    """
    return "\n\n".join("\n".join(_joined(part.split("\n"))) for part in normalise(text).split("\n\n"))


def _joined(lines: Sequence[str]) -> list[str]:
    widths = [_columns(line) for line in lines]
    widest = max(widths)
    if not _NARROWEST <= widest <= _WIDEST:
        return list(lines)
    joined = [[lines[0]]]
    for before, width, line in zip(lines, widths, lines[1:], strict=False):
        forced = width + 1 + _columns(_first_word(line)) > _FORCED * widest and width >= _NARROWEST / 2
        if not forced or LISTED.match(line):
            joined.append([line])
            continue
        unspaced = _WITHOUT_BLANKS.match(before[-1:]) and _WITHOUT_BLANKS.match(line[:1])
        joined[-1] += [line] if unspaced else [" ", line]
    return ["".join(pieces) for pieces in joined]


def _first_word(line: str) -> str:
    return line[:1] if _WITHOUT_BLANKS.match(line) else line.split(maxsplit=1)[0]


def _columns(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def parted(text: str) -> str:
    """Plain text, unwrapped, with a blank line for each line end that parts statements (`_parts`)."""
    lines = text.split("\n")
    kept = [f"\n{line}" if _parts(before, line) else line for before, line in pairwise(lines)]
    return "\n".join([lines[0], *kept])


def continued(text: str) -> str:
    """Plain text, unwrapped, with a blank for each line end in a statement, as in HTML (`_parts`).

    Short lines stay lines: without marks they are a list.
    """
    lines = text.split("\n")
    ends = (
        "\n" if not line or len(before) < _SHORT or _parts(before, line) else " " for before, line in pairwise(lines)
    )
    return lines[0] + "".join(end + line for end, line in zip(ends, lines[1:], strict=True))


def _parts(before: str, line: str) -> bool:
    """Whether the end of the line `before` parts statements: else a sentence may go on in `line`.

    It does where `line` is of a list, `before` ends a sentence, or `line` does not begin in lower case.
    """
    if not (before and line):
        return False
    first = line.lstrip("\"'“‘«(")[:1]
    return bool(LISTED.match(line)) or before[-1] in f"{ENDS}:" or not first.islower()


def flowed(text: str, *, delete_space: bool = False) -> tuple[str, bool]:
    """A text of format=flowed with its paragraphs on one line each, and whether any line was flowed (RFC 3676, 4).

    A line that ends in a blank goes on in the next one of the same quote depth. `delete_space` (DelSp): that blank is
    no part of the text, as in scripts without blanks. Stuffed blanks are removed; the line ``-- `` before a signature
    is never flowed; quoted lines keep their marks in front.
    """
    joined: list[list[str]] = []
    goes_on: int | None = None
    for raw in text.replace("\r\n", "\n").split("\n"):
        unquoted = raw.lstrip(">")
        depth = len(raw) - len(unquoted)
        line = unquoted.removeprefix(" ")
        if line == "-- ":
            joined.append([raw if depth else line])
            goes_on = None
            continue
        soft = line.endswith(" ")
        content = line[:-1] if soft and delete_space else line
        if goes_on == depth:
            joined[-1].append(content)
        else:
            joined.append([f"{'>' * depth} " if depth else "", content])
        goes_on = depth if soft else None
    whole = "\n".join("".join(pieces) for pieces in joined)
    return whole, any(len(pieces) > 2 for pieces in joined)
