"""What lexicon and atlas know of a name as it stands, looked up once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from worker.model.caching import kept
from worker.steps.facts.gazetteer import without_accents
from worker.steps.facts.names import atlas
from worker.steps.facts.names.lexicons import lexicon

if TYPE_CHECKING:
    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.lexicons import KnownOrganisation

_MOST_WORDS = 7


class Known(NamedTuple):
    """What a name may be: an organisation, a team, places; the inhabitants of the largest settlement among these."""

    organisation: KnownOrganisation | None
    is_team: bool
    spots: tuple[Spot, ...]
    inhabitants: int


@kept(20_000)
def known(surface: str) -> Known | None:
    """What is known of a name as written; None when nothing is."""
    words = lexicon()
    spots = atlas.spots_named(atlas.name_key(surface))
    inhabitants = max((spot.inhabitants for spot in spots if spot.kind == "city"), default=0)
    # "Atlético" and "Bogotá" are as often listed without their accents.
    plain = surface if surface.isascii() else without_accents(surface)
    organisation = words.organisations.get(surface) or words.organisations.get(plain)
    found = Known(organisation, surface in words.teams or plain in words.teams, spots, inhabitants)
    return found if any(found) else None


def phrase_words(key: str) -> int:
    """The most words that known names have which begin with this word; 1 when none has several."""
    return min(max(atlas.phrase_words(key), lexicon().phrase_words.get(key, 1)), _MOST_WORDS)
