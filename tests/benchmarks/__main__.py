"""`make bench`: every file here that is called bench_NAME.py, each in a process of its own.

Such a file has a docstring whose first line is its title, and a function `measure(rounds: int) -> Iterator[Line]`.
ARGS="NAME ..." runs some of them, `--rounds N` takes more samples, and `--keep` replaces the results that later runs
are compared with (tests/benchmarks/results/NAME.json, committed). It ends with 1 when a goal is missed.
"""

from __future__ import annotations

import argparse
import importlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import report

if TYPE_CHECKING:
    from types import FrameType

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
    signal.signal(signal.SIGTERM, _stop)
    if len(given.names) == 1:
        return _run(given.names[0], given.rounds, keep=given.keep)
    options = ["--rounds", str(given.rounds), *(["--keep"] if given.keep else [])]
    # Each in a fresh process: what one leaves in memory is no part of another's peak.
    return max([_apart(name, options) for name in given.names or names])


def _stop(number: int, frame: FrameType | None) -> None:
    """End as by Ctrl-C: what a benchmark started (a Kafka, workers, servers) is stopped on the way out."""
    del frame
    signal.signal(number, signal.SIG_IGN)  # once is enough: a second would cut that short
    raise SystemExit(128 + number)


def _apart(name: str, options: list[str]) -> int:
    with subprocess.Popen([sys.executable, "-m", "tests.benchmarks", name, *options]) as running:
        try:
            return running.wait()
        except BaseException as reason:
            # It has things to stop: not killed, as by subprocess.run. Ctrl-C in a terminal has reached it already.
            if not isinstance(reason, KeyboardInterrupt):
                running.terminate()
            running.wait()
            raise


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
