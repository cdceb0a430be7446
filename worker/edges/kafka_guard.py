"""Three things that a producer of kafka-python 3.0.12 must do differently for what it writes to be exact.

The version is pinned, and tests/integration/test_kafka_ledger.py fails when one of them is not in place.
"""

from __future__ import annotations

import functools
from typing import Any

from kafka.errors import InvalidProducerEpochError, KafkaConnectionError, KafkaError
from kafka.producer.transaction_manager import AddOffsetsToTxnHandler, EndTxnHandler, TxnOffsetCommitHandler

# Requests that belong to one transaction, and would do harm in the next one.
_ONCE = (EndTxnHandler, AddOffsetsToTxnHandler, TxnOffsetCommitHandler)


def guard(producer: Any) -> None:
    """Correct one producer, before its first use.

    - Answered error 47 (its epoch is over), it gets itself a new epoch, which can abort the transaction of the
      worker that fenced it. Here the error ends it.
    - It repeats an EndTxn whose connection broke. The first copy, held up in the network, can then commit the first
      half of the *next* transaction (KIP-890). Here the error ends it. It is the same with the shards' offsets.
    - It forgets a request whose coordinator cannot be reached when the request is to be sent, and the call then
      waits for ever. Here the request stays.
    """
    manager, client = producer._transaction_manager, producer._sender._client  # noqa: SLF001 - there is no other way
    enqueue, await_ready = manager._enqueue_request, client.await_ready  # noqa: SLF001 - as above

    def enqueue_guarded(handler: Any) -> None:
        if isinstance(handler, _ONCE):
            handler.on_complete = functools.partial(_on_complete_once, handler)
        enqueue(handler)

    def refuse_new_epoch() -> None:
        manager.transition_to_fatal_error(InvalidProducerEpochError("this producer must not go on"))

    def is_ready_in_time(node_id: Any, timeout_ms: float) -> bool:
        try:
            return bool(await_ready(node_id, timeout_ms=timeout_ms))
        except KafkaError:
            return False

    manager._enqueue_request = enqueue_guarded  # noqa: SLF001 - as above
    manager.bump_producer_id_and_epoch = refuse_new_epoch
    client.await_ready = is_ready_in_time


def _on_complete_once(handler: Any, correlation_id: int, answer: Any) -> None:
    if isinstance(answer, KafkaConnectionError):
        answer = KafkaError(f"the connection broke before the answer came ({answer})")
    type(handler).on_complete(handler, correlation_id, answer)
