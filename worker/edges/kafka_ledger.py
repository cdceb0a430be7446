"""The ledger on Kafka: each commit is one transaction, and nothing of it is visible before the whole is.

kafka-python is synchronous, so each session has a thread of its own that does everything, one call after another.
A session ends with its first failure; what follows begins with `open` and is told by `restore` how far it came. The
membership in the group of workers, by which a worker has its shards, outlives sessions.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from worker.edges.call_thread import CallThread, wait
from worker.edges.kafka_client import CLIENT_ERRORS, KafkaSettings, open_admin
from worker.edges.kafka_group import ShardGroup
from worker.edges.kafka_producer import INIT_SECONDS, MARGIN_SECONDS, OutdatedError, TransactionalProducer
from worker.edges.kafka_reader import FeedStates, StateFollower, read_feed_states
from worker.edges.kafka_records import RecordMaker, look_around, open_registry
from worker.edges.limits import check_sizes
from worker.model.errors import DatelineError, Reject, Retry, Stop, Unknown
from worker.model.shards import NOTHING, Restored, shard_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from worker.edges.schema_registry import SchemaRegistry
    from worker.model.event import Batch
    from worker.model.shards import Holding

# Each call is bounded from within; these are for a thread that is stuck all the same.
_OPEN_SECONDS = INIT_SECONDS + 60.0
_RESTORE_SECONDS = 600.0
_COMMIT_MARGIN_SECONDS = 30.0
_CLOSE_SECONDS = 10.0
_PING_SECONDS = 3.0
# A commit that met a rebalance is tried again as a member of the new generation.
_ATTEMPTS = 5
_REBALANCE_SECONDS = 5.0

_T = TypeVar("_T")


class KafkaLedger:
    """Implements `worker.ports.Ledger`.

    The workers of one name share the shards, which are the partitions of the feed-state topic. Of each instance one
    worker is active: `open` fences whoever was it before, and a worker that was fenced gets `Stop` from then on, until
    it is opened again on purpose.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._log = structlog.get_logger()
        self._group = ShardGroup(settings)
        self._misplaced: set[str] = set()
        self._schemas = open_registry(settings)
        self._prepared: _Session | None = None
        self._session: _Session | None = None
        self._usable = False
        self._stopped: str | None = None
        self._pinger: _Pinger | None = None

    def prepare(self) -> None:
        """Begin with the part of `open` that disturbs no other worker, and do not wait for it."""
        self._prepared = self._new_session()
        self._prepared.prepare()

    async def open(self) -> None:
        """Check the topics, join the group, take over the transactional id, and undo what a predecessor left open.

        Raises:
            Retry: Kafka or the schema registry cannot be reached now.
            Stop: a topic is missing or wrong, rights are missing, or the settings are impossible.
        """
        self._let_go()
        if self._stopped is not None:
            self._group.forgive()
        self._stopped = None
        self._pinger = self._pinger or _Pinger(self._settings)
        prepared, self._prepared = self._prepared, None
        self._session = session = prepared or self._new_session()
        await self._call(
            session, session.open, seconds=_OPEN_SECONDS, late=Retry("Kafka did not let the worker begin in time")
        )

    async def restore(self) -> Restored:
        """The shards that are ours from now on, and the last committed state of each of their feeds.

        Raises:
            Retry: Kafka cannot be reached now.
            Stop: the topic must not be read, or another worker took our place.
        """
        session = self._working()
        return await self._call(
            session, session.restore, seconds=_RESTORE_SECONDS, late=Retry("Kafka is too slow to restore")
        )

    async def moving(self) -> frozenset[int]:
        """Return when our shards are to change: those that will be taken, empty when there only come more.

        Empty, too, when all were lost: then nothing can be committed before the next `restore`.
        """
        return await asyncio.wrap_future(self._group.next_move())

    async def commit(self, batches: Sequence[Batch]) -> None:
        """Write events, dead letters and states of all batches in one transaction.

        Raises:
            Retry: nothing was written (a shard may have moved); open and restore, then try again with what is ours.
            Unknown: it may have been written; open and restore, and compare states.
            Reject: one record is not acceptable; nothing was written, and the session goes on.
            Stop: another worker took our place, or the rights are missing.
        """
        session = self._working()
        check_sizes(batches, max_event_bytes=self._settings.max_event_bytes)
        if not batches:
            return
        if unknown := session.unknown(batches):
            look = partial(session.look_elsewhere, unknown)
            await self._call(session, look, seconds=_RESTORE_SECONDS, late=Retry("Kafka is too slow to read states"))
        seconds = (
            self._settings.delivery_timeout_seconds
            + self._settings.transaction_timeout_seconds
            + 2 * MARGIN_SECONDS
            + _COMMIT_MARGIN_SECONDS
            + _ATTEMPTS * _REBALANCE_SECONDS
        )
        late = Unknown(f"Kafka did not finish a commit within {seconds:.0f} s; its outcome is not known")
        await self._call(session, partial(session.commit, batches), seconds=seconds, late=late)

    async def ping(self) -> bool:
        """Whether a broker answers within 3 s. It is asked on a connection of its own, whatever a commit does."""
        return self._pinger is not None and await self._pinger.ask()

    async def close(self) -> None:
        """Let a commit under way come to its end for up to 10 s, then let go of everything. Idempotent."""
        prepared, self._prepared = self._prepared, None
        if prepared is not None:
            prepared.abandon()
        session, self._session, self._usable = self._session, None, False
        pinger, self._pinger = self._pinger, None
        if pinger is not None:
            pinger.end()
        self._group.hurry()
        if session is not None:
            await session.end(seconds=_CLOSE_SECONDS)
        with contextlib.suppress(TimeoutError):
            await wait(self._group.leave(), seconds=_CLOSE_SECONDS)

    def _new_session(self) -> _Session:
        return _Session(self._settings, self._group, self._misplaced, self._schemas)

    def _working(self) -> _Session:
        if self._stopped is not None:
            raise Stop(self._stopped)
        if self._session is None or not self._usable:
            raise Retry("the ledger is not open; nothing was written")
        return self._session

    async def _call(self, session: _Session, call: Callable[[], _T], *, seconds: float, late: Retry | Unknown) -> _T:
        self._usable = False
        try:
            result = await session.run(call, seconds=seconds, late=late)
        except Reject:
            self._usable = True
            raise
        except asyncio.CancelledError:
            raise  # what is under way may come to its end; `close` waits for it
        except DatelineError as error:
            self._stopped = str(error) if isinstance(error, Stop) else None
            self._let_go()
            raise
        except Exception as error:
            # kafka-python has more ways to fail than it names, mostly while brokers come and go. A session that
            # begins anew forgets whatever went wrong.
            self._let_go()
            self._log.exception("ledger_crashed")
            raise type(late)(f"a fault in the Kafka client ({type(error).__name__}); see ledger_crashed") from error
        self._usable = True
        return result

    def _let_go(self) -> None:
        """End the session without waiting for it."""
        session, self._session, self._usable = self._session, None, False
        if session is not None:
            session.abandon()


class _Session:
    """Everything between one `open` and its end, on one thread. The public methods without async block."""

    def __init__(
        self, settings: KafkaSettings, group: ShardGroup, misplaced: set[str], schemas: SchemaRegistry | None
    ) -> None:
        self._settings = settings
        self._group = group
        self._schemas = schemas
        # Feeds whose state was found in a shard that is not theirs, and is to be restored from there.
        self._misplaced = misplaced
        self._thread = CallThread(f"kafka-{settings.name}")
        self._producer: TransactionalProducer | None = None
        self._elsewhere: StateFollower | None = None
        # What the first `restore` reads with, as soon as it is connected.
        self._ahead: Future[StateFollower] | None = None
        self._looking: Future[RecordMaker] | None = None
        self._abandoned = False
        self._maker = RecordMaker(settings, {})
        self._holding: Holding = NOTHING
        self._state_partitions: dict[str, int] = {}

    async def run(self, call: Callable[[], _T], *, seconds: float, late: DatelineError) -> _T:
        """Do a call on the session's thread; after the time given, raise `late` and leave the thread to itself."""
        try:
            return await wait(self._thread.submit(call), seconds=seconds)
        except TimeoutError:
            raise late from None

    def prepare(self) -> None:
        """Have the session's thread look around before it is told to open. Does not block."""
        self._looking = self._thread.submit(self._look)

    def open(self) -> None:
        looking, self._looking = self._looking, None
        self._maker = self._look() if looking is None else looking.result()
        if not self._abandoned:
            self._group.join()
            self._producer = TransactionalProducer(self._settings)

    def _look(self) -> RecordMaker:
        maker = look_around(self._settings, self._schemas)
        self._ahead = _connected_ahead(self._settings)
        return maker

    def restore(self) -> Restored:
        holding = self._group.hold()
        self._group.settle(holding.shards)
        found = self._read_states(holding.shards)
        values, partitions = dict(found.values), dict(found.partitions)
        if self._misplaced:
            everywhere = read_feed_states(self._settings, range(holding.count))
            for feed_id in self._misplaced & everywhere.values.keys() - values.keys():
                values[feed_id], partitions[feed_id] = everywhere.values[feed_id], everywhere.partitions[feed_id]
            self._misplaced.clear()
        self._holding, self._state_partitions = holding, partitions
        return Restored(holding=holding, states=values)

    def _read_states(self, shards: frozenset[int]) -> FeedStates:
        ahead, self._ahead = self._ahead, None
        if ahead is None:
            return read_feed_states(self._settings, shards)
        states = ahead.result()
        try:
            return states.read(shards)
        finally:
            states.close()

    def unknown(self, batches: Sequence[Batch]) -> set[str]:
        """The feeds without a state that may have one in the shards of others: their address may have changed."""
        if len(self._holding.shards) == self._holding.count:
            return set()
        ours = {batch.feed_id for batch in batches if self._shard(batch) in self._holding.shards}
        return ours - self._state_partitions.keys()

    def look_elsewhere(self, unknown: set[str]) -> None:
        """Make sure that these feeds have no state in the shards of others.

        Raises:
            Retry: one has; the next restore brings it.
        """
        self._elsewhere = self._elsewhere or StateFollower(self._settings)
        found = unknown & self._elsewhere.read(range(self._holding.count), keep_values=False).partitions.keys()
        if found:
            self._misplaced |= found
            raise Retry(f"the state of feed {min(found)} lies in another shard; nothing was written")

    def commit(self, batches: Sequence[Batch]) -> None:
        assert self._producer is not None  # noqa: S101 - `open` succeeded
        shards = {self._shard(batch) for batch in batches}
        membership = self._group.vouch(shards)
        records = [
            record
            for batch in batches
            for record in self._maker.batch(batch, before=self._state_partitions.get(batch.feed_id))
        ]
        for attempt in range(_ATTEMPTS):
            try:
                self._producer.commit_for(shards, membership, records)
            except OutdatedError:
                if attempt + 1 == _ATTEMPTS:
                    raise
                # The shards that stayed ours are nobody else's meanwhile.
                self._group.await_newer(membership, seconds=_REBALANCE_SECONDS)
                membership = self._group.vouch(shards)
            else:
                break
        for batch in batches:
            self._state_partitions[batch.feed_id] = self._shard(batch)

    async def end(self, *, seconds: float) -> None:
        """Close when the thread has done what it was told before; after the time given, abandon it."""
        try:
            await self.run(self._close, seconds=seconds, late=Retry("Kafka is too slow to close"))
        except DatelineError:
            self.abandon()
        self._thread.end()

    def abandon(self) -> None:
        """Give up whatever is under way, without waiting for it."""
        self._abandoned = True
        if self._producer is not None:
            self._producer.abandon()
        self._thread.submit(self._close)
        self._thread.end()

    def _close(self) -> None:
        if self._ahead is not None:
            self._ahead.add_done_callback(_let_go_of)
        if self._elsewhere is not None:
            self._elsewhere.close()
        if self._producer is not None:
            self._producer.close()

    def _shard(self, batch: Batch) -> int:
        return shard_of(batch.shard_key, self._holding.count)


def _connected_ahead(settings: KafkaSettings) -> Future[StateFollower]:
    """Connect to read states while the worker takes its place: each new connection takes some rounds with a broker."""

    def connected() -> StateFollower:
        states = StateFollower(settings)
        try:
            states.connect()
        except BaseException:
            states.close()
            raise
        return states

    thread = CallThread(f"kafka-{settings.name}-ahead")
    try:
        return thread.submit(connected)
    finally:
        thread.end()


def _let_go_of(ahead: Future[StateFollower]) -> None:
    if ahead.exception() is None:
        ahead.result().close()


class _Pinger:
    """Asks whether Kafka answers, one question at a time."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._thread = CallThread(f"kafka-{settings.name}-ping")
        self._admin: Any = None
        self._answer: Future[bool] | None = None

    async def ask(self) -> bool:
        if self._answer is None or self._answer.done():
            self._answer = self._thread.submit(self._ask)
        try:
            return await wait(self._answer, seconds=_PING_SECONDS)
        except TimeoutError:
            return False

    def end(self) -> None:
        """Let go without waiting."""
        self._thread.submit(self._close)
        self._thread.end()

    def _ask(self) -> bool:
        try:
            if self._admin is None:
                self._admin = open_admin(self._settings, bootstrap_seconds=_PING_SECONDS, request_seconds=_PING_SECONDS)
            self._admin.describe_cluster()
        except (*CLIENT_ERRORS, DatelineError):
            self._close()
            return False
        return True

    def _close(self) -> None:
        if self._admin is not None:
            self._admin.close()
            self._admin = None
