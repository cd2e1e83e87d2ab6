"""`briefing doctor`: every check says what it looked at or what is broken; so does the exit code."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import struct
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from briefing.store.lock import run_lock

from ..conftest import Cli

CHECKS = [
    "configuration", "sources", "model", "engine", "editions", "state", "prompts and templates", "extras", "schedule",
]  # fmt: skip
STORY = "Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line to the hospital, ending a long dispute."
WELL = 'engine = "extractive"\nstate = "state.db"\n[[sources]]\npath = "story.txt"\n'


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """The configuration of a run that goes well."""
    (tmp_path / "story.txt").write_text(STORY)
    path = tmp_path / "briefing.toml"
    path.write_text(WELL)
    return path


@pytest.fixture
def after_a_run(cli: Cli, configured: Path) -> Path:
    """The state file after a run, and its copy."""
    assert cli("run", "--date", "2024-05-17").returncode == 0
    return configured.with_name("state.db")


WITHOUT_A_CONFIGURATION = ["configuration", "state", "extras", "schedule"]
"""The checks that do not go by it."""


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, tuple[str, str]]:
    """Of each check ``ok`` or ``broken``, and what is said; the exit code agrees with them, and no check is missing."""
    first, *lines = done.stdout.splitlines()
    assert re.match(r"briefing \d\S*, Python 3\.\d+\.\d+, \w+, \w+", first)
    found = {}
    for line in lines:
        verdict, rest = line[:8].strip(), line[8:]
        name, said = rest.split(": ", 1)
        found[name] = (verdict, said)
    named = [name for name in found if name not in {"embeddings", "mail", "push"}]
    assert named == CHECKS or (named, found["configuration"][0]) == (WITHOUT_A_CONFIGURATION, "broken")
    assert {verdict for verdict, _ in found.values()} <= {"ok", "broken"}
    assert done.returncode == any(verdict == "broken" for verdict, _ in found.values())
    assert done.stderr == ""
    return found


def broken(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    return {name: said for name, (verdict, said) in checks(done).items() if verdict == "broken"}


@pytest.mark.slow
def test_each_check_says_what_it_looked_at(cli: Cli, configured: Path) -> None:
    done = cli("doctor")
    found = checks(done)
    assert done.returncode == 0
    assert found["configuration"] == ("ok", "briefing.toml")
    assert found["sources"] == ("ok", "1; `briefing sources check` reads them")
    assert found["model"] == ("ok", "none; extractive needs none")
    assert re.fullmatch(r"extractive \(usable: .*extractive.*llama.*openai.*\); \d+ physical cores", found["engine"][1])
    assert found["editions"] == ("ok", "in the folder briefings")
    assert found["state"] == ("ok", f"{configured.with_name('state.db')}; it is not there yet")
    assert int(found["prompts and templates"][1].removesuffix(" files")) > 20
    assert sorted(path.name for path in configured.parent.iterdir()) == ["briefing.toml", "story.txt"]


def test_without_a_configuration_the_way_to_one_is_said(cli: Cli) -> None:
    found = checks(cli("doctor"))
    assert found["configuration"] == ("ok", "none; `briefing init` makes one (not needed with --source)")
    assert found["sources"] == ("ok", "none")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "briefing.toml: "),
        (WELL.replace("engine", "engin"), "Did you mean `engine`?"),
        (
            f"{WELL}[mail]\nhosts = 'smtp.example.org'\n",
            "line 6, mail.hosts: there is no such key. Did you mean `host`?",
        ),
        ("\xff", "briefing.toml: "),
    ],
)
def test_a_configuration_that_cannot_be_read_is_broken_and_the_rest_is_looked_at(
    cli: Cli, configured: Path, text: str, said: str
) -> None:
    configured.write_bytes(text.encode("latin-1"))
    assert said in broken(cli("doctor"))["configuration"]


@pytest.mark.slow
def test_the_configuration_that_is_named_is_looked_at(cli: Cli, configured: Path) -> None:
    other = configured.with_name("other.toml")
    other.write_text(WELL.replace("story", "gone").replace("state.db", "other.db"))
    found = broken(cli("doctor", "--config", "other.toml"))
    assert list(found) == ["sources"]
    assert "gone.txt: there is no such file or folder" in found["sources"]
    assert "nothing.toml" in broken(cli("doctor", "-c", "nothing.toml"))["configuration"]
    assert checks(cli("doctor", "--state", "mine.db"))["state"][1] == "mine.db; it is not there yet"


@pytest.mark.slow
def test_a_missing_model_is_pulled_by_the_next_run_or_broken_offline(cli: Cli, configured: Path) -> None:
    configured.write_text(WELL.replace('engine = "extractive"', 'models = "models"'))
    verdict, said = checks(cli("doctor"))["model"]
    assert (verdict, "qwen2.5-coder-1.5b" in said, "the next run" in said) == ("ok", True, True)
    configured.write_text(WELL.replace('engine = "extractive"', 'models = "models"\noffline = true'))
    assert "briefing models pull qwen2.5-coder-1.5b" in broken(cli("doctor"))["model"]
    configured.write_text(WELL.replace('engine = "extractive"', 'model = "nowhere.gguf"'))
    assert "nowhere.gguf: there is no such file" in broken(cli("doctor"))["model"]


def test_a_file_that_is_no_model_is_broken_whatever_its_name(cli: Cli, configured: Path) -> None:
    configured.with_name("mine.gguf").write_bytes(b"no model")
    for name in ("story.txt", "mine.gguf"):
        configured.write_text(WELL.replace('engine = "extractive"', f'model = "{name}"'))
        assert f"{name}: it is not a GGUF file" in broken(cli("doctor"))["model"]


@pytest.mark.slow
def test_embeddings_are_looked_at_where_they_are_set(cli: Cli, configured: Path) -> None:
    assert "embeddings" not in checks(cli("doctor"))
    configured.with_name("own.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    configured.write_text(f'embeddings = "own.gguf"\n{WELL}')
    assert checks(cli("doctor"))["embeddings"] == ("ok", f"own.gguf is at {configured.with_name('own.gguf')}")


def test_a_prompt_or_template_of_ones_own_that_is_broken_is_named_with_its_line(cli: Cli, configured: Path) -> None:
    for kind, name in (("prompts", "points.j2"), ("templates", "edition.md.j2")):
        folder = configured.with_name(kind)
        folder.mkdir()
        (folder / name).write_text("first line\n{% if %}\n")
        configured.write_text(f'{kind} = "{kind}"\n{WELL}')
        found = broken(cli("doctor"))
        assert list(found) == ["prompts and templates"]
        assert re.search(rf"{re.escape(str(folder / name))}\D+2\b", found["prompts and templates"])


def test_an_edition_folder_that_cannot_be_made_is_broken(cli: Cli, configured: Path) -> None:
    configured.write_text(f'out = "story.txt/editions"\n{WELL}')
    assert list(broken(cli("doctor"))) == ["editions"]


_AS_NOBODY = """
import os, sys
from briefing.cli import main
try:
    main()  # which imports what nobody else may be able to read
except SystemExit:
    print("as nobody")
if os.geteuid() == 0:
    os.setgroups([]), os.setgid(65534), os.setuid(65534)
main()
"""


@pytest.mark.slow
@pytest.mark.posix
def test_files_and_folders_without_permission_are_broken() -> None:
    with tempfile.TemporaryDirectory() as name:  # not below tmp_path, which only its owner may enter
        folder = Path(name)
        (folder / "briefing.toml").write_text('engine = "extractive"\nstate = "deep/state.db"\n')
        (folder / "deep").mkdir()
        for closed in (folder / "deep", folder):
            closed.chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, "doctor"],
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
            env={name: value for name, value in os.environ.items() if "COV" not in name},  # nobody may write its data
        )
        for closed in (folder, folder / "deep"):
            closed.chmod(0o755)
    done.stdout = done.stdout.partition("as nobody\n")[2]
    found = broken(done)
    for name in ("editions", "state"):
        assert "Permission denied" in found[name]


@pytest.mark.slow
def test_nothing_is_asked_over_the_network(cli: Cli, configured: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: object) -> None:
        raise AssertionError("the doctor used the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)
    configured.write_text(
        'model = "m"\nbase_url = "http://127.0.0.1:9/v1"\n'
        '[[sources]]\nurl = "https://example.org/feed"\n[mail]\nhost = "smtp.example.org"\nsender = "d@example.org"\n'
    )
    found = checks(cli("doctor"))
    assert found.pop("mail")[0] == "broken"  # it has no readers
    assert found["sources"] == ("ok", "1; `briefing sources check` reads them")
    assert found["model"] == ("ok", "m on the server http://127.0.0.1:9/v1 (which was not asked)")


@pytest.mark.slow
def test_a_sound_state_file_and_its_copy_are_named_and_a_repair_changes_nothing(cli: Cli, after_a_run: Path) -> None:
    before = {path.name: path.read_bytes() for path in after_a_run.parent.glob("state.db*")}
    for options in ((), ("--repair",)):
        verdict, said = checks(cli("doctor", *options))["state"]
        assert (verdict, said.startswith(f"{after_a_run}, with the good copy of ")) == ("ok", True)
        now = {path.name: path.read_bytes() for path in after_a_run.parent.glob("state.db*")}
        assert {name: now[name] for name in before} == before


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "emptied", "overwritten"])
def test_a_damaged_state_file_is_named_and_put_back_by_a_repair(cli: Cli, after_a_run: Path, damage: str) -> None:
    whole = after_a_run.read_bytes()
    spoilt = {"cut": whole[:20_000], "emptied": b"", "overwritten": b"\xff" * 4096 + whole[4096:]}[damage]
    after_a_run.write_bytes(spoilt)
    for _ in range(2):  # looking changes nothing
        said = broken(cli("doctor"))["state"]
        assert f"{after_a_run}: is damaged" in said
        assert "`briefing doctor --repair` puts back the good copy of " in said
        assert after_a_run.read_bytes() == spoilt
    found = checks(cli("doctor", "--repair"))["state"]
    (kept,) = after_a_run.parent.glob("state.db.damaged-*")
    assert found[0] == "ok"
    assert re.search(rf"the good copy of .* was put back; the damaged file is {re.escape(str(kept))}$", found[1])
    assert kept.read_bytes() == spoilt
    assert cli("history").stdout.startswith("2024-05-17")
    assert "was put back" not in cli("doctor", "--repair").stdout


@pytest.mark.slow
def test_without_a_copy_a_repair_only_sets_the_damaged_file_aside(cli: Cli, after_a_run: Path) -> None:
    after_a_run.with_name("state.db.backup").unlink()
    after_a_run.write_bytes(after_a_run.read_bytes()[:20_000])
    assert "no good copy" in broken(cli("doctor"))["state"]
    verdict, said = checks(cli("doctor", "--repair"))["state"]
    assert (verdict, "the next run makes a new one; the damaged file is " in said) == ("ok", True)
    assert not after_a_run.exists()
    assert len(list(after_a_run.parent.glob("state.db.damaged-*"))) == 1
    assert cli("history").returncode == 3


@pytest.mark.slow
def test_a_state_file_that_is_gone_is_put_back_by_a_repair(cli: Cli, after_a_run: Path) -> None:
    after_a_run.unlink()
    verdict, said = checks(cli("doctor"))["state"]
    assert (verdict, "it is not there yet (`briefing doctor --repair` puts back " in said) == ("ok", True)
    assert not after_a_run.exists()
    assert "was put back" in checks(cli("doctor", "--repair"))["state"][1]
    assert cli("history").stdout.startswith("2024-05-17")


@pytest.mark.slow
def test_a_state_file_of_a_newer_version_is_not_damaged(cli: Cli, after_a_run: Path) -> None:
    with closing(sqlite3.connect(after_a_run)) as connection:
        connection.execute("PRAGMA user_version = 9999")
        connection.commit()
    for options in ((), ("--repair",)):
        said = broken(cli("doctor", *options))["state"]
        assert "newer" in said
        assert "damaged" not in said
    assert not list(after_a_run.parent.glob("state.db.damaged-*"))


@pytest.mark.slow
def test_no_repair_while_a_run_is_at_work(cli: Cli, after_a_run: Path) -> None:
    spoilt = after_a_run.read_bytes()[:20_000]
    after_a_run.write_bytes(spoilt)
    with run_lock(after_a_run):
        assert "another run" in broken(cli("doctor", "--repair"))["state"]
    assert after_a_run.read_bytes() == spoilt
