"""The state file: what was put is there, whatever happens to the process."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from briefing.errors import StoreError
from briefing.store import MIGRATIONS, Store, StoredCompletion
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


def test_summaries_come_back_marked_as_cached(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        assert store.get_summary("k") is None
        store.put_summary("k", SUMMARY, NOW)
    with Store(tmp_path / "state.db") as store:
        found = store.get_summary("k")
        assert found is not None
        assert found.cached
        assert found.key_points == SUMMARY.key_points
        assert found.published == NOW


def test_completions_and_articles_come_back_as_they_were(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_completion("k", ANSWER, NOW)
        store.put_article(ARTICLE, NOW)
        assert store.get_completion("k") == ANSWER
        assert store.get_article("a") == ARTICLE
        assert store.article_by_url("https://example.org/a") == ARTICLE
        assert store.seen(["a", "b"]) == {"a"}


def test_old_entries_can_be_forgotten(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.put_summary("old", SUMMARY, NOW - timedelta(days=90))
        store.put_summary("new", SUMMARY, NOW)
        store.forget(NOW - timedelta(days=30))
        assert store.get_summary("old") is None
        assert store.get_summary("new") is not None


def test_hits_and_misses_are_counted(tmp_path: Path) -> None:
    with Store(tmp_path / "state.db") as store:
        store.start_run(NOW)
        store.get_summary("k")
        store.put_summary("k", SUMMARY, NOW)
        store.get_summary("k")
        store.count("engine.answer", 3)
        counted = store.counters()
    assert (counted["summary.hit"], counted["summary.miss"], counted["engine.answer"]) == (1, 1, 3)


def test_a_summary_that_cannot_be_read_any_more_is_a_miss(tmp_path: Path) -> None:
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
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    with pytest.raises(StoreError, match="newer"):
        Store(tmp_path / "state.db")


@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be read as one" * 20, b"\0" * 4096])
def test_a_file_that_is_none_of_ours_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
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


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError):
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
    with Store(path) as store:
        for name, last in done.items():
            assert all(store.get_completion(f"{name}{number}") == ANSWER for number in range(last + 1))
