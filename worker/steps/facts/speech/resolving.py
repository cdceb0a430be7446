"""Who a mention means: a person or body that is named, the one before for a pronoun, the author for "the post"."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import genders, media
from worker.steps.facts.speech.phrases import DETERMINER, NAME, PREPOSITION, PRONOUN, RELATIVE, Phrase, phrase_before

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.facts import Names, Person
    from worker.steps.facts.speech.reading import Reading

_MAX_TITLE_ITEMS: Final = 5
_MAX_MENTIONS: Final = 30
_MIN_HEADLINE_ITEMS: Final = 2
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
        self.last_at = -1
        self.genders: dict[str, str] = {}

    def name(self, phrase: Phrase) -> str | None:
        """The full name of whom the phrase means, or None when that is not safe to say."""
        reading = self.reading
        first, last = phrase
        kinds = reading.kinds
        if kinds[last] & PRONOUN and first == last:
            return self._pronoun(reading.words[last], reading.starts[last])
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
            after = bisect_left(reading.starts, mention_end)
            if person is not None and after <= phrase[1] and not reading.kinds[after]:
                continue  # the Trump campaign
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
        self.last_at = self.reading.starts[phrase[0]]
        words = self.reading.words[max(0, phrase[0] - 2) : phrase[1] + 1]
        if any(word in _MALE_TITLES for word in words):
            self.genders[name] = "he"
        elif any(word in _FEMALE_TITLES for word in words):
            self.genders[name] = "she"

    def _pronoun(self, word: str, at: int) -> str | None:
        """Who spoke last, or the subject of a sentence since, if "he" or "she" may stand for them."""
        wanted = "he" if word in _HE else "she" if word in _SHE else None
        if wanted is None:
            return None
        name = self._subject_since(wanted, at) or self.last_person
        if name is None or self._gender(name, wanted) != wanted:
            name = next((one for _, one in self._people_before(at) if self._gender(one, "") == wanted), None)
        if name is not None:
            self.genders[name] = wanted
            self.last_person, self.last_at = name, at
        return name

    def _subject_since(self, wanted: str, at: int) -> str | None:
        """The person that a sentence began with, later than anybody spoke."""
        for start, name in self._people_before(at):
            if start <= self.last_at:
                return None
            if self._is_subject(bisect_left(self.reading.starts, start)) and self._gender(name, wanted) == wanted:
                return name
        return None

    def _people_before(self, at: int) -> Iterator[tuple[int, str]]:
        """Who is named before this offset, nearest first, in its paragraph or the one before, outside quotations."""
        reading = self.reading
        paragraph = reading.paragraph_of(at)
        last = bisect_left(self.starts, at) - 1
        for index in range(last, max(last - _MAX_MENTIONS, -1), -1):
            start, end, name, person = self.mentions[index]
            if paragraph - reading.paragraph_of(start) > 1:
                return
            item = bisect_left(reading.starts, start)
            outside = item < len(reading.starts) and reading.starts[item] == start
            if person is not None and outside and not _POSSESSIVE.match(reading.text, end):
                yield start, name

    def _is_subject(self, item: int) -> bool:
        """Whether a sentence begins with this name, titles and an article before it passed over."""
        reading = self.reading
        for first in range(item, max(item - _MAX_TITLE_ITEMS, -1), -1):
            if reading.opens_unit(first):
                return True
            if not (reading.kinds[first - 1] & (NAME | DETERMINER) or reading.words[first - 1] == "."):
                return False
        return False

    def _gender(self, name: str, default: str) -> str:
        return self.genders.get(name) or genders().get(name.partition(" ")[0].lower(), default)

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
        if reading.words[last] in media()["document"]:
            return None
        name = reading.surface(item, last)
        if not self.mentions:
            self._remember(name, phrase)
        elif self._is_headline(name, item, last) or (item == last and reading.opens_unit(item)):
            # A headline, or a word that has its capital from its place: names were sought, and it is none.
            return None
        return name

    def _is_headline(self, name: str, first: int, last: int) -> bool:
        """Whether it is written in capitals throughout and goes on so, or is too long for an abbreviation."""
        reading = self.reading
        more = reading.surface(last + 1, last + 1) if last + 1 < len(reading.words) else ""
        return name.isupper() and (last - first >= _MIN_HEADLINE_ITEMS or (len(more) > 1 and more.isupper()))


def is_document(reading: Reading, phrase: Phrase) -> bool:
    """Whether the phrase is a post, statement or the like, which speaks for whoever made it."""
    first, last = phrase
    return (
        reading.words[last] in media()["document"]
        and last > first
        and reading.words[first] in {"the", "that", "this"}
        and last - first <= 2
    )
