"""What all tests share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from worker.edges import broker
from worker.model.errors import DatelineError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def kafka_bootstrap(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Apache Kafka of this test session: its own port and data, gone afterwards."""
    state_dir = tmp_path_factory.mktemp("kafka")
    port = broker.free_port()
    try:
        running = broker.start(port=port, state_dir=state_dir, progress=print)
    except DatelineError as error:
        pytest.fail(f"the local Kafka did not start: {error}")
    yield running.bootstrap
    broker.stop(port=port, state_dir=state_dir)
