"""What the child processes of test_children.py do: work, and everything that a document may make a parser do."""

from __future__ import annotations

import ctypes
import os
import pickle
import re
import resource
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.parsers.expat import ExpatError

from worker.edges.child_main import REPLY, RESULT

if TYPE_CHECKING:
    from worker.model.feed import Feed

LOADED: list[int] = []


def load() -> None:
    """Called in the template only."""
    LOADED.append(os.getpid())


def fail_to_load() -> None:
    raise ValueError("the lexicon\nis damaged")


def die_while_loading() -> None:
    os._exit(7)


class Work:
    def __init__(self) -> None:
        self.counted = 0

    def echo(self, value: Any) -> Any:
        return value

    def count(self) -> int:
        self.counted += 1
        return self.counted

    def pid(self) -> int:
        return os.getpid()

    def sleep(self, seconds: float) -> int:
        time.sleep(seconds)
        return os.getpid()

    def loaded(self) -> tuple[list[int], int]:
        return LOADED, os.getppid()

    def feed(self, feed: Feed) -> Feed:
        return feed

    def surroundings(self) -> dict[str, Any]:
        return {
            "environment": dict(os.environ),
            "input": sys.stdin.read(),
            "output": [str(Path(f"/proc/self/fd/{number}").readlink()) for number in (1, 2)],
            "open": len(list(Path("/proc/self/fd").iterdir())),
            "core": resource.getrlimit(resource.RLIMIT_CORE),
            "file": resource.getrlimit(resource.RLIMIT_FSIZE),
            "processes": resource.getrlimit(resource.RLIMIT_NPROC),
            "cpu": resource.getrlimit(resource.RLIMIT_CPU)[0],
            "oom": Path("/proc/self/oom_score_adj").read_text(),
        }

    def loop(self) -> None:
        while True:
            pass

    def backtrack(self) -> None:
        re.match(r"(a+)+b", "a" * 64)

    def print(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stderr.write(text)

    def one_large_block(self) -> int:
        return len(bytearray(2**32))

    def many_small_blocks(self) -> None:
        kept: list[Any] = []
        while True:
            kept = [kept, bytes(100)]

    def memory_error_behind_another(self) -> None:
        try:
            bytearray(2**32)
        except MemoryError:
            raise ValueError("not well-formed") from None

    def expat_has_no_memory(self) -> None:
        raise ExpatError("out of memory: line 1, column 0")

    def take(self, size_bytes: int) -> int:
        return len(b"x" * size_bytes)

    def exit(self, status: int) -> None:
        os._exit(status)

    def leave(self) -> None:
        sys.exit("no way out")

    def segfault(self) -> None:
        ctypes.string_at(0)

    def kill(self, number: int) -> None:
        os.kill(os.getpid(), number)
        signal.pause()

    def fail(self) -> None:
        raise ValueError("no such thing\ud800")

    def unpicklable(self) -> Any:
        return lambda: None

    def large(self, size_bytes: int) -> bytes:
        return bytes(size_bytes)

    def hostile(self, path: str) -> Any:
        return _Command(f"touch {path}")

    def hostile_bytes(self, sent: bytes) -> None:
        """Write to the worker past everything."""
        os.write(_connection(), sent)
        time.sleep(60)

    def unasked(self) -> str:
        """Answer, and leave an answer to the question of the next one."""
        payload = pickle.dumps("done")
        os.write(_connection(), REPLY.pack(RESULT, len(payload)) + payload)
        return "lies"


class Unusable:
    def __init__(self) -> None:
        raise RuntimeError("cannot be made")


class _Command:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> Any:
        return os.system, (self.command,)


def _connection() -> int:
    """The child's connection to the worker: the only socket that it has."""
    return next(fd for fd in range(3, 64) if _is_socket(fd))


def _is_socket(fd: int) -> bool:
    try:
        return str(Path(f"/proc/self/fd/{fd}").readlink()).startswith("socket:")
    except OSError:
        return False
