"""Whose a time is by what it stands in: a noun of which it is the name, a quotation, the ground of another event."""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import Span
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.reading import Sentence
    from worker.steps.facts.prose import Prose

_START: Final = attrgetter("start")
_GENITIVE: Final = ("'s", "\u2019s")
_RELATIVE_REACH: Final = 8
# No noun has as many words.
_MOST_WORDS: Final = 6
# What is mostly planned.
PLANNED: Final = frozenset({"election", "vote", "talks", "visit", "trial", "strike", "protest", "joint_exercise"})
# What comes of a deed, and the words behind which the deed stands.
_OF_GROUNDS: Final = frozenset(
    {
        *("accusation", "accusation_of", "condemnation", "support", "apology", "denial", "demand", "sanctions"),
        *("arrest", "arrest_for_crime", "trial", "sentence", "investigation", "lawsuit", "extradition"),
    }
)
_GROUNDS: Final = frozenset({"for", "over", "suspicion", "suspected", "accused", "convicted", "guilty", "charges"})


def noun_behind(prose: Prose, sentence: Sentence, at: int, behind: int, end: int) -> range:
    """Where the noun may stand whose own time it is: "a 2016 peace agreement", "Friday's talks"; empty for most times.

    The time stands from the word `at` to before the word `behind`, and ends at the offset `end`.
    """
    words, kinds, first = sentence.words, sentence.kinds, sentence.first
    last = behind
    if _is_attribute(prose, sentence, at, behind, end):
        most = min(behind + _MOST_WORDS, len(words))
        while last < most and words[last][0].isalnum() and not kinds[last] & Word.SMALL:
            last += 1
        if last > behind and not prose.written[first + behind][0].islower():
            last = behind
    return range(behind, last)


def _is_attribute(prose: Prose, sentence: Sentence, at: int, behind: int, end: int) -> bool:
    """Whether a time stands behind an article or is a genitive."""
    if behind >= len(sentence.words):
        return False
    if prose.text[end : end + 2] in _GENITIVE or prose.text[end - 2 : end] in _GENITIVE:
        return True
    if not at:
        return False
    return bool(sentence.kinds[at - 1] & Word.DETERMINER) or prose.written[sentence.first + at - 1].endswith(_GENITIVE)


def is_at(noun: range, mention: Mention) -> bool:
    """Whether an event is what a noun with a time of its own names.

    "Held Friday's talks" are those talks; "rejected a 2016 deal" and "banned Friday's march" are of another day.
    """
    candidate = mention.candidate
    if candidate.form in {"noun", "words"}:
        return candidate.at in noun
    return mention.event.name in PLANNED and candidate.object_at in noun


def is_ground(mention: Mention, between: Sequence[str]) -> bool:
    """Whether what stands behind these words is only why somebody did it: "blamed Peru on Monday for the raid"."""
    return mention.event.name in _OF_GROUNDS and not _GROUNDS.isdisjoint(between)


def opens_ground(word: str, kind: int) -> bool:
    """Whether a word leads from what was done to why, or to what was before it."""
    return bool(kind & Word.SUBORDINATOR) or word in _GROUNDS


def is_relative(mention: Mention, other: Mention) -> bool:
    """Whether an event only says more of a noun, and another one not: "urged a return to talks that began in March"."""
    kinds, words, verb = mention.sentence.kinds, mention.sentence.words, mention.candidate.at
    for at in range(verb - 1, max(verb - _RELATIVE_REACH, 0), -1):
        if kinds[at] & Word.RELATIVE and not (words[at] == "that" and _tells(words[at - 1], kinds[at - 1])):
            return not at < other.candidate.at < verb
        if not words[at][0].isalnum():
            return False
    return False


def _tells(word: str, kind: int) -> bool:
    """Whether what is told, and no relative clause, stands behind a word: "denied that", "says that"."""
    return bool(kind & Word.REPORTING) or bool(kind & Word.TRIGGER and word.endswith("ed"))


def quotation_at(quoted: Sequence[Span], offset: int) -> Span | None:
    """The quotation in which an offset lies; they stand in order of the text."""
    at = bisect_right(quoted, offset, key=_START) - 1
    return quoted[at] if at >= 0 and offset < quoted[at].end else None
