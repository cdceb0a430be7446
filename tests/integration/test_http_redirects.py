"""Where redirects lead, and what is told to whom on the way."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.integration.http_servers import Server, answered, failed, head, redirect
from worker.model.fetch import Hop

if TYPE_CHECKING:
    from worker.edges.http import HttpFetcher


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_followed_and_the_final_url_told(server: Server, fetcher: HttpFetcher, status: str) -> None:
    server.routes["/a/old?x=1"] = redirect("new?sig=%2f#top", status)

    response = await answered(fetcher, server.url("/a/old?x=1"))

    assert response.status == 200
    assert response.url == server.url("/a/new?sig=%2f")
    assert server.received[1].target == "/a/new?sig=%2f"
    assert server.received[1].header("Referer") is None


async def test_ten_redirects_are_followed(server: Server, fetcher: HttpFetcher) -> None:
    server.routes = {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(10)}

    assert (await answered(fetcher, server.url("/0"))).url == server.url("/10")


async def test_an_eleventh_redirect_is_not(server: Server, fetcher: HttpFetcher) -> None:
    server.routes = {f"/{hop}": redirect(f"/{hop + 1}") for hop in range(11)}

    failure = await failed(fetcher, server.url("/0"))

    assert failure.kind == "redirect"
    assert failure.detail == f"more than 10 redirects, the last from 127.0.0.1:{server.port}"
    assert len(server.received) == 11


@pytest.mark.parametrize("routes", [{"/": "/"}, {"/": "/b", "/b": "/c", "/c": "/b"}, {"/": "#again"}, {"/": ""}])
async def test_redirects_in_a_circle_fail_at_once(server: Server, fetcher: HttpFetcher, routes: dict[str, str]) -> None:
    server.routes = {path: redirect(target) for path, target in routes.items()}

    failure = await failed(fetcher, server.url())

    assert failure.kind == "redirect"
    assert failure.detail.endswith("redirects in a circle")
    assert len(server.received) == len(routes)


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "ftp://127.0.0.1/",
        "gopher://127.0.0.1/",
        "data:text/xml,<rss/>",
        "javascript:alert(1)",
        "http://",
        "http://127.0.0.1:99999/",
        "http://a b/",
        "http://[@",
        "http://[::1",
        f"http://{'a' * 300}.example/",
    ],
)
async def test_a_redirect_to_what_is_no_web_address_fails(server: Server, fetcher: HttpFetcher, location: str) -> None:
    server.routes["/"] = redirect(location)

    failure = await failed(fetcher, server.url())

    assert failure.kind == "redirect"
    assert failure.url == server.url("/")
    assert len(server.received) == 1


async def test_a_redirect_without_a_target_is_an_answer(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = head("302 Found", {"Content-Length": 2}, b"ok")

    response = await answered(fetcher, server.url())

    assert (response.status, response.body) == (302, b"ok")


async def test_a_location_that_is_not_utf8_keeps_its_bytes(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = redirect("/caf\udce9")

    assert (await answered(fetcher, server.url())).url == server.url("/caf%E9")


async def test_every_hop_is_told_with_its_status_and_where_it_led(
    server: Server, other: Server, fetcher: HttpFetcher
) -> None:
    server.routes["/feed"] = redirect("/moved#top", "301 Moved Permanently")
    server.routes["/moved"] = redirect(other.url("/a?sig=%2f", userinfo="user:secret@"), "302 Found")
    other.routes["/a?sig=%2f"] = redirect("../b", "308 Permanent Redirect")

    response = await answered(fetcher, server.url("/feed", userinfo="me:secret@"))

    assert response.hops == (
        Hop(status=301, url=server.url("/moved")),
        Hop(status=302, url=other.url("/a?sig=%2f")),
        Hop(status=308, url=other.url("/b")),
    )
    assert response.url == other.url("/b")


async def test_an_answer_at_once_has_no_hops(server: Server, fetcher: HttpFetcher) -> None:
    assert (await answered(fetcher, server.url())).hops == ()


async def test_a_304_behind_a_redirect_tells_its_hops(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = redirect("/new", "301 Moved Permanently")
    server.routes["/new"] = head("304 Not Modified")

    response = await answered(fetcher, server.url(), etag='"x"', validators_url=server.url("/new"))

    assert (response.status, response.hops) == (304, (Hop(status=301, url=server.url("/new")),))


@pytest.mark.parametrize("again", ["/", "/moved"])
async def test_credentials_and_own_headers_are_gone_once_a_redirect_left_their_origin(
    server: Server, other: Server, fetcher: HttpFetcher, again: str
) -> None:
    """Also when it leads back: what is asked there then, a stranger chose."""
    server.routes["/feed"] = redirect("/same")
    server.routes["/same"] = redirect(other.url("/elsewhere"))
    other.routes["/elsewhere"] = redirect(server.url(again))

    await answered(
        fetcher,
        server.url("/feed", userinfo="user:secret@"),
        headers=(("X-Api-Key", "s3cret"), ("Cookie", "session=1"), ("User-Agent", "Mine/1")),
    )

    basic = "Basic " + base64.b64encode(b"user:secret").decode()
    ours = "Dateline/1.0 (+https://dateline.example)"
    assert server.headers("Authorization") == [basic, basic, None]
    assert server.headers("X-Api-Key") == ["s3cret", "s3cret", None]
    assert server.headers("Cookie") == ["session=1", "session=1", None]
    assert server.headers("User-Agent") == ["Mine/1", "Mine/1", ours]
    assert [other.headers(name) for name in ("Authorization", "X-Api-Key", "Cookie")] == [[None]] * 3
    assert other.headers("User-Agent") == [ours]


async def test_credentials_in_a_redirect_are_not_sent(server: Server, other: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = redirect(other.url("/feed", userinfo="user:secret@"))

    response = await answered(fetcher, server.url())

    assert response.url == other.url("/feed")
    assert other.received[0].header("Authorization") is None


async def test_a_redirect_to_a_private_address_is_blocked(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/"] = redirect("http://169.254.169.254/latest/meta-data/")

    failure = await failed(fetcher, server.url())

    assert failure.kind == "blocked"
    assert failure.url == "http://169.254.169.254/latest/meta-data/"
    assert failure.detail == (
        "address 169.254.169.254 is link-local; add 169.254.0.0/16 to fetch.allow_networks to visit it"
    )


# Validators


async def test_validators_go_to_the_address_that_gave_them_and_nowhere_else(
    server: Server, other: Server, fetcher: HttpFetcher
) -> None:
    server.routes["/feed"] = redirect("/same")
    server.routes["/same"] = redirect(other.url("/real"))

    await answered(fetcher, server.url("/feed"), etag='"x"', last_modified="then", validators_url=other.url("/real"))

    assert server.headers("If-None-Match") == [None, None]
    assert (other.headers("If-None-Match"), other.headers("If-Modified-Since")) == (['"x"'], ["then"])


async def test_validators_of_the_url_itself_do_not_follow_a_redirect(server: Server, fetcher: HttpFetcher) -> None:
    server.routes["/feed"] = redirect("/new")

    await answered(fetcher, server.url("/feed", userinfo="user:secret@"), etag='"x"')

    assert [(request.target, request.header("If-None-Match")) for request in server.received] == [
        ("/feed", '"x"'),
        ("/new", None),
    ]


async def test_validators_of_an_address_that_redirects_no_longer_lead_to_are_not_sent(
    server: Server, other: Server, fetcher: HttpFetcher
) -> None:
    server.routes["/feed"] = redirect(other.url("/second"))

    await answered(fetcher, server.url("/feed"), etag='"x"', validators_url=other.url("/first"))

    assert server.headers("If-None-Match") + other.headers("If-None-Match") == [None, None]


async def test_the_url_of_an_answer_says_where_its_validators_go(server: Server, fetcher: HttpFetcher) -> None:
    """Whatever spelling led there the first time."""
    url = server.url("/caf\N{LATIN SMALL LETTER E WITH ACUTE}?q=a b#top", userinfo="user:secret@")
    first = await answered(fetcher, url)
    await answered(fetcher, url, etag='"x"', validators_url=first.url)

    assert server.headers("If-None-Match") == [None, '"x"']
