"""Reports of results, where towns are teams."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.lexicons import cue
from worker.steps.facts.names.tokens import word_after, word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.mentions import Mention

_LABEL = re.compile(
    r"\s*(?:SOCCER|FOOTBALL|BASEBALL|BASKETBALL|(?:ICE )?HOCKEY|TENNIS|CRICKET|RUGBY|GOLF|CYCLING|BOXING"
    r"|ATHLETICS|SWIMMING|SKIING|NFL|NBA|NHL|MLB|BADMINTON|SQUASH|MOTOR|VOLLEYBALL|HANDBALL|ALPINE|NORDIC"
    r"|SPEED|FIGURE|GYMNASTICS|MOTORCYCLING|RALLYING)\b[ A-Z]{0,40}-",
    re.IGNORECASE,
)
# The hyphen first: it is rare, so the search is quick.
_HYPHEN = re.compile(r"-\d")
_SCORE = re.compile(r"\b\d{1,3}-\d{1,3}\b")
_SCORES = 3
_OPENING = 6_000
_RESULT = re.compile(r" +\(?\d{1,3}\b(?![,.]\d| (?:percent|per cent|million|billion))")
_ROW = re.compile(r"(?: \([A-Z]{1,2}\))? +\d{1,3}(?: +[\d.\[A-Z-]|\n)")
_GUESSES = frozenset({"capitals", "opening word", "surname of the lexicon", "no sport"})


def is_sport(text: str) -> bool:
    """Whether the text reports results."""
    if _LABEL.match(text) is not None:
        return True
    scores = 0
    for hyphen in _HYPHEN.finditer(text, 0, _OPENING):
        if _SCORE.search(text, max(hyphen.start() - 4, 0), hyphen.end() + 4):
            scores += 1
            if scores == _SCORES:
                return True
    return False


def take_team(text: str, mention: Mention) -> None:
    """Take a town that plays, or has a number behind it, for its team; and the name that opens a row of numbers."""
    if mention.kind == "place":
        if _is_team_of_town(text, mention):
            mention.become("organisation", "result")
            mention.type = "sport"
    elif mention.kind in {"unknown", "person"} and mention.rule in _GUESSES and len(mention.tokens) == 1:
        opens_line = mention.start == 0 or text[mention.start - 1] == "\n"
        if opens_line and _ROW.match(text, mention.end) is not None:
            mention.become("organisation", "row of a table")
            mention.type = "sport"


def _is_team_of_town(text: str, mention: Mention) -> bool:
    spots = spots_named(name_key(mention.surface))
    if mention.label or not spots or spots[0].kind in {"country", "continent", "area", "water"}:
        return False
    if _RESULT.match(text, mention.end):
        return True
    before, after = word_before(text, mention.start), word_after(text, mention.end)
    in_brackets = before == "(" and after == ")" and spots[0].kind == "city"
    return in_brackets or after in cue("team after") or before in cue("team before")
