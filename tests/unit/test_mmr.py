"""Of the points that held, a reader gets different ones, and the main event is among them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from briefing.summariser.mmr import choose_points, covers_opening
from briefing.types import KeyPoint

from ..factories import key_point

RANKING = list(range(30))


def test_what_repeats_another_point_is_left_out_first() -> None:
    points = [
        key_point("The council of Marlow voted for a tram line.", 0),
        key_point("Marlow's council backed the tram line in a vote.", 0),
        key_point("Shopkeepers fear three years of works.", 9),
    ]
    assert choose_points(points, 2, RANKING) == [points[0], points[2]]


def test_the_main_event_is_told_even_if_other_sentences_rank_higher() -> None:
    points = [
        key_point("Shops fear works.", 9),
        key_point("Rain fell on Tuesday.", 8),
        key_point("Marlow voted for a tram.", 2),
    ]
    assert points[2] in choose_points(points, 1, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0])


def test_of_points_that_are_equally_new_the_more_telling_stay() -> None:
    points = [key_point("Alpha beta.", 0), key_point("Gamma delta.", 25), key_point("Epsilon zeta.", 5)]
    assert choose_points(points, 2, RANKING) == [points[0], points[2]]


POINTS = st.lists(
    st.builds(lambda words, at: key_point(" ".join(words), *at), st.lists(st.sampled_from("abcdefgh"), min_size=1),
              st.lists(st.integers(0, 40), max_size=2)),
    max_size=8,
)  # fmt: skip


@given(points=POINTS, most=st.integers(1, 6))
def test_as_many_as_wanted_in_their_order_with_a_leading_one_if_there_is_any(points: list[KeyPoint], most: int) -> None:
    kept = choose_points(points, most, RANKING)
    assert len(kept) == min(most, len(points))
    places = [next(i for i, one in enumerate(points) if one is chosen_one) for chosen_one in kept]
    assert places == sorted(places)
    assert any(map(covers_opening, kept)) == any(map(covers_opening, points))
