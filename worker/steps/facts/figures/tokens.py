"""A sentence taken apart more finely than in `prose`: numbers, words and signs, each alone."""

from __future__ import annotations

import re
from itertools import accumulate
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words

# Words with apostrophes and hyphens within, or abbreviations with points; thousands in groups (1,000; 1,00,000; 1 000
# with narrow or fixed spaces), decimals, a bare fraction (.500); one sign for a fraction; any other sign. The white
# space behind each is taken too, so that the lengths of the matches say where each stands; the first alternative is
# what most words are, and quick to tell.
_LETTER = r"[^\W\d_\u00bc-\u00be\u2150-\u215e]"
_TOKEN = re.compile(
    rf"(?:[a-z]++(?=[ ,])|{_LETTER}(?:\.(?:{_LETTER}\.)+|{_LETTER}*+(?:['\u2019\-]{_LETTER}++)*+)"
    r"|\d{1,3}(?:,\d{2,3}){0,6},\d{3}(?!\d)(?:\.\d+)?|\d{1,3}(?:[\u00a0\u2009\u202f]\d{3}){1,6}(?!\d)(?:\.\d+)?"
    r"|\d+(?:\.\d+)?|(?<![\w.])\.\d+"
    r"|\S)\s*"
)
_WHITE_SPACE = re.compile(r"\s*")
_BARE = re.compile(r"\.\d")
WORD, NUMBER, FRACTION, SIGN = 1, 2, 3, 4
_SORT = re.compile(rf"({_LETTER})|(\d)|([\u00bc-\u00be\u2150-\u215e])|(.)", re.DOTALL)
# Abbreviations that would be pronouns in small letters.
_CAPITALS = {"us": "US", "it": "IT", "who": "WHO"}
_HYPHENATED = re.compile("[^-]+|-")
_OTHER_HYPHENS = ("\u2010", "\u2011")
# What stands behind the last token, and so before the first one as well (index -1).
_PADDING = 12
_NOWHERE, _NO_SORT, _EMPTY = list(range(-1, -_PADDING - 1, -1)), [0] * _PADDING, [""] * _PADDING


class _Sorts(dict[str, int]):
    """The sorts of tokens by their first characters, but for bare fractions. The usual ones are kept."""

    def __missing__(self, first: str) -> int:
        found = _SORT.match(first)
        sort = (found and found.lastindex) or SIGN
        if first < "\u2100":
            self[first] = sort
        return sort


_SORTS = _Sorts()
_FIRST = itemgetter(0)


class Tokens:
    """The tokens of the sentence that is being read: where each begins, its sort, its letters in small.

    US, IT and WHO keep their capitals. `sterling` says that the text speaks of pounds as money. Rules may look a little
    past both ends: what they find there is empty, glued to nothing and of no sort.
    """

    __slots__ = (
        "_bare",
        "_hyphens",
        "_lowered",
        "_words",
        "count",
        "low",
        "sort",
        "start",
        "sterling",
        "text",
    )

    def __init__(self, text: str, words: Words) -> None:
        self.text = text
        self.sterling = "\u00a3" in text or "sterling" in text
        self._words = words
        # All letters but this one are as long in small.
        self._lowered = text.replace("\u0130", "I").lower()
        self._hyphens = [hyphen for hyphen in _OTHER_HYPHENS if hyphen in text]
        self._bare = any(_is_bare(text, match.start()) for match in _BARE.finditer(text))
        self.count = 0
        self.start = _NOWHERE
        self.sort = _NO_SORT
        self.low = _EMPTY

    def read(self, start: int, end: int) -> None:
        """Take the sentence between two offsets in place of the one before."""
        begins = _WHITE_SPACE.match(self._lowered, start, end).end()  # type: ignore[union-attr]  # matches anything
        pieces = _TOKEN.findall(self._lowered, begins, end)
        low = list(map(str.rstrip, pieces))
        sorts = list(map(_SORTS.__getitem__, map(_FIRST, low)))
        if self._bare:
            sorts = [
                NUMBER if word[0] == "." and len(word) > 1 else sort for word, sort in zip(low, sorts, strict=True)
            ]
        starts = list(accumulate(map(len, pieces), initial=begins))
        starts.pop()
        self.count = len(low)
        self.start, self.sort, self.low = starts + _NOWHERE, sorts + _NO_SORT, low + _EMPTY
        sentence = self.text[begins:end]
        if "US" in sentence or "IT" in sentence or "WHO" in sentence:
            self._keep_capitals()
        for hyphen in self._hyphens:
            self.low = ["-" if word == hyphen else word for word in self.low]
        if "-" in sentence or self._hyphens:
            self._take_apart([at for at, word in enumerate(self.low) if "-" in word])

    def _keep_capitals(self) -> None:
        for at, word in enumerate(self.low):
            capitals = _CAPITALS.get(word)
            if capitals and self.raw(at, at) == capitals:
                self.low[at] = capitals

    def _take_apart(self, compounds: list[int]) -> None:
        """Split those compounds that number words are in, at their hyphens."""
        starts: list[int] = []
        sorts: list[int] = []
        lows: list[str] = []
        done = 0
        for at in compounds:
            word = self.low[at]
            if len(word) == 1 or not self._counts(word):
                continue
            parts = _HYPHENATED.findall(word)
            edges = list(accumulate(map(len, parts), initial=self.start[at]))
            starts += self.start[done:at]
            starts += edges[:-1]
            sorts += self.sort[done:at]
            sorts += [SIGN if part == "-" else WORD for part in parts]
            lows += self.low[done:at]
            lows += parts
            done = at + 1
        if done:
            self.start = starts + self.start[done:]
            self.sort = sorts + self.sort[done:]
            self.low = lows + self.low[done:]
            self.count = len(self.low) - _PADDING

    def _counts(self, compound: str) -> bool:
        parts = compound.split("-")
        return parts[0] in self._words.vague or not self._words.compounding.isdisjoint(parts)

    def end(self, index: int) -> int:
        """Where a token ends."""
        return self.start[index] + len(self.low[index])

    def glued(self, index: int) -> bool:
        """Whether nothing stands between this token and the one before it."""
        return self.start[index] == self.start[index - 1] + len(self.low[index - 1])

    def hyphen(self, index: int) -> bool:
        """Whether it is a hyphen that joins what stands on both sides."""
        return self.low[index] == "-" and self.glued(index) and self.start[index + 1] == self.start[index] + 1

    def is_number(self, index: int) -> bool:
        """Whether it is written in figures."""
        return self.sort[index] == NUMBER

    def is_pair(self, index: int) -> bool:
        """Whether two numbers in figures with a hyphen between begin here: 6-4."""
        return self.sort[index] == self.sort[index + 2] == NUMBER and self.hyphen(index + 1)

    def raw(self, first: int, last: int) -> str:
        """The text from one token to another, `last` included."""
        return self.text[self.start[first] : self.start[last] + len(self.low[last])]

    def capital(self, index: int) -> bool:
        """Whether it is a word that begins with a capital, or with one after its first letter (iPhone)."""
        if self.sort[index] != WORD:
            return False
        start = self.start[index]
        return self.text[start].isupper() or (len(self.low[index]) > 1 and self.text[start + 1].isupper())


def _is_bare(text: str, point: int) -> bool:
    """Whether nothing that a point could belong to stands before it."""
    before = text[point - 1 : point]
    return not (before.isalnum() or before in ("_", "."))
