"""What commands note among the feed states of a topic, under ids that no feed can have."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping

# Ids of feeds begin with a letter or a digit.
_PREFIX = ":"
# The command that has begun to change the states, until it has done all of it. No worker may go on from half of it.
UNFINISHED = ":unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """How much of an SQLite file was published: the positions of its last article and dead letter.

    `states` is a hash of all feed states as they were when everything was; None before.
    """

    articles: int = 0
    dead_letters: int = 0
    states: str | None = None


def is_note(feed_id: str) -> bool:
    """Whether this is no feed's id."""
    return feed_id.startswith(_PREFIX)


def feed_states(values: Mapping[str, bytes]) -> dict[str, bytes]:
    """The states without the notes among them."""
    return {feed_id: value for feed_id, value in values.items() if not is_note(feed_id)}


def unfinished(values: Mapping[str, bytes]) -> str | None:
    """The command that was interrupted while it changed these states."""
    value = values.get(UNFINISHED)
    return None if value is None else value.decode("utf-8", "replace")


def forwarded_id(file_id: str) -> str:
    """The id of the note about an SQLite file."""
    return f"{_PREFIX}forwarded:{file_id}"


def encode_forwarded(forwarded: Forwarded) -> bytes:
    """The note as bytes."""
    return orjson.dumps(asdict(forwarded))


def decode_forwarded(value: bytes) -> Forwarded:
    """The note that `encode_forwarded` wrote.

    Raises:
        ValueError: if it is not one.
    """
    try:
        return Forwarded(**orjson.loads(value))
    except TypeError as error:
        raise ValueError(f"not a note about a file: {error}") from error


def digest(states: Mapping[str, bytes]) -> str:
    """A hash of all feed states, whatever their order."""
    total = sha256()
    for feed_id in sorted(states):
        for part in (feed_id.encode(), states[feed_id]):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()
