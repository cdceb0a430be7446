"""Lengths of time, what comes round, vague times, and times of day: they name no day by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times.periods import Period, shift_days, shift_months
from worker.steps.facts.times.relative import count_of

if TYPE_CHECKING:
    from datetime import date

    from worker.steps.facts.times.context import Reading

# ISO 8601 designators of the units, and how many of them one unit is.
_DESIGNATORS = {
    "second": ("PT", 1, "S"),
    "minute": ("PT", 1, "M"),
    "hour": ("PT", 1, "H"),
    "day": ("P", 1, "D"),
    "week": ("P", 1, "W"),
    "fortnight": ("P", 2, "W"),
    "month": ("P", 1, "M"),
    "quarter": ("P", 3, "M"),
    "year": ("P", 1, "Y"),
    "decade": ("P", 10, "Y"),
    "century": ("P", 100, "Y"),
}
_DAYS = {"day": 1, "week": 7, "fortnight": 14}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def duration(reading: Reading) -> Period | None:
    """Two days, a two-year boom: a length with no place in the calendar."""
    return _length(reading, None, None)


def span_of_units(reading: Reading) -> Period | None:
    """The past two days, the next three weeks: a length that ends or begins at the document's day."""
    shift = reading.number("shift")
    if reading.word(0) == "of" or (reading.written().startswith("last ") and "may-last" in reading.classes(-1)):
        # "The last three months of 2021" ends with another day, and "it may last three months" with none.
        return _length(reading, None, None)
    if not shift:
        return these_units(reading)
    return _length(reading, *_bounds(reading, ahead=shift > 0))


def these_units(reading: Reading) -> Period | None:
    """These two days: up to the document's day."""
    return _length(reading, *_bounds(reading, ahead=reading.tense() == "future"))


def over_units(reading: Reading) -> Period | None:
    """Over two days: up to the document's day, when the clause speaks of the present."""
    return _length(reading, *(_bounds(reading, ahead=False) if reading.tense_before() is None else (None, None)))


def _length(reading: Reading, first: date | None, last: date | None) -> Period | None:
    unit = str(reading.parts["unit"])
    if unit not in _DESIGNATORS or (unit == "quarter" and "one" in reading.parts):
        # "A quarter of the voters".
        return None
    count = count_of(reading)
    before, times, after = _DESIGNATORS[unit]
    value = f"{before}X{after}" if count is None else f"{before}{count * times}{after}"
    return Period(kind="duration", value=value, first=first, last=last)


def _bounds(reading: Reading, *, ahead: bool) -> tuple[date | None, date | None]:
    count, unit = count_of(reading), str(reading.parts["unit"])
    if count is None or not 0 < count < 10_000 or (unit not in _DAYS and unit not in _MONTHS):
        return None, None
    today = reading.today()
    if today is None:
        return None, None
    if unit in _DAYS:
        days = count * _DAYS[unit]
        return (shift_days(today, 1), shift_days(today, days)) if ahead else (shift_days(today, 1 - days), today)
    months = count * _MONTHS[unit]
    found = shift_months(today, months if ahead else -months)
    if found is None:
        return None, None
    # The same day of the month; the 28th is in all of them.
    other = today.replace(year=found[0], month=found[1], day=min(today.day, 28))
    return (today, other) if ahead else (other, today)


def weekday_set(reading: Reading) -> Period | None:
    """Every Friday, Fridays."""
    number = reading.number("weekday")
    return Period(kind="set", value=f"XXXX-WXX-{number + 1}") if number is not None else None


def set_of_units(reading: Reading) -> Period | None:
    """Every day, per year."""
    unit = str(reading.parts.get("unit") or reading.written().split()[-1])
    before, times, after = _DESIGNATORS.get(unit, ("", 0, ""))
    return Period(kind="set", value=f"{before}{times}{after}") if times else None


def set_named(reading: Reading) -> Period | None:
    """Daily, weekly."""
    return Period(kind="set", value=str(reading.parts["set"]))


def vague(reading: Reading) -> Period | None:
    """In recent days, in the coming weeks: near the document's day, no one knows how near."""
    reading.today()
    return Period(kind="vague", value=None)


def clock(reading: Reading) -> Period | None:
    """5 p.m. EST: a time; the day is that of the sentence, and is added when the whole text is read."""
    hour = reading.number("int")
    if hour is not None and "noon" not in reading.parts and not _is_hour(reading, hour):
        return None
    return Period(kind="time", value=None)


def _is_hour(reading: Reading, hour: int) -> bool:
    if 1 <= hour <= 12:
        return True
    # 0735 GMT
    figures = reading.signs.word(reading.match.first)
    return "zone" in reading.parts and len(figures) == 4 and hour // 100 <= 24 and hour % 100 < 60
