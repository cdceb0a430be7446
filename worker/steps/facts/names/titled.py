"""People by the title or the office before their name, and what that is an office of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.names import people, phrases
from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.beginnings import together
from worker.steps.facts.names.lexicons import (
    COMMON,
    FIRST_NAME,
    HEAD,
    OFFICE,
    OFFICE_HEAD,
    THING,
    cue,
)
from worker.steps.facts.names.mentions import Mention, mention

if TYPE_CHECKING:
    from worker.steps.facts.names.beginnings import Beginning
    from worker.steps.facts.names.tokens import Token

_MOST_COMPLEMENT_WORDS = 7
_OF = frozenset({"of", "for"})
_WITHIN_COMPLEMENT = frozenset({"", "and", "of", "for"})
_BESIDE = frozenset({"", "."})


def take_titled(place: Beginning, found: list[Mention]) -> int:
    """A title, and the person it stands before: "Foreign Minister Jane Doe"."""
    run, at, role = place.run, place.at, place.role
    if place.organisation is not None and place.organisation[0] >= at + role:
        stop = place.organisation[0]
        if not any(token.flags & FIRST_NAME for token in run[at + role : stop - 1]):
            # "Attorney General's Office" is no Attorney General.
            return 0
    start = at + role
    land = None
    if start < len(run) and run[start].gap in _OF and run[start - 1].flags & (OFFICE | OFFICE_HEAD):
        land = phrases.longest(place.text, run, start)
        start = _behind_complement(run, start, land)
    if start < len(run) and run[start].gap in _BESIDE:
        size = people.name_length(run, start, together(run, start)[0], titled=True)
        if size:
            person = mention(place.text, run[start : start + size], "person", "title")
            person.role = _office(run, at, at + role if land else start)
            if land:
                land.rule = "of an office"
                found.append(land)
                person.country_code = country_of(land)
            found.append(person)
            return start + size - at
    return role


def _behind_complement(run: list[Token], at: int, land: Mention | None) -> int:
    """The index of the name behind what an office is for ("High Commissioner for Human Rights Jane Doe"); else none."""
    stop = at + 1
    if land is not None:
        stop = at + len(land.tokens)
        if land.kind != "place" or stop >= len(run) or run[stop].gap or not run[stop].flags & FIRST_NAME:
            return len(run)
        return stop
    most = min(len(run), at + _MOST_COMPLEMENT_WORDS)
    while stop < most and run[stop].gap in _WITHIN_COMPLEMENT and run[stop - 1].flags & COMMON:
        flags = run[stop].flags
        if not run[stop].gap and flags & FIRST_NAME and not flags & (HEAD | THING | OFFICE) and run[stop].key:
            is_name = not flags & COMMON or not run[stop - 1].flags & FIRST_NAME
            if is_name and people.name_length(run, stop, together(run, stop)[0], titled=False):
                return stop
        stop += 1
    return len(run)


def country_of(place: Mention) -> str | None:
    """The country that a place is; None for any other place."""
    spots = spots_named(name_key(place.surface))
    return spots[0].country_code if spots and spots[0].kind == "country" else None


def _office(run: list[Token], at: int, stop: int) -> tuple[int, int] | None:
    """Where an office stands without the forms of address before it and behind it: "Prime Minister Sir"."""
    polite = cue("polite")
    while at < stop and run[at].key in polite:
        at += 1
    while stop > at and run[stop - 1].key in polite:
        stop -= 1
    return (run[at].start, run[stop - 1].end) if at < stop else None
