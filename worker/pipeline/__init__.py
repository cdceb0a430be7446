"""From an answer to what is written: (feed, state, answer, now) → Batch. Pure: the same input gives the same bytes."""

from worker.pipeline.poll import (
    Limits,
    Open,
    begin,
    carried_articles,
    digest_of,
    not_read,
    owned_articles,
    process,
    unread,
)
from worker.pipeline.standing import first_state, request_for

__all__ = [
    "Limits",
    "Open",
    "begin",
    "carried_articles",
    "digest_of",
    "first_state",
    "not_read",
    "owned_articles",
    "process",
    "request_for",
    "unread",
]
