"""Names that are known as they stand, and names that a word in them makes a place or a thing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.names.known import known
from worker.steps.facts.names.known_places import known_place
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    DEMONYM_END,
    FIRST_NAME,
    HEAD,
    PLACE_HEAD,
    PLACE_OPENER,
    SURNAME,
    THING,
    cue,
    lexicon,
)
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.tokens import GAP_TEXT, word_after, word_before

if TYPE_CHECKING:
    from worker.steps.facts.names.lexicons import KnownOrganisation
    from worker.steps.facts.names.tokens import Token

_MOST_OPENED_WORDS = 3
_ENDS_OF_X = frozenset({"", " ", ",", ".", ";", ":", '"', "\u201d", "\u2019"})


def begins(run: list[Token], at: int) -> bool:
    """Whether a known name of several words begins here."""
    most = min(run[at].phrase, len(run) - at)
    if most == 1:
        return False
    surface = run[at].surface
    for before, token in zip(run[at : at + most - 1], run[at + 1 : at + most], strict=True):
        surface += ("'s" if before.possessive else "") + GAP_TEXT.get(token.gap, " ") + token.surface
        if known(surface) is not None:
            return True
    return False


def demonym_length(run: list[Token], at: int) -> int:
    """How many words of a demonym begin here: "Ukrainian", "South Korean"."""
    if at + 1 < len(run):
        following = run[at + 1]
        if following.flags & DEMONYM_END and following.gap in {"", "."} and _two_words(run, at) in lexicon().demonyms:
            return 2
    return 1 if run[at].flags & DEMONYM else 0


def demonym_country(run: list[Token], at: int, size: int) -> str | None:
    """The country code of a demonym of so many words; None when it is of no one country."""
    return lexicon().demonyms[_two_words(run, at) if size == 2 else run[at].key] or None


def _two_words(run: list[Token], at: int) -> str:
    return f"{run[at].key}{run[at + 1].gap} {run[at + 1].key}"


def longest(text: str, run: list[Token], at: int) -> Mention | None:
    """The longest known name that begins at this word: an organisation, a team, a place."""
    first = run[at]
    start = first.start
    for size in range(min(first.phrase, len(run) - at), 0, -1):
        last = run[at + size - 1]
        surface = text[start : last.end] if size > 1 else first.surface
        if "\n" in surface:
            surface = " ".join(surface.split())
        of_name = known(surface)
        if of_name is None and not last.possessive:
            continue
        found = None
        if last.possessive or (of_name is not None and of_name.organisation is not None):
            found = _organisation(
                text,
                run[at : at + size],
                surface,
                of_name.organisation if of_name else None,
            )
        if found is None and of_name is not None:
            if of_name.is_team:
                found = _team(text, run[at : at + size])
            if found is None and of_name.spots:
                found = known_place(text, run, at, size, of_name)
        if found is not None:
            return found
    return None


def _organisation(text: str, tokens: list[Token], surface: str, of_name: KnownOrganisation | None) -> Mention | None:
    last = tokens[-1]
    if of_name is None and last.possessive:
        # "Moody's", "McDonald's" are no possessives.
        of_name = lexicon().organisations.get(surface + "'s")
        if of_name is not None:
            last.end += 2
            last.possessive = False
    if of_name is None or not _is_meant(text, surface, tokens[0].start, last.end):
        return None
    found = mention(text, tokens, "organisation", "known organisation")
    party = lexicon().organisations.get(surface + " Party") if text.startswith(" party", last.end) else None
    if party is not None:
        # "the Congress party" is no congress.
        of_name, found.same_as, found.explicit = party, party.name, True
    found.type, found.country_code = of_name.type, of_name.country_code
    return found


def _is_meant(text: str, surface: str, start: int, end: int) -> bool:
    """Whether a word that is also something else is the organisation: X is a platform only where one posts on it."""
    if surface == "X":
        posted = word_before(text, start) in cue("platform before") and text[end : end + 1] in _ENDS_OF_X
        return posted or word_after(text, end) in cue("platform after")
    if surface in cue("not with the"):
        return word_before(text, start) != "the"
    return surface not in cue("acronym word") or not text[max(start - 1, 0) : start].isupper()


def _team(text: str, tokens: list[Token]) -> Mention | None:
    if (
        len(tokens) == 1
        and tokens[0].flags & COMMON
        and not tokens[0].opens
        and word_before(text, tokens[0].start) != "the"
    ):
        return None
    found = mention(text, tokens, "organisation", "known team")
    found.type = "sport"
    found.weak = len(tokens) == 1
    return found


def place_by_head(text: str, run: list[Token], at: int, end: int) -> Mention | None:
    """A place that its last or first word makes one: "Elm Street", "Lake Baikal", "Laurel County"."""
    opener = _opener(run, at)
    if opener is not None:
        return _opened(text, run, at, end, opener)
    for stop in range(end, at + 1, -1):
        last = run[stop - 1]
        if not last.flags & PLACE_HEAD or _is_generic(run[at : stop - 1]):
            continue
        if last.key == "district" and run[stop - 2].flags & COMMON:
            continue
        if stop - at == 2 and run[at].flags & FIRST_NAME and last.key in cue("surname or place"):
            return None
        found = mention(text, run[at:stop], "place", "closing word")
        found.label = lexicon().place_heads[last.key]
        if last.key in cue("named after its town"):
            inner = longest(text, run[: stop - 1], at)
            if inner is not None and inner.kind == "place" and not inner.weak:
                found.of, found.is_part = inner.surface, True
        return found
    return None


def _opened(text: str, run: list[Token], at: int, end: int, kind: str) -> Mention:
    """A place that its first word makes one; with "of", it is or lies in the known place behind that."""
    inner = longest(text, run, at + 1) if run[at + 1].gap == "of" else None
    if inner is not None and inner.kind == "place":
        found = mention(text, run[at : at + 1 + len(inner.tokens)], "place", "opening word")
        found.of = inner.surface
        found.is_part = kind not in {"region", "city"}
        found.label = kind if found.is_part else "region" if run[at].key in cue("division") else ""
        return found
    stop = at + 2
    while stop < min(end, at + _MOST_OPENED_WORDS) and not run[stop].flags & HEAD:
        stop += 1
    found = mention(text, run[at:stop], "place", "opening word")
    found.label = kind
    return found


def part_of_place(text: str, run: list[Token], at: int, end: int) -> Mention | None:
    """A part of a known place: "West Wales", "the Western US"."""
    stop = at
    directions = cue("direction")
    while stop < end and run[stop].key in directions and not run[stop].possessive:
        stop += 1
    inner = longest(text, run, stop) if at < stop < end else None
    of_name = known(inner.surface) if inner is not None and inner.kind == "place" else None
    if inner is None or of_name is None or (inner.weak and of_name.spots[0].kind == "city"):
        return None
    found = mention(text, run[at : stop + len(inner.tokens)], "place", "part of a place")
    found.of, found.is_part, found.label = inner.surface, True, "area"
    return found


def _opener(run: list[Token], at: int) -> str | None:
    """The kind of place that a word opens: "Lake Baikal", "Gulf of Aqaba"."""
    if at + 1 >= len(run) or not run[at].flags & PLACE_OPENER:
        return None
    key, gap = run[at].key, run[at + 1].gap
    if key in cue("opens with of"):
        return lexicon().place_openers.get(key + " of") if gap == "of" and not run[at].opens else None
    return lexicon().place_openers.get(key) if gap in {"", ".", "of"} else None


def _is_generic(tokens: list[Token]) -> bool:
    generic = cue("generic")
    return all(token.flags & PLACE_HEAD or token.key in generic for token in tokens)


def thing_length(run: list[Token], at: int, end: int) -> int:
    """How many words a thing's name has ("World Cup", "Clean Air Act"); 0 when it is none."""
    for stop in range(end, at + 1, -1):
        flags = run[stop - 1].flags
        if flags & THING:
            is_person = stop - at == 2 and run[at].flags & FIRST_NAME and flags & SURNAME
            return 0 if is_person else stop - at
    return 0
