"""Editions and summaries as text: Markdown, HTML, plain text, JSON, Atom, EPUB, e-mail. Pure.

The package can be called: `briefing.render` is also a function of the Python API (`pipeline.api.render`), and an
attribute of a package cannot be a function and a package of that name.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from briefing.types import Edition, EvidenceStyle


class _CallablePackage(ModuleType):
    def __call__(
        self,
        edition: Edition,
        format: str = "md",  # noqa: A002
        *,
        templates: Any = None,
        evidence: EvidenceStyle = "footnotes",
    ) -> str | bytes:
        render = import_module("briefing.pipeline.api").render
        made: str | bytes = render(edition, format, templates=templates, evidence=evidence)
        return made


sys.modules[__name__].__class__ = _CallablePackage
