"""Requests that are made at a time of their own: a few at once, and one at a time for each host."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from worker.runner.queue import PollQueue

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from worker.ports import Clock
    from worker.runner.manners import Manners

_AT_ONCE = 10
_REST_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    id: str
    url: str


class Calls:
    """Calls by id, each with its time; a later time for the same id takes the place of the one before.

    Args:
        call: makes the request of this id.
        manners: knows which hosts want to be left alone.
        clock: for due times, on the monotonic clock.
    """

    def __init__(self, call: Callable[[str], Awaitable[None]], *, manners: Manners, clock: Clock) -> None:
        self._call = call
        self._manners = manners
        self._clock = clock
        self._log = structlog.get_logger()
        self._queue: PollQueue[_Call] = PollQueue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def add(self, call_id: str, url: str, *, due_seconds: float) -> None:
        """Call for this id, at the host of `url`, from `due_seconds` on."""
        self._queue.add(_Call(id=call_id, url=url), due_seconds=due_seconds)
        self._changed.set()

    def drop(self, call_id: str) -> None:
        """Do not call for this id any more."""
        self._queue.drop(call_id)

    def begin_due(self) -> None:
        """Begin what is due, as far as hosts are free."""
        self._changed.clear()
        now_seconds = self._clock.monotonic_seconds()
        while len(self._tasks) < _AT_ONCE and (due := self._queue.take(now_seconds)) is not None:
            task = asyncio.create_task(self._make(due[0]))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def rest(self, *, until_seconds: float | None) -> None:
        """Sleep until then, or until a call is due or something has changed."""
        times = [] if until_seconds is None else [until_seconds]
        next_due_seconds = self._queue.next_due_seconds()
        if next_due_seconds is not None and len(self._tasks) < _AT_ONCE:
            times.append(next_due_seconds)
        wait_seconds = min(times, default=float("inf")) - self._clock.monotonic_seconds()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), min(max(wait_seconds, 0.01), _REST_SECONDS))

    async def cancel(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _make(self, call: _Call) -> None:
        """Make one call. Whatever happens, its host can be called again."""
        try:
            if (held_seconds := self._manners.held_seconds(call.url)) > 0:
                self.add(call.id, call.url, due_seconds=self._clock.monotonic_seconds() + held_seconds)
            else:
                await self._call(call.id)
        finally:
            self._queue.release(call)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A fault of ours in one call must not end the worker: feeds are polled without any.
            self._log.error("call_crashed", exc_info=error)
        self._changed.set()
