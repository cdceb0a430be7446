"""Where a feed is asked: numbers 28 to 34 of the list of behaviours."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.integration.recording import answer, honest, redirect, rss
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


@pytest.fixture
async def two(worker: Steered) -> tuple[Site, Site]:
    """Two servers of different origins."""
    return await worker.site(), await worker.site(host="127.0.0.2")


@pytest.mark.parametrize("status", [301, 308])
async def test_a_feed_that_moved_is_asked_at_its_new_address_after_five_polls(
    worker: Steered, two: tuple[Site, Site], status: int
):
    """28: the sightings are counted through restarts, and the 304s of the new address are successes."""
    old, new = two
    new.on("/feed", honest(rss("a"), '"1"'))
    await worker.start(old.on("/feed", redirect(status, new.url())))
    await worker.passing(1.5 * HOUR)
    await worker.restart()
    await worker.passing(8.5 * HOUR)
    assert len(old.visits) == 5
    assert len(new.visits) == 11
    assert new.gaps() == [HOUR] * 10
    assert worker.state().adopted_url == new.url()
    assert worker.state().status == "moved"
    assert [line["moved_to"] for line in worker.lines("poll") if line["moved_to"]] == [new.url()]
    assert [visit.validators for visit in new.visits] == [(None, None), *[('"1"', None)] * 10]
    assert set(worker.outcomes()[1:]) == {("not_modified", None)}
    await worker.restart()
    await worker.passing(2 * HOUR)
    assert len(old.visits) == 5
    assert len(worker.events()) == 1


async def test_a_poll_without_the_redirect_begins_the_count_again(worker: Steered, two: tuple[Site, Site]):
    """28: captive portals and mistakes pass."""
    old, new = two
    new.on("/feed", answer(200, rss("a"), ETAG))
    old.on("/feed", *[redirect(301, new.url())] * 4, answer(200, rss("a"), ETAG), redirect(301, new.url()))
    await worker.start(old.url())
    await worker.passing(8 * HOUR)
    assert len(old.visits) == 9
    assert worker.state().adopted_url is None


async def test_a_redirect_to_what_is_no_feed_is_never_adopted(worker: Steered, two: tuple[Site, Site]):
    """28: a portal answers 301 and shows a page to log in."""
    old, new = two
    new.on("/login", answer(200, b"<html><title>Log in</title></html>", {"Content-Type": "text/html"}))
    old.on("/feed", answer(200, rss("a"), ETAG), *[redirect(301, new.url("/login"))] * 7, honest(rss("a"), '"1"'))
    await worker.start(old.url())
    await worker.passing(8 * DAY)
    state = worker.state()
    assert (state.adopted_url, state.status) == (None, "active")
    assert len(new.visits) == 7
    assert len(old.visits) > 9
    assert {visit.validators for visit in new.visits} == {(None, None)}


async def test_an_adopted_address_that_fails_is_given_up_and_its_validators_with_it(
    worker: Steered, two: tuple[Site, Site]
):
    """28, 34: what one server gave is not shown to the other."""
    old, new = two
    new.on("/feed", *[honest(rss("a"), '"new"')] * 6, answer(404))
    old.on("/feed", *[redirect(301, new.url())] * 5, honest(rss("a", "b"), '"old"'))
    await worker.start({"url": old.url(), "interval": "1h"})
    await worker.passing(16 * HOUR)
    assert len(new.visits) == 9
    assert len(old.visits) >= 7
    assert old.visits[5].validators == (None, None)
    assert old.visits[6].validators == ('"old"', None)
    assert worker.state().adopted_url is None
    assert [event["headline"] for event in worker.events()] == ["Headline a", "Headline b"]


async def test_an_adopted_address_that_is_gone_lets_the_configured_one_speak(worker: Steered, two: tuple[Site, Site]):
    """28, 35: its validators stay behind as well."""
    old, new = two
    new.on("/feed", *[honest(rss("a"), '"new"')] * 6, answer(410))
    old.on("/feed", *[redirect(301, new.url())] * 5, answer(410))
    await worker.start({"url": old.url(), "interval": "1h"})
    await worker.passing(DAY)
    assert (len(old.visits), len(new.visits)) == (6, 7)
    assert old.visits[5].validators == (None, None)
    assert worker.state().status == "gone"


@pytest.mark.parametrize("status", [302, 303, 307])
async def test_a_passing_redirect_is_followed_anew_each_time(worker: Steered, two: tuple[Site, Site], status: int):
    """29: the original is asked for ever, and is not sent what the other gave."""
    old, new = two
    new.on("/feed", honest(rss("a"), '"1"', "Mon, 02 Mar 2026 08:00:00 GMT"))
    await worker.start(old.on("/feed", redirect(status, new.url())))
    await worker.passing(7.5 * HOUR)
    assert (len(old.visits), len(new.visits)) == (8, 8)
    assert {visit.method for visit in new.visits} == {"GET"}
    assert {visit.validators for visit in old.visits} == {(None, None)}
    assert {visit.validators for visit in new.visits[1:]} == {('"1"', "Mon, 02 Mar 2026 08:00:00 GMT")}
    assert worker.outcomes() == [("ok", None), *[("not_modified", None)] * 7]


@pytest.mark.parametrize(
    ("statuses", "adopted"),
    [((301, 302), 1), ((301, 308, 307, 301), 2), ((302, 301), None), ((301, 301), 2), ((303,), None)],
    ids=str,
)
async def test_a_chain_is_adopted_up_to_its_last_permanent_hop(
    worker: Steered, statuses: tuple[int, ...], adopted: int | None
):
    """30: what comes after may be different tomorrow. The answer's validators go where they came from."""
    site = await worker.site()
    for number, status in enumerate(statuses):
        site.on(f"/{number}", redirect(status, f"/{number + 1}"))
    end = f"/{len(statuses)}"
    site.on(end, honest(rss("a"), '"1"'))
    await worker.start(site.url("/0"))
    await worker.passing(8.5 * HOUR)
    assert worker.state().adopted_url == (None if adopted is None else site.url(f"/{adopted}"))
    assert len(site.of("/0")) == (9 if adopted is None else 5)
    assert len(site.of(end)) == 9
    assert {visit.validators for visit in site.of(end)[1:]} == {('"1"', None)}
    assert {visit.conditional for visit in site.visits if visit.target != end} == {False}
    assert set(worker.outcomes()[1:]) == {("not_modified", None)}


async def test_ten_redirects_are_followed_and_eleven_are_not(worker: Steered):
    """31: no further one is asked, and nothing is retried before the next poll."""
    site = await worker.site()
    for number in range(12):
        site.on(f"/{number}", redirect(302, f"/{number + 1}"))
    site.on("/12", answer(200, rss("a"), ETAG))
    await worker.start(site.url("/1"), site.url("/2"))
    await worker.passing(30.0)
    assert worker.outcomes("f0") == [("network_error", "redirect")]
    assert worker.outcomes("f1") == [("ok", None)]
    assert len(site.of("/1")) == 1
    assert len(site.of("/11")) == 2
    assert len(site.of("/12")) == 1


@pytest.mark.parametrize("path", ["/feed", "/two"])
async def test_a_circle_of_redirects_is_an_error_with_a_normal_wait(worker: Steered, path: str):
    """31: each address on it is asked once."""
    site = await worker.site()
    site.on("/feed", redirect(301, path))
    site.on("/two", redirect(302, "/feed"))
    await worker.start(site.url())
    assert worker.outcomes() == [("network_error", "redirect")]
    assert {len(site.of(target)) for target in {"/feed", path}} == {1}
    await worker.passing(0.99 * HOUR)
    assert len(site.of()) == 1
    await worker.passing(0.2 * HOUR)
    assert len(site.of()) == 2


SCHEMES = ["file:///etc/passwd", "gopher://127.0.0.1/", "data:text/xml,%3Crss/%3E", "ftp://127.0.0.1/f", "javascript:0"]


@pytest.mark.parametrize("location", [*SCHEMES, "http://", "http://a b/", ""])
async def test_a_redirect_to_another_scheme_or_to_nowhere_is_an_error(worker: Steered, location: str):
    """32: the feed is asked again in its time; nothing is adopted."""
    site = await worker.site()
    await worker.start(site.on("/feed", redirect(301, location)))
    await worker.passing(1.5 * HOUR)
    assert worker.outcomes() == [("network_error", "redirect")] * 2
    assert len(site.visits) == 2
    assert not worker.events()


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/feed",
        "http://169.254.169.254/latest/meta-data",
        "http://[::1]/feed",
        "http://127.0.0.2:{port}/feed",
        "http://0x7f.0.0.2:{port}/feed",
        "http://2130706434:{port}/feed",
        "http://[::ffff:127.0.0.2]:{port}/feed",
    ],
)
async def test_a_redirect_to_a_private_address_is_blocked_and_counted(
    worker: Steered, two: tuple[Site, Site], target: str
):
    """33: not a byte goes there, however the address is written, and it is never adopted."""
    site, private = two
    private.on("/feed", answer(200, rss("a"), ETAG))
    site.on("/feed", redirect(301, target.format(port=private.port)))
    await worker.start(site.url(), fetch={"allow_networks": ["127.0.0.1/32"]})
    assert worker.outcomes() == [("network_error", "blocked")]
    assert worker.metric("dateline_fetch_errors_total", reason="blocked") == 1
    await worker.passing(6 * DAY)
    assert not private.visits
    assert worker.state().adopted_url is None


async def test_what_a_feed_is_given_for_its_own_server_stays_there(worker: Steered, two: tuple[Site, Site]):
    """34: Authorization, own headers, cookies and validators, at each step of a chain that comes back home."""
    site, other = two
    cookies = {"Set-Cookie": "a=1; Path=/"}
    site.on("/feed", redirect(302, "/near", cookies))
    site.on("/near", redirect(302, other.url("/far"), cookies))
    other.on("/far", redirect(302, site.url("/back"), cookies))
    site.on("/back", answer(200, rss("a"), {**ETAG, **cookies}))
    headers = {"X-Key": "secret", "Cookie": "session=secret"}
    await worker.start({"url": site.url(userinfo="bob:pass@"), "headers": headers})
    await worker.passing(HOUR)
    assert len(site.of("/back")) == 2
    for visit in site.visits + other.visits:
        at_home = visit.target in {"/feed", "/near"}
        assert visit.header("Authorization") == ("Basic Ym9iOnBhc3M=" if at_home else None)
        assert visit.header("X-Key") == ("secret" if at_home else None)
        assert visit.header("Cookie") == ("session=secret" if at_home else None)
        assert visit.conditional == (visit.target == "/back" and visit.number == 1)


async def test_a_redirect_that_leads_elsewhere_today_brings_no_validators_along(worker: Steered):
    """34: also not when it leads back; then those that were given last are at hand."""
    start, one, two = [await worker.site(host=f"127.0.0.{number}") for number in (1, 2, 3)]
    one.on("/feed", honest(rss("a"), '"one"'))
    two.on("/feed", honest(rss("b"), '"two"'))
    to_one, to_two = redirect(302, one.url()), redirect(302, two.url())
    await worker.start({"url": start.on("/feed", to_one, to_one, to_two, to_two, to_one), "interval": "1h"})
    await worker.passing(4 * HOUR)
    assert [visit.validators for visit in one.visits] == [(None, None), ('"one"', None), (None, None)]
    assert [visit.validators for visit in two.visits] == [(None, None), ('"two"', None)]
    assert {visit.conditional for visit in start.visits} == {False}


async def test_a_move_to_another_host_takes_no_credentials_along(worker: Steered, two: tuple[Site, Site]):
    """34, 28: neither on the way nor once the new address is adopted; a move within the server does."""
    site, other = two
    other.on("/feed", honest(rss("a"), '"1"'))
    site.on("/away", redirect(301, other.url()))
    site.on("/here", redirect(301, "/there"))
    site.on("/there", honest(rss("b"), '"1"'))
    await worker.start(
        {"url": site.url("/away", userinfo="bob:pass@"), "headers": {"X-Key": "secret"}},
        {"url": site.url("/here", userinfo="bob:pass@")},
    )
    await worker.passing(8.5 * HOUR)
    assert (len(site.of("/away")), len(site.of("/here"))) == (5, 5)
    assert (len(other.visits), len(site.of("/there"))) == (9, 9)
    for visit in other.visits:
        assert (visit.header("Authorization"), visit.header("X-Key")) == (None, None)
    assert {visit.header("Authorization") for visit in site.visits} == {"Basic Ym9iOnBhc3M="}


async def test_a_redirect_waits_for_its_host_s_turn_and_the_pause_there(worker: Steered):
    """43: six servers that lead to one, which is asked one thing at a time all the same."""
    site = await worker.site()
    starts = []
    for number in range(6):
        at = site.on(f"/{number}", answer(200, rss(f"{number}")))
        starts.append((await worker.site(host=f"127.0.0.{number + 2}")).on("/feed", redirect(302, at)))
    await worker.start(*starts, fetch={"host_gap": "60ms"})
    await worker.passing(1.0)
    arrived = [visit.real_seconds + visit.seconds for visit in site.visits]
    assert len(arrived) == 6
    assert site.most_at_once == 1
    assert all(after - before >= 0.06 for before, after in pairwise(arrived))


async def test_a_redirect_to_a_host_that_wants_to_be_left_alone_is_not_followed_before_that(worker: Steered):
    """23, 43: the feed is no failure; it is polled when the host may be asked."""
    start, busy = await worker.site(), await worker.site(host="127.0.0.2")
    busy.on("/busy", answer(429, b"", {"Retry-After": "7200"}), answer(404))
    busy.on("/feed", honest(rss("a"), '"1"'))
    start.on("/feed", redirect(302, busy.url()))
    await worker.start(busy.url("/busy"), {"url": start.url(), "interval": "1h"})
    await worker.passing(1.9 * HOUR)
    assert len(busy.of("/feed")) == 0
    await worker.passing(0.2 * HOUR)
    assert len(busy.of("/feed")) == 1
    assert [event["headline"] for event in worker.events()] == ["Headline a"]
