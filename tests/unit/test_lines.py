"""Line ends of plain text: hard-wrapped paragraphs, lists, format=flowed."""

from __future__ import annotations

import textwrap
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.extract import extract_article
from briefing.nlp.lines import continued, flowed, parted, unwrapped

PROSE = (
    "The ferry company said on Monday that its boats will not sail for a week, because two of the five need new shafts "
    "and the yard has no more than one dock. Passengers may use the bus across the bridge."
)


@pytest.mark.parametrize("width", [45, 60, 72, 78, 98])
def test_hard_wrapped_paragraphs_are_joined(width: int) -> None:
    text = f"Ferry stops\n\n{textwrap.fill(PROSE, width)}\n\n{textwrap.fill(PROSE[:90], width)}"
    assert unwrapped(text) == f"Ferry stops\n\n{PROSE}\n\n{PROSE[:90]}"


@pytest.mark.parametrize(
    "text",
    [
        "- boat at six\n- boat at ten",
        "1. The first boat goes at six in the morning from the old pier\n2. The second one at ten from the new pier",
        "Roses are red\nViolets are blue",
        "Ferry stops for a week\n" + PROSE,
        "12 Quay Street\nPorthaven PH1 2AB",
    ],
)
def test_lines_that_were_not_wrapped_stay_lines(text: str) -> None:
    assert unwrapped(text) == text


def test_a_heading_above_a_wrapped_paragraph_stays_a_line() -> None:
    assert unwrapped(f"What happens next\n{textwrap.fill(PROSE, 72)}") == f"What happens next\n{PROSE}"


def test_items_of_a_list_are_joined_with_their_own_lines_only() -> None:
    item = textwrap.fill(PROSE, 72, initial_indent="- ", subsequent_indent="  ")
    assert unwrapped(f"{item}\n{item}") == f"- {PROSE}\n- {PROSE}"


@given(st.text(st.sampled_from("a -*1.\n東、"), max_size=300))
def test_unwrapping_changes_white_space_only(text: str) -> None:
    assert "".join(unwrapped(text).split()) == "".join(text.split())
    for function in (parted, continued):
        assert "".join(function(unwrapped(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TIMES\n- six\n- ten", "TIMES\n\n- six\n\n- ten"),
        ("It ends.\nso it does", "It ends.\n\nso it does"),
        ("What next\nThe yard works.", "What next\n\nThe yard works."),
        ("the boat sails\nin the morning", "the boat sails\nin the morning"),
        ("a\n\nB", "a\n\nB"),
        ("次に\n船は出る", "次に\n\n船は出る"),
    ],
)
def test_lines_that_are_statements_are_parted(text: str, expected: str) -> None:
    assert parted(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "the boat to the islands sails at six\nin the morning\nIt is late",
            "the boat to the islands sails at six in the morning\nIt is late",
        ),
        ("boat at six\nboat at ten", "boat at six\nboat at ten"),
        ("The boat to the islands sails at six\n#ferry", "The boat to the islands sails at six\n#ferry"),
        ("It ends.\nso it does", "It ends.\nso it does"),
        ("a\n\nb\nc\n- d", "a\n\nb\nc\n- d"),
    ],
)
def test_lines_that_go_on_are_continued(text: str, expected: str) -> None:
    assert continued(text) == expected


@pytest.mark.parametrize(
    ("text", "delete_space", "expected"),
    [
        ("The boat \nsails.\nIt is late.", False, "The boat sails.\nIt is late."),
        ("The boat \r\nsails.\r\n", False, "The boat sails.\n"),
        (" >From the pier\n  two blanks", False, ">From the pier\n two blanks"),
        ("> The boat \n> sails.\nYes.", False, "> The boat sails.\nYes."),
        (">> deep \n> less deep", False, ">> deep \n> less deep"),
        ("> quoted \nnot quoted", False, "> quoted \nnot quoted"),
        ("The end \n-- \nAnn\nPorthaven", False, "The end \n-- \nAnn\nPorthaven"),
        ("> The end\n> -- \n> Ann", False, "> The end\n> -- \n> Ann"),
        ("One \n\nTwo", False, "One \nTwo"),
        ("渡船は \n来週まで \n休む。\n次の行", True, "渡船は来週まで休む。\n次の行"),
        ("เรือจะ \nไม่ออก \nเดินทาง", True, "เรือจะไม่ออกเดินทาง"),
        ("The boat  \nsails.", True, "The boat sails."),
    ],
)
def test_flowed_lines_are_joined(text: str, delete_space: bool, expected: str) -> None:
    assert flowed(text, delete_space=delete_space)[0] == expected


def test_text_without_a_flowed_line_is_said_to_have_none() -> None:
    assert flowed("One.\nTwo.")[1] is False
    assert flowed("One \ntwo.")[1] is True


def to_flow(paragraph: str, width: int) -> str:
    """A paragraph as a program sends it with format=flowed."""
    lines = textwrap.wrap(paragraph, width, break_long_words=False, break_on_hyphens=False)
    return " \n".join(f" {line}" if line.startswith((" ", ">", "From ")) else line for line in lines)


WORDS = st.lists(st.sampled_from(["boat", ">", "From", "-", "--", "東京", "a>b"]), min_size=1, max_size=40)


@given(WORDS, st.integers(5, 80))
def test_what_a_program_made_flow_is_joined_again(words: list[str], width: int) -> None:
    paragraph = f"The {' '.join(words)} ends"
    sent = to_flow(paragraph, width)
    if "\n-- \n" not in sent:
        assert flowed(sent)[0] == paragraph


def letter(text: str, declared: str) -> str:
    head = "Subject: Ferry stops\nFrom: News <n@a.example>\nMIME-Version: 1.0\n"
    head += f"Content-Type: text/plain; charset=utf-8{declared}\n"
    body = f"{head}Content-Transfer-Encoding: 8bit\n\n{text}\n".encode()
    return extract_article(body, content_type="message/rfc822", name="it", url=None, source="News").text


LONG = [PROSE, PROSE.replace("Monday", "Tuesday").replace("week", "month")]


@pytest.mark.parametrize("declared", ["; format=flowed", "; Format=Flowed; DelSp=no", '; format="flowed"'])
def test_flowed_mail_has_whole_paragraphs(declared: str) -> None:
    text = "\n\n".join(to_flow(one, 30) for one in LONG)
    assert letter(f"{text}\n\n-- \nAnn Writer", declared) == "\n\n".join(LONG)


def test_deleted_spaces_of_flowed_mail_part_no_words() -> None:
    sentence = "渡船会社は月曜日に、五隻のうち二隻の軸を取り替えるため、来週から一週間にわたって運航を休むと発表した。"
    paragraph = sentence * 3
    lines = " \n".join(paragraph[at : at + 20] for at in range(0, len(paragraph), 20))
    assert letter(lines, "; format=flowed; delsp=yes") == paragraph


def test_mail_that_only_claims_to_flow_is_unwrapped() -> None:
    text = "\n\n".join(textwrap.fill(one, 72) for one in LONG)
    assert letter(text, "; format=flowed") == "\n\n".join(LONG)


def test_list_lines_of_mail_are_parted() -> None:
    lines = "TIMES\n- first boat at six\n- last boat at ten"
    text = letter(f"{LONG[0]}\n\n{lines}\n\n{LONG[1]}", "")
    assert text == f"{LONG[0]}\n\nTIMES\n\n- first boat at six\n\n- last boat at ten\n\n{LONG[1]}"


def test_a_sent_message_of_the_standard_library_is_read() -> None:
    message = EmailMessage()
    message["Subject"] = "Ferry stops"
    message["From"] = "News <n@a.example>"
    message.set_content("\n\n".join(to_flow(one, 60) for one in LONG), cte="quoted-printable")
    message.set_param("format", "flowed")
    read = extract_article(message.as_bytes(), content_type="message/rfc822", name="it", url=None, source="News")
    assert read.text == "\n\n".join(LONG)
