"""A feed document as received, before anything is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FeedFormat = Literal["rss", "atom", "rdf", "jsonfeed", "sitemap", "wire"]


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
    reason: str
    detail: str


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

    reason: Literal["empty", "html", "broken", "undecodable", "not_a_feed"]
    detail: str
