"""Errors of a server, transient and permanent, and parsing of its refusals."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any


class TransientError(Exception):
    """Worth a retry, after `wait` seconds where the server stated ``Retry-After``."""

    def __init__(
        self, cause: str, wait: float | None = None, *, unreachable: bool = False, loading: bool = False
    ) -> None:
        super().__init__(cause)
        self.cause, self.wait, self.unreachable = cause, wait, unreachable
        self.loading = loading
        """Whether the server is still loading its model, which may take minutes."""


class RefusedError(Exception):
    """A retry of the same request is pointless."""

    def __init__(self, cause: str, refusal: Refusal | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.refusal = refusal or Refusal()
        """The server's; empty where the refusal is our own."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A server's error message."""

    message: str = ""
    field: str = ""
    """The request's field that it names as the reason; empty where it names none."""
    code: str = ""

    @property
    def brief(self) -> str:
        """The message as one line of at most 300 characters."""
        return " ".join(self.message.split())[:300]


def read_refusal(body: str) -> Refusal:
    """The refusal in the body of an answer: ``{"error": {"message", "param"}}`` (OpenAI), ``{"error": "..."}`` (LM
    Studio), ``{"object": "error", "message"}`` (vLLM before 0.10), ``{"detail": [{"loc", "msg"}]}`` (pydantic: Mistral
    and others), ``[{"error": ...}]`` (Google), with the upstream server's in ``metadata.raw`` (OpenRouter), or text.
    Input that the server repeats is removed.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal(body)
    if isinstance(data, list) and data:
        data = data[0]
    if not isinstance(data, dict):
        return Refusal(str(data))
    error = data.get("error") or data
    if not isinstance(error, dict):
        return Refusal(str(error))
    message = error.get("message", error.get("detail", ""))
    message = message if isinstance(message, str) else _pydantic(message)
    message = re.sub(r"(['\"])input\1: .*?(?=\}|$)", "", message, flags=re.DOTALL)
    refusal = Refusal(message, _name(error.get("param")), str(error.get("code") or error.get("type") or ""))
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and isinstance(raw := metadata.get("raw"), str):
        upstream = read_refusal(raw)
        return Refusal(f"{message}: {upstream.message}", refusal.field or upstream.field, upstream.code or refusal.code)
    return refusal


def _pydantic(details: Any) -> str:
    if not isinstance(details, list):
        details = details.get("detail", [details]) if isinstance(details, dict) else [details]
    lines = []
    for detail in details if isinstance(details, list) else [details]:
        if isinstance(detail, dict):
            path = detail.get("loc")
            where = "".join(f"'{part}' " for part in path if part != "body") if isinstance(path, list) else ""
            lines.append(f"{where}{detail.get('msg', '')}")
        else:
            lines.append(str(detail))
    return "; ".join(lines)


def _name(field: Any) -> str:
    """``seed`` of "seed", ``stream_options`` of "stream_options.include_usage"; empty for None and "None"."""
    found = re.match(r"\w+", field) if isinstance(field, str) else None
    return found[0] if found and found[0] != "None" else ""


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """Limits on the length of an answer that a refusal states, in tokens; 0 where it does not."""

    most: int = 0
    """For every answer."""
    least: int = 0
    """For every answer."""
    now: int = 0
    """For this answer: the window without its prompt."""
    window: int = 0


def limits_in(message: str, requested: int) -> AnswerLimits | None:
    """The limits in the refusal of an answer of `requested` tokens; None where it is not about length."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", message).casefold()
    if window := _WINDOW.search(text):
        prompt = _PROMPT.search(text)
        size = _number(window)
        return AnswerLimits(now=size - _number(prompt) if prompt else 0, window=size)
    if not _LIMIT.search(text):
        return None
    if (least := _LEAST.search(text)) and _number(least) > requested:
        return AnswerLimits(least=_number(least))
    if (most := _MOST.search(text)) and 0 < _number(most) < requested:
        return AnswerLimits(most=_number(most))
    return AnswerLimits() if _TOO_LARGE.search(text) else None


def _number(found: re.Match[str]) -> int:
    return int(next(group for group in found.groups() if group)[:12])


_LIMIT = re.compile(r"max_(?:completion_|output_|new_)?tokens|(?:completion|output) tokens")
_WINDOW = re.compile(r"(?:context (?:length|window|size)|maximum (?:input|sequence) length)[^\d.]{0,30}(\d+)")
_PROMPT = re.compile(
    r"(\d+)(?: tokens)? (?:in (?:the|your) (?:messages|prompt|input)|(?:of )?(?:text )?(?:input|prompt))"
    r"|(?:request|prompt|messages|input)\b[^\d.;]{0,40}?(\d+) (?:input )?tokens"
)
_MOST = re.compile(r"(?:at most|(?:less|smaller) than(?: or equal to)?|\d >|<=|up to|maximum\b|\[1,)[^\d.]{0,60}?(\d+)")
_LEAST = re.compile(r"(?:at least|(?:greater|more) than or equal to|minimum\b|>=)[^\d]{0,40}?(\d+)")
_TOO_LARGE = re.compile(r"too (?:large|high|big|long|many)|exceed|over the|larger than|greater than")
