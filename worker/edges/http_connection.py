"""Connections of aiohttp on which one answer cannot be taken for another."""

from __future__ import annotations

import asyncio
import functools
import re
import ssl
from typing import TYPE_CHECKING, Any, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.edges.guard import AddressGuard, GuardedResolver

BODYLESS_STATUSES = frozenset({204, 304})  # RFC 9110, 15.3.5 and 15.4.5
_MAX_INTERIM_ANSWERS = 20  # a stream of 1xx keeps a whole processor busy until the timeout
# Content-Security-Policy and Link outgrow aiohttp's 8190 bytes on real sites.
_MAX_HEADER_BYTES = 32 * 1024
_MAX_HEADERS = 256
# Chunks of a byte each cost a hundred times what their body does otherwise, and keep the loop from all other feeds. So
# what frames a body may not outweigh it (chunks of 20 bytes on average pass), and little is read at a time until it is
# seen not to.
_MAX_FRAMING_BYTES = 16 * 1024
_BODY_BYTES_PER_FRAMING_BYTE = 4
_FIRST_BYTES = 64 * 1024
_FIRST_READ_BYTES = 32 * 1024
_READ_BYTES = 256 * 1024  # as asyncio has it
# The first empty line, whatever the parser thinks of bare line feeds.
_HEAD_END = re.compile(rb"\n\r?\n")


class HangUpError(aiohttp.ClientConnectionError):
    """The connection ended before the head of an answer was complete.

    `was_idle`: it had been used before, and not a byte came after this request. `heard`: some bytes came.
    `tls_fault`: what the server or OpenSSL had against going on, in OpenSSL's words.

    It is none of the classes after which aiohttp repeats a request by itself: aiohttp does so on new connections and
    after half a head as well, when the server has read the request.
    """

    def __init__(self, *, was_idle: bool, heard: bool, tls_fault: str | None = None) -> None:
        super().__init__("the connection ended")
        self.was_idle = was_idle
        self.heard = heard
        self.tls_fault = tls_fault


class Connection(ResponseHandler):
    """A connection on which one answer cannot be taken for another.

    aiohttp hands all received bytes to its parser at once. When a server sends a body with a 304, the parser fails on
    it and the 304 is lost; when the body comes later, the next request on this connection gets it as its answer. Here
    the head goes in line by line, so that the answer is out before anything behind it is looked at.

    It also waits for bytes in its own way: one alarm that looks, when it rings, how long nothing has come. aiohttp sets
    a timer for each piece that comes and cancels the one before, which is a tenth of what a short answer costs.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._requests = 0
        self._interim = 0
        self._heard = False
        self._tls_fault: str | None = None
        self._body: aiohttp.StreamReader | None = None
        self._waits = False
        self._idle_seconds: float | None = None
        self._heard_at_seconds = 0.0
        self._alarm: asyncio.TimerHandle | None = None
        self._body_received_bytes = 0

    def set_response_params(self, **params: Any) -> None:
        """A request is about to be sent."""
        self._requests += 1
        self._interim = 0
        self._heard = False
        self._body = None
        self._waits = False
        self._idle_seconds = params.pop("read_timeout", None)
        self._body_received_bytes = 0
        self._read_at_most(_FIRST_READ_BYTES)
        super().set_response_params(**params)

    def start_timeout(self) -> None:
        """The request is out: from now on bytes are waited for."""
        self._waits = True
        self._heard_at_seconds = self._loop.time()
        if self._alarm is None and self._idle_seconds is not None:
            self._alarm = self._loop.call_later(self._idle_seconds, self._look)

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: FBT001, FBT002 - aiohttp's
        """Bytes are taken again."""
        if self._reading_paused:
            self._heard_at_seconds = self._loop.time()
        super().resume_reading(resume_parser)

    def _look(self) -> None:
        """Give up when no byte came for too long that somebody waits for."""
        self._alarm = None
        if self._idle_seconds is None or not self._waits or (self._body is not None and self._body.is_eof()):
            return
        now_seconds = self._loop.time()
        if self._reading_paused:
            # It is not the server that keeps us waiting.
            self._heard_at_seconds = now_seconds
        left_seconds = self._heard_at_seconds + self._idle_seconds - now_seconds
        if left_seconds > 0:
            self._alarm = self._loop.call_later(left_seconds, self._look)
        else:
            self.set_exception(aiohttp.SocketTimeoutError("no byte came for too long"))

    def data_received(self, data: bytes) -> None:
        """Bytes came in."""
        if not data:
            super().data_received(data)  # nothing came: the parser goes on with what it holds
            return
        self._heard_at_seconds = self._loop.time()
        start = 0 if self._heard else self._take_head(data)
        self._heard = True
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
            return
        # Bytes come only when those before have been parsed: until then, aiohttp does not read.
        framing_bytes = self._body_received_bytes - self._body.total_bytes
        if framing_bytes > _MAX_FRAMING_BYTES + self._body.total_bytes // _BODY_BYTES_PER_FRAMING_BYTE:
            self._spoil_body()
            self._end()
            return
        if self._body.total_bytes >= _FIRST_BYTES:
            self._read_at_most(_READ_BYTES)
        self._body_received_bytes += len(data) - start
        super().data_received(data[start:])

    def _take_head(self, data: bytes) -> int:
        """Hand over the head of an answer whole, when it begins here and ends here too; how many bytes that was.

        Most do, and line by line they take their parser a third of the time of a request.
        """
        found = _HEAD_END.search(data)
        if found is None:
            return 0
        super().data_received(data[: found.end()])
        return found.end()

    def feed_data(self, data: Any, size: int = 0) -> None:
        """The parser has read a head."""
        message, body = data
        if self._body is not None:
            self._end()  # a second answer to one request
            return
        if not 100 <= message.code < 200 or message.code == 101:
            self._body = body
        elif self._interim == _MAX_INTERIM_ANSWERS:
            self.set_exception(HangUpError(was_idle=False, heard=True))
            self._end()
            return
        else:
            self._interim += 1
        if message.code in BODYLESS_STATUSES and _may_have_body(message.headers):
            self.force_close()  # whatever comes after it cannot be told from the next answer
        super().feed_data(data, size)

    def connection_lost(self, exc: BaseException | None) -> None:
        """The connection is closed; `exc` is None when that was orderly."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if isinstance(exc, ssl.SSLError):
            self._tls_fault = exc.reason
        if exc is not None:
            self._spoil_body()  # one without a length ends with the connection, but not with a reset (RFC 9112, 8)
        super().connection_lost(exc)

    def set_exception(self, exc: BaseException, *cause: BaseException) -> None:
        """Nothing more will come of this request."""
        self._waits = False
        # aiohttp forgets the body after a bad chunk, and its reader would wait for ever.
        self._spoil_body(exc if isinstance(exc, aiohttp.SocketTimeoutError) else None)
        if isinstance(exc, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError)):
            was_idle = self._requests > 1 and not self._heard
            exc = HangUpError(was_idle=was_idle, heard=self._heard, tls_fault=self._tls_fault)
        super().set_exception(exc, *cause)

    def _read_at_most(self, size_bytes: int) -> None:
        """How much comes at a time, of a transport of asyncio's own; of TLS, records of 16 KiB come."""
        if self.transport is not None:
            self.transport.max_size = size_bytes  # type: ignore[attr-defined]

    def _spoil_body(self, reason: BaseException | None = None) -> None:
        if self._body is not None and not self._body.is_eof():
            self._body.set_exception(reason or aiohttp.ClientPayloadError("the body is not complete"))

    def _end(self) -> None:
        self.force_close()
        if self.transport is not None:
            self.transport.close()


def _may_have_body(headers: Mapping[str, str]) -> bool:
    """Whether a server that sends a body where there is none would say so with this head.

    RFC 9110, 8.6, lets a 304 have the length of the document; then nobody can tell. Without a length, a body would
    have no end, and the connection ends with it.
    """
    return headers.get("Content-Length", "0") != "0" or "Transfer-Encoding" in headers


def open_session(
    *, tls: ssl.SSLContext, guard: AddressGuard, resolver: GuardedResolver, timeout: aiohttp.ClientTimeout
) -> aiohttp.ClientSession:
    """A pool of such connections, from within the loop. It keeps no cookies and undoes no content coding."""
    connector = aiohttp.TCPConnector(
        ssl=tls,
        limit=0,  # the fetcher limits: waiting for a place must not count as connecting
        resolver=resolver,
        socket_factory=guard.socket_factory,
    )
    factory = functools.partial(Connection, asyncio.get_running_loop())
    connector._factory = cast("functools.partial[ResponseHandler]", factory)  # noqa: SLF001 - there is no public way to see what follows a head
    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        timeout=timeout,
        max_line_size=_MAX_HEADER_BYTES,
        max_field_size=_MAX_HEADER_BYTES,
        max_headers=_MAX_HEADERS,
    )
