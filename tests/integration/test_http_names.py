"""Hosts that are no plain names of ASCII letters, and name servers that are slow or away."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import TYPE_CHECKING

import pytest

from tests.integration.http_servers import Server, answered, failed, fetching, redirect, resolve, serving
from worker.model.fetch import FetchFailure, Hop, Request

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from worker.edges.http import HttpFetcher


@pytest.fixture
async def server6() -> AsyncIterator[Server]:
    """A server on ::1."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    async with serving(host="::1") as running:
        yield running


# IPv6


async def test_an_ipv6_address_is_visited_on_a_connection_that_is_kept(server6: Server, fetcher: HttpFetcher) -> None:
    await answered(fetcher, server6.url("/feed"))
    response = await answered(fetcher, server6.url("/feed"))

    assert response.url == f"http://[::1]:{server6.port}/feed"
    assert [(request.connection, request.header("Host")) for request in server6.received] == [
        (1, f"[::1]:{server6.port}"),
        (1, f"[::1]:{server6.port}"),
    ]


async def test_a_redirect_leads_from_ipv4_to_ipv6(server: Server, server6: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = redirect(server6.url("/feed"), "301 Moved")

    assert (await answered(fetcher, server.url())).hops == (Hop(status=301, url=server6.url("/feed")),)


async def test_a_name_with_addresses_of_both_kinds_is_visited_at_the_one_that_answers(
    server: Server, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"both.example": ["::1", "127.0.0.1"]})

    assert (await answered(fetcher, f"http://both.example:{server.port}/")).body == b"ok"


async def test_a_name_with_an_ipv6_address_alone_is_visited(
    server6: Server, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"six.example": ["::1"]})

    assert (await answered(fetcher, f"http://six.example:{server6.port}/")).body == b"ok"


@pytest.mark.parametrize("host", ["[fe80::1%25eth0]", "[fe80::1%eth0]", "[::127.0.0.1]", "[2002:7f00:1::]"])
async def test_an_ipv6_address_that_is_not_public_is_blocked(fetcher: HttpFetcher, host: str) -> None:
    assert (await failed(fetcher, f"http://{host}/")).kind == "blocked"


# IDNA


@pytest.mark.parametrize(
    ("host", "ascii_host"),
    [
        ("m\N{LATIN SMALL LETTER U WITH DIAERESIS}nchen.example", "xn--mnchen-3ya.example"),
        ("M\N{LATIN CAPITAL LETTER U WITH DIAERESIS}NCHEN.example", "xn--mnchen-3ya.example"),
        ("fa\N{LATIN SMALL LETTER SHARP S}.example", "xn--fa-hia.example"),
        ("i\N{HEAVY BLACK HEART}.example", "xn--i-7iq.example"),
        ("\N{SNOWMAN}.example", "xn--n3h.example"),
        ("news\N{IDEOGRAPHIC FULL STOP}example", "news.example"),
        ("\N{FULLWIDTH LATIN SMALL LETTER N}ews.example", "news.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
    ],
)
async def test_a_name_beyond_ascii_is_asked_for_by_its_a_labels(
    server: Server, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch, host: str, ascii_host: str
) -> None:
    resolve(monkeypatch, {ascii_host: ["127.0.0.1"]})

    response = await answered(fetcher, f"http://{host}:{server.port}/")

    assert response.url == f"http://{ascii_host}:{server.port}/"
    assert server.headers("Host") == [f"{ascii_host}:{server.port}"]


async def test_a_redirect_to_a_name_beyond_ascii_is_followed(
    server: Server, fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"xn--mnchen-3ya.example": ["127.0.0.1"]})
    server.routes["/"] = redirect(f"http://m\N{LATIN SMALL LETTER U WITH DIAERESIS}nchen.example:{server.port}/feed")

    response = await answered(fetcher, server.url())

    assert response.hops == (Hop(status=302, url=f"http://xn--mnchen-3ya.example:{server.port}/feed"),)


@pytest.mark.parametrize(
    "host",
    [
        "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1",
        "127\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}0\N{IDEOGRAPHIC FULL STOP}1",
        "\N{CIRCLED DIGIT ONE}27.0.0.1",
        "\N{CIRCLED LATIN SMALL LETTER L}ocalhost",
        "127.0.0.1.",
        "0x7f000001.",
    ],
)
async def test_a_private_address_in_fancy_letters_is_blocked(server: Server, host: str) -> None:
    async with fetching(allow_networks=[]) as strict:
        failure = await failed(strict, f"http://{host}:{server.port}/")

    assert (failure.kind, server.connections) == ("blocked", 0)


@pytest.mark.parametrize("host", ["%31%32%37.0.0.1", "a%2eb.example", "xn--a.example%00"])
async def test_a_name_with_encoded_letters_is_none(fetcher: HttpFetcher, host: str) -> None:
    """Whoever decodes it, a proxy for one, would go somewhere else."""
    failure = await failed(fetcher, f"http://{host}/")

    assert (failure.kind, failure.detail) == ("protocol", "the URL names no valid host")


# Name servers


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Names under `slow.example` take until the event is set to resolve, all others none."""
    release = threading.Event()

    def getaddrinfo(host: str, port: int, *_args: object, **_options: object) -> list[object]:
        if host.endswith("slow.example"):
            release.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    yield release
    release.set()


async def lookups_end() -> None:
    for thread in threading.enumerate():
        if thread.name == "lookup":
            await asyncio.to_thread(thread.join, 5)


async def test_names_that_hang_end_at_the_connect_timeout_and_hold_up_no_others(
    server: Server, hanging: threading.Event
) -> None:
    """There are more of them than the loop's own executor has threads."""
    async with fetching(connect_timeout_seconds=1, concurrency=60) as fetcher:
        slow = [
            asyncio.create_task(fetcher.fetch(Request(url=f"http://{number}.slow.example:{server.port}/")))
            for number in range(50)
        ]
        await asyncio.sleep(0)
        good = await answered(fetcher, f"http://news.example:{server.port}/")
        still_waiting = sum(not task.done() for task in slow)
        failures = await asyncio.gather(*slow)

        for number in range(10):  # the lookups before these still hang
            await answered(fetcher, f"http://{number}.news.example:{server.port}/")

    assert (good.body, still_waiting, len(server.received)) == (b"ok", 50, 11)
    for number, failure in enumerate(failures):
        assert isinstance(failure, FetchFailure)
        assert failure.kind == "timeout"
        assert failure.detail == f"no connection to {number}.slow.example:{server.port} within 1 s"


async def test_the_number_of_lookups_under_way_is_bounded(server: Server, hanging: threading.Event) -> None:
    await lookups_end()
    async with fetching(connect_timeout_seconds=0.2, concurrency=2) as fetcher:
        for number in range(10):
            assert (await failed(fetcher, f"http://{number}.slow.example/")).kind == "timeout"

        threads = [thread.name for thread in threading.enumerate()]
        assert threads.count("lookup") == 8  # four for each fetch that may be under way

        hanging.set()
        await lookups_end()
        assert (await answered(fetcher, f"http://news.example:{server.port}/")).body == b"ok"


async def test_a_machine_out_of_threads_is_a_dns_failure(fetcher: HttpFetcher, monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    failures = [await failed(fetcher, "http://news.example/") for _ in range(20)]  # more than there are places

    assert {failure.kind for failure in failures} == {"dns"}
