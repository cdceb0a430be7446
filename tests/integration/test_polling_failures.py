"""What happens when a server does not give a document: numbers 23 to 27, 35 to 39 and 44 of the list of behaviours."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.integration.http_servers import certificate, resolve, server_side
from tests.integration.recording import Answer, answer, honest, redirect, rss
from tests.integration.steered import DAY, HOUR, Steered, steered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.integration.recording import Site

ETAG = {"ETag": '"1"'}


@pytest.fixture
async def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Steered]:
    async with steered(tmp_path, monkeypatch) as worker:
        yield worker


def date(year: int, month: int, day: int, hour: int) -> str:
    return format_datetime(datetime(year, month, day, hour, tzinfo=UTC), usegmt=True)


def quick(site: Site, target: str, *answers: bytes) -> dict[str, str]:
    """A feed that is asked every ten minutes."""
    return {"url": site.on(target, *answers), "interval": "10m"}


async def test_a_host_that_is_asked_too_much_is_left_alone_for_as_long_as_it_says(worker: Steered):
    """23: all of its feeds, also after a restart; not those of other hosts."""
    site, other = await worker.site(), await worker.site(host="127.0.0.2")
    ok = answer(200, rss("a"), ETAG)
    feeds = [
        quick(site, "/1", ok, answer(429, b"", {"Retry-After": "7200"}), ok),
        quick(site, "/2", ok),
        quick(other, "/3", ok),
    ]
    await worker.start(*feeds)
    await worker.passing(HOUR)
    await worker.restart()
    await worker.passing(1.9 * HOUR)
    asked = [visit for visit in site.visits if visit.seconds > site.of("/1")[1].seconds]
    assert min(visit.seconds for visit in asked) >= site.of("/1")[1].seconds + 7_200
    assert {visit.target for visit in asked} == {"/1", "/2"}
    assert other.gaps("/3") == [600.0] * len(other.gaps("/3"))


async def test_too_many_requests_without_a_time_means_ten_minutes(worker: Steered):
    """24: for the whole host. The feed itself waits its interval at least."""
    site = await worker.site()
    ok = answer(200, rss("a"), ETAG)
    await worker.start(
        {"url": site.on("/1", answer(429), ok), "interval": "1h"},
        {"url": site.on("/2", ok), "interval": "1m"},
    )
    await worker.passing(1.2 * HOUR)
    assert site.of("/2")[0].seconds == site.of("/1")[0].seconds + 600
    assert site.gaps("/2")[:5] == [60.0] * 5
    assert HOUR <= site.gaps("/1")[0] <= 1.1 * HOUR
    assert worker.metric("dateline_fetch_throttled_total", reason="http_429") == 1


@pytest.mark.parametrize(
    ("status", "retry_after", "least_seconds", "most_seconds"),
    [
        (503, date(2026, 3, 1, 17), 5 * HOUR, 5.5 * HOUR),
        (503, date(2026, 3, 1, 11), HOUR, 1.1 * HOUR),
        (503, "-7200", HOUR, 1.1 * HOUR),
        (503, "in a while", HOUR, 1.1 * HOUR),
        (503, "", HOUR, 1.1 * HOUR),
        (503, "60", HOUR, 1.1 * HOUR),
        (503, "315360000", 31 * DAY, 31 * DAY),
        (429, date(2036, 3, 1, 12), 31 * DAY, 31 * DAY),
        (429, "9" * 30, 31 * DAY, 31 * DAY),
        (429, "0", HOUR, 1.1 * HOUR),
        (500, "18000", 5 * HOUR, 5.5 * HOUR),
        (404, "18000", 5 * HOUR, 5.5 * HOUR),
    ],
)
async def test_retry_after_is_a_number_or_a_date_and_never_shortens_the_wait(
    worker: Steered, status: int, retry_after: str, least_seconds: float, most_seconds: float
):
    """23, 25, 26: what is past or unreadable is no wish; no wish is granted for more than 31 days."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(status, b"", {"Retry-After": retry_after}), answer(200, rss("a"), ETAG)))
    await worker.passing(least_seconds - 1)
    assert len(site.visits) == 1
    await worker.restart()
    await worker.passing(most_seconds - least_seconds + 1)
    assert len(site.visits) == 2


async def test_a_host_without_a_wish_is_not_left_alone_for_the_trouble_of_one_feed(worker: Steered):
    """25: 503 without Retry-After may be about one document."""
    site = await worker.site()
    await worker.start(quick(site, "/1", answer(503)), quick(site, "/2", answer(200, rss("a"), ETAG)))
    await worker.passing(HOUR)
    assert site.gaps("/2") == [600.0] * 5


async def test_the_host_at_the_end_of_a_redirect_is_left_alone_and_not_the_one_at_its_start(worker: Steered):
    """23: 429 in the middle of a redirect is the wish of who says it."""
    start, end = await worker.site(), await worker.site(host="127.0.0.2")
    ok = answer(200, rss("a"), ETAG)
    end.on("/feed", ok, answer(429, b"", {"Retry-After": "7200"}), ok)
    end.on("/other", answer(200, rss("b"), ETAG))
    await worker.start(
        {"url": start.on("/feed", redirect(302, end.url())), "interval": "10m"},
        quick(start, "/direct", ok),
        {"url": end.url("/other"), "interval": "10m"},
        {"url": start.on("/to-other", redirect(302, end.url("/other"))), "interval": "10m"},
    )
    await worker.passing(3 * HOUR)
    held_from = end.of()[1].seconds
    assert min(visit.seconds for visit in end.visits if visit.seconds > held_from) >= held_from + 7_200
    assert start.gaps("/direct") == [600.0] * len(start.gaps("/direct"))


async def test_the_wish_of_an_adopted_host_holds_after_a_restart(worker: Steered):
    """23, 28: of the host that is asked, not of the one that is configured."""
    old, new = await worker.site(), await worker.site(host="127.0.0.2")
    ok = answer(200, rss("a"), ETAG)
    new.on("/feed", *[ok] * 6, answer(429, b"", {"Retry-After": "86400"}), ok)
    await worker.start(
        {"url": old.on("/feed", redirect(301, new.url())), "interval": "10m"},
        quick(old, "/direct", ok),
        quick(new, "/other", ok),
    )
    await worker.passing(1.2 * HOUR)
    assert len(new.of()) == 7
    held_from = new.of()[6].seconds
    await worker.restart()
    await worker.passing(DAY - 600 - 0.2 * HOUR)
    assert not [visit for visit in new.visits if visit.seconds > held_from]
    assert len(old.of("/direct")) > 140


async def test_two_feeds_that_meet_at_one_host_heed_what_it_said_to_the_first(worker: Steered):
    """23: the second waits for its turn while the first hears 429."""
    one, two, end = [await worker.site(host=f"127.0.0.{number}") for number in (1, 2, 3)]
    ok = answer(200, rss("a"), ETAG)
    limited = answer(429, b"", {"Retry-After": "7200"})
    end.on("/1", *[ok] * 6, limited, ok)
    end.on("/2", *[ok] * 6, ok)
    await worker.start(
        {"url": one.on("/", redirect(301, end.url("/1"))), "interval": "10m"},
        {"url": two.on("/", redirect(301, end.url("/2"))), "interval": "10m"},
    )
    await worker.passing(6 * 600 - 1)
    assert (len(end.of("/1")), len(end.of("/2"))) == (6, 6)
    # Both fall due at once.
    await worker.stop()
    worker.clock.advance(HOUR)
    gate = asyncio.Event()
    end.on("/1", Answer(pieces=(gate, limited)), ok)
    await worker.start_again(idle=False)
    async with asyncio.timeout(60):
        while len(end.of("/1")) < 7:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.001)
    worker.clock.advance(0.02)
    await asyncio.sleep(0.1)
    gate.set()
    await worker.passing(2 * HOUR - 1)
    assert (len(end.of("/1")), len(end.of("/2"))) == (7, 6)
    await worker.passing(0.3 * HOUR)
    assert len(end.of("/2")) > 6


NO_ANSWERS: dict[str, bytes | Answer] = {
    "500": answer(500),
    "502 with a feed": answer(502, rss("z"), ETAG),
    "503": answer(503, b"later"),
    "408": answer(408),
    "closed": Answer(pieces=(), close=True),
    "half a head": Answer(pieces=(b"HTTP/1.1 200 -\r\nContent-",), close=True),
    "not HTTP": Answer(pieces=(b"220 ready\r\n\r\n",), close=True),
}


@pytest.mark.parametrize("name", NO_ANSWERS)
async def test_waits_double_from_the_usual_interval_on(worker: Steered, name: str):
    """27: with some jitter, up to a day; also through restarts. State and validators stay. No retry at once."""
    site = await worker.site()
    # A GET that meets the end of a connection that was used before is repeated once (RFC 9112, 9.3.1).
    first = Answer(pieces=(answer(200, rss("a"), {**ETAG, "Connection": "close"}),), close=True)
    await worker.start(site.on("/feed", first, NO_ANSWERS[name]))
    await worker.passing(4 * HOUR)
    await worker.restart()
    await worker.passing(5 * DAY)
    gaps = site.gaps()
    assert gaps[0] == HOUR
    for gap, usual in zip(gaps[1:], [1, 2, 4, 8, 16, 24, 24], strict=False):
        assert usual * HOUR <= gap <= 1.1 * usual * HOUR
    assert len(gaps) >= 7
    assert all(visit.header("If-None-Match") == '"1"' for visit in site.visits[1:])
    assert worker.state().status == "failing"
    assert len(worker.events()) == 1
    assert worker.metric("dateline_feeds", state="failing") <= 1


async def test_feeds_that_failed_together_do_not_come_back_together(worker: Steered):
    """27: the jitter is different for each of them."""
    site = await worker.site()
    await worker.start(*(site.on(f"/{number}", answer(500)) for number in range(20)))
    await worker.passing(1.5 * HOUR)
    again = sorted(site.of(f"/{number}")[1].seconds for number in range(20))
    assert len(set(again)) == 20
    assert again[-1] - again[0] > 120


async def test_a_server_that_never_answers_is_a_failure_and_keeps_no_other_waiting(worker: Steered):
    """27: a timeout is as any failure."""
    site, other = await worker.site(), await worker.site(host="127.0.0.2")
    await worker.start(
        site.on("/feed", Answer(pieces=(asyncio.Event(),))),
        other.on("/feed", honest(rss("a"), '"1"')),
        # Long enough for the other one on a busy machine.
        fetch={"timeout": "1500ms", "connect_timeout": "1500ms", "idle_timeout": "1500ms"},
    )
    await worker.passing(3.5 * HOUR)
    assert worker.outcomes("f0") == [("network_error", "timeout")] * 3
    assert [HOUR <= gap <= 2.2 * HOUR for gap in site.gaps()] == [True, True]
    assert other.gaps() == [HOUR] * 3


async def test_a_feed_that_is_gone_is_never_asked_again(worker: Steered):
    """35: at once, by no run of any kind."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(200, rss("a"), ETAG), answer(410), answer(200, rss("b"), ETAG)))
    await worker.passing(40 * DAY)
    assert len(site.visits) == 2
    assert (worker.state().status, worker.state().reason) == ("gone", "http_410")
    assert worker.outcomes() == [("ok", None), ("gone", "http_410")]
    assert worker.metric("dateline_polls_total", outcome="gone") == 1
    await worker.restart()
    await worker.passing(DAY)
    await worker.stop()
    await worker.once()
    assert len(site.visits) == 2


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_a_feed_that_is_refused_is_asked_less_and_less_and_then_once_a_month(worker: Steered, status: int):
    """36: never at once; a month's pause after the number of refusals that is configured."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(status, b"no")), schedule={"give_up_after": 7})
    await worker.passing(60 * DAY)
    for gap, usual in zip(site.gaps(), [1, 2, 4, 8, 16, 24, 30 * 24], strict=False):
        assert usual * HOUR <= gap <= 1.1 * usual * HOUR
    assert len(site.visits) == 8
    assert (worker.state().status, worker.state().reason) == ("paused", f"http_{status}")
    assert not worker.events()


async def test_an_answer_ends_the_pause(worker: Steered):
    """36: the feed is as it was."""
    site = await worker.site()
    site.on("/feed", answer(200, rss("a"), ETAG), answer(404), answer(404), honest(rss("a", "b"), '"2"'))
    await worker.start({"url": site.url(), "interval": "1h"}, schedule={"give_up_after": 2})
    await worker.passing(40 * DAY)
    assert 30 * DAY <= site.gaps()[2] <= 33 * DAY
    assert set(site.gaps()[3:]) == {HOUR}
    assert worker.state().status == "active"
    assert len(worker.events()) == 2


PUZZLE = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head><body><script>1</script></body></html>"


@pytest.mark.parametrize("status", [403, 503])
async def test_a_puzzle_for_browsers_is_an_error_of_its_own_with_a_long_wait(worker: Steered, status: int):
    """37: nothing of it is read."""
    site = await worker.site()
    puzzle = answer(status, PUZZLE, {"cf-mitigated": "challenge", "Content-Type": "text/html"})
    await worker.start(site.on("/feed", answer(200, rss("a"), ETAG), puzzle, answer(304)))
    await worker.passing(DAY + 2 * HOUR + 0.1 * DAY)
    assert worker.outcomes()[1] == ("http_error", "challenge")
    assert DAY <= site.gaps()[1] <= 1.1 * DAY
    assert site.visits[2].header("If-None-Match") == '"1"'
    assert worker.dead_letters() == 0


NO_FEEDS = {
    "html": (answer(200, PUZZLE, {"Content-Type": "text/html", "ETag": '"2"'}), "html"),
    "html as a feed": (answer(200, PUZZLE, {"Content-Type": "application/rss+xml", "ETag": '"2"'}), "html"),
    "empty": (answer(200, b"", {"ETag": '"2"'}), "empty"),
    "empty with the known validators": (answer(200, b"", ETAG), "empty"),
    "blanks": (answer(200, b" \r\n\r\n", {"ETag": '"2"'}), "empty"),
    "empty to the end of the connection": (b'HTTP/1.1 200 -\r\nConnection: close\r\nETag: "2"\r\n\r\n', "empty"),
    "a message": (answer(200, b'{"error": "quota"}', {"ETag": '"2"'}), None),
}


@pytest.mark.parametrize("name", NO_FEEDS)
async def test_what_is_no_feed_changes_nothing_of_what_is_known(worker: Steered, name: str):
    """38, 39: neither entries nor validators; there is no event, and the next wait is that of a failure."""
    body, reason = NO_FEEDS[name]
    site = await worker.site()
    site.on("/feed", answer(200, rss("a"), ETAG), Answer(pieces=(body,), close=True), honest(rss("a", "b"), '"3"'))
    await worker.start(site.url())
    known = worker.state()
    await worker.passing(HOUR)
    state = worker.state()
    assert worker.outcomes()[1][0] == "not_a_feed"
    assert reason in {None, worker.outcomes()[1][1]}
    assert (state.entries, state.etag, state.body_sha256) == (known.entries, known.etag, known.body_sha256)
    assert (state.status, state.failures) == ("failing", 1)
    await worker.passing(1.2 * HOUR)
    assert site.visits[2].header("If-None-Match") == '"1"'
    assert [event["headline"] for event in worker.events()] == ["Headline a", "Headline b"]


async def test_a_name_that_does_not_resolve_is_a_failure(worker: Steered, monkeypatch: pytest.MonkeyPatch):
    """44: until it does."""
    site = await worker.site()
    addresses: dict[str, list[str]] = {}
    resolve(monkeypatch, addresses)
    site.on("/feed", answer(200, rss("a"), ETAG))
    await worker.start(site.url(host="news.example"))
    await worker.passing(3.5 * HOUR)
    assert worker.outcomes() == [("network_error", "dns")] * 3
    addresses["news.example"] = ["127.0.0.1"]
    await worker.passing(5 * HOUR)
    assert worker.outcomes()[3] == ("ok", None)
    assert worker.state().status == "active"


@pytest.mark.parametrize("fault", ["unknown authority", "another name", "expired"])
async def test_a_certificate_is_never_taken_on_trust(worker: Steered, tmp_path: Path, fault: str):
    """44: not a byte is asked of whoever cannot show one that holds."""
    name = "DNS:elsewhere.example" if fault == "another name" else "IP:127.0.0.1"
    path = certificate(tmp_path, name, expired=fault == "expired")
    site = await worker.site(tls=server_side(path))
    fetch = {} if fault == "unknown authority" else {"ca_file": str(path)}
    await worker.start(site.on("/feed", answer(200, rss("a"), ETAG)), fetch=fetch)
    await worker.passing(3.5 * HOUR)
    assert worker.outcomes() == [("network_error", "tls")] * 3
    assert not site.visits
    begun = [line["next_poll_at"] for line in worker.lines("poll")]
    waits = [(after - before).total_seconds() for before, after in pairwise(begun)]
    assert [2 * HOUR <= waits[0] <= 2.2 * HOUR, 4 * HOUR <= waits[1] <= 4.4 * HOUR] == [True, True]


async def test_a_certificate_that_holds_is_taken(worker: Steered, tmp_path: Path):
    """44: of an authority that is trusted."""
    path = certificate(tmp_path, "IP:127.0.0.1")
    site = await worker.site(tls=server_side(path))
    await worker.start(site.on("/feed", answer(200, rss("a"), ETAG)), fetch={"ca_file": str(path)})
    assert worker.outcomes() == [("ok", None)]


@pytest.mark.parametrize("status", [201, 204, 206, 300, 400, 451, 999])
async def test_any_other_status_is_a_failure_that_changes_nothing(worker: Steered, status: int):
    """27, 36: even when a whole feed comes with it."""
    site = await worker.site()
    strange = answer(status, rss("z") if status != 204 else b"", {"ETag": '"2"'})
    site.on("/feed", answer(200, rss("a"), ETAG), Answer(pieces=(strange,), close=True), answer(304))
    await worker.start(site.url())
    await worker.passing(2.2 * HOUR)
    assert worker.outcomes() == [("ok", None), ("http_error", f"http_{status}"), ("not_modified", None)]
    assert site.gaps()[1] >= HOUR
    assert site.visits[2].header("If-None-Match") == '"1"'
    assert len(worker.events()) == 1


async def test_a_server_that_hangs_up_on_a_request_is_not_asked_again_at_once(worker: Steered):
    """27: it has read the request, and that was one."""
    site = await worker.site()
    hang_up = Answer(pieces=(), close=True)
    await worker.start({"url": site.on("/feed", hang_up), "interval": "10m"})
    await worker.passing(31 * 60)
    assert worker.outcomes() == [("network_error", "connect")] * 2
    assert [600 <= gap <= 660 for gap in site.gaps()] == [True]
