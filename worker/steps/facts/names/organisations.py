"""Organisations that a word in their name makes one ("Ministry", "Inc"), and the places in their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.names import phrases
from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    HEAD,
    HEAD_END,
    NEVER,
    OFFICE,
    SURNAME,
    TITLE,
    cue,
    lexicon,
)

if TYPE_CHECKING:
    from worker.steps.facts.names.mentions import Mention
    from worker.steps.facts.names.tokens import Token

# After these, "and" joins what one office cares for: "Ministry of Health and Welfare".
_WITH_AND = frozenset({"government", "ngo", "international", "education", "security"})
# Bodies whose name says where they are.
_OF_PLACE = frozenset({"government", "security", "court", "education", "military", "health", "ngo"})
_AT_PLACE = _OF_PLACE | {"media", "party", "company", "culture"}
_LOCAL = frozenset({"government", "security", "court"})
_LISTED = frozenset({"and", "&"})
_MOST_COMPLEMENT_WORDS = 8
_MOST_HEAD_WORDS = 3
_MOST_PLACE_WORDS = 3


def by_head(run: list[Token], at: int, end: int) -> tuple[int, str] | None:
    """The organisation that begins at this word: index behind it and type; None when no word makes it one."""
    for stop in range(end, at, -1):
        if not run[stop - 1].flags & HEAD_END:
            continue
        found = _head(run, at, stop)
        if found is None or _is_person(run, at, stop):
            continue
        kind, where = found
        if stop - at > 1 or _has_complement(run, stop, where):
            return _with_complement(run, stop, kind, where), kind
    return None


def _head(run: list[Token], at: int, stop: int) -> tuple[str, str] | None:
    """Type and place of the head that ends here, of two or three words if there is such a one."""
    heads = lexicon().heads
    key = ""
    found = None
    for start in range(stop - 1, max(at, stop - _MOST_HEAD_WORDS) - 1, -1):
        mark = "'s " if run[start].possessive else " "
        key = run[start].key + (mark + key if key else "")
        found = heads.get(key, found)
    return None if found is not None and found[1] == "end" and stop - at == 1 else found


def _has_complement(run: list[Token], stop: int, where: str) -> bool:
    """Whether a head word that stands first is followed by what it is the head of: "Ministry of Defence"."""
    return where == "of" and stop < len(run) and run[stop].gap in {"of", "for"} and not run[stop - 1].possessive


def _is_person(run: list[Token], at: int, stop: int) -> bool:
    """Whether the head word is rather somebody's surname: "John Press", "Gordon Banks"."""
    if stop - at != 2:
        return False
    first, last = run[at].flags, run[stop - 1]
    return (
        first & (FIRST_NAME | COMMON) == FIRST_NAME
        and bool(last.flags & SURNAME)
        and last.key not in cue("never surname")
    )


def _with_complement(run: list[Token], stop: int, kind: str, where: str) -> int:
    """The index behind "of ..." that belongs to the name."""
    if where != "of" or stop >= len(run) or run[stop].gap not in {"of", "for"} or run[stop].flags & NEVER:
        return stop
    if run[stop].gap == "for" and run[stop].flags & DEMONYM:
        return stop
    behind = stop + 1
    while behind < min(len(run), stop + _MOST_COMPLEMENT_WORDS) and _goes_on(run[behind - 1], run[behind], kind):
        behind += 1
    return behind


def _goes_on(before: Token, token: Token, kind: str) -> bool:
    if token.gap in {"", "particle", "."}:
        return not token.flags & (TITLE | OFFICE)
    if token.gap == "of":
        # "Organisation for the Prohibition of Chemical Weapons"
        return bool(before.flags & HEAD) or (before.gap == "for" and bool(before.flags & token.flags & COMMON))
    return token.gap == "," or (
        token.gap in _LISTED
        and kind in _WITH_AND
        and bool(before.flags & token.flags & COMMON)
        # "Ministry of Trade, Industry and Energy", but not "the Department of Trade and Police".
        and (before.gap == "," or not token.flags & HEAD)
    )


def nested_places(text: str, mentions: list[Mention]) -> list[Mention]:
    """The places within names of organisations: "Ipswich Council", "University of Montana"."""
    found: list[Mention] = []
    for named in mentions:
        if named.kind != "organisation" or named.rule != "head word" or len(named.tokens) < 2:
            continue
        if named.type in _AT_PLACE:
            place = _place_before(text, named.tokens, local=named.type in _LOCAL)
            if place is not None:
                found.append(place)
        if named.type in _OF_PLACE:
            for at, token in enumerate(named.tokens):
                place = phrases.longest(text, named.tokens, at) if at and token.gap == "of" else None
                if place is not None and token.flags & COMMON and _is_town(place):
                    # "Chamber of Commerce".
                    continue
                if place is not None and place.kind == "place" and at + len(place.tokens) == len(named.tokens):
                    found.append(place)
    for place in found:
        place.rule = "within an organisation"
    return found


def _is_town(place: Mention) -> bool:
    spots = spots_named(name_key(place.surface))
    return bool(spots) and spots[0].kind == "city"


def _is_other_name(place: Mention) -> bool:
    """Whether a town goes by another name than this one."""
    key = name_key(place.surface)
    return _is_town(place) and name_key(spots_named(key)[0].name) != key


def _place_before(text: str, tokens: list[Token], *, local: bool) -> Mention | None:
    """The place at the head of a name; an uncertain one only where the body is one that places have."""
    place = None
    for size in range(min(len(tokens) - 1, _MOST_PLACE_WORDS), 0, -1):
        # Its last word stands alone here, as if the head word were not behind it.
        place = phrases.longest(text, tokens[:size], 0)
        if place is not None and len(place.tokens) == size:
            break
    if place is None or place.kind != "place" or (place.weak and not local) or place.tokens[0].flags & COMMON:
        return None
    if not tokens[len(place.tokens)].flags & (COMMON | HEAD) and _is_other_name(place):
        # "Hang Seng Bank" is not of Hang, as Hangzhou was called: a name goes on.
        return None
    if place.tokens[-1].key == "city" and len(place.tokens) > 1 and tokens[len(place.tokens)].key in cue("of city"):
        # "Galway City Council" is of Galway, but "Kansas City Council" of Kansas City.
        return phrases.longest(text, tokens[:1], 0) or place
    return place
