"""HttpFetcher through a real HTTP proxy on loopback: plain requests, CONNECT, and what must not get through."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ipaddress
import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.integration.http_servers import (
    LOOPBACK,
    Server,
    answered,
    certificate,
    closing,
    failed,
    fetching,
    head,
    redirect,
    resolve,
    server_side,
    serving,
)
from tests.loopback import listening
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BASIC = "Basic " + base64.b64encode(b"us:er:s@cret").decode()


@dataclass(kw_only=True)
class ForwardProxy:
    """Forwards plain requests and opens tunnels (RFC 9110, 9.3.6), one request for each connection.

    `addresses` is its name service: what the host of a request resolves to, else the host itself. `authorization` is
    asked for when it is not None. `refusal` is answered instead of any forwarding.
    """

    port: int = 0
    addresses: dict[str, str] = field(default_factory=dict)
    authorization: str | None = None
    refusal: bytes | None = None
    heads: list[str] = field(default_factory=list)

    def url(self, userinfo: str = "") -> str:
        return f"http://{userinfo}127.0.0.1:{self.port}"

    @property
    def lines(self) -> list[str]:
        return [text.partition("\r\n")[0] for text in self.heads]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            text = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(text)
            if self.authorization is not None and f"\r\nProxy-Authorization: {self.authorization}\r\n" not in text:
                writer.write(head("407 Proxy Authentication Required", {"Content-Length": 0}))
            elif self.refusal is not None:
                writer.write(self.refusal)
            else:
                await self.forward(text, reader, writer)
        writer.close()

    async def forward(self, text: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        method, target, _ = text.partition("\r\n")[0].split(" ")
        authority, slash, path = target.removeprefix("http://").partition("/")
        host, _, port = authority.rpartition(":")
        near, away = await asyncio.open_connection(self.addresses.get(host, host.strip("[]")), int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            lines = [line for line in text.split("\r\n")[1:] if not line.startswith("Proxy-")]
            away.write("\r\n".join([f"{method} {slash}{path} HTTP/1.1", "Connection: close", *lines]).encode())
        await asyncio.gather(pass_on(reader, away), pass_on(near, writer))


async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(4096):
            sink.write(data)
    sink.close()


@pytest.fixture
async def proxy() -> AsyncIterator[ForwardProxy]:
    running = ForwardProxy()
    async with listening(running.talk) as running.port:
        yield running


# The way


async def test_a_plain_request_goes_to_the_proxy_whole(proxy: ForwardProxy, server: Server) -> None:
    async with fetching(proxy=proxy.url()) as fetcher:
        response = await answered(fetcher, server.url("/feed?sig=a%2fb#top", userinfo="me:secret@"), etag='"x"')

    assert (response.url, response.body) == (server.url("/feed?sig=a%2fb"), b"ok")
    assert proxy.lines == [f"GET {server.url('/feed?sig=a%2fb')} HTTP/1.1"]
    (request,) = server.received
    assert (request.target, request.header("If-None-Match")) == ("/feed?sig=a%2fb", '"x"')


async def test_tls_goes_through_a_tunnel_that_is_kept(proxy: ForwardProxy, tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    async with serving(server_side(pem)) as server, fetching(proxy=proxy.url(), ca_file=pem) as fetcher:
        server.routes["/feed"] = head("304 Not Modified", {"ETag": '"y"'})
        responses = [
            await answered(fetcher, server.url(path, userinfo="me:secret@"), etag='"x"', headers=(("X-Key", "s3cret"),))
            for path in ("/", "/", "/feed", "/")
        ]

    assert [response.status for response in responses] == [200, 200, 304, 200]
    assert server.headers("If-None-Match") == ['"x"'] * 4
    assert [request.connection for request in server.received] == [1, 1, 1, 1]
    assert proxy.lines == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
    assert "User-Agent: Dateline/1.0" in proxy.heads[0]
    for secret in ("Authorization", "s3cret", "If-None-Match", "/feed"):
        assert secret not in proxy.heads[0]


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
async def test_credentials_are_for_the_proxy_alone(
    proxy: ForwardProxy,
    tmp_path: Path,
    tls: bool,  # noqa: FBT001 - one of two cases
) -> None:
    proxy.authorization = BASIC
    pem = certificate(tmp_path, "IP:127.0.0.1")
    async with (
        serving(server_side(pem) if tls else None) as server,
        fetching(proxy=proxy.url("us%3Aer:s%40cret@"), ca_file=pem) as fetcher,
    ):
        assert (await answered(fetcher, server.url())).body == b"ok"
        assert (await answered(fetcher, server.url())).body == b"ok"

    assert server.headers("Proxy-Authorization") + server.headers("Authorization") == [None] * 4


async def test_a_form_goes_through_the_proxy(proxy: ForwardProxy, server: Server) -> None:
    async with fetching(proxy=proxy.url()) as fetcher:
        await answered(fetcher, server.url("/hub"), form=(("hub.mode", "subscribe"),))

    assert (server.received[0].line, server.received[0].body) == ("POST /hub HTTP/1.1", b"hub.mode=subscribe")


async def test_redirects_go_through_the_proxy_hop_by_hop(proxy: ForwardProxy, server: Server, tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    async with serving(server_side(pem)) as safe, fetching(proxy=proxy.url(), ca_file=pem) as fetcher:
        server.routes["/"] = redirect(safe.url("/feed"), "301 Moved")
        response = await answered(fetcher, server.url())

    assert [(hop.status, hop.url) for hop in response.hops] == [(301, safe.url("/feed"))]
    assert proxy.lines == [f"GET {server.url()} HTTP/1.1", f"CONNECT 127.0.0.1:{safe.port} HTTP/1.1"]


# The environment


async def test_proxies_of_the_environment_are_used_when_it_is_passed_in(
    proxy: ForwardProxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with fetching() as alone, fetching(proxy_environment={"HTTP_PROXY": proxy.url()}) as fetcher:
        await answered(alone, server.url("/alone"))
        await answered(fetcher, server.url("/feed"))

    assert proxy.lines == [f"GET {server.url('/feed')} HTTP/1.1"]
    assert [request.target for request in server.received] == ["/alone", "/feed"]


async def test_what_no_proxy_names_is_visited_directly_and_guarded(proxy: ForwardProxy, server: Server) -> None:
    environment = {"http_proxy": proxy.url(), "no_proxy": "127.0.0.1, 10.0.0.0/8"}
    async with fetching(proxy_environment=environment) as fetcher:
        await answered(fetcher, server.url())
        failure = await failed(fetcher, "http://10.0.0.1/")

    assert (failure.kind, proxy.lines, len(server.received)) == ("blocked", [], 1)


def test_an_address_that_is_no_proxy_is_refused_without_its_credentials() -> None:
    with pytest.raises(Stop) as refused:
        asyncio.run(use("https://me:s3cret@proxy.example"))
    assert str(refused.value) == "fetch.proxy: this is not the address of an HTTP proxy; write http://host:port"


async def use(proxy: str) -> None:
    async with fetching(proxy=proxy):
        pass


# Addresses behind the proxy


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO}\N{FULLWIDTH DIGIT SEVEN}.0.0.1",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_private_address_is_not_asked_of_the_proxy(proxy: ForwardProxy, scheme: str, host: str) -> None:
    """The proxy itself is on a private address: the operator put it there."""
    async with fetching(proxy=proxy.url(), allow_networks=[]) as fetcher:
        failure = await failed(fetcher, f"{scheme}://{host}:8080/")

    assert (failure.kind, proxy.heads) == ("blocked", [])


async def test_a_redirect_to_a_private_address_is_not_asked_of_the_proxy(
    proxy: ForwardProxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"news.example": ["93.184.215.14"], "127.0.0.1": ["127.0.0.1"]})
    proxy.addresses["news.example"] = "127.0.0.1"
    server.routes["/"] = redirect("http://169.254.169.254/latest/meta-data/")
    async with fetching(proxy=proxy.url(), allow_networks=[]) as fetcher:
        failure = await failed(fetcher, f"http://news.example:{server.port}/")

    assert (failure.kind, failure.url) == ("blocked", "http://169.254.169.254/latest/meta-data/")
    assert proxy.lines == [f"GET http://news.example:{server.port}/ HTTP/1.1"]


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["::1"]])
async def test_a_name_with_any_private_address_is_not_asked_of_the_proxy(
    proxy: ForwardProxy, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    """Which of them the proxy would take, nobody here can say."""
    resolve(monkeypatch, {"inside.example": addresses})
    async with fetching(proxy=proxy.url(), allow_networks=[]) as fetcher:
        failure = await failed(fetcher, "https://inside.example/")

    assert (failure.kind, proxy.heads) == ("blocked", [])
    assert "; add " in failure.detail


async def test_a_name_that_only_the_proxy_can_resolve_is_asked_of_it(
    proxy: ForwardProxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {})
    proxy.addresses["news.example"] = "127.0.0.1"
    async with fetching(proxy=proxy.url(), allow_networks=[]) as fetcher:
        assert (await answered(fetcher, f"http://news.example:{server.port}/")).body == b"ok"


async def test_a_name_that_hangs_here_is_asked_of_the_proxy_after_the_connect_timeout(
    proxy: ForwardProxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: asyncio.Future[list[str]] = asyncio.get_running_loop().create_future()
    looking_up = asyncio.Event()

    async def look_up(*_: object) -> list[str]:
        looking_up.set()
        return await answers

    monkeypatch.setattr("worker.edges.guard.GuardedResolver._look_up", look_up)
    proxy.addresses["news.example"] = "127.0.0.1"
    # The proxy's own address is a literal, and needs no lookup.
    async with fetching(proxy=proxy.url(), connect_timeout_seconds=0.5) as fetcher:
        assert (await answered(fetcher, f"http://news.example:{server.port}/")).body == b"ok"
    assert looking_up.is_set()


async def test_an_allowed_private_network_is_reached_through_the_proxy(proxy: ForwardProxy, server: Server) -> None:
    async with fetching(proxy=proxy.url(), allow_networks=LOOPBACK) as fetcher:
        assert (await answered(fetcher, server.url())).body == b"ok"


async def test_a_proxy_may_be_named_and_private(
    proxy: ForwardProxy, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve(monkeypatch, {"proxy.inside.example": ["127.0.0.1"], "news.example": ["93.184.215.14"]})
    proxy.addresses["news.example"] = "127.0.0.1"
    networks = [ipaddress.ip_network("10.0.0.0/8")]
    async with fetching(proxy=f"http://proxy.inside.example:{proxy.port}", allow_networks=networks) as fetcher:
        assert (await answered(fetcher, f"http://news.example:{server.port}/")).body == b"ok"


# Failures by their cause


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_credentials_is_told(proxy: ForwardProxy, scheme: str) -> None:
    proxy.authorization = BASIC
    async with fetching(proxy=proxy.url("me:wr0ng@")) as fetcher:
        failure = await failed(fetcher, f"{scheme}://127.0.0.1:8080/")

    assert failure.kind == "connect"
    assert failure.detail == (
        f"no connection to 127.0.0.1:8080 through the proxy 127.0.0.1:{proxy.port}: it wants credentials; "
        "write them into its address"
    )


async def test_a_tunnel_that_the_proxy_refuses_is_told(proxy: ForwardProxy) -> None:
    proxy.refusal = head("502 Bad Gateway", {"Content-Length": 4}, b"oops")
    async with fetching(proxy=proxy.url()) as fetcher:
        failure = await failed(fetcher, "https://127.0.0.1:8080/")

    assert (failure.kind, failure.detail) == (
        "connect",
        f"no connection to 127.0.0.1:8080 through the proxy 127.0.0.1:{proxy.port}: it answers 502",
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_is_away_is_told(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # taken, but nobody listens
        place = f"127.0.0.1:{unused.getsockname()[1]}"
        async with fetching(proxy=f"http://me:s3cret@{place}") as fetcher:
            failure = await failed(fetcher, f"{scheme}://127.0.0.1:8080/")

    assert (failure.kind, failure.detail) == (
        "connect",
        f"no connection to 127.0.0.1:8080 through the proxy {place}: connection refused",
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_whose_name_does_not_resolve_is_told(monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    resolve(monkeypatch, {"news.example": ["93.184.215.14"]})
    async with fetching(proxy="http://proxy.example:3128") as fetcher:
        failure = await failed(fetcher, f"{scheme}://news.example/")

    assert (failure.kind, failure.detail) == ("dns", 'name "proxy.example" of the proxy does not resolve')


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", b"SSH-2.0-OpenSSH_9.6\r\n"])
async def test_a_proxy_that_is_none_is_a_failure(proxy: ForwardProxy, scheme: str, answer: bytes) -> None:
    proxy.refusal = answer
    async with fetching(proxy=proxy.url()) as fetcher:
        failure = await failed(fetcher, f"{scheme}://127.0.0.1:8080/")

    assert failure.kind in {"connect", "protocol"}
    assert f"127.0.0.1:8080 through the proxy 127.0.0.1:{proxy.port}" in failure.detail


async def test_a_proxy_that_never_answers_meets_the_connect_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        place = f"127.0.0.1:{silent.getsockname()[1]}"
        async with fetching(proxy=f"http://{place}", connect_timeout_seconds=0.3) as fetcher:
            failure = await failed(fetcher, "https://127.0.0.1:8080/")

    assert (failure.kind, failure.detail) == (
        "timeout",
        f"no connection to 127.0.0.1:8080 through the proxy {place} within 0.3 s",
    )


async def test_a_certificate_is_checked_at_the_far_end_of_the_tunnel(proxy: ForwardProxy, tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    async with serving(server_side(pem)) as server, fetching(proxy=proxy.url()) as fetcher:
        failure = await failed(fetcher, server.url())

    assert failure.kind == "tls"
    assert failure.detail.startswith(f"certificate of 127.0.0.1:{server.port} refused: self")
    assert server.received == []


async def test_a_handshake_broken_off_behind_a_tunnel_is_a_tls_failure(proxy: ForwardProxy) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.close()

    async with listening(hang_up) as port, fetching(proxy=proxy.url()) as fetcher:
        failure = await failed(fetcher, f"https://127.0.0.1:{port}/")

    assert failure.kind == "tls"
    assert f"127.0.0.1:{port}" in failure.detail


async def test_a_kept_tunnel_that_the_server_closed_is_replaced_once(proxy: ForwardProxy, tmp_path: Path) -> None:
    pem = certificate(tmp_path, "IP:127.0.0.1")
    async with serving(server_side(pem)) as server, fetching(proxy=proxy.url(), ca_file=pem) as fetcher:
        server.routes["/second"] = closing(b"")
        await answered(fetcher, server.url("/first"))
        failure = await failed(fetcher, server.url("/second"))

    assert failure.kind == "connect"
    assert [request.connection for request in server.received] == [1, 1, 2]
