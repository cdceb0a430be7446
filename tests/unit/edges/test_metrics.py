"""The metrics, as they are told to Prometheus."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import structlog
from prometheus_client import parser
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics

from tests.fakes import any_metrics
from tests.newsroom import batch_of, feed
from tests.unit.test_redaction import logged
from worker.edges.lag import watch_loop
from worker.model.event import FACTS, Batch, DeadLetter, Event, PollReport
from worker.model.feed import FeedState
from worker.model.fetch import FetchFailure, Response
from worker.model.overview import FeedVitals

if TYPE_CHECKING:
    from worker.edges.metrics import PrometheusMetrics

_NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
_DOCS = Path(__file__).parents[3] / "docs/operations.md"
_OPENMETRICS = "application/openmetrics-text;version=1.0.0"


@pytest.fixture
def metrics() -> PrometheusMetrics:
    return any_metrics()


def value(metrics: PrometheusMetrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"dateline_{name}", labels)


def batch(*, events: int = 0, letters: int = 0, field: str | None = None, **report: object) -> Batch:
    """What a poll writes, each event with two quotes and a dateline."""
    facts = tuple({"dateline": 1, "quotes": 2}.get(kind, 0) for kind in FACTS)
    event = Event(
        article_id="a", revision=1, change="published", published_at=_NOW, headers=(), value=b"12345", facts=facts
    )
    letter = DeadLetter(feed_id="a", reason="unusable_entry", headers=(), value=b"123", field=field)
    made = batch_of(
        feed("a"),
        FeedState(feed_id="a", url="https://a.example/", version=1),
        PollReport(**{"feed_id": "a", "outcome": "ok", **report}),  # type: ignore[arg-type]  # as the test says
    )
    return replace(made, events=(event,) * events, rejected=(letter,) * letters)


def test_each_metric_is_documented_with_its_type_and_labels_and_no_other_is(metrics: PrometheusMetrics):
    metrics.show_feeds(lambda: [FeedVitals(feed_id="a", succeeded_at=_NOW, new_entry_at=_NOW, failures=1)])
    told = set()
    for family in parser.text_string_to_metric_families(metrics.exposition("")[0].decode()):
        if family.name.startswith("dateline_"):
            name = family.name.removeprefix("dateline_") + ("_total" if family.type == "counter" else "")
            labels = sorted({label for sample in family.samples for label in sample.labels} - {"le"})
            told.add((f"{name}{{{','.join(labels)}}}" if labels else name, family.type))
            assert family.documentation.endswith(".")
            # The family has samples: those with labels begin at 0.
            assert family.samples, name

    rows = re.findall(r"(?m)^\| `([a-z_,{}]+)` \| (\w+) \| \w", _DOCS.read_text())
    documented = {(row, kind) for row, kind in rows if kind in {"counter", "gauge", "histogram"}}
    assert told == documented


def test_labels_have_few_values_which_are_there_from_the_start(metrics: PrometheusMetrics):
    values: dict[tuple[str, str], set[str]] = {}
    for family in metrics.registry.collect():
        for sample in family.samples:
            for label, label_value in sample.labels.items():
                values.setdefault((family.name, label), set()).add(label_value)

    counts = {key: len(found) for key, found in values.items() if not key[0].startswith("python")}
    assert max(counts.values()) <= 12
    assert counts["dateline_facts", "kind"] == len(FACTS)
    assert value(metrics, "dead_letters_total", reason="truncated") == 0
    assert value(metrics, "publish_failures_total", topic="news.feed-state", reason="unknown") == 0
    assert value(metrics, "poll_duration_seconds_count", outcome="not_a_feed") == 0


def test_a_commit_counts_records_facts_and_what_was_wrong(metrics: PrometheusMetrics):
    good = batch(events=2, entries=2, published=2)
    bad = batch(letters=1, field="figures[].value", entries=1, rejected=1)
    other = batch(letters=1, field="media[].length_bytes", entries=1, rejected=1)
    page = batch(outcome="not_a_feed", reason="html")
    metrics.committed([good, bad, other, page], duration_seconds=0.2, now=_NOW)

    assert value(metrics, "facts_total", kind="quotes") == 4
    assert value(metrics, "facts_total", kind="dateline") == 2
    assert value(metrics, "facts_total", kind="events") == 0
    assert value(metrics, "validation_failures_total", field="figures") == 1
    assert value(metrics, "validation_failures_total", field="other") == 1
    assert value(metrics, "parse_failures_total", reason="html") == 1
    assert value(metrics, "events_published_bytes_total", topic="news.articles") == 10
    assert value(metrics, "transaction_events_sum") == 4
    assert value(metrics, "transaction_duration_seconds_count") == 1


def test_a_commit_that_was_found_to_have_happened_has_no_duration(metrics: PrometheusMetrics):
    metrics.committed([batch()], duration_seconds=None, now=_NOW)

    assert value(metrics, "transactions_total", result="committed") == 1
    assert value(metrics, "transaction_duration_seconds_count") == 0


def test_a_commit_that_failed_counts_its_records_by_topic(metrics: PrometheusMetrics):
    metrics.commit_failed("unknown", [batch(events=3), batch(letters=1)])

    assert {
        topic: value(metrics, "publish_failures_total", topic=topic, reason="unknown")
        for topic in ("news.articles", "news.dead-letters", "news.feed-state")
    } == {"news.articles": 3, "news.dead-letters": 1, "news.feed-state": 2}


def test_each_request_is_timed_and_measured_whatever_it_was_for(metrics: PrometheusMetrics):
    for status, body in ((200, b"x" * 20_000), (304, b""), (404, b"sorry")):
        metrics.requested(
            Response(url="https://a.example/", status=status, body=body, retrieved_at=_NOW, duration_seconds=0.2)
        )
    metrics.requested(
        FetchFailure(url="https://a.example/", kind="dns", detail="no", retrieved_at=_NOW, duration_seconds=0.2)
    )
    metrics.throttled(429)

    assert value(metrics, "fetch_duration_seconds_count") == 4
    assert value(metrics, "fetch_received_bytes_total") == 20_005
    # One body, between 10,000 and 30,000 bytes.
    assert value(metrics, "fetch_response_size_bytes_bucket", le="10000.0") == 0
    assert value(metrics, "fetch_response_size_bytes_bucket", le="30000.0") == 1
    assert value(metrics, "fetch_response_size_bytes_count") == 1
    assert value(metrics, "fetch_requests_total", code="304") == 1
    assert value(metrics, "fetch_errors_total", reason="dns") == 1
    assert value(metrics, "fetch_throttled_total", reason="http_429") == 1


@pytest.mark.parametrize("accept", ["", _OPENMETRICS])
def test_single_feeds_are_told_as_they_are_now_in_both_formats(metrics: PrometheusMetrics, accept: str):
    read = read_openmetrics if accept else parser.text_string_to_metric_families
    hostile = 'a"b\\c\nd{}'
    feeds = [
        FeedVitals(feed_id=hostile, succeeded_at=_NOW, new_entry_at=None, failures=0),
        FeedVitals(feed_id="never", succeeded_at=None, new_entry_at=None, failures=7),
    ]
    metrics.show_feeds(lambda: feeds)

    def told() -> dict[str, dict[str, float]]:
        families = list(read(metrics.exposition(accept)[0].decode()))
        return {
            family.name: {sample.labels["feed"]: sample.value for sample in family.samples}
            for family in families
            if family.name.startswith("dateline_feed_") and family.type == "gauge"
        }

    assert told() == {
        "dateline_feed_consecutive_failures": {hostile: 0, "never": 7},
        "dateline_feed_last_success_timestamp_seconds": {hostile: _NOW.timestamp()},
        "dateline_feed_last_new_entry_timestamp_seconds": {},
    }
    del feeds[0]
    assert told()["dateline_feed_consecutive_failures"] == {"never": 7}


def test_ten_thousand_feeds_do_not_hold_up_the_loop_for_long(metrics: PrometheusMetrics):
    """Measured: 4 ms without, 60 ms with 10,000 feeds; the client library alone would take 330."""
    feeds = [
        FeedVitals(feed_id=f"feed-{number}", succeeded_at=_NOW, new_entry_at=_NOW, failures=1)
        for number in range(10_000)
    ]
    metrics.show_feeds(lambda: feeds)
    assert metrics.exposition(_OPENMETRICS)[0].count(b"\n") > 30_000
    took = []
    for _ in range(3):
        began = time.process_time()
        metrics.exposition(_OPENMETRICS)
        took.append(time.process_time() - began)

    assert min(took) < 0.5


def test_lines_are_counted_by_level_as_they_are_logged(metrics: PrometheusMetrics):
    def counts() -> dict[str, float]:
        [family] = [one for one in metrics.registry.collect() if one.name == "dateline_log_messages"]
        return {sample.labels["level"]: sample.value for sample in family.samples}

    before = counts()
    with logged() as said:
        log = structlog.get_logger()
        log.warning("one")
        log.warning("two")
        log.error("three")
        log.critical("four")

    assert said.getvalue().count("\n") == 4
    after = counts()
    assert {level: after[level] - before[level] for level in after} == {
        "debug": 0,
        "info": 0,
        "warning": 2,
        "error": 1,
        "critical": 1,
    }


async def test_a_blocked_loop_is_told_of_when_it_turns_again():
    told: list[float] = []
    watching = asyncio.create_task(watch_loop(told.append, sample_seconds=0.01))
    async with asyncio.timeout(10):
        while not told:  # noqa: ASYNC110 - it tells nobody else
            await asyncio.sleep(0.01)
        told.clear()
        time.sleep(0.3)  # noqa: ASYNC251 - this is the block
        while not told:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)

    # It was due at most 10 ms after the block began.
    assert told[0] >= 0.28
