"""Would the tests notice? A fixed sample of small changes to the product, and whether a test fails under each.

    python bench/mutants.py                      # a hundred mutants, 25 a room; survivors, a table, one line of JSON
    python bench/mutants.py --every 4            # every fourth of them
    python bench/mutants.py --module store/      # those of one room or module
    python bench/mutants.py --only 3f2a9c10      # this one
    python bench/mutants.py --list               # what would be changed, without running a test
    python bench/mutants.py --floor 85           # exit code 1 where fewer per cent are killed

The sample is drawn by a hash of what each mutant changes (module, function, operator, the text before and after), not
by its place: an edit of one function leaves the mutants of all others as they were, and where an edit changes what a
mutant changes, it is another mutant. Tests run in copies of the checkout, never in it. Which tests reach which line is
measured once (`reach/`, in ``.mutants/``; only test files that changed are measured again unless the product did); of
these the cheapest run first, then those that go through most of the module, as far as `--seconds` allows, and more
where a mutant lives. Results are appended to `--out`, and mutants that are in it are not run again.

Not `mutmut` or `cosmic-ray`: both number mutants by their place and have no sample that stays the same while code
moves; both change the checkout or need an import system of their own, and neither follows processes that a test starts.
"""

from __future__ import annotations

import argparse
import ast
import copy
import difflib
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import filterfalse
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["EQUIVALENT", "OPERATORS", "Mutant", "Project", "Reach", "drawn", "found", "measured", "mutated", "tried"]

T = TypeVar("T")
R = TypeVar("R")

REPOSITORY = Path(__file__).resolve().parents[1]
ROOMS = ("pipeline", "cli", "store", "summariser")
EQUIVALENT: Mapping[str, str] = {
    "0fcd1362": "a span that was begun ends behind its first character, so at 1 at least",
    "50b22771": "without an edition to index, the statements that follow change no row",
    "5cf8f4b8": "to a terminal only help is printed so, in ASCII where it knows no UTF-8; errors are escaped anyway",
    "fa57db7d": "one row more is read than is needed; what is shown, and whether there is more, stays",
}
"""Mutants under which nothing that a user could see differs, with the reason; they are not drawn."""

_LEFT_OUT = shutil.ignore_patterns(
    ".git", "__pycache__", ".mutants", ".*_cache", ".hypothesis", ".venv", "build", "dist"
)
_COSTLY = {"model", "browser", "eval"}
"""Marks, and folders of tests, that are left out: half a minute a mutant allows none of them."""
_LOGGERS = {"_log", "log", "logger", "logging", "warnings"}
_WITHOUT_EFFECT = {"strict", "check", "stacklevel", "exc_info"}
"""Keyword arguments that guard against mistakes of programmers."""


# ---- mutants


@dataclass(frozen=True)
class Mutant:
    """One change of one function."""

    id: str
    module: str
    """Path below the package, with slashes."""
    function: str
    operator: str
    start: int
    end: int
    """Bytes of the source that are replaced."""
    text: str
    """What they are replaced by."""
    lines: tuple[int, ...]
    """Lines of what is replaced, then of the start of its statement: a test that reaches one may notice."""
    key: str
    """What the sample is drawn by."""

    @property
    def room(self) -> str:
        """First folder of the module."""
        return self.module.split("/")[0]


Edit = tuple[ast.AST, str]
"""A node and the text in its place."""


def _expression(node: ast.expr) -> str:
    text = ast.unparse(ast.fix_missing_locations(node))
    return text if isinstance(node, ast.Constant | ast.Name | ast.Call) else f"({text})"


_NEGATED: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
}
_BOUNDARY: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
}


def _with(node: ast.expr, **changes: Any) -> str:
    changed = copy.deepcopy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return _expression(changed)


def _compared(turned: Mapping[type[ast.cmpop], type[ast.cmpop]]) -> Callable[[ast.AST], Iterator[Edit]]:
    def edits(node: ast.AST) -> Iterator[Edit]:
        if isinstance(node, ast.Compare):
            for place, operator in enumerate(node.ops):
                if (other := turned.get(type(operator))) is not None:
                    yield node, _with(node, ops=[*node.ops[:place], other(), *node.ops[place + 1 :]])

    return edits


def _boolean(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield node, str(not node.value)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield node, _expression(node.operand)


def _and_or(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.BoolOp):
        yield node, _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())


def _number(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield node, repr(node.value + 1)


def _keyword(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.keyword) and node.arg is not None:
        yield node, "**{}"


def _call(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        yield node, "pass"


def _condition(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.If):
        yield node.test, "False"


def _filter(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.comprehension):
        for condition in node.ifs:
            yield condition, "True"


def _min_max(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"min", "max"}:
        yield node.func, "max" if node.func.id == "min" else "min"


def _plus_minus(node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub):
        sides = (node.left, node.right)
        if not any(isinstance(side, ast.JoinedStr | ast.List | ast.Tuple) or _is_text(side) for side in sides):
            yield node, _with(node, op=ast.Sub() if isinstance(node.op, ast.Add) else ast.Add())


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str | bytes)


def _nothing(node: ast.AST) -> Iterator[Edit]:
    """In functions whose type allows it (`_walk` looks)."""
    if isinstance(node, ast.Return) and node.value is not None and ast.unparse(node.value) != "None":
        yield node.value, "None"


OPERATORS: Mapping[str, Callable[[ast.AST], Iterator[Edit]]] = {
    "comparison negated": _compared(_NEGATED),
    "boundary moved": _compared(_BOUNDARY),
    "boolean negated": _boolean,
    "and/or swapped": _and_or,
    "number off by one": _number,
    "keyword argument dropped": _keyword,
    "call removed": _call,
    "condition false": _condition,
    "filter dropped": _filter,
    "min/max swapped": _min_max,
    "plus/minus swapped": _plus_minus,
    "nothing returned": _nothing,
}


def found(source: str, module: str) -> list[Mutant]:
    """All mutants of a module's functions, in the order of the source."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    mutants: list[Mutant] = []
    times: Counter[str] = Counter()
    for function, statement, node, operator in _walk(ast.parse(source)):
        for target, text in OPERATORS[operator](node):
            assert isinstance(target, ast.expr | ast.stmt | ast.keyword)
            assert target.end_lineno is not None
            assert target.end_col_offset is not None
            what = f"{module}:{function}:{operator}:{ast.unparse(target)}:{text}"
            times[what] += 1
            key = f"{what}:{times[what]}"
            mutants.append(
                Mutant(
                    id=hashlib.sha256(key.encode()).hexdigest()[:8],
                    module=module,
                    function=function,
                    operator=operator,
                    start=starts[target.lineno - 1] + target.col_offset,
                    end=starts[target.end_lineno - 1] + target.end_col_offset,
                    text=text,
                    lines=(*range(target.lineno, target.end_lineno + 1), statement.lineno),
                    key=key,
                )
            )
    return mutants


def _walk(tree: ast.Module) -> Iterator[tuple[str, ast.stmt, ast.AST, str]]:
    """Function, statement, node and operator for each node of a function in which a change could matter."""

    def inside(
        node: ast.AST,
        names: tuple[str, ...],
        function: ast.FunctionDef | ast.AsyncFunctionDef | None,
        at: ast.stmt | None,
    ) -> Iterator[tuple[str, ast.stmt, ast.AST, str]]:
        if isinstance(node, ast.stmt):
            at = node
        if function is not None and at is not None:
            for operator in OPERATORS:
                if operator != "nothing returned" or _may_be_none(function.returns):
                    yield ".".join(names), at, node, operator
        for name, child in _children(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                if not _without_behaviour(child):
                    for statement in filterfalse(_cannot_matter, child.body):
                        yield from inside(statement, (*names, child.name), child, None)
            elif isinstance(child, ast.ClassDef):
                if "Protocol" not in {ast.unparse(base).split("[")[0] for base in child.bases}:
                    yield from inside(child, (*names, child.name), None, None)
            elif name not in {"annotation", "returns", "pattern"} and not _cannot_matter(child):
                yield from inside(child, names, function, at)

    return inside(tree, (), None, None)


def _children(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield name, child


def _may_be_none(annotation: ast.expr | None) -> bool:
    if isinstance(annotation, ast.BinOp):
        return _may_be_none(annotation.left) or _may_be_none(annotation.right)
    return annotation is not None and ast.unparse(annotation).startswith(("None", "Optional["))


def _without_behaviour(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in function.decorator_list}
    return function.name == "__repr__" or bool(decorators & {"overload", "abstractmethod"})


def _cannot_matter(node: ast.AST) -> bool:
    """Logging, what an error says, assertions, text put together (no positions before 3.12), types."""
    if isinstance(node, ast.Raise | ast.Assert | ast.JoinedStr | ast.Import | ast.ImportFrom):
        return True
    if isinstance(node, ast.keyword):
        return node.arg in _WITHOUT_EFFECT
    if isinstance(node, ast.If):
        return ast.unparse(node.test) == "TYPE_CHECKING"
    call = node.value if isinstance(node, ast.Expr) else node
    if isinstance(call, ast.Call):
        return ast.unparse(call.func).split(".")[0] in _LOGGERS | {"cast"}
    return False


def mutated(source: str, mutant: Mutant) -> str:
    """The module with the change."""
    data = source.encode()
    return (data[: mutant.start] + mutant.text.encode() + data[mutant.end :]).decode()


def drawn(mutants: Iterable[Mutant], seed: int = 0, a_room: int = 25) -> list[Mutant]:
    """The sample: of each room those with the lowest hashes, without the known equivalents; sorted by place."""
    rooms: dict[str, list[tuple[str, Mutant]]] = defaultdict(list)
    for mutant in mutants:
        if mutant.id not in EQUIVALENT:
            rooms[mutant.room].append((hashlib.sha256(f"{seed}:{mutant.key}".encode()).hexdigest(), mutant))
    chosen = [mutant for room in rooms.values() for _, mutant in sorted(room, key=lambda pair: pair[0])[:a_room]]
    return sorted(chosen, key=lambda mutant: (mutant.module, mutant.start, mutant.key))


def difference(source: str, mutant: Mutant) -> list[str]:
    """The lines before and after, with ``-`` and ``+``."""
    lines = difflib.unified_diff(source.splitlines(), mutated(source, mutant).splitlines(), n=0, lineterm="")
    return [line for line in lines if line[0] in "+-" and not line.startswith(("+++", "---"))]


# ---- tests in a copy of the checkout


@dataclass(frozen=True)
class Project:
    """A checkout: the package, its rooms, the tests."""

    root: Path
    package: str = "briefing"
    rooms: tuple[str, ...] = ROOMS

    def sources(self) -> dict[str, str]:
        """Sources of the modules in the rooms, by their path below the package."""
        folder = self.root / self.package
        paths = [path for room in self.rooms for path in sorted((folder / room).rglob("*.py"))]
        return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in paths}

    def test_files(self) -> list[str]:
        """Paths of test files, from the root."""
        paths = (path.relative_to(self.root) for path in sorted((self.root / "tests").rglob("test_*.py")))
        return [path.as_posix() for path in paths if path.parts[1] not in _COSTLY]

    def marks(self) -> str:
        """Which tests run, as an expression for ``pytest -m``; pytest refuses marks that are not registered."""
        options: dict[str, Any] = {}
        if (settings := self.root / "pyproject.toml").exists():
            options = tomllib.loads(settings.read_text("utf-8"))["tool"]["pytest"]["ini_options"]
        registered = {mark.partition(":")[0] for mark in options.get("markers", ())}
        return " and ".join(f"not {mark}" for mark in sorted(registered & _COSTLY))

    def digest(self) -> str:
        """Of everything but the test files that decides what a test does."""
        total = hashlib.sha256()
        for name in (self.package, "prompts", "templates", "tests", "pyproject.toml"):
            top = self.root / name
            for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
                if path.is_file() and "__pycache__" not in path.parts and not path.match("test_*.py"):
                    total.update(path.relative_to(self.root).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
        return total.hexdigest()


@dataclass(frozen=True)
class Ran:
    """A run of pytest; no exit code: it took too long."""

    code: int | None
    output: str
    seconds: float


class Copy:
    """A copy of a checkout to run its tests in."""

    def __init__(self, project: Project, folder: Path) -> None:
        self.root = folder / "checkout"
        self.project = replace(project, root=self.root)
        shutil.copytree(project.root, self.root, ignore=_LEFT_OUT, symlinks=True)
        shared = project.root.parent / "shared"
        if shared.is_dir():  # the developers' data lie beside a checkout
            (folder / "shared").symlink_to(shared)

    @contextmanager
    def changed(self, mutant: Mutant) -> Iterator[None]:
        """The copy with the mutant in it."""
        path = self.root / self.project.package / mutant.module
        source = path.read_bytes()
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"):
            compiled.unlink()  # valid by second and size of the source: a mutant may have both of the original
        path.write_text(mutated(path.read_text("utf-8"), mutant), "utf-8")
        try:
            yield
        finally:
            path.write_bytes(source)

    def pytest(self, *arguments: str, limit: float, on_path: Sequence[Path] = (), **variables: str) -> Ran:
        """Run pytest in the copy, for at most `limit` seconds, with whatever processes it starts."""
        alone = (
            "-q",
            "--tb=no",
            "-rfE",
            "-n0",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:randomly",
            "-m",
            self.project.marks(),
        )
        path = os.pathsep.join(map(str, (*on_path, self.root)))
        begun = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *alone, *arguments],
                cwd=self.root,
                env={**os.environ, "PYTHONPATH": path, **variables},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            code: int | None = None
            try:
                code = process.wait(limit)
            except subprocess.TimeoutExpired:
                pass
            finally:
                _end(process)
            output.seek(0)
            text = output.read().decode("utf-8", "replace")
        return Ran(code, text, time.monotonic() - begun)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the process and of those it started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Copies:
    """Copies of a checkout, one a worker, removed at the end. `project` is one of them."""

    def __init__(self, project: Project, workers: int) -> None:
        self._project = self.project = project
        self._workers = workers
        self._free: SimpleQueue[Copy] = SimpleQueue()
        self._folder = tempfile.TemporaryDirectory(prefix="mutants-", ignore_cleanup_errors=True)

    def __enter__(self) -> Copies:
        for number in range(self._workers):
            folder = Path(self._folder.name).resolve() / str(number)
            folder.mkdir()
            copy = Copy(self._project, folder)
            self.project = copy.project
            self._free.put(copy)
        return self

    def __exit__(self, *_: object) -> None:
        self._folder.cleanup()

    def each(self, work: Callable[[Copy, T], R], things: Iterable[T]) -> Iterator[R]:
        """Call `work` with a free copy and each of the things, as many at a time as there are copies."""

        def one(thing: T) -> R:
            free = self._free.get()
            try:
                return work(free, thing)
            finally:
                self._free.put(free)

        with ThreadPoolExecutor(self._workers) as pool:
            yield from pool.map(one, things)


# ---- which tests reach a line


@dataclass(frozen=True)
class Reaching:
    """A test that passes, and which lines of the rooms it goes through."""

    name: str
    seconds: float
    lines: Mapping[str, frozenset[int]]
    """By module."""


@dataclass(frozen=True)
class Reach:
    """All measured tests."""

    tests: Sequence[Reaching]

    def of(self, mutant: Mutant) -> list[Reaching]:
        """Tests that reach what the mutant changes, the cheapest first."""
        *own, statement = mutant.lines
        for lines in (frozenset(own), frozenset({statement})):
            if tests := [test for test in self.tests if lines & test.lines.get(mutant.module, frozenset())]:
                return sorted(tests, key=lambda test: (test.seconds, test.name))
        return []

    def chosen(self, mutant: Mutant, seconds: float, most: int) -> list[Reaching]:
        """At most `most` of them, of `seconds` together: half by cost, half by how much of the module they reach."""
        tests = self.of(mutant)
        thorough = sorted(tests, key=lambda test: -len(test.lines[mutant.module]))
        chosen: dict[str, Reaching] = {}
        for order, share in ((tests, 0.5), (thorough, 1.0)):
            for test in order:
                spent = sum(one.seconds for one in chosen.values())
                if len(chosen) < most * share and (not chosen or spent + test.seconds <= seconds * share):
                    chosen[test.name] = test
        return list(chosen.values())


def measured(copies: Copies, cache: Path, within: Sequence[str] = ("",), limit: float = 900) -> Reach:
    """Which tests reach which lines, of files whose paths begin as one of `within`; `cache` keeps it by file.

    `limit`: seconds for one test file.
    """
    cache.mkdir(parents=True, exist_ok=True)
    project = copies.project  # the original may be edited meanwhile
    base = project.digest()

    def one(copy: Copy, name: str) -> dict[str, Any]:
        content = (project.root / name).read_bytes()
        known = cache / f"{hashlib.sha256(f'{base}:{name}:'.encode() + content).hexdigest()[:32]}.json"
        if not known.exists():
            known.write_text(json.dumps(_recorded(copy, name, limit)), "utf-8")
        tests: dict[str, Any] = json.loads(known.read_text("utf-8"))
        return tests

    tests = []
    for file in copies.each(one, [name for name in project.test_files() if name.startswith(tuple(within))]):
        for name, test in file.items():
            lines = {module: frozenset(lines) for module, lines in test["lines"].items()}
            tests.append(Reaching(name, test["seconds"], lines))
    return Reach(tests)


def _recorded(copy: Copy, name: str, limit: float) -> dict[str, Any]:
    """By test that passes: its seconds, and its lines by module."""
    package = copy.root / copy.project.package
    roots = os.pathsep.join(f"{package / room}{os.sep}" for room in copy.project.rooms)
    with tempfile.TemporaryDirectory() as folder:
        ran = copy.pytest(
            "-p",
            "sitecustomize",
            name,
            limit=limit,
            on_path=[Path(__file__).parent / "reach"],
            MUTANTS_REACH=folder,
            MUTANTS_ROOTS=roots,
        )
        if ran.code not in {0, 1, 5, None}:  # passed, failed, nothing collected, took too long
            raise RuntimeError(f"{name} cannot be measured: {ran.output}")
        seconds: dict[str, float] = defaultdict(float)
        failed: set[str] = set()
        lines: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
        for record in Path(folder).iterdir():
            test = ""
            for line in record.read_text("utf-8").splitlines():
                kind, _, rest = line.partition("\t")
                if kind == "T":
                    test = rest
                elif kind == "R":
                    duration, outcome, reported = rest.split("\t", 2)
                    seconds[reported] += float(duration)
                    if outcome != "passed":
                        failed.add(reported)
                elif test:
                    number, path = rest.split("\t", 1)
                    lines[test][Path(path).relative_to(package).as_posix()].add(int(number))
    print(f"{name}: {len(seconds)} tests, {len(failed)} left out, {ran.seconds:.0f} s", file=sys.stderr, flush=True)
    return {
        test: {
            "seconds": round(seconds[test], 3),
            "lines": {module: sorted(numbers) for module, numbers in lines[test].items()},
        }
        for test in sorted(seconds.keys() - failed)
        if test in lines
    }


# ---- trying


def tried(copy: Copy, mutant: Mutant, reach: Reach, seconds: float = 20, most: int = 120) -> dict[str, Any]:
    """What became of a mutant: ``killed`` (by a test, or because it never ended), ``survived``, ``unreached``.

    One that lives is tried again with more tests, ten times as many seconds of them.
    """
    source = (copy.root / copy.project.package / mutant.module).read_text("utf-8")
    result = {
        "id": mutant.id,
        "place": f"{copy.project.package}/{mutant.module}:{mutant.lines[0]}",
        "function": mutant.function,
        "operator": mutant.operator,
        "change": difference(source, mutant),
        "outcome": "unreached",
        "by": "",
        "tests": 0,
        "reached_by": len(reach.of(mutant)),
        "seconds": 0.0,
    }
    done: dict[str, Reaching] = {}
    spent = 0.0
    for times in (1, 10):
        tests = [test for test in reach.chosen(mutant, seconds * times, most * times) if test.name not in done]
        if not tests:
            break
        done |= {test.name: test for test in tests}
        with copy.changed(mutant):
            limit = 60 + 5 * sum(test.seconds for test in tests)
            ran = copy.pytest("-x", *(test.name for test in tests), limit=limit, PYTHONDONTWRITEBYTECODE="1")
        if ran.code in {3, 4, 5}:  # pytest's own error, or tests that are gone: nothing is known of the mutant
            raise RuntimeError(f"The tests for {mutant.id} did not run: {ran.output}")
        spent += ran.seconds
        killed = ran.code != 0
        result |= {"outcome": "killed" if killed else "survived", "tests": len(done), "seconds": round(spent, 1)}
        if killed:
            result["by"] = "time" if ran.code is None else _killer(ran.output)
            break
    return result


def _killer(output: str) -> str:
    """The test that failed, or the last line of pytest itself where it names none."""
    failures = [line.split(" - ")[0] for line in output.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    return (failures or [output.strip().rpartition("\n")[2]])[0]


def _shown(result: Mapping[str, Any]) -> str:
    tests = f"{result['tests']} of {result['reached_by']} tests" if result["reached_by"] else "no test"
    first = f"{result['outcome']} {result['id']} {result['place']} {result['function']}: {result['operator']} ({tests})"
    return "\n".join([first, *(f"    {line}" for line in result["change"])])


def _counts(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    outcomes = Counter(result["outcome"] for result in results)
    total = len(results)
    return {
        "mutants": total,
        "killed": outcomes["killed"],
        "survived": outcomes["survived"],
        "no test reaches it": outcomes["unreached"],
        "per cent killed": round(100 * outcomes["killed"] / total, 1) if total else 0.0,
    }


def _parser() -> argparse.ArgumentParser:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth mutant of the sample")
    parser.add_argument("--module", default="", metavar="TEXT", help="mutants whose module begins so")
    parser.add_argument("--only", nargs="+", default=[], metavar="ID", help="these mutants, in the sample or not")
    parser.add_argument("--seed", type=int, default=0, help="another sample")
    parser.add_argument("--a-room", type=int, default=25, metavar="N", help="size of the sample (default: 25)")
    parser.add_argument("--floor", type=float, default=0, metavar="PERCENT", help="exit code 1 if fewer are killed")
    parser.add_argument("--seconds", type=float, default=20, help="of tests for one mutant (default: 20)")
    parser.add_argument("--most", type=int, default=120, metavar="N", help="tests for one mutant (default: 120)")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="copies at work at once (default: 2)")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="JSON Lines, read first: what is in it is not run again"
    )
    parser.add_argument("--list", action="store_true", help="show the mutants and run no test")
    parser.add_argument("--tests", nargs="+", default=[""], metavar="TEXT", help="test files whose paths begin so")
    parser.add_argument("--reach", action="store_true", help="measure which tests reach which lines, and stop")
    return parser


def main(arguments: Sequence[str] | None = None, project: Project | None = None) -> int:
    """Run the command; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    project = project or Project(REPOSITORY)
    sources = project.sources()
    mutants = [mutant for module, source in sources.items() for mutant in found(source, module)]
    if unknown := set(options.only) - {mutant.id for mutant in mutants}:
        parser.error(f"no such mutants: {' '.join(sorted(unknown))}")
    chosen = (
        [mutant for mutant in mutants if mutant.id in options.only]
        if options.only
        else drawn(mutants, options.seed, options.a_room)
    )
    chosen = [mutant for mutant in chosen if mutant.module.startswith(options.module)][:: options.every]
    if options.list:
        for mutant in chosen:
            print(mutant.id, f"{mutant.module}:{mutant.lines[0]}", mutant.function, mutant.operator)
            print(*(f"    {line}" for line in difference(sources[mutant.module], mutant)), sep="\n")
        print(f"{len(chosen)} of {len(mutants)}")
        return 0
    results: dict[str, dict[str, Any]] = {}
    if options.out and options.out.exists():
        for line in options.out.read_text("utf-8").splitlines():
            result = json.loads(line)
            results[result["id"]] = result
    begun = time.monotonic()
    with Copies(project, options.workers) as copies:
        reach = measured(copies, project.root / ".mutants", options.tests)
        if options.reach:
            return 0
        waiting = [mutant for mutant in chosen if mutant.id not in results]
        for result in copies.each(
            lambda copy, mutant: tried(copy, mutant, reach, options.seconds, options.most), waiting
        ):
            results[result["id"]] = result
            if options.out:
                with options.out.open("a", encoding="utf-8") as out:
                    out.write(json.dumps(result, ensure_ascii=False) + "\n")
            if result["outcome"] != "killed":
                print(_shown(result), flush=True)
    rows = {
        room: _counts([results[mutant.id] for mutant in chosen if mutant.room == room])
        for room in project.rooms
        if any(mutant.room == room for mutant in chosen)
    }
    rows["all"] = _counts([results[mutant.id] for mutant in chosen])
    from metering import table  # it needs the product, and a system that tells of memory

    print(table(rows))
    survivors = [mutant.id for mutant in chosen if results[mutant.id]["outcome"] != "killed"]
    print(
        json.dumps({**rows["all"], "rooms": rows, "survivors": survivors, "seconds": round(time.monotonic() - begun)})
    )
    return int(rows["all"]["per cent killed"] < options.floor)


if __name__ == "__main__":
    sys.exit(main())
