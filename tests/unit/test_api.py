"""The Python API."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import briefing
from briefing import testing
from briefing.errors import UsageError
from briefing.pipeline import NoProgress, RunContext, make_edition
from briefing.pipeline.edition import Report
from briefing.store.lock import run_lock
from briefing.testing.engine import FakeEngine


def test_the_testing_page_names_all_that_the_package_ships(repository: Path) -> None:
    _, _, section = (repository / "docs" / "python.md").read_text("utf-8").partition("## Tests of your own")
    fakes = [name for name in testing.__all__ if isinstance(getattr(testing, name), type)]
    assert [name for name in fakes if name != "ReceivedRequest" and f"`{name}`" not in section] == []
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []


@pytest.mark.slow
def test_an_edition_is_a_value(sample: Path) -> None:
    config = briefing.load_config(sample / "briefing.toml")
    edition = briefing.build_edition(config, engine=FakeEngine().says("# Headline"))
    assert len(edition.stories) == 16  # two of the 17 articles tell one story
    assert edition.failures == ()


@pytest.fixture
def config(tmp_path: Path) -> briefing.Config:
    """A configuration with one article, read from a path that is a text."""
    (tmp_path / "tram.txt").write_text(
        "The council voted on Tuesday for a tram to the hospital. It opens in 2028. " * 5
    )
    (tmp_path / "briefing.toml").write_text(
        'engine = "extractive"\nformats = ["json"]\ntimezone = "UTC"\nstate = "state.db"\n'
        '[[sources]]\npath = "tram.txt"\n'
    )
    return briefing.load_config(str(tmp_path / "briefing.toml")).with_overrides(out=tmp_path / "out")


def test_an_edition_is_rendered_and_written_and_remembered(config: briefing.Config, tmp_path: Path) -> None:
    edition = briefing.build_edition(config)
    assert "voted on Tuesday" in str(briefing.render(edition, "text"))
    assert isinstance(briefing.render(edition, "epub"), bytes)
    (path,) = briefing.write_edition(edition, config)
    assert path == tmp_path / "out" / f"{edition.date}.json"
    assert path.read_text("utf-8") == briefing.render(edition, "json")
    with pytest.raises(briefing.BriefingError, match="there is no such format"):
        briefing.render(edition, "pdf")
    later = timedelta(days=1) + edition.date
    assert briefing.build_edition(config, day=later).stories == ()  # it was told


def test_a_folder_of_templates_changes_what_is_rendered(config: briefing.Config, tmp_path: Path) -> None:
    (tmp_path / "edition.txt.j2").write_text("Mine: {{ edition.title }}")
    edition = briefing.build_edition(config)
    assert briefing.render(edition, "text", templates=str(tmp_path)) == "Mine: Morning briefing\n"


def test_sending_without_a_sender_says_which_setting_is_missing(config: briefing.Config) -> None:
    with pytest.raises(briefing.BriefingError, match=r"mail\.sender"):
        briefing.send(briefing.build_edition(config), config)


def test_writing_beside_a_run_is_refused(config: briefing.Config) -> None:
    edition = briefing.build_edition(config)
    assert config.state
    with run_lock(config.state), pytest.raises(briefing.BriefingError, match="another run"):
        briefing.write_edition(edition, config)


def test_both_spellings_are_one_function() -> None:
    assert briefing.summarize is briefing.summarise


Run = Callable[[str, timedelta], Report]


@pytest.fixture
def run_after(tmp_path: Path) -> Run:
    """A run on one article with one state file: ``run_after("tram", timedelta(days=300))``."""

    def run(what: str, later: timedelta) -> Report:
        path = tmp_path / f"{what}.txt"
        path.write_text(f"The council voted on Tuesday for a {what} to the hospital. Work starts in March. " * 5)
        config = briefing.Config(sources=(briefing.Source(location=str(path)),), state=tmp_path / "state.db")
        when = datetime(2024, 5, 17, tzinfo=UTC) + later
        engine = FakeEngine().says("# Headline")
        with RunContext(config, clock=lambda: when, progress=NoProgress(), engine=engine) as context:
            return make_edition(context)[1]

    return run


def test_a_summary_is_not_made_anew_day_after_day(run_after: Run) -> None:
    reports = [run_after("tram", timedelta(days=days)) for days in range(3)]
    assert [(report.condensed, report.cached) for report in reports] == [(1, 0), (0, 1), (0, 1)]


def test_summaries_older_than_a_year_leave_the_state_file(run_after: Run) -> None:
    run_after("tram", timedelta())
    run_after("ferry", timedelta(days=364))
    assert run_after("tram", timedelta(days=364)).cached == 1
    run_after("ferry", timedelta(days=366))
    assert run_after("tram", timedelta(days=366)).cached == 0
    assert run_after("ferry", timedelta(days=367)).cached == 1


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
    assert heard == ["summarise 1", "text: Tram"]


def test_every_public_name_is_there() -> None:
    for name in briefing.__all__:
        assert getattr(briefing, name) is not None
    with pytest.raises(AttributeError):
        _ = briefing.nothing


def test_a_name_that_no_file_should_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="letters, digits"):
        briefing.build_edition(briefing.Config(state=tmp_path / "s.db"), name="../../evil")
