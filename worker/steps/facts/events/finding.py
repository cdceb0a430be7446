"""The events of a text, best first."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

from worker.model.facts import NewsEvent, Span
from worker.steps.facts.events.extents import extent
from worker.steps.facts.events.lexicon import family_of, lexicon
from worker.steps.facts.events.merging import Gathered, merge
from worker.steps.facts.events.moods import Mention, read_mentions
from worker.steps.facts.events.parties import parties_of
from worker.steps.facts.events.ranking import HEADLINE, is_background, is_central, is_told, kept, score
from worker.steps.facts.events.reading import document_classes, read_line, read_sentences
from worker.steps.facts.events.roles import Found, Roles
from worker.steps.facts.events.subjects import SERIOUS, has_party, is_market_talk, is_sport, of_its_kind
from worker.steps.facts.events.triggers import find_candidates

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.model.facts import Figure, Names, Opening, Quote, TimeMention
    from worker.steps.facts.events.lexicon import Lexicon
    from worker.steps.facts.prose import Prose

# An event of a hundred figures is a table.
_MAX_FIGURES: Final = 20
_MAX_HEADLINE: Final = 500

# What closes a quoted sentence inside its marks; one without it is as long as this, in spaces.
_ENDS_QUOTED: Final = ".,?!\u2026"
_MANY_SPACES: Final = 5
# A text of as many sentences has named whoever does what it tells of.
_TELLS_WHO: Final = 3
# A long story tells of its event in every second sentence; the first ones are enough to judge it by.
_MAX_EVIDENCE: Final = 5


def find_events(  # noqa: PLR0913, PLR0917 - all that was found in the text so far
    prose: Prose,
    opening: Opening,
    names: Names,
    times: Sequence[TimeMention],
    figures: Sequence[Figure],
    quotes: Sequence[Quote],
    *,
    headline: str | None = None,
    language: str | None = "en",
) -> tuple[NewsEvent, ...]:
    """The events that a text tells of, the most central first.

    Names, times, figures and quotations are those of the same text, in its order; `figures` of an event are indices
    into them. A text in another language than English has no events.
    """
    if language is not None and language.partition("-")[0].lower() != "en":
        return ()
    words = lexicon()
    sentences = read_sentences(prose, words)
    document = document_classes(sentences)
    mentions: list[Mention] = []
    for sentence in sentences:
        mentions += read_mentions(find_candidates(sentence, words, document))
    if is_sport(prose, words):
        mentions = [mention for mention in mentions if mention.event.family in SERIOUS or mention.type in SERIOUS]
    mentions = [mention for mention in mentions if not is_market_talk(mention, words)]
    if not mentions:
        return ()
    titled = _headline_types(headline, words, document)
    spoken = [quote.span for quote in quotes if quote.kind == "direct"]
    for mention in mentions:
        mention.start, mention.end = extent(prose, mention.candidate, mention.governed)
        mention.spoken = _is_in(spoken, mention.start)
        mention.score = score(mention)
        mention.score += HEADLINE if mention.type in titled else 0
    mentions = [mention for mention in mentions if is_told(mention)]
    quoted = [span for span in spoken if _is_whole(span)]
    told = _with_roles(mentions, Found.of(prose, names, times, figures, quoted, words.of_class("side")))
    told, is_public = of_its_kind(told, prose, sentences, words)
    events = kept([event for event in merge(told) if is_public or is_central(event, titled)])
    day = opening.day(None) or next((time.anchor for time in times if time.anchor), None)
    return tuple(_event(event, prose, figures, day) for event in events)


def _with_roles(mentions: list[Mention], found: Found) -> list[tuple[Mention, Roles]]:
    """The mentions worth telling, each with what stands about it."""
    told: list[tuple[Mention, Roles]] = []
    for _, group in groupby(mentions, key=lambda mention: mention.sentence.index):
        together = list(group)
        told += zip(together, found.tie(together), strict=True)
    if found.named or len(found.prose.sentences) >= _TELLS_WHO:
        told = [(mention, roles) for mention, roles in told if has_party(mention, roles)]
    return [pair for pair in told if not is_background(pair[0])] or told


def _event(event: Gathered, prose: Prose, figures: Sequence[Figure], day: date | None) -> NewsEvent:
    lead = event.lead
    start_on, end_on = event.start_on, event.end_on
    if (
        start_on is None
        and lead.event.mood is not None
        and lead.candidate.form != "noun"
        and not (lead.candidate.passive and not lead.tense.passive)
        and lead.status != "expected"
        and not (lead.depth or lead.tense.perfect or lead.tense.repeated)
    ):
        # What is demanded, promised or refused without a day is so on the day of the report, if it is what is told.
        start_on = end_on = day
    return NewsEvent(
        type=lead.type,
        family=family_of(lead.told_as, lead.roots),
        categories=lead.roots,
        trigger=Span.of(prose.text, lead.start, lead.end),
        status=lead.status,
        parties=parties_of(event.parties),
        places=tuple(event.places),
        start_on=start_on,
        end_on=end_on,
        figures=_distinct(event.figures, figures),
        evidence=tuple(
            Span.of(prose.text, *prose.sentences[index])
            for index in sorted({mention.sentence.index for mention in event.mentions})[:_MAX_EVIDENCE]
        ),
        rule=f"{lead.rule}.{lead.candidate.pattern.event.name}.{lead.sentence.words[lead.candidate.at]}",
    )


def _distinct(indices: list[int], figures: Sequence[Figure]) -> tuple[int, ...]:
    """One figure of each value, in order of the text."""
    seen: set[tuple[float, ...]] = set()
    kept_ones = []
    for index in sorted(indices):
        if figures[index].values not in seen:
            seen.add(figures[index].values)
            kept_ones.append(index)
    return tuple(kept_ones[:_MAX_FIGURES])


def _headline_types(headline: str | None, words: Lexicon, document: int) -> frozenset[str]:
    if not headline:
        return frozenset()
    sentence = read_line(headline[:_MAX_HEADLINE], words)
    return frozenset(
        mention.type for mention in read_mentions(find_candidates(sentence, words, document | sentence.has))
    )


def _is_whole(quoted: Span) -> bool:
    """Whether somebody is quoted with a sentence, not with some words in one of the writer's."""
    return quoted.surface.rstrip()[-1:] in _ENDS_QUOTED or quoted.surface.count(" ") >= _MANY_SPACES


def _is_in(spans: Sequence[Span], offset: int) -> bool:
    return any(span.start <= offset < span.end for span in spans)
