"""How the worker reaches Kafka: the settings, the clients made from them, and what their errors mean."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.cluster import get_ip_port_afi
from kafka.errors import (
    AuthorizationError,
    ClusterAuthorizationFailedError,
    IllegalSaslStateError,
    InvalidTopicError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    SaslAuthenticationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnsupportedSaslMechanismError,
    UnsupportedVersionError,
)
from kafka.net.compat import KafkaNetClient

from worker.model.errors import DatelineError, Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# What kafka-python raises when something fails: its own errors, those of sockets, and that of a closed event loop.
CLIENT_ERRORS = (KafkaError, OSError, RuntimeError)

BOOTSTRAP_SECONDS = 8.0
REQUEST_SECONDS = 15.0

_KNOCK_SECONDS = 3.0
_RECONNECT_SECONDS = 2.0
_FILES = ("ssl_cafile", "ssl_certfile", "ssl_keyfile", "ssl_crlfile")
_PASSWORD_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

# What an access control list must allow, by what Kafka says when it does not.
_RIGHTS: tuple[tuple[type[Exception], str], ...] = (
    (TopicAuthorizationFailedError, "Read, Write, Describe and DescribeConfigs on the three topics"),
    (TransactionalIdAuthorizationFailedError, "Write and Describe on the transactional id {id}"),
    (ClusterAuthorizationFailedError, "Create and IdempotentWrite on the cluster"),
)
_LOGIN_ERRORS = (SaslAuthenticationFailedError, UnsupportedSaslMechanismError, IllegalSaslStateError)


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Where Kafka is and how the worker uses it.

    `name` is the deployment's: of two workers with one name, the later one takes over. `partitions` and
    `replication_factor` hold for topics that are created. `compression` is none, lz4, zstd or gzip. `security` goes
    to kafka-python as it is (`security_protocol`, `sasl_mechanism`, `ssl_cafile` …).
    """

    name: str
    bootstrap_servers: tuple[str, ...]
    articles_topic: str
    feed_state_topic: str
    dead_letters_topic: str
    create_topics: bool
    partitions: int
    replication_factor: int
    transaction_timeout_seconds: float
    delivery_timeout_seconds: float
    max_event_bytes: int
    compression: str
    security: Mapping[str, Any] = field(default_factory=dict)

    @property
    def transactional_id(self) -> str:
        """What Kafka knows the worker by: a restart has the same one and so fences its own past."""
        return f"dateline.{self.name}"


def open_admin(
    settings: KafkaSettings, *, bootstrap_seconds: float = BOOTSTRAP_SECONDS, request_seconds: float = REQUEST_SECONDS
) -> Any:
    """A client that asks about topics and transactions.

    Raises:
        Retry: no broker answers.
        Stop: Kafka does not let us in, or the security settings are impossible.
    """
    return connect(
        KafkaAdminClient,
        settings,
        bootstrap_timeout_ms=_milliseconds(bootstrap_seconds),
        request_timeout_ms=_milliseconds(request_seconds),
    )


def open_consumer(settings: KafkaSettings) -> Any:
    """A client that reads what is committed, as nobody's group member.

    Raises:
        Retry: no broker answers.
        Stop: Kafka does not let us in, or the security settings are impossible.
    """
    return connect(
        KafkaConsumer,
        settings,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        allow_auto_create_topics=False,
        max_poll_records=5_000,
        metrics_enabled=False,
        request_timeout_ms=_milliseconds(REQUEST_SECONDS),
    )


def connect(kind: Callable[..., Any], settings: KafkaSettings, **options: Any) -> Any:
    """Make a client of kafka-python; a failed attempt leaves neither threads nor sockets behind.

    Raises:
        Retry: no broker answers.
        Stop: Kafka does not let us in, or the security settings are impossible.
    """
    _check_security(settings.security)
    if "proxy_url" not in settings.security:
        _knock(settings)
    network = _Network()
    chosen = {
        **settings.security,
        "bootstrap_servers": list(settings.bootstrap_servers),
        "bootstrap_timeout_ms": _milliseconds(BOOTSTRAP_SECONDS),
        "client_id": settings.transactional_id,
        "reconnect_backoff_max_ms": _milliseconds(_RECONNECT_SECONDS),
        "kafka_client": network,
        **options,
    }
    try:
        return kind(**chosen)
    except Exception as error:
        network.close()
        raise _explain(error, network.failure, settings) from error


def translate(error: Exception, settings: KafkaSettings) -> Retry | Stop:
    """What an error of kafka-python means for the caller, when nothing was written."""
    if isinstance(error, AuthorizationError):
        needed = next((text for kind, text in _RIGHTS if isinstance(error, kind)), "what the worker needs")
        needed = needed.format(id=settings.transactional_id)
        return Stop(f"Kafka does not allow it ({one_line(error)}): allow {needed}")
    if isinstance(error, _LOGIN_ERRORS):
        return Stop(f"Kafka does not let the worker in ({one_line(error)}): check kafka.security")
    if isinstance(error, InvalidTopicError):
        return Stop(f"Kafka does not take the name of a topic ({one_line(error)}): check kafka.topics")
    if isinstance(error, UnsupportedVersionError):
        return Stop(f"this Kafka is too old ({one_line(error)}): version 2.5 or later is needed")
    return Retry(f"Kafka at {', '.join(settings.bootstrap_servers)} failed: {one_line(error)}")


def one_line(error: Exception) -> str:
    """The text of an error without line ends."""
    return " ".join(str(error).split())


class _Network:
    """Makes the network part of one client, and keeps hold of it: a constructor that fails does not close it."""

    def __init__(self) -> None:
        self.failure: Exception | None = None
        self._client: Any = None

    def __call__(self, **options: Any) -> Any:
        self._client = KafkaNetClient(**options)
        manager = self._client._manager  # noqa: SLF001 - the only place that sees why a connection failed
        get_connection = manager.get_connection

        def get_watched_connection(*args: Any, **kwargs: Any) -> Any:
            connection = get_connection(*args, **kwargs)
            if not connection.init_future.is_done:
                connection.init_future.add_errback(self._note)
            return connection

        manager.get_connection = get_watched_connection
        return self._client

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _note(self, error: Exception) -> None:
        self.failure = error


def _explain(error: Exception, failure: Exception | None, settings: KafkaSettings) -> DatelineError:
    """What a client that could not be made means. `failure` is why its last connection failed."""
    if isinstance(error, KafkaTimeoutError):
        if isinstance(failure, (*_LOGIN_ERRORS, AuthorizationError)):
            return translate(failure, settings)
        reason = one_line(failure) if failure else f"no answer within {BOOTSTRAP_SECONDS:.0f} s"
        return Retry(
            f"no Kafka broker answers at {', '.join(settings.bootstrap_servers)} ({reason}); "
            "checked kafka.bootstrap_servers and kafka.security"
        )
    if isinstance(error, (KafkaConfigurationError, ValueError, TypeError, RuntimeError)):
        return Stop(f"Kafka cannot be used with these settings: {one_line(error)}; check kafka.security")
    return translate(error, settings)


def _check_security(security: Mapping[str, Any]) -> None:
    """Refuse what kafka-python lets pass at first: missing files, empty credentials, passwords on an open line."""
    for option in _FILES:
        if path := security.get(option):
            try:
                Path(path).open("rb").close()
            except OSError as error:
                raise Stop(f"kafka.security.{option}: {path} cannot be read ({_reason(error)})") from error
    protocol = security.get("security_protocol", "PLAINTEXT")
    if not protocol.startswith("SASL_") or security.get("sasl_mechanism") not in _PASSWORD_MECHANISMS:
        return
    for option in ("sasl_plain_username", "sasl_plain_password"):
        if not security.get(option):
            raise Stop(f"kafka.security.{option} is empty: {security['sasl_mechanism']} needs it")
    if protocol == "SASL_PLAINTEXT":
        raise Stop("kafka.security.security_protocol is SASL_PLAINTEXT: it would show the password; use SASL_SSL")


def _knock(settings: KafkaSettings) -> None:
    """Connect to one of the bootstrap servers, for a quick and exact answer when there is none."""
    deadline_seconds = time.monotonic() + BOOTSTRAP_SECONDS
    failures = []
    for server in settings.bootstrap_servers:
        try:
            host, port, _ = get_ip_port_afi(server)
        except ValueError:
            raise Stop(f"kafka.bootstrap_servers: {server!r} is not host:port") from None
        left_seconds = min(_KNOCK_SECONDS, max(0.5, deadline_seconds - time.monotonic()))
        try:
            socket.create_connection((host, port), timeout=left_seconds).close()
        except OSError as error:
            failures.append(f"{server} ({_reason(error)})")
        else:
            return
    raise Retry(f"no Kafka broker answers at {', '.join(failures)}; checked kafka.bootstrap_servers")


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    return (error.strerror or str(error)).lower()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
