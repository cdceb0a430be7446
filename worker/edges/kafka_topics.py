"""The topics: whether they are as the worker needs them, and making them."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from kafka.admin import ConfigResource
from kafka.errors import (
    AuthorizationError,
    InvalidPartitionsError,
    InvalidReplicationFactorError,
    InvalidTopicError,
    NoError,
    PolicyViolationError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
    for_code,
)
from kafka.protocol.metadata import MetadataRequest

from worker.edges.kafka_client import CLIENT_ERRORS, KafkaSettings, open_admin, translate
from worker.model.errors import DatelineError, Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# The broker's default for max.message.bytes, and what key, headers and framing may add to a value.
_BROKER_MAX_MESSAGE_BYTES = 1_048_588
RECORD_OVERHEAD_BYTES = 65_536

# To look at a topic; and all rights by the names that they have on the wire.
_RIGHTS_TO_LOOK = ("Describe", "DescribeConfigs")
_WIRE_NAMES = {"Read": "READ", "Write": "WRITE", "Describe": "DESCRIBE", "DescribeConfigs": "DESCRIBE_CONFIGS"}

# How long all brokers may take to hear of a new topic.
_SPREAD_SECONDS = 10.0
_SPREAD_PAUSE_SECONDS = 0.05

# Answers that stay the same however often one asks.
_IMPOSSIBLE = (InvalidReplicationFactorError, InvalidPartitionsError, InvalidTopicError, PolicyViolationError)


def ensure_topics(settings: KafkaSettings) -> tuple[str, ...]:
    """Create the topics that do not exist, and check those that do.

    Returns:
        The names of those created.

    Raises:
        Retry: no broker answers.
        Stop: a topic cannot be created like this, is not as the worker needs it, or must not be looked at.
    """
    with _asking(settings) as admin:
        missing = _ensure(admin, settings)
        if not missing:
            _check_policies(admin, settings, _policies(settings))
    return missing


def check_topics(settings: KafkaSettings) -> dict[str, int]:
    """How many partitions each topic has; missing ones are created when the settings say so.

    Raises:
        Retry: no broker answers, or one does not know yet of a topic that was just created.
        Stop: a topic is missing, is not as the worker needs it, or must not be looked at.
    """
    with _asking(settings) as admin:
        if settings.create_topics:
            _ensure(admin, settings)
        partitions = _describe(admin, _rights(settings))
        for topic in _policies(settings):
            if topic not in partitions:
                raise _unknown(topic, created=settings.create_topics)
        _check_policies(admin, settings, partitions)
    return partitions


@contextmanager
def _asking(settings: KafkaSettings) -> Iterator[Any]:
    admin = open_admin(settings)
    try:
        yield admin
    except CLIENT_ERRORS as error:
        raise translate(error, settings) from error
    finally:
        admin.close()


def _ensure(admin: Any, settings: KafkaSettings) -> tuple[str, ...]:
    """Create the topics that do not exist."""
    partitions = _describe(admin, dict.fromkeys(_policies(settings), _RIGHTS_TO_LOOK))
    missing = tuple(topic for topic in _policies(settings) if topic not in partitions)
    if missing:
        # Nothing is made beside a topic that cannot be used.
        _check_policies(admin, settings, partitions)
        _create(admin, settings, missing)
    return missing


def _unknown(topic: str, *, created: bool) -> Retry | Stop:
    """What it means that a broker does not know a topic. One that exists may have been made a moment ago."""
    if created:
        return Retry(f"topic {topic} is not known to every broker yet")
    return Stop(f"topic {topic} does not exist; create it: dateline topics create -c FILE")


def _policies(settings: KafkaSettings) -> dict[str, str]:
    """The cleanup policy of each topic: of a feed only the last state counts, articles end with their retention."""
    return {
        **dict.fromkeys(settings.all_articles_topics, "delete"),
        settings.feed_state_topic: "compact",
        settings.dead_letters_topic: "delete",
        **({} if settings.latest_topic is None else {settings.latest_topic: "compact"}),
    }


def _rights(settings: KafkaSettings) -> dict[str, tuple[str, ...]]:
    """What the worker must be allowed on each topic. A dead letter may come after weeks: better to know before."""
    return {
        **dict.fromkeys(settings.all_articles_topics, ("Write", "DescribeConfigs")),
        settings.feed_state_topic: ("Read", "Write", "DescribeConfigs"),
        settings.dead_letters_topic: ("Write", "DescribeConfigs"),
        **({} if settings.latest_topic is None else {settings.latest_topic: ("Write", "DescribeConfigs")}),
    }


def _describe(admin: Any, rights: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The number of partitions of those topics that exist.

    Raises:
        Stop: a right that is named is missing.
    """
    partitions = {}
    for topic in admin.describe_topics(list(rights)):
        name, problem = topic["name"], for_code(topic["error_code"])
        if problem is TopicAuthorizationFailedError:
            raise _missing(name, rights[name])
        if problem is NoError:
            # A broker before 2.3 does not say (KIP-430).
            if allowed := topic.get("authorized_operations"):
                lacking = [right for right in rights[name] if _WIRE_NAMES[right] not in allowed]
                if lacking:
                    raise _missing(name, lacking)
            partitions[name] = len(topic["partitions"])
        elif problem is not UnknownTopicOrPartitionError:
            raise problem(f"topic {name}")
    return partitions


def _missing(topic: str, rights: Sequence[str]) -> Stop:
    return Stop(f"topic {topic}: the worker's user needs {' and '.join(rights)} on it; see docs/operations.md, Rights")


def _check_policies(admin: Any, settings: KafkaSettings, topics: Iterable[str]) -> None:
    resources = [ConfigResource("TOPIC", topic, ["cleanup.policy"]) for topic in topics]
    if not resources:
        return
    found: Mapping[str, Any] = admin.describe_configs(resources, config_filter="all")["topic"]
    for topic, wanted in _policies(settings).items():
        if topic not in found:
            continue
        if "cleanup.policy" not in found[topic]:
            raise Stop(f"topic {topic}: Kafka does not tell its cleanup.policy; allow DescribeConfigs on it")
        policy = found[topic]["cleanup.policy"]["value"]
        if policy != wanted:
            raise Stop(f"topic {topic} has cleanup.policy={policy}, which would lose what it holds; set it to {wanted}")


def _create(admin: Any, settings: KafkaSettings, topics: tuple[str, ...]) -> None:
    largest = settings.max_event_bytes + RECORD_OVERHEAD_BYTES
    limit = {"max.message.bytes": str(largest)} if largest > _BROKER_MAX_MESSAGE_BYTES else {}
    wanted = {
        topic: {
            "num_partitions": settings.partitions,
            "replication_factor": settings.replication_factor,
            "configs": {"cleanup.policy": _policies(settings)[topic], **limit},
        }
        for topic in topics
    }
    answer = admin.create_topics(wanted, raise_errors=False)
    for topic in answer["topics"]:
        _check_created(topic["name"], for_code(topic["error_code"]), topic.get("error_message"), settings)
    _await_everywhere(admin, topics)


def _await_everywhere(admin: Any, topics: Sequence[str]) -> None:
    """Return when every broker knows the new topics: they hear of them one by one, and any may be asked next."""
    deadline_seconds = time.monotonic() + _SPREAD_SECONDS
    for broker in admin.describe_cluster()["brokers"]:
        while not _is_known(admin, broker["broker_id"], topics) and time.monotonic() < deadline_seconds:
            time.sleep(_SPREAD_PAUSE_SECONDS)


def _is_known(admin: Any, broker: int, topics: Sequence[str]) -> bool:
    async def ask() -> Any:
        wanted = [MetadataRequest.MetadataRequestTopic(name=topic) for topic in topics]
        request = MetadataRequest(topics=wanted, allow_auto_topic_creation=False)
        return await admin._manager.send(request, node_id=broker)  # noqa: SLF001 - else any broker is asked

    try:
        answer = admin._manager.run(ask)  # noqa: SLF001 - as above
    except CLIENT_ERRORS:  # it has just gone, or has just come
        return False
    return all(
        topic.error_code == 0 and all(part.leader_id >= 0 for part in topic.partitions) for topic in answer.topics
    )


def _check_created(topic: str, problem: type[Exception], message: str | None, settings: KafkaSettings) -> None:
    # Another worker may have created it a moment ago.
    if problem is NoError or problem is TopicAlreadyExistsError:
        return
    raise _refusal(topic, problem(message or ""), settings)


def _refusal(topic: str, error: Exception, settings: KafkaSettings) -> DatelineError:
    if isinstance(error, AuthorizationError):
        return Stop(f"topic {topic} cannot be created: allow Create on it, or have it created by somebody who may")
    if isinstance(error, _IMPOSSIBLE):
        return Stop(
            f"topic {topic} cannot be created with kafka.partitions={settings.partitions} and "
            f"kafka.replication_factor={settings.replication_factor}: {' '.join(str(error.args[0]).split())}"
        )
    return translate(error, settings)
