"""A server on loopback that does at each visit what a test says, byte for byte, and records what it is asked."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.fakes import FakeClock
from tests.loopback import listening

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Callable, Mapping
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request as it came in: raw names and values, and when, by the clock of the worker that was asked to make it.

    `number` counts the visits of this target from 0, `connection` all connections from 1.
    """

    number: int
    connection: int
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    seconds: float
    at: datetime
    real_seconds: float
    at_once: int

    def all(self, name: str) -> list[str]:
        """The values of a header, in their order."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The value of a header that came once, or not at all."""
        values = self.all(name)
        assert len(values) <= 1, values
        return values[0] if values else None

    @property
    def validators(self) -> tuple[str | None, str | None]:
        """If-None-Match and If-Modified-Since."""
        return self.header("If-None-Match"), self.header("If-Modified-Since")

    @property
    def conditional(self) -> bool:
        return self.validators != (None, None)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent, piece by piece. An event among the pieces is waited for; `close` ends the connection."""

    pieces: tuple[bytes | asyncio.Event, ...]
    close: bool = False


Script = bytes | Answer


@dataclass(kw_only=True)
class Site:
    """Plays a script for each target: an answer for each visit, the last one for all that come after."""

    clock: FakeClock = field(default_factory=FakeClock)
    host: str = "127.0.0.1"
    port: int = 0
    scheme: str = "http"
    visits: list[Visit] = field(default_factory=list)
    most_at_once: int = 0
    _scripts: dict[str, tuple[Script | Callable[[Visit], Script], ...]] = field(default_factory=dict)
    _counts: Counter[str] = field(default_factory=Counter)
    _connections: int = 0
    _at_once: int = 0

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def url(self, target: str = "/feed", *, userinfo: str = "", host: str | None = None) -> str:
        return f"{self.scheme}://{userinfo}{host or self.host}:{self.port}{target}"

    def on(self, target: str, *answers: Script | Callable[[Visit], Script]) -> str:
        """Give a target its script, from its first answer on; its URL."""
        self._scripts[target] = answers
        self._counts[target] = 0
        return self.url(target)

    def of(self, target: str = "/feed") -> list[Visit]:
        """The visits of one target."""
        return [visit for visit in self.visits if visit.target == target]

    def times(self, target: str = "/feed") -> list[float]:
        """When a target was visited, in seconds since its first visit."""
        found = self.of(target)
        return [round(visit.seconds - found[0].seconds, 6) for visit in found]

    def gaps(self, target: str = "/feed") -> list[float]:
        """The seconds between the visits of one target."""
        times = self.times(target)
        return [round(after - before, 6) for before, after in pairwise(times)]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections += 1
        connection = self._connections
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while not writer.is_closing():
                visit = await self._heard(reader, connection)
                try:
                    if not await self._answer(visit, writer):
                        break
                finally:
                    self._at_once -= 1
        writer.close()

    async def _heard(self, reader: asyncio.StreamReader, connection: int) -> Visit:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
        line, *lines = head[:-4].split("\r\n")
        method, target, _ = line.split(" ")
        pairs = tuple((name, value.removeprefix(" ")) for name, _, value in (text.partition(":") for text in lines))
        length = next((int(value) for name, value in pairs if name.lower() == "content-length"), 0)
        body = await reader.readexactly(length)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        visit = Visit(
            number=self._counts[target],
            connection=connection,
            method=method,
            target=target,
            headers=pairs,
            body=body,
            seconds=self.clock.monotonic_seconds(),
            at=self.clock.now(),
            real_seconds=time.monotonic(),
            at_once=self._at_once,
        )
        self._counts[target] += 1
        self.visits.append(visit)
        return visit

    async def _answer(self, visit: Visit, writer: asyncio.StreamWriter) -> bool:
        """Say what the script says; whether the connection stays open."""
        answers = self._scripts.get(visit.target, (answer(404),))
        script = answers[min(visit.number, len(answers) - 1)]
        if callable(script):
            script = script(visit)
        played = Answer(pieces=(script,)) if isinstance(script, bytes) else script
        for piece in played.pieces:
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                writer.write(piece)
                await writer.drain()
        return not played.close


@contextlib.asynccontextmanager
async def site(
    clock: FakeClock | None = None, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> AsyncIterator[Site]:
    """A server until the context ends."""
    made = Site(clock=clock or FakeClock(), host=host, scheme="http" if tls is None else "https")
    async with listening(made.talk, host=host, tls=tls) as made.port:
        yield made


def answer(
    status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None, *, length: int | None = None
) -> bytes:
    """An answer with just these headers, and Content-Length unless it may have no body."""
    pairs = dict(headers or {})
    if status != 304:
        pairs.setdefault("Content-Length", str(len(body) if length is None else length))
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs.items())
    return f"HTTP/1.1 {status} -\r\n{lines}\r\n".encode("utf-8", "surrogateescape") + body


def redirect(status: int, location: str, headers: Mapping[str, str] | None = None) -> bytes:
    return answer(status, b"", {"Location": location, **(headers or {})})


def rss(*guids: str, text: str = "Words of {}.", channel: str = "") -> bytes:
    """An RSS document; each article is at its guid on news.example."""
    items = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>Headline {guid}</title>"
        f"<link>https://news.example/{guid}</link><description>{text.format(guid)}</description></item>"
        for guid in guids
    )
    return (
        "<rss version='2.0' xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>"
        f"<channel><title>Wire</title>{channel}{items}</channel></rss>"
    ).encode()


def honest(
    body: bytes, etag: str | None = None, last_modified: str | None = None, **headers: str
) -> Callable[[Visit], bytes]:
    """A server that answers 304 to whoever has what it has (RFC 9110, 13.2.2), with the same headers as otherwise."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if etag is not None:
        given["ETag"] = etag
    if last_modified is not None:
        given["Last-Modified"] = last_modified

    def play(visit: Visit) -> bytes:
        known_etag, known_time = visit.validators
        known = known_etag == etag if known_etag is not None else known_time is not None and known_time == last_modified
        return answer(304, b"", given) if known else answer(200, body, given)

    return play
