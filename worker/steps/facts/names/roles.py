"""What people are: the office before a name or after it, with the country or the body it belongs to."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.lexicons import lexicon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.names.mentions import Mention

_BESIDE = frozenset({" ", "'s ", "\u2019s "})
_BELONGS = frozenset({" of ", " of the ", " at ", " at the ", " for ", " for the ", " with ", " with the "})
_REACH = 60


def give_roles(text: str, mentions: Sequence[Mention]) -> None:
    """Give people the office that stands before their name or, after a comma, behind it."""
    for at, person in enumerate(mentions):
        if person.kind != "person":
            continue
        if person.role is None:
            _role_before(text, person)
        if person.role is not None:
            _owner_before(text, person, mentions[at - 1] if at else None)
        else:
            _role_after(text, person, mentions[at + 1 : at + 3])


def _role_before(text: str, person: Mention) -> None:
    """A trade in small letters directly before the name: "striker John Doe", "prime minister Jane Doe"."""
    # Behind a trade stand a blank, and at most a line break.
    if _letters_before(text, person.start - (2 if text.endswith("\n", 0, person.start) else 1)) not in _last_letters():
        return
    line = text[max(person.start - _REACH, 0) : person.start]
    match = _before().search(line)
    if match is not None:
        start = person.start - len(line) + match.start(1)
        person.role = (start, person.start - len(line) + match.end(1))


def _owner_before(text: str, person: Mention, before: Mention | None) -> None:
    if before is None or person.role is None or text[before.end : person.role[0]] not in _BESIDE:
        return
    if before.kind == "organisation":
        person.organisation = before.surface
        return
    code = before.country_code if before.kind == "demonym" else None
    if before.kind == "place":
        spots = spots_named(name_key(before.surface))
        code = spots[0].country_code if spots and spots[0].kind == "country" else None
    if before.kind in {"place", "demonym"}:
        person.country_code = code
        person.role_start = person.role[0]
        person.role = (before.start, person.role[1])


def _role_after(text: str, person: Mention, following: Sequence[Mention]) -> None:
    """A trade behind a comma: "Jane Doe, chief executive of Acme Corp"."""
    match = _after().match(text, person.end)
    if match is None:
        return
    person.role = match.span(1)
    for other in following:
        between = text[match.end() : other.start] if other.start >= match.end() else None
        if between in _BELONGS and other.kind == "organisation":
            person.organisation = other.surface
        elif other.kind == "demonym" and match.start() <= other.start < match.end():
            person.country_code = other.country_code
        elif between in _BELONGS and other.kind == "place":
            spots = spots_named(name_key(other.surface))
            person.country_code = spots[0].country_code if spots and spots[0].kind == "country" else None


@cache
def _trade() -> str:
    words = lexicon()
    return "|".join(sorted(map(re.escape, {*words.trades, *words.offices}), key=len, reverse=True))


def _letters_before(text: str, end: int) -> str:
    start = end
    while start > 0 and text[start - 1].isalpha():
        start -= 1
    return text[start:end]


@cache
def _last_letters() -> frozenset[str]:
    """The letters that trades and offices end with, by which most people are told not to have one before them."""
    words = lexicon()
    return frozenset(_letters_before(trade, len(trade)) for trade in (*words.trades, *words.offices))


@cache
def _before() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w-])((?:(?:former|deputy|acting|interim|vice|senior|chief|executive|assistant|ex) )?(?:{_trade()})) $"
    )


@cache
def _after() -> re.Pattern[str]:
    adjective = r"(?:[\w'\u2019-]{1,20} ){0,3}?"
    return re.compile(
        rf", (?:\d{{1,3}}, )?(?:(?:the|a|an|its|their|his|her|who is|who was) )?({adjective}(?:{_trade()}))(?![\w-])",
        re.IGNORECASE,
    )
