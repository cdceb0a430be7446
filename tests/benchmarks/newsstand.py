"""A server for benchmarks, in a process of its own: as cheap as asyncio lets it be, so that processors stay free.

The first letter of a path says how it answers:

- `m`: 304 to a request with `If-None-Match`, else the document with an ETag.
- `s`: the same document again and again, without validators.
- `c`: a document with one new entry at each request, and one less at its end.

Feeds whose letter is a capital have all entries for themselves; others share those that were there from the beginning.

It listens on all of 127.0.0.0/8: each address there is a host of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

from tests.benchmarks.newspaper import newest_first, rss

if TYPE_CHECKING:
    from collections.abc import Iterator

ENTRIES = 30
# What real servers say besides.
_HEAD = (
    b"Server: nginx\r\nDate: Thu, 01 May 2025 12:00:00 GMT\r\nCache-Control: max-age=300\r\nVary: Accept-Encoding\r\n"
    b"X-Content-Type-Options: nosniff\r\nStrict-Transport-Security: max-age=31536000\r\nConnection: keep-alive\r\n"
)


@cache
def _template(newer: int) -> tuple[bytes, bytes]:
    """A document after so many entries have come: it up to the last new one, and the rest."""
    items = rss(newest_first(ENTRIES, latest=100 + newer), site="site.example").split(b"</item>\n")
    return b"</item>\n".join([*items[:newer], b""]), b"</item>\n".join(items[newer:])


def document(path: str, *, newer: int = 0) -> bytes:
    """The document at a path."""
    new, old = _template(newer)
    if path[1].isupper():
        new, old = new + old, b""
    return new.replace(b"site.example", path[1:].replace("/", "-").encode() + b".example") + old


class _Connection(asyncio.Protocol):
    def __init__(self, asked: dict[str, int]) -> None:
        self._asked = asked
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._transport is not None and (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head, self._buffer = self._buffer[:end], self._buffer[end + 4 :]
            self._transport.write(self._answer(head))

    def _answer(self, head: bytes) -> bytes:
        path = head.split(b" ", 2)[1].decode()
        number = self._asked[path] = self._asked.get(path, -1) + 1
        match path[1].lower():
            case "m" if b"\r\nif-none-match:" in head.lower():
                return b'HTTP/1.1 304 Not Modified\r\n%bETag: "1"\r\n\r\n' % _HEAD
            case "m":
                return _ok(document(path), b'ETag: "1"\r\n')
            case "c":
                return _ok(document(path, newer=number))
            case _:
                return _ok(document(path))


def _ok(body: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 200 OK\r\n%b%bContent-Type: application/rss+xml\r\nContent-Length: %d\r\n\r\n"
    return head % (_HEAD, more, len(body)) + body


async def _serve() -> None:
    asked: dict[str, int] = {}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(asked), "0.0.0.0", 0, backlog=4_096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever started it has ended


@contextlib.contextmanager
def newsstand() -> Iterator[int]:
    """The port of a server that runs until the context ends."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.newsstand"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        yield int(server.stdout.readline())
        server.stdin.close()


if __name__ == "__main__":
    asyncio.run(_serve())
