"""Whether the clause around a mention of time looks back or ahead.

The nearest verb before the mention tells, else the first one behind it: "will meet on Friday", "said on Friday that it
will meet". The words are those of `lexicon/times_words_*.tsv`; how a verb of the past ends is English grammar.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from worker.steps.facts.times.grammar import grammar
from worker.steps.facts.times.lexicon import OTHER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker.steps.facts.times.matching import Signs

Tense = Literal["past", "future"]

# The classes of words that tell it anywhere in a clause; what is in two of them is in the later one.
_CUES: Final = ("ahead", "ahead-before", "ahead-base", "ahead-to", "back-base", "back")
# A verb further off governs something else.
_MAX_WORDS_OFF = 30
# "Is meeting on Friday" is of the future; "is hurting, to judge by the polls of Friday" is not.
_MAX_PRESENT_WORDS_OFF = 9
_FIRM_WORDS_OFF = 9
_PAST_ENDING, _PRESENT_ENDING, _ADVERB_ENDING = "ed", "ing", "ly"
# Its last letter, which tells that most words have another ending.
_PAST_SIGN = "d"
# "Goes to the Senate", not "due to the storm".
_PRESENT_SIGN = "s"
# "Unspecified", "unexpected" are no verbs.
_NEGATED = "un"
_MIN_VERB_CHARS = 5
# How far before "is heard" the "when" may stand, and how far before "by Friday" the wish.
_MAX_WHEN_WORDS_OFF = 9
_MAX_WISH_WORDS_OFF = 12
# How far before the mention the "to" of "urged them to vote on Tuesday" may stand, and the "ahead".
_MAX_ASKED_WORDS_OFF = 8
_MAX_COMING_WORDS_OFF = 6


class Clause(NamedTuple):
    """A mention of time, words `first` to `last` (exclusive), in its sentence, which starts and ends at offsets."""

    signs: Signs
    language: str | None
    first: int
    last: int
    start: int
    end: int

    def tense(self) -> Tense | None:
        """Whether the clause looks back or ahead, or None when nothing tells."""
        return self._near() or self.before() or self._behind()

    def is_firmly_ahead(self) -> bool:
        """Whether a word close before the mention leaves no doubt that it is ahead: "will", "scheduled"."""
        cues, signs = _cues(self.language), self.signs
        for index in range(self.first - 1, self._first_within(_FIRM_WORDS_OFF) - 1, -1):
            sign = signs.signs[index]
            if sign in cues.clause_ends:
                return False
            cue = self._cue(cues, index, sign, behind=False)
            if cue:
                return cue == "future" and (sign in cues.firm or self._is_to(cues, index))
        return False

    def _is_to(self, cues: _Cues, index: int) -> bool:
        """Whether a word is that of "is to be sentenced"."""
        return self.signs.signs[index] in cues.present and self.signs.signs[index + 1] in cues.towards

    def before(self) -> Tense | None:
        """The same, by the verbs before the mention alone."""
        cues, (text, _, spans, row) = _cues(self.language), self.signs
        for index in range(self.first - 1, self._first_within(_MAX_WORDS_OFF) - 1, -1):
            sign = row[index]
            if sign in cues.of:
                if cue := self._cue(cues, index, sign, behind=False):
                    return cue
            elif text[spans[index][1] - 1] == _PAST_SIGN:
                if self._is_past_form(cues, index):
                    return self._past(cues, index)
            elif sign in cues.clause_ends:
                return None
        return None

    def _behind(self) -> Tense | None:
        cues, (text, _, spans, row) = _cues(self.language), self.signs
        for index in range(self.last, min(self.last + _MAX_WORDS_OFF, len(spans))):
            start, end = spans[index]
            if start >= self.end:
                return None
            sign = row[index]
            if sign in cues.of:
                if cue := self._cue(cues, index, sign, behind=True):
                    return cue
            elif text[end - 1] == _PAST_SIGN and self._is_past_form(cues, index):
                return self._past(cues, index)
        return None

    def _first_within(self, words: int) -> int:
        """The index of the first word of the sentence, or of the one so many words before the mention."""
        spans = self.signs.spans
        return bisect_left(spans, (self.start,), max(self.first - words, 0), self.first)

    def _near(self) -> Tense | None:
        cues = _cues(self.language)
        for index in (self.first - 1, self.first - 2):
            # "Until Friday, it had declined": only what stands within its sentence looks ahead.
            if (
                index >= 0
                and self.signs.spans[index][0] > self.start
                and (near := cues.near.get(self.signs.signs[index]))
            ):
                return near
        return "future" if self._is_deadline(cues) or self._is_end(cues) else None

    def _cue(self, cues: _Cues, index: int, sign: str, *, behind: bool) -> Tense | None:
        """Whether the word at `index` looks back or ahead; `behind` says that it stands behind the mention."""
        cue = cues.of.get(sign)
        if cue is None:
            return self._past(cues, index) if self._is_past_form(cues, index) else None
        if self._is_hyphenated(index) or (sign in cues.near and self.signs.spans[index][0] == self.start):
            return None
        before = self.signs.signs[index - 1] if index else OTHER
        back = sign in cues.back
        if cue == "ahead":
            # "Had been scheduled to expire on Friday": it has.
            over = index > 1 and self.signs.signs[index - 2] in cues.perfect
            leads = self._leads_to_noun(cues, index) and not self.signs.word(index).endswith(_PRESENT_SIGN)
            return None if leads or self._is_measure(cues, index) else "past" if over else "future"
        # "Voters go to the polls", not "the go", "did not meet"; "holds its vote on Tuesday", not "Tuesday's offer by
        # Ford, which holds a stake".
        based = cue == "ahead-base" and before not in cues.determiners and before not in cues.no_base
        held = cue == "ahead-before" and not behind and self.first - index <= _MAX_PRESENT_WORDS_OFF
        if based or held:
            return "future"
        if cue == "ahead-to" and not (back and behind) and self._looks_ahead(cues, index, back=back):
            return "future"
        if cue == "back-base":
            # "Will cut", "to cut" look ahead by their other word.
            back = cues.of.get(before) != "ahead" and before not in cues.towards
        # "To be published in May" looks to its "to".
        return self._past(cues, index) if back and before not in cues.passive else None

    def _is_measure(self, cues: _Cues, index: int) -> bool:
        """Whether what is told is only held against a plan: "more than expected", "as previously planned"."""
        if not self.signs.word(index).endswith(_PAST_ENDING):
            return False
        before = index - 2 if self.signs.word(index - 1).endswith(_ADVERB_ENDING) else index - 1
        return before >= 0 and self.signs.signs[before] in cues.as_told

    def _past(self, cues: _Cues, index: int) -> Tense:
        return "future" if self._is_condition(cues, index) else "past"

    def _is_condition(self, cues: _Cues, index: int) -> bool:
        """Whether a participle is that of "when the case is heard": after such words the present looks ahead."""
        signs = self.signs.signs
        if index < 1 or signs[index - 1] not in cues.present:
            return False
        return any(sign in cues.when for sign in signs[max(index - _MAX_WHEN_WORDS_OFF, 0) : index])

    def _is_deadline(self, cues: _Cues) -> bool:
        """Whether the mention is that of "called on all to leave by Friday"."""
        signs = self.signs.signs
        if self.first < 1 or signs[self.first - 1] not in cues.deadline:
            return False
        towards = False
        for index in range(self.first - 2, self._first_within(_MAX_WISH_WORDS_OFF) - 1, -1):
            if towards and signs[index] in cues.wish:
                return True
            towards = towards or signs[index] in cues.towards
        return False

    def _is_end(self, cues: _Cues) -> bool:
        """Whether the mention is that of "a fair to run through June"."""
        signs, first = self.signs.signs, self.first
        return first > 2 and signs[first - 1] in cues.deadline_to and signs[first - 3] in cues.towards

    def is_asked_for(self) -> bool:
        """Whether the mention is that of "urged them to vote Tuesday", or of "ahead of voting on Tuesday"."""
        cues, signs = _cues(self.language), self.signs.signs
        towards = False
        for index in range(self.first - 1, self._first_within(_MAX_WISH_WORDS_OFF) - 1, -1):
            sign = signs[index]
            if sign in cues.clause_ends:
                return False
            off = self.first - index
            if off <= _MAX_COMING_WORDS_OFF and cues.near.get(sign) == "future":
                return True
            towards = towards or (off <= _MAX_ASKED_WORDS_OFF and sign in cues.towards)
            if towards and sign in cues.asked:
                # "Was asked to resign on Friday" was asked then.
                return index > 0 and signs[index - 1] not in cues.been
        return False

    def _is_hyphenated(self, index: int) -> bool:
        """Whether a word is only the last piece of one: "a larger-than-expected loss"."""
        start = self.signs.spans[index][0]
        return start > 0 and self.signs.text[start - 1] == "-"

    def _leads_to_noun(self, cues: _Cues, index: int) -> bool:
        """Whether a word is followed by "to its", "to the": "due to its loss"."""
        to, second = self.signs.signs[index + 1 : index + 2], self.signs.signs[index + 2 : index + 3]
        return to in cues.towards and second in cues.determiners

    def _is_past_form(self, cues: _Cues, index: int) -> bool:
        """Whether a word that is not listed ends as a verb of the past, and is none of "a failed visit"."""
        start, end = self.signs.spans[index]
        if not self.signs.text.endswith(_PAST_ENDING, start, end) or end - start < _MIN_VERB_CHARS:
            return False
        if not self.signs.text[start].islower() or self.signs.text.startswith(_NEGATED, start):
            return False
        before = self.signs.signs[index - 1] if index else OTHER
        return before not in cues.determiners and before not in cues.passive and before not in cues.prepositions

    def _looks_ahead(self, cues: _Cues, index: int, *, back: bool) -> bool:
        """Whether a word does so by the next one: "set to meet", "is to meet", "is meeting on Friday"."""
        following = self.signs.signs[index + 1 : index + 2]
        if following in cues.towards or following in cues.intended:
            return not self._leads_to_noun(cues, index)
        return (
            not back
            and self.first - index <= _MAX_PRESENT_WORDS_OFF
            and self.signs.word(index + 1).endswith(_PRESENT_ENDING)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cues:
    """Signs of words that tell tense: anywhere in the clause, right before the mention, and beside another cue."""

    of: Mapping[str, str]
    near: Mapping[str, Tense]
    back: frozenset[str]
    firm: frozenset[str]
    passive: frozenset[str]
    prepositions: frozenset[str]
    perfect: frozenset[str]
    present: frozenset[str]
    no_base: frozenset[str]
    when: frozenset[str]
    wish: frozenset[str]
    deadline: frozenset[str]
    deadline_to: frozenset[str]
    asked: frozenset[str]
    been: frozenset[str]
    clause_ends: frozenset[str]
    determiners: frozenset[str]
    towards: frozenset[str]
    intended: frozenset[str]
    as_told: frozenset[str]


@cache
def _cues(language: str | None) -> _Cues:
    classes = grammar(language).words.classes

    def signs_of(name: str) -> frozenset[str]:
        return frozenset(sign for sign, names in classes.items() if name in names)

    ahead_near: dict[str, Tense] = dict.fromkeys(signs_of("ahead-near"), "future")
    back_near: dict[str, Tense] = dict.fromkeys(signs_of("back-near"), "past")
    of = {sign: cue for cue in _CUES for sign in signs_of(cue)}
    return _Cues(
        of=of
        | dict.fromkeys(signs_of("back") & signs_of("ahead-to"), "ahead-to")
        | dict.fromkeys(signs_of("ahead"), "ahead"),
        near=ahead_near | back_near,
        back=signs_of("back"),
        firm=signs_of("firm"),
        passive=signs_of("passive"),
        prepositions=signs_of("no-verb"),
        perfect=signs_of("perfect"),
        present=signs_of("present"),
        no_base=signs_of("no-base"),
        when=signs_of("when"),
        wish=signs_of("wish-to"),
        deadline=signs_of("deadline"),
        deadline_to=signs_of("deadline-to"),
        asked=signs_of("asked-to"),
        been=signs_of("been"),
        clause_ends=signs_of("clause-end"),
        determiners=signs_of("determiner"),
        towards=signs_of("towards"),
        intended=signs_of("intended"),
        as_told=signs_of("as-told"),
    )
