"""Three brokers, three replicas, at least two in sync: what a worker does while brokers are killed and come back."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug import Request, Response

from tests.integration.cluster import Cluster, let_go_of_sockets
from tests.integration.harness import Deployment, Process, rss, until
from tests.integration.test_kafka_ledger import make_settings
from worker.edges.kafka_reader import KafkaReader
from worker.edges.kafka_topics import check_topics, ensure_topics
from worker.model.errors import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from worker.edges.kafka_client import KafkaSettings
    from worker.model.event import Published

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

FEEDS = 3
_ARTICLES_PER_SECOND = 2.0
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


class Press:
    """Feeds that grow by the clock until they are stopped. Each keeps all its articles."""

    def __init__(self, httpserver: HTTPServer) -> None:
        self._began = time.monotonic()
        self._stopped_at: float | None = None
        for number in range(FEEDS):
            httpserver.expect_request(f"/{number}").respond_with_handler(self._feed(number))
        self.feeds = [{"url": httpserver.url_for(f"/{number}"), "id": f"f{number}"} for number in range(FEEDS)]

    def stop(self) -> None:
        self._stopped_at = time.monotonic()

    def count(self) -> int:
        """How many articles each feed has by now."""
        return 1 + int(((self._stopped_at or time.monotonic()) - self._began) * _ARTICLES_PER_SECOND)

    def _feed(self, number: int) -> Callable[[Request], Response]:
        def serve(_: Request) -> Response:
            articles = reversed(range(self.count()))
            return Response(rss(*((f"f{number}-{article}", f"Article {article}") for article in articles)))

        return serve


class Follower:
    """A read_committed consumer that is there the whole time."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.records: list[Published] = []
        self._reader = KafkaReader(settings)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow)
        self._thread.start()

    def close(self) -> None:
        self._end.set()
        self._thread.join()
        self._reader.close()

    def _follow(self) -> None:
        while not self._end.is_set():
            try:
                self.records += self._reader.read(timeout_seconds=0.5)
            except Retry:
                self._end.wait(0.2)


class Stage:
    """A worker that publishes to three brokers, a consumer that follows, and the feeds."""

    def __init__(self, cluster: Cluster, folder: Path, httpserver: HTTPServer) -> None:
        self.cluster = cluster
        self.press = Press(httpserver)
        deployment = Deployment(folder, cluster.bootstrap()[0])
        self.settings = replace(deployment.settings, bootstrap_servers=cluster.bootstrap())
        path = deployment.write(self.press.feeds, commit=_COMMIT)
        config = json.loads(path.read_text())
        config["kafka"] |= {
            "bootstrap_servers": list(cluster.bootstrap()),
            "replication_factor": 3,
            "delivery_timeout": "5s",
            "transaction_timeout": "8s",
        }
        path.write_text(json.dumps(config))
        self.process = Process(path)
        self.process.wait_for("ledger_ready", timeout_seconds=60)
        self.base = self.process.base_url()
        self.follower = Follower(self.settings)

    def close(self) -> None:
        self.follower.close()
        self.process.kill()

    def victims(self) -> list[int]:
        """The coordinator of the transactions, and the leader of the controllers; if that is one, another as well."""
        admin = self.cluster.admin()
        try:
            controller = int(admin.describe_metadata_quorum()["topics"][0]["partitions"][0]["leader_id"])
            listed = admin.list_transactions()
        finally:
            admin.close()
        name = self.settings.name
        [coordinator] = [node for node, found in listed.items() if any(name in one.transactional_id for one in found)]
        other = next(node for node in self.cluster.nodes if node != controller)
        return [coordinator if coordinator != controller else other, controller]

    def wait_for_new_articles(self, *, timeout_seconds: float = 60.0) -> None:
        """Until an article is seen that came out after now."""
        number = self.press.count() + 1
        wanted = {f"f{feed}-{number}" for feed in range(FEEDS)}
        until(
            lambda: wanted <= {guid for guid, _ in guids(self.follower.records)},
            timeout_seconds=timeout_seconds,
            what=lambda: f"no {wanted} in:\n{self.process.output[-5000:]}",
        )

    def wait_for_replicas(self) -> None:
        """Until each partition has three replicas in sync again: only then may the next broker go."""
        until(self._all_in_sync, timeout_seconds=60)

    def _all_in_sync(self) -> bool:
        admin = self.cluster.admin()
        try:
            topics = admin.describe_topics()
        finally:
            admin.close()
        return all(len(partition["isr_nodes"]) == 3 for topic in topics for partition in topic["partitions"])

    def longest_pause_seconds(self, since: datetime) -> float:
        """Between two commits of polls, from a moment on."""
        times = [datetime.fromisoformat(line["timestamp"]) for line in self.process.lines("poll", outcome="ok")]
        times = [since, *(at for at in times if at >= since)]
        return max((after - before).total_seconds() for before, after in pairwise(times))

    def assert_each_once_and_in_order(self) -> None:
        """All articles that came out, for the consumer that was there and for one that comes now."""
        self.press.stop()
        expected = {(f"f{feed}-{article}", 1) for feed in range(FEEDS) for article in range(self.press.count())}
        until(lambda: set(guids(self.follower.records)) >= expected, timeout_seconds=60)
        assert self.process.end() == 0
        reader = KafkaReader(self.settings)
        at_the_end = list(reader.read_to_end())
        reader.close()
        for records in (self.follower.records, at_the_end):
            counted = Counter(guids(records))
            assert set(counted) == expected
            assert set(counted.values()) == {1}
            partitions: defaultdict[int, list[int]] = defaultdict(list)
            for record in records:
                partitions[record.partition].append(record.position)
            assert all(positions == sorted(positions) for positions in partitions.values())

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"{self.base}{path}", timeout=10) as answer:  # noqa: S310 - the worker's own
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str) -> float:
        [line] = [line for line in self.get("/metrics")[1].splitlines() if line.startswith(f"{name} ")]
        return float(line.split()[1])


@pytest.fixture
def stage(cluster: Cluster, tmp_path: Path, httpserver: HTTPServer) -> Iterator[Stage]:
    for node in set(cluster.nodes) - set(cluster.running):
        cluster.start(node)
    stage = Stage(cluster, tmp_path, httpserver)
    yield stage
    stage.close()


def guids(records: list[Published]) -> list[tuple[str, int]]:
    messages: list[dict[str, Any]] = [json.loads(record.value) for record in tuple(records)]
    return [(message["source"]["guid"], message["revision"]) for message in messages]


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
