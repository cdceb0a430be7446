"""Which place of a name is meant: by what stands beside it, by the other places of the text, by size."""

from __future__ import annotations

import math
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from worker.steps.facts.gazetteer import capital_of
from worker.steps.facts.names.atlas import is_division, name_key, spots_named
from worker.steps.facts.names.containing import KNOWN_INHABITANTS, contained, spread_unlisted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.mentions import Mention

# Beyond these, places of one name are too small to be told apart.
_MOST_CHOICES = 25
_LARGE_CITY_INHABITANTS = 600_000
# A people speaks less for its country than the country's own name.
_NO_VOTE = 0.05
# A state of one of these is meant rather than another country's of the same name, where nothing tells.
_ENGLISH = frozenset({"US", "GB", "CA", "AU", "NZ", "IE"})
_NEAR = 1.3
_AROUND = 1.0
_MOST_AROUND = 3.0
_DEMONYM_VOTE = 0.7
# Of what lies in a town the atlas knows little.
_LOCATED = frozenset({"facility", "area", "water"})
_WITHIN = frozenset({", ", " in ", " in the ", " in central ", " in downtown ", " of ", " at "})
_AROUND_CELL = [(north, east) for north in (-1, 0, 1) for east in (-1, 0, 1)]


_Key = tuple[str, str]
_Cell = tuple[int, int]  # a degree of latitude by one of longitude


class _Name(NamedTuple):
    """What a name may mean: its places, and what it says of where the text is.

    `is_first_meant` where it is the first of its places in any text, `is_far_off` where all are small towns abroad.
    """

    spots: tuple[Spot, ...]
    is_first_meant: bool
    is_far_off: bool
    countries: Mapping[str, float]
    divisions: Mapping[tuple[str, str], float]
    cells: Mapping[_Cell, float]


class _Votes:
    """How much the names of a text speak for each country and for each of its divisions."""

    def __init__(self) -> None:
        self.countries: dict[str, float] = {}
        self.divisions: dict[tuple[str, str], float] = {}
        self._taken: list[_Name] = []
        self._cells: dict[_Cell, float] = {}

    def take(self, mention: Mention, name: _Name, spot: Spot | None) -> _Name:
        """Let a name speak for the countries that have a place of this name; what it has spoken for."""
        if mention.kind == "demonym":
            country = mention.country_code
            if country:
                self.countries[country] = self.countries.get(country, 0.0) + _DEMONYM_VOTE
            return _NOWHERE
        spoken = name if spot is None else _named((spot,), is_far_off=False)
        self._add(spoken)
        return spoken

    def _add(self, name: _Name) -> None:
        for country, vote in name.countries.items():
            self.countries[country] = self.countries.get(country, 0.0) + vote
        for division, vote in name.divisions.items():
            self.divisions[division] = self.divisions.get(division, 0.0) + vote
        if name.cells:
            self._taken.append(name)

    def of_country(self, country: str, *, without: _Name) -> float:
        """The votes of all names but one."""
        return self.countries.get(country, 0.0) - without.countries.get(country, 0.0)

    def of_division(self, division: tuple[str, str], *, without: _Name) -> float:
        """The votes of all names but one."""
        return self.divisions.get(division, 0.0) - without.divisions.get(division, 0.0)

    def around(self, spot: Spot, *, without: _Name) -> float:
        """The votes of all names but one for places that are less than some 150 km from this one."""
        for name in self._taken:
            for cell, vote in name.cells.items():
                self._cells[cell] = self._cells.get(cell, 0.0) + vote
        self._taken.clear()
        row, column = _cell(spot)
        found = 0.0
        for north, east in _AROUND_CELL:
            cell = row + north, column + east
            if cell in self._cells:
                found += self._cells[cell] - without.cells.get(cell, 0.0)
        return found


def resolve(text: str, mentions: Sequence[Mention], dateline_country: str | None) -> list[Spot | None]:
    """The place on the map of each mention; None for one that the atlas lacks."""
    keys = [(name_key(mention.of or mention.surface), mention.label) for mention in mentions]
    names = [
        _name(key, label, 1 if mention.of else len(mention.tokens)) if mention.kind == "place" else _NOWHERE
        for mention, (key, label) in zip(mentions, keys, strict=True)
    ]
    fixed = contained(text, mentions, [name.spots for name in names])
    spread_unlisted(mentions, keys, fixed)
    votes = _Votes()
    if dateline_country:
        votes.countries[dateline_country] = 1.0
    voted: dict[_Key, _Name] = {}
    chosen: dict[_Key, Spot] = {}
    for at, (mention, key, name) in enumerate(zip(mentions, keys, names, strict=True)):
        spot = fixed.get(at)
        if spot is not None:
            chosen.setdefault(key, spot)
        # A name speaks once, however often it is named.
        if key not in voted:
            voted[key] = votes.take(mention, name, spot)
    found: list[Spot | None] = []
    for at, (mention, key, name) in enumerate(zip(mentions, keys, names, strict=True)):
        spot = fixed.get(at)
        if spot is None and name.spots:
            if name.is_far_off and mention.rule != "dateline" and _is_stray(votes, voted[key], name):
                mention.become("unknown", "stray")
            spot = chosen.get(key)
            if spot is None:
                spot = chosen[key] = _best(name, votes, is_region=mention.label == "region")
        found.append(spot)
    _locate(text, mentions, found)
    return found


def _locate(text: str, mentions: Sequence[Mention], spots: list[Spot | None]) -> None:
    """Put what the atlas lacks where the text says it is: "Elm Street, Leeds", "the Grand Hotel in Cairo"."""
    lacking = [at for at, spot in enumerate(spots) if spot is None and mentions[at].label in _LOCATED]
    if not lacking:
        return
    town = _only_town(spots)
    for at in lacking:
        around = spots[at + 1] if at + 1 < len(mentions) else None
        if around is None or text[mentions[at].end : mentions[at + 1].start] not in _WITHIN:
            around = town if mentions[at].label == "facility" else None
        if around is not None:
            spots[at] = around
            mentions[at].is_part = True


def _only_town(spots: Sequence[Spot | None]) -> Spot | None:
    """The largest of the towns that a text names, when all lie close together."""
    towns = [spot for spot in spots if spot is not None and spot.kind == "city"]
    if not towns:
        return None
    rows, columns = zip(*map(_cell, towns), strict=True)
    is_close = max(rows) - min(rows) <= 1 and max(columns) - min(columns) <= 1
    return max(towns, key=lambda town: town.inhabitants) if is_close else None


def _is_stray(votes: _Votes, voted: _Name, name: _Name) -> bool:
    """Whether the text says nothing else of the countries in which a small town is."""
    return all(votes.of_country(spot.country_code or "", without=voted) <= _NO_VOTE for spot in name.spots)


@lru_cache(maxsize=5_000)
def _name(key: str, label: str, words: int) -> _Name:
    spots = (spots_named(key + " county") if label == "county" else ()) or spots_named(key)
    if label == "region":
        spots = tuple(spot for spot in spots if spot.kind == "region") or spots
    if label and spots and words > 1 and spots[0].kind == "country":
        spots = ()
    spots = spots[:_MOST_CHOICES]
    if not spots:
        return _NOWHERE
    is_far_off = not label and all(
        spot.kind == "city"
        and spot.inhabitants < KNOWN_INHABITANTS
        and spot.country_code not in _ENGLISH
        and spot.country_code != capital_of(key)
        for spot in spots
    )
    return _named(spots, is_far_off=is_far_off)


def _named(spots: tuple[Spot, ...], *, is_far_off: bool) -> _Name:
    countries: dict[str, float] = defaultdict(float)
    divisions: dict[tuple[str, str], float] = defaultdict(float)
    cells: dict[_Cell, float] = defaultdict(float)
    for spot, share in _shares(spots):
        country = spot.country_code or ""
        countries[country] += share
        if spot.division:
            divisions[country, spot.division] += share * (2.0 if is_division(spot) else 1.0)
        if spot.latitude is not None and (spot.kind == "city" or (spot.kind == "region" and not is_division(spot))):
            cells[_cell(spot)] += share
    return _Name(
        spots,
        _is_first_meant(spots),
        is_far_off,
        dict(countries),
        dict(divisions),
        dict(cells),
    )


def _cell(spot: Spot) -> _Cell:
    return round(spot.latitude or 0.0), round(spot.longitude or 0.0)


def _shares(spots: tuple[Spot, ...]) -> list[tuple[Spot, float]]:
    """How probable each place of a name is by size alone."""
    if _is_first_meant(spots):
        return [(spots[0], 1.0)]
    weights = [math.sqrt(min(spot.inhabitants, 5_000_000) + 1) for spot in spots]
    total = sum(weights)
    return [(spot, weight / total) for spot, weight in zip(spots, weights, strict=True)]


def _is_first_meant(spots: Sequence[Spot]) -> bool:
    """Whether the first of the places is meant wherever the name stands: a country, a sea."""
    return len(spots) == 1 or (
        spots[0].kind in {"country", "continent", "water", "area"} and not any(is_division(spot) for spot in spots[1:])
    )


def _best(name: _Name, votes: _Votes, *, is_region: bool) -> Spot:
    if name.is_first_meant:
        return name.spots[0]
    total = sum(votes.countries.values()) - 1.0
    # "Kharkiv", "Washington": alone, the name of a large city is not that of a division.
    namesakes = {
        spot.country_code for spot in name.spots if spot.kind == "city" and spot.inhabitants > _LARGE_CITY_INHABITANTS
    }
    sovereign = name.spots[0].country_code if name.spots[0].kind == "country" else None

    best, most = name.spots[0], -1.0
    for spot in name.spots:
        country = spot.country_code or ""
        share = max(votes.of_country(country, without=name), 0.0) / total if total > _NO_VOTE else 0.0
        if spot.kind == "country":
            weight = 6.0 + 2.5 * share
        elif spot.kind == "area":
            weight = 8.0
        elif is_division(spot):
            weight = 5.0 + 4.0 * share + 1.5 * (country in _ENGLISH) + 2.0 * is_region
            if not is_region and (spot.country_code in namesakes or spot.country_code == sovereign):
                weight = 4.0
        else:
            near = min(max(votes.of_division((country, spot.division), without=name), 0.0), 3.0)
            large = spot.kind == "city" and spot.inhabitants > _LARGE_CITY_INHABITANTS
            weight = math.log10(spot.inhabitants + 10) + 2.0 * share + _NEAR * near + large
            if weight + _AROUND * _MOST_AROUND > most:
                weight += _AROUND * min(votes.around(spot, without=name), _MOST_AROUND)
        if weight > most:
            best, most = spot, weight
    return best


_NOWHERE = _Name((), is_first_meant=False, is_far_off=False, countries={}, divisions={}, cells={})
