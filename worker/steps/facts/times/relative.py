"""Days and periods that are named by how far they are from the document's day, or from a day of the story."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times.periods import (
    Period,
    century_period,
    day_period,
    decade_period,
    month_period,
    nearest_weekday,
    night_period,
    nth_weekday,
    quarter_period,
    shift_days,
    shift_months,
    week_period,
    weekend_period,
    written_day,
    year_period,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import date

    from worker.steps.facts.times.context import Reading

_NIGHT = "NI"
_NEAR_DAYS = 2
_POSSESSIVE = frozenset({"'s", "\u2019s"})


def weekday(reading: Reading) -> Period | None:
    """A day of the week: the last one, today included, or the next one when the clause looks ahead."""
    number, today = reading.number("weekday"), reading.today()
    # "Super Tuesday", "Black Friday" are names.
    if number is None or today is None or "day-name" in reading.classes(-1):
        return None
    if number == today.weekday():
        # A morning paper's "Saturday" on a Saturday.
        return part_of_day(reading, today)
    days_back = (today.weekday() - number) % 7
    tense = "future" if "intended" in reading.classes(-1) else reading.tense()
    if 7 - days_back <= _NEAR_DAYS and (tense is None or reading.word(0) in _POSSESSIVE):
        # Tomorrow's name, or tomorrow's match, is rarely that of a day of last week.
        ahead = not reading.follows()
    else:
        # On a Sunday, "Saturday" is yesterday, unless it is clearly not.
        ahead = tense == "future" and (days_back > _NEAR_DAYS or reading.is_firmly_ahead())
    return part_of_day(reading, nearest_weekday(today, number, latest=not ahead))


def weekday_shifted(reading: Reading) -> Period | None:
    """Last Friday: before the document's day; next Friday, this coming Friday: after it; this Friday: in its week."""
    number, shift, today = reading.number("weekday"), reading.number("shift"), reading.today()
    if number is None or today is None:
        return None
    if shift is None:
        shift = -1 if {"past", "previous"} & set(reading.written().split()) else 1
    if shift > 0:
        tomorrow = shift_days(today, 1)
        return part_of_day(reading, nearest_weekday(tomorrow, number, latest=False) if tomorrow else None)
    if shift < 0:
        yesterday = shift_days(today, -1)
        return part_of_day(reading, nearest_weekday(yesterday, number, latest=True) if yesterday else None)
    return part_of_day(reading, nearest_weekday(today, number, latest=reading.tense() == "past"))


def weekday_day(reading: Reading) -> Period | None:
    """Friday the 13th: the nearest one."""
    number, day, today = reading.number("weekday"), reading.number("day"), reading.today()
    if number is None or day is None or today is None:
        return None
    months = [shift_months(today, months) for months in (0, -1, 1, -2, 2, -3, 3)]
    days = [written_day(*month, day) for month in months if month]
    found = next((day for day in days if day and day.weekday() == number), None)
    return day_period(found) if found else None


def nth_weekday_of_month(reading: Reading) -> Period | None:
    """The first Monday of May 2025, the last Thursday in November 2024."""
    year, month, number = reading.number("year"), reading.number("month"), reading.number("weekday")
    nth = reading.number("ordinal") or reading.number("shift")
    if year is None or month is None or number is None or not nth:
        return None
    found = nth_weekday(year, month, number, nth)
    return day_period(found) if found else None


def weekday_of_week(reading: Reading) -> Period | None:
    """Tuesday of last week."""
    number, shift, today = reading.number("weekday"), reading.number("shift"), reading.today()
    if number is None or shift is None or today is None:
        return None
    return part_of_day(reading, shift_days(today, number - today.weekday() + 7 * shift))


def part_of_day(reading: Reading, day: date | None) -> Period | None:
    """The day, or the part of it that is named: its night, or a time."""
    if day is None:
        return None
    part = reading.parts.get("part")
    if part == _NIGHT:
        return Period(kind="night", value=day.isoformat(), first=day, last=shift_days(day, 1))
    return day_period(day, "time" if part else "day")


def deictic_day(reading: Reading) -> Period | None:
    """Today, yesterday, tomorrow, the day before yesterday, the day after tomorrow."""
    today = reading.today()
    if today is None:
        return None
    if "before" in reading.parts or "after" in reading.parts:
        return part_of_day(reading, shift_days(today, -2 if "before" in reading.parts else 2))
    days = reading.number("deictic")
    return part_of_day(reading, shift_days(today, days) if days is not None else None)


def this_part(reading: Reading) -> Period | None:
    """This morning, this evening."""
    return part_of_day(reading, reading.today())


def tonight(reading: Reading) -> Period | None:
    """The night that begins on the document's day."""
    today = reading.today()
    return Period(kind="night", value=today.isoformat(), first=today, last=shift_days(today, 1)) if today else None


def last_night(reading: Reading) -> Period | None:
    """The night before the document's day, named by the day on which it began."""
    today = reading.today()
    evening = shift_days(today, -1) if today else None
    return Period(kind="night", value=evening.isoformat(), first=evening, last=today) if evening else None


def ago(reading: Reading) -> Period | None:
    """Two weeks ago: as exact as its unit."""
    return away(reading, reading.today(), -1)


def from_now(reading: Reading) -> Period | None:
    """Two weeks from now."""
    return away(reading, reading.today(), 1)


def in_future(reading: Reading) -> Period | None:
    """In three days, in a clause that looks ahead; else it is how long something takes."""
    if count_of(reading) == 1 and reading.parts["unit"] == "day":
        return None
    # "The first in five years", "the lowest level in ten years" look back.
    for offset in range(-2, -10, -1):
        if "superlative" in reading.classes(offset) or reading.word(offset).endswith("est"):
            return None
    return away(reading, reading.today(), 1) if reading.tense() == "future" else None


def away(reading: Reading, day: date | None, sign: int) -> Period | None:
    """The period that is as many units away from a day as the mention says; `sign` is -1 for back."""
    count, unit = count_of(reading), str(reading.parts["unit"])
    if day is None or count is None:
        return None
    return period_away(day, unit, sign * count)


def period_away(day: date, unit: str, count: int) -> Period | None:
    """The period of such a unit so many of them away from a day; None for hours and shorter ones."""
    away = _AWAY.get(unit)
    return away(day, count) if away and abs(count) <= _MOST else None


def _days_away(day: date, count: int) -> Period | None:
    found = shift_days(day, count)
    return day_period(found) if found else None


def _weeks_away(day: date, count: int) -> Period | None:
    found = shift_days(day, 7 * count)
    return week_period(found) if found else None


def _weekends_away(day: date, count: int) -> Period | None:
    found = shift_days(day, 7 * count)
    return weekend_period(found) if found else None


def _months_away(day: date, count: int) -> Period | None:
    found = shift_months(day, count)
    return month_period(*found) if found else None


def _quarters_away(day: date, count: int) -> Period | None:
    found = shift_months(day, 3 * count)
    return quarter_period(found[0], (found[1] + 2) // 3) if found else None


_AWAY: Mapping[str, Callable[[date, int], Period | None]] = {
    "day": _days_away,
    "week": _weeks_away,
    "fortnight": lambda day, count: _weeks_away(day, 2 * count),
    "weekend": _weekends_away,
    "month": _months_away,
    "quarter": _quarters_away,
    "year": lambda day, count: year_period(day.year + count),
    "decade": lambda day, count: decade_period(day.year // 10 + count),
    "century": lambda day, count: century_period((day.year - 1) // 100 + 1 + count),
}
# Nothing in the news is further away, in whatever unit.
_MOST = 10_000


def count_of(reading: Reading) -> int | None:
    """How many: in figures or words; None for "a few"."""
    if "many" in reading.parts or "few" in reading.written().split() or "couple" in reading.written().split():
        return None
    count = reading.number("int")
    if count is not None:
        return count
    tens, ones = reading.number("tens"), reading.number("number")
    if tens is not None or ones is not None:
        return (tens or 0) + (ones or 0)
    return 1 if "article" in reading.parts else None


def unit_shifted(reading: Reading) -> Period | None:
    """Last week, this month, next year, the past year, the end of this month."""
    today, shift, unit = reading.today(), reading.number("shift"), str(reading.parts["unit"])
    if today is None or shift is None or unit in {"minute", "hour", "second", "day", "fortnight"}:
        return None
    # "This Week" is a programme; "the past century" is no century of the calendar.
    if reading.signs.word(reading.match.last - 1).istitle() or (unit == "century" and shift < 0):
        return None
    return period_away(today, unit, shift)


def unit_current(reading: Reading) -> Period | None:
    """Earlier in the week, the end of the year."""
    today, unit = reading.today(), str(reading.parts["unit"])
    if unit == "day" and "edge" in reading.parts:
        lately = reading.lately("day", "time", sentences=1)
        today = lately.first if lately else today
    elif unit in {"minute", "hour", "second", "day", "decade", "century", "fortnight"}:
        return None
    return period_away(today, unit, 0) if today else None


def weekend(reading: Reading) -> Period | None:
    """The weekend: the last one that has begun, or the next one when the clause looks ahead."""
    today = reading.today()
    if today is None:
        return None
    saturday = nearest_weekday(today, 5, latest=reading.tense() != "future")
    return weekend_period(saturday) if saturday else None


def full_year(reading: Reading) -> Period | None:
    """The full year: the one that the story named last, else the document's."""
    today = reading.today()
    return year_period(today.year) if today else None


def year_end(reading: Reading) -> Period | None:
    """Year-end: December."""
    today = reading.today()
    if today is None:
        return None
    return month_period(today.year - 1 if reading.tense() == "past" and today.month < 7 else today.year, 12)


def overnight(reading: Reading) -> Period | None:
    """The night before the document's day; not "an overnight success", "overnight rates"."""
    today = reading.today()
    is_night = "article" not in reading.classes(-1) and "lending" not in reading.classes(0)
    return night_period(today) if today and is_night else None
