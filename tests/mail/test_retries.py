"""Retries of deferred letters: in the same run, and on the next three days; each arrives once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import briefing
from briefing import pipeline
from briefing.cli.messages import ProgressDisplay
from briefing.cli.send import keep_state
from briefing.config import Config, Mail, Recipient
from briefing.errors import DeliveryError
from briefing.pipeline import DeliveryResult, NoProgress, RunContext, remember_edition, send_editions
from briefing.render.email import Letter, write_letter
from briefing.store import Store, good_copy
from briefing.store.lock import run_lock
from briefing.types import Edition

from ..conftest import Cli
from .conftest import Opener, PostOffice, mail_table
from .test_letter import edition

ANN, BOB, ZOE = "ann@example.org", "bob@example.org", "zoe@example.org"
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15))
GREYLISTED = "451 greylisted"


class Desk:
    """Runs with one state file on a manual clock, which `sleep` moves as well."""

    def __init__(self, folder: Path, office: PostOffice) -> None:
        self.now = datetime(2024, 5, 17, 5, 30, tzinfo=UTC)
        self.slept: list[float] = []
        readers = tuple(Recipient(address=address) for address in (ANN, BOB, ZOE))
        mail = Mail(host="localhost", port=office.port, security="none", sender="d@example.org", recipients=readers)
        self.config = Config(title="Day", timezone="UTC", state=folder / "s.db", mail=mail)

    def mail(self, **changes: object) -> None:
        self.config = replace(self.config, mail=replace(self.config.mail, **changes))  # type: ignore[arg-type]

    def edition(self) -> Edition:
        """Today's edition, stored."""
        today = replace(edition(), date=self.now.date(), created=self.now)
        with self.context() as context:
            for story in today.stories:
                context.store.put_article(story.articles[0], self.now)
            remember_edition(today, context)
        return today

    def send(self, today: Edition | None, **options: object) -> list[DeliveryResult]:
        with self.context() as context:
            posted = send_editions(today, context, waiting=True, sleep=self._sleep, **options)  # type: ignore[arg-type]
            return list(posted)

    def context(self) -> RunContext:
        return RunContext(self.config, clock=lambda: self.now, progress=NoProgress())

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def office(post_office: Opener) -> PostOffice:
    return post_office()


@pytest.fixture
def desk(office: PostOffice, tmp_path: Path) -> Desk:
    return Desk(tmp_path, office)


def states(posted: list[DeliveryResult]) -> list[tuple[str, str, int | None]]:
    return [(result.recipient, result.state, result.earlier.day if result.earlier else None) for result in posted]


def test_deferred_letters_are_retried_after_growing_pauses(desk: Desk, office: PostOffice) -> None:
    office.refuse = {ANN: [GREYLISTED] * 2, ZOE: [GREYLISTED]}
    assert states(desk.send(desk.edition())) == [(BOB, "sent", None), (ZOE, "sent", None), (ANN, "sent", None)]
    assert desk.slept == [60, 300]
    assert office.letters == {ANN: 1, BOB: 1, ZOE: 1}


def test_after_the_last_retry_a_letter_waits_for_the_next_run(desk: Desk, office: PostOffice) -> None:
    office.refuse = {ANN: [GREYLISTED] * 4}
    *_, last = desk.send(desk.edition())
    assert (last.recipient, last.state, last.detail, last.again) == (ANN, "deferred", GREYLISTED, True)
    assert desk.slept == [60, 300, 900]


def test_no_retry_after_the_deadline(desk: Desk, office: PostOffice) -> None:
    office.refuse = {ANN: [GREYLISTED] * 2}
    desk.config = replace(desk.config, deadline="05:35")
    with desk.context() as context:
        until = context.due(context.clock())
    assert until == desk.now + timedelta(minutes=5)
    assert states(desk.send(desk.edition(), until=until))[-1] == (ANN, "deferred", None)
    assert desk.slept == [60]


@pytest.mark.slow
def test_deferred_letters_are_sent_the_next_day_the_oldest_first(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.refuse = {ANN: [GREYLISTED] * 2, BOB: [GREYLISTED]}
    desk.send(desk.edition())
    desk.now += timedelta(days=1)
    second = desk.send(desk.edition())
    assert [result.earlier for result in second if result.recipient == BOB] == [date(2024, 5, 17), None]
    assert states(second)[-1] == (ANN, "deferred", 17)
    desk.now += timedelta(days=1)
    third = states(desk.send(desk.edition()))
    assert third[0] == (ANN, "sent", 17)
    assert office.letters == {ANN: 3, BOB: 3, ZOE: 3}
    assert len({data for _, data in office.got}) == 9  # each letter once


def test_python_sends_each_letter_once(desk: Desk, office: PostOffice) -> None:
    today = desk.edition()
    states_of = [[one.state for one in briefing.send(today, desk.config, clock=lambda: desk.now)] for _ in range(2)]
    assert states_of == [["sent"] * 3, ["before"] * 3]
    (again,) = briefing.send(today, desk.config, only=[ANN], resend=True, clock=lambda: desk.now)
    assert (again.state, office.letters) == ("sent", {ANN: 2, BOB: 1, ZOE: 1})


def test_letters_are_composed_one_by_one_and_the_ledger_is_read_once(
    desk: Desk, office: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered: list[int] = []
    read: list[str] = []

    def write(*given: Any, **more: Any) -> Letter:
        delivered.append(len(office.got))
        return write_letter(*given, **more)

    def rows(store: Store, title: str, channel: str) -> Any:
        read.append(title)
        return waiting_deliveries(store, title, channel)

    waiting_deliveries = Store.waiting_deliveries
    monkeypatch.setattr("briefing.pipeline.mailing.write_letter", write)
    monkeypatch.setattr(Store, "waiting_deliveries", rows)
    desk.send(desk.edition())
    assert delivered == [0, 1, 2]
    assert len(read) < len(delivered)


@pytest.mark.slow
def test_a_run_without_an_edition_sends_deferred_letters(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.refuse = {ANN: [GREYLISTED]}
    desk.send(desk.edition())
    desk.now += timedelta(days=1)
    assert states(desk.send(None)) == [(ANN, "sent", 17)]
    desk.mail(host="")  # nobody asks for a server where nothing is to be sent
    assert desk.send(None) == []


@pytest.mark.slow
def test_letters_are_given_up_after_three_days_and_reported_once(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.refuse = {ANN: [GREYLISTED] * 9}
    first = desk.edition()
    desk.send(first)
    for _ in range(3):
        desk.now += timedelta(days=1, hours=2)
        assert states(desk.send(None)) == [(ANN, "deferred", 17)]
    desk.now += timedelta(days=1)
    assert states(desk.send(None)) == [(ANN, "given up", 17)]
    assert desk.send(None) == []
    office.refuse.clear()
    assert (ANN, "sent", None) in states(desk.send(first, resend=True))


@pytest.mark.slow
def test_an_old_edition_sent_on_request_is_retried_for_three_days(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    first = desk.edition()
    desk.now += timedelta(days=9)
    office.refuse = {ANN: [GREYLISTED] * 2}
    with desk.context() as context:
        (ann, *_) = list(send_editions(first, context, only=[ANN]))
    assert (ann.state, ann.again) == ("deferred", True)
    desk.now += timedelta(days=1)
    assert states(desk.send(None)) == [(ANN, "deferred", 17)]
    desk.now += timedelta(days=1)
    assert states(desk.send(None)) == [(ANN, "sent", 17)]


@pytest.mark.slow
def test_removed_recipients_get_no_deferred_letters(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.refuse = {ANN: [GREYLISTED]}
    desk.send(desk.edition())
    desk.now += timedelta(days=1)
    desk.mail(recipients=tuple(Recipient(address=address) for address in (BOB, ZOE, "new@example.org")))
    desk.send(desk.edition())
    assert office.letters == {BOB: 2, ZOE: 2, "new@example.org": 1}


def test_an_address_from_the_command_line_is_not_retried_later(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.refuse = {"guest@example.org": [GREYLISTED]}
    (posted,) = desk.send(desk.edition(), only=["guest@example.org"])
    assert (posted.state, posted.again) == ("deferred", False)
    desk.now += timedelta(days=1)
    assert desk.send(None) == []


@pytest.mark.slow
def test_letters_that_were_never_tried_are_sent_by_the_next_run(desk: Desk, office: PostOffice) -> None:
    desk.mail(security="starttls")  # which the server does not speak: it can be used for nobody
    with pytest.raises(DeliveryError):
        desk.send(desk.edition())
    desk.mail(security="none")
    desk.now += timedelta(days=1)
    desk.send(desk.edition())
    assert office.letters == {ANN: 2, BOB: 2, ZOE: 2}


@pytest.mark.slow
def test_an_unreadable_edition_does_not_stop_the_others(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.refuse = {ANN: [GREYLISTED]}
    desk.send(desk.edition())
    assert desk.config.state
    with Store(desk.config.state) as store:
        store.put_edition(date(2024, 5, 17), "Day", "{}", desk.now)
    desk.now += timedelta(days=1)
    assert states(desk.send(desk.edition()))[0] == (ANN, "refused", 17)
    assert office.letters == {ANN: 1, BOB: 2, ZOE: 2}


def test_a_temporary_login_failure_defers_all_letters(post_office: Opener, tmp_path: Path) -> None:
    office = post_office(security="tls", login=True)
    office.login_says = ["454 busy"]
    desk = Desk(tmp_path, office)
    desk.mail(security="tls", user="ann", password_command=("echo", "p-very-secret-4711"))
    assert states(desk.send(desk.edition())) == [(address, "sent", None) for address in (ANN, BOB, ZOE)]
    assert desk.slept == [60]
    assert len(office.logins) == 2  # one for three letters


def test_a_stale_connection_is_reopened(desk: Desk, office: PostOffice) -> None:
    office.after_data = {ANN: ["bye"], BOB: ["bye"]}
    assert states(desk.send(desk.edition())) == [(address, "sent", None) for address in (ANN, BOB, ZOE)]
    assert office.letters == {ANN: 1, BOB: 1, ZOE: 1}
    assert desk.slept == []


@pytest.fixture
def mute_server() -> Iterator[tuple[int, list[int]]]:
    """Port of a server that closes every connection, and the ports of its clients."""
    callers: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            while True:
                try:
                    connection, (_, port) = listening.accept()
                except OSError:
                    return
                callers.append(port)
                connection.close()

        thread = threading.Thread(target=answer)
        thread.start()
        yield listening.getsockname()[1], callers
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_an_unreachable_server_is_tried_once_for_all_letters(desk: Desk, mute_server: tuple[int, list[int]]) -> None:
    port, callers = mute_server
    desk.mail(port=port)
    assert Counter(result.state for result in desk.send(desk.edition())) == {"deferred": 3}
    assert len(callers) == 1 + len(PAUSES)


def test_a_letter_claimed_by_another_process_is_left_alone(tmp_path: Path) -> None:
    now = datetime(2024, 5, 17, tzinfo=UTC)
    key = ("2024-05-17 Day", ANN, "mail")
    with Store(tmp_path / "s.db") as first, Store(tmp_path / "s.db") as second:
        first.owe_delivery(key, now)
        claim = first.claim_delivery(key, now)
        assert not second.put_delivery(key, "deferred", GREYLISTED, now)
        assert first.delivery(key).state == "sending"
        assert first.put_delivery(key, "sent", "250 ok", now, claim)
        second.owe_delivery(key, now)
        assert second.delivery(key).state == "sent"


@pytest.mark.slow
def test_a_letter_that_another_run_claims_is_not_sent_twice(desk: Desk, office: PostOffice) -> None:
    today = desk.edition()
    office.refuse = {ANN: [GREYLISTED]}

    def meanwhile(seconds: float) -> None:
        with desk.context() as context:
            list(send_editions(today, context, sleep=lambda _: None))

    with desk.context() as context:
        posted = list(send_editions(today, context, sleep=meanwhile))
    assert states(posted)[-1] == (ANN, "before", None)  # by the time this one came to it, the other was done
    assert office.letters == {ANN: 1, BOB: 1, ZOE: 1}


@pytest.mark.slow
def test_no_third_letter_after_two_without_a_reply_to_data(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.after_data = {ANN: ["drop"], BOB: ["drop"]}
    today = desk.edition()
    assert [result.state for result in desk.send(today)] == ["unknown", "unknown", "deferred"]
    assert ZOE not in office.letters
    with desk.context() as context:
        assert context.store.delivery(("2024-05-17 Day", ZOE, "mail")).state == "pending"
    assert states(desk.send(today))[-1] == (ZOE, "sent", None)


def test_a_letter_of_unknown_outcome_does_not_stop_the_others(desk: Desk, office: PostOffice) -> None:
    office.after_data = {ANN: ["drop"], ZOE: ["drop"]}
    assert [result.state for result in desk.send(desk.edition())] == ["unknown", "sent", "unknown"]


def test_a_run_that_lost_the_lock_makes_no_backup(desk: Desk) -> None:
    state = desk.config.state
    assert state
    desk.edition()
    with ExitStack() as longer, run_lock(state) as turn, desk.context() as context, ProgressDisplay() as screen:
        keep_state(screen, context, turn)
        copy = good_copy(state)
        assert copy
        copy.path.unlink()
        assert not turn.release_for(60, lambda _: longer.enter_context(run_lock(state)))
        keep_state(screen, context, turn)
        assert not good_copy(state)


@pytest.fixture
def configured(office: PostOffice, tmp_path: Path) -> PostOffice:
    """The server, and a configuration for it in the folder of the command line."""
    (tmp_path / "story.txt").write_text(
        "Tram\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital."
    )
    (tmp_path / "briefing.toml").write_text(
        f'title = "Day"\nengine = "extractive"\n{mail_table(office.port, ANN)}[[sources]]\npath = "story.txt"\n'
    )
    return office


@pytest.mark.slow
def test_the_exit_code_for_deferred_letters_which_the_next_run_sends(configured: PostOffice, cli: Cli) -> None:
    configured.refuse = {ANN: [GREYLISTED]}
    day = pipeline.utc_now().date()
    first = cli("run", "--send", "--date", str(day - timedelta(days=1)))
    assert first.returncode == 5, first.stderr
    assert f"Not sent to {ANN} yet: 451 greylisted. The next `briefing run --send`" in first.stderr
    second = cli("run", "--send", "--date", str(day))  # a quiet day: the story was told
    assert second.returncode == 0, second.stderr
    assert f"{day - timedelta(days=1)}: Sent to {ANN}." in second.stderr
    assert configured.letters == {ANN: 1}


KILLED = """
import os, signal
from briefing import pipeline
pipeline.send_editions = lambda *given, **wishes: os.kill(os.getpid(), signal.SIGKILL)
from briefing.cli import main
main()
"""


@pytest.mark.slow
@pytest.mark.posix
def test_a_run_killed_before_sending_is_completed_by_the_next(configured: PostOffice, cli: Cli, tmp_path: Path) -> None:
    day = pipeline.utc_now().date()
    command = [sys.executable, "-c", KILLED, "run", "--send", "--date", str(day - timedelta(days=1))]
    dead = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert dead.returncode == -signal.SIGKILL, dead.stderr
    done = cli("run", "--send", "--date", str(day))
    assert done.returncode == 0, done.stderr
    assert configured.letters == {ANN: 1}


IN_A_HURRY = """
from functools import partial
from briefing import pipeline
pipeline.send_editions = partial(pipeline.send_editions, sleep=lambda seconds: None)
from briefing.cli import main
main()
"""


@pytest.mark.slow
def test_a_run_without_a_network_tries_once_and_ends(configured: PostOffice, tmp_path: Path) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text(path.read_text("utf-8").replace("retries = []", 'retries = ["1m"]'), "utf-8")
    configured.refuse = {ANN: [GREYLISTED] * 9}
    run = [sys.executable, "-c", IN_A_HURRY, "run", "--send"]
    first = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (first.returncode, first.stderr.count("Trying again in 1 min")) == (5, 1), first.stderr
    with socket.create_server(("127.0.0.1", 0)) as closed:
        away = f'url = "http://127.0.0.1:{closed.getsockname()[1]}/feed.xml"\nallow_local = true'
    path.write_text(path.read_text("utf-8").replace('path = "story.txt"', away), "utf-8")
    run += ["--wait", "", "--date", str(pipeline.utc_now().date() + timedelta(days=1))]
    system = {**os.environ, "NO_PROXY": "*"}
    offline = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=False, env=system)
    assert offline.returncode == 75, offline.stderr
    assert f"Not sent to {ANN} yet" in offline.stderr
    assert "Trying again in" not in offline.stderr


def test_an_edition_made_without_send_is_not_sent_later(configured: PostOffice, cli: Cli) -> None:
    day = pipeline.utc_now().date()
    assert cli("run", "--date", str(day - timedelta(days=1))).returncode == 0
    assert cli("run", "--send", "--date", str(day)).returncode == 0
    assert configured.letters == {}


def test_an_empty_edition_is_deferred_with_send_empty(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=(), send_empty=True)
    office.refuse = {ANN: [GREYLISTED]}
    empty = replace(edition(), sections=(), overview=(), headline="", date=desk.now.date(), created=desk.now)
    assert (ANN, "deferred", None) in states(desk.send(empty))
    desk.now += timedelta(days=1)
    assert states(desk.send(None)) == [(ANN, "sent", 17)]
