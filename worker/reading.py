"""The processes in which documents are read, begun before the rest of the worker is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.edges.child_template import Work, launch

if TYPE_CHECKING:
    from worker.config import Config
    from worker.edges.child_template import Launched

READER = "worker.pipeline.session:Session"
PREPARE = "worker.pipeline.prepare:prepare"


def launch_readers(config: Config) -> Launched:
    """Start what the worker reads documents with, and do not wait for it.

    It loads for a second; so do the worker's own modules, and its ledger is opened after that. Side by side, a worker
    that was killed commits again in half of the time.

    Raises:
        Stop: if the system has no room for another process.
    """
    fetch = config.fetch
    return launch(
        Work(
            factory=READER,
            preload=PREPARE,
            memory_bytes=fetch.parse_memory_bytes,
            deadline_seconds=fetch.parse_deadline_seconds,
        )
    )
