"""The feed's state as bytes, and back."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from sys import intern
from typing import Any

import orjson

from worker.model.entries import Articles, SeenEntries, articles_of
from worker.model.entry import Hints
from worker.model.feed import FeedState, Move, Rhythm

_STATE_FORMAT = 3
_NO_HINTS = Hints()
_MOMENTS = ("body_at", "polled_at", "succeeded_at", "next_poll_at", "held_until_at")


def encode_state(state: FeedState) -> bytes:
    """A feed's state as JSON. Hashes are packed: an entry takes about 105 bytes, and 9,000 of them fit in a record."""
    return orjson.dumps(
        {
            "format": _STATE_FORMAT,
            "feed_id": state.feed_id,
            "url": state.url,
            "version": state.version,
            "status": state.status,
            "reason": state.reason,
            "adopted_url": state.adopted_url,
            "move": None if state.move is None else (state.move.url, state.move.sightings),
            "etag": state.etag,
            "last_modified": state.last_modified,
            "validators_url": state.validators_url,
            "validators_lie": state.validators_lie,
            "mismatches": state.mismatches,
            "body_at": state.body_at,
            "body_sha256": state.body_sha256,
            "broken_sha256": state.broken_sha256,
            "polled_at": state.polled_at,
            "succeeded_at": state.succeeded_at,
            "next_poll_at": state.next_poll_at,
            "held_until_at": state.held_until_at,
            "failures": state.failures,
            "fresh_seconds": state.fresh_seconds,
            "hints": _hints(state.hints),
            "rhythm": (state.rhythm.gap_seconds, state.rhythm.newest_at, state.rhythm.silent),
            "title": state.title,
            "entries": orjson.Fragment(SeenEntries.of(state.entries).rows),
            "waiting": state.waiting,
        }
    )


def decode_state(value: bytes) -> FeedState:
    """The state that `encode_state` wrote.

    Raises:
        ValueError: if the bytes are not a state, or one of a newer format.
    """
    return decode_with_articles(value)[0]


def decode_with_articles(value: bytes) -> tuple[FeedState, Articles]:
    """The same, and the articles of its entries, which would have to be unpacked again for them.

    Raises:
        ValueError: if the bytes are not a state, or one of a newer format.
    """
    try:
        data = orjson.loads(value)
        if data.pop("format") != _STATE_FORMAT:
            raise ValueError("a feed state of another format; was it written by a newer version of Dateline?")
        for name in _MOMENTS:
            if data[name] is not None:
                data[name] = datetime.fromisoformat(data[name])
        # What most feeds have in common is there once, not once for each.
        data["hints"] = _read_hints(data["hints"]) if data["hints"] else _NO_HINTS
        data["status"] = intern(data["status"])
        gap_seconds, newest_at, silent = data["rhythm"]
        data["rhythm"] = Rhythm(gap_seconds=gap_seconds, newest_at=_moment(newest_at), silent=silent)
        if data["move"] is not None:
            url, sightings = data["move"]
            data["move"] = Move(url=url, sightings=sightings)
        rows = data["entries"]
        articles = articles_of(rows)
        # A copy is just as large as it has to be. The writer's own buffer was cut off, and what was cut off is lost.
        data["entries"] = SeenEntries(bytes(memoryview(orjson.dumps(rows))), len(rows))
        data["waiting"] = tuple((key, attempts) for key, attempts in data["waiting"])
        return FeedState(**data), articles
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a feed state: {error}") from error


def _read_hints(data: dict[str, Any]) -> Hints:
    read: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    return Hints(**read)


def _hints(hints: Hints) -> dict[str, Any]:
    """What differs from saying nothing, which most feeds do."""
    if hints == _NO_HINTS:
        return {}
    values = ((part.name, getattr(hints, part.name)) for part in fields(hints))
    return {name: value for name, value in values if value != getattr(_NO_HINTS, name)}


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
