"""Where an event was: the words before a place, and which of the events of a sentence it is of."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_WHERE: Final = frozenset(
    {
        "in",
        "at",
        "near",
        "around",
        "across",
        "outside",
        "inside",
        "over",
        "on",
        "throughout",
        "off",
        "through",
    }
)
_DAY_NAMES: Final = frozenset(
    {
        *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "january", "february", "march"),
        *("jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "new"),
        *("april", "may", "june", "july", "august", "september", "october", "november", "december"),
    }
)
_LOOSE: Final = frozenset({"over", "on", "through"})
_NOT_WHERE: Final = frozenset({"to", "from", "by", "against", "that", "which", "who", "or", "but", "for", "since"})
# How much farther a place is from a verb behind it than from the one before it.
_BEFORE: Final = 9
_CLAUSE_CHARS: Final = 300
_CLAUSE: Final = re.compile(r"[,;:]|\band\b")


def is_where(before: Sequence[str], *, of: bool = False) -> bool:
    """Whether the words before a place say that something is there: "in the southern city of", "near Basra and"."""
    for at in range(len(before) - 1, -1, -1):
        word = before[at]
        if word == "of":
            return is_where(before[:at], of=True)
        if word in _WHERE or word == "border":
            # "On Sunday and Israel", "in May and Israel"; "over the objections of Peru"
            return not (of and word in _LOOSE) and (at + 1 == len(before) or before[at + 1] not in _DAY_NAMES)
        if word in {"and", ","}:
            return at == len(before) - 1 and is_where(before[:at])
        if word == "with":
            return at > 0 and before[at - 1] == "border"
        if word in _NOT_WHERE or word.endswith(("ed", "ing")):
            return False
    return False


def nearest(spans: Sequence[tuple[int, int]], start: int, end: int, text: str | None = None) -> int:
    """The nearest trigger; of a place (in its `text`) that before it in its clause: "met in Oslo and signed"."""
    if len(spans) == 1:
        return 0
    before = max((last for _, last in spans if last <= start), default=None)
    is_behind = (
        text is not None
        and before is not None
        and start - before < _CLAUSE_CHARS
        and _CLAUSE.search(text, before, start) is None
    )
    weight = _BEFORE if is_behind else 1
    distances = [max(weight * (first - end), start - last, 0) for first, last in spans]
    return distances.index(min(distances))
