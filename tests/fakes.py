"""Ports without a world behind them, for tests of what uses them."""

from __future__ import annotations

import asyncio
import traceback
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from worker.edges.limits import check_sizes
from worker.edges.metrics import PrometheusMetrics
from worker.model.children import ChildError
from worker.model.errors import DatelineError, Reject, Retry, Stop
from worker.model.event import Batch, Published
from worker.model.shards import WHOLE, Holding, Restored
from worker.pipeline.session import Session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from worker.model.event import Headers
    from worker.model.step import Ask

MAX_EVENT_BYTES = 1_000_000


class ThreadReaders:
    """Implements `worker.ports.Readers` within this process, in threads: for tests of what uses readers."""

    @asynccontextmanager
    async def session(self) -> AsyncIterator[ThreadReader]:
        yield ThreadReader()


class ThreadReader:
    """Implements `worker.ports.Conversation`."""

    def __init__(self) -> None:
        self._session = Session()

    async def call(self, method: str, *args: object) -> object:
        try:
            return await asyncio.to_thread(getattr(self._session, method), *args)
        except Exception as error:
            raise ChildError("".join(traceback.format_exception(error))) from error


def settled(step: Batch | Ask) -> Batch:
    """What a poll writes that needs nothing more to be asked."""
    assert isinstance(step, Batch)
    return step


@dataclass(kw_only=True)
class FakeClock:
    """Implements `worker.ports.Clock`: both clocks stand still until a test moves them."""

    at: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    monotonic: float = 1_000.0

    def now(self) -> datetime:
        return self.at

    def monotonic_seconds(self) -> float:
        return self.monotonic

    def advance(self, seconds: float) -> None:
        """Move both clocks forward."""
        self.at += timedelta(seconds=seconds)
        self.monotonic += seconds


@dataclass(kw_only=True)
class FakeStore:
    """What was committed. It outlives the ledgers on it, as a broker outlives workers.

    While `away` is true, nothing can be reached. `commits` holds the batches of each commit that was written.
    """

    articles: list[Published] = field(default_factory=list)
    dead_letters: list[Published] = field(default_factory=list)
    states: dict[str, bytes] = field(default_factory=dict)
    commits: list[tuple[Batch, ...]] = field(default_factory=list)
    away: bool = False
    owner: FakeLedger | None = None
    shard_keys: dict[str, str] = field(default_factory=dict)
    holdings: dict[FakeLedger, Holding] = field(default_factory=dict)

    def write(self, batches: Sequence[Batch]) -> None:
        """Write all of it."""
        for batch in batches:
            for event in batch.events:
                self.articles.append(_published("news.articles", self.articles, event.key, event.headers, event.value))
            for letter in batch.rejected:
                self.dead_letters.append(
                    _published("news.dead-letters", self.dead_letters, letter.key, letter.headers, letter.value)
                )
            self.states[batch.feed_id] = batch.state_value
            self.shard_keys[batch.feed_id] = batch.shard_key
        self.commits.append(tuple(batches))


class FakeLedger:
    """Implements `worker.ports.Ledger` in memory, with Kafka's manners: `open` takes over from whoever had it."""

    def __init__(self, store: FakeStore, *, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self.store = store
        self._max_event_bytes = max_event_bytes
        self._usable = False
        self._opened = False
        self._faults: list[tuple[DatelineError, bool]] = []
        self.moves = asyncio.Event()
        self.leaving: frozenset[int] = frozenset()

    def fail_next(self, error: DatelineError, *, written: bool) -> None:
        """Let the next commit raise `error`, after or instead of writing; called twice, the next two."""
        self._faults.append((error, written))

    async def open(self) -> None:
        self._opened, self._usable = True, False
        self._reach()
        self.store.owner = self
        self._usable = True

    async def restore(self) -> Restored:
        self._check_usable()
        self._reach()
        holding = self.store.holdings.get(self, WHOLE)
        self.moves.clear()
        states = {
            feed_id: value
            for feed_id, value in self.store.states.items()
            if holding.has(self.store.shard_keys.get(feed_id, ""))
        }
        return Restored(holding=holding, states=states)

    async def moving(self) -> frozenset[int]:
        await self.moves.wait()
        return self.leaving

    def move(self, holding: Holding) -> None:
        """Give the ledger other shards; it has those that are taken until it restores."""
        before = self.store.holdings.get(self, WHOLE)
        self.leaving = before.shards - holding.shards
        self.store.holdings[self] = holding
        self.moves.set()

    async def commit(self, batches: Sequence[Batch]) -> None:
        self._check_usable()
        check_sizes(batches, max_event_bytes=self._max_event_bytes)
        if not batches:
            return
        self._reach()
        if self.store.owner is not self:
            raise Stop("another worker took over; nothing was written")
        error, written = self._faults.pop(0) if self._faults else (None, True)
        if written:
            self.store.write(batches)
        if error is not None:
            self._usable = isinstance(error, Reject)
            raise error

    async def ping(self) -> bool:
        return self._opened and not self.store.away

    async def close(self) -> None:
        self._opened = self._usable = False

    def _check_usable(self) -> None:
        if not self._usable:
            raise Retry("the ledger is not open; nothing was written")

    def _reach(self) -> None:
        if self.store.away:
            self._usable = False
            raise Retry("the store is away; nothing was written")


class FakeReader:
    """Implements `worker.ports.Reader` on a `FakeStore`. It never waits: nothing can happen meanwhile."""

    def __init__(self, store: FakeStore, table: Literal["articles", "dead_letters"] = "articles") -> None:
        self._records = store.articles if table == "articles" else store.dead_letters
        self._read = 0

    def read(self, *, timeout_seconds: float) -> Iterator[Published]:
        del timeout_seconds
        while self._read < len(self._records):
            self._read += 1
            yield self._records[self._read - 1]

    def close(self) -> None:
        pass


def _published(topic: str, before: Sequence[Published], key: bytes, headers: Headers, value: bytes) -> Published:
    return Published(topic=topic, partition=0, position=len(before), key=key, headers=headers, value=value)


def any_metrics() -> PrometheusMetrics:
    """The real ones, of a worker with the usual topics."""
    return PrometheusMetrics(
        version="1.2.3",
        articles_topics=("news.articles",),
        dead_letters_topic="news.dead-letters",
        feed_state_topic="news.feed-state",
        concurrency=100,
    )
