"""Longer parts of the calendar as they are written: seasons, quarters, years, decades, centuries."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.times.periods import (
    Period,
    by_tense,
    century_period,
    decade_period,
    half_period,
    quarter_period,
    season_period,
    year_period,
    years_period,
)

if TYPE_CHECKING:
    from worker.steps.facts.times.context import Reading

# Two-digit years of a decade: '20s and later are this century's when the story is of this century.
_CENTURY = 100
# "The 2000s" are ten years, "the 1900s" mostly a hundred.
_FIRST_SHORT_DECADE = 2000
_NEAR_QUARTER_DAYS = 100
# "2000 years"; "2030 GMT".
_AFTER_COUNTS = frozenset({"unit", "zone"})
# "1600 North Capitol Street".
_MAX_STREET_WORDS = 4
# Four figures are a year behind "in", "since" and the like, and alone when they are of these times.
_EARLIEST_BARE_YEAR = 1500
_EARLIEST_PLAIN_YEAR, _LATEST_PLAIN_YEAR = 1900, 2059


def season_of_year(reading: Reading) -> Period | None:
    """The summer of 2024; spring 2024."""
    year = year_of(reading)
    return season_period(year, str(reading.parts["season"])) if year else None


def season_of_shifted_year(reading: Reading) -> Period | None:
    """The spring of last year."""
    today, shift = reading.today(), reading.number("shift")
    return season_period(today.year + shift, str(reading.parts["season"])) if today and shift is not None else None


def season_shifted(reading: Reading) -> Period | None:
    """Last summer; this fall; next spring."""
    today, shift, season = reading.today(), reading.number("shift"), str(reading.parts["season"])
    if today is None or shift is None:
        return None
    seasons = [season_period(today.year + years, season) for years in (-2, -1, 0, 1)]
    if shift < 0:
        return next((s for s in reversed(seasons) if s and s.last and s.last < today), None)
    if shift > 0:
        return next((s for s in seasons if s and s.first and s.first > today), None)
    going_on = next((s for s in seasons if s and s.first and s.last and s.first <= today <= s.last), None)
    return going_on or season_period(today.year, season)


def season(reading: Reading) -> Period | None:
    """In the summer: the nearest by tense."""
    today, name = reading.today(), str(reading.parts["season"])
    if reading.signs.word(reading.match.last - 1).istitle() and reading.surface(0)[:1].isupper():
        # "The Winter Olympics".
        return None
    # "In spring water", "in winter sports".
    describes = reading.word(0).isalpha() and "no-noun" not in reading.classes(0)
    if today is None or (describes and not reading.written().startswith("the ")):
        return None
    # "Last spring" may have begun, and "by fall" not.
    return by_tense([season_period(today.year + years, name) for years in (-1, 0, 1)], today, reading.tense())


def quarter_of_year(reading: Reading) -> Period | None:
    """The third quarter of 1990; last year's third quarter."""
    year, quarter = year_of(reading), reading.number("ordinal")
    return quarter_period(year, quarter) if year and quarter else None


def quarter(reading: Reading) -> Period | None:
    """The third quarter: the nearest by tense."""
    number, today = reading.number("ordinal"), reading.today()
    if number is None or today is None or reading.about_sport():
        return None
    quarters = [quarter_period(today.year + years, number) for years in (-1, 0, 1)]
    ahead, behind = by_tense(quarters, today, "future"), by_tense(quarters, today, "past")
    # A company will report the quarter that is just over; of others, and of one that is near, it will speak otherwise.
    near = ahead is not None and ahead.first is not None and (ahead.first - today).days <= _NEAR_QUARTER_DAYS
    over = behind is not None and behind.last is not None and (today - behind.last).days > _NEAR_QUARTER_DAYS
    may_be_ahead = ahead and (near or over) and reading.word(0) != "ended"
    return ahead if may_be_ahead and reading.tense() == "future" else behind


def year_ago_quarter(reading: Reading) -> Period | None:
    """The year-ago third quarter."""
    found = quarter(reading)
    return quarter_period(found.first.year - 1, (found.first.month + 2) // 3) if found and found.first else None


def half(reading: Reading) -> Period | None:
    """First-half profit: of the last such half that has begun."""
    number, today = reading.number("ordinal"), reading.today()
    if number is None or today is None or reading.about_sport():
        return None
    return by_tense([half_period(today.year + years, number) for years in (-1, 0)], today, "past")


def half_of_year(reading: Reading) -> Period | None:
    """The first half of 1990; the first two quarters of the year."""
    half = reading.number("ordinal")
    if "year" not in reading.parts and "shift" not in reading.parts:
        today = reading.today()
        year = today.year if today else None
    else:
        year = year_of(reading)
    return half_period(year, half) if year and half else None


def year_of_period(reading: Reading) -> Period | None:
    """The 1988 period: the year, or its quarter when the story is about quarters."""
    year = reading.number("year")
    if year is None:
        return None
    quarter = None if reading.is_of_months() else reading.quarter()
    return quarter_period(year, (quarter.first.month + 2) // 3) if quarter and quarter.first else year_period(year)


def year(reading: Reading) -> Period | None:
    """A year in words, or in figures where what stands around speaks for a year and not for a count."""
    spoken = year_of(reading)
    if spoken is None:
        return None
    if "year" in reading.parts and "edge" not in reading.parts and not _is_year(reading, spoken):
        return None
    return year_period(spoken)


def year_named(reading: Reading) -> Period | None:
    """The year 2000; fiscal 1990."""
    year = reading.number("year")
    return year_period(year) if year else None


def year_short(reading: Reading) -> Period | None:
    """In '98: the last such year, the coming one included."""
    year = None if reading.surface(0)[:1].isupper() else year_of(reading)
    return year_period(year) if year else None


def first_of_years(reading: Reading) -> Period | None:
    """The first year of 2014-15 or 2014-2018."""
    first, last = reading.number("year"), _last_year(reading)
    return year_period(first) if first is not None and last is not None and first < last else None


def second_of_years(reading: Reading) -> Period | None:
    """The second year of 2014-15 or 2014-2018."""
    before, start = reading.named[-1] if reading.named else None, reading.signs.spans[reading.match.first - 1][0]
    if before is None or before.resolver != first_of_years.__name__ or before.end != start or not before.period.first:
        return None
    last = _last_year(reading, before.period.first.year)
    return year_period(last) if last is not None else None


def _last_year(reading: Reading, first: int | None = None) -> int | None:
    first, last = first or reading.number("year"), reading.number("last")
    if first is None or last is None:
        return None
    return last + first - first % _CENTURY if last < _CENTURY else last


def decade(reading: Reading) -> Period | None:
    """The 1980s; the '80s; the eighties; of the 1800s it is not said which ten years they are."""
    year, two, name = reading.number("year"), reading.number("two"), reading.number("eighties")
    if year is not None:
        if year % _CENTURY == 0 and year < _FIRST_SHORT_DECADE:
            return years_period(year, _CENTURY, f"{year // _CENTURY:02}")
        return decade_period(year // 10) if year % 10 == 0 else None
    tens = name if name is not None else two // 10 if two is not None and two % 10 == 0 else None
    if tens is None:
        return None
    today = reading.today()
    century = 20 if today is None else today.year // _CENTURY
    found = (century if today and century * 10 + tens <= today.year // 10 else century - 1) * 10 + tens
    return decade_period(found)


def century(reading: Reading) -> Period | None:
    """The 20th century; not "20th Century Fox", nor the fourth century of a cricket match."""
    named = reading.signs.word(reading.match.last - 1).istitle() and reading.surface(0).istitle()
    end = reading.signs.spans[reading.match.last - 1][1]
    joined = reading.prose.text[end : end + 2]
    if named or (joined[:1] == "-" and joined[1:].isalpha()) or reading.about_sport():
        return None
    number = reading.number("ordinal") or reading.number("int")
    return century_period(number) if number else None


def _is_year(reading: Reading, year: int) -> bool:
    """Whether four figures are a year: in news mostly, where a count has a comma; but not before what is counted."""
    before, after, following = reading.classes(-1), reading.word(0), reading.classes(0)
    if reading.word(-1) == ".":
        # "Post No. 1922".
        before |= reading.classes(-2) & {"year-not"}
    # "In 2019 workers struck" begins with its year.
    counted = not following.isdisjoint(_AFTER_COUNTS) or (
        "counted" in following and not reading.surface(0).isupper() and reading.surface(-1) != "In"
    )
    counted = (
        counted
        or ("measured" in reading.classes(-2) and "year-count" in before)
        or (after == "a" and "unit" in reading.classes(1))
    )
    if counted or "year-not" in before or (after == "-" and reading.word(1).isalpha()) or _is_address(reading):
        return False
    plural = (
        after.isalpha() and after.islower() and after.endswith("s") and len(after) > 3 and "yearly" not in following
    )
    # "The 1980 and 1984 campaigns".
    listed = "year" in reading.classes(-2)
    if plural and not listed and ("year-count" in before or not before):
        return False
    if "year-after" in before or "edge" in reading.parts:
        return year >= _EARLIEST_BARE_YEAR
    # "Windows 2000", "10-2000".
    return _EARLIEST_PLAIN_YEAR <= year <= _LATEST_PLAIN_YEAR and not (
        (reading.surface(-1)[:1].isupper() and "determiner" not in before) or reading.word(-1) in {"-", "/", ":", "+"}
    )


def _is_address(reading: Reading) -> bool:
    """Whether four figures begin what is no year: "2012 Main Street", "1990.5"."""
    if reading.surface(0) == ".":
        spans, last = reading.signs.spans, reading.match.last
        return reading.surface(1)[:1].isdecimal() and spans[last][1] == spans[last + 1][0]
    if "determiner" in reading.classes(-1):
        # "The 2008 Wall Street crash".
        return False
    for offset in range(_MAX_STREET_WORDS):
        if not reading.surface(offset)[:1].isupper():
            return False
        if offset and "street" in reading.classes(offset):
            return True
    return False


def year_of(reading: Reading) -> int | None:
    """The year of a mention: in figures (of '98 too), as a shift from the document's, or as it is spoken."""
    if "year" in reading.parts:
        return reading.number("year")
    shift, two = reading.number("shift"), reading.number("two")
    if shift is not None or two is not None:
        today = reading.today()
        if today is None or shift is not None:
            return today.year + (shift or 0) if today else None
        year = today.year - today.year % _CENTURY + (two or 0)
        return year if year <= today.year + 1 else year - _CENTURY
    written = reading.written()
    ones, tens = reading.number("number") or 0, reading.number("tens") or 0
    if "two thousand" in written:
        return 2000 + ones
    return 1900 + tens + ones if "nineteen" in written and tens + ones >= 10 else None
