"""Times and spans as messages have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import date, datetime

    from worker.model.facts import Span


def rfc3339(at: datetime) -> str:
    """An instant as RFC 3339; UTC is written Z."""
    return at.isoformat().replace("+00:00", "Z")


def iso_day(day: date | None) -> str | None:
    """A day as ISO 8601."""
    return None if day is None else day.isoformat()


def encode_span(span: Span | None) -> dict[str, Any] | None:
    """A span as the message has it."""
    return None if span is None else {"text": span.surface, "start": span.start, "end": span.end}
