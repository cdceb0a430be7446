"""One server for all cases, which records what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import zlib
from collections import defaultdict
from typing import TYPE_CHECKING, Self

from tests.loopback import listening

from .cases import item, rss
from .servers import head, send, silence

if TYPE_CHECKING:
    import ssl
    from asyncio import StreamReader, StreamWriter
    from collections.abc import Awaitable, Callable, Iterable, Mapping

    from .cases import Case


class Server:
    """Serves cases and good feeds on loopback, each on an address of its own, from a thread; records what it is asked.

    Args:
        cases: by the path of their feed, `/<name>`.
        good: makes the document of a good feed from its name and the number of the request.
        contexts: of the listeners with TLS.
    """

    def __init__(
        self,
        cases: Iterable[Case],
        *,
        good: Callable[[str, int], bytes],
        contexts: Mapping[str, ssl.SSLContext],
    ) -> None:
        self.ports: dict[str, int] = {}
        self.asked: dict[str, list[float]] = defaultdict(list)
        self.intruders: list[str] = []
        self._cases = {case.name: case for case in cases}
        self._at: dict[str, Case] = {}
        self._good = good
        self._contexts = contexts
        # Repetitive as they are, a few kilobytes each: the server is not to be the one who takes the memory.
        self._bodies: dict[str, bytes] = {}
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()], daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        for case in self._cases.values():
            if (make := case.body or case.page) is not None:
                body = make().replace(b"FORBIDDEN", b"%d" % self.ports["forbidden"])
                self._bodies[case.name] = zlib.compress(body, 1)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(20)
        self._loop.close()

    def url(self, case: Case, address: str) -> str:
        """Where the feed of a case is."""
        self._at[address] = case
        if case.url is not None:
            return case.url.format(port=self.ports["plain"], **self.ports)
        scheme = "http" if case.listener == "plain" else "https"
        return f"{scheme}://{address}:{self.ports[case.listener]}/{case.name}"

    async def _run(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            for name in ("plain", "forbidden", "stalled", *self._contexts):
                talk = {"forbidden": self._intrude, "stalled": self._stall}.get(name, self._talk)
                host = "127.0.0.1" if name == "forbidden" else "0.0.0.0"
                listener = listening(talk, host=host, tls=self._contexts.get(name), backlog=500)
                self.ports[name] = await stack.enter_async_context(listener)
            self._ready.set()
            await self._ended.wait()

    async def _intrude(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Nobody may come here."""
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            self.intruders.append(repr(await reader.read(200)))
        writer.close()

    async def _stall(self, _: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await silence(writer)

    async def _talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.CancelledError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                if (first := await reader.readexactly(1)) == b"\x16":
                    await send(writer, head("400 This is no TLS", Content_Length=0))
                    break
                request = (first + await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                path = request.split(" ", 2)[1].partition("?")[0]
                self.asked[path].append(time.monotonic())
                await self._answer(path, writer)
                await writer.drain()
        writer.close()

    async def _answer(self, path: str, writer: StreamWriter) -> None:
        name, _, rest = path.removeprefix("/").partition("/")
        case = self._cases.get(name)
        own = self._at.get(_host(writer))
        if path == "/robots.txt" and own is not None and own.robots is not None:
            await own.robots(writer)
        elif path == "/robots.txt" or (case is None and not name.startswith("good-")):
            writer.write(head("404 Not Found", Content_Length=0))
        elif case is None:
            await send(writer, _answer(self._good(name, len(self.asked[path])), {}), close=False)
        elif case.talk is not None:
            await self._at_its_own(case.talk, writer)
        elif case.page is not None and not rest:
            link = f"<link>http://{_host(writer)}:{self.ports['plain']}/{name}/page</link>"
            writer.write(_answer(rss(item(f"<description>words</description>{link}", guid=name)), {}))
        else:
            body = zlib.decompress(self._bodies[name]).replace(b"SELF", path.encode())
            writer.write(_answer(body, case.headers or {}))

    async def _at_its_own(self, talk: Callable[[StreamWriter], Awaitable[None]], writer: StreamWriter) -> None:
        await talk(_Filled(writer, self.ports["forbidden"]))  # type: ignore[arg-type]  # as much of it as they use


class _Filled:
    """A writer that puts the forbidden port where its name stands."""

    def __init__(self, writer: StreamWriter, port: int) -> None:
        self._writer = writer
        self._port = b"%d" % port

    def write(self, data: bytes) -> None:
        self._writer.write(data.replace(b"FORBIDDEN", self._port) if len(data) < 1_000 else data)

    def __getattr__(self, name: str) -> object:
        return getattr(self._writer, name)


def _host(writer: StreamWriter) -> str:
    address: tuple[str, int] = writer.get_extra_info("sockname")
    return address[0]


def _answer(body: bytes, headers: Mapping[str, str]) -> bytes:
    return head(**{"Content-Length": len(body), "Content-Type": "application/rss+xml", **headers}) + body
