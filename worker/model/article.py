"""An article: one entry, normalised, with an identity. What the message says, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .errors import Invalid

if TYPE_CHECKING:
    from datetime import date, datetime

    from .entry import Location, Media
    from .facts import Dateline, Facts, Span

Change = Literal["published", "revised", "withdrawn"]
ContentFrom = Literal["feed", "page"]
Precision = Literal["second", "minute", "day", "month", "year"]

# What a reader would call the article. `updated` alone, tags and pictures make no revision.
REVISED_BY = ("headline", "byline", "section", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instant:
    """A moment as the publisher gave it: `at` keeps its UTC offset, `surface` is the text it was read from.

    `precision` is the smallest unit that the surface names; what is smaller is zero in `at` (one, for days and months).
    """

    at: datetime
    origin: str
    surface: str
    precision: Precision = "second"

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("an instant must be aware")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where an article came from. No URL here carries credentials."""

    feed_id: str
    feed_title: str | None
    publisher: str | None
    guid: str | None
    url: str | None
    canonical_url: str | None
    retrieved_at: datetime
    content_from: ContentFrom
    raw_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry made clean, before it is known whether it is new.

    `text` is the whole text that all spans point into: blocks joined by a blank line.
    """

    guid: str | None
    url: str | None
    canonical_url: str | None
    headline: str | None
    byline: str | None
    section: str | None
    tags: tuple[str, ...]
    media: tuple[Media, ...]
    language: str | None
    text: str
    published_at: Instant | None
    updated_at: Instant | None
    location: Location | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Which article this is, which revision of it, and which of its fields changed since the last one."""

    article_id: str
    revision: int
    change: Change
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """One revision of an article, ready to be encoded. Spans are checked against `text`.

    `truncated` says that `text` is the beginning of a text that was too long; `fingerprint` is of the whole one.

    Raises:
        Invalid: if any span does not stand where it says.
    """

    identity: Identity
    source: Source
    date: date | None
    published_at: Instant | None
    updated_at: Instant | None
    language: str | None
    headline: str | None
    byline: str | None
    section: str | None
    tags: tuple[str, ...]
    media: tuple[Media, ...]
    location: Location | None
    text: str
    fingerprint: tuple[int, ...] | None
    dateline: Dateline | None
    paragraphs: tuple[Span, ...]
    facts: Facts
    warnings: tuple[str, ...]
    truncated: bool = False
    rules: str

    def __post_init__(self) -> None:
        opening = () if self.dateline is None else (self.dateline.span,)
        for span in (*opening, *self.paragraphs, *self.facts.spans()):
            if not span.holds(self.text):
                raise Invalid(f"no {span.surface!r} at {span.start}:{span.end}", field="text", rule="span")

    @property
    def countries(self) -> tuple[str, ...]:
        """The ISO codes of the countries of its dateline and of the places that it names, in order."""
        named = (self.dateline, *self.facts.names.places)
        return tuple(sorted({one.country_code for one in named if one is not None and one.country_code is not None}))

    @property
    def event_types(self) -> tuple[str, ...]:
        """The types of the events that it tells of, in order."""
        return tuple(sorted({event.type for event in self.facts.events}))

    @property
    def lead(self) -> Span | None:
        """The first paragraph."""
        return self.paragraphs[0] if self.paragraphs else None
