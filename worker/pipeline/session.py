"""Polls as a process of its own reads them: what it holds between two calls stays in it, only values come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.pipeline.poll import Open, begin, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from worker.model.event import Batch
    from worker.model.feed import Feed, FeedState
    from worker.model.fetch import Fetched, Request
    from worker.model.step import Ask, Claims, Digest
    from worker.pipeline.poll import Limits


class Session:
    """One poll, step by step. Implements `worker.ports.Reading`."""

    def __init__(self) -> None:
        self._open: Open | None = None

    def begin(  # noqa: PLR0913, PLR0917 - the whole of what a poll depends on, as it travels
        self,
        feed: Feed,
        state: FeedState,
        fetched: Fetched,
        now: datetime,
        limits: Limits,
        digests: Mapping[str, Digest | None],
    ) -> Batch | Ask | Claims:
        """Read the answer; `worker.pipeline.process` says what the arguments are."""
        step = begin(feed, state, fetched, now=now, limits=limits, digests=digests)
        self._open = step if isinstance(step, Open) else None
        return step.claims if isinstance(step, Open) else step

    def settle(self, taken: frozenset[str]) -> Batch:
        """What the poll that was begun writes, when other feeds have published these of its claims."""
        if self._open is None:
            raise RuntimeError("no poll was begun that claims anything")
        return self._open.settle(taken)

    def digest(self, request: Request, fetched: Fetched, limits: Limits) -> Digest:
        """What a poll needs of the answer to a request that it asked for."""
        return digest_of(request, fetched, limits=limits)
