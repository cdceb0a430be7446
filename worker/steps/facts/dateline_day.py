"""The day a dateline names: "May 24", "24th May, 2025", "Tuesday", "6 de julio"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from worker.steps.facts.gazetteer import lexicon_lines

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_WEEKDAY = r"(?P<weekday>(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?)\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?![\w%]|[.,:]\d)"
_YEAR = r"(?:,?[ \xa0]{1,2}(?P<year>(?:19|20)\d\d)\b)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"(?:{_WEEKDAY},?[ \xa0]{{1,2}})?{_MONTH}[ \xa0]{{0,2}}{_DAY}{_YEAR}",
        rf"(?:{_WEEKDAY},?[ \xa0]{{1,2}})?{_DAY}[ \xa0]{{0,2}}{_MONTH}{_YEAR}",
        r"(?P<year>(?:19|20)\d\d)-(?P<month>\d\d)-(?P<day>\d\d)\b",
        _WEEKDAY,
    )
)
# In other languages the day stands first: "6. Juli", "1er août", "6 de julho de 2026", "06 LUG", "6 lug.". What is
# short may be a word of another kind ("6 out of 10") unless it is written as an abbreviation, or is May.
_ELSEWHERE = re.compile(
    r"(?P<day>\d{1,2})(?:\.|er|[ºª°])?[ \xa0]{1,2}(?:de[ \xa0]|d['\u2019])?"
    r"(?P<month>[^\W\d_]{4,}\b|[Mm](?:ai|aj|ei|áj|aí)\b|[^\W\d_]{3}(?=\.)|[A-Z]{3}\b)\.?"
    r"(?:,?[ \xa0]{1,2}(?:del?[ \xa0])?(?P<year>(?:19|20)\d\d)\b)?"
)
# What all of them begin with: most words are none of it.
_BEGINNING = re.compile(rf"(?<!\w)(?:\d|{'|'.join(_MONTHS + _WEEKDAYS)})", re.IGNORECASE)
# A story is filed before it is published, but east of its readers it may be tomorrow already.
_LATEST_AHEAD_DAYS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDay:
    """A day as written: a day of a month, with or without its year, or only a day of the week (0 is Monday)."""

    month: int | None = None
    day: int | None = None
    year: int | None = None
    weekday: int | None = None


def match_day(text: str, start: int, end: int) -> tuple[WrittenDay, int] | None:
    """The day written at `start`, and the offset after it; None when there is none before `end`."""
    if not _BEGINNING.match(text, start, end):
        return None
    for form in _FORMS:
        found = form.match(text, start, end)
        if found:
            parts = found.groupdict()
            day, month, year, weekday = (parts.get(name) for name in ("day", "month", "year", "weekday"))
            written = WrittenDay(
                month=_month(month) if month else None,
                day=int(day) if day else None,
                year=int(year) if year else None,
                weekday=_WEEKDAYS.index(weekday[:3].lower()) if weekday else None,
            )
            return written, found.end()
    return _match_elsewhere(text, start, end)


def _match_elsewhere(text: str, start: int, end: int) -> tuple[WrittenDay, int] | None:
    found = _ELSEWHERE.match(text, start, end)
    month = _months_elsewhere().get(found["month"].casefold()) if found else None
    if found is None or month is None:
        return None
    year = int(found["year"]) if found["year"] else None
    return WrittenDay(month=month, day=int(found["day"]), year=year), found.end()


def find_day(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Where the first day between the two offsets is written."""
    for word in _BEGINNING.finditer(text, start, end):
        found = match_day(text, word.start(), end)
        if found:
            return word.start(), found[1]
    return None


def resolve_day(written: WrittenDay, near: date | None) -> date | None:
    """The calendar day that is meant by a story published on or about `near`.

    Without a written year it is the nearest such day: "December 31" in a story of 1 January is last year's. A bare
    weekday is the last one, tomorrow included. None when the year is unknown or there is no such day.
    """
    if written.month is None or written.day is None:
        if written.weekday is None or near is None:
            return None
        latest = near + timedelta(days=_LATEST_AHEAD_DAYS) if near < date.max else near
        back = timedelta(days=(latest.weekday() - written.weekday) % 7)
        return latest - back if latest - date.min >= back else None
    if written.year is not None:
        return _calendar_day(written.year, written.month, written.day)
    if near is None:
        return None
    days = [_calendar_day(year, written.month, written.day) for year in (near.year - 1, near.year, near.year + 1)]
    return min((day for day in days if day), key=lambda day: abs(day - near), default=None)


def _month(written: str) -> int:
    return int(written) if written.isdigit() else _MONTHS.index(written[:3].lower()) + 1


@cache
def _months_elsewhere() -> dict[str, int]:
    """The months by their names in other languages, in small letters."""
    rows = (line.split("\t") for line in lexicon_lines("dateline_months.tsv"))
    return {name: int(month) for month, names in rows for name in names.split("|")}


def _calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
