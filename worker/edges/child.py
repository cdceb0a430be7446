"""One child process, as the worker sees it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from typing import TYPE_CHECKING

from worker.edges.child_main import CALL, GREETING, OUT_OF_MEMORY, REPLY

if TYPE_CHECKING:
    from worker.edges.child_template import Template
    from worker.model.children import ChildFailure


class TooLargeError(Exception):
    """A reply is larger than it may be."""


class Child:
    """One child process and the connection to it."""

    def __init__(self, template: Template, pid: int, connection: socket.socket) -> None:
        self.template = template
        self.pid = pid
        self.conversations = 0
        self._connection = connection

    async def greeting(self) -> None:
        """Wait until its limits hold.

        Raises:
            OSError: if it has ended instead.
            EOFError: the same.
        """
        await self._receive(len(GREETING))

    def is_quiet(self) -> bool:
        """Whether it waits for a call, as it should: it has neither ended nor sent anything unasked."""
        try:
            self._connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    async def ask(self, request: bytes, *, max_reply_bytes: int) -> tuple[bytes, bytearray]:
        """Send a call; the kind of the reply, and its bytes.

        Raises:
            OSError: if it has ended.
            EOFError: the same.
            TooLargeError: before such a reply is read.
        """
        await asyncio.get_running_loop().sock_sendall(self._connection, CALL.pack(len(request)) + request)
        what, length = REPLY.unpack(await self._receive(REPLY.size))
        if length > max_reply_bytes:
            raise TooLargeError(f"a reply of {length} bytes, more than {max_reply_bytes}")
        return what, await self._receive(length)

    def forget(self) -> None:
        """Have it drop the object of the conversation."""
        # It reads as soon as it has replied: there is always room. If it has ended, `is_quiet` will tell.
        with contextlib.suppress(OSError):
            self._connection.send(CALL.pack(0))

    def hang_up(self) -> None:
        """Close the connection."""
        self._connection.close()

    async def _receive(self, length: int) -> bytearray:
        data = bytearray(length)
        rest = memoryview(data)
        while rest:
            read = await asyncio.get_running_loop().sock_recv_into(self._connection, rest)
            if not read:
                raise EOFError
            rest = rest[read:]
        return data


def explained(status: int) -> tuple[ChildFailure, str]:
    """What a wait status says about how a child ended (wait(2))."""
    code = os.waitstatus_to_exitcode(status)
    if code == OUT_OF_MEMORY:
        return "memory", "no more memory to be had"
    if code == -signal.SIGKILL:
        # Nobody else kills children: the kernel does when the machine or the container has no more memory.
        return "memory", "killed by the system, for want of memory"
    if code == -signal.SIGXCPU:
        return "deadline", "no more processor time"
    if code < 0:
        return "crashed", f"ended by signal {-code} ({signal.strsignal(-code)})"
    return "crashed", f"ended with {code}"
