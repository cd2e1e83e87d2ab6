"""The check of key points: facts found, paraphrases supported, changes refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.ground import Evidence, check, probability, weigh
from briefing.nlp.text import normalise
from briefing.types import Verdict

ARTICLE = normalise(
    """
Marlow City Council voted 31 to 14 on Tuesday to build a 9-kilometre tram line to the university hospital, ending a
dispute that had divided the chamber for two years.

Construction is due to start in March 2027 and to cost £212 million, of which the government has promised £140 million.
Fares will not rise before the line opens. The World Health Organization praised the plan.

"This is the largest investment in our streets since the 1960s," said Councillor Anita Desai, who leads the transport
committee. Shopkeepers on Bridge Street, a fifth of whom are Iraqi, fear that customers will stay away; 28 African
countries have such trams. A ticket costs four dollars in the United States. About 20 per cent of the city's 1.2 million
people commute by bus.
"""
)
EVIDENCE = Evidence(ARTICLE, "Tram line approved by Marlow council", "en")

FAITHFUL = [
    "Marlow's council voted 31-14 on Tuesday for a 9-kilometre tram to the university hospital.",
    "Construction starts in March 2027 and costs £212m.",
    "The government promised £140m of the cost.",
    "The tram's construction will cost 212 million pounds.",
    "Councillors ended a dispute that had divided the chamber for two years.",
    "Fares will not rise before the line opens.",
    "WHO praised the plan.",
    'Desai called it "the largest investment in our streets since the 1960s".',
    "Anita Desai leads the transport committee.",
    "Bridge Street's shopkeepers fear that customers will stay away.",
    "20% of people in the city commute by bus.",
    "A U.S. ticket costs $4.",
    "In America a ticket costs four dollars.",
    "Shopkeepers from Iraq fear that customers will stay away.",
    "28 countries in Africa have such trams.",
    "The city has 1,200,000 people.",
]

CHANGED = [
    ("Marlow's council voted 34 to 14 for a tram to the university hospital.", "number"),
    ("Construction will cost $212 million.", "number"),
    ("Construction will cost £212 billion.", "number"),
    ("The government has promised £140,000.", "number"),
    ("About 20 people commute by bus.", "number"),
    ("About 30 per cent of the city's people commute by bus.", "number"),
    ("Construction is due to start in May 2027.", "name"),
    ("Construction is due to start in March 2028.", "number"),
    ("The council of Harlow voted for a tram line to the university hospital.", "name"),
    ("Councillor Amrita Desai leads the transport committee.", "name"),
    ("The World Bank praised the plan.", "name"),
    ('Desai called it "the biggest investment in our streets since the 1960s".', "quotation"),
    ("The government has not promised money for construction.", "negation"),
    ("The mayor applauded when passengers cut the ribbon.", "support"),
    ("The council voted on Wednesday to build the tram line.", "name"),
    ("Iranian shopkeepers fear that customers will stay away.", "name"),
    ("The R21 tram line will reach the university hospital.", "name"),
]


READ = [
    "Four African countries have such trams.",
    "The university hospital voted to build a tram line to Marlow City Council.",
    "Fares will rise before the line opens.",
]
"""Wrong in the article's own words: no rule here sees it, a model that reads may."""


@pytest.mark.parametrize("point", FAITHFUL)
def test_faithful_paraphrases_pass(point: str) -> None:
    found = check(point, EVIDENCE)
    assert (found.verdict, found.missing) == (Verdict.SUPPORTED, ())


@pytest.mark.parametrize(("point", "kind"), CHANGED)
def test_one_changed_fact_is_caught_and_named(point: str, kind: str) -> None:
    found = check(point, EVIDENCE)
    assert found.verdict is Verdict.UNSUPPORTED
    assert found.missing[0].kind == kind


@pytest.mark.parametrize("point", READ)
def test_semantic_errors_are_refused_by_the_tuned_model_alone(point: str) -> None:
    found = check(point, EVIDENCE)
    assert found.verdict is not Verdict.UNSUPPORTED
    refused = weigh(found, point, -3.0)
    assert (refused.verdict, [part.kind for part in refused.missing]) == (Verdict.UNSUPPORTED, ["model"])
    assert refused.citations == found.citations


@pytest.mark.parametrize("point", FAITHFUL)
def test_a_faithful_paraphrase_that_the_tuned_model_believes_is_supported(point: str) -> None:
    assert weigh(check(point, EVIDENCE), point, 4.0).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(("point", "kind"), CHANGED)
def test_no_model_overrules_a_fact_that_is_missing(point: str, kind: str) -> None:
    found = weigh(check(point, EVIDENCE), point, 8.0)
    assert (found.verdict, found.missing[0].kind) == (Verdict.UNSUPPORTED, kind)


def test_log_odds_change_no_verbatim_sentence_and_no_translated_point() -> None:
    own = check(EVIDENCE.sentences[0].text, EVIDENCE)
    assert weigh(own, EVIDENCE.sentences[0].text, -8.0) is own
    german = "Der Stadtrat von Marlow stimmte mit 31 zu 14."
    translated = check(german, EVIDENCE, translated=True)
    assert weigh(translated, german, -8.0) is translated


@given(
    st.fixed_dictionaries(
        {"number": st.integers(0, 2), "name": st.integers(0, 3), "negation": st.integers(0, 1),
         "closeness": st.floats(0, 1), "in_order": st.floats(0, 1)}
    ),
    st.floats(-1000, 1000),
    st.floats(-1000, 1000),
)  # fmt: skip
def test_probability_is_monotonic_in_log_odds_and_missing_parts(
    found: dict[str, float], low: float, high: float
) -> None:
    low, high = sorted((low, high))
    assert 0 <= probability(found, low) <= probability(found, high) <= 1
    for sign in ("number", "name", "negation"):
        assert probability({**found, sign: 0}, low) >= probability(found, low)
        assert probability({**found, sign: 0}) >= probability(found)


def test_words_that_share_only_letters_support_nothing_in_hindi() -> None:
    evidence = Evidence("मुख्यमंत्री ने आदेश दिया।", language="hi")
    assert check("आदमी ने नियम दिया।", evidence).verdict is not Verdict.SUPPORTED
    assert check("मुख्यमंत्री ने यह आदेश दिया।", evidence).verdict is Verdict.SUPPORTED


@pytest.mark.parametrize(
    ("point", "refused"),
    [("市内有23人死亡。", None), ("市内有32人死亡。", "32"), ("市内有35000人离开。", None), ("市内有3人离开。", "3")],
)
def test_a_chinese_number_is_looked_up_with_its_magnitude(point: str, refused: str | None) -> None:
    evidence = Evidence("昨天市内有23人死亡，另有3.5万人离开。", language="zh")
    assert [part.surface for part in check(point, evidence).missing] == ([refused] if refused else [])


def test_the_sentence_behind_a_point_is_cited_with_its_offsets() -> None:
    found = check("Fares will not rise before the line opens.", EVIDENCE)
    (citation,) = found.citations
    assert citation.text == "Fares will not rise before the line opens."
    assert ARTICLE[citation.start : citation.end] == citation.text
    assert EVIDENCE.sentences[citation.sentence].text == citation.text


@pytest.mark.parametrize("index", range(len(EVIDENCE.sentences)))
def test_every_sentence_of_an_article_is_supported_by_itself(index: int) -> None:
    found = check(EVIDENCE.sentences[index].text, EVIDENCE)
    assert found.verdict is Verdict.SUPPORTED
    assert index in [citation.sentence for citation in found.citations]


@given(st.lists(st.text(max_size=80) | st.sampled_from(ARTICLE.split("\n")), max_size=6), st.integers(0, 5))
def test_citations_cut_out_the_cited_text_wherever_it_stands(lines: list[str], at: int) -> None:
    said = "Fares will not rise before the line opens."
    evidence = Evidence(normalise("\n\n".join([*lines[:at], said, *lines[at:]])))
    citations = check(said, evidence).citations
    assert said in [citation.text for citation in citations]
    assert [evidence.text[one.start : one.end] for one in citations] == [one.text for one in citations]


@pytest.mark.parametrize("point", FAITHFUL)
def test_a_point_about_another_article_never_passes(point: str) -> None:
    other = Evidence("Divers found a Roman ship off Malta. Its cargo of wine jars lay where it sank.", "A wreck", "en")
    assert check(point, other).verdict is Verdict.UNSUPPORTED


def test_a_translated_point_is_compared_by_its_facts_alone_and_stays_uncertain() -> None:
    german = "Der Stadtrat von Marlow stimmte mit 31 zu 14 für die Straßenbahn."
    assert check(german, EVIDENCE, translated=True).verdict is Verdict.UNCERTAIN
    changed = check("Die Abstimmung in Marlow endete 32 zu 14.", EVIDENCE, translated=True)
    assert ("number", "32") in [(part.kind, part.surface) for part in changed.missing]


def test_a_sentence_is_cited_with_its_offsets() -> None:
    citation = EVIDENCE.cite(2)
    assert ARTICLE[citation.start : citation.end] == citation.text


def test_facts_that_only_the_title_holds_count() -> None:
    evidence = Evidence(
        "The line will be built in three years and cost the city a lot of money.", "Marlow approves tram"
    )
    assert check("Marlow's line will be built in three years.", evidence).verdict is Verdict.SUPPORTED


def test_openings_of_real_articles_are_supported_by_themselves(shared_data: Path) -> None:
    with gzip.open(shared_data / "pairs" / "dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines][:60]
    refused = []
    for pair in pairs:
        evidence = Evidence(normalise(pair["article"]))
        for sentence in evidence.sentences[:3]:
            found = check(sentence.text, evidence)
            assert all(evidence.text[c.start : c.end] == c.text for c in found.citations)
            if found.verdict is not Verdict.SUPPORTED:
                refused.append((sentence.text, found.missing))
    assert refused == []


@pytest.mark.parametrize(
    ("language", "text", "wrong", "right"),
    [
        ("de", "Der Chef tritt nicht zurück.", "Der Chef tritt zurück.", "Der Chef tritt nicht zurück, heißt es."),
        ("fr", "Le maire n'a pas démissionné.", "Le maire a démissionné.", "Le maire n'a jamais démissionné."),
        ("es", "El fiscal no recurrirá el auto.", "El fiscal recurrirá el auto.", "El fiscal no recurrirá."),
        ("pt", "A ponte não será fechada.", "A ponte será fechada.", "A ponte não será fechada em maio."),
        ("ru", "Название не было банальным.", "Название было банальным.", "Название не банальным было."),
        ("fr", "Le maire n’est plus candidat.", "Le maire est candidat.", "Le maire n'est pas candidat."),
        ("fr", "Le pont est fermé.", "Le pont n’est plus fermé.", "Le pont est fermé plus tôt."),
        ("fr", "Personne ne savait où allait le train.", "Tout le monde savait où allait le train.",
         "On ne savait rien du train."),
        ("de", "Der Minister tritt zurück.", "Der Minister tritt nicht zurück.", "Der Minister tritt zurück, hieß es."),
    ],
)  # fmt: skip
def test_lost_and_added_negations_are_refused_in_every_language_the_model_writes(
    language: str, text: str, wrong: str, right: str
) -> None:
    evidence = Evidence(text, language=language)
    assert "negation" in [missing.kind for missing in check(wrong, evidence).missing]
    assert "negation" not in [missing.kind for missing in check(right, evidence).missing]


@pytest.mark.parametrize(
    ("language", "text", "point"),
    [
        ("fr", "Un homme est mort à Lyon.", "Une personne est morte à Lyon."),
        ("fr", "Un homme qui logeait à Lyon est mort.", "La personne morte ne logeait qu'à Lyon."),
        ("fr", "Le réseau compte 20 trains.", "Le réseau compte plus de trains, sans doute."),
        ("fr", "Le maire et le préfet ont démissionné.", "Non seulement le maire, mais le préfet a démissionné."),
        ("de", "Der Zug und der Bus kommen.", "Nicht nur der Zug, auch der Bus kommt."),
        ("de", "Der Zug kommt.", "Der Zug kommt ohne Zweifel."),
        ("es", "El tren y el bus llegaron.", "No solo llegó el tren, también el bus."),
        ("es", "El tren llegó; el bus, sin embargo, salió.", "El bus salió."),
        ("pt", "O trem e o ônibus chegaram.", "Não só o trem chegou, mas o ônibus."),
        ("ru", "Поезд и автобус пришли.", "Не только поезд, но и автобус пришли."),
    ],
)  # fmt: skip
def test_idle_negations_are_ignored(language: str, text: str, point: str) -> None:
    evidence = Evidence(text, language=language)
    assert "negation" not in [missing.kind for missing in check(point, evidence).missing]
    assert "negation" not in [missing.kind for missing in check(text, Evidence(point, language=language)).missing]


def test_english_negations_are_ignored_in_other_languages() -> None:
    evidence = Evidence("O professor mostra uma loja em um vídeo.", language="pt")
    assert check("No vídeo, o professor mostra uma loja.", evidence).missing == ()
