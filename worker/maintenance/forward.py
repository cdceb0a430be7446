"""What an SQLite ledger holds, published to Kafka: once, in its order, whatever happens on the way.

How far it came is written in the transactions themselves. Until the last one a note in each partition of the
feed-state topic keeps workers from beginning with half of the states.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from worker.edges.kafka_client import one_line
from worker.edges.sqlite_file import SqliteFile
from worker.edges.sqlite_maintenance import identify_file, read_end, read_rows, read_stored_states
from worker.maintenance.states import CHUNK_BYTES, CHUNK_RECORDS, chunks
from worker.maintenance.stores import check_finished, owned_topics, settings_of
from worker.model.errors import Reject, Stop
from worker.pipeline.notes import (
    UNFINISHED,
    Forwarded,
    decode_forwarded,
    digest,
    encode_forwarded,
    feed_states,
    forwarded_id,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from worker.config import Config
    from worker.edges.kafka_maintenance import KafkaStore
    from worker.edges.kafka_producer import Record
    from worker.edges.sqlite_maintenance import StoredState
    from worker.model.event import Published

COMMAND = "dateline forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How many records this run published; others were there already."""

    articles: int
    dead_letters: int
    states: int


def forward(config: Config, path: Path, say: Callable[[str], None]) -> Done:
    """Publish what the file holds and Kafka does not.

    Args:
        config: how Kafka is reached.
        path: the file of a worker that is stopped.
        say: told of the progress.

    Raises:
        Retry, Unknown: Kafka failed; another run goes on from there.
        Stop: a worker has the file or the topics, or the topics hold something else.
    """
    settings = settings_of(config)
    if not path.exists():
        raise Stop(f"{path} is not there; give the ledger's file with --from, or set sqlite.path")
    file = SqliteFile(path, name=f"{config.name}, dateline forward")
    file.open()
    try:
        with owned_topics(settings, say) as topics:
            try:
                keys = {feed.id: feed.shard_key for feed in config.feeds}
                return _Forwarding(topics, path, keys, say).run()
            except Reject as error:
                raise Stop(f"{path}: {one_line(error)}; raise kafka.max_event_bytes and the topic's limit") from error
    finally:
        file.close()


class _Forwarding:
    def __init__(self, topics: KafkaStore, path: Path, keys: Mapping[str, str], say: Callable[[str], None]) -> None:
        self._topics = topics
        self._path = path
        self._keys = keys
        self._say = say
        self._note = forwarded_id(identify_file(path))

    def run(self) -> Done:
        values = self._topics.restore()
        states = read_stored_states(self._path)
        value = values.get(self._note)
        before = None if value is None else decode_forwarded(value)
        ends = {table: read_end(self._path, table) for table in ("articles", "dead_letters")}
        if check_finished(values, command=COMMAND):
            if before is None:
                raise Stop(f"`{COMMAND}` of another file than {self._path} was interrupted; run that again first")
        elif before is not None and _holds_all(feed_states(values), states, before, ends):
            return Done(articles=0, dead_letters=0, states=0)
        else:
            self._check_foreign(feed_states(values), states, before)
        return self._publish(before or Forwarded(), states)

    def _check_foreign(self, theirs: Mapping[str, bytes], states: list[StoredState], before: Forwarded | None) -> None:
        """Refuse where a worker on Kafka has published for these feeds: it would be published again."""
        if before is not None:
            if before.states != digest(theirs):
                raise Stop(
                    f"{self._path} has changed since it was forwarded, and so have the states on Kafka: workers used "
                    "both, so that some articles are in each; keep one of the two"
                )
            return
        both = [stored.feed_id for stored in states if stored.feed_id in theirs]
        if both:
            raise Stop(
                f"Kafka knows {len(both)} of the feeds of {self._path} already, such as {both[0]}: a worker has "
                "published for them; forward into topics that no worker has used"
            )

    def _publish(self, forwarded: Forwarded, states: list[StoredState]) -> Done:
        topics = self._topics
        topics.write(
            [*topics.everywhere(UNFINISHED, COMMAND.encode()), *self._progress(replace(forwarded, states=None))]
        )
        forwarded, articles = self._records("articles", forwarded)
        forwarded, dead_letters = self._records("dead_letters", forwarded)
        written = 0
        # A feed that is configured at another address by now belongs there.
        groups = (topics.state(one.feed_id, self._keys.get(one.feed_id, one.shard_key), one.value) for one in states)
        for part in chunks(groups):
            topics.write(part)
            written += sum(record.value is not None for record in part)
            self._say(f"feed states: {written} of {len(states)}")
        left = feed_states(topics.restore())
        done = replace(forwarded, states=digest(left))
        topics.write([*self._progress(done), *topics.everywhere(UNFINISHED, None)])
        return Done(articles=articles, dead_letters=dead_letters, states=written)

    def _records(self, table: Literal["articles", "dead_letters"], forwarded: Forwarded) -> tuple[Forwarded, int]:
        """Publish the rows that are not published yet, each transaction with how far it comes."""
        after = forwarded.articles if table == "articles" else forwarded.dead_letters
        end = read_end(self._path, table)
        count = 0
        while rows := read_rows(self._path, table, after=after, count=CHUNK_RECORDS, max_bytes=CHUNK_BYTES):
            after = rows[-1].position
            forwarded = (
                replace(forwarded, articles=after) if table == "articles" else replace(forwarded, dead_letters=after)
            )
            records = (record for row in rows for record in self._row_records(table, row))
            self._topics.write([*records, *self._progress(forwarded)])
            count += len(rows)
            self._say(f"{table.replace('_', ' ')}: {after} of {end}")
        return forwarded, count

    def _row_records(self, table: Literal["articles", "dead_letters"], row: Published) -> Iterator[Record]:
        if table == "dead_letters":
            yield self._topics.dead_letter(row.key, row.headers, row.value)
            return
        topic = None if row.topic == table else row.topic
        yield from self._topics.article(row.key, row.headers, row.value, topic=topic)

    def _progress(self, forwarded: Forwarded) -> Iterator[Record]:
        return self._topics.state(self._note, self._note, encode_forwarded(forwarded))


def _holds_all(
    theirs: Mapping[str, bytes], states: list[StoredState], before: Forwarded, ends: Mapping[str, int]
) -> bool:
    """Whether no record came into the file since it was forwarded to its end, and Kafka's states are as new."""
    if before.states is None or (before.articles, before.dead_letters) != (ends["articles"], ends["dead_letters"]):
        return False
    # Without new records it is no harm if a worker has begun on Kafka and knows more by now.
    return before.states != digest(theirs) or all(theirs.get(one.feed_id) == one.value for one in states)
