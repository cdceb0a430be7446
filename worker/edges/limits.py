"""The size limit that every ledger keeps, so that what one of them takes, the others take as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.errors import Reject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.model.event import Batch


def check_sizes(batches: Sequence[Batch], *, max_event_bytes: int) -> None:
    """Look at all values before any of them is written.

    Raises:
        Reject: one of them is larger than `max_event_bytes`.
    """
    for batch in batches:
        for what, value in _values(batch):
            if len(value) > max_event_bytes:
                raise Reject(
                    f"feed {batch.feed_id}: {what} has {len(value)} bytes, more than the {max_event_bytes} of "
                    "max_event_bytes",
                    feed_id=batch.feed_id,
                )


def _values(batch: Batch) -> Iterator[tuple[str, bytes]]:
    for event in batch.events:
        yield f"revision {event.revision} of article {event.article_id}", event.value
    for letter in batch.rejected:
        yield f"a dead letter ({letter.reason})", letter.value
    yield "its state", batch.state_value
