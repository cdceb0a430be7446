"""The worker's side of the template process (`worker.edges.child_main`): start it, have it fork and end children."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.edges import child_main
from worker.edges.child_main import ANSWER, COMMAND, END, FORK, LIMITS
from worker.model.errors import Stop

if TYPE_CHECKING:
    from collections.abc import Callable

# What the processes get of the worker's environment: nothing that may hold a password.
_ENVIRONMENT = ("HOME", "LANG", "LC_", "LD_LIBRARY_PATH", "PATH", "PYTHON", "TMPDIR", "TZ", "VIRTUAL_ENV")
# glibc gives large blocks back at once, and gets them anew, zeroed, for the next document: that took half of the time
# of a call with 1 MB. So much may stay with each child (mallopt(3)).
_KEPT_BYTES = str(16 * 2**20)
_MALLOC = {"MALLOC_MMAP_THRESHOLD_": _KEPT_BYTES, "MALLOC_TRIM_THRESHOLD_": _KEPT_BYTES}


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What children do, and what they may use. See `worker.edges.children.Children`."""

    factory: str
    preload: str | None
    memory_bytes: int
    deadline_seconds: float


class TemplateGone(Exception):
    """The template process has ended, and its children with it."""


class Template:
    """A running template process. Made by `start_template`."""

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, ended: Callable[[], None]) -> None:
        self.running = True
        self._process = process
        self._control = control
        self._ended = ended
        self._waiting: deque[asyncio.Future[int]] = deque()
        self._listener = asyncio.create_task(self._listen())

    async def fork(self) -> tuple[int, socket.socket]:
        """A new child: its process id, and the connection to it.

        Raises:
            OSError: if the system has no room for another process.
            TemplateGone: if the template has ended.
        """
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        try:
            with theirs:
                answer = self._ask(FORK, 0, theirs)
            pid = await answer
        except BaseException:
            ours.close()
            raise
        if pid < 0:
            ours.close()
            raise OSError(-pid, os.strerror(-pid))
        return pid, ours

    async def end(self, pid: int) -> int:
        """Kill a child, if it has not ended by itself; its wait status.

        Raises:
            TemplateGone: if the template has ended; then the child has as well.
        """
        return await self._ask(END, pid)

    async def close(self) -> None:
        """End the template and all its children. Idempotent."""
        if self.running:
            self._control.shutdown(socket.SHUT_WR)
        await self._listener

    def _ask(self, command: bytes, pid: int, *passed: socket.socket) -> asyncio.Future[int]:
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        try:
            if not self.running:
                raise TemplateGone
            socket.send_fds(self._control, [COMMAND.pack(command, pid)], [each.fileno() for each in passed])
        except ConnectionError as error:
            raise TemplateGone from error
        self._waiting.append(answer)
        return answer

    async def _listen(self) -> None:
        """Hand out answers until the template has ended."""
        try:
            while read := await _receive(self._control, ANSWER.size):
                answer = self._waiting.popleft()
                if not answer.done():
                    answer.set_result(ANSWER.unpack(read)[0])
        finally:
            self.running = False
            self._control.close()
            _reap(self._process)
            for answer in self._waiting:
                if not answer.done():
                    answer.set_exception(TemplateGone())
                    answer.exception()  # whoever asked may have been cancelled since
        self._ended()


@dataclass(frozen=True, slots=True, kw_only=True)
class Launched:
    """A template process that may still be loading. It ends with the thread that launched it."""

    process: subprocess.Popen[bytes]
    control: socket.socket

    def end(self) -> None:
        """End it and let go of it."""
        self.control.close()
        _reap(self.process)


def launch(factory: str, preload: str | None) -> Launched:
    """Start a template process without waiting for it. What its children may use, `start_template` tells it.

    Raises:
        Stop: if it cannot be started.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    command = [sys.executable, "-P", "-m", child_main.__name__, str(theirs.fileno()), factory, preload or ""]
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: S603 - the command is our own
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env=_environment(),
                process_group=0,  # a Ctrl-C is for the worker
            )
    except OSError as error:
        ours.close()
        raise Stop(f"cannot start a process to read documents in: {error}; give the worker more processes") from error
    return Launched(process=process, control=ours)


async def start_template(work: Work, *, ended: Callable[[], None], launched: Launched | None = None) -> Template:
    """Start a template process, and wait until it has loaded everything.

    Args:
        work: what its children do.
        ended: called when it has ended, for whatever reason.
        launched: one that was launched with the same factory and preload.

    Raises:
        Stop: if it cannot load what it should, or cannot be started.
    """
    # Not in a thread: the system ends it together with the thread that started it.
    launched = launched or launch(work.factory, work.preload)
    try:
        # One that has ended by now is found out next.
        with contextlib.suppress(ConnectionError):
            launched.control.send(LIMITS.pack(work.memory_bytes, work.deadline_seconds))
        await _ready(launched.control, launched.process)
    except BaseException:
        launched.end()
        raise
    return Template(launched.process, launched.control, ended)


async def _ready(control: socket.socket, process: subprocess.Popen[bytes]) -> None:
    answer = await _receive(control, ANSWER.size)
    if not answer:
        _reap(process)
        raise Stop(f"the process to read documents in ended with {process.returncode}; what it said is on stderr")
    (length,) = ANSWER.unpack(answer)
    if length:
        problem = (await _receive(control, length)).decode(errors="replace")
        raise Stop(f"the process to read documents in cannot load its code: {problem}; install dateline again")


async def _receive(control: socket.socket, length: int) -> bytes:
    """So many bytes; none when the other end is gone."""
    read = b""
    while len(read) < length:
        try:
            more = await asyncio.get_running_loop().sock_recv(control, length - len(read))
        except ConnectionError:
            return b""
        if not more:
            return b""
        read += more
    return read


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that is ending, or end it. Its own status is kept if it has one."""
    process.kill()
    process.wait()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name.startswith(_ENVIRONMENT)}
    # The same modules as here, wherever this was started from.
    return {**kept, **_MALLOC, "PYTHONPATH": os.pathsep.join(sys.path)}
