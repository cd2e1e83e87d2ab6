"""The engine: prompts in batches of like length, the likeliest answer, nothing of a document cut off."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from briefing.engines.base import WINDOW, Capabilities, Completion, EngineOptions, ModelSpec, Prompt
from briefing.engines.output import cut_at_stop, has_reasoning, reasoning_budget, trailing_opening_mark
from briefing.engines.transformers.decoding import Decoder, StopCriterion, first_word_probabilities
from briefing.engines.transformers.inputs import batched, render_chat, take_up_to
from briefing.engines.transformers.loading import LoadedModel, load, load_tokenizer, settings_of
from briefing.engines.transformers.settings import ModelSettings, language_token
from briefing.errors import EngineError, ModelError
from briefing.nlp.text import fingerprint

__all__ = ["TransformersEngine"]

_CPU_BATCH, _GPU_BATCH = 8, 32
_CPU_TOKENS, _GPU_TOKENS = 16_384, 131_072
"""Tokens of a batch with its padding, its beams and what is to be decoded."""
_AHEAD = 4
"""Batches that are looked at together, to find prompts of like length."""
_SPECIAL = 8
"""Tokens kept free for what a tokeniser puts around a document."""
_ROOM_STEP = 256
"""Tokens. Room for thoughts that a window limits is a multiple of it, so that prompts of like length have the same."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A prompt as the model sees it."""

    prompt: Prompt
    text: str
    tokens: int
    opened: str = ""
    """The mark of a thought that the chat template has opened."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What a model wrote for one prompt."""

    text: str
    written: int
    """Tokens, those of thoughts included."""
    ended: bool
    """Whether it came to an end by itself."""
    thought: bool = False
    odds: tuple[float, ...] = ()


class TransformersEngine:
    """A Hugging Face model: one that summarises documents, or one that follows instructions."""

    name = "transformers"
    verbatim = False
    capabilities = Capabilities(
        odds="some models", cancellation="batch", thinking=("off", "cut", "room"), batch="padded", languages="told"
    )

    def __init__(self, model: ModelSpec | None, options: EngineOptions) -> None:
        """Note what to load. Its configuration is read when somebody asks for it, its weights at the first question."""
        if model is None or not model.name:
            raise ModelError("engine transformers", "it needs a model", "Name one with --model")
        self.model = model.name
        self.digest = fingerprint("transformers", model.digest, str(options.context), str(reasoning_budget(options)))[
            :32
        ]
        self._spec = model
        self._options = options
        self._closed = False
        self._thinks = False
        self._count = lru_cache(maxsize=4096)(self._measure)

    @property
    def instructable(self) -> bool:
        """Whether it is a chat model."""
        return not self._settings.sequence_to_sequence

    @cached_property
    def context(self) -> int:
        """Tokens of a document, for a sequence-to-sequence model; else of prompt and answer together."""
        settings, asked = self._settings, self._options.context
        if settings.sequence_to_sequence:
            prefix = self.count_tokens(settings.prefix) if settings.prefix.strip() else 0
            return max(64, min(asked or settings.window, settings.window) - prefix - _SPECIAL)
        return min(asked or WINDOW, settings.window)

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, without a chat template or special tokens around it."""
        return self._count(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield a completion for each prompt; those of like length are answered together."""
        if self._closed:
            raise EngineError(f"model {self.model}", "the engine was closed")
        coming = iter(prompts)
        while waiting := take_up_to(coming, self._most * _AHEAD):
            asked = [self._asked(prompt) for prompt in waiting]
            left = [one for one in asked if self._fits(one)]
            yield from (_failed(one, self.context) for one in asked if not self._fits(one))
            while left:  # cut anew each time: a model that was found to think has more to write
                batch = self._batches(left)[0]
                yield from self._answered(batch)
                done = set(map(id, batch))
                left = [one for one in left if id(one) not in done]

    def close(self) -> None:
        """Free the model and its memory. Safe to call twice."""
        self._closed = True
        self.__dict__.pop("_loaded", None)

    # --- what is loaded when ----------------------------------------------------------------------------------

    @cached_property
    def _settings(self) -> ModelSettings:
        return settings_of(self._spec)

    @cached_property
    def _tokenizer(self) -> Any:
        return load_tokenizer(self._spec, self._settings)

    @cached_property
    def _loaded(self) -> LoadedModel:
        loaded = load(self._spec, self._settings, self._options)
        if self.instructable and not getattr(self._tokenizer, "chat_template", None):
            raise ModelError(
                f"model {self.model}", "it has no chat template: a base model follows no instructions",
                "Take its -Instruct version, or a model made for summaries",
            )  # fmt: skip
        return loaded

    @cached_property
    def _reader(self) -> Decoder:
        return Decoder(self._tokenizer)

    @property
    def _beams(self) -> int:
        return int(self._settings.generation.get("num_beams", 1)) if self._settings.sequence_to_sequence else 1

    @property
    def _on_cpu(self) -> bool:
        return bool(self._loaded.device.type == "cpu")

    @property
    def _most(self) -> int:
        """Prompts of a batch."""
        return self._options.slots or (_CPU_BATCH if self._on_cpu else _GPU_BATCH)

    # --- prompts ----------------------------------------------------------------------------------------------

    def _measure(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _asked(self, prompt: Prompt) -> _Asked:
        text = self._chat(prompt) if self.instructable else self._settings.prefix + prompt.document
        opened = trailing_opening_mark(text) if self.instructable else ""
        self._thinks |= bool(opened)
        return _Asked(prompt, text, self.count_tokens(text), opened)

    def _chat(self, prompt: Prompt) -> str:
        return render_chat(self._tokenizer, self.model, prompt.messages)

    def _fits(self, one: _Asked) -> bool:
        if self.instructable:
            return one.tokens + one.prompt.max_tokens <= self.context
        return one.tokens <= self._settings.window

    def _batches(self, asked: Sequence[_Asked]) -> list[Sequence[_Asked]]:
        tokens = (_CPU_TOKENS if self._on_cpu else _GPU_TOKENS) // self._beams
        return batched(asked, self._cost, self._alike, most=self._most, tokens=tokens)

    def _cost(self, one: _Asked) -> int:
        return one.tokens + self._longest_answer(one.prompt) + self._room(one)

    def _room(self, one: _Asked) -> int:
        """Tokens on top for the thoughts of a model that cannot do without: as many as its window has."""
        if not self._thinks:
            return 0
        left = self._settings.window - one.tokens - one.prompt.max_tokens
        if left >= reasoning_budget(self._options):
            return reasoning_budget(self._options)
        return left // _ROOM_STEP * _ROOM_STEP if left > _ROOM_STEP else max(0, left)

    def _longest_answer(self, prompt: Prompt) -> int:
        wishes = self._settings.generation
        if self.instructable or not ({"max_length", "max_new_tokens"} & set(wishes)):
            return prompt.max_tokens
        return int(wishes.get("max_new_tokens") or wishes["max_length"])

    def _alike(self, one: _Asked) -> tuple[object, ...]:
        """Prompts differ in kind where they cannot be decoded with one set of settings."""
        prompt = one.prompt
        if self.instructable:
            return prompt.max_tokens, prompt.stops(constrained=False), bool(prompt.choices), self._room(one)
        return self._least(one), prompt.language, prompt.answer_language

    def _least(self, one: _Asked) -> int:
        """Tokens the answer must have: the model's own wish, but never more than half of what it is given."""
        return min(int(self._settings.generation.get("min_length", 0)), one.tokens // 2)

    # --- decoding ---------------------------------------------------------------------------------------------

    def _answered(self, batch: Sequence[_Asked]) -> Iterator[Completion]:
        """The completions of a batch of one kind (`_alike`); one that is too large for the memory is halved."""
        import torch

        began = time.monotonic()
        room = self._room(batch[0])
        try:
            rows = self._decoded(batch, room)
        except (MemoryError, torch.OutOfMemoryError) as error:
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            if len(batch) == 1:
                yield _error(batch[0], f"there is too little memory for it ({_brief(error)})")
                return
            for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                for part in self._batches(half):  # the first may have found that the model thinks
                    yield from self._answered(part)
            return
        except (RuntimeError, ValueError, IndexError) as error:
            yield from (_error(one, _brief(error)) for one in batch)
            return
        seconds = (time.monotonic() - began) / len(batch)
        thinking = []
        for one, row in zip(batch, rows, strict=True):
            if row.thought and not row.text.strip():
                thinking.append((one, row))
                continue
            yield Completion(
                id=one.prompt.id, text=row.text, prompt_tokens=one.tokens, completion_tokens=row.written,
                finish="stop" if row.ended else "length", odds=row.odds, decode_seconds=seconds,
            )  # fmt: skip
        self._thinks |= bool(thinking)
        again = [one for one, _ in thinking if self._room(one) > room]
        yield from (_error(one, f"the model came to no answer in {row.written:,} tokens of thoughts")
                    for one, row in thinking if self._room(one) <= room)  # fmt: skip
        for part in self._batches(again):
            yield from self._answered(part)

    def _decoded(self, batch: Sequence[_Asked], room: int) -> list[_Row]:
        """What the model writes for each of the batch, with `room` tokens on top for its thoughts."""
        import torch

        tokenizer, model = self._tokenizer, self._loaded.model
        prompt = batch[0].prompt
        forced = self._speak(prompt)
        inputs = tokenizer(
            [one.text for one in batch], return_tensors="pt", padding=True, add_special_tokens=not self.instructable
        ).to(self._loaded.device)
        inputs.pop("token_type_ids", None)
        if self._settings.kind == "led":
            # "We set global attention on the first token" (Beltagy et al., Longformer, 2020).
            inputs["global_attention_mask"] = torch.zeros_like(inputs["input_ids"])
            inputs["global_attention_mask"][:, 0] = 1
        start = inputs["input_ids"].shape[1] if self.instructable else 1
        stops = prompt.stops(constrained=False) if self.instructable else ()
        # Chat models have several: of a turn, of a text.
        stated = model.generation_config.eos_token_id
        ends = {tokenizer.eos_token_id, tokenizer.pad_token_id, *(stated if isinstance(stated, list) else [stated])}
        how: dict[str, Any] = {}
        opened = [one.opened for one in batch]
        end = StopCriterion(self._reader, start, opened, stops=stops, ends=ends, most=prompt.max_tokens)
        if stops or room:
            how["stopping_criteria"] = [end]
        likely = self.instructable and bool(prompt.choices) and not room
        if likely:
            how |= {"return_dict_in_generate": True, "output_logits": True}
        torch.manual_seed(self._options.seed)
        settings = self._generation(batch[0], forced, room)
        with torch.inference_mode():
            output = model.generate(**inputs, generation_config=settings, **how)
        ids = output.sequences if likely else output
        full = _forced_end(settings, start)
        found = []
        for place, (one, row) in enumerate(zip(batch, ids[:, start:].tolist(), strict=True)):
            written = next((n for n, token in enumerate(row) if token in ends), len(row))
            said = one.opened + self._reader.text(row[:written])
            text, stopped = cut_at_stop(said, stops) if self.instructable else (said, False)
            thought = self.instructable and has_reasoning(said)
            shares: tuple[float, ...] = ()
            if likely and not thought:
                shares = first_word_probabilities(
                    tokenizer, one.prompt.choices, row[:written], [step[place] for step in output.logits]
                )
            ended = written < min(len(row), full) and place not in end.cut
            found.append(_Row(text, written, stopped or ended, thought, shares))
        return found

    def _generation(self, one: _Asked, forced: int | None, room: int) -> Any:
        """The model's own wishes for one kind of prompts, without sampling."""
        import copy

        settings = copy.deepcopy(self._loaded.model.generation_config)
        settings.update(do_sample=False, temperature=None, top_p=None, top_k=None, typical_p=None, min_p=None)
        if self.instructable:
            settings.update(max_new_tokens=one.prompt.max_tokens + room, max_length=None, num_beams=1)
        else:
            settings.update(**self._settings.generation)
            settings.update(min_length=self._least(one))
            if not {"max_length", "max_new_tokens"} & set(self._settings.generation):
                settings.update(max_new_tokens=one.prompt.max_tokens, max_length=None)
        if forced is not None:
            settings.update(forced_bos_token_id=forced)
        settings.pad_token_id = self._tokenizer.pad_token_id
        return settings

    def _speak(self, prompt: Prompt) -> int | None:
        """Tell a model of many languages which it reads; the token of the one it is to write, where it needs one."""
        tokenizer = self._tokenizer
        if not hasattr(tokenizer, "src_lang"):
            return None
        tokens = tokenizer.get_vocab()
        if source := language_token(tokens, prompt.language):
            tokenizer.src_lang = source
        stated = self._settings.generation.get("forced_bos_token_id")
        if stated is not None and not prompt.answer_language:
            return None
        target = language_token(tokens, prompt.answer_language or prompt.language)
        return int(tokenizer.convert_tokens_to_ids(target)) if target else None


def _forced_end(settings: Any, start: int) -> int:
    """Tokens behind which an answer is not ended by the model but by its settings (BART's ``forced_eos_token_id``)."""
    if getattr(settings, "forced_eos_token_id", None) is None:
        return sys.maxsize
    return int(settings.max_new_tokens or settings.max_length - start) - 1


def _failed(one: _Asked, context: int) -> Completion:
    cause = f"the prompt has {one.tokens} tokens, over the {context} that the model takes"
    return _error(one, f"{cause}. Take one with a larger window, or set context higher where it is set")


def _error(one: _Asked, cause: str) -> Completion:
    return Completion(
        id=one.prompt.id, text="", prompt_tokens=one.tokens, completion_tokens=0, finish="error", error=cause
    )


def _brief(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
