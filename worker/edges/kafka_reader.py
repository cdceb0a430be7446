"""Reading what is committed: the feed states at the start, and the articles as an independent consumer sees them."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.errors import KafkaTimeoutError

from worker.edges.kafka_client import (
    CLIENT_ERRORS,
    REQUEST_SECONDS,
    KafkaSettings,
    open_admin,
    open_consumer,
    translate,
)
from worker.model.errors import Retry, Stop
from worker.model.event import Published

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_POLL_SECONDS = 0.5
_STALLED_SECONDS = 30.0
_CLOSE_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedStates:
    """What a feed-state topic holds: the last value of each feed, and the partition where it lies."""

    values: Mapping[str, bytes]
    partitions: Mapping[str, int]


def read_feed_states(settings: KafkaSettings, shards: Collection[int] | None = None) -> FeedStates:
    """Read the feed-state topic, or these partitions of it, from the start to the end.

    A transaction that is open is waited for: a commit that was answered may not be visible yet.

    Raises:
        Retry: Kafka cannot be reached now, or sends nothing for half a minute; the partitions that were named are not
            known to it.
        Stop: the topic must not be read, or does not exist.
    """
    states = StateFollower(settings)
    try:
        return states.read(shards)
    finally:
        states.close()


class StateFollower:
    """Reads the feed-state topic, and later what came since."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._consumer: Any = None
        self._admin: Any = None
        self._last: dict[tuple[int, bytes], bytes] = {}

    def connect(self) -> None:
        """Do what can be done before it is known what to read.

        Raises:
            Retry: Kafka cannot be reached now.
            Stop: Kafka does not let us in.
        """
        self._admin = open_admin(self._settings)
        self._consumer = open_consumer(self._settings)
        try:
            self._consumer.partitions_for_topic(self._settings.feed_state_topic)
        except CLIENT_ERRORS as error:
            raise translate(error, self._settings) from error

    def read(self, shards: Collection[int] | None = None, *, keep_values: bool = True) -> FeedStates:
        """What these partitions hold, or all; the same ones each time.

        Raises:
            Retry: Kafka cannot be reached now, or sends nothing for half a minute.
            Stop: the topic must not be read, or does not exist.
        """
        if shards is not None and not shards:
            return FeedStates(values={}, partitions={})
        try:
            for record in self._new(shards):
                key = (record.partition, record.key)
                if record.value is None:
                    self._last.pop(key, None)
                else:
                    self._last[key] = record.value if keep_values else b""
        except CLIENT_ERRORS as error:
            raise translate(error, self._settings) from error
        # Partitions come in any order. Of a feed that moved, all but one hold a tombstone.
        found = {key.decode(): (partition, value) for (partition, key), value in self._last.items()}
        return FeedStates(
            values={feed_id: value for feed_id, (_, value) in found.items()},
            partitions={feed_id: partition for feed_id, (partition, _) in found.items()},
        )

    def close(self) -> None:
        """Let go of the connections."""
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=_CLOSE_SECONDS * 1000)
        if self._admin is not None:
            self._admin.close()

    def _new(self, shards: Collection[int] | None) -> Iterator[Any]:
        if self._consumer is None:
            self.connect()
        if not self._consumer.assignment():
            _assign(self._consumer, (self._settings.feed_state_topic,), shards)
            self._consumer.seek_to_beginning()
        # Not the end of what is committed: with that, a commit whose markers are on their way would be passed over.
        latest = dict.fromkeys(self._consumer.assignment(), OffsetSpec.LATEST)
        found = self._admin.list_partition_offsets(latest)
        return _to_end(self._consumer, {partition: end.offset for partition, end in found.items()})


class KafkaReader:
    """Implements `worker.ports.Reader`: only what is committed, in no consumer group.

    `topics` are those with articles by default. With `from_beginning=False` it starts at what is the end when it first
    reads. Tombstones are left out: they publish nothing.
    """

    def __init__(
        self, settings: KafkaSettings, *, topics: tuple[str, ...] | None = None, from_beginning: bool = True
    ) -> None:
        self._settings = settings
        self._topics = topics if topics is not None else settings.all_articles_topics
        self._from_beginning = from_beginning
        self._consumer: Any = None
        self._positions: dict[Any, int] = {}
        self._assigned: list[Any] = []
        self._fetched: deque[Published] = deque()
        self._closed = False

    def read(self, *, timeout_seconds: float) -> Iterator[Published]:
        """The records that are visible now and not yet read; waits up to the time given for the first one.

        Raises:
            Retry: Kafka cannot be reached now; the next call goes on where this one ended.
            Stop: a topic must not be read, or does not exist.
        """
        if not self._fetched:
            self._fetch(timeout_seconds=timeout_seconds)
        if self._fetched:
            yield from self.read_to_end()

    def read_to_end(self) -> Iterator[Published]:
        """The records that are visible when it is called and not yet read, without waiting for more.

        Raises:
            Retry: Kafka cannot be reached now; the next call goes on where this one ended.
            Stop: a topic must not be read, or does not exist.
        """
        self._fetch(timeout_seconds=None)
        while self._fetched:
            yield self._fetched.popleft()

    def close(self) -> None:
        """Let go of the connection. Idempotent."""
        self._closed = True
        self._disconnect()

    def _fetch(self, *, timeout_seconds: float | None) -> None:
        """Fetch what arrives first within the time given; without one, everything up to the end as it is now."""
        if self._closed:
            raise RuntimeError("this reader is closed")
        try:
            if self._consumer is None:
                self._connect()
            self._notice_new_partitions()
            if timeout_seconds is None:
                self._take(_to_end(self._consumer, _visible_ends(self._consumer)))
            else:
                polled = self._consumer.poll(timeout_ms=timeout_seconds * 1000)
                self._take(record for records in polled.values() for record in records)
        except CLIENT_ERRORS as error:
            self._disconnect()
            raise translate(error, self._settings) from error

    def _take(self, records: Iterator[Any]) -> None:
        for record in records:
            self._positions[TopicPartition(record.topic, record.partition)] = record.offset + 1
            if record.value is not None:
                self._fetched.append(published(record))

    def _connect(self) -> None:
        self._consumer = open_consumer(self._settings)
        self._assigned = _assign(self._consumer, self._topics)
        if not self._positions and not self._from_beginning:
            self._positions = self._consumer.end_offsets(self._assigned)
        self._seek()

    def _seek(self) -> None:
        for partition in self._assigned:
            if partition in self._positions:
                self._consumer.seek(partition, self._positions[partition])
            else:
                self._consumer.seek_to_beginning(partition)

    def _notice_new_partitions(self) -> None:
        """Read partitions that a topic got meanwhile, too, from their beginning."""
        known = sum(len(self._consumer.partitions_for_topic(topic)) for topic in self._topics)
        if known > len(self._assigned):
            self._assigned = _assign(self._consumer, self._topics)
            self._seek()

    def _disconnect(self) -> None:
        if self._consumer is not None:
            self._consumer.close(autocommit=False, timeout_ms=_CLOSE_SECONDS * 1000)
            self._consumer = None


def _assign(consumer: Any, topics: tuple[str, ...], chosen: Collection[int] | None = None) -> list[Any]:
    partitions = []
    for topic in topics:
        numbers = consumer.partitions_for_topic(topic)
        if not numbers:
            # Who names partitions knows that there are some. A broker that has just begun may not know it yet.
            kind = Stop if chosen is None else Retry
            raise kind(f"topic {topic} does not exist, or must not be read; create it: dateline topics create -c FILE")
        wanted: Iterable[int] = numbers if chosen is None else chosen
        partitions += [TopicPartition(topic, number) for number in sorted(wanted)]
    consumer.assign(partitions)
    return partitions


def _visible_ends(consumer: Any) -> dict[Any, int]:
    """The ends of what is committed."""
    ends: dict[Any, int] = consumer.end_offsets(list(consumer.assignment()), timeout_ms=REQUEST_SECONDS * 1000)
    return ends


def _to_end(consumer: Any, ends: Mapping[Any, int]) -> Iterator[Any]:
    """All records up to these ends.

    An end is a position, not a number of records: the markers of transactions take positions, too, and so do the
    records of aborted ones, and compaction leaves gaps.
    """
    left = set(ends)
    moved_seconds = time.monotonic()
    while left := {partition for partition in left if _position(consumer, partition) < ends[partition]}:
        before = {partition: _position(consumer, partition) for partition in left}
        polled = consumer.poll(timeout_ms=_POLL_SECONDS * 1000)
        for records in polled.values():
            yield from records
        if any(_position(consumer, partition) > before[partition] for partition in left):
            moved_seconds = time.monotonic()
        elif time.monotonic() - moved_seconds > _STALLED_SECONDS:
            raise KafkaTimeoutError(f"nothing came for {_STALLED_SECONDS:.0f} s")


def _position(consumer: Any, partition: Any) -> int:
    position: int | None = consumer.position(partition, timeout_ms=_POLL_SECONDS * 1000)
    return -1 if position is None else position


def published(record: Any) -> Published:
    """A record of kafka-python, which is no tombstone, as a reader sees it."""
    return Published(
        topic=record.topic,
        partition=record.partition,
        position=record.offset,
        key=record.key or b"",
        headers=tuple((name, value or b"") for name, value in record.headers),
        value=record.value,
    )
