"""The ledger of a configuration, for a command that has it to itself."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from worker.edges.kafka_maintenance import KafkaStore
from worker.edges.sqlite_file import SqliteFile
from worker.model.errors import Stop
from worker.pipeline import notes
from worker.wiring.kafka import kafka_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from worker.config import Config
    from worker.edges.kafka_client import KafkaSettings
    from worker.model.event import Batch
    from worker.model.feed import FeedState


class Store(Protocol):
    """A ledger that is open, and nobody else's. Errors are those of `worker.ports.Ledger`."""

    def restore(self) -> Mapping[str, bytes]:
        """The last state of each feed, and notes."""
        ...

    def commit(self, batches: Sequence[Batch]) -> None:
        """Write all batches, or nothing."""
        ...


def settings_of(config: Config) -> KafkaSettings:
    """How the configuration reaches Kafka.

    Raises:
        Stop: it does not.
    """
    if config.kafka is None:
        raise Stop("no broker is configured: set kafka.bootstrap_servers, or DATELINE_KAFKA__BOOTSTRAP_SERVERS")
    return kafka_settings(config, config.kafka)


@contextmanager
def owned(config: Config, say: Callable[[str], None]) -> Iterator[Store]:
    """Have the configuration's ledger for a while. `say` is told what has to be waited for.

    Raises:
        Retry: it cannot be reached now.
        Stop: a worker has it.
    """
    if config.kafka is None:
        file = SqliteFile(config.sqlite.path, name=config.name)
        file.open()
        try:
            yield file
        finally:
            file.close()
    else:
        with owned_topics(settings_of(config), say) as topics:
            yield topics


@contextmanager
def owned_topics(settings: KafkaSettings, say: Callable[[str], None]) -> Iterator[KafkaStore]:
    """Have the topics for a while; raises as `owned`."""
    seconds = settings.session_timeout_seconds
    topics = KafkaStore(
        settings, waits=lambda: say(f"waiting for workers named {settings.name} to be gone, for {seconds:g} s or so")
    )
    topics.open()
    try:
        yield topics
    finally:
        topics.close()


def check_finished(values: Mapping[str, bytes], *, command: str | None = None) -> bool:
    """Whether `command` itself was begun and has to be finished.

    Raises:
        Stop: another command was interrupted; what there is, is half of what it wanted.
    """
    interrupted = notes.unfinished(values)
    if interrupted not in {None, command}:
        raise Stop(f"`{interrupted}` was interrupted; run it again, to its end, before anything else")
    return interrupted is not None


def shard_keys(config: Config) -> Callable[[FeedState], str]:
    """What decides on a feed's shard: its address as configured, or for a feed that is no longer, as it was."""
    from urllib.parse import urlsplit  # noqa: PLC0415

    from worker.config.feeds import shard_key  # noqa: PLC0415

    configured = {feed.id: feed.shard_key for feed in config.feeds}

    def of(state: FeedState) -> str:
        return configured.get(state.feed_id) or shard_key(urlsplit(state.url).hostname or state.feed_id)

    return of
