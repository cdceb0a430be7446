"""Where a verb of speech has its content: behind it, before its subject, or on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.speech.behind import content_behind
from worker.steps.facts.speech.contents import Behind, content_before, is_clause, span_from
from worker.steps.facts.speech.lexicon import Frame, media
from worker.steps.facts.speech.phrases import (
    COORDINATOR,
    CUE,
    DETERMINER,
    NAME,
    OBJECT,
    PREPOSITION,
    PRONOUN,
    QUOTE,
    SIGN,
    SUBORDINATOR,
    source_after,
)
from worker.steps.facts.speech.reading import DASHES
from worker.steps.facts.speech.saying import Saying
from worker.steps.facts.speech.subjects import subject_before

if TYPE_CHECKING:
    from worker.steps.facts.speech.phrases import Phrase
    from worker.steps.facts.speech.reading import Reading
    from worker.steps.facts.speech.saying import Verb

_HIDDEN: Final = frozenset({"named", "identified", "quoted"})
_MAX_HIDING_ITEMS: Final = 6
_PUTS_BEFORE: Final = frozenset({"after", "when", "while", "although", "though", "because", "since", "once"})
_MAX_CLAUSE_ITEMS: Final = 40
_MAX_ANNOUNCING_ITEMS: Final = 6
_BEGINS_MAIN_CLAUSE: Final = NAME | DETERMINER | PRONOUN
_SAYS: Final = int(Frame.SAY)
_MENTAL: Final = int(Frame.MENTAL)
_SPEAKS: Final = int(Frame.SAY | Frame.QUOTE)
_STANDS_BEHIND: Final = int(Frame.SAY | Frame.QUOTE | Frame.TELL)


def complete(verb: Verb, source: Phrase, rule: str) -> Saying | None:
    """The act of speech of a verb with its subject: finds the content, or None when there is none."""
    behind = content_behind(verb.reading, verb.span, verb.high, verb.cue)
    if (
        verb.cue.frames & _STANDS_BEHIND
        and source[0] < verb.first
        and rule in {"finite", "progressive"}
        and _may_stand_left(verb, source[0] - 1)
    ):
        left = (
            _quoted_left(verb, source, rule, behind)
            or _behind_as(verb, source)
            or _clause_left(verb, source, rule, behind)
        )
        if left is not None:
            return left
    if behind is None or behind.parenthetical or verb.is_negated(source):
        return None
    if source[0] < verb.first:
        _end_with_clause(verb, source, behind)
    if behind.how == "to" and _hides(verb):
        return None
    if behind.how in {"object", "to", "wh"} and verb.is_within_content():
        return None
    return Saying(
        cue=(verb.first, verb.last + 1) if behind.how == "particle" else verb.span,
        source=source,
        content=(behind.start, behind.end),
        rule=f"{rule}-{behind.how}",
        lemma=verb.cue.lemma,
        unit=(verb.low, verb.high),
        quotes=behind.quotes,
        direct=behind.quoted,
    )


def _end_with_clause(verb: Verb, source: Phrase, behind: Behind) -> None:
    """ "After the court refused to hear it, the mayor ...": what is said ends with the clause put before."""  # noqa: D210
    reading, low = verb.reading, verb.low
    low += bool(reading.kinds[low] & COORDINATOR)
    if source[0] - low > 1 or reading.words[low] not in _PUTS_BEFORE or reading.kinds[low + 1] & QUOTE:
        return
    for item in range(verb.last + 1, min(verb.high - 1, verb.last + _MAX_CLAUSE_ITEMS)):
        if reading.words[item] == "," and reading.ends[item] > behind.start:
            if reading.kinds[item + 1] & _BEGINS_MAIN_CLAUSE and reading.starts[item] < behind.end:
                behind.end = reading.ends[item - 1]
                behind.quotes = [quote for quote in behind.quotes if reading.quoted[quote] < item]
            return


def _hides(verb: Verb) -> bool:
    """ "Asked not to be named": it says who speaks, and no more."""  # noqa: D210
    words = verb.reading.words[verb.last + 1 : verb.last + _MAX_HIDING_ITEMS]
    return "be" in words and not _HIDDEN.isdisjoint(words)


def _may_stand_left(verb: Verb, item: int) -> bool:
    """Whether what is before the subject can end a content; most subjects begin their sentence or follow a word."""
    kind = verb.reading.kinds[item] if item >= 0 else 0
    return bool(kind & QUOTE or (item >= verb.low and (kind & SIGN or verb.reading.words[item] == "as")))


def _quoted_left(verb: Verb, source: Phrase, rule: str, behind: Behind | None) -> Saying | None:
    """ "...," he said, "..." and "...?" he asked."""  # noqa: D210 - it begins with a quotation
    quote = None if verb.is_negated(source) else quote_at(verb, source[0] - 1)
    goes_on = behind is not None and behind.quoted
    if quote is None or (goes_on and quote > verb.low):
        return None
    content = content_before(verb.reading, quote, verb.low)
    if content is None:
        return None
    saying = _left(verb, source, content, rule + "-left")
    saying.direct = True
    if behind is not None and behind.quoted:
        saying.quotes += behind.quotes
        saying.content = (saying.content[0], behind.end)
    return saying


def _behind_as(verb: Verb, source: Phrase) -> Saying | None:
    """ "..., as Smith put it": the content stands before; "As Smith says, ...": behind the comma."""  # noqa: D210
    reading, low = verb.reading, verb.low
    words = reading.words
    left = source[0] - 1
    if left < low or words[left] != "as":
        return None
    before = left - 1
    if before > low and (words[before] == "," or (reading.kinds[before] & QUOTE and reading.ends_with_comma(before))):
        content = content_before(reading, before, low)
        if content is not None and content[2]:
            return _left(verb, source, content, "as-left")
    comma = verb.last + 1
    opens = left - low <= 1 or words[left - 1] == ","
    if not opens or comma + 1 >= verb.high or words[comma] != ",":
        return None
    found = span_from(reading, comma + 1, verb.high, verb.cue, "clause")
    if found is None:
        return None
    saying = _left(verb, source, (found.start, found.end, found.quotes), "as")
    saying.left = False
    return saying


def _clause_left(verb: Verb, source: Phrase, rule: str, behind: Behind | None) -> Saying | None:
    """ "The talks had failed, he said." and "The talks, he said, had failed."."""  # noqa: D210
    reading, low = verb.reading, verb.low
    left = source[0] - 1
    around = behind is not None and behind.parenthetical
    if left <= low or reading.words[left] != "," or not (behind is None or around) or verb.cue.frames & _MENTAL:
        return None
    introduced = low + bool(reading.kinds[low] & (COORDINATOR | SUBORDINATOR))
    content = content_before(reading, left, low)
    if content is None or not (around or content[2] or verb.before or is_clause(reading, introduced, left)):
        return None
    saying = _left(verb, source, content, rule + "-clause-left")
    if behind is not None:
        saying.content = (content[0], behind.end)
        saying.quotes += behind.quotes
    return saying


def read_inverted(verb: Verb) -> Saying | None:  # noqa: PLR0911 - each return is a reason why it is none
    """ "...," said John Smith: behind a quotation, or behind a clause with a comma."""  # noqa: D210
    reading = verb.reading
    words, kinds = reading.words, reading.kinds
    before, after = verb.first - 1, verb.last + 1
    if not verb.cue.frames & _SPEAKS or verb.cue.form not in {"past", "s"}:
        return None
    if before < verb.low and _question_before(verb, before) is None:
        return None
    quoted = bool(kinds[before] & QUOTE) and (
        reading.is_spoken(before) or (before == verb.low and not reading.is_title(before))
    )
    if reading.is_work(before, verb.low) if quoted else (words[before] != "," or before == 0):
        return None
    if after >= verb.high or words[after] in {"that", "to"} or kinds[after] & (QUOTE | PREPOSITION):
        return None
    source = source_after(reading, after, verb.high)
    if source is None or kinds[source[1]] & OBJECT or not _can_invert(verb, source, quoted=quoted):
        return None
    content = content_before(reading, before, verb.low)
    if content is None:
        return None
    saying = _left(verb, source, content, "inverted")
    saying.direct = bool(content[2])
    follows = source[1] + 1
    if follows + 1 < verb.high and words[follows] == "," and kinds[follows + 1] & QUOTE:
        saying.quotes.append(reading.quotes[follows + 1])
        saying.content = (saying.content[0], reading.ends[follows + 1])
    return saying


def _can_invert(verb: Verb, source: Phrase, *, quoted: bool) -> bool:
    reading = verb.reading
    words, kinds = reading.words, reading.kinds
    if not verb.cue.frames & _SAYS:
        quoted = quoted or bool(kinds[verb.first - 2] & QUOTE)
        return quoted and (bool(kinds[source[0]] & NAME) or words[source[1]] in media()["document"])
    if quoted or kinds[verb.first - 2] & QUOTE:
        return True
    # ", said Mr. X" behind a clause; but "Smith, a mayor, said the plan ..." has its subject before it.
    end = source[1] + 1
    apposition = end + 1 < verb.high and words[end] == "," and bool(kinds[end + 1] & NAME)
    if not apposition and not any(kinds[part] & NAME for part in range(source[0], end)):
        return False
    if end < verb.high and words[end] not in {",", ".", "(", ":"} and not kinds[end] & PREPOSITION:
        return False
    ends = end >= verb.high or words[end] in {".", ","}
    return ends or subject_before(reading, verb.first - 1, verb.low) is None


def _left(verb: Verb, source: Phrase, content: tuple[int, int, list[int]], rule: str) -> Saying:
    return Saying(
        cue=verb.span,
        source=source,
        content=content[:2],
        rule=rule,
        lemma=verb.cue.lemma,
        unit=(verb.low, verb.high),
        quotes=content[2],
        left=True,
    )


def quote_at(verb: Verb, item: int) -> int | None:
    """The quotation that ends right before the subject, a comma or dash between them passed over."""
    reading, low = verb.reading, verb.low
    words, kinds = reading.words, reading.kinds
    if item > low and (words[item] == "," or words[item] in DASHES) and kinds[item - 1] & QUOTE:
        return item - 1
    if item >= low:
        return item if kinds[item] & QUOTE and reading.is_spoken(item) else None
    return _question_before(verb, item)


def _question_before(verb: Verb, item: int) -> int | None:
    """A question or exclamation that seemed to end the sentence: "Is it true?" Smith asked."""
    reading: Reading = verb.reading
    if item < 0 or not verb.unit or not reading.kinds[item] & QUOTE:
        return None
    marked = reading.marked[reading.quotes[item]]
    if reading.text[marked.end - 1] not in "?!\u2026":
        return None
    same = reading.paragraph_of(marked.start) == reading.paragraph_of(reading.starts[item + 1])
    return item if same and not _is_announced(reading, item) else None


def _is_announced(reading: Reading, quote: int) -> bool:
    """Whether a verb of speech leads to the quotation: "Smith told her: "Go!" She replied that ..."."""
    if reading.words[quote - 1] not in {",", ":"} and not reading.kinds[quote - 1] & CUE:
        return False
    first = max(quote - _MAX_ANNOUNCING_ITEMS, reading.unit_of(quote)[0])
    return any(kind & CUE for kind in reading.kinds[first:quote])
