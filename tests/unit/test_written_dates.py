"""Dates as feeds, pages and mails write them: each is read as what it says, or a warning says that it is not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from html import escape
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from briefing.extract import extract_article
from briefing.sources import Feed, read_feed, read_head
from briefing.written_dates import DateReader, Doubt, mail_date

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)

# --- a table: language or country, what is written, what it means ----------------------------------------------------
# Expected: a time in UTC, a day, a day of which the time is not known ("?"), or what is not known.

RFC_5322 = [
    ("", "Tue, 24 Nov 2026 08:00:00 +0100", "24 07:00"),
    ("", "Tue, 24 Nov 2026 08:00 +0100", "24 07:00"),
    ("", "24 Nov 2026 08:00:00 GMT", "24 08:00"),
    ("", "Tue 24 Nov 2026 8:00:00 GMT", "24 08:00"),
    ("", "Tues, 24 Nov 2026 08:00:00 +0100", "24 07:00"),
    ("", "Sun, 24 Nov 2026 08:00:00 +0100", "24 07:00"),
    ("", "Tue, 24 November 2026 08:00:00 -0000", "24 08:00"),
    ("", "  Tue ,  24 Nov 2026  08 : 00 : 00   +0000 ", "24 08:00"),
    ("", "Tue, 24 Nov 26 08:00:00 GMT", "24 08:00"),
    ("", "tue, 24 nov 2026 08:00:00 est", "24 13:00"),
    ("", "Tuesday, 24-Nov-26 08:00:00 GMT", "24 08:00"),
    ("", "Tue, 24 Nov 2026 08:00:00 +0530 (IST)", "24 02:30"),
    ("", "Mon, 23 Nov 2026 23:59:60 +0000", "23 23:59:59"),
]
OFFSETS = [
    ("", "24 Nov 2026 12:00 CEDT", "24 10:00"),
    ("de", "24. November 2026 12.30 Uhr", "24 12:30"),
    ("", "24 Nov 2026 12:00:00 +02", "24 10:00"),
    ("", "24 Nov 2026 12:00:00 +2", "24 10:00"),
    ("", "24 Nov 2026 12:00:00 +200", "24 10:00"),
    ("", "24 Nov 2026 12:00:00 +05:45", "24 06:15"),
    ("", "24 Nov 2026 12:00:00 - 0500", "24 17:00"),
    ("", "24 Nov 2026 12:00:00 \u22120500", "24 17:00"),
    ("", "24 Nov 2026 12:00:00 UTC+1", "24 11:00"),
    ("", "24 Nov 2026 12:00:00 UTC + 01:00", "24 11:00"),
    ("", "24 Nov 2026 12:00:00 GMT-0500", "24 17:00"),
    ("", "24 Nov 2026 12:00:00 GMT+01:00", "24 11:00"),
    ("", "24 Nov 2026 12:00:00 CET+0100", "24 11:00"),
    ("", "24 Nov 2026 12:00:00 +0200 CEST", "24 10:00"),
    ("", "24 Nov 2026 12:00:00 +0200 +0200", "24 10:00"),
    ("", "24 Nov 2026 12:00:00 EST -0500", "24 17:00"),
    ("", "24 Nov 2026 12:00:00 CET (+0100)", "24 11:00"),
    ("", "24 Nov 2026 12:00:00 XYZ +0300", "24 09:00"),
    ("", "24 Nov 2026 12:00:00 +0100 (GMT+01:00)", "24 11:00"),
    ("", "24 Nov 2026 12:00:00 +9900", "24 ?"),
    ("", "Tue Nov 24 2026 12:00:00 GMT+0100 (Central European Standard Time)", "24 11:00"),
]
ZONES = [
    *(("", f"Tue, 24 Nov 2026 12:00:00 {zone}", f"24 {utc}") for zone, utc in [
        ("CET", "11:00"), ("CEST", "10:00"), ("MET", "11:00"), ("MEST", "10:00"), ("MESZ", "10:00"), ("WET", "12:00"),
        ("EET", "10:00"), ("EEST", "09:00"), ("MSK", "09:00"), ("BST", "11:00"), ("UT", "12:00"), ("Z", "12:00"),
        ("IST", "06:30"), ("PKT", "07:00"), ("WIB", "05:00"), ("ICT", "05:00"), ("HKT", "04:00"), ("SGT", "04:00"),
        ("JST", "03:00"), ("KST", "03:00"), ("AWST", "04:00"), ("ACST", "02:30"), ("AEST", "02:00"), ("AEDT", "01:00"),
        ("EST", "17:00"), ("EDT", "16:00"), ("PST", "20:00"), ("AKST", "21:00"), ("HST", "22:00"), ("NST", "15:30"),
        ("BRT", "15:00"), ("ART", "15:00"), ("ET", "17:00"), ("(CET)", "11:00"), ("Europe/Berlin", "11:00"),
        ("America/Argentina/Buenos_Aires", "15:00"), ("Etc/GMT+5", "17:00"),
    ]),
    ("", "Tue, 24 Nov 2026 12:00:00 NZDT", "23 23:00"),
    ("", "Fri, 24 Jul 2026 12:00:00 ET", "2026-07-24 16:00"),
    ("en-in", "24 Nov 2026 12:00:00 IST", "24 06:30"),
    ("hi", "24 Nov 2026 12:00:00 IST", "24 06:30"),
    ("he", "24 Nov 2026 12:00:00 IST", "24 10:00"),
    ("ga", "24 Nov 2026 12:00:00 IST", "24 11:00"),
    ("en-IE", "24 Nov 2026 12:00:00 IST", "24 11:00"),
    ("zh-CN", "24 Nov 2026 12:00:00 CST", "24 04:00"),
    ("en-us", "24 Nov 2026 12:00:00 CST", "24 18:00"),
    ("en-au", "24 Nov 2026 12:00:00 EST", "24 02:00"),
    ("", "24 Nov 2026 12:00:00 XYZ", "24 ?"),
    ("", "12:00 24 Nov 2026 EST", "24 17:00"),
    ("", "12:00, 24 Nov 2026 (CET)", "24 11:00"),
    ("", "12:00 24 Nov 2026 XYZ", "24 ?"),
    ("", "12:00 Tue, 24 NOV", "date"),
    ("", "12:00 24 Nov 2026 TUE", "24 12:00"),
    ("", "24 Nov 2026 12:00:00 A", "24 ?"),
    ("", "24 Nov 2026 12:00:00 Nowhere/Land", "24 ?"),
    ("", "24 Nov 2026 00:00:00 XYZ", "24"),
]  # fmt: skip
ISO_8601 = [
    ("", "2026-11-24T08:00:00Z", "24 08:00"),
    ("", "2026-11-24T08:00Z", "24 08:00"),
    ("", "2026-11-24t08:00:00z", "24 08:00"),
    ("", "2026-11-24T08:00:00+0100", "24 07:00"),
    ("", "2026-11-24 08:00:00 CET", "24 07:00"),
    ("", "2026-11-24T08:00:00+01:00[Europe/Berlin]", "24 07:00"),
    ("", "20261124T080000Z", "24 08:00"),
    ("", "20261124T0800Z", "24 08:00"),
    ("", "20261124080000", "24 08:00"),
    ("", "20261124", "24"),
    ("", "2026-11-24", "24"),
    ("", "2026-11-24+02:00", "24"),
    ("", "2026-11-24T00:00:00+09:00", "24"),
    ("", "2026-W48-2", "24"),
    ("", "2026-11-24T24:00:00Z", "25 00:00:00.000001"),
    ("", "Tue, 24 Nov 2026 24:00:00 +0100", "24 23:00:00.000001"),
    ("", "2026-11-24T24:30:00Z", "24 ?"),
    ("", "1795507200", "24 08:00"),
    ("", "1795507200000", "24 08:00"),
]
OF_PROGRAMS = [
    ("", "2017-08-01 13:55:44.36 +0200 CEST", "2017-08-01 11:55:44"),
    ("", "2017-08-01 13:55:44.364419679 +0200 CEST m=+0.000012", "2017-08-01 11:55:44"),
    ("", "2017-08-01 13:55:44 +0200 +0200", "2017-08-01 11:55:44"),
    ("", "24/Nov/2026:08:00:00 +0100", "24 07:00"),
    ("", "Tuesday, November 24, 2026 - 08:00", "24 08:00"),
    ("", "Tue, 24 Nov 2026 8:5:3 GMT", "24 08:05:03"),
    ("", "2026-11-24T08.00.00Z", "24 08:00"),
    ("", "08:00, 24 November 2026", "24 08:00"),
    ("de", "08:00 Uhr am Dienstag, 24.11.2026", "24 08:00"),
    ("", "Tue Nov 24 08:00:00 2026", "24 08:00"),
    ("", "Tue Nov 24 08:00:00 CET 2026", "24 07:00"),
    ("", "Tue Nov 24 08:00:00 +0100 2026", "24 07:00"),
    ("", "Tue Nov 24 08:00:00 XYZ 2026", "24 ?"),
    ("", "Nov 24, 2026 8:00 AM", "24 08:00"),
    ("", "Nov 24, 2026 8:00pm PST", "25 04:00"),
    ("", "November 24th, 2026 at 8 p.m.", "24 20:00"),
    ("", "Tue, 24 Nov 2026 12:30:00 AM GMT", "24 00:30"),
    ("", "Tue, 24 Nov 2026 25:70:00 +0100", "24 ?"),
]
NUMBERS = [
    ("", "20-04-2020 19:00 +0400", "2020-04-20 15:00"),
    ("", "11/24/2020 08:00", "2020-11-24 08:00"),
    ("", "24/11/2020 08:00", "2020-11-24 08:00"),
    ("", "2026/11/24 08:00", "24 08:00"),
    ("", "24.11.2026", "24"),
    ("", "24.11.26", "24"),
    ("fi", "24.11.2026 klo 8.00", "24 08:00"),
    ("", "03/04/2026", "order"),
    ("en", "03/04/2026", "order"),
    ("en-us", "03/04/2026", "2026-03-04"),
    ("en-gb", "03/04/2026", "2026-04-03"),
    ("de", "03/04/2026", "2026-04-03"),
    ("sl", "03/04/2026", "2026-04-03"),
    ("", "11.24.2026", "24"),
    ("", "03.04.2026", "2026-04-03"),
    ("", "04/04/2026", "2026-04-04"),
    ("ja", "26/11/24", "24"),
    ("", "14-12-29", "order"),
    ("", "95-12-29", "1995-12-29"),
]
WORDS = [
    ("de", "Dienstag, 24. November 2026, 08:00 Uhr MEZ", "24 07:00"),
    ("de", "Di, 03 Mär 2026 08:00:00 +0100", "2026-03-03 07:00"),
    ("fr", "mar., 24 nov. 2026 08:00:00 +0100", "24 07:00"),
    ("fr", "1er août 2026 à 08h30", "2026-08-01 08:30"),
    ("es", "mar, 03 feb 2026 08:00:00 +0100", "2026-02-03 07:00"),
    ("es", "24 de noviembre de 2026, 08:00 h", "24 08:00"),
    ("it", "mer, 26 ago 2026 08:00:00 +0200", "2026-08-26 06:00"),
    ("pt-br", "Qui, 24 Set 2026 08:00:00 -0300", "2026-09-24 11:00"),
    ("nl", "24 november 2026 om 08:00 uur", "24 08:00"),
    ("de", "24. November 2026 um 8 Uhr", "24 08:00"),
    ("hu", "2026. november 24. 8:00", "24 08:00"),
    ("nl", "di, 03 mrt 2026 08:00:00 +0100", "2026-03-03 07:00"),
    ("pl", "wto, 24 lis 2026 08:00:00 +0100", "24 07:00"),
    ("pl", "24 listopada 2026 r.", "24"),
    ("hr", "24. listopada 2026.", "2026-10-24"),
    ("", "24 listopada 2026", "date"),
    ("", "24 noviembre 2026", "24"),
    ("ru", "вт, 24 ноя 2026 08:00:00 +0300", "24 05:00"),
    ("ru", "24 ноября 2026 г. 08:00 MSK", "24 05:00"),
    ("tr", "Sal, 24 Kas 2026 08:00:00 +0300", "24 05:00"),
    ("cs", "24. listopadu 2026", "24"),
    ("sv", "24 maj 2026 kl. 08:00 CEST", "2026-05-24 06:00"),
    ("el", "Τρι, 24 Νοε 2026 08:00:00 EET", "24 06:00"),
    ("hu", "2026-július-13T9:15-05:00", "2026-07-13 14:15"),
    ("ar", "الثلاثاء، ٢٤ نوفمبر ٢٠٢٦", "24"),
    ("hi", "मंगल, 24 नवंबर 2026 08:00:00 +0530", "24 02:30"),
    ("th", "24 พ.ย. 2569", "24"),
    ("vi", "Thứ Ba, 24 tháng 11 2026 08:00:00 +0700", "24 01:00"),
    ("ja", "2026年11月24日", "24"),
    ("ja", "２０２６年１１月２４日 ０８：００", "23 23:00"),
    ("ja", "2026/11/24(火) 08:00", "23 23:00"),
    ("ja", "令和8年11月24日", "24"),
    ("zh", "民國115年11月24日", "date"),
    ("ja", "火, 24 11月 2026 08:00:00 +0900", "23 23:00"),
    ("zh", "2026年11月24日 下午3:05", "24 07:05"),
    ("zh", "周二, 24 十一月 2026 09:00:00 +0800", "24 01:00"),
    ("", "2026년 11월 24일", "24"),
    ("ko", "2026. 11. 24. 오후 3:05", "24 06:05"),
    ("ko", "2026년 11월 24일 15시 30분", "24 06:30"),
]
UNREADABLE = [
    ("", written, "date")
    for written in (
        "31. Foo 2026", "31 Feb 2026", "2026-02-30", "0000-00-00 00:00:00", "yesterday", "5 hours ago", "24 Nov",
        "24 Nov 126", "Nov 2026", "2026", "12", "24-26 Nov 2026", "08:00:00", "24 Nov 2026 08:00 - 10:00",
    )
]  # fmt: skip
TABLE = [*RFC_5322, *OFFSETS, *ZONES, *ISO_8601, *OF_PROGRAMS, *NUMBERS, *WORDS, *UNREADABLE]


def meaning(expected: str) -> tuple[datetime | None, str]:
    """The moment of the table's right column, and the doubt that a warning names."""
    if expected in {"date", "order"}:
        return None, expected
    day, _, time = expected.rpartition(" ") if ":" in expected or "?" in expected else (expected, "", "")
    day = day if "-" in day else f"2026-11-{day}"
    clock = f"{day} {time}" if ":" in time else day
    return datetime.fromisoformat(clock).replace(tzinfo=UTC), "time" if time == "?" else ""


def in_rss(written: str, language: str = "", home: str = "https://paper.example/") -> Feed:
    said = f"<language>{language}</language>" if language else ""
    item = f"<item><title>Tram</title><link>https://paper.example/1</link><pubDate>{escape(written)}</pubDate></item>"
    return read_feed(f"<rss version='2.0'><channel><link>{home}</link>{said}{item}</channel></rss>".encode())


def in_atom(written: str, language: str = "") -> Feed:
    said = f' xml:lang="{language}"' if language else ""
    entry = f"<entry><title>Tram</title><id>1</id><published>{escape(written)}</published></entry>"
    return read_feed(f'<feed xmlns="http://www.w3.org/2005/Atom"{said}><title>F</title>{entry}</feed>'.encode())


def in_json(written: str, language: str = "") -> Feed:
    said = {"language": language} if language else {}
    document = {"items": [{"id": "1", "title": "Tram", "date_published": written}], **said}
    return read_feed(json.dumps(document).encode())


WARNED = {"": None, "date": "cannot be read", "order": "cannot be told apart", "time": "only the day counts"}


@pytest.mark.parametrize("in_feed", [in_rss, in_atom, in_json])
def test_a_date_in_a_feed_is_read_as_what_is_written(in_feed: Callable[[str, str], Feed]) -> None:
    assert len(TABLE) > 120
    wrong = []
    for language, written, expected in TABLE:
        feed = in_feed(written, language)
        moment, doubt = meaning(expected)
        warned = WARNED[doubt]
        told = not feed.warnings if warned is None else len(feed.warnings) == 1 and warned in feed.warnings[0]
        if feed.items[0].published != moment or not told:
            wrong.append((language, written, expected, feed.items[0].published, feed.warnings))
    assert wrong == []


def test_parts_of_a_second_count_in_json_feeds_only() -> None:
    """Items are remembered by their dates: what the dates of items were, they stay."""
    for written, second in (("2026-11-24T08:00:00.125Z", 0), ("2026-11-24 09:00:07,125000001 +01:00", 7)):
        moment = datetime(2026, 11, 24, 8, 0, second, tzinfo=UTC)
        assert in_rss(written).items[0].published == in_atom(written).items[0].published == moment
    assert in_json("2026-11-24T08:00:00.125Z").items[0].published == datetime(2026, 11, 24, 8, 0, 0, 125000, tzinfo=UTC)


def test_a_date_of_a_mail_is_read_as_what_is_written() -> None:
    wrong = []
    for language, written, expected in TABLE:
        moment, _ = meaning(expected)
        other = language or "T00:00:00" in written or not written.isascii() or "noviembre" in written
        if not other and mail_date(written) != moment:
            wrong.append((written, expected, mail_date(written)))
    assert wrong == []
    assert mail_date("Tue, 24 Nov 2026 00:00:00 +0000") == meaning("24 00:00:00.000001")[0]  # no mail has a mere day
    assert read_head(b"From: a@b.example\nDate: Tue, 24 Nov 2026 12:00:00 JST\n\n").sent == meaning("24 03:00")[0]


@pytest.mark.parametrize(
    ("language", "url", "written", "expected"),
    [
        ("de", "https://paper.example/1", "24. November 2026", "24"),
        ("en-US", "https://paper.example/1", "03/04/2026", "2026-03-04"),
        ("en", "https://paper.example.co.uk/1", "03/04/2026", "2026-04-03"),
        ("en", "https://paper.example.in/1", "2026-11-24 12:00 IST", "24 06:30"),
        ("", "https://paper.example/1", "Tue, 24 Nov 2026 12:00:00 CET", "24 11:00"),
    ],
)
@pytest.mark.parametrize("place", ["meta", "data"])
def test_a_date_of_a_page_is_read_by_its_language_and_address(
    language: str, url: str, written: str, expected: str, place: str
) -> None:
    head = {
        "meta": f'<meta property="article:published_time" content="{written}">',
        "data": f'<script type="application/ld+json">{{"@type": "Article", "datePublished": "{written}"}}</script>',
    }[place]
    text = "The council of Marlow voted for a tram line on Tuesday evening. " * 12
    page = f'<html lang="{language}"><head>{head}</head><body><article><h1>Tram</h1><p>{text}</p></article></body>'
    found = extract_article(page.encode(), content_type="text/html", name="n", url=url, source="S")
    assert found.published == meaning(expected)[0]


@pytest.mark.parametrize(
    ("time", "expected"),
    [("2026-11-24T08:00:00Z", "24 08:00"), ("2026-11-25T01:00:00+09:00", "24"), ("2026-12-01T08:00:00Z", "24")],
)
def test_a_page_that_states_its_day_and_elsewhere_the_time_has_both(time: str, expected: str) -> None:
    data = '{"@type": "Article", "datePublished": "November 24, 2026"}'
    head = (
        f'<script type="application/ld+json">{data}</script><meta property="article:published_time" content="{time}">'
    )
    text = "The council of Marlow voted for a tram line on Tuesday evening. " * 12
    page = f"<html><head>{head}</head><body><article><h1>Tram</h1><p>{text}</p></article></body>"
    found = extract_article(page.encode(), content_type="text/html", name="n", url=None, source="S")
    assert found.published == meaning(expected)[0]


def test_a_date_in_front_matter_is_read_as_what_is_written() -> None:
    text = "The council of Marlow voted for a tram line on Tuesday evening. " * 12
    page = f"---\ntitle: Tram\ndate: November 24, 2026 8:00 AM\n---\n{text}"
    found = extract_article(page.encode(), content_type="text/markdown", name="n", url=None, source="S")
    assert found.published == meaning("24 08:00")[0]


# --- what a feed says beside one date --------------------------------------------------------------------------------


def rss(*dates: str, language: str = "", home: str = "https://paper.example/", now: datetime | None = NOW) -> Feed:
    items = "".join(
        f"<item><title>{number}</title><link>/{number}</link>{date}</item>" for number, date in enumerate(dates)
    )
    head = f"<link>{home}</link><language>{language}</language>"
    return read_feed(f"<rss version='2.0'><channel>{head}{items}</channel></rss>".encode(), now=now)


def pub_date(written: str) -> str:
    return f"<pubDate>{escape(written)}</pubDate>"


def published(feed: Feed) -> list[datetime | None]:
    return [item.published for item in feed.items]


def test_the_other_dates_of_a_feed_show_the_order_of_day_and_month() -> None:
    third_of_april, fourth_of_march = meaning("2026-04-03")[0], meaning("2026-03-04")[0]
    assert published(rss(pub_date("03/04/2026"), pub_date("24/11/2026")))[0] == third_of_april
    assert published(rss(pub_date("03/04/2026"), pub_date("11/24/2026")))[0] == fourth_of_march
    assert published(rss(pub_date("03/04/2026"), pub_date("24/11/2026"), language="en-us"))[0] == third_of_april
    both = rss(pub_date("03/04/2026"), pub_date("24/11/2026"), pub_date("11/24/2026"))
    assert published(both)[0] is None


def test_the_country_of_a_site_tells_order_and_zone() -> None:
    assert published(rss(pub_date("03/04/2026"), home="https://paper.example.de/")) == [meaning("2026-04-03")[0]]
    assert published(rss(pub_date("03/04/2026"), home="https://paper.example.us/")) == [meaning("2026-03-04")[0]]
    for country, expected in (("in", "24 06:30"), ("ie", "24 11:00"), ("il", "24 10:00")):
        feed = rss(pub_date("24 Nov 2026 12:00 IST"), home=f"https://paper.example.{country}/")
        assert published(feed) == [meaning(expected)[0]]


def test_a_second_date_stands_in_for_one_that_cannot_be_read() -> None:
    updated = "<atom:updated xmlns:atom='http://www.w3.org/2005/Atom'>2026-11-24T08:00:00Z</atom:updated>"
    feed = rss(pub_date("31. Foo 2026") + updated, pub_date("24 Nov 2026 12:00 XYZ") + updated)
    assert published(feed) == [meaning("24 08:00")[0]] * 2
    assert feed.warnings == ()


def test_warnings_count_what_cannot_be_read_and_show_an_example_on_one_short_line() -> None:
    long = "31. Foo\u202e 2026 <b>\n" + "x" * 300
    feed = rss(pub_date(long), pub_date("32. Foo 2026"), "", pub_date("  "), pub_date("24 Nov 2026 12:00 XYZ"))
    first, second = feed.warnings
    assert first.startswith("2 of its items have a date that cannot be read, such as \u201831. Foo 2026 <b> xxx")
    assert second.startswith("1 of its items has a time or time zone that is not known, such as \u201824 Nov 2026")
    assert len(first) < 120
    assert "\u202e" not in first


def test_a_date_far_ahead_does_not_count_and_is_named() -> None:
    feed = rss(pub_date("Mon, 01 Mar 2027 06:00:00 GMT"), pub_date("Wed, 25 Nov 2026 06:00:00 GMT"))
    assert published(feed) == [meaning("25 06:00")[0], None]  # behind the dated ones
    assert feed.warnings == ("1 of its items has an impossible date, such as 2027-03-01, which does not count",)


def test_a_number_in_a_json_feed_counts_seconds_since_1970() -> None:
    document: dict[str, Any] = {"items": [{"id": "1", "title": "T", "date_published": 1795507200}]}
    assert published(read_feed(json.dumps(document).encode())) == [meaning("24 08:00")[0]]
    document["items"][0]["date_published"] = 946684800000 // 2
    assert published(read_feed(json.dumps(document).encode()))[0] is None  # of 1985, when there were no feeds
    assert DateReader().read("999999999000").published == datetime(2001, 9, 9, 1, 46, 39, tzinfo=UTC)
    unusable: tuple[Any, ...] = (True, [], {}, 1e400, "1e400", 10**400, -(10**400), 1e300)
    for wrong in unusable:
        document["items"][0]["date_published"] = wrong
        assert published(read_feed(json.dumps(document).encode())) == [None]


# --- any moment, in any form -----------------------------------------------------------------------------------------

MONTHS = {
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "uk": "січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня",
    "tr": "Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "ar": "يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر",
    "hi": "जनवरी फ़रवरी मार्च अप्रैल मई जून जुलाई अगस्त सितंबर अक्टूबर नवंबर दिसंबर",
    "en": "January February March April May June July August September October November December",
}
IN_WORDS = (
    "{d} {month} {y}, {clock} {offset}",
    "{d}. {month} {y} {clock} UTC{offset}",
    "{clock} {offset}, {d} {month} {y}",
)
IN_NUMBERS = (
    "{y}-{m:02}-{d:02}T{clock}{offset}", "{y}{m:02}{d:02}T{compact}{offset}", "{d}.{m}.{y} {clock} GMT{offset}",
    "{y}/{m}/{d} {clock} {offset}", "{y}年{m}月{d}日 {clock} {offset}", "{y}년 {m}월 {d}일 {clock} {offset}",
    "{d:02}-{m:02}-{y} {twelve} {offset}",
)  # fmt: skip
OFFSETS_OF = st.integers(-11 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))


def written_in(form: str, moment: datetime, month: str = "") -> str:
    offset = f"{moment:%z}"
    return form.format(
        y=moment.year,
        m=moment.month,
        d=moment.day,
        month=month,
        clock=f"{moment:%H:%M:%S}",
        compact=f"{moment:%H%M%S}",
        twelve=f"{moment:%I:%M:%S %p}",
        offset=f"{offset[:3]}:{offset[3:]}"
        if ":" not in form and moment.minute % 2 and "compact" not in form
        else offset,
    )


MOMENTS = st.datetimes(
    datetime(1990, 1, 2), datetime(2090, 1, 1), timezones=OFFSETS_OF
).map(lambda moment: moment.replace(microsecond=0, second=moment.second or 1))  # fmt: skip


@given(MOMENTS, st.sampled_from(IN_NUMBERS))
def test_any_moment_in_numbers_is_read_back(moment: datetime, form: str) -> None:
    reader = DateReader("de")
    read = reader.read(written_in(form, moment))
    assert (read.written, read.doubt) == (moment, None)


READERS = {language: DateReader(language) for language in MONTHS}


@given(MOMENTS, st.sampled_from(sorted(MONTHS)), st.sampled_from(IN_WORDS))
@settings(max_examples=300)
def test_any_moment_in_the_words_of_a_language_is_read_back(moment: datetime, language: str, form: str) -> None:
    text = written_in(form, moment, MONTHS[language].split()[moment.month - 1])
    read = READERS[language].read(text)
    assert (read.written, read.doubt) == (moment, None)


@pytest.mark.parametrize("language", sorted(MONTHS))
def test_every_month_of_a_language_is_known(language: str) -> None:
    reader = DateReader(language)
    read = [reader.read(f"24 {month} 2026").written for month in MONTHS[language].split()]
    assert read == [datetime(2026, month, 24) for month in range(1, 13)]


@given(
    st.one_of(
        st.text(max_size=120),
        st.text(st.sampled_from("0123456789:./-+ TZCEam年月日時오전نوvNo\u0660"), max_size=60),
        st.builds(
            "{} {} {} {}:{}:{} {}".format,
            *(st.integers(0, 99), st.sampled_from(["Nov", "11", "mars", "月"]), st.integers(0, 99999)),
            *(st.integers(0, 99), st.integers(0, 99), st.integers(0, 999), st.text(max_size=8)),
        ),
    ),
    st.sampled_from(["", "de", "ja", "xx", "en-us", "\u0130-\u0131", "th"]),
)
@example("9999-12-31T23:59:59-12:00", "")
@example("0001-01-01T00:00:01+12:00", "")
@example("31 Dec 9999 24:00", "")
@example("元年1月1日", "ja")
@example("0年1月1日", "ja")
def test_reading_never_raises_and_gives_a_day_or_a_time_with_a_zone(text: str, language: str) -> None:
    read = DateReader(language, "paper.example.jp").read(text)
    if read.written is None:
        assert read.doubt is not None or not any(map(str.isprintable, text.strip()))
    else:
        assert read.written.tzinfo is not None or read.written.time() == datetime.min.time()
        assert read.doubt in {None, Doubt.TIME}
    mail_date(text)


# --- what it costs, and what it depends on ---------------------------------------------------------------------------


def test_words_are_looked_up_once_and_no_more_than_a_language_has(monkeypatch: pytest.MonkeyPatch) -> None:
    import dateparser

    asked = []
    real = dateparser.parse

    def parse(text: str, **options: Any) -> datetime | None:
        asked.append((text, *options["languages"]))
        found: datetime | None = real(text, **options)
        return found

    monkeypatch.setattr(dateparser, "parse", parse)
    names = [f"m{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(400)]
    rss(*(pub_date(f"24 {name} 2026") for name in names * 2), language="de")
    assert len(asked) == len(set(asked))
    assert len({text for text, _ in asked}) == 60
    asked.clear()
    for name in names:
        read_head(f"Date: 24 {name} 2026\n\n".encode())  # RFC 5322 has English months only
    assert asked == []
    rss(*(pub_date(f"Tue, {day} Nov 2026 08:00:00 +0100") for day in range(1, 31)), language="de")
    assert asked == []


@pytest.mark.slow
def test_readings_do_not_depend_on_the_machine(tmp_path: Any) -> None:
    code = (
        "import sys; from briefing.written_dates import DateReader\n"
        "for line in sys.stdin.read().splitlines():\n"
        "    language, _, text = line.partition('|'); print(DateReader(language).read(text))\n"
    )
    lines = "\n".join(f"{language}|{written}" for language, written, _ in TABLE if written == written.strip())
    readings = set()
    for zone, seed in (("Asia/Tokyo", "1"), ("America/Los_Angeles", "2"), ("", "3")):
        variables = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONUTF8": "1", "HOME": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            input=lines,
            check=True,
            env=variables,
            capture_output=True,
            encoding="utf-8",
        )
        readings.add(done.stdout)
    assert len(readings) == 1
    assert list(tmp_path.iterdir()) == []
