"""The ledger on a network that loses, holds back and delays single requests: always 0 lost, 0 duplicates."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import pytest
from kafka.protocol.producer import ProduceRequest

from tests.chaos.proxy import Api, Fault, Proxy, parse
from tests.contracts import batch, event, started
from tests.integration.cluster import Cluster, Listener, let_go_of_sockets
from tests.integration.test_kafka_ledger import before_commit, make_settings, publish, read
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_reader import KafkaReader
from worker.edges.kafka_topics import ensure_topics
from worker.model.errors import Retry, Unknown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.chaos.proxy import Sent
    from worker.edges.kafka_client import KafkaSettings
    from worker.model.event import Batch

pytestmark = [
    pytest.mark.kafka,
    # kafka-python leaves a socket whose connection failed to the garbage collector.
    pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning"),
]

FEEDS = ("world", "sport")
ARTICLES = 5
_DELIVERY_SECONDS = 2.0
_TRANSACTION_SECONDS = 3.0


@pytest.fixture(autouse=True)
def _no_sockets_left(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    yield
    let_go_of_sockets(caplog)


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with Proxy() as proxy:
        yield proxy


@pytest.fixture(scope="module")
def cluster(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    listener = Listener(name="PROXIED", advertised_ports={1: proxy.port})
    with Cluster(tmp_path_factory.mktemp("proxied") / "kafka", listeners=[listener]) as cluster:
        proxy.upstream_port = cluster.port("PROXIED")
        yield cluster


@pytest.fixture
def settings(cluster: Cluster, proxy: Proxy) -> KafkaSettings:
    [server] = cluster.bootstrap("PROXIED")
    assert server == f"127.0.0.1:{proxy.port}"
    return make_settings(
        server, delivery_timeout_seconds=_DELIVERY_SECONDS, transaction_timeout_seconds=_TRANSACTION_SECONDS
    )


@pytest.fixture
async def ledger(settings: KafkaSettings, proxy: Proxy) -> AsyncIterator[KafkaLedger]:
    """A ledger that has committed once."""
    ledger = KafkaLedger(settings)
    await started(ledger)
    await ledger.commit(round_of(1))
    yield ledger
    proxy.rules.clear()
    await ledger.close()


def round_of(version: int) -> list[Batch]:
    """What one round of polls brings: a revision of each article of each feed."""
    return [
        batch(
            *(event(f"{feed}-{number}", version, value=b"%s-%d %d" % (feed.encode(), number, version))
              for number in range(ARTICLES)),
            feed_id=feed,
            shard_key=feed,
            version=version,
        )
        for feed in FEEDS
    ]  # fmt: skip


async def assert_each_once(cluster: Cluster, settings: KafkaSettings, versions: int) -> None:
    """What a reader sees that has a good connection: every revision once and in order, and the last states."""
    direct = replace(settings, bootstrap_servers=cluster.bootstrap())
    articles = [f"{feed}-{number}" for feed in FEEDS for number in range(ARTICLES)]
    records = await read(direct, len(articles) * versions)
    for article in articles:
        found = [record.value.decode() for record in records if record.key == article.encode()]
        assert found == [f"{article} {version}" for version in range(1, versions + 1)]
    assert len(records) == len(articles) * versions
    states = {record.key: record.value for record in await read(direct, 0, settings.feed_state_topic)}
    assert states == {feed.encode(): b"%s %d" % (feed.encode(), versions) for feed in FEEDS}


@pytest.mark.parametrize("table", ["articles", "feed_state"])
async def test_records_that_are_lost_for_longer_than_the_delivery_timeout_are_written_later(
    ledger: KafkaLedger, settings: KafkaSettings, cluster: Cluster, proxy: Proxy, table: str
) -> None:
    """kafka-python would commit what is left of the transaction, and say nothing."""
    topic = settings.articles_topic if table == "articles" else settings.feed_state_topic
    rule = proxy.add(Api.PRODUCE, Fault.DROP, topic=topic)

    with pytest.raises(Retry, match="nothing was written to Kafka"):
        await ledger.commit(round_of(2))

    assert rule.hits
    rule.remove()
    await publish(ledger, round_of(2))
    await publish(ledger, round_of(3))
    await assert_each_once(cluster, settings, 3)


@pytest.mark.parametrize("fault", [Fault.LOSE_ANSWER, Fault.CUT_BEFORE_ANSWER])
async def test_a_commit_whose_answer_is_lost_is_asked_about_and_not_repeated(
    ledger: KafkaLedger, settings: KafkaSettings, cluster: Cluster, proxy: Proxy, fault: Fault
) -> None:
    rule = proxy.add(Api.END_TXN, fault)

    with pytest.raises(Unknown):
        await ledger.commit(round_of(2))

    assert len(rule.hits) == 1
    rule.remove()
    await publish(ledger, round_of(2))
    await assert_each_once(cluster, settings, 2)
    await publish(ledger, round_of(3))
    await assert_each_once(cluster, settings, 3)


async def test_a_commit_that_was_held_up_does_not_commit_half_of_the_next_transaction(
    ledger: KafkaLedger, settings: KafkaSettings, cluster: Cluster, proxy: Proxy
) -> None:
    """KIP-890: the same producer, connected again, must not go on while a copy of its request is still about."""
    rule = proxy.add(Api.END_TXN, Fault.HOLD, times=1)
    with pytest.raises(Unknown):
        await ledger.commit(round_of(2))
    await started(ledger)
    seen: list[bytes] = []

    def arrive_late() -> None:
        """All records of the next transaction are written, and its own commit is still to be sent."""
        rule.release()
        reader = KafkaReader(replace(settings, bootstrap_servers=cluster.bootstrap()))
        seen.extend(record.value for record in reader.read_to_end())
        reader.close()

    before_commit(ledger, arrive_late)
    await ledger.commit(round_of(2))

    assert sorted(seen) == sorted(event.value for batch in round_of(1) for event in batch.events)
    await publish(ledger, round_of(3))
    await assert_each_once(cluster, settings, 3)


async def test_a_commit_that_comes_after_the_transaction_timed_out_writes_nothing(
    ledger: KafkaLedger, settings: KafkaSettings, cluster: Cluster, proxy: Proxy
) -> None:
    """The broker undoes the transaction in the meantime, and fences the producer."""
    rule = proxy.add(Api.END_TXN, Fault.DELAY, times=1, delay_seconds=_TRANSACTION_SECONDS + 2)
    began = time.monotonic()

    with pytest.raises((Retry, Unknown)):
        await ledger.commit(round_of(2))

    assert len(rule.hits) == 1
    # Until the late request has arrived, whoever still waits for it.
    await asyncio.sleep(max(0.0, began + _TRANSACTION_SECONDS + 3 - time.monotonic()))
    await publish(ledger, round_of(2))
    await publish(ledger, round_of(3))
    await assert_each_once(cluster, settings, 3)


async def test_a_worker_that_cannot_ask_who_fenced_it_does_not_end(
    ledger: KafkaLedger, settings: KafkaSettings, cluster: Cluster, proxy: Proxy
) -> None:
    """It was the broker itself, by the transaction's timeout, and nobody says so: as when it goes away just then."""
    before_commit(ledger, lambda: time.sleep(_TRANSACTION_SECONDS + 2))
    rule = proxy.add(Api.DESCRIBE_TRANSACTIONS, Fault.DROP)

    with pytest.raises(Unknown):
        await ledger.commit(round_of(2))

    assert rule.hits
    rule.remove()
    await publish(ledger, round_of(2))
    await assert_each_once(cluster, settings, 2)


@pytest.mark.parametrize(
    "api",
    [
        Api.FIND_COORDINATOR,
        Api.FETCH,
        Api.INIT_PRODUCER_ID,
        Api.ADD_PARTITIONS_TO_TXN,
        Api.PRODUCE,
        Api.TXN_OFFSET_COMMIT,
        Api.END_TXN,
    ],
    ids=lambda api: api.name.lower(),
)
async def test_connections_that_are_cut_at_a_request_cost_no_article(
    ledger: KafkaLedger, settings: KafkaSettings, cluster: Cluster, proxy: Proxy, api: Api
) -> None:
    """Once before the broker gets the request, and once before the worker gets the answer."""
    rules = [proxy.add(api, fault, times=1) for fault in (Fault.CUT, Fault.CUT_BEFORE_ANSWER)]
    proxy.cut()  # so that connections are made anew, and what belongs to that is asked again

    for version in (2, 3):
        await publish(ledger, round_of(version))
        proxy.cut()
        await started_in_time(ledger)

    assert [len(rule.hits) for rule in rules] == [1, 1]
    await assert_each_once(cluster, settings, 3)


@pytest.mark.parametrize("api", [Api.JOIN_GROUP, Api.SYNC_GROUP], ids=lambda api: api.name.lower())
async def test_a_worker_whose_connections_are_cut_while_it_joins_its_group_has_its_shards_all_the_same(
    settings: KafkaSettings, cluster: Cluster, proxy: Proxy, api: Api
) -> None:
    ensure_topics(settings)
    rules = [proxy.add(api, fault, times=1) for fault in (Fault.CUT, Fault.CUT_BEFORE_ANSWER)]
    ledger = KafkaLedger(settings)
    try:
        await started_in_time(ledger)
        await publish(ledger, round_of(1))
    finally:
        proxy.rules.clear()
        await ledger.close()

    assert [len(rule.hits) for rule in rules] == [1, 1]
    await assert_each_once(cluster, settings, 1)


@pytest.mark.parametrize(
    "api", [Api.METADATA, pytest.param(None, marks=pytest.mark.long)], ids=["metadata", "all requests"]
)
async def test_a_connection_that_is_cut_at_any_moment_of_a_start_ends_no_worker(
    settings: KafkaSettings, proxy: Proxy, api: Api | None
) -> None:
    """At the first request of a start, of the next one at the second, and so on: each time it can be tried again."""
    ensure_topics(settings)
    for moment in count():
        passed = count()
        rule = proxy.add(api, Fault.CUT, matches=partial(_is_nth, passed, moment), times=1)
        ledger = KafkaLedger(settings)
        try:
            await started_in_time(ledger)
        finally:
            rule.remove()
            await ledger.close()
        if not rule.hits:
            break

    # Each client that a start makes asks for metadata.
    assert moment > 5


@pytest.mark.parametrize("version", [8, 9])
def test_the_proxy_reads_the_topics_of_both_forms_of_a_produce_request(version: int) -> None:
    """The compact form of KIP-482 begins with version 9."""
    topic, partition = ProduceRequest.TopicProduceData, ProduceRequest.TopicProduceData.PartitionProduceData
    request = ProduceRequest[version](
        transactional_id="news",
        acks=-1,
        timeout_ms=1000,
        topic_data=[
            topic(name=name, partition_data=[partition(index=number, records=b"r" * 200) for number in range(3)])
            for name in ("news.articles", "news.feed-state")
        ],
    )
    request.with_header(correlation_id=7, client_id="worker")

    sent = parse(request.encode(framed=True, header=True))

    assert (sent.api, sent.version, sent.correlation_id, sent.client_id) == (0, version, 7, "worker")
    assert sent.topics == ("news.articles", "news.feed-state")


def _is_nth(passed: count[int], number: int, _: Sent) -> bool:
    return next(passed) == number


async def started_in_time(ledger: KafkaLedger) -> None:
    """Open and restore, as often as the network makes it necessary."""
    for _ in range(20):
        try:
            await started(ledger)
        except Retry:
            await asyncio.sleep(0.1)
        else:
            return
    pytest.fail("not open after 20 attempts")
