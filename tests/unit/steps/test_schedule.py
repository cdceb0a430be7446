from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings, strategies as st

from worker.model.feed import Feed
from worker.steps.schedule import after_failure, after_success, first_poll_delay_seconds

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


def success_seconds(**headers: str) -> float:
    return (after_success(FEED, dashed(headers), now=NOW) - NOW).total_seconds()


def failure_seconds(failures: int = 1, **headers: str) -> float:
    return (after_failure(FEED, dashed(headers), failures=failures, now=NOW) - NOW).total_seconds()


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
    waits = {(after_failure(feed, {}, failures=3, now=NOW) - NOW).total_seconds() for feed in feeds}
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
