"""What commands ask without running a worker: what a feed would bring, how feeds are, what is published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from worker.config import Mistake, Topics, location
from worker.edges.clock import SystemClock
from worker.edges.guard import AddressGuard
from worker.edges.kafka_reader import KafkaReader, read_feed_states
from worker.edges.kafka_topics import ensure_topics
from worker.edges.sqlite import SqliteReader, read_states
from worker.model.errors import Stop
from worker.model.event import Batch
from worker.model.feed import Feed
from worker.model.fetch import Request, Response
from worker.model.secrets import without_secrets
from worker.pipeline import digest_of, first_state, process
from worker.pipeline.notes import feed_states
from worker.pipeline.overview import feed_status
from worker.steps.encode import decode_state
from worker.wiring.fetching import limits_of, manners_of
from worker.wiring.kafka import kafka_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.config import Config
    from worker.model.step import Digest
    from worker.ports import Reader


async def probe(source: str, config: Config | None, *, content: Literal["feed", "page"] = "feed") -> Batch:
    """What one poll of a URL, or of a file, would write if nothing were known yet.

    Without a configuration every network may be visited: whoever types the address means it.

    Args:
        source: a URL, or the path of a file.
        config: for its fetch settings.
        content: where the text of articles comes from.
    """
    manners = manners_of(config)
    try:
        fetched = await manners.fetch(Request(url=_address(source))) if "://" in source else _read(Path(source))
        feed = Feed(
            id="probe",
            url=fetched.url,
            shard_key="probe",
            # As a worker polls a feed of which its configuration says nothing.
            interval_seconds=None,
            min_interval_seconds=3_600.0,
            max_interval_seconds=86_400.0,
            unvalidated_interval_seconds=86_400.0,
            content=content,
        )
        limits = limits_of(config)
        digests: dict[str, Digest | None] = {}
        while True:
            step = process(feed, first_state(feed), fetched, now=fetched.retrieved_at, limits=limits, digests=digests)
            if isinstance(step, Batch):
                return step
            for request in step.requests:
                digests[request.url] = digest_of(request, await manners.fetch(request), limits=limits)
    finally:
        await manners.close()


def _address(source: str) -> str:
    try:
        return location(source).url
    except Mistake as error:
        raise Stop(f"{without_secrets(source)}: {error}") from None


def _read(path: Path) -> Response:
    try:
        body = path.read_bytes()
    except OSError as error:
        raise Stop(f"{path}: cannot be read: {error.strerror}; give the address of a feed or a file") from error
    return Response(url=path.name, status=200, body=body, retrieved_at=SystemClock().now())


def open_reader(
    config: Config, *, from_beginning: bool, table: Literal["articles", "dead_letters"] = "articles"
) -> Reader:
    """Follow the articles that this configuration publishes, or its dead letters.

    Raises:
        Retry: if the ledger cannot be reached.
        Stop: if it cannot be read at all.
    """
    if config.kafka is None:
        topic = getattr(Topics(), table)
        return SqliteReader(config.sqlite.path, topic=topic, table=table, from_beginning=from_beginning)
    topics = None if table == "articles" else (config.kafka.topics.dead_letters,)
    return KafkaReader(kafka_settings(config, config.kafka), topics=topics, from_beginning=from_beginning)


def feed_statuses(config: Config) -> list[dict[str, Any]]:
    """How each feed of a configuration is doing, by what was last committed.

    Raises:
        Retry: if the ledger cannot be reached.
        Stop: if it cannot be read at all.
    """
    if config.kafka is None:
        values: Mapping[str, bytes] = read_states(config.sqlite.path)
    else:
        values = read_feed_states(kafka_settings(config, config.kafka)).values
    now = SystemClock().now()
    states = {feed_id: decode_state(value) for feed_id, value in feed_states(values).items()}
    return [feed_status(feed, states.get(feed.id), now=now) for feed in config.feeds]


def create_topics(config: Config) -> tuple[str, ...]:
    """Create the topics that are missing; their names.

    Raises:
        Retry: if the broker cannot be reached.
        Stop: if no broker is configured, or it refuses.
    """
    if config.kafka is None:
        raise Stop("no broker is configured: set kafka.bootstrap_servers, or DATELINE_KAFKA__BOOTSTRAP_SERVERS")
    return ensure_topics(kafka_settings(config, config.kafka))


def never_visited(config: Config) -> list[str]:
    """The feeds whose addresses this configuration forbids, with the cure; told without looking any name up."""
    guard = AddressGuard(config.fetch.allow_networks)
    hosts = ((feed.id, urlsplit(feed.url).hostname or "") for feed in config.feeds)
    return [f"feed {feed_id} is not visited: {why}" for feed_id, host in hosts if (why := guard.check_host(host))]
