"""Facts of a text that did not come from a feed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.steps.encode import encode_dateline, encode_span
from worker.steps.facts.dateline import read_opening
from worker.steps.facts.paragraphs import find_paragraphs

if TYPE_CHECKING:
    from datetime import date


def extract(text: str, day: date | None) -> dict[str, Any]:
    """What the text says, as plain data with the fields of the message; offsets are into `text` as given.

    Args:
        text: the whole text, paragraphs apart by blank lines.
        day: the day of publication, when it is known.
    """
    opening = read_opening(text, day)
    paragraphs = find_paragraphs(text, body_start=opening.body_start)
    resolved = opening.day(day)
    return {
        "date": None if resolved is None else resolved.isoformat(),
        "dateline": encode_dateline(opening.dateline),
        "lead": encode_span(paragraphs[0]) if paragraphs else None,
        "paragraphs": [encode_span(paragraph) for paragraph in paragraphs],
    }
