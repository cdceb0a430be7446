"""One poll: what the answer means for the feed, and everything that is to be written for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from worker.model.entry import Document, NotAFeed, SitemapIndex, Unreadable
from worker.model.event import Batch, PollReport
from worker.model.feed import FeedState
from worker.model.fetch import FetchFailure, Request, Response
from worker.model.page import Page
from worker.pipeline.articles import EntryReader, due_pages
from worker.pipeline.compose import Composer
from worker.pipeline.documents import Reading, merged, read_document, whole
from worker.pipeline.keys import keyed, meets
from worker.pipeline.pages import NoPage, page_of
from worker.steps import encode, schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from datetime import datetime

    from worker.model.event import DeadLetter, Event
    from worker.model.feed import Feed, SeenEntry
    from worker.model.fetch import Fetched
    from worker.pipeline.articles import Findings
    from worker.pipeline.pages import PageAnswer

# More sitemaps of one index are not read in one poll; those that changed last come first.
_SITEMAPS_AT_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on what one document, and one poll, may cost."""

    max_body_bytes: int
    max_event_bytes: int
    max_entries: int = 5_000
    max_pages: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What has to be had before a poll can be settled: sitemaps that an index names, or pages of articles.

    `digest` makes of an answer what `resume` needs of it, so that whoever asks need not hold the bytes; it is pure.
    `resume` takes all digests by address, and goes on: an address without one was not asked.
    """

    requests: tuple[Request, ...]
    digest: Callable[[Fetched], Digest]
    resume: Callable[[Mapping[str, Digest]], Batch | Ask]


Digest = Document | NotAFeed | Page | NoPage


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


def carried_articles(state: FeedState) -> Iterable[str]:
    """The ids of the articles that this feed carries, and another publishes."""
    return (entry.article_id for entry in state.entries if entry.revision == 0 and entry.fields)


def process(  # noqa: PLR0913 - the whole of what a poll depends on
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    *,
    now: datetime,
    limits: Limits,
    taken: Container[str] = (),
) -> Batch | Ask:
    """Decide what one poll writes, or what has to be asked first.

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
    poll = _Poll(
        feed=feed,
        state=state,
        now=now,
        limits=limits,
        taken=taken,
        fetched=fetched,
        raw_sha256=sha256(fetched.body).hexdigest() if isinstance(fetched, Response) else "",
        due=due_pages(feed, state, now),
    )
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
    fetched: Fetched
    raw_sha256: str
    due: tuple[SeenEntry, ...]

    def answered(self, response: Response) -> Batch | Ask:
        # The hash is of the bytes as they travelled: nothing is inflated or parsed to find nothing new.
        if self.raw_sha256 == self.state.body_sha256:
            return self._nothing_new(response)
        due = {seen.key for seen in self.due}
        # An entry that left and is back is looked at: meanwhile another may have taken its place.
        known = {
            seen.entry_hash: seen
            for seen in self.state.entries
            if seen.place is not None and seen.left_at is None and seen.key not in due
        }
        reading = self._document(response, known)
        match reading:
            case NotAFeed():
                return self._not_a_feed(response, reading)
            case SitemapIndex():
                return self._index(response, reading)
            case Reading():
                return self._read(response, reading, self.raw_sha256)

    def unmodified(self, response: Response) -> Batch | Ask:
        if self.state.etag is None and self.state.last_modified is None:
            # Nobody asked whether something changed. Validators of a body that was not read would hide it for ever.
            return self.refused(response)
        # A 304 may bring new validators and otherwise leaves the old ones as they are (RFC 9111, 4.3.4).
        headers = {"etag": self.state.etag, "last-modified": self.state.last_modified, **response.headers}
        kept = {name: value for name, value in headers.items() if value is not None}
        return self._nothing_new(replace(response, headers=kept))

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

    def _not_a_feed(self, response: Response, refusal: NotAFeed) -> Batch:
        report = PollReport(
            feed_id=self.feed.id,
            outcome="not_a_feed",
            reason=refusal.reason,
            warnings=(refusal.detail,),
        )
        if refusal.reason not in {"broken", "undecodable"} or self.raw_sha256 == self.state.broken_sha256:
            return self._failed(refusal.reason, response, report)
        # A damaged document is kept, once: someone may want to know what was in it.
        letter = self._dead_letter("parse", response.body, refusal.reason, refusal.detail)
        batch = self._failed(refusal.reason, response, report)
        state = replace(batch.state, broken_sha256=self.raw_sha256)
        return self._batch(state, report, rejected=(letter,))

    def _document(self, response: Response, known: Mapping[str, SeenEntry]) -> Reading | SitemapIndex | NotAFeed:
        reading = self._read_document(response, known)
        if isinstance(reading, Reading) and reading.kept:
            keys = {seen.key for seen in self.state.entries}
            if meets(keyed(reading.received, keys), reading.kept):
                return self._read_document(response, {})
        return reading

    def _read_document(self, response: Response, known: Mapping[str, SeenEntry]) -> Reading | SitemapIndex | NotAFeed:
        return read_document(
            response, max_body_bytes=self.limits.max_body_bytes, max_entries=self.limits.max_entries, known=known
        )

    def _nothing_new(self, response: Response) -> Batch | Ask:
        """A document with nothing new. Its articles may have changed or gone all the same, where pages are read."""
        if not self.due:
            report = PollReport(feed_id=self.feed.id, outcome="not_modified")
            return self._fresh(response, report, body_sha256=self.state.body_sha256, entries=self.state.entries)
        present = tuple(seen for seen in self.state.entries if seen.left_at is None)
        reading = Reading(document=Document(format="rss", title=self.state.title), received=(), kept=present)
        return self._read(response, reading, self.state.body_sha256, outcome="not_modified")

    def _index(self, response: Response, index: SitemapIndex) -> Ask:
        """An index of sitemaps: its sitemaps together are the document."""
        wanted = index.addresses[:_SITEMAPS_AT_MOST]
        warnings = index.warnings
        if len(wanted) < len(index.addresses):
            warnings = (*warnings, f"document: {len(index.addresses)} sitemaps, only the latest {len(wanted)} are read")

        def digest(fetched: Fetched) -> Digest:
            if isinstance(fetched, FetchFailure):
                return NotAFeed(reason="not_a_feed", detail=fetched.detail)
            if fetched.status != 200:
                return NotAFeed(reason="not_a_feed", detail=f"HTTP {fetched.status}")
            reading = self._read_document(fetched, {})
            if isinstance(reading, SitemapIndex):
                return NotAFeed(reason="not_a_feed", detail="an index names an index")
            return reading.document if isinstance(reading, Reading) else reading

        def resume(digests: Mapping[str, Digest]) -> Batch | Ask:
            documents = [found for url in wanted if isinstance(found := digests.get(url), Document)]
            missing = [
                f"sitemap {url}: {found.detail if isinstance(found, NotAFeed) else 'not asked'}"
                for url in wanted
                if not isinstance(found := digests.get(url), Document)
            ]
            if missing and not documents:
                return self._not_a_feed(response, NotAFeed(reason="not_a_feed", detail="; ".join(missing)))
            document = merged(documents, warnings=(*warnings, *missing))
            # Without times of change the same index may name sitemaps that changed.
            settled = index.dated and not missing
            return self._read(
                response,
                whole(document, self.limits.max_entries),
                self.raw_sha256 if settled else None,
                settled=settled,
            )

        return Ask(requests=tuple(Request(url=url) for url in wanted), digest=digest, resume=resume)

    def _read(
        self,
        response: Response,
        reading: Reading,
        body_sha256: str | None,
        *,
        outcome: Literal["ok", "not_modified"] = "ok",
        settled: bool = True,
    ) -> Batch | Ask:
        """Settle a document whose bytes were `body_sha256`; None when the same bytes are to be read again."""

        def settle(reader: EntryReader, answers: Mapping[str, PageAnswer]) -> Batch:
            return self._settled(
                response, reading, reader, reader.read_all(answers), body_sha256, result=outcome, settled=settled
            )

        reader = self._reader(reading, response)
        wanted = reader.pages(self.limits.max_pages)
        if not wanted:
            return settle(reader, {})

        def resume(digests: Mapping[str, Digest]) -> Batch:
            answers = {
                key: answer for key, url in wanted.items() if isinstance(answer := digests.get(url), Page | NoPage)
            }
            # A reader remembers what it has read: each time it takes a new one.
            return settle(self._reader(reading, response), answers)

        return Ask(
            requests=tuple(Request(url=url, kind="page") for url in dict.fromkeys(wanted.values())),
            digest=lambda fetched: page_of(fetched, max_body_bytes=self.limits.max_body_bytes),
            resume=resume,
        )

    def _reader(self, reading: Reading, response: Response) -> EntryReader:
        composer = Composer(
            feed=self.feed,
            feed_title=self.feed.title or reading.document.title,
            retrieved_at=response.retrieved_at,
            raw_sha256=self.raw_sha256,
            max_event_bytes=self.limits.max_event_bytes,
        )
        return EntryReader(
            self.feed,
            self.state,
            reading,
            composer,
            now=self.now,
            taken=self.taken,
            due=self.due,
        )

    def _settled(  # noqa: PLR0913 - the parts of a document that was read
        self,
        response: Response,
        reading: Reading,
        reader: EntryReader,
        found: Findings,
        body_sha256: str | None,
        *,
        result: Literal["ok", "not_modified"],
        settled: bool,
    ) -> Batch:
        document = reading.document
        rejected = [
            self._dead_letter("parse", unreadable.raw, unreadable.reason, unreadable.detail)
            for unreadable in reader.unread(document.unreadable)
        ] + [
            self._dead_letter("extract", one.raw or repr(one.entry).encode("utf-8", "replace"), "unusable_entry", why)
            for one, why in found.unusable
        ]
        seen = len(reading.received) + len(reading.kept) + len(document.unreadable) + reading.skipped
        entries = (seen - found.waiting if result == "ok" else 0) + found.withdrawn_outside
        changes = Counter(event.change for event in found.events)
        skipped = found.skipped + reading.skipped
        report = PollReport(
            feed_id=self.feed.id,
            outcome=result,
            entries=entries,
            published=changes["published"],
            revised=changes["revised"],
            withdrawn=changes["withdrawn"],
            unchanged=entries - len(found.events) - len(rejected) - skipped,
            skipped=skipped,
            rejected=len(rejected),
            waiting=found.waiting,
            warnings=document.warnings,
        )
        waiting = reader.waiting()
        return self._fresh(
            response,
            report,
            body_sha256=None if waiting else body_sha256,
            settled=settled and not waiting and document.complete,
            title=document.title or self.state.title,
            entries=reader.remembered(),
            waiting=waiting,
            events=found.events,
            rejected=rejected,
        )

    def _fresh(  # noqa: PLR0913 - what a good answer may change
        self,
        response: Response,
        report: PollReport,
        *,
        body_sha256: str | None,
        entries: tuple[SeenEntry, ...],
        settled: bool = True,
        title: str | None = None,
        waiting: tuple[tuple[str, int], ...] = (),
        events: Sequence[Event] = (),
        rejected: Sequence[DeadLetter] = (),
    ) -> Batch:
        """Settle a poll whose answer was good: what was wrong before is forgotten.

        Validators are those of the document only once all its entries are settled, and it was whole: until then those
        of the document before are kept, so that nothing is taken for known that is not.
        """
        headers = response.headers
        state = replace(
            self._next(),
            status="active",
            reason=None,
            failures=0,
            succeeded_at=self.now,
            next_poll_at=schedule.after_success(self.feed, headers, now=self.now),
            etag=headers.get("etag") if settled else self.state.etag,
            last_modified=headers.get("last-modified") if settled else self.state.last_modified,
            body_sha256=body_sha256 if settled or body_sha256 else self.state.body_sha256,
            title=title or self.state.title,
            entries=entries,
            waiting=waiting,
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
        report = replace(report, fetch_seconds=self.fetched.duration_seconds)
        if isinstance(self.fetched, Response):
            report = replace(report, status=self.fetched.status, received_bytes=len(self.fetched.body))
        return Batch(
            feed_id=self.feed.id,
            shard_key=self.feed.shard_key,
            events=tuple(events),
            rejected=tuple(rejected),
            state=state,
            state_value=encode.encode_state(state),
            report=report,
        )
