"""What is known of names before any text is read, from the files in `lexicon/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from worker.steps.facts.gazetteer import country_code, fold, lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# A word this common is no name because it is capitalised where any word would be.
_COMMON_WORDS = 25_000


@dataclass(frozen=True, slots=True)
class KnownOrganisation:
    """An organisation of the lexicon; `country_code` is None when it is of no one country."""

    name: str
    type: str
    country_code: str | None


# What a word may be: bits of `Lexicon.words` and of a token's `flags`.
(
    COMMON,
    FIRST_NAME,
    SURNAME,
    DEMONYM,
    DEMONYM_END,  # last word of a demonym of two ("South Korean")
    START,
    NEVER,
    THING,
    HEAD,
    HEAD_END,  # last word of a head of an organisation's name
    PLACE_HEAD,
    PLACE_OPENER,
    TITLE,
    OFFICE,
    OFFICE_HEAD,
    ROLE_START,  # first word of a title or an office
    TRADE,
    FUNCTION,  # no name goes on with it
) = (1 << bit for bit in range(18))
# What a word with accents is not.
_ENGLISH = COMMON | DEMONYM | START | NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """The words that tell names apart, in small letters unless said otherwise."""

    words: Mapping[str, int]  # word or words -> what they may be
    demonyms: Mapping[str, str]  # word or words -> country code, "" when of no one country
    heads: Mapping[str, tuple[str, str]]  # word or words -> type of organisation, place in its name
    place_heads: Mapping[str, str]  # word -> kind of place
    place_openers: Mapping[str, str]
    organisations: Mapping[str, KnownOrganisation]  # as written
    literal: tuple[str, ...]  # those of them that are no run of capitals, as written
    teams: frozenset[str]  # as written
    roles: frozenset[str]  # trades, and offices as they stand after a name
    cues: Mapping[str, frozenset[str]]
    phrase_words: Mapping[str, int]  # first word of the known names of several words -> most words they have


@cache
def lexicon() -> Lexicon:
    """The lexicon of English, read once."""
    no_names = dict(_rows("no_names.tsv"))
    roles: dict[str, set[str]] = {}
    for kind, listed in _rows("roles.tsv"):
        roles.setdefault(kind, set()).update(word.lower().removesuffix(".") for word in listed)
    cues = {kind: frozenset(listed) for kind, listed in _rows("name_cues.tsv")}
    organisations, literal = _organisations()
    teams = frozenset(line.removeprefix("+ ") for line in lexicon_lines("teams.txt"))
    demonyms, heads = _demonyms(), _heads()
    place_heads, place_openers = _place_words("end"), _place_words("start")
    titles = roles["title"] | roles["office"]
    not_first = {*no_names["start"]} - cues["first name or word"]
    words = dict.fromkeys(islice(lexicon_lines("common_words.txt"), _COMMON_WORDS), COMMON)
    tables: tuple[tuple[int, Iterable[str]], ...] = (
        (FIRST_NAME, (name for name in _first_names() if name not in not_first)),
        (SURNAME, lexicon_lines("surnames.txt")),
        (DEMONYM, demonyms),
        (DEMONYM_END, {word.rpartition(" ")[2] for word in demonyms if " " in word}),
        (START, no_names["start"]),
        (NEVER, no_names["never"]),
        (THING, {word.lower() for word in no_names["thing"]}),
        (HEAD, heads),
        (HEAD_END, {head.rpartition(" ")[2] for head in heads}),
        (PLACE_HEAD, place_heads),
        (PLACE_OPENER, {opener.removesuffix(" of") for opener in place_openers}),
        (TITLE, roles["title"]),
        (OFFICE, roles["office"]),
        (OFFICE_HEAD, roles["head"]),
        (ROLE_START, {title.partition(" ")[0] for title in titles}),
        (TRADE, roles["trade"]),
        (FUNCTION, cues["function"]),
    )
    for bit, table in tables:
        for word in table:
            words[word] = words.get(word, 0) | bit
    return Lexicon(
        words=words,
        demonyms=demonyms,
        heads=heads,
        place_heads=place_heads,
        place_openers=place_openers,
        organisations=organisations,
        literal=literal,
        teams=teams,
        roles=frozenset(roles["trade"] | roles["office"]),
        cues=cues,
        phrase_words=_phrase_words([*organisations, *teams]),
    )


def word_flags(key: str) -> int:
    """What a folded word may be. Of one that a hyphen joined, the first and the last part count as well."""
    words = lexicon().words
    flags = words.get(key, 0)
    if " " in key:
        flags &= ~(HEAD_END | ROLE_START)
        flags |= words.get(key.rpartition(" ")[2], 0) & HEAD_END
        flags |= words.get(key.partition(" ")[0], 0) & ROLE_START
    return flags


def _first_names() -> Iterator[str]:
    yield from lexicon_lines("first_names.txt")
    for line in lexicon_lines("first_names_more.txt"):
        yield from line.split()


@cache
def cue(kind: str) -> frozenset[str]:
    """The cue words of a kind, as name_cues.tsv lists them."""
    return lexicon().cues[kind]


def folded(word: str) -> str:
    """The key of a word in the lexicons: small letters without accents."""
    return word.lower() if word.isascii() else fold(word)


def surface_flags(surface: str, key: str) -> int:
    """What a capitalised word may be: "XI" is a number, but "Xi" a name; "Turk" a people, but "Türk" a name."""
    flags = word_flags(key)
    if flags & _ENGLISH and not surface.isascii() and any(sign.isalpha() and not sign.isascii() for sign in surface):
        flags &= ~_ENGLISH
    return flags & ~NEVER if flags & NEVER and not surface.isupper() and not key.strip("ivx") else flags


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


def _organisations() -> tuple[dict[str, KnownOrganisation], tuple[str, ...]]:
    found: dict[str, KnownOrganisation] = {}
    literal = []
    for line in lexicon_lines("organisations.tsv"):
        kind, country, name, aliases = line.split("\t")
        known = KnownOrganisation(name.removeprefix("="), kind, None if country == "-" else country)
        for written in (name, *filter(None, aliases.split("|"))):
            surface = written.removeprefix("=")
            found.setdefault(surface, known)
            if surface != written:
                literal.append(surface)
    return found, tuple(literal)


def _demonyms() -> dict[str, str]:
    found: dict[str, str] = {}
    for code, words in _rows("demonyms.tsv"):
        for word in words:
            key = word.lower()
            # The Philippines and Laos are no people, though one of theirs is Philippine, or Lao.
            for form in (key,) if country_code(key + "s") else (key, key + "s"):
                found.setdefault(form, "" if code == "--" else code)
    return found


def _phrase_words(names: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in names:
        words = name.lower().split()
        if len(words) > 1:
            found[words[0]] = max(found.get(words[0], 0), len(words))
    return found
