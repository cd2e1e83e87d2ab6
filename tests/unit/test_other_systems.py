"""What Windows and macOS do otherwise, simulated: names, encodings, line ends, parts of POSIX that are not there."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import tomllib
from datetime import UTC, date, datetime
from pathlib import Path, PureWindowsPath

import pytest
from platformdirs import PlatformDirs

from briefing.address import shown
from briefing.assets import eject, environment, shipped
from briefing.config import add_sources, load_config
from briefing.config.locations import source_key
from briefing.deliver import write_atomically, write_together
from briefing.errors import ConfigError, OutputError
from briefing.render.archive import page_name
from briefing.render.edition import EDITION_FORMATS
from briefing.render.email import file_name
from briefing.store import Store
from briefing.summariser import PromptBook
from briefing.types import Source

from ..conftest import Cli
from ..factories import edition

REPOSITORY = Path(__file__).resolve().parents[2]
RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(10))}
"""Names of devices, with any ending and in any case: learn.microsoft.com, "Naming Files, Paths, and Namespaces"."""


def possible_on_windows(path: str) -> bool:
    """Whether Windows can have a file of this relative path, without the registry's setting for long paths."""
    return len(path) < 200 and all(
        part.split(".")[0].upper() not in RESERVED and not re.search(r'[<>:"\\|?*\x00-\x1f]|[. ]$', part)
        for part in path.split("/")
    )


@pytest.mark.parametrize("roaming", [True, False])
def test_a_test_has_configuration_and_data_in_a_home_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, roaming: bool
) -> None:
    """Also on Windows, where the system would be asked for these folders."""
    folders = PlatformDirs("briefing", appauthor=False, roaming=roaming)
    home = Path.home()
    assert tmp_path_factory.getbasetemp() in home.parents
    for folder in (folders.user_config_path, folders.user_data_path, folders.user_state_path):
        assert home in folder.parents


# --- names --------------------------------------------------------------------------------------------------------


def test_every_file_of_the_project_has_a_name_that_every_system_can_hold(repository: Path) -> None:
    """Also beside the others where case makes no difference (macOS, Windows)."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("this is no git checkout")
    names = listed.stdout.decode().split("\0")[:-1]
    assert [name for name in names if not possible_on_windows(name)] == []
    folded = [name.casefold() for name in names]
    assert len(folded) == len(set(folded))


@pytest.mark.parametrize(
    "title",
    ["CON", "nul.txt", "a/b", "C:\\news", "ends with a dot.", "what? <now>", "*", "x" * 300, "Zeitung: früh", ""],
)
def test_a_title_gives_page_names_that_windows_can_hold(title: str) -> None:
    assert possible_on_windows(page_name(date(2024, 5, 17), title, "News"))


def test_titles_that_differ_by_case_alone_have_pages_that_differ_by_more() -> None:
    """One file would hold both on a file system that ignores case."""
    names = {page_name(date(2024, 5, 17), title, "Other").casefold() for title in ("News", "NEWS", "news")}
    assert len(names) == 3


@pytest.mark.parametrize("reader", ["con@example.org", "a/b@example.org", '"a b?"@example.org', "a.@example.org"])
def test_a_letters_file_has_a_name_that_windows_can_hold(reader: str) -> None:
    assert possible_on_windows(file_name(edition(), reader))


def test_an_editions_files_have_names_that_windows_can_hold() -> None:
    assert all(possible_on_windows(f"2024-05-17.{ending}") for ending in EDITION_FORMATS.values())


@pytest.mark.parametrize(
    "path", [r"C:\feeds\feed.xml", "d:/feeds/feed.xml", r"\\server\share\feed.xml", r"C:feed.xml", r"..\feed.xml"]
)
def test_a_windows_path_is_a_path_and_shown_whole(path: str) -> None:
    assert PureWindowsPath(path).name == "feed.xml"
    assert source_key(path) == "path"
    assert shown(path) == path


def test_a_windows_path_with_an_address_in_it_is_shown_whole() -> None:
    """`C:` is no user's name, and what precedes the @ no password."""
    assert shown(r"C:\mail\ada@example.org.mbox") == r"C:\mail\ada@example.org.mbox"
    assert shown(r"c:\mail\ada@home") == r"c:\mail\ada@home"
    assert "s3cret" not in shown(r"a:\s3cret@mail.example.org/x")
    assert shown("ada:secret@example.org/feed") == "example.org/feed"


def test_a_windows_path_is_written_into_the_configuration_so_that_it_is_read_again(tmp_path: Path) -> None:
    place = r"C:\new\feeds\today.xml"
    text = add_sources("", [Source(location=place, name="It's news")], tmp_path / "briefing.toml")
    assert tomllib.loads(text)["sources"] == [{"path": place, "name": "It's news"}]


def test_a_backslash_that_toml_does_not_know_is_explained(tmp_path: Path) -> None:
    path = tmp_path / "briefing.toml"
    path.write_text('[[sources]]\npath = "C:\\Users\\ada\\feed.xml"\n', "utf-8")
    with pytest.raises(ConfigError) as caught:
        load_config(path)
    assert "line 2" in caught.value.subject
    assert r"'C:\folder'" in caught.value.remedy


# --- line ends ----------------------------------------------------------------------------------------------------


def test_prompts_with_crlf_are_the_same_prompts(tmp_path: Path) -> None:
    """As an editor on Windows may save a copy: the same text for the model, and nothing is condensed anew."""
    for path in eject("prompts", tmp_path):
        path.write_bytes(path.read_text("utf-8").replace("\n", "\r\n").encode())
    own, ours = (PromptBook(environment("prompts", folders)) for folders in ([tmp_path], []))
    for name in shipped("prompts"):
        if name.endswith(".j2") and ".gbnf" not in name and name not in {"languages.j2", "length.j2"}:
            assert own.fingerprint(name.removesuffix(".j2")) == ours.fingerprint(name.removesuffix(".j2"))


# --- what is not there --------------------------------------------------------------------------------------------

_WITHOUT = """
import asyncio, importlib, multiprocessing.pool, os, pkgutil, shutil, signal, socket, subprocess, sys, tempfile, time
import certifi, css_inline, feedparser, filelock, hishel, httpx, huggingface_hub, imaplib, jinja2, lxml_html_clean
import markdown, nupunkt, platformdirs, pydantic, py3langid, rich.progress, scipy.sparse, smtplib, tomlkit, trafilatura
import dateparser, sentencex, typer, tzlocal, webencodings, xllamacpp
for module in ("fcntl", "pwd", "grp", "resource", "termios", "tty", "pty", "syslog"):
    sys.modules[module] = None
for holder, names in {
    os: "fork forkpty getuid geteuid getgid getgroups getlogin uname mkfifo sched_getaffinity O_NOFOLLOW O_NOATIME "
        "O_DIRECTORY O_CLOEXEC sysconf chown statvfs WNOHANG register_at_fork getpgid setsid killpg umask",
    signal: "SIGALRM SIGHUP SIGKILL SIGQUIT SIGUSR1 SIGUSR2 SIGCHLD SIGPIPE alarm setitimer pthread_sigmask sigwait",
    socket: "AF_UNIX",
    time: "tzset",
}.items():
    for name in names.split():
        if hasattr(holder, name):
            delattr(holder, name)
"""
"""Others' modules have been loaded by then: there are other builds of them on Windows."""


@pytest.mark.slow
def test_every_module_is_imported_and_an_edition_made_without_what_posix_alone_has(
    sample: Path, tmp_path: Path
) -> None:
    code = """
import briefing
for one in pkgutil.walk_packages(briefing.__path__, "briefing."):
    if one.name != "briefing.__main__":
        importlib.import_module(one.name)
sys.argv = ["briefing", *sys.argv[1:]]
briefing.cli.main()
"""
    (tmp_path / "briefing.toml").write_text(
        f"engine = 'extractive'\n[[sources]]\npath = '{(sample / 'text' / 'ever-given-refloated.txt').as_posix()}'\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _WITHOUT + code, "run", "--offline", "--since", ""],
        cwd=tmp_path, capture_output=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix for path in (tmp_path / "briefings").iterdir()) == [".html", ".md"]


# --- files that are open ------------------------------------------------------------------------------------------


@pytest.fixture
def open_files_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, no file is removed or replaced while this process has it open, and there is no `flock`."""
    if not Path("/proc/self/fd").is_dir():
        pytest.skip("this system does not list the files that are open")
    unlink, replace = Path.unlink, Path.replace

    def refuse_open(path: Path) -> None:
        try:
            asked = path.lstat()
        except FileNotFoundError:
            return
        for entry in Path("/proc/self/fd").iterdir():
            try:
                there = entry.stat()
            except OSError:  # of the listing itself
                continue
            if (there.st_dev, there.st_ino) == (asked.st_dev, asked.st_ino):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    def checked_unlink(self: Path, missing_ok: bool = False) -> None:
        refuse_open(self)
        unlink(self, missing_ok)

    def checked_replace(self: Path, target: Path) -> Path:
        refuse_open(self)
        refuse_open(Path(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "unlink", checked_unlink)
    monkeypatch.setattr(Path, "replace", checked_replace)
    monkeypatch.setitem(sys.modules, "fcntl", None)


@pytest.mark.usefixtures("open_files_stay")
def test_no_temporary_file_is_left_where_open_files_cannot_be_removed(tmp_path: Path) -> None:
    for text in ("old", "new"):
        write_together([(tmp_path / "a.md", text), (tmp_path / "b.html", text)])
        assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.md": text, "b.html": text}


@pytest.mark.usefixtures("open_files_stay")
def test_leftovers_of_an_hour_ago_are_removed_where_open_files_cannot_be(tmp_path: Path) -> None:
    old, running = (tmp_path / f".briefing-{token * 16}" for token in "ab")
    for stem, age in ((old, 7200), (running, 60)):
        for path in (stem.with_name(f"{stem.name}.tmp"), stem.with_name(f"{stem.name}-0.tmp")):
            path.touch()
            os.utime(path, (path.stat().st_mtime - age,) * 2)
    write_atomically(tmp_path / "a.md", "new")
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == [f"{running.name}-0.tmp", f"{running.name}.tmp", "a.md"]


@pytest.mark.usefixtures("open_files_stay")
def test_a_page_that_another_program_has_open_is_named_and_stays(tmp_path: Path) -> None:
    files = [(tmp_path / "a.md", "new"), (tmp_path / "b.html", "new")]
    for path, _ in files:
        path.write_text("old")
    with (tmp_path / "b.html").open(), pytest.raises(OutputError) as caught:
        write_together(files)
    assert caught.value.subject == str(tmp_path / "b.html")
    assert [path.read_text() for path, _ in files] == ["old", "old"]
    write_together(files)  # also removes the second name of the page, which could not be removed either
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"a.md": "new", "b.html": "new"}


@pytest.mark.usefixtures("open_files_stay")
def test_a_state_file_is_made_copied_and_mended_where_open_files_cannot_be_replaced(tmp_path: Path) -> None:
    from briefing.store.backup import keep_copy, repair

    state, now = tmp_path / "state.db", datetime(2024, 5, 17, tzinfo=UTC)
    for _ in range(2):
        with Store(state) as store:
            store.put_edition(date(2024, 5, 17), "News", "{}", now)
            keep_copy(store)
    state.write_bytes(b"rubbish" * 1000)
    assert repair(state, now)
    with Store(state) as store:
        assert store.editions() == [(date(2024, 5, 17), "News", "")]
    names = {path.name for path in tmp_path.iterdir()}
    assert not [name for name in names if "unfinished" in name]


# --- other places and zones ---------------------------------------------------------------------------------------


def test_files_are_written_where_the_temporary_folder_is_on_another_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is made in the system's temporary folder and moved from there: that fails across devices (EXDEV)."""
    replace = os.replace

    def within_a_folder(source: str | Path, target: str | Path) -> None:
        if Path(source).resolve().parent != Path(target).resolve().parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        replace(source, target)

    monkeypatch.setattr(os, "replace", within_a_folder)
    monkeypatch.setattr(Path, "replace", within_a_folder)
    monkeypatch.setattr(Path, "rename", within_a_folder)
    write_together([(tmp_path / "out" / "a.md", "new"), (tmp_path / "out" / "deep" / "b.html", "new")])
    assert (tmp_path / "out" / "deep" / "b.html").read_text() == "new"


def test_time_zones_are_known_without_those_of_the_system(tmp_path: Path) -> None:
    """Windows has none; the package tzdata is a dependency."""
    done = subprocess.run(
        [sys.executable, "-c", "from briefing.config.validators import is_timezone as is_one\n"
         "print(is_one('Europe/Berlin'), is_one('Asia/Kathmandu'), is_one('Mars/Base'))"],
        env={**os.environ, "PYTHONTZPATH": str(tmp_path)}, capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["True", "True", "False"]


@pytest.mark.parametrize("system", ["C", "cp1252"])
def test_files_are_utf8_whatever_the_system_would_choose(system: str, process: Cli, tmp_path: Path) -> None:
    name = "Zażółć → 日本"
    story = f"{name} approves tram line\n\nThe council voted 31 to 14 on Tuesday for a tram line to “{name}”.\n\n" * 3
    (tmp_path / "story.txt").write_text(story, "utf-8")
    (tmp_path / "briefing.toml").write_text(
        f"title = '{name}'\nengine = 'extractive'\nformats = ['md', 'html', 'json']\n[[sources]]\npath = 'story.txt'\n",
        "utf-8",
    )
    variables = {"PYTHONUTF8": "0", "LC_ALL": "C", "LANG": "C", "PYTHONCOERCECLOCALE": "0"}
    done = process("run", "--offline", **variables, PYTHONIOENCODING="ascii" if system == "C" else "cp1252")
    assert done.returncode == 0, done.stderr
    written = list((tmp_path / "briefings").iterdir())
    assert len(written) == 3
    assert all(name in path.read_bytes().decode("utf-8") for path in written)
