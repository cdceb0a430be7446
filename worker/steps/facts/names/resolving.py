"""Which place of a name is meant: by what stands beside it, by the other places of the text, by size."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import name_key, spots_named

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.mentions import Mention

# Beyond these, places of one name are too small to be told apart.
_MOST_CHOICES = 25
_LARGE_CITY_INHABITANTS = 500_000
_DIVISION_INHABITANTS = 100_000
# A people speaks less for its country than the country's own name.
_NO_VOTE = 0.05
# Towns above this are known the world over; below it, they are where English is the language of local news.
_KNOWN_INHABITANTS = 150_000
# A state of one of these is meant rather than another country's of the same name, where nothing tells.
_ENGLISH = frozenset({"US", "GB", "CA", "AU", "NZ", "IE"})
_DEMONYM_VOTE = 0.7
_BETWEEN = frozenset({", ", " (", ",", " [", ", \n"})


class _Votes:
    """How much the names of a text speak for each country and for each of its divisions."""

    def __init__(self) -> None:
        self.countries: dict[str, float] = defaultdict(float)
        self.divisions: dict[tuple[str, str], float] = defaultdict(float)

    def add(self, spots: Sequence[Spot]) -> None:
        for spot, share in _shares(spots):
            country = spot.country_code or ""
            self.countries[country] += share
            if spot.division:
                self.divisions[country, spot.division] += share * (2.0 if _is_division(spot) else 1.0)

    def without(self, spots: Sequence[Spot]) -> _Votes:
        """The votes of all names but one, as far as they concern the places of that name."""
        rest = _Votes()
        for spot in spots:
            country = spot.country_code or ""
            rest.countries[country] = self.countries.get(country, 0.0)
            rest.divisions[country, spot.division] = self.divisions.get((country, spot.division), 0.0)
        for spot, share in _shares(spots):
            country = spot.country_code or ""
            rest.countries[country] -= share
            if spot.division:
                rest.divisions[country, spot.division] -= share * (2.0 if _is_division(spot) else 1.0)
        return rest


def resolve(text: str, mentions: Sequence[Mention], dateline_country: str | None) -> list[Spot | None]:
    """The place on the map of each mention; None for one that the atlas lacks."""
    reading = _Reading(text, mentions)
    if dateline_country:
        reading.votes.countries[dateline_country] += 1.0
    for at in range(len(mentions)):
        reading.vote(at)
    for at, mention in enumerate(mentions):
        if mention.kind == "place" and reading.is_stray(at):
            mention.become("unknown", "stray")
    return [reading.spot(at) for at in range(len(mentions))]


class _Reading:
    """The places of a text, and what the places beside them and all others say about them."""

    def __init__(self, text: str, mentions: Sequence[Mention]) -> None:
        self.votes = _Votes()
        self._mentions = mentions
        self._names = [(name_key(mention.surface), mention.label) for mention in mentions]
        self._choices = [_choices(mention, key) for mention, (key, _) in zip(mentions, self._names, strict=True)]
        # A place and the country or division behind it: "Paris, Texas".
        self._fixed: dict[int, Spot] = {}
        self._chosen: dict[tuple[str, str], Spot] = {}
        self._voted: dict[tuple[str, str], Sequence[Spot]] = {}
        self._far_off: dict[tuple[str, str], bool] = {}
        for at in range(len(mentions) - 1, 0, -1):
            self._contain(text, at)

    def _contain(self, text: str, at: int) -> None:
        """Look whether a place lies in the one that is named behind it."""
        outer, inner = self._mentions[at], self._mentions[at - 1]
        if outer.kind != "place" or inner.kind != "place" or text[inner.end : outer.start] not in _BETWEEN:
            return
        known = self._fixed.get(at)
        for container in (known,) if known else self._choices[at]:
            if container.kind in {"country", "region", "area"}:
                inside = _inside(self._choices[at - 1], container)
                if inside is not None:
                    self._fixed[at - 1] = inside
                    self._fixed.setdefault(at, container)
                    return

    def vote(self, at: int) -> None:
        """Let a name speak for the countries that have a place of this name; once, however often it is named."""
        mention, name = self._mentions[at], self._names[at]
        fixed = self._fixed.get(at)
        if fixed is not None:
            self._chosen.setdefault(name, fixed)
        if name in self._voted:
            return
        if mention.kind == "demonym":
            self._voted[name] = ()
            if mention.country_code:
                self.votes.countries[mention.country_code] += _DEMONYM_VOTE
        elif fixed is not None or self._choices[at]:
            self._voted[name] = (fixed,) if fixed is not None else self._choices[at]
            self.votes.add(self._voted[name])

    def is_stray(self, at: int) -> bool:
        """Whether a name is that of a small town only, in a country of which the text says nothing else."""
        spots, mention, name = self._choices[at], self._mentions[at], self._names[at]
        if at in self._fixed or not spots or mention.label or mention.rule == "dateline":
            return False
        if name not in self._far_off:
            self._far_off[name] = self._is_far_off(name, spots)
        return self._far_off[name]

    def _is_far_off(self, name: tuple[str, str], spots: Sequence[Spot]) -> bool:
        if any(spot.kind != "city" or spot.inhabitants >= _KNOWN_INHABITANTS for spot in spots):
            return False
        if any(spot.country_code in _ENGLISH for spot in spots):
            return False
        rest = self.votes.without(self._voted.get(name, ()) or spots)
        return all(rest.countries[spot.country_code or ""] <= _NO_VOTE for spot in spots)

    def spot(self, at: int) -> Spot | None:
        """The place that is meant."""
        if at in self._fixed:
            return self._fixed[at]
        if not self._choices[at]:
            return None
        name = self._names[at]
        if name not in self._chosen:
            region = self._mentions[at].label == "region"
            self._chosen[name] = _best(self._choices[at], self.votes, self._voted.get(name, ()), region=region)
        return self._chosen[name]


def _shares(spots: Sequence[Spot]) -> list[tuple[Spot, float]]:
    """How probable each place of a name is by size alone."""
    if len(spots) == 1:
        return [(spots[0], 1.0)]
    if (
        spots
        and spots[0].kind in {"country", "continent", "water", "area"}
        and not any(_is_division(spot) for spot in spots[1:])
    ):
        return [(spots[0], 1.0)]
    weights = [math.sqrt(min(spot.inhabitants, 5_000_000) + 1) for spot in spots]
    total = sum(weights)
    return [(spot, weight / total) for spot, weight in zip(spots, weights, strict=True)]


def _best(spots: Sequence[Spot], votes: _Votes, voted: Sequence[Spot], *, region: bool) -> Spot:
    if len(spots) == 1:
        return spots[0]
    if spots[0].kind in {"country", "continent", "water", "area"} and not any(_is_division(spot) for spot in spots[1:]):
        return spots[0]
    total = sum(votes.countries.values()) - (1.0 if voted else 0.0)
    rest = votes.without(spots) if voted else votes

    def weight(spot: Spot) -> float:
        country = spot.country_code or ""
        share = max(rest.countries.get(country, 0.0), 0.0) / total if total > _NO_VOTE else 0.0
        if spot.kind == "country":
            return 6.0 + 2.5 * share
        if spot.kind == "area":
            return 8.0
        if _is_division(spot):
            return 5.0 + 4.0 * share + 0.5 * (country in _ENGLISH) + 2.0 * region
        near = min(max(rest.divisions.get((country, spot.division), 0.0), 0.0), 3.0)
        large = spot.kind == "city" and spot.inhabitants > _LARGE_CITY_INHABITANTS
        return math.log10(spot.inhabitants + 10) + 2.0 * share + 1.3 * near + large

    return max(spots, key=weight)


def _is_division(spot: Spot) -> bool:
    return spot.kind == "region" and spot.inhabitants > _DIVISION_INHABITANTS


def _choices(mention: Mention, key: str) -> tuple[Spot, ...]:
    if mention.kind != "place":
        return ()
    spots = (spots_named(key + " county") if mention.label == "county" else ()) or spots_named(key)
    if mention.label == "region":
        spots = tuple(spot for spot in spots if spot.kind == "region") or spots
    if mention.label and spots and len(mention.tokens) > 1 and spots[0].kind == "country":
        return ()
    return spots[:_MOST_CHOICES]


def _inside(spots: Sequence[Spot], container: Spot) -> Spot | None:
    """The largest place that lies in the container."""
    inside = [
        spot
        for spot in spots
        if spot.country_code == container.country_code
        and spot.kind not in {"country", "continent"}
        and spot is not container
        and (container.kind != "region" or (spot.division == container.division and not _is_division(spot)))
    ]
    return max(inside, key=lambda spot: spot.inhabitants, default=None)
