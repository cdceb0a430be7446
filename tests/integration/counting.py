"""A worker in small: for each feed of its shards it publishes 1, 2, 3 …, going on from what the ledger holds.

A number that is missing, comes twice or in the wrong order shows that two workers had one shard, or that a state was
not found. As a process: `python -m tests.integration.counting SETTINGS`, which prints what it notes as JSON Lines.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.contracts import batch, event
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_reader import KafkaReader, read_feed_states
from worker.model.errors import Retry, Stop, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from worker.edges.kafka_client import KafkaSettings
    from worker.model.event import Batch
    from worker.model.shards import Restored

# Sixteen domains: with CRC-32 modulo 4, four in each shard.
FEEDS = {f"f{number}": key for number, key in enumerate("abcdefghijklmnop")}
_PAUSE_SECONDS = 0.03
_AGAIN_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What happened when: seconds of the wall clock, which processes share."""

    at_seconds: float
    what: str
    values: dict[str, Any]


@dataclass(slots=True)
class Counter:
    """Counts until told to stop. `extra` commits are made for shards that leave before they are let go of."""

    settings: KafkaSettings
    say: Callable[[Note], None] = lambda _: None
    extra: int = 1
    notes: list[Note] = field(default_factory=list)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    ledger: KafkaLedger = field(init=False)
    _restored: Restored = field(init=False)
    _versions: dict[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = KafkaLedger(self.settings)

    async def run(self) -> None:
        """Count. Returns after `stopping` was set, or when the ledger says stop."""
        self.note("began")
        try:
            await self._open()
            await self._count()
        except Stop as error:
            self.note("stopped", error=str(error))
        finally:
            await self.ledger.close()
            self.note("closed")

    def note(self, what: str, **values: Any) -> None:
        """Remember and tell."""
        self.notes.append(Note(at_seconds=time.time(), what=what, values=values))
        self.say(self.notes[-1])

    @property
    def shards(self) -> frozenset[int]:
        """What is held, as far as this worker knows."""
        return self._restored.holding.shards if hasattr(self, "_restored") else frozenset()

    async def _count(self) -> None:
        moving = asyncio.ensure_future(self.ledger.moving())
        extra = 0
        while not self.stopping.is_set():
            if moving.done():
                if extra == 0:
                    self.note("moving", shards=sorted(moving.result()))
                if moving.result() and extra < self.extra:
                    extra += 1
                else:
                    await self._restore()
                    moving, extra = asyncio.ensure_future(self.ledger.moving()), 0
            batches = [self._next(feed_id, key) for feed_id, key in FEEDS.items() if self._restored.holding.has(key)]
            try:
                if batches:
                    await self.ledger.commit(batches)
                    self._versions.update({batch.feed_id: batch.state.version for batch in batches})
                    self.note("committed", shards=sorted(self.shards))
            except (Retry, Unknown) as error:
                self.note("failed", error=f"{type(error).__name__}: {error}")
                await self._open()
            await asyncio.wait({moving}, timeout=_PAUSE_SECONDS)
        moving.cancel()

    async def _open(self) -> None:
        while not self.stopping.is_set():
            try:
                await self.ledger.open()
            except Retry as error:
                self.note("failed", error=str(error))
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                await self._restore()
                return

    async def _restore(self) -> None:
        try:
            self._restored = await self.ledger.restore()
        except Retry as error:
            self.note("failed", error=str(error))
            await asyncio.sleep(_AGAIN_SECONDS)
            await self._open()
            return
        self._versions = {feed_id: int(value) for feed_id, value in self._restored.states.items()}
        self.note("restored", shards=sorted(self.shards))

    def _next(self, feed_id: str, key: str) -> Batch:
        number = self._versions.get(feed_id, 0) + 1
        article = event(feed_id, number, value=b"%d" % number)
        return batch(article, feed_id=feed_id, shard_key=key, version=number, state=b"%d" % number)


class CountingProcess:
    """A `Counter` in a process of its own."""

    def __init__(self, settings: KafkaSettings, folder: Path) -> None:
        self._path = folder / f"{uuid4().hex}.jsonl"
        with self._path.open("wb") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", __name__, pickle.dumps(settings).hex()], stdout=output, stderr=output
            )

    @property
    def notes(self) -> list[Note]:
        """What it has told so far."""
        lines = self._path.read_text().splitlines(keepends=True)
        return [Note(**json.loads(line)) for line in lines if line.startswith("{") and line.endswith("\n")]

    @property
    def output(self) -> str:
        """All that it wrote."""
        return self._path.read_text()

    def kill(self) -> float:
        """End it; when."""
        at_seconds = time.time()
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        return at_seconds

    def pause(self) -> None:
        """Have it sleep, as a machine without memory or a virtual machine that is moved does."""
        self.popen.send_signal(signal.SIGSTOP)

    def go_on(self) -> float:
        """Wake it up; when."""
        self.popen.send_signal(signal.SIGCONT)
        return time.time()

    def end(self) -> float:
        """Ask it to stop, and wait; when it was asked."""
        at_seconds = time.time()
        self.popen.send_signal(signal.SIGTERM)
        self.popen.wait(120)
        return at_seconds


def check_counts(settings: KafkaSettings, *, at_least: int = 1) -> dict[str, int]:
    """How far each feed got: every number is there once, in order, and the states say the same."""
    reader = KafkaReader(settings)
    try:
        records = list(reader.read_to_end())
    finally:
        reader.close()
    found: dict[str, list[int]] = {feed_id: [] for feed_id in FEEDS}
    for record in records:
        found[record.key.decode()].append(int(record.value))
    for feed_id, numbers in found.items():
        assert numbers == list(range(1, len(numbers) + 1)), f"{feed_id}: {numbers}"
        assert len(numbers) >= at_least, feed_id
    counts = {feed_id: len(numbers) for feed_id, numbers in found.items()}
    assert {feed_id: int(value) for feed_id, value in read_feed_states(settings).values.items()} == counts
    return counts


async def _main() -> None:
    def say(note: Note) -> None:
        line = {"at_seconds": note.at_seconds, "what": note.what, "values": note.values}
        sys.stdout.write(f"{json.dumps(line)}\n")
        sys.stdout.flush()

    counter = Counter(pickle.loads(bytes.fromhex(sys.argv[1])), say=say)  # noqa: S301 - our own parent's
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, counter.stopping.set)
    await counter.run()


if __name__ == "__main__":
    asyncio.run(_main())
    os._exit(0)
