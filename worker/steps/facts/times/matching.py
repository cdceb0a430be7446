"""Where the patterns of a grammar stand in a text."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

from worker.model.caching import kept
from worker.steps.facts.times.grammar import PIECE
from worker.steps.facts.times.lexicon import OTHER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from worker.steps.facts.prose import Prose
    from worker.steps.facts.times.grammar import Grammar, Rule, Rules
    from worker.steps.facts.times.lexicon import Value, Vocabulary

# What joins the pieces of a word or a number, within it.
_JOINT = re.compile(r"['\u2019\-:/.](?=\w)")
# How many words of a mention may stand before that of which every mention has one.
_MAX_LEAD = 6
# Longer words are no words.
_MAX_WORD_CHARS = 40
_WORDS_KEPT = 4_096


class Signs(NamedTuple):
    """A text's words as spans, with one sign for each."""

    text: str
    words: Vocabulary
    spans: Sequence[tuple[int, int]]
    signs: str

    def word(self, index: int) -> str:
        """The word at an index, or nothing beyond the ends."""
        if not 0 <= index < len(self.spans):
            return ""
        start, end = self.spans[index]
        return self.text[start:end]


class Match(NamedTuple):
    """A pattern found: words `first` to `last` (exclusive), and the values of its parts."""

    rule: Rule
    first: int
    last: int
    parts: Mapping[str, Value]


def read_signs(prose: Prose, words: Vocabulary) -> Signs:
    """The signs of a text; hyphenated words and possessives are taken apart where a part is a word of time."""
    written = prose.written
    signs = list(map(words.signs.get, written, repeat(OTHER)))
    apart = _apart(words)
    spans: list[tuple[int, int]] = []
    found: list[str] = []
    done = 0
    for index in prose.joined:
        if signs[index] is not OTHER:
            continue
        sign, pieces = apart(written[index])
        if not pieces:
            signs[index] = sign
            continue
        spans += prose.words[done:index]
        found += signs[done:index]
        found.append(sign)
        start, _ = prose.words[index]
        for piece in pieces:
            spans.append((start, start + len(piece)))
            start += len(piece)
        done = index + 1
    spans += prose.words[done:]
    found += signs[done:]
    return Signs(prose.text, words, spans, "".join(found))


@cache
def _apart(words: Vocabulary) -> Callable[[str], tuple[str, tuple[str, ...]]]:
    """Tells of a word that a sign joins: the sign of each of its pieces, and these; no pieces where it stays whole."""

    @kept(_WORDS_KEPT)
    def apart(word: str) -> tuple[str, tuple[str, ...]]:
        if not _JOINT.search(word):
            return OTHER, ()
        pieces = _pieces(word, words)
        return "".join(map(words.sign, pieces)) if pieces else words.sign(word), pieces

    return apart


def _pieces(word: str, words: Vocabulary) -> tuple[str, ...]:
    """The pieces of a word with a word of time among them, which leave no gap; none of any other word."""
    if len(word) > _MAX_WORD_CHARS or (word[0].isdecimal() and words.sign(word) != OTHER):
        return ()
    pieces = PIECE.findall(word)
    return () if words.signs.keys().isdisjoint([piece for piece in pieces if len(piece) > 1]) else tuple(pieces)


@dataclass(slots=True, kw_only=True)
class Walk:
    """A walk through a text, from one place where a pattern matches to the next; no match leaves its paragraph."""

    prose: Prose
    signs: Signs
    rules: Grammar
    limit: int = 0

    def next(self, here: int, *, behind: bool) -> tuple[Rules, re.Match[str]] | None:
        """The next place from `here` on at which patterns match: these, and the match of the preferred one.

        What goes on right behind another mention needs no core ("May 3 and 4"): `behind` says that `here` is there.
        """
        row, starting = self.signs.signs, self.rules.starting
        if behind and here < self.limit:
            known = starting.get(row[here])
            if known and (found := known.any_rule.match(row, here, self.limit)):
                return known, found
        search = self.rules.core.search
        while core := search(row, here):
            last = core.end()
            if last > self.limit:
                here = self._enter_paragraph(here, last - 1)
            # No pattern has a word that is in no class.
            lead = row.rfind(OTHER, max(here, last - 1 - _MAX_LEAD), last) + 1
            for start in range(lead or max(here, last - 1 - _MAX_LEAD), last):
                known = starting.get(row[start])
                if known and (found := known.any_rule.match(row, start, self.limit)):
                    return known, found
            here = last
        return None

    def _enter_paragraph(self, here: int, index: int) -> int:
        """Looks on in the paragraph of a word: how far before it, from `here` on, a mention may begin."""
        spans = self.signs.spans
        start, end = self.prose.paragraphs[self.prose.paragraph_at(spans[index][0])]
        self.limit = bisect_left(spans, (end,), index)
        first = max(here, index - _MAX_LEAD)
        while spans[first][0] < start:
            first += 1
        return first


def read_match(signs: Signs, rule: Rule, found: re.Match[str], whole: int) -> Match:
    """What a pattern matched; `whole` is the number of the group before those of its parts."""
    value_of, text, spans = signs.words.value, signs.text, signs.spans
    parts: dict[str, Value] = {}
    first = found.start()
    for group, (name, class_name) in enumerate(rule.parts, whole + 1):
        at = found.start(group)
        if at < 0:
            continue
        if not class_name:
            first = at
            continue
        left, right = spans[at]
        value = value_of(text[left:right], class_name)
        if value is not None:
            parts[name] = value
    return Match(rule, first, found.end(whole), parts)
