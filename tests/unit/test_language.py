"""Language identification without the classifier."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

WITHOUT = """
import sys, tempfile
tempfile.tempdir = sys.argv[1]

from briefing.extract.language import language_of
text = "The bridge over the river was opened by the mayor on Monday, after nine years of work on it."
print(*(language_of(text, stated) for stated in ("en-GB", "de", "")))
"""


def test_without_the_classifier_the_declared_language_counts(tmp_path: Path) -> None:
    """Its model is unpacked into a temporary folder, which is not there."""
    gone = str(tmp_path / "gone")
    done = subprocess.run([sys.executable, "-c", WITHOUT, gone], capture_output=True, text=True, check=True)
    assert done.stdout == "en de und\n"
    (line,) = done.stderr.splitlines()
    for part in (gone, "TMPDIR", "No such file or directory"):
        assert part in line
