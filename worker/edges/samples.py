"""The sample feeds, served on loopback the way a good publisher serves its own."""

from __future__ import annotations

import errno
import gzip
import hashlib
import math
import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from worker.model.errors import Stop

if TYPE_CHECKING:
    from pathlib import Path

    from worker.ports import Clock

# Atom: RFC 4287, 7; RDF: RFC 3870; JSON Feed 1.1; RSS never registered the type that everybody uses.
_TYPES = {
    ".rss.xml": "application/rss+xml",
    ".atom.xml": "application/atom+xml",
    ".rdf.xml": "application/rdf+xml",
    ".feed.json": "application/feed+json",
    ".html": "text/html",
}
_XML_ENCODING = re.compile(rb"""<\?xml[^>]*?\sencoding=["']([\w.-]+)["']""")
_REFUSED = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*")


class Asked(NamedTuple):
    """What was asked, and the answer's status. `conditional` says whether a validator was sent."""

    path: str
    status: int
    conditional: bool


class SampleServer:
    """Serves `<folder>/feeds/NAME` at `/feeds/NAME`, and k steps after the start `<folder>/feeds/later/NAME.k`.

    The last version there is stays. Files are read at each request, so whoever edits one changes the feed.
    `requests` counts what was asked. Port 0 takes any free one; without `step_seconds` the first version stays.
    """

    def __init__(
        self, folder: Path, *, clock: Clock, host: str = "127.0.0.1", port: int = 8931, step_seconds: float | None = 8
    ) -> None:
        self.requests: Counter[Asked] = Counter()
        self._feeds, self._clock = folder / "feeds", clock
        self._host, self._port = host, port
        self._step_seconds = math.inf if step_seconds is None else step_seconds
        self._versions: dict[str, tuple[Path, ...]] = {}
        self._runner: web.AppRunner | None = None
        self._started = clock.now(), clock.monotonic_seconds()

    async def start(self) -> str:
        """Listen, and return the base URL, without a slash at its end.

        Raises:
            Stop: the folder holds no samples, or the port cannot be had.
        """
        self._versions = _versions_in(self._feeds)
        if not self._versions:
            raise Stop(f"{self._feeds}: no sample feeds here; they are in deploy/examples of the repository")
        app = web.Application()
        app.router.add_get("/feeds/{name}", self._answer)
        app.on_response_prepare.append(self._count)
        self._runner = runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        self._started = self._clock.now(), self._clock.monotonic_seconds()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await self.stop()
            taken = "the port is taken; end the program that listens there"
            why = taken if error.errno == errno.EADDRINUSE else os.strerror(error.errno or 0)
            raise Stop(f"sample feeds on {self._host}:{self._port}: {why}") from error
        return f"http://{self._host}:{runner.addresses[0][1]}"

    async def stop(self) -> None:
        """Stop listening. Idempotent."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _answer(self, request: web.Request) -> web.Response:
        # Only names that were found at the start are served: dots and slashes in a name lead nowhere.
        name = request.match_info["name"]
        if name not in self._versions:
            raise web.HTTPNotFound
        body, modified_at = self._current(name)
        zipped = _takes_gzip(request.headers.get("Accept-Encoding", ""))
        # Each representation has an ETag of its own (RFC 9110, 8.8.3.3).
        etag = hashlib.sha256(body).hexdigest()[:20] + ("-gzip" if zipped else "")
        headers = {"ETag": f'"{etag}"', "Vary": "Accept-Encoding"}
        if _unchanged(request, etag, modified_at):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = _content_type(name, body)
        headers["Last-Modified"] = format_datetime(modified_at, usegmt=True)
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=gzip.compress(body, mtime=0) if zipped else body, headers=headers)

    def _current(self, name: str) -> tuple[bytes, datetime]:
        """The version whose time it is, and when it was last changed (whole seconds)."""
        versions, (started_at, started_seconds) = self._versions[name], self._started
        elapsed_seconds = self._clock.monotonic_seconds() - started_seconds
        step = min(int(elapsed_seconds / self._step_seconds), len(versions) - 1)
        modified_at = datetime.fromtimestamp(versions[step].stat().st_mtime, UTC)
        if step:  # a version is younger than the one before it, whatever the files say
            modified_at = max(modified_at, started_at + timedelta(seconds=step * self._step_seconds))
        return versions[step].read_bytes(), modified_at.replace(microsecond=0)

    async def _count(self, request: web.Request, response: web.StreamResponse) -> None:
        conditional = "If-None-Match" in request.headers or "If-Modified-Since" in request.headers
        self.requests[Asked(request.path, response.status, conditional)] += 1


def _versions_in(feeds: Path) -> dict[str, tuple[Path, ...]]:
    """All documents of a folder by name, each followed by its later versions."""
    firsts = [path for path in feeds.glob("*") if path.name.endswith(tuple(_TYPES))]
    return {first.name: (first, *sorted(feeds.glob(f"later/{first.name}.[1-9]"))) for first in firsts}


def _unchanged(request: web.Request, etag: str, modified_at: datetime) -> bool:
    """Whether to answer 304: with If-None-Match, If-Modified-Since counts no more (RFC 9110, 13.2.2)."""
    if "If-None-Match" in request.headers:
        return any(known.value in {etag, "*"} for known in request.if_none_match or ())
    return request.if_modified_since is not None and modified_at <= request.if_modified_since


def _takes_gzip(accept_encoding: str) -> bool:
    """Whether gzip is named, and not refused with q=0 (RFC 9110, 12.5.3)."""
    codings = (coding.partition(";") for coding in accept_encoding.lower().split(","))
    return any(name.strip() == "gzip" and not _REFUSED.fullmatch(weight) for name, _, weight in codings)


def _content_type(name: str, body: bytes) -> str:
    """The media type; XML says the encoding it declares itself (RFC 7303, 3.2), JSON none (RFC 8259, 11)."""
    kind = next(kind for suffix, kind in _TYPES.items() if name.endswith(suffix))
    declared = _XML_ENCODING.match(body)
    return kind if kind.endswith("json") else f"{kind}; charset={declared[1].decode() if declared else 'utf-8'}"
