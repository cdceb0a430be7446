"""How feeds are divided among workers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping


def shard_of(shard_key: str, count: int) -> int:
    """The shard of a feed: feeds of one registrable domain are polled by one worker, whoever that is."""
    return zlib.crc32(shard_key.encode()) % count


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The shards that this worker polls, of `count` that there are; no two workers hold one at the same time."""

    shards: frozenset[int]
    count: int

    def __post_init__(self) -> None:
        if self.count < 1 or not self.shards <= frozenset(range(self.count)):
            raise ValueError(f"of {self.count} shards nobody can hold {sorted(self.shards)}")

    def has(self, shard_key: str) -> bool:
        """Whether feeds with this key are this worker's to poll."""
        return shard_of(shard_key, self.count) in self.shards


WHOLE = Holding(shards=frozenset({0}), count=1)
NOTHING = Holding(shards=frozenset(), count=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a ledger gives to a worker: its shards, and the last committed state of their feeds, by feed id.

    Whoever gets it may empty `states`.
    """

    holding: Holding
    states: MutableMapping[str, bytes]
