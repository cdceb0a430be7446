"""Naming the cause of a fetch that came to nothing, for the metrics and for people."""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp

from worker.edges.guard import BlockedAddressError
from worker.edges.http_connection import HangUpError
from worker.edges.http_urls import place

if TYPE_CHECKING:
    import asyncio

    from yarl import URL

    from worker.edges.http_proxy import Proxy
    from worker.model.fetch import FailureKind, Hop


class FailedError(Exception):
    """A fetch that came to nothing, and why."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


@dataclass(slots=True, kw_only=True)
class Visit:
    """How far a fetch has got. `asked` is who is asked now, and `url` the same as text; neither has credentials.

    `started_seconds` is moved on by what was waited for others; `left_seconds` is what there was when the request under
    way began, and `deadline` its end.
    """

    started_seconds: float
    left_seconds: float
    url: str = ""
    asked: URL | None = None
    deadline: asyncio.Timeout | None = None
    hops: tuple[Hop, ...] = ()
    proxy: Proxy | None = None

    @property
    def place(self) -> str:
        """Host and port, for people to read."""
        return "the server" if self.asked is None else place(self.asked)

    @property
    def route(self) -> str:
        """Who is asked, and through whom."""
        return self.place if self.proxy is None else f"{self.place} through the proxy {self.proxy.place}"


def explain(error: Exception, visit: Visit) -> FailedError:  # noqa: C901, PLR0911, PLR0912 - one case per cause
    """Name the cause of an exception of aiohttp or of the socket below it."""
    place, route = visit.place, visit.route
    host = place.rpartition(":")[0]
    match error:
        case aiohttp.ClientConnectorError(os_error=BlockedAddressError(reason=reason)):
            return FailedError("blocked", reason)
        case aiohttp.ClientConnectorDNSError() if visit.proxy is not None:
            return FailedError("dns", f'name "{visit.proxy.url.host}" of the proxy does not resolve')
        case aiohttp.ClientConnectorDNSError(os_error=socket.gaierror(errno=socket.EAI_AGAIN)):
            return FailedError("dns", f'name "{host}" cannot be looked up now')
        case aiohttp.ClientConnectorDNSError() | UnicodeError():
            return FailedError("dns", f'name "{host}" does not resolve')
        case aiohttp.ClientHttpProxyError(status=407):
            return proxy_wants_credentials(visit)
        case aiohttp.ClientHttpProxyError(status=status):
            return FailedError("connect", f"no connection to {route}: it answers {status}")
        case aiohttp.ClientProxyConnectionError(os_error=cause):
            return FailedError("connect", f"no connection to {route}: {_words(cause)}")
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as cause):
            return FailedError("tls", f"certificate of {place} refused: {cause.verify_message}")
        case aiohttp.ClientConnectorSSLError(os_error=ssl.SSLError(reason=reason)):
            return FailedError("tls", f"TLS handshake with {place} failed: {reason or 'no agreement'}")
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return FailedError("connect", f"connection refused by {place}")
        case aiohttp.ClientConnectorError(os_error=ConnectionError()) if visit.url.startswith("https:"):
            return FailedError("tls", f"{place} closed the connection during the TLS handshake")
        case aiohttp.ClientConnectorError(os_error=cause):
            return FailedError("connect", f"cannot connect to {place}: {_words(cause)}")
        case HangUpError(tls_fault=str(fault)):
            return FailedError("tls", f"{place} broke TLS off: {fault}")
        case HangUpError(heard=True):
            return FailedError("protocol", f"{route} closed the connection in the middle of its answer")
        case aiohttp.ClientConnectionError():
            return FailedError("connect", f"{route} closed the connection before it answered")
        case _:
            return FailedError("protocol", f"the answer of {route} is not valid HTTP")


def proxy_wants_credentials(visit: Visit) -> FailedError:
    """The proxy answered 407 (RFC 9110, 15.5.8)."""
    return FailedError("connect", f"no connection to {visit.route}: it wants credentials; write them into its address")


def _words(error: OSError) -> str:
    # asyncio's own text repeats the socket address as Python writes it.
    return os.strerror(error.errno).lower() if error.errno else "no address answers"
