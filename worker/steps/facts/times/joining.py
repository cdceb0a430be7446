"""What can only be said when all times of a text are known: times that belong together, and days of quotations."""

from __future__ import annotations

import re
from bisect import bisect_left
from datetime import date, timedelta
from typing import TYPE_CHECKING

from worker.steps.facts.times.periods import RANGE_GAP, Period, day_period, shift_days

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.prose import Prose
    from worker.steps.facts.times.context import Named

_CLOCK = "clock"
_ZONED = "clock_24"
_TIME_SENTENCES = 3
# A time, the same time in brackets, and their day.
_TIME_TIME_DAY = 3
_DURATION = "duration"
_LEADING = frozenset({_CLOCK, _DURATION})
_WEEKDAY = "weekday"
_WEEKDAYS = frozenset({_WEEKDAY, "weekday_shifted"})
_DAYS = frozenset({"day", "night", "time"})
# What may stand between a time and its day that are one mention: "5 p.m. EST, Nov. 6", "9 a.m. Moscow time on Friday".
_TIME_GAP = re.compile(r"(?:[ \xa0](?:local|[A-Z][a-z]{1,20}) time)?[ \xa0]?,?[ \xa0](?:on[ \xa0])?")
# The same behind a time that is told again: "6 p.m. (1600 GMT) on Friday".
_CLOSED_GAP = re.compile(r"\),?[ \xa0](?:on[ \xa0])?")
_BRACKET = re.compile(r"[ \xa0]?(?:local time[ \xa0]?)?\(")
# "At 9 p.m., up from 53 percent on May 4": such a day behind a time is another one.
_OTHER_DAY = re.compile(r"\b(?:from|since|than|after|before|until|compared|versus)\b")
# "Two weeks before Christmas"; "from Monday to Wednesday".
_AWAY_GAP = re.compile(r"[ \xa0](before|after|from)[ \xa0]")
_BESIDE_GAP = re.compile(r",?[ \xa0]\(?(?:on[ \xa0])?")
_AND_GAP = re.compile(r"(?:,|[ \xa0](?:and|or))[ \xa0](?:on[ \xa0])?")
_LENGTH = re.compile(r"P(\d{1,4})([DW])")
_LENGTH_DAYS = {"D": 1, "W": 7}
# What is quoted was said at most so long before the document's day, on a day that such rules resolve.
_SAID_WITHIN = timedelta(days=7)
_DATE = "day_of_month"
_SAID_ON = frozenset({_WEEKDAY, _DATE, "deictic_day", "last_night"})
_DEICTIC = frozenset({"deictic_day", "this_part", "tonight", "last_night", "overnight"})
_SAID = re.compile(
    r"\b(?:said|told|wrote|posted|added|announced|stated|tweeted|post|statement|interview|conference|speech)\b"
)
# Who said it, and when, stands close to what was said.
_MAX_FRAME_CHARS = 400
_LETTER = re.compile(r"[^\W\d_]")
_MARK = re.compile(r"[\"\u201c\u201d\u00ab\u00bb]")


def join_times(prose: Prose, named: list[Named], day: date | None) -> list[Named]:
    """Joins what is one mention, gives times of day their days, and "today" in a quotation the day when it was said."""
    joined: list[Named] = []
    here = 0
    while here < len(named):
        found, following = named[here], named[here + 1] if here + 1 < len(named) else None
        again = _told_again(prose.text, named[here : here + _TIME_TIME_DAY]) if found.resolver == _CLOCK else None
        here += 1
        both = _joined(prose.text, found, following) if following else None
        if following and found.resolver in _WEEKDAYS:
            found = _named_twice(prose.text, found, following)
        if again:
            joined.append(again)
            here += 1
        elif both:
            joined.append(_said_twice(prose.text, joined[-1], both) if joined else both)
            here += 1
        elif found.resolver == _CLOCK:
            before = joined[-1] if joined and joined[-1].resolver == _CLOCK else None
            timed = _with_day(prose.text, found, joined, following, day)
            if before is None or not _BRACKET.fullmatch(prose.text, before.end, found.start):
                joined.append(timed)
            elif before.period.value is None:
                # "10:35 a.m. (0735 GMT)" is one time, said twice.
                joined[-1] = before._replace(period=timed.period, anchor=timed.anchor)
        else:
            joined.append(_after(prose.text, joined[-1], found, day) if joined else found)
    if day is None:
        return joined
    return _all_when_said(prose, joined, day)


def _all_when_said(prose: Prose, named: list[Named], day: date) -> list[Named]:
    lately = any(found.resolver in _SAID_ON and _is_lately(found.period.first, day) for found in named)
    near = [index for index, found in enumerate(named) if found.resolver in _DEICTIC] if lately else []
    quotations = _quotations(prose, sorted({prose.paragraph_at(named[index].start) for index in near}))
    if not quotations:
        return named
    moved, starts = named.copy(), [found.start for found in named]
    for index in near:
        for start, end in _frame(prose, quotations, named[index].start):
            around = named[bisect_left(starts, start) : bisect_left(starts, end)]
            when = _when_said(named[index], around, day) if around and _SAID.search(prose.text, start, end) else None
            if when:
                moved[index] = when
                break
    return moved


def _is_lately(said_on: date | None, day: date) -> bool:
    return said_on is not None and timedelta(0) < day - said_on <= _SAID_WITHIN


def _told_again(text: str, named: list[Named]) -> Named | None:
    """The first of "6 p.m. (1600 GMT) on Friday", a time that is told again before its day, with that day."""
    if len(named) < _TIME_TIME_DAY:
        return None
    found, again, after = named
    day = after.period.first
    if again.resolver != _CLOCK or after.resolver == _CLOCK or after.period.kind not in _DAYS or day is None:
        return None
    if not (_BRACKET.fullmatch(text, found.end, again.start) and _CLOSED_GAP.fullmatch(text, again.end, after.start)):
        return None
    return found._replace(period=day_period(day, "time"), anchor=day)


def _joined(text: str, found: Named, following: Named) -> Named | None:
    """Two neighbours as one mention, when they are one: "noon Friday", "two days after May 3"."""
    if found.resolver not in _LEADING:
        return None
    period = following.period
    if period.first is None or period.kind not in _DAYS or following.resolver == _CLOCK:
        return None
    if found.resolver == _CLOCK and _TIME_GAP.fullmatch(text, found.end, following.start):
        return following._replace(period=day_period(period.first, "time"), start=found.start)
    length = _LENGTH.fullmatch(found.period.value or "") if found.resolver == _DURATION else None
    away = _AWAY_GAP.fullmatch(text, found.end, following.start) if length else None
    if length is None or away is None:
        return None
    days = int(length[1]) * _LENGTH_DAYS[length[2]]
    moved = shift_days(period.first, -days if away[1] == "before" else days)
    return (
        following._replace(period=day_period(moved), rule="away_from_day", anchor=period.first, start=found.start)
        if moved
        else None
    )


def _said_twice(text: str, before: Named, found: Named) -> Named:
    """The time of "midnight on Saturday (2100 GMT Friday)": another name of that night, so the nearest such day."""
    first, second = before.period.first, found.period.first
    if found.resolver != _WEEKDAY or first is None or second is None or before.period.kind not in _DAYS:
        return found
    if not _BRACKET.fullmatch(text, before.end, found.start):
        return found
    near = filter(None, (shift_days(first, days) for days in (0, -1, 1)))
    same = next((day for day in near if day.weekday() == second.weekday()), second)
    return found._replace(period=day_period(same, "time"))


def _named_twice(text: str, found: Named, following: Named) -> Named:
    """The weekday of "next Friday (June 6)": the day that stands beside it, when it is one of that name."""
    first, second = found.period.first, following.period.first
    if found.resolver not in _WEEKDAYS or following.resolver != _DATE or not first or not second:
        return found
    same = first.weekday() == second.weekday() and _BESIDE_GAP.fullmatch(text, found.end, following.start)
    return found._replace(period=day_period(second, found.period.kind)) if same else found


def _after(text: str, before: Named, found: Named, day: date | None) -> Named:
    """The second weekday of "from Monday to Wednesday" and "next Monday and Tuesday" is not before the first."""
    first, second = before.period.first, found.period.first
    if found.resolver != _WEEKDAY or before.resolver not in _WEEKDAYS or not first or not second or first <= second:
        return found
    ranged = before.resolver == _WEEKDAY and RANGE_GAP.fullmatch(text, before.end, found.start)
    listed = day and second < day < first and _AND_GAP.fullmatch(text, before.end, found.start)
    moved = shift_days(second, 7) if ranged or listed else None
    return found._replace(period=day_period(moved, found.period.kind)) if moved else found


def _with_day(text: str, found: Named, before: list[Named], after: Named | None, day: date | None) -> Named:
    """A time with the day that its sentence names, else with the last one named, a few sentences before.

    "0735 GMT" may else be of the document's day; of "the shop closes at 6 p.m." no one knows the day.
    """
    near = [named for named in before[-2:] if named.sentence == found.sentence]
    if after and after.sentence == found.sentence and not _OTHER_DAY.search(text, found.end, after.start):
        near.append(after)
    near += [named for named in before[-4:] if 0 < found.sentence - named.sentence <= _TIME_SENTENCES]
    near = [named for named in near if named.period.kind in _DAYS and named.period.first]
    other = min(near, key=lambda named: abs(named.start - found.start), default=None)
    anchor = other.period.first if other else day if found.rule == _ZONED else None
    return found._replace(period=day_period(anchor, "time") if anchor else found.period, anchor=anchor)


def _when_said(found: Named, around: Sequence[Named], day: date) -> Named | None:
    """The mention, moved to the day on which what stands around its quotation says that it was said."""
    for other in around:
        said_on = other.period.first
        if other.resolver in _SAID_ON and said_on is not None and _is_lately(said_on, day):
            moved = _moved(found.period, said_on - day)
            if moved:
                return found._replace(period=moved, anchor=said_on)
    return None


def _moved(period: Period, away: timedelta) -> Period | None:
    if period.value is None or period.first is None or period.last is None:
        return None
    value = shift_days(date.fromisoformat(period.value), away.days)
    first, last = shift_days(period.first, away.days), shift_days(period.last, away.days)
    return period._replace(value=value.isoformat(), first=first, last=last) if value and first and last else None


def _quotations(prose: Prose, paragraphs: Sequence[int]) -> list[tuple[int, int]]:
    """From where to where something is quoted; a quotation that does not end lasts as long as its paragraph."""
    found: list[tuple[int, int]] = []
    for start, end in (prose.paragraphs[index] for index in paragraphs):
        opened: int | None = None
        for mark in _MARK.finditer(prose.text, start, end):
            opens = mark[0] in "\u201c\u00ab" or (mark[0] == '"' and opened is None)
            if opened is not None:
                found.append((opened, mark.start()))
            opened = mark.start() if opens else None
        if opened is not None:
            found.append((opened, end))
    return found


def _frame(prose: Prose, quotations: list[tuple[int, int]], here: int) -> list[tuple[int, int]]:
    """What stands before and after the quotation around `here` in its first and last sentence; none in no quotation."""
    index = bisect_left(quotations, (here, 0)) - 1
    if index < 0 or quotations[index][1] < here:
        return []
    paragraph = prose.paragraph_at(here)
    while index >= 0 and prose.paragraph_at(quotations[index][0]) == paragraph:
        opened, closed = quotations[index]
        before = (max(prose.sentences[prose.sentence_at(opened)][0], opened - _MAX_FRAME_CHARS), opened)
        after = (closed, min(prose.sentences[prose.sentence_at(closed)][1], closed + _MAX_FRAME_CHARS))
        if any(_LETTER.search(prose.text, *around) for around in (before, after)):
            return [before, after]
        # It goes on from the quotation before it, whose speaker has been named.
        index -= 1
    return []
