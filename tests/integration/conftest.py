"""What all integration tests may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.harness import Process

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
