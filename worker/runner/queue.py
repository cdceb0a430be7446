"""Which feed is polled next: a heap of due times, one request at a time per host."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from worker.model.feed import Feed


class PollQueue:
    """Feeds by the time (on the monotonic clock) at which they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Feed]] = []
        self._count = 0
        self._busy: set[str] = set()
        self._waiting: dict[str, deque[tuple[float, Feed]]] = {}

    def add(self, feed: Feed, *, due_seconds: float) -> None:
        """Poll this feed from `due_seconds` on."""
        # The count keeps feeds that are due at the same time in order, and the heap from comparing feeds.
        self._count += 1
        heapq.heappush(self._heap, (due_seconds, self._count, feed))

    def take(self, now_seconds: float) -> tuple[Feed, float] | None:
        """The feed that has been due longest, with its due time; its host is busy until `release`."""
        while self._heap and self._heap[0][0] <= now_seconds:
            due_seconds, _, feed = heapq.heappop(self._heap)
            host = host_of(feed.url)
            if host in self._busy:
                self._waiting.setdefault(host, deque()).append((due_seconds, feed))
                continue
            self._busy.add(host)
            return feed, due_seconds
        return None

    def release(self, feed: Feed) -> None:
        """The feed's host may be asked again."""
        host = host_of(feed.url)
        self._busy.discard(host)
        waiting = self._waiting.get(host)
        if waiting:
            due_seconds, following = waiting.popleft()
            self.add(following, due_seconds=due_seconds)
            if not waiting:
                del self._waiting[host]

    def next_due_seconds(self) -> float | None:
        """When the next feed is due; None when none is waiting for its time."""
        return self._heap[0][0] if self._heap else None

    def overdue(self, now_seconds: float, *, by_seconds: float) -> int:
        """How many feeds should have been polled `by_seconds` ago."""
        limit = now_seconds - by_seconds
        late = sum(1 for due_seconds, _, _ in self._heap if due_seconds < limit)
        return late + sum(due < limit for waiting in self._waiting.values() for due, _ in waiting)


def host_of(url: str) -> str:
    """The host of an address, with its port where it names one: what is asked one thing at a time."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()
