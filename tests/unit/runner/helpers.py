"""A runner on fakes: a web of scripted answers, an in-memory ledger, metrics that remember."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.fakes import FakeLedger, FakeStore, ThreadReaders
from worker.edges.clock import SystemClock
from worker.model.feed import Feed
from worker.model.fetch import Fetched, Request, Response
from worker.pipeline import Limits
from worker.runner import CommitSettings, Runner, RunnerSettings

if TYPE_CHECKING:
    from worker.ports import Clock, Ledger, NextHop, Tracing
    from worker.runner import HubSettings

Answer = Callable[[Request], Fetched]


class FakeWeb:
    """Implements `worker.ports.Fetcher`: answers by URL, remembers requests, can hold them back."""

    def __init__(self, **bodies: bytes) -> None:
        self.clock = SystemClock()
        self.bodies = {f"https://{name}.example/feed": body for name, body in bodies.items()}
        self.requests: list[Request] = []
        self.open_gate = asyncio.Event()
        self.open_gate.set()
        self.asked = asyncio.Event()
        self.answers: dict[str, Answer] = {}

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        self.requests.append(request)
        self.asked.set()
        await self.open_gate.wait()
        if request.url in self.answers:
            return self.answers[request.url](request)
        body = self.bodies[request.url]
        etag = f'"{hash(body)}"'
        status = 304 if request.etag == etag else 200
        return Response(
            url=request.url,
            status=status,
            headers={"etag": etag},
            body=b"" if status == 304 else body,
            retrieved_at=self.clock.now(),
        )

    async def close(self) -> None:
        pass


class RecordingMetrics:
    """Implements `worker.ports.Metrics`."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.most_pending_bytes = 0

    def poll_started(self) -> None:
        self.counts["started"] += 1

    def poll_finished(self, *_: Any, **__: Any) -> None:
        self.counts["finished"] += 1

    def poll_cancelled(self) -> None:
        self.counts["cancelled"] += 1

    def committed(self, batches: Any, **_: Any) -> None:
        self.counts["committed"] += len(batches)

    def commit_failed(self, result: str, batches: Any) -> None:
        self.counts[result] += 1

    def restored(self, duration_seconds: float) -> None:
        self.counts["restored"] += 1

    def ledger(self, *, up: bool) -> None:
        self.counts["up" if up else "down"] += 1

    def pending(self, *, events: int, size_bytes: int, oldest_at: Any) -> None:
        self.most_pending_bytes = max(self.most_pending_bytes, size_bytes)

    def feeds(self, *_: Any, **__: Any) -> None:
        pass

    def page(self, result: str) -> None:
        self.counts[f"page_{result}"] += 1

    def holding(self, shards: int) -> None:
        self.counts["shards"] = shards

    def requested(self, fetched: Any) -> None:
        self.counts["requested"] += 1

    def throttled(self, status: int) -> None:
        self.counts[f"throttled_{status}"] += 1

    def reader_replaced(self, reason: str) -> None:
        self.counts[f"replaced_{reason}"] += 1

    def reloaded(self, result: str, now: Any) -> None:
        self.counts[f"reload_{result}"] += 1

    def subscriptions(self, counts: Any) -> None:
        pass

    def pushed(self, result: str) -> None:
        self.counts[f"pushed_{result}"] += 1

    def heartbeat(self, now: Any) -> None:
        pass


def feed(name: str, *, interval_seconds: float = 3_600.0) -> Feed:
    return Feed(
        id=name,
        url=f"https://{name}.example/feed",
        shard_key=f"{name}.example",
        interval_seconds=interval_seconds,
        min_interval_seconds=0.01,
        max_interval_seconds=86_400.0,
    )


def rss(*items: tuple[str, str]) -> bytes:
    """An RSS document of (guid, headline)s; each article's address is its guid on news.example."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<link>https://news.example/{guid}</link><description>Words of {guid}.</description></item>"
        for guid, title in items
    )
    return f"<rss version='2.0'><channel><title>T</title>{entries}</channel></rss>".encode()


def make_runner(
    feeds: list[Feed],
    web: FakeWeb,
    ledger: Ledger | FakeStore,
    *,
    metrics: RecordingMetrics | None = None,
    pending_bytes: int = 10_000_000,
    drain_timeout_seconds: float = 5.0,
    max_delay_seconds: float = 0.01,
    hubs: HubSettings | None = None,
    clock: Clock | None = None,
    tracing: Tracing | None = None,
) -> Runner:
    return Runner(
        feeds,
        ledger=FakeLedger(ledger) if isinstance(ledger, FakeStore) else ledger,
        fetcher=web,
        readers=ThreadReaders(),
        metrics=metrics or RecordingMetrics(),
        clock=clock or SystemClock(),
        settings=RunnerSettings(
            agent="Dateline",
            host_gap_seconds=0.0,
            concurrency=50,
            drain_timeout_seconds=drain_timeout_seconds,
            commit=CommitSettings(
                max_events=100, max_bytes=1_000_000, max_delay_seconds=max_delay_seconds, pending_bytes=pending_bytes
            ),
            limits=Limits(max_body_bytes=1_000_000, max_event_bytes=1_000_000),
            hubs=hubs,
        ),
        tracing=tracing,
    )


async def until(condition: Callable[[], bool], *, timeout_seconds: float = 10.0) -> None:
    """Wait for something that the runner does in its own time."""
    async with asyncio.timeout(timeout_seconds):
        while not condition():  # noqa: ASYNC110 - nobody tells when a condition comes true
            await asyncio.sleep(0.005)
