"""The days that stand above a story: in its header line and in its dateline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.facts import Span, TimeMention
from worker.steps.facts.dateline_day import find_day

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.model.facts import Dateline, Opening

_HEADER_DAY = re.compile(r"\d{4}-\d\d-\d\d")


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
    found = find_day(text, dateline.span.start, dateline.span.end)
    if found is None:
        return None
    surface = text[found[0] : found[1]].rstrip(" .,")
    return Span(surface, found[0], found[0] + len(surface))
