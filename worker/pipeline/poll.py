"""One poll: what the answer means for the feed, and everything that is to be written for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from worker.model.entry import NotAFeed, Unreadable
from worker.model.event import Batch, PollReport
from worker.model.feed import FeedState
from worker.model.fetch import FetchFailure, Request, Response
from worker.pipeline.articles import EntryReader
from worker.pipeline.documents import read_document
from worker.steps import encode, schedule

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from datetime import datetime

    from worker.model.entry import Document
    from worker.model.event import DeadLetter, Event
    from worker.model.feed import Feed, SeenEntry
    from worker.model.fetch import Fetched


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on what one document may cost."""

    max_body_bytes: int
    max_event_bytes: int


def first_state(feed: Feed) -> FeedState:
    """What is known about a feed that was never polled."""
    return FeedState(feed_id=feed.id, url=feed.url)


def request_for(feed: Feed, state: FeedState) -> Request:
    """The request to make. Validators belong to the URL they came from: a feed that moved is asked afresh."""
    if state.url != feed.url:
        return Request(url=feed.url)
    return Request(url=feed.url, etag=state.etag, last_modified=state.last_modified)


def owned_articles(state: FeedState) -> Iterable[str]:
    """The ids of the articles that this feed has published."""
    return (entry.article_id for entry in state.entries if entry.revision > 0)


def process(  # noqa: PLR0913 - the whole of what a poll depends on
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    *,
    now: datetime,
    limits: Limits,
    taken: Container[str] = (),
) -> Batch:
    """Decide what one poll writes.

    Args:
        feed: as configured.
        state: as last committed.
        fetched: what the server or the network answered.
        now: when it is.
        limits: caps.
        taken: ids of articles that other feeds have published; they are not published again.
    """
    if state.url != feed.url:
        # A feed whose URL was changed in the configuration keeps its entries and nothing else.
        state = replace(first_state(feed), version=state.version, entries=state.entries)
    batch = _settle(_Poll(feed=feed, state=state, now=now, limits=limits, taken=taken), fetched)
    report = replace(batch.report, fetch_seconds=fetched.duration_seconds)
    if isinstance(fetched, Response):
        report = replace(report, status=fetched.status, received_bytes=len(fetched.body))
    return replace(batch, report=report)


def _settle(poll: _Poll, fetched: Fetched) -> Batch:
    if isinstance(fetched, FetchFailure):
        return poll.unanswered(fetched)
    match fetched.status:
        case 200:
            return poll.answered(fetched)
        case 304:
            return poll.unmodified(fetched)
        case 410:
            return poll.gone()
        case _:
            return poll.refused(fetched)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    feed: Feed
    state: FeedState
    now: datetime
    limits: Limits
    taken: Container[str]

    def answered(self, response: Response) -> Batch:
        body_sha256 = sha256(response.body).hexdigest()
        # The hash is of the bytes as they travelled: nothing is inflated or parsed to find nothing new.
        if body_sha256 == self.state.body_sha256:
            return self._fresh(response, PollReport(feed_id=self.feed.id, outcome="not_modified"))
        document = read_document(response, max_body_bytes=self.limits.max_body_bytes)
        if isinstance(document, NotAFeed):
            return self._not_a_feed(response, document, body_sha256)
        return self._read(response, document, body_sha256)

    def unmodified(self, response: Response) -> Batch:
        if self.state.etag is None and self.state.last_modified is None:
            # Nobody asked whether something changed. Validators of a body that was not read would hide it for ever.
            return self.refused(response)
        # A 304 may bring new validators and otherwise leaves the old ones as they are (RFC 9111, 4.3.4).
        headers = {"etag": self.state.etag, "last-modified": self.state.last_modified, **response.headers}
        kept = {name: value for name, value in headers.items() if value is not None}
        return self._fresh(
            replace(response, headers=kept),
            PollReport(feed_id=self.feed.id, outcome="not_modified"),
        )

    def gone(self) -> Batch:
        # 410 means gone for good and on purpose (RFC 9110, 15.5.11): the feed is not asked again.
        state = replace(
            self._next(), status="gone", reason="http_410", failures=self.state.failures + 1, next_poll_at=None
        )
        report = PollReport(feed_id=self.feed.id, outcome="gone", reason="http_410")
        return self._batch(state, report)

    def refused(self, response: Response) -> Batch:
        reason = f"http_{response.status}"
        report = PollReport(feed_id=self.feed.id, outcome="http_error", reason=reason)
        return self._failed(reason, response, report)

    def unanswered(self, failure: FetchFailure) -> Batch:
        report = PollReport(
            feed_id=self.feed.id,
            outcome="network_error",
            reason=failure.kind,
            warnings=(failure.detail,),
        )
        return self._failed(failure.kind, None, report)

    def _not_a_feed(self, response: Response, refusal: NotAFeed, body_sha256: str) -> Batch:
        report = PollReport(
            feed_id=self.feed.id,
            outcome="not_a_feed",
            reason=refusal.reason,
            warnings=(refusal.detail,),
        )
        if refusal.reason not in {"broken", "undecodable"} or body_sha256 == self.state.broken_sha256:
            return self._failed(refusal.reason, response, report)
        # A damaged document is kept, once: someone may want to know what was in it.
        letter = self._dead_letter("parse", response.body, refusal.reason, refusal.detail)
        batch = self._failed(refusal.reason, response, report)
        state = replace(batch.state, broken_sha256=body_sha256)
        return self._batch(state, report, rejected=(letter,))

    def _read(self, response: Response, document: Document, body_sha256: str) -> Batch:
        reader = EntryReader(
            self.feed,
            self.state,
            document,
            response,
            now=self.now,
            taken=self.taken,
            max_event_bytes=self.limits.max_event_bytes,
        )
        events, unusable = reader.read_all()
        rejected = [
            self._dead_letter("parse", unreadable.raw, unreadable.reason, unreadable.detail)
            for unreadable in document.unreadable
        ] + [
            self._dead_letter("extract", repr(entry).encode("utf-8", "replace"), "unusable_entry", why)
            for entry, why in unusable
        ]
        entries = len(document.entries) + len(document.unreadable)
        changes = Counter(event.change for event in events)
        report = PollReport(
            feed_id=self.feed.id,
            outcome="ok",
            entries=entries,
            published=changes["published"],
            revised=changes["revised"],
            unchanged=entries - len(events) - len(rejected),
            rejected=len(rejected),
            warnings=document.warnings,
        )
        return self._fresh(
            response,
            report,
            body_sha256=body_sha256,
            title=document.title or self.state.title,
            entries=reader.remembered(),
            events=events,
            rejected=rejected,
        )

    def _fresh(  # noqa: PLR0913 - what a good answer may change
        self,
        response: Response,
        report: PollReport,
        *,
        body_sha256: str | None = None,
        title: str | None = None,
        entries: tuple[SeenEntry, ...] | None = None,
        events: Sequence[Event] = (),
        rejected: Sequence[DeadLetter] = (),
    ) -> Batch:
        """Settle a poll whose answer was good: what was wrong before is forgotten."""
        state = replace(
            self._next(),
            status="active",
            reason=None,
            failures=0,
            succeeded_at=self.now,
            next_poll_at=schedule.after_success(self.feed, response.headers, now=self.now),
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
            body_sha256=body_sha256 or self.state.body_sha256,
            title=title or self.state.title,
            entries=self.state.entries if entries is None else entries,
        )
        return self._batch(state, report, events=events, rejected=rejected)

    def _failed(self, reason: str, response: Response | None, report: PollReport) -> Batch:
        """Settle a poll that failed: entries and validators stay as they were."""
        failures = self.state.failures + 1
        headers = {} if response is None else response.headers
        next_poll_at = schedule.after_failure(self.feed, headers, failures=failures, now=self.now)
        state = replace(self._next(), status="failing", reason=reason, failures=failures, next_poll_at=next_poll_at)
        return self._batch(state, report)

    def _next(self) -> FeedState:
        return replace(self.state, version=self.state.version + 1, polled_at=self.now)

    def _dead_letter(self, stage: str, raw: bytes, reason: str, detail: str) -> DeadLetter:
        unreadable = Unreadable(raw=raw, reason=reason, detail=detail)
        return encode.encode_unreadable(
            self.feed.id, stage, unreadable, now=self.now, max_bytes=self.limits.max_event_bytes
        )

    def _batch(
        self,
        state: FeedState,
        report: PollReport,
        *,
        events: Sequence[Event] = (),
        rejected: Sequence[DeadLetter] = (),
    ) -> Batch:
        return Batch(
            feed_id=self.feed.id,
            shard_key=self.feed.shard_key,
            events=tuple(events),
            rejected=tuple(rejected),
            state=state,
            state_value=encode.encode_state(state),
            report=report,
        )
