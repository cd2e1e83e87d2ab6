"""Grouping with embeddings, by a fake embedding model with known vectors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.stories import group, with_embeddings
from briefing.types import Article

from .. import factories

THING = ["kettle", "lamp", "violin", "anchor", "meadow", "copper", "ladder", "walnut", "harbour", "chimney"]
MEANING = {"vessel": "ship", "ferry": "ship", "sank": "sink", "foundered": "sink"}
"""What the model knows and the words do not show."""


def embed(texts: Sequence[str]) -> list[list[float]]:
    """Word counts by meaning, hashed into 64 dimensions, plus a component common to all texts."""
    vectors = []
    for text in texts:
        vector = [4.0] * 64
        for word in text.lower().replace(".", "").split():
            vector[crc32(MEANING.get(word, word).encode()) % 64] += 1.0
        length = math.sqrt(sum(value * value for value in vector))
        vectors.append([value / length for value in vector])
    return vectors


def article(name: str, text: str, source: str = "") -> Article:
    title = " ".join(text.split()[:4])
    return factories.article(text, id=name, title=title, source=source or f"Paper {name}")


def others() -> list[Article]:
    """Twelve unrelated articles."""
    found = []
    for number, thing in enumerate([*THING, "piano", "quarry"]):
        words = " ".join(f"{thing}{letter}{number}" for letter in "abcdefghij")
        found.append(article(f"z{number:02}", f"The {thing} of {words} was {thing}."))
    return found


def stories(articles: Sequence[Article], embedded: bool = True) -> set[frozenset[str]]:
    bundles = group(articles, compare=with_embeddings(embed)) if embedded else group(articles)
    return {frozenset(article.id for article in (*bundle.articles, *bundle.copies)) for bundle in bundles}


ONE = article(
    "a",
    "Ferry sank fast. Ferry sank, ferry sank, ferry sank; crews watched, nobody swam, blankets went out. Some drowned "
    "while waves broke; lifeboats and sailors searched the harbour until night.",
)
OTHER = article(
    "b",
    "Vessel foundered suddenly. Vessel foundered, vessel foundered, vessel foundered; inquiry opens, owners silent, "
    "insurers wait. Lifeboats and sailors searched the harbour again.",
)


def test_embeddings_join_reports_in_different_words() -> None:
    assert frozenset("ab") not in stories([ONE, OTHER, *others()], embedded=False)
    assert frozenset("ab") in stories([ONE, OTHER, *others()])


def test_a_component_common_to_all_embeddings_joins_nothing() -> None:
    texts = [article.text for article in others()]
    first, second, *_ = embed(texts)
    assert sum(a * b for a, b in zip(first, second, strict=True)) > 0.9
    assert stories(others()) == {frozenset([article.id]) for article in others()}


def test_embeddings_alone_join_no_articles_without_shared_words() -> None:
    def same(texts: Sequence[str]) -> list[list[float]]:
        return [[1.0, 0.0] if "kettle" in text or "lamp" in text else [0.0, 1.0] for text in texts]

    bundles = group(others(), compare=with_embeddings(same))
    assert sorted(len(bundle.articles) for bundle in bundles) == [1] * len(others())


def test_a_few_articles_are_compared_by_words_alone() -> None:
    def never(texts: Sequence[str]) -> list[list[float]]:
        raise AssertionError(texts)

    few = [ONE, *others()[:3]]
    assert group(few, compare=with_embeddings(never)) == group(few)


@pytest.mark.slow
@given(
    texts=st.lists(
        st.lists(st.sampled_from([*THING, *MEANING]), min_size=4, max_size=30).map(" ".join), min_size=10, max_size=20
    ),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_the_articles_never_matters(texts: list[str], order: object) -> None:
    articles = [article(f"{number:02}", text, f"Paper {number % 4}") for number, text in enumerate(texts)]
    bundles = group(articles, compare=with_embeddings(embed))
    assert sorted(article.id for bundle in bundles for article in (*bundle.articles, *bundle.copies)) == [
        a.id for a in articles
    ]
    shuffled = list(articles)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert group(shuffled, compare=with_embeddings(embed)) == bundles
