"""Runs of capitalised words, cut into names; what each is, as far as its own words and its neighbours say."""

from __future__ import annotations

from itertools import takewhile
from typing import TYPE_CHECKING

from worker.steps.facts.names import organisations, people, phrases
from worker.steps.facts.names.beginnings import Beginning, together
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    HEAD,
    HEAD_END,
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
from worker.steps.facts.names.single_words import take_alone
from worker.steps.facts.names.titled import take_titled
from worker.steps.facts.names.unknowns import take_unknown

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

# What no office cares for, and the kinds of bodies that care for something.
_NO_CARE = FIRST_NAME | OFFICE | TITLE | DEMONYM | THING
_CARING = frozenset({"government", "security", "education", "health", "ngo", "company"})
_NAMED_AFTER_PEOPLES = frozenset({"party", "culture", "education", "ngo"})
_ROLE = ROLE_START | OFFICE_HEAD
_PLACE = PLACE_HEAD | PLACE_OPENER
_OF = frozenset({"of", "for"})


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
    end, flags = together(run, at)
    if end > at + 1 and run[at].key in cue("storm"):
        found.append(mention(text, run[at + 1 : at + 2], "unknown", "storm"))
        return 2
    place = Beginning(
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
        or (take_titled(place, found) if place.role else 0)
        or (_take_organisation(place, found) if place.organisation else 0)
        or (_take_place(place, found) if flags & _PLACE else 0)
        or (_take_part(place, found) if run[at].key in cue("direction") else 0)
        or _take_person(place, found)
        or take_unknown(place, found)
    )


def _joined(run: list[Token], end: int, at: int) -> tuple[int, str] | None:
    """An organisation whose head word stands behind "and" between two ordinary words: "Search and Rescue Agency"."""
    if end + 1 >= len(run) or run[end].gap != "and" or not run[end - 1].flags & run[end].flags & COMMON:
        return None
    stop, flags = together(run, end)
    if stop == end + 1 or (run[end - 1].flags | run[end].flags) & _NO_CARE or not flags & HEAD_END:
        return None
    found = organisations.by_head(run, at, stop)
    return found if found is not None and found[0] > end + 1 and found[1] in _CARING else None


def _is_named_after_people(place: Beginning) -> bool:
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


def _is_of_known(place: Beginning) -> bool:
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


def _take_thing(place: Beginning) -> int:
    """A thing or an event is nobody and nowhere, whatever names are in its own ("Lisbon Open")."""
    if place.organisation is not None or place.role:
        return 0
    size = phrases.thing_length(place.run, place.at, place.end)
    return size if place.known is None or len(place.known.tokens) < size else 0


def _take_known(place: Beginning, found: list[Mention]) -> int:
    named = place.known
    if named is None or _is_part_of_person(place, named):
        return 0
    if place.organisation is not None and named.end < place.run[place.organisation[0] - 1].end:
        return 0
    if _is_part_of_facility(place, named):
        return _take_place(place, found)
    found.append(named)
    return len(named.tokens)


def _is_part_of_facility(place: Beginning, named: Mention) -> bool:
    """Whether a known place only names a street, a hall and the like: "Manchester Square", "Emirates Stadium"."""
    after = place.at + len(named.tokens)
    if named.kind != "place" or after >= place.end or named.tokens[-1].possessive:
        return False
    head = place.run[after]
    return bool(head.flags & PLACE_HEAD) and lexicon().place_heads[head.key] == "facility"


def _is_part_of_person(place: Beginning, named: Mention) -> bool:
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


def _take_organisation(place: Beginning, found: list[Mention]) -> int:
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


def _take_place(place: Beginning, found: list[Mention]) -> int:
    named = phrases.place_by_head(place.text, place.run, place.at, place.end)
    if named is None:
        return 0
    found.append(named)
    return len(named.tokens)


def _take_part(place: Beginning, found: list[Mention]) -> int:
    part = phrases.part_of_place(place.text, place.run, place.at, place.end)
    if part is None:
        return 0
    found.append(part)
    return len(part.tokens)


def _take_person(place: Beginning, found: list[Mention]) -> int:
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
