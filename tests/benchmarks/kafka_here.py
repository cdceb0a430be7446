"""A Kafka for one benchmark, on this machine."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from worker.edges import broker
from worker.edges.kafka_client import KafkaSettings
from worker.edges.kafka_topics import ensure_topics

if TYPE_CHECKING:
    from collections.abc import Iterator

_PARTITIONS = 12


@contextmanager
def kafka() -> Iterator[KafkaSettings]:
    """A broker of its own, with topics; it is stopped when the context ends."""
    port = broker.free_port()
    with tempfile.TemporaryDirectory() as folder:
        running = broker.start(port=port, state_dir=Path(folder))
        try:
            settings = KafkaSettings(
                name="bench",
                bootstrap_servers=(running.bootstrap,),
                articles_topic="news.articles",
                feed_state_topic="news.feed-state",
                dead_letters_topic="news.dead-letters",
                create_topics=True,
                partitions=_PARTITIONS,
                replication_factor=1,
                transaction_timeout_seconds=30.0,
                delivery_timeout_seconds=20.0,
                max_event_bytes=1_000_000,
                compression="lz4",
            )
            ensure_topics(settings)
            yield settings
        finally:
            broker.stop(port=port, state_dir=Path(folder))
