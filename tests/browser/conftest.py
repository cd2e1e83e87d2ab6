"""Headless Chromium: a page reports its result in its title."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from platformdirs import user_cache_dir

from briefing.assets import environment
from briefing.render.edition import render
from briefing.serialization import edition_from_json
from briefing.types import Edition

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

AXE = "axe-core@4.14.1"
AXE_INTEGRITY = "FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ=="
"""SHA-512 of its package, as the registry gives it."""


@pytest.fixture
def title(tmp_path: Path) -> Callable[..., str]:
    """Opens a document and returns its title, once its scripts have run."""
    if BROWSER is None:
        pytest.skip("no Chromium is installed")

    def opened(document: str | Path, *flags: str) -> str:
        if isinstance(document, str):
            path = tmp_path / "page.html"
            path.write_text(document, "utf-8")
        else:
            path = document
        done = subprocess.run(
            [
                str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=10000", *flags, "--dump-dom",
                path.as_uri(),
            ],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
        found = re.search(r"<title>(.*?)</title>", done.stdout, re.DOTALL)
        assert found, done.stdout[:500]
        return found[1]

    return opened


def golden(name: str) -> Edition:
    """An edition of tests/data/golden: ``edition`` or ``stories``."""
    path = Path(__file__).resolve().parents[1] / "data" / "golden" / f"{name}.json"
    return edition_from_json(json.loads(path.read_text("utf-8")), lambda _: None)


@pytest.fixture
def page_of() -> Callable[[str], str]:
    """The HTML page of a `golden` edition, as it is rendered now."""
    return lambda name: render(golden(name), "html", environment("templates"))


@pytest.fixture(scope="session")
def axe() -> str:
    """The script of axe-core, taken from the npm registry once and kept in the user's cache folder."""
    kept = Path(user_cache_dir("briefing", appauthor=False)) / f"{AXE.replace('@', '-')}.tgz"
    if not kept.is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("axe-core is not in the cache folder and npm is not installed")
        kept.parent.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [npm, "pack", AXE, "--pack-destination", str(kept.parent)], capture_output=True, timeout=120, check=False
        )
        if done.returncode:
            pytest.skip("axe-core is not in the cache folder and the npm registry cannot be reached")
    data = kept.read_bytes()
    assert base64.b64encode(hashlib.sha512(data).digest()).decode() == AXE_INTEGRITY, f"delete {kept}"
    with tarfile.open(fileobj=io.BytesIO(data)) as package:
        script = package.extractfile("package/axe.min.js")
        assert script is not None
        return script.read().decode()
