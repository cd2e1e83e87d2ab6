"""What the documentation promises is shown by the tests that it names, and every row of the matrix stands in it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PAGES = ("docs/faults.md", "docs/trust.md", "SECURITY.md")
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")


def named_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    named = (node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    return {name for name in named if name.startswith("test_")}


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_names_is_there(repository: Path, page: str) -> None:
    named = NAMED.findall((repository / page).read_text("utf-8"))
    assert len(named) > 8
    known = {path: named_in(repository / "tests" / path) for path, _ in named}
    assert [f"{path}::{name}" for path, name in named if name not in known[path]] == []


def test_every_row_of_the_matrix_is_on_the_page(repository: Path) -> None:
    named = set(NAMED.findall((repository / "docs" / "faults.md").read_text("utf-8")))
    tests = repository / "tests"
    there = {(f"faults/{path.name}", name) for path in (tests / "faults").glob("test_*.py") for name in named_in(path)}
    assert there - named == set()


def test_every_row_has_a_promise_and_a_test(repository: Path) -> None:
    rows = re.findall(r"^\| (.+) \|$", (repository / "docs" / "faults.md").read_text("utf-8"), re.MULTILINE)
    cells = [row.split(" | ") for row in rows if not row.startswith(("Fault", "---"))]
    assert len(cells) > 60
    assert [row for row in cells if len(row) != 3 or not row[1] or not NAMED.search(row[2])] == []


def test_links_of_the_page_on_security_lead_somewhere(repository: Path) -> None:
    text = (repository / "SECURITY.md").read_text("utf-8")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        assert (repository / target).exists(), target
    assert "SECURITY.md" in (repository / "README.md").read_text("utf-8")
