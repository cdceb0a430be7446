"""The words by which a text tells of events: types, triggers and small words, from the lexicon files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, reduce
from operator import or_
from typing import TYPE_CHECKING, Final, Literal

from worker.steps.facts.events.forms import forms, plural
from worker.steps.facts.gazetteer import lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.steps.facts.events.forms import Form

Where = Literal["object", "subject", "next", "near", "left", "has", "document", "lacks", "nowhere", "active", "without"]
Mood = Literal["reject", "request", "propose", "agree", "intend", "threaten", "fail", "accuse"]

_SLOT = re.compile(r"([>~<=^-]|@@|@|!!|!)?(=?)(.+)")
_PLACES: Final[dict[str, Where]] = {
    "": "object",
    "=": "object",
    ">": "next",
    "~": "near",
    "<": "left",
    "^": "subject",
    "@": "has",
    "@@": "document",
    "!": "lacks",
    "!!": "nowhere",
    "-": "without",
}
_AT_ONCE: Final = frozenset({"has", "document", "lacks", "nowhere", "active"})
_NOUNS: Final = frozenset({"object", "subject", "near", "left"})
_LACKS: Final = frozenset({"lacks", "nowhere", "active", "without"})
_OF_CLASSES: Final = frozenset({"@", "@@", "!", "!!"})
_OF_WILL: Final = frozenset({"AGREE", "REQUEST", "REJECT"})
_OF_DEEDS: Final = frozenset({"territory", "other"})
# How much a slot says: an object says more than a word somewhere in the article.
_SPECIFICITY: Final[dict[Where, float]] = {
    "object": 2,
    "subject": 2,
    "next": 2,
    "near": 2,
    "left": 2,
    "has": 1,
    "document": 0.5,
}


class Word:
    """What a small word does in a clause. Plain numbers: an enum's members cost too much in the innermost loops."""

    BE: Final = 1
    HAVE: Final = 2
    WILL: Final = 4
    MAY: Final = 8
    MUST: Final = 16
    DO: Final = 32
    NOT: Final = 64
    ADVERB: Final = 128
    REPEATED: Final = 256
    SUBORDINATOR: Final = 512
    RELATIVE: Final = 1024
    PREPOSITION: Final = 2048
    DETERMINER: Final = 4096
    CONJUNCTION: Final = 8192
    REPORTING: Final = 16384
    ONGOING: Final = 32768
    EXPECTED: Final = 65536
    ALLEGED: Final = 131072
    DOING: Final = 262144
    # All of the above.
    SMALL: Final = (1 << 19) - 1
    TRIGGER: Final = 1 << 19
    # The first of an expression that is no trigger.
    BLOCKER: Final = 1 << 20
    # The first of the classes of things: what is as large as this names one.
    CLASS: Final = 1 << 21


AUXILIARY: Final = Word.BE | Word.HAVE | Word.WILL | Word.MAY | Word.MUST | Word.DO | Word.NOT


@dataclass(frozen=True, slots=True, kw_only=True)
class EventType:
    """A type of event: its PLOVER roots, the likeliest first; its tone (+1 helps, -1 harms); how central it is."""

    name: str
    roots: tuple[str, ...]
    tone: int
    family: str
    weight: float
    mood: Mood | None
    called: str | None
    lasts: bool
    part_of: frozenset[str]


@dataclass(frozen=True, slots=True)
class Slot:
    """What must, or must not, stand somewhere about a trigger: one of the words, or a word of one of the classes."""

    where: Where
    words: frozenset[str]
    classes: int


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A trigger: the word is its key in the lexicon, `slots` what else it asks for."""

    kind: str
    event: EventType
    slots: tuple[Slot, ...]
    specificity: float
    line: str
    # The text must have a word of the classes, or the sentence one of the words, for the pattern to be worth a try.
    needs_classes: int
    needs_words: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Trigger:
    """All the patterns of a word, those that say most first, and what one of them at least needs."""

    patterns: tuple[tuple[Pattern, Form], ...]
    needs_classes: int
    needs_words: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """All that is known of one language. `kinds` are bits: what small words do, classes, triggers and blockers."""

    triggers: dict[str, Trigger]
    blockers: dict[str, tuple[Pattern, ...]]
    classes: dict[str, int]
    class_bits: dict[str, int]
    kinds: dict[str, int]

    def of_class(self, name: str) -> frozenset[str]:
        """All the words of a class."""
        return _of_class(self, name)


@cache
def _of_class(lexicon: Lexicon, name: str) -> frozenset[str]:
    bit = lexicon.class_bits[name]
    return frozenset(word for word, bits in lexicon.classes.items() if bits & bit)


@cache
def event_types() -> dict[str, EventType]:
    """The types of events by their names."""
    found = {}
    for line in lexicon_lines("events_types.tsv"):
        name, roots, tone, family, weight, mood, notes = line.split("\t")
        more = dict(note.partition("=")[::2] for note in notes.split())
        found[name] = EventType(
            name=name,
            roots=tuple(roots.split()) if roots != "-" else (),
            tone={"+": 1, "-": -1, "0": 0}[tone],
            family=family,
            weight=float(weight),
            mood=None if mood == "-" else mood,  # type: ignore[arg-type] # the file is ours
            called=more.get("called"),
            lasts="lasts" in more,
            part_of=frozenset(more.get("part", "").split(",")) - {""},
        )
    return found


def family_of(event: EventType, roots: tuple[str, ...]) -> str:
    """The family of an event: that of its type; but a withdrawal that is only agreed to or demanded is diplomacy."""
    if roots and roots[0] in _OF_WILL and roots[0] not in event.roots and event.family in _OF_DEEDS:
        return "diplomacy"
    return event.family


@cache
def lexicon() -> Lexicon:
    """The English triggers, ready to be looked up by a word in lower case."""
    bits, classes = _classes()
    irregular = {line.split("\t")[0]: line.split("\t")[1:] for line in lexicon_lines("events_verbs_en.tsv")}
    triggers: dict[str, list[tuple[Pattern, Form]]] = {}
    blockers: dict[str, list[Pattern]] = {}
    for section, line in _sections("events_triggers_en.txt"):
        kind, head, *rest = line.split()
        event = event_types()[section]
        # What is looked up at once comes before what is searched for.
        slots = tuple(sorted((_slot(text, kind, bits) for text in rest), key=lambda slot: slot.where not in _AT_ONCE))
        needs = next((slot for slot in slots if slot.where not in _LACKS), None)
        pattern = Pattern(
            kind,
            event,
            slots,
            _specificity(kind, slots),
            line,
            needs.classes if needs else Word.TRIGGER,
            needs.words if needs else frozenset(),
        )
        for word in head.split("|"):
            if kind == "x":
                blockers.setdefault(word, []).append(pattern)
            else:
                for form, tag in forms(word, kind, irregular):
                    triggers.setdefault(form, []).append((pattern, tag))
    kinds = _small_words()
    for words, bit in ((triggers, Word.TRIGGER), (blockers, Word.BLOCKER)):
        for word in words:
            kinds[word] = kinds.get(word, 0) | bit
    for word, bit in classes.items():
        kinds[word] = kinds.get(word, 0) | bit
    return Lexicon(
        triggers={word: _trigger(found) for word, found in triggers.items()},
        blockers={word: tuple(found) for word, found in blockers.items()},
        classes=classes,
        class_bits=bits,
        kinds=kinds,
    )


def _trigger(patterns: list[tuple[Pattern, Form]]) -> Trigger:
    return Trigger(
        tuple(sorted(patterns, key=lambda pair: (-pair[0].specificity, -pair[0].event.weight))),
        reduce(or_, (pattern.needs_classes for pattern, _ in patterns)),
        frozenset().union(*(pattern.needs_words for pattern, _ in patterns)),
    )


def _specificity(kind: str, slots: tuple[Slot, ...]) -> float:
    return sum(_SPECIFICITY.get(slot.where, 0) for slot in slots) + (1 if kind == "w" else 0)


def _slot(text: str, kind: str, bits: dict[str, int]) -> Slot:
    match = _SLOT.fullmatch(text)
    if match is None:
        raise ValueError(f"events_triggers_en.txt: no slot: {text!r}")
    sign, equals, names = match[1] or "", match[2], match[3].split("|")
    if text == "!passive":
        return Slot("active", frozenset(), 0)
    where = _PLACES[sign]
    if kind in {"w", "x"} and where == "object":
        where = "next"
    mask = 0
    words: set[str] = set()
    for name in names:
        if (equals or sign == "=" or sign in _OF_CLASSES) and name in bits:
            mask |= bits[name]
        elif sign in _OF_CLASSES:
            raise ValueError(f"events_triggers_en.txt: no class {name!r}")
        else:
            words.add(name)
            if where in _NOUNS and len(name) > 2:
                words.add(plural(name))
    return Slot(where, frozenset(words), mask)


def _classes() -> tuple[dict[str, int], dict[str, int]]:
    bits: dict[str, int] = {}
    classes: dict[str, int] = {}
    for section, line in _sections("events_classes_en.txt"):
        bit = bits.setdefault(section, Word.CLASS << len(bits))
        for word in line.split():
            for form in (word, plural(word)):
                classes[form] = classes.get(form, 0) | bit
    return bits, classes


@cache
def words_of_kinds() -> dict[str, frozenset[str]]:
    """The words of each kind of text that is not of public affairs."""
    found: dict[str, set[str]] = {}
    for section, line in _sections("events_kinds_en.txt"):
        found.setdefault(section, set()).update(form for word in line.split() for form in (word, plural(word)))
    return {kind: frozenset(words) for kind, words in found.items()}


def _small_words() -> dict[str, int]:
    words: dict[str, int] = {}
    for section, line in _sections("events_words_en.txt"):
        for word in line.split():
            words[word] = words.get(word, 0) | int(getattr(Word, section.upper()))
    return words


def _sections(file_name: str) -> Iterator[tuple[str, str]]:
    section = ""
    for line in lexicon_lines(file_name):
        if line.startswith("["):
            section = line.strip("[]")
        elif line.strip():
            yield section, line
