"""When an event happened: the times of its sentence, told from deadlines and from the days of what else it tells."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from worker.steps.facts.events.lexicon import Word

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.model.facts import TimeMention
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.prose import Prose

    Days = tuple[date, date]

_DAYS: Final = frozenset({"day", "night", "time", "weekend", "range", "week", "month", "year", "season", "quarter"})
_DEADLINE: Final = frozenset({"by", "until", "till", "before"})
_AHEAD: Final = frozenset({"expected", "called_for", "threatened"})
# What stands between the two ends of "from Friday to Sunday", "on Monday and Tuesday".
_LINKS: Final = frozenset({"to", "until", "till", "through", "and", "-", "\u2013", "on", "into"})
# What tells of another time than the clause before it.
_EARLIER: Final = frozenset({"after", "following", "since"})
# "The 2024 floods": so close before a noun a time is that of the noun alone.
_OWN_CHARS: Final = 12


def days_of(
    mentions: Sequence[Mention], spans: Sequence[tuple[int, int]], times: Sequence[TimeMention], prose: Prose
) -> list[Days | None]:
    """The first and the last day of each mention of one sentence; `spans` are those of the triggers in the text."""
    found: list[list[_When]] = [[] for _ in mentions]
    for time in times:
        when = _When(time, mentions[0], prose) if time.kind in _DAYS and time.start_on is not None else None
        if when is None or when.is_of_something_else:
            continue
        nearest = min(
            (at for at, mention in enumerate(mentions) if when.can_be_of(mention)),
            key=lambda at: _distance(spans[at], time),
            default=None,
        )
        if nearest is not None:
            found[nearest].append(when)
    days = [_days(whens, span, prose) if whens else None for whens, span in zip(found, spans, strict=True)]
    dated = [at for at, day in enumerate(days) if day is not None]
    if len(dated) == 1:
        # The one day of a sentence is the day of all that it tells.
        (one,) = dated
        if not _is_own(found[one], mentions[one], spans[one]):
            days = [
                days[one] if at == one or _shares(found[one], mention, mentions[one]) else None
                for at, mention in enumerate(mentions)
            ]
    return days


class _When:
    """A time of a sentence, with what the words beside it say of it."""

    __slots__ = ("is_deadline", "is_of_saying", "is_of_something_else", "time")

    def __init__(self, time: TimeMention, mention: Mention, prose: Prose) -> None:
        sentence = mention.sentence
        words, kinds, last = sentence.words, sentence.kinds, sentence.first + len(sentence.words)
        at = bisect_left(prose.words, (time.span.start, 0), sentence.first, last) - sentence.first
        behind = bisect_left(prose.words, (time.span.end, 0), sentence.first + at, last) - sentence.first
        before = words[at - 1] if at else ""
        self.time = time
        self.is_deadline = before in _DEADLINE
        # "Since Friday"; "the Treaty of 1960".
        self.is_of_something_else = before == "since" or (
            before == "of" and at > 1 and prose.written[sentence.first + at - 2][0].isupper()
        )
        off = 2 if before == "on" else 1
        self.is_of_saying = bool(
            (at >= off and kinds[at - off] & Word.REPORTING) or (behind < len(words) and kinds[behind] & Word.REPORTING)
        )

    def can_be_of(self, mention: Mention) -> bool:
        """Whether it may be when an event is: no deadline of what has happened, no day to come, none of only saying."""
        time, is_ahead = self.time, mention.tense.future or mention.tense.obliged or mention.status == "expected"
        if self.is_deadline and mention.status not in _AHEAD:
            return False
        if time.anchor is not None and time.start_on is not None and time.start_on > time.anchor:
            return is_ahead
        return not (self.is_of_saying and mention.status == "expected")


def _days(whens: list[_When], span: tuple[int, int], prose: Prose) -> Days | None:
    """Those of the nearest time, with what it is a range with; what is only the day of a report comes last."""
    best = min(whens, key=lambda when: (when.is_of_saying, _distance(span, when.time)))
    start, end = _first_and_last(best.time)
    at = whens.index(best)
    for step in (-1, 1):
        place, edge = at + step, best.time
        while 0 <= place < len(whens):
            time = whens[place].time
            first, second = (time, edge) if step < 0 else (edge, time)
            between = prose.text[first.span.end : second.span.start].split()
            if not between or not _LINKS.issuperset(between):
                break
            days = _first_and_last(time)
            start, end = min(start, days[0]), max(end, days[1])
            place, edge = place + step, time
    return start, end


def _first_and_last(time: TimeMention) -> Days:
    start = time.start_on
    assert start is not None  # noqa: S101 - days_of takes no other
    return start, time.end_on or start


def _is_own(whens: list[_When], mention: Mention, span: tuple[int, int]) -> bool:
    return mention.candidate.form == "noun" and any(
        when.time.kind == "year" and 0 < span[0] - when.time.span.end <= _OWN_CHARS for when in whens
    )


def _shares(whens: list[_When], mention: Mention, dated: Mention) -> bool:
    """Whether a mention is told for the same time as one that has a day: not "fled after an attack on Friday"."""
    first, second = sorted((mention.candidate.at, dated.candidate.at))
    between = mention.sentence.words[first + 1 : second]
    return _EARLIER.isdisjoint(between) and all(when.can_be_of(mention) for when in whens)


def _distance(span: tuple[int, int], time: TimeMention) -> int:
    return max(span[0] - time.span.end, time.span.start - span[1], 0)
