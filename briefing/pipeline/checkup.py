"""What `briefing doctor` finds out beyond a run's checks (`preflight`): usable engines, mail, push, schedule.

Nothing is sent, fetched or started, and no command that prints a secret is run: it may ask a person to unlock a vault.
"""

from __future__ import annotations

import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from briefing.config import Config
from briefing.engines import engine_names, load_engine
from briefing.errors import BriefingError, ConfigError, ScheduleError
from briefing.extras import install_command, is_usable
from briefing.pipeline.mailing import check_addresses, mail_server
from briefing.pipeline.newsletters import is_imap, password_for
from briefing.pipeline.secrets import Commands, from_environment, secret_value, sent_headers, split_command
from briefing.pipeline.section_names import sections_of, unknown_sections

if TYPE_CHECKING:
    from briefing.schedule import JobStatus

_EXTRAS = {"pdf": "PDF", "keyring": "passwords in the keyring", "notify": "push"}
"""Extras beside engines, by what they are for."""


def usable_engines() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The engines that a run could open, and a few words on each of the others: what it needs."""
    usable, others = [], []
    for name in engine_names():
        try:
            load_engine(name)
        except BriefingError as error:
            others.append(f"{name}: {error.cause}")
        else:
            if name == "transformers" and not is_usable("torch"):
                others.append(f"{name} needs PyTorch: {install_command('torch')}")
            else:
                usable.append(name)
    return tuple(usable), tuple(others)


def extras_in_words() -> str:
    """Which extras can be used, and what installs the others."""
    there = [words for name, words in _EXTRAS.items() if is_usable(name)]
    missing = [f"no {words}: {install_command(name)}" for name, words in _EXTRAS.items() if not is_usable(name)]
    return "; ".join([", ".join(there) or "none", *missing])


def mail_in_words(config: Config) -> str:
    """Where mail goes and to how many. Raises `ConfigError` for what would keep a letter from its reader."""
    mail = config.mail
    check_addresses(mail, ())
    commanded = mail.token_command or (not from_environment("BRIEFING_SMTP_PASSWORD") and mail.password_command)
    if commanded and (mail.user or mail.token_command):
        _check_program(commanded, "mail.token_command" if mail.token_command else "mail.password_command")
        server = f"{mail.host or mail_server(mail, Commands())}; the password's command was not run"
    else:
        server = str(mail_server(mail, Commands()))
    for unknown in unknown_sections(config):
        if unknown.recipient:
            near = f" (did you mean {unknown.nearest!r}?)" if unknown.nearest else ""
            cause = f"no source has the section {unknown.name!r} of {unknown.recipient}{near}"
            known = ", ".join(sorted(sections_of(config)[0])) or "none"
            raise ConfigError("mail.recipients", cause, f"The sections are {known}")
    return f"{len(mail.recipients)} by {server}; `briefing send --check` logs in"


class LookedFor(Commands):
    """Sees whether the programs of commands are there, and runs none."""

    def first_line(self, command: str | tuple[str, ...], setting: str) -> str:
        """A word instead of the output. Raises `ConfigError` where there is no such program."""
        _check_program(command, setting)
        return "unknown"


def check_secrets(config: Config) -> None:
    """Raises `ConfigError` or `SourceError` where a source lacks its password, or a header or cookie its value."""
    from briefing.fetch.imap import parse_address

    for source in () if config.offline else config.sources:
        if is_imap(source.location):
            password_for(source, parse_address(source.location), LookedFor())
        sent_headers(source, LookedFor())


def notify_in_words(config: Config) -> str:
    """How many addresses are pushed to. Raises `ConfigError` where apprise is missing or a secret has no source."""
    from briefing.deliver.push import check_push

    for index, entry in enumerate(config.notify.urls, 1):
        setting = f"notify.urls[{index}]"
        url = secret_value(entry, setting, LookedFor())
        check_push("json://localhost" if entry.command else url, setting)
    return f"{len(config.notify.urls)} addresses; `briefing send --check` says more"


def schedule_in_words(config_path: Path | None, now: datetime) -> str:
    """What is scheduled and when it runs next.

    Raises `ScheduleError` where a job does not run, or starts a Python or reads a configuration that is not there.
    """
    from briefing import schedule

    if sys.platform == "win32":
        return "`briefing schedule show` asks the Task Scheduler"
    jobs = schedule.installed()
    if not jobs:
        return "nothing; `briefing schedule install --at 06:30` does so"
    return "; ".join(_job_in_words(job, config_path, now) for job in jobs)


def _job_in_words(job: JobStatus, config_path: Path | None, now: datetime) -> str:
    from briefing.schedule import next_run, scheduler
    from briefing.schedule.job import command_in

    again = "Install it again with `briefing schedule install`"
    words = command_in(job)
    if words and (Path(words[0]).is_absolute() and not Path(words[0]).exists()):
        raise ScheduleError(str(job.kind), f"the job starts {words[0]}, which is not there any more", again)
    about = ""
    if "run" in words[:-1]:
        read = Path(words[words.index("run") + 1])
        if not read.is_file():
            raise ScheduleError(str(job.kind), f"the job reads {read}, which is not there any more", again)
        if config_path and read.resolve() != config_path.expanduser().resolve():
            about = f", with {read} and not {config_path}"
    if job.active is False:
        raise ScheduleError(str(job.kind), "the job is installed, but not started", f"Run: {scheduler(job.kind).start}")
    if job.at is None:
        return f"{job.kind}: edited by hand{about}"
    return f"{job.kind}, next {next_run(job.at, now):%Y-%m-%d %H:%M %Z}{about}"


def _check_program(command: str | tuple[str, ...], setting: str) -> None:
    try:
        words = split_command(command, windows=sys.platform == "win32") if isinstance(command, str) else command
    except ValueError:
        raise ConfigError(setting, "a quotation mark in it has no other", "Or give a list of its words") from None
    if not words or shutil.which(words[0]) is None:
        program = repr(words[0]) if words else "in it"
        raise ConfigError(setting, f"there is no program {program}, or it is not in a folder of PATH", "Correct it")
