"""Files that belong together: all take their places, or none does, and the message says what is there."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.deliver import write_atomically, write_together
from briefing.errors import OutputError

from ..conftest import Cli


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A folder with two files of an earlier run."""
    folder = tmp_path / "out"
    folder.mkdir()
    for name in ("a.md", "b.html"):
        (folder / name).write_text(f"old {name}")
    return folder


def texts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.is_file()}


OLD = {"a.md": "old a.md", "b.html": "old b.html"}


def test_write_together_writes_all_files(old: Path) -> None:
    write_together([(old / "a.md", "new"), (old / "b.html", b"new"), (old / "deep" / "c.txt", "new")])
    assert texts(old) == {"a.md": "new", "b.html": "new"}
    assert texts(old / "deep") == {"c.txt": "new"}


def test_write_together_takes_linear_time(tmp_path: Path) -> None:
    def steps(count: int) -> int:
        """Functions that are called to write so many files."""
        called = 0

        def note(frame: object, event: str, argument: object) -> None:
            nonlocal called
            called += event == "call"

        sys.setprofile(note)
        try:
            write_together([(tmp_path / str(count) / str(n), "x") for n in range(count)])
        finally:
            sys.setprofile(None)
        return called

    assert steps(160) < 2.2 * steps(80)


def test_a_folder_at_the_last_path_changes_no_file(old: Path) -> None:
    (old / "c.txt").mkdir()
    with pytest.raises(OutputError) as caught:
        write_together([(old / "a.md", "new"), (old / "d.json", "new"), (old / "c.txt", "new")])
    assert texts(old) == OLD
    assert str(caught.value) == (
        f"{old / 'c.txt'}: is a folder. Name a file, or move the folder away. No file was changed: as before is "
        f"{old / 'a.md'}; not there is {old / 'd.json'}."
    )


@pytest.mark.posix
def test_a_disk_that_is_full_after_the_first_file_changes_none(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(100)
    write_together([(disk / "a.md", "old"), (disk / "b.html", "old")])
    with pytest.raises(OutputError, match=r"No space left.*No file was changed: as before are .*a\.md, .*b\.html"):
        write_together([(disk / "a.md", "new"), (disk / "b.html", "x" * 200_000)])
    assert texts(disk) == {"a.md": "old", "b.html": "old"}


def test_an_error_between_two_renames_is_rolled_back(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target.name == "b.html" and ".tmp" in self.name:
            raise OSError(5, "Input/output error")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(OutputError, match="No file was changed"):
        write_together([(old / "a.md", "new"), (old / "c.txt", "new"), (old / "b.html", "new")])
    assert texts(old) == OLD


def test_a_failed_rollback_names_new_and_old_files(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target.name == "b.html":
            raise OSError(5, "Input/output error")
        return replace(self, target)

    def refuse(self: Path, target: Path) -> None:
        raise OSError(1, "no links on this disk")

    monkeypatch.setattr(Path, "replace", failing)
    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(OutputError) as caught:
        write_together([(old / "a.md", "new"), (old / "b.html", "new")])
    assert texts(old) == OLD | {"a.md": "new"}
    assert f"run again. New is {old / 'a.md'}; as before is {old / 'b.html'}" in caught.value.remedy


_KILLED_AT = """
import os, signal, sys
from pathlib import Path
from briefing.deliver import write_together
replace, left = Path.replace, int(sys.argv[2])
def killing(self, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = killing
out = Path(sys.argv[1])
write_together([(out / name, "new") for name in ("a.md", "b.html", "c.txt")])
"""


@pytest.mark.posix
@pytest.mark.parametrize("renames", [0, 1, 2])
def test_after_a_kill_between_two_renames_files_are_whole_and_the_next_run_repairs(old: Path, renames: int) -> None:
    done = subprocess.run([sys.executable, "-c", _KILLED_AT, str(old), str(renames)], check=False)
    assert done.returncode == -signal.SIGKILL
    found = {name: text for name, text in texts(old).items() if not name.startswith(".")}
    assert found == OLD | dict.fromkeys(["a.md", "b.html"][:renames], "new")
    write_together([(old / name, "new") for name in ("a.md", "b.html", "c.txt")])
    assert texts(old) == dict.fromkeys(["a.md", "b.html", "c.txt"], "new")  # and no leftover


@pytest.mark.posix
def test_two_names_of_one_file_are_refused(old: Path) -> None:
    (old / "c.txt").symlink_to("a.md")
    with pytest.raises(OutputError, match="is the same file as"):
        write_together([(old / "a.md", "new"), (old / "c.txt", "new")])
    assert (old / "a.md").read_text() == "old a.md"


@pytest.mark.posix
def test_a_dangling_link_gets_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link.md"
    link.symlink_to("elsewhere/real.md")
    write_atomically(link, "new")
    assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "real.md").read_text() == "new"


@pytest.mark.posix
def test_circular_links_are_an_error_and_change_nothing(old: Path) -> None:
    (old / "c.txt").symlink_to("d.txt")
    (old / "d.txt").symlink_to("c.txt")
    with pytest.raises(OutputError, match="lead in a circle"):
        write_together([(old / "a.md", "new"), (old / "c.txt", "new")])
    assert (old / "a.md").read_text() == "old a.md"


@pytest.mark.posix
def test_a_device_is_written_to_and_stays(tmp_path: Path) -> None:
    (tmp_path / "nowhere.md").symlink_to(os.devnull)
    write_together([(tmp_path / "nowhere.md", "new"), (tmp_path / "b.html", "new")])
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)
    assert (tmp_path / "nowhere.md").is_symlink()
    assert (tmp_path / "b.html").read_text() == "new"


_TO_STREAM = """
import sys
from pathlib import Path
from briefing.deliver import write_atomically
write_atomically(Path(sys.argv[1]), "new")
"""


@pytest.mark.posix
@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1"])
def test_dev_stdout_is_appended_to(tmp_path: Path, name: str) -> None:
    if not Path(name).exists():
        pytest.skip("this system has no such name")
    command = [sys.executable, "-c", _TO_STREAM, name]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "new"
    target = tmp_path / "log.txt"
    target.write_text("before, ")
    with target.open("a") as file:
        subprocess.run(command, stdout=file, check=True)
    assert target.read_text() == "before, new"


@pytest.mark.slow
@pytest.mark.posix
def test_a_run_that_cannot_write_one_format_leaves_the_old_edition_and_says_so(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("Trams\n\nThe council voted 31 to 14 on Tuesday for a tram line.")
    run = ("run", "-s", "story.txt", "--engine", "extractive", "--date", "2024-05-17", "-f", "md", "-f", "html")
    assert cli(*run).returncode == 0
    out = tmp_path / "briefings"
    before = texts(out)
    (tmp_path / "story.txt").write_text("Trams\n\nThe council voted 41 to 4 on Monday against a tram line.")
    (out / "2024-05-17-ad-hoc.txt").mkdir()
    done = cli(*run, "-f", "text")
    assert done.returncode == 3
    assert "2024-05-17-ad-hoc.txt: is a folder." in done.stderr
    assert "No file was changed: as before are" in done.stderr
    assert texts(out) == before
    (out / "2024-05-17-ad-hoc.txt").rmdir()
    assert cli(*run, "-f", "text").returncode == 0
    assert all("41 to 4" in text for text in texts(out).values())


@pytest.mark.slow
@pytest.mark.posix
def test_an_archive_changes_as_a_whole(cli: Cli, tmp_path: Path) -> None:
    for day, story in (
        (16, "The council voted 31 to 14 on Tuesday for a tram line."),
        (17, "A bridge fell on Monday."),
    ):
        (tmp_path / "story.txt").write_text(f"News of May {day}\n\n{story} Nobody was there to see it, the mayor said.")
        (tmp_path / "briefing.toml").write_text("engine = 'extractive'\n[[sources]]\npath = 'story.txt'\n")
        assert cli("run", "--date", f"2024-05-{day}", "-f", "md").returncode == 0
        if day == 16:
            assert cli("archive", "--out", "site").returncode == 0
    site = tmp_path / "site"
    before = texts(site)
    (site / "search.js").unlink()
    (site / "search.js").mkdir()
    del before["search.js"]
    assert cli("archive", "--out", "site").returncode == 3
    assert texts(site) == before
    (site / "search.js").rmdir()
    assert cli("archive", "--out", "site").returncode == 0
    assert "2024-05-17" in texts(site)["index.html"]
