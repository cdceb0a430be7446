"""Which words of the atlas are the place, and not the first word of something else, a surname or an ordinary word."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import atlas, name_key, spots_named
from worker.steps.facts.names.lexicons import cue, lexicon
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.tokens import word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.tokens import Token

# A settlement of this size is known by its name alone; one of the larger size even with another name behind it.
_CITY_INHABITANTS = 100_000
_LARGE_CITY_INHABITANTS = 1_000_000
_TOWN_INHABITANTS = 15_000
# A part of the world ranks with the largest cities.
_AREA_INHABITANTS = 5_000_000
_SHORT = 3


def known_place(text: str, run: list[Token], at: int, tokens: list[Token], surface: str) -> Mention | None:
    """The place of the atlas that these words of a run name, if that is what they are here."""
    spots = spots_named(name_key(surface))
    if not spots:
        return None
    if len(tokens) > 1:
        return mention(text, tokens, "place", "known place") if _is_phrase(text, tokens, spots) else None
    token = tokens[0]
    words = lexicon()
    is_acronym = token.surface.isupper() and 1 < len(token.surface) <= _SHORT
    if token.key in words.start and not is_acronym:
        return None
    if spots[0].kind in {"country", "continent"} or (
        spots[0].inhabitants >= _AREA_INHABITANTS and token.key not in words.common
    ):
        is_name = len(surface) > _SHORT or surface.isupper() or "." in surface
        return mention(text, tokens, "place", "country or area") if is_name else None
    is_dotted = text.startswith(".", token.end) and any(surface in spot.aliases for spot in spots)
    if len(surface.rstrip(".")) <= _SHORT or "." in surface or (is_dotted and token.key in words.common):
        return mention(text, tokens, "place", "abbreviation") if _is_abbreviation(text, token, spots) else None
    following = run[at + 1] if at + 1 < len(run) and run[at + 1].gap in {"", ".", "particle"} else None
    return _division(text, token, following, spots) or _settlement(text, token, following, spots)


def _is_phrase(text: str, tokens: list[Token], spots: tuple[Spot, ...]) -> bool:
    words = lexicon()
    first, last = tokens[0], tokens[-1]
    if spots[0].kind != "city":
        return True
    if any(token.gap == "and" for token in tokens[1:]):
        return False
    size = spots[0].inhabitants
    if size < _CITY_INHABITANTS and first.key in words.first_names and last.key in words.surnames:
        return False
    if size >= _TOWN_INHABITANTS or not all(token.key in words.common for token in tokens):
        return True
    return word_before(text, first.start) in cue("place before")


def _is_abbreviation(text: str, token: Token, spots: tuple[Spot, ...]) -> bool:
    """Whether a state is abbreviated: "Austin, Tex.", "in B.C.", "a Mass. man"."""
    surface, end = token.surface, token.end
    if (
        "." in surface
        and len(surface) > _SHORT
        and (any(surface in spot.aliases for spot in spots) or name_key(surface) in atlas().aliases)
    ):
        return True
    dotted = text.startswith(".", end)
    if len(surface) > 2 and dotted and text[end + 1 : end + 2] == " " and text[end + 2 : end + 3].islower():
        return spots[0].kind == "region" and surface in spots[0].aliases
    after_town = token.start > 2 and text.endswith(", ", 0, token.start) and text[token.start - 3].isalpha()
    return after_town and (surface.isupper() or not surface.isalpha() or dotted)


def _division(text: str, token: Token, following: Token | None, spots: tuple[Spot, ...]) -> Mention | None:
    words = lexicon()
    key = token.key
    if spots[0].kind != "region" or key in words.common or (following is not None and key in words.first_names):
        return None
    found = mention(text, [token], "place", "division")
    found.weak = key in words.first_names or key in words.surnames
    return found


def _settlement(text: str, token: Token, following: Token | None, spots: tuple[Spot, ...]) -> Mention | None:
    words = lexicon()
    key = token.key
    size = largest(spots)
    if size == 0 or (following is not None and not _stands_before(key, following.key, size)):
        return None
    if (
        key in words.common
        and size < _LARGE_CITY_INHABITANTS
        and (token.opens or word_before(text, token.start) in {"the", ""})
    ):
        return None
    found = mention(text, [token], "place", "settlement")
    found.weak = size < _CITY_INHABITANTS or _is_ambiguous(key)
    return found


@lru_cache(maxsize=20_000)
def _is_ambiguous(key: str) -> bool:
    words = lexicon()
    return key in words.common or key in words.first_names or key in words.surnames


def _stands_before(key: str, following: str, size: int) -> bool:
    """Whether a city of this size may stand before another capitalised word, and be no part of its name."""
    words = lexicon()
    if size < _CITY_INHABITANTS or key in words.first_names:
        return False
    return size >= _LARGE_CITY_INHABITANTS or any(
        following in known for known in (words.common, words.heads, words.offices)
    )


def largest(spots: tuple[Spot, ...]) -> int:
    """The inhabitants of the largest settlement among the places of a name, 0 when none is one."""
    return max((spot.inhabitants for spot in spots if spot.kind == "city"), default=0)
