"""What is known of names before any text is read, from the files in `lexicon/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from worker.steps.facts.gazetteer import fold, lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

# A word this common is no name because it is capitalised where any word would be.
_COMMON_WORDS = 25_000


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation of the lexicon; `country_code` is None when it is of no one country."""

    name: str
    type: str
    country_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The words that tell names apart, in small letters unless said otherwise."""

    common: frozenset[str]
    first_names: frozenset[str]
    surnames: frozenset[str]
    demonyms: Mapping[str, str]  # word or words -> country code, "" when of no one country
    start: frozenset[str]
    never: frozenset[str]
    things: frozenset[str]
    heads: Mapping[str, tuple[str, str]]  # word or words -> type of organisation, place in its name
    place_heads: Mapping[str, str]  # word -> kind of place
    place_openers: Mapping[str, str]
    organisations: Mapping[str, KnownOrganisation]  # as written
    teams: frozenset[str]  # as written
    titles: frozenset[str]
    offices: frozenset[str]
    office_heads: frozenset[str]
    trades: frozenset[str]
    cues: Mapping[str, frozenset[str]]
    phrase_words: Mapping[str, int]  # first word of the known names of several words -> most words they have


@cache
def lexicon() -> Lexicon:
    """The lexicon of English, read once."""
    no_names = dict(_rows("no_names.tsv"))
    roles: dict[str, set[str]] = {}
    for kind, words in _rows("roles.tsv"):
        roles.setdefault(kind, set()).update(word.lower().removesuffix(".") for word in words)
    start = frozenset(no_names["start"])
    cues = {kind: frozenset(words) for kind, words in _rows("name_cues.tsv")}
    first_names = {name for line in lexicon_lines("first_names_more.txt") for name in line.split()}
    organisations = _organisations()
    teams = frozenset(line.removeprefix("+ ") for line in lexicon_lines("teams.txt"))
    return Lexicon(
        common=frozenset(
            word for word, _ in zip(lexicon_lines("common_words.txt"), range(_COMMON_WORDS), strict=False)
        ),
        first_names=(frozenset(lexicon_lines("first_names.txt")) | first_names) - (start - cues["first name or word"]),
        surnames=frozenset(lexicon_lines("surnames.txt")),
        demonyms=_demonyms(),
        start=start,
        never=frozenset(no_names["never"]),
        things=frozenset(word.lower() for word in no_names["thing"]),
        heads=_heads(),
        place_heads=_place_words("end"),
        place_openers=_place_words("start"),
        organisations=organisations,
        teams=teams,
        titles=frozenset(roles["title"]),
        offices=frozenset(roles["office"]),
        office_heads=frozenset(roles["head"]),
        trades=frozenset(roles["trade"]),
        cues=cues,
        phrase_words=_phrase_words([*organisations, *teams]),
    )


@cache
def cue(kind: str) -> frozenset[str]:
    """The cue words of a kind, as name_cues.tsv lists them."""
    return lexicon().cues[kind]


def folded(word: str) -> str:
    """The key of a word in the lexicons: small letters without accents."""
    return word.lower() if word.isascii() else fold(word)


def _rows(file_name: str) -> list[tuple[str, list[str]]]:
    rows = (line.split("\t") for line in lexicon_lines(file_name))
    return [(kind, words.split("|")) for kind, words in rows]


def _heads() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for line in lexicon_lines("organisation_heads.tsv"):
        kind, where, words = line.split("\t")
        found |= dict.fromkeys(words.lower().split("|"), (kind, where))
    return found


def _place_words(where: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lexicon_lines("place_heads.tsv"):
        kind, place, words = line.split("\t")
        if place == where:
            found |= {word.removesuffix("."): kind for word in words.lower().split("|")}
    return found


def _organisations() -> dict[str, KnownOrganisation]:
    found: dict[str, KnownOrganisation] = {}
    for line in lexicon_lines("organisations.tsv"):
        kind, country, name, aliases = line.split("\t")
        known = KnownOrganisation(name, kind, None if country == "-" else country)
        for surface in (name, *filter(None, aliases.split("|"))):
            found.setdefault(surface, known)
    return found


def _demonyms() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, words in _rows("demonyms.tsv"):
        for word in words:
            key = word.lower()
            for form in (key, key + "s"):
                found.setdefault(form, "" if code == "--" else code)
    return found


def _phrase_words(names: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        words = name.lower().split()
        if len(words) > 1:
            found[words[0]] = max(found.get(words[0], 0), len(words))
    return found
