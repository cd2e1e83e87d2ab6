"""The language of a text."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

__all__ = ["language_of"]

SURE = 0.9
"""Probability from which the text's own words decide; below it, what the document says of itself does."""
_LOOKED_AT = 5000


def language_of(text: str, stated: str = "") -> str:
    """ISO 639-1 code, or ``und``. `stated` is what the document says of itself (``en-GB``); it is often wrong."""
    code, probability = _identifier().classify(text[:_LOOKED_AT])
    if probability >= SURE and len(text) >= 60:
        return str(code)
    said = re.match(r"[a-zA-Z]{2}(?![a-zA-Z])", stated.strip())
    return said[0].lower() if said else str(code) if probability >= SURE else "und"


@lru_cache(maxsize=1)
def _identifier() -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
