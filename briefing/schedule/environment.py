"""What a job finds around it: the variables that a scheduler gives, those of a shell that are kept, and a rehearsal.

A scheduler starts a run with next to nothing of what the shell has in which it was tried. What says where things are is
kept; keys, passwords and proxies are not, because they would stand in a file.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from briefing.errors import ScheduleError
from briefing.schedule.job import Job

__all__ = ["PLACES", "kept", "login", "rehearse"]

PLACES = (
    "HOME",
    "BRIEFING_STATE",
    "BRIEFING_MODELS",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",  # where the keyring and gpg listen
    "HF_HOME",
    "PASSWORD_STORE_DIR",
    "GNUPGHOME",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""One file or folder each."""
_LISTS = ("PATH", "PYTHONPATH")
"""Several folders each."""
_SECONDS = 300.0
"""For a rehearsal: commands that print passwords have two minutes each."""


def kept(shell: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What of a shell's variables a job gets besides those of a login, with absolute paths.

    Of PATH, the folders that are there, each once.
    """
    every = login()
    places = [(name, shell[name]) for name in PLACES if shell.get(name) not in {None, "", every.get(name)}]
    variables = [(name, str(Path(place).expanduser().absolute())) for name, place in places]
    for name in _LISTS:
        given = [Path(folder).expanduser() for folder in shell.get(name, "").split(os.pathsep) if folder]
        # A relative one means another folder wherever it is looked up; for a job there is no telling which.
        folders = dict.fromkeys(str(folder) for folder in given if folder.is_absolute() and folder.exists())
        if folders:
            variables.append((name, os.pathsep.join(folders)))
    return tuple(variables)


def login() -> dict[str, str]:
    """What every scheduler of a Unix gives: who the user is. Elsewhere nothing is given that says where things are."""
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
    """Run the job's command with ``--check`` as the scheduler would, which gives it the variables `given`.

    Nobody is at the keyboard: what asks for a password fails, as it would every morning. Raises `ScheduleError` where
    the command cannot be started or does not end.
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
