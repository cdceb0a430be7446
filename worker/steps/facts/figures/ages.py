"""Ages that are written without years: "aged 5", "the age of 21", "Ruiz, 41, said", "who was 10", "in his 40s"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.draft import Draft

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.steps.facts.figures.draft import Bound
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens

_OLDEST: Final = 125
# The number of "Under-18s" that begins a sentence.
_SECOND: Final = 2
_LIMITS: Final[Mapping[str, Bound]] = {"over": "more_than", "under": "less_than"}


def is_age(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """Whether a number without unit and noun says how old someone is."""
    low, about, at = tokens.low, words.classes["about"], draft.first - 1
    while low[at] in about:
        at -= 1
    if words.has("between", low[at]) and words.has("aged", low[at - 1]):
        at -= 1  # "aged between 19 and 34"
    lead = low[at]
    aged = words.has("aged", lead) or (lead == "of" and words.has("aged", low[at - 1]))
    old = (
        aged
        or _is_compared(draft, tokens, words)
        or _is_limit(draft, tokens, words)
        or _is_apposition(draft, tokens, words)
        or _turns(at, draft.after, tokens, words)
    )
    return old and all(0 <= value <= _OLDEST and value.is_integer() for value in draft.values)


def _is_compared(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """Ages that are limits: "younger than 18", "65 or older"."""
    low, before = tokens.low, draft.first - 1
    if low[draft.last + 1] == "or" and words.has("age_compared", low[draft.last + 2]):
        return True
    following = low[draft.after]
    ends = not following.isalnum() or words.has("boundary", following) or words.has("verb", following)
    return ends and low[before] == "than" and words.has("age_compared", low[before - 1])


def _is_limit(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """Ages that people are under or over: "voters under 30 had", "most are over 65"."""
    low = tokens.low
    lead = draft.first - 1
    if not words.has("age_limit", low[lead]):
        return False
    following = low[draft.after]
    ends = not following[:1].isalnum() or words.has("boundary", following) or words.has("verb", following)
    return ends and (words.has("people", low[lead - 1]) or (words.has("be", low[lead - 1]) and following == "and"))


def _is_apposition(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """Ages between commas: "Ana Ruiz, 41, said", "John Doe Sr., 56, of Leeds", "Doe, 34; Roe, 36"."""
    before, after = draft.first - 1, tokens.low[draft.after]
    if tokens.low[before] != "," or not draft.digits or len(draft.values) > 1 or draft.values[0] < 1:
        return False
    name = before - 2 if tokens.low[before - 1] == "." else before - 1
    word = tokens.low[name]
    if words.has("kin", word):
        return after in (",", ";")
    if not tokens.capital(name) or words.has("weekday", word) or words.has("month", word):
        return False
    if after in (",", ";"):
        return not tokens.is_number(draft.after + 1)
    named = tokens.capital(name - 1) or (tokens.low[name - 1] == "." and tokens.capital(name - 2))
    dash = after == "-" and tokens.glued(draft.after)
    return named and not (after.isalnum() or dash or tokens.is_number(draft.after + 1))


def _turns(at: int, after: int, tokens: Tokens, words: Words) -> bool:
    """Ages behind a verb: "He was 35", "before she turned 50", "who will be 21"."""
    lead, following = tokens.low[at], tokens.low[after]
    turned = words.has("turned", lead)
    if not turned and not words.has("be", lead):
        return False
    goes_on = following.isalpha() and not (words.has("boundary", following) or words.has("when", following))
    if goes_on or following in ("of", "to", "-"):
        return False
    if turned:
        return True
    subject = at - 1
    while words.has("before_be", tokens.low[subject]):
        subject -= 1
    return words.has("someone", tokens.low[subject])


def is_decade_of_life(index: int, tokens: Tokens, words: Words) -> bool:
    """Whether a number before an "s" is an age: "in his 40s", "in her mid-30s"."""
    number, at = tokens.low[index], index - 1
    if len(number) != 2 or number[1] != "0" or not tokens.glued(index + 1):
        return False
    while tokens.low[at] == "-" or words.has("decade_part", tokens.low[at]):
        at -= 1
    return words.has("own", tokens.low[at]) and tokens.low[at - 1] == "in"


def decade_of_life(index: int, tokens: Tokens) -> Draft:
    """The ten years of that age."""
    low = float(tokens.low[index])
    return Draft(
        first=index,
        last=index + 1,
        after=index + 2,
        values=(low, low + 9),
        kind="age",
        unit="year",
        approximate=True,
        rule="decade-of-life",
        digits=True,
    )


def is_age_group(index: int, tokens: Tokens) -> bool:
    """Whether a number before an "s" is a limit of age: "the over-65s", "under-18s"."""
    return tokens.hyphen(index - 1) and tokens.low[index - 2] in _LIMITS and tokens.low[index].isdecimal()


def age_group(index: int, tokens: Tokens) -> Draft | None:
    """The age that is the limit; None for a team ("England Under-21s")."""
    if index > _SECOND and tokens.capital(index - 2):
        return None
    return Draft(
        first=index,
        last=index,
        after=index + 2,
        values=(float(tokens.low[index]),),
        kind="age",
        unit="year",
        approximate=True,
        bound=_LIMITS[tokens.low[index - 2]],
        rule="age",
        digits=True,
    )
