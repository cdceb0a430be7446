"""What is published: records as bytes, gathered so that one commit writes all of them or none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from .article import Change
    from .entry import LetterReason
    from .feed import FeedState

Headers = tuple[tuple[str, bytes], ...]

Outcome = Literal[
    "ok",  # a document was read; it may hold nothing new
    "not_modified",  # 304, or a 200 whose bytes are known
    "gone",  # 410: the feed is not polled again
    "http_error",  # any other status
    "network_error",  # no answer
    "not_a_feed",  # an answer that holds no feed
]

# The fields of a message that say what its text says.
FACTS = (
    *("dateline", "quotes", "attributions", "figures", "sums"),
    *("actors", "organisations", "places", "dates", "events"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One article revision as a record: key, headers and value are what a consumer gets, byte for byte.

    `facts` is how many facts each of `FACTS` holds, in that order; empty where nobody counted.
    `topic` is where it goes, None for the ledger's own topic.
    """

    article_id: str
    revision: int
    change: Change
    published_at: datetime | None
    headers: Headers
    value: bytes
    facts: tuple[int, ...] = ()
    topic: str | None = None

    @property
    def key(self) -> bytes:
        """The record's key: all revisions of an article share a partition and keep their order."""
        return self.article_id.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Bytes that could not become an event, with the reason in the headers.

    `field` is the field of the message that was wrong, where it was one.
    """

    feed_id: str
    reason: LetterReason
    field: str | None = None
    headers: Headers
    value: bytes

    @property
    def key(self) -> bytes:
        """The record's key: the feed it came from."""
        return self.feed_id.encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class PollReport:
    """What one poll came to, for its canonical log line and the metrics.

    `entries` = `published` + `revised` + `withdrawn` + `unchanged` + `skipped` + `rejected`: every entry ends as one of
    them. `unchanged` are known already, here or through another feed; `skipped` are those that the configuration does
    not want. Entries that wait for their page are not among them yet: they are counted when they are settled.

    `gap` says that nothing in the document was there at the last poll: entries may have come and gone in between.
    `moved_to` is the address that was adopted with this poll.
    """

    feed_id: str
    outcome: Outcome
    reason: str | None = None
    status: int | None = None
    entries: int = 0
    published: int = 0
    revised: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    skipped: int = 0
    rejected: int = 0
    waiting: int = 0
    received_bytes: int = 0
    fetch_seconds: float = 0.0
    gap: bool = False
    moved_to: str | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        settled = self.published + self.revised + self.withdrawn + self.unchanged + self.skipped + self.rejected
        if self.entries != settled or self.unchanged < 0:
            raise ValueError("an entry was lost on the way")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Everything that one poll writes. It is committed whole or not at all.

    `forgotten` are the ids of articles that leave the topic of latest revisions, a while after they were withdrawn.
    `state_value` is `state` encoded; `state.version` is one more than that of the state the poll started from.
    `traceparent` names the poll's trace (https://www.w3.org/TR/trace-context/), None without tracing.
    """

    feed_id: str
    shard_key: str
    events: tuple[Event, ...]
    rejected: tuple[DeadLetter, ...]
    state: FeedState
    state_value: bytes
    report: PollReport
    forgotten: tuple[str, ...] = ()
    traceparent: str | None = None

    @property
    def trace_id(self) -> str | None:
        """The trace's id, 32 hexadecimal digits."""
        return None if self.traceparent is None else self.traceparent.split("-")[1]

    @property
    def size_bytes(self) -> int:
        """Bytes held in memory until the commit, headers left out."""
        return (
            len(self.state_value)
            + sum(len(event.value) for event in self.events)
            + sum(len(letter.value) for letter in self.rejected)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A record as a reader of the ledger sees it, once it is committed. `position` grows within a partition."""

    topic: str
    partition: int
    position: int
    key: bytes
    headers: Headers
    value: bytes
