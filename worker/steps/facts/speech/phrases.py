"""Noun phrases beside a verb: its subject before it or behind it, and what stands between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.lexicon import Kind, cues, media

if TYPE_CHECKING:
    from worker.steps.facts.speech.reading import Reading

Phrase = tuple[int, int]  # first and last item, both included

DETERMINER: Final = int(Kind.DETERMINER)
PRONOUN: Final = int(Kind.PRONOUN)
OBJECT: Final = int(Kind.OBJECT)
RELATIVE: Final = int(Kind.RELATIVE)
PREPOSITION: Final = int(Kind.PREPOSITION)
COORDINATOR: Final = int(Kind.COORDINATOR)
SUBORDINATOR: Final = int(Kind.SUBORDINATOR)
AUXILIARY: Final = int(Kind.AUXILIARY)
ADVERB: Final = int(Kind.ADVERB)
TIME: Final = int(Kind.TIME)
PERIOD: Final = int(Kind.PERIOD)
WHICH: Final = int(Kind.WHICH)
VERB: Final = int(Kind.VERB)
CUE: Final = int(Kind.CUE)
SIGN: Final = int(Kind.SIGN)
QUOTE: Final = int(Kind.QUOTE)
NAME: Final = int(Kind.NAME)
NUMBER: Final = int(Kind.NUMBER)
CONTRACTION: Final = int(Kind.CONTRACTION)
NOUN_CUE: Final = int(Kind.NOUN_CUE)
ANNOUNCES: Final = int(Kind.ANNOUNCES)
ADVERBIAL: Final = ADVERB | int(Kind.MANNER)  # one of the small adverbs, or a word in -ly

# What may stand between a subject and its verb.
PASSED_OVER: Final = ADVERBIAL | TIME | PERIOD
# What no noun phrase contains.
NOT_NOUN: Final = (
    SIGN | QUOTE | PREPOSITION | COORDINATOR | SUBORDINATOR | AUXILIARY | PRONOUN | OBJECT | RELATIVE | ADVERB | TIME
)
_PARTS_OF_NAMES: Final = frozenset(
    {"of", "de", "da", "del", "der", "di", "du", "van", "von", "bin", "al", "el", "la", "the"}
)
_ATTACHING: Final = frozenset(
    {"of", "for", "in", "at", "from", "with", "on", "to", "against", "within", "near", "behind"}
)
_POSSESSIVE: Final = ("'s", "\u2019s")
_ARTICLES: Final = frozenset({"the", "a", "an", "his", "her", "their", "its", "our", "my", "your"})
# "the Trump campaign said", "a senior U.S. official who"
_FOLLOWS_NOUN: Final = CUE | AUXILIARY | ADVERBIAL | RELATIVE | PREPOSITION | SIGN
_APOSTROPHES: Final = frozenset({"'", "\u2019"})  # "the Farmers' Association"
_MAX_PHRASE_ITEMS: Final = 16


def _is_past(reading: Reading, item: int) -> bool:
    return bool(reading.kinds[item] & CUE) and any(cue.form == "past" for cue in cues()[reading.words[item]])


def _is_occasion(word: str) -> bool:
    """Whether the form of a verb is rather a noun: a briefing, a hearing."""
    return word.endswith("ing") and word in media()["occasion"]


def _in_phrase(reading: Reading, item: int) -> bool:  # noqa: PLR0911 - one case per kind of word
    kind = reading.kinds[item]
    if kind & NAME:
        if kind & AUXILIARY:
            # Mr. Will, Ms. May: behind an auxiliary there would be no past tense.
            word, after = reading.words[item], item + 1
            return word in {"will", "may"} and after < len(reading.words) and _is_past(reading, after)
        # "So", "For": with a capital they may be names, but small words that open a sentence are none.
        return not kind & (PRONOUN | RELATIVE | SUBORDINATOR | COORDINATOR | PREPOSITION | AUXILIARY | OBJECT)
    if kind & NOT_NOUN:
        word = reading.words[item]
        if word == "." and item > 0:
            return bool(reading.kinds[item - 1] & NAME)
        if word == "-" and 0 < item < len(reading.words) - 1:
            # "43-year-old" is three words to the reader of numbers.
            return reading.ends[item - 1] == reading.starts[item] and reading.ends[item] == reading.starts[item + 1]
        if word in _APOSTROPHES and item > 0:
            return reading.ends[item - 1] == reading.starts[item] and reading.words[item - 1].endswith("s")
        return word == "&"
    if kind & VERB:
        return False
    if kind & CUE:
        return bool(kind & NOUN_CUE) or _is_occasion(reading.words[item])
    return not kind & ADVERBIAL


def simple_before(reading: Reading, last: int, low: int) -> int | None:
    """Where the noun phrase without prepositions begins that ends at `last`, or None."""
    if last < low:
        return None
    kind = reading.kinds[last]
    if kind & PRONOUN and not kind & DETERMINER:
        return last
    item = last
    while item >= low and last - item < _MAX_PHRASE_ITEMS:
        kind = reading.kinds[item]
        if kind & DETERMINER and not (kind & NAME and item > low and reading.kinds[item - 1] & NAME):
            if item == last and not kind & (NUMBER | DETERMINER):
                return None
            before = item - 1
            if before >= low and reading.kinds[before] & DETERMINER:  # "all the", "the other"
                item = before
            return item
        if not _in_phrase(reading, item):
            opened = _abbreviated(reading, item, low) if reading.words[item] == ")" and item < last else None
            if opened is None:
                break
            item = opened
        item -= 1
    first = item + 1
    while first <= last and reading.words[first] in {".", "&"}:
        first += 1
    return first if first <= last else None


def _abbreviated(reading: Reading, item: int, low: int) -> int | None:
    """Where the bracket opens that holds but the letters of the name before it: "the Union (HU) party"."""
    opened = item - 2
    if opened <= low or reading.words[opened] != "(" or not reading.kinds[item - 1] & NAME:
        return None
    return opened if reading.kinds[opened - 1] & NAME else None


def phrase_before(reading: Reading, last: int, low: int) -> Phrase | None:
    """The noun phrase that ends at `last`, with what prepositions and "and" tie to it."""
    first = simple_before(reading, last, low)
    if first is None:
        return None
    words, kinds = reading.words, reading.kinds
    if kinds[last] & PRONOUN:
        return first, last
    first = joined = _attached(reading, first, last, low)
    while first - 2 >= low and words[first - 1] in {"and", "&", "or"} and last - first < _MAX_PHRASE_ITEMS:
        before = first - 2 if words[first - 2] != "," else first - 3
        inner = simple_before(reading, before, low) if before >= low else None
        if inner is None or bool(kinds[before] & NAME) != bool(kinds[first] & NAME | kinds[last] & NAME):
            break
        first = inner
    if first != joined:
        # "Critics in Salem and Ulm", "the ministers of Spain, Italy and Malta"
        first = _attached(reading, _listed(reading, first, last, low), last, low)
    return first, last


def _listed(reading: Reading, first: int, last: int, low: int) -> int:
    """Where the list of names begins that stands behind an "of", and has the one from `first` on at its end."""
    words, kinds = reading.words, reading.kinds
    listed = first
    while listed - 2 >= low and words[listed - 1] == "," and last - listed < _MAX_PHRASE_ITEMS:
        inner = simple_before(reading, listed - 2, low)
        if inner is None or not kinds[inner] & NAME:
            break
        listed = inner
    is_owned = listed - 2 >= low and words[listed - 1] == "of" and words[listed - 2].endswith("s")
    return listed if is_owned else first


def _attached(reading: Reading, first: int, last: int, low: int) -> int:
    """Where the phrase begins that prepositions tie the one from `first` on to: "the mayor of Salem"."""
    words, kinds = reading.words, reading.kinds
    while first - 2 >= low and words[first - 1] in _ATTACHING and last - first < _MAX_PHRASE_ITEMS:
        if kinds[first - 2] & (TIME | PERIOD):
            break
        inner = simple_before(reading, first - 2, low)
        if inner is None or kinds[inner] & PRONOUN:
            break
        first = inner
    return first


def phrase_after(reading: Reading, first: int, high: int) -> Phrase | None:
    """The noun phrase that begins at `first`, below item `high`."""
    kinds, words = reading.kinds, reading.words
    if first >= high:
        return None
    if kinds[first] & (PRONOUN | OBJECT) and not kinds[first] & DETERMINER:
        return first, first
    item = first
    named = False
    last = None
    while item < high and item - first < _MAX_PHRASE_ITEMS:
        kind = kinds[item]
        if (
            kind & DETERMINER
            and item > first
            and not (named and kind & NAME)
            and words[item - 1] not in {"of", "all", "the"}
        ):
            break
        behind_article = item > first and (words[item - 1] in _ARTICLES or words[item - 1].endswith(_POSSESSIVE))
        if kind & DETERMINER or _in_phrase(reading, item) or (behind_article and kind & (CUE | VERB)):
            if item > first and not behind_article and _ends_phrase(reading, first, item, high, named=named):
                break
            named = bool(kind & NAME) and not kind & DETERMINER
            if not kind & SIGN:
                last = item
            item += 1
            continue
        if words[item] in _PARTS_OF_NAMES and last is not None and item + 1 < high and _in_phrase(reading, item + 1):
            named = False
            item += 1
            continue
        break
    return (first, last) if last is not None else None


def source_after(reading: Reading, first: int, high: int) -> Phrase | None:
    """The noun phrase where only a source can stand, so that what follows a name belongs to it: "Israeli officials"."""
    found = phrase_after(reading, first, high)
    if found is None or not reading.kinds[found[1]] & NAME:
        return found
    last = found[1]
    while last + 1 < high and not reading.kinds[last + 1] and not reading.words[last + 1].endswith(("ed", "ing")):
        last += 1
    return found[0], last


def _ends_phrase(reading: Reading, first: int, item: int, high: int, *, named: bool) -> bool:
    """Whether a word that could belong to the phrase before it is rather the verb behind it."""
    kind = reading.kinds[item]
    if named and not kind & (NAME | SIGN) and not _goes_on(reading, first, item, high):
        return True
    if kind & CUE and not kind & NAME:
        return not _is_occasion(reading.words[item])
    # "the woman rallied her friends", but "the wounded man"
    return not kind and not reading.kinds[item - 1] and reading.words[item].endswith("ed")


def _goes_on(reading: Reading, first: int, item: int, high: int) -> bool:
    """Whether a word behind a name belongs to it: "Trump spokesman John Smith", "the Trump campaign said"."""
    kinds = reading.kinds
    determined = bool(kinds[first] & DETERMINER)
    if item + 1 >= high:
        return determined and not kinds[item]
    if kinds[item] or reading.words[item].endswith("ed"):
        return False
    if kinds[item + 1] & NAME:
        return True
    if reading.words[item].endswith("ing"):
        return False
    if determined:
        return bool(kinds[item + 1] & _FOLLOWS_NOUN) or reading.words[item + 1].endswith("ed")
    # "Republican presidential nominee John Smith"
    return item == first + 1 and item + 2 < high and not kinds[item + 1] and bool(kinds[item + 2] & NAME)
