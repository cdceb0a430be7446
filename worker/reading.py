"""The processes in which documents are read, begun before the rest of the worker is loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.edges.child_launch import launch

if TYPE_CHECKING:
    from worker.edges.child_launch import Launched

READER = "worker.pipeline.session:Session"
PREPARE = "worker.pipeline.prepare:prepare"


def launch_readers() -> Launched:
    """Start what the worker reads documents with, and do not wait for it.

    It loads for a second, beside the worker itself, its configuration and its ledger: a worker that was killed commits
    again in half of the time. What it may use is told when the configuration is read.

    Raises:
        Stop: if the system has no room for another process.
    """
    return launch(READER, PREPARE)
