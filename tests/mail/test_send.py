"""`send` and `run --send`: passwords, TLS, replies of the server, kills at every step; each letter at most once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from briefing.cli.messages import ProgressDisplay
from briefing.cli.send import post_after_run, tell_deliveries
from briefing.config import Config, Mail, Recipient
from briefing.errors import StoreError
from briefing.pipeline import DeliveryResult, NoProgress, RunContext, check_run, utc_now
from briefing.store import Store
from briefing.types import Source

from ..conftest import Cli
from ..factories import STORY
from .conftest import PASSWORD, USER, Opener, PostOffice

READERS = ("ann@example.org", "bob@example.org", "zoe@example.org")
RUN = ("run", "--engine", "extractive", "-f", "json", "--state", "s.db")
SEND = ("send", "--state", "s.db")


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Path]:
    """Writes a configuration for a post office: ``desk(office, security="tls", user="ann")``."""

    def call(office: PostOffice, *, readers: tuple[str, ...] = READERS, **mail: object) -> Path:
        settings = {
            "host": "localhost",
            "port": office.port,
            "security": "none",
            "sender": "Désk <d@example.org>",
            "retries": [],
        } | mail
        lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
        tables = [f"[[mail.recipients]]\naddress = {json.dumps(address, ensure_ascii=False)}" for address in readers]
        (tmp_path / "story.txt").write_text(STORY)
        path = tmp_path / "briefing.toml"
        mail_table = "\n".join([*lines, *tables])
        path.write_text(f'title = "Mörning"\n[mail]\n{mail_table}\n[[sources]]\npath = "story.txt"\n', "utf-8")
        return path

    return call


def test_a_run_sends_each_recipient_one_message_of_their_own_once(
    post_office: Opener, desk: Callable[..., Path], cli: Cli
) -> None:
    office = post_office()
    desk(office, readers=("Änn <ann@example.org>", *READERS[1:]), unsubscribe="mailto:d@example.org")
    done = cli(*RUN, "--send")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("Sent to") == 3
    assert office.letters == dict.fromkeys(READERS, 1)
    for address in READERS:
        message = office.letter(address)
        assert [to.addr_spec for to in message["To"].addresses] == [address]
        assert message["Subject"].startswith(f"Mörning, {datetime.now(UTC).day} ")
        assert message["From"].addresses[0].display_name == "Désk"
        assert not [reader for reader in READERS if reader != address and reader in message.as_string()]
        for kind in ("plain", "html"):
            body = message.get_body((kind,))
            assert body is not None
            assert "212 million pounds" in " ".join(body.get_content().split())
    assert office.letter("ann@example.org")["To"].addresses[0].display_name == "Änn"
    again = cli(*RUN, "--send")
    assert again.returncode == 0
    assert again.stderr.count("has it already") == 3
    assert office.letters == dict.fromkeys(READERS, 1)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_login_over_tls_leaves_no_password_in_any_output_or_file(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path, security: str
) -> None:
    office = post_office(security=security, login=True)
    desk(office, security=security, user=USER)
    done = cli("--verbose", *RUN, "--send", BRIEFING_SMTP_PASSWORD=PASSWORD)
    assert done.returncode == 0, done.stderr
    assert office.letters == dict.fromkeys(READERS, 1)
    assert set(office.logins) == {(USER, PASSWORD)}
    assert PASSWORD not in done.stdout + done.stderr
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path
    assert all(PASSWORD.encode() not in data for _, data in office.got)


def test_the_password_from_a_command(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    office = post_office(security="tls", login=True)
    desk(office, security="tls", user=USER, password_command=f"{sys.executable} -c \"print('{PASSWORD}')\"")
    done = cli("send", "--check")
    assert done.returncode == 0, done.stderr
    assert "takes the login" in done.stdout
    assert office.got == []
    desk(
        office,
        security="tls",
        user=USER,
        password_command=f"{sys.executable} -c \"print('{PASSWORD}'); raise SystemExit(3)\"",
    )
    failed = cli("send", "--check")
    assert failed.returncode == 2
    assert "status 3" in failed.stderr
    assert PASSWORD not in failed.stderr


@pytest.mark.slow
def test_the_password_from_the_keyring(
    post_office: Opener, desk: Callable[..., Path], process: Cli, tmp_path: Path
) -> None:
    pytest.importorskip("keyring", reason="keyring is not installed (pip install -e '.[keyring]')")
    (tmp_path / "ring.py").write_text(
        "import keyring.backend\n"
        "class Ring(keyring.backend.KeyringBackend):\n"
        "    priority = 1\n"
        "    def get_password(self, service, user):\n"
        f"        return {PASSWORD!r} if (service, user) == ('briefing', 'ann@localhost') else None\n"
        "    def set_password(self, service, user, password): ...\n"
    )
    office = post_office(security="tls", login=True)
    desk(office, security="tls", user=USER)
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    done = process("send", "--check", PYTHON_KEYRING_BACKEND="ring.Ring", PYTHONPATH=path)
    assert done.returncode == 0, done.stderr
    assert office.logins == [(USER, PASSWORD)]
    broken = process("send", "--check", PYTHON_KEYRING_BACKEND="ring.Missing", PYTHONPATH=path)
    assert broken.returncode == 2
    assert "there is no password for ann" in broken.stderr


@pytest.mark.parametrize(("token", "code"), [(PASSWORD, 0), ("stale-4711", 4)])
def test_login_with_an_oauth_token(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, token: str, code: int
) -> None:
    office = post_office(security="tls", login=True)
    desk(office, security="tls", user=USER, token_command=f"{sys.executable} -c \"print('{token}')\"")
    done = cli("send", "--check")
    assert done.returncode == code, done.stderr
    assert office.logins[0] == (USER, token)
    assert token not in done.stdout + done.stderr


def test_a_wrong_password_is_reported_and_not_shown(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    office = post_office(security="tls", login=True)
    desk(office, security="tls", user=USER)
    done = cli("send", "--check", BRIEFING_SMTP_PASSWORD="wrong-4711")
    assert done.returncode == 4
    assert "refuses the login (535" in done.stderr
    assert "wrong-4711" not in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_no_password_is_sent_to_a_server_without_auth(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    desk(post_office(), user=USER)
    done = cli("send", "--check", BRIEFING_SMTP_PASSWORD=PASSWORD)
    assert done.returncode == 4
    assert "does not offer what is needed" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["expired", "another host", "plain"])
def test_an_untrusted_certificate_ends_the_delivery(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, authority: trustme.CA, fault: str
) -> None:
    past = datetime.now(UTC) - timedelta(days=1)
    certificate = {
        "expired": authority.issue_cert("localhost", not_after=past, not_before=past - timedelta(days=9)),
        "another host": authority.issue_cert("mail.example.org"),
        "plain": None,
    }[fault]
    office = post_office(security="none" if fault == "plain" else "tls", certificate=certificate)
    desk(office, security="tls")
    done = cli(*RUN, "--send")
    assert done.returncode == 4  # the edition is there
    assert done.stdout.endswith(".json\n")
    assert cli(*SEND).returncode == 4
    assert ("certificate is not to be trusted" in done.stderr) == (fault != "plain"), done.stderr
    assert "Traceback" not in done.stderr
    assert office.got == []


@pytest.mark.slow
def test_replies_about_each_recipient_are_recorded(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    office = post_office()
    ann, bob, zoe = READERS
    office.refuse = {ann: ["550 no such user"], bob: ["451 try later"]}
    office.after_data = {zoe: ["drop"]}
    desk(office)
    done = cli(*RUN, "--send")
    assert done.returncode == 4
    assert f"Refused for {ann}: 550 no such user" in done.stderr
    assert f"Not sent to {bob} yet: 451 try later" in done.stderr
    assert f"Nobody knows whether {zoe} has it" in done.stderr
    assert office.letters == {zoe: 1}
    again = cli(*SEND)
    assert again.returncode == 4
    assert f"Refused for {ann}" in again.stderr
    assert f"Sent to {bob}" in again.stderr
    assert f"Nobody knows whether {zoe}" in again.stderr
    assert office.letters == {bob: 1, zoe: 1}
    resent = cli(*SEND, "--resend")
    assert resent.returncode == 0, resent.stderr
    assert office.letters == {ann: 1, bob: 1, zoe: 2}
    assert cli(*SEND, "--to", bob, "--resend").returncode == 0
    assert office.letters[bob] == 2


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("550 5.1.1 no such user", True),
        ("550 no such user", True),
        ("553 5.1.3 bad syntax", True),
        ("its address or headers cannot be written", True),
        ("554 5.7.1 spam", False),
        ("550 5.7.1 spam", False),
        ("552 5.2.2 mailbox full", False),
        ("554 no", False),
    ],
)
def test_only_a_refused_address_gets_the_advice_to_check_it(
    capsys: pytest.CaptureFixture[str], said: str, address: bool
) -> None:
    assert tell_deliveries(ProgressDisplay(), [DeliveryResult(recipient=READERS[0], state="refused", detail=said)]) == 4
    err = capsys.readouterr().err
    assert f"Refused for {READERS[0]}: {said}." in err
    assert ("Check the address" in err) == address


@pytest.mark.slow
def test_deferred_letters_are_sent_by_the_next_run(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    office = post_office()
    office.refuse = {READERS[0]: ["451 later"]}
    office.after_data = {READERS[1]: ["lose", "452 full", "554 spam"]}
    desk(office)
    done = cli(*RUN, "--send")
    assert f"Not sent to {READERS[0]} yet: 451 later" in done.stderr
    assert f"Nobody knows whether {READERS[1]}" in done.stderr
    assert office.letters == {READERS[2]: 1}
    again = cli(*SEND)
    assert f"Sent to {READERS[0]}" in again.stderr
    assert office.letters == {READERS[0]: 1, READERS[2]: 1}
    full = cli(*SEND, "--resend")
    assert f"Not sent to {READERS[1]} yet: 452 full" in full.stderr
    assert full.returncode == 5
    assert f"Refused for {READERS[1]}: 554 spam" in cli(*SEND).stderr


@pytest.mark.parametrize(("said", "code"), [("550 no such user", 4), ("451 later", 5)])
def test_mail_errors_set_the_exit_code_where_a_source_failed_too(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, said: str, code: int
) -> None:
    office = post_office()
    office.refuse = {READERS[0]: [said]}
    with desk(office).open("a", encoding="utf-8") as file:
        file.write('[[sources]]\npath = "gone.txt"\n')
    done = cli(*RUN, "--send")
    assert "gone.txt: there is no such file" in done.stderr
    assert said in done.stderr
    assert done.returncode == code
    assert office.letters == dict.fromkeys(READERS[1:], 1)


@pytest.mark.slow
def test_an_unreachable_server_defers_all_letters(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    office = post_office()
    desk(office, port=1, readers=READERS[:1])
    done = cli(*RUN, "--send")
    assert done.returncode == 5  # the edition is there
    assert "cannot be reached" in done.stderr
    desk(office)
    assert cli(*SEND).returncode == 0
    assert office.letters == dict.fromkeys(READERS, 1)


def test_letters_are_ascii_in_short_lines_on_the_wire(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    office = post_office()
    desk(office)
    text = "Die neue Straße führt über Mörlow und dann weiter nach Süden. " * 60
    (tmp_path / "story.txt").write_text(f"Straße über Mörlow\n\n{text}", "utf-8")
    assert cli(*RUN, "--send").returncode == 0
    html = office.letter(READERS[0]).get_body(("html",))
    assert html
    assert "Straße" in html.get_content()
    for _, data in office.got:
        assert data.isascii()  # BODY=8BITMIME was not asked for
        assert max(map(len, data.split(b"\r\n"))) <= 998
        assert b"\n" not in data.replace(b"\r\n", b"")


@pytest.mark.slow
def test_non_ascii_local_parts_need_smtputf8(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    for day, utf8, code in ((2, True, 0), (1, False, 4)):
        office = post_office(utf8=utf8)
        desk(office, readers=("jürgen@example.org",))
        done = cli(*RUN, "--send", "--date", f"2024-05-0{day}")
        assert done.returncode == code, done.stderr
        assert office.letters == ({"jürgen@example.org": 1} if utf8 else {})
    assert "SMTPUTF8" in done.stderr


def test_non_ascii_domains_need_no_smtputf8(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    office = post_office(utf8=False)
    desk(office, readers=("Zoë <zoe@bücher.example>",), sender="Désk <d@straße.example>")
    done = cli(*RUN, "--send")
    assert done.returncode == 0, done.stderr
    message = office.letter("zoe@xn--bcher-kva.example")
    assert message["To"].addresses[0].addr_spec == "zoe@xn--bcher-kva.example"
    assert message["From"].addresses[0].domain == "xn--strae-oqa.example"
    assert message["Message-ID"].endswith("@xn--strae-oqa.example>")


@pytest.mark.slow
def test_dry_run_and_preview_send_nothing(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    office = post_office()
    desk(office)
    cli(*RUN)
    done = cli(*SEND, "--dry-run", "--out", "letters")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3
    assert all((tmp_path / line).read_bytes().startswith(b"Subject: ") for line in done.stdout.splitlines())
    (edition,) = (tmp_path / "briefings").glob("*.json")
    assert cli(*SEND, str(edition), "--to", "new@example.org").returncode == 0
    assert office.letters == {"new@example.org": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("send", "2001-01-01"), "there is no edition of 2001-01-01"),
        (("send", "nonsense"), "neither a date"),
        (("send", "missing.json"), "cannot be read"),
        (("send", "bad.json"), "no edition"),
    ],
)
def test_a_missing_edition_is_reported(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    desk(post_office())
    (tmp_path / "bad.json").write_text('{"a": 1}')
    done = cli(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("mail", "said"),
    [
        ({"host": "mail.example.org"}, "mail.security"),
        ({"host": ""}, "mail.host"),
        ({"sender": ""}, "mail.sender"),
        ({"readers": ()}, "mail.recipients"),
        ({"user": "ann"}, "there is no password"),
        ({"user": "ann", "password_command": "no-such-program-anywhere"}, "mail.password_command"),
        ({"port": "smtp"}, "mail.port"),
        ({"securty": "tls"}, "Did you mean `security`"),
        ({"unsubscribe": "nowhere"}, "mail.unsubscribe"),
    ],
)
def test_the_edition_is_written_in_spite_of_mail_errors(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path, mail: dict[str, object], said: str
) -> None:
    desk(post_office(), **mail)
    done = cli("--quiet", *RUN, "--send")
    assert done.returncode == 4, done.stderr
    assert (tmp_path / done.stdout.strip()).exists()
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    sent = cli(*SEND)  # where nothing but mail is asked for, what is wrong with it is a mistake in the configuration
    assert sent.returncode == 2
    assert said in sent.stderr


@pytest.mark.slow
def test_a_broken_letter_template_costs_no_edition(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    office = post_office()
    desk(office)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "email.txt.j2").write_text("{{ nothing.at.all }}")
    done = cli(*RUN, "--send", "--templates", "mine")
    assert done.returncode == 4, done.stderr
    assert done.stdout.endswith(".json\n")
    assert "email.txt.j2" in done.stderr
    assert cli(*SEND).returncode == 0  # what is owed is not forgotten
    assert office.letters == dict.fromkeys(READERS, 1)


def test_a_mistake_while_sending_is_told_and_no_more_than_a_mail_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no such thing")

    monkeypatch.setattr("briefing.pipeline.send_editions", broken)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with RunContext(Config(state=tmp_path / "s.db"), clock=utc_now, progress=NoProgress()) as context:
        assert post_after_run(ProgressDisplay(), None, context, None, None) == 4
    assert "A mistake in briefing itself: RuntimeError: no such thing" in capsys.readouterr().err


@pytest.mark.slow
def test_the_password_command_runs_once_in_a_run(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path
) -> None:
    office = post_office(security="tls", login=True)
    asked = tmp_path / "asked.txt"
    program = f"open({str(asked)!r}, 'a').write('once '); print({PASSWORD!r})"
    desk(office, security="tls", user=USER, password_command=[sys.executable, "-c", program])
    done = cli(*RUN, "--send")
    assert done.returncode == 0, done.stderr
    assert asked.read_text() == "once "


def test_a_command_shared_by_imap_and_smtp_runs_once(tmp_path: Path) -> None:
    asked = tmp_path / "asked.txt"
    command = (sys.executable, "-c", f"open({str(asked)!r}, 'a').write('once '); print('secret')")
    box = Source(location="imap://ann@127.0.0.1/INBOX", password_command=command)
    mail = Mail(
        host="localhost", security="none", user=USER, sender="d@example.org", password_command=command,
        recipients=(Recipient(address=READERS[0]),),
    )  # fmt: skip
    config = Config(engine="extractive", out=tmp_path, state=tmp_path / "s.db", sources=(box,), mail=mail)
    with RunContext(config, clock=lambda: datetime(2024, 5, 17, tzinfo=UTC), progress=NoProgress()) as context:
        assert list(check_run(context, send=True)) == []
    assert asked.read_text() == "once "


def test_a_run_without_letters_reports_mail_errors_and_succeeds(
    post_office: Opener, desk: Callable[..., Path], cli: Cli
) -> None:
    desk(post_office(), port="smtp")
    done = cli(*RUN)
    assert done.returncode == 0, done.stderr
    assert "mail.port" in done.stderr


def test_an_invalid_address_for_to_is_reported(post_office: Opener, desk: Callable[..., Path], cli: Cli) -> None:
    desk(post_office())
    cli(*RUN)
    done = cli(*SEND, "--to", "nobody")
    assert done.returncode == 2
    assert "--to nobody: it holds no e-mail address" in done.stderr


@pytest.mark.parametrize("send_empty", [False, True])
def test_an_empty_edition_is_sent_on_request_only(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path, send_empty: bool
) -> None:
    office = post_office()
    path = desk(office, send_empty=send_empty)
    path.write_text(path.read_text("utf-8").replace("story.txt", "empty"), "utf-8")
    (tmp_path / "empty").mkdir()
    done = cli(*RUN, "--send")
    assert done.returncode == 0  # a quiet day
    assert office.letters == (dict.fromkeys(READERS, 1) if send_empty else {})


# --- killed -----------------------------------------------------------------------------------------------------


@pytest.mark.posix
@pytest.mark.slow
@pytest.mark.parametrize(("step", "reply"), [("MAIL", ""), ("RCPT", ""), (".", "250 taken"), (".", "lose")])
def test_killed_at_any_step_no_letter_is_sent_twice_or_lost(
    post_office: Opener, desk: Callable[..., Path], cli: Cli, tmp_path: Path, step: str, reply: str
) -> None:
    """Killed once the second letter's command has arrived, before it is answered; its writes: faults/test_kills.py."""
    office = post_office()
    desk(office)
    cli(*RUN)
    heard: list[str] = []
    with subprocess.Popen(
        [sys.executable, "-m", "briefing", *SEND], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as dying:

        def kill(command: str) -> None:
            heard.append(command)
            if heard.count(step) == 2 and command == step:
                os.kill(dying.pid, signal.SIGKILL)

        office.on_command = kill
        office.after_data = {READERS[1]: [reply]} if reply else {}
    assert dying.returncode == -signal.SIGKILL
    office.on_command = heard.append
    again = cli(*SEND)
    unknown = [address for address in READERS if f"Nobody knows whether {address}" in again.stderr]
    assert unknown == ([READERS[1]] if step == "." else [])
    assert office.letters == {one: 1 for one in READERS if reply != "lose" or one != READERS[1]}
    assert again.returncode == (4 if unknown else 0)


def test_editions_are_stored_by_day_and_title(tmp_path: Path) -> None:
    now = datetime(2024, 5, 17, tzinfo=UTC)
    with Store(tmp_path / "s.db") as store:
        for day in (16, 17, 15):
            store.put_edition(now.date().replace(day=day), "Morning", f"edition {day}", now)
        assert store.get_edition(None, "Morning") == "edition 17"
        assert store.get_edition(now.date().replace(day=15), "Morning") == "edition 15"
        assert store.get_edition(None, "Evening") is None
    with pytest.raises(StoreError):
        store.get_edition(None, "Morning")
