"""Composition root: the one file that names concrete edges."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

import structlog

from worker import __version__
from worker.config import ConfigError, Fetch, Mistake, Topics, changes, location
from worker.edges.children import Children
from worker.edges.clock import SystemClock
from worker.edges.guard import AddressGuard
from worker.edges.http import HttpFetcher
from worker.edges.kafka_client import KafkaSettings
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_reader import KafkaReader, read_feed_states
from worker.edges.kafka_tokens import EndpointTokens, FileTokens
from worker.edges.kafka_topics import ensure_topics
from worker.edges.lag import watch_loop
from worker.edges.metrics import PrometheusMetrics
from worker.edges.notify import ServiceManager
from worker.edges.pages import Pages
from worker.edges.schema_registry import RegistrySettings
from worker.edges.sqlite import SqliteLedger, SqliteReader, read_states
from worker.edges.status import HubCallbacks, StatusServer
from worker.edges.watch import FileWatch
from worker.model.errors import Stop
from worker.model.event import Batch
from worker.model.feed import Feed
from worker.model.fetch import Request, Response
from worker.model.secrets import without_secrets
from worker.pipeline import Limits, digest_of, first_state, process
from worker.pipeline.notes import feed_states
from worker.pipeline.overview import feed_status
from worker.reading import PREPARE, READER
from worker.runner import CommitSettings, HubSettings, Manners, Runner, RunnerSettings
from worker.steps.encode import decode_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from ipaddress import IPv4Network, IPv6Network

    from worker.config import Config, Kafka, SchemaRegistry, Security
    from worker.edges.child_template import Launched
    from worker.edges.tracing import OtelTracing
    from worker.model.step import Digest
    from worker.ports import Fetcher, Ledger, Reader, Readers

# What one record may hold when no broker sets a limit: Kafka's own default, so that a file can be forwarded later.
_MAX_EVENT_BYTES = 1_000_000
_THREADS = 32
_TOPICS_SHOWN = 3
_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class Worker:
    """The whole worker for one configuration.

    Args:
        config: what it runs with.
        read_at: when `config` began to be read.
        load: reads the configuration again, when its files change or `reload` is called. Without it, never.
        reload_by_http: whether a POST to /-/reload does so as well.
        launched: what `launch_readers` began for it.
    """

    def __init__(
        self,
        config: Config,
        *,
        read_at: datetime | None = None,
        load: Callable[[], Config] | None = None,
        reload_by_http: bool = False,
        launched: Launched | None = None,
    ) -> None:
        self._config = config
        self._load = load
        self._read_at = read_at or SystemClock().now()
        self._reading = asyncio.Lock()
        self._reload = asyncio.Event()
        # Set when a POST had the configuration read, which may name other files now.
        self._rewatch = asyncio.Event()
        fetch, clock = config.fetch, SystemClock()
        topics = config.kafka.topics if config.kafka else Topics()
        self._log = structlog.get_logger()
        self._clock = clock
        self._metrics = metrics = PrometheusMetrics(
            version=__version__,
            articles_topics=(topics.articles, *(topic for topic in config.routed_topics if topic != topics.articles)),
            dead_letters_topic=topics.dead_letters,
            feed_state_topic=topics.feed_state,
            latest_topic=topics.latest,
            concurrency=fetch.concurrency,
        )
        self._tracing = tracing = _tracing(config)
        self._readers = Children(
            READER,
            preload=PREPARE,
            count=fetch.children or os.cpu_count() or 1,
            deadline_seconds=fetch.parse_deadline_seconds,
            memory_bytes=fetch.parse_memory_bytes,
            replaced=metrics.reader_replaced,
            called=self._timed,
            launched=launched,
        )
        ledger = _ledger(config)
        readers: Readers = self._readers
        fetcher: Fetcher = _fetcher(config, fetch.allow_networks)
        if tracing is not None:
            ledger, readers, fetcher = tracing.ledger(ledger), tracing.readers(readers), tracing.fetcher(fetcher)
        self._runner = Runner(
            config.feeds,
            ledger=ledger,
            fetcher=fetcher,
            readers=readers,
            metrics=metrics,
            clock=clock,
            settings=RunnerSettings(
                agent=_agent(fetch),
                host_gap_seconds=fetch.host_gap_seconds,
                concurrency=fetch.concurrency,
                drain_timeout_seconds=config.drain_timeout_seconds,
                commit=CommitSettings(
                    max_events=config.commit.max_events,
                    max_bytes=config.commit.max_bytes,
                    max_delay_seconds=config.commit.max_delay_seconds,
                    pending_bytes=config.commit.pending_bytes,
                ),
                limits=limits_of(config),
                hubs=_hubs(config),
                readers=fetch.children or os.cpu_count() or 1,
            ),
            tracing=tracing,
        )
        if config.metrics.per_feed:
            metrics.show_feeds(partial(self._runner.overview.vitals, config.metrics.per_feed))
        self._status = StatusServer(
            host=config.listen_host,
            port=config.listen_port,
            metrics=metrics,
            alive=self._runner.not_alive,
            ready=self._runner.not_ready,
            reload=self._read_again if reload_by_http else None,
            pages=Pages(
                overview=self._runner.overview,
                about={"name": config.name, "version": __version__, "ledger": ledger_name(config)},
                config=self._shown_config,
            ),
            hubs=None
            if self._runner.hubs is None
            else HubCallbacks(
                callbacks=self._runner.hubs,
                max_body_bytes=fetch.max_body_bytes,
                timeout_seconds=fetch.timeout_seconds,
            ),
        )

        self._manager = ServiceManager(os.environ, alive=self._runner.not_alive, ready=self._runner.not_ready)

    def stop(self) -> None:
        """Finish what is under way and return from `run`."""
        self._manager.stopping()
        self._runner.stop()

    def reload(self) -> None:
        """Read the configuration again now. May be called from a signal handler."""
        self._reload.set()

    async def run(self, *, once: bool, listening: Callable[[str], None] = lambda _: None) -> None:
        """Serve metrics and health, and poll.

        Args:
            once: poll every feed once and return.
            listening: told the base URL of metrics and health.

        Raises:
            Retry: as `Runner.run`.
            Stop: if the address is taken, or the ledger refuses this worker.
        """
        # Looking up names takes threads: a few dead domains must not hold up the others.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS, "dateline"))
        # The readers load for a second, in a process of their own: the ledger is opened meanwhile.
        readers = asyncio.create_task(self._readers.start())
        try:
            listening(await self._status.start())
            beside = {
                asyncio.create_task(work)
                for work in (self._follow(), self._manager.run(), watch_loop(self._metrics.loop_lagged))
            }
            try:
                await self._runner.run(once=once, ready=readers)
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.wait(beside)
        finally:
            readers.cancel()
            await asyncio.gather(readers, return_exceptions=True)
            await self._readers.close()
            await self._status.stop()
            if self._tracing is not None:
                await asyncio.to_thread(self._tracing.close)

    def _timed(self, method: str, seconds: float) -> None:
        """A call to a session in a reader is over; see `worker.pipeline.session`."""
        (self._metrics.extracted if method == "settle" else self._metrics.parsed)(seconds)

    def _shown_config(self) -> dict[str, Any]:
        """The effective configuration without secrets, and without feeds: each of them has a page of its own."""
        return self._config.model_copy(update={"feeds": ()}).redacted()

    async def _follow(self) -> None:
        """Take over what changes in the configuration's files. A bad one changes nothing."""
        if self._load is None:
            return
        watch = FileWatch(self._config.files, read_at=self._read_at)
        while True:
            if await self._told_to_reload(watch):
                self._reload.clear()
                await self._read_again()
            self._rewatch.clear()
            if self._config.files != watch.files:
                watch = FileWatch(self._config.files, read_at=self._read_at)

    async def _read_again(self) -> str | None:
        """Take over the configuration as its files are now; the mistakes in them, which change nothing, else None."""
        if self._load is None:
            return "this worker's configuration cannot be read again"
        async with self._reading:
            began_at = self._clock.now()
            try:
                after = await asyncio.to_thread(self._load)
            except ConfigError as error:
                self._metrics.reloaded("refused", self._clock.now())
                self._log.error("config_refused", mistakes=str(error).splitlines(), detail="the old one stays in force")
                return str(error)
            found = changes(self._config, after)
            moved = bool(found.added or found.removed or found.changed)
            self._metrics.reloaded("applied" if moved else "unchanged", self._clock.now())
            self._log.info(
                "config_read",
                added=len(found.added),
                removed=len(found.removed),
                changed=len(found.changed),
                needs_restart=list(found.restart) or None,
            )
            if moved:
                self._runner.replace_feeds(after.feeds)
            self._config, self._read_at = after, began_at
            self._rewatch.set()
            return None

    async def _told_to_reload(self, watch: FileWatch) -> bool:
        """Return when somebody asks for it, or a file has changed; False when only the files to watch are others."""
        rewatch = asyncio.create_task(self._rewatch.wait())
        tasks = {asyncio.create_task(self._reload.wait()), asyncio.create_task(watch.changed()), rewatch}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return done != {rewatch}


def ledger_name(config: Config) -> str:
    """Where this configuration publishes to, for people."""
    if config.kafka is None:
        return f"the SQLite file {config.sqlite.path}"
    topics = ", ".join(dict.fromkeys((config.kafka.topics.articles, *config.routed_topics[:_TOPICS_SHOWN])))
    more = "" if len(config.routed_topics) <= _TOPICS_SHOWN else " and more"
    return f"Kafka at {','.join(config.kafka.bootstrap_servers)}, topic {topics}{more}"


def open_reader(
    config: Config, *, from_beginning: bool, table: Literal["articles", "dead_letters"] = "articles"
) -> Reader:
    """Follow the articles that this configuration publishes, or its dead letters.

    Raises:
        Retry: if the ledger cannot be reached.
        Stop: if it cannot be read at all.
    """
    if config.kafka is None:
        topic = getattr(Topics(), table)
        return SqliteReader(config.sqlite.path, topic=topic, table=table, from_beginning=from_beginning)
    topics = None if table == "articles" else (config.kafka.topics.dead_letters,)
    return KafkaReader(kafka_settings(config, config.kafka), topics=topics, from_beginning=from_beginning)


def feed_statuses(config: Config) -> list[dict[str, Any]]:
    """How each feed of a configuration is doing, by what was last committed.

    Raises:
        Retry: if the ledger cannot be reached.
        Stop: if it cannot be read at all.
    """
    if config.kafka is None:
        values: Mapping[str, bytes] = read_states(config.sqlite.path)
    else:
        values = read_feed_states(kafka_settings(config, config.kafka)).values
    now = SystemClock().now()
    states = {feed_id: decode_state(value) for feed_id, value in feed_states(values).items()}
    return [feed_status(feed, states.get(feed.id), now=now) for feed in config.feeds]


def create_topics(config: Config) -> tuple[str, ...]:
    """Create the topics that are missing; their names.

    Raises:
        Retry: if the broker cannot be reached.
        Stop: if no broker is configured, or it refuses.
    """
    if config.kafka is None:
        raise Stop("no broker is configured: set kafka.bootstrap_servers, or DATELINE_KAFKA__BOOTSTRAP_SERVERS")
    return ensure_topics(kafka_settings(config, config.kafka))


async def probe(source: str, config: Config | None, *, content: Literal["feed", "page"] = "feed") -> Batch:
    """What one poll of a URL, or of a file, would write if nothing were known yet.

    Without a configuration every network may be visited: whoever types the address means it.

    Args:
        source: a URL, or the path of a file.
        config: for its fetch settings.
        content: where the text of articles comes from.
    """
    manners = manners_of(config)
    try:
        fetched = await manners.fetch(Request(url=_address(source))) if "://" in source else _read(Path(source))
        feed = Feed(
            id="probe",
            url=fetched.url,
            shard_key="probe",
            interval_seconds=900.0,
            min_interval_seconds=60.0,
            max_interval_seconds=86_400.0,
            content=content,
        )
        limits = limits_of(config)
        digests: dict[str, Digest | None] = {}
        while True:
            step = process(feed, first_state(feed), fetched, now=fetched.retrieved_at, limits=limits, digests=digests)
            if isinstance(step, Batch):
                return step
            for request in step.requests:
                digests[request.url] = digest_of(request, await manners.fetch(request), limits=limits)
    finally:
        await manners.close()


def manners_of(config: Config | None) -> Manners:
    """Asks servers for documents and pages; without a configuration on every network. It has to be closed."""
    fetch = Fetch() if config is None else config.fetch
    return Manners(
        _fetcher(config, _EVERYWHERE if config is None else fetch.allow_networks),
        clock=SystemClock(),
        agent=_agent(fetch),
        gap_seconds=fetch.host_gap_seconds,
    )


def _address(source: str) -> str:
    try:
        return location(source).url
    except Mistake as error:
        raise Stop(f"{without_secrets(source)}: {error}") from None


def _read(path: Path) -> Response:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise Stop(f"{path}: cannot be read: {error.strerror}; give the address of a feed or a file") from error
    return Response(url=path.name, status=200, body=body, retrieved_at=SystemClock().now())


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
        instance=_instance(config, port),
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


def _ledger(config: Config) -> Ledger:
    if config.kafka is None:
        return SqliteLedger(config.sqlite.path, name=config.name, max_event_bytes=_MAX_EVENT_BYTES)
    return KafkaLedger(kafka_settings(config, config.kafka, port=config.listen_port))


def never_visited(config: Config) -> list[str]:
    """The feeds whose addresses this configuration forbids, with the cure; told without looking any name up."""
    guard = AddressGuard(config.fetch.allow_networks)
    hosts = ((feed.id, urlsplit(feed.url).hostname or "") for feed in config.feeds)
    return [f"feed {feed_id} is not visited: {why}" for feed_id, host in hosts if (why := guard.check_host(host))]


def check_packages(config: Config) -> None:
    """See that what this configuration asks for can be had of the packages that are installed.

    Raises:
        Stop: if one is missing.
    """
    if config.tracing.endpoint is None:
        return
    try:
        import worker.edges.tracing  # noqa: F401, PLC0415 - OpenTelemetry is an extra
    except ModuleNotFoundError as error:
        raise Stop(
            f"tracing.endpoint is set, but OpenTelemetry is not installed ({error.name} is missing): "
            "pip install 'dateline[otel]', or remove tracing.endpoint"
        ) from error


def _tracing(config: Config) -> OtelTracing | None:
    if config.tracing.endpoint is None:
        return None
    check_packages(config)
    from worker.edges.tracing import OtelTracing, TracingSettings  # noqa: PLC0415 - an extra

    return OtelTracing(
        TracingSettings(
            endpoint=config.tracing.endpoint,
            headers=config.tracing.sent_headers,
            sample_ratio=config.tracing.sample_ratio,
            service=config.name,
            instance=_instance(config, config.listen_port),
            version=__version__,
        )
    )


def _fetcher(config: Config | None, allow_networks: Sequence[IPv4Network | IPv6Network]) -> HttpFetcher:
    fetch = Fetch() if config is None else config.fetch
    return HttpFetcher(
        user_agent=fetch.user_agent,
        timeout_seconds=fetch.timeout_seconds,
        connect_timeout_seconds=fetch.connect_timeout_seconds,
        idle_timeout_seconds=fetch.idle_timeout_seconds,
        max_body_bytes=fetch.max_body_bytes,
        max_fetching_bytes=fetch.max_fetching_bytes,
        concurrency=fetch.concurrency,
        allow_networks=allow_networks,
        proxy=None if fetch.proxy is None else fetch.proxy.url,
        proxy_environment=os.environ if fetch.proxy_from_environment else None,
        ca_file=fetch.ca_file,
        client_cert=fetch.client_cert,
        client_key=fetch.client_key,
        clock=SystemClock(),
    )


def _hubs(config: Config) -> HubSettings | None:
    websub = config.websub
    if websub.callback_url is None:
        return None
    return HubSettings(
        callback_url=websub.callback_url, lease_seconds=websub.lease_seconds, make_token=secrets.token_urlsafe
    )


def _agent(fetch: Fetch) -> str:
    """The product name of the User-Agent: what a robots.txt calls us (RFC 9309, 2.2.1)."""
    return fetch.user_agent.partition("/")[0].partition(" ")[0]


def limits_of(config: Config | None) -> Limits:
    """Caps on what one poll may cost."""
    return Limits(
        max_body_bytes=config.fetch.max_body_bytes if config else 5 * 2**20,
        max_event_bytes=config.kafka.max_event_bytes if config and config.kafka else _MAX_EVENT_BYTES,
        max_entries=config.fetch.max_entries if config else Fetch().max_entries,
        max_pages=config.fetch.max_pages if config else Fetch().max_pages,
        tombstone_delay_seconds=config.kafka.tombstone_delay_seconds
        if config and config.kafka and config.kafka.topics.latest
        else None,
    )


def _instance(config: Config, port: int) -> str:
    """One worker among those of its name: by where it listens, unless it is named."""
    given = config.kafka.instance if config.kafka else None
    return given or re.sub("[^a-zA-Z0-9._-]", "-", f"{socket.gethostname()}-{port}")


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
