"""The letter: headers, two parts, its size, its look."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP, strict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from briefing.assets import environment
from briefing.compose import compose
from briefing.letter import LARGEST_HTML, Envelope, Letter, encoded_size, for_sections, write_letter
from briefing.types import Article, Citation, Edition, KeyPoint, Story, Stub, Summary, Verdict

TEMPLATES = environment("templates")
MORNING = datetime(2024, 5, 17, 5, 30, tzinfo=UTC)
ENVELOPE = Envelope(sender="Morning Briefing <b@example.org>", recipient="Zoë <zoe@example.org>")


LONG = "The council voted 31 to 14 on Tuesday evening for a tram line to the hospital. " * 3


def edition(count: int = 3, text: str = "The council voted 31 to 14 for a tram line.", title: str = "Day") -> Edition:
    items = []
    for number in range(count):
        citation = Citation(sentence=0, start=0, end=len(text), text=text)
        headline = f"Tram {number} approved"
        article = Article(
            id=f"id{number}", title=headline, text=text + " word" * 500, source="The Post", section=f"S{number % 4}",
            url=f"https://example.org/{number}", published=MORNING, language="en",
        )  # fmt: skip
        point = KeyPoint(text=text, citations=(citation,), verdict=Verdict.SUPPORTED)
        items.append((article, Summary(
            id=article.id, url=article.url, title=headline, headline=headline, source="The Post", published=MORNING,
            language="en", key_points=(point,) * 4, model="m-1", engine="llama",
        )))  # fmt: skip
    stories = [Story(articles=(article,), summary=summary) for article, summary in items]
    return compose(stories, date=date(2024, 5, 17), title=title, timezone="Europe/Berlin", created=MORNING, model="m-1")


def letter(shown: Edition, **changes: object) -> Letter:
    return write_letter(shown, replace(ENVELOPE, **changes), TEMPLATES, MORNING)  # type: ignore[arg-type]


def parsed(letter: Letter) -> EmailMessage:
    """As the standard library's strict parser reads the bytes."""
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


def test_its_headers_are_what_mail_programs_want() -> None:
    shown = letter(edition(), reply_to="Ann <ann@example.org>", unsubscribe="https://example.org/u")
    message = parsed(shown)
    assert message["Subject"] == "Day: 3 stories. Tram 0 approved"
    assert message["To"].addresses[0].display_name == "Zoë"
    assert message["From"].addresses[0].addr_spec == "b@example.org"
    assert message["Reply-To"].addresses[0].addr_spec == "ann@example.org"
    assert message["Date"].datetime == MORNING
    assert re.fullmatch(r"<[0-9a-f]{32}@example\.org>", message["Message-ID"])
    assert message["List-ID"] == "<briefing.example.org>"
    assert message["List-Unsubscribe"] == "<https://example.org/u>"
    assert "List-Unsubscribe-Post" not in message
    assert message["Auto-Submitted"] == "auto-generated"
    assert [one.get_content_type() for one in message.iter_parts()] == ["text/plain", "text/html"]


def test_one_click_is_promised_only_where_it_is_there() -> None:
    for address, promised in (("https://example.org/u", True), ("mailto:b@example.org", False)):
        shown = parsed(letter(edition(), unsubscribe=address, one_click=True))
        assert ("List-Unsubscribe-Post" in shown) == promised


def test_the_same_letter_has_the_same_bytes_and_name_and_another_recipient_another() -> None:
    first, second = letter(edition()), letter(edition())
    assert first.message.as_bytes() == second.message.as_bytes()
    other = letter(edition(), recipient="ann@example.org")
    assert other.message["Message-ID"] != first.message["Message-ID"]
    assert "zoe" not in other.message.as_string().lower()


def test_both_parts_tell_every_story_with_its_evidence() -> None:
    message = parsed(letter(edition(), unsubscribe="mailto:b@example.org"))
    for kind in ("plain", "html"):
        text = part(message, kind)
        for number in range(3):
            assert f"Tram {number} approved" in text
            assert f"https://example.org/{number}" in text
        assert text.count("The council voted 31 to 14 for a tram line.") == 3 * 4 * 2
    assert "Unsubscribe: mailto:b@example.org" in part(message, "plain")
    assert part(parsed(letter(edition(), evidence=False)), "html").count("The council voted 31 to 14") == 12


def test_styles_are_inline_dark_ones_win_and_nothing_is_fetched() -> None:
    html = part(parsed(letter(edition())), "html")
    assert len(re.findall(r"<li[^>]* style=", html)) == 12
    (style,) = re.findall(r"<style.*?>(.*?)</style>", html, re.DOTALL)
    assert "prefers-color-scheme: dark" in style
    for rule in re.findall(r"\{([^{}]+)\}", style):
        assert all("!important" in line for line in rule.split(";") if line.strip()), rule
    assert not re.search(r"<(?:img|script|link|iframe|object)|url\(|data:|@import", html)


@pytest.mark.parametrize(("count", "listed"), [(80, True), (500, False)])
def test_a_large_edition_stays_under_the_limit_and_is_attached_whole(count: int, listed: bool) -> None:
    shown = edition(count, text=LONG)
    found = letter(shown)
    message = parsed(found)
    html = message.get_body(("html",))
    assert html is not None
    assert len(str(html.get_payload())) <= LARGEST_HTML
    assert 0 < found.shortened <= count
    text: str = html.get_content()
    assert "The whole edition is attached" in text
    assert (f"Tram {count - 1} approved" in text) == listed
    assert ("more stories in the attached edition" in text) != listed
    (page,) = message.iter_attachments()
    assert page.get_filename() == "2024-05-17.html"
    assert page.get_content().count("<article") == count


def test_as_many_stories_as_fit_are_told() -> None:
    whole = edition(80, text=LONG)
    html = part(parsed(letter(whole)), "html")
    assert encoded_size(html) > LARGEST_HTML * 0.95


def stub(number: int, section: str = "S1") -> Stub:
    return Stub(
        title=f"Sea wall {number} costs more", teaser="Papers say so. " * 20, url=f"https://example.org/s{number}",
        source="Chronicle", section=section, published=MORNING, wall="paywall",
    )  # fmt: skip


def test_what_has_only_a_headline_stands_in_both_parts_and_leaves_the_letter_small() -> None:
    message = parsed(letter(replace(edition(), stubs=tuple(stub(number) for number in range(200)))))
    html, text = part(message, "html"), part(message, "plain")
    assert "behind a paywall" in html
    assert "And 170 more headlines" in html
    assert encoded_size(html) <= LARGEST_HTML
    assert "Sea wall 199 costs more (Chronicle, behind a paywall)" in " ".join(text.split())


def test_a_reader_gets_the_headlines_of_the_sections_they_chose() -> None:
    whole = replace(edition(8), stubs=(stub(1, "S1"), stub(2, "S2")))
    assert [one.section for one in for_sections(whole, ["S2"]).stubs] == ["S2"]


def test_a_reader_gets_the_sections_they_chose() -> None:
    assert [section.name for section in for_sections(edition(8), ["S3", "S1"]).sections] == ["S1", "S3"]
    assert for_sections(edition(8), ["none"]).stories == ()
    assert for_sections(edition(8), []) == edition(8)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_whatever_stands_in_a_headline_or_title_breaks_no_header(text: str) -> None:
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
