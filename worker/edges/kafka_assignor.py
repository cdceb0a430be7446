"""Who gets which shard: decided by one worker of the group, for all of them.

kafka-python's own cooperative assignor goes on claiming the partitions of a membership that was lost. A worker that
slept past its session would so get a shard back while another one still has it. Here a worker claims what it really
has, and what two claim is given to neither.
"""

from __future__ import annotations

from itertools import count as counting
from typing import TYPE_CHECKING, Any

from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor, RebalanceProtocol
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

# From version 1 on, a member says which partitions it has (KIP-429).
_VERSION = 1


def divide(count: int, claims: Mapping[str, frozenset[int]]) -> dict[str, frozenset[int]]:
    """Give each member its share of `count` shards, moving as few as possible.

    A shard that has to move is given to nobody at first: its owner finishes with it, and asks for another round.

    Args:
        count: how many shards there are.
        claims: what each member has now.
    """
    claimed = [shard for shards in claims.values() for shard in shards]
    alone = {shard for shard in range(count) if claimed.count(shard) == 1}
    free = sorted(set(range(count)) - set(claimed))
    # Those that have the most keep the larger shares.
    members = sorted(claims, key=lambda member: (-len(claims[member] & alone), member))
    share, larger = divmod(count, len(members) or 1)
    quotas = {member: share + (position < larger) for position, member in enumerate(members)}
    given = {member: set(sorted(claims[member] & alone)[: quotas[member]]) for member in members}
    for member in members:
        while free and len(given[member]) < quotas[member]:
            given[member].add(free.pop(0))
    return {member: frozenset(shards) for member, shards in given.items()}


class ShardAssignor(AbstractPartitionAssignor):  # type: ignore[misc]  # kafka-python has no types
    """What a member of the group tells the others, and how the leader divides the shards. Called by kafka-python.

    Args:
        topic: the topic whose partitions are the shards.
        claims: which shards this member has, asked whenever it joins.
        assigned: told the shards that this member has from now on, how many there are, and whether others wait for
            some that it is to give up.
    """

    name = "dateline-shards"

    def __init__(
        self, topic: str, *, claims: Callable[[], frozenset[int]], assigned: Callable[[frozenset[int], int, bool], None]
    ) -> None:
        self._topic = topic
        self._claims = claims
        self._assigned = assigned
        self._joins = counting()

    def supported_protocols(self) -> list[Any]:
        """A member keeps its shards while the group is rebalanced."""
        return [RebalanceProtocol.COOPERATIVE]

    def metadata(self, topics: set[str]) -> Any:
        """What this member says when it joins.

        It never says the same twice: Kafka divides the shards again only for a member that has changed.
        """
        partition = ConsumerProtocolSubscription.TopicPartition
        return ConsumerProtocolSubscription(
            version=_VERSION,
            topics=sorted(topics),
            user_data=b"%d" % next(self._joins),
            owned_partitions=[partition(topic=self._topic, partitions=sorted(self._claims()))],
        )

    def assign(self, cluster: Any, members: Sequence[Any]) -> dict[str, Any]:
        """Divide the shards, as the leader.

        All members learn from it how many there are, and each whether others wait for what it gives up: a process that
        is started again is told what its predecessor was told, and does not know what that had.
        """
        count = len(cluster.partitions_for_topic(self._topic) or ())
        claims = {
            member.member_id: frozenset(
                number for partition in member.metadata.owned_partitions or () for number in partition.partitions
            )
            for member in members
        }
        return {
            member: ConsumerProtocolAssignment(
                _VERSION, [(self._topic, sorted(shards))], b"%d %d" % (count, not claims[member] <= shards)
            )
            for member, shards in divide(count, claims).items()
        }

    def on_assignment(self, assignment: Any, generation: int) -> None:  # noqa: ARG002 - kafka-python's signature
        """This member's shards, in a new generation of the group."""
        shards = frozenset(number for _, number in assignment.partitions())
        count, owing = map(int, bytes(assignment.user_data or b"0 0").split())
        self._assigned(shards, count, bool(owing))
