"""`python -m tests.suites --data DIR [--suite NAME] [--errors N] [--half tune|held]`: a table for each suite.

Expectations and documents lie outside the project; DIR/feeds/README.md says where they come from.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tests.suites.comparing import holds
from tests.suites.expectations import SUITES
from tests.suites.readers import ours, theirs
from tests.suites.types import Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.suites.types import Case, Check


def main() -> int:
    """Score the suites named, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data sets")
    parser.add_argument("--suite", choices=SUITES, action="append", help="only this suite; may be given again")
    parser.add_argument("--errors", type=int, default=0, help="list so many mismatches per suite")
    parser.add_argument("--half", choices=["tune", "held"], help="only that half of the documents, by their names")
    arguments = parser.parse_args()
    feeds = arguments.data / "feeds"
    if not feeds.is_dir():
        sys.stderr.write(f"tests.suites: no folder {feeds}; name the data: --data folder\n")
        return 1
    for name in arguments.suite or SUITES:
        _score(name, SUITES[name](feeds), arguments.errors, arguments.half)
    return 0


class _Score:
    """The counts of one suite."""

    def __init__(self) -> None:
        self.documents = 0
        self.skipped = 0
        self.crashes = 0
        self.slowest = (0.0, "")
        self.total: Counter[str] = Counter()
        self.right: Counter[str] = Counter()
        self.their_right: Counter[str] = Counter()
        self.wrong: list[str] = []

    def add(self, case: Case) -> None:
        self.documents += 1
        self.skipped += case.skipped
        reading, other = self._read(case), theirs(case)
        if case.dense:
            for side in (reading, other):
                side.rows = [
                    row for row in side.rows if row.title or row.link or row.guid or row.summary or row.content
                ]
                side.empty = 0
        for check in case.checks:
            good, their_good = holds(check, reading), holds(check, other)
            self.total[check.field] += 1
            self.right[check.field] += good
            self.their_right[check.field] += their_good
            if not good:
                whose = "ours only" if their_good else "both"
                self.wrong.append(
                    f"{whose}: {case.name} {check.field}[{check.index}]"
                    f" expected {check.expected!r:.150}, got {_got(check, reading)!r:.150}"
                )

    def _read(self, case: Case) -> Reading:
        started = time.perf_counter()
        try:
            return ours(case)
        except Exception as error:  # noqa: BLE001 - whatever comes out of a document is counted
            self.crashes += 1
            self.wrong.append(f"crash: {case.name}: {error!r}")
            return Reading(refused="crash")
        finally:
            self.slowest = max(self.slowest, (time.perf_counter() - started, case.name))


def _score(name: str, cases: Iterable[Case], errors: int, half: str | None) -> None:
    score = _Score()
    for case in cases:
        if half is None or (sum(case.name.encode()) % 2 == 0) == (half == "tune"):
            score.add(case)
    _print(
        f"\n{name}: {score.documents} documents, {score.total.total()} checks, {score.skipped} more of fields that"
        f" we do not have, {score.crashes} crashes, slowest {score.slowest[0]:.2f} s ({score.slowest[1]})"
    )
    _print(f"  {'field':<16}{'checks':>8}{'ours':>8}{'feedparser':>12}")
    for key in sorted(score.total):
        _print(f"  {key:<16}{score.total[key]:>8}{score.right[key]:>8}{score.their_right[key]:>12}")
    _print(f"  {'all':<16}{score.total.total():>8}{score.right.total():>8}{score.their_right.total():>12}")
    for line in score.wrong[:errors]:
        _print(f"    {line}")


def _got(check: Check, reading: Reading) -> object:
    if check.index is None:
        return reading.refused or (len(reading.rows), reading.empty, reading.title, reading.language)
    if check.index >= len(reading.rows):
        return f"no entry {reading.refused}"
    names = {
        "id": "guid", "author": "authors", "tag": "tags", "enclosure": "media", "media count": "media",
        "tag count": "tags", "language": "languages",
    }  # fmt: skip
    return getattr(reading.rows[check.index], names.get(check.field, check.field))


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
