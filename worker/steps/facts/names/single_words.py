"""Capitalised words that stand alone: most of them can be but one thing, and need no further look."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Literal

from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.known_places import known_place
from worker.steps.facts.names.lexicons import cue, folded, lexicon
from worker.steps.facts.names.mentions import Mention, mention

if TYPE_CHECKING:
    from collections.abc import Collection

    from worker.steps.facts.names.tokens import Token

_SHORT = 3


def take_alone(text: str, run: list[Token], found: list[Mention]) -> bool:
    """Deal with a word that stands alone and can be but one thing; whether it was so."""
    surface = run[0].surface
    if run[0].possessive and surface + "'s" in lexicon().organisations:
        return False
    kind, code = _sole_kind(surface)
    if kind == "town":
        place = known_place(text, run, 0, run, surface)
        if place is None:
            return False
        found.append(place)
    elif kind in {"demonym", "place", "unknown"}:
        named = mention(text, run, kind, _SOLE_RULES[kind])
        named.country_code = code
        found.append(named)
    return kind != ""


_SoleKind = Literal["demonym", "place", "unknown", "town", "nothing", ""]
_SOLE_RULES = {"demonym": "demonym", "place": "country", "unknown": "capitals"}


@lru_cache(maxsize=20_000)
def _sole_kind(surface: str) -> tuple[_SoleKind, str | None]:
    """What a word by itself always is; "" when that depends on its neighbours."""
    words = lexicon()
    key = folded(surface)
    if key in words.demonyms:
        return "demonym", words.demonyms[key] or None
    if surface in words.organisations or surface in words.teams:
        return "", None
    spots = spots_named(name_key(surface))
    is_word = len(surface) > _SHORT and surface.isalpha() and not surface.isupper()
    if is_word and spots and spots[0].kind == "country" and key not in words.first_names:
        return "place", spots[0].country_code
    if key in words.never and not spots and key not in words.surnames:
        return "nothing", None
    if not is_word or key in words.common or any(key in known for known in _special_words()):
        return "", None
    return "town" if spots else "unknown", None


@cache
def _special_words() -> tuple[Collection[str], ...]:
    words = lexicon()
    return (
        words.start,
        words.never,
        words.titles,
        words.offices,
        words.office_heads,
        words.heads,
        words.place_openers,
        cue("alone"),
    )
