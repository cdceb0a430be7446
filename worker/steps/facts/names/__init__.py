"""Who and where: the people, organisations and places that a text names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.facts import Names
from worker.steps.facts.names.bodies import give_countries, organisations_of, place_at_home
from worker.steps.facts.names.candidates import read_mentions
from worker.steps.facts.names.capitals import is_all_capitals, read_capitals, recase
from worker.steps.facts.names.grouping import demonyms_of, people_of, places_of
from worker.steps.facts.names.literal import with_literal_names
from worker.steps.facts.names.organisations import nested_places
from worker.steps.facts.names.plain_bodies import plain_bodies
from worker.steps.facts.names.resolving import resolve
from worker.steps.facts.names.roles import give_roles
from worker.steps.facts.names.settling import settle
from worker.steps.facts.names.sport import is_sport
from worker.steps.facts.names.tokens import caps_lines, read_runs

if TYPE_CHECKING:
    from worker.model.facts import Opening
    from worker.steps.facts.prose import Prose


def find_names(prose: Prose, opening: Opening, *, language: str | None = "en") -> Names:
    """The names of a text, its headline and dateline included.

    Args:
        prose: The text; what stands outside its paragraphs is read as well.
        opening: Its dateline, whose place is among the places.
        language: The text's language (BCP 47); None when it is not known, and then it is read as English. A text in
            another language names nobody and nothing: what words are names is a matter of the language.
    """
    if language is not None and language.partition("-")[0] != "en":
        return Names()
    original = prose.text
    dateline = opening.dateline
    span = (dateline.span.start, dateline.span.end) if dateline else (0, 0)
    lines = caps_lines(original)
    text = original
    if is_all_capitals(original, lines):
        text, lines = recase(original), []
    sport = is_sport(text)
    mentions = settle(text, read_mentions(text, read_runs(text, lines)), sport=sport, dateline=span)
    mentions = with_literal_names(text, mentions)
    mentions += nested_places(text, mentions)
    mentions += plain_bodies(text, mentions)
    mentions += read_capitals(text, lines, mentions, sport=sport, dateline=span)
    mentions.sort(key=lambda mention: (mention.start, -mention.end))
    give_countries(text, mentions)
    place_at_home(mentions, dateline)
    give_roles(text, mentions)
    # Of a dateline only the place is one: "(UPI)" is no town.
    agency = text.rfind(dateline.agency, *span) if dateline and dateline.agency else -1
    signed = range(agency, span[1]) if agency >= 0 else range(0)
    located = [each for each in mentions if each.kind in {"place", "demonym"} and each.start not in signed]
    spots = resolve(text, located, dateline.country_code if dateline and dateline.region else None)
    places = [(mention, spot) for mention, spot in zip(located, spots, strict=True) if mention.kind == "place"]
    return Names(
        people=people_of(original, [mention for mention in mentions if mention.kind == "person"]),
        organisations=organisations_of(
            original,
            [mention for mention in mentions if mention.kind == "organisation"],
        ),
        places=places_of(original, places),
        demonyms=demonyms_of(original, [mention for mention in mentions if mention.kind == "demonym"]),
    )
