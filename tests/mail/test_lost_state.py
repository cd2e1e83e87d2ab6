"""A lost or damaged state file: repair, backup, ledger file; no letter is sent twice."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from briefing.store import Store

from ..conftest import Cli
from .conftest import Opener, PostOffice

READERS = ("ann@example.org", "bob@example.org")
RUN = ("run", "--engine", "extractive", "-f", "json", "--state", "s.db", "--date", "2024-05-17", "--send")


@pytest.fixture
def office(post_office: Opener, cli: Cli, tmp_path: Path) -> PostOffice:
    """A mail server whose recipients have the day's edition, except one who was deferred."""
    office = post_office()
    office.refuse = {READERS[1]: ["451 later"]}
    tables = "".join(f"[[mail.recipients]]\naddress = {json.dumps(address)}\n" for address in READERS)
    (tmp_path / "briefing.toml").write_text(
        f'[mail]\nhost = "localhost"\nport = {office.port}\nsecurity = "none"\nsender = "d@example.org"\nretries = []\n'
        f'{tables}[[sources]]\npath = "story.txt"\n'
    )
    (tmp_path / "story.txt").write_text(
        "Council approves tram line\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital.\n\n"
        "Construction is due to start in March and to cost 212 million pounds, the mayor said on Tuesday."
    )
    assert cli(*RUN).returncode == 5
    assert office.letters == {READERS[0]: 1}
    return office


@pytest.mark.slow
def test_without_the_state_file_only_recipients_without_the_edition_get_it(
    office: PostOffice, cli: Cli, tmp_path: Path
) -> None:
    for path in list(tmp_path.glob("s.db*")):
        if not path.name.endswith(".ledger"):
            path.rename(tmp_path / f"away-{path.name}")
    done = cli(*RUN)
    assert done.returncode == 0, done.stderr
    assert f"{READERS[0]} has it already" in done.stderr
    assert office.letters == dict.fromkeys(READERS, 1)


@pytest.mark.slow
def test_a_damaged_state_file_is_repaired_and_nothing_is_sent_twice(
    office: PostOffice, cli: Cli, tmp_path: Path
) -> None:
    state = tmp_path / "s.db"
    state.write_bytes(state.read_bytes()[:20_000])
    for command in (RUN, ("send", "--state", "s.db"), ("history", "--state", "s.db")):
        done = cli(*command)
        assert done.returncode == 3, done.stderr
        assert len(done.stderr.splitlines()) == 1
        assert (
            "s.db: is damaged (database disk image is malformed). `briefing doctor --state s.db --repair` puts back"
            in done.stderr
        )
    looked = cli("doctor", "--state", "s.db")
    assert looked.returncode == 1
    assert "broken  state: s.db: is damaged" in looked.stdout
    mended = cli("doctor", "--repair", "--state", "s.db")
    assert "ok      state: s.db: the good copy of " in mended.stdout
    assert "was put back; the damaged file is " in mended.stdout
    assert len(list(tmp_path.glob("s.db.damaged-*"))) == 1
    again = cli(*RUN)
    assert again.returncode == 0, again.stderr
    assert office.letters == dict.fromkeys(READERS, 1)
    with Store(state) as store:
        assert len(store.editions()) == 1


@pytest.mark.slow
def test_a_restored_backup_learns_later_deliveries_from_the_ledger_file(
    office: PostOffice, cli: Cli, tmp_path: Path
) -> None:
    copy = (tmp_path / "s.db.backup").read_bytes()
    assert cli("send", "--state", "s.db").returncode == 0  # the other reader
    (tmp_path / "s.db.backup").write_bytes(copy)
    (tmp_path / "s.db").write_bytes(b"")
    assert "was put back" in cli("doctor", "--repair", "--state", "s.db").stdout
    again = cli("send", "--state", "s.db")
    assert again.stderr.count("has it already") == 2
    assert office.letters == dict.fromkeys(READERS, 1)


@pytest.mark.slow
def test_a_failed_backup_is_reported_and_the_run_succeeds(office: PostOffice, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "s.db.backup").unlink()
    (tmp_path / "s.db.backup").mkdir()
    done = cli(*RUN)
    assert done.returncode == 0, done.stderr
    assert "The state file could not be copied: " in done.stderr
    assert office.letters == dict.fromkeys(READERS, 1)
