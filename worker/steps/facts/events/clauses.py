"""Where in its sentence an event is told: in the main clause or below it, and in which tense and mood."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import AUXILIARY, Word

if TYPE_CHECKING:
    from worker.steps.facts.events.reading import Sentence
    from worker.steps.facts.events.triggers import Candidate

_NO_CLAUSE: Final = frozenset(
    {("as", "part"), ("as", "well"), ("such", "as"), ("over", "the"), ("as", "saying"), ("so", "far")}
)
_SIGNS: Final = frozenset(",;:\u2014\u2013")
_PURPOSE_REACH: Final = 6
# How far before "and hold talks" its "will" may stand, in words: "will visit Spain from Sept. 14 to 17 and hold talks".
_SHARED_REACH: Final = 14
_OF_TENSE: Final = AUXILIARY | Word.ADVERB | Word.REPEATED


@dataclass(frozen=True, slots=True)
class Tense:
    """What stands before a verb: "has repeatedly been", "will not"."""

    future: bool = False
    possible: bool = False
    obliged: bool = False
    negated: bool = False
    perfect: bool = False
    repeated: bool = False
    infinitive: bool = False
    progressive: bool = False
    passive: bool = False
    doing: bool = False

    def any(self) -> bool:
        """Whether an auxiliary stands before the verb."""
        return self.future or self.possible or self.obliged or self.perfect or self.passive


_NO_TENSE: Final = Tense()


def depths(sentence: Sentence, last: int) -> list[int]:
    """Of each word up to the `last`, 0 in the main clause, 1 below it; what is reported ("said that ...") is main."""
    words, kinds = sentence.words, sentence.kinds
    found: list[int] = []
    depth, closes = 0, False
    opening = True
    for at in range(last + 1):
        word, kind = words[at], kinds[at]
        if not kind and not opening and word not in _SIGNS:
            found.append(depth)
            continue
        if word == ",":
            if depth and closes:
                depth, closes = 0, False
            opening = True
            found.append(depth)
            continue
        if word in _SIGNS:
            depth, closes, opening = 0, False, True
            found.append(depth)
            continue
        if kind & Word.SUBORDINATOR and not _is_plain(sentence, at):
            depth, closes = 1, opening
        elif kind & Word.RELATIVE and not depth:
            before = kinds[at - 1] if at else 0
            if word != "that" or not (before & Word.REPORTING or (at > 1 and kinds[at - 2] & Word.REPORTING)):
                depth, closes = (1, opening) if word != "that" or at else (0, False)
        elif opening and at and not depth and word.endswith("ing") and len(word) > 4:
            depth, closes = 1, True
        opening = False
        found.append(depth)
    return found


def _is_plain(sentence: Sentence, at: int) -> bool:
    """Whether a word that can open a clause does not: "as part of", "over the border"."""
    words = sentence.words
    following = words[at + 1] if at + 1 < len(words) else ""
    before = words[at - 1] if at else ""
    return (words[at], following) in _NO_CLAUSE or (before, words[at]) in _NO_CLAUSE


def tense(candidate: Candidate) -> Tense:
    """The auxiliaries and adverbs right before a verb, or before the verb that carries a noun."""
    sentence = candidate.sentence
    at = candidate.at
    flags = 0
    infinitive = doing = False
    place = at - 1
    limit = max(at - 7, -1)
    while place > limit:
        kind = sentence.kinds[place]
        word = sentence.words[place]
        if word == "to":
            if infinitive:
                break
            infinitive = True
            before = sentence.kinds[place - 1] if place else 0
            doing = bool(before & Word.DOING)
            if before & (Word.EXPECTED | Word.BE):
                flags |= Word.WILL  # "is likely to", "are to be freed"
        elif word == "n't" or (word in "t\u2019'" and place):
            pass
        elif kind & _OF_TENSE:
            if infinitive and not kind & Word.NOT:
                break
            flags |= kind & _OF_TENSE
        else:
            break
        place -= 1
    if candidate.form == "base" and place == at - 1 and sentence.kinds[place] & Word.CONJUNCTION:
        flags = _shared_auxiliaries(sentence, place)
    return _tense_of(flags, candidate.form == "ing", infinitive, doing)


def _shared_auxiliaries(sentence: Sentence, conjunction: int) -> int:
    """Those of the verb to which "and" joins a plain one: "will visit Spain and hold talks"."""
    for place in range(conjunction - 1, max(conjunction - _SHARED_REACH, -1), -1):
        kind = sentence.kinds[place]
        if kind & (Word.WILL | Word.MAY | Word.MUST):
            return kind & _OF_TENSE
        if kind & (Word.SUBORDINATOR | Word.RELATIVE | Word.REPORTING) or sentence.words[place] in _SIGNS:
            break
    return 0


@cache
def _tense_of(flags: int, ing: bool, infinitive: bool, doing: bool) -> Tense:  # noqa: FBT001 - a key of the cache
    return Tense(
        future=bool(flags & Word.WILL),
        possible=bool(flags & Word.MAY),
        obliged=bool(flags & Word.MUST),
        negated=bool(flags & Word.NOT),
        perfect=bool(flags & Word.HAVE),
        repeated=bool(flags & Word.REPEATED),
        infinitive=infinitive,
        doing=doing,
        passive=bool(flags & Word.BE),
        progressive=ing and bool(flags & Word.BE),
    )


def carried_tense(candidate: Candidate) -> Tense:
    """The future or the negation of the clause whose verb has a noun as its object: "will not extend the truce"."""
    sentence = candidate.sentence
    for place in range(candidate.start - 1, max(candidate.start - _PURPOSE_REACH, -1), -1):
        kind = sentence.kinds[place]
        if kind & (Word.SUBORDINATOR | Word.RELATIVE | Word.REPORTING) or not sentence.words[place][0].isalnum():
            break
        if kind & (Word.WILL | Word.MUST):
            return Tense(
                future=bool(kind & Word.WILL),
                obliged=bool(kind & Word.MUST),
                negated=any(sentence.kinds[at] & Word.NOT for at in (place, place + 1)),
            )
    return _NO_TENSE
