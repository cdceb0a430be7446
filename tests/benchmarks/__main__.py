"""`make bench`: every file here that is called bench_NAME.py, each in a process of its own.

Such a file has a docstring whose first line is its title, and a function `measure(rounds: int) -> Iterator[Line]`.
ARGS="NAME ..." runs some of them, `--rounds N` takes more samples, and `--keep` replaces the results that later runs
are compared with (tests/benchmarks/results/NAME.json, committed). It ends with 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from pathlib import Path

from tests.benchmarks import report

_PREFIX = "bench_"


def main() -> int:
    """Run what the command line names."""
    names = sorted(path.stem.removeprefix(_PREFIX) for path in Path(__file__).parent.glob(f"{_PREFIX}*.py"))
    parser = argparse.ArgumentParser(prog="make bench", description="Benchmarks, as ratios to baselines in one run.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(names)} (all of them)")
    parser.add_argument("--rounds", type=int, default=7, help="samples of each piece of work (7)")
    parser.add_argument("--keep", action="store_true", help="replace the results that runs are compared with")
    given = parser.parse_args()
    if unknown := set(given.names) - set(names):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if len(given.names) == 1:
        return _run(given.names[0], given.rounds, keep=given.keep)
    options = ["--rounds", str(given.rounds), *(["--keep"] if given.keep else [])]
    # Each in a fresh process: what one leaves in memory is no part of another's peak.
    ended = [
        subprocess.run([sys.executable, "-m", "tests.benchmarks", name, *options], check=False).returncode
        for name in given.names or names
    ]
    return max(ended)


def _run(name: str, rounds: int, *, keep: bool) -> int:
    module = importlib.import_module(f"tests.benchmarks.{_PREFIX}{name}")
    print(f"== {name}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
    before = report.kept(name)
    lines, met = [], True
    for line in module.measure(rounds):
        met &= report.show(line, before.get(line.name))
        sys.stdout.flush()
        lines.append(line)
    print()
    if keep:
        report.keep(name, lines)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
