"""How likely a model found each of a few answers, from the probabilities of its first token. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

__all__ = ["ALTERNATIVES", "odds"]

ALTERNATIVES = 20
"""Tokens whose probability is asked for; what servers give at most."""


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
        begun = token.strip().casefold()
        fitting = [
            place for place, choice in enumerate(choices) if begun and choice.strip().casefold().startswith(begun)
        ]
        if len(fitting) == 1:
            shares[fitting[0]] += math.exp(min(0.0, logarithm))
    total = sum(shares)
    return tuple(share / total for share in shares) if total > 0 else ()
