"""A thread for calls that block, and waiting for them without blocking the event loop."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")


class CallThread:
    """Does one call after another.

    It is a daemon, which the threads of an executor are not: a call that never returns must not keep
    the process from ending.
    """

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[tuple[Callable[[], Any], Future[Any]] | None] = SimpleQueue()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def submit(self, call: Callable[[], _T]) -> Future[_T]:
        """Have a call done after those submitted before."""
        future: Future[_T] = Future()
        self._calls.put((call, future))
        return future

    def end(self) -> None:
        """End the thread when it has done what it was told before."""
        self._calls.put(None)

    def _run(self) -> None:
        while (item := self._calls.get()) is not None:
            _do(*item)
            del item  # it may hold a whole commit, and the next call may be far off


async def wait(future: Future[_T], *, seconds: float) -> _T:
    """The result of a submitted call.

    Raises:
        TimeoutError: it is not there within the time given. The call is left to itself.
    """
    waiting = asyncio.wrap_future(future)
    try:
        done, _ = await asyncio.wait([waiting], timeout=seconds)
    finally:
        if not waiting.done():
            waiting.cancel()  # nobody listens any more; a call that has begun goes on
    if not done:
        raise TimeoutError
    return waiting.result()


def _do(call: Callable[[], _T], future: Future[_T]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = call()
    except BaseException as error:  # noqa: BLE001 - it goes to whoever waits for the result
        future.set_exception(error)
    else:
        future.set_result(result)
