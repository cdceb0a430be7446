"""Every metric of the worker, each with the reason why it exists.

Names follow the Prometheus conventions: base units, `_total` for counters, timestamps instead of ages. No label has
more than about ten values, whatever the number of feeds. Known label values start at 0, so that a rate exists before
the first event. docs/operations.md lists all of them for those who read them.
"""

from __future__ import annotations

import re
from collections import Counter as Counts
from itertools import product
from typing import TYPE_CHECKING, get_args

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from worker.edges.log import messages_logged
from worker.model.article import Change
from worker.model.children import ChildFailure
from worker.model.entry import LetterReason, Refusal
from worker.model.event import FACTS, Outcome
from worker.model.feed import FeedStatus
from worker.model.fetch import FailureKind, FetchFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from prometheus_client import Metric
    from prometheus_client.metrics import MetricWrapperBase

    from worker.model.event import Batch, Event, PollReport
    from worker.model.fetch import Fetched
    from worker.model.overview import FeedVitals

# A `_created` series beside each counter doubles the scrape and helps nobody.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # not annotated there

_FETCH_BUCKETS = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_READ_BUCKETS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_SIZE_BUCKETS = (1_000.0, 10_000.0, 30_000.0, 100_000.0, 300_000.0, 1_000_000.0, 3_000_000.0, 10_000_000.0)
_DELAY_BUCKETS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0)
_COMMIT_BUCKETS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_COMMIT_EVENTS_BUCKETS = (0.0, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0)
_RESTORE_BUCKETS = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_LAG_BUCKETS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
_ARTICLE_DELAY_BUCKETS = (10.0, 60.0, 300.0, 900.0, 1_800.0, 3_600.0, 14_400.0, 86_400.0)

_STATES = (*get_args(FeedStatus), "new")
_SUBSCRIPTION_STATES = ("pending", "verified", "denied")
# As many topics as a dashboard can show; each feed might have one of its own.
_TOPICS = 50
_OTHER_TOPIC = "other"
# What can become of an entry; see `worker.model.event.PollReport`.
_DISPOSITIONS = ("published", "revised", "withdrawn", "unchanged", "skipped", "rejected")
_COMMIT_FAILURES = ("retry", "unknown", "reject", "stop")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_EOF = b"# EOF\n"
_FIELDS = (*FACTS, "text", "other")
# `media[].length_bytes` and `source.url` are parts of a field.
_FIELD_END = re.compile(r"[.\[]")


class PrometheusMetrics:
    """Implements `worker.ports.Metrics` on a registry of its own.

    Args:
        version: of the worker.
        articles_topics: those that articles may go to; of the first 50 each has series of its own.
        dead_letters_topic: where rejected entries go.
        feed_state_topic: where the states of feeds go.
        latest_topic: where the newest revision of each article is kept, if anywhere.
        concurrency: how many polls may be under way.
    """

    def __init__(  # noqa: PLR0913 - the topics
        self,
        *,
        version: str,
        articles_topics: Sequence[str],
        dead_letters_topic: str,
        feed_state_topic: str,
        latest_topic: str | None = None,
        concurrency: int,
    ) -> None:
        self._articles_topic = articles_topics[0]
        self._dead_letters_topic = dead_letters_topic
        self._feed_state_topic = feed_state_topic
        self._latest_topic = latest_topic
        latest = () if latest_topic is None else (latest_topic,)
        self._told_topics = frozenset((*articles_topics[:_TOPICS], dead_letters_topic, *latest))
        self._vitals: Callable[[], Iterable[FeedVitals]] | None = None
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._make_build(version)
        self._make_schedule(concurrency)
        self._make_fetch()
        self._make_hubs()
        self._make_reading()
        self._make_articles()
        self._make_ledger()
        self._make_process()

    def _make_build(self, version: str) -> None:
        # Which version runs where: joins every other series after an upgrade.
        self._gauge("build_info", "Version of the worker; always 1.", version=(version,)).labels(version).set(1)
        # A worker that runs on an old list of feeds looks healthy otherwise.
        self._reload_ok = self._gauge(
            "config_last_reload_successful", "Whether the configuration could be read when it was last read."
        )
        self._reload_ok.set(1)
        # Since when the worker runs with what it has.
        self._reloaded_at = self._gauge(
            "config_last_reload_success_timestamp_seconds",
            "When the configuration was last read without a mistake.",
        )
        self._reloaded_at.set_to_current_time()
        # Whether changes of the feed list arrive.
        self._reloads = self._counter(
            "config_reloads_total",
            "Readings of a changed configuration, by result.",
            result=("applied", "unchanged", "refused"),
        )

    def _make_schedule(self, concurrency: int) -> None:
        # A loop that stopped turning is dead although its process lives.
        self._heartbeat = self._gauge("heartbeat_timestamp_seconds", "When the scheduling loop last turned.")
        # How the feeds are doing, without a series for each.
        self._feeds = self._gauge("feeds", "Feeds that this worker polls, by state.", state=_STATES)
        # A feed that still answers and says nothing new is broken in a way that no error shows.
        self._silent = self._gauge("feeds_silent", "Feeds without a new entry for much longer than is usual for them.")
        # How the work is divided: the workers' sum is the number of partitions of the feed-state topic.
        self._shards = self._gauge("shards_owned", "Shards that this worker polls.")
        # Often: workers come and go, or are too slow to be counted as alive.
        self._rebalances = self._counter("rebalances_total", "Times that the shards of this worker were settled anew.")
        # Growing: the worker cannot keep up, or polling is held back by the ledger.
        self._overdue = self._gauge("feeds_overdue", "Feeds whose poll is late by more than a minute.")
        # The same as a distribution: what "late" means for the typical and for the worst feed.
        self._schedule_delay = self._histogram("schedule_delay_seconds", "How late polls began.", _DELAY_BUCKETS)
        # At its limit, servers answer slowly or the limit is too low.
        self._in_progress = self._gauge("polls_in_progress", "Polls under way.")
        # What that limit is.
        self._gauge("poll_concurrency_limit", "Polls that may be under way, fetch.concurrency.").set(concurrency)
        # The first thing to look at: are feeds answering, and with what.
        self._polls = self._counter("polls_total", "Polls settled, by outcome.", outcome=get_args(Outcome))
        # Whether it is good polls or failing ones that take long.
        self._poll_duration = self._histogram(
            "poll_duration_seconds",
            "Time of a poll, from its beginning until its result waits for a commit, by outcome.",
            _FETCH_BUCKETS,
            outcome=get_args(Outcome),
        )
        # Finding a series by its labels takes longer than counting in it.
        self._poll_durations = {outcome: self._poll_duration.labels(outcome) for outcome in get_args(Outcome)}
        # A feed whose window moves on faster than it is polled loses articles.
        self._gaps = self._counter("feed_gaps_total", "Polls that found nothing of what was there before.")

    def _make_fetch(self) -> None:
        # What servers answer: more 5xx is their trouble, more 4xx may be ours.
        self._requests = self._counter(
            "fetch_requests_total",
            "Answers of servers, by class of status; 304 is a class of its own.",
            code=("2xx", "3xx", "304", "4xx", "5xx"),
        )
        # Why there was no answer; "blocked" are requests for addresses that may not be visited (SSRF).
        self._errors = self._counter(
            "fetch_errors_total", "Requests without an answer, by reason.", reason=get_args(FailureKind)
        )
        # Publishers who are bothered say so.
        self._throttled = self._counter(
            "fetch_throttled_total",
            "Answers that asked to be left alone for a while, by reason.",
            reason=("http_429", "http_503"),
        )
        # Whether time goes to the network.
        self._fetch = self._histogram("fetch_duration_seconds", "Time to an answer, or to none.", _FETCH_BUCKETS)
        # What the traffic costs, and what conditional requests save.
        self._received = self._counter("fetch_received_bytes_total", "Bytes of bodies received, as they travelled.")
        # Whether it is many documents or large ones, and how far they are from fetch.max_body_bytes.
        self._response_size = self._histogram(
            "fetch_response_size_bytes", "Bytes of a body that came with status 200, as it travelled.", _SIZE_BUCKETS
        )
        # Whether full texts are to be had, and if not, whether it is worth asking again.
        self._pages = self._counter(
            "pages_total",
            "Pages of articles asked for, by what came of it.",
            result=("read", "later", "never", "gone"),
        )

    def _make_hubs(self) -> None:
        # How many feeds announce their news; pending for long: hubs do not reach the callback address.
        self._subscriptions = self._gauge(
            "websub_subscriptions", "Subscriptions at hubs, by state.", state=_SUBSCRIPTION_STATES
        )
        # Whether hubs announce anything, and whether somebody forges it (ignored) or tries addresses (unknown).
        self._pushes = self._counter(
            "websub_pushes_total", "Announcements received, by result.", result=("accepted", "ignored", "unknown")
        )

    def _make_reading(self) -> None:
        # What servers send in the place of feeds: login pages, error pages, damage.
        self._parse_failures = self._counter(
            "parse_failures_total", "Documents that held no readable feed, by reason.", reason=get_args(Refusal)
        )
        # Whether time goes to reading documents ...
        self._parse = self._histogram(
            "parse_duration_seconds", "Time to read one feed, sitemap or page.", _READ_BUCKETS
        )
        # ... or to finding out what the new articles say.
        self._extract = self._histogram(
            "extract_duration_seconds", "Time to make the messages of all new articles of one document.", _READ_BUCKETS
        )
        # Every entry seen ends as one of these: their sum is the proof that none was lost.
        self._entries = self._counter(
            "entries_seen_total", "Entries seen, by what became of them.", disposition=_DISPOSITIONS
        )
        # Documents that cost too much: an attack, or a fault of ours.
        self._restarts = self._counter(
            "parser_restarts_total",
            "Processes that read documents replaced, by reason.",
            reason=(*get_args(ChildFailure), "cancelled", "retired", "template"),
        )

    def _make_articles(self) -> None:
        # The product: article events that consumers can see, by what they say.
        self._articles = self._counter(
            "articles_total", "Article events committed, by change.", change=get_args(Change)
        )
        # Whether the rules still find what they found: a kind that dries up is a fault that nothing else shows.
        self._facts = self._counter(
            "facts_total", "Facts in the article events committed, by the message's field.", kind=FACTS
        )
        # How fresh the news is when consumers can see it.
        self._article_delay = self._histogram(
            "article_delay_seconds",
            "From the publisher's time of publication to the commit, for first revisions.",
            _ARTICLE_DELAY_BUCKETS,
        )
        # What consumers should be able to count on the topics.
        for_consumers = sorted(self._told_topics)
        self._published = self._counter(
            "events_published_total", "Records committed, by topic; other: of further topics.", topic=for_consumers
        )
        # What the topics will hold, and what the network carries.
        self._published_bytes = self._counter(
            "events_published_bytes_total", "Bytes of record values committed, by topic.", topic=for_consumers
        )
        # What a commit that did not succeed costs: one lost record, or hundreds to be written again.
        self._publish_failures = self._counter(
            "publish_failures_total",
            "Records whose commit did not succeed, by topic and reason.",
            topic=(*for_consumers, self._feed_state_topic),
            reason=_COMMIT_FAILURES,
        )
        # A message that breaks the contract is not published: a fault of ours, or a value that nobody foresaw.
        self._invalid = self._counter(
            "validation_failures_total",
            "Messages that would have broken the contract, by their field; other is any that holds no facts.",
            field=_FIELDS,
        )
        # Entries nobody will read unless somebody looks.
        self._dead_letters = self._counter(
            "dead_letters_total", "Dead letters committed, by reason.", reason=get_args(LetterReason)
        )

    def _make_ledger(self) -> None:
        # Whether commits succeed, and why not.
        self._transactions = self._counter(
            "transactions_total", "Commits to the ledger, by result.", result=("committed", *_COMMIT_FAILURES)
        )
        # The ledger's share of the delay.
        self._transaction = self._histogram("transaction_duration_seconds", "Time of a commit.", _COMMIT_BUCKETS)
        # Whether commits are filled: many small ones cost the broker as much as large ones.
        self._transaction_events = self._histogram(
            "transaction_events", "Article events and dead letters of one commit.", _COMMIT_EVENTS_BUCKETS
        )
        # Down: nothing is published, and polling stops once the pending limit is reached.
        self._ledger_up = self._gauge(
            "ledger_up", "Whether it can be published: by the last commit, or by whether the ledger answers."
        )
        # How long a worker that starts, or gets shards, does not poll them yet.
        self._restore = self._histogram(
            "restore_duration_seconds", "Time to learn the shards and the states of their feeds.", _RESTORE_BUCKETS
        )
        # Growing: the ledger does not keep up.
        self._pending_events = self._gauge("pending_events", "Events waiting for a commit.")
        # The same by what is limited: at commit.pending_bytes polling stops.
        self._pending_bytes = self._gauge("pending_bytes", "Bytes waiting for a commit.")
        # For how long the ledger has not kept up.
        self._pending_oldest = self._gauge(
            "pending_oldest_timestamp_seconds", "When the oldest waiting result was made; 0 when none waits."
        )
        # The one number to alert on: when something last became visible.
        self._last_publish = self._gauge("last_publish_timestamp_seconds", "When an event was last committed.")

    def _make_process(self) -> None:
        # What a busy or blocked loop costs everything in it: polls, probes, this scrape.
        self._loop_lag = self._histogram(
            "event_loop_lag_seconds", "How late the event loop ran what was due, sampled each second.", _LAG_BUCKETS
        )
        # A flood of warnings without having to read the log.
        self.registry.register(_LogMessages())

    def poll_started(self) -> None:
        """See `worker.ports.Metrics`."""
        self._in_progress.inc()

    def poll_finished(self, report: PollReport, *, delay_seconds: float, duration_seconds: float) -> None:
        """See `worker.ports.Metrics`."""
        self._in_progress.dec()
        self._schedule_delay.observe(max(delay_seconds, 0.0))
        self._poll_durations[report.outcome].observe(duration_seconds)

    def poll_cancelled(self) -> None:
        """See `worker.ports.Metrics`."""
        self._in_progress.dec()

    def committed(self, batches: Sequence[Batch], *, duration_seconds: float | None, now: datetime) -> None:
        """See `worker.ports.Metrics`."""
        self._transactions.labels("committed").inc()
        if duration_seconds is not None:
            self._transaction.observe(duration_seconds)
        self._transaction_events.observe(sum(len(batch.events) + len(batch.rejected) for batch in batches))
        facts = dict.fromkeys(FACTS, 0)
        self._count_polls([batch.report for batch in batches])
        for batch in batches:
            for event in batch.events:
                self._count_event(event, now)
                for kind, count in zip(FACTS, event.facts, strict=False):
                    facts[kind] += count
            for topic, value in self._records(batch):
                self._published.labels(topic).inc()
                self._published_bytes.labels(topic).inc(len(value))
            for letter in batch.rejected:
                self._dead_letters.labels(letter.reason).inc()
                if letter.field is not None:
                    field = _FIELD_END.split(letter.field, maxsplit=1)[0]
                    self._invalid.labels(field if field in _FIELDS else "other").inc()
            if batch.events:
                self._last_publish.set(now.timestamp())
        for kind, count in facts.items():
            self._facts.labels(kind).inc(count)

    def commit_failed(self, result: str, batches: Sequence[Batch]) -> None:
        """See `worker.ports.Metrics`."""
        self._transactions.labels(result).inc()
        for batch in batches:
            self._publish_failures.labels(self._feed_state_topic, result).inc()
            for topic, _ in self._records(batch):
                self._publish_failures.labels(topic, result).inc()

    def ledger(self, *, up: bool) -> None:
        """See `worker.ports.Metrics`."""
        self._ledger_up.set(up)

    def restored(self, duration_seconds: float) -> None:
        """See `worker.ports.Metrics`."""
        self._restore.observe(duration_seconds)

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
        self._fetch.observe(fetched.duration_seconds)
        if isinstance(fetched, FetchFailure):
            self._errors.labels(fetched.kind).inc()
            return
        self._requests.labels(f"{fetched.status // 100}xx" if fetched.status != 304 else "304").inc()
        self._received.inc(len(fetched.body))
        if fetched.status == 200:
            self._response_size.observe(len(fetched.body))

    def throttled(self, status: int) -> None:
        """See `worker.ports.Metrics`."""
        self._throttled.labels(f"http_{status}").inc()

    def parsed(self, duration_seconds: float) -> None:
        """A document was read, or could not be."""
        self._parse.observe(duration_seconds)

    def extracted(self, duration_seconds: float) -> None:
        """The messages of a document's new articles were made, or could not be."""
        self._extract.observe(duration_seconds)

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

    def loop_lagged(self, seconds: float) -> None:
        """The event loop ran something so much later than it was due."""
        self._loop_lag.observe(seconds)

    def show_feeds(self, vitals: Callable[[], Iterable[FeedVitals]]) -> None:
        """Tell of each of these feeds, whichever they are at the time of a scrape."""
        self._vitals = vitals

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that the scraper asks for, and its Content-Type."""
        encoder, content_type = choose_encoder(accept)
        body = encoder(self.registry)
        if self._vitals is not None:
            # An OpenMetrics exposition says where it ends.
            end = _EOF if body.endswith(_EOF) else b""
            body = body.removesuffix(_EOF) + _feed_series(self._vitals()).encode() + end
        return body, content_type

    def _count_polls(self, reports: Sequence[PollReport]) -> None:
        for outcome, count in Counts(report.outcome for report in reports).items():
            self._polls.labels(outcome).inc(count)
        for report in reports:
            if report.gap:
                self._gaps.inc()
            if report.outcome == "not_a_feed" and report.reason is not None:
                self._parse_failures.labels(report.reason).inc()
            # Most polls bring no document.
            for disposition in _DISPOSITIONS if report.entries else ():
                if count := getattr(report, disposition):
                    self._entries.labels(disposition).inc(count)

    def _count_event(self, event: Event, now: datetime) -> None:
        self._articles.labels(event.change).inc()
        if event.change == "published" and event.published_at is not None:
            self._article_delay.observe(max((now - event.published_at).total_seconds(), 0.0))

    def _records(self, batch: Batch) -> Iterator[tuple[str, bytes]]:
        """What a commit of this batch writes for consumers: the label of the topic, and the value."""
        for event in batch.events:
            topic = event.topic or self._articles_topic
            yield topic if topic in self._told_topics else _OTHER_TOPIC, event.value
        for letter in batch.rejected:
            yield self._dead_letters_topic, letter.value
        if self._latest_topic is not None:
            yield from ((self._latest_topic, event.value) for event in batch.events)
            yield from ((self._latest_topic, b"") for _ in batch.forgotten)

    def _counter(self, name: str, text: str, **labels: Sequence[str]) -> Counter:
        """A counter whose known label values start at 0; so with the others."""
        counter = Counter(f"dateline_{name}", text, tuple(labels), registry=self.registry)
        _begin(counter, labels)
        return counter

    def _gauge(self, name: str, text: str, **labels: Sequence[str]) -> Gauge:
        gauge = Gauge(f"dateline_{name}", text, tuple(labels), registry=self.registry)
        _begin(gauge, labels)
        return gauge

    def _histogram(self, name: str, text: str, buckets: Sequence[float], **labels: Sequence[str]) -> Histogram:
        histogram = Histogram(f"dateline_{name}", text, tuple(labels), buckets=buckets, registry=self.registry)
        _begin(histogram, labels)
        return histogram


class _LogMessages(Collector):
    """Counted where they are logged, which is before there are metrics."""

    def collect(self) -> Iterator[Metric]:
        family = CounterMetricFamily("dateline_log_messages", "Lines logged, by level.", labels=["level"])
        for level, count in messages_logged().items():
            family.add_metric([level], count)
        yield family


def _feed_series(vitals: Iterable[FeedVitals]) -> str:
    """The series of single feeds, as both formats have them.

    They are written at the time of a scrape, so that nothing is left of a feed that is gone. Written here because the
    client library takes sixteen times as long, in which the loop does not turn.
    """
    # A broken feed among many healthy ones.
    failures = _head("feed_consecutive_failures", "Polls of this feed that failed since one succeeded.")
    # Since when it is broken.
    succeeded = _head("feed_last_success_timestamp_seconds", "When a poll of this feed last succeeded.")
    # A feed that answers and stands still, against its own past.
    entered = _head("feed_last_new_entry_timestamp_seconds", "The time of the newest entry of this feed.")
    for feed in vitals:
        label = f'{{feed="{feed.feed_id.translate(_ESCAPES)}"}}'
        failures.append(f"dateline_feed_consecutive_failures{label} {feed.failures}\n")
        if feed.succeeded_at is not None:
            at = feed.succeeded_at.timestamp()
            succeeded.append(f"dateline_feed_last_success_timestamp_seconds{label} {at}\n")
        if feed.new_entry_at is not None:
            at = feed.new_entry_at.timestamp()
            entered.append(f"dateline_feed_last_new_entry_timestamp_seconds{label} {at}\n")
    return "".join((*failures, *succeeded, *entered))


def _head(name: str, text: str) -> list[str]:
    return [f"# HELP dateline_{name} {text}\n# TYPE dateline_{name} gauge\n"]


def _begin(metric: MetricWrapperBase, labels: Mapping[str, Sequence[str]]) -> None:
    if labels:
        for values in product(*labels.values()):
            metric.labels(*values)
