"""Detection of the encoding of bytes that nobody labels, by what they would say. Pure.

`charset_normalizer` tells scripts apart, but hardly the code pages of Latin letters: Spanish "año" and "ańo" are one to
it. Among these the one is taken under which most letters belong to one language.
"""

from __future__ import annotations

import re
from itertools import islice

_GUESSED_FROM = 100_000
"""Bytes that are looked at."""
_GUESSED_BEFORE = 2_000
"""Of these, bytes before the first that is not ASCII."""
_LATIN = ("cp1252", "cp1250", "iso8859_2", "cp1254", "cp1257", "mac_roman")
"""In this order where they are as good as one another."""
_OF_SEVERAL_BYTES = ("big5hkscs", "cp932", "cp949", "euc_jp", "gb18030")
_LONGEST_CHARACTER = 4
"""Bytes."""
_OTHERS = (
    "cp1251", "cp1253", "cp1255", "cp1256", "cp874", "koi8_r", "cp866", "mac_cyrillic", "iso8859_5",
    *_OF_SEVERAL_BYTES,
)  # fmt: skip
_MOST_JUDGED = 5_000
"""Characters beyond ASCII under each of them."""
_LEAST = 0.8
"""Share of letters and signs in their place from which text too short for `charset_normalizer` is Latin."""

_FEWEST_TOGETHER = 3
"""Characters beyond ASCII that follow another one, in a text of another script than Latin."""
_LEAST_TOGETHER = 0.3
"""Their least share of all."""

_ALPHABETS = tuple(
    map(
        frozenset,
        (
            "äöüßé", "àâæçéèêëîïôœùûüÿ", "áéíñóúüçàèòï·¿¡ºª", "áâãàçéêíóôõúüºª", "àèéìíîòóùú", "éëïóöüèê", "åäöé",
            "æøåé", "äöåšžõü", "áðéíóúýþæö", "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "ăâîşţ",
            "čćđšž", "çğıöşüâîûi̇", "ąčęėįšųūž", "āčēģīķļņšūž", "çë",
        ),
    )
)  # fmt: skip
"""Letters beyond ASCII of German, French, Spanish and Catalan, Portuguese, Italian, Dutch, Swedish, Danish and
Norwegian, Finnish and Estonian, Icelandic, Polish, Czech, Slovak, Hungarian, Romanian, Croatian and Slovene, Turkish,
Lithuanian, Latvian, Albanian."""
_SIGNS = frozenset("“”‘’‚„–—…•€£¥§©®™°·«»‹›²³½¼¾×±†¡¿\xa0\xad")
_OUTSIDE_ASCII = re.compile(r"[^\x00-\x7f]")


def detected(body: bytes) -> str:
    """The Python codec by the letters that it gives; empty where none gives a language."""
    from charset_normalizer import from_bytes

    sample = _sample(body)
    best = from_bytes(sample, cp_isolation=[*_LATIN, *_OTHERS]).best()
    if best is not None and best.encoding in _OTHERS and _is_of_words(sample.decode(best.encoding, "replace")):
        return str(best.encoding)
    shares = {codec: _in_place(sample.decode(codec, "replace")) for codec in _LATIN}
    latin = max(_LATIN, key=lambda codec: shares[codec])
    return latin if best is not None or shares[latin] >= _LEAST else ""


def _is_of_words(text: str) -> bool:
    """Whether characters beyond ASCII form words: else they are stray ones in a text of Latin letters."""
    total = together = 0
    end = -1
    for found in islice(_OUTSIDE_ASCII.finditer(text), _MOST_JUDGED):
        total += 1
        together += found.start() == end
        end = found.end()
    return together >= _FEWEST_TOGETHER and together >= _LEAST_TOGETHER * total


def _sample(body: bytes) -> bytes:
    """The part that is looked at: from the first bytes beyond ASCII, and not from within a character."""
    first = re.search(rb"[\x80-\xff]", body)
    start = max(0, first.start() - _GUESSED_BEFORE) if first else 0
    sample = body[start : start + _GUESSED_FROM]
    if len(sample) < _GUESSED_FROM:
        return sample
    pieces = (sample[: len(sample) - cut] for cut in range(_LONGEST_CHARACTER))
    return next((piece for piece in pieces if any(_is_valid(piece, codec) for codec in _OF_SEVERAL_BYTES)), sample)


def _is_valid(body: bytes, codec: str) -> bool:
    try:
        body.decode(codec)
    except UnicodeError:
        return False
    return True


def _in_place(text: str) -> float:
    """The share of characters beyond ASCII that are signs or letters of one language, where such stand in a text."""
    counts: dict[str, int] = {}
    total = signs = 0
    for found in islice(_OUTSIDE_ASCII.finditer(text), _MOST_JUDGED):
        character, start = found[0], found.start()
        before, after = text[start - 1 : start], text[start + 1 : start + 2]
        total += 1
        if character in _SIGNS:
            in_word = before.isalpha() and (after.isalpha() or character in "±×½¼¾")
            signs += not (in_word and character in "±×½¼¾²³¿¡")
        elif not after.isdigit() and not (character.isupper() and before.islower()):
            letter = character.lower()
            counts[letter] = counts.get(letter, 0) + 1
    known = max(sum(count for letter, count in counts.items() if letter in alphabet) for alphabet in _ALPHABETS)
    return (signs + known) / total if total else 1.0
