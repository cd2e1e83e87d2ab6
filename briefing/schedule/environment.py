"""Environment variables of a scheduled job, and a rehearsal of it.

Schedulers give a job few of the shell's variables. Those that name files and folders are written into the job; keys,
passwords and proxies are not, since they would be in a file.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from briefing.errors import ScheduleError
from briefing.schedule.job import Job

PATH_VARIABLES = (
    "HOME",
    "BRIEFING_STATE",
    "BRIEFING_MODELS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",  # sockets of the keyring and gpg
    "HF_HOME",
    "PASSWORD_STORE_DIR",
    "GNUPGHOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""One file or folder each."""
_PATH_LISTS = ("PATH", "PYTHONPATH")
"""Several folders each."""
_SECONDS = 300.0
"""For a rehearsal: commands that print passwords have two minutes each."""


def job_environment(shell: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The shell's variables that a job needs besides those of a login, with absolute paths.

    Of PATH and PYTHONPATH, the existing absolute folders, each once.
    """
    login = login_environment()
    paths = [(name, shell[name]) for name in PATH_VARIABLES if shell.get(name) not in {None, "", login.get(name)}]
    variables = [(name, str(Path(path).expanduser().absolute())) for name, path in paths]
    for name in _PATH_LISTS:
        given = [Path(folder).expanduser() for folder in shell.get(name, "").split(os.pathsep) if folder]
        folders = dict.fromkeys(str(folder) for folder in given if folder.is_absolute() and folder.exists())
        if folders:
            variables.append((name, os.pathsep.join(folders)))
    return tuple(variables)


def login_environment() -> dict[str, str]:
    """The user's variables, which every Unix scheduler sets; empty on Windows."""
    try:
        import pwd
    except ImportError:
        return {}
    try:
        user = pwd.getpwuid(os.getuid())
    except KeyError:  # a container's user without a name
        return {"HOME": str(Path.home()), "SHELL": "/bin/sh"}
    return {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name, "SHELL": "/bin/sh"}


def rehearse(job: Job, given: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Run the job's command with ``--check`` and the scheduler's variables `given`, without a terminal.

    Raises `ScheduleError` where the command cannot be started or does not end.
    """
    try:
        return subprocess.run(
            [*job.command, "--check"],
            cwd=job.folder,
            env={**given, **dict(job.environment)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_SECONDS,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        cause = f"the check of the run did not end in {_SECONDS:.0f} seconds"
        raise ScheduleError("schedule", cause, "A command for a password must not ask anybody") from error
    except OSError as error:
        raise ScheduleError(job.command[0], f"cannot be started: {error.strerror}") from error
