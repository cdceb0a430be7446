"""What the rest of the text says about a name that stands alone: a surname, an acronym, a town that is also a word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.model.caching import kept
from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.knowledge import Knowledge
from worker.steps.facts.names.lexicons import (
    COMMON,
    FIRST_NAME,
    SURNAME,
    TRADE,
    cue,
    word_flags,
)
from worker.steps.facts.names.roles import explained_role
from worker.steps.facts.names.sport import take_team
from worker.steps.facts.names.tokens import word_after, word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.mentions import Mention

_REGION = re.compile(r" (count(?=y|ies)|region|oblast|province|governorate|prefecture|state)(s|ies)?y?\b")
# Whom or what only a division has.
_GOVERNED = re.compile(r"(?:'s|\u2019s)? (?:Gov\b|[Gg]overnor|[Aa]ttorney [Gg]eneral|[Ll]egislature|lawmakers)")
_DIVISION_OF = ("state of ", "province of ", "State of ")
_LARGE_INHABITANTS = 600_000
_ENUMERATION = frozenset({", ", " and ", ", and ", " or ", ", or "})
_CONTAINER = re.compile(r", ?([A-Z][\w.]{1,30}(?: [A-Z][\w.]{1,30})?)")
_BASED = ("-based", "-born", "-area")
_SHORT = 3
# An ordinary word of so many letters is no acronym, but set in capitals.
_CAPS_WORD_LETTERS = 6
_ACRONYM_LETTERS = range(2, 7)
# What a town must have to be named alone, where its name is a word, a person's name, or nothing else.
_WORD_INHABITANTS = 300_000
_NAMESAKE_INHABITANTS = 150_000
_TOWN_INHABITANTS = 15_000


def settle(text: str, mentions: list[Mention], *, sport: bool, dateline: tuple[int, int]) -> list[Mention]:
    """The mentions with their final kind; those that stay unknown are left out."""
    known = Knowledge(text, mentions, sport=sport)
    first, last = dateline
    for at, mention in enumerate(mentions):
        kind = mention.kind
        if sport and kind == "place":
            take_team(text, mention)
        if first <= mention.start < last and _is_dateline_place(mention):
            mention.become("place", "dateline")
            mention.weak = False
        elif kind == "unknown" or mention.weak:
            _settle_uncertain(text, mentions, at, known)
        elif kind == "organisation":
            _settle_organisation(text, mention, known)
        if sport:
            take_team(text, mention)
    settled = [mention for mention in mentions if mention.kind != "unknown"]
    _name_regions(text, settled)
    return settled


def _settle_uncertain(text: str, mentions: list[Mention], at: int, known: Knowledge) -> None:
    """A name that is unknown or only guessed."""
    mention = mentions[at]
    if known.is_storm(mention):
        mention.become("unknown", "storm")
    elif mention.kind != "place":
        _settle_name(text, mention, known)
    elif not _follows_place(text, mentions, at):
        _settle_place(text, mention, known)


def _follows_place(text: str, mentions: list[Mention], at: int) -> bool:
    """Whether a place stands before it in a list: "London and Dover"."""
    before = mentions[at - 1] if at else None
    if before is None or before.kind != "place" or text[before.end : mentions[at].start] not in {" and ", " or "}:
        return False
    if word_before(text, before.start) in cue("place only before"):
        return True
    return not mentions[at].tokens[-1].flags & FIRST_NAME


def _settle_organisation(text: str, mention: Mention, known: Knowledge) -> None:
    """An organisation for certain, but which one, and is it rather where someone is."""
    if mention.rule == "called a body":
        known.take_short_form(mention)
    elif mention.rule == "head alone":
        known.take_head(mention)
    elif mention.rule == "known organisation":
        known.take_company(mention)
    elif mention.type == "health" and word_before(text, mention.start) in cue("place only before"):
        # Who lies in a hospital is at a place.
        mention.become("place", "hospital")
        mention.label = "facility"


def _is_dateline_place(mention: Mention) -> bool:
    return mention.kind != "organisation" and bool(spots_named(name_key(mention.surface)))


def _settle_name(text: str, mention: Mention, known: Knowledge) -> None:
    """An unknown name, or one that was only guessed."""
    if known.take_short_form(mention) or mention.rule == "opening word":
        return
    if mention.rule == "known team":
        if not known.sport:
            # "Hampshire" is the county then.
            mention.become(
                "place" if spots_named(name_key(mention.surface)) else "unknown",
                "no sport",
            )
        return
    before = word_before(text, mention.start)
    if before in cue("ship"):
        mention.become("unknown", "ship")
        return
    key = mention.tokens[0].key
    if len(mention.tokens) > 1:
        _settle_words(text, mention, known, before)
    elif key in known.surnames and not (mention.kind == "organisation" and before == "the"):
        mention.become("person", "surname")
    elif mention.kind == "unknown":
        _settle_unknown(text, mention, known, before)


def _settle_words(text: str, mention: Mention, known: Knowledge, before: str) -> None:
    """A name of several words that is unknown or only guessed."""
    if mention.kind == "person" and before == "the":
        mention.become("unknown", "article")
    elif (
        mention.kind == "unknown"
        and mention.tokens[0].key in cue("particle")
        and mention.tokens[-1].key in known.surnames
    ):
        mention.become("person", "surname")
    elif mention.kind == "unknown" and explained_role(text, mention):
        mention.become("person", "office before")
    elif mention.rule == "unknown words" and before in cue("place only before"):
        mention.become("place", "in context")


def _settle_unknown(text: str, mention: Mention, known: Knowledge, before: str) -> None:
    """A single word that nothing in the text explains but its neighbours."""
    key, flags = mention.tokens[0].key, mention.tokens[0].flags
    after = word_after(text, mention.end)
    if flags & COMMON:
        if _is_acronym(mention.surface) and len(key) < _CAPS_WORD_LETTERS:
            mention.become("organisation", "acronym")
        elif key in known.given and flags & SURNAME and (not mention.tokens[0].opens or after in cue("speech")):
            mention.become("person", "first name")
        return
    if key in known.given:
        mention.become("person", "first name")
    elif spots_named(key) and (
        before in cue("place before") or after in cue("place after") or text.startswith(_BASED, mention.end)
    ):
        mention.become("place", "settlement in context")
    elif after in cue("regime"):
        mention.become("person", "regime")
    elif _is_acronym(mention.surface) and not known.is_of_thing(mention, before):
        mention.become("organisation", "acronym")
    elif (after in cue("speech") or word_flags(before) & TRADE) and not mention.surface[-1].isdigit():
        mention.become("person", "speech")
    elif before != "the" and flags & (SURNAME | FIRST_NAME) and not (mention.tokens[0].opens and len(key) <= _SHORT):
        mention.become("person", "surname of the lexicon")


def _settle_place(text: str, mention: Mention, known: Knowledge) -> None:
    """Whether a name that is also something else is the place."""
    name, key, flags = (
        name_key(mention.surface),
        mention.tokens[-1].key,
        mention.tokens[-1].flags,
    )
    before = word_before(text, mention.start)
    if len(mention.tokens) == 1 and key in known.surnames and name not in known.places:
        if before not in cue("place only before"):
            mention.become("person", "surname")
        return
    if before in cue("place before"):
        return
    after = word_after(text, mention.end)
    if text.startswith(_BASED, mention.end):
        return
    if after in cue("place after") or name in known.places or _is_contained(text, mention):
        return
    size = max((spot.inhabitants for spot in spots_named(name)), default=0)
    is_subject = (after in cue("speech") or word_flags(before) & TRADE) and before != "the"
    if key in known.given and size < _NAMESAKE_INHABITANTS and before != "the":
        # Where family names stand first: "Kim Jong-un … Kim".
        mention.become("person", "first name")
    elif flags & FIRST_NAME and (key in known.given or (not flags & COMMON and size < _NAMESAKE_INHABITANTS)):
        mention.become("unknown" if before == "the" else "person", "first name")
    elif is_subject and flags & (SURNAME | COMMON) == SURNAME and size < _NAMESAKE_INHABITANTS:
        mention.become("person", "speech")
    elif size < (_WORD_INHABITANTS if flags & COMMON else _TOWN_INHABITANTS) and before != ",":
        mention.become("unknown", "small settlement")


def _is_contained(text: str, mention: Mention) -> bool:
    """Whether a country, state or county follows: "Paris, Texas"."""
    match = _CONTAINER.match(text, mention.end)
    if match is None:
        return False
    found = (spots_named(name_key(name.rstrip("."))) for name in (match[1], match[1].split(" ")[0]))
    return any(spots and spots[0].kind in {"country", "region"} for spots in found)


def _is_acronym(surface: str) -> bool:
    letters = surface.replace(".", "").replace("&", "").replace("-", "")
    return len(letters) in _ACRONYM_LETTERS and letters.isupper() and letters.isalpha()


def _name_regions(text: str, mentions: list[Mention]) -> None:
    """Make regions of the places that "region" follows: "Kyiv region", "the Odesa, Sumy and Kyiv regions"."""
    for at, mention in enumerate(mentions):
        if mention.kind not in {"place", "person"}:
            continue
        match = _REGION.match(text, mention.end)
        if match is None or (mention.kind == "person" and not match[2]):
            if mention.kind == "place" and _is_division_here(text, mentions, at):
                mention.label = "region"
            continue
        label = "county" if match[1].startswith("count") else "region"
        first = at
        if match[2]:
            while first and mentions[first - 1].kind in {"place", "person"} and _is_enumerated(text, mentions, first):
                first -= 1
        for named in mentions[first : at + 1]:
            named.become("place", "region")
            named.label = label


def _is_division_here(text: str, mentions: list[Mention], at: int) -> bool:
    """Whether a name that a city has as well is that of the division: "New York Gov.", "Utah, Washington and Iowa"."""
    mention = mentions[at]
    spots = _namesakes(mention.surface)
    if not spots or mention.label:
        return False
    if _GOVERNED.match(text, mention.end) or text.endswith(_DIVISION_OF, 0, mention.start):
        return True
    before = at > 0 and _is_enumerated(text, mentions, at) and _only_division(mentions[at - 1]) is not None
    if before or at + 1 >= len(mentions) or not _is_enumerated(text, mentions, at + 1):
        return before
    division = _only_division(mentions[at + 1])
    # But "Reading, Pa." is a town in it.
    return division is not None and all(
        spot.kind != "city" or (spot.country_code, spot.division) != (division.country_code, division.division)
        for spot in spots
    )


@kept(5_000)
def _namesakes(surface: str) -> tuple[Spot, ...]:
    """The places of a name that is that of a division and of something else as well."""
    spots = spots_named(name_key(surface))
    return spots if len(spots) > 1 and spots[0].kind == "region" else ()


def _only_division(mention: Mention) -> Spot | None:
    """The division that a name means, if no large city has it as well."""
    spots = spots_named(name_key(mention.surface)) if mention.kind == "place" else ()
    if not spots or spots[0].kind != "region" or any(spot.inhabitants >= _LARGE_INHABITANTS for spot in spots):
        return None
    return spots[0]


def _is_enumerated(text: str, mentions: list[Mention], at: int) -> bool:
    return text[mentions[at - 1].end : mentions[at].start] in _ENUMERATION
