from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from yarl import URL

from worker.edges.http_proxy import Proxies
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping


def place(environment: Mapping[str, str], url: str, *, proxy: str | None = None) -> str | None:
    """Host and port of the proxy for a URL."""
    chosen = Proxies(proxy=proxy, environment=environment).choose(URL(url))
    return None if chosen is None else chosen.place


def test_nothing_goes_through_a_proxy_that_nobody_named() -> None:
    assert place({"ftp_proxy": "http://p:1", "proxy": "http://p:1"}, "http://a.example/") is None


def test_each_scheme_has_its_own_proxy() -> None:
    environment = {"http_proxy": "http://plain:1", "https_proxy": "http://tls:2"}
    assert place(environment, "http://a.example/") == "plain:1"
    assert place(environment, "https://a.example/") == "tls:2"
    assert place({"https_proxy": "http://tls:2"}, "http://a.example/") is None


@pytest.mark.parametrize(
    ("environment", "chosen"),
    [
        ({"HTTP_PROXY": "http://capitals:1"}, "capitals:1"),
        ({"http_proxy": "http://small:1", "HTTP_PROXY": "http://capitals:1"}, "small:1"),
        ({"http_proxy": "", "HTTP_PROXY": "http://capitals:1"}, None),
        ({"ALL_PROXY": "http://all:1"}, "all:1"),
        ({"http_proxy": "http://small:1", "all_proxy": "http://all:1"}, "small:1"),
        ({"http_proxy": "bare:3128"}, "bare:3128"),
        ({"http_proxy": " http://spaces:1 "}, "spaces:1"),
        ({"http_proxy": "http://portless"}, "portless:80"),
        ({"http_proxy": "http://[fd00::1]:3128/"}, "[fd00::1]:3128"),
    ],
)
def test_the_environment_is_read_as_curl_reads_it(environment: dict[str, str], chosen: str | None) -> None:
    assert place(environment, "http://a.example/") == chosen


def test_a_configured_proxy_comes_before_the_environment_but_not_before_its_exceptions() -> None:
    environment = {"http_proxy": "http://environment:1", "no_proxy": "b.example"}
    assert place(environment, "http://a.example/", proxy="http://ours:2") == "ours:2"
    assert place(environment, "https://a.example/", proxy="http://ours:2") == "ours:2"
    assert place(environment, "http://b.example/", proxy="http://ours:2") is None


@pytest.mark.parametrize(
    ("entry", "url", "direct"),
    [
        ("*", "http://a.example/", True),
        ("a.example", "http://a.example/", True),
        ("A.Example", "http://a.EXAMPLE/", True),
        ("a.example", "http://a.example./", True),
        ("a.example", "http://news.a.example/", True),
        ("a.example", "http://nota.example/", False),
        ("a.example", "http://a.example.org/", False),
        (".a.example", "http://a.example/", True),
        (".a.example", "http://news.a.example/", True),
        ("*.a.example", "http://news.a.example/", True),
        ("b.example,a.example", "http://a.example/", True),
        ("b.example  a.example", "http://a.example/", True),
        ("b.example, ,", "http://a.example/", False),
        ("a.example:8080", "http://a.example:8080/", True),
        ("a.example:8080", "http://a.example/", False),
        ("a.example:80", "http://a.example/", True),
        ("10.0.0.1", "http://10.0.0.1/", True),
        ("10.0.0.0/8", "http://10.9.9.9/", True),
        ("10.0.0.1/8", "http://10.9.9.9/", True),
        ("10.0.0.0/8", "http://11.0.0.1/", False),
        ("10.0.0.0/8", "http://10.example/", False),
        ("0.0.0.1", "http://10.0.0.1/", False),
        ("fd00::/8", "http://[fd12::1]/", True),
        ("::1", "http://[::1]/", True),
        ("[::1]", "http://[::1]/", True),
        ("[::1]:81", "http://[::1]:81/", True),
        ("[::1]:81", "http://[::1]/", False),
        ("", "http://a.example/", False),
        (".", "http://a.example/", False),
    ],
)
def test_no_proxy_names_domains_addresses_networks_and_ports(entry: str, url: str, direct: bool) -> None:  # noqa: FBT001 - a table
    environment = {"http_proxy": "http://p:1", "NO_PROXY": entry}
    assert place(environment, url) == (None if direct else "p:1")


@pytest.mark.parametrize(
    "text",
    [
        "https://u:s3cret@p",
        "socks5://u:s3cret@p:1080",
        "http://",
        "http://u:s3cret@p:99999",
        "http://u:s3cret@a b",
        "://",
    ],
)
def test_what_is_no_http_proxy_is_refused_by_the_name_of_its_setting(text: str) -> None:
    named: tuple[tuple[str, str | None, dict[str, str]], ...] = (
        ("fetch.proxy", text, {}),
        ("https_proxy", None, {"HTTPS_PROXY": text}),
        ("all_proxy", None, {"all_proxy": text}),
    )
    for name, proxy, environment in named:
        with pytest.raises(Stop) as refused:
            Proxies(proxy=proxy, environment=environment)
        assert str(refused.value) == f"{name}: this is not the address of an HTTP proxy; write http://host:port"


def test_a_proxy_that_is_never_used_is_not_judged() -> None:
    environment = {"all_proxy": "socks5://p:1080", "http_proxy": "http://p:1", "https_proxy": "http://p:1"}
    assert place(environment, "http://a.example/") == "p:1"


def test_the_credentials_of_a_proxy_are_not_shown() -> None:
    chosen = Proxies(proxy="http://us%3Aer:s%40cret@p:1", environment={}).choose(URL("http://a.example/"))

    assert chosen is not None
    assert chosen.authorization == "Basic " + base64.b64encode(b"us:er:s@cret").decode()
    assert "cret" not in repr(chosen)
    assert str(chosen.url) == "http://p:1"
