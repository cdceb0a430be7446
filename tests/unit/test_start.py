"""What a worker loads before its first poll: the rest of a start is spent on that."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What only the processes that read documents, other commands and other configurations need.
_ELSEWHERE = (
    *("click", "rich", "feedparser", "lxml", "tldextract", "jsonschema_rs", "opentelemetry"),
    "worker.pipeline.read",
)


@pytest.mark.parametrize(
    ("ledger", "not_wanted"),
    [("worker.edges.sqlite", ("kafka", *_ELSEWHERE)), ("worker.edges.kafka_ledger", ("sqlite3", *_ELSEWHERE))],
)
def test_a_worker_loads_one_ledger_and_leaves_parsers_to_its_readers(ledger: str, not_wanted: tuple[str, ...]) -> None:
    script = (
        "from worker.edges.lean import import_libraries\n"
        "import_libraries()\n"
        f"import sys, worker.config, worker.edges.log, worker.reading, worker.app, {ledger}\n"
        f"print(*[name for name in {not_wanted!r} if name in sys.modules])"
    )
    assert said_by(script) == []


def test_readers_begin_before_anything_large_is_loaded() -> None:
    script = (
        "import sys, worker.reading\n"
        "print(*[name for name in ('asyncio', 'ssl', 'aiohttp', 'structlog', 'pydantic') if name in sys.modules])"
    )
    assert said_by(script) == []


def test_libraries_are_themselves_again_once_they_are_imported() -> None:
    script = (
        "import ssl\n"
        "original = ssl.create_default_context\n"
        "from worker.edges.lean import import_libraries\n"
        "import_libraries()\n"
        "from aiohttp import connector\n"
        "import rich.console\n"
        "context = connector._SSL_CONTEXT_VERIFIED\n"
        "print(ssl.create_default_context is original, context.verify_mode.name, context.get_ca_certs())"
    )
    assert said_by(script) == ["True", "CERT_REQUIRED", "[]"]


def said_by(script: str) -> list[str]:
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
