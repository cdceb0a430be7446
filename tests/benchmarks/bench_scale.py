"""Many feeds on one worker, each polled every 15 minutes: 70 % not modified, 20 % the same bytes, 10 % changed.

A minute of it is measured, of a worker that restarts with the states of all feeds (30 entries each) as it would leave
them: each feed has its place in the 15 minutes. The ledger is an SQLite file, the server a process on this machine.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from tests.benchmarks.measuring import Line, Sample
from tests.benchmarks.newsstand import newsstand
from tests.benchmarks.processes import cpu_seconds, with_descendants
from tests.benchmarks.restarting import fill
from worker.config import load

if TYPE_CHECKING:
    from collections.abc import Iterator

_COUNTS = (1_000, 10_000, 100_000)
_PERIOD_SECONDS = 900.0
_WARMING_SECONDS = 45.0
_WINDOW_SECONDS = 60.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def measure(rounds: int) -> Iterator[Line]:
    """A line for each number of feeds; one round of each, as they are long."""
    del rounds
    for count in _COUNTS:
        with newsstand() as port, tempfile.TemporaryDirectory() as folder:
            yield _line(count, port, Path(folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    """What a worker says of itself at one moment: polls by the upper bound of their delay, and what it took so far."""

    at_seconds: float
    cpu_seconds: float
    resident_bytes: int
    processes_bytes: int
    delays: dict[float, float]

    @property
    def polls(self) -> float:
        return self.delays[float("inf")]


def _line(count: int, port: int, folder: Path) -> Line:
    config = folder / "dateline.yaml"
    addresses = (f"127.{1 + number // 62_500}.{number // 250 % 250}.{1 + number % 250}" for number in range(count))
    kinds = "mmmmmmmssc"
    lines = [f"http://{at}:{port}/{kinds[number % 10]}/{number}" for number, at in enumerate(addresses)]
    (folder / "feeds.txt").write_text("\n".join(lines), encoding="ascii")
    config.write_text(
        f"listen: 127.0.0.1:{port + 1 if port < 65_000 else port - 1}\nfeed_lists: [feeds.txt]\n"
        f"sqlite: {{path: {folder}/dateline.db}}\nfetch: {{allow_networks: [127.0.0.0/8]}}\n"
        f"schedule: {{interval: {_PERIOD_SECONDS:g}s}}\n",
        encoding="ascii",
    )
    loaded = load(config, {})
    asyncio.run(fill(folder / "dateline.db", loaded.feeds, period_seconds=_PERIOD_SECONDS))
    with (folder / "log.json").open("wb") as log:
        began = time.monotonic()
        command = [sys.executable, "-m", "worker", "run", "-c", str(config)]
        # As the image has it.
        worker = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, "MALLOC_ARENA_MAX": "1"})
        try:
            metrics = f"http://127.0.0.1:{loaded.listen_port}/metrics"
            polling_seconds = _first_poll(metrics, worker) - began
            time.sleep(max(_WARMING_SECONDS - polling_seconds, 0.0))
            before = _reading(metrics, worker.pid)
            time.sleep(_WINDOW_SECONDS)
            after = _reading(metrics, worker.pid)
        finally:
            worker.send_signal(signal.SIGTERM)
            worker.wait(60)
    polls = after.polls - before.polls
    seconds = after.at_seconds - before.at_seconds
    sample = Sample(
        cpu_seconds=(after.cpu_seconds - before.cpu_seconds) / polls,
        wall_seconds=seconds / polls,
        peak_bytes=after.resident_bytes,
    )
    return Line(
        name=f"{count:,} feeds",
        unit="poll",
        ours=(sample,),
        figures={
            "polls_per_second": polls / seconds,
            "share_of_a_core": (after.cpu_seconds - before.cpu_seconds) / seconds,
            "p95_delay_seconds": _quantile(before, after, 0.95),
            "restart_to_first_poll_seconds": polling_seconds,
            "resident_worker_mib": after.resident_bytes / 2**20,
            "proportional_all_processes_mib": after.processes_bytes / 2**20,
        },
    )


def _first_poll(metrics: str, worker: subprocess.Popen[bytes]) -> float:
    """When the worker was seen to have begun a poll, on the monotonic clock."""
    while worker.poll() is None:
        with contextlib.suppress(OSError):
            if _delays(metrics)[float("inf")] > 0:
                return time.monotonic()
        time.sleep(0.05)
    raise ChildProcessError("the worker ended by itself")


def _reading(metrics: str, pid: int) -> _Reading:
    pids = with_descendants(pid)
    return _Reading(
        at_seconds=time.monotonic(),
        cpu_seconds=sum(map(cpu_seconds, pids)),
        resident_bytes=_resident_bytes(pid),
        processes_bytes=sum(map(_proportional_bytes, pids)),
        delays=_delays(metrics),
    )


def _delays(metrics: str) -> dict[float, float]:
    with urllib.request.urlopen(metrics, timeout=10) as answer:  # noqa: S310 - our own worker
        text = answer.read().decode()
    wanted = "dateline_schedule_delay_seconds"
    family = next(found for found in text_string_to_metric_families(text) if found.name == wanted)
    return {float(one.labels["le"]): one.value for one in family.samples if one.name == f"{wanted}_bucket"}


def _quantile(before: _Reading, after: _Reading, share: float) -> float:
    """An upper bound of a quantile: the bound of the bucket that it is in."""
    wanted = share * (after.polls - before.polls)
    return next(bound for bound, polls in sorted(after.delays.items()) if polls - before.delays[bound] >= wanted)


def _resident_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES


def _proportional_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1_024 for line in lines if line.startswith("Pss:"))
