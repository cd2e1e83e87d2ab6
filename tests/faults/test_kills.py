"""Whenever a command is killed, the next one goes on from there: nothing is lost, done twice or left lying about."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from briefing.store import Store, keep_copy

from .kills import Ended, Killed
from .servers import Web, rss
from .smtp import Smtp

pytestmark = [pytest.mark.slow, pytest.mark.posix]

READERS = ("ann@example.org", "bob@example.org")
TODAY, EARLIER = "2024-05-17", "2024-05-16"
RUN = ("run", "--date", TODAY, "--send")
SEND = ("send", TODAY)
STORIES = {
    "tram": "The council voted 31 to 14 on Tuesday for a tram line to the hospital, ending a dispute of two years.\n\n"
    "Construction is due to start in March and to cost 212 million pounds, of which 140 million are promised.",
    "reef": "Divers have mapped a coral reef of nine kilometres off the island, the largest found there since 1998.\n\n"
    "Fishing near it will be forbidden from June, the ministry said, and boats have to keep a distance of 500 metres.",
}
HARBOUR = (
    "The harbour of Marlow opened on Monday after works that took three years, the mayor said. About 400 people came "
    "to see it, and many of them stayed until the evening. The works were paid for by a levy of two pounds on each ton."
)


@pytest.fixture
def smtp() -> Iterator[Smtp]:
    with Smtp() as running:
        yield running


@pytest.fixture
def desk(web: Web, smtp: Smtp, tmp_path: Path) -> Path:
    """A folder with a configuration, two articles and a feed."""
    folder = tmp_path / "desk"
    (folder / "articles").mkdir(parents=True)
    for name, text in STORIES.items():
        (folder / "articles" / f"{name}.txt").write_text(f"News of the {name}\n\n{text}")
    web.serves("/feed", rss([web.url("/harbour")], HARBOUR), type="application/rss+xml", etag='"1"')
    readers = "".join(f'[[mail.recipients]]\naddress = "{one}"\n' for one in READERS)
    (folder / "briefing.toml").write_text(
        'title = "Morning"\nengine = "extractive"\nformats = ["json", "md"]\nstate = "s.db"\nsince = ""\n'
        f'full_text = false\n[mail]\nhost = "127.0.0.1"\nport = {smtp.port}\nsecurity = "none"\n'
        f'sender = "desk@example.org"\nretries = []\n{readers}[[sources]]\npath = "articles"\n'
        f'[[sources]]\nurl = "{web.url("/feed")}"\nallow_local = true\n'
    )
    with Store(folder / "s.db"):
        pass  # that a new file survives as well is a row of its own
    return folder


@pytest.fixture
def killed(desk: Path) -> Iterator[Killed]:
    with Killed(desk) as nursery:
        yield nursery


@pytest.fixture
def anew(desk: Path, smtp: Smtp, tmp_path: Path) -> Callable[[], None]:
    """Puts the folder back as it was when that is first called."""
    saved = tmp_path / "saved"

    def again() -> None:
        if not saved.exists():
            shutil.copytree(desk, saved)
        for one in desk.iterdir():
            shutil.rmtree(one) if one.is_dir() else one.unlink()
        shutil.copytree(saved, desk, dirs_exist_ok=True)
        smtp.got.clear()

    return again


def grow_old(folder: Path) -> None:
    """What lies about in the folder is an hour older: younger files might be another run's."""
    for leftover in folder.rglob("*.tmp"):
        os.utime(leftover, (0, 0))


def chosen(writes: list[str], most: int = 36) -> list[tuple[int, str]]:
    """The number and the text of each write, or of every second, third ... where there are too many for a test."""
    numbered = list(enumerate(writes, 1))
    return numbered[:: 1 + (len(writes) - 1) // most]


def leftovers(folder: Path) -> list[str]:
    return [str(one) for one in folder.rglob("*") if one.name.startswith(".") or one.suffix == ".tmp"]


def pages(site: Path) -> dict[str, bytes]:
    """What a web server shows of it. What a killed one left goes with the next page that is written."""
    return {path.name: path.read_bytes() for path in site.iterdir() if not path.name.startswith(".")}


def claimed(record: Path) -> set[str]:
    """Readers whose letter a killed process had taken into its hands."""
    with closing(sqlite3.connect(record)) as opened:
        return {one for (one,) in opened.execute("SELECT recipient FROM deliveries WHERE state = 'sending'")}


def once_or_unknown(smtp: Smtp, again: Ended, taken: set[str]) -> None:
    for one in READERS:
        assert f"Nobody knows whether {one}" not in again.err or one in taken, (one, again)
        unknown = f"Nobody knows whether {one}" in again.err
        assert smtp.letters[one] == 1 or (unknown and smtp.letters[one] == 0), (one, again)
    assert again.code in {0, 4}, again


def check_edition(folder: Path) -> None:
    stories = json.loads((folder / f"{TODAY}.json").read_text("utf-8"))
    text = (folder / f"{TODAY}.md").read_text("utf-8")
    for words in ("212 million", "nine kilometres", "400 people"):
        assert words in json.dumps(stories, ensure_ascii=False)
        assert words in text


def test_a_killed_run_with_send(killed: Killed, anew: Callable[[], None], desk: Path, smtp: Smtp) -> None:
    anew()
    once = killed.whole(*RUN)
    assert once.code == 0, once.err
    check_edition(desk / "briefings")
    assert smtp.letters == dict.fromkeys(READERS, 1)
    for write, what in chosen(once.writes):
        anew()
        dead = killed.at(write, *RUN)
        assert dead.code == -signal.SIGKILL, (write, what, dead)
        for path in (desk / "briefings").glob("2*"):
            assert path.stat().st_size > 500  # whole or not there
        with sqlite3.connect(desk / "s.db") as record:
            (stored,) = record.execute("SELECT count(*) FROM summaries").fetchone()
        record.close()
        grow_old(desk)
        taken = claimed(desk / "s.db")
        again = killed.whole(*RUN)
        once_or_unknown(smtp, again, taken)
        check_edition(desk / "briefings")
        if counts := re.search(r"(\d+) summarised, (\d+) from an earlier run", again.err):
            assert [int(count) for count in counts.groups()] == [3 - stored, stored], (what, again)
        assert leftovers(desk) == [], what
    assert len(once.writes) > 40


def test_a_killed_send(killed: Killed, anew: Callable[[], None], desk: Path, smtp: Smtp) -> None:
    assert killed.whole(*RUN[:-1]).code == 0
    anew()
    once = killed.whole(*SEND)
    assert once.code == 0, once.err
    assert smtp.letters == dict.fromkeys(READERS, 1)
    for write, what in chosen(once.writes):
        anew()
        dead = killed.at(write, *SEND)
        assert dead.code == -signal.SIGKILL, (write, what, dead)
        taken = claimed(desk / "s.db")
        once_or_unknown(smtp, killed.whole(*SEND), taken)
        assert leftovers(desk) == [], what
    assert len(once.writes) > 7


def test_a_killed_archive(killed: Killed, anew: Callable[[], None], desk: Path) -> None:
    for day in (TODAY, EARLIER):
        assert killed.whole("run", "--date", day).code == 0
    anew()
    once = killed.whole("archive")
    site = pages(desk / "archive")
    assert {f"{TODAY}.html", "index.html", "search.js", "atom.xml"} <= site.keys()
    for write, what in chosen(once.writes):
        anew()
        dead = killed.at(write, "archive")
        assert dead.code == -signal.SIGKILL, (write, what, dead)
        grow_old(desk)
        assert killed.whole("archive").code == 0
        assert pages(desk / "archive") == site, what
    assert len(once.writes) > 7


def test_a_killed_first_run(killed: Killed, desk: Path, smtp: Smtp) -> None:
    with Store(desk / "s.db") as store:
        keep_copy(store)  # beside which an empty file would be a damaged one

    def anew() -> None:
        for one in desk.glob("s.db*"):
            if one.name != "s.db.backup":
                one.unlink()

    anew()
    once = killed.whole("history")
    tables = schema(desk / "s.db")
    for write, what in chosen(once.writes):
        anew()
        dead = killed.at(write, "history")
        assert dead.code == -signal.SIGKILL, (write, what, dead)
        assert killed.whole("history").code == once.code
        assert schema(desk / "s.db") == tables, what
    assert len(once.writes) > 7


def schema(path: Path) -> list[object]:
    record = sqlite3.connect(path)
    try:
        return record.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    finally:
        record.close()
