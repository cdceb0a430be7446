"""What all tests share."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from worker.edges import broker
from worker.model.errors import DatelineError

if TYPE_CHECKING:
    from collections.abc import Iterator


# What takes longest begins first, so that nobody waits for it at the end.
_FIRST = (
    "test_hostile",
    "test_kafka_ledger",
    "test_three_brokers",
    "test_maintenance",
    "test_chaos_slice",
    "test_worker",
)


# An example that takes a fifth of a second says something of the machine, not of what is tested.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    """Let Ctrl-C reach what tests start: the processes of pytest-xdist ignore it, and would hand that on."""
    if hasattr(config, "workerinput"):
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the tests for `make test`, which runs three files at a time."""
    items.sort(key=lambda item: _FIRST.index(item.path.stem) if item.path.stem in _FIRST else len(_FIRST))


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
