"""The worker as it is wired, within the test: real HTTP, a real SQLite file, and clocks that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from structlog.testing import capture_logs

from tests.fakes import FakeClock, ThreadReaders
from tests.integration.recording import Site, site
from worker import app
from worker.config import loads
from worker.edges.sqlite import SqliteReader, read_states
from worker.steps.encode import decode_state
from worker.wiring import fetching

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pytest

    from worker.config import Config
    from worker.model.feed import FeedState
    from worker.runner import Runner

HOUR = 3_600.0
DAY = 86_400.0


class Readers(ThreadReaders):
    """Stands in for `worker.edges.children.Children`."""

    def __init__(self, *_: object, **__: object) -> None:
        pass

    async def start(self) -> None:
        pass

    async def close(self) -> None:
        pass


class Steered:
    """A worker that can be started again on the same file, and whose time passes when the test says so.

    Both clocks stand still but for `passing` and `clock.at`: what was asked of a server, and when, is exact.
    """

    def __init__(self, folder: Path, clock: FakeClock, exits: contextlib.AsyncExitStack) -> None:
        self.clock = clock
        self._path = folder / "dateline.db"
        self._exits = exits
        self._logged = exits.enter_context(capture_logs())
        self._config: Config | None = None
        self._worker: app.Worker | None = None
        self._running: asyncio.Task[None] | None = None

    async def site(self, **options: Any) -> Site:
        """Another server."""
        return await self._exits.enter_async_context(site(self.clock, **options))

    async def start(self, *feeds: str | Mapping[str, Any], **more: Any) -> None:
        """Run with these feeds, of which each has its default settings but for what it says; until nothing is due."""
        fetch = {"allow_networks": ["127.0.0.0/8"], "host_gap": "1ms", "timeout": 5, **more.pop("fetch", {})}
        named = [{"url": feed} if isinstance(feed, str) else dict(feed) for feed in feeds]
        written: dict[str, Any] = {
            "listen": "127.0.0.1:0",
            "sqlite": {"path": str(self._path)},
            "commit": {"max_delay": "1ms"},
            "fetch": fetch,
            "feeds": [{"id": f"f{number}", **feed} for number, feed in enumerate(named)],
            **more,
        }
        self._config = loads(json.dumps(written), "dateline.yaml", {})
        await self.start_again()

    async def start_again(self, *, idle: bool = True) -> None:
        """Run with the same configuration on the same file."""
        assert self._config is not None
        assert self._running is None
        self._worker = app.Worker(self._config)
        self._running = asyncio.create_task(self._worker.run(once=False))
        if idle:
            await self.idle()

    async def once(self) -> None:
        """`dateline run --once` with the same configuration on the same file."""
        assert self._config is not None
        assert self._running is None
        await app.Worker(self._config).run(once=True)

    async def stop(self) -> None:
        """As SIGTERM does."""
        assert self._worker is not None
        assert self._running is not None
        self._worker.stop()
        await self._running
        self._running = None

    async def crash(self) -> None:
        """Without finishing anything."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running
            self._running = None

    async def restart(self) -> None:
        await self.stop()
        await self.start_again()

    async def passing(self, seconds: float) -> None:
        """Let time pass: from one due poll to the next, each finished before the clocks go on."""
        until_seconds = self.clock.monotonic + seconds
        while True:
            await self.idle()
            due = self._runner._queue.next_due_seconds()
            if due is None or due > until_seconds:
                break
            self._move_to(due)
        self._move_to(until_seconds)
        await self.idle()

    async def idle(self) -> None:
        """Wait until all that is due has been done and committed."""
        async with asyncio.timeout(60):
            while not self._is_idle():  # noqa: ASYNC110 - the loop tells nobody when it has nothing to do
                await asyncio.sleep(0.0005)

    def state(self, feed_id: str = "f0") -> FeedState:
        """What is committed about a feed."""
        return decode_state(read_states(self._path)[feed_id])

    def events(self) -> list[dict[str, Any]]:
        """The messages that are committed."""
        return [json.loads(record.value) for record in self._records("articles")]

    def written(self) -> bytes:
        """All that consumers can read, keys and headers included."""
        return repr([self._records(table) for table in ("articles", "dead_letters")]).encode()

    def dead_letters(self) -> int:
        return len(self._records("dead_letters"))

    def lines(self, event: str | None = None, **values: Any) -> list[Any]:
        """The log lines of this event, or of all, that have these values."""
        return [
            line
            for line in self._logged
            if event in {None, line["event"]} and all(line.get(name) == value for name, value in values.items())
        ]

    def outcomes(self, feed_id: str = "f0") -> list[tuple[str, str | None]]:
        """What the polls of a feed came to, and why."""
        return [(line["outcome"], line["reason"]) for line in self.lines("poll", feed=feed_id)]

    def metric(self, name: str, **labels: str) -> float:
        """The value of a metric, 0 when it is not there."""
        assert self._worker is not None
        return self._worker._metrics.registry.get_sample_value(name, labels) or 0.0

    def metrics(self) -> str:
        """All metrics, as they are served."""
        assert self._worker is not None
        return self._worker._metrics.exposition("")[0].decode()

    @property
    def _runner(self) -> Runner:
        assert self._worker is not None
        return self._worker._runner

    def _records(self, table: Any) -> list[Any]:
        reader = SqliteReader(self._path, table=table)
        try:
            return list(reader.read_to_end())
        finally:
            reader.close()

    def _is_idle(self) -> bool:
        runner = self._runner
        if self._running is not None and self._running.done():
            self._running.result()
        if runner.not_ready() is not None or runner._polls or runner._committer.pending or runner._polling:
            return False
        due = runner._queue.next_due_seconds()
        if due is not None and due <= self.clock.monotonic:
            runner._wake.set()
            return False
        return True

    def _move_to(self, monotonic_seconds: float) -> None:
        passed = monotonic_seconds - self.clock.monotonic
        self.clock.at += timedelta(seconds=passed)
        self.clock.monotonic = monotonic_seconds
        self._runner._wake.set()


@contextlib.asynccontextmanager
async def steered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A worker to start, ended with the context."""
    clock = FakeClock()
    monkeypatch.setattr(app, "SystemClock", lambda: clock)
    monkeypatch.setattr(fetching, "SystemClock", lambda: clock)
    monkeypatch.setattr(app, "Children", Readers)
    async with contextlib.AsyncExitStack() as exits:
        worker = Steered(folder, clock, exits)
        try:
            yield worker
        finally:
            await worker.crash()
