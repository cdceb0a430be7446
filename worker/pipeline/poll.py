"""One poll: what the answer means for the feed, and everything that is to be written for it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Literal, cast

from worker.model.entries import SeenEntries
from worker.model.entry import Document, NotAFeed, SitemapIndex, Unreadable
from worker.model.event import Batch, PollReport
from worker.model.fetch import FetchFailure, Request, Response
from worker.model.page import NoPage, Page
from worker.model.secrets import without_secrets
from worker.model.step import Ask, Claims
from worker.pipeline import standing
from worker.pipeline.articles import EntryReader, due_pages
from worker.pipeline.documents import Reading, merged, read_document, whole
from worker.pipeline.keys import keyed, meets
from worker.pipeline.pages import page_of
from worker.steps import encode, schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence
    from datetime import datetime

    from worker.model.entries import Articles
    from worker.model.entry import LetterReason
    from worker.model.errors import Invalid
    from worker.model.event import DeadLetter, Event
    from worker.model.feed import Feed, FeedState, SeenEntry
    from worker.model.fetch import Fetched
    from worker.model.step import Digest
    from worker.pipeline.articles import Findings

# More sitemaps of one index are not read in one poll; those that changed last come first.
_SITEMAPS_AT_MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Caps on what one document, and one poll, may cost.

    `tombstone_delay_seconds` is for how long a withdrawn article stays in the topic of latest revisions; None when
    there is no such topic.
    """

    max_body_bytes: int
    max_event_bytes: int
    max_entries: int = 5_000
    max_pages: int = 100
    tombstone_delay_seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """A poll that can be settled once it is known which of the articles that it claims other feeds have published.

    `settle` takes their ids. It may be called again, should another feed publish one meanwhile.
    """

    claims: Claims
    settle: Callable[[Container[str]], Batch]


def known_articles(state: FeedState) -> Articles:
    """The articles that this feed carries, by number."""
    return SeenEntries.of(state.entries).articles()


def process(  # noqa: PLR0913 - the whole of what a poll depends on
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    *,
    now: datetime,
    limits: Limits,
    taken: Container[str] = (),
    digests: Mapping[str, Digest | None] | None = None,
) -> Batch | Ask:
    """Decide what one poll writes, or what has to be asked first.

    Args:
        feed: as configured.
        state: as last committed.
        fetched: what the server or the network answered.
        now: when it is.
        limits: caps.
        taken: ids of articles that other feeds have published; they are not published again.
        digests: what was asked for this poll so far, by address.
    """
    step = begin(feed, state, fetched, now=now, limits=limits, digests=digests or {})
    return step.settle(taken) if isinstance(step, Open) else step


def begin(  # noqa: PLR0913 - the whole of what a poll depends on
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    *,
    now: datetime,
    limits: Limits,
    digests: Mapping[str, Digest | None],
) -> Batch | Ask | Open:
    """The same without knowing what other feeds have published."""
    poll = _poll(feed, state, fetched, now=now, limits=limits, digests=digests)
    batch = poll.unread()
    return poll.read() if batch is None else batch


def unread(feed: Feed, state: FeedState, fetched: Fetched, *, now: datetime, limits: Limits) -> Batch | None:
    """What a poll writes for which nothing has to be read that a stranger wrote; None for all others.

    That is a matter of microseconds, and most polls are such. To read costs time, and may be an attack.
    """
    return _poll(feed, state, fetched, now=now, limits=limits, digests={}).unread()


def not_read(  # noqa: PLR0913 - the same as for a poll that was read
    feed: Feed, state: FeedState, response: Response, detail: str, *, now: datetime, limits: Limits
) -> Batch:
    """What a poll writes whose document could not be read within its limits of time and memory."""
    poll = _poll(feed, state, response, now=now, limits=limits, digests={})
    return poll.not_a_feed(response, NotAFeed(reason="too_costly", detail=detail))


def digest_of(request: Request, fetched: Fetched, *, limits: Limits) -> Digest:
    """What a poll needs of the answer to one of the requests that it asked for."""
    if request.kind == "page":
        return page_of(fetched, max_body_bytes=limits.max_body_bytes)
    if isinstance(fetched, FetchFailure):
        return NotAFeed(reason="not_a_feed", detail=fetched.detail)
    if fetched.status != 200:
        return NotAFeed(reason="not_a_feed", detail=f"HTTP {fetched.status}")
    reading = _read_document(fetched, limits, {})
    if isinstance(reading, SitemapIndex):
        return NotAFeed(reason="not_a_feed", detail="an index names an index")
    return reading.document if isinstance(reading, Reading) else reading


def _poll(  # noqa: PLR0913 - the whole of what a poll depends on
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    *,
    now: datetime,
    limits: Limits,
    digests: Mapping[str, Digest | None],
) -> _Poll:
    state = standing.at_its_url(feed, state)
    return _Poll(
        feed=feed,
        state=state,
        now=now,
        limits=limits,
        fetched=fetched,
        digests=digests,
        raw_sha256=_hash(fetched) if isinstance(fetched, Response) else "",
        due=due_pages(feed, state, now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Poll:
    feed: Feed
    state: FeedState
    now: datetime
    limits: Limits
    fetched: Fetched
    digests: Mapping[str, Digest | None]
    raw_sha256: str
    due: tuple[SeenEntry, ...]

    def unread(self) -> Batch | None:
        """What is written when nothing has to be read; None when something has."""
        fetched = self.fetched
        if isinstance(fetched, FetchFailure):
            return self._unanswered(fetched)
        if fetched.status == 410:
            return self._gone(fetched)
        if fetched.status not in {200, 304}:
            return self._refused(fetched)
        if self._is_known(fetched):
            return None if self.due else self._unmodified(fetched)
        # A 304 to one who did not ask whether something changed: validators of a body that was not read would hide it
        # for ever.
        return self._refused(fetched) if fetched.status == 304 else None

    def read(self) -> Batch | Ask | Open:
        """What comes of an answer for which something has to be read."""
        response = cast("Response", self.fetched)
        return self._look_again(response) if self._is_known(response) else self._answered(response)

    def _is_known(self, response: Response) -> bool:
        """Whether an answer says nothing that was not known: by its hash as it travelled, before it is inflated."""
        if response.status == 304:
            return standing.was_asked(self.feed, self.state, response)
        return standing.is_known(self.feed, self.state, response, body_sha256=self.raw_sha256, now=self.now)

    def _answered(self, response: Response) -> Batch | Ask | Open:
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
                return self.not_a_feed(response, reading)
            case SitemapIndex():
                return self._index(response, reading)
            case Reading():
                return self._read(response, reading, self.raw_sha256)

    def _unmodified(self, response: Response) -> Batch:
        body_sha256 = None if response.status == 304 else self.raw_sha256
        state = standing.unmodified(self.feed, self.state, response, body_sha256=body_sha256, now=self.now)
        return self._batch(state, PollReport(feed_id=self.feed.id, outcome="not_modified"))

    def _gone(self, response: Response) -> Batch:
        state = standing.gone(self.feed, self.state, response, now=self.now)
        return self._batch(state, PollReport(feed_id=self.feed.id, outcome="gone", reason="http_410"))

    def _refused(self, response: Response) -> Batch:
        challenge = schedule.is_challenge(response.status, response.headers)
        reason = "challenge" if challenge else f"http_{response.status}"
        return self._failed(reason, PollReport(feed_id=self.feed.id, outcome="http_error", reason=reason))

    def _unanswered(self, failure: FetchFailure) -> Batch:
        report = PollReport(
            feed_id=self.feed.id,
            outcome="network_error",
            reason=failure.kind,
            warnings=(failure.detail,),
        )
        return self._failed(failure.kind, report)

    def not_a_feed(self, response: Response, refusal: NotAFeed) -> Batch:
        report = PollReport(
            feed_id=self.feed.id,
            outcome="not_a_feed",
            reason=refusal.reason,
            warnings=(refusal.detail,),
        )
        if refusal.reason not in {"broken", "undecodable", "too_costly"} or self.raw_sha256 == self.state.broken_sha256:
            return self._failed(refusal.reason, report)
        # A damaged document is kept, once: someone may want to know what was in it.
        letter = self._dead_letter("parse", response.body, refusal.reason, refusal.detail)
        batch = self._failed(refusal.reason, report)
        state = replace(batch.state, broken_sha256=self.raw_sha256)
        return self._batch(state, report, rejected=(letter,))

    def _document(self, response: Response, known: Mapping[str, SeenEntry]) -> Reading | SitemapIndex | NotAFeed:
        reading = _read_document(response, self.limits, known)
        if isinstance(reading, Reading) and reading.kept:
            keys = {seen.key for seen in self.state.entries}
            if meets(keyed(reading.received, keys), reading.kept):
                return _read_document(response, self.limits, {})
        return reading

    def _look_again(self, response: Response) -> Batch | Ask | Open:
        """A document with nothing new, whose articles may have changed or gone all the same: pages are read."""
        present = tuple(seen for seen in self.state.entries if seen.left_at is None)
        document = Document(format="rss", title=self.state.title, hints=self.state.hints)
        reading = Reading(document=document, received=(), kept=present)
        return self._read(response, reading, self.state.body_sha256, outcome="not_modified")

    def _index(self, response: Response, index: SitemapIndex) -> Batch | Ask | Open:
        """An index of sitemaps: its sitemaps together are the document."""
        wanted = index.addresses[:_SITEMAPS_AT_MOST]
        if (ask := self._ask(Request(url=url) for url in wanted)) is not None:
            return ask
        warnings = index.warnings
        if len(wanted) < len(index.addresses):
            warnings = (*warnings, f"document: {len(index.addresses)} sitemaps, only the latest {len(wanted)} are read")
        found = {url: self.digests[url] for url in wanted}
        documents = [digest for digest in found.values() if isinstance(digest, Document)]
        missing = [
            f"sitemap {url}: {digest.detail if isinstance(digest, NotAFeed) else 'not asked'}"
            for url, digest in found.items()
            if not isinstance(digest, Document)
        ]
        if missing and not documents:
            return self.not_a_feed(response, NotAFeed(reason="not_a_feed", detail="; ".join(missing)))
        document = merged(documents, warnings=(*warnings, *missing))
        # Without times of change the same index may name sitemaps that changed.
        settled = index.dated and not missing
        reading = whole(document, self.limits.max_entries)
        return self._read(response, reading, self.raw_sha256 if settled else None, settled=settled)

    def _read(
        self,
        response: Response,
        reading: Reading,
        body_sha256: str | None,
        *,
        outcome: Literal["ok", "not_modified"] = "ok",
        settled: bool = True,
    ) -> Batch | Ask | Open:
        """Settle a document whose bytes were `body_sha256`; None when the same bytes are to be read again."""
        reader = self._reader(reading, response)
        pages = reader.pages(self.limits.max_pages)
        if (ask := self._ask(Request(url=url, kind="page") for url in dict.fromkeys(pages.values()))) is not None:
            return ask
        answers = {key: page for key, url in pages.items() if isinstance(page := self.digests[url], Page | NoPage)}

        def settle(taken: Container[str]) -> Batch:
            found = reader.read_all(answers, taken=taken)
            settling = _Settling(response=response, reading=reading, reader=reader, found=found)
            return self._settled(settling, body_sha256, result=outcome, settled=settled)

        ids = reader.candidates(answers)
        return Open(claims=Claims(ids=ids), settle=settle) if ids else settle(())

    def _ask(self, requests: Iterable[Request]) -> Ask | None:
        """Those of the requests that were not made for this poll yet; None when all were."""
        missing = tuple(request for request in requests if request.url not in self.digests)
        return Ask(requests=missing) if missing else None

    def _reader(self, reading: Reading, response: Response) -> EntryReader:
        # Half a second of rules and lexicons, which only the processes that read need.
        from worker.pipeline.compose import Composer  # noqa: PLC0415 - see above

        composer = Composer(
            feed=self.feed,
            feed_title=self.feed.title or reading.document.title,
            retrieved_at=response.retrieved_at,
            raw_sha256=self.raw_sha256,
            max_event_bytes=self.limits.max_event_bytes,
        )
        return EntryReader(self.feed, self.state, reading, composer, now=self.now, due=self.due)

    def _settled(
        self,
        what: _Settling,
        body_sha256: str | None,
        *,
        result: Literal["ok", "not_modified"],
        settled: bool,
    ) -> Batch:
        document, found, reading = what.reading.document, what.found, what.reading
        rejected = [
            self._dead_letter("parse", unreadable.raw, unreadable.reason, unreadable.detail)
            for unreadable in what.reader.unread(document.unreadable)
        ] + [
            self._dead_letter(
                "extract",
                one.raw or repr(one.entry).encode("utf-8", "replace"),
                "unusable_entry",
                str(why),
                entry_hash=one.hash,
                invalid=why,
            )
            for one, why in found.unusable
        ]
        seen = len(reading.received) + len(reading.kept) + len(document.unreadable) + reading.skipped
        entries = (seen - found.waiting if result == "ok" else 0) + found.withdrawn_outside
        changes = Counter(event.change for event in found.events)
        skipped = found.skipped + reading.skipped
        waiting = what.reader.waiting()
        learned = standing.Learned(
            settled=settled and not waiting and document.complete,
            body_sha256=None if waiting else body_sha256,
            title=document.title,
            hints=document.hints,
            news=[event.published_at or self.now for event in found.events if event.change == "published"],
            entries=what.reader.remembered(),
            waiting=waiting,
        )
        state = standing.read(self.feed, self.state, what.response, learned, now=self.now)
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
            gap=bool(self.state.entries and what.reader.entries) and not what.reader.overlaps(),
            warnings=document.warnings,
        )
        return self._batch(state, report, events=found.events, rejected=rejected)

    def _failed(self, reason: str, report: PollReport) -> Batch:
        return self._batch(standing.failed(self.feed, self.state, self.fetched, reason=reason, now=self.now), report)

    def _dead_letter(  # noqa: PLR0913 - all that is known of the bytes
        self,
        stage: str,
        raw: bytes,
        reason: LetterReason,
        detail: str,
        *,
        entry_hash: str | None = None,
        invalid: Invalid | None = None,
    ) -> DeadLetter:
        headers = self.fetched.headers if isinstance(self.fetched, Response) else {}
        return encode.encode_unreadable(
            self.feed.id,
            stage,
            Unreadable(raw=raw, reason=reason, detail=detail),
            now=self.now,
            max_bytes=self.limits.max_event_bytes,
            invalid=invalid,
            known={
                "content_type": headers.get("content-type"),
                "content_encoding": headers.get("content-encoding"),
                "entry_hash": entry_hash,
            },
        )

    def _batch(
        self,
        state: FeedState,
        report: PollReport,
        *,
        events: Sequence[Event] = (),
        rejected: Sequence[DeadLetter] = (),
    ) -> Batch:
        moved = state.adopted_url is not None and state.adopted_url != self.state.adopted_url
        response = self.fetched if isinstance(self.fetched, Response) else None
        report = replace(
            report,
            fetch_seconds=self.fetched.duration_seconds,
            moved_to=without_secrets(state.adopted_url) if moved and state.adopted_url else report.moved_to,
            status=report.status if response is None else response.status,
            received_bytes=report.received_bytes if response is None else len(response.body),
        )
        state, forgotten = self._forget(state, events)
        return Batch(
            feed_id=self.feed.id,
            shard_key=self.feed.shard_key,
            forgotten=forgotten,
            events=tuple(events),
            rejected=tuple(rejected),
            state=state,
            state_value=encode.encode_state(state),
            report=report,
        )

    def _forget(self, state: FeedState, events: Sequence[Event]) -> tuple[FeedState, tuple[str, ...]]:
        """The articles that leave the topic of latest revisions with this poll, and the state without a note of them.

        They are those whose time is over, and those that the state no longer knows: nobody would think of them again.
        The note goes in the transaction of the tombstone, so it is written once, whatever comes between.
        """
        if self.limits.tombstone_delay_seconds is None:
            return state, ()
        before = self.now - timedelta(seconds=self.limits.tombstone_delay_seconds)
        noted = {seen.article_id: seen.withdrawn_at for seen in state.entries if seen.withdrawn_at is not None}
        lost = {seen.article_id for seen in self.state.entries if seen.withdrawn_at is not None} - noted.keys()
        over = {article_id for article_id, at in noted.items() if at <= before}
        if over:
            entries = (replace(seen, withdrawn_at=None) if seen.article_id in over else seen for seen in state.entries)
            state = replace(state, entries=SeenEntries.of(entries))
        # A new revision took the note away as well.
        return state, tuple(sorted(over | lost - {event.article_id for event in events}))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settling:
    """A document that was read to its end."""

    response: Response
    reading: Reading
    reader: EntryReader
    found: Findings


def _hash(response: Response) -> str:
    return sha256(response.body).hexdigest()


def _read_document(
    response: Response, limits: Limits, known: Mapping[str, SeenEntry]
) -> Reading | SitemapIndex | NotAFeed:
    return read_document(response, max_body_bytes=limits.max_body_bytes, max_entries=limits.max_entries, known=known)
