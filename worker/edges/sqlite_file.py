"""The SQLite file of a ledger: its lock, its tables, and what SQLite's errors mean. Blocking; no thread of its own."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from typing import TYPE_CHECKING, Literal

from worker.model.errors import Retry, Stop, Unknown
from worker.model.event import Published

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from worker.model.event import Batch, Headers

Table = Literal["articles", "dead_letters"]

_SCHEMA_VERSION = 2
# "DATL" in the file's header says whose it is (https://www.sqlite.org/pragma.html#pragma_application_id).
_APPLICATION_ID = 0x4441544C
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE articles(
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    article_id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    headers TEXT NOT NULL,
    value BLOB NOT NULL,
    topic TEXT,
    UNIQUE(article_id, revision)
);
CREATE TABLE dead_letters(
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    feed_id TEXT NOT NULL,
    reason TEXT NOT NULL,
    headers TEXT NOT NULL,
    value BLOB NOT NULL
);
CREATE TABLE feed_states(
    feed_id TEXT PRIMARY KEY,
    shard_key TEXT NOT NULL,
    value BLOB NOT NULL
);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""
# Version 1 had no topics: all articles went to the one of the ledger.
_UPGRADE = f"""
BEGIN IMMEDIATE;
ALTER TABLE articles ADD COLUMN topic TEXT;
PRAGMA user_version = {_SCHEMA_VERSION};
COMMIT;
"""
_ROWS = {
    "articles": "SELECT position, article_id, headers, value, topic FROM articles",
    "dead_letters": "SELECT position, feed_id, headers, value, NULL FROM dead_letters",
}
_END = {
    "articles": "SELECT coalesce(max(position), 0) FROM articles",
    "dead_letters": "SELECT coalesce(max(position), 0) FROM dead_letters",
}
_BUSY_SECONDS = 5.0

# What passes by itself (https://www.sqlite.org/rescode.html).
_PASSING = {
    sqlite3.SQLITE_BUSY: "another program keeps it locked",
    sqlite3.SQLITE_LOCKED: "another program keeps it locked",
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk failed",
    sqlite3.SQLITE_NOMEM: "there is no memory left",
}
_LASTING = {
    sqlite3.SQLITE_NOTADB: "is not an SQLite database; choose another path",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened; its directory must exist and be writable for the worker",
    sqlite3.SQLITE_READONLY: "cannot be written; the worker needs the right to write it and its directory",
    sqlite3.SQLITE_PERM: "cannot be written; the worker needs the right to write it and its directory",
    sqlite3.SQLITE_CORRUPT: "is damaged; put back a copy of it, or choose another path",
}


class SqliteFile:
    """One file, owned by this object from `open` to `close`."""

    def __init__(self, path: Path, *, name: str) -> None:
        self.path = path
        self._name = name
        self._lock: int | None = None
        self._connection: sqlite3.Connection | None = None

    def open(self) -> None:
        """Own the file; create what is missing.

        Raises:
            Retry: the disk is full, or another program keeps the file locked.
            Stop: another worker owns it, it cannot be read or written, or it is not ours.
        """
        self._disconnect()
        self._take_lock()
        try:
            with explained(self.path):
                self._connection = sqlite3.connect(
                    self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
                )
                version = _check_schema(self._connection, self.path)
                _make_durable(self._connection, self.path)
                if version < _SCHEMA_VERSION:
                    self._connection.executescript(_UPGRADE if version else _SCHEMA)
        except BaseException:
            self.close()
            raise

    def restore(self) -> dict[str, bytes]:
        """The state of every feed.

        Raises:
            Retry: the file cannot be read now.
            Stop: it is damaged.
        """
        with explained(self.path):
            return dict(self._open_connection().execute("SELECT feed_id, value FROM feed_states"))

    def commit(self, batches: Sequence[Batch]) -> None:
        """Write all of it, on disk when it returns.

        Raises:
            Retry: nothing was written.
            Unknown: the disk failed at the last moment.
            Stop: the file is damaged, or holds one of the revisions already; nothing was written.
        """
        connection = self._open_connection()
        with explained(self.path):
            connection.execute("BEGIN IMMEDIATE")
            try:
                for batch in batches:
                    self._write(connection, batch)
            except BaseException:
                connection.rollback()
                raise
        try:
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if _code(error) == sqlite3.SQLITE_IOERR:
                raise Unknown(f"{self.path}: the disk failed during a commit ({error})") from error
            with contextlib.suppress(sqlite3.Error):
                connection.rollback()
            raise _explain(error, self.path) from error

    def touch(self) -> None:
        """Read something.

        Raises:
            Retry: the file cannot be read now.
            Stop: it is damaged.
        """
        with explained(self.path):
            self._open_connection().execute("SELECT 1 FROM feed_states LIMIT 1").fetchone()

    def close(self) -> None:
        """Let go of the file. Idempotent."""
        self._disconnect()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def _write(self, connection: sqlite3.Connection, batch: Batch) -> None:
        for event in batch.events:
            try:
                connection.execute(
                    "INSERT INTO articles(article_id, revision, headers, value, topic) VALUES (?, ?, ?, ?, ?)",
                    (event.article_id, event.revision, encode_headers(event.headers), event.value, event.topic),
                )
            except sqlite3.IntegrityError as error:
                raise Stop(
                    f"{self.path} holds revision {event.revision} of article {event.article_id} already, which feed "
                    f"{batch.feed_id} was to write once more; nothing was written: this is a bug, please report it"
                ) from error
        connection.executemany(
            "INSERT INTO dead_letters(feed_id, reason, headers, value) VALUES (?, ?, ?, ?)",
            (
                (letter.feed_id, letter.reason, encode_headers(letter.headers), letter.value)
                for letter in batch.rejected
            ),
        )
        connection.execute(
            "INSERT INTO feed_states(feed_id, shard_key, value) VALUES (?, ?, ?)"
            " ON CONFLICT(feed_id) DO UPDATE SET shard_key = excluded.shard_key, value = excluded.value",
            (batch.feed_id, batch.shard_key, batch.state_value),
        )

    def _take_lock(self) -> None:
        """A lock that the system frees when the process ends, however it ends."""
        if self._lock is not None:
            return
        path = self.path.with_name(f"{self.path.name}.lock")
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise Stop(
                f"{path} cannot be made ({(error.strerror or '').lower()}); "
                "its directory must exist and be writable for the worker"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 1_000).decode(errors="replace")
            os.close(lock)
            raise Stop(f"{self.path} is in use by {owner}: stop it, or choose another path") from None
        os.ftruncate(lock, 0)
        os.write(lock, f"process {os.getpid()} (worker {self._name})".encode())
        self._lock = lock

    def _open_connection(self) -> sqlite3.Connection:
        if self._connection is None:
            raise Retry(f"{self.path} is not open; nothing was written")
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write, for one thread at a time.

    Raises:
        Retry: the file is not there yet, or cannot be read now.
        Stop: it is not a ledger, or must not be read.
    """
    if not path.exists():
        raise Retry(f"{path} is not there; a worker creates it when it starts")
    with explained(path):
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=_BUSY_SECONDS, check_same_thread=False
        )
    try:
        with explained(path):
            version = _check_schema(connection, path)
    except BaseException:
        connection.close()
        raise
    if version < _SCHEMA_VERSION:
        connection.close()
        raise Retry(
            f"{path} is of an older version; a worker updates it when it starts"
            if version
            else f"{path} is still empty"
        )
    return connection


def rows_after(
    connection: sqlite3.Connection, table: Table, after: int, *, count: int, topic: str
) -> Iterator[Published]:
    """The next records, at most so many; `topic` is where those come from that do not say it themselves."""
    rows = connection.execute(f"{_ROWS[table]} WHERE position > ? ORDER BY position LIMIT ?", (after, count))
    for position, key, headers, value, own_topic in rows:
        yield Published(
            topic=own_topic or topic,
            partition=0,
            position=position,
            key=key.encode(),
            headers=decode_headers(headers),
            value=value,
        )


def last_position(connection: sqlite3.Connection, table: Table) -> int:
    """The position of the last record, 0 when there is none."""
    position: int = connection.execute(_END[table]).fetchone()[0]
    return position


def _make_durable(connection: sqlite3.Connection, path: Path) -> None:
    """What is committed is on disk, and readers do not wait for the writer (https://www.sqlite.org/wal.html)."""
    if connection.execute("PRAGMA journal_mode = WAL").fetchone() != ("wal",):
        raise Stop(f"{path} does not lie on a local disk, as it must")
    connection.execute("PRAGMA synchronous = FULL")


def _check_schema(connection: sqlite3.Connection, path: Path) -> int:
    """The version of the tables, 0 when the file is empty still.

    Raises:
        Stop: it is not a ledger, or one of a newer version.
    """
    # One statement, because another process may be creating the tables right now.
    application_id, version, tables = connection.execute(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_master)"
        " FROM pragma_application_id, pragma_user_version"
    ).fetchone()
    if (application_id, version, tables) == (0, 0, 0):
        return 0
    if application_id != _APPLICATION_ID:
        raise Stop(f"{path} is a database of another program; choose another path")
    if version > _SCHEMA_VERSION:
        raise Stop(f"{path} is of a newer version ({version}; this one knows {_SCHEMA_VERSION}); update dateline")
    return int(version)


@contextlib.contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise SQLite's errors as ours."""
    try:
        yield
    except sqlite3.Error as error:
        raise _explain(error, path) from error


def encode_headers(headers: Headers) -> str:
    """As JSON that a person can read. Bytes that are not UTF-8 are kept as lone surrogates (PEP 383)."""
    return json.dumps([[name, value.decode(errors="surrogateescape")] for name, value in headers])


def decode_headers(text: str) -> Headers:
    """The reverse of `encode_headers`, byte for byte."""
    return tuple((name, value.encode(errors="surrogateescape")) for name, value in json.loads(text))


def _explain(error: sqlite3.Error, path: Path) -> Exception:
    code = _code(error)
    if code in _PASSING:
        return Retry(f"{path}: {_PASSING[code]} ({error}); nothing was written")
    if code in _LASTING:
        return Stop(f"{path} {_LASTING[code]}")
    return error


def _code(error: sqlite3.Error) -> int | None:
    """The primary result code; the rest of an extended one says where."""
    code: int | None = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
