"""The edition's page and letter in a real browser: no width makes them scroll sideways, dark is dark, points open."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from briefing.assets import environment
from briefing.jsonio import edition_from_json
from briefing.letter import Envelope, write_letter

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
GOLDEN = Path(__file__).resolve().parents[1] / "data" / "golden" / "edition.html"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

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


def title(folder: Path, document: str, *flags: str) -> str:
    path = folder / "frame.html"
    path.write_text(document, "utf-8")
    done = subprocess.run(
        [
            str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=3000", *flags, "--dump-dom", path.as_uri(),
        ],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    found = re.search(r"<title>(.*?)</title>", done.stdout)
    assert found, done.stdout[:500]
    return found[1]


@pytest.mark.parametrize("width", [320, 360, 768, 1280])
def test_no_width_makes_the_page_scroll_sideways(tmp_path: Path, width: int) -> None:
    page = html.escape(GOLDEN.read_text("utf-8"), quote=True)
    measured, opened = title(tmp_path, FRAME.format(width=width, page=page)).split()
    assert int(measured) <= width
    assert opened == "true"


SCHEME = """<script>onload = () => {
  const style = getComputedStyle(document.body);
  const light = colour => colour.match(/\\d+/g).reduce((sum, channel) => sum + +channel, 0);
  document.title = [light(style.backgroundColor), light(style.color)].join(" ");
};</script></body>"""


@pytest.mark.parametrize(("flag", "dark"), [("preferredColorScheme=0", True), ("preferredColorScheme=1", False)])
def test_the_page_is_dark_where_the_reader_wants_it(tmp_path: Path, flag: str, dark: bool) -> None:
    page = GOLDEN.read_text("utf-8").replace("</body>", SCHEME)
    paper, ink = map(int, title(tmp_path, page, f"--blink-settings={flag}").split())
    assert (paper < ink) == dark


SIDES = """<script>onload = () => {
  const sides = [...document.querySelectorAll("article")].map(a => getComputedStyle(a.querySelector("li")).direction);
  document.title = sides.join(" ");
};</script></body>"""


def test_text_written_from_right_to_left_reads_so(tmp_path: Path) -> None:
    page = GOLDEN.read_text("utf-8").replace("</body>", SIDES)
    assert title(tmp_path, page) == "ltr ltr ltr rtl ltr"


# --- the letter -------------------------------------------------------------------------------------------------


def letter() -> str:
    """The HTML of the golden edition's letter, as it is received."""
    edition = edition_from_json(json.loads(GOLDEN.with_suffix(".json").read_text("utf-8")), lambda _: None)
    envelope = Envelope(sender="d@example.org", recipient="ann@example.org")
    body = write_letter(edition, envelope, environment("templates"), edition.created).message.get_body(("html",))
    assert body is not None
    text: str = body.get_content()
    return text


WIDTH = FRAME.replace('page.querySelector("blockquote").getBoundingClientRect()', "{{height: 1}}")


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_no_width_makes_the_letter_scroll_sideways(tmp_path: Path, width: int) -> None:
    measured, _ = title(tmp_path, WIDTH.format(width=width, page=html.escape(letter(), quote=True))).split()
    assert int(measured) <= width


LETTER_SCHEME = SCHEME.replace(
    "const style = getComputedStyle(document.body);",
    "const paper = getComputedStyle(document.querySelector('.sheet')), ink = document.querySelector('.cell h1');"
    "const style = {backgroundColor: paper.backgroundColor, color: getComputedStyle(ink).color};",
)


@pytest.mark.parametrize(("flag", "dark"), [("preferredColorScheme=0", True), ("preferredColorScheme=1", False)])
def test_the_letters_dark_colours_win_over_the_inline_ones(tmp_path: Path, flag: str, dark: bool) -> None:
    page = letter().replace("</body>", LETTER_SCHEME)
    paper, ink = map(int, title(tmp_path, page, f"--blink-settings={flag}").split())
    assert (paper < ink) == dark
