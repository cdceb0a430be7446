"""Mentions of one and the same person, organisation or place, put together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.facts import Demonym, Person, Place, Span
from worker.steps.facts.gazetteer import country_name
from worker.steps.facts.names.atlas import name_key
from worker.steps.facts.names.lexicons import cue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.mentions import Mention


def people_of(text: str, mentions: Sequence[Mention]) -> tuple[Person, ...]:
    """One person for all mentions of a name; a surname alone is the last person of that name before it, or the next."""
    groups: list[list[Mention]] = []
    of_surname: dict[str, list[int]] = {}
    of_first: dict[str, int] = {}
    of_word: dict[str, int] = {}
    group_of: dict[int, int] = {}
    surnames = _with_particles(text, mentions)
    for named in mentions:
        if len(named.tokens) == 1 or named.start in surnames:
            continue
        known = of_surname.setdefault(_surname(named), [])
        at = next(
            (at for at in known[-_MOST_OF_ONE_SURNAME:] if _same(groups[at][0], named)),
            None,
        )
        if at is None:
            at = len(groups)
            groups.append([])
            known.append(at)
        groups[at].append(named)
        group_of[named.start] = at
        of_first.setdefault(named.tokens[0].key, at)
        for token in named.tokens:
            of_word.setdefault(token.key, at)
    last_of: dict[str, int] = {}
    for named in mentions:
        key = _surname(named)
        if named.start in group_of:
            last_of[key] = group_of[named.start]
            continue
        at = last_of.get(key)
        if at is None:
            at = of_surname[key][0] if key in of_surname else of_first.get(key, of_word.get(key))
        if at is None:
            at = of_word[key] = len(groups)
            groups.append([])
        groups[at].append(named)
    for group in groups:
        group.sort(key=lambda named: named.start)
    groups.sort(key=lambda group: group[0].start)
    return tuple(_person(text, group) for group in groups)


_MOST_OF_ONE_SURNAME = 20
_PARTICLES = re.compile(
    r"(?:(?:[Vv]an|[Vv]on|[Dd]e[lnr]?|[Dd]a|[Dd]i|[Dd]u|[Dd]os|[Ll]a|[Ll]e|[Tt]er|[Bb]in|[Aa]l|[Ee]l) ){1,3}\Z"
)
_MOST_PARTICLES = 12


def _with_particles(text: str, mentions: Sequence[Mention]) -> set[int]:
    """Where surnames stand that have their particles before them, as in the full name: "Van der Meer", "von der Leyen".

    These are made parts of the mentions.
    """
    particles = {
        _surname(named): text[named.tokens[0].end + 1 : named.tokens[-1].start]
        for named in mentions
        if len(named.tokens) > 1 and named.tokens[-1].gap == "particle" and named.tokens[0].key not in cue("particle")
    }
    found: set[int] = set()
    if not particles:
        return found
    for named in mentions:
        last = named.tokens[-1]
        before = _PARTICLES.search(text, max(last.start - _MOST_PARTICLES, 0), last.start)
        if before is None or before.start() > named.start or not _is_of(particles, last.key, before[0]):
            continue
        named.start = before.start()
        named.surface = text[named.start : named.end]
        found.add(named.start)
    return found


def _is_of(particles: Mapping[str, str], key: str, before: str) -> bool:
    return particles.get(key, "").lower().endswith(before.lower())


def _surname(named: Mention) -> str:
    """The last word of a name that is no "Jr" and no number."""
    last = named.tokens[-1].key
    return named.tokens[-2].key if len(named.tokens) > 1 and last in cue("ordinal") else last


def _same(one: Mention, other: Mention) -> bool:
    """Whether two full names are one person's: the first names agree, as far as initials and short forms tell."""
    short, long = sorted((one.tokens[0].key, other.tokens[0].key), key=len)
    if len(short) <= 2:
        return short[0] == long[0]
    return long.startswith(short)


def _person(text: str, group: list[Mention]) -> Person:
    fullest = group[0]
    titled: Mention | None = None
    code = organisation = None
    for named in group:
        if (len(named.tokens), len(named.surface)) > (
            len(fullest.tokens),
            len(fullest.surface),
        ):
            fullest = named
        if titled is None and named.role is not None:
            titled = named
        code = code or named.country_code
        organisation = organisation or named.organisation
    role = role_span = None
    if titled is not None and titled.role is not None:
        start, end = titled.role
        role_span = Span(text[start:end], start, end)
        # "Ukrainian President": the people are no part of the office.
        role = text[titled.role_start or start : end]
    return Person(
        name=" ".join(fullest.surface.split()),
        role=role,
        role_span=role_span,
        organisation=organisation,
        country=country_name(code) if code else None,
        country_code=code,
        mentions=spans(text, group),
    )


def places_of(text: str, located: Sequence[tuple[Mention, Spot | None]]) -> tuple[Place, ...]:
    """One place for all mentions that mean the same spot of the map."""
    groups: dict[tuple[object, ...], tuple[Spot | None, list[Mention]]] = {}
    # The same spot of the map mostly comes as the same object.
    of_spot: dict[tuple[int, str], list[Mention]] = {}
    for mention, spot in located:
        is_called = mention.label == "region" and spot is not None and spot.kind != "region"
        label = mention.label if spot is None or mention.is_part or is_called else ""
        if spot is None or mention.is_part:
            groups.setdefault((name_key(mention.surface), label), (spot, []))[1].append(mention)
            continue
        group = of_spot.get((id(spot), label))
        if group is None:
            key = (
                spot.name,
                spot.kind,
                spot.country_code,
                spot.division,
                spot.geonames_id,
                label,
            )
            group = of_spot[id(spot), label] = groups.setdefault(key, (spot, []))[1]
        group.append(mention)
    found = []
    for spot, group in groups.values():
        first = group[0]
        # What only lies in a place has its own name and kind, and where that place is.
        own = spot if not first.is_part else None
        found.append(
            Place(
                name=own.name if own else " ".join(first.surface.split()),
                kind=own.kind if own and first.label != "region" else first.label or "other",  # type: ignore[arg-type]
                country_code=spot.country_code if spot else None,
                latitude=spot.latitude if spot else None,
                longitude=spot.longitude if spot else None,
                geonames_id=own.geonames_id if own else None,
                aliases=own.aliases if own else (),
                mentions=spans(text, group),
            )
        )
    return tuple(found)


def demonyms_of(text: str, mentions: Sequence[Mention]) -> tuple[Demonym, ...]:
    """The words for peoples that have a country."""
    return tuple(
        Demonym(
            span=Span.of(text, mention.start, mention.end),
            country_code=mention.country_code,
        )
        for mention in mentions
        if mention.country_code
    )


def spans(text: str, mentions: Sequence[Mention]) -> tuple[Span, ...]:
    """Where they stand."""
    return tuple([Span.of(text, mention.start, mention.end) for mention in mentions])
