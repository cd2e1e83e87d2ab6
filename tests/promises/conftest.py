"""A fortnight of small editions, made through the command line."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
import pytest

Cli = Callable[..., "subprocess.CompletedProcess[str]"]

STORIES = {
    "2024-04-30": ("Ferry to Holm stops", "The ferry to Holm will not sail until Friday, the harbour master said."),
    "2024-05-16": ("Bell raised from wreck", "Divers raised the bell of a steamer that sank off Port Lorne in 1907."),
    "2024-05-17": ("Council approves tram", "The council voted 31 to 14 on Tuesday for a tram line to the hospital."),
}
"""Headline and text of the one story of each day."""


_compiled: dict[tuple[Any, ...], Any] = {}
_compile = jinja2.Environment.compile


@pytest.fixture(autouse=True)
def _templates_are_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command compiles what it renders, the doctor everything: half a second of each call."""

    def compiled(environment: jinja2.Environment, *given: Any, **options: Any) -> Any:
        key = (*given, *options.items())
        if key not in _compiled:
            _compiled[key] = _compile(environment, *given, **options)
        return _compiled[key]

    monkeypatch.setattr(jinja2.Environment, "compile", compiled)


@pytest.fixture
def make_day(cli: Cli, tmp_path: Path) -> Callable[..., None]:
    """Makes the edition of a day: ``make_day("2024-05-17", title="Evening")``."""

    def make(day: str, *, headline: str = "", text: str = "", title: str = "Morning") -> None:
        known = STORIES.get(day, ("", ""))
        (tmp_path / "story.txt").write_text(f"{headline or known[0]}\n\n{text or known[1]}\n", "utf-8")
        path = tmp_path / f"{title}.toml"
        path.write_text(
            f'title = "{title}"\ntimezone = "UTC"\nengine = "extractive"\nformats = ["json"]\nout = "{title}"\n'
            '[[sources]]\npath = "story.txt"\nname = "The Post"\nsection = "News"\n',
            "utf-8",
        )
        done = cli("run", path, "--date", day)
        assert done.returncode == 0, done.stderr

    return make


@pytest.fixture
def three_days(make_day: Callable[..., None]) -> None:
    """An edition of each of `STORIES`."""
    for day in STORIES:
        make_day(day)
