"""The configuration: every setting checked, every mistake named with its place and what was probably meant."""

from __future__ import annotations

import tomllib
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.assets import environment
from briefing.config import Config, add_sources, load_config, parse_config, parse_duration, remove_source
from briefing.errors import ConfigError, UsageError
from briefing.types import Source, SourceKind

HERE = Path("/somewhere/briefing.toml")


def test_settings_are_read_and_paths_start_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text(
        'title = "Abend"\nsince = "1d12h"\nformats = ["json"]\nout = "out"\n'
        '[[sources]]\nurl = "https://example.org/f"\nsection = "World"\n[[sources]]\npath = "notes"\nname = "N"\n',
        "utf-8",
    )
    config = load_config(path)
    assert (config.title, config.since, config.formats) == ("Abend", timedelta(hours=36), ("json",))
    assert config.out == tmp_path / "out"
    assert config.sources[0] == Source(location="https://example.org/f", section="World")
    assert config.sources[1].location == str(tmp_path / "notes")


def test_without_a_line_for_it_editions_go_to_the_current_folder() -> None:
    assert parse_config("", HERE).out == Path("briefings")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("titel = 'x'", ["titel", "title"]),
        ("[[sources]]\nurl = 'https://example.org'\nnmae = 'x'", ["sources[1].nmae", "name"]),
        ("points = 11", ["points", "from 1 to 10"]),
        ("points = 'four'", ["points", "whole number"]),
        ("timezone = 'Europe/Londn'", ["timezone", "Europe/London"]),
        ("formats = ['pdf']", ["formats"]),
        ("since = 'yesterday'", ["since", "24h"]),
        ("language = 'german'", ["language", "ISO 639-1"]),
        ("[[sources]]\nname = 'x'", ["sources[1]", "url", "path"]),
        ("[[sources]]\nurl = 'ftp://example.org'", ["sources[1].url", "https://"]),
        ("title = \n", ["line 1"]),
    ],
)
def test_a_mistake_is_named_with_its_key_and_what_is_expected(text: str, parts: list[str]) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, HERE)
    for part in [str(HERE), *parts]:
        assert part in str(caught.value)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config("points = 0\nlength = 'huge'", HERE)
    assert "points" in str(caught.value)
    assert "length" in str(caught.value)


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="briefing init"):
        load_config(tmp_path / "none.toml")


def test_options_are_checked_like_the_file() -> None:
    assert Config().with_overrides(points=7, title=None).points == 7
    with pytest.raises(UsageError, match="points"):
        Config().with_overrides(points=70)


@pytest.mark.parametrize(
    ("text", "span"),
    [("90m", timedelta(minutes=90)), ("2w", timedelta(weeks=2)), ("", None), ("1D", timedelta(days=1))],
)
def test_time_spans(text: str, span: timedelta | None) -> None:
    assert parse_duration(text) == span


TEXT = '# mine\ntitle = "T"  # keep\n\n[[sources]]\nurl = "https://example.org/a"\nname = "A"\n'


def test_a_source_is_added_and_removed_without_touching_the_rest() -> None:
    added = add_sources(TEXT, [Source(location="https://example.org/b", name='B "quoted"')], HERE)
    assert added.startswith(TEXT.rstrip())
    assert [source.name for source in parse_config(added, HERE).sources] == ["A", 'B "quoted"']
    assert remove_source(added, 'B "quoted"', HERE).strip() == TEXT.strip()


@given(st.text(), st.text())
def test_any_name_and_section_survive_being_written(name: str, section: str) -> None:
    source = Source(location="https://example.org/x", name=name, section=section)
    try:
        text = add_sources("", [source], HERE)
    except ConfigError:
        return  # what TOML cannot hold is refused, never mangled
    assert parse_config(text, HERE).sources == (source,)


def test_removing_what_is_not_there_names_what_is() -> None:
    with pytest.raises(ConfigError, match=r"https://example\.org/a"):
        remove_source(TEXT, "https://example.org/aa", HERE)


def test_the_first_configuration_is_valid_and_its_comments_show_the_defaults() -> None:
    text = environment("templates").get_template("briefing.toml.j2").render(timezone="Europe/London")
    assert parse_config(text, HERE) == replace(Config(), timezone="Europe/London")
    shown = "\n".join(
        line[2:] for line in text.splitlines() if line.startswith("# ") and " = " in line and "#" not in line[2:]
    )
    shown = "\n".join(line for line in shown.splitlines() if line.split(" = ")[0] in {f.name for f in fields(Config)})
    values = tomllib.loads(shown)
    example = {"sections", "prompts", "templates", "state", "models", "out"}
    config = parse_config("\n".join(line for line in shown.splitlines() if line.split(" = ")[0] not in example), HERE)
    assert config == Config()
    assert set(values) | {"title", "timezone", "since", "sources"} == {field.name for field in fields(Config)}


def test_kinds_of_sources_can_be_stated() -> None:
    (source,) = parse_config("[[sources]]\nurl = 'https://example.org/f'\nkind = 'feed'", HERE).sources
    assert source.kind is SourceKind.FEED
