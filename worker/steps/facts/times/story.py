"""Periods that are named by how far they are from what the story named before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times.context import MAX_SENTENCES_OFF
from worker.steps.facts.times.periods import (
    Period,
    by_tense,
    day_period,
    month_period,
    nearest_weekday,
    quarter_period,
    shift_days,
    written_day,
    year_period,
)
from worker.steps.facts.times.relative import away, part_of_day, period_away
from worker.steps.facts.times.years import year_of

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
# A month holds longer than a day.
_LONG = frozenset({"month", "year", "decade"})
_LONG_SENTENCES = 4
_HALF_QUARTER_DAYS = 45


def later(reading: Reading) -> Period | None:
    """Two days later: counted from what the story named last."""
    if reading.word(0) == "than":
        # "Two days later than planned".
        return None
    found = away(reading, _story_day(reading), 1)
    # The story tells of what has been: beyond the document's day it was counted from something else.
    return found if found and not (reading.day and found.first and found.first > reading.day) else None


def earlier(reading: Reading) -> Period | None:
    """Two days earlier; not "two days earlier than planned"."""
    return None if reading.word(0) == "than" else away(reading, _story_day(reading), -1)


def next_in_story(reading: Reading) -> Period | None:
    """The next day, the following year; "over the next year" is counted from the document's day."""
    return None if "span-before" in reading.classes(-1) else _story_period(reading, 1)


def before_in_story(reading: Reading) -> Period | None:
    """The previous year."""
    return _story_period(reading, -1)


def same_in_story(reading: Reading) -> Period | None:
    """The same day."""
    return _story_period(reading, 0)


def same_of_year(reading: Reading) -> Period | None:
    """The same month of 2024, the same day last year: as the story named it last, but in that year."""
    unit, year = reading.parts["unit"], year_of(reading)
    lately = reading.lately("month", "day", "night", "time") if unit in {"month", "day"} and year else None
    if year is None or lately is None or lately.first is None:
        return None
    if unit == "month":
        return month_period(year, lately.first.month)
    day = written_day(year, lately.first.month, lately.first.day) if lately.kind != "month" else None
    return day_period(day) if day else None


def part_in_story(reading: Reading) -> Period | None:
    """That night, the next morning: of the day that the story named last, the one after it, the one before it."""
    lately, words = reading.lately("day", "time"), set(reading.written().split())
    if lately is None or lately.first is None:
        return None
    days = 1 if {"next", "following"} & words else -1 if "previous" in words else 0
    found = shift_days(lately.first, days)
    # The story tells of what has been.
    return None if found is None or (reading.day and found > reading.day) else part_of_day(reading, found)


def before_that(reading: Reading) -> Period | None:
    """The day before: before that which the story named last; not "the day before the vote"."""
    return None if reading.word(0).isalnum() else _story_period(reading, -1)


def _story_period(reading: Reading, shift: int) -> Period | None:
    day = _story_day(reading, onward=shift > 0)
    return period_away(day, str(reading.parts["unit"]), shift) if day else None


def year_ago(reading: Reading) -> Period | None:
    """A year earlier, the year-ago quarter: the same quarter of the year before, when the story is about a quarter."""
    quarter = None if reading.is_of_months() else reading.quarter()
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


def following_weekday(reading: Reading) -> Period | None:
    """The following Friday: the first after the day that the story named last."""
    number, lately = reading.number("weekday"), reading.lately(*_FINE["day"])
    tomorrow = shift_days(lately.first, 1) if lately and lately.first else None
    if number is None or tomorrow is None:
        return None
    return part_of_day(reading, nearest_weekday(tomorrow, number, latest=False))


def following_month(reading: Reading) -> Period | None:
    """The following January: the first after the day or month that the story named last."""
    number, lately = reading.number("month"), reading.lately(*_FINE["month"])
    if number is None or lately is None or lately.first is None:
        return None
    return month_period(lately.first.year + (number <= lately.first.month), number)


def month_quarter(reading: Reading) -> Period | None:
    """The June quarter: the last one that ended with that month."""
    month, today = reading.number("month"), reading.today()
    if month is None or today is None or month % 3:
        return None
    return by_tense([quarter_period(today.year + years, month // 3) for years in (-1, 0)], today, "past")


def rest_of_year(reading: Reading) -> Period | None:
    """The year of "the first nine months of the year": the document's."""
    today, before = reading.today(), reading.named[-1] if reading.named else None
    start = reading.signs.spans[reading.match.first - 1][0]
    behind = before is not None and before.resolver == "duration" and before.end + 1 == start
    return year_period(today.year) if today and behind else None


def quarter_ended(reading: Reading) -> Period | None:
    """The quarter ended July 31: the one of the calendar that shares most days with it."""
    today, month, day, year = reading.today(), *(reading.number(name) for name in ("month", "day", "year"))
    if today is None or month is None or day is None:
        return None
    days = [found for years in (-1, 0, 1) if (found := written_day(year or today.year + years, month, day))]
    over = [found for found in days if found <= today] if reading.word(0) == "ended" else days
    ended = min(over, key=lambda found: abs(found - today), default=None)
    middle = shift_days(ended, -_HALF_QUARTER_DAYS) if ended else None
    return period_away(middle, "quarter", 0) if middle else None


def the_quarter(reading: Reading) -> Period | None:
    """The quarter that the story is about."""
    return reading.quarter()


def _story_day(reading: Reading, *, onward: bool = False) -> date | None:
    unit = str(reading.parts.get("unit"))
    back = _LONG_SENTENCES if onward and unit in _LONG else MAX_SENTENCES_OFF
    lately = reading.lately(*_FINE[unit], sentences=back) if unit in _FINE else None
    return lately.first if lately else None
