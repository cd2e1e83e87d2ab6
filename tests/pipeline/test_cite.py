"""The tuned model: sentences are chosen, cited, written about and checked; what fails goes down the ladder."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from briefing.assets import environment
from briefing.engines import Prompt
from briefing.summariser import PromptBook, SummaryOptions, shorten_leads, summarise_all, summarise_stories
from briefing.summariser.parsing import says_the_same
from briefing.testing.engine import FakeEngine
from briefing.types import Story, Summary, Verdict

from ..factories import article

BOOK = PromptBook(environment("prompts"))

TEXT = """Marlow City Council voted 31 to 14 on Tuesday evening to build a tram line to the university hospital.

Construction is due to start in March and to cost £212m. The government has promised £140m of this money. Employers with
more than 50 parking spaces must pay a levy from next year.

Anita Desai leads the transport committee. She had threatened to resign if the plan failed.

Shopkeepers on Bridge Street fear that the works, which are expected to last three years, will drive customers away."""

GOOD = """[1] Councillors in Marlow voted 31 to 14 for a tram line to the university hospital.
[2,3] Construction starts in March and costs £212m, of which the government promised £140m.
[4] Employers with more than 50 parking spaces must pay a levy.
[7] Bridge Street shopkeepers fear that three years of works will drive customers away.
[5] Anita Desai leads the transport committee."""


def tuned(answer: str = GOOD, refused: str = "moo", mended: str = "moo") -> FakeEngine:
    """Writes `answer`, refuses statements that hold `refused`, and says `mended` where one line is asked for again."""

    def judge(prompt: Prompt) -> str:
        return "no" if refused in prompt.messages[-1].content else "yes"

    engine = FakeEngine(tuned=True).says(mended).says(answer, to="Write 5").says(answer, to="Write 3")
    return engine.says(judge, to=" |")


def one(engine: FakeEngine, text: str = TEXT, title: str = "Council approves tram | Post", points: int = 4) -> Summary:
    ((_, summary),) = summarise_all([article(text, title=title)], engine, BOOK, SummaryOptions(points=points))
    assert isinstance(summary, Summary), summary
    return summary


def test_points_cite_the_sentences_named_by_the_model_and_the_title_is_the_headline() -> None:
    summary = one(tuned())
    assert summary.headline == "Council approves tram"
    assert len(summary.key_points) == 4
    first, second = summary.key_points[:2]
    assert [c.sentence for c in first.citations] == [0]
    assert [c.sentence for c in second.citations] == [1, 2]
    for point in summary.key_points:
        assert (point.verdict, point.rung) == (Verdict.SUPPORTED, "written")
        assert all(TEXT[c.start : c.end] == c.text for c in point.citations)


def test_one_prompt_writes_and_every_point_is_put_to_the_model_with_its_citations() -> None:
    engine = tuned()
    one(engine)
    written, *checks = engine.asked
    assert "Write 5 medium key points." in written.messages[-1].content
    assert written.tuned
    *lines, verbatim = GOOD.splitlines()
    assert verbatim[4:] in TEXT  # a sentence of the article is not asked about
    assert [prompt.messages[-1].content for prompt in checks] == [f"{line} |" for line in lines]
    assert all(prompt.messages[:-2] == written.messages[:-1] for prompt in checks)  # the prompt's cache is shared


def test_an_article_in_another_language_is_told_in_it() -> None:
    text = (
        "Der Stadtrat von Marlow hat am Dienstag mit 31 zu 14 Stimmen den Bau einer Straßenbahn beschlossen. "
        "Der Bau beginnt im März und kostet 212 Millionen Euro. Die Linie wird zum Krankenhaus führen. "
        "Händler an der Brückenstraße fürchten, dass die Arbeiten ihre Kunden vertreiben. "
        "Sie wollen gegen den Beschluss klagen. Ein Termin vor Gericht steht noch nicht fest. "
    ) * 2
    written = "[1] Der Stadtrat von Marlow hat den Bau einer Straßenbahn beschlossen."
    engine = FakeEngine(tuned=True).says("moo").says(written, to="Write 5").says("yes", to=" |")
    german = article(text, title="Marlow bekommt eine Straßenbahn", language="de")
    ((_, summary),) = summarise_all([german], engine, BOOK, SummaryOptions(points=4))
    assert isinstance(summary, Summary)
    asked, *later = engine.asked
    assert asked.messages[-1].content.endswith("Write 5 medium key points in German.")
    assert all("German" not in one.messages[-1].content for one in later if one.choices)
    assert summary.key_points[0].text == written[4:]
    # "Sie wollen klagen" would leave the reader with nobody: it is not quoted.
    assert not any(point.text.startswith("Sie ") for point in summary.key_points)


def test_a_point_that_the_model_refuses_gives_way_to_the_spare() -> None:
    summary = one(tuned(refused="Employers"))
    assert [point.text for point in summary.key_points if "Employers" in point.text] == []
    assert len(summary.key_points) == 4
    assert any("not what its sentences say" in warning for warning in summary.warnings)


def test_a_line_that_repeats_a_sentence_cites_that_sentence_whatever_number_it_has() -> None:
    summary = one(tuned("[1] Employers with more than 50 parking spaces must pay a levy from next year."))
    told = next(point for point in summary.key_points if "Employers" in point.text)
    assert (told.verdict, told.rung) == (Verdict.QUOTED, "quoted")
    assert [c.sentence for c in told.citations] == [3]


def test_a_wrong_line_does_not_take_the_right_one_with_it() -> None:
    lines = GOOD.splitlines()
    summary = one(tuned("\n".join([lines[0], lines[1].replace("£212m", "£999m"), *lines[1:4]])))
    assert lines[1][6:] in [point.text for point in summary.key_points]


def test_a_headline_that_the_model_wrote_is_checked_like_a_point() -> None:
    engine = FakeEngine(tuned=True).says("moo")
    engine.says(f"# University hospital votes against Marlow tram line\n{GOOD}", to="Write a headline and 5")
    engine.says(lambda prompt: "no" if "votes against" in prompt.messages[-1].content else "yes", to=" |")
    assert one(engine, title="").headline.startswith("Councillors in Marlow voted 31 to 14")


def test_a_number_that_no_sentence_has_is_refused_without_asking() -> None:
    engine = tuned(GOOD.replace("£140m", "£170m"))
    summary = one(engine)
    assert not any("170" in point.text for point in summary.key_points)
    assert not any("170" in prompt.messages[-1].content for prompt in engine.asked)
    assert any("number not in the article" in warning for warning in summary.warnings)


def test_what_belongs_to_somebody_must_belong_to_them_in_the_article() -> None:
    lines = GOOD.splitlines()
    summary = one(
        tuned("\n".join([*lines[:2], "[7] Bridge Street's shopkeepers fear three years of works.", lines[4]]))
    )
    assert not any("Street's" in point.text for point in summary.key_points)
    assert any("possessive not as in the article: Street's" in warning for warning in summary.warnings)


def test_the_sentence_with_a_points_number_is_cited_where_the_model_left_it_out() -> None:
    summary = one(tuned(GOOD.replace("[2,3]", "[2]")))
    assert [c.sentence for c in summary.key_points[1].citations] == [1, 2]


def test_a_citation_that_has_nothing_of_its_point_is_dropped() -> None:
    summary = one(tuned(GOOD.replace("[4]", "[4,7]")))
    assert [c.sentence for c in summary.key_points[2].citations] == [3]


def test_a_miscounted_citation_gives_way_to_the_sentence_that_has_the_point() -> None:
    summary = one(tuned(GOOD.replace("[4] Employers", "[6] Employers")))
    (told,) = (point for point in summary.key_points if point.text.startswith("Employers"))
    assert [c.text for c in told.citations] == [
        "Employers with\nmore than 50 parking spaces must pay a levy from next year."
    ]


def test_too_few_points_are_made_up_by_sentences_shortened_and_checked_likewise() -> None:
    text = f"{TEXT}\n\nThe bridge at Marlow station, long a landmark of the old town, will be closed in January."
    short = "The bridge at Marlow station will be closed in January."
    engine = tuned("[8] The old bridge closes in May 2031.", mended=f" {short}")
    summary = one(engine, text)
    assert ("shortened", short) in [(point.rung, point.text) for point in summary.key_points]
    assert any(f"{short} |" in prompt.messages[-1].content for prompt in engine.asked)


def test_below_that_the_sentence_itself_is_quoted() -> None:
    summary = one(tuned("moo"))
    assert len(summary.key_points) == 3
    for point in summary.key_points:
        assert (point.verdict, point.rung) == (Verdict.QUOTED, "quoted")
        assert point.text == " ".join(point.citations[0].text.split())
        assert not point.text.startswith("She")


def test_a_pronoun_without_its_noun_is_asked_again_with_the_sentence_before() -> None:
    answer = "\n".join([*GOOD.splitlines()[:2], "[6] She had threatened to resign."])
    engine = tuned(answer, mended="Anita Desai, who leads the transport committee, had threatened to resign.")
    summary = one(engine)
    told = next(point for point in summary.key_points if "Desai" in point.text)
    assert [c.sentence for c in told.citations] == [4, 5]
    assert not any(point.text.startswith("She") for point in summary.key_points)
    assert "Write 1 medium key point." in {prompt.messages[-2].content.splitlines()[-1] for prompt in engine.asked}


def test_a_text_without_a_title_is_given_one() -> None:
    engine = FakeEngine(tuned=True).says("moo").says("yes", to=" |")
    engine.says(f"# Marlow votes for tram line\n{GOOD}", to="Write a headline and 5")
    assert one(engine, title="").headline == "Marlow votes for tram line"


def test_a_story_is_read_in_one_prompt_and_its_points_cite_the_article_they_are_of() -> None:
    other = article(
        "The tram vote in Marlow split the ruling party. Three of its members left the chamber before the count. "
        "A court challenge is being prepared by the shops of Bridge Street, their lawyer Leo Marsh said.",
        title="Split over tram",
        source="Gazette",
    )
    engine = tuned(GOOD + "\n[8] Three members of the ruling party left the chamber before the count.")

    def numbers(prompt: Prompt) -> str:
        found = re.search(r"\[(\d+)\] Three of its members", prompt.messages[1].content)
        assert found
        return f"{GOOD.splitlines()[0]}\n[{found[1]}] Three members of the party left before the count."

    engine.says(numbers, to="Write 5")
    ((_, summary),) = summarise_stories(
        [(article(TEXT, title="Council approves tram | Post"), other)], engine, BOOK, SummaryOptions()
    )
    assert isinstance(summary, Summary)
    told = next(point for point in summary.key_points if "Three members" in point.text)
    assert {c.article for c in told.citations} == {other.id}
    assert all(other.text[c.start : c.end] == c.text for c in told.citations)


def test_a_long_article_is_asked_about_part_by_part() -> None:
    text = "\n\n".join(
        f"The harbour of place {n} was closed by a storm that broke {n} masts and sank {n} boats." for n in range(150)
    )
    engine = FakeEngine(tuned=True).says("yes", to=" |")
    engine.says(lambda prompt: f"[1] {prompt.messages[1].content.splitlines()[0][4:]}", to="Write")
    summary = one(engine, text)
    assert sum("Write 3" in prompt.messages[-1].content for prompt in engine.asked) == 3
    assert any("3 parts" in warning for warning in summary.warnings)
    assert summary.key_points


def test_of_many_lines_none_is_shown_that_the_model_was_not_asked_about() -> None:
    text = "\n\n".join(
        f"The harbour of place {n} was closed by a storm that broke {n} masts and sank {n} boats." for n in range(200)
    )

    def many(prompt: Prompt) -> str:
        told = [line.split("] ")[1] for line in prompt.messages[1].content.splitlines() if "] " in line]
        return "\n".join(
            f"[{n}] {line.replace('The harbour', 'On Monday the harbour')}" for n, line in enumerate(told[:3], 1)
        )

    engine = FakeEngine(tuned=True).says(many, to="Write").says("no", to=" |")
    summary = one(engine, text.replace("was closed", "was on Monday closed"), points=2)
    assert sum(prompt.messages[-1].content.endswith(" |") for prompt in engine.asked) >= 4
    assert {point.rung for point in summary.key_points} == {"quoted"}


@given(st.lists(st.text(alphabet='[]12345, abM.£“"\n|', max_size=60), max_size=6), st.booleans())
def test_whatever_the_model_writes_a_summary_has_points_with_their_citations(lines: list[str], agrees: bool) -> None:
    engine = FakeEngine(tuned=True).says("\n".join(lines)).says("yes" if agrees else "no", to=" |")
    summary = one(engine)
    assert summary.key_points
    for place, point in enumerate(summary.key_points):
        assert point.text
        assert not any(says_the_same(point.text, other.text) for other in summary.key_points[:place])
        assert point.citations
        assert all(TEXT[c.start : c.end] == c.text for c in point.citations)


def test_the_overview_shortens_the_first_point_only_where_its_sentences_support_that() -> None:
    story = Story(articles=(article(TEXT, title="Council approves tram | Post"),), summary=one(tuned()))
    short = "Marlow voted for a tram line to the university hospital."
    engine = tuned(mended=short)
    (told,) = shorten_leads([story], engine, BOOK, SummaryOptions()).values()
    assert told.text == short
    assert told.citations == story.summary.key_points[0].citations
    assert "Write 1 short key point." in engine.asked[0].messages[-2].content
    (told,) = shorten_leads([story], tuned(mended=short, refused="Marlow voted"), BOOK, SummaryOptions()).values()
    assert told == story.summary.key_points[0]
    dead = FakeEngine(tuned=True).fails("no memory")
    assert shorten_leads([story], dead, BOOK, SummaryOptions()) == {story.summary.id: story.summary.key_points[0]}


def test_a_subject_that_only_an_earlier_sentence_tells_of_is_not_shown_without_it() -> None:
    text = (
        "Doctors in Marlow removed three polyps from the mayor's throat on Tuesday. The polyps were sent to a "
        "laboratory in Leeds for examination. The mayor went home by bus at noon and thanked the hospital's nurses. "
        "Her party will vote on a new leader in May, when the term of the present one ends after six years. Nobody "
        "else has said so far that he or she would like to stand for the office of leader."
    )
    answer = "[2] The polyps were sent to a Leeds laboratory for examination."
    alone = one(tuned(answer, mended="moo"), text, "Mayor well")
    assert "removed three polyps" in alone.key_points[0].text
    assert any("told nowhere" in warning for warning in alone.warnings)
    told = one(tuned(f"[1] Doctors removed three polyps from the throat of the mayor.\n{answer}"), text, "Mayor well")
    assert [point.rung for point in told.key_points if "polyps were" in point.text] == ["written"]
