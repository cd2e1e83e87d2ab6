"""New points of a story against earlier editions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from briefing.stories.novelty import MOST_BACKGROUND, EarlierStory, link_earlier, news_first, unseen_articles
from briefing.types import Article, Citation, KeyPoint, Summary, Verdict

from ..factories import article, key_point, summary

MONDAY = article("A blast at a plant in Harwick killed 12 people on Monday. Inspectors had warned of valves.", id="mon")
TUESDAY = article(
    "The toll of the blast at a plant in Harwick rose to 15. Police arrested the plant's manager.", id="tue"
)
TRAM = article("The council of Marlow voted 31 to 14 for a tram.", id="tram")
BLAST = EarlierStory(edition_date=date(2024, 5, 13), headline="Blast in Harwick", articles=(MONDAY,))


def by_place(articles: Sequence[Article]) -> Iterable[Sequence[Article]]:
    for place in ("Harwick", "Marlow"):
        yield [article for article in articles if place in article.text]


def told_today(*points: str, verdict: Verdict = Verdict.SUPPORTED) -> Summary:
    return summary(TUESDAY, *(key_point(text, 0, verdict=verdict) for text in points))


def test_a_story_continues_one_that_grouping_would_join_and_no_other() -> None:
    older = EarlierStory(
        edition_date=date(2024, 5, 12), headline="Plant fined", articles=(article("Harwick plant fined.", id="sun"),)
    )
    assert link_earlier([[TRAM], [TUESDAY]], [older, BLAST], by_place) == [(), (BLAST, older)]


def test_a_story_continues_one_of_the_same_article_whatever_grouping_says() -> None:
    assert link_earlier([[MONDAY]], [BLAST], lambda articles: [[article] for article in articles]) == [(BLAST,)]


def test_without_earlier_editions_nothing_is_grouped() -> None:
    def never(articles: Sequence[Article]) -> Iterable[Sequence[Article]]:
        raise AssertionError(articles)

    assert link_earlier([[TRAM], [MONDAY]], [], never) == [(), ()]


def test_an_article_told_before_is_known_by_its_text_also_at_another_address() -> None:
    moved = article(MONDAY.text.replace(" ", "  "), id="elsewhere")
    rewritten = article(MONDAY.text + " The mayor spoke.", id="mon")
    assert unseen_articles([moved, TUESDAY, rewritten], [BLAST]) == (TUESDAY, rewritten)


def test_an_update_leads_with_what_is_new_and_keeps_a_little_background() -> None:
    told = told_today(
        "A blast at a plant in Harwick killed 12 people.",
        "Inspectors had warned of valves.",
        "The toll rose to 15.",
        "Police arrested the plant's manager.",
    )
    updated, count = news_first(told, [BLAST])
    assert [point.text for point in updated.key_points[:count]] == [
        "The toll rose to 15.",
        "Police arrested the plant's manager.",
    ]
    assert len(updated.key_points) == count + MOST_BACKGROUND


def test_a_higher_number_is_news() -> None:
    assert news_first(told_today("A blast at a plant in Harwick killed 15 people."), [BLAST])[1] == 1
    assert news_first(told_today("A blast at a plant in Harwick killed 12 people."), [BLAST])[1] == 0


def test_a_quoted_sentence_is_news_unless_an_earlier_article_has_it() -> None:
    old = "Inspectors had warned of valves."
    assert news_first(told_today(old, "Rain fell all day.", verdict=Verdict.QUOTED), [BLAST])[1] == 1


# --- in another language than the articles' ------------------------------------------------------------------------


def german(*points: tuple[str, str], verdict: Verdict = Verdict.UNCERTAIN) -> Summary:
    """Of an English article: each point with the sentence behind it, or "" where there is none."""
    cited = (
        KeyPoint(
            text=text, verdict=verdict, citations=(Citation(sentence=0, start=0, end=1, text=behind),) * bool(behind)
        )
        for text, behind in points
    )
    return replace(told_today(), language="de", article_language="en", key_points=tuple(cited))


TOLD = ("Eine Explosion in einem Werk in Harwick tötete 12 Menschen.", MONDAY.text.split(". ")[0] + ".")
TOLL = ("Die Zahl der Toten stieg auf 15.", "The toll of the blast at a plant in Harwick rose to 15.")
SAID = ("Prüfer hatten vor den Ventilen gewarnt.", "")


def test_a_translated_point_is_new_where_its_sentence_is() -> None:
    """Yesterday's edition was in English: nothing in German can be compared."""
    updated, count = news_first(german(TOLD, TOLL), [replace(BLAST, language="en", points=("12 died.",))])
    assert [point.text for point in updated.key_points[:count]] == [TOLL[0]]


def test_a_translated_point_is_compared_with_points_of_its_own_language() -> None:
    earlier = replace(BLAST, language="de", points=(SAID[0], "Eine Explosion tötete 12 Menschen in einem Werk."))
    assert news_first(german(SAID), [earlier])[1] == 0
    assert news_first(german(("Die Polizei nahm die Leiterin des Werks fest.", "")), [earlier])[1] == 1


def test_a_translated_point_that_can_be_compared_with_nothing_is_not_called_new() -> None:
    assert news_first(german(SAID), [BLAST])[1] == 0


def test_a_quoted_sentence_in_a_translated_summary_is_compared_in_its_own_language() -> None:
    sentence = "Inspectors had warned of valves."
    quoted = KeyPoint(text=sentence, citations=(), verdict=Verdict.QUOTED)
    shown = replace(german(TOLL), key_points=(*german(TOLL).key_points, quoted))
    assert [point.text for point in news_first(shown, [BLAST])[0].key_points[:1]] == [TOLL[0]]
    assert news_first(shown, [BLAST])[1] == 1
