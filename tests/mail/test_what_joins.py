"""What joins a day's edition after the first letters, or is written anew in it; what of it was refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from briefing import pipeline
from briefing.render.email import only_new, told_in
from briefing.testing.server import Server
from briefing.types import Mention

from ..conftest import Cli
from ..factories import article, edition, story
from .conftest import Opener, PostOffice, mail_table
from .test_fortnight import SETTINGS, at
from .test_second_run import letters_to

ANN = "ann@example.org"
FIRST = (
    "Ferry Norra runs aground off Lund with 212 passengers",
    "The ferry Norra ran aground off Lund on Thursday evening with 212 passengers aboard. "
    "Lifeboats brought all 212 passengers of the ferry Norra to the harbour of Lund. "
    "The ferry Norra had left the harbour of Lund at seven.",
)
REPEATED = (
    "Ferry Norra aground off Lund with 212 passengers aboard",
    "The ferry Norra ran aground off Lund on Thursday evening. All 212 passengers of the ferry Norra were brought to "
    "the harbour of Lund by lifeboats. The ferry Norra left the harbour of Lund at seven.",
)
NEWS = (
    "Ferry Norra aground off Lund: captain arrested",
    "The ferry Norra ran aground off Lund on Thursday evening with 212 passengers aboard. "
    "Police in Lund arrested the captain of the ferry Norra, whose blood held 1.4 grams of alcohol. "
    "Prosecutors ask that the captain of the ferry Norra stay in custody until 9 April.",
)
ANEW = ("Ferry Norra runs aground off Lund: captain held", f"{NEWS[1].partition('. ')[2]} {FIRST[1]}")
"""The same article as `FIRST` later in the day."""
OTHER = (
    "Museum shows swords",
    "Thieves took three Bronze Age swords from the museum. Cameras show two men in overalls. The curator puts their "
    "value at half a million and asks collectors abroad to look twice at what they are offered.",
)
Run = Callable[..., str]


@pytest.fixture
def run(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """``run(at(20, "06:30"), {"a": FIRST}, more)``: what a run says that sends the edition of a feed for each name."""
    monkeypatch.chdir(tmp_path)

    def call(now: datetime, feeds: dict[str, tuple[str, str]], more: str, *options: str) -> str:
        for name, (title, text) in feeds.items():
            (tmp_path / f"{name}.xml").write_text(
                f'<rss version="2.0"><channel><title>{name}</title><item><title>{title}</title>'
                f"<link>https://example.org/{name}</link><description>{text}</description>"
                f"<pubDate>Fri, 20 Mar 2026 {'11' if title == ANEW[0] else '05'}:00:00 +0000</pubDate>"
                "</item></channel></rss>"
            )
        sources = "".join(
            f'\n[[sources]]\npath = "{name}.xml"\nkind = "feed"\nsection = "{"Sport" if name == "s" else "World"}"\n'
            for name in feeds
        )
        settings = SETTINGS.replace("group = false\n", "")
        (tmp_path / "briefing.toml").write_text(f"{settings}\n{more}\n{sources}")
        monkeypatch.setattr(pipeline, "utc_now", lambda: now)
        done = cli("run", "--send", *options)
        assert done.returncode == 0, done.stderr
        return done.stderr

    return call


def texts(office: PostOffice) -> list[str]:
    """The letters to Ann as text, in order."""
    return [letter.get_body(("plain",)).get_content() for letter in letters_to(office, ANN)]  # type: ignore[union-attr]


def test_news_of_a_mailed_story_is_in_the_next_letter(post_office: Opener, run: Run) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    run(at(20, "06:30"), {"a": FIRST}, mail)
    run(at(20, "12:00"), {"a": FIRST, "b": NEWS}, mail)
    run(at(20, "12:30"), {"a": FIRST, "b": NEWS}, mail)
    _, second = texts(office)
    assert "New since 06:30" in second
    assert "Update: last told on 20 March" in second
    assert second.index("1.4 grams") < second.index("Told before: ")
    assert second.count("Told before: ") == 1
    (story,) = json.loads(Path("briefings/2026-03-20.json").read_text("utf-8"))["sections"][0]["stories"]
    assert len(story["articles"]) == 2


def test_a_report_without_news_is_no_letter_until_one_has_some(post_office: Opener, run: Run) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    run(at(20, "06:30"), {"a": FIRST}, mail)
    assert "has it already" in run(at(20, "12:00"), {"a": FIRST, "b": REPEATED}, mail)
    run(at(20, "18:00"), {"a": FIRST, "b": REPEATED, "c": NEWS}, mail)
    assert len(texts(office)) == 2
    assert "1.4 grams" in texts(office)[1]


def test_news_of_a_pushed_story_is_pushed(run: Run) -> None:
    pytest.importorskip("apprise", reason="apprise is not installed (pip install -e '.[notify]')")
    with Server() as service:
        service.serves("/hook", "")
        notify = f'[notify]\nurls = ["json://127.0.0.1:{service.port}/hook"]\n'
        run(at(20, "06:30"), {"a": FIRST}, notify)
        run(at(20, "12:00"), {"a": FIRST, "b": REPEATED}, notify)
        run(at(20, "18:00"), {"a": FIRST, "b": REPEATED, "c": NEWS}, notify)
        titles = [json.loads(seen.body)["title"] for seen in service.requests]
    assert len(titles) == 2
    assert "new since 06:30" in titles[1]


def test_headlines_that_come_later_are_in_the_next_letter_only(post_office: Opener, run: Run) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    early, late = ("Bakers strike in Lund", "Read more"), ("Tram line opens", "Read more")
    run(at(20, "06:30"), {"a": FIRST, "b": early}, mail)
    run(at(20, "12:00"), {"a": FIRST, "b": early, "c": late}, mail)
    assert len(texts(office)) == 1  # no letter for a headline alone
    run(at(20, "18:00"), {"a": FIRST, "b": early, "c": late, "d": OTHER}, mail)
    run(at(20, "19:00"), {"a": FIRST, "b": early, "c": late, "d": OTHER, "e": NEWS}, mail)
    first, second, third = texts(office)
    assert [early[0] in letter for letter in (first, second, third)] == [True, False, False]
    assert [late[0] in letter for letter in (first, second, third)] == [False, True, False]


def test_a_mention_is_in_the_first_letter_that_there_is_after_it() -> None:
    def mention(number: int) -> Mention:
        return Mention(headline=f"Strike {number}", url=f"https://e.org/{number}", source="Post", told=at(19, "9:00"))

    one, two = story(article("Marlow gets a tram.")), story(article("Lund gets a ferry."))
    told = told_in(edition(one, developing=(mention(1),)))
    later = only_new(edition(one, two, developing=(mention(1), mention(2))), told)
    assert (later.stories, later.developing) == ((two,), (mention(2),))
    assert only_new(edition(two, developing=(mention(2),)), None).developing == ()  # not known: all of it was told


def refused_run(run: Run, now: datetime, feeds: dict[str, tuple[str, str]], mail: str) -> None:
    with pytest.raises(AssertionError, match="Refused for"):  # exit code 4
        run(now, feeds, mail)


@pytest.mark.parametrize("later", [{"a": ANEW}, {"a": ANEW, "b": NEWS}], ids=["alone", "joined"])
def test_an_article_written_anew_is_news_by_its_new_points(
    post_office: Opener, run: Run, later: dict[str, tuple[str, str]]
) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    run(at(20, "06:30"), {"a": FIRST}, mail)
    run(at(20, "12:00"), later, mail)
    assert "has it already" in run(at(20, "12:30"), later, mail)
    first, second = texts(office)
    assert "1.4 grams" not in first
    assert "New since 06:30" in second
    assert "Update: last told on 20 March" in second
    assert second.index("1.4 grams") < second.index("Told before: ")


def test_an_article_written_anew_without_news_is_no_letter(post_office: Opener, run: Run) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    run(at(20, "06:30"), {"a": FIRST}, mail)
    run(at(20, "12:00"), {"a": (ANEW[0], REPEATED[1])}, mail)
    assert len(texts(office)) == 1


def test_an_article_written_anew_is_pushed(run: Run) -> None:
    pytest.importorskip("apprise", reason="apprise is not installed (pip install -e '.[notify]')")
    with Server() as service:
        service.serves("/hook", "")
        notify = f'[notify]\nurls = ["json://127.0.0.1:{service.port}/hook"]\n'
        run(at(20, "06:30"), {"a": FIRST}, notify)
        run(at(20, "12:00"), {"a": ANEW}, notify)
        run(at(20, "12:30"), {"a": ANEW}, notify)
        titles = [json.loads(seen.body)["title"] for seen in service.requests]
    assert len(titles) == 2
    assert "new since 06:30" in titles[1]


def test_a_letter_has_what_the_refused_one_before_it_had(post_office: Opener, run: Run, cli: Cli) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    run(at(20, "06:30"), {"a": FIRST}, mail)
    office.refuse[ANN] = ["550 5.1.1 unknown"]
    refused_run(run, at(20, "12:00"), {"a": FIRST, "b": NEWS}, mail)
    assert "Refused" not in run(at(20, "18:00"), {"a": FIRST, "b": NEWS, "c": OTHER}, mail)
    second = texts(office)[1]
    assert "New since 06:30" in second
    assert second.index("1.4 grams") < second.index("Told before: ")
    assert OTHER[0] in second
    done = cli("send", "--resend")
    assert (done.returncode, done.stderr.strip()) == (0, f"{ANN} has it already.")
    assert len(texts(office)) == 2


def test_a_refused_letter_is_not_tried_again_without_news(post_office: Opener, run: Run, cli: Cli) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    office.refuse[ANN] = ["550 5.1.1 unknown"]
    refused_run(run, at(20, "06:30"), {"a": FIRST}, mail)
    refused_run(run, at(20, "12:00"), {"a": FIRST}, mail)
    assert not texts(office)
    office.refuse[ANN] = ["550 5.1.1 unknown"]
    refused_run(run, at(20, "18:00"), {"a": FIRST, "b": OTHER}, mail)
    assert cli("send", "--resend").returncode == 0
    (only,) = letters_to(office, ANN)
    assert only["Subject"] == "Morning, 20 Mar: Ferry Norra runs aground off Lund with 212 passengers (2 stories)"
    assert "New since" not in texts(office)[0]
    assert "has it already" in cli("send", "--resend").stderr


def test_stories_of_a_section_that_a_reader_adds_are_not_called_new(post_office: Opener, run: Run) -> None:
    office = post_office()
    mail = mail_table(office.port, ANN)
    feeds = {"a": FIRST, "s": OTHER}
    run(at(20, "06:30"), feeds, mail.replace('" }', '", sections = ["Sport"] }'))
    run(at(20, "12:00"), feeds, mail)
    run(at(20, "18:00"), feeds | {"c": NEWS}, mail)
    first, second, third = letters_to(office, ANN)
    assert first["Subject"] == "Morning, 20 Mar: Museum shows swords (1 story)"
    assert second["Subject"] == "Morning, 20 Mar: Ferry Norra runs aground off Lund with 212 passengers (1 story)"
    assert "New since" not in texts(office)[1]
    assert "new since 12:00" in third["Subject"]


def test_a_letter_is_dated_when_it_leaves(
    post_office: Opener, run: Run, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = post_office()
    office.refuse[ANN] = ["451 4.7.1 greylisted"]
    with pytest.raises(AssertionError, match="451"):  # exit code 5
        run(at(20, "06:30"), {"a": FIRST}, mail_table(office.port, ANN))
    monkeypatch.setattr(pipeline, "utc_now", lambda: at(20, "07:15"))
    assert cli("send").returncode == 0
    (letter,) = letters_to(office, ANN)
    assert letter["Date"].datetime == at(20, "07:15")
