"""Where a text tells of an event: its words looked up in the lexicon, with what stands about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import AUXILIARY, Word

if TYPE_CHECKING:
    from worker.steps.facts.events.lexicon import Form, Lexicon, Pattern, Slot
    from worker.steps.facts.events.reading import Sentence

# How far an object, and a word that only has to be near, are looked for, in words.
_OBJECT_REACH: Final = 9
_NEAR_REACH: Final = 13
_LEFT_REACH: Final = 4
# A noun within an expression of so many words is a part of it: "the prisoner exchange".
_EXPRESSION: Final = 4
# A pattern that found an object or a particle.
_HAS_OBJECT: Final = 2
_STOPS: Final = frozenset(';:()[]\u2014\u2013\u2026"\u201c\u201d')
_PARTICIPLES: Final = frozenset({"past", "participle"})
_CHECKS: Final = frozenset({"has", "document", "lacks", "nowhere", "active"})
_OBJECT_ENDS: Final = (
    Word.PREPOSITION | Word.SUBORDINATOR | Word.RELATIVE | Word.WILL | Word.MAY | Word.BE | Word.HAVE | Word.REPORTING
)
_OBJECT_GOES_ON: Final = frozenset({"of", "like", "over"})
_NO_MODIFIER: Final = ~(Word.ADVERB | Word.CONJUNCTION | Word.ONGOING | Word.ALLEGED | Word.EXPECTED)


@dataclass(slots=True)
class Candidate:
    """A trigger that was found. `at` is the word's place in its sentence, `start` and `end` all that it takes in."""

    sentence: Sentence
    at: int
    start: int
    end: int
    pattern: Pattern
    form: Form
    passive: bool = False
    object_at: int | None = None


def find_candidates(sentence: Sentence, lexicon: Lexicon, document: int) -> list[Candidate]:
    """The triggers of a sentence, one a word at most: the pattern that says most. `document` are the classes of all."""
    found: list[Candidate] = []
    triggers = lexicon.triggers
    blocked = _blocked(sentence, lexicon)
    nounlike = lexicon.class_bits["nounlike"]
    taken = covered = -1
    for at, word in enumerate(sentence.words):
        patterns = triggers.get(word)
        if patterns is None or at <= covered or at in blocked or sentence.is_name(at):
            continue
        candidate = _best(sentence, at, patterns, document, nounlike)
        if candidate is None:
            continue
        pattern = candidate.pattern
        if at > taken or pattern.kind != "n":
            found.append(candidate)
            whole = candidate.end - at <= _EXPRESSION and pattern.event.mood is None
            taken = max(taken, candidate.end - 1 if whole else at)
            if pattern.kind == "w":
                covered = candidate.end - 1
    return found


def _best(
    sentence: Sentence, at: int, patterns: tuple[tuple[Pattern, Form], ...], document: int, nounlike: int
) -> Candidate | None:
    seen, every = sentence.has | document, sentence.every
    can_be: dict[Form, tuple[bool, bool]] = {}
    after_auxiliary = at > 0 and bool(sentence.small[at - 1] & (Word.WILL | Word.MAY | Word.MUST | Word.DO))
    for pattern, form in patterns:
        needs = pattern.needs
        if needs is not None and not needs.classes & seen and needs.words.isdisjoint(every):
            continue
        passive = False
        if pattern.kind == "n":
            if after_auxiliary:
                continue  # "will attack" is a verb
        elif pattern.kind == "v":
            if form not in can_be:
                can_be[form] = _can_be_verb(sentence, at, form), _can_be_noun(sentence, at, form, nounlike)
            verb, noun = can_be[form]
            if not verb or (noun and pattern.specificity < _HAS_OBJECT):
                continue
            passive = form in _PARTICIPLES and _passive(sentence, at)
        candidate = _match(sentence, at, pattern, form, document if not passive else document | _PASSIVE)
        if candidate is not None:
            return candidate
    return None


# A bit of `document` that no class has: the verb is passive.
_PASSIVE: Final = 1 << 80


def _match(sentence: Sentence, at: int, pattern: Pattern, form: Form, document: int) -> Candidate | None:
    passive = bool(document & _PASSIVE)
    start, end = at, at + 1
    object_at: int | None = None
    for slot in pattern.slots:
        where = slot.where
        if where in _CHECKS:
            if not _holds(sentence, at, slot, document):
                return None
            continue
        if where == "left":
            place = _left(sentence, at, slot)
        elif where == "subject" or (where == "object" and passive):
            place = _before_passive(sentence, at, slot)
        else:
            place = _AHEAD[where](sentence, end, slot)
        if place is None:
            return None
        if place < at:
            start = min(start, place)
        elif where != "near":
            end = place + 1
        if where in {"object", "near"} and object_at is None:
            object_at = place
    return Candidate(sentence, at, start, end, pattern, form, passive, object_at)


def _holds(sentence: Sentence, at: int, slot: Slot, document: int) -> bool:
    """Whether the rest of the sentence, or of the text, is as a pattern asks."""
    if slot.where == "has":
        if not sentence.has & slot.classes:
            return False
        return any(kinds & slot.classes for place, kinds in enumerate(sentence.classes) if place != at)
    if slot.where == "document":
        return bool(document & slot.classes)
    if slot.where == "lacks":
        return not sentence.has & slot.classes
    if slot.where == "nowhere":
        return not document & slot.classes
    return not document & _PASSIVE


def _fits(sentence: Sentence, at: int, slot: Slot) -> bool:
    return sentence.words[at] in slot.words or bool(sentence.classes[at] & slot.classes)


def _object(sentence: Sentence, start: int, slot: Slot) -> int | None:
    """The head of the noun phrase that begins at `start`: it ends where a preposition, a clause or a sign begins."""
    words, small = sentence.words, sentence.small
    for place in range(start, min(start + _OBJECT_REACH, len(words))):
        if _fits(sentence, place, slot):
            return place
        word = words[place]
        # "imposed on Friday": only right behind the verb is "on" skipped.
        if word in _STOPS or (
            small[place] & _OBJECT_ENDS and word not in _OBJECT_GOES_ON and not (word == "on" and place == start)
        ):
            return None
    return None


def _near(sentence: Sentence, start: int, slot: Slot) -> int | None:
    for place in range(start, min(start + _NEAR_REACH, len(sentence.words))):
        if _fits(sentence, place, slot) and not sentence.is_name(place):
            return place
        if sentence.words[place] in ";:":
            return None
    return None


def _next(sentence: Sentence, start: int, slot: Slot) -> int | None:
    for place in range(start, min(start + 3, len(sentence.words))):
        if _fits(sentence, place, slot):
            return place
        if not sentence.small[place] & Word.ADVERB:
            return None
    return None


def _left(sentence: Sentence, at: int, slot: Slot) -> int | None:
    for place in range(at - 1, max(at - 1 - _LEFT_REACH, -1), -1):
        if _fits(sentence, place, slot):
            return place
        if sentence.small[place] & _NO_MODIFIER:
            return None
        if not sentence.words[place][0].isalnum():
            return None
    return None


def _before_passive(sentence: Sentence, at: int, slot: Slot) -> int | None:
    place = at - 1
    while place >= 0 and sentence.small[place] & (AUXILIARY | Word.ADVERB):
        place -= 1
    for before in range(place, max(place - _OBJECT_REACH, -1), -1):
        if _fits(sentence, before, slot):
            return before
        if sentence.words[before] in _STOPS or sentence.small[before] & Word.SUBORDINATOR:
            return None
    return None


def _passive(sentence: Sentence, at: int) -> bool:
    for place in range(at - 1, max(at - 5, -1), -1):
        kind = sentence.small[place]
        if kind & Word.BE:
            return True
        if not kind & (Word.ADVERB | Word.NOT):
            break
    following = sentence.words[at + 1 : at + 3]
    return "by" in following and (following[0] == "by" or bool(sentence.small[at + 1] & Word.ADVERB))


def _can_be_verb(sentence: Sentence, at: int, form: Form) -> bool:
    """Whether a word that has a verb's form is one: "an attack", "his calls", "the killed" are not."""
    before = sentence.small[at - 1] if at else 0
    if before & Word.DETERMINER:
        return False
    return form == "ing" or not before & Word.PREPOSITION or (form == "base" and sentence.words[at - 1] == "to")


def _can_be_noun(sentence: Sentence, at: int, form: Form, nounlike: int) -> bool:
    """Whether what has a verb's form may well be a noun: "the missile attack on", "security forces"."""
    if form not in {"base", "s"} or not sentence.classes[at] & nounlike:
        return False
    if at and (sentence.small[at - 1] & (AUXILIARY | Word.ADVERB) or sentence.words[at - 1] == "to"):
        return False
    return at + 1 >= len(sentence.words) or not sentence.small[at + 1] & Word.DETERMINER


def _blocked(sentence: Sentence, lexicon: Lexicon) -> frozenset[int]:
    if lexicon.blockers.keys().isdisjoint(sentence.words):
        return frozenset()
    found: set[int] = set()
    for at, word in enumerate(sentence.words):
        patterns = lexicon.blockers.get(word)
        if patterns is None:
            continue
        for pattern in patterns:
            place = at
            for slot in pattern.slots:
                following = _next(sentence, place + 1, slot)
                if following is None:
                    break
                place = following
            else:
                found.update(range(at, place + 1))
    return frozenset(found)


_AHEAD: Final = {"object": _object, "near": _near, "next": _next}
