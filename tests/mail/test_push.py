"""`[notify]`: the front page is pushed to each address once, and what the addresses hold is seen nowhere."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from briefing import pipeline
from briefing.testing.server import Server

from ..conftest import Cli
from ..factories import STORY

apprise = pytest.importorskip("apprise", reason="apprise is not installed (pip install -e '.[notify]')")

TOKEN = "tk-very-secret-4711"
RUN = ("run", "--engine", "extractive", "-f", "json", "--send", "--state", "s.db")


@pytest.fixture
def service() -> Iterator[Server]:
    with Server() as server:
        yield server


def configure(folder: Path, *urls: str, more: str = "", before: str = "") -> None:
    (folder / "story.txt").write_text(STORY)
    (folder / "briefing.toml").write_text(
        f'title = "Morning"\n{before}[mail]\nretries = []\n[notify]\nurls = [{", ".join(urls)}]\n{more}\n'
        '[[sources]]\npath = "story.txt"\n'
    )


def a_story_comes_in(folder: Path) -> None:
    (folder / "later.txt").write_text(
        "Ferry runs again\n\nThe ferry to the island of Norra runs again from Monday, the harbour office said. "
        "Its engine was repaired in the yard of Lund for eleven weeks, at a cost of 2 million crowns."
    )
    with (folder / "briefing.toml").open("a", encoding="utf-8") as config:
        config.write('[[sources]]\npath = "later.txt"\n')


def hook(server: Server, path: str = f"/{TOKEN}") -> str:
    return f'"json://127.0.0.1:{server.port}{path}"'


def state_of(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("s.db*"))


def test_the_front_page_is_pushed_once_however_often_it_is_sent(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, hook(service), more='link = "https://example.org/{date}.html"')
    done = cli(*RUN)
    assert done.returncode == 0, done.stderr
    assert "Sent to json (notify.urls[1])." in done.stderr
    (seen,) = service.requests
    said = json.loads(seen.body)
    assert said["title"].startswith("Morning: ")
    assert said["message"].count("• ") == 1
    assert "1 story: https://example.org/20" in said["message"]
    again = cli("send", "--state", "s.db")
    assert (again.returncode, "has it already" in again.stderr) == (0, True)
    assert cli(*RUN).returncode == 0
    assert len(service.requests) == 1


def test_what_comes_in_later_is_a_push_of_its_own(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, hook(service))
    assert cli(*RUN).returncode == 0
    a_story_comes_in(tmp_path)
    assert cli(*RUN).returncode == 0
    first, second = (json.loads(seen.body) for seen in service.requests)
    assert "new since" in second["title"]
    assert "Ferry runs again" in second["message"]
    assert second["message"].count("• ") == first["message"].count("• ") == 1
    assert cli(*RUN).returncode == 0
    assert len(service.requests) == 2


def test_a_push_of_what_has_left_the_edition_is_not_sent(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, hook(service))
    assert cli(*RUN).returncode == 0
    a_story_comes_in(tmp_path)
    service.fails(f"/{TOKEN}", 503, times=1)
    assert cli(*RUN).returncode == 5
    config = tmp_path / "briefing.toml"
    config.write_text(config.read_text("utf-8") + '[mute]\nwords = ["ferry"]\n', "utf-8")
    service.serves(f"/{TOKEN}", "")
    done = cli(*RUN)
    assert (done.returncode, "has it already" in done.stderr) == (0, True)
    assert len(service.requests) == 2


def test_a_push_that_is_put_off_is_made_up_for_by_the_next_run(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.fails(f"/{TOKEN}", 503, times=1)
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, hook(service))
    first = cli(*RUN)
    assert first.returncode == 5, first.stderr
    assert "the service answered 503. Today's next `briefing run --state s.db --send`" in first.stderr
    assert cli(*RUN).returncode == 0
    assert cli("send", "--state", "s.db").returncode == 0
    assert len(service.requests) == 2


def test_a_push_that_is_refused_is_reported_and_left(cli: Cli, tmp_path: Path, service: Server) -> None:
    good = "/other"
    service.fails(f"/{TOKEN}", 403)
    service.serves(good, "")
    configure(tmp_path, hook(service), hook(service, good))
    done = cli(*RUN)
    assert done.returncode == 4
    assert "Refused for json (notify.urls[1]): the service answered 403" in done.stderr
    assert cli("send", "--state", "s.db").returncode == 4
    assert [seen.path for seen in service.requests] == [f"/{TOKEN}", good]
    assert cli("send", "--state", "s.db", "--resend").returncode == 4
    assert len(service.requests) == 3


def test_a_push_has_what_the_refused_one_before_it_had(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.fails(f"/{TOKEN}", 403, times=1)
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, hook(service))
    assert cli(*RUN).returncode == 4
    a_story_comes_in(tmp_path)
    done = cli(*RUN)
    assert done.stderr.endswith("Sent to json (notify.urls[1]).\n")
    assert "Refused" not in done.stderr
    assert done.returncode == 0
    first, second = (json.loads(request.body) for request in service.requests)
    assert first["message"].splitlines()[0] in second["message"]
    assert "new since" not in second["title"]
    assert "has it already" in cli("send", "--resend", "--state", "s.db").stderr


def test_a_push_of_an_earlier_day_is_missed_and_said_so_once(
    cli: Cli, tmp_path: Path, service: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    service.fails(f"/{TOKEN}", 503, times=1)
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, hook(service), before='timezone = "UTC"\n')
    monkeypatch.setattr(pipeline, "utc_now", lambda: datetime(2026, 3, 20, 12, tzinfo=UTC))
    assert cli(*RUN).returncode == 5
    monkeypatch.setattr(pipeline, "utc_now", lambda: datetime(2026, 3, 21, 7, tzinfo=UTC))
    done = cli(*RUN)
    assert "2026-03-20: Never sent to json (notify.urls[1]): the service answered 503. Its day is over" in done.stderr
    assert (done.returncode, len(service.requests)) == (4, 1)
    again = cli(*RUN)
    assert (again.returncode, "2026-03-20" in again.stderr) == (0, False)
    assert cli("send", "2026-03-20", "--resend", "--state", "s.db").returncode == 0
    assert len(service.requests) == 2


def test_a_removed_edition_names_once_who_had_it(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, hook(service), before='timezone = "UTC"\n')
    assert cli(*RUN).returncode == 0
    a_story_comes_in(tmp_path)
    assert cli(*RUN).returncode == 0
    day = next((tmp_path / "briefings").glob("*.json")).stem
    removed = cli("history", "remove", day, "--yes", "--state", "s.db")
    assert removed.stderr.count("has got it") == 1
    assert "json (notify.urls[1]) has got it; that stays on record." in removed.stderr


def test_a_redirect_does_not_carry_a_push_elsewhere(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.redirects(f"/{TOKEN}", "/elsewhere")
    service.serves("/elsewhere", "")
    configure(tmp_path, hook(service))
    done = cli(*RUN)
    assert done.returncode == 4
    assert "it redirects (302): put its final address into notify.urls[1]." in done.stderr
    assert "--resend" not in done.stderr
    assert not service.seen("/elsewhere")


def test_a_check_names_every_address_that_cannot_be_pushed_to(cli: Cli, tmp_path: Path) -> None:
    configure(tmp_path, '"nonsense://a"', '"json://127.0.0.1:9/a"', '"rubbish://b"')
    done = cli("send", "--check", "--state", "s.db")
    assert done.returncode == 2
    assert "json (notify.urls[2]) is an address that can be pushed to" in done.stdout
    assert [number for number in (1, 2, 3) if f"notify.urls[{number}]: " in done.stderr] == [1, 3]


@pytest.mark.posix
@pytest.mark.slow
def test_a_run_that_dies_while_it_pushes_pushes_nothing_twice(tmp_path: Path, service: Server) -> None:
    service.hangs(f"/{TOKEN}")
    configure(tmp_path, hook(service))
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "briefing"]
    process = subprocess.Popen([*command, *RUN], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not service.requests and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    send = [*command, "send", "--state", "s.db"]
    done = subprocess.run(send, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert "Nobody knows whether json (notify.urls[1]) has it: the run was stopped while sending" in done.stderr
    assert len(service.requests) == 1


@pytest.mark.parametrize("how", ["literal", "env", "command"])
def test_a_token_is_in_no_output_log_or_state(
    cli: Cli, tmp_path: Path, service: Server, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    service.fails(f"/{TOKEN}", 500)
    url = hook(service).strip('"')
    monkeypatch.setenv("PUSH_URL", url)
    (tmp_path / "print.py").write_text("import os; print(os.environ['PUSH_URL'])")
    entries = {
        "literal": f'"{url}"',
        "env": '{ env = "PUSH_URL" }',
        "command": f"{{ command = ['{sys.executable}', 'print.py'] }}",
    }
    configure(tmp_path, entries[how])
    done = cli("-vv", "--log-file", "log.txt", *RUN)
    assert done.returncode == 5, done.stderr
    assert len(service.requests) == 1
    checked = cli("send", "--check", "--state", "s.db")
    assert (checked.returncode, "json (notify.urls[1])" in checked.stdout) == (0, True)
    assert len(service.requests) == 1
    said = "".join((one.stdout + one.stderr) for one in (done, checked)) + (tmp_path / "log.txt").read_text("utf-8")
    assert TOKEN not in said
    assert TOKEN.encode() not in state_of(tmp_path)


@pytest.mark.parametrize("bad", ["just-a-topic-" + TOKEN, f"json:/{TOKEN}"])
def test_an_address_that_is_none_is_an_error_without_it(cli: Cli, tmp_path: Path, bad: str) -> None:
    configure(tmp_path, f'"{bad}"')
    done = cli(*RUN)
    assert (done.returncode, TOKEN in done.stderr) == (2, False)
    assert "notify.urls" in done.stderr


def test_one_address_that_cannot_be_used_costs_the_others_nothing(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.serves(f"/{TOKEN}", "")
    configure(tmp_path, '{ env = "PUSH_NOWHERE" }', f'"nothing://{TOKEN}"', hook(service))
    done = cli(*RUN)
    assert done.returncode == 4
    assert "the variable PUSH_NOWHERE of the environment is not set" in done.stderr
    assert "apprise knows no service at such an address" in done.stderr
    assert TOKEN not in done.stderr
    assert len(service.requests) == 1


def test_a_dry_run_writes_the_push_to_a_file(cli: Cli, tmp_path: Path, service: Server) -> None:
    configure(tmp_path, hook(service))
    assert cli(*(part for part in RUN if part != "--send")).returncode == 0
    done = cli("send", "--state", "s.db", "--dry-run", "--out", "letters")
    (file,) = done.stdout.split()
    assert (tmp_path / file).read_text("utf-8").startswith("Morning: ")
    assert service.connections == 0


def test_an_ntfy_server_of_ones_own_gets_the_front_page(cli: Cli, tmp_path: Path, service: Server) -> None:
    service.serves("/", "{}", type="application/json")
    configure(tmp_path, f'"ntfy://127.0.0.1:{service.port}/news"')
    assert cli(*RUN).returncode == 0
    (seen,) = service.requests
    said = json.loads(seen.body)
    assert said["topic"] == "news"
    assert "tram" in said["message"].lower()
