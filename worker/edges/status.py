"""The worker's own HTTP server: metrics and health."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from aiohttp import web

from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from worker.edges.metrics import PrometheusMetrics


class StatusServer:
    """Serves `/metrics`, `/healthz` and `/readyz`.

    Args:
        host: to listen on.
        port: to listen on; 0 takes any free one.
        metrics: what `/metrics` shows.
        alive: why the worker is not alive, or None: `/healthz` answers 200 or 503.
        ready: why the worker is not ready, or None: `/readyz` answers 200 or 503.
    """

    def __init__(
        self,
        *,
        host: str,
        port: int,
        metrics: PrometheusMetrics,
        alive: Callable[[], str | None],
        ready: Callable[[], str | None],
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
        app.router.add_get("/", self._serve_index)
        self._app = app

    async def start(self) -> str:
        """Listen; the base URL.

        Raises:
            Stop: if the address cannot be listened on.
        """
        runner = web.AppRunner(self._app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            await runner.cleanup()
            where = f"{self._host}:{self._port}"
            # asyncio wraps the system's words into its own; the number has them plain.
            why = os.strerror(error.errno).lower() if error.errno and error.errno > 0 else str(error)
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

    async def _serve_index(self, _: web.Request) -> web.Response:
        return web.Response(text="Dateline\n\n/metrics\n/healthz\n/readyz\n")


def _health_handler(probe: Callable[[], str | None]) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def serve(_: web.Request) -> web.Response:
        problem = probe()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")

    return serve
