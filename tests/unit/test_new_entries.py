"""Of a document that changed, only the new and changed entries are parsed; and the outcome is as if all had been."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from tests.fakes import settled
from tests.unit.test_pipeline import FEED, LIMITS, NOW, Poller, answer, ids, item, messages, published, rss
from worker.model.feed import Backfill
from worker.pipeline import first_state, process
from worker.steps.encode import decode_state
from worker.steps.parse import direct

if TYPE_CHECKING:
    from worker.model.feed import FeedState
    from worker.steps.parse.canonical import Canonical
    from worker.steps.parse.clean import Read


def story(name: str, text: str = "") -> str:
    return item(f"Story {name}", f"https://news.example/{name}", name, text)


@pytest.fixture
def poller() -> Poller:
    return Poller()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many entries were found each time that a document was parsed."""
    counts: list[int] = []
    read = direct.read

    def counted(plain: Canonical) -> Read:
        found = read(plain)
        counts.append(len(found.entries))
        return found

    monkeypatch.setattr(direct, "read", counted)
    return counts


def test_only_new_and_changed_entries_are_parsed(poller: Poller, parsed: list[int]) -> None:
    poller.read(*(story(str(number)) for number in range(20)))
    parsed.clear()
    found = poller.read(story("new"), story("3", "Other words."), *(story(str(n)) for n in range(20) if n != 3))
    assert found == [("Story new", "published", 1), ("Story 3", "revised", 2)]
    # The poller looks at each answer twice, to see that the outcome is the same.
    assert parsed == [2, 2]


def test_entries_that_were_not_parsed_count_as_unchanged(poller: Poller) -> None:
    poller.read(story("1"), story("2"))
    report = poller.poll(answer(rss(story("3"), story("1"), story("2")))).report
    assert (report.entries, report.published, report.unchanged) == (3, 1, 2)


def test_a_new_entry_that_shares_its_address_with_a_known_one_is_told_apart_from_it(poller: Poller) -> None:
    first = poller.poll(answer(rss(item("One", "https://news.example/live", "1"))))
    second = poller.poll(
        answer(rss(item("Two", "https://news.example/live", "2"), item("One", "https://news.example/live", "1")))
    )
    assert [message["headline"] for message in messages(second)] == ["Two"]
    assert ids(first) != ids(second)


def test_a_new_entry_that_shares_its_guid_with_a_known_one_is_told_apart_from_it(poller: Poller) -> None:
    poller.read(item("One", "https://news.example/1", "same"))
    assert poller.read(
        item("Two", "https://news.example/2", "same"), item("One", "https://news.example/1", "same")
    ) == (published("Two"))


def test_an_entry_of_a_well_formed_document_is_a_dead_letter_with_its_own_bytes(poller: Poller) -> None:
    long = item("word " * 10_000, "https://news.example/long", "long")
    batch = poller.poll(answer(rss(story("1"), long, story("2"))))
    assert [letter.value for letter in batch.rejected] == [long.encode()[: LIMITS.max_event_bytes]]
    assert len(batch.events) == 2


DOCUMENTS = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "c", None]),  # guid
            st.sampled_from(["1", "2", "", None]),  # link
            st.sampled_from(["x", "y", "z"]),  # words
        ),
        max_size=5,
        unique=True,
    ),
    max_size=5,
)


def whole_only(state: FeedState) -> FeedState:
    """The state without what allows to pass over known entries."""
    return replace(state, entries=tuple(replace(seen, place=None) for seen in state.entries))


@settings(max_examples=500, deadline=None)
@given(DOCUMENTS)
def test_what_is_published_is_the_same_as_if_every_entry_had_been_parsed(documents: list[Any]) -> None:
    split, whole = first_state(FEED), first_state(FEED)
    now = NOW
    for entries in documents:
        body = rss(
            *(
                item(words, None if link is None else f"https://news.example/{link}", guid)
                for guid, link, words in entries
            )
        )
        one = settled(process(FEED, split, answer(body), now=now, limits=LIMITS))
        other = settled(process(FEED, whole_only(whole), answer(body), now=now, limits=LIMITS))
        assert one.events == other.events
        assert one.report == other.report
        split, whole = decode_state(one.state_value), decode_state(other.state_value)
        assert set(whole_only(split).entries) == set(whole_only(whole).entries)
        now += timedelta(hours=1)


# What the first poll of a feed publishes


def dated(name: str, day: int) -> str:
    return item(f"Story {name}", f"https://news.example/{name}", name, pubDate=f"{day} May 2025 10:00:00 GMT")


@pytest.mark.parametrize(
    ("backfill", "wanted"),
    [
        (Backfill(), ["c", "b", "a"]),
        (Backfill(newest=0), []),
        (Backfill(newest=2), ["c", "b"]),
        (Backfill(newest=50), ["c", "b", "a"]),
        (Backfill(since_at=datetime(2025, 5, 11, tzinfo=UTC)), ["c"]),
        (Backfill(since_at=datetime(2025, 5, 10, 10, tzinfo=UTC)), ["c", "b"]),
    ],
)
def test_the_first_poll_publishes_what_the_feed_is_configured_for(backfill: Backfill, wanted: list[str]) -> None:
    poller = Poller(replace(FEED, backfill=backfill))
    batch = poller.poll(answer(rss(dated("c", 20), dated("b", 10), dated("a", 1))))
    assert [message["source"]["guid"] for message in reversed(messages(batch))] == wanted
    assert (batch.report.entries, batch.report.skipped) == (3, 3 - len(wanted))


def test_entries_that_come_after_the_first_poll_are_published_whatever_the_backfill() -> None:
    poller = Poller(replace(FEED, backfill=Backfill(newest=0)))
    assert poller.read(story("1")) == []
    assert poller.read(story("2"), story("1")) == published("Story 2")


def test_an_entry_that_was_passed_over_stays_so_when_it_changes() -> None:
    poller = Poller(replace(FEED, backfill=Backfill(newest=0)))
    poller.read(story("1"))
    assert poller.read(story("1", "Other words.")) == []


def test_an_undated_entry_is_passed_over_when_only_later_ones_are_wanted() -> None:
    poller = Poller(replace(FEED, backfill=Backfill(since_at=NOW)))
    assert poller.read(story("1")) == []


def test_a_first_poll_that_failed_does_not_count() -> None:
    poller = Poller(replace(FEED, backfill=Backfill(newest=1)))
    poller.poll(answer(b"", 503))
    assert poller.read(story("2"), story("1")) == published("Story 2")


def test_entries_beyond_the_cap_are_counted_and_named_in_a_warning() -> None:
    poller = Poller(limits=replace(LIMITS, max_entries=2))
    batch = poller.poll(answer(rss(story("1"), story("2"), story("3"), story("4"))))
    assert len(batch.events) == 2
    assert (batch.report.entries, batch.report.skipped) == (4, 2)
    assert batch.report.warnings == ("document: only the first 2 entries are read; fetch.max_entries sets the limit",)


def test_a_document_of_the_largest_size_has_a_state_that_a_record_holds() -> None:
    poller = Poller(limits=replace(LIMITS, max_body_bytes=10_000_000))
    entries = [item(f"T{n}", f"https://news.example/{n}", f"{n}") for n in range(5_000)]
    batch = settled(process(poller.feed, poller.state, answer(rss(*entries)), now=NOW, limits=poller.limits))
    assert len(batch.state_value) < 600_000
    assert orjson.loads(batch.state_value)["format"] == 3


# Documents that break off


def test_the_entry_that_a_document_breaks_off_in_is_published_when_it_comes_whole(poller: Poller) -> None:
    whole = rss(story("1"), story("2", "The words of the second story, which are many."))
    batch = poller.poll(answer(whole[: whole.index(b"which are many")], etag='"1"'))
    assert [message["headline"] for message in messages(batch)] == ["Story 1"]
    assert [letter.reason for letter in batch.rejected] == ["truncated"]
    assert (batch.report.entries, batch.report.published, batch.report.rejected) == (2, 1, 1)
    assert batch.state.etag is None
    batch = poller.poll(answer(whole, etag='"1"'))
    assert [message["headline"] for message in messages(batch)] == ["Story 2"]
    assert batch.state.etag == '"1"'


def test_a_document_that_always_breaks_off_at_the_same_place_is_one_dead_letter(poller: Poller) -> None:
    cut = rss(story("1"), story("2", "The words of the second story, which are many."))[:-60]
    assert len(poller.poll(answer(cut)).rejected) == 1
    # What is missing may come with the same bytes: nothing is taken as known of a document that broke off.
    again = poller.poll(answer(cut))
    assert (again.report.outcome, again.report.unchanged, again.rejected) == ("ok", 2, ())
    assert poller.poll(answer(cut.replace(b"Sun, 25 May 2025 09", b"Sun, 25 May 2025 10"))).rejected == ()


def test_a_document_of_far_too_many_entries_is_no_flood_of_dead_letters() -> None:
    poller = Poller(limits=replace(LIMITS, max_body_bytes=10_000_000, max_entries=3))
    # A DOCTYPE keeps it from being taken apart.
    body = rss(*("<item><title>T</title></item>" for _ in range(12_000))).replace(b"<rss", b"<!DOCTYPE rss><rss", 1)
    batch = poller.poll(answer(body))
    assert batch.rejected == ()
    assert batch.report.entries == 12_000
    assert batch.report.skipped == 12_000 - 3
