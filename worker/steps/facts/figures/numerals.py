"""The grammar of numbers that are written in figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from worker.steps.facts.figures.tokens import FRACTION, NUMBER, WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens

# The sorts of tokens that begin a number in figures.
DIGITS: Final = frozenset({NUMBER, FRACTION})
# What stands below the line where fractions are written in figures; 9/11 and 24/7 are none.
DENOMINATORS: Final = frozenset({2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 32, 64, 100, 128})
# Longer strings of digits are identifiers, not numbers.
_MAX_DIGITS: Final = 20
_VULGAR: Final = {
    "\u00bc": 1 / 4, "\u00bd": 1 / 2, "\u00be": 3 / 4, "\u2150": 1 / 7, "\u2151": 1 / 9, "\u2152": 1 / 10,
    "\u2153": 1 / 3, "\u2154": 2 / 3, "\u2155": 1 / 5, "\u2156": 2 / 5, "\u2157": 3 / 5, "\u2158": 4 / 5,
    "\u2159": 1 / 6, "\u215a": 5 / 6, "\u215b": 1 / 8, "\u215c": 3 / 8, "\u215d": 5 / 8, "\u215e": 7 / 8,
}  # fmt: skip
_SLASHES: Final = frozenset({"/", "\u2044"})
# What may join a number in figures with more of it.
_JOINTS: Final = frozenset({*_SLASHES, "-"})
_NO_SEPARATORS: Final = str.maketrans("", "", ",\u00a0\u2009\u202f")


class Numeral(NamedTuple):
    """A number from one token to another, `last` included. `high` differs from `low` where a word names a magnitude.

    `scaled` says that a scale belongs to it (million), `part` that it is a fraction, `digits` that it is written in
    figures, `vague` that it is not exact.
    """

    first: int
    last: int
    low: float
    high: float
    scaled: bool = False
    part: bool = False
    digits: bool = False
    vague: bool = False

    def times(self, factor: float, last: int | None = None) -> Numeral:
        """The same number with a scale, which ends at the token `last` when it stands behind it."""
        return self._replace(
            low=self.low * factor,
            high=self.high * factor,
            last=self.last if last is None else last,
            scaled=True,
            part=False,
        )


class DigitReader:
    """Reads the number in figures that begins at a token."""

    __slots__ = ("_tokens", "_words")

    def __init__(self, tokens: Tokens, words: Words) -> None:
        self._tokens = tokens
        self._words = words

    def read(self, index: int, *, money: bool) -> Numeral | None:
        """The number with its scale; with a currency before it (`money`), letters for scales may stand apart."""
        tokens = self._tokens
        if tokens.sort[index] == FRACTION:
            value, last = _VULGAR[tokens.low[index]], index
        else:
            plain = tokens.low[index].translate(_NO_SEPARATORS)
            if len(plain) > _MAX_DIGITS:
                return None
            following = tokens.low[index + 1]
            if not (following in self._words.scales or following in _JOINTS or tokens.sort[index + 1] in DIGITS):
                value = float(plain)
                return Numeral(index, index, value, value, digits=True)
            value, last = self._fraction(float(plain), index)
        part = value < 1 and (last > index or tokens.sort[index] == FRACTION)
        return self._scale(Numeral(first=index, last=last, low=value, high=value, digits=True, part=part), money=money)

    def _fraction(self, value: float, index: int) -> tuple[float, int]:
        """What a fraction adds to the number at a token or makes of it: 1½, 7-1/2, 104 23/32, 1/16."""
        tokens = self._tokens
        after = index + 1
        if tokens.sort[after] == FRACTION and tokens.glued(after):
            return value + _VULGAR[tokens.low[after]], after
        below = self._below(index)
        if below:
            return (value / below, index + 2) if value < below else (value, index)
        upper = after + 1 if tokens.hyphen(after) else after
        if upper == after and (not tokens.is_number(after) or tokens.glued(after)):
            return value, index
        below = self._below(upper)
        if below and value.is_integer():
            over = float(tokens.low[upper].translate(_NO_SEPARATORS))
            if over < below:
                return value + over / below, upper + 2
        return value, index

    def _below(self, upper: int) -> int:
        """What stands below the line of a fraction whose upper part is the token, or 0."""
        tokens = self._tokens
        slash, lower = upper + 1, upper + 2
        if tokens.low[slash] not in _SLASHES or not tokens.is_number(upper) or not tokens.is_number(lower):
            return 0
        if not tokens.glued(slash) or not tokens.glued(lower) or tokens.low[lower + 1] in _SLASHES:
            return 0
        number = tokens.low[lower]
        return int(number) if len(number) < 4 and number.isdecimal() and int(number) in DENOMINATORS else 0

    def _scale(self, number: Numeral, *, money: bool) -> Numeral:
        """Scales behind figures: "4 hundred million", "3bn", "1.2-million"."""
        tokens, words = self._tokens, self._words
        factor, last = 1.0, number.last
        while True:
            at = last + 2 if tokens.hyphen(last + 1) else last + 1
            word = tokens.low[at]
            known = words.scale.get(word) or words.dozen.get(word)
            if known:
                factor, last = factor * known, at
                continue
            if factor == 1 and word in words.short and self._is_short(word, at, money=money):
                factor, last = words.short[word], at
            break
        return number if last == number.last else number.times(factor, last)

    def _is_short(self, word: str, at: int, *, money: bool) -> bool:
        """Whether letters behind a number are a scale: "$5m", "3 bn", "12.3m tonnes"; "5m high" is a length."""
        tokens = self._tokens
        if len(word) > 1:
            return money or not self._words.has("money_scale", word)
        if money:
            return tokens.glued(at) or (word != "k" and not tokens.low[at + 1].isalpha())
        return tokens.glued(at) and self._words.has("letter_scale", word) and self._counts(at + 1)

    def _counts(self, index: int) -> bool:
        """Whether a plural in small letters is near enough to be what is counted."""
        tokens, words = self._tokens, self._words
        for at in range(index, min(index + 5, tokens.count)):
            if at > index and words.has("coordinator", tokens.low[at]):
                continue
            if tokens.sort[at] != WORD or words.has("boundary", tokens.low[at]) or tokens.capital(at):
                return False
            if words.is_plural(tokens.low[at]):
                return True
        return False


def is_proper_fraction(upper: str, lower: str) -> bool:
    """Whether two numbers with a slash between them are a fraction below one."""
    return (
        upper.isdecimal()
        and lower.isdecimal()
        and len(lower) < 4
        and int(lower) in DENOMINATORS
        and int(upper[:4]) < int(lower)
    )
