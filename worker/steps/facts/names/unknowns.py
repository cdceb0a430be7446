"""Names that no word of the lexicon places: their form makes a guess."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.steps.facts.names.known import known
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    NEVER,
    OFFICE,
    SURNAME,
    TITLE,
    cue,
    lexicon,
)
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.pairs import pair_of
from worker.steps.facts.names.tokens import word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.beginnings import Beginning
    from worker.steps.facts.names.tokens import Token

_MOST_PERSON_WORDS = 4
_CITY_INHABITANTS = 250_000
_SITES = (".com", ".org", ".net", ".gov", ".tv", ".io")
# "C.S. Lewis", where "U.S. Steel" is no person.
_INITIALS = re.compile(r"(?!U\.[SKN]\b|E\.U\b)[A-Z]\.(?:[A-Z]\.){0,2}[A-Z]?\.?")


def take_unknown(place: Beginning, found: list[Mention]) -> int:
    """A name that no word of the lexicon places; its form makes a guess."""
    run, at = place.run, place.at
    if "-" in run[at].surface and (pair := pair_of(run[at])):
        found += pair
        return 1
    stop = at + 1
    while stop < place.end and (
        not _ends_unknown(run[stop].flags) or _is_initial(run, stop) or _is_middle(run, stop, place.end)
    ):
        stop += 1
    tokens = run[at:stop]
    first = tokens[0]
    unknown = mention(place.text, tokens, "unknown", "capitals")
    if len(tokens) == 1:
        if first.key.endswith(_SITES):
            unknown.kind, unknown.rule, unknown.type = (
                "organisation",
                "address",
                "company",
            )
        elif first.key in cue("alone") and not first.opens:
            unknown.kind, unknown.rule, unknown.type = (
                "organisation",
                "head alone",
                lexicon().heads.get(first.key, ("other", ""))[0],
            )
        elif first.opens and first.flags & COMMON and not first.flags & (SURNAME | FIRST_NAME):
            unknown.rule = "opening word"
    elif len(tokens) == 3 and len(tokens[1].key) == 1 and tokens[2].gap == ".":
        # "Jock A. Finlayson"
        unknown.kind, unknown.rule, unknown.weak = "person", "initials", True
    elif not _is_wordy(tokens) and word_before(place.text, first.start) != "the":
        _guess(unknown)
    if unknown.rule == "ampersand" and found and _is_partner(place.text, found[-1], unknown):
        first_partner = found.pop()
        unknown.start, unknown.tokens = first_partner.start, [*first_partner.tokens, *tokens]
        unknown.surface = place.text[unknown.start : unknown.end]
    found.append(unknown)
    return len(tokens)


def _is_partner(text: str, before: Mention, firm: Mention) -> bool:
    """Whether a name is the first of a firm's: "Keefe, Bruyette & Woods"."""
    return before.kind == "unknown" and len(before.tokens) == 1 and text[before.end : firm.start] == ", "


def _is_initial(run: list[Token], at: int) -> bool:
    return len(run[at].key) == 1 and at + 1 < len(run) and run[at + 1].gap == "."


def _is_middle(run: list[Token], at: int, end: int) -> bool:
    """Whether a word that mostly is no name stands within one here: "Zahirul Islam Khan"."""
    return bool(run[at].flags & FIRST_NAME and at + 1 < end and run[at + 1].flags & SURNAME and not run[at + 1].gap)


def _ends_unknown(flags: int) -> bool:
    return bool(flags & (DEMONYM | NEVER | TITLE)) or flags & (OFFICE | SURNAME) == OFFICE


def _guess(unknown: Mention) -> None:
    first, last = unknown.tokens[0].surface, unknown.tokens[-1].surface
    if _INITIALS.fullmatch(first) and len(last) > 1 and not last.isupper():
        unknown.kind, unknown.rule, unknown.weak = "person", "initials", True
        return
    if any(token.gap == "&" for token in unknown.tokens[1:]):
        unknown.kind, unknown.rule, unknown.type = (
            "organisation",
            "ampersand",
            "company",
        )
    elif len(unknown.tokens) == 2 and not unknown.tokens[1].gap and _is_town_team(*unknown.tokens):
        # "Borussia Dortmund"
        unknown.kind, unknown.rule, unknown.type = "organisation", "named after a city", "sport"
        unknown.weak = True
    elif (last.isupper() and len(last) > 1) or (first.isupper() and len(first) > 2):
        unknown.kind, unknown.rule, unknown.type = (
            "organisation",
            "acronym within",
            "other",
        )
        unknown.weak = True
    elif len(unknown.tokens) <= _MOST_PERSON_WORDS and not any(sign.isdigit() for sign in unknown.surface):
        unknown.kind, unknown.rule, unknown.weak = "person", "unknown words", True


def _is_town_team(first: Token, last: Token) -> bool:
    """Whether the second word is the name of a large city, and none is one of a person's."""
    of_name = known(last.surface) if not (first.flags | last.flags) & (FIRST_NAME | SURNAME | COMMON) else None
    return of_name is not None and of_name.inhabitants >= _CITY_INHABITANTS


def _is_wordy(tokens: list[Token]) -> bool:
    """Whether ordinary words are among those of an unknown name, other than a surname at its end."""
    if tokens[-1].flags & (COMMON | SURNAME) == COMMON:
        return True
    return any(
        token.flags & COMMON
        # "Zahirul Islam Khan Panna"
        and not (token.flags & SURNAME and before is not None and before.flags & (FIRST_NAME | COMMON) == FIRST_NAME)
        for before, token in zip((None, *tokens), tokens[:-1], strict=False)
    )
