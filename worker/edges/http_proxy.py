"""Which requests go through an HTTP proxy, and which proxy that is."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from worker.edges.http_urls import basic_authorization, parse_url, place
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Mapping

    from yarl import URL

    from worker.edges.guard import Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """An HTTP proxy.

    `url` has no credentials; `authorization` is the value of Proxy-Authorization (RFC 9110, 11.7.2).
    """

    url: URL
    authorization: str | None = field(repr=False)

    @property
    def place(self) -> str:
        """Host and port, for people to read."""
        return place(self.url)


class Proxies:
    """Chooses the proxy for each request, as curl and most other programs do.

    Args:
        proxy: `http://[user:password@]host[:port]` for all requests; None to leave it to the environment.
        environment: where `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` are looked up, in small letters
            before capitals. Empty: none of them is heeded. `no_proxy` holds for `proxy` as well.

    Raises:
        Stop: a proxy is named that cannot be used.
    """

    def __init__(self, *, proxy: str | None, environment: Mapping[str, str]) -> None:
        self._by_scheme: dict[str, Proxy] = {}
        for scheme in ("http", "https"):
            names = (f"{scheme}_proxy", "all_proxy")
            found = [("fetch.proxy", proxy)] if proxy else [(name, _variable(environment, name)) for name in names]
            for name, value in found:
                if value:
                    self._by_scheme[scheme] = _parse(value, name)
                    break
        self._exceptions = tuple(
            _Exception.read(text) for text in re.split(r"[,\s]+", _variable(environment, "no_proxy"))
        )

    def __bool__(self) -> bool:
        """Whether any request goes through a proxy."""
        return bool(self._by_scheme)

    def choose(self, url: URL) -> Proxy | None:
        """The proxy for one URL; None to connect directly."""
        proxy = self._by_scheme.get(url.scheme)
        if proxy is None or any(exception.matches(url) for exception in self._exceptions):
            return None
        return proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exception:
    """One entry of `no_proxy`: `*`, a domain with all below it, an address or a network, each maybe with a port."""

    domain: str = ""
    network: Network | None = None
    port: int | None = None

    @classmethod
    def read(cls, text: str) -> _Exception:
        host, port = text.lower(), None
        if match := re.fullmatch(r"(\[.*\]|[^:]*):(\d{1,5})", host):
            host, port = match[1], int(match[2])
        host = host.strip("[]")
        try:
            return cls(network=ipaddress.ip_network(host, strict=False), port=port)
        except ValueError:
            return cls(domain=host.removeprefix("*.").strip("."), port=port)

    def matches(self, url: URL) -> bool:
        if self.port is not None and self.port != url.port:
            return False
        host = (url.raw_host or "").lower().rstrip(".")
        if self.network is not None:
            try:
                return ipaddress.ip_address(host) in self.network
            except ValueError:
                return False
        return bool(self.domain) and (self.domain == "*" or f".{host}".endswith(f".{self.domain}"))


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name, environment.get(name.upper(), "")).strip()


def _parse(text: str, name: str) -> Proxy:
    try:
        url = parse_url(text if "://" in text else f"http://{text}")
    except ValueError:
        url = None
    if url is None or url.scheme != "http":
        raise Stop(f"{name}: this is not the address of an HTTP proxy; write http://host:port")
    return Proxy(url=url.origin(), authorization=basic_authorization(url))
