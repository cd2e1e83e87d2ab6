"""The edition's page and letter in a browser: responsive width, dark mode, text direction."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest

from briefing.assets import environment
from briefing.render.edition import render
from briefing.render.email import Envelope, write_letter

from ..factories import illustrated
from .conftest import golden

pytestmark = pytest.mark.browser


# Headless Chromium has a least window width, so the page is measured in a frame of the wanted one.
FRAME = """<!doctype html><body style="margin:0"><iframe id="f" style="border:0;width:{width}px;height:900px"
srcdoc="{page}"></iframe><script>
onload = () => {{
  const page = document.getElementById("f").contentDocument;
  for (const details of page.querySelectorAll("details")) details.open = true;
  const quote = page.querySelector("blockquote").getBoundingClientRect();
  document.title = [page.documentElement.scrollWidth, quote.height > 0].join(" ");
}};
</script>"""


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_the_page_does_not_scroll_sideways_at_any_width(
    title: Callable[..., str], page_of: Callable[[str], str], width: int
) -> None:
    page = html.escape(page_of("edition"), quote=True)
    measured, opened = title(FRAME.format(width=width, page=page)).split()
    assert int(measured) <= width
    assert opened == "true"


SCHEME = """<script>onload = () => {
  const style = getComputedStyle(document.body);
  const light = colour => colour.match(/\\d+/g).reduce((sum, channel) => sum + +channel, 0);
  document.title = [light(style.backgroundColor), light(style.color)].join(" ");
};</script></body>"""


@pytest.mark.parametrize(("flag", "dark"), [("preferredColorScheme=0", True), ("preferredColorScheme=1", False)])
def test_the_page_follows_prefers_color_scheme(
    title: Callable[..., str], page_of: Callable[[str], str], flag: str, dark: bool
) -> None:
    page = page_of("edition").replace("</body>", SCHEME)
    paper, ink = map(int, title(page, f"--blink-settings={flag}").split())
    assert (paper < ink) == dark


PICTURES = """<!doctype html><body style="margin:0"><iframe id="f" style="border:0;width:{width}px;height:900px"
srcdoc="{page}"></iframe><script>
onload = () => {{
  const frame = document.getElementById("f"), page = frame.contentDocument;
  const images = [...page.querySelectorAll("img")];
  const seen = images.filter(one => one.complete && one.naturalWidth && one.getBoundingClientRect().height > 50);
  const fetched = frame.contentWindow.performance.getEntriesByType("resource").filter(e => !e.name.startsWith("data:"));
  document.title = [page.documentElement.scrollWidth, images.length, seen.length, fetched.length].join(" ");
}};
</script>"""


@pytest.mark.parametrize("width", [320, 1280])
def test_pictures_are_in_the_page_fit_it_and_are_not_fetched(title: Callable[..., str], width: int) -> None:
    page = render(illustrated(golden("edition")), "html", environment("templates"))
    measured, *counts = map(int, title(PICTURES.format(width=width, page=html.escape(page, quote=True))).split())
    assert measured <= width
    assert counts == [5, 5, 0]


SIDES = """<script>onload = () => {
  const sides = [...document.querySelectorAll("article")].map(a => getComputedStyle(a.querySelector("li")).direction);
  document.title = sides.join(" ");
};</script></body>"""


def test_right_to_left_text_is_laid_out_right_to_left(title: Callable[..., str], page_of: Callable[[str], str]) -> None:
    page = page_of("edition").replace("</body>", SIDES)
    assert title(page) == "ltr ltr ltr ltr rtl"


# --- the letter -------------------------------------------------------------------------------------------------


def letter() -> str:
    """The HTML part of the golden edition's letter."""
    edition = golden("edition")
    envelope = Envelope(sender="d@example.org", recipient="ann@example.org")
    body = write_letter(edition, envelope, environment("templates"), edition.created).message.get_body(("html",))
    assert body is not None
    text: str = body.get_content()
    return text


WIDTH = FRAME.replace('page.querySelector("blockquote").getBoundingClientRect()', "{{height: 1}}")


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_the_letter_does_not_scroll_sideways_at_any_width(title: Callable[..., str], width: int) -> None:
    measured, _ = title(WIDTH.format(width=width, page=html.escape(letter(), quote=True))).split()
    assert int(measured) <= width


LETTER_SCHEME = SCHEME.replace(
    "const style = getComputedStyle(document.body);",
    "const paper = getComputedStyle(document.querySelector('.sheet')), ink = document.querySelector('.cell h1');"
    "const style = {backgroundColor: paper.backgroundColor, color: getComputedStyle(ink).color};",
)


@pytest.mark.parametrize(("flag", "dark"), [("preferredColorScheme=0", True), ("preferredColorScheme=1", False)])
def test_the_dark_colours_of_a_letter_override_the_inlined_ones(
    title: Callable[..., str], flag: str, dark: bool
) -> None:
    page = letter().replace("</body>", LETTER_SCHEME)
    paper, ink = map(int, title(page, f"--blink-settings={flag}").split())
    assert (paper < ink) == dark
