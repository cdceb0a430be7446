"""The three topics: whether they are as the worker needs them, and making them."""

from __future__ import annotations

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
    UnknownTopicOrPartitionError,
    for_code,
)

from worker.edges.kafka_client import CLIENT_ERRORS, KafkaSettings, open_admin, translate
from worker.model.errors import DatelineError, Stop

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# The broker's default for max.message.bytes, and what key, headers and framing may add to a value.
_BROKER_MAX_MESSAGE_BYTES = 1_048_588
RECORD_OVERHEAD_BYTES = 65_536

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
    admin = open_admin(settings)
    try:
        partitions = _describe(admin, settings)
        missing = tuple(topic for topic in _policies(settings) if topic not in partitions)
        _check_policies(admin, settings, partitions)
        if missing:
            _create(admin, settings, missing)
    except CLIENT_ERRORS as error:
        raise translate(error, settings) from error
    finally:
        admin.close()
    return missing


def check_topics(settings: KafkaSettings) -> dict[str, int]:
    """How many partitions each topic has; missing ones are created when the settings say so.

    Raises:
        Retry: no broker answers.
        Stop: a topic is missing, is not as the worker needs it, or must not be looked at.
    """
    if settings.create_topics:
        ensure_topics(settings)
    admin = open_admin(settings)
    try:
        partitions = _describe(admin, settings)
        for topic in _policies(settings):
            if topic not in partitions:
                raise Stop(f"topic {topic} does not exist; create it: dateline topics create -c FILE")
        _check_policies(admin, settings, partitions)
    except CLIENT_ERRORS as error:
        raise translate(error, settings) from error
    finally:
        admin.close()
    return partitions


def _policies(settings: KafkaSettings) -> dict[str, str]:
    """The cleanup policy of each topic: of a feed only the last state counts, articles end with their retention."""
    return {
        settings.articles_topic: "delete",
        settings.feed_state_topic: "compact",
        settings.dead_letters_topic: "delete",
    }


def _describe(admin: Any, settings: KafkaSettings) -> dict[str, int]:
    """The number of partitions of those topics that exist."""
    partitions = {}
    for topic in admin.describe_topics(list(_policies(settings))):
        problem = for_code(topic["error_code"])
        if problem is NoError:
            partitions[topic["name"]] = len(topic["partitions"])
        elif problem is not UnknownTopicOrPartitionError:
            raise problem(f"topic {topic['name']}")
    return partitions


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
    admin.wait_for_topics(topics)


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
