"""The ``[notify]`` table: where the front page of an edition is pushed to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar

from briefing.config.locations import is_url
from briefing.config.validators import FORBID_EXTRA, Command, LazyValidator

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://\S")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PushUrl:
    """One address of a service, which holds its token: as it is, or where to get it."""

    text: str = field(default="", repr=False)
    env: str = ""
    """The variable of the environment that holds it."""
    command: Command = ""
    """Prints it."""


def _urls(value: Any, folder: Path | None) -> Any:
    """A text is never shown in an error: it is a secret."""
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list of addresses such as 'ntfy://topic'")
    return tuple(item if isinstance(item, PushUrl) else _url(item) for item in value)


def _url(item: Any) -> PushUrl:
    if isinstance(item, str) and _SCHEME.match(item) and item.isprintable():
        return PushUrl(text=item.strip())
    if isinstance(item, dict) and len(item) == 1:
        name, command = item.get("env"), item.get("command")
        if isinstance(name, str) and _VARIABLE.fullmatch(name):
            return PushUrl(env=name)
        if isinstance(command, str) and command.strip():
            return PushUrl(command=command)
        if isinstance(command, list) and command and all(isinstance(word, str) and word for word in command):
            return PushUrl(command=tuple(command))
    raise ValueError('expected addresses such as \'ntfy://topic\', { env = "NAME" } or { command = "pass show ntfy" }')


def _link(value: Any, folder: Path | None) -> Any:
    if value and not (isinstance(value, str) and is_url(value)):
        raise ValueError("expected an address that starts with https:// or http://")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """The table ``[notify]``: push through services that apprise knows. Without `urls` nothing is pushed."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    urls: Annotated[tuple[PushUrl, ...], LazyValidator(_urls)] = ()
    link: Annotated[str, LazyValidator(_link)] = ""
    """Of the full edition, where you publish it; empty for none. ``{date}`` in it becomes the edition's date."""
