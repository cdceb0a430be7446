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
        index = self._skip(index)
        run = self._run(index)
        last = self._plural(index, run) if run and not singular else None
        if last is not None:
            return index, self._classified(last)
        if run and (singular or (attributive and self._opens(index))):
            return index, self._singular(index, run)
        return None

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
            possessive = tokens.sort[index] == WORD and word.endswith(_POSSESSIVES)
            if tokens.hyphen(index + 1) or not (number or possessive or words.has("determiner", word)):
                break
            index += 1
        index = self._skip(index)
        run = self._run(index)
        if not run:
            return None
        last = self._plural(index, run)
        return index, (self._singular(index, run) if last is None else last)

    def _classified(self, last: int) -> int:
        """Kinds and pieces go with what they are of: "categories of products"."""
        tokens = self._tokens
        if self._words.has("classifier", tokens.low[last]) and tokens.low[last + 1] == "of":
            run = self._run(last + 2)
            end = self._plural(last + 2, run) if run else None
            return last if end is None else end
        return last

    def _skip(self, index: int) -> int:
        while self._words.has("skip", self._tokens.low[index]):
            index += 1
        return index

    def _run(self, index: int) -> int:
        """How many tokens from here on may belong to one noun phrase."""
        tokens, words = self._tokens, self._words
        low, boundary, small = tokens.low, words.classes["boundary"], words.small
        end = min(index + _LONGEST, tokens.count)
        for at in range(index, end):
            word = low[at]
            plain = tokens.sort[at] == WORD and word not in boundary and word not in small
            if not plain and self._stops(index, at):
                return at - index
            if at > index and word.endswith(_POSSESSIVES):
                return at + 1 - index
        return max(end - index, 0)

    def _stops(self, index: int, at: int) -> bool:
        """Whether the phrase that begins at `index` ends before `at`; not at a hyphen, nor in "L-39 bombers"."""
        tokens, words = self._tokens, self._words
        if tokens.hyphen(at) or (at > index and tokens.is_number(at) and tokens.glued(at)):
            return False
        word = tokens.low[at]
        number = word in words.small and at > index and not tokens.glued(at)
        stops = tokens.sort[at] != WORD or number or words.has("boundary", word)
        return stops and not (words.has("coordinator", word) and self._goes_on(index, at))

    def _goes_on(self, index: int, at: int) -> bool:
        """Whether "and" joins two names before one plural: "Kia and Hyundai vehicles"."""
        tokens, words = self._tokens, self._words
        if at == index or tokens.capital(at - 1) != tokens.capital(at + 1) or words.has("boundary", tokens.low[at + 1]):
            return False
        plural = any(words.is_plural(word) for word in tokens.low[at + 1 : at + 4])
        return plural and not any(words.is_plural(word) for word in tokens.low[index:at])

    def _opens(self, index: int) -> bool:
        word = self._tokens.low[index]
        return not (
            self._words.has("verb", word)
            or self._words.has("participle", word)
            or word.endswith(("ed", "ly", "ing"))
            or self._tokens.capital(index)
        )

    def _plural(self, index: int, run: int) -> int | None:
        """The last token of a phrase whose head is a plural."""
        tokens, words = self._tokens, self._words
        for at in range(index, index + run):
            if not words.is_plural(_plain(tokens.low[at])) or (at == index and words.has("participle", tokens.low[at])):
                continue
            last = at
            while (
                last + 1 < index + run and words.is_plural(_plain(tokens.low[last + 1])) and not self._is_verb(last + 1)
            ):
                last += 1
            return last
        return None

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
        return tokens.start[first], tokens.end[last] - len(word) + len(_plain(word))

    def before(self, index: int) -> tuple[int, int] | None:
        """What a number at the end of a statement counts: the returnees of "the number of returnees to 697", or "toll".

        `index` is the token before the number.
        """
        tokens, words = self._tokens, self._words
        if tokens.low[index] == ":" and tokens.sort[index - 1 : index] == [WORD]:
            return (index - 1, index - 1) if words.has("quantity_noun", tokens.low[index - 1]) else None
        if not words.has("leads_to", tokens.low[index]) and not words.has("about", tokens.low[index]):
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
    if word.endswith(("s'", "s\u2019")):
        return word[:-1]
    return word[:-2] if word.endswith(("'s", "\u2019s")) else word
