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

HOSTS = 9
ARTICLES = 400
WINDOW = 30
STEP = 5


class Site:
    """Feeds on as many hosts, each of which shows later articles at each visit, and remembers how it was asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shown: Counter[str] = Counter()
        self.unconditional: Counter[str] = Counter()
        self.asked_at_seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.at_once_too_many: list[str] = []
        self._open: set[str] = set()
        # A feed's shard is that of its host, and each of these addresses is one.
        self._servers = [HTTPServer(host=f"127.0.0.{number + 1}") for number in range(HOSTS)]
        self.feeds = []
        for number, server in enumerate(self._servers):
            server.expect_request("/feed").respond_with_handler(self._answer(f"f{number}"))
            server.start()
            self.feeds.append({"url": server.url_for("/feed"), "id": f"f{number}"})

    def close(self) -> None:
        for server in self._servers:
            server.clear()
            server.stop()

    @property
    def complete(self) -> bool:
        """Whether every article was shown at least once."""
        return all(self._shown[feed["id"]] * STEP + WINDOW >= ARTICLES for feed in self.feeds)

    def _answer(self, feed_id: str) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            with self._lock:
                if feed_id in self._open:
                    self.at_once_too_many.append(feed_id)
                self._open.add(feed_id)
                self.asked_at_seconds[feed_id].append(time.time())
                self.unconditional[feed_id] += "If-None-Match" not in request.headers
                first = min(self._shown[feed_id] * STEP, ARTICLES - WINDOW)
                self._shown[feed_id] += 1
            tag = f'"{first}"'
            window = ((f"{feed_id}-{article}", f"Article {article}") for article in range(first, first + WINDOW))
            with self._lock:
                self._open.discard(feed_id)
            if request.headers.get("If-None-Match") == tag:
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
    config = deployment.write(site.feeds)

    def worker(instance: str, *, leaves: bool) -> Process:
        environ = {"DATELINE_KAFKA__INSTANCE": instance, "DATELINE_KAFKA__LEAVE_ON_STOP": str(leaves).lower()}
        process: Process = start(config, environ=environ)
        return process

    first = worker("a", leaves=False)
    until(lambda: held(first) == [0, 1, 2] and first.has_polled(2 * HOSTS))
    grown_at_seconds = time.time()
    others = [worker("b", leaves=True), worker("c", leaves=False)]
    until(lambda: all(len(held(process)) == 1 for process in (first, *others)))
    [kept] = held(first)
    stayed = polled_by(first, after=len(first.lines("poll")))
    until(lambda: all(process.has_polled(10) for process in others))
    shrunk_at_seconds = time.time()
    assert [process.end() for process in others] == [0, 0]
    until(lambda: held(first) == [0, 1, 2])
    back_seconds = time.time() - shrunk_at_seconds
    until(lambda: site.complete, timeout_seconds=240)
    until(
        lambda: len(deployment.messages()) >= HOSTS * ARTICLES,
        timeout_seconds=240,
        what=lambda: f"{len(deployment.messages())} of {HOSTS * ARTICLES}:\n{first.output[-3_000:]}",
    )
    assert first.end() == 0

    messages = deployment.records()
    found = Counter(identity(deployment_message) for deployment_message in deployment.messages())
    assert set(found.values()) == {1}
    assert {guid for guid, _ in found} == {
        f"{feed['id']}-{article}" for feed in site.feeds for article in range(ARTICLES)
    }
    assert len(messages) == HOSTS * ARTICLES
    in_order_per_feed(deployment)
    assert set(site.unconditional.values()) == {1}, site.unconditional
    assert site.at_once_too_many == []
    assert kept in (0, 1, 2)
    assert stayed(first)
    for feed_id in stayed(first):
        asked = [at for at in site.asked_at_seconds[feed_id] if grown_at_seconds < at < shrunk_at_seconds]
        assert max(after - before for before, after in pairwise(asked)) < 3.0
    assert back_seconds < 25
    for process in (first, *others):
        assert not process.lines("commit_failed"), process.output
        assert "Traceback" not in process.output


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
