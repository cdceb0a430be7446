"""What a worker loads before its first poll: the rest of a start is spent on that."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What only the processes that read documents, other commands and other configurations need.
_ELSEWHERE = ("click", "feedparser", "lxml", "tldextract", "jsonschema_rs", "opentelemetry", "worker.pipeline.read")


@pytest.mark.parametrize(
    ("ledger", "not_wanted"),
    [("worker.edges.sqlite", ("kafka", *_ELSEWHERE)), ("worker.edges.kafka_ledger", ("sqlite3", *_ELSEWHERE))],
)
def test_a_worker_loads_one_ledger_and_leaves_parsers_to_its_readers(ledger: str, not_wanted: tuple[str, ...]) -> None:
    script = (
        f"import sys, worker.config, worker.edges.log, worker.reading, worker.app, {ledger}\n"
        f"print(*[name for name in {not_wanted!r} if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []
