"""Results wait here until they are committed: many polls in one commit, none of them twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from worker.model.errors import Reject, Retry, Stop, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from worker.model.event import Batch
    from worker.ports import Clock, Ledger, Metrics
    from worker.runner.book import FeedBook

_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitSettings:
    """When to commit, and how much may wait."""

    max_events: int
    max_bytes: int
    max_delay_seconds: float
    pending_bytes: int


class Committer:
    """Owns the ledger: opens it, restores the book from it, commits to it, and recovers it.

    Args:
        ledger: where to write.
        book: what is known; kept equal to what the ledger holds.
        metrics: told about every commit.
        clock: for measuring.
        settings: see `CommitSettings`.
        settled: called for each batch once it is committed, or never will be (then with False).
        restored: called each time the ledger was restored: the shards may be others.
    """

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        *,
        ledger: Ledger,
        book: FeedBook,
        metrics: Metrics,
        clock: Clock,
        settings: CommitSettings,
        settled: Callable[[Batch, bool], None],
        restored: Callable[[], None],
    ) -> None:
        self._ledger = ledger
        self._book = book
        self._metrics = metrics
        self._clock = clock
        self._settings = settings
        self._settled = settled
        self._restored = restored
        # The ledger does one thing at a time.
        self._ledger_free = asyncio.Lock()
        self._log = structlog.get_logger()
        self._pending: deque[tuple[Batch, datetime]] = deque()
        self._pending_events = 0
        self._pending_bytes = 0
        self._work = asyncio.Event()
        self._hurry = asyncio.Event()
        self._finishing = False
        self._opening = False
        # Whether it can be published: by the last commit, or while none waits by whether the ledger answers.
        self.up = False
        self._down_since_seconds = clock.monotonic_seconds()

    @property
    def full(self) -> bool:
        """Whether so much waits that polling has to wait as well."""
        return self._pending_bytes >= self._settings.pending_bytes

    @property
    def down_seconds(self) -> float:
        """For how long nothing could be published; 0 when it can."""
        return 0.0 if self.up else self._clock.monotonic_seconds() - self._down_since_seconds

    @property
    def pending(self) -> int:
        """How many polls wait for their commit."""
        return len(self._pending)

    def add(self, batch: Batch) -> None:
        """Commit this soon."""
        self._pending.append((batch, self._clock.now()))
        self._pending_events += len(batch.events)
        self._pending_bytes += batch.size_bytes
        self._report_pending()
        self._work.set()
        if self._pending_events >= self._settings.max_events or self._pending_bytes >= self._settings.max_bytes:
            self._hurry.set()

    def answered(self, *, up: bool) -> None:
        """The ledger was asked whether it answers.

        An answer is not yet a commit: of three brokers one can answer, and two are needed to write. So what went down
        comes up by an answer only where nothing waits to be committed, or to be opened, which would tell better.
        """
        if up and (self._opening or self._pending):
            return
        if self.up and not up:
            self._log.warning("ledger_unavailable", error="the ledger does not answer")
        self._mark(up=up)

    def hurry(self) -> None:
        """Commit what waits now."""
        self._hurry.set()

    def finish(self) -> None:
        """Commit what waits and return from `run`."""
        self._finishing = True
        self._work.set()
        self._hurry.set()

    async def take_over(self, *, patient: bool = True) -> None:
        """Open the ledger and learn from it what is known.

        Raises:
            Retry: if it cannot be reached, unless `patient`, which tries until it can.
            Stop: if it never can.
        """
        wait_seconds = _FIRST_WAIT_SECONDS
        self._opening = True
        while True:
            try:
                await self._ledger.open()
                await self._restore()
            except (Retry, Unknown) as error:
                self._mark(up=False)
                if not patient:
                    raise Retry(str(error)) from error
                self._log.warning("ledger_unavailable", error=str(error), retry_in_seconds=wait_seconds)
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(wait_seconds * 2, _LONGEST_WAIT_SECONDS)
            else:
                self._opening = False
                if not self._pending:
                    self._mark(up=True)
                return

    async def rebalance(self) -> None:
        """Learn which shards are ours now, between two commits.

        Raises:
            Stop: if the ledger refuses this worker.
        """
        async with self._ledger_free:
            try:
                await self._restore()
            except (Retry, Unknown) as error:
                self._log.warning("ledger_unavailable", error=str(error))
                self._mark(up=False)
                await self.take_over()

    async def _restore(self) -> None:
        began_seconds = self._clock.monotonic_seconds()
        self._book.restore(await self._ledger.restore())
        self._metrics.restored(self._clock.monotonic_seconds() - began_seconds)
        for batch, _ in self._pending:
            if self._book.holding.has(batch.shard_key):
                self._book.claim(batch)
        self._restored()

    async def run(self) -> None:
        """Commit until `finish`.

        Raises:
            Stop: if the ledger belongs to another worker now, or refuses this one.
        """
        while True:
            await self._work.wait()
            if not self._pending and self._finishing:
                return
            if not self._finishing:
                # Many small polls share one commit: a commit costs the same for one record as for hundreds.
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), self._settings.max_delay_seconds)
            async with self._ledger_free:
                await self._commit(self._ours(self._take()))
            if not self._pending and not self._finishing:
                self._work.clear()
                self._hurry.clear()

    def _take(self) -> list[Batch]:
        """The next batches, up to the limits and at least one. They stay counted as pending."""
        batches: list[Batch] = []
        events = size_bytes = 0
        for batch, _ in self._pending:
            events += len(batch.events)
            size_bytes += batch.size_bytes
            if batches and (events > self._settings.max_events or size_bytes > self._settings.max_bytes):
                break
            batches.append(batch)
        return batches

    def _ours(self, batches: list[Batch]) -> list[Batch]:
        """The batches that still follow from what is committed: a feed may have been elsewhere and come back."""
        ours: list[Batch] = []
        out_of_date: list[Batch] = []
        for batch in batches:
            follows = self._book.version_of(batch.feed_id) == batch.state.version - 1
            (ours if follows and self._book.holding.has(batch.shard_key) else out_of_date).append(batch)
        if out_of_date:
            self._log.warning("results_dropped", feeds=[batch.feed_id for batch in out_of_date])
            self._done(out_of_date, committed=False)
        return ours

    async def _commit(self, batches: list[Batch]) -> None:
        """Write the batches, however long it takes. Returns when each is committed or rejected."""
        wait_seconds = _FIRST_WAIT_SECONDS
        while batches:
            began = self._clock.monotonic_seconds()
            try:
                await self._ledger.commit([self._book.completed(batch) for batch in batches])
            except Reject as error:
                self._log.error("batch_rejected", feed=error.feed_id, error=str(error))
                refused = [batch for batch in batches if batch.feed_id == error.feed_id]
                self._metrics.commit_failed("reject", refused)
                if not refused:
                    raise Stop(f"the ledger rejected feed {error.feed_id}, which is not in the commit") from error
                batches = [batch for batch in batches if batch.feed_id != error.feed_id]
                self._done(refused, committed=False)
            except (Retry, Unknown) as error:
                self._metrics.commit_failed("unknown" if isinstance(error, Unknown) else "retry", batches)
                self._mark(up=False)
                self._log.warning("commit_failed", error=str(error), polls=len(batches), retry_in_seconds=wait_seconds)
                await asyncio.sleep(wait_seconds)
                wait_seconds = min(wait_seconds * 2, _LONGEST_WAIT_SECONDS)
                await self.take_over()
                batches = self._reconcile(batches)
            except Stop:
                self._metrics.commit_failed("stop", batches)
                self._mark(up=False)
                raise
            else:
                self._mark(up=True)
                duration = self._clock.monotonic_seconds() - began
                self._metrics.committed(batches, duration_seconds=duration, now=self._clock.now())
                self._done(batches, committed=True)
                return

    def _reconcile(self, batches: list[Batch]) -> list[Batch]:
        """What is still to be written, judged by what the ledger was found to hold.

        Never from memory alone: a commit whose answer was lost has happened when the ledger holds the state that it
        wrote, and has not when it still holds the version before. The version alone says nothing: a worker that had the
        feed meanwhile wrote the same one.
        """
        missing: list[Batch] = []
        happened: list[Batch] = []
        for batch in batches:
            version = self._book.version_of(batch.feed_id) if self._book.holding.has(batch.shard_key) else None
            if version is None:
                # What came of it is for whoever has the feed now: it was written, or will be polled again.
                self._done([batch], committed=False)
            elif version == batch.state.version - 1:
                missing.append(batch)
            elif self._book.holds(batch):
                happened.append(batch)
            else:
                # Someone else wrote this feed meanwhile: what was found is out of date and is polled again.
                self._log.warning("result_dropped", feed=batch.feed_id, version=version)
                self._done([batch], committed=False)
        if happened:
            self._metrics.committed(happened, duration_seconds=None, now=self._clock.now())
            self._done(happened, committed=True)
        return missing

    def _done(self, batches: list[Batch], *, committed: bool) -> None:
        ids = {id(batch) for batch in batches}
        self._pending = deque(waiting for waiting in self._pending if id(waiting[0]) not in ids)
        for batch in batches:
            self._pending_events -= len(batch.events)
            self._pending_bytes -= batch.size_bytes
            if committed:
                self._book.settle(batch)
            else:
                self._book.disclaim(batch)
            self._settled(batch, committed)
        self._report_pending()

    def _mark(self, *, up: bool) -> None:
        if up and not self.up:
            self._log.info("ledger_ready")
        if self.up and not up:
            self._down_since_seconds = self._clock.monotonic_seconds()
        self.up = up
        self._metrics.ledger(up=up)

    def _report_pending(self) -> None:
        self._metrics.pending(
            events=self._pending_events,
            size_bytes=self._pending_bytes,
            oldest_at=self._pending[0][1] if self._pending else None,
        )
