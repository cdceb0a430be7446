"""Whether a reading holds what is expected. Texts count as a reader sees them, dates as instants if they can."""

from __future__ import annotations

import html
import warnings
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import feedparser

from tests.suites.readers import as_text
from worker.steps import instants

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.suites.types import Check, Reading, Row

_NOW = datetime(2030, 1, 1, tzinfo=UTC)


def holds(check: Check, reading: Reading) -> bool:
    expected = check.expected
    if check.field == "entries":
        return bool(len(reading.rows) == expected or len(reading.rows) + reading.empty == expected)
    if check.field == "feed.title":
        return _name_is(reading.title, expected)
    if check.field == "feed.language":
        return reading.language.lower() == str(expected or "").lower()
    if check.index is None or check.index >= len(reading.rows):
        return expected in ("", None, [])
    row = reading.rows[check.index]
    return _COMPARE[check.field](row, expected)


def fold(value: object) -> str:
    return " ".join(str(value).split())


def same_date(found: str, expected: object) -> bool:
    if fold(found) == fold(expected):
        return True
    left, right = moment(found), moment(str(expected))
    return left is not None and left == right


def moment(surface: str) -> datetime | None:
    instant, _ = instants.read_instant(surface or None, "x", now=_NOW)
    if instant is not None:
        return instant.at.astimezone(UTC)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = feedparser.datetimes._parse_date(surface) if surface else None
    try:
        return datetime(parsed[0], parsed[1], parsed[2], tzinfo=UTC) + _clock(parsed) if parsed else None
    except (ValueError, TypeError):
        return None


def _text_is(found: str, expected: object) -> bool:
    return found in {as_text(expected), as_text(expected, html=False)}


def _name_is(found: str, expected: object) -> bool:
    return fold(found) in {fold(expected), fold(html.unescape(str(expected))), as_text(expected)} or as_text(
        found
    ) == as_text(expected)


_COMPARE: dict[str, Callable[[Row, Any], bool]] = {
    "title": lambda row, expected: _text_is(row.title, expected),
    "link": lambda row, expected: row.link.strip() == str(expected).strip(),
    "id": lambda row, expected: fold(row.guid) == fold(expected),
    "published": lambda row, expected: same_date(row.published, expected),
    # RSS has one date of its own; which of the two names a reader gives to another one is a matter of taste.
    "updated": lambda row, expected: (
        same_date(row.updated, expected) or (not row.updated and same_date(row.published, expected))
    ),
    "author": lambda row, expected: (
        any(_name_is(name, expected) for name in row.authors)
        or _name_is(", ".join(row.authors), expected)
        or (not expected and not row.authors)
    ),
    "enclosure": lambda row, expected: expected in row.enclosures,
    "media": lambda row, expected: expected in row.media,
    "media count": lambda row, expected: len(set(row.media)) == expected,
    "summary": lambda row, expected: (
        _text_is(row.summary, expected) or (not row.summary and _text_is(row.content, expected))
    ),
    "content": lambda row, expected: (
        _text_is(row.content, expected) or (not row.content and _text_is(row.summary, expected))
    ),
    "tag": lambda row, expected: any(_name_is(tag, expected) for tag in row.tags),
    "tag count": lambda row, expected: len(row.tags) == expected,
    "language": lambda row, expected: str(expected or "").lower() in [found.lower() for found in row.languages],
    "point": lambda row, expected: (
        row.point is not None and max(abs(a - b) for a, b in zip(row.point, expected, strict=True)) < 1e-6
    ),
}


def _clock(parsed: Any) -> timedelta:
    return timedelta(hours=parsed[3], minutes=parsed[4], seconds=parsed[5])
