"""Makes the state file that later versions are tested with: ``python .ci/keep_state.py`` in the repository's root.

Writes ``tests/data/states/VERSION.db.gz``: what three sources of the sample leave behind after two mornings, with
letters to two readers, one of which was put off. Without a model and without the network; times are fixed.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from briefing import __version__, pipeline
from briefing.config import Config
from briefing.render.email import edition_key
from briefing.types import Source

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = ROOT / "tests" / "data" / "sample"
TITLE = "Kept briefing"
FIRST_MORNING = datetime(2024, 12, 9, 6, 30, tzinfo=UTC)
MORNINGS = (
    ("text/ever-given-refloated.txt", "markdown/dart-dimorphos.md"),
    ("text/ever-given-refloated.txt", "markdown/dart-dimorphos.md", "html/notre-dame-reopens.html"),
)
"""The sources of each morning, relative to the sample, which has to be the working folder."""
SENT_TO, PUT_OFF = "ada@example.org", "ben@example.org"


def run_a_morning(state: Path, now: datetime, paths: tuple[str, ...]) -> list[str]:
    """Make and remember the edition of `now` with the state file; the titles of its stories."""
    config = Config(
        sources=tuple(Source(location=path, name="The Harbour Post", section="World") for path in paths),
        state=state, out=state.parent / "editions", title=TITLE, timezone="Europe/London", since=None,
        engine="extractive", offline=True, formats=("json",),
    )  # fmt: skip
    with pipeline.RunContext(config, clock=lambda: now, progress=pipeline.NoProgress()) as context:
        edition, _ = pipeline.make_edition(context)
        pipeline.write_edition(edition, context)
        for reader in (SENT_TO, PUT_OFF):
            key = (edition_key(edition), reader, "mail")
            context.store.owe_delivery(key, now)
            claim = context.store.claim_delivery(key, now)
            if reader == SENT_TO:
                context.store.put_delivery(key, "sent", "250 OK", now, claim)
            else:
                context.store.put_delivery(key, "deferred", "451 Try again later", now, claim)
        context.store.search("canal")  # makes the index
    return [story.articles[0].title for story in edition.stories]


def main() -> None:
    """Write the file."""
    os.chdir(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        state, compact = Path(folder) / "state.db", Path(folder) / "compact.db"
        for number, paths in enumerate(MORNINGS):
            print(run_a_morning(state, FIRST_MORNING + timedelta(days=number), paths))
        with contextlib.closing(sqlite3.connect(state)) as connection:
            connection.execute("VACUUM INTO ?", (str(compact),))
        data = compact.read_bytes()
        if folder.encode() in data or str(ROOT).encode() in data:
            sys.exit("a path of this machine is in it")
    kept = ROOT / "tests" / "data" / "states" / f"{__version__}.db.gz"
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(gzip.compress(data, mtime=0))
    print(f"{kept.relative_to(ROOT)}: {kept.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
