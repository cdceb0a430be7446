"""Servers on loopback that do as a test tells them, and record what they are asked; and fetchers to ask them."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import secrets
import shutil
import socket
import ssl
import struct
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.loopback import listening
from worker.edges.clock import SystemClock
from worker.edges.http import HttpFetcher
from worker.model.fetch import FetchFailure, Request, Response

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from worker.edges.guard import Network
    from worker.ports import Clock

LOOPBACK: Sequence[Network] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass(frozen=True, kw_only=True)
class Received:
    """A request as it came in. `connection` counts from 1."""

    connection: int
    line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def target(self) -> str:
        return self.line.split(" ")[1]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass(kw_only=True)
class Server:
    """Answers each request with the bytes, or by the coroutine, that its path is mapped to; closes after CLOSE."""

    host: str = "127.0.0.1"
    port: int = 0
    scheme: str = "http"
    routes: dict[str, bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    protocols: list[str] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    left: asyncio.Event = field(default_factory=asyncio.Event)

    def url(self, path: str = "/", *, userinfo: str = "") -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{userinfo}{host}:{self.port}{path}"

    def headers(self, name: str) -> list[str | None]:
        """One header of all requests so far."""
        return [request.header(name) for request in self.received]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        connection = self.connections
        if (tls := writer.get_extra_info("ssl_object")) is not None:
            self.protocols.append(tls.selected_alpn_protocol())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "surrogateescape")
                line, *lines = head[:-4].split("\r\n")
                pairs = tuple((name, value) for name, _, value in (text.partition(": ") for text in lines))
                length = next((int(value) for name, value in pairs if name == "Content-Length"), 0)
                body = await reader.readexactly(length)
                self.received.append(Received(connection=connection, line=line, headers=pairs, body=body))
                self.arrived.set()
                answer = self.routes.get(self.received[-1].target, OK)
                if isinstance(answer, bytes):
                    writer.write(answer)
                    await writer.drain()
                else:
                    await answer(writer)
                if self.received[-1].header("Connection") == "close":
                    break
        self.left.set()
        writer.close()


@contextlib.asynccontextmanager
async def serving(tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1") -> AsyncIterator[Server]:
    server = Server(host=host, scheme="http" if tls is None else "https")
    async with listening(server.talk, host=host, tls=tls) as server.port:
        yield server


@contextlib.asynccontextmanager
async def fetching(
    *,
    timeout_seconds: float = 5,
    connect_timeout_seconds: float = 5,
    max_body_bytes: int = 1000,
    concurrency: int = 4,
    allow_networks: Sequence[Network] = LOOPBACK,
    clock: Clock | None = None,
    **options: Any,
) -> AsyncIterator[HttpFetcher]:
    fetcher = HttpFetcher(
        user_agent="Dateline/1.0 (+https://dateline.example)",
        timeout_seconds=timeout_seconds,
        connect_timeout_seconds=connect_timeout_seconds,
        max_body_bytes=max_body_bytes,
        concurrency=concurrency,
        allow_networks=allow_networks,
        clock=clock or SystemClock(),
        **options,
    )
    try:
        yield fetcher
    finally:
        await fetcher.close()


async def answered(fetcher: HttpFetcher, url: str, **more: Any) -> Response:
    fetched = await fetcher.fetch(Request(url=url, **more))
    assert isinstance(fetched, Response), fetched
    return fetched


async def failed(fetcher: HttpFetcher, url: str, **more: Any) -> FetchFailure:
    fetched = await fetcher.fetch(Request(url=url, **more))
    assert isinstance(fetched, FetchFailure), fetched
    assert "\n" not in fetched.detail
    return fetched


def head(status: str, headers: Mapping[str, str | int] | None = None, body: bytes = b"") -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("utf-8", "surrogateescape") + body


def redirect(location: str, status: str = "302 Found") -> bytes:
    return head(status, {"Location": location, "Content-Length": 0})


def closing(data: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Send this, then close the connection in an orderly way."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        writer.close()

    return answer


def resetting(data: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Send this, then reset the connection."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        if data:
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(0.05)  # a reset may overtake what was sent
        connection = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return answer


def dripping(first: bytes, drop: bytes) -> Callable[[asyncio.StreamWriter], Awaitable[None]]:
    """Send something, then one drop every 20 ms for as long as anybody listens."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.02)

    return answer


def resolve(monkeypatch: pytest.MonkeyPatch, addresses: Mapping[str, Sequence[str]]) -> None:
    """Let names resolve to these addresses, and no other name to anything."""

    def getaddrinfo(host: str, port: int, *_args: object, **_options: object) -> list[object]:
        if host not in addresses:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0))
            if ":" in address
            else (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))
            for address in addresses[host]
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


def certificate(folder: Path, name: str, *, expired: bool = False) -> Path:
    """A certificate of its own authority for one name or address, with its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("there is no openssl command to make a certificate with")
    path, request, made = (folder / file for file in ("server.pem", "request", "c"))
    for command in (
        [
            *(
                "req",
                "-new",
                "-nodes",
                "-subj",
                f"/CN=Test {secrets.token_hex(8)}",
                "-newkey",
                "ec",
                "-pkeyopt",
                "ec_paramgen_curve:prime256v1",
            ),
            *("-addext", f"subjectAltName={name}", "-addext", "basicConstraints=critical,CA:TRUE"),
            *("-keyout", path, "-out", request),
        ],
        [
            *("x509", "-req", "-in", request, "-signkey", path, "-copy_extensions", "copy"),
            *("-days", "-1" if expired else "2", "-out", made),
        ],
    ):
        subprocess.run([openssl, *command], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + made.read_bytes())
    return path


def server_side(path: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
