"""Places that are known by name: countries, divisions, settlements, seas, regions of the world."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, cast

import zstandard

from worker.model.caching import kept
from worker.steps.facts.gazetteer import fold, lexicon_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from worker.model.facts import PlaceKind

# A division that has no settlements of its own in the gazetteer ranks with a large town.
_DIVISION_INHABITANTS = 400_000
_COUNTY_INHABITANTS = 40_000
_LEAST_OF_DIVISION = 100_000
_AREA_INHABITANTS = 5_000_000
_COUNTRY_INHABITANTS = 50_000_000
# Of so many bytes of settlements, some 16 lines, the first whole line is in the index.
_INDEXED_BYTES = 640


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map.

    `division` is the code of its first-order division; `inhabitants` ranks the places of one name.
    """

    name: str
    kind: PlaceKind
    country_code: str | None
    division: str
    latitude: float | None
    longitude: float | None
    inhabitants: int
    geonames_id: int | None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Atlas:
    fixed: Mapping[str, tuple[Spot, ...]]  # countries, areas, divisions
    settlements: bytes  # the lines of the file, each behind a line break, in order
    index: tuple[bytes, ...]  # some of the lines, in order, as far as their tabs
    offsets: tuple[int, ...]  # the line break before each of them, and the end of all
    aliases: Mapping[str, tuple[tuple[str, str], ...]]  # alias -> (country, key of the settlement)
    english: Mapping[tuple[str, str], str]  # (country, key) -> what English calls the settlement
    phrases: Mapping[str, int]  # first word of the fixed places and aliases of several words -> most words they have


@cache
def atlas() -> _Atlas:
    """The atlas, read once."""
    fixed = _fixed()
    aliases, english = _aliases()
    phrases: dict[str, int] = {}
    for key in (*fixed, *aliases):
        if " " in key:
            words = key.split(" ")
            phrases[words[0]] = max(phrases.get(words[0], 0), len(words))
    packed = (files("worker.steps.facts") / "lexicon" / "settlements.tsv.zst").read_bytes()
    lines = zstandard.decompress(packed)
    settlements = lines[lines.index(b"\n", lines.rindex(b"\n#") + 1) :]
    index, offsets = _index(settlements)
    return _Atlas(
        fixed=fixed,
        settlements=settlements,
        index=index,
        offsets=offsets,
        aliases=aliases,
        english=english,
        phrases=phrases,
    )


def phrase_words(key: str) -> int:
    """The most words that places of several words have whose first one this is; 0 when there is none."""
    found = atlas().phrases.get(key, 0)
    prefix = f"{key} ".encode(errors="replace")
    start = _find(prefix)
    data = atlas().settlements
    while start and data.startswith(prefix, start):
        found = max(found, data.count(b" ", start, data.find(b"\t", start)) + 1)
        start = data.find(b"\n", start) + 1
    return found


def _index(settlements: bytes) -> tuple[tuple[bytes, ...], tuple[int, ...]]:
    """The first of every few lines, and where the line break before each stands: what is between is soon searched."""
    index: list[bytes] = []
    offsets: list[int] = []
    at, end = 0, len(settlements) - 1
    while 0 <= at < end:
        index.append(settlements[at + 1 : settlements.index(b"\t", at) + 1])
        offsets.append(at)
        at = settlements.find(b"\n", at + _INDEXED_BYTES)
    return tuple(index), (*offsets, len(settlements))


def _find(prefix: bytes) -> int:
    """Where the first line that begins with `prefix` stands; 0 when there is none."""
    found = atlas()
    block = bisect_left(found.index, prefix)
    # It may also be the first line behind the block.
    start, end = found.offsets[max(block - 1, 0)], found.offsets[block] + 1 + len(prefix)
    return found.settlements.find(b"\n" + prefix, start, end) + 1


@kept(20_000)
def name_key(name: str) -> str:
    """The folded name under which the atlas has a place."""
    return fold(name)


@kept(10_000)
def spots_named(key: str) -> tuple[Spot, ...]:
    """The places of a folded name: countries, regions and divisions first, then settlements by their size."""
    found = atlas()
    settlements = list(_settlements(key))
    for country, name in found.aliases.get(key, ()):
        settlements[:0] = [spot for spot in _settlements(name) if spot.country_code == country][:1]
    return (*found.fixed.get(key, ()), *settlements)


def is_division(spot: Spot) -> bool:
    """Whether a region is one of the large parts of its country, and no county."""
    return spot.kind == "region" and spot.inhabitants > _LEAST_OF_DIVISION


def _fixed() -> dict[str, tuple[Spot, ...]]:
    """The places that are no settlements, by their folded names: what ranks first is meant first."""
    found: dict[str, list[Spot]] = defaultdict(list)
    more = {code: names.split("|") for code, names in _rows("country_names_more.tsv")}
    for spot in _countries():
        for key in dict.fromkeys(map(fold, (spot.name, *spot.aliases, *more.get(spot.country_code or "", ())))):
            found[key].append(spot)
    for spot in _areas():
        for key in map(fold, (spot.name, *spot.aliases)):
            # England, Gaza and the like are places of their own, though a dateline counts them as their country.
            found[key] = [other for other in found[key] if other.kind != "country" or fold(other.name) == key] + [spot]
    for key, spot in _divisions():
        if all((other.country_code, other.division) != (spot.country_code, spot.division) for other in found[key]):
            found[key].append(spot)
    return {key: tuple(spots) for key, spots in found.items()}


def _areas() -> Iterator[Spot]:
    for kind, country, latitude, longitude, name, aliases in _rows("areas.tsv"):
        yield Spot(
            name,
            cast("PlaceKind", kind),
            None if country == "-" else country,
            "",
            float(latitude),
            float(longitude),
            _AREA_INHABITANTS,
            None,
            tuple(filter(None, aliases.split("|"))),
        )


def _aliases() -> tuple[dict[str, tuple[tuple[str, str], ...]], dict[tuple[str, str], str]]:
    """Other names of settlements, and of them what English calls them."""
    aliases: dict[str, tuple[tuple[str, str], ...]] = {}
    english: dict[tuple[str, str], str] = {}
    for country, name, others in _rows("city_aliases.tsv"):
        for alias in filter(None, others.split("|")):
            if alias[0] == "=":
                english[country, fold(name)] = alias[1:]
            key = fold(alias.removeprefix("="))
            aliases[key] = (*aliases.get(key, ()), (country, fold(name)))
    return aliases, english


def _settlements(key: str) -> Iterator[Spot]:
    prefix = f"{key}\t".encode(errors="replace")
    start = _find(prefix)
    if not start:
        return
    data = atlas().settlements
    places = data[start + len(prefix) : data.find(b"\n", start)].decode()
    shown = " ".join(word.capitalize() for word in key.split())
    english = atlas().english
    for rank, place in enumerate(places.split("|")):
        country, division, latitude, longitude, inhabitants, number, *name = place.split(",")
        own = name[0] if name else shown
        yield Spot(
            own if rank else english.get((country, fold(own)), own),
            "city",
            country,
            division,
            float(latitude),
            float(longitude),
            int(inhabitants),
            int(number),
        )


def _countries() -> Iterator[Spot]:
    points = {code: (float(lat), float(lon)) for code, lat, lon in _rows("country_points.tsv")}
    numbers = {code: int(number) for code, number, *_ in _rows("country_facts.tsv")}
    for code, name, *aliases in _rows("countries.tsv"):
        former = code == "--"
        latitude, longitude = points.get(code, (None, None))
        yield Spot(
            name,
            "country",
            None if former else code,
            "",
            latitude,
            longitude,
            _COUNTRY_INHABITANTS,
            numbers.get(code),
            tuple(aliases[0].split("|")) if aliases else (),
        )


def _divisions() -> Iterator[tuple[str, Spot]]:
    short = {(code, fold(name)): aliases for code, name, *aliases in _rows("regions.tsv")}
    usual = {(country, name): names.split("|") for country, name, names in _rows("division_names.tsv")}
    points = {(country, code): at for country, code, *at in _rows("division_points.tsv")}
    for country, code, order, name, *middle in _rows("divisions.tsv"):
        first = order == "1"
        latitude, longitude = points.get((country, code), middle) if first else middle
        names = usual.get((country, name), [name]) if first else [name]
        aliases = short.get((country, fold(names[0])), []) if first else []
        others = (*names[1:], *(aliases[0].split("|") if aliases else ()))
        size = _DIVISION_INHABITANTS if first else _COUNTY_INHABITANTS
        spot = Spot(
            names[0],
            "region",
            country,
            code,
            float(latitude),
            float(longitude),
            size,
            None,
            others,
        )
        for alias in dict.fromkeys((*names, *others, name)):
            yield fold(alias), spot


def _rows(file_name: str) -> Iterator[list[str]]:
    return (line.split("\t") for line in lexicon_lines(file_name))
