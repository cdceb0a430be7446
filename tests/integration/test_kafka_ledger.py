"""The ledger on a real Kafka: the contract, and what happens when something breaks at a bad moment."""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource
from kafka.errors import KafkaConnectionError, KafkaTimeoutError
from kafka.future import Future
from kafka.producer.future import FutureProduceResult, FutureRecordMetadata
from kafka.protocol.producer import EndTxnRequest, InitProducerIdRequest
from structlog.testing import capture_logs

from tests.contracts import (
    MAX_EVENT_BYTES,
    LedgerContract,
    NewLedger,
    NewReader,
    Table,
    batch,
    event,
    seen,
    started,
    values,
)
from worker.edges import broker, kafka_producer as kafka_producer_module
from worker.edges.kafka_client import KafkaSettings, open_consumer
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_reader import KafkaReader
from worker.edges.kafka_topics import ensure_topics
from worker.model.errors import Reject, Retry, Stop, Unknown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from pathlib import Path

    from worker.model.event import Batch, Published

    MakeLedger = Callable[[KafkaSettings], KafkaLedger]

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

PARTITIONS = 4
# No test takes so long on any machine.
LONG_SECONDS = 300.0


def make_settings(bootstrap: str, **changes: Any) -> KafkaSettings:
    """Topics and a name that nobody else has."""
    unique = uuid4().hex[:12]
    settings = KafkaSettings(
        name=f"test-{unique}",
        bootstrap_servers=(bootstrap,),
        articles_topic=f"{unique}.articles",
        feed_state_topic=f"{unique}.feed-state",
        dead_letters_topic=f"{unique}.dead-letters",
        create_topics=True,
        partitions=PARTITIONS,
        replication_factor=1,
        transaction_timeout_seconds=30.0,
        delivery_timeout_seconds=20.0,
        max_event_bytes=MAX_EVENT_BYTES,
        compression="lz4",
    )
    return replace(settings, **changes)


@pytest.fixture(autouse=True)
def _nothing_left(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Every thread of a test's ledgers and readers ends, also after a failure; then the collector finds the sockets."""
    yield
    deadline = time.monotonic() + 20
    while (left := _threads()) and time.monotonic() < deadline:
        time.sleep(0.05)
    caplog.get_records("call").clear()  # they hold errors, and those hold sockets
    gc.collect()
    assert left == []


def _threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "test-" in thread.name]


@pytest.fixture
def settings(kafka_bootstrap: str) -> KafkaSettings:
    return make_settings(kafka_bootstrap)


@pytest.fixture
async def make_ledger() -> AsyncIterator[MakeLedger]:
    """Ledgers that are closed in the end, however the test ends."""
    ledgers: list[KafkaLedger] = []

    def make(settings: KafkaSettings) -> KafkaLedger:
        ledgers.append(KafkaLedger(settings))
        return ledgers[-1]

    yield make
    for ledger in ledgers:
        await ledger.close()


@pytest.fixture
def ledger(make_ledger: MakeLedger, settings: KafkaSettings) -> KafkaLedger:
    return make_ledger(settings)


@pytest.fixture
def admin(kafka_bootstrap: str) -> Iterator[Any]:
    admin = KafkaAdminClient(bootstrap_servers=kafka_bootstrap)
    yield admin
    admin.close()


class TestKafkaLedger(LedgerContract):
    @pytest.fixture
    def make_ledger(self, settings: KafkaSettings) -> NewLedger:
        return lambda: KafkaLedger(settings)

    @pytest.fixture
    def make_reader(self, settings: KafkaSettings) -> NewReader:
        def make(table: Table = "articles") -> KafkaReader:
            topic = settings.articles_topic if table == "articles" else settings.dead_letters_topic
            return KafkaReader(settings, topics=(topic,))

        return make


def wait_for_topic(admin: Any, topic: str) -> None:
    deadline = time.monotonic() + LONG_SECONDS
    while topic not in admin.list_topics():
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Opening


async def test_a_broker_that_is_not_there_is_named_with_the_reason(
    settings: KafkaSettings, make_ledger: MakeLedger
) -> None:
    ledger = make_ledger(replace(settings, bootstrap_servers=("127.0.0.1:9",)))

    with pytest.raises(Retry) as caught:
        await ledger.open()

    assert str(caught.value) == (
        "no Kafka broker answers at 127.0.0.1:9 (connection refused); checked kafka.bootstrap_servers"
    )
    assert await ledger.ping() is False


async def test_a_ledger_that_is_only_prepared_has_looked_at_the_topics_and_disturbs_no_worker_in_its_place(
    settings: KafkaSettings, make_ledger: MakeLedger, admin: Any
) -> None:
    worker, prepared = make_ledger(settings), make_ledger(settings)
    prepared.prepare()
    await asyncio.to_thread(wait_for_topic, admin, settings.feed_state_topic)
    await prepared.close()

    await started(worker)
    again = make_ledger(settings)
    again.prepare()
    await worker.commit([batch(event("a"))])
    await started(again)

    with pytest.raises(Stop, match="took over"):
        await worker.commit([batch(event("a", 2), version=2)])
    await again.commit([batch(event("a", 2), version=2)])


async def test_something_else_at_the_address_is_given_up(settings: KafkaSettings, make_ledger: MakeLedger) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        ledger = make_ledger(replace(settings, bootstrap_servers=(f"127.0.0.1:{port}",)))

        silent = rf"at 127\.0\.0\.1:{port} \(it takes connections, and does not answer as Kafka does\); checked kafka\."
        with pytest.raises(Retry, match=silent):
            await ledger.open()


async def test_a_listener_without_tls_is_told_as_such(settings: KafkaSettings, make_ledger: MakeLedger) -> None:
    ledger = make_ledger(replace(settings, security={"security_protocol": "SSL"}))
    with pytest.raises(Retry, match=r"\(TLS is not spoken there, or not as here: .*\); .* and kafka\.security$"):
        await ledger.open()


async def test_a_missing_topic_stops_the_worker_with_the_cure(settings: KafkaSettings, make_ledger: MakeLedger) -> None:
    ledger = make_ledger(replace(settings, create_topics=False))

    with pytest.raises(Stop) as caught:
        await ledger.open()

    assert str(caught.value) == (
        f"topic {settings.articles_topic} does not exist; create it: dateline topics create -c FILE"
    )


def test_topics_are_created_once_and_only_the_states_are_compacted(settings: KafkaSettings, admin: Any) -> None:
    topics = (settings.articles_topic, settings.feed_state_topic, settings.dead_letters_topic)

    assert ensure_topics(settings) == topics
    assert ensure_topics(settings) == ()

    found = admin.describe_configs(
        [ConfigResource("TOPIC", topic, ["cleanup.policy"]) for topic in topics], False, "all"
    )
    assert [found["topic"][topic]["cleanup.policy"]["value"] for topic in topics] == ["delete", "compact", "delete"]
    assert {len(topic["partitions"]) for topic in admin.describe_topics(list(topics))} == {PARTITIONS}


async def test_a_topic_that_is_first_named_by_an_event_is_made_for_it(
    settings: KafkaSettings, make_ledger: MakeLedger
) -> None:
    """A new route comes with a configuration that is read again."""
    ledger = make_ledger(settings)
    await started(ledger)
    topic = f"{settings.articles_topic}.ukraine"
    await ledger.commit([batch(replace(event("a"), topic=topic), event("b"))])
    await ledger.commit([batch(replace(event("a", 2), topic=topic), version=2)])

    reader = KafkaReader(replace(settings, routed_topics=(topic,)))
    records = await seen(reader, 3)
    reader.close()
    assert Counter((record.topic, record.key) for record in records) == {
        (topic, b"a"): 2,
        (settings.articles_topic, b"b"): 1,
    }


async def test_the_latest_topic_is_compacted_and_has_each_revision_and_what_is_forgotten(
    settings: KafkaSettings, make_ledger: MakeLedger, admin: Any
) -> None:
    latest, routed = f"{settings.articles_topic}.latest", f"{settings.articles_topic}.ukraine"
    ledger = make_ledger(replace(settings, latest_topic=latest, routed_topics=(routed,)))
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"1"), replace(event("b", value=b"2"), topic=routed))])
    await ledger.commit([batch(event("a", 2, value=b"3"), version=2)])
    await ledger.commit([replace(batch(version=3), forgotten=("a",))])

    read = await asyncio.to_thread(
        subprocess.run,
        ["kcat", "-C", "-e", "-q", "-Z", "-b", settings.bootstrap_servers[0], "-t", latest, "-f", "%k %s %h\\n"],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    lines = read.stdout.splitlines()
    assert [line for line in lines if line[0] == "a"] == ["a 1 ce_id=a1:1", "a 3 ce_id=a1:1", "a NULL "]
    assert [line for line in lines if line[0] == "b"] == ["b 2 ce_id=a1:1"]
    found = admin.describe_configs([ConfigResource("TOPIC", latest, ["cleanup.policy"])], False, "all")
    assert found["topic"][latest]["cleanup.policy"]["value"] == "compact"
    assert (await ledger.restore()).states == {"world": b"world 3"}


async def test_a_route_to_a_topic_that_nobody_may_make_stops_the_worker(
    settings: KafkaSettings, make_ledger: MakeLedger
) -> None:
    ensure_topics(settings)
    ledger = make_ledger(replace(settings, create_topics=False))
    await started(ledger)

    with pytest.raises(Stop, match=r"topic nowhere does not exist; create it: dateline topics create -c FILE"):
        await ledger.commit([batch(replace(event("a"), topic="nowhere"))])


async def test_a_state_topic_that_forgets_is_refused(
    settings: KafkaSettings, admin: Any, make_ledger: MakeLedger
) -> None:
    admin.create_topics({settings.feed_state_topic: {"num_partitions": 1, "replication_factor": 1}})
    ledger = make_ledger(settings)

    with pytest.raises(Stop, match=rf"topic {settings.feed_state_topic} has cleanup\.policy=delete"):
        await ledger.open()


async def test_more_replicas_than_brokers_stop_the_worker(settings: KafkaSettings, make_ledger: MakeLedger) -> None:
    ledger = make_ledger(replace(settings, replication_factor=3))

    with pytest.raises(Stop, match=r"kafka\.replication_factor=3: .*only 1 broker"):
        await ledger.open()


async def test_a_transaction_timeout_above_the_brokers_limit_stops_the_worker(
    settings: KafkaSettings, make_ledger: MakeLedger
) -> None:
    ledger = make_ledger(replace(settings, transaction_timeout_seconds=86_400.0))

    with pytest.raises(Stop, match=r"transaction timeout of 86400 s: .*transaction\.max\.timeout\.ms"):
        await ledger.open()


# Where records lie


async def test_an_article_lies_in_the_partition_that_every_kafka_client_would_choose(
    ledger: KafkaLedger, settings: KafkaSettings
) -> None:
    """The hashes are those of the Java client's own tests: foobar -790332482, 21 -973932308, abc 479470107."""
    await started(ledger)
    await ledger.commit([batch(event("foobar"), event("21"), event("abc"))])

    records = await read(settings, 3)

    assert {record.key: record.partition for record in records} == {b"foobar": 2, b"21": 0, b"abc": 3}


async def test_a_state_lies_in_the_partition_of_its_shard_and_leaves_a_tombstone_where_it_was(
    ledger: KafkaLedger, settings: KafkaSettings
) -> None:
    """CRC-32 has well-known values: E8B7BE43 for "a" and CBF43926 for "123456789", modulo 4 that is 3 and 2."""
    await started(ledger)
    await ledger.commit([batch(shard_key="a", version=1)])
    await ledger.commit([batch(shard_key="123456789", version=2)])

    records = await read(settings, 2, settings.feed_state_topic)

    assert sorted((record.partition, record.key, record.value) for record in records) == [
        (2, b"world", b"world 2"),
        (3, b"world", b"world 1"),
    ]
    await ledger.open()
    assert (await ledger.restore()).states == {"world": b"world 2"}


async def test_a_tombstone_removes_a_feed_and_aborted_records_at_the_end_do_not_hold_up_the_restore(
    ledger: KafkaLedger, settings: KafkaSettings
) -> None:
    await started(ledger)
    await ledger.commit([batch(feed_id="kept"), batch(feed_id="removed")])
    await asyncio.to_thread(_remove_then_abort, settings, batch(feed_id="removed"))
    await ledger.open()
    began = time.monotonic()

    assert (await ledger.restore()).states == {"kept": b"kept 1"}
    assert time.monotonic() - began < 5


def _remove_then_abort(settings: KafkaSettings, removed: Batch) -> None:
    """What an operator's tool may do: one committed tombstone, then a transaction that is undone."""
    partition = KafkaReader(settings, topics=(settings.feed_state_topic,))
    where = next(record.partition for record in partition.read_to_end() if record.key == b"removed")
    partition.close()
    producer = KafkaProducer(bootstrap_servers=settings.bootstrap_servers[0], transactional_id=f"tool-{uuid4().hex}")
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(settings.feed_state_topic, key=removed.feed_id.encode(), value=None, partition=where)
    producer.commit_transaction()
    producer.begin_transaction()
    for number in range(PARTITIONS):
        producer.send(settings.feed_state_topic, key=b"kept", value=b"aborted", partition=number)
    producer.flush()
    producer.abort_transaction()
    producer.close()


# Taking over


async def test_a_worker_that_was_taken_over_stops_and_stays_stopped(
    ledger: KafkaLedger, settings: KafkaSettings, make_ledger: MakeLedger
) -> None:
    second = make_ledger(settings)
    await started(ledger)
    await ledger.commit([batch(event("a", 1, value=b"first"))])
    await started(second)

    for _ in range(2):
        with pytest.raises(Stop, match=rf"another worker with the name {settings.name} took over"):
            await ledger.commit([batch(event("a", 2, value=b"not written"), version=2)])

    await second.commit([batch(event("a", 2, value=b"second"), version=2)])
    assert values(await read(settings, 2)) == [b"first", b"second"]


@pytest.mark.parametrize("article_id", ["foobar", "21"], ids=["the same partition", "another partition"])
async def test_a_worker_that_is_taken_over_between_two_records_stops_and_leaves_its_successor_alone(
    ledger: KafkaLedger, settings: KafkaSettings, article_id: str, make_ledger: MakeLedger
) -> None:
    """Kafka says it in other words for a partition of the transaction (error 47) and a new one (error 90)."""
    await started(ledger)
    second = make_ledger(settings)
    producer = kafka_producer(ledger)

    def take_over() -> None:
        producer.flush()
        asyncio.run(started(second))
        successor = kafka_producer(second)
        successor.begin_transaction()
        successor.send(settings.articles_topic, key=b"foobar", value=b"second", partition=0)
        successor.flush()

    before_send(producer, 3, take_over)  # event, state, and now the second event
    requests = sent_requests(producer)

    with pytest.raises(Stop, match="took over"):
        await ledger.commit([batch(event("foobar", value=b"first")), batch(event(article_id, 2, value=b"first"))])

    assert not any(isinstance(request, InitProducerIdRequest) for request in requests)
    await asyncio.to_thread(kafka_producer(second).commit_transaction)
    assert values(await read(settings, 1)) == [b"second"]


async def test_a_worker_that_is_taken_over_before_it_commits_stops(
    ledger: KafkaLedger, settings: KafkaSettings, make_ledger: MakeLedger
) -> None:
    await started(ledger)
    second = make_ledger(settings)
    before_commit(ledger, lambda: asyncio.run(started(second)))

    with pytest.raises(Stop, match="took over"):
        await ledger.commit([batch(event(value=b"first"))])

    assert values(await read(settings, 0)) == []
    assert (await second.restore()).states == {}


async def test_an_open_transaction_of_a_worker_that_was_killed_is_undone_when_the_next_one_opens(
    settings: KafkaSettings, make_ledger: MakeLedger
) -> None:
    """Until it is settled nobody reads past it: its successor settles it, long before its timeout does."""
    settings = replace(settings, transaction_timeout_seconds=2 * LONG_SECONDS)
    ledger = make_ledger(settings)
    child = """
import asyncio, os, pickle, sys
from tests.contracts import batch, event, started
from worker.edges.kafka_ledger import KafkaLedger

async def main():
    ledger = KafkaLedger(pickle.loads(bytes.fromhex(sys.argv[1])))
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"committed"))])
    ledger._session._producer._manager.begin_commit = lambda: os._exit(7)
    await ledger.commit([batch(event("a", 2, value=b"flushed only"), version=2)])

asyncio.run(main())
"""

    process = await asyncio.create_subprocess_exec(sys.executable, "-c", child, pickle.dumps(settings).hex())
    assert await process.wait() == 7

    async with asyncio.timeout(LONG_SECONDS):
        await ledger.open()
        states = (await ledger.restore()).states

    assert states == {"world": b"world 1"}
    await ledger.commit([batch(event("a", 2, value=b"again"), version=2)])
    records = await read(settings, 2)
    assert [record.value for record in records] == [b"committed", b"again"]


# Commits that fail


async def test_nothing_is_seen_before_the_commit_is_decided(ledger: KafkaLedger, settings: KafkaSettings) -> None:
    await started(ledger)
    seen_before: list[Published] = []

    def look() -> None:
        reader = KafkaReader(
            settings, topics=(settings.articles_topic, settings.feed_state_topic, settings.dead_letters_topic)
        )
        seen_before.extend(reader.read(timeout_seconds=1.0))
        reader.close()

    before_commit(ledger, look)
    await ledger.commit([batch(*(event(f"a{n}", value=b"%02d" % n) for n in range(20)))])

    assert seen_before == []
    assert values(await read(settings, 20)) == [b"%02d" % n for n in range(20)]


async def test_one_record_that_fails_undoes_the_commit(ledger: KafkaLedger, settings: KafkaSettings) -> None:
    """kafka-python commits all the same when a record expired, so it cannot be left to the commit to notice."""
    await started(ledger)
    await ledger.commit([batch(event("a", 1, value=b"before"))])
    producer = kafka_producer(ledger)
    send, sent = producer.send, 0

    def send_but_the_third(*args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == 3:
            batch_result = FutureProduceResult(TopicPartition(args[0], 0))
            return FutureRecordMetadata(batch_result, 0, 0, None, 0, 0, 0).failure(KafkaTimeoutError("expired"))
        return send(*args, **kwargs)

    producer.send = send_but_the_third
    again = [batch(*(event("a", n, value=b"%d" % n) for n in range(2, 7)), version=2)]

    with pytest.raises(Retry, match=r"nothing was written to Kafka: .*expired"):
        await ledger.commit(again)
    with pytest.raises(Retry, match="not open"):
        await ledger.commit(again)

    assert values(await read(settings, 1)) == [b"before"]
    await ledger.open()
    assert (await ledger.restore()).states == {"world": b"world 1"}
    await ledger.commit(again)
    assert values(await read(settings, 6)) == [b"2", b"3", b"4", b"5", b"6", b"before"]


async def test_a_record_that_the_broker_refuses_rejects_its_feed_and_the_session_goes_on(
    settings: KafkaSettings, admin: Any, make_ledger: MakeLedger
) -> None:
    """The topic takes less than the settings say. The other feeds' records fail with it, for the same reason."""
    limit = {"max.message.bytes": "5000"}
    admin.create_topics({settings.articles_topic: {"num_partitions": 4, "replication_factor": 1, "configs": limit}})
    ledger = make_ledger(replace(settings, compression="none"))
    await started(ledger)
    small = [batch(*(event(f"{feed}{n}", value=b"s" * 300) for n in range(40)), feed_id=feed) for feed in "xyz"]

    with pytest.raises(Reject, match=r"feed large: Kafka does not take") as caught:
        await ledger.commit([*small, batch(event("big", value=b"x" * 20_000), feed_id="large"), batch(event("after"))])

    assert caught.value.feed_id == "large"
    assert await read(settings, 0) == []
    await ledger.commit([batch(event("b", value=b"after"))])
    assert values(await read(settings, 1)) == [b"after"]


async def test_many_small_records_are_written_to_a_topic_that_takes_small_batches_only(
    settings: KafkaSettings, admin: Any, make_ledger: MakeLedger
) -> None:
    """kafka-python splits a batch that is too large, and its flush then says that this failed."""
    limit = {"max.message.bytes": "3000"}
    admin.create_topics({settings.articles_topic: {"num_partitions": 1, "replication_factor": 1, "configs": limit}})
    ledger = make_ledger(replace(settings, compression="none"))
    await started(ledger)
    await ledger.commit([batch(*(event("a", n, value=b"%03d" % n * 100) for n in range(1, 61)))])

    records = await read(settings, 60)

    assert [record.value for record in records] == [b"%03d" % n * 100 for n in range(1, 61)]


async def test_a_commit_whose_answer_was_lost_is_unknown_sent_once_and_restored_from(
    ledger: KafkaLedger, settings: KafkaSettings
) -> None:
    """A second copy of the request could commit the first half of the next transaction (KIP-890)."""
    await started(ledger)
    client = kafka_producer(ledger)._sender._client
    requests = sent_requests(kafka_producer(ledger))
    send = client.send

    def send_and_lose_the_answer(node_id: Any, request: Any, **kwargs: Any) -> Any:
        answer = send(node_id, request, **kwargs)
        if not isinstance(request, EndTxnRequest):
            return answer
        lost = Future()
        answer.add_both(lambda _: lost.failure(KafkaConnectionError("reset by peer")))
        return lost

    client.send = send_and_lose_the_answer

    with pytest.raises(Unknown, match="its outcome is not known"):
        await ledger.commit([batch(event(value=b"once"))])

    assert len([request for request in requests if isinstance(request, EndTxnRequest)]) == 1
    await ledger.open()
    assert (await ledger.restore()).states == {"world": b"world 1"}
    assert values(await read(settings, 1)) == [b"once"]


# Reading


async def test_a_reader_from_the_end_sees_only_what_comes_after_its_first_read(
    ledger: KafkaLedger, settings: KafkaSettings
) -> None:
    await started(ledger)
    await ledger.commit([batch(event("a", value=b"old"))])
    assert len(await read(settings, 1)) == 1  # the markers are written, and with them the end is where it will stay
    reader = KafkaReader(settings, from_beginning=False)
    assert await asyncio.to_thread(lambda: list(reader.read(timeout_seconds=0.0))) == []

    await ledger.commit([batch(event("a", 2, value=b"new"), version=2)])

    assert values(await seen(reader, 1)) == [b"new"]
    reader.close()


async def test_a_reader_can_read_to_the_end_at_once(ledger: KafkaLedger, settings: KafkaSettings) -> None:
    await started(ledger)
    await ledger.commit([batch(*(event(f"a{n}", value=b"%02d" % n) for n in range(30)))])
    await read(settings, 30)
    reader = KafkaReader(settings)

    assert values(await asyncio.to_thread(lambda: list(reader.read_to_end()))) == [b"%02d" % n for n in range(30)]
    assert await asyncio.to_thread(lambda: list(reader.read_to_end())) == []
    reader.close()


def test_a_client_that_is_closed_with_something_to_send_leaves_no_connection_open(settings: KafkaSettings) -> None:
    """kafka-python waits with closing until it is sent, and ends the thread that would send it."""
    consumer = open_consumer(settings)
    consumer.partitions_for_topic(settings.articles_topic)
    [transport] = [connection.transport for connection in consumer._client._manager._conns.values()]
    connected = transport._sock
    transport._write_buffer.append(b"a request")

    consumer.close()

    assert connected.fileno() == -1


def test_a_reader_of_a_topic_that_does_not_exist_stops(settings: KafkaSettings) -> None:
    reader = KafkaReader(settings)

    with pytest.raises(Stop, match=rf"topic {settings.articles_topic} does not exist"):
        list(reader.read(timeout_seconds=0.1))

    reader.close()


# A broker that goes away


class OwnBroker:
    """A broker that a test may kill."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._port = broker.free_port()
        self._pid: int | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        # Ten seconds by default: too long for a test to wait for a transaction that took too long.
        often = {"transaction.abort.timed.out.transaction.cleanup.interval.ms": "500"}
        running = broker.start(port=self._port, state_dir=self._state_dir, settings=often)
        self._pid = running.pid

    def kill(self) -> None:
        assert self._pid is not None
        os.kill(self._pid, signal.SIGKILL)

    def stop(self) -> None:
        broker.stop(port=self._port, state_dir=self._state_dir)


@pytest.fixture(scope="module")
def started_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnBroker]:
    own = OwnBroker(tmp_path_factory.mktemp("own"))
    own.start()
    yield own
    own.stop()


@pytest.fixture
def own_broker(started_broker: OwnBroker) -> OwnBroker:
    started_broker.start()
    return started_broker


@pytest.mark.parametrize(
    ("how", "moment"),
    [
        ("kill", "while records are sent"),
        ("stop", "before the commit is sent"),
        ("kill", "with the commit on its way"),
        ("stop", "with the commit on its way"),
    ],
)
async def test_a_broker_that_restarts_during_a_commit_has_every_event_once_and_in_order(
    own_broker: OwnBroker, how: str, moment: str, make_ledger: MakeLedger
) -> None:
    settings = make_settings(own_broker.bootstrap)
    ledger = make_ledger(settings)
    await started(ledger)
    await publish(ledger, [batch(*(event("a", n, value=b"%04d" % n) for n in range(1, 101)), version=1)])
    down = threading.Event()

    def take_down() -> None:
        getattr(own_broker, how)()
        down.set()

    if moment == "while records are sent":
        before_send(kafka_producer(ledger), 150, take_down)
    elif moment == "before the commit is sent":
        before_commit(ledger, take_down)
    else:
        before_commit(ledger, lambda: threading.Timer(0.003, take_down).start())
    publishing = asyncio.create_task(
        publish(ledger, [batch(*(event("a", n, value=b"%04d" % n) for n in range(101, 401)), version=2)])
    )
    await until(down.is_set)
    await asyncio.to_thread(own_broker.start)
    back = time.monotonic()
    await publishing
    await publish(ledger, [batch(event("a", 401, value=b"0401"), version=3)])

    # Less than the limits in time, which is what a request that kafka-python forgot would take.
    assert time.monotonic() - back < 20
    records = await read(settings, 401)
    assert [record.value for record in records] == [b"%04d" % n for n in range(1, 402)]


async def test_a_broker_that_stays_away_ends_the_commit_in_time_and_the_ledger_comes_back_with_it(
    own_broker: OwnBroker, make_ledger: MakeLedger
) -> None:
    settings = make_settings(own_broker.bootstrap, delivery_timeout_seconds=3.0, transaction_timeout_seconds=5.0)
    ledger = make_ledger(settings)
    await started(ledger)
    assert await ledger.ping() is True
    await asyncio.to_thread(own_broker.stop)
    began = time.monotonic()

    with pytest.raises(Retry):
        await ledger.commit([batch(event(value=b"later"))])
    assert time.monotonic() - began < 20

    began = time.monotonic()
    assert await ledger.ping() is False
    assert time.monotonic() - began < 4
    with pytest.raises(Retry, match=r"no Kafka broker answers at .* \(connection refused\)"):
        await ledger.open()

    await asyncio.to_thread(own_broker.start)
    await until(ledger.ping)
    await publish(ledger, [batch(event(value=b"later"))])
    assert values(await read(settings, 1)) == [b"later"]


async def test_a_transaction_that_took_too_long_is_tried_again_and_not_taken_for_another_worker(
    own_broker: OwnBroker, make_ledger: MakeLedger
) -> None:
    """The broker fences a worker whose transaction timed out, as it does one that has a successor."""
    settings = make_settings(own_broker.bootstrap, transaction_timeout_seconds=2.0, delivery_timeout_seconds=2.0)
    ledger = make_ledger(settings)
    await started(ledger)
    producer = kafka_producer(ledger)

    def linger() -> None:
        producer.flush()
        time.sleep(4)

    before_send(producer, 2, linger)

    with pytest.raises(Retry):
        await ledger.commit([batch(event("a", 1, value=b"1"), event("a", 2, value=b"2"))])

    await publish(ledger, [batch(event("a", 1, value=b"1"), event("a", 2, value=b"2"))])
    assert [record.value for record in await read(settings, 2)] == [b"1", b"2"]


async def test_a_transaction_that_times_out_while_a_broker_is_asked_about_it_is_not_taken_for_another_worker(
    own_broker: OwnBroker, make_ledger: MakeLedger
) -> None:
    """A broker was away, say: the records were given up before the timeout, and its answer came after it."""
    settings = make_settings(own_broker.bootstrap, transaction_timeout_seconds=3.0)
    ledger = make_ledger(settings)
    await started(ledger)
    assert ledger._session is not None
    producer, client = ledger._session._producer, kafka_producer(ledger)
    assert producer is not None
    look = producer._describe

    def fail() -> None:
        client.flush()
        raise KafkaTimeoutError("nothing came for too long")

    def look_late() -> Any:
        deadline_seconds = time.monotonic() + 60.0
        while (found := look()).state.value != "CompleteAbort" and time.monotonic() < deadline_seconds:
            time.sleep(0.1)
        return found

    producer._describe = look_late  # type: ignore[method-assign]
    before_send(client, 2, fail)

    with pytest.raises(Retry, match="nothing was written"):
        await ledger.commit([batch(event("a", 1, value=b"1"), event("a", 2, value=b"2"))])

    await publish(ledger, [batch(event("a", 1, value=b"1"), event("a", 2, value=b"2"))])
    assert [record.value for record in await read(settings, 2)] == [b"1", b"2"]


async def test_a_broker_that_goes_away_before_it_can_say_who_fenced_a_worker_is_waited_for(
    own_broker: OwnBroker, make_ledger: MakeLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was the timeout of its own transaction, and nobody has its place."""
    monkeypatch.setattr(kafka_producer_module, "_ASK_FENCED_SECONDS", 0.0)
    settings = make_settings(own_broker.bootstrap, transaction_timeout_seconds=2.0, delivery_timeout_seconds=2.0)
    ledger = make_ledger(settings)
    await started(ledger)
    assert ledger._session is not None
    producer, client = ledger._session._producer, kafka_producer(ledger)
    assert producer is not None
    look, away = producer._describe, [Retry("no Kafka broker answers"), KafkaConnectionError("socket disconnected")]

    def linger() -> None:
        client.flush()
        deadline_seconds = time.monotonic() + 60.0
        while look().state.value != "CompleteAbort" and time.monotonic() < deadline_seconds:
            time.sleep(0.1)

    def look_when_it_is_back() -> Any:
        if away:
            raise away.pop()
        return look()

    producer._describe = look_when_it_is_back  # type: ignore[method-assign]
    before_send(client, 2, linger)

    with pytest.raises(Retry, match="nothing was written"):
        await ledger.commit([batch(event("a", 1, value=b"1"), event("a", 2, value=b"2"))])

    assert not away
    await publish(ledger, [batch(event("a", 1, value=b"1"), event("a", 2, value=b"2"))])
    assert [record.value for record in await read(settings, 2)] == [b"1", b"2"]


async def test_a_failure_that_nobody_foresaw_is_told_and_tried_again(
    ledger: KafkaLedger, settings: KafkaSettings
) -> None:
    """kafka-python has more of them than it names, and one of its clients may be in any state by then."""
    join, errors = ledger._group.join, [KeyError("node 7"), AttributeError("no transport")]
    with capture_logs() as logs:
        ledger._group.join = Mock(side_effect=errors.pop())  # type: ignore[method-assign]
        with pytest.raises(Retry, match="a fault in the Kafka client"):
            await ledger.open()
        ledger._group.join = join  # type: ignore[method-assign]
        await started(ledger)
        before_send(kafka_producer(ledger), 1, Mock(side_effect=errors.pop()))
        with pytest.raises(Unknown, match=r"a fault in the Kafka client \(KeyError\); see ledger_crashed"):
            await ledger.commit([batch(event("a", value=b"1"))])

    assert [(line["event"], line["log_level"]) for line in logs] == [("ledger_crashed", "error")] * 2
    await publish(ledger, [batch(event("a", value=b"1"))])
    assert values(await read(settings, 1)) == [b"1"]


async def test_a_worker_that_slept_while_another_took_over_stops(
    own_broker: OwnBroker, make_ledger: MakeLedger
) -> None:
    """A paused process: its transaction timed out, and then somebody else came."""
    settings = make_settings(own_broker.bootstrap, transaction_timeout_seconds=2.0, delivery_timeout_seconds=2.0)
    ledger, second = make_ledger(settings), make_ledger(settings)
    await started(ledger)
    producer = kafka_producer(ledger)

    def sleep() -> None:
        producer.flush()
        time.sleep(4)
        asyncio.run(started(second))

    before_send(producer, 2, sleep)

    with pytest.raises(Stop, match="took over"):
        await ledger.commit([batch(event("a", 1, value=b"1"), event("a", 2, value=b"2"))])

    await second.commit([batch(event("a", 1, value=b"second"))])
    assert values(await read(settings, 1)) == [b"second"]


async def test_a_reader_goes_on_where_it_was_after_the_broker_restarted(
    own_broker: OwnBroker, make_ledger: MakeLedger
) -> None:
    settings = make_settings(own_broker.bootstrap)
    ledger = make_ledger(settings)
    await started(ledger)
    await publish(ledger, [batch(event("a", 1, value=b"1"))])
    reader = KafkaReader(settings)
    before = await seen(reader, 1)

    await asyncio.to_thread(own_broker.stop)
    await asyncio.to_thread(own_broker.start)
    await publish(ledger, [batch(event("a", 2, value=b"2"), version=2)])

    assert [record.value for record in before + await seen(reader, 1)] == [b"1", b"2"]
    reader.close()


# What the tests do


async def publish(ledger: KafkaLedger, batches: Sequence[Batch]) -> None:
    """Commit as the runner does: after a failure, open, restore, and commit only what is not there."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        try:
            await ledger.commit(batches)
        except (Retry, Unknown):
            try:
                await ledger.open()
                states = (await ledger.restore()).states
            except Retry:
                await asyncio.sleep(0.2)
                continue
            batches = [batch for batch in batches if states.get(batch.feed_id) != batch.state_value]
        else:
            return
    pytest.fail("not published within 90 s")


async def read(settings: KafkaSettings, count: int, topic: str | None = None) -> list[Published]:
    """What a reader from the beginning sees."""
    reader = KafkaReader(settings, topics=(topic or settings.articles_topic,))
    try:
        return await seen(reader, count)
    finally:
        reader.close()


async def until(condition: Callable[[], Any]) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        found = condition()
        if await found if asyncio.iscoroutine(found) else found:
            return
        await asyncio.sleep(0.02)
    pytest.fail("it did not become true within 30 s")


def kafka_producer(ledger: KafkaLedger) -> Any:
    """The producer of kafka-python that is behind a ledger."""
    assert ledger._session is not None
    assert ledger._session._producer is not None
    return ledger._session._producer._producer


def sent_requests(producer: Any) -> list[Any]:
    """What a producer sends from now on."""
    client = producer._sender._client
    send, requests = client.send, []

    def send_and_note(node_id: Any, request: Any, **kwargs: Any) -> Any:
        requests.append(request)
        return send(node_id, request, **kwargs)

    client.send = send_and_note
    return requests


def before_send(producer: Any, number: int, act: Callable[[], object]) -> None:
    """Do something on the ledger's thread before the record of this number is sent."""
    send, sent = producer.send, 0

    def send_after(*args: Any, **kwargs: Any) -> Any:
        nonlocal sent
        sent += 1
        if sent == number:
            act()
        return send(*args, **kwargs)

    producer.send = send_after


def before_commit(ledger: KafkaLedger, act: Callable[[], object]) -> None:
    """Do something once, when all records are written and the commit is about to be sent."""
    manager = kafka_producer(ledger)._transaction_manager
    begin_commit = manager.begin_commit

    def begin_commit_after() -> Any:
        manager.begin_commit = begin_commit
        act()
        return begin_commit()

    manager.begin_commit = begin_commit_after
