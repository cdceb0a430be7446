"""When a feed is asked again."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.model.feed import Feed

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[\s,])(?:no-cache|no-store)\b", re.IGNORECASE)

# A server that asks for years made a mistake; after a month one more request harms nobody.
_RETRY_AFTER_CAP_SECONDS = 31 * 86_400.0
# A tenth of the interval, different for each feed, keeps feeds that failed together from returning together.
_JITTER = 0.1


def after_success(feed: Feed, headers: Mapping[str, str], *, now: datetime) -> datetime:
    """The next poll after an answer that was good: the feed's interval, or the time the answer stays fresh if longer.

    `max-age` counts unless the answer must always be checked (RFC 9111, 5.2.2); it is capped by the feed's maximum.
    """
    wait = max(feed.interval_seconds, _fresh_seconds(headers))
    return now + timedelta(seconds=_bounded(feed, wait))


def after_failure(feed: Feed, headers: Mapping[str, str], *, failures: int, now: datetime) -> datetime:
    """The next poll after the `failures`-th failure in a row: doubling waits with jitter, never before Retry-After."""
    doubled = feed.interval_seconds * 2.0 ** min(failures - 1, 10)
    wait = _bounded(feed, doubled) * (1 + _JITTER * _fraction(feed.id, failures))
    return now + timedelta(seconds=max(wait, retry_after_seconds(headers, now=now)))


def first_poll_delay_seconds(feed: Feed, *, position: int) -> float:
    """How long a feed that was never polled waits at start: fifty feeds a second, within its own interval."""
    return (position * 0.02) % feed.interval_seconds


def _bounded(feed: Feed, seconds: float) -> float:
    return min(max(seconds, feed.min_interval_seconds), feed.max_interval_seconds)


def _fresh_seconds(headers: Mapping[str, str]) -> float:
    control = headers.get("cache-control", "")
    match = _MAX_AGE.search(control)
    return 0.0 if match is None or _NO_CACHE.search(control) else float(match[1])


def retry_after_seconds(headers: Mapping[str, str], *, now: datetime) -> float:
    """What Retry-After asks for, in seconds or as a date (RFC 9110, 10.2.3); 0 for what is past or unreadable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), _RETRY_AFTER_CAP_SECONDS)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return 0.0
    seconds = (at.replace(tzinfo=at.tzinfo or UTC) - now).total_seconds()
    return min(max(seconds, 0.0), _RETRY_AFTER_CAP_SECONDS)


def _fraction(feed_id: str, failures: int) -> float:
    """A number in [0, 1) that looks random and is always the same: steps have no dice."""
    return zlib.crc32(f"{feed_id}/{failures}".encode()) / 2**32
