"""Words that are capitalised only because of where they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from worker.steps.facts.names import phrases
from worker.steps.facts.names.lexicons import cue, lexicon

if TYPE_CHECKING:
    from worker.steps.facts.names.tokens import Token

_BESIDE = frozenset({"", "."})


def is_no_name(run: list[Token], at: int) -> bool:
    """Whether the word is capitalised only where it stands, or is no part of any name."""
    token = run[at]
    if (token.opens or token.gap in {"for", "in"}) and _is_opening(run, at):
        return True
    return token.key in lexicon().never and not phrases.begins(run, at) and not _is_first_name(run, at)


def _is_first_name(run: list[Token], at: int) -> bool:
    """Whether a word that is mostly no name is one here: "Bill Gates", "Al Gore"."""
    words = lexicon()
    if at + 1 >= len(run) or run[at + 1].gap not in _BESIDE or run[at].key not in words.first_names:
        return False
    following = run[at + 1].key
    return following in words.surnames or following not in words.common


def _is_opening(run: list[Token], at: int) -> bool:
    """Whether the word is capitalised only because it opens a sentence."""
    words = lexicon()
    key = run[at].key
    following = run[at + 1] if at + 1 < len(run) else None
    if key in words.start:
        if run[at].surface.isupper() and len(key) > 1:
            # The WHO, the US: no pronouns.
            return False
        # But "The Hague", "New York", "Will Smith".
        if following is None or following.gap != "":
            return True
        is_person = key in cue("first name or word") and following.key in words.surnames
        return not (is_person or phrases.begins(run, at))
    # "Fighting Russian troops": what comes after it begins the name.
    return (
        run[at].opens
        and following is not None
        and following.gap in _BESIDE
        and following.key in words.demonyms
        and key in words.common
        and not any(key in known for known in (words.titles, words.offices, words.trades, words.heads))
        and key not in words.first_names
        and key not in words.surnames
        and not phrases.begins(run, at)
    )
