"""What is stored, and what is asked anew: an edited prompt makes new what was written with it, and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.engines import Prompt
from briefing.testing.engine import FakeEngine

from ..conftest import Cli
from .news import HELD, MARLOW, OPEN, TOWNS, number_in, points, prompt_answer, text, town_in
from .parts import Configure, Install

MARK = re.compile(r"\((\w+) version (\d)\)")
"""Of a prompt's file, in what is asked with it."""
PLACES = {
    "numbered": "{{ user }}",
    "cite": "Write {% if headline %}",
    "check": "Check these statements.",
}
"""Before which text the mark of a prompt stands; of others before the last turn of the user's."""
EXTENDED = {"cite.gbnf", "points.gbnf", "points_numbered.gbnf", "rewrite.gbnf"}
"""Grammars; a mark is a comment of theirs."""


def marked(source: str, name: str, version: int) -> str:
    """The prompt `name`, whose messages say its name and version."""
    mark = f"({name.replace('.', '_')} version {version})"
    if name in EXTENDED:
        return f"{source}\n# {mark}\n"
    place = PLACES.get(name, "{{ user }}")
    before, found, after = source.rpartition(place)
    assert found, name
    return f"{before}{mark}\n{found}{after}" if name in {"cite", "check"} else f"{before}{found}\n{mark}\n{after}"


def kinds(prompts: list[Prompt]) -> Counter[tuple[str, str]]:
    """How many prompts hold the mark of each file, by its name and version."""
    found: Counter[tuple[str, str]] = Counter()
    for prompt in prompts:
        asked = "\n".join([*(message.content for message in prompt.messages), prompt.grammar or ""])
        found.update(set(MARK.findall(asked)))
    return found


# --- three engines, which use all prompts between them -------------------------------------------------------


def chat(prompt: Prompt) -> str:
    """A chat model, in the articles' own language: it merges parts, judges, rewrites and writes prose."""
    system, asked = prompt.messages[0].content, prompt.messages[-1].content
    if "Statement:" in asked:
        return "yes"
    notes = [line for line in asked.splitlines() if line.endswith(".")]
    if "one flowing paragraph" in system:
        return notes[0]
    if "<notes>" in asked:
        return "# News of the county\n" + "\n".join(f"- {note}" for note in notes[:4])
    if "<text>" in asked:
        return points(town_in(asked))[2]
    if "Marlow" in asked:
        return "# Tram\n" + "\n".join(f"- {point}" for point in (*HELD, OPEN))
    told = [town for town in TOWNS if town in asked]
    if len(told) > 1:
        return "# News\n" + "\n".join(f"- {points(town)[0]}" for town in told[:4])
    said = prompt_answer(prompt)
    return said.replace("costs 23", "costs 999") if told == ["Benton"] else said


def translator(prompt: Prompt) -> str:
    """A chat model that writes German."""
    system, asked = prompt.messages[0].content, prompt.messages[-1].content
    town = town_in(asked)
    if "one flowing paragraph" in system:
        return f"{town} bekommt nach langem Streit etwas Neues."
    if "<text>" in asked:
        return "Die Arbeiten beginnen im März, sagte der Bürgermeister."
    return (
        f"# Neues aus {town}\n- {town} bekommt nach langem Streit etwas Neues. [1]\n"
        "- Der Rat stimmte am Dienstag ab. [2]\n- Die Arbeiten kosten 999 Millionen Pfund. [3]"
    )


def tuned(prompt: Prompt) -> str:
    """The tuned model, which cites and checks."""
    asked = "\n".join(message.content for message in prompt.messages)
    if "Check these statements." in asked:
        return "yes"
    town = town_in(asked)
    if "one flowing paragraph" in asked:
        return points(town)[0]
    return "\n".join(f"[{number}] {point}" for number, point in enumerate(points(town), 1))


COUNTY = "News from the county\n\n" + "\n\n".join(text(town) for town in TOWNS)
"""Too long for the window of `chat`."""
SHARED = {"languages", "length"}
"""Files that prompts import, which are none themselves."""
SCENES: dict[str, tuple[Callable[[], FakeEngine], str, set[str]]] = {
    "chat": (
        lambda: FakeEngine(context=900).says(chat),
        "",
        {"points", "points.gbnf", "merge", "rewrite", "rewrite.gbnf", "judge", "paragraph"},
    ),
    "translated": (
        lambda: FakeEngine().says(translator),
        'language = "de"',
        {"points_numbered", "points_numbered.gbnf", "rewrite", "rewrite.gbnf", "paragraph"},
    ),
    "tuned": (
        lambda: FakeEngine(tuned=True).says(tuned),
        "",
        {"numbered", "cite", "cite.gbnf", "check", "paragraph"},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_an_edited_prompt_makes_new_what_was_asked_with_it_and_nothing_else(
    cli: Cli, install: Install, configure: Configure, tmp_path: Path, scene: str
) -> None:
    opened, setting, used = SCENES[scene]
    engine = opened()
    install(engine)
    configure('engine = "scripted"', 'prompts = "mine"', "paragraph = true", setting, towns=TOWNS[:3])
    if scene == "chat":
        (tmp_path / "in" / "county.txt").write_text(COUNTY, "utf-8")
        (tmp_path / "in" / "tram.txt").write_text(MARLOW, "utf-8")
    assert cli("prompts", "eject", "mine").returncode == 0
    files = {path.name.removesuffix(".j2"): path for path in (tmp_path / "mine").glob("*.j2")}
    sources = {name: path.read_text("utf-8") for name, path in files.items() if name not in SHARED}
    for name, source in sources.items():
        files[name].write_text(marked(source, name, 1), "utf-8")

    def run() -> tuple[list[Prompt], str]:
        engine.asked.clear()
        done = cli("run")
        assert done.returncode == 0, done.stderr
        return list(engine.asked), done.stderr

    first = kinds(run()[0])
    assert {name.replace("_gbnf", ".gbnf") for name, _ in first} == used
    everything, report = run()
    assert everything == []
    told = number_in(r"Stories   0 summarised, (\d+) from an earlier run", report)
    for name in used:
        files[name].write_text(marked(sources[name], name, 2), "utf-8")
        asked, report = run()
        mark = name.replace(".", "_")
        assert kinds(asked)[(mark, "2")] == len(asked) == first[(mark, "1")] > 0, name
        summarised = number_in(r"Stories   (\d+) summarised", report)
        assert summarised > 0, name
        assert summarised + number_in(r"summarised, (\d+) from an earlier run", report) == told
    for name in sources.keys() - used:
        files[name].write_text(marked(sources[name], name, 2), "utf-8")
    assert run()[0] == []
    files["points"].write_text(marked(sources["points"], "points", 2).replace("{#-", "{#- Mine.", 1), "utf-8")
    assert run()[0] == []  # a comment reaches no model
    files["length"].write_text(files["length"].read_text("utf-8").replace("} words", "} plain words"), "utf-8")
    assert run()[0] != []  # what a prompt imports reaches it


@pytest.mark.slow
def test_another_name_of_a_language_makes_new_what_is_written_in_it(
    cli: Cli, install: Install, configure: Configure, tmp_path: Path
) -> None:
    engine = FakeEngine().says(translator)
    install(engine)
    configure('engine = "scripted"', 'prompts = "mine"', towns=TOWNS[:2])
    cli("prompts", "eject", "mine")
    names = tmp_path / "mine" / "languages.j2"
    counts: list[tuple[int, int]] = []
    for change in (("", ""), ("German", "Swiss German"), ("Bulgarian", "Old Bulgarian")):
        names.write_text(names.read_text("utf-8").replace(*change) if change[0] else names.read_text("utf-8"), "utf-8")
        counts.append((asked(cli, engine, "--language", "de"), asked(cli, engine)))
    (german, own), swiss, bulgarian = counts
    assert german > 0
    assert own > 0
    assert (swiss, bulgarian) == ((german, 0), (0, 0))


def asked(cli: Cli, engine: FakeEngine, *options: str) -> int:
    """Number of prompts that a run asks."""
    engine.asked.clear()
    done = cli("run", *options)
    assert done.returncode == 0, done.stderr
    return len(engine.asked)


def test_other_options_or_another_model_condense_anew_and_keep_what_was_stored(
    cli: Cli, install: Install, configure: Configure
) -> None:
    engine = FakeEngine().says(chat)
    install(engine)
    configure('engine = "scripted"', towns=TOWNS[:2])
    assert asked(cli, engine) > 0
    for options in (("--length", "short"), ("--points", "2"), ("--language", "de")):
        assert asked(cli, engine, *options) > 0, options
        assert asked(cli, engine, *options) == 0, options
    assert asked(cli, engine, "--threads", "3", "--parallel", "2") == 0
    paragraphs = asked(cli, engine, "--paragraph")
    assert paragraphs == 2  # the points are those that were there
    other = FakeEngine(model="fake-2").says(chat)
    install(other)
    assert asked(cli, other) > 0
    install(engine)
    assert asked(cli, engine) == 0
