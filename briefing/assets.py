"""Prompts and templates: lookup, Jinja2 environment, ejecting.

Lookup order: the caller's folders, the user's configuration folder, the shipped files. ``shipped/NAME`` always means
the shipped file, so that a user's file can extend the one it replaces and change one block.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from traceback import walk_tb
from typing import TYPE_CHECKING, Any, Literal, NoReturn

from briefing.errors import AssetError

if TYPE_CHECKING:
    from jinja2 import Environment

Kind = Literal["prompts", "templates"]


def environment(kind: Kind, extra: Sequence[Path] = ()) -> Environment:
    """A sandboxed Jinja2 environment over `extra`, the user's folder and the shipped files.

    With `StrictUndefined`, and autoescape for HTML. Errors in templates raise `AssetError` with file and line.
    """
    from jinja2 import ChoiceLoader, FileSystemLoader, PrefixLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    for folder in extra:
        if not folder.is_dir():
            raise AssetError(str(folder), "there is no such folder", f"Make it with `briefing {kind} eject {folder}`")

    class UserLoader(FileSystemLoader):
        """A user's files, with the shipped words before their own: a new version may have new words."""

        def get_source(self, environment: Environment, template: str) -> tuple[str, str, Any]:
            source, path, is_current = super().get_source(environment, template)
            return (shipped_words() if template == WORDS else "") + source, path, is_current

    shipped_ones = FileSystemLoader(shipped_folder(kind))
    folders = [UserLoader(folder) for folder in (*extra, user_folder(kind))]
    loader = ChoiceLoader([*folders, shipped_ones, PrefixLoader({"shipped": shipped_ones})])

    class AssetEnvironment(ImmutableSandboxedEnvironment):
        """Raises `AssetError` for errors in templates."""

        def handle_exception(self, source: str | None = None) -> Any:
            _explain()

        def get_template(self, name: Any, parent: str | None = None, globals: Any = None) -> Any:  # noqa: A002
            from jinja2 import TemplateNotFound

            try:
                return super().get_template(name, parent, globals)
            except TemplateNotFound as error:
                if parent is not None:  # for `{% include ... ignore missing %}`; else `_explain` has it
                    raise
                raise AssetError(
                    str(error.name), f"there is no such file among the {kind}", "Check its name"
                ) from error
            except UnicodeDecodeError as error:
                raise AssetError(str(name), f"it is not UTF-8 text: {error.reason}", "Save it as UTF-8") from error
            except OSError as error:
                raise AssetError(str(name), f"it cannot be read: {error.strerror}", "Check its permissions") from error

    templates = AssetEnvironment(
        loader=loader,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # Jinja2's default would miss ".html.j2".
        autoescape=lambda name: str(name).removesuffix(".j2").endswith(_AUTOESCAPED),
    )
    if kind == "templates":
        from briefing.render.filters import install_filters

        install_filters(templates)
    return templates


_AUTOESCAPED = (".html", ".xhtml", ".atom", ".opf")
"""Endings of templates with autoescape."""
WORDS = "words.j2"
"""The template that defines the words of the others, and prints nothing."""


def shipped_words() -> str:
    """The shipped words on one line, so that a user's own behind them keep their line numbers and override them."""
    return " ".join((shipped_folder("templates") / WORDS).read_text("utf-8").splitlines())


def shipped_folder(kind: Kind) -> Path:
    """Inside the package where it is installed, beside it in a checkout."""
    package = Path(__file__).resolve().parent
    inside = package / kind
    return inside if inside.is_dir() else package.parent / kind


def user_folder(kind: Kind) -> Path:
    """The folder of the user's own prompts or templates."""
    from platformdirs import user_config_dir

    return Path(user_config_dir("briefing", appauthor=False)) / kind


def shipped(kind: Kind) -> tuple[str, ...]:
    """Names of the shipped files, sorted."""
    return tuple(sorted(path.name for path in shipped_folder(kind).iterdir() if path.is_file()))


def eject(kind: Kind, folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Copy the shipped files to `folder`, over existing ones with `overwrite`. Returns the files written.

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
    """Raise the exception being handled, as an `AssetError` where a template caused it."""
    import jinja2
    from jinja2.debug import rewrite_traceback_stack

    error = rewrite_traceback_stack()
    if isinstance(error, jinja2.TemplateSyntaxError):
        where = f"{error.filename or error.name or 'a template'}, line {error.lineno}"
        raise AssetError(where, error.message or "it is not valid Jinja2", "Correct it, or delete your copy") from error
    lines = [(Path(frame.f_code.co_filename), line) for frame, line in walk_tb(error.__traceback__)]
    path, line = next(((path, line) for path, line in reversed(lines) if path.suffix == ".j2"), (Path("a template"), 0))
    where = f"{path}, line {line}"
    # An error of an expression such as `1 + "a"` arises in the template or in Jinja2; deeper, it is our bug.
    innermost = lines[-1][0]
    in_template = innermost.suffix == ".j2" or innermost.parent == Path(jinja2.__file__).parent
    # The deepest call of an endless inclusion may be our `autoescape`.
    if isinstance(error, RecursionError) and (in_template or innermost == Path(__file__)):
        remedy = f'Extend the shipped one: {{% extends "shipped/{path.name}" %}}'
        raise AssetError(where, "it extends or includes itself", remedy) from error
    if isinstance(error, jinja2.TemplateNotFound):
        raise AssetError(where, f"there is no file {error.message!r}", "Check its name") from error
    if isinstance(error, jinja2.TemplateError) or (isinstance(error, Exception) and in_template):
        raise AssetError(where, str(error) or type(error).__name__, "Correct your copy") from error
    raise error
