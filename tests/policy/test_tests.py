"""What the tests hold on to: what the package offers, not names with an underscore that may change any day."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PRIVATE = re.compile(r"_[A-Za-z]\w*")
REASONS = {
    "briefing.deliver.atomic._try_lock": "a file system without locks",
    "briefing.engines.llama._load": "llama.cpp, which wants a model's file",
    "briefing.engines.openai.engine._ATTEMPTS": "five attempts at a server that is slow on purpose take minutes",
    "briefing.engines.openai.engine._FIRST_PAUSE": "pauses between attempts begin at half a second",
    "briefing.engines.transformers.loading._device": "a processor that computes in other numbers than this one",
    "briefing.extract.language._identifier": "is made once in a process",
    "briefing.models.wheels._bytes_below": "a race with pip that no test can bring about",
    "briefing.pipeline.machine._SECONDS": "how long a machine is measured",
    "briefing.pipeline.machine._SMALLEST": "a model of 300 MB",
    "briefing.pipeline.machine._share_of_the_cores": "a machine that is busy",
    "briefing.pipeline.machine._with_a_model": "a model's speed, which no two machines have alike",
    "briefing.pipeline.machine._with_arithmetic": "likewise",
    "briefing.store.search._MODULE": "an SQLite without full-text search",
    "briefing.testing.imap_server._Handler": "the base of a server with faults",
}
"""Private names that tests use, and what they stand for. A new one wants an argument or a setting instead."""


def private_names(path: Path) -> Iterator[str]:
    """Private names of the package that a file imports, reads, or names in a text (as `monkeypatch.setattr` takes)."""
    tree = ast.parse(path.read_text("utf-8"))
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "briefing":
            known |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
            yield from (f"{node.module}.{alias.name}" for alias in node.names if PRIVATE.fullmatch(alias.name))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and PRIVATE.fullmatch(node.attr):
            yield from (f"{home}.{node.attr}" for home in [known.get(node.value.id)] if home)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(r"^briefing(?:\.\w+)*\._[A-Za-z]\w*$", node.value)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("setattr") and len(node.args) == 3:
            place, name, _ = node.args
            given = name.value if isinstance(name, ast.Constant) else None
            if isinstance(place, ast.Name) and isinstance(given, str) and PRIVATE.fullmatch(given):
                yield from (f"{home}.{given}" for home in [known.get(place.id)] if home)


@pytest.mark.slow
def test_private_names_stay_private(repository: Path) -> None:
    files = [path for path in (repository / "tests").rglob("*.py") if path.name != Path(__file__).name]
    assert len(files) > 100
    used = {name for path in files for name in private_names(path)}
    assert sorted(used - set(REASONS)) == []


POSIX_ALONE = re.compile(
    r"\bos\.(?:mkfifo|w?fork|forkpty|kill|killpg|get(?:e?uid|e?gid)|set(?:uid|gid|groups))\b"
    r"|\bsignal\.(?:SIGKILL|SIGALRM|SIGHUP|SIGUSR[12]|setitimer|alarm)\b"
    r"|\b(?:resource\.setrlimit|resource\.getrusage|fcntl\.\w+|pty\.\w+|pwd\.\w+)\("
    r"|\bget_context\(\"fork\"\)"
    r"|:2,[A-Z]*\b"
)
"""What POSIX alone has, as tests and the programs in their strings write it; the last are a Maildir's file names."""


def parts(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, tuple[str, ...]]]:
    """Names that a module defines at its top or in a class, what defines each, and the marks on it."""
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            above = tuple(map(ast.unparse, node.decorator_list))
            for name, inner, marks in parts(ast.Module(node.body, [])):
                yield name, inner, (*above, *marks)
        elif isinstance(node, ast.FunctionDef):
            yield node.name, node, tuple(map(ast.unparse, node.decorator_list))
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from ((target.id, node, ()) for target in targets if isinstance(target, ast.Name))


def unmarked(source: str) -> list[str]:
    """Tests of a module that reach `POSIX_ALONE`, by themselves or through its other names, without ``posix``."""
    found = list(parts(ast.parse(source)))
    names: dict[str, set[str]] = {}
    for name, node, _ in found:
        used = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        used |= {inner.arg for inner in ast.walk(node) if isinstance(inner, ast.arg)}
        names[name] = names.get(name, set()) | used
    lines = source.split("\n")
    reaching = {
        name for name, node, _ in found if POSIX_ALONE.search("\n".join(lines[node.lineno - 1 : node.end_lineno]))
    }
    while more := {name for name, used in names.items() if used & reaching} - reaching:
        reaching |= more
    if any(name == "pytestmark" and "posix" in ast.unparse(node) for name, node, _ in found):
        return []
    return [
        name
        for name, _, marks in found
        if name.startswith("test_") and name in reaching and not any("mark.posix" in mark for mark in marks)
    ]


def test_tests_of_what_posix_alone_has_are_marked(repository: Path) -> None:
    files = sorted((repository / "tests").rglob("test_*.py"))
    found = [
        f"{path.relative_to(repository)}::{name}"
        for path in files
        if path.name != Path(__file__).name
        for name in unmarked(path.read_text("utf-8"))
    ]
    assert found == []


def test_use_of_posix_is_seen_through_names_classes_and_strings() -> None:
    source = """
import os
PROGRAM = "import os; os.kill(1, 9)"
def helper(): return PROGRAM
class TestHere:
    def test_in_a_class(self): helper()
    @pytest.mark.posix
    def test_marked(self): helper()
@pytest.mark.slow
def test_direct(tmp_path): os.mkfifo(tmp_path)
def test_elsewhere(): os.stat("x")
"""
    assert unmarked(source) == ["test_in_a_class", "test_direct"]
    assert unmarked(f"{source}pytestmark = [pytest.mark.posix]\n") == []


def test_names_of_tests_are_short_enough_to_be_read(repository: Path) -> None:
    names = {
        name
        for path in (repository / "tests").rglob("test_*.py")
        for name in re.findall(r"^ *def (test_\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    assert [name for name in sorted(names) if len(name) > 80] == []
