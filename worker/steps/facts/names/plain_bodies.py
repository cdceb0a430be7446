"""Bodies of a country that are named in small letters: "Iraqi security forces", "Russia's foreign ministry"."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.gazetteer import lexicon_lines
from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.mentions import Mention
from worker.steps.facts.names.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BODY = "body of a country"
_LINKS = (" ", "'s ", "\u2019s ")
# What may follow a word that is a body or an adjective: "the Russian military said", but "Russian military aid".
_NO_NOUN = re.compile(
    r"(?=[^\w\s-])|\s+(?:said|says|say|has|have|had|is|are|was|were|will|would|did|and|or|in|on|at|to|of|by|from|with|for|that"
    r"|who|which|as|also|killed|arrested|opened|fired|spokes\w+|sources?|officials?|officers?)\b|\s*\Z"
)
_WORD = re.compile(r"\S+")
_MOST_LETTERS = 40


def plain_bodies(text: str, mentions: Sequence[Mention]) -> list[Mention]:
    """The bodies behind these peoples and countries; their names stand within those of the bodies."""
    found = []
    for owner in mentions:
        if owner.kind not in {"demonym", "place"} or not text.startswith(_LINKS, owner.end):
            continue
        start = text.index(" ", owner.end) + 1
        if not text[start : start + 1].islower():
            continue
        match = _body().match(text, start, start + _MOST_LETTERS)
        code = _country(text, owner) if match is not None else None
        if match is None or code is None:
            continue
        kind, is_adjective = _kinds()[match[0]]
        if is_adjective and _NO_NOUN.match(text, match.end()) is None:
            continue
        tokens = [
            Token(
                word[0],
                start + word.start(),
                start + word.end(),
                word[0],
                0,
                1,
                opens=False,
                possessive=False,
            )
            for word in _WORD.finditer(match[0])
        ]
        surface = text[owner.start : match.end()]
        body = Mention(owner.start, match.end(), surface, "organisation", BODY, tokens, kind, code)
        body.explicit = True
        found.append(body)
    return found


def _country(text: str, owner: Mention) -> str | None:
    """The country that a people or a country before a body names; None for a country that is no adjective."""
    if owner.kind == "demonym":
        return owner.country_code if text.startswith(" ", owner.end) else None
    if text.startswith(" ", owner.end) and not owner.surface.isupper():
        return None
    spots = spots_named(name_key(owner.surface)) if not owner.is_part else ()
    return spots[0].country_code if spots and spots[0].kind == "country" else None


@cache
def _kinds() -> Mapping[str, tuple[str, bool]]:
    found: dict[str, tuple[str, bool]] = {}
    for line in lexicon_lines("plain_bodies.tsv"):
        kind, words = line.split("\t")
        found |= {word.removeprefix("*"): (kind, word.startswith("*")) for word in words.split("|")}
    return found


@cache
def _body() -> re.Pattern[str]:
    words = sorted(_kinds(), key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(map(re.escape, words))})(?![\w-])")
