"""The words that show who says what, from the lexicon files, with the forms of the verbs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntFlag
from functools import cache
from typing import TYPE_CHECKING, Final

from worker.model.caching import kept
from worker.steps.facts.gazetteer import lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DOUBLED = frozenset("bdgmnprt")
_VOWELS = frozenset("aeiou")
# Words in -ly that are no adverbs.
_NO_ADVERB: Final = frozenset(
    {
        "family",
        "ally",
        "rally",
        "july",
        "italy",
        "assembly",
        "daily",
        "weekly",
        "monthly",
        "yearly",
        "elderly",
        "early",
        "friendly",
        "only",
    }
)
_LETTERS: Final = frozenset({"US", "WHO"})
_MIN_ADVERB_CHARS: Final = 5
_WORDS_KEPT: Final = 40_000


class Kind(IntFlag):
    """What a word can be."""

    DETERMINER = 1
    PRONOUN = 2
    OBJECT = 4
    RELATIVE = 8
    PREPOSITION = 16
    COORDINATOR = 32
    SUBORDINATOR = 64
    AUXILIARY = 128
    ADVERB = 256
    TIME = 512
    PERIOD = 1024
    WHICH = 2048
    VERB = 4096
    CUE = 8192
    SIGN = 32768
    QUOTE = 65536
    NAME = 131072  # written with a capital
    NUMBER = 262144
    MANNER = 524288  # an adverb in -ly
    NOUN_CUE = 1048576  # a form of a verb of speech that is as often a noun ("claims", "report")
    CONTRACTION = 4194304  # a subject with its auxiliary
    ANNOUNCES = 2097152  # no verb, but says who says something


class Frame(IntFlag):
    """How the content of a verb follows it; what each means is said in its lexicon."""

    SAY = 1
    QUOTE = 2
    THAT = 4
    BARE = 8
    TO = 16
    TELL = 32
    OBJECT = 64
    NOUN = 128
    MENTAL = 256


_FRAMES: Final = {frame.name.lower(): int(frame) for frame in Frame if frame.name}
# Named once: the attribute of a class costs as much as all else that is done with a word.
_NAME: Final = int(Kind.NAME)
_NUMBER: Final = int(Kind.NUMBER)
_SIGN: Final = int(Kind.SIGN)
_MANNER: Final = int(Kind.MANNER)


@dataclass(frozen=True, slots=True)
class Cue:
    """A form of a verb of speech: `form` is one of base, s, past, participle, ing (past covers equal participles).

    `frames` are bits of `Frame`.
    """

    lemma: str
    form: str
    frames: int
    particles: tuple[tuple[str, ...], ...]
    required: tuple[str, ...] = ()


@cache
def word_kinds() -> dict[str, int]:
    """What each small word can be, verbs of speech included; a word that is not listed is taken for a noun."""
    kinds: dict[str, int] = {}
    for section, word in _sections("speech_words.txt"):
        kinds[word] = kinds.get(word, 0) | int(Kind[section.upper()])
    for word, forms in cues().items():
        is_noun = any(cue.frames & Frame.NOUN and cue.form in {"base", "s"} for cue in forms)
        kinds[word] = kinds.get(word, 0) | int(Kind.CUE) | (int(Kind.NOUN_CUE) if is_noun else 0)
    for word in ("according", "per", "that"):
        kinds[word] = kinds.get(word, 0) | int(Kind.ANNOUNCES)
    for sign in ",.;:!?()[]{}\u2026\u2014\u2013-/&\"\u201c\u201d\u2018\u2019'<>=*|\u2022\u2015":
        kinds[sign] = int(Kind.SIGN)
    kinds[":"] |= int(Kind.ANNOUNCES)
    return kinds


@kept(_WORDS_KEPT)
def _kind(word: str) -> int:
    """What a word can be, as it is written: bits of `Kind`."""
    lower = word.lower()
    # "US officials": no "us".
    kind = word_kinds().get(lower.replace("\u2019", "'"), 0) if word not in _LETTERS else 0
    if lower != word:
        return kind | _NAME
    if not kind and not word[0].isalpha():
        return _NUMBER if word[0].isdigit() else _SIGN
    if word.endswith("ly") and len(word) >= _MIN_ADVERB_CHARS and word not in _NO_ADVERB:
        return kind | _MANNER
    return kind


def kinds_of(words: Iterable[str]) -> Iterator[int]:
    """What each of the words can be, as it is written: bits of `Kind`."""
    return map(_kind, words)


@cache
def cues() -> dict[str, tuple[Cue, ...]]:
    """The verbs of speech by their forms."""
    found: dict[str, dict[tuple[str, str, tuple[str, ...]], Cue]] = {}
    for line in lexicon_lines("speech_verbs.tsv"):
        words, forms, frames = line.split("\t")
        lemma, *required = words.split()
        known = sum(_FRAMES[frame] for frame in set(frames.split()) if frame in _FRAMES)
        particles = tuple((frame,) for frame in frames.split() if frame not in _FRAMES)
        past, participle = forms.split() if forms != "-" else (_past(lemma), _past(lemma))
        for word, form in (
            (lemma, "base"),
            (_third(lemma), "s"),
            (past, "past"),
            (participle, "past" if participle == past else "participle"),
            (_ing(lemma, past), "ing"),
        ):
            cue = Cue(lemma, form, known, particles, tuple(required))
            found.setdefault(word, {})[lemma, form, cue.required] = cue
    # The longer expression first: "point out" before "point".
    return {word: tuple(sorted(forms.values(), key=lambda cue: -len(cue.required))) for word, forms in found.items()}


@cache
def nouns() -> frozenset[str]:
    """The nouns for acts of speech."""
    return frozenset(word for line in lexicon_lines("speech_nouns.txt") for word in line.split())


@cache
def media() -> dict[str, frozenset[str]]:
    """The words for documents, platforms and occasions of speech."""
    kinds: dict[str, set[str]] = {}
    for section, word in _sections("speech_media.txt", whole_lines=frozenset({"platform"})):
        kinds.setdefault(section, set()).add(word)
    return {kind: frozenset(words) for kind, words in kinds.items()}


@cache
def genders() -> dict[str, str]:
    """Given names in lower case: "he" or "she" for each that tells."""
    return {name: pronoun for pronoun, name in _sections("speech_given_names.txt")}


def _sections(file_name: str, *, whole_lines: frozenset[str] = frozenset()) -> Iterator[tuple[str, str]]:
    section = ""
    for line in lexicon_lines(file_name):
        heading = re.match(r"\[(\w+)", line)
        if heading:
            section = heading[1]
        elif section in whole_lines:
            yield section, line.strip()
        else:
            yield from ((section, word) for word in line.split())


def _past(lemma: str) -> str:
    if lemma.endswith("e"):
        return lemma + "d"
    if lemma.endswith("y") and lemma[-2] not in _VOWELS:
        return lemma[:-1] + "ied"
    return lemma + "ed"


def _third(lemma: str) -> str:
    if lemma.endswith(("s", "sh", "ch", "x", "z")) or lemma == "go":
        return lemma + "es"
    if lemma.endswith("y") and lemma[-2] not in _VOWELS:
        return lemma[:-1] + "ies"
    return lemma + "s"


def _ing(lemma: str, past: str) -> str:
    if lemma.endswith("e") and not lemma.endswith(("ee", "oe", "ye")):
        return lemma[:-1] + "ing"
    doubles = past == lemma + lemma[-1] + "ed" or (lemma in {"begin", "set", "hit"} and lemma[-1] in _DOUBLED)
    return lemma + (lemma[-1] if doubles else "") + "ing"
