"""A listener on loopback inside a test's own event loop, of which nothing is left when it ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable


@contextlib.asynccontextmanager
async def listening(
    talk: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    *,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    backlog: int = 100,
) -> AsyncIterator[int]:
    """Let `talk` have every connection; the port.

    At the end every talk is cancelled and every connection cut, also the one that was taken just now and the one whose
    peer reads no more: a transport that outlives its loop is a warning in whatever test runs when it is collected.
    """
    talks: set[asyncio.Future[None]] = set()
    writers: set[asyncio.StreamWriter] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        talks.add(asyncio.ensure_future(talk(reader, writer)))

    listener = await asyncio.start_server(accept, host, 0, ssl=tls, backlog=backlog)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        # What was accepted before the listener was closed gets its transport a few rounds of the loop later.
        for _ in range(5):
            for running in talks:
                running.cancel()
            await asyncio.gather(*talks, return_exceptions=True)
            for writer in writers:
                writer.transport.abort()
            await asyncio.sleep(0)
        await listener.wait_closed()
