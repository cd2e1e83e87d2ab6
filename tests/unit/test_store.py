"""The state file: what was put is there, whatever happens to the process."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefing.config import Config
from briefing.errors import StoreError
from briefing.pipeline import NoProgress, RunContext, check_run
from briefing.store import MEMORY, MIGRATIONS, Store, StoredCompletion, check_state, database, default_state, health
from briefing.store import schema as store_module
from briefing.types import Article, KeyPoint, Summary, Verdict

NOW = datetime(2024, 5, 17, 6, 30, tzinfo=UTC)

SUMMARY = Summary(
    id="a", url="https://example.org/a", title="T", headline="H", source="S", published=NOW, language="en",
    key_points=(KeyPoint(text="One.", citations=(), verdict=Verdict.SUPPORTED),), model="m", engine="e", seconds=1.5,
)  # fmt: skip
ARTICLE = Article(
    id="a", title="T", text="Text.", source="S", url="https://example.org/a", published=NOW, warnings=("w",)
)


ANSWER = StoredCompletion(text="answer", prompt_tokens=3, completion_tokens=2)


def test_a_stored_summary_is_returned_as_cached(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        assert store.get_summary("k") is None
        store.put_summary("k", SUMMARY, NOW)
    with Store(tmp_path / "state.db") as store:
        found = store.get_summary("k")
        assert found is not None
        assert found.cached
        assert found.key_points == SUMMARY.key_points
        assert found.published == NOW


def test_completions_and_articles_round_trip(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_completion("k", ANSWER, NOW)
        store.put_article(ARTICLE, NOW)
        assert store.get_completion("k") == ANSWER
        assert store.get_article("a") == ARTICLE


def test_forget_deletes_old_rows(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_summary("old", SUMMARY, NOW - timedelta(days=90))
        store.put_summary("new", SUMMARY, NOW)
        store.forget(NOW - timedelta(days=30))
        assert store.get_summary("old") is None
        assert store.get_summary("new") is not None


def test_cache_hits_and_misses_are_counted(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.start_run(NOW)
        store.get_summary("k")
        store.put_summary("k", SUMMARY, NOW)
        store.get_summary("k")
        store.count("engine.answer", 3)
        counted = store.counters()
    assert (counted["summary.hit"], counted["summary.miss"], counted["engine.answer"]) == (1, 1, 3)


def test_a_summary_in_an_old_format_is_a_cache_miss(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_summary("k", SUMMARY, NOW)
    with sqlite3.connect(tmp_path / "state.db") as connection:
        connection.execute("UPDATE summaries SET summary = '{}'")
    connection.close()
    with Store(tmp_path / "state.db") as store:
        assert store.get_summary("k") is None


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    Store(tmp_path / "state.db").close()
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = (tmp_path / "state.db").read_bytes()
    with pytest.raises(StoreError, match="newer") as caught:
        Store(tmp_path / "state.db")
    assert "Update briefing" in caught.value.remedy
    assert (tmp_path / "state.db").read_bytes() == before


def test_migrations_keep_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_completion("k", ANSWER, NOW)
    later = (*MIGRATIONS, ("CREATE TABLE later (x)", "INSERT INTO later VALUES (7)"))
    monkeypatch.setattr(store_module, "MIGRATIONS", later)
    for _ in range(2):  # the second time there is nothing left to do
        with Store(tmp_path / "state.db") as store:
            assert store.get_completion("k") == ANSWER
    connection = sqlite3.connect(tmp_path / "state.db")
    assert connection.execute("SELECT x FROM later").fetchall() == [(7,)]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(later),)
    connection.close()


def test_a_file_that_another_process_migrates_while_it_is_opened_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "state.db"
    with monkeypatch.context() as older:
        older.setattr(store_module, "MIGRATIONS", MIGRATIONS[:1])
        Store(path).close()
    migrated: list[Path] = []

    def pragma(connection: sqlite3.Connection, name: str) -> int:
        if not migrated:
            connection.execute("SELECT * FROM completions").fetchall()  # SQLite now knows the old columns
            migrated.append(path)
            Store(path).close()
        return health.pragma(connection, name)

    monkeypatch.setattr(database, "pragma", pragma)
    with Store(path) as store:
        store.put_completion("k", ANSWER, NOW)
        assert store.get_completion("k") == ANSWER


def test_check_state_does_not_migrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state #1?.db"
    Store(path).close()
    before = path.read_bytes()
    monkeypatch.setattr(store_module, "MIGRATIONS", (*MIGRATIONS, ("CREATE TABLE later (x)",)))
    config = Config(state=path, out=tmp_path / "out", engine="extractive")
    with RunContext(config, clock=lambda: NOW, progress=NoProgress()) as context:
        assert list(check_run(context, send=False)) == []
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_check_state_raises_the_errors_of_opening(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    Store(path).close()
    check_state(path)
    monkeypatch.setattr(store_module, "MIGRATIONS", MIGRATIONS[:-1])
    with pytest.raises(StoreError, match="newer version"):
        check_state(path)
    monkeypatch.undo()
    path.write_bytes(b"no state file, whatever its name")
    with pytest.raises(StoreError, match="is not a state file"):
        check_state(path)
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE other (x)")
    other.close()
    with pytest.raises(StoreError, match="another program"):
        check_state(tmp_path / "other.db")


def test_a_failed_migration_is_rolled_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_completion("k", ANSWER, NOW)
    with monkeypatch.context() as patch:
        patch.setattr(store_module, "MIGRATIONS", (*MIGRATIONS, ("DROP TABLE completions", "CREATE TABLE runs (x)")))
        with pytest.raises(StoreError):
            Store(tmp_path / "state.db")
    with Store(tmp_path / "state.db") as store:
        assert store.get_completion("k") == ANSWER


def test_opening_waits_while_another_process_creates_the_file(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "state.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.2, other.execute, ["ROLLBACK"])
    release.start()
    with Store(tmp_path / "state.db") as store:
        store.put_completion("k", ANSWER, NOW)
        assert store.get_completion("k") == ANSWER
    release.join()
    other.close()


def test_a_file_damaged_in_the_middle_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    with Store(path) as store:
        for number in range(200):
            store.put_completion(
                f"k{number}", StoredCompletion(text="x" * 500, prompt_tokens=1, completion_tokens=1), NOW
            )
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)  # all pages but the first, which holds the header and the schema
    path.write_bytes(data)
    with Store(path) as store, pytest.raises(StoreError, match="is damaged") as caught:
        store.get_completion("k1")
    assert "`briefing doctor --repair` sets it aside" in caught.value.remedy


_AS_NOBODY = """
import os, sys
from pathlib import Path
from datetime import UTC, datetime
import briefing.store
from briefing.errors import StoreError
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
try:
    briefing.store.Store(sys.argv[1])
except StoreError as error:
    print(error)
"""


@pytest.mark.posix
@pytest.mark.parametrize(("folder", "file"), [(0o555, None), (0o777, 0o444)])
def test_a_folder_without_permission_is_a_store_error(folder: int, file: int | None) -> None:
    # Not below tmp_path, which only its owner may enter.
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "state.db"
        if file is not None:
            Store(path).close()
            path.chmod(file)
        Path(name).chmod(folder)
        done = subprocess.run([sys.executable, "-c", _AS_NOBODY, str(path)], capture_output=True, text=True, check=True)
        Path(name).chmod(0o755)
    assert done.stdout.startswith(f"{path}: cannot be ")
    assert "Give yourself the permission" in done.stdout


def test_a_full_disk_is_a_clear_error_and_earlier_rows_are_kept(
    small_disk: Callable[[int], Path], tmp_path: Path
) -> None:
    full_disk = small_disk(300)
    big = StoredCompletion(text="x" * 4000, prompt_tokens=1, completion_tokens=1)
    kept = 0
    with Store(full_disk / "state.db") as store, pytest.raises(StoreError) as caught:  # noqa: PT012
        for kept in range(1000):
            store.put_completion(f"k{kept}", big, NOW)
    assert "space" in caught.value.remedy
    assert kept > 0
    roomy = shutil.copytree(full_disk, tmp_path / "roomy")
    with Store(roomy / "state.db") as store:
        assert all(store.get_completion(f"k{number}") == big for number in range(kept))


def test_in_memory_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store(MEMORY) as store:
        store.put_completion("k", ANSWER, NOW)
        assert store.get_completion("k") == ANSWER
    assert list(tmp_path.iterdir()) == []


def test_briefing_state_sets_the_default_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFING_STATE", str(tmp_path / "mine.db"))
    assert default_state() == tmp_path / "mine.db"
    monkeypatch.delenv("BRIEFING_STATE")
    assert default_state().name == "state.db"
    assert default_state().is_absolute()


def test_a_closed_store_raises_store_error(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.get_summary("k")


def test_an_article_seen_again_is_updated_and_kept_from_then_on(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_article(ARTICLE, NOW - timedelta(days=9))
        store.put_article(replace(ARTICLE, title="Corrected"), NOW)
        found = store.get_article("a")
        assert found is not None
        assert found.title == "Corrected"
        assert store.forget(NOW - timedelta(days=1)) == 0  # seen since
        assert store.forget(NOW + timedelta(days=1)) == 1
        assert store.get_article("a") is None


def test_an_article_that_is_kept_stays_as_it_is_from_then_on(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_article(ARTICLE, NOW - timedelta(days=9), keep=True)
        store.put_article(replace(ARTICLE, title="Of a page", source="Page", section=""), NOW, keep=True)
        assert store.get_article("a") == ARTICLE
        assert store.forget(NOW - timedelta(days=1)) == 0  # seen since


@given(st.text(), st.text(), st.none() | st.text(min_size=1))
def test_any_article_round_trips(title: str, text: str, url: str | None) -> None:
    article = Article(id="a", title=title, text=text, source="S", url=url, warnings=(title,))
    with Store(MEMORY) as store:
        store.put_article(article, NOW)
        assert store.get_article("a") == article


def test_lone_surrogates_are_replaced(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_article(replace(ARTICLE, text="before \ud83d after"), NOW)
        found = store.get_article("a")
    assert found is not None
    assert found.text == "before ? after"


def test_counters_belong_to_their_run(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.get_completion("k")  # outside a run: nobody asks
        first = store.start_run(NOW)
        store.count("engine.answer", 2)
    with Store(tmp_path / "state.db") as store:
        assert store.counters() == {"engine.answer": 2}
        store.start_run(NOW)
        assert store.counters() == {}
        assert store.counters(first) == {"engine.answer": 2}


def test_a_naive_time_is_a_value_error(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store, pytest.raises(ValueError, match="zone"):
        store.put_completion("k", ANSWER, NOW.replace(tzinfo=None))


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 20, b"\0" * 4096])
def test_a_file_that_is_no_database_is_refused_and_unchanged(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "state.db").write_bytes(content)
    with pytest.raises(StoreError, match=r"state\.db"):
        Store(tmp_path / "state.db")
    assert (tmp_path / "state.db").read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE theirs (x)")
    connection.commit()
    connection.close()
    with pytest.raises(StoreError, match=r"other\.db"):
        Store(tmp_path / "other.db")


def test_a_folder_that_cannot_be_created_is_a_store_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be made"):
        Store(tmp_path / "file" / "state.db")


def test_threads_may_share_a_store(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:

        def put(start: int) -> None:
            for number in range(start, start + 50):
                store.put_completion(f"k{number}", ANSWER, NOW)

        threads = [threading.Thread(target=put, args=(i * 50,)) for i in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert all(store.get_completion(f"k{number}") == ANSWER for number in range(200))


_PUTS = """
import sys
from datetime import UTC, datetime
from briefing.store import Store, StoredCompletion
store = Store(sys.argv[1])
answer = StoredCompletion(text="answer", prompt_tokens=3, completion_tokens=2)
for number in range(100000):
    store.put_completion(f"{sys.argv[2]}{number}", answer, datetime(2024, 5, 17, tzinfo=UTC))
    print(number, flush=True)
"""


@pytest.mark.posix
def test_two_processes_may_write_and_a_killed_one_loses_nothing_it_put(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    writers = [
        subprocess.Popen([sys.executable, "-c", _PUTS, str(path), name], stdout=subprocess.PIPE, text=True)
        for name in "ab"
    ]
    done = {}
    for name, writer in zip("ab", writers, strict=True):
        assert writer.stdout is not None
        for line in writer.stdout:
            done[name] = int(line)
            if done[name] >= 100:
                break
    for writer in writers:
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        assert writer.stdout is not None
        writer.stdout.close()
    assert done.keys() == {"a", "b"}
    with Store(path) as store:
        for name, last in done.items():
            assert all(store.get_completion(f"{name}{number}") == ANSWER for number in range(last + 1))
