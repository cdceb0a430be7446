"""`dateline run` as a process with short intervals: numbers 1, 8, 16, 23, 28, 49 and 50 of the list of behaviours."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.harness import PATIENCE_SECONDS, Deployment, Process
from tests.integration.recording import Answer, Site, Visit, answer, honest, redirect, rss, site
from worker.edges.sqlite import read_states
from worker.steps.encode import decode_state, encode_state

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

ETAG = {"ETag": '"1"'}


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path, None)


@pytest.fixture
async def server() -> AsyncIterator[Site]:
    async with site() as server:
        yield server


async def line(process: Process, event: str, **values: Any) -> dict[str, Any]:
    """Wait for a log line while the server, which is in this thread, goes on."""
    return await asyncio.to_thread(process.wait_for, event, **values)


async def visited(server: Site, times: int) -> None:
    async with asyncio.timeout(60):
        while len(server.visits) < times:  # noqa: ASYNC110 - the server tells nobody
            await asyncio.sleep(0.01)


def gaps(visits: list[Visit]) -> list[float]:
    """The real seconds between visits."""
    return [after.real_seconds - before.real_seconds for before, after in pairwise(visits)]


def write(deployment: Deployment, *feeds: dict[str, str], interval: str = "300ms") -> Path:
    """A configuration with as few processes as there can be."""
    fetch = {"allow_networks": ["127.0.0.0/8"], "timeout": 5, "host_gap": "1ms", "children": 1}
    return deployment.write(feeds, fetch=fetch, schedule={"interval": interval, "min_interval": interval})


async def test_a_killed_process_asks_again_in_its_time_and_conditionally(
    deployment: Deployment, server: Site, start: Callable[..., Process]
):
    """1, 16: nothing is asked twice within the interval; 50: nor by a run of one round within it."""
    feed = {"url": server.on("/feed", honest(rss("a"), '"1"')), "id": "f"}
    process = start(write(deployment, feed, interval="3s"))
    await line(process, "poll", outcome="ok")
    process.kill()
    process = start(deployment.path)
    await line(process, "poll", outcome="not_modified")
    assert await asyncio.to_thread(process.end) == 0
    assert [visit.validators for visit in server.visits] == [(None, None), ('"1"', None)]
    assert gaps(server.visits)[0] >= 2.9
    once = start(write(deployment, feed, interval="10m"), "--once")
    await line(once, "poll_not_due", feed="f")
    assert await asyncio.to_thread(once.popen.wait, PATIENCE_SECONDS) == 0
    assert len(server.visits) == 2


async def test_a_move_is_adopted_across_two_processes(
    deployment: Deployment, server: Site, start: Callable[..., Process]
):
    """28: five sightings in all; 8: with validators that a 304 renews at the new address."""
    new = server.url("/new")
    moved, gate = redirect(301, "/new"), asyncio.Event()
    server.on("/old", moved, moved, moved, Answer(pieces=(gate, moved)), moved)
    server.on(
        "/new",
        answer(200, rss("a"), ETAG),
        *(answer(304, b"", {"ETag": f'"{number}"'}) for number in range(2, 9)),
    )
    config = write(deployment, {"url": server.url("/old"), "id": "f"})
    process = start(config)
    await visited(server, 6)
    # However long that takes: the fourth is answered only when there can be no fifth.
    process.popen.send_signal(signal.SIGTERM)
    await line(process, "draining")
    gate.set()
    assert await asyncio.to_thread(process.popen.wait, PATIENCE_SECONDS) == 0
    seen = len(server.of("/old"))
    assert 3 <= seen < 5
    process = start(config)
    await line(process, "poll", moved_to=new)
    await visited(server, 13)
    assert await asyncio.to_thread(process.end) == 0
    assert len(server.of("/old")) == 5
    sent = [visit.header("If-None-Match") for visit in server.of("/new")]
    assert sent[:8] == [None, *(f'"{number}"' for number in range(1, 8))]
    assert not process.lines("poll", outcome="http_error")
    assert min(gaps(server.of("/new"))) >= 0.29


async def test_a_process_that_finds_times_of_another_clock_asks_once_in_its_time(
    deployment: Deployment, server: Site, start: Callable[..., Process]
):
    """49: what is on disk was written before the clock was set by so much, back or forth."""
    jumps = {"back": timedelta(days=300), "forth": timedelta(days=-300)}
    feeds = [{"url": server.on(f"/{name}", honest(rss(name), '"1"')), "id": name} for name in jumps]
    process = start(write(deployment, *feeds, interval="2s"))
    for name in jumps:
        await line(process, "poll", feed=name, outcome="ok")
    assert await asyncio.to_thread(process.end) == 0
    known = {name: len(server.of(f"/{name}")) for name in jumps}
    for name, jump in jumps.items():
        _move_times(deployment, name, jump)
    process = start(deployment.path)
    await visited(server, sum(known.values()) + 4)
    assert await asyncio.to_thread(process.end) == 0
    for name in jumps:
        # The first one at once, when the clock was set forth; then in their time.
        assert min(gaps(server.of(f"/{name}")[known[name] :])) >= 1.9


async def test_a_host_that_was_asked_too_much_is_left_alone_by_the_next_process_too(
    deployment: Deployment, server: Site, start: Callable[..., Process]
):
    """23: all of its feeds; 50: also in a run of one round."""
    server.on("/limited", answer(429, b"", {"Retry-After": "3600"}), answer(200, rss("a"), ETAG))
    server.on("/other", answer(200, rss("b"), ETAG))
    limited = {"url": server.url("/limited"), "id": "limited"}
    process = start(write(deployment, limited))
    await line(process, "poll", feed="limited", reason="http_429")
    process.kill()
    config = write(deployment, {"url": server.url("/other"), "id": "other"}, limited)
    once = start(config, "--once")
    assert await asyncio.to_thread(once.popen.wait, PATIENCE_SECONDS) == 0
    assert len(server.visits) == 1
    assert len(once.lines("poll_not_due")) == 2
    held_until_at = decode_state(read_states(deployment.sqlite_path)["limited"]).held_until_at
    assert held_until_at is not None
    _move_times(deployment, "limited", datetime.now(UTC) + timedelta(seconds=5) - held_until_at)
    moved_seconds = time.monotonic()
    process = start(config)
    await visited(server, 3)
    assert await asyncio.to_thread(process.end) == 0
    assert server.visits[1].real_seconds - moved_seconds >= 4.9


def _move_times(deployment: Deployment, feed_id: str, by: timedelta) -> None:
    """Let the file be one of another clock."""
    state = decode_state(read_states(deployment.sqlite_path)[feed_id])
    names = ("polled_at", "succeeded_at", "next_poll_at", "body_at", "held_until_at")
    moved = replace(state, **{name: at + by for name in names if (at := getattr(state, name)) is not None})
    with contextlib.closing(sqlite3.connect(deployment.sqlite_path)) as connection:
        connection.execute("UPDATE feed_states SET value = ? WHERE feed_id = ?", (encode_state(moved), feed_id))
        connection.commit()
