"""What the pages show is what the program does: configurations load, command lines parse, names are those of the code.

Each test counts what it has looked at, so that a page that is gone or written in another way is noticed.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import date
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import typer.main
from markdown_it import MarkdownIt

import briefing
from briefing.cli import app
from briefing.config import Config, load_config
from briefing.config.mail import Mail, Recipient
from briefing.config.notify import Notify
from briefing.config.settings import Interests, Mute, SourceTable
from briefing.errors import BriefingError, ExitCode
from briefing.models import Fit
from briefing.pipeline.recommendation import ModelOffer
from briefing.render.history import EditionListing, rows_as_json
from briefing.types import SearchHit

PAGES = (
    "README.md", "docs/archive.md", "docs/daily.md", "docs/faults.md", "docs/history.md", "docs/json.md",
    "docs/mail.md", "docs/models.md", "docs/notify.md", "docs/python.md", "docs/schedule.md", "docs/servers.md",
    "docs/single.md",
    "docs/sources.md", "docs/stories.md", "docs/templates.md", "docs/trust.md",
)  # fmt: skip
KNOWN_FENCES = {"sh", "toml", "python", "jinja", "yaml", "dockerfile"}
"""Info strings of fences. `toml` is a configuration of ours, `sh` lines to type; another text has another name."""
OTHER_PROGRAMS = {
    "cp", "docker", "export", "litellm", "llama-server", "lms", "mkdir", "ollama", "pbpaste", "pip", "python3",
    "systemctl", "vllm", ".venv/bin/python",
}  # fmt: skip
TABLES: dict[str, Any] = {
    "": Config,
    "interests": Interests,
    "mute": Mute,
    "mail": Mail,
    "mail.recipients": Recipient,
    "notify": Notify,
    "sources": SourceTable,
}
"""The tables of a configuration, by their path."""
OF_SERVERS = {"OLLAMA_CONTEXT_LENGTH", "OLLAMA_NUM_PARALLEL", "ANTHROPIC_API_KEY"}
"""Environment variables of programs that docs/servers.md describes."""
OF_LIBRARIES = {"NO_COLOR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"}
"""Environment variables that rich and Python itself read for us."""
OF_TESTS = {"UPDATE_GOLDEN"}
"""Variables of the tests."""
OF_EXAMPLES = {"TELEGRAM_URL", "NEWS_SESSION", "NEWS_TOKEN"}


EVERYWHERE = {
    "--config", "--state", "--prompts", "--templates", "--allow-local", "--offline", "--quiet", "--verbose",
    "--log-file",
}  # fmt: skip
"""Options that mean the same on every command that has them, as docs/daily.md says."""


@dataclass(frozen=True)
class Page:
    """A page of the documentation."""

    name: str
    fences: tuple[tuple[str, str], ...]
    """Info string and text of each fenced block."""
    codes: tuple[str, ...]
    """What stands in backticks."""

    def blocks(self, info: str) -> list[str]:
        return [text for one, text in self.fences if one == info]

    @property
    def words(self) -> set[str]:
        """Every word of the page's code, inline and in blocks."""
        return {
            word for text in (*self.codes, *(text for _, text in self.fences)) for word in re.split(r"[\s|]+", text)
        }


@pytest.fixture(scope="module")
def pages(repository: Path) -> list[Page]:
    there = sorted(path.relative_to(repository).as_posix() for path in (repository / "docs").glob("*.md"))
    assert there == sorted(PAGES[1:]), "PAGES lists the pages"
    found = []
    for name in PAGES:
        tokens = MarkdownIt("commonmark").enable("table").parse((repository / name).read_text("utf-8"))
        inline = [child for token in tokens for child in token.children or ()]
        found.append(
            Page(
                name,
                tuple((token.info.strip(), token.content) for token in tokens if token.type == "fence"),
                tuple(child.content for child in inline if child.type == "code_inline"),
            )
        )
    return found


def test_fences_say_what_is_in_them(pages: list[Page]) -> None:
    infos = [info for page in pages for info, _ in page.fences]
    assert set(infos) == KNOWN_FENCES
    assert len(infos) > 30


# --- settings -----------------------------------------------------------------------------------------------------


def loads(text: str, folder: Path) -> Config:
    """The configuration in `text`, with a source where it has none."""
    if "[[sources]]" not in text:
        text += "\n[[sources]]\npath = '.'\n"
    path = folder / "briefing.toml"
    path.write_text(text, "utf-8")
    return load_config(path)


def settings_in(text: str) -> set[str]:
    """Dotted names of the settings in a block of TOML."""

    def below(value: Any, path: str) -> Iterator[str]:
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                for key, inner in one.items():
                    yield from below(inner, f"{path}.{key}" if path else key)
            else:
                yield path

    return set(below(tomllib.loads(text), ""))


def uncommented(text: str) -> str:
    """A block with the settings that it shows as comments."""
    return re.sub(r"^# (?=\w+ = )", "", text, flags=re.MULTILINE)


def shown_in_blocks(pages: list[Page]) -> list[str]:
    found = [uncommented(block) for page in pages for block in page.blocks("toml")]
    assert len(found) >= 11
    return found


def short_settings(pages: list[Page]) -> list[tuple[str, str]]:
    """Table and line of what is given in running text as ``key = value``."""
    found = []
    for line in (code for page in pages for code in page.codes if re.match(r"\w+ = \S", code)):
        key = line.partition(" ")[0]
        homes = [path for path, table in TABLES.items() if key in {setting.name for setting in fields(table)}]
        assert homes, f"no table has the setting {line!r}"
        found.append((homes[0], line))
    assert len(found) > 15
    return found


def test_every_configuration_loads(pages: list[Page], tmp_path: Path) -> None:
    for block in shown_in_blocks(pages):
        assert loads(block, tmp_path).sources


def test_settings_in_running_text_load(pages: list[Page], tmp_path: Path) -> None:
    for table, line in short_settings(pages):
        if table == "sources":
            text = f"[[sources]]\nurl = 'https://example.org/feed'\n{line}\n"
        else:
            text = f"[{table}]\n{line}\n" if table else line
        assert loads(text, tmp_path).sources, line


def test_every_setting_is_described(pages: list[Page]) -> None:
    in_blocks = set().union(*map(settings_in, shown_in_blocks(pages)))
    named = {code.partition(" =")[0] for page in pages for code in page.codes}
    inner = {"interests", "mute", "mail", "sources", "topics", "recipients"}
    wanted = {
        (f"{path}." if path else "") + setting.name
        for path, table in TABLES.items()
        for setting in fields(table)
        if setting.name not in inner or path == "mute"
    }
    assert len(wanted) > 60
    assert [path for path in sorted(wanted - in_blocks) if path.rpartition(".")[2] not in named] == []


# --- command lines ------------------------------------------------------------------------------------------------


@cache
def tree() -> tuple[Any, dict[str, Any], list[tuple[str, dict[str, Any]]]]:
    """The program's root, its commands by their paths, and where calls of them are put: nothing is run."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def record(path: str, /, **given: Any) -> None:
        calls.append((path, given))

    root = typer.main.get_command(app)
    commands: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("briefing", root)]
    while waiting:
        path, command = waiting.pop()
        commands[path] = command
        command.callback = partial(record, path)
        waiting += [(f"{path} {name}", one) for name, one in getattr(command, "commands", {}).items()]
    return root, commands, calls


@dataclass(frozen=True)
class Parsed:
    """A command line that the program understands."""

    command: str
    given: dict[str, Any]


def parse(arguments: list[str], *, whole: bool) -> Parsed:
    """What the program makes of its arguments; where they need not be `whole`, some that it wants may be missing."""
    root, _, calls = tree()
    calls.clear()
    try:
        root.main(args=arguments, prog_name="briefing", standalone_mode=False)
    except Exception as error:  # by name: typer has a click of its own in some versions
        if not whole and str(error) == f"Option {arguments[-1]!r} requires an argument.":
            return parse(arguments[:-1], whole=False)
        if not whole and type(error).__name__ in {"MissingParameter", "NoArgsIsHelpError"}:
            return Parsed(error.ctx.command_path, {})  # type: ignore[attr-defined]
        raise AssertionError(f"briefing {shlex.join(arguments)}: {error}") from error
    command, given = calls[-1] if calls else ("briefing", {})
    return Parsed(command, given)


def simple_commands(line: str) -> Iterator[list[str]]:
    """The commands of a line of a shell: without pipes, redirections, variables set for one and comments."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    tokens = iter(lexer)
    for token in tokens:
        if token in {"|", "&&", ";"}:
            yield words
            words = []
        elif token in {">", "<", ">>"}:
            next(tokens)
        elif words or not re.match(r"[A-Z_]+=", token):
            words.append(token)
    if words:
        yield words


def typed(pages: list[Page]) -> Iterator[tuple[Page, list[str]]]:
    """Every command that a block has its reader type, or has a container or a workflow run."""
    for page in pages:
        for info, block in page.fences:
            lines = block.splitlines() if info == "sh" else []
            lines += re.findall(r"^ +- run: (.*)$", block, re.MULTILINE) if info == "yaml" else []
            for words in (words for line in lines for words in simple_commands(line)):
                yield page, words
            if info == "dockerfile":
                yield (
                    page,
                    [
                        word
                        for name in ("ENTRYPOINT", "CMD")
                        for word in json.loads(block.partition(f"\n{name} ")[2].split("\n")[0])
                    ],
                )


def mentioned(pages: list[Page]) -> Iterator[tuple[Page, list[str]]]:
    """Every command in running text, one for each choice of ``add|remove``; without the program's name."""
    firsts = set(tree()[0].commands)
    for page in pages:
        for code in page.codes:
            line = re.sub(r"[\[\]]|\.\.\.", " ", code).removeprefix("briefing ")
            if line.split(" ")[0] in firsts and not re.match(r"\w+ =", line):
                for words in product(*(word.split("|") for word in shlex.split(line))):
                    yield page, ["2026-05-17" if word == "DATE" else word for word in words]


@pytest.fixture(scope="module")
def parsed(pages: list[Page]) -> list[tuple[Page, Parsed]]:
    """Every command line of the pages that is ours, understood."""
    found = []
    for page, words in typed(pages):
        program = words[0].removeprefix(".venv/bin/")
        if program == "briefing":
            found.append((page, parse(words[1:], whole=True)))
        else:
            assert {program, words[0]} & OTHER_PROGRAMS, f"{page.name}: {words[0]} is no program we know"
    ours = len(found)
    assert ours > 35
    found += [(page, parse(words, whole=False)) for page, words in mentioned(pages)]
    count = len(found)
    assert count > 120
    return found


def test_every_command_line_parses(parsed: list[tuple[Page, Parsed]]) -> None:
    assert len({one.command for _, one in parsed}) > 20


def test_every_command_has_help_and_is_on_a_page(
    parsed: list[tuple[Page, Parsed]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, commands, _ = tree()
    named = {one.command for page, one in parsed if page.name != "README.md"}
    groups = {path for path, command in commands.items() if getattr(command, "commands", None)} - {"briefing history"}
    shown = {path: command for path, command in commands.items() if not command.hidden and path not in groups}
    assert len(shown) > 25
    assert [path for path in shown if path not in named] == []
    for path, command in shown.items():
        capsys.readouterr()
        parse([*path.split(" ")[1:], "--help"], whole=True)
        assert f"Usage: {path}" in capsys.readouterr().out
        assert command.help, path


def test_values_of_options_are_ones_that_a_run_takes(parsed: list[tuple[Page, Parsed]]) -> None:
    names, checked = {setting.name for setting in fields(Config)}, 0
    for _, one in parsed:
        if one.command in {"briefing run", "briefing summarise"}:
            options = {
                name: value for name, value in one.given.items() if name in names and value not in (None, [], ())
            }
            Config().with_overrides(**options)
            checked += len(options)
    assert checked > 8


def test_extras_to_install_exist(pages: list[Page], repository: Path) -> None:
    extras = tomllib.loads((repository / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    texts = [text for page in pages for text in (*page.codes, *(block for _, block in page.fences))]
    named = [extra for text in texts for extra in re.findall(r"(?:briefing|\.)\[(\w+)\]", text)]
    assert len(named) > 4
    assert set(named) <= set(extras)


def options_of(command: Any) -> Iterator[list[str]]:
    """All spellings of each option."""
    for option in command.params:
        if option.param_type_name == "option" and option.name != "help" and not option.hidden:
            yield [*option.opts, *option.secondary_opts]


def test_options_in_running_text_exist_on_a_command_of_the_page(
    pages: list[Page], parsed: list[tuple[Page, Parsed]]
) -> None:
    _, commands, _ = tree()
    by_page = {page.name: {"briefing", "briefing run"} for page in pages}
    for page, one in parsed:
        by_page[page.name].add(one.command)
    wrong, checked = [], 0
    for page in pages:
        of_others = {word for other, words in typed([page]) if "briefing" not in words[0] for word in words}
        known = {spelling for path in by_page[page.name] for one in options_of(commands[path]) for spelling in one}
        for option in (word for code in page.codes for word in re.findall(r"^--[a-z][\w-]*", code)):
            checked += 1
            if option not in known | of_others | {"--help"}:
                wrong.append(f"{page.name}: {option}")
    assert wrong == []
    assert checked > 80


def test_every_option_is_described_on_a_page_of_its_command(
    pages: list[Page], parsed: list[tuple[Page, Parsed]]
) -> None:
    _, commands, _ = tree()
    by_command: dict[str, set[str]] = {}
    for page, one in parsed:
        by_command.setdefault(one.command, set()).update(page.words)
    by_command["briefing"] = set().union(*by_command.values())
    shown = [(path, command) for path, command in commands.items() if not command.hidden]
    options = [(path, one) for path, command in shown for one in options_of(command)]
    assert len(options) > 100
    everywhere = EVERYWHERE & next(page for page in pages if page.name == "docs/daily.md").words
    missing = [f"{path} {one[0]}" for path, one in options if not (by_command.get(path, set()) | everywhere) & set(one)]
    assert missing == []


# --- names --------------------------------------------------------------------------------------------------------


def test_exit_codes_are_named_as_they_are(pages: list[Page], repository: Path) -> None:
    text = "\n".join((repository / page.name).read_text("utf-8") for page in pages)
    text += (repository / "templates" / "briefing.toml.j2").read_text("utf-8")
    named = [int(code) for code in re.findall(r"exit code (?:is )?(\d+)\b", text)]
    assert len(named) > 10
    assert set(named) <= {code.value for code in ExitCode}


def test_every_exit_code_is_one_that_a_command_ends_with(repository: Path) -> None:
    waiting, of_errors = [BriefingError], set[int]()
    while waiting:
        error = waiting.pop()
        of_errors.add(error.exit_code)
        waiting += error.__subclasses__()
    used = set()
    for path in (repository / "briefing" / "cli").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "ExitCode":
                used.add(ExitCode[node.attr].value)
    assert of_errors | used | {0} == {code.value for code in ExitCode}


def schema_names(schema: Any) -> tuple[set[str], set[str]]:
    """The fields of a JSON Schema, and the values that its enumerations list."""
    names, values = set[str](), set[str]()
    if isinstance(schema, dict):
        names |= set(schema.get("properties", {}))
        values |= {value for value in schema.get("enum", ()) if value}
    for inner in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        more_names, more_values = schema_names(inner)
        names |= more_names
        values |= more_values
    return names, values


def test_fields_of_the_json_are_those_of_its_page(pages: list[Page], repository: Path) -> None:
    page = next(page for page in pages if page.name == "docs/json.md")
    schemas = [json.loads(path.read_text("utf-8")) for path in (repository / "briefing" / "schema").glob("*.json")]
    assert len(schemas) == 2
    names, values = schema_names(schemas)
    assert len(names) > 40
    words = {part for code in page.codes for part in re.findall(r"\w+", code) if re.fullmatch(r"[\w.\[\]]+", code)}
    assert names - words == set(), "these are on no page"
    assert words - names - values - {"und"}.union(*schemas) == set(), "these are in no schema"
    # A point that is unsupported is in no edition.
    assert values - words == {"unsupported"}, "these values are on no page"


def test_keys_of_lists_as_json_are_those_of_their_pages(repository: Path) -> None:
    def listed(page: str, opening: str) -> list[str]:
        """The names in backticks of the sentence that begins so; what explains one stands in brackets."""
        sentence = (repository / page).read_text("utf-8").partition(opening)[2]
        sentence = re.sub(r"\([^()]*\)", "", sentence)
        return re.findall(r"`(\w+)`", re.split(r"\.(?:\s|$)", sentence)[0])

    day, fit = date(2024, 5, 17), Fit(needed=1, place="memory", seconds=2.0)
    edition = EditionListing(date=day, title="", stories=1, headline="")
    hit = SearchHit(
        date=day,
        title="",
        section="",
        headline="",
        url=None,
        sources=(),
        snippet="",
        marks=(),
    )
    model = ModelOffer(
        name="",
        description="",
        engine="",
        licence="",
        size=1,
        exact=True,
        here=True,
        default=True,
        measured=True,
        fit=fit,
    )
    assert listed("docs/history.md", "`--format json` gives a list of") == list(json.loads(rows_as_json([edition]))[0])
    assert listed("docs/history.md", "the list; `--format json` gives") == list(json.loads(rows_as_json([hit]))[0])
    assert listed("docs/models.md", "`--json` is a list of objects:") == list(model.data())


@pytest.mark.slow
def test_environment_variables_are_those_that_the_code_reads(pages: list[Page], repository: Path) -> None:
    named = {name for page in pages for word in page.words for name in re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", word)}
    nodes = (
        node
        for path in (repository / "briefing").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
    )
    texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    read = {text for text in texts if re.fullmatch(r"BRIEFING_[A-Z_]+", text)}
    assert len(named) > 15
    assert len(read) >= 5
    assert named - texts - OF_SERVERS - OF_LIBRARIES - OF_TESTS - OF_EXAMPLES == set(), "no code has these"
    assert read - named == set(), "these are on no page"


def test_files_of_the_repository_that_are_named_exist(pages: list[Page], repository: Path) -> None:
    folders = {"briefing", "prompts", "templates", "tests", "bench", "training", "docs", ".ci"}
    named = set()
    for page in pages:
        for code in page.codes:
            word = code.split("::")[0].split(" ")[0]
            if word.partition("/")[0] in folders and "/" in word:
                named.add(word)
            elif re.fullmatch(r"[\w*.]+\.(?:j2|css)", word):
                named.add(f"*/{word}")
    assert len(named) > 25
    assert [name for name in sorted(named) if not any(repository.glob(name.rstrip("/")))] == []


def test_dotted_names_of_the_package_exist(pages: list[Page]) -> None:
    dotted = {code for page in pages for code in page.codes if re.fullmatch(r"briefing(?:\.\w+)+", code)}
    dotted -= {"briefing.toml", "briefing.service", "briefing.timer"}
    assert len(dotted) >= 4
    for name in dotted:
        home, _, last = name.rpartition(".")
        module = importlib.import_module(home)
        assert hasattr(module, last) or importlib.import_module(name), name


# --- Python -------------------------------------------------------------------------------------------------------


def test_examples_in_python_run(pages: list[Page], capsys: pytest.CaptureFixture[str]) -> None:
    examples = [(page.name, block) for page in pages for block in page.blocks("python")]
    assert examples
    for name, block in examples:
        exec(compile(block, name, "exec"), {})
    printed = capsys.readouterr().out
    assert "31 to 14" in printed
    assert "£212m" in printed


def test_signatures_on_the_page_are_those_of_the_package(pages: list[Page]) -> None:
    page = next(page for page in pages if page.name == "docs/python.md")
    shown = [(match[1], match[2]) for code in page.codes if (match := re.fullmatch(r"(\w+)\((.*)\) -> \S.*", code))]
    shown = [(name, parameters) for name, parameters in shown if name in briefing.__all__]
    assert len(shown) == 6
    for name, parameters in shown:
        on_page = [part.split("=")[0].strip() for part in parameters.split(",")]
        signature = inspect.signature(getattr(briefing, name)).parameters
        wished = [one.lstrip("*") for one in on_page if one != "*"]
        assert [one for one in wished if one not in signature] == [], name


def test_settings_that_the_page_on_python_names_exist(repository: Path) -> None:
    page = (repository / "docs" / "python.md").read_text("utf-8")
    named = re.findall(r"`([a-z_]+)`", page.partition("takes any setting of the configuration")[2].partition(";")[0])
    assert len(named) > 6
    assert set(named) <= {setting.name for setting in fields(Config)}
