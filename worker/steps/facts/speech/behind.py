"""What follows a verb of speech: a quotation, a clause, an infinitive, a noun phrase, and who is told before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.adverbials import skip_adverbials
from worker.steps.facts.speech.contents import STOPS, Behind, is_clause, last_item, quotes_in, span_from
from worker.steps.facts.speech.lexicon import Frame
from worker.steps.facts.speech.phrases import (
    ADVERBIAL,
    AUXILIARY,
    CONTRACTION,
    COORDINATOR,
    CUE,
    DETERMINER,
    NAME,
    NUMBER,
    OBJECT,
    PREPOSITION,
    PRONOUN,
    QUOTE,
    SIGN,
    SUBORDINATOR,
    phrase_after,
)
from worker.steps.facts.speech.reading import DASHES

if TYPE_CHECKING:
    from worker.steps.facts.speech.lexicon import Cue
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading

_SAYS: Final = int(Frame.SAY)
_TELLS: Final = int(Frame.TELL)
_WANTS: Final = int(Frame.TO)
_NAMES: Final = int(Frame.OBJECT)
_SPEAKS: Final = int(Frame.SAY | Frame.QUOTE)
_ASKS: Final = int(Frame.SAY | Frame.THAT)
_STATES: Final = int(Frame.SAY | Frame.THAT | Frame.TELL)
_STATES_BARELY: Final = int(Frame.SAY | Frame.BARE)
_SAYS_SOMETHING: Final = int(Frame.SAY | Frame.QUOTE | Frame.THAT | Frame.TELL)
_WH: Final = frozenset({"what", "how", "why", "whether", "where", "when", "if", "who", "which"})
_AND_I_QUOTE: Final = [",", "and", "i", "quote", ","]
_LEADS_TO_QUOTE: Final = DASHES | {",", ":"}
_NO_CLAUSE_BEGINS: Final = PREPOSITION | COORDINATOR | SUBORDINATOR | AUXILIARY | OBJECT
_CLAUSE_BEGINS: Final = DETERMINER | PRONOUN | NAME | NUMBER | CONTRACTION
_TOLD_BEGINS: Final = PRONOUN | DETERMINER | NAME | CONTRACTION
# "He told the story to the paper": what follows their "to" is often one who is told.
_TOLD_TO: Final = frozenset({"tell", "remind", "assure", "promise"})
_MAX_TOLD_ITEMS: Final = 14


def content_behind(  # noqa: C901, PLR0911 - one case per construction
    reading: Reading, span: Phrase, high: int, cue: Cue, *, passive: bool = False
) -> Behind | None:
    """The content behind a verb of speech, or None when none follows."""
    words, kinds = reading.words, reading.kinds
    first = span[1] + 1
    if first >= high:
        return None
    if (words[first],) in cue.particles and first + 1 < high:
        return span_from(reading, first + 1, high, cue, "particle")
    item = _behind_adverbials(reading, first, high, cue)
    if item >= high:
        return None
    if item + 1 < high:
        found = _announced(reading, item, high, cue)
        if found is not None:
            return found
    if kinds[item] & QUOTE and cue.frames & _SPEAKS:
        return _quoted_or_clause(reading, item, high, cue)
    if kinds[item] & SIGN:
        return None
    if words[item] in _WH and cue.frames & _ASKS and not cue.frames & _TELLS:
        return span_from(reading, item, high, cue, "wh")
    if passive:
        return _behind_passive(reading, item, high, cue)
    if cue.frames & _TELLS:
        if cue.lemma in _TOLD_TO and _only_told(reading, first, high):
            return None
        told = _behind_told(reading, first, high, cue)
        if told is not None:
            return told
    return _bare(reading, first, item, high, cue)


def _behind_adverbials(reading: Reading, first: int, high: int, cue: Cue) -> int:
    if not cue.frames & _SAYS_SOMETHING or (reading.words[first] == "to" and cue.frames & _WANTS):
        return first
    item = skip_adverbials(reading, first, high)
    while first < item < high and reading.kinds[item] & QUOTE and reading.is_work(item, first):
        item = skip_adverbials(reading, item + 1, high)  # in an interview with "The Morning Show"
    return item


def _announced(reading: Reading, item: int, high: int, cue: Cue) -> Behind | None:
    """What a comma, a colon or "that" announces."""
    word = reading.words[item]
    if (
        word == ","
        and reading.words[item : item + len(_AND_I_QUOTE)] == _AND_I_QUOTE
        and item + len(_AND_I_QUOTE) < high
    ):
        item += len(_AND_I_QUOTE) - 1
    speaks = cue.frames & _SPEAKS
    if word in _LEADS_TO_QUOTE and reading.kinds[item + 1] & QUOTE:
        return _quoted(reading, item + 1, high)
    reported = reading.words[item + 1 : item + 3] == ["according", "to"]
    if word == "," and speaks and not reported and not _reports_more(reading, item + 1):
        # "..., he said, and then": the content stands around the verb.
        last = last_item(reading, item + 1, high, cue)
        return Behind(
            start=reading.starts[item + 1],
            end=reading.ends[last],
            quotes=quotes_in(reading, item + 1, last),
            how="around",
            parenthetical=True,
        )
    if word == ":" and speaks:
        return span_from(reading, item + 1, high, cue, "colon")
    if word == "that" and cue.frames & _STATES:
        return span_from(reading, item + 1, high, cue, "that")
    return None


def _reports_more(reading: Reading, item: int) -> bool:
    """Whether a participle follows: "he said, adding that ..."."""
    item += bool(reading.kinds[item] & ADVERBIAL)
    return item < len(reading.words) and bool(reading.kinds[item] & CUE) and reading.words[item].endswith("ing")


def _quoted_or_clause(reading: Reading, item: int, high: int, cue: Cue) -> Behind | None:
    """A quotation right behind the verb; one that the sentence goes on from is a part of reported speech."""
    if not cue.frames & _SAYS and not reading.is_spoken(item):
        return None
    after = item + 1
    if (
        after < high
        and reading.words[after] not in STOPS
        and reading.words[after] != ","
        and not reading.is_spoken(item)
    ):
        return span_from(reading, item, high, cue, "clause")
    return _quoted(reading, item, high)


def _behind_passive(reading: Reading, item: int, high: int, cue: Cue) -> Behind | None:
    word = reading.words[item]
    if cue.frames & _TELLS and (word in {"to", "about"} or word in _WH):
        return span_from(reading, item, high, cue, "told")
    if word == "to" and cue.frames & _WANTS:
        return span_from(reading, item, high, cue, "to")
    if word in {"to", "of", "as", "with"} or reading.kinds[item] & DETERMINER:
        return span_from(reading, item, high, cue, "passive")
    return None


def _bare(reading: Reading, first: int, item: int, high: int, cue: Cue) -> Behind | None:
    """An infinitive, a clause without "that", or a noun phrase."""
    kinds = reading.kinds
    kind = kinds[item]
    if reading.words[item] == "to" and cue.frames & _WANTS:
        return span_from(reading, item, high, cue, "to")
    begins = kind & _CLAUSE_BEGINS or (not kind & _NO_CLAUSE_BEGINS and not kind & ADVERBIAL)
    if cue.frames & _STATES_BARELY and begins and (cue.lemma == "say" or is_clause(reading, item, high)):
        return span_from(reading, item, high, cue, "clause")
    if cue.frames & _NAMES and not kind & (COORDINATOR | SUBORDINATOR | AUXILIARY):
        start = first if not kinds[first] & (COORDINATOR | SUBORDINATOR | PREPOSITION) else item
        return None if kinds[start] & PREPOSITION else span_from(reading, start, high, cue, "object")
    return None


def _behind_told(  # noqa: C901, PLR0911 - one case per construction
    reading: Reading, first: int, high: int, cue: Cue
) -> Behind | None:
    """Behind the one who is told: "told reporters on Friday that ...", "urged him to ...", "told Fox: "."""
    words, kinds = reading.words, reading.kinds
    person = phrase_after(reading, first, high)
    if person is None:
        if not kinds[first] & QUOTE or reading.is_spoken(first):
            return None
        person = first, first  # told "The Morning Show"
    start = _behind_listener(reading, person, high)
    # "urged them to lift the ban": "to lift" is no place.
    wants = start < high and words[start] == "to" and cue.lemma not in _TOLD_TO
    clause = start if wants else skip_adverbials(reading, start, high)
    if clause < high and kinds[clause] & _TOLD_BEGINS and is_clause(reading, clause, high):
        return span_from(reading, clause, high, cue, "told")
    for item in range(start, min(high, start + _MAX_TOLD_ITEMS)):
        word, more = words[item], item + 1 < high
        if kinds[item] & QUOTE and (item == start or reading.is_spoken(item) or not more):
            return _quoted(reading, item, high)
        if word == "that" and more:
            return span_from(reading, item + 1, high, cue, "told")
        told_to = word == "to" and cue.lemma in _TOLD_TO and more and kinds[item + 1] & (NAME | DETERMINER)
        if (word in {"to", "not"} or word in _WH) and not told_to:
            return span_from(reading, item, high, cue, "told")
        if word in {":", ","} and more and kinds[item + 1] & QUOTE:
            return _quoted(reading, item + 1, high)
        if word == "," and item + 2 < high and words[item + 1] == "that":
            return span_from(reading, item + 2, high, cue, "told")
        if word in STOPS or word == ",":
            return None
    if start < high and kinds[start] & _TOLD_BEGINS:
        return span_from(reading, start, high, cue, "told")
    return None


def _behind_listener(reading: Reading, person: Phrase, high: int) -> int:
    """The item behind those who are told: "told the court Smith had lied" is told to the court."""
    first, last = person
    start = last + 1
    if start >= high or not reading.kinds[start] & AUXILIARY or not reading.kinds[first] & DETERMINER:
        return start
    named = last
    while named > first and reading.kinds[named] & NAME:
        named -= 1
    return named + 1 if first < named < last and not reading.kinds[named] else start


def _only_told(reading: Reading, first: int, high: int) -> bool:
    """Whether nothing but who was told, where and when follows: the content stands before the verb."""
    person = phrase_after(reading, first, high)
    if person is None:
        return False
    item = skip_adverbials(reading, person[1] + 1, high)
    return item >= high or reading.words[item] == "."


def _quoted(reading: Reading, item: int, high: int) -> Behind:
    """A quotation as content, with what follows it in the same breath: another piece behind "and" or a comma."""
    kinds, words = reading.kinds, reading.words
    quotes = [reading.quotes[item]]
    last = item
    after = item + 1
    while after < high and (
        kinds[after] & QUOTE or (words[after] in {",", "and"} and after + 1 < high and kinds[after + 1] & QUOTE)
    ):
        if not kinds[after] & QUOTE:
            after += 1
        quotes.append(reading.quotes[after])
        last = after
        after += 1
    return Behind(start=reading.starts[item], end=reading.ends[last], quotes=quotes, how="quote", quoted=True)
