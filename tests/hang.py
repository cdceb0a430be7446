"""A guard against inputs that never come to an end. It measures no speed: that is for tests/benchmarks."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Seconds of the processor. What is guarded takes one or two, and without its bounds minutes or hours.
_SECONDS = 25.0


@contextmanager
def must_end() -> Iterator[None]:
    """Fail if the work takes far longer than anything here should."""

    def give_up(*_: object) -> None:
        raise AssertionError(f"no end after {_SECONDS:g} seconds")

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
