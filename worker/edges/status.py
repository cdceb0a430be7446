"""The worker's own HTTP server: metrics, health, pages for people, and what hubs call."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import ClientError, web
from aiohttp.http_exceptions import HttpProcessingError

from worker.edges.pages import add_pages
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from worker.edges.metrics import PrometheusMetrics
    from worker.edges.pages import Pages
    from worker.ports import Callbacks

# Longer than Prometheus waits between two scrapes, as a rule; who says nothing for so long is shown out.
_IDLE_SECONDS = 75.0
# For a client that still sends when its answer is out.
_LINGERING_SECONDS = 2.0
_PUSHES_AT_ONCE = 50
_RETRY_AFTER = {"Retry-After": "60"}

_log = logging.getLogger("dateline.status")
# What strangers send that is not HTTP is no fault of ours: else they could fill the log.
_log.addFilter(lambda record: not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HubCallbacks:
    """Who answers hubs, and how much is taken of one push, in bytes and in time."""

    callbacks: Callbacks
    max_body_bytes: int
    timeout_seconds: float


class StatusServer:
    """Serves `/metrics`, `/healthz` and `/readyz`, the pages, and `/websub/` for hubs.

    Args:
        host: to listen on.
        port: to listen on; 0 takes any free one.
        metrics: what `/metrics` shows.
        alive: why the worker is not alive, or None: `/healthz` answers 200 or 503.
        ready: why the worker is not ready, or None: `/readyz` answers 200 or 503.
        pages: what the pages show.
        reload: reads the configuration again, for a POST to `/-/reload`: why it cannot be used, or None. Without it
            there is no such path.
        hubs: answers hubs; None where nothing is subscribed to: then there is no such path.
    """

    def __init__(  # noqa: PLR0913 - each is a setting of its own
        self,
        *,
        host: str,
        port: int,
        metrics: PrometheusMetrics,
        alive: Callable[[], str | None],
        ready: Callable[[], str | None],
        pages: Pages,
        reload: Callable[[], Awaitable[str | None]] | None = None,
        hubs: HubCallbacks | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._metrics = metrics
        self._runner: web.AppRunner | None = None
        app = web.Application()
        app.router.add_get("/metrics", self._serve_metrics)
        for paths, probe in ((("/healthz", "/-/healthy"), alive), (("/readyz", "/-/ready"), ready)):
            for path in paths:
                app.router.add_get(path, _health_handler(probe))
        add_pages(app, pages)
        if reload is not None:
            app.router.add_post("/-/reload", _reload_handler(reload))
        if hubs is not None:
            callback = _Callback(hubs)
            app.router.add_get("/websub/{token}", callback.verify, allow_head=False)
            app.router.add_post("/websub/{token}", callback.push)
        self._app = app

    async def start(self) -> str:
        """Listen; the base URL.

        Raises:
            Stop: if the address cannot be listened on.
        """
        runner = web.AppRunner(
            self._app,
            access_log=None,
            logger=_log,
            keepalive_timeout=_IDLE_SECONDS,
            lingering_time=_LINGERING_SECONDS,
            # A signature covers what was sent; and nobody is to inflate anything here.
            auto_decompress=False,
        )
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            where = f"{self._host}:{self._port}"
            # asyncio wraps the system's words into its own; the number has them plain. Names have numbers of their own.
            plain = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
            why = str(plain or error).lower()
            raise Stop(f"cannot listen on {where}: {why}; set `listen` to another address") from error
        self._runner = runner
        host, port = runner.addresses[0][:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def stop(self) -> None:
        """Stop listening. Idempotent."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def _serve_metrics(self, request: web.Request) -> web.Response:
        body, content_type = self._metrics.exposition(request.headers.get("Accept", ""))
        return web.Response(body=body, headers={"Content-Type": content_type})


class _Callback:
    """The addresses that hubs were told (https://www.w3.org/TR/websub/)."""

    def __init__(self, hubs: HubCallbacks) -> None:
        self._hubs = hubs
        self._pushes = 0

    async def verify(self, request: web.Request) -> web.Response:
        status, body = self._hubs.callbacks.verify(request.match_info["token"], request.query)
        # What a stranger wrote is sent back: as text, whatever a browser would make of it.
        return web.Response(
            status=status,
            body=body.encode(errors="replace"),
            content_type="text/plain",
            charset="utf-8",
            headers={"X-Content-Type-Options": "nosniff"},
        )

    async def push(self, request: web.Request) -> web.Response:
        if self._pushes >= _PUSHES_AT_ONCE:
            return web.Response(status=503, headers=_RETRY_AFTER)
        self._pushes += 1
        try:
            return web.Response(status=await self._receive(request))
        finally:
            self._pushes -= 1

    async def _receive(self, request: web.Request) -> int:
        """The status to answer with. A push that is not believed is answered as one that is (7.1)."""
        push = self._hubs.callbacks.push(request.match_info["token"], request.headers.get("X-Hub-Signature", ""))
        if push is None:
            return 410
        status, left_bytes = 202, self._hubs.max_body_bytes
        try:
            async with asyncio.timeout(self._hubs.timeout_seconds):
                async for piece in request.content.iter_any():
                    left_bytes -= len(piece)
                    if left_bytes < 0:
                        status = 413
                        break
                    push.take(piece)
        except TimeoutError:
            status = 408
        except (ClientError, HttpProcessingError, OSError, web.RequestPayloadError):
            status = 400
        push.end(complete=status == 202)
        return status


def _reload_handler(reload: Callable[[], Awaitable[str | None]]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        mistakes = await reload()
        return web.Response(status=500 if mistakes else 200, text=f"{mistakes or 'ok'}\n")

    return serve


def _health_handler(probe: Callable[[], str | None]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        problem = probe()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")

    return serve
