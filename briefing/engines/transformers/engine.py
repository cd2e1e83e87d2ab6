"""The engine: prompts in batches of similar length, greedy decoding or beams, documents never truncated."""

from __future__ import annotations

import copy
import logging
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from briefing.engines.base import WINDOW, Capabilities, Completion, EngineOptions, ModelSpec, Prompt, first_line
from briefing.engines.output import cut_at_stop, has_reasoning, reasoning_budget, trailing_opening_mark
from briefing.engines.transformers.decoding import Decoder, StopCriterion, first_word_probabilities
from briefing.engines.transformers.inputs import batched, render_chat, take_up_to
from briefing.engines.transformers.loading import LoadedModel, load, load_tokenizer, settings_of
from briefing.engines.transformers.settings import ModelSettings, language_token
from briefing.errors import EngineError, ModelError
from briefing.nlp.text import fingerprint

_log = logging.getLogger(__name__)
_CPU_BATCH, _GPU_BATCH = 8, 32
_CPU_TOKENS, _GPU_TOKENS = 16_384, 131_072
"""Tokens of a batch with its padding, its beams and its answers."""
_BATCHES_AHEAD = 4
"""Batches that are formed together, so that prompts of similar length meet."""
_SPECIAL_TOKENS = 8
"""Tokens kept free for those that a tokeniser puts around a document."""
_REASONING_STEP = 256
"""Tokens. A reasoning budget limited by the window is a multiple of it, so that similar prompts share a batch."""


@dataclass(frozen=True, slots=True)
class _Input:
    """A rendered prompt."""

    prompt: Prompt
    text: str
    tokens: int
    opened: str = ""
    """The mark of a reasoning block that the chat template has opened."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The generated answer to one prompt."""

    text: str
    tokens: int
    """Reasoning included."""
    ended: bool
    """Whether it ended at EOS or a stop sequence."""
    reasoned: bool = False
    odds: tuple[float, ...] = ()


class TransformersEngine:
    """A Hugging Face model: one that summarises documents, or one that follows instructions."""

    name = "transformers"
    verbatim = False
    capabilities = Capabilities(
        odds="some models", cancellation="batch", thinking=("off", "cut", "room"), batch="padded", languages="told"
    )

    def __init__(self, model: ModelSpec | None, options: EngineOptions) -> None:
        """Loads nothing yet: the configuration is read on demand, the weights with the first prompt."""
        if model is None or not model.name:
            raise ModelError("engine transformers", "it needs a model", "Name one with --model")
        self.model = model.name
        self.digest = fingerprint("transformers", model.digest, str(options.context), str(reasoning_budget(options)))[
            :32
        ]
        self._spec = model
        self._options = options
        self._closed = False
        self._reasons = False
        self._count = lru_cache(maxsize=4096)(
            lambda text: len(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        )

    @property
    def instructable(self) -> bool:
        """Whether it is a chat model."""
        return not self._settings.sequence_to_sequence

    @cached_property
    def context(self) -> int:
        """Tokens of a document for a seq2seq model; else of prompt and answer together."""
        settings, asked = self._settings, self._options.context
        if settings.sequence_to_sequence:
            prefix = self.count_tokens(settings.prefix) if settings.prefix.strip() else 0
            return max(64, min(asked or settings.window, settings.window) - prefix - _SPECIAL_TOKENS)
        return min(asked or WINDOW, settings.window)

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, without a chat template or special tokens around it."""
        return self._count(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield a completion for each prompt; those of similar length share a batch."""
        if self._closed:
            raise EngineError(f"model {self.model}", "the engine was closed")
        coming = iter(prompts)
        while waiting := take_up_to(coming, self._batch_size * _BATCHES_AHEAD):
            inputs = [self._input(prompt) for prompt in waiting]
            remaining = [item for item in inputs if self._fits(item)]
            yield from (_over_window(item, self.context) for item in inputs if not self._fits(item))
            while remaining:  # batched anew each time: a model found to reason needs more tokens
                batch = self._batches(remaining)[0]
                yield from self._complete_batch(batch)
                done = set(map(id, batch))
                remaining = [item for item in remaining if id(item) not in done]

    def close(self) -> None:
        """Free the model and its memory. Safe to call twice."""
        self._closed = True
        self.__dict__.pop("_loaded", None)

    # --- lazy loading -----------------------------------------------------------------------------------------

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
    def _decoder(self) -> Decoder:
        return Decoder(self._tokenizer)

    @property
    def _beams(self) -> int:
        return int(self._settings.generation.get("num_beams", 1)) if self._settings.sequence_to_sequence else 1

    @property
    def _on_cpu(self) -> bool:
        return bool(self._loaded.device.type == "cpu")

    @property
    def _batch_size(self) -> int:
        return self._options.slots or (_CPU_BATCH if self._on_cpu else _GPU_BATCH)

    # --- prompts ----------------------------------------------------------------------------------------------

    def _input(self, prompt: Prompt) -> _Input:
        if not self.instructable:
            text = self._settings.prefix + prompt.document
            return _Input(prompt, text, self.count_tokens(text))
        text = render_chat(self._tokenizer, self.model, prompt.messages)
        opened = trailing_opening_mark(text)
        self._reasons |= bool(opened)
        return _Input(prompt, text, self.count_tokens(text), opened)

    def _fits(self, item: _Input) -> bool:
        if self.instructable:
            return item.tokens + item.prompt.max_tokens <= self.context
        return item.tokens <= self._settings.window

    def _batches(self, inputs: Sequence[_Input]) -> list[Sequence[_Input]]:
        tokens = (_CPU_TOKENS if self._on_cpu else _GPU_TOKENS) // self._beams
        return batched(inputs, self._cost, self._kind, most=self._batch_size, tokens=tokens)

    def _cost(self, item: _Input) -> int:
        return item.tokens + self._max_answer(item.prompt) + self._reasoning_tokens(item)

    def _reasoning_tokens(self, item: _Input) -> int:
        """Extra tokens for a model that reasons, as far as its window allows."""
        if not self._reasons:
            return 0
        left = self._settings.window - item.tokens - item.prompt.max_tokens
        if left >= reasoning_budget(self._options):
            return reasoning_budget(self._options)
        return left // _REASONING_STEP * _REASONING_STEP if left > _REASONING_STEP else max(0, left)

    def _max_answer(self, prompt: Prompt) -> int:
        stated = self._settings.generation
        if self.instructable or not ({"max_length", "max_new_tokens"} & set(stated)):
            return prompt.max_tokens
        return int(stated.get("max_new_tokens") or stated["max_length"])

    def _kind(self, item: _Input) -> tuple[object, ...]:
        """Equal for prompts that can be decoded with the same settings."""
        prompt = item.prompt
        if self.instructable:
            stops = prompt.stops(constrained=False)
            return prompt.max_tokens, stops, bool(prompt.choices), self._reasoning_tokens(item)
        return self._min_length(item), prompt.language, prompt.answer_language

    def _min_length(self, item: _Input) -> int:
        """The model's own minimum of tokens, but at most half of its input."""
        return min(int(self._settings.generation.get("min_length", 0)), item.tokens // 2)

    # --- decoding ---------------------------------------------------------------------------------------------

    def _complete_batch(self, batch: Sequence[_Input]) -> Iterator[Completion]:
        """The completions of a batch of one `_kind`; it is halved where memory runs out."""
        import torch

        began = time.monotonic()
        budget = self._reasoning_tokens(batch[0])
        try:
            rows = self._generate(batch, budget)
        except (MemoryError, torch.OutOfMemoryError) as error:
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            if len(batch) == 1:
                yield _error(batch[0], f"there is too little memory for it ({first_line(error)})")
                return
            _log.debug("Out of memory with a batch of %d: halved", len(batch))
            for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                for part in self._batches(half):  # the first may have found that the model reasons
                    yield from self._complete_batch(part)
            return
        except (RuntimeError, ValueError, IndexError) as error:
            yield from (_error(item, first_line(error)) for item in batch)
            return
        seconds = (time.monotonic() - began) / len(batch)
        _log.debug("Batch of %d, longest %d tokens: %.1f s a prompt", len(batch), batch[0].tokens, seconds)
        unanswered = []
        for item, row in zip(batch, rows, strict=True):
            if row.reasoned and not row.text.strip():
                unanswered.append((item, row))
                continue
            yield Completion(
                id=item.prompt.id, text=row.text, prompt_tokens=item.tokens, completion_tokens=row.tokens,
                finish="stop" if row.ended else "length", odds=row.odds, decode_seconds=seconds,
            )  # fmt: skip
        self._reasons |= bool(unanswered)
        retried = [item for item, _ in unanswered if self._reasoning_tokens(item) > budget]
        yield from (_error(item, f"the model came to no answer in {row.tokens:,} tokens of thoughts")
                    for item, row in unanswered if self._reasoning_tokens(item) <= budget)  # fmt: skip
        for part in self._batches(retried):
            yield from self._complete_batch(part)

    def _generate(self, batch: Sequence[_Input], budget: int) -> list[_Row]:
        """The model's answers to a batch, with `budget` extra tokens for reasoning."""
        import torch

        tokenizer, model = self._tokenizer, self._loaded.model
        prompt = batch[0].prompt
        forced = self._set_languages(prompt)
        inputs = tokenizer(
            [item.text for item in batch], return_tensors="pt", padding=True, add_special_tokens=not self.instructable
        ).to(self._loaded.device)
        inputs.pop("token_type_ids", None)
        if self._settings.kind == "led":
            # "We set global attention on the first token" (Beltagy et al., Longformer, 2020).
            inputs["global_attention_mask"] = torch.zeros_like(inputs["input_ids"])
            inputs["global_attention_mask"][:, 0] = 1
        start = inputs["input_ids"].shape[1] if self.instructable else 1
        stops = prompt.stops(constrained=False) if self.instructable else ()
        # Chat models have several EOS tokens: of a turn, of a text.
        stated = model.generation_config.eos_token_id
        ends = {tokenizer.eos_token_id, tokenizer.pad_token_id, *(stated if isinstance(stated, list) else [stated])}
        arguments: dict[str, Any] = {}
        opened = [item.opened for item in batch]
        criterion = StopCriterion(self._decoder, start, opened, stops=stops, ends=ends, most=prompt.max_tokens)
        if stops or budget:
            arguments["stopping_criteria"] = [criterion]
        with_logits = self.instructable and bool(prompt.choices) and not budget
        if with_logits:
            arguments |= {"return_dict_in_generate": True, "output_logits": True}
        torch.manual_seed(self._options.seed)
        settings = self._generation_config(batch[0], forced, budget)
        with torch.inference_mode():
            output = model.generate(**inputs, generation_config=settings, **arguments)
        ids = output.sequences if with_logits else output
        limit = _forced_end(settings, start)
        rows = []
        for index, (item, row) in enumerate(zip(batch, ids[:, start:].tolist(), strict=True)):
            length = next((n for n, token in enumerate(row) if token in ends), len(row))
            generated = item.opened + self._decoder.text(row[:length])
            text, stopped = cut_at_stop(generated, stops) if self.instructable else (generated, False)
            reasoned = self.instructable and has_reasoning(generated)
            odds: tuple[float, ...] = ()
            if with_logits and not reasoned:
                logits = [step[index] for step in output.logits]
                odds = first_word_probabilities(tokenizer, item.prompt.choices, row[:length], logits)
            ended = length < min(len(row), limit) and index not in criterion.truncated
            rows.append(_Row(text, length, stopped or ended, reasoned, odds))
        return rows

    def _generation_config(self, item: _Input, forced: int | None, budget: int) -> Any:
        """The model's own settings for one kind of prompts, without sampling."""
        settings = copy.deepcopy(self._loaded.model.generation_config)
        settings.update(do_sample=False, temperature=None, top_p=None, top_k=None, typical_p=None, min_p=None)
        if self.instructable:
            settings.update(max_new_tokens=item.prompt.max_tokens + budget, max_length=None, num_beams=1)
        else:
            settings.update(**self._settings.generation)
            settings.update(min_length=self._min_length(item))
            if not {"max_length", "max_new_tokens"} & set(self._settings.generation):
                settings.update(max_new_tokens=item.prompt.max_tokens, max_length=None)
        if forced is not None:
            settings.update(forced_bos_token_id=forced)
        settings.pad_token_id = self._tokenizer.pad_token_id
        return settings

    def _set_languages(self, prompt: Prompt) -> int | None:
        """Set a multilingual tokeniser's source language; the forced BOS token of the target, where one is needed."""
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
    """Tokens after which EOS is forced (BART's ``forced_eos_token_id``), so that it does not mean an end."""
    if getattr(settings, "forced_eos_token_id", None) is None:
        return sys.maxsize
    return int(settings.max_new_tokens or settings.max_length - start) - 1


def _over_window(item: _Input, context: int) -> Completion:
    cause = f"the prompt has {item.tokens} tokens, over the {context} that the model takes"
    return _error(item, f"{cause}. Take one with a larger window, or set context higher where it is set")


def _error(item: _Input, cause: str) -> Completion:
    return Completion.failed(item.prompt, cause, item.tokens)
