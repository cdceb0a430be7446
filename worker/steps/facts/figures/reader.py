"""Reads the figures of a sentence, from left to right."""

from __future__ import annotations

from itertools import compress
from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.ages import age_group, decade_of_life, is_age, is_age_group, is_decade_of_life
from worker.steps.facts.figures.bounds import BoundReader
from worker.steps.facts.figures.draft import Draft
from worker.steps.facts.figures.names import NameReader
from worker.steps.facts.figures.nouns import NounReader
from worker.steps.facts.figures.numbers import NumeralReader
from worker.steps.facts.figures.numerals import DIGITS
from worker.steps.facts.figures.pairs import PAIR_LINKS, PairReader
from worker.steps.facts.figures.phrases import PhraseReader
from worker.steps.facts.figures.tokens import WORD
from worker.steps.facts.figures.units import UnitReader

if TYPE_CHECKING:
    from collections.abc import Callable

    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.numerals import Numeral
    from worker.steps.facts.figures.tokens import Tokens
    from worker.steps.facts.figures.units import Measure

# No time of so many figures is written in seconds ("12s").
_MOST_SECONDS: Final = 2
_MINUS: Final = frozenset({"-", "\u2212", "\u2013"})


class SentenceReader:
    """Reads the sentence that `tokens` holds. `blocked` says whether an offset is in a date or a time of day."""

    __slots__ = (
        "_blocked",
        "_bounds",
        "_names",
        "_nouns",
        "_numerals",
        "_pairs",
        "_phrases",
        "_tokens",
        "_units",
        "_words",
    )

    def __init__(self, tokens: Tokens, words: Words, blocked: Callable[[int], bool]) -> None:
        self._tokens = tokens
        self._words = words
        self._blocked = blocked
        self._bounds = BoundReader(tokens, words)
        self._units = UnitReader(tokens, words)
        self._nouns = NounReader(tokens, words)
        self._names = NameReader(tokens, words, self._units)
        self._phrases = PhraseReader(tokens, words, self._units)
        self._numerals = NumeralReader(tokens, words)
        self._pairs = PairReader(tokens, words, self._units, self._names, self._numerals)

    def read(self) -> list[Draft]:
        """The figures of the sentence, in order, none overlapping."""
        found: list[Draft] = []
        tokens, words = self._tokens, self._words
        sort, low = tokens.sort, tokens.low
        articles, after_article = words.classes["article"], words.after_article
        behind = 0
        for index in self._starts():
            if index < behind:
                continue
            if sort[index] in DIGITS:
                draft, behind = self._in_digits(index)
            elif (low[index] in articles and low[index + 1] not in after_article) or (
                low[index] == "as" and low[index + 1] != "many"
            ):
                continue
            else:
                draft, behind = self._in_words(index)
            if draft:
                found.append(draft)
        return found

    def _starts(self) -> list[int]:
        """The tokens that may begin a figure."""
        tokens = self._tokens
        places = range(tokens.count)
        spelled = list(compress(places, map(self._words.begins.__contains__, tokens.low)))
        figures = list(compress(places, map(DIGITS.__contains__, tokens.sort)))
        return sorted(spelled + figures) if spelled and figures else spelled or figures

    def _in_digits(self, index: int) -> tuple[Draft | None, int]:
        tokens = self._tokens
        if tokens.low[index + 1] in self._words.classes["ordinal_end"] and tokens.glued(index + 1):
            return self._ordinal(index, index + 1, float(tokens.low[index].replace(",", "")))
        if tokens.low[index + 1] == "s" and tokens.glued(index + 1):
            if is_decade_of_life(index, tokens, self._words):
                return decade_of_life(index, tokens), index + 2
            if is_age_group(index, tokens):
                return age_group(index, tokens), index + 2
            if tokens.low[index].isdecimal() and len(tokens.low[index]) > _MOST_SECONDS:
                return None, index + 2  # "a fleet of 767s"
        money = self._units.currency_before(index)
        beyond = self._names.skip(index) if money is None else self._names.broken(index)
        numeral = None if beyond else self._numerals.read(index, money=money is not None)
        return self._figure(numeral, money) if numeral else (None, beyond or index + 1)

    def _in_words(self, index: int) -> tuple[Draft | None, int]:
        tokens, words = self._tokens, self._words
        word = tokens.low[index]
        if (word == "as" and tokens.low[index + 1] == "many") or (word == "same" and tokens.low[index + 1] == "number"):
            return self._as_many(index, index + 1)
        numeral = None if self._phrases.skip(index) else self._numerals.read(index)
        if numeral:
            return self._figure(numeral, self._units.currency_before(index))
        if word in words.ordinal:
            return self._ordinal(index, index, float(words.ordinal[word]))
        return None, index + 1

    def _figure(self, numeral: Numeral, money: tuple[str, int] | None) -> tuple[Draft | None, int]:
        """A figure from its number on: a second number, the unit, the noun."""
        tokens = self._tokens
        low = tokens.low
        pair = self._pairs.read(numeral, money) if low[numeral.last + 1] in PAIR_LINKS else None
        draft = pair or Draft(
            first=money[1] if money else numeral.first,
            last=numeral.last,
            after=numeral.last + 1,
            values=(numeral.low,) if numeral.low == numeral.high else (numeral.low, numeral.high),
            kind="ratio" if numeral.part else "count",
            rule="fraction" if numeral.part else "digits" if numeral.digits else "words",
            approximate=numeral.vague,
            digits=numeral.digits,
        )
        self._bounds.read(draft)
        if draft.digits and (low[draft.first - 1] in _MINUS or self._words.has("minus", low[draft.first - 1])):
            self._sign(draft)
        if money:
            self._as_money(draft, money[0])
        else:
            self._measure(draft, numeral)
        letters = draft.unit is None and tokens.glued(draft.last + 1) and tokens.sort[draft.last + 1] == WORD
        blocked = draft.kind not in ("duration", "age") and self._blocked(tokens.start[draft.first])
        if letters or blocked:
            return None, draft.last + 1
        if draft.kind in ("count", "ratio", "score"):
            self._count(draft, singular=numeral.low == 1 and not numeral.scaled and draft.kind == "count")
        self._each(draft)
        self._bounds.finish(draft)
        return draft, draft.last + 1 if draft.unit is None else max(draft.last + 1, draft.after)

    def _sign(self, draft: Draft) -> None:
        """Minus 12, -0.8%; not "plus or minus 3", nor the dash of a list."""
        tokens = self._tokens
        before = draft.first - 1
        at = before - 1 if tokens.hyphen(before) else before
        minus = self._words.has("minus", tokens.low[at]) and tokens.low[at - 1] != "or"
        if not minus:
            at = before
            minus = tokens.low[before] in _MINUS and tokens.glued(draft.first) and not tokens.glued(before)
        if minus:
            draft.values = tuple(-value for value in draft.values)
            draft.first = at

    def _as_money(self, draft: Draft, code: str) -> None:
        tokens = self._tokens
        draft.kind, draft.unit = "money", code
        if f"{tokens.raw(draft.after, draft.after)}D" == code:  # "$500 US"
            draft.after += 1
        self._rate(draft)
        self._share(draft)

    def _measure(self, draft: Draft, numeral: Numeral) -> None:
        """The unit behind a number, or the years of an age."""
        tokens, words = self._tokens, self._words
        at = draft.after
        if (numeral.part and self._part_of_percent(draft)) or (draft.rule == "one-in" and tokens.hyphen(at)):
            return  # the years of "a 1-in-100-year flood" are no length
        if tokens.low[at] == "of" and (numeral.vague or (numeral.part and words.has("article", tokens.low[at + 1]))):
            at += 1  # thousands of dollars, 1/16 of a pint
        if numeral.part and words.has("article", tokens.low[at]):  # half an hour
            at += 1
        found = self._units.after(at)
        if found:
            self._as_measure(draft, found)
        elif is_age(draft, tokens, words):
            draft.kind, draft.unit, draft.rule = "age", "year", "age"

    def _as_measure(self, draft: Draft, found: Measure) -> None:
        unit = found.unit
        draft.after, draft.per = found.last + 1, found.per
        if found.age:
            draft.kind, draft.unit, draft.rule = "age", unit.name, "age"
            return
        draft.kind, draft.unit = unit.kind, unit.name or None
        if unit.kind in ("money", "percent"):
            draft.last = found.end
        self._share(draft)
        if unit.kind == "duration" or (unit.kind == "measure" and draft.noun is None):
            draft.noun = self._units.offsets(found)

    def _part_of_percent(self, draft: Draft) -> bool:
        """One-tenth of 1 percent, one-hundredth of a percentage point."""
        tokens = self._tokens
        at = draft.after
        if tokens.low[at] != "of" or not self._words.has("unity", tokens.low[at + 1]):
            return False
        found = self._units.after(at + 2)
        if found is None or found.unit.kind != "percent":
            return False
        draft.kind, draft.unit = "percent", found.unit.name
        draft.last, draft.after = found.last, found.last + 1
        return True

    def _share(self, draft: Draft) -> None:
        """What money, a share or a measure is of: "20 percent of voters", "$5 billion in aid", "5 tonnes of wheat"."""
        tokens, words = self._tokens, self._words
        link, at = tokens.low[draft.after], draft.after + 1
        money_in = draft.kind == "money" and words.has("money_link", link) and not words.has("idiom_in", tokens.low[at])
        if draft.kind == "duration" or (link != "of" and not money_in):
            return
        if money_in and (tokens.capital(at) or words.has("determiner", tokens.low[at]) or tokens.is_number(at)):
            return
        phrase = self._nouns.after_of(at + 1 if tokens.low[at] == "of" else at)
        if phrase:
            draft.noun = self._nouns.offsets(*phrase)
            self._rate(draft, phrase[1] + 1)

    def _count(self, draft: Draft, *, singular: bool) -> None:
        """What a number counts: behind it, or before the verb that leads to it."""
        tokens, words, nouns = self._tokens, self._words, self._nouns
        at = draft.after
        hyphen = tokens.hyphen(at)
        if hyphen:
            phrase = None if self._units.rate(at) else nouns.hung(at + 1)  # "50-a-day"
            if phrase and words.has("strong", tokens.low[phrase[0]]):  # "the 2,000-strong crowd"
                phrase = nouns.after(at + 2, singular=True) or phrase
        elif draft.rule == "fraction" and words.has("determiner", tokens.low[at]):
            phrase = nouns.after_of(at)
        else:
            loose = words.has("determiner", tokens.low[draft.first - 1]) or draft.kind != "count"
            phrase = nouns.after(at, singular=singular, attributive=loose)
        if phrase:
            if draft.rule == "one-in" and draft.values[0] == 1:
                phrase = nouns.first_plural(*phrase)
            draft.after = phrase[1] + 1
        self._rate(draft)
        if phrase is None and draft.kind == "count":
            phrase = nouns.before(draft.first - 1)
            if phrase and words.has("total", tokens.low[phrase[1]]):
                draft.kind = "total"
        if phrase:
            draft.noun = nouns.offsets(*phrase)

    def _rate(self, draft: Draft, index: int = 0) -> None:
        """What it holds for: "per day", "a share"."""
        rate = self._units.rate(index or draft.after) if draft.per is None else None
        if rate:
            draft.per, draft.after = rate.name, rate.last + 1

    def _each(self, draft: Draft) -> None:
        tokens, words = self._tokens, self._words
        each = words.classes["each"]
        if tokens.low[draft.after] in each or (draft.per is None and tokens.low[draft.first - 1] in each):
            draft.per = "each"

    def _ordinal(self, first: int, last: int, value: float) -> tuple[Draft | None, int]:
        """A rank: the second day, the 22nd amendment; not a day of a month, nor a name."""
        tokens, words = self._tokens, self._words
        after = last + 1
        before, following = tokens.low[first - 2 if tokens.low[first - 1] == "." else first - 1], tokens.low[after]
        month = tokens.low[after + 1] if following == "of" else following
        if (
            words.has("no_rank", before)
            or words.has("no_rank", following)
            or (tokens.capital(first) and first > 0 and not self._is_stressed(first))
            or words.has("month", before.rstrip("."))
            or words.has("month", month)
            or self._blocked(tokens.start[first])
        ):
            return None, after
        phrase = self._nouns.after(after, singular=True)
        draft = Draft(first=first, last=last, after=after, values=(value,), kind="ordinal", rule="ordinal")
        if phrase:
            draft.noun = self._nouns.offsets(*phrase)
        return draft, after

    def _is_stressed(self, index: int) -> bool:
        """Whether only this word of its sentence stands in capitals: "A SECOND child"."""
        tokens = self._tokens
        following = tokens.raw(index + 1, index + 1) if tokens.sort[index + 1] == WORD else ""
        return tokens.raw(index, index).isupper() and following.islower()

    def _as_many(self, first: int, last: int) -> tuple[Draft | None, int]:
        """What repeats a number: "as many Russian servicemen", "the same number of people"."""
        tokens, words = self._tokens, self._words
        if words.has("multiple", tokens.low[first - 1]):
            return None, last + 1
        phrase = self._nouns.after(last + 1, singular=False)
        if phrase is None or tokens.low[phrase[1] + 1] == "as":
            return None, last + 1
        rule = "in-as-many" if tokens.low[first - 1] == "in" else "as-many"
        draft = Draft(first=first, last=last, after=phrase[1] + 1, values=(), kind="anaphoric", rule=rule)
        draft.noun = self._nouns.offsets(*phrase)
        return draft, draft.after
