"""How a feed stands with its server: what is asked of it next, and what each answer changes in that."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from worker.model.entries import SeenEntries
from worker.model.feed import FeedState, Move
from worker.model.fetch import Request, Response
from worker.model.secrets import without_credentials
from worker.steps import schedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from worker.model.entry import Hints
    from worker.model.feed import Feed, SeenEntry
    from worker.model.fetch import Fetched, Hop

# A server that has said "not modified" for so long is asked for the document once without validators.
_TRUSTED_FOR = timedelta(days=8)
# So many answers in a row with known validators and other bytes: the validators are put to the same test.
_MISMATCHES_AT_MOST = 3
# A permanent redirect is believed when it was met at so many polls in a row: captive portals and mistakes pass.
_SIGHTINGS = 5
# An adopted address that fails so often in a row is given up for the configured one.
_FAILURES_AT_ADOPTED = 3
_PERMANENT = frozenset({301, 308})  # RFC 9110, 15.4.2 and 15.4.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What a document that was read says for later polls. `news` are the times of publication of its new entries."""

    settled: bool
    body_sha256: str | None
    title: str | None
    hints: Hints
    news: Sequence[datetime]
    entries: tuple[SeenEntry, ...]
    waiting: tuple[tuple[str, int], ...]


def first_state(feed: Feed) -> FeedState:
    """What is known about a feed that was never polled."""
    return FeedState(feed_id=feed.id, url=feed.url)


def at_its_url(feed: Feed, state: FeedState) -> FeedState:
    """The state, as far as it is about the configured address: one that was changed keeps its entries only."""
    if state.url == feed.url:
        return state
    return replace(first_state(feed), version=state.version, entries=state.entries)


def request_for(feed: Feed, state: FeedState, *, now: datetime) -> Request:
    """The request to make: at the address that was adopted, with the validators that are still believed."""
    state = at_its_url(feed, state)
    url = feed.url if state.adopted_url is None else _with_credentials(state.adopted_url, feed.url)
    # Configured headers may be secret: they are for the server that they were configured for.
    headers = feed.headers if feed.headers and _origin(url) == _origin(feed.url) else ()
    if asks_afresh(state, now=now):
        return Request(url=url, headers=headers)
    return Request(
        url=url,
        headers=headers,
        etag=state.etag,
        last_modified=state.last_modified,
        validators_url=state.validators_url,
    )


def asks_afresh(state: FeedState, *, now: datetime) -> bool:
    """Whether the validators at hand are left out, because they are known to lie, or to find out whether they do."""
    if state.validators_lie or state.mismatches >= _MISMATCHES_AT_MOST:
        return True
    if schedule.is_silent(state.rhythm, now=now) and not state.rhythm.silent:
        return True
    return state.body_at is not None and now - state.body_at >= _TRUSTED_FOR


def is_known(feed: Feed, state: FeedState, response: Response, *, body_sha256: str, now: datetime) -> bool:
    """Whether a 200 holds what was read before: the same bytes, or the validators that were given with them.

    An answer without a body holds nothing, whatever its validators say.
    """
    if state.body_sha256 is None or not response.body:
        return False
    if body_sha256 == state.body_sha256:
        return True
    return _has_known_validators(feed, state, response) and not asks_afresh(state, now=now)


def was_asked(feed: Feed, state: FeedState, response: Response) -> bool:
    """Whether the server that says "not modified" was asked that: it has given validators, and got them back."""
    if not _has_validators(state):
        return False
    # No redirect, neither then nor now: most are such.
    return _final(response) == state.validators_url or (
        _source(feed, state, response) == _validators_source(feed, state)
    )


def unmodified(
    feed: Feed, state: FeedState, response: Response, *, body_sha256: str | None, now: datetime
) -> FeedState:
    """The state after an answer without anything new; `body_sha256` is of its body, None when it had none (304)."""
    known: dict[str, Any]
    if body_sha256 is None:
        # A 304 may bring new validators and otherwise leaves the old ones as they are (RFC 9111, 4.3.4).
        etag, last_modified = _given(response)
        known = {
            "etag": etag or state.etag,
            "last_modified": last_modified or state.last_modified,
            "validators_url": _final(response),
        }
    elif body_sha256 == state.body_sha256:
        known = {**_validators(response), "mismatches": 0, "body_at": now}
    else:
        known = {"mismatches": state.mismatches + 1}
    return _good(feed, state, response, known, news=(), now=now)


def read(feed: Feed, state: FeedState, response: Response, learned: Learned, *, now: datetime) -> FeedState:
    """The state after a document was read."""
    lied = (
        asks_afresh(state, now=now)
        and learned.settled
        and state.body_sha256 is not None
        and learned.body_sha256 not in {None, state.body_sha256}
        and _has_known_validators(feed, state, response)
        # Other bytes alone prove nothing: the time in a gzip header, a comment that says when the document was made.
        and _as_received(state.entries) != _as_received(learned.entries)
    )
    known: dict[str, Any] = {}
    if learned.settled:
        # Only now: what was not settled has to be asked for again, and a 304 would hide it. So would its hash, by which
        # the same bytes are known the next time.
        known = {**_validators(response), "body_sha256": learned.body_sha256}
    # One copy of the state, not several: it is made at every poll.
    state = replace(
        state,
        **known,
        validators_lie=state.validators_lie or lied,
        mismatches=0,
        body_at=now,
        title=learned.title or state.title,
        hints=learned.hints,
        entries=SeenEntries.of(learned.entries),
        waiting=learned.waiting,
    )
    return _good(feed, state, response, {}, news=learned.news, now=now)


def failed(feed: Feed, state: FeedState, fetched: Fetched, *, reason: str, now: datetime) -> FeedState:
    """The state after a poll that came to nothing: entries and validators stay as they were."""
    status, headers = (fetched.status, fetched.headers) if isinstance(fetched, Response) else (None, {})
    failures = state.failures + 1
    paused = schedule.is_refusal(status) and failures >= feed.give_up_after
    held = schedule.held_seconds(status, headers, now=now)
    state = replace(
        _polled(state, now=now),
        status="paused" if paused else "failing",
        reason=reason,
        failures=failures,
        held_until_at=now + timedelta(seconds=held) if held else None,
        next_poll_at=schedule.after_failure(
            feed,
            headers,
            status=status,
            failures=failures,
            hints=state.hints,
            rhythm=state.rhythm,
            validated=(state.body_sha256 is None or _has_validators(state)) and not state.validators_lie,
            now=now,
        ),
    )
    if state.adopted_url is not None and failures >= _FAILURES_AT_ADOPTED:
        return _asking(feed, state, None)
    return state


def gone(feed: Feed, state: FeedState, fetched: Fetched, *, now: datetime) -> FeedState:
    """410 is for good and on purpose (RFC 9110, 15.5.11): the feed is not asked again.

    Unless it was asked somewhere else than configured: then the configured address has a word to say first.
    """
    if state.adopted_url is not None:
        return _asking(feed, failed(feed, state, fetched, reason="http_410", now=now), None)
    return replace(
        _polled(state, now=now), status="gone", reason="http_410", failures=state.failures + 1, next_poll_at=None
    )


def _good(  # noqa: PLR0913 - all that has a say
    feed: Feed,
    state: FeedState,
    response: Response,
    known: dict[str, Any],
    *,
    news: Sequence[datetime],
    now: datetime,
) -> FeedState:
    """The state after an answer that was good; `known` are fields that change with it, of its bytes and validators."""
    rhythm = schedule.learned(state.rhythm, news, now=now)
    if schedule.is_silent(rhythm, now=now):
        rhythm = replace(rhythm, silent=True)
    fresh_seconds = schedule.freshness_seconds(response.headers, now=now)
    if fresh_seconds is None:
        # A 304 leaves what was said with the document as it was (RFC 9111, 4.3.4).
        fresh_seconds = state.fresh_seconds if response.status == 304 else 0.0
    if response.hops or state.move is not None:
        state, known = _moved(feed, replace(state, **known), response), {}
    return replace(
        state,
        **known,
        version=state.version + 1,
        polled_at=now,
        fresh_seconds=fresh_seconds,
        status="active" if state.adopted_url is None else "moved",
        reason="silent" if rhythm.silent else None,
        failures=0,
        succeeded_at=now,
        held_until_at=None,
        rhythm=rhythm,
        next_poll_at=schedule.after_success(
            feed,
            fresh_seconds=fresh_seconds,
            hints=state.hints,
            rhythm=rhythm,
            validated=(response.status == 304 or _given(response) != (None, None)) and not state.validators_lie,
            now=now,
        ),
    )


def _validators(response: Response) -> dict[str, Any]:
    """The validators of an answer as fields of the state: those that it does not have are dropped."""
    etag, last_modified = _given(response)
    return {"etag": etag, "last_modified": last_modified, "validators_url": _final(response)}


def _moved(feed: Feed, state: FeedState, response: Response) -> FeedState:
    """Take note of a permanent redirect, and adopt its target once it was met often enough."""
    target = _permanent_target(response.hops)
    if target is None or (_is_https(feed.url) and not _is_https(target)):
        return state if state.move is None else replace(state, move=None)
    sightings = state.move.sightings + 1 if state.move is not None and state.move.url == target else 1
    if sightings < _SIGHTINGS:
        return replace(state, move=Move(url=target, sightings=sightings))
    back = target == without_credentials(feed.url)
    return _asking(feed, state, None if back else target)


def _permanent_target(hops: Sequence[Hop]) -> str | None:
    """Where a chain of redirects leads for good: up to the first hop that may be different tomorrow."""
    target = None
    for hop in hops:
        if hop.status not in _PERMANENT:
            break
        target = hop.url
    return target


def _asking(feed: Feed, state: FeedState, adopted_url: str | None) -> FeedState:
    """The state with another address to ask. Its validators stay with the one that gave them."""
    if adopted_url == state.adopted_url:
        return replace(state, move=None)
    return replace(state, adopted_url=adopted_url, move=None, validators_url=_validators_source(feed, state))


def _given(response: Response) -> tuple[str | None, str | None]:
    """ETag and Last-Modified of an answer; empty ones say nothing."""
    return response.headers.get("etag") or None, response.headers.get("last-modified") or None


def _as_received(entries: Iterable[SeenEntry]) -> set[tuple[str, str]]:
    return {(entry.key, entry.entry_hash) for entry in entries if entry.left_at is None}


def _has_validators(state: FeedState) -> bool:
    return state.etag is not None or state.last_modified is not None


def _has_known_validators(feed: Feed, state: FeedState, response: Response) -> bool:
    return (
        _has_validators(state)
        and _given(response) == (state.etag, state.last_modified)
        and _source(feed, state, response) == _validators_source(feed, state)
    )


def _source(feed: Feed, state: FeedState, response: Response) -> str:
    """Which address answered."""
    return _final(response) or _asked(feed, state)


def _validators_source(feed: Feed, state: FeedState) -> str:
    """Which address gave the validators."""
    return state.validators_url or _asked(feed, state)


def _asked(feed: Feed, state: FeedState) -> str:
    """Which address is asked."""
    return without_credentials(feed.url) if state.adopted_url is None else state.adopted_url


def _final(response: Response) -> str | None:
    """Where an answer came from, when that is not where it was asked for."""
    return response.url if response.hops else None


def _polled(state: FeedState, *, now: datetime) -> FeedState:
    return replace(state, version=state.version + 1, polled_at=now)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


def _is_https(url: str) -> bool:
    return url.lower().startswith("https:")


def _with_credentials(url: str, configured: str) -> str:
    """The address with the credentials of the configured one, where both are of one server."""
    userinfo, at, _ = urlsplit(configured).netloc.rpartition("@")
    if not at or _origin(url) != _origin(configured):
        return url
    parts = urlsplit(url)
    return parts._replace(netloc=f"{userinfo}@{parts.netloc}").geturl()
