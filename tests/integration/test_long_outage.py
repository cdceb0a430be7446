"""Kafka away for minutes, longer than each of its timeouts: what a worker holds meanwhile, and how it comes back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import psutil
import pytest

from tests.integration.cluster import Cluster, let_go_of_sockets
from tests.integration.harness import until
from tests.integration.stage import Press, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.long,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

# Each of the two. The delivery timeout is 5 s here, those of the transaction and the session are 8 s and 10 s.
_OUTAGE_SECONDS = 80.0
_PENDING_BYTES = 60_000
_COMMIT = {"max_delay": "50ms", "max_bytes": 30_000, "pending_bytes": _PENDING_BYTES}
_LOOK_SECONDS = 1.0


@pytest.fixture(autouse=True)
def _no_sockets_left(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    let_go_of_sockets(caplog)


@pytest.fixture
def stage(tmp_path: Path, httpserver: HTTPServer) -> Iterator[Stage]:
    with Cluster(tmp_path / "kafka") as cluster:
        # Of each feed one result can wait, its state alone takes a kilobyte: those of all do not fit.
        stage = Stage(cluster, tmp_path, Press(httpserver, feeds=100, articles_per_second=0.1), commit=_COMMIT)
        yield stage
        stage.close()


class Look(NamedTuple):
    """How the worker is at one moment of an outage."""

    ready: int
    alive: int
    pending_bytes: float
    requests: int
    memory_bytes: int


def look(stage: Stage) -> Look:
    return Look(
        ready=stage.get("/readyz")[0],
        alive=stage.get("/healthz")[0],
        pending_bytes=stage.metric("dateline_pending_bytes"),
        requests=stage.press.requests,
        memory_bytes=psutil.Process(stage.process.popen.pid).memory_info().rss,
    )


def during(stage: Stage) -> list[Look]:
    """What can be seen from the first failed commit on, until the outage is over."""
    failed_before = len(stage.process.lines("commit_failed"))
    deadline = time.monotonic() + _OUTAGE_SECONDS
    until(lambda: len(stage.process.lines("commit_failed")) > failed_before, timeout_seconds=60)
    looks = []
    while time.monotonic() < deadline:
        looks.append(look(stage))
        time.sleep(_LOOK_SECONDS)
    return looks


def test_what_waits_while_kafka_is_away_is_bounded_and_all_of_it_is_published_once_afterwards(stage: Stage) -> None:
    """First it is killed, and refuses connections; then it is stopped in its tracks, and takes them without a word."""
    stage.wait_for_new_articles()
    for away, back in ((stage.cluster.kill, stage.cluster.start), (stage.cluster.pause, stage.cluster.resume)):
        away(1)
        looks = during(stage)
        back(1)

        assert {(one.ready, one.alive) for one in looks} == {(503, 200)}
        most_bytes = max(one.pending_bytes for one in looks)
        memory = [one.memory_bytes >> 20 for one in looks]
        print(f"pending {most_bytes:.0f} bytes; memory in MiB {memory[::20]}")  # noqa: T201 - results
        # Polls that are under way when the limit is reached are kept as well; after them there are no more.
        assert _PENDING_BYTES <= most_bytes < 2 * _PENDING_BYTES
        full = next(number for number, one in enumerate(looks) if one.pending_bytes >= _PENDING_BYTES)
        assert looks[-1].requests == looks[(full + len(looks)) // 2].requests
        assert looks[-1].memory_bytes - looks[full].memory_bytes < 32 * 2**20

        until(lambda: stage.get("/readyz")[0] == 200, timeout_seconds=120)
        stage.wait_for_new_articles(timeout_seconds=120)

    assert len(stage.process.lines("worker_started")) == 1
    stage.assert_each_once_and_in_order()
