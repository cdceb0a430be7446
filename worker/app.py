"""Composition root: puts the edges, the pipeline and the runner together."""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog

from worker import __version__
from worker.config import ConfigError, Topics, changes
from worker.edges.children import Children
from worker.edges.clock import SystemClock
from worker.edges.lag import watch_loop
from worker.edges.metrics import PrometheusMetrics
from worker.edges.notify import ServiceManager
from worker.edges.pages import Pages
from worker.edges.status import HubCallbacks, StatusServer
from worker.edges.watch import FileWatch
from worker.reading import PREPARE, READER
from worker.runner import CommitSettings, Runner, RunnerSettings
from worker.wiring.fetching import agent_of, fetcher_of, hubs_of, limits_of
from worker.wiring.ledgers import ledger_of
from worker.wiring.names import ledger_name
from worker.wiring.traces import tracing_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from worker.config import Config
    from worker.edges.child_launch import Launched
    from worker.ports import Fetcher, Ledger, Readers

_THREADS = 32


class Worker:
    """The whole worker for one configuration.

    Args:
        config: what it runs with.
        read_at: when `config` began to be read.
        load: reads the configuration again, when its files change or `reload` is called. Without it, never.
        reload_by_http: whether a POST to /-/reload does so as well.
        launched: what `launch_readers` began for it.
        ledger: what `ledger_of` made of `config`, when that was done before.
    """

    def __init__(  # noqa: PLR0913 - what a worker is begun with
        self,
        config: Config,
        *,
        read_at: datetime | None = None,
        load: Callable[[], Config] | None = None,
        reload_by_http: bool = False,
        launched: Launched | None = None,
        ledger: Ledger | None = None,
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
        self._tracing = tracing = tracing_of(config)
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
        ledger = ledger or ledger_of(config)
        readers: Readers = self._readers
        fetcher: Fetcher = fetcher_of(config, fetch.allow_networks)
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
                agent=agent_of(fetch),
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
                hubs=hubs_of(config),
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
