"""Mailboxes on the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from briefing.testing.imap_server import ImapServer

from ..conftest import Cli

BODIES = {
    "First": "The council approved a new tram line on Tuesday. It will link the station with the hospital from 2027 "
    "and cost about 80 million pounds. The mayor said that work would begin in spring.",
    "Second": "Divers found the wreck of a steamer off Port Lorne at the weekend. The ship had sunk with a load of "
    "copper in 1907, and nobody had known where. A museum wants to raise its bell before winter.",
}


def letter(subject: str, hours: float) -> bytes:
    sent = format_datetime(datetime.now(UTC) - timedelta(hours=hours))
    said = f"{BODIES.get(subject, BODIES['First'])} It is {subject}."
    return f"Subject: {subject}\nFrom: Harbour Post <p@example.org>\nDate: {sent}\n\n{said}\n".encode()


def edition(folder: Path) -> list[str]:
    (file,) = folder.glob("*.json")
    return [
        story["summary"]["title"]
        for section in json.loads(file.read_text())["sections"]
        for story in section["stories"]
    ]


@pytest.mark.parametrize("kind", ["mbox", "maildir"])
def test_a_mailbox_becomes_an_edition(kind: str, cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "post.mbox"
    letters = [letter("Last week", 200), letter("Second", 2), letter("First", 1)]
    if kind == "mbox":
        path.write_bytes(b"".join(b"From a@b Fri May 17 05:30:00 2024\n" + one + b"\n" for one in letters))
    else:
        for name in ("cur", "new", "tmp"):
            (path / name).mkdir(parents=True)
        for number, one in enumerate(letters):
            (path / "new" / f"17159200{number:02}.a").write_bytes(one)
    done = cli("run", "--source", path, "--engine", "extractive", "--format", "json", "--out", "out")
    assert done.returncode == 0, done.stderr
    assert edition(tmp_path / "out") == ["First", "Second"]


@pytest.mark.slow
def test_an_imap_mailbox_becomes_an_edition_twice(cli: Cli, imap_server: ImapServer, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    imap_server.messages[4] = (letter("First", 1).replace(b"\n", b"\r\n"), now)
    (tmp_path / "briefing.toml").write_text(
        f'engine = "extractive"\nformats = ["json"]\nout = "out"\n[[sources]]\nimap = "{imap_server.location}"\n'
    )
    for _ in range(2):
        done = cli("run", BRIEFING_IMAP_PASSWORD=imap_server.password)
        assert done.returncode == 0, done.stderr
        assert edition(tmp_path / "out") == ["First"]
    assert imap_server.fetched == [4]
    typed = cli("run", "--source", "imaps://alice:hu:sh@mail.example/x", "--engine", "extractive")
    assert "a password does not belong" in typed.stdout + typed.stderr
    assert "sh@" not in typed.stdout + typed.stderr
    failed = cli("run", BRIEFING_IMAP_PASSWORD="wr0ng")
    assert "refuses the login" in failed.stdout + failed.stderr
    assert "wr0ng" not in failed.stdout + failed.stderr
