"""Finds, reads and checks the configuration file; an error lists all problems, each with its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from briefing.config.mail import Mail
from briefing.config.settings import Config, Problem, SourceTable, check
from briefing.config.validators import is_timezone
from briefing.errors import ConfigError

_ESCAPE_ERROR = re.compile(r"unescaped|hex value|unicode scalar|escape", re.IGNORECASE)
"""In what tomllib says of a backslash in a text between double quotation marks that begins no escape of TOML."""
_QUOTED_PATH = re.compile(r"""=[^'"#]*"(?:[A-Za-z]:|[^"'\\]*)\\(?!\\)""")
"""A path with backslashes between double quotation marks; the last of them may hide the closing mark."""


def find_config() -> Path | None:
    """``briefing.toml`` in the current folder, else in the user's configuration folder, else None."""
    from platformdirs import user_config_dir

    candidates = (Path("briefing.toml"), Path(user_config_dir("briefing", appauthor=False)) / "briefing.toml")
    return next((path for path in candidates if path.is_file()), None)


def local_timezone() -> str:
    """IANA name of this machine's time zone; ``UTC`` where it is unknown."""
    import warnings

    import tzlocal

    with warnings.catch_warnings():  # tzlocal warns where it has to guess UTC
        warnings.simplefilter("ignore")
        try:
            name = tzlocal.get_localzone_name()
        except (LookupError, ValueError, OSError):  # settings that contradict each other, or name no zone
            name = None
    return name if name and is_timezone(name) else "UTC"


def read_config(path: Path) -> str:
    """The file's text with its line ends and byte order mark. Raises `ConfigError`."""
    try:
        return path.read_bytes().decode()
    except FileNotFoundError as error:
        raise ConfigError(str(path), "there is no such file", "Make one with `briefing init`") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"is not UTF-8 text (byte {error.start})", "Save it as UTF-8") from error
    except OSError as error:
        if path.is_dir():
            raise ConfigError(str(path), "is a folder", "Name the configuration in it") from error
        raise ConfigError(str(path), f"cannot be read: {error.strerror}", "Check whether you may read it") from error


def load_config(path: str | PathLike[str], *, mail_error: Callable[[ConfigError], None] | None = None) -> Config:
    """The checked settings of a file; ``~`` is the user's folder. Raises `ConfigError` with all problems.

    `mail_error` is called with the problems of the ``[mail]`` table, which then counts as empty, instead of raising.
    """
    file = Path(path).expanduser()
    return parse_config(read_config(file), file, mail_error=mail_error)


def parse_config(text: str, path: Path, *, mail_error: Callable[[ConfigError], None] | None = None) -> Config:
    """The checked settings in `text`, the content of the file at `path`; else as `load_config`."""
    data = parse_toml(text, path)
    folder = path.parent.absolute()
    problems: list[Problem] = []
    tables = check(tuple[SourceTable, ...], data.pop("sources", ()), folder, problems, ("sources",))
    mail_problems: list[Problem] = [] if mail_error else problems
    mail = check(Mail, data.pop("mail", {}), folder, mail_problems, ("mail",))
    config = _checked_settings(data, folder, problems)
    if config is None or tables is None or (mail is None and not mail_error):
        raise _config_error(path, text, problems)
    if mail_error and mail_problems:
        mail_error(_config_error(path, text, mail_problems))
    return replace(config, sources=tuple(table.source() for table in tables), mail=mail or Mail())


def _checked_settings(data: dict[str, Any], folder: Path, problems: list[Problem]) -> Config | None:
    """The settings but for sources and mail; ``max_articles`` is the name that ``max_stories`` had once."""
    if "max_articles" not in data:
        return check(Config, data, folder, problems)
    if "max_stories" in data:
        cause = "is the same setting as 'max_stories', and both are there"
        problems.append(Problem(("max_articles",), cause, "Leave one of them away"))
        return None
    found: list[Problem] = []
    settings = {("max_stories" if name == "max_articles" else name): value for name, value in data.items()}
    config = check(Config, settings, folder, found)
    problems += [replace(one, location=("max_articles",)) if one.location == ("max_stories",) else one for one in found]
    return config


def parse_toml(text: str, path: Path) -> dict[str, Any]:
    """The unchecked values. Raises `ConfigError` with the line and the column."""
    import tomllib

    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except tomllib.TOMLDecodeError as error:  # its message ends with the line and the column
        lines = text.removeprefix("\ufeff").rstrip().split("\n")
        at = re.search(r"\(at line (\d+)", str(error))
        number = min(int(at[1]), len(lines)) if at else len(lines)
        if _QUOTED_PATH.search(lines[number - 1]) or (_ESCAPE_ERROR.search(str(error)) and "\\" in lines[number - 1]):
            cause = 'a backslash between double quotation marks begins an escape, as in "\\n", and none is meant here'
            remedy = "Write a path between single quotation marks, 'C:\\folder', or with slashes, \"C:/folder\""
            raise ConfigError(f"{path}, line {number}", cause, remedy) from error
        remedy = _toml_remedy(str(error), lines[number - 1])
        raise ConfigError(str(path), f"is not valid TOML: {error}", remedy) from error


def _toml_remedy(said: str, line: str) -> str:
    """What helps, by what tomllib says and the line at which it stopped."""
    if said.startswith(("Cannot overwrite", "Cannot declare", "Cannot mutate")):
        return "Each key and each [table] may be there once; only [[tables]] repeat"
    if re.search("=\\s*[\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb]", line):
        return 'Quotation marks of TOML are straight: "like this"'
    if re.search(r"=\s*(?:true|false|yes|no|on|off)\s*(?:#|$)", line, re.IGNORECASE):
        return "It is true or false, in small letters"
    if said.startswith("Expected '=' after a key"):
        return "A setting is written: name = value"
    return "Texts need quotation marks; lists need commas"


def _config_error(path: Path, text: str, problems: Sequence[Problem]) -> ConfigError:
    def where(problem: Problem) -> str:
        line = _line(text, problem.location)
        return f"line {line}, {problem.key}" if line else problem.key

    if len(problems) == 1:
        return ConfigError(f"{path}, {where(problems[0])}", problems[0].cause, problems[0].remedy)
    ordered = sorted(problems, key=lambda problem: _line(text, problem.location) or 0)
    entries = [f"{where(problem)}: {problem.cause}. {problem.remedy}".rstrip(". ") for problem in ordered]
    numbered = [f"({number}) {entry}" + "." * (entry[-1:] != "?") for number, entry in enumerate(entries, 1)]
    return ConfigError(str(path), f"{len(problems)} things are wrong: {' '.join(numbered)}")


def _source_headers(text: str) -> list[int]:
    """Indices of the lines that open a ``[[sources]]`` table (or, inside a text of several lines, look like it)."""
    pattern = re.compile(r"\s*\[\[\s*[\"']?sources[\"']?\s*\]\]")
    return [index for index, line in enumerate(text.splitlines()) if pattern.match(line)]


def _line(text: str, location: tuple[str | int, ...]) -> int | None:
    """The line (from 1) that most likely holds the key at `location`, by its looks; None where none does."""
    text = text.removeprefix("\ufeff")
    lines, headers = text.splitlines(), _source_headers(text)
    start, end = 0, headers[0] if headers else len(lines)
    key = location[0]
    if len(location) == 1:  # perhaps a table
        header = re.compile(rf"\s*\[+\s*[\"']?{re.escape(str(key))}[\"']?\s*\]")
        if (found := next((i for i, line in enumerate(lines) if header.match(line)), None)) is not None:
            return found + 1
    if len(location) > 1 and location[0] == "sources" and isinstance(location[1], int) and location[1] < len(headers):
        start = headers[location[1]]
        end = headers[location[1] + 1] if location[1] + 1 < len(headers) else len(lines)
        if len(location) == 2:
            return start + 1
        key = location[2]
    elif len(location) > 1:  # in a table that is no list, or a list inside of it
        start = next((i for i, line in enumerate(lines) if re.match(rf"\s*\[+\s*{location[0]}\b", line)), 0)
        end, key = len(lines), next(part for part in reversed(location) if isinstance(part, str))
    pattern = re.compile(rf"\s*\[*\s*[\"']?{re.escape(str(key))}[\"']?\s*[=.\]]")
    return next((index + 1 for index in range(start, end) if pattern.match(lines[index])), None)
