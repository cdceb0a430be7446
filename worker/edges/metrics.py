"""Every metric of the worker, each with the reason why it exists.

Names follow the Prometheus conventions: base units, `_total` for counters, timestamps instead of ages. No label has
more than about ten values, whatever the number of feeds. Known label values start at 0, so that a rate exists before
the first event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from worker.model.article import Change
from worker.model.children import ChildFailure
from worker.model.event import Outcome
from worker.model.feed import FeedStatus
from worker.model.fetch import FailureKind, FetchFailure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from worker.model.event import Batch, PollReport
    from worker.model.fetch import Fetched

# A `_created` series beside each counter doubles the scrape and helps nobody.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated there

_FETCH_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_DELAY_BUCKETS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0)
_COMMIT_BUCKETS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_ARTICLE_DELAY_BUCKETS = (10.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0)

_STATES = (*get_args(FeedStatus), "new")
_SUBSCRIPTION_STATES = ("pending", "verified", "denied")
# What can become of an entry; see `worker.model.event.PollReport`.
# As many topics as a dashboard can show; each feed might have one of its own.
_TOPICS = 50
_OTHER_TOPIC = "other"
_DISPOSITIONS = ("published", "revised", "withdrawn", "unchanged", "skipped", "rejected")


class PrometheusMetrics:
    """Implements `worker.ports.Metrics` on a registry of its own.

    `articles_topics` are those that articles may go to; of the first 50 each has series of its own.
    """

    def __init__(
        self, *, version: str, articles_topics: Sequence[str], dead_letters_topic: str, latest_topic: str | None = None
    ) -> None:
        self._articles_topic = articles_topics[0]
        self._dead_letters_topic = dead_letters_topic
        self._latest_topic = latest_topic
        latest = () if latest_topic is None else (latest_topic,)
        self._told_topics = frozenset((*articles_topics[:_TOPICS], dead_letters_topic, *latest))
        registry = self.registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

        # Which version runs where: joins every other series after an upgrade.
        build = Gauge("dateline_build_info", "Version of the worker; always 1.", ["version"], registry=registry)
        build.labels(version).set(1)
        # A loop that stopped turning is dead although its process lives.
        self._heartbeat = Gauge(
            "dateline_heartbeat_timestamp_seconds", "When the scheduling loop last turned.", registry=registry
        )

        # A worker that runs on an old list of feeds looks healthy otherwise.
        self._reload_ok = Gauge(
            "dateline_config_last_reload_successful",
            "Whether the configuration could be read when it was last read.",
            registry=registry,
        )
        self._reload_ok.set(1)
        self._reloaded_at = Gauge(
            "dateline_config_last_reload_success_timestamp_seconds",
            "When the configuration was last read without a mistake.",
            registry=registry,
        )
        # Whether changes of the feed list arrive.
        self._reloads = Counter(
            "dateline_config_reloads_total", "Readings of a changed configuration.", ["result"], registry=registry
        )
        for result in ("applied", "unchanged", "refused"):
            self._reloads.labels(result)

        self._make_schedule(registry)
        self._make_fetch(registry)
        self._make_hubs(registry)
        self._make_articles(registry)
        self._make_ledger(registry)

    def _make_schedule(self, registry: CollectorRegistry) -> None:
        # How the feeds are doing, without a series for each.
        self._feeds = Gauge("dateline_feeds", "Feeds by state.", ["state"], registry=registry)
        for state in _STATES:
            self._feeds.labels(state).set(0)
        # A feed that still answers and says nothing new is broken in a way that no error shows.
        self._silent = Gauge(
            "dateline_feeds_silent",
            "Feeds without a new entry for much longer than is usual for them.",
            registry=registry,
        )
        # How the work is divided: the workers' sum is the number of partitions of the feed-state topic.
        self._shards = Gauge("dateline_shards_owned", "Shards that this worker polls.", registry=registry)
        # Often: workers come and go, or are too slow to be counted as alive.
        self._rebalances = Counter(
            "dateline_rebalances_total", "Times that the shards of this worker were settled anew.", registry=registry
        )
        # Growing: the worker cannot keep up, or polling is held back by the ledger.
        self._overdue = Gauge(
            "dateline_feeds_overdue", "Feeds whose poll is late by more than a minute.", registry=registry
        )
        # The same as a distribution: what "late" means for the typical and for the worst feed.
        self._schedule_delay = Histogram(
            "dateline_schedule_delay_seconds",
            "How late polls began.",
            buckets=_DELAY_BUCKETS,
            registry=registry,
        )
        # At its limit, servers answer slowly or the limit is too low.
        self._in_progress = Gauge("dateline_polls_in_progress", "Polls under way.", registry=registry)

    def _make_fetch(self, registry: CollectorRegistry) -> None:
        # The first thing to look at: are feeds answering, and with what.
        self._polls = Counter("dateline_polls_total", "Polls settled, by outcome.", ["outcome"], registry=registry)
        for outcome in get_args(Outcome):
            self._polls.labels(outcome)
        # What servers answer: more 5xx is their trouble, more 4xx may be ours.
        self._requests = Counter(
            "dateline_fetch_requests_total", "Answers of servers, by class of status.", ["code"], registry=registry
        )
        for code in ("2xx", "3xx", "304", "4xx", "5xx"):
            self._requests.labels(code)
        # Why there was no answer; "blocked" are requests for addresses that may not be visited (SSRF).
        self._errors = Counter(
            "dateline_fetch_errors_total", "Requests without an answer, by reason.", ["reason"], registry=registry
        )
        for kind in get_args(FailureKind):
            self._errors.labels(kind)
        # Publishers who are bothered say so.
        self._throttled = Counter(
            "dateline_fetch_throttled_total",
            "Hosts that asked to be left alone, by status.",
            ["code"],
            registry=registry,
        )
        for code in ("429", "503"):
            self._throttled.labels(code)
        # A feed whose window moves on faster than it is polled loses articles.
        self._gaps = Counter(
            "dateline_feed_gaps_total", "Polls that found nothing of what was there before.", registry=registry
        )
        # Documents that cost too much: an attack, or a fault of ours.
        self._restarts = Counter(
            "dateline_parser_restarts_total", "Processes that read documents replaced.", ["reason"], registry=registry
        )
        for reason in (*get_args(ChildFailure), "cancelled", "retired", "template"):
            self._restarts.labels(reason)
        # Whether time goes to the network ...
        self._fetch = Histogram(
            "dateline_fetch_duration_seconds", "Time to an answer.", buckets=_FETCH_BUCKETS, registry=registry
        )
        # ... or to parsing and extraction.
        self._processing = Histogram(
            "dateline_process_duration_seconds",
            "Time to read a document and extract its articles.",
            buckets=_FETCH_BUCKETS,
            registry=registry,
        )
        # What the traffic costs, and what conditional requests save.
        self._received = Counter(
            "dateline_fetch_received_bytes_total", "Bytes of bodies received, as they travelled.", registry=registry
        )
        # Every entry seen ends as one of these: their sum is the proof that none was lost.
        self._entries = Counter(
            "dateline_entries_seen_total", "Entries seen, by what became of them.", ["disposition"], registry=registry
        )
        for disposition in _DISPOSITIONS:
            self._entries.labels(disposition)
        # Whether full texts are to be had, and if not, whether it is worth asking again.
        self._pages = Counter(
            "dateline_pages_total", "Pages of articles asked for, by what came of it.", ["result"], registry=registry
        )
        for result in ("read", "later", "never", "gone"):
            self._pages.labels(result)

    def _make_hubs(self, registry: CollectorRegistry) -> None:
        # How many feeds announce their news; pending for long: hubs do not reach the callback address.
        self._subscriptions = Gauge(
            "dateline_websub_subscriptions", "Subscriptions at hubs, by state.", ["state"], registry=registry
        )
        for state in _SUBSCRIPTION_STATES:
            self._subscriptions.labels(state).set(0)
        # Whether hubs announce anything, and whether somebody forges it (ignored) or tries addresses (unknown).
        self._pushes = Counter(
            "dateline_websub_pushes_total", "Announcements received, by result.", ["result"], registry=registry
        )
        for result in ("accepted", "ignored", "unknown"):
            self._pushes.labels(result)

    def _make_articles(self, registry: CollectorRegistry) -> None:
        # The product: article events that consumers can see, by what they say.
        self._articles = Counter(
            "dateline_articles_total", "Article events committed, by change.", ["change"], registry=registry
        )
        for change in get_args(Change):
            self._articles.labels(change)
        # How fresh the news is when consumers can see it.
        self._article_delay = Histogram(
            "dateline_article_delay_seconds",
            "From the publisher's time of publication to the commit, for first revisions.",
            buckets=_ARTICLE_DELAY_BUCKETS,
            registry=registry,
        )
        # What consumers should be able to count on the topics.
        self._published = Counter(
            "dateline_events_published_total",
            "Records committed, by topic; other: of further topics.",
            ["topic"],
            registry=registry,
        )
        self._published_bytes = Counter(
            "dateline_events_published_bytes_total",
            "Bytes of record values committed, by topic.",
            ["topic"],
            registry=registry,
        )
        for topic in sorted(self._told_topics):
            self._published.labels(topic)
            self._published_bytes.labels(topic)
        # Entries nobody will read unless somebody looks.
        self._dead_letters = Counter(
            "dateline_dead_letters_total", "Dead letters committed, by reason.", ["reason"], registry=registry
        )

    def _make_ledger(self, registry: CollectorRegistry) -> None:
        # Whether commits succeed, and why not.
        self._transactions = Counter(
            "dateline_transactions_total", "Commits to the ledger, by result.", ["result"], registry=registry
        )
        for result in ("committed", "retry", "unknown", "reject", "stop"):
            self._transactions.labels(result)
        # The ledger's share of the delay.
        self._transaction = Histogram(
            "dateline_transaction_duration_seconds", "Time of a commit.", buckets=_COMMIT_BUCKETS, registry=registry
        )
        # Down: nothing is published, and polling stops once the pending limit is reached.
        self._ledger_up = Gauge("dateline_ledger_up", "Whether the ledger answers.", registry=registry)
        # Growing: the ledger does not keep up.
        self._pending_events = Gauge("dateline_pending_events", "Events waiting for a commit.", registry=registry)
        self._pending_bytes = Gauge("dateline_pending_bytes", "Bytes waiting for a commit.", registry=registry)
        self._pending_oldest = Gauge(
            "dateline_pending_oldest_timestamp_seconds",
            "When the oldest waiting result was made; 0 when none waits.",
            registry=registry,
        )
        # The one number to alert on: when something last became visible.
        self._last_publish = Gauge(
            "dateline_last_publish_timestamp_seconds", "When an event was last committed.", registry=registry
        )

    def poll_started(self) -> None:
        """See `worker.ports.Metrics`."""
        self._in_progress.inc()

    def poll_finished(self, report: PollReport, *, delay_seconds: float, processing_seconds: float) -> None:
        """See `worker.ports.Metrics`."""
        self._in_progress.dec()
        self._schedule_delay.observe(max(delay_seconds, 0.0))
        self._fetch.observe(report.fetch_seconds)
        self._processing.observe(processing_seconds)
        self._received.inc(report.received_bytes)

    def poll_cancelled(self) -> None:
        """See `worker.ports.Metrics`."""
        self._in_progress.dec()

    def committed(self, batches: Sequence[Batch], *, duration_seconds: float, now: datetime) -> None:
        """See `worker.ports.Metrics`."""
        self._transactions.labels("committed").inc()
        self._transaction.observe(duration_seconds)
        for batch in batches:
            report = batch.report
            self._polls.labels(report.outcome).inc()
            self._gaps.inc(report.gap)
            for disposition in _DISPOSITIONS:
                if count := getattr(report, disposition):
                    self._entries.labels(disposition).inc(count)
            for event in batch.events:
                self._articles.labels(event.change).inc()
                if event.change == "published" and event.published_at is not None:
                    self._article_delay.observe(max((now - event.published_at).total_seconds(), 0.0))
            self._count_records(batch)
            for letter in batch.rejected:
                self._dead_letters.labels(letter.reason).inc()
            if batch.events:
                self._last_publish.set(now.timestamp())

    def commit_failed(self, result: str) -> None:
        """See `worker.ports.Metrics`."""
        self._transactions.labels(result).inc()

    def ledger(self, *, up: bool) -> None:
        """See `worker.ports.Metrics`."""
        self._ledger_up.set(up)

    def pending(self, *, events: int, size_bytes: int, oldest_at: datetime | None) -> None:
        """See `worker.ports.Metrics`."""
        self._pending_events.set(events)
        self._pending_bytes.set(size_bytes)
        self._pending_oldest.set(oldest_at.timestamp() if oldest_at else 0)

    def feeds(self, counts: Mapping[str, int], *, silent: int, overdue: int) -> None:
        """See `worker.ports.Metrics`."""
        for state in _STATES:
            self._feeds.labels(state).set(counts.get(state, 0))
        self._silent.set(silent)
        self._overdue.set(overdue)

    def holding(self, shards: int) -> None:
        """See `worker.ports.Metrics`."""
        self._shards.set(shards)
        self._rebalances.inc()

    def requested(self, fetched: Fetched) -> None:
        """See `worker.ports.Metrics`."""
        if isinstance(fetched, FetchFailure):
            self._errors.labels(fetched.kind).inc()
        else:
            self._requests.labels(f"{fetched.status // 100}xx" if fetched.status != 304 else "304").inc()

    def throttled(self, status: int) -> None:
        """See `worker.ports.Metrics`."""
        self._throttled.labels(str(status)).inc()

    def reader_replaced(self, reason: str) -> None:
        """See `worker.ports.Metrics`."""
        self._restarts.labels(reason).inc()

    def reloaded(self, result: str, now: datetime) -> None:
        """See `worker.ports.Metrics`."""
        self._reloads.labels(result).inc()
        self._reload_ok.set(result != "refused")
        if result != "refused":
            self._reloaded_at.set(now.timestamp())

    def page(self, result: str) -> None:
        """See `worker.ports.Metrics`."""
        self._pages.labels(result).inc()

    def subscriptions(self, counts: Mapping[str, int]) -> None:
        """See `worker.ports.Metrics`."""
        for state in _SUBSCRIPTION_STATES:
            self._subscriptions.labels(state).set(counts.get(state, 0))

    def pushed(self, result: str) -> None:
        """See `worker.ports.Metrics`."""
        self._pushes.labels(result).inc()

    def heartbeat(self, now: datetime) -> None:
        """See `worker.ports.Metrics`."""
        self._heartbeat.set(now.timestamp())

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that the scraper asks for, and its Content-Type."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self.registry), content_type

    def _count_records(self, batch: Batch) -> None:
        for event in batch.events:
            self._count(event.topic or self._articles_topic, event.value)
        for letter in batch.rejected:
            self._count(self._dead_letters_topic, letter.value)
        if self._latest_topic is not None:
            for value in (*(event.value for event in batch.events), *(b"" for _ in batch.forgotten)):
                self._count(self._latest_topic, value)

    def _count(self, topic: str, value: bytes) -> None:
        label = topic if topic in self._told_topics else _OTHER_TOPIC
        self._published.labels(label).inc()
        self._published_bytes.labels(label).inc(len(value))
