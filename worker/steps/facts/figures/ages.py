"""Ages that are written without years: "aged 5", "the age of 21", "Ruiz, 41, said", "who was 10"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from worker.steps.facts.figures.draft import Draft
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens

_OLDEST: Final = 125


def is_age(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """Whether a number without unit and noun says how old someone is."""
    for value in draft.values:
        if not 0 <= value <= _OLDEST or value != int(value):
            return False
    at = draft.first - 1
    while words.has("about", tokens.low[at]):
        at -= 1
    lead = tokens.low[at]
    aged = words.has("aged", lead) or (lead == "of" and words.has("aged", tokens.low[at - 1]))
    return aged or _is_apposition(draft, tokens, words) or _turns(at, draft.after, tokens, words)


def _is_apposition(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """Ages between commas: "Ana Ruiz, 41, said", "John Doe Sr., 56, of Leeds", "Doe, 34; Roe, 36"."""
    before, after = draft.first - 1, tokens.low[draft.after]
    if tokens.low[before] != "," or not draft.digits or len(draft.values) > 1 or draft.values[0] < 1:
        return False
    name = before - 2 if tokens.low[before - 1] == "." else before - 1
    if not tokens.capital(name) or words.has("weekday", tokens.low[name]) or words.has("month", tokens.low[name]):
        return False
    if tokens.is_number(draft.after + 1):
        return False
    return after in (",", ";") or (not after.isalnum() and after != "-" and tokens.capital(name - 1))


def _turns(at: int, after: int, tokens: Tokens, words: Words) -> bool:
    """Ages behind a verb: "He was 35", "before she turned 50", "who will be 21"."""
    following = tokens.low[after]
    if (following.isalpha() and not words.has("boundary", following)) or following in ("of", "to", "-"):
        return False
    lead = tokens.low[at]
    if words.has("turned", lead):
        return True
    if not words.has("be", lead):
        return False
    subject = at - 1
    while words.has("before_be", tokens.low[subject]):
        subject -= 1
    return words.has("someone", tokens.low[subject])
