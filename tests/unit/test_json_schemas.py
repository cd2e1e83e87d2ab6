"""The JSON Schema files: what released ones promised still holds for what is written today."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from briefing.assets import environment
from briefing.render.edition import render, render_summary
from briefing.serialization import EDITION_SCHEMA, SUMMARY_SCHEMA, edition_from_json

REPOSITORY = Path(__file__).resolve().parents[2]
RELEASES = sorted((REPOSITORY / "tests" / "data" / "schemas").iterdir())
GOLDEN = REPOSITORY / "tests" / "data" / "golden"
NAMES = ("edition", "summary")

release = pytest.mark.parametrize("folder", RELEASES, ids=lambda folder: folder.name)


def schema(name: str, folder: Path | None = None) -> dict[str, Any]:
    file = (folder or files("briefing").joinpath("schema")) / f"{name}.json"
    loaded: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return loaded


def documents() -> Iterator[tuple[str, Any]]:
    """What today's code writes: the golden editions and their summaries."""
    templates = environment("templates")
    for path in GOLDEN.glob("*.json"):
        if path.name == "input.json":
            continue
        edition = edition_from_json(json.loads(path.read_text("utf-8")), lambda identity: None)
        yield "edition", json.loads(render(edition, "json", templates))
        for story in edition.stories:
            yield "summary", json.loads(render_summary([story.summary], "json", templates))


def fields(node: Any, place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every field of a schema with its path, and the part of the schema that describes it."""
    if not isinstance(node, dict):
        return
    for name, inner in node.get("properties", {}).items():
        yield f"{place}/{name}", inner
        yield from fields(inner, f"{place}/{name}")
    yield from fields(node.get("items"), f"{place}[]")
    for name, inner in node.get("$defs", {}).items():
        yield from fields(inner, f"#{name}")


def incompatible(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a program that reads by the `old` schema would miss, or not expect, in documents of the `new` one."""
    if old["$id"] != new["$id"]:
        return []
    now = dict(fields(new))
    wrong = []
    for place, then in fields(old):
        if place not in now:
            wrong.append(f"{place} is gone")
            continue
        for word in ("type", "enum", "const", "pattern", "format", "$ref"):
            allowed, given = (part.get(word) for part in (then, now[place]))
            listed = [value if isinstance(value, list) else [value] for value in (allowed, given)]
            if allowed is not None and not set(listed[1]) <= set(listed[0]):
                wrong.append(f"{place}: {word} was {allowed}, is {given}")
        if lost := set(then.get("required", ())) - set(now[place].get("required", ())):
            wrong.append(f"{place}: {sorted(lost)} may be missing")
    if lost := set(old["required"]) - set(new["required"]):
        wrong.append(f"{sorted(lost)} may be missing")
    return wrong


@release
def test_a_released_schema_accepts_what_is_written_today(folder: Path, must_fit: Callable[..., None]) -> None:
    written = list(documents())
    assert {name for name, _ in written} == set(NAMES)
    for name, document in written:
        must_fit(name, document, folder)


@release
@pytest.mark.parametrize("name", NAMES)
def test_no_field_of_a_released_schema_was_removed_renamed_or_widened(folder: Path, name: str) -> None:
    assert incompatible(schema(name, folder), schema(name)) == []


def test_a_schema_without_a_released_field_is_found_incompatible() -> None:
    old = schema("edition")
    new = copy.deepcopy(old)
    new["properties"]["name"] = new["properties"].pop("title")
    new["properties"]["notes"]["type"] = "string"
    new["required"].remove("date")
    assert incompatible(old, new) == ["/title is gone", "/notes: type was array, is string", "['date'] may be missing"]


@pytest.mark.parametrize(("name", "identity"), [("edition", EDITION_SCHEMA), ("summary", SUMMARY_SCHEMA)])
def test_a_document_names_its_schema(name: str, identity: str) -> None:
    assert schema(name)["$id"] == identity
    assert schema(name)["version"].split(".")[0] == identity.rpartition(":")[2]
    named = {document["schema"] for kind, document in documents() if kind == name}
    assert named == {identity}


def test_the_schemas_of_this_version_are_kept_for_later_ones(repository: Path) -> None:
    """RELEASING.md copies them. Until the release, both change together; from then on, the kept ones stay."""
    from briefing import __version__

    kept = repository / "tests" / "data" / "schemas" / __version__
    then, now = ({name: schema(name, folder) for name in NAMES} for folder in (kept, None))
    released = f"\n## {__version__} " in (repository / "CHANGELOG.md").read_text("utf-8")
    assert released or then == now


def test_a_field_beyond_the_schema_is_noticed(must_fit: Callable[..., None]) -> None:
    document = next(data for kind, data in documents() if kind == "edition")
    must_fit("edition", document)
    with pytest.raises(ValidationError, match="extra"):
        must_fit("edition", {**document, "extra": 1})
    document["sections"][0]["stories"][0]["summary"]["extra"] = 1
    with pytest.raises(ValidationError, match="extra"):
        must_fit("edition", document)
