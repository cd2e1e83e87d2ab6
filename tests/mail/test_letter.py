"""Letters: headers, both parts, size limit, styles."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, strict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.assets import environment
from briefing.render.compose import compose
from briefing.render.email import LARGEST_LETTER, LONGEST_SUBJECT, Envelope, Letter, for_sections, write_letter
from briefing.types import Edition, Stub

from ..factories import article, illustrated, key_point, story

TEMPLATES = environment("templates")
MORNING = datetime(2024, 5, 17, 5, 30, tzinfo=UTC)
ENVELOPE = Envelope(sender="Morning Briefing <b@example.org>", recipient="Zoë <zoe@example.org>")


LONG = "The council voted 31 to 14 on Tuesday evening for a tram line to the hospital. " * 3


def edition(count: int = 3, text: str = "The council voted 31 to 14 for a tram line.", title: str = "Day") -> Edition:
    stories = []
    for number in range(count):
        told = article(
            text + " word" * 500, id=f"id{number}", title=f"Tram {number} approved", source="The Post",
            section=f"S{number % 4}", url=f"https://example.org/{number}", published=MORNING,
        )  # fmt: skip
        stories.append(story(told, *[key_point(text, 0)] * 4))
    return compose(stories, date=date(2024, 5, 17), title=title, timezone="Europe/Berlin", created=MORNING, model="m-1")


def letter(shown: Edition, **changes: object) -> Letter:
    return write_letter(shown, replace(ENVELOPE, **changes), TEMPLATES, MORNING)  # type: ignore[arg-type]


def parsed(letter: Letter) -> EmailMessage:
    """The message parsed from its bytes by the standard library's strict parser."""
    message = message_from_bytes(letter.message.as_bytes(), policy=SMTP + strict)
    assert isinstance(message, EmailMessage)
    for part in message.walk():
        assert part.defects == []
    assert all(header.defects == () for header in message.values())
    return message


def part(message: EmailMessage, kind: str) -> str:
    found = message.get_body((kind,))
    assert found is not None
    text: str = found.get_content()
    return text


def test_the_headers_of_a_letter() -> None:
    shown = letter(edition(), reply_to="Ann <ann@example.org>", unsubscribe="https://example.org/u")
    message = parsed(shown)
    assert message["Subject"] == "Day, 17 May: Tram 0 approved (3 stories)"
    assert message["To"].addresses[0].display_name == "Zoë"
    assert message["From"].addresses[0].addr_spec == "b@example.org"
    assert message["Reply-To"].addresses[0].addr_spec == "ann@example.org"
    assert message["Date"].datetime == MORNING
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", message["Message-ID"])
    assert message["List-ID"] == "<briefing.example.org>"
    assert message["List-Unsubscribe"] == "<https://example.org/u>"
    assert "List-Unsubscribe-Post" not in message
    assert message["Auto-Submitted"] == "auto-generated"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_a_letter_has_pictures_as_parts_where_they_are_asked_for_and_else_none() -> None:
    shown = illustrated(edition(), 5000, alt='A "ferry" <b>')
    assert letter(shown).message.as_bytes() == letter(edition()).message.as_bytes()
    message = parsed(letter(shown, pictures=True))
    _, related = message.iter_parts()
    page, *pictures = related.iter_parts()
    assert (related.get_content_type(), len(pictures)) == ("multipart/related", 3)
    assert {part.get_content_type() for part in pictures} == {"image/jpeg"}
    named = re.findall(r'<img [^>]*src="cid:([^"]+)"', page.get_content())
    assert sorted(f"<{name}>" for name in named) == sorted(part["Content-ID"] for part in pictures)
    assert page.get_content().count('alt="A &quot;ferry&quot; <b>"') == 3
    assert letter(shown, pictures=True).message.as_bytes() == letter(shown, pictures=True).message.as_bytes()


@pytest.mark.parametrize(("stories", "fewest", "most"), [(3, 3, 3), (9, 2, 6), (60, 0, 1)])
def test_pictures_take_only_the_room_that_the_text_leaves(stories: int, fewest: int, most: int) -> None:
    shown = edition(stories)
    plain, with_pictures = letter(shown), letter(illustrated(shown, 14_000), pictures=True)
    assert with_pictures.shortened == plain.shortened
    assert fewest <= with_pictures.message.as_bytes().count(b"Content-ID:") <= most
    assert len(with_pictures.message.as_bytes()) <= LARGEST_LETTER


def test_one_click_unsubscribe_only_where_it_is_configured() -> None:
    for address, promised in (("https://example.org/u", True), ("mailto:b@example.org", False)):
        shown = parsed(letter(edition(), unsubscribe=address, one_click=True))
        assert ("List-Unsubscribe-Post" in shown) == promised


def test_letters_are_reproducible_and_differ_by_recipient() -> None:
    first, second = letter(edition()), letter(edition())
    assert first.message.as_bytes() == second.message.as_bytes()
    for_ann = letter(edition(), recipient="ann@example.org")
    assert for_ann.message["Message-ID"] != first.message["Message-ID"]
    assert "zoe" not in for_ann.message.as_string().lower()


def test_both_parts_show_every_story_with_its_citations() -> None:
    message = parsed(letter(edition(), unsubscribe="mailto:b@example.org", evidence=True))
    for kind in ("plain", "html"):
        text = part(message, kind)
        for number in range(3):
            assert f"Tram {number} approved" in text
            assert f"https://example.org/{number}" in text
        assert text.count("The council voted 31 to 14 for a tram line.") == 3 * 4 * 2
    assert "Unsubscribe: mailto:b@example.org" in part(message, "plain")
    assert part(parsed(letter(edition())), "html").count("The council voted 31 to 14") == 12


def test_styles_are_inlined_dark_mode_overrides_them_and_nothing_is_remote() -> None:
    html = part(parsed(letter(edition())), "html")
    assert len(re.findall(r"<li[^>]* style=", html)) == 12
    (style,) = re.findall(r"<style.*?>(.*?)</style>", html, re.DOTALL)
    assert "prefers-color-scheme: dark" in style
    for rule in re.findall(r"\{([^{}]+)\}", style):
        assert all("!important" in line for line in rule.split(";") if line.strip()), rule
    assert not re.search(r"<(?:img|script|link|iframe|object)|url\(|data:|@import", html)


def size(letter: Letter) -> int:
    """Size in bytes as sent."""
    return len(letter.message.as_bytes())


def in_full(text: str, count: int) -> list[int]:
    """Numbers of the stories whose points are in a part."""
    heads = [text.rfind(f"Tram {number} approved") for number in range(count)]
    ends = [*sorted(head for head in heads if head >= 0), len(text)]
    return [n for n, head in enumerate(heads) if head >= 0 and "31 to 14" in text[head : ends[ends.index(head) + 1]]]


@pytest.mark.slow
@pytest.mark.parametrize(("count", "listed"), [(80, True), (500, False)])
def test_a_large_edition_stays_under_the_limit_and_counts_the_omitted_stories(count: int, listed: bool) -> None:
    found = letter(edition(count, text=LONG))
    assert LARGEST_LETTER * 0.93 < size(found) <= LARGEST_LETTER < 100_000
    message = parsed(found)
    assert list(message.iter_attachments()) == []
    for kind in ("html", "plain"):
        text = " ".join(part(message, kind).split())
        told = in_full(text, count)
        assert len(told) == count - found.shortened > 0
        assert "Whoever sends this letter has the whole edition of Friday, 17 May 2024" in text
        assert (f"Tram {count - 1} approved" in text) == listed
        assert ("more stories in the whole edition" in text) != listed
        assert f"{count} stories from 1 source" in text


def test_a_complete_letter_has_no_notice_of_omitted_stories() -> None:
    found = letter(edition(12))
    assert found.shortened == 0
    assert "whole edition" not in found.message.as_string()


@pytest.mark.slow
def test_the_least_important_stories_are_omitted_and_the_one_in_the_subject_is_shown() -> None:
    whole = edition(80, text=LONG)  # four sections; "Tram 0" is the edition's headline
    last = whole.sections[-1]
    assert whole.headline == "Tram 0 approved"
    moved = replace(whole, sections=(*whole.sections[1:], whole.sections[0]), headline="Tram 7 approved")
    message = parsed(letter(moved))
    told = in_full(part(message, "html"), 80)
    assert message["Subject"] == "Day, 17 May: Tram 7 approved (80 stories)"
    assert 7 in told  # the second of its section
    assert {0, 1, 2, 3} <= set(told)  # the first of each
    assert max(told) < 30
    assert "Tram 79 approved" in part(message, "html")
    assert last.name in part(message, "html")


def with_story(shown: Edition, article: Mapping[str, object] | None = None, **changes: object) -> Edition:
    """The edition with its first story changed: its summary, and its article."""
    first = shown.sections[0]
    story = first.stories[0]
    changed = replace(
        story,
        summary=replace(story.summary, **changes),  # type: ignore[arg-type]
        articles=(replace(story.articles[0], **(article or {})),),  # type: ignore[arg-type]
    )
    return replace(shown, sections=(replace(first, stories=(changed, *first.stories[1:])), *shown.sections[1:]))


POINT = edition(1).stories[0].summary.key_points[0]
VERY_LONG = {
    "words": "Harbour " * 40_000,
    "one word": "h" * 300_000,
    "another script": "港" * 100_000,
    "pictures": "\N{GRINNING FACE}" * 75_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("text", VERY_LONG.values(), ids=VERY_LONG)
def test_no_story_is_too_large_for_a_letter(text: str) -> None:
    shown = edition(4)
    point = replace(POINT, text=text, citations=(replace(POINT.citations[0], text=text),) * 40)
    large = {
        "headline": with_story(shown, title=text, headline=text),
        "source": with_story(shown, {"source": text}, source=text),
        "points": with_story(shown, key_points=(point,) * 4),
        "many points": with_story(shown, key_points=(replace(point, text=text[:900]),) * 90),
        "paragraph": with_story(shown, paragraph=text),
        "section": replace(shown, sections=(replace(shown.sections[0], name=text), *shown.sections[1:])),
        "edition": replace(shown, title=text, headline=text, notes=(text,) * 20, overview=(point,) * 5),
        "warnings": with_story(shown, {"warnings": (text,) * 50}),
        "headlines": replace(shown, stubs=(replace(stub(1), title=text, teaser=text, source=text),) * 99),
    }
    for name, changed in large.items():
        found = letter(changed)
        message = parsed(found)
        assert size(found) <= LARGEST_LETTER, name
        assert len(message["Subject"]) <= LONGEST_SUBJECT, name
        assert "<h3" in part(message, "html"), name


def test_a_very_long_url_is_not_linked_and_displaces_no_story() -> None:
    url = "https://example.org/" + "a" * 2_000_000
    found = letter(with_story(edition(), {"url": url}, url=url))
    assert found.shortened == 0
    assert size(found) < 20_000
    html = part(parsed(found), "html")
    assert 'href="https://example.org/1"' in html
    assert "aaaa" not in html
    assert "Tram 0 approved" in html


def test_an_abridged_point_keeps_its_own_article() -> None:
    story = edition(1).stories[0]
    articles = tuple(replace(story.articles[0], id=f"a{number}", source=f"Paper {number}") for number in range(60))
    cited = replace(POINT, citations=(replace(POINT.citations[0], article="a55"),))
    shown = edition(1)
    told = replace(story, articles=articles, summary=replace(story.summary, key_points=(cited,)))
    shown = replace(shown, sections=(replace(shown.sections[0], stories=(told,)),))
    html = part(parsed(letter(shown)), "html")
    assert "[Paper 55]" in html
    assert "Paper 29<" in html
    assert "Paper 40" not in html


def test_a_long_subject_is_cut_at_a_word() -> None:
    subject = str(letter(with_story(edition(), headline="Harbour walls approved " * 9)).message["Subject"])
    assert 130 < len(subject) <= LONGEST_SUBJECT
    assert re.fullmatch(r"Day, 17 May: (Harbour|walls|approved| )+… \(3 stories\)", subject)


def stub(number: int, section: str = "S1") -> Stub:
    return Stub(
        title=f"Sea wall {number} costs more", teaser="Papers report it. " * 20, url=f"https://example.org/s{number}",
        source="Chronicle", section=section, published=MORNING, wall="paywall",
    )  # fmt: skip


def test_stubs_are_in_both_parts_and_the_letter_stays_small() -> None:
    message = parsed(letter(replace(edition(), stubs=tuple(stub(number) for number in range(200)))))
    html, text = part(message, "html"), part(message, "plain")
    assert "behind a paywall" in html
    assert "Sea wall 9 costs more: Papers report it. (Chronicle, behind a paywall)" in " ".join(text.split())
    for shown in (html, text):
        assert "And 190 more headlines in the whole edition" in shown


def test_stubs_are_omitted_before_stories() -> None:
    long = replace(stub(0), title="Sea wall costs more " * 15, teaser="Papers say so. " * 130)
    found = letter(replace(edition(20), stubs=(long,) * 200))
    assert found.shortened == 0
    assert size(found) <= LARGEST_LETTER
    assert "more headlines in the whole edition" in part(parsed(found), "html")


def test_a_recipient_gets_the_stubs_of_their_sections() -> None:
    whole = replace(edition(8), stubs=(stub(1, "S1"), stub(2, "S2")))
    assert [stub.section for stub in for_sections(whole, ["S2"]).stubs] == ["S2"]


def test_a_recipient_gets_their_sections() -> None:
    assert [section.name for section in for_sections(edition(8), ["S3", "S1"]).sections] == ["S1", "S3"]
    assert for_sections(edition(8), ["none"]).stories == ()
    assert for_sections(edition(8), []) == edition(8)


@given(st.text(max_size=60))
def test_any_headline_or_title_makes_valid_headers(text: str) -> None:
    shown = edition(1, text=f"point {text}", title=f"Title {text}")
    story = shown.sections[0].stories[0]
    changed = replace(story, summary=replace(story.summary, headline=f"head {text}"))
    shown = replace(shown, sections=(replace(shown.sections[0], stories=(changed,)),))
    message = parsed(letter(shown))
    assert set(message.keys()) == {
        "Subject", "From", "To", "Date", "Message-ID", "List-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
    }  # fmt: skip
    assert message["Subject"].startswith("Title")
    html = part(message, "html")
    assert html.count("<li") == 4
    assert "<script" not in html


def test_a_subject_keeps_zero_width_joiners_and_non_joiners() -> None:
    words = "Family \U0001f468\u200d\U0001f469\u200d\U0001f467 \u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"
    assert words in str(letter(edition(title=f"{words}\x07\u202e")).message["Subject"])


TITLES = st.lists(
    st.text(st.characters(categories=("L", "M", "N", "P", "S")), min_size=1, max_size=120)
    | st.sampled_from(("افتتاح", "港" * 90, "\U0001f468\u200d\U0001f469" * 15, "=?utf-8?q?x?=")),
    min_size=1, max_size=12,
).map(" ".join)  # fmt: skip


@given(TITLES)
def test_a_subject_is_the_title_in_encoded_words_of_at_most_75_characters(title: str) -> None:
    from briefing.sanitise import one_line

    data = letter(edition(1, title=title)).message.as_bytes()
    head = data.partition(b"\r\n\r\n")[0]
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, re.findall(rb"=\?[^\s]*\?=", head)), default=0) <= 75
    assert max(map(len, data.split(b"\r\n"))) <= 998
    subject = str(parsed(letter(edition(1, title=title)))["Subject"])
    whole = one_line(f"{title}, 17 May: Tram 0 approved (1 story)")
    assert subject == whole if len(whole) <= LONGEST_SUBJECT else subject[:20] == whole[:20]


def test_stories_are_parted_by_rules_and_every_headline_is_a_link() -> None:
    html = part(parsed(letter(edition(8))), "html")
    told = [section for section in html.split("<h2") if "<h3" in section]
    assert [section.count("<hr") for section in told] == [section.count("<h3") - 1 for section in told]
    assert "<hr" in html
    assert len(re.findall(r"<h3[^>]*><a [^>]*href=", html)) == 8


@pytest.mark.parametrize(("language", "turned"), [("ar", True), ("he", True), ("en", False)])
def test_lists_in_right_to_left_languages_are_indented_on_the_right(language: str, turned: bool) -> None:
    html = part(parsed(letter(with_story(edition(1), language=language))), "html")
    (points,) = re.findall(r"<ul([^>]*)>", html)
    assert (' dir="rtl"' in points) == turned
    assert ("padding:0 20px 0 0" in points) == turned
    assert f' lang="{language}"' in points
    assert "text-align:start" in html[html.index("<td") : html.index("<h1")]  # each text on the side that it begins on


def test_a_text_that_is_not_ascii_is_encoded_whatever_its_lines() -> None:
    data = letter(edition(1, text="Die Straße führt über Mörlow.")).message.as_bytes()
    assert data.isascii()


def test_the_letter_of_case_24_has_short_lines_and_its_title(shared_data: Path) -> None:
    """A long title that is not ASCII, with a line end and another header's name in it."""
    from briefing.sources.feeds import read_feed

    case = shared_data / "cases" / "case24"
    if not case.is_dir():
        pytest.skip("the shared data has no case24")
    (item,) = read_feed((case / "feed.xml").read_bytes(), url="https://example.org/feed").items
    data = letter(with_story(edition(1, title="Häfen"), headline=item.title)).message.as_bytes()
    assert max(map(len, data.split(b"\r\n"))) <= 78
    assert b"\nBcc:" not in data
    assert max(map(len, re.findall(rb"=\?[^\s]*\?=", data))) <= 75
    subject = str(message_from_bytes(data, policy=SMTP)["Subject"])
    shown = subject.removeprefix("Häfen, 17 May: ").removesuffix("… (1 story)")
    assert len(shown) > 80
    assert item.title.startswith(shown)
    assert item.title[len(shown)] == " "
