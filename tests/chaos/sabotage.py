"""The command `dateline`, with a worker that breaks one rule of delivery, so that the gate itself can be tested.

`python -m tests.chaos.sabotage futures run -c FILE`: it commits without asking what became of each record.
`python -m tests.chaos.sabotage state run -c FILE`: it writes the feed states outside the transaction.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

from kafka import KafkaProducer

from worker.cli import main
from worker.edges.kafka_client import CLIENT_ERRORS
from worker.edges.kafka_producer import MARGIN_SECONDS, TransactionalProducer

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

KINDS = ("futures", "state")


def without_futures() -> None:
    """What kafka-python's own example does: send, flush, commit."""
    add_offsets = TransactionalProducer._add_offsets

    def flush(self: TransactionalProducer, futures: Sequence[Any]) -> None:
        del futures
        with contextlib.suppress(*CLIENT_ERRORS):
            self._producer.flush(timeout=self._settings.delivery_timeout_seconds + MARGIN_SECONDS)

    def add_some_offsets(self: TransactionalProducer, written: Sequence[Any], *more: Any) -> None:
        add_offsets(self, [future for future in written if future.succeeded()], *more)

    _put(TransactionalProducer, "_flush", flush)
    _put(TransactionalProducer, "_add_offsets", add_some_offsets)


def with_state_outside() -> None:
    """States are written by a producer of their own, before the transaction with the articles."""
    commit_for, add_offsets = TransactionalProducer.commit_for, TransactionalProducer._add_offsets
    beside: list[Any] = []
    written: list[Any] = []

    def commit_rest_for(
        self: TransactionalProducer, shards: Collection[int], membership: Any, records: Sequence[Any]
    ) -> None:
        if not beside:
            beside.append(KafkaProducer(bootstrap_servers=list(self._settings.bootstrap_servers), acks="all"))
        states = [record for record in records if record.topic == self._settings.feed_state_topic]
        written[:] = [
            beside[0].send(one.topic, key=one.key, value=one.value, headers=list(one.headers), partition=one.partition)
            for one in states
        ]
        for future in written:
            future.get(timeout=self._settings.delivery_timeout_seconds)
        rest = [record for record in records if record.topic != self._settings.feed_state_topic]
        commit_for(self, shards, membership, rest)

    def add_all_offsets(self: TransactionalProducer, futures: Sequence[Any], *more: Any) -> None:
        add_offsets(self, [*futures, *written], *more)

    _put(TransactionalProducer, "commit_for", commit_rest_for)
    _put(TransactionalProducer, "_add_offsets", add_all_offsets)


def _put(owner: type, name: str, function: Callable[..., None]) -> None:
    """Replace a method. It must exist: a gate that sabotages nothing would prove nothing."""
    assert callable(getattr(owner, name))
    setattr(owner, name, function)


if __name__ == "__main__":
    kind = sys.argv.pop(1)
    {"futures": without_futures, "state": with_state_outside}[kind]()
    main(prog_name="dateline")
