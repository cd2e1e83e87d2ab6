"""Prompts and templates: found, and made ready to render.

A file is looked for in the folders the caller names, then in the user's configuration folder, then among the shipped
ones. The shipped ones can always be named with ``shipped/`` before their name, so that a user's file can extend the one
it replaces and change one block of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from briefing.errors import AssetError

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Kind", "eject", "environment", "shipped", "user_folder"]

Kind = Literal["prompts", "templates"]


def environment(kind: Kind, extra: Sequence[Path] = ()) -> Environment:
    """A sandboxed Jinja2 environment that finds `kind` in `extra` (first), the user's folder, and what is shipped.

    Undefined variables are errors; HTML templates escape what they print. Errors of templates come out as `AssetError`,
    which names file and line.
    """
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    from briefing.render.filters import install_filters

    for folder in extra:
        if not folder.is_dir():
            raise AssetError(str(folder), "there is no such folder", f"Make it with `briefing {kind} eject {folder}`")

    class Theirs(FileSystemLoader):
        """A user's files. What their words lack is taken from the shipped ones: a new version may have new words."""

        def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
            source, path, is_current = super().get_source(environment, template)
            return (shipped_words() if template == WORDS else "") + source, path, is_current

    shipped_ones = FileSystemLoader(shipped_folder(kind))
    folders = [Theirs(folder) for folder in (*extra, user_folder(kind))]
    loader = ChoiceLoader([*folders, shipped_ones, PrefixLoader({"shipped": shipped_ones})])

    class Ours(ImmutableSandboxedEnvironment):
        """Turns what is wrong with a template into a line a person can act on."""

        def handle_exception(self, source: str | None = None) -> Any:
            _explain()

        def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Any:  # noqa: A002
            from jinja2 import TemplateNotFound

            try:
                return super().get_template(name, parent, globals)
            except TemplateNotFound as error:
                if parent is not None:  # `{% include ... ignore missing %}` waits for it; else it comes by `_explain`
                    raise
                raise AssetError(
                    str(error.name), f"there is no such file among the {kind}", "Check its name"
                ) from error
            except UnicodeDecodeError as error:
                raise AssetError(str(name), f"it is not UTF-8 text: {error.reason}", "Save it as UTF-8") from error
            except OSError as error:
                raise AssetError(str(name), f"it cannot be read: {error.strerror}", "Check its permissions") from error

    templates = Ours(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Jinja2's own default looks for ".html" at the end of the name and would miss ".html.j2".
        autoescape=lambda name: str(name).removesuffix(".j2").endswith(_ESCAPED),
    )
    if kind == "templates":
        install_filters(templates)
    return templates


_ESCAPED = (".html", ".xhtml", ".atom", ".opf")
"""Of templates in which everything that is put in is escaped."""


WORDS = "words.j2"
"""The template that defines what the others say in words, and prints nothing."""


def shipped_words() -> str:
    """The shipped words on one line: a user's own, behind them, keep their line numbers and have the last say."""
    return " ".join((shipped_folder("templates") / WORDS).read_text("utf-8").splitlines())


def shipped_folder(kind: Kind) -> Path:
    """Inside the package where it is installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind


def user_folder(kind: Kind) -> Path:
    """Where the user's own prompts and templates are looked for."""
    from platformdirs import user_config_dir

    return Path(user_config_dir("briefing", appauthor=False)) / kind


def shipped(kind: Kind) -> tuple[str, ...]:
    """Names of the shipped files, sorted."""
    return tuple(sorted(path.name for path in shipped_folder(kind).iterdir() if path.is_file()))


def eject(kind: Kind, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Copy the shipped files to `folder`; files that are there stay, unless `overwrite`. Returns what was written.

    Raises `AssetError` where the folder cannot be written.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in shipped(kind):
            target = folder / name
            if overwrite or not target.exists():
                target.write_bytes((shipped_folder(kind) / name).read_bytes())
                written.append(target)
    except OSError as error:
        raise AssetError(str(folder), f"it cannot be written: {error.strerror}", "Name another folder") from error
    return written


def _explain() -> NoReturn:
    """Raise the exception being handled: as an `AssetError` where a template is to blame, else as it is."""
    import jinja2
    from jinja2.debug import rewrite_traceback_stack

    error = rewrite_traceback_stack()
    if isinstance(error, jinja2.TemplateSyntaxError):
        where = f"{error.filename or error.name or 'a template'}, line {error.lineno}"
        raise AssetError(where, error.message or "it is not valid Jinja2", "Correct it, or delete your copy") from error
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    path, line = next((place for place in reversed(lines) if place[0].suffix == ".j2"), (Path("a template"), 0))
    where = f"{path}, line {line}"
    # What Python says to an expression such as `1 + "a"` arises in the template or in Jinja2; deeper, it is our bug.
    innermost = lines[-1][0]
    theirs = innermost.suffix == ".j2" or innermost.parent == Path(jinja2.__file__).parent
    # The deepest call of an endless inclusion may be our own question whether to escape.
    if isinstance(error, RecursionError) and (theirs or innermost == Path(__file__)):
        remedy = f'Extend the shipped one: {{% extends "shipped/{path.name}" %}}'
        raise AssetError(where, "it extends or includes itself", remedy) from error
    if isinstance(error, jinja2.TemplateNotFound):
        raise AssetError(where, f"there is no file {error.message!r}", "Check its name") from error
    if isinstance(error, jinja2.TemplateError) or (isinstance(error, Exception) and theirs):
        raise AssetError(where, str(error) or type(error).__name__, "Correct your copy") from error
    raise error
