"""Mentions of one and the same person, organisation or place, put together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.model.facts import Demonym, Person, Place, Span
from worker.steps.facts.gazetteer import country_name
from worker.steps.facts.names.atlas import name_key
from worker.steps.facts.names.lexicons import cue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.mentions import Mention


def people_of(text: str, mentions: Sequence[Mention]) -> tuple[Person, ...]:
    """One person for all mentions of a name; a surname alone is the last person of that name before it, or the next."""
    groups: list[list[Mention]] = []
    of_surname: dict[str, list[int]] = {}
    of_word: dict[str, int] = {}
    group_of: dict[int, int] = {}
    for named in mentions:
        if len(named.tokens) == 1:
            continue
        known = of_surname.setdefault(_surname(named), [])
        at = next((at for at in known[-_MOST_OF_ONE_SURNAME:] if _same(groups[at][0], named)), None)
        if at is None:
            at = len(groups)
            groups.append([])
            known.append(at)
        groups[at].append(named)
        group_of[named.start] = at
        for token in named.tokens:
            of_word.setdefault(token.key, at)
    last_of: dict[str, int] = {}
    for named in mentions:
        key = _surname(named)
        if len(named.tokens) > 1:
            last_of[key] = group_of[named.start]
            continue
        at = last_of.get(key)
        if at is None:
            at = of_surname[key][0] if key in of_surname else of_word.get(key)
        if at is None:
            at = of_word[key] = len(groups)
            groups.append([])
        groups[at].append(named)
    for group in groups:
        group.sort(key=lambda named: named.start)
    groups.sort(key=lambda group: group[0].start)
    return tuple(_person(text, group) for group in groups)


_MOST_OF_ONE_SURNAME = 20


def _surname(named: Mention) -> str:
    """The last word of a name that is no "Jr" and no number."""
    last = named.tokens[-1].key
    return named.tokens[-2].key if len(named.tokens) > 2 and last in cue("ordinal") else last


def _same(one: Mention, other: Mention) -> bool:
    """Whether two full names are one person's: the first names agree, as far as initials and short forms tell."""
    short, long = sorted((one.tokens[0].key, other.tokens[0].key), key=len)
    if len(short) <= 2:
        return short[0] == long[0]
    return long.startswith(short)


def _person(text: str, group: list[Mention]) -> Person:
    fullest = max(group, key=lambda mention: (len(mention.tokens), len(mention.surface), -mention.start))
    role = next((mention.role for mention in group if mention.role), None)
    code = next((mention.country_code for mention in group if mention.country_code), None)
    span = role_span = None
    if role is not None:
        span = text[role[0] : role[1]]
        role_span = Span.of(text, *role)
        chosen = next(mention for mention in group if mention.role)
        # "Ukrainian President": the people are no part of the office.
        span = text[chosen.role_start or role[0] : role[1]]
    return Person(
        name=" ".join(fullest.surface.split()),
        role=span,
        role_span=role_span,
        organisation=next((mention.organisation for mention in group if mention.organisation), None),
        country=country_name(code) if code else None,
        country_code=code,
        mentions=tuple(Span.of(text, mention.start, mention.end) for mention in group),
    )


def places_of(text: str, located: Sequence[tuple[Mention, Spot | None]]) -> tuple[Place, ...]:
    """One place for all mentions that mean the same spot of the map."""
    groups: dict[tuple[object, ...], tuple[Spot | None, list[Mention]]] = {}
    for mention, spot in located:
        label = mention.label if spot is None or mention.label == "region" else ""
        key = (
            (name_key(mention.surface), label)
            if spot is None
            else (spot.name, spot.kind, spot.country_code, spot.division, spot.geonames_id, label)
        )
        groups.setdefault(key, (spot, []))[1].append(mention)
    found = []
    for spot, group in groups.values():
        kind = spot.kind if spot else (group[0].label or "other")
        if spot and group[0].label == "region":
            kind = "region"
        found.append(
            Place(
                name=spot.name if spot else group[0].surface,
                kind=kind,  # type: ignore[arg-type]
                country_code=spot.country_code if spot else None,
                latitude=spot.latitude if spot else None,
                longitude=spot.longitude if spot else None,
                geonames_id=spot.geonames_id if spot else None,
                aliases=spot.aliases if spot else (),
                mentions=tuple(Span.of(text, m.start, m.end) for m in group),
            )
        )
    return tuple(found)


def demonyms_of(text: str, mentions: Sequence[Mention]) -> tuple[Demonym, ...]:
    """The words for peoples that have a country."""
    return tuple(
        Demonym(span=Span.of(text, mention.start, mention.end), country_code=mention.country_code)
        for mention in mentions
        if mention.country_code
    )
