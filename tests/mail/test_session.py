"""Errors of the SMTP session: reported once, and not recorded as refusals of recipients."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from briefing.config import Recipient
from briefing.deliver import Mailer, MailServer
from briefing.errors import DeliveryError, StoreError
from briefing.pipeline import DeliveryResult, send_editions
from briefing.render.email import edition_key
from briefing.store import Delivery, Store

from .conftest import PASSWORD, USER, Opener, PostOffice
from .test_retries import ANN, BOB, GREYLISTED, ZOE, Desk, states

UNTRIED = Delivery("pending", 0, "")


@pytest.fixture
def office(post_office: Opener) -> PostOffice:
    return post_office()


@pytest.fixture
def desk(office: PostOffice, tmp_path: Path) -> Desk:
    return Desk(tmp_path, office)


def ledger(desk: Desk) -> dict[str, Delivery]:
    """Ledger entries of today's letters."""
    key = edition_key(desk.edition())
    assert desk.config.state
    with Store(desk.config.state) as store:
        return {reader: store.delivery((key, reader, "mail")) for reader in (ANN, BOB, ZOE)}


def became(posted: list[DeliveryResult]) -> dict[str, str]:
    """The state of each recipient's letter."""
    return {result.recipient: result.state for result in posted}


@contextmanager
def rude(*answers: str) -> Iterator[tuple[int, list[str]]]:
    """A server with these replies, the first as its greeting, that then closes: its port, and the commands it got."""
    told: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            self.wfile.write(f"{answers[0]}\r\n".encode())
            for answer in answers[1:]:
                told.append(self.rfile.readline().decode().strip())
                self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        thread = threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield int(listener.server_address[1]), told
        finally:
            listener.shutdown()
            thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "cause", "setting"),
    [
        ("530 5.7.0 Must issue a STARTTLS command first", "without encryption or a login", "`security`"),
        ("530 5.7.0 Authentication required", "without encryption or a login", "`user`"),
        ("538 5.7.11 Encryption required", "without encryption or a login", "`security`"),
        ("535 5.7.8 who are you", "wants a login", "`user`"),
        ("550 5.7.1 this sender is not welcome", "takes no letters from d@example.org", "`sender`"),
        ("553 5.1.8 sender's domain does not exist", "takes no letters from d@example.org", "`sender`"),
    ],
)
def test_a_refused_sender_is_reported_once_and_no_recipient_is_refused(
    desk: Desk, office: PostOffice, said: str, cause: str, setting: str
) -> None:
    office.refuse_sender = [said] * 9
    with pytest.raises(DeliveryError) as caught:
        desk.send(desk.edition())
    assert caught.value.exit_code == 4
    assert cause in caught.value.cause
    assert said in caught.value.cause
    assert setting in caught.value.remedy
    assert len(office.refuse_sender) == 8  # one was asked for, and no other letter tried
    assert set(ledger(desk).values()) == {UNTRIED}
    office.refuse_sender = []
    assert states(desk.send(desk.edition())) == [(address, "sent", None) for address in (ANN, BOB, ZOE)]


def test_a_deferred_sender_defers_all_letters(desk: Desk, office: PostOffice) -> None:
    office.refuse_sender = ["451 4.7.1 slow down"]
    assert states(desk.send(desk.edition())) == [(address, "sent", None) for address in (ANN, BOB, ZOE)]
    assert desk.slept == [60]
    assert office.letters == {ANN: 1, BOB: 1, ZOE: 1}


def test_a_deferral_of_the_session_is_not_recorded_for_the_recipient(desk: Desk, office: PostOffice) -> None:
    desk.mail(retries=())
    office.refuse_sender = ["452 4.3.1 no room"]
    assert [state for _, state, _ in states(desk.send(desk.edition()))] == ["deferred"] * 3
    assert set(ledger(desk).values()) == {UNTRIED}


@pytest.mark.slow
@pytest.mark.parametrize("said", ["530 5.7.0 Authentication required", "535 5.7.8 no", "538 5.7.11 encrypt"])
@pytest.mark.parametrize("where", ["refuse", "after_data"])
def test_authentication_required_later_in_the_session_is_not_about_the_recipient(
    desk: Desk, office: PostOffice, said: str, where: str
) -> None:
    setattr(office, where, {BOB: [said]})
    with pytest.raises(DeliveryError, match="login"):
        desk.send(desk.edition())
    found = ledger(desk)
    assert found[ANN].state == "sent"
    assert found[BOB].state in {"pending", "deferred"}
    assert found[ZOE] == UNTRIED
    assert became(desk.send(desk.edition())) == {ANN: "before", BOB: "sent", ZOE: "sent"}
    assert office.letters == {ANN: 1, BOB: 1, ZOE: 1}


def test_letters_deferred_before_a_session_error_are_reported(desk: Desk, office: PostOffice) -> None:
    office.refuse = {ANN: [GREYLISTED], BOB: ["530 5.7.0 Authentication required"]}
    with desk.context() as context:
        posted = send_editions(desk.edition(), context)
        assert became([next(posted)]) == {ANN: "deferred"}
        with pytest.raises(DeliveryError):
            next(posted)


@pytest.mark.slow
def test_relaying_denied_without_a_login_is_not_about_the_recipient(desk: Desk, office: PostOffice) -> None:
    denied = "554 5.7.1 <mail.example.org[192.0.2.1]>: Client host rejected: Access denied"
    office.refuse = {ANN: [denied], BOB: [denied]}
    first = desk.send(desk.edition())
    assert states(first) == [(ANN, "unable", None), (BOB, "unable", None), (ZOE, "sent", None)]
    assert "`user` in [mail]" in first[0].detail
    assert ledger(desk)[ANN] == UNTRIED
    assert became(desk.send(desk.edition())) == {ANN: "sent", BOB: "sent", ZOE: "before"}


@pytest.mark.slow
def test_refusals_of_a_recipient_are_recorded(desk: Desk, office: PostOffice) -> None:
    office.refuse = {ANN: ["550 5.1.1 no such user"]}
    office.after_data = {BOB: ["552 5.2.2 mailbox full"]}
    assert states(desk.send(desk.edition())) == [(ANN, "refused", None), (BOB, "refused", None), (ZOE, "sent", None)]
    found = ledger(desk)
    assert [found[address].state for address in (ANN, BOB, ZOE)] == ["refused", "refused", "sent"]
    assert became(desk.send(desk.edition())) == {ANN: "refused", BOB: "refused", ZOE: "before"}
    assert became(desk.send(desk.edition(), resend=True)) == {ANN: "sent", BOB: "sent", ZOE: "before"}


@pytest.mark.parametrize("said", ["drop", "421 4.7.0 closing"])
def test_a_connection_closed_at_one_letter_does_not_stop_the_others(desk: Desk, office: PostOffice, said: str) -> None:
    desk.mail(retries=())
    office.refuse = {ANN: [said] * 9}
    assert states(desk.send(desk.edition())) == [(BOB, "sent", None), (ZOE, "sent", None), (ANN, "deferred", None)]
    assert ledger(desk)[ANN] == UNTRIED


@pytest.mark.parametrize("said", ["drop", "421 4.7.0 closing"])
def test_a_server_that_closes_every_connection_is_not_tried_for_each_recipient(
    desk: Desk, office: PostOffice, said: str
) -> None:
    readers = tuple(f"reader{number}@example.org" for number in range(20))
    desk.mail(retries=(), recipients=tuple(Recipient(address=address) for address in readers))
    office.refuse = {address: [said] * 9 for address in readers}
    assert Counter(result.state for result in desk.send(desk.edition())) == {"deferred": 20}
    assert len(office.asked) == 2


@pytest.mark.parametrize(
    ("answers", "cause", "remedy"),
    [
        (("554 5.7.1 no mail from there",), "does not talk to this machine (554", "`host`"),
        (("hello, this is no mail server",), "does not speak SMTP here", "`port`"),
        (("220 ready", "550 who?", "550 who?"), "does not talk to this machine (550", "`host`"),
    ],
)
def test_a_refused_connection_is_reported(desk: Desk, answers: tuple[str, ...], cause: str, remedy: str) -> None:
    with rude(*answers) as (port, _):
        desk.mail(port=port)
        with pytest.raises(DeliveryError) as caught:
            desk.send(desk.edition())
    assert cause in caught.value.cause
    assert remedy in caught.value.remedy
    assert set(ledger(desk).values()) == {UNTRIED}


@pytest.mark.parametrize("answers", [("421 4.3.2 too busy",), ("220 ready", "421 4.3.2 shutting down")])
def test_a_busy_server_defers_all_letters(desk: Desk, answers: tuple[str, ...]) -> None:
    desk.mail(retries=())
    with rude(*answers) as (port, _):
        desk.mail(port=port)
        assert Counter(result.state for result in desk.send(desk.edition())) == {"deferred": 3}
    assert set(ledger(desk).values()) == {UNTRIED}


@pytest.mark.parametrize(
    ("answer", "state"), [("200 fine", "sent"), ("what?", "unknown"), ("354 go on", "unknown"), ("421 bye", "deferred")]
)
def test_a_letter_with_an_odd_reply_to_data_is_not_sent_again(desk: Desk, answer: str, state: str) -> None:
    desk.mail(retries=(), recipients=(Recipient(address=ANN),))
    talk = ("220 ready", "250 hello", "250 ok", "250 ok", "354 go on")

    class Handler(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            self.wfile.write(f"{talk[0]}\r\n".encode())
            for line in talk[1:]:
                self.rfile.readline()
                self.wfile.write(f"{line}\r\n".encode())
            while self.rfile.readline() not in {b".\r\n", b""}:
                pass
            self.wfile.write(f"{answer}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        threading.Thread(target=listener.serve_forever, args=(0.02,), daemon=True).start()
        desk.mail(port=listener.server_address[1])
        assert states(desk.send(desk.edition())) == [(ANN, state, None)]
        listener.shutdown()


@pytest.mark.slow
def test_no_letter_is_sent_where_the_ledger_cannot_be_written(desk: Desk, office: PostOffice, tmp_path: Path) -> None:
    path = tmp_path / "s.db.ledger"

    def block(command: str) -> None:
        if command == "RCPT":
            path.unlink(missing_ok=True)
            path.mkdir()

    office.on_command = block
    with pytest.raises(StoreError, match="no letter may leave"):  # at once: the server waits for the letter's rest
        desk.send(desk.edition())
    assert office.got == []
    path.rmdir()
    office.on_command = len
    assert states(desk.send(desk.edition())) == [(address, "sent", None) for address in (ANN, BOB, ZOE)]


@pytest.mark.slow
def test_a_wrong_password_is_tried_once_in_a_run(post_office: Opener, tmp_path: Path) -> None:
    office = post_office(security="tls", login=True)
    desk = Desk(tmp_path, office)
    desk.mail(security="tls", user=USER, password_command=("echo", "wrong-4711"))
    with pytest.raises(DeliveryError, match="refuses the login"):
        desk.send(desk.edition())
    assert office.logins == [(USER, "wrong-4711")]
    assert set(ledger(desk).values()) == {UNTRIED}
    desk.mail(password_command=("echo", PASSWORD))
    assert states(desk.send(desk.edition())) == [(address, "sent", None) for address in (ANN, BOB, ZOE)]


def test_tls_required_is_not_a_refusal(post_office: Opener, tmp_path: Path) -> None:
    office = post_office(security="starttls")
    desk = Desk(tmp_path, office)
    with pytest.raises(DeliveryError, match="530") as caught:
        desk.send(desk.edition())
    assert "`security`" in caught.value.remedy
    desk.mail(security="starttls")
    assert states(desk.send(desk.edition())) == [(address, "sent", None) for address in (ANN, BOB, ZOE)]


def test_an_address_without_smtputf8_waits_for_another_server(post_office: Opener, tmp_path: Path) -> None:
    old, new = post_office(utf8=False), post_office()
    desk = Desk(tmp_path, old)
    readers = ("jürgen@example.org", ANN)
    desk.mail(recipients=tuple(Recipient(address=address) for address in readers))
    assert states(desk.send(desk.edition())) == [(readers[0], "unable", None), (ANN, "sent", None)]
    desk.mail(port=new.port)
    assert became(desk.send(desk.edition())) == {readers[0]: "sent", ANN: "before"}


def test_lines_of_full_stops_arrive_as_they_are_and_so_does_the_next_letter(office: PostOffice) -> None:
    message = EmailMessage(policy=SMTP)
    message["Subject"], message["From"], message["To"] = "Morning", "desk@example.org", ANN
    message.set_content("Before.\n.\n.x\n..\nAfter.\n")
    with Mailer(MailServer(host="localhost", port=office.port, security="none")) as mailer:
        sent = [mailer.send(message, "desk@example.org", reader, lambda: True).state for reader in (ANN, BOB)]
    assert sent == ["sent", "sent"]
    assert office.got == [(reader, message.as_bytes()) for reader in (ANN, BOB)]
    assert b"\r\n.\r\n.x\r\n..\r\n" in office.got[0][1]
