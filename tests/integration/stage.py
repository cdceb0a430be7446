"""A worker, the feeds it polls, and a consumer that follows: what a test takes the brokers away from."""

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

from werkzeug import Request, Response

from tests.integration.harness import Deployment, Process, rss, until
from worker.edges.kafka_reader import KafkaReader
from worker.model.errors import Retry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from tests.integration.cluster import Cluster
    from worker.edges.kafka_client import KafkaSettings
    from worker.model.event import Published


class Press:
    """Feeds that grow by the clock until they are stopped. Each keeps all its articles."""

    def __init__(self, httpserver: HTTPServer, *, feeds: int, articles_per_second: float) -> None:
        self._began = time.monotonic()
        self._stopped_at: float | None = None
        self._articles_per_second = articles_per_second
        self.requests = 0
        for number in range(feeds):
            httpserver.expect_request(f"/{number}").respond_with_handler(self._feed(number))
        self.feeds = [{"url": httpserver.url_for(f"/{number}"), "id": f"f{number}"} for number in range(feeds)]

    def stop(self) -> None:
        self._stopped_at = time.monotonic()

    def count(self) -> int:
        """How many articles each feed has by now."""
        return 1 + int(((self._stopped_at or time.monotonic()) - self._began) * self._articles_per_second)

    def _feed(self, number: int) -> Callable[[Request], Response]:
        def serve(_: Request) -> Response:
            self.requests += 1
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
    """A worker that publishes to each broker of a cluster, a consumer that follows, and the feeds."""

    def __init__(self, cluster: Cluster, folder: Path, press: Press, *, commit: Mapping[str, Any]) -> None:
        self.cluster = cluster
        self.press = press
        deployment = Deployment(folder, cluster.bootstrap()[0])
        self.settings = replace(deployment.settings, bootstrap_servers=cluster.bootstrap())
        path = deployment.write(self.press.feeds, commit=commit)
        config = json.loads(path.read_text())
        config["kafka"] |= {
            "bootstrap_servers": list(cluster.bootstrap()),
            "replication_factor": len(cluster.nodes),
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
        wanted = {f"{feed['id']}-{number}" for feed in self.press.feeds}
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
        articles = range(self.press.count())
        expected = {(f"{feed['id']}-{article}", 1) for feed in self.press.feeds for article in articles}
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


def guids(records: list[Published]) -> list[tuple[str, int]]:
    messages: list[dict[str, Any]] = [json.loads(record.value) for record in tuple(records)]
    return [(message["source"]["guid"], message["revision"]) for message in messages]
