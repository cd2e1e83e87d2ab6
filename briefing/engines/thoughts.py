"""What reasoning models say to themselves before they answer."""

from __future__ import annotations

import re

__all__ = ["without_thoughts"]

_MARK = re.compile(r"<(/?)(?:think|thinking|thought|reasoning)>", re.IGNORECASE)


def without_thoughts(answer: str) -> str:
    """`answer` without ``<think>…</think>``, however it was cut.

    What stands before a closing mark that nothing opened is a thought, too: some chat templates open it in the prompt.
    An opening mark that nothing closes makes a thought of all that follows.
    """
    kept: list[str] = []
    start, thinking = 0, False
    for mark in _MARK.finditer(answer):
        if mark[1]:
            if not thinking:
                kept.clear()
            thinking = False
        elif not thinking:
            kept.append(answer[start : mark.start()])
            thinking = True
        start = mark.end()
    return "".join(kept) + ("" if thinking else answer[start:])
