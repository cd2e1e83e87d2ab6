"""The `Engine` protocol and its types: prompts in, completions out, in the order in which they finish."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

WINDOW = 4096
"""Default context window of a chat model: tokens of a prompt and its answer together."""
_TURN_OVERHEAD = 8
"""Tokens that a chat template puts around a turn."""


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A request: messages for models that follow instructions, `document` for those that only summarise."""

    id: str
    """Repeated on the completion; unique among the prompts in flight."""
    messages: tuple[Message, ...]
    """Turns of a chat; a last turn of the assistant's is the beginning of the answer."""
    document: str
    """The bare text the prompt is about, for engines that take no instructions."""
    max_tokens: int
    """Limit on the decoded tokens."""
    points: int = 0
    """Sentences wanted, for engines that take no instructions; 0: the engine's default."""
    language: str = ""
    """ISO 639-1 code of the document's language, for multilingual seq2seq models and for where its sentences end; empty
    where it is not known."""
    answer_language: str = ""
    """ISO 639-1 code of the language to answer in; empty means the document's."""
    stop: tuple[str, ...] = ()
    """Stop sequences; `stops` says which of them apply."""
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    """JSON Schema that the answer must match, or None for free text."""
    grammar: str | None = None
    """GBNF grammar that the answer must match, for engines that take one."""
    tuned: bool = False
    """Whether the adapter applies, where the engine has one (`is_tuned`)."""
    choices: tuple[str, ...] = ()
    """Words that differ in their first token, one of which is the answer; `Completion.odds` are their probabilities."""

    def stops(self, *, constrained: bool) -> tuple[str, ...]:
        """The stop sequences of an answer that is `constrained` by `grammar`, or is not.

        None for an unconstrained answer with a `schema`: it has blank lines of its own between headline and points.
        """
        return self.stop if constrained or not self.schema else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """The answer to a prompt."""

    id: str
    """The prompt's."""
    text: str
    prompt_tokens: int
    """Tokens of the prompt, those in the prefix cache included."""
    completion_tokens: int
    finish: Literal["stop", "length", "error"]
    odds: tuple[float, ...] = ()
    """Probabilities of the prompt's `choices` at the first token of the answer's first word, in their order, normalised
    to 1; empty where the engine gives none."""
    error: str = ""
    """The cause, where `finish` is ``error``; one prompt's failure never ends the batch."""
    cached_tokens: int = 0
    """Tokens of the prompt that came from the prefix cache."""
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0

    @classmethod
    def failed(cls, prompt: Prompt, error: str, prompt_tokens: int = 0) -> Completion:
        """The completion of a prompt that was not answered."""
        return cls(id=prompt.id, text="", prompt_tokens=prompt_tokens, completion_tokens=0, finish="error", error=error)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model for an engine: a file, a folder, or a name on a server."""

    name: str
    path: Path | None = None
    """File or folder; None for a model on a server."""
    adapter: Path | None = None
    """LoRA weights that apply to prompts that are `Prompt.tuned`."""
    address: str = ""
    """Base URL of its server, such as ``http://127.0.0.1:8000/v1``; empty for a model on this machine."""
    digest: str
    """Hexadecimal SHA-256 of the file or files; two models with one digest give the same answers."""
    context: int = 0
    """Tokens of the window it was trained with; 0 where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """Settings of an engine. The defaults are measured (bench/summarise.py)."""

    slots: int = 0
    """Prompts decoded concurrently; 0: the engine's default."""
    context: int = 0
    """Context window: tokens of one prompt and its answer together; 0: the engine's default."""
    threads: int = 0
    """Worker threads; 0: one for each physical core."""
    gpu_layers: int | Literal["auto"] = "auto"
    """Layers offloaded to a GPU, for `llama`; ``auto``: as many as fit, none without a GPU."""
    seed: int = 1
    temperature: float = 0.0
    """0: greedy decoding."""
    reuse_prefix: bool = True
    """Whether each slot caches the prefix that its prompts share."""
    trust_pickles: bool = False
    """Whether weights may be unpickled, which can run arbitrary code."""
    key: str = field(default="", repr=False)
    """API key for a server; empty for none."""
    patience: float = 300.0
    """Seconds that a server has for one answer."""
    token_budget: int = 0
    """Tokens, of prompts and answers together, after which no server is asked; 0: no limit."""
    thinking_tokens: int = 0
    """Reasoning tokens on top of the answer's; 0: the default (`reasoning_budget`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Optional features of an engine. docs/models.md shows them as a table."""

    structured: tuple[Literal["grammar", "schema"], ...] = ()
    """Kinds of constrained decoding, preferred first; without any, the prompt alone asks for the form."""
    odds: Literal["always", "some models", "never"] = "never"
    """Whether `Completion.odds` are given for `Prompt.choices`."""
    cancellation: Literal["chunk", "batch", "prompt"] = "prompt"
    """Granularity of cancelling: one token (or prefill batch), a batch of prompts, or one prompt."""
    thinking: tuple[Literal["off", "cut", "room"], ...] = ()
    """Handling of reasoning models: reasoning switched off, cut out of the answer, given more tokens once where it used
    up all of them."""
    batch: Literal["continuous", "requests", "padded", "single"] = "single"
    """Concurrency: continuous batching, requests in flight, padded batches that begin and end together, or none."""
    languages: Literal["instructed", "told", "quoted"] = "instructed"
    """How the answer's language is set: by the prompt; by the prompt and, for multilingual seq2seq models, their
    language token; or not, because the document's sentences are quoted."""


@runtime_checkable
class Engine(Protocol):
    """A loaded model. Not thread-safe unless an engine says so.

    Optional attributes: ``tuned``, whether the model was tuned to cite and check (prompts/cite.j2, check.j2), and
    ``capabilities`` (`Capabilities`).
    """

    name: str
    """``llama``, ``extractive``, ..."""
    model: str
    """The model's name for people; empty for an engine without one."""
    digest: str
    """Identifies model, adapter, sampling options and configured window: the same prompt may be answered differently
    only under another digest. Known without loading a model or asking a server.
    """
    context: int
    """Tokens of prompt and answer together."""
    instructable: bool
    """Whether it follows `Prompt.messages`; else it condenses `Prompt.document`."""
    verbatim: bool
    """Whether its answers are sentences of the document, which are shown as quotations."""

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, without a chat template around it."""
        ...

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield one completion for each prompt, as each finishes.

        `prompts` is pulled lazily, when a slot is free, and again after each completion even if it was exhausted,
        because an answer can add prompts. The iterator ends once nothing is in flight; prompts left come in a later
        call. Closing it cancels what is in flight. Raises `errors.EngineError` when the engine itself has failed.
        """
        ...

    def close(self) -> None:
        """Free the model. Safe to call twice."""
        ...


def is_tuned(engine: Engine) -> bool:
    """Whether the engine's model was tuned to cite and check."""
    return bool(getattr(engine, "tuned", False))


def capabilities_of(engine: object) -> Capabilities:
    """The capabilities that an engine or its class declares, else the defaults."""
    declared = getattr(engine, "capabilities", None)
    return declared if isinstance(declared, Capabilities) else Capabilities()


def message_tokens(messages: Sequence[Message], count: Callable[[str], int]) -> int:
    """Tokens of these turns and their chat template; `count` gives those of a string."""
    return sum(count(message.content) + _TURN_OVERHEAD for message in messages)


def token_upper_bound(text: str) -> int:
    """Most tokens of `text` without a tokeniser: one for three bytes of UTF-8.

    It holds for prose in the languages that models are made for, not for lists of digits or symbols.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 3)


def first_line(error: BaseException, length: int = 300) -> str:
    """The first line of an error's message, at most `length` characters; its type's name where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:length]
