"""Whose a verb of speech is: the subject before it, behind it, or that of the verb it is joined to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.adverbials import skip_back_adverbs
from worker.steps.facts.speech.phrases import (
    ADVERB,
    AUXILIARY,
    COORDINATOR,
    CUE,
    DETERMINER,
    NAME,
    NUMBER,
    PASSED_OVER,
    PERIOD,
    PREPOSITION,
    PRONOUN,
    QUOTE,
    RELATIVE,
    SUBORDINATOR,
    TIME,
    Phrase,
    phrase_after,
    phrase_before,
)
from worker.steps.facts.speech.reading import DASHES

if TYPE_CHECKING:
    from worker.steps.facts.speech.reading import Reading

_PARTY: Final = re.compile(r"[rdi]-")
_MAX_INSERTION_ITEMS: Final = 40
_MAX_INTRODUCTIONS: Final = 4


def subject_before(reading: Reading, last: int, low: int) -> Phrase | None:
    """The subject of a finite verb, between item `low` and `last`, the one before it.

    Adverbs, auxiliaries and insertions between them are passed over.
    """
    kinds, words = reading.kinds, reading.words
    item = last
    if item >= low and kinds[item] & PASSED_OVER:
        item = skip_back_adverbs(reading, item, low)
    while item >= low and kinds[item] & AUXILIARY and not kinds[item] & NAME:
        item = skip_back_adverbs(reading, item - 1, low)
    if item < low:
        return None
    word = words[item]
    if kinds[item] & RELATIVE:
        return item, item
    if word == ")":
        opened = _back_to(reading, item, low, "(")
        item = opened - 1 if opened is not None else low - 1
    elif word == "]":
        opened = _back_to(reading, item, low, "[")
        item = opened - 1 if opened is not None else low - 1
    elif word == "," or word in DASHES or (kinds[item] & QUOTE and reading.is_work(item, low)):
        return _before_insertion(reading, item, low)
    if item < low:
        return None
    return _own_phrase(reading, item, low)


def _own_phrase(reading: Reading, item: int, low: int) -> Phrase | None:
    """The noun phrase that ends here, or the one that a participle ties it to: "A fund backed by timber firms"."""
    kinds, words = reading.kinds, reading.words
    found = phrase_before(reading, item, low)
    if found is None or (kinds[found[1]] & NUMBER and found[0] == found[1]):
        return None
    if found[0] - 3 > low and words[found[0] - 1] == "by" and words[found[0] - 2].endswith("ed"):
        owner = found[0] - 3
        return phrase_before(reading, owner - (words[owner] == ","), low) or found
    return found


def _back_to(reading: Reading, item: int, low: int, sign: str) -> int | None:
    for before in range(item - 1, max(low, item - _MAX_INSERTION_ITEMS) - 1, -1):
        if reading.words[before] == sign:
            return before
    return None


def _before_insertion(reading: Reading, closing: int, low: int) -> Phrase | None:
    """The subject before ", the mayor of X,": the nearest phrase before a comma, or a name before such a phrase."""
    words, kinds = reading.words, reading.kinds
    best: Phrase | None = None
    # ", who hosts "The Show," said": the comma that ends the insertion stands within the marks.
    sign = "," if kinds[closing] & QUOTE else words[closing]
    item = closing - 1
    if words[item] == ")" and sign == ",":
        opened = _back_to(reading, item, low, "(")
        phrase = phrase_before(reading, opened - 1, low) if opened is not None and opened > low else None
        if phrase and kinds[phrase[1]] & NAME and (kinds[phrase[0]] & NAME or words[phrase[0] - 1] != ","):
            return phrase
    while item > low and closing - item < _MAX_INSERTION_ITEMS:
        if kinds[item] & QUOTE and reading.is_spoken(item) and not reading.is_title(item):
            break
        phrase = _before_comma(reading, item, low) if words[item] == sign else None
        item -= 1
        if phrase is None:
            continue
        first = phrase[0]
        if first > low and kinds[first - 1] & PREPOSITION:
            continue  # Smith, at a meeting in Salem, Ohio, said
        if words[first - 1] == "," and (_PARTY.match(words[first]) or (first == phrase[1] and "." in words[first])):
            continue  # Smith, R-Salem, and Smith, of Salem, N.H., said
        named = any(kinds[part] & NAME for part in range(first, phrase[1] + 1))
        if best is None or named:
            best = phrase
        if (named and kinds[first] & NAME) or first == low or words[first - 1] != sign:
            break
    return best


def _before_comma(reading: Reading, comma: int, low: int) -> Phrase | None:
    last = comma - 1
    if reading.words[last] == ")":
        opened = _back_to(reading, last, low, "(")
        last = opened - 1 if opened is not None else last
    phrase = phrase_before(reading, last, low) if last >= low else None
    return phrase if phrase and not reading.kinds[phrase[1]] & (TIME | NUMBER) else None


def main_subject(reading: Reading, low: int, high: int) -> Phrase | None:
    """The first noun phrase of a sentence that is its subject: what is put before it is passed over."""
    words, kinds = reading.words, reading.kinds
    item = low
    introduced = False
    for _ in range(_MAX_INTRODUCTIONS):
        while item < high and (kinds[item] & COORDINATOR or words[item] in {",", "."} or words[item] in DASHES):
            item += 1
        if item >= high:
            return None
        kind = kinds[item]
        opening = (
            kind & (PREPOSITION | SUBORDINATOR | RELATIVE)
            or words[item].endswith(("ing", "ed", "ly"))
            or (kind & TIME or (not kind & (PRONOUN | DETERMINER | NAME) and kind & CUE))
        )
        if opening or kind & ADVERB:
            comma = _next_comma(reading, item, high)
            if comma is None:
                return None
            item = comma + 1
            introduced = True
            continue
        if kind & QUOTE:
            item += 1
            continue
        found = phrase_after(reading, item, high)
        after = found[1] + 1 if found else high
        if (
            found
            and after + 1 < high
            and words[after] == ","
            and any(kinds[part] & PERIOD for part in range(item, after))
        ):
            item = after + 1  # "Thirteen years earlier, she ..."
            continue
        if (
            introduced
            and after + 1 < high
            and words[after] == ","
            and kinds[after + 1] & (NAME | PRONOUN | RELATIVE)
            and kinds[item] & NAME
        ):
            # "Speaking in Salem, New Hampshire, Smith ...": the comma stood within the introduction.
            item = after + 1
            continue
        return found
    return None


def _next_comma(reading: Reading, item: int, high: int) -> int | None:
    for after in range(item, min(high, item + _MAX_INSERTION_ITEMS)):
        if reading.words[after] == "," or (reading.kinds[after] & QUOTE and reading.ends_with_comma(after)):
            return after
    return None
