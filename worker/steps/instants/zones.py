"""What follows a time: its UTC offset, as a number or as a name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

# RFC 822's own names, then those that the tz database uses or used as abbreviations; in minutes. Where it knows two
# places for a name, RFC 822 decides (CST and PST are American), then today's use (BST is British, AST Atlantic).
_NAMES = {
    name: round(hours * 60)
    for hours, names in (
        (-11, "SST"),
        (-10, "HST"),
        (-9, "AKST HDT"),
        (-8, "PST AKDT"),
        (-7, "MST PDT"),
        (-6, "CST MDT"),
        (-5, "EST CDT COT PET"),
        (-4, "EDT AST CLT VET BOT"),
        (-3.5, "NST"),
        (-3, "ADT ART BRT CLST UYT"),
        (-2.5, "NDT"),
        (-2, "BRST"),
        (0, "UT UTC GMT Z WET"),
        (1, "CET MEZ MET BST WEST WAT"),
        (2, "CEST MESZ MEST EET SAST CAT"),
        (3, "EEST MSK TRT EAT IDT"),
        (3.5, "IRST"),
        (4, "MSD SAMT GST GET AZT"),
        (4.5, "IRDT AFT"),
        (5, "YEKT PKT UZT"),
        (5.5, "IST"),
        (5.75, "NPT"),
        (6, "OMST"),
        (6.5, "MMT"),
        (7, "WIB ICT KRAT NOVT"),
        (8, "HKT SGT MYT PHT AWST WITA IRKT"),
        (9, "JST KST WIT YAKT"),
        (9.5, "ACST"),
        (10, "AEST VLAT CHST"),
        (10.5, "ACDT"),
        (11, "AEDT MAGT"),
        (12, "NZST PETT"),
        (13, "NZDT"),
    )
    for name in names.split()
}
# India has most of its users; Israel and Ireland use the same letters.
_GUESSED = {"IST": "Indian time"}
# What American papers write all year round: the offset of their standard time, in hours.
_AMERICAN = {"ET": -5, "CT": -6, "MT": -7, "PT": -8}
# Energy Policy Act of 2005: from the second Sunday in March to the first in November, as of 2007.
_FIRST_AMERICAN_YEAR = 2007

_MAX_HOURS, _MAX_MINUTES = 23, 59
# Offsets in use run from -12:00 to +14:00.
_USED_OFFSETS = range(-12 * 60, 14 * 60 + 1)

_ZONE = re.compile(
    # What some languages put after a clock time; the last is Cyrillic, for "year".
    r"(?:(?:uhr|hrs?|h|hs|uur|น|ч|\u0433)\b[\s.,]*)?"
    r"(?P<name>[a-z]{1,5}\b|[a-z]{1,5}(?=[+-]))?[\s,]?"
    # "+030" is neither half an hour nor three hours; "-700" can only be seven.
    r"(?:(?P<sign>[+-]|--)"
    r"(?:(?P<hours>\d{1,2})(?:[:.](?P<minutes>\d\d)(?::(?P<seconds>\d\d))?)?|(?P<run>[1-9]\d\d|\d{4}))(?!\d))?"
    r"\s?(?P<after>[a-z]{1,5}\b)?"
    r"[^\d+]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone as far as it is known: minutes east of UTC, or None. `note` is a warning, {} stands for the surface."""

    offset_minutes: int | None = None
    note: str | None = None


UNKNOWN = Zone()
IMPOSSIBLE = Zone(note="impossible")


def read_zone(rest: str, day: date) -> Zone | None:
    """The zone at the start of what follows a time; UNKNOWN when it names none, None when digits are left over.

    An offset beats a name. A military letter is no zone: RFC 5322, 4.3, has given them up. IMPOSSIBLE is an offset of
    a day or more, or one with seconds, which RFC 3339 cannot carry.
    """
    match = _ZONE.fullmatch(rest.strip(" .,;:|"))
    if match is None:
        return None
    name = (match["name"] or "").upper()
    if match["sign"] is None:
        return _named(name, day)
    run = match["run"] or "0"
    hours, minutes = int(match["hours"] or run[:-2] or 0), int(match["minutes"] or run[-2:])
    if hours > _MAX_HOURS or minutes > _MAX_MINUTES or int(match["seconds"] or 0):
        return IMPOSSIBLE
    minutes += hours * 60
    offset = -minutes if match["sign"].startswith("-") else minutes
    if offset not in _USED_OFFSETS:
        return Zone(offset, "no place has the UTC offset of {}")
    # "GMT+2" is an offset from GMT; anything else beside the number repeats it.
    beside = _named((match["after"] or "").upper() or ("" if name in {"UT", "UTC", "GMT"} else name), day)
    if beside.offset_minutes not in {None, offset}:
        return Zone(offset, "offset and time zone differ in {}, offset taken")
    return Zone(offset)


def _named(name: str, day: date) -> Zone:
    if name in _AMERICAN and day.year >= _FIRST_AMERICAN_YEAR:
        return Zone((_AMERICAN[name] + _is_american_summer(day)) * 60)
    if name in _GUESSED:
        return Zone(_NAMES[name], f"time zone {name} in {{}} taken as {_GUESSED[name]}")
    return Zone(_NAMES.get(name))


def _is_american_summer(day: date) -> bool:
    # The nights when clocks change count by their day: at most two hours of the year may be an hour off.
    starts = _first_sunday(day.year, 3) + timedelta(days=7)
    return starts <= day < _first_sunday(day.year, 11)


def _first_sunday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=6 - first.weekday())
