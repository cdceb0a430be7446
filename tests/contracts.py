"""What every edge of a port keeps. An edge's test module subclasses the contract and says how the edge is made."""

from __future__ import annotations

import asyncio
import contextlib
from itertools import islice
from typing import TYPE_CHECKING, Literal, Protocol

import pytest

from worker.model.errors import Reject, Retry, Stop
from worker.model.event import Batch, DeadLetter, Event, PollReport, Published
from worker.model.feed import FeedState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Sequence

    from worker.model.event import Headers
    from worker.ports import Ledger, Reader

Table = Literal["articles", "dead_letters"]

MAX_EVENT_BYTES = 50_000

# How long a record may take to be seen. What is committed comes at once; the rest is a busy machine.
_VISIBLE_SECONDS = 20.0


class NewLedger(Protocol):
    """Makes a ledger on what this test's other ledgers wrote: the same worker, started again.

    It takes values of up to `MAX_EVENT_BYTES`.
    """

    def __call__(self) -> Ledger: ...


class NewReader(Protocol):
    """Makes a reader that begins at the beginning."""

    def __call__(self, table: Table = "articles") -> Reader: ...


def event(
    article_id: str = "a1", revision: int = 1, *, value: bytes = b"{}", headers: Headers = (("ce_id", b"a1:1"),)
) -> Event:
    return Event(
        article_id=article_id,
        revision=revision,
        change="published" if revision == 1 else "revised",
        published_at=None,
        headers=headers,
        value=value,
    )


def dead_letter(feed_id: str = "world", *, value: bytes = b"<rss", headers: Headers = ()) -> DeadLetter:
    return DeadLetter(feed_id=feed_id, reason="broken", headers=headers, value=value)


def batch(
    *events: Event,
    feed_id: str = "world",
    shard_key: str = "example.com",
    version: int = 1,
    state: bytes | None = None,
    rejected: tuple[DeadLetter, ...] = (),
) -> Batch:
    """What a poll of one feed writes. The ledger looks into neither state nor report."""
    return Batch(
        feed_id=feed_id,
        shard_key=shard_key,
        events=events,
        rejected=rejected,
        state=FeedState(feed_id=feed_id, url="https://example.com/feed", version=version),
        state_value=b"%s %d" % (feed_id.encode(), version) if state is None else state,
        report=PollReport(feed_id=feed_id, outcome="ok"),
    )


async def started(ledger: Ledger) -> Ledger:
    """Open and restore, as every session begins."""
    await ledger.open()
    await ledger.restore()
    return ledger


async def seen(reader: Reader, count: int) -> list[Published]:
    """What a reader sees, once there are `count` records; one read more shows that there are no others."""
    records: list[Published] = []
    deadline_seconds = asyncio.get_running_loop().time() + _VISIBLE_SECONDS
    while len(records) < count and asyncio.get_running_loop().time() < deadline_seconds:
        records += await asyncio.to_thread(lambda: list(reader.read(timeout_seconds=1.0)))
    return records + await asyncio.to_thread(lambda: list(reader.read(timeout_seconds=0.2)))


def values(records: Iterable[Published]) -> list[bytes]:
    return sorted(record.value for record in records)


class LedgerContract:
    """The contract of `worker.ports.Ledger`, with what a `worker.ports.Reader` sees of it."""

    @pytest.fixture
    def make_ledger(self) -> NewLedger:
        raise NotImplementedError

    @pytest.fixture
    def make_reader(self) -> NewReader:
        raise NotImplementedError

    @pytest.fixture
    async def new_ledger(self, make_ledger: NewLedger) -> AsyncIterator[NewLedger]:
        ledgers: list[Ledger] = []

        def make() -> Ledger:
            ledgers.append(make_ledger())
            return ledgers[-1]

        yield make
        for ledger in ledgers:
            await ledger.close()

    @pytest.fixture
    async def new_reader(self, make_reader: NewReader) -> AsyncIterator[NewReader]:
        readers: list[Reader] = []

        def make(table: Table = "articles") -> Reader:
            readers.append(make_reader(table))
            return readers[-1]

        yield make
        for reader in readers:
            reader.close()

    async def test_a_new_ledger_restores_nothing(self, new_ledger: NewLedger) -> None:
        ledger = new_ledger()
        await ledger.open()

        assert (await ledger.restore()).states == {}

    async def test_a_committed_state_comes_back_after_a_restart_byte_for_byte(self, new_ledger: NewLedger) -> None:
        every_byte = bytes(range(256)) * 3
        first = await started(new_ledger())
        await first.commit([batch(feed_id="caf\u00e9/1", state=every_byte), batch(feed_id="empty", state=b"")])
        await first.close()

        second = new_ledger()
        await second.open()

        assert (await second.restore()).states == {"caf\u00e9/1": every_byte, "empty": b""}

    async def test_the_last_of_several_states_of_a_feed_wins(self, new_ledger: NewLedger) -> None:
        ledger = await started(new_ledger())
        await ledger.commit([batch(version=1), batch(feed_id="other", version=1)])
        await ledger.commit([batch(version=2), batch(version=3)])
        await ledger.close()

        again = new_ledger()
        await again.open()

        assert (await again.restore()).states == {"world": b"world 3", "other": b"other 1"}

    async def test_the_last_state_wins_when_the_feed_moved_to_another_shard(self, new_ledger: NewLedger) -> None:
        """A feed keeps its id when its address changes; the state at the old place must not come back."""
        domains = ("a.example", "b.example", "c.example", "d.example", "e.example")
        first = await started(new_ledger())
        await first.commit([batch(shard_key=domains[0], version=1)])
        await first.close()
        ledger = await started(new_ledger())
        for version, domain in enumerate(domains[1:], start=2):
            await ledger.commit([batch(shard_key=domain, version=version)])
        await ledger.close()

        again = new_ledger()
        await again.open()

        assert (await again.restore()).states == {"world": b"world 5"}

    async def test_events_are_seen_with_key_headers_and_value_exactly_as_given(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        headers = (("ce_id", b"7f:1"), ("content-type", b"application/json"), ("raw", b"\xff\x00\xc3\xa9"), ("", b""))
        ledger = await started(new_ledger())
        await ledger.commit([batch(event("7f", headers=headers, value=b'{"headline":"\xc3\xa9"}\x00\xff'))])

        (record,) = await seen(new_reader(), 1)

        assert record.key == b"7f"
        assert record.headers == headers
        assert record.value == b'{"headline":"\xc3\xa9"}\x00\xff'

    async def test_a_reader_sees_each_event_once_and_later_ones_later(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        ledger = await started(new_ledger())
        reader = new_reader()
        await ledger.commit([batch(event("a", value=b"a"), event("b", value=b"b"))])
        first = await seen(reader, 2)
        await ledger.commit([batch(event("c", value=b"c"), version=2)])
        second = await seen(reader, 1)

        assert values(first) == [b"a", b"b"]
        assert values(second) == [b"c"]

    async def test_a_reading_that_was_broken_off_goes_on_where_it_was(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        ledger = await started(new_ledger())
        await ledger.commit([batch(*(event("a", n, value=b"%d" % n) for n in (1, 2, 3)))])
        reader = new_reader()

        first = await asyncio.to_thread(lambda: next(iter(reader.read(timeout_seconds=_VISIBLE_SECONDS))))
        rest = await seen(reader, 2)

        assert [record.value for record in (first, *rest)] == [b"1", b"2", b"3"]

    async def test_the_revisions_of_an_article_keep_their_order(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        articles = [f"article-{number}" for number in range(7)]
        ledger = await started(new_ledger())
        revisions = iter(range(1, 31))
        for version in range(1, 4):  # three commits of two batches of five revisions of each article
            await ledger.commit(
                [
                    batch(*_next_revisions(articles, revisions, 5), feed_id=feed_id, version=version)
                    for feed_id in ("world", "sport")
                ]
            )

        records = await seen(new_reader(), 7 * 30)

        for article_id in articles:
            mine = [record for record in records if record.key == article_id.encode()]
            assert [record.value for record in mine] == [b"%d" % revision for revision in range(1, 31)]
            assert len({record.partition for record in mine}) == 1
            assert [record.position for record in mine] == sorted({record.position for record in mine})

    async def test_a_thousand_events_in_one_commit_are_all_seen(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        ledger = await started(new_ledger())
        await ledger.commit([batch(*(event(f"a{n}", value=b"%04d" % n) for n in range(1000)))])

        records = await seen(new_reader(), 1000)

        assert values(records) == [b"%04d" % n for n in range(1000)]

    async def test_dead_letters_are_kept_with_bytes_and_headers(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        headers = (("reason", b"not_a_feed"), ("url", b"https://example.com/\xe9"))
        ledger = await started(new_ledger())
        await ledger.commit([batch(rejected=(dead_letter(value=b"\x1f\x8b\x00<html>", headers=headers),))])

        (record,) = await seen(new_reader("dead_letters"), 1)

        assert (record.key, record.headers, record.value) == (b"world", headers, b"\x1f\x8b\x00<html>")

    @pytest.mark.parametrize(
        "too_large",
        [
            batch(event("big", value=b"x" * (MAX_EVENT_BYTES + 1)), feed_id="big"),
            batch(rejected=(dead_letter("big", value=b"x" * (MAX_EVENT_BYTES + 1)),), feed_id="big"),
            batch(state=b"x" * (MAX_EVENT_BYTES + 1), feed_id="big"),
        ],
        ids=["event", "dead letter", "state"],
    )
    async def test_nothing_is_seen_of_a_commit_with_a_value_that_is_too_large(
        self, new_ledger: NewLedger, new_reader: NewReader, too_large: Batch
    ) -> None:
        ledger = await started(new_ledger())

        with pytest.raises(Reject, match="big") as caught:
            await ledger.commit([batch(event("a", value=b"a")), too_large])

        assert caught.value.feed_id == "big"
        await ledger.commit([batch(event("b", value=b"b"), feed_id="other")])
        assert values(await seen(new_reader(), 1)) == [b"b"]
        await ledger.close()
        again = new_ledger()
        await again.open()
        assert (await again.restore()).states == {"other": b"other 1"}

    async def test_a_value_just_within_the_limit_is_taken(self, new_ledger: NewLedger, new_reader: NewReader) -> None:
        ledger = await started(new_ledger())
        await ledger.commit([batch(event(value=b"x" * MAX_EVENT_BYTES), state=b"y" * MAX_EVENT_BYTES)])

        (record,) = await seen(new_reader(), 1)

        assert len(record.value) == MAX_EVENT_BYTES

    async def test_a_commit_of_no_batches_is_fine(self, new_ledger: NewLedger, new_reader: NewReader) -> None:
        ledger = await started(new_ledger())
        await ledger.commit([])
        await ledger.commit([batch(event(value=b"after"))])

        assert values(await seen(new_reader(), 1)) == [b"after"]

    async def test_a_state_alone_can_be_committed(self, new_ledger: NewLedger, new_reader: NewReader) -> None:
        """Most polls find nothing new, and yet remember when they were."""
        ledger = await started(new_ledger())
        await ledger.commit([batch()])
        await ledger.close()
        again = new_ledger()
        await again.open()

        assert (await again.restore()).states == {"world": b"world 1"}
        assert await seen(new_reader(), 0) == []

    async def test_two_owners_never_both_commit(self, new_ledger: NewLedger, new_reader: NewReader) -> None:
        """Either the second cannot open, or the first cannot commit any more."""
        first = await started(new_ledger())
        await first.commit([batch(event("a", value=b"first"))])
        second = new_ledger()
        committed = [b"first"]

        with contextlib.suppress(Stop):
            await started(second)
            await second.commit([batch(event("a", 2, value=b"second"), version=2)])
            committed.append(b"second")
        with contextlib.suppress(Stop):
            await first.commit([batch(event("a", 2, value=b"first again"), version=2)])
            committed.append(b"first again")

        assert len(committed) == 2
        assert values(await seen(new_reader(), 2)) == sorted(committed)

    async def test_an_owner_that_closed_leaves_the_ledger_to_the_next(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        first = await started(new_ledger())
        await first.commit([batch(event("a", 1, value=b"1"))])
        await first.close()
        second = await started(new_ledger())
        await second.commit([batch(event("a", 2, value=b"2"), version=2)])

        assert values(await seen(new_reader(), 2)) == [b"1", b"2"]

    async def test_a_ledger_can_be_opened_again_and_goes_on(self, new_ledger: NewLedger, new_reader: NewReader) -> None:
        ledger = await started(new_ledger())
        await ledger.commit([batch(event("a", 1, value=b"1"))])
        await ledger.open()
        assert (await ledger.restore()).states == {"world": b"world 1"}
        await ledger.commit([batch(event("a", 2, value=b"2"), version=2)])

        assert values(await seen(new_reader(), 2)) == [b"1", b"2"]

    async def test_a_ledger_that_was_never_opened_refuses(self, new_ledger: NewLedger, new_reader: NewReader) -> None:
        other = await started(new_ledger())  # so that there is something to read
        await other.close()
        ledger = new_ledger()

        with pytest.raises(Retry):
            await ledger.restore()
        with pytest.raises(Retry):
            await ledger.commit([batch(event())])

        assert await ledger.ping() is False
        assert await seen(new_reader(), 0) == []

    async def test_after_close_nothing_works_and_closing_again_is_harmless(
        self, new_ledger: NewLedger, new_reader: NewReader
    ) -> None:
        ledger = await started(new_ledger())
        await ledger.close()
        await ledger.close()

        with pytest.raises(Retry):
            await ledger.restore()
        with pytest.raises(Retry):
            await ledger.commit([batch(event())])

        assert await ledger.ping() is False
        assert await seen(new_reader(), 0) == []

    async def test_a_ledger_that_was_never_opened_can_be_closed(self, new_ledger: NewLedger) -> None:
        ledger = new_ledger()
        await ledger.close()

        assert await ledger.ping() is False

    async def test_ping_is_true_while_the_ledger_is_open(self, new_ledger: NewLedger) -> None:
        ledger = await started(new_ledger())
        assert await ledger.ping() is True
        await ledger.commit([batch(event())])
        assert await ledger.ping() is True

    async def test_a_reader_can_be_closed_twice(self, new_ledger: NewLedger, make_reader: Callable[[], Reader]) -> None:
        await started(new_ledger())
        reader = make_reader()
        assert list(await asyncio.to_thread(lambda: list(reader.read(timeout_seconds=0.0)))) == []
        reader.close()
        reader.close()


def _next_revisions(articles: Sequence[str], revisions: Iterable[int], count: int) -> list[Event]:
    numbers = list(islice(revisions, count))
    return [event(article_id, revision, value=b"%d" % revision) for revision in numbers for article_id in articles]
