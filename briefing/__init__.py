"""A daily briefing from the sources you choose, with every key point checked against its article.

The Python API is four names and the types they give::

    import briefing

    summary = briefing.summarise("Text of an article ...", points=3)
    edition = briefing.build_edition(briefing.load_config(Path("briefing.toml")))

`summarise` and `build_edition` pull the model on first use, as the command line does; everything they raise on purpose
is a `BriefingError`. Importing this package imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from briefing._version import __version__
from briefing.errors import BriefingError
from briefing.types import Article, Citation, Edition, Failure, KeyPoint, Section, Source, Story, Summary, Verdict

if TYPE_CHECKING:
    from briefing.config import Config, load_config
    from briefing.pipeline import build_edition, summarise

__all__ = [
    "Article",
    "BriefingError",
    "Citation",
    "Config",
    "Edition",
    "Failure",
    "KeyPoint",
    "Section",
    "Source",
    "Story",
    "Summary",
    "Verdict",
    "__version__",
    "build_edition",
    "load_config",
    "summarise",
]

_LATER = {
    "Config": "briefing.config",
    "load_config": "briefing.config",
    "build_edition": "briefing.pipeline",
    "summarise": "briefing.pipeline",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
