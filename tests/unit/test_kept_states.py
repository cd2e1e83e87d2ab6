"""State files that released versions left behind: this version opens them and goes on where they were.

`.ci/keep_state.py` makes one for each release (RELEASING.md).
"""

from __future__ import annotations

import gzip
import re
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import ModuleType

import pytest

from briefing.store import MIGRATIONS, Store

STATES = sorted((Path(__file__).resolve().parents[1] / "data" / "states").glob("*.db.gz"))


@pytest.fixture(scope="session")
def keep_state(ci_script: Callable[[str], ModuleType]) -> ModuleType:
    """The script that made them, with the sources and times of their editions."""
    return ci_script("keep_state")


@pytest.fixture(params=STATES, ids=lambda path: path.name.removesuffix(".db.gz"))
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "state.db"
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


def test_a_kept_state_is_a_released_one_and_not_made_anew_by_this_version(state: Path) -> None:
    """Else the tests below would say nothing about upgrades."""
    with closing(sqlite3.connect(state)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        editions = connection.execute("SELECT count(*) FROM editions").fetchone()
    assert 9 <= version <= len(MIGRATIONS)
    assert editions == (2,)


def test_a_released_state_file_is_upgraded_and_whole(state: Path) -> None:
    with Store(state) as store:
        store.check()
        assert store.query("PRAGMA user_version") == [(len(MIGRATIONS),)]


def test_the_history_of_a_released_state_file_is_shown(
    state: Path, cli: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    listed = cli("history", "--state", state)
    assert re.findall(r"^\d{4}-\d\d-\d\d", listed.stdout, re.MULTILINE) == ["2024-12-10", "2024-12-09"]
    assert "Suez Canal" in cli("show", "2024-12-09", "--state", state).stdout


def test_the_stories_of_a_released_state_file_are_found(state: Path) -> None:
    with Store(state) as store:
        assert [hit.date.isoformat() for hit in store.search("asteroid")] == ["2024-12-09"]
        assert [hit.date.isoformat() for hit in store.search("notre dame")] == ["2024-12-10"]


def test_letters_of_a_released_state_file_are_neither_sent_twice_nor_forgotten(
    state: Path, keep_state: ModuleType
) -> None:
    with Store(state) as store:
        assert store.delivery((f"2024-12-10 {keep_state.TITLE}", keep_state.SENT_TO, "mail")).state == "sent"
        waiting = store.waiting_deliveries(keep_state.TITLE, "mail")
    assert [(one.date.isoformat(), one.key[1]) for one in waiting] == [
        ("2024-12-09", keep_state.PUT_OFF), ("2024-12-10", keep_state.PUT_OFF),
    ]  # fmt: skip


@pytest.mark.slow
def test_the_edition_after_an_upgrade_tells_only_what_is_new(
    state: Path, keep_state: ModuleType, sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample)
    sources = (*keep_state.MORNINGS[-1], "text/webb-first-images.txt")
    next_morning = keep_state.FIRST_MORNING + timedelta(days=len(keep_state.MORNINGS))
    (told,) = keep_state.run_a_morning(state, next_morning, sources)
    assert "Webb" in told
