"""Accessibility of the pages: axe-core in light and dark mode, keyboard focus of every control."""

from __future__ import annotations

import html
import json
from collections.abc import Callable

import pytest

from briefing.assets import environment
from briefing.render.edition import render

from ..factories import illustrated
from .conftest import golden

pytestmark = pytest.mark.browser

LIGHT, DARK = "--blink-settings=preferredColorScheme=1", "--blink-settings=preferredColorScheme=0"

RUN = """<script>onload = async () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  const found = await axe.run();
  document.title = JSON.stringify(found.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 200))])
    .concat([["passes", found.passes.length]]));
};</script></body>"""

KEYBOARD = """<script>onload = () => {
  for (const details of document.querySelectorAll("details")) details.open = true;
  const wanted = [...document.querySelectorAll("a[href], summary")];
  const reached = wanted.filter(one => { one.focus(); return document.activeElement === one && one.tabIndex >= 0; });
  document.title = [wanted.length, reached.length].join(" ");
};</script></body>"""


@pytest.mark.parametrize("scheme", [LIGHT, DARK])
@pytest.mark.parametrize("name", ["edition", "stories"])
def test_axe_finds_no_violation(
    title: Callable[..., str], page_of: Callable[[str], str], axe: str, name: str, scheme: str
) -> None:
    page = page_of(name).replace("</body>", f"<script>{axe}</script>{RUN}")
    *violations, passes = json.loads(html.unescape(title(page, scheme)))
    assert violations == []
    assert passes[1] > 10  # it has looked


def test_axe_finds_no_violation_in_a_page_with_pictures(title: Callable[..., str], axe: str) -> None:
    edition = golden("edition")
    for alt in ("", "Two ferries in the harbour"):
        page = render(illustrated(edition, alt=alt), "html", environment("templates"))
        page = page.replace("</body>", f"<script>{axe}</script>{RUN}")
        *violations, passes = json.loads(html.unescape(title(page, LIGHT)))
        assert violations == []
        assert passes[1] > 10


@pytest.mark.parametrize("name", ["edition", "stories"])
def test_the_keyboard_reaches_every_control(
    title: Callable[..., str], page_of: Callable[[str], str], name: str
) -> None:
    page = page_of(name).replace("</body>", KEYBOARD)
    wanted, reached = map(int, title(page).split())
    assert wanted == reached > 0
