"""HttpFetcher against real servers on loopback, most of which misbehave."""

from __future__ import annotations

import asyncio
import base64
import gc
import gzip
import re
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.integration.http_servers import (
    OK,
    Server,
    answered,
    closing,
    dripping,
    failed,
    fetching,
    head,
    redirect,
    resetting,
    resolve,
)
from worker.model.fetch import Request, Response

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from worker.edges.http import HttpFetcher

SOON_SECONDS = 0.3


# What is sent


async def test_a_request_says_who_we_are_and_invents_nothing(server: Server, fetcher: HttpFetcher) -> None:
    await answered(fetcher, server.url("/feed"))

    (request,) = server.received
    assert request.line == "GET /feed HTTP/1.1"
    assert [name for name, _ in request.headers] == ["Host", "User-Agent", "Accept", "Accept-Encoding"]
    assert request.header("User-Agent") == "Dateline/1.0 (+https://dateline.example)"
    assert request.header("Accept-Encoding") == "gzip, deflate, zstd"
    accept = request.header("Accept") or ""
    assert accept.startswith("application/atom+xml, application/rss+xml")
    assert accept.endswith("*/*;q=0.5")


async def test_a_page_is_asked_for_as_html(server: Server, fetcher: HttpFetcher) -> None:
    await fetcher.fetch(Request(url=server.url("/story"), kind="page"))
    assert (server.received[0].header("Accept") or "").startswith("text/html")


@pytest.mark.parametrize("etag", ['"abc"', 'W/"x"', "unquoted-1", '"a, b"', '"caf\N{LATIN SMALL LETTER E WITH ACUTE}"'])
@pytest.mark.parametrize("date", ["Sat, 24 May 2025 10:00:00 GMT", "2025-05-24 about noon"])
async def test_validators_are_echoed_byte_for_byte(server: Server, fetcher: HttpFetcher, etag: str, date: str) -> None:
    await answered(fetcher, server.url(), etag=etag, last_modified=date)

    (request,) = server.received
    assert request.header("If-None-Match") == etag
    assert request.header("If-Modified-Since") == date


async def test_a_lone_validator_goes_alone(server: Server, fetcher: HttpFetcher) -> None:
    await answered(fetcher, server.url("/1"), etag='"x"')
    await answered(fetcher, server.url("/2"), last_modified="Sat, 24 May 2025 10:00:00 GMT")

    by_etag, by_date = server.received
    assert (by_etag.header("If-None-Match"), by_etag.header("If-Modified-Since")) == ('"x"', None)
    assert by_date.header("If-None-Match") is None
    assert by_date.header("If-Modified-Since") == "Sat, 24 May 2025 10:00:00 GMT"


@pytest.mark.parametrize("etag", ['"a"\r\nX-Injected: 1', '"a\x00"', '"a\x01"', '"\udce9"'])
async def test_a_validator_that_no_header_can_carry_is_left_out(
    server: Server, fetcher: HttpFetcher, etag: str
) -> None:
    await answered(fetcher, server.url(), etag=etag)

    (request,) = server.received
    assert request.header("If-None-Match") is None
    assert request.header("X-Injected") is None


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/feed#latest", "/feed"),
        ("/a%7eb?sig=a%2Fb%3d+c%20d&x=a+b", "/a%7eb?sig=a%2Fb%3d+c%20d&x=a+b"),
        ("/a//b/../c", "/a//b/../c"),
        ("/caf\N{LATIN SMALL LETTER E WITH ACUTE} 1", "/caf%C3%A9%201"),
        ("", "/"),
        ("?page=1", "/?page=1"),
    ],
)
async def test_a_url_is_sent_as_it_stands_without_its_fragment(
    server: Server, fetcher: HttpFetcher, path: str, target: str
) -> None:
    response = await answered(fetcher, server.url(path))

    assert [request.target for request in server.received] == [target]
    assert "#" not in response.url


async def test_cookies_are_not_kept(server: Server, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    resolve(monkeypatch, {"feed.example": ["127.0.0.1"]})
    server.routes["/"] = head("200 OK", {"Set-Cookie": "id=1", "Content-Length": 0})

    await answered(fetcher, f"http://feed.example:{server.port}/")
    await answered(fetcher, f"http://feed.example:{server.port}/")

    assert [request.header("Cookie") for request in server.received] == [None, None]


async def test_credentials_are_sent_as_basic_authorization_and_told_to_nobody(
    server: Server, fetcher: HttpFetcher
) -> None:
    server.routes["/broken"] = closing(b"no HTTP")

    response = await answered(fetcher, server.url("/feed", userinfo="us%3Aer:s%40cret@"))
    failure = await failed(fetcher, server.url("/broken", userinfo="us%3Aer:s%40cret@"))

    expected = "Basic " + base64.b64encode(b"us:er:s@cret").decode()
    assert [request.header("Authorization") for request in server.received] == [expected, expected]
    assert response.url == server.url("/feed")
    assert failure.url == server.url("/broken")
    assert "cret" not in repr(response) + repr(failure)


@pytest.mark.parametrize(
    "url",
    [
        "http://user:s3cret@127.0.0.1:99999/",
        "http://user:s3/cret@127.0.0.1/",
        "ftp://user:s3cret@127.0.0.1/",
        "file://user:s3cret@/etc/passwd",
        "http://user:s3cret@/",
        "http://user:s3cret@a b/",
    ],
)
async def test_a_url_that_cannot_be_visited_fails_without_telling_its_credentials(
    fetcher: HttpFetcher, url: str
) -> None:
    failure = await failed(fetcher, url)

    assert failure.kind == "protocol"
    assert failure.detail.startswith("the URL ")
    assert "cret" not in repr(failure)


# What comes back


async def test_a_body_comes_back_as_it_travelled(server: Server, fetcher: HttpFetcher) -> None:
    packed = gzip.compress(b"<rss/>")
    server.routes["/"] = head("200 OK", {"Content-Encoding": "gzip", "Content-Length": len(packed)}, packed)

    response = await answered(fetcher, server.url())

    assert response.body == packed
    assert response.content_encoding == "gzip"


async def test_header_names_are_lower_case_and_repeated_headers_joined(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = (
        b'HTTP/1.1 200 OK\r\nETag: W/"x"\r\nCache-Control: no-cache\r\ncache-control:  max-age=60 \r\n'
        b"Content-Length: 0\r\n\r\n"
    )

    response = await answered(fetcher, server.url())

    assert dict(response.headers) == {
        "etag": 'W/"x"',
        "cache-control": "no-cache, max-age=60",
        "content-length": "0",
    }


async def test_headers_are_always_unicode_and_validators_always_repeatable(
    server: Server, fetcher: HttpFetcher
) -> None:
    server.routes["/"] = b'HTTP/1.1 200 OK\r\nETag: "\xe9"\r\nServer: caf\xe9\r\nContent-Length: 0\r\n\r\n'

    response = await answered(fetcher, server.url())

    assert dict(response.headers) == {"server": "caf\N{REPLACEMENT CHARACTER}", "content-length": "0"}


@pytest.mark.parametrize("status", [200, 203, 301, 400, 401, 404, 410, 429, 500, 503])
async def test_any_status_is_an_answer_with_its_body(server: Server, fetcher: HttpFetcher, status: int) -> None:
    server.routes["/"] = head(f"{status} As It Is", {"Content-Length": 3}, b"why")

    response = await answered(fetcher, server.url())

    assert (response.status, response.body) == (status, b"why")


async def test_an_answer_is_dated_when_its_head_arrives(server: Server) -> None:
    class HandClock:
        at = datetime(2025, 5, 24, 10, 0, tzinfo=UTC)
        elapsed_seconds = 100.0

        def now(self) -> datetime:
            head_came.set()
            return self.at

        def monotonic_seconds(self) -> float:
            return self.elapsed_seconds

    clock = HandClock()
    head_came, body_may_come = asyncio.Event(), asyncio.Event()

    async def slow(writer: asyncio.StreamWriter) -> None:
        clock.at += timedelta(seconds=2)
        clock.elapsed_seconds += 2
        writer.write(head("200 OK", {"Content-Length": 2}))
        await asyncio.wait_for(body_may_come.wait(), timeout=30)
        writer.write(b"ok")

    server.routes["/"] = slow
    async with fetching(clock=clock) as fetcher:
        running = asyncio.create_task(fetcher.fetch(Request(url=server.url())))
        await asyncio.wait_for(head_came.wait(), timeout=30)
        clock.at += timedelta(seconds=3)
        clock.elapsed_seconds += 3
        body_may_come.set()
        response = await running

    assert response.retrieved_at == datetime(2025, 5, 24, 10, 0, 2, tzinfo=UTC)
    assert response.duration_seconds == 5.0


async def test_interim_answers_are_passed_over(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = head("103 Early Hints", {"Link": "</style.css>"}) + OK

    response = await answered(fetcher, server.url())

    assert (response.status, response.body) == (200, b"ok")


async def test_a_flood_of_interim_answers_is_cut_off(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = dripping(b"", head("100 Continue") * 100)

    failure = await failed(fetcher, server.url())

    assert failure.kind == "protocol"


async def test_a_coding_that_was_not_asked_for_is_told_as_it_is(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = head("200 OK", {"Content-Encoding": "Br", "Content-Length": 4}, b"\x0b\x01\x80\x03")

    response = await answered(fetcher, server.url())

    assert (response.content_encoding, response.body) == ("br", b"\x0b\x01\x80\x03")


async def test_an_answer_of_http_1_0_ends_its_connection(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = closing(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok")

    assert (await answered(fetcher, server.url())).body == b"ok"
    assert (await answered(fetcher, server.url())).body == b"ok"
    assert [request.connection for request in server.received] == [1, 2]


@pytest.mark.parametrize(
    "piece", [b"1\r\nx\r\n" * 10_000, b"1;" + b"x" * 60_000 + b"\r\nx\r\n"], ids=["tiny", "extended"]
)
async def test_a_body_of_next_to_nothing_but_frames_is_cut_off(server: Server, piece: bytes) -> None:
    """To read five megabytes in chunks of a byte each takes the loop, and all other feeds with it, many seconds."""
    chunks = piece * (8_000_000 // len(piece)) + b"0\r\n\r\n"
    server.routes["/"] = head("200 OK", {"Transfer-Encoding": "chunked"}, chunks)
    async with fetching(max_body_bytes=5_000_000) as fetcher:
        failure = await failed(fetcher, server.url())
    assert failure.kind == "protocol"
    read = re.search(r"malformed after (\d+) bytes", failure.detail)
    assert read is not None
    assert int(read[1]) < 15_000  # a fifth of what is let through, 16 KiB and a little more, and of one read more


async def test_a_server_may_write_in_small_chunks(server: Server) -> None:
    """Some flush each line of a template."""
    chunks = (b"1e\r\n" + b"x" * 30 + b"\r\n") * 60_000 + b"0\r\n\r\n"
    server.routes["/"] = head("200 OK", {"Transfer-Encoding": "chunked"}, chunks)
    async with fetching(max_body_bytes=5_000_000) as fetcher:
        assert (await answered(fetcher, server.url())).body == b"x" * 1_800_000


async def test_a_body_may_be_chunked_or_end_with_the_connection(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/chunked"] = head("200 OK", {"Transfer-Encoding": "chunked"}, b"2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")
    server.routes["/closed"] = closing(head("200 OK", {}, b"abcde"))

    assert (await answered(fetcher, server.url("/chunked"))).body == b"abcde"
    assert (await answered(fetcher, server.url("/closed"))).body == b"abcde"


async def test_a_large_body_from_a_server_in_a_hurry_is_whole(server: Server) -> None:
    piece = bytes(range(256)) * 40
    body = piece * 300
    chunked = (b"2800\r\n" + piece + b"\r\n") * 300 + b"0\r\n\r\n"
    server.routes["/sized"] = closing(head("200 OK", {"Content-Length": len(body)}, body))
    server.routes["/chunked"] = head("200 OK", {"Transfer-Encoding": "chunked"}, chunked)

    async with fetching(max_body_bytes=len(body)) as fetcher:
        sized = await answered(fetcher, server.url("/sized"))
        in_chunks = await answered(fetcher, server.url("/chunked"))

    assert sized.body == body
    assert in_chunks.body == body


# Limits


async def test_a_body_of_exactly_the_cap_passes(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = closing(head("200 OK", {}, b"x" * 1000))

    assert len((await answered(fetcher, server.url())).body) == 1000


async def test_a_body_over_the_cap_is_cut_off_while_it_streams(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = dripping(head("200 OK", {"Transfer-Encoding": "chunked"}), b"190\r\n" + b"x" * 400 + b"\r\n")

    failure = await failed(fetcher, server.url())

    assert failure.kind == "too_large"
    assert failure.detail == "the body has more bytes than fetch.max_body_bytes, 1000"


async def test_the_cap_counts_bytes_as_they_travel(server: Server, fetcher: HttpFetcher) -> None:
    packed = gzip.compress(b"x" * 500_000)
    assert len(packed) < 1000
    server.routes["/"] = head("200 OK", {"Content-Encoding": "gzip", "Content-Length": len(packed)}, packed)

    assert (await answered(fetcher, server.url())).body == packed


async def test_large_bodies_wait_until_there_is_room_for_them(server: Server) -> None:
    """And waiting is no time taken: the second has all of its timeout left when its turn comes."""
    size, go_on, half = 16 * 2**20, asyncio.Event(), asyncio.Event()

    async def halting(writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", {"Content-Length": size}, b"x" * (size // 2)))
        await writer.drain()
        half.set()
        await go_on.wait()
        writer.write(b"x" * (size // 2))
        await writer.drain()

    sent: list[int] = []

    async def eager(writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", {"Content-Length": size}))
        for _number in range(64):
            writer.write(b"x" * (size // 64))
            await writer.drain()
            sent.append(size // 64)

    server.routes["/halting"], server.routes["/eager"] = halting, eager
    async with fetching(max_body_bytes=size, max_fetching_bytes=size + 1, timeout_seconds=1.0) as fetcher:
        first = asyncio.create_task(fetcher.fetch(Request(url=server.url("/halting"))))
        await half.wait()
        second = asyncio.create_task(fetcher.fetch(Request(url=server.url("/eager"))))
        done, _ = await asyncio.wait({second}, timeout=0.5)
        assert not done
        assert sum(sent) < size
        go_on.set()
        bodies = [response.body for response in await asyncio.gather(first, second) if isinstance(response, Response)]
    assert [len(body) for body in bodies] == [size, size]


async def test_a_length_over_the_cap_fails_before_the_body_is_read(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = head("200 OK", {"Content-Length": 1001})  # and no body, ever

    failure = await failed(fetcher, server.url())

    assert failure.kind == "too_large"
    assert failure.detail == "the body has 1001 bytes; fetch.max_body_bytes is 1000"


async def test_the_length_in_a_304_is_not_that_of_a_body(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = head("304 Not Modified", {"Content-Length": 1_000_000})

    response = await answered(fetcher, server.url(), etag='"x"')

    assert (response.status, response.body) == (304, b"")


@pytest.mark.parametrize(
    ("first", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x"),
        (head("200 OK", {"Content-Length": 900}), b"x"),
        (head("200 OK", {"Transfer-Encoding": "chunked"}), b"1\r\nx\r\n"),
    ],
    ids=["silence", "dripped head", "dripped body", "dripped chunks"],
)
async def test_a_slow_answer_ends_at_the_total_timeout(server: Server, first: bytes, drop: bytes) -> None:
    server.routes["/"] = dripping(first, drop)

    async with fetching(timeout_seconds=SOON_SECONDS) as fetcher:
        begun = time.monotonic()
        failure = await failed(fetcher, server.url())

    assert time.monotonic() - begun < SOON_SECONDS + 1
    assert failure.kind == "timeout"
    assert failure.detail == f"no complete answer from 127.0.0.1:{server.port} within 0.3 s"
    assert failure.duration_seconds >= SOON_SECONDS - 0.01


@pytest.mark.parametrize(
    "first",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        head("103 Early Hints"),
        head("200 OK", {"Content-Length": 900}, b"x"),
        head("200 OK", {"Transfer-Encoding": "chunked"}, b"1\r\nx\r\n"),
        head("200 OK", {}, b"x"),
    ],
    ids=["silence", "half a head", "interim answer", "sized body", "chunked body", "body without a length"],
)
async def test_an_answer_that_stands_still_ends_at_the_idle_timeout(server: Server, first: bytes) -> None:
    server.routes["/"] = dripping(first, b"")

    async with fetching(timeout_seconds=20, idle_timeout_seconds=SOON_SECONDS) as fetcher:
        begun = time.monotonic()
        failure = await failed(fetcher, server.url())
        after = await answered(fetcher, server.url("/other"))

    assert time.monotonic() - begun < SOON_SECONDS + 2
    assert (failure.kind, failure.detail) == ("timeout", f"not a byte from 127.0.0.1:{server.port} for 0.3 s")
    assert (after.body, server.connections) == (b"ok", 2)


async def test_a_second_answer_on_a_connection_ends_at_the_idle_timeout_as_well(server: Server) -> None:
    server.routes["/silent"] = dripping(head("200 OK", {"Content-Length": 900}, b"x"), b"")

    async with fetching(timeout_seconds=20, idle_timeout_seconds=SOON_SECONDS) as fetcher:
        assert (await answered(fetcher, server.url("/other"))).body == b"ok"
        begun = time.monotonic()
        failure = await failed(fetcher, server.url("/silent"))

    # Counted from its own bytes, whatever is left of the first one's alarm.
    assert time.monotonic() - begun >= SOON_SECONDS - 0.01
    assert (failure.kind, failure.detail) == ("timeout", f"not a byte from 127.0.0.1:{server.port} for 0.3 s")
    assert server.connections == 1


async def test_an_answer_that_drips_is_not_idle(server: Server) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head("200 OK", {"Content-Length": 20}))
        for _ in range(20):
            await asyncio.sleep(0.05)
            writer.write(b"x")

    server.routes["/"] = answer
    async with fetching(idle_timeout_seconds=0.5) as fetcher:
        assert (await answered(fetcher, server.url())).body == b"x" * 20


async def test_redirects_share_one_total_timeout(server: Server) -> None:
    async def late(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.2)
        writer.write(redirect(f"/{len(server.received)}"))

    server.routes = dict.fromkeys(["/", "/1", "/2", "/3", "/4"], late)
    async with fetching(timeout_seconds=0.5) as fetcher:
        failure = await failed(fetcher, server.url())

    assert failure.kind == "timeout"
    # At 0, 0.2 and 0.4 s, or fewer when the machine is busy; a timeout for each would have let all of them come.
    assert 1 <= len(server.received) <= 3


async def test_a_handshake_that_never_ends_meets_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with fetching(connect_timeout_seconds=SOON_SECONDS) as fetcher:
            failure = await failed(fetcher, f"https://127.0.0.1:{port}/")

    assert failure.kind == "timeout"
    assert failure.detail == f"no connection to 127.0.0.1:{port} within 0.3 s"


async def test_waiting_for_a_turn_does_not_count_as_time_taken(server: Server) -> None:
    under_way = most = 0

    async def late(writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.3)
        under_way -= 1
        writer.write(OK)

    server.routes["/"] = late
    async with fetching(concurrency=1, timeout_seconds=0.8, connect_timeout_seconds=0.25) as fetcher:
        responses = await asyncio.gather(*(answered(fetcher, server.url()) for _ in range(4)))

    assert all(response.duration_seconds < 0.8 for response in responses)
    assert most == 1


# Addresses


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1",
        "localhost",
    ],
)
async def test_every_spelling_of_loopback_is_blocked_unless_allowed(server: Server, host: str) -> None:
    async with fetching(allow_networks=[]) as fetcher:
        failure = await failed(fetcher, f"http://{host}:{server.port}/")

    assert failure.kind == "blocked"
    assert server.connections == 0


async def test_a_name_that_resolves_to_a_private_address_is_blocked(
    fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"inside.example": ["10.0.0.1", "192.168.0.1"]})

    failure = await failed(fetcher, "http://inside.example/")

    assert failure.kind == "blocked"
    assert failure.detail == "address 10.0.0.1 is private; add 10.0.0.0/8 to fetch.allow_networks to visit it"


async def test_a_name_is_visited_at_the_address_that_is_allowed(
    server: Server, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"mixed.example": ["10.0.0.1", "127.0.0.1"]})

    response = await answered(fetcher, f"http://mixed.example:{server.port}/")

    assert response.status == 200
    assert server.received[0].header("Host") == f"mixed.example:{server.port}"


# Failures by their cause


async def test_a_name_that_does_not_resolve_is_a_dns_failure(
    fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {})

    failure = await failed(fetcher, "http://nosuch.example/feed")

    assert (failure.kind, failure.url) == ("dns", "http://nosuch.example/feed")
    assert failure.detail == 'name "nosuch.example" does not resolve'


async def test_a_name_server_that_is_away_is_told_from_a_name_that_is_not_there(
    fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    def getaddrinfo(*_args: object, **_options: object) -> list[object]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    failure = await failed(fetcher, "http://feed.example/")

    assert (failure.kind, failure.detail) == ("dns", 'name "feed.example" cannot be looked up now')


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example"])
async def test_a_name_that_no_name_server_could_hold_is_a_dns_failure(fetcher: HttpFetcher, host: str) -> None:
    failure = await failed(fetcher, f"http://{host}/")

    assert (failure.kind, failure.detail) == ("dns", f'name "{host}" does not resolve')


async def test_a_refused_connection_is_told(fetcher: HttpFetcher) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, but nobody listens
        port = unused.getsockname()[1]

        failure = await failed(fetcher, f"http://127.0.0.1:{port}/")

    assert (failure.kind, failure.detail) == ("connect", f"connection refused by 127.0.0.1:{port}")


@pytest.mark.parametrize("hang_up", [closing(b""), resetting(b"")], ids=["closed", "reset"])
async def test_a_server_that_hangs_up_before_it_answers_is_asked_once(
    server: Server, fetcher: HttpFetcher, hang_up: Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> None:
    """aiohttp by itself would ask again, on a new connection."""
    server.routes["/"] = hang_up

    failure = await failed(fetcher, server.url())

    assert failure.kind == "connect"
    assert failure.detail == f"127.0.0.1:{server.port} closed the connection before it answered"
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "answer",
    [
        closing(b"SSH-2.0-OpenSSH_9.6\r\n"),
        closing(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
        closing(b"<rss></rss>"),
        closing(b"HTTP/1.1 200 OK\r\nContent-"),
        resetting(b"HTTP/1.1 200 OK\r\nContent-"),
        head("200 OK", {"Content-Length": "many"}),
        head("200 OK", {"Content-Length": "-1"}),
        head("200 OK", {"X-Long": "x" * 200_000}),
        head("200 OK", {f"X-{number}": number for number in range(10_000)}),
    ],
    ids=[
        "ssh",
        "http 2",
        "http 0.9",
        "half a head",
        "reset head",
        "bad length",
        "minus length",
        "long header",
        "many headers",
    ],
)
async def test_what_is_not_http_is_a_protocol_failure(
    server: Server, fetcher: HttpFetcher, answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> None:
    server.routes["/"] = answer

    failure = await failed(fetcher, server.url())

    assert failure.kind == "protocol"
    assert f"127.0.0.1:{server.port}" in failure.detail
    assert len(server.received) == 1


async def test_a_body_shorter_than_announced_is_a_protocol_failure(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = closing(head("200 OK", {"Content-Length": 10}, b"short"))

    failure = await failed(fetcher, server.url())

    assert failure.kind == "protocol"
    assert failure.detail == f"the body from 127.0.0.1:{server.port} is cut off or malformed after 5 of 10 bytes"


@pytest.mark.parametrize(
    "answer",
    [
        head("200 OK", {"Transfer-Encoding": "chunked"}, b"zz\r\nab\r\n"),
        dripping(head("200 OK", {"Transfer-Encoding": "chunked"}, b"2\r\nab\r\n"), b"zz\r\n"),
        closing(head("200 OK", {"Transfer-Encoding": "chunked"}, b"2\r\nab\r\n")),
        resetting(head("200 OK", {}, b"ab")),
    ],
    ids=["bad chunk", "bad chunk later", "no last chunk", "reset without a length"],
)
async def test_a_body_cut_off_or_malformed_is_a_protocol_failure(
    server: Server, fetcher: HttpFetcher, answer: bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> None:
    """aiohttp by itself waits for ever after a bad chunk, and takes a reset for the end of a body without a length."""
    server.routes["/"] = answer

    failure = await failed(fetcher, server.url())

    assert failure.kind == "protocol"
    assert f"the body from 127.0.0.1:{server.port} is cut off or malformed" in failure.detail


# Connections that are kept


async def test_a_clean_connection_is_used_again(server: Server, fetcher: HttpFetcher) -> None:
    for _ in range(3):
        await answered(fetcher, server.url())

    assert [request.connection for request in server.received] == [1, 1, 1]


@pytest.mark.parametrize("status", ["304 Not Modified", "204 No Content"])
@pytest.mark.parametrize(
    "headers", [{}, {"Content-Length": 5}, {"Transfer-Encoding": "chunked"}], ids=["bare", "length", "chunked"]
)
async def test_a_body_behind_an_answer_that_has_none_changes_nothing(
    server: Server, fetcher: HttpFetcher, status: str, headers: dict[str, str | int]
) -> None:
    """aiohttp by itself calls this a bad status line, and the 304 is lost."""
    server.routes["/"] = head(status, {"ETag": '"x"', **headers}, b"<rss/>")

    response = await answered(fetcher, server.url(), etag='"x"')
    after = await answered(fetcher, server.url("/other"))

    assert (response.status, response.headers["etag"], response.body) == (int(status[:3]), '"x"', b"")
    assert after.body == b"ok"
    assert [request.connection for request in server.received] == [1, 2]


async def test_a_connection_is_kept_after_answers_that_have_no_body(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = head("304 Not Modified", {"ETag": '"x"'})
    server.routes["/none"] = head("204 No Content", {"Content-Length": 0})

    for path in ("/", "/none", "/", "/other"):
        await answered(fetcher, server.url(path), etag='"x"')

    assert [request.connection for request in server.received] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "headers", [{"Content-Length": 43}, {"Transfer-Encoding": "chunked"}], ids=["length", "chunked"]
)
async def test_a_late_body_behind_a_304_does_not_become_the_next_answer(
    server: Server, fetcher: HttpFetcher, headers: dict[str, str | int]
) -> None:
    body_may_come = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(head("304 Not Modified", headers))
        await asyncio.wait_for(body_may_come.wait(), timeout=30)
        writer.write(head("200 OK", {"Content-Length": 5}, b"wrong"))

    server.routes["/"] = answer
    response = await answered(fetcher, server.url(), etag='"x"')
    server.arrived.clear()
    following = asyncio.create_task(answered(fetcher, server.url("/other")))
    await asyncio.wait_for(server.arrived.wait(), timeout=30)
    body_may_come.set()

    assert response.status == 304
    assert (await following).body == b"ok"


@pytest.mark.parametrize("surplus", [b"surplus", head("200 OK", {"Content-Length": 5}, b"wrong")])
@pytest.mark.parametrize("head_first", [False, True])
async def test_bytes_behind_a_whole_body_are_dropped_with_their_connection(
    server: Server,
    fetcher: HttpFetcher,
    surplus: bytes,
    head_first: bool,  # noqa: FBT001 - one of two cases
) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        if head_first:
            writer.write(OK[:-2])
            await asyncio.sleep(0.05)
            writer.write(OK[-2:] + surplus)
        else:
            writer.write(OK + surplus)

    server.routes["/"] = answer
    assert (await answered(fetcher, server.url())).body == b"ok"
    assert (await answered(fetcher, server.url("/other"))).body == b"ok"
    assert [request.connection for request in server.received] == [1, 2]


@pytest.mark.parametrize("surplus", [head("200 OK", {"Content-Length": 5}, b"wrong"), b"HTTP/1.1 200 OK\r\nContent-"])
async def test_an_answer_that_nobody_asked_for_is_never_taken(
    server: Server, fetcher: HttpFetcher, surplus: bytes
) -> None:
    """It comes on an idle connection, where it would be the answer to whatever is asked next."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(OK)
        await asyncio.sleep(0.05)
        writer.write(surplus)

    server.routes["/"] = answer
    await answered(fetcher, server.url())
    await asyncio.sleep(0.1)

    assert (await answered(fetcher, server.url("/other"))).body == b"ok"
    assert [request.connection for request in server.received] == [1, 2]


@pytest.mark.parametrize("hang_up", [closing(b""), resetting(b"")], ids=["closed", "reset"])
async def test_a_kept_connection_that_the_server_closed_is_replaced_once(
    server: Server, fetcher: HttpFetcher, hang_up: Callable[[asyncio.StreamWriter], Awaitable[None]]
) -> None:
    async def only_on_new_connections(writer: asyncio.StreamWriter) -> None:
        if server.received[-1].connection == 1:
            await hang_up(writer)
        else:
            writer.write(OK)

    server.routes["/second"] = only_on_new_connections
    await answered(fetcher, server.url("/first"))

    response = await answered(fetcher, server.url("/second"), etag='"x"')

    assert response.body == b"ok"
    assert [(request.connection, request.target) for request in server.received] == [
        (1, "/first"),
        (1, "/second"),
        (2, "/second"),
    ]
    assert server.received[2].header("If-None-Match") == '"x"'


async def test_a_server_that_hangs_up_on_the_new_connection_too_is_left_alone(
    server: Server, fetcher: HttpFetcher
) -> None:
    server.routes["/second"] = closing(b"")
    await answered(fetcher, server.url("/first"))

    failure = await failed(fetcher, server.url("/second"))

    assert failure.kind == "connect"
    assert [request.connection for request in server.received] == [1, 1, 2]


async def test_half_an_answer_on_a_kept_connection_is_not_asked_for_again(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/second"] = closing(b"HTTP/1.1 200 O")
    await answered(fetcher, server.url("/first"))

    failure = await failed(fetcher, server.url("/second"))

    assert failure.kind == "protocol"
    assert [request.connection for request in server.received] == [1, 1]


# Life of the fetcher


async def test_cancelling_a_fetch_passes_through_and_frees_its_place(server: Server) -> None:
    server.routes["/silent"] = dripping(b"", b"")
    async with fetching(concurrency=1) as fetcher:
        running = asyncio.create_task(fetcher.fetch(Request(url=server.url("/silent"))))
        await asyncio.wait_for(server.arrived.wait(), timeout=30)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

        assert (await answered(fetcher, server.url())).body == b"ok"


async def test_closing_is_idempotent_and_leaves_nothing_open(server: Server) -> None:
    async with fetching() as fetcher:
        await fetcher.close()
        await answered(fetcher, server.url())
        await fetcher.close()
        await fetcher.close()
        await asyncio.wait_for(server.left.wait(), timeout=30)
        del fetcher
    gc.collect()  # an unclosed session or transport warns here, and warnings are errors

    assert server.connections == 1
