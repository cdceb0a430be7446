"""Who a mention means: a person or body that is named, the one before for a pronoun, the author for "the post"."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.anaphors import Anaphors
from worker.steps.facts.speech.lexicon import genders, media
from worker.steps.facts.speech.phrases import (
    DETERMINER,
    NAME,
    PREPOSITION,
    PRONOUN,
    RELATIVE,
    TIME,
    Phrase,
    phrase_before,
)
from worker.steps.facts.speech.subjects import main_subject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.facts import Names, Person
    from worker.steps.facts.speech.reading import Reading

_MAX_TITLE_ITEMS: Final = 5
_MAX_MENTIONS: Final = 30
_MIN_HEADLINE_ITEMS: Final = 2
# What stands for the name where a phrase names more than one.
_SEVERAL: Final = ""
_POSSESSIVE: Final = re.compile(r"['\u2019]s?(?!\w)")
_OWNER: Final = re.compile(r"['\u2019]s?\Z")
_TIES: Final = frozenset({"for", "of", "with", "in", "at", "to", "from", "against", "by", "near"})
# Behind its name, what a body is.
_BODY: Final = frozenset(
    {"union", "party", "group", "agency", "network", "newspaper", "broadcaster", "company", "militia", "movement"}
    | {"organisation", "organization", "charity", "airline", "bank", "magazine", "website", "channel", "watchdog"}
)
# "the Labour MP"
_OFFICES: Final = frozenset({"mp", "mps", "mla", "mep", "ceo", "cfo", "chief", "senator", "lawmaker"})
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
        self.bodies = {body.name for body in names.organisations}
        outlets = [body for body in names.organisations if body.type == "media"]
        self.outlets = {span.start: body.name for body in outlets for span in body.mentions}
        self.demonyms = {demonym.span.start for demonym in names.demonyms}
        self.anaphors = Anaphors(reading, names)
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
        if found == _SEVERAL:
            return None
        return (
            found
            or self._in_apposition(phrase)
            or self.anaphors.name(phrase, self.last_person)
            or self._written(phrase)
        )

    def _named(self, phrase: Phrase) -> str | None:
        reading = self.reading
        first, last = phrase
        start, end = reading.starts[first], reading.ends[last]
        index = bisect_left(self.starts, start)
        best: tuple[str, Person | None] | None = None
        best_item = first
        while index < len(self.mentions) and self.mentions[index][0] < end:
            mention_start, mention_end, name, person = self.mentions[index]
            index += 1
            owner = _POSSESSIVE.match(reading.text, mention_end)
            if mention_end > end or (owner and owner.end() < end):
                continue
            item = bisect_right(reading.starts, mention_start) - 1
            if item > first and any(reading.words[i] in _TIES for i in range(first, item)):
                continue
            if self._is_adjective(mention_end, last, is_person=person is not None):
                continue  # the Trump campaign, the UN chief; but the CGT union
            if best is not None and best[0] != name and "and" in reading.words[best_item:item]:
                return _SEVERAL  # Smith and Jones
            if item - first > 1 and reading.words[item - 1] == "and" and reading.kinds[item - 2] & NAME:
                return _SEVERAL  # the same where nobody knows the first
            best, best_item = (name, person), item
            if mention_end == end or owner:
                break
        if best is None:
            return None
        name, person = best
        if person is not None:
            self._remember(name, phrase)
        return name

    def _is_adjective(self, end: int, last: int, *, is_person: bool) -> bool:
        """Whether a noun follows the name up to item `last`, and whose name it is is not what the phrase means."""
        reading = self.reading
        after = bisect_left(reading.starts, end)
        if after + 2 < last and reading.words[after] == "(" and reading.words[after + 2] == ")":
            after += 3  # the Harbour Council (HC) spokesman
        after += after < last and reading.words[after] == ")"
        if after <= last and reading.words[after] in _OFFICES:
            return True
        if after > last or reading.kinds[after]:
            return False
        return is_person or after < last or reading.words[after] not in _BODY

    def _in_apposition(self, phrase: Phrase) -> str | None:
        """ "The mayor of Ulm, Eva Hahn, said": the name between commas behind "the mayor"."""  # noqa: D210
        reading = self.reading
        comma = phrase[1] + 1
        if reading.words[comma : comma + 3][::2] == ["(", ")"]:
            comma += 3  # "The head of the Union (HU), Eva Hahn, said"
        owned = any(word.endswith(("'s", "\u2019s")) for word in reading.words[phrase[0] : phrase[1]])
        if not (owned or reading.kinds[phrase[0]] & DETERMINER):
            return None
        if comma + 1 >= len(reading.words) or reading.words[comma] != ",":
            return None
        start = reading.starts[comma + 1]
        index = bisect_left(self.starts, start)
        if index == len(self.starts) or self.starts[index] != start:
            return None
        _, end, name, person = self.mentions[index]
        after = bisect_left(reading.starts, end)
        ends = after >= len(reading.words) or reading.words[after] in {",", ".", "("}
        head = reading.words[phrase[1]]
        is_body = person is None and head in _BODY and not any(reading.words[i] in _TIES for i in range(*phrase))
        if (person is None and not is_body) or not ends:
            return None
        if person is None:
            return name
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
        if word == "it":
            return self._body_before(at)
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

    def _body_before(self, at: int) -> str | None:
        """The body that the sentence before this one was about, in the same paragraph."""
        reading = self.reading
        item = bisect_left(reading.starts, at)
        low, _ = reading.unit_of(item)
        if low == 0:
            return None
        first, high = reading.unit_of(low - 1)
        if reading.paragraph_of(reading.starts[first]) != reading.paragraph_of(at):
            return None
        subject = main_subject(reading, first, high)
        if subject is None or subject[1] + 1 >= high or reading.words[subject[1] + 1] == ",":
            return None
        name = self._named(subject)
        return name if name in self.bodies else None

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
        """Whether this name is the subject of its sentence, or explains it: "The mayor, Eva Hahn, laughed."."""
        reading = self.reading
        for first in range(item, max(item - _MAX_TITLE_ITEMS, -1), -1):
            if reading.opens_unit(first):
                return True
            if not (reading.kinds[first - 1] & (NAME | DETERMINER) or reading.words[first - 1] == "."):
                return self._is_within_subject(item, first - 1)
        return False

    def _is_within_subject(self, item: int, before: int) -> bool:
        reading = self.reading
        low, high = reading.unit_of(item)
        subject = main_subject(reading, low, high)
        if subject is None:
            return False
        if reading.words[before] == "," and subject == (low, before - 1):
            return True
        # "Asked about the title, Smith laughed."
        introduced = reading.words[low].endswith(("ed", "ing"))
        return subject[0] <= item <= subject[1] and (subject[0] == low or introduced)

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
        if reading.words[last] in media()["document"] | _OFFICES or "and" in reading.words[first:item]:
            return None
        name = _OWNER.sub("", reading.surface(item, last))
        if not self.mentions:
            self._remember(name, phrase)
        elif item == last and (first < last or reading.kinds[last] & TIME or reading.starts[last] in self.demonyms):
            return None  # the Republican, some Democrats, Israelis: none is a name
        elif self._is_headline(name, item, last) or (item == last and reading.opens_unit(item)):
            # A headline, or a word that has its capital from its place: names were sought, and it is none.
            return None
        return name

    def _is_headline(self, name: str, first: int, last: int) -> bool:
        """Whether it is written in capitals throughout and goes on so, or is too long for an abbreviation."""
        reading = self.reading
        more = reading.surface(last + 1, last + 1) if last + 1 < len(reading.words) else ""
        return name.isupper() and (last - first >= _MIN_HEADLINE_ITEMS or (len(more) > 1 and more.isupper()))
