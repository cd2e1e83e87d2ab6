"""EPUB 3: a navigation document and a chapter for each section; no remote resources. Pure: bytes.

The container is a ZIP whose first member is ``mimetype``, stored (EPUB OCF 3.3, 4.2). Every member has the same time,
so that equal editions give equal bytes.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from briefing.render.filters import edition_variables, xml_safe
from briefing.types import Edition

if TYPE_CHECKING:
    from jinja2 import Environment

_CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/content.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that a ZIP can hold."""


def render_epub(edition: Edition, templates: Environment, *, evidence: bool = True) -> bytes:
    """The whole edition; `evidence`: with the cited sentences. Raises `AssetError` for a broken template."""
    pictures = {
        story.picture.digest: story.picture for story in edition.stories if story.picture and story.picture.data
    }
    names = {digest: f"picture{number}.jpg" for number, digest in enumerate(pictures, 1)}
    variables = {**edition_variables(edition, evidence=evidence), "pictures": names}

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
    stored = {f"EPUB/{names[digest]}": picture.data for digest, picture in pictures.items()}
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _ZIP_EPOCH), "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
        for name, data in stored.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), data, zipfile.ZIP_STORED)
    return book.getvalue()
