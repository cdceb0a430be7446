"""The ledger in one SQLite file, for a worker without Kafka: articles, dead letters and feed states.

One process owns the file, by a lock beside it; any number of others may read it at the same time.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from worker.edges.call_thread import CallThread, wait
from worker.edges.limits import check_sizes
from worker.edges.sqlite_file import SqliteFile, connect_to_read, explained, last_position, rows_after
from worker.model.errors import DatelineError, Retry, Unknown
from worker.model.shards import WHOLE, Restored

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from worker.edges.sqlite_file import Table
    from worker.model.event import Batch, Published

_T = TypeVar("_T")

_CHUNK_ROWS = 1_000
_POLL_SECONDS = 0.05

# For a disk that does not answer.
_CALL_SECONDS = 120.0
_PING_SECONDS = 3.0


def read_states(path: Path) -> dict[str, bytes]:
    """The last committed state of every feed, also while a worker has the file; none before it has made one.

    Raises:
        Retry: the file cannot be read now.
        Stop: it is not a ledger, or must not be read.
    """
    if not path.exists():
        return {}
    with explained(path), contextlib.closing(connect_to_read(path)) as connection:
        return dict(connection.execute("SELECT feed_id, value FROM feed_states"))


class SqliteLedger:
    """Implements `worker.ports.Ledger` in the file at `path`.

    `name` is the deployment's: it tells whoever finds the file in use who has it.
    """

    def __init__(self, path: Path, *, name: str, max_event_bytes: int) -> None:
        self._file = SqliteFile(path, name=name)
        self._max_event_bytes = max_event_bytes
        self._thread: CallThread | None = None
        self._usable = False

    async def open(self) -> None:
        """Own the file, and create it when it is not there.

        Raises:
            Retry: the disk is full, or another program keeps the file locked.
            Stop: another worker owns it, it cannot be read or written, or it is not ours.
        """
        self._thread = self._thread or CallThread(f"sqlite-{self._file.path.name}")
        await self._call(self._thread, self._file.open, late=Retry(self._late))

    async def restore(self) -> Restored:
        """The last committed state of every feed: whoever has the file has all of it.

        Raises:
            Retry: the file is not open, or cannot be read now.
            Stop: it is damaged.
        """
        states = await self._call(self._working(), self._file.restore, late=Retry(self._late))
        return Restored(holding=WHOLE, states=states)

    async def moving(self) -> frozenset[int]:
        """Never returns: nobody else may take the file while it is open."""
        await asyncio.Event().wait()
        return frozenset()

    async def commit(self, batches: Sequence[Batch]) -> None:
        """Write events, dead letters and states of all batches in one transaction, on disk when it returns.

        Raises:
            Retry: nothing was written; open and restore, then try again.
            Unknown: it may have been written; open and restore, and compare states.
            Reject: one record is too large; nothing was written.
            Stop: the file is damaged, or holds one of the revisions already; nothing was written.
        """
        thread = self._working()
        check_sizes(batches, max_event_bytes=self._max_event_bytes)
        if batches:
            await self._call(thread, partial(self._file.commit, batches), late=Unknown(self._late))

    async def ping(self) -> bool:
        """Whether the file can be read now."""
        if not self._usable or self._thread is None:
            return False
        try:
            await wait(self._thread.submit(self._file.touch), seconds=_PING_SECONDS)
        except (DatelineError, TimeoutError):
            return False
        return True

    async def close(self) -> None:
        """Let go of the file. Idempotent."""
        self._usable = False
        thread, self._thread = self._thread, None
        if thread is not None:
            closing = thread.submit(self._file.close)
            thread.end()
            with contextlib.suppress(TimeoutError):
                await wait(closing, seconds=_CALL_SECONDS)

    @property
    def _late(self) -> str:
        return f"{self._file.path} did not answer within {_CALL_SECONDS:.0f} s"

    def _working(self) -> CallThread:
        if not self._usable or self._thread is None:
            raise Retry(f"{self._file.path} is not open; nothing was written")
        return self._thread

    async def _call(self, thread: CallThread, call: Callable[[], _T], *, late: DatelineError) -> _T:
        """Do a call; a session whose call failed is not used again before the next `open`."""
        self._usable = False
        try:
            result = await wait(thread.submit(call), seconds=_CALL_SECONDS)
        except TimeoutError:
            raise late from None
        self._usable = True
        return result


class SqliteReader:
    """Implements `worker.ports.Reader` on the file at `path`, also while another process writes it.

    `topic` is where those of its records come from that have no topic of their own. With `from_beginning=False` it
    starts at what is the end when it first reads. SQLite does not tell other processes of changes, so it polls.
    """

    def __init__(
        self,
        path: Path,
        *,
        topic: str = "news.articles",
        table: Table = "articles",
        from_beginning: bool = True,
    ) -> None:
        self._path = path
        self._topic = topic
        self._table: Table = table
        self._position: int | None = 0 if from_beginning else None
        self._connection: sqlite3.Connection | None = None
        self._fetched: deque[Published] = deque()
        self._closed = False

    def read(self, *, timeout_seconds: float) -> Iterator[Published]:
        """The records that are visible now and not yet read; waits up to the time given for the first one.

        Raises:
            Retry: the file is not there yet, or cannot be read now.
            Stop: it is damaged, must not be read, or is not a ledger.
        """
        deadline_seconds = time.monotonic() + timeout_seconds
        while not (self._fetched or self._fetch()) and time.monotonic() < deadline_seconds:
            time.sleep(_POLL_SECONDS)
        yield from self.read_to_end()

    def read_to_end(self) -> Iterator[Published]:
        """The records that are visible now and not yet read, without waiting for more.

        Raises:
            Retry: the file is not there yet, or cannot be read now.
            Stop: it is damaged, must not be read, or is not a ledger.
        """
        while self._fetched or self._fetch():
            yield self._fetched.popleft()

    def close(self) -> None:
        """Let go of the file. Idempotent."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _fetch(self) -> bool:
        """Whether there was something. All rows are taken at once: an open query keeps the writer's log growing."""
        if self._closed:
            raise RuntimeError("this reader is closed")
        if self._connection is None:
            self._connection = connect_to_read(self._path)
        with explained(self._path):
            if self._position is None:
                self._position = last_position(self._connection, self._table)
            rows = list(rows_after(self._connection, self._table, self._position, count=_CHUNK_ROWS, topic=self._topic))
        if rows:
            self._position = rows[-1].position
        self._fetched.extend(rows)
        return bool(rows)
