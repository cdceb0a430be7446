"""Which feed is polled next."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
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


def test_one_that_is_dropped_when_it_is_next_leaves_the_host_to_those_behind_it():
    made = queue()
    made.release(FIRST)
    made.drop(SECOND.id)
    assert made.take(2.0) == (THIRD, 1.0)


def test_so_does_one_that_is_put_off_then_and_it_comes_in_its_new_place():
    made = queue()
    made.release(FIRST)
    made.add(SECOND, due_seconds=1.5)
    assert made.take(2.0) == (THIRD, 1.0)
    assert made.take(2.0) is None
    made.release(THIRD)
    assert made.take(2.0) == (SECOND, 1.5)


def test_no_feed_overtakes_another_of_its_host_that_fell_due_before_it_however_often_it_is_polled():
    made: PollQueue[Feed] = PollQueue()
    many = [replace(feed("a"), id=f"f{number}") for number in range(20)]
    for number, one in enumerate(many):
        made.add(one, due_seconds=number / 100)
    polled = []
    for step in range(60):
        now_seconds = 1.0 + step
        taken = made.take(now_seconds)
        assert taken is not None
        polled.append(taken[0].id)
        # The first of them is due again at once, the others a good deal later.
        made.add(taken[0], due_seconds=now_seconds + (0.1 if taken[0] is many[0] else 30.0))
        made.release(taken[0])
    assert polled[:20] == [one.id for one in many]
    gaps = [after - before for before, after in pairwise(n for n, name in enumerate(polled) if name == "f1")]
    assert gaps
    assert max(gaps) <= 30 + len(many)


def test_those_that_are_late_are_found_among_many() -> None:
    queue: PollQueue[Feed] = PollQueue()
    for number in range(200):
        queue.add(feed(f"f{number}"), due_seconds=float((number * 37) % 200))
    queue.drop("f0")
    queue.add(feed("f1"), due_seconds=500.0)
    assert queue.overdue(150.0, by_seconds=50.0) == 98
    assert queue.overdue(150.0, by_seconds=200.0) == 0
