"""From an answer to what is written: (feed, state, answer, now) → Batch. Pure: the same input gives the same bytes."""

from worker.pipeline.poll import (
    Ask,
    Digest,
    Limits,
    carried_articles,
    first_state,
    owned_articles,
    process,
    request_for,
)

__all__ = ["Ask", "Digest", "Limits", "carried_articles", "first_state", "owned_articles", "process", "request_for"]
