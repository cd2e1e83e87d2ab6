"""One answer as it comes in: the events of a stream, or one JSON object."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from briefing.engines.base import Completion, Prompt
from briefing.engines.odds import odds
from briefing.engines.openai.failures import PassingError

__all__ = ["Heard", "events", "limited"]


@dataclass
class Heard:
    """One answer as it comes in."""

    text: str = ""
    thought: bool = False
    finish: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    error: str = ""
    likely: Any = None
    """What the server says of the first token's probability and its rivals'."""
    began: float = field(default_factory=time.monotonic)
    first: float = 0.0
    """When the first token came, or 0."""

    def take(self, data: bytes) -> None:
        """One event of a stream, or a whole answer. Raises `PassingError` for what is neither."""
        if data == b"[DONE]":
            self.finish = self.finish or "stop"
            return
        try:
            part = json.loads(data)
            if error := part.get("error"):
                self.error = str(error.get("message", error) if isinstance(error, dict) else error)[:300]
            for choice in part.get("choices") or ():
                said = choice.get("delta") or choice.get("message") or {}
                self.text += said.get("content") or ""
                self.likely = self.likely or next(iter((choice.get("logprobs") or {}).get("content") or ()), None)
                self.thought |= bool(said.get("reasoning_content") or said.get("reasoning"))
                self.finish = choice.get("finish_reason") or self.finish
                self.first = self.first or time.monotonic()
            usage = part.get("usage") or {}
            self.prompt_tokens = int(usage.get("prompt_tokens") or self.prompt_tokens)
            self.completion_tokens = int(usage.get("completion_tokens") or self.completion_tokens)
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            raise PassingError("the server's answer is no JSON of the kind that was asked for") from error

    def completion(self, prompt: Prompt, seconds: float) -> Completion:
        """The same as the rest of the package knows it; `seconds` is what all of it took, the wait included."""
        prefill = max(0.0, self.first - self.began) if self.first else 0.0
        return Completion(
            id=prompt.id,
            text=self.text,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            finish="length" if self.finish == "length" else "stop",
            odds=odds(prompt.choices, self.likely) if prompt.choices and not self.thought else (),
            prefill_seconds=prefill,
            decode_seconds=max(0.0, seconds - prefill),
        )


def limited(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """`chunks`, up to `most` bytes of them. Raises `PassingError` where there are more."""
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > most:
            raise PassingError(f"the answer has over {most:,} bytes")
        yield chunk


def events(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The data of server-sent events (WHATWG HTML, 9.2), each on one line, as every server of this kind sends them."""
    rest = b""
    for chunk in chunks:
        *lines, rest = re.split(rb"\r\n|\n|\r", rest + chunk)
        yield from (line[5:].strip() for line in lines if line.startswith(b"data:") and line[5:].strip())
    if rest.startswith(b"data:") and rest[5:].strip():
        yield rest[5:].strip()
