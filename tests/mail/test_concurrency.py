"""Concurrent delivery by two processes with one state file: locks, claims, compare-and-set of states."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from pathlib import Path

import pytest

from briefing.errors import StoreError
from briefing.serialization import edition_to_json
from briefing.store import Delivery, Store
from briefing.store.lock import run_lock
from briefing.store.schema import TRANSITIONS, DeliveryState

from .conftest import Opener, PostOffice, mail_table
from .test_letter import edition

ANN, BOB = "ann@example.org", "bob@example.org"
KEY = ("2024-05-17 Day", ANN, "mail")
NOW = datetime(2024, 5, 17, tzinfo=UTC)
ROUNDS = 20

# A process that runs one command line after the other and replies with exit code and standard error.
DESK = """
import contextlib, io, json, sys

import briefing.store.lock
from briefing.cli import main
from briefing.store.lock import RunLock

if sys.argv.pop(1) == "no locks":  # as on a file system that has none
    briefing.store.lock.run_lock = lambda state: contextlib.nullcontext(RunLock(None))
for line in sys.stdin:
    sys.argv[1:] = line.split()
    said, code = io.StringIO(), 0
    with contextlib.redirect_stderr(said):
        try:
            main()
        except SystemExit as end:
            code = end.code
    print(json.dumps([code or 0, said.getvalue()]), flush=True)
"""


class Desks:
    """Two processes with one state file: ``desks("send 0.json")`` has both do it at once."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def __call__(self, command: str, count: int = 2) -> list[tuple[int, str]]:
        """Exit code and standard error of the first `count` of them."""
        for process in self._processes[:count]:
            assert process.stdin
            process.stdin.write(f"{command}\n")
            process.stdin.flush()
        answers = [process.stdout.readline() for process in self._processes[:count] if process.stdout]
        return [(code, said) for code, said in map(json.loads, answers)]


@pytest.fixture
def desks(post_office: Opener, tmp_path: Path) -> Iterator[tuple[PostOffice, Callable[[str], Desks]]]:
    """A slow mail server, and a function that opens the two processes, with ``locks`` or ``no locks``."""
    office = post_office()
    office.slow = 0.02
    (tmp_path / "briefing.toml").write_text(f'title = "Day"\nstate = "s.db"\n{mail_table(office.port, ANN, BOB)}')
    for number in range(ROUNDS):
        told = edition_to_json(edition(1)) | {"date": str(date(2024, 5, 1) + timedelta(days=number))}
        (tmp_path / f"{number}.json").write_text(json.dumps(told))
    with ExitStack() as stack:

        def opened(locks: str) -> Desks:
            processes = []
            for _ in range(2):
                process = stack.enter_context(
                    subprocess.Popen(
                        [sys.executable, "-c", DESK, locks],
                        cwd=tmp_path,
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
                assert process.stdin
                stack.callback(process.stdin.close)
                processes.append(process)
            return Desks(processes)

        yield office, opened


def letters(office: PostOffice) -> Counter[str]:
    """Number of arrivals by Message-ID."""
    return Counter(message_from_bytes(data)["Message-ID"] for _, data in office.got)


@pytest.mark.slow
def test_two_concurrent_processes_send_each_letter_once(
    desks: tuple[PostOffice, Callable[[str], Desks]],
) -> None:
    office, opened = desks
    both = opened("locks")
    ends: Counter[int] = Counter()
    for number in range(ROUNDS):
        again = number % 4 == 3  # some were refused before
        if again:
            office.refuse = {ANN: ["550 no"], BOB: ["550 no"]}
            both(f"send {number}.json", 1)
        for code, said in both(f"send {number}.json{' --resend' if again else ''}"):
            ends[code] += 1
            assert "Nobody knows" not in said, said
            assert code == 0 or "another run with this state file is under way" in said, said
            assert code in {0, 3}, said
        assert letters(office).total() == 2 * (number + 1)
    assert set(letters(office).values()) == {1}
    assert ends[0] >= ROUNDS
    assert ends[3] > 0  # else they were never at it at once


@pytest.mark.slow
def test_without_file_locks_the_claim_decides_who_sends_a_letter(
    desks: tuple[PostOffice, Callable[[str], Desks]], tmp_path: Path
) -> None:
    office, opened = desks
    both = opened("no locks")
    said = ""
    for number in range(6):
        said += "".join(line for _, line in both(f"send {number}.json"))
        with Store(tmp_path / "s.db") as store:
            day = date(2024, 5, 1) + timedelta(days=number)
            assert store.deliveries(f"{day} Day") == [(ANN, "sent"), (BOB, "sent")]
    assert len(letters(office)) == 12
    assert set(letters(office).values()) == {1}
    assert "Another run is sending this letter to" in said


def test_the_lock_is_released_during_a_pause_and_acquired_again(tmp_path: Path) -> None:
    state = tmp_path / "s.db"

    def others(seconds: float) -> None:
        with run_lock(state):
            pass

    with run_lock(state) as turn:
        assert turn.release_for(60, others)
        assert turn.held
        with pytest.raises(StoreError, match="another run"):
            others(0)


def test_the_lock_is_lost_where_another_run_began_during_a_pause(tmp_path: Path) -> None:
    state = tmp_path / "s.db"
    with ExitStack() as longer, run_lock(state) as turn:
        assert not turn.release_for(60, lambda _: longer.enter_context(run_lock(state)))
        assert not turn.held


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_delivery_states_only_move_forward() -> None:
    over = {state for state, may in TRANSITIONS.items() if not may}
    assert over == {"sent", "refused"}
    assert all("pending" not in may for may in TRANSITIONS.values())


def brought_to(store: Store, state: DeliveryState) -> int | None:
    """A delivery in `state`, and its claim where there is one."""
    store.owe_delivery(KEY, NOW)
    if state in {"deferred", "refused"}:
        assert store.put_delivery(KEY, state, "said", NOW)
    if state not in {"sending", "sent"}:
        return None
    claim = store.claim_delivery(KEY, NOW)
    assert state == "sending" or store.put_delivery(KEY, state, "said", NOW, claim)
    return claim


@pytest.mark.parametrize("state", TRANSITIONS)
@pytest.mark.parametrize("wanted", TRANSITIONS)
def test_a_state_is_not_overwritten_without_the_claim(state: DeliveryState, wanted: DeliveryState) -> None:
    with Store(":memory:") as store:
        brought_to(store, state)
        allowed = state in {"pending", "deferred"} and wanted in {"deferred", "refused"}
        assert store.put_delivery(KEY, wanted, "later", NOW) == allowed
        assert store.delivery(KEY).state == (wanted if allowed else state)


@pytest.mark.parametrize("wanted", TRANSITIONS)
def test_the_claim_holder_writes_the_outcome_once(wanted: DeliveryState) -> None:
    with Store(":memory:") as store:
        claim = brought_to(store, "sending")
        assert claim == 1
        assert not store.put_delivery(KEY, wanted, "", NOW, claim + 1)
        assert store.put_delivery(KEY, wanted, "", NOW, claim) == (wanted in TRANSITIONS["sending"])
        assert not store.put_delivery(KEY, "refused", "", NOW, claim) or wanted in {"pending", "sending"}


def test_a_claim_is_void_once_the_delivery_is_reopened() -> None:
    with Store(":memory:") as store:
        first = brought_to(store, "sending")
        assert store.reopen_delivery(KEY, store.delivery(KEY), NOW)
        assert store.claim_delivery(KEY, NOW) == 2
        assert not store.put_delivery(KEY, "deferred", "too late", NOW, first)
        assert store.put_delivery(KEY, "sent", "250 ok", NOW, 2)


def test_reopening_is_compare_and_set() -> None:
    with Store(":memory:") as store:
        brought_to(store, "refused")
        seen = store.delivery(KEY)
        assert store.reopen_delivery(KEY, seen, NOW)
        assert not store.reopen_delivery(KEY, seen, NOW)  # by a second process that saw the same
        claim = store.claim_delivery(KEY, NOW)
        assert not store.reopen_delivery(KEY, seen, NOW)
        store.put_delivery(KEY, "sent", "250 ok", NOW, claim)
        assert not store.reopen_delivery(KEY, seen, NOW)
        assert store.delivery(KEY) == Delivery("sent", 1, "250 ok")
