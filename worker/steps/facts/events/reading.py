"""Sentences as words with what is known of each."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import reduce
from itertools import compress, repeat
from operator import or_
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import Word

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
_OPENING_MARKS: Final = frozenset('"\u201c\u2018\u00ab')
_CLOSING_MARKS: Final = (['"'], ["\u201d"], ["\u2019"], ["\u00bb"])
_ENDINGS: Final = ("'s", "\u2019s")
# Small words that say how exact the number of an object is, by what stands behind or before them: "at least", "up to".
_BOUND_BEFORE: Final = {"at": frozenset({"least", "most"}), "as": frozenset({"many", "much", "few"})}
_BOUND_BEHIND: Final = {
    "than": frozenset({"more", "less", "fewer"}),
    "to": frozenset({"up"}),
    "as": frozenset({"many", "much", "few"}),
}
_ABOUT: Final = frozenset({"about", "around"})
# Named once: the attribute of a class costs as much as all else that is done with a word.
_TRIGGER: Final = Word.TRIGGER


@dataclass(slots=True)
class Sentence:
    """A sentence as words in lower case, without possessive endings; `first` is the index of its first in the prose.

    `kinds` says of each word what it does if it is a small one, what kind of thing it names, and whether it is a
    trigger or begins a blocked expression (bits of `Word` and of the lexicon's classes); `has` are all of them.
    `triggers` are the places of the triggers.
    """

    index: int
    first: int
    words: Sequence[str]
    kinds: list[int]
    has: int
    triggers: list[int]
    prose: Prose | None
    _titled: bool | None = None

    def is_name(self, at: int) -> bool:
        """Whether a word within the sentence has a capital, and so is part of a name: "March", "Monetary Fund"."""
        if not at or self.prose is None:
            return False
        word = self.prose.written[self.first + at]
        if not word[0].isupper() or not word[1:].islower() or word in _PROPER:
            return False
        if not self.words[at - 1].isalpha():
            # The film "Siege"
            return self.words[at - 1] in _OPENING_MARKS and self.words[at + 1 : at + 2] in _CLOSING_MARKS
        if self._titled is None:
            written = self.prose.written[self.first : self.first + len(self.words)]
            self._titled = 2 * sum(1 for word in written if word[0].isupper() and word[1:].islower()) > len(written)
        return not self._titled


def read_sentences(prose: Prose, lexicon: Lexicon) -> list[Sentence]:
    """The sentences that hold a trigger, up to a number that only very long texts exceed."""
    words = _plain_words(prose)
    kinds = list(map(lexicon.kinds.get, words, repeat(0)))
    triggers = [at for at in compress(range(len(kinds)), kinds) if kinds[at] & _TRIGGER]
    found: list[Sentence] = []
    firsts = prose.firsts
    at = 0
    # From one trigger to the next sentence that has one: most sentences have none.
    while at < len(triggers) and len(found) < _MAX_SENTENCES:
        index = bisect_right(firsts, triggers[at]) - 1
        first = firsts[index]
        end = firsts[index + 1] if index + 1 < len(firsts) else len(kinds)
        last = min(end, first + _MAX_WORDS)
        behind = bisect_left(triggers, last, at)
        if behind > at:
            own = kinds[first:last]
            places = [place - first for place in triggers[at:behind]]
            found.append(Sentence(index, first, words[first:last], own, reduce(or_, own), places, prose))
        at = bisect_left(triggers, end, behind)
    return found


def _plain_words(prose: Prose) -> Sequence[str]:
    """The words of a text in lower case, without possessive endings."""
    words = list(prose.lowered)
    for index in prose.joined:
        for ending in _ENDINGS:
            words[index] = words[index].removesuffix(ending)
    return words


def read_line(text: str, lexicon: Lexicon) -> Sentence:
    """A text of one line, such as a headline, as a sentence."""
    words = [plain(word) for word in _LINE.findall(text.lower())]
    kinds = list(map(lexicon.kinds.get, words, repeat(0)))
    triggers = [at for at, kind in enumerate(kinds) if kind & _TRIGGER]
    return Sentence(0, 0, words, kinds, reduce(or_, kinds, 0), triggers, None)


def plain(word: str) -> str:
    """A word without its possessive ending."""
    return word[:-2] if word.endswith(_ENDINGS) else word


def document_classes(sentences: Sequence[Sentence]) -> int:
    """The classes of all the words of the sentences."""
    return reduce(or_, [sentence.has for sentence in sentences], 0)


def is_bound(words: Sequence[str], place: int) -> bool:
    """Whether a small word is part of what says how exact a number is: "more than 40", "at least nine", "about 12"."""
    word = words[place]
    following = words[place + 1] if place + 1 < len(words) else ""
    before = words[place - 1] if place else ""
    if word in _ABOUT:
        return following[:1].isdigit()
    return following in _BOUND_BEFORE.get(word, ()) or before in _BOUND_BEHIND.get(word, ())
