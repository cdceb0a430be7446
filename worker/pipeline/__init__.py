"""From an answer to what is written: (feed, state, answer, now) → Batch. Pure: the same input gives the same bytes."""

from worker.pipeline.poll import Limits, first_state, owned_articles, process, request_for

__all__ = ["Limits", "first_state", "owned_articles", "process", "request_for"]
