"""Words that are capitalised only because of where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.names import phrases
from worker.steps.facts.names.lexicons import (
    COMMON,
    DEMONYM,
    FIRST_NAME,
    HEAD,
    NEVER,
    OFFICE,
    START,
    SURNAME,
    THING,
    TITLE,
    TRADE,
    cue,
)

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

_BESIDE = frozenset({"", "."})
_NAMES = FIRST_NAME | SURNAME
_PARTS = TITLE | OFFICE | TRADE | HEAD


def is_no_name(run: list[Token], at: int) -> bool:
    """Whether the word is capitalised only where it stands, or is no part of any name."""
    token = run[at]
    if (token.opens or token.gap in {"for", "in"}) and _is_opening(run, at):
        return True
    if token.flags & THING and at and not token.gap and run[at - 1].flags & NEVER:
        return True  # "Christmas Eve"
    if not token.flags & NEVER or phrases.begins(run, at) or _is_first_name(run, at):
        return False
    # "Football Federation"
    return not (token.key in cue("field") and at + 1 < len(run) and not run[at + 1].gap and run[at + 1].flags & HEAD)


def _is_first_name(run: list[Token], at: int) -> bool:
    """Whether a word that is mostly no name is one here: "Bill Gates", "Al Gore"."""
    if at + 1 >= len(run) or run[at + 1].gap not in _BESIDE or not run[at].flags & FIRST_NAME:
        return False
    following = run[at + 1].flags
    return bool(following & SURNAME) or not following & COMMON


def _is_opening(run: list[Token], at: int) -> bool:
    """Whether the word is capitalised only because it opens a sentence."""
    token = run[at]
    flags = token.flags
    if not flags & (START | COMMON):
        return False
    following = run[at + 1] if at + 1 < len(run) else None
    if flags & START:
        if token.surface.isupper() and len(token.key) > 1:
            # The WHO, the US: no pronouns.
            return False
        # But "The Hague", "New York", "Will Smith".
        if following is None or following.gap != "":
            return True
        is_person = token.key in cue("first name or word") and following.flags & SURNAME
        return not (is_person or phrases.begins(run, at))
    # "Fighting Russian troops": what comes after it begins the name.
    return (
        token.opens
        and following is not None
        and following.gap in _BESIDE
        and (bool(following.flags & DEMONYM) or (token.key not in cue("direction") and phrases.begins(run, at + 1)))
        and not flags & (_PARTS | _NAMES)
        and not phrases.begins(run, at)
    )
