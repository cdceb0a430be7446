"""Two numbers in one figure: ranges, ratios, scores and votes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.draft import Draft
from worker.steps.facts.figures.tokens import WORD

if TYPE_CHECKING:
    from worker.model.facts import FigureKind
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.names import NameReader
    from worker.steps.facts.figures.numbers import NumeralReader
    from worker.steps.facts.figures.numerals import Numeral
    from worker.steps.facts.figures.tokens import Tokens
    from worker.steps.facts.figures.units import UnitReader

_DASHES: Final = frozenset({"-", "\u2013", "\u2014"})
# What may stand between two numbers of one figure.
PAIR_LINKS: Final = frozenset({*_DASHES, ":", "to", "and", "in", "out"})
# Scores and the bases of shares ("one in five") are no larger.
_LARGEST: Final = 1000
# How near to its result a vote is named.
_NEAR: Final = 3
# How far back the verb of a change may stand.
_REACH: Final = 9


class PairReader:
    """Reads what begins with one number and goes on with another."""

    __slots__ = ("_names", "_numerals", "_tokens", "_units", "_words")

    def __init__(
        self, tokens: Tokens, words: Words, units: UnitReader, names: NameReader, numerals: NumeralReader
    ) -> None:
        self._tokens = tokens
        self._words = words
        self._units = units
        self._names = names
        self._numerals = numerals

    def read(self, one: Numeral, money: tuple[str, int] | None) -> Draft | None:
        """The pair that begins with the number; `money` is the currency that stands before it."""
        tokens, words = self._tokens, self._words
        link = one.last + 1
        word = tokens.low[link]
        draft: Draft | None = None
        if word in _DASHES:
            draft = self._dashed(one, link, money)
        elif word == ":" and tokens.glued(link) and tokens.glued(link + 1):
            draft = self._pair(one, self._second(link + 1, None), "ratio")
        elif word == "to":
            draft = self._to(one, link + 1, money)
        elif word == "and" and words.has("between", self._lead(one, money)):
            draft = self._range(one, link + 1, money)
        elif word in ("in", "out") and not money:
            draft = self._one_in(one, link)
        return draft

    def _lead(self, one: Numeral, money: tuple[str, int] | None) -> str:
        """The word that leads to the number, approximations left out."""
        tokens, words = self._tokens, self._words
        at = (money[1] if money else one.first) - 1
        while words.has("about", tokens.low[at]):
            at -= 1
        return tokens.low[at]

    def _second(self, index: int, money: tuple[str, int] | None) -> Numeral | None:
        """The other number of a pair, behind a sign of the same currency if there is one."""
        tokens = self._tokens
        at = index
        if money and not tokens.is_number(at):
            at = next((near for near in (index + 1, index + 2) if tokens.is_number(near)), index)
            sign = self._units.currency_before(at) if at > index else None
            if tokens.sort[index] != WORD and (sign is None or sign[0] != money[0]):
                return None
        if at >= tokens.count or (tokens.low[at] in self._words.ordinal and tokens.low[at] not in self._words.small):
            return None
        if tokens.is_number(at) and not money and not tokens.glued(at) and self._names.skip(at):
            return None
        two = self._numerals.read(at, money=money is not None)
        return None if two is None or two.part else two

    def _pair(self, one: Numeral, two: Numeral | None, kind: FigureKind, rule: str | None = None) -> Draft | None:
        if two is None:
            return None
        return Draft(
            first=one.first,
            last=two.last,
            after=two.last + 1,
            values=(one.low, two.low),
            kind=kind,
            rule=rule or kind,
            digits=one.digits,
        )

    def _range(self, one: Numeral, index: int, money: tuple[str, int] | None, *, change: bool = False) -> Draft | None:
        """Five to seven, 10-15, $2-$3 billion: a scale behind the second number belongs to both.

        A `change` may go down.
        """
        two = self._second(index, money)
        if two is None:
            return None
        factor = self._factor(two)
        if not one.scaled and factor > 1 and one.low < two.low / factor:
            one = one.times(factor)
        if one.low >= two.high and not change:
            return None
        draft = self._pair(one, two, "count", "change" if change else "range")
        if draft:
            draft.values = (one.low, two.high)
            draft.first = money[1] if money else one.first
        return draft

    def _factor(self, number: Numeral) -> float:
        """The scale in which a number is given: a million of "10 million"."""
        words = self._words
        word = self._tokens.low[number.last]
        return (words.scale.get(word) or words.short.get(word) or words.dozen.get(word) or 1) if number.scaled else 1

    def _dashed(self, one: Numeral, link: int, money: tuple[str, int] | None) -> Draft | None:
        """10-15 people; 2-1 and 52-48 are scores or votes; 1,000-for-1,000 a ratio."""
        tokens, words = self._tokens, self._words
        between = link + 1
        if words.has("ratio_link", tokens.low[between]) and tokens.low[between + 1] in _DASHES:
            return self._for(one, between)
        if tokens.glued(link) != tokens.glued(between) or (tokens.low[link] == "\u2014" and not tokens.glued(link)):
            return None
        two = self._second(between, money)
        if two is None or two.digits != one.digits:
            return None
        whole = one.low.is_integer() and two.low.is_integer() and not one.scaled and not two.scaled
        plain = not money and whole and self._units.after(two.last + 1) is None
        if plain and (one.low >= two.low or self._in_score(one.first, two.last)):
            return self._pair(one, two, "score") if max(one.low, two.low) < _LARGEST else None
        return self._range(one, between, money)

    def _in_score(self, first: int, last: int) -> bool:
        tokens = self._tokens
        if self._is_won(first - 4, first - 1) or self._is_won(last + 2, last + 1):
            return True
        near = tokens.low[max(first - 3, 0) : first] + tokens.low[last + 1 : last + 3]
        return any(self._words.has("score_word", word) for word in near)

    def _is_won(self, index: int, comma: int) -> bool:
        """Whether the pair beside a comma goes down, and so is a score; then this one is of the same match."""
        tokens = self._tokens
        if tokens.low[comma] != "," or not tokens.is_pair(index):
            return False
        one, two = tokens.low[index], tokens.low[index + 2]
        return one.isdecimal() and two.isdecimal() and len(one) <= len(two) <= 3 and int(one) > int(two)

    def _for(self, one: Numeral, between: int) -> Draft | None:
        """1,000-for-1,000; 52-to-48; three-to-one; 0-to-60; a one-in-five chance."""
        two = self._second(between + 2, None)
        if two is None:
            return None
        if self._tokens.low[between] == "in":
            return self._pair(one, two, "ratio", "one-in") if 0 < one.low < two.low else None
        if self._tokens.low[between] == "for" or two.low == 1:
            return self._pair(one, two, "ratio")
        return self._pair(one, two, "score") if one.low >= two.low else self._range(one, between + 2, None)

    def _to(self, one: Numeral, index: int, money: tuple[str, int] | None) -> Draft | None:
        """Five to seven, "rose from 5 to 7"; but "up by 5 million to 7 million", "fell 5 to 286"."""
        tokens, words = self._tokens, self._words
        first = money[1] if money else one.first
        lead = self._lead(one, money)
        if lead == "by" and one.scaled:
            return None
        if lead == "from" and any(words.has("change", word) for word in tokens.low[max(first - _REACH, 0) : first]):
            return self._range(one, index, money, change=True)
        draft = self._range(one, index, money)
        if draft is None and lead != "from" and self._is_vote(one, first):
            two = self._second(index, money)
            return self._pair(one, two, "score") if two and two.low.is_integer() and two.low < _LARGEST else None
        level = draft and words.has("change", lead) and not money and self._units.after(draft.after) is None
        return None if level else draft

    def _is_vote(self, one: Numeral, first: int) -> bool:
        """Whether a whole number is the first of a vote's result: "voted 51 to 49"."""
        near = self._tokens.low[max(first - _NEAR, 0) : first]
        whole = one.low.is_integer() and one.low < _LARGEST and not one.scaled
        return whole and any(self._words.has("vote_word", word) for word in near)

    def _one_in(self, one: Numeral, link: int) -> Draft | None:
        """One in five; three out of four; nine out of every ten."""
        tokens = self._tokens
        out = tokens.low[link] == "out"
        if out and tokens.low[link + 1] != "of":
            return None
        index = link + 2 if out else link + 1
        two = self._second(index + 1 if tokens.low[index] == "every" else index, None)
        if two is None or two.low != two.high or one.scaled or not one.low.is_integer():
            return None
        if not 0 < one.low < two.low <= _LARGEST:
            return None
        measured = one.low > 9 or self._units.after(two.last + 1) is not None  # "12 in 2019", "two in five years"
        return self._pair(one, two, "ratio", "one-in") if out or not measured else None
