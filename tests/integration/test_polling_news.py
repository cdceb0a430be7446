"""What counts as news: numbers 12 and 46 to 48 of the list of behaviours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.recording import Visit, answer, rss
from tests.integration.steered import DAY, HOUR, Steered, steered

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ETAG = {"ETag": '"1"'}


@pytest.fixture
async def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Steered]:
    async with steered(tmp_path, monkeypatch) as worker:
        yield worker


async def test_a_window_that_moved_on_too_far_is_told(worker: Steered):
    """46: nothing of the last document is left, so some entries may have come and gone unseen."""
    site = await worker.site()
    windows = [("a", "b", "c"), ("b", "c", "d"), ("x", "y", "z"), ("z",), (), ("q",)]
    site.on("/feed", *(answer(200, rss(*window)) for window in windows))
    await worker.start({"url": site.url(), "interval": "1h"})
    await worker.passing(6 * HOUR)
    assert [line["gap"] for line in worker.lines("poll")[:6]] == [None, None, True, None, None, True]
    assert worker.metric("dateline_feed_gaps_total") == 2
    assert len(worker.events()) == 8


def restless(visit: Visit) -> bytes:
    """A page that writes the time into each of its entries."""
    return answer(200, rss("a", "b", text=f"Words of {{}}, printed at {visit.at:%H:%M:%S}."))


async def test_an_entry_that_changes_at_each_poll_is_updated_24_times_and_no_more(worker: Steered):
    """47: also not after a restart. New entries of the feed are published all the same."""
    site = await worker.site()
    site.on("/feed", *[restless] * 40, answer(200, rss("a", "b", "c")))
    await worker.start({"url": site.url(), "interval": "1h"})
    await worker.passing(20 * HOUR)
    await worker.restart()
    await worker.passing(20 * HOUR)
    events = worker.events()
    for name in "ab":
        own = [event for event in events if event["headline"] == f"Headline {name}"]
        assert [event["change"] for event in own] == ["published"] + ["revised"] * 24
        assert [event["revision"] for event in own] == list(range(1, 26))
    assert [event["headline"] for event in events if event["headline"] == "Headline c"] == ["Headline c"]
    assert {line["outcome"] for line in worker.lines("poll")} == {"ok"}


async def test_a_new_date_of_the_document_alone_is_no_news(worker: Steered):
    """48: lastBuildDate and pubDate of the channel, with validators that change as well."""

    def rebuilt(visit: Visit) -> bytes:
        at = f"{visit.at:%a, %d %b %Y %H:%M:%S GMT}"
        channel = f"<lastBuildDate>{at}</lastBuildDate><pubDate>{at}</pubDate><generator>v{visit.number}</generator>"
        return answer(200, rss("a", "b", channel=channel), {"ETag": f'"{visit.number}"', "Last-Modified": at})

    site = await worker.site()
    await worker.start(site.on("/feed", rebuilt))
    await worker.passing(5 * HOUR)
    assert len(site.visits) == 6
    assert len(worker.events()) == 2
    assert {(line["published"], line["revised"]) for line in worker.lines("poll")[1:]} == {(0, 0)}


async def test_a_new_updated_of_an_atom_feed_alone_is_no_news(worker: Steered):
    """48: nor is that of an entry whose words are the same."""

    def rebuilt(visit: Visit) -> bytes:
        at = f"{visit.at:%Y-%m-%dT%H:%M:%SZ}"
        entry = f"<entry><id>urn:1</id><title>One</title><updated>{at}</updated><content>Words.</content></entry>"
        feed = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><updated>{at}</updated>{entry}</feed>"
        return answer(200, feed.encode(), ETAG if visit.number < 0 else {})

    site = await worker.site()
    await worker.start({"url": site.on("/feed", rebuilt), "interval": "1h"})
    await worker.passing(5 * HOUR)
    assert len(site.visits) == 6
    assert len(worker.events()) == 1


async def test_the_same_entries_in_another_order_or_another_coding_are_no_news(worker: Steered):
    """12: what counts is what entries say."""
    site = await worker.site()
    site.on(
        "/feed",
        answer(200, rss("a", "b")),
        answer(200, rss("b", "a")),
        answer(200, rss("a", "b").replace(b"><item", b">\r\n\t<item")),
        answer(200, b"\xef\xbb\xbf" + rss("a", "b")),
        answer(200, rss("a", "b").decode().encode("utf-16"), {"Content-Type": "text/xml; charset=utf-16"}),
    )
    await worker.start({"url": site.url(), "interval": "1h"})
    await worker.passing(0.5 * DAY)
    assert {line["outcome"] for line in worker.lines("poll")} <= {"ok", "not_modified"}
    assert len(worker.events()) == 2
