"""Dead letters: bytes that could not become an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.event import DeadLetter
from worker.steps.encode.plain import rfc3339

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from worker.model.entry import Unreadable
    from worker.model.errors import Invalid

_NOTHING: Mapping[str, str | None] = {}


def encode_unreadable(  # noqa: PLR0913 - all that is known of the bytes
    feed_id: str,
    stage: str,
    unreadable: Unreadable,
    *,
    now: datetime,
    max_bytes: int,
    invalid: Invalid | None = None,
    known: Mapping[str, str | None] = _NOTHING,
) -> DeadLetter:
    """Bytes that could not become an event. The header names are those that users of Kafka Connect filter on.

    What is longer than `max_bytes` is cut, and says so: a document may be larger than the broker takes. `known` is what
    it takes to read the bytes again: `content_type`, `content_encoding`, `entry_hash` (see `SeenEntry`). `invalid` says
    what was wrong with the message of an entry that was read.
    """
    wrong = {} if invalid is None else {"field": invalid.field, "rule": invalid.rule}
    headers = {
        "__connect.errors.topic": f"/feeds/{feed_id}",
        "__connect.errors.stage": stage,
        "__connect.errors.exception.class.name": unreadable.reason,
        "__connect.errors.exception.message": unreadable.detail,
        "dateline_feed_id": feed_id,
        "dateline_reason": unreadable.reason,
        "dateline_rejected_at": rfc3339(now),
        "dateline_truncated": "true" if len(unreadable.raw) > max_bytes else "false",
        **{f"dateline_{name}": value for name, value in {**wrong, **known}.items() if value is not None},
    }
    return DeadLetter(
        feed_id=feed_id,
        reason=unreadable.reason,
        field=wrong.get("field"),
        headers=tuple((name, value.encode("utf-8", "replace")) for name, value in headers.items()),
        value=unreadable.raw[:max_bytes],
    )
