"""The ways in which a server gives no answer, and what it says of them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

__all__ = ["AnswerLimits", "Refusal", "RefusedError", "TransientError", "limits_in", "read_refusal"]


class TransientError(Exception):
    """It may go better next time; `wait` is how many seconds the server wishes to be left alone, where it says so."""

    def __init__(
        self, cause: str, wait: float | None = None, *, unreachable: bool = False, loading: bool = False
    ) -> None:
        super().__init__(cause)
        self.cause, self.wait, self.unreachable = cause, wait, unreachable
        self.loading = loading
        """Whether the server is there and still reads its model, which may take minutes."""


class RefusedError(Exception):
    """This prompt will never be answered as it was put."""

    def __init__(self, cause: str, refusal: Refusal | None = None) -> None:
        super().__init__(cause)
        self.cause = cause
        self.refusal = refusal or Refusal()
        """What the server said; empty where the refusal is our own."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a server says of a request that it does not take."""

    message: str = ""
    field: str = ""
    """The field of the request that it names as the reason; empty where it names none."""
    code: str = ""

    @property
    def brief(self) -> str:
        """Its message, in one short line."""
        return " ".join(self.message.split())[:300]


def read_refusal(body: str) -> Refusal:
    """The refusal in the body of an answer, in whatever shape: ``{"error": {"message", "param"}}`` (OpenAI),
    ``{"error": "..."}`` (LM Studio), ``{"object": "error", "message"}`` (vLLM before 0.10),
    ``{"detail": [{"loc", "msg"}]}`` (pydantic: Mistral and others), ``[{"error": ...}]`` (Google), with that of the
    server behind it in ``metadata.raw`` (OpenRouter), or text. What a server repeats of the request is left out.
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
    said = error.get("message", error.get("detail", ""))
    said = said if isinstance(said, str) else _pydantic(said)
    said = re.sub(r"(['\"])input\1: .*?(?=\}|$)", "", said, flags=re.DOTALL)
    mine = Refusal(said, _name(error.get("param")), str(error.get("code") or error.get("type") or ""))
    metadata = error.get("metadata")
    if isinstance(metadata, dict) and isinstance(raw := metadata.get("raw"), str):
        behind = read_refusal(raw)
        return Refusal(f"{said}: {behind.message}", mine.field or behind.field, behind.code or mine.code)
    return mine


def _pydantic(details: Any) -> str:
    if not isinstance(details, list):
        details = details.get("detail", [details]) if isinstance(details, dict) else [details]
    lines = []
    for one in details if isinstance(details, list) else [details]:
        if isinstance(one, dict):
            place = one.get("loc")
            where = "".join(f"'{part}' " for part in place if part != "body") if isinstance(place, list) else ""
            lines.append(f"{where}{one.get('msg', '')}")
        else:
            lines.append(str(one))
    return "; ".join(lines)


def _name(field: Any) -> str:
    """``seed`` of "seed", ``stream_options`` of "stream_options.include_usage"; empty for None and "None"."""
    found = re.match(r"\w+", field) if isinstance(field, str) else None
    return found[0] if found and found[0] != "None" else ""


@dataclass(frozen=True, slots=True)
class AnswerLimits:
    """What a refusal says of how long an answer may be, in tokens; 0 where it does not say."""

    most: int = 0
    """For every answer."""
    least: int = 0
    """That may be asked for."""
    now: int = 0
    """For this answer: what its prompt leaves of the window."""
    window: int = 0


def limits_in(message: str, asked: int) -> AnswerLimits | None:
    """What a refusal of an answer of `asked` tokens says of the limit; None where it speaks of something else."""
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", message).casefold()
    if window := _WINDOW.search(text):
        prompt = _PROMPT.search(text)
        size, read = _number(window), _number(prompt) if prompt else 0
        return AnswerLimits(now=size - read if prompt else 0, window=size)
    if not _LIMIT.search(text):
        return None
    if (least := _LEAST.search(text)) and _number(least) > asked:
        return AnswerLimits(least=_number(least))
    if (most := _MOST.search(text)) and 0 < _number(most) < asked:
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
