"""Which words of the atlas are the place, and not the first word of something else, a surname or an ordinary word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import atlas, name_key
from worker.steps.facts.names.lexicons import (
    COMMON,
    FIRST_NAME,
    HEAD,
    OFFICE,
    START,
    SURNAME,
    TITLE,
    cue,
)
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.tokens import word_after, word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.known import Known
    from worker.steps.facts.names.tokens import Token

# A settlement of this size is known by its name alone; one of the larger size even with another name behind it.
_CITY_INHABITANTS = 100_000
_LARGE_CITY_INHABITANTS = 1_000_000
_TOWN_INHABITANTS = 15_000
# A part of the world ranks with the largest cities.
_AREA_INHABITANTS = 5_000_000
_SHORT = 3
_SAINTS = frozenset({"st", "ste", "saint"})
_SAINT_INHABITANTS = 50_000


def known_place(text: str, run: list[Token], at: int, size: int, known: Known) -> Mention | None:
    """The place of the atlas that so many words of a run name, if that is what they are here."""
    spots = known.spots
    if size > 1:
        tokens = run[at : at + size]
        return mention(text, tokens, "place", "known place") if _is_phrase(text, tokens, known) else None
    token = run[at]
    surface = token.surface
    if token.flags & START and not (surface.isupper() and 1 < len(surface) <= _SHORT):
        return None
    if spots[0].kind in {"country", "continent"} or (
        spots[0].inhabitants >= _AREA_INHABITANTS and not token.flags & COMMON
    ):
        is_name = len(surface) > _SHORT or surface.isupper() or "." in surface
        return mention(text, [token], "place", "country or area") if is_name else None
    is_dotted = text.startswith(".", token.end) and any(surface in spot.aliases for spot in spots)
    if len(surface.rstrip(".")) <= _SHORT or "." in surface or (is_dotted and token.flags & COMMON):
        return mention(text, [token], "place", "abbreviation") if _is_abbreviation(text, token, spots) else None
    following = run[at + 1] if at + 1 < len(run) and run[at + 1].gap in {"", ".", "particle"} else None
    return _division(text, token, following, spots) or _settlement(text, token, following, known.inhabitants)


def _is_phrase(text: str, tokens: list[Token], known: Known) -> bool:
    first, last = tokens[0], tokens[-1]
    spots = known.spots
    if first.key in _SAINTS and spots[0].kind != "country" and known.inhabitants < _SAINT_INHABITANTS:
        # Most saints are churches, schools and streets.
        is_placed = word_before(text, first.start) in cue("place before") or text.startswith(", ", last.end)
        return is_placed and not last.possessive
    if spots[0].kind != "city":
        return True
    if any(token.gap == "and" for token in tokens[1:]):
        return False
    size = spots[0].inhabitants
    if size < _CITY_INHABITANTS and first.flags & FIRST_NAME and last.flags & SURNAME:
        return word_after(text, last.end) in cue("place after")  # "the Salina Cruz refinery"
    if size >= _TOWN_INHABITANTS or not all(token.flags & COMMON for token in tokens):
        return True
    return word_before(text, first.start) in cue("place before")


def _is_abbreviation(text: str, token: Token, spots: tuple[Spot, ...]) -> bool:
    """Whether a state is abbreviated: "Austin, Tex.", "in B.C.", "a Mass. man"."""
    surface, end = token.surface, token.end
    if (
        token.flags & TITLE
        and not surface.isupper()
        and text.startswith(". ", end)
        and text[end + 2 : end + 3].isupper()
    ):
        return False  # "Col. Jane Doe"
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
    flags = token.flags
    # "Florida Senator": whose office it is; "Virginia Woolf" is none.
    is_governed = following is not None and bool(following.flags & (OFFICE | TITLE))
    if (
        spots[0].kind != "region"
        or flags & COMMON
        or (following is not None and flags & FIRST_NAME and not is_governed)
    ):
        return None
    found = mention(text, [token], "place", "division")
    found.weak = bool(flags & (FIRST_NAME | SURNAME)) and not is_governed
    return found


def _settlement(text: str, token: Token, following: Token | None, size: int) -> Mention | None:
    flags = token.flags
    if size == 0 or (following is not None and not _stands_before(flags, following.flags, size)):
        return None
    if (
        flags & COMMON
        and size < _LARGE_CITY_INHABITANTS
        and (token.opens or word_before(text, token.start) in {"the", ""})
    ):
        return None
    found = mention(text, [token], "place", "settlement")
    found.weak = size < _CITY_INHABITANTS or bool(flags & (COMMON | FIRST_NAME | SURNAME))
    return found


def _stands_before(flags: int, following: int, size: int) -> bool:
    """Whether a city of this size may stand before another capitalised word, and be no part of its name."""
    if size < _CITY_INHABITANTS or flags & FIRST_NAME:
        return False
    return size >= _LARGE_CITY_INHABITANTS or bool(following & (COMMON | HEAD | OFFICE))
