"""Documents: from the bytes of an answer to what is written, against parsers alone on the same bytes."""

from __future__ import annotations

import asyncio
import gc
import io
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import feedparser
from lxml import etree

from tests.benchmarks.measuring import Goal, Line, compare
from tests.benchmarks.newspaper import atom, newest_first, rss
from tests.fakes import settled
from worker.edges.children import Children
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.model.step import Claims
from worker.pipeline import Limits, first_state, process
from worker.pipeline.prepare import prepare
from worker.reading import PREPARE, READER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from worker.model.event import Batch
    from worker.model.feed import FeedState
    from worker.model.step import Ask

_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LIMITS = Limits(max_body_bytes=5_000_000, max_event_bytes=1_000_000)
_FEED = Feed(
    id="bench",
    url="https://news.example/feed.xml",
    shard_key="news.example",
    interval_seconds=900,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
    # What facts cost is measured elsewhere: here it would hide all else.
    facts=False,
)
_FEEDPARSER, _TRIMMED, _LXML = "feedparser as it comes", "feedparser trimmed", "lxml's tree alone"
_READING = "hashing the body"


def measure(rounds: int) -> Iterator[Line]:
    """The lines of this benchmark."""
    # As in the processes that read documents: what they share is loaded, and not looked at again.
    prepare()
    gc.collect()
    gc.freeze()
    for kind, write in (("RSS", rss), ("Atom", atom)):
        body, changed = write(newest_first(25)), write(newest_first(25, latest=102))
        first = write(newest_first(30))
        fresh = first_state(_FEED)
        known = settled(_poll(fresh, body)).state
        yield _line(f"{kind}: first poll of 30 entries", first, 30, _of(fresh, first), rounds=rounds, unit="article")
        yield _line(
            f"{kind}: changed document, 2 new of 25",
            changed,
            1,
            _of(known, changed),
            rounds=rounds,
            goals=(Goal(baseline=_FEEDPARSER, at_most=1 / 8),),
        )
        yield _line(f"{kind}: other bytes, nothing new", body + b"\n", 1, _of(known, body + b"\n"), rounds=rounds)
        yield _unchanged(f"{kind}: the same bytes", body, known, rounds)
    yield _handed_over(rss(newest_first(30)), rounds)


def _poll(state: FeedState, body: bytes) -> Batch | Ask:
    response = Response(url=_FEED.url, status=200, body=body, retrieved_at=_NOW)
    return process(_FEED, state, response, now=_NOW, limits=_LIMITS)


def _of(state: FeedState, body: bytes) -> Callable[[], object]:
    return lambda: _poll(state, body)


def _line(
    name: str,
    body: bytes,
    units: int,
    ours: Callable[[], object],
    *,
    rounds: int,
    unit: str = "poll",
    goals: tuple[Goal, ...] = (),
) -> Line:
    parsers: Mapping[str, Callable[[], object]] = {
        "ours": ours,
        _FEEDPARSER: lambda: feedparser.parse(io.BytesIO(body)),
        _TRIMMED: lambda: feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False),
        _LXML: lambda: etree.fromstring(body),
    }
    samples = compare({name: (work, units) for name, work in parsers.items()}, rounds=rounds, peaks=True)
    return Line(name=name, unit=unit, ours=samples.pop("ours"), baselines=samples, goals=goals)


def _handed_over(body: bytes, rounds: int) -> Line:
    """What is left for the worker itself when a process of its own reads a document."""
    loop = asyncio.new_event_loop()
    pool = Children(
        READER,
        preload=PREPARE,
        count=1,
        deadline_seconds=60,
        memory_bytes=512 * 2**20,
        max_tasks=1_000_000,
    )
    state, response = first_state(_FEED), Response(url=_FEED.url, status=200, body=body, retrieved_at=_NOW)

    async def read() -> None:
        async with pool.session() as reading:
            claims = await reading.call("begin", _FEED, state, response, _NOW, _LIMITS, {})
            assert isinstance(claims, Claims)
            await reading.call("settle", frozenset())

    loop.run_until_complete(pool.start())
    try:
        samples = compare(
            {"ours": (lambda: loop.run_until_complete(read()), 30), "reading it itself": (_of(state, body), 30)},
            rounds=rounds,
        )
    finally:
        loop.run_until_complete(pool.close())
        loop.close()
    name = "RSS: first poll of 30 entries in a reader process, what the worker spends"
    return Line(name=name, unit="article", ours=samples.pop("ours"), baselines=samples)


def _unchanged(name: str, body: bytes, known: FeedState, rounds: int) -> Line:
    samples = compare(
        {"ours": (_of(known, body), 1), _READING: (lambda: sha256(body).hexdigest(), 1)}, rounds=rounds, peaks=True
    )
    return Line(name=name, unit="poll", ours=samples.pop("ours"), baselines=samples)
