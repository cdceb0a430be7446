"""What independent consumers saw, held against what the feeds published."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import orjson
from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError

from tests.chaos.newsstand import last_editions

if TYPE_CHECKING:
    from collections.abc import Iterable

_READ_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Seen:
    """A message. The headline is that of `newsstand`: feed, article, edition."""

    partition: int
    feed: int
    article: int
    edition: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What one consumer says. All but `messages` have to be 0."""

    messages: int
    lost: int
    """Articles that never came, or not in their last edition, or with a gap in their revisions."""
    duplicates: int
    """Messages beyond one for each edition of an article."""
    disordered: int
    """Messages before which a later one of the same feed came, in the same partition."""

    @property
    def holds(self) -> bool:
        """Whether it was exactly once and in order."""
        return not (self.lost or self.duplicates or self.disordered)


def judge(seen: Iterable[Seen], *, feeds: int, articles: int) -> Verdict:
    """Hold what a consumer saw, in its order, against what the feeds published."""
    editions = last_editions(articles)
    found: dict[tuple[int, int], list[Seen]] = {}
    newest: dict[tuple[int, int], int] = {}
    count = disordered = 0
    for one in seen:
        count += 1
        found.setdefault((one.feed, one.article), []).append(one)
        if one.revision == 1:
            place = (one.feed, one.partition)
            disordered += one.article < newest.get(place, -1)
            newest[place] = max(one.article, newest.get(place, -1))
    lost = duplicates = 0
    for number in range(feeds):
        for article, edition in editions.items():
            messages = found.get((number, article), [])
            revisions = [one.revision for one in messages]
            # A worker that was away for both editions has seen the last one only.
            expected = set(range(1, len(set(revisions)) + 1))
            lost += not messages or max(one.edition for one in messages) != edition or set(revisions) != expected
            by_revision, by_edition = Counter(revisions), Counter(one.edition for one in messages)
            duplicates += max(len(messages) - len(by_revision), len(messages) - len(by_edition))
            disordered += revisions != sorted(revisions)
    return Verdict(messages=count, lost=lost, duplicates=duplicates, disordered=disordered)


class Follower:
    """A consumer of kafka-python with read_committed that reads from the start, through all that happens."""

    def __init__(self, bootstrap: str, topic: str) -> None:
        self.seen: list[Seen] = []
        self.editions: set[tuple[int, int, int]] = set()
        """The feed, article and edition of each."""
        self._bootstrap, self._topic = bootstrap, topic
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="follower", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(_READ_SECONDS)

    def _follow(self) -> None:
        """Positions are our own: a consumer that is made anew goes on where the last one was."""
        positions: dict[Any, int] = {}
        while not self._end.is_set():
            try:
                consumer = _consumer(self._bootstrap)
            except (KafkaError, OSError, RuntimeError):
                self._end.wait(1.0)
                continue
            try:
                self._read(consumer, positions)
            except (KafkaError, OSError, RuntimeError):
                self._end.wait(1.0)
            finally:
                consumer.close()

    def _read(self, consumer: Any, positions: dict[Any, int]) -> None:
        numbers = consumer.partitions_for_topic(self._topic)
        partitions = [TopicPartition(self._topic, number) for number in numbers or ()]
        consumer.assign(partitions)
        for partition in partitions:
            consumer.seek(partition, positions.get(partition, 0))
        while not self._end.is_set():
            for partition, records in consumer.poll(timeout_ms=500).items():
                for record in records:
                    one = parse(record.partition, record.value)
                    self.seen.append(one)
                    self.editions.add((one.feed, one.article, one.edition))
                    positions[partition] = record.offset + 1


def read_again(bootstrap: str, topic: str) -> tuple[str, list[Seen]]:
    """All that a fresh consumer finds: kcat where it is installed, else kafka-python. Its name, and what it saw."""
    if shutil.which("kcat"):
        command = ["kcat", "-C", "-e", "-q", "-b", bootstrap, "-t", topic, "-X", "isolation.level=read_committed"]
        read = subprocess.run(
            [*command, "-o", "beginning", "-f", "%p %s\n"], capture_output=True, check=True, timeout=_READ_SECONDS
        )
        return "kcat", [
            parse(int(number), value) for number, value in (line.split(b" ", 1) for line in read.stdout.splitlines())
        ]
    consumer = _consumer(bootstrap)
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic)]
        consumer.assign(partitions)
        consumer.seek_to_beginning()
        ends = consumer.end_offsets(partitions)
        seen: list[Seen] = []
        while any(consumer.position(partition) < ends[partition] for partition in partitions):
            for records in consumer.poll(timeout_ms=500).values():
                seen += [parse(record.partition, record.value) for record in records]
        return "kafka-python", seen
    finally:
        consumer.close()


def parse(partition: int, value: bytes) -> Seen:
    """A message as a consumer got it."""
    message = orjson.loads(value)
    feed, article, edition = map(int, message["headline"].split("-"))
    return Seen(partition, feed, article, edition, message["revision"])


def _consumer(bootstrap: str) -> Any:
    return KafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        group_id=None,
        auto_offset_reset="earliest",
        metrics_enabled=False,
        bootstrap_timeout_ms=5_000,
        reconnect_backoff_max_ms=1_000,  # 30 s by default: it would see late what has been there for long
    )
