"""Which feed is polled next: a heap of due times, one request at a time per host."""

from __future__ import annotations

import heapq
import re
from typing import Generic, Protocol, TypeVar

# The authority of RFC 3986, 3.2. It is wanted several times in each poll.
_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://([^/?#]*)")


class _Asked(Protocol):
    """What is asked of a host: a feed, say."""

    @property
    def id(self) -> str: ...

    @property
    def url(self) -> str: ...


_T = TypeVar("_T", bound=_Asked)


class PollQueue(Generic[_T]):
    """Feeds, or what else is asked of hosts, by the time (on the monotonic clock) at which they are due."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, _T]] = []
        self._count = 0
        self._busy: set[str] = set()
        # By host: what was due while the host was busy, as heaps.
        self._waiting: dict[str, list[tuple[float, int, _T]]] = {}
        # The only entry of each feed that counts; older ones stay in the heap until they come up.
        self._current: dict[str, int] = {}

    def add(self, feed: _T, *, due_seconds: float) -> None:
        """Poll this feed from `due_seconds` on, and not when it was to be polled before."""
        # The count keeps feeds that are due at the same time in order, and the heap from comparing feeds.
        self._count += 1
        self._current[feed.id] = self._count
        heapq.heappush(self._heap, (due_seconds, self._count, feed))

    def drop(self, feed_id: str) -> None:
        """Do not poll this feed any more."""
        self._current.pop(feed_id, None)

    def take(self, now_seconds: float) -> tuple[_T, float] | None:
        """The feed that has been due longest, with its due time; its host is busy until `release`."""
        while self._heap and self._heap[0][0] <= now_seconds:
            due_seconds, count, feed = heapq.heappop(self._heap)
            host = host_of(feed.url)
            if self._current.get(feed.id) != count:
                # It may have had the host's turn: then that is for the next one that waits for it.
                if host not in self._busy:
                    self._let_next(host)
                continue
            if host in self._busy:
                heapq.heappush(self._waiting.setdefault(host, []), (due_seconds, count, feed))
                continue
            self._busy.add(host)
            del self._current[feed.id]
            return feed, due_seconds
        return None

    def release(self, feed: _T) -> None:
        """The feed's host may be asked again."""
        host = host_of(feed.url)
        self._busy.discard(host)
        self._let_next(host)

    def _let_next(self, host: str) -> None:
        """Have the one come up that has waited for this host since it fell due first."""
        waiting = self._waiting.get(host, [])
        while waiting:
            due_seconds, count, next_one = heapq.heappop(waiting)
            # One that was dropped, or put off, meanwhile must not keep the others waiting.
            if self._current.get(next_one.id) == count:
                heapq.heappush(self._heap, (due_seconds, count, next_one))
                break
        if not waiting:
            self._waiting.pop(host, None)

    def next_due_seconds(self) -> float | None:
        """When the next feed is due; None when none is waiting for its time."""
        return self._heap[0][0] if self._heap else None

    def overdue(self, now_seconds: float, *, by_seconds: float) -> int:
        """How many feeds should have been polled `by_seconds` ago."""
        limit = now_seconds - by_seconds
        late = 0
        # What comes after an entry of a heap that is not late is not late either: this looks at few of many.
        places = [0]
        while places:
            place = places.pop()
            if place < len(self._heap) and self._heap[place][0] < limit:
                _, count, feed = self._heap[place]
                late += self._current.get(feed.id) == count
                places += (2 * place + 1, 2 * place + 2)
        return late + sum(due < limit for waiting in self._waiting.values() for due, _, _ in waiting)


def host_of(url: str) -> str:
    """The host of an address, with its port where it names one: what is asked one thing at a time."""
    found = _HOST.match(url)
    return "" if found is None else found[1].rpartition("@")[2].lower()
