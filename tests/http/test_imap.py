"""Newsletters on an IMAP server: read-only, each fetched once, none lost, no password in messages."""

from __future__ import annotations

import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path

import pytest

from briefing import pipeline
from briefing.config import Config, add_sources, parse_config
from briefing.errors import BriefingError, ConfigError, FetchError, SourceError
from briefing.fetch.imap import ImapMailbox, parse_address
from briefing.pipeline.newsletters import password_for
from briefing.pipeline.read_result import ReadResult
from briefing.store import Store
from briefing.testing.imap_server import ImapServer
from briefing.types import Source

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)
BODY = (
    "The council approved a new tram line on Tuesday. It will link the station with the hospital from 2027 and cost "
    "about 80 million pounds. The mayor said that work would begin in spring."
)
OTHERS = (
    "Thieves took three Bronze Age swords from the museum. Cameras show two men in overalls. The curator puts their "
    "value at half a million.",
    "Fog grounded every flight at the airport until noon. Airlines handed out blankets and soup. Insurers pay nothing "
    "for weather, a leaflet says.",
    "Beetles have killed a third of the spruces in the forest. Rangers plant oaks instead. Walkers should keep "
    "to marked paths.",
)
SECRET = 's3cret-"quoted\\'


def mail(subject: str, *, hours: float = 1, text: str = BODY) -> tuple[bytes, datetime]:
    sent = NOW - timedelta(hours=hours)
    message = EmailMessage()
    message["Subject"], message["From"], message["Date"] = (
        subject,
        "Harbour Post <p@example.org>",
        format_datetime(sent),
    )
    message.set_content(f"{text} Story {subject}.\n" if text else "")
    return message.as_bytes().replace(b"\n", b"\r\n"), sent


@pytest.fixture
def server(imap_server: ImapServer, monkeypatch: pytest.MonkeyPatch) -> ImapServer:
    monkeypatch.setenv("BRIEFING_IMAP_PASSWORD", SECRET)
    imap_server.messages |= {3: mail("old", hours=90), 5: mail("a", hours=3), 9: mail("b", hours=2)}
    imap_server.password = SECRET
    return imap_server


def read(state: Path, server: ImapServer, now: datetime = NOW, **wishes: object) -> ReadResult:
    sources = (Source(location=server.location, section="Post"),)
    config = Config(sources=sources, state=state, engine="extractive", timezone="UTC", **wishes)  # type: ignore[arg-type]
    with pipeline.RunContext(config, clock=lambda: now, progress=pipeline.NoProgress()) as run_context:
        return pipeline.read(run_context)


def titles(found: ReadResult) -> list[str]:
    return [article.title for article in found.articles]


def test_each_message_is_fetched_once_and_stays_in_the_edition_of_its_day(server: ImapServer, tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    first = read(state, server)
    assert titles(first) == ["b", "a"]
    assert server.fetched == [9, 5]
    assert set(server.commands) <= {"CAPABILITY", "LOGIN", "EXAMINE", "UID SEARCH", "UID FETCH", "LOGOUT"}
    assert server.seen_password == SECRET
    assert server.seen == set()
    assert first.articles[0].source == "Harbour Post"
    server.messages[12] = mail("c", hours=0.1)
    again = read(state, server)
    assert titles(again) == ["c", "b", "a"]
    assert again.articles[1:] == first.articles
    assert server.fetched == [9, 5, 12]
    later = read(state, server, now=NOW + timedelta(hours=21.95))
    assert titles(later) == ["c", "b"]
    assert server.fetched == [9, 5, 12]


@pytest.mark.slow
def test_unseen_mails_are_fetched_from_the_server(server: ImapServer, tmp_path: Path) -> None:
    def edition(hours: float, *, written: bool = True) -> list[str]:
        config = Config(
            sources=(Source(location=server.location),), state=tmp_path / "s", out=tmp_path, engine="extractive",
            timezone="UTC", group=False,
        )  # fmt: skip
        now = NOW + timedelta(hours=hours)
        with pipeline.RunContext(config, clock=lambda: now, progress=pipeline.NoProgress()) as run_context:
            made, _ = pipeline.make_edition(run_context)
            if made.stories and written:
                pipeline.write_edition(made, run_context)
        return sorted(story.articles[0].title for story in made.stories)

    assert edition(0) == ["a", "b"]  # 3 is 90 hours old
    server.messages[12] = mail("c", hours=-1, text=OTHERS[0])
    server.messages[13] = mail("late", hours=4, text=OTHERS[1])
    assert edition(26.5, written=False) == ["c", "late"]
    assert edition(26.6) == ["c", "late"]
    server.messages[14] = mail("d", hours=-30, text=OTHERS[2])
    assert edition(50) == ["d"]
    assert server.fetched == [9, 5, 12, 13, 14]


def test_a_known_mail_without_a_date_counts_from_when_it_was_first_seen(server: ImapServer, tmp_path: Path) -> None:
    content, _ = mail("x", text=OTHERS[0])
    undated = b"\r\n".join(line for line in content.split(b"\r\n") if not line.startswith(b"Date:"))
    impossible = NOW + timedelta(days=10)
    server.messages = {5: (undated, impossible), 6: (undated, impossible)}
    state = tmp_path / "state.db"
    (known,) = read(state, server).articles
    assert known.published is None
    server.messages[12] = mail("c", hours=-1)
    later = read(state, server, now=NOW + timedelta(hours=5), max_stories=1)
    assert titles(later) == ["c"]
    assert server.fetched == [5, 6, 12]
    with Store(state) as store:
        assert store.seen_items(Config().title, [known.id]) == {}
    both = read(state, server, now=NOW + timedelta(hours=5))
    assert titles(both) == ["c", "x"]
    assert len(set(both.keys[known.id])) == 2  # whatever an edition tells settles both messages


def test_a_run_that_dies_before_its_articles_are_stored_loses_none(
    server: ImapServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.db"
    stored: list[object] = []
    real = Store.put_article

    def dies(self: Store, article: object, now: datetime, **how: bool) -> None:
        if stored:
            raise KeyboardInterrupt
        stored.append(article)
        real(self, article, now, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(Store, "put_article", dies)
    with pytest.raises(KeyboardInterrupt):
        read(state, server)
    monkeypatch.undo()
    monkeypatch.setenv("BRIEFING_IMAP_PASSWORD", SECRET)
    assert titles(read(state, server)) == ["b", "a"]


def test_mails_over_a_limit_are_read_by_a_later_run(server: ImapServer, tmp_path: Path) -> None:
    assert titles(read(tmp_path / "s", server, max_per_source=1)) == ["b"]
    assert titles(read(tmp_path / "s", server)) == ["b", "a"]
    assert titles(read(tmp_path / "s", server, since=None)) == ["b", "a", "old"]
    assert server.fetched == [9, 5, 3]


def test_a_changed_or_missing_uidvalidity_reads_the_mailbox_anew(server: ImapServer, tmp_path: Path) -> None:
    read(tmp_path / "s", server)
    server.validity, server.messages = 2, {5: mail("other")}
    assert titles(read(tmp_path / "s", server)) == ["other"]
    server.validity = 0
    server.fetched.clear()
    assert titles(read(tmp_path / "s", server)) == titles(read(tmp_path / "s", server)) == ["other"]
    assert server.fetched == [5, 5]


def test_a_mail_of_no_known_sender_is_the_mailboxs(server: ImapServer, tmp_path: Path) -> None:
    nobodys, delivered = mail("a", hours=3)
    server.messages = {5: (nobodys.replace(b"From: Harbour Post <p@example.org>\r\n", b""), delivered)}
    (article,) = read(tmp_path / "state.db", server).articles
    assert article.source == parse_address(server.location).shown


def test_a_bad_message_and_a_server_that_hangs_up_are_failures(server: ImapServer, tmp_path: Path) -> None:
    server.messages[10] = mail("empty", text="")
    server.messages[11] = (b"Subject: big\r\nDate: Fri, 17 May 2024 05:00:00 +0000\r\n\r\n" + b"x" * 10_000_001, NOW)
    found = read(tmp_path / "s", server)
    assert titles(found) == ["b", "a"]
    failed = {failure.subject.rpartition(": ")[2]: failure.cause for failure in found.failures}
    assert "too large" in failed["big"]
    assert "empty" in failed
    for command in ("EXAMINE", "UID SEARCH", "UID FETCH", "LOGIN"):
        server.breaks_at = command
        broken = read(tmp_path / f"other-{command}", server)
        assert not broken.articles
        assert len(broken.failures) == 1


def test_passwords_are_in_no_message(server: ImapServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFING_IMAP_PASSWORD", "wr0ng")
    (failure,) = read(tmp_path / "s", server).failures
    assert "refuses the login" in failure.cause
    assert "wr0ng" not in str(failure)
    for colon in (":", "%3A", "%3a"):
        with pytest.raises(FetchError, match="password") as caught:
            parse_address(f"imaps://alice{colon}hush@mail.example/INBOX")
        assert "hush" not in str(caught.value)
    with pytest.raises(ConfigError, match="without a password") as wrong:
        parse_config("[[sources]]\nimap = 'imaps://alice:hush@mail.example/'", Path("briefing.toml"))
    assert "hush" not in str(wrong.value)


@pytest.mark.parametrize("password", ["pässwort", "a b", "(){%*", "latin-1: \udce4"])
def test_any_password_and_folder_goes_over_the_wire(password: str) -> None:
    with ImapServer({}, password=password, folder="Entw&APw-rfe &- x") as server:
        address = parse_address(f"imap://alice@127.0.0.1:{server.port}/Entw%C3%BCrfe%20%26%20x")
        with ImapMailbox(address, password) as box:
            assert box.search(None) == []
        with pytest.raises(FetchError, match="line end"):
            ImapMailbox(address, "a\r\nb LOGOUT")
        with pytest.raises(FetchError, match="half a character"):
            ImapMailbox(address, "\ud83d")


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("imap://alice@mail.example/INBOX", "unencrypted"),
        ("imaps://mail.example/", "no address of a mailbox"),
        ("imaps://a%0d%0a@b/", "control characters"),
        ("imaps://a@b:x/", "cannot be read"),
    ],
)
def test_invalid_and_unencrypted_imap_addresses_are_refused(location: str, cause: str) -> None:
    with pytest.raises(FetchError, match=cause):
        parse_address(location)


def test_an_untrusted_certificate_is_refused_before_the_login(tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    try:
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
             "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
            check=True, capture_output=True,
        )  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("there is no openssl to make a certificate with")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with ImapServer({9: mail("b")}, context=context, password="x") as server:
        address = parse_address(server.location)
        with pytest.raises(FetchError, match="certificate"):
            ImapMailbox(address, "x")
        assert server.commands == []
        trusting = ssl.create_default_context(cafile=str(certificate))
        with ImapMailbox(address, "x", context=trusting) as box:
            assert box.search(NOW) == [9]


def test_the_password_comes_from_the_command_else_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    address = parse_address("imaps://alice@mail.example")
    script = tmp_path / "say.py"
    script.write_text("print('from the command\\nsecond line')")
    monkeypatch.setenv("BRIEFING_IMAP_PASSWORD", "from the environment")
    source = Source(location="x", password_command=f"{sys.executable} {script}")
    assert password_for(source, address) == "from the command"
    assert password_for(Source(location="x"), address) == "from the environment"
    for command in ("no-such-program-anywhere", f"{sys.executable} -c 'raise SystemExit(3)'", "true", "'"):
        with pytest.raises(ConfigError, match="password_command"):
            password_for(Source(location="x", password_command=command), address)
    monkeypatch.delenv("BRIEFING_IMAP_PASSWORD")
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(SourceError, match="not known"):
        password_for(Source(location="x"), address)
    assert "from" not in capfd.readouterr().out


def test_offline_and_check(server: ImapServer, tmp_path: Path) -> None:
    found = read(tmp_path / "s", server, offline=True)
    assert "offline" in found.failures[0].cause
    config = Config(sources=(Source(location=server.location),), state=tmp_path / "s", engine="extractive")
    with pipeline.RunContext(config, clock=lambda: NOW, progress=pipeline.NoProgress()) as run_context:
        (checked,) = pipeline.check_sources(run_context)
        assert (checked.articles, checked.failures) == (3, ())
    with Store(tmp_path / "s") as store:
        assert store.known_mails(f"alice@127.0.0.1:{server.port}/INBOX;UIDVALIDITY=1") == {}


@pytest.mark.parametrize(
    ("table", "cause"),
    [
        ("imap = 'imap://a@mail.example/'", "imaps://"),
        ("imap = 'mail.example'", "expected 'imap' to be"),
        ("imap = 'imaps://a@b/'\nurl = 'https://b'", "not both"),
        ("url = 'https://b'\npassword_command = 'pass'", "only beside"),
    ],
)
def test_mistakes_in_the_configuration_are_named(table: str, cause: str) -> None:
    with pytest.raises(BriefingError, match=cause):
        parse_config(f"[[sources]]\n{table}", Path("briefing.toml"))


def test_a_mailbox_is_written_into_the_configuration_as_one() -> None:
    source = Source(location="imaps://a@b/INBOX", name="Post", password_command="pass show 'mail'")
    text = add_sources("", [source], Path("briefing.toml"))
    assert parse_config(text, Path("briefing.toml")).sources == (source,)
