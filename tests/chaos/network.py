"""What a network does to single requests of workers, each for long enough to matter."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Protocol

from tests.chaos.proxy import Api, Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.chaos.proxy import Proxy

# Beyond the settings of the gate's workers: a delivery timeout of 5 s, a transaction timeout of 6 s.
_BEYOND_DELIVERY_SECONDS = 7.0
_BEYOND_TRANSACTION_SECONDS = 8.0
_HIT_SECONDS = 20.0
_HELD_SECONDS = (0.3, 1.5, 4.0)
_LOST_ANSWERS = 4


class Wait(Protocol):
    """Let the workers go on for some seconds, or until something is true."""

    def __call__(self, seconds: float, until: Callable[[], bool] = ..., /) -> None: ...


class NetworkFault(Protocol):
    """Do it; how many requests it hit."""

    def __call__(self, proxy: Proxy, wait: Wait) -> int: ...


def _drop_records(proxy: Proxy, wait: Wait, *, topic: str) -> int:
    rule = proxy.add(Api.PRODUCE, Fault.DROP, topic=topic)
    wait(_BEYOND_DELIVERY_SECONDS)
    return len(rule.hits)


def _lose_commit_answers(proxy: Proxy, wait: Wait, *, fault: Fault) -> int:
    rule = proxy.add(Api.END_TXN, fault, times=_LOST_ANSWERS)
    wait(_HIT_SECONDS, lambda: len(rule.hits) == _LOST_ANSWERS)
    return len(rule.hits)


def _hold_commits(proxy: Proxy, wait: Wait) -> int:
    """The request arrives when its producer has connected again, or has a successor, or that has begun to write."""
    hits = 0
    for seconds in _HELD_SECONDS:
        rule = proxy.add(Api.END_TXN, Fault.HOLD, times=1)
        wait(_HIT_SECONDS, rule.hit.is_set)
        wait(seconds)
        rule.release()
        hits += len(rule.hits)
    return hits


def _outlive_transactions(proxy: Proxy, wait: Wait) -> int:
    rule = proxy.add(Api.END_TXN, Fault.DELAY, times=1, delay_seconds=_BEYOND_TRANSACTION_SECONDS)
    wait(_HIT_SECONDS, rule.hit.is_set)
    wait(_BEYOND_TRANSACTION_SECONDS)
    return len(rule.hits)


NETWORK_FAULTS: Mapping[str, NetworkFault] = {
    "Produce lost: articles": partial(_drop_records, topic="chaos.articles"),
    "Produce lost: states": partial(_drop_records, topic="chaos.feed-state"),
    "EndTxn answers lost": partial(_lose_commit_answers, fault=Fault.LOSE_ANSWER),
    "EndTxn answers cut off": partial(_lose_commit_answers, fault=Fault.CUT_BEFORE_ANSWER),
    "EndTxn held up": _hold_commits,
    "transactions timed out": _outlive_transactions,
}
