"""Feeds that go from one worker to another, and what was under way for them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import orjson
import pytest

from tests.fakes import FakeLedger, FakeStore
from tests.unit.runner.helpers import FakeWeb, feed, make_runner, rss, until
from worker.model.shards import Holding, shard_of

if TYPE_CHECKING:
    from worker.runner import Runner

# Of two shards, these two feeds are in one each.
FIRST, SECOND = "a", "b"
BOTH, ONLY_FIRST, ONLY_SECOND = (
    Holding(shards=frozenset(shards), count=2)
    for shards in (
        {0, 1},
        {shard_of(f"{FIRST}.example", 2)},
        {shard_of(f"{SECOND}.example", 2)},
    )
)


def test_the_two_feeds_are_in_different_shards() -> None:
    assert ONLY_FIRST != ONLY_SECOND


@pytest.fixture
def web() -> FakeWeb:
    return FakeWeb(a=rss(("a1", "A")), b=rss(("b1", "B")))


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


def started(web: FakeWeb, store: FakeStore, holding: Holding) -> tuple[Runner, FakeLedger]:
    ledger = FakeLedger(store)
    store.holdings[ledger] = holding
    feeds = [feed(FIRST, interval_seconds=0.05), feed(SECOND, interval_seconds=0.05)]
    return make_runner(feeds, web, ledger), ledger


def asked(web: FakeWeb, name: str) -> int:
    return sum(request.url == f"https://{name}.example/feed" for request in web.requests)


async def test_a_worker_polls_the_feeds_of_its_shards_only(web: FakeWeb, store: FakeStore) -> None:
    runner, _ = started(web, store, ONLY_FIRST)
    await runner.run(once=True)
    assert (asked(web, FIRST), asked(web, SECOND)) == (1, 0)
    assert set(store.states) == {FIRST}


async def test_a_shard_that_is_taken_is_polled_no_more_and_the_other_goes_on(web: FakeWeb, store: FakeStore) -> None:
    runner, ledger = started(web, store, BOTH)
    running = asyncio.create_task(runner.run())
    await until(lambda: set(store.states) == {FIRST, SECOND})
    ledger.move(ONLY_FIRST)
    await until(lambda: not ledger.moves.is_set())
    second, first = asked(web, SECOND), asked(web, FIRST)
    await until(lambda: asked(web, FIRST) > first + 3)
    assert asked(web, SECOND) == second
    runner.stop()
    await running


async def test_a_shard_that_was_to_go_and_stayed_is_polled_on(web: FakeWeb, store: FakeStore) -> None:
    runner, ledger = started(web, store, BOTH)
    running = asyncio.create_task(runner.run())
    await until(lambda: set(store.states) == {FIRST, SECOND})
    ledger.move(ONLY_FIRST)
    store.holdings[ledger] = BOTH
    await until(lambda: not ledger.moves.is_set())
    so_far = asked(web, SECOND)
    await until(lambda: asked(web, SECOND) > so_far + 2)
    runner.stop()
    await running


async def test_a_shard_that_comes_is_polled_with_what_its_last_worker_knew(web: FakeWeb, store: FakeStore) -> None:
    """Never unconditionally: the state moves with the shard."""
    before, _ = started(web, store, ONLY_SECOND)
    await before.run(once=True)
    runner, ledger = started(web, store, ONLY_FIRST)
    running = asyncio.create_task(runner.run())
    await until(lambda: FIRST in store.states)
    ledger.move(BOTH)
    await until(lambda: asked(web, SECOND) == 2)
    assert [request.conditional for request in web.requests if "//b." in request.url] == [False, True]
    runner.stop()
    await running
    assert len(store.articles) == 2


async def test_what_is_under_way_for_a_shard_is_committed_before_it_is_handed_over(
    web: FakeWeb, store: FakeStore
) -> None:
    runner, ledger = started(web, store, BOTH)
    web.open_gate.clear()
    running = asyncio.create_task(runner.run())
    await until(lambda: asked(web, SECOND) == 1)
    ledger.move(ONLY_FIRST)
    await asyncio.sleep(0.1)
    assert ledger.moves.is_set()
    web.open_gate.set()
    await until(lambda: not ledger.moves.is_set())
    assert orjson.loads(store.states[SECOND])["version"] == 1
    runner.stop()
    await running


async def test_a_result_for_a_shard_that_is_gone_is_not_written(web: FakeWeb, store: FakeStore) -> None:
    """Whoever has the shard now polls the feed: two workers would publish its articles twice."""
    runner, ledger = started(web, store, BOTH)
    web.open_gate.clear()
    running = asyncio.create_task(runner.run())
    await until(lambda: asked(web, FIRST) + asked(web, SECOND) == 2)
    store.holdings[ledger] = ONLY_FIRST
    await runner._committer.rebalance()
    web.open_gate.set()
    await until(lambda: FIRST in store.states)
    runner.stop()
    await running
    assert set(store.states) == {FIRST}


async def test_a_shard_that_went_and_came_back_while_a_poll_was_under_way_is_not_written_from_memory(
    web: FakeWeb, store: FakeStore
) -> None:
    runner, ledger = started(web, store, BOTH)
    web.open_gate.clear()
    running = asyncio.create_task(runner.run())
    await until(lambda: asked(web, SECOND) == 1)
    store.holdings[ledger] = ONLY_FIRST
    await runner._committer.rebalance()
    other_web = FakeWeb(a=rss(), b=rss(("b1", "B")))
    other, _ = started(other_web, store, ONLY_SECOND)
    await other.run(once=True)
    assert len(store.articles) == 1
    store.owner, store.holdings[ledger] = ledger, BOTH
    await runner._committer.rebalance()
    web.open_gate.set()
    await until(lambda: FIRST in store.states)
    await until(lambda: orjson.loads(store.states[SECOND])["version"] > 1)
    runner.stop()
    await running
    assert [record.key for record in store.articles].count(store.articles[0].key) == 1
