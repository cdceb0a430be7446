"""Having a deployment's consumer group to oneself, so that no worker is at work meanwhile.

Kafka's group coordinator refuses a member that shares no assignment protocol with those that are there. Workers share
one; whoever holds the group here brings one that nobody else has. So either side finds out at once, and by Kafka's own
word, that the other one is there; and what is written with the membership of one that is gone is refused.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor
from kafka.errors import (
    CoordinatorLoadInProgressError,
    CoordinatorNotAvailableError,
    InconsistentGroupProtocolError,
    KafkaTimeoutError,
    NotCoordinatorError,
)
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment
from kafka.structs import MemberState

from worker.edges.kafka_client import (
    CLIENT_ERRORS,
    REQUEST_SECONDS,
    KafkaSettings,
    connect,
    one_line,
    open_admin,
    translate,
)
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_HEARTBEAT_SECONDS = 2.0
_JOIN_SECONDS = 30.0
# Beyond the session of a worker that has ended: so long may Kafka take to notice.
_FORGET_SECONDS = 3.0
_SETTLE_MARGIN_SECONDS = 15.0
_POLL_SECONDS = 0.2
# One step of a command may take long; its heartbeats go on by themselves.
_STEP_SECONDS = 3_600.0
# States of a group without members.
_WITHOUT_MEMBERS = frozenset({"Empty", "Dead"})
_NOT_YET = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)


class ExclusiveGroup:
    """The group of workers, held from the time it is made until `close`.

    A worker that has ended counts as a member until its session is over: that is waited for.

    Raises:
        Retry: no broker answers.
        Stop: workers, or another command, have the group; or the rights are missing.
    """

    def __init__(self, settings: KafkaSettings, *, waits: Callable[[], None] = lambda: None) -> None:
        self._settings = settings
        self._await_end_of_workers(waits)
        self._consumer: Any = connect(
            KafkaConsumer,
            settings,
            group_id=settings.group_id,
            partition_assignment_strategy=[_lonely()],
            enable_auto_commit=False,
            isolation_level="read_committed",
            allow_auto_create_topics=False,
            session_timeout_ms=round(settings.session_timeout_seconds * 1000),
            heartbeat_interval_ms=round(min(_HEARTBEAT_SECONDS, settings.session_timeout_seconds / 4) * 1000),
            max_poll_interval_ms=round(_STEP_SECONDS * 1000),
            metrics_enabled=False,
            request_timeout_ms=round(REQUEST_SECONDS * 1000),
        )
        self._coordinator: Any = self._consumer._coordinator  # noqa: SLF001 - the consumer's own `poll` fetches records
        try:
            # Any topic whose number of partitions does not change under us; none of it is read.
            self._consumer.subscribe([settings.dead_letters_topic])
            self._join()
        except BaseException:
            self.close()
            raise

    def settle(self, shards: Iterable[int]) -> None:
        """Wait until no transaction of a worker for these shards is open.

        Raises:
            Retry: one still is, or no broker answers.
        """
        limit_seconds = self._settings.transaction_timeout_seconds + _SETTLE_MARGIN_SECONDS
        deadline_seconds = time.monotonic() + limit_seconds
        try:
            for shard in shards:
                left_seconds = max(1.0, deadline_seconds - time.monotonic())
                # Answered only when it is settled: the consumer reads what is committed.
                partition = TopicPartition(self._settings.feed_state_topic, shard)
                self._consumer.committed(partition, timeout_ms=left_seconds * 1000)
        except KafkaTimeoutError as error:
            raise Retry(f"a transaction of a worker was still open after {limit_seconds:.0f} s") from error
        except CLIENT_ERRORS as error:
            raise translate(error, self._settings) from error

    def membership(self) -> Any:
        """What transactions are fenced by.

        Raises:
            Retry: the group was lost.
        """
        try:
            self._coordinator.poll(timeout_ms=_JOIN_SECONDS * 1000)
        except CLIENT_ERRORS as error:
            raise Retry(f"Kafka gave the group {self._settings.group_id} away: {one_line(error)}") from error
        return self._consumer.group_metadata()

    def close(self) -> None:
        """Leave the group. Idempotent."""
        self._consumer.close(autocommit=False, timeout_ms=2_000)

    def _await_end_of_workers(self, waits: Callable[[], None]) -> None:
        deadline_seconds = time.monotonic() + self._settings.session_timeout_seconds + _FORGET_SECONDS
        admin = open_admin(self._settings)
        try:
            told = False
            while not self._is_empty(admin):
                if time.monotonic() > deadline_seconds:
                    raise self._at_work()
                if not told:
                    waits()
                    told = True
                time.sleep(_POLL_SECONDS)
        except CLIENT_ERRORS as error:
            raise translate(error, self._settings) from error
        finally:
            admin.close()

    def _is_empty(self, admin: Any) -> bool:
        deadline_seconds = time.monotonic() + _JOIN_SECONDS
        while True:
            try:
                found = admin.describe_groups([self._settings.group_id])[self._settings.group_id]
            except _NOT_YET as error:  # the first group of a cluster, or its broker has just begun
                if time.monotonic() > deadline_seconds:
                    raise translate(error, self._settings) from error
                time.sleep(_POLL_SECONDS)
            else:
                return found["group_state"] in _WITHOUT_MEMBERS

    def _at_work(self) -> Stop:
        return Stop(
            f"workers named {self._settings.name} are at work, or another command is; stop them and try again "
            f"(one that was killed is forgotten after {self._settings.session_timeout_seconds:g} s)"
        )

    def _join(self) -> None:
        deadline_seconds = time.monotonic() + _JOIN_SECONDS
        try:
            while self._consumer.group_metadata().state is not MemberState.STABLE:
                if time.monotonic() > deadline_seconds:
                    raise Retry(f"Kafka did not let the command into the group {self._settings.group_id} in time")
                self._coordinator.poll(timeout_ms=_JOIN_SECONDS * 1000)
        except InconsistentGroupProtocolError as error:
            raise self._at_work() from error
        except CLIENT_ERRORS as error:
            raise translate(error, self._settings) from error


def _lonely() -> type[RangePartitionAssignor]:
    """An assignor of a name that nobody else has; it assigns nothing."""

    class Lonely(RangePartitionAssignor):  # type: ignore[misc]  # kafka-python has no types
        name = f"dateline-command-{uuid4().hex}"

        @classmethod
        def assign(cls, cluster: Any, members: Any) -> Any:
            del cluster
            return {member.member_id: ConsumerProtocolAssignment(cls.version, [], b"") for member in members}

    return Lonely
