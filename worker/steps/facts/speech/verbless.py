"""Acts of speech without a verb: "according to", a signature, a noun like "claim", a name and a colon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.contents import content_before, is_clause, last_word, quotes_in, span_from
from worker.steps.facts.speech.lexicon import Cue, media
from worker.steps.facts.speech.phrases import (
    COORDINATOR,
    CUE,
    DETERMINER,
    NAME,
    PREPOSITION,
    QUOTE,
    RELATIVE,
    SIGN,
    phrase_after,
    phrase_before,
    source_after,
)
from worker.steps.facts.speech.saying import Saying

if TYPE_CHECKING:
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading

_POSSESSIVES: Final = frozenset({"his", "her", "their", "its", "our", "my"})
_MAX_NAME_ITEMS: Final = 5


def read_according(reading: Reading, item: int, unit: Phrase) -> Saying | None:
    """ "According to X, ...", "..., according to X" and "..., according to X, ..."."""  # noqa: D210 - as below
    low, high = unit
    words = reading.words
    source = source_after(reading, item + 2, high)
    if source is None:
        return None
    after = source[1] + 1
    if after + 1 < high and words[after] in {"by", "from"} and words[source[1]] in media()["document"]:
        author = phrase_after(reading, after + 1, high)  # a report by the Herald
        source = source if author is None else (source[0], author[1])
    cue = item, item + 1
    if item <= low + 1 or all(reading.kinds[before] & COORDINATOR for before in range(low, item)):
        comma = next((after for after in range(source[1] + 1, high) if words[after] in {",", ":"}), None)
        if comma is not None and comma + 1 < high and reading.kinds[comma + 1] & RELATIVE:
            comma = next((after for after in range(comma + 1, high) if words[after] == ","), None)
        if comma is None or comma + 1 >= high:
            return None
        last = last_word(reading, comma + 1, high)
        content = reading.starts[comma + 1], reading.ends[last]
        quotes = quotes_in(reading, comma + 1, last)
        return Saying(
            cue=cue, source=source, content=content, rule="according", lemma="according", unit=unit, quotes=quotes
        )
    found = content_before(reading, item - 1 if words[item - 1] == "," else item, low)
    if found is None:
        return None
    start, end, quotes = found
    after = source[1] + 1
    if after + 1 < high and words[after] == "," and not is_clause(reading, low, item):
        # "At the heart of it, according to Ross, was ...": the sentence goes around its source.
        last = last_word(reading, after + 1, high)
        end, quotes = reading.ends[last], quotes + quotes_in(reading, after, last)
    return Saying(
        cue=cue,
        source=source,
        content=(start, end),
        rule="according-left",
        lemma="according",
        unit=unit,
        quotes=quotes,
        left=True,
    )


def read_per(reading: Reading, item: int, unit: Phrase) -> Saying | None:
    """ "...," per the party's rules"; "per cent" and "per the hour" stand behind no quotation."""  # noqa: D210 - as above
    quote = item - 1 if reading.words[item - 1] != "," else item - 2
    source = phrase_after(reading, item + 1, unit[1])
    if source is None or quote < unit[0] or not reading.kinds[quote] & QUOTE:
        return None
    if not any(reading.kinds[part] & (NAME | DETERMINER) for part in range(source[0], source[1] + 1)):
        return None
    return Saying(
        cue=(item, item),
        source=source,
        content=(reading.starts[quote], reading.ends[quote]),
        rule="per",
        lemma="per",
        unit=unit,
        quotes=[reading.quotes[quote]],
        left=True,
    )


def read_signature(reading: Reading, item: int, unit: Phrase) -> Saying | None:
    """A quotation with its author behind a dash, where the line ends with that."""
    high = unit[1]
    source = phrase_after(reading, item + 2, high)
    if source is None or not reading.kinds[source[0]] & NAME:
        return None
    if any(reading.words[after] not in {".", ","} for after in range(source[1] + 1, high)):
        return None
    return Saying(
        cue=(item + 1, item + 1),
        source=source,
        content=(reading.starts[item], reading.ends[item]),
        rule="signed",
        lemma="\u2014",
        unit=unit,
        quotes=[reading.quotes[item]],
        direct=True,
        left=True,
    )


def read_noun(reading: Reading, item: int, unit: Phrase) -> Saying | None:
    """ "Smith's claim that ...", "his view that ...": whose it is, is the source; `item` is "that"."""  # noqa: D210
    low, high = unit
    words, kinds = reading.words, reading.kinds
    owner = item - 2
    while owner > low and not kinds[owner] & (SIGN | QUOTE | PREPOSITION | CUE) and not _is_possessive(words[owner]):
        owner -= 1
    if not _is_possessive(words[owner]):
        return None
    source = (owner, owner) if words[owner] in _POSSESSIVES else phrase_before(reading, owner, low)
    # "his claim that "..." was disputed": behind the quotation the reporter's words go on.
    end = item + 2 if kinds[item + 1] & QUOTE else high
    found = span_from(reading, item + 1, end, Cue(words[item - 1], "base", 0, ()), "that")
    if source is None or found is None:
        return None
    return Saying(
        cue=(item - 1, item - 1),
        source=source,
        content=(found.start, found.end),
        rule="noun-that",
        lemma=words[item - 1],
        unit=unit,
        quotes=found.quotes,
        mental=True,
    )


def _is_possessive(word: str) -> bool:
    return word in _POSSESSIVES or word.endswith(("'s", "\u2019s", "s'", "s\u2019"))


def read_colon(reading: Reading, item: int, unit: Phrase) -> Saying | None:
    """ "SMITH: ..." and "John Smith: "We shall see"" where a line begins with it."""  # noqa: D210
    low, high = unit
    kinds = reading.kinds
    if not 0 < item - low <= _MAX_NAME_ITEMS:
        return None
    if reading.words[low] in {"q", "a"} and item == low + 1:
        return None  # question and answer
    if not all(kinds[before] & NAME or reading.words[before] == "." for before in range(low, item)):
        return None
    quoted = bool(kinds[item + 1] & QUOTE)
    if not quoted and not reading.surface(low, item - 1).isupper():
        return None
    last = last_word(reading, item + 1, high)
    return Saying(
        cue=(item, item),
        source=(low, item - 1),
        content=(reading.starts[item + 1], reading.ends[last]),
        rule="colon",
        lemma=":",
        unit=unit,
        quotes=quotes_in(reading, item + 1, last),
        direct=quoted,
    )
