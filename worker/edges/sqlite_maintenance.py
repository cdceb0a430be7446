"""What commands ask of a ledger's SQLite file, beside what the worker does. Blocking."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from worker.edges.sqlite_file import connect_to_read, decode_headers, explained
from worker.model.event import Published

if TYPE_CHECKING:
    from pathlib import Path

Table = Literal["articles", "dead_letters"]

_ROWS = {
    "articles": "SELECT position, article_id, headers, value FROM articles",
    "dead_letters": "SELECT position, feed_id, headers, value FROM dead_letters",
}
_ENDS = {
    "articles": "SELECT coalesce(max(position), 0) FROM articles",
    "dead_letters": "SELECT coalesce(max(position), 0) FROM dead_letters",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """A feed's state as it lies in the file."""

    feed_id: str
    shard_key: str
    value: bytes


def read_stored_states(path: Path) -> list[StoredState]:
    """All feed states, by feed id; none before a worker has made the file.

    Raises:
        Retry: the file cannot be read now.
        Stop: it is not a ledger, or must not be read.
    """
    if not path.exists():
        return []
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
        rows = connection.execute(f"{_ROWS[table]} WHERE position > ? ORDER BY position LIMIT ?", (after, count))
        for position, key, headers, value in rows:
            size_bytes += len(value)
            if found and size_bytes > max_bytes:
                break
            found.append(
                Published(
                    topic=table,
                    partition=0,
                    position=position,
                    key=key.encode(),
                    headers=decode_headers(headers),
                    value=value,
                )
            )
    return found


def read_end(path: Path, table: Table) -> int:
    """The position of the last record, 0 when there is none.

    Raises:
        Retry: the file cannot be read now.
        Stop: it is not a ledger, or must not be read.
    """
    with explained(path), contextlib.closing(connect_to_read(path)) as connection:
        end: int = connection.execute(_ENDS[table]).fetchone()[0]
    return end


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
