"""API keys and passwords from the environment, a command or the keyring; never from a file of ours."""

from __future__ import annotations

import logging
import os
import re
import shlex
import subprocess
import sys

from briefing.config.validators import VARIABLE
from briefing.errors import ConfigError
from briefing.types import SecretValue, Source

_log = logging.getLogger(__name__)

_TIMEOUT = 120.0
"""Seconds for a command: it may ask the user to unlock a vault."""


def from_environment(*names: str) -> str:
    """The first of these variables that is set, else empty."""
    return next((value for name in names if (value := os.environ.get(name, "").strip())), "")


def from_keyring(user: str) -> str:
    """The password of `user` for the service ``briefing``; empty without one or without a keyring."""
    try:
        import keyring
    except ImportError:
        return ""
    try:
        return (keyring.get_password("briefing", user) or "").strip()
    except Exception as error:  # backends are third-party packages and may raise anything
        _log.debug("The keyring failed: %s", type(error).__name__)
        return ""


class Commands:
    """Runs the commands that print secrets, each once: one may ask a person to unlock a vault."""

    def __init__(self) -> None:
        self._results: dict[tuple[str, ...], tuple[str, str]] = {}

    def first_line(self, command: str | tuple[str, ...], setting: str) -> str:
        """The first line of a command's output, without a shell. Raises `ConfigError` where it fails.

        No message holds its output: that may be a part of a password.
        """
        try:
            words = split_command(command, windows=sys.platform == "win32") if isinstance(command, str) else command
        except ValueError:
            raise ConfigError(setting, "a quotation mark in it has no other", "Or give a list of its words") from None
        if words not in self._results:
            self._results[words] = _run(words)
        line, cause = self._results[words]
        if cause:
            raise ConfigError(setting, cause, "Try it in a terminal")
        return line


def secret_value(value: SecretValue, setting: str, commands: Commands) -> str:
    """The secret, a text as it is. Raises `ConfigError` where its variable is not set or its command fails."""
    if value.command:
        return commands.first_line(value.command, setting)
    return _variable(value.env, setting) if value.env else value.text


def _variable(name: str, setting: str) -> str:
    held = from_environment(name)
    if not held:
        cause = f"the variable {name} of the environment is not set"
        raise ConfigError(setting, cause, "Set it where the command runs, or name a command")
    return held


def sent_headers(source: Source, commands: Commands) -> tuple[tuple[tuple[str, str], ...], frozenset[str]]:
    """What is sent with requests to the origin of `source`, cookies as one header, and the secrets in it.

    Raises `ConfigError` where a variable is not set or a command fails; it holds no value.
    """
    secrets: set[str] = set()

    def value_of(name: str, value: SecretValue, what: str) -> str:
        setting = f"{source.shown}: {what} {name}"

        def variable(match: re.Match[str]) -> str:
            secrets.add(held := _variable(match[1] or match[2], setting))
            return held

        if value.text:
            found = VARIABLE.sub(variable, value.text)
        else:
            secrets.add(found := secret_value(value, setting, commands))
        if not (found.isascii() and found.isprintable()) or (what == "cookie" and ";" in found):
            raise ConfigError(setting, f"its value has a character that no {what} may have")
        return found

    headers = [(name, value_of(name, value, "header")) for name, value in source.headers]
    if cookies := [f"{name}={value_of(name, value, 'cookie')}" for name, value in source.cookies]:
        headers.append(("Cookie", "; ".join(cookies)))
    return tuple(headers), frozenset(secrets)


def split_command(command: str, *, windows: bool) -> tuple[str, ...]:
    """Program and arguments: on Windows only ``"`` quotes and a backslash is literal, elsewhere shell syntax.

    Raises ValueError for an unbalanced quotation mark.
    """
    if not windows:
        return tuple(shlex.split(command))
    if command.count('"') % 2:
        raise ValueError("no closing quotation mark")
    return tuple(word.replace('"', "") for word in re.findall(r'(?:[^\s"]|"[^"]*")+', command))


def _run(words: tuple[str, ...]) -> tuple[str, str]:
    """The first line of the output, and the cause where there is none."""
    try:
        done = subprocess.run(words, stdout=subprocess.PIPE, timeout=_TIMEOUT, check=False)
    except FileNotFoundError:
        return "", f"there is no program {words[0]!r}, or it is not in a folder of PATH"
    except (ValueError, IndexError, OSError, subprocess.TimeoutExpired) as error:
        return "", f"the command cannot be run ({type(error).__name__})"
    # A password need not be UTF-8: surrogates keep its bytes for the server.
    lines = done.stdout.decode("utf-8", "surrogateescape").splitlines()
    if done.returncode or not lines or not lines[0].strip():
        return "", f"the command ended with status {done.returncode} and printed {'something' if lines else 'nothing'}"
    return lines[0].strip(), ""
