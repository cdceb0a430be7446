"""Which quotation belongs to which act of speech: its own, the one before it, or the paragraph's before."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.around import (
    MIN_UNSPOKEN_WORDS,
    MIN_WORDS,
    announcer_of,
    is_alone,
    is_said,
    is_set_off,
    is_work_by,
    spoken_by,
)
from worker.steps.facts.speech.documents import is_document
from worker.steps.facts.speech.lexicon import media
from worker.steps.facts.speech.phrases import (
    AUXILIARY,
    CUE,
    DETERMINER,
    NAME,
    PRONOUN,
    QUOTE,
    SIGN,
    Phrase,
    phrase_after,
)
from worker.steps.facts.speech.reading import DASHES
from worker.steps.facts.speech.subjects import main_subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.saying import Saying

_WORD: Final = re.compile(r"[^\W\d_][\w'\u2019-]*")
# So long is a quotation that another paragraph may go on from, if it is no direct speech.
_MIN_CARRIED_CHARS: Final = 20
_REPORTING: Final = ("-clause", "-that", "-told")
_ASKS: Final = frozenset({"why", "how", "what", "when", "where"})
_LEADS: Final = frozenset({":", ","})
_ARTICLES: Final = frozenset({"a", "an", "the"})
_FROM: Final = frozenset({"from", "by"})


@dataclass(slots=True)
class Attached:
    """A quotation with the act of speech it belongs to, its source, and the quotation it goes on from, if any."""

    quote: int
    saying: Saying | None
    source: Phrase | None
    rule: str
    follows: int | None = None


def attach(reading: Reading, sayings: list[Saying], named: Sequence[int]) -> list[Attached]:
    """Every quotation that is speech, in order: titles of works and words set off from the text are left out.

    Args:
        reading: The text.
        sayings: The acts of speech in it.
        named: The offsets at which somebody is named, in order; empty when nobody has looked for names.
    """
    owners = _owners(reading, sayings)
    finder = _Finder(reading, sayings, named)
    attached: list[Attached] = []
    one: Attached | None
    unit = 0
    for item, quote in reading.quotes.items():
        while reading.units[unit][1] <= item:
            unit += 1
        saying = owners.get(quote)
        if saying is not None and not saying.direct and announcer_of(reading, item, reading.units[unit][0], DASHES):
            saying = None
        if reading.is_title(item) and not is_said(reading, item, saying):
            continue
        if saying is not None:
            one = Attached(quote, saying, saying.source, saying.rule, _interrupted(reading, quote, saying))
        else:
            one = finder.find(item, quote, unit)
        if one is not None:
            attached.append(one)
            finder.remember(one)
    _carry_back(reading, attached)
    return attached


def _interrupted(reading: Reading, quote: int, saying: Saying) -> int | None:
    """The quotation that this one goes on from behind the verb: "This," she said, "is the end."."""
    cue = reading.starts[saying.cue[0]]
    if not saying.direct or reading.marked[quote].start < cue:
        return None
    before = [one for one in saying.quotes if one < quote and reading.marked[one].start < cue]
    return before[-1] if before else None


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
    for saying in sayings:
        for quote in saying.quotes:
            if _reports(reading, saying, owners[quote]):
                owners[quote] = saying
    return owners


def _reports(reading: Reading, outer: Saying, inner: Saying) -> bool:
    """Whether someone tells what a pronoun or a thing said: "Smith said she recalled ..."."""
    if outer is inner or outer.mental or inner.left or inner.source is None or outer.cue[1] >= inner.source[0]:
        return False
    first, last = inner.source
    named = any(reading.kinds[item] & NAME for item in range(first, last + 1))
    is_somebody = reading.kinds[first] & DETERMINER and not is_document(reading, inner.source)
    if is_somebody and inner.direct and inner.quotes and reading.words[reading.quoted[inner.quotes[0]] - 1] in _LEADS:
        return False  # "Smith said his brother had shouted: "Go!""
    return not named and outer.rule.endswith(_REPORTING)


def _closeness(reading: Reading, quote: int, saying: Saying) -> tuple[bool, bool, int]:
    distance = abs(reading.starts[saying.cue[0]] - reading.marked[quote].start)
    return not saying.direct, saying.mental, distance


class _Finder:
    """Finds the source of quotations that no verb of speech has as its content, in the order of the text."""

    def __init__(self, reading: Reading, sayings: list[Saying], named: Sequence[int]) -> None:
        self.reading = reading
        self.named = named
        self.last: Attached | None = None
        self.by_unit: dict[int, list[Saying]] = {}
        for saying in sayings:
            self.by_unit.setdefault(saying.unit[0], []).append(saying)
        self.unit_starts = sorted(self.by_unit)

    def remember(self, one: Attached) -> None:
        """Takes note of who spoke last."""
        marked = self.reading.marked[one.quote]
        direct = one.saying is not None and one.saying.direct
        if one.rule == "signed":
            self.last = None
        elif one.source is not None and (direct or marked.end - marked.start > _MIN_CARRIED_CHARS):
            self.last = one

    def find(self, item: int, quote: int, unit: int) -> Attached | None:
        """The quotation with its source, or without one, or None when it is hardly speech."""
        low, high = self.reading.units[unit]
        own = self.by_unit.get(low)
        announcer = announcer_of(self.reading, item, low, DASHES if own else DASHES | _FROM)
        if announcer is not None and not is_work_by(self.reading, item, low, high):
            return Attached(quote, None, announcer, "announced")
        if own:
            start = self.reading.marked[quote].start
            nearest = min(own, key=lambda saying: abs(self.reading.starts[saying.cue[0]] - start))
            return Attached(quote, nearest, nearest.source, "same-sentence")
        if item == low or (item - low <= 2 and self.reading.words[item - 1] == ","):
            speaker = spoken_by(self.reading, item, high)
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
        """A quotation that nobody is named for: the sentence before it tells, or the paragraph before."""
        reading, last = self.reading, self.last
        marked = reading.marked[quote]
        low, high = reading.units[unit]
        opens = marked.outer_start == reading.lines[marked.paragraph]
        alone = is_alone(reading, item, low, high)
        if not alone and not (opens and item + 1 < high and not reading.is_spoken(item)):
            return None
        if not alone and reading.kinds[item + 1] & SIGN:
            return None
        if not opens and unit and reading.paragraph_of(reading.starts[reading.units[unit - 1][0]]) == marked.paragraph:
            return self._from_sentence_before(quote, unit)
        number = bisect_left(self.unit_starts, low) - 1
        spoke = self._speaker_of(self.unit_starts[number]) if number >= 0 else None
        if spoke is not None and marked.paragraph - reading.paragraph_of(reading.starts[spoke.cue[0]]) <= 1:
            follows = last.quote if last is not None and last.saying is spoke else None
            return Attached(quote, spoke, spoke.source, "next-paragraph", follows)
        if last is not None and marked.paragraph - reading.marked[last.quote].paragraph == 1:
            return Attached(quote, last.saying, last.source, "next-paragraph", last.quote)
        return None

    def _from_sentence_before(self, quote: int, unit: int) -> Attached | None:
        """ "Smith agreed. "We shall see.""."""  # noqa: D210 - it begins with a quotation
        reading = self.reading
        low, high = reading.units[unit - 1]
        spoke = self._speaker_of(low)
        source = spoke.source if spoke is not None else main_subject(reading, low, high)
        return Attached(quote, spoke, source, "alone") if source is not None and self._is_person(source) else None

    def _speaker_of(self, unit: int) -> Saying | None:
        """The act of speech of a sentence that the next may go on from: direct speech first, then the outermost."""
        known = [
            one
            for one in self.by_unit.get(unit, ())
            if one.source is not None and one.rule != "signed" and self._is_person(one.source)
        ]
        return next((one for one in known if one.direct), known[0] if known else None)

    def _is_person(self, source: Phrase) -> bool:
        """Whether it may be one who speaks: a name, a pronoun or "the mayor"; not a word that but opens a sentence."""
        kinds = self.reading.kinds
        first, last = source
        if self.reading.words[first] in _ASKS or (first == last and self.reading.words[first] in _ARTICLES):
            return False
        if kinds[last] & PRONOUN or kinds[first] & DETERMINER or self.reading.words[last] in media()["document"]:
            return True
        if not kinds[last] & NAME:
            return False
        verb = last + 1 < len(kinds) and kinds[last + 1] & (CUE | AUXILIARY)
        if first < last or verb or not self.named:
            return True
        start = self.reading.starts[first]
        index = bisect_left(self.named, start)
        return index < len(self.named) and self.named[index] == start

    def _by_sentence(self, item: int, quote: int, unit: int) -> Attached | None:
        """Whose sentence it is; or nobody's, if it looks like speech at least."""
        reading = self.reading
        low, high = reading.units[unit]
        marked = reading.marked[quote]
        words = len(_WORD.findall(reading.text, marked.start, marked.end))
        if words < MIN_WORDS or is_set_off(reading, item, low, high, words):
            return None
        source = main_subject(reading, low, item) if item > low else None
        if source is None and item == low and high - low > 2:
            source = phrase_after(reading, item + 1, high)
        if source is not None and source[1] + 1 < item and reading.words[source[1] + 1] in media()["document"]:
            source = source[0], source[1] + 1
        if source is not None and self._is_person(source):
            return Attached(quote, None, source, "sentence-subject")
        certain = reading.is_spoken(item) or (words >= MIN_UNSPOKEN_WORDS and item > low)
        return Attached(quote, None, None, "unattributed") if certain else None
