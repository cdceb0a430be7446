"""When an event happened: the times of its sentence, told from deadlines and from the days of what else it tells."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import Word
from worker.steps.facts.events.own_times import (
    PLANNED,
    is_at,
    is_ground,
    is_relative,
    noun_behind,
    opens_ground,
    quotation_at,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.model.facts import Span, TimeMention
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.reading import Sentence
    from worker.steps.facts.prose import Prose

    Days = tuple[date, date]

_DAYS: Final = frozenset({"day", "night", "time", "weekend", "range", "week", "month", "year", "season", "quarter"})
_DEADLINE: Final = frozenset({"by", "until", "till", "before"})
_AHEAD: Final = frozenset({"expected", "called_for", "threatened"})
# What stands between the two ends of "from Friday to Sunday", "on Monday and Tuesday".
_LINKS: Final = frozenset({"to", "until", "till", "through", "and", "-", "\u2013", "on", "into"})
# "Up from 12 percent compared with May".
_COMPARED: Final = frozenset({"compared", "versus"})
_COMPARED_REACH: Final = 6
# "Since the start of the invasion of that country in 2022".
_SINCE_REACH: Final = 12
# What tells of another time than the clause before it.
_EARLIER: Final = frozenset({"after", "following", "since", ";"})
# How much farther a time is from the verb behind it: "who killed two in 1998 was hanged on Monday".
_BEFORE: Final = 9
_BEFORE_CLAUSE: Final = Word.CONJUNCTION | Word.SUBORDINATOR | Word.RELATIVE | Word.REPORTING | Word.DETERMINER
# How many words an aside between commas may have.
_ASIDE_REACH: Final = 15
# "The 2024 floods": so close before a noun a time is that of the noun alone.
_OWN_CHARS: Final = 12
# How far a day may be from the "that" of its denial, in characters.
_DENIED_REACH: Final = 600


def days_of(
    mentions: Sequence[Mention],
    spans: Sequence[tuple[int, int]],
    times: Sequence[TimeMention],
    prose: Prose,
    quoted: Sequence[Span],
) -> list[Days | None]:
    """The first and the last day of each mention of one sentence; `spans` are those of the triggers in the text.

    What stands inside a quotation (`quoted`, in order of the text) dates nothing outside, nor the other way round.
    """
    found: list[list[_When]] = [[] for _ in mentions]
    quotes = [quotation_at(quoted, mention.start) for mention in mentions]
    whens = [_When(time, mentions[0], prose) for time in times if time.kind in _DAYS]
    for when in _ranges(whens, prose):
        quote = quotation_at(quoted, when.start)
        nearest = min(
            (
                at
                for at, mention in enumerate(mentions)
                if quotes[at] is quote and when.can_be_of(mention) and not _is_of_denied(when, mention, prose)
            ),
            key=lambda at: when.distance(spans[at]),
            default=None,
        )
        if nearest is not None:
            found[nearest].append(when)
    if any(when.is_since for when in whens) or any(not when.is_of_saying for one in found for when in one):
        # The day of a report dates nothing where another day is told, or the first one: "have killed 9 since July".
        found = [[when for when in whens if not when.is_of_saying] for whens in found]
    days = [
        _days(whens, span, mention) if whens else None
        for whens, span, mention in zip(found, spans, mentions, strict=True)
    ]
    dated = [at for at, day in enumerate(days) if day is not None]
    if len(dated) == 1:
        # The one day of a sentence is the day of all that it tells.
        (one,) = dated
        if not _is_own(found[one], mentions[one], prose):
            days = [
                days[one]
                if at == one or (quotes[at] is quotes[one] and _shares(found[one], mention, mentions[one]))
                else None
                for at, mention in enumerate(mentions)
            ]
    return days


class _When:
    """A time of a sentence, or several that are one range, with what the words beside it say of it."""

    __slots__ = (
        "anchor",
        "behind",
        "closes_clause",
        "end",
        "end_on",
        "is_deadline",
        "is_of_saying",
        "is_of_something_else",
        "is_set_for",
        "is_since",
        "kind",
        "noun",
        "opens_clause",
        "start",
        "start_on",
    )

    def __init__(self, time: TimeMention, mention: Mention, prose: Prose) -> None:
        sentence = mention.sentence
        words, kinds, last = sentence.words, sentence.kinds, sentence.first + len(sentence.words)
        self.start, self.end, self.kind, self.anchor = time.span.start, time.span.end, time.kind, time.anchor
        self.start_on, self.end_on = time.start_on, time.end_on or time.start_on
        at = bisect_left(prose.words, (self.start, 0), sentence.first, last) - sentence.first
        behind = bisect_left(prose.words, (self.end, 0), sentence.first + at, last) - sentence.first
        before = words[at - 1] if at else ""
        self.is_deadline = before in _DEADLINE
        self.is_set_for = before == "for"  # "called a strike for Friday"
        # "Since Friday", "the biggest exchange since the war began in 2022"; "the Treaty of 1960".
        self.is_since = _is_since(words, at)
        self.is_of_something_else = (
            self.is_since
            or (before == "of" and at > 1 and prose.written[sentence.first + at - 2][0].isupper())
            or not _COMPARED.isdisjoint(words[max(at - _COMPARED_REACH, 0) : at])
        )
        self.behind = behind
        self.noun = noun_behind(prose, sentence, at, behind, self.end)
        first = at
        while first and kinds[first - 1] & (Word.PREPOSITION | Word.ADVERB):
            first -= 1
        self.opens_clause = not first or not words[first - 1].isalnum() or bool(kinds[first - 1] & _BEFORE_CLAUSE)
        off = 2 if before == "on" else 1
        # "Was jailed on Monday for a raid", "left on Monday after a raid".
        self.closes_clause = (
            not self.opens_clause
            and behind < len(words)
            and (opens_ground(words[behind], kinds[behind]) or _ends_aside(sentence, at, behind))
        )
        self.is_of_saying = bool(
            (at >= off and kinds[at - off] & Word.REPORTING) or (behind < len(words) and kinds[behind] & Word.REPORTING)
        )

    def can_be_of(self, mention: Mention) -> bool:
        """Whether it may be when an event is: no deadline of what has happened, no day to come, none of only saying."""
        if self.is_deadline and mention.status not in _AHEAD:
            return False
        if self.noun and not is_at(self.noun, mention):
            return False
        if self.closes_clause and mention.candidate.at > self.behind:
            return False
        if self.is_to_come:
            return self._sets(mention) or mention.tense.future or mention.tense.obliged or mention.status == "expected"
        return not (self.is_of_saying and mention.status == "expected")

    def _sets(self, mention: Mention) -> bool:
        """Whether something is set for it: "called a strike for Friday", "goes to the polls on Friday in a vote"."""
        is_planned = mention.event.name in PLANNED
        return (is_planned and (self.is_set_for or mention.candidate.form == "noun")) or (
            mention.event.mood is not None and (self.is_set_for or mention.event.mood == "intend")
        )

    @property
    def is_to_come(self) -> bool:
        """Whether it is after the day of the report."""
        return self.anchor is not None and self.start_on is not None and self.start_on > self.anchor

    def distance(self, span: tuple[int, int]) -> int:
        """How far it is from a trigger, in characters; within a clause a time stands behind its verb."""
        return max((1 if self.opens_clause else _BEFORE) * (span[0] - self.end), self.start - span[1], 0)


def _ends_aside(sentence: Sentence, at: int, behind: int) -> bool:
    """Whether a time at the words from `at` to `behind` ends a clause such as "the man, who was born in 1998,"."""
    words, kinds = sentence.words, sentence.kinds
    if words[behind] != ",":
        return False
    for index in range(at - 1, max(at - _ASIDE_REACH, 0), -1):
        if words[index] == ",":
            return False
        if kinds[index] & Word.RELATIVE and words[index - 1] == ",":
            return True
    return False


def _is_since(words: Sequence[str], at: int) -> bool:
    """Whether "since" leads to the word at an index, without a sign between."""
    for word in reversed(words[max(at - _SINCE_REACH, 0) : at]):
        if not word[0].isalnum():
            return False
        if word == "since":
            return True
    return False


def _ranges(whens: list[_When], prose: Prose) -> list[_When]:
    """The times that can date an event; "from Friday to Sunday" is one."""
    found: list[_When] = []
    for when in whens:
        if when.start_on is None or when.is_of_something_else:
            continue
        before = found[-1] if found else None
        between = prose.text[before.end : when.start].split() if before else ()
        if before and before.start_on and before.end_on and between and _LINKS.issuperset(between):
            before.end = when.end
            before.start_on = min(before.start_on, when.start_on)
            before.end_on = max(before.end_on, when.end_on or when.start_on)
        else:
            found.append(when)
    return found


def _days(whens: list[_When], span: tuple[int, int], mention: Mention) -> Days | None:
    """Those of the nearest time; what is called or set for a day to come is expected then."""
    best = min(whens, key=lambda when: when.distance(span))
    if best.is_to_come and mention.status == "occurred":
        mention.status = "expected"
    return (best.start_on, best.end_on) if best.start_on and best.end_on else None


def _is_of_denied(when: _When, mention: Mention, prose: Prose) -> bool:
    """Whether a day is that of what is denied: "denied that it had fired on Friday"."""
    behind = max(mention.end, when.start - _DENIED_REACH)
    return mention.event.name == "denial" and "that" in prose.text[behind : max(when.start, mention.end)].split()


def _is_own(whens: list[_When], mention: Mention, prose: Prose) -> bool:
    """Whether a time is only that of a noun: "the 2024 floods", not "in 2024, floods"."""
    return any(when.noun for when in whens) or (
        mention.candidate.form == "noun"
        and any(
            when.kind == "year"
            and 0 < mention.start - when.end <= _OWN_CHARS
            and "," not in prose.text[when.end : mention.start]
            for when in whens
        )
    )


def _shares(whens: list[_When], mention: Mention, dated: Mention) -> bool:
    """Whether a mention is told for the same time as one that has a day: not "fled after an attack on Friday"."""
    first, second = sorted((mention.candidate.at, dated.candidate.at))
    between = mention.sentence.words[first + 1 : second]
    earlier = dated if dated.candidate.at == first else mention
    if is_ground(earlier, between) or is_relative(dated, mention):
        return False
    return _EARLIER.isdisjoint(between) and all(when.can_be_of(mention) for when in whens)
