"""Date-only values, exact times and time zones."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import format_datetime
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import pytest

from briefing.assets import environment
from briefing.dates import in_utc, in_zone, is_date_only, latest_moment, rfc3339
from briefing.extract import extract_article, extract_file
from briefing.render.compose import compose
from briefing.render.edition import render
from briefing.render.email import Envelope, write_letter
from briefing.render.epub import render_epub
from briefing.serialization import edition_from_json
from briefing.sources import read_feed, read_head
from briefing.types import Edition

from ..factories import article, story

TEMPLATES = environment("templates")
DAY = datetime(2024, 5, 17, tzinfo=UTC)
ZONES = ("Pacific/Pago_Pago", "America/Los_Angeles", "UTC", "Asia/Kolkata", "Pacific/Kiritimati")
"""From 11 hours behind UTC to 14 before it."""


@pytest.mark.parametrize("hours", [-11, -5, 0, 2, 5.5, 14])
def test_midnight_in_its_own_zone_is_a_date_only_value(hours: float) -> None:
    zone = timezone(timedelta(hours=hours))
    assert in_utc(datetime(2024, 5, 17, tzinfo=zone)) == DAY
    moment = datetime(2024, 5, 17, 0, 0, 1, tzinfo=zone)
    assert in_utc(moment) == moment
    assert in_zone(DAY, zone).date() == date(2024, 5, 17)
    assert in_zone(moment, zone) == moment
    assert latest_moment(DAY, zone) == datetime(2024, 5, 18, tzinfo=zone)
    assert rfc3339(DAY, zone).startswith("2024-05-17T00:00:00")
    assert datetime.fromisoformat(rfc3339(DAY, zone)) == datetime(2024, 5, 17, tzinfo=zone)


@pytest.mark.parametrize("hours", [-4, 1, 9])
def test_midnight_in_utc_of_another_zone_is_an_exact_time(hours: int) -> None:
    zone = timezone(timedelta(hours=hours))
    written = DAY.astimezone(zone)
    moment = in_utc(written)
    assert not is_date_only(moment)
    assert latest_moment(moment, zone) - written < timedelta(seconds=1)
    assert f"{in_zone(moment, zone):%d %H:%M:%S}" == f"{written:%d %H:%M:%S}"
    assert rfc3339(moment, zone) == "2024-05-17T00:00:00Z"
    assert in_utc(moment) == moment
    name = f"Etc/GMT{-hours:+}"
    there = edition(name, moment)
    assert f"{written.day} May 2024, {written:%H:%M}" in render(there, "md", TEMPLATES)
    assert '<time datetime="2024-05-17T00:00:00+00:00">' in render(there, "html", TEMPLATES)
    again = edition_from_json(json.loads(render(there, "json", TEMPLATES)), lambda _: None)
    assert again.stories[0].summary.published == moment


@pytest.mark.parametrize("zone", ["-0400", "+0100", "+0900"])
def test_feeds_pages_and_mails_with_an_exact_time_at_midnight_in_utc(zone: str, tmp_path: Path) -> None:
    written = datetime.strptime(f"2024-05-17 {zone}", "%Y-%m-%d %z").tzinfo
    there = DAY.astimezone(written)
    late = DAY + datetime.resolution
    rss = f"""<rss version="2.0"><channel><title>F</title><item><title>T</title><link>https://example.org/1</link>
        <pubDate>{there:%a, %d %b %Y %H:%M:%S %z}</pubDate></item></channel></rss>"""
    assert read_feed(rss.encode()).items[0].published == late
    json_feed = f'{{"items": [{{"id": "1", "title": "T", "date_published": "{there.isoformat()}"}}]}}'
    assert read_feed(json_feed.encode()).items[0].published == late
    body = "The council of Marlow voted for a tram line on Tuesday evening. " * 12
    page = f"""<html><head><meta property="article:published_time" content="{there.isoformat()}"></head><body><article>
        <h1>Tram</h1><p>{body}</p></article></body>"""
    assert extract_article(page.encode(), content_type="text/html", name="n", url=None, source="S").published == late
    for moment in (there, DAY):  # a mail always has a time
        mail = f"From: a@example.org\nSubject: Tram\nDate: {format_datetime(moment)}\n\n{body}\n".encode()
        found = extract_article(mail, content_type="message/rfc822", name="n", url=None, source="S")
        assert found.published == late
        assert read_head(mail).sent == late


def test_a_time_zone_that_only_feedparser_parses() -> None:
    rss = """<rss version="2.0"><channel><title>F</title><item><title>T</title><link>https://example.org/1</link>
        <pubDate>2024-05-17 {} 09:00:00</pubDate></item></channel></rss>"""
    published = (
        read_feed(rss.format("\uc624\uc804").encode()).items[0].published
    )  # as Korean sites write, in their time
    assert published == DAY + datetime.resolution


def test_an_exact_time_is_unchanged() -> None:
    moment = DAY + timedelta(hours=5)
    assert not is_date_only(moment)
    assert latest_moment(moment, UTC) == moment
    assert rfc3339(moment, timezone(timedelta(hours=2))) == "2024-05-17T05:00:00Z"
    assert in_utc(datetime(2024, 5, 17, 5)) == moment


@pytest.mark.parametrize(
    "written",
    ["Fri, 17 May 2024 00:00:00 +0000", "Fri, 17 May 2024 00:00:00 +0200", "Fri, 17 May 2024 00:00:00 EDT",
     "2024-05-17T00:00:00-07:00", "2024-05-17", "17 May 2024 00:00 +1400"],
)  # fmt: skip
def test_feeds_pages_and_json_feeds_with_a_date_only(written: str) -> None:
    feed = f"""<rss version="2.0"><channel><title>F</title><item><title>T</title><link>https://example.org/1</link>
        <pubDate>{written}</pubDate></item></channel></rss>"""
    assert read_feed(feed.encode()).items[0].published == DAY
    if "-" in written:
        json_feed = f'{{"items": [{{"id": "1", "title": "T", "date_published": "{written}"}}]}}'
        assert read_feed(json_feed.encode()).items[0].published == DAY
        page = (
            f'<html><head><meta property="article:published_time" content="{written}"></head><body><article><h1>Tram'
            f"</h1><p>{'The council of Marlow voted for a tram line on Tuesday evening. ' * 12}</p></article></body>"
        )
        found = extract_article(page.encode(), content_type="text/html", name="n", url=None, source="S")
        assert found.published == DAY


def test_a_feed_with_a_real_time_keeps_it() -> None:
    feed = b"""<rss version="2.0"><channel><title>F</title><item><title>T</title><link>https://example.org/1</link>
        <pubDate>Fri, 17 May 2024 02:00:00 +0200</pubDate></item></channel></rss>"""
    published = read_feed(feed).items[0].published
    assert published is not None
    assert not is_date_only(published)  # though it happens to be midnight in UTC
    other = feed.replace(b"02:00", b"07:30")
    assert read_feed(other).items[0].published == datetime(2024, 5, 17, 5, 30, tzinfo=UTC)


def edition(zone: str, published: datetime = DAY) -> Edition:
    told = story(
        article("The council voted for a tram.", title="Tram", url="https://example.org/a", published=published)
    )
    now = datetime(2024, 5, 18, 6, 30, tzinfo=UTC)
    return compose(
        [told], date=date(2024, 5, 18), title="Morning", timezone=zone,
        created=now,
    )  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("format_", ["md", "html", "text", "epub", "mail", "mail-text"])
def test_a_date_only_value_is_rendered_as_that_day_in_every_format(zone: str, format_: str) -> None:
    there = edition(zone)
    if format_ == "epub":
        with ZipFile(BytesIO(render_epub(there, TEMPLATES))) as book:
            text = book.read("EPUB/s1.xhtml").decode()
    elif format_.startswith("mail"):
        envelope = Envelope(sender="b@example.org", recipient="a@example.org")
        letter = write_letter(there, envelope, TEMPLATES, there.created)
        part = letter.message.get_body(("plain" if format_ == "mail-text" else "html",))
        assert part is not None
        text = part.get_content()
    else:
        text = render(there, format_, TEMPLATES)
    assert "17 May 2024" in text
    assert "16 May" not in text
    assert "17 May 2024," not in text  # no time behind it


@pytest.mark.parametrize("zone", ZONES)
def test_machine_readable_dates_name_the_same_day(zone: str) -> None:
    there = edition(zone)
    assert '<time datetime="2024-05-17">' in render(there, "html", TEMPLATES)
    assert '"published": "2024-05-17T00:00:00Z"' in render(there, "json", TEMPLATES)
    atom = render(there, "atom", TEMPLATES)
    assert atom.count("<updated>2024-05-17T00:00:00") == 2
    timed = edition(zone, DAY + timedelta(hours=9))
    assert render(timed, "atom", TEMPLATES).count("<updated>2024-05-17T09:00:00Z") == 2
    assert "<updated>2024-05-18T00:00:00" in render(replace(there, sections=()), "atom", TEMPLATES)


@pytest.mark.parametrize("zone", ZONES)
def test_a_letter_is_dated_in_the_editions_zone(zone: str) -> None:
    there = edition(zone)
    letter = write_letter(there, Envelope(sender="b@example.org", recipient="a@example.org"), TEMPLATES, there.created)
    assert letter.message["Date"].datetime == there.created
    assert letter.message["Date"].datetime.date() == there.created.astimezone(ZoneInfo(zone)).date()


def test_markdown_front_matter_with_a_date_only(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"---\ntitle: Tram\ndate: 2024-05-17 00:00:00 +0200\n---\n{'The council voted. ' * 40}")
    assert extract_file(path, source="S").published == DAY
    path.write_text(f"---\ntitle: Tram\ndate: 2024-05-17\n---\n{'The council voted. ' * 40}")
    assert extract_file(path, source="S").published == DAY
