"""What commands ask of a ledger's SQLite file, beside what the worker does. Blocking."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from worker.edges.sqlite_file import connect_to_read, explained, last_position, rows_after

if TYPE_CHECKING:
    from pathlib import Path

    from worker.edges.sqlite_file import Table
    from worker.model.event import Published


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """A feed's state as it lies in the file."""

    feed_id: str
    shard_key: str
    value: bytes


def read_stored_states(path: Path) -> list[StoredState]:
    """All feed states, by feed id.

    Raises:
        Retry: the file is not there, or cannot be read now.
        Stop: it is not a ledger, or must not be read.
    """
    with explained(path), contextlib.closing(connect_to_read(path)) as connection:
        rows = connection.execute("SELECT feed_id, shard_key, value FROM feed_states ORDER BY feed_id").fetchall()
    return [StoredState(feed_id=feed_id, shard_key=shard_key, value=value) for feed_id, shard_key, value in rows]


def read_rows(path: Path, table: Table, *, after: int, count: int, max_bytes: int) -> list[Published]:
    """The next records, in order of their position: at most `count`, and after the first no more than `max_bytes`.

    Raises:
        Retry: the file cannot be read now.
        Stop: it is not a ledger, or must not be read.
    """
    found: list[Published] = []
    size_bytes = 0
    with explained(path), contextlib.closing(connect_to_read(path)) as connection:
        for row in rows_after(connection, table, after, count=count, topic=table):
            size_bytes += len(row.value)
            if found and size_bytes > max_bytes:
                break
            found.append(row)
    return found


def read_end(path: Path, table: Table) -> int:
    """The position of the last record, 0 when there is none.

    Raises:
        Retry: the file cannot be read now.
        Stop: it is not a ledger, or must not be read.
    """
    with explained(path), contextlib.closing(connect_to_read(path)) as connection:
        return last_position(connection, table)


def identify_file(path: Path) -> str:
    """What tells this file from all others, also when it is moved or copied. Whoever calls owns the file.

    Raises:
        Retry: the disk is full.
        Stop: it cannot be written.
    """
    with explained(path), contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("CREATE TABLE IF NOT EXISTS identity(id TEXT NOT NULL)")
        row = connection.execute("SELECT id FROM identity").fetchone()
        if row is None:
            row = (uuid4().hex,)
            connection.execute("INSERT INTO identity(id) VALUES (?)", row)
        connection.execute("COMMIT")
    file_id: str = row[0]
    return file_id
