"""What the figures of one sentence lend one another: nouns, units, "each", and the number that "as many" repeats."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from worker.steps.facts.figures.draft import Draft
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens

_LINKS: Final = frozenset({"and", "or", ",", "/", "to", "-", "&"})

# How far back "including at least" may begin.
_INCLUDED_REACH: Final = 3
# How far from "others" the verb may stand that harms them.
_HARM_REACH: Final = 4
# How far back the verb of a change may stand.
_REACH: Final = 9


def join(drafts: list[Draft], tokens: Tokens, words: Words) -> list[Draft]:
    """The same figures, completed from their neighbours in the sentence; two ends of a range become one figure."""
    if len(drafts) > 1:
        drafts = _ranges(drafts, tokens, words)
    for one, two in pairwise(reversed(drafts)):
        _lend_back(two, one, tokens)
    drafts = _lend_on(drafts, tokens, words)
    for two, one in pairwise(reversed(drafts)):
        if two.per == "each" and one.per is None and one.kind == two.kind == "count" and _linked(one, two, tokens):
            one.per = "each"
    for draft in drafts:
        if draft.kind == "count" and draft.noun is None:
            draft.kind = "number"
    return drafts


def _lend_on(drafts: list[Draft], tokens: Tokens, words: Words) -> list[Draft]:
    """Nouns and ages that hold on: "12 people were killed and 30 wounded", "aged 7 and 9"."""
    kept: list[Draft] = []
    before: Draft | None = None
    counted: Draft | None = None
    for draft in drafts:
        if draft.bare:
            if before and before.kind == "age" and _linked(before, draft, tokens):
                draft.kind, draft.unit, draft.rule = "age", before.unit, "age"
            elif counted and _is_elliptical(draft, counted, tokens, words):
                draft.noun, draft.rule = counted.noun, "ellipsis"
            elif _are_harmed_others(draft, tokens, words):
                draft.noun, draft.rule = (tokens.start[draft.after], tokens.end(draft.after)), "others"
            elif not counted and _is_pronoun(draft, tokens, words):
                continue
        # "82 people, including 28 children, and 41 are missing": people are.
        if draft.kind == "count" and draft.noun and not (counted and _is_included(draft, tokens)):
            counted = draft
        before = draft
        kept.append(draft)
    return kept


def _is_included(draft: Draft, tokens: Tokens) -> bool:
    return "including" in tokens.low[max(draft.first - _INCLUDED_REACH, 0) : draft.first]


def _is_pronoun(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """A "one" that counts nothing; "one of them", "one a month", "one at a time" and "one was killed" count."""
    if draft.rule != "words" or draft.values != (1,) or draft.per:
        return False
    after = tokens.low[draft.last + 1 : draft.last + 4]
    happened = words.has("auxiliary", after[0]) and words.has("happened", after[1])
    return after[0] != "of" and not happened and not words.has("distributive", "_".join(after))


def _between(one: Draft, two: Draft, tokens: Tokens) -> list[str]:
    return tokens.low[one.after : two.first]


def _linked(one: Draft, two: Draft, tokens: Tokens) -> bool:
    between = _between(one, two, tokens)
    return 0 < len(between) <= 2 and all(word in _LINKS for word in between)


def _lend_back(one: Draft, two: Draft, tokens: Tokens) -> None:
    """Units and nouns that hold for both: "eight or nine euros", "7- or 8-inch"."""
    if not one.bare or two.kind in ("ordinal", "anaphoric", "score", "ratio") or one.rule == "range":
        return
    between = tokens.low[one.last + 1 : two.first]
    if not (0 < len(between) <= 3) or not all(word in _LINKS for word in between):
        return
    one.kind, one.unit, one.noun, one.per = two.kind, two.unit, two.noun, two.per
    one.after = one.last + 1


def _is_elliptical(draft: Draft, counted: Draft, tokens: Tokens, words: Words) -> bool:
    """Whether the noun was said before: "12 people were killed and 30 wounded"."""
    before, after = tokens.low[draft.first - 1], tokens.low[draft.after]
    if after == "others":
        return _are_people(counted, tokens, words) or not _are_harmed_others(draft, tokens, words)
    if words.has("approximate", before) or words.has("bound", before) or before in ("than", "another", "further"):
        before = "and"
    if before not in ("and", ",", ":", "another", "with", "while", "but", "or", "including", "to"):
        return False
    if words.has("done", after):
        return _are_people(counted, tokens, words)
    return words.has("participle", after) or words.has("elliptical", after)


def _are_harmed_others(draft: Draft, tokens: Tokens, words: Words) -> bool:
    """Whether they are people, whatever was counted before: "launched 300 drones, injuring at least nine others"."""
    before, after = tokens.low[max(draft.first - _HARM_REACH, 0) : draft.first], draft.after
    return tokens.low[after] == "others" and any(
        words.has("harming", word) for word in (*before, *tokens.low[after + 1 : after + 1 + _HARM_REACH])
    )


def _are_people(counted: Draft, tokens: Tokens, words: Words) -> bool:
    """Whether people are counted: of "two trains, three died" they are none."""
    noun = tokens.text[slice(*counted.noun)] if counted.noun else ""
    return words.has("person", noun.lower().rpartition(" ")[2])


def _ranges(drafts: list[Draft], tokens: Tokens, words: Words) -> list[Draft]:
    """Ends of a range that each have their unit: "5 percent to 7 percent"."""
    joined: list[Draft] = []
    for draft in drafts:
        one = joined[-1] if joined else None
        if one and _is_range(one, draft, tokens, words):
            link = _between(one, draft, tokens)
            one.values = (one.values[0], draft.values[0])
            one.last, one.after, one.noun, one.per = draft.last, draft.after, draft.noun, draft.per
            change = one.values[0] > one.values[1] or (link == ["to"] and _changes(one, tokens, words))
            one.rule = "change" if change else "range"
        else:
            joined.append(draft)
    return joined


def _is_range(one: Draft, two: Draft, tokens: Tokens, words: Words) -> bool:
    if one.unit is None or one.unit != two.unit or one.kind != two.kind or len(one.values + two.values) != 2:
        return False
    between = _between(one, two, tokens)
    lead = tokens.low[max(one.first - 3, 0) : one.first]
    rises = one.values[0] < two.values[0]
    if between == ["and"]:
        return rises and "between" in lead
    if between in (["-"], ["\u2013"]):
        return rises
    if between != ["to"]:
        return False
    return "from" in lead or (rises and not _changes(one, tokens, words))


def _changes(draft: Draft, tokens: Tokens, words: Words) -> bool:
    return any(words.has("change", word) for word in tokens.low[max(draft.first - _REACH, 0) : draft.first])
