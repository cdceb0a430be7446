"""When a feed is asked again, and by how much its server's wishes and its own rhythm move that."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from worker.model.feed import Rhythm

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from worker.model.entry import Hints
    from worker.model.feed import Feed, FeedState

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,12})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[\s,])(?:no-cache|no-store)\b", re.IGNORECASE)

# A server that asks for years made a mistake; after a month one more request harms nobody.
_RETRY_AFTER_CAP_SECONDS = 31 * 86_400.0
# RFC 6585, 4, leaves the time open when 429 comes without one.
_TOO_MANY_REQUESTS_SECONDS = 600.0
# A tenth of the interval, different for each feed, keeps feeds that failed together from returning together.
_JITTER = 0.1
_PAUSE_SECONDS = 30 * 86_400.0
# Two polls for each new entry: half of what is new is seen within a quarter of the usual time between two.
_POLLS_A_GAP = 2.0
# The weight of what was just seen in what is known of the rhythm.
_NEWS = 0.3
# A feed is silent when it has been still for so many times its usual gap, and for more than a weekend.
_SILENT_GAPS = 10.0
_SILENT_SECONDS = 3 * 86_400.0
_HOURS_OF_A_WEEK = 7 * 24
# Nothing is asked of the same URL more often than this, whoever asks and whatever the configuration says, unless it
# allows less to a feed itself.
FLOOR_SECONDS = 60.0

# The status codes with which a server says that it does not want this request (RFC 9110, 15.5), now or ever; 408, 425
# and 429 are about the moment.
_PASSING = frozenset({408, 425, 429})


def after_success(  # noqa: PLR0913 - all that has a say
    feed: Feed,
    *,
    fresh_seconds: float,
    hints: Hints,
    rhythm: Rhythm,
    validated: bool,
    now: datetime,
) -> datetime:
    """The next poll after an answer that was good.

    The interval is the configured one, or learned from the feed's rhythm. What the server says about freshness and what
    the document says about itself make it longer, never shorter; all within the feed's bounds.

    Args:
        feed: as configured.
        fresh_seconds: for how long the answer stays fresh; see `freshness_seconds`.
        hints: of the document.
        rhythm: of the feed.
        validated: whether the server gives validators; without them each poll costs it the whole document.
        now: when it is.
    """
    wanted = max(
        _usual_seconds(feed, hints=hints, rhythm=rhythm, validated=validated, now=now),
        fresh_seconds,
    )
    return _outside_skipped(now + timedelta(seconds=_bounded(feed, wanted)), hints)


def after_failure(  # noqa: PLR0913 - all that has a say
    feed: Feed,
    headers: Mapping[str, str],
    *,
    status: int | None,
    failures: int,
    hints: Hints,
    rhythm: Rhythm,
    validated: bool,
    now: datetime,
) -> datetime:
    """The next poll after the `failures`-th failure in a row: doubling waits with jitter, never before Retry-After.

    The first of them is the usual one: a server in trouble is not asked more often than it was in good health.

    Args:
        feed: as configured.
        headers: of the answer; none when there was none.
        status: of the answer, None when there was none.
        failures: counted from 1.
        hints: of the last document.
        rhythm: of the feed.
        validated: whether the server gives validators, as far as is known.
        now: when it is.
    """
    if is_refusal(status) and failures >= feed.give_up_after:
        wait = _PAUSE_SECONDS
    else:
        usual = _usual_seconds(feed, hints=hints, rhythm=rhythm, validated=validated, now=now)
        wait = _bounded(feed, usual * 2.0 ** min(failures - 1, 10))
        if is_challenge(status, headers):
            # Whoever guards the site takes us for a robot: asking again soon confirms it.
            wait = feed.max_interval_seconds
    wait *= 1 + _JITTER * _fraction(feed.id, failures)
    asked_for = max(held_seconds(status, headers, now=now), retry_after_seconds(headers, now=now))
    return _outside_skipped(now + timedelta(seconds=max(wait, asked_for)), hints)


def interval_seconds(feed: Feed, rhythm: Rhythm, *, now: datetime) -> float:
    """How often a feed is polled that asks for nothing itself: as configured, or as its rhythm has it."""
    if feed.interval_seconds is not None:
        return feed.interval_seconds
    gap = rhythm.gap_seconds
    if gap is None or rhythm.newest_at is None:
        return feed.min_interval_seconds
    # A feed that has slowed down is not asked as if it had not.
    still = (now - rhythm.newest_at).total_seconds() / _POLLS_A_GAP
    return _bounded(feed, max(gap, still) / _POLLS_A_GAP)


def learned(rhythm: Rhythm, times: Iterable[datetime], *, now: datetime) -> Rhythm:
    """The rhythm of a feed in which entries of these times of publication are new; later ones than now count as now."""
    known = sorted({min(at, now).astimezone(UTC) for at in times})
    if rhythm.newest_at is not None:
        known = [at for at in known if at > rhythm.newest_at]
        if known:
            known.insert(0, rhythm.newest_at)
    if not known:
        return rhythm
    gaps = [(after - before).total_seconds() for before, after in pairwise(known)]
    gap = rhythm.gap_seconds
    if gaps:
        gap = median(gaps) if gap is None else (1 - _NEWS) * gap + _NEWS * median(gaps)
    return Rhythm(gap_seconds=gap, newest_at=known[-1])


def is_silent(rhythm: Rhythm, *, now: datetime) -> bool:
    """Whether a feed has been still for much longer than is usual for it."""
    if rhythm.gap_seconds is None or rhythm.newest_at is None:
        return False
    still = (now - rhythm.newest_at).total_seconds()
    return still > max(_SILENT_GAPS * rhythm.gap_seconds, _SILENT_SECONDS)


def is_refusal(status: int | None) -> bool:
    """Whether a server says with this status that it does not want to be asked for this."""
    return status is not None and 400 <= status < 500 and status not in _PASSING


def is_challenge(status: int | None, headers: Mapping[str, str]) -> bool:
    """Whether an answer is a puzzle for browsers, not one of the publisher's (Cloudflare's header says so)."""
    return status in {403, 429, 503} and headers.get("cf-mitigated", "").strip().lower() == "challenge"


def held_seconds(status: int | None, headers: Mapping[str, str], *, now: datetime) -> float:
    """For how long a host asks to be left alone with this answer; 0 when it does not."""
    if status == 429:
        return retry_after_seconds(headers, now=now) or _TOO_MANY_REQUESTS_SECONDS
    return retry_after_seconds(headers, now=now) if status == 503 else 0.0


def earliest_forced(
    feed: Feed, *, polled_at: datetime | None, held_until_at: datetime | None, now: datetime
) -> datetime | None:
    """When a feed may be polled at the earliest that somebody wants polled now; None for at once."""
    if polled_at is None or polled_at - now > timedelta(seconds=FLOOR_SECONDS):
        # The clock was set back since: nobody knows how long ago that was, and it may take years to come again.
        return None
    floor = polled_at + timedelta(seconds=min(FLOOR_SECONDS, feed.min_interval_seconds))
    return max(floor, held_until_at or floor)


def left_alone_seconds(state: FeedState, *, now: datetime) -> float:
    """For how long from now a state that was read back says that its host is to be left alone.

    Never longer than the host had asked for, whatever happened to the clock meanwhile.
    """
    if state.held_until_at is None or state.polled_at is None:
        return 0.0
    asked_for = state.held_until_at - state.polled_at
    return max(min(state.held_until_at - now, asked_for).total_seconds(), 0.0)


def skipped_seconds(hints: Hints, *, now: datetime) -> float:
    """For how long from now a feed asks not to be read; 0 when it may be."""
    return (_outside_skipped(now, hints) - now).total_seconds()


def first_poll_delay_seconds(feed: Feed, *, position: int) -> float:
    """How long a feed waits at start that is new, or overdue: fifty feeds a second, within its interval."""
    return (position * 0.02) % (feed.interval_seconds or feed.min_interval_seconds)


def wait_seconds(state: FeedState, *, now: datetime) -> float:
    """How long from now until the next poll of a state that was read back; never longer than was planned.

    The time of the last poll and that of the next one are of one clock, which may have been set since.
    """
    if state.next_poll_at is None:
        return 0.0
    left = (state.next_poll_at - now).total_seconds()
    planned = left if state.polled_at is None else (state.next_poll_at - state.polled_at).total_seconds()
    return max(min(left, planned), 0.0)


def _usual_seconds(feed: Feed, *, hints: Hints, rhythm: Rhythm, validated: bool, now: datetime) -> float:
    """How often a feed is polled, as far as that does not depend on its last answer."""
    return max(
        interval_seconds(feed, rhythm, now=now),
        0.0 if validated else feed.unvalidated_interval_seconds,
        hints.ttl_seconds,
        hints.update_seconds,
    )


def _bounded(feed: Feed, seconds: float) -> float:
    return min(max(seconds, feed.min_interval_seconds), feed.max_interval_seconds)


def freshness_seconds(headers: Mapping[str, str], *, now: datetime) -> float | None:
    """For how long an answer says that it stays fresh (RFC 9111, 4.2.1): max-age, or Expires where there is none.

    What must always be checked (5.2.2.4) is never fresh. Expires is counted from the server's own Date. None when the
    answer says nothing of it.
    """
    control = headers.get("cache-control", "")
    if control.strip():
        match = _MAX_AGE.search(control)
        return 0.0 if match is None or _NO_CACHE.search(control) else float(match[1])
    if not headers.get("expires", "").strip():
        return None
    expires_at = _date(headers["expires"])
    if expires_at is None:
        return 0.0
    return max((expires_at - (_date(headers.get("date", "")) or now)).total_seconds(), 0.0)


def retry_after_seconds(headers: Mapping[str, str], *, now: datetime) -> float:
    """What Retry-After asks for, in seconds or as a date (RFC 9110, 10.2.3); 0 for what is past or unreadable."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return min(float(value[:12]), _RETRY_AFTER_CAP_SECONDS)
    at = _date(value)
    return 0.0 if at is None else min(max((at - now).total_seconds(), 0.0), _RETRY_AFTER_CAP_SECONDS)


def _outside_skipped(at: datetime, hints: Hints) -> datetime:
    """The first moment from `at` on that is in none of the hours and days in which the feed is not to be read.

    RSS 2.0 means hours and days in GMT. A feed that skips every hour is polled as if it skipped none.
    """
    if not hints.skip_hours and not hints.skip_days:
        return at
    moment = at
    for _ in range(_HOURS_OF_A_WEEK + 1):
        if moment.hour not in hints.skip_hours and moment.weekday() not in hints.skip_days:
            return moment
        moment = moment.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return at


def _date(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return at.replace(tzinfo=at.tzinfo or UTC)


def _fraction(feed_id: str, failures: int) -> float:
    """A number in [0, 1) that looks random and is always the same: steps have no dice."""
    return zlib.crc32(f"{feed_id}/{failures}".encode()) / 2**32
