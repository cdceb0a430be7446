"""One minute of the gate, and whether it counts rightly. The whole of it is `make chaos`."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from tests.chaos.__main__ import FULL
from tests.chaos.report import Report, table
from tests.chaos.sabotage import KINDS
from tests.chaos.tally import Seen, Verdict, judge
from tests.chaos.workers import Worker
from tests.integration.harness import PATIENCE_SECONDS, until

# Feed 0 has ten articles; number 4 is edited after the last one came out.
EXACT = (*(Seen(0, 0, article, 1, 1) for article in range(10)), Seen(0, 0, 4, 2, 2))


SLICE = {
    "articles": 1_000,
    "feeds": 10,
    "workers": 2,
    "kills": 8,
    "zombies": 1,
    "broker-restarts": 1,
    "seconds": 25,
}


@pytest.mark.kafka
def test_workers_that_are_killed_and_put_to_sleep_lose_nothing_and_repeat_nothing() -> None:
    """While the broker is killed, too. Times depend on what else the machine does, and are not judged."""
    options = [f"--{name}={number}" for name, number in SLICE.items()]
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", *options, "--no-proxy", "--no-goals"],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert done.returncode == 0, done.stdout + done.stderr
    rows = dict(line.split("  ", 1) for line in done.stdout.splitlines() if "  " in line)
    found = {name: int(number) for name, number in rows.items() if number.strip().isdigit()}
    assert (found["kills"], found["zombies"], found["broker restarts"]) == (8, 1, 1)
    assert found["consumers killed"] == 1
    wrong = [number for name, number in found.items() if name.endswith((": lost", ": duplicates", ": out of order"))]
    assert wrong == [0] * 9  # three consumers, three numbers each
    assert found["shards moved"] > SLICE["workers"]


@pytest.mark.kafka
@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_the_gate_notices_workers_that_break_a_rule(kind: str) -> None:
    """One that does not ask what became of each record, and one that writes its states outside the transaction."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.chaos", "--sabotage", kind],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
        cwd=Path(__file__).parents[2],
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == f"sabotage {kind}: noticed"


def test_a_worker_that_ends_by_itself_fails_the_gate_and_is_shown_with_its_last_words(tmp_path: Path) -> None:
    worker = Worker(name="w0", folder=tmp_path, config=tmp_path / "nowhere.yaml")
    worker.start()

    until(lambda: not worker.look())

    [ended] = worker.ends
    assert ended.startswith("w0-1.log: exit code 1 by itself\n    ")
    assert "nowhere.yaml" in ended
    assert not worker.running
    report = Report(plan=replace(FULL, kills=0, zombies=0, broker_restarts=0), unconditional=[1], ended=worker.ends)
    report.done = dict.fromkeys(("kills", "zombies", "broker restarts"), 0)
    assert report.violations() == ["a worker ended, w0-1.log: exit code 1 by itself"]
    assert ended in table(report)


def test_a_worker_that_is_told_to_end_before_it_has_begun_may_end_as_any_process_does(tmp_path: Path) -> None:
    config = tmp_path / "dateline.yaml"
    config.write_text("feeds: [http://127.0.0.1:9/]")
    worker = Worker(name="w0", folder=tmp_path, config=config)
    worker.start()

    worker.end(timeout_seconds=PATIENCE_SECONDS)

    assert worker.ends == []
    assert not worker.running


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (EXACT, (0, 0, 0)),
        ((*EXACT[:4], Seen(0, 0, 4, 2, 1), *EXACT[5:10]), (0, 0, 0)),
        (EXACT[1:], (1, 0, 0)),
        (EXACT[:10], (1, 0, 0)),
        ((*EXACT[:10], Seen(0, 0, 4, 2, 3)), (1, 0, 0)),
        (EXACT[:1] + EXACT, (0, 1, 0)),
        ((*EXACT, Seen(0, 0, 4, 2, 3)), (0, 1, 0)),
        ((EXACT[1], EXACT[0], *EXACT[2:]), (0, 0, 1)),
        ((Seen(1, 0, 1, 1, 1), EXACT[0], *EXACT[2:]), (0, 0, 0)),
    ],
    ids=[
        "exact",
        "the first edition was never seen",
        "an article is missing",
        "the last edition is missing",
        "a revision is missing",
        "an article came twice",
        "an edition came as two revisions",
        "two articles changed places",
        "two partitions have no order",
    ],
)
def test_the_gate_counts_what_is_lost_what_comes_twice_and_what_is_out_of_order(
    seen: tuple[Seen, ...], expected: tuple[int, int, int]
) -> None:
    lost, duplicates, disordered = expected
    assert judge(seen, feeds=1, articles=10) == Verdict(
        messages=len(seen), lost=lost, duplicates=duplicates, disordered=disordered
    )
