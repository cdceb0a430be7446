"""Composition root: the one file that names concrete edges."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import structlog

from worker import __version__
from worker.config import ConfigError, Fetch, Topics, changes
from worker.edges.children import Children
from worker.edges.clock import SystemClock
from worker.edges.http import HttpFetcher
from worker.edges.kafka_client import KafkaSettings
from worker.edges.kafka_ledger import KafkaLedger
from worker.edges.kafka_reader import KafkaReader, read_feed_states
from worker.edges.kafka_tokens import EndpointTokens, FileTokens
from worker.edges.kafka_topics import ensure_topics
from worker.edges.metrics import PrometheusMetrics
from worker.edges.notify import ServiceManager
from worker.edges.pages import Pages
from worker.edges.sqlite import SqliteLedger, SqliteReader, read_states
from worker.edges.status import HubCallbacks, StatusServer
from worker.edges.watch import FileWatch
from worker.model.errors import Stop
from worker.model.event import Batch
from worker.model.feed import Feed
from worker.model.fetch import Request, Response
from worker.pipeline import Limits, digest_of, first_state, process
from worker.pipeline.notes import feed_states
from worker.pipeline.overview import feed_status
from worker.runner import CommitSettings, HubSettings, Manners, Runner, RunnerSettings
from worker.steps.encode import decode_state

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from ipaddress import IPv4Network, IPv6Network

    from worker.config import Config, Kafka, Security
    from worker.model.step import Digest
    from worker.ports import Ledger, Reader

# What one record may hold when no broker sets a limit: Kafka's own default, so that a file can be forwarded later.
_MAX_EVENT_BYTES = 1_000_000
_THREADS = 32
_EVERYWHERE = (ip_network("0.0.0.0/0"), ip_network("::/0"))


class Worker:
    """The whole worker for one configuration.

    Args:
        config: what it runs with.
        load: reads the configuration again, when its files change or `reload` is called. Without it, never.
    """

    def __init__(self, config: Config, *, load: Callable[[], Config] | None = None) -> None:
        self._config = config
        self._load = load
        self._reload = asyncio.Event()
        fetch, clock = config.fetch, SystemClock()
        topics = (config.kafka.topics if config.kafka else Topics()).model_dump()
        self._log = structlog.get_logger()
        self._clock = clock
        self._metrics = metrics = PrometheusMetrics(version=__version__, topics=topics)
        self._readers = Children(
            "worker.pipeline.session:Session",
            preload="worker.pipeline.prepare:prepare",
            count=fetch.children or os.cpu_count() or 1,
            deadline_seconds=fetch.parse_deadline_seconds,
            memory_bytes=fetch.parse_memory_bytes,
            replaced=metrics.reader_replaced,
        )
        self._runner = Runner(
            config.feeds,
            ledger=_ledger(config),
            fetcher=_fetcher(config, fetch.allow_networks),
            readers=self._readers,
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
        )
        self._status = StatusServer(
            host=config.listen_host,
            port=config.listen_port,
            metrics=metrics,
            alive=self._runner.not_alive,
            ready=self._runner.not_ready,
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
        listening(await self._status.start())
        try:
            await self._readers.start()
            beside = {asyncio.create_task(self._follow()), asyncio.create_task(self._manager.run())}
            try:
                await self._runner.run(once=once)
            finally:
                for task in beside:
                    task.cancel()
                await asyncio.wait(beside)
        finally:
            await self._readers.close()
            await self._status.stop()

    def _shown_config(self) -> dict[str, Any]:
        """The effective configuration without secrets, and without feeds: each of them has a page of its own."""
        return self._config.model_copy(update={"feeds": ()}).redacted()

    async def _follow(self) -> None:
        """Take over what changes in the configuration's files. A bad one changes nothing."""
        if self._load is None:
            return
        watch = FileWatch(self._config.files)
        while True:
            await self._told_to_reload(watch)
            self._reload.clear()
            try:
                after = await asyncio.to_thread(self._load)
            except ConfigError as error:
                self._metrics.reloaded("refused", self._clock.now())
                self._log.error("config_refused", mistakes=str(error).splitlines(), detail="the old one stays in force")
                continue
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
            if after.files != self._config.files:
                watch = FileWatch(after.files)
            self._config = after

    async def _told_to_reload(self, watch: FileWatch) -> None:
        """Return when somebody asks for it, or a file has changed."""
        told = asyncio.create_task(self._reload.wait())
        changed = asyncio.create_task(watch.changed())
        try:
            await asyncio.wait({told, changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (told, changed):
                task.cancel()
            await asyncio.gather(told, changed, return_exceptions=True)


def ledger_name(config: Config) -> str:
    """Where this configuration publishes to, for people."""
    if config.kafka is None:
        return f"the SQLite file {config.sqlite.path}"
    return f"Kafka at {','.join(config.kafka.bootstrap_servers)}, topic {config.kafka.topics.articles}"


def open_reader(config: Config, *, from_beginning: bool) -> Reader:
    """Follow the articles that this configuration publishes.

    Raises:
        Retry: if the ledger cannot be reached.
        Stop: if it cannot be read at all.
    """
    if config.kafka is None:
        return SqliteReader(config.sqlite.path, from_beginning=from_beginning)
    return KafkaReader(kafka_settings(config.name, config.kafka), from_beginning=from_beginning)


def feed_statuses(config: Config) -> list[dict[str, Any]]:
    """How each feed of a configuration is doing, by what was last committed.

    Raises:
        Retry: if the ledger cannot be reached.
        Stop: if it cannot be read at all.
    """
    if config.kafka is None:
        values: Mapping[str, bytes] = read_states(config.sqlite.path)
    else:
        values = read_feed_states(kafka_settings(config.name, config.kafka)).values
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
    return ensure_topics(kafka_settings(config.name, config.kafka))


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
        is_url = source.startswith(("http://", "https://"))
        fetched = await manners.fetch(Request(url=source)) if is_url else _read(Path(source))
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


def _read(path: Path) -> Response:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise Stop(f"{path}: cannot be read: {error.strerror}; give the address of a feed or a file") from error
    return Response(url=path.name, status=200, body=body, retrieved_at=SystemClock().now())


def kafka_settings(name: str, kafka: Kafka, *, port: int = 0) -> KafkaSettings:
    """The settings of the Kafka edges from the section of the configuration; `port` is where a worker listens."""
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
        name=name,
        bootstrap_servers=kafka.bootstrap_servers,
        articles_topic=kafka.topics.articles,
        feed_state_topic=kafka.topics.feed_state,
        dead_letters_topic=kafka.topics.dead_letters,
        create_topics=kafka.create_topics,
        partitions=kafka.partitions,
        replication_factor=kafka.replication_factor,
        transaction_timeout_seconds=kafka.transaction_timeout_seconds,
        delivery_timeout_seconds=kafka.delivery_timeout_seconds,
        max_event_bytes=kafka.max_event_bytes,
        compression=kafka.compression,
        instance=kafka.instance or re.sub("[^a-zA-Z0-9._-]", "-", f"{socket.gethostname()}-{port}"),
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


def _ledger(config: Config) -> Ledger:
    if config.kafka is None:
        return SqliteLedger(config.sqlite.path, name=config.name, max_event_bytes=_MAX_EVENT_BYTES)
    return KafkaLedger(kafka_settings(config.name, config.kafka, port=config.listen_port))


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
    )


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
