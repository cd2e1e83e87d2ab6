"""The bench that changes the product to see whether tests notice: the changes, the sample, the outcomes."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import mutants as bench
import pytest

MODULE = '''
"""Prices."""

def total(prices, tax):
    """The sum."""
    return sum(price for price in prices if price > 0) + tax

def cheapest(prices, limit=3):
    if not prices:
        return []
    return sorted(prices, key=abs)[:limit]
'''


def _changes(source: str, operator: str) -> list[str]:
    found = (mutant for mutant in bench.found(source, "store/prices.py") if mutant.operator == operator)
    return [bench.mutated(source, mutant) for mutant in found]


def _in_function(line: str, returns: str = "object") -> str:
    return f"# é: more bytes than characters\ndef f(a, b) -> {returns}:\n    {line}\n"


@pytest.mark.parametrize(
    ("operator", "before", "after"),
    [
        ("comparison negated", "return a < b", ["return (a >= b)"]),
        ("comparison negated", "return a == b in c", ["return (a != b in c)", "return (a == b not in c)"]),
        ("boundary moved", "return a < b", ["return (a <= b)"]),
        ("boundary moved", "return a is b", []),
        ("boolean negated", "return g(a, deep=True)", ["return g(a, deep=False)"]),
        ("boolean negated", "return not a", ["return a"]),
        ("and/or swapped", "return a and b", ["return (a or b)"]),
        ("number off by one", "return a[2]", ["return a[3]"]),
        ("keyword argument dropped", "return g(a, b=b, c=1)", ["return g(a, **{}, c=1)", "return g(a, b=b, **{})"]),
        ("keyword argument dropped", "return zip(a, b, strict=True)", []),
        ("call removed", "a.append(b)", ["pass"]),
        ("condition false", "if a: return b", ["if False: return b"]),
        ("filter dropped", "return [x for x in a if x]", ["return [x for x in a if True]"]),
        ("min/max swapped", "return min(a, b)", ["return max(a, b)"]),
        ("plus/minus swapped", "return a + b", ["return (a - b)"]),
        ("plus/minus swapped", "return a + ', '", []),
        ("nothing returned", "return a", []),
    ],
)
def test_an_operator_changes_what_it_names(operator: str, before: str, after: list[str]) -> None:
    assert _changes(_in_function(before), operator) == [_in_function(line) for line in after]


@pytest.mark.parametrize("returns", ["str | None", "None | str", "Optional[str]"])
def test_nothing_is_returned_where_the_type_allows_it(returns: str) -> None:
    assert _changes(_in_function("return a", returns), "nothing returned") == [_in_function("return None", returns)]


def test_every_operator_is_tried_on_an_example() -> None:
    marks = test_an_operator_changes_what_it_names.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == set(bench.OPERATORS)


@pytest.mark.parametrize(
    "source",
    [
        _in_function('"""Less than 3."""'),
        _in_function("_log.info('%d', a + 1)"),
        _in_function("raise ValueError(a + 1)"),
        _in_function("assert a < 1"),
        _in_function("b: Literal[1]"),
        _in_function("if TYPE_CHECKING: import b"),
        "class A:\n    def __repr__(self): return str(self.a + 1)\n",
        "class A(Protocol):\n    def f(self) -> int: return 1\n",
        "@overload\ndef f(a: int) -> int: return 1\n",
        "LIMIT = 1\n",
    ],
)
def test_what_no_test_could_notice_stays_as_it_is(source: str) -> None:
    assert bench.found(source, "store/prices.py") == []


@pytest.mark.slow
def test_every_mutant_of_the_sample_compiles_and_differs(repository: Path) -> None:
    sources = bench.Project(repository).sources()
    sample = bench.drawn(mutant for module, source in sources.items() for mutant in bench.found(source, module))
    assert Counter(mutant.room for mutant in sample) == dict.fromkeys(bench.ROOMS, 25)
    for mutant in sample:
        source = sources[mutant.module]
        assert ast.dump(ast.parse(bench.mutated(source, mutant))) != ast.dump(ast.parse(source)), mutant
        assert any(line.startswith("+") for line in bench.difference(source, mutant)), mutant


@pytest.mark.slow
@pytest.mark.eval  # an edit of a function that one of them is in asks for a new list, not for a failed commit
def test_known_equivalents_are_mutants_of_the_product(repository: Path) -> None:
    sources = bench.Project(repository).sources()
    ids = {mutant.id for module, source in sources.items() for mutant in bench.found(source, module)}
    assert bench.EQUIVALENT.keys() <= ids
    assert all(bench.EQUIVALENT.values())


@pytest.mark.slow
def test_the_sample_is_the_same_in_every_process(repository: Path) -> None:
    lists = [
        subprocess.run(
            [sys.executable, "bench/mutants.py", "--list"],
            cwd=repository,
            env={**os.environ, "PYTHONPATH": str(repository), "PYTHONHASHSEED": seed, "PYTHONUTF8": "1"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    ]
    assert lists[0] == lists[1]
    assert lists[0].decode().splitlines()[-1].startswith("100 of ")


def test_an_edit_of_one_function_leaves_the_mutants_of_others() -> None:
    edited = MODULE.replace("    return sum", "    if tax < 0:\n        tax = 0\n    return sum").replace(
        "cheapest", "lowest", 0
    )
    before, after = (bench.found(source, "store/prices.py") for source in (MODULE, edited))
    assert [m.id for m in before if m.function == "cheapest"] == [m.id for m in after if m.function == "cheapest"]
    assert {m.id for m in before} < {m.id for m in after}
    lines = [next(m.lines[0] for m in found if m.function == "cheapest") for found in (before, after)]
    assert lines[1] == lines[0] + 2


def test_an_edit_changes_no_more_of_the_sample_than_it_adds() -> None:
    module = "".join(f"def f{number}(a):\n    return a[{number}] < {number}\n" for number in range(40))
    edited = module.replace("return a[7] <", "return a[7] or a[8] <")
    before, after = (bench.found(source, "store/prices.py") for source in (module, edited))
    kept = {mutant.id for mutant in bench.drawn(before)} & {mutant.id for mutant in bench.drawn(after)}
    changed = {mutant.id for mutant in before} ^ {mutant.id for mutant in after}
    assert len(kept) >= 25 - len(changed)
    assert bench.drawn(before) != bench.drawn(before, seed=1)


@pytest.fixture
def tiny(tmp_path: Path) -> bench.Project:
    """A package of one room: a strong test, a weak test, a test of a command, a function without a test."""
    root = tmp_path / "tiny"
    for name, content in {
        "tiny/__init__.py": "",
        "tiny/room/__init__.py": "",
        "tiny/room/strong.py": "def other(a, b):\n    return a != b\n",
        "tiny/room/weak.py": "def same(a, b):\n    return a == b\n",
        "tiny/room/lost.py": "def lost(a):\n    return a or None\n",
        "tiny/room/__main__.py": "def run():\n    print('a')\n\nrun()\n",
        "tests/test_strong.py": "from tiny.room.strong import other\n\ndef test_it():\n    assert other(1, 2)\n",
        "tests/test_weak.py": "from tiny.room.weak import same\n\ndef test_it():\n    assert same(1, 2) is not None\n",
        "tests/test_command.py": "import subprocess, sys\n\ndef test_it():\n"
        "    assert subprocess.check_output([sys.executable, '-m', 'tiny.room']).strip() == b'a'\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    return bench.Project(root, "tiny", ("room",))


def _files(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".mutants" not in path.parts}


@pytest.mark.slow
def test_a_weak_test_lets_a_mutant_live_and_a_strong_one_does_not(
    tiny: bench.Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _files(tiny.root)
    out = tmp_path / "results.jsonl"
    assert bench.main(["--out", str(out), "--floor", "60"], tiny) == 1
    assert _files(tiny.root) == before

    results = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {result["place"]: (result["operator"], result["outcome"], result["by"]) for result in results} == {
        "tiny/room/__main__.py:2": ("call removed", "killed", "FAILED tests/test_command.py::test_it"),
        "tiny/room/strong.py:2": ("comparison negated", "killed", "FAILED tests/test_strong.py::test_it"),
        "tiny/room/weak.py:2": ("comparison negated", "survived", ""),
        "tiny/room/lost.py:2": ("and/or swapped", "unreached", ""),
    }

    said = capsys.readouterr().out
    assert "tiny/room/weak.py:2 same: comparison negated" in said
    assert "    -    return a == b\n    +    return (a != b)\n" in said
    counts = {"mutants": 4, "killed": 2, "survived": 1, "no test reaches it": 1, "per cent killed": 50.0}
    assert json.loads(said.splitlines()[-1])["rooms"] == {"room": counts, "all": counts}

    # What is in the file is not run again.
    known = out.read_bytes()
    assert bench.main(["--out", str(out), "--floor", "50"], tiny) == 0
    assert out.read_bytes() == known
