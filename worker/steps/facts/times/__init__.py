"""The times that a text names: days, weeks, months, years and their parts, resolved from the document's day.

`grammar` finds the phrases by the tables in `lexicon/`, `written`, `relative` and `lengths` say what each names, and
`joining` puts together what belongs together once the whole text is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.facts import Span, TimeMention
from worker.steps.facts.times.context import Named, Reading
from worker.steps.facts.times.grammar import grammar
from worker.steps.facts.times.heading import heading_times
from worker.steps.facts.times.joining import join_times
from worker.steps.facts.times.matching import Walk, read_match, read_signs
from worker.steps.facts.times.resolvers import NOTHING, RESOLVERS

if TYPE_CHECKING:
    from datetime import date

    from worker.model.facts import Opening
    from worker.steps.facts.prose import Prose

__all__ = ["find_times"]

# Languages with tables of their own; in others only what reads alike everywhere is found.
_LANGUAGES = frozenset({"en"})


def find_times(
    prose: Prose, opening: Opening, day: date | None, *, language: str | None = "en"
) -> tuple[TimeMention, ...]:
    """The times that a text names, in order, none within another.

    Args:
        prose: The text.
        opening: Its header line and dateline, whose days come first.
        day: The document's day. Without it only dates that stand in full are resolved.
        language: Its language (BCP 47); None when it is not known.
    """
    base = (language or "").partition("-")[0].lower()
    known = base if base in _LANGUAGES else None
    named = join_times(prose, _read(prose, day, known), day)
    return (*heading_times(prose.text, opening), *(_mention(prose.text, found) for found in named))


def _read(prose: Prose, day: date | None, language: str | None) -> list[Named]:
    known = grammar(language)
    signs = read_signs(prose, known.words)
    walk = Walk(prose=prose, signs=signs, rules=known)
    named: list[Named] = []
    here, behind = 0, False
    while place := walk.next(here, behind=behind):
        rules, first = place
        here, behind = first.start() + 1, False
        for rule, found, whole in rules.all(first, walk.limit):
            match = read_match(signs, rule, found, whole)
            sentence = prose.sentence_at(signs.spans[match.first][0])
            reading = Reading(prose, signs, language, day, match, sentence, named)
            if rule.resolver == NOTHING or _resolve(reading):
                here, behind = match.last, True
                break
    return named


def _resolve(reading: Reading) -> bool:
    """Adds what the match names to what the text named before; whether it makes sense."""
    rule, spans = reading.match.rule, reading.signs.spans
    if _is_rest_of_number(reading.prose.text, spans[reading.match.first][0]):
        return False
    period = RESOLVERS[rule.resolver](reading)
    if period is None:
        return False
    start, end = spans[reading.match.first][0], spans[reading.match.last - 1][1]
    reading.named.append(Named(period, rule.name, rule.resolver, start, end, reading.sentence, reading.anchor))
    return True


def _is_rest_of_number(text: str, start: int) -> bool:
    """Whether what begins at an offset is the end of a number: the "83 seconds" of "9.83 seconds"."""
    return start > 1 and text[start - 1] in ".," and text[start].isdecimal() and text[start - 2].isdecimal()


def _mention(text: str, named: Named) -> TimeMention:
    period = named.period
    return TimeMention(
        span=Span(text[named.start : named.end], named.start, named.end),
        kind=period.kind,
        value=period.value,
        start_on=period.first,
        end_on=period.last,
        rule=named.rule,
        anchor=named.anchor,
    )
