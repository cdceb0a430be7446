"""Where the patterns of a grammar stand in a text."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.steps.facts.times.grammar import PIECE
from worker.steps.facts.times.lexicon import OTHER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from worker.steps.facts.prose import Prose
    from worker.steps.facts.times.grammar import Grammar, Rule
    from worker.steps.facts.times.lexicon import Value, Vocabulary

# What joins the pieces of a word or a number, within it.
_JOINT = re.compile(r"['\u2019\-:/.](?=\w)")
# How many words of a mention may stand before that of which every mention has one.
_MAX_LEAD = 6
# Longer words are no words.
_MAX_WORD_CHARS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """A text's words as spans, with one sign for each."""

    text: str
    spans: Sequence[tuple[int, int]]
    signs: str

    def word(self, index: int) -> str:
        """The word at an index, or nothing beyond the ends."""
        if not 0 <= index < len(self.spans):
            return ""
        start, end = self.spans[index]
        return self.text[start:end]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A pattern found: words `first` to `last` (exclusive), and the values of its parts."""

    rule: Rule
    first: int
    last: int
    parts: Mapping[str, Value]


def read_signs(prose: Prose, words: Vocabulary) -> Signs:
    """The signs of a text; hyphenated words and possessives are taken apart where a part is a word of time."""
    text, table = prose.text, words.signs
    get = table.get
    signs = [get(text[start:end], OTHER) for start, end in prose.words]
    spans: list[tuple[int, int]] = []
    found: list[str] = []
    done = 0
    for joint in _JOINT.finditer(text):
        index = bisect_right(prose.words, (joint.start(), len(text))) - 1
        if index < done or signs[index] is not OTHER or prose.words[index][1] <= joint.start():
            continue
        start, end = prose.words[index]
        spans += prose.words[done:index]
        found += signs[done:index]
        for left, right in _pieces(text[start:end], words):
            spans.append((start + left, start + right))
            found.append(words.sign(text[start + left : start + right]))
        done = index + 1
    spans += prose.words[done:]
    found += signs[done:]
    return Signs(text=text, spans=spans, signs="".join(found))


def _pieces(word: str, words: Vocabulary) -> list[tuple[int, int]]:
    whole = [(0, len(word))]
    if len(word) > _MAX_WORD_CHARS or (word[0].isdecimal() and words.sign(word) != OTHER):
        return whole
    pieces = [piece.span() for piece in PIECE.finditer(word)]
    return pieces if any(end - start > 1 and word[start:end] in words.signs for start, end in pieces) else whole


def next_place(
    signs: Signs, rules: Grammar, start: int, end: int, *, behind: bool
) -> tuple[int, Iterator[Match]] | None:
    """The next word at which a pattern matches, and all that match there, the preferred one first.

    What goes on right behind another mention needs no core ("May 3 and 4"): `behind` says that `start` is there.
    """
    row, starting = signs.signs, rules.starting
    follows = starting.get(row[start : start + 1]) if behind and start < end else None
    candidates = follows.match(row, start, end) if follows else None
    if candidates:
        return start, _matches(signs, rules.words, start, candidates)
    while core := rules.core.search(row, start, end):
        last = core.end()
        # No pattern has a word that is in no class.
        lead = max(start, last - 1 - _MAX_LEAD, row.rfind(OTHER, start, last) + 1)
        for here in range(lead, last):
            known = starting.get(row[here])
            candidates = known.match(row, here, end) if known else None
            if candidates:
                return here, _matches(signs, rules.words, here, candidates)
        start = last
    return None


def _matches(
    signs: Signs, words: Vocabulary, start: int, candidates: Iterator[tuple[Rule, re.Match[str], int]]
) -> Iterator[Match]:
    for rule, found, whole in candidates:
        last = found.end(whole)
        if last == start:
            continue
        parts: dict[str, Value] = {}
        first = start
        for group, (name, class_name) in enumerate(rule.parts, whole + 1):
            at = found.start(group)
            if at < 0:
                continue
            if not class_name:
                first = at
                continue
            value = words.value(signs.word(at), class_name)
            if value is not None:
                parts[name] = value
        yield Match(rule=rule, first=first, last=last, parts=parts)
