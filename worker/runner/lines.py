"""The canonical log line of a poll: all about it, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from worker.model.event import Batch


def poll_line(batch: Batch) -> dict[str, Any]:
    """What is said of a poll that was committed. Counts that are rarely anything are left out when they are nothing."""
    report, state = batch.report, batch.state
    return {
        "feed": report.feed_id,
        "outcome": report.outcome,
        "reason": report.reason,
        "status": report.status,
        "entries": report.entries,
        "published": report.published,
        "revised": report.revised,
        "withdrawn": report.withdrawn or None,
        "unchanged": report.unchanged,
        "skipped": report.skipped or None,
        "waiting": report.waiting or None,
        "gap": report.gap or None,
        "moved_to": report.moved_to,
        "feed_status": state.status,
        "feed_reason": state.reason,
        "rejected": report.rejected,
        "received_bytes": report.received_bytes,
        "fetch_seconds": round(report.fetch_seconds, 4),
        "failures": state.failures,
        "next_poll_at": state.next_poll_at,
        "detail": "; ".join(report.warnings) or None,
        **({} if batch.trace_id is None else {"trace_id": batch.trace_id}),
    }
