"""Feed states: looking at them, a backup and back, and the number of shards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from worker.edges.kafka_reader import read_feed_states
from worker.edges.sqlite_maintenance import read_stored_states
from worker.maintenance.stores import check_finished, owned, owned_topics, settings_of, shard_keys
from worker.model.errors import Stop
from worker.model.event import Batch, PollReport
from worker.pipeline.notes import UNFINISHED, feed_states, is_note
from worker.steps.encode import decode_state, encode_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from worker.config import Config
    from worker.edges.kafka_maintenance import KafkaStore
    from worker.edges.kafka_producer import Record
    from worker.model.feed import FeedState

# One transaction must end well before its timeout.
CHUNK_RECORDS = 1_000
CHUNK_BYTES = 8 * 2**20

_IMPORT = "dateline state import"
_RESHARD = "dateline state reshard"
_MISTAKES_AT_MOST = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of an export."""

    number: int
    shard_key: str
    state: FeedState


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A feed's state as the ledger holds it."""

    feed_id: str
    shard_key: str
    value: bytes


def read_states(config: Config) -> Iterator[Held]:
    """The state of each feed, by feed id. A worker may be at work.

    Raises:
        Retry: the ledger cannot be reached now.
        Stop: it cannot be read at all.
    """
    if config.kafka is None:
        for stored in read_stored_states(config.sqlite.path):
            yield Held(feed_id=stored.feed_id, shard_key=stored.shard_key, value=stored.value)
        return
    values = read_feed_states(settings_of(config)).values
    check_finished(values)
    key_of = shard_keys(config)
    for feed_id, value in sorted(feed_states(values).items()):
        yield Held(feed_id=feed_id, shard_key=key_of(decoded(feed_id, value)), value=value)


def find_state(config: Config, feed_id: str) -> FeedState:
    """What is known about one feed.

    Raises:
        Retry: the ledger cannot be reached now.
        Stop: nothing is known about such a feed.
    """
    for held in read_states(config):
        if held.feed_id == feed_id:
            return decoded(feed_id, held.value)
    if any(feed.id == feed_id for feed in config.feeds):
        raise Stop(f"feed {feed_id}: nothing is known about it yet; a worker has not polled it")
    raise Stop(f"feed {feed_id}: there is no such feed; `dateline feeds list` shows those of the configuration")


def decoded(feed_id: str, value: bytes) -> FeedState:
    """The state that these bytes are.

    Raises:
        Stop: they are none.
    """
    try:
        return decode_state(value)
    except ValueError as error:
        raise Stop(f"the state of feed {feed_id} cannot be read: {error}") from error


def export_line(held: Held) -> bytes:
    """A state as one line of JSON."""
    row = {"feed": held.feed_id, "shard_key": held.shard_key, "state": orjson.Fragment(held.value)}
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE)


def read_lines(data: bytes, name: str) -> list[Line]:
    """The lines of an export.

    Raises:
        Stop: some are none; each is named.
    """
    lines: list[Line] = []
    mistakes: list[str] = []
    before: dict[str, int] = {}
    for number, text in enumerate(data.splitlines(), 1):
        if not text.strip():
            continue
        try:
            line = _line(number, orjson.loads(text))
        except ValueError as error:
            mistakes.append(f"{name}:{number}: {error}; it must be as `dateline state export` writes it")
            continue
        first = before.setdefault(line.state.feed_id, number)
        if first != number:
            mistakes.append(f"{name}:{number}: feed {line.state.feed_id} is in line {first} already; keep one")
        lines.append(line)
    _refuse(mistakes)
    if not lines:
        raise Stop(f"{name}: holds no states")
    return lines


def _line(number: int, row: Any) -> Line:
    if not isinstance(row, dict) or row.keys() != {"feed", "shard_key", "state"}:
        raise ValueError('not an object {"feed", "shard_key", "state"}')
    state = decode_state(orjson.dumps(row["state"]))
    if not isinstance(row["feed"], str) or state.feed_id != row["feed"] or is_note(row["feed"]):
        raise ValueError("feed and state are not of one feed")
    if not isinstance(row["shard_key"], str) or not row["shard_key"]:
        raise ValueError("shard_key is not a text")
    return Line(number=number, shard_key=row["shard_key"], state=state)


def import_states(
    config: Config, lines: list[Line], name: str, say: Callable[[str], None], *, force: bool
) -> tuple[int, int]:
    """Write states, all or none; how many were written, and how many were there already.

    Args:
        config: whose ledger.
        lines: what was exported.
        name: of the file, for mistakes.
        say: told what has to be waited for.
        force: also take what is older than what the ledger holds.

    Raises:
        Retry: the ledger cannot be reached now.
        Stop: a worker has it; a line is older than what it holds; or another command was interrupted.
    """
    key_of = {feed.id: feed.shard_key for feed in config.feeds}
    with owned(config, say) as store:
        values = store.restore()
        resumed = check_finished(values, command=_IMPORT)
        new = [line for line in lines if values.get(line.state.feed_id) != encode_state(line.state)]
        if not force and not resumed:
            _refuse([mistake for line in new if (mistake := _older(line, values.get(line.state.feed_id), name))])
        batches = [_batch(line, key_of.get(line.state.feed_id, line.shard_key)) for line in new]
        if config.kafka is None:
            if batches:
                store.commit(batches)
        else:
            _import_to(store, batches, resumed=resumed)  # type: ignore[arg-type]  # it is Kafka's
    return len(new), len(lines) - len(new)


def _import_to(topics: KafkaStore, batches: list[Batch], *, resumed: bool) -> None:
    records = [topics.state(batch.feed_id, batch.shard_key, batch.state_value) for batch in batches]
    parts = list(chunks(records))
    if len(parts) == 1 and not resumed:
        topics.write(parts[0])
    elif parts or resumed:
        topics.write(topics.everywhere(UNFINISHED, _IMPORT.encode()))
        for part in parts:
            topics.write(part)
        topics.write(topics.everywhere(UNFINISHED, None))


def _older(line: Line, value: bytes | None, name: str) -> str | None:
    if value is None:
        return None
    held = decoded(line.state.feed_id, value).version
    if line.state.version > held:
        return None
    what = "older than" if line.state.version < held else "not the same as"
    return (
        f"{name}:{line.number}: feed {line.state.feed_id}: version {line.state.version} is {what} version {held} that "
        "the ledger holds; --force takes it, and what was published since may be published again"
    )


def reshard(config: Config, partitions: int, say: Callable[[str], None]) -> int:
    """Give the feed-state topic more partitions, and move each state to where it belongs; how many were moved.

    A note in each partition keeps workers from beginning before all of them are moved. An interrupted run is gone on
    with by the next.

    Raises:
        Retry: Kafka cannot be reached now.
        Stop: there is no broker, a worker is at work, or the topic has more partitions already.
    """
    with owned_topics(settings_of(config), say) as topics:
        values = topics.restore()
        resumed = check_finished(values, command=_RESHARD)
        if partitions < topics.shards:
            raise Stop(
                f"the feed-state topic has {topics.shards} partitions, and Kafka takes none away: "
                f"give --partitions {topics.shards} or more"
            )
        key_of = shard_keys(config)
        keys = {
            feed_id: feed_id if is_note(feed_id) else key_of(decoded(feed_id, value))
            for feed_id, value in values.items()
            if feed_id != UNFINISHED
        }
        grows = partitions > topics.shards
        if grows or resumed or any(topics.is_misplaced(*pair) for pair in keys.items()):
            topics.write(topics.everywhere(UNFINISHED, _RESHARD.encode()))
        if grows:
            topics.add_shards(partitions)
            topics.write(topics.everywhere(UNFINISHED, _RESHARD.encode()))
        moved = 0
        misplaced = [pair for pair in keys.items() if topics.is_misplaced(*pair)]
        for part in chunks(topics.state(feed_id, key, values[feed_id]) for feed_id, key in misplaced):
            topics.write(part)
            moved += sum(record.value is not None for record in part)
            say(f"moved {moved} of {len(misplaced)} states")
        if grows or resumed or misplaced:
            topics.write(topics.everywhere(UNFINISHED, None))
        return moved


def chunks(groups: Iterable[Iterable[Record]]) -> Iterator[list[Record]]:
    """Records by transactions; those of a group stay together."""
    part: list[Record] = []
    size_bytes = 0
    for group in groups:
        records = list(group)
        more_bytes = sum(len(record.value or b"") for record in records)
        if part and (size_bytes + more_bytes > CHUNK_BYTES or len(part) + len(records) > CHUNK_RECORDS):
            yield part
            part, size_bytes = [], 0
        part += records
        size_bytes += more_bytes
    if part:
        yield part


def _batch(line: Line, shard_key: str) -> Batch:
    return Batch(
        feed_id=line.state.feed_id,
        shard_key=shard_key,
        events=(),
        rejected=(),
        state=line.state,
        state_value=encode_state(line.state),
        report=PollReport(feed_id=line.state.feed_id, outcome="ok"),
    )


def _refuse(mistakes: list[str]) -> None:
    if not mistakes:
        return
    more = len(mistakes) - _MISTAKES_AT_MOST
    raise Stop("\n".join([*mistakes[:_MISTAKES_AT_MOST], *([f"and {more} more like these"] if more > 0 else [])]))
