"""Dates as they are written: in full, and in part, where the year is that of the nearest by tense."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times.lexicon import holidays, plain_apostrophes
from worker.steps.facts.times.periods import (
    RANGE_GAP,
    Period,
    by_tense,
    day_period,
    holiday,
    month_period,
    range_period,
    shift_days,
    shift_months,
    week_period,
    weekend_period,
    written_day,
)
from worker.steps.facts.times.years import year_of

if TYPE_CHECKING:
    from datetime import date

    from worker.steps.facts.times.context import Reading
    from worker.steps.facts.times.tense import Tense

# A day and a month without a year may be as far ahead as this although the verb is of the past ("declared a dividend,
# payable Dec. 15"), or as far back although it looks ahead.
_NEAR_AHEAD_DAYS = 100
_NEAR_BACK_DAYS = 45
_WEDNESDAY = 2
# What stands behind a holiday that is no part of a name: "Christmas was", "Christmas in", "Christmas morning".
_GOES_ON = frozenset({"no-noun", "back", "back-base", "ahead", "ahead-to", "part", "shift", "determiner", "year-after"})


def iso_date(reading: Reading) -> Period | None:
    """2025-05-24."""
    year, month, day = (reading.number(name) for name in ("year", "iso-month", "iso-day"))
    return _day(year, month, day)


def numeric_date(reading: Reading) -> Period | None:
    """2025/05/24, 24.05.2025, 5/24/2025; none when day and month may change places."""
    written = str(reading.parts["numeric"])
    dotted = "." in written
    first, second, third = (int(part) for part in written.replace(".", "/").split("/"))
    if len(written.replace(".", "/").split("/")[2]) != 4:
        return _day(first, second, third) if first > 31 else None
    if dotted or first > 12 or first == second:
        return _day(third, second, first)
    return _day(third, first, second) if second > 12 else None


def day_of_month(reading: Reading) -> Period | None:
    """May 24; 24 May; Saturday, May 24, 2025."""
    month, day, year = reading.number("month"), reading.number("day"), reading.number("year")
    if month is None or day is None:
        return None
    if year is not None:
        return _day(year, month, day)
    found = _day_without_year(reading, month, day, reading.number("weekday"))
    return day_period(found) if found else None


def day_after_day(reading: Reading) -> Period | None:
    """The second day of "May 3 and 4"."""
    before, day = reading.named[-1] if reading.named else None, reading.number("day")
    start = reading.signs.spans[reading.match.first - 1][0]
    if before is None or before.resolver != "day_of_month" or before.period.first is None or before.end + 1 != start:
        return None
    if reading.word(0).isalpha() and "no-noun" not in reading.classes(0):
        return None
    first = before.period.first
    reading.anchor = first
    return _day(first.year, first.month, day) if day and day > first.day else None


def day_of_shifted_year(reading: Reading) -> Period | None:
    """June 16 of last year."""
    today, shift = reading.today(), reading.number("shift")
    year = today.year + shift if today and shift is not None else None
    return _day(year, reading.number("month"), reading.number("day"))


def day_of_shifted_month(reading: Reading) -> Period | None:
    """The 3rd of this month."""
    today, shift = reading.today(), reading.number("shift")
    found = shift_months(today, shift) if today and shift is not None else None
    return _day(*found, reading.number("day")) if found else None


def named_day(reading: Reading) -> Period | None:
    """The Sept. 11 attacks: the day that is known by them, in the story of a later one; not "a Sept. 11 attack"."""
    known, today = reading.number("known"), reading.day
    if known is None or today is None or reading.word(-1) in {"a", "an", "on"}:
        return None
    year, month, day = known // 10_000, known // 100 % 100, known % 100
    found = _day(year, month, day) if day == reading.number("day") else None
    return found if found and found.first and found.first < today else None


def day_range(reading: Reading) -> Period | None:
    """May 3-5; 3 to 5 May 2025."""
    month, day, last, year = (reading.number(name) for name in ("month", "day", "last", "year"))
    if month is None or day is None or last is None or day >= last:
        return None
    if year is None:
        first = _day_without_year(reading, month, day, None)
        year = first.year if first else None
    if year is None:
        return None
    return range_period(_day(year, month, day), _day(year, month, last))


def week_of_day(reading: Reading) -> Period | None:
    """The week of June 2: the week of the calendar in which that day lies."""
    found = day_of_month(reading)
    return week_period(found.first) if found and found.first else None


def night_of_days(reading: Reading) -> Period | None:
    """The night of May 23 to 24: named by the day on which it began; None for more than one night."""
    found = day_of_month(reading)
    morning = shift_days(found.first, 1) if found and found.first else None
    if found is None or morning is None or morning.day != reading.number("last"):
        return None
    return found._replace(kind="night", last=morning)


def month_of_year(reading: Reading) -> Period | None:
    """May 2025; mid-May 2025."""
    year, month = year_of(reading), reading.number("month")
    return month_period(year, month) if year and month else None


def month_of_shifted_year(reading: Reading) -> Period | None:
    """July last year."""
    today, month, shift = reading.today(), reading.number("month"), reading.number("shift")
    if today is None or month is None or shift is None:
        return None
    return month_period(today.year + shift, month)


def month_of_story_year(reading: Reading) -> Period | None:
    """January of that year: the year that the story named last."""
    number, named = reading.number("month"), reading.lately("year", "month", "day", "night", "time", "quarter")
    if number is None or named is None or named.first is None or reading.parts["unit"] != "year":
        return None
    return month_period(named.first.year, number)


def month_shifted(reading: Reading) -> Period | None:
    """Last May; next May; this May."""
    today, month, shift = reading.today(), reading.number("month"), reading.number("shift")
    if today is None or month is None or shift is None:
        return None
    if shift == 0:
        return month_period(today.year, month)
    # "Last February", said in March, is that of the year before: the one just over would be "last month".
    back = (today.month - month) % 12
    months = (-back if back > 1 else -back - 12) if shift < 0 else (12 - back) or 12
    found = shift_months(today, months)
    return month_period(*found) if found else None


def month(reading: Reading) -> Period | None:
    """A month alone; "May" and "March" are more than months, so something must speak for one."""
    number, today = reading.number("month"), reading.today()
    if number is None or today is None or not _is_month(reading):
        return None
    tense = reading.tense()
    if ranged := _end_of_range(reading, number, today, tense):
        return ranged
    # A month eleven months ago would be "last March": in February, "March" is the next.
    if (number - today.month) % 12 == 1:
        tense = "future"
    return by_tense([month_period(today.year + years, number) for years in (-1, 0, 1)], today, tense)


def _end_of_range(reading: Reading, number: int, today: date, tense: Tense | None) -> Period | None:
    """The second month of "from May to July", "May and July", which is not before the first."""
    before, signs = reading.named[-1] if reading.named else None, reading.signs
    if before is None or before.resolver != month.__name__ or before.period.first is None:
        return None
    first = before.period.first
    gap = signs.text[before.end : signs.spans[reading.match.first][0]]
    months = (number - first.month) % 12
    # "October-September" is a year of any years.
    ranged = RANGE_GAP.fullmatch(gap) and 0 < months < 11
    listed = gap == " and " and (number == first.month + 1 or _is_between(reading))
    if not (ranged or listed):
        return None
    last = month_period(first.year + (number < first.month), number)
    if tense == "past" and last and last.first and last.first > today:
        # "He led it from May to July", told in June, was a year ago.
        over = month_period(first.year - 1, first.month)
        last = month_period(last.first.year - 1, number)
        reading.named[-1] = before._replace(period=over) if over else before
    return last


def _is_between(reading: Reading) -> bool:
    """Whether the mention is the second month of "between November and March"."""
    return "between" in (reading.word(-3), reading.word(-4))


def week_of_month(reading: Reading) -> Period | None:
    """The first week of May; the last week of June 2025: the week of the calendar that shares most days with it."""
    number, today, nth = reading.number("month"), reading.today(), reading.number("ordinal") or reading.number("shift")
    if number is None or today is None or not nth:
        return None
    year = reading.number("year")
    periods = [month_period(year or today.year + years, number) for years in (-1, 0, 1)]
    within = by_tense(periods, today, reading.tense()) if year is None else periods[0]
    if within is None or within.first is None or within.last is None:
        return None
    middle = shift_days(within.first, 7 * nth - 4) if nth > 0 else shift_days(within.last, -3)
    return week_period(middle) if middle and middle <= within.last else None


def _is_month(reading: Reading) -> bool:
    classes = reading.classes_within()
    if "month-verb" in classes and reading.word(0) == "of" and reading.surface(1)[:1].isupper():
        # "March of Dimes".
        return False
    if "edge" in reading.parts or "month-verb" not in classes:
        return "month-name" not in classes or not reading.surface(0)[:1].isupper()
    if "month-before" in reading.classes(-1) or reading.word(0) in {"'s", "\u2019s"}:
        return True
    if reading.word(-1).endswith("est") and reading.word(0) in {"since", "on", "in", "for"}:
        # "The wettest May since 1941".
        return True
    # "The March accession", not "the March on Washington".
    following = reading.surface(0)
    return "determiner" in reading.classes(-1) and following.islower() and "no-noun" not in reading.classes(0)


def holiday_day(reading: Reading) -> Period | None:
    """Christmas; last Thanksgiving; Easter week; New Year's Eve 1999."""
    shift, year, written = reading.number("shift"), reading.number("year"), plain_apostrophes(reading.written())
    rule = _holiday_rule(reading.language or "", written)
    if rule is None or not _is_holiday(reading):
        return None
    wide = week_period if written.endswith(" week") else _weekend_of if written.endswith(" weekend") else day_period
    if year is not None:
        found = holiday(rule, year)
        return wide(found) if found else None
    today = reading.today()
    if today is None:
        return None
    days = [day for years in (-1, 0, 1) if (day := holiday(rule, today.year + years))]
    if not days:
        return None
    if shift:
        day = (
            max((day for day in days if day < today), default=None)
            if shift < 0
            else min((day for day in days if day > today), default=None)
        )
        return wide(day) if day else None
    day = min(days, key=lambda day: abs(day - today))
    if abs(day - today).days > _NEAR_BACK_DAYS:
        near = by_tense([day_period(day) for day in days], today, reading.tense())
        day = near.first if near and near.first else day
    return wide(day)


def _weekend_of(day: date) -> Period | None:
    """The weekend nearest to a holiday: "Memorial Day weekend" is the one before that Monday."""
    near = shift_days(day, -2) if day.weekday() < _WEDNESDAY else day
    return weekend_period(near) if near else None


def _is_holiday(reading: Reading) -> bool:
    """Whether the day is meant: not "Christmas trees", "Easter Seals", "Merry Christmas"."""
    following = reading.surface(0)
    describes = following.isalpha() and _GOES_ON.isdisjoint(reading.classes(0))
    describes = describes and {"month-before", "no-noun"}.isdisjoint(reading.classes(-1))
    return not (describes or "wish" in reading.classes(-1) or (following.isalpha() and following.istitle()))


def _holiday_rule(language: str, written: str) -> str | None:
    names = [(name, rule) for name, rule in holidays(language).items() if name.lower().replace("'s", " 's") in written]
    return max(names, key=lambda found: len(found[0]), default=(None, None))[1]


def _day(year: int | None, month: int | None, day: int | None) -> Period | None:
    found = written_day(year, month, day) if year and month and day else None
    return day_period(found) if found else None


def _day_without_year(reading: Reading, month: int, day: int, weekday: int | None) -> date | None:
    today = reading.today()
    if today is None:
        return None
    days = [found for years in (-1, 0, 1) if (found := written_day(today.year + years, month, day))]
    named = [found for found in days if found.weekday() == weekday] if weekday is not None else []
    if len(named) == 1:
        return named[0]
    nearest = min(days, key=lambda found: abs(found - today), default=None)
    tense = reading.tense()
    if nearest is None or tense is None:
        return nearest
    if tense == "past":
        past = max((found for found in days if found <= today), default=nearest)
        return nearest if 0 <= (nearest - today).days <= _NEAR_AHEAD_DAYS else past
    ahead = min((found for found in days if found >= today), default=nearest)
    return nearest if 0 <= (today - nearest).days <= _NEAR_BACK_DAYS else ahead
