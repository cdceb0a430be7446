"""Numbers in dates and times of day, and strings of numbers: clock times, versions, telephone numbers.

The times of a text are found elsewhere; this is what keeps dates out of the figures where they are not known.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.numerals import is_proper_fraction
from worker.steps.facts.figures.tokens import WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens
    from worker.steps.facts.figures.units import UnitReader

_YEARS: Final = range(1000, 2200)
# A number of four digits among these is a year, whatever follows; of the others only one that nothing is counted by.
_LIKELY_YEARS: Final = range(1900, 2100)
_ROUND: Final = frozenset({"1900", "2000"})
_LINKS: Final = frozenset({".", ",", ":", "/", "-", "\u2013", "_"})
_DASHES: Final = frozenset({"-", "\u2013"})


class DateReader:
    """Tells for the numbers of one sentence whether they are dates, times or parts of longer strings."""

    __slots__ = ("_tokens", "_units", "_words")

    def __init__(self, tokens: Tokens, words: Words, units: UnitReader) -> None:
        self._tokens = tokens
        self._words = words
        self._units = units

    def skip(self, index: int) -> int:
        """The token after a date or a time that the number belongs to, else 0."""
        return self._clock(index) or self._day(index) or self._year(index)

    def may_be(self, index: int) -> bool:
        """Whether a number that is no year is short enough for a day or an hour, or a clock follows."""
        tokens = self._tokens
        return len(tokens.low[index]) < 3 or tokens.low[index + 1] in self._words.classes["clock"]

    def chain(self, index: int) -> int:
        """The token after numbers with signs between that are no figure: 5:30, 12/05/2024, 4.4.2, 555-0199."""
        tokens = self._tokens
        last, signs = index, list[str]()
        while (
            tokens.low[last + 1] in _LINKS
            and tokens.glued(last + 1)
            and tokens.glued(last + 2)
            and tokens.is_number(last + 2)
        ):
            signs.append(tokens.low[last + 1])
            last += 2
        if not signs:
            return 0
        links = "".join(signs)
        first, second = tokens.low[index], tokens.low[last]
        if len(links) > 1:
            figure = links == "-/" and is_proper_fraction(tokens.low[last - 2], second)
        elif links == ":":
            figure = len(second) == 1
        elif links == "/":
            figure = is_proper_fraction(first, second) and not self._is_month(last + 1)
        else:
            figure = links in _DASHES and not self._is_telephone(first, second) and not self._is_season(index, last)
        return 0 if figure else last + 1

    def _is_telephone(self, first: str, second: str) -> bool:
        return (len(second) == 4 and len(first) in (3, 5) and second.isdecimal()) or (
            second[0] == "0" and second != "0"
        )

    def _is_season(self, index: int, last: int) -> bool:
        """2014-15, 1939-1945."""
        second = self._tokens.low[last]
        return is_year(self._tokens.low[index]) and len(second) in (2, 4) and self._units.after(last + 1) is None

    def _clock(self, index: int) -> int:
        tokens, words = self._tokens, self._words
        after = tokens.low[index + 1]
        if words.has("clock", after):
            return index + 2
        if len(tokens.low[index]) > 2 or not words.has("clock_link", after) or not tokens.is_number(index + 2):
            return 0
        further = tokens.low[index + 3]  # "from 3 to 4:30 p.m."
        return index + 2 if words.has("clock", further) or (further == ":" and tokens.is_number(index + 4)) else 0

    def _day(self, index: int) -> int:
        """A day of a month: May 24, 24 May 2022, March 11 and 12."""
        tokens, words = self._tokens, self._words
        word = tokens.low[index]
        if len(word) > 2 or not word.isdecimal() or not 1 <= int(word) <= 31:
            return 0
        before = index - 2 if tokens.low[index - 1] == "." else index - 1
        if self._is_month(before) and not (words.has("in", tokens.low[before - 1]) and self.counts(index + 1)):
            return self._after_day(index + 1)
        if self._is_month(index + 1) and not tokens.glued(index + 1):
            return self._after_day(index + 2)
        ends = not tokens.low[index + 1].isalnum()
        return index + 1 if ends and words.has("weekday", tokens.low[before]) else 0

    def _after_day(self, at: int) -> int:
        """Past the year or the other day that may follow a day."""
        tokens = self._tokens
        after = at + 1 if tokens.low[at] == "," else at
        if tokens.is_number(after) and is_year(tokens.low[after]):
            return after + 1
        if self._words.has("clock_link", tokens.low[at]) and tokens.is_number(at + 1) and len(tokens.low[at + 1]) <= 2:
            return at if self.counts(at + 2) else at + 2
        return at

    def _year(self, index: int) -> int:
        """A year, unless it plainly counts or measures something."""
        tokens, words = self._tokens, self._words
        word = tokens.low[index]
        if not is_year(word):
            return 0
        before = index - 2 if tokens.low[index - 1] == "." else index - 1
        decade = tokens.glued(index + 1) and words.has("decade_end", tokens.low[index + 1])
        if self._is_month(before) or decade:
            return index + 1
        beyond = index + 3 if tokens.low[index + 1] in _DASHES and tokens.is_number(index + 2) else index + 1
        measure = self._units.after(beyond)
        if measure and measure.unit.kind != "duration":
            return 0
        lead = tokens.low[index - 1]
        counts = self.counts(index + 1)
        if int(word) not in _LIKELY_YEARS:
            return index + 1 if not counts and words.has("in_year", lead) else 0
        plenty = word in _ROUND or lead == "than" or words.has("approximate", lead) or words.has("bound", lead)
        return 0 if plenty and counts and not words.has("year_before", lead) else index + 1

    def _is_month(self, index: int) -> bool:
        return self._tokens.capital(index) and self._words.has("month", self._tokens.low[index].rstrip("."))

    def counts(self, index: int) -> bool:
        """Whether a plural in small letters follows at once or after a few other words."""
        tokens, words = self._tokens, self._words
        for at in range(index, min(index + 4, tokens.count)):
            word = tokens.low[at]
            if word == "-" and at > index and tokens.glued(at):
                continue
            if tokens.sort[at] != WORD or words.has("boundary", word):
                return False
            if words.is_plural(word):
                return at > index or not tokens.capital(at)
            if at > index + 1 and tokens.capital(at):
                return False
        return False


def is_year(word: str) -> bool:
    """Whether a number is written as years are."""
    return len(word) == 4 and word.isdecimal() and int(word) in _YEARS
