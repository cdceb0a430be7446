"""Dead letters: bytes that could not become an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.event import DeadLetter
from worker.steps.encode.plain import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from worker.model.entry import Unreadable


def encode_unreadable(feed_id: str, stage: str, unreadable: Unreadable, *, now: datetime, max_bytes: int) -> DeadLetter:
    """Bytes that could not become an event. The header names are those that users of Kafka Connect filter on.

    What is longer than `max_bytes` is cut, and says so: a document may be larger than the broker takes.
    """
    headers = {
        "__connect.errors.topic": f"/feeds/{feed_id}",
        "__connect.errors.stage": stage,
        "__connect.errors.exception.class.name": unreadable.reason,
        "__connect.errors.exception.message": unreadable.detail,
        "dateline_feed_id": feed_id,
        "dateline_reason": unreadable.reason,
        "dateline_rejected_at": rfc3339(now),
        "dateline_truncated": "true" if len(unreadable.raw) > max_bytes else "false",
    }
    return DeadLetter(
        feed_id=feed_id,
        reason=unreadable.reason,
        headers=tuple((name, value.encode("utf-8", "replace")) for name, value in headers.items()),
        value=unreadable.raw[:max_bytes],
    )
