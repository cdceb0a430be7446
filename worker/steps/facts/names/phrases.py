"""Names that are known as they stand, and names that a word in them makes a place or a thing."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import atlas, name_key, spots_named
from worker.steps.facts.names.known_places import known_place
from worker.steps.facts.names.lexicons import cue, lexicon
from worker.steps.facts.names.mentions import Mention, mention
from worker.steps.facts.names.tokens import GAP_TEXT, word_after, word_before

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.steps.facts.names.tokens import Token

_MOST_WORDS = 7
_MOST_OPENED_WORDS = 3
_ENDS_OF_X = frozenset({"", " ", ",", ".", ";", ":", '"', "\u201d", "\u2019"})


@cache
def _phrase_words() -> Mapping[str, int]:
    known = dict(atlas().phrase_words)
    for word, most in lexicon().phrase_words.items():
        known[word] = max(known.get(word, 0), most)
    return known


def begins(run: list[Token], at: int) -> bool:
    """Whether a known name of several words begins here."""
    most = min(_phrase_words().get(run[at].key, 1), _MOST_WORDS, len(run) - at)
    if most == 1:
        return False
    words = lexicon()
    surface = run[at].surface
    for before, token in zip(run[at : at + most - 1], run[at + 1 : at + most], strict=True):
        surface += ("'s" if before.possessive else "") + GAP_TEXT.get(token.gap, " ") + token.surface
        if surface in words.organisations or surface in words.teams or spots_named(name_key(surface)):
            return True
    return False


def demonym_length(run: list[Token], at: int) -> int:
    """How many words of a demonym begin here: "Ukrainian", "South Korean"."""
    demonyms = lexicon().demonyms
    if at + 1 < len(run) and run[at + 1].gap in {"", "."} and _two_words(run, at) in demonyms:
        return 2
    return 1 if run[at].key in demonyms else 0


def demonym_country(run: list[Token], at: int, size: int) -> str | None:
    """The country code of a demonym of so many words; None when it is of no one country."""
    return lexicon().demonyms[_two_words(run, at) if size == 2 else run[at].key] or None


def _two_words(run: list[Token], at: int) -> str:
    return f"{run[at].key}{run[at + 1].gap} {run[at + 1].key}"


def longest(text: str, run: list[Token], at: int) -> Mention | None:
    """The longest known name that begins at this word: an organisation, a team, a place."""
    most = min(_phrase_words().get(run[at].key, 1), _MOST_WORDS, len(run) - at)
    start = run[at].start
    words = lexicon()
    for size in range(most, 0, -1):
        last = run[at + size - 1]
        surface = text[start : last.end]
        if "\n" in surface:
            surface = " ".join(surface.split())
        found = None
        if last.possessive or surface in words.organisations:
            found = _organisation(text, run[at : at + size], surface)
        if found is None and surface in words.teams:
            found = _team(text, run[at : at + size])
        if found is None and spots_named(name_key(surface)):
            found = known_place(text, run, at, run[at : at + size], surface)
        if found is not None:
            return found
    return None


def _organisation(text: str, tokens: list[Token], surface: str) -> Mention | None:
    known = lexicon().organisations.get(surface)
    last = tokens[-1]
    if known is None and last.possessive:
        # "Moody's", "McDonald's" are no possessives.
        known = lexicon().organisations.get(surface + "'s")
        if known is not None:
            last.end += 2
            last.possessive = False
    if known is None or not _is_meant(text, surface, tokens[0].start, last.end):
        return None
    found = mention(text, tokens, "organisation", "known organisation")
    found.type, found.country_code = known.type, known.country_code
    return found


def _is_meant(text: str, surface: str, start: int, end: int) -> bool:
    """Whether a word that is also something else is the organisation: X is a platform only where one posts on it."""
    if surface == "X":
        posted = word_before(text, start) in cue("platform before") and text[end : end + 1] in _ENDS_OF_X
        return posted or word_after(text, end) in cue("platform after")
    return surface not in cue("acronym word") or not text[max(start - 1, 0) : start].isupper()


def _team(text: str, tokens: list[Token]) -> Mention | None:
    if (
        len(tokens) == 1
        and tokens[0].key in lexicon().common
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
    words = lexicon()
    opener = _opener(run, at)
    if opener is not None:
        stop = at + 2
        while stop < min(end, at + _MOST_OPENED_WORDS) and run[stop].key not in words.heads:
            stop += 1
        found = mention(text, run[at:stop], "place", "opening word")
        found.label = opener
        return found
    for stop in range(end, at + 1, -1):
        key = run[stop - 1].key
        kind = words.place_heads.get(key)
        if kind is None or _is_generic(run[at : stop - 1]) or (key == "district" and run[stop - 2].key in words.common):
            continue
        if stop - at == 2 and key in cue("surname or place") and run[at].key in words.first_names:
            return None
        found = mention(text, run[at:stop], "place", "closing word")
        found.label = kind
        return found
    return None


def _opener(run: list[Token], at: int) -> str | None:
    """The kind of place that a word opens: "Lake Baikal", "Gulf of Aqaba"."""
    if at + 1 >= len(run):
        return None
    key, gap = run[at].key, run[at + 1].gap
    if key in cue("opens with of"):
        return lexicon().place_openers.get(key + " of") if gap == "of" and not run[at].opens else None
    return lexicon().place_openers.get(key) if gap in {"", ".", "of"} else None


def _is_generic(tokens: list[Token]) -> bool:
    words = lexicon()
    return all(token.key in cue("generic") or token.key in words.place_heads for token in tokens)


def thing_length(run: list[Token], at: int, end: int) -> int:
    """How many words a thing's name has ("World Cup", "Clean Air Act"); 0 when it is none."""
    words = lexicon()
    for stop in range(end, at + 1, -1):
        key = run[stop - 1].key
        if key in words.things:
            is_person = stop - at == 2 and run[at].key in words.first_names and key in words.surnames
            return 0 if is_person else stop - at
    return 0
