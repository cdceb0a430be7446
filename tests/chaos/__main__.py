"""`make chaos`: workers, brokers and the network fail while articles are published. Nothing may be lost or come twice.

The page docs/chaos.md says what is done and what is counted.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from typing import Any

from tests.chaos import gate
from tests.chaos.report import Plan, table
from tests.chaos.sabotage import KINDS

FULL = Plan(
    articles=20_000,
    feeds=40,
    workers=3,
    kills=75,
    zombies=15,
    broker_restarts=6,
    seconds=330.0,
    proxy=True,
    seed=1,
)
# Enough for each kind of sabotage to show.
_SABOTAGED = {
    "futures": replace(FULL, articles=4_000, feeds=20, workers=2, kills=0, zombies=0, broker_restarts=0, seconds=1.0),
    "state": replace(
        FULL, articles=4_000, feeds=20, workers=2, kills=25, zombies=0, broker_restarts=2, seconds=90.0, proxy=False
    ),
}


def main() -> int:
    """Print a table and exit with 1 if something was lost, came twice, or took too long."""
    given = _arguments()
    plan = _SABOTAGED.get(given["sabotage"] or "", FULL)
    judged = not given.pop("no_goals")
    plan = replace(plan, **{name: value for name, value in given.items() if value is not None})
    report = gate.run(plan, progress=lambda line: print(line, flush=True))
    print(table(report))
    if plan.sabotage:
        noticed = any(verdict.lost or verdict.duplicates for verdict in report.verdicts.values())
        print(f"sabotage {plan.sabotage}: {'noticed' if noticed else 'NOT NOTICED: the gate proves nothing'}")
        return 0 if noticed else 1
    failed = [*report.violations(), *(report.slow() if judged else ())]
    for line in failed:
        print(f"FAILED  {line}")
    return 1 if failed else 0


def _arguments() -> dict[str, Any]:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    numbers = {
        "articles": "in all feeds together",
        "feeds": "each with a host of its own",
        "workers": "each a member of the group",
        "kills": "workers that are killed with kill -9",
        "zombies": "workers that sleep for longer than the session timeout",
        "broker-restarts": "in turn kill -9 and clean",
        "seed": "of the random choices",
    }
    for name, what in numbers.items():
        default = getattr(FULL, name.replace("-", "_"))
        parser.add_argument(f"--{name}", type=int, help=f"{what} (default: {default})")
    parser.add_argument("--seconds", type=float, help=f"over which these are spread (default: {FULL.seconds:g})")
    parser.add_argument(
        "--proxy",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="afterwards, lose and delay single requests between workers and broker (default: yes)",
    )
    parser.add_argument("--no-goals", action="store_true", help="measure times, but do not fail for them")
    parser.add_argument("--sabotage", choices=KINDS, help="break a rule in the workers; exit with 0 if it is noticed")
    return vars(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
