"""How a feed stands with its server: what is asked next, and what each answer changes in that."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.test_pipeline import FEED, NOW, URL, Poller, answer, item, rss
from worker.model.feed import Move, Rhythm
from worker.model.fetch import FetchFailure, Hop, Request, Response
from worker.pipeline import request_for

NEW_URL = "https://www.news.example/rss"
AUTO = replace(
    FEED,
    interval_seconds=None,
    min_interval_seconds=3_600,
    max_interval_seconds=86_400,
    unvalidated_interval_seconds=86_400,
)


@pytest.fixture
def poller() -> Poller:
    return Poller()


def redirected(*hops: tuple[int, str], **headers: str) -> Response:
    return replace(
        answer(rss(item("A", guid="a")), **headers),
        url=hops[-1][1],
        hops=tuple(Hop(status=status, url=url) for status, url in hops),
    )


def next_request(poller: Poller) -> Request:
    return request_for(poller.feed, poller.state, now=poller.now)


def wait_seconds(poller: Poller) -> float:
    assert poller.state.next_poll_at is not None
    assert poller.state.polled_at is not None
    return (poller.state.next_poll_at - poller.state.polled_at).total_seconds()


# Redirects


def test_a_permanent_redirect_is_adopted_when_it_was_met_at_five_polls_in_a_row(poller: Poller) -> None:
    for _ in range(4):
        batch = poller.poll(redirected((301, NEW_URL), etag='"1"'))
        assert batch.report.moved_to is None
        assert next_request(poller).url == URL
    batch = poller.poll(redirected((308, NEW_URL), etag='"1"'))
    assert batch.report.moved_to == NEW_URL
    assert poller.state.status == "moved"
    assert next_request(poller) == Request(url=NEW_URL, etag='"1"', validators_url=NEW_URL)


def test_a_poll_without_the_redirect_begins_the_count_again(poller: Poller) -> None:
    for _ in range(4):
        poller.poll(redirected((301, NEW_URL)))
    poller.poll(answer(rss()))
    poller.poll(redirected((301, NEW_URL)))
    assert (poller.state.adopted_url, poller.state.move) == (None, Move(url=NEW_URL, sightings=1))


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_passing_redirect_is_never_adopted(poller: Poller, status: int) -> None:
    for _ in range(10):
        poller.poll(redirected((status, NEW_URL)))
    assert (poller.state.adopted_url, poller.state.status) == (None, "active")


def test_a_chain_is_adopted_up_to_its_last_permanent_hop(poller: Poller) -> None:
    for _ in range(5):
        poller.poll(redirected((301, "https://a.example/1"), (301, NEW_URL), (302, "https://b.example/today")))
    assert poller.state.adopted_url == NEW_URL


def test_a_redirect_is_not_adopted_while_the_answers_at_its_end_are_no_feeds(poller: Poller) -> None:
    portal = replace(redirected((301, NEW_URL)), body=b"<html><title>Log in</title></html>")
    for _ in range(10):
        poller.poll(portal)
    assert (poller.state.adopted_url, poller.state.move) == (None, None)


def test_a_move_from_https_to_http_is_not_adopted(poller: Poller) -> None:
    for _ in range(10):
        poller.poll(redirected((301, "http://news.example/feed")))
    assert poller.state.adopted_url is None


def test_an_adopted_address_that_keeps_failing_is_given_up_for_the_configured_one(poller: Poller) -> None:
    for _ in range(5):
        poller.poll(redirected((301, NEW_URL)))
    failure = FetchFailure(url=NEW_URL, kind="dns", detail="no such name", retrieved_at=NOW)
    for _ in range(2):
        poller.poll(failure)
        assert next_request(poller).url == NEW_URL
    poller.poll(failure)
    assert next_request(poller).url == URL


def test_an_adopted_address_that_is_gone_does_not_end_the_feed(poller: Poller) -> None:
    for _ in range(5):
        poller.poll(redirected((301, NEW_URL)))
    poller.poll(answer(b"", 410))
    assert (poller.state.status, next_request(poller).url) == ("failing", URL)
    poller.poll(answer(b"", 410))
    assert (poller.state.status, poller.state.next_poll_at) == ("gone", None)


def test_credentials_and_headers_go_to_the_server_they_were_configured_for() -> None:
    secret = (("X-Key", "k"),)
    feed = replace(FEED, url="https://ann:pass@news.example/feed", headers=secret)
    near, far = Poller(feed), Poller(feed)
    for _ in range(5):
        near.poll(redirected((301, "https://news.example/rss")))
        far.poll(redirected((301, NEW_URL)))
    assert (next_request(near).url, next_request(near).headers) == ("https://ann:pass@news.example/rss", secret)
    assert (next_request(far).url, next_request(far).headers) == (NEW_URL, ())


# Validators


def test_validators_belong_to_the_address_that_answered(poller: Poller) -> None:
    poller.poll(redirected((302, NEW_URL), etag='"1"'))
    assert next_request(poller) == Request(url=URL, etag='"1"', validators_url=NEW_URL)


def test_known_validators_mean_that_nothing_changed(poller: Poller) -> None:
    poller.poll(answer(rss(item("A", guid="a")), etag='"1"', last_modified="Sat"))
    batch = poller.poll(answer(rss(item("B", guid="b")), etag='"1"', last_modified="Sat"))
    assert (batch.report.outcome, batch.events) == ("not_modified", ())


def test_validators_that_stay_the_same_while_the_document_changes_are_found_out(poller: Poller) -> None:
    """Three answers whose bytes differ and validators do not: then one without validators tells which are right."""
    poller.poll(answer(rss(item("A", guid="a")), etag='"1"'))
    for number in range(3):
        assert next_request(poller).etag == '"1"'
        assert not poller.poll(answer(rss(item(f"B{number}", guid="b")), etag='"1"')).events
    assert not next_request(poller).conditional
    batch = poller.poll(answer(rss(item("C", guid="c")), etag='"1"'))
    assert len(batch.events) == 1
    assert poller.state.validators_lie
    assert not next_request(poller).conditional
    assert len(poller.poll(answer(rss(item("D", guid="d")), etag='"1"')).events) == 1


def test_a_server_that_always_says_not_modified_is_asked_without_validators_after_eight_days(poller: Poller) -> None:
    poller.poll(answer(rss(item("A", guid="a")), etag='"1"'))
    while poller.now < NOW + timedelta(days=8):
        assert next_request(poller).conditional
        poller.poll(answer(b"", 304))
    assert not next_request(poller).conditional
    assert len(poller.poll(answer(rss(item("B", guid="b")), etag='"1"')).events) == 1
    assert poller.state.validators_lie


def test_a_server_that_was_right_about_its_validators_is_trusted_for_eight_more_days(poller: Poller) -> None:
    document = rss(item("A", guid="a"))
    poller.poll(answer(document, etag='"1"'))
    while poller.now < NOW + timedelta(days=8):
        poller.poll(answer(b"", 304))
    poller.poll(answer(document, etag='"1"'))
    assert not poller.state.validators_lie
    assert next_request(poller).etag == '"1"'


def test_a_feed_that_became_silent_is_asked_once_without_validators() -> None:
    poller = Poller()
    for day in range(3):
        poller.now = NOW + timedelta(days=day)
        poller.poll(answer(rss(item("A", guid=f"{day}")), etag=f'"{day}"'))
    poller.now = NOW + timedelta(days=9)
    assert next_request(poller).conditional
    poller.poll(answer(b"", 304))
    poller.now = NOW + timedelta(days=9, hours=23)
    assert next_request(poller).conditional
    poller.now = NOW + timedelta(days=20)
    poller.state = replace(poller.state, body_at=poller.now)
    assert not next_request(poller).conditional
    poller.poll(answer(b"", 304))
    assert poller.state.reason == "silent"
    assert next_request(poller).conditional


# States


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_feed_that_is_refused_again_and_again_is_paused_for_a_month(status: int) -> None:
    poller = Poller(replace(FEED, give_up_after=3))
    poller.poll(answer(b"", status))
    poller.poll(answer(b"", status))
    assert poller.state.status == "failing"
    poller.poll(answer(b"", status))
    assert (poller.state.status, poller.state.reason) == ("paused", f"http_{status}")
    assert 30 * 86_400 <= wait_seconds(poller) <= 33 * 86_400


@pytest.mark.parametrize("status", [408, 425, 429, 500, 503])
def test_what_is_about_the_moment_never_pauses_a_feed(status: int) -> None:
    poller = Poller(replace(FEED, give_up_after=3))
    for _ in range(10):
        poller.poll(answer(b"", status))
    assert poller.state.status == "failing"
    assert wait_seconds(poller) < 1.2 * 86_400


def test_a_paused_feed_that_answers_again_is_active() -> None:
    poller = Poller(replace(FEED, give_up_after=1))
    poller.poll(answer(b"", 404))
    poller.poll(answer(rss(item("A", guid="a"))))
    assert (poller.state.status, poller.state.reason, poller.state.failures) == ("active", None, 0)


def test_a_puzzle_for_browsers_has_a_reason_of_its_own_and_a_long_wait(poller: Poller) -> None:
    batch = poller.poll(answer(b"<html>Just a moment</html>", 403, cf_mitigated="challenge"))
    assert batch.report.reason == "challenge"
    assert wait_seconds(poller) >= FEED.max_interval_seconds


@pytest.mark.parametrize(
    ("status", "headers", "held_seconds"),
    [
        (429, {"retry_after": "7200"}, 7_200),
        (429, {}, 600),
        (503, {"retry_after": "7200"}, 7_200),
        (503, {}, None),
        (500, {"retry_after": "7200"}, None),
        (429, {"retry_after": "999999999999"}, 31 * 86_400),
    ],
)
def test_the_wish_of_a_host_to_be_left_alone_is_remembered(
    poller: Poller, status: int, headers: dict[str, str], held_seconds: float | None
) -> None:
    poller.poll(answer(b"", status, **headers))
    held = None if held_seconds is None else NOW + timedelta(seconds=held_seconds)
    assert poller.state.held_until_at == held
    poller.poll(answer(rss()))
    assert poller.state.held_until_at is None


# Rhythm


def test_the_first_document_shows_how_often_a_feed_publishes() -> None:
    poller = Poller(AUTO)
    days = [f"{day} May 2025 09:00:00 GMT" for day in (12, 16, 20, 24)]
    poller.poll(answer(rss(*(item("A", guid=day, pubDate=day) for day in days)), etag='"1"'))
    assert poller.state.rhythm == Rhythm(gap_seconds=4 * 86_400, newest_at=NOW - timedelta(days=1))
    assert wait_seconds(poller) == 86_400  # half of the usual gap, but once a day at least


def test_a_busy_feed_is_polled_no_faster_than_its_least_interval() -> None:
    poller = Poller(AUTO)
    minutes = [f"25 May 2025 08:{minute:02}:00 GMT" for minute in range(0, 60, 5)]
    poller.poll(answer(rss(*(item("A", guid=minute, pubDate=minute) for minute in minutes)), etag='"1"'))
    assert poller.state.rhythm.gap_seconds == 300
    assert wait_seconds(poller) == 3_600


def test_a_feed_between_the_bounds_is_polled_twice_for_each_new_entry() -> None:
    poller = Poller(AUTO)
    hours = [f"25 May 2025 0{hour}:00:00 GMT" for hour in (0, 3, 6, 9)]
    poller.poll(answer(rss(*(item("A", guid=hour, pubDate=hour) for hour in hours)), etag='"1"'))
    assert wait_seconds(poller) == 1.5 * 3_600


def test_a_feed_whose_server_gives_no_validators_is_asked_once_a_day() -> None:
    poller = Poller(AUTO)
    poller.poll(answer(rss(item("A", guid="a"))))
    assert wait_seconds(poller) == 86_400


def test_a_gap_is_told_when_nothing_of_the_last_document_is_left(poller: Poller) -> None:
    assert not poller.poll(answer(rss(item("A", guid="a"), item("B", guid="b")))).report.gap
    assert not poller.poll(answer(rss(item("B", guid="b"), item("C", guid="c")))).report.gap
    assert poller.poll(answer(rss(item("E", guid="e"), item("F", guid="f")))).report.gap


def test_a_document_without_entries_is_no_gap(poller: Poller) -> None:
    poller.poll(answer(rss(item("A", guid="a"))))
    assert not poller.poll(answer(rss())).report.gap


def test_a_304_from_an_address_that_gave_no_validators_is_an_error(poller: Poller) -> None:
    """It was not sent any: a redirect led somewhere else than the last time."""
    poller.poll(answer(rss(item("A", guid="a")), etag='"1"'))
    batch = poller.poll(replace(redirected((302, NEW_URL)), status=304, body=b""))
    assert (batch.report.outcome, batch.report.reason) == ("http_error", "http_304")
    assert next_request(poller).etag == '"1"'
