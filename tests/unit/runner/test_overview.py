"""What the runner shows of its work."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import orjson

from tests.newsroom import Newsroom, batch_of, feed
from worker.model.event import Event, PollReport
from worker.model.feed import FeedState
from worker.model.overview import FeedQuery
from worker.model.shards import Holding, shard_of
from worker.runner import overview

if TYPE_CHECKING:
    import pytest


def ids(room: Newsroom, query: FeedQuery) -> list[str]:
    return [row["id"] for row in room.overview.feeds(query).rows]


def event(text: str, *, number: int = 1) -> Event:
    message = {
        "id": f"a{number}",
        "revision": 1,
        "change": "published",
        "headline": "H",
        "text": text,
        "quotes": [{"start": 0}],
    }
    return Event(
        article_id=f"a{number}",
        revision=1,
        change="published",
        published_at=None,
        headers=(),
        value=orjson.dumps(message),
    )


def test_feeds_come_in_the_order_asked_for_and_those_without_the_value_last():
    a, b, c = feed("a", title="Zebra"), feed("b", title="apple"), feed("c")
    room = Newsroom(a, b, c)
    room.poll(a, status="failing", failures=3)
    room.poll(b, status="active")

    assert ids(room, FeedQuery()) == ["a", "b", "c"]
    assert ids(room, FeedQuery(descending=True)) == ["c", "b", "a"]
    assert ids(room, FeedQuery(order="title")) == ["b", "a", "c"]
    assert ids(room, FeedQuery(order="title", descending=True)) == ["a", "b", "c"]
    assert ids(room, FeedQuery(order="failures", descending=True)) == ["a", "b", "c"]
    assert ids(room, FeedQuery(order="state")) == ["a", "c", "b"]
    assert ids(room, FeedQuery(order="polled", descending=True))[-1] == "c"


def test_pages_hold_each_feed_once_and_count_all_that_match():
    room = Newsroom(*(feed(f"f{number}") for number in range(7)))
    pages = [room.overview.feeds(FeedQuery(page=page, limit=3)) for page in (1, 2, 3, 4)]

    assert [[row["id"] for row in page.rows] for page in pages] == [["f0", "f1", "f2"], ["f3", "f4", "f5"], ["f6"], []]
    assert {page.matched for page in pages} == {7}


def test_a_feed_is_found_by_state_id_title_and_address():
    a = feed("a", title="Größe")
    b = feed("b", url="https://b.example/Rivers/feed")
    room = Newsroom(a, b)
    room.poll(a, status="failing", failures=1)

    assert ids(room, FeedQuery(state="failing")) == ["a"]
    assert ids(room, FeedQuery(state="new")) == ["b"]
    assert ids(room, FeedQuery(text="GRÖSSE")) == ["a"]
    assert ids(room, FeedQuery(text="rivers")) == ["b"]
    assert room.overview.feeds(FeedQuery(state="failing")).counts == {"failing": 1, "new": 1}


def test_each_feed_of_a_list_has_its_last_poll():
    a, b = feed("a"), feed("b")
    room = Newsroom(a, b)
    room.poll(a, status="active")
    room.poll(a, status="failing", failures=1)

    rows = room.overview.feeds(FeedQuery()).rows
    assert [row["last_poll"] and row["last_poll"]["outcome"] for row in rows] == ["http_error", None]


def test_the_vitals_are_those_of_the_first_feeds_that_are_polled_here():
    a, b, c = feed("a"), feed("b"), feed("c")
    room = Newsroom(a, b, c)
    room.poll(b, status="failing", failures=3)

    told = list(room.overview.vitals(2))
    assert [(vitals.feed_id, vitals.failures) for vitals in told] == [("a", 0), ("b", 3)]
    assert {vitals.succeeded_at for vitals in told} == {None}
    room.read(b, "world-wire.rss.xml")
    [_, after] = room.overview.vitals(2)
    assert after.failures == 0
    assert after.succeeded_at is not None
    # The newest of the sample's articles.
    assert after.new_entry_at == max(
        datetime.fromisoformat(article["message"]["published_at"]["at"]) for article in room.overview.articles()
    )
    room.book.replace([b, c])
    assert [vitals.feed_id for vitals in room.overview.vitals(2)] == ["b", "c"]
    room.book.holding = Holding(shards=frozenset({shard_of("c.example", 1_000)}), count=1_000)
    assert [vitals.feed_id for vitals in room.overview.vitals(2)] == ["c"]


def test_the_credentials_of_a_feed_cannot_be_searched_for():
    room = Newsroom(feed("a", url="https://reader:opensesame@a.example/feed"))

    assert ids(room, FeedQuery(text="opensesame")) == []
    assert ids(room, FeedQuery(text="a.example/feed")) == ["a"]


def test_a_feed_of_another_worker_is_not_listed_but_can_be_looked_up():
    a, b = feed("a"), feed("b")
    room = Newsroom(a, b)
    room.book.holding = Holding(shards=frozenset({shard_of("a.example", 1_000)}), count=1_000)

    assert ids(room, FeedQuery()) == ["a"]
    assert (found := room.overview.feed("b")) is not None
    assert found["polled_here"] is False
    assert room.overview.feed("c") is None


def test_the_detail_of_a_feed_names_its_headers_and_not_their_values():
    a = replace(feed("a"), headers=(("X-Key", "opensesame"),))
    found = Newsroom(a).overview.feed("a")

    assert found is not None
    assert found["settings"]["headers"] == ["X-Key"]
    assert "opensesame" not in repr(found)


def test_the_last_twenty_polls_of_a_feed_are_kept_latest_first():
    a = feed("a")
    room = Newsroom(a)
    for number in range(25):
        room.poll(a, status="failing", failures=number)

    found = room.overview.feed("a")
    assert found is not None
    assert [poll["failures"] for poll in found["polls"]] == list(range(24, 4, -1))


def test_polls_are_bounded_in_all_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(overview, "_POLLS_IN_ALL", 5)
    a, b = feed("a"), feed("b")
    room = Newsroom(a, b)
    for number in range(3):
        room.poll(a, status="failing", failures=number)
    for number in range(4):
        room.poll(b, status="failing", failures=number)

    kept = {name: (room.overview.feed(name) or {})["polls"] for name in ("a", "b")}
    assert [poll["failures"] for poll in kept["a"]] == [2]
    assert [poll["failures"] for poll in kept["b"]] == [3, 2, 1, 0]


def test_warnings_of_a_poll_are_cut():
    a = feed("a")
    room = Newsroom(a)
    report = PollReport(feed_id="a", outcome="ok", warnings=("w" * 1_000,) * 50)
    room.settle(batch_of(a, FeedState(feed_id="a", url=a.url, version=1), report))

    [poll] = (room.overview.feed("a") or {})["polls"]
    assert poll["warnings"] == ("w" * 200,) * 5


def test_the_last_fifty_articles_are_kept_latest_first():
    a = feed("a")
    room = Newsroom(a)
    events = tuple(event("x", number=number) for number in range(60))
    batch = batch_of(a, FeedState(feed_id="a", url=a.url, version=1), PollReport(feed_id="a", outcome="ok"))
    room.settle(replace(batch, events=events))

    assert [one["article_id"] for one in room.overview.articles()] == [f"a{number}" for number in range(59, 9, -1)]


def test_of_a_very_long_article_the_beginning_is_kept():
    a = feed("a")
    room = Newsroom(a)
    batch = batch_of(a, FeedState(feed_id="a", url=a.url, version=1), PollReport(feed_id="a", outcome="ok"))
    room.settle(replace(batch, events=(event("x" * 70_000), replace(event("\\" * 70_000), article_id="a2"))))

    second, first = (one["message"] for one in room.overview.articles())
    assert (first["headline"], first["text"]) == ("H", "x" * 10_000)
    assert "quotes" not in first
    assert second["text"] == "\\" * 10_000


def test_the_summary_counts_feeds_by_state_and_tells_since_when():
    a, b = feed("a"), feed("b")
    room = Newsroom(a, b)
    room.poll(a, status="active")
    told = room.overview.summary()

    assert told["feeds"] == {"active": 1, "new": 1}
    assert (told["shards_held"], told["shards"]) == ([0], 1)
    assert told["started_at"] <= datetime.now(UTC)
    assert told["not_ready"] is None
