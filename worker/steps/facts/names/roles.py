"""What people are: the office before a name or after it, with the country or the body it belongs to."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.lexicons import lexicon
from worker.steps.facts.names.tokens import word_before

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.names.mentions import Mention

_BESIDE = frozenset({" ", "'s ", "\u2019s "})
_BELONGS = frozenset(
    {
        " of ",
        " of the ",
        " at ",
        " at the ",
        " for ",
        " for the ",
        " with ",
        " with the ",
    }
)
_OF = (" of ", " of the ")
_OWNED = frozenset({", ", ", the ", ", a ", ", an "})
_LINKS = ("'s ", "\u2019s ", " ")
_ENDS_APPOSITION = frozenset({",", "."})
_APPOSED = re.compile(r"(?:'s|\u2019s)? ([a-z][a-z -]{2,30})\Z")
_BRACKET = re.compile(r"(?: \([A-Z][\w.&-]{1,9})?\) ")
# "the UN agency for refugees": the name is that of another body.
_IS_ADJECTIVE = re.compile(
    r"\S{0,2} (?:agency|body|office|branch|arm|unit|subsidiary|chapter|mission|division|affiliate|fund)\b"
)
# "Its new leader, Jane Doe,"
_ANAPHORIC = re.compile(
    r"(?<!, )\b(?:[Tt]he(?: [a-z]{2,20}['\u2019]s)?|[Ii]ts|[Tt]heir|[Hh]is|[Hh]er)"
    r"(?: (?:new|former|then|outgoing|incoming|current|acting|interim))? ([a-z][a-z -]{2,40})\Z"
)
_REACH = 60
_OPENING = re.compile(r"(?:\d{1,3}, )?(?:(?:the|a|an|its|their|his|her|who is|who was) )?", re.IGNORECASE)
_WORDS = re.compile(r"[\w'\u2019-]{1,20}(?: [\w'\u2019-]{1,20}){0,6}")
_WORD = re.compile(r"[^ ]+")
# "The buyer, Jane Doe, is a trader" says so in a sentence, and behind no comma of an apposition.
_BEGINS_NO_ROLE = ("who ", "whose ", "which ", "is ", "was ", "has ", "had ", "and ", "said ", "as ")
_MOST_ADJECTIVES = 3
_MOST_ROLE_WORDS = 4


def give_roles(text: str, mentions: Sequence[Mention]) -> None:
    """Give people the office that stands before their name or, after a comma, behind it."""
    for at, person in enumerate(mentions):
        if person.kind != "person":
            continue
        if person.role is None:
            _role_before(text, person)
        if person.role is None and text.endswith(", ", 0, person.start):
            _role_apposed(text, person, mentions[max(at - 2, 0) : at])
        elif person.role is not None:
            before = mentions[at - 1] if at else None
            if at > 1 and before is not None and mentions[at - 2].end > before.end:
                # The country within the name of its body.
                before = mentions[at - 2]
            _owner_before(text, person, before)
        if person.role is None:
            _role_after(text, person, mentions[at + 1 : at + 3])
        if person.organisation is None and person.country_code is None and at + 1 < len(mentions):
            _owner_after(text, person, mentions[at + 1])


def _role_apposed(text: str, person: Mention, before: Sequence[Mention]) -> None:
    """The office that a name explains: "Turkey's foreign minister, Jane Doe,", "the head of Acme Corp, Jane Doe,"."""
    if text[person.end : person.end + 1] not in _ENDS_APPOSITION:
        return
    end = person.start - 2
    person.role = explained_role(text, person)
    if person.role is not None or not before:
        return
    owner = before[-1]
    if owner.end == end:
        start = owner.start - next((len(link) for link in _OF if text.endswith(link, 0, owner.start)), 0)
        match = _before().search(text[max(start - _REACH, 0) : start] + " ") if start != owner.start else None
        if match is not None:
            at = max(start - _REACH, 0)
            person.role = (at + match.start(1), at + match.end(1))
            _belongs_to(person, owner)
        return
    between = text[owner.end : end]
    match = _APPOSED.match(between)
    if match is not None and match[1].lower() in lexicon().roles:
        person.role = (owner.end + match.start(1), end)
        _owner_before(text, person, owner)


def explained_role(text: str, named: Mention) -> tuple[int, int] | None:
    """Where the office stands that a name between commas explains, of no body that is named: "its chair, Jane Doe,"."""
    end = named.start - 2
    if text[named.end : named.end + 1] not in _ENDS_APPOSITION or not text.startswith(", ", max(end, 0)):
        return None
    match = _ANAPHORIC.search(text, max(end - _REACH, 0), end)
    return match.span(1) if match is not None and match[1] in lexicon().roles else None


def _owner_after(text: str, person: Mention, other: Mention) -> None:
    """The body or the country that a name is followed by: "Jane Doe of Acme Corp"."""
    if text[person.end : other.start] in _OF:
        _belongs_to(person, other)


def _belongs_to(person: Mention, owner: Mention) -> None:
    if owner.kind == "organisation":
        person.organisation = owner.surface
    elif owner.kind == "place":
        spots = spots_named(name_key(owner.surface))
        person.country_code = spots[0].country_code if spots and spots[0].kind == "country" else None


def _role_before(text: str, person: Mention) -> None:
    """A trade in small letters directly before the name: "striker John Doe", "prime minister Jane Doe"."""
    if word_before(text, person.start) not in _last_words():
        return
    line = text[max(person.start - _REACH, 0) : person.start]
    match = _before().search(line)
    if match is not None:
        start = person.start - len(line) + match.start(1)
        person.role = (start, person.start - len(line) + match.end(1))


def _owner_before(text: str, person: Mention, before: Mention | None) -> None:
    if before is None or person.role is None:
        return
    between = text[before.end : person.role[0]]
    if between not in _BESIDE and not (before.kind == "organisation" and _BRACKET.fullmatch(between)):
        return
    if before.kind == "organisation":
        person.organisation = before.same_as or before.surface
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
    if not text.startswith(", ", person.end):
        return
    if following and text[person.end : following[0].start] in _OWNED and _role_of(text, person, following[0]):
        return
    role = _role_at(text, person.end + 2)
    if role is None:
        return
    start, end = person.role = role
    for other in following:
        between = text[end : other.start] if other.start >= end else None
        if between in _BELONGS and other.kind == "organisation" and not _IS_ADJECTIVE.match(text, other.end):
            person.organisation = other.surface
        elif between in _BELONGS and other.kind == "place":
            _belongs_to(person, other)
        elif other.kind == "demonym" and start <= other.start < end:
            person.country_code = other.country_code


def _role_of(text: str, person: Mention, owner: Mention) -> bool:
    """The office behind the body or the country whose it is: "Jane Doe, U.S. envoy", "Jane Doe, Acme Corp chair"."""
    link = next((link for link in _LINKS if text.startswith(link, owner.end)), None)
    start = owner.end + len(link or "")
    role = _role_at(text, start) if link is not None else None
    if role is None or role[0] != start:
        return False
    if owner.kind == "organisation":
        person.role = role
        person.organisation = owner.surface
    elif owner.kind in {"place", "demonym"}:
        person.role, person.role_start = (owner.start, role[1]), start
        person.country_code = owner.country_code
        _belongs_to(person, owner)
    else:
        return False
    return True


def _role_at(text: str, start: int) -> tuple[int, int] | None:
    """Where the trade stands that an age, an article and a few adjectives may be before."""
    opening = _OPENING.match(text, start)
    begins = opening.end() if opening is not None else start
    words = _WORDS.match(text, begins)
    if words is None or words[0].startswith(_BEGINS_NO_ROLE):
        return None
    ends = [word.end() + begins for word in _WORD.finditer(words[0])]
    roles = lexicon().roles
    first = begins
    for at in range(min(len(ends), _MOST_ADJECTIVES + 1)):
        for end in reversed(ends[at : at + _MOST_ROLE_WORDS]):
            if text[first:end].lower() in roles:
                # "Acme's chief executive": whose it is, is no part of it.
                owned = max(text.rfind("'s ", begins, end), text.rfind("\u2019s ", begins, end))
                return (owned + len("'s ") if owned > 0 and text[begins].isupper() else begins), end
        first = ends[at] + 1
    return None


@cache
def _trade() -> str:
    return "|".join(sorted(map(re.escape, lexicon().roles), key=len, reverse=True))


@cache
def _last_words() -> frozenset[str]:
    """The words that trades and offices end with, by which most people are told not to have one before them."""
    return frozenset(role.rpartition(" ")[2] for role in lexicon().roles)


@cache
def _before() -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w-])((?:(?:former|deputy|acting|interim|vice|senior|chief|executive|assistant|ex) )?(?:{_trade()})) $"
    )
