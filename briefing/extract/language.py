"""Language identification of a text (py3langid)."""

from __future__ import annotations

import logging
import re
import tempfile
from functools import lru_cache
from typing import Any

SURE = 0.9
"""Probability from which the classifier decides; below it, the document's declared language does."""
_LOOKED_AT = 5000

_log = logging.getLogger(__name__)


def language_of(text: str, stated: str = "") -> str:
    """ISO 639-1 code, or ``und``. `stated` is the declared language (``en-GB``), which is often wrong.

    Without the classifier's model, which is logged as a warning once, `stated` counts.
    """
    identifier = _identifier()
    code, probability = identifier.classify(text[:_LOOKED_AT]) if identifier is not None else ("und", 0.0)
    if probability >= SURE and len(text) >= 60:
        return str(code)
    declared = re.match(r"[a-zA-Z]{2}(?![a-zA-Z])", stated.strip())
    return declared[0].lower() if declared else str(code) if probability >= SURE else "und"


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """The classifier, unpacked into a temporary file once; None where that fails."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    try:
        return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:
        _log.warning(
            "The language of articles cannot be told, and what they say of it themselves counts: the temporary folder "
            "%s cannot be used (%s). Free some space in it, or name another one in TMPDIR.",
            _temporary_folder(),
            error.strerror or error,
        )
        return None


def _temporary_folder() -> str:
    try:
        return tempfile.gettempdir()
    except OSError:  # none of the system's can be written
        return "of this system"
