"""`make run`: sample feeds on loopback, a real local Kafka, the worker, and each event as it becomes visible."""

from __future__ import annotations

import asyncio
import shutil
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import worker
from worker.app import Worker
from worker.config import loads
from worker.edges import broker
from worker.edges.broker_files import state_directory
from worker.edges.clock import SystemClock
from worker.edges.log import configure_logging
from worker.edges.samples import SampleServer
from worker.edges.terminal import RecordPrinter
from worker.enquiries import create_topics, open_reader
from worker.model.errors import DatelineError, Retry, Stop
from worker.wiring.names import ledger_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from worker.config import Config
    from worker.ports import Reader

_SAMPLES_PORT = 8931
_KAFKA_PORT = 9092


class Demo:
    """Everything that `make run` starts, and stops again.

    Args:
        say: prints a line for the person at the terminal.
        environ: for `KAFKA_BOOTSTRAP_SERVERS` and `DATELINE_…`.
        step_seconds: how often the samples change; None: never.
    """

    def __init__(self, *, say: Callable[[str], None], environ: Mapping[str, str], step_seconds: float | None) -> None:
        self._say = say
        self._environ = environ
        self._step_seconds = step_seconds
        self._worker: Worker | None = None
        self._stopping = asyncio.Event()
        self._started_broker: broker.LocalBroker | None = None

    def stop(self) -> None:
        """Stop everything in good order."""
        self._stopping.set()
        if self._worker is not None:
            self._worker.stop()

    async def run(self, *, once: bool) -> None:
        """Run until `stop`, or with `once` until every feed was polled.

        Raises:
            Retry: if the ledger cannot be reached.
            Stop: if something stands in the way that only a person can move.
        """
        folder = _examples()
        configure_logging("warning", "auto")
        bootstrap = await asyncio.to_thread(self._find_kafka)
        samples = await self._serve_samples(folder)
        try:
            if not self._stopping.is_set():
                await self._work(self._configuration(folder, samples[1], bootstrap), once=once)
        finally:
            await samples[0].stop()
            await asyncio.to_thread(self._leave_kafka, once=once)

    def _find_kafka(self) -> str | None:
        """A broker to use, started if need be; None when there is none to be had."""
        given = self._environ.get("KAFKA_BOOTSTRAP_SERVERS", "").strip()
        if given:
            self._say(f"Kafka at {given} (from KAFKA_BOOTSTRAP_SERVERS)")
            return given
        try:
            running = self._start_kafka()
        except DatelineError as error:
            self._say(f"going on without Kafka, with an SQLite file instead: {error}")
            return None
        if running.started:
            self._started_broker = running
            self._say(f"Apache Kafka started at {running.bootstrap}")
        else:
            self._say(f"using the Kafka that answers at {running.bootstrap}")
        return running.bootstrap

    def _start_kafka(self) -> broker.LocalBroker:
        try:
            return broker.start(port=_KAFKA_PORT, fresh=True, progress=self._say)
        except Stop:
            if not _taken(_KAFKA_PORT):
                raise
        port = broker.free_port()
        self._say(f"port {_KAFKA_PORT} is held by something that is not Kafka; taking {port}")
        return broker.start(port=port, fresh=True, progress=self._say)

    async def _serve_samples(self, folder: Path) -> tuple[SampleServer, str]:
        port = 0 if _taken(_SAMPLES_PORT) else _SAMPLES_PORT
        server = SampleServer(folder, clock=SystemClock(), port=port, step_seconds=self._step_seconds)
        return server, await server.start()

    def _configuration(self, folder: Path, samples_url: str, bootstrap: str | None) -> Config:
        file = folder / "dateline.yaml"
        text = file.read_text(encoding="utf-8").replace(f"http://127.0.0.1:{_SAMPLES_PORT}", samples_url)
        environ = {name: value for name, value in self._environ.items() if name.startswith("DATELINE_")}
        if bootstrap is not None:
            environ["DATELINE_KAFKA__BOOTSTRAP_SERVERS"] = bootstrap
        config = loads(text, str(file), environ)
        if bootstrap is None:
            sqlite = config.sqlite.model_copy(update={"path": _fresh_sqlite_path()})
            config = config.model_copy(update={"kafka": None, "sqlite": sqlite})
        if _taken(config.listen_port, config.listen_host):
            config = config.model_copy(update={"listen": f"{config.listen_host}:0"})
        return config

    async def _work(self, config: Config, *, once: bool) -> None:
        if config.kafka is not None:
            await asyncio.to_thread(create_topics, config)
        # Opened before the worker, so that nothing is missed. What an earlier run published is not shown again; the
        # SQLite file is new.
        reader = await asyncio.to_thread(open_reader, config, from_beginning=config.kafka is None)
        printer = _Follower(reader)
        following = asyncio.create_task(asyncio.to_thread(printer.follow))
        try:
            self._worker = Worker(config)
            if self._stopping.is_set():
                self._worker.stop()
            await self._worker.run(once=once, listening=lambda url: self._announce(config, url, once=once))
        finally:
            printer.finish()
            await following
            reader.close()
        self._say(f"{printer.shown} events became visible in {ledger_name(config)}")
        if once and not printer.shown:
            self._say("nothing was new: an earlier run has published these articles there already")

    def _announce(self, config: Config, url: str, *, once: bool) -> None:
        self._say(f"publishing to {ledger_name(config)}")
        self._say(f"pages {url}/   metrics {url}/metrics   health {url}/healthz   readiness {url}/readyz")
        if not once:
            self._say("the sample feeds change as you watch; Ctrl-C stops everything")

    def _leave_kafka(self, *, once: bool) -> None:
        started = self._started_broker
        if started is None:
            return
        if once and not self._stopping.is_set():
            # What was published is worth a look with other tools.
            self._say(f"Kafka stays up at {started.bootstrap}; read the topic with any client, such as:")
            self._say(f"  kcat -C -e -b {started.bootstrap} -t news.articles")
            self._say("stop it with: make kafka-stop")
            return
        broker.stop(port=int(started.bootstrap.rpartition(":")[2]))
        self._say("Kafka stopped")


class _Follower:
    """Prints records until told to finish, and then those that are still on their way."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._finishing = threading.Event()
        self._printer = RecordPrinter(sys.stdout, as_json=False)
        self.shown = 0

    def finish(self) -> None:
        self._finishing.set()

    def follow(self) -> None:
        while True:
            # Asked before reading: what was committed by then is read below.
            finishing = self._finishing.is_set()
            before = self.shown
            try:
                for record in self._reader.read(timeout_seconds=1.0 if finishing else 0.3):
                    self._printer.show(record)
                    self.shown += 1
            except Retry:
                # The worker has not made its file yet, or the broker is away: the worker tells about that.
                self._finishing.wait(0.3)
            if finishing and self.shown == before:
                return


def _examples() -> Path:
    folder = Path(worker.__file__).parent.parent / "deploy" / "examples"
    if not (folder / "dateline.yaml").is_file():
        raise Stop(f"no sample feeds at {folder}: they come with the source tree; run `make run` in a clone of it")
    return folder


def _fresh_sqlite_path() -> Path:
    folder = state_directory() / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder / "dateline.db"


def _taken(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return port != 0 and probe.connect_ex((host, port)) == 0
