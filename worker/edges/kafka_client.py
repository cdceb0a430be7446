"""How the worker reaches Kafka: the settings, the clients made from them, and what their errors mean."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kafka import KafkaAdminClient, KafkaConsumer
from kafka.cluster import get_ip_port_afi
from kafka.errors import (
    AuthorizationError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    InvalidSessionTimeoutError,
    InvalidTopicError,
    KafkaConfigurationError,
    KafkaError,
    KafkaTimeoutError,
    RequestTimedOutError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailedError,
    UnsupportedVersionError,
)

from worker.edges.kafka_network import Network
from worker.edges.kafka_security import (
    LOGIN_ERRORS,
    certificate_problem,
    client_options,
    login_problem,
)
from worker.model.errors import DatelineError, Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.edges.schema_registry import RegistrySettings

# What kafka-python raises when something fails: its own errors, those of sockets, and that of a closed event loop.
CLIENT_ERRORS = (KafkaError, OSError, RuntimeError)

BOOTSTRAP_SECONDS = 8.0
REQUEST_SECONDS = 15.0
# How soon it is noticed that a topic has more partitions.
METADATA_SECONDS = 30.0

_KNOCK_SECONDS = 3.0
_RECONNECT_SECONDS = 2.0
# kafka-python rests so long between two questions for metadata, and a producer also while it learns where its
# coordinators are. With its own 0.1 s, half of a start was rest.
_RETRY_SECONDS = 0.02

# What an access control list must allow, by what Kafka says when it does not.
_RIGHTS: tuple[tuple[type[Exception], str], ...] = (
    (TopicAuthorizationFailedError, "Read, Write, Describe and DescribeConfigs on all of its topics"),
    (TransactionalIdAuthorizationFailedError, "Write and Describe on the transactional id {id}"),
    (GroupAuthorizationFailedError, "Read on the group {group}"),
    (ClusterAuthorizationFailedError, "Create and IdempotentWrite on the cluster"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Where Kafka is and how the worker uses it.

    Articles go to `articles_topic`, or to one of the `routed_topics`, which are made at the start as well. With a
    `latest_topic` each article's newest revision is there as well. With a `registry` their records name their schema.
    `name` is the deployment's: its workers share the feeds. `instance` is one worker's place among them: of two with
    the same, the later one takes over. A worker that is silent for `session_timeout_seconds` loses its shards; one
    that is to give up a shard may finish for `shard_grace_seconds`. With `leave_on_stop` a worker that is closed
    gives its shards up at once. `partitions` and `replication_factor` hold for topics that are created. `compression`
    is none, lz4, zstd or gzip. `security` goes to kafka-python as it is (`security_protocol`, `sasl_mechanism` …).
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
    routed_topics: tuple[str, ...] = ()
    latest_topic: str | None = None
    registry: RegistrySettings | None = None
    instance: str = "0"
    session_timeout_seconds: float = 10.0
    shard_grace_seconds: float = 8.0
    leave_on_stop: bool = True
    security: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def all_articles_topics(self) -> tuple[str, ...]:
        """Every topic with articles, each once."""
        return tuple(dict.fromkeys((self.articles_topic, *self.routed_topics)))

    @property
    def transactional_id(self) -> str:
        """What Kafka knows the worker by: a restart has the same one and so fences its own past."""
        return f"{self.name}.{self.instance}"

    @property
    def group_id(self) -> str:
        """The consumer group that the workers of this name are."""
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
        metadata_max_age_ms=_milliseconds(METADATA_SECONDS),
        metrics_enabled=False,
        request_timeout_ms=_milliseconds(REQUEST_SECONDS),
    )


def connect(kind: Callable[..., Any], settings: KafkaSettings, **options: Any) -> Any:
    """Make a client of kafka-python; a failed attempt leaves neither threads nor sockets behind.

    Raises:
        Retry: no broker answers.
        Stop: Kafka does not let us in, or the security settings are impossible.
    """
    security = client_options(settings.security)
    if "proxy_url" not in security:
        _knock(settings, security.get("ssl_context"))
    network = Network(_is_final)
    chosen = {
        **security,
        "bootstrap_servers": list(settings.bootstrap_servers),
        "bootstrap_timeout_ms": _milliseconds(BOOTSTRAP_SECONDS),
        "client_id": settings.transactional_id,
        "reconnect_backoff_max_ms": _milliseconds(_RECONNECT_SECONDS),
        "retry_backoff_ms": _milliseconds(_RETRY_SECONDS),
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
        needed = needed.format(id=settings.transactional_id, group=settings.group_id)
        return Stop(f"Kafka does not allow it ({one_line(error)}): allow {needed}")
    if isinstance(error, LOGIN_ERRORS):
        return login_problem(error, settings.security)
    if isinstance(error, InvalidTopicError):
        return Stop(f"Kafka does not take the name of a topic ({one_line(error)}): check kafka.topics")
    if isinstance(error, InvalidSessionTimeoutError):
        return Stop(
            f"Kafka does not take a session timeout of {settings.session_timeout_seconds:g} s: it is not within the "
            "brokers' group.min.session.timeout.ms and group.max.session.timeout.ms"
        )
    if isinstance(error, UnsupportedVersionError):
        return Stop(f"this Kafka is too old ({one_line(error)}): version 2.5 or later is needed")
    return Retry(f"Kafka at {', '.join(settings.bootstrap_servers)} failed: {one_line(error)}")


def taken_over(settings: KafkaSettings) -> Stop:
    """What a worker is told that finds another one in its place."""
    return Stop(
        f"another worker with the name {settings.name} took over as instance {settings.instance}; nothing was "
        "written: stop one of the two, or give each a kafka.instance of its own"
    )


def one_line(error: Exception) -> str:
    """The text of an error without line ends."""
    return " ".join(str(error).split())


def _is_final(error: Exception) -> bool:
    refused = isinstance(error, (DatelineError, *LOGIN_ERRORS, AuthorizationError))
    return refused or certificate_problem("", error) is not None


def _explain(error: Exception, failure: Exception | None, settings: KafkaSettings) -> DatelineError:
    """What a client that could not be made means. `failure` is why its last connection failed."""
    if isinstance(failure, DatelineError):  # a token could not be had
        return failure
    if failure and (stop := certificate_problem(", ".join(settings.bootstrap_servers), failure)):
        return stop
    if isinstance(error, KafkaTimeoutError):
        if isinstance(failure, (*LOGIN_ERRORS, AuthorizationError)):
            return translate(failure, settings)
        reason = one_line(failure) if failure else f"no answer within {BOOTSTRAP_SECONDS:.0f} s"
        if isinstance(failure, RequestTimedOutError):
            reason = "it takes connections, and does not answer as Kafka does"
        return Retry(
            f"no Kafka broker answers at {', '.join(settings.bootstrap_servers)} ({reason}); "
            "checked kafka.bootstrap_servers and kafka.security"
        )
    if isinstance(error, (KafkaConfigurationError, ValueError, TypeError)):
        return Stop(f"Kafka cannot be used with these settings: {one_line(error)}; check kafka.security")
    return translate(error, settings)


def _knock(settings: KafkaSettings, tls: ssl.SSLContext | None) -> None:
    """Connect to one of the bootstrap servers, for a quick and exact answer when there is none."""
    deadline_seconds = time.monotonic() + BOOTSTRAP_SECONDS
    failures = []
    refused: Stop | None = None
    for server in settings.bootstrap_servers:
        try:
            host, port, _ = get_ip_port_afi(server)
        except ValueError:
            raise Stop(f"kafka.bootstrap_servers: {server!r} is not host:port") from None
        left_seconds = min(_KNOCK_SECONDS, max(0.5, deadline_seconds - time.monotonic()))
        try:
            with socket.create_connection((host, port), timeout=left_seconds) as connection:
                if tls is not None:
                    tls.wrap_socket(connection, server_hostname=host).close()
        except OSError as error:
            refused = refused or certificate_problem(server, error)
            failures.append(f"{server} ({_reason(error)})")
        else:
            return
    raise refused or Retry(
        f"no Kafka broker answers at {', '.join(failures)}; checked kafka.bootstrap_servers"
        f"{'' if tls is None else ' and kafka.security'}"
    )


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "no answer"
    if isinstance(error, ssl.SSLError):
        # OpenSSL's words for whoever closes, or answers in plain text; those for certificates are told elsewhere.
        return f"TLS is not spoken there, or not as here: {(error.reason or 'unknown').lower().replace('_', ' ')}"
    return (error.strerror or str(error)).lower()


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
