"""What the worker needs of the world, as small protocols. Edges implement them; tests bring fakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager, AbstractContextManager
    from datetime import datetime
    from typing import Any

    from worker.model.event import Batch, PollReport, Published
    from worker.model.fetch import Fetched, Request
    from worker.model.overview import FeedPage, FeedQuery
    from worker.model.shards import Restored


class Clock(Protocol):
    """Time, of both kinds."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic_seconds(self) -> float:
        """A clock that never jumps, for waiting and measuring."""
        ...


class NextHop(Protocol):
    """Told of each redirect before it is followed."""

    async def __call__(self, url: str) -> bool:
        """Wait until this address may be asked; False if it may not be."""
        ...


class Fetcher(Protocol):
    """Asks servers for documents."""

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        """GET one URL. Whatever the server or the network does is returned, never raised.

        `hop` is asked before each redirect is followed; where it forbids that, the fetch has failed (`unavailable`).
        """
        ...

    async def close(self) -> None:
        """Close all connections."""
        ...


class Conversation(Protocol):
    """A reader that one poll has to itself for a while. It is `worker.pipeline.session.Session`, out of reach."""

    async def call(self, method: str, *args: object) -> object:
        """Call a method of the reader's session.

        Raises:
            ChildFailed: the reader is gone: it took too long, or too much memory, or it crashed.
            ChildError: a fault of ours.
        """
        ...


class Readers(Protocol):
    """Reads what strangers wrote, where it can do no harm: each conversation begins with a fresh session."""

    def session(self) -> AbstractAsyncContextManager[Conversation]:
        """Wait for a free reader, and have it until the context ends."""
        ...


class Ledger(Protocol):
    """Where articles and feed states are written together, exactly once; and who decides which feeds are whose.

    Life: `open`, `restore`, then any number of `commit`, then `close`. After `Retry` or `Unknown` the caller opens
    and restores again. Whenever `moving` returns, the caller finishes what it can and restores again. None of them
    overlap, except that `moving` waits beside all others. The contract is tests/contracts.py, which every edge passes.
    """

    async def open(self) -> None:
        """Begin, or begin again; whatever a predecessor left open is settled or undone.

        Raises:
            Retry: the ledger cannot be reached now.
            Stop: it can never be opened like this (configuration, rights, another owner).
        """
        ...

    async def restore(self) -> Restored:
        """The shards that are ours from now on, and the last committed states of their feeds.

        Shards that `moving` named are let go of by this.

        Raises:
            Retry: the ledger cannot be reached now.
        """
        ...

    async def moving(self) -> frozenset[int]:
        """Return when our shards are to change: those that will be taken, empty when there only come more.

        What is under way for them may still be committed for a while, until `restore`.
        """
        ...

    async def commit(self, batches: Sequence[Batch]) -> None:
        """Write events, dead letters and states of all batches, visible together or not at all.

        Raises:
            Retry: nothing was written (the ledger is away, or a shard is no longer ours); open and restore, then try
                again with what still is.
            Unknown: it may have been written; open and restore, and compare states.
            Reject: one record is not acceptable; nothing was written.
            Stop: another worker owns the ledger now; nothing was written.
        """
        ...

    async def ping(self) -> bool:
        """Whether the ledger answers right now. Never raises."""
        ...

    async def close(self) -> None:
        """Let go of the ledger. Idempotent; what was not committed is undone."""
        ...


class Reader(Protocol):
    """Follows what is published, as an independent consumer does: only what is committed."""

    def read(self, *, timeout_seconds: float) -> Iterator[Published]:
        """The records that are visible now and not yet read; waits up to the time given for the first one.

        Raises:
            Retry: the ledger cannot be reached now.
        """
        ...

    def close(self) -> None:
        """Let go of the ledger. Idempotent."""
        ...


class Trace(Protocol):
    """The trace of one poll. Nothing here may raise."""

    traceparent: str
    """Names it to others: https://www.w3.org/TR/trace-context/."""

    def finished(self, report: PollReport) -> None:
        """What the poll came to."""
        ...


class Tracing(Protocol):
    """Follows single polls through all that is done for them."""

    def poll(self, feed_id: str) -> AbstractContextManager[Trace]:
        """A poll of this feed is under way until the context ends."""
        ...


class Push(Protocol):
    """What a hub distributes to a subscriber, while it comes in."""

    def take(self, piece: bytes) -> None:
        """The next piece of the body, as it travelled."""
        ...

    def end(self, *, complete: bool) -> None:
        """There is no more; `complete` says whether that was all of it."""
        ...


class Callbacks(Protocol):
    """Answers hubs (https://www.w3.org/TR/websub/), each of which was told a token of its own."""

    def verify(self, token: str, query: Mapping[str, str]) -> tuple[int, str]:
        """A GET: whether a subscription was meant (5.3), or that it is denied (5.2). Status and body of the answer."""
        ...

    def push(self, token: str, signature: str) -> Push | None:
        """A POST with this X-Hub-Signature begins (7); None if the token is unknown."""
        ...


class Overview(Protocol):
    """What a worker is doing, for people: plain data without secrets. Times are aware datetimes."""

    def summary(self) -> dict[str, Any]:
        """The worker as a whole: since when it runs, readiness, ledger, shards, counts."""
        ...

    def feeds(self, query: FeedQuery) -> FeedPage:
        """Some of the feeds that this worker polls. May be called in any thread."""
        ...

    def feed(self, feed_id: str) -> dict[str, Any] | None:
        """All that is known of a configured feed, with its last polls, latest first; None if there is no such feed."""
        ...

    def articles(self) -> list[dict[str, Any]]:
        """What this worker published last, latest first: where and when, and under `message` the event's own data."""
        ...


class Metrics(Protocol):
    """What the runner tells about its work. Nothing here may raise."""

    def poll_started(self) -> None:
        """A poll is under way."""
        ...

    def poll_finished(self, report: PollReport, *, delay_seconds: float, duration_seconds: float) -> None:
        """A poll was fetched and processed; `delay_seconds` is how late it began."""
        ...

    def poll_cancelled(self) -> None:
        """A poll ended before it was processed: the worker is shutting down."""
        ...

    def committed(self, batches: Sequence[Batch], *, duration_seconds: float | None, now: datetime) -> None:
        """A commit succeeded; how long it took is not known when that was found out later."""
        ...

    def commit_failed(self, result: str, batches: Sequence[Batch]) -> None:
        """A commit of these did not succeed; `result` is retry, unknown, reject (of these alone) or stop."""
        ...

    def restored(self, duration_seconds: float) -> None:
        """It was learned which shards are ours, and what is known of their feeds."""
        ...

    def ledger(self, *, up: bool) -> None:
        """Whether it can be published, by the last commit; while none waits, by whether the ledger answers."""
        ...

    def pending(self, *, events: int, size_bytes: int, oldest_at: datetime | None) -> None:
        """What waits in memory to be committed."""
        ...

    def feeds(self, counts: Mapping[str, int], *, silent: int, overdue: int) -> None:
        """How many feeds are in each state, are unusually still, and should have been polled already."""
        ...

    def holding(self, shards: int) -> None:
        """How many shards this worker polls from now on."""
        ...

    def requested(self, fetched: Fetched) -> None:
        """A server was asked, or could not be."""
        ...

    def throttled(self, status: int) -> None:
        """A host asked with this status to be left alone for a while."""
        ...

    def reader_replaced(self, reason: str) -> None:
        """A process that reads documents was replaced.

        `reason` is deadline, memory, crashed, cancelled (nobody waits for it any longer), retired (after many
        documents) or template (all of them at once).
        """
        ...

    def reloaded(self, result: str, now: datetime) -> None:
        """The configuration was read again; `result` is applied, unchanged or refused."""
        ...

    def page(self, result: str) -> None:
        """A page of an article was asked for; `result` is read, later, never or gone."""
        ...

    def subscriptions(self, counts: Mapping[str, int]) -> None:
        """How many subscriptions at hubs are pending, verified and denied."""
        ...

    def pushed(self, result: str) -> None:
        """Something was pushed; `result` is accepted, ignored or unknown (no such subscription)."""
        ...

    def heartbeat(self, now: datetime) -> None:
        """The loop turned."""
        ...
