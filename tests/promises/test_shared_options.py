"""Options that several commands take: each command does what they say. Those of one command stand with its tests."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.engines import EngineOptions, ModelSpec
from briefing.testing.engine import FakeEngine
from briefing.testing.server import Server

from ..conftest import Cli
from ..factories import STORY

MakeDay = Callable[..., None]
POINTS = (
    "The council voted 31 to 14 for a tram line.",
    "Construction of the line starts in March and costs 212 million pounds.",
    "Shopkeepers on Bridge Street fear losing customers during the works.",
)
ANSWER = "# Trams\n" + "\n".join(f"- {point}" for point in POINTS)
A_SERVER = ("--base-url", "http://127.0.0.1:9/v1")
CONDENSING = {
    "run": ("run", "-s", "story.txt", "-f", "md", *A_SERVER, "-m", "m-1"),
    "summarise": ("summarise", "story.txt", *A_SERVER, "-m", "m-1"),
    "compare": ("compare", "story.txt", *A_SERVER, "-m", "m-1", "-m", "m-2"),
}
condensing = pytest.mark.parametrize("command", CONDENSING)
MINE = "of my own wording"


class Engines:
    """Stands for every engine: says `ANSWER`, and keeps what it was opened with and asked."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, ModelSpec | None, EngineOptions]] = []
        self.engine = FakeEngine(context=8192).says(ANSWER)

    def open(self, name: str, model: ModelSpec | None, options: EngineOptions) -> FakeEngine:
        self.opened.append((name, model, options))
        return self.engine

    @property
    def asked(self) -> str:
        """All prompts, one after the other."""
        return "\n".join(message.content for prompt in self.engine.asked for message in prompt.messages)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Engines:
    (tmp_path / "story.txt").write_text(STORY)
    engines = Engines()
    monkeypatch.setattr("briefing.pipeline.context.open_engine", engines.open)
    return engines


@pytest.mark.slow
@condensing
@pytest.mark.parametrize(
    ("options", "asked"),
    [
        (("--length", "long"), "sentence of 16 to 28 words"),
        (("--language", "de"), "in German"),
        (("--prompts", "mine"), MINE),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_options_of_the_summary_are_in_what_the_model_is_asked(
    cli: Cli, engines: Engines, tmp_path: Path, command: str, options: tuple[str, ...], asked: str
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "points.j2").write_text(f"{{{{ system }}}}\n{MINE}\n{{{{ user }}}}\n{{{{ article }}}}\n")
    assert cli(*CONDENSING[command], "--state", "without.db").returncode in {0, 1}
    assert asked not in engines.asked
    done = cli(*CONDENSING[command], "--state", "with.db", *options)
    assert done.returncode in {0, 1}, done.stderr
    assert asked in engines.asked


@condensing
def test_so_many_points_are_shown_as_are_asked_for(cli: Cli, engines: Engines, tmp_path: Path, command: str) -> None:
    def shown(*options: str) -> int:
        done = cli(*CONDENSING[command], "--state", f"{len(options)}.db", *options)
        assert done.returncode in {0, 1}, done.stderr
        text = done.stdout if command == "summarise" else (tmp_path / done.stdout.strip()).read_text("utf-8")
        return sum(point in " ".join(text.split()) for point in POINTS)

    assert shown() == len(POINTS)
    assert shown("--points", "2") == 2


@pytest.mark.parametrize(("option", "value", "name"), [("--threads", 5, "threads"), ("--gpu-layers", 7, "gpu_layers")])
def test_options_of_the_engine_reach_every_one_that_is_compared(
    cli: Cli, engines: Engines, option: str, value: int, name: str
) -> None:
    """Other commands: test_limits.py."""
    assert cli(*CONDENSING["compare"], option, str(value)).returncode in {0, 1}
    assert [getattr(options, name) for _, _, options in engines.opened] == [value, value]


@condensing
def test_the_model_and_the_server_that_are_named_are_used(cli: Cli, engines: Engines, command: str) -> None:
    assert cli(*CONDENSING[command]).returncode in {0, 1}
    opened = [(name, model.name if model else "") for name, model, _ in engines.opened]
    assert list(dict.fromkeys(opened)) == [("openai", "m-1"), *([("openai", "m-2")] if command == "compare" else [])]
    assert all(A_SERVER[1] in str(given) for given in engines.opened)


@pytest.mark.slow
@condensing
def test_a_state_file_that_is_named_is_used(cli: Cli, engines: Engines, tmp_path: Path, command: str) -> None:
    assert cli(*CONDENSING[command], "--state", "mine.db").returncode in {0, 1}
    assert (tmp_path / "mine.db").is_file()
    asked = len(engines.engine.asked)
    assert cli(*CONDENSING[command], "--state", "mine.db").returncode in {0, 1}
    assert len(engines.engine.asked) == asked
    assert cli(*CONDENSING[command], "--state", "another.db").returncode in {0, 1}
    assert len(engines.engine.asked) > asked


@condensing
def test_private_addresses_are_read_only_where_that_is_allowed(cli: Cli, engines: Engines, command: str) -> None:
    paragraphs = "".join(f"<p>{part}</p>" for part in STORY.split("\n\n"))
    with Server() as server:
        server.serves("/story", f"<html><title>Trams</title><body><article>{paragraphs}</article></body></html>")
        given = [server.url("/story") if part == "story.txt" else part for part in CONDENSING[command]]
        wait = ("--wait", "") if command == "run" else ()
        refused = cli(*given, *wait)
        assert refused.returncode == 3
        assert "--allow-local" in refused.stderr
        assert server.connections == 0
        assert cli(*given, *wait, "--allow-local").returncode in {0, 1}
        assert server.seen("/story")


def test_a_check_of_sources_reads_private_addresses_only_where_that_is_allowed(cli: Cli, tmp_path: Path) -> None:
    with Server() as server:
        server.serves("/feed", '<rss version="2.0"><channel><title>T</title></channel></rss>', type="text/xml")
        (tmp_path / "briefing.toml").write_text(f'[[sources]]\nurl = "{server.url("/feed")}"\n')
        assert cli("sources", "check").stdout.startswith("failed\t")
        assert server.connections == 0
        assert cli("sources", "check", "--allow-local").stdout.startswith("ok\t")


STORED = {
    "history": ("history",),
    "history remove": ("history", "remove", "2024-05-17", "--yes"),
    "show": ("show", "2024-05-17"),
    "search": ("search", "tram"),
    "send": ("send", "2024-05-17", "--dry-run"),
}
"""Commands that do well with an edition of the title Morning, and not without one."""
MAIL = '[mail]\nsender = "d@example.org"\n[[mail.recipients]]\naddress = "ann@example.org"\n'


@pytest.mark.parametrize("command", STORED)
def test_a_command_about_editions_goes_by_the_state_file_that_is_named(
    cli: Cli, make_day: MakeDay, tmp_path: Path, command: str
) -> None:
    make_day("2024-05-17")
    (tmp_path / "briefing.toml").write_text(f'title = "Morning"\n{MAIL}')
    assert cli(*STORED[command], "--state", "empty.db").returncode in {2, 3}
    done = cli(*STORED[command])
    assert done.returncode == 0, done.stderr


def test_the_archive_goes_by_the_state_file_that_is_named(cli: Cli, make_day: MakeDay) -> None:
    make_day("2024-05-17")
    counted = [cli("archive", *options).stderr[:12] for options in ((), ("--state", "empty.db"))]
    assert counted == ["Editions: 1.", "Editions: 0."]


@pytest.mark.parametrize(
    "command",
    [
        *STORED.values(), ("archive",), ("doctor",), ("sources", "add", "https://example.org/x"), ("sources", "list"),
        ("sources", "remove", "story.txt"), ("sources", "check"), ("sources", "import", "list.txt"),
        ("sources", "export"), ("models", "list"), ("models", "recommend"), ("models", "pull", "own"),
        ("models", "path", "own"), ("models", "remove", "own"), ("models", "add", "own.gguf"),
        ("schedule", "install", "--no-check", "--with", "launchd"), ("run", "--source", "story.txt"), ("run",),
        ("summarise", "story.txt"), ("compare", "story.txt", "-m", "m-1", "-m", "m-2"), ("templates", "eject"),
        ("prompts", "eject"),
    ],
    ids=lambda command: " ".join(command[:2]),
)  # fmt: skip
def test_the_configuration_that_is_named_is_read_and_no_other(
    cli: Cli, make_day: MakeDay, tmp_path: Path, command: tuple[str, ...]
) -> None:
    make_day("2024-05-17")
    (tmp_path / "list.txt").write_text("https://example.org/y\n")
    here = tmp_path / "briefing.toml"
    here.write_text(f'title = "Morning"\nmodels = "models"\n{MAIL}[[sources]]\npath = "story.txt"\n')
    before = here.read_bytes()
    for option in ("--config", "-c"):
        done = cli(*command, option, "nothing.toml")
        assert done.returncode == (1 if command == ("doctor",) else 2), done.stderr
        assert "nothing.toml" in done.stdout + done.stderr
    assert here.read_bytes() == before


IN_FORCE = {
    "run --source": ("run", "-s", "story.txt", "-f", "md"),
    "summarise": ("summarise", "story.txt"),
    "compare": ("compare", "story.txt", "-m", "m-1", "-m", "m-2"),
}
in_force = pytest.mark.parametrize("command", IN_FORCE)


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """A configuration in the current folder that says how articles are condensed, and what is read every day."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "points_numbered.j2").write_text(
        f"{{{{ system }}}}\n{MINE} in {{{{ language }}}}\n{{{{ user }}}}\n{{{{ sentences | join(' ') }}}}\n"
    )
    path = tmp_path / "briefing.toml"
    path.write_text(
        'model = "m-of-file"\nbase_url = "http://127.0.0.1:9/v1"\nlanguage = "de"\nprompts = "mine"\nstate = "own.db"\n'
        'threads = 3\ndeadline = "00:01"\nmax_per_source = 1\n[mute]\nwords = ["tram"]\n[mail]\nhost = "?!"\n'
        '[[sources]]\npath = "daily.txt"\n'
    )
    return path


@in_force
def test_articles_that_are_named_are_condensed_as_the_configuration_says(
    cli: Cli, engines: Engines, tmp_path: Path, configured: Path, command: str
) -> None:
    (tmp_path / "daily.txt").write_text(STORY.replace("tram", "ferry"))
    done = cli(*IN_FORCE[command])
    assert done.returncode in {0, 1}, done.stderr
    assert MINE in engines.asked
    assert "in German" in engines.asked
    assert "ferry" not in engines.asked
    assert (tmp_path / "own.db").is_file()
    ((name, model, given),) = engines.opened if command != "compare" else engines.opened[:1]
    assert (name, model and model.name, given.threads) == ("openai", "m-1" if command == "compare" else "m-of-file", 3)


@in_force
def test_options_win_over_the_configuration_in_force(
    cli: Cli, engines: Engines, configured: Path, command: str
) -> None:
    done = cli(*IN_FORCE[command], "--language", "fr", "--threads", "2", "--state", "other.db")
    assert done.returncode in {0, 1}, done.stderr
    assert "in French" in engines.asked
    assert "in German" not in engines.asked
    assert engines.opened[0][2].threads == 2


@in_force
def test_a_broken_configuration_is_named_and_can_be_left_aside(
    cli: Cli, engines: Engines, configured: Path, command: str
) -> None:
    configured.write_text("points = many\n")
    done = cli(*IN_FORCE[command], *A_SERVER)
    assert done.returncode == 2
    assert "briefing.toml" in done.stderr
    assert "--no-config" in done.stderr
    model = () if command == "compare" else ("-m", "m-1")
    assert cli(*IN_FORCE[command], *A_SERVER, *model, "--no-config").returncode in {0, 1}


@pytest.mark.parametrize("named", [("summarise", "story.txt", "-m", "m-1"), IN_FORCE["compare"]], ids=lambda n: n[0])
def test_a_model_that_is_named_runs_where_the_configuration_has_none(
    cli: Cli, engines: Engines, configured: Path, named: tuple[str, ...]
) -> None:
    configured.write_text('engine = "extractive"\n')
    assert cli(*named, *A_SERVER).returncode in {0, 1}
    assert {name for name, _, _ in engines.opened} == {"openai"}


def test_a_run_takes_its_configuration_as_argument_or_option(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(STORY)
    (tmp_path / "own.toml").write_text('engine = "extractive"\nformats = ["md"]\n[[sources]]\npath = "story.txt"\n')
    assert cli("run", "-c", "own.toml", "--date", "2024-05-17").returncode == 0
    both = cli("run", "own.toml", "-c", "own.toml")
    assert (both.returncode, "Name one of the two" in both.stderr) == (2, True)
    aside = cli("run", "own.toml", "--no-config")
    assert (aside.returncode, "--no-config" in aside.stderr) == (2, True)


@pytest.mark.parametrize("kind", ["prompts", "templates"])
def test_shipped_files_are_copied_to_the_folder_of_the_configuration(cli: Cli, tmp_path: Path, kind: str) -> None:
    (tmp_path / "briefing.toml").write_text(f'{kind} = "mine"\n')
    assert cli(kind, "eject").returncode == 0
    assert any((tmp_path / "mine").iterdir())


TEMPLATES = {
    "run": (("run", "-s", "story.txt", "--engine", "extractive", "-f", "md"), "edition.md.j2"),
    "summarise": (("summarise", "story.txt", "--engine", "extractive"), "summary.txt.j2"),
    "compare": (CONDENSING["compare"] + ("--out", "-"), "compare.html.j2"),
    "history": (("history",), "history.txt.j2"),
    "search": (("search", "tram"), "search.txt.j2"),
    "show": (("show",), "edition.txt.j2"),
    "send": (("send", "2024-05-17", "--dry-run", "--out", "letters"), "email.txt.j2"),
}


@pytest.mark.parametrize("command", TEMPLATES)
def test_templates_of_ones_own_are_used(
    cli: Cli, make_day: MakeDay, engines: Engines, tmp_path: Path, command: str
) -> None:
    make_day("2024-05-17")
    (tmp_path / "story.txt").write_text(STORY)
    (tmp_path / "briefing.toml").write_text(f'title = "Morning"\n{MAIL}')
    given, name = TEMPLATES[command]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text(f"{MINE}\n")

    def shown(*options: str) -> bool:
        done = cli(*given, *options)
        assert done.returncode in {0, 1}, done.stderr
        files = [line for line in done.stdout.splitlines() if line.endswith((".md", ".eml"))]
        return MINE in done.stdout + "".join((tmp_path / line).read_text("utf-8") for line in files)

    assert not shown()
    assert shown("--templates", "mine")


@pytest.mark.slow
def test_an_edition_of_a_title_is_chosen_among_those_of_a_day(cli: Cli, make_day: MakeDay, tmp_path: Path) -> None:
    make_day("2024-05-17")
    make_day(
        "2024-05-17",
        title="Evening",
        headline="Museum opens",
        text="A tram museum opened in Port Lorne on Saturday, with a band and free cake.",
    )
    for title, headline in (("Morning", "Council approves tram"), ("Evening", "Museum opens")):
        assert headline in cli("show", "2024-05-17", "--title", title).stdout
        for command in (("history",), ("search", "tram")):
            (one,) = json.loads(cli(*command, "--title", title, "--format", "json").stdout)
            assert one["headline"] == headline
    several = cli("history", "remove", "2024-05-17", "--yes")
    assert (several.returncode, "there are several" in several.stderr) == (2, True)
    assert cli("history", "remove", "2024-05-17", "--title", "Evening", "-y").returncode == 0
    assert [one["title"] for one in json.loads(cli("history", "-f", "json").stdout)] == ["Morning"]


def test_a_removed_edition_takes_its_files_in_the_folder_that_is_named(
    cli: Cli, make_day: MakeDay, tmp_path: Path
) -> None:
    make_day("2024-05-17")
    file = tmp_path / "Morning" / "2024-05-17.json"
    command = ("history", "remove", "2024-05-17", "-c", "Morning.toml", "--out")
    assert "no file" in cli(*command, "elsewhere", stdin="n\n").stderr
    done = cli(*command, "Morning", "--yes")
    assert done.stdout == f"{Path('Morning') / '2024-05-17.json'}\n", done.stderr
    assert not file.exists()


@pytest.mark.slow
def test_a_number_of_hits_and_a_day_limit_a_search(cli: Cli, three_days: None) -> None:
    def days(*options: str) -> list[str]:
        return [one["date"] for one in json.loads(cli("search", "the", "--format", "json", *options).stdout)]

    assert sorted(days()) == ["2024-04-30", "2024-05-16", "2024-05-17"]
    assert len(days("--limit", "2")) == 2
    assert sorted(days("--since", "2024-05-01")) == ["2024-05-16", "2024-05-17"]
    (listed,) = (json.loads(cli("history", "-f", "json", "--since", day).stdout) for day in ("2024-05-17",))
    assert [one["date"] for one in listed] == ["2024-05-17"]


def test_a_source_is_added_with_its_name_and_section(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "briefing.toml").write_text('title = "T"\n')
    place = "https://example.org/feed"
    assert cli("sources", "add", place, "--name", "The Post", "--section", "World", "--no-check").stdout == f"{place}\n"
    assert cli("sources", "list").stdout == f"The Post\tWorld\t{place}\n"


def test_a_file_that_is_there_is_replaced_only_on_request(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("as it was")
    refused = cli("init", "mine.toml")
    assert (refused.returncode, path.read_text()) == (3, "as it was")
    assert "--force" in refused.stderr
    assert cli("init", "mine.toml", "--force").stdout == "mine.toml\n"
    assert "[[sources]]" in path.read_text("utf-8")


@pytest.mark.parametrize(("kind", "name"), [("templates", "edition.md.j2"), ("prompts", "points.j2")])
def test_copies_that_are_there_are_replaced_only_on_request(cli: Cli, tmp_path: Path, kind: str, name: str) -> None:
    first = cli(kind, "eject", "mine")
    assert str(Path("mine") / name) in first.stdout.splitlines()
    copy = tmp_path / "mine" / name
    shipped = copy.read_bytes()
    copy.write_text("edited")
    again = cli(kind, "eject", "mine")
    assert (again.returncode, again.stdout) == (0, "")
    assert copy.read_text() == "edited"
    assert cli(kind, "eject", "mine", "--overwrite").stdout == first.stdout
    assert copy.read_bytes() == shipped


@pytest.mark.parametrize("kind", ["templates", "prompts"])
def test_copies_without_a_folder_go_where_they_are_looked_for(cli: Cli, engines: Engines, kind: str) -> None:
    done = cli(kind, "eject")
    places = [Path(line) for line in done.stdout.splitlines()]
    assert places
    name = "summary.txt.j2" if kind == "templates" else "points.j2"
    (mine,) = (place for place in places if place.name == name)
    mine.write_text(MINE if kind == "templates" else f"{{{{ system }}}}\n{MINE}\n{{{{ user }}}}\n{{{{ article }}}}\n")
    shown = cli(*CONDENSING["summarise"])
    assert MINE in (shown.stdout if kind == "templates" else engines.asked)


@pytest.mark.parametrize(
    ("given", "shown"), [((), "every day at 06:30"), (("--at", "21:05"), "every day at 21:05")], ids=["usual", "at"]
)
def test_a_job_starts_at_the_time_that_is_named(
    cli: Cli, engines: Engines, tmp_path: Path, given: tuple[str, ...], shown: str
) -> None:
    (tmp_path / "briefing.toml").write_text('engine = "extractive"\n[[sources]]\npath = "story.txt"\n')
    command = ("schedule", "install", "--with", "launchd", "--no-check")
    written = []
    for options in (given, (*given, "--send")):
        done = cli(*command, *options, PATH="")
        assert done.returncode in {0, 1}, done.stderr
        (path,) = done.stdout.splitlines()
        written.append(Path(path).read_text("utf-8"))
    assert ["--send" in text for text in written] == [False, True]
    hour, minute = (f"<integer>{int(part)}</integer>" for part in shown[-5:].split(":"))
    assert re.search(rf"<key>Hour</key>\s*{hour}", written[0])
    assert re.search(rf"<key>Minute</key>\s*{minute}", written[0])
