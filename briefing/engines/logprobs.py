"""How likely a model found each of a few answers, from the probabilities of the token that begins it. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["ALTERNATIVES", "begins", "is_word", "odds"]

ALTERNATIVES = 20
"""Tokens whose probability is asked for; what servers give at most."""


def is_word(token: str) -> bool:
    """Whether a token has a letter or digit: a blank or markup before an answer says nothing of it."""
    return any(map(str.isalnum, token))


def begins(token: str, choices: Iterable[str]) -> bool:
    """Whether one of `choices` begins with `token`, whatever the case and the blanks around either."""
    begun = token.strip().casefold()
    return bool(begun) and any(choice.strip().casefold().startswith(begun) for choice in choices)


def odds(choices: Sequence[str], first_token: Any) -> tuple[float, ...]:
    """Shares of `choices`, together 1, in ``logprobs.content[0]`` of an answer; empty where it holds none of them.

    A token counts for the one choice that begins with it, whatever the case and the blank before either.
    """
    shares = [0.0] * len(choices)
    try:
        given = [(str(one["token"]), float(one["logprob"])) for one in first_token["top_logprobs"]]
    except (KeyError, TypeError, ValueError):
        return ()
    for token, logarithm in given:
        fitting = [place for place, choice in enumerate(choices) if begins(token, (choice,))]
        if len(fitting) == 1:
            shares[fitting[0]] += math.exp(min(0.0, logarithm))
    total = sum(shares)
    return tuple(share / total for share in shares) if total > 0 else ()
