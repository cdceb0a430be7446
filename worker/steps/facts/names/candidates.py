"""Runs of capitalised words, cut into names; what each is, as far as its own words and its neighbours say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from worker.steps.facts.names import organisations, people, phrases
from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.known import known
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    FUNCTION,
    HEAD,
    HEAD_END,
    NEVER,
    OFFICE,
    OFFICE_HEAD,
    PLACE_HEAD,
    PLACE_OPENER,
    ROLE_START,
    SURNAME,
    THING,
    TITLE,
    cue,
    lexicon,
)
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.openings import is_no_name
from worker.steps.facts.names.pairs import pair_of
from worker.steps.facts.names.single_words import take_alone
from worker.steps.facts.names.tokens import word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

# A name of more words is a headline's line.
_MOST_WORDS = 12
_MOST_PERSON_WORDS = 4
_CITY_INHABITANTS = 250_000
# What no office cares for, and the kinds of bodies that care for something.
_NO_CARE = FIRST_NAME | OFFICE | TITLE | DEMONYM | THING
_CARING = frozenset({"government", "security", "education", "health", "ngo", "company"})
_NAMED_AFTER_PEOPLES = frozenset({"party", "culture", "education", "ngo"})
_SITES = (".com", ".org", ".net", ".gov", ".tv", ".io")
_ROLE = ROLE_START | OFFICE_HEAD
_PLACE = PLACE_HEAD | PLACE_OPENER
_MOST_COMPLEMENT_WORDS = 7
_OF = frozenset({"of", "for"})
_WITHIN_COMPLEMENT = frozenset({"", "and", "of", "for"})
_TOGETHER = frozenset({"", ".", "particle", "&"})
_BESIDE = frozenset({"", "."})
# "C.S. Lewis", where "U.S. Steel" is no person.
_INITIALS = re.compile(r"(?!U\.[SKN]\b|E\.U\b)[A-Z]\.(?:[A-Z]\.){0,2}[A-Z]?\.?")


@dataclass(slots=True)
class _Place:
    """Where the reading stands in a run, and what begins there: a known name, an organisation by its head word."""

    text: str
    run: list[Token]
    at: int
    end: int  # index behind the words that stand together from here on
    flags: int  # what any of these words may be
    known: Mention | None
    organisation: tuple[int, str] | None  # index behind it, type
    role: int  # words of title or office


def read_mentions(text: str, runs: list[list[Token]]) -> list[Mention]:
    """Every name of the runs, in order; `unknown` ones wait for what the rest of the text says."""
    found: list[Mention] = []
    for run in runs:
        size = len(run)
        if size == 1 and take_alone(text, run, found):
            continue
        at = 0
        while at < size:
            at += 1 if is_no_name(run, at) else _take(text, run, at, found)
    return found


def _take(text: str, run: list[Token], at: int, found: list[Mention]) -> int:
    """Take the name that begins at this word; how many words it has."""
    size = phrases.demonym_length(run, at)
    if size == 2:
        return _take_demonym(text, run, at, 2, found)
    end, flags = _together(run, at)
    if end > at + 1 and run[at].key in cue("storm"):
        found.append(mention(text, run[at + 1 : at + 2], "unknown", "storm"))
        return 2
    place = _Place(
        text,
        run,
        at,
        end,
        flags,
        known=phrases.longest(text, run, at),
        organisation=organisations.by_head(run, at, end) if flags & HEAD_END else _joined(run, end, at),
        role=people.role_length(run, at, end) if flags & _ROLE else 0,
    )
    if size and place.organisation is not None and (_is_named_after_people(place) or _is_of_known(place)):
        return _take_organisation(place, found)
    if size and 0 < at == len(run) - 1 and is_no_name(run, at - 1):
        return _take_demonym(text, run, at, 1, found)  # "Six Thai jets", not the town of Thai
    taken = (_take_thing(place) if flags & THING else 0) or (_take_known(place, found) if place.known else 0)
    if not taken and size:
        taken = _take_demonym(text, run, at, 1, found)
    return (
        taken
        or (_take_titled(place, found) if place.role else 0)
        or (_take_organisation(place, found) if place.organisation else 0)
        or (_take_place(place, found) if flags & _PLACE else 0)
        or (_take_part(place, found) if run[at].key in cue("direction") else 0)
        or _take_person(place, found)
        or _take_unknown(place, found)
    )


def _joined(run: list[Token], end: int, at: int) -> tuple[int, str] | None:
    """An organisation whose head word stands behind "and" between two ordinary words: "Search and Rescue Agency"."""
    if end + 1 >= len(run) or run[end].gap != "and" or not run[end - 1].flags & run[end].flags & COMMON:
        return None
    stop, flags = _together(run, end)
    if stop == end + 1 or (run[end - 1].flags | run[end].flags) & _NO_CARE or not flags & HEAD_END:
        return None
    found = organisations.by_head(run, at, stop)
    return found if found is not None and found[0] > end + 1 and found[1] in _CARING else None


def _is_named_after_people(place: _Place) -> bool:
    """Whether a people is part of a name, because the words behind it name nothing: "Chinese Academy of Sciences"."""
    stop, kind = place.organisation or (0, "")
    following = place.run[place.at + 1 : stop]
    is_known = place.known is not None and len(place.known.tokens) > 1  # the Soviet Union
    if not following or is_known or kind not in _NAMED_AFTER_PEOPLES:
        return False
    if len(following) == 1 or (kind == "party" and following[0].key in cue("every people")):
        return True
    names = takewhile(lambda token: token.gap not in _OF, following)
    return kind != "party" and all(token.flags & COMMON and not token.flags & FIRST_NAME for token in names)


def _is_of_known(place: _Place) -> bool:
    """Whether a known organisation, named after a people, opens the name of its body: "African Union Commission"."""
    known, organisation = place.known, place.organisation
    if known is None or organisation is None or known.kind != "organisation":
        return False
    return 1 < len(known.tokens) < organisation[0] - place.at


def _take_demonym(text: str, run: list[Token], at: int, size: int, found: list[Mention]) -> int:
    demonym = mention(text, run[at : at + size], "demonym", "demonym")
    demonym.country_code = phrases.demonym_country(run, at, size)
    found.append(demonym)
    return size


def _take_thing(place: _Place) -> int:
    """A thing or an event is nobody and nowhere, whatever names are in its own ("Lisbon Open")."""
    if place.organisation is not None or place.role:
        return 0
    size = phrases.thing_length(place.run, place.at, place.end)
    return size if place.known is None or len(place.known.tokens) < size else 0


def _take_known(place: _Place, found: list[Mention]) -> int:
    named = place.known
    if named is None or _is_part_of_person(place, named):
        return 0
    if place.organisation is not None and named.end < place.run[place.organisation[0] - 1].end:
        return 0
    if _is_part_of_facility(place, named):
        return _take_place(place, found)
    found.append(named)
    return len(named.tokens)


def _is_part_of_facility(place: _Place, named: Mention) -> bool:
    """Whether a known place only names a street, a hall and the like: "Manchester Square", "Emirates Stadium"."""
    after = place.at + len(named.tokens)
    if named.kind != "place" or after >= place.end or named.tokens[-1].possessive:
        return False
    head = place.run[after]
    return bool(head.flags & PLACE_HEAD) and lexicon().place_heads[head.key] == "facility"


def _is_part_of_person(place: _Place, named: Mention) -> bool:
    """Whether a known place is only the first of a person's names ("Paris Hilton", "Jordan Smith")."""
    after = place.at + 1
    if not (named.kind == "place" or named.rule == "known team") or len(named.tokens) > 1 or after >= len(place.run):
        return False
    first, following = place.run[place.at], place.run[after]
    if not first.flags & FIRST_NAME or following.gap not in {"", ".", "particle"}:
        return False
    flags = following.flags
    if flags & (HEAD | PLACE_HEAD | THING | OFFICE):
        return False
    return bool(flags & SURNAME) or not flags & COMMON


def _take_titled(place: _Place, found: list[Mention]) -> int:
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
        size = people.name_length(run, start, _together(run, start)[0], titled=True)
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
            if is_name and people.name_length(run, stop, _together(run, stop)[0], titled=False):
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


def _take_organisation(place: _Place, found: list[Mention]) -> int:
    if place.organisation is None:
        return 0
    stop, kind = place.organisation
    named = mention(place.text, place.run[place.at : stop], "organisation", "head word")
    named.type = kind
    size = phrases.demonym_length(place.run, place.at)
    if size:
        named.country_code = phrases.demonym_country(place.run, place.at, size)
        named.explicit = named.country_code is not None
    found.append(named)
    return stop - place.at


def _take_place(place: _Place, found: list[Mention]) -> int:
    named = phrases.place_by_head(place.text, place.run, place.at, place.end)
    if named is None:
        return 0
    found.append(named)
    return len(named.tokens)


def _take_part(place: _Place, found: list[Mention]) -> int:
    part = phrases.part_of_place(place.text, place.run, place.at, place.end)
    if part is None:
        return 0
    found.append(part)
    return len(part.tokens)


def _take_person(place: _Place, found: list[Mention]) -> int:
    flags = place.run[place.at].flags
    if flags & FIRST_NAME or len(place.run[place.at].key) == 1:
        size = people.name_length(place.run, place.at, place.end, titled=False)
        if size:
            found.append(
                mention(
                    place.text,
                    place.run[place.at : place.at + size],
                    "person",
                    "first name",
                )
            )
            return size
    if place.known is not None:
        found.append(place.known)
        return len(place.known.tokens)
    return 0


def _take_unknown(place: _Place, found: list[Mention]) -> int:
    """A name that no word of the lexicon places; its form makes a guess."""
    run, at = place.run, place.at
    if "-" in run[at].surface and (pair := pair_of(run[at])):
        found += pair
        return 1
    stop = at + 1
    while stop < place.end and (not _ends_unknown(run[stop].flags) or _is_initial(run, stop)):
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
    return any(token.flags & COMMON for token in tokens[:-1])


def _together(run: list[Token], at: int) -> tuple[int, int]:
    """The index behind the last word that stands beside the one before it, without a preposition; what they may be."""
    end = at + 1
    flags = run[at].flags
    most = min(len(run), at + _MOST_WORDS)
    while end < most and run[end].gap in _TOGETHER:
        token = run[end]
        if token.flags & FUNCTION or (token.flags & NEVER and token.key.endswith("day")):
            break
        flags |= token.flags
        end += 1
    return end, flags
