"""The days that stand above a story: in its header line and in its dateline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.facts import Span, TimeMention
from worker.steps.facts.dateline_day import match_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.facts import Dateline, Opening

_HEADER_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_WORD = re.compile(r"\w+")


def heading_times(text: str, opening: Opening) -> Iterator[TimeMention]:
    """The day of the header line, and that of the dateline."""
    header = _HEADER_DAY.search(text) if opening.header_date else None
    if header and opening.header_date:
        yield TimeMention(
            span=Span.of(text, *header.span()),
            kind="day",
            value=opening.header_date.isoformat(),
            start_on=opening.header_date,
            end_on=opening.header_date,
            rule="header_date",
        )
    if opening.dateline and opening.dateline.date:
        span = _day_span(text, opening.dateline)
        if span:
            yield TimeMention(
                span=span,
                kind="day",
                value=opening.dateline.date.isoformat(),
                start_on=opening.dateline.date,
                end_on=opening.dateline.date,
                rule="dateline_date",
            )


def _day_span(text: str, dateline: Dateline) -> Span | None:
    for word in _WORD.finditer(text, dateline.span.start, dateline.span.end):
        found = match_day(text, word.start(), dateline.span.end)
        if found:
            surface = text[word.start() : found[1]].rstrip(" .,")
            return Span(surface, word.start(), word.start() + len(surface))
    return None
