"""Options that several commands take, each written down once."""

# No postponed annotations here: typer reads these objects, not their text.
from datetime import datetime, time
from pathlib import Path
from typing import Annotated, Any

import typer

from briefing.cli.hints import quoted
from briefing.cli.messages import ProgressDisplay
from briefing.dates import edition_day, edition_name


def in_hand(context: typer.Context, param: typer.CallbackParam, value: Any) -> Any:
    """Have the hints of the command name the file or edition that it was told to work with."""
    display = context.find_root().obj
    if value and isinstance(display, ProgressDisplay):  # else the command is only parsed
        name = str(param.name)
        setattr(display.in_hand, {"config_option": "config", "edition_name": "edition"}.get(name, name), value)
    return value


ConfigPath = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", show_default=False, callback=in_hand,
        help="Configuration file. Default: ./briefing.toml, then the one in your folder.",
    ),
]  # fmt: skip
NoConfig = Annotated[bool, typer.Option("--no-config", help="Leave the configuration aside: the options alone count.")]
MODEL_PANEL = "The model"
FORMATS_IN_WORDS = "md, html, text, json, atom or epub"
Formats = Annotated[
    list[str] | None, typer.Option("--format", "-f", metavar="FORMAT", help=f"{FORMATS_IN_WORDS} (repeatable).")
]
Points = Annotated[int | None, typer.Option(metavar="N", help="Key points for each article, 1 to 10.")]
Length = Annotated[str | None, typer.Option(metavar="LENGTH", help="Length of a key point: short, medium or long.")]
Pictures = Annotated[
    str | None, typer.Option(metavar="WHICH", help="Which stories show a picture: front, all or none.")
]
Language = Annotated[
    str | None, typer.Option(metavar="LANGUAGE", help="Language to write in, such as de. Default: the article's own.")
]
Paragraph = Annotated[bool | None, typer.Option("--paragraph/--no-paragraph", help="Add a paragraph of prose.")]
Evidence = Annotated[
    str | None,
    typer.Option(help="Sentences behind the points: footnotes (in Markdown), inline or none. Default: footnotes."),
]
Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME",
        rich_help_panel=MODEL_PANEL,
        help="A name from `models list`, a GGUF file, a Hugging Face model or folder, openai:NAME.",
    ),
]
Engine = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        rich_help_panel=MODEL_PANEL,
        help="llama, transformers, openai, or extractive (no model: the article's own sentences).",
    ),
]
BaseUrl = Annotated[
    str | None,
    typer.Option(
        "--base-url", metavar="URL", rich_help_panel=MODEL_PANEL, help="OpenAI-compatible server that runs the model."
    ),
]
Parallel = Annotated[
    int | None,
    typer.Option(
        metavar="N", rich_help_panel=MODEL_PANEL, help="Prompts answered side by side. Default: the engine's choice."
    ),
]
Threads = Annotated[
    int | None,
    typer.Option(
        metavar="N", rich_help_panel=MODEL_PANEL, help="Threads for the model. Default: one for each physical core."
    ),
]


def _layers(text: str) -> int | str:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 6 else text


GpuLayers = Annotated[
    Any,
    typer.Option(
        parser=_layers,
        metavar="N",
        rich_help_panel=MODEL_PANEL,
        help="Layers that a GPU holds, or auto. Default: as many as fit.",
    ),
]


def given(**values: object) -> str:
    """Options of these names with the values that are not None, as they are typed."""
    return " ".join(_given(name.replace("_", "-"), value) for name, value in values.items() if value is not None)


def _given(name: str, value: object) -> str:
    if isinstance(value, bool):
        return f"--{name}" if value else f"--no-{name}"
    return f"--{name} {quoted(value)}"


State = Annotated[
    Path | None, typer.Option(metavar="FILE", callback=in_hand, help="State file. Default: in your data folder.")
]
Prompts = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder with prompts of your own.")]
Templates = Annotated[Path | None, typer.Option(metavar="FOLDER", help="Folder with templates of your own.")]
AllowLocal = Annotated[bool | None, typer.Option("--allow-local", help="What you name may be at a private address.")]
Offline = Annotated[bool | None, typer.Option("--offline", help="Leave the network alone.")]


def day(text: str) -> datetime:
    """A date as typed. Raises typer's error where it is none."""
    try:
        return datetime.combine(edition_day(text), time())
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error}.") from None


def _name(text: str) -> str:
    try:
        return edition_name(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r}: {error}.") from None


EditionName = Annotated[
    str | None,
    typer.Option(
        "--edition",
        parser=_name,
        metavar="NAME",
        callback=in_hand,
        help="Which of the day's editions: morning, evening ...",
    ),
]
