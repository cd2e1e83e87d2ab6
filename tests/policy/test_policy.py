"""What the project promises about itself."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest


def modules(repository: Path) -> list[Path]:
    found = sorted((repository / "briefing").rglob("*.py"))
    assert len(found) > 100
    return found


def pages(repository: Path) -> list[Path]:
    found = [*repository.glob("*.md"), *(repository / "docs").glob("*.md")]
    assert len(found) > 15
    return found


def part_of(path: Path, repository: Path) -> str:
    """The module or package of `briefing` that a file belongs to."""
    return path.relative_to(repository / "briefing").parts[0].removesuffix(".py")


@pytest.mark.slow
def test_no_raw_address_is_put_into_a_text(repository: Path) -> None:
    """`Source.location` and `Address.raw` may hold a password; `Source.address` and `Address` show none."""

    def raw(node: ast.AST) -> bool:
        return any(isinstance(one, ast.Attribute) and one.attr in {"location", "raw"} for one in ast.walk(node))

    wrong = []
    for path in modules(repository):
        if part_of(path, repository) in {"models", "address"}:  # a model's location is a file
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            printed = isinstance(node, ast.Call) and re.search(
                r"(?:^|\.)(?:echo|print|say|complain|detail|tell_\w+|debug|info|warning|exception|skipped|failure_of|\w*Error|Failure)$",
                ast.unparse(node.func),
            )
            texts = [node.value] if isinstance(node, ast.FormattedValue) else []
            texts += [one for one in getattr(node, "args", []) if isinstance(one, ast.Attribute)] if printed else []
            wrong += [f"{path.name}:{one.lineno}" for one in texts if raw(one)]
    assert wrong == []


@pytest.mark.slow
def test_one_console_prints(repository: Path) -> None:
    """Only what passes `cli.console` or `deliver.write_stdout` is free of what steers a terminal, and survives one."""
    own = {"cli/console.py", "deliver/files.py"}
    prints = re.compile(r"print|Console|(?:\w+\.)?s?echo|sys\.std(?:out|err)\.(?:\w+\.)?write")
    wrong = []
    for path in modules(repository):
        place = path.relative_to(repository / "briefing").as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))) if place not in own else ():
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if prints.fullmatch(called):
                wrong.append(f"{place}: {called}")
    assert wrong == []


@pytest.mark.slow
def test_every_option_has_help() -> None:
    import typer.main

    from briefing.cli import app

    waiting = [typer.main.get_command(app)]
    while waiting:
        command = waiting.pop()
        waiting += list(getattr(command, "commands", {}).values())
        assert command.help, command.name
        for option in command.params:
            if option.name != "help":
                assert getattr(option, "help", None), f"{command.name} {option.name}"


def test_links_between_pages_lead_somewhere(repository: Path) -> None:
    links = [
        (page, target)
        for page in pages(repository)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text("utf-8"))
    ]
    assert len(links) > 25
    assert [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_links_to_a_section_lead_to_one(repository: Path) -> None:
    """GitHub's names of headings: in small letters, without punctuation, `-` for a blank."""
    links = 0
    for page in pages(repository):
        for target, section in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", page.read_text("utf-8")):
            text = ((page.parent / target) if target else page).read_text("utf-8")
            headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
            names = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert section in names, f"{page.name}: {target}#{section}"
            links += 1
    assert links > 10


def tracked(repository: Path) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    return [repository / name for name in listed.stdout.decode().split("\0") if name]


def test_no_path_of_a_machine_and_no_index_host_is_committed(repository: Path) -> None:
    forbidden = re.compile(r"/(?:work|root|home/\w+)/|(?:pypi|pythonhosted|npmjs)\.org")
    for path in tracked(repository):
        if path.suffix in {".png", ".pdf", ".eml", ".gguf", ".gz"} or path.name == Path(__file__).name:
            continue
        found = forbidden.search(path.read_text("utf-8"))
        assert not found, f"{path}: {found and found[0]}"


def test_the_version_is_stated_once(repository: Path) -> None:
    from briefing import __version__

    pages = [path for path in tracked(repository) if path.suffix in {".py", ".toml"} and "data" not in path.parts]
    stated = [path.name for path in pages if f'"{__version__}"' in path.read_text("utf-8")]
    assert stated == ["_version.py"]


def test_docstrings_name_modules_that_exist(repository: Path) -> None:
    """A `room.module` in backticks, in the code or on a page, is a module or a name in one."""
    package = repository / "briefing"
    rooms = {part_of(path, repository) for path in modules(repository)}
    wrong, seen = [], 0
    for page in [*modules(repository), *pages(repository)]:
        for dotted in re.findall(r"(?<!`)`((?:[a-z_]+[./])+\w+)`(?!`)", page.read_text("utf-8")):
            room, first, *_ = re.split(r"[./]", dotted)
            if room not in rooms or page.name == "CHANGELOG.md":
                continue
            seen += 1
            home = package / room if (package / room).is_dir() else package
            text = (home / "__init__.py" if home != package else package / f"{room}.py").read_text("utf-8")
            if not ((home / f"{first}.py").exists() or (home / first).exists() or re.search(rf"\b{first}\b", text)):
                wrong.append(f"{page.name}: {dotted}")
    assert wrong == []
    assert seen > 30


def test_an_underscore_says_what_is_private(repository: Path) -> None:
    """Only a package lists its names (`__all__`): what it offers is defined elsewhere. A module's are its own."""
    listed = [path.name for path in modules(repository) if "\n__all__ = " in path.read_text("utf-8")]
    assert set(listed) == {"__init__.py"}
