"""The whole worker against a naive loop on the same feeds, each publishing to a real Kafka.

The loop is what one would write in an hour: `feedparser.parse(url)`, and `KafkaProducer.send` for each entry, again and
again. The worker is the command, with its readers; its CPU is that of all its processes, without Kafka's and that of
the server of the feeds, which run on the same machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import feedparser
from kafka import KafkaProducer
from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.kafka_here import kafka
from tests.benchmarks.measuring import Goal, Line, Sample, apart
from tests.benchmarks.newsstand import ENTRIES, newsstand
from tests.benchmarks.processes import cpu_seconds, with_descendants
from worker.edges.broker import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from worker.edges.kafka_client import KafkaSettings

_NAIVE = "the naive loop"
_ONE_PROCESSOR = "the worker on one processor"
_FEEDS = 100
_NAIVE_FEEDS = 10
# Within it all feeds are asked for the first time (more would be, at fifty a second), and again in the windows below.
_PERIOD = "1s"
_ONCE = "1h"
_WINDOW_SECONDS = 10.0
_PATIENCE_SECONDS = 600.0
# Of kinds of feeds as `newsstand` has them: each tenth of the last has one new entry at every poll.
_AGAIN = (
    ("all answer 304", "M", 1 / 300),
    ("all have the same bytes", "S", 1 / 200),
    ("1 of 10 has 1 new entry", "MMMMMMMMMC", 1 / 40),
)
# With fewer, Kafka and the server of the feeds take the second processor for themselves.
_ENOUGH_PROCESSORS = 4


def measure(rounds: int) -> Iterator[Line]:
    """The lines of this benchmark. For each sample of a first poll a worker starts that knows nothing."""
    with newsstand() as port, kafka() as settings:
        stand = _Stand(port, settings)
        for name, facts, times in (("without facts", False, 20), ("with all facts", True, 4)):
            samples: dict[str, list[Sample]] = {"ours": [], _NAIVE: []}
            for _ in range(rounds):
                samples["ours"].append(stand.first_poll(facts=facts))
                samples[_NAIVE].append(stand.naive("M", unit_is_article=True))
            goal = Goal(baseline=_NAIVE, of="rate", at_least=times)
            yield _line(f"first poll of everything, {name}", "article", samples, goal)
        yield stand.second_processor(rounds)
        for name, kinds, at_most in _AGAIN:
            yield _line(
                f"polled again, {name}", "poll", stand.again(kinds, rounds), Goal(baseline=_NAIVE, at_most=at_most)
            )


def _line(name: str, unit: str, samples: dict[str, list[Sample]], *goals: Goal) -> Line:
    ours = tuple(samples.pop("ours"))
    figures = {
        f"rate_to_{baseline.replace(' ', '_')}": sum(theirs.wall_seconds for theirs in taken)
        / sum(one.wall_seconds for one in ours)
        for baseline, taken in samples.items()
    }
    return Line(
        name=name,
        unit=unit,
        ours=ours,
        baselines={baseline: tuple(taken) for baseline, taken in samples.items()},
        goals=goals,
        figures=figures,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What a worker has done and taken so far."""

    at_seconds: float
    cpu_seconds: float
    articles: float
    polls: float


class _Stand:
    """The feeds, and the Kafka that everyone publishes to."""

    def __init__(self, port: int, settings: KafkaSettings) -> None:
        self._port = port
        self._settings = settings
        self._runs = count(1)

    def naive(self, kinds: str, *, unit_is_article: bool) -> Sample:
        """The loop, once round: a unit is an article that it sends, or else a feed."""
        urls = self._urls(kinds, _NAIVE_FEEDS)

        def work() -> int:
            producer = KafkaProducer(bootstrap_servers=self._settings.bootstrap_servers)
            articles = 0
            for url in urls:
                for entry in feedparser.parse(url).entries:
                    producer.send(self._settings.articles_topic, json.dumps(entry).encode())
                    articles += 1
            producer.flush()
            producer.close()
            return articles if unit_is_article else len(urls)

        return apart(work)

    def first_poll(self, *, facts: bool, processors: set[int] | None = None) -> Sample:
        """From the first poll until all articles are published."""
        with self._worker("M", again=False, facts=facts, processors=processors) as read:
            before = _wait(read, lambda now: now.polls > 0)
            after = _wait(read, lambda now: now.articles >= _FEEDS * ENTRIES)
        return _sample(before, after, after.articles - before.articles)

    def again(self, kinds: str, rounds: int) -> dict[str, list[Sample]]:
        """Polls of feeds that were polled before."""
        samples: dict[str, list[Sample]] = {"ours": [], _NAIVE: []}
        with self._worker(kinds, again=True, facts=False, processors=None) as read:
            _wait(read, lambda now: now.articles >= _FEEDS * ENTRIES)
            for _ in range(rounds):
                before = read()
                time.sleep(_WINDOW_SECONDS)
                after = read()
                samples["ours"].append(_sample(before, after, after.polls - before.polls))
                samples[_NAIVE].append(self.naive(kinds, unit_is_article=False))
        return samples

    def second_processor(self, rounds: int) -> Line:
        """What another processor adds."""
        samples: dict[str, list[Sample]] = {"ours": [], _ONE_PROCESSOR: []}
        processors = sorted(os.sched_getaffinity(0))
        for _ in range(rounds):
            samples["ours"].append(self.first_poll(facts=False, processors=set(processors[:2])))
            samples[_ONE_PROCESSOR].append(self.first_poll(facts=False, processors=set(processors[:1])))
        goal = Goal(baseline=_ONE_PROCESSOR, of="rate", at_least=1.7)
        goals = (goal,) if len(processors) >= _ENOUGH_PROCESSORS else ()
        return _line("first poll of everything, on two processors", "article", samples, *goals)

    def _urls(self, kinds: str, feeds: int) -> list[str]:
        # Each on a host of its own: none waits for another.
        places = (
            (f"127.0.{1 + number // 250}.{1 + number % 250}", kinds[number % len(kinds)]) for number in range(feeds)
        )
        return [f"http://{host}:{self._port}/{kind}/{number}" for number, (host, kind) in enumerate(places)]

    @contextmanager
    def _worker(
        self, kinds: str, *, again: bool, facts: bool, processors: set[int] | None
    ) -> Iterator[Callable[[], _Reading]]:
        """A worker with topics of its own; gives what reads it."""
        run, listen = next(self._runs), free_port()
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "dateline.yaml"
            config.write_text(
                json.dumps(
                    {
                        "name": f"bench-{run}",
                        "listen": f"127.0.0.1:{listen}",
                        "kafka": {
                            "bootstrap_servers": list(self._settings.bootstrap_servers),
                            "topics": {
                                "articles": f"run{run}.articles",
                                "feed_state": f"run{run}.feed-state",
                                "dead_letters": f"run{run}.dead-letters",
                            },
                        },
                        "fetch": {
                            "allow_networks": ["127.0.0.0/8"],
                            "children": len(processors) if processors else 0,
                            "host_gap": "1ms",
                        },
                        "schedule": {"interval": _PERIOD, "max_interval": _PERIOD if again else _ONCE},
                        "articles": {"facts": facts},
                        "feeds": self._urls(kinds, _FEEDS),
                    }
                ),
                encoding="ascii",
            )
            before = os.sched_getaffinity(0)
            os.sched_setaffinity(0, processors or before)
            try:
                with (Path(folder) / "log.json").open("wb") as log:
                    command = [sys.executable, "-m", "worker", "run", "-c", str(config)]
                    worker = subprocess.Popen(command, stdout=log, stderr=log)
            finally:
                os.sched_setaffinity(0, before)
            try:
                yield lambda: _reading(worker, listen)
            finally:
                worker.send_signal(signal.SIGTERM)
                worker.wait(60)


def _wait(read: Callable[[], _Reading], enough: Callable[[_Reading], bool]) -> _Reading:
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        with contextlib.suppress(OSError):
            if enough(found := read()):
                return found
        # Each look at it costs the worker some milliseconds.
        time.sleep(0.2)
    raise TimeoutError(f"the worker is not done after {_PATIENCE_SECONDS:.0f} s")


def _reading(worker: subprocess.Popen[bytes], port: int) -> _Reading:
    if worker.poll() is not None:
        raise RuntimeError(f"the worker ended by itself, with status {worker.returncode}")
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        families = {one.name: one for one in text_string_to_metric_families(answer.read().decode())}

    def total(name: str) -> float:
        return sum(one.value for one in families[name].samples if one.name == f"{name}_total")

    return _Reading(
        at_seconds=time.monotonic(),
        cpu_seconds=sum(map(cpu_seconds, with_descendants(worker.pid))),
        articles=total("dateline_articles"),
        polls=total("dateline_polls"),
    )


def _sample(before: _Reading, after: _Reading, units: float) -> Sample:
    return Sample(
        cpu_seconds=(after.cpu_seconds - before.cpu_seconds) / units,
        wall_seconds=(after.at_seconds - before.at_seconds) / units,
    )
