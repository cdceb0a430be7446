"""What a worker takes that runs as a command: of it and of the processes that it started (Linux)."""

from __future__ import annotations

import os
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def with_descendants(pid: int) -> list[int]:
    """A process and all that stem from it."""
    found = [pid]
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text(encoding="ascii").split():
            found += with_descendants(int(child))
    return found


def cpu_seconds(pid: int) -> float:
    """Of a process, and of those that it waited for (proc_pid_stat(5): utime, stime, cutime, cstime)."""
    values = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, values[11:15])) / _TICKS
