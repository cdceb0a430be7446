"""What the gate is asked to do, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tests.chaos.tally import Verdict
    from tests.chaos.workers import Restart

GOAL_RESTART_SECONDS = 2.0
GOAL_RESTART_OUTAGE_SECONDS = 35.0
GOAL_CATCH_UP_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is done to the workers, and how much they have to publish meanwhile."""

    articles: int
    feeds: int
    workers: int
    kills: int
    zombies: int
    broker_restarts: int
    seconds: float
    """How long the faults above are spread over; it takes longer where they take longer."""
    proxy: bool
    """Whether single requests are lost, held back and delayed afterwards."""
    seed: int
    sabotage: str | None = None

    @property
    def articles_each(self) -> int:
        """Of each feed."""
        return max(1, round(self.articles / self.feeds))


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of it."""

    plan: Plan
    done: dict[str, int] = field(default_factory=dict)
    """How many faults of each kind there were."""
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """By consumer."""
    missing: list[str] = field(default_factory=list)
    """The first of those articles that had not come at the end."""
    unconditional: list[int] = field(default_factory=list)
    """By feed: requests without a validator."""
    restarts_alone: list[Restart] = field(default_factory=list)
    """Those of the only worker, with nothing else going on."""
    restarts: list[Restart] = field(default_factory=list)
    restarts_outage: list[Restart] = field(default_factory=list)
    """Those during which a broker was away."""
    recoveries_seconds: dict[str, float] = field(default_factory=dict)
    """By network fault: until each worker had committed again."""
    catch_up_seconds: float = 0.0
    peak_bytes: int = 0
    moves: int = 0
    ended: list[str] = field(default_factory=list)
    """Processes that ended by themselves, or badly when they were told to, with their last words."""
    crashes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    logs: Path | None = None
    """Where the logs are; None when all is well."""

    @property
    def exact(self) -> bool:
        """Whether each article came exactly once and in order, for all consumers."""
        return bool(self.verdicts) and all(verdict.holds for verdict in self.verdicts.values())

    def violations(self) -> list[str]:
        """What must not be, whatever the machine."""
        found = [f"{name}: not exactly once in order" for name, verdict in self.verdicts.items() if not verdict.holds]
        if any(number > 1 for number in self.unconditional):
            found.append("a feed was asked without a validator after its first poll was committed")
        wanted = {"kills": self.plan.kills, "zombies": self.plan.zombies, "broker restarts": self.plan.broker_restarts}
        found += [f"{name}: {self.done[name]} instead of {number}" for name, number in wanted.items()
                  if self.done[name] < number]  # fmt: skip
        found += [f"a worker ended, {line.splitlines()[0]}" for line in self.ended[:3]]
        found += [f"a worker crashed: {line}" for line in self.crashes[:3]]
        return found

    def slow(self) -> list[str]:
        """Which goals in time were missed."""
        found = []
        if (middle := quantile((one.seconds for one in self.restarts), 0.5)) > GOAL_RESTART_SECONDS:
            found.append(f"restart to first commit: p50 {middle:.1f} s, goal {GOAL_RESTART_SECONDS:.0f} s")
        if (high := quantile((one.seconds for one in self.restarts_outage), 0.99)) > GOAL_RESTART_OUTAGE_SECONDS:
            found.append(f"the same with a broker down: p99 {high:.1f} s, goal {GOAL_RESTART_OUTAGE_SECONDS:.0f} s")
        if self.catch_up_seconds > GOAL_CATCH_UP_SECONDS:
            found.append(f"catch-up: {self.catch_up_seconds:.1f} s, goal {GOAL_CATCH_UP_SECONDS:.0f} s")
        return found


def quantile(values: Iterable[float], share: float) -> float:
    """The value that this share of all do not exceed; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def table(report: Report) -> str:
    """What was done, and what came of it."""
    rows = [(name, str(number)) for name, number in report.done.items()]
    rows += [("shards moved", str(report.moves)), ("articles", str(report.plan.articles_each * report.plan.feeds))]
    for name, verdict in report.verdicts.items():
        rows += [
            (f"{name}: messages", str(verdict.messages)),
            (f"{name}: lost", str(verdict.lost)),
            (f"{name}: duplicates", str(verdict.duplicates)),
            (f"{name}: out of order", str(verdict.disordered)),
        ]
    rows += [("unconditional requests per feed, at most", str(max(report.unconditional)))]
    for name, restarts in (
        (", alone", report.restarts_alone),
        ("", report.restarts),
        (", broker down", report.restarts_outage),
    ):
        p50, p99 = (quantile((one.seconds for one in restarts), share) for share in (0.5, 0.99))
        rows.append((f"restart to first commit{name}", f"p50 {p50:.1f} s, p99 {p99:.1f} s ({len(restarts)})"))
        if restarts:
            parts = {part: quantile((one.parts[part] for one in restarts), 0.5) for part in restarts[0].parts}
            rows.append(("  of it, p50", ", ".join(f"{part} {seconds:.1f} s" for part, seconds in parts.items())))
    if report.recoveries_seconds:
        slowest = max(report.recoveries_seconds, key=lambda name: report.recoveries_seconds[name])
        rows.append(("slowest to recover from", f"{slowest}: {report.recoveries_seconds[slowest]:.1f} s"))
    rows += [
        ("catch-up", f"{report.catch_up_seconds:.1f} s"),
        ("memory of a worker with its children, at most", f"{report.peak_bytes / 2**20:.0f} MiB"),
        ("workers that ended by themselves or badly", str(len(report.ended))),
        ("took", f"{report.seconds:.0f} s"),
    ]
    width = max(len(name) for name, _ in rows)
    lines = [f"{name:<{width}}  {value}" for name, value in rows]
    lines += [f"ended: {line}" for line in report.ended[:5]]
    lines += [f"missing: {line}" for line in report.missing]
    lines += [f"logs: {report.logs}"] if report.logs else []
    return "\n".join(lines)
