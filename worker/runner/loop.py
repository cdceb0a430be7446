"""The worker's loop: takes due feeds, polls them side by side, hands the results to the committer."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from worker.model.errors import Retry
from worker.model.fetch import FetchFailure
from worker.pipeline import Ask, process, request_for
from worker.pipeline.pages import NoPage
from worker.runner.book import FeedBook
from worker.runner.committer import Committer
from worker.runner.manners import Manners
from worker.runner.queue import PollQueue, host_of
from worker.steps.schedule import first_poll_delay_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.model.event import Batch
    from worker.model.feed import Feed
    from worker.model.fetch import Fetched, Request
    from worker.pipeline import Digest, Limits
    from worker.ports import Clock, Fetcher, Ledger, Metrics
    from worker.runner.committer import CommitSettings

# A loop that has not turned for this long is stuck.
_STUCK_SECONDS = 60.0
_OVERDUE_SECONDS = 60.0
_WATCH_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSettings:
    """How the loop behaves."""

    agent: str
    host_gap_seconds: float
    concurrency: int
    drain_timeout_seconds: float
    commit: CommitSettings
    limits: Limits


class Runner:
    """Polls feeds until told to stop; then finishes what is under way and commits it."""

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        feeds: Iterable[Feed],
        *,
        ledger: Ledger,
        fetcher: Fetcher,
        metrics: Metrics,
        clock: Clock,
        settings: RunnerSettings,
    ) -> None:
        self._ledger = ledger
        self._manners = Manners(fetcher, clock=clock, agent=settings.agent, gap_seconds=settings.host_gap_seconds)
        self._metrics = metrics
        self._clock = clock
        self._settings = settings
        self._log = structlog.get_logger()
        self._book = FeedBook(feeds)
        self._committer = Committer(
            ledger=ledger,
            book=self._book,
            metrics=metrics,
            clock=clock,
            settings=settings.commit,
            settled=self._settled,
        )
        self._queue = PollQueue()
        self._polls: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._restored = False
        self._once = False
        self._crash: BaseException | None = None
        self._unsettled: set[str] = set()
        self._turned_at_seconds = clock.monotonic_seconds()

    def stop(self) -> None:
        """Start no more polls, settle those under way, and return from `run`. May be called from a signal handler."""
        self._stopping = True
        self._wake.set()

    def not_alive(self) -> str | None:
        """Why the worker is not alive, or None."""
        age = self._clock.monotonic_seconds() - self._turned_at_seconds
        return f"the loop has not turned for {age:.0f} seconds" if age > _STUCK_SECONDS else None

    def not_ready(self) -> str | None:
        """Why the worker is not ready, or None."""
        if self._stopping:
            return "stopping"
        if not self._restored:
            return "waiting for the ledger"
        return None if self._committer.up else "the ledger does not answer"

    async def run(self, *, once: bool = False) -> None:
        """Poll until `stop`; with `once`, poll every feed once and return.

        Raises:
            Retry: with `once`, if the ledger cannot be reached; else, if results could not be committed while stopping.
            Stop: if the ledger refuses this worker.
        """
        self._once = once
        watcher = asyncio.create_task(self._watch())
        try:
            if not await self._started(once=once):
                return
            self._plan()
            committer = asyncio.create_task(self._committer.run())
            scheduler = asyncio.create_task(self._schedule())
            try:
                await asyncio.wait({committer, scheduler}, return_when=asyncio.FIRST_COMPLETED)
                if not committer.done():
                    await self._drain(committer)
                await committer
                await scheduler
                if self._crash is not None:
                    raise self._crash
            finally:
                await _cancelled(committer, scheduler, *self._polls)
        finally:
            await _cancelled(watcher)
            await self._manners.close()
            await self._ledger.close()

    async def _started(self, *, once: bool) -> bool:
        """Open the ledger; False if told to stop before it answered."""
        opening = asyncio.create_task(self._committer.take_over(patient=not once))
        while not opening.done():
            self._turned()
            if self._stopping:
                await _cancelled(opening)
                return False
            self._wake.clear()
            waker = asyncio.create_task(self._wake.wait())
            await asyncio.wait({opening, waker}, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
            await _cancelled(waker)
        await opening
        self._restored = True
        return True

    def _plan(self) -> None:
        """Give every feed its first due time: where it was before a restart, spread out where it is new."""
        now_seconds, now = self._clock.monotonic_seconds(), self._clock.now()
        new = 0
        for feed in self._book.feeds.values():
            state = self._book.state_of(feed)
            if state.status == "gone" and state.url == feed.url:
                continue
            self._unsettled.add(feed.id)
            if self._once:
                wait_seconds = 0.0
            elif state.next_poll_at is not None and state.url == feed.url:
                wait_seconds = max((state.next_poll_at - now).total_seconds(), 0.0)
            else:
                wait_seconds = first_poll_delay_seconds(feed, position=new)
                new += 1
            self._queue.add(feed, due_seconds=now_seconds + wait_seconds)
        self._log.info("worker_started", feeds=len(self._book.feeds), new=new)

    async def _schedule(self) -> None:
        """Start polls as they fall due, until told to stop or, with `once`, until every feed is settled."""
        while not self._stopping and not (self._once and self._finished()):
            self._turned()
            self._wake.clear()
            now_seconds = self._clock.monotonic_seconds()
            # Nothing is dropped when the ledger is slow or away: polling waits instead.
            while (
                len(self._polls) < self._settings.concurrency
                and not self._committer.full
                and (due := self._queue.take(now_seconds)) is not None
            ):
                task = asyncio.create_task(self._poll(*due))
                self._polls.add(task)
                task.add_done_callback(self._poll_ended)
            await self._rest(now_seconds)

    def _finished(self) -> bool:
        """Whether a run of one round is over: every feed is settled, or the ledger has been away for too long."""
        return not self._unsettled or self._committer.down_seconds > self._settings.drain_timeout_seconds

    async def _rest(self, now_seconds: float) -> None:
        """Sleep until the next feed is due, something ends, or a second has passed."""
        next_due = self._queue.next_due_seconds()
        wait_seconds = 1.0 if next_due is None else min(max(next_due - now_seconds, 0.01), 1.0)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), wait_seconds)

    async def _poll(self, feed: Feed, due_seconds: float) -> None:
        """Ask, read, and hand over the result. Whatever happens, the host is free again afterwards."""
        delay_seconds = self._clock.monotonic_seconds() - due_seconds
        self._metrics.poll_started()
        try:
            try:
                fetched = await self._manners.fetch(request_for(feed, self._book.state_of(feed)))
            finally:
                self._queue.release(feed)
            watch = _Stopwatch(self._clock)
            batch = await self._process(feed, fetched, watch)
        except asyncio.CancelledError:
            self._metrics.poll_cancelled()
            raise
        self._metrics.poll_finished(
            batch.report,
            delay_seconds=delay_seconds,
            processing_seconds=watch.seconds,
        )
        self._committer.add(batch)

    async def _process(self, feed: Feed, fetched: Fetched, watch: _Stopwatch) -> Batch:
        try:
            return await self._claimed(feed, fetched, watch)
        except Exception:  # noqa: BLE001 - a fault of ours in one document must not end the worker
            self._log.exception("poll_crashed", feed=feed.id)
        detail = "a fault of the worker; see poll_crashed"
        failure = FetchFailure(url=feed.url, kind="internal", detail=detail, retrieved_at=fetched.retrieved_at)
        return await self._claimed(feed, failure, watch)

    async def _claimed(self, feed: Feed, fetched: Fetched, watch: _Stopwatch) -> Batch:
        """The batch of a poll, its articles claimed for this feed."""
        state = self._book.state_of(feed)
        now = self._clock.now()
        taken = self._book.taken_for(feed.id)
        limits = self._settings.limits
        digests: dict[str, Digest] = {}
        while True:
            # In a thread, so that a long document does not hold up health and other polls.
            with watch:
                step = await asyncio.to_thread(process, feed, state, fetched, now=now, limits=limits, taken=taken)
            while isinstance(step, Ask):
                await self._answer(step, digests)
                with watch:
                    step = await asyncio.to_thread(step.resume, digests)
            # Two feeds may bring the same new article at once: the one that lost sees it taken on its second try.
            if self._book.claim(step):
                return step

    async def _answer(self, ask: Ask, digests: dict[str, Digest]) -> None:
        """Ask what a poll needs to be settled. Once the worker is to stop, no more is asked: the rest waits."""
        by_host: dict[str, list[Request]] = {}
        for request in ask.requests:
            if request.url not in digests:
                by_host.setdefault(host_of(request.url), []).append(request)

        async def in_turn(requests: list[Request]) -> None:
            for request in requests:
                if self._stopping:
                    return
                digests[request.url] = digest = await self._digest(ask, request)
                if request.kind == "page":
                    self._metrics.page(digest.when if isinstance(digest, NoPage) else "read")

        await asyncio.gather(*(in_turn(requests) for requests in by_host.values()))

    async def _digest(self, ask: Ask, request: Request) -> Digest:
        fetched = await self._manners.fetch(request)
        try:
            return await asyncio.to_thread(ask.digest, fetched)
        except Exception:  # noqa: BLE001 - a fault of ours in one page must not cost the others
            self._log.exception("page_crashed", url=request.url)
        detail = "a fault of the worker; see page_crashed"
        at = fetched.retrieved_at
        return ask.digest(FetchFailure(url=request.url, kind="internal", detail=detail, retrieved_at=at))

    def _poll_ended(self, task: asyncio.Task[None]) -> None:
        self._polls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crash = error
            self._stopping = True
        self._wake.set()

    def _settled(self, batch: Batch, committed: bool) -> None:  # noqa: FBT001 - called back by the committer only
        """A batch was committed, or never will be: report the poll and plan the next one."""
        feed = self._book.feeds[batch.feed_id]
        if committed:
            self._log_poll(batch)
        self._unsettled.discard(feed.id)
        next_poll_at = batch.state.next_poll_at
        if not self._once and next_poll_at is not None:
            wait_seconds = max((next_poll_at - self._clock.now()).total_seconds(), feed.min_interval_seconds)
            self._queue.add(feed, due_seconds=self._clock.monotonic_seconds() + wait_seconds)
        self._wake.set()

    def _log_poll(self, batch: Batch) -> None:
        """The canonical line: all about one poll, once."""
        report = batch.report
        tell = self._log.info if report.outcome in {"ok", "not_modified"} else self._log.warning
        tell(
            "poll",
            feed=report.feed_id,
            outcome=report.outcome,
            reason=report.reason,
            status=report.status,
            entries=report.entries,
            published=report.published,
            revised=report.revised,
            withdrawn=report.withdrawn or None,
            unchanged=report.unchanged,
            skipped=report.skipped or None,
            waiting=report.waiting or None,
            rejected=report.rejected,
            received_bytes=report.received_bytes,
            fetch_seconds=round(report.fetch_seconds, 4),
            failures=batch.state.failures,
            next_poll_at=batch.state.next_poll_at,
            detail="; ".join(report.warnings) or None,
        )

    async def _drain(self, committer: asyncio.Task[None]) -> None:
        """Finish what is under way, within the time given: first the polls, then the commits.

        Raises:
            Retry: if results could not be committed in time.
        """
        self._log.info("draining", polls=len(self._polls), results=self._committer.pending)
        budget_seconds = self._settings.drain_timeout_seconds
        began = self._clock.monotonic_seconds()
        if self._polls:
            await asyncio.wait(self._polls, timeout=budget_seconds / 2)
            await _cancelled(*self._polls)
        self._committer.finish()
        left_seconds = max(budget_seconds - (self._clock.monotonic_seconds() - began), 1.0)
        done, _ = await asyncio.wait({committer}, timeout=left_seconds)
        if not done:
            raise Retry(
                f"{self._committer.pending} results were not committed within drain_timeout "
                f"({budget_seconds:g} seconds): the ledger does not answer; their feeds will be polled again"
            )

    async def _watch(self) -> None:
        """Keep the slow-moving gauges and the readiness up to date."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            if self._restored:
                self._committer.answered(up=await self._ledger.ping())
            now_seconds = self._clock.monotonic_seconds()
            self._metrics.feeds(
                self._book.counts(), overdue=self._queue.overdue(now_seconds, by_seconds=_OVERDUE_SECONDS)
            )

    def _turned(self) -> None:
        self._turned_at_seconds = self._clock.monotonic_seconds()
        self._metrics.heartbeat(self._clock.now())


class _Stopwatch:
    """Adds up the time between entering and leaving it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = 0.0
        self.seconds = 0.0

    def __enter__(self) -> None:
        self._began = self._clock.monotonic_seconds()

    def __exit__(self, *_: object) -> None:
        self.seconds += self._clock.monotonic_seconds() - self._began


async def _cancelled(*tasks: asyncio.Task[Any]) -> None:
    """Cancel what still runs, and wait until it has ended."""
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
