"""Number words that count nothing: in names, labels and phrases, and "one" as a pronoun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.figures.tokens import NUMBER, SIGN, WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens
    from worker.steps.facts.figures.units import UnitReader


class PhraseReader:
    """Tells for the number words of one sentence whether they count anything at all."""

    __slots__ = ("_tokens", "_units", "_words")

    def __init__(self, tokens: Tokens, words: Words, units: UnitReader) -> None:
        self._tokens = tokens
        self._words = words
        self._units = units

    def skip(self, index: int) -> bool:
        """Whether a number word is a name, a label, a pronoun or part of a phrase that counts nothing."""
        tokens, words = self._tokens, self._words
        word, before, after = tokens.low[index], tokens.low[index - 1], tokens.low[index + 1]
        if tokens.capital(index) and self._inside(index):
            return True  # Formula One, Ground Zero, Three Mile Island
        if words.has("small_label", before) and not words.has("rate_word", tokens.low[index - 2]):
            return True
        capital = tokens.capital(index - 1) and (words.has("label", before) or words.has("month", before))
        if capital or words.has("clock", after) or (before == "." and words.has("number_sign", tokens.low[index - 2])):
            return True
        return self._in_phrase(index) or (word == "one" and self._is_pronoun(index))

    def _in_phrase(self, index: int) -> bool:
        """One-off, twenty-something, net-zero, zero tolerance."""
        tokens, words = self._tokens, self._words
        word, before, after = tokens.low[index], tokens.low[index - 1], tokens.low[index + 1]
        if tokens.hyphen(index + 1):
            end = tokens.low[index + 2]
            if words.has("phrase_end", end) or (word == "one" and words.has("one_end", end)):
                return True
        if tokens.hyphen(index - 1) and tokens.sort[index - 2] == WORD and tokens.low[index - 2] not in words.small:
            return not words.has("prefix", tokens.low[index - 2])
        return word == "zero" and (words.has("before_zero", before) or words.has("after_zero", after))

    def _inside(self, index: int) -> bool:
        """Whether a token stands inside a sentence, where a capital makes a name; not where a headline runs on."""
        tokens = self._tokens
        if index == 0 or tokens.sort[index - 1] in (SIGN, NUMBER):
            return False
        before = tokens.raw(index - 1, index - 1)
        return not (before.isupper() and len(before) > 2)

    def _is_shared(self, index: int) -> bool:
        """One of them, one in ten, one-third, one a month, one at a time."""
        tokens, words = self._tokens, self._words
        return (
            words.has("after_one", tokens.low[index + 1])
            or tokens.hyphen(index + 1)
            or self._units.rate(index + 1) is not None
            or words.has("distributive", "_".join(tokens.low[index + 1 : index + 4]))
        )

    def _is_pronoun(self, index: int) -> bool:
        """No one, the other one, a full one, one another, one must; not one of them, one-third, one man."""
        tokens, words = self._tokens, self._words
        before, after = tokens.low[index - 1], tokens.low[index + 1]
        if before == "no" or words.has("after_pronoun", after):
            return True
        if self._is_shared(index):
            return False
        if after == "day" and not words.has("within", before):  # some day
            return True
        alone = tokens.sort[index + 1] != WORD or words.has("boundary", after)
        if words.has("one_before", before) and (alone or words.has("verb", after)):
            return True
        if alone and before.isalpha() and not words.has("boundary", before):
            return True
        clause = index == 0 or tokens.sort[index - 1] != WORD or words.has("that", before)
        return clause and words.has("pronoun_verb", after) and not words.has("happened", tokens.low[index + 2])
