"""EPUB 3: a navigation document, a chapter for the front stories and one for each section; nothing remote. Pure: bytes.

The container is a ZIP whose first member is ``mimetype``, stored (EPUB OCF 3.3, 4.2). Every member has the same time,
so that equal editions give equal bytes.
"""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from briefing.render.filters import edition_variables, xml_safe
from briefing.render.front_page import ShownSection, front_stories, shown_sections
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
    chapters = _chapters(edition, templates)
    files = {story.summary.id: name for name, chapter in chapters for story in chapter.here}
    variables = edition_variables(edition, evidence=evidence)
    variables |= {"chapters": chapters, "files": files, "pictures": names}

    def text(name: str, **more: object) -> str:
        return xml_safe(templates.get_template(name).render(**variables, **more)).strip() + "\n"

    members = {
        "META-INF/container.xml": _CONTAINER,
        "EPUB/content.opf": text("epub.opf.j2"),
        "EPUB/nav.xhtml": text("epub.nav.xhtml.j2"),
        "EPUB/style.css": text("style.css"),
    }
    for number, (name, chapter) in enumerate(chapters, 1):
        last = number == len(chapters)
        members[f"EPUB/{name}"] = text("epub.section.xhtml.j2", section=chapter, last=last)
    stored = {f"EPUB/{names[digest]}": picture.data for digest, picture in pictures.items()}
    book = io.BytesIO()
    with zipfile.ZipFile(book, "w") as archive:
        archive.writestr(zipfile.ZipInfo("mimetype", _ZIP_EPOCH), "application/epub+zip", zipfile.ZIP_STORED)
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), content, zipfile.ZIP_DEFLATED)
        for name, data in stored.items():
            archive.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), data, zipfile.ZIP_STORED)
    return book.getvalue()


def _chapters(edition: Edition, templates: Environment) -> list[tuple[str, ShownSection]]:
    """File name and content of each chapter, in order."""
    front = front_stories(edition)
    name = str(templates.get_template("words.j2").module.front)  # type: ignore[attr-defined]
    top = ShownSection(name=name, stories=front, above=(), here=front, stubs=(), more_stubs=0)
    sections = [(f"s{number}.xhtml", section) for number, section in enumerate(shown_sections(edition), 1)]
    return [("front.xhtml", top), *sections] if front else sections
