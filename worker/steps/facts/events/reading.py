"""Sentences as words with what is known of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.events.lexicon import Lexicon
    from worker.steps.facts.prose import Prose

# A longer sentence is a list or a table.
_MAX_WORDS: Final = 250
# What comes later in a very long text is not what it is about.
_MAX_SENTENCES: Final = 200
# Diseases that are written with a capital.
_PROPER: Final = frozenset({"Ebola", "Covid", "Zika", "Covid-19"})
_LINE: Final = re.compile(r"\w[\w'\u2019.-]*|\S")
_ENDINGS: Final = ("'s", "\u2019s")


@dataclass(frozen=True)
class Sentence:
    """A sentence as words in lower case, without possessive endings; `first` is the index of its first in the prose.

    `small` says of each word what it does if it is a small one; `classes` what kind of thing it names; `has` are all
    the classes together, `every` all the words.
    """

    index: int
    first: int
    words: list[str]
    small: list[int]
    classes: list[int]
    has: int
    every: frozenset[str]
    prose: Prose | None

    @cached_property
    def written(self) -> list[str]:
        """The words as they stand in the text."""
        if self.prose is None:
            return self.words
        text, spans = self.prose.text, self.prose.words
        return [text[start:end] for start, end in spans[self.first : self.first + len(self.words)]]

    @cached_property
    def _in_title_case(self) -> bool:
        return 2 * sum(1 for word in self.written if word[0].isupper() and word[1:].islower()) > len(self.words)

    def is_name(self, at: int) -> bool:
        """Whether a word within the sentence has a capital, and so is part of a name: "March", "Monetary Fund"."""
        if not at or self.prose is None or not self.prose.text[self.prose.words[self.first + at][0]].isupper():
            return False
        word = self.written[at]
        return word[1:].islower() and self.words[at - 1].isalpha() and word not in _PROPER and not self._in_title_case


def read_sentences(prose: Prose, lexicon: Lexicon) -> list[Sentence]:
    """The sentences that hold a trigger, up to a number that only very long texts exceed."""
    text, spans = prose.text, prose.words
    found: list[Sentence] = []
    known = lexicon.triggers.keys()
    lower = text.lower()
    if len(lower) != len(text):  # a few letters have a longer lower case
        lower = "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)
    has_endings = any(ending in lower for ending in _ENDINGS)
    at, count = 0, len(spans)
    for index, (start, end) in enumerate(prose.sentences):
        while at < count and spans[at][0] < start:
            at += 1
        first = at
        if len(found) == _MAX_SENTENCES:
            break
        while at < count and spans[at][0] < end:
            at += 1
        words = [lower[begin:stop] for begin, stop in spans[first : min(at, first + _MAX_WORDS)]]
        if has_endings:
            words = [plain(word) if word[-1] == "s" else word for word in words]
        if not known.isdisjoint(words):
            found.append(_sentence(index, first, words, lexicon, prose))
    return found


def read_line(text: str, lexicon: Lexicon) -> Sentence:
    """A text of one line, such as a headline, as a sentence."""
    return _sentence(0, 0, [plain(word) for word in _LINE.findall(text.lower())], lexicon, None)


def _sentence(index: int, first: int, words: list[str], lexicon: Lexicon, prose: Prose | None) -> Sentence:
    small, classes = lexicon.words, lexicon.classes
    kinds = [classes.get(word, 0) for word in words]
    has = 0
    for kind in kinds:
        has |= kind
    return Sentence(index, first, words, [small.get(word, 0) for word in words], kinds, has, frozenset(words), prose)


def plain(word: str) -> str:
    """A word without its possessive ending."""
    return word[:-2] if word.endswith(_ENDINGS) else word


def document_classes(sentences: Sequence[Sentence]) -> int:
    """The classes of all the words of the sentences."""
    found = 0
    for sentence in sentences:
        found |= sentence.has
    return found
