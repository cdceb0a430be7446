"""What hostile documents have found, each as small as it gets."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes import settled
from worker.model.entry import SitemapIndex
from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.pipeline import Limits, compose, facts, first_state, process
from worker.steps.parse.decoding import decode
from worker.steps.sitemap import parse_sitemap

if TYPE_CHECKING:
    from worker.model.event import Batch
    from worker.model.facts import Facts

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FEED = Feed(
    id="world",
    url="https://news.example/feed",
    shard_key="news.example",
    interval_seconds=600,
    min_interval_seconds=60,
    max_interval_seconds=86_400,
)


def poll(body: str, *, max_entries: int = 100, max_event_bytes: int = 100_000) -> Batch:
    limits = Limits(max_body_bytes=10_000_000, max_event_bytes=max_event_bytes, max_entries=max_entries)
    response = Response(url=FEED.url, status=200, body=body.encode(), retrieved_at=NOW)
    return settled(process(FEED, first_state(FEED), response, now=NOW, limits=limits))


def rss(*items: str) -> str:
    return f"<rss version='2.0'><channel>{''.join(items)}</channel></rss>"


def item(number: int) -> str:
    return f"<item><guid>{number}</guid><title>Headline {number}</title></item>"


def test_an_empty_item_makes_nothing_of_those_beyond_the_limit():
    """All of them were cut out one by one, each time from the whole document: 200,000 took minutes."""
    report = poll(rss(item(1), item(2), "<item/>", *map(item, range(3, 20))), max_entries=5).report
    assert (report.entries, report.published, report.rejected, report.skipped) == (20, 4, 1, 15)


def test_empty_items_are_found_among_others_and_their_own_bytes_are_kept():
    items = [item(number) for number in range(40)]
    items[7] = "<item><x>seven</x></item>"
    items[8] = "<item><x>eight</x></item>"
    items[39] = "<item><x>last</x></item>"
    batch = poll(rss(*items))
    assert (batch.report.published, batch.report.rejected) == (37, 3)
    assert [letter.value.decode() for letter in batch.rejected] == [items[7], items[8], items[39]]
    assert {letter.reason for letter in batch.rejected} == {"empty_entry"}


def test_a_document_of_empty_items_alone_rejects_each():
    batch = poll(rss(*(f"<item><x>{number}</x></item>" for number in range(9))))
    assert [re.findall(r"\d", letter.value.decode()) for letter in batch.rejected] == [[str(n)] for n in range(9)]


def test_json_items_that_are_nothing_make_no_more_dead_letters_than_entries_may_be_read():
    nothing = ",".join(f'"{number}"' for number in range(12_000))
    report = poll(f'{{"version": "https://jsonfeed.org/version/1.1", "items": [{nothing}]}}', max_entries=50).report
    assert (report.entries, report.rejected, report.skipped) == (12_000, 50, 11_950)


def test_of_a_text_that_is_too_long_no_more_is_searched_than_could_be_said(monkeypatch: pytest.MonkeyPatch):
    searched: list[int] = []

    def read_facts(text: str, *arguments: Any, **more: Any) -> Facts:
        searched.append(len(text))
        return facts.read_facts(text, *arguments, **more)

    monkeypatch.setattr(compose, "read_facts", read_facts)
    text = "words " * 100_000
    batch = poll(rss(f"<item><title>x</title><description>{text}</description></item>"), max_event_bytes=10_000)
    assert [len(event.value) > 8_000 for event in batch.events] == [True]
    assert max(searched) <= 5_000
    assert len(searched) <= 4


def test_bytes_that_are_no_utf_8_are_those_of_windows_1252_one_by_one():
    """A call for each of them made a picture of one megabyte take longer than its deadline."""
    text, warnings = decode(b"<a>\xc3\xa9 \xff\x80\x81 \xed\xa0\x80 \xe2\x82</a>", None)
    assert text == "<a>\u00e9 \u00ff\u20ac\x81 \u00ed\u00a0\u20ac \u00e2\u201a</a>"
    assert warnings == ("document: some bytes are not utf-8, read as windows-1252",)


@pytest.mark.parametrize("reference", ["&#xD800;", "&#57343;", "&#x110000;", "&#0;", "&#xFFFE;", f"&#{'9' * 5_000};"])
def test_a_sitemap_with_a_reference_to_no_character_is_read_without_it(reference: str):
    report = poll(f"<urlset><url><loc>https://news.example/a{reference}b</loc></url></urlset>").report
    assert (report.outcome, report.entries) == ("ok", 1)
    index = f"<sitemapindex><sitemap><loc>https://news.example/{reference}</loc></sitemap></sitemapindex>"
    assert isinstance(parse_sitemap(index.encode(), url=FEED.url), SitemapIndex)
