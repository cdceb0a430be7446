"""Numbers in figures that count nothing: in names, labels, addresses, telephone numbers and lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.dates import DateReader, is_year
from worker.steps.facts.figures.tokens import SIGN, WORD

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
# "51.5 N, 0.12 W".
_COMPASS: Final = frozenset("nsew")
_LETTERS: Final = _COMPASS | {"x"}
_LIST: Final = frozenset({",", "and", "or", "to", "through", "&", "-"})
_ENDS: Final = frozenset(".,;")
# Longer numbers without signs are those of accounts, messages, books.
_MOST_PLAIN: Final = 9
# How far back the bracket that closes behind a number may have been opened.
_BRACKETED: Final = 12
_BRACKETS: Final = frozenset({("[", "]"), ("(", ")")})


class NameReader:
    """Tells for the numbers in figures of one sentence whether they count anything at all."""

    __slots__ = ("_dates", "_tokens", "_units", "_words")

    def __init__(self, tokens: Tokens, words: Words, units: UnitReader) -> None:
        self._tokens = tokens
        self._words = words
        self._units = units
        self._dates = DateReader(tokens, words, units)

    def skip(self, index: int) -> int:
        """The token after what a number in figures is part of, when that is no figure; else 0."""
        if self._tokens.low[index + 1] in _LETTERS and self._is_lettered(index):
            return index + 2
        if self._is_led(index):
            after = index + 1
            if self._tokens.low[index - 2 : index] == ["group", "of"] and self._tokens.capital(index - 2):
                return after  # "the Group of 20"
            if self._is_plain(after):
                return 0
            if self._tokens.capital(after) and not self._tokens.glued(after):  # "24 May", "10 Downing Street"
                day = self._dates.skip(index) if self._dates.may_be(index) else 0
                return day or self._address(index)
        return (
            self._identifier(index)
            or self._glued_before(index)
            or self._glued_after(index)
            or self._telephone(index)
            or self._dates.skip(index)
            or self._listed(index, self._label(index) or self._named(index))
            or self._item(index)
            or self._address(index)
        )

    def _is_lettered(self, index: int) -> bool:
        """Whether a number is one side of a product ("4 x 400 metres") or a point of the map ("51.5 N")."""
        tokens, letter = self._tokens, index + 1
        if tokens.glued(letter):
            return False
        if tokens.low[letter] == "x":
            return tokens.is_number(letter + 1)
        return tokens.capital(letter) and "." in tokens.low[index] and not tokens.low[letter + 1].isalpha()

    def _is_led(self, index: int) -> bool:
        """Whether a number that may count stands behind a plain word in small letters, as most do."""
        tokens, words = self._tokens, self._words
        before, number = index - 1, tokens.low[index]
        lead = tokens.low[before]
        return (
            tokens.sort[before] == WORD
            and not (number[0] == "0" or is_year(number) or number in words.classes["emergency"])
            and not (lead in words.classes["small_label"] or lead in words.classes["weekday"])
            and not (tokens.glued(index) or tokens.capital(before))
        )

    def _is_plain(self, after: int) -> bool:
        """Whether a plain word in small letters or a sign that ends a clause stands at a token: no part of a number."""
        tokens, words = self._tokens, self._words
        if tokens.sort[after] == WORD:
            near = tokens.low[after] in words.classes["clock_near"]
            return not (near or tokens.low[after] == "block" or tokens.glued(after) or tokens.capital(after))
        return tokens.low[after] in _ENDS and not tokens.is_number(after + 1)

    def _identifier(self, index: int) -> int:
        """Long strings of digits without signs, the number of the police ("called 911"), the 200 block of a street."""
        tokens, words = self._tokens, self._words
        number, after = tokens.low[index], tokens.low[index + 1]
        if len(number) > _MOST_PLAIN and number.isdecimal() and not self._has_unit(index):
            return index + 1
        called = words.has("emergency", number) and (
            words.has("call", tokens.low[index - 1]) or words.has("call", after) or words.has("caller", after)
        )
        return index + 1 if called or (after == "block" and tokens.low[index + 2] == "of") else 0

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
        if not tokens.glued(before):
            return 0 if word in _OPENERS else index + 1
        lead = tokens.low[before - 1]
        if word == "-":
            return 0 if lead == "%" or self._words.has("prefix", lead) else index + 1
        return index + 1 if word in _LINKS or word in _TIMES else 0

    def _bracketed(self, index: int) -> int:
        """A footnote ("[3]"), the code of a telephone number ("(513) 555-0199"), an age or a minute behind a name."""
        tokens = self._tokens
        footnote = tokens.low[index - 1] == "[" or tokens.glued(index - 1)
        return index + 2 if footnote or tokens.capital(index - 2) or tokens.is_number(index + 2) else 0

    def _glued_after(self, index: int) -> int:
        """Letters of a model; more numbers of a date, a version, a telephone number; "the mid-80s", "70-something"."""
        tokens, words = self._tokens, self._words
        at = index + 1
        if not tokens.glued(at):
            return 0
        word = tokens.low[at]
        if tokens.sort[at] == WORD:
            if word == "s" and tokens.low[index][-1] == "0" and words.has("before_decade", tokens.low[index - 1]):
                return at + 1
            known = word in words.short or words.has("ordinal_end", word) or self._units.after(at)
            return 0 if known else at + 1
        if word == "-" and tokens.glued(at + 1) and words.has("something", tokens.low[at + 1]):
            return at + 2
        height = word in _APOSTROPHES and tokens.glued(at + 1) and tokens.is_number(at + 1)  # 5'10"
        clause = word == "(" and tokens.glued(at + 1) and len(tokens.low[at + 1]) == 1  # 501(c)
        degrees = word == "\u00b0" and tokens.glued(at + 1) and tokens.is_number(at + 1)  # 33°30'21"
        if height or clause or degrees or word in _TIMES or tokens.is_number(at):
            return at + 1
        return self._dates.chain(index)

    def _telephone(self, index: int) -> int:
        """Numbers that begin with 0, and groups of digits with spaces between."""
        tokens = self._tokens
        plain = tokens.low[index]
        country = tokens.low[index - 1] == "+" and tokens.glued(index) and tokens.is_number(index + 1)
        group = (
            len(plain) in (3, 4)
            and plain.isdecimal()
            and not is_year(plain)
            and tokens.is_number(index + 1)
            and len(tokens.low[index + 1]) in (3, 4)
        )
        # "1800 666 111": no year stands before two groups.
        group = group or (
            len(plain) == len("1800")
            and plain.isdecimal()
            and all(tokens.is_number(at) and len(tokens.low[at]) == len("666") for at in (index + 1, index + 2))
        )
        if not (group or country) and not (len(plain) > 1 and plain[0] == "0" and plain[1] != "."):
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

    def _listed(self, index: int, after: int) -> int:
        """The token behind all numbers of "Articles 5, 6 and 7"; `after` is behind the first, or 0."""
        tokens = self._tokens
        if not after or not (tokens.low[index - 1] == "u.s." or tokens.low[index - 1].endswith("s")):
            return after
        at = after
        while tokens.low[at] in _LIST:
            at += 1
            if tokens.is_number(at):
                if self._dates.counts(at + 1) or self._has_unit(at):
                    break
                at = after = at + 1
        return after

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
        if tokens.low[index + 1] == ")" and len(tokens.low[index]) == 1 and tokens.low[index + 2].isalpha():
            return 0 if "(" in tokens.low[max(index - _BRACKETED, 0) : index] else index + 2
        if index == 0 or (index == 1 and tokens.low[0] == "("):
            return index + 2
        return index + 2 if tokens.low[index - 1] == ";" and index + 2 < tokens.count else 0

    def _address(self, index: int) -> int:
        """The number of a house: "10 Downing Street", "601 SW 75th St."."""
        tokens, words = self._tokens, self._words
        first = index + 3 if tokens.low[index + 1] == "-" and tokens.is_number(index + 2) else index + 1
        if words.in_address.isdisjoint(tokens.low[first : first + 5]):
            return 0
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
