"""How hosts are asked: one request at a time, with a pause between; pages only where robots.txt allows it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from worker.model.entry import NotAFeed
from worker.model.fetch import FetchFailure, Request, Response
from worker.runner.queue import host_of
from worker.steps.inflate import inflate
from worker.steps.robots import Robots, read_robots
from worker.steps.schedule import held_seconds

if TYPE_CHECKING:
    from worker.model.fetch import FailureKind, Fetched
    from worker.ports import Clock, Fetcher, Metrics

_HOSTS_AT_MOST = 20_000
# RFC 9309, 2.4: no longer than a day.
_ROBOTS_SECONDS = 86_400.0
_ROBOTS_AGAIN_SECONDS = 600.0
_ROBOTS_BYTES = 2 * 2**20
# A host that failed so often in a row is asked for no pages for so long.
_PEACE_SECONDS = 600.0
_FAILURES_IN_A_ROW = 3


@dataclass(slots=True, kw_only=True)
class _Host:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    # Monotonic times.
    free_seconds: float = 0.0
    held_until_seconds: float = 0.0
    peace_until_seconds: float = 0.0
    failures: int = 0
    robots: Robots | None = None
    robots_until_seconds: float = 0.0


class Manners:
    """Asks servers as their owners would like to be asked.

    Args:
        fetcher: what asks.
        metrics: told of every answer; None to tell nobody.
        clock: for pauses.
        agent: the product name of our User-Agent, by which robots.txt knows us.
        gap_seconds: the pause between two requests to one host.
    """

    def __init__(
        self, fetcher: Fetcher, *, metrics: Metrics | None = None, clock: Clock, agent: str, gap_seconds: float
    ) -> None:
        self._fetcher = fetcher
        self._metrics = metrics
        self._clock = clock
        self._agent = agent
        self._gap_seconds = gap_seconds
        self._hosts: OrderedDict[str, _Host] = OrderedDict()
        # Requests that wait for their host's turn.
        self.waiting = 0

    async def fetch(self, request: Request) -> Fetched:
        """Ask when it is the host's turn. A page is asked for only where the site allows it, and the host is well."""
        host = self.host(request.url)
        if request.kind != "page":
            async with _Turn(self, host) as turn:
                if self._held_seconds(host) > 0:
                    return self._no(request, "unavailable", "the host asked to be left alone")
                fetched = await self._fetcher.fetch(request, turn.hop)
            self._hear(fetched)
            return fetched
        if (refused := await self._refused(host, request)) is not None:
            return refused
        async with _Turn(self, host) as turn:
            # Others may have waited for their turn as well, and been sent away.
            if self._clock.monotonic_seconds() < host.peace_until_seconds:
                return self._no(request, "unavailable", "the host is left in peace for now")
            fetched = await self._fetcher.fetch(request, turn.hop)
        self._hear(fetched)
        self._learn(host, fetched)
        return fetched

    def held_seconds(self, url: str) -> float:
        """For how long yet the host asks to be left alone; 0 when it does not."""
        host = self._hosts.get(host_of(url))
        return 0.0 if host is None else self._held_seconds(host)

    def hold(self, url: str, seconds: float) -> None:
        """Leave the host alone for so long: it asked for that, maybe before a restart."""
        host = self.host(url)
        until_seconds = self._clock.monotonic_seconds() + seconds
        host.held_until_seconds = max(host.held_until_seconds, until_seconds)
        host.peace_until_seconds = max(host.peace_until_seconds, until_seconds)

    def _held_seconds(self, host: _Host) -> float:
        # Of most hosts it was never said: then no clock is looked at.
        until_seconds = host.held_until_seconds
        return max(until_seconds - self._clock.monotonic_seconds(), 0.0) if until_seconds else 0.0

    async def close(self) -> None:
        """Close all connections."""
        await self._fetcher.close()

    async def _refused(self, host: _Host, request: Request) -> FetchFailure | None:
        """Why the page may not be asked for, or None."""
        if self._clock.monotonic_seconds() < host.peace_until_seconds:
            return self._no(request, "unavailable", "the host is left in peace for now")
        robots = await self._robots(host, request.url)
        if robots is None:
            return self._no(request, "unavailable", "robots.txt cannot be had, so nothing is asked for now")
        if not robots.allows(request.url):
            return self._no(request, "robots", "robots.txt does not allow it")
        return None

    async def _robots(self, host: _Host, url: str) -> Robots | None:
        """The host's rules, asked for at most once a day; None when they cannot be had for now."""
        if self._clock.monotonic_seconds() < host.robots_until_seconds:
            return host.robots
        async with _Turn(self, host) as turn:
            if self._clock.monotonic_seconds() < host.robots_until_seconds:
                return host.robots
            parts = urlsplit(url)
            request = Request(url=f"{parts.scheme}://{parts.netloc}/robots.txt", kind="robots")
            fetched = await self._fetcher.fetch(request, turn.hop)
        self._hear(fetched)
        host.robots = None
        if isinstance(fetched, Response):
            body = inflate(fetched.body, fetched.content_encoding, max_bytes=_ROBOTS_BYTES)
            host.robots = read_robots(fetched, None if isinstance(body, NotAFeed) else body, agent=self._agent)
        kept_seconds = _ROBOTS_AGAIN_SECONDS if host.robots is None else _ROBOTS_SECONDS
        host.robots_until_seconds = self._clock.monotonic_seconds() + kept_seconds
        return host.robots

    def _hear(self, fetched: Fetched) -> None:
        """A host that asks for a pause gets it, for everything. The one that sent us to it has asked for nothing."""
        if self._metrics is not None:
            self._metrics.requested(fetched)
        if not isinstance(fetched, Response):
            return
        seconds = held_seconds(fetched.status, fetched.headers, now=self._clock.now())
        if seconds:
            if self._metrics is not None:
                self._metrics.throttled(fetched.status)
            self.hold(fetched.url, seconds)

    def _learn(self, host: _Host, fetched: Fetched) -> None:
        """A host that is overloaded, or away, is not asked for more pages for a while."""
        failed = isinstance(fetched, FetchFailure) or fetched.status >= 500
        host.failures = host.failures + 1 if failed else 0
        if host.failures >= _FAILURES_IN_A_ROW:
            host.failures = 0
            until_seconds = self._clock.monotonic_seconds() + _PEACE_SECONDS
            host.peace_until_seconds = max(host.peace_until_seconds, until_seconds)

    async def take(self, host: _Host) -> None:
        """Wait until the host may be asked. Nobody else asks it before it is given back."""
        self.waiting += 1
        try:
            await host.lock.acquire()
            try:
                wait_seconds = host.free_seconds - self._clock.monotonic_seconds()
                if wait_seconds > 0:
                    await asyncio.sleep(wait_seconds)
            except BaseException:
                host.lock.release()
                raise
        finally:
            self.waiting -= 1

    def give_back(self, host: _Host) -> None:
        """End what `take` began: the next one may ask the host after the pause."""
        gap_seconds = max(self._gap_seconds, host.robots.pause_seconds if host.robots else 0.0)
        host.free_seconds = self._clock.monotonic_seconds() + gap_seconds
        host.lock.release()

    def host(self, url: str) -> _Host:
        """What is known of the host of an address."""
        name = host_of(url)
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = _Host()
            self._forget()
        self._hosts.move_to_end(name)
        return host

    def _forget(self) -> None:
        """Drop the host that was asked longest ago, when there are too many. One that has to be left alone stays."""
        if len(self._hosts) <= _HOSTS_AT_MOST:
            return
        now_seconds = self._clock.monotonic_seconds()
        for name, host in self._hosts.items():
            if not host.lock.locked() and now_seconds > max(host.free_seconds, host.peace_until_seconds):
                del self._hosts[name]
                return

    def _no(self, request: Request, kind: FailureKind, detail: str) -> FetchFailure:
        return FetchFailure(url=request.url, kind=kind, detail=detail, retrieved_at=self._clock.now())


class _Turn:
    """One request's turn at a host, and at those to which it is redirected: at one at a time.

    A host that redirects has answered, so others may ask it meanwhile. Whoever waited for a host and kept another
    could wait for ever: that one's request may be waiting for this one's.
    """

    __slots__ = ("_first", "_host", "_manners")

    def __init__(self, manners: Manners, first: _Host) -> None:
        self._manners = manners
        self._first = first
        self._host: _Host | None = None

    async def __aenter__(self) -> Self:
        await self._manners.take(self._first)
        self._host = self._first
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    async def hop(self, url: str) -> bool:
        """See `worker.ports.NextHop`."""
        self._leave()
        following = self._manners.host(url)
        await self._manners.take(following)
        self._host = following
        return self._manners.held_seconds(url) <= 0

    def _leave(self) -> None:
        if self._host is not None:
            self._manners.give_back(self._host)
            self._host = None
