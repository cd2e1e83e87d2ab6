"""Extraction of numbers, names and quotations in their many written forms."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.nlp.facts import names, quotations, stem, stems, tokens
from briefing.nlp.numerals import numbers


def found(text: str) -> set[tuple[Decimal, str]]:
    return {(number.value, number.unit) for number in numbers(text)}


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("$2.3 million", "2300000", "$"),
        ("$2.3m", "2300000", "$"),
        ("2.3 million dollars", "2300000", "$"),
        ("£212m", "212000000", "£"),
        ("20 per cent", "20", "%"),
        ("20%", "20", "%"),
        ("5,000 troops", "5000", ""),
        ("Rs 1,500", "1500", "₹"),
        ("1,50,000 rupees", "150000", "₹"),
        ("the 21st century", "21", ""),
        ("twenty-one", "21", ""),
        ("two hundred and five men", "205", ""),
        ("one hundred thousand dollars", "100000", "$"),
        ("seventh", "7", ""),
        ("a 9-kilometre line", "9", ""),
        ("0.76 francs", "0.76", ""),
        ("1.234.567", "1234567", ""),
        ("市内有23人死亡", "23", ""),
        ("2024年5月17日", "17", ""),
        ("今年增长5.2％", "5.2", "%"),
        ("약23명이", "23", ""),
        ("ב23 ערים", "23", ""),
        ("ราคา23บาท", "23", ""),
        ("约3.5万人", "35000", ""),
        ("5,000万元", "50000000", "元"),
        ("1億2000万円", "120000000", "¥"),
        ("3万5000人", "35000", ""),
        ("5千万美元", "50000000", "$"),
        ("약 3만 5천 명", "35000", ""),
        ("1.2万亿美元", "1200000000000", "$"),
        ("5千米", "5", ""),
        ("제1조", "1", ""),
        ("in den 1990er Jahren", "1990", ""),
    ],
)
def test_a_number_is_its_value_and_unit(text: str, value: str, unit: str) -> None:
    assert (Decimal(value), unit) in found(text)


def test_the_first_of_a_range_shares_scale_and_unit_of_the_second() -> None:
    assert {(Decimal(1_500_000), ""), (Decimal(2_000_000), "")} <= found("1.5 to 2 million people")
    assert {(Decimal(10), "%"), (Decimal(12), "%")} <= found("10-12%")


@pytest.mark.parametrize(
    ("text", "surfaces"),
    [
        ("Fifteen died, 30 were hurt, two and three fled", ["Fifteen", "30", "two", "three"]),
        ("“Half the men” and a dozen women, $2.3m – twenty-one", ["Half", "a dozen", "$2.3m", "twenty-one"]),
        ("1.5 to 2 million, one in five", ["1.5", "1.5", "2 million", "one in five"]),
    ],
)
def test_numbers_are_ordered_and_have_offsets(text: str, surfaces: list[str]) -> None:
    told = list(numbers(text))
    assert [number.surface for number in told] == surfaces
    assert [text[number.start : number.end] for number in told] == surfaces


@pytest.mark.parametrize(
    ("text", "value"), [("a dozen eggs", 12), ("two dozen eggs", 24), ("half a dozen eggs", 6), ("the dozen eggs", 12)]
)
def test_dozens_are_counted(text: str, value: int) -> None:
    assert found(text) == {(Decimal(value), "")}


@pytest.mark.parametrize(
    "text", ["one of the best", "hundreds of thousands", "the R21 vaccine", "COVID-19", "F-16 jets", "R21疫苗", "Т34"]
)
def test_look_alikes_are_no_numbers(text: str) -> None:
    assert found(text) == set()


@given(st.text() | st.lists(st.sampled_from(["Ann Lee", "£3.5m", "“so it is”", " ", "U.S.", "12", "."])).map("".join))
def test_whatever_the_text_its_facts_are_in_it(text: str) -> None:
    for number in numbers(text):
        assert text[number.start : number.end] == number.surface
    assert all(quotation.key.split() == tokens(quotation.surface) for quotation in quotations(text))
    assert all(name.key for name in names(text))
    assert all(stems(text))


@given(st.integers(2, 10**12))
def test_thousands_separators_do_not_matter(value: int) -> None:
    assert found(f"{value:,} people") == found(f"{value} people")


def test_names_are_folded_without_possessives_and_stops() -> None:
    keys = [name.key for name in names("Officials in the U.S. met Mr Müller’s envoy about R21 and the iPhone.")]
    assert keys == ["officials", "us", "mr", "muller", "r21", "iphone"]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("市内有23人死亡", []),
        ("약 12명이", []),
        ("使用R21疫苗，GDP增长5%", ["r21", "gdp"]),
        ("KBS는 R21을", ["kbs", "r21"]),
        ("in den 1990er und 1990ern, le 1er mai", []),
    ],
)
def test_digits_beside_letters_are_a_name_only_where_these_have_a_case(text: str, keys: list[str]) -> None:
    assert [name.key for name in names(text)] == keys


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("मुख्यमंत्री ने आदेश दिया।", 4),
        ("மனிதர் சகலரும் சமமானவர்கள்.", 3),
        ("كُلُّ الناس", 2),
        ("می‌آیند", 1),
        ("ปี2024มี", 3),
        ("市内有23人死亡", 3),
    ],
)
def test_words_are_split_before_digits_and_not_at_combining_marks(text: str, words: int) -> None:
    assert len(tokens(text)) == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("有23人死亡。", ["人死", "死亡"]),
        ("東京、", ["東京"]),
        ("バスで", ["バス", "スで"]),
        ("รถราง ดี", ["รถรา", "ถราง", "ดี"]),
        ("서울에서 회의", ["서울에서", "회의"]),
    ],
)
def test_stems_of_scripts_without_blanks_are_sequences_of_characters(text: str, expected: list[str]) -> None:
    assert stems(text) == expected


def test_a_name_knows_whether_it_opens_a_sentence() -> None:
    assert [(name.key, name.opens) for name in names("Paris fell. London rose with Rome.")] == [
        ("paris", True),
        ("london", True),
        ("rome", False),
    ]


def test_quotations_in_curly_straight_and_single_marks() -> None:
    text = "He said “it’s over” and \"no way\", and she said 'it is his own fault'."
    assert [quotation.key for quotation in quotations(text)] == ["it over", "no way", "it is his own fault"]


def test_an_apostrophe_is_no_quotation_mark() -> None:
    assert list(quotations("Iraq's and Iran's troops, the states' rights")) == []


@pytest.mark.parametrize(("one", "other"), [("voted", "voting"), ("stopped", "stops"), ("countries", "country")])
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stem(one) == stem(other)


@pytest.mark.parametrize("text", ["निर्माण शुरू", "நகர சபை", "שָׁלוֹם עולם"])
def test_vowel_signs_are_parts_of_a_word(text: str) -> None:
    assert len(tokens(text)) == len(stems(text)) == 2


def test_a_run_of_digits_too_long_for_a_number_is_a_list_of_them() -> None:
    text = "Drawn: " + ",".join(str(n) for n in range(10, 60)) + " in all."
    found = list(numbers(text))
    assert [number.value for number in found] == list(range(10, 60))
    assert all(text[number.start : number.end] == number.surface for number in found)


def test_a_name_opens_a_sentence_behind_blanks_and_quotation_marks() -> None:
    found = {name.surface: name.opens for name in names(' "Oslo fell.  \n Bergen rose and Narvik (Tromso) stood')}
    assert found == {"Oslo": True, "Bergen": True, "Narvik": False, "Tromso": True}


def test_an_unclosed_single_mark_hides_no_later_quotation() -> None:
    found = [
        quotation.surface for quotation in quotations('It was \'over the day, he said, and "gone for good" by night')
    ]
    assert found == ["gone for good"]
