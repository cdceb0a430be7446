from __future__ import annotations

import asyncio
import errno
import os
import random
import signal
import sqlite3
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.contracts import MAX_EVENT_BYTES, LedgerContract, NewLedger, NewReader, Table, batch, event, seen, started
from worker.edges import sqlite_file
from worker.edges.sqlite import SqliteLedger, SqliteReader
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from worker.model.event import Published


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
async def ledger(path: Path) -> AsyncIterator[SqliteLedger]:
    ledger = SqliteLedger(path, name="first", max_event_bytes=MAX_EVENT_BYTES)
    yield ledger
    await ledger.close()


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def make_ledger(self, path: Path) -> NewLedger:
        return lambda: SqliteLedger(path, name="test", max_event_bytes=MAX_EVENT_BYTES)

    @pytest.fixture
    def make_reader(self, path: Path) -> NewReader:
        def make(table: Table = "articles") -> SqliteReader:
            return SqliteReader(path, table=table)

        return make


async def test_a_file_in_use_is_refused_with_the_process_that_has_it(ledger: SqliteLedger, path: Path) -> None:
    await ledger.open()
    other = SqliteLedger(path, name="second", max_event_bytes=MAX_EVENT_BYTES)

    with pytest.raises(Stop, match=rf"ledger\.db is in use by process {os.getpid()} \(worker first\)"):
        await other.open()

    await ledger.close()
    await other.open()
    await other.close()


async def test_a_file_of_a_process_that_was_killed_is_free_again_and_holds_what_it_committed(
    ledger: SqliteLedger, path: Path
) -> None:
    """The child dies with a transaction open, as a worker that is killed in the middle of a commit does."""
    child = """
import asyncio, os, signal, sys
from pathlib import Path
from tests.contracts import batch, event, started
from worker.edges.sqlite import SqliteLedger

async def main():
    ledger = SqliteLedger(Path(sys.argv[1]), name="child", max_event_bytes=1000)
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"committed"))])
    connection = ledger._file._connection
    connection.execute("BEGIN IMMEDIATE")
    ledger._file._write(connection, batch(event("b", value=b"not committed"), version=2))
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", child, str(path))
    assert await process.wait() == -signal.SIGKILL

    await ledger.open()

    assert (await ledger.restore()).states == {"world": b"world 1"}
    assert [record.value for record in await read(path, 1)] == [b"committed"]


async def test_killed_at_any_moment_it_holds_whole_commits_and_each_that_was_answered(
    ledger: SqliteLedger, path: Path
) -> None:
    """Each child goes on where the last one was killed, at a moment that has to do with nothing it does."""
    child = """
import asyncio, sys
from pathlib import Path
from tests.contracts import batch, dead_letter, event
from worker.edges.sqlite import SqliteLedger

async def main():
    ledger = SqliteLedger(Path(sys.argv[1]), name="child", max_event_bytes=10_000)
    await ledger.open()
    version = int((await ledger.restore()).states.get("world", b"world 0").split()[1])
    while True:
        version += 1
        events = [event(f"a{version}-{number}", value=b"%06d" % version * 1_000) for number in range(20)]
        await ledger.commit([batch(*events, version=version, rejected=(dead_letter(value=b"%d" % version),))])
        print(version, flush=True)

asyncio.run(main())
"""
    moments = random.Random(7)
    written = 0
    for _ in range(4):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", child, str(path), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        first = await process.stdout.readline()
        assert int(first) == written + 1
        await asyncio.sleep(moments.uniform(0.0, 0.03))
        process.kill()
        answered = int((first + await process.stdout.read()).split()[-1])
        await process.wait()

        await ledger.open()
        written = int((await ledger.restore()).states["world"].split()[1])
        await ledger.close()
        assert written - answered in {0, 1}

    records = await read(path, 20 * written)
    assert [record.value for record in records] == [
        b"%06d" % version * 1_000 for version in range(1, written + 1) for _ in range(20)
    ]
    letters = await read(path, written, "dead_letters")
    assert [letter.value for letter in letters] == [b"%d" % version for version in range(1, written + 1)]


async def test_a_second_copy_of_a_revision_stops_the_worker_and_nothing_of_the_commit_stays(
    ledger: SqliteLedger, path: Path
) -> None:
    await started(ledger)
    await ledger.commit([batch(event("a", 1, value=b"once"))])

    with pytest.raises(Stop, match=r"holds revision 1 of article a already.*feed sport"):
        await ledger.commit([batch(event("b"), version=2), batch(event("a", 1, value=b"twice"), feed_id="sport")])

    await ledger.open()
    assert (await ledger.restore()).states == {"world": b"world 1"}
    assert [record.value for record in await read(path, 1)] == [b"once"]


async def test_a_full_disk_is_tried_again_and_nothing_of_the_commit_stays(ledger: SqliteLedger, path: Path) -> None:
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"before"))])
    _limit_pages(ledger, 20)

    with pytest.raises(Retry, match=r"ledger\.db: the disk is full"):
        await ledger.commit([batch(*(event(f"b{n}", value=b"x" * 40_000) for n in range(10)), version=2)])

    await ledger.open()  # with room again
    assert (await ledger.restore()).states == {"world": b"world 1"}
    await ledger.commit([batch(event("b", value=b"after"), version=2)])
    assert [record.value for record in await read(path, 2)] == [b"before", b"after"]


async def test_a_file_that_another_program_keeps_locked_is_tried_again(
    ledger: SqliteLedger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "_BUSY_SECONDS", 0.1)
    await started(ledger)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(Retry, match="another program keeps it locked"):
        await ledger.commit([batch(event())])

    other.close()
    await started(ledger)
    await ledger.commit([batch(event())])
    assert len(await read(path, 1)) == 1


@pytest.mark.parametrize("content", [b"this is a text file, and a long one: " * 40, b"short"])
def test_a_file_that_is_not_a_database_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    ledger = SqliteLedger(path, name="first", max_event_bytes=1)

    with pytest.raises(Stop, match=r"ledger\.db is not an SQLite database"):
        asyncio.run(ledger.open())

    assert path.read_bytes() == content


async def test_a_database_of_another_program_is_refused(ledger: SqliteLedger, path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE bookmarks(url TEXT)")
    other.close()

    with pytest.raises(Stop, match=r"ledger\.db is a database of another program"):
        await ledger.open()


async def test_a_file_of_a_newer_version_is_refused(ledger: SqliteLedger, path: Path) -> None:
    await ledger.open()
    await ledger.close()
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 3")
    newer.close()

    with pytest.raises(Stop, match=r"ledger\.db is of a newer version \(3; this one knows 2\)"):
        await ledger.open()


async def test_a_file_of_version_1_is_updated_and_keeps_what_it_holds(ledger: SqliteLedger, path: Path) -> None:
    await started(ledger)
    await ledger.commit([batch(event("old"))])
    await ledger.close()
    older = sqlite3.connect(path)
    older.executescript("ALTER TABLE articles DROP COLUMN topic; PRAGMA user_version = 1;")
    older.close()
    with pytest.raises(Retry, match=r"ledger\.db is of an older version; a worker updates it when it starts"):
        list(SqliteReader(path).read(timeout_seconds=0.1))

    await started(ledger)
    await ledger.commit([batch(replace(event("new"), topic="news.ukraine"))])

    records = await seen(SqliteReader(path, topic="news.articles"), 2)
    assert [(record.key, record.topic) for record in records] == [(b"old", "news.articles"), (b"new", "news.ukraine")]


async def test_a_damaged_file_is_refused(ledger: SqliteLedger, path: Path) -> None:
    await started(ledger)
    await ledger.commit([batch(event(value=b"x" * 40_000))])
    await ledger.close()
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 8_000)

    with pytest.raises(Stop, match=r"ledger\.db is damaged"):
        await ledger.open()


async def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    ledger = SqliteLedger(tmp_path / "missing" / "ledger.db", name="x", max_event_bytes=1)

    with pytest.raises(Stop, match=r"missing/ledger\.db\.lock cannot be made \(no such file or directory\)"):
        await ledger.open()

    await ledger.close()


def test_a_path_that_is_a_directory_is_refused(path: Path) -> None:
    path.mkdir()
    ledger = SqliteLedger(path, name="first", max_event_bytes=1)

    with pytest.raises(Stop, match=r"ledger\.db cannot be opened"):
        asyncio.run(ledger.open())


async def test_a_directory_that_cannot_be_written_is_named(
    ledger: SqliteLedger, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tests may run as root, who may write anywhere; so the system's refusal is played."""

    def refuse(*_: object) -> int:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(Stop, match=r"ledger\.db\.lock cannot be made \(read-only file system\)"):
        await ledger.open()


async def test_headers_that_are_not_text_are_readable_where_they_can_be(ledger: SqliteLedger, path: Path) -> None:
    await started(ledger)
    await ledger.commit([batch(event(headers=(("ce_subject", "caf\u00e9".encode()), ("raw", b"\xff"))))])

    with sqlite3.connect(path) as other:
        (headers,) = other.execute("SELECT headers FROM articles").fetchone()
    other.close()

    assert headers == r'[["ce_subject", "caf\u00e9"], ["raw", "\udcff"]]'


async def test_records_name_the_topic_of_the_reader_and_are_numbered_from_one(ledger: SqliteLedger, path: Path) -> None:
    await started(ledger)
    await ledger.commit([batch(event("a"), event("b"))])

    reader = SqliteReader(path, topic="wire.articles")
    records = await seen(reader, 2)
    reader.close()

    assert [(record.topic, record.partition, record.position) for record in records] == [
        ("wire.articles", 0, 1),
        ("wire.articles", 0, 2),
    ]


async def test_a_reader_from_the_end_sees_only_what_comes_after_its_first_read(
    ledger: SqliteLedger, path: Path
) -> None:
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"old"))])
    reader = SqliteReader(path, from_beginning=False)

    assert list(reader.read(timeout_seconds=0.0)) == []
    await ledger.commit([batch(event("b", value=b"new"), version=2)])

    assert [record.value for record in reader.read(timeout_seconds=0.0)] == [b"new"]
    reader.close()


async def test_a_reader_in_another_process_follows_while_the_worker_writes(ledger: SqliteLedger, path: Path) -> None:
    await started(ledger)
    child = """
import sys
from pathlib import Path
from worker.edges.sqlite import SqliteReader

reader = SqliteReader(Path(sys.argv[1]))
print("reading", flush=True)
values = []
while len(values) < 20:
    values += [record.value.decode() for record in reader.read(timeout_seconds=10)]
print(",".join(values))
"""
    reading = await asyncio.create_subprocess_exec(
        sys.executable, "-c", child, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert reading.stdout is not None
    assert await reading.stdout.readline() == b"reading\n"
    for version in range(1, 21):
        await ledger.commit([batch(event("a", version, value=b"%d" % version), version=version)])
    values, _ = await reading.communicate()

    assert values.decode().strip() == ",".join(str(version) for version in range(1, 21))


def test_a_reader_of_a_file_that_is_not_there_yet_is_told_to_try_again(path: Path) -> None:
    reader = SqliteReader(path)

    with pytest.raises(Retry, match=r"ledger\.db is not there"):
        list(reader.read(timeout_seconds=0.0))

    assert not path.exists()


def test_a_reader_of_an_empty_file_is_told_to_try_again(path: Path) -> None:
    path.touch()
    reader = SqliteReader(path)

    with pytest.raises(Retry, match=r"ledger\.db is still empty"):
        list(reader.read(timeout_seconds=0.0))


def test_a_reader_refuses_a_file_that_is_not_a_ledger(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    reader = SqliteReader(path)

    with pytest.raises(Stop, match=r"ledger\.db is not an SQLite database"):
        list(reader.read(timeout_seconds=0.0))


async def read(path: Path, count: int, table: Table = "articles") -> list[Published]:
    """What a reader from the beginning sees."""
    reader = SqliteReader(path, table=table)
    try:
        return await seen(reader, count)
    finally:
        reader.close()


def _limit_pages(ledger: SqliteLedger, pages: int) -> None:
    """SQLite then says what it says when the disk is full."""
    connection = ledger._file._connection
    assert connection is not None
    connection.execute(f"PRAGMA max_page_count = {pages}")
