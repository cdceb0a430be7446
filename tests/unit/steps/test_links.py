"""Links in headers."""

from __future__ import annotations

import pytest

from worker.steps.links import linked

BASE = "https://news.example/feed"
HUB = "https://hub.example/"


@pytest.mark.parametrize(
    "header",
    [
        f'<{HUB}>; rel="hub"',
        f"<{HUB}>; rel=hub",
        f'<{HUB}>;REL="Hub"',
        f'<https://x.example/>; rel="next", <{HUB}>; rel="hub"',
        f'<{HUB}>; title="a, b; c"; rel="hub"',
        f'<{HUB}>; rel="alternate hub"',
        '<//hub.example/>; rel="hub"',
    ],
)
def test_a_hub_is_found_however_it_is_written(header: str) -> None:
    assert linked(header, base=BASE) == ((HUB,), ())


def test_the_address_of_the_feed_itself_is_found_beside_its_hubs() -> None:
    header = '<https://a.example/>; rel="hub", <https://b.example/>; rel="hub", </feed.xml>; rel="self"'
    hubs = ("https://a.example/", "https://b.example/")
    assert linked(header, base=BASE) == (hubs, ("https://news.example/feed.xml",))


@pytest.mark.parametrize(
    "header",
    ["", "hub", "<>; rel=hub", f"<{HUB}>", f"<{HUB}>; rel=x", "<javascript:a>; rel=hub", "<http://[>; rel=hub"],
)
def test_what_names_no_hub_names_none(header: str) -> None:
    assert linked(header, base=BASE) == ((), ())


def test_a_long_header_is_read_no_further_than_headers_go() -> None:
    assert linked("<" * 100_000 + f"<{HUB}>; rel=hub", base=BASE) == ((), ())
