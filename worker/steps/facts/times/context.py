"""What stands around a mention of time: its words, its clause, and the periods that the story named before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from worker.steps.facts.times.grammar import grammar
from worker.steps.facts.times.periods import quarter_period, shift_months
from worker.steps.facts.times.tense import Clause

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from worker.model.facts import TimeKind
    from worker.steps.facts.prose import Prose
    from worker.steps.facts.times.lexicon import Value
    from worker.steps.facts.times.matching import Match, Signs
    from worker.steps.facts.times.periods import Period
    from worker.steps.facts.times.tense import Tense

# How many sentences back a story's last named period still holds for "two days later".
MAX_SENTENCES_OFF = 2
# The same for the quarter of a company's results, with which all is compared.
_QUARTER_SENTENCES = 10
_YEAR_MONTHS = 12
# Of how many months companies tell results other than those of a quarter and a year.
_LONG_RESULTS = frozenset({"P6M", "P9M"})
_NO_CLASSES: frozenset[str] = frozenset()
# No story names more times in so few sentences; a list might.
_MOST_NAMED = 40


class Named(NamedTuple):
    """A period that the story has named: by which words, in which sentence."""

    period: Period
    rule: str
    resolver: str
    start: int
    end: int
    sentence: int
    anchor: date | None


@dataclass(slots=True)
class Reading:
    """One match in its text, in the sentence of that index.

    `anchor` is set by what resolves it, when it uses the document's day or another.
    """

    prose: Prose
    signs: Signs
    language: str | None
    day: date | None
    match: Match
    sentence: int
    named: list[Named]
    anchor: date | None = field(default=None)

    @property
    def parts(self) -> Mapping[str, Value]:
        """The values of the pattern's parts."""
        return self.match.parts

    def number(self, name: str) -> int | None:
        """The value of a part that is a number, or None when the part was not there."""
        value = self.match.parts.get(name)
        return value if isinstance(value, int) else None

    def word(self, offset: int) -> str:
        """The words before the mention (-1, -2 …) and after it (0, 1 …), in small letters."""
        return self.signs.word((self.match.first if offset < 0 else self.match.last) + offset).lower()

    def surface(self, offset: int) -> str:
        """The same as written."""
        return self.signs.word((self.match.first if offset < 0 else self.match.last) + offset)

    def classes(self, offset: int) -> frozenset[str]:
        """The classes of the words before and after the mention."""
        signs = self.signs
        index = (self.match.first if offset < 0 else self.match.last) + offset
        return (
            signs.words.classes.get(signs.signs[index], _NO_CLASSES) if 0 <= index < len(signs.signs) else _NO_CLASSES
        )

    def classes_within(self) -> frozenset[str]:
        """The classes of all words of the mention."""
        classes = self.signs.words.classes
        return frozenset().union(
            *(classes.get(sign, ()) for sign in self.signs.signs[self.match.first : self.match.last])
        )

    def written(self) -> str:
        """The words of the mention, with one space between, in small letters."""
        return " ".join(self.signs.word(index) for index in range(self.match.first, self.match.last)).lower()

    def today(self) -> date | None:
        """The document's day, to which the mention is then anchored."""
        self.anchor = self.day
        return self.day

    def quarter(self) -> Period | None:
        """The quarter that the story is about: the latest of those named lately that are over; others are compared."""
        here, today = self.sentence, self.day
        quarters: list[date] = []
        ended: list[date] = []
        for named in self.named[: -_MOST_NAMED - 1 : -1]:
            if here - named.sentence > _QUARTER_SENTENCES:
                break
            first, last = named.period.first, named.period.last
            over = today is None or (last is not None and last < today)
            if first and named.period.kind == "quarter" and named.resolver != "year_ago" and over:
                (ended if named.resolver == "quarter_ended" else quarters).append(first)
        # "The quarter ended July 31" mostly has a number of its own in the story.
        quarters = quarters or ended
        if not quarters:
            return None
        # "After a flat second quarter", "$3 million in the third quarter of last year": a later one is compared.
        later = shift_months(quarters[0], _YEAR_MONTHS)
        latest = max(quarters)
        first = latest if later and (latest.year, latest.month) <= later else quarters[0]
        self.anchor = first
        return quarter_period(first.year, (first.month + 2) // 3)

    def is_of_months(self) -> bool:
        """Whether the sentence speaks of the first six or nine months of a year, and not of a quarter behind them."""
        here = self.sentence
        for named in self.named[: -_MOST_NAMED - 1 : -1]:
            if named.sentence != here or named.period.kind == "quarter":
                return False
            if named.period.value in _LONG_RESULTS:
                return True
        return False

    def lately(self, *kinds: TimeKind, sentences: int = MAX_SENTENCES_OFF) -> Period | None:
        """The period of one of these kinds that the story named last, not far back; the mention is anchored to it."""
        here = self.sentence
        for named in self.named[: -_MOST_NAMED - 1 : -1]:
            if here - named.sentence > sentences:
                return None
            if named.period.kind in kinds and named.period.first is not None:
                self.anchor = named.period.first
                return named.period
        return None

    def tense(self) -> Tense | None:
        """Whether the clause looks back or ahead."""
        return self._clause().tense()

    def tense_before(self) -> Tense | None:
        """The same, by the verbs before the mention alone."""
        return self._clause().before()

    def follows(self) -> bool:
        """Whether what is told came after the mention: "since Friday"."""
        return "back-near" in self.classes(-1) | self.classes(-2)

    def is_asked_for(self) -> bool:
        """Whether what is told is asked of someone, or something else comes before it."""
        return self._clause().is_asked_for()

    def is_firmly_ahead(self) -> bool:
        """Whether a word close before the mention leaves no doubt that it is ahead."""
        return self._clause().is_firmly_ahead()

    def _clause(self) -> Clause:
        start, end = self.prose.sentences[self.sentence] if self.prose.sentences else (0, 0)
        match = self.match
        return Clause(self.signs, self.language, match.first, match.last, start, end)

    def about_sport(self) -> bool:
        """Whether the story is about a match, whose quarters are not the calendar's."""
        return _about_sport(self.prose.text, self.language)


# Each quarter of a report on a company's year asks the same of the whole text.
@lru_cache(maxsize=1)
def _about_sport(text: str, language: str | None) -> bool:
    return _sport(language).search(text) is not None


@cache
def _sport(language: str | None) -> re.Pattern[str]:
    values = grammar(language).words.values
    words = sorted({word.lower() for word, entry in values.items() if "sport" in entry})
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, words))})\b" if words else r"(?!)")
