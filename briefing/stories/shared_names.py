"""Which stories are about one name: what is reported of a great event has little in common but whom it befell.

A name is two capitalised words in a row. Also politicians, cities and products have one, of whom many stories are told
in a day: whether those about a name are about one event is for `clustering` to see.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from briefing.nlp.facts import occurrences
from briefing.nlp.text import beginning
from briefing.types import Article

_READ_WORDS = 60
"""Of a title and of a text: who is named later is not whom it is about."""
_LEAST_SOURCES = 3
"""That tell of a name: what fewer tell is one outlet's series."""
_MOST_ARTICLES = 500
"""About one name: above, it is no event's."""


def stories_about_one_name(
    stories: Sequence[Sequence[int]], articles: Sequence[Article], least: int
) -> list[list[int]]:
    """Sets of at least so many of `stories`, as their indices: a set for each name that three sources tell of.

    `stories`: the indices of each one's articles. A story is about a name that at least half of its articles have, with
    the last word of it in the title. The largest sets come first; a story may be in many.
    """
    found: defaultdict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for number, members in enumerate(stories):
        for index in members:
            for name in _names(articles[index]):
                found[name][number] += 1
    sets = set()
    for counts in found.values():
        about = tuple(number for number, count in sorted(counts.items()) if 2 * count >= len(stories[number]))
        told = [articles[index] for number in about for index in stories[number]]
        if len(about) >= least and len(told) <= _MOST_ARTICLES and len({one.source for one in told}) >= _LEAST_SOURCES:
            sets.add(about)
    return [list(about) for about in sorted(sets, key=lambda about: (-len(about), about))]


def _names(article: Article) -> set[tuple[str, str]]:
    """The names in the title and the beginning of the text whose last word is in the title."""
    title, lead = (list(occurrences(beginning(text, _READ_WORDS))) for text in (article.title, article.text))
    titled = {key for _, _, key in title}
    return {
        (key, last)
        for (start, word, key), (following, other, last) in (*pairwise(title), *pairwise(lead))
        if last in titled and following == start + len(word) + 1 and word[0].isupper() and other[0].isupper()
    }
