"""A text taken apart into paragraphs, sentences and words, once for all that look for facts in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Final

from worker.model.caching import kept
from worker.steps.facts.gazetteer import lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import Span

# Letters with apostrophes, hyphens and full stops within (Kim's, Saint-Denis, U.S.), numbers with their points and
# commas, or any other sign alone. Initials are few, so that what only looks like them is not read over and over.
_WORD = re.compile(
    r"\d+(?:[.,:/]\d+)*"
    r"|[^\W\d_]+(?:[.'\u2019&-][^\W_]+){0,20}\.?(?<=[A-Za-z]\.)(?<=\.[A-Za-z]\.)|[^\W_]+(?:['\u2019&-][^\W_]+)*|\S"
)
# From the first of a run of stops on, without backtracking: a million of them must cost no more than as many letters.
_STOP = re.compile(r"(?<![.!?\u2026])([.!?\u2026]++)([\"\u201d\u2019'\u00bb)\]]*+)$")
_BEGINS = re.compile(r"([\"\u201c\u2018'\u00ab(\[]*)(.)")
# Greedy up to the last sign that no word has, which is quicker than to try each place for a word that reaches the end.
_LAST_WORD = re.compile(r"(?:.*[(\[\"\u201c\u2018'])?([^(\[\"\u201c\u2018']+)$")
_LOOKBACK = 40
_FIRST_WORD = re.compile(r"\w+")
# What opens a sentence, and no name: "in the U.S. He said".
_OPENERS = frozenset({"The", "A", "An", "He", "She", "It", "They", "We", "I", "In", "On", "But", "And"})
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]")
# Whether a sentence ends with what stands between two blanks, as far as that itself tells: no; yes; unless a number
# follows ("No. 5"); only before a word that opens sentences ("the U.S. He").
_NO, _YES, _NOT_BEFORE_NUMBER, _BEFORE_OPENER = range(4)
# What stands between blanks is mostly the same from text to text; so much of it, if no longer than this, is kept.
_KEPT: Final = 1 << 14
_LONGEST_KEPT: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A text and its parts. All offsets are into `text`; `words` holds (start, end) in order, signs included.

    `written` has the same words as they stand in the text, `lowered` in lower case. `joined` has the indices of those
    that a sign within them joins (Kim's, Saint-Denis, U.S., 1,500), `firsts` that of the first word of each sentence.
    """

    text: str = field(repr=False)
    paragraphs: tuple[tuple[int, int], ...]
    sentences: tuple[tuple[int, int], ...]
    words: tuple[tuple[int, int], ...] = field(repr=False)
    written: tuple[str, ...] = field(default=(), repr=False)
    lowered: tuple[str, ...] = field(default=(), repr=False)
    joined: tuple[int, ...] = field(default=(), repr=False)
    firsts: tuple[int, ...] = field(default=(), repr=False)

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
    written: list[str] = []
    joined: list[int] = []
    firsts: list[int] = []
    for paragraph in paragraphs:
        start, end, first = paragraph.start, paragraph.end, len(words)
        for stop, following, next_first in _read(text, start, end, words, written, joined):
            sentences.append((start, stop))
            firsts.append(first)
            start, first = following, next_first
        if start < end:
            sentences.append((start, end))
            firsts.append(first)
    return Prose(
        text=text,
        paragraphs=tuple([(paragraph.start, paragraph.end) for paragraph in paragraphs]),
        sentences=tuple(sentences),
        words=tuple(words),
        written=tuple(written),
        lowered=tuple("\n".join(written).lower().split("\n")) if written else (),
        joined=tuple(joined),
        firsts=tuple(firsts),
    )


def _read(  # noqa: PLR0913, PLR0917 - what is read is added where it belongs
    text: str, start: int, end: int, words: list[tuple[int, int]], written: list[str], joined: list[int]
) -> list[tuple[int, int, int]]:
    """Add the words of a paragraph; return where its sentences end, and where the next begin, in text and words."""
    breaks: list[tuple[int, int, int]] = []
    add_word, add_written = words.append, written.append
    chunks = text[start:end].split()
    # Where all blanks are single, the lengths say where everything stands.
    is_uneven = end - start != sum(map(len, chunks)) + len(chunks) - 1
    at, stopped, stop = start, 0, _NO
    for chunk in chunks:
        if is_uneven:
            at = text.index(chunk, at)
        if stop:
            if _opens(chunk, stop):
                breaks.append((stopped, at, len(words)))
            stop = _NO
        stopped = at + len(chunk)
        if chunk.isalpha():
            add_word((at, stopped))
            add_written(chunk)
        else:
            parts, stop, compounds = _known_parts(chunk) if len(chunk) <= _LONGEST_KEPT else _parts(chunk)
            if compounds:
                joined += [len(written) + place for place in compounds]
            written += parts
            for part in parts:
                begins = at
                at += len(part)
                add_word((begins, at))
        at = stopped + 1
    return breaks


def _opens(chunk: str, stop: int) -> bool:
    """Whether a sentence begins with what follows a stop."""
    if not chunk[0].isupper():
        begins = _BEGINS.match(chunk)
        opening, first = begins.groups() if begins else ("", "")  # it always matches
        if first.islower() or (first in ",;:" and not opening):
            return False
        if stop == _NOT_BEFORE_NUMBER:
            return not first.isdigit()
    if stop == _BEFORE_OPENER:
        word = _FIRST_WORD.match(chunk)
        return word is not None and word[0] in _OPENERS
    return True


def _parts(chunk: str) -> tuple[tuple[str, ...], int, tuple[int, ...]]:
    """The words of what stands between two blanks, whether it ends a sentence, and which words a sign joins."""
    parts = tuple(_WORD.findall(chunk))
    joined = [place for place, part in enumerate(parts) if len(part) > 1 and not part.isalnum()]
    return parts, _stop(chunk), tuple(joined)


_known_parts = kept(_KEPT)(_parts)


def _stop(chunk: str) -> int:
    stop = _STOP.search(chunk)
    if stop is None:
        return _NO
    if stop[1] != "." or stop[2]:
        return _YES
    before = _LAST_WORD.match(chunk, max(0, stop.start() - _LOOKBACK), stop.start())
    if before is None:
        return _YES
    word = before[1]
    plain, numbered = _abbreviations()
    if word in plain:
        return _NO
    # "J. Doe", "U.S. President"; but "in the U.S. He said": only a sentence would begin with such a word.
    if _INITIAL.fullmatch(word):
        return _BEFORE_OPENER if len(word) > 1 else _NO
    return _NOT_BEFORE_NUMBER if word in numbered else _YES


@cache
def _abbreviations() -> tuple[frozenset[str], frozenset[str]]:
    lines = list(lexicon_lines("abbreviations.txt"))
    return (
        frozenset(line for line in lines if not line.startswith("+")),
        frozenset(line[1:] for line in lines if line.startswith("+")),
    )
