"""A hub as the specification has it (https://www.w3.org/TR/websub/), and as it should not be."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import ClientSession, web

from tests.integration.harness import until

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine
    from concurrent.futures import Future

_T = TypeVar("_T")


@dataclass(frozen=True, kw_only=True)
class Granted:
    """A subscription that was verified."""

    callback: str
    topic: str
    secret: str | None


@dataclass(kw_only=True)
class Hub:
    """Takes subscriptions, verifies them, and distributes. Runs in a thread of its own between `start` and `stop`.

    `status` is its answer to requests. With `deny`, it refuses what it has accepted; `verified_topic` is what it says
    instead of the topic when it verifies.
    """

    tls: ssl.SSLContext | None = None
    lease_seconds: int = 3_600
    status: int = 202
    deny: str | None = None
    verified_topic: str | None = None
    port: int = 0
    forms: list[dict[str, str]] = field(default_factory=list)
    granted: dict[tuple[str, str], Granted] = field(default_factory=dict)
    # What subscribers answered when asked whether they meant it: mode and status.
    answers: list[tuple[str, int]] = field(default_factory=list)
    _loop: asyncio.AbstractEventLoop | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/hub"

    def start(self) -> Hub:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._wait(self._open())
        return self

    def stop(self) -> None:
        loop = self._loop
        if loop is None:
            return
        self._wait(self._close())
        loop.call_soon_threadsafe(loop.stop)
        self._thread.join()
        loop.close()
        self._loop = None

    @property
    def subscription(self) -> Granted:
        """The one that was granted last, once the hub knows of it: the subscriber knows before it."""
        until(lambda: bool(self.granted))
        return list(self.granted.values())[-1]

    def distribute(self, body: bytes, *, to: Granted | None = None, signature: str | None = None) -> int:
        """Send content to a subscriber, rightly signed unless `signature` says otherwise; the status it answers."""
        to = to or self.subscription
        headers = {"Content-Type": "application/rss+xml", "Link": f'<{to.topic}>; rel="self", <{self.url}>; rel="hub"'}
        if signature is None and to.secret is not None:
            signature = "sha256=" + hmac.new(to.secret.encode(), body, hashlib.sha256).hexdigest()
        if signature:
            headers["X-Hub-Signature"] = signature
        return self._wait(self._post(to.callback, body, headers))

    async def _open(self) -> None:
        app = web.Application()
        app.router.add_post("/hub", self._request)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port, ssl_context=self.tls)
        await site.start()
        self.port = self._runner.addresses[0][1]

    async def _request(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        self.forms.append(form)
        if self.status == 202:
            task = asyncio.create_task(self._verify(form))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return web.Response(status=self.status)

    async def _verify(self, form: dict[str, str]) -> None:
        mode, topic, callback = form["hub.mode"], form["hub.topic"], form["hub.callback"]
        challenge = secrets.token_hex(8)
        query = {"hub.mode": mode, "hub.topic": self.verified_topic or topic, "hub.challenge": challenge}
        if self.deny is not None and mode == "subscribe":
            query = {"hub.mode": "denied", "hub.topic": topic, "hub.reason": self.deny}
        elif mode == "subscribe":
            query["hub.lease_seconds"] = str(self.lease_seconds)
        async with ClientSession() as session, session.get(callback, params=query) as response:
            text = await response.text()
            self.answers.append((query["hub.mode"], response.status))
        if not 200 <= response.status < 300 or text != challenge:
            return
        if mode == "subscribe":
            self.granted[callback, topic] = Granted(callback=callback, topic=topic, secret=form.get("hub.secret"))
        else:
            self.granted.pop((callback, topic), None)

    async def _post(self, callback: str, body: bytes, headers: dict[str, str]) -> int:
        async with ClientSession() as session, session.post(callback, data=body, headers=headers) as response:
            return response.status

    async def _close(self) -> None:
        """Leave nothing open: a transport that outlives its loop is a warning in whatever test it is collected in."""
        server = self._runner.server
        transports = [one.transport for one in server.connections] if server is not None else []
        await self._runner.cleanup()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        # With TLS, to close is to talk to the other side, which may never answer.
        for transport in transports:
            if transport is not None:
                transport.abort()
        for _ in range(5):
            await asyncio.sleep(0)

    def _wait(self, coroutine: Coroutine[Any, Any, _T]) -> _T:
        assert self._loop is not None
        future: Future[_T] = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        return future.result(30)


def free_port() -> int:
    """A port that nobody listens on, for those who must be told one before they start."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
