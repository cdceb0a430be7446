"""Numbers, be they written in figures or in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.numerals import DIGITS, DigitReader
from worker.steps.facts.figures.spelled import SpelledReader
from worker.steps.facts.figures.tokens import WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.numerals import Numeral
    from worker.steps.facts.figures.tokens import Tokens

# "A hundred and a half" is none of fifty.
_LEAST_HALVED: Final = 1000


class NumeralReader:
    """Reads the number that begins at a token, in figures or in words."""

    __slots__ = ("_digits", "_spelled", "_tokens", "_words")

    def __init__(self, tokens: Tokens, words: Words) -> None:
        self._tokens = tokens
        self._words = words
        self._digits = DigitReader(tokens, words)
        self._spelled = SpelledReader(tokens, words)

    def read(self, index: int, *, money: bool = False) -> Numeral | None:
        """The number at a token, if there is one; `money` says that a currency stands before it."""
        sort = self._tokens.sort[index]
        if sort in DIGITS:
            found = self._digits.read(index, money=money)
        else:
            found = self._spelled.read(index) if sort == WORD else None
        if found and found.part:
            return self._of_a_million(found)
        return self._and_half(found) if found and found.scaled else found

    def _of_a_million(self, part: Numeral) -> Numeral:
        """A quarter of a million, three-quarters of a billion."""
        low, words = self._tokens.low, self._words
        last = part.last + 3
        if low[part.last + 1] != "of" or not words.has("article", low[part.last + 2]):
            return part
        factor = words.scale.get(low[last], 0)
        return part.times(factor, last) if factor >= _LEAST_HALVED else part

    def _and_half(self, number: Numeral) -> Numeral:
        """A million and a half, 3 million and a half; but "a million and a half of the rest"."""
        low, words = self._tokens.low, self._words
        last = number.last + 3
        if low[number.last + 1] != "and" or not words.has("article", low[number.last + 2]):
            return number
        half = words.part.get(low[last]) == 2 and low[last + 1] != "of"
        scale = words.scale.get(low[number.last], 0) if half else 0
        more = scale / 2 if scale >= _LEAST_HALVED else 0
        return number._replace(last=last, low=number.low + more, high=number.high + more) if more else number
