"""Several workers of one name share the feeds, as processes against a real broker and real HTTP."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.integration.harness import Deployment, Process, rss, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.kafka

# Enough for each of three shards to have one.
HOSTS = 9
FEEDS = 2 * HOSTS
ARTICLES = 300
WINDOW = 30
STEP = 5
HOST_GAP_SECONDS = 0.05
# Each answer takes so long, so that requests side by side would be seen.
ANSWER_SECONDS = 0.01
FETCH = {"allow_networks": ["127.0.0.0/8"], "timeout": 5, "host_gap": f"{HOST_GAP_SECONDS:g}s"}


class Site:
    """Two feeds on each host, and how they were asked.

    They move on when a reader shows, by its ETag, that it has committed what was there. What is missing in the end was
    lost by a worker, then, and not only out of its sight.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._first: Counter[str] = Counter()
        self.unconditional: Counter[str] = Counter()
        self.asked_at_seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.visits: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
        """By host: when each request came, and when it was answered."""
        # A feed's shard is that of its host, and each of these addresses is one.
        self._servers = [HTTPServer(host=f"127.0.0.{number + 1}", threaded=True) for number in range(HOSTS)]
        self.feeds = []
        for number, server in enumerate(self._servers):
            server.start()
            for feed_id in (f"f{number}", f"g{number}"):
                server.expect_request(f"/{feed_id}").respond_with_handler(self._answer(number, feed_id))
                self.feeds.append({"url": server.url_for(f"/{feed_id}"), "id": feed_id})

    def close(self) -> None:
        for server in self._servers:
            server.clear()
            server.stop()

    @property
    def complete(self) -> bool:
        """Whether the last articles of each feed are out."""
        return all(self._first[feed["id"]] == ARTICLES - WINDOW for feed in self.feeds)

    def pauses_seconds(self) -> list[float]:
        """From each answer of a host to its next request; below zero if they were side by side."""
        return [after[0] - before[1] for visits in self.visits.values() for before, after in pairwise(sorted(visits))]

    def _answer(self, host: int, feed_id: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            came_at_seconds = time.monotonic()
            with self._lock:
                self.asked_at_seconds[feed_id].append(time.time())
                shown = request.headers.get("If-None-Match")
                self.unconditional[feed_id] += shown is None
                known = shown == f'"{self._first[feed_id]}"'
                if known and self._first[feed_id] < ARTICLES - WINDOW:
                    self._first[feed_id] += STEP
                    known = False
                first = self._first[feed_id]
            tag = f'"{first}"'
            window = ((f"{feed_id}-{article}", f"Article {article}") for article in range(first, first + WINDOW))
            time.sleep(ANSWER_SECONDS)
            with self._lock:
                self.visits[host].append((came_at_seconds, time.monotonic()))
            if known:
                return Response(status=304, headers={"ETag": tag})
            return Response(rss(*window), headers={"ETag": tag})

        return answer


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    yield site
    site.close()


def held(process: Process) -> list[int]:
    lines = process.lines("shards")
    shards: list[int] = lines[-1]["held"] if lines else []
    return shards


def test_one_worker_becomes_three_and_one_again_and_every_article_comes_once(
    tmp_path: Path, kafka_bootstrap: str, site: Site, start: Callable[..., Process]
) -> None:
    """No feed is asked for everything again when its shard moves, and feeds that stay are polled throughout."""
    deployment = Deployment(tmp_path, kafka_bootstrap)
    config = deployment.write(site.feeds, fetch=FETCH)

    def worker(instance: str, *, leaves: bool) -> Process:
        environ = {"DATELINE_KAFKA__INSTANCE": instance, "DATELINE_KAFKA__LEAVE_ON_STOP": str(leaves).lower()}
        process: Process = start(config, environ=environ)
        return process

    first = worker("a", leaves=False)
    until(lambda: knows_all(site, first), timeout_seconds=120)
    grown_at_seconds = time.time()
    others = [worker("b", leaves=True), worker("c", leaves=False)]
    until(lambda: all(len(held(process)) == 1 for process in (first, *others)), timeout_seconds=120)
    growing_seconds = time.time() - grown_at_seconds
    stayed = polled_by(first, after=len(first.lines("poll")))
    until(lambda: all(process.has_polled(5) for process in others) and bool(stayed(first)), timeout_seconds=120)
    shrunk_at_seconds = time.time()
    assert [process.end(timeout_seconds=120) for process in others] == [0, 0]
    until(lambda: held(first) == [0, 1, 2], timeout_seconds=120)

    assert_each_article_once(site, deployment, first)
    for feed_id in stayed(first):
        asked = [at for at in site.asked_at_seconds[feed_id] if grown_at_seconds < at < shrunk_at_seconds]
        asked = [grown_at_seconds, *asked, shrunk_at_seconds]
        # Far less than it took the others to start and to have their shards.
        assert max(after - before for before, after in pairwise(asked)) < growing_seconds
    for process in (first, *others):
        assert not process.lines("commit_failed"), process.output
        assert "Traceback" not in process.output


@pytest.mark.long
def test_workers_that_are_restarted_one_after_the_other_repeat_nothing_and_ask_for_nothing_again(
    tmp_path: Path, kafka_bootstrap: str, site: Site, start: Callable[..., Process]
) -> None:
    """A new version is rolled out twice: with the shards waiting for the worker that had them, and given up by it."""
    deployment = Deployment(tmp_path, kafka_bootstrap)
    config = deployment.write(site.feeds, fetch=FETCH)
    workers: dict[str, Process] = {}
    for leaves in (False, True, True):
        for instance in ("a", "b", "c"):
            if instance in workers:
                assert workers[instance].end(timeout_seconds=120) == 0, workers[instance].output
                assert "Traceback" not in workers[instance].output
            environ = {"DATELINE_KAFKA__INSTANCE": instance, "DATELINE_KAFKA__LEAVE_ON_STOP": str(leaves).lower()}
            workers[instance] = start(config, environ=environ)
            if len(workers) == 1:
                until(lambda: knows_all(site, workers["a"]), timeout_seconds=120)
            workers[instance].wait_for("poll", timeout_seconds=120)
    until(
        lambda: sorted(shard for worker in workers.values() for shard in held(worker)) == [0, 1, 2], timeout_seconds=120
    )

    last = workers.pop("a")
    for worker in workers.values():
        assert worker.end(timeout_seconds=120) == 0
    assert_each_article_once(site, deployment, last)


def assert_each_article_once(site: Site, deployment: Deployment, last: Process) -> None:
    """When the last worker has polled all there is. How it was asked for, too."""
    until(lambda: site.complete, timeout_seconds=120)
    until(
        lambda: len(deployment.messages()) >= FEEDS * ARTICLES,
        timeout_seconds=120,
        what=lambda: f"{len(deployment.messages())} of {FEEDS * ARTICLES}:\n{last.output[-3_000:]}",
    )
    assert last.end(timeout_seconds=120) == 0

    found = Counter(identity(message) for message in deployment.messages())
    assert found == {(f"{feed['id']}-{article}", 1): 1 for feed in site.feeds for article in range(ARTICLES)}
    in_order_per_feed(deployment)
    assert site.unconditional == {feed["id"]: 1 for feed in site.feeds}
    # One request at a time for each host, and a pause after it, whichever worker asks. Clocks tick in milliseconds.
    assert min(site.pauses_seconds()) > HOST_GAP_SECONDS - 0.005


def knows_all(site: Site, process: Process) -> bool:
    """Whether a worker has committed a poll of each feed: none has to be asked for everything again."""
    return {line["feed"] for line in process.lines("poll", outcome="ok")} == {feed["id"] for feed in site.feeds}


def polled_by(process: Process, *, after: int) -> Callable[[Process], set[str]]:
    """The feeds that a worker polls from now on, until its shards change."""
    changes = len(process.lines("shards"))

    def found(process: Process) -> set[str]:
        feeds: set[str] = set()
        seen_changes = polls = 0
        for text in process.output.splitlines():
            seen_changes += '"event":"shards"' in text.replace(" ", "")
            if '"event":"poll"' not in text.replace(" ", ""):
                continue
            polls += 1
            if polls > after and seen_changes == changes:
                feeds.add(text.split('"feed"')[1].split('"')[1])
        return feeds

    return found


def identity(message: dict[str, Any]) -> tuple[str, int]:
    return message["source"]["guid"], message["revision"]


def in_order_per_feed(deployment: Deployment) -> None:
    """In each partition, what a feed said later comes later."""
    latest: dict[tuple[int, str], str] = {}
    for record, message in zip(deployment.records(), deployment.messages(), strict=True):
        key = (record.partition, message["source"]["feed_id"])
        retrieved_at = message["source"]["retrieved_at"]
        assert latest.get(key, "") <= retrieved_at
        latest[key] = retrieved_at
