"""Currencies before a number, and units, money and years of age behind one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from worker.steps.facts.figures.lexicon import Unit
from worker.steps.facts.figures.tokens import NUMBER, SIGN, WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens

_POWERS: Final = {"2": "square ", "3": "cubic "}
# Signs of letters stand this near to their figures ("Rs. 500").
_NEAR: Final = 2
# How far back the verb of "costs about 30 million pounds" may stand.
_PAID_REACH: Final = 5
# "110 won prizes" has no more digits.
_MOST_WINNERS: Final = 3
# Races of so many kilometres have no more digits.
_FARTHEST: Final = 3


class Rate(NamedTuple):
    """What a figure holds for: its last token, its name ("day", "share"), its unit if it is one."""

    last: int
    name: str
    unit: Unit | None = None


class Measure(NamedTuple):
    """A unit behind a number: from token `first` to `end`, with a rate ("per day") or "old" to `last`."""

    first: int
    end: int
    last: int
    unit: Unit
    per: str | None = None
    age: bool = False


class UnitReader:
    """Reads the units of one sentence."""

    __slots__ = ("_tokens", "_words")

    def __init__(self, tokens: Tokens, words: Words) -> None:
        self._tokens = tokens
        self._words = words

    def currency_before(self, index: int) -> tuple[str, int] | None:
        """The code of the currency whose sign stands before a number, and the sign's first token.

        A sign is one or two tokens ("$", "US $", "HK$", "$US"), and letters count only in their own writing.
        """
        tokens, signs = self._tokens, self._words.money_signs
        before = index - 2 if tokens.low[index - 1] == "." and index > 1 else index - 1
        if before < 0 or tokens.low[before] not in self._words.money_ends:
            return None
        sort = tokens.sort[before]
        first = before - 1
        if first >= 0 and (sort == SIGN or tokens.sort[first] == SIGN) and tokens.start[before] - tokens.end(first) < 2:
            code = signs.get(tokens.raw(first, before).replace(" ", ""))
            if code:
                return code, first
        sign = tokens.raw(before, before)
        code = signs.get(sign)
        if code is None and sort == WORD and tokens.glued(index):
            code = self._words.money_letters.get(sign) if self._is_large(index) else None
            return (code, before) if code else None
        if code is None or (sort == WORD and not self._is_code(sign, tokens.start[index] - tokens.end(before))):
            return None
        return code, before

    def _is_large(self, index: int) -> bool:
        """Whether a number has groups or a scale, as sums of money have behind a single letter: "R350 million"."""
        tokens, words = self._tokens, self._words
        after = tokens.low[index + 1]
        return "," in tokens.low[index] or after in words.scale or (after in words.short and len(after) > 1)

    def _is_code(self, sign: str, gap: int) -> bool:
        """Whether letters stand for money, not for a word: "USD 10m", "Rs500", "RM1,200", "dlrs 10.6"."""
        return gap <= _NEAR and (gap == 0 or len(sign) > 1) and (not sign.islower() or len(sign) > _NEAR)

    def after(self, index: int) -> Measure | None:
        """The unit that begins at a token, a hyphen before it allowed ("3.5-litre")."""
        tokens, words = self._tokens, self._words
        first = index + 1 if tokens.hyphen(index) else index
        sort = tokens.sort[first]
        found = self._word(first) if sort == WORD else None
        if (
            found is None
            and tokens.low[first] in words.sign_begins
            and (sort == SIGN or tokens.low[index - 1] not in words.small)
        ):
            found = self._sign(first)  # letters behind figures only: "20 MW", but "one C student"
        return found and self._rated(found)

    def _sign(self, index: int) -> Measure | None:
        """A unit in signs: %, km, m2, °C; one that could be a word counts only when it is glued to the figure."""
        tokens, words, signs = self._tokens, self._words, self._words.signs
        glued = tokens.glued(index)
        if glued and tokens.low[index] == "k" and self._is_race(index):
            return Measure(index, index, index, Unit("measure", "kilometre"))
        for last in (index + 1, index) if tokens.glued(index + 1) else (index,):
            unit = signs.get(tokens.raw(index, last))
            if unit is None or (unit.glued and not glued and not self._is_dimension(last)):
                continue
            if unit.name == "penny" and (not tokens.sterling or words.has("lines", tokens.low[index - 1])):
                continue
            if unit.kind == "money" and tokens.sort[index] == SIGN and not glued:
                return None  # "10 $5 notes"
            power = _POWERS.get(tokens.low[last + 1]) if tokens.glued(last + 1) else None
            if power and unit.name.endswith("metre"):
                return Measure(index, last + 1, last + 1, Unit(unit.kind, power + unit.name))
            return Measure(index, last, last, unit)
        return None

    def _is_dimension(self, last: int) -> bool:
        """Whether a letter behind a number is metres: "12 m wide", "12 m (39 ft)"."""
        tokens, words = self._tokens, self._words
        if tokens.low[last] != "m":
            return False
        again = (
            tokens.low[last + 1] == "(" and tokens.is_number(last + 2) and words.has("imperial", tokens.low[last + 3])
        )
        return again or words.has("dimension", tokens.low[last + 1])

    def _is_race(self, index: int) -> bool:
        """Whether K behind a number is for kilometres: "a 10K run", "third in the 50K,"."""
        tokens, words = self._tokens, self._words
        if not tokens.is_number(index - 1) or len(tokens.low[index - 1]) > _FARTHEST:
            return False
        following = tokens.low[index + 1]
        raced = tokens.low[index - 3 : index - 1] == ["in", "the"] and index > _NEAR and not following.isalnum()
        return raced or words.has("race", following.partition("-")[0])

    def _word(self, index: int) -> Measure | None:
        tokens, words = self._tokens, self._words
        word = tokens.low[index]
        if "-" in word and word not in words.units:
            return self._compound(index, word)
        found = self._longest(index) if word in words.longest else None
        if found and word == "won" and not (self._is_sum(index - 1) or self._is_paid(index)):
            found = None  # "seven won seats"
        if found is None:
            known = words.units.get(tokens.low[index + 1])
            if known and known.kind == "money" and tokens.capital(index) and not words.has("cent", known.name):
                # "Jamaican dollars": money of a country that is not listed.
                return Measure(index, index + 1, index + 1, Unit("money", ""))
            return None
        if found.unit.kind == "duration":
            return self._age(found)
        if found.unit.name == "pound" and word in words.units and (tokens.sterling or self._is_paid(index)):
            return found._replace(unit=Unit("money", "GBP"))
        return found

    def _is_paid(self, index: int) -> bool:
        """Whether pounds are money by the words before them: "cost 30,000 pounds", "$1 = 0.74 pounds"."""
        tokens, paid = self._tokens, self._words.classes["paid"]
        if tokens.low[index + 1] == "of":
            return False
        return not paid.isdisjoint(tokens.low[max(index - _PAID_REACH, 0) : index])

    def _is_sum(self, index: int) -> bool:
        """Whether a number is as large as sums of a small currency are: "5,000 won", "1.2 million won"."""
        word = self._tokens.low[index]
        large = self._tokens.is_number(index) and len(word) > _MOST_WINNERS
        return large or word in self._words.scale or word in self._words.short

    def _compound(self, index: int, word: str) -> Measure | None:
        """Year-old, mile-wide, kilowatt-hour."""
        words = self._words
        head, _, rest = word.partition("-")
        unit = words.units.get(word.replace("-", " ")) or words.units.get(head)
        if unit is None:
            return None
        return Measure(index, index, index, unit, age=unit.kind == "duration" and words.has("old", rest))

    def _longest(self, index: int) -> Measure | None:
        """The longest name of a unit that begins at a token; points within it are left out ("sq. m")."""
        tokens, words = self._tokens, self._words
        most = words.longest.get(tokens.low[index], 0)
        if not most:
            return None
        parts: list[str] = []
        ends: list[int] = []
        at = index
        while len(parts) < most and at < tokens.count:
            if tokens.low[at] != ".":
                parts.append(tokens.low[at])
                ends.append(at)
            at += 1
        for length in range(len(parts), 0, -1):
            unit = words.units.get(" ".join(parts[:length]))
            if unit:
                return Measure(index, ends[length - 1], ends[length - 1], unit)
        return None

    def _age(self, found: Measure) -> Measure:
        """Years that say how old someone is: years old, years of age, year - old."""
        tokens, words = self._tokens, self._words
        at = found.last + 1
        if tokens.low[at] == "-" or (tokens.low[at] == "of" and words.has("aged", tokens.low[at + 1])):
            at += 1
        old = words.has("old", tokens.low[at]) or words.has("aged", tokens.low[at])
        return found._replace(last=at, age=True) if old else found

    def _rated(self, found: Measure) -> Measure:
        """A rate: "km/h", "dollars a month", "$62 per share"."""
        rate = self.rate(found.last + 1)
        if rate is None:
            return found
        if found.unit.kind == "measure" and rate.unit and self._tokens.low[found.last + 1] in ("per", "/"):
            return found._replace(last=rate.last, unit=Unit("measure", f"{found.unit.name} per {rate.name}"))
        return found._replace(last=rate.last, per=rate.name)

    def rate(self, index: int) -> Rate | None:
        """What a figure holds for, if that stands at a token: "per day", "a share", "/h", "-a-month"."""
        tokens, words = self._tokens, self._words
        link = tokens.low[index]
        if link not in words.rate_begins:
            return None
        if tokens.hyphen(index):
            index += 1
            link, _, rest = tokens.low[index].partition("-")
            if rest and words.has("per", link):  # "-a-month" in one word
                unit = words.units.get(rest)
                return Rate(index, unit.name if unit else rest, unit) if unit or words.has("rated", rest) else None
        at = index + 2 if tokens.hyphen(index + 1) else index + 1
        slash = link == "/" and tokens.glued(index) and tokens.sort[at] == WORD
        if not slash and (not words.has("per", link) or tokens.sort[at] in (NUMBER, SIGN)):
            return None
        found = self._sign(at) or self._longest(at) if slash else self._longest(at) or self._sign(at)
        if found and self._is_away(found.last + 1):
            return None  # "$3 billion a year earlier"
        if found and found.unit.kind != "money":
            return Rate(found.last, found.unit.name, found.unit)
        if link == "per" and words.has("rated", tokens.low[at + 1]) and not words.has("rated", tokens.low[at]):
            at += 1  # "per diluted share"
        named = tokens.sort[at] == WORD and (link == "per" or words.has("rated", tokens.low[at]))
        return Rate(at, tokens.low[at]) if named else None

    def _is_away(self, index: int) -> bool:
        """Whether what stands behind a length says when, and not how often: "earlier", and "before" at an end."""
        tokens, words = self._tokens, self._words
        word = tokens.low[index]
        return words.has("away", word) or (word == "before" and tokens.sort[index + 1] != WORD)

    def offsets(self, found: Measure) -> tuple[int, int]:
        """Where the unit itself is written, without what hangs on it ("mile" of "mile-wide")."""
        tokens = self._tokens
        word = tokens.low[found.end]
        cut = -1 if word in self._words.units else word.find("-")
        return tokens.start[found.first], tokens.start[found.end] + cut if cut > 0 else tokens.end(found.end)
