"""The feeds of the gate: a process that serves them all, and counts how it is asked.

A feed has a history of changes: articles that come out, and here and there an edited one. Its document holds the
newest articles and, besides, all that changed since the version that its reader is known to have **committed**: the
worker stores a document's ETag with the state of the feed, so a request that shows an ETag proves the commit. What is
missing in the end was therefore lost by the worker, never by a document that had moved on.

Each feed has an address of its own (127.0.0.2, 127.0.0.3 …): feeds of one host share a shard.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self
from urllib.request import urlopen

from worker.edges.broker import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTROL = "127.0.0.1"
# Each tenth article is edited once, some articles later.
EDITED_EVERY = 10
EDITED_LATER = 5

_WINDOW = 15
_AT_FIRST = 5
_START_SECONDS = 30.0
_ANSWER_SECONDS = 10.0
_REQUEST_LINE = re.compile(rb"GET /(\S*) HTTP/1.1\r\n")
_IF_NONE_MATCH = re.compile(rb'\r\nif-none-match: (?:W/)?"(\d+)"', re.IGNORECASE)


def history(articles: int) -> list[tuple[int, int]]:
    """All changes of a feed, as (article, edition)."""
    changes = []
    for article in range(articles):
        changes.append((article, 1))
        if article % EDITED_EVERY == EDITED_EVERY - 1:
            changes.append((article - EDITED_LATER, 2))
    return changes


def last_editions(articles: int) -> dict[int, int]:
    """The edition that each article of a feed ends with."""
    return dict(history(articles))


@dataclass(slots=True, kw_only=True)
class Newsfeed:
    """One feed. Its version is the number of changes that are out."""

    number: int
    changes: Sequence[tuple[int, int]]
    version: int = 0
    committed: int = 0
    """The newest version that a reader has shown to have committed."""
    requests: int = 0
    unconditional: int = 0
    """Requests without a validator."""
    changed_at: dict[int, tuple[int, int]] = field(default_factory=dict)
    """By article: the version with its last change, and its edition."""

    def release(self, share: float) -> None:
        """Let changes come out until this share of all is out."""
        for article, edition in self.changes[self.version : max(_AT_FIRST, round(share * len(self.changes)))]:
            self.version += 1
            self.changed_at[article] = (self.version, edition)

    def answer(self, shown: int | None) -> tuple[int, bytes]:
        """Status and body, to a request that shows this version."""
        self.requests += 1
        self.unconditional += shown is None
        self.committed = max(self.committed, shown or 0)
        return (304, b"") if shown == self.version else (200, self._document())

    def _document(self) -> bytes:
        newest = max(self.changed_at)
        items = [
            f"<item><guid isPermaLink='false'>{self.number}-{article}</guid>"
            f"<title>{self.number}-{article}-{edition}</title>"
            f"<link>https://n{self.number}.example/{article}</link><description>Juttu {article}.</description></item>"
            for article, (version, edition) in sorted(self.changed_at.items(), reverse=True)
            if article > newest - _WINDOW or version > self.committed
        ]
        head = f"<rss version='2.0'><channel><title>Feed {self.number}</title><language>fi</language>"
        return f"{head}{''.join(items)}</channel></rss>".encode()


class _Stand:
    def __init__(self, feeds: int, articles: int) -> None:
        changes = history(articles)
        self._feeds = [Newsfeed(number=number, changes=changes) for number in range(feeds)]
        self._release(0.0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                found = _REQUEST_LINE.match(head)
                writer.write(self._answer(found[1].decode() if found else "", head))
                await writer.drain()
        writer.close()

    def _answer(self, path: str, head: bytes) -> bytes:
        etag = ""
        what, _, argument = path.partition("/")
        if what == "feed":
            shown = _IF_NONE_MATCH.search(head)
            newsfeed = self._feeds[int(argument)]
            status, body = newsfeed.answer(int(shown[1]) if shown else None)
            etag = f'ETag: "{newsfeed.version}"\r\nContent-Type: application/rss+xml\r\n'
        elif what == "release":
            self._release(float(argument))
            status, body = 200, b"{}"
        elif what == "status":
            status, body = 200, json.dumps([_told(newsfeed) for newsfeed in self._feeds]).encode()
        else:
            status, body = 404, b""
        length = "" if status == 304 else f"Content-Length: {len(body)}\r\n"
        return f"HTTP/1.1 {status} -\r\n{etag}{length}\r\n".encode() + body

    def _release(self, share: float) -> None:
        for newsfeed in self._feeds:
            newsfeed.release(share)


def _told(newsfeed: Newsfeed) -> dict[str, int]:
    return {name: getattr(newsfeed, name) for name in ("version", "committed", "requests", "unconditional")}


class Newsstand:
    """The process, while it is used as a context."""

    def __init__(self, *, feeds: int, articles: int) -> None:
        self._numbers = range(feeds)
        self._port = free_port()
        self._command = [sys.executable, "-m", __name__, str(self._port), str(feeds), str(articles)]
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n", "the feeds are not served"
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()

    @property
    def feeds(self) -> list[dict[str, str]]:
        """For the configuration of a worker."""
        return [
            {"id": f"n{number}", "url": f"http://127.0.0.{number + 2}:{self._port}/feed/{number}"}
            for number in self._numbers
        ]

    def release(self, share: float) -> None:
        """Let this share of all articles be out."""
        self._ask(f"release/{share}")

    def status(self) -> list[dict[str, int]]:
        """How each feed was asked: version, committed, requests, unconditional."""
        found: list[dict[str, int]] = self._ask("status")
        return found

    def _ask(self, path: str) -> Any:
        with urlopen(f"http://{CONTROL}:{self._port}/{path}", timeout=_ANSWER_SECONDS) as answer:
            return json.load(answer)


async def _main(port: int, feeds: int, articles: int) -> None:
    hosts = [CONTROL, *(f"127.0.0.{number + 2}" for number in range(feeds))]
    server = await asyncio.start_server(_Stand(feeds, articles).serve, hosts, port)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in the terminal is meant for the gate, which ends this
    parser = argparse.ArgumentParser()
    for name in ("port", "feeds", "articles"):
        parser.add_argument(name, type=int)
    arguments = parser.parse_args()
    asyncio.run(_main(arguments.port, arguments.feeds, arguments.articles))
