"""GET over HTTP, for helpful and hostile servers alike: implements `worker.ports.Fetcher` with aiohttp."""

from __future__ import annotations

import asyncio
import base64
import functools
import os
import re
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from worker.edges.guard import AddressGuard, BlockedAddressError, GuardedResolver
from worker.model.fetch import FetchFailure, Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.edges.guard import Network
    from worker.model.fetch import FailureKind, Fetched, Request
    from worker.ports import Clock

_ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.9, */*;q=0.5"
)
_ACCEPT_BY_KIND = {
    "feed": _ACCEPT,
    "page": "text/html, application/xhtml+xml;q=0.9, */*;q=0.5",
    "robots": "text/plain, */*;q=0.5",
}
_MAX_REDIRECTS = 10
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_BODYLESS_STATUSES = frozenset({204, 304})  # RFC 9110, 15.3.5 and 15.4.5
_MAX_INTERIM_ANSWERS = 20  # a stream of 1xx keeps a whole processor busy until the timeout
_CHUNK_BYTES = 64 * 1024
# Content-Security-Policy and Link outgrow aiohttp's 8190 bytes on real sites.
_MAX_HEADER_BYTES = 32 * 1024
_MAX_HEADERS = 256

_VALID_URL = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})+")  # RFC 3986, 2
_HOST = re.compile(r"[A-Za-z0-9._~:%-]{1,253}")  # the length is of RFC 1035, 2.3.4
_USERINFO = re.compile(r"//.*@", re.DOTALL)
_NOT_UTF8 = re.compile(r"[\udc80-\udcff]")  # a byte that is not, as aiohttp decodes headers
_NOT_FOR_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


class HttpFetcher:
    """Fetches documents, each within a time, a size and a number of redirects, and only from permitted addresses.

    Args:
        user_agent: who we say we are.
        timeout_seconds: for one fetch from first lookup to last byte, redirects included.
        connect_timeout_seconds: for one connection: lookup, TCP and TLS.
        max_body_bytes: cap on the body as it travels, before any decompression.
        concurrency: fetches under way at once; more wait their turn, and waiting does not count as time taken.
        allow_networks: networks that may be visited besides the public Internet.
        clock: for `retrieved_at` and durations.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        *,
        user_agent: str,
        timeout_seconds: float,
        connect_timeout_seconds: float,
        max_body_bytes: int,
        concurrency: int,
        allow_networks: Sequence[Network],
        clock: Clock,
    ) -> None:
        self._headers_by_kind = {
            kind: {"User-Agent": user_agent, "Accept": accept, "Accept-Encoding": "gzip, deflate"}
            for kind, accept in _ACCEPT_BY_KIND.items()
        }
        self._timeout_seconds = timeout_seconds
        self._connect_timeout_seconds = connect_timeout_seconds
        self._max_body_bytes = max_body_bytes
        self._slots = asyncio.Semaphore(concurrency)
        self._guard = AddressGuard(allow_networks)
        self._clock = clock
        # Reads certificate files (or what SSL_CERT_FILE names), so not from within the loop.
        self._tls = ssl.create_default_context()
        self._tls.set_alpn_protocols(["http/1.1"])
        self._session: aiohttp.ClientSession | None = None

    async def fetch(self, request: Request) -> Fetched:
        """GET one URL. Whatever the server or the network does is returned, never raised."""
        async with self._slots:
            visit = _Visit(url=_USERINFO.sub("//", request.url), started_seconds=self._clock.monotonic_seconds())
            try:
                async with asyncio.timeout(self._timeout_seconds):
                    return await self._follow(request, visit)
            except _FailedError as error:
                failed = error
            except aiohttp.ConnectionTimeoutError:
                failed = _FailedError(
                    "timeout", f"no connection to {visit.place} within {self._connect_timeout_seconds:g} s"
                )
            except TimeoutError:
                failed = _FailedError(
                    "timeout", f"no complete answer from {visit.place} within {self._timeout_seconds:g} s"
                )
            except (aiohttp.ClientError, OSError, UnicodeError) as error:
                failed = _explain(error, visit)
            return FetchFailure(
                url=visit.url,
                kind=failed.kind,
                detail=failed.detail,
                retrieved_at=self._clock.now(),
                duration_seconds=self._clock.monotonic_seconds() - visit.started_seconds,
            )

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _follow(self, request: Request, visit: _Visit) -> Response:
        try:
            start = _parse_url(request.url)
        except ValueError as error:
            raise _FailedError("protocol", str(error)) from error
        common = self._headers_by_kind[request.kind]
        own = common | _validators(request) | _authorization(start)
        url = start.with_user(None)
        seen: set[URL] = set()
        while True:
            seen.add(url)
            visit.arrive(url)
            # Validators and credentials belong to the server they came from, and to no other.
            headers = own if _origin(url) == _origin(start) else common
            answer = await self._ask(url, headers, visit)
            if isinstance(answer, Response):
                return answer
            url = answer
            if url in seen:
                raise _FailedError("redirect", f"{visit.place} redirects in a circle")
            if len(seen) > _MAX_REDIRECTS:
                raise _FailedError("redirect", f"more than {_MAX_REDIRECTS} redirects, the last from {visit.place}")

    async def _ask(self, url: URL, headers: Mapping[str, str], visit: _Visit) -> Response | URL:
        """Send one request; a redirect is answered with the URL that it leads to."""
        try:
            return await self._exchange(url, headers, visit)
        except _HangUpError as error:
            if not error.was_idle:
                raise
        # The server closed an idle connection at the moment we used it: that may be repeated, once (RFC 9112, 9.3.1).
        return await self._exchange(url, headers, visit)

    async def _exchange(self, url: URL, headers: Mapping[str, str], visit: _Visit) -> Response | URL:
        if self._session is None:
            self._session = self._open_session()
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            retrieved_at = self._clock.now()
            location = response.headers.get("Location")
            if response.status in _REDIRECT_STATUSES and location is not None:
                return _redirect_target(url, location, visit)
            body = await self._read(response, visit)
            return Response(
                url=str(url),
                status=response.status,
                headers=_received_headers(response),
                body=body,
                retrieved_at=retrieved_at,
                duration_seconds=self._clock.monotonic_seconds() - visit.started_seconds,
            )

    async def _read(self, response: aiohttp.ClientResponse, visit: _Visit) -> bytes:
        if response.status in _BODYLESS_STATUSES:
            return b""  # a Content-Length is that of the document, had it been sent
        cap = self._max_body_bytes
        announced = response.content_length
        if announced is not None and announced > cap:
            raise _FailedError("too_large", f"the body has {announced} bytes; fetch.max_body_bytes is {cap}")
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
                size += len(chunk)
                if size > cap:
                    raise _FailedError("too_large", f"the body has more bytes than fetch.max_body_bytes, {cap}")
                chunks.append(chunk)
        except aiohttp.ClientPayloadError as error:
            expected = "" if announced is None else f" of {announced}"
            raise _FailedError(
                "protocol", f"the body from {visit.place} is cut off or malformed after {size}{expected} bytes"
            ) from error
        return b"".join(chunks)

    def _open_session(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=self._tls,
            limit=0,  # the semaphore limits: waiting for a place must not count as connecting
            resolver=GuardedResolver(self._guard),
            socket_factory=self._guard.socket_factory,
        )
        factory = functools.partial(_Connection, asyncio.get_running_loop())
        connector._factory = cast("functools.partial[ResponseHandler]", factory)  # noqa: SLF001 - there is no public way to see what follows a head
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, connect=self._connect_timeout_seconds),
            max_line_size=_MAX_HEADER_BYTES,
            max_field_size=_MAX_HEADER_BYTES,
            max_headers=_MAX_HEADERS,
        )


class _FailedError(Exception):
    """A fetch that came to nothing, and why."""

    def __init__(self, kind: FailureKind, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind
        self.detail = detail


class _HangUpError(aiohttp.ClientConnectionError):
    """The connection ended before the head of an answer was complete.

    `was_idle`: it had been used before, and not a byte came after this request. `heard`: some bytes came.

    It is none of the classes after which aiohttp repeats a request by itself: aiohttp does so on new connections and
    after half a head as well, when the server has read the request.
    """

    def __init__(self, *, was_idle: bool, heard: bool) -> None:
        super().__init__("the connection ended")
        self.was_idle = was_idle
        self.heard = heard


@dataclass(slots=True, kw_only=True)
class _Visit:
    """How far a fetch has got. `url` has no credentials; `place` is host and port, for people."""

    url: str
    started_seconds: float
    place: str = "the server"

    def arrive(self, url: URL) -> None:
        self.url = str(url)
        self.place = f"{url.host_subcomponent}:{url.port}"


class _Connection(ResponseHandler):
    """A connection on which one answer cannot be taken for another.

    aiohttp hands all received bytes to its parser at once. When a server sends a body with a 304, the parser fails on
    it and the 304 is lost; when the body comes later, the next request on this connection gets it as its answer. Here
    the head goes in line by line, so that the answer is out before anything behind it is looked at.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._requests = 0
        self._interim = 0
        self._heard = False
        self._body: aiohttp.StreamReader | None = None

    def set_response_params(self, **params: Any) -> None:
        self._requests += 1
        self._interim = 0
        self._heard = False
        self._body = None
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        if not data:
            super().data_received(data)  # nothing came: the parser goes on with what it holds
            return
        self._heard = True
        start = 0
        while start < len(data) and self._body is None:
            if self.exception() is not None:
                return
            end = data.find(b"\n", start) + 1 or len(data)
            super().data_received(data[start:end])
            start = end
        if self._body is None or start == len(data):
            return
        if self._body.is_eof():
            self._end()  # the body of a 304, or an answer to nobody
        else:
            super().data_received(data[start:])

    def feed_data(self, data: Any, size: int = 0) -> None:
        message, body = data
        if self._body is not None:
            self._end()  # a second answer to one request
            return
        if not 100 <= message.code < 200 or message.code == 101:
            self._body = body
        elif self._interim == _MAX_INTERIM_ANSWERS:
            self.set_exception(_HangUpError(was_idle=False, heard=True))
            self._end()
            return
        else:
            self._interim += 1
        if message.code in _BODYLESS_STATUSES:
            self.force_close()  # whatever comes after it cannot be told from the next answer
        super().feed_data(data, size)

    def connection_lost(self, exc: BaseException | None) -> None:
        if exc is not None:
            self._spoil_body()  # one without a length ends with the connection, but not with a reset (RFC 9112, 8)
        super().connection_lost(exc)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        self._spoil_body()  # aiohttp forgets it after a bad chunk, and its reader would wait for ever
        if isinstance(exc, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            exc = _HangUpError(was_idle=self._requests > 1 and not self._heard, heard=self._heard)
        super().set_exception(exc, *cause)

    def _spoil_body(self) -> None:
        if self._body is not None and not self._body.is_eof():
            self._body.set_exception(aiohttp.ClientPayloadError("the body is not complete"))

    def _end(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.close()


def _parse_url(text: str) -> URL:
    """Read an absolute http(s) URL.

    Raises:
        ValueError: it cannot be visited; the text says why, and does not repeat the URL.
    """
    try:
        url = _url(text).with_fragment(None)
        host = url.raw_host or ""
    except ValueError as error:
        raise ValueError("the URL is not valid") from error
    if url.scheme not in {"http", "https"}:
        raise ValueError("the URL does not begin with http:// or https://")
    if not _HOST.fullmatch(host):
        raise ValueError("the URL names no valid host")
    return url


def _url(text: str) -> URL:
    """Read a URL as it stands: yarl would write a valid one anew (`%2F` in a query as `/`) and break signatures."""
    text = _NOT_UTF8.sub(lambda match: f"%{ord(match[0]) - 0xDC00:02X}", text)
    return URL(text, encoded=_VALID_URL.fullmatch(text) is not None)


def _redirect_target(url: URL, location: str, visit: _Visit) -> URL:
    """Where a Location header leads (RFC 9110, 10.2.2). Credentials in it are not ours to send."""
    try:
        return _parse_url(str(url.join(_url(location)))).with_user(None)
    except ValueError as error:
        raise _FailedError("redirect", f"{visit.place} redirects to where nobody can go: {error}") from error


def _origin(url: URL) -> tuple[str, str, int | None]:
    return url.scheme, (url.raw_host or "").lower(), url.port


def _validators(request: Request) -> dict[str, str]:
    """The validators as they were received. One that no header can carry is left out."""
    pairs = (("If-None-Match", request.etag), ("If-Modified-Since", request.last_modified))
    return {name: value for name, value in pairs if value is not None and not _NOT_FOR_HEADERS.search(value)}


def _authorization(url: URL) -> dict[str, str]:
    """The credentials of a URL in the Basic scheme, as UTF-8 (RFC 7617)."""
    if url.user is None and url.password is None:
        return {}
    pair = f"{url.user or ''}:{url.password or ''}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _received_headers(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined (RFC 9110, 5.3).

    Bytes that are not UTF-8 become U+FFFD; a validator that has some could not be sent back as it was, and is left out.
    """
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        key = name.lower()
        if key in {"etag", "last-modified"} and _NOT_FOR_HEADERS.search(value):
            continue
        clean = _NOT_UTF8.sub("\N{REPLACEMENT CHARACTER}", value)
        headers[key] = f"{headers[key]}, {clean}" if key in headers else clean
    return headers


def _explain(error: Exception, visit: _Visit) -> _FailedError:  # noqa: C901, PLR0911 - one case per cause
    """Name the cause of an exception of aiohttp, for the metrics and for people."""
    place = visit.place
    host = place.rpartition(":")[0]
    match error:
        case aiohttp.ClientConnectorError(os_error=BlockedAddressError(reason=reason)):
            return _FailedError("blocked", reason)
        case aiohttp.InvalidUrlClientError():
            return _FailedError("blocked", f"{host} is not an IPv4 address in its usual form")
        case aiohttp.ClientConnectorDNSError(os_error=socket.gaierror(errno=socket.EAI_AGAIN)):
            return _FailedError("dns", f'name "{host}" cannot be looked up now')
        case aiohttp.ClientConnectorDNSError() | UnicodeError():
            return _FailedError("dns", f'name "{host}" does not resolve')
        case aiohttp.ClientConnectorCertificateError(certificate_error=ssl.SSLCertVerificationError() as cause):
            return _FailedError("tls", f"certificate of {place} refused: {cause.verify_message}")
        case aiohttp.ClientConnectorSSLError(os_error=ssl.SSLError(reason=reason)):
            return _FailedError("tls", f"TLS handshake with {place} failed: {reason or 'no agreement'}")
        case aiohttp.ClientConnectorError(os_error=ConnectionRefusedError()):
            return _FailedError("connect", f"connection refused by {place}")
        case aiohttp.ClientConnectorError(os_error=ConnectionError()) if visit.url.startswith("https:"):
            return _FailedError("tls", f"{place} closed the connection during the TLS handshake")
        case aiohttp.ClientConnectorError(os_error=cause):
            # asyncio's own text repeats the socket address as Python writes it.
            reason = os.strerror(cause.errno).lower() if cause.errno else "no address answers"
            return _FailedError("connect", f"cannot connect to {place}: {reason}")
        case _HangUpError(heard=True):
            return _FailedError("protocol", f"{place} closed the connection in the middle of its answer")
        case aiohttp.ClientConnectionError():
            return _FailedError("connect", f"{place} closed the connection before it answered")
        case _:
            return _FailedError("protocol", f"the answer of {place} is not valid HTTP")
