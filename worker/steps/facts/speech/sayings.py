"""Acts of speech, found sentence by sentence from their verbs and the other words that announce them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import cues, nouns
from worker.steps.facts.speech.phrases import CUE, NAME, QUOTE, is_adverb
from worker.steps.facts.speech.reading import DASHES
from worker.steps.facts.speech.saying import Saying, Verb
from worker.steps.facts.speech.verbless import read_according, read_colon, read_noun, read_per, read_signature
from worker.steps.facts.speech.verbs import read_verb

if TYPE_CHECKING:
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading

_ANNOUNCES: Final = frozenset({"according", "per", "that", ":"})


def find_sayings(reading: Reading) -> list[Saying]:
    """All acts of speech outside quotations, in order of their verbs."""
    found: list[Saying] = []
    kinds, words = reading.kinds, reading.words
    for unit, (low, high) in enumerate(reading.units):
        in_unit: list[Saying] = []
        for item in range(low, high):
            if kinds[item] & (CUE | QUOTE) or words[item] in _ANNOUNCES:
                saying = _read(reading, item, unit, in_unit)
                if saying is not None:
                    in_unit.append(saying)
        if len(in_unit) > 1:
            _join_levels(in_unit)
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
    if reading.kinds[item] & NAME and item > low and reading.kinds[item - 1] & NAME and not reading.is_headline(unit):
        return None
    for cue in cues()[reading.words[item]]:
        last = _behind_particles(reading, item, high, cue.required)
        if last is None:
            continue
        verb = Verb(reading=reading, cue=cue, first=item, last=last, unit=unit, low=low, high=high, before=before)
        saying = read_verb(verb)
        if saying is not None:
            saying.mental = "mental" in cue.frames
            return saying
    return None


def _behind_particles(reading: Reading, item: int, high: int, required: tuple[str, ...]) -> int | None:
    """The last item of a verb with the little words that belong to it ("point out"), or None when they are missing."""
    last = item
    for word in required:
        last += 1
        if last < high and is_adverb(reading, last) and reading.words[last] != word:
            last += 1
        if last >= high or reading.words[last] != word:
            return None
    return last


def _join_levels(in_unit: list[Saying]) -> None:
    """ "According to Al Jazeera, the ministry said ...": one content, its source, and who reports that."""  # noqa: D210 - it begins with a quotation
    first = in_unit[0]
    if first.rule != "according":
        return
    inner = next((saying for saying in in_unit[1:] if saying.content[0] >= first.content[0] and not saying.left), None)
    if inner is not None and inner.source is not None:
        inner.via = first.source
        in_unit.remove(first)
