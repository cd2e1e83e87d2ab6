"""What a model writes becomes a headline and clean sentences, or is refused with a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.ground import Evidence
from briefing.summariser.parsing import (
    Answer,
    broken_off,
    clean,
    form_problem,
    is_copied,
    parse_yes_no,
    read_points,
    says_the_same,
    title_without_site,
    with_full_stop,
)


@pytest.mark.parametrize(
    "answer",
    [
        "# Tram approved\n- Work starts in March.\n- It costs £212m.",
        "Headline: Tram approved\n* Work starts in March.\n* It costs £212m.",
        "**Headline:** Tram approved.\n\n1. **Work** starts in March.\n2) It costs £212m.",
        "<think>Let me see.\n- no point</think># Tram approved\n• Work starts in March.<n>\n– It costs £212m .",
        "Sure, here are the key points:\n# Tram approved\n- work starts in March.\n- it costs £212m.",
    ],
)
def test_answers_in_many_shapes_are_read_alike(answer: str) -> None:
    assert read_points(answer) == ("Tram approved", ("Work starts in March.", "It costs £212m."))


@given(st.text())
def test_read_points_accepts_any_text(answer: str) -> None:
    headline, points = read_points(answer)
    assert "\n" not in headline
    assert all(point and "\n" not in point for point in points)


def test_lower_case_brand_names_are_not_capitalised() -> None:
    assert clean("iPhone sales fell.") == "iPhone sales fell."


@pytest.mark.parametrize("fence", ["{}", "```json\n{}\n```", "<think>[]</think>\n{}"])
def test_an_answer_in_json_is_read_as_well(fence: str) -> None:
    answer = '{"headline": "Tram approved.", "points": ["- Work starts in March.", "", 7, "It costs £212m ."]}'
    assert read_points(fence.replace("{}", answer)) == ("Tram approved", ("Work starts in March.", "It costs £212m."))


@pytest.mark.parametrize("answer", ['{"points": []}', '{"headline": 1, "points": []}', '{"headline": "", "points": 3}'])
def test_json_of_another_shape_holds_no_points(answer: str) -> None:
    assert read_points(answer)[1] == ()


def test_what_stands_before_and_behind_the_points_of_truncated_json_is_read() -> None:
    answer = '{"points": ["Work starts in March."], "headline": "Tram approved", "paragraph": "It'
    assert read_points(answer, cut=True) == ("Tram approved", ("Work starts in March.",))


WHOLE = '{"headline": "Tram approved", "points": ["Work starts in March.", "It costs £212m.", "Ana said \\"no\\"."]}'


@pytest.mark.parametrize("cut", range(len(WHOLE)))
def test_complete_points_of_truncated_json_are_read(cut: int) -> None:
    headline, points = read_points(WHOLE[:cut], cut=True)
    _, all_points = read_points(WHOLE)
    assert headline in {"", "Tram approved"}
    assert points == all_points[: len(points)]
    assert len(points) == sum(WHOLE[:cut].count(end) for end in ('March."', '£212m."', '\\"."'))


@pytest.mark.parametrize(
    ("answer", "points"),
    [
        ("# Tram\n- Work starts in March.\n- It costs the", ("Work starts in March.",)),
        ("# Tram\n- Work starts in March.\n- It costs £2.", ("Work starts in March.",)),
        ("# Tram\n- Work starts in March.\n- It costs £212m.\n", ("Work starts in March.", "It costs £212m.")),
        ("# Tram\n- Work starts", ()),
        ("# Tram and", ()),
        ("<think>- Work starts.\n- It", ()),
        ("", ()),
    ],
)
def test_truncated_last_point_is_dropped(answer: str, points: tuple[str, ...]) -> None:
    assert read_points(answer, cut=True)[1] == points


def test_answer_lines_without_a_truncated_last_one() -> None:
    assert Answer("One.\nTwo.\nThr", cut=True).lines == ["One.", "Two."]
    assert Answer("One.\nTwo.\nThr").lines == ["One.", "Two.", "Thr"]
    assert Answer("one line.\nTw", cut=True).line == "One line."
    assert (Answer("One li", cut=True).line, Answer("One li", cut=True).rest) == ("", "One li")
    assert (Answer("One.\nTwo.", cut=True).prose, Answer("one.\nTwo.").prose) == ("", "One. Two.")


@pytest.mark.parametrize(
    ("answer", "rest"),
    [
        ("# Tram\n- Work starts in March.\n- It costs the", "It costs the"),
        ("# Tram\n- Work starts in March.\n", ""),
        ("Work starts in March. It costs the", "It costs the"),
        ('{"headline": "Tram", "points": ["Work starts in March.", "It costs the', "It costs the"),
        ('```json\n{\n  "headline": "Tram",\n  "points": [\n    "It costs the', "It costs the"),
        ('{"headline": "Tram", "points": ["Work starts in March."', ""),
        ("<think>\nI should say\nthat it costs the", ""),
        ("", ""),
    ],
)
def test_broken_off_returns_the_truncated_sentence(answer: str, rest: str) -> None:
    assert broken_off(Answer(answer, cut=True), "en") == rest
    assert broken_off(Answer(answer), "en") == ""


@pytest.mark.parametrize(
    ("answer", "yes"),
    [
        ("yes", True),
        (" Yes.", True),
        ("**Yes**", True),
        ("Yes, the sentences say so.", True),
        ("Answer: no", False),
        ("**Answer:** No", False),
        ("The answer is no.", False),
        ('{"answer": "yes"}', True),
        ("<think>yes or no? Let me see.</think>\n\nno", False),
        ("No, they say nothing of it", False),
        ("<think>no", None),
        ("The sentences say so", None),
        ("There is no such statement", None),
        ("Yes/No", None),
        ("yes or no", None),
        ("Nothing of it", None),
        ("Yesterday", None),
        ("", None),
    ],
)
def test_yes_or_no_is_parsed_from_the_first_word(answer: str, yes: bool | None) -> None:
    assert parse_yes_no(answer) is yes


@pytest.mark.parametrize(
    ("point", "reason"),
    [
        ("Work starts in March. It costs £212m.", "more than one sentence"),
        (" ".join(["word"] * 31), "too long"),
        ("Yes indeed.", "too short"),
        ("Work starts in the", "broken off"),
        ("Transportgesellschaften " * 9 + "verhandeln", "broken off"),
        ("Transportgesellschaften " * 9 + "verhandeln.", ""),
        ("It was the fourth country to land on the Moon.", "begins with a pronoun"),
        ("The second requires states to assess effects.", "begins with a pronoun"),
        ("Work on the tram starts in March.", ""),
        ("It is expected that work starts in March.", ""),
        ("This week the council voted for the tram.", ""),
        ("The second reactor at Hinkley is late.", ""),
        ("The first malaria vaccine was made in Britain.", ""),
    ],
)
def test_form_problems_of_points(point: str, reason: str) -> None:
    assert form_problem(point, "en") == reason


def test_a_point_ends_with_a_full_stop() -> None:
    assert [with_full_stop("It rose"), with_full_stop("It rose!"), with_full_stop('"It rose."')] == [
        "It rose.",
        "It rose!",
        '"It rose."',
    ]


@pytest.mark.parametrize(
    ("point", "shown"),
    [
        ("निर्माण मार्च में शुरू होगा।", "निर्माण मार्च में शुरू होगा।"),
        ("निर्माण मार्च में शुरू होगा", "निर्माण मार्च में शुरू होगा।"),
        ("工程将于三月开工。", "工程将于三月开工。"),
        ("工程将于三月开工", "工程将于三月开工。"),
        ("تعمیر مارچ میں شروع ہوگی۔", "تعمیر مارچ میں شروع ہوگی۔"),
        ("สภาลงมติ", "สภาลงมติ"),
        ("Совет проголосовал", "Совет проголосовал."),
    ],
)
def test_full_stop_of_the_script(point: str, shown: str) -> None:
    assert with_full_stop(point) == shown
    assert read_points(f"{shown}\n- {shown}")[0] == shown.rstrip(".।。۔")


def test_near_duplicate_points_are_recognised() -> None:
    one = "The council voted for a tram to the hospital on Tuesday."
    assert says_the_same(one, "On Tuesday the council voted for the hospital tram.")
    assert not says_the_same(one, "Shopkeepers fear that customers will stay away.")


def test_a_copied_sentence_is_recognised() -> None:
    sentence = (
        "Shopkeepers on Bridge Street fear that the works, which are to last three years, will drive customers away."
    )
    evidence = Evidence(f"{sentence} Their association will go to court.")
    assert is_copied(sentence, evidence)
    assert not is_copied("Bridge Street shopkeepers fear losing customers over three years of works.", evidence)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("Council approves tram | Marlow Post", "Council approves tram"),
        ("Council approves tram - what we know - The Marlow Post", "Council approves tram - what we know"),
        ("Council approves tram - marlowpost.example", "Council approves tram - marlowpost.example"),
        ("Live updates from Kyiv | Drone strike kills nine", "Live updates from Kyiv | Drone strike kills nine"),
        ("Peace talks resume - Iran walks out", "Peace talks resume - Iran walks out"),
        ("Marlow Post", "Marlow Post"),
        ("", ""),
    ],
)
def test_an_articles_title_is_shown_without_the_sites_name_and_with_all_of_its_news(title: str, shown: str) -> None:
    assert title_without_site(title, "Marlow Post", "https://www.post.example/a") == shown


def test_a_site_is_known_by_its_host_as_well() -> None:
    assert title_without_site(
        "Council approves tram - The Guardian", "World news", "https://www.theguardian.com/x"
    ) == ("Council approves tram")
