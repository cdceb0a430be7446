"""From the parts of a date to a moment, or to the reason why there is none."""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from .grammar import Parts, parts
from .surface import Surface, read_surface
from .words import NOTHING
from .zones import IMPOSSIBLE, UNKNOWN, Zone, read_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.article import Precision

_EPOCH = re.compile(r"(\d{9,10})(?:\.\d{1,9})?|(\d{12,13})")
_EPOCH_YEARS = range(1990, 2100)
_YEAR = re.compile(r"(?:19|20)\d\d")

# No publisher means such a year: 0001-01-01 is what programs write that have no date.
_FIRST_YEAR = 1000
# The years of the Islamic calendars, solar and lunar, in our time; no news is that old.
_OTHER_CALENDARS = range(1300, 1500)
# RFC 5322, 4.3: two digits below fifty are of this century.
_CENTURY_TURN = 50
# Thai dates count from the Buddha's death, in two digits as well.
_BUDDHIST_YEARS = 543
_FIRST_BUDDHIST_YEAR = 2400
_THAI = re.compile("[\u0e00-\u0e7f]")
_HAN = re.compile("[\u4e00-\u9fff]")
_HANGUL = re.compile("[\uac00-\ud7a3]")


# The forms of RFC 822 and RFC 3339, which most feeds write to the letter: there is one way to read them.
_YEARS = r"(?:19[7-9]|20[0-9])[0-9]"
_CLOCK_TIME = r"([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])"
_MONTHS = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), start=1
    )
}
_RFC_822 = re.compile(
    rf"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?([0-9]{{1,2}}) ({'|'.join(_MONTHS)}) ({_YEARS}) {_CLOCK_TIME} "
    r"(?:GMT|([+-])(0[0-9]|1[01])([0-5][0-9]))"
)
_RFC_3339 = re.compile(
    rf"({_YEARS})-([0-9]{{2}})-([0-9]{{2}})T{_CLOCK_TIME}(?:\.([0-9]{{1,9}}))?(?:Z|([+-])(0[0-9]|1[01]):([0-5][0-9]))"
)


class Unread(Enum):
    """Why there is no instant; the value is a warning's beginning."""

    UNREADABLE = "unreadable date"
    IMPOSSIBLE = "impossible date"
    AMBIGUOUS = "ambiguous date"
    OTHER_CALENDAR = "date of another calendar"


@dataclass(frozen=True, slots=True)
class Read:
    """A moment, and the notes that its reading needs; {} in a note stands for the surface."""

    at: datetime
    precision: Precision
    notes: tuple[str, ...] = ()


class _Day(NamedTuple):
    date: date
    notes: tuple[str, ...] = ()


class _Clock(NamedTuple):
    """A time of day. `carry_days` is 1 for hour 24; `leap` says that the second was written as 60."""

    at: time
    precision: Precision
    carry_days: int = 0
    leap: bool = False


def parse(raw: str) -> Read | Unread:
    """Read a date of publication, or say why not."""
    at = _to_the_letter(raw)
    return _parse(raw) if at is None else Read(at, "second")


def _to_the_letter(raw: str) -> datetime | None:
    """A moment in the form that a standard gives it, read in a twentieth of the time; None for all others."""
    fraction = None
    if (match := _RFC_822.fullmatch(raw)) is not None:
        day, name, year, hour, minute, second, sign, *offset = match.groups()
        month = str(_MONTHS[name])
    elif (match := _RFC_3339.fullmatch(raw)) is not None:
        year, month, day, hour, minute, second, fraction, sign, *offset = match.groups()
    else:
        return None
    zone = UTC
    if sign is not None:
        hours, minutes = map(int, offset)
        east = 60 * hours + minutes
        zone = _timezone(Zone(-east if sign == "-" else east))
    microsecond = int(f"{fraction or 0:0<6}"[:6])
    try:
        return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second), microsecond, zone)
    except ValueError:
        return None


def _parse(raw: str) -> Read | Unread:
    surface = read_surface(raw)
    epoch = _EPOCH.fullmatch(surface.text)
    if epoch:
        return _epoch(*epoch.groups())
    if _YEAR.fullmatch(surface.text):
        return Read(datetime(int(surface.text), 1, 1, tzinfo=UTC), "year")
    found = parts(surface)
    if found is None:
        return Unread.UNREADABLE
    day = _day(found, thai=_THAI.search(raw) is not None)
    if isinstance(day, Unread):
        return day
    return _with_time(surface, found, day) if found.clock else _without_time(found, day)


def _epoch(seconds: str | None, milliseconds: str) -> Read | Unread:
    whole = int(seconds) if seconds else int(milliseconds) // 1000
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=whole)
    if at.year not in _EPOCH_YEARS:
        return Unread.UNREADABLE
    return Read(at, "second", (f"{{}} read as {'seconds' if seconds else 'milliseconds'} since 1970",))


def _without_time(found: Parts, day: _Day) -> Read | Unread:
    zone = read_zone(found.zone, day.date)
    if zone is None:
        return Unread.UNREADABLE
    if zone is IMPOSSIBLE:
        return Unread.IMPOSSIBLE
    precision: Precision = "day" if found.has_day else "month"
    # A day is the publisher's own wherever that is; it needs no zone to be right.
    return Read(datetime.combine(day.date, time(), _timezone(zone)), precision, day.notes)


def _with_time(surface: Surface, found: Parts, day: _Day) -> Read | Unread:
    clock, zone = _clock(found), _zone(surface, found, day.date)
    if not found.has_day or zone is None:
        return Unread.UNREADABLE
    if clock is None or zone is IMPOSSIBLE:
        return Unread.IMPOSSIBLE
    notes = [*day.notes, *filter(None, [zone.note])]
    try:
        at = datetime.combine(day.date, clock.at, _timezone(zone)) + timedelta(days=clock.carry_days)
        utc = at.astimezone(UTC)
    except OverflowError:
        return Unread.IMPOSSIBLE
    if clock.leap:
        # Leap seconds are inserted at the end of a UTC day; the second before it keeps the day right.
        if (utc.hour, utc.minute) != (23, 59):
            return Unread.IMPOSSIBLE
        notes.append("leap second in {} read as the second before it")
    return Read(at, clock.precision, tuple(notes))


def _timezone(zone: Zone) -> timezone:
    return timezone(timedelta(minutes=zone.offset_minutes)) if zone.offset_minutes else UTC


def _day(found: Parts, *, thai: bool) -> _Day | Unread:
    """The one day that the parts may mean; the first of a month that stands alone."""
    readings = dict.fromkeys(_readings(found, thai=thai))
    if any(year in _OTHER_CALENDARS for year, _, _ in readings):
        return Unread.OTHER_CALENDAR
    days = [date(*reading) for reading in readings if _exists(*reading)]
    if not days:
        return Unread.IMPOSSIBLE
    if len(days) == 1:
        return _Day(days[0])
    named = {weekday for token in found.weekdays for weekday in (token.means or NOTHING).weekdays}
    fitting = [day for day in days if day.weekday() in named]
    if len(fitting) == 1:
        return _Day(fitting[0])
    # All locales of CLDR that write dots and the year last put the day first.
    if found.order == "nnY" and found.signs == "..":
        return _Day(days[0], ("day taken before month in {}",))
    return Unread.AMBIGUOUS


def _exists(year: int, month: int, day: int) -> bool:
    return year >= _FIRST_YEAR and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]


def _readings(found: Parts, *, thai: bool) -> Iterator[tuple[int, int, int]]:
    """Every (year, month, day) that the parts may mean, the likeliest first."""
    year = partial(_year, thai=thai)
    texts = found.numbers
    if found.months:
        months = _months(found)
        if len(texts) == 1:
            yield from ((year(texts[0]), month, 1) for month in months)
        else:
            # Two digits at the end are a year; four are one anywhere.
            day_text, year_text = texts if len(texts[0]) < len("2025") else reversed(texts)
            yield from ((year(year_text), month, int(day_text)) for month in months)
        return
    match found.order:
        case "Yn":
            yield year(texts[0]), int(texts[1]), 1
        case "nY":
            yield year(texts[1]), int(texts[0]), 1
        case "Ynn":
            yield year(texts[0]), int(texts[1]), int(texts[2])
        case _:
            first, second, third = texts
            yield year(third), int(second), int(first)
            yield year(third), int(first), int(second)
            if found.order == "nnn":
                yield year(first), int(second), int(third)


def _months(found: Parts) -> tuple[int, ...]:
    """The months that the month's names may mean, in the weekday's language if there is one.

    "listopad" is November in Polish and Czech, and October in Croatian.
    """
    means = [token.means or NOTHING for token in found.months]
    months = frozenset.intersection(*(name.months for name in means))
    spoken = frozenset().union(*((token.means or NOTHING).languages.get(0, ()) for token in found.weekdays))
    return tuple(sorted(m for m in months if means[0].languages[m] & spoken) or sorted(months))


def _year(text: str, *, thai: bool) -> int:
    number = int(text)
    if len(text) == 1:
        return 0
    if len(text) < len("2025"):
        if thai:
            return number + 2500 - _BUDDHIST_YEARS
        return number + (2000 if number < _CENTURY_TURN else 1900)
    return number - _BUDDHIST_YEARS if thai and number >= _FIRST_BUDDHIST_YEAR else number


def _clock(found: Parts) -> _Clock | None:
    """The time of day, or None when there is no such time."""
    numbers = re.findall(r"\d+", found.clock)
    hour, minute, second = (int(number) for number in [*numbers[:3], "0", "0"][:3])
    fraction = numbers[3] if len(numbers) > 3 else "0"
    if found.half and hour <= 12:
        # Japanese counts hours of a half from 0, English from 12.
        hour = hour % 12 + (12 if found.half == "p" else 0)
    elif found.half == "a":
        return None
    precision: Precision = "second" if len(numbers) >= 3 else "minute"
    if (hour, minute, second) == (24, 0, 0):
        return _Clock(time(), precision, carry_days=1)
    leap = second == 60
    try:
        at = time(hour, minute, 59 if leap else second, 0 if leap else int(f"{fraction:0<6}"[:6]))
    except ValueError:
        return None
    return _Clock(at, precision, leap=leap)


def _zone(surface: Surface, found: Parts, day: date) -> Zone | None:
    """The zone that follows the time, else one in brackets, else that of the one country that writes so, else UTC."""
    # "CST" is American by RFC 822, but nobody in America writes Chinese.
    text = found.zone.replace("CST", "+08:00") if _HAN.search(surface.raw) else found.zone
    zone = read_zone(text, day)
    if zone != UNKNOWN:
        return zone
    in_brackets = read_zone(surface.comment, day)
    if in_brackets is not None and in_brackets.offset_minutes is not None:
        return in_brackets
    for script, hours, name in ((_HANGUL, 9, "Korean"), (_THAI, 7, "Thai")):
        if script.search(surface.raw):
            return Zone(hours * 60, f"no time zone in {{}}, taken as {name} time")
    return Zone(0, "no time zone in {}, taken as UTC")
