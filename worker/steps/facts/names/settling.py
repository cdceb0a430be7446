"""What the rest of the text says about a name that stands alone: a surname, an acronym, a town that is also a word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.knowledge import Knowledge
from worker.steps.facts.names.lexicons import cue, lexicon
from worker.steps.facts.names.sport import take_team
from worker.steps.facts.names.tokens import word_after, word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.mentions import Mention

_REGION = re.compile(r" (count(?=y|ies)|region|oblast|province|governorate|prefecture|state)(s|ies)?y?\b")
_ENUMERATION = frozenset({", ", " and ", ", and ", " or ", ", or "})
_CONTAINER = re.compile(r", ?([A-Z][\w.]{1,30}(?: [A-Z][\w.]{1,30})?)")
_ACRONYM_LETTERS = range(2, 7)
# What a town must have to be named alone, where its name is a word, a person's name, or nothing else.
_WORD_INHABITANTS = 300_000
_NAMESAKE_INHABITANTS = 150_000
_TOWN_INHABITANTS = 15_000


def settle(text: str, mentions: list[Mention], *, sport: bool, dateline: tuple[int, int]) -> list[Mention]:
    """The mentions with their final kind; those that stay unknown are left out."""
    known = Knowledge(text, mentions, sport=sport)
    for mention in mentions:
        if sport and mention.kind == "place":
            take_team(text, mention)
        if dateline[0] <= mention.start < dateline[1] and _is_dateline_place(mention):
            mention.become("place", "dateline")
            mention.weak = False
        elif mention.type == "health" and word_before(text, mention.start) in cue("place only before"):
            # Who lies in a hospital is at a place.
            mention.become("place", "hospital")
            mention.label = "facility"
        elif mention.rule == "head alone":
            known.take_head(mention)
        elif mention.kind == "place" and mention.weak:
            _settle_place(text, mention, known)
        elif mention.kind == "unknown" or mention.weak:
            _settle_name(text, mention, known)
        if sport:
            take_team(text, mention)
    settled = [mention for mention in mentions if mention.kind != "unknown"]
    _name_regions(text, settled)
    return settled


def _is_dateline_place(mention: Mention) -> bool:
    return mention.kind != "organisation" and bool(spots_named(name_key(mention.surface)))


def _settle_name(text: str, mention: Mention, known: Knowledge) -> None:
    """An unknown name, or one that was only guessed."""
    if known.take_short_form(mention) or mention.rule == "opening word":
        return
    if mention.rule == "known team":
        if not known.sport:
            # "Hampshire" is the county then.
            mention.become("place" if spots_named(name_key(mention.surface)) else "unknown", "no sport")
        return
    before = word_before(text, mention.start)
    key = mention.tokens[0].key
    if len(mention.tokens) > 1:
        if mention.kind == "person" and before == "the":
            mention.become("unknown", "article")
    elif key in known.surnames and not (mention.kind == "organisation" and before == "the"):
        mention.become("person", "surname")
    elif mention.kind == "unknown":
        _settle_unknown(text, mention, known, before)


def _settle_unknown(text: str, mention: Mention, known: Knowledge, before: str) -> None:
    """A single word that nothing in the text explains but its neighbours."""
    words = lexicon()
    key = mention.tokens[0].key
    after = word_after(text, mention.end)
    if key in words.common:
        if _is_acronym(mention.surface):
            mention.become("organisation", "acronym")
    elif key in known.given:
        mention.become("person", "first name")
    elif spots_named(key) and (before in cue("place before") or after in cue("place after")):
        mention.become("place", "settlement in context")
    elif after in cue("regime"):
        mention.become("person", "regime")
    elif _is_acronym(mention.surface):
        mention.become("organisation", "acronym")
    elif after in cue("speech") or before in words.trades:
        mention.become("person", "speech")
    elif before != "the" and (key in words.surnames or key in words.first_names):
        mention.become("person", "surname of the lexicon")


def _settle_place(text: str, mention: Mention, known: Knowledge) -> None:
    """Whether a name that is also something else is the place."""
    words = lexicon()
    name, key = name_key(mention.surface), mention.tokens[-1].key
    before, after = word_before(text, mention.start), word_after(text, mention.end)
    if len(mention.tokens) == 1 and key in known.surnames and name not in known.places:
        if before not in cue("place only before"):
            mention.become("person", "surname")
        return
    if before in cue("place before") or after in cue("place after"):
        return
    if name in known.places or _is_contained(text, mention):
        return
    size = max((spot.inhabitants for spot in spots_named(name)), default=0)
    is_subject = (after in cue("speech") or before in words.trades) and before != "the"
    if key in words.first_names and (key in known.given or (key not in words.common and size < _NAMESAKE_INHABITANTS)):
        mention.become("unknown" if before == "the" else "person", "first name")
    elif is_subject and key in words.surnames and key not in words.common and size < _NAMESAKE_INHABITANTS:
        mention.become("person", "speech")
    elif size < (_WORD_INHABITANTS if key in words.common else _TOWN_INHABITANTS) and before != ",":
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
        match = _REGION.match(text, mention.end) if mention.kind in {"place", "person"} else None
        if match is None or (mention.kind == "person" and not match[2]):
            continue
        label = "county" if match[1].startswith("count") else "region"
        first = at
        if match[2]:
            while first and mentions[first - 1].kind in {"place", "person"} and _is_enumerated(text, mentions, first):
                first -= 1
        for named in mentions[first : at + 1]:
            named.become("place", "region")
            named.label = label


def _is_enumerated(text: str, mentions: list[Mention], at: int) -> bool:
    return text[mentions[at - 1].end : mentions[at].start] in _ENUMERATION
