"""`make bench`: what a poll costs, as a ratio to feedparser alone on the same document in the same run; then facts."""

from __future__ import annotations

import io
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import feedparser

from tests.benchmarks import facts
from tests.fakes import settled
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.pipeline import Limits, first_state, process

if TYPE_CHECKING:
    from collections.abc import Callable

_FEEDS = Path(__file__).parent.parent.parent / "deploy" / "examples" / "feeds"
_ROUNDS = 15
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LIMITS = Limits(max_body_bytes=5_000_000, max_event_bytes=1_000_000)
_FEED = Feed(
    id="bench",
    url="https://bench.example/feed",
    shard_key="bench.example",
    interval_seconds=900,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)


def _seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one call, the median of several rounds of at least 20 ms."""
    work()
    began = time.process_time()
    work()
    repeat = max(1, int(0.02 / max(time.process_time() - began, 1e-7)))
    rounds = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        for _ in range(repeat):
            work()
        rounds.append((time.process_time() - began) / repeat)
    return statistics.median(rounds)


def main() -> None:
    """Print a table: a ratio below 1 is cheaper than feedparser as it comes."""
    print(f"{'document':28}{'feedparser ms':>15}{'first poll':>12}{'same entries':>14}{'same bytes':>12}")
    for path in sorted(_FEEDS.glob("*.xml")):
        body = path.read_bytes()
        response = Response(url=_FEED.url, status=200, body=body, retrieved_at=_NOW)
        fresh = first_state(_FEED)
        known = settled(process(_FEED, fresh, response, now=_NOW, limits=_LIMITS)).state
        # One more blank at the end: other bytes, the same entries.
        touched = Response(url=_FEED.url, status=200, body=body + b"\n", retrieved_at=_NOW)
        baseline = _seconds(lambda body=body: feedparser.parse(io.BytesIO(body)))  # type: ignore[misc]  # bound at once
        ratios = [
            _seconds(lambda state=state, answer=answer: process(_FEED, state, answer, now=_NOW, limits=_LIMITS))  # type: ignore[misc]  # bound at once
            / baseline
            for state, answer in ((fresh, response), (known, touched), (known, response))
        ]
        print(f"{path.name:28}{baseline * 1_000:>15.2f}{ratios[0]:>12.2f}{ratios[1]:>14.2f}{ratios[2]:>12.4f}")


if __name__ == "__main__":
    main()
    print()
    facts.main()
