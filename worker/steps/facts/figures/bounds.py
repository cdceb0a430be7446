"""How exact a figure is: "about", and on which side of it the true number lies ("more than", "up to", "or more")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from worker.steps.facts.figures.tokens import WORD

if TYPE_CHECKING:
    from worker.steps.facts.figures.draft import Bound, Draft
    from worker.steps.facts.figures.lexicon import Words
    from worker.steps.facts.figures.tokens import Tokens

# What begins a phrase that stands behind a number.
_BEHIND: Final = ("or", "and")
# What begins a limit that is glued to a number, or right behind it.
_AT_ONCE: Final = ("+", "-", "or")


class BoundReader:
    """Reads what limits the numbers of one sentence."""

    __slots__ = ("_tokens", "_words")

    def __init__(self, tokens: Tokens, words: Words) -> None:
        self._tokens = tokens
        self._words = words

    def read(self, draft: Draft) -> None:
        """What stands before a number, and right behind it: "at least 5", "500+", "20-plus", "70-odd", "5 or more"."""
        low, words = self._tokens.low, self._words
        before = draft.first - 1
        lead = low[before]
        if lead in words.bound_ends:
            draft.bound = self._before(before)
        if draft.bound is None and lead in words.classes["approximate"]:
            draft.approximate = True
            draft.bound = self._before(before - 1)  # "at least some 50"
        if lead == "to" and words.has("before_to", low[before - 1]):
            draft.approximate = True
        if low[draft.after] in _AT_ONCE:
            self._at_once(draft)

    def finish(self, draft: Draft) -> None:
        """What stands behind the noun or the unit: "five people or more", "aged 65 and over"."""
        if draft.bound == "more_than" and draft.kind == "duration" and self._tokens.low[draft.first - 1] == "over":
            draft.bound = None  # "over 12 years" is as long as that
        low, last, after = self._tokens.low, draft.last + 1, draft.after
        if draft.bound is None and (low[after] in _BEHIND or low[last] in _BEHIND):
            draft.bound = self._behind(after, age=draft.kind == "age") or self._behind(last)
        if draft.bound is not None or (low[last] == "or" and self._words.has("or_so", low[last + 1])):
            draft.approximate = True

    def _before(self, last: int) -> Bound | None:
        """The bound whose phrase ends with a token."""
        tokens, words = self._tokens, self._words
        longest = words.bound_ends.get(tokens.low[last], 0)
        for first in range(max(last - longest + 1, 0), last + 1):
            bound = words.bounds.get(" ".join(tokens.low[first : last + 1]))
            if bound and tokens.low[first] not in _BEHIND:
                earlier, word = tokens.low[first - 1], tokens.low[first]
                compared = word == "as" and words.has("multiple", earlier)  # "twice as many as 5"
                moved = word == "up" and words.has("up_to", earlier)  # "it adds up to 5"
                return None if compared or moved else bound
        return None

    def _at_once(self, draft: Draft) -> None:
        tokens = self._tokens
        at = draft.after
        if tokens.low[at] == "+" and tokens.glued(at):
            draft.bound, draft.after = "at_least", at + 1
        elif tokens.hyphen(at) and tokens.low[at + 1] == "plus":
            draft.bound, draft.after = "at_least", at + 2
        elif tokens.hyphen(at) and tokens.low[at + 1] == "odd":
            draft.approximate, draft.after = True, at + 2
        elif tokens.low[at] == "or":
            bound = self._behind(at)
            if tokens.sort[at + 2] != WORD:
                return
            if bound:
                draft.bound, draft.after = bound, at + 2
            elif tokens.low[at + 1] == "so":  # "the 100 or so guests"
                draft.approximate, draft.after = True, at + 2

    def _behind(self, at: int, *, age: bool = False) -> Bound | None:
        """The bound whose phrase begins with "or" or "and" at a token; not that of the next number.

        Behind an `age` it is one whatever follows: "aged 65 and over vote".
        """
        tokens, words = self._tokens, self._words
        link, further = tokens.low[at], at + 2
        if link not in _BEHIND:
            return None
        bound = words.bounds.get(f"{link} {tokens.low[at + 1]}")
        if bound is None or tokens.is_number(further) or tokens.low[further] in words.begins:
            return None
        word = tokens.low[further]
        if tokens.sort[further] != WORD:
            return None if tokens.raw(further, further) in words.money_signs else bound  # "and over $5"
        if word in ("to", "than", "the"):
            return None
        return bound if age or link == "or" or words.has("boundary", word) else None
