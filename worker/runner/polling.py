"""From a server's answer to a batch: what has to be read is read by processes that can be killed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import structlog

from worker.model.children import ChildError, ChildFailed
from worker.model.entry import NotAFeed
from worker.model.event import Batch
from worker.model.fetch import FetchFailure, Response
from worker.model.page import NoPage
from worker.model.step import Ask, Claims
from worker.pipeline import not_read, unread
from worker.runner.queue import host_of
from worker.runner.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from worker.model.feed import Feed, FeedState
    from worker.model.fetch import Fetched, Request
    from worker.model.step import Digest
    from worker.pipeline import Limits
    from worker.ports import Clock, Conversation, Metrics, Readers
    from worker.runner.book import FeedBook
    from worker.runner.manners import Manners

# A feed that took longer to read the last time has to wait for those that did not.
_QUICK_SECONDS = 2.0
# Of documents that wait to be read.
_MAX_WAITING_BYTES = 64 * 2**20


class Poller:
    """Reads answers, asks for what they name, and claims the articles that they bring.

    Args:
        book: what is known.
        manners: asks for pages and sitemaps.
        readers: reads documents and pages.
        count: how many of them there are.
        metrics: told of pages.
        clock: for `now`, and for measuring.
        limits: caps on one poll.
        stopping: whether the worker is to stop: then no more is asked, and the rest waits.
    """

    def __init__(  # noqa: PLR0913 - its collaborators
        self,
        *,
        book: FeedBook,
        manners: Manners,
        readers: Readers,
        count: int,
        metrics: Metrics,
        clock: Clock,
        limits: Limits,
        stopping: Callable[[], bool],
    ) -> None:
        self._book = book
        self._manners = manners
        self._readers = readers
        self._metrics = metrics
        self._clock = clock
        self._limits = limits
        self._stopping = stopping
        self._turns = Turns(readers=count, max_bytes=_MAX_WAITING_BYTES, clock=clock)
        self._slow: set[str] = set()
        self._log = structlog.get_logger()

    @property
    def waiting(self) -> int:
        """How many polls have done nothing yet but wait: for a reader, or for others to be read first."""
        return self._turns.waiting

    async def room(self, feed: Feed) -> None:
        """Wait until one more document may be fetched for this feed."""
        await self._turns.room(known=self._is_known(feed), begun=False)

    async def batch(self, feed: Feed, fetched: Fetched) -> tuple[Batch, float]:
        """What a poll writes, its articles claimed for this feed; and the seconds that reading took."""
        state, now = self._book.state_of(feed), self._clock.now()
        watch = _Stopwatch(self._clock)
        try:
            with watch:
                known = unread(feed, state, fetched, now=now, limits=self._limits)
            if known is not None:
                return known, watch.seconds
            batch = await self._read(feed, state, fetched, now, watch)
        except ChildFailed as error:
            self._log.warning("reading_stopped", feed=feed.id, reason=error.kind, detail=error.detail)
            if isinstance(fetched, Response):
                batch = not_read(feed, state, fetched, error.detail, now=now, limits=self._limits)
                return batch, watch.seconds
        except ChildError as error:
            self._log.error("poll_crashed", feed=feed.id, error=str(error), traceback=error.traceback)
        except Exception:  # noqa: BLE001 - a fault of ours in one document must not end the worker
            self._log.exception("poll_crashed", feed=feed.id)
        else:
            (self._slow.add if watch.seconds > _QUICK_SECONDS else self._slow.discard)(feed.id)
            return batch, watch.seconds
        detail = "a fault of the worker; see poll_crashed"
        failure = FetchFailure(url=feed.url, kind="internal", detail=detail, retrieved_at=fetched.retrieved_at)
        return cast("Batch", unread(feed, state, failure, now=now, limits=self._limits)), watch.seconds

    def _is_known(self, feed: Feed) -> bool:
        """Whether the feed has been read before, and quickly the last time."""
        state = self._book.state_of(feed)
        return state.succeeded_at is not None and state.reason != "too_costly" and feed.id not in self._slow

    async def _read(self, feed: Feed, state: FeedState, fetched: Fetched, now: datetime, watch: _Stopwatch) -> Batch:
        digests: dict[str, Digest | None] = {}
        known, size_bytes = self._is_known(feed), len(fetched.body) if isinstance(fetched, Response) else 0
        while True:
            async with (
                self._turns.turn(size_bytes, known=known, begun=bool(digests)),
                self._readers.session() as reading,
            ):
                with watch:
                    step = await reading.call("begin", feed, state, fetched, now, self._limits, digests)
                    if isinstance(step, Claims):
                        return await self._claimed(feed, reading, step)
            if isinstance(step, Batch):
                return step
            # The process is free for others while servers are asked.
            digests |= dict.fromkeys((request.url for request in cast("Ask", step).requests), None)
            await self._answer(cast("Ask", step), digests, known=known)

    async def _claimed(self, feed: Feed, reading: Conversation, claims: Claims) -> Batch:
        taken = self._book.taken_for(feed.id)
        while True:
            batch = cast("Batch", await reading.call("settle", frozenset(id_ for id_ in claims.ids if id_ in taken)))
            # Two feeds may bring the same new article at once: the one that lost sees it taken on its second try.
            if self._book.claim(batch):
                return batch

    async def _answer(self, ask: Ask, digests: dict[str, Digest | None], *, known: bool) -> None:
        """Ask what a poll needs to be settled. Once the worker is to stop, no more is asked: the rest waits."""
        by_host: dict[str, list[Request]] = {}
        for request in ask.requests:
            by_host.setdefault(host_of(request.url), []).append(request)

        async def in_turn(requests: list[Request]) -> None:
            for request in requests:
                if self._stopping():
                    return
                digests[request.url] = digest = await self._digest(request, known=known)
                if request.kind == "page":
                    self._metrics.page(digest.when if isinstance(digest, NoPage) else "read")

        await asyncio.gather(*(in_turn(requests) for requests in by_host.values()))

    async def _digest(self, request: Request, *, known: bool) -> Digest:
        await self._turns.room(known=known, begun=True)
        fetched = await self._manners.fetch(request)
        size_bytes = len(fetched.body) if isinstance(fetched, Response) else 0
        try:
            async with (
                self._turns.turn(size_bytes, known=known, begun=True),
                self._readers.session() as reading,
            ):
                return cast("Digest", await reading.call("digest", request, fetched, self._limits))
        except ChildFailed as error:
            detail = error.detail
            self._log.warning("reading_stopped", url=fetched.url, reason=error.kind, detail=detail)
        except ChildError as error:
            # A fault of ours in one page must not cost the others.
            detail = "a fault of the worker; see page_crashed"
            self._log.error("page_crashed", url=fetched.url, error=str(error), traceback=error.traceback)
        return (
            NoPage(when="never", detail=detail)
            if request.kind == "page"
            else NotAFeed(reason="too_costly", detail=detail)
        )


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
