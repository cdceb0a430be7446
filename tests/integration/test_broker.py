"""The local Kafka itself: a real one is started, used, stopped."""

from __future__ import annotations

import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import psutil
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from worker.edges import broker
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.kafka


@pytest.fixture
def port(tmp_path: Path) -> Iterator[int]:
    """A free port, where nothing that a test starts outlives it."""
    port = broker.free_port()
    yield port
    broker.stop(port=port, state_dir=tmp_path)


def publish(bootstrap: str, topic: str, value: bytes) -> None:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    admin.close()
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    producer.send(topic, value).get(timeout=120)
    producer.close()


def topics(bootstrap: str) -> set[str]:
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    found = set(admin.list_topics())
    admin.close()
    return found


def read(bootstrap: str, topic: str) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", consumer_timeout_ms=10_000)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    count = consumer.end_offsets([partition])[partition]
    values = [next(consumer).value for _ in range(count)]
    consumer.close()
    return values


def gone(pid: int | None) -> bool:
    """Whether a process has ended; its own parent, this process, may still be collecting it."""
    try:
        psutil.Process(pid).wait(timeout=120)
    except psutil.NoSuchProcess:
        return True
    return not psutil.pid_exists(pid)


def test_a_broker_is_started_used_found_stopped_and_started_again(port: int, tmp_path: Path) -> None:
    first = broker.start(port=port, state_dir=tmp_path)
    assert first.started
    assert first.bootstrap == f"127.0.0.1:{port}"
    assert first.data_path == tmp_path / "kafka" / str(port) / "data"
    publish(first.bootstrap, "kept", b"an article")

    again = broker.start(port=port, state_dir=tmp_path)
    assert (again.started, again.pid, again.data_path) == (False, first.pid, first.data_path)
    assert broker.status(port=port, state_dir=tmp_path) == again

    stranger = broker.start(port=port, state_dir=tmp_path / "another")
    assert (stranger.started, stranger.pid, stranger.data_path) == (False, None, None)
    assert broker.stop(port=port, state_dir=tmp_path / "another") is False

    assert broker.stop(port=port, state_dir=tmp_path) is True
    assert gone(first.pid)
    assert broker.status(port=port, state_dir=tmp_path) is None
    assert broker.stop(port=port, state_dir=tmp_path) is False

    fresh = broker.start(port=port, state_dir=tmp_path, fresh=True)
    assert fresh.data_path == tmp_path / "kafka" / str(port) / "data-fresh"
    assert "kept" not in topics(fresh.bootstrap)
    publish(fresh.bootstrap, "dropped", b"a test")
    broker.stop(port=port, state_dir=tmp_path)

    fresh_again = broker.start(port=port, state_dir=tmp_path, fresh=True)
    assert "dropped" not in topics(fresh_again.bootstrap)
    broker.stop(port=port, state_dir=tmp_path)

    restarted = broker.start(port=port, state_dir=tmp_path)
    assert restarted.started
    assert read(restarted.bootstrap, "kept") == [b"an article"]


def test_of_two_processes_that_start_it_at_once_one_does_and_it_outlives_both(port: int, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from worker.edges import broker; "
        "print(broker.start(port=int(sys.argv[1]), state_dir=Path(sys.argv[2])).started)"
    )
    commands = [
        subprocess.Popen([sys.executable, "-c", code, str(port), str(tmp_path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert sorted(command.communicate()[0] for command in commands) == ["False\n", "True\n"]
    survivor = broker.status(port=port, state_dir=tmp_path)
    assert survivor is not None
    assert survivor.pid is not None


def test_settings_reach_the_broker_and_topics_are_not_made_by_accident(port: int, tmp_path: Path) -> None:
    running = broker.start(port=port, state_dir=tmp_path, settings={"log.retention.hours": "77"})
    admin = KafkaAdminClient(bootstrap_servers=running.bootstrap)
    described = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1")], config_filter="all")
    admin.close()
    values = {name: entry["value"] for name, entry in described["broker"]["1"].items()}
    assert values["log.retention.hours"] == "77"
    assert values["auto.create.topics.enable"] == "false"
    assert {values["listeners"].partition(",")[0], values["advertised.listeners"]} == {f"PLAINTEXT://127.0.0.1:{port}"}


def leaves_nothing(port: int, state_dir: Path) -> bool:
    record = state_dir / "kafka" / str(port) / "process.json"
    return broker.status(port=port, state_dir=state_dir) is None and not record.exists()


def test_a_setting_that_kafka_refuses_is_named(port: int, tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"^Kafka did not start: \S+ Invalid value soon .*log\.retention\.hours") as caught:
        broker.start(port=port, state_dir=tmp_path, settings={"log.retention.hours": "soon"})
    assert "\n" not in str(caught.value)
    assert leaves_nothing(port, tmp_path)


def test_a_kafka_that_ends_while_it_starts_says_why_and_where_its_log_is(port: int, tmp_path: Path) -> None:
    with socket.socket() as holder:  # bound and not listening: to a client the port looks free
        holder.bind(("127.0.0.1", port))
        with pytest.raises(Stop, match=r"^Kafka did not start: .*Address already in use.* \(log: .*broker\.log\)$"):
            broker.start(port=port, state_dir=tmp_path)
    assert leaves_nothing(port, tmp_path)
