"""One walk through the zones and both changes of the clock: what an edition covers, its file, its dates, its letter."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from briefing import pipeline
from briefing.config import Config
from briefing.testing.engine import FakeEngine
from briefing.types import Source

MORNINGS = 4
TEXT = (
    "The {0} of Marlow opened after works that took years, the mayor said. Many people came to see the {0}, and some "
    "of them stayed until the evening. The works on the {0} were paid for by a levy that the council had voted for."
)
NAMES = ("harbour", "tram", "museum", "river", "school", "bridge", "forest", "castle", "market", "library", "tower")

# From 11 hours behind UTC to 14 before it; the sign of these names is turned around. Ends and middle are not slow.
FIXED = [
    pytest.param(f"Etc/GMT{-hours:+d}", date(2024, 5, 13), marks=[] if hours in {-11, 0, 14} else [pytest.mark.slow])
    for hours in range(-11, 15)
]
CHANGES = [
    ("Europe/Berlin", date(2024, 3, 29)), ("Europe/Berlin", date(2024, 10, 26)),
    ("America/St_Johns", date(2024, 3, 9)), ("America/St_Johns", date(2024, 11, 2)),
]  # fmt: skip


def story(title: str) -> str:
    return TEXT.format(f"{NAMES[(title.startswith('B') * 8 + int(title[-1])) % 11]}{title[-1]}")


@pytest.mark.slow
@pytest.mark.parametrize(("zone", "first"), [*FIXED, *CHANGES], ids=str)
def test_each_item_is_in_one_edition_and_each_day_is_that_day(zone: str, first: date, tmp_path: Path) -> None:
    here = ZoneInfo(zone)
    mornings = [
        datetime(first.year, first.month, first.day, 6, 30, tzinfo=here) + timedelta(n) for n in range(MORNINGS)
    ]
    # A blog dates its story of each day by the day, in its own zone; a paper has one an hour before each edition, and
    # one an hour after it.
    blog = {f"Blog {n}": (mornings[n] - timedelta(1)).date() for n in range(MORNINGS)}
    paper = {f"Paper {2 * n + after}": mornings[n].astimezone(UTC) + timedelta(hours=2 * after - 1)
             for n in range(MORNINGS) for after in (0, 1)}  # fmt: skip
    told: dict[str, list[date]] = {}
    for number, morning in enumerate(mornings):
        now = morning.astimezone(UTC)
        items = [
            (title, f"{day:%a, %d %b %Y} 00:00:00 {morning:%z}")
            for title, day in blog.items()
            if datetime(day.year, day.month, day.day, 18, tzinfo=here) <= morning
        ]
        items += [(title, format_datetime(moment)) for title, moment in paper.items() if moment <= now]
        feed = "".join(
            f"<item><title>{title}</title><link>https://example.org/{title[0]}{title[-1]}</link>"
            f"<description>{story(title)}</description>"
            f"<pubDate>{written}</pubDate></item>"
            for title, written in items
        )
        (tmp_path / "feed.xml").write_text(f'<rss version="2.0"><channel><title>F</title>{feed}</channel></rss>')
        config = Config(
            sources=(Source(location=str(tmp_path / "feed.xml")),), state=tmp_path / "s.db", out=tmp_path / "out",
            full_text=False, timezone=zone, group=False, formats=("text",),
        ).with_overrides(
            mail={"sender": "b@example.org", "recipients": ({"address": "a@example.org"},)}
        )  # fmt: skip
        clock = partial(lambda moment: moment, now)
        with pipeline.RunContext(config, clock=clock, progress=pipeline.NoProgress(), engine=FakeEngine()) as open_:
            edition, _ = pipeline.make_edition(open_)
            (path,) = pipeline.write_edition(edition, open_)
            ((_, letter),) = pipeline.letters(edition, open_)
        day = first + timedelta(number)
        for one in edition.stories:
            told.setdefault(one.articles[0].title, []).append(edition.date)
        assert (edition.date, path.name) == (day, f"{day.isoformat()}.txt")
        assert letter is not None
        sent = letter.message["Date"].datetime
        assert (sent, sent.date()) == (now, day)
        text = path.read_text("utf-8")
        yesterday = day - timedelta(1)
        assert f"{yesterday.day} {yesterday:%B %Y}" in text
        assert f"{yesterday.day - 1} {yesterday:%B %Y}" not in text
    seen = {title for title in told if len(told[title]) == 1}
    assert seen == set(told) == set(blog) | set(paper) - {f"Paper {2 * MORNINGS - 1}"}
    assert [told[title][0] for title in blog] == [morning.date() for morning in mornings]
