"""Prints what was measured, keeps it as JSON, and compares it with what was kept last."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.measuring import spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.benchmarks.measuring import Goal, Line, Sample, Spread

_RESULTS = Path(__file__).parent / "results"
_WHAT: dict[str, Callable[[Sample], float]] = {
    "cpu": lambda sample: sample.cpu_seconds,
    "rate": lambda sample: 1 / sample.wall_seconds,
    "peak": lambda sample: float(sample.peak_bytes or 0),
}


def ratio(line: Line, baseline: str, of: str) -> Spread:
    """Ours to a baseline, round by round."""
    what = _WHAT[of]
    pairs = zip(line.ours, line.baselines[baseline], strict=True)
    return spread([what(ours) / max(what(theirs), 1e-9) for ours, theirs in pairs])


def show(line: Line, before: dict[str, Any] | None) -> bool:
    """Print a line, beside what was kept of it; whether all its goals are met."""
    cpu, rate = (spread([what(sample) for sample in line.ours]) for what in (_WHAT["cpu"], _WHAT["rate"]))
    peak = f" · peak {_peak(line.ours) / 2**20:.1f} MiB" if _peak(line.ours) else ""
    print(f"{line.name}: {cpu.median * 1e6:,.1f} µs CPU per {line.unit} · {rate.median:,.0f} {line.unit}s/s{peak}")
    for name, samples in line.baselines.items():
        theirs = spread([sample.cpu_seconds for sample in samples])
        peak = f" · peak {_peak(samples) / 2**20:.1f} MiB" if _peak(samples) else ""
        print(
            f"    CPU {_words(ratio(line, name, 'cpu'))} of {name} ({theirs.median * 1e6:,.1f} µs{peak})"
            f"{_change(line, name, before)}"
        )
    for name, value in line.figures.items():
        print(f"    {name}: {value:,.6g}")
    met = [_goal(line, goal) for goal in line.goals]
    return all(met)


def _peak(samples: tuple[Sample, ...]) -> int:
    return max((sample.peak_bytes or 0 for sample in samples), default=0)


def _words(of: Spread) -> str:
    return f"{of.median:.3g} ({of.least:.3g} to {of.greatest:.3g})"


def _change(line: Line, name: str, before: dict[str, Any] | None) -> str:
    """How the ratio has changed. Only what lies outside of what was measured then is called a change."""
    kept = (before or {}).get("ratios", {}).get(name)
    if kept is None:
        return ""
    now = ratio(line, name, "cpu")
    change = f"{now.median / kept['median'] - 1:+.0%}"
    if now.least > kept["greatest"]:
        return f"  SLOWER than kept: {kept['median']:.3g} ({change})"
    return f"  faster than kept: {kept['median']:.3g} ({change})" if now.greatest < kept["least"] else "  as kept"


def _goal(line: Line, goal: Goal) -> bool:
    found = ratio(line, goal.baseline, goal.of)
    met = goal.is_met(found.median)
    bound = f"≤ {goal.at_most:.4g}" if goal.at_most is not None else f"≥ {goal.at_least:.4g}"
    what = {"cpu": "CPU", "rate": "rate", "peak": "peak memory"}[goal.of]
    print(f"    goal: {what} {bound} of {goal.baseline}: {_words(found)}: {'met' if met else 'MISSED'}")
    return met


def kept(benchmark: str) -> dict[str, dict[str, Any]]:
    """What was kept of a benchmark, by the names of its lines."""
    path = _RESULTS / f"{benchmark}.json"
    if not path.exists():
        return {}
    lines: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["lines"]
    return lines


def keep(benchmark: str, lines: list[Line]) -> None:
    """Replace what is kept of a benchmark."""
    _RESULTS.mkdir(exist_ok=True)
    document = {
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "python": platform.python_version()},
        "lines": {line.name: _as_json(line) for line in lines},
    }
    written = json.dumps(document, indent=1, ensure_ascii=False)
    (_RESULTS / f"{benchmark}.json").write_text(written + "\n", encoding="utf-8")


def _as_json(line: Line) -> dict[str, Any]:
    return {
        "unit": line.unit,
        "cpu_us": _rounded(spread([sample.cpu_seconds * 1e6 for sample in line.ours])),
        "rate": _rounded(spread([1 / sample.wall_seconds for sample in line.ours])),
        "peak_mib": round(_peak(line.ours) / 2**20, 1),
        "ratios": {name: _rounded(ratio(line, name, "cpu")) for name in line.baselines},
        "baselines_cpu_us": {
            name: _rounded(spread([sample.cpu_seconds * 1e6 for sample in samples]))
            for name, samples in line.baselines.items()
        },
        "baselines_peak_mib": {name: round(_peak(samples) / 2**20, 1) for name, samples in line.baselines.items()},
        "goals": [{**asdict(goal), "found": ratio(line, goal.baseline, goal.of).median} for goal in line.goals],
        "figures": dict(line.figures),
    }


def _rounded(of: Spread) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in asdict(of).items()}


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
