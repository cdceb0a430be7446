"""Whom "the ministry" and "the governor" mean: the body of that name, the one person of that office, named before."""

from __future__ import annotations

from bisect import bisect_left
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import media
from worker.steps.facts.speech.phrases import DETERMINER, NAME, PREPOSITION, Phrase

if TYPE_CHECKING:
    from worker.model.facts import Names
    from worker.steps.facts.speech.reading import Reading

_START = itemgetter(0)

# Where somebody is named, the full name, and the words by which "the" may mean them.
_Named = tuple[int, str, frozenset[str]]
_MAX_ITEMS: Final = 3
_POINTS_BACK: Final = frozenset({"the", "that", "this"})
# What a body's name need not say of it.
_TYPES: Final = {
    "company": "company",
    "firm": "company",
    "automaker": "company",
    "carmaker": "company",
    "airline": "company",
    "retailer": "company",
    "lender": "company",
    "drugmaker": "company",
    "chipmaker": "company",
}
# What many are; it means the last one who spoke.
_ANYBODY: Final = frozenset({"diplomat", "official", "lawmaker", "politician"})
_NEAR_ITEMS: Final = 120
# How many mentions before it are looked through, so that a long text takes no time with the square of its length.
_MOST: Final = 200


def _before(named: list[_Named], start: int) -> list[_Named]:
    """The last of these that are named before a place in the text."""
    end = bisect_left(named, start, key=_START)
    return named[max(end - _MOST, 0) : end]


class Anaphors:
    """The bodies and the offices of a text, by the words that may stand for them."""

    def __init__(self, reading: Reading, names: Names) -> None:
        self.reading = reading
        self.names = names
        self._bodies: dict[str, list[_Named]] | None = None
        self._offices: dict[str, list[_Named]] = {}

    def name(self, phrase: Phrase, last_person: str | None) -> str | None:
        """The name of whom "the" and a noun stand for; None when that is not safe to say."""
        reading = self.reading
        first, last = phrase
        if reading.words[first] not in _POINTS_BACK or not 0 < last - first < _MAX_ITEMS:
            return None
        if any(reading.kinds[item] & (NAME | PREPOSITION | DETERMINER) for item in range(first + 1, last + 1)):
            return None
        if self._bodies is None:
            self._bodies = self._read()
        noun, start = reading.words[last], reading.starts[first]
        if noun in media()["document"]:
            return None
        wanted = {*reading.words[first + 1 : last + 1]}
        bodies = [one for one in _before(self._bodies.get(noun, []), start) if noun in _TYPES or wanted <= one[2]]
        if bodies:
            return self._only(bodies, start)
        if self._is_indefinite(noun, first):
            return None
        people = [one for one in _before(self._offices.get(noun, []), start) if wanted <= one[2]]
        return self._only(people, start) if people else last_person if noun in _ANYBODY else None

    def _only(self, named: list[_Named], start: int) -> str | None:
        """The only one of these that is named, in this paragraph and the one before or at least in the text."""
        paragraph = self.reading.paragraph_of(start)
        near = {name for at, name, _ in named if paragraph - self.reading.paragraph_of(at) <= 1}
        names = near or {name for _, name, _ in named}
        return names.pop() if len(names) == 1 else None

    def _read(self) -> dict[str, list[_Named]]:
        bodies: dict[str, list[_Named]] = {}
        for body in self.names.organisations:
            types = [noun for noun, kind in _TYPES.items() if kind == body.type]
            for span in body.mentions:
                words = frozenset(span.surface.lower().replace("\u2019s", "").replace("'s", "").split())
                for word in (*words, *types):
                    bodies.setdefault(word, []).append((span.start, body.name, words))
        for person in self.names.people:
            if person.role is not None:
                words = frozenset(person.role.lower().split())
                noun = person.role.lower().rpartition(" ")[2]
                self._offices.setdefault(noun, []).extend((span.start, person.name, words) for span in person.mentions)
        for named in (*bodies.values(), *self._offices.values()):
            named.sort(key=_START)
        return bodies

    def _is_indefinite(self, noun: str, item: int) -> bool:
        """Whether one without a name was spoken of before, whom it may mean: "a senior official"."""
        words = self.reading.words
        for before in range(item - 1, max(item - _NEAR_ITEMS, 0), -1):
            if words[before] in {noun, noun + "s"} and not self.reading.kinds[before] & NAME:
                return not self.reading.kinds[before + 1] & NAME
        return False
