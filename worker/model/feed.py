"""A feed as configured, and what the worker remembers about it between polls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

FeedStatus = Literal["active", "failing", "gone"]


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
class Feed:
    """One polled URL. `shard_key` is the registrable domain: feeds of one publisher stay together.

    `url` may hold credentials, so it is left out of the representation. With `content` "page" the text of an article
    is that of its page; `recheck_seconds` after it was last looked at, the page of a published article is asked again,
    and never when that is None.
    """

    id: str
    url: str = field(repr=False)
    shard_key: str
    title: str | None = None
    publisher: str | None = None
    interval_seconds: float
    min_interval_seconds: float
    max_interval_seconds: float
    content: Literal["feed", "page"] = "feed"
    backfill: Backfill = Backfill()
    recheck_seconds: float | None = None

    def __post_init__(self) -> None:
        if not 0 < self.min_interval_seconds <= self.interval_seconds <= self.max_interval_seconds:
            raise ValueError(f"feed {self.id}: 0 < min <= interval <= max does not hold")
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

    `page_url` is the address of the page that the text came from, and `checked_at` when it was last asked.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedState:
    """Everything about a feed that must survive a restart. Written in the transaction of its articles.

    `version` counts the commits of this state: after an unknown outcome it tells whether a commit happened.
    Validators (`etag`, `last_modified`) are kept byte for byte and belong to `url` (RFC 9110, 8.8). `body_sha256` is of
    the last body that was read, as it travelled; `broken_sha256` of the last one that went to the dead letters.
    `waiting` names the entries whose page could not be had yet, by key, and how often it was asked.
    """

    feed_id: str
    url: str = field(repr=False)
    version: int = 0
    status: FeedStatus = "active"
    reason: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_sha256: str | None = None
    broken_sha256: str | None = None
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    next_poll_at: datetime | None = None
    failures: int = 0
    title: str | None = None
    entries: tuple[SeenEntry, ...] = ()
    waiting: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        if self.version < 0 or self.failures < 0:
            raise ValueError("version and failures count upwards from 0")
