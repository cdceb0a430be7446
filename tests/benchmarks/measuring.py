"""How a benchmark measures, and what it hands over: samples of ours and of baselines, taken in turn in one run."""

from __future__ import annotations

import os
import pickle
import resource
import statistics
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Result = TypeVar("Result")

# A timed piece of work lasts at least so long: below that, the clock is what is measured.
_PIECE_SECONDS = 0.02
_STATUS = Path("/proc/self/status")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One measurement: seconds for each unit of work; and what the process held at its most, where that is known.

    `cpu_seconds` includes what child processes took. `peak_bytes` is resident memory.
    """

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the ratio of ours to a baseline has to be: of CPU time, of rate (units a second) or of peak memory."""

    baseline: str
    of: Literal["cpu", "rate", "peak"] = "cpu"
    at_most: float | None = None
    at_least: float | None = None

    def is_met(self, ratio: float) -> bool:
        """Whether a ratio is good enough."""
        return (self.at_most is None or ratio <= self.at_most) and (self.at_least is None or ratio >= self.at_least)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a benchmark.

    Args:
        name: what is done; with the benchmark's name, this is what results are compared by.
        unit: what is counted: "poll", "article", "request".
        ours: the samples of ours.
        baselines: samples of others by their names, as many of each, taken in turn with ours.
        goals: what is wanted.
        figures: other numbers worth keeping, by names that say their unit.
    """

    name: str
    unit: str
    ours: tuple[Sample, ...]
    baselines: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    goals: tuple[Goal, ...] = ()
    figures: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Spread:
    """The least, the median and the greatest of several values."""

    least: float
    median: float
    greatest: float


def spread(values: list[float]) -> Spread:
    """The spread of values, of which there is at least one."""
    return Spread(min(values), statistics.median(values), max(values))


def compare(
    works: Mapping[str, tuple[Callable[[], object], int]], *, rounds: int, peaks: bool = False
) -> dict[str, tuple[Sample, ...]]:
    """Samples of several pieces of work in this process, taken in turn, so that what else the machine does hits all.

    Args:
        works: by name, what to do, and how many units that does.
        rounds: how many samples of each.
        peaks: also measure the memory of each, in a process of its own.
    """
    repeats = {name: _repeats(work) for name, (work, _) in works.items()}
    peak = {name: peak_bytes(work) if peaks else None for name, (work, _) in works.items()}
    samples: dict[str, list[Sample]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, (work, units) in works.items():
            wall, cpu = time.perf_counter(), time.process_time()
            for _ in range(repeats[name]):
                work()
            many = repeats[name] * units
            samples[name].append(
                Sample(
                    cpu_seconds=(time.process_time() - cpu) / many,
                    wall_seconds=(time.perf_counter() - wall) / many,
                    peak_bytes=peak[name],
                )
            )
    return {name: tuple(each) for name, each in samples.items()}


def _repeats(work: Callable[[], object]) -> int:
    work()
    began = time.process_time()
    work()
    return max(1, round(_PIECE_SECONDS / max(time.process_time() - began, 1e-7)))


def apart(work: Callable[[], int]) -> Sample:
    """Do something large once, in a fork of this process, with all processes that it starts itself.

    Args:
        work: returns how many units it did. Its own start-up belongs outside, into the caller.
    """
    (cpu, wall, units), peak = _in_a_fork(lambda: _timed(work))
    return Sample(cpu_seconds=cpu / units, wall_seconds=wall / units, peak_bytes=peak)


def peak_bytes(work: Callable[[], object]) -> int:
    """How much resident memory a piece of work adds at its most (Linux)."""

    def measured() -> int:
        before = _status_bytes("VmRSS")
        work()
        return max(_status_bytes("VmHWM") - before, 0)

    return _in_a_fork(measured)[0]


def _timed(work: Callable[[], int]) -> tuple[float, float, int]:
    began, wall = _cpu_seconds(), time.perf_counter()
    units = work()
    return _cpu_seconds() - began, time.perf_counter() - wall, units


def _cpu_seconds() -> float:
    """Of this process, and of those that it started and waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def _in_a_fork(work: Callable[[], Result]) -> tuple[Result, int]:
    """What a piece of work returns, done in a fork of this process, and the most memory that this held."""
    readable, writable = os.pipe()
    pid = os.fork()
    if not pid:
        status = 1
        try:
            os.close(readable)
            # The most so far was that of the parent (proc(5), clear_refs).
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            reply = pickle.dumps((work(), _status_bytes("VmHWM")))
            with os.fdopen(writable, "wb") as out:
                out.write(reply)
            status = 0
        finally:
            os._exit(status)
    os.close(writable)
    with os.fdopen(readable, "rb") as source:
        reply = source.read()
    _, status = os.waitpid(pid, 0)
    if status:
        raise ChildProcessError(f"a benchmark failed in its fork, with status {os.waitstatus_to_exitcode(status)}")
    return pickle.loads(reply)  # type: ignore[no-any-return]  # noqa: S301 - our own


def _status_bytes(name: str) -> int:
    lines = _STATUS.read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1_024 for line in lines if line.startswith(f"{name}:"))
