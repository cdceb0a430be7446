"""Whether what stands in the place of an agency is one: "(AP)", "/TASS/", "(WKYT)", "(UrduPoint News / Sputnik)"."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache

from worker.steps.facts.dateline_day import WrittenDay, match_day
from worker.steps.facts.gazetteer import fold, lexicon_lines

_MAX_WORDS = 6

# Broadcasters of the USA sign with their call signs.
_CALL_SIGN = re.compile(r"[WK][A-Z]{2,3}(?:[- ]?(?:TV|DT|FM|AM))?(?:[ -]?\d{1,2})?")
_MEDIA_WORD = re.compile(
    r"news|press|agency|agence|agencia|agenzia|wire|telegraph|tribune|herald|gazette|bureau|radio|\btv\b|\.com\b|\.net\b"
    r"|\btimes\b|\bpost\b|\bdaily\b|\bmedia\b|\bservice\b",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"[A-Z][A-Za-z]{0,2}[A-Z]{1,4}")
_DASHES = "[\\-\u2010-\u2015]"
_JOINT = re.compile(rf"[ \xa0]*[/&+|][ \xa0]*|[ \xa0]+(?:and|via)[ \xa0]+|[ \xa0]+{_DASHES}[ \xa0]+")
_DAY_JOINT = re.compile(rf"[ \xa0](?:{_DASHES}|/)[ \xa0]|,[ \xa0]")


class Trust(IntEnum):
    """How sure it is that a name is an agency's."""

    NONE = 0
    BY_SHAPE = 1
    LISTED = 2


@cache
def agencies() -> frozenset[str]:
    """The agencies of the lexicon, in their usual writing."""
    return frozenset(lexicon_lines("agencies.txt"))


def agency_trust(name: str) -> Trust:
    """How sure it is that `name` is an agency, or several of which one is listed ("ANI/PNN")."""
    listed = _folded_agencies()
    if fold(name) in listed or any(fold(part) in listed for part in _JOINT.split(name)):
        return Trust.LISTED
    if not name[:1].isalnum() or len(name.split()) > _MAX_WORDS:
        return Trust.NONE
    if _CALL_SIGN.fullmatch(name) or _INITIALS.fullmatch(name) or _MEDIA_WORD.search(name):
        return Trust.BY_SHAPE
    return Trust.NONE


def without_day(content: str) -> tuple[str, WrittenDay | None]:
    """The agency in "UrduPoint News / Sputnik - 24th May, 2025", and the day."""
    for joint in _DAY_JOINT.finditer(content):
        found = match_day(content, joint.end(), len(content))
        if found and found[1] == len(content):
            return content[: joint.start()], found[0]
    return content, None


@cache
def _folded_agencies() -> frozenset[str]:
    return frozenset(fold(name) for name in agencies())
