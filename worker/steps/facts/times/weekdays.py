"""Days that are named by their weekday."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times.periods import (
    Period,
    day_period,
    nearest_weekday,
    nth_weekday,
    shift_days,
    shift_months,
    written_day,
)
from worker.steps.facts.times.relative import POSSESSIVE, count_of, part_of_day

if TYPE_CHECKING:
    from worker.steps.facts.times.context import Reading

_NEAR_DAYS = 2
_MAX_MOVED_WORDS = 5
# "Monday's deadly car bomb attack".
_MAX_NOUN_WORDS = 5
# "Ahead of the long awaited talks in Istanbul on Monday".
_MAX_AHEAD_WORDS = 9
# Nothing is told by weeks that is further away.
_MOST_WEEKS = 100


def weekday(reading: Reading) -> Period | None:
    """A day of the week: the last one, today included, or the next one when the clause looks ahead."""
    number, today = reading.number("weekday"), reading.today()
    if number is None or today is None or _is_name(reading):
        return None
    if number == today.weekday():
        # A morning paper's "Saturday" on a Saturday.
        return part_of_day(reading, today)
    if _is_unplanned(reading):
        return part_of_day(reading, nearest_weekday(today, number, latest=True))
    days_back = (today.weekday() - number) % 7
    moved = _is_moved(reading)
    tense = "future" if moved or _is_intended(reading) or _is_awaited(reading) else reading.tense()
    if 7 - days_back <= _NEAR_DAYS and (tense is None or reading.word(0) in POSSESSIVE or _is_voted_on(reading)):
        # Tomorrow's name, or tomorrow's match, is rarely that of a day of last week.
        ahead = not reading.follows()
    elif 7 - days_back <= _NEAR_DAYS and "part" not in reading.parts and (reading.is_asked_for() or _begins(reading)):
        ahead = True
    else:
        # On a Sunday, "Saturday" is yesterday, unless it is clearly not.
        ahead = tense == "future" and (days_back >= _NEAR_DAYS or moved or reading.is_firmly_ahead())
    return part_of_day(reading, nearest_weekday(today, number, latest=not ahead))


def night_of_weekdays(reading: Reading) -> Period | None:
    """Overnight Friday to Saturday, overnight into Saturday: named by the day on which it began."""
    first, last, today = reading.number("weekday"), reading.number("last"), reading.today()
    if last is None or today is None or (first is not None and (first + 1) % 7 != last):
        return None
    ahead = last != today.weekday() and reading.tense() == "future"
    morning = nearest_weekday(today, last, latest=not ahead)
    evening = shift_days(morning, -1) if morning else None
    return Period("night", evening.isoformat(), evening, morning) if evening else None


def _is_name(reading: Reading) -> bool:
    """Whether no day is meant: "Super Tuesday", "the Sunday Times", "Mail on Sunday", "on a Tuesday"."""
    if "day-name" in reading.classes(-1):
        return True
    if "article" in reading.classes(-1) and not (reading.word(0).isalpha() and "no-noun" not in reading.classes(0)):
        # "He was born on a Tuesday"; not "a Tuesday hearing".
        return True
    following = reading.surface(0)
    if "part" in reading.parts:
        return following.istitle() and reading.signs.word(reading.match.last - 1).istitle()
    return ("paper" in reading.classes(0) and following.istitle()) or (
        reading.word(-1) == "on" and "paper" in reading.classes(-2) and "determiner" in reading.classes(-3)
    )


def _is_unplanned(reading: Reading) -> bool:
    """Whether the day is that of "Monday's deadly attack": nobody speaks of one that is to come."""
    if reading.word(0) not in POSSESSIVE:
        return "unplanned" in reading.classes(0) and "determiner" in reading.classes(-1)
    for offset in range(1, _MAX_NOUN_WORDS):
        if "unplanned" in reading.classes(offset):
            return True
        if "no-noun" in reading.classes(offset) or not reading.word(offset).isalpha():
            return False
    return False


def _is_intended(reading: Reading) -> bool:
    """Whether the day is that of "a meeting for Friday", "set for 5 p.m. Friday"."""
    before = reading.named[-1] if reading.named else None
    start = reading.signs.spans[reading.match.first][0]
    timed = before is not None and before.resolver == "clock" and before.end + 1 == start
    if "answered" in reading.classes(-2):
        # "Responsibility for Friday's attack".
        return False
    return any("intended" in reading.classes(offset) for offset in ((-2, -3) if timed else (-1,)))


def _is_voted_on(reading: Reading) -> bool:
    """Whether the day is that of "the primary on Tuesday"."""
    return "election" in reading.classes(_behind_noun(reading))


def _is_awaited(reading: Reading) -> bool:
    """Whether the day is that of "ahead of the Iowa caucuses on Monday"; "ahead of Norris on Sunday" is over."""
    for ahead in range(-_MAX_AHEAD_WORDS, -2):
        if reading.word(ahead) == "ahead" and reading.word(ahead + 1) == "of":
            return any("awaited" in reading.classes(offset) for offset in range(ahead + 2, 0))
    return False


def _behind_noun(reading: Reading) -> int:
    """The offset of the word to which the day belongs: before it, or before its "on"."""
    return -2 if reading.word(-1) == "on" else -1


def _begins(reading: Reading) -> bool:
    """Whether the day is the first of what was declared: "a pause from Sunday", not "from Sunday to Monday"."""
    return reading.word(-1) == "from" and reading.word(0) not in {"to", "until", "till", "through", *POSSESSIVE}


def _is_moved(reading: Reading) -> bool:
    """Whether the day is one of "moved from Thursday to Sunday"."""
    return reading.word(-1) in {"to", "from"} and any(
        "moved" in reading.classes(-offset) for offset in range(2, _MAX_MOVED_WORDS)
    )


def weekday_shifted(reading: Reading) -> Period | None:
    """Last Friday: before the document's day; next Friday, this coming Friday: after it; this Friday: in its week."""
    number, shift, today = reading.number("weekday"), reading.number("shift"), reading.today()
    if number is None or today is None:
        return None
    written = reading.written().split()
    if shift is None:
        shift = -1 if {"past", "previous"} & set(written) else 1
    lately = reading.lately("day", "time") if "previous" in written else None
    if lately and lately.first and lately.first.weekday() == number:
        # "Down from the previous Friday", told of a Friday.
        today = lately.first
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


def weeks_ago_weekday(reading: Reading) -> Period | None:
    """A week ago Tuesday: a week before the last Tuesday."""
    number, today, count = reading.number("weekday"), reading.today(), count_of(reading)
    if number is None or today is None or not count or count > _MOST_WEEKS or reading.parts["unit"] != "week":
        return None
    last = nearest_weekday(today, number, latest=True)
    return part_of_day(reading, shift_days(last, -7 * count)) if last else None
