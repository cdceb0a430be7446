"""More to do than can be done."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from tests.fakes import FakeLedger, FakeStore
from tests.unit.runner.helpers import FakeWeb, RecordingMetrics, feed, make_runner, rss, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.event import Batch, PollReport
    from worker.model.fetch import Fetched, Request
    from worker.ports import NextHop

# As `make_runner` sets it.
CONCURRENCY = 50
FEEDS = 150
PENDING_BYTES = 10_000


class SlowWeb(FakeWeb):
    """Takes a moment for each answer, and remembers how many it was asked for at once."""

    def __init__(self, **bodies: bytes) -> None:
        super().__init__(**bodies)
        self.now = self.most = 0

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0.02)
        self.now -= 1
        return await super().fetch(request, hop)


class SlowLedger(FakeLedger):
    """Takes a moment for each commit."""

    async def commit(self, batches: Sequence[Batch]) -> None:
        await asyncio.sleep(0.02)
        await super().commit(batches)


class Delays(RecordingMetrics):
    def __init__(self) -> None:
        super().__init__()
        self.late: dict[str, list[float]] = {}

    def poll_finished(self, report: PollReport, *, delay_seconds: float, duration_seconds: float) -> None:
        self.late.setdefault(report.feed_id, []).append(delay_seconds)


class NewsWeb(FakeWeb):
    """Has another article at each poll, so that each has to be read."""

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        self.bodies[request.url] = rss((f"{request.url}#{len(self.requests)}", "News"))
        return await super().fetch(request, hop)


async def test_feeds_that_are_added_are_read_although_the_only_reader_is_never_free() -> None:
    """Each feed is due again at once, and twenty of them want more than one reader can read."""
    old, new = [f"old{number}" for number in range(20)], [f"new{number}" for number in range(5)]
    store = FakeStore()
    runner = make_runner([feed(name, interval_seconds=0.01) for name in old], NewsWeb(), store)
    running = asyncio.create_task(runner.run())
    await until(lambda: len(store.states) == len(old), timeout_seconds=60)
    runner.replace_feeds([feed(name, interval_seconds=0.01) for name in (*old, *new)])
    await until(lambda: len(store.states) == len(old) + len(new), timeout_seconds=60)
    runner.stop()
    await running
    assert store.states.keys() == {*old, *new}


async def test_above_capacity_all_feeds_are_late_alike_and_nothing_is_dropped_or_piled_up() -> None:
    """Each feed is due again at once, so that a hundred and fifty of them want far more than fifty at a time."""
    names = [f"f{number}" for number in range(FEEDS)]
    web = SlowWeb(**{name: rss((name, name)) for name in names})
    store, metrics = FakeStore(), Delays()
    runner = make_runner(
        [feed(name, interval_seconds=0.01) for name in names],
        web,
        SlowLedger(store),
        metrics=metrics,
        pending_bytes=PENDING_BYTES,
    )
    running = asyncio.create_task(runner.run())
    # Before, those that have been read go first.
    await until(lambda: len(store.states) == FEEDS, timeout_seconds=60)
    web.requests.clear()
    metrics.late.clear()
    await until(lambda: all(len(metrics.late.get(name, ())) >= 5 for name in names), timeout_seconds=60)
    polls = Counter(request.url for request in web.requests)
    runner.stop()
    await running
    assert max(polls.values()) - min(polls.values()) <= 2
    assert web.most <= CONCURRENCY
    # What was under way when the limit was reached comes on top: a state is about 600 bytes.
    assert metrics.most_pending_bytes <= PENDING_BYTES + CONCURRENCY * 2_000
    # Late by what the others take, and each by as much.
    fourth = [late[3] for late in metrics.late.values()]
    assert min(fourth) > 0.02
    assert max(fourth) < 10 * min(fourth)
    assert sorted(record.value for record in store.articles) == sorted({record.value for record in store.articles})
    assert len(store.articles) == FEEDS
