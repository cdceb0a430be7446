"""Load what all articles need, once."""

from __future__ import annotations

from datetime import UTC, datetime

from worker.model.feed import Feed
from worker.model.fetch import Response
from worker.pipeline.poll import Limits, process
from worker.pipeline.standing import first_state

# A document in which there is something for every kind of rule.
_DOCUMENT = b"""<rss version="2.0"><channel><language>en</language><item><title>Talks</title>
<author>By Ann Lee</author><pubDate>Mon, 03 Mar 2025 10:00:00 GMT</pubDate><description>&lt;p>LONDON, March 3 (AP) - "We
came on Friday," Mayor Ann Lee said in a post on X. French security forces arrested two people in Paris, France, after a
protest, according to the Ministry of Defence.&lt;/p>&lt;p>Read more&lt;/p></description></item></channel></rss>"""
_AT = datetime(2025, 3, 3, 12, tzinfo=UTC)
_FEED = Feed(
    id="prepare",
    url="https://prepare.example/",
    shard_key="prepare.example",
    interval_seconds=60,
    min_interval_seconds=60,
    max_interval_seconds=60,
)


def prepare() -> None:
    """Read lexicons and tables, which takes a second or two.

    Polls run side by side: without this, each of the first ones would read them all.
    """
    answer = Response(url=_FEED.url, status=200, body=_DOCUMENT, retrieved_at=_AT)
    limits = Limits(max_body_bytes=len(_DOCUMENT), max_event_bytes=1_000_000)
    process(_FEED, first_state(_FEED), answer, now=_AT, limits=limits)
