"""Reading the raw output of a model: reasoning blocks, stop sequences, probabilities of offered answers. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from briefing.engines.base import EngineOptions

_REASONING_TOKENS = 8192
"""Reasoning models at low or medium effort spend some hundreds to 4,000 tokens on an article; unused ones cost nothing.
"""

_NAMES = r"think|thinking|thought|thoughts|reasoning"
_MARK = re.compile(
    rf"""
    (?P<opens>
        <(?:\w+:)?(?:{_NAMES})>                                     # most: Qwen, DeepSeek, GLM, SmolLM; <seed:think>
      | \[THINK\]                                                   # Magistral
      | <\|START_THINKING\|>                                        # Command A
      | <\|begin_of_thought\|>                                      # Sky-T1
      | (?:<\|start\|>\w*)?<\|channel\|>\s*(?:analysis|commentary)(?:[^<]*<\|message\|>)?   # gpt-oss
      | <\|channel>thought                                          # Gemma
      | ◁think▷                                                     # Kimi
    )
  | (?P<closes>
        </(?:\w+:)?(?:{_NAMES})>
      | \[/THINK\]
      | <\|END_THINKING\|>(?:\s*<\|START_(?:RESPONSE|TEXT)\|>)?
      | <\|end_of_thought\|>(?:\s*<\|begin_of_solution\|>)?
      | (?:<\|start\|>\w*)?<\|channel\|>\s*final(?:[^<]*(?:<\|constrain\|>[^<]*)?<\|message\|>)?
      | <channel\|>
      | ◁/think▷
    )
  | (?P<wraps>                                                      # what such models put around their answers
        <\|(?:START|END)_(?:RESPONSE|TEXT)\|> | <\|(?:begin|end)_of_solution\|> | <\|(?:return|end)\|>
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_TOKEN = re.compile(r"<\|(?:channel|message|start)\|>|<\|channel>", re.IGNORECASE)
"""Tokens that are a mark only together with the words after them."""
NO_REASONING: Mapping[str, object] = {
    "enable_thinking": False,  # Qwen 3, GLM 4.5, SmolLM 3, Hunyuan, Gemma 4
    "thinking": False,  # DeepSeek 3.1, Granite 3.2
    "reasoning": False,  # Command A
    "thinking_budget": 0,  # Seed-OSS
}
"""Chat-template variables that switch reasoning off. Templates ignore unknown ones, so all of them go to a model whose
template is not known.
"""


def reasoning_budget(options: EngineOptions) -> int:
    """Extra tokens for a model that was found to reason although it was told not to."""
    return options.thinking_tokens or _REASONING_TOKENS


def strip_reasoning(answer: str) -> str:
    """`answer` without reasoning blocks (``<think>…</think>`` and its like), however it was truncated.

    Text before an unopened closing mark is reasoning, too: some chat templates open the block in the prompt. So is all
    text after an unclosed opening mark.
    """
    kept: list[str] = []
    start, inside = 0, False
    for mark in _MARK.finditer(answer):
        if not inside:
            kept.append(answer[start : mark.start()])
        if mark["closes"]:
            if not inside:
                kept.clear()
            inside = False
        elif mark["opens"]:
            inside = True
        start = mark.end()
    return "".join(kept) + ("" if inside else answer[start:])


def has_reasoning(answer: str) -> bool:
    """Whether `answer` has a reasoning mark; marks that only wrap answers, such as ``<|end|>``, do not count."""
    return any(mark["opens"] or mark["closes"] for mark in _MARK.finditer(answer))


def trailing_opening_mark(prompt: str) -> str:
    """The opening mark at the end of a prompt, which its answer continues; empty without one."""
    last = None
    for mark in _MARK.finditer(prompt):
        last = mark
    return last[0] if last and last["opens"] and not prompt[last.end() :].strip() else ""


def unclosed_mark(text: str) -> str:
    """The opening mark of the reasoning block that `text` ends in; empty where it ends in none."""
    last = ""
    for mark in _MARK.finditer(text):
        last = last if mark["wraps"] else mark["opens"] or ""
    return last


def is_reasoning_mark(token: str) -> bool:
    """Whether a token's text is a reasoning mark, or a part of one."""
    return bool(_MARK.fullmatch(token) or _TOKEN.fullmatch(token))


def cut_at_stop(text: str, stops: tuple[str, ...] = ()) -> tuple[str, bool]:
    """The answer in `text`, up to the first of `stops`, and whether there was one.

    Stop sequences in a reasoning block or before the answer's first word do not count.
    """
    answer = strip_reasoning(text)
    blank = len(answer) - len(answer.lstrip())
    ends = [index for stop in stops if stop and (index := answer.find(stop, blank)) >= 0]
    return (answer[: min(ends)], True) if ends else (answer, False)


def no_reasoning_settings(template: str) -> dict[str, object]:
    """The variables that switch reasoning off in a chat template, among those it names.

    Found as words, not parsed: a template that sets a default itself hides the variable from a parser, and an unused
    one does no harm.
    """
    named = set(re.findall(r"\w+", template))
    settings = {name: value for name, value in NO_REASONING.items() if name in named}
    if "reasoning_effort" in named:  # gpt-oss has no ``none``
        settings["reasoning_effort"] = "none" if re.search(r"""["']none["']""", template) else "low"
    return settings


TOP_LOGPROBS = 20
"""Candidate tokens that are asked for; the most that servers give."""


def is_word(token: str) -> bool:
    """Whether a token has a letter or digit, unlike blanks or markup before an answer."""
    return any(map(str.isalnum, token))


def begins_choice(token: str, choices: Iterable[str]) -> bool:
    """Whether one of `choices` begins with `token`, whatever the case and the blanks around either."""
    prefix = token.strip().casefold()
    return bool(prefix) and any(choice.strip().casefold().startswith(prefix) for choice in choices)


def choice_probabilities(choices: Sequence[str], first_token: Any) -> tuple[float, ...]:
    """Probabilities of `choices`, normalised to 1, from ``logprobs.content[0]`` of an answer; empty where it has none.

    A token counts for the only choice that begins with it (`begins_choice`).
    """
    shares = [0.0] * len(choices)
    try:
        candidates = [(str(entry["token"]), float(entry["logprob"])) for entry in first_token["top_logprobs"]]
    except (KeyError, TypeError, ValueError):
        return ()
    for token, logprob in candidates:
        matching = [index for index, choice in enumerate(choices) if begins_choice(token, (choice,))]
        if len(matching) == 1:
            shares[matching[0]] += math.exp(min(0.0, logprob))
    total = sum(shares)
    return tuple(share / total for share in shares) if total > 0 else ()
