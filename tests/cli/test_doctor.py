"""`briefing doctor` goes by the settings as a run does."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from briefing.extras import install_command
from briefing.testing.chat import ChatServer

from ..conftest import Cli

SITE = "https://news.example/feed"
SENDING = f'engine = "extractive"\n[[sources]]\nurl = "{SITE}"\n'
MAILBOX = 'engine = "extractive"\n[[sources]]\nimap = "imap://ann@localhost/INBOX"\n'
SERVER = 'base_url = "http://127.0.0.1:9/v1"\n'


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (f'model = "Qwen/Qwen2.5-7B-Instruct"\n{SERVER}', "ok      model: Qwen/Qwen2.5-7B-Instruct on the server"),
        (f'model = "openai:m-1"\n{SERVER}', "ok      model: m-1 on the server"),
        ('model = "facebook/bart-large-cnn"\n', "the next run pulls it"),
        (
            'model = "facebook/bart-large-cnn"\noffline = true\n',
            "broken  model: model facebook/bart-large-cnn: it is not",
        ),
        ('model = "openai:m-1"\n', "broken  model: engine openai: it needs the address of a server"),
        (SERVER, "broken  model: engine openai: it needs the name of a model"),
        ('engine = "nonsense"\n', "broken  engine: engine 'nonsense': no such engine is installed"),
        ('engine = "extractive"\n', "ok      model: none; extractive needs none"),
        ('engine = "extractive"\nembeddings = "none.gguf"\n', "broken  embeddings: none.gguf: there is no such file"),
        ('templates = "nowhere"\n', "broken  prompts and templates: {folder}/nowhere: there is no such folder"),
        ('out = "briefing.toml/editions"\n', "broken  editions: {folder}/briefing.toml"),
        ('state = "briefing.toml"\n', "broken  state: {folder}/briefing.toml"),
        ('engine = "extractive"\n[[sources]]\npath = "gone"\n', "broken  sources: sources: {folder}/gone: there is no"),
        (f'{SENDING}headers = {{ Key = "$NO_KEY" }}\n', f"broken  sources: {SITE}: header Key: the variable NO_KEY of"),
        (
            f'{SENDING}cookies = {{ a = {{ command = "no-such" }} }}\n',
            f"broken  sources: {SITE}: cookie a: there is no",
        ),
        (f'{SENDING}headers = {{ Key = "${{PATH}}" }}\n', "ok      sources: 1; "),
        (f'{SENDING}headers = {{ Key = {{ command = "touch run" }} }}\n', "ok      sources: 1; "),
        (f'offline = true\n{SENDING}headers = {{ Key = "$NO_KEY" }}\n', "ok      sources: 1; "),
        (f"{MAILBOX}", "broken  sources: ann@localhost/INBOX: its password is not known"),
        (
            f'{MAILBOX}password_command = "no-such"\n',
            "broken  sources: password_command of ann@localhost/INBOX: there is no",
        ),
        (f'{MAILBOX}password_command = "touch run"\n', "ok      sources: 1; "),
    ],
)
def test_the_doctor_finds_what_a_run_finds(cli: Cli, tmp_path: Path, settings: str, line: str) -> None:
    if "[[sources]]" not in settings:
        settings += '[[sources]]\npath = "briefing.toml"\n'
    (tmp_path / "briefing.toml").write_text(settings)
    done = cli("doctor", BRIEFING_MODELS=str(tmp_path / "models"))
    line = line.format(folder=tmp_path)
    assert line in done.stdout
    no_torch = "facebook" in settings and find_spec("torch") is None
    assert done.returncode == (1 if line.startswith("broken") or no_torch else 0), done.stdout
    assert not (tmp_path / "models").exists()
    assert not (tmp_path / "run").exists()  # commands that print secrets are not run


def test_the_doctor_finds_that_nothing_is_to_be_read(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty.toml").write_text('engine = "extractive"\n')
    done = cli("doctor", "-c", "empty.toml")
    assert (
        "broken  sources: empty.toml: it names no source. Add one with `briefing sources add -c empty.toml ADDRESS`"
    ) in " ".join(done.stdout.split(" "))
    assert (done.returncode, cli("run", "-c", "empty.toml").returncode) == (1, 2)


def test_of_a_configuration_that_cannot_be_read_nothing_is_said_but_that(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text('engin = "extractive"\n')
    done = cli("doctor", BRIEFING_MODELS=str(tmp_path / "models"))
    named = [line[8:].partition(":")[0] for line in done.stdout.splitlines()[1:]]
    assert named == ["configuration", "state", "extras", "schedule"]
    assert done.returncode == 1


@pytest.mark.slow
def test_a_run_with_what_the_doctor_finds_well_goes_well(
    cli: Cli, chat_server: ChatServer, story_file: Path, tmp_path: Path
) -> None:
    chat_server.says("# Trams\n- The council voted 31 to 14 for a tram line.")
    (tmp_path / "briefing.toml").write_text(
        f'model = "m-1"\nbase_url = "{chat_server.base_url}"\n[[sources]]\npath = "{story_file.name}"\n'
    )
    assert cli("doctor").returncode == 0
    assert not chat_server.asked
    assert cli("run").returncode == 0


@pytest.mark.slow
def test_the_doctor_says_that_pytorch_is_missing(tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text('model = "facebook/bart-large-cnn"\n')
    code = "import sys; sys.modules['torch'] = None; from briefing.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "doctor"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert (
        f"broken  engine: engine transformers: PyTorch is not installed. Install it: {install_command('torch')}"
        in done.stdout
    )


def test_the_doctor_says_whether_the_model_fits_and_measures_nothing(cli: Cli, tmp_path: Path) -> None:
    done = cli("doctor", BRIEFING_MODELS=str(tmp_path / "models"))
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("ok      model: ")]
    assert re.search(r"does now; it (?:fits|does not fit|needs) .*\d\.\d GB", line), line
    assert "Measuring" not in done.stderr
    assert not (tmp_path / "models").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["state.db", "state.db.ledger", "state.db.backup", "state.db.lock"])
def test_a_folder_in_place_of_the_state_file_or_a_companion(cli: Cli, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / "briefing.toml").write_text('engine = "extractive"\nstate = "state.db"\n[[sources]]\npath = "."\n')
    checked, ran = cli("doctor"), cli("run")
    assert f"broken  state: {tmp_path / name}: is a folder, not a file. " in checked.stdout
    assert f"{tmp_path / name}: " in ran.stderr
    assert "permission" not in ran.stderr
    assert (checked.returncode, ran.returncode) == (1, 0 if name.endswith("backup") else 3)


MAIL = '[mail]\nhost = "smtp.example.org"\nsender = "d@example.org"\nuser = "ann"\n{more}\n'
READER = '[[mail.recipients]]\naddress = "bob@example.org"\nsections = ["{section}"]\n'
WORLD = '[[sources]]\npath = "briefing.toml"\nsection = "World"\n'


@pytest.mark.parametrize(
    ("mail", "line"),
    [
        (MAIL.format(more="") + READER.format(section="World"), "there is no password for ann at smtp.example.org"),
        (MAIL.format(more="password_command = 'nowhere-to-be-found mail'"), "mail.recipients: there are none"),
        (
            MAIL.format(more="password_command = 'nowhere-to-be-found mail'") + READER.format(section="World"),
            "broken  mail: mail.password_command: there is no program 'nowhere-to-be-found'",
        ),
        (
            MAIL.format(more=f"password_command = ['{sys.executable}', 'x']") + READER.format(section="Wrold"),
            "no source has the section 'Wrold' of bob@example.org (did you mean 'World'?)",
        ),
        (
            MAIL.format(more=f"password_command = ['{sys.executable}', 'x']") + READER.format(section="World"),
            "ok      mail: 1 by smtp.example.org; the password's command was not run",
        ),
        ('[notify]\nurls = [{ env = "PUSH_NOWHERE" }]\n', "broken  push: notify.urls[1]: the variable PUSH_NOWHERE"),
    ],
)
def test_the_doctor_checks_mail_and_push(cli: Cli, tmp_path: Path, mail: str, line: str) -> None:
    (tmp_path / "briefing.toml").write_text(f'engine = "extractive"\n{mail}{WORLD}')
    done = cli("doctor")
    assert line in done.stdout
    assert done.returncode == (0 if line.startswith("ok") else 1)


def test_the_doctor_says_which_extras_are_missing_and_how_to_get_them(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("briefing.extras.find_spec", lambda name: object() if name == "pip" else None)
    (tmp_path / "briefing.toml").write_text('engine = "extractive"\n')
    done = cli("doctor")
    assert f"no PDF: {install_command('pdf')}" in done.stdout
    assert f"transformers needs PyTorch: {install_command('torch')}" in done.stdout
    assert "usable: extractive, llama, openai)" in done.stdout


def test_the_doctor_sees_that_a_scheduled_job_has_lost_its_configuration(cli: Cli, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(f'engine = "extractive"\n{WORLD.replace("briefing.toml", "own.toml")}')
    cli(
        "schedule", "install", "-c", "own.toml", "--no-check", "--with", "systemd"
    )  # without a session: the files alone
    (tmp_path / "briefing.toml").write_text('engine = "extractive"\n')
    lost = f"broken  schedule: systemd: the job reads {own}, which is not there any more"
    assert lost not in cli("doctor").stdout
    own.unlink()
    done = cli("doctor")
    assert (done.returncode, lost in done.stdout) == (1, True)
