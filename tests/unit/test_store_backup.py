"""The copy of the state file: made whole or not at all, put back where the file is damaged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from briefing.errors import DamageError, StoreError
from briefing.store import Store, check_state, good_copy, keep_copy, repair
from briefing.store.health import beside

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
DAY = date(2024, 5, 17)
KEY = ("2024-05-17 Morning", "ann@example.org", "mail")


@pytest.fixture
def record(tmp_path: Path) -> Path:
    """A state file with an edition and a letter that was sent, and a copy of it."""
    path = tmp_path / "state.db"
    with Store(path) as store:
        store.start_run(NOW)
        for day in range(60):
            store.put_edition(DAY - timedelta(days=day), "Morning", f"edition {day} " * 200, NOW)
        claim = store.claim_delivery(KEY, NOW)
        store.put_delivery(KEY, "sent", "250 ok", NOW, claim)
        keep_copy(store)
    return path


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def without_header(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(b"\xff" * 100 + data[100:])


def zeroed(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def damaged_inside(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-8192:] = b"\xff" * 8192
    path.write_bytes(data)


def replaced(path: Path) -> None:
    path.write_text("no database, whatever its name\n" * 100)


Damage = Callable[[Path], None]
DAMAGES = [emptied, cut, without_header, zeroed, damaged_inside, replaced]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_restored_from_its_backup(record: Path, damage: Damage) -> None:
    damage(record)
    with pytest.raises(DamageError) as caught:
        check_state(record)
    said = str(caught.value)
    assert str(record) in said
    assert "`briefing doctor --repair` puts back the good copy of " in said
    assert "finished summaries and every earlier edition would be lost" in said
    with pytest.raises(DamageError, match="--repair"), Store(record) as store:
        store.check()  # a damaged page may only be met here
    spoilt = record.read_bytes()
    done = repair(record, NOW)
    assert done
    assert done.kept == record.with_name("state.db.damaged-2024-05-17")
    assert done.kept.read_bytes() == spoilt
    check_state(record)
    with Store(record) as store:
        store.check()
        assert store.get_edition(DAY, "Morning") == "edition 0 " * 200
        assert store.delivery(KEY).state == "sent"
    assert good_copy(record)  # it is still there
    assert repair(record, NOW) is None


def test_damage_found_during_a_query_has_the_same_error(record: Path) -> None:
    data = bytearray(record.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    record.write_bytes(data)
    with pytest.raises(DamageError, match="doctor --repair` puts back the good copy"), Store(record) as store:
        store.editions()


def test_a_second_damaged_file_of_a_day_gets_a_numbered_name(record: Path) -> None:
    for name in ("state.db.damaged-2024-05-17", "state.db.damaged-2024-05-17-2"):
        cut(record)
        done = repair(record, NOW)
        assert done
        assert done.kept
        assert done.kept.name == name
        assert done.kept.exists()


def test_without_a_backup_a_damaged_file_is_set_aside_and_the_ledger_kept(record: Path) -> None:
    beside(record, "backup").unlink()
    cut(record)
    with pytest.raises(DamageError, match=r"no good copy of it.*but not to whom letters were sent in the last days"):
        check_state(record)
    done = repair(record, NOW)
    assert done
    assert (done.copy, record.exists()) == (None, False)
    with Store(record) as store:
        assert store.delivery(KEY).state == "sent"
        assert store.get_edition(DAY, "Morning") is None


def test_a_damaged_copy_is_not_offered(record: Path) -> None:
    damaged_inside(beside(record, "backup"))
    cut(record)
    assert good_copy(record) is None
    with pytest.raises(DamageError, match="no good copy"):
        check_state(record)


def test_another_programs_database_is_no_copy(record: Path) -> None:
    copy = beside(record, "backup")
    copy.unlink()
    with closing(sqlite3.connect(copy)) as theirs:
        theirs.executescript("CREATE TABLE notes (text); PRAGMA user_version = 3;")
    assert good_copy(record) is None


def test_a_foreign_file_is_neither_repaired_nor_moved(tmp_path: Path) -> None:
    letter = tmp_path / "letter.txt"
    letter.write_text("Dear Ann, " * 100)
    with pytest.raises(StoreError, match="is not a state file") as caught:
        repair(letter, NOW)
    assert not isinstance(caught.value, DamageError)
    assert "Name another file" in caught.value.remedy
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_missing_file_is_restored_from_its_backup(record: Path) -> None:
    record.unlink()
    done = repair(record, NOW)
    assert done
    assert done.kept is None
    check_state(record)


def test_a_damaged_file_does_not_replace_the_last_good_backup(record: Path) -> None:
    before = beside(record, "backup").read_bytes()
    damaged_inside(record)
    with Store(record) as store, pytest.raises(DamageError):
        keep_copy(store)
    assert beside(record, "backup").read_bytes() == before
    assert not list(record.parent.glob("*unfinished*"))


def test_the_backup_of_a_replaced_file_is_kept(record: Path) -> None:
    record.unlink()
    with Store(record) as store:  # with no run in it yet
        keep_copy(store)
    before = sqlite3.connect(beside(record, "backup-before"))
    with closing(before):
        assert before.execute("SELECT count(*) FROM editions").fetchone() == (60,)


def test_the_backup_of_a_replaced_file_with_as_many_runs_is_kept(record: Path) -> None:
    record.unlink()
    with Store(record) as store:
        store.start_run(NOW)
        keep_copy(store)
        keep_copy(store)  # which is then one of this file
    with closing(sqlite3.connect(beside(record, "backup-before"))) as before:
        assert before.execute("SELECT count(*) FROM editions").fetchone() == (60,)


def test_after_a_killed_repair_the_file_is_damaged_and_not_missing(
    record: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut(record)
    spoilt = record.read_bytes()

    def killed(*given: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("briefing.store.backup.replace_file", killed)
        with pytest.raises(KeyboardInterrupt):
            repair(record, NOW)
    assert record.read_bytes() == spoilt
    with pytest.raises(DamageError):
        check_state(record)
    done = repair(record, NOW)
    assert done
    assert done.kept
    assert done.kept.name == "state.db.damaged-2024-05-17"
    assert done.kept.read_bytes() == spoilt
    check_state(record)


def test_a_backup_is_one_file_and_includes_the_wal(record: Path) -> None:
    with Store(record) as store:
        store.put_edition(DAY + timedelta(days=1), "Morning", "the newest", NOW)
        assert beside(record, "").with_name("state.db-wal").stat().st_size
        keep_copy(store)
    for part in ("-wal", "-shm"):
        assert not Path(f"{beside(record, 'backup')}{part}").exists()
    with closing(sqlite3.connect(beside(record, "backup"))) as copy:
        assert copy.execute("SELECT count(*) FROM editions").fetchone() == (61,)
        assert copy.execute("PRAGMA journal_mode").fetchone() == ("delete",)  # nor does it make one when it is read


def test_leftovers_of_a_killed_backup_are_removed(record: Path) -> None:
    leftover = beside(record, "backup.unfinished-0123")
    leftover.write_bytes(b"half")
    with Store(record) as store:
        keep_copy(store)
    assert not leftover.exists()


def test_the_wal_is_set_aside_with_its_damaged_file(record: Path) -> None:
    with Store(record) as store:
        store.put_edition(DAY + timedelta(days=1), "Morning", "the newest", NOW)
        log = Path(f"{record}-wal").read_bytes()
    cut(record)
    Path(f"{record}-wal").write_bytes(log)
    done = repair(record, NOW)
    assert done
    assert Path(f"{done.kept}-wal").read_bytes() == log
    with Store(record) as store:
        store.check()


def test_an_in_memory_store_has_no_backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(":memory:") as store:
        assert keep_copy(store) is None
        assert store.claim_delivery(KEY, NOW)
        store.prune_ledger(NOW)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.posix
def test_a_link_and_its_target_share_one_backup(record: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.db"
    link.symlink_to(record)
    assert good_copy(link) == good_copy(record)
    cut(record)
    assert repair(link, NOW)
    assert link.is_symlink()
    check_state(record)
    assert [path.name for path in link.parent.iterdir()] == ["link.db"]


@pytest.mark.posix
def test_circular_links_have_no_backup(tmp_path: Path) -> None:
    (tmp_path / "a.db").symlink_to("b.db")
    (tmp_path / "b.db").symlink_to("a.db")
    assert good_copy(tmp_path / "a.db") is None
    with pytest.raises(StoreError):
        Store(tmp_path / "a.db")
