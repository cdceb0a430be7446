"""The template process, and the children that it forks: where documents of strangers are read.

The template loads what all children need once, and then does nothing but fork and end them: a fork shares that memory
and is there in milliseconds. It runs no threads and reads nothing that comes from outside.

`python -m worker.edges.child_main SOCKET FACTORY PRELOAD`; see `worker.edges.children`.
"""

from __future__ import annotations

import contextlib
import gc
import math
import os
import pickle
import resource
import signal
import socket
import struct
import sys
import time
import traceback
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# To the template, once: the memory in bytes that a child may take, and the seconds that a call may.
LIMITS = struct.Struct("!dd")
# To the template: what to do, with which process. From it: a process id, a wait status, or an errno as a negative.
COMMAND = struct.Struct("!ci")
ANSWER = struct.Struct("!i")
FORK, END = b"F", b"E"

# From a child, once its limits hold.
GREETING = b"+"
# To a child: the length of a pickled call. A length of zero ends a conversation, and is not answered.
CALL = struct.Struct("!Q")
# From a child: what it is, and its length.
REPLY = struct.Struct("!cQ")
RESULT, ERROR = b"R", b"E"

# The exit status of a child that could get no more memory. Python ends with 0, 1, 2 or 120.
OUT_OF_MEMORY = 86

_NOFILE = 64
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
# How lxml (xmlErrMemory) and expat say it when it was not they who failed.
_NO_MEMORY = ("out of memory", "memory allocation failed")


def main(arguments: Sequence[str]) -> None:
    """Load, say so, and fork until the worker is gone."""
    # Ctrl-C goes to all processes of a terminal, SIGTERM to all of a service. The worker decides what ends when.
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)
    end_with_parent = _end_with_parent()
    end_with_parent()
    number, factory, preload = arguments
    control = socket.socket(fileno=int(number))
    gc.disable()  # children enable it: meanwhile nothing is moved that they share
    try:
        make = _load(factory)
        if preload:
            _load(preload)()
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker says it and ends
        told = " ".join(f"{type(error).__name__}: {error}".split()).encode(errors="replace")
        control.sendall(ANSWER.pack(len(told)) + told)
        return
    # Without a collection before it: loading leaves a few hundred objects, and to find them takes 40 ms of each start.
    gc.freeze()
    # The worker may not have read its configuration yet. No descriptor comes with this, so it may be read as it is.
    given = _receive(control, LIMITS.size)
    if not given:
        return
    memory_bytes, deadline_seconds = LIMITS.unpack(given)
    limits = _Limits(memory_bytes=int(memory_bytes), deadline_seconds=deadline_seconds)
    control.sendall(ANSWER.pack(0))
    _Template(control, make, limits, end_with_parent).run()


class _Template:
    def __init__(
        self,
        control: socket.socket,
        make: Callable[[], object],
        limits: _Limits,
        end_with_parent: Callable[[], None],
    ) -> None:
        self._control = control
        self._make = make
        self._limits = limits
        self._end_with_parent = end_with_parent
        self._children: set[int] = set()

    def run(self) -> None:
        """Do as told; when the worker is gone, end all children."""
        while True:
            message, numbers, _, _ = socket.recv_fds(self._control, COMMAND.size, 1)
            if not message:
                break
            command, pid = COMMAND.unpack(message)
            if command == FORK:
                with socket.socket(fileno=numbers[0]) as connection:
                    answer = self._fork(connection)
            else:
                answer = self._end(pid)
            self._control.sendall(ANSWER.pack(answer))
        for pid in tuple(self._children):
            self._end(pid)

    def _fork(self, connection: socket.socket) -> int:
        template = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            return -(error.errno or 1)
        if pid:
            self._children.add(pid)
            return pid
        try:
            self._control.close()
            self._end_with_parent()
            if os.getppid() == template:
                self._limits.impose()
                connection.sendall(GREETING)
                _serve(connection, self._make, self._limits)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        except ConnectionError:
            pass  # the worker is gone, or has given this child up
        except BaseException:  # noqa: BLE001 - a child must never go on as a second template
            os._exit(1)
        os._exit(0)

    def _end(self, pid: int) -> int:
        # A process that has ended keeps its id, and its own status, until somebody waits for it.
        os.kill(pid, signal.SIGKILL)
        self._children.discard(pid)
        return os.waitpid(pid, 0)[1]


class _Limits:
    """What one child may use."""

    def __init__(self, *, memory_bytes: int, deadline_seconds: float) -> None:
        self._memory_bytes = memory_bytes
        self._deadline_seconds = deadline_seconds

    def impose(self) -> None:
        """Set the limits that hold for the whole life of a child."""
        os.dup2(1, 2)  # what libraries print about a document is no line of our log; 1 is /dev/null
        _lower(resource.RLIMIT_CORE, 0)
        _lower(resource.RLIMIT_FSIZE, 0)
        _lower(resource.RLIMIT_NPROC, 0)  # what it started would outlive it; root may all the same
        _lower(resource.RLIMIT_NOFILE, _NOFILE)
        if sys.platform == "linux":
            # Private writable memory, since Linux 4.7; what is shared with the template counts, so it comes on top.
            _lower(resource.RLIMIT_DATA, self._memory_bytes + _data_bytes())
            # When the machine itself has no more, the kernel is to take a child and not the worker.
            with contextlib.suppress(OSError):  # not everywhere is it there to be written
                Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")

    def next_call(self) -> None:
        """Let one more call have its share of the processor: a backstop for when the worker cannot keep time."""
        seconds = math.ceil(time.process_time() + self._deadline_seconds) + 1
        _lower(resource.RLIMIT_CPU, seconds, keep_hard=True)


def _serve(connection: socket.socket, make: Callable[[], object], limits: _Limits) -> None:
    """Answer calls until the worker hangs up."""
    gc.enable()
    instance: object | None = None
    while header := _receive(connection, CALL.size):
        (length,) = CALL.unpack(header)
        if not length:
            # Rubbish of one conversation must not count against the next one.
            instance = None
            gc.collect()
            continue
        call = _receive(connection, length)
        limits.next_call()
        try:
            method, arguments = pickle.loads(call)  # noqa: S301 - the worker wrote it
            del call
            if instance is None:
                instance = make()
            what, payload = RESULT, pickle.dumps(getattr(instance, method)(*arguments), pickle.HIGHEST_PROTOCOL)
            del arguments
        except MemoryError:
            raise
        except BaseException as error:  # it is raised in the worker
            if _is_memory(error):
                raise MemoryError from error
            what, payload = ERROR, "".join(traceback.format_exception(error)).encode(errors="backslashreplace")
        connection.sendall(REPLY.pack(what, len(payload)))
        connection.sendall(payload)
        del payload


def _receive(connection: socket.socket, length: int) -> bytearray:
    """So many bytes; none when the worker has hung up."""
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        read = connection.recv_into(rest)
        if not read:
            return bytearray()
        rest = rest[read:]
    return data


def _is_memory(error: BaseException | None) -> bool:
    """Whether an exception comes of a want of memory, by its kind or by what a C library says."""
    while error is not None:
        if isinstance(error, MemoryError) or any(words in str(error)[:200].lower() for words in _NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


def _load(path: str) -> Callable[[], object]:
    """What an import path such as `package.module:name` names."""
    module, _, name = path.partition(":")
    found: Callable[[], object] = getattr(import_module(module), name)
    return found


def _lower(limit: int, value: int, *, keep_hard: bool = False) -> None:
    """Set a limit, as far as the limits of the worker itself allow."""
    hard = resource.getrlimit(limit)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(limit, (value, hard if keep_hard else value))


def _data_bytes() -> int:
    """The private writable memory of this process (proc(5), statm: data)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])
    return pages * resource.getpagesize()


def _end_with_parent() -> Callable[[], None]:
    """A function after which this process ends when its parent does, even by SIGKILL, and whatever it is doing.

    Elsewhere than on Linux a process notices at its next read, or at its limit of processor time.
    """
    if sys.platform != "linux":
        return lambda: None
    import ctypes  # noqa: PLC0415 - Linux only

    prctl = ctypes.CDLL(None, use_errno=True).prctl
    return lambda: prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
