"""Which country a dateline's city is in.

Cities are those of the atlas that names are resolved by, of 15,000 inhabitants and more: what smaller places are called
opens other lines as well. The few that datelines spell otherwise are in a table of our own, `lexicon/city_names.tsv`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from worker.steps.facts.gazetteer import codes_of, country_code, fold, is_region, lexicon_lines
from worker.steps.facts.names.atlas import spots_named

_MIN_INHABITANTS = 15_000
# What our own table adds is known to open datelines, so it counts as a large city.
_WELL_KNOWN_INHABITANTS = 1_000_000
# In that table, a place that is in no country.
_NO_COUNTRY = "--"


@dataclass(frozen=True, slots=True)
class City:
    """The places of one name: ISO 3166-1 codes of their countries, that of the largest place first.

    `inhabitants` are those of the largest. A place in no country (the United Nations) has no codes.
    """

    country_codes: tuple[str, ...]
    inhabitants: int


def city(name: str) -> City | None:
    """The city or cities of this name, or None when the atlas has none of some size."""
    key = fold(name)
    cities = [spot for spot in spots_named(key) if spot.kind == "city" and spot.inhabitants >= _MIN_INHABITANTS]
    codes = [spot.country_code for spot in cities if spot.country_code]
    listed = _listed().get(key)
    if listed is not None:
        return City(tuple(dict.fromkeys((*listed, *codes))) if listed else (), _WELL_KNOWN_INHABITANTS)
    return City(tuple(dict.fromkeys(codes)), max(spot.inhabitants for spot in cities)) if cities else None


def country_of(city_name: str, region: str | None) -> str | None:
    """The ISO 3166-1 alpha-2 code of the country of a city, or None when nothing tells.

    The region named beside the city wins. Where a region's name is that of several ("Georgia", "Punjab"), the one
    that has a city of this name is meant; without a region, the largest city of this name.
    """
    found = city(city_name)
    of_city = found.country_codes if found else ()
    if region is not None:
        candidates = codes_of(region)
        if len(candidates) == 1:
            return candidates[0]
        if candidates or not is_region(region):
            # An unknown region, or one of several: only a country that both agree on is safe.
            shared = [code for code in of_city if code in candidates] if candidates else list(of_city)
            return shared[0] if shared and (candidates or len(shared) == 1) else None
    # A few countries are cities, and some stories are filed from a country or a state as a whole: a country is better
    # known than a city elsewhere that has its name (Mexico in the Philippines).
    country = country_code(city_name)
    if country or of_city:
        return country or of_city[0]
    regions = codes_of(city_name)
    return regions[0] if found is None and len(regions) == 1 else None


@cache
def _listed() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in lexicon_lines("city_names.tsv"):
        country, names = line.split("\t")
        for key in map(fold, names.split("|")):
            found[key] = () if country == _NO_COUNTRY else (country, *found.get(key, ()))
    return found
