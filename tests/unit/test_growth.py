"""Time and memory are linear in the length of the text, on texts of one repeated short string.

Functions and strings are those of ``bench/growth.py``, which prints the figures. Time is thread time, so that the
machine's load does not count.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from growth import KINDS, SUBJECTS, WARM, repeated
from hypothesis import example, given, settings
from hypothesis import strategies as st

import briefing
from briefing.nlp.sentences import sentences

TESTED_KINDS = (
    "list of digits", "sums", "dates", "number words", "large numbers in Chinese", "hyphens", "letters",
    "characters without spaces", "combining marks", "joined emoji", "sentences", "titles of people",
    "double quotation marks", "apostrophes", "brackets", "addresses in brackets", "blanks", "line ends",
    "elements", "marked sections", "character references",
)  # fmt: skip
"""Twenty-one of the kinds; the benchmark has them all."""
TESTED_BY_THEIR_PARTS = (
    "localised_numbers.in_english", "ground.check of a long point", "context.contexts", "selection.select_sentences",
    "quoted_summary", "extract of a mail in HTML", "extract of a feed's item", "stories.group by titles",
    "facts.occurrences",
)  # fmt: skip
SLOW = (5_000, 10_000, 20_000, 50_000)
"""Sizes, in bytes, for what takes longer at its best."""
SLACK = 0.01
"""Seconds below which no growth can be told."""


def seconds(function: Callable[[str], Any], text: str) -> float:
    began = time.thread_time()
    function(text)
    return time.thread_time() - began


def grows_evenly(function: Callable[[str], Any], string: str) -> bool:
    """Whether twice the text takes less than three times as long; larger texts decide where smaller ones do not."""
    first = seconds(function, repeated(string, 10_000))
    for size in (
        (100_000, 200_000, 300_000) if first < 0.002 else (20_000, 20_000, 50_000, 100_000) if first < 0.02 else SLOW
    ):
        small, large = (seconds(function, repeated(string, bytes_)) for bytes_ in (size, 2 * size))
        if large < 3 * small + SLACK:
            return True
    return False


def test_what_is_left_out_is_in_the_benchmark() -> None:
    assert set(TESTED_BY_THEIR_PARTS) <= set(SUBJECTS)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SUBJECTS if name not in TESTED_BY_THEIR_PARTS])
def test_time_is_linear_in_the_text(name: str) -> None:
    function = SUBJECTS[name]
    function(WARM)
    assert [kind for kind in TESTED_KINDS if not grows_evenly(function, KINDS[kind])] == []


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "de", "el", "sv", "ja", "ur", "th", "und"])
def test_sentences_take_linear_time_over_the_marks_of_every_script(language: str) -> None:
    strings = (
        "“",
        "”",
        "„",
        "«a.",
        "» ",
        "「",
        "「あ。」",
        "“好。”",
        "你好。",
        "(",
        "वह।",
        "پی۔",
        "د. ",
        "3. ",
        "usw. ",
        "ตลาด ",
        "; ",
    )
    assert [string for string in strings if not grows_evenly(partial(sentences, language=language), string)] == []


def peak(function: Callable[[str], Any], text: str) -> int:
    tracemalloc.start()
    try:
        function(text)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "kind", "size"),
    [
        ("numerals.numbers", "list of digits", 100_000),
        ("numerals.numbers", "large numbers in Chinese", 50_000),
        ("sentences in en", "titles of people", 50_000),
        ("sentences in de", "titles of people", 50_000),
        ("text.normalise", "line ends", 100_000),
        ("ground.check", "list of digits", 20_000),
        ("ground.check across languages", "list of digits", 5_000),
        ("salience.ranked", "sentences", 60_000),
        ("stories.group", "list of digits", 20_000),
        ("extract of a page", "elements", 50_000),
        ("extract of Markdown", "marked sections", 50_000),
    ],
)
def test_memory_is_linear_in_the_text(name: str, kind: str, size: int) -> None:
    function = SUBJECTS[name]
    function(WARM)
    small, large = (peak(function, repeated(KINDS[kind], bytes_)) for bytes_ in (size, 2 * size))
    assert large < 3 * small + 1_000_000
    assert large < 500 * 2 * size


# --- regular expressions ---------------------------------------------------------------------------------------------

AT_ONE_PLACE = {
    "briefing.config.edit": {"_COMMENTED_OUT"},
    "briefing.fetch.refresh": {"_CONTENT", "_URL"},
    "briefing.config.locations": {"_ADDRESS"},
    "briefing.stories.conflicts": {"_QUALIFIER_BEHIND", "_SUMMANDS", "_NO_COUNT"},
    "briefing.engines.openai.failures": {"_PROMPT"},
    "briefing.engines.transformers.loading": {"_VOCABULARY"},
    "briefing.nlp.facts": {"_COUNTED"},
    "briefing.models.repository": {"_PARTS"},
    "briefing.nlp.numerals": {"_MYRIAD_PART"},
    "briefing.summariser.parsing": {"_YES_OR_NO", "_SITE"},
    "briefing.summariser.draft": {"_ANSWERS"},
    "briefing.summariser.ladder": {"_HELD", "_RELATIVE", "_WHO"},
}
"""Patterns that are matched at one offset and not searched for, or that are given one word."""
OF_SHORT_TEXTS = {
    "briefing.config.file": {"_QUOTED_PATH"},
    "briefing.extract.mail": {"_ADDRESS"},
    "briefing.mail_headers": {"_ENCODED_WORD"},
    "briefing.extract.wall_phrases": {"SURE", "LIKELY", "OFFER", "REPORTED"},
    "briefing.sources.detection": {"_BEFORE_ROOT"},
    "briefing.summariser.introductions": {"_GIVEN", "_FIRST"},
}
"""Patterns that are given lines of some hundred characters, a header of at most 4,000, or the first 16,384 of a
file."""


def patterns() -> Iterator[re.Pattern[str]]:
    """Every compiled pattern of the package that is searched for in texts of any length."""
    left_out = {
        (pattern.pattern, pattern.flags)
        for names in (AT_ONE_PLACE, OF_SHORT_TEXTS)
        for module, there in names.items()
        for name in there
        for pattern in compiled(vars(importlib.import_module(module))[name])
    }
    for found in pkgutil.walk_packages(briefing.__path__, "briefing."):
        if not found.name.endswith("__main__") and not found.name.startswith("briefing.testing"):
            for value in vars(importlib.import_module(found.name)).values():
                for pattern in compiled(value):
                    if isinstance(pattern.pattern, str) and (pattern.pattern, pattern.flags) not in left_out:
                        yield pattern


def compiled(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, dict | tuple | list):
        for element in value.values() if isinstance(value, dict) else value:
            yield from compiled(element)


PATTERNS = tuple({(pattern.pattern, pattern.flags): pattern for pattern in patterns()}.values())


def is_steep(pattern: re.Pattern[str], text: Callable[[int], str]) -> bool:
    """Whether it takes far more than twice as long over twice the text."""

    def search(whole: str) -> None:
        for _ in pattern.finditer(whole):
            pass

    if seconds(search, text(2_000)) < 0.005:
        return False
    for size in (2_000, 4_000, 8_000):
        if seconds(search, text(2 * size)) < 3 * seconds(search, text(size)) + SLACK:
            return False
    return True


@pytest.mark.slow
@settings(max_examples=15)  # each tries every pattern
@example("(", "\t")
@given(
    st.sampled_from(["", "<a ", "http://", "(", '"']),
    st.text(st.sampled_from("aA1 .,-'\"()[]<>/=&#*_@:;!?|\n\té中万\u0301\u200d"), min_size=1, max_size=4),
)
@example("", "a")
@example("", " ")
@example("", "1,")
@example("", "'a ")
@example("(", "(a")
def test_no_pattern_takes_quadratic_time(start: str, string: str) -> None:
    def text(size: int) -> str:
        return start + string * (size // len(string))

    assert [pattern.pattern for pattern in PATTERNS if is_steep(pattern, text)] == []
