"""Publishing to a real Kafka in transactions of 1,000 records of 2.9 kB, against a bare, tuned kafka-python."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer
from kafka.structs import ConsumerGroupMetadata

from tests.benchmarks.kafka_here import kafka
from tests.benchmarks.measuring import Goal, Line, Sample
from worker.edges.kafka_producer import Record, TransactionalProducer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.edges.kafka_client import KafkaSettings

_RECORDS = 1_000
_TRANSACTIONS = 5
_VALUE_BYTES = 2_900
_WORDS = ("harbour", "the", "of", "and", "ministry", "to", "in", "said", "a", "is", "that", "for", "it", "reporters")
# Of nobody: Kafka asks no further then.
_MEMBERSHIP = ConsumerGroupMetadata("bench", -1, "", None)
_BARE = "bare kafka-python, tuned"


def measure(rounds: int) -> Iterator[Line]:
    """The lines of this benchmark."""
    with kafka() as settings:
        ours, bare = TransactionalProducer(settings), _bare_producer(settings)
        records = _records(settings)
        works = {
            "ours": lambda: ours.commit_for({0}, _MEMBERSHIP, records),
            _BARE: lambda: _bare_transaction(bare, records),
        }
        samples: dict[str, list[Sample]] = {name: [] for name in works}
        for round_ in range(rounds + 1):
            for name, work in works.items():
                sample = _timed(work)
                if round_:  # the first is slower: connections, metadata
                    samples[name].append(sample)
        ours.close()
        bare.close()
    yield Line(
        name="transactions of 1,000",
        unit="record",
        ours=tuple(samples["ours"]),
        baselines={_BARE: tuple(samples[_BARE])},
        goals=(Goal(baseline=_BARE, of="rate", at_least=0.8),),
    )


def _records(settings: KafkaSettings) -> tuple[Record, ...]:
    chance = random.Random(1)
    values = (" ".join(chance.choices(_WORDS, k=_VALUE_BYTES))[:_VALUE_BYTES].encode() for _ in range(_RECORDS))
    return tuple(
        Record(
            feed_id="feed",
            # The last is the state of their feed.
            topic=settings.feed_state_topic if number == _RECORDS - 1 else settings.articles_topic,
            partition=0 if number == _RECORDS - 1 else number % settings.partitions,
            key=f"{number:032x}".encode(),
            headers=(("ce_specversion", b"1.0"), ("ce_id", b"0123456789abcdef:1"), ("ce_source", b"/feeds/feed")),
            value=value,
        )
        for number, value in enumerate(values)
    )


def _bare_producer(settings: KafkaSettings) -> Any:
    producer = KafkaProducer(
        bootstrap_servers=settings.bootstrap_servers,
        transactional_id="bare",
        acks="all",
        linger_ms=20,
        batch_size=262_144,
        compression_type=settings.compression,
        metrics_enabled=False,
    )
    producer.init_transactions()
    return producer


def _bare_transaction(producer: Any, records: tuple[Record, ...]) -> None:
    producer.begin_transaction()
    for one in records:
        producer.send(one.topic, key=one.key, value=one.value, headers=list(one.headers), partition=one.partition)
    producer.flush()
    producer.commit_transaction()


def _timed(work: Callable[[], object]) -> Sample:
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(_TRANSACTIONS):
        work()
    units = _TRANSACTIONS * _RECORDS
    return Sample(cpu_seconds=(time.process_time() - cpu) / units, wall_seconds=(time.perf_counter() - wall) / units)
