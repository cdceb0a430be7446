"""When a feed is asked again: numbers 15 to 22, 43, 49 and 50 of the list of behaviours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.integration.recording import answer, honest, rss
from tests.integration.steered import DAY, HOUR, Steered, steered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ETAG = {"ETag": '"1"'}


@pytest.fixture
async def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Steered]:
    async with steered(tmp_path, monkeypatch) as worker:
        yield worker


def asking(channel: str) -> bytes:
    """A document that says something about polling."""
    return answer(200, rss("a", channel=channel), ETAG)


async def test_without_settings_a_feed_is_asked_once_an_hour_at_most(worker: Steered):
    """15: where its server answers conditional requests."""
    site = await worker.site()
    await worker.start(site.on("/feed", honest(rss("a"), '"1"')))
    await worker.passing(12 * HOUR)
    assert site.gaps() == [HOUR] * 12


async def test_without_settings_a_feed_without_validators_is_asked_once_a_day(worker: Steered):
    """15: each poll costs its server the whole document. It is as true after a failure."""
    site = await worker.site()
    whole = answer(200, rss("a"))
    await worker.start(site.on("/feed", whole, whole, answer(500), whole))
    await worker.passing(3.2 * DAY)
    assert site.gaps()[:2] == [DAY, DAY]
    assert DAY <= site.gaps()[2] <= 1.1 * DAY


async def test_a_feed_may_have_an_interval_of_its_own(worker: Steered):
    """15: for servers of one's own."""
    site = await worker.site()
    await worker.start({"url": site.on("/feed", answer(200, rss("a"))), "interval": "5m"})
    await worker.passing(0.5 * HOUR)
    assert site.gaps() == [300.0] * 6


async def test_no_restart_brings_a_poll_forward(worker: Steered):
    """16: nor does a crash. What was due meanwhile is asked once."""
    site = await worker.site()
    await worker.start(site.on("/feed", honest(rss("a"), '"1"')))
    for _ in range(9):
        await worker.passing(HOUR / 10)
        await worker.restart()
        await worker.crash()
        await worker.start_again()
    assert len(site.visits) == 1
    await worker.passing(HOUR / 10)
    assert site.gaps() == [HOUR]
    await worker.stop()
    worker.clock.advance(100 * HOUR)
    await worker.start_again()
    await worker.passing(HOUR)
    assert site.gaps()[1:] == [100 * HOUR, HOUR]


async def test_a_restart_keeps_the_back_off(worker: Steered):
    """16: a feed that fails is not asked sooner because the worker was started again."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(500)))
    await worker.passing(3.5 * HOUR)
    assert len(site.visits) == 3
    await worker.restart()
    await worker.passing(HOUR)
    assert len(site.visits) == 3


@pytest.mark.parametrize(
    ("headers", "gap_seconds"),
    [
        ({"Cache-Control": "max-age=7200"}, 7_200),
        ({"Cache-Control": "public, MAX-AGE=7200, must-revalidate"}, 7_200),
        ({"Cache-Control": "max-age=60"}, HOUR),
        ({"Cache-Control": "max-age=31536000"}, DAY),
        ({"Cache-Control": "s-maxage=7200"}, HOUR),
        ({"Cache-Control": "max-age=soon"}, HOUR),
        ({"Cache-Control": "max-age=7200", "Age": "3600"}, 7_200),
        ({"Cache-Control": "no-cache, max-age=7200"}, HOUR),
        ({"Cache-Control": "max-age=7200, no-cache"}, HOUR),
        ({"Cache-Control": "no-store"}, HOUR),
        ({"Cache-Control": "max-age=7200", "Expires": "Sun, 01 Mar 2026 22:00:00 GMT"}, 7_200),
        ({"Cache-Control": "public", "Expires": "Sun, 01 Mar 2026 22:00:00 GMT"}, HOUR),
        ({"Expires": "Sun, 01 Mar 2026 15:00:00 GMT"}, 10_800),
        ({"Expires": "Sun, 01 Mar 2026 14:59:59 GMT", "Date": "Sun, 01 Mar 2026 12:00:01 GMT"}, 10_798),
        ({"Expires": "Thu, 01 Jan 2099 00:00:00 GMT"}, DAY),
        ({"Expires": "0"}, HOUR),
        ({"Expires": "-1"}, HOUR),
        ({"Expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, HOUR),
    ],
)
async def test_what_stays_fresh_is_not_asked_for(worker: Steered, headers: dict[str, str], gap_seconds: float):
    """17, 18, 19: max-age, or Expires where there is no Cache-Control; for a day at most. Also after a restart."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(200, rss("a"), {**ETAG, **headers})))
    await worker.passing(gap_seconds / 2)
    await worker.restart()
    await worker.passing(gap_seconds / 2)
    assert site.gaps() == [gap_seconds]
    assert site.visits[1].header("If-None-Match") == '"1"'


async def test_a_304_may_say_anew_how_long_it_stays_fresh(worker: Steered):
    """17: one that says nothing of it changes nothing (RFC 9111, 4.3.4), also through a restart."""
    site = await worker.site()
    site.on(
        "/feed",
        answer(200, rss("a"), {**ETAG, "Cache-Control": "max-age=7200"}),
        answer(304, b"", {"Cache-Control": "max-age=10800"}),
        answer(304),
        answer(304, b"", {"Cache-Control": "max-age=60"}),
        answer(304),
        answer(200, rss("b"), ETAG),
        answer(304),
    )
    await worker.start(site.url())
    await worker.passing(9 * HOUR)
    await worker.restart()
    await worker.passing(3 * HOUR)
    assert site.gaps() == [7_200, 10_800, 10_800, HOUR, HOUR, HOUR, HOUR]


@pytest.mark.parametrize(
    ("channel", "gap_seconds"),
    [
        ("<ttl>180</ttl>", 3 * HOUR),
        ("<ttl>5</ttl>", HOUR),
        ("<ttl>100000</ttl>", DAY),
        ("<ttl>-180</ttl>", HOUR),
        ("<ttl>three hours</ttl>", HOUR),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>", 6 * HOUR),
        ("<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>12</sy:updateFrequency>", HOUR),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", DAY),
        ("<sy:updatePeriod>fortnightly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency>", HOUR),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>", HOUR),
        ("<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>-2</sy:updateFrequency>", HOUR),
        ("<ttl>120</ttl><sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>8</sy:updateFrequency>", 3 * HOUR),
    ],
)
async def test_what_the_document_asks_for_is_the_least_interval(worker: Steered, channel: str, gap_seconds: float):
    """20, 22: ttl and the syndication module, for a day at most. A 304 does not end it, nor does a restart."""
    site = await worker.site()
    await worker.start(site.on("/feed", asking(channel), answer(304)))
    await worker.passing(gap_seconds)
    await worker.restart()
    await worker.passing(gap_seconds)
    assert site.gaps() == [gap_seconds] * 2


async def test_a_failure_does_not_end_what_the_document_asks_for(worker: Steered):
    """20, 27: a server in trouble is not asked more often than one in good health."""
    site = await worker.site()
    await worker.start(site.on("/feed", asking("<ttl>180</ttl>"), answer(500), answer(304)))
    await worker.passing(7 * HOUR)
    assert site.gaps()[0] == 3 * HOUR
    assert 3 * HOUR <= site.gaps()[1] <= 3.3 * HOUR


async def test_the_longest_of_all_wishes_holds(worker: Steered):
    """20: the next poll is at the latest of interval, ttl, max-age."""
    site = await worker.site()
    body = rss("a", channel="<ttl>180</ttl>")
    site.on("/feed", *(answer(200, body, {**ETAG, "Cache-Control": f"max-age={age}"}) for age in (7_200, 14_400)))
    await worker.start(site.url())
    await worker.passing(7 * HOUR)
    assert site.gaps() == [3 * HOUR, 4 * HOUR]


# The clock of these tests starts on Sunday, 1 March 2026, at noon GMT.
SKIPPED = {
    "hours": ("<skipHours><hour>13</hour><hour>14</hour></skipHours>", 3 * HOUR),
    "the hour 24": (f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in range(13, 25))}</skipHours>", 13 * HOUR),
    "days": ("<skipDays><day>Sunday</day><day>monday</day></skipDays>", 36 * HOUR),
    "hours and days": ("<skipHours><hour>0</hour></skipHours><skipDays><day>Sunday</day></skipDays>", 13 * HOUR),
    "all hours": (f"<skipHours>{''.join(f'<hour>{hour}</hour>' for hour in range(24))}</skipHours>", HOUR),
    "nonsense": ("<skipHours><hour>25</hour><hour>noon</hour></skipHours><skipDays><day>Soon</day></skipDays>", HOUR),
}


@pytest.mark.parametrize("name", SKIPPED)
async def test_nothing_is_asked_in_hours_and_days_to_skip(worker: Steered, name: str):
    """21: in GMT."""
    channel, gap_seconds = SKIPPED[name]
    site = await worker.site()
    await worker.start(site.on("/feed", asking(channel), answer(304)))
    await worker.passing(gap_seconds)
    assert site.gaps() == [gap_seconds]


async def test_hours_to_skip_hold_after_failures_and_restarts_as_well(worker: Steered):
    """21: whenever a poll would fall due, it is not made inside."""
    site = await worker.site()
    hours = "".join(f"<hour>{hour}</hour>" for hour in range(24) if hour not in {12, 18})
    site.on("/feed", asking(f"<skipHours>{hours}</skipHours>"), answer(500), answer(304))
    await worker.start(site.url())
    await worker.passing(8 * HOUR)
    assert [visit.at.hour for visit in site.visits] == [12, 18]
    await worker.stop()
    worker.clock.advance(19 * HOUR)  # past 12, when it was due, and into the hours to skip
    await worker.start_again()
    await worker.passing(2 * HOUR)
    assert len(site.visits) == 2
    await worker.passing(2 * DAY)
    assert {visit.at.hour for visit in site.visits[2:]} == {12, 18}


async def test_one_host_is_asked_one_thing_at_a_time_and_many_hosts_at_once(worker: Steered):
    """43: twenty feeds of one server, one after another."""
    one, other = await worker.site(), await worker.site(host="127.0.0.2")
    urls = [site.on(f"/{number}", answer(200, rss(f"{number}"))) for site in (one, other) for number in range(20)]
    await worker.start(*urls)
    await worker.passing(10.0)
    assert (len(one.visits), len(other.visits)) == (20, 20)
    assert (one.most_at_once, other.most_at_once) == (1, 1)


async def test_there_is_a_pause_between_two_requests_to_one_host(worker: Steered):
    """43: measured by the server, from the arrival of one to that of the next, in both kinds of time that pass."""
    site = await worker.site()
    urls = [site.on(f"/{number}", answer(200, rss(f"{number}"))) for number in range(4)]
    await worker.start(*urls, fetch={"host_gap": "60ms"})
    await worker.passing(1.0)
    arrived = [visit.real_seconds + visit.seconds for visit in site.visits]
    assert len(arrived) == 4
    assert all(after - before >= 0.06 for before, after in pairwise(arrived))


async def test_a_start_is_spread_over_time_and_so_are_restarts(worker: Steered):
    """43: fifty feeds a second, of which none is forgotten."""
    site = await worker.site()
    urls = [site.on(f"/{number}", honest(rss(f"{number}"), '"1"')) for number in range(60)]
    await worker.start(*urls)
    await worker.passing(2.0)
    first = [visit.seconds - site.visits[0].seconds for visit in site.visits]
    assert len(first) == 60
    assert first == pytest.approx([0.02 * number for number in range(60)], abs=1e-6)
    await worker.stop()
    worker.clock.advance(DAY)
    before = len(site.visits)
    await worker.start_again()
    await worker.passing(2.0)
    again = [visit.seconds for visit in site.visits[before:]]
    assert len(again) == 60
    assert again[-1] - again[0] == pytest.approx(59 * 0.02)


JUMPS = [timedelta(days=400), timedelta(days=-400), timedelta(hours=-3), timedelta(minutes=59)]


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_clock_that_is_set_while_the_worker_runs_changes_nothing(worker: Steered, jump: timedelta):
    """49: polls are timed by the clock that never jumps."""
    site = await worker.site()
    await worker.start(site.on("/feed", honest(rss("a"), '"1"')))
    for _ in range(3):
        await worker.passing(1.5 * HOUR)
        worker.clock.at += jump
        await worker.passing(1.5 * HOUR)
    assert site.gaps() == [HOUR] * 9
    assert len(worker.events()) == 1


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_clock_that_is_set_between_two_runs_never_makes_a_burst_or_a_long_silence(
    worker: Steered, jump: timedelta
):
    """49: one poll at once at most, and the next within the interval."""
    site = await worker.site()
    await worker.start(site.on("/feed", honest(rss("a"), '"1"')))
    for _ in range(3):
        await worker.stop()
        worker.clock.at += jump
        await worker.start_again()
        before = len(site.visits)
        await worker.passing(HOUR)
        assert 1 <= len(site.visits) - before <= 2


@pytest.mark.parametrize("jump", JUMPS, ids=str)
async def test_a_clock_that_is_set_between_two_runs_prolongs_no_wish_of_a_host(worker: Steered, jump: timedelta):
    """49: what a host asked for is never made longer, for any of its feeds."""
    site = await worker.site()
    site.on("/feed", answer(429, b"", {"Retry-After": "7200"}), answer(200, rss("a"), ETAG))
    site.on("/other", answer(200, rss("b"), ETAG))
    await worker.start(site.url(), site.url("/other"))
    await worker.stop()
    worker.clock.at += jump
    await worker.start_again()
    await worker.passing(2.3 * HOUR)
    assert len(site.of()) >= 2
    assert len(site.of("/other")) >= 1


async def test_a_run_of_one_round_asks_nothing_twice_within_a_minute(worker: Steered):
    """50: whoever starts it, however often; also after the clock was set back."""
    site = await worker.site()
    await worker.start(site.on("/feed", honest(rss("a"), '"1"')))
    await worker.stop()
    await worker.once()
    worker.clock.advance(59)
    await worker.once()
    assert len(site.visits) == 1
    worker.clock.advance(2)
    await worker.once()
    assert site.gaps() == [61]
    assert site.visits[1].conditional
    worker.clock.at -= timedelta(days=300)
    worker.clock.advance(61)
    await worker.once()
    assert site.gaps() == [61, 61]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_run_of_one_round_asks_nothing_of_a_host_that_wants_to_be_left_alone(worker: Steered, status: int):
    """50: nor for the host's other feeds, whichever comes first in the list."""
    site = await worker.site()
    site.on("/feed", answer(status, b"", {"Retry-After": "7200"}), answer(200, rss("a"), ETAG))
    site.on("/other", answer(200, rss("b"), ETAG))
    await worker.start(site.url("/other"), site.url())
    await worker.passing(1.0)
    assert [visit.target for visit in site.visits] == ["/other", "/feed"]
    await worker.stop()
    for _ in range(2):
        worker.clock.advance(3_500)
        await worker.once()
    assert len(site.visits) == 2
    worker.clock.advance(300)
    await worker.once()
    assert len(site.visits) == 4


async def test_a_wish_by_date_counts_from_now(worker: Steered):
    """50, 25: Retry-After as a date holds for a run of one round as well."""
    site = await worker.site()
    at = format_datetime(datetime(2026, 3, 1, 15, tzinfo=UTC), usegmt=True)
    site.on("/feed", answer(503, b"", {"Retry-After": at}), answer(200, rss("a"), ETAG))
    await worker.start(site.url())
    await worker.stop()
    worker.clock.advance(3 * HOUR - 1)
    await worker.once()
    assert len(site.visits) == 1
    worker.clock.advance(1)
    await worker.once()
    assert site.gaps() == [3 * HOUR]
