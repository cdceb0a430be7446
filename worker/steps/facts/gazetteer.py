"""Which country the name of a country or a region belongs to, by small tables of our own in `lexicon/`."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A country may be named by its former state; then only the city says which country it is.
_FORMER_STATE = "--"

_PLAIN = str.maketrans({"-": " "} | dict.fromkeys(".'`\u2018\u2019\u02bb\u02bc", ""))
_SHORT_FORMS = {"st": "saint", "ft": "fort", "mt": "mount"}


def fold(name: str) -> str:
    """The key under which a name is looked up: no case, accents, dots or hyphens; "St. Louis" is "saint louis"."""
    if name.isascii():
        if name.isalpha():  # most names
            return name.lower()
    else:
        name = without_accents(name)
    words = name.translate(_PLAIN).lower().split()
    if words and words[0] in _SHORT_FORMS:
        words[0] = _SHORT_FORMS[words[0]]
    return " ".join(words)


def without_accents(name: str) -> str:
    """The name with plain letters in place of those with accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))


def lexicon_lines(file_name: str) -> Iterator[str]:
    """The entries of a lexicon file, without its comments."""
    text = (files("worker.steps.facts") / "lexicon" / file_name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and line[0] != "#")


def country_code(name: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country named in English ("Türkiye", "U.K."), or None."""
    code = _country_codes().get(fold(name))
    return None if code == _FORMER_STATE else code


def country_name(code: str) -> str | None:
    """The common English name of the country with this ISO 3166-1 alpha-2 code, or None."""
    return _country_names().get(code)


def capital_of(name: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of the country whose capital has this name, or None."""
    return _capitals().get(fold(name))


def is_region(name: str) -> bool:
    """Whether the name is that of a country, a former state, or a region of a country ("Calif.", "Scotland")."""
    key = fold(name)
    return key in _country_codes() or key in _region_codes()


def codes_of(region: str) -> tuple[str, ...]:
    """The ISO 3166-1 codes of the countries that a country's or a region's name may stand for; none when it is unknown.

    A former state is known, and stands for none of them: see `is_region`.
    """
    key = fold(region)
    country = country_code(region)
    found = _region_codes().get(key, ())
    return (country, *found) if country else found


@cache
def _capitals() -> dict[str, str]:
    rows = (line.split("\t") for line in lexicon_lines("country_facts.tsv"))
    return {fold(capital): code for code, _, _, capital, *_ in rows if capital}


@cache
def _country_names() -> dict[str, str]:
    return {code: name for code, name, _ in _country_rows()}


@cache
def _country_codes() -> dict[str, str]:
    return {fold(name): code for code, display, aliases in _country_rows() for name in (display, *aliases)}


def _country_rows() -> Iterator[tuple[str, str, list[str]]]:
    for line in lexicon_lines("countries.tsv"):
        code, name, *aliases = line.split("\t")
        yield code, name, aliases[0].split("|") if aliases else []


@cache
def _region_codes() -> dict[str, tuple[str, ...]]:
    codes: dict[str, tuple[str, ...]] = {}
    for line in lexicon_lines("regions.tsv"):
        code, name, *aliases = line.split("\t")
        for alias in (name, *(aliases[0].split("|") if aliases else [])):
            key = fold(alias)
            if code not in codes.get(key, ()):
                codes[key] = (*codes.get(key, ()), code)
    return codes
