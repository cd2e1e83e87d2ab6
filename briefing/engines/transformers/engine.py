"""The engine: prompts in batches of like length, the likeliest answer, nothing of a document cut off."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from briefing.engines.base import Capabilities, Completion, EngineOptions, ModelSpec, Prompt
from briefing.engines.transformers.batches import batched, taken
from briefing.engines.transformers.loading import Loaded, load, load_tokenizer, settings_of
from briefing.engines.transformers.settings import ModelSettings, language_token
from briefing.errors import EngineError, ModelError
from briefing.text import fingerprint

__all__ = ["TransformersEngine"]

_CHAT_CONTEXT = 4096
"""Tokens of a chat model's prompt and answer, as for the default engine."""
_CPU_BATCH, _GPU_BATCH = 8, 32
_CPU_TOKENS, _GPU_TOKENS = 16_384, 131_072
"""Tokens of a batch with its padding, its beams and what is to be decoded."""
_AHEAD = 4
"""Batches that are looked at together, to find prompts of like length."""
_SPECIAL = 8
"""Tokens kept free for what a tokeniser puts around a document."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A prompt as the model sees it."""

    prompt: Prompt
    text: str
    tokens: int


class TransformersEngine:
    """A Hugging Face model: one that summarises documents, or one that follows instructions."""

    name = "transformers"
    verbatim = False
    capabilities = Capabilities(cancellation="batch", thinking=("off", "cut"), batch="padded", languages="told")

    def __init__(self, model: ModelSpec | None, options: EngineOptions) -> None:
        """Note what to load. Its configuration is read when somebody asks for it, its weights at the first question."""
        if model is None or not model.name:
            raise ModelError("engine transformers", "it needs a model", "Name one with --model")
        self.model = model.name
        self.digest = fingerprint("transformers", model.digest, str(options.context))[:32]
        self._spec = model
        self._options = options
        self._closed = False
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
        return min(asked or _CHAT_CONTEXT, settings.window)

    def count_tokens(self, text: str) -> int:
        """Tokens in `text`, without a chat template or special tokens around it."""
        return self._count(text)

    def complete(self, prompts: Iterable[Prompt]) -> Iterator[Completion]:
        """Yield a completion for each prompt; those of like length are answered together."""
        if self._closed:
            raise EngineError(f"model {self.model}", "the engine was closed")
        coming = iter(prompts)
        on_cpu = self._loaded.device.type == "cpu"
        most = self._options.slots or (_CPU_BATCH if on_cpu else _GPU_BATCH)
        while waiting := taken(coming, most * _AHEAD):
            asked = [self._asked(prompt) for prompt in waiting]
            fitting = [one for one in asked if self._fits(one)]
            yield from (_failed(one, self.context) for one in asked if not self._fits(one))
            tokens = (_CPU_TOKENS if on_cpu else _GPU_TOKENS) // self._beams
            for batch in batched(fitting, self._cost, self._alike, most=most, tokens=tokens):
                yield from self._answered(batch)

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
    def _loaded(self) -> Loaded:
        loaded = load(self._spec, self._settings, self._options)
        if self.instructable and not getattr(self._tokenizer, "chat_template", None):
            raise ModelError(
                f"model {self.model}", "it has no chat template: a base model follows no instructions",
                "Take its -Instruct version, or a model made for summaries",
            )  # fmt: skip
        return loaded

    @property
    def _beams(self) -> int:
        return int(self._settings.generation.get("num_beams", 1)) if self._settings.sequence_to_sequence else 1

    # --- prompts ----------------------------------------------------------------------------------------------

    def _measure(self, text: str) -> int:
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def _asked(self, prompt: Prompt) -> _Asked:
        text = self._chat(prompt) if self.instructable else self._settings.prefix + prompt.document
        return _Asked(prompt, text, self.count_tokens(text))

    def _chat(self, prompt: Prompt) -> str:
        turns = [{"role": message.role, "content": message.content} for message in prompt.messages]
        try:
            return str(self._tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True))
        except Exception:  # a template is a program of the model's maker; the commonest refuses system turns
            if turns and turns[0]["role"] == "system" and len(turns) > 1:
                first = {"role": "user", "content": f"{turns[0]['content']}\n\n{turns[1]['content']}"}
                return str(
                    self._tokenizer.apply_chat_template([first, *turns[2:]], tokenize=False, add_generation_prompt=True)
                )
            raise

    def _fits(self, one: _Asked) -> bool:
        if self.instructable:
            return one.tokens + one.prompt.max_tokens <= self.context
        return one.tokens <= self._settings.window

    def _cost(self, one: _Asked) -> int:
        return one.tokens + self._longest_answer(one.prompt)

    def _longest_answer(self, prompt: Prompt) -> int:
        wishes = self._settings.generation
        if self.instructable or not ({"max_length", "max_new_tokens"} & set(wishes)):
            return prompt.max_tokens
        return int(wishes.get("max_new_tokens") or wishes["max_length"])

    def _alike(self, one: _Asked) -> tuple[object, ...]:
        """Prompts differ in kind where they cannot be decoded with one set of settings."""
        prompt = one.prompt
        if self.instructable:
            return prompt.max_tokens, prompt.stop
        return self._least(one), prompt.language, prompt.answer_language

    def _least(self, one: _Asked) -> int:
        """Tokens the answer must have: the model's own wish, but never more than half of what it is given."""
        return min(int(self._settings.generation.get("min_length", 0)), one.tokens // 2)

    # --- decoding ---------------------------------------------------------------------------------------------

    def _answered(self, batch: Sequence[_Asked]) -> Iterator[Completion]:
        """The batch's completions; one that is too large for the memory is halved."""
        import torch

        began = time.monotonic()
        try:
            rows = self._decoded(batch)
        except (MemoryError, torch.OutOfMemoryError) as error:
            if torch.cuda.is_available():
                torch.cuda.empty_cache()
            if len(batch) == 1:
                yield _error(batch[0], f"there is too little memory for it ({_brief(error)})")
                return
            for half in (batch[: len(batch) // 2], batch[len(batch) // 2 :]):
                yield from self._answered(half)
            return
        except (RuntimeError, ValueError, IndexError) as error:
            yield from (_error(one, _brief(error)) for one in batch)
            return
        seconds = (time.monotonic() - began) / len(batch)
        for one, (text, written, finish) in zip(batch, rows, strict=True):
            yield Completion(
                id=one.prompt.id, text=text, prompt_tokens=one.tokens, completion_tokens=written,
                finish="stop" if finish else "length", decode_seconds=seconds,
            )  # fmt: skip

    def _decoded(self, batch: Sequence[_Asked]) -> list[tuple[str, int, bool]]:
        """For each of the batch: text, tokens written, whether the model came to an end by itself."""
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
        torch.manual_seed(self._options.seed)
        with torch.inference_mode():
            settings = self._generation(batch[0], forced)
            output = model.generate(**inputs, generation_config=settings, **self._ends(prompt))
        start = inputs["input_ids"].shape[1] if self.instructable else 1
        # Chat models have several: of a turn, of a text.
        stated = model.generation_config.eos_token_id
        ends = {tokenizer.eos_token_id, tokenizer.pad_token_id, *(stated if isinstance(stated, list) else [stated])}
        found = []
        for row in output[:, start:].tolist():
            written = next((place for place, token in enumerate(row) if token in ends), len(row))
            text = tokenizer.decode(row[:written], skip_special_tokens=True, clean_up_tokenization_spaces=False)
            ended = written < len(row) or any(stop in text for stop in prompt.stop)
            for stop in prompt.stop:
                text = text.split(stop, 1)[0]
            found.append((text, written, ended))
        return found

    def _ends(self, prompt: Prompt) -> dict[str, Any]:
        stops = self.instructable and prompt.stop
        return {"stop_strings": list(prompt.stop), "tokenizer": self._tokenizer} if stops else {}

    def _generation(self, one: _Asked, forced: int | None) -> Any:
        """The model's own wishes for one kind of prompts, without sampling."""
        import copy

        settings = copy.deepcopy(self._loaded.model.generation_config)
        settings.update(do_sample=False, temperature=None, top_p=None, top_k=None, typical_p=None, min_p=None)
        if self.instructable:
            settings.update(max_new_tokens=one.prompt.max_tokens, max_length=None, num_beams=1)
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


def _failed(one: _Asked, context: int) -> Completion:
    return _error(one, f"the prompt has {one.tokens} tokens, over the {context} that the model takes")


def _error(one: _Asked, cause: str) -> Completion:
    return Completion(
        id=one.prompt.id, text="", prompt_tokens=one.tokens, completion_tokens=0, finish="error", error=cause
    )


def _brief(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
