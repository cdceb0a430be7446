"""Which quotation belongs to which act of speech: its own, the one before it, or the paragraph's before."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.phrases import DETERMINER, NAME, NOT_NOUN, PRONOUN, QUOTE, Phrase, phrase_after
from worker.steps.facts.speech.reading import DASHES
from worker.steps.facts.speech.subjects import main_subject

if TYPE_CHECKING:
    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.saying import Saying

_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")
# Verbs by which a name is given: what looks like a title is what was said.
_NAMING: Final = frozenset({"call", "dub", "label", "brand", "term", "describe", "chant", "shout"})
# So long is a quotation that another paragraph may go on from, if it is no direct speech.
_MIN_CARRIED_CHARS: Final = 20
_MIN_WORDS: Final = 3
_MIN_UNSPOKEN_WORDS: Final = 5


@dataclass(slots=True)
class Attached:
    """A quotation with the act of speech it belongs to, its source, and the quotation it goes on from, if any."""

    quote: int
    saying: Saying | None
    source: Phrase | None
    rule: str
    follows: int | None = None


def attach(reading: Reading, sayings: list[Saying]) -> list[Attached]:
    """Every quotation that is speech, in order: titles of works and words set off from the text are left out."""
    owners = _owners(reading, sayings)
    finder = _Finder(reading, sayings)
    attached: list[Attached] = []
    unit = 0
    for item, quote in reading.quotes.items():
        while reading.units[unit][1] <= item:
            unit += 1
        saying = owners.get(quote)
        if reading.is_title(item) and not _is_said(reading, item, saying):
            continue
        one = Attached(quote, saying, saying.source, saying.rule) if saying else finder.find(item, quote, unit)
        if one is not None:
            attached.append(one)
            finder.remember(one)
    _carry_back(reading, attached)
    return attached


def _carry_back(reading: Reading, attached: list[Attached]) -> None:
    """A quotation of several paragraphs whose speaker is named at its end only."""
    for index in range(len(attached) - 2, -1, -1):
        one, following = attached[index], attached[index + 1]
        goes_on = not reading.marked[one.quote].closed and reading.marked[following.quote].carried
        if one.source is None and following.source is not None and goes_on:
            one.saying, one.source, one.rule = following.saying, following.source, "carried-back"
            following.follows = one.quote


def _owners(reading: Reading, sayings: list[Saying]) -> dict[int, Saying]:
    """The act of speech that has each quotation in its content: direct speech first, then the nearest verb."""
    owners: dict[int, Saying] = {}
    for saying in sayings:
        for quote in saying.quotes:
            known = owners.get(quote)
            if known is None or _closeness(reading, quote, saying) < _closeness(reading, quote, known):
                owners[quote] = saying
    return owners


def _closeness(reading: Reading, quote: int, saying: Saying) -> tuple[bool, bool, int]:
    distance = abs(reading.starts[saying.cue[0]] - reading.marked[quote].start)
    return not saying.direct, saying.mental, distance


def _is_said(reading: Reading, item: int, saying: Saying | None) -> bool:
    """Whether a quotation that is written like a title is said all the same: in reported speech, or as a name given."""
    if saying is None or item == 0:
        return False
    marked = reading.marked[reading.quotes[item]]
    if saying.content[0] <= marked.start < saying.content[1] and not saying.direct:
        return saying.lemma != "read"
    if reading.is_work(item, saying.unit[0]):
        return saying.lemma in _NAMING
    return saying.direct or reading.text[marked.end - 1] in ".!?"


class _Finder:
    """Finds the source of quotations that no verb of speech has as its content, in the order of the text."""

    def __init__(self, reading: Reading, sayings: list[Saying]) -> None:
        self.reading = reading
        self.last: Attached | None = None
        self.by_unit: dict[int, list[Saying]] = {}
        for saying in sayings:
            self.by_unit.setdefault(saying.unit[0], []).append(saying)
        self.unit_starts = sorted(self.by_unit)

    def remember(self, one: Attached) -> None:
        """Takes note of who spoke last."""
        marked = self.reading.marked[one.quote]
        direct = one.saying is not None and one.saying.direct
        if one.source is not None and (direct or marked.end - marked.start > _MIN_CARRIED_CHARS):
            self.last = one

    def find(self, item: int, quote: int, unit: int) -> Attached | None:
        """The quotation with its source, or without one, or None when it is hardly speech."""
        low, high = self.reading.units[unit]
        own = self.by_unit.get(low)
        if own:
            start = self.reading.marked[quote].start
            nearest = min(own, key=lambda saying: abs(self.reading.starts[saying.cue[0]] - start))
            return Attached(quote, nearest, nearest.source, "same-sentence")
        if item == low or (item - low <= 2 and self.reading.words[item - 1] == ","):
            speaker = _spoken_by(self.reading, item, high)
            if speaker is not None:
                return Attached(quote, None, speaker, "other-verb")
            carried = self._from_before(quote, unit) or self._from_paragraph_before(item, quote, unit)
            if carried is not None:
                return carried
        return self._by_sentence(item, quote, unit)

    def _from_before(self, quote: int, unit: int) -> Attached | None:
        """It goes on with what was said before: in its paragraph, or across paragraphs with a mark left open."""
        if self.last is None:
            return None
        marked, before = self.reading.marked[quote], self.reading.marked[self.last.quote]
        if before.paragraph == marked.paragraph:
            between = self._sentence_between(unit)
            if between is not None:
                return Attached(quote, None, between, "sentence-before")
            saying = self.last.saying
            if saying is not None and saying.direct:
                saying.content = saying.content[0], max(saying.content[1], marked.outer_end)
            return Attached(quote, saying, self.last.source, "goes-on", self.last.quote)
        if marked.paragraph - before.paragraph == 1 and (marked.carried or not before.closed):
            return Attached(quote, self.last.saying, self.last.source, "carried", self.last.quote)
        return None

    def _sentence_between(self, unit: int) -> Phrase | None:
        """The subject of the sentence right before, when that has no speech: "Smith laughed. "We shall see.""."""
        reading, last = self.reading, self.last
        if unit == 0 or last is None:
            return None
        low, high = reading.units[unit - 1]
        if reading.starts[low] < reading.marked[last.quote].outer_end:
            return None
        if last.saying is not None and last.saying.unit[0] == low:
            return None
        if any(reading.kinds[item] & QUOTE for item in range(low, high)):
            return None
        subject = main_subject(reading, low, high)
        return subject if subject and reading.kinds[subject[0]] & (NAME | PRONOUN | DETERMINER) else None

    def _from_paragraph_before(self, item: int, quote: int, unit: int) -> Attached | None:
        """A paragraph that opens with a quotation and names nobody: who spoke in the one before speaks on."""
        reading, last = self.reading, self.last
        marked = reading.marked[quote]
        low, high = reading.units[unit]
        if marked.start != reading.lines[marked.paragraph] + 1 and not _is_alone(reading, item, low, high):
            return None
        number = bisect_left(self.unit_starts, low) - 1
        spoke = (
            next((one for one in self.by_unit[self.unit_starts[number]] if one.source is not None), None)
            if number >= 0
            else None
        )
        if spoke is not None and marked.paragraph - reading.paragraph_of(reading.starts[spoke.cue[0]]) <= 1:
            follows = last.quote if last is not None and last.saying is spoke else None
            return Attached(quote, spoke, spoke.source, "next-paragraph", follows)
        if last is not None and marked.paragraph - reading.marked[last.quote].paragraph == 1:
            return Attached(quote, last.saying, last.source, "next-paragraph", last.quote)
        return None

    def _by_sentence(self, item: int, quote: int, unit: int) -> Attached | None:
        """Whose sentence it is; or nobody's, if it looks like speech at least."""
        reading = self.reading
        low, high = reading.units[unit]
        marked = reading.marked[quote]
        words = len(_WORD.findall(reading.text, marked.start, marked.end))
        spoken = reading.is_spoken(item)
        if words < _MIN_WORDS or (item > 0 and reading.words[item - 1] in DASHES):
            return None  # a word that is mentioned; a headline or a slogan set off
        within = low < item < high - 1
        if within and not spoken and reading.kinds[item - 1] & DETERMINER and not reading.kinds[item + 1] & NOT_NOUN:
            return None  # the "law and order" issue
        source = main_subject(reading, low, item) if item > low else None
        if source is None and item == low and high - low > 2:
            source = phrase_after(reading, item + 1, high)
        if source is not None and reading.kinds[source[1]] & (NAME | PRONOUN):
            return Attached(quote, None, source, "sentence-subject")
        certain = spoken or (words >= _MIN_UNSPOKEN_WORDS and item > low)
        return Attached(quote, None, None, "unattributed") if certain else None


def _is_alone(reading: Reading, item: int, low: int, high: int) -> bool:
    """Whether the sentence is nothing but quotations."""
    return item == low and not any(
        reading.words[other].isalnum() for other in range(low, high) if not reading.kinds[other] & QUOTE
    )


def _spoken_by(reading: Reading, item: int, high: int) -> Phrase | None:
    """Who speaks behind a quotation by a verb that no list has: "...," Oliver barked; "...," beamed Oliver Smith."""
    if item + 2 >= high or not reading.is_spoken(item):
        return None
    words, kinds = reading.words, reading.kinds
    first = item + 1
    if not kinds[first] and words[first].endswith("ed"):
        found = phrase_after(reading, first + 1, high)
        return found if found and kinds[found[0]] & NAME else None
    found = phrase_after(reading, first, high)
    if found is None or not kinds[first] & (NAME | PRONOUN | DETERMINER):
        return None
    verb = found[1] + 1
    if verb < high and words[verb].endswith("ed") and not kinds[verb] & NAME:
        return found
    if found[1] > first and words[found[1]].endswith("ed") and not kinds[found[1]] & NAME:
        return found[0], found[1] - 1
    return None
