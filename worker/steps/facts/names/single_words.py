"""Capitalised words that stand alone: most of them can be but one thing, and need no further look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from worker.model.caching import kept
from worker.steps.facts.names.known import known
from worker.steps.facts.names.known_places import known_place
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    HEAD,
    NEVER,
    OFFICE,
    OFFICE_HEAD,
    PLACE_OPENER,
    START,
    SURNAME,
    TITLE,
    cue,
    folded,
    lexicon,
    surface_flags,
)
from worker.steps.facts.names.mentions import Mention

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

_SHORT = 3
_SPECIAL = COMMON | START | NEVER | TITLE | OFFICE | OFFICE_HEAD | HEAD | PLACE_OPENER


def take_alone(text: str, run: list[Token], found: list[Mention]) -> bool:
    """Deal with a word that stands alone and can be but one thing; whether it was so."""
    token = run[0]
    surface = token.surface
    kind, rule, code = _sole_kind(surface)
    if kind == "":
        return False
    if token.possessive and surface + "'s" in lexicon().organisations:
        return False
    if kind == "town":
        of_name = known(surface)
        place = known_place(text, run, 0, 1, of_name) if of_name else None
        if place is None:
            return False
        found.append(place)
    elif kind != "nothing":
        found.append(Mention(token.start, token.end, surface, kind, rule, run, "", code))
    return True


_SoleKind = Literal["demonym", "place", "unknown", "town", "nothing", ""]


@kept(20_000)
def _sole_kind(surface: str) -> tuple[_SoleKind, str, str | None]:
    """What a word by itself always is, by which rule, of which country; "" when that depends on its neighbours."""
    key = folded(surface)
    flags = surface_flags(surface, key)
    if flags & DEMONYM:
        return "demonym", "demonym", lexicon().demonyms[key] or None
    found = known(surface)
    if found is not None and (found.organisation or found.is_team):
        return "", "", None
    is_word = len(surface) > _SHORT and surface.isalpha() and not surface.isupper()
    if is_word and found and found.spots[0].kind == "country" and not flags & FIRST_NAME:
        return "place", "country", found.spots[0].country_code
    if flags & NEVER and not found and not flags & SURNAME:
        return "nothing", "", None
    if not is_word or flags & _SPECIAL or key in cue("alone"):
        return "", "", None
    return ("town", "", None) if found else ("unknown", "capitals", None)
