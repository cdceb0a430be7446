"""Two places or peoples that a hyphen joins."""

from __future__ import annotations

from worker.steps.facts.names.known import known
from worker.steps.facts.names.lexicons import DEMONYM, folded, lexicon, word_flags
from worker.steps.facts.names.mentions import Mention
from worker.steps.facts.names.tokens import Token

# What a city must have to be told by its name alone.
_CITY_INHABITANTS = 150_000


def pair_of(token: Token) -> list[Mention]:
    """The two that a word names ("the Turkish-Syrian border", "an Amsterdam-London flight"); none if it is no pair."""
    first, _, last = token.surface.partition("-")
    pair = [_one(first, token.start), _one(last, token.end - len(last))]
    return [one for one in pair if one is not None] if None not in pair else []


def _one(surface: str, start: int) -> Mention | None:
    key = folded(surface)
    flags = word_flags(key)
    end = start + len(surface)
    tokens = [Token(surface, start, end, key, flags, 1, opens=False, possessive=False)]
    if flags & DEMONYM:
        return Mention(
            start,
            end,
            surface,
            "demonym",
            "pair",
            tokens,
            "",
            lexicon().demonyms[key] or None,
        )
    found = known(surface)
    if found is None or not found.spots:
        return None
    is_known = found.spots[0].kind == "country" or found.inhabitants >= _CITY_INHABITANTS
    return Mention(start, end, surface, "place", "pair", tokens) if is_known else None
