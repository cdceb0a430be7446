"""Where a document's own numbers add up."""

from __future__ import annotations

from bisect import bisect_left
from itertools import combinations
from math import comb, gcd
from typing import TYPE_CHECKING, Final

from worker.model.facts import Sum
from worker.steps.facts.figures.lexicon import words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from worker.model.facts import Figure

_SMALLEST_TOTAL: Final = 10
_MOST_PARTS: Final = 4
# More different figures than these add up by chance, and take long to try.
_MOST_FIGURES: Final = 14
# A total and what makes it up are told together: each part at most so many characters from it.
_FARTHEST: Final = 1500


def reconcile(figures: Sequence[Figure]) -> tuple[Sum, ...]:
    """The totals of a document that its other figures make up, each in one way only.

    Only whole numbers count that are not approximate and that count the same kind of thing: the same noun, or people;
    money in the same currency. A figure that is repeated counts once, at its first place. A total that is so small, or
    so round, that chance would make it up from as many figures is none, nor is one that is told far from its parts.
    """
    found: list[Sum] = []
    for group in _groups(figures):
        places: dict[float, list[int]] = {}
        for at in group:
            places.setdefault(figures[at].values[0], []).append(at)
        if not 3 <= len(places) <= _MOST_FIGURES:
            continue
        tries = sum(comb(len(places), length) for length in range(2, _MOST_PARTS + 1))
        starts = {value: [figures[at].span.start for at in ats] for value, ats in places.items()}
        sums = [
            (total, parts)
            for total, parts in _sums(places)
            if total >= _SMALLEST_TOTAL and _steps(total, parts) > tries and _is_near(total, parts, starts)
        ]
        found += [
            Sum(total=places[total][0], parts=tuple(sorted(places[part][0] for part in parts)))
            for total, parts in sums
            if not any(_contradict((total, parts), other) for other in sums)
        ]
    return tuple(sorted(found, key=lambda each: each.total))


def _sums(places: Iterable[float]) -> Iterator[tuple[float, tuple[float, ...]]]:
    """The values that others make up in just one way, with those others."""
    values = list(places)
    known = frozenset(values)
    ways: dict[float, list[tuple[float, ...]]] = {}
    for length in range(2, _MOST_PARTS + 1):
        for parts in combinations(values, length):
            total = sum(parts)
            if total in known:
                ways.setdefault(total, []).append(parts)
    for total, all_parts in ways.items():
        if len(all_parts) == 1:
            yield total, all_parts[0]


def _steps(total: float, parts: tuple[float, ...]) -> float:
    """How many numbers as round as these there are up to the total: 697 of 697, but 6 of 60 when all are tens."""
    return total / gcd(int(total), *map(int, parts))


def _is_near(total: float, parts: tuple[float, ...], starts: Mapping[float, Sequence[int]]) -> bool:
    """Whether the total is told somewhere with all its parts around it."""
    return any(all(_distance(place, starts[part]) <= _FARTHEST for part in parts) for place in starts[total])


def _distance(place: int, others: Sequence[int]) -> int:
    at = bisect_left(others, place)
    return min(abs(place - other) for other in others[max(at - 1, 0) : at + 1])


def _contradict(one: tuple[float, tuple[float, ...]], two: tuple[float, tuple[float, ...]]) -> bool:
    """Whether something would be both within and beside another: 150 = 93 + 57 and 93 = 57 + 36."""
    inner, outer = sorted((one, two))
    return inner[0] in outer[1] and not set(inner[1]).isdisjoint(outer[1])


def _groups(figures: Sequence[Figure]) -> Iterator[list[int]]:
    groups: dict[tuple[str, str], list[int]] = {}
    for at, figure in enumerate(figures):
        key = _counted(figure)
        if key:
            groups.setdefault(key, []).append(at)
    yield from groups.values()


def _counted(figure: Figure) -> tuple[str, str] | None:
    """What a figure counts, as far as it may be added to others."""
    if len(figure.values) != 1 or figure.approximate or figure.values[0] <= 1 or not figure.values[0].is_integer():
        return None
    if figure.kind == "money" and figure.unit:
        return "money", figure.unit
    if figure.kind not in ("count", "total") or figure.noun is None:
        return None
    head = figure.noun.surface.lower().split()[-1]
    return ("person", "") if words_of("en").has("person", head) else ("noun", head)
