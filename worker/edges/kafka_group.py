"""Which shards are ours: the workers of one name are a consumer group on the feed-state topic.

The consumer fetches nothing. It is a member: it says that we live, hears which shards are ours, and vouches for each
commit. Its thread is told here to join the group anew only when what is to leave was finished, or had its time;
kafka-python's own thread goes on with the heartbeats meanwhile.
"""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import structlog
from kafka import KafkaConsumer, TopicPartition
from kafka.admin import MemberToRemove
from kafka.errors import FencedInstanceIdError, InconsistentGroupProtocolError, KafkaError, KafkaTimeoutError

from worker.edges.kafka_assignor import ShardAssignor
from worker.edges.kafka_client import (
    CLIENT_ERRORS,
    METADATA_SECONDS,
    REQUEST_SECONDS,
    KafkaSettings,
    connect,
    one_line,
    open_admin,
    taken_over,
    translate,
)
from worker.model.errors import DatelineError, Retry, Stop
from worker.model.shards import Holding

if TYPE_CHECKING:
    from collections.abc import Iterable

_HEARTBEAT_SECONDS = 1.0
_POLL_SECONDS = 0.5
_PAUSE_SECONDS = 0.1
_CLOSE_SECONDS = 2.0
# A group waits for a member that died until its session ends, and for one that hands over until its grace ends.
_ASSIGNMENT_MARGIN_SECONDS = 15.0
# The broker looks for transactions that took too long every ten seconds.
_SETTLE_MARGIN_SECONDS = 15.0


class ShardGroup:
    """One worker's place among the workers of its name. All methods may be called from any thread.

    A shard is *assigned* by the group, *leaving* from when the group takes it until it is let go of, and *valid* from
    a `hold` that named it until it is let go of or lost: only of valid shards may anything be committed.
    """

    def __init__(self, settings: KafkaSettings) -> None:
        self._settings = settings
        self._log = structlog.get_logger()
        self._changed = threading.Condition(threading.RLock())
        self._consumer: Any = None
        self._ended: Future[None] | None = None
        self._closing = False
        self._failure: Retry | Stop | None = None
        # Whether nobody was told yet that we must stop. Joining again would take the place back from whoever has it.
        self._untold = False
        self._fenced = False
        self._hurried = False
        self._problem = "the others have not answered"
        self._grown_to = 0
        self._count = 0
        self._assigned: frozenset[int] | None = None
        self._leaving: frozenset[int] = frozenset()
        self._leaving_until_seconds = 0.0
        self._valid: frozenset[int] = frozenset()
        self._told: Holding | None = None
        self._waiting: set[Future[frozenset[int]]] = set()

    def join(self) -> None:
        """Become a member, unless we are. Returns before the shards are known.

        Raises:
            Retry: no broker answers.
            Stop: Kafka does not let us in, or another worker took our place and that was not told yet.
        """
        with self._changed:
            self._hurried = False
            if self._untold:
                self._check()
            if self._consumer is not None and self._failure is None and not self._closing:
                return
            ended = self._ended
        if ended is not None:
            try:
                ended.result(timeout=REQUEST_SECONDS)
            except TimeoutError as error:
                raise Retry("the membership in the group of workers does not come to its end") from error
        consumer = self._connect()
        with self._changed:
            self._failure, self._fenced, self._closing, self._grown_to = None, False, False, 0
            self._consumer, self._ended = consumer, Future()
            name = f"kafka-{self._settings.name}-group"
            threading.Thread(target=self._run, args=(consumer, self._ended), name=name, daemon=True).start()

    def hold(self) -> Holding:
        """The shards that are ours from now on; those that were to leave are let go of.

        Raises:
            Retry: the group did not decide in time.
            Stop: another worker took our place.
        """
        limit_seconds = (
            self._settings.session_timeout_seconds + self._settings.shard_grace_seconds + _ASSIGNMENT_MARGIN_SECONDS
        )
        with self._changed:
            self._let_go()
            self._changed.wait_for(self._is_known, limit_seconds)
            self._check()
            if self._assigned is None:
                raise Retry(f"the group of workers did not say in time which shards are ours; {self._problem}")
            self._valid = self._assigned
            self._told = Holding(shards=self._assigned, count=self._count)
            return self._told

    def forgive(self) -> None:
        """Have the next `join` take our place back, whoever has it."""
        with self._changed:
            self._untold = False

    def hurry(self) -> None:
        """Have a `hold` that waits give up, until `join` is called again."""
        with self._changed:
            self._hurried = True
            self._changed.notify_all()

    def vouch(self, shards: Iterable[int]) -> Any:
        """What a commit for these shards shows to Kafka, which refuses it when it is out of date (KIP-447).

        Raises:
            Retry: a shard is not ours any more.
            Stop: another worker took our place.
        """
        with self._changed:
            self._check()
            consumer = self._consumer
        # First the membership, then the shards: a membership that was lost and won again comes after their loss.
        membership = consumer.group_metadata()
        with self._changed:
            lost = sorted(frozenset(shards) - self._valid)
            if lost or membership.generation_id < 0 or not membership.member_id:
                what = f"shard {', '.join(map(str, lost))} is" if lost else "the shards are"
                raise Retry(f"{what} no longer ours; nothing was written")
        return membership

    def await_newer(self, membership: Any, *, seconds: float) -> None:
        """Wait until the group has gone on from a membership that Kafka refused, or the time is over."""
        deadline_seconds = time.monotonic() + seconds
        with self._changed:
            consumer = self._consumer
        while time.monotonic() < deadline_seconds and consumer is not None:
            if consumer.group_metadata()[:3] != membership[:3]:
                return
            time.sleep(_PAUSE_SECONDS / 10)

    def settle(self, shards: Iterable[int]) -> None:
        """Wait until no predecessor's transaction for these shards is open.

        Raises:
            Retry: one still is, or Kafka cannot be reached.
            Stop: the group must not be read.
        """
        with self._changed:
            self._check()
            consumer = self._consumer
        limit_seconds = self._settings.transaction_timeout_seconds + _SETTLE_MARGIN_SECONDS
        partitions = {TopicPartition(self._settings.feed_state_topic, shard) for shard in shards}
        try:
            # Answered only when it is settled: the consumer reads what is committed.
            consumer._coordinator.fetch_committed_offsets(partitions, timeout_ms=limit_seconds * 1000)  # noqa: SLF001 - `committed` asks for one partition only
        except KafkaTimeoutError as error:
            raise Retry(f"a transaction of an earlier worker was still open after {limit_seconds:.0f} s") from error
        except CLIENT_ERRORS as error:
            raise translate(error, self._settings) from error

    def next_move(self) -> Future[frozenset[int]]:
        """Done when our shards are not what `hold` said: with those that leave, or empty when there is no haste."""
        future: Future[frozenset[int]] = Future()
        with self._changed:
            self._waiting.add(future)
            self._tell()
        return future

    def leave(self) -> Future[None]:
        """End the membership; done when all is let go of. Without `leave_on_stop` shards stay ours for a session."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
            if self._ended is None:
                self._ended = Future()
                self._ended.set_result(None)
            return self._ended

    def _connect(self) -> Any:
        settings = self._settings
        heartbeat_seconds = min(_HEARTBEAT_SECONDS, settings.session_timeout_seconds / 4)
        assignor = ShardAssignor(settings.feed_state_topic, claims=self._claims, assigned=self._take)
        consumer = connect(
            lambda **options: KafkaConsumer(settings.feed_state_topic, **options),
            settings,
            group_id=settings.group_id,
            group_instance_id=settings.instance,
            session_timeout_ms=round(settings.session_timeout_seconds * 1000),
            heartbeat_interval_ms=round(heartbeat_seconds * 1000),
            max_poll_interval_ms=round((settings.session_timeout_seconds + settings.shard_grace_seconds) * 1000),
            partition_assignment_strategy=[assignor],
            enable_auto_commit=False,
            isolation_level="read_committed",
            allow_auto_create_topics=False,
            metadata_max_age_ms=round(METADATA_SECONDS * 1000),
            metrics_enabled=False,
            request_timeout_ms=round(REQUEST_SECONDS * 1000),
        )
        try:
            # Whoever leads the group divides as many shards as it knows of.
            consumer.partitions_for_topic(settings.feed_state_topic)
        except CLIENT_ERRORS as error:
            consumer.close(autocommit=False, timeout_ms=_CLOSE_SECONDS * 1000)
            raise translate(error, settings) from error
        coordinator = consumer._coordinator  # noqa: SLF001 - it swallows this one answer to a heartbeat
        handle = coordinator._handle_heartbeat_response  # noqa: SLF001 - as above

        def handle_and_note(response: Any, sent_seconds: float) -> None:
            try:
                handle(response, sent_seconds)
            except FencedInstanceIdError:
                self._fenced = True
                raise

        coordinator._handle_heartbeat_response = handle_and_note  # noqa: SLF001 - as above
        return consumer

    # What the thread does

    def _run(self, consumer: Any, ended: Future[None]) -> None:
        coordinator = consumer._coordinator  # noqa: SLF001 - `poll` would fetch records as well
        try:
            while not self._closing and self._failure is None:
                if self._turn(coordinator):
                    with self._changed:
                        self._changed.wait(_PAUSE_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, we are no member any longer
            self._fail(Retry(f"the membership in the group of workers ended: {one_line(error)}"))
        finally:
            membership = consumer.group_metadata()
            with contextlib.suppress(Exception):
                consumer.close(autocommit=False, timeout_ms=_CLOSE_SECONDS * 1000)
            if self._closing and self._settings.leave_on_stop:
                self._resign(membership)
            with self._changed:
                self._lose()
                self._consumer = None
                self._changed.notify_all()
            ended.set_result(None)

    def _turn(self, coordinator: Any) -> bool:
        """Join the group if there is reason to, unless something is still to be finished first.

        Returns:
            Whether there is time to pause. kafka-python forgets what came of joining when it is not asked by then.
        """
        if self._fenced:
            self._fail(taken_over(self._settings))
            return True
        if self._hands_over(coordinator):
            return True
        self._notice_growth(coordinator)
        try:
            return bool(coordinator.poll(timeout_ms=_POLL_SECONDS * 1000))
        except FencedInstanceIdError:
            self._fail(taken_over(self._settings))
        except InconsistentGroupProtocolError:
            self._note("a command of dateline has the shards; they come when it has ended")
        except KafkaError as error:
            problem = translate(error, self._settings)
            if isinstance(problem, Stop):
                self._fail(problem)
            else:
                self._note(str(problem))
        return True

    def _note(self, problem: str) -> None:
        """The group cannot be had now. It is tried again."""
        if self._problem != problem:
            self._log.warning("group_unavailable", error=problem)
        self._problem = problem
        time.sleep(_POLL_SECONDS)

    def _hands_over(self, coordinator: Any) -> bool:
        """Whether shards are leaving whose time is not over."""
        with self._changed:
            if coordinator._generation.is_lost():  # noqa: SLF001 - there is no other way to see it before joining
                self._lose()
            if self._leaving and time.monotonic() >= self._leaving_until_seconds:
                self._let_go()
            return bool(self._leaving)

    def _notice_growth(self, coordinator: Any) -> None:
        """Ask for another round when there are more shards than were divided.

        kafka-python leaves that to the leader, and a leader that was started again does not know that it is one.
        """
        found = len(coordinator._cluster.partitions_for_topic(self._settings.feed_state_topic) or ())  # noqa: SLF001 - the consumer would ask a broker
        with self._changed:
            if self._assigned is not None and found > max(self._count, self._grown_to):
                self._grown_to = found
                coordinator.request_rejoin()

    def _claims(self) -> frozenset[int]:
        """What we have, at the moment of joining. Who is no member any longer has nothing."""
        with self._changed:
            if self._consumer is None or self._consumer._coordinator._generation.is_lost():  # noqa: SLF001 - as above
                self._lose()
            return self._leaving | (self._assigned or frozenset())

    def _take(self, shards: frozenset[int], count: int, owing: bool) -> None:  # noqa: FBT001 - called back only
        """The group has decided."""
        with self._changed:
            coordinator = self._consumer._coordinator  # noqa: SLF001 - the follow-up is asked for on the coordinator
            if count < 1:  # the leader did not see the topic
                coordinator.request_rejoin()
                return
            if count != self._count:
                self._lose()  # all feeds have other shards now
            gone = (self._assigned or frozenset()) - shards
            self._assigned, self._count = shards, count
            self._leaving |= gone & self._valid
            if self._leaving:
                self._leaving_until_seconds = time.monotonic() + self._settings.shard_grace_seconds
            # Others wait for what is given up here: by this process, or by the one that had its place before.
            if gone or owing:
                coordinator.request_rejoin()
            self._problem = "the others have not answered"
            self._tell()
            self._changed.notify_all()

    def _let_go(self) -> None:
        with self._changed:
            self._valid -= self._leaving
            self._leaving = frozenset()
            self._tell()
            self._changed.notify_all()

    def _lose(self) -> None:
        with self._changed:
            self._assigned, self._leaving, self._valid = None, frozenset(), frozenset()
            self._tell()

    def _fail(self, failure: Retry | Stop) -> None:
        with self._changed:
            self._failure = failure
            self._untold = isinstance(failure, Stop)
            self._lose()
            self._changed.notify_all()

    def _is_known(self) -> bool:
        return self._assigned is not None or self._failure is not None or self._closing or self._hurried

    def _check(self) -> None:
        if self._failure is not None:
            self._untold = False
            raise self._failure
        if self._consumer is None or self._closing:
            raise Retry("not a member of the group of workers")

    def _tell(self) -> None:
        if self._told is None:
            return
        same = self._assigned == self._valid == self._told.shards and self._count == self._told.count
        if not self._leaving and same:
            return
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if future.set_running_or_notify_cancel():
                future.set_result(self._leaving)

    def _resign(self, membership: Any) -> None:
        """Tell the group that we do not come back; a member with an instance id is missed only after its session."""
        if not membership.member_id:
            return
        member = MemberToRemove(member_id=membership.member_id, group_instance_id=self._settings.instance)
        try:
            admin = open_admin(self._settings, bootstrap_seconds=_CLOSE_SECONDS, request_seconds=_CLOSE_SECONDS)
        except DatelineError:
            return
        try:
            admin.remove_group_members(self._settings.group_id, [member])
        except CLIENT_ERRORS as error:
            self._log.warning("group_not_left", error=one_line(error))
        finally:
            admin.close()
