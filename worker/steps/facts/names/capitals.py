"""Names in lines that are written in capitals, where only what is known tells a name from a word."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    HEAD,
    NEVER,
    OFFICE,
    START,
    TITLE,
    folded,
    lexicon,
    word_flags,
)
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Sequence

_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|[.&'\u2019-](?=[^\W\d_]))*\.?")
_MOST_WORDS = 4
_CITY_INHABITANTS = 150_000
_TABLE = re.compile(r" +\(?\d{1,3}\b|(?: AT [A-Z])")


def read_capitals(
    text: str,
    lines: Sequence[tuple[int, int]],
    mentions: Sequence[Mention],
    *,
    sport: bool,
    dateline: tuple[int, int] | None,
) -> list[Mention]:
    """The names in lines of capitals: those that the rest of the text has, and those that are known well."""
    if not lines:
        return []
    seen = _seen(mentions)
    found: list[Mention] = []
    for start, end in lines:
        tokens = [_token(match) for match in _WORD.finditer(text, start, end)]
        in_dateline = dateline is not None and start <= dateline[0] < end
        at = 0
        while at < len(tokens):
            named = _longest(text, tokens, at, seen, sport=sport and not in_dateline)
            if named is None:
                at += 1
                continue
            found.append(named)
            at += len(named.tokens)
    return found


def _seen(mentions: Sequence[Mention]) -> dict[str, Mention]:
    """The names of the text by their capitals; a person also by the surname."""
    seen: dict[str, Mention] = {}
    for named in mentions:
        seen.setdefault(named.surface.upper(), named)
        if named.kind == "person":
            last = named.tokens[-1].surface.upper()
            if len(last) > 2:
                seen.setdefault(last, named)
    return seen


def _token(match: re.Match[str]) -> Token:
    surface = match[0]
    for ending in ("'S", "\u2019S"):
        if surface.endswith(ending):
            surface = surface[:-2]
    if surface.endswith(".") and surface.count(".") == 1:
        surface = surface[:-1]
    key = folded(surface)
    return Token(
        surface,
        match.start(),
        match.start() + len(surface),
        key,
        word_flags(key),
        1,
        False,
        False,
    )


def _longest(text: str, tokens: list[Token], at: int, seen: dict[str, Mention], *, sport: bool) -> Mention | None:
    words = lexicon()
    for size in range(min(_MOST_WORDS, len(tokens) - at), 0, -1):
        part = tokens[at : at + size]
        if any(after.start - before.end > 2 for before, after in pairwise(part)):
            continue
        surface = text[part[0].start : part[-1].end]
        if len(surface) < 2 or "\n" in surface:
            continue
        other = seen.get(surface)
        if other is not None and (size > 1 or not part[0].flags & COMMON or other.kind != "demonym"):
            named = mention(text, part, other.kind, "capitals")
            named.type, named.country_code, named.label = (
                other.type,
                other.country_code,
                other.label,
            )
            return named
        if size == 1 and part[0].flags & DEMONYM:
            named = mention(text, part, "demonym", "capitals")
            named.country_code = words.demonyms[part[0].key] or None
            return named
        known = words.organisations.get(surface) or words.organisations.get(surface.title())
        if known is not None and (size > 1 or (len(surface) > 2 and not part[0].flags & (COMMON | NEVER))):
            named = mention(text, part, "organisation", "capitals")
            named.type, named.country_code = known.type, known.country_code
            return named
        if surface.title() in words.teams and (size > 1 or sport):
            named = mention(text, part, "organisation", "capitals")
            named.type = "sport"
            return named
        place = _place(text, part, surface, sport=sport)
        if place is not None:
            return place
    return None


def _place(text: str, part: list[Token], surface: str, *, sport: bool) -> Mention | None:
    spots = spots_named(name_key(surface))
    if not spots or (len(surface) < 4 and spots[0].kind != "country") or surface in {"US", "CAR"}:
        return None
    if spots[0].kind not in {"country", "continent"}:
        if len(part) == 1 and part[0].flags & COMMON and spots[0].inhabitants < 2_000_000:
            return None
        if max(spot.inhabitants for spot in spots) < _CITY_INHABITANTS and not sport:
            return None
        if len(part) == 1 and part[0].flags & FIRST_NAME and spots[0].inhabitants < 1_000_000:
            return None
        if sport and _TABLE.match(text, part[-1].end):
            named = mention(text, part, "organisation", "result")
            named.type = "sport"
            return named
    return mention(text, part, "place", "capitals")


def recase(text: str) -> str:
    """A text in capitals as it would be written: small letters, but for words that no dictionary has."""
    words = lexicon()

    def small(match: re.Match[str]) -> str:
        word = match[0]
        low = word.lower()
        if len(low) != len(word):
            return word
        key = folded(low)
        flags = word_flags(key)
        is_head = flags & (HEAD | START) == HEAD
        if flags & (COMMON | START) and not (flags & (TITLE | OFFICE) or is_head or spots_are_countries(key)):
            return (
                low
                if match.start() and text[match.start() - 2 : match.start()] not in {". ", "\n\n"}
                else low.capitalize()
            )
        return word if len(word) <= 3 and word in words.organisations else low.capitalize()

    return _RECASED.sub(small, text)


def spots_are_countries(key: str) -> bool:
    """Whether a country has this name."""
    spots = spots_named(key)
    return bool(spots) and spots[0].kind in {"country", "continent"}


def is_all_capitals(text: str, lines: Sequence[tuple[int, int]]) -> bool:
    """Whether lines of capitals are most of the text."""
    return sum(end - start for start, end in lines) > _MOST_OF_TEXT * len(text)


_RECASED = re.compile(r"[^\W\d_]+(?=['\u2019]S\b)|(?<=['\u2019])S\b|[^\W\d_]+(?:['\u2019-][^\W\d_]{2,})*")
_MOST_OF_TEXT = 0.9
