"""A sentence taken apart more finely than in `prose`: numbers, words and signs, each alone."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from worker.steps.facts.figures.lexicon import Words

# Words with apostrophes and hyphens within, or abbreviations with points; thousands in groups (1,000; 1,00,000; 1 000
# with narrow or fixed spaces), decimals, a bare fraction (.500); one sign for a fraction; any other sign.
_LETTER = r"[^\W\d_\u00bc-\u00be\u2150-\u215e]"
# One space before a token, and a first alternative for plain words, only make it faster.
_TOKEN = re.compile(
    rf" ?(?:([A-Za-z]++(?=[ ,])|{_LETTER}(?:\.(?:{_LETTER}\.)+|{_LETTER}*+(?:['\u2019\-]{_LETTER}++)*+))"
    r"|(\d{1,3}(?:,\d{2,3}){0,6},\d{3}(?!\d)(?:\.\d+)?|\d{1,3}(?:[\u00a0\u2009\u202f]\d{3}){1,6}(?!\d)(?:\.\d+)?"
    r"|\d+(?:\.\d+)?|(?<![\w.])\.\d+)"
    r"|([\u00bc-\u00be\u2150-\u215e])"
    r"|(\S))"
)
# Abbreviations that would be pronouns in small letters.
_SMALL = {"US": "u.s.", "IT": "i.t.", "WHO": "w.h.o."}
_HYPHENATED = re.compile("[^-]+|-")
_OTHER_HYPHENS = ("\u2010", "\u2011")
WORD, NUMBER, FRACTION, SIGN = 1, 2, 3, 4
# What stands behind the last token, and so before the first one as well (index -1).
_PADDING = 12
_NOWHERE, _ENDLESS, _NO_SORT, _EMPTY = [-1] * _PADDING, [-2] * _PADDING, [0] * _PADDING, [""] * _PADDING


class Tokens:
    """The tokens of the sentence that is being read: where each begins and ends, its sort, its letters in small.

    `sterling` says that the text speaks of pounds as money. Rules may look a little past both ends: what they find
    there is empty, glued to nothing and of no sort.
    """

    __slots__ = ("_capitals", "_hyphens", "_words", "count", "end", "low", "sort", "start", "sterling", "text")

    def __init__(self, text: str, words: Words) -> None:
        self.text = text
        self.sterling = "\u00a3" in text or "sterling" in text
        self._words = words
        self._capitals = any(word in text for word in _SMALL)
        self._hyphens = [hyphen for hyphen in ("-", *_OTHER_HYPHENS) if hyphen in text]
        self.count = 0
        self.start = _NOWHERE
        self.end = _ENDLESS
        self.sort = _NO_SORT
        self.low = _EMPTY

    def read(self, start: int, end: int) -> None:
        """Take the sentence between two offsets in place of the one before."""
        text = self.text
        matches = list(_TOKEN.finditer(text, start, end))
        raw = [match[0].lstrip(" ") for match in matches]
        ends = [match.end() for match in matches]
        self.count = len(matches)
        self.start = [end - len(word) for word, end in zip(raw, ends, strict=True)] + _NOWHERE
        self.end = ends + _ENDLESS
        self.sort = [match.lastindex or SIGN for match in matches] + _NO_SORT
        if self._capitals:
            self.low = [_SMALL.get(word) or word.lower() for word in raw] + _EMPTY
        else:
            self.low = [word.lower() for word in raw] + _EMPTY
        if any(text.find(hyphen, start, end) >= 0 for hyphen in self._hyphens):
            self._take_apart()

    def _take_apart(self) -> None:
        """Split the compounds that number words are in, at their hyphens; all hyphens are made alike."""
        starts: list[int] = []
        ends: list[int] = []
        sorts: list[int] = []
        lows: list[str] = []
        for at, end, sort, low in zip(self.start, self.end, self.sort, self.low, strict=True):
            if sort == WORD and "-" in low and len(low) == end - at and _counts(low, self._words):
                parts = _HYPHENATED.findall(low)
                edges = list(accumulate(map(len, parts), initial=at))
                starts += edges[:-1]
                ends += edges[1:]
                sorts += [SIGN if part == "-" else WORD for part in parts]
                lows += parts
            else:
                starts.append(at)
                ends.append(end)
                sorts.append(sort)
                lows.append("-" if low in _OTHER_HYPHENS else low)
        self.count = len(starts) - _PADDING
        self.start, self.end, self.sort, self.low = starts, ends, sorts, lows

    def glued(self, index: int) -> bool:
        """Whether nothing stands between this token and the one before it."""
        return self.start[index] == self.end[index - 1]

    def hyphen(self, index: int) -> bool:
        """Whether it is a hyphen that joins what stands on both sides."""
        return (
            self.low[index] == "-"
            and self.start[index] == self.end[index - 1]
            and self.start[index + 1] == self.end[index]
        )

    def is_number(self, index: int) -> bool:
        """Whether it is written in figures."""
        return self.sort[index] == NUMBER

    def is_pair(self, index: int) -> bool:
        """Whether two numbers in figures with a hyphen between begin here: 6-4."""
        return self.sort[index] == self.sort[index + 2] == NUMBER and self.hyphen(index + 1)

    def raw(self, first: int, last: int) -> str:
        """The text from one token to another, `last` included."""
        return self.text[self.start[first] : self.end[last]]

    def capital(self, index: int) -> bool:
        """Whether it is a word that begins with a capital, or with one after its first letter (iPhone)."""
        if self.sort[index] != WORD:
            return False
        start = self.start[index]
        return self.text[start].isupper() or (self.end[index] - start > 1 and self.text[start + 1].isupper())


def _counts(word: str, words: Words) -> bool:
    parts = word.split("-")
    return parts[0] in words.vague or any(
        part in words.small or part in words.scale or part in words.dozen or part in words.part for part in parts
    )
