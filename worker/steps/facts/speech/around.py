"""What stands around a quotation that no verb of speech claims, and what that makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.phrases import (
    DETERMINER,
    NAME,
    NOT_NOUN,
    NOUN_CUE,
    PRONOUN,
    QUOTE,
    Phrase,
    phrase_after,
    phrase_before,
)
from worker.steps.facts.speech.reading import DASHES

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.saying import Saying

# Verbs by which a name is given: what looks like a title is what was said.
_NAMING: Final = frozenset({"call", "dub", "label", "brand", "term", "describe", "chant", "shout"})
# "The hit show "A Title"", "who read "A Title"": these have works for their objects.
_SHOWS: Final = frozenset({"read", "show"})
_NAMED: Final = frozenset({"called", "named", "titled", "entitled", "dubbed", "nicknamed"})
MIN_WORDS: Final = 3
# What carries words on it: they modify its noun.
_BEARERS: Final = frozenset(
    {
        "sign",
        "signs",
        "banner",
        "banners",
        "placard",
        "placards",
        "poster",
        "posters",
        "sticker",
        "stickers",
        "t-shirt",
        "t-shirts",
        "shirt",
        "shirts",
        "hat",
        "hats",
    }
)
_SO_CALLED: Final = "so-called"
MIN_UNSPOKEN_WORDS: Final = 5


def is_set_off(reading: Reading, item: int, low: int, high: int, count: int) -> bool:
    """Whether a quotation of so many words is a title, a slogan or a modifier that its sentence only mentions."""
    words, kinds = reading.words, reading.kinds
    spoken = reading.is_spoken(item)
    before = words[item - 1] if item else ""
    after = words[item + 1] if item + 1 < high else ""
    if before in DASHES:
        return not (after in DASHES and count >= MIN_UNSPOKEN_WORDS and not reading.is_title(item))
    if not low < item < high - 1:
        return is_work_by(reading, item, low, high)
    few = count <= MIN_UNSPOKEN_WORDS
    mentioned = (
        # ("A headline," example.org, Thursday)
        (before == "(" and reading.ends_with_comma(item) and kinds[item + 1] & (NAME | DETERMINER))
        # the "law and order" issue
        or (not spoken and kinds[item - 1] & DETERMINER and not kinds[item + 1] & NOT_NOUN)
        # waved "Vote for Smith" signs
        or (not spoken and after in _BEARERS)
        or (
            not spoken
            and few
            and (not kinds[item + 1] or kinds[item + 1] & NOUN_CUE)
            and not after.endswith(("ed", "ing"))
        )
        # in the "scourge of war" of those years, the "so-called peace deal"
        or (not spoken and few and words[item - 1] == "the")
        or (not spoken and is_so_called(reading, item))
        # a "target area," which is defined as
        or (few and kinds[item - 1] & DETERMINER and after == "which")
    )
    return bool(mentioned) or is_work_by(reading, item, low, high)


def is_so_called(reading: Reading, item: int) -> bool:
    """Whether the quotation is a word set off: "so-called" stands in it or before it."""
    start = reading.marked[reading.quotes[item]].start
    return reading.words[item - 1] == _SO_CALLED or reading.text.startswith(_SO_CALLED, start)


def is_work_by(reading: Reading, item: int, low: int, high: int) -> bool:
    """Whether it is a work that has its author behind it, or an excerpt from one: ""A Title," by John Smith: "...""."""
    words, kinds = reading.words, reading.kinds
    if item + 2 < high and words[item + 1] == "by" and kinds[item + 2] & NAME:
        return True
    before = next((one for one in range(item - 1, low, -1) if words[one] == "by"), None)
    if words[item - 1] != ":" or before is None or not kinds[before - 1] & QUOTE:
        return False
    return all(kinds[one] & (NAME | DETERMINER) or words[one] == "." for one in range(before + 1, item - 1))


def announcer_of(reading: Reading, item: int, low: int, leads: AbstractSet[str]) -> Phrase | None:
    """Whose words a colon announces behind a dash or "from": "Too early - John Smith: ", "More from Smith: "."""
    words = reading.words
    if item - low < MIN_WORDS or words[item - 1] != ":" or not reading.kinds[item - 2] & NAME:
        return None
    source = phrase_before(reading, item - 2, low)
    if source is None:
        return None
    lead = next((part for part in range(source[1], source[0], -1) if words[part] in leads), None)
    source = source if lead is None else (lead + 1, source[1])
    if source[0] <= low or not reading.kinds[source[0]] & NAME:
        return None
    return source if words[source[0] - 1] in leads else None


def is_alone(reading: Reading, item: int, low: int, high: int) -> bool:
    """Whether the sentence is nothing but quotations."""
    return item == low and not any(
        reading.words[other].isalnum() for other in range(low, high) if not reading.kinds[other] & QUOTE
    )


def spoken_by(reading: Reading, item: int, high: int) -> Phrase | None:
    """Who speaks behind a quotation by a verb that no list has: "...," Oliver barked; "...," beamed Oliver Smith."""
    if item + 2 >= high or not reading.is_spoken(item):
        return None
    words, kinds = reading.words, reading.kinds
    first = item + 1
    if words[first] == "came":
        # "...," came the shout from the crowd.
        whence = next((after + 1 for after in range(first, min(high, first + 5)) if words[after] == "from"), high)
        return phrase_after(reading, whence, high)
    if not kinds[first] and words[first].endswith("ed"):
        found = phrase_after(reading, first + 1, high)
        return found if found and kinds[found[0]] & NAME else None
    found = phrase_after(reading, first, high)
    if found is None or not kinds[first] & (NAME | PRONOUN | DETERMINER):
        return None
    verb = found[1] + 1
    if verb < high and words[verb].endswith("ed") and not kinds[verb] & NAME:
        return found
    ends = found[1] > first and words[found[1]].endswith("ed") and not kinds[found[1]] & NAME
    return (found[0], found[1] - 1) if ends else None


def is_said(reading: Reading, item: int, saying: Saying | None) -> bool:
    """Whether a quotation that is written like a title is said all the same: in reported speech, or as a name given."""
    if saying is None or item == 0 or reading.words[item - 1] in _NAMED:
        return False
    marked = reading.marked[reading.quotes[item]]
    if saying.content[0] <= marked.start < saying.content[1] and not saying.direct:
        return saying.lemma not in _SHOWS
    if reading.is_work(item, saying.unit[0]):
        return saying.lemma in _NAMING
    return saying.direct or reading.text[marked.end - 1] in ".!?"
