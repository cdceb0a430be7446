from __future__ import annotations

import asyncio
import contextlib
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from worker.edges.notify import ServiceManager

if TYPE_CHECKING:
    from collections.abc import Iterator


class Manager:
    """What systemd is to a service: a socket that takes messages."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)

    async def next(self) -> str:
        async with asyncio.timeout(5):
            return (await asyncio.get_running_loop().sock_recv(self.socket, 1000)).decode()

    async def until(self, message: str) -> list[str]:
        """All messages up to this one."""
        found = [await self.next()]
        while found[-1] != message:
            found.append(await self.next())
        return found


@pytest.fixture(params=["a file", "a name in no file system"])
def manager(request: pytest.FixtureRequest) -> Iterator[Manager]:
    # Short: the path of a socket has room for a hundred bytes.
    with tempfile.TemporaryDirectory() as folder:
        address = str(Path(folder) / "notify") if request.param == "a file" else f"@dateline-{uuid4().hex}"
        manager = Manager(address)
        with contextlib.closing(manager.socket):
            yield manager


async def test_it_says_that_it_has_started_and_lives_although_the_ledger_is_away(manager: Manager):
    service = ServiceManager(
        {"NOTIFY_SOCKET": manager.address},
        alive=lambda: None,
        ready=lambda: "waiting for the ledger",
        look_seconds=0.01,
    )
    running = asyncio.create_task(service.run())

    assert await manager.next() == "READY=1"
    assert await manager.next() == "STATUS=waiting for the ledger"
    assert [await manager.next() for _ in range(3)] == ["WATCHDOG=1"] * 3
    running.cancel()


async def test_a_stuck_worker_leaves_the_watchdog_to_bark(manager: Manager):
    problem: str | None = "the loop has not turned for 61 seconds"
    service = ServiceManager(
        {"NOTIFY_SOCKET": manager.address}, alive=lambda: problem, ready=lambda: None, look_seconds=0.01
    )
    running = asyncio.create_task(service.run())

    assert await manager.next() == "READY=1"
    assert await manager.next() == "STATUS=the loop has not turned for 61 seconds"
    await asyncio.sleep(0.1)
    with pytest.raises(BlockingIOError):
        manager.socket.recv(1000)

    problem = None
    assert await manager.until("WATCHDOG=1") == ["STATUS=polling", "WATCHDOG=1"]
    running.cancel()


async def test_it_says_when_it_begins_to_stop(manager: Manager):
    ServiceManager({"NOTIFY_SOCKET": manager.address}, alive=lambda: None, ready=lambda: None).stopping()

    assert await manager.next() == "STOPPING=1"


async def test_without_a_service_manager_nothing_is_sent():
    service = ServiceManager({}, alive=lambda: None, ready=lambda: None)

    service.stopping()
    await asyncio.wait_for(service.run(), 1)


async def test_a_manager_that_is_gone_disturbs_nobody(manager: Manager):
    service = ServiceManager({"NOTIFY_SOCKET": manager.address}, alive=lambda: None, ready=lambda: None)
    manager.socket.close()

    service.stopping()
