"""Dates of publication as feeds write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from worker.model.article import Instant

# Clocks of publishers run ahead by minutes; more than a day is a mistake or an embargo.
_TOLERANCE = timedelta(days=1)
# No publisher means such a year: 0001-01-01 is what programs write that have no date.
_FIRST_YEAR = 1000

# The form of RFC 5322, 3.3, with the deviations that feeds have: no weekday, a long month, dashes, a colon or "GMT" in
# the offset. The standard library reads far more, and wrongly: "8:19 pm" as morning, "+03:00" as UTC, 0001 as 2001.
_RFC5322 = re.compile(
    r"(?:[a-z]{3,9}\.?,?\s{1,9})?(\d{1,2})[\s-]{1,9}([a-z]{3})[a-z]{0,6}\.?[\s-]{1,9}([12]\d{3}|\d\d)"
    r"\s{1,9}(\d{1,2}:\d\d(?::\d\d)?)\s{0,9}(?:(?:gmt|utc?)?([+-]\d\d:?\d\d)|([a-z]{1,5}))?(?:\s{0,9}\([^()]*\))?",
    re.IGNORECASE | re.ASCII,
)


def read_instant(surface: str | None, origin: str, *, now: datetime) -> tuple[Instant | None, tuple[str, ...]]:
    """An instant with its own UTC offset, and warnings.

    RFC 5322 dates (as RSS has them, two-digit years and named zones included) and ISO 8601 (as Atom, Dublin Core
    and JSON Feed have them). A date without a zone, or with one that RFC 5322 does not name, is taken as UTC, with a
    warning. What cannot be read is None with a warning: a date is never invented.
    """
    if surface is None:
        return None, ()
    at = _iso(surface) or _rfc5322(surface)
    if at is None:
        return None, (f"{origin}: unreadable date {surface[:60]!r}",)
    warnings: tuple[str, ...] = ()
    if at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
        warnings = (f"{origin}: no time zone in {surface[:60]!r}, taken as UTC",)
    # RFC 3339 has no offsets with seconds.
    if at.year < _FIRST_YEAR or at.strftime("%z")[5:]:
        return None, (f"{origin}: impossible date {surface[:60]!r}",)
    if at - now > _TOLERANCE:
        warnings = (*warnings, f"{origin}: {surface[:60]!r} lies in the future")
    return Instant(at=at, origin=origin, surface=surface), warnings


def _iso(surface: str) -> datetime | None:
    try:
        return datetime.fromisoformat(surface.upper())
    except ValueError:
        return None


def _rfc5322(surface: str) -> datetime | None:
    match = _RFC5322.fullmatch(surface)
    if match is None:
        return None
    day, month, year, clock, offset, name = match.groups()
    # "-0000" is UTC as well: it only says nothing about the writer's own zone.
    zone = (offset or name or "").replace(":", "").replace("-0000", "+0000")
    try:
        return parsedate_to_datetime(f"{day} {month} {year} {clock} {zone}")
    except ValueError:
        return None
