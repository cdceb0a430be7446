"""Who is read first when there are more documents than readers."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import pytest

from tests.fakes import FakeClock
from worker.runner.turns import Turns

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Readers:
    """Turns, and who has one at the moment."""

    def __init__(self, readers: int, max_bytes: int = 100) -> None:
        self.clock = FakeClock()
        self.turns = Turns(readers=readers, max_bytes=max_bytes, clock=self.clock)
        self.reading: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}
        self.tasks: dict[str, asyncio.Task[None]] = {}

    async def ask(self, name: str, *, known: bool = False, begun: bool = False, size_bytes: int = 10) -> None:
        self._ends[name] = asyncio.Event()

        async def read() -> None:
            async with self.turns.turn(size_bytes, known=known, begun=begun):
                self.reading.append(name)
                await self._ends[name].wait()
                self.reading.remove(name)

        self.tasks[name] = asyncio.create_task(read())
        await settle()

    async def end(self, name: str, *, after_seconds: float = 0.0) -> None:
        self.clock.advance(after_seconds)
        self._ends[name].set()
        await settle()


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


@contextlib.asynccontextmanager
async def readers(count: int) -> AsyncIterator[Readers]:
    made = Readers(count)
    yield made
    for task in made.tasks.values():
        task.cancel()
    await asyncio.gather(*made.tasks.values(), return_exceptions=True)


async def test_known_feeds_go_first_then_polls_that_have_begun_then_new_feeds() -> None:
    async with readers(1) as some:
        await some.ask("first")
        await some.ask("new")
        await some.ask("begun", begun=True)
        await some.ask("known", known=True)
        assert some.turns.waiting == 2  # one that has begun keeps its place among those under way
        order = []
        for name in ("first", "known", "begun", "new"):
            order += some.reading
            await some.end(name)
        assert order == ["first", "known", "begun", "new"]
        assert some.turns.waiting == 0


async def test_all_readers_are_for_new_feeds_while_no_others_are_about() -> None:
    async with readers(2) as some:
        for name in ("a", "b", "c"):
            await some.ask(name)
        assert some.reading == ["a", "b"]
        assert some.turns.waiting == 1


async def test_one_reader_is_kept_for_known_feeds_while_they_are_about() -> None:
    async with readers(2) as some:
        await some.ask("known", known=True)
        await some.end("known")
        await some.ask("a")
        await some.ask("b")
        assert some.reading == ["a"]
        await some.ask("known again", known=True)
        assert some.reading == ["a", "known again"]
        await some.end("known again")
        assert some.reading == ["a"]
        some.clock.advance(61)
        await some.end("a")
        await some.ask("c")
        assert some.reading == ["b", "c"]


async def test_a_single_reader_is_kept_for_nobody() -> None:
    async with readers(1) as some:
        await some.ask("known", known=True)
        await some.end("known")
        await some.ask("a")
        assert some.reading == ["a"]


async def test_feeds_that_always_have_something_to_read_do_not_keep_new_ones_from_being_read() -> None:
    """With one reader, which forty known feeds want again as soon as they have had it."""
    known, new = [f"known {number}" for number in range(40)], [f"new {number}" for number in range(12)]
    order = []
    async with readers(1) as some:
        for name in known:
            await some.ask(name, known=True)
        for name in new:
            await some.ask(name)
        for _ in range(64):
            [name] = some.reading
            order.append(name)
            await some.end(name, after_seconds=1.0)
            if name in known:
                await some.ask(name, known=True)
    assert order[:25:2] == known[:13]
    assert order[1:24:2] == new
    # Then each known one in its turn.
    assert order[24:] == [*known[12:], *known[:12]]


async def test_a_document_that_takes_long_is_made_up_for_before_the_next_of_its_kind() -> None:
    async with readers(1) as some:
        await some.ask("long")
        await some.ask("long as well")
        for number in range(12):
            await some.ask(f"known {number}", known=True)
        await some.end("long", after_seconds=10.0)
        for number in range(10):
            assert some.reading == [f"known {number}"]
            await some.end(f"known {number}", after_seconds=1.0)
        # As much as the other had; of two that are even, the known one goes first.
        assert some.reading == ["known 10"]
        await some.end("known 10", after_seconds=1.0)
        assert some.reading == ["long as well"]


async def test_who_did_not_wait_has_nothing_to_catch_up_with() -> None:
    async with readers(1) as some:
        await some.ask("known", known=True)
        await some.end("known", after_seconds=100.0)
        for name in ("a", "b", "c"):
            await some.ask(name)
        await some.ask("known again", known=True)
        order = []
        for _ in range(4):
            order += some.reading
            await some.end(some.reading[0], after_seconds=1.0)
        assert order == ["a", "known again", "b", "c"]


async def test_no_more_is_fetched_while_enough_waits_to_be_read() -> None:
    async with readers(1) as some:
        await some.ask("a")
        await some.ask("b", size_bytes=100)
        room = asyncio.create_task(some.turns.room(known=False, begun=False))
        await asyncio.wait_for(some.turns.room(known=True, begun=False), 1)
        await settle()
        assert not room.done()
        assert some.turns.waiting == 2
        await some.end("a")
        await asyncio.wait_for(room, 1)


@pytest.mark.parametrize("granted", [False, True], ids=["waiting", "granted"])
async def test_who_gives_up_leaves_the_turn_to_the_next(*, granted: bool) -> None:
    async with readers(1) as some:
        await some.ask("a")
        await some.ask("b")
        await some.ask("c")
        if granted:
            some._ends["a"].set()
            await asyncio.sleep(0)
        some.tasks["b"].cancel()
        await some.end("a")
        assert some.reading == ["c"]
