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
# How far before "last year" the "compared with" may stand.
_MAX_COMPARED_WORDS = 14
# How far before "overnight" the "not" may stand.
_MAX_NEGATED_WORDS = 5
# "A few", "a couple of", where "a" is the count of the pattern.
_MANY = frozenset({"few", "couple"})
POSSESSIVE = frozenset({"'s", "\u2019s"})


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
    if reading.signs.word(reading.match.last - 1).istitle() and reading.surface(-1)[:1].isupper():
        # "USA Today" is a name.
        return None
    if reading.word(0) in POSSESSIVE and "nowadays" in reading.classes(1):
        return None
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
    """Two weeks ago: as exact as its unit; not "half a century ago"."""
    if "one" in reading.parts and reading.word(-1) in {"half", "of"}:
        return None
    return away(reading, reading.today(), -1)


def ago_day(reading: Reading) -> Period | None:
    """A week ago today, two years ago yesterday."""
    today, count, days = reading.today(), count_of(reading), reading.number("deictic")
    day = shift_days(today, days) if today and days is not None else None
    if day is None or count is None or count > _MOST:
        return None
    if reading.parts["unit"] == "year":
        return day_period(found) if (found := written_day(day.year - count, day.month, day.day)) else None
    return _days_away(day, -7 * count) if reading.parts["unit"] == "week" else None


def years_ago_month(reading: Reading) -> Period | None:
    """Two years ago this month."""
    today, count = reading.today(), count_of(reading)
    if today is None or count is None or reading.parts["unit"] != "year":
        return None
    return month_period(today.year - count, today.month)


def from_now(reading: Reading) -> Period | None:
    """Two weeks from now."""
    return away(reading, reading.today(), 1)


def in_future(reading: Reading) -> Period | None:
    """In three days, in a clause that looks ahead; else it is how long something takes."""
    if count_of(reading) == 1 and reading.parts["unit"] in {"day", "quarter"}:
        return None
    if "one" in reading.parts and reading.word(0).isalpha() and "no-noun" not in reading.classes(0):
        # "In a week that saw much".
        return None
    # "The first in five years", "the lowest level in ten years" look back.
    start = reading.prose.sentences[reading.sentence][0]
    for index in range(reading.match.first - 2, max(reading.match.first - 10, -1), -1):
        if reading.signs.spans[index][0] < start:
            break
        offset = index - reading.match.first
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
    parts = reading.parts
    if "many" in parts or not _MANY.isdisjoint(reading.written().split()):
        return None
    count = reading.number("int")
    if count is not None:
        return count
    tens, ones = reading.number("tens"), reading.number("number")
    if tens is not None or ones is not None:
        return (tens or 0) + (ones or 0)
    return 1 if "one" in parts else None


def unit_shifted(reading: Reading) -> Period | None:
    """Last week, this month, next year, the past year, the end of this month."""
    today, shift, unit = reading.today(), reading.number("shift"), str(reading.parts["unit"])
    if today is None or shift is None or unit in {"minute", "hour", "second", "day", "fortnight"}:
        return None
    # "This Week" is a programme; "the past century" is no century of the calendar.
    if reading.signs.word(reading.match.last - 1).istitle() or (unit == "century" and shift < 0):
        return None
    if unit == "year" and shift < 0 and (quarter := _compared_quarter(reading)):
        return quarter
    return period_away(today, unit, shift)


def _compared_quarter(reading: Reading) -> Period | None:
    """The quarter that "last year" is, in "a loss for the third quarter, compared with a profit last year"."""
    if not any("compare" in reading.classes(-offset) for offset in range(1, _MAX_COMPARED_WORDS)):
        return None
    before, here = reading.named[-1] if reading.named else None, reading.sentence
    if before is None or before.sentence != here or before.period.kind != "quarter" or before.period.first is None:
        return None
    reading.anchor = before.period.first
    return _quarters_away(before.period.first, -4)


def unit_before_last(reading: Reading) -> Period | None:
    """The week before last."""
    today = reading.today()
    return period_away(today, str(reading.parts["unit"]), -2) if today else None


def unit_after_next(reading: Reading) -> Period | None:
    """The week after next."""
    today = reading.today()
    return period_away(today, str(reading.parts["unit"]), 2) if today else None


def unit_current(reading: Reading) -> Period | None:
    """Earlier in the week, the end of the year."""
    today, unit = reading.today(), str(reading.parts["unit"])
    if unit == "day" and "edge" in reading.parts:
        lately = reading.lately("day", "night", "time", sentences=3)
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
    over = reading.follows() or (reading.tense() == "past" and today.month < 7)
    return month_period(today.year - 1 if over else today.year, 12)


def overnight(reading: Reading) -> Period | None:
    """The night before the document's day; not "an overnight success", "overnight rates"."""
    today = reading.today()
    is_night = "article" not in reading.classes(-1) and "lending" not in reading.classes(0)
    # "Wounds do not heal overnight".
    is_night = is_night and not any("negation" in reading.classes(-offset) for offset in range(1, _MAX_NEGATED_WORDS))
    return night_period(today) if today and is_night else None
