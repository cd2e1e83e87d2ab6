"""Files are written whole or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from briefing.deliver import AtomicWrites, check_writable, write_atomically, write_stdout
from briefing.deliver import atomic as together_module
from briefing.errors import OutputError


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    write_atomically(tmp_path / "a" / "b.md", "Grüße\n")
    assert (tmp_path / "a" / "b.md").read_text("utf-8") == "Grüße\n"
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.md"]


def test_a_file_that_is_there_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "b.md").write_text("old")
    write_atomically(tmp_path / "b.md", b"new")
    assert (tmp_path / "b.md").read_text() == "new"


@pytest.mark.parametrize("name", [".", "file/below.md"])
def test_what_cannot_be_written_is_a_clear_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path / name, "text")
    assert str(tmp_path) in str(caught.value)


def test_check_writable(tmp_path: Path) -> None:
    check_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        check_writable(tmp_path / "file" / "below")


_LIMITED = """
import resource, signal, sys
from pathlib import Path
from briefing.deliver import write_atomically
from briefing.errors import OutputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_atomically(Path(sys.argv[1]), "x" * 100_000)
except OutputError as error:
    print(error)
"""


@pytest.mark.posix
def test_a_write_that_fails_halfway_keeps_the_old_file_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    target = tmp_path / "edition.md"
    target.write_text("yesterday's")
    done = subprocess.run([sys.executable, "-c", _LIMITED, str(target)], capture_output=True, text=True, check=True)
    assert str(target) in done.stdout
    assert target.read_text() == "yesterday's"
    assert [path.name for path in tmp_path.iterdir()] == ["edition.md"]


@pytest.mark.posix
def test_a_full_disk_is_a_clear_error(small_disk: Callable[[int], Path]) -> None:
    disk = small_disk(100)
    write_atomically(disk / "edition.md", "yesterday's")
    with pytest.raises(OutputError) as caught:
        write_atomically(disk / "edition.md", "x" * 200_000)
    assert (disk / "edition.md").read_text() == "yesterday's"
    assert [path.name for path in disk.iterdir()] == ["edition.md"]
    assert "No space left" in caught.value.cause
    assert "Free some space" in caught.value.remedy


_AS_NOBODY = """
import os, sys
from pathlib import Path
from briefing.deliver import write_atomically
from briefing.errors import OutputError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    write_atomically(Path(sys.argv[1]), "new")
except OutputError as error:
    print(error)
"""


@pytest.mark.posix
def test_a_folder_without_permission_is_a_clear_error_and_the_old_file_stays() -> None:
    with tempfile.TemporaryDirectory() as name:  # not below tmp_path, which only its owner may enter
        target = Path(name) / "edition.md"
        target.write_text("old")
        Path(name).chmod(0o555)
        done = subprocess.run(
            [sys.executable, "-c", _AS_NOBODY, str(target)], capture_output=True, text=True, check=True
        )
        Path(name).chmod(0o755)
        assert target.read_text() == "old"
    assert done.stdout.startswith(f"{target}: cannot be written: Permission denied")


@pytest.mark.posix
def test_a_new_file_has_the_permissions_of_the_umask_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "new", "text")
    finally:
        os.umask(before)
    (tmp_path / "secret").touch(0o600)
    write_atomically(tmp_path / "secret", "text")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    assert modes == {"new": 0o640, "secret": 0o600}


@pytest.mark.posix
def test_a_link_stays_a_link_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "real").write_text("old")
    (tmp_path / "link").symlink_to("elsewhere/real")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "real").read_text() == "new"


@pytest.mark.posix
def test_links_in_a_circle_are_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OutputError, match="symbolic links"):
        write_atomically(tmp_path / "a", "text")


@pytest.mark.posix
def test_a_pipe_is_written_to_and_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE, text=True) as reader:
        write_atomically(tmp_path / "pipe", "text")
        assert (tmp_path / "pipe").is_fifo()
        assert reader.communicate()[0] == "text"


def test_the_longest_name_that_a_folder_takes_can_be_written(tmp_path: Path) -> None:
    write_atomically(tmp_path / ("x" * 255), "text")
    assert len(next(tmp_path.iterdir()).name) == 255


_KILLED = """
import os, signal, sys
from pathlib import Path
from briefing.deliver import write_atomically
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
write_atomically(Path(sys.argv[1]), "new" * 1000)
"""


@pytest.mark.posix
def test_leftovers_of_a_killed_process_are_removed(tmp_path: Path) -> None:
    target = tmp_path / "edition.md"
    target.write_text("old")
    for _ in range(2):  # the second takes away what the first left
        done = subprocess.run([sys.executable, "-c", _KILLED, str(target)], check=False)
        assert done.returncode == -signal.SIGKILL
        assert len(list(tmp_path.glob(".briefing-*.tmp"))) == 2
    assert target.read_text() == "old"
    write_atomically(target, "new")
    assert target.read_text() == "new"
    assert list(tmp_path.iterdir()) == [target]


def test_temporary_files_of_a_running_process_are_kept(tmp_path: Path) -> None:
    with AtomicWrites() as files:
        files.add(tmp_path / "theirs.md", "theirs")
        write_atomically(tmp_path / "ours.md", "ours")
        assert not (tmp_path / "theirs.md").exists()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"theirs.md": "theirs", "ours.md": "ours"}


def test_without_locks_leftovers_are_removed_after_an_hour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together_module, "_try_lock", lambda descriptor: None)
    stale, fresh = (tmp_path / f".briefing-{number}.tmp" for number in range(2))
    for path in (stale, fresh):
        path.touch()
    os.utime(stale, (fresh.stat().st_mtime - 7200,) * 2)
    write_atomically(tmp_path / "edition.md", "new")
    assert {path.name for path in tmp_path.iterdir()} == {"edition.md", fresh.name}


def test_lone_surrogates_in_a_file_are_replaced(tmp_path: Path) -> None:
    write_atomically(tmp_path / "f", "a\ud83db")
    assert (tmp_path / "f").read_text("utf-8") == "a?b"


def _printing(code: str, encoding: str = "utf-8") -> list[str]:
    setting = f"sys.stdout and sys.stdout.reconfigure(encoding={encoding!r})"
    return [sys.executable, "-c", f"import sys\nfrom briefing.deliver import write_stdout\n{setting}\n{code}"]


@pytest.mark.posix
def test_unencodable_characters_become_question_marks() -> None:
    import pty

    ours, theirs = pty.openpty()
    subprocess.run(_printing("write_stdout('caf\u00e9 \u2019 \U0001f600')", "latin-1"), stdout=theirs, check=True)
    os.close(theirs)
    assert os.read(ours, 100) == b"caf\xe9 ? ?"
    os.close(ours)


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "utf-16"])
def test_what_goes_into_a_file_is_utf8_with_its_line_ends_as_they_are(encoding: str) -> None:
    text = "caf\u00e9 \u2019\r\n\U0001f600\n"
    done = subprocess.run(_printing(f"write_stdout({text!r})", encoding), capture_output=True, check=True)
    assert done.stdout == text.encode()
    assert done.stderr == b""


def test_lone_surrogates_in_output_are_replaced() -> None:
    assert subprocess.run(_printing("write_stdout('a\\ud83db')"), capture_output=True, check=True).stdout == b"a?b"


def test_standard_output_may_be_a_plain_text_stream() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert write_stdout("caf\u00e9\n")
    assert printed.getvalue() == "caf\u00e9\n"


def test_bytes_reach_standard_output_as_they_are_and_in_order() -> None:
    command = _printing("print('first'); write_stdout('\u2019'.encode())", "ascii")
    assert subprocess.run(command, capture_output=True, check=True).stdout.split() == [b"first", "\u2019".encode()]


@pytest.mark.posix
def test_a_broken_pipe_is_no_error_and_write_stdout_returns_false() -> None:
    code = "while write_stdout('line\\n'): pass\nprint('more')\nprint('told', file=sys.stderr)"
    with subprocess.Popen(_printing(code), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b"told\n"
    assert process.returncode == 0


@pytest.mark.posix
@pytest.mark.parametrize(("redirect", "cause"), [(">/dev/full", "No space left"), (">&-", "is closed")])
def test_full_standard_output_is_a_clear_error(redirect: str, cause: str) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    code = """
from briefing.errors import OutputError
try:
    write_stdout('text')
except OutputError as error:
    print(error, file=sys.stderr)
"""
    shell = ["sh", "-c", f'"$@" {redirect}', "sh", *_printing(code)]
    done = subprocess.run(shell, capture_output=True, text=True, check=False)
    assert done.stderr.startswith("standard output: ")
    assert cause in done.stderr
    assert done.stderr.count("\n") == 1  # nothing more from Python at exit
    assert done.returncode == 0
