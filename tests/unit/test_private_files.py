"""Permissions of state, cache and their folders."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing.errors import StoreError
from briefing.private_files import data_folder, make_private, private_file, private_folder
from briefing.store import Store, default_state, keep_copy
from briefing.store.lock import run_lock

from ..conftest import Cli

pytestmark = pytest.mark.posix
NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
KEY = ("2024-05-17 Morning", "ann@example.org", "mail")


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_0600_and_new_folders_0700_with_any_umask(tmp_path: Path, umask: int) -> None:
    folder = tmp_path / "new" / "deep"
    path = folder / "state.db"
    with run_lock(path), Store(path) as store:
        store.claim_delivery(KEY, NOW)
        keep_copy(store)
        made = {one.name: mode(one) for one in folder.iterdir()}
    parts = ("", "-wal", "-shm", ".lock", ".backup", ".ledger")
    assert made == {f"state.db{part}": 0o600 for part in parts}
    assert (mode(folder), mode(folder.parent)) == (0o700, 0o700)


def test_wider_permissions_are_tightened_without_a_message(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "state.db"
    with run_lock(path), Store(path) as store:
        store.claim_delivery(KEY, NOW)
        keep_copy(store)
        for one in tmp_path.iterdir():
            one.chmod(0o664)
    with caplog.at_level(logging.WARNING), run_lock(path), Store(path) as store:
        keep_copy(store)
        assert {one.name: mode(one) for one in tmp_path.iterdir() if mode(one) != 0o600} == {}
    assert caplog.text == ""


def test_opening_the_store_tightens_the_files_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with run_lock(path), Store(path) as store:
        store.claim_delivery(KEY, NOW)
        keep_copy(store)
    for one in tmp_path.iterdir():
        one.chmod(0o666)
    with Store(path):
        assert {one.name: mode(one) for one in tmp_path.iterdir() if mode(one) != 0o600} == {}


def test_existing_folders_keep_their_permissions_and_the_default_one_is_tightened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    with run_lock(tmp_path / "state.db"), Store(tmp_path / "state.db"):
        assert mode(tmp_path) == 0o755
    monkeypatch.delenv("BRIEFING_STATE")
    data_folder().mkdir(parents=True)
    data_folder().chmod(0o755)
    data_folder().parent.chmod(0o755)
    with Store(default_state()):
        assert (mode(data_folder()), mode(data_folder().parent)) == (0o700, 0o755)


@pytest.mark.parametrize("content", [b"Dear Ann", None])
def test_fifos_and_files_of_others_keep_their_permissions(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "other"
    if content is None:
        os.mkfifo(path)
    else:
        path.write_bytes(content * 100)
    path.chmod(0o644)
    if content is None:
        make_private(path)
    else:
        with pytest.raises(StoreError, match="is not a state file"):
            Store(path)
    assert mode(path) == 0o644


def test_unchangeable_permissions_are_logged_as_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.db"
    Store(path).close()
    path.chmod(0o644)

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    for answer in (refuse, lambda self, mode: None):  # a file of somebody else; a file system without permissions
        monkeypatch.setattr(Path, "chmod", answer)
        caplog.clear()
        with Store(path) as store:
            assert store.editions() == []
        assert caplog.text.count(f"{path} may be read by others") == 1
        assert len(caplog.records) == 1


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"exists|Not a directory"):
        private_folder(tmp_path / "file" / "below")
    private_file(tmp_path / "file")  # which is there, and stays
    assert mode(tmp_path / "file") != 0


def test_only_requested_output_of_a_run_is_readable_by_others(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line.")
    state = tmp_path / "data" / "state.db"
    before = os.umask(0o022)
    try:
        done = cli("run", "-s", "story.txt", "--engine", "extractive", "-f", "md", "--state", state)
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    found = {path.name: mode(path) for path in state.parent.iterdir()}
    assert set(found) >= {"state.db", "state.db.lock", "state.db.backup"}
    assert set(found.values()) == {0o600}
    assert mode(state.parent) == 0o700
    (edition,) = (tmp_path / "briefings").iterdir()
    assert mode(edition) == 0o644


def test_the_http_cache_and_a_crash_file_are_private(tmp_path: Path, umask: int) -> None:
    from briefing.cli.messages import write_crash
    from briefing.fetch.cache import Suspensions, open_cache

    path = tmp_path / "deep" / "state-http.db"
    storage = open_cache(path)
    assert storage is not None
    Suspensions(path).keep("example.org", 1e10)
    assert {mode(one) for one in path.parent.iterdir()} == {0o600}
    assert mode(path.parent) == 0o700
    storage.connection.close()  # type: ignore[union-attr]
    path.chmod(0o644)
    storage = open_cache(path)
    assert storage is not None
    assert mode(path) == 0o600
    storage.connection.close()  # type: ignore[union-attr]
    crash = write_crash()
    try:
        assert mode(crash) & 0o077 == 0
    finally:
        crash.unlink()
