"""Keys and passwords: from the environment, a command or the keyring; never from a file of ours."""

from __future__ import annotations

import os
import shlex
import subprocess

from briefing.errors import ConfigError

__all__ = ["from_command", "from_environment", "from_keyring"]

_SECONDS = 120.0
"""For a command: it may ask the user to unlock something."""


def from_environment(*names: str) -> str:
    """The first of these variables that is set, else nothing."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")


def from_keyring(user: str) -> str:
    """The password of `user` for the service ``briefing``; nothing where there is none, or no keyring."""
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return (keyring.get_password("briefing", user) or "").strip()
    except Exception:  # backends are packages of anybody's, and raise what they like; there is no key then
        return ""


def from_command(command: str, setting: str) -> str:
    """The first line that `command` prints; no shell is asked. Raises `ConfigError` where it fails.

    What it printed is in no message: it may be half a password.
    """
    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=_SECONDS, check=False)
    except (ValueError, IndexError, OSError, subprocess.TimeoutExpired) as error:
        cause = f"the command cannot be run ({type(error).__name__})"
        raise ConfigError(setting, cause, "Try it in a terminal") from None
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    if done.returncode or not lines or not lines[0].strip():
        cause = f"the command ended with status {done.returncode} and printed {'something' if lines else 'nothing'}"
        raise ConfigError(setting, cause, "Try it in a terminal")
    return lines[0].strip()
