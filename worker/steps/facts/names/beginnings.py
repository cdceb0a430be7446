"""Where the reading of a run stands, and what begins there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from worker.steps.facts.names.lexicons import FUNCTION, NEVER

if TYPE_CHECKING:
    from worker.steps.facts.names.mentions import Mention
    from worker.steps.facts.names.tokens import Token

# A name of more words is a headline's line.
_MOST_WORDS = 12
_TOGETHER = frozenset({"", ".", "particle", "&"})


@dataclass(slots=True)
class Beginning:
    """Where the reading stands in a run, and what begins there: a known name, an organisation by its head word."""

    text: str
    run: list[Token]
    at: int
    end: int  # index behind the words that stand together from here on
    flags: int  # what any of these words may be
    known: Mention | None
    organisation: tuple[int, str] | None  # index behind it, type
    role: int  # words of title or office


def together(run: list[Token], at: int) -> tuple[int, int]:
    """The index behind the last word that stands beside the one before it, without a preposition; what they may be."""
    end = at + 1
    flags = run[at].flags
    most = min(len(run), at + _MOST_WORDS)
    while end < most and run[end].gap in _TOGETHER:
        token = run[end]
        if token.flags & FUNCTION or (token.flags & NEVER and token.key.endswith("day")):
            break
        flags |= token.flags
        end += 1
    return end, flags
