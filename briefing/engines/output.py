"""Reading the raw output of a model: reasoning blocks, stop sequences, probabilities of offered answers. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from briefing.engines.base import EngineOptions

__all__ = [
    "NO_REASONING",
    "TOP_LOGPROBS",
    "begins_choice",
    "choice_probabilities",
    "cut_at_stop",
    "has_reasoning",
    "is_reasoning_mark",
    "is_word",
    "no_reasoning_settings",
    "reasoning_budget",
    "strip_reasoning",
    "trailing_opening_mark",
    "unclosed_mark",
]

_ROOM = 8192
"""Tokens. Reasoning models at little or medium effort spend some hundreds to 4,000 on an article; what is left over
costs nothing.
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
"""Tokens that are a mark together with the words behind them."""
NO_REASONING: Mapping[str, object] = {
    "enable_thinking": False,  # Qwen 3, GLM 4.5, SmolLM 3, Hunyuan, Gemma 4
    "thinking": False,  # DeepSeek 3.1, Granite 3.2
    "reasoning": False,  # Command A
    "thinking_budget": 0,  # Seed-OSS
}
"""The variables of chat templates that switch thoughts off. A template takes no notice of one that it does not know, so
all go to a model whose template nobody has read.
"""


def reasoning_budget(options: EngineOptions) -> int:
    """Tokens that a model gets on top once it has been seen to think, and could not be kept from it."""
    return options.thinking_tokens or _ROOM


def strip_reasoning(answer: str) -> str:
    """`answer` without ``<think>…</think>`` and its like, however it was cut.

    What stands before a closing mark that nothing opened is a thought, too: some chat templates open it in the prompt.
    An opening mark that nothing closes makes a thought of all that follows.
    """
    kept: list[str] = []
    start, thinking = 0, False
    for mark in _MARK.finditer(answer):
        if not thinking:
            kept.append(answer[start : mark.start()])
        if mark["closes"]:
            if not thinking:
                kept.clear()
            thinking = False
        elif mark["opens"]:
            thinking = True
        start = mark.end()
    return "".join(kept) + ("" if thinking else answer[start:])


def has_reasoning(answer: str) -> bool:
    """Whether a thought is marked in `answer`; what only wraps an answer, such as ``<|end|>``, marks none."""
    return any(mark["opens"] or mark["closes"] for mark in _MARK.finditer(answer))


def trailing_opening_mark(prompt: str) -> str:
    """The opening mark at the end of a prompt, which its answer begins with unseen; empty where there is none."""
    last = None
    for mark in _MARK.finditer(prompt):
        last = mark
    return last[0] if last and last["opens"] and not prompt[last.end() :].strip() else ""


def unclosed_mark(said: str) -> str:
    """The opening mark of the thought that `said` breaks off in; empty where it does not."""
    last = ""
    for mark in _MARK.finditer(said):
        last = last if mark["wraps"] else mark["opens"] or ""
    return last


def is_reasoning_mark(token: str) -> bool:
    """Whether a token's text is a mark of thoughts, or a part of one."""
    return bool(_MARK.fullmatch(token) or _TOKEN.fullmatch(token))


def cut_at_stop(said: str, stops: tuple[str, ...] = ()) -> tuple[str, bool]:
    """The answer in what a model said, before the first of `stops`, and whether it came to one.

    A stop counts only behind something: no thought ends at one, and no answer at the blank lines before it.
    """
    answer = strip_reasoning(said)
    blank = len(answer) - len(answer.lstrip())
    ends = [place for stop in stops if stop and (place := answer.find(stop, blank)) >= 0]
    return (answer[: min(ends)], True) if ends else (answer, False)


def no_reasoning_settings(template: str) -> dict[str, object]:
    """The variables that keep a chat template from asking for thoughts, among those it names.

    Found as words, not parsed: a template is free to set what it was not given, which hides it from a parser, and one
    that it does not use does no harm.
    """
    named = set(re.findall(r"\w+", template))
    found = {name: value for name, value in NO_REASONING.items() if name in named}
    if "reasoning_effort" in named:  # some can be told to make none; gpt-oss only to make little
        found["reasoning_effort"] = "none" if re.search(r"""["']none["']""", template) else "low"
    return found


TOP_LOGPROBS = 20
"""Tokens whose probability is asked for; what servers give at most."""


def is_word(token: str) -> bool:
    """Whether a token has a letter or digit: a blank or markup before an answer says nothing of it."""
    return any(map(str.isalnum, token))


def begins_choice(token: str, choices: Iterable[str]) -> bool:
    """Whether one of `choices` begins with `token`, whatever the case and the blanks around either."""
    begun = token.strip().casefold()
    return bool(begun) and any(choice.strip().casefold().startswith(begun) for choice in choices)


def choice_probabilities(choices: Sequence[str], first_token: Any) -> tuple[float, ...]:
    """Shares of `choices`, together 1, in ``logprobs.content[0]`` of an answer; empty where it holds none of them.

    A token counts for the one choice that begins with it, whatever the case and the blank before either.
    """
    shares = [0.0] * len(choices)
    try:
        given = [(str(one["token"]), float(one["logprob"])) for one in first_token["top_logprobs"]]
    except (KeyError, TypeError, ValueError):
        return ()
    for token, logarithm in given:
        fitting = [place for place, choice in enumerate(choices) if begins_choice(token, (choice,))]
        if len(fitting) == 1:
            shares[fitting[0]] += math.exp(min(0.0, logarithm))
    total = sum(shares)
    return tuple(share / total for share in shares) if total > 0 else ()
