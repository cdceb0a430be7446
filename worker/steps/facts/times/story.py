"""Periods that are named by how far they are from what the story named before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times.periods import Period, year_period
from worker.steps.facts.times.relative import away, period_away

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from worker.model.facts import TimeKind
    from worker.steps.facts.times.context import Reading

# What must have been named for a count of such units to go on from it.
_FINE: Mapping[str, tuple[TimeKind, ...]] = {
    "day": ("day", "night", "time"),
    "week": ("day", "night", "time", "week"),
    "month": ("day", "night", "time", "month"),
    "year": ("day", "night", "time", "month", "quarter", "year"),
    "decade": ("year", "decade"),
}


def later(reading: Reading) -> Period | None:
    """Two days later: counted from what the story named last."""
    found = away(reading, _story_day(reading), 1)
    # The story tells of what has been: beyond the document's day it was counted from something else.
    return found if found and not (reading.day and found.first and found.first > reading.day) else None


def earlier(reading: Reading) -> Period | None:
    """Two days earlier."""
    return away(reading, _story_day(reading), -1)


def next_in_story(reading: Reading) -> Period | None:
    """The next day, the following year; "over the next year" is counted from the document's day."""
    return None if "span-before" in reading.classes(-1) else _story_period(reading, 1)


def before_in_story(reading: Reading) -> Period | None:
    """The previous year."""
    return _story_period(reading, -1)


def same_in_story(reading: Reading) -> Period | None:
    """The same day."""
    return _story_period(reading, 0)


def _story_period(reading: Reading, shift: int) -> Period | None:
    day = _story_day(reading)
    return period_away(day, str(reading.parts["unit"]), shift) if day else None


def year_ago(reading: Reading) -> Period | None:
    """A year earlier, the year-ago quarter: the same quarter of the year before, when the story is about a quarter."""
    quarter = reading.quarter()
    if quarter and quarter.first:
        return period_away(quarter.first, "quarter", -4)
    if "period" in reading.written() or "quarter" in reading.written():
        return None
    today = reading.today()
    return year_period(today.year - 1) if today else None


def latest_quarter(reading: Reading) -> Period | None:
    """The latest quarter: the one that the story is about, else the last that is over."""
    quarter, today = reading.quarter(), reading.day
    if quarter or today is None:
        return quarter
    reading.anchor = today
    return period_away(today, "quarter", -1)


def the_quarter(reading: Reading) -> Period | None:
    """The quarter that the story is about."""
    return reading.quarter()


def _story_day(reading: Reading) -> date | None:
    unit = str(reading.parts.get("unit"))
    lately = reading.lately(*_FINE[unit]) if unit in _FINE else None
    return lately.first if lately else None
