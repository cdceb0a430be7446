"""GET and POST over HTTP/1.1, for helpful and hostile servers alike: implements `worker.ports.Fetcher` with aiohttp."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from worker.edges.guard import EVERYWHERE, AddressGuard, GuardedResolver
from worker.edges.http_connection import BODYLESS_STATUSES, HangUpError, open_session
from worker.edges.http_failures import FailedError, Visit, explain, proxy_wants_credentials
from worker.edges.http_headers import received_headers, sent_headers
from worker.edges.http_proxy import Proxies
from worker.edges.http_room import Room
from worker.edges.http_tls import tls_context
from worker.edges.http_urls import basic_authorization, origin, parse_url, redirect_target
from worker.model.fetch import FetchFailure, Hop, Response, header_problem
from worker.model.secrets import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from yarl import URL

    from worker.edges.guard import Network
    from worker.model.fetch import Fetched, Request
    from worker.ports import Clock, NextHop

_MAX_REDIRECTS = 10
_REDIRECT_STATUSES = frozenset({301, 302, 303, 307, 308})
_REPEATING_STATUSES = frozenset({307, 308})  # the method and the body stay as they were (RFC 9110, 15.4.8)
# So much of a body is taken without asking for room. Most feeds are smaller.
_SMALL_BYTES = 256 * 1024
# Lookups that outlast the connect timeout go on for two or three times as long, while new ones begin.
_LOOKUPS_PER_FETCH = 4


class HttpFetcher:
    """Fetches documents, each within a time, a size and a number of redirects, and only from permitted addresses.

    Args:
        user_agent: who we say we are.
        timeout_seconds: for one fetch from first lookup to last byte, redirects included.
        connect_timeout_seconds: for one connection: lookup, TCP and TLS.
        idle_timeout_seconds: for the next byte of an answer.
        max_body_bytes: cap on the body as it travels, before any decompression.
        max_fetching_bytes: cap on the sum of the bodies above 256 KiB that are coming in; one may come in at any rate.
            More wait their turn, and waiting does not count as time taken.
        concurrency: fetches under way at once; more wait their turn, and waiting does not count as time taken.
        allow_networks: networks that may be visited besides the public Internet.
        proxy: `http://[user:password@]host[:port]` for all requests. It may stand anywhere; see `worker.edges.guard`
            for what is checked of the addresses behind it.
        proxy_environment: where `http_proxy`, `https_proxy`, `all_proxy` and `no_proxy` are looked up, once.
        ca_file: PEM certificates that are trusted besides the system's.
        client_cert: PEM certificate that is shown to every server that asks for one.
        client_key: its key, when that is in a file of its own.
        clock: for `retrieved_at` and durations.

    Raises:
        Stop: the proxy, or a file, cannot be used.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        *,
        user_agent: str,
        timeout_seconds: float,
        connect_timeout_seconds: float,
        idle_timeout_seconds: float = 20.0,
        max_body_bytes: int,
        max_fetching_bytes: int = 64 * 2**20,
        concurrency: int,
        allow_networks: Sequence[Network],
        proxy: str | None = None,
        proxy_environment: Mapping[str, str] | None = None,
        ca_file: Path | None = None,
        client_cert: Path | None = None,
        client_key: Path | None = None,
        clock: Clock,
    ) -> None:
        self._user_agent = user_agent
        self._timeout_seconds = timeout_seconds
        self._connect_timeout_seconds = connect_timeout_seconds
        self._idle_timeout_seconds = idle_timeout_seconds
        self._max_body_bytes = max_body_bytes
        self._room = Room(max(max_fetching_bytes, max_body_bytes))
        self._slots = asyncio.Semaphore(concurrency)
        self._guard = AddressGuard(allow_networks)
        self._resolver = GuardedResolver(self._guard, max_lookups=_LOOKUPS_PER_FETCH * concurrency)
        # The operator named the proxy: it may stand where nothing else is visited.
        self._proxy_guard = AddressGuard(EVERYWHERE)
        self._proxy_resolver = GuardedResolver(self._proxy_guard, max_lookups=_LOOKUPS_PER_FETCH * concurrency)
        self._proxies = Proxies(proxy=proxy, environment=proxy_environment or {})
        self._clock = clock
        # Reads files, so not from within the loop.
        self._tls = tls_context(ca_file=ca_file, client_cert=client_cert, client_key=client_key)
        self._direct: aiohttp.ClientSession | None = None
        self._proxied: aiohttp.ClientSession | None = None

    async def fetch(self, request: Request, hop: NextHop | None = None) -> Fetched:
        """Ask for one URL. Whatever the server or the network does is returned, never raised.

        Before a redirect is followed, `hop` waits for its turn. Waiting takes no place from others.
        """
        visit = Visit(
            started_seconds=self._clock.monotonic_seconds(),
            left_seconds=self._timeout_seconds,
        )
        try:
            return await self._follow(request, visit, hop)
        except FailedError as error:
            failed = error
        except aiohttp.ConnectionTimeoutError:
            limit = f"{self._connect_timeout_seconds:g} s"
            failed = FailedError("timeout", f"no connection to {visit.route} within {limit}")
        except aiohttp.SocketTimeoutError:
            failed = FailedError("timeout", f"not a byte from {visit.route} for {self._idle_timeout_seconds:g} s")
        except TimeoutError:
            failed = FailedError("timeout", f"no complete answer from {visit.route} within {self._timeout_seconds:g} s")
        except (aiohttp.ClientError, OSError, UnicodeError) as error:
            failed = explain(error, visit)
        return FetchFailure(
            url=visit.url or without_credentials(request.url),
            kind=failed.kind,
            detail=failed.detail,
            retrieved_at=self._clock.now(),
            duration_seconds=self._clock.monotonic_seconds() - visit.started_seconds,
        )

    async def close(self) -> None:
        """Close all connections. Idempotent."""
        sessions = (self._direct, self._proxied)
        self._direct = self._proxied = None
        for session in sessions:
            if session is not None:
                await session.close()

    async def _follow(self, request: Request, visit: Visit, hop: NextHop | None) -> Response:
        try:
            start = parse_url(request.url)
        except ValueError as error:
            raise FailedError("protocol", str(error)) from error
        for name, value in request.headers:
            if (problem := header_problem(name, value)) is not None:
                raise FailedError("internal", problem)
        form = None if request.form is None else urlencode(request.form).encode()
        credentials = basic_authorization(start)
        url = start if credentials is None else start.with_user(None)
        home = at = str(url)
        at_home = True
        seen = {url}
        while True:
            visit.url, visit.asked = at, url
            await self._begin(visit, hop)
            try:
                async with asyncio.timeout(visit.left_seconds) as visit.deadline:
                    if (refusal := self._guard.check_host(url.raw_host or "")) is not None:
                        raise FailedError("blocked", refusal)
                    if self._proxies:
                        await self._choose_proxy(url, visit)
                    headers = sent_headers(
                        request,
                        at,
                        home=home,
                        user_agent=self._user_agent,
                        credentials=credentials,
                        at_home=at_home,
                    )
                    answer = await self._ask(url, headers, form, visit)
                    if isinstance(answer, Response):
                        return answer
                    visit.left_seconds = (visit.deadline.when() or 0.0) - asyncio.get_running_loop().time()
            finally:
                visit.deadline = None
                self._slots.release()
            url = answer.target
            at = str(url)
            at_home = at_home and origin(url) == origin(start)
            visit.hops += (Hop(status=answer.status, url=at),)
            if url in seen:
                raise FailedError("redirect", f"{visit.place} redirects in a circle")
            if len(visit.hops) > _MAX_REDIRECTS:
                raise FailedError("redirect", f"more than {_MAX_REDIRECTS} redirects, the last from {visit.place}")
            seen.add(url)

    async def _begin(self, visit: Visit, hop: NextHop | None) -> None:
        """Wait until one more request may be made."""
        if not visit.hops and not self._slots.locked():
            await self._slots.acquire()
            return
        with self._waiting(visit):
            if visit.hops and hop is not None and not await hop(visit.url):
                raise FailedError("unavailable", "the host asked to be left alone")
            await self._slots.acquire()

    async def _choose_proxy(self, url: URL, visit: Visit) -> None:
        """Find the proxy, if any, and stop here where the socket's own check would not see the address."""
        visit.proxy = self._proxies.choose(url)
        if visit.proxy is None:
            return
        refusal = None
        # A name server that does not answer is as good as one that does not know the name.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._connect_timeout_seconds):
                refusal = await self._resolver.refusal(url.raw_host or "")
        if refusal is not None:
            raise FailedError("blocked", refusal)

    async def _ask(
        self, url: URL, headers: Sequence[tuple[str, str]], form: bytes | None, visit: Visit
    ) -> Response | _Redirect:
        """Send one request."""
        try:
            return await self._exchange(url, headers, form, visit)
        except HangUpError as error:
            if form is not None or not error.was_idle:
                raise
        # The server closed an idle connection at the moment we used it: a GET may be repeated, once (RFC 9112, 9.3.1).
        return await self._exchange(url, headers, form, visit)

    async def _exchange(
        self, url: URL, headers: Sequence[tuple[str, str]], form: bytes | None, visit: Visit
    ) -> Response | _Redirect:
        method = "GET" if form is None else "POST"
        async with self._request(method, url, headers, form, visit) as response:
            retrieved_at = self._clock.now()
            target = _followed(url, response, form, visit)
            if target is not None:
                return _Redirect(status=response.status, target=target)
            if response.status == 407 and visit.proxy is not None:
                raise proxy_wants_credentials(visit)
            return Response(
                url=visit.url,
                status=response.status,
                headers=received_headers(response),
                body=await self._read(response, visit),
                retrieved_at=retrieved_at,
                duration_seconds=self._clock.monotonic_seconds() - visit.started_seconds,
                hops=visit.hops,
            )

    def _request(
        self, method: str, url: URL, headers: Sequence[tuple[str, str]], form: bytes | None, visit: Visit
    ) -> aiohttp.client._RequestContextManager:
        proxy = visit.proxy
        if proxy is None:
            if self._direct is None:
                self._direct = self._open_session(self._guard, self._resolver)
            return self._direct.request(method, url, headers=headers, data=form, allow_redirects=False)
        if self._proxied is None:
            self._proxied = self._open_session(self._proxy_guard, self._proxy_resolver)
        # With https the proxy hears the CONNECT alone, else the request itself.
        to_proxy = [] if proxy.authorization is None else [("Proxy-Authorization", proxy.authorization)]
        return self._proxied.request(
            method,
            url,
            headers=headers if url.scheme == "https" else [*headers, *to_proxy],
            data=form,
            allow_redirects=False,
            proxy=proxy.url,
            proxy_headers=[("User-Agent", self._user_agent), *to_proxy],
        )

    async def _read(self, response: aiohttp.ClientResponse, visit: Visit) -> bytes:
        if response.status in BODYLESS_STATUSES:
            return b""  # a Content-Length is that of the document, had it been sent
        cap = self._max_body_bytes
        announced = response.content_length
        if announced is not None and announced > cap:
            raise FailedError("too_large", f"the body has {announced} bytes; fetch.max_body_bytes is {cap}")
        chunks: list[bytes] = []
        size = 0
        try:
            async with contextlib.AsyncExitStack() as room:
                async for chunk in response.content.iter_any():
                    if size <= _SMALL_BYTES < size + len(chunk):
                        with self._waiting(visit):
                            await room.enter_async_context(self._room.taken(cap if announced is None else announced))
                    size += len(chunk)
                    if size > cap:
                        raise FailedError("too_large", f"the body has more bytes than fetch.max_body_bytes, {cap}")
                    chunks.append(chunk)
                return b"".join(chunks)
        except aiohttp.ClientPayloadError as error:
            expected = "" if announced is None else f" of {announced}"
            raise FailedError(
                "protocol", f"the body from {visit.place} is cut off or malformed after {size}{expected} bytes"
            ) from error

    @contextlib.contextmanager
    def _waiting(self, visit: Visit) -> Iterator[None]:
        """Waiting for others, which is no fault of the server: it does not count as time taken."""
        loop, began_seconds = asyncio.get_running_loop(), self._clock.monotonic_seconds()
        left_seconds = None
        if visit.deadline is not None and not visit.deadline.expired() and (at := visit.deadline.when()) is not None:
            left_seconds = at - loop.time()
            visit.deadline.reschedule(None)
        try:
            yield
        finally:
            visit.started_seconds += self._clock.monotonic_seconds() - began_seconds
            if left_seconds is not None and visit.deadline is not None:
                visit.deadline.reschedule(loop.time() + left_seconds)

    def _open_session(self, guard: AddressGuard, resolver: GuardedResolver) -> aiohttp.ClientSession:
        timeout = aiohttp.ClientTimeout(
            total=None, connect=self._connect_timeout_seconds, sock_read=self._idle_timeout_seconds
        )
        return open_session(tls=self._tls, guard=guard, resolver=resolver, timeout=timeout)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Redirect:
    """An answer that leads elsewhere."""

    status: int
    target: URL


def _followed(url: URL, response: aiohttp.ClientResponse, form: bytes | None, visit: Visit) -> URL | None:
    """Where an answer leads; None when it is to be taken as it is.

    A form goes where it is led only as the same POST, and never in clear text when it was meant to be secret.
    """
    location = response.headers.get("Location")
    if location is None or response.status not in (_REDIRECT_STATUSES if form is None else _REPEATING_STATUSES):
        return None
    try:
        target = redirect_target(url, location)
    except ValueError as error:
        raise FailedError("redirect", f"{visit.place} redirects to where nobody can go: {error}") from error
    if form is not None and url.scheme == "https" and target.scheme == "http":
        return None
    return target
