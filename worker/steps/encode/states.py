"""The feed's state as bytes, and back."""

from __future__ import annotations

from base64 import b64decode
from binascii import b2a_base64
from dataclasses import asdict
from datetime import datetime
from typing import Any

import orjson

from worker.model.article import REVISED_BY
from worker.model.entry import Hints
from worker.model.feed import FeedState, Move, Rhythm, SeenEntry

_STATE_FORMAT = 3
# Of a row, behind its revision.
_NOTHING_MORE = (None,) * 5
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
            "entries": [_packed(entry) for entry in state.entries],
            "waiting": state.waiting,
        }
    )


def decode_state(value: bytes) -> FeedState:
    """The state that `encode_state` wrote.

    Raises:
        ValueError: if the bytes are not a state, or one of a newer format.
    """
    try:
        data = orjson.loads(value)
        if data.pop("format") != _STATE_FORMAT:
            raise ValueError("a feed state of another format; was it written by a newer version of Dateline?")
        for name in _MOMENTS:
            data[name] = _moment(data[name])
        hints: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data["hints"].items()
        }
        data["hints"] = Hints(**hints)
        gap_seconds, newest_at, silent = data["rhythm"]
        data["rhythm"] = Rhythm(gap_seconds=gap_seconds, newest_at=_moment(newest_at), silent=silent)
        if data["move"] is not None:
            url, sightings = data["move"]
            data["move"] = Move(url=url, sightings=sightings)
        data["entries"] = tuple(_unpacked(*row) for row in data["entries"])
        data["waiting"] = tuple((key, attempts) for key, attempts in data["waiting"])
        return FeedState(**data)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"not a feed state: {error}") from error


def _hints(hints: Hints) -> dict[str, Any]:
    """What differs from saying nothing, which most feeds do."""
    return {name: value for name, value in asdict(hints).items() if value != getattr(_NO_HINTS, name)}


def _packed(seen: SeenEntry) -> list[Any]:
    """An entry as a row: its hashes as one text, what can count, and at the end what is rarely there."""
    place = seen.place
    hashes = (place or "") + seen.key + seen.article_id + seen.entry_hash + "".join([value for _, value in seen.fields])
    kind = "-" if place is None else "+" if place else "0"
    packed = kind + b2a_base64(bytes.fromhex(hashes), newline=False).decode()
    # Nearly all entries have no more to say, and states are written at every poll.
    rest = (seen.left_at, seen.page_url, seen.checked_at, seen.topic, seen.withdrawn_at)
    if rest == _NOTHING_MORE:
        return [packed, seen.revision]
    row = [packed, seen.revision, *rest]
    while row[-1] is None:
        row.pop()
    return row


def _unpacked(  # noqa: PLR0913, PLR0917 - a row
    packed: str,
    revision: int,
    left_at: str | None = None,
    page_url: str | None = None,
    checked_at: str | None = None,
    topic: str | None = None,
    withdrawn_at: str | None = None,
) -> SeenEntry:
    hashes = b64decode(packed[1:], validate=True).hex()
    place = {"-": None, "+": hashes[:16], "0": ""}[packed[0]]
    own = hashes[len(place or "") :]
    fields = [own[at : at + 16] for at in range(64, len(own), 16)]
    if len(fields) not in {0, len(REVISED_BY)}:
        raise ValueError("not a feed state: an entry with too few hashes")
    return SeenEntry(
        key=own[:16],
        article_id=own[16:48],
        revision=revision,
        entry_hash=own[48:64],
        fields=tuple(zip(REVISED_BY, fields, strict=True)) if fields else (),
        place=place,
        left_at=_moment(left_at),
        page_url=page_url,
        checked_at=_moment(checked_at),
        topic=topic,
        withdrawn_at=_moment(withdrawn_at),
    )


def _moment(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(value)
