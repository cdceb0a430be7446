"""Dead letters, read again: what rejected bytes say to the current code, and what of it was never published."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from worker.model.event import Batch, PollReport
from worker.model.fetch import Response
from worker.pipeline.standing import at_its_url
from worker.steps.encode import encode_state

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.model.event import Event, Headers
    from worker.model.feed import Feed, FeedState, SeenEntry

# Reasons for which a document as a whole was rejected; all others are about one entry.
_OF_DOCUMENTS = frozenset({"broken", "undecodable", "too_costly"})
_ITEM = re.compile(r"\s*<(?:[\w.-]+:)?(item|entry|url)[\s/>]", re.IGNORECASE)
_FRAMES = {
    "item": ('<rss version="2.0"><channel>', "</channel></rss>"),
    "entry": ('<feed xmlns="http://www.w3.org/2005/Atom">', "</feed>"),
    "url": ('<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">', "</urlset>"),
}
_NO_HASH = "0" * 16
_CHARSET = re.compile(r"charset=[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A dead letter as it was written. `entry_hash` is that of the entry (see `SeenEntry`), where it had one."""

    feed_id: str
    stage: str
    reason: str
    detail: str
    rejected_at: datetime | None
    truncated: bool
    content_type: str | None
    content_encoding: str | None
    entry_hash: str | None
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A poll that reads a letter: in place of the feed, its state and the server's answer."""

    feed: Feed
    state: FeedState
    response: Response


def letter_of(headers: Headers, value: bytes) -> Letter:
    """The letter of a record. What its headers do not say is empty."""
    said: Mapping[str, str] = {name: text.decode("utf-8", "replace") for name, text in headers}
    return Letter(
        feed_id=said.get("dateline_feed_id", ""),
        stage=said.get("__connect.errors.stage", ""),
        reason=said.get("dateline_reason", ""),
        detail=said.get("__connect.errors.exception.message", ""),
        rejected_at=_moment(said.get("dateline_rejected_at", "")),
        truncated=said.get("dateline_truncated") == "true",
        content_type=said.get("dateline_content_type"),
        content_encoding=said.get("dateline_content_encoding"),
        entry_hash=said.get("dateline_entry_hash"),
        value=value,
    )


def again(letter: Letter, feed: Feed, state: FeedState, *, now: datetime) -> Again | str:
    """The poll that reads a letter as it would be read today, or why there can be none.

    Args:
        letter: what was rejected.
        feed: as configured.
        state: as last committed.
        now: the time of the answer, should the letter not say when it came.
    """
    if letter.truncated:
        return "its bytes were cut to the largest record"
    headers = {}
    if letter.reason in _OF_DOCUMENTS:
        body: bytes | None = letter.value
        if letter.content_encoding is not None:
            headers["content-encoding"] = letter.content_encoding
        if letter.content_type is not None:
            headers["content-type"] = letter.content_type
    else:
        body = _framed(letter)
    if body is None:
        return "it does not hold the bytes of an entry"
    at = letter.rejected_at or now
    state = at_its_url(feed, state)
    # Nothing is known byte for byte, and what a first poll passes over was meant for the feed, not for the letter.
    state = replace(
        state,
        body_sha256=None,
        broken_sha256=None,
        succeeded_at=state.succeeded_at or at,
        entries=tuple(replace(seen, entry_hash=_NO_HASH) for seen in state.entries),
    )
    response = Response(url=feed.url, status=200, headers=headers, body=body, retrieved_at=at)
    return Again(feed=replace(feed, recheck_seconds=None), state=state, response=response)


def unpublished(letter: Letter, feed: Feed, state: FeedState, read: Batch) -> Batch | None:
    """What of a letter is to be published: articles that nobody knows, and the revision that was rejected last.

    An entry that came again after the letter, and was read, says more than the letter does.

    Args:
        letter: what was rejected.
        feed: as configured.
        state: as last committed.
        read: what the poll of `again` would write.
    """
    state = at_its_url(feed, state)
    known = {seen.article_id for seen in state.entries if seen.fields}
    last = next((seen for seen in state.entries if letter.entry_hash == seen.entry_hash and letter.entry_hash), None)
    events = [event for event in read.events if _is_wanted(event, known, last)]
    if not events:
        return None
    found = {(seen.article_id, seen.revision): seen for seen in read.state.entries if seen.fields}
    entries = {seen.key: seen for seen in state.entries}
    for event in events:
        seen = found[event.article_id, event.revision]
        if last is not None:
            # The feed may list the entry still, with the bytes by which it is known.
            seen = replace(seen, key=last.key, entry_hash=last.entry_hash, place=last.place, left_at=last.left_at)
        entries[seen.key] = seen
    state = replace(state, version=state.version + 1, entries=tuple(entries.values()))
    return Batch(
        feed_id=feed.id,
        shard_key=feed.shard_key,
        events=tuple(events),
        rejected=(),
        state=state,
        state_value=encode_state(state),
        report=PollReport(feed_id=feed.id, outcome="ok"),
    )


def _is_wanted(event: Event, known: set[str], last: SeenEntry | None) -> bool:
    if event.revision == 1:
        return event.article_id not in known
    return (
        last is not None
        and bool(last.fields)
        and (event.article_id, event.revision) == (last.article_id, last.revision + 1)
    )


def _framed(letter: Letter) -> bytes | None:
    """A document around the bytes of one entry."""
    text = _text(letter)
    if text.lstrip().startswith("{"):
        return f'{{"version":"https://jsonfeed.org/version/1.1","items":[{text}]}}'.encode()
    found = _ITEM.match(text)
    if found is None:
        return None
    before, after = _FRAMES[found[1].lower()]
    return f"{before}{text}{after}".encode("utf-8", "replace")


def _text(letter: Letter) -> str:
    """The entry's bytes, which do not say what their encoding is, as text."""
    raw = letter.value
    charset = _CHARSET.search(letter.content_type or "")
    utf_16 = "utf-16-le" if raw[1:2] == b"\x00" else "utf-16-be"
    for encoding in (utf_16 if b"\x00" in raw[:2] else "utf-8", charset[1] if charset else "utf-8"):
        try:
            return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return raw.decode("windows-1252", "replace")


def _moment(surface: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(surface)
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment
