"""`briefing schedule` as a person types it: real files in a home of its own; the system's tools are small scripts that
keep a crontab or a link as the real ones do, and write down how they were called."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ..conftest import Cli

CRONTAB = """#!/bin/sh
PATH=/usr/bin:/bin
echo "crontab $*" >>"$TOOLS/calls"
if [ -n "$TOOLS_FAIL" ]; then echo "$TOOLS_FAIL" >&2; exit 1; fi
case "$1" in
-l) cat "$TOOLS/tab" 2>/dev/null || { echo "no crontab for me" >&2; exit 1; } ;;
-r) rm "$TOOLS/tab" ;;
-) if [ -n "$TOOLS_FORGET" ]; then cat >/dev/null; else cat >"$TOOLS/tab"; fi ;;
esac
"""

SYSTEMCTL = """#!/bin/sh
PATH=/usr/bin:/bin
echo "systemctl $*" >>"$TOOLS/calls"
if [ -n "$TOOLS_FAIL" ]; then echo "$TOOLS_FAIL" >&2; exit 1; fi
units="$XDG_CONFIG_HOME/systemd/user"
link="$units/timers.target.wants/briefing.timer"
stamps="$XDG_DATA_HOME/systemd/timers"
case "$2" in
enable) mkdir -p "${link%/*}" "$stamps"; ln -sf "$units/briefing.timer" "$link"; touch "$stamps/stamp-briefing.timer" ;;
disable) rm "$link" ;;
is-active) if [ -e "$link" ]; then echo active; else echo inactive; exit 3; fi ;;
esac
"""

LAUNCHCTL = """#!/bin/sh
PATH=/usr/bin:/bin
echo "launchctl $*" >>"$TOOLS/calls"
case "$1" in
bootstrap) [ -n "$TOOLS_FAIL" ] && { echo "$TOOLS_FAIL" >&2; exit 5; }; touch "$TOOLS/loaded" ;;
bootout) [ -e "$TOOLS/loaded" ] && rm "$TOOLS/loaded" ;;
print) [ -e "$TOOLS/loaded" ] ;;
esac
"""

SCRIPTS = {"crontab": CRONTAB, "systemctl": SYSTEMCTL, "launchctl": LAUNCHCTL}

pytestmark = pytest.mark.posix


class Machine:
    """A folder of tools that is all there is on PATH."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.setenv("TOOLS", str(folder))
        monkeypatch.setenv("PATH", str(folder / "bin"))
        (folder / "bin").mkdir(parents=True)

    def has(self, *names: str) -> None:
        for name in names:
            script = self.folder / "bin" / name
            script.write_text(SCRIPTS[name])
            script.chmod(0o755)

    @property
    def calls(self) -> list[str]:
        log = self.folder / "calls"
        return log.read_text().splitlines() if log.exists() else []

    @property
    def crontab(self) -> Path:
        return self.folder / "tab"


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path_factory.mktemp("tools"), monkeypatch)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration in a folder whose name needs quoting everywhere."""
    folder = tmp_path / 'my 100% "daily" it\'s $HOME'
    folder.mkdir()
    (folder / "story.txt").write_text(
        "Council approves tram line\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital, ending a "
        "dispute of two years.\n\nConstruction is due to start in March and to cost 212 million pounds."
    )
    path = folder / "briefing.toml"
    path.write_text('engine = "extractive"\n[[sources]]\npath = "story.txt"\n')
    return path


def home() -> Path:
    return Path(os.environ["HOME"])


def everything() -> set[Path]:
    return set(home().rglob("*"))


def units() -> Path:
    return Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user"


def agent() -> Path:
    return home() / "Library" / "LaunchAgents" / "briefing.daily.plist"


def with_mail(config: Path, password_command: str = "") -> None:
    """Has it send; with a login where there is a command for its password."""
    login = f"user = 'ann'\npassword_command = '{password_command}'\n" if password_command else ""
    mail = f"[mail]\nhost = '127.0.0.1'\nsecurity = 'none'\nsender = 'ann@example.org'\n{login}"
    config.write_text(f"{config.read_text()}{mail}[[mail.recipients]]\naddress = 'bob@example.org'\n")


KINDS = {"systemd": "systemctl", "cron": "crontab", "launchd": "launchctl"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_installed_and_removed_leaves_no_trace(cli: Cli, machine: Machine, config: Path, kind: str) -> None:
    machine.has(KINDS[kind])
    before = everything()
    for at in ("6:30", "07:45"):
        done = cli("schedule", "install", "--at", at, "--config", config, "--with", kind)
        assert done.returncode == 0, done.stderr
        assert done.stdout
    assert "07:45" in done.stderr
    assert str(config.parent / "briefings") in done.stderr
    shown = cli("schedule", "show")
    assert shown.returncode == 0
    assert re.search(rf"^{kind}: every day at 07:45, next \d{{4}}-\d\d-\d\d 07:45 ", shown.stdout)
    assert "06:30" not in shown.stdout
    removed = cli("schedule", "remove")
    assert (removed.returncode, removed.stderr) == (0, "")
    assert removed.stdout == done.stdout
    assert everything() == before
    assert not machine.crontab.exists()
    assert not (machine.folder / "loaded").exists()
    assert "Nothing is scheduled" in cli("schedule", "remove").stderr
    assert "Nothing is scheduled" in cli("schedule", "show").stderr


@pytest.mark.slow
def test_systemd_gets_a_service_and_a_timer_that_makes_up_for_missed_runs(
    cli: Cli, machine: Machine, config: Path
) -> None:
    machine.has("systemctl")
    with_mail(config)
    done = cli("schedule", "install", "--at", "06:30", "-c", config, "--send", "--with", "systemd")
    assert done.stdout.splitlines() == [str(units() / "briefing.service"), str(units() / "briefing.timer")]
    assert machine.calls == [
        "systemctl --user show-environment",
        "systemctl --user daemon-reload",
        "systemctl --user enable --now briefing.timer",
    ]
    timer = (units() / "briefing.timer").read_text()
    assert "OnCalendar=*-*-* 06:30:00\nPersistent=true\n" in timer
    service = (units() / "briefing.service").read_text()
    assert "-m briefing run " in service  # the journal shows what it does
    assert re.search(r"^ExecStart=/.* --send$", service, re.MULTILINE)
    assert "linger" in done.stderr
    shown = cli("schedule", "show").stdout
    assert service.strip() in shown
    assert timer.strip() in shown


@pytest.mark.slow
def test_a_second_install_starts_the_timer_anew(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("systemctl")
    for _ in range(2):
        cli("schedule", "install", "-c", config, "--with", "systemd")
    assert machine.calls[-1] == "systemctl --user restart briefing.timer"


@pytest.mark.slow
def test_nothing_of_this_shell_but_folders_gets_into_a_file(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("systemctl")
    cli("schedule", "install", "-c", config, "--with", "systemd", BRIEFING_API_KEY="s3cret", BRIEFING_MODELS="models")
    service = (units() / "briefing.service").read_text()
    assert "s3cret" not in service
    assert f"Environment=BRIEFING_MODELS={config.parents[1]}/models" in service.replace('"', "")


@pytest.mark.slow
def test_a_timer_that_is_not_running_is_called_so(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("systemctl")
    cli("schedule", "install", "-c", config, "--with", "systemd")
    (units() / "timers.target.wants" / "briefing.timer").unlink()
    assert "not started. Run: systemctl --user daemon-reload && " in cli("schedule", "show").stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["systemd", "launchd"])
def test_without_the_tool_files_are_written_and_the_command_is_said(
    cli: Cli, machine: Machine, config: Path, kind: str
) -> None:
    before = everything()
    done = cli("schedule", "install", "-c", config, "--with", kind)
    assert done.returncode == 1
    assert all(Path(line).exists() for line in done.stdout.splitlines())
    assert re.search(r"^  (systemctl --user daemon-reload && systemctl --user enable|launchctl bootstrap gui/)",
                     done.stderr, re.MULTILINE)  # fmt: skip
    shown = cli("schedule", "show").stdout.splitlines()[0]
    assert shown.startswith(f"{kind}: every day at 06:30; written, but not loaded as far as can be seen. Run: ")
    assert cli("schedule", "remove").returncode == 0
    assert everything() == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "said", "part"),
    [
        ("systemd", "Failed to connect to bus: No medium found", "systemctl --user enable --now briefing.timer"),
        ("launchd", "Bootstrap failed: 125: Domain does not support specified action", "launchctl bootstrap gui/"),
        ("cron", "You (me) are not allowed to use this program (crontab)", "--with systemd"),
    ],
)
def test_a_tool_that_fails_is_one_clear_line(
    cli: Cli, machine: Machine, config: Path, kind: str, said: str, part: str
) -> None:
    machine.has(KINDS[kind])
    before = everything()
    done = cli("schedule", "install", "-c", config, "--with", kind, TOOLS_FAIL=said)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert part in done.stderr
    shown = cli("schedule", "show", TOOLS_FAIL=said).stdout.partition("\n")[0]
    assert ", next " not in shown
    assert (part in shown) is (kind != "cron")  # of which nothing was written
    cli("schedule", "remove", TOOLS_FAIL=said)
    assert everything() == before


@pytest.mark.slow
def test_a_timer_that_cannot_be_stopped_is_said(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("systemctl")
    cli("schedule", "install", "-c", config, "--with", "systemd")
    done = cli("schedule", "remove", TOOLS_FAIL="Failed to connect to bus")
    assert done.returncode == 1
    assert "until you log out" in done.stderr
    assert not units().exists()


@pytest.mark.slow
def test_somebody_elses_unit_is_left_alone(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("systemctl")
    units().mkdir(parents=True)
    (units() / "briefing.service").write_text("[Service]\nExecStart=/bin/true\n")
    done = cli("schedule", "install", "-c", config, "--with", "systemd")
    assert done.returncode == 3
    assert "briefing.service" in done.stderr
    cli("schedule", "remove")
    assert (units() / "briefing.service").read_text() == "[Service]\nExecStart=/bin/true\n"
    assert not (units() / "briefing.timer").exists()


@pytest.mark.slow
def test_folders_that_others_use_stay(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("systemctl")
    cli("schedule", "install", "-c", config, "--with", "systemd")
    (units() / "mine.timer").touch()
    cli("schedule", "remove")
    assert [path.name for path in units().iterdir()] == ["mine.timer"]


# --- cron ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_other_lines_of_the_crontab_are_untouched(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("crontab")
    mine = b"MAILTO=me\r\n# caf\xe9\n0 1 * * * echo 100\\% > /dev/null\n"
    machine.crontab.write_bytes(mine)
    done = cli("schedule", "install", "--at", "6:05", "-c", config, "--with", "cron")
    assert done.returncode == 0, done.stderr
    assert "does not make up" in done.stderr
    assert machine.crontab.read_bytes().startswith(mine)
    assert machine.crontab.read_bytes().count(b"\n") == 3 + 3
    assert "@reboot" not in machine.crontab.read_text("latin-1")
    assert cli("schedule", "remove").stdout == "crontab\n"
    assert machine.crontab.read_bytes() == mine


@pytest.mark.slow
def test_what_stands_in_the_crontab_makes_an_edition(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("crontab")
    cli("schedule", "install", "--at", "6:05", "-c", config, "--with", "cron")
    (line,) = [line for line in machine.crontab.read_text().splitlines() if not line.startswith("#")]
    minute, hour, day, month, weekday, command = line.split(" ", 5)
    assert (minute, hour, day, month, weekday) == ("5", "6", "*", "*", "*")
    (config.parent / "json.py").write_text("raise SystemExit('a module of the configuration folder was imported')")
    done = subprocess.run(["/bin/sh", "-c", command.replace("\\%", "%")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list((config.parent / "briefings").glob("*.md"))


@pytest.mark.slow
def test_a_crontab_that_does_not_keep_the_block_is_an_error(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("crontab")
    done = cli("schedule", "install", "-c", config, "--with", "cron", TOOLS_FORGET="1")
    assert (done.returncode, done.stdout) == (3, "")
    assert "crontab: it took the new table" in done.stderr
    machine.crontab.write_text("MAILTO=me\n")
    assert cli("schedule", "install", "-c", config, "--with", "cron").returncode == 0
    removed = cli("schedule", "remove", TOOLS_FORGET="1")
    assert (removed.returncode, removed.stdout) == (3, "")
    assert "crontab -e" in removed.stderr


@pytest.mark.slow
def test_without_cron_there_is_a_remedy(cli: Cli, machine: Machine, config: Path) -> None:
    done = cli("schedule", "install", "-c", config, "--with", "cron")
    assert done.returncode == 3
    assert "--with systemd" in done.stderr


# --- launchd, Windows ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_launchd_gets_an_agent(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("launchctl")
    for _ in range(2):
        done = cli("schedule", "install", "-c", config, "--with", "launchd")
    assert done.stdout == f"{agent()}\n"
    agent_ = plistlib.loads(agent().read_bytes())
    assert agent_["ProgramArguments"] == [
        str(Path(sys.executable).absolute()), "-P", "-m", "briefing", "run", str(config)
    ]  # fmt: skip
    assert agent_["StartCalendarInterval"] == {"Hour": 6, "Minute": 30}
    bootstrap = f"launchctl bootstrap gui/{os.getuid()} {agent()}"
    assert machine.calls == [bootstrap, f"launchctl bootout gui/{os.getuid()}/briefing.daily", bootstrap]


@pytest.mark.slow
def test_for_windows_a_batch_file_is_written_and_a_command_printed(cli: Cli, machine: Machine, config: Path) -> None:
    text = config.read_text()
    config = config.parents[1] / "briefing.toml"  # quotation marks are in no path of Windows
    config.write_text(text)
    before = everything()
    done = cli("schedule", "install", "--at", "6:05", "-c", config, "--with", "windows")
    assert done.returncode == 0, done.stderr
    batch, command = done.stdout.splitlines()
    assert command.startswith("schtasks /Create /F /TN briefing /SC DAILY /ST 06:05 /TR ")
    assert batch in command
    written = Path(batch).read_text()
    assert f'set "BRIEFING_STATE={os.environ["BRIEFING_STATE"]}"' in written
    assert f'set "PATH={os.environ["PATH"]}"' in written
    assert f'cd /d "{config.parent}"' in written
    shown = cli("schedule", "show").stdout.splitlines()[0]
    start = f"not loaded as far as can be seen. Run: {command}"
    assert shown == f"windows: every day at 06:05; written, but {start}"
    program(machine.folder / "bin", "schtasks", "task")
    assert cli("schedule", "show").stdout.startswith("windows: every day at 06:05, next ")
    assert cli("schedule", "remove").stdout == f"{batch}\n"
    assert everything() == before


# --- the environment of the run -----------------------------------------------------------------------------------


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)


def as_started(kind: str, machine: Machine) -> tuple[list[str], dict[str, str], str]:
    """Command, variables and folder of what was installed, as the scheduler that read it would start it."""
    user = {"HOME": home_of_login(), "SHELL": "/bin/sh"}
    if kind == "cron":
        (line,) = [line for line in machine.crontab.read_text().splitlines() if not line.startswith("#")]
        script = line.split(" ", 5)[5].replace("\\%", "%")
        return ["/bin/sh", "-c", script], {**user, "PATH": "/usr/bin:/bin"}, user["HOME"]
    if kind == "launchd":
        job = plistlib.loads(agent().read_bytes())
        return job["ProgramArguments"], {**user, **job["EnvironmentVariables"]}, job["WorkingDirectory"]
    settings = [line.partition("=") for line in (units() / "briefing.service").read_text().splitlines()]
    # shlex takes quotation marks and backslashes as systemd.syntax(7) does, where there is no other escape.
    words = {
        name: [shlex.split(value.replace("%%", "%")) for key, _, value in settings if key == name]
        for name in ("Environment", "ExecStart")
    }
    variables = dict(variable.split("=", 1) for (variable,) in words["Environment"])
    (command,) = words["ExecStart"]
    (folder,) = [value for name, _, value in settings if name == "WorkingDirectory"]
    return [word.replace("$$", "$") for word in command], {**user, **variables}, folder.replace("%%", "%")


def home_of_login() -> str:
    import pwd

    return pwd.getpwuid(os.getuid()).pw_dir


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_installed_with_an_empty_environment_it_runs_as_it_is_started(
    machine: Machine, config: Path, tmp_path: Path, kind: str
) -> None:
    machine.has(KINDS[kind])
    needed = ("PATH", "HOME", "TOOLS", "XDG_CONFIG_HOME", "PYTHONPATH")
    shell = {name: os.environ[name] for name in needed if name in os.environ}
    install = [sys.executable, "-m", "briefing", "schedule", "install", "-c", str(config), "--with", kind]
    done = subprocess.run(
        ["/usr/bin/env", "-i", *(f"{name}={value}" for name, value in shell.items()), *install],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    command, variables, folder = as_started(kind, machine)
    run = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    # cron mails what a run says; the journal and launchd's log keep it.
    assert run.stderr == "" if kind == "cron" else "Stories   1 summarised" in run.stderr
    assert list((config.parent / "briefings").glob("*.md"))
    # The state is where the shell's own run looks for it.
    assert (home() / ".local" / "share" / "briefing" / "state.db").exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_would_send_but_has_no_mail_is_refused(cli: Cli, machine: Machine, config: Path, kind: str) -> None:
    machine.has(KINDS[kind])
    before = everything()
    done = cli("schedule", "install", "-c", config, "--send", "--with", kind)
    assert done.returncode == 2
    assert "mail.sender: it is not set. Set it in [mail]" in done.stderr
    assert (everything(), done.stdout) == (before, "")
    assert not machine.crontab.exists()
    assert cli("schedule", "install", "-c", config, "--with", kind).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_programs_are_found_where_the_shell_finds_them(
    cli: Cli, machine: Machine, config: Path, tmp_path: Path, kind: str
) -> None:
    machine.has(KINDS[kind])
    with_mail(config, password_command="my-pass show mail")
    refused = cli("schedule", "install", "-c", config, "--send", "--with", kind)
    assert refused.returncode == 2
    assert "mail.password_command" in refused.stderr
    program(tmp_path / "tools of mine", "my-pass", "s3cret")
    shell = os.pathsep.join([os.environ["PATH"], str(tmp_path / "tools of mine")])
    done = cli("schedule", "install", "-c", config, "--send", "--with", kind, PATH=shell)
    assert done.returncode == 0, done.stderr
    _, variables, _ = as_started(kind, machine)
    shown = cli("schedule", "show").stdout
    assert "s3cret" not in shown
    assert "tools of mine" in (shown if kind == "cron" else variables["PATH"])


@pytest.mark.slow
def test_variables_of_the_scheduler_are_used_in_the_rehearsal(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("crontab", "systemctl")
    with_mail(config, password_command="no-such-program")
    install = ("schedule", "install", "-c", config, "--send", "--with")
    assert cli(*install, "cron").returncode == 2
    machine.crontab.write_text("BRIEFING_SMTP_PASSWORD='a secret'\n")
    assert cli(*install, "cron").returncode == 0
    assert cli(*install, "systemd").returncode == 2
    program(machine.folder / "bin", "systemctl", "BRIEFING_SMTP_PASSWORD=\\$\\'it\\\\\\'s\\'")
    assert cli(*install, "systemd").returncode == 0
    # A variable of this shell is none of the job's.
    machine.has("systemctl")
    assert cli(*install, "systemd", BRIEFING_SMTP_PASSWORD="x").returncode == 2
    assert cli(*install, "systemd", "--no-check").returncode == 0


@pytest.mark.slow
def test_a_folder_of_models_is_kept_and_a_model_that_is_not_in_it_is_said(
    cli: Cli, machine: Machine, config: Path, tmp_path: Path
) -> None:
    machine.has("systemctl")
    config.write_text(config.read_text().replace('engine = "extractive"\n', ""))
    done = cli("schedule", "install", "-c", config, "--with", "systemd", XDG_CACHE_HOME="cache")
    assert done.returncode == 0, done.stderr
    assert f"is not in {tmp_path}/cache/briefing/models: the next run pulls it" in done.stderr
    assert as_started("systemd", machine)[1]["XDG_CACHE_HOME"] == str(tmp_path / "cache")


@pytest.mark.slow
def test_a_check_reads_and_writes_nothing(cli: Cli, config: Path, tmp_path: Path) -> None:
    before = {*everything(), *tmp_path.rglob("*")}
    done = cli("run", config, "--check")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "All that a run needs is there.\n")
    (config.parent / "story.txt").rename(config.parent / "other.txt")
    assert "there is no such file" in cli("run", config, "--check").stdout
    (config.parent / "other.txt").rename(config.parent / "story.txt")
    assert {*everything(), *tmp_path.rglob("*")} == before


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code", "part"),
    [
        ("engine = 'magic'", 2, "magic"),
        ("engine = 'extractive'\ntemplates = 'nowhere'", 2, "nowhere"),
        ("engine = 'extractive'\nprompts = 'nowhere'", 2, "nowhere"),
        ("engine = 'extractive'\nout = 'story.txt/below'", 3, "story.txt: cannot be written"),
        ("engine = 'extractive'\nstate = 'story.txt'", 3, "story.txt"),
        ("engine = 'openai'", 2, "--base-url"),
        ("offline = true\nmodels = 'nowhere'", 3, "models pull"),
        ("model = 'qwen2.5-coder-1.5'", 3, "qwen2.5-coder-1.5b"),
    ],
)
def test_a_check_finds_what_a_run_would_end_with(cli: Cli, config: Path, line: str, code: int, part: str) -> None:
    config.write_text(config.read_text().replace('engine = "extractive"', line))
    done = cli("run", config, "--check")
    assert (done.returncode, done.stdout) == (code, "")
    assert part in done.stderr
    assert cli("run", config, "--check", "--send").returncode in {2, 3}


@pytest.mark.slow
@pytest.mark.posix
def test_a_job_without_the_variable_of_a_header_is_not_installed(
    cli: Cli, machine: Machine, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.has("crontab")
    source = '[[sources]]\nurl = "https://example.org/feed"\nheaders = { Authorization = "Bearer $NEWS_TOKEN" }\n'
    config.write_text(config.read_text() + source)
    assert "NEWS_TOKEN of the environment is not set" in cli("run", config, "--check").stderr
    monkeypatch.setenv("NEWS_TOKEN", "abc")
    assert cli("run", config, "--check").returncode == 0
    done = cli("schedule", "install", "-c", config, "--with", "cron")
    assert done.returncode != 0
    assert "NEWS_TOKEN of the environment is not set" in done.stderr


# --- which one ----------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has launchd")
def test_the_usual_kind_is_systemd_where_a_session_is_there(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("crontab")
    assert cli("schedule", "install", "-c", config).stdout == "crontab\n"
    machine.has("systemctl")
    assert cli("schedule", "install", "-c", config, TOOLS_FAIL="Failed to connect to bus").returncode == 3
    assert "briefing.timer" in cli("schedule", "install", "-c", config).stdout
    # It took the place of cron's: two of them would run twice a day.
    assert not machine.crontab.exists()
    assert cli("schedule", "show").stdout.count("every day at") == 1


@pytest.mark.slow
def test_a_job_that_could_not_be_started_replaces_no_other(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("crontab")
    assert cli("schedule", "install", "-c", config, "--with", "cron").returncode == 0
    assert cli("schedule", "install", "-c", config, "--with", "launchd").returncode == 1
    assert machine.crontab.exists()
    assert "cron: every day at 06:30" in cli("schedule", "show").stdout


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has launchd")
def test_a_machine_with_neither_is_told_so(cli: Cli, machine: Machine, config: Path) -> None:
    done = cli("schedule", "install", "-c", config)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "docs/schedule.md" in done.stderr


# --- wrong use ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--at", "25:99"], "25:99"),
        (["--at", "soon"], "06:30"),
        (["--at", ""], "--at ''"),
        (["--config", "missing.toml"], "missing.toml"),
        (["--config", "broken.toml"], "titel"),
        (["--with", "atd"], "systemd"),
    ],
)
def test_wrong_use_changes_nothing(
    cli: Cli, machine: Machine, config: Path, tmp_path: Path, arguments: list[str], part: str
) -> None:
    machine.has("crontab", "systemctl")
    (tmp_path / "broken.toml").write_text("titel = 'x'\n")
    before = everything()
    given = [] if "--config" in arguments else ["--config", config]
    done = cli("schedule", "install", *given, *arguments)
    assert done.returncode == 2
    assert part in done.stderr
    assert "Traceback" not in done.stderr
    assert everything() == before
    assert machine.calls == []


@pytest.mark.slow
def test_a_folder_that_cannot_be_written_is_said(cli: Cli, machine: Machine, config: Path) -> None:
    machine.has("systemctl")
    units().parent.parent.mkdir()
    units().parent.write_text("a file where a folder should be")
    done = cli("schedule", "install", "-c", config, "--with", "systemd")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1


# --- one run at a time --------------------------------------------------------------------------------------------


@contextmanager
def run_under_way(*arguments: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """A run that waits for a server that says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(120)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/feed.xml"
        command = [sys.executable, "-m", "briefing", "run", "--source", address, "--allow-local", *arguments]
        run = subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, "NO_PROXY": "*"})
        try:
            connection, _ = server.accept()
            with connection:
                yield run
        finally:
            run.kill()
            run.wait()


@pytest.mark.slow
def test_two_runs_on_one_state_file_do_not_overlap(cli: Cli, config: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.db"
    with run_under_way("--state", state) as first:
        done = cli("run", config, "--state", state)
        assert done.returncode == 3
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert str(state) in done.stderr
        assert "another run" in done.stderr
        link = tmp_path / "link.db"
        link.symlink_to(state)
        assert cli("run", config, "--state", link).returncode == 3
        assert not (tmp_path / "briefings").exists()
        assert cli("run", config, "--state", state, "--dry-run").returncode == 0
        summarised = cli("summarise", config.parent / "story.txt", "--engine", "extractive", "--state", state)
        assert summarised.returncode == 0, summarised.stderr
        assert cli("run", config, "--state", tmp_path / "other.db").returncode == 0
        first.send_signal(signal.SIGKILL)
        first.wait()
        done = cli("run", config, "--state", state)
        assert done.returncode == 0, done.stderr


def test_a_lock_that_cannot_be_made_is_said(cli: Cli, config: Path, tmp_path: Path) -> None:
    (tmp_path / "state.db.lock").mkdir()
    done = cli("run", config, "--state", tmp_path / "state.db")
    assert done.returncode == 3
    assert "state.db.lock" in done.stderr
    assert done.stderr.count("\n") == 1
