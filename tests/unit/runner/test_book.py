"""What is known in memory."""

from __future__ import annotations

from dataclasses import replace

from tests.fakes import FakeStore
from tests.newsroom import batch_of
from tests.unit.runner.helpers import FakeWeb, feed, make_runner, rss
from worker.model.event import PollReport
from worker.model.feed import Feed, FeedStatus, Rhythm
from worker.model.shards import NOTHING, WHOLE, Restored
from worker.pipeline import first_state
from worker.runner.book import FeedBook


def test_counts_follow_what_is_committed_and_which_feeds_there_are() -> None:
    feeds = [feed(name) for name in "abc"]
    book = FeedBook(feeds, max_event_bytes=1_000_000)
    book.restore(Restored(holding=WHOLE, states={}))
    assert book.counts() == {"new": 3}
    report = PollReport(feed_id="a", outcome="ok", status=200)
    settled: list[tuple[Feed, FeedStatus]] = [(feeds[0], "active"), (feeds[1], "failing"), (feeds[1], "active")]
    for one, status in settled:
        silent = Rhythm(gap_seconds=1.0, silent=status == "failing")
        book.settle(batch_of(one, replace(first_state(one), status=status, rhythm=silent), report))
        assert book.silent() == (status == "failing")
    assert book.counts() == {"new": 1, "active": 2}
    book.replace(feeds[:1])
    assert book.counts() == {"active": 1}
    # What another worker has is not counted here, also when it is settled late.
    book.restore(Restored(holding=NOTHING, states={}))
    book.settle(batch_of(feeds[0], first_state(feeds[0]), report))
    assert book.counts() == {}


async def test_what_another_worker_published_for_a_feed_stays_that_feeds_when_our_result_is_dropped() -> None:
    store = FakeStore()
    await make_runner([feed("a")], FakeWeb(a=rss(("a1", "A one"))), store).run(once=True)
    ((batch,),) = store.commits
    (event,) = batch.events
    book = FeedBook([feed("a"), feed("b")], max_event_bytes=1_000_000)
    book.restore(Restored(holding=WHOLE, states={}))
    assert book.claim(batch)
    assert event.article_id in book.taken_for("b")
    book.disclaim(batch)
    assert event.article_id not in book.taken_for("b")
    book.claim(batch)
    book.restore(Restored(holding=WHOLE, states=dict(store.states)))
    book.disclaim(batch)
    assert event.article_id in book.taken_for("b")
