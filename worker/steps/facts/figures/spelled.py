"""The grammar of English numbers in words: tens and scales, dozens, fractions, and words for magnitudes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.numerals import Numeral

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens


# What may join a number in words with more of it.
_JOINTS: Final = frozenset({"-", "and"})


class SpelledReader:
    """Reads the number in words that begins at a token."""

    __slots__ = ("_tokens", "_words")

    def __init__(self, tokens: Tokens, words: Words) -> None:
        self._tokens = tokens
        self._words = words

    def read(self, index: int) -> Numeral | None:
        """The number, or None where the word begins none."""
        words = self._words
        word = self._tokens.low[index]
        if word in words.small:
            following = self._tokens.low[index + 1]
            joined = following in _JOINTS or following in words.classes["point"]
            if not (joined or following in words.compounding or following in words.scales):
                value = float(words.small[word])
                return Numeral(index, index, value, value)
            return self._with_part(self._point(self._sum(index)))
        if word not in words.begins and word not in words.scale:
            return None
        reader: Callable[[int], Numeral | None] | None = None
        if word in words.part:
            reader = self._half
        elif words.has("article", word):
            reader = self._article
        elif word in words.few:
            reader = self._few
        elif word in words.vague or word in words.tens:
            reader = self._vague
        elif words.has("before_scale", self._tokens.low[index - 1]):
            reader = self._sum
        return reader(index) if reader else None

    # Sums and products of words.

    def _sum(self, index: int) -> Numeral | None:
        """Twenty-eight thousand six hundred forty-two; one hundred and three; a bare scale is one of it."""
        tokens, words = self._tokens, self._words
        total, current, at, last = 0.0, -1.0, index, index - 1
        biggest = math.inf
        while at < tokens.count:
            word = tokens.low[at]
            factor = words.scale.get(word) or words.dozen.get(word) or self._short(word, current)
            if word in words.small and _adds(current, words.small[word]):
                current = max(current, 0.0) + words.small[word]
            elif factor and factor <= 100 and current < 100:
                current = abs(current) * factor
            elif factor > 100 and factor <= biggest and (current >= 0 or not total):
                total += abs(current) * factor
                biggest, current = factor, -1.0
            elif last >= index and self._joins(at, current, scaled=current >= 100 or total > 0):
                at += 1
                continue
            else:
                break
            last = at
            at += 1
        if last < index:
            return None
        value = total + max(current, 0.0)
        scaled = total > 0 or current >= 100
        return Numeral(first=index, last=last, low=value, high=value, scaled=scaled)

    def _short(self, word: str, current: float) -> int:
        """A scale in short behind a word: "five mln"."""
        words = self._words
        long_enough = len(word) > 1 and current >= 0 and not words.has("money_scale", word)
        return words.short.get(word, 0) if long_enough else 0

    def _joins(self, at: int, current: float, *, scaled: bool) -> bool:
        """Whether a hyphen or "and" goes on with the number."""
        tokens, words = self._tokens, self._words
        following = tokens.low[at + 1]
        if tokens.hyphen(at):
            return following in words.scale or (following in words.small and _adds(current, words.small[following]))
        if tokens.low[at] != "and" or not scaled or following not in words.small:
            return False
        return words.small[following] > 0 and (current < 0 or current % 100 == 0)

    def _point(self, whole: Numeral | None) -> Numeral | None:
        """Decimals as they are spoken: two point five million, zero point zero three."""
        tokens, words = self._tokens, self._words
        if whole is None or not words.has("point", tokens.low[whole.last + 1]):
            return whole
        at = whole.last + 2
        decimals = ""
        while words.small.get(tokens.low[at], 10) < 10 and len(decimals) < 9:
            decimals += str(words.small[tokens.low[at]])
            at += 1
        if not decimals:
            return whole
        value = float(f"{whole.low:.0f}.{decimals}")
        decimal = Numeral(first=whole.first, last=at - 1, low=value, high=value, scaled=whole.scaled)
        factor = words.scale.get(tokens.low[at])
        return decimal.times(factor, at) if factor else decimal

    # Fractions.

    def _with_part(self, number: Numeral | None) -> Numeral | None:
        """Fractions in words ("two-thirds"), and what "and a half" adds."""
        if number is None or number.scaled:
            return number
        tokens, words = self._tokens, self._words
        at = number.last + 2 if tokens.hyphen(number.last + 1) else number.last + 1
        word = tokens.low[at]
        below = words.part.get(word, 0)
        spell = words.has("period", word) and (number.low == 2 or words.has("spell", tokens.low[number.first - 1]))
        if below and 1 <= number.low < below and word.endswith("s") == (number.low > 1) and not spell:
            value = number.low / below
            return Numeral(first=number.first, last=at, low=value, high=value, part=True)
        return self._and_part(number)

    def _and_part(self, number: Numeral) -> Numeral:
        """Two and a half, two-and-a-half, three and three quarters million."""
        tokens, words = self._tokens, self._words
        if tokens.low[number.last + 1] not in ("and", "-"):
            return number
        parts = [at for at in range(number.last + 1, min(number.last + 8, tokens.count)) if not tokens.hyphen(at)][:3]
        if len(parts) < 3 or tokens.low[parts[0]] != "and":
            return number
        count = 1 if words.has("article", tokens.low[parts[1]]) else words.small.get(tokens.low[parts[1]], 0)
        name = tokens.low[parts[2]]
        below = words.part.get(name, 0)
        if not 0 < count < below or name.endswith("s") != (count > 1):
            return number
        value = number.low + count / below
        whole = Numeral(first=number.first, last=parts[2], low=value, high=value)
        factor = words.scale.get(tokens.low[whole.last + 1])
        return whole.times(factor, whole.last + 1) if factor else whole

    def _half(self, index: int) -> Numeral | None:
        """Half of something, half a million, half an hour, the half-hour; not the second half."""
        tokens, words = self._tokens, self._words
        if words.part[tokens.low[index]] != 2 or tokens.low[index].endswith("s"):
            return None
        after = index + 2 if tokens.hyphen(index + 1) else index + 1
        if words.has("article", tokens.low[after]):
            after += 1
        half = Numeral(first=index, last=index, low=0.5, high=0.5, part=True)
        factor = words.scale.get(tokens.low[after]) or words.dozen.get(tokens.low[after])
        if factor:
            more = words.scale.get(tokens.low[after + 1])
            return half.times(factor * more, after + 1) if more else half.times(factor, after)
        before, following = tokens.low[index - 1], tokens.low[index + 1]
        compound = tokens.hyphen(index + 1) and tokens.low[index + 2] in words.longest
        if words.has("no_half", before) or before in words.ordinal or (before == "the" and not compound):
            return None
        both = "half" in (
            *tokens.low[max(index - 4, 0) : index],
            *tokens.low[index + 1 : index + 5],
        )  # half black, half white
        known = compound or both or words.has("half_of", following) or words.has("before_half", before)
        return half if known or words.has("approximate", before) or words.has("bound", before) else None

    # Numbers that begin with "a" and its like.

    def _article(self, index: int) -> Numeral | None:
        """A hundred, a dozen, a third, a few thousand, a couple of dozen."""
        tokens, words = self._tokens, self._words
        at = index + 1
        word = tokens.low[at]
        if tokens.glued(at):
            return None
        inner: Numeral | None = None
        if word in words.few:
            inner = self._few(at)
        elif word in words.pair:
            inner = self._couple(at)
        elif word in words.scale or word in words.dozen:
            inner = self._sum(at)
        elif word in words.longest and self._is_one(index):
            return Numeral(first=index, last=index, low=1.0, high=1.0)
        elif word in words.part and not word.endswith("s") and self._is_share(at):
            inner = Numeral(first=at, last=at, low=1 / words.part[word], high=1 / words.part[word], part=True)
            factor = words.scale.get(tokens.low[at + 1])
            inner = inner.times(factor, at + 1) if factor else inner
        return inner and inner._replace(first=index)

    def _is_one(self, index: int) -> bool:
        """Whether an article before a unit is a number: "nearly a mile", "about a tonne"; not "nearly a year"."""
        tokens, words = self._tokens, self._words
        before, unit = tokens.low[index - 1], words.units.get(tokens.low[index + 1])
        if unit is None or unit.kind != "measure":
            return False
        return words.has("nearly", before) and not words.has("instead", tokens.low[index - 2])

    def _couple(self, index: int) -> Numeral | None:
        """A couple of guards, a couple hundred, a pair of trucks; the couple who married is no number."""
        tokens, words = self._tokens, self._words
        following = tokens.low[index + 1]
        two = Numeral(first=index, last=index, low=2.0, high=2.0, vague=tokens.low[index] == "couple")
        factor = words.scale.get(following) or words.dozen.get(following)
        if factor:
            return two.times(factor, index + 1)
        return two if words.has("after_couple", following) or words.is_plural(following) else None

    def _is_share(self, index: int) -> bool:
        """Whether a part is meant: "A third of voters", "a half percent"; but "a third term", "a quarter-final"."""
        tokens, words = self._tokens, self._words
        following = tokens.low[index + 1]
        if words.has("after_share", following) or following in words.scale:
            return True
        if words.has("boundary", following) and words.has("before_half", tokens.low[index - 2]):
            return True  # "fell by a third in May"
        if words.part[tokens.low[index]] in (2, 4):
            return following in words.longest or not following
        return not following.isalpha() and following != "-"

    def _few(self, index: int) -> Numeral | None:
        """Several hundred, a few dozen, several tens of thousands: without a scale they are no numbers."""
        tokens, words = self._tokens, self._words
        low, high = words.few[tokens.low[index]]
        at = index + 1
        if tokens.low[at] in words.tens and tokens.low[at + 1] == "of":
            low, high, at = low * 10, high * 10, at + 2
        word = tokens.low[at]
        factor = words.scale.get(word) or words.dozen.get(word) or words.scale.get(word.removesuffix("s"))
        if not factor:
            return None
        more = words.scale.get(tokens.low[at + 1])
        few = Numeral(first=index, last=at, low=low, high=high, vague=True)
        return few.times(factor * more, at + 1) if more else few.times(factor, at)

    def _vague(self, index: int) -> Numeral | None:
        """A whole order of magnitude: thousands, tens of thousands, hundreds of millions."""
        tokens, words = self._tokens, self._words
        word = tokens.low[index]
        joined = tokens.low[index + 1] == "of"
        unit = words.scale.get(tokens.low[index + 2].removesuffix("s")) if joined else None
        if unit and tokens.low[index + 2].endswith("s"):
            low = float((10 if word in words.tens else words.scale.get(word.removesuffix("s"), 1)) * unit)
            return Numeral(first=index, last=index + 2, low=low, high=low * 10 - 1, scaled=True, vague=True)
        if word in words.tens or (words.has("only_with_of", word) and not joined):
            return None
        low, high = words.vague[word]
        return Numeral(first=index, last=index, low=low, high=high, scaled=True, vague=True)


def _adds(current: float, value: float) -> bool:
    """Whether a small number goes on with one in words: twenty + five, four hundred + twelve."""
    if current < 0:
        return True
    if current and current % 100 == 0:
        return value > 0
    return current % 10 == 0 and 20 <= current % 100 <= 90 and 0 < value < 10
