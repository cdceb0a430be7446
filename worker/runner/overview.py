"""What the runner shows of its work: its feeds, their last polls, and the latest articles."""

from __future__ import annotations

import re
from collections import Counter, OrderedDict, deque
from dataclasses import asdict, dataclass, replace
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

import orjson

from worker.model.overview import FeedPage, FeedVitals
from worker.model.shards import shard_of
from worker.pipeline.overview import feed_status
from worker.pipeline.state_view import state_view

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from worker.model.event import Batch, Event, PollReport
    from worker.model.feed import Feed, FeedState
    from worker.model.overview import FeedQuery
    from worker.ports import Clock
    from worker.runner.book import FeedBook

    _Known = tuple[Feed, FeedState | None]

_POLLS_IN_ALL = 20_000
_POLLS_PER_FEED = 20
_ARTICLES = 50
_ARTICLE_BYTES = 64 * 1024
_TEXT_CHARS = 10_000
_WARNINGS = 5
_WARNING_CHARS = 200
_CREDENTIALS = re.compile(r"(?<=://)[^/?#]*@")
# Trouble first.
_STATES = {state: rank for rank, state in enumerate(("failing", "paused", "gone", "moved", "new", "active"))}


@dataclass(frozen=True, slots=True)
class _Poll:
    polled_at: datetime | None
    next_poll_at: datetime | None
    state: str
    failures: int
    report: PollReport


class RunnerOverview:
    """Implements `worker.ports.Overview` beside the loop, which tells it of each commit.

    What it keeps is bounded: 20 polls of a feed and 20,000 in all, 50 articles of 64 KiB.

    Args:
        book: the feeds and their states.
        clock: for `now`.
        not_ready: why the worker is not ready, or None.
        ledger_up: whether the ledger answers.
    """

    def __init__(
        self, *, book: FeedBook, clock: Clock, not_ready: Callable[[], str | None], ledger_up: Callable[[], bool]
    ) -> None:
        self._book = book
        self._clock = clock
        self._not_ready = not_ready
        self._ledger_up = ledger_up
        self._started_at = clock.now()
        self._polls: OrderedDict[int, _Poll] = OrderedDict()
        self._polls_of: dict[str, deque[int]] = {}
        self._next_poll = 0
        self._articles: deque[tuple[str, datetime, Event]] = deque(maxlen=_ARTICLES)

    def committed(self, batch: Batch) -> None:
        """A poll was committed, with all that it published."""
        self._remember(batch)
        if batch.events:
            now = self._clock.now()
            kept = replace(batch, events=batch.events[-_ARTICLES:])
            self._articles.extend((batch.feed_id, now, _capped(event)) for event in self._book.completed(kept).events)

    def summary(self) -> dict[str, Any]:
        """The worker as a whole: since when it runs, readiness, ledger, shards, counts."""
        now = self._clock.now()
        holding = self._book.holding
        return {
            "started_at": self._started_at,
            "uptime_seconds": round((now - self._started_at).total_seconds(), 3),
            "not_ready": self._not_ready(),
            "ledger_up": self._ledger_up(),
            "shards_held": sorted(holding.shards),
            "shards": holding.count,
            "feeds_configured": len(self._book.feeds),
            "feeds": dict(self._book.counts()),
        }

    def feeds(self, query: FeedQuery) -> FeedPage:
        """Some of the feeds that this worker polls. Feeds that are alike in what `order` asks for keep their order.

        It only reads what is replaced as a whole, so that it may run in a thread beside the loop.
        """
        now, text = self._clock.now(), query.text.casefold()
        held = [(feed, self._book.known(feed.id)) for feed in self._book.held()]
        found = held
        if query.state is not None:
            found = [one for one in found if _status(one[1]) == query.state]
        if text:
            found = [one for one in found if _has(*one, text)]
        first = (query.page - 1) * query.limit
        return FeedPage(
            rows=[
                {**feed_status(*one, now=now), "last_poll": self._last_poll(one[0].id)}
                for one in _ordered(found, query)[first : first + query.limit]
            ],
            matched=len(found),
            counts=Counter(_status(state) for _, state in held),
        )

    def feed(self, feed_id: str) -> dict[str, Any] | None:
        """All that is known of a configured feed, with its last polls, latest first; None if there is no such feed."""
        feed = self._book.feeds.get(feed_id)
        if feed is None:
            return None
        state, holding = self._book.known(feed_id), self._book.holding
        known = None if state is None else state_view(state)
        return {
            **feed_status(feed, state, now=self._clock.now()),
            "polled_here": holding.has(feed.shard_key),
            "shard": shard_of(feed.shard_key, holding.count),
            "settings": _settings(feed),
            "polls": [_shown(self._polls[number]) for number in reversed(self._polls_of.get(feed_id, ()))],
            "articles": [_article(*one) for one in reversed(self._articles) if one[0] == feed_id],
            "known": known,
        }

    def vitals(self, at_most: int) -> Iterator[FeedVitals]:
        """How the feeds that this worker polls are doing: the first so many, in the order of the configuration."""
        for feed in islice(self._book.held(), at_most):
            state = self._book.known(feed.id)
            yield FeedVitals(
                feed_id=feed.id,
                succeeded_at=None if state is None else state.succeeded_at,
                new_entry_at=None if state is None else state.rhythm.newest_at,
                failures=0 if state is None else state.failures,
            )

    def articles(self) -> list[dict[str, Any]]:
        """What this worker published last, latest first."""
        return [_article(*one) for one in reversed(self._articles)]

    def _last_poll(self, feed_id: str) -> dict[str, Any] | None:
        """A feed's last poll, as far as it is remembered."""
        try:
            return _shown(self._polls[self._polls_of[feed_id][-1]])
        except (KeyError, IndexError):
            # Never, or before this worker started, or forgotten by the loop just now.
            return None

    def _remember(self, batch: Batch) -> None:
        report = batch.report
        if report.warnings:
            warnings = tuple(text[:_WARNING_CHARS] for text in report.warnings[:_WARNINGS])
            report = replace(report, warnings=warnings)
        self._polls[self._next_poll] = _Poll(
            batch.state.polled_at,
            batch.state.next_poll_at,
            batch.state.status,
            batch.state.failures,
            report,
        )
        own = self._polls_of.setdefault(batch.feed_id, deque())
        own.append(self._next_poll)
        self._next_poll += 1
        if len(own) > _POLLS_PER_FEED:
            del self._polls[own.popleft()]
        if len(self._polls) > _POLLS_IN_ALL:
            _, oldest = self._polls.popitem(last=False)
            # The oldest of all is the oldest of its feed.
            others = self._polls_of[oldest.report.feed_id]
            others.popleft()
            if not others:
                del self._polls_of[oldest.report.feed_id]


def _status(state: FeedState | None) -> str:
    return "new" if state is None else state.status


def _title(feed: Feed, state: FeedState | None) -> str | None:
    return feed.title or (None if state is None else state.title)


def _has(feed: Feed, state: FeedState | None, text: str) -> bool:
    """Whether a feed has this text; its credentials and query do not count, or secrets there could be guessed at."""
    parts = (feed.id, _title(feed, state) or "", _CREDENTIALS.sub("", feed.url.partition("?")[0]))
    return any(text in part.casefold() for part in parts)


def _ordered(found: list[_Known], query: FeedQuery) -> list[_Known]:
    """Them in the order that is asked for, those last that have nothing to be ordered by."""
    value = _VALUES[query.order]
    values = [value(*one) for one in found]
    known = [number for number, one in enumerate(values) if one is not None]
    known.sort(key=values.__getitem__, reverse=query.descending)
    unknown = (number for number, one in enumerate(values) if one is None)
    return [found[number] for number in chain(known, unknown)]


def _at(at: datetime | None) -> float | None:
    return None if at is None else at.timestamp()


_VALUES: Mapping[str, Callable[[Feed, FeedState | None], Any]] = {
    "id": lambda feed, _: feed.id,
    "title": lambda feed, state: (title := _title(feed, state)) and title.casefold(),
    "state": lambda _, state: _STATES[_status(state)],
    "polled": lambda _, state: _at(None if state is None else state.polled_at),
    "next": lambda _, state: _at(None if state is None else state.next_poll_at),
    "failures": lambda _, state: state.failures if state else 0,
}


def _settings(feed: Feed) -> dict[str, Any]:
    """How a feed was configured, its URL apart. Of headers the names alone: their values may be secret."""
    return {
        "publisher": feed.publisher,
        "content": feed.content,
        "interval_seconds": feed.interval_seconds,
        "min_interval_seconds": feed.min_interval_seconds,
        "max_interval_seconds": feed.max_interval_seconds,
        "unvalidated_interval_seconds": feed.unvalidated_interval_seconds,
        "give_up_after": feed.give_up_after,
        "recheck_seconds": feed.recheck_seconds,
        "facts": feed.facts,
        "backfill": asdict(feed.backfill),
        "headers": sorted({name for name, _ in feed.headers}),
    }


def _shown(poll: _Poll) -> dict[str, Any]:
    report = asdict(poll.report)
    del report["feed_id"]
    return {
        "polled_at": poll.polled_at,
        "next_poll_at": poll.next_poll_at,
        "state": poll.state,
        "failures": poll.failures,
        **report,
    }


def _capped(event: Event) -> Event:
    """The event with as much of its text, and of what was found there, as is worth keeping in memory."""
    if len(event.value) <= _ARTICLE_BYTES:
        return event
    message = orjson.loads(event.value)
    excerpt = {name: message.get(name) for name in ("id", "revision", "change", "source", "published_at", "headline")}
    excerpt["text"] = (message.get("text") or "")[:_TEXT_CHARS]
    value = orjson.dumps(excerpt)
    if len(value) > _ARTICLE_BYTES:
        value = orjson.dumps({"id": event.article_id, "revision": event.revision, "change": event.change})
    return replace(event, value=value)


def _article(feed_id: str, committed_at: datetime, event: Event) -> dict[str, Any]:
    return {
        "feed_id": feed_id,
        "article_id": event.article_id,
        "revision": event.revision,
        "change": event.change,
        "committed_at": committed_at,
        "message": orjson.loads(event.value),
    }
