"""Where a text tells of an event: its words looked up in the lexicon, with what stands about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import AUXILIARY, Word
from worker.steps.facts.events.reading import is_bound

if TYPE_CHECKING:
    from worker.steps.facts.events.forms import Form
    from worker.steps.facts.events.lexicon import Lexicon, Pattern, Slot, Trigger
    from worker.steps.facts.events.reading import Sentence

# Named once: in the innermost loops the attribute of a class costs as much as what is done with it.
_ADVERB: Final = Word.ADVERB
_ENDS_SUBJECT: Final = Word.SUBORDINATOR | Word.REPORTING
_BE: Final = Word.BE
_NOT: Final = Word.NOT
_DETERMINER: Final = Word.DETERMINER
_PREPOSITION: Final = Word.PREPOSITION
_BLOCKER: Final = Word.BLOCKER
# How far an object, and a word that only has to be near, are looked for, in words.
_OBJECT_REACH: Final = 9
_SUBJECT_REACH: Final = 14
_NEAR_REACH: Final = 13
_LEFT_REACH: Final = 4
# A noun within an expression of so many words is a part of it: "the prisoner exchange".
_EXPRESSION: Final = 4
# A pattern that found an object or a particle.
_HAS_OBJECT: Final = 2
_STOPS: Final = frozenset(';:()[]\u2014\u2013\u2026"\u201c\u201d')
_BESIDE_VERB: Final = AUXILIARY | Word.ADVERB
_BEFORE_VERB: Final = Word.WILL | Word.MAY | Word.MUST | Word.DO
_PLAIN: Final = frozenset({"base", "s"})
_CONTRACTED: Final = frozenset({"he", "she", "it", "who", "that", "what", "there", "here"})
_POSSESSIVE: Final = ("'s", "\u2019s")
_PARTICIPLES: Final = frozenset({"past", "participle"})
_CHECKS: Final = frozenset({"has", "document", "lacks", "nowhere", "active", "without"})
_OBJECT_ENDS: Final = (
    Word.PREPOSITION | Word.SUBORDINATOR | Word.RELATIVE | Word.WILL | Word.MAY | Word.BE | Word.HAVE | Word.REPORTING
)
_OBJECT_GOES_ON: Final = frozenset({"of", "like", "over"})
_NO_MODIFIER: Final = Word.SMALL & ~(Word.ADVERB | Word.CONJUNCTION | Word.ONGOING | Word.ALLEGED | Word.EXPECTED)


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
    words, triggers, nounlike = sentence.words, lexicon.triggers, lexicon.class_bits["nounlike"]
    seen, every = sentence.has | document, frozenset(words)
    blocked: frozenset[int] | None = None
    taken = covered = -1
    for at in sentence.triggers:
        if at <= covered:
            continue
        trigger = triggers[words[at]]
        if (not trigger.needs_classes & seen and trigger.needs_words.isdisjoint(every)) or sentence.is_name(at):
            continue
        candidate = _best(sentence, at, trigger, seen, every, document, nounlike)
        if candidate is None:
            continue
        if blocked is None:
            blocked = _blocked(sentence, lexicon)
        if at in blocked or candidate.object_at in blocked:
            continue
        pattern = candidate.pattern
        # Of "hold talks with" the noun is no verb.
        if at > taken or (pattern.kind != "n" and candidate.form not in _PLAIN):
            if found and found[-1].at == candidate.start < at and pattern.event.mood is not None:
                found.pop()  # "talks collapsed" are no talks
            found.append(candidate)
            whole = candidate.end - at <= _EXPRESSION and pattern.event.mood is None
            taken = max(taken, candidate.end - 1 if whole else at)
            if pattern.kind == "w":
                covered = candidate.end - 1
    return found


def _best(  # noqa: PLR0913, PLR0917 - what the caller has at hand is not worked out again
    sentence: Sentence, at: int, trigger: Trigger, seen: int, every: frozenset[str], document: int, nounlike: int
) -> Candidate | None:
    verbs: dict[Form, bool] = {}
    after_auxiliary = at > 0 and bool(sentence.kinds[at - 1] & _BEFORE_VERB)
    for pattern, form in trigger.patterns:
        if not pattern.needs_classes & seen and pattern.needs_words.isdisjoint(every):
            continue
        passive = False
        if pattern.kind == "n":
            if after_auxiliary:
                continue  # "will attack" is a verb
        elif pattern.kind == "v":
            verb = verbs.get(form)
            if verb is None:
                verb = verbs[form] = _can_be_verb(sentence, at, form, nounlike)
            if not verb or (pattern.specificity < _HAS_OBJECT and _can_be_noun(sentence, at, form, nounlike)):
                continue
            passive = form in _PARTICIPLES and _passive(sentence, at)
        candidate = _match(sentence, at, pattern, form, document, passive=passive)
        if candidate is not None:
            return candidate
    return None


def _match(  # noqa: PLR0913 - what the caller has at hand is not worked out again
    sentence: Sentence, at: int, pattern: Pattern, form: Form, document: int, *, passive: bool
) -> Candidate | None:
    start, end = at, at + 1
    object_at: int | None = None
    for slot in pattern.slots:
        where = slot.where
        if where in _CHECKS:
            if passive if where == "active" else not _holds(sentence, at, slot, document):
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
        return any(kind & slot.classes for place, kind in enumerate(sentence.kinds) if place != at)
    if slot.where == "without":
        return _near(sentence, at + 1, slot) is None
    if slot.where == "document":
        return bool(document & slot.classes)
    if slot.where == "lacks":
        return not sentence.has & slot.classes
    return not document & slot.classes


def _object(sentence: Sentence, start: int, slot: Slot) -> int | None:
    """The head of the noun phrase that begins at `start`: it ends where a preposition, a clause or a sign begins."""
    words, kinds, sought, classes = sentence.words, sentence.kinds, slot.words, slot.classes
    for place in range(start, min(start + _OBJECT_REACH, len(words))):
        word, kind = words[place], kinds[place]
        if kind & classes or word in sought:
            return place
        # "imposed on Friday": only right behind the verb is "on" skipped.
        if word in _STOPS or (
            kind & _OBJECT_ENDS
            and word not in _OBJECT_GOES_ON
            and not (word == "on" and place == start)
            and not is_bound(words, place)
        ):
            return None
    return None


def _near(sentence: Sentence, start: int, slot: Slot) -> int | None:
    words, kinds, sought, classes = sentence.words, sentence.kinds, slot.words, slot.classes
    for place in range(start, min(start + _NEAR_REACH, len(words))):
        if (kinds[place] & classes or words[place] in sought) and not sentence.is_name(place):
            return place
        if words[place] in ";:":
            return None
    return None


def _next(sentence: Sentence, start: int, slot: Slot) -> int | None:
    words, kinds, sought, classes = sentence.words, sentence.kinds, slot.words, slot.classes
    for place in range(start, min(start + 3, len(words))):
        kind = kinds[place]
        if kind & classes or words[place] in sought:
            return place
        if not kind & _ADVERB:
            return None
    return None


def _left(sentence: Sentence, at: int, slot: Slot) -> int | None:
    words, kinds, sought, classes = sentence.words, sentence.kinds, slot.words, slot.classes
    for place in range(at - 1, max(at - 1 - _LEFT_REACH, -1), -1):
        word, kind = words[place], kinds[place]
        if kind & classes or word in sought:
            return place
        if kind & _NO_MODIFIER or not word[0].isalnum():
            return None
    return None


def _before_passive(sentence: Sentence, at: int, slot: Slot) -> int | None:
    words, kinds, sought, classes = sentence.words, sentence.kinds, slot.words, slot.classes
    place = at - 1
    while place >= 0 and kinds[place] & _BESIDE_VERB:
        place -= 1
    is_aside = False
    for before in range(place, max(place - _SUBJECT_REACH, -1), -1):
        word, kind = words[before], kinds[before]
        if word == ",":
            is_aside = not is_aside  # "talks with a rebel group, the ELN, broke down"
        elif kind & classes or word in sought:
            return None if is_aside else before
        elif (kind & _ENDS_SUBJECT and word != "over") or word in _STOPS:
            return None
    return None


def _passive(sentence: Sentence, at: int) -> bool:
    for place in range(at - 1, max(at - 5, -1), -1):
        kind = sentence.kinds[place]
        if kind & _BE:
            return True
        if not kind & (_ADVERB | _NOT):
            break
    following = sentence.words[at + 1 : at + 3]
    return "by" in following and (following[0] == "by" or bool(sentence.kinds[at + 1] & _ADVERB))


def _can_be_verb(sentence: Sentence, at: int, form: Form, nounlike: int) -> bool:
    """Whether a word that has a verb's form is one: "an attack", "his calls", "the killed" are not."""
    if not at and form == "base":
        return False  # "Rob Hall said"; "Save ten crowns"
    before = sentence.kinds[at - 1] if at else 0
    if before & _DETERMINER or (form != "ing" and _is_noun_here(sentence, at, nounlike)):
        return False
    if before & _BE and form in _PLAIN:
        return False  # "is back"
    return form == "ing" or not before & _PREPOSITION or (form == "base" and sentence.words[at - 1] == "to")


def _is_noun_here(sentence: Sentence, at: int, nounlike: int) -> bool:
    """Whether what has a verb's form must be a noun: "the 300 block of", "the band's hit series" (but "he's")."""
    words, prose = sentence.words, sentence.prose
    if at + 1 < len(words) and words[at + 1] == "of" and sentence.kinds[at] & nounlike:
        return True
    if not at or prose is None or words[at - 1] in _CONTRACTED:
        return False
    return prose.written[sentence.first + at - 1].endswith(_POSSESSIVE)


def _can_be_noun(sentence: Sentence, at: int, form: Form, nounlike: int) -> bool:
    """Whether what has a verb's form may well be a noun: "the missile attack on", "security forces"."""
    if form not in _PLAIN or not sentence.kinds[at] & nounlike:
        return False
    if at and (sentence.kinds[at - 1] & _BESIDE_VERB or sentence.words[at - 1] == "to"):
        return False
    if at + 1 >= len(sentence.words):
        return True
    # "Berlin pledges to"; "the calls to" and "fresh calls to" have no name before them.
    if form == "s" and sentence.words[at + 1] == "to" and at == 1:
        return False
    return not sentence.kinds[at + 1] & _DETERMINER


def _blocked(sentence: Sentence, lexicon: Lexicon) -> frozenset[int]:
    if not sentence.has & _BLOCKER:
        return frozenset()
    found: set[int] = set()
    for at, kind in enumerate(sentence.kinds):
        if not kind & _BLOCKER:
            continue
        for pattern in lexicon.blockers[sentence.words[at]]:
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
