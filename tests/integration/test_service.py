"""The unit of systemd, and what the worker tells it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug import Request, Response

from tests.integration.harness import PATIENCE_SECONDS, Deployment, Process, rss, run_cli
from tests.integration.tools import output_of, tool
from worker.edges.broker import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_httpserver import HTTPServer

_PATIENT = {"allow_networks": ["127.0.0.0/8"], "timeout": 30, "idle_timeout": 30}
_UNIT = Path(__file__).parents[2] / "deploy/systemd/dateline.service"
# The loop is blocked for good as soon as the first poll is settled.
_BLOCKED = """
import sys, time
from worker.cli import main
from worker.edges.metrics import PrometheusMetrics
PrometheusMetrics.committed = lambda *_, **__: time.sleep(1000)
main()
"""


class Manager:
    """What systemd is to a service: a socket that takes messages."""

    def __init__(self, folder: str) -> None:
        self.address = f"{folder}/notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)

    def until(self, last: bytes, *, timeout_seconds: float = PATIENCE_SECONDS) -> list[bytes]:
        """The messages up to this one."""
        self.socket.settimeout(timeout_seconds)
        found = [self.socket.recv(1000)]
        while found[-1] != last:
            found.append(self.socket.recv(1000))
        return found

    def is_silent(self, *, for_seconds: float, timeout_seconds: float = PATIENCE_SECONDS) -> bool:
        """Whether messages end, and none comes for so long."""
        deadline = time.monotonic() + timeout_seconds
        self.socket.settimeout(for_seconds)
        while time.monotonic() < deadline:
            try:
                self.socket.recv(1000)
            except TimeoutError:
                return True
        return False


@pytest.fixture
def manager() -> Iterator[Manager]:
    # Short: the path of a socket has room for a hundred bytes.
    with tempfile.TemporaryDirectory() as folder:
        manager = Manager(folder)
        with closing(manager.socket):
            yield manager


@pytest.fixture
def config(tmp_path: Path, httpserver: HTTPServer) -> Path:
    httpserver.expect_request("/feed").respond_with_data(rss(("a", "Ferries are back")))
    return Deployment(tmp_path, None).write([{"url": httpserver.url_for("/feed"), "id": "a"}])


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path):
    analyze = tool("systemd-analyze", get="it is part of systemd")
    unit = tmp_path / "dateline.service"
    # It looks for the command as well, which is not installed here.
    unit.write_text(_UNIT.read_text().replace("/opt/dateline/bin/dateline", "/bin/true"))

    assert output_of(analyze, "verify", "--man=no", unit) == ""
    # An exposure of at most 2 of 10, where 10 is a service that may do everything; the command fails above.
    said = output_of(analyze, "security", "--no-pager", "--offline=yes", "--threshold=20", unit)
    assert re.search(r"Overall exposure level for dateline.service: [01]\.\d", said)


def test_the_service_manager_is_told_of_start_life_and_end(
    manager: Manager, config: Path, start: Callable[..., Process]
):
    worker = start(config, environ={"NOTIFY_SOCKET": manager.address})

    assert manager.until(b"READY=1") == [b"READY=1"]
    assert worker.lines("listening")
    manager.until(b"STATUS=polling")
    assert manager.until(b"WATCHDOG=1") == [b"WATCHDOG=1"]
    assert worker.end() == 0
    manager.until(b"STOPPING=1")


def test_a_worker_whose_loop_is_blocked_fails_its_probe_and_tells_the_watchdog_nothing(
    manager: Manager, tmp_path: Path, httpserver: HTTPServer
):
    httpserver.expect_request("/feed").respond_with_data(rss(("a", "Ferries are back")))
    listen = f"127.0.0.1:{free_port()}"
    config = Deployment(tmp_path, None).write([{"url": httpserver.url_for("/feed"), "id": "a"}], listen=listen)
    environ = {**os.environ, "NOTIFY_SOCKET": manager.address}
    blocked = subprocess.Popen(
        [sys.executable, "-c", _BLOCKED, "run", "-c", str(config)], env=environ, stderr=subprocess.DEVNULL
    )
    try:
        manager.until(b"READY=1")
        # One that works says something each second.
        assert manager.is_silent(for_seconds=4.0)
        assert blocked.poll() is None
        probe = run_cli("healthcheck", "-c", str(config), "--timeout", "1")
        assert (probe.returncode, probe.stdout) == (1, "")
        assert probe.stderr == f"http://{listen}/healthz: no answer: timed out\n"
    finally:
        blocked.kill()
        blocked.wait()


def test_a_worker_that_drains_is_alive_and_not_ready_and_commits_what_was_under_way(
    manager: Manager, tmp_path: Path, httpserver: HTTPServer, start: Callable[..., Process]
):
    asked, answer = threading.Event(), threading.Event()

    def serve(_: Request) -> Response:
        asked.set()
        assert answer.wait(PATIENCE_SECONDS)
        return Response(rss(("a", "Ferries are back")))

    httpserver.expect_request("/feed").respond_with_handler(serve)
    config = Deployment(tmp_path, None).write([{"url": httpserver.url_for("/feed"), "id": "a"}], fetch=_PATIENT)
    worker = start(config, environ={"NOTIFY_SOCKET": manager.address})
    base = worker.base_url()
    assert asked.wait(PATIENCE_SECONDS)
    began = time.monotonic()
    worker.popen.send_signal(signal.SIGTERM)
    worker.wait_for("draining", polls=1)
    manager.until(b"STOPPING=1")

    probe = run_cli("healthcheck", "--url", base, "--ready")
    assert (probe.returncode, probe.stderr) == (1, f"{base}/readyz: stopping\n")
    assert run_cli("healthcheck", "--url", base).returncode == 0
    answer.set()
    assert worker.popen.wait(PATIENCE_SECONDS) == 0
    # The configuration's drain_timeout.
    assert time.monotonic() - began < 15.0
    assert [line["published"] for line in worker.lines("poll")] == [1]
