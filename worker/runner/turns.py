"""Who is read when: feeds that have been read without trouble before those of which that is not known.

A document may take a reader for the whole of its deadline, and a hundred of them all readers for minutes. Feeds that
are known to be quick must not wait behind them, and what waits must not fill the memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from worker.ports import Clock

# While known feeds are about, one reader is theirs alone.
_ABOUT_SECONDS = 60.0
_KNOWN, _BEGUN, _NEW = range(3)


class Turns:
    """Gives out the readers.

    Args:
        readers: how many documents are read at once.
        max_bytes: how many bytes of documents may wait for a reader before no more are fetched: of known feeds, and as
            many of others. What is under way by then still comes on top.
        clock: tells when a known feed was there last.
    """

    def __init__(self, *, readers: int, max_bytes: int, clock: Clock) -> None:
        self._readers = readers
        self._max_bytes = max_bytes
        self._clock = clock
        self._free = readers
        self._others = 0
        self._known_at_seconds: float | None = None
        self._queue: list[tuple[int, int, asyncio.Future[None]]] = []
        self._numbers = count()
        # By whether the feed is known.
        self._held_bytes: Counter[bool] = Counter()
        self._fewer = {known: asyncio.Event() for known in (True, False)}
        # Polls that have not begun to be read.
        self.waiting = 0

    async def room(self, *, known: bool, begun: bool) -> None:
        """Wait until one more document may be fetched."""
        with self._wait(begun=begun):
            while self._held_bytes[known] >= self._max_bytes:
                self._fewer[known].clear()
                await self._fewer[known].wait()

    @contextlib.asynccontextmanager
    async def turn(self, size_bytes: int, *, known: bool, begun: bool) -> AsyncIterator[None]:
        """Wait for a reader, and have it until the context ends.

        Args:
            size_bytes: what waits to be read.
            known: whether the feed has been read before, quickly.
            begun: whether part of the poll was read already.
        """
        if known:
            self._known_at_seconds = self._clock.monotonic_seconds()
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._queue, (_KNOWN if known else _BEGUN if begun else _NEW, next(self._numbers), granted))
        self._held_bytes[known] += size_bytes
        try:
            with self._wait(begun=begun):
                self._grant()
                await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self._give_back(known=known)
            raise
        finally:
            self._held_bytes[known] -= size_bytes
            self._fewer[known].set()
        try:
            yield
        finally:
            self._give_back(known=known)

    def _grant(self) -> None:
        """Give free readers to those who are next."""
        while self._free and self._queue:
            rank, _, granted = self._queue[0]
            if not granted.done():
                if rank != _KNOWN and not self._is_open_to_others():
                    return
                self._free -= 1
                self._others += rank != _KNOWN
                granted.set_result(None)
            heapq.heappop(self._queue)

    def _is_open_to_others(self) -> bool:
        """Whether a reader may be given to a feed that is not known."""
        if self._readers == 1 or self._others < self._readers - 1 or self._known_at_seconds is None:
            return True
        return self._clock.monotonic_seconds() - self._known_at_seconds > _ABOUT_SECONDS

    def _give_back(self, *, known: bool) -> None:
        self._free += 1
        self._others -= not known
        self._grant()

    @contextlib.contextmanager
    def _wait(self, *, begun: bool) -> Iterator[None]:
        self.waiting += not begun
        try:
            yield
        finally:
            self.waiting -= not begun
