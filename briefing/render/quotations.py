"""Quotation marks of a language, and those inside of a quotation. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple


class Marks(NamedTuple):
    """How a language opens and closes a quotation, and one inside of it."""

    opening: str
    closing: str
    inner_opening: str
    inner_closing: str


_ENGLISH = Marks("“", "”", "‘", "’")
# CLDR, `delimiters`, which browsers follow for `<q>` too.
_MARKS = {
    **dict.fromkeys(("de", "cs", "sk", "sl", "is", "lt"), Marks("„", "“", "‚", "‘")),
    **dict.fromkeys(("es", "it", "el", "ca", "fr"), Marks("«", "»", "“", "”")),
    **dict.fromkeys(("ru", "uk", "be"), Marks("«", "»", "„", "“")),
    **dict.fromkeys(("pl", "ro"), Marks("„", "”", "«", "»")),
    **dict.fromkeys(("nb", "nn", "no"), Marks("«", "»", "‘", "’")),
    **dict.fromkeys(("sv", "fi", "he"), Marks("”", "”", "’", "’")),
    "ar": Marks("”", "“", "’", "‘"),
    "hu": Marks("„", "”", "»", "«"),
    "ja": Marks("「", "」", "『", "』"),
}
"""By ISO 639-1 code, where they are not as in English."""
_DOUBLE = re.compile('["＂“”„‟«»「」]')
_OPENING, _CLOSING = "“„‟«「", "”»」"
_BEFORE, _AFTER = "([{-–—/…:;", ".,;:!?)]}…-–—/"


def quoted(text: str, language: str = "") -> str:
    """`text` in the quotation marks of `language`, and the quotations in it in its inner marks."""
    marks = _MARKS.get(language, _ENGLISH)
    return f"{marks.opening}{within_quotation(text, language)}{marks.closing}"


def within_quotation(text: str, language: str = "") -> str:
    """`text`, which is going to stand in quotation marks, with double marks of its own as inner ones of `language`.

    A straight mark that closes nothing (``6" of rain``) stays.
    """
    marks = _MARKS.get(language, _ENGLISH)
    pieces: list[str] = []
    position = depth = 0
    for found in _DOUBLE.finditer(text):
        start, end = found.span()
        before, after = text[start - 1 : start], text[end : end + 1]
        straight = found[0] in '"＂'
        at_start = not before or before.isspace() or before in _BEFORE or bool(_DOUBLE.match(before))
        at_end = not after or after.isspace() or after in _AFTER or bool(_DOUBLE.match(after))
        usual = not depth if straight else found[0] in _OPENING
        opens = usual if at_start == at_end else at_start  # alike: « word », or a mark within a word
        if straight and not opens and not depth:
            continue
        pieces += [text[position:start], marks.inner_opening if opens else marks.inner_closing]
        position, depth = end, depth + 1 if opens else max(0, depth - 1)
        # Blanks inside of French marks go with them.
        if found[0] == "«" and opens and after.isspace():
            position += 1
        elif found[0] == "»" and not opens and before.isspace():
            pieces[-2] = pieces[-2][:-1]
    return "".join([*pieces, text[position:]])
