"""Where a configuration publishes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.config import Config
    from worker.ports import Ledger

# What one record may hold when no broker sets a limit: Kafka's own default, so that a file can be forwarded later.
MAX_EVENT_BYTES = 1_000_000


def ledger_of(config: Config) -> Ledger:
    """The ledger of a worker, still closed. With Kafka, it begins to look at the topics meanwhile."""
    if config.kafka is None:
        from worker.edges.sqlite import SqliteLedger

        return SqliteLedger(config.sqlite.path, name=config.name, max_event_bytes=MAX_EVENT_BYTES)
    from worker.edges.kafka_ledger import KafkaLedger
    from worker.wiring.kafka import kafka_settings

    ledger = KafkaLedger(kafka_settings(config, config.kafka, port=config.listen_port))
    ledger.prepare()
    return ledger
