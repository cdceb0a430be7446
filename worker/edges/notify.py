"""Telling systemd how the service is: sd_notify(3), without its library.

systemd restarts a service of `WatchdogSec=` that has not said for so long that it is alive. A process that answers
nobody any more, because its event loop is blocked, says nothing; one whose loop turns while the scheduling is stuck
keeps silent.
"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LOOK_SECONDS = 1.0


class ServiceManager:
    """Reports to the service manager that started us, if one did and wants to know.

    Args:
        environ: names the manager's socket in `NOTIFY_SOCKET`, which is absent elsewhere: then nothing is sent.
        alive: why the worker is not alive, or None. While it is not, the watchdog is left to bark.
        ready: why the worker is not ready, or None; shown by `systemctl status`.
        look_seconds: how often to ask them. Less than half of any sensible `WatchdogSec=`.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        *,
        alive: Callable[[], str | None],
        ready: Callable[[], str | None],
        look_seconds: float = _LOOK_SECONDS,
    ) -> None:
        # A leading @ stands for the zero byte of a name that is in no file system (unix(7), abstract).
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._alive = alive
        self._ready = ready
        self._look_seconds = look_seconds

    async def run(self) -> None:
        """Say that the service has started, and from then on how it is. Returns when nobody listens, else never.

        Started means that it serves its health and tries to reach the ledger: starting it again because a broker is
        away would help nobody.
        """
        if not self._address:
            return
        said = None
        self._send("READY=1")
        while True:
            status = self._alive() or self._ready() or "polling"
            if status != said:
                self._send(f"STATUS={status}")
                said = status
            if self._alive() is None:
                self._send("WATCHDOG=1")
            await asyncio.sleep(self._look_seconds)

    def stopping(self) -> None:
        """Say that the service has begun to stop. May be called from a signal handler."""
        self._send("STOPPING=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK) as manager:
            try:
                manager.sendto(message.encode(), self._address)
            except OSError:
                # It has no time, or is gone; the worker's work does not depend on it.
                return
