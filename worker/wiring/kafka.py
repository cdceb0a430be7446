"""The settings of the Kafka edges from a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.edges.kafka_client import KafkaSettings
from worker.edges.kafka_tokens import EndpointTokens, FileTokens
from worker.edges.schema_registry import RegistrySettings
from worker.wiring.names import instance_of

if TYPE_CHECKING:
    from pathlib import Path

    from worker.config import Config, Kafka, SchemaRegistry, Security


def kafka_settings(config: Config, kafka: Kafka, *, port: int = 0) -> KafkaSettings:
    """The settings of the Kafka edges from a configuration and its section; `port` is where a worker listens."""
    security = kafka.security
    options = {
        "security_protocol": security.protocol,
        "sasl_mechanism": security.mechanism,
        "sasl_plain_username": security.username,
        "sasl_plain_password": security.password.get_secret_value() if security.password else None,
        "sasl_oauth_token_provider": _tokens(security),
        "ssl_cafile": _path(security.ca_file),
        "ssl_certfile": _path(security.cert_file),
        "ssl_keyfile": _path(security.key_file),
    }
    return KafkaSettings(
        name=config.name,
        bootstrap_servers=kafka.bootstrap_servers,
        articles_topic=kafka.topics.articles,
        feed_state_topic=kafka.topics.feed_state,
        dead_letters_topic=kafka.topics.dead_letters,
        latest_topic=kafka.topics.latest,
        create_topics=kafka.create_topics,
        partitions=kafka.partitions,
        replication_factor=kafka.replication_factor,
        transaction_timeout_seconds=kafka.transaction_timeout_seconds,
        delivery_timeout_seconds=kafka.delivery_timeout_seconds,
        max_event_bytes=kafka.max_event_bytes,
        compression=kafka.compression,
        routed_topics=config.routed_topics,
        registry=_registry(kafka.schema_registry),
        instance=instance_of(config, port),
        session_timeout_seconds=kafka.session_timeout_seconds,
        shard_grace_seconds=kafka.shard_grace_seconds,
        leave_on_stop=kafka.leave_on_stop,
        security={key: value for key, value in options.items() if value is not None},
    )


def _tokens(security: Security) -> FileTokens | EndpointTokens | None:
    if security.token_file is not None:
        return FileTokens(security.token_file)
    if security.token_url is None or security.client_id is None or security.client_secret is None:
        return None
    return EndpointTokens(
        url=security.token_url,
        client_id=security.client_id,
        client_secret=security.client_secret.get_secret_value(),
        scope=security.scope,
        ca_file=security.ca_file,
    )


def _registry(registry: SchemaRegistry) -> RegistrySettings | None:
    if registry.url is None:
        return None
    return RegistrySettings(
        url=registry.url,
        mode=registry.mode,
        subject=registry.subject,
        register=registry.registers,
        username=registry.username,
        password=registry.password.get_secret_value() if registry.password else None,
        ca_file=registry.ca_file,
    )


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
