"""``--offline`` leaves the network alone; and what never needs it does not use it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from briefing.testing.server import Server

from ..conftest import Cli
from .news import TOWNS, edition, text, towns
from .parts import Configure

HUB = "huggingface.co"


@pytest.fixture
def web() -> Iterator[Server]:
    """A feed, whose item has a page, and a page on its own."""
    with Server() as server:
        item = f"<item><title>Benton plans it</title><link>{server.url('/Benton')}</link></item>"
        feed = f'<rss version="2.0"><channel><title>Feed</title>{item}</channel></rss>'
        server.serves("/feed", feed, type="application/rss+xml")
        for town in TOWNS[1:3]:
            page = f"<html><head><title>{town}</title></head><body><article><p>{text(town)}</p></article></body></html>"
            server.serves(f"/{town}", page)
        yield server


MAIL = """[mail]
host = "mail.example.org"
sender = "ann@example.org"
retries = []
[[mail.recipients]]
address = "bob@example.org"
"""


@pytest.fixture
def everything(web: Server, configure: Configure) -> Any:
    """Writes a configuration with every kind of source, and a mail server."""
    sources = (
        f'{MAIL}\n[[sources]]\npath = "in"\n'
        f'[[sources]]\nurl = "{web.url("/feed")}"\nallow_local = true\n'
        f'[[sources]]\nurl = "{web.url("/Corfield")}"\nallow_local = true\nkind = "page"\n'
        '[[sources]]\nurl = "https://news.example.org/feed.xml"\n'
        '[[sources]]\nimap = "imaps://ann@imap.example.org/INBOX"\n'
    )

    def write(*settings: str) -> None:
        configure('engine = "extractive"', 'since = ""', 'wait = ""', *settings, towns=TOWNS[:1], sources=sources)

    return write


PASSWORD = {"BRIEFING_IMAP_PASSWORD": "secret"}


@pytest.mark.parametrize(("setting", "option"), [("", ("--offline",)), ("offline = true", ())])
def test_an_offline_run_reads_what_is_on_the_disk_and_touches_no_network(
    cli: Cli, everything: Any, web: Server, reached: list[str], tmp_path: Path, setting: str, option: tuple[str, ...]
) -> None:
    everything(setting)
    done = cli("run", *option, **PASSWORD)
    assert (reached, web.connections) == ([], 0)
    assert done.returncode == 1, done.stderr
    assert towns(tmp_path) == ["Aldbury"]
    causes = {failure["subject"]: failure["cause"] for failure in edition(tmp_path)["failures"]}
    assert len(causes) == 4
    assert set(causes.values()) == {"the run is offline"}


def test_a_run_with_the_network_reaches_all_of_its_sources(
    cli: Cli, everything: Any, web: Server, reached: list[str], tmp_path: Path
) -> None:
    everything()
    cli("run", **PASSWORD)
    assert set(reached) == {"127.0.0.1", "news.example.org", "imap.example.org"}
    assert {request.path for request in web.requests} == {"/feed", "/Benton", "/Corfield"}
    assert set(towns(tmp_path)) == {"Aldbury", "Benton", "Corfield"}


@pytest.mark.slow
def test_an_offline_run_sends_no_letters_and_a_later_one_does(cli: Cli, everything: Any, reached: list[str]) -> None:
    everything()
    done = cli("run", "--send", "--offline", **PASSWORD)
    assert reached == []
    assert "Not sent to bob@example.org yet: the run is offline" in done.stderr
    assert done.returncode == 5
    everything("offline = true")
    assert cli("send").returncode == 5
    assert cli("send", "--check").returncode == 2
    assert reached == []
    everything()
    cli("send")
    assert set(reached) == {"mail.example.org"}


@pytest.mark.parametrize("command", ["summarise", "compare", "sources check"])
def test_other_commands_that_read_sources_touch_no_network_offline(
    cli: Cli, everything: Any, web: Server, reached: list[str], command: str
) -> None:
    everything()
    arguments = {
        "summarise": ("summarise", web.url("/Corfield"), "--engine", "extractive", "--allow-local"),
        "compare": ("compare", web.url("/Corfield"), "-m", "m-1", "-m", "m-2", "--allow-local"),
        "sources check": ("sources", "check"),
    }[command]
    if command == "compare":
        arguments = (*arguments, "--base-url", web.url("/v1"))
    done = cli(*arguments, "--offline", **PASSWORD)
    assert (reached, web.connections) == ([], 0)
    assert "the run is offline" in done.stdout + done.stderr
    cli(*arguments, **PASSWORD)
    assert "127.0.0.1" in reached
    assert web.seen("/Corfield")


# --- models --------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh_hub_library() -> Iterator[None]:
    """The library as a process finds it: it reads its environment variables when it is imported."""

    def loaded() -> list[str]:
        return [name for name in sys.modules if name.partition(".")[0] == "huggingface_hub"]

    before = {name: sys.modules.pop(name) for name in loaded()}
    yield
    for name in loaded():  # those of two imports do not fit together
        del sys.modules[name]
    sys.modules.update(before)


MODELS = {
    "catalogue": ("smollm2-135m", {HUB}),
    "hub": ("somebody/some-model", {HUB}),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.usefixtures("fresh_hub_library")
def test_no_model_is_pulled_offline(
    cli: Cli, configure: Configure, reached: list[str], tmp_path: Path, kind: str
) -> None:
    name, places = MODELS[kind]
    models = tmp_path / "models"
    folder = {"BRIEFING_MODELS": str(models)}
    configure(f'model = "{name}"', f"models = '{models}'", towns=TOWNS[:1])
    for command in (("run",), ("summarise", "in/Aldbury.txt", "--model", name), ("models", "pull", name)):
        done = cli(*command, "--offline", **folder)
        assert reached == [], command
        assert done.returncode == 3, done.stderr
        assert "the network is not to be used" in done.stderr
    cli("models", "pull", name, **folder)
    assert set(reached) >= places
    reached.clear()
    cli("run", **folder)
    assert set(reached) >= places


def test_no_model_is_added_from_the_hub_offline(cli: Cli, reached: list[str], tmp_path: Path) -> None:
    folder = {"BRIEFING_MODELS": str(tmp_path / "models")}
    done = cli("models", "add", "somebody/some-model:small.gguf", "--offline", **folder)
    assert (reached, done.returncode) == ([], 3)
    cli("models", "add", "somebody/some-model:small.gguf", **folder)
    assert set(reached) == {HUB}


def test_no_server_elsewhere_is_asked_offline(
    cli: Cli, configure: Configure, reached: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    configure('base_url = "https://models.example.org/v1"', 'model = "m-1"', towns=TOWNS[:1])
    assert cli("run", "--offline").returncode == 2
    assert reached == []
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between the attempts
    cli("run")
    assert set(reached) == {"models.example.org"}


# --- what needs no network -----------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("archive",),
        ("history",),
        ("show",),
        ("search", "tram"),
        ("send", "--dry-run"),
        ("run", "--check"),
        ("sources", "list"),
        ("models", "list"),
        ("models", "recommend"),
        ("doctor",),
    ],
    ids=" ".join,
)
def test_what_needs_no_network_uses_none(
    cli: Cli, everything: Any, web: Server, reached: list[str], tmp_path: Path, command: tuple[str, ...]
) -> None:
    models = tmp_path / "models"
    everything(f"models = '{models}'")
    cli("run", "--offline", **PASSWORD)
    done = cli(*command, **PASSWORD)
    assert done.returncode == 0, done.stderr
    assert (reached, web.connections) == ([], 0)
