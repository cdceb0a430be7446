"""The worker's loop: takes due feeds, polls them side by side, hands the results to the committer."""

from __future__ import annotations

import asyncio
import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from worker.model.errors import Retry
from worker.model.event import Batch
from worker.model.fetch import FetchFailure
from worker.model.shards import NOTHING, Holding, shard_of
from worker.pipeline import request_for
from worker.runner.book import FeedBook
from worker.runner.committer import Committer
from worker.runner.hubs import Hubs
from worker.runner.lines import poll_line
from worker.runner.manners import Manners
from worker.runner.overview import RunnerOverview
from worker.runner.polling import Poller
from worker.runner.queue import PollQueue
from worker.steps.encode import with_traceparent
from worker.steps.schedule import (
    earliest_forced,
    first_poll_delay_seconds,
    left_alone_seconds,
    skipped_seconds,
    wait_seconds,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable

    from worker.model.feed import Feed, FeedState
    from worker.model.fetch import Request
    from worker.pipeline import Limits
    from worker.ports import Clock, Fetcher, Ledger, Metrics, Readers, Tracing
    from worker.runner.committer import CommitSettings
    from worker.runner.hubs import HubSettings

# Polls that wait for a reader, or for their host's turn, are not counted as under way, but they take memory as well.
_POLLS_AT_MOST = 10
# A loop that has not turned for this long is stuck.
_STUCK_SECONDS = 60.0
_OVERDUE_SECONDS = 60.0
_WATCH_SECONDS = 2.0
# What is under way for a shard that another worker is to have gets so long. The group waits for it.
_HAND_OVER_SECONDS = 5.0
_HAND_OVER_LOOK_SECONDS = 0.02
# A poll makes hundreds of objects and leaves none in circles. With Python's 700 the collector took 6 % of its time.
_COLLECT_AFTER = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerSettings:
    """How the loop behaves. Without `hubs`, no feed is subscribed to; `readers` documents are read at once."""

    agent: str
    host_gap_seconds: float
    concurrency: int
    drain_timeout_seconds: float
    commit: CommitSettings
    limits: Limits
    hubs: HubSettings | None = None
    readers: int = 1


class Runner:
    """Polls feeds until told to stop; then finishes what is under way and commits it."""

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        feeds: Iterable[Feed],
        *,
        ledger: Ledger,
        fetcher: Fetcher,
        readers: Readers,
        metrics: Metrics,
        clock: Clock,
        settings: RunnerSettings,
        tracing: Tracing | None = None,
    ) -> None:
        self._ledger = ledger
        self._tracing = tracing
        self._manners = Manners(
            fetcher, metrics=metrics, clock=clock, agent=settings.agent, gap_seconds=settings.host_gap_seconds
        )
        self._metrics = metrics
        self._clock = clock
        self._settings = settings
        self._log = structlog.get_logger()
        self._book = FeedBook(feeds, max_event_bytes=settings.limits.max_event_bytes)
        self._committer = Committer(
            ledger=ledger,
            book=self._book,
            metrics=metrics,
            clock=clock,
            settings=settings.commit,
            settled=self._settled,
            restored=self._take_shards,
        )
        self._poller = Poller(
            book=self._book,
            manners=self._manners,
            readers=readers,
            count=settings.readers,
            metrics=metrics,
            clock=clock,
            limits=settings.limits,
            stopping=lambda: self._stopping,
        )
        self.overview = RunnerOverview(
            book=self._book, clock=clock, not_ready=self.not_ready, ledger_up=lambda: self._committer.up
        )
        self.hubs: Hubs | None = None
        if settings.hubs is not None:
            self.hubs = Hubs(
                manners=self._manners,
                metrics=metrics,
                clock=clock,
                settings=settings.hubs,
                poke=self._poke,
                ended=self._replan,
            )
        self._queue: PollQueue[Feed] = PollQueue()
        self._polls: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._stopping = False
        self._restored = False
        self._once = False
        self._crash: BaseException | None = None
        self._unsettled: set[str] = set()
        # Feeds whose poll has begun and is not committed yet.
        self._polling: set[str] = set()
        # Feeds that somebody wants polled now, and whose poll has not begun since.
        self._poked: set[str] = set()
        self._holding = NOTHING
        self._leaving: frozenset[int] = frozenset()
        self._turned_at_seconds = clock.monotonic_seconds()

    def stop(self) -> None:
        """Start no more polls, settle those under way, and return from `run`. May be called from a signal handler."""
        self._stopping = True
        self._wake.set()

    def replace_feeds(self, feeds: Iterable[Feed]) -> None:
        """Poll these feeds from now on. Those that stay keep what is known of them."""
        before = self._book.feeds
        self._book.replace(feeds)
        after = self._book.feeds
        removed = before.keys() - after.keys()
        for feed_id in removed:
            self._queue.drop(feed_id)
            self._unsettled.discard(feed_id)
            self._unsubscribe(feed_id)
        touched = [feed for feed in after.values() if before.get(feed.id) != feed]
        self._log.info("feeds_replaced", feeds=len(after), removed=len(removed), added_or_changed=len(touched))
        # Those of shards that come later are planned then.
        self._plan(feed for feed in touched if self._holding.has(feed.shard_key))
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
        return None if self._committer.up else "nothing can be published: the ledger is away"

    async def run(self, *, once: bool = False, ready: asyncio.Future[None] | None = None) -> None:
        """Poll until `stop`; with `once`, poll every feed once and return.

        Args:
            once: poll every feed once and return.
            ready: what polling has to wait for besides the ledger, which is opened meanwhile. Its error is raised.

        Raises:
            Retry: with `once`, if the ledger cannot be reached; else, if results could not be committed while stopping.
            Stop: if the ledger refuses this worker.
        """
        self._once = once
        # Bound once: the log is asked for its settings at each line otherwise.
        self._log = self._log.bind()
        watcher = asyncio.create_task(self._watch())
        try:
            if not await self._started(once=once, ready=ready):
                return
            # What is known of all feeds stays: the collector need not look through it again and again.
            gc.freeze()
            gc.set_threshold(_COLLECT_AFTER)
            self._log.info("worker_started", feeds=len(self._book.feeds), waiting=len(self._unsettled))
            following = asyncio.create_task(self._follow_shards())
            committer = asyncio.create_task(self._committer.run())
            scheduler = asyncio.create_task(self._schedule())
            subscribing = asyncio.create_task(self._subscribe())
            try:
                await asyncio.wait({committer, scheduler}, return_when=asyncio.FIRST_COMPLETED)
                if not committer.done():
                    await self._drain(committer)
                await committer
                await scheduler
                if self._crash is not None:
                    raise self._crash
            finally:
                await _cancelled(committer, scheduler, following, subscribing, *self._polls)
        finally:
            await _cancelled(watcher)
            await self._manners.close()
            await self._ledger.close()

    async def _started(self, *, once: bool, ready: asyncio.Future[None] | None) -> bool:
        """Open the ledger, and wait for what else has to be ready; False if told to stop before that."""
        opening = asyncio.create_task(self._committer.take_over(patient=not once))
        beginning: asyncio.Future[list[None]] = asyncio.gather(opening, *(() if ready is None else (ready,)))
        try:
            while not beginning.done():
                self._turned()
                if self._stopping:
                    return False
                self._wake.clear()
                waker = asyncio.create_task(self._wake.wait())
                either: set[asyncio.Future[Any]] = {beginning, waker}
                await asyncio.wait(either, timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
                await _cancelled(waker)
            await beginning
        finally:
            await _cancelled(opening, beginning)
        self._restored = True
        return True

    def _take_shards(self) -> None:
        """Poll the feeds of shards that came, and no more those of shards that went."""
        before, leaving = self._holding, self._leaving
        self._holding, self._leaving = self._book.holding, frozenset()
        self._metrics.holding(len(self._holding.shards))
        if before == self._holding and not leaving:
            return
        # A shard that was to go may have stayed after all, and its feeds are planned no more.
        kept = Holding(shards=before.shards - leaving, count=before.count)
        come = []
        for feed in self._book.feeds.values():
            has = self._holding.has(feed.shard_key)
            if has and not kept.has(feed.shard_key):
                come.append(feed)
            elif before.has(feed.shard_key) and not has:
                self._queue.drop(feed.id)
                self._unsettled.discard(feed.id)
                self._unsubscribe(feed.id)
        self._log.info("shards", held=sorted(self._holding.shards), of=self._holding.count, feeds_come=len(come))
        self._plan(come)
        self._wake.set()

    async def _follow_shards(self) -> None:
        """Hand over the shards that other workers are to have, and take those that come."""
        while True:
            try:
                leaving = await self._ledger.moving()
                if leaving:
                    await self._hand_over(leaving)
                await self._committer.rebalance()
            except Exception as error:  # noqa: BLE001 - raised again by `run`
                self._crash = error
                self.stop()
                return

    async def _hand_over(self, leaving: frozenset[int]) -> None:
        """Poll no more feeds of these shards, and commit what is under way for them, as far as there is time.

        What is not committed is polled again by their next worker.
        """
        self._leaving = leaving
        feeds = {feed.id for feed in self._book.held() if self._is_leaving(feed)}
        for feed_id in feeds:
            self._queue.drop(feed_id)
        deadline_seconds = self._clock.monotonic_seconds() + _HAND_OVER_SECONDS
        while not feeds.isdisjoint(self._polling) and self._clock.monotonic_seconds() < deadline_seconds:
            self._committer.hurry()
            await asyncio.sleep(_HAND_OVER_LOOK_SECONDS)

    def _is_leaving(self, feed: Feed) -> bool:
        return shard_of(feed.shard_key, self._book.holding.count) in self._leaving

    def _is_ours(self, feed: Feed) -> bool:
        """Whether this worker polls the feed, and is to go on with it."""
        return self._holding.has(feed.shard_key) and not self._is_leaving(feed)

    def _plan(self, feeds: Iterable[Feed]) -> None:
        """Give feeds their next due time: where it was before a restart, spread out where it is new or past."""
        now_seconds, now = self._clock.monotonic_seconds(), self._clock.now()
        at_once = 0
        for feed in feeds:
            state = self._book.state_of(feed)
            known = state.url == feed.url
            if self.hubs is not None and not self._once:
                self.hubs.update(feed, state)
            if left_alone := left_alone_seconds(state, now=now):
                asked = state.adopted_url or state.url
                for url in {asked, state.validators_url or asked}:
                    self._manners.hold(url, left_alone)
            if state.status == "gone" and known:
                self._queue.drop(feed.id)
                continue
            if self._once:
                if not self._may_be_forced(feed, state):
                    continue
                wait = 0.0
            else:
                wait = wait_seconds(state, now=now) if known else 0.0
                if not wait:
                    wait = first_poll_delay_seconds(feed, position=at_once)
                    at_once += 1
            self._unsettled.add(feed.id)
            if feed.id not in self._polling:
                self._queue.add(feed, due_seconds=now_seconds + self._sooner(feed, state, wait))

    def _may_be_forced(self, feed: Feed, state: FeedState) -> bool:
        """Whether a feed may be polled for the asking: its host may want to be left alone, or was asked just now."""
        now = self._clock.now()
        earliest_at = earliest_forced(feed, polled_at=state.polled_at, held_until_at=state.held_until_at, now=now)
        if earliest_at is None or earliest_at <= now or state.url != feed.url:
            return True
        self._log.warning("poll_not_due", feed=feed.id, earliest_at=earliest_at, detail="polled too short a time ago")
        return False

    async def _schedule(self) -> None:
        """Start polls as they fall due, until told to stop or, with `once`, until every feed is settled."""
        while not self._stopping and not (self._once and self._finished()):
            self._turned()
            self._wake.clear()
            now_seconds = self._clock.monotonic_seconds()
            # Nothing is dropped when the ledger is slow or away: polling waits instead.
            while (
                len(self._polls) - self._poller.waiting - self._manners.waiting < self._settings.concurrency
                and len(self._polls) < _POLLS_AT_MOST * self._settings.concurrency
                and not self._committer.full
                and (due := self._queue.take(now_seconds)) is not None
            ):
                self._polling.add(due[0].id)
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
        # Not `wait_for`, which makes a task: this happens for each poll.
        alarm = asyncio.get_running_loop().call_later(wait_seconds, self._wake.set)
        try:
            await self._wake.wait()
        finally:
            alarm.cancel()

    async def _poll(self, feed: Feed, due_seconds: float) -> None:
        """Ask, read, and hand over the result. Whatever happens, the host is free again afterwards."""
        request = request_for(feed, self._book.state_of(feed), now=self._clock.now())
        if (seconds := self._not_now_seconds(feed, request)) > 0:
            self._queue.release(feed)
            self._later(feed, seconds)
            return
        self._poked.discard(feed.id)
        began_seconds = self._clock.monotonic_seconds()
        self._metrics.poll_started()
        try:
            asking = self._asked(feed, request)
            batch = await (asking if self._tracing is None else _traced(self._tracing, feed, asking))
        except asyncio.CancelledError:
            self._metrics.poll_cancelled()
            raise
        if not isinstance(batch, Batch):
            self._metrics.poll_cancelled()
            self._later(feed, batch)
            return
        self._metrics.poll_finished(
            batch.report,
            delay_seconds=began_seconds - due_seconds,
            duration_seconds=self._clock.monotonic_seconds() - began_seconds,
        )
        self._committer.add(batch)

    async def _asked(self, feed: Feed, request: Request) -> Batch | float:
        """What a poll writes; or, if meanwhile the host asked to be left alone, for how many seconds."""
        try:
            await self._poller.room(feed)
            fetched = await self._manners.fetch(request)
        finally:
            self._queue.release(feed)
        if isinstance(fetched, FetchFailure) and fetched.kind == "unavailable":
            return max(map(self._manners.held_seconds, (request.url, fetched.url)))
        return await self._poller.batch(feed, fetched)

    def _not_now_seconds(self, feed: Feed, request: Request) -> float:
        """How long a feed has to wait yet that is due: its host, or the document itself, asks for that."""
        held_seconds = self._manners.held_seconds(request.url)
        if request.validators_url is not None:
            # Where redirects led the last time, there they are likely to lead again.
            held_seconds = max(held_seconds, self._manners.held_seconds(request.validators_url))
        state = self._book.state_of(feed)
        if held_seconds or self._once or state.url != feed.url:
            return held_seconds
        return skipped_seconds(state.hints, now=self._clock.now())

    def _later(self, feed: Feed, wait_seconds: float) -> None:
        """Poll a feed whose host wants to be left alone when that is over; not at all in a run of one round."""
        self._polling.discard(feed.id)
        if self._book.feeds.get(feed.id) != feed or not self._is_ours(feed):
            # Meanwhile it changed, or it is another worker's: whoever has it has planned it.
            self._replan(feed.id)
        elif self._once:
            self._log.warning("poll_not_due", feed=feed.id, detail="the host asked to be left alone")
            self._unsettled.discard(feed.id)
        else:
            self._queue.add(feed, due_seconds=self._clock.monotonic_seconds() + wait_seconds)

    def _poll_ended(self, task: asyncio.Task[None]) -> None:
        self._polls.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crash = error
            self._stopping = True
        self._wake.set()

    def _settled(self, batch: Batch, committed: bool) -> None:  # noqa: FBT001 - called back by the committer only
        """A batch was committed, or never will be: report the poll and plan the next one."""
        if committed:
            self._tell(batch)
            self.overview.committed(batch)
        self._polling.discard(batch.feed_id)
        self._unsettled.discard(batch.feed_id)
        feed = self._book.feeds.get(batch.feed_id)
        # A feed may have been taken off the list, or gone from it and come back with another address, meanwhile.
        if feed is not None and not self._once and self._is_ours(feed):
            rests = committed and self._rests(feed, batch)
            if batch.state.url != feed.url:
                self._plan([feed])
            elif batch.state.next_poll_at is not None:
                wait = max(wait_seconds(batch.state, now=self._clock.now()), feed.min_interval_seconds)
                if rests:
                    wait = max(wait, feed.max_interval_seconds)
                wait = self._sooner(feed, batch.state, wait)
                self._queue.add(feed, due_seconds=self._clock.monotonic_seconds() + wait)
        self._wake.set()

    def _tell(self, batch: Batch) -> None:
        tell = self._log.info if batch.report.outcome in {"ok", "not_modified"} else self._log.warning
        tell("poll", **poll_line(batch))

    def _rests(self, feed: Feed, batch: Batch) -> bool:
        """Whether a feed need not be polled as planned: its hub announces what is new."""
        return self.hubs is not None and self.hubs.polled(feed, batch.state, batch.report)

    def _poke(self, feed_id: str) -> None:
        """Poll a feed as soon as manners allow: its hub says that it has changed."""
        if feed_id not in self._poked:
            self._poked.add(feed_id)
            self._replan(feed_id)

    def _replan(self, feed_id: str) -> None:
        """Poll a feed when it would be without a hub that is relied on. One under way is planned when it is settled."""
        feed = self._book.feeds.get(feed_id)
        if feed is not None and self._is_ours(feed):
            self._plan([feed])
            self._wake.set()

    def _sooner(self, feed: Feed, state: FeedState, wait: float) -> float:
        """The wait until the next poll, cut short if somebody wants the feed polled now."""
        if feed.id not in self._poked:
            return wait
        now = self._clock.now()
        earliest_at = earliest_forced(feed, polled_at=state.polled_at, held_until_at=state.held_until_at, now=now)
        return 0.0 if earliest_at is None else min(wait, max((earliest_at - now).total_seconds(), 0.0))

    def _unsubscribe(self, feed_id: str) -> None:
        self._poked.discard(feed_id)
        if self.hubs is not None:
            self.hubs.forget(feed_id)

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
            if self._stopping:
                # Nothing is scheduled any more. That may take longer than a loop that is stuck is given.
                self._turned()
            if self._restored:
                self._committer.answered(up=await self._ledger.ping())
            now_seconds = self._clock.monotonic_seconds()
            if self.hubs is not None:
                self._metrics.subscriptions(self.hubs.counts())
            self._metrics.feeds(
                self._book.counts(),
                silent=self._book.silent(),
                overdue=self._queue.overdue(now_seconds, by_seconds=_OVERDUE_SECONDS),
            )

    async def _subscribe(self) -> None:
        """Subscribe at hubs until cancelled. A run of one round has nothing to subscribe for."""
        if self.hubs is None or self._once:
            return
        try:
            await self.hubs.run()
        except Exception as error:  # noqa: BLE001 - raised again by `run`
            self._crash = error
            self.stop()

    def _turned(self) -> None:
        self._turned_at_seconds = self._clock.monotonic_seconds()
        self._metrics.heartbeat(self._clock.now())


async def _traced(tracing: Tracing, feed: Feed, asking: Coroutine[Any, Any, Batch | float]) -> Batch | float:
    """What `asking` gives, all of it in a trace that the batch is marked with."""
    with tracing.poll(feed.id) as trace:
        batch = await asking
        if not isinstance(batch, Batch):
            return batch
        trace.finished(batch.report)
        return with_traceparent(batch, trace.traceparent)


async def _cancelled(*tasks: asyncio.Future[Any]) -> None:
    """Cancel what still runs, and wait until it has ended."""
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
