"""A deployment's topics for a command that has them to itself. Blocking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kafka import TopicPartition
from kafka.errors import InvalidPartitionsError, TopicAuthorizationFailedError
from kafka.partitioner.default import murmur2

from worker.edges.kafka_client import (
    BOOTSTRAP_SECONDS,
    CLIENT_ERRORS,
    KafkaSettings,
    one_line,
    open_admin,
    open_consumer,
    translate,
)
from worker.edges.kafka_exclusive import ExclusiveGroup
from worker.edges.kafka_producer import Record, TransactionalProducer
from worker.edges.kafka_reader import read_feed_states
from worker.edges.kafka_topics import check_topics
from worker.edges.limits import check_sizes
from worker.model.errors import Retry, Stop
from worker.model.event import Published
from worker.model.shards import shard_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from worker.model.event import Batch, Headers

# What the place of a command is called among those of the workers.
_INSTANCE = "command"
_POLL_SECONDS = 10.0
_CLOSE_SECONDS = 2.0


class KafkaStore:
    """The topics, held from `open` to `close`: no worker can begin meanwhile.

    `waits` is told when workers have yet to be forgotten.
    """

    def __init__(self, settings: KafkaSettings, *, waits: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._waits = waits
        self._group: ExclusiveGroup | None = None
        self._producer: TransactionalProducer | None = None
        self._partitions: dict[str, int] = {}
        self._places: dict[str, int] = {}

    @property
    def shards(self) -> int:
        """How many there are."""
        return self._partitions[self._settings.feed_state_topic]

    def open(self) -> None:
        """Have the topics from now on.

        Raises:
            Retry: Kafka cannot be reached now.
            Stop: workers are at work, a topic is missing or wrong, or rights are.
        """
        self._partitions = check_topics(self._settings)
        self._group = ExclusiveGroup(self._settings, waits=self._waits)
        try:
            # Whatever a worker left open is settled before anything is read.
            self._group.settle(range(self.shards))
            self._producer = self._make_producer()
        except BaseException:
            self.close()
            raise

    def restore(self) -> Mapping[str, bytes]:
        """The last state of each feed, and notes.

        Raises:
            Retry: Kafka cannot be reached now.
        """
        found = read_feed_states(self._settings)
        self._places = dict(found.partitions)
        return found.values

    def commit(self, batches: Sequence[Batch]) -> None:
        """Write events and states of all batches in one transaction.

        Raises:
            Retry: nothing was written.
            Unknown: it may have been written.
            Reject: one record is too large; nothing was written.
            Stop: another command took over.
        """
        check_sizes(batches, max_event_bytes=self._settings.max_event_bytes)
        records: list[Record] = []
        for batch in batches:
            records += [self.article(event.key, event.headers, event.value) for event in batch.events]
            records += self.state(batch.feed_id, batch.shard_key, batch.state_value)
        self.write(records)

    def write(self, records: Iterable[Record]) -> None:
        """Write records in one transaction, one of a feed-state at least; raises as `commit`."""
        assert self._producer is not None  # noqa: S101 - `open` succeeded
        assert self._group is not None  # noqa: S101 - as above
        wanted = list(records)
        shards = {record.partition for record in wanted if record.topic == self._settings.feed_state_topic}
        self._producer.commit_for(shards, self._group.membership(), wanted)
        for record in wanted:
            if record.topic == self._settings.feed_state_topic and record.value is not None:
                self._places[record.feed_id] = record.partition

    def article(self, key: bytes, headers: Headers, value: bytes) -> Record:
        """An article's event."""
        return self._keyed(self._settings.articles_topic, key, headers, value)

    def dead_letter(self, key: bytes, headers: Headers, value: bytes) -> Record:
        """A dead letter."""
        return self._keyed(self._settings.dead_letters_topic, key, headers, value)

    def state(self, feed_id: str, shard_key: str, value: bytes) -> Iterator[Record]:
        """A feed's state in its shard, and a tombstone where it was before, so that it is there only."""
        here = shard_of(shard_key, self.shards)
        before = self._places.get(feed_id, here)
        if before != here:
            yield self._state(feed_id, before, None)
        yield self._state(feed_id, here, value)

    def everywhere(self, feed_id: str, value: bytes | None) -> Iterator[Record]:
        """The same in all shards: whoever restores any of them finds it. None takes it away."""
        for partition in range(self.shards):
            yield self._state(feed_id, partition, value)

    def is_misplaced(self, feed_id: str, shard_key: str) -> bool:
        """Whether a state does not lie in its shard."""
        return self._places.get(feed_id) != shard_of(shard_key, self.shards)

    def add_shards(self, count: int) -> None:
        """Raise the number of partitions of the feed-state topic.

        Raises:
            Retry: Kafka cannot be reached now.
            Stop: it does not take the number, or rights are missing.
        """
        topic = self._settings.feed_state_topic
        admin = open_admin(self._settings)
        try:
            admin.create_partitions({topic: count}, timeout_ms=round(BOOTSTRAP_SECONDS * 1000))
            admin.wait_for_topics([topic])
        except TopicAuthorizationFailedError as error:
            raise Stop(f"topic {topic} cannot get more partitions: allow Alter on it") from error
        except InvalidPartitionsError as error:
            raise Stop(f"topic {topic} cannot have {count} partitions: {one_line(error)}") from error
        except CLIENT_ERRORS as error:
            raise translate(error, self._settings) from error
        finally:
            admin.close()
        self._partitions = check_topics(self._settings)
        if self.shards != count:
            raise Retry(f"topic {topic} has {self.shards} partitions still, not {count}; run the command again")
        # One that knows the topic from before would not send to the new partitions.
        if self._producer is not None:
            self._producer.close()
        self._producer = self._make_producer()

    def close(self) -> None:
        """Let go of the topics. Idempotent."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.close()
        group, self._group = self._group, None
        if group is not None:
            group.close()

    def _make_producer(self) -> TransactionalProducer:
        # Of two commands that both believe to have the group, the earlier one is fenced.
        return TransactionalProducer(replace(self._settings, instance=_INSTANCE))

    def _keyed(self, topic: str, key: bytes, headers: Headers, value: bytes) -> Record:
        # The choice of Kafka's own clients, as the worker makes it.
        partition = int(murmur2(key) & 0x7FFFFFFF) % self._partitions[topic]
        feed_id = key.decode("utf-8", "replace")
        return Record(feed_id=feed_id, topic=topic, partition=partition, key=key, headers=headers, value=value)

    def _state(self, feed_id: str, partition: int, value: bytes | None) -> Record:
        topic = self._settings.feed_state_topic
        return Record(feed_id=feed_id, topic=topic, partition=partition, key=feed_id.encode(), value=value)


def read_record(settings: KafkaSettings, topic: str, partition: int, offset: int) -> Published | None:
    """The committed record at an offset; None when there is none.

    Raises:
        Retry: Kafka cannot be reached now.
        Stop: the topic must not be read, or does not exist.
    """
    consumer = open_consumer(settings)
    place = TopicPartition(topic, partition)
    try:
        if partition not in (consumer.partitions_for_topic(topic) or ()):
            return None
        consumer.assign([place])
        if not consumer.beginning_offsets([place])[place] <= offset < consumer.end_offsets([place])[place]:
            return None
        consumer.seek(place, offset)
        for records in consumer.poll(timeout_ms=_POLL_SECONDS * 1000, max_records=1).values():
            for record in records:
                if record.offset == offset and record.value is not None:
                    headers = tuple((name, value or b"") for name, value in record.headers)
                    return Published(
                        topic=topic,
                        partition=partition,
                        position=offset,
                        key=record.key or b"",
                        headers=headers,
                        value=record.value,
                    )
    except CLIENT_ERRORS as error:
        raise translate(error, settings) from error
    finally:
        consumer.close(autocommit=False, timeout_ms=_CLOSE_SECONDS * 1000)
    return None
