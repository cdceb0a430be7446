"""A text taken apart into paragraphs, sentences and words, once for all that look for facts in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.gazetteer import lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import Span

# Letters with apostrophes, hyphens and full stops within (Kim's, Saint-Denis, U.S.), numbers with their points and
# commas, or any other sign alone; and the white space behind it, so that the matches of a paragraph leave no gap and
# their lengths say where each stands. The first branch is what most words are, and quick to tell.
_WORD = re.compile(
    r"(?:[A-Za-z]++(?=[ ,\n])|\d+(?:[.,:/]\d+)*"
    r"|[^\W\d_]+(?:[.'\u2019&-][^\W_]+)*\.?(?<=[A-Za-z]\.)(?<=\.[A-Za-z]\.)|[^\W_]+(?:['\u2019&-][^\W_]+)*|\S)\s*"
)
_WHITE_SPACE = re.compile(r"\s*")
_STOP = re.compile(r"([.!?\u2026]+)([\"\u201d\u2019'\u00bb)\]]*)(\s+)(?=([\"\u201c\u2018'\u00ab(\[]*)(\S))")
# Greedy up to the last sign that no word has, which is quicker than to try each place for a word that reaches the end.
_LAST_WORD = re.compile(r"(?:.*[\s(\[\"\u201c\u2018'])?([^\s(\[\"\u201c\u2018']+)$", re.DOTALL)
_LOOKBACK = 40
_FIRST_WORD = re.compile(r"\w+")
# What opens a sentence, and no name: "in the U.S. He said".
_OPENERS = frozenset({"The", "A", "An", "He", "She", "It", "They", "We", "I", "In", "On", "But", "And"})
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A text and its parts. All offsets are into `text`; `words` holds (start, end) in order, signs included."""

    text: str = field(repr=False)
    paragraphs: tuple[tuple[int, int], ...]
    sentences: tuple[tuple[int, int], ...]
    words: tuple[tuple[int, int], ...] = field(repr=False)

    def sentence_at(self, offset: int) -> int:
        """The index of the sentence in which an offset lies, or of the last one before it; 0 before the first."""
        return max(bisect_right(self.sentences, (offset, len(self.text))) - 1, 0)

    def paragraph_at(self, offset: int) -> int:
        """The same for paragraphs."""
        return max(bisect_right(self.paragraphs, (offset, len(self.text))) - 1, 0)


def read_prose(text: str, paragraphs: Sequence[Span]) -> Prose:
    """The parts of a text; headers, datelines and what else is outside its paragraphs are in none of them."""
    sentences: list[tuple[int, int]] = []
    words: list[tuple[int, int]] = []
    for paragraph in paragraphs:
        sentences += _sentences(text, paragraph.start, paragraph.end)
        words += _words(text, paragraph.start, paragraph.end)
    return Prose(
        text=text,
        paragraphs=tuple((paragraph.start, paragraph.end) for paragraph in paragraphs),
        sentences=tuple(sentences),
        words=tuple(words),
    )


def _words(text: str, start: int, end: int) -> list[tuple[int, int]]:
    # Strings and their lengths, for match objects take three times as long.
    found = []
    begins = _WHITE_SPACE.match(text, start, end).end()  # type: ignore[union-attr]  # matches anything
    for piece in _WORD.findall(text, begins, end):
        found.append((begins, begins + len(piece.rstrip())))
        begins += len(piece)
    return found


def _sentences(text: str, start: int, end: int) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for stop in _STOP.finditer(text, start, end):
        if stop.start() < start or not _ends_sentence(text, start, stop):
            continue
        found.append((start, stop.start(3)))
        start = stop.end(3)
    if start < end:
        found.append((start, end))
    return found


def _ends_sentence(text: str, start: int, stop: re.Match[str]) -> bool:
    signs, closing, opening, following = stop.group(1, 2, 4, 5)
    if following.islower() or (following in ",;:" and not opening):
        return False
    if signs != "." or closing:
        return True
    end = stop.start()
    before = _LAST_WORD.match(text, max(start, end - _LOOKBACK), end)
    if before is None:
        return True
    word = before[1]
    plain, numbered = _abbreviations()
    if word in plain or (word in numbered and following.isdigit()):
        return False
    # "J. Doe", "U.S. President"; but "in the U.S. He said": only a sentence would begin with such a word.
    return not _INITIAL.fullmatch(word) or (len(word) > 1 and _opens_sentence(text, stop.end(3)))


def _opens_sentence(text: str, offset: int) -> bool:
    word = _FIRST_WORD.match(text, offset)
    return word is not None and word[0] in _OPENERS


@cache
def _abbreviations() -> tuple[frozenset[str], frozenset[str]]:
    lines = list(lexicon_lines("abbreviations.txt"))
    return (
        frozenset(line for line in lines if not line.startswith("+")),
        frozenset(line[1:] for line in lines if line.startswith("+")),
    )
