from __future__ import annotations

import pytest

from tests.contracts import MAX_EVENT_BYTES, LedgerContract, NewLedger, NewReader, Table, batch, event, started
from tests.fakes import FakeClock, FakeLedger, FakeReader, FakeStore
from worker.model.errors import Reject, Retry, Stop, Unknown


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


class TestFakeLedger(LedgerContract):
    @pytest.fixture
    def make_ledger(self, store: FakeStore) -> NewLedger:
        return lambda: FakeLedger(store, max_event_bytes=MAX_EVENT_BYTES)

    @pytest.fixture
    def make_reader(self, store: FakeStore) -> NewReader:
        def make(table: Table = "articles") -> FakeReader:
            return FakeReader(store, table)

        return make


async def test_a_failure_before_writing_leaves_nothing_and_ends_the_session(store: FakeStore) -> None:
    ledger = FakeLedger(store)
    await started(ledger)
    ledger.fail_next(Retry("the broker is away"), written=False)

    with pytest.raises(Retry, match="the broker is away"):
        await ledger.commit([batch(event())])
    with pytest.raises(Retry, match="not open"):
        await ledger.commit([batch(event())])

    assert store.states == {}
    assert store.articles == []
    await started(ledger)
    await ledger.commit([batch(event())])
    assert store.states == {"world": b"world 1"}


async def test_an_unknown_outcome_may_have_been_written(store: FakeStore) -> None:
    ledger = FakeLedger(store)
    await started(ledger)
    ledger.fail_next(Unknown("the answer was lost"), written=True)

    with pytest.raises(Unknown):
        await ledger.commit([batch(event())])

    await ledger.open()
    assert (await ledger.restore()).states == {"world": b"world 1"}
    assert [record.key for record in store.articles] == [b"a1"]


async def test_a_rejection_leaves_the_session_as_it_was(store: FakeStore) -> None:
    ledger = FakeLedger(store)
    await started(ledger)
    ledger.fail_next(Reject("too large", feed_id="world"), written=False)

    with pytest.raises(Reject):
        await ledger.commit([batch(event())])

    await ledger.commit([batch(event())])
    assert len(store.commits) == 1


async def test_a_store_that_is_away_cannot_be_opened_written_or_pinged(store: FakeStore) -> None:
    ledger = FakeLedger(store)
    await started(ledger)
    store.away = True

    assert await ledger.ping() is False
    with pytest.raises(Retry):
        await ledger.commit([batch(event())])
    with pytest.raises(Retry):
        await ledger.open()

    store.away = False
    assert await ledger.ping() is True
    await started(ledger)
    await ledger.commit([batch(event())])
    assert len(store.articles) == 1


async def test_a_ledger_that_was_taken_over_stops(store: FakeStore) -> None:
    first, second = FakeLedger(store), FakeLedger(store)
    await started(first)
    await started(second)

    with pytest.raises(Stop):
        await first.commit([batch(event())])

    assert store.commits == []


def test_the_clock_stands_still_until_it_is_moved() -> None:
    clock = FakeClock()
    before, before_seconds = clock.now(), clock.monotonic_seconds()

    clock.advance(90)

    assert (clock.now() - before).total_seconds() == 90
    assert clock.monotonic_seconds() - before_seconds == 90
