"""Dead letters: finding them, and running them through the current code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal, cast

from worker.edges.children import Children
from worker.edges.clock import SystemClock
from worker.edges.kafka_maintenance import read_record
from worker.edges.kafka_reader import KafkaReader
from worker.edges.limits import check_sizes
from worker.edges.sqlite import SqliteReader
from worker.edges.sqlite_maintenance import read_rows
from worker.maintenance.stores import settings_of
from worker.model.children import ChildFailed
from worker.model.errors import Stop
from worker.model.event import Batch
from worker.model.shards import WHOLE, Restored
from worker.model.step import Claims
from worker.pipeline.replay import Again, Letter, again, letter_of, unpublished
from worker.reading import PREPARE, READER
from worker.runner.book import FeedBook
from worker.wiring.fetching import limits_of, manners_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from worker.config import Config
    from worker.maintenance.stores import Store
    from worker.model.event import Published
    from worker.model.step import Ask, Digest
    from worker.runner import Manners

_TABLE: Literal["dead_letters"] = "dead_letters"
_OLDEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A dead letter in its place. `id` is topic:partition:offset, or in an SQLite file the position."""

    id: str
    record: Published
    letter: Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which letters are meant; None is any."""

    feed: str | None = None
    reason: str | None = None
    since_at: datetime | None = None

    def takes(self, letter: Letter) -> bool:
        """Whether it is one of them. A letter that does not say when it was written is of any time."""
        return (
            self.feed in {None, letter.feed_id}
            and self.reason in {None, letter.reason}
            and (self.since_at is None or letter.rejected_at is None or letter.rejected_at >= self.since_at)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of a letter: how many articles were published, or why it is of no use; both empty: nothing new."""

    found: Found
    published: int = 0
    problem: str | None = None


def find_letters(config: Config, wanted: Wanted) -> list[Found]:
    """The letters that are meant, the oldest first.

    Raises:
        Retry: the ledger cannot be reached now.
        Stop: it cannot be read at all.
    """
    found = [one for record in _records(config) if wanted.takes((one := _found(config, record)).letter)]
    found.sort(key=lambda one: (one.letter.rejected_at or _OLDEST, one.record.partition, one.record.position))
    return found


def find_letter(config: Config, letter_id: str) -> Found:
    """One letter by its id.

    Raises:
        Retry: the ledger cannot be reached now.
        Stop: there is none.
    """
    place = letter_id.split(":")
    numbers = place[1:] if config.kafka else place
    if not all(number.isascii() and number.isdigit() for number in numbers) or len(numbers) != (
        2 if config.kafka else 1
    ):
        form = "topic:partition:offset" if config.kafka else "a position, which is a number"
        raise Stop(f"{letter_id!r} is no dead letter's id; it is {form}, as `dateline dlq list` shows it")
    if config.kafka:
        topic = config.kafka.topics.dead_letters
        if place[0] != topic:
            raise Stop(f"{letter_id}: dead letters are in the topic {topic}")
        record = read_record(settings_of(config), topic, int(numbers[0]), int(numbers[1]))
    else:
        rows = read_rows(config.sqlite.path, _TABLE, after=int(numbers[0]) - 1, count=1, max_bytes=0)
        record = rows[0] if rows and rows[0].position == int(numbers[0]) else None
    if record is None:
        raise Stop(f"{letter_id}: there is no dead letter; `dateline dlq list` shows those that there are")
    return _found(config, record)


def _records(config: Config) -> Iterator[Published]:
    if config.kafka is None:
        reader: SqliteReader | KafkaReader = SqliteReader(config.sqlite.path, topic=_TABLE, table=_TABLE)
    else:
        reader = KafkaReader(settings_of(config), topics=(config.kafka.topics.dead_letters,))
    try:
        yield from reader.read_to_end()
    finally:
        reader.close()


def _found(config: Config, record: Published) -> Found:
    letter_id = f"{record.topic}:{record.partition}:{record.position}" if config.kafka else str(record.position)
    return Found(id=letter_id, record=record, letter=letter_of(record.headers, record.value))


async def replay(config: Config, store: Store, chosen: Sequence[Found]) -> AsyncIterator[Replayed]:
    """Publish what the current code finds in the letters and nobody has published yet.

    Each letter is one commit, with the state by which its feed knows the article from then on.

    Raises:
        Retry, Unknown, Stop: as the store; what was said so far is done.
    """
    book = FeedBook(config.feeds, max_event_bytes=limits_of(config).max_event_bytes)
    book.restore(Restored(holding=WHOLE, states=dict(store.restore())))
    fetch = config.fetch
    readers = Children(
        READER,
        preload=PREPARE,
        count=1,
        deadline_seconds=fetch.parse_deadline_seconds,
        memory_bytes=fetch.parse_memory_bytes,
    )
    manners = manners_of(config)
    replayer = _Replayer(config, store, book, readers, manners)
    await readers.start()
    try:
        for found in chosen:
            yield await replayer.replay(found)
    finally:
        await readers.close()
        await manners.close()


class _Replayer:
    def __init__(self, config: Config, store: Store, book: FeedBook, readers: Children, manners: Manners) -> None:
        self._limits = limits_of(config)
        self._store = store
        self._book = book
        self._readers = readers
        self._manners = manners

    async def replay(self, found: Found) -> Replayed:
        letter = found.letter
        feed = self._book.feeds.get(letter.feed_id)
        if feed is None:
            return Replayed(found=found, problem=f"feed {letter.feed_id or '(unnamed)'} is not in the configuration")
        state = self._book.state_of(feed)
        poll = again(letter, feed, state, now=SystemClock().now())
        if isinstance(poll, str):
            return Replayed(found=found, problem=poll)
        try:
            read = await self._read(poll)
        except ChildFailed as error:
            return Replayed(found=found, problem=f"still cannot be read: {error.detail}")
        batch = unpublished(letter, feed, state, read)
        if batch is None:
            return Replayed(found=found, problem=_problem(read))
        self._publish(batch)
        return Replayed(found=found, published=len(batch.events))

    def _publish(self, batch: Batch) -> None:
        if not self._book.claim(batch):
            raise Stop(f"feed {batch.feed_id}: another feed publishes its article; this is a bug, please report it")
        batch = self._book.completed(batch)
        check_sizes([batch], max_event_bytes=self._limits.max_event_bytes)
        self._store.commit([batch])
        self._book.settle(batch)

    async def _read(self, poll: Again) -> Batch:
        """The poll as a worker makes it: documents of strangers are read by a process that can be killed."""
        digests: dict[str, Digest | None] = {}
        now = poll.response.retrieved_at
        while True:
            async with self._readers.session() as reading:
                step = await reading.call("begin", poll.feed, poll.state, poll.response, now, self._limits, digests)
                if isinstance(step, Claims):
                    taken = self._book.taken_for(poll.feed.id)
                    ours = frozenset(article_id for article_id in step.ids if article_id in taken)
                    return cast("Batch", await reading.call("settle", ours))
            if isinstance(step, Batch):
                return step
            for request in cast("Ask", step).requests:
                fetched = await self._manners.fetch(request)
                async with self._readers.session() as reading:
                    digests[request.url] = cast("Digest", await reading.call("digest", request, fetched, self._limits))


def _problem(read: Batch) -> str | None:
    """Why a letter without news has none: it cannot be read still, or all of it is known."""
    if read.report.outcome != "ok":
        return f"still cannot be read: {' '.join(read.report.warnings) or read.report.reason}"
    if read.report.waiting:
        return "the page of its article cannot be had now"
    if read.rejected:
        reasons = dict(read.rejected[0].headers)
        return f"still cannot be read: {reasons['__connect.errors.exception.message'].decode()}"
    return None if read.report.entries else "still cannot be read: it holds no entry"
