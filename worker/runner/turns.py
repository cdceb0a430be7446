"""Who is read when: feeds that have been read without trouble, and those of which that is not known, in fair shares.

A document may take a reader for the whole of its deadline, and a hundred of them all readers for minutes. Feeds that
are known to be quick must not wait behind them; nor must new feeds wait for as long as known ones have something to
read, which may be always. So while both wait, either kind has half of the readers' time, and each is served in the
order in which it came. What waits must not fill the memory either.
"""

from __future__ import annotations

import asyncio
import contextlib
import heapq
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from worker.ports import Clock

# Whether it goes last, its number, and what is done when it has its turn.
_Waiting = tuple[bool, int, asyncio.Future[None]]

# While known feeds are about, one reader is theirs alone.
_ABOUT_SECONDS = 60.0


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
        self._numbers = count()
        # All by whether the feed is known. Of others, polls that have begun go first.
        self._queues: dict[bool, list[_Waiting]] = {True: [], False: []}
        self._had_seconds = {True: 0.0, False: 0.0}
        self._held_bytes = {True: 0, False: 0}
        self._fewer = {known: asyncio.Event() for known in (True, False)}
        # Polls that have not begun to be read.
        self.waiting = 0

    async def room(self, *, known: bool, begun: bool) -> None:
        """Wait until one more document may be fetched."""
        if self._held_bytes[known] < self._max_bytes:
            return
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
        queue = self._queues[known]
        if not queue:
            # Who did not wait has nothing to catch up with.
            self._had_seconds[known] = max(self._had_seconds.values())
        heapq.heappush(queue, (not known and not begun, next(self._numbers), granted))
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
        began_seconds = self._clock.monotonic_seconds()
        try:
            yield
        finally:
            self._had_seconds[known] += self._clock.monotonic_seconds() - began_seconds
            self._give_back(known=known)

    def _grant(self) -> None:
        """Give free readers to those who are next."""
        while self._free and (known := self._next_kind()) is not None:
            _, _, granted = heapq.heappop(self._queues[known])
            self._free -= 1
            self._others += not known
            granted.set_result(None)

    def _next_kind(self) -> bool | None:
        """Whether the next reader is for a known feed; None if nobody waits who may have it."""
        for queue in self._queues.values():
            while queue and queue[0][2].done():  # gave up
                heapq.heappop(queue)
        kinds = [known for known, queue in self._queues.items() if queue and (known or self._is_open_to_others())]
        # Known feeds when both had as much.
        return min(kinds, key=lambda known: self._had_seconds[known], default=None)

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
