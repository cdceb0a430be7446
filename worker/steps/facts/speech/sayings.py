"""Acts of speech, found sentence by sentence from their verbs and the other words that announce them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.levels import join_levels
from worker.steps.facts.speech.lexicon import Frame, cues, nouns
from worker.steps.facts.speech.phrases import ADVERBIAL, ANNOUNCES, CUE, NAME, QUOTE
from worker.steps.facts.speech.reading import DASHES
from worker.steps.facts.speech.saying import Saying, Verb
from worker.steps.facts.speech.verbless import read_according, read_colon, read_noun, read_per, read_signature
from worker.steps.facts.speech.verbs import LEADS_TO_NOUN, read_verb

if TYPE_CHECKING:
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading

_TRIGGERS: Final = CUE | QUOTE | ANNOUNCES
_MENTAL: Final = int(Frame.MENTAL)


def find_sayings(reading: Reading) -> list[Saying]:
    """All acts of speech outside quotations, in order of their verbs."""
    found: list[Saying] = []
    triggers = [item for item, kind in enumerate(reading.kinds) if kind & _TRIGGERS]
    here = 0
    for unit, (_, high) in enumerate(reading.units):
        in_unit: list[Saying] = []
        while here < len(triggers) and triggers[here] < high:
            saying = _read(reading, triggers[here], unit, in_unit)
            if saying is not None:
                in_unit.append(saying)
            here += 1
        if in_unit:
            join_levels(reading, in_unit)
        found += in_unit
    return found


def _read(reading: Reading, item: int, unit: int, before: list[Saying]) -> Saying | None:
    low, high = reading.units[unit]
    words = reading.words
    if reading.kinds[item] & CUE:
        return _read_cue(reading, item, unit, before)
    if item + 1 >= high:
        return None
    if reading.kinds[item] & QUOTE:
        return read_signature(reading, item, (low, high)) if words[item + 1] in DASHES else None
    if words[item] in {"per", "according"}:
        return _read_report(reading, item, (low, high), before)
    if words[item] == "that":
        return read_noun(reading, item, (low, high)) if item - low > 1 and words[item - 1] in nouns() else None
    return None if before else read_colon(reading, item, (low, high))


def _read_report(reading: Reading, item: int, unit: Phrase, before: list[Saying]) -> Saying | None:
    if reading.words[item] == "according":
        return read_according(reading, item, unit) if reading.words[item + 1] == "to" else None
    return read_per(reading, item, unit) if item > unit[0] and not before else None


def _read_cue(reading: Reading, item: int, unit: int, before: list[Saying]) -> Saying | None:
    low, high = reading.units[unit]
    if item > low:
        if reading.words[item - 1] in LEADS_TO_NOUN:
            return None
        if reading.kinds[item] & NAME and reading.kinds[item - 1] & NAME and not reading.is_headline(unit):
            return None
    for cue in cues()[reading.words[item]]:
        last = _behind_particles(reading, item, high, cue.required) if cue.required else item
        if last is None:
            continue
        verb = Verb(reading, cue, item, last, unit, low, high, before)
        saying = read_verb(verb)
        if saying is not None:
            saying.mental = bool(cue.frames & _MENTAL)
            return saying
    return None


def _behind_particles(reading: Reading, item: int, high: int, required: tuple[str, ...]) -> int | None:
    """The last item of a verb with the little words that belong to it ("point out"), or None when they are missing."""
    last = item
    for word in required:
        last += 1
        if last < high and reading.kinds[last] & ADVERBIAL and reading.words[last] != word:
            last += 1
        if last >= high or reading.words[last] != word:
            return None
    return last
