"""What is written for each scheduler, read back by that scheduler's documented rules; systemd's by systemd itself."""

from __future__ import annotations

import os
import plistlib
import re
import shlex
import shutil
import subprocess
import sys
import time as zone
from contextlib import suppress
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from briefing.errors import ExitCode, ScheduleError, UsageError
from briefing.schedule import Job, JobStatus, SchedulerKind, next_run, parse_time
from briefing.schedule.cron import (
    BEGIN,
    END,
    block_in,
    block_time,
    cron_word,
    render_block,
    variables_in,
    with_block,
    without_block,
)
from briefing.schedule.environment import job_environment, login_environment
from briefing.schedule.files import folders_line, made_folders
from briefing.schedule.job import command_in
from briefing.schedule.launchd import plist_time, render_plist
from briefing.schedule.systemd import render_service, render_timer, timer_time
from briefing.schedule.windows import Windows, batch_time, create_command, render_batch

ODD = '/a b/100%/it\'s/\\%\\\\/"$HOME"/$$/`x`/;#~&|<>*?[]{}!/%%h/é—語'
LETTERS = st.one_of(
    st.sampled_from(" %\\'\"$`;#~@=%%\\\\-"),
    st.characters(exclude_categories=("Cc", "Cs", "Cn"), max_codepoint=0x2FFFF),
)
WORDS = st.text(LETTERS, max_size=30)
PATHS = WORDS.map(lambda text: "/" + text)
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
JOBS = st.builds(
    lambda program, rest, folder, at, value: Job(
        command=(program, *rest), folder=folder, at=at, environment=(("BRIEFING_STATE", value),)
    ),
    PATHS, st.lists(WORDS, max_size=4), PATHS, TIMES, PATHS,
)  # fmt: skip
ODD_JOB = Job(command=(ODD, ODD, "", ";", "--send"), folder=ODD, at=time(6, 30), environment=(("BRIEFING_STATE", ODD),))


@given(job=JOBS)
@example(job=ODD_JOB)
def test_the_command_of_an_installed_job_is_read_back(job: Job) -> None:
    written = {
        SchedulerKind.SYSTEMD: render_service(job),
        SchedulerKind.LAUNCHD: render_plist(job, Path("/log")).decode(),
    }
    with suppress(ScheduleError):  # too long for cron
        written[SchedulerKind.CRON] = render_block(job)
    for kind, text in written.items():
        status = JobStatus(kind=kind, files=(("place", text),), at=job.at, active=True)
        assert command_in(status) == job.command, kind


# --- systemd ------------------------------------------------------------------------------------------------------


def systemd_words(line: str) -> list[str]:
    """systemd.syntax(7): words at blanks, quotation marks, C escapes; then the specifier %%."""
    words, word, quote, position = [], None, "", 0
    while position < len(line):
        letter = line[position]
        if letter == "\\":
            position += 1
            assert line[position] in "\\\"'"
            word = (word or "") + line[position]
        elif quote:
            if letter == quote:
                quote = ""
            else:
                word = (word or "") + letter
        elif letter in "\"'":
            quote, word = letter, word or ""
        elif letter in " \t":
            words += [word] if word is not None else []
            word = None
        else:
            word = (word or "") + letter
        position += 1
    assert not quote
    words += [word] if word is not None else []
    for found in words:
        assert "%" not in found.replace("%%", "")
    return [found.replace("%%", "%") for found in words]


def systemd_command(words: list[str]) -> list[str]:
    """systemd.service(5): $$ is a dollar; then the shell that stands in for a program with an odd path."""
    for word in words:
        assert "$" not in word.replace("$$", "")
    words = [word.replace("$$", "$") for word in words]
    if words[:4] == ["/bin/sh", "-c", 'exec "$@"', "sh"]:
        return words[4:]
    assert not set(words[0]) & set("$'\"\\")
    return words


def setting(text: str, name: str) -> str:
    (value,) = [line.partition("=")[2] for line in text.split("\n") if line.startswith(f"{name}=")]
    return value


@given(JOBS)
@example(ODD_JOB)
def test_systemd_reads_back_what_was_written(job: Job) -> None:
    text = render_service(job)
    assert systemd_command(systemd_words(setting(text, "ExecStart"))) == list(job.command)
    assert setting(text, "WorkingDirectory").replace("%%", "%") == job.folder + "/"
    assert systemd_words(setting(text, "Environment")) == [f"BRIEFING_STATE={job.environment[0][1]}"]
    assert timer_time(render_timer(job)) == job.at
    # Neither the end of a line nor a backslash before it is part of a value.
    assert not [line for line in text.split("\n") if line.endswith("\\")]


def test_systemd_restarts_by_exit_code(tmp_path: Path) -> None:
    text = render_service(ODD_JOB)
    assert setting(text, "Restart") == "on-failure"
    assert setting(text, "RestartSec") == "15min"
    assert setting(text, "After") == "network-online.target"
    final = {int(code) for code in setting(text, "RestartPreventExitStatus").split()}
    assert final == {ExitCode.PARTLY, ExitCode.WRONG_USE, ExitCode.MAIL, ExitCode.STOPPED}
    # All tries of a day end before the next day's first, and there are hours of them.
    assert (setting(text, "StartLimitIntervalSec"), setting(text, "StartLimitBurst")) == ("20h", "8")


def analyze(service: Path, *, debug: bool) -> subprocess.CompletedProcess[str]:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here")
    variables = {"XDG_RUNTIME_DIR": str(service.parent), "SYSTEMD_LOG_LEVEL": "debug" if debug else "info"}
    timer = service.with_suffix(".timer")
    return subprocess.run(
        ["systemd-analyze", "--user", "verify", str(service), str(timer)],
        capture_output=True, text=True, check=False, env={**os.environ, **variables, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip


@pytest.mark.parametrize(
    "odd",
    ["plain", "a b", "100%", "it's", 'say "so"', "back\\slash", "end\\", "end ", "$HOME", "$$", "%h", "%%n", "é—語",
     "a #x", ";", "\\x41", "a\\%b"],
)  # fmt: skip
def test_systemd_analyze_parses_the_units(odd: str, tmp_path: Path) -> None:
    folder = tmp_path / odd
    folder.mkdir()
    program = folder / "python"
    program.symlink_to(sys.executable)
    job = Job(
        command=(str(program), "-m", "briefing", str(folder / "briefing.toml"), odd),
        folder=str(folder), at=time(6, 30), environment=(("BRIEFING_STATE", odd),),
    )  # fmt: skip
    service = tmp_path / "briefing.service"
    service.write_text(render_service(job), "utf-8")
    service.with_suffix(".timer").write_text(render_timer(job), "utf-8")
    done = analyze(service, debug=False)
    assert done.returncode == 0, done.stderr
    assert service.stem not in done.stderr  # of other units of this machine it may complain
    dump = analyze(service, debug=True)
    said = dump.stdout + dump.stderr

    def shown(name: str) -> str:
        (value,) = set(re.findall(rf"^\t+{name}: (.*)$", said, re.MULTILINE))
        return str(value)

    if "Command Line: " not in said:
        pytest.skip("this systemd does not show what it read")
    assert shown("WorkingDirectory") == str(folder)
    assert shown("Environment") == f"BRIEFING_STATE={odd}"
    # It shows words as a shell would take them, and the dollars as they stand in the unit.
    words = subprocess.run(
        ["/bin/sh", "-c", f"printf '%s\\0' {shown('Command Line')}"], capture_output=True, check=True
    )
    assert systemd_command(words.stdout.decode().split("\0")[:-1]) == list(job.command)


# --- cron ---------------------------------------------------------------------------------------------------------


def vixie(command: str, *, pairs: bool) -> str:
    """What cron hands to the shell (crontab(5)); some take a pair of backslashes for one."""
    out, position = "", 0
    while position < len(command):
        letter, following = command[position], command[position + 1 : position + 2]
        assert letter != "%", "cron would end the command here"
        if letter == "\\" and following and (following == "%" or (pairs and following == "\\")):
            out, position = out + following, position + 2
        elif letter == "\\" and following:
            out, position = out + letter + following, position + 2
        else:
            out, position = out + letter, position + 1
    return out


@given(WORDS)
@example(ODD)
@example("\\")
@example("a\\\\%")
def test_cron_quoting_works_for_every_cron(word: str) -> None:
    written = cron_word(word)
    for given_to_shell in (vixie(written, pairs=False), vixie(written, pairs=True), written):
        assert shlex.split(given_to_shell) == [word]


def test_a_real_shell_agrees() -> None:
    for word in (ODD, "", "\\", "\\\\", "%", "a\\%b", "'", "~", "*"):
        command = f"printf %s {vixie(cron_word(word), pairs=True)}"
        assert subprocess.run(["/bin/sh", "-c", command], capture_output=True, check=True).stdout.decode() == word


@given(JOBS)
@example(ODD_JOB)
def test_a_block_is_five_fields_and_one_command(job: Job) -> None:
    try:
        block = render_block(job)
    except ScheduleError as error:
        assert "998" in str(error)  # noqa: PT017
        return
    begin, line, end, rest = block.split("\n")
    assert (begin, end, rest) == (BEGIN, END, "")
    minute, hour, day, month, weekday, command = line.split(" ", 5)
    assert time(int(hour), int(minute)) == job.at == block_time(block)
    assert (day, month, weekday) == ("*", "*", "*")
    words = shlex.split(vixie(command, pairs=True))
    assert words[:4] == ["cd", job.folder, "&&", f"BRIEFING_STATE={job.environment[0][1]}"]
    assert words[4:] == [*job.command, ">/dev/null"]


def test_a_command_that_cron_would_truncate_is_refused() -> None:
    with pytest.raises(ScheduleError, match="998 bytes"):
        render_block(Job(command=("/" + "x" * 1000,), folder="/", at=time(1)))


LINES = st.lists(st.sampled_from(["", "# mine", "MAILTO=me", "0 1 * * * true", "\r", "# <<< briefing", "\udcff"]))


@given(LINES.map(lambda lines: "".join(f"{line}\n" for line in lines)), LINES)
def test_other_lines_of_a_crontab_stay_as_they_are(before: str, after: list[str]) -> None:
    block, other = render_block(ODD_JOB), render_block(Job(command=("/bin/x",), folder="/", at=time(7)))
    assert without_block(with_block(before, block)) == before
    text = with_block(before, block) + "".join(f"{line}\n" for line in after)
    assert with_block(text, other) == text.replace(block, other)
    assert block_in(with_block(text, other)) == other
    assert with_block(before, block) == with_block(with_block(before, other), block)


def test_a_block_without_an_end_mark_is_an_error() -> None:
    with pytest.raises(ScheduleError, match="crontab -e"):
        without_block(f"{BEGIN}\n0 1 * * * true\n")


def test_a_crontab_that_does_not_end_its_last_line_gets_a_line_of_its_own() -> None:
    assert with_block("0 1 * * * true", "block\n") == "0 1 * * * true\nblock\n"


# --- launchd, Windows ---------------------------------------------------------------------------------------------


@given(JOBS, st.lists(PATHS, max_size=3).map(tuple))
@example(ODD_JOB, ("/a--b", "/c-->d"))
def test_launchd_reads_back_what_was_written(job: Job, made: tuple[str, ...]) -> None:
    data = render_plist(job, Path("/log"), made)
    agent = plistlib.loads(data)
    assert agent["ProgramArguments"] == list(job.command)
    assert agent["WorkingDirectory"] == job.folder
    assert agent["EnvironmentVariables"] == dict(job.environment)
    assert agent["StartCalendarInterval"] == {"Hour": job.at.hour, "Minute": job.at.minute}
    assert plist_time(data.decode()) == job.at
    assert made_folders(data.decode()) == made


@pytest.mark.parametrize("text", ["", "<plist", "<plist><dict/></plist>", "<plist><array/></plist>"])
def test_an_edited_property_list_has_no_time(text: str) -> None:
    assert plist_time(text) is None


def test_the_schtasks_command_is_quoted() -> None:
    assert create_command(r"C:\My Data\daily.cmd", time(6)) == (
        "schtasks /Create /F /TN briefing /SC DAILY /ST 06:00 /TR " + r'"\"C:\My Data\daily.cmd\""'
    )


def cmd_words(line: str) -> list[str]:
    """Words between quotation marks, as cmd.exe (for which %% is a percent sign) and then the C runtime take them."""
    assert "%" not in line.replace("%%", "")
    words = re.findall(r'"((?:[^"])*)"(?: |$)', line)
    assert line == " ".join(f'"{word}"' for word in words)
    for word in words:
        assert (len(word) - len(word.rstrip("\\"))) % 2 == 0  # else the last quotation mark would be one of the word's
    return [re.sub(r"(\\+)$", lambda m: m[1][: len(m[1]) // 2], word).replace("%%", "%") for word in words]


@given(JOBS, st.lists(PATHS, max_size=3).map(tuple))
def test_windows_reads_back_what_was_written(job: Job, made: tuple[str, ...]) -> None:
    if '"' in "".join((*job.command, job.folder, job.environment[0][1])):
        with pytest.raises(UsageError, match="quotation mark"):
            render_batch(job, made)
        return
    text = render_batch(job, made)
    *_, variable, folder, command, status, rest = text.split("\r\n")
    assert "chcp 65001 >nul\r\n" in text
    assert variable.replace("%%", "%") == f'set "BRIEFING_STATE={job.environment[0][1]}"'
    assert cmd_words(folder.removeprefix("cd /d ")) == [job.folder]
    assert cmd_words(command) == list(job.command)
    assert (status, rest) == ("exit /b %errorlevel%", "")
    assert batch_time(text) == job.at
    assert made_folders(text.replace("%%", "%")) == made


# --- variables ----------------------------------------------------------------------------------------------------


def test_path_variables_are_kept_as_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bin").mkdir()
    shell = {
        "XDG_CACHE_HOME": "cache",
        "BRIEFING_MODELS": "~/models",
        "HOME": "/elsewhere",
        "PATH": os.pathsep.join([f"{tmp_path}/bin", "", "bin", f"{tmp_path}/gone", f"{tmp_path}/bin", str(tmp_path)]),
        "BRIEFING_API_KEY": "s3cret",
        "HTTPS_PROXY": "http://ann:s3cret@proxy",
        "XDG_DATA_HOME": "",
        "LANG": "de_DE.UTF-8",
    }
    assert dict(job_environment(shell)) == {
        "XDG_CACHE_HOME": f"{tmp_path}/cache",
        "BRIEFING_MODELS": str(Path("~/models").expanduser()),
        "HOME": "/elsewhere",
        "PATH": f"{tmp_path}/bin{os.pathsep}{tmp_path}",
    }


@pytest.mark.posix
def test_login_variables_are_not_written() -> None:
    assert job_environment({"HOME": login_environment()["HOME"]}) == ()


def test_without_a_passwd_entry_all_variables_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pwd", None)  # Windows
    shell = {"BRIEFING_STATE": "/state.db", "XDG_CACHE_HOME": "/cache", "BRIEFING_API_KEY": "s3cret"}
    for name, value in shell.items():
        monkeypatch.setenv(name, value)
    places = {name: str(Path(shell[name]).absolute()) for name in ("BRIEFING_STATE", "XDG_CACHE_HOME")}
    carried = dict(job_environment(os.environ))
    assert carried.items() >= places.items()
    assert "BRIEFING_API_KEY" not in carried
    # A rehearsal has the shell's only through what is carried; the system's own it has as they are.
    monkeypatch.setenv("SYSTEMROOT", "C:\\Windows")
    given = Windows().environment()
    assert given["SYSTEMROOT"] == "C:\\Windows"
    if sys.platform != "win32":  # there the registry may have them
        assert not given.keys() & shell.keys()


def test_variables_of_a_crontab_above_the_block_are_read() -> None:
    before = "# A=1\nMAILTO=me\n  KEY = \"a b\" \n'Q'='x'\n5 6 * * * X=1 true\nEMPTY=\n"
    crontab = with_block(before, render_block(ODD_JOB)) + "LATE=1\n"
    assert variables_in(crontab) == {"MAILTO": "me", "KEY": "a b", "Q": "x", "EMPTY": ""}
    assert variables_in(before + "LATE=1\n")["LATE"] == "1"


def test_a_path_too_long_for_cron_is_named_as_the_reason() -> None:
    job = Job(command=("/x",), folder="/", at=time(1), environment=(("HOME", "/h"), ("PATH", "/p" * 600)))
    with pytest.raises(ScheduleError, match=r"PATH=\.\.\. briefing schedule install"):
        render_block(job)


# --- jobs and times -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("word", ["a\nb", "a\tb", "\x00", "\x7f", "\x85", "\udcff", "\uffff", "\ufdd0"])
def test_control_characters_in_a_job_are_refused(word: str) -> None:
    for job in ({"command": ("/x", word), "folder": "/"}, {"command": ("/x",), "folder": word}):
        with pytest.raises(UsageError, match="no scheduler"):
            Job(at=time(1), **job)  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "at"), [("6:30", time(6, 30)), ("06:30", time(6, 30)), ("0:00", time(0)),
                                          ("23:59", time(23, 59))])  # fmt: skip
def test_times_are_read(text: str, at: time) -> None:
    assert parse_time(text) == at


@pytest.mark.parametrize("text", ["25:99", "24:00", "6", "6:3", "06:60", "6.30", "", "-1:00", "06:30:00", "٠٦:٣٠"])
def test_an_invalid_time_of_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="06:30"):
        parse_time(text)


@given(TIMES, st.datetimes(datetime(2000, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC)))
def test_the_next_run_is_within_a_day_or_the_clocks_go_back(at: time, now: datetime) -> None:
    moment = next_run(at, now)
    assert timedelta(0) < moment - now <= timedelta(hours=25)


@pytest.mark.skipif(not hasattr(zone, "tzset"), reason="this system's zone cannot be changed for a test")
@pytest.mark.parametrize(
    ("at", "now", "expected"),
    [
        ("06:30", "2024-05-17T05:29:59+00:00", "2024-05-17T06:30:00+01:00"),
        ("06:30", "2024-05-17T05:30:00+00:00", "2024-05-18T06:30:00+01:00"),
        ("01:30", "2024-03-31T00:00:00+00:00", "2024-03-31T02:30:00+01:00"),
        ("06:30", "2024-03-30T12:00:00+00:00", "2024-03-31T06:30:00+01:00"),
        ("06:30", "2024-10-26T12:00:00+00:00", "2024-10-27T06:30:00+00:00"),
    ],
)
def test_the_next_run_is_by_the_clock_of_the_machine(
    at: str, now: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/London")
        zone.tzset()
        moment = next_run(parse_time(at), datetime.fromisoformat(now))
    zone.tzset()
    assert moment.isoformat() == expected


@given(st.lists(WORDS).map(tuple))
def test_made_folders_round_trip(folders: tuple[str, ...]) -> None:
    assert made_folders(f"# {folders_line(folders)}\nmore") == folders


def test_an_edited_folders_line_is_ignored() -> None:
    assert made_folders("# Folders made for it: [oh]") == ()
    assert made_folders("# Folders made for it: [1]") == ()
