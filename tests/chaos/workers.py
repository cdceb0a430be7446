"""The workers of the gate: processes that are killed, put to sleep and started again, and what their logs tell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import psutil

_SETTLED = frozenset({"ok", "not_modified"})
# Of a worker that ended by itself: a traceback ends with what was raised.
_LAST_WORDS = 12
_LINE_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """A worker that was started again, until its first commit, by the wall clock."""

    started_seconds: float
    listening_seconds: float
    """When the process was up."""
    restored_seconds: float
    """When it had shards and their states."""
    polling_seconds: float
    """When its readers were up as well, which load meanwhile."""
    committed_seconds: float

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.committed_seconds - self.started_seconds

    @property
    def parts(self) -> dict[str, float]:
        """How long the process took to come up, to have its shards, to have its readers then, and to commit a poll."""
        return {
            "process": self.listening_seconds - self.started_seconds,
            "shards": self.restored_seconds - self.listening_seconds,
            "readers": self.polling_seconds - self.restored_seconds,
            "commit": self.committed_seconds - self.polling_seconds,
        }


@dataclass(slots=True, kw_only=True)
class Life:
    """One process of a worker, from its start to its end."""

    process: subprocess.Popen[bytes]
    log: BinaryIO
    started_seconds: float
    reached: dict[str, float] = field(default_factory=dict)
    """When it first logged each event."""
    committed_seconds: float | None = None
    """When its first poll was committed."""
    last_commit_seconds: float = 0.0
    asleep: bool = False
    tail: bytes = b""
    last_words: deque[str] = field(default_factory=lambda: deque(maxlen=_LAST_WORDS))
    """The last lines that are more than a note: warnings, errors, and what is no log line."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """One place among the workers of a deployment (`kafka.instance`), and whoever has it."""

    name: str
    folder: Path
    config: Path
    sabotage: str | None = None
    life: Life | None = None
    restarts: list[Restart] = field(default_factory=list)
    peak_bytes: int = 0
    moves: int = 0
    """How often its shards changed."""
    ends: list[str] = field(default_factory=list)
    """Of each process that ended by itself, or badly when it was told to: how, and its last words."""
    crashes: list[str] = field(default_factory=list)
    """Log lines of the level error."""
    _lives: int = 0

    @property
    def running(self) -> bool:
        """Whether there is a process, be it asleep."""
        return self.life is not None

    @property
    def awake(self) -> bool:
        """Whether there is a process that is not asleep."""
        return self.life is not None and not self.life.asleep

    @property
    def working(self) -> bool:
        """Whether it has committed since its start."""
        return self.awake and self.life is not None and self.life.committed_seconds is not None

    def committed_since(self, seconds: float) -> bool:
        """Whether it has committed since a moment of the wall clock."""
        return self.life is not None and self.life.last_commit_seconds > seconds

    def start(self) -> None:
        """Start a process at this place."""
        self._lives += 1
        path = self.folder / f"{self.name}-{self._lives}.log"
        module = ["worker"] if self.sabotage is None else ["tests.chaos.sabotage", self.sabotage]
        started_seconds = time.time()
        with path.open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *module, "run", "-c", str(self.config)],
                stdout=log,
                stderr=log,
                env=self._environment(),
                start_new_session=True,  # Ctrl-C in the terminal is meant for the gate
            )
        self.life = Life(process=process, log=path.open("rb"), started_seconds=started_seconds)

    def _environment(self) -> dict[str, str]:
        """That of the gate, with compiled modules as in the image: to compile them takes a fifth of a start."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, "PYTHONPYCACHEPREFIX": str(self.folder / "pycache"), "DATELINE_KAFKA__INSTANCE": self.name}

    def kill(self) -> None:
        """SIGKILL."""
        if self.life is not None:
            self.life.process.kill()
            self._bury()

    def end(self, *, timeout_seconds: float) -> None:
        """SIGTERM, and SIGKILL when that was not enough."""
        if self.life is None:
            return
        self.wake()
        self.life.process.terminate()
        try:
            code = self.life.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self.ends.append(
                f"{Path(self.life.log.name).name}: did not end within {timeout_seconds:.0f} s when it was told to"
            )
            self.life.process.kill()
        else:
            self._read(self.life)
            # Before it listens it has nothing to end in good order, and may end as any process does.
            if code != 0 and not (code == -signal.SIGTERM and "listening" not in self.life.reached):
                self._note_end(self.life, "when it was told to end")
        self._bury()

    def sleep(self) -> None:
        """SIGSTOP."""
        assert self.life is not None
        self.life.process.send_signal(signal.SIGSTOP)
        self.life.asleep = True

    def wake(self) -> None:
        """SIGCONT."""
        if self.life is not None and self.life.asleep:
            self.life.process.send_signal(signal.SIGCONT)
            self.life.asleep = False

    def look(self) -> bool:
        """Read what it has logged since; False if it has ended by itself."""
        life = self.life
        if life is None:
            return True
        # Asked before its log is read, so that nothing that it said at the end is missed.
        ended = life.process.poll() is not None
        self._read(life)
        if ended:
            self._note_end(life, "by itself")
            self._bury()
        return not ended

    def measure(self) -> None:
        """Note how much memory it has, with its children."""
        if self.life is not None:
            self.peak_bytes = max(self.peak_bytes, _resident_bytes(self.life.process.pid))

    def _read(self, life: Life) -> None:
        *lines, life.tail = (life.tail + life.log.read()).split(b"\n")
        for text in lines:
            line = json.loads(text) if text.startswith(b"{") else None
            if line is None or line["level"] != "info":
                life.last_words.append(text.decode(errors="replace")[:_LINE_CHARACTERS])
            if line is not None:
                self._note(life, line)

    def _note_end(self, life: Life, when: str) -> None:
        said = "".join(f"\n    {line}" for line in life.last_words)
        self.ends.append(f"{Path(life.log.name).name}: exit code {life.process.returncode} {when}{said}")

    def _note(self, life: Life, line: dict[str, Any]) -> None:
        seconds = datetime.fromisoformat(line["timestamp"]).timestamp()
        life.reached.setdefault(line["event"], seconds)
        if line["event"] == "poll" and line["outcome"] in _SETTLED:
            life.last_commit_seconds = seconds
            if life.committed_seconds is None:
                life.committed_seconds = seconds
                self.restarts.append(
                    Restart(
                        started_seconds=life.started_seconds,
                        listening_seconds=life.reached["listening"],
                        restored_seconds=life.reached["ledger_ready"],
                        polling_seconds=life.reached["worker_started"],
                        committed_seconds=seconds,
                    )
                )
        elif line["event"] == "shards":
            self.moves += 1
        elif line["level"] == "error":
            self.crashes.append(json.dumps(line)[:2_000])

    def _bury(self) -> None:
        life, self.life = self.life, None
        if life is not None:
            life.process.wait()
            life.log.close()


def _resident_bytes(pid: int) -> int:
    """The resident memory of a process and of its children, what they share counted for each."""
    total = 0
    try:
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            total += one.memory_info().rss
    except psutil.Error:  # ended meanwhile
        pass
    return total
