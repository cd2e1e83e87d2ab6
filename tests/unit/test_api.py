"""The Python API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import briefing
from briefing import testing
from briefing.pipeline import NoProgress
from briefing.testing.engine import FakeEngine


def test_the_testing_page_names_all_that_the_package_ships(repository: Path) -> None:
    _, _, section = (repository / "docs" / "python.md").read_text("utf-8").partition("## Tests of your own")
    fakes = [name for name in testing.__all__ if isinstance(getattr(testing, name), type)]
    assert [name for name in fakes if name != "ReceivedRequest" and f"`{name}`" not in section] == []
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []


def test_an_edition_is_a_value(sample: Path) -> None:
    config = briefing.load_config(sample / "briefing.toml")
    edition = briefing.build_edition(config, engine=FakeEngine().says("# Headline"))
    assert len(edition.stories) == 16  # two of the 17 articles tell one story
    assert edition.failures == ()


def test_summaries_older_than_a_year_leave_the_state_file(tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    for path, what in ((old, "tram"), (new, "ferry")):
        path.write_text(f"The council voted on Tuesday for a {what} to the hospital. Work starts in March. " * 5)

    def run(path: Path, when: datetime) -> bool:
        config = briefing.Config(sources=(briefing.Source(location=str(path)),), state=tmp_path / "state.db")
        edition = briefing.build_edition(config, engine=FakeEngine().says("# Headline"), clock=lambda: when)
        (story,) = edition.stories
        return story.summary.cached

    begin = datetime(2024, 5, 17, tzinfo=UTC)
    assert [run(old, begin), run(old, begin + timedelta(days=300)), run(new, begin + timedelta(days=400))] == [
        False, True, False,
    ]  # fmt: skip
    assert not run(old, begin + timedelta(days=401))
    assert run(new, begin + timedelta(days=402))


def test_a_text_without_words_raises_an_error_with_a_remedy() -> None:
    with pytest.raises(briefing.BriefingError, match="it is empty") as caught:
        briefing.summarise("  ", engine="extractive")
    assert caught.value.remedy


def test_an_article_may_be_given_as_a_value() -> None:
    text = "The council voted on Tuesday for a tram to the hospital. Construction starts in March. " * 5
    article = briefing.Article(id="a", title="Tram", text=text, source="Post", language="en")
    summary = briefing.summarise(article, engine=FakeEngine().says("# Tram\n- Construction starts in March."), points=1)
    assert [point.text for point in summary.key_points] == ["Construction starts in March."]


def test_a_progress_listener_hears_of_stages_and_steps() -> None:
    heard: list[str] = []

    class Listener(NoProgress):
        def stage(self, name: str, total: int) -> None:
            heard.append(f"{name} {total}")

        def step(self, subject: str, amount: int = 1) -> None:
            heard.append(subject)

    text = "The council voted on Tuesday for a tram to the hospital. Construction starts in March. " * 5
    briefing.summarise(text, title="Tram", engine="extractive", progress=Listener())
    assert heard == ["summarise 1", "Tram"]


def test_every_public_name_is_there() -> None:
    for name in briefing.__all__:
        assert getattr(briefing, name) is not None
    with pytest.raises(AttributeError):
        _ = briefing.nothing
