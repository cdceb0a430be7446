"""Three brokers, three replicas, at least two in sync: what a worker does while brokers are killed and come back."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.integration.cluster import Cluster, let_go_of_sockets
from tests.integration.harness import until
from tests.integration.stage import Press, Stage
from tests.integration.test_kafka_ledger import make_settings
from worker.edges.kafka_topics import check_topics, ensure_topics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

_OUTAGE_SECONDS = 8.0
_PENDING_BYTES = 100_000
_COMMIT = {"max_delay": "50ms", "max_bytes": 50_000, "pending_bytes": _PENDING_BYTES}
# How soon Kafka gives up a broker that says nothing. By default it is 9 s; the pauses grow by the difference.
_SESSION_SECONDS = 3.0
_SETTINGS = {"broker.session.timeout.ms": "3000", "broker.heartbeat.interval.ms": "500"}


@pytest.fixture(autouse=True)
def _no_sockets_left(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    let_go_of_sockets(caplog)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("three") / "kafka", brokers=3, settings=_SETTINGS) as cluster:
        yield cluster


@pytest.fixture
def stage(cluster: Cluster, tmp_path: Path, httpserver: HTTPServer) -> Iterator[Stage]:
    for node in set(cluster.nodes) - set(cluster.running):
        cluster.start(node)
    press = Press(httpserver, feeds=3, articles_per_second=2.0)
    stage = Stage(cluster, tmp_path, press, commit=_COMMIT)
    yield stage
    stage.close()


def now() -> datetime:
    return datetime.now().astimezone()


def test_topics_are_made_when_every_broker_knows_them(cluster: Cluster) -> None:
    """Brokers hear of a topic one by one, and whoever comes next may ask the slowest of them."""
    settings = replace(make_settings(cluster.bootstrap()[0]), replication_factor=3)
    resumed = threading.Event()

    def resume() -> None:
        resumed.set()
        cluster.resume(3)

    cluster.pause(3)
    waking = threading.Timer(_SESSION_SECONDS / 2, resume)
    waking.start()
    try:
        ensure_topics(settings)
        assert resumed.is_set()
    finally:
        waking.join()

    everywhere = replace(settings, bootstrap_servers=cluster.bootstrap(), create_topics=False)
    assert set(check_topics(everywhere).values()) == {settings.partitions}


def test_a_broker_that_is_killed_costs_a_pause_and_no_article(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    """First the coordinator of the transactions, or another broker; then the leader of the controllers."""
    stage.wait_for_new_articles()
    for node in stage.victims():
        stage.wait_for_replicas()
        killed_at = now()
        stage.cluster.kill(node)
        stage.wait_for_new_articles()
        pause_seconds = stage.longest_pause_seconds(killed_at)
        record_property("pause_seconds", pause_seconds)
        print(f"node {node} killed: {pause_seconds:.1f} s")  # noqa: T201 - the pause is a result
        assert pause_seconds < _SESSION_SECONDS + 20
        stage.cluster.start(node)

    stage.assert_each_once_and_in_order()


@pytest.mark.long
def test_with_one_broker_of_three_nothing_is_acknowledged_and_nothing_is_lost(stage: Stage) -> None:
    """Fewer replicas than min.insync.replicas, and no controller: the worker waits, and goes on by itself."""
    stage.wait_for_new_articles()
    stage.wait_for_replicas()
    seen_before = len(stage.follower.records)
    failed_before = len(stage.process.lines("commit_failed"))
    gone = stage.cluster.nodes[:2]
    for node in gone:
        stage.cluster.kill(node)
    # What was under way when they went may still come to its end; from the first failure on nothing can.
    until(lambda: len(stage.process.lines("commit_failed")) > failed_before, timeout_seconds=60)
    pending: list[float] = []
    deadline = time.monotonic() + _OUTAGE_SECONDS
    while time.monotonic() < deadline:
        assert stage.get("/readyz")[0] == 503
        assert stage.get("/healthz")[0] == 200
        pending.append(stage.metric("dateline_pending_bytes"))
        time.sleep(0.5)
    print("pending bytes", max(pending))  # noqa: T201 - as above
    assert 0 < max(pending) < 2 * _PENDING_BYTES

    stage.cluster.start(*gone)
    until(lambda: stage.get("/readyz")[0] == 200, timeout_seconds=120)
    stage.wait_for_new_articles()

    assert len(stage.follower.records) > seen_before
    assert len(stage.process.lines("worker_started")) == 1
    stage.assert_each_once_and_in_order()
