"""Who takes part in an event, of all that stand about its mentions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

# Who acts: a country; a body that is not a state's; a person; a ministry or an army of no known country; and a person
# who is alone on one side of an event.
STATE, BODY, PERSON, BRANCH, LONE = range(5)
_FIRST: Final = frozenset({STATE, BODY, LONE})
_MAX_PARTIES: Final = 6

# A party and what it is.
Party = tuple[int, str]


def one_side(side: Sequence[Party]) -> Sequence[Party]:
    """The parties of one side; people are named beside the bodies of the other side when there is none on theirs."""
    if any(kind in _FIRST for kind, _ in side):
        return side
    return [(LONE if kind == PERSON else kind, name) for kind, name in side]


def parties_of(found: Sequence[Party]) -> tuple[str, ...]:
    """The parties of an event: people beside a state or body of their side, and branches of a state, are left out."""
    first = [party for party in found if party[0] in _FIRST]
    chosen = first or [party for party in found if party[0] == PERSON] or found
    # "the World Dairy Council (WDC)" is one.
    full = {_initials(name): name for _, name in chosen if " " in name}
    return tuple(dict.fromkeys([full.get(name, name) for _, name in chosen]))[:_MAX_PARTIES]


def _initials(name: str) -> str:
    return "".join([word[0] for word in name.split() if word[0].isupper()])
