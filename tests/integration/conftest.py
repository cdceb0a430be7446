"""What all integration tests may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.harness import Process
from tests.integration.http_servers import fetching, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.integration.http_servers import Server
    from worker.edges.http import HttpFetcher


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    """Start workers that end with the test."""
    started: list[Process] = []

    def start(*arguments: Any, **more: Any) -> Process:
        started.append(Process(*arguments, **more))
        return started[-1]

    yield start
    for process in started:
        process.kill()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with serving() as running:
        yield running


@pytest.fixture
async def other() -> AsyncIterator[Server]:
    """A second server: another port, so another origin."""
    async with serving() as running:
        yield running


@pytest.fixture
async def fetcher() -> AsyncIterator[HttpFetcher]:
    async with fetching() as made:
        yield made
