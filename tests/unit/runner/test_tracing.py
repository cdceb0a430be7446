"""What a trace leaves in what is written."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from tests.fakes import FakeStore, settled
from tests.newsroom import LIMITS, feed
from tests.unit.runner.helpers import FakeWeb, feed as runner_feed, make_runner, rss
from worker.model.fetch import Response
from worker.pipeline import first_state, process
from worker.steps.encode import with_traceparent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.event import PollReport


@dataclass(kw_only=True)
class FakeTrace:
    traceparent: str
    reports: list[PollReport]

    def finished(self, report: PollReport) -> None:
        self.reports.append(report)


@dataclass(kw_only=True)
class FakeTracing:
    """Implements `worker.ports.Tracing`: counts instead of drawing ids."""

    reports: list[PollReport] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def poll(self, feed_id: str) -> Iterator[FakeTrace]:
        yield FakeTrace(traceparent=f"00-{next(self.numbers):032x}-{1:016x}-01", reports=self.reports)


async def test_each_poll_marks_its_records_with_its_own_trace():
    store, tracing = FakeStore(), FakeTracing()
    runner = make_runner(
        [runner_feed("a"), runner_feed("b")],
        FakeWeb(a=rss(("a1", "One"), ("a2", "Two")), b=b"<rss><channel><item></item></channel></rss>"),
        store,
        tracing=tracing,
    )
    await runner.run(once=True)
    traces: dict[str, set[bytes]] = {}
    for record in (*store.articles, *store.dead_letters):
        headers = dict(record.headers)
        source = headers.get("ce_source") or headers["__connect.errors.topic"]
        traces.setdefault(source.decode(), set()).add(headers["traceparent"])
    assert {source: len(found) for source, found in traces.items()} == {"/feeds/a": 1, "/feeds/b": 1}
    assert traces["/feeds/a"] != traces["/feeds/b"]
    assert sorted(report.feed_id for report in tracing.reports) == ["a", "b"]


def test_a_trace_changes_nothing_but_one_header():
    now = datetime(2026, 3, 1, tzinfo=UTC)
    answer = Response(url="https://a.example/feed", status=200, body=rss(("a1", "One")), retrieved_at=now)
    batch = settled(process(feed("a"), first_state(feed("a")), answer, now=now, limits=LIMITS))
    traceparent = f"00-{7:032x}-{1:016x}-01"
    marked = with_traceparent(batch, traceparent)
    [event], [before] = marked.events, batch.events
    assert event.headers == (*before.headers, ("traceparent", traceparent.encode()))
    assert replace(event, headers=before.headers) == before
    assert replace(marked, events=batch.events, traceparent=None) == batch
    assert (batch.trace_id, marked.trace_id) == (None, f"{7:032x}")
