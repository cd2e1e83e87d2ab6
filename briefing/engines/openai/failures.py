"""The ways in which a server gives no answer."""

from __future__ import annotations

import json

__all__ = ["PassingError", "RefusedError", "message_of"]


class PassingError(Exception):
    """It may go better next time."""

    def __init__(self, cause: str, wait: float | None = None, *, unreachable: bool = False) -> None:
        super().__init__(cause)
        self.cause, self.wait, self.unreachable = cause, wait, unreachable


class RefusedError(Exception):
    """This prompt will never be answered as it was put."""

    def __init__(self, cause: str, body: str) -> None:
        super().__init__(cause)
        self.cause, self.body = cause, body


def message_of(body: str) -> str:
    """What a server says of its refusal, in one short line."""
    try:
        data = json.loads(body)
        said = data.get("error", data.get("message", data.get("detail", ""))) if isinstance(data, dict) else data
        said = said.get("message", said) if isinstance(said, dict) else said
    except (ValueError, RecursionError):
        said = body
    return " ".join(str(said).split())[:300]
