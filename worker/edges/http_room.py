"""How many bytes of bodies may be in memory while they come in: a bound on their sum."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Room:
    """Room for large bodies, given out in the order in which it was asked for.

    A body asks for all that it may need before it takes more than a small share: with room for a part only, two bodies
    could wait for one another.

    Args:
        max_bytes: what there is.
    """

    def __init__(self, max_bytes: int) -> None:
        self._free_bytes = max_bytes
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @contextlib.asynccontextmanager
    async def taken(self, size_bytes: int) -> AsyncIterator[None]:
        """Wait until there is room for so many bytes, and have it until the context ends."""
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((size_bytes, granted))
        self._grant()
        try:
            await granted
            yield
        finally:
            if granted.done() and not granted.cancelled():
                self._free_bytes += size_bytes
            else:
                self._queue.remove((size_bytes, granted))
            self._grant()

    def _grant(self) -> None:
        while self._queue and self._queue[0][0] <= self._free_bytes:
            size_bytes, granted = self._queue.popleft()
            if granted.cancelled():
                continue
            self._free_bytes -= size_bytes
            granted.set_result(None)
