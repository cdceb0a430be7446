"""What a worker leaves behind that has polled the feeds of `newsstand` before: an SQLite file with all states."""

from __future__ import annotations

import random
from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING

from tests.benchmarks.newsstand import ENTRIES, document
from tests.fakes import settled
from tests.newsroom import batch_of
from worker.edges.sqlite import SqliteLedger
from worker.model.entries import SeenEntries
from worker.model.event import PollReport
from worker.model.feed import Backfill, Feed, FeedState
from worker.model.fetch import Response
from worker.pipeline import Limits, first_state, process
from worker.steps.encode import encode_state

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from worker.model.event import Batch

_LIMITS = Limits(max_body_bytes=5_000_000, max_event_bytes=1_000_000)


async def fill(path: Path, feeds: Sequence[Feed], *, period_seconds: float) -> None:
    """Write the state that each feed would have at the end of a round, and when it is due in the next."""
    chance = random.Random(1)
    start_at = datetime.now(UTC) + timedelta(seconds=len(feeds) / 4_000)
    order = list(range(len(feeds)))
    chance.shuffle(order)
    ledger = SqliteLedger(path, name="bench", max_event_bytes=1_000_000)
    await ledger.open()
    await ledger.restore()
    batches: list[Batch] = []
    for feed, place in zip(feeds, order, strict=True):
        due_at = start_at + timedelta(seconds=period_seconds * place / len(feeds))
        state = _state(feed, due_at, chance, period_seconds)
        batch = batch_of(feed, state, PollReport(feed_id=feed.id, outcome="ok", status=200))
        batches.append(replace(batch, state_value=encode_state(state)))
        if len(batches) == 2_000:
            await ledger.commit(batches)
            batches.clear()
    await ledger.commit(batches)
    await ledger.close()


def _state(feed: Feed, due_at: datetime, chance: random.Random, period_seconds: float) -> FeedState:
    """A state after a poll. Its articles are random, but where the next poll looks at them."""
    polled_at = due_at - timedelta(seconds=period_seconds)
    path = feed.url[feed.url.index("/", 8) :]
    if path[1] == "c":
        read = _read_once()
        return replace(
            read,
            feed_id=feed.id,
            url=feed.url,
            polled_at=polled_at,
            succeeded_at=polled_at,
            body_at=polled_at,
            next_poll_at=due_at,
        )
    rows = ",".join(f'["+{b64encode(chance.randbytes(72)).decode()}",1]' for _ in range(ENTRIES))
    return FeedState(
        feed_id=feed.id,
        url=feed.url,
        version=7,
        etag='"1"' if path[1] == "m" else None,
        body_sha256=_same_sha256() if path[1] == "s" else path,
        title="The Newspaper",
        entries=SeenEntries(f"[{rows}]".encode(), ENTRIES),
        polled_at=polled_at,
        succeeded_at=polled_at,
        body_at=polled_at,
        next_poll_at=due_at,
    )


@cache
def _same_sha256() -> str:
    return sha256(document("/s")).hexdigest()


@cache
def _read_once() -> FeedState:
    """The state after the document that changes was read as it was at first, with nothing published."""
    at = datetime.now(UTC)
    feed = Feed(
        id="feed",
        url="http://127.0.0.1/c",
        shard_key="feed",
        interval_seconds=900.0,
        min_interval_seconds=900.0,
        max_interval_seconds=900.0,
        backfill=Backfill(newest=0),
    )
    answer = Response(url=feed.url, status=200, body=document("/c"), retrieved_at=at)
    return settled(process(feed, first_state(feed), answer, now=at, limits=_LIMITS)).state
