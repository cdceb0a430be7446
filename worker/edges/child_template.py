"""The worker's side of the template process (`worker.edges.child_main`): start it, have it fork and end children."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.edges.child_launch import Launched, launch, reap
from worker.edges.child_main import ANSWER, COMMAND, END, FORK, LIMITS
from worker.model.errors import Stop

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable


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
            reap(self._process)
            for answer in self._waiting:
                if not answer.done():
                    answer.set_exception(TemplateGone())
                    answer.exception()  # whoever asked may have been cancelled since
        self._ended()


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
        reap(process)
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
