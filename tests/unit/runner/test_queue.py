"""Which feed is polled next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.unit.runner.helpers import feed
from worker.runner.queue import PollQueue

if TYPE_CHECKING:
    from worker.model.feed import Feed

FIRST, SECOND, THIRD = (replace(feed("a"), id=name) for name in ("first", "second", "third"))


def queue() -> PollQueue[Feed]:
    """Three feeds of one host that are due, the first of them under way."""
    made: PollQueue[Feed] = PollQueue()
    for one in (FIRST, SECOND, THIRD):
        made.add(one, due_seconds=1.0)
    assert made.take(1.0) == (FIRST, 1.0)
    assert made.take(1.0) is None
    return made


def test_feeds_of_one_host_come_one_after_the_other():
    made = queue()
    made.release(FIRST)
    assert made.take(2.0) == (SECOND, 1.0)
    assert made.take(2.0) is None


def test_a_feed_that_was_dropped_while_it_waited_for_its_host_does_not_hold_up_the_next():
    made = queue()
    made.drop(SECOND.id)
    made.release(FIRST)
    assert made.take(2.0) == (THIRD, 1.0)


def test_nor_does_one_that_was_put_off():
    made = queue()
    made.add(SECOND, due_seconds=50.0)
    made.release(FIRST)
    assert made.take(2.0) == (THIRD, 1.0)
    made.release(THIRD)
    assert made.take(49.0) is None
    assert made.take(50.0) == (SECOND, 50.0)


def test_those_that_are_late_are_found_among_many() -> None:
    queue: PollQueue[Feed] = PollQueue()
    for number in range(200):
        queue.add(feed(f"f{number}"), due_seconds=float((number * 37) % 200))
    queue.drop("f0")
    queue.add(feed("f1"), due_seconds=500.0)
    assert queue.overdue(150.0, by_seconds=50.0) == 98
    assert queue.overdue(150.0, by_seconds=200.0) == 0
