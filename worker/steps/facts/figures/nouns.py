"""What is counted: the noun phrase behind a number, behind its "of", or before the verb that leads to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.tokens import WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens

# A noun phrase of more words than these is a sentence without a verb that we know.
_LONGEST: Final = 7
# How far back the noun may stand in "the number of returnees ... to 697".
_REACH: Final = 14
_OPENING: Final = frozenset({'"', "\u201c"})
_CLOSING: Final = frozenset({'"', "\u201d"})
_POSSESSIVES: Final = ("'s", "\u2019s", "s'", "s\u2019")


class NounReader:
    """Reads the noun phrases of one sentence."""

    __slots__ = ("_tokens", "_words")

    def __init__(self, tokens: Tokens, words: Words) -> None:
        self._tokens = tokens
        self._words = words

    def after(self, index: int, *, singular: bool, attributive: bool = False) -> tuple[int, int] | None:
        """First and last token of what is counted behind a number; `index` is the token after the number.

        `singular` is for one of something; `attributive` allows a noun without a plural ("a three course meal").
        """
        if self._tokens.low[index] == "of":
            return self.after_of(index + 1)
        if self._tokens.low[index] in _OPENING:
            return self._quoted(index)
        index = self._skip(self._past_age(index))
        if end := self._types(index):
            return index, end
        run, last = (self._run(index), None) if singular else self._phrase(index)
        if last is not None:
            return index, self._classified(last)
        if run and ((singular and not self._is_adverb(index, run)) or (attributive and self._opens(index))):
            return index, self._singular(index, run)
        return None

    def _types(self, index: int) -> int:
        """The last token of things that are named by their type ("F-35s", "A320s"), or 0."""
        tokens = self._tokens
        if not tokens.capital(index):
            return 0
        number = index + 2 if tokens.hyphen(index + 1) else index + 1
        glued = tokens.is_number(number) and tokens.glued(number) and tokens.glued(number + 1)
        return number + 1 if glued and tokens.low[number + 1] == "s" else 0

    def _quoted(self, index: int) -> tuple[int, int] | None:
        """What is counted in marks of its own: nine "terrorist camps"; not what is only said behind a number."""
        tokens = self._tokens
        _, last = self._phrase(index + 1)
        return (index + 1, last) if last is not None and tokens.low[last + 1] in _CLOSING else None

    def first_plural(self, first: int, last: int) -> tuple[int, int]:
        """The phrase up to its first plural: behind "one in five firms plans" the next word is the verb."""
        plurals = (at for at in range(first, last) if self._words.is_plural(self._tokens.low[at]))
        return first, next(plurals, last)

    def _counted(self, index: int) -> bool:
        return self._tokens.is_number(index) or self._tokens.low[index] in self._words.small

    def _past_age(self, index: int) -> int:
        """The token behind an age between the number and the noun: "two 18-year-old men"."""
        tokens = self._tokens
        if not tokens.is_number(index) or not tokens.hyphen(index + 1):
            return index
        unit = self._words.units.get(tokens.low[index + 2].partition("-")[0])
        return index + 3 if unit and unit.kind == "duration" else index

    def hung(self, index: int) -> tuple[int, int] | None:
        """The noun that hangs on a number by a hyphen ("12-member"); "55-and-over" has none."""
        tokens = self._tokens
        return None if tokens.sort[index] != WORD or self._words.has("boundary", tokens.low[index]) else (index, index)

    def after_of(self, index: int) -> tuple[int, int] | None:
        """The same behind "of": "four of the five men", "thousands of people", "half of them" (which has none)."""
        tokens, words = self._tokens, self._words
        for _ in range(4):
            word = tokens.low[index]
            number = word in words.small or word in words.ordinal or word in words.few or tokens.is_number(index)
            number = number or word in words.scale  # "of the 1.2 million households"
            number = number or (words.has("spell", word) and self._counted(index + 1))  # "of the past nine races"
            possessive = tokens.sort[index] == WORD and word.endswith(_POSSESSIVES)
            if tokens.hyphen(index + 1) or not (number or possessive or words.has("determiner", word)):
                break
            index += 1
        index = self._skip(index)
        run, last = self._phrase(index)
        if not run:
            return None
        return index, (self._singular(index, run) if last is None else last)

    def _classified(self, last: int) -> int:
        """Kinds and pieces go with what they are of: "categories of products"."""
        tokens = self._tokens
        if self._words.has("classifier", tokens.low[last]) and tokens.low[last + 1] == "of":
            _, end = self._phrase(last + 2)
            return last if end is None else end
        return last

    def _skip(self, index: int) -> int:
        low, skipped = self._tokens.low, self._words.classes["skip"]
        while low[index] in skipped:
            index += 1
        return index

    def _phrase(self, index: int) -> tuple[int, int | None]:
        """How many tokens belong to a noun phrase up to the plural that heads it, and the last token of that plural.

        Without a plural the phrase is as long as `_run` says.
        """
        tokens, words = self._tokens, self._words
        low, sort, boundary, small = tokens.low, tokens.sort, words.classes["boundary"], words.small
        end = min(index + _LONGEST, tokens.count)
        for at in range(index, end):
            word = low[at]
            if (sort[at] != WORD or word in boundary or word in small) and self._stops(index, at):
                return at - index, None
            closed = at > index and word.endswith(_POSSESSIVES)
            if words.is_plural(_plain(word)) and (at > index or not words.has("participle", word)):
                return at + 1 - index, at if closed else self._plurals(index, at, end)
            if closed:
                return at + 1 - index, None
        return max(end - index, 0), None

    def _plurals(self, index: int, at: int, end: int) -> int:
        """The last of the plurals that follow one another: "arms sales"."""
        tokens, words = self._tokens, self._words
        last = self._common(at, index + self._run(index)) if tokens.capital(at) else at
        while last + 1 < end and words.is_plural(_plain(tokens.low[last + 1])) and not self._is_verb(last + 1):
            last += 1
            if tokens.low[last].endswith(_POSSESSIVES):
                break
        return last

    def _run(self, index: int) -> int:
        """How many tokens from here on may belong to one noun phrase."""
        tokens, words = self._tokens, self._words
        low, sort, boundary, small = tokens.low, tokens.sort, words.classes["boundary"], words.small
        end = min(index + _LONGEST, tokens.count)
        for at in range(index, end):
            word = low[at]
            if (sort[at] != WORD or word in boundary or word in small) and self._stops(index, at):
                return at - index
            if at > index and not word.isalpha() and word.endswith(_POSSESSIVES):
                return at + 1 - index
        return max(end - index, 0)

    def _stops(self, index: int, at: int) -> bool:
        """Whether the phrase that begins at `index` ends before `at`; not at a hyphen, nor in "L-39 bombers"."""
        tokens, words = self._tokens, self._words
        if tokens.hyphen(at) or (at > index and tokens.is_number(at) and tokens.glued(at)):
            return False
        word = tokens.low[at]
        if words.has("also_noun", word) and words.is_plural(tokens.low[at + 1]):
            return False  # "home runs"
        number = word in words.small and at > index and not tokens.glued(at)
        stops = tokens.sort[at] != WORD or number or words.has("boundary", word)
        return stops and not (words.has("coordinator", word) and self._goes_on(index, at))

    def _goes_on(self, index: int, at: int) -> bool:
        """Whether "and" joins two names before one plural: "Kia and Hyundai vehicles"."""
        tokens, words = self._tokens, self._words
        if (
            at == index
            or tokens.is_number(at + 1)
            or tokens.capital(at - 1) != tokens.capital(at + 1)
            or words.has("boundary", tokens.low[at + 1])
        ):
            return False
        plural = any(words.is_plural(word) for word in tokens.low[at + 1 : at + 4])
        return plural and not any(words.is_plural(word) for word in tokens.low[index:at])

    def _is_adverb(self, index: int, run: int) -> bool:
        """Whether all that follows is an adverb: "will announce one shortly"."""
        word = self._tokens.low[index]
        return run == 1 and word.endswith("ly") and not self._words.has("noun_ly", word)

    def _opens(self, index: int) -> bool:
        word = self._tokens.low[index]
        return not (
            self._words.has("verb", word)
            or self._words.has("comparative", word)
            or self._words.has("participle", word)
            or word.endswith(("ed", "ly", "ing"))
            or self._tokens.capital(index)
        )

    def _common(self, at: int, end: int) -> int:
        """The plural in small letters that a name in the plural stands before: "Phoenix Technologies common shares"."""
        tokens, words = self._tokens, self._words
        for further in range(at + 1, end):
            word = tokens.low[further]
            if tokens.capital(further) or self._is_verb(further) or word.endswith(("ed", "ing", "ly")):
                break
            if words.is_plural(word):
                return further
        return at

    def _singular(self, index: int, run: int) -> int:
        """The last token of a phrase whose head is a singular: it ends where a verb seems to stand."""
        last = index
        for at in range(index + 1, index + run):
            if self._is_verb(at) or self._tokens.low[at].endswith(("ed", "ing", "ly")):
                break
            last = at
        return last

    def _is_verb(self, at: int) -> bool:
        word = self._tokens.low[at]
        return self._words.has("verb", word) or self._words.has("participle", word)

    def offsets(self, first: int, last: int) -> tuple[int, int]:
        """Where a phrase stands, without the mark of a possessive."""
        tokens = self._tokens
        word = tokens.low[last]
        return tokens.start[first], tokens.end(last) - len(word) + len(_plain(word))

    def before(self, index: int) -> tuple[int, int] | None:
        """What a number at the end of a statement counts: the returnees of "the number of returnees to 697", or "toll".

        `index` is the token before the number.
        """
        tokens, words = self._tokens, self._words
        if tokens.low[index] == ":" and tokens.sort[index - 1 : index] == [WORD]:
            return (index - 1, index - 1) if words.has("quantity_noun", tokens.low[index - 1]) else None
        leads = words.has("leads_to", tokens.low[index]) or words.has("about", tokens.low[index])
        names = words.has("identified", tokens.low[index - 1]) and words.has("is", tokens.low[index])
        if not leads or names:  # "the roll number is 13945"
            return None
        for at in range(index - 1, max(index - _REACH, -1), -1):
            word = tokens.low[at]
            if word in (";", ":") or tokens.is_number(at) or word in words.small:
                return None
            if words.has("quantity_noun", word):
                if words.has("of_noun", word) and tokens.low[at + 1] == "of":
                    return self.after_of(at + 2)
                return (at - 1 if tokens.low[at - 1] == "death" else at), at
        return None


def _plain(word: str) -> str:
    """A word without the mark of a possessive."""
    if word.isalpha():
        return word
    if word.endswith(("s'", "s\u2019")):
        return word[:-1]
    return word[:-2] if word.endswith(("'s", "\u2019s")) else word
