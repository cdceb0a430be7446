"""The trace that a record comes from, in its headers: https://www.w3.org/TR/trace-context/."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.model.event import Batch


def with_traceparent(batch: Batch, traceparent: str) -> Batch:
    """The batch with the trace of its poll, also among the headers of its records. Their values stay as they are."""
    header = ("traceparent", traceparent.encode())
    return replace(
        batch,
        events=tuple(replace(event, headers=(*event.headers, header)) for event in batch.events),
        rejected=tuple(replace(letter, headers=(*letter.headers, header)) for letter in batch.rejected),
        traceparent=traceparent,
    )
