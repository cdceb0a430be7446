"""Who a mention means: a person or body that is named, the one before for a pronoun, the author for "the post"."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import media
from worker.steps.facts.speech.phrases import DETERMINER, NAME, PREPOSITION, PRONOUN, RELATIVE, Phrase, phrase_before

if TYPE_CHECKING:
    from worker.model.facts import Names, Person
    from worker.steps.facts.speech.reading import Reading

_POSSESSIVE: Final = re.compile(r"['\u2019]s?(?!\w)")
_TIES: Final = frozenset({"for", "of", "with", "in", "at", "to", "from", "against", "by", "near"})
_HE: Final = frozenset({"he", "his", "him", "himself"})
_SHE: Final = frozenset({"she", "her", "herself"})
_MALE_TITLES: Final = ("mr", "sir", "king", "prince", "lord")
_FEMALE_TITLES: Final = ("mrs", "ms", "miss", "queen", "princess", "lady")


class Resolver:
    """Resolves mentions in the order of the text; remembers who spoke last."""

    def __init__(self, reading: Reading, names: Names) -> None:
        self.reading = reading
        mentions: list[tuple[int, int, str, Person | None]] = []
        for person in names.people:
            mentions += [(span.start, span.end, person.name, person) for span in person.mentions]
        for body in names.organisations:
            mentions += [(span.start, span.end, body.name, None) for span in body.mentions]
        mentions.sort(key=lambda mention: (mention[0], -mention[1]))
        self.mentions = mentions
        self.starts = [mention[0] for mention in mentions]
        self.last_person: str | None = None
        self.genders: dict[str, str] = {}

    def name(self, phrase: Phrase) -> str | None:
        """The full name of whom the phrase means, or None when that is not safe to say."""
        reading = self.reading
        first, last = phrase
        kinds = reading.kinds
        if kinds[last] & PRONOUN and first == last:
            return self._pronoun(reading.words[last])
        if kinds[last] & RELATIVE and first == last:
            before = last - 1
            if before >= 0 and reading.words[before] == ",":
                before -= 1
            antecedent = phrase_before(reading, before, max(0, before - 16)) if before >= 0 else None
            return self.name(antecedent) if antecedent and antecedent[1] != last else None
        found = self._named(phrase)
        if found is None:
            found = self._written(phrase)
        return found

    def _named(self, phrase: Phrase) -> str | None:
        reading = self.reading
        start, end = reading.starts[phrase[0]], reading.ends[phrase[1]]
        index = bisect_left(self.starts, start)
        best: tuple[str, Person | None] | None = None
        while index < len(self.mentions) and self.mentions[index][0] < end:
            mention_start, mention_end, name, person = self.mentions[index]
            index += 1
            if mention_end > end or _POSSESSIVE.match(reading.text, mention_end):
                continue
            item = bisect_right(reading.starts, mention_start) - 1
            if item > phrase[0] and any(reading.words[i] in _TIES for i in range(phrase[0], item)):
                continue
            best = (name, person)
            if mention_end == end:
                break
        if best is None:
            return None
        name, person = best
        if person is not None:
            self._remember(name, phrase)
        return name

    def _remember(self, name: str, phrase: Phrase) -> None:
        self.last_person = name
        words = self.reading.words[max(0, phrase[0] - 2) : phrase[1] + 1]
        if any(word in _MALE_TITLES for word in words):
            self.genders[name] = "he"
        elif any(word in _FEMALE_TITLES for word in words):
            self.genders[name] = "she"

    def _pronoun(self, word: str) -> str | None:
        wanted = "he" if word in _HE else "she" if word in _SHE else None
        if wanted is None or self.last_person is None:
            return None
        if self.genders.get(self.last_person, wanted) != wanted:
            return None
        self.genders[self.last_person] = wanted
        return self.last_person

    def _written(self, phrase: Phrase) -> str | None:
        """The name as it is written, for a text in which nobody has looked for names."""
        reading = self.reading
        first, last = phrase
        item = last
        while item >= first and (reading.kinds[item] & NAME or reading.words[item] == "."):
            item -= 1
        item += 1
        while item <= last and (reading.kinds[item] & (DETERMINER | PREPOSITION) or reading.words[item] == "."):
            item += 1
        if item > last or (item > first and any(reading.words[i] in _TIES for i in range(first, item))):
            return None
        name = reading.surface(item, last)
        if not self.mentions:
            self._remember(name, phrase)
        return name


def is_document(reading: Reading, phrase: Phrase) -> bool:
    """Whether the phrase is a post, statement or the like, which speaks for whoever made it."""
    first, last = phrase
    return (
        reading.words[last] in media()["document"]
        and last > first
        and reading.words[first] in {"the", "that", "this"}
        and last - first <= 2
    )
