"""One poll after another: what is published, what is remembered, and when the feed is asked again."""

from __future__ import annotations

import gzip
import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import orjson
import pytest
from hypothesis import given, settings, strategies as st

from tests import schema
from tests.fakes import settled
from worker.model.feed import Feed, Route
from worker.model.fetch import FetchFailure, Request, Response
from worker.pipeline import Limits, first_state, known_articles, process, request_for, unread
from worker.pipeline.compose import RULES
from worker.steps.encode import decode_state, encode_state

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from worker.model.event import Batch
    from worker.model.feed import FeedState
    from worker.model.fetch import Fetched

SEED = Path(__file__).parents[1] / "data" / "seed"
STORY = (SEED / "000_23b64bebdaa24c53.txt").read_bytes()
GOLD = json.loads((SEED / "gold.json").read_bytes())

NOW = datetime(2025, 5, 25, 9, tzinfo=UTC)
URL = "https://news.example/feed"
FEED = Feed(
    id="world",
    url=URL,
    shard_key="news.example",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)
LIMITS = Limits(max_body_bytes=100_000, max_event_bytes=20_000)
# A title that cannot be cut.
HUGE = "x" * 30_000


def owned_articles(state: FeedState) -> Iterator[str]:
    """The articles that a feed publishes."""
    return (f"{number:032x}" for number in known_articles(state).published)


def item(
    title: str | None = None, link: str | None = None, guid: str | None = None, text: str = "", **more: str
) -> str:
    """An RSS item; the title is also its text when none is given."""
    values = {"title": title, "link": link, "guid": guid, "description": text or title, **more}
    return "".join(
        ["<item>", *(f"<{name}>{escape(value)}</{name}>" for name, value in values.items() if value), "</item>"]
    ).replace("<guid>", '<guid isPermaLink="false">')


def rss(*items: str, build_date: str = "Sun, 25 May 2025 09:00:00 GMT") -> bytes:
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>World</title>'
        f"<lastBuildDate>{build_date}</lastBuildDate>{''.join(items)}</channel></rss>"
    ).encode()


def answer(body: bytes = b"", status: int = 200, /, **headers: str) -> Response:
    return Response(
        url=URL,
        status=status,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
        body=body,
        retrieved_at=NOW,
    )


class Poller:
    """A feed and its state, as a worker would keep it: through bytes."""

    def __init__(self, feed: Feed = FEED, *, taken: Container[str] = (), limits: Limits = LIMITS) -> None:
        self.feed = feed
        self.state = first_state(feed)
        self.taken = taken
        self.limits = limits
        self.now = NOW

    def poll(self, fetched: Fetched) -> Batch:
        """One poll, an hour after the last. What holds of every batch is checked."""
        batch = settled(process(self.feed, self.state, fetched, now=self.now, limits=self.limits, taken=self.taken))
        assert batch == process(self.feed, self.state, fetched, now=self.now, limits=self.limits, taken=self.taken)
        assert (batch.feed_id, batch.shard_key) == (self.feed.id, self.feed.shard_key)
        assert batch.state.version == self.state.version + 1
        assert batch.state.polled_at == self.now
        assert batch.report.published + batch.report.revised == len(batch.events)
        assert batch.report.outcome != "ok" or batch.report.rejected == len(batch.rejected)
        ids = [(event.article_id, event.revision) for event in batch.events]
        assert len(set(ids)) == len(ids)
        for event in batch.events:
            schema.validate(orjson.loads(event.value))
        self.state = decode_state(batch.state_value)
        assert self.state == batch.state
        self.now += timedelta(hours=1)
        return batch

    def read(self, *items: str) -> list[tuple[str | None, str, int]]:
        """Headline, change and revision of what a document of these items brings, in the document's order."""
        batch = self.poll(answer(rss(*items)))
        return [(said["headline"], said["change"], said["revision"]) for said in reversed(messages(batch))]


def messages(batch: Batch) -> list[dict[str, Any]]:
    return [orjson.loads(event.value) for event in batch.events]


def published(*headlines: str) -> list[tuple[str | None, str, int]]:
    return [(headline, "published", 1) for headline in headlines]


def ids(batch: Batch) -> list[str]:
    return [event.article_id for event in batch.events]


@pytest.fixture
def poller() -> Poller:
    return Poller()


# The seed document


def seed_as_wire() -> Response:
    return answer(STORY, content_type="text/plain; charset=utf-8")


def seed_in_rss() -> Response:
    markup = "".join(f"<p>{escape(block)}</p>" for block in STORY.decode().split("\n\n") if block)
    return answer(
        rss(item("Exchange", "https://news.example/1", "1", markup, pubDate="Sat, 24 May 2025 21:14:00 +0300"))
    )


@pytest.mark.parametrize("response", [seed_as_wire(), seed_in_rss()], ids=["wire text", "RSS"])
def test_the_seed_document_says_what_the_gold_says(response: Response) -> None:
    (said,) = messages(Poller(limits=replace(LIMITS, max_event_bytes=100_000)).poll(response))
    assert said["date"] == GOLD["date"] == "2025-05-24"
    assert said["dateline"] == {
        "text": "Kyiv [Ukraine], May 24 :",
        "start": said["text"].index("Kyiv"),
        "end": said["text"].index("Kyiv") + 24,
        "city": "Kyiv",
        "region": "Ukraine",
        "country": "Ukraine",
        "country_code": "UA",
        "date": "2025-05-24",
        "agency": None,
    }
    assert said["dateline"]["text"] == GOLD["dateline"]["text"]
    assert said["lead"]["text"] == GOLD["lead"]["text"]
    assert len(said["paragraphs"]) == 11
    assert [part["text"] for part in said["paragraphs"]] == [part["text"] for part in GOLD["paragraphs"]]
    assert said["extraction"] == {"rules": RULES, "warnings": [], "truncated": False}


def test_without_facts_the_message_has_the_text_and_nothing_that_is_found_in_it() -> None:
    limits = replace(LIMITS, max_event_bytes=100_000)
    (with_facts,) = messages(Poller(limits=limits).poll(seed_in_rss()))
    (said,) = messages(Poller(limits=limits, feed=replace(FEED, facts=False)).poll(seed_in_rss()))

    schema.validate(said)
    found = {"attributions", "figures", "actors", "organisations", "places", "dates", "events"}
    empty = {name for name, value in said.items() if value == []}
    assert empty >= {"quotes", *found}
    assert said["dateline"] is None
    # The paragraph as it stands: header line, dateline and all.
    assert said["lead"]["text"].startswith("date 2025-05-24 Kyiv [Ukraine], May 24 :")
    assert said["extraction"]["rules"] == f"{RULES}-no-facts"
    same = ("id", "revision", "source", "language", "date", "published_at", "headline", "text", "fingerprint")
    assert {name: said[name] for name in same} == {name: with_facts[name] for name in same}


# Identity and change


def test_entries_are_published_oldest_first(poller: Poller) -> None:
    batch = poller.poll(answer(rss(item("Newest", guid="3"), item("Newer", guid="2"), item("Oldest", guid="1"))))
    assert [said["headline"] for said in messages(batch)] == ["Oldest", "Newer", "Newest"]


def test_a_document_polled_twice_brings_nothing_new(poller: Poller) -> None:
    items = (item("One", "https://news.example/1", "1"), item("Two", guid="2"), item("Three"))
    assert poller.read(*items) == published("One", "Two", "Three")
    assert poller.poll(answer(rss(*items))).report.outcome == "not_modified"
    batch = poller.poll(answer(rss(*items, build_date="Sun, 25 May 2025 10:00:00 GMT")))
    assert (batch.report.outcome, batch.report.unchanged, batch.events) == ("ok", 3, ())


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            item("One", guid="1", pubDate="Sun, 25 May 2025 08:00:00 GMT"),
            item("One", guid="1", pubDate="Sun, 25 May 2025 09:00:00 GMT"),
        ),
        (item("One", guid="1"), item("One", guid="1", category="World") + item("Two", guid="2")),
        (item("One", guid="1", comments="7"), item("One", guid="1", comments="8")),
        (item("One", guid="1", text="<p>One  two</p>"), item("One", guid="1", text="<p class='x'>One <b>two</b></p>")),
        (item("One", pubDate="Sun, 25 May 2025 08:00:00 GMT"), item("One", pubDate="Sun, 25 May 2025 09:00:00 GMT")),
    ],
    ids=["dates", "a category, which is the section", "comments", "markup", "the date of an entry known by its words"],
)
def test_what_no_reader_would_call_a_change_is_none(
    poller: Poller, before: str, after: str, request: pytest.FixtureRequest
) -> None:
    assert poller.read(before) == published("One")
    news = poller.read(after)
    if "section" in request.node.callspec.id:
        assert news == [("One", "revised", 2), ("Two", "published", 1)]
    else:
        assert news == []


def test_a_new_updated_alone_in_atom_is_no_change(poller: Poller) -> None:
    atom = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><updated>{0}</updated>'
        "<entry><id>urn:1</id><title>One</title><updated>{0}</updated></entry></feed>"
    )
    assert len(poller.poll(answer(atom.format("2025-05-25T08:00:00Z").encode())).events) == 1
    batch = poller.poll(answer(atom.format("2025-05-25T09:00:00Z").encode()))
    assert (batch.events, batch.report.unchanged) == ((), 1)


@pytest.mark.parametrize(
    ("after", "changed"),
    [
        (item("New", "https://news.example/1", "1", "Text."), ["headline"]),
        (item("Old", "https://news.example/1", "1", "New text."), ["text"]),
        (item("Old", "https://news.example/1", "1", "Text.", author="Jane"), ["byline"]),
        (item("Old", "https://news.example/1", "1", "Text.", category="World"), ["section"]),
        (item(None, "https://news.example/1", "1", "New text.", author="Jane"), ["headline", "byline", "text"]),
    ],
)
def test_a_change_is_a_revision_that_says_what_changed(poller: Poller, after: str, changed: list[str]) -> None:
    first = poller.poll(answer(rss(item("Old", "https://news.example/1", "1", "Text."))))
    second = poller.poll(answer(rss(after)))
    (said,) = messages(second)
    assert (said["revision"], said["change"], said["changed"]) == (2, "revised", changed)
    assert ids(second) == ids(first)
    assert dict(second.events[0].headers)["ce_id"] == f"{ids(first)[0]}:2".encode()


def test_an_entry_whose_link_changes_keeps_its_id(poller: Poller) -> None:
    first = poller.poll(answer(rss(item("One", "https://news.example/1", "g"))))
    assert poller.read(item("One", "https://news.example/moved", "g")) == []
    second = poller.poll(answer(rss(item("One, again", "https://news.example/moved", "g"))))
    assert ids(second) == ids(first)
    assert messages(second)[0]["source"]["canonical_url"] == "https://news.example/moved"


def test_an_entry_whose_guid_changes_is_still_the_article_at_its_address(poller: Poller) -> None:
    first = poller.poll(answer(rss(item("One", "https://news.example/1", "g"))))
    assert poller.read(item("One", "https://news.example/1", "h")) == []
    second = poller.poll(answer(rss(item("One, again", "https://news.example/1", "i"))))
    assert ids(second) == ids(first)
    assert messages(second)[0]["revision"] == 2
    assert poller.read(item("One, again", "https://news.example/1", "g")) == []
    assert len(poller.state.entries) == 1


def test_an_entry_that_takes_over_the_address_of_another_is_an_article_of_its_own(poller: Poller) -> None:
    """A live page: today's story moves to the archive, the next one takes its place."""
    first = poller.poll(answer(rss(item("Monday", "https://news.example/live", "1"))))
    second = poller.poll(
        answer(
            rss(item("Tuesday", "https://news.example/live", "2"), item("Monday", "https://news.example/monday", "1"))
        )
    )
    assert [said["headline"] for said in messages(second)] == ["Tuesday"]
    assert ids(second) != ids(first)
    assert poller.read(item("Tuesday", "https://news.example/live", "2")) == []


def test_two_entries_that_swap_their_links_stay_who_they_are(poller: Poller) -> None:
    one, two = "https://news.example/1", "https://news.example/2"
    poller.read(item("One", one, "1"), item("Two", two, "2"))
    assert poller.read(item("One", two, "1"), item("Two", one, "2")) == []


def test_front_pages_are_no_identity(poller: Poller) -> None:
    home = "https://news.example/"
    assert poller.read(item("One", home, "1")) == published("One")
    assert poller.read(item("Two", home, "2")) == published("Two")
    assert poller.read(item("Three", home)) == published("Three")
    assert poller.read(item("Four", home)) == published("Four")
    assert len(set(owned_articles(poller.state))) == 4


SHARED = {
    "a link, no guids": (item("One", "https://news.example/live"), item("Two", "https://news.example/live")),
    "a link, guids": (item("One", "https://news.example/live", "1"), item("Two", "https://news.example/live", "2")),
    "a guid, no links": (item("One", guid="g"), item("Two", guid="g")),
    "a guid, links": (item("One", "https://news.example/1", "g"), item("Two", "https://news.example/2", "g")),
    "a guid and a front page": (item("One", "https://news.example/", "g"), item("Two", "https://news.example/", "g")),
    "nothing but words": (item("One"), item("Two")),
}


@pytest.mark.parametrize(("one", "two"), SHARED.values(), ids=SHARED)
def test_entries_that_share_a_link_or_a_guid_are_told_apart_however_they_come_and_go(one: str, two: str) -> None:
    for documents, expected in {
        ((one, two), (one, two)): ["One", "Two"],
        ((one, two), (one,), (two,), (one, two)): ["One", "Two"],
        ((one,), (two, one), (two,), (one,)): ["One", "Two"],
        ((one,), (one, two), (one,), (two, one)): ["One", "Two"],
    }.items():
        poller = Poller()
        news = [news for document in documents for news in poller.read(*document)]
        assert news == published(*expected)
        assert len(set(owned_articles(poller.state))) == 2


def test_http_https_and_tracking_variants_have_one_id() -> None:
    found: set[str] = set()
    for link in (
        "https://news.example/1",
        "http://news.example/1",
        "http://NEWS.example:80/1?utm_source=rss&utm_medium=feed",
        "https://news.example/1#comments",
    ):
        for guid in ("1", None):
            found.update(ids(Poller(replace(FEED, id=f"feed-{len(found)}")).poll(answer(rss(item("One", link, guid))))))
    assert len(found) == 1


def test_an_entry_without_a_guid_that_moves_to_https_is_not_published_again(poller: Poller) -> None:
    assert poller.read(item("One", "http://news.example/1")) == published("One")
    assert poller.read(item("One", "https://news.example/1")) == []
    assert poller.read(item("One, again", "https://news.example/1?utm_source=rss")) == [("One, again", "revised", 2)]


def test_entries_with_the_http_and_the_https_variant_of_one_link_are_told_apart(poller: Poller) -> None:
    batch = poller.poll(answer(rss(item("One", "http://news.example/1"), item("Two", "https://news.example/1"))))
    assert len(set(ids(batch))) == 2


def test_an_empty_entry_is_a_dead_letter_once_and_never_an_article(poller: Poller) -> None:
    batch = poller.poll(answer(rss("<item/>", item("One"))))
    assert [letter.reason for letter in batch.rejected] == ["empty_entry"]
    assert len(batch.events) == 1
    batch = poller.poll(answer(rss("<item/>", item("Two"))))
    assert (batch.report.rejected, batch.report.unchanged, batch.report.published) == (0, 1, 1)


def test_entries_without_a_link_are_articles_of_their_feed_alone() -> None:
    one = Poller().poll(answer(rss(item("One", guid="1"))))
    other = Poller(replace(FEED, id="other")).poll(answer(rss(item("One", guid="1"))))
    assert ids(one) != ids(other)


def test_a_guid_keeps_its_meaning_when_the_feed_is_found_at_another_address(poller: Poller) -> None:
    """A relative guid must not be resolved."""
    body = rss(item("One", guid="1").replace(' isPermaLink="false"', ""))
    assert len(poller.poll(answer(body)).events) == 1
    moved = replace(answer(body + b"\n"), url="https://www.news.example/new/feed")
    assert poller.poll(moved).events == ()


def test_an_entry_that_changes_at_each_poll_ends_at_revision_25(poller: Poller) -> None:
    revisions = [news[0][2] for poll in range(40) if (news := poller.read(item("One", guid="1", text=f"Poll {poll}")))]
    assert revisions == list(range(1, 26))
    (seen,) = poller.state.entries
    assert seen.revision == 25


def test_an_entry_that_leaves_the_window_and_returns_is_not_published_again(poller: Poller) -> None:
    one, two = item("One", guid="1"), item("Two", guid="2")
    assert poller.read(one) == published("One")
    assert poller.read(two) == published("Two")
    left_at = {seen.left_at for seen in poller.state.entries}
    assert left_at == {None, NOW + timedelta(hours=1)}
    poller.now += timedelta(days=29)
    assert poller.read(one, two) == []
    assert {seen.left_at for seen in poller.state.entries} == {None}
    assert poller.read(item("One, again", guid="1"), two) == [("One, again", "revised", 2)]


def test_an_entry_is_forgotten_thirty_days_after_it_left(poller: Poller) -> None:
    poller.read(item("One", guid="1"))
    poller.read(item("Two", guid="2"))
    poller.now += timedelta(days=30)
    poller.read(item("Three", guid="3"))
    assert len(poller.state.entries) == 2


def test_no_more_than_a_thousand_entries_that_left_are_remembered(poller: Poller) -> None:
    poller.limits = replace(LIMITS, max_body_bytes=1_000_000)
    poller.read(*(item(f"Old {number}", guid=f"old-{number}") for number in range(900)))
    poller.read(*(item(f"New {number}", guid=f"new-{number}") for number in range(300)))
    poller.read(item("Last", guid="last"))
    assert len(poller.state.entries) == 1_001
    assert sum(seen.left_at == NOW + timedelta(hours=2) for seen in poller.state.entries) == 300


def test_an_empty_document_leaves_what_is_known(poller: Poller) -> None:
    poller.read(item("One", guid="1"))
    assert poller.read() == []
    assert poller.state.status == "active"
    assert poller.read(item("One", guid="1")) == []


def test_an_article_that_another_feed_publishes_is_not_published() -> None:
    document = (item("One", "https://news.example/1", "1"), item("Two", "https://news.example/2", "2"))
    owner = Poller()
    owner.read(document[0])
    other = Poller(replace(FEED, id="other"), taken=set(owned_articles(owner.state)))
    assert other.read(*document) == published("Two")
    assert len(list(owned_articles(other.state))) == 1
    other.taken = ()
    assert other.read(item("One, again", "https://news.example/1", "1"), document[1]) == []


# Bad entries


def test_a_bad_entry_does_not_cost_its_neighbours(poller: Poller) -> None:
    batch = poller.poll(answer(rss(item("One", guid="1"), item(HUGE, guid="2"), item("Three", guid="3"))))
    assert [said["headline"] for said in messages(batch)] == ["Three", "One"]
    assert (batch.report.entries, batch.report.published, batch.report.rejected) == (3, 2, 1)


def test_a_message_that_is_too_large_without_its_text_becomes_a_dead_letter_once(poller: Poller) -> None:
    long = item(HUGE, guid="1")
    batch = poller.poll(answer(rss(long)))
    (letter,) = batch.rejected
    headers = dict(letter.headers)
    assert letter.reason == "unusable_entry"
    assert headers["__connect.errors.stage"] == b"extract"
    assert headers["__connect.errors.exception.class.name"] == b"unusable_entry"
    assert b"the limit is 20000" in headers["__connect.errors.exception.message"]
    assert (headers["dateline_field"], headers["dateline_rule"]) == (b"headline", b"max_event_bytes")
    assert letter.field == "headline"
    assert headers["__connect.errors.topic"] == b"/feeds/world"
    assert headers["dateline_rejected_at"] == b"2025-05-25T09:00:00Z"
    assert headers["dateline_truncated"] == b"true"
    assert len(letter.value) == 20_000
    again = poller.poll(answer(rss(long, item("Two", guid="2"))))
    assert (again.report.rejected, again.report.unchanged, again.report.published) == (0, 1, 1)


def test_an_entry_that_was_rejected_is_published_once_it_is_good(poller: Poller) -> None:
    assert poller.read(item(HUGE, guid="1")) == []
    assert poller.read(item("Long", guid="1", text="Short.")) == published("Long")


def test_an_entry_that_was_rejected_is_still_the_article_that_left_its_address(poller: Poller) -> None:
    """The guid of an article changes in a version that is too long; the next version is short again."""
    link = "https://news.example/1"
    first = poller.poll(answer(rss(item("One", link, "1"))))
    assert poller.read(item(HUGE, link, "2")) == []
    second = poller.poll(answer(rss(item("One, again", link, "2"))))
    assert (ids(second), messages(second)[0]["revision"]) == (ids(first), 2)


def test_a_revision_that_is_rejected_costs_neither_id_nor_count(poller: Poller) -> None:
    first = poller.poll(answer(rss(item("One", "https://news.example/1", "1", "Text."))))
    assert poller.read(item(HUGE, "https://news.example/moved", "1")) == []
    assert list(owned_articles(poller.state)) == ids(first)
    back = poller.poll(answer(rss(item("One", "https://news.example/moved", "1", "New text."))))
    (said,) = messages(back)
    assert (said["id"], said["revision"], said["changed"]) == (ids(first)[0], 2, ["text"])


def test_a_revision_that_is_rejected_and_taken_back_is_no_change(poller: Poller) -> None:
    poller.read(item("One", guid="1", text="Text."))
    assert poller.read(item(HUGE, guid="1", text="Text.")) == []
    assert poller.read(item("One", guid="1", text="Text.")) == []


def test_an_item_that_cannot_be_read_becomes_a_dead_letter(poller: Poller) -> None:
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"id": "1"}, "odd", {"id": "2"}]}
    batch = poller.poll(answer(json.dumps(feed).encode()))
    assert (batch.report.entries, batch.report.published, batch.report.rejected) == (3, 2, 1)
    (letter,) = batch.rejected
    assert (letter.value, letter.reason, dict(letter.headers)["__connect.errors.stage"]) == (
        b'"odd"',
        "unreadable_entry",
        b"parse",
    )


# Answers


def test_the_first_request_is_unconditional(poller: Poller) -> None:
    assert request_for(FEED, poller.state, now=NOW) == Request(url=URL)


def test_validators_go_back_byte_for_byte(poller: Poller) -> None:
    poller.poll(answer(rss(), etag='W/"a\\"b', last_modified="yesterday, or so"))
    request = request_for(FEED, poller.state, now=NOW)
    assert request == Request(url=URL, etag='W/"a\\"b', last_modified="yesterday, or so")


def test_a_200_replaces_the_validators(poller: Poller) -> None:
    poller.poll(answer(rss(item("One")), etag='"1"', last_modified="Sat, 24 May 2025 12:00:00 GMT"))
    poller.poll(answer(rss(item("Two")), etag='"2"'))
    assert (poller.state.etag, poller.state.last_modified) == ('"2"', None)
    poller.poll(answer(rss(item("Three"))))
    assert request_for(FEED, poller.state, now=NOW) == Request(url=URL)


def test_a_304_keeps_the_stored_validators(poller: Poller) -> None:
    poller.poll(answer(rss(item("One", guid="1")), etag='"1"', last_modified="Sat, 24 May 2025 12:00:00 GMT"))
    before = poller.state
    batch = poller.poll(answer(b"", 304))
    assert (batch.report.outcome, batch.report.status, batch.report.entries) == ("not_modified", 304, 0)
    assert (poller.state.etag, poller.state.last_modified) == (before.etag, before.last_modified)
    assert (poller.state.entries, poller.state.title) == (before.entries, "World")
    assert poller.state.succeeded_at == poller.state.polled_at


def test_a_304_may_bring_new_validators(poller: Poller) -> None:
    poller.poll(answer(rss(), etag='"1"', last_modified="Sat, 24 May 2025 12:00:00 GMT"))
    poller.poll(answer(b"", 304, etag='"2"'))
    assert (poller.state.etag, poller.state.last_modified) == ('"2"', "Sat, 24 May 2025 12:00:00 GMT")


def test_a_304_to_a_request_without_conditions_is_an_error(poller: Poller) -> None:
    """Its validators would be those of a body that nobody has read, and hide it for ever."""
    batch = poller.poll(answer(b"", 304, etag='"1"'))
    assert (batch.report.outcome, batch.report.reason) == ("http_error", "http_304")
    assert request_for(FEED, poller.state, now=NOW) == Request(url=URL)
    assert poller.read(item("One")) == published("One")


def test_a_good_answer_ends_a_series_of_failures(poller: Poller) -> None:
    poller.poll(answer(rss(), etag='"1"'))
    for good in (answer(b"", 304), answer(rss()), answer(rss(item("One")))):
        poller.poll(answer(b"", 500))
        assert (poller.state.status, poller.state.failures, poller.state.reason) == ("failing", 1, "http_500")
        poller.state = replace(poller.state, etag='"1"')
        poller.poll(good)
        assert (poller.state.status, poller.state.failures, poller.state.reason) == ("active", 0, None)


def test_a_body_that_is_known_is_not_parsed(poller: Poller, monkeypatch: pytest.MonkeyPatch) -> None:
    body = gzip.compress(rss(item("One", guid="1")))
    poller.poll(answer(body, content_encoding="gzip", etag='"1"'))
    monkeypatch.delattr("worker.pipeline.read.read_document")
    batch = poller.poll(answer(body, content_encoding="gzip", etag='"2"'))
    assert (batch.report.outcome, batch.report.status, batch.report.received_bytes) == ("not_modified", 200, len(body))
    assert (batch.events, poller.state.etag) == ((), '"2"')


def test_only_a_body_that_is_not_known_has_to_be_read(poller: Poller) -> None:
    document = answer(rss(item("One", "https://news.example/1", "1")))

    def unread_now(fetched: Fetched) -> Batch | None:
        return unread(poller.feed, poller.state, fetched, now=poller.now, limits=poller.limits)

    assert unread_now(document) is None
    poller.poll(document)
    assert unread_now(replace(document, body=document.body + b" ")) is None
    for known in (document, replace(document, status=410), replace(document, status=500)):
        assert unread_now(known) == poller.poll(known)


def test_the_message_names_the_bytes_it_was_read_from_as_they_travelled(poller: Poller) -> None:
    body = gzip.compress(rss(item("One")))
    (said,) = messages(poller.poll(answer(body, content_encoding="gzip")))
    assert said["source"]["raw_sha256"] == hashlib.sha256(body).hexdigest() == poller.state.body_sha256


def test_a_410_ends_the_polling(poller: Poller) -> None:
    poller.read(item("One", guid="1"))
    batch = poller.poll(answer(b"Gone", 410, retry_after="60"))
    assert (batch.report.outcome, batch.report.reason) == ("gone", "http_410")
    assert (poller.state.status, poller.state.next_poll_at, len(poller.state.entries)) == ("gone", None, 1)


FAILURES: list[tuple[Fetched, str, str]] = [
    (answer(b"Not found", 404), "http_error", "http_404"),
    (answer(b"", 403), "http_error", "http_403"),
    (answer(b"", 429), "http_error", "http_429"),
    (answer(rss(item("Never", guid="never")), 500), "http_error", "http_500"),
    (answer(b"", 204), "http_error", "http_204"),
    *(
        (FetchFailure(url=URL, kind=kind, detail="no answer", retrieved_at=NOW), "network_error", kind)
        for kind in ("dns", "connect", "tls", "timeout", "blocked", "redirect", "too_large", "protocol", "internal")
    ),
    (answer(b""), "not_a_feed", "empty"),
    (answer(b" \r\n "), "not_a_feed", "empty"),
    (answer(gzip.compress(b""), content_encoding="gzip"), "not_a_feed", "empty"),
    (answer(b"<!doctype html><html><body>Just a moment</body></html>"), "not_a_feed", "html"),
    (answer(b"OK"), "not_a_feed", "not_a_feed"),
    (answer(b'{"error": "no such feed"}'), "not_a_feed", "not_a_feed"),
    (answer(rss(item("One"))[:100]), "not_a_feed", "broken"),
    (answer(b'{"version": "https://jsonfeed.org/version/1"'), "not_a_feed", "broken"),
    (answer(gzip.compress(rss())[:-5], content_encoding="gzip"), "not_a_feed", "undecodable"),
    (answer(gzip.compress(bytes(200_000)), content_encoding="gzip"), "not_a_feed", "undecodable"),
    (answer(rss(), content_encoding="br"), "not_a_feed", "undecodable"),
    (answer(b" date 2025-05-24 caf\xe9 x"), "not_a_feed", "undecodable"),
]


@pytest.mark.parametrize(("fetched", "outcome", "reason"), FAILURES, ids=[reason for _, _, reason in FAILURES])
def test_a_failure_leaves_entries_and_validators_and_counts(
    poller: Poller, fetched: Fetched, outcome: str, reason: str
) -> None:
    poller.poll(answer(rss(item("One", guid="1")), etag='"1"', last_modified="Sat, 24 May 2025 12:00:00 GMT"))
    before = poller.state
    for failures in (1, 2, 3):
        asked_at = poller.now
        batch = poller.poll(fetched)
        assert (batch.report.outcome, batch.report.reason, batch.events) == (outcome, reason, ())
        state = poller.state
        assert (state.status, state.reason, state.failures) == ("failing", reason, failures)
        assert state.next_poll_at is not None
        wait_seconds = (state.next_poll_at - asked_at).total_seconds()
        assert 600 * 2 ** (failures - 1) <= wait_seconds < 660 * 2 ** (failures - 1)
        assert (
            replace(
                state,
                **{
                    name: getattr(before, name)
                    for name in (
                        "version",
                        "polled_at",
                        "next_poll_at",
                        "status",
                        "reason",
                        "failures",
                        "held_until_at",
                        "broken_sha256",
                    )
                },
            )
            == before
        )


@pytest.mark.parametrize("status", [404, 429, 503])
def test_retry_after_is_heeded_whatever_failed(poller: Poller, status: int) -> None:
    poller.poll(answer(b"", status, retry_after="7200"))
    assert poller.state.next_poll_at == NOW + timedelta(hours=2)


@pytest.mark.parametrize(
    "retry_after", ["-1", "soon", "Sat, 01 Jan 99999999999 00:00:00 GMT", "Sat, 24 May 2025 09:00:00 GMT"]
)
def test_a_retry_after_that_makes_no_sense_leaves_the_back_off(poller: Poller, retry_after: str) -> None:
    poller.poll(answer(b"", 503, retry_after=retry_after))
    assert poller.state.next_poll_at is not None
    assert 600 <= (poller.state.next_poll_at - NOW).total_seconds() < 660


def test_max_age_puts_the_next_poll_off(poller: Poller) -> None:
    poller.poll(answer(rss(), cache_control="public, max-age=1800", etag='"1"'))
    assert poller.state.next_poll_at == NOW + timedelta(minutes=30)
    poller.poll(answer(b"", 304))
    assert poller.state.next_poll_at == NOW + timedelta(hours=1, minutes=30)
    poller.poll(answer(b"", 304, cache_control="max-age=60"))
    assert poller.state.next_poll_at == NOW + timedelta(hours=2, minutes=10)


def test_a_broken_document_is_one_dead_letter_not_one_for_each_poll(poller: Poller) -> None:
    broken, other = rss()[:100], rss()[:101]
    letters = [
        letter.value
        for body in (broken, broken, rss(item("One")), broken, other, other)
        for letter in poller.poll(answer(body)).rejected
    ]
    assert letters == [broken, other]


def test_a_broken_document_is_kept_as_it_travelled_and_cut_to_the_limit(poller: Poller) -> None:
    body = gzip.compress(bytes(200_000), mtime=0)
    (letter,) = poller.poll(answer(body, content_encoding="gzip")).rejected
    assert (letter.value, letter.reason) == (body, "undecodable")
    (letter,) = poller.poll(answer(b"<rss" + b"x" * 30_000)).rejected
    assert letter.value == b"<rss" + b"x" * 19_996
    headers = dict(letter.headers)
    assert headers["dateline_truncated"] == b"true"
    assert headers["dateline_reason"] == headers["__connect.errors.exception.class.name"] == b"broken"
    assert headers["__connect.errors.stage"] == b"parse"
    assert b"breaks off" in headers["__connect.errors.exception.message"]


@pytest.mark.parametrize("body", [b"", b"<html><body>x</body></html>", b"OK"])
def test_what_is_not_even_broken_is_no_dead_letter(poller: Poller, body: bytes) -> None:
    assert poller.poll(answer(body)).rejected == ()


def test_a_feed_whose_address_is_changed_keeps_its_entries_and_nothing_else(poller: Poller) -> None:
    poller.poll(answer(rss(item("One", guid="1")), etag='"1"', last_modified="x"))
    poller.poll(answer(b"", 410))
    poller.feed = replace(FEED, url="https://new.example/feed")
    assert request_for(poller.feed, poller.state, now=NOW) == Request(url="https://new.example/feed")
    batch = poller.poll(answer(rss(item("One", guid="1"), item("Two", guid="2")), etag='"2"'))
    assert [said["headline"] for said in messages(batch)] == ["Two"]
    assert (poller.state.url, poller.state.status, poller.state.failures) == ("https://new.example/feed", "active", 0)
    assert poller.state.etag == '"2"'


def test_validators_of_another_address_are_not_kept_when_the_new_one_fails(poller: Poller) -> None:
    poller.poll(answer(rss(), etag='"1"'))
    poller.feed = replace(FEED, url="https://new.example/feed")
    poller.poll(answer(b"", 500))
    assert request_for(poller.feed, poller.state, now=NOW) == Request(url="https://new.example/feed")


def test_a_report_says_what_the_poll_cost(poller: Poller) -> None:
    response = replace(answer(rss(item("One"))), duration_seconds=0.25)
    report = poller.poll(response).report
    assert (report.status, report.received_bytes, report.fetch_seconds) == (200, len(response.body), 0.25)
    failure = FetchFailure(url=URL, kind="dns", detail="no such name", retrieved_at=NOW, duration_seconds=1.5)
    report = poller.poll(failure).report
    assert (report.status, report.received_bytes, report.fetch_seconds, report.warnings) == (
        None,
        0,
        1.5,
        ("no such name",),
    )


def test_the_title_of_the_feed_is_the_configured_one_else_its_own() -> None:
    (said,) = messages(Poller().poll(answer(rss(item("One")))))
    assert (said["source"]["feed_title"], said["source"]["publisher"]) == ("World", None)
    (said,) = messages(Poller(replace(FEED, title="Ours", publisher="Us Ltd")).poll(answer(rss(item("One")))))
    assert (said["source"]["feed_title"], said["source"]["publisher"]) == ("Ours", "Us Ltd")


# Properties

ODD = st.text(
    st.characters(exclude_categories=["Cs"]) | st.sampled_from("<>&\"'\x00\x08\ufeff\u200b\u0301\ufffe]"), max_size=20
)
WORDS = (
    st.sampled_from(["One", "Two", "KYIV, May 24 - They came.", "<p>One.</p><p>Two.</p>", "&#xD800;", "a < b"]) | ODD
)
LINKS = st.sampled_from(
    ["https://news.example/1", "http://news.example/1?utm_source=x", "https://news.example/2", "https://news.example/",
     "/3", "javascript:alert(1)", "https://user:secret@news.example/4", "https://news example/5", "http://[::1"]
) | ODD.map("https://news.example/".__add__)  # fmt: skip
DATES = st.sampled_from(
    ["Sat, 24 May 2025 21:14:00 +0300", "2025-05-24", "Mon, 01 Jan 0001 00:00:00 GMT", "soon", "24 May 2025 8:19 pm"]
)
GUIDS = st.sampled_from(["1", "2", "https://news.example/1"]) | ODD
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "title": WORDS,
        "link": LINKS,
        "guid": GUIDS,
        "description": WORDS,
        "author": WORDS,
        "category": WORDS,
        "pubDate": DATES,
    },
)


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """An RSS document of up to eight items whose values are odd, missing or repeated; now and then it breaks off."""
    parts = []
    for found in draw(st.lists(ITEMS, max_size=8)):
        raw = draw(st.booleans())
        parts += [
            "<item>",
            *(
                f"<{name}>{value if raw and name == 'description' else escape(value)}</{name}>"
                for name, value in found.items()
            ),
            "</item>",
        ]
    body = rss("".join(parts))
    return body[: draw(st.integers(0, len(body)))] if draw(st.integers(0, 9)) == 0 else body


@settings(deadline=None, max_examples=200)
@given(st.lists(documents(), min_size=1, max_size=4), st.booleans())
def test_every_entry_of_any_document_ends_as_published_revised_unchanged_or_rejected(
    bodies: list[bytes],
    small: bool,  # noqa: FBT001 - drawn, not passed
) -> None:
    """`Poller.poll` checks the rest: messages against the schema, exact spans, equal output for equal input."""
    poller = Poller(limits=replace(LIMITS, max_event_bytes=700 if small else 20_000))
    revisions: dict[str, int] = {}
    for body in bodies:
        batch = poller.poll(answer(body))
        report = batch.report
        assert report.entries == report.published + report.revised + report.unchanged + report.rejected
        for event in batch.events:
            assert event.revision == revisions.get(event.article_id, 0) + 1
            assert event.change == ("published" if event.revision == 1 else "revised")
            assert b"secret" not in event.value
            revisions[event.article_id] = event.revision
        if report.outcome == "ok":
            assert poller.poll(answer(body + b"\n")).events == ()
    owned = list(owned_articles(poller.state))
    assert sorted(owned) == sorted(revisions)
    assert len({seen.key for seen in poller.state.entries}) == len(poller.state.entries)


@settings(deadline=None)
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(str.encode), st.sampled_from(["", "gzip", "deflate", "br", "x"])
)
def test_any_bytes_whatever_are_a_feed_or_a_failure(body: bytes, coding: str) -> None:
    batch = Poller().poll(answer(body, content_encoding=coding))
    assert batch.report.outcome in {"ok", "not_a_feed"}


@settings(deadline=None)
@given(documents())
def test_a_state_survives_its_bytes(body: bytes) -> None:
    state = Poller().poll(answer(body, etag='"é"')).state
    assert decode_state(encode_state(state)) == state
    assert encode_state(decode_state(encode_state(state))) == encode_state(state)


# Articles that are longer than a message


def test_a_change_beyond_what_is_shown_is_a_revision_and_another_limit_is_none(poller: Poller) -> None:
    long = "<p>Words of a story.</p>" * 1_000
    (said,) = messages(poller.poll(answer(rss(item("Long", guid="1", text=long)))))
    assert said["extraction"]["truncated"]
    assert said["text"].startswith("Words of a story.\n\nWords")

    poller.limits = replace(LIMITS, max_event_bytes=10_000)
    assert messages(poller.poll(answer(rss(item("Long", guid="1", text=long), build_date="x")))) == []
    (again,) = messages(poller.poll(answer(rss(item("Long", guid="1", text=f"{long}<p>And its end.</p>")))))
    assert (again["revision"], again["changed"]) == (2, ["text"])
    assert len(again["text"]) < len(said["text"])
    assert (
        messages(poller.poll(answer(rss(item("Long", guid="1", text=f"{long}<p>And its end.</p>"), build_date="y"))))
        == []
    )


def test_all_revisions_of_an_article_go_where_its_first_one_went():
    routes = (Route(topic="t.france", countries=("FR",)), Route(topic="t.ukraine", countries=("UA",)))
    poller = Poller(replace(FEED, routes=routes))
    first = poller.poll(answer(rss(item("One", guid="1", text="KYIV, May 24 (AP) - They came home."))))
    second = poller.poll(answer(rss(item("One", guid="1", text="PARIS, May 24 (AP) - They came home to France."))))

    assert [event.topic for event in (*first.events, *second.events)] == ["t.ukraine", "t.ukraine"]
    assert dict(second.events[0].headers)["ce_countries"] == b"FR"
