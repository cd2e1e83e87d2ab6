"""The ``[notify]`` table: where the front page of an edition is pushed to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from briefing.config.validators import FORBID_EXTRA, EditionLink, LazyValidator, secret_source
from briefing.types import SecretValue

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,30}://\S")


def _urls(value: Any, folder: Path | None) -> Any:
    """A text is never shown in an error: it is a secret."""
    if not isinstance(value, list | tuple):
        raise ValueError("expected a list of addresses such as 'ntfy://topic'")
    return tuple(item if isinstance(item, SecretValue) else _url(item, folder) for item in value)


def _url(item: Any, folder: Path | None) -> SecretValue:
    if isinstance(item, str) and _SCHEME.match(item) and item.isprintable():
        return SecretValue(text=item.strip())
    if secret := secret_source(item, folder):
        return secret
    raise ValueError('expected addresses such as \'ntfy://topic\', { env = "NAME" } or { command = "pass show ntfy" }')


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify:
    """The table ``[notify]``: push through services that apprise knows. Without `urls` nothing is pushed."""

    __pydantic_config__: ClassVar[Any] = FORBID_EXTRA

    urls: Annotated[tuple[SecretValue, ...], LazyValidator(_urls)] = ()
    """Addresses of services, which hold their tokens."""
    link: EditionLink = ""
