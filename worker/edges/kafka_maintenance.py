"""A deployment's topics for a command that has them to itself. Blocking."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kafka import TopicPartition
from kafka.errors import InvalidPartitionsError, TopicAuthorizationFailedError

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
from worker.edges.kafka_producer import TransactionalProducer
from worker.edges.kafka_reader import published, read_feed_states
from worker.edges.kafka_records import RecordMaker, look_around, open_registry
from worker.edges.limits import check_sizes
from worker.model.errors import Retry, Stop
from worker.model.shards import shard_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from worker.edges.kafka_producer import Record
    from worker.model.event import Batch, Headers, Published

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
        self._schemas = open_registry(settings)
        self._maker = RecordMaker(settings, {})
        self._places: dict[str, int] = {}

    @property
    def shards(self) -> int:
        """How many there are."""
        return self._maker.shards

    def open(self) -> None:
        """Have the topics from now on.

        Raises:
            Retry: Kafka cannot be reached now.
            Stop: workers are at work, a topic is missing or wrong, or rights are.
        """
        self._maker = look_around(self._settings, self._schemas)
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
        self.write(
            record for batch in batches for record in self._maker.batch(batch, before=self._places.get(batch.feed_id))
        )

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

    def article(self, key: bytes, headers: Headers, value: bytes, *, topic: str | None) -> Iterator[Record]:
        """An article's event, and the same as its latest. `topic` is as in `Event`."""
        return self._maker.article(_named(key), key, headers, value, topic=topic)

    def dead_letter(self, key: bytes, headers: Headers, value: bytes) -> Record:
        """A dead letter."""
        return self._maker.dead_letter(_named(key), key, headers, value)

    def state(self, feed_id: str, shard_key: str, value: bytes) -> Iterator[Record]:
        """A feed's state in its shard, and a tombstone where it was before, so that it is there only."""
        return self._maker.state(feed_id, shard_key, value, before=self._places.get(feed_id))

    def everywhere(self, feed_id: str, value: bytes | None) -> Iterator[Record]:
        """The same in all shards: whoever restores any of them finds it. None takes it away."""
        for partition in range(self.shards):
            yield self._maker.state_in(partition, feed_id, value)

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
        self._maker = look_around(self._settings, self._schemas)
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


def _named(key: bytes) -> str:
    """What an error calls a record of which the feed is not known."""
    return key.decode("utf-8", "replace")


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
                    return published(record)
    except CLIENT_ERRORS as error:
        raise translate(error, settings) from error
    finally:
        consumer.close(autocommit=False, timeout_ms=_CLOSE_SECONDS * 1000)
    return None
