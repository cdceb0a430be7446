"""Facts found in a text, each with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the article's text: `text[start:end]` is `surface`. Offsets count code points, end exclusive."""

    surface: str
    start: int
    end: int

    def __post_init__(self) -> None:
        if self.start < 0 or self.end - self.start != len(self.surface):
            raise ValueError(f"a span of {self.end - self.start} code points cannot be {self.surface!r}")

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Span:
        """The span from `start` to `end` of `text`."""
        return cls(text[start:end], start, end)

    def holds(self, text: str) -> bool:
        """Whether `text` really has this surface at this place."""
        return text[self.start : self.end] == self.surface


@dataclass(frozen=True, slots=True, kw_only=True)
class Dateline:
    """The line that opens a wire story: where, when and by whom it was filed.

    `region` is what the line itself says after the city, as written ("Kyiv [Ukraine]", "PARIS, Texas");
    `country` and `country_code` (ISO 3166-1 alpha-2) are resolved and null when they cannot be.
    """

    span: Span
    city: str | None = None
    region: str | None = None
    country: str | None = None
    country_code: str | None = None
    date: date | None = None
    agency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """How a text begins: an optional header line (`date 2025-05-24`), an optional dateline, then the story.

    `body_start` is the offset where the first paragraph's own words begin.
    """

    header_date: date | None = None
    dateline: Dateline | None = None
    body_start: int = 0

    def day(self, published_on: date | None) -> date | None:
        """The document's day: as its header says, else the day of publication, else the dateline's."""
        return self.header_date or published_on or (self.dateline.date if self.dateline else None)
