from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from worker.model.entry import Hints
from worker.model.feed import Feed, FeedState, Rhythm
from worker.steps.schedule import (
    after_failure,
    after_success,
    earliest_forced,
    first_poll_delay_seconds,
    freshness_seconds,
    interval_seconds,
    is_silent,
    learned,
    left_alone_seconds,
    wait_seconds,
)

NOW = datetime(2025, 5, 24, 12, tzinfo=UTC)
FEED = Feed(
    id="world-wire",
    url="https://wire.example/feed",
    shard_key="wire.example",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)
MONTH_SECONDS = 31 * 86_400


def success_seconds(**headers: Any) -> float:
    return seconds_with(**headers)


def failure_seconds(failures: int = 1, **headers: str) -> float:
    return failed_seconds(FEED, failures, headers=headers)


def failed_seconds(
    feed: Feed, failures: int = 1, *, validated: bool = True, headers: dict[str, str] | None = None
) -> float:
    at = after_failure(
        feed,
        dashed(headers or {}),
        status=503,
        failures=failures,
        hints=Hints(),
        rhythm=Rhythm(),
        validated=validated,
        now=NOW,
    )
    return (at - NOW).total_seconds()


def dashed(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


def test_after_a_good_answer_the_feed_waits_its_interval() -> None:
    assert success_seconds() == 600


@pytest.mark.parametrize(
    ("cache_control", "seconds"),
    [
        ("max-age=1800", 1800),
        ("public, max-age=1800, must-revalidate", 1800),
        ("Max-Age = 1800", 1800),
        ('max-age="1800"', 1800),
        ("private,max-age=1800", 1800),
    ],
)
def test_an_answer_that_stays_fresh_for_longer_is_not_asked_for_again_before(
    cache_control: str, seconds: float
) -> None:
    assert success_seconds(cache_control=cache_control) == seconds


@pytest.mark.parametrize(
    "cache_control",
    [
        "max-age=30",
        "max-age=0",
        "max-age=-1",
        "max-age=soon",
        "s-maxage=7200",
        "stale-while-revalidate=7200",
        "x-max-age=7200",
        "no-cache, max-age=7200",
        "max-age=7200, no-store",
        'no-cache="set-cookie", max-age=7200',
        "",
    ],
)
def test_what_says_nothing_about_freshness_leaves_the_interval(cache_control: str) -> None:
    assert success_seconds(cache_control=cache_control) == 600


def test_a_server_cannot_ask_for_more_than_the_feeds_maximum() -> None:
    assert success_seconds(cache_control="max-age=31536000") == 86_400
    assert success_seconds(cache_control="max-age=" + "9" * 400) == 86_400


def test_waits_double_with_each_failure_up_to_the_maximum() -> None:
    for failures, seconds in enumerate([600, 1200, 2400, 4800, 9600, 19_200, 38_400, 76_800, 86_400, 86_400], start=1):
        assert seconds <= failure_seconds(failures) < seconds * 1.1
    assert 86_400 <= failure_seconds(1_000_000) < 95_040


def test_feeds_that_failed_together_do_not_return_together() -> None:
    feeds = [
        Feed(
            id=f"feed-{number}",
            url="https://wire.example/feed",
            shard_key="wire.example",
            interval_seconds=600,
            min_interval_seconds=60,
            max_interval_seconds=86_400,
        )
        for number in range(100)
    ]
    waits = {failed_seconds(feed, 3) for feed in feeds}
    assert len(waits) == 100
    assert max(waits) - min(waits) > 200


def test_the_same_failure_gives_the_same_wait() -> None:
    assert failure_seconds(4) == failure_seconds(4)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [
        ("7200", 7200),
        (" 7200 ", 7200),
        (format_datetime(NOW + timedelta(hours=3), usegmt=True), 10_800),
        ("Sat, 24 May 2025 15:00:00", 10_800),
        ("Sat, 24 May 2025 18:00:00 +0300", 10_800),
        ("999999999999999999999999", MONTH_SECONDS),
        ("Tue, 24 May 2035 12:00:00 GMT", MONTH_SECONDS),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MONTH_SECONDS),
    ],
)
def test_retry_after_puts_the_next_poll_off_by_a_month_at_most(retry_after: str, seconds: float) -> None:
    assert failure_seconds(retry_after=retry_after) == seconds


@pytest.mark.parametrize(
    "retry_after",
    [
        "",
        "0",
        "30",
        "-7200",
        "7200.5",
        "soon",
        "7200, 7200",
        "٧٢٠٠",
        "Fri, 23 May 2025 12:00:00 GMT",
        "Sat, 24 May 10000 12:00:00 GMT",
        "Sat, 24 May 99999999999 12:00:00 GMT",
        "Sat, 24 May 2025 15:00:00 +99999999999999",
        "Mon, 01 Jan 0001 00:00:00 +1400",
    ],
)
def test_a_retry_after_that_is_past_short_or_unreadable_leaves_the_back_off(retry_after: str) -> None:
    assert failure_seconds(retry_after=retry_after) == failure_seconds()


def test_retry_after_never_shortens_the_back_off() -> None:
    assert failure_seconds(5, retry_after="1200") == failure_seconds(5)


@settings(deadline=None)
@given(st.text(max_size=60), st.integers(1, 10**9))
def test_no_header_whatever_brings_the_next_poll_forward_or_breaks_it(value: str, failures: int) -> None:
    assert 600 <= failure_seconds(failures, retry_after=value) <= MONTH_SECONDS
    assert 600 <= success_seconds(cache_control=value) <= 86_400


@settings(deadline=None)
@given(
    st.from_regex(r"[A-Za-z]{3}, \d{1,3} [A-Z][a-z]{2} \d{1,12} \d{1,3}:\d{1,3}:\d{1,3} [+-]?\w{1,16}", fullmatch=True)
)
def test_no_date_whatever_breaks_the_back_off(value: str) -> None:
    assert 600 <= failure_seconds(retry_after=value) <= MONTH_SECONDS


def test_first_polls_are_spread_at_fifty_feeds_a_second_within_the_interval() -> None:
    assert [first_poll_delay_seconds(FEED, position=place) for place in (0, 1, 50)] == [0, 0.02, 1]
    assert first_poll_delay_seconds(FEED, position=30_000) == 0
    assert 0 <= first_poll_delay_seconds(FEED, position=1_234_567) < 600


# What documents and servers ask for


NO_HINTS = Hints()


def seconds_with(hints: Hints = NO_HINTS, *, validated: bool = True, feed: Feed = FEED, **headers: Any) -> float:
    fresh_seconds = freshness_seconds(dashed(headers), now=NOW) or 0.0
    at = after_success(feed, fresh_seconds=fresh_seconds, hints=hints, rhythm=Rhythm(), validated=validated, now=NOW)
    return (at - NOW).total_seconds()


def test_the_longest_of_interval_ttl_period_and_freshness_holds() -> None:
    hints = Hints(ttl_seconds=1_800, update_seconds=3_600)
    assert seconds_with(Hints(ttl_seconds=1_800)) == 1_800
    assert seconds_with(hints) == 3_600
    assert seconds_with(hints, cache_control="max-age=7200") == 7_200
    assert seconds_with(Hints(ttl_seconds=60)) == 600


def test_no_wish_is_granted_beyond_the_longest_interval() -> None:
    assert seconds_with(Hints(ttl_seconds=10**9)) == 86_400


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"expires": "Sat, 24 May 2025 14:00:00 GMT"}, 7_200),
        ({"expires": "Sat, 24 May 2025 14:00:00 GMT", "cache_control": "max-age=1800"}, 1_800),
        ({"expires": "Sat, 24 May 2025 14:00:00 GMT", "cache_control": "public"}, 600),
        ({"expires": "Sat, 24 May 2025 11:00:00 GMT"}, 600),
        ({"expires": "0"}, 600),
        ({"expires": "-1"}, 600),
        ({"expires": "never"}, 600),
        # The server's clock is a day late: two hours are two hours.
        ({"expires": "Fri, 23 May 2025 14:00:00 GMT", "date": "Fri, 23 May 2025 12:00:00 GMT"}, 7_200),
    ],
)
def test_expires_counts_where_there_is_no_cache_control(headers: dict[str, Any], seconds: float) -> None:
    assert seconds_with(**headers) == seconds


def test_nothing_is_asked_in_hours_and_days_that_are_to_be_skipped() -> None:
    """NOW is Saturday, 12:00."""
    assert seconds_with(Hints(skip_hours=(12, 13))) == 2 * 3_600
    assert seconds_with(Hints(skip_hours=(13,))) == 600
    assert seconds_with(Hints(skip_days=(5, 6))) == 36 * 3_600
    assert seconds_with(Hints(skip_days=(5,), skip_hours=(0, 1, 2))) == 15 * 3_600


def test_a_feed_that_skips_every_hour_is_polled_as_if_it_skipped_none() -> None:
    assert seconds_with(Hints(skip_hours=tuple(range(24)))) == 600


def test_without_validators_the_least_interval_is_longer() -> None:
    feed = replace(FEED, unvalidated_interval_seconds=86_400)
    assert seconds_with(feed=feed) == 600
    assert seconds_with(feed=feed, validated=False) == 86_400
    assert 86_400 <= failed_seconds(feed, validated=False) <= 1.1 * 86_400


def test_a_remembered_time_is_never_further_away_than_it_was_planned() -> None:
    """Whatever happened to the clock meanwhile."""
    state = FeedState(feed_id="f", url="https://f.example/", polled_at=NOW, next_poll_at=NOW + timedelta(seconds=600))
    assert wait_seconds(state, now=NOW + timedelta(seconds=200)) == 400
    assert wait_seconds(state, now=NOW + timedelta(days=900)) == 0
    assert wait_seconds(state, now=NOW - timedelta(days=900)) == 600


def test_nobody_can_have_a_feed_polled_twice_within_a_minute() -> None:
    minute, hour = NOW + timedelta(minutes=1), NOW + timedelta(hours=1)
    assert earliest_forced(FEED, polled_at=NOW, held_until_at=None, now=NOW) == minute
    assert earliest_forced(FEED, polled_at=NOW, held_until_at=hour, now=NOW) == hour
    assert earliest_forced(FEED, polled_at=None, held_until_at=None, now=NOW) is None
    quick = replace(FEED, min_interval_seconds=1)
    assert earliest_forced(quick, polled_at=NOW, held_until_at=None, now=NOW) == NOW + timedelta(seconds=1)


def test_after_the_clock_was_set_back_nothing_has_to_wait_for_years() -> None:
    before = NOW - timedelta(days=900)
    assert earliest_forced(FEED, polled_at=NOW, held_until_at=NOW + timedelta(hours=1), now=before) is None
    state = FeedState(feed_id="f", url="https://f.example/", polled_at=NOW, held_until_at=NOW + timedelta(hours=1))
    assert left_alone_seconds(state, now=before) == 3_600
    assert left_alone_seconds(state, now=NOW + timedelta(minutes=20)) == 2_400
    assert left_alone_seconds(state, now=NOW + timedelta(days=900)) == 0


# Rhythm


def test_a_rhythm_follows_what_is_new_slowly() -> None:
    rhythm = learned(Rhythm(), [NOW - timedelta(hours=2), NOW - timedelta(hours=1), NOW], now=NOW)
    assert rhythm == Rhythm(gap_seconds=3_600, newest_at=NOW)
    later = NOW + timedelta(hours=11)
    assert learned(rhythm, [later], now=later) == Rhythm(gap_seconds=0.7 * 3_600 + 0.3 * 11 * 3_600, newest_at=later)


def test_the_newest_time_is_kept_in_utc_whatever_the_publisher_writes() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=2)))
    newest_at = learned(Rhythm(), [east], now=NOW + timedelta(hours=1)).newest_at
    assert newest_at is not None
    assert newest_at.isoformat() == NOW.isoformat()


def test_old_entries_and_times_to_come_teach_nothing_wrong() -> None:
    rhythm = Rhythm(gap_seconds=3_600, newest_at=NOW)
    assert learned(rhythm, [NOW - timedelta(days=400)], now=NOW) == rhythm
    assert learned(Rhythm(), [NOW + timedelta(days=400)], now=NOW) == Rhythm(newest_at=NOW)
    assert learned(rhythm, [], now=NOW) == rhythm


@given(
    st.lists(st.datetimes(timezones=st.just(UTC)), max_size=5),
    st.lists(st.datetimes(timezones=st.just(UTC)), max_size=5),
)
@settings(max_examples=200)
def test_whatever_times_entries_have_the_interval_stays_within_its_bounds(
    first: list[datetime], second: list[datetime]
) -> None:
    feed = replace(FEED, interval_seconds=None)
    rhythm = learned(learned(Rhythm(), first, now=NOW), second, now=NOW)
    assert feed.min_interval_seconds <= interval_seconds(feed, rhythm, now=NOW) <= feed.max_interval_seconds


def test_a_feed_that_slows_down_is_polled_less() -> None:
    feed = replace(FEED, interval_seconds=None, max_interval_seconds=30 * 86_400)
    rhythm = Rhythm(gap_seconds=7_200, newest_at=NOW)
    assert interval_seconds(feed, rhythm, now=NOW) == 3_600
    assert interval_seconds(feed, rhythm, now=NOW + timedelta(days=4)) == 86_400


def test_a_feed_is_silent_after_ten_gaps_and_a_weekend() -> None:
    hourly, weekly = (Rhythm(gap_seconds=gap, newest_at=NOW) for gap in (3_600, 7 * 86_400))
    assert not is_silent(hourly, now=NOW + timedelta(days=3))
    assert is_silent(hourly, now=NOW + timedelta(days=3, seconds=1))
    assert not is_silent(weekly, now=NOW + timedelta(days=70))
    assert is_silent(weekly, now=NOW + timedelta(days=71))
    assert not is_silent(Rhythm(newest_at=NOW), now=NOW + timedelta(days=900))
