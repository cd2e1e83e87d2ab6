"""`briefing models`: the model files on this machine."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from briefing.cli import options
from briefing.cli.console import on_terminal, result
from briefing.cli.messages import ProgressDisplay
from briefing.cli.settings import settings_if_any
from briefing.cli.tables import table
from briefing.errors import ModelError

if TYPE_CHECKING:
    from briefing.models import Machine, ModelFolder
    from briefing.pipeline.recommendation import ModelOffer

app = typer.Typer(help="The models on this machine: list, recommend, pull, add, remove.", no_args_is_help=True)

Measure = Annotated[bool, typer.Option("--measure", help="Measure the speed of this machine again.")]
Name = Annotated[str, typer.Argument(help="A name from `models list`, or OWNER/NAME of the Hugging Face Hub.")]


@app.command("list")
def list_models(
    context: typer.Context,
    json_: Annotated[bool, typer.Option("--json", help="As JSON: bytes, seconds.")] = False,
    measure: Measure = False,
    config: options.ConfigPath = None,
) -> None:
    """Show every model that can be used, whether it is here, fits this machine, and how fast it would be."""
    import json

    display: ProgressDisplay = context.obj
    machine, found = _offers(config, display, measure)
    if json_:
        result(json.dumps([offer.data() for offer in found], ensure_ascii=False, indent=2))
        return
    if on_terminal():
        result(_wrapped(_in_words(machine)) + "\n")
    else:
        display.say(_in_words(machine))
    rows = [(*_row(offer), _what(offer)) for offer in found]
    table(("name", "here", "size", "fits", "a story", "licence"), rows, right=("size", "a story"))


@app.command("recommend")
def recommend(
    context: typer.Context,
    seconds: Annotated[float, typer.Option(min=1, help="Seconds that a story may take.")] = 20,
    json_: Annotated[bool, typer.Option("--json", help="As JSON: bytes, seconds.")] = False,
    measure: Measure = False,
    config: options.ConfigPath = None,
) -> None:
    """Name the model that goes with this machine, why, and how to get it."""
    import json

    from briefing.pipeline.recommendation import recommended

    machine, found = _offers(config, context.obj, measure)
    chosen = recommended(found, seconds)
    if json_:
        result(json.dumps({**chosen.offer.data(), "why": chosen.why}, ensure_ascii=False, indent=2))
        return
    name = chosen.offer.name
    result(f"{name}\n{_wrapped(chosen.why)}\n{_wrapped(_in_words(machine))}")
    if not chosen.offer.here:
        result(f"Get it: briefing models pull {name}")
    if not chosen.offer.default:
        result(f'Use it: briefing run --model {name} (or model = "{name}" in the configuration)')


@app.command("pull")
def pull(
    context: typer.Context, name: Name, offline: options.Offline = None, config: options.ConfigPath = None
) -> None:
    """Download a model and verify it; one that is here already is left alone."""
    from briefing.models import is_hub_name
    from briefing.pipeline.download import pull_repository

    display: ProgressDisplay = context.obj
    models = _folder(config, offline)
    if is_hub_name(name):
        with display:
            pull_repository(models, name, display)
        result(str(models.resolve_folder(name).path))
        return
    entry = models.entry(name)
    if models.path(name) is None:
        about, unpinned = (
            ("", "") if entry.sha256 else ("about ", "; not measured here, verified by the Hub's own digest")
        )
        display.say(f"{name}: {about}{entry.size / 1e6:,.0f} MB, licence {entry.licence}{unpinned}.")
    with display:
        result(str(_pulled(models, name, display)))


@app.command("path")
def path(name: Name, config: options.ConfigPath = None) -> None:
    """Print where a model's file is."""
    from briefing.models import is_hub_name

    models = _folder(config)
    found = models.resolve_folder(name).path if is_hub_name(name) else models.path(name)
    if found is None:
        raise ModelError(name, "its file is not here", f"Pull it with `briefing models pull {name}`")
    result(str(found))


@app.command("remove")
def remove(name: Name, config: options.ConfigPath = None) -> None:
    """Delete a model's file. A file of your own that was added is only forgotten."""
    if not _folder(config).remove(name):
        raise ModelError(name, "its file is not here")
    result(name)


@app.command("add")
def add(
    context: typer.Context,
    location: Annotated[str, typer.Argument(help="A GGUF file, or OWNER/REPOSITORY:FILE.gguf of the Hub.")],
    name: Annotated[str | None, typer.Option(help="What to call it. Default: after the file.")] = None,
    offline: options.Offline = None,
    config: options.ConfigPath = None,
) -> None:
    """Add a model of your own choice and pull it where it is not on this disk."""
    display: ProgressDisplay = context.obj
    models = _folder(config, offline)
    entry = models.add(Path(location) if Path(location).exists() else location, name)
    with display:
        _pulled(models, entry.name, display)
    result(entry.name)


def _offers(config: Path | None, display: ProgressDisplay, measure: bool) -> "tuple[Machine, list[ModelOffer]]":
    from briefing.pipeline.machine import this_machine
    from briefing.pipeline.recommendation import as_set, offers

    models = _folder(config)
    machine = as_set(this_machine(models, measures=True, afresh=measure, say=display.say), settings_if_any(config))
    return machine, offers(models, machine)


def _wrapped(text: str) -> str:
    """`text` wrapped to the terminal's width; one line into a file or pipe."""
    import shutil
    import textwrap

    width = max(40, shutil.get_terminal_size().columns) if on_terminal() else 10_000
    return textwrap.fill(text, width, break_long_words=False)


def _in_words(machine: "Machine") -> str:
    parts = [machine.processor or "a processor that says no name", f"{machine.cores} cores"]
    parts.append(f"{machine.memory / 1e9:.1f} GB of memory free" if machine.memory else "memory not known")
    gpu = f"the GPU {machine.gpu} with {machine.gpu_memory / 1e9:.1f} GB free" if machine.gpu else ""
    parts.append(gpu or "no GPU that the installed llama.cpp can use")
    speed = machine.speed
    if speed:
        parts.append(f"speed measured {f'with {speed.by}' if speed.by else 'without a model, so roughly'}, {speed.day}")
    return f"This machine: {', '.join(parts)}."


def _row(offer: "ModelOffer") -> tuple[str, ...]:
    needs = f"{offer.fit.needed / 1e9:.1f} GB"
    fits = {"gpu": "on the GPU", "memory": "yes", "nowhere": f"no: {needs}", "unknown": f"? {needs}"}[offer.fit.place]
    seconds = offer.fit.seconds
    size = f"{offer.size / 1e6:,.0f} MB" if offer.size < 1e9 else f"{offer.size / 1e9:.1f} GB"
    story = "?" if seconds is None else f"{seconds:,.0f} s" if seconds >= 1 else "< 1 s"
    return offer.name, "yes" if offer.here else "no", size, fits, story, offer.licence


def _what(offer: "ModelOffer") -> str:
    """Description and notes, below a model's figures."""
    notes = [offer.description or _needs(), f"engine {offer.engine}" if offer.engine != "llama" else ""]
    notes += [
        "the default, measured (docs/trust.md)" if offer.default else "" if offer.measured else "not measured here"
    ]
    return "; ".join(note for note in notes if note)


def _needs() -> str:
    """What models of the Hugging Face Hub need and is not installed."""
    from briefing.extras import install_command, is_usable

    known = "A model of the Hugging Face Hub"
    return known if is_usable("torch") else f"{known}; it needs PyTorch: {install_command('torch')}"


def _folder(config: Path | None, offline: bool | None = None) -> "ModelFolder":
    """The model folder of this configuration, or of the one that is found.

    Its `offline` concerns runs only: `models pull` needs the network.
    """
    from briefing.models import ModelFolder

    return ModelFolder(settings_if_any(config).models, offline=bool(offline))


def _pulled(models: "ModelFolder", name: str, display: ProgressDisplay) -> Path:
    from briefing.pipeline.download import pull as pull_shown

    return pull_shown(models, name, display)
