"""A daily briefing from the sources you choose, with every key point checked against its article.

The Python API is a handful of functions and the types they give::

    import briefing

    summary = briefing.summarise("Text of an article ...", points=3)

    config = briefing.load_config("briefing.toml")
    edition = briefing.build_edition(config)
    page = briefing.render(edition, "html")
    briefing.write_edition(edition, config)
    briefing.send(edition, config)

`summarize` is another spelling of `summarise`. These and `build_edition` pull the model on first use, as the command
line does; everything they raise on purpose is a `BriefingError`. Importing this package imports nothing heavy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from briefing._version import __version__
from briefing.errors import BriefingError
from briefing.types import Article, Citation, Edition, Failure, KeyPoint, Section, Source, Story, Summary, Verdict

if TYPE_CHECKING:
    from briefing.config import Config, load_config
    from briefing.pipeline import DeliveryResult, build_edition, summarise
    from briefing.pipeline import summarise as summarize
    from briefing.pipeline.api import render, send, write_edition

__all__ = [
    "Article",
    "BriefingError",
    "Citation",
    "Config",
    "DeliveryResult",
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
    "render",
    "send",
    "summarise",
    "summarize",
    "write_edition",
]

_LATER = {
    "Config": "briefing.config",
    "DeliveryResult": "briefing.pipeline",
    "build_edition": "briefing.pipeline",
    "load_config": "briefing.config",
    "send": "briefing.pipeline.api",
    "summarise": "briefing.pipeline",
    "write_edition": "briefing.pipeline.api",
}
"""Where a name is that is imported on first use."""
_SPELLINGS = {"summarize": "summarise"}


def __getattr__(name: str) -> Any:
    if name == "render":
        return import_module("briefing.render")
    own = _SPELLINGS.get(name, name)
    if own not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[own]), own)
