"""Places that the text itself puts into others: "Paris, Texas", "Perth in Scotland"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import is_division

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.steps.facts.names.atlas import Spot
    from worker.steps.facts.names.mentions import Mention

# Towns above this are known the world over; below it, they are where English is the language of local news.
KNOWN_INHABITANTS = 150_000
_BETWEEN = re.compile(r", ?|, \n| [(\[]| in (?:the )?(?:(?:[a-z]+ern|central|nearby|neighbou?ring) )?")
_MOST_BETWEEN = 24


def contained(text: str, mentions: Sequence[Mention], spots: Sequence[Sequence[Spot]]) -> dict[int, Spot]:
    """The places that lie in the one that is named behind them, and those that hold them, by the mention's index.

    A town that the atlas lacks there becomes a part of what holds it.
    """
    fixed: dict[int, Spot] = {}
    for at in range(len(mentions) - 1, 0, -1):
        outer, inner = spots[at], spots[at - 1]
        start, end = mentions[at - 1].end, mentions[at].start
        if not (outer and inner) or end - start > _MOST_BETWEEN or _BETWEEN.fullmatch(text, start, end) is None:
            continue
        known = fixed.get(at)
        for container in (known,) if known else outer:
            inside = _inside(inner, container) if container.kind in {"country", "region", "area"} else None
            if inside is not None:
                fixed[at - 1] = inside
                fixed.setdefault(at, container)
                break
        else:
            is_owner = mentions[at].tokens[-1].possessive
            if text.startswith(" in ", start) and not is_owner and _is_unlisted(inner, outer[0]):
                fixed[at - 1] = fixed.setdefault(at, outer[0])
                mentions[at - 1].is_part, mentions[at - 1].label = True, "city"
    return fixed


def spread_unlisted(mentions: Sequence[Mention], keys: Sequence[tuple[str, str]], fixed: dict[int, Spot]) -> None:
    """Take a town that the atlas lacks for the same wherever the text names it."""
    unlisted = {keys[at]: spot for at, spot in fixed.items() if mentions[at].is_part and not mentions[at].of}
    if not unlisted:
        return
    for at, key in enumerate(keys):
        if key in unlisted and at not in fixed:
            fixed[at] = unlisted[key]
            mentions[at].is_part, mentions[at].label = True, "city"


def _is_unlisted(inner: Sequence[Spot], outer: Spot) -> bool:
    """Whether a town of the name that is said to lie in a division is none of those that the atlas has."""
    return outer.kind == "region" and all(
        spot.kind == "city" and spot.inhabitants < KNOWN_INHABITANTS and spot.country_code != outer.country_code
        for spot in inner
    )


def _inside(spots: Sequence[Spot], container: Spot) -> Spot | None:
    """The largest place that lies in the container."""
    if container.kind == "country" and spots[0].kind == "country":
        # "China, Japan": a list, whatever towns have such names.
        return None
    inside = [
        spot
        for spot in spots
        if spot.country_code == container.country_code
        and spot.kind not in {"country", "continent"}
        and spot is not container
        and (container.kind != "region" or (spot.division == container.division and not is_division(spot)))
    ]
    return max(inside, key=lambda spot: spot.inhabitants, default=None)
