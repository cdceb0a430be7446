"""One poll: what the answer means for the feed, and everything that is to be written for it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from worker.model.entries import SeenEntries
from worker.model.entry import NotAFeed, Unreadable
from worker.model.event import Batch, PollReport
from worker.model.fetch import FetchFailure, Request, Response
from worker.model.secrets import without_secrets
from worker.pipeline import standing
from worker.steps import encode, schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence
    from datetime import datetime

    from worker.model.entries import Articles
    from worker.model.entry import LetterReason
    from worker.model.errors import Invalid
    from worker.model.event import DeadLetter, Event, Outcome
    from worker.model.feed import Feed, FeedState, SeenEntry
    from worker.model.fetch import Fetched
    from worker.model.step import Ask, Claims, Digest

# The page of an entry that left the feed is asked again for this long.
_RECHECKED_FOR = timedelta(days=2)
# Most answers are 304.
_SHA256_OF_NOTHING = sha256().hexdigest()


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
    from worker.pipeline.read import digest  # noqa: PLC0415 - as for what is read of a poll

    return digest(request, fetched, limits=limits)


def _poll(  # noqa: PLR0913 - the whole of what a poll depends on
    feed: Feed,
    state: FeedState,
    fetched: Fetched,
    *,
    now: datetime,
    limits: Limits,
    digests: Mapping[str, Digest | None],
) -> Poll:
    state = standing.at_its_url(feed, state)
    return Poll(
        feed=feed,
        state=state,
        now=now,
        limits=limits,
        fetched=fetched,
        digests=digests,
        raw_sha256=_hash(fetched) if isinstance(fetched, Response) else "",
        due=_due_pages(feed, state, now),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """One poll that was answered: what comes of it, as far as nothing has to be read."""

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
        if self.is_known(fetched):
            return None if self.due else self._unmodified(fetched)
        # A 304 to one who did not ask whether something changed: validators of a body that was not read would hide it
        # for ever.
        return self._refused(fetched) if fetched.status == 304 else None

    def read(self) -> Batch | Ask | Open:
        """What comes of an answer for which something has to be read."""
        # Half a second of parsers, rules and lexicons, which only the processes that read need.
        from worker.pipeline.read import PollReader  # noqa: PLC0415 - see above

        return PollReader(self, cast("Response", self.fetched), tuple(self.state.entries)).read()

    def is_known(self, response: Response) -> bool:
        """Whether an answer says nothing that was not known: by its hash as it travelled, before it is inflated."""
        if response.status == 304:
            return standing.was_asked(self.feed, self.state, response)
        return standing.is_known(self.feed, self.state, response, body_sha256=self.raw_sha256, now=self.now)

    def _unmodified(self, response: Response) -> Batch:
        body_sha256 = None if response.status == 304 else self.raw_sha256
        state = standing.unmodified(self.feed, self.state, response, body_sha256=body_sha256, now=self.now)
        return self.batch(state, "not_modified")

    def _gone(self, response: Response) -> Batch:
        state = standing.gone(self.feed, self.state, response, now=self.now)
        return self.batch(state, "gone", reason="http_410")

    def _refused(self, response: Response) -> Batch:
        challenge = schedule.is_challenge(response.status, response.headers)
        reason = "challenge" if challenge else f"http_{response.status}"
        return self._failed("http_error", reason)

    def _unanswered(self, failure: FetchFailure) -> Batch:
        return self._failed("network_error", failure.kind, failure.detail)

    def not_a_feed(self, response: Response, refusal: NotAFeed) -> Batch:
        """What is written for a document that is none."""
        batch = self._failed("not_a_feed", refusal.reason, refusal.detail)
        if refusal.reason not in {"broken", "undecodable", "too_costly"} or self.raw_sha256 == self.state.broken_sha256:
            return batch
        # A damaged document is kept, once: someone may want to know what was in it.
        letter = self.dead_letter("parse", response.body, refusal.reason, refusal.detail)
        state = replace(batch.state, broken_sha256=self.raw_sha256)
        return self.batch(state, "not_a_feed", letters=(letter,), reason=refusal.reason, warnings=batch.report.warnings)

    def _failed(self, outcome: Outcome, reason: str, *warnings: str) -> Batch:
        state = standing.failed(self.feed, self.state, self.fetched, reason=reason, now=self.now)
        return self.batch(state, outcome, reason=reason, warnings=warnings)

    def dead_letter(  # noqa: PLR0913 - all that is known of the bytes
        self,
        stage: str,
        raw: bytes,
        reason: LetterReason,
        detail: str,
        *,
        entry_hash: str | None = None,
        invalid: Invalid | None = None,
    ) -> DeadLetter:
        """Something of this poll that could not become an event."""
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

    def batch(
        self,
        state: FeedState,
        outcome: Outcome,
        *,
        events: Sequence[Event] = (),
        letters: Sequence[DeadLetter] = (),
        **told: Any,
    ) -> Batch:
        """All that the poll writes; `told` are fields of its report besides those of the answer."""
        moved = state.adopted_url is not None and state.adopted_url != self.state.adopted_url
        response = self.fetched if isinstance(self.fetched, Response) else None
        # Made once: a poll without anything new has not much else to do.
        report = PollReport(
            feed_id=self.feed.id,
            outcome=outcome,
            fetch_seconds=self.fetched.duration_seconds,
            moved_to=without_secrets(state.adopted_url) if moved and state.adopted_url else None,
            status=None if response is None else response.status,
            received_bytes=0 if response is None else len(response.body),
            **told,
        )
        state, forgotten = self._forget(state, events)
        return Batch(
            feed_id=self.feed.id,
            shard_key=self.feed.shard_key,
            forgotten=forgotten,
            events=tuple(events),
            rejected=tuple(letters),
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


def _hash(response: Response) -> str:
    return sha256(response.body).hexdigest() if response.body else _SHA256_OF_NOTHING


def _due_pages(feed: Feed, state: FeedState, now: datetime) -> tuple[SeenEntry, ...]:
    """The entries whose page is to be looked at again, those that wait longest first."""
    if feed.content != "page" or feed.recheck_seconds is None:
        return ()
    before = now - timedelta(seconds=feed.recheck_seconds)
    due = [
        (seen.checked_at, seen)
        for seen in state.entries
        if seen.page_url is not None
        and seen.checked_at is not None
        and seen.checked_at <= before
        and (seen.left_at is None or now - seen.left_at < _RECHECKED_FOR)
    ]
    return tuple(seen for _, seen in sorted(due, key=lambda pair: pair[0]))
