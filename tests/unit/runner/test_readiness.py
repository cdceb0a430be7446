"""Whether the worker can publish: what a commit says counts for more than that the ledger answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.fakes import FakeLedger, FakeStore
from tests.unit.runner.helpers import FakeWeb, RecordingMetrics, feed, make_runner, rss, until
from worker.model.errors import Retry
from worker.model.shards import WHOLE
from worker.runner import committer, loop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.event import Batch
    from worker.model.shards import Restored

AWAY = "nothing can be published: the ledger is away"


class OneOfThree(FakeLedger):
    """Answers whoever asks, as one broker of three does, whether or not it can do anything else."""

    def __init__(self, store: FakeStore) -> None:
        super().__init__(store)
        self.restores = self.commits = self.answers = True
        self.asked = self.refused = 0

    async def restore(self) -> Restored:
        if not self.restores:
            self.refused += 1
            raise Retry("no leader")
        return await super().restore()

    async def commit(self, batches: Sequence[Batch]) -> None:
        if not self.commits:
            self.refused += 1
            raise Retry("not enough replicas; nothing was written")
        await super().commit(batches)

    async def ping(self) -> bool:
        self.asked += 1
        return self.answers


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "_WATCH_SECONDS", 0.002)
    for name in ("_FIRST_WAIT_SECONDS", "_LONGEST_WAIT_SECONDS"):
        monkeypatch.setattr(committer, name, 0.02)


async def test_a_ledger_that_answers_and_takes_no_commit_is_not_ready_until_it_takes_one():
    ledger = OneOfThree(FakeStore())
    ledger.commits = False
    metrics = RecordingMetrics()
    runner = make_runner([feed("a")], FakeWeb(a=rss(("a1", "A one"))), ledger, metrics=metrics)
    running = asyncio.create_task(runner.run())
    await until(lambda: metrics.counts["retry"] > 0)
    ups = metrics.counts["up"]
    asked, refused = ledger.asked, ledger.refused
    # It was opened again, and asked, some times.
    await until(lambda: ledger.asked > asked + 5 and ledger.refused > refused + 2)
    assert runner.not_ready() == AWAY
    assert metrics.counts["up"] == ups

    ledger.commits = True
    await until(lambda: runner.not_ready() is None)
    assert len(ledger.store.articles) == 1
    runner.stop()
    await running


async def test_a_ledger_that_answers_and_does_not_tell_which_shards_are_ours_is_not_ready_until_it_does():
    """Nothing waits to be committed meanwhile."""
    ledger = OneOfThree(FakeStore())
    metrics = RecordingMetrics()
    runner = make_runner([], FakeWeb(), ledger, metrics=metrics)
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.not_ready() is None)
    ledger.restores = False
    ledger.move(WHOLE)
    await until(lambda: runner.not_ready() == AWAY)
    ups = metrics.counts["up"]
    asked, refused = ledger.asked, ledger.refused
    await until(lambda: ledger.asked > asked + 5 and ledger.refused > refused + 2)
    assert runner.not_ready() == AWAY
    assert metrics.counts["up"] == ups

    ledger.restores = True
    await until(lambda: runner.not_ready() is None)
    runner.stop()
    await running


async def test_where_nothing_waits_to_be_committed_an_answer_makes_it_ready_again():
    ledger = OneOfThree(FakeStore())
    runner = make_runner([], FakeWeb(), ledger)
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.not_ready() is None)
    ledger.answers = False
    await until(lambda: runner.not_ready() == AWAY)
    ledger.answers = True
    await until(lambda: runner.not_ready() is None)
    runner.stop()
    await running
