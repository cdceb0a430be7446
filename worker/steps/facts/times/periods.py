"""Periods of the calendar: a day, a week, a month, each with its value and its first and last day.

Values are ISO 8601 (2025-05-24, 2025-W21, 2025-05, 2025, 202 for the 2020s, 19 for the twentieth century); what ISO
8601 has no sign for is written as in TimeML: 2025-Q2, 2025-H1, 2025-SU (summer), 2025-W21-WE (weekend).
"""

from __future__ import annotations

import calendar
import re
from datetime import MAXYEAR, MINYEAR, date, timedelta
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from worker.model.facts import TimeKind
    from worker.steps.facts.times.tense import Tense

# What stands between the two ends of a range.
RANGE_GAP = re.compile(r"[ \xa0](?:to|through|until)[ \xa0]|[-\u2013]")
# The first month of each season of the northern year; winter is named by the year in which it begins.
_SEASON_MONTHS = {"SP": 3, "SU": 6, "FA": 9, "WI": 12}


class Period(NamedTuple):
    """What a mention names. `value` is None when it cannot be said; so are the first and the last day."""

    kind: TimeKind
    value: str | None
    first: date | None = None
    last: date | None = None


def day_period(day: date, kind: TimeKind = "day") -> Period:
    """One day, or a part of it."""
    return Period(kind, day.isoformat(), day, day)


def night_period(morning: date) -> Period:
    """The night that ends on `morning`."""
    return Period(kind="night", value=morning.isoformat(), first=shift_days(morning, -1), last=morning)


def written_day(year: int, month: int, day: int) -> date | None:
    """The day, or None when the calendar has no such day."""
    try:
        return date(year, month, day)
    except ValueError:
        return None


def shift_days(day: date, days: int) -> date | None:
    """The day so many days later, or None beyond the ends of the calendar."""
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def shift_months(day: date, months: int) -> tuple[int, int] | None:
    """Year and month so many months later."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return (year, month + 1) if MINYEAR <= year <= MAXYEAR else None


def year_period(year: int) -> Period | None:
    """A calendar year."""
    if not MINYEAR <= year <= MAXYEAR:
        return None
    return Period(kind="year", value=f"{year:04}", first=date(year, 1, 1), last=date(year, 12, 31))


def month_period(year: int, month: int) -> Period | None:
    """A month of a year."""
    if not (MINYEAR <= year <= MAXYEAR and 1 <= month <= 12):
        return None
    last = calendar.monthrange(year, month)[1]
    return Period(kind="month", value=f"{year:04}-{month:02}", first=date(year, month, 1), last=date(year, month, last))


def months_period(year: int, month: int, months: int, value: str, kind: TimeKind) -> Period | None:
    """Some months from `month` on, under a value of their own."""
    later, zero = divmod(year * 12 + month - 1 + months - 1, 12)
    first, last = month_period(year, month), month_period(later, zero + 1)
    if first is None or last is None:
        return None
    return Period(kind=kind, value=value, first=first.first, last=last.last)


def quarter_period(year: int, quarter: int) -> Period | None:
    """A quarter of a calendar year; fiscal years are taken for calendar years, as their readers mostly do."""
    if not 1 <= quarter <= 4:
        return None
    return months_period(year, quarter * 3 - 2, 3, f"{year:04}-Q{quarter}", "quarter")


def half_period(year: int, half: int) -> Period | None:
    """The first or the second half of a year."""
    return months_period(year, half * 6 - 5, 6, f"{year:04}-H{half}", "range") if half in (1, 2) else None


def season_period(year: int, season: str) -> Period | None:
    """A season (SP, SU, FA, WI) of the northern year."""
    return months_period(year, _SEASON_MONTHS[season], 3, f"{year:04}-{season}", "season")


def week_period(day: date) -> Period | None:
    """The ISO week (Monday to Sunday) in which a day lies."""
    year, week, weekday = day.isocalendar()
    first = shift_days(day, 1 - weekday)
    last = first and shift_days(first, 6)
    return Period(kind="week", value=f"{year:04}-W{week:02}", first=first, last=last) if first and last else None


def weekend_period(day: date) -> Period | None:
    """Saturday and Sunday of the ISO week in which a day lies."""
    week = week_period(day)
    if week is None or week.last is None:
        return None
    return Period(kind="weekend", value=f"{week.value}-WE", first=shift_days(week.last, -1), last=week.last)


def decade_period(decade: int) -> Period | None:
    """Ten years: 198 is the 1980s."""
    if not MINYEAR <= decade * 10 <= MAXYEAR - 9:
        return None
    return Period(
        kind="decade", value=f"{decade:03}", first=date(decade * 10, 1, 1), last=date(decade * 10 + 9, 12, 31)
    )


def years_period(year: int, years: int, value: str) -> Period:
    """Some years from one on, under a value of their own."""
    return Period("range", value, date(year, 1, 1), date(year + years - 1, 12, 31))


def century_period(century: int) -> Period | None:
    """A hundred years: the 20th century has the value 19, and began in 1901."""
    if not 1 <= century <= 30:
        return None
    first, last = date(century * 100 - 99, 1, 1), date(century * 100, 12, 31)
    return Period(kind="range", value=f"{century - 1:02}", first=first, last=last)


def range_period(first: Period | None, last: Period | None) -> Period | None:
    """From one period to another, both included."""
    if first is None or last is None or first.first is None or last.last is None or first.first > last.last:
        return None
    return Period(kind="range", value=f"{first.value}/{last.value}", first=first.first, last=last.last)


def nearest_weekday(day: date, weekday: int, *, latest: bool) -> date | None:
    """The latest such weekday up to `day`, or the earliest from it on (0 is Monday)."""
    back = (day.weekday() - weekday) % 7
    return shift_days(day, -back if latest else (7 - back) % 7)


def easter_sunday(year: int) -> date:
    """Western Easter, by the Gregorian computus (the anonymous algorithm, Nature, 20 April 1876)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def orthodox_easter_sunday(year: int) -> date:
    """Orthodox Easter, by the Julian computus (J. Meeus, Astronomical Algorithms), as a day of our calendar."""
    d = (19 * (year % 19) + 15) % 30
    e = (2 * (year % 4) + 4 * (year % 7) - d + 34) % 7
    month, day = divmod(d + e + 114, 31)
    return date(year, month, day + 1) + timedelta(days=year // 100 - year // 400 - 2)


def holiday(rule: str, year: int) -> date | None:
    """The day of a holiday in a year.

    A rule is `12-25` (fixed), `easter-2` (days from Easter Sunday), `orthodox+1` (the same in the East) or `11-thu-4`
    (the fourth Thursday of November; -1 is the last), which may be followed by days to add (`11-thu-4+1`). None when
    the rule does not hold in that year.
    """
    if not 1583 <= year <= MAXYEAR:
        return None
    if rule.startswith("easter"):
        return shift_days(easter_sunday(year), int(rule[6:] or 0))
    if rule.startswith("orthodox"):
        return shift_days(orthodox_easter_sunday(year), int(rule[8:] or 0))
    month, day, *count = rule.split("-", 2)
    if not count:
        return written_day(year, int(month), int(day))
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(day)
    nth, _, more = count[0].partition("+")
    found = nth_weekday(year, int(month), weekday, int(nth))
    return shift_days(found, int(more or 0)) if found else None


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    """The nth such weekday of a month (0 is Monday); the last one for -1. None when there are not so many."""
    if not MINYEAR <= year <= MAXYEAR:
        return None
    if nth < 0:
        return nearest_weekday(date(year, month, calendar.monthrange(year, month)[1]), weekday, latest=True)
    first = nearest_weekday(date(year, month, 1), weekday, latest=False)
    found = shift_days(first, 7 * (nth - 1)) if first else None
    return found if found and found.month == month else None


def by_tense(periods: list[Period | None], today: date, tense: Tense | None) -> Period | None:
    """The period by tense: the last that has begun, or the first that is not over."""
    known = [period for period in periods if period and period.first and period.last]
    if tense == "future":
        return next((period for period in known if period.last and period.last >= today), None)
    return next((period for period in reversed(known) if period.first and period.first <= today), None)
