"""The worker as a process, as operators run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from werkzeug import Request, Response

from worker.edges.kafka_client import KafkaSettings
from worker.edges.kafka_reader import KafkaReader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from worker.model.event import Published

# How long a test waits for what another process does. It ends a test that hangs, and says nothing about speed.
PATIENCE_SECONDS = 120.0


class Process:
    """`dateline run` with a configuration, its log lines as data."""

    def __init__(self, config: Path, *options: str, environ: Mapping[str, str] | None = None) -> None:
        self._log_path = config.with_name(f"{uuid4().hex}.log")
        with self._log_path.open("wb") as log:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "worker", "run", "-c", str(config), *options],
                stdout=log,
                stderr=log,
                env={**os.environ, **(environ or {})},
            )

    @property
    def output(self) -> str:
        return self._log_path.read_text()

    def lines(self, event: str, **values: Any) -> list[dict[str, Any]]:
        """The log lines of this event that have these values."""
        found = []
        for text in self.output.splitlines():
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            if line.get("event") == event and all(line.get(name) == value for name, value in values.items()):
                found.append(line)
        return found

    def wait_for(self, event: str, *, timeout_seconds: float = PATIENCE_SECONDS, **values: Any) -> dict[str, Any]:
        """The first such log line, as soon as it is there."""
        until(
            lambda: bool(self.lines(event, **values)) or self.popen.poll() is not None,
            timeout_seconds=timeout_seconds,
            what=lambda: f"no {event} {values} in:\n{self.output}",
        )
        lines = self.lines(event, **values)
        assert lines, f"ended with {self.popen.returncode} without {event} {values}:\n{self.output}"
        return lines[0]

    def has_polled(self, times: int) -> bool:
        """Whether so many good polls were committed."""
        return len(self.lines("poll", outcome="ok")) >= times

    def base_url(self) -> str:
        """Where metrics and health are."""
        url: str = self.wait_for("listening")["metrics"]
        return url.removesuffix("/metrics")

    def end(self, *, timeout_seconds: float = PATIENCE_SECONDS) -> int:
        """Send SIGTERM and wait; the exit code."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.wait(timeout_seconds)

    def kill(self) -> None:
        """End it, whatever state it is in."""
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()


def until(
    condition: Callable[[], bool],
    *,
    timeout_seconds: float = PATIENCE_SECONDS,
    what: Callable[[], str] = lambda: "it did not come true",
) -> None:
    """Wait for something that another process does in its own time."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def eventually(check: Callable[[], None], *, timeout_seconds: float = 60.0) -> None:
    """Check something that another process does in its own time, until all that is asserted holds."""
    deadline = time.monotonic() + timeout_seconds
    while True:
        try:
            check()
        except AssertionError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def run_cli(*arguments: str, environ: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """One `dateline` command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "worker", *arguments],
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
        env={**os.environ, **(environ or {})},
    )


class Deployment:
    """A configuration of its own: fresh topics on the shared broker, short intervals, loopback allowed."""

    def __init__(self, folder: Path, bootstrap: str | None) -> None:
        self.name = f"t{uuid4().hex[:8]}"
        self.bootstrap = bootstrap
        self.path = folder / "dateline.yaml"
        self.sqlite_path = folder / "dateline.db"

    def write(self, feeds: Sequence[Mapping[str, Any]], *, kafka: Mapping[str, Any] | None = None, **more: Any) -> Path:
        """Write the configuration file; `kafka` goes to its section of that name. JSON is YAML."""
        config: dict[str, Any] = {
            "name": self.name,
            "listen": "127.0.0.1:0",
            "fetch": {"allow_networks": ["127.0.0.0/8"], "timeout": 5, "host_gap": "1ms"},
            "schedule": {"interval": "300ms", "min_interval": "100ms", "max_interval": "1h"},
            "commit": {"max_delay": "50ms"},
            "drain_timeout": "15s",
            "sqlite": {"path": str(self.sqlite_path)},
            "feeds": list(feeds),
            **more,
        }
        if self.bootstrap is not None:
            config["kafka"] = {
                "bootstrap_servers": [self.bootstrap],
                "topics": {
                    "articles": f"{self.name}.articles",
                    "feed_state": f"{self.name}.feed-state",
                    "dead_letters": f"{self.name}.dead-letters",
                },
                "partitions": 3,
                "transaction_timeout": "10s",
                "delivery_timeout": "8s",
                **(kafka or {}),
            }
        self.path.write_text(json.dumps(config))
        return self.path

    @property
    def settings(self) -> KafkaSettings:
        assert self.bootstrap is not None
        return KafkaSettings(
            name=self.name,
            bootstrap_servers=(self.bootstrap,),
            articles_topic=f"{self.name}.articles",
            feed_state_topic=f"{self.name}.feed-state",
            dead_letters_topic=f"{self.name}.dead-letters",
            create_topics=False,
            partitions=3,
            replication_factor=1,
            transaction_timeout_seconds=10.0,
            delivery_timeout_seconds=8.0,
            max_event_bytes=1_000_000,
            compression="none",
        )

    def records(self, topic: str = "articles") -> list[Published]:
        """What a read_committed consumer finds in a topic."""
        reader = KafkaReader(self.settings, topics=(f"{self.name}.{topic}",))
        try:
            return list(reader.read_to_end())
        finally:
            reader.close()

    def messages(self) -> list[dict[str, Any]]:
        """The article messages, in the order of each partition."""
        return [json.loads(record.value) for record in self.records()]


def rss(*items: tuple[str, str], title: str = "Test feed") -> str:
    """An RSS document of (guid, headline)s."""
    entries = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{headline}</title>"
        f"<link>https://news.example/{guid}</link><pubDate>Sat, 24 May 2025 21:14:00 +0300</pubDate>"
        f"<description>KYIV, May 24 (AP) - Words of {guid}.</description></item>"
        for guid, headline in items
    )
    return f"<rss version='2.0'><channel><title>{title}</title>{entries}</channel></rss>"


def changing(httpserver: HTTPServer, feeds: int, articles: int) -> list[dict[str, str]]:
    """Feeds whose window of ten moves on with every request until all their articles were served."""
    served: Counter[int] = Counter()

    def answer(number: int) -> Callable[[Request], Response]:
        def serve(_: Request) -> Response:
            first = min(served[number] * 5, articles - 10)
            served[number] += 1
            return Response(
                rss(*((f"f{number}-{article}", f"Article {article}") for article in range(first, first + 10)))
            )

        return serve

    for number in range(feeds):
        httpserver.expect_request(f"/{number}").respond_with_handler(answer(number))
    return [{"url": httpserver.url_for(f"/{number}"), "id": f"f{number}"} for number in range(feeds)]
