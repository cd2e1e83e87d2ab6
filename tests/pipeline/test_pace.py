"""What a story is expected to take: as earlier runs on the state file measured it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import briefing
from briefing.config import Config
from briefing.pipeline import RunContext
from briefing.pipeline.progress import NoProgress
from briefing.pipeline.summaries import condense_stories
from briefing.testing.engine import FakeEngine
from briefing.types import Article, Summary

TEXT = "The council of {0} voted on Tuesday for a tram to the hospital. Construction in {0} starts in March. " * 5


def article(name: str) -> Article:
    return briefing.Article(id=name, title=f"Trams in {name}", text=TEXT.format(name), source="Post", language="en")


class Listener(NoProgress):
    def __init__(self) -> None:
        self.heard: list[Any] = []

    def expect(self, *, known: int, seconds: float | None) -> None:
        self.heard.append((known, seconds))

    def begin(self, subject: str) -> None:
        self.heard.append(f"begun {subject}")

    def stage(self, name: str, total: int) -> None:
        self.heard.append((name, total))

    def step(self, subject: str, amount: int = 1) -> None:
        self.heard.append(f"done {subject}")


def test_a_run_expects_what_the_last_one_measured_and_counts_no_cached_story(tmp_path: Path) -> None:
    now = datetime(2024, 5, 17, tzinfo=UTC)

    def clock() -> datetime:
        nonlocal now
        now += timedelta(seconds=1)
        return now

    def condensed(*names: str) -> list[Any]:
        listener = Listener()
        engine = FakeEngine().says("# Trams\n- Construction starts in March.")
        config = Config(state=tmp_path / "state.db")
        with RunContext(config, clock=clock, progress=listener, engine=engine) as context:
            found = list(condense_stories([(article(name),) for name in names], context))
        assert all(isinstance(result, Summary) for _, result in found)
        return listener.heard

    first = condensed("Marlow", "Leeds")
    assert first[:2] == [(0, None), ("summarise", 2)]
    assert "begun Post: Trams in Marlow" in first
    assert first.index("begun Post: Trams in Marlow") < first.index("done Post: Trams in Marlow")
    (known, seconds), stage, *rest = condensed("Marlow", "Leeds", "Ely")
    assert (known, stage) == (2, ("summarise", 1))
    assert isinstance(seconds, float)
    assert seconds > 0
    assert rest == ["begun Post: Trams in Ely", "done Post: Trams in Ely"]
    assert condensed("Marlow", "Leeds", "Ely") == []  # nothing is to be done


def test_a_run_whose_answers_are_mostly_in_the_store_says_nothing_of_the_pace(tmp_path: Path) -> None:
    now = datetime(2024, 5, 17, tzinfo=UTC)

    def expected(*, each: int) -> Any:
        def clock() -> datetime:
            nonlocal now
            now += timedelta(seconds=each)
            return now

        listener = Listener()
        engine = FakeEngine().says("# Trams\n- Construction starts in March.")
        with RunContext(Config(state=tmp_path / "s.db"), clock=clock, progress=listener, engine=engine) as context:
            assert list(condense_stories([(article("Marlow"),)], context))
            context.store.query("DELETE FROM summaries")  # as other options would have it: one answer more is needed
            context.store.query("DELETE FROM completions WHERE rowid = (SELECT min(rowid) FROM completions)")
        return listener.heard[0][1]

    assert expected(each=60) is None
    measured = expected(each=1)
    assert measured > 60
    assert expected(each=1) == measured
