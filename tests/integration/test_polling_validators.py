"""What is asked of a server that names the version of its document: numbers 1 to 14 of the list of behaviours."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING

import pytest

from tests.integration.recording import Answer, answer, honest, redirect, rss
from tests.integration.steered import DAY, HOUR, Steered, steered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MONDAY = "Mon, 02 Mar 2026 08:00:00 GMT"


@pytest.fixture
async def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Steered]:
    async with steered(tmp_path, monkeypatch) as worker:
        yield worker


async def test_a_new_feed_is_asked_once_without_conditions_and_never_again(worker: Steered):
    """1: also not by later runs, which restore what was learned."""
    site = await worker.site()
    await worker.start(site.on("/feed", honest(rss("a"), '"1"')))
    for _ in range(3):
        await worker.passing(2 * HOUR)
        await worker.restart()
    assert [visit.conditional for visit in site.visits[:2]] == [False, True]
    assert all(visit.conditional for visit in site.visits[1:])
    assert {visit.method for visit in site.visits} == {"GET"}
    assert len(site.visits) == 7
    assert len(worker.events()) == 1


async def test_a_crash_before_the_second_poll_makes_no_second_first_poll(worker: Steered):
    """1: the validators are on disk as soon as the articles are."""
    site = await worker.site()
    await worker.start(site.on("/feed", honest(rss("a"), '"1"')))
    await worker.crash()
    await worker.start_again()
    await worker.passing(HOUR)
    assert [visit.validators for visit in site.visits] == [(None, None), ('"1"', None)]


@pytest.mark.parametrize(
    ("etag", "last_modified"),
    [
        ('"abc"', MONDAY),
        ('W/"abc"', "Mon, 2 Mar 2026 8:00 +0000"),
        ("abc", "yesterday, about noon"),
        ('w/"abc"', "1772438400"),
        ('"a,b"  c', "Monday, 02-Mar-26 08:00:00 GMT"),
        ('"äöü"', "Mon, 02 Mär 2026 08:00:00 GMT"),
        ("'abc'", MONDAY.lower()),
        ('"abc-gzip"', "0"),
    ],
)
async def test_both_validators_go_back_as_they_came(worker: Steered, etag: str, last_modified: str):
    """2, 4, 5: quotes or none, weak or not, dates that are none; also after a restart."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(200, rss("a"), {"ETag": etag, "Last-Modified": last_modified})))
    await worker.passing(HOUR)
    await worker.restart()
    await worker.passing(HOUR)
    assert [visit.validators for visit in site.visits] == [(None, None), (etag, last_modified), (etag, last_modified)]


@pytest.mark.parametrize(
    ("headers", "sent"),
    [
        ({"ETag": '"1"'}, ('"1"', None)),
        ({"Last-Modified": MONDAY}, (None, MONDAY)),
        ({}, (None, None)),
        ({"ETag": "", "Last-Modified": ""}, (None, None)),
    ],
)
async def test_a_validator_that_did_not_come_is_not_made_up(
    worker: Steered, headers: dict[str, str], sent: tuple[str | None, str | None]
):
    """3: neither from Date, nor from the dates of the document, nor from the clock."""
    site = await worker.site()
    body = rss("a", channel=f"<lastBuildDate>{MONDAY}</lastBuildDate><pubDate>{MONDAY}</pubDate>")
    await worker.start(site.on("/feed", answer(200, body, {"Date": MONDAY, **headers})))
    await worker.passing(DAY)
    assert site.visits[1].validators == sent


@pytest.mark.parametrize("same", [True, False])
async def test_an_answer_without_validators_ends_those_before(worker: Steered, same: bool):  # noqa: FBT001 - a case
    """6: whether its document is the same or another."""
    site = await worker.site()
    first = answer(200, rss("a"), {"ETag": '"1"', "Last-Modified": MONDAY})
    await worker.start(site.on("/feed", first, answer(200, rss("a" if same else "b"))))
    await worker.passing(HOUR + DAY)
    assert [visit.conditional for visit in site.visits] == [False, True, False]


async def test_a_new_answer_brings_its_own_validators_alone(worker: Steered):
    """6: an ETag does not outlive the answer that left it out."""
    site = await worker.site()
    await worker.start(
        site.on(
            "/feed",
            answer(200, rss("a"), {"ETag": '"1"', "Last-Modified": MONDAY}),
            answer(200, rss("b"), {"Last-Modified": "later"}),
        )
    )
    await worker.passing(2 * HOUR)
    assert site.visits[2].validators == (None, "later")


async def test_not_modified_is_a_success_without_events(worker: Steered):
    """7: it ends a row of failures."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(200, rss("a"), {"ETag": '"1"'}), answer(500), answer(304)))
    await worker.passing(1.2 * HOUR)
    assert worker.state().failures == 1
    first_at = worker.state().succeeded_at
    await worker.passing(1.2 * HOUR)
    state = worker.state()
    assert (state.failures, state.status, state.reason) == (0, "active", None)
    assert state.succeeded_at == site.visits[2].at
    assert state.succeeded_at != first_at
    assert len(worker.events()) == 1
    assert worker.outcomes()[-1] == ("not_modified", None)
    assert [visit.validators for visit in site.visits[1:]] == [('"1"', None)] * 2


async def test_not_modified_may_bring_new_validators(worker: Steered):
    """8: those that it does not bring stay (RFC 9111, 4.3.4), also through a restart."""
    site = await worker.site()
    await worker.start(
        site.on(
            "/feed",
            answer(200, rss("a"), {"ETag": '"1"', "Last-Modified": MONDAY}),
            answer(304, b"", {"ETag": '"2"'}),
            answer(304, b"", {"Last-Modified": "later"}),
            answer(304),
        )
    )
    await worker.passing(2 * HOUR)
    await worker.restart()
    await worker.passing(HOUR)
    assert [visit.validators for visit in site.visits[1:]] == [('"1"', MONDAY), ('"2"', MONDAY), ('"2"', "later")]


async def test_not_modified_where_nobody_asked_is_an_error(worker: Steered):
    """9: the next request has no conditions either, although the 304 named a validator."""
    site = await worker.site()
    await worker.start(site.on("/feed", answer(304, b"", {"ETag": '"1"'}), honest(rss("a"), '"1"')))
    assert worker.outcomes() == [("http_error", "http_304")]
    await worker.passing(1.2 * HOUR)
    assert [visit.conditional for visit in site.visits] == [False, False]
    assert len(worker.events()) == 1


async def test_a_304_with_a_body_is_a_304_and_the_end_of_its_connection(worker: Steered):
    """10: the body comes at once, later, or looks like an answer; nobody takes it for one."""
    site = await worker.site()
    later = asyncio.Event()
    other = answer(200, rss("wrong"), {"ETag": '"wrong"'})
    site.on(
        "/feed",
        answer(200, rss("a"), {"ETag": '"1"'}),
        b"HTTP/1.1 304 -\r\nContent-Length: 11\r\n\r\nunexpected!",
        b"HTTP/1.1 304 -\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"HTTP/1.1 304 -\r\n\r\n" + other,
        Answer(pieces=(b"HTTP/1.1 304 -\r\nContent-Length: 400\r\n\r\n", later, other)),
        honest(rss("a"), '"1"'),
    )
    await worker.start(site.url())
    for _ in range(4):
        await worker.passing(HOUR)
    later.set()
    await worker.passing(HOUR)
    assert worker.outcomes() == [("ok", None), *[("not_modified", None)] * 5]
    assert [visit.validators for visit in site.visits[1:]] == [('"1"', None)] * 5
    assert len({visit.connection for visit in site.visits[1:]}) == 5
    assert [event["headline"] for event in worker.events()] == ["Headline a"]


async def test_a_server_that_always_says_not_modified_is_asked_for_the_document_after_eight_days(worker: Steered):
    """11: and if the document has changed, the server is not believed again."""
    site = await worker.site()
    given = {"ETag": '"1"'}
    site.on(
        "/feed",
        lambda visit: answer(304) if visit.conditional else answer(200, rss("a", f"b{visit.number}"), given),
    )
    await worker.start({"url": site.url(), "interval": "12h"})
    await worker.passing(8 * DAY - 1)
    assert [visit.conditional for visit in site.visits] == [False] + [True] * 15
    await worker.passing(DAY)
    assert not any(visit.conditional for visit in site.visits[16:])
    assert site.times()[16] == 8 * DAY
    assert len(worker.events()) == 1 + len(site.visits) - 15


async def test_a_server_that_was_right_is_asked_without_conditions_only_every_eight_days(worker: Steered):
    """11: a document that did not change for long costs one whole answer a week."""
    site = await worker.site()
    site.on("/feed", honest(rss("a"), '"1"'))
    await worker.start({"url": site.url(), "interval": "12h"})
    await worker.passing(16.6 * DAY)
    assert [visit.number for visit in site.visits if not visit.conditional] == [0, 16, 32]


async def test_other_bytes_of_the_same_entries_do_not_make_a_liar(worker: Steered):
    """11: the time in a gzip header, or a comment, is not what validators are about (RFC 9110, 8.8.1)."""
    site = await worker.site()
    given = {"ETag": 'W/"1"', "Content-Encoding": "gzip"}

    def whole(number: int) -> bytes:
        return gzip.compress(rss("a").replace(b"</rss>", b"<!-- %d --></rss>" % number), mtime=number)

    site.on("/feed", lambda visit: answer(304) if visit.conditional else answer(200, whole(visit.number), given))
    await worker.start({"url": site.url(), "interval": "12h"})
    await worker.passing(16.6 * DAY)
    assert [visit.number for visit in site.visits if not visit.conditional] == [0, 16, 32]
    assert len(worker.events()) == 1


async def test_the_same_bytes_are_no_news_whatever_their_validators(worker: Steered):
    """12: the new validators count from now on."""
    site = await worker.site()
    await worker.start(site.on("/feed", *(answer(200, rss("a"), {"ETag": f'"{number}"'}) for number in range(3))))
    await worker.passing(2 * HOUR)
    assert [visit.header("If-None-Match") for visit in site.visits] == [None, '"0"', '"1"']
    assert worker.outcomes() == [("ok", None), ("not_modified", None), ("not_modified", None)]
    assert len(worker.events()) == 1


async def test_known_validators_with_a_200_mean_not_modified(worker: Steered):
    """13: the body may differ in what nobody reads; after three such answers it is read all the same."""
    site = await worker.site()
    given = {"ETag": '"1"', "Last-Modified": MONDAY}
    site.on("/feed", *(answer(200, rss(f"{number}"), given) for number in range(5)))
    await worker.start(site.url())
    await worker.passing(3 * HOUR)
    assert worker.outcomes() == [("ok", None), *[("not_modified", None)] * 3]
    assert len(worker.events()) == 1
    await worker.passing(HOUR)
    assert [visit.conditional for visit in site.visits] == [False, True, True, True, False]
    assert len(worker.events()) == 2


async def test_the_same_etag_of_another_server_means_nothing(worker: Steered):
    """13, 34: validators belong to the address that gave them."""
    one, two, three = [await worker.site(host=f"127.0.0.{number}") for number in (1, 2, 3)]
    given = {"ETag": '"1"'}
    to_two = redirect(302, two.on("/feed", answer(200, rss("a"), given)))
    to_three = redirect(302, three.on("/feed", answer(200, rss("b"), given)))
    await worker.start(one.on("/feed", to_two, to_three))
    await worker.passing(HOUR)
    assert three.visits[0].validators == (None, None)
    assert [event["headline"] for event in worker.events()] == ["Headline a", "Headline b"]


BODY = gzip.compress(rss("a", "b"))
BROKEN_OFF = {
    "gzip that ends early": answer(200, BODY[:-12], {"ETag": '"1"', "Content-Encoding": "gzip"}),
    "gzip without its checksum": answer(200, BODY[:-8], {"ETag": '"1"', "Content-Encoding": "gzip"}),
    "gzip with a wrong checksum": answer(200, BODY[:-8] + b"\0" * 8, {"ETag": '"1"', "Content-Encoding": "gzip"}),
    "gzip that is not named": answer(200, BODY[:-12], {"ETag": '"1"'}),
    "a document that ends early": answer(200, rss("a", "b")[:-40], {"ETag": '"1"'}),
    "an entry that ends early": answer(200, rss("a", "b")[:-80], {"ETag": '"1"'}),
}
HUNG_UP = {
    "fewer bytes than announced": answer(200, rss("a", "b")[:-30], {"ETag": '"1"'}, length=len(rss("a", "b"))),
    "a chunk that is not whole": b'HTTP/1.1 200 -\r\nETag: "1"\r\nTransfer-Encoding: chunked\r\n\r\nfff\r\n<rss>',
    "chunks without an end": b'HTTP/1.1 200 -\r\nETag: "1"\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n',
}


@pytest.mark.parametrize("name", [*BROKEN_OFF, *HUNG_UP])
async def test_the_validators_of_a_body_that_broke_off_are_not_kept(worker: Steered, name: str):
    """14: also when the same broken body comes again and again."""
    times = 3
    broken = BROKEN_OFF.get(name) or Answer(pieces=(HUNG_UP[name],), close=True)
    site = await worker.site()
    site.on("/feed", *[broken] * times, honest(rss("a", "b"), '"1"'))
    await worker.start(site.url())
    await worker.passing(10 * DAY)
    assert [visit.conditional for visit in site.visits[: times + 2]] == [*[False] * (times + 1), True]
    assert sorted(event["headline"] for event in worker.events()) == ["Headline a", "Headline b"]


@pytest.mark.parametrize("name", [*BROKEN_OFF, *HUNG_UP])
async def test_a_body_that_broke_off_leaves_the_validators_of_the_one_before(worker: Steered, name: str):
    """14: what was read last is still what is known."""
    damaged = (BROKEN_OFF.get(name) or HUNG_UP[name]).replace(b'"1"', b'"2"')
    site = await worker.site()
    site.on("/feed", answer(200, rss("z"), {"ETag": '"0"'}), Answer(pieces=(damaged,), close=True))
    await worker.start(site.url())
    await worker.passing(4 * HOUR)
    assert {visit.validators for visit in site.visits[1:]} == {('"0"', None)}
