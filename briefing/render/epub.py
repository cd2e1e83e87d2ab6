"""An edition as an EPUB 3 book: contents, a chapter for each section, nothing from the network. Pure: bytes.

The container is a ZIP whose first member is ``mimetype``, stored (EPUB OCF 3.3, 4.2). No member has a time of its own,
so that equal editions give equal bytes.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from briefing.render.edition import page_variables, prepared, xml_safe
from briefing.types import Edition

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["render_epub"]

_CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The first time that a ZIP can hold."""


def render_epub(edition: Edition, environment: Environment) -> bytes:
    """The whole edition. Raises `AssetError` for a broken template."""
    templates, variables = prepared(environment), page_variables(edition)

    def text(name: str, **more: object) -> str:
        return xml_safe(templates.get_template(name).render(**variables, **more)).strip() + "\n"

    members = {
        "META-INF/container.xml": _CONTAINER,
        "EPUB/content.opf": text("epub.opf.j2"),
        "EPUB/nav.xhtml": text("epub.nav.xhtml.j2"),
        "EPUB/style.css": text("style.css"),
    }
    for number, section in enumerate(edition.sections, 1):
        last = number == len(edition.sections)
        members[f"EPUB/s{number}.xhtml"] = text("epub.section.xhtml.j2", section=section, last=last)
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _LONG_AGO), "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), content, zipfile.ZIP_DEFLATED)
    return book.getvalue()
