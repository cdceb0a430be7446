"""Values to the records that carry them: in which topic, in which partition."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kafka.partitioner.default import murmur2

from worker.edges.kafka_producer import Record
from worker.edges.kafka_topics import check_topics
from worker.edges.schema_registry import SchemaRegistry
from worker.model.shards import shard_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.edges.kafka_client import KafkaSettings
    from worker.model.event import Batch, Headers


class RecordMaker:
    """Makes records for topics with so many partitions; those of the feed-state topic are the shards.

    A topic that is not among them, because its route came later, is looked at when it is first needed: then making a
    record blocks, and raises what `check_topics` and `SchemaRegistry.look_up` do.
    """

    def __init__(
        self, settings: KafkaSettings, partitions: Mapping[str, int], schemas: SchemaRegistry | None = None
    ) -> None:
        self._settings = settings
        self._partitions = partitions
        self._schemas = schemas

    @property
    def shards(self) -> int:
        """How many there are."""
        return self._partitions[self._settings.feed_state_topic]

    def batch(self, batch: Batch, *, before: int | None) -> Iterator[Record]:
        """Everything that a batch writes; `before` is as for `state`."""
        for event in batch.events:
            yield from self.article(batch.feed_id, event.key, event.headers, event.value, topic=event.topic)
        if self._settings.latest_topic is not None:
            for article_id in batch.forgotten:
                yield self._keyed(self._settings.latest_topic, batch.feed_id, article_id.encode(), (), None)
        for letter in batch.rejected:
            yield self.dead_letter(batch.feed_id, letter.key, letter.headers, letter.value)
        yield from self.state(batch.feed_id, batch.shard_key, batch.state_value, before=before)

    def article(
        self, feed_id: str, key: bytes, headers: Headers, value: bytes, *, topic: str | None
    ) -> Iterator[Record]:
        """An article's event, and the same as its latest. `topic` is as in `Event`."""
        for place in (topic or self._settings.articles_topic, self._settings.latest_topic):
            if place is not None:
                framed = (headers, value) if self._schemas is None else self._schemas.framed(place, headers, value)
                yield self._keyed(place, feed_id, key, *framed)

    def dead_letter(self, feed_id: str, key: bytes, headers: Headers, value: bytes) -> Record:
        """A dead letter."""
        return self._keyed(self._settings.dead_letters_topic, feed_id, key, headers, value)

    def state(self, feed_id: str, shard_key: str, value: bytes, *, before: int | None) -> Iterator[Record]:
        """A feed's state in its shard, and a tombstone where it was `before`, so that it is there only."""
        here = shard_of(shard_key, self.shards)
        if before is not None and before != here:  # its domain or the number of shards changed
            yield self.state_in(before, feed_id, None)
        yield self.state_in(here, feed_id, value)

    def state_in(self, shard: int, feed_id: str, value: bytes | None) -> Record:
        """A feed's state in this shard, whatever its own is; None takes it away."""
        topic = self._settings.feed_state_topic
        return Record(feed_id=feed_id, topic=topic, partition=shard, key=feed_id.encode(), value=value)

    def _keyed(self, topic: str, feed_id: str, key: bytes, headers: Headers, value: bytes | None) -> Record:
        # The choice of Kafka's own clients, so that other producers of the topic agree.
        partition = int(murmur2(key) & 0x7FFFFFFF) % self._count(topic)
        return Record(feed_id=feed_id, topic=topic, partition=partition, key=key, headers=headers, value=value)

    def _count(self, topic: str) -> int:
        if topic not in self._partitions:
            self._settings = replace(self._settings, routed_topics=(*self._settings.routed_topics, topic))
            self._partitions = check_topics(self._settings)
        return self._partitions[topic]


def open_registry(settings: KafkaSettings) -> SchemaRegistry | None:
    """The registry of these settings, None without one. Nothing is asked yet."""
    return None if settings.registry is None else SchemaRegistry(settings.registry)


def look_around(settings: KafkaSettings, schemas: SchemaRegistry | None) -> RecordMaker:
    """Check the topics and look up their schemas. Blocks; raises as `check_topics` and `SchemaRegistry.look_up`."""
    if schemas is not None:
        latest = () if settings.latest_topic is None else (settings.latest_topic,)
        schemas.look_up((*settings.all_articles_topics, *latest))
    return RecordMaker(settings, check_topics(settings), schemas)
