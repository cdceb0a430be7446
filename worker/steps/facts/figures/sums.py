"""Where a document's own numbers add up."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Final

from worker.model.facts import Sum
from worker.steps.facts.figures.lexicon import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from worker.model.facts import Figure

_SMALLEST_TOTAL: Final = 10
_MOST_PARTS: Final = 4
# More different figures than these add up by chance, and take long to try.
_MOST_FIGURES: Final = 14


def reconcile(figures: Sequence[Figure]) -> tuple[Sum, ...]:
    """The totals of a document that its other figures make up, each in one way only.

    Only whole numbers count that are not approximate and that count the same kind of thing: the same noun, or people;
    money in the same currency. A figure that is repeated counts once, at its first place. A total that is so small, or
    so round, that chance would make it up from as many figures is none.
    """
    found: list[Sum] = []
    for group in _groups(figures):
        places = {figures[at].values[0]: at for at in reversed(group)}
        if not 3 <= len(places) <= _MOST_FIGURES:
            continue
        tries = sum(comb(len(places), length) for length in range(2, _MOST_PARTS + 1))
        for total, parts in _sums(places):
            if total >= _SMALLEST_TOTAL and _steps(total, parts) > tries:
                found.append(Sum(total=places[total], parts=tuple(sorted(places[part] for part in parts))))
    return tuple(sorted(found, key=lambda each: each.total))


def _sums(places: dict[float, int]) -> Iterator[tuple[float, tuple[float, ...]]]:
    """The values that others make up in just one way, with those others."""
    ways: dict[float, list[tuple[float, ...]]] = {}
    for length in range(2, _MOST_PARTS + 1):
        for parts in combinations(places, length):
            total = sum(parts)
            if total in places:
                ways.setdefault(total, []).append(parts)
    for total, all_parts in ways.items():
        if len(all_parts) == 1:
            yield total, all_parts[0]


def _steps(total: float, parts: tuple[float, ...]) -> float:
    """How many numbers as round as these there are up to the total: 697 of 697, but 6 of 60 when all are tens."""
    unit = 1
    while all(value % (unit * 10) == 0 for value in (total, *parts)):
        unit *= 10
    return total / unit


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
