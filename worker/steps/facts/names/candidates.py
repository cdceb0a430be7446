"""Runs of capitalised words, cut into names; what each is, as far as its own words and its neighbours say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.steps.facts.names import organisations, people, phrases
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
_NAMED_AFTER_PEOPLES = frozenset({"party", "culture", "education"})
_SITES = (".com", ".org", ".net", ".gov", ".tv", ".io")
_ROLE = ROLE_START | OFFICE_HEAD
_PLACE = PLACE_HEAD | PLACE_OPENER
_TOGETHER = frozenset({"", ".", "particle", "&"})
_BESIDE = frozenset({"", "."})


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
        organisation=organisations.by_head(run, at, end) if flags & HEAD_END else None,
        role=people.role_length(run, at, end) if flags & _ROLE else 0,
    )
    if size and place.organisation is not None and _is_named_after_people(place):
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


def _is_named_after_people(place: _Place) -> bool:
    """Whether a people is part of a name, because its head word alone says nothing: "British Museum"."""
    stop, kind = place.organisation or (0, "")
    return stop == place.at + 2 and kind in _NAMED_AFTER_PEOPLES


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
    if named.kind != "place" or len(named.tokens) > 1 or after >= len(place.run):
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
    if start < len(run) and run[start].gap in _BESIDE:
        size = people.name_length(run, start, _together(run, start)[0], titled=True)
        if size:
            person = mention(place.text, run[start : start + size], "person", "title")
            person.role = (run[at].start, run[start - 1].end)
            found.append(person)
            return role + size
    return role


def _take_organisation(place: _Place, found: list[Mention]) -> int:
    if place.organisation is None:
        return 0
    stop, kind = place.organisation
    named = mention(place.text, place.run[place.at : stop], "organisation", "head word")
    named.type = kind
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
    while stop < place.end and not _ends_unknown(run[stop].flags):
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
    elif not _is_wordy(tokens) and word_before(place.text, first.start) != "the":
        _guess(unknown)
    found.append(unknown)
    return len(tokens)


def _ends_unknown(flags: int) -> bool:
    return bool(flags & (DEMONYM | NEVER | TITLE)) or flags & (OFFICE | SURNAME) == OFFICE


def _guess(unknown: Mention) -> None:
    first, last = unknown.tokens[0].surface, unknown.tokens[-1].surface
    if any(token.gap == "&" for token in unknown.tokens[1:]):
        unknown.kind, unknown.rule, unknown.type = (
            "organisation",
            "ampersand",
            "company",
        )
    elif (last.isupper() and len(last) > 1) or (first.isupper() and len(first) > 2):
        unknown.kind, unknown.rule, unknown.type = (
            "organisation",
            "acronym within",
            "other",
        )
        unknown.weak = True
    elif len(unknown.tokens) <= _MOST_PERSON_WORDS:
        unknown.kind, unknown.rule, unknown.weak = "person", "unknown words", True


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
