"""What a text says for certain about the names in it, for those that are not certain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from worker.steps.facts.names.atlas import name_key, spots_named
from worker.steps.facts.names.lexicons import COMMON, DEMONYM, HEAD, THING, cue, word_flags
from worker.steps.facts.names.tokens import word_after, word_before

if TYPE_CHECKING:
    from collections.abc import Iterable

    from worker.steps.facts.names.mentions import Mention

_BRACKET = re.compile(r"(?: ?\(|,? or (?=[A-Z]{2,9},))([A-Z][A-Za-z.&-]{1,9})(?:\)|(?=,))")
_TICKER = re.compile(r"\.[A-Z]{1,3}\)")
_MIDDLE_NAME_LETTERS = 3
_OUTLETS = frozenset({"newspaper", "daily", "weekly", "broadcaster", "channel", "outlet"})
_AT_WORK = re.compile(
    r"\b(?:[Aa]nalysts?|economists?|strategists?|traders?|researchers?|scientists?|professors?|lecturers?|fellow"
    r"|engineers?|curators?|partner) at $"
)
_REACH = 14


class Knowledge:
    """People's names by each of their words, organisations by their short forms and head words, places."""

    def __init__(self, text: str, mentions: Iterable[Mention], *, sport: bool) -> None:
        self.text = text
        self.sport = sport
        self.surnames: set[str] = set()
        self.given: set[str] = set()
        self.places: set[str] = set()
        self._storms: set[str] = set()
        self._things: set[str] = set()
        self._short_forms: dict[str, Mention] = {}
        self._brackets: dict[str, Mention] = {}
        self._heads: dict[str, Mention] = {}
        self._companies: dict[str, Mention] = {}
        for mention in mentions:
            if mention.weak or mention.kind == "unknown":
                _take_body(text, mention)
            elif mention.rule == "first name" and text.endswith(" at ", 0, mention.start):
                _take_workplace(text, mention)
            if mention.rule == "called a body":
                self._short_forms.setdefault(mention.surface, mention)
            elif mention.kind == "person" and not (mention.weak and len(mention.tokens) == 1):
                self._add_person(mention)
            elif mention.kind == "organisation" and len(mention.tokens) > 1:
                self._add_organisation(mention)
            elif mention.rule == "storm":
                self._storms.add(mention.tokens[0].key)
            elif mention.kind == "place" and not mention.weak:
                self.places.add(name_key(mention.surface))

    def _add_person(self, mention: Mention) -> None:
        self.surnames.add(mention.tokens[-1].key)
        if len(mention.tokens) > 1:
            self.given.add(mention.tokens[0].key)
            self.surnames.update(token.key for token in mention.tokens[1:-1] if len(token.key) > _MIDDLE_NAME_LETTERS)

    def _add_organisation(self, mention: Mention) -> None:
        for token in mention.tokens:
            if token.flags & HEAD:
                self._heads.setdefault(token.key, mention)
        first = mention.tokens[0]
        if mention.type == "company" and all(token.flags & HEAD for token in mention.tokens[1:]):
            self._companies.setdefault(first.surface, mention)
        is_free = not first.flags & COMMON or mention.type == "company"
        if is_free and not first.possessive and not first.flags & DEMONYM and not spots_named(first.key):
            self._short_forms.setdefault(first.surface, mention)
        self._short_forms.setdefault("".join(token.surface[0] for token in mention.tokens), mention)
        bracket = _BRACKET.match(self.text, mention.end)
        if bracket is not None:
            self._short_forms[bracket[1]] = self._brackets[bracket[1]] = mention

    def take_short_form(self, mention: Mention) -> bool:
        """Take an acronym or a first word for the organisation of which it is one; whether it was."""
        other = self._short_forms.get(mention.surface)
        return other is not None and _same(mention, other, "short form")

    def is_of_thing(self, mention: Mention, before: str) -> bool:
        """Whether an acronym is a share's ("Nasdaq: HLXB", "HSBA.L"), or a treaty's: "the Test Ban Treaty (TBT)"."""
        listed = before == ":" and self.text[mention.end : mention.end + 1] == ")"
        if listed or (before == "(" and _TICKER.match(self.text, mention.end)):
            self._things.add(mention.surface)
        elif before == "(" and self.text[mention.end : mention.end + 1] == ")":
            of = word_before(self.text, self.text.rfind("(", 0, mention.start))
            if word_flags(of) & (THING | HEAD) == THING:
                self._things.add(mention.surface)
        return mention.surface in self._things

    def is_storm(self, mention: Mention) -> bool:
        """Whether a name is that of a storm of the text, and of nobody in it."""
        key = mention.tokens[0].key
        return len(mention.tokens) == 1 and key in self._storms and key not in self.surnames

    def take_company(self, mention: Mention) -> None:
        """Take "Toyota" for the Toyota Motor Corp. of the same text; but Ford is not the Ford Foundation."""
        other = self._brackets.get(mention.surface)
        if other is not None:
            # The letters of another body in this text; what is known of the letters says nothing of that.
            mention.country_code = None
            _same(mention, other, "short form")
            return
        other = self._companies.get(mention.surface)
        if other is not None and mention.type == "company":
            _same(mention, other, "short form")

    def take_head(self, mention: Mention) -> None:
        """Take "the Ministry" for the ministry that was named before it."""
        other = self._heads.get(mention.tokens[0].key)
        if other is not None and other.start < mention.start:
            _same(mention, other, "head alone")


def _take_body(text: str, mention: Mention) -> None:
    """Take a name for a body that the word beside it makes one: "the broadcaster Nova", "Nova news agency"."""
    if len(mention.tokens) == 1 and mention.tokens[0].flags & COMMON:
        return
    before, end = word_before(text, mention.start), mention.end
    is_body = before in cue("body before") and not mention.tokens[0].flags & DEMONYM
    if not is_body and text[end : end + 1] == " " and text[end + 1 : end + 2].islower():
        is_body = text.startswith("news agency", end + 1) or (
            word_after(text, end) in cue("body after") and mention.rule != "settlement"
        )
    if is_body:
        mention.become("organisation", "called a body")
        mention.type, mention.weak = (
            "media" if before in _OUTLETS or "news agency" in text[end : end + 13] else "other",
            False,
        )
    elif before == "at":
        _take_workplace(text, mention)


def _take_workplace(text: str, mention: Mention) -> None:
    """Take a name for a body where somebody works at it: "analysts at Jefferies"."""
    if _AT_WORK.search(text, max(mention.start - _REACH, 0), mention.start):
        mention.become("organisation", "called a body")
        mention.type, mention.weak = "other", False


def _same(mention: Mention, other: Mention, rule: str) -> bool:
    mention.become("organisation", rule)
    mention.type, mention.same_as = other.type, other.surface
    mention.country_code = other.country_code or mention.country_code
    return True
