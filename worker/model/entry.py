"""A feed document as received, before anything is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FeedFormat = Literal["rss", "atom", "rdf", "jsonfeed", "sitemap", "wire"]

Refusal = Literal[
    "empty",  # there is no body
    "html",  # a page for people
    "broken",  # a feed, and too damaged to be read
    "undecodable",  # its coding or charset cannot be undone
    "not_a_feed",  # something else
    "too_costly",  # it takes too much time or memory
]

LetterReason = Literal[
    "broken",  # the whole document; this and the next two as above
    "undecodable",
    "too_costly",
    "empty_entry",  # there is nothing in it
    "no_link",  # an entry of a sitemap without its address
    "truncated",  # the document breaks off in it
    "too_many_entries",  # it comes after as many as are read
    "unreadable_entry",  # a fault of ours
    "unusable_entry",  # no valid message can be made of it
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One piece of text of an entry. `html` says whether it is markup or plain text."""

    value: str
    html: bool
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """An attached file: an enclosure, a media:content, a JSON Feed attachment or image."""

    url: str
    type: str | None = None
    length_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A point on the earth as a feed names it (GeoRSS): degrees, WGS 84."""

    latitude: float
    longitude: float

    def __post_init__(self) -> None:
        if not (-90 <= self.latitude <= 90 and -180 <= self.longitude <= 180):
            raise ValueError(f"no such place on the earth: {self.latitude}, {self.longitude}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One item of a feed, its values as text. Relative links are already resolved; dates are as written."""

    guid: str | None
    link: str | None = None
    title: Content | None = None
    summary: Content | None = None
    content: Content | None = None
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    published: str | None = None
    updated: str | None = None
    language: str | None = None
    media: tuple[Media, ...] = ()
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An entry that could not be read: its bytes, as far as they are known, and why."""

    raw: bytes
    reason: LetterReason
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hints:
    """What a document asks of those who poll it, and where it can be subscribed to instead.

    `ttl_seconds` is that of RSS 2.0, `update_seconds` the period of the syndication module (sy:updatePeriod by
    sy:updateFrequency): the least time between two polls. `skip_hours` (0 to 23) and `skip_days` (0 is Monday) are in
    GMT. `hubs` and `topic` are the links "hub" and "self" (WebSub, 4).
    """

    ttl_seconds: float = 0.0
    update_seconds: float = 0.0
    skip_hours: tuple[int, ...] = ()
    skip_days: tuple[int, ...] = ()
    hubs: tuple[str, ...] = ()
    topic: str | None = None

    def __post_init__(self) -> None:
        if self.ttl_seconds < 0 or self.update_seconds < 0:
            raise ValueError("a time between two polls is not negative")
        if not (set(self.skip_hours) <= set(range(24)) and set(self.skip_days) <= set(range(7))):
            raise ValueError("there are 24 hours and 7 days")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed feed document. `warnings` name what was wrong with it and got read all the same.

    `complete` is false when the document breaks off: what is missing may come with the next answer.
    """

    format: FeedFormat
    title: str | None = None
    language: str | None = None
    entries: tuple[Entry, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    warnings: tuple[str, ...] = ()
    complete: bool = True
    hints: Hints = Hints()


@dataclass(frozen=True, slots=True, kw_only=True)
class SitemapIndex:
    """A sitemap that names other sitemaps (sitemaps.org, protocol): their addresses, the most recent first.

    `dated` says that each has its time of change beside it: then an unchanged index means unchanged sitemaps.
    """

    addresses: tuple[str, ...]
    dated: bool = False
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAFeed:
    """A body that holds no feed. `reason` is a label of few values; `detail` is for people."""

    reason: Refusal
    detail: str
