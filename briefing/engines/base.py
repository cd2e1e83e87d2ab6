"""The seam between this project and a model: prompts in, completions out, in whatever order they finish."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

__all__ = [
    "WINDOW",
    "Capabilities",
    "Completion",
    "Engine",
    "EngineOptions",
    "Message",
    "ModelSpec",
    "Prompt",
    "capabilities_of",
    "is_tuned",
    "message_tokens",
    "token_upper_bound",
]

WINDOW = 4096
"""Tokens of a prompt and its answer together, for a chat model where nobody says otherwise."""
_AROUND_A_TURN = 8


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question: messages for models that follow instructions, `document` for those that only summarise."""

    id: str
    """Comes back on the completion; unique among the prompts in flight."""
    messages: tuple[Message, ...]
    """Turns of a chat; where the last is the assistant's, it is the beginning of the answer, which goes on from it."""
    document: str
    """The bare text the prompt is about, for engines that take no instructions."""
    max_tokens: int
    """At most this many tokens are decoded."""
    points: int = 0
    """How many sentences the caller hopes for, for engines that take no instructions; 0 means: no wish."""
    language: str = ""
    """ISO 639-1 code of the document's language, for models that must be told; empty where it is not known."""
    answer_language: str = ""
    """ISO 639-1 code of the language to answer in; empty means the document's."""
    stop: tuple[str, ...] = ()
    """Decoding ends before any of these, where they count (`stops`)."""
    schema: Mapping[str, Any] | None = field(default=None, hash=False)
    """JSON Schema that the answer must match, or None for free text."""
    grammar: str | None = None
    """GBNF grammar that the answer must match, for engines that take one."""
    tuned: bool = False
    """Whether the tuned model is to answer, where the engine has one (`is_tuned`), not its bare base."""
    choices: tuple[str, ...] = ()
    """Words that differ in their first token, one of which is the answer; where an engine can tell, it says how likely
    each was (`Completion.odds`)."""

    def stops(self, *, held: bool) -> tuple[str, ...]:
        """Those of `stop` that end an answer, which is `held` to the prompt's `grammar` or is not.

        None where no grammar holds it and a `schema` says that it is a list or JSON: what a model writes freely has
        blank lines of its own, between its headline and its points.
        """
        return self.stop if held or not self.schema else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """What a model answered."""

    id: str
    """The prompt's."""
    text: str
    prompt_tokens: int
    """Tokens of the prompt, those found in the prefix cache included."""
    completion_tokens: int
    finish: Literal["stop", "length", "error"]
    odds: tuple[float, ...] = ()
    """Probabilities of the prompt's `choices` at the token that begins the answer's first word, in their order,
    together 1; empty where the engine cannot tell."""
    error: str = ""
    """Why, where `finish` is ``error``; one prompt's failure never ends the batch."""
    cached_tokens: int = 0
    """Tokens of the prompt that were not computed again."""
    prefill_seconds: float = 0.0
    decode_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model that an engine is to run: a file, a folder, or a name that a server knows."""

    name: str
    """What people call it; what a server calls it."""
    path: Path | None = None
    """Where it lies on this machine; None for a model on a server."""
    adapter: Path | None = None
    """Low-rank weights that go with `path` for prompts that are `Prompt.tuned`."""
    address: str = ""
    """Base URL of the server that runs it, such as ``http://127.0.0.1:8000/v1``; empty for a model on this machine."""
    digest: str
    """Hexadecimal SHA-256 of the file or files: two models with one digest answer alike."""
    context: int = 0
    """Tokens the model was trained to take; 0 where that is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """How an engine is to run. The defaults are measured (bench/summarise.py)."""

    slots: int = 0
    """Prompts that are decoded side by side; 0 means what the engine takes to be best."""
    context: int = 0
    """Tokens that one prompt and its answer may have together; 0 means what the engine takes to be best."""
    threads: int = 0
    """Worker threads; 0 means: one for each physical core."""
    gpu_layers: int | Literal["auto"] = "auto"
    """Layers of the model that a GPU holds, for `llama`; ``auto`` means: as many as fit, none without a GPU."""
    seed: int = 1
    temperature: float = 0.0
    """0 always takes the likeliest token."""
    reuse_prefix: bool = True
    """Whether the beginning that prompts share is computed once for each slot."""
    trust_pickles: bool = False
    """Whether weights may be read from pickles, which can run whatever code is in them."""
    key: str = field(default="", repr=False)
    """What a server wants to see of us; empty where it wants nothing."""
    patience: float = 300.0
    """Seconds that a server has for one answer."""
    token_budget: int = 0
    """Tokens, of prompts and answers together, after which a server is asked no more; 0 means no limit."""
    thinking_tokens: int = 0
    """Tokens that a model which thinks has for it, on top of its answer's; 0 means what is taken to be best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an engine can do beyond answering; the defaults promise nothing. docs/models.md shows them as a table."""

    structured: tuple[Literal["grammar", "schema"], ...] = ()
    """Ways in which an answer is held to a form while it is decoded, the one that is tried first in front; without
    any, the prompt alone asks for the form."""
    odds: Literal["always", "some models", "never"] = "never"
    """Whether `Completion.odds` are told for `Prompt.choices`."""
    cancellation: Literal["chunk", "batch", "prompt"] = "prompt"
    """What is still computed after the iterator was closed: one token (or one batch of a prompt's tokens), the prompts
    that are being answered together, or the prompt at hand."""
    thinking: tuple[Literal["off", "cut", "room"], ...] = ()
    """What is done about models that think first: told not to, their thoughts cut out of the answer, given more tokens
    once where thoughts used up all of them."""
    batch: Literal["continuous", "requests", "padded", "single"] = "single"
    """How prompts are answered side by side: decoded together, each leaving when it ends; as requests in flight; in
    batches that begin and end together; one after another."""
    languages: Literal["instructed", "told", "quoted"] = "instructed"
    """How an answer gets its language: the prompt asks for it; the prompt asks, and models made for several are told
    by their language's token; it is the document's own, because its sentences are quoted."""


@runtime_checkable
class Engine(Protocol):
    """A loaded model. Not thread-safe unless an engine says so; one owner calls it.

    One whose model was tuned to cite and check (prompts/cite.j2, check.j2) says so with an attribute ``tuned``, and
    what it can do beyond answering with an attribute ``capabilities`` (`Capabilities`).
    """

    name: str
    """``llama``, ``extractive``, ..."""
    model: str
    """The model's name for people; empty for an engine without one."""
    digest: str
    """Changes whenever the same prompt might be answered differently: model, adapter, sampling options, and the window
    that was asked for. Known without loading a model or asking a server.
    """
    context: int
    """Tokens that prompt and answer may have together."""
    instructable: bool
    """Whether it follows `Prompt.messages`; else it condenses `Prompt.document`."""
    verbatim: bool
    """Whether its answers are the document's own sentences (which are then shown as quotations)."""

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, without a chat template around it."""
        ...

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield one completion for each prompt, as each finishes.

        `prompts` is pulled lazily, when a slot is free, so that an answer can add prompts while others still run. So
        its end means that there is none now: ask for the next again after each completion, and end once nothing is in
        flight. What was not asked for comes in a later call.
        Raises `errors.EngineError` when the engine itself is gone; closing the iterator cancels what is in flight.
        """
        ...

    def close(self) -> None:
        """Free the model. Safe to call twice."""
        ...


def is_tuned(engine: Engine) -> bool:
    """Whether the engine's model was tuned to cite and check; the others are given whole articles."""
    return bool(getattr(engine, "tuned", False))


def capabilities_of(engine: object) -> Capabilities:
    """What an engine, or its class, says that it can do; what promises nothing where it does not say."""
    said = getattr(engine, "capabilities", None)
    return said if isinstance(said, Capabilities) else Capabilities()


def message_tokens(messages: Sequence[Message], count: Callable[[str], int]) -> int:
    """Tokens of these turns with what a chat template puts around each, where `count` gives those of a string."""
    return sum(count(message.content) + _AROUND_A_TURN for message in messages)


def token_upper_bound(text: str) -> int:
    """As many tokens as `text` has at most, where no tokeniser is at hand: none needs more than one for three bytes of
    prose in the languages that models are made for.
    """
    return -(-len(text.encode("utf-8", "surrogatepass")) // 3)
