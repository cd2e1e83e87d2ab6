"""Keys and passwords: from the environment, a command or the keyring; never from a file of ours."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys

from briefing.errors import ConfigError

__all__ = ["Commands", "from_environment", "from_keyring", "words_of"]

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


class Commands:
    """What commands print. Each runs once, because it may ask a person to unlock something."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[str, str]] = {}

    def first_line(self, command: str | tuple[str, ...], setting: str) -> str:
        """The first line that `command` prints; no shell is asked. Raises `ConfigError` where it fails.

        What it printed is in no message: it may be half a password.
        """
        try:
            words = words_of(command, windows=sys.platform == "win32") if isinstance(command, str) else command
        except ValueError:
            raise ConfigError(setting, "a quotation mark in it has no other", "Or give a list of its words") from None
        if words not in self._known:
            self._known[words] = _asked(words)
        line, cause = self._known[words]
        if cause:
            raise ConfigError(setting, cause, "Try it in a terminal")
        return line


def words_of(command: str, *, windows: bool) -> tuple[str, ...]:
    """Program and arguments. On Windows a backslash parts folders and only ``"`` quotes; elsewhere it is as in a shell.

    Raises ValueError for a quotation mark without another.
    """
    if not windows:
        return tuple(shlex.split(command))
    if command.count('"') % 2:
        raise ValueError("no closing quotation mark")
    return tuple(word.replace('"', "") for word in re.findall(r'(?:[^\s"]|"[^"]*")+', command))


def _asked(words: tuple[str, ...]) -> tuple[str, str]:
    """The first line that was printed, or why there is none."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=_SECONDS, check=False)
    except FileNotFoundError:
        return "", f"there is no program {words[0]!r}, or it is not in a folder of PATH"
    except (ValueError, IndexError, OSError, subprocess.TimeoutExpired) as error:
        return "", f"the command cannot be run ({type(error).__name__})"
    # A password need not be UTF-8: its bytes go to the server as they are.
    lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    if done.returncode or not lines or not lines[0].strip():
        return "", f"the command ended with status {done.returncode} and printed {'something' if lines else 'nothing'}"
    return lines[0].strip(), ""
