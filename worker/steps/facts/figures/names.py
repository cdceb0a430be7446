"""Numbers that count nothing: in names, labels, addresses, telephone numbers, lists, and "one" as a pronoun."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.dates import DateReader, is_year
from worker.steps.facts.figures.tokens import NUMBER, SIGN, WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens
    from worker.steps.facts.figures.units import UnitReader

# What may be glued to a figure in front.
_OPENERS: Final = frozenset("-\u2013\u2014+(\"\u201c'\u2018[~<>$\u2212\u2022/\u2248")
# Powers of ten, sizes, minutes and seconds of arc.
_TIMES: Final = frozenset("\u00d7^*=\u2212\u2032\u2033")
_LINKS: Final = frozenset(".,:_")
_APOSTROPHES: Final = frozenset("'\u2018\u2019`")
_BRACKETS: Final = frozenset({("[", "]"), ("(", ")")})


class NameReader:
    """Tells for the numbers of one sentence whether they are figures at all."""

    __slots__ = ("_dates", "_tokens", "_units", "_words")

    def __init__(self, tokens: Tokens, words: Words, units: UnitReader) -> None:
        self._tokens = tokens
        self._words = words
        self._units = units
        self._dates = DateReader(tokens, words, units)

    def skip_digits(self, index: int) -> int:
        """The token after what a number in figures is part of, when that is no figure; else 0."""
        if self._is_plain(index):
            return 0
        return (
            self._glued_before(index)
            or self._glued_after(index)
            or self._telephone(index)
            or self._dates.skip(index)
            or self._label(index)
            or self._named(index)
            or self._item(index)
            or self._address(index)
        )

    def _is_plain(self, index: int) -> bool:
        """Whether a number stands between plain words in small letters, where it can only be a figure: most do."""
        tokens, words = self._tokens, self._words
        before, after = index - 1, index + 1
        return (
            tokens.sort[before] == tokens.sort[after] == WORD
            and not (tokens.glued(index) or tokens.glued(after) or tokens.capital(before) or tokens.capital(after))
            and not (tokens.low[index][0] == "0" or is_year(tokens.low[index]))
            and not (words.has("small_label", tokens.low[before]) or words.has("clock_near", tokens.low[after]))
        )

    def broken(self, index: int) -> int:
        """The token after a number that is written otherwise than in English ("12,50"), else 0."""
        tokens = self._tokens
        broken = tokens.low[index + 1] in _LINKS and tokens.glued(index + 1) and tokens.glued(index + 2)
        return self._dates.chain(index) if broken else 0

    def _glued_before(self, index: int) -> int:
        """A380, F-16, '98, [3], the rest of a string of numbers; but sub-300, (45), -7."""
        tokens = self._tokens
        if not tokens.glued(index):
            return 0
        before = index - 1
        word = tokens.low[before]
        if (word, tokens.low[index + 1]) in _BRACKETS:
            return self._bracketed(index)
        if tokens.sort[before] != SIGN or (word in _APOSTROPHES and len(tokens.low[index]) == 2):
            return index + 1
        if tokens.glued(before):
            if word == "-":
                return 0 if self._words.has("prefix", tokens.low[before - 1]) else index + 1
            return index + 1 if word in _LINKS or word in _TIMES else 0
        return 0 if word in _OPENERS else index + 1

    def _bracketed(self, index: int) -> int:
        """A footnote ("[3]"), the code of a telephone number ("(513) 555-0199"), an age or a minute behind a name."""
        tokens = self._tokens
        footnote = tokens.low[index - 1] == "[" or tokens.glued(index - 1)
        return index + 2 if footnote or tokens.capital(index - 2) or tokens.is_number(index + 2) else 0

    def _glued_after(self, index: int) -> int:
        """Letters of a model, and more numbers of a date, a version, a telephone number."""
        tokens, words = self._tokens, self._words
        at = index + 1
        if not tokens.glued(at):
            return 0
        word = tokens.low[at]
        if tokens.sort[at] == WORD:
            known = word in words.short or words.has("ordinal_end", word) or self._units.after(at)
            return 0 if known else at + 1
        clause = word == "(" and tokens.glued(at + 1) and len(tokens.low[at + 1]) == 1  # 501(c)
        degrees = word == "\u00b0" and tokens.glued(at + 1) and tokens.is_number(at + 1)  # 33°30'21"
        if clause or degrees or word in _TIMES or tokens.is_number(at):
            return at + 1
        return self._dates.chain(index)

    def _telephone(self, index: int) -> int:
        """Numbers that begin with 0, and groups of digits with spaces between."""
        tokens = self._tokens
        plain = tokens.low[index]
        group = (
            len(plain) in (3, 4)
            and plain.isdecimal()
            and not is_year(plain)
            and tokens.is_number(index + 1)
            and len(tokens.low[index + 1]) in (3, 4)
        )
        if not group and not (len(plain) > 1 and plain[0] == "0" and plain[1] != "."):
            return 0
        index += 1
        while tokens.is_number(index) or (tokens.low[index] == "-" and tokens.is_number(index + 1)):
            index += 1
        return index

    def _label(self, index: int) -> int:
        """Article 5, Boeing 747, No. 10, page 3."""
        tokens, words = self._tokens, self._words
        if "," in tokens.low[index]:
            return 0
        before = index - 2 if tokens.low[index - 1] in (".", "-") else index - 1
        word = tokens.low[before]
        if tokens.capital(before) and words.has("label", word):
            return 0 if self._has_share(index) else index + 1
        numbered = (tokens.low[index - 1] == "#" and not self._has_unit(index)) or (
            before == index - 2 and words.has("number_sign", word)
        )
        if before == index - 1 and words.has("small_label", word):
            numbered = not words.has("rate_word", tokens.low[before - 1]) and not self._has_unit(index)
        return index + 1 if numbered else 0

    def _has_share(self, index: int) -> bool:
        found = self._units.after(index + 1)
        return found is not None and found.unit.kind in ("percent", "money")

    def _has_unit(self, index: int) -> bool:
        tokens, words = self._tokens, self._words
        word = tokens.low[index + 1]
        if word in words.scale or (word in words.short and (tokens.glued(index + 1) or len(word) > 1)):
            return True
        return self._units.after(index + 1) is not None

    def _named(self, index: int) -> int:
        """A number behind a name ("Apollo 11", "Big 12"), unless it plainly counts what follows or is a score."""
        tokens, words = self._tokens, self._words
        before = index - 1
        if not tokens.capital(before) or tokens.glued(index) or "," in tokens.low[index]:
            return 0
        word = tokens.low[before]
        counts = self._dates.counts(index + 1)
        if words.has("no_name", word) or words.has("boundary", word) or word.endswith(("'s", "\u2019s")):
            return 0
        code = len(word) <= 2 and tokens.raw(before, before).isupper()  # KY 80
        if not code and (counts or self._has_unit(index)):
            return 0
        return 0 if self._is_score(index) else index + 1

    def _is_score(self, index: int) -> bool:
        tokens = self._tokens
        if not tokens.is_pair(index):
            return False
        if tokens.low[index + 3] == "," and tokens.is_pair(index + 4):  # "Denmark 6-4, 5-7, 6-2"
            return True
        near = tokens.low[max(index - 4, 0) : index] + tokens.low[index + 3 : index + 5]
        return any(self._words.has("score_word", word) for word in near)

    def _item(self, index: int) -> int:
        """The number of an item in a list: it begins the sentence, and a point or bracket is glued to it."""
        tokens = self._tokens
        if not tokens.glued(index + 1) or tokens.low[index + 1] not in (".", ")"):
            return 0
        if index == 0 or (index == 1 and tokens.low[0] == "("):
            return index + 2
        return index + 2 if tokens.low[index - 1] == ";" and index + 2 < tokens.count else 0

    def _address(self, index: int) -> int:
        """The number of a house: "10 Downing Street", "601 SW 75th St."."""
        tokens, words = self._tokens, self._words
        first = index + 3 if tokens.low[index + 1] == "-" and tokens.is_number(index + 2) else index + 1
        for at in range(first, min(first + 5, tokens.count)):
            word = tokens.low[at]
            if word == "." and words.has("compass", tokens.low[at - 1]):
                continue
            if words.has("compass", word) and tokens.is_number(at + 1):
                return at + 2
            if not tokens.capital(at) or words.has("boundary", word):
                return 0
            if at > first and words.has("street", word):
                return at + 1
        return 0

    def skip_word(self, index: int) -> bool:
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
