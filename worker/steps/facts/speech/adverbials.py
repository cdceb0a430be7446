"""What stands between a verb of speech and its subject or its content: adverbs, days, places, occasions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import media
from worker.steps.facts.speech.phrases import (
    ADVERBIAL,
    DETERMINER,
    NUMBER,
    PERIOD,
    PREPOSITION,
    QUOTE,
    TIME,
    WHICH,
    phrase_after,
)

if TYPE_CHECKING:
    from worker.steps.facts.speech.reading import Reading

_MADE: Final = frozenset(
    {"posted", "published", "released", "shared", "aired", "broadcast", "carried", "issued", "delivered", "sent"}
)
_MAX_ADVERBIAL_ITEMS: Final = 14


def skip_back_adverbs(reading: Reading, item: int, low: int) -> int:
    """The first item to the left that is no adverb and no mention of a day ("on Saturday")."""
    kinds, words = reading.kinds, reading.words
    while item >= low:
        if kinds[item] & ADVERBIAL:
            item -= 1
        elif kinds[item] & TIME and item > low:
            item -= 2 if words[item - 1] in {"on", "in", "late", "early"} else 1
        elif kinds[item] & PERIOD and item > low and (kinds[item - 1] & (WHICH | TIME)):
            item -= 2
        else:
            break
    return item


def skip_adverbials(reading: Reading, item: int, high: int) -> int:
    """The first item behind a verb that is no adverb, day, place or occasion ("on Friday in an interview")."""
    kinds, words = reading.kinds, reading.words
    limit = min(high, item + _MAX_ADVERBIAL_ITEMS * 2)
    while item < limit:
        kind = kinds[item]
        if kind & (ADVERBIAL | TIME):
            item += 1
        elif kind & WHICH and item + 1 < high and kinds[item + 1] & (PERIOD | TIME):
            item += 2
        elif kind & PERIOD and item and kinds[item - 1] & (TIME | WHICH):
            item += 1
        elif kind & (DETERMINER | NUMBER) and item + 2 < high and kinds[item + 1] & PERIOD:
            after = _behind_period(reading, item + 2, high)
            if after is None:
                return item
            item = after
        elif kind & PREPOSITION and item + 1 < high:
            after = _behind_prepositional(reading, item, high)
            if after is None:
                return item
            item = after
            if item + 1 < limit and words[item] in _MADE and words[item - 1] in media()["occasion"]:
                # "said in a video posted on Telegram that"
                item += 1
        else:
            return item
    return item


def _behind_period(reading: Reading, item: int, high: int) -> int | None:
    """ "two days ago", "two days after the attack"; `item` is behind the period."""  # noqa: D210
    word = reading.words[item]
    if word in {"ago", "later", "earlier"}:
        return item + 1
    event = phrase_after(reading, item + 1, high) if word in {"after", "before"} else None
    return None if event is None else event[1] + 1


def _behind_prepositional(  # noqa: PLR0911 - one case per construction
    reading: Reading, item: int, high: int
) -> int | None:
    words, kinds = reading.words, reading.kinds
    if kinds[item + 1] & PREPOSITION:
        return item + 1  # ahead of
    if kinds[item + 1] & (TIME | WHICH | NUMBER):
        return item + 1 if kinds[item + 1] & (TIME | WHICH) else item + 2
    phrase = phrase_after(reading, item + 1, high)
    if phrase is None:
        if kinds[item + 1] & QUOTE and not reading.is_spoken(item + 1):
            return item + 2
        return None
    last = phrase[1]
    if any(word in media()["occasion"] for word in words[item + 1 : last + 1]):
        return last + 1
    if words[item - 1] in _MADE and words[item] == "by":
        return last + 1
    if words[item] in {"to", "in", "at", "during", "on", "via", "from", "outside", "before", "of", "with", "about"}:
        return last + 1
    return None
