"""A worker that looks busy: many feeds in every state, and real articles, behind a real status server."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes import any_metrics, settled
from worker.edges.clock import SystemClock
from worker.edges.pages import Pages
from worker.edges.status import StatusServer
from worker.model.event import Batch, PollReport
from worker.model.feed import Feed, FeedState
from worker.model.fetch import Response
from worker.model.shards import WHOLE
from worker.pipeline import Limits, process
from worker.runner.book import FeedBook
from worker.runner.overview import RunnerOverview

if TYPE_CHECKING:
    from worker.model.feed import FeedStatus

_SAMPLES = Path(__file__).parents[1] / "deploy/examples/feeds"
_DESKS = ("World", "Politics", "Business", "Science", "Sport", "Culture", "Weather", "Local")
_PAPERS = ("Harbour Wire", "Northern Ledger", "Tidewater Review", "Meridian Markets", "Le Quai", "Field Notes")
LIMITS = Limits(max_body_bytes=5_000_000, max_event_bytes=1_000_000)


def feed(id_: str, *, title: str | None = None, url: str | None = None) -> Feed:
    return Feed(
        id=id_,
        url=url or f"https://{id_}.example/feed.xml",
        shard_key=f"{id_}.example",
        title=title,
        interval_seconds=None,
        min_interval_seconds=3_600.0,
        max_interval_seconds=86_400.0,
    )


def batch_of(feed: Feed, state: FeedState, report: PollReport) -> Batch:
    return Batch(
        feed_id=feed.id, shard_key=feed.shard_key, events=(), rejected=(), state=state, state_value=b"", report=report
    )


class Newsroom:
    """These feeds behind a `RunnerOverview`, as a runner would keep it."""

    def __init__(self, *feeds: Feed) -> None:
        self.clock = SystemClock()
        self.book = FeedBook(feeds, max_event_bytes=LIMITS.max_event_bytes)
        self.book.holding = WHOLE
        self.not_ready: str | None = None
        self.overview = RunnerOverview(
            book=self.book, clock=self.clock, not_ready=lambda: self.not_ready, ledger_up=lambda: self.not_ready is None
        )
        self.config: dict[str, object] = {"name": "harbour", "kafka": {"security": {"password": "***"}}}

    def server(self) -> StatusServer:
        """Serves what there is, on any free port."""
        return StatusServer(
            host="127.0.0.1",
            port=0,
            metrics=any_metrics(),
            alive=lambda: None,
            ready=lambda: self.not_ready,
            pages=Pages(
                overview=self.overview,
                about={"name": "harbour", "version": "1.2.3", "ledger": "Kafka at kafka-1:9092, topic news.articles"},
                config=lambda: self.config,
            ),
        )

    def settle(self, batch: Batch) -> None:
        """A poll was committed."""
        self.book.settle(batch)
        self.overview.committed(batch)

    def read(self, feed: Feed, sample: str, *, ago: timedelta = timedelta(0)) -> Batch:
        """Poll a sample document for a feed."""
        now = datetime.now(UTC) - ago
        answer = Response(
            url=feed.url,
            status=200,
            body=(_SAMPLES / sample).read_bytes(),
            retrieved_at=now,
            duration_seconds=0.12,
        )
        batch = settled(process(feed, self.book.state_of(feed), answer, now=now, limits=LIMITS))
        self.settle(batch)
        return batch

    def poll(self, feed: Feed, *, status: FeedStatus, number: int = 0, failures: int = 0) -> None:
        """Settle a poll that found nothing new, or failed."""
        now = datetime.now(UTC) - timedelta(seconds=7 * number % 3_000 + 1)
        before = self.book.state_of(feed)
        good = status in {"active", "moved"}
        state = FeedState(
            feed_id=feed.id,
            url=feed.url,
            version=before.version + 1,
            status=status,
            reason=None if good else "http_404",
            polled_at=now,
            succeeded_at=now if good else None,
            next_poll_at=now + timedelta(seconds=3_600),
            failures=failures,
        )
        report = PollReport(
            feed_id=feed.id,
            outcome="not_modified" if good else "http_error",
            status=304 if good else 404,
            reason=state.reason,
            fetch_seconds=0.08,
        )
        self.settle(batch_of(feed, state, report))


def busy(count: int) -> Newsroom:
    """So many feeds; one in ten fails, one in a hundred is gone, one in fifty was never polled."""
    feeds = [
        feed(f"feed-{number:05}", title=f"{_PAPERS[number % 6]}: {_DESKS[number % 8]} {number}")
        for number in range(2, count)
    ]
    wire, markets = feed("world-wire", title="Harbour Wire: World"), feed("tidewater-review")
    newsroom = Newsroom(wire, markets, *feeds)
    for number, one in enumerate(feeds):
        if number % 50 == 0:
            continue
        if number % 100 == 99:
            newsroom.poll(one, status="gone", number=number, failures=1)
        elif number % 10 == 3:
            newsroom.poll(one, status="failing", number=number, failures=1 + number % 7)
        else:
            newsroom.poll(one, status="active", number=number)
    newsroom.read(markets, "tidewater-review.atom.xml")
    newsroom.poll(wire, status="failing", failures=1)
    newsroom.read(wire, "world-wire.rss.xml")
    return newsroom
