"""Real Apache Kafka for tests: any number of brokers with any listeners, and certificates for those that want them.

Each node is broker and controller. Besides what a test asks for, each has a listener `INTERNAL` without encryption,
which the brokers use among themselves and the test uses to look at what the worker did.
"""

from __future__ import annotations

import gc
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import uuid4

import pytest
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from worker.edges.broker import free_port, java_command, properties

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

INTERNAL = "INTERNAL"
_CONTROLLER = "CONTROLLER"
_HEAP_MEGABYTES = 256
_START_SECONDS = 90.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """One way into each broker. `settings` are those of this listener alone.

    `advertised_ports` says, by node, where clients are sent to instead of the listener's own port.
    """

    name: str
    protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL"] = "PLAINTEXT"
    settings: Mapping[str, str] = field(default_factory=dict)
    advertised_ports: Mapping[int, int] = field(default_factory=dict)


class Cluster:
    """A Kafka that a test may break. Use it as a context: it starts, and nothing of it outlives the context.

    Args:
        folder: Where data, logs and configuration go.
        brokers: How many.
        listeners: Ways in besides `INTERNAL`.
        settings: Broker settings on top of ours, by Kafka's names.
        users: Passwords by user name, for SCRAM-SHA-256 and SCRAM-SHA-512.
    """

    def __init__(
        self,
        folder: Path,
        *,
        brokers: int = 1,
        listeners: Iterable[Listener] = (),
        settings: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self._folder = folder
        self._listeners = {INTERNAL: Listener(name=INTERNAL)} | {listener.name: listener for listener in listeners}
        self._settings = settings or {}
        self._users = users or {}
        self.nodes = tuple(range(1, brokers + 1))
        self._ports = _ports([(node, name) for node in self.nodes for name in (*self._listeners, _CONTROLLER)])
        self._processes: dict[int, subprocess.Popen[bytes]] = {}
        self._command = java_command(heap_megabytes=_HEAP_MEGABYTES)

    def __enter__(self) -> Self:
        try:
            self._format()
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def port(self, listener: str = INTERNAL, *, node: int = 1) -> int:
        """Where a listener of a node really is."""
        return self._ports[node, listener]

    def bootstrap(self, listener: str = INTERNAL) -> tuple[str, ...]:
        """The addresses of a listener, as clients are told them."""
        advertised = self._listeners[listener].advertised_ports
        return tuple(f"127.0.0.1:{advertised.get(node, self._ports[node, listener])}" for node in self.nodes)

    @property
    def running(self) -> tuple[int, ...]:
        """The nodes that run."""
        return tuple(self._processes)

    def start(self, *nodes: int) -> None:
        """Start some nodes, all by default, and wait until the whole cluster says that they are there."""
        for node in nodes or self.nodes:
            self._launch(node)
        for node in nodes or self.nodes:
            self._wait_for(node)

    def kill(self, node: int) -> None:
        """SIGKILL."""
        process = self._processes.pop(node)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def pause(self, node: int) -> None:
        """SIGSTOP."""
        self._processes[node].send_signal(signal.SIGSTOP)

    def resume(self, node: int) -> None:
        """SIGCONT."""
        self._processes[node].send_signal(signal.SIGCONT)

    def stop(self, node: int) -> None:
        """SIGTERM, and wait until it has closed its files."""
        process = self._processes.pop(node)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def close(self) -> None:
        """End all nodes at once."""
        for node in tuple(self._processes):
            self.kill(node)

    def admin(self) -> Any:
        """A client with all rights. Close it."""
        return _admin([f"127.0.0.1:{self._ports[node, INTERNAL]}" for node in self._processes])

    def log(self, node: int = 1) -> str:
        """What a node wrote: warnings and errors."""
        return (self._home(node) / "broker.log").read_text(encoding="utf-8", errors="replace")

    def _home(self, node: int) -> Path:
        return self._folder / f"node-{node}"

    def _launch(self, node: int) -> None:
        with (self._home(node) / "broker.log").open("ab") as log:
            self._processes[node] = subprocess.Popen(
                [*self._command, "kafka.Kafka", "server.properties"],
                cwd=self._home(node),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _format(self) -> None:
        """Give all nodes the same cluster id, and the users their passwords."""
        cluster_id = urlsafe_b64encode(uuid4().bytes).decode().rstrip("=")
        credentials = [
            f"--add-scram={mechanism}=[name={name},password={password}]"
            for name, password in self._users.items()
            for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512")
        ]
        formatting = []
        for node in self.nodes:
            home = self._home(node)
            home.mkdir(parents=True)
            (home / "server.properties").write_text(properties(self._configuration(node)), encoding="ascii")
            command = [*self._command, "kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}"]
            formatting.append(
                subprocess.Popen(
                    [*command, "-c", "server.properties", *credentials],
                    cwd=home,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                )
            )
        for process in formatting:
            output, _ = process.communicate()
            assert process.returncode == 0, output

    def _configuration(self, node: int) -> dict[str, str]:
        replicas = str(min(3, len(self.nodes)))
        in_sync = str(min(2, len(self.nodes)))
        listeners = [f"{name}://127.0.0.1:{self._ports[node, name]}" for name in (*self._listeners, _CONTROLLER)]
        advertised = [
            f"{listener.name}://127.0.0.1:{listener.advertised_ports.get(node, self._ports[node, listener.name])}"
            for listener in self._listeners.values()
        ]
        protocols = [f"{listener.name}:{listener.protocol}" for listener in self._listeners.values()]
        voters = [f"{voter}@127.0.0.1:{self._ports[voter, _CONTROLLER]}" for voter in self.nodes]
        return {
            "process.roles": "broker,controller",
            "node.id": str(node),
            "controller.listener.names": _CONTROLLER,
            "controller.quorum.voters": ",".join(voters),
            "inter.broker.listener.name": INTERNAL,
            "listeners": ",".join(listeners),
            "advertised.listeners": ",".join(advertised),
            "listener.security.protocol.map": ",".join([*protocols, f"{_CONTROLLER}:PLAINTEXT"]),
            "log.dirs": "data",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": "0",
            "min.insync.replicas": in_sync,
            "default.replication.factor": replicas,
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": "3",
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": in_sync,
            "transaction.state.log.num.partitions": "3",
            # Ten seconds by default: too long for a test to wait for a transaction that took too long.
            "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
            **{
                f"listener.name.{listener.name.lower()}.{name}": value
                for listener in self._listeners.values()
                for name, value in listener.settings.items()
            },
            **self._settings,
        }

    def _wait_for(self, node: int) -> None:
        """Until this node takes requests, and knows all that run."""
        deadline_seconds = time.monotonic() + _START_SECONDS
        while not self._known_to(node) >= set(self._processes):
            for other, process in self._processes.items():
                assert process.poll() is None, f"node {other} ended:\n{self.log(other)}"
            assert time.monotonic() < deadline_seconds, f"node {node} did not come:\n{self.log(node)}"
            time.sleep(0.1)

    def _known_to(self, node: int) -> set[int]:
        """The brokers that a node tells clients of; none while it does not answer."""
        port = self._ports[node, INTERNAL]
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()  # a client that finds nothing waits long
            admin = _admin([f"127.0.0.1:{port}"])
        except (KafkaError, OSError):
            return set()
        try:
            return {broker["broker_id"] for broker in admin.describe_cluster()["brokers"]}
        except (KafkaError, OSError):
            return set()
        finally:
            admin.close()


class Authority:
    """A private certificate authority, made with the openssl command."""

    def __init__(self, folder: Path) -> None:
        if shutil.which("openssl") is None:
            pytest.skip("there is no openssl command to make certificates with")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.path = folder / "ca.pem"
        self._key = folder / "ca.key"
        _openssl(
            *("req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN=Test authority {secrets.token_hex(8)}"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-keyout", str(self._key), "-out", str(self.path)),
        )

    def issue(self, name: str, *, expired: bool = False) -> Path:
        """A certificate for 127.0.0.1 and a common name; key, certificate and authority are in one PEM file."""
        made, request, certificate, extensions = (
            self._folder / f"{name}.{end}" for end in ("pem", "csr", "crt", "ext")
        )
        _openssl(
            *("req", "-new", "-nodes", "-subj", f"/CN={name}"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-keyout", str(made), "-out", str(request)),
        )
        extensions.write_text("subjectAltName=IP:127.0.0.1\n")
        _openssl(
            *("x509", "-req", "-in", str(request), "-CA", str(self.path), "-CAkey", str(self._key)),
            *("-set_serial", str(secrets.randbits(63)), "-days", "-1" if expired else "2"),
            *("-extfile", str(extensions), "-out", str(certificate)),
        )
        with made.open("ab") as file:
            file.write(certificate.read_bytes() + self.path.read_bytes())
        made.chmod(0o600)
        return made

    def broker_settings(self, name: str = "broker", *, expired: bool = False) -> dict[str, str]:
        """What a broker's TLS listener needs. Kafka takes PEM files (KIP-651)."""
        return {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": os.fspath(self.issue(name, expired=expired)),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": os.fspath(self.path),
        }


def let_go_of_sockets(caplog: pytest.LogCaptureFixture) -> None:
    """Have the collector find kafka-python's sockets at the end of a test, while its filter for warnings holds."""
    for phase in ("setup", "call"):
        caplog.get_records(phase).clear()  # they hold errors, and those hold sockets
    gc.collect()


def _admin(servers: list[str]) -> Any:
    return KafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=10_000, bootstrap_timeout_ms=5_000)


def _openssl(*arguments: str) -> None:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _ports(wanted: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
    """Ports that are free now, all different."""
    ports: dict[tuple[int, str], int] = {}
    for key in wanted:
        while (port := free_port()) in ports.values():
            pass
        ports[key] = port
    return ports
