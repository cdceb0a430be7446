"""All that a text says, found in the order in which one kind of fact helps with the next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.facts import Facts
from worker.steps.facts.events import find_events
from worker.steps.facts.figures import find_figures, reconcile
from worker.steps.facts.names import find_names
from worker.steps.facts.prose import read_prose
from worker.steps.facts.speech import find_speech
from worker.steps.facts.times import find_times

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.model.facts import Opening, Span


def read_facts(  # noqa: PLR0913 - all that is known of a text
    text: str,
    opening: Opening,
    paragraphs: Sequence[Span],
    *,
    day: date | None,
    headline: str | None,
    language: str | None,
) -> Facts:
    """What the text says.

    Args:
        text: the whole text.
        opening: how it begins.
        paragraphs: its paragraphs.
        day: the document's day, from which "Saturday" is counted.
        headline: what stands above it.
        language: a BCP 47 tag; rules of a language are only used for texts in it.
    """
    prose = read_prose(text, paragraphs)
    tongue = None if language is None else language.partition("-")[0]
    names = find_names(prose, opening, language=tongue)
    times = find_times(prose, opening, day, language=tongue)
    figures = find_figures(prose, opening, times, language=tongue)
    quotes, attributions = find_speech(prose, names, times, language=tongue)
    return Facts(
        names=names,
        times=times,
        figures=figures,
        sums=reconcile(figures),
        quotes=quotes,
        attributions=attributions,
        events=find_events(prose, opening, names, times, figures, quotes, headline=headline, language=tongue),
    )
