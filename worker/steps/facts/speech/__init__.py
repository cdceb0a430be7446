"""Who says what: quotations with their speakers, and what is attributed to a source without marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.model.facts import Quote, Span
from worker.steps.facts.speech.attaching import attach
from worker.steps.facts.speech.marks import find_marked
from worker.steps.facts.speech.reading import Reading, find_lines
from worker.steps.facts.speech.resolving import Resolver
from worker.steps.facts.speech.sayings import find_sayings
from worker.steps.facts.speech.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.model.facts import Attribution, Names, TimeMention
    from worker.steps.facts.prose import Prose

__all__ = ["find_speech"]

# In a language whose verbs are not known, shorter pieces in marks are as often titles and names.
_MIN_CHARS_WITHOUT_VERBS: Final = 25


def find_speech(
    prose: Prose, names: Names, times: Sequence[TimeMention], *, language: str | None = "en"
) -> tuple[tuple[Quote, ...], tuple[Attribution, ...]]:
    """The quotations and the attributions of a text, each in the order of the text.

    A quotation is in both: as what stands within the marks, with its speaker; and as the content of an attribution,
    whose rule then begins with "direct". A quotation that is interrupted or goes on in the next paragraph is several,
    which name the one they continue; its attribution is one. Titles of works and words set off are no quotations.

    Args:
        prose: The text.
        names: Who is named in it; may be empty.
        times: The mentions of time in it.
        language: Its language (BCP 47); None when it is not known, and then it is read as English. In another
            language, only what stands in marks is found.
    """
    lines = find_lines(prose.text, prose.paragraphs)
    marked = find_marked(prose.text, lines)
    if language is not None and language.partition("-")[0] != "en":
        long = [one for one in marked if one.end - one.start >= _MIN_CHARS_WITHOUT_VERBS]
        spans = [Span.of(prose.text, one.start, one.end) for one in long]
        return tuple(Quote(span=span, kind="direct", rule="marks") for span in spans), ()
    reading = Reading(prose, marked, lines)
    reading.join(
        (span.start, span.end)
        for body in names.organisations
        for span in body.mentions
        if " and " in span.surface or ", " in span.surface
    )
    sayings = find_sayings(reading)
    resolver = Resolver(reading, names)
    attached = attach(reading, sayings, resolver.starts)
    return Teller(reading, resolver, times).tell(sayings, attached)
