"""Polls that find nothing new, of the worker as it is wired (SQLite, log, metrics), against bare aiohttp requests.

1,000 feeds of 50 hosts that allow 50 requests at once in all; each baseline asks for the same documents just as often.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from contextlib import asynccontextmanager
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import feedparser

from tests.benchmarks.measuring import Goal, Line, Sample
from tests.benchmarks.newsstand import newsstand
from tests.benchmarks.restarting import fill
from tests.fakes import any_metrics
from worker.edges.children import Children
from worker.edges.clock import SystemClock
from worker.edges.http import HttpFetcher
from worker.edges.log import configure_logging
from worker.edges.sqlite import SqliteLedger
from worker.model.feed import Feed
from worker.pipeline import Limits
from worker.reading import PREPARE, READER
from worker.runner import CommitSettings, Runner, RunnerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from worker.edges.metrics import PrometheusMetrics

_FEEDS = 1_000
_HOSTS = 50
_INTERVAL_SECONDS = 1.0
_SECONDS = 4.0
_BARE = "bare aiohttp request"
# Without the publishing that such a loop does as well: it sends all entries again.
_NAIVE = "feedparser.parse(url)"
_NAIVE_FEEDS = 4
_IDLE_FEEDS = 100


def measure(rounds: int) -> Iterator[Line]:
    """The lines of this benchmark."""
    with newsstand() as port, Path(os.devnull).open("w", encoding="utf-8") as log:
        configure_logging("info", "json", stream=log)
        for name, kind, goals, headers in (
            ("answered 304", "m", (1.5, 1 / 300), {"If-None-Match": '"1"'}),
            ("the same bytes, 87 kB", "s", (1.2, 1 / 200), {}),
        ):
            yield asyncio.run(_line(name, f"http://127.0.0.{{host}}:{port}/{kind}", goals, rounds, headers))
        yield asyncio.run(_idle(f"http://127.0.0.{{host}}:{port}/m"))


async def _line(name: str, place: str, at_most: tuple[float, float], rounds: int, headers: Mapping[str, str]) -> Line:
    feeds = _feeds(place, _FEEDS, interval_seconds=_INTERVAL_SECONDS)
    ours: list[Sample] = []
    bare: list[Sample] = []
    naive: list[Sample] = []
    async with _working(feeds) as (runner, metrics), _session() as session:
        await _bare(session, feeds, headers, 0)
        for _ in range(rounds):
            cpu, wall, before = time.process_time(), time.perf_counter(), _polls(metrics)
            await asyncio.sleep(_SECONDS)
            polls = _polls(metrics) - before
            ours.append(_sample(cpu, wall, polls))
            runner.replace_feeds(())
            await _quiet(metrics)
            cpu, wall = time.process_time(), time.perf_counter()
            await _bare(session, feeds, headers, polls)
            bare.append(_sample(cpu, wall, polls))
            cpu, wall = time.process_time(), time.perf_counter()
            for feed in feeds[:_NAIVE_FEEDS]:
                feedparser.parse(feed.url)
            naive.append(_sample(cpu, wall, _NAIVE_FEEDS))
            runner.replace_feeds(feeds)
            await asyncio.sleep(_INTERVAL_SECONDS)
    return Line(
        name=name,
        unit="poll",
        ours=tuple(ours),
        baselines={_BARE: tuple(bare), _NAIVE: tuple(naive)},
        goals=tuple(Goal(baseline=one, at_most=most) for one, most in zip((_BARE, _NAIVE), at_most, strict=True)),
    )


async def _idle(place: str) -> Line:
    """A worker between two polls."""
    async with _working(_feeds(place, _IDLE_FEEDS, interval_seconds=900.0)):
        cpu, wall = time.process_time(), time.perf_counter()
        await asyncio.sleep(2 * _SECONDS)
        sample = _sample(cpu, wall, 1)
    share = sample.cpu_seconds / sample.wall_seconds
    return Line(name="idle", unit="worker", ours=(sample,), figures={"share_of_a_core": share})


def _feeds(place: str, count: int, *, interval_seconds: float) -> tuple[Feed, ...]:
    urls = (f"{place.format(host=1 + number % _HOSTS)}/{number}" for number in range(count))
    return tuple(
        Feed(
            id=f"feed-{number}",
            url=url,
            shard_key=f"host-{number % _HOSTS}",
            interval_seconds=interval_seconds,
            min_interval_seconds=interval_seconds,
            max_interval_seconds=interval_seconds,
        )
        for number, url in enumerate(urls)
    )


@asynccontextmanager
async def _working(feeds: tuple[Feed, ...]) -> AsyncIterator[tuple[Runner, PrometheusMetrics]]:
    """A worker on these feeds that goes on where another has left off."""
    clock, metrics = (
        SystemClock(),
        any_metrics(),
    )
    readers = Children(
        READER,
        preload=PREPARE,
        count=2,
        deadline_seconds=10,
        memory_bytes=512 * 2**20,
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dateline.db"
        await fill(path, feeds, period_seconds=feeds[0].min_interval_seconds)
        runner = Runner(
            feeds,
            ledger=SqliteLedger(path, name="bench", max_event_bytes=1_000_000),
            fetcher=HttpFetcher(
                user_agent="Dateline/0",
                timeout_seconds=30,
                connect_timeout_seconds=10,
                max_body_bytes=5 * 2**20,
                concurrency=_HOSTS,
                allow_networks=(ip_network("127.0.0.0/8"),),
                clock=clock,
            ),
            readers=readers,
            metrics=metrics,
            clock=clock,
            settings=RunnerSettings(
                agent="Dateline",
                host_gap_seconds=0.0,
                concurrency=_HOSTS,
                drain_timeout_seconds=30,
                commit=CommitSettings(
                    max_events=1_000, max_bytes=4 * 2**20, max_delay_seconds=0.5, pending_bytes=64 * 2**20
                ),
                limits=Limits(max_body_bytes=5 * 2**20, max_event_bytes=1_000_000),
                readers=2,
            ),
        )
        await readers.start()
        running = asyncio.create_task(runner.run())
        try:
            # Overdue by then, they start at 50 a second.
            await asyncio.sleep(0.02 * len(feeds) + 2.0)
            yield runner, metrics
        finally:
            runner.stop()
            await running
            await readers.close()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False)


async def _bare(
    session: aiohttp.ClientSession, feeds: tuple[Feed, ...], headers: Mapping[str, str], count: int
) -> None:
    """Ask so many times, feeds in turn, one host one thing at a time; each once if `count` is 0."""
    count = count or len(feeds)

    async def ask(first: int) -> None:
        for number in range(first, count, _HOSTS):
            async with session.get(feeds[number % len(feeds)].url, headers=headers) as answer:
                await answer.read()

    await asyncio.gather(*(ask(first) for first in range(_HOSTS)))


def _polls(metrics: PrometheusMetrics) -> int:
    return int(metrics.registry.get_sample_value("dateline_schedule_delay_seconds_count") or 0)


async def _quiet(metrics: PrometheusMetrics) -> None:
    """Wait until nothing is under way."""
    value = metrics.registry.get_sample_value
    while value("dateline_polls_in_progress") or value("dateline_pending_bytes"):  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.05)


def _sample(cpu: float, wall: float, units: int) -> Sample:
    return Sample(cpu_seconds=(time.process_time() - cpu) / units, wall_seconds=(time.perf_counter() - wall) / units)
