"""One answer as it comes in: the events of a stream, or one JSON object."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from briefing.engines.base import Completion, Prompt
from briefing.engines.openai.failures import TransientError
from briefing.engines.openai.model_list import first_count
from briefing.engines.output import begins_choice, choice_probabilities, has_reasoning, is_word, strip_reasoning

__all__ = ["PartialAnswer", "events", "limited"]

_THOUGHTS = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
"""Fields in which servers send what a model says to itself: DeepSeek, llama.cpp and vLLM; vLLM since 0.11, Ollama, Groq
and LM Studio; OpenRouter; others.
"""


@dataclass
class PartialAnswer:
    """One answer as it comes in."""

    text: str = ""
    """All that was said, thoughts between marks included."""
    answer: str = ""
    """What of it answers the prompt."""
    thought: str = ""
    """What came apart from the answer, as far as it can be read."""
    thinks: bool = False
    """Whether the model said something to itself, heard or not."""
    refusal: str = ""
    """Why the model would not answer, in its own words."""
    finish: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """As the server counts them, thoughts included; 0 where it does not, or where what it says is no such number."""
    error: str = ""
    """What the server says went wrong in the middle, with whatever it repeats."""
    taken: bool = False
    """Whether the server took the request, so that it costs something."""
    tokens: list[dict[str, Any]] = field(default_factory=list)
    """What the server says of each token's probability and its rivals'."""
    began: float = field(default_factory=time.monotonic)
    first: float = 0.0
    """When the first token came, or 0."""

    def take(self, data: bytes, *, whole: bool = False) -> None:
        """One event of a stream, or a `whole` answer. Raises `TransientError` for what is neither."""
        if data == b"[DONE]":
            self.finish = self.finish or "stop"
            return
        try:
            part = json.loads(data)
            error = part.get("error") or (part.get("message") if part.get("object") == "error" else None)
            if error:
                self.error = str(error.get("message", error) if isinstance(error, dict) else error)
            for choice in part.get("choices") or ():
                self._hear(choice, whole)
            self._count(part.get("usage"))
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise TransientError("the server's answer is no JSON of the kind that was asked for") from error

    def _hear(self, choice: dict[str, Any], whole: bool) -> None:
        said = choice.get("delta") or choice.get("message") or {}
        text, thought = _parts(said.get("content"))
        self.text += text
        self.thought += thought + next((_parts(said[name])[0] for name in _THOUGHTS if said.get(name)), "")
        self.thinks |= bool(thought) or any(said.get(name) for name in _THOUGHTS)
        self.refusal += said.get("refusal") or ""
        self.tokens += [one for one in (choice.get("logprobs") or {}).get("content") or () if isinstance(one, dict)]
        self.finish = choice.get("finish_reason") or ("stop" if whole else self.finish)
        self.first = self.first or time.monotonic()

    def _count(self, usage: Any) -> None:
        """Take what can be read of `usage`: an answer is not lost for its bill."""
        if not isinstance(usage, dict):
            return
        details = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
        details = details if isinstance(details, dict) else {}
        reasoned = first_count(details.get("reasoning_tokens"), usage.get("reasoning_tokens"))
        self.thinks |= reasoned > 0
        self.prompt_tokens = first_count(usage.get("prompt_tokens"), self.prompt_tokens)
        written = first_count(usage.get("completion_tokens"), self.completion_tokens)
        self.completion_tokens = written + reasoned if written < reasoned else written

    @property
    def cut(self) -> bool:
        """Whether the answer ends where its room did, or where a filter ended it."""
        return self.finish in {"length", "max_tokens", "content_filter"}

    @property
    def aloud(self) -> bool:
        """Whether thoughts, or the beginning of a mark before them, stand in the answer itself."""
        return has_reasoning(self.text) or bool(self.cut and self.text.strip() and not self.spoken.strip())

    @property
    def spoken(self) -> str:
        """The answer without thoughts, and without the beginning of a mark before thoughts that is all there is."""
        spoken = strip_reasoning(self.text)
        return "" if self.cut and re.fullmatch(r"\s*<\w*", spoken) else spoken

    def odds(self, choices: tuple[str, ...]) -> tuple[float, ...]:
        """How likely each of `choices` was; empty where the server does not say, or where the answer begins with none.

        Looked up at the token that begins the answer's first word: before it may come thoughts, blanks and marks.
        """
        answer = self.answer.strip()
        said = [str(one.get("token", "")) for one in self.tokens]
        start = "".join(said).rfind(answer) if answer else -1
        if start < 0:
            return ()
        end = 0
        for token, one in zip(said, self.tokens, strict=True):
            end += len(token)
            if end > start and is_word(token):
                return choice_probabilities(choices, one) if begins_choice(token, choices) else ()
        return ()

    def completion(self, prompt: Prompt, seconds: float) -> Completion:
        """The same as the rest of the package knows it; `seconds` is what all of it took, the wait included."""
        prefill = max(0.0, self.first - self.began) if self.first else 0.0
        return Completion(
            id=prompt.id,
            text=self.answer,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            finish="length" if self.cut else "stop",
            odds=self.odds(prompt.choices) if prompt.choices else (),
            prefill_seconds=prefill,
            decode_seconds=max(0.0, seconds - prefill),
        )


def _parts(content: Any) -> tuple[str, str]:
    """Text and thoughts of a message's content: text, nothing, or a list of parts (Mistral, LiteLLM, OpenRouter)."""
    if content is None or isinstance(content, str):
        return content or "", ""
    if not isinstance(content, list):
        raise TypeError
    text = thought = ""
    for part in content:
        if isinstance(part, str):
            text += part
        elif str(part.get("type", "text")).startswith(("thinking", "reasoning", "redacted")):
            thought += _parts(part.get("thinking") or part.get("text") or part.get("summary") or "")[0]
        else:
            text += part.get("text") or ""
    return text, thought


def limited(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """`chunks`, up to `most` bytes of them. Raises `TransientError` where there are more."""
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > most:
            raise TransientError(f"the answer has over {most:,} bytes")
        yield chunk


def events(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The data of server-sent events (WHATWG HTML, 9.2), each on one line, as every server of this kind sends them."""
    rest = b""
    for chunk in chunks:
        *lines, rest = re.split(rb"\r\n|\n|\r", rest + chunk)
        yield from (line[5:].strip() for line in lines if line.startswith(b"data:") and line[5:].strip())
    if rest.startswith(b"data:") and rest[5:].strip():
        yield rest[5:].strip()
