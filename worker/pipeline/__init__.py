"""From an answer to what is written: (feed, state, answer, now) → Batch. Pure: the same input gives the same bytes."""

from worker.pipeline.poll import (
    Limits,
    Open,
    begin,
    digest_of,
    known_articles,
    not_read,
    process,
    unread,
)
from worker.pipeline.standing import first_state, request_for

__all__ = [
    "Limits",
    "Open",
    "begin",
    "digest_of",
    "first_state",
    "known_articles",
    "not_read",
    "process",
    "request_for",
    "unread",
]
