"""Sections that the configuration names and no source has."""

from __future__ import annotations

from pathlib import Path

import pytest

from ..conftest import Cli


def write(folder: Path, sections: str) -> Path:
    news = folder / "news"
    news.mkdir()
    (news / "a.txt").write_text(
        "A new bridge opens. " + "The bridge across the river opened on Monday in the rain. " * 20
    )
    path = folder / "briefing.toml"
    path.write_text(
        f'out = "out"\nstate = "state.db"\nengine = "extractive"\nsections = {sections}\n'
        '[[sources]]\npath = "news/a.txt"\nsection = "World"\n'
    )
    return path


@pytest.mark.parametrize("command", ["run", "doctor"])
@pytest.mark.parametrize(
    ("sections", "said"),
    [
        ('["Wrold"]', "The section 'Wrold' is in no source: did you mean 'World'?"),
        ('["Gardening"]', "The section 'Gardening' is in no source."),
        ('["World"]', ""),
    ],
)
def test_a_section_that_no_source_has_is_named_with_the_nearest(
    cli: Cli, tmp_path: Path, command: str, sections: str, said: str
) -> None:
    done = cli(command, "-c", str(write(tmp_path, sections)))
    shown = " ".join((done.stdout + done.stderr).split())
    assert (said in shown) if said else ("is in no source" not in shown)
    assert done.returncode == 0 or command == "doctor"
