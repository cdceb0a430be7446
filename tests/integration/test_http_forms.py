"""What one feed alone sends: headers of its own, and forms for its hub."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.http_servers import Server, answered, closing, failed, head, redirect
from worker.model.fetch import Hop, Request, header_problem

if TYPE_CHECKING:
    from worker.edges.http import HttpFetcher

FORM = (
    ("hub.mode", "subscribe"),
    ("hub.topic", "https://news.example/feed?a=b&c=\N{EURO SIGN}"),
    ("hub.secret", "x y"),
)
BODY = b"hub.mode=subscribe&hub.topic=https%3A%2F%2Fnews.example%2Ffeed%3Fa%3Db%26c%3D%E2%82%AC&hub.secret=x+y"


# Headers of a feed's own


async def test_headers_of_a_feed_take_the_place_of_ours(server: Server, fetcher: HttpFetcher) -> None:
    own = (("user-agent", "Mine/1"), ("ACCEPT", "text/xml"), ("X-Api-Key", "s3cret"), ("Cookie", "a=1; b=2"))
    await answered(fetcher, server.url(userinfo="user:secret@"), headers=(*own, ("Authorization", "Bearer t0ken")))

    (request,) = server.received
    assert [pair for pair in request.headers if pair[0] != "Host"] == [
        ("Accept-Encoding", "gzip, deflate, zstd"),
        *own,
        ("Authorization", "Bearer t0ken"),
    ]


async def test_headers_of_one_feed_are_not_those_of_the_next(server: Server, fetcher: HttpFetcher) -> None:
    await answered(fetcher, server.url("/a"), headers=(("X-Api-Key", "s3cret"),))
    await answered(fetcher, server.url("/b"))

    assert [request.connection for request in server.received] == [1, 1]
    assert server.headers("X-Api-Key") == ["s3cret", None]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Host", "other.example"),
        ("content-length", "5"),
        ("Connection", "close"),
        ("Transfer-Encoding", "chunked"),
        ("Accept-Encoding", "br"),
        ("If-None-Match", '"s3cret"'),
        ("Range", "bytes=0-5"),
        ("Proxy-Authorization", "Basic s3cret"),
        ("X Key", "s3cret"),
        ("X-Key:", "s3cret"),
        ("", "s3cret"),
        ("X-Key", "s3cret\r\nX-Other: 1"),
        ("X-Key", "s3cret\x00"),
        ("X-Key", "s3cret "),
        ("X-Key", "s3cret\udcff"),
    ],
)
async def test_a_header_that_cannot_be_set_is_named_and_nothing_sent(
    server: Server, fetcher: HttpFetcher, name: str, value: str
) -> None:
    failure = await failed(fetcher, server.url(), headers=((name, value),))

    assert (failure.kind, failure.detail) == ("internal", header_problem(name, value))
    assert name[:5] in failure.detail
    assert "s3cret" not in failure.detail
    assert server.received == []


def test_a_request_keeps_its_secrets_to_itself() -> None:
    request = Request(url="https://me:s3cret@a.example/", headers=(("X", "s3cret"),), form=(("hub.secret", "s3cret"),))
    assert "s3cret" not in repr(request)


# Forms


async def test_a_form_is_posted(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/hub"] = head("202 Accepted", {"Content-Length": 0})

    response = await answered(fetcher, server.url("/hub"), form=FORM, etag='"x"')

    (request,) = server.received
    assert (response.status, request.line, request.body) == (202, "POST /hub HTTP/1.1", BODY)
    assert request.header("Content-Type") == "application/x-www-form-urlencoded"
    assert (request.header("Content-Length"), request.header("If-None-Match")) == (str(len(BODY)), None)


async def test_an_empty_form_is_a_post_all_the_same(server: Server, fetcher: HttpFetcher) -> None:
    await answered(fetcher, server.url("/hub"), form=())

    assert (server.received[0].line, server.received[0].body) == ("POST /hub HTTP/1.1", b"")


@pytest.mark.parametrize("status", ["307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_form_is_led_on_as_the_same_post(
    server: Server, other: Server, fetcher: HttpFetcher, status: str
) -> None:
    server.routes["/hub"] = redirect(other.url("/new"), status)

    response = await answered(fetcher, server.url("/hub"), form=FORM)

    assert response.hops == (Hop(status=int(status[:3]), url=other.url("/new")),)
    assert [(request.line, request.body) for request in other.received] == [("POST /new HTTP/1.1", BODY)]


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other"])
async def test_a_form_is_not_led_on_as_a_get(server: Server, fetcher: HttpFetcher, status: str) -> None:
    server.routes["/hub"] = redirect("/new", status)

    response = await answered(fetcher, server.url("/hub"), form=FORM)

    assert (response.status, response.headers["location"]) == (int(status[:3]), "/new")
    assert (response.url, response.hops, len(server.received)) == (server.url("/hub"), (), 1)


async def test_a_form_is_not_led_to_a_private_address(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/hub"] = redirect("http://10.0.0.1/", "307 Temporary Redirect")

    assert (await failed(fetcher, server.url("/hub"), form=FORM)).kind == "blocked"


async def test_a_form_is_not_sent_twice_when_a_kept_connection_ends(server: Server, fetcher: HttpFetcher) -> None:
    """The server may have acted on it before it hung up."""
    server.routes["/hub"] = closing(b"")
    await answered(fetcher, server.url("/first"))

    failure = await failed(fetcher, server.url("/hub"), form=FORM)

    assert failure.kind == "connect"
    assert [(request.connection, request.target) for request in server.received] == [(1, "/first"), (1, "/hub")]
