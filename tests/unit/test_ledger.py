"""The ledger's own file: what it knows outlives the state file, and nobody gets a letter twice."""

from __future__ import annotations

import errno
import json
import logging
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from briefing.errors import StoreError
from briefing.store import Delivery, DeliveryState, Store
from briefing.store.ledger import LedgerFile, LedgerLine

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
KEY = ("2024-05-17 Mörning", "ann@example.org", "mail")
OTHER = ("2024-05-17 Mörning", "bob@example.org", "mail")


def sent(store: Store, key: tuple[str, str, str], outcome: str = "sent") -> None:
    claim = store.claim_delivery(key, NOW)
    assert store.put_delivery(key, outcome, "", NOW, claim)  # type: ignore[arg-type]


def lose(path: Path) -> None:
    for part in ("", "-wal", "-shm"):
        Path(f"{path}{part}").unlink(missing_ok=True)


def test_a_new_database_takes_deliveries_from_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        store.owe_delivery(OTHER, NOW)
        sent(store, KEY)
    lose(path)
    with Store(path) as store:
        assert store.delivery(KEY).state == "sent"
        assert not store.claim_delivery(KEY, NOW)
        assert store.claim_delivery(OTHER, NOW)  # was never handed over


def test_a_restored_backup_takes_later_deliveries_from_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        store.owe_delivery(KEY, NOW)
        sent(store, OTHER, "deferred")
    older = path.read_bytes()
    with Store(path) as store:
        sent(store, KEY)
        assert store.claim_delivery(OTHER, NOW)  # and dies
    lose(path)
    path.write_bytes(older)
    with Store(path) as store:
        assert store.delivery(KEY).state == "sent"
        assert store.delivery(OTHER).state == "sending"


def test_a_deferred_letter_stays_pending(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        sent(store, KEY, "deferred")
    lose(path)
    with Store(path) as store:
        assert store.claim_delivery(KEY, NOW)


def test_a_reopened_delivery_is_not_closed_again_by_the_ledger(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        sent(store, KEY)
        assert store.reopen_delivery(KEY, store.delivery(KEY), NOW)  # `send --resend --to`
    with Store(path) as store:
        assert store.claim_delivery(KEY, NOW)


def test_a_stale_claim_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        assert store.claim_delivery(KEY, NOW)
        store.put_delivery(KEY, "deferred", "", NOW)
        assert not store.claim_delivery(KEY, NOW)
    assert [line.state for line in LedgerFile(tmp_path / "state.db.ledger").last().values()] == ["sending"]


def test_only_a_claim_makes_a_letter_one_that_is_being_sent(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.owe_delivery(KEY, NOW)
        assert not store.put_delivery(KEY, "sending", "", NOW)
        assert store.delivery(KEY).state == "pending"
        assert store.claim_delivery(KEY, NOW)


def test_opening_during_a_deferral_does_not_lose_the_letter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store, ThreadPoolExecutor(1) as sender:
        claim = store.claim_delivery(KEY, NOW)
        real, written = LedgerFile.last, []

        def while_it_is_read(self: LedgerFile) -> dict[tuple[str, str, str], LedgerLine]:
            lines = real(self)
            written.append(sender.submit(store.put_delivery, KEY, "deferred", "451", NOW, claim))
            wait(written, timeout=0.1)
            return lines

        monkeypatch.setattr(LedgerFile, "last", while_it_is_read)
        Store(path).close()  # as `briefing history` does
        assert written[0].result()
        assert store.delivery(KEY).state == "deferred"


def broken_disk(descriptor: int) -> None:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("outcome", ["deferred", "sent", "refused"])
def test_an_outcome_is_recorded_although_the_ledger_fails(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, outcome: DeliveryState
) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        claim = store.claim_delivery(KEY, NOW)
        ledger = path.with_name("state.db.ledger")
        before = ledger.read_bytes()
        ledger.unlink()
        ledger.mkdir()
        assert store.put_delivery(KEY, outcome, "said", NOW, claim)
        assert "cannot be written (Is a directory)" in caplog.text
        ledger.rmdir()
        ledger.write_bytes(before)
    with Store(path) as store:
        assert store.delivery(KEY) == Delivery(outcome, 1, "said")


def test_a_claim_whose_line_was_not_synced_is_released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store, monkeypatch.context() as patch:
        patch.setattr("briefing.store.ledger.os.fsync", broken_disk)
        with pytest.raises(StoreError, match="no letter may leave"):
            store.claim_delivery(KEY, NOW)
    ledger = path.with_name("state.db.ledger")
    assert [json.loads(line)["state"] for line in ledger.read_text().splitlines()] == ["sending", "deferred"]
    ledger.write_text(ledger.read_text().splitlines()[0] + "\n")  # the second one is lost
    with Store(path) as store:
        assert store.delivery(KEY).state == "deferred"


def test_a_deferral_in_the_ledger_counts_after_a_death_before_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        assert store.claim_delivery(KEY, NOW) == 1
    LedgerFile(path.with_name("state.db.ledger")).append(KEY, LedgerLine("deferred", NOW.isoformat(), 1))
    with Store(path) as store:
        assert store.delivery(KEY).state == "deferred"


def test_no_letter_is_sent_without_its_ledger_line(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        (tmp_path / "state.db.ledger").mkdir()
        with pytest.raises(StoreError, match="no letter may leave"):
            store.claim_delivery(KEY, NOW)
        (tmp_path / "state.db.ledger").rmdir()
        assert store.claim_delivery(KEY, NOW)  # it was given back


def test_invalid_ledger_lines_are_skipped_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, ledger = tmp_path / "state.db", tmp_path / "state.db.ledger"
    with Store(path) as store:
        sent(store, KEY)
    whole = ledger.read_bytes()
    ledger.write_bytes(b'[1]\n{"edition": 1}\n\xff\xfe\n' + whole + b'{"edition": "2024-05-1')
    lose(path)
    with caplog.at_level(logging.WARNING), Store(path) as store:
        assert store.delivery(KEY).state == "sent"
        sent(store, OTHER)  # stands on a line of its own, behind the torn one
    assert "4 of its lines cannot be read" in caplog.text
    lose(path)
    with Store(path) as store:
        assert store.delivery(OTHER).state == "sent"
        store.prune_ledger(NOW)
    assert len(ledger.read_bytes().splitlines()) == 4


def test_prune_removes_old_lines(tmp_path: Path) -> None:
    path, ledger = tmp_path / "state.db", tmp_path / "state.db.ledger"
    with Store(path) as store:
        sent(store, KEY)
        before = ledger.read_bytes()
        store.prune_ledger(NOW + timedelta(days=30))
        assert ledger.read_bytes() == before
        store.prune_ledger(NOW + timedelta(days=31))
        assert ledger.read_bytes() == b""
        assert store.delivery(KEY).state == "sent"


def test_the_format_of_a_ledger_line(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        sent(store, KEY)
    rows = [json.loads(line) for line in (tmp_path / "state.db.ledger").read_text().splitlines()]
    assert [row["state"] for row in rows] == ["sending", "sent"]
    assert (rows[1]["edition"], rows[1]["reader"], rows[1]["channel"]) == KEY
    assert rows[1]["time"] == "2024-05-17T06:30:00.000000+00:00"


_EVERY_MOMENT = """
import json, os, shutil, signal, sqlite3, sys
from datetime import UTC, datetime
from pathlib import Path
from briefing.store import Store
from briefing.store.ledger import LedgerFile

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
KEY = ("2024-05-17 Morning", "ann@example.org", "mail")
root, outcome = Path(sys.argv[1]), sys.argv[2]
append = LedgerFile.append

def letter(folder, moment):
    passed = 0
    def tick(*_):
        nonlocal passed
        passed += 1
        if passed == moment:
            os.kill(os.getpid(), signal.SIGKILL)
    def ticking(self, *arguments):
        tick()
        append(self, *arguments)
        tick()
    LedgerFile.append = ticking
    store = Store(folder / "state.db")
    store._connection.set_trace_callback(tick)  # before every statement
    store.owe_delivery(KEY, NOW)
    if claim := store.claim_delivery(KEY, NOW):
        tick()
        (folder / "handed over").touch()
        tick()
        store.put_delivery(KEY, outcome, "", NOW, claim)
    tick()

seen, moment = [], 0
while True:
    moment += 1
    folder = root / str(moment)
    folder.mkdir()
    Store(folder / "state.db").close()
    if not (child := os.fork()):
        letter(folder, moment)
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        break
    for lost in (False, True):
        again = Path(shutil.copytree(folder, root / f"{moment} {lost}"))
        if lost:
            for file in again.glob("state.db*"):
                if not file.name.endswith("ledger"):
                    file.unlink()
        with Store(again / "state.db") as store:
            before = store.delivery(KEY).state
            seen.append([moment, lost, (folder / "handed over").exists(), before, bool(store.claim_delivery(KEY, NOW))])
print(json.dumps(seen))
"""


@pytest.mark.slow
@pytest.mark.posix
@pytest.mark.parametrize("outcome", ["sent", "deferred", "refused"])
def test_killed_at_any_moment_with_or_without_the_database_no_letter_is_sent_twice(
    tmp_path: Path, outcome: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _EVERY_MOMENT, str(tmp_path), outcome], capture_output=True, text=True, check=True
    )
    seen = json.loads(done.stdout)
    assert len(seen) > 20
    for moment, lost, handed_over, before, goes_again in seen:
        if handed_over and outcome == "sent":
            assert not goes_again, (moment, lost, before)
        # Nobody is forgotten: it goes (again), or is known to have arrived, or is reported.
        assert goes_again or before in {"sending", "sent", "refused"}, (moment, lost, before)
        if goes_again:
            assert not handed_over or outcome == "deferred", (moment, lost, before)
    assert {before for *_, before, _ in seen} >= {"pending", "sending", outcome}
    # As good as never taken up: the order of commit and line spares a reader "nobody knows" before the letter left.
    assert any(goes_again and lost for _, lost, handed, _, goes_again in seen if not handed)
