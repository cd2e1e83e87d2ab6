"""Which room may import which. `ARCHITECTURE.md` says so, in tables that are read here: there is no second list."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import pytest

ENTRY_POINTS = {"__init__", "__main__", "_version"}
"""Modules of the package that are in no room."""
HEAVY = (
    # Not pydantic: typer itself imports it to read a subcommand's options.
    "xllamacpp", "transformers", "torch", "trafilatura", "sklearn", "scipy", "numpy", "httpx", "hishel",
    "huggingface_hub", "feedparser", "lxml", "markdown", "jinja2", "nupunkt", "py3langid", "sqlite3",
    "tomlkit", "sentencex", "dateparser",
)  # fmt: skip


@dataclass(frozen=True)
class Map:
    """The tables of `ARCHITECTURE.md`."""

    rooms: dict[str, set[str]]
    """Rooms by the heading of their table: `shared`, `pure`, `edge` and others."""
    arrows: dict[str, set[str]]
    """What each room or heading that has a row may import."""
    libraries: dict[str, set[str]]
    """In which rooms each library may be imported at the top of a module."""

    def may_import(self, room: str) -> set[str]:
        """What a room may import, itself included."""
        heading = next(heading for heading, rooms in self.rooms.items() if room in rooms)
        allowed = self.arrows[room if room in self.arrows else heading]
        return {room} | allowed | ({"_version"} if allowed else set())


def tables(text: str) -> dict[str, list[list[str]]]:
    """The rows of each table of a Markdown text, by the first cell of its heading."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("| "):
            rows = [
                [cell.strip() for cell in row.strip("|").split("|")]
                for row in takewhile(lambda one: one.startswith("|"), lines)
            ]
            heading = line.strip("|").split("|")[0].strip()
            assert heading not in found, f"two tables begin with the column {heading!r}"
            found[heading] = rows[1:]  # the first is the line of dashes
    return found


def read_map(repository: Path) -> Map:
    page = (repository / "ARCHITECTURE.md").read_text("utf-8")
    rooms = tables(page.split("## Rooms")[1].split("## Arrows")[0])
    arrows = tables(page.split("## Arrows")[1].split("\n## ")[0])
    by_heading = {heading: {one for row in rows for one in ticked(row[0])} for heading, rows in rooms.items()}

    def meant(cell: str) -> set[str]:
        words = set(re.findall(r"\w+", re.sub("`.*?`", "", cell))) - {"nothing"}
        assert words <= set(by_heading), f"no table is headed by one of {words}"
        return ticked(cell).union(*(by_heading[word] for word in words))

    return Map(
        rooms=by_heading,
        arrows={cell.strip("`"): meant(allowed) for cell, allowed in arrows["room"]},
        libraries={cell.strip("`"): ticked(where) for cell, where in arrows["library"]},
    )


def ticked(cell: str) -> set[str]:
    return set(re.findall(r"`(\w+)/?`", cell))


def modules(repository: Path) -> list[Path]:
    found = sorted((repository / "briefing").rglob("*.py"))
    assert len(found) > 100
    return found


def room_of(path: Path, repository: Path) -> str:
    """The module or package of `briefing` that a file belongs to."""
    return path.relative_to(repository / "briefing").parts[0].removesuffix(".py")


def imports(nodes: Iterator[ast.AST]) -> Iterator[str]:
    """Dotted names that are imported; of ``from briefing import x`` it is ``briefing.x``."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            assert node.level == 0, "imports are absolute"
            of_package = node.module == "briefing"
            yield from (f"briefing.{alias.name}" for alias in node.names) if of_package else [node.module]


def run_on_import(node: ast.AST) -> Iterator[ast.AST]:
    """What a module runs when it is imported: neither bodies of functions nor what is there for types alone."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            continue
        yield child
        yield from run_on_import(child)


def test_every_room_has_a_row_and_every_row_a_room(repository: Path) -> None:
    drawn = read_map(repository)
    there = {room_of(path, repository) for path in modules(repository)} - ENTRY_POINTS
    rooms = [room for rooms in drawn.rooms.values() for room in rooms]
    assert sorted(rooms) == sorted(there)
    covered = {room for room in rooms if room in drawn.arrows}
    covered |= {room for heading in drawn.arrows for room in drawn.rooms.get(heading, ())}
    assert there - covered == set(), "no row says what these may import"
    assert set(drawn.arrows) - there - set(drawn.rooms) == set(), "these rows are of no room"
    assert set().union(*drawn.arrows.values(), *drawn.libraries.values()) - there == set()


@pytest.mark.slow
def test_rooms_import_along_the_arrows(repository: Path) -> None:
    drawn, wrong, seen = read_map(repository), [], 0
    for path in modules(repository):
        if (room := room_of(path, repository)) in ENTRY_POINTS:
            continue
        names = imports(ast.walk(ast.parse(path.read_text("utf-8"))))
        found = {name.split(".")[1] for name in names if name.startswith("briefing.")}
        seen += len(found)
        wrong += [f"{path.relative_to(repository)} imports {name}" for name in found - drawn.may_import(room)]
    assert wrong == []
    assert seen > 500


@pytest.mark.slow
def test_libraries_are_imported_in_functions_but_for_those_on_the_map(repository: Path) -> None:
    at_the_top: dict[str, set[str]] = {}
    for path in modules(repository):
        for name in imports(run_on_import(ast.parse(path.read_text("utf-8")))):
            library = name.split(".")[0]
            if library == "sqlite3" or library not in {"briefing", *sys.stdlib_module_names}:
                at_the_top.setdefault(library, set()).add(room_of(path, repository))
    assert at_the_top == read_map(repository).libraries


def test_pure_rooms_know_no_clock_disk_or_network(repository: Path) -> None:
    forbidden = {"os", "pathlib", "socket", "time", "urllib.request", "httpx", "sqlite3", "subprocess", "shutil"}
    drawn = read_map(repository)
    pure = drawn.rooms["shared"] | drawn.rooms["pure"]
    assert len(pure) > 12
    wrong = [
        f"{path.relative_to(repository)} imports {name}"
        for path in modules(repository)
        if room_of(path, repository) in pure
        for name in imports(ast.walk(ast.parse(path.read_text("utf-8"))))
        if name in forbidden
    ]
    assert wrong == []


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["models", "--help"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys\nsys.argv = ['briefing', *sys.argv[1:]]\nfrom briefing.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('HEAVY', sorted(set({HEAVY!r}) & set(sys.modules)))"
    )
    # coverage, where it counts what processes run, imports sqlite3 itself.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True, env=variables
    )
    assert "HEAVY []" in done.stdout
