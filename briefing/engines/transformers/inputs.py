"""From prompts to model inputs: rendered by the chat template, batched by padded tokens. Pure.

A chat template is a program of the model's maker. Some refuse system turns, some want the parts of a turn listed, some
open the answer with a reasoning block of their own accord.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from briefing.engines.base import Message
from briefing.engines.output import no_reasoning_settings
from briefing.errors import ModelError

__all__ = ["batched", "render_chat", "take_up_to"]


def render_chat(tokenizer: Any, model: str, messages: Sequence[Message]) -> str:
    """The prompt for `messages`; where the last is the assistant's, the answer goes on from it.

    Raises `ModelError` where the template of `model` refuses them in every form.
    """
    quiet = no_reasoning_settings(_template(tokenizer))
    goes_on = bool(messages) and messages[-1].role == "assistant"
    last = messages[-1].content.strip() if messages else ""
    refusal: Exception | None = None
    left_out = ""
    for turns in _forms(messages):
        for settings in (quiet, {}) if quiet else ({},):
            try:
                text = str(
                    tokenizer.apply_chat_template(
                        turns, tokenize=False, add_generation_prompt=not goes_on, continue_final_message=goes_on,
                        **settings,
                    )
                )  # fmt: skip
            except Exception as error:  # whatever a program raises
                refusal = refusal or error
                continue
            if last in text:
                return text
            left_out = left_out or text
    if left_out:  # or it is there in other words
        return left_out
    cause = f"its chat template refuses the prompt ({_brief(refusal) if refusal else 'there is nothing in it'})"
    raise ModelError(f"model {model}", cause, "Take another model, or its file from another maker")


def _forms(messages: Sequence[Message]) -> Iterator[list[dict[str, Any]]]:
    """The same turns as templates want them: as they are, without a system turn, with parts."""
    turns = [(message.role, message.content) for message in messages]
    plain = [{"role": role, "content": content} for role, content in turns]
    yield plain
    joined = plain
    if len(turns) > 1 and turns[0][0] == "system":
        joined = [{"role": "user", "content": f"{turns[0][1]}\n\n{turns[1][1]}"}, *plain[2:]]
        yield joined
    for form in (plain, joined):
        yield [{"role": turn["role"], "content": [{"type": "text", "text": turn["content"]}]} for turn in form]


def _template(tokenizer: Any) -> str:
    stated = tokenizer.chat_template
    return str(stated.get("default", "") if isinstance(stated, dict) else stated)


def _brief(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


T = TypeVar("T")


def take_up_to(items: Iterator[T], most: int) -> list[T]:
    """The next `most` of `items`, or what is left."""
    found: list[T] = []
    while len(found) < most and (item := next(items, None)) is not None:
        found.append(item)
    return found


def batched(
    items: Iterable[T], length: Callable[[T], int], kind: Callable[[T], Hashable], *, most: int, tokens: int
) -> list[Sequence[T]]:
    """Cut `items` into batches of one `kind`, longest first.

    A batch has at most `most` items, and at most `tokens` tokens once all are padded to its longest `length`; an item
    that is longer than that alone is a batch of its own.
    """
    groups: dict[Hashable, list[T]] = {}
    for item in items:
        groups.setdefault(kind(item), []).append(item)
    found: list[Sequence[T]] = []
    for group in groups.values():
        batch: list[T] = []
        for item in sorted(group, key=length, reverse=True):  # the first of a batch is its longest
            if batch and (len(batch) == most or (len(batch) + 1) * length(batch[0]) > tokens):
                found.append(batch)
                batch = []
            batch.append(item)
        found.append(batch)
    return found
