"""From prompts to model inputs: rendered by the chat template, batched by padded tokens.

Chat templates are programs: some refuse system turns, some want the parts of a turn as a list, some open the answer
with a reasoning block.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from briefing.engines.base import Message, first_line
from briefing.engines.output import no_reasoning_settings
from briefing.errors import ModelError


def render_chat(tokenizer: Any, model: str, messages: Sequence[Message]) -> str:
    """The prompt for `messages`; a last turn of the assistant's is continued.

    Raises `ModelError` where the template of `model` refuses them in every form.
    """
    stated = tokenizer.chat_template
    template = str(stated.get("default", "") if isinstance(stated, dict) else stated)
    no_reasoning = no_reasoning_settings(template)
    continues = bool(messages) and messages[-1].role == "assistant"
    last = messages[-1].content.strip() if messages else ""
    refusal: Exception | None = None
    without_last = ""
    for turns in _forms(messages):
        for settings in (no_reasoning, {}) if no_reasoning else ({},):
            try:
                text = str(
                    tokenizer.apply_chat_template(
                        turns, tokenize=False, add_generation_prompt=not continues, continue_final_message=continues,
                        **settings,
                    )
                )  # fmt: skip
            except Exception as error:  # a template may raise anything
                refusal = refusal or error
                continue
            if last in text:
                return text
            without_last = without_last or text
    if without_last:  # the template may have reworded the last turn
        return without_last
    reason = first_line(refusal, 200) if refusal else "there is nothing in it"
    cause = f"its chat template refuses the prompt ({reason})"
    raise ModelError(f"model {model}", cause, "Take another model, or its file from another maker")


def _forms(messages: Sequence[Message]) -> Iterator[list[dict[str, Any]]]:
    """The same turns in the forms that templates want: plain, with the system turn joined to the next, in parts."""
    plain = [{"role": message.role, "content": message.content} for message in messages]
    yield plain
    joined = plain
    if len(messages) > 1 and messages[0].role == "system":
        joined = [{"role": "user", "content": f"{messages[0].content}\n\n{messages[1].content}"}, *plain[2:]]
        yield joined
    for form in (plain, joined):
        yield [{"role": turn["role"], "content": [{"type": "text", "text": turn["content"]}]} for turn in form]


T = TypeVar("T")


def take_up_to(items: Iterator[T], most: int) -> list[T]:
    """At most `most` items, ending early at None."""
    found: list[T] = []
    while len(found) < most and (item := next(items, None)) is not None:
        found.append(item)
    return found


def batched(
    items: Iterable[T], length: Callable[[T], int], kind: Callable[[T], Hashable], *, most: int, tokens: int
) -> list[Sequence[T]]:
    """Batches of one `kind`, longest first, bounded by `most` items and by `tokens` after padding to the longest.

    An item whose `length` alone is over `tokens` is a batch of its own.
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
