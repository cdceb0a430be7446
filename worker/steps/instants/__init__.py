"""Dates of publication as feeds and pages write them."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from worker.model.article import Instant

from .reading import Unread, parse

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["read_instant"]

# Clocks of publishers run ahead by minutes; more than a day is a mistake or an embargo.
_TOLERANCE = timedelta(days=1)
# Far longer than any date with the words around it.
_MAX_CHARACTERS = 300
# Entries of one document share dates, and `updated` mostly repeats `published`.
_parse = lru_cache(maxsize=1024)(parse)


def read_instant(surface: str | None, origin: str, *, now: datetime) -> tuple[Instant | None, tuple[str, ...]]:
    """An instant with its own UTC offset, and warnings.

    Reads the dates of RFC 822, 850, 1123 and 5322 (RSS), ISO 8601 and W3CDTF (Atom, Dublin Core, JSON Feed, sitemaps),
    asctime, epoch numbers, and dates in words of some sixty languages. A time without a zone, or with one that nobody
    knows, is taken as UTC, with a warning; so is a day, a month or a year alone, whose precision says it. What cannot
    be read, cannot be, or can be read in two ways is None with a warning: a date is never invented.
    """
    if surface is None:
        return None, ()
    quoted = repr(surface[:60])
    text = surface.strip()
    if len(text) > _MAX_CHARACTERS:
        # Indented markup has long runs of blanks.
        text = " ".join(text.split())
    found = _parse(text) if len(text) <= _MAX_CHARACTERS else Unread.UNREADABLE
    if isinstance(found, Unread):
        return None, (f"{origin}: {found.value} {quoted}",)
    warnings = [f"{origin}: {note.format(quoted)}" for note in found.notes]
    if found.at - now > _TOLERANCE:
        warnings.append(f"{origin}: {quoted} lies in the future")
    return Instant(at=found.at, origin=origin, surface=surface, precision=found.precision), tuple(warnings)
