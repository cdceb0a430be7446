"""Who did it to whom, where, when, and with which figures: what else was found in the text, tied to its events."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from itertools import zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from worker.steps.facts.events.days import days_of
from worker.steps.facts.events.parties import BODY, BRANCH, PERSON, STATE
from worker.steps.facts.events.placing import is_where, nearest
from worker.steps.facts.events.sides import (
    MOURNING,
    can_be_party,
    clause_start,
    does_harm,
    is_mourner,
    is_of_another,
    is_speaker,
    side_of,
    side_of_speaker,
    subject_starts,
)
from worker.steps.facts.gazetteer import capital_of, country_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from worker.model.facts import Figure, Names, Place, Span, TimeMention
    from worker.steps.facts.events.moods import Mention
    from worker.steps.facts.events.parties import Party
    from worker.steps.facts.events.sides import Side
    from worker.steps.facts.prose import Prose

_STATE_BODIES: Final = frozenset(
    {"government", "military", "security", "ministry", "parliament", "court", "police", "embassy"}
)
_NO_PARTY: Final = frozenset({"media", "platform", "agency"})
# As many events no sentence of a writer tells.
_MAX_TOGETHER: Final = 20
_COUNTED: Final = frozenset({"count", "total", "money", "percent", "measure", "number"})
# How far before a place or a party its preposition may stand, in words: "in the southern city of Basra".
_REACH: Final = 6

_ATTRIBUTE_CHARS: Final = 40
_PLAIN: Final = re.compile(r" (?!and |or )(?:[a-z]+(?:-[a-z]+)* )*")
_START: Final = itemgetter(0)
_END: Final = itemgetter(1)

_T = TypeVar("_T")


class Named(NamedTuple):
    """One mention of something named: `party` is who acts under the name, `place` the place that it is."""

    start: int
    end: int
    party: str | None
    place: str | None
    kind: int


@dataclass(slots=True)
class Roles:
    """What stands about one mention of an event."""

    sources: tuple[Party, ...] = ()
    targets: tuple[Party, ...] = ()
    others: tuple[Party, ...] = ()
    places: tuple[str, ...] = ()
    countries: tuple[Party, ...] = ()
    start_on: date | None = None
    end_on: date | None = None
    figures: tuple[int, ...] = ()

    def take(self, side: Side, party: Party) -> None:
        """Add a party on its side."""
        if side == "sources":
            self.sources = _with(self.sources, party)
        elif side == "targets":
            self.targets = _with(self.targets, party)
        else:
            self.others = _with(self.others, party)


def _named(names: Names) -> list[Named]:
    """All that is named, in order of the text."""
    found: list[Named] = []
    for place in names.places:
        party = place.name if place.kind == "country" else _state_at(place)
        found += [Named(span.start, span.end, party, place.name, STATE) for span in place.mentions]
    for demonym in names.demonyms:
        found.append(Named(demonym.span.start, demonym.span.end, country_name(demonym.country_code), None, STATE))
    for person in names.people:
        country = person.country or (country_name(person.country_code) if person.country_code else None)
        party = country or person.organisation or person.name
        kind = STATE if country else PERSON
        found += [Named(span.start, span.end, party, None, kind) for span in person.mentions]
    for body in names.organisations:
        if body.type in _NO_PARTY:
            continue
        is_state = body.type in _STATE_BODIES
        country = country_name(body.country_code) if body.country_code and is_state else None
        kind = STATE if country else BRANCH if is_state else BODY
        found += [Named(span.start, span.end, country or body.name, None, kind) for span in body.mentions]
    found.sort(key=_END, reverse=True)
    found.sort(key=_START)
    return found


def _state_at(place: Place) -> str | None:
    """The state that a capital may stand for: "Moscow"."""
    if place.kind != "city" or place.country_code is None or capital_of(place.name) != place.country_code:
        return None
    return country_name(place.country_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All that was found in a text beside its events.

    `quoted` are whole sentences that somebody is quoted with; `sides` are nouns whose figures only count the parties.
    """

    prose: Prose
    named: Sequence[Named]
    country_of: dict[str, str]
    times: Sequence[TimeMention]
    time_starts: list[int]
    figures: Sequence[Figure]
    figure_starts: list[int]
    quoted: Sequence[Span]
    sides: frozenset[str]

    @classmethod
    def of(  # noqa: PLR0913, PLR0917 - all that was found in the text so far
        cls,
        prose: Prose,
        names: Names,
        times: Sequence[TimeMention],
        figures: Sequence[Figure],
        quoted: Sequence[Span],
        sides: frozenset[str],
    ) -> Found:
        """What was found, in order of the text."""
        return cls(
            prose=prose,
            named=_named(names),
            country_of=_countries(names),
            times=times,
            time_starts=[time.span.start for time in times],
            figures=figures,
            figure_starts=[figure.span.start for figure in figures],
            quoted=quoted,
            sides=sides,
        )

    def tie(self, mentions: Sequence[Mention]) -> list[Roles]:
        """The roles of the mentions of one sentence; what could belong to several goes to the nearest."""
        start, end = self.prose.sentences[mentions[0].sentence.index]
        roles: list[Roles] = []
        while len(mentions) > _MAX_TOGETHER:
            # A text without full stops is one sentence, of which each party would be held to each event.
            together, mentions = mentions[:_MAX_TOGETHER], mentions[_MAX_TOGETHER:]
            roles += self._tie(together, start, together[-1].end)
            start = together[-1].end
        return roles + self._tie(mentions, start, end)

    def _tie(self, mentions: Sequence[Mention], start: int, end: int) -> list[Roles]:
        roles = [Roles() for _ in mentions]
        spans = [(mention.start, mention.end) for mention in mentions]
        named = _within(self.named, start, end)
        if named:
            self._tie_named(mentions, roles, spans, named)
        times = self.times[bisect_left(self.time_starts, start) : bisect_left(self.time_starts, end)]
        if times:
            for role, days in zip(roles, days_of(mentions, spans, times, self.prose, self.quoted), strict=True):
                if days is not None:
                    role.start_on, role.end_on = days
        for index in range(bisect_left(self.figure_starts, start), bisect_left(self.figure_starts, end)):
            figure = self.figures[index]
            if figure.kind in _COUNTED and not (figure.noun and figure.noun.surface.split()[-1].lower() in self.sides):
                roles[nearest(spans, figure.span.start, figure.span.end)].figures += (index,)
        return roles

    def _tie_named(
        self, mentions: Sequence[Mention], roles: list[Roles], spans: list[tuple[int, int]], named: Sequence[Named]
    ) -> None:
        sentence, words = mentions[0].sentence, self.prose.words
        last = sentence.first + len(sentence.words)
        tied = [
            (mention, role, clause_start(mention, mentions[:index], self.prose))
            for index, (mention, role) in enumerate(zip(mentions, roles, strict=True))
        ]
        starts = subject_starts(mentions, named, self.prose) if len(mentions) > 1 else [0]
        has_mourners = not MOURNING.isdisjoint(sentence.words)
        at = sentence.first
        for one, following in zip_longest(named, named[1:]):
            if self._is_in_figure(one) or _is_of_body(one, following, self.prose.text):
                continue
            at = bisect_left(words, (one.start, 0), at, last)
            here = at - sentence.first
            before = sentence.words[here - _REACH if here > _REACH else 0 : here]
            if one.place is not None and is_where(before):
                role = roles[nearest(spans, one.start, one.end, self.prose.text)]
                role.places = _with(role.places, one.place)
                if one.place in self.country_of:
                    role.countries = _with(role.countries, (STATE, self.country_of[one.place]))
            elif one.party and can_be_party(self.prose, sentence, here, one):
                party = one.kind, one.party
                speaks = is_speaker(self.prose, sentence, here, one)
                mourns = has_mourners and is_mourner(self.prose, sentence, here, one)
                for index, (mention, role, clause) in enumerate(tied):
                    if (mourns and does_harm(mention)) or is_of_another(index, one, mentions, starts):
                        continue
                    side = side_of(mention, clause, one, before)
                    if speaks and side is not None:
                        side = side_of_speaker(mention, one, self.prose, side)
                    if side is not None:
                        role.take(side, party)

    def _is_in_figure(self, one: Named) -> bool:
        """Whether a name is part of a sum: the country of "1.2 million U.S. dollars" takes no part."""
        at = bisect_left(self.figure_starts, one.start) - 1
        return at >= 0 and one.end <= self.figures[at].span.end


def _is_of_body(one: Named, following: Named | None, text: str) -> bool:
    """Whether a state only says whose a body is that is no part of it: "the German airline Lufthansa"."""
    if following is None or one.kind != STATE or one.place is not None or following.kind != BODY:
        return False
    between = text[one.end : following.start]
    return len(between) <= _ATTRIBUTE_CHARS and between.startswith(" ") and _PLAIN.fullmatch(between) is not None


def _with(items: tuple[_T, ...], item: _T) -> tuple[_T, ...]:
    return items if item in items else (*items, item)


def _within(named: Sequence[Named], start: int, end: int) -> Sequence[Named]:
    low = bisect_left(named, start, key=_START)
    return named[low : bisect_left(named, end, lo=low, key=_START)]


def _countries(names: Names) -> dict[str, str]:
    """The countries of the places that are not countries."""
    found = {}
    for place in names.places:
        country = country_name(place.country_code) if place.country_code else None
        if country and place.kind not in {"country", "continent", "water"}:
            found[place.name] = country
    return found
