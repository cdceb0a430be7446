"""One transactional producer, from taking over the transactional id to its first failure.

kafka-python 3.0.12 commits happily after it lost a batch, so each record's future is asked before the commit; and it
waits without limit for the end of a transaction, so here the wait is our own.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer, TopicPartition
from kafka.errors import (
    AuthorizationError,
    CommitFailedError,
    FencedInstanceIdError,
    InvalidProducerEpochError,
    InvalidRecordError,
    InvalidTimestampError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    ProducerFencedError,
    RecordListTooLargeError,
    RetriableError,
    TransactionalIdNotFoundError,
    UnknownError,
)
from kafka.structs import OffsetAndMetadata

from worker.edges.kafka_client import (
    CLIENT_ERRORS,
    REQUEST_SECONDS,
    KafkaSettings,
    connect,
    one_line,
    open_admin,
    taken_over,
    translate,
)
from worker.edges.kafka_guard import guard
from worker.edges.kafka_topics import RECORD_OVERHEAD_BYTES
from worker.model.errors import Reject, Retry, Stop, Unknown

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from worker.model.event import Headers

LINGER_SECONDS = 0.02
# Right after a broker was killed, taking over took up to 25 s.
INIT_SECONDS = 60.0
MARGIN_SECONDS = 5.0

_BATCH_BYTES = 262_144
_MIN_REQUEST_BYTES = 1_048_576
_CLOSE_SECONDS = 5.0
_ASK_SECONDS = 3.0
_ASK_FENCED_SECONDS = 10.0
_ASK_PAUSE_SECONDS = 0.5
_TAKEOVER_SECONDS = 1.0

# What the broker says of a record that it will never take.
_REFUSED = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError, InvalidTimestampError)
_FENCED = (ProducerFencedError, InvalidProducerEpochError)
# What the group says of a membership that is over. The second one is said to a worker that lost its membership and
# joined anew meanwhile, as well as to one whose place another has: which of them it is, the group has to tell.
_OUTDATED = (CommitFailedError, FencedInstanceIdError)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What is written to one partition on behalf of one feed. A value of None is a tombstone."""

    feed_id: str
    topic: str
    partition: int
    key: bytes
    headers: Headers = ()
    value: bytes | None


class OutdatedError(Retry):
    """The group of workers has gone on meanwhile; nothing was written, and the producer can go on."""


class TransactionalProducer:
    """Writes records in transactions. Not thread-safe, but `abandon` may be called from anywhere.

    Making one takes over the transactional id: a predecessor is fenced and its open transaction undone.

    Raises:
        Retry: Kafka cannot be reached now.
        Stop: it can never work like this.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        delivery_ms = round(settings.delivery_timeout_seconds * 1000)
        linger_ms = round(LINGER_SECONDS * 1000)
        self._producer: Any = connect(
            KafkaProducer,
            settings,
            transactional_id=settings.transactional_id,
            transaction_timeout_ms=round(settings.transaction_timeout_seconds * 1000),
            acks="all",
            linger_ms=linger_ms,
            batch_size=_BATCH_BYTES,
            compression_type=None if settings.compression == "none" else settings.compression,
            # A record counts uncompressed here, and the broker's own limit is the one that decides.
            max_request_size=max(_MIN_REQUEST_BYTES, settings.max_event_bytes + RECORD_OVERHEAD_BYTES),
            delivery_timeout_ms=delivery_ms,
            request_timeout_ms=min(round(REQUEST_SECONDS * 1000), delivery_ms - linger_ms),
            max_block_ms=round(INIT_SECONDS * 1000),
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        self._manager: Any = self._producer._transaction_manager  # noqa: SLF001 - see the module's docstring
        guard(self._producer)
        topics = (*settings.all_articles_topics, settings.feed_state_topic, settings.dead_letters_topic)
        for topic in topics:
            # Looked up while the id is taken over: `partitions_for` would ask for one after the other.
            self._producer._sender.add_topic(topic)  # noqa: SLF001 - there is no other way
        try:
            self._producer.init_transactions()
            # A record of an unknown topic waits for metadata as long as a takeover may take, if it were left so.
            self._producer.config["max_block_ms"] = delivery_ms
            for topic in topics:
                self._producer.partitions_for(topic)
        except CLIENT_ERRORS as error:
            self.abandon()
            self.close()
            raise self._explain_init(error) from error

    def commit_for(self, shards: Collection[int], membership: Any, records: Sequence[Record]) -> None:
        """Write all records in one transaction, as the member of the group that has these shards.

        After `Reject` and `OutdatedError` the producer can go on; after any other error it must be closed.

        Args:
            shards: whose feeds the records are; each has the state of one among them.
            membership: the group metadata of the consumer to which the shards are assigned.
            records: what to write.

        Raises:
            OutdatedError: the membership is out of date; nothing was written.
            Retry: nothing was written.
            Unknown: it may have been written.
            Reject: the broker refuses a record; nothing was written.
            Stop: another worker took over, or the rights are missing.
        """
        began_seconds = time.monotonic()
        failures: list[tuple[str, Exception]] = []
        try:
            self._producer.begin_transaction()
            futures = [self._send(record, failures) for record in records]
            self._flush(futures)
            self._add_offsets(futures, shards, membership)
        except CLIENT_ERRORS as error:
            # The first to fail is the cause: kafka-python gives the others of the transaction the same error.
            feed_id, cause = failures[0] if failures else ("", error)
            raise self._give_up(feed_id, cause, began_seconds) from error
        try:
            self._end(committed=True, seconds=self._settings.transaction_timeout_seconds + MARGIN_SECONDS)
        except CLIENT_ERRORS as error:
            if self._is_fenced(error, began_seconds):
                raise taken_over(self._settings) from error
            raise Unknown(f"the commit to Kafka was sent, its outcome is not known: {one_line(error)}") from error

    def abandon(self) -> None:
        """End the network thread, whatever is under way. Never blocks; `close` is still needed."""
        self._producer._sender.force_close()  # noqa: SLF001 - close() gives up when something is still to be sent

    def close(self) -> None:
        """Let go of the connections. Takes a few seconds at most."""
        try:
            self._producer.close(timeout=_CLOSE_SECONDS)
        except CLIENT_ERRORS:  # records are still waiting to be sent
            self.abandon()
            with contextlib.suppress(*CLIENT_ERRORS):
                self._producer.close(timeout=_CLOSE_SECONDS)

    def _send(self, record: Record, failures: list[tuple[str, Exception]]) -> Any:
        def note(error: Exception) -> None:
            failures.append((record.feed_id, error))

        try:
            future = self._producer.send(
                record.topic,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                partition=record.partition,
            )
        except CLIENT_ERRORS as error:
            note(error)
            raise
        future.add_errback(note)
        return future

    def _flush(self, futures: Sequence[Any]) -> None:
        """Return when each record is known to be written; raise the error of one that is not."""
        limit_seconds = self._settings.delivery_timeout_seconds + MARGIN_SECONDS
        deadline_seconds = time.monotonic() + limit_seconds
        # It is raised for a batch that the broker found too large; the batch was split, and the futures wait for it.
        with contextlib.suppress(UnknownError):
            self._producer.flush(timeout=limit_seconds)
        for future in futures:
            future.get(timeout=max(0.0, deadline_seconds - time.monotonic()))

    def _add_offsets(self, written: Sequence[Any], shards: Collection[int], membership: Any) -> None:
        """Have the group vouch for the transaction: Kafka refuses a member that is not up to date (KIP-447).

        The offset of a shard is that after its last state, so that whoever looks sees a group without lag.
        """
        offsets: dict[Any, Any] = {}
        for place in (future.value for future in written):
            if place.topic == self._settings.feed_state_topic and place.partition in shards:
                partition = TopicPartition(place.topic, place.partition)
                offset = max(place.offset + 1, offsets[partition].offset if partition in offsets else 0)
                offsets[partition] = OffsetAndMetadata(offset, "", -1)
        result = self._manager.send_offsets_to_transaction(offsets, membership)
        self._producer._sender.wakeup()  # noqa: SLF001 - as send_offsets_to_transaction does, which waits for ever
        if not result.wait(timeout_ms=self._settings.delivery_timeout_seconds * 1000):
            raise KafkaTimeoutError(f"the group did not answer within {self._settings.delivery_timeout_seconds:.0f} s")

    def _give_up(self, feed_id: str, error: Exception, began_seconds: float) -> Retry | Reject | Stop:
        """Undo a transaction of which a record failed, and say what follows."""
        if isinstance(error, AuthorizationError):
            return translate(error, self._settings)
        if isinstance(error, _OUTDATED) and self._abort():
            return OutdatedError(f"the shards have moved meanwhile; nothing was written: {one_line(error)}")
        if not isinstance(error, _REFUSED) and self._is_fenced(error, began_seconds):
            return taken_over(self._settings)
        undone = self._abort()
        if isinstance(error, _REFUSED) and undone:
            return Reject(
                f"feed {feed_id}: Kafka does not take a record of it ({one_line(error)}); "
                "lower max_event_bytes, or raise the topic's max.message.bytes",
                feed_id=feed_id,
            )
        return Retry(f"nothing was written to Kafka: {one_line(error)}")

    def _abort(self) -> bool:
        """Whether the transaction is undone. If not, the next owner of the transactional id undoes it."""
        try:
            self._end(committed=False, seconds=MARGIN_SECONDS)
        except CLIENT_ERRORS:
            return False
        # Offsets that were refused would be sent again with those of the next transaction.
        self._manager._pending_txn_offset_commits.clear()  # noqa: SLF001 - nobody else does
        return True

    def _end(self, *, committed: bool, seconds: float) -> None:
        """`commit_transaction` and `abort_transaction` with a limit in time, which they lack."""
        result = self._manager.begin_commit() if committed else self._manager.begin_abort()
        self._producer._sender.wakeup()  # noqa: SLF001 - as the two do
        if not result.wait(timeout_ms=seconds * 1000):
            raise KafkaTimeoutError(f"no answer within {seconds:.0f} s")

    def _is_fenced(self, error: Exception, began_seconds: float) -> bool:
        """Whether another worker has the transactional id now.

        Being fenced shows itself under many names, and after a broker's restart other errors look the same, so the
        transaction coordinator is asked. It fences us without a successor, too: when our transaction took longer
        than its timeout, it aborts it and raises the epoch by one. A successor that finds our transaction open goes
        through the same state, but only for a moment.

        While its broker is away it is waited for, and after a minute nobody is suspected: a worker outlives that. If
        there is a successor all the same, taking over from it makes it ask in turn.
        """
        ours = self._manager.producer_id_and_epoch
        looks_fenced = isinstance(error, _FENCED) or any(kind.__name__ in str(error) for kind in _FENCED)
        deadline_seconds = time.monotonic() + (_ASK_FENCED_SECONDS if looks_fenced else _ASK_SECONDS)
        timed_out_before = False
        while True:
            try:
                found = self._describe()
            except TransactionalIdNotFoundError:
                return False
            except (*CLIENT_ERRORS, Retry, Stop) as problem:
                away = looks_fenced and isinstance(problem, (RetriableError, OSError, Retry))
                if time.monotonic() >= deadline_seconds + away * INIT_SECONDS:
                    return looks_fenced and not away
                time.sleep(_ASK_PAUSE_SECONDS)
                continue
            # Asked for now: the answer may have come late, and the timeout meanwhile.
            overdue = time.monotonic() - began_seconds >= self._settings.transaction_timeout_seconds
            epochs_ahead = found.producer_epoch - ours.epoch if found.producer_id == ours.producer_id else None
            if epochs_ahead == 0:
                return False
            if not (overdue and epochs_ahead == 1 and found.state.value.endswith("Abort")):
                return True
            if timed_out_before:
                return False
            timed_out_before = True
            time.sleep(_TAKEOVER_SECONDS)

    def _describe(self) -> Any:
        """What the transaction coordinator knows of our transactional id (KIP-664)."""
        admin = open_admin(self._settings, bootstrap_seconds=_ASK_SECONDS, request_seconds=_ASK_SECONDS)
        try:
            return admin.describe_transactions([self._settings.transactional_id])[self._settings.transactional_id]
        finally:
            admin.close()

    def _explain_init(self, error: Exception) -> Retry | Stop:
        if isinstance(error, _FENCED):
            return taken_over(self._settings)
        if "InvalidTransactionTimeoutError" in str(error):
            return Stop(
                f"Kafka does not take a transaction timeout of {self._settings.transaction_timeout_seconds:g} s: "
                "it is above the broker's transaction.max.timeout.ms"
            )
        return translate(error, self._settings)
