"""A feed as configured, and what the worker remembers about it between polls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from .entry import Hints

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_NO_HINTS = Hints()

FeedStatus = Literal[
    "active",  # the last poll was good
    "moved",  # the same, at the address to which the publisher moved the feed for good
    "failing",  # the last poll was not good; the next one comes later than it would have
    "paused",  # refused so often that it is asked once a month only
    "gone",  # 410: not asked any more
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """What the first poll of a new feed publishes: everything, unless one of the two limits is given.

    `newest` is a number of entries, counted by their place in the document; 0 is nothing. With `since_at`, entries that
    were published then or later.
    """

    newest: int | None = None
    since_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.newest is not None and (self.newest < 0 or self.since_at is not None):
            raise ValueError("newest counts upwards from 0, and does not go with since_at")
        if self.since_at is not None and self.since_at.tzinfo is None:
            raise ValueError("since_at must be aware")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """A topic, and which articles go there: those that meet each condition by one of its values; () is no condition.

    `languages` are BCP 47 ranges in lower case: en is any English (RFC 4647, 3.3.1). `countries` are ISO 3166-1 codes,
    of the dateline and of places. `event_types` are types or families of events.
    """

    topic: str
    languages: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    event_types: tuple[str, ...] = ()
    publishers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One polled URL. `shard_key` is the registrable domain: feeds of one publisher stay together.

    `url` may hold credentials, so it is left out of the representation. With `content` "page" the text of an article
    is that of its page; `recheck_seconds` after it was last looked at, the page of a published article is asked again,
    and never when that is None. Without `facts`, nothing is looked for in the text: its messages hold no facts.

    Without `interval_seconds` the interval is learned from the feed's own rhythm, within the two bounds. A feed whose
    server sends no validators waits `unvalidated_interval_seconds` at least; 0 sets no bound of its own.
    Its articles go to `topic`; without one the first of the `routes` that fits says where, and else they go to the
    ledger's own topic. `headers` go with every request for the feed, and may hold secrets; they outweigh the
    credentials of the URL. After `give_up_after` failures in a row that a server means (404, 401, 403), the feed is
    paused.
    """

    id: str
    url: str = field(repr=False)
    shard_key: str
    title: str | None = None
    publisher: str | None = None
    interval_seconds: float | None
    min_interval_seconds: float
    max_interval_seconds: float
    unvalidated_interval_seconds: float = 0.0
    give_up_after: int = 20
    content: Literal["feed", "page"] = "feed"
    backfill: Backfill = Backfill()
    recheck_seconds: float | None = None
    topic: str | None = None
    routes: tuple[Route, ...] = ()
    facts: bool = True
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        interval_seconds = self.min_interval_seconds if self.interval_seconds is None else self.interval_seconds
        if not 0 < self.min_interval_seconds <= interval_seconds <= self.max_interval_seconds:
            raise ValueError(f"feed {self.id}: 0 < min <= interval <= max does not hold")
        if not 0 <= self.unvalidated_interval_seconds <= self.max_interval_seconds:
            raise ValueError(f"feed {self.id}: 0 <= unvalidated_interval <= max does not hold")
        if self.give_up_after < 1:
            raise ValueError(f"feed {self.id}: give_up_after counts from 1")
        if self.recheck_seconds is not None and self.recheck_seconds <= 0:
            raise ValueError(f"feed {self.id}: recheck_seconds must be more than 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenEntry:
    """What is kept of an entry that was settled.

    `key` identifies the entry within its feed (a hash of its guid); `entry_hash` covers the entry as received, so
    that an untouched entry costs one comparison; `fields` holds a hash for each field that makes a revision, and is
    empty for an entry that was rejected. `revision` is the last one published from here: 0 when another feed
    publishes the article, or when the entry was there before the feed was followed. `left_at` is when the entry was
    first missing from the feed.

    `place` is a hash of the entry's address, empty when it has none of its own, and None when neither guid nor address
    alone tells the entry from the others: such an entry is always looked at together with its neighbours.

    `page_url` is the address of the page that the text came from, and `checked_at` when it was last asked. `topic` is
    where the article was published first, None for the ledger's own topic. `withdrawn_at` is when the article was
    withdrawn, until it has left the topic of latest revisions.
    """

    key: str
    article_id: str
    revision: int
    entry_hash: str
    fields: tuple[tuple[str, str], ...]
    place: str | None = None
    left_at: datetime | None = None
    page_url: str | None = field(default=None, repr=False)
    checked_at: datetime | None = None
    topic: str | None = None
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A permanent redirect that was met at the last `sightings` polls in a row. `url` is where it leads."""

    url: str = field(repr=False)
    sightings: int

    def __post_init__(self) -> None:
        if self.sightings < 1:
            raise ValueError("a redirect that was never seen is none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """How a feed publishes: the usual time between two new entries, and when the last one came.

    `gap_seconds` is None until two entries have been seen. `silent` says that the feed has been still for much longer
    than is usual for it, and that this was reported.
    """

    gap_seconds: float | None = None
    newest_at: datetime | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Everything about a feed that must survive a restart. Written in the transaction of its articles.

    `version` counts the commits of this state: after an unknown outcome it tells whether a commit happened. `url` is
    the configured address that all of this was learned at; `adopted_url` is asked instead, once the publisher moved the
    feed.

    Validators (`etag`, `last_modified`) are kept byte for byte and belong to `validators_url`, the address to which
    redirects led; None without any (RFC 9110, 8.8). `body_at` is when a body was last read, or found to be the same
    without their help; `mismatches` counts the answers since then that came with known validators and other bytes, and
    `validators_lie` says that this server's validators stayed the same when its document had changed.

    `fresh_seconds` is for how long the last answer that said so stays fresh (RFC 9111, 4.2.1).

    `body_sha256` is of the last body that was read, as it travelled; `broken_sha256` of the last one that went to the
    dead letters. `held_until_at` is until when the host asked to be left alone. `waiting` names the entries whose page
    could not be had yet, by key, and how often it was asked. `entries` may be packed (`worker.model.entries`).
    """

    feed_id: str
    url: str = field(repr=False)
    version: int = 0
    status: FeedStatus = "active"
    reason: str | None = None
    adopted_url: str | None = field(default=None, repr=False)
    move: Move | None = None
    etag: str | None = None
    last_modified: str | None = None
    validators_url: str | None = field(default=None, repr=False)
    validators_lie: bool = False
    mismatches: int = 0
    body_at: datetime | None = None
    body_sha256: str | None = None
    broken_sha256: str | None = None
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_poll_at: datetime | None = None
    held_until_at: datetime | None = None
    failures: int = 0
    fresh_seconds: float = 0.0
    hints: Hints = _NO_HINTS
    rhythm: Rhythm = Rhythm()
    title: str | None = None
    entries: Sequence[SeenEntry] = ()
    waiting: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.version < 0 or self.failures < 0:
            raise ValueError("version and failures count upwards from 0")
