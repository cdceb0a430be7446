"""A figure while its sentence is being read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from worker.model.facts import FigureKind

Bound = Literal["at_least", "at_most", "more_than", "less_than"]


@dataclass(slots=True, kw_only=True)
class Draft:
    """What is known so far of one figure. `first` and `last` are tokens of its span, `after` the token behind its unit
    and noun; `noun` holds offsets into the text.

    `bare` says that it has neither a unit nor a noun of its own, so that it may take those of a neighbour.
    """

    first: int
    last: int
    after: int
    values: tuple[float, ...]
    kind: FigureKind
    rule: str
    noun: tuple[int, int] | None = None
    unit: str | None = None
    approximate: bool = False
    bound: Bound | None = None
    per: str | None = None
    refers_to: int | None = None
    digits: bool = False

    @property
    def bare(self) -> bool:
        """Whether it has neither a unit nor a noun."""
        return self.unit is None and self.noun is None and self.kind in ("count", "number")
