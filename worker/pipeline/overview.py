"""How each feed is doing, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.model.secrets import without_secrets
from worker.steps import schedule

if TYPE_CHECKING:
    from datetime import datetime

    from worker.model.feed import Feed, FeedState


def feed_status(feed: Feed, state: FeedState | None, *, now: datetime) -> dict[str, Any]:
    """What is known about a feed, without secrets; `state` is None for one that was never polled.

    `interval_seconds` is how often it would be polled if its server asked for nothing; `entries` are those in the feed
    when it was last read, `moved_to` where it is asked for instead of `url`.
    """
    url = without_secrets(feed.url)
    if state is None:
        return {
            "id": feed.id,
            "state": "new",
            "reason": None,
            "url": url,
            "moved_to": None,
            "title": feed.title,
            "polled_at": None,
            "succeeded_at": None,
            "next_poll_at": None,
            "newest_entry_at": None,
            "interval_seconds": feed.interval_seconds or feed.min_interval_seconds,
            "failures": 0,
            "entries": 0,
            "published": 0,
        }
    return {
        "id": feed.id,
        "state": state.status,
        "reason": state.reason,
        "url": url,
        "moved_to": None if state.adopted_url is None else without_secrets(state.adopted_url),
        "title": feed.title or state.title,
        "polled_at": state.polled_at,
        "succeeded_at": state.succeeded_at,
        "next_poll_at": state.next_poll_at,
        "newest_entry_at": state.rhythm.newest_at,
        "interval_seconds": schedule.interval_seconds(feed, state.rhythm, now=now),
        "failures": state.failures,
        "entries": sum(entry.left_at is None for entry in state.entries),
        "published": sum(entry.revision > 0 for entry in state.entries),
    }
