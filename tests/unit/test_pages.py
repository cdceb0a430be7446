"""Feeds with `content: page`: what comes of the pages of their entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from tests import schema
from worker.model.feed import Feed
from worker.model.fetch import FetchFailure, Response
from worker.model.step import Ask, Digest
from worker.pipeline import Limits, digest_of, first_state, process
from worker.steps.encode import decode_state

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.event import Batch
    from worker.model.fetch import Fetched

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = Feed(
    id="world",
    url="https://news.example/feed",
    shard_key="news.example",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
    content="page",
    recheck_seconds=86_400,
)
LIMITS = Limits(max_body_bytes=200_000, max_event_bytes=100_000, max_pages=10)
WORDS = (
    "The harbour of Tarn was closed on Sunday after a freighter ran aground in heavy fog, the port authority said.",
    "Two tugs from Orlen tried through the night to pull the ship free, but the tide was too low until the morning.",
    "Nobody was hurt, and no oil has been seen on the water, a spokeswoman for the coast guard told reporters.",
    "The owner of the ship, a company from Velm, said that it would pay for the salvage and for the lost trade.",
)


def item(name: str, text: str = "A short summary.") -> str:
    return (
        f"<item><guid isPermaLink='false'>{name}</guid><link>https://news.example/{name}</link>"
        f"<title>Story {name}</title><description>{text}</description></item>"
    )


def page(*paragraphs: str, headline: str = "The full headline", head: str = "") -> bytes:
    story = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs or WORDS)
    return (
        f"<!doctype html><html lang='en'><head><title>{headline}</title>{head}</head>"
        f"<body><article><h1>{headline}</h1>{story}</article></body></html>"
    ).encode()


class Web:
    """A feed with pages, polled once an hour; remembers which pages were asked for."""

    def __init__(self, feed: Feed = FEED) -> None:
        self.feed = feed
        self.state = first_state(feed)
        self.now = NOW
        self.pages: dict[str, bytes | int | Fetched] = {}
        self.asked: list[str] = []

    def poll(self, items: Sequence[str] | None, *, limits: Limits = LIMITS, reachable: bool = True) -> Batch:
        """One poll; None for a document that has not changed since."""
        if items is None:
            fetched = self._answer(self.feed.url, 304)
        else:
            body = f"<rss version='2.0'><channel><title>T</title>{''.join(items)}</channel></rss>".encode()
            fetched = self._answer(self.feed.url, body)
        self.asked.clear()
        digests: dict[str, Digest | None] = {}
        step = process(self.feed, self.state, fetched, now=self.now, limits=limits)
        while isinstance(step, Ask):
            self.asked += [request.url for request in step.requests]
            assert {request.kind for request in step.requests} == {"page"}
            for request in step.requests:
                page = self._page(request.url)
                digests[request.url] = digest_of(request, page, limits=limits) if reachable else None
            step = process(self.feed, self.state, fetched, now=self.now, limits=limits, digests=digests)
        for event in step.events:
            schema.validate(orjson.loads(event.value))
        self.state = decode_state(step.state_value)
        assert self.state == step.state
        self.now += timedelta(hours=1)
        return step

    def _page(self, url: str) -> Fetched:
        found = self.pages.get(url.rpartition("/")[2], page())
        return self._answer(url, found) if isinstance(found, bytes | int) else found

    def _answer(self, url: str, what: bytes | int) -> Response:
        status, body = (what, b"") if isinstance(what, int) else (200, what)
        headers = {"etag": f'"{hash(what)}"', "content-type": "text/html; charset=utf-8"}
        return Response(url=url, status=status, headers=headers, body=body, retrieved_at=self.now)


def said(batch: Batch) -> list[dict[str, Any]]:
    return [orjson.loads(event.value) for event in batch.events]


def failed(kind: Any = "timeout") -> FetchFailure:
    return FetchFailure(url="https://news.example/a", kind=kind, detail="no answer", retrieved_at=NOW)


@pytest.fixture
def web() -> Web:
    return Web()


def test_the_text_is_that_of_the_page(web: Web) -> None:
    (message,) = said(web.poll([item("a")]))
    assert message["source"]["content_from"] == "page"
    assert [paragraph["text"] for paragraph in message["paragraphs"]] == list(WORDS)
    assert message["headline"] == "The full headline"
    assert message["source"]["url"] == "https://news.example/a"


def test_what_the_page_leaves_out_is_filled_from_the_feed(web: Web) -> None:
    entry = item("a").replace(
        "<item>", "<item><pubDate>Sun, 01 Mar 2026 10:00:00 +0100</pubDate><author>Jane Doe</author>"
    )
    (message,) = said(web.poll([entry]))
    assert message["published_at"]["at"] == "2026-03-01T10:00:00+01:00"
    assert message["byline"] == "Jane Doe"


def test_dates_that_the_feed_leaves_out_are_those_of_the_page(web: Web) -> None:
    web.pages["a"] = page(head='<meta property="article:published_time" content="2026-03-01T08:00:00+02:00">')
    (message,) = said(web.poll([item("a")]))
    assert message["published_at"] == {
        "at": "2026-03-01T08:00:00+02:00",
        "origin": "page.published",
        "precision": "second",
        "surface": "2026-03-01T08:00:00+02:00",
    }


def test_a_settled_document_asks_for_no_page_again(web: Web) -> None:
    web.poll([item("a"), item("b")])
    assert sorted(web.asked) == ["https://news.example/a", "https://news.example/b"]
    web.poll([item("a"), item("b"), item("c")])
    assert web.asked == ["https://news.example/c"]


def test_an_entry_that_changes_has_its_page_read_again(web: Web) -> None:
    web.poll([item("a")])
    web.pages["a"] = page(*WORDS, "The ship was free by noon, and the harbour was opened again on Sunday evening.")
    (message,) = said(web.poll([item("a", "Corrected.")]))
    assert (message["change"], message["revision"], message["changed"]) == ("revised", 2, ["text"])


def test_an_entry_that_changes_while_its_page_does_not_is_no_revision(web: Web) -> None:
    web.poll([item("a")])
    assert said(web.poll([item("a", "Corrected.")])) == []


def test_a_page_that_cannot_be_had_for_now_holds_its_entry_back_and_no_other(web: Web) -> None:
    web.pages["a"] = failed()
    batch = web.poll([item("a"), item("b")])
    assert [message["source"]["guid"] for message in said(batch)] == ["b"]
    assert (batch.report.entries, batch.report.published, batch.report.waiting) == (1, 1, 1)
    web.pages["a"] = page()
    batch = web.poll([item("a"), item("b")])
    assert [message["source"]["guid"] for message in said(batch)] == ["a"]
    assert (batch.report.entries, batch.report.waiting) == (2, 0)


def test_validators_are_kept_only_when_all_entries_are_settled(web: Web) -> None:
    web.pages["a"] = failed()
    first = web.poll([item("a")])
    assert (first.state.etag, first.state.body_sha256) == (None, None)
    web.pages["a"] = page()
    second = web.poll([item("a")])
    assert second.state.etag is not None
    assert second.state.body_sha256 is not None


def test_a_document_that_is_not_settled_leaves_the_validators_of_the_one_before(web: Web) -> None:
    before = web.poll([item("a")]).state
    web.pages["b"] = failed()
    after = web.poll([item("b"), item("a")]).state
    assert (after.etag, after.body_sha256) == (before.etag, before.body_sha256)


def test_a_page_that_keeps_failing_is_published_from_the_feed_with_a_warning(web: Web) -> None:
    web.pages["a"] = failed()
    assert [len(web.poll([item("a")]).events) for _ in range(2)] == [0, 0]
    (message,) = said(web.poll([item("a")]))
    assert message["source"]["content_from"] == "feed"
    assert message["text"] == "A short summary."
    assert message["extraction"]["warnings"] == ["page: no answer; the text is that of the feed"]
    assert web.poll([item("a")]).events == ()
    assert web.asked == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (404, "HTTP 404"),
        (410, "HTTP 410"),
        (403, "HTTP 403"),
        (failed("robots"), "no answer"),
        (failed("blocked"), "no answer"),
    ],
)
def test_a_page_that_will_never_be_had_is_published_from_the_feed_at_once(web: Web, answer: Any, why: str) -> None:
    web.pages["a"] = answer
    (message,) = said(web.poll([item("a")]))
    assert message["source"]["content_from"] == "feed"
    assert message["extraction"]["warnings"] == [f"page: {why}; the text is that of the feed"]


@pytest.mark.parametrize("body", [b"", b"\x89PNG\r\n", b"<html><body><p>Please log in.</p></body></html>"])
def test_a_page_without_a_story_is_published_from_the_feed(web: Web, body: bytes) -> None:
    web.pages["a"] = body
    (message,) = said(web.poll([item("a")]))
    assert message["source"]["content_from"] == "feed"
    assert message["text"] == "A short summary."


def test_a_page_that_was_published_is_not_replaced_by_the_summary_when_it_fails(web: Web) -> None:
    web.poll([item("a")])
    web.pages["a"] = 403
    assert web.poll([item("a", "Corrected.")]).events == ()
    assert web.poll([item("a", "Corrected, once more.")]).report.unchanged == 1


def test_an_entry_without_a_link_is_published_from_the_feed(web: Web) -> None:
    (message,) = said(web.poll(["<item><guid isPermaLink='false'>x</guid><title>T</title></item>"]))
    assert message["source"]["content_from"] == "feed"
    assert message["extraction"]["warnings"] == []


def test_no_more_pages_are_asked_for_in_one_poll_than_the_limit(web: Web) -> None:
    limits = replace(LIMITS, max_pages=2)
    items = [item(name) for name in "edcba"]
    guids = [[message["source"]["guid"] for message in said(web.poll(items, limits=limits))] for _ in range(4)]
    assert guids == [["a", "b"], ["c", "d"], ["e"], []]


def test_pages_that_were_not_asked_for_do_not_count_as_failures(web: Web) -> None:
    for _ in range(5):
        assert web.poll([item("a")], reachable=False).report.waiting == 1
    (message,) = said(web.poll([item("a")]))
    assert message["source"]["content_from"] == "page"


def test_the_address_that_the_page_names_makes_the_id(web: Web) -> None:
    web.pages["b"] = web.pages["a"] = page(head='<link rel="canonical" href="https://www.news.example/story/1">')
    (message,) = said(web.poll([item("a")]))
    assert message["source"]["canonical_url"] == "https://www.news.example/story/1"
    other = Web(replace(FEED, id="other"))
    other.pages = web.pages
    assert said(other.poll([item("b")]))[0]["id"] == message["id"]


@pytest.mark.parametrize("named", ["https://news.example/", "https://ads.example/story/1", "javascript:alert(1)"])
def test_an_address_that_cannot_be_the_articles_own_is_not_believed(web: Web, named: str) -> None:
    web.pages["a"] = page(head=f'<link rel="canonical" href="{named}">')
    (message,) = said(web.poll([item("a")]))
    assert message["source"]["canonical_url"] == "https://news.example/a"


def test_two_entries_whose_pages_name_one_address_are_two_articles(web: Web) -> None:
    web.pages = dict.fromkeys("ab", page(head='<link rel="canonical" href="https://news.example/live">'))
    one, other = said(web.poll([item("a"), item("b")]))
    assert one["id"] != other["id"]


# Looking at a page again


def test_a_page_is_looked_at_again_after_a_day(web: Web) -> None:
    web.poll([item("a")])
    for _ in range(23):
        web.poll([item("a")])
        assert web.asked == []
    web.poll([item("a")])
    assert web.asked == ["https://news.example/a"]
    web.poll([item("a")])
    assert web.asked == []


def test_a_page_that_changed_meanwhile_is_a_revision_when_its_feed_is_read(web: Web) -> None:
    web.poll([item("a")])
    web.now += timedelta(days=1)
    web.pages["a"] = page(*WORDS, "The ship was free by noon, and the harbour was opened again on Sunday evening.")
    (message,) = said(web.poll([item("b"), item("a")]))[:1]
    assert (message["source"]["guid"], message["change"], message["changed"]) == ("a", "revised", ["text"])


@pytest.mark.parametrize("items", [[item("a")], [item("b"), item("a")], [item("b")], None])
@pytest.mark.parametrize("status", [404, 410])
def test_a_page_that_is_gone_withdraws_its_article_once(web: Web, items: list[str] | None, status: int) -> None:
    (published,) = said(web.poll([item("a")]))
    web.now += timedelta(days=1)
    web.pages["a"] = status
    batch = web.poll(items)
    withdrawn = [message for message in said(batch) if message["id"] == published["id"]]
    assert [(message["change"], message["revision"], message["text"]) for message in withdrawn] == [
        ("withdrawn", 2, "")
    ]
    assert withdrawn[0]["source"]["url"] == "https://news.example/a"
    assert batch.report.withdrawn == 1
    web.now += timedelta(days=1)
    assert [message["id"] for message in said(web.poll(items))].count(published["id"]) == 0


def test_an_article_that_was_withdrawn_and_comes_back_changed_is_a_revision(web: Web) -> None:
    web.poll([item("a")])
    web.now += timedelta(days=1)
    web.pages["a"] = 404
    web.poll([item("a")])
    web.pages["a"] = page(*WORDS[:3])
    (message,) = said(web.poll([item("a", "It is back.")]))
    assert (message["change"], message["revision"]) == ("revised", 3)


@pytest.mark.parametrize("answer", [failed(), 503, 403])
def test_a_page_that_cannot_be_looked_at_again_changes_nothing(web: Web, answer: Any) -> None:
    before = web.poll([item("a")]).state
    web.now += timedelta(days=1)
    web.pages["a"] = answer
    batch = web.poll([item("a")])
    assert batch.events == ()
    assert batch.report.waiting == 0
    assert batch.state.etag == before.etag


def test_pages_of_entries_that_left_are_looked_at_for_two_more_days(web: Web) -> None:
    web.poll([item("a")])
    asked = []
    for _ in range(5):
        web.now += timedelta(hours=23)
        web.poll([item("b")])
        asked.append("https://news.example/a" in web.asked)
    assert asked == [True, True, False, False, False]


def test_without_recheck_no_page_is_looked_at_again() -> None:
    web = Web(replace(FEED, recheck_seconds=None))
    web.poll([item("a")])
    web.now += timedelta(days=3)
    web.poll([item("a")])
    assert web.asked == []


def test_a_feed_that_goes_back_to_its_own_text_asks_for_no_page(web: Web) -> None:
    web.poll([item("a")])
    web.feed = replace(FEED, content="feed")
    web.now += timedelta(days=3)
    (message,) = said(web.poll([item("a", "Corrected, and longer than before.")]))
    assert (message["revision"], message["source"]["content_from"]) == (2, "feed")
    assert web.asked == []


LATEST = replace(LIMITS, tombstone_delay_seconds=7 * 86_400)


def withdraw(web: Web, *, limits: Limits = LATEST) -> str:
    """The id of an article that was published and, a day later, withdrawn."""
    (published,) = said(web.poll([item("a")], limits=limits))
    web.now += timedelta(days=1)
    web.pages["a"] = 410
    batch = web.poll(None, limits=limits)
    assert [message["change"] for message in said(batch)] == ["withdrawn"]
    assert batch.forgotten == ()
    article_id: str = published["id"]
    return article_id


def test_a_withdrawn_article_leaves_the_latest_ones_once_when_its_time_is_over(web: Web) -> None:
    article_id = withdraw(web)
    web.now += timedelta(days=7, hours=-2)
    found = [web.poll(None, limits=LATEST).forgotten for _ in range(4)]
    assert found == [(), (article_id,), (), ()]


def test_a_feed_that_fails_does_not_hold_it_up(web: Web) -> None:
    article_id = withdraw(web)
    failure = replace(failed(), url=web.feed.url, retrieved_at=web.now)
    batch = process(web.feed, web.state, failure, now=web.now + timedelta(days=8), limits=LATEST)
    assert not isinstance(batch, Ask)
    assert batch.forgotten == (article_id,)


def test_what_comes_back_before_its_time_stays(web: Web) -> None:
    withdraw(web)
    web.pages["a"] = page(headline="Here again")
    (message,) = said(web.poll([item("a", "Other words.")], limits=LATEST))
    assert message["change"] == "revised"
    web.now += timedelta(days=8)
    assert web.poll(None, limits=LATEST).forgotten == ()


def test_an_article_that_the_state_forgets_leaves_the_latest_ones_with_it(web: Web) -> None:
    patient = replace(LIMITS, tombstone_delay_seconds=90 * 86_400)
    article_id = withdraw(web, limits=patient)
    web.poll([item("b")], limits=patient)
    web.now += timedelta(days=29)
    assert web.poll([item("b", "New words.")], limits=patient).forgotten == ()
    web.now += timedelta(days=2)
    assert web.poll([item("b", "Newer words.")], limits=patient).forgotten == (article_id,)
    assert web.poll([item("b", "Newest words.")], limits=patient).forgotten == ()


def test_without_the_topic_nothing_is_forgotten_and_with_it_later_what_is_due(web: Web) -> None:
    article_id = withdraw(web, limits=LIMITS)
    web.now += timedelta(days=8)
    assert web.poll(None).forgotten == ()
    assert web.poll(None, limits=LATEST).forgotten == (article_id,)
