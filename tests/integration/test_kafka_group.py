"""Many ledgers of one name on a real Kafka: who has which shard, and that nobody writes for a shard of another."""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.structs import MemberState

from tests.contracts import MAX_EVENT_BYTES, batch, event, seen, started, values
from tests.integration.cluster import Cluster
from tests.integration.counting import Counter, CountingProcess, check_counts
from worker.edges.kafka_client import KafkaSettings
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_reader import KafkaReader
from worker.edges.kafka_topics import ensure_topics
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from tests.integration.counting import Note

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

ALL = [0, 1, 2, 3]
# The least that a broker takes without being told otherwise.
SESSION_SECONDS = 6.0
# So long that whatever happens before it is over does so on a slow machine, too.
LONG_SESSION_SECONDS = 120.0
# A key for each of four shards: CRC-32 modulo 4, as `Counter` has them.
KEYS = {3: "a", 1: "b"}


@pytest.fixture
def settings(kafka_bootstrap: str) -> KafkaSettings:
    unique = uuid4().hex[:12]
    return KafkaSettings(
        name=f"test-{unique}",
        bootstrap_servers=(kafka_bootstrap,),
        articles_topic=f"{unique}.articles",
        feed_state_topic=f"{unique}.feed-state",
        dead_letters_topic=f"{unique}.dead-letters",
        create_topics=True,
        partitions=4,
        replication_factor=1,
        transaction_timeout_seconds=SESSION_SECONDS,
        delivery_timeout_seconds=5.0,
        max_event_bytes=MAX_EVENT_BYTES,
        compression="lz4",
        instance="a",
        session_timeout_seconds=SESSION_SECONDS,
    )


@pytest.fixture
def process(settings: KafkaSettings, tmp_path: Path) -> Iterator[Callable[..., CountingProcess]]:
    """Start counting processes, each as an instance, that end with the test."""
    started: list[CountingProcess] = []

    def start(instance: str, **changes: Any) -> CountingProcess:
        started.append(CountingProcess(replace(settings, instance=instance, **changes), tmp_path))
        return started[-1]

    yield start
    for one in started:
        one.kill()


@pytest.fixture
async def make_ledger(settings: KafkaSettings) -> AsyncIterator[Callable[..., KafkaLedger]]:
    """Ledgers that are closed in the end."""
    ledgers: list[KafkaLedger] = []

    def make(instance: str = "a", **changes: Any) -> KafkaLedger:
        ledgers.append(KafkaLedger(replace(settings, instance=instance, **changes)))
        return ledgers[-1]

    yield make
    for ledger in ledgers:
        await ledger.close()


@asynccontextmanager
async def counting(settings: KafkaSettings, instance: str, *, extra: int = 1) -> AsyncIterator[Counter]:
    """A counter in this process."""
    counter = Counter(replace(settings, instance=instance), extra=extra)
    task = asyncio.create_task(counter.run())
    try:
        yield counter
    finally:
        counter.stopping.set()
        await task


# Sharing


async def test_workers_share_the_shards_as_they_come_and_go_and_no_number_is_lost_or_comes_twice(
    settings: KafkaSettings,
) -> None:
    """Whoever keeps a shard goes on with it while others move, and what leaves is finished by who has it."""
    async with counting(settings, "a", extra=3) as first:
        await until(lambda: count(first, "committed") > 3)
        async with counting(settings, "b") as second:
            await until(lambda: count(second, "committed") > 3)
            assert first.shards | second.shards == set(ALL)
            assert len(first.shards) == len(second.shards) == 2
            stayed = first.shards
            async with counting(settings, "c") as third:
                await until(lambda: count(third, "committed") > 3)
                assert sorted(map(len, (first.shards, second.shards, third.shards))) == [1, 1, 2]
                assert first.shards <= stayed
            await until(lambda: len(first.shards) == len(second.shards) == 2)
        await until(lambda: len(first.shards) == 4)
        await until(lambda: first.notes[-1].what == "committed")

    check_counts(settings, at_least=10)
    commits = [note.at_seconds for note in first.notes if note.what == "committed"]
    assert max(after - before for before, after in pairwise(commits)) < 3
    assert not [note for note in first.notes if note.what == "failed"]


async def test_a_shard_that_leaves_can_be_committed_to_until_it_is_let_go_of_and_not_afterwards(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    first, second = make_ledger("a"), make_ledger("b")
    await started(first)
    assert sorted((await first.restore()).holding.shards) == ALL
    await first.commit([batch(feed_id=key, shard_key=key) for key in KEYS.values()])
    joining = asyncio.create_task(started(second))
    assert sorted(await first.moving()) == [2, 3]

    await first.commit([batch(event(value=b"in time"), feed_id="a", shard_key="a", version=2)])
    restored = await first.restore()

    assert restored.holding.shards == {0, 1}
    assert restored.states == {"b": b"b 1"}
    with pytest.raises(Retry, match="shard 3 is no longer ours; nothing was written"):
        await first.commit([batch(event(value=b"too late"), feed_id="a", shard_key="a", version=3)])
    await joining
    await until(lambda: assigned(second) == [2, 3])
    restored = await second.restore()
    assert restored.holding.shards == {2, 3}
    assert restored.states == {"a": b"a 2"}
    assert values(await read(settings, 1)) == [b"in time"]


async def test_a_shard_leaves_a_worker_that_does_not_let_go_when_the_grace_is_over(
    make_ledger: Callable[..., KafkaLedger],
) -> None:
    first, second = make_ledger("a", shard_grace_seconds=1.0), make_ledger("b")
    await started(first)
    joining = asyncio.create_task(started(second))
    assert await first.moving()
    began = time.monotonic()

    await joining
    await until(lambda: assigned(second) == [2, 3])
    restored = await second.restore()

    assert restored.holding.shards == {2, 3}
    assert 0.5 < time.monotonic() - began < 4
    with pytest.raises(Retry, match="no longer ours"):
        await first.commit([batch(shard_key="a")])
    await started(first)
    await first.commit([batch(shard_key="b")])


async def test_a_membership_that_is_out_of_date_is_refused_by_kafka_and_the_producer_goes_on(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    """Whatever a worker believes: the commit is in the hands of the group's coordinator."""
    ledger = make_ledger()
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"1"))])
    group = ledger._group
    vouch = group.vouch
    asked: list[Any] = []

    def vouch_with_the_one_before(shards: Any) -> Any:
        membership = vouch(shards)
        asked.append(membership)
        return membership._replace(generation_id=membership.generation_id - 1) if len(asked) == 1 else membership

    group.vouch = vouch_with_the_one_before  # type: ignore[method-assign]
    session = ledger._session
    await ledger.commit([batch(event("a", 2, value=b"2"), version=2)])

    assert len(asked) == 2  # refused, and accepted with the membership as it is
    assert ledger._session is session
    assert values(await read(settings, 2)) == [b"1", b"2"]

    group.vouch = lambda shards: vouch(shards)._replace(generation_id=0)  # type: ignore[method-assign]
    with pytest.raises(Retry, match="the shards have moved meanwhile; nothing was written"):
        await ledger.commit([batch(event("a", 3, value=b"3"), version=3)])
    assert values(await read(settings, 2)) == [b"1", b"2"]


async def test_a_worker_that_joins_anew_in_the_middle_of_a_commit_is_not_taken_for_two(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    """It was silent too long. Kafka says of its old membership what it says to a worker whose place another has."""
    ledger = make_ledger()
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"1"))])
    group = ledger._group
    vouch = group.vouch

    def vouch_and_join_anew(shards: Any) -> Any:
        group.vouch = vouch  # type: ignore[method-assign]
        membership = vouch(shards)
        group._consumer._coordinator.reset_generation()  # as kafka-python does then
        deadline_seconds = time.monotonic() + 60.0
        while group._consumer.group_metadata().state is not MemberState.STABLE and time.monotonic() < deadline_seconds:
            time.sleep(0.01)
        assert group._consumer.group_metadata().member_id not in ("", membership.member_id)
        return membership

    group.vouch = vouch_and_join_anew  # type: ignore[method-assign]
    with pytest.raises(Retry, match="no longer ours; nothing was written"):
        await ledger.commit([batch(event("a", 2, value=b"2"), version=2)])

    await started(ledger)
    await ledger.commit([batch(event("a", 2, value=b"2"), version=2)])
    assert values(await read(settings, 2)) == [b"1", b"2"]


async def test_a_worker_whose_place_was_taken_does_not_take_it_back_before_it_was_told(
    make_ledger: Callable[..., KafkaLedger],
) -> None:
    """A commit of it may have failed for another reason at the same moment; then it opens again."""
    older, newer = make_ledger(), make_ledger()
    await started(older)
    told = asyncio.ensure_future(older.moving())
    await started(newer)
    await told

    with pytest.raises(Stop, match="took over as instance a"):
        await started(older)

    await newer.commit([batch(event("a"))])


async def test_a_worker_stays_a_member_when_it_opens_again(make_ledger: Callable[..., KafkaLedger]) -> None:
    ledger = make_ledger()
    await started(ledger)
    settled = ledger._group.vouch([0])[:3]

    await started(ledger)

    assert ledger._group.vouch([0])[:3] == settled


async def test_the_offset_of_a_shard_is_that_after_its_last_state(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    """So that those who watch consumer groups see no lag."""
    ledger = make_ledger()
    await started(ledger)
    await ledger.commit([batch(feed_id=key, shard_key=key) for key in ("a", "b", "c")])  # shards 3, 1 and 3
    await ledger.commit([batch(shard_key="b")])

    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap_servers[0])
    found = (await asyncio.to_thread(admin.list_group_offsets, {settings.group_id: None}))[settings.group_id]
    admin.close()

    offsets = {partition.partition: offset.offset for partition, offset in found.items()}
    assert offsets[1] == 3  # a state, the marker of the first transaction, a state


async def test_brokers_that_wait_for_more_workers_let_those_that_come_together_share_at_once_and_no_restart_wait(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger], tmp_path: Path
) -> None:
    """`group.initial.rebalance.delay.ms` is 3 s by default; in the other tests it is 0."""
    with Cluster(tmp_path / "kafka", settings={"group.initial.rebalance.delay.ms": "3000"}) as cluster:
        servers = cluster.bootstrap()
        ensure_topics(replace(settings, bootstrap_servers=servers))
        first, second, again = (make_ledger(instance, bootstrap_servers=servers) for instance in "abb")
        began = time.monotonic()

        await asyncio.gather(started(first), started(second))

        assert time.monotonic() - began > 2.5
        assert [len(assigned(ledger)) for ledger in (first, second)] == [2, 2]
        assert generation(first) == generation(second) == 1
        await started(again)
        assert generation(again) == 1  # the group did not begin anew, so nobody waited
        for ledger in (first, second, again):
            await ledger.close()


# Ending


async def test_a_worker_that_was_killed_has_its_shards_again_as_soon_as_it_is_back(
    settings: KafkaSettings, process: Callable[..., CountingProcess]
) -> None:
    """Long before its session is over, however slow the machine."""
    first, second = process("a"), process("b", session_timeout_seconds=LONG_SESSION_SECONDS)
    await until(lambda: holds(first, 2) and holds(second, 2))
    had = last(second, "committed").values["shards"]
    killed = second.kill()

    again = process("b", session_timeout_seconds=LONG_SESSION_SECONDS)
    await until(lambda: has(again, "committed"))

    assert last(again, "committed").values["shards"] == had
    assert first_of(again, "committed").at_seconds - killed < LONG_SESSION_SECONDS - 1
    report("kill -9 to the first commit", first_of(again, "committed").at_seconds - killed)
    report("process start to the first commit", first_of(again, "committed").at_seconds - again.notes[0].at_seconds)
    end(first, again)
    check_counts(settings)


async def test_a_worker_that_is_back_has_its_shards_without_a_word_to_the_others(
    make_ledger: Callable[..., KafkaLedger],
) -> None:
    """A round would wait for all of them, and for one that is dead or asleep until its session is over."""
    first, second = make_ledger("a"), make_ledger("b")
    await started(first)
    await share(first, second)
    await until(lambda: generation(first) == generation(second))
    settled = generation(first)
    joins = []
    again = make_ledger("b")
    take = again._group._take
    again._group._take = lambda *given: (joins.append(given), take(*given))  # type: ignore[assignment, method-assign, func-returns-value]

    await started(again)
    assert (await again.restore()).holding.shards == {2, 3}
    await again.commit([batch(shard_key="a")])

    assert joins == [({2, 3}, 4, False)]
    assert generation(first) == generation(again) == settled


async def test_what_a_worker_was_to_hand_over_when_it_was_killed_is_not_lost_when_it_is_back(
    make_ledger: Callable[..., KafkaLedger],
) -> None:
    """The group tells it again which shards it keeps; the others are waiting for the rest."""
    first, second, again = make_ledger("a"), make_ledger("b"), make_ledger("a")
    await started(first)
    joining = asyncio.create_task(started(second))
    assert await first.moving() == {2, 3}

    await started(again)
    await joining

    await until(lambda: (assigned(again), assigned(second)) == ([0, 1], [2, 3]))
    assert (await again.restore()).holding.shards == {0, 1}
    assert (await second.restore()).holding.shards == {2, 3}


async def test_the_shards_of_a_worker_that_does_not_come_back_go_to_the_others_after_its_session(
    settings: KafkaSettings, process: Callable[[str], CountingProcess]
) -> None:
    first, second = process("a"), process("b")
    await until(lambda: holds(first, 2) and holds(second, 2))
    killed = second.kill()

    await until(lambda: last(first, "committed").values["shards"] == ALL)

    taken_seconds = last(first, "restored").at_seconds - killed
    # Not before the session is over; how long after it, is a matter of the machine.
    assert taken_seconds > SESSION_SECONDS - 2
    report("takeover after kill -9", taken_seconds)
    end(first)
    check_counts(settings)


@pytest.mark.parametrize("leaves", [False, True])
async def test_a_worker_that_stops_gives_its_shards_up_at_once_only_if_it_is_told_to(
    settings: KafkaSettings, process: Callable[[str], CountingProcess], tmp_path: Path, *, leaves: bool
) -> None:
    first = process("a")
    session_seconds = LONG_SESSION_SECONDS if leaves else SESSION_SECONDS
    changes: dict[str, Any] = {"instance": "b", "leave_on_stop": leaves, "session_timeout_seconds": session_seconds}
    second = CountingProcess(replace(settings, **changes), tmp_path)
    try:
        await until(lambda: holds(first, 2) and holds(second, 2))
        asked = await asyncio.to_thread(second.end)
        await until(lambda: last(first, "committed").values["shards"] == ALL)
    finally:
        second.kill()

    taken_seconds = last(first, "restored").at_seconds - asked
    assert (taken_seconds < session_seconds - 2) is leaves
    report(f"takeover after SIGTERM, leave_on_stop={leaves}", taken_seconds)
    end(first)
    check_counts(settings)


async def test_a_worker_that_slept_past_its_session_writes_nothing_for_what_others_have_and_joins_again(
    settings: KafkaSettings, process: Callable[[str], CountingProcess]
) -> None:
    first, second = process("a"), process("b")
    await until(lambda: holds(first, 2) and holds(second, 2))
    for _ in range(2):
        second.pause()
        await until(lambda: last(first, "committed").values["shards"] == ALL)
        taken = last(first, "committed").at_seconds

        woken = second.go_on()

        await until(partial(has, second, "committed", after=woken + 0.2))
        await until(lambda: holds(first, 2))
        assert taken < woken
        report("awake to the first commit", first_of(second, "committed", after=woken + 0.2).at_seconds - woken)
    assert has(second, "failed")
    assert second.popen.poll() is None
    end(first, second)
    check_counts(settings)


async def test_of_two_workers_that_are_the_same_instance_the_older_one_stops_and_says_why(
    settings: KafkaSettings, process: Callable[[str], CountingProcess]
) -> None:
    older = process("a")
    await until(lambda: has(older, "committed"))
    newer = process("a")

    await until(lambda: has(older, "stopped") and has(newer, "committed"))

    assert last(older, "stopped").values["error"] == (
        f"another worker with the name {settings.name} took over as instance a; nothing was written: "
        "stop one of the two, or give each a kafka.instance of its own"
    )
    end(newer)
    check_counts(settings)


async def test_a_worker_without_shards_is_told_as_well_that_another_is_the_same_instance(
    make_ledger: Callable[..., KafkaLedger],
) -> None:
    """It commits nothing, so the group has to tell."""
    ledgers = [make_ledger(instance, partitions=1) for instance in ("a", "b", "b")]
    await started(ledgers[0])
    await ledgers[1].open()
    assert (await ledgers[1].restore()).holding.shards == frozenset()
    moving = asyncio.ensure_future(ledgers[1].moving())
    await started(ledgers[2])

    assert await moving == frozenset()
    with pytest.raises(Stop, match="took over as instance b"):
        await ledgers[1].restore()


# Restoring


async def test_a_restore_waits_until_a_predecessors_transaction_is_settled(
    make_ledger: Callable[..., KafkaLedger],
) -> None:
    """Kafka has its records and its word that the shard is its own; only whether they count is open."""
    first = make_ledger("a", shard_grace_seconds=0.5)
    await started(first)
    await first.commit([batch(event(value=b"1"), shard_key="a")])
    producer = first._session._producer  # type: ignore[union-attr]
    assert producer is not None
    manager = producer._manager
    begin_commit, held, go = manager.begin_commit, asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def begin_commit_late() -> Any:
        loop.call_soon_threadsafe(held.set)
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result(timeout=120)
        return begin_commit()

    manager.begin_commit = begin_commit_late
    late = asyncio.create_task(first.commit([batch(event(revision=2, value=b"2"), shard_key="a", version=2)]))
    await held.wait()
    second = make_ledger("b")
    await second.open()
    await until(lambda: assigned(second) == [2, 3])
    restoring = asyncio.create_task(second.restore())
    done, _ = await asyncio.wait({restoring}, timeout=1.5)
    assert not done

    go.set()
    await late

    assert (await restoring).states == {"world": b"world 2"}


async def test_a_state_in_the_shard_of_another_worker_is_found_before_its_feed_is_taken_for_new(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    """A feed keeps its id when its address changes to another domain: its articles must not be published again."""
    first, second = make_ledger("a"), make_ledger("b")
    await started(first)
    await first.commit([batch(event(value=b"1"), shard_key="a", version=1)])
    await share(first, second)
    assert (await second.restore()).states == {"world": b"world 1"}

    with pytest.raises(Retry, match="the state of feed world lies in another shard; nothing was written"):
        await first.commit([batch(event(value=b"again"), shard_key="b", version=1)])
    await first.open()
    assert (await first.restore()).states == {"world": b"world 1"}
    await first.commit([batch(event(revision=2, value=b"2"), shard_key="b", version=2)])

    await second.open()
    assert (await second.restore()).states == {}
    await first.open()
    assert (await first.restore()).states == {"world": b"world 2"}
    assert values(await read(settings, 2)) == [b"1", b"2"]


async def test_when_the_topic_gets_more_partitions_all_have_as_many_shards(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    first, second = make_ledger("a"), make_ledger("b")
    await started(first)
    await share(first, second)
    moves = [asyncio.ensure_future(ledger.moving()) for ledger in (first, second)]
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap_servers[0])
    await asyncio.to_thread(admin.create_partitions, {settings.feed_state_topic: 6})
    admin.close()
    for ledger in (first, second):
        ledger._group._consumer._cluster.request_update()

    assert await asyncio.gather(*moves) == [frozenset(), frozenset()]
    with pytest.raises(Retry, match="no longer ours"):
        await first.commit([batch(shard_key="b")])
    await first.open()
    holdings = [(await ledger.restore()).holding for ledger in (first, second)]

    async def settled() -> bool:
        for number, ledger in enumerate((first, second)):
            if ledger._group._assigned != holdings[number].shards:
                holdings[number] = (await ledger.restore()).holding
        return [len(holding.shards) for holding in holdings] == [3, 3]

    await until_async(settled)
    assert [holding.count for holding in holdings] == [6, 6]
    assert holdings[0].shards | holdings[1].shards == set(range(6))


async def test_a_leader_that_was_started_again_notices_more_partitions_as_well(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    """Kafka does not tell it that it is the leader, and a follower of kafka-python does not look."""
    first, again = make_ledger("a"), make_ledger("a")
    await started(first)
    await started(again)
    assert (await again.restore()).holding.count == 4
    moving = asyncio.ensure_future(again.moving())
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap_servers[0])
    await asyncio.to_thread(admin.create_partitions, {settings.feed_state_topic: 6})
    admin.close()
    again._group._consumer._cluster.request_update()

    assert await asyncio.wait_for(moving, 120) == frozenset()
    await until(lambda: assigned(again) == [0, 1, 2, 3, 4, 5])
    assert (await again.restore()).holding.count == 6


# Reading


async def test_a_reader_notices_partitions_that_come_later(
    settings: KafkaSettings, make_ledger: Callable[..., KafkaLedger]
) -> None:
    ledger = make_ledger()
    await started(ledger)
    await ledger.commit([batch(*(event(f"a{n}", value=b"before") for n in range(20)))])
    reader = KafkaReader(settings)
    assert len(await seen(reader, 20)) == 20
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap_servers[0])
    await asyncio.to_thread(admin.create_partitions, {settings.articles_topic: 8})
    admin.close()
    await ledger.open()
    await ledger.restore()
    await ledger.commit([batch(*(event(f"a{n}", 2, value=b"after") for n in range(20)), version=2)])
    reader._consumer._cluster.request_update()

    records = await seen(reader, 20)

    assert values(records) == [b"after"] * 20
    assert {record.partition for record in records} & {4, 5, 6, 7}
    reader.close()


# What the tests do


async def share(first: KafkaLedger, second: KafkaLedger) -> None:
    """Have a second ledger get two of the four shards of the first one."""
    joining = asyncio.create_task(started(second))
    assert await first.moving() == {2, 3}
    assert (await first.restore()).holding.shards == {0, 1}
    await joining
    await until(lambda: assigned(second) == [2, 3])
    assert (await second.restore()).holding.shards == {2, 3}


def assigned(ledger: KafkaLedger) -> list[int]:
    return sorted(ledger._group._assigned or ())


def generation(ledger: KafkaLedger) -> int:
    return int(ledger._group.vouch([]).generation_id)


def count(counter: Counter, what: str) -> int:
    return sum(note.what == what for note in counter.notes)


def first_of(process: CountingProcess, what: str, *, after: float = 0.0) -> Note:
    return next(note for note in process.notes if note.what == what and note.at_seconds > after)


def last(process: CountingProcess, what: str) -> Note:
    return next(note for note in reversed(process.notes) if note.what == what)


def has(process: CountingProcess, what: str, *, after: float = 0.0) -> bool:
    return any(note.what == what and note.at_seconds > after for note in process.notes)


def holds(process: CountingProcess, shards: int) -> bool:
    return has(process, "committed") and len(last(process, "committed").values["shards"]) == shards


def end(*processes: CountingProcess) -> None:
    for process in processes:
        process.end()
        assert "Traceback" not in process.output


def report(what: str, seconds: float) -> None:
    print(f"{what}: {seconds:.2f} s")  # noqa: T201 - shown with -s, for those who measure


async def read(settings: KafkaSettings, number: int) -> list[Any]:
    reader = KafkaReader(settings)
    try:
        return await seen(reader, number)
    finally:
        reader.close()


async def until(condition: Callable[[], Any], *, timeout_seconds: float = 120.0) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if condition():
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"it did not become true within {timeout_seconds:.0f} s")


async def until_async(condition: Callable[[], Any], *, timeout_seconds: float = 120.0) -> None:
    """As `until`, for a condition that has to be awaited."""
    deadline = time.monotonic() + timeout_seconds
    while not await condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
