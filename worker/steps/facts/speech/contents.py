"""Where the content of an act of speech begins and ends, and whether it is a clause."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import Cue, cues
from worker.steps.facts.speech.phrases import (
    ADVERB,
    ADVERBIAL,
    ANNOUNCES,
    AUXILIARY,
    COORDINATOR,
    CUE,
    DETERMINER,
    NAME,
    NOUN_CUE,
    NUMBER,
    PREPOSITION,
    PRONOUN,
    QUOTE,
    SIGN,
    VERB,
)

if TYPE_CHECKING:
    from worker.steps.facts.speech.reading import Reading

STOPS: Final = frozenset({".", "!", "?", ";"})
# Behind a comma these lead back to the reporter's own words.
_ENDS_CONTENT: Final = frozenset(
    {"although", "though", "while", "whereas", "but", "even", "after", "despite", "according", "followed", "amid"}
)
_MAY_END: Final = SIGN | QUOTE | COORDINATOR | ANNOUNCES
_MAX_SUBJECT_ITEMS: Final = 16
_CURRENCIES: Final = frozenset({"$", "\u20ac", "\u00a3", "\u00a5"})


@dataclass(slots=True, kw_only=True)
class Behind:
    """The content behind a verb, in offsets, and how it follows.

    `quoted`: it is a quotation. `parenthetical`: the verb with its subject is inserted into the content.
    """

    start: int
    end: int
    quotes: list[int]
    how: str
    quoted: bool = False
    parenthetical: bool = False


def is_clause(reading: Reading, first: int, high: int) -> bool:
    """Whether what begins here has a finite verb near its beginning, as a clause has and a noun phrase has not."""
    kinds, words = reading.kinds, reading.words
    if kinds[first] & QUOTE or (kinds[first] & PRONOUN and not kinds[first] & DETERMINER):
        return True
    commas = 0
    for item in range(first, min(high, first + _MAX_SUBJECT_ITEMS)):
        if kinds[item] & (AUXILIARY | QUOTE):
            return True
        if item > first and _is_finite(reading, item):
            return not words[item].endswith("ing")
        commas += words[item] == ","
        if words[item] in STOPS or words[item] == ":" or commas > 2:
            return False
    return False


def _is_finite(reading: Reading, item: int) -> bool:
    kind, word = reading.kinds[item], reading.words[item]
    if kind & (NAME | DETERMINER | PREPOSITION | ADVERB):
        return False
    if not kind and word.endswith("s") and item + 1 < len(reading.words):
        # "The agency needs $500 million": a noun has nothing of the kind behind it, but a preposition.
        return bool(reading.kinds[item + 1] & (DETERMINER | NUMBER)) or reading.words[item + 1] in _CURRENCIES
    return bool(kind & VERB) or word.endswith("ed") or bool(kind & CUE and not kind & NOUN_CUE)


def last_word(reading: Reading, first: int, high: int) -> int:
    """The last item of a sentence that is not its full stop."""
    last = high - 1
    while last > first and reading.words[last] in {".", "!"}:
        last -= 1
    return last


def quotes_in(reading: Reading, first: int, last: int) -> list[int]:
    """The quotations among these items, the last included."""
    return list(range(bisect_left(reading.quoted, first), bisect_right(reading.quoted, last)))


def span_from(reading: Reading, first: int, high: int, cue: Cue, how: str) -> Behind | None:
    """The content that begins at item `first` and goes on to where the reporter's words do."""
    last = last_item(reading, first, high, cue) if first < high else first - 1
    if last < first:
        return None
    quotes = quotes_in(reading, first, last)
    return Behind(start=reading.starts[first], end=reading.ends[last], quotes=quotes, how=how)


def last_item(reading: Reading, first: int, high: int, cue: Cue) -> int:
    """Where a clause ends that begins at `first`: with the sentence, or where the reporter's own words go on."""
    words, kinds = reading.words, reading.kinds
    last = high - 1
    for item in range(first + 1, high):
        kind = kinds[item]
        if not kind & _MAY_END:
            continue
        word = words[item]
        if word == ";":
            last = item - 1
            break
        more = item + 1 < high
        pauses = word == "," or (kind & QUOTE and reading.ends_with_comma(item))
        if pauses and more and _turns_back(reading, item + 1, high):
            last = item if word != "," else item - 1
            break
        joins = kind & COORDINATOR and more and _joins_cue(reading, item + 1, high, cue)
        if joins or (word == "according" and more and words[item + 1] == "to"):
            last = item - 1
            break
    while last > first and (words[last] in {".", "!", ",", ":"} or (kinds[last] & COORDINATOR)):
        last -= 1
    return last


def _turns_back(reading: Reading, item: int, high: int) -> bool:
    words, kinds = reading.words, reading.kinds
    if words[item] in _ENDS_CONTENT:
        return True
    if words[item] == "as" and kinds[item + 1 if item + 1 < high else item] & AUXILIARY:
        return True
    while item + 1 < high and reading.kinds[item] & ADVERBIAL:
        item += 1
    if kinds[item] & CUE and (words[item].endswith("ing") or words[item] == "said"):
        return True
    return (
        bool(kinds[item] & COORDINATOR)
        and item + 1 < high
        and bool(kinds[item + 1] & CUE and words[item + 1].endswith("ing"))
    )


def _joins_cue(reading: Reading, item: int, high: int, cue: Cue) -> bool:
    """Whether another verb of speech of the same form follows "and"."""
    while item + 1 < high and reading.kinds[item] & ADVERBIAL:
        item += 1
    if not reading.kinds[item] & CUE:
        return False
    word = reading.words[item]
    if reading.kinds[item] & NOUN_CUE and not word.endswith("ed"):
        return False
    return any(other.form == cue.form for other in cues()[word])


def content_before(reading: Reading, last: int, low: int) -> tuple[int, int, list[int]] | None:
    """The content that ends at item `last` (a quotation, or the comma behind a clause): offsets and quotations."""
    words, kinds = reading.words, reading.kinds
    if last < low and not kinds[last] & QUOTE:
        return None
    if kinds[last] & QUOTE:
        first = last
        if last >= low and not any(
            kinds[item] & CUE or words[item] in {":", ",", ";"} for item in range(low, last) if not kinds[item] & QUOTE
        ):
            # "It is" an "outrage," he said: the quotation ends a clause that begins with the sentence.
            first = low
        quotes = quotes_in(reading, first, last)
        return reading.starts[first], reading.ends[last], quotes
    end = last
    while end > low and words[end] in {",", ";", "\u2014", "\u2013", "-"}:
        end -= 1
    first = low
    while first < end and (kinds[first] & COORDINATOR or words[first] in {",", "."}):
        first += 1
    if end < first:
        return None
    quotes = quotes_in(reading, first, end)
    return reading.starts[first], reading.ends[end], quotes
