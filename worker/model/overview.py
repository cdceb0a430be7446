"""What people ask a running worker, and what it answers: plain data without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

FeedOrder = Literal["id", "title", "state", "polled", "next", "failures"]

MAX_FEEDS_PER_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedQuery:
    """Which feeds to show: the `page`th `limit` of those in this `state` whose id, title or address holds `text`.

    Pages count from 1. `state` None is any. Feeds without the value that `order` asks for come last.
    """

    page: int = 1
    limit: int = 100
    state: str | None = None
    text: str = ""
    order: FeedOrder = "id"
    descending: bool = False

    def __post_init__(self) -> None:
        if self.page < 1 or not 1 <= self.limit <= MAX_FEEDS_PER_PAGE:
            raise ValueError(f"pages count from 1, and hold 1 to {MAX_FEEDS_PER_PAGE} feeds")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedPage:
    """Some feeds, as `worker.pipeline.overview.feed_status` has them, and the `last_poll` of each, where it is known.

    `matched` is how many there are on all pages; `counts` how many of all the worker's feeds are in each state.
    """

    rows: Sequence[Mapping[str, Any]]
    matched: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedVitals:
    """How one feed is doing, as numbers: when a poll last succeeded, and when its newest entry came, if any did."""

    feed_id: str
    succeeded_at: datetime | None
    new_entry_at: datetime | None
    failures: int
