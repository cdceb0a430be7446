"""Known organisations whose names are more than a run of capitals: "Save the Children", "France 24", "USA Today"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from worker.steps.facts.gazetteer import fold
from worker.steps.facts.names.lexicons import lexicon
from worker.steps.facts.names.mentions import mention
from worker.steps.facts.names.tokens import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.steps.facts.names.mentions import Mention

# "France 24, Wales 17", "France 24-17 Wales" are no broadcaster.
_SCORED: Final = re.compile(r"\d(?:[-\u2013:]|,? [A-Z]\w+ \d)")


def with_literal_names(text: str, mentions: list[Mention]) -> list[Mention]:
    """The mentions, and those of names that are looked up as they are written, in place of what lies within them."""
    found = [one for name in lexicon().literal if name in text for one in _found(text, name)]
    if not found:
        return mentions
    return found + [one for one in mentions if not any(one.start < its.end and its.start < one.end for its in found)]


def _found(text: str, name: str) -> Iterator[Mention]:
    known = lexicon().organisations[name]
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        is_whole = not text[max(start - 1, 0) : start].isalnum() and not text[end : end + 1].isalnum()
        if is_whole and _SCORED.match(text, end - 1) is None:
            token = Token(name, start, end, fold(name), 0, 1, opens=False, possessive=False)
            found = mention(text, [token], "organisation", "known organisation")
            found.type, found.country_code = known.type, known.country_code
            yield found
        start = text.find(name, end)
