"""How late the event loop is: whether it is busy, or something blocks it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_SAMPLE_SECONDS = 1.0


async def watch_loop(lagged: Callable[[float], None], *, sample_seconds: float = _SAMPLE_SECONDS) -> None:
    """Sleep again and again, and tell each time by how many seconds the loop woke this task too late. Never returns.

    A loop that is blocked tells when it turns again.
    """
    loop = asyncio.get_running_loop()
    while True:
        due_seconds = loop.time() + sample_seconds
        await asyncio.sleep(sample_seconds)
        lagged(max(loop.time() - due_seconds, 0.0))
