"""Files are written whole or not at all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from briefing.deliver import check_writable, write_atomically
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


def test_a_folder_is_tried_before_work_begins(tmp_path: Path) -> None:
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


def test_a_write_that_fails_halfway_leaves_the_old_file_and_no_rest(tmp_path: Path) -> None:
    target = tmp_path / "edition.md"
    target.write_text("yesterday's")
    done = subprocess.run([sys.executable, "-c", _LIMITED, str(target)], capture_output=True, text=True, check=True)
    assert str(target) in done.stdout
    assert target.read_text() == "yesterday's"
    assert [path.name for path in tmp_path.iterdir()] == ["edition.md"]
