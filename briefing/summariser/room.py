"""How many tokens an answer may have, in the language that it is in. Pure.

An ordinary point is 29 tokens in English, 41 in German, 47 in Russian and over 120 in Greek, Hindi or Tamil: a limit
that does for English cuts the others off. So limits come from what the article's own sentences cost, and never fall
below what English needs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from briefing.summariser.answers import LONGEST_POINT
from briefing.text import word_count

__all__ = ["LINE_TOKENS", "POINT_TOKENS", "answer_tokens", "line_tokens", "point_tokens", "specimen"]

POINT_TOKENS = 64
"""For a point in English: the longest allowed has about 45."""
LINE_TOKENS = 72
"""For a point in English behind the numbers of its sentences: the longest allowed has about 60."""
_LONGEST = 231
"""Characters of a point: what the grammars of the prompts allow (prompts/points.gbnf.j2, cite.gbnf.j2)."""
_NUMBERS = 12
"""Tokens of "[12,3,4] " and a line's end."""
_MEASURED = 24
"""Sentences that are counted; the first of an article are like the others."""
_SHORTEST = 5
"""Words of a sentence that is counted: a heading or a byline is no example."""
_GENEROUS = 0.75
"""Share of the sentences that cost no more a word, or a character, than is reckoned with."""

# "All human beings are born free and equal in dignity and rights" (Universal Declaration of Human Rights, article 1) in
# languages of which a tokeniser makes many more tokens than of English: a summary may be in one, its article not.
_SPECIMENS = {
    "ar": "يولد جميع الناس أحرارًا متساوين في الكرامة والحقوق.",
    "bg": "Всички хора се раждат свободни и равни по достойнство и права.",
    "el": "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "fa": "تمام افراد بشر آزاد به دنیا می‌آیند و از لحاظ حیثیت و حقوق با هم برابرند.",
    "he": "כל בני האדם נולדו בני חורין ושווים בערכם ובזכויותיהם.",
    "hi": "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
    "ja": "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
    "ko": "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.",
    "ru": "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "sr": "Сва људска бића рађају се слободна и једнака у достојанству и правима.",
    "ta": "மனிதப் பிறவியினர் சகலரும் சுதந்திரமாகவே பிறக்கின்றனர்; அவர்கள் மதிப்பிலும், உரிமைகளிலும் சமமானவர்கள்.",
    "te": "ప్రతిపత్తిస్వత్వముల విషయమున మానవులెల్లరును జన్మతః స్వతంత్రులును సమానులును నగుదురు.",
    "th": "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ",
    "uk": "Всі люди народжуються вільними і рівними у своїй гідності та правах.",
    "ur": "تمام انسان آزاد اور حقوق و عزت کے اعتبار سے برابر پیدا ہوئے ہیں۔",
    "zh": "人人生而自由,在尊严和权利上一律平等。",
}


def specimen(language: str) -> list[str]:
    """A sentence in the language of this ISO 639-1 code, as an example of what it costs; none where none is known."""
    return [_SPECIMENS[language]] if language in _SPECIMENS else []


def point_tokens(examples: Sequence[str], count: Callable[[str], int]) -> int:
    """Tokens that the longest point allowed may have in the language of `examples`, sentences; `POINT_TOKENS` at least.

    `count` gives the tokens of a string. A point is bounded by its words as well as by its characters; the smaller
    bound holds.
    """
    counted = [text for text in examples[: 4 * _MEASURED] if word_count(text) >= _SHORTEST][:_MEASURED]
    costs = [(count(text), text) for text in counted]
    by_words = _upper([cost / word_count(text) for cost, text in costs]) * LONGEST_POINT
    by_characters = _upper([cost / len(text) for cost, text in costs]) * _LONGEST
    return max(POINT_TOKENS, round(min(by_words, by_characters)))


def answer_tokens(sentences: int, point: int, window: int) -> int:
    """Tokens of an answer of so many sentences of `point` tokens; over what English needs only up to a third of the
    `window`, so that an article has room beside it.
    """
    return max(POINT_TOKENS * sentences, min(point * sentences, window // 3))


def line_tokens(examples: Sequence[str], language: str) -> int:
    """Tokens that a line of `cite` may have, behind its numbers; `LINE_TOKENS` in English, and at least.

    Counted by no model, so that none is loaded where every answer is in the store: no tokeniser needs more than one for
    three bytes of prose in the languages that models are made for.
    """
    text = "".join(examples)
    if language == "en" or not text:
        return LINE_TOKENS
    return max(LINE_TOKENS, _NUMBERS + _LONGEST * len(text.encode("utf-8", "surrogatepass")) // (3 * len(text)))


def _upper(values: Sequence[float]) -> float:
    ordered = sorted(values)
    return ordered[int(_GENEROUS * (len(ordered) - 1))] if ordered else 0.0
