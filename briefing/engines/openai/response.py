"""Parses one answer: server-sent events, or one JSON object."""

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

_REASONING_FIELDS = ("reasoning_content", "reasoning", "reasoning_details", "thinking")
"""Of DeepSeek, llama.cpp and vLLM; vLLM since 0.11, Ollama, Groq and LM Studio; OpenRouter; others."""


@dataclass
class PartialAnswer:
    """An answer, as far as it has come in."""

    text: str = ""
    """The content, inline reasoning included."""
    answer: str = ""
    """The part of it that answers the prompt."""
    reasoning: str = ""
    """Reasoning that was sent apart from the content."""
    reasons: bool = False
    """Whether the model reasoned apart from the content, visibly or not."""
    refusal: str = ""
    """The model's own words."""
    finish: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    """As the server counts them, reasoning included; 0 where it does not."""
    error: str = ""
    """The server's message about an error in the middle, with input that it may repeat."""
    accepted: bool = False
    """Whether the server accepted the request, so that it costs tokens."""
    tokens: list[dict[str, Any]] = field(default_factory=list)
    """``logprobs`` of each token."""
    began: float = field(default_factory=time.monotonic)
    first: float = 0.0
    """Monotonic time of the first token; 0 before it."""

    def add(self, data: bytes, *, whole: bool = False) -> None:
        """Add one event of a stream, or a `whole` answer. Raises `TransientError` for anything else."""
        if data == b"[DONE]":
            self.finish = self.finish or "stop"
            return
        try:
            part = json.loads(data)
            error = part.get("error") or (part.get("message") if part.get("object") == "error" else None)
            if error:
                self.error = str(error.get("message", error) if isinstance(error, dict) else error)
            for choice in part.get("choices") or ():
                self._add_choice(choice, whole)
            self._count(part.get("usage"))
        except (ValueError, TypeError, AttributeError, RecursionError, OverflowError) as error:
            raise TransientError("the server's answer is no JSON of the kind that was asked for") from error

    def _add_choice(self, choice: dict[str, Any], whole: bool) -> None:
        message = choice.get("delta") or choice.get("message") or {}
        text, reasoning = _parts(message.get("content"))
        fields = [message[name] for name in _REASONING_FIELDS if message.get(name)]
        self.text += text
        self.reasoning += reasoning + (_parts(fields[0])[0] if fields else "")
        self.reasons |= bool(reasoning or fields)
        self.refusal += message.get("refusal") or ""
        logprobs = (choice.get("logprobs") or {}).get("content") or ()
        self.tokens += [token for token in logprobs if isinstance(token, dict)]
        self.finish = choice.get("finish_reason") or ("stop" if whole else self.finish)
        self.first = self.first or time.monotonic()

    def _count(self, usage: Any) -> None:
        """Read ``usage``, leniently: an answer must not be lost for it."""
        if not isinstance(usage, dict):
            return
        details = usage.get("completion_tokens_details") or usage.get("output_tokens_details")
        details = details if isinstance(details, dict) else {}
        reasoned = first_count(details.get("reasoning_tokens"), usage.get("reasoning_tokens"))
        self.reasons |= reasoned > 0
        self.prompt_tokens = first_count(usage.get("prompt_tokens"), self.prompt_tokens)
        written = first_count(usage.get("completion_tokens"), self.completion_tokens)
        self.completion_tokens = written + reasoned if written < reasoned else written

    @property
    def truncated(self) -> bool:
        """Whether the answer was ended by its limit of tokens or by a filter."""
        return self.finish in {"length", "max_tokens", "content_filter"}

    @property
    def reasons_inline(self) -> bool:
        """Whether reasoning, or the beginning of its opening mark, stands in the content."""
        truncated_mark = self.truncated and self.text.strip() and not self.without_reasoning.strip()
        return has_reasoning(self.text) or bool(truncated_mark)

    @property
    def without_reasoning(self) -> str:
        """The content without reasoning; empty where it is only the beginning of an opening mark."""
        text = strip_reasoning(self.text)
        return "" if self.truncated and re.fullmatch(r"\s*<\w*", text) else text

    def odds(self, choices: tuple[str, ...]) -> tuple[float, ...]:
        """Probabilities of `choices`; empty where the server gives none, or where the answer begins with no choice.

        Taken at the first token of the answer's first word, after reasoning, blanks and marks.
        """
        answer = self.answer.strip()
        texts = [str(token.get("token", "")) for token in self.tokens]
        start = "".join(texts).rfind(answer) if answer else -1
        if start < 0:
            return ()
        end = 0
        for text, token in zip(texts, self.tokens, strict=True):
            end += len(text)
            if end > start and is_word(text):
                return choice_probabilities(choices, token) if begins_choice(text, choices) else ()
        return ()

    def completion(self, prompt: Prompt, seconds: float) -> Completion:
        """The completion of `prompt`; `seconds` in all, waits included."""
        prefill = max(0.0, self.first - self.began) if self.first else 0.0
        return Completion(
            id=prompt.id,
            text=self.answer,
            prompt_tokens=self.prompt_tokens,
            completion_tokens=self.completion_tokens,
            finish="length" if self.truncated else "stop",
            odds=self.odds(prompt.choices) if prompt.choices else (),
            prefill_seconds=prefill,
            decode_seconds=max(0.0, seconds - prefill),
        )


def _parts(content: Any) -> tuple[str, str]:
    """Text and reasoning of a message's content: a string, null, or a list of parts (Mistral, LiteLLM, OpenRouter)."""
    if content is None or isinstance(content, str):
        return content or "", ""
    if not isinstance(content, list):
        raise TypeError
    text = reasoning = ""
    for part in content:
        if isinstance(part, str):
            text += part
        elif str(part.get("type", "text")).startswith(("thinking", "reasoning", "redacted")):
            reasoning += _parts(part.get("thinking") or part.get("text") or part.get("summary") or "")[0]
        else:
            text += part.get("text") or ""
    return text, reasoning


def limited(chunks: Iterator[bytes], most: int) -> Iterator[bytes]:
    """`chunks`; raises `TransientError` after `most` bytes."""
    seen = 0
    for chunk in chunks:
        seen += len(chunk)
        if seen > most:
            raise TransientError(f"the answer has over {most:,} bytes")
        yield chunk


def events(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The data of server-sent events (WHATWG HTML, 9.2), each on one line, as these servers send them."""
    rest = b""
    for chunk in chunks:
        *lines, rest = re.split(rb"\r\n|\n|\r", rest + chunk)
        yield from (line[5:].strip() for line in lines if line.startswith(b"data:") and line[5:].strip())
    if rest.startswith(b"data:") and rest[5:].strip():
        yield rest[5:].strip()
